//! A run that is killed anywhere goes on with the same bits.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use crate::fixture::{setup, stage};
use crate::inversion::{
    Inversion, InversionSetup, IterationRow, MemoryStrategy, Outcome, Quiet, Watch,
};

/// Copies the run folder whenever it is told of anything: what a kill at that instant leaves.
struct Copier {
    folder: PathBuf,
    copies: PathBuf,
    made: Mutex<usize>,
}

impl Copier {
    fn copy(&self) {
        let mut made = self.made.lock().expect("lock");
        copy(&self.folder, &self.copies.join(made.to_string()));
        *made += 1;
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("folder");
    for entry in fs::read_dir(from).expect("folder").flatten() {
        let name = entry.file_name();
        // A file that is being written aside may be gone again.
        if !name.to_string_lossy().ends_with(".part") {
            fs::copy(entry.path(), to.join(name)).expect("copy");
        }
    }
}

impl Watch for Copier {
    fn begin(&self, _what: &str, _shots: usize) {
        self.copy();
    }
    fn shot_done(&self) {
        self.copy();
    }
    fn end(&self) {
        self.copy();
    }
    fn note(&self, _text: &str) {}
    fn iteration(&self, _row: &IterationRow) {
        self.copy();
    }
}

/// Two stages, smooth and not; none without a compiler.
fn problem(folder: &Path) -> Option<InversionSetup> {
    let mut setup = setup(folder)?;
    setup.stages = vec![stage(6.0), stage(9.0)];
    setup.stages[0].smoothing_m = 40.0;
    setup.memory.strategy = MemoryStrategy::StoreAll;
    Some(setup)
}

/// What must not depend on a kill: everything but times and memory.
fn result(outcome: &Outcome, folder: &Path) -> (Vec<u64>, Vec<String>, Vec<Vec<u8>>) {
    let model = outcome.model.iter().map(|v| v.to_bits()).collect();
    let row = |row: &IterationRow| {
        let row = IterationRow { seconds: 0.0, peak_rss_bytes: 0, ..*row };
        format!("{row:?}")
    };
    let rows = outcome.rows.iter().map(row);
    let stages = outcome.stages.iter().map(|s| format!("{s:?}"));
    let files = ["vp.npy", "vp_stage_1.npy", "vp_stage_2.npy", "gradient.npy", "illumination.npy"];
    let bytes = files.map(|name| fs::read(folder.join(name)).expect(name));
    (model, rows.chain(stages).collect(), bytes.to_vec())
}

#[test]
fn killed_at_any_instant_a_run_ends_with_the_same_bits() {
    let folder = tempfile::tempdir().expect("folder");
    let (whole, copies) = (folder.path().join("whole"), folder.path().join("copies"));
    fs::create_dir(&whole).expect("folder");
    let Some(setup) = problem(&whole) else { return };
    let watch = Copier { folder: whole.clone(), copies: copies.clone(), made: Mutex::new(0) };
    let outcome = Inversion::new(setup).expect("inversion").run(&watch).expect("run");
    let expected = result(&outcome, &whole);
    let evaluations = outcome.evaluations;
    assert!(evaluations >= 6 && outcome.stages.len() == 2, "{:?}", outcome.stages);
    let made = *watch.made.lock().expect("lock");
    // Two calls per evaluation and stage at least, and every shot.
    assert!(made > 4 * evaluations, "{made} copies of {evaluations} evaluations");

    let mut known = None;
    for number in 0..made {
        let copy = copies.join(number.to_string());
        // Instants with the same state are the same to a resumed run.
        let state = fs::read(copy.join("state.json")).expect("state");
        if known.as_ref() == Some(&state) {
            continue;
        }
        known = Some(state);
        let mut setup = problem(&copy).expect("a compiler was there");
        // The machine may be used otherwise.
        setup.memory.strategy = MemoryStrategy::Revolve { snapshots: Some(10) };
        setup.resources.threads = 1 + number % 3;
        let resumed = Inversion::new(setup).expect("inversion").resume(&Quiet).expect("run");
        assert!(result(&resumed, &copy) == expected, "killed at instant {number} of {made}");
        assert_eq!(resumed.evaluations, evaluations);
    }
}

#[test]
fn a_file_of_the_run_that_is_missing_or_damaged_is_named() {
    let folder = tempfile::tempdir().expect("folder");
    let Some(setup) = problem(folder.path()) else { return };
    Inversion::new(setup.clone()).expect("inversion").run(&Quiet).expect("run");
    let resume = || {
        let result = Inversion::new(setup.clone()).expect("inversion").resume(&Quiet);
        result.expect_err("damaged").to_string()
    };
    let base = folder.path().join("2-stage-base.f64");
    let bytes = fs::read(&base).expect("base");
    fs::write(&base, &bytes[..bytes.len() / 2]).expect("write");
    let error = resume();
    assert!(error.contains("2-stage-base.f64: not a model of a run: it ends too early"), "{error}");
    fs::remove_file(&base).expect("remove");
    let error = resume();
    assert!(error.contains("2-stage-base.f64: cannot read"), "{error}");
    let state = folder.path().join("state.json");
    let text = fs::read_to_string(&state).expect("state");
    fs::write(&state, &text[..text.len() / 2]).expect("write");
    let error = resume();
    assert!(error.contains("state.json: not the JSON that belongs here"), "{error}");
}
