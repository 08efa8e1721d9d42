//! An inversion that is killed again and again ends as one that was left alone.
//!
//! The binary runs, is killed by SIGKILL and resumed. When it is killed is told by the file system,
//! not by the clock: after the n-th time that something in the run folder was made, filled, renamed
//! or removed. So kills hit the beginning, evaluations, line searches, the change of stages, the
//! end, and every one of these while it writes. `RETROGRAD_KILLS` sets the number of runs that are
//! killed.
#![cfg(target_os = "linux")]
#![forbid(unsafe_code)]

mod support;
#[path = "resume/sweep.rs"]
mod sweep;

use std::fs;
use std::mem::MaybeUninit;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use retrograd_invert::npy;
use retrograd_invert::optimise::Lbfgs;
use rustix::fs::inotify::{self, CreateFlags, Reader, WatchFlags};
use rustix::io::Errno;
use serde_json::Value;
use tempfile::TempDir;

use support::{command, compiler, fail, json, retrograd, small_job, succeed, text};

/// When a process is killed, unless it has ended.
#[derive(Clone, Copy, Debug)]
enum Kill {
    /// After so many changes in the run folder.
    Changes(usize),
    /// After so many milliseconds: while it computes, or compiles.
    Millis(u64),
}

/// Runs `args` in `folder` until it ends or is killed; returns the changes seen in `run`.
fn run_until(kill: Kill, folder: &Path, run: &Path, args: &[&str]) -> usize {
    run_command_until(kill, run, command(folder, args))
}

fn run_command_until(kill: Kill, run: &Path, mut command: Command) -> usize {
    let watch = inotify::init(CreateFlags::NONBLOCK).expect("folders should be watchable");
    let changes =
        WatchFlags::CREATE | WatchFlags::MODIFY | WatchFlags::MOVED_TO | WatchFlags::DELETE;
    inotify::add_watch(&watch, run, changes).expect("the run folder should be watchable");
    let mut child =
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the binary should run");
    let seen = match kill {
        Kill::Millis(millis) => {
            thread::sleep(Duration::from_millis(millis));
            0
        }
        Kill::Changes(most) => wait_for_changes(&mut child, &watch, most),
    };
    child.kill().expect("SIGKILL should be possible");
    child.wait().expect("the process should end");
    seen
}

fn wait_for_changes(child: &mut Child, watch: impl rustix::fd::AsFd, most: usize) -> usize {
    let mut buffer = [MaybeUninit::uninit(); 4096];
    let mut events = Reader::new(watch, &mut buffer);
    let mut seen = 0;
    while seen < most {
        match events.next() {
            Ok(_) => seen += 1,
            Err(Errno::WOULDBLOCK) => {
                if child.try_wait().expect("the process should be ours").is_some() {
                    return seen;
                }
                thread::sleep(Duration::from_micros(50));
            }
            Err(error) => panic!("{error}"),
        }
    }
    seen
}

/// Every file that has its final name is whole.
#[track_caller]
fn check_whole(folder: &Path, when: Kill) {
    let whole = |what: bool, path: &Path| assert!(what, "{} after {when:?}", path.display());
    for entry in fs::read_dir(folder).expect("the folder should be there") {
        let path = entry.expect("an entry should be readable").path();
        if path.is_dir() {
            check_whole(&path, when);
            continue;
        }
        let bytes = fs::read(&path).expect("files should be readable");
        let extension = path.extension().map(|e| e.to_string_lossy().into_owned());
        match extension.as_deref().unwrap_or_default() {
            "npy" => whole(npy::read_shaped(&path, &[61, 31]).is_ok(), &path),
            "json" => whole(serde_json::from_slice::<Value>(&bytes).is_ok(), &path),
            "toml" => whole(toml::from_slice::<toml::Table>(&bytes).is_ok(), &path),
            "bin" => whole(Lbfgs::load(&path).is_ok(), &path),
            // A mark, a count, the values, a checksum.
            "f64" => whole(bytes.len() == 8 * (3 + 61 * 31), &path),
            "png" => whole(bytes.ends_with(b"IEND\xaeB`\x82"), &path),
            "html" => whole(bytes.trim_ascii_end().ends_with(b"</html>"), &path),
            "part" => {} // not under its final name
            _ => panic!("no such file should be in a run folder: {}", path.display()),
        }
    }
    check_state(folder);
}

/// The files that the state names are there.
fn check_state(folder: &Path) {
    let Ok(state) = fs::read(folder.join("state.json")) else { return };
    let state: Value = serde_json::from_slice(&state).expect("the state should be JSON");
    for key in ["base_file", "optimiser_file"] {
        if let Some(name) = state[key].as_str() {
            assert!(folder.join(name).is_file(), "{name} should be in {}", folder.display());
        }
    }
}

/// What a run is compared by: files as they are, numbers of `run.json`.
#[derive(PartialEq)]
struct Result {
    models: Vec<(&'static str, Vec<u8>)>,
    /// Lines: numbers as they were printed.
    numbers: Vec<String>,
    files: Vec<String>,
}

fn result(run: &Path) -> Result {
    let names = ["vp.npy", "vp_stage_1.npy", "vp_stage_2.npy", "gradient.npy", "illumination.npy"];
    result_of(run, &names)
}

fn result_of(run: &Path, names: &[&'static str]) -> Result {
    let read = |&name: &&'static str| (name, fs::read(run.join(name)).expect(name));
    let numbers = fs::read_to_string(run.join("run.json")).expect("there should be run.json");
    let other = ["\"folder\"", "\"seconds\"", "\"points_per_second\"", "_bytes\""];
    let numbers = numbers.lines().filter(|line| !other.iter().any(|key| line.contains(key)));
    let numbers = numbers.map(str::to_owned).collect();
    let mut files = Vec::new();
    for entry in fs::read_dir(run).expect("the folder should be there") {
        let entry = entry.expect("an entry should be readable");
        files.push(entry.file_name().to_string_lossy().into_owned());
    }
    files.sort();
    Result { models: names.iter().map(read).collect(), numbers, files }
}

/// `run.json`, as it is read.
fn numbers_of(run: &Path) -> Value {
    let text = fs::read(run.join("run.json")).expect("there should be run.json");
    serde_json::from_slice(&text).expect("it should be JSON")
}

/// The run that was left alone, and the changes in its folder.
struct Reference {
    folder: TempDir,
    pictures: &'static str,
    result: Result,
    changes: usize,
}

/// Drawing takes longer than all evaluations: most runs go without.
const DRAWN: &str = "report.pictures=true";
const NOT_DRAWN: &str = "report.pictures=false";

fn reference(pictures: &'static str) -> Reference {
    let folder = small_job();
    let run = folder.path().join("runs/alone");
    fs::create_dir_all(&run).expect("a folder");
    let args = ["invert", "job.toml", "--out", "runs/alone", "--set", pictures];
    let changes = run_until(Kill::Changes(usize::MAX), folder.path(), &run, &args);
    let result = result(&run);
    let numbers = numbers_of(&run);
    let stages = numbers["stages"].as_array().expect("a list");
    for stage in stages {
        let count = |key: &str| stage[key].as_u64().expect("a number");
        let searched = count("evaluations") > count("iterations") + 1;
        assert!(searched, "a line search should reject a trial: {stage}");
    }
    assert_eq!(stages.len(), 2);
    assert_eq!(numbers["misfit"].as_array().expect("a list").len(), 8);
    Reference { folder, pictures, result, changes }
}

/// How a session of an inversion is begun: the plan, and with it what is computed at the same
/// time, in which order it is kept or computed again, may change from one to the next.
const SESSIONS: [&[&str]; 4] = [
    &[],
    &["--threads", "1"],
    &["--set", "memory.strategy=revolve", "--set", "memory.snapshots=3"],
    &["--threads", "3", "--set", "run.shots_in_parallel=1"],
];

/// Threads that wait for each other burn the cores that another test needs: one at a time.
static ALONE: Mutex<()> = Mutex::new(());

/// Runs an inversion through kills to its end and compares it.
fn check_killed(reference: &Reference, name: &str, kills: &[Kill]) {
    let folder = reference.folder.path();
    let out = format!("runs/{name}");
    let run = folder.join(&out);
    fs::create_dir_all(&run).expect("a folder");
    let afresh = &["invert", "job.toml", "--out", &out, "--set", reference.pictures][..];
    let resume = &["invert", "--resume", &out, "--set", reference.pictures][..];
    let mut resumed = 0;
    for (session, kill) in kills.iter().enumerate() {
        let begun = run.join("state.json").exists();
        if !begun && run.join("job.toml").exists() {
            let parts = ["cannot be resumed: it holds no state.json", "without --resume"];
            fail(folder, resume, 1, &parts);
        }
        resumed += usize::from(begun);
        let args = if begun { resume } else { afresh };
        // What a run is begun with stays in its job, and is compared.
        let options = if begun { SESSIONS[session % SESSIONS.len()] } else { &[] };
        run_until(*kill, folder, &run, &[args, options].concat());
        check_whole(&run, *kill);
    }
    let args = if run.join("state.json").exists() { resume } else { afresh };
    succeed(folder, args);
    let found = result(&run);
    let what = format!("{name}, killed at {kills:?}, resumed {resumed} times");
    for ((name, found), (_, expected)) in found.models.iter().zip(&reference.result.models) {
        assert!(found == expected, "{name} of {what} differs");
    }
    assert_eq!(found.numbers, reference.result.numbers, "{what}");
    assert_eq!(found.files, reference.result.files, "{what}");
    fs::remove_dir_all(&run).expect("the folder should go");
}

/// Numbers that are spread evenly over `0..below`: the golden ratio, which leaves no gaps and has
/// no period.
fn spread(index: usize, below: usize) -> usize {
    let turns = (index as f64 + 1.0) * 0.618_033_988_749_894_9;
    (turns.fract() * below as f64) as usize
}

fn runs() -> usize {
    std::env::var("RETROGRAD_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(6)
}

#[test]
fn a_run_that_is_killed_while_it_writes_ends_with_the_same_bits() {
    if !compiler() {
        return;
    }
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let reference = reference(NOT_DRAWN);
    for index in 0..runs() {
        // The first session sees all changes of a run, the others what is left of them.
        let first = 1 + spread(index, reference.changes);
        let kills = [first, 1 + spread(index + 3, 40), 1 + spread(index + 7, 20)];
        check_killed(&reference, &format!("written-{index}"), &kills.map(Kill::Changes));
    }
}

#[test]
fn a_run_that_is_killed_while_it_draws_ends_with_the_same_files() {
    if !compiler() {
        return;
    }
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let reference = reference(DRAWN);
    // The page is the last change; a finished run that is resumed is drawn again.
    for index in 0..runs().div_ceil(6) {
        let last = [reference.changes - 1, 3 + spread(index, 3)].map(Kill::Changes);
        check_killed(&reference, &format!("drawn-{index}"), &last);
    }
}

#[test]
fn a_run_that_is_killed_at_any_time_ends_with_the_same_bits() {
    if !compiler() {
        return;
    }
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let reference = reference(NOT_DRAWN);
    for index in 0..runs().div_ceil(3) {
        let kills: Vec<Kill> = (0..6)
            .map(|session| Kill::Millis(20 + spread(6 * index + session, 250) as u64))
            .collect();
        check_killed(&reference, &format!("timed-{index}"), &kills);
    }
}

/// Kernels are compiled anew; the first sessions are killed in the compiler.
#[test]
fn a_run_that_is_killed_while_it_compiles_ends_with_the_same_bits() {
    if !compiler() {
        return;
    }
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let reference = reference(NOT_DRAWN);
    let cache = tempfile::tempdir_in(support::CACHE).expect("a temporary folder");
    let folder = reference.folder.path();
    let run = |name: &str| {
        let (out, run) = (format!("runs/{name}"), folder.join("runs").join(name));
        fs::create_dir_all(&run).expect("a folder");
        let args = ["invert", "job.toml", "--out", &out, "--set", reference.pictures];
        let mut command = command(folder, &args);
        command.env("XDG_CACHE_HOME", cache.path());
        (run, command)
    };
    for millis in [15, 30, 60, 90, 120] {
        let (run, command) = run(&format!("killed-{millis}"));
        run_command_until(Kill::Millis(millis), &run, command);
        check_whole(&run, Kill::Millis(millis));
    }
    let (run, mut command) = run("compiled");
    assert!(command.output().expect("the binary should run").status.success());
    assert!(result(&run) == reference.result);
}

#[test]
fn a_finished_run_stays_as_it_is() {
    if !compiler() {
        return;
    }
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let reference = reference(DRAWN);
    let folder = reference.folder.path();
    let again = json(folder, &["invert", "--resume", "runs/alone"]);
    assert!(result(&folder.join("runs/alone")) == reference.result);
    // A process that only finds that nothing is left to do takes a quarter of it.
    let state: Value = serde_json::from_slice(
        &fs::read(folder.join("runs/alone/state.json")).expect("there should be a state"),
    )
    .expect("it should be JSON");
    let rows = state["rows"].as_array().expect("a list");
    let peaks = rows.iter().map(|row| row["peak_rss_bytes"].as_u64().expect("a number"));
    let peak = again["peak_rss_bytes"].as_u64().expect("a number");
    let seconds = |value: &Value| value["seconds"].as_f64().expect("a number");
    assert!(seconds(&again) > seconds(&state), "time should add up: {again}");
    assert!(Some(peak) >= peaks.max(), "the peak of the first session should count: {again}");
}

#[test]
fn a_run_of_another_job_is_not_resumed() {
    if !compiler() {
        return;
    }
    let folder = small_job();
    let folder = folder.path();
    succeed(folder, &["invert", "job.toml", "--set", "report.pictures=false"]);
    let changed = ["invert", "job.toml", "--resume", "--set", "stage.1.frequency=7"];
    let parts = ["runs/small cannot be resumed: it belongs to another job", "--out"];
    fail(folder, &changed, 1, &parts);
    let loss = ["invert", "--resume", "runs/small", "--set", "memory.gradient_error=1e-2"];
    fail(folder, &loss, 1, &parts);
    // What decides nothing may change.
    let name = ["invert", "--resume", "runs/small", "--set", "job.name=other"];
    succeed(folder, &[&name[..], &["--set", "report.pictures=false"]].concat());
}

#[test]
fn what_cannot_be_resumed_says_why() {
    let folder = small_job();
    let folder = folder.path();
    let missing = ["there is no run folder", "retrograd invert --resume runs/<name>"];
    fail(folder, &["invert", "--resume", "runs/none"], 2, &missing);
    fail(folder, &["invert", "job.toml", "--resume"], 2, &["there is no run folder"]);
    let file = ["is no run folder", "write the job file first: retrograd invert job.toml --resume"];
    fail(folder, &["invert", "--resume", "job.toml"], 2, &file[1..]);
    if !compiler() {
        return;
    }
    fs::create_dir_all(folder.join("runs/small")).expect("a folder");
    let empty = ["it holds no state.json", "start the inversion without --resume"];
    fail(folder, &["invert", "job.toml", "--resume"], 1, &empty);
    fs::write(folder.join("runs/small/state.json"), "{").expect("the file should be writable");
    let damaged = ["state.json: not the JSON that belongs here", "help:"];
    fail(folder, &["invert", "job.toml", "--resume"], 1, &damaged);
}

#[test]
fn two_processes_do_not_share_a_run_folder() {
    if !compiler() {
        return;
    }
    let folder = small_job();
    let folder = folder.path();
    let run = folder.join("runs/small");
    fs::create_dir_all(&run).expect("a folder");
    let lock = fs::File::open(&run).expect("the folder should open");
    lock.lock().expect("it should be free");
    let parts = ["another process runs in the folder", "runs/small", "--out"];
    fail(folder, &["invert", "job.toml"], 1, &parts);
    fail(folder, &["invert", "job.toml", "--resume"], 1, &parts);
    fail(folder, &["gradient", "job.toml"], 1, &parts);
    drop(lock);
    let output = retrograd(folder, &["gradient", "job.toml", "--set", "report.pictures=false"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
}
