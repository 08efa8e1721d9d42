//! An inversion that is killed in the middle of a reverse sweep, with snapshots in files: the sweep is
//! taken up, and the result is that of a run that was left alone, with snapshots in RAM.
//!
//! Steps of the interpreter take so long that files cost nothing beside them, and are chosen where
//! RAM does not do. When to kill is told by the log of the sweep: when it has been written so many
//! times.

use std::fs::{self, File};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

use crate::support::{self, command, json, succeed, text};
use crate::{ALONE, PoisonError, Result, result_of};

/// Two shots, one evaluation. The adjoint data of all steps of a shot take more than the buffers of
/// a file.
const JOB: &str = r#"
[job]
name = "sweep"
[physics]
dtype = "f64"
[grid]
extent = ["1.5 km", "0.75 km"]
spacing = ["25 m", "25 m"]
[model]
source = "basin"
bounds = ["1400 m/s", "5000 m/s"]
[time]
steps = 200
[boundary]
width = 5
[survey.sources]
count = 2
[survey.receivers]
spacing = "75 m"
[data]
kind = "same-grid"
[[stage]]
frequency = "3 Hz"
iterations = 1
evaluations = 1
[invert]
first_step = "50 m/s"
[memory]
save_every = "0 s"
[run]
backend = "interpreter"
threads = 1
[report]
pictures = false
"#;

const STEPS: u64 = 200;

/// A folder with the job, a place for its snapshots, the budget with which it uses that, and what
/// the run finds that was left alone.
struct Reference {
    folder: TempDir,
    disk: TempDir,
    budget: String,
    result: Result,
}

impl Reference {
    fn new() -> Self {
        let (folder, disk) = (support::folder(), support::folder());
        fs::write(folder.path().join("job.toml"), JOB).expect("the job should be writable");
        succeed(folder.path(), &["invert", "job.toml", "--out", "runs/alone"]);
        let result = result_of(&folder.path().join("runs/alone"), &NAMES);
        let plan = json(folder.path(), &["plan", "job.toml"]);
        let number = |key: &str| plan[key].as_u64().expect("a number");
        assert_eq!((&plan["strategy"], number("steps")), (&"store-all".into(), STEPS));
        // A little less than what it takes to keep all in RAM: enough for the buffers of a file.
        let bytes = number("predicted_peak_bytes") - number("bytes_per_shot") / 8;
        let budget = format!("memory.budget=\"{bytes} B\"");
        let reference = Self { folder, disk, budget, result };
        let tiers = reference.tiers();
        let args = ["plan", "job.toml", "--set", &tiers, "--set", &reference.budget];
        let plan = json(reference.folder.path(), &args);
        let place = Value::String(reference.disk.path().display().to_string());
        let used = plan["tiers"].as_array().expect("a list").iter().any(|t| t["place"] == place);
        assert!(used, "files should be used: {plan}");
        reference
    }

    fn tiers(&self) -> String {
        format!("memory.tiers=[\"ram\", \"disk:{}\"]", self.disk.path().display())
    }

    /// What a run has on the disk, if it has begun; its state has the name.
    fn kept(&self, out: &str) -> Option<PathBuf> {
        let state = fs::read(self.folder.path().join(out).join("state.json")).ok()?;
        let state: Value = serde_json::from_slice(&state).expect("the state should be JSON");
        let name = state["run"].as_str().expect("a name");
        Some(self.disk.path().join(format!("retrograd-snapshots-{name}")))
    }

    /// Begins or resumes a run, and kills it when the sweep of a shot has been saved so many times;
    /// returns what it said.
    fn kill_in_sweep(&self, out: &str, shot: usize, saves: usize) -> String {
        let log = self.folder.path().join("log");
        let mut child = command(self.folder.path(), &self.args(out).each_ref().map(String::as_str))
            .stdout(Stdio::null())
            .stderr(File::create(&log).expect("a file"))
            .spawn()
            .expect("the binary should run");
        let (mut seen, mut last) = (0, None);
        while seen < saves {
            let ended = child.try_wait().expect("the process should be ours");
            let said = || fs::read_to_string(&log).expect("the log");
            assert!(ended.is_none(), "it should be killed in the sweep of shot {shot}: {}", said());
            let file = self.kept(out).map(|kept| kept.join(format!("shot-{shot}/sweep")));
            let found = file.and_then(|file| fs::metadata(file).ok());
            // Every save is a file of its own.
            let found = found.map(|meta| (meta.ino(), meta.mtime_nsec()));
            seen += usize::from(found.is_some() && found != last);
            last = found.or(last);
            thread::sleep(Duration::from_micros(300));
        }
        child.kill().expect("SIGKILL should be possible");
        child.wait().expect("the process should end");
        fs::read_to_string(&log).expect("the log")
    }

    /// Afresh if there is nothing to resume.
    fn args(&self, out: &str) -> [String; 7] {
        let begun = self.folder.path().join(out).join("state.json").exists();
        let [first, second] = if begun {
            ["--resume".to_owned(), out.to_owned()]
        } else {
            ["job.toml".to_owned(), format!("--out={out}")]
        };
        let set = || "--set".to_owned();
        ["invert".to_owned(), first, second, set(), self.tiers(), set(), self.budget.clone()]
    }

    /// Resumes a run to its end, compares it, and returns what it said.
    #[track_caller]
    fn finish(&self, out: &str) -> String {
        let args = self.args(out);
        let output = support::retrograd(self.folder.path(), &args.each_ref().map(String::as_str));
        let said = text(&output.stderr);
        assert!(output.status.success(), "{said}");
        let run = self.folder.path().join(out);
        let found = result_of(&run, &NAMES);
        for ((name, found), (_, expected)) in found.models.iter().zip(&self.result.models) {
            assert!(found == expected, "{name} of {out} differs: {said}");
        }
        let numbers = |result: &Result| -> Vec<String> {
            // Strategy and snapshots are those of another plan.
            let plan = ["\"strategy\"", "\"snapshots\""];
            let other = |line: &&String| !plan.iter().any(|key| line.contains(key));
            result.numbers.iter().filter(other).cloned().collect()
        };
        assert_eq!(numbers(&found), numbers(&self.result));
        assert!(!self.kept(out).expect("a name").exists(), "{said}");
        said
    }
}

const NAMES: [&str; 4] = ["vp.npy", "vp_stage_1.npy", "gradient.npy", "illumination.npy"];

/// Where the sweep of a shot was taken up, according to a line of progress.
fn taken_up(said: &str, shot: usize) -> Option<u64> {
    let begin = format!("shot {shot}: reverse sweep taken up at step ");
    let line = said.lines().find_map(|line| line.strip_prefix(&begin))?;
    let (step, steps) = line.split_once(" of ").expect("of how many");
    assert_eq!(steps, STEPS.to_string());
    Some(step.parse().expect("a number"))
}

#[test]
fn a_reverse_sweep_that_is_killed_again_and_again_is_taken_up() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    // One run that was left alone for all: it takes as long as the rest.
    let reference = Reference::new();
    check_killed(&reference);
    check_damaged_snapshots(&reference);
    check_neighbours(&reference);
    assert_eq!(fs::read_dir(reference.disk.path()).expect("a folder").count(), 0);
}

/// Killed at several moments of the sweeps of both shots.
fn check_killed(reference: &Reference) {
    let out = "runs/killed";
    let begun = reference.kill_in_sweep(out, 0, 1);
    assert_eq!((taken_up(&begun, 0), taken_up(&begun, 1)), (None, None));
    let mut last = STEPS;
    for saves in [1, 2] {
        // The first save that is seen may be that of the process before.
        let said = reference.kill_in_sweep(out, 0, 1 + saves);
        let step = taken_up(&said, 0).expect("the sweep should be taken up");
        assert!(step > 0 && step < last, "{step} of {last}");
        last = step;
    }
    // The first shot is finished from there, and kept when the second one is killed.
    let said = reference.kill_in_sweep(out, 1, 2);
    assert!(taken_up(&said, 0).is_some_and(|step| step < last), "{said}");
    let said = reference.finish(out);
    assert!(said.contains("1 of 2 shots of this evaluation taken up"), "{said}");
    assert_eq!((taken_up(&said, 0), taken_up(&said, 1).is_some()), (None, true), "{said}");
}

/// Every thousandth byte is another, so that most snapshots are damaged.
fn damage(path: &Path) {
    let mut bytes = fs::read(path).expect("it should be there");
    bytes.iter_mut().step_by(1000).for_each(|byte| *byte ^= 0x55);
    fs::write(path, bytes).expect("it should be writable");
}

/// The sweep goes on from where it was, and what it needs is computed again.
fn check_damaged_snapshots(reference: &Reference) {
    let out = "runs/damaged";
    reference.kill_in_sweep(out, 0, 2);
    damage(&reference.kept(out).expect("something left").join("shot-0/snapshots-0"));
    let said = reference.finish(out);
    assert!(taken_up(&said, 0).is_some(), "{said}");
    assert!(said.contains("shot 0: some steps were computed again"), "{said}");
}

/// Two runs on one disk: the one begins anew, as its log is damaged, and leaves what the other has;
/// that is cleaned, and the other begins anew as well.
fn check_neighbours(reference: &Reference) {
    let [one, other] = ["runs/one", "runs/other"];
    reference.kill_in_sweep(one, 0, 1);
    reference.kill_in_sweep(other, 0, 1);
    let kept = |out: &str| reference.kept(out).expect("something left");
    damage(&kept(other).join("shot-0/sweep"));
    let said = reference.finish(other);
    assert_eq!(taken_up(&said, 0), None, "{said}");
    assert!(!kept(other).exists() && kept(one).join("shot-0/sweep").is_file());
    let disk = reference.disk.path().display().to_string();
    let cleaned = succeed(reference.folder.path(), &["clean", &disk]);
    assert!(cleaned.contains("removed: ") && !kept(one).exists(), "{cleaned}");
    let said = reference.finish(one);
    assert_eq!(taken_up(&said, 0), None, "{said}");
}
