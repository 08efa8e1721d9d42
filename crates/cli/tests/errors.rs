//! Every error that a job, a file or a machine can cause, as a user reads it: place, what was found,
//! what is allowed, and `help:`.
//!
//! Faults that the job file shows by itself are tested with it (`job/tests.rs`), run folders in
//! `runs.rs`, budgets in `memory.rs`, resuming in `resume.rs`.

#![forbid(unsafe_code)]

mod support;

use std::fs;
use std::path::Path;

use retrograd_invert::npy;
use tempfile::TempDir;

use support::{SMALL_JOB, command, compiler, fail, succeed, text};

/// Nodes of the models.
const SHAPE: [usize; 2] = [61, 31];

/// Steps of the recordings.
const STEPS: usize = 120;

const JOB: &str = r#"
[job]
name = "errors"
[grid]
spacing = ["25 m", "25 m"]
[model]
source = "files"
vp_true = "vp.npy"
vp_start = "vp.npy"
bounds = ["1400 m/s", "4000 m/s"]
[time]
steps = 120
dt = "2 ms"
[boundary]
width = 10
[survey.sources]
count = 3
[survey.receivers]
spacing = "75 m"
[[stage]]
frequency = "6 Hz"
iterations = 1
evaluations = 2
[report]
pictures = false
"#;

fn write(folder: &Path, name: &str, shape: &[usize], values: &[f32]) {
    npy::write_f32(&folder.join(name), shape, values).expect("the array should be writable");
}

/// A folder with the job and its model, 2000 m/s.
fn folder() -> TempDir {
    let folder = support::folder();
    fs::write(folder.path().join("job.toml"), JOB).expect("the job should be writable");
    write(folder.path(), "vp.npy", &SHAPE, &[2000.0; 61 * 31]);
    folder
}

/// `gradient` of the job under some `--set` fails with every one of `parts` in its message.
#[track_caller]
fn check(folder: &Path, sets: &[&str], code: i32, parts: &[&str]) {
    let sets = sets.iter().flat_map(|set| ["--set", *set]);
    let args: Vec<&str> = ["gradient", "job.toml"].into_iter().chain(sets).collect();
    fail(folder, &args, code, parts);
    assert!(!folder.join("runs").exists(), "nothing should have run");
}

/// As [`check`], with a model file of its own in place of the start model.
#[track_caller]
fn check_model(shape: &[usize], values: &[f32], sets: &[&str], parts: &[&str]) {
    let folder = folder();
    write(folder.path(), "other.npy", shape, values);
    check(folder.path(), &[&["model.vp_start=other.npy"], sets].concat(), 1, parts);
}

#[test]
fn a_model_file_that_is_missing() {
    let parts = ["there is no file", "gone.npy", "relative to the job file"];
    check(folder().path(), &["model.vp_start=gone.npy"], 2, &parts);
}

#[test]
fn a_model_of_another_shape() {
    let folder = folder();
    write(folder.path(), "other.npy", &[60, 31], &[2000.0; 60 * 31]);
    let parts = ["`model.vp_start` has shape [60, 31], `model.vp_true` [61, 31]", "another shape"];
    check(folder.path(), &["model.vp_start=other.npy"], 2, &parts);
}

#[test]
fn a_file_that_is_no_array() {
    let folder = folder();
    fs::write(folder.path().join("text.npy"), "2000 2000").expect("the file should be writable");
    check(folder.path(), &["model.vp_start=text.npy"], 2, &["it does not begin like an NPY file"]);
}

#[test]
fn an_array_that_was_cut_short() {
    let folder = folder();
    let bytes = fs::read(folder.path().join("vp.npy")).expect("the model");
    fs::write(folder.path().join("short.npy"), &bytes[..bytes.len() - 8]).expect("the file");
    let parts = ["short.npy: ", "bytes, but shape (61, 31) of f32 needs", "was cut short"];
    check(folder.path(), &["model.vp_start=short.npy"], 1, &parts);
}

#[test]
fn a_model_with_gaps() {
    let mut values = [2000.0; 61 * 31];
    values[31 + 5] = f32::NAN;
    let parts = ["other.npy: NaN at index (1, 5)", "help: replace them before the run"];
    check_model(&SHAPE, &values, &[], &parts);
}

#[test]
fn a_model_with_air_of_no_velocity() {
    let mut values = [2000.0; 61 * 31];
    values[2 * 31 + 3] = 0.0;
    let parts = ["the start model has 0 m/s at node [2, 3]: allowed are more", "help: give what"];
    check_model(&SHAPE, &values, &[], &parts);
}

/// The start model is clamped into its bounds; what is frozen and what is true are not.
#[test]
fn a_model_that_is_too_fast_for_the_time_step() {
    let mut values = [2000.0; 61 * 31];
    values[7] = 7500.0;
    let parts = ["reaches 7500 m/s: at order 8 in space", "time steps of", "the step is 2.0000 ms"];
    let frozen = ["model.freeze.below_velocity=8000"];
    check_model(&SHAPE, &values, &frozen, &[&["the start model"], &parts[..]].concat());
    let truth = ["model.vp_true=other.npy", "data.kind=same-grid", "model.vp_start=vp.npy"];
    let help = ["the true model", "help: raise the upper one of model.bounds"];
    check_model(&SHAPE, &values, &truth, &[&help, &parts[..]].concat());
}

/// Order 16 has a smaller stability limit than order 8, of whose limit the step takes all.
#[test]
fn a_time_step_that_the_finer_grid_of_the_data_does_not_stand() {
    let folder = folder();
    let job = JOB.replace("dt = \"2 ms\"", "courant = 1.0");
    fs::write(folder.path().join("job.toml"), job).expect("the job should be writable");
    let sets = ["model.bounds=[1000, 2000]", "data.space_order=16"];
    let parts = ["the true model reaches 2000 m/s: at order 16", "on a grid 2 times finer"];
    check(folder.path(), &sets, 1, &parts);
}

#[test]
fn a_time_step_above_the_stability_limit() {
    let parts = [
        "the time step 10.0000 ms is unstable: order 8 in space on [25.0, 25.0] m allows",
        "at the upper velocity bound 4000 m/s",
        "help:",
    ];
    check(folder().path(), &["time.dt=0.01"], 1, &parts);
}

#[test]
fn a_mask_of_another_shape() {
    let folder = folder();
    write(folder.path(), "mask.npy", &[3, 3], &[0.0; 9]);
    let parts = ["mask.npy: shape (3, 3), but the grid has (61, 31)", "help: change the grid"];
    check(folder.path(), &["model.freeze.mask=mask.npy"], 1, &parts);
}

#[test]
fn points_outside_the_model() {
    let parts = ["source 2 at x = 2000 m", "x from 0 to 1500 m"];
    check(folder().path(), &["survey.sources.last=2000"], 2, &parts);
    let parts = ["receiver 0 at x = -10 m", "outside the model"];
    check(folder().path(), &["survey.receivers.first=-10"], 2, &parts);
}

#[test]
fn a_basin_in_three_dimensions() {
    let folder = support::folder();
    let job = "[grid]\nextent = [1000, 1000, 500]\nspacing = [25, 25, 25]\n\
               [survey.sources]\npositions = [[500, 500, 20]]\n\
               [survey.receivers]\npositions = [[0, 0, 0]]\n";
    fs::write(folder.path().join("job.toml"), job).expect("the job should be writable");
    let parts = ["the embedded basin is two-dimensional", "help: give model files"];
    check(folder.path(), &[], 1, &parts);
}

/// Recordings of `shape` in one file are refused.
#[track_caller]
fn check_records(files: &[(&str, &[usize])], sets: &[&str], code: i32, parts: &[&str]) {
    let folder = folder();
    for (name, shape) in files {
        write(folder.path(), name, shape, &vec![0.0; shape.iter().product()]);
    }
    check(folder.path(), &[&["data.kind=files"], sets].concat(), code, parts);
}

#[test]
fn recordings_that_do_not_fit_the_survey() {
    let ricker = "wavelet.peak=6";
    let (three, list) = ("data.files=[\"a.npy\", \"a.npy\", \"b.npy\"]", "data.files=[\"a.npy\"]");
    let good: (&str, &[usize]) = ("a.npy", &[21, STEPS]);
    check_records(
        &[good, ("b.npy", &[20, STEPS])],
        &[three, ricker],
        1,
        &["b.npy: 20 receivers for shot 2, which the survey has 21 of", "one trace per receiver"],
    );
    check_records(
        &[good, ("b.npy", &[21, 90])],
        &[three, ricker],
        1,
        &[
            "b.npy: shape [21, 90]; allowed are (receivers, 120) per shot",
            "help: sample the records",
        ],
    );
    check_records(
        &[("a.npy", &[2, 21, STEPS])],
        &[list, ricker],
        1,
        &["2 shot records for 3 sources", "help: give one record per source"],
    );
    let text = ("a.npy", &[3, 21, STEPS][..]);
    check_records(&[text], &[list], 2, &["wavelet"]);
}

/// A wavelet file and a sampling interval.
#[track_caller]
fn check_wavelet(samples: &[f32], sets: &[&str], code: i32, parts: &[&str]) {
    let folder = folder();
    write(folder.path(), "w.npy", &[samples.len()], samples);
    let wavelet = ["wavelet.kind=file", "wavelet.file=w.npy", "wavelet.dt=0.002"];
    check(folder.path(), &[&wavelet, sets].concat(), code, parts);
}

#[test]
fn a_wavelet_that_is_none() {
    let parts = ["w.npy: inf at index (2)", "help: replace them"];
    check_wavelet(&[0.0, 1.0, f32::INFINITY], &[], 1, &parts);
    let parts = ["wavelet of", "samples", "help: look at the file"];
    check_wavelet(&[], &[], 1, &parts);
    let parts =
        ["corner 300 Hz is not below the Nyquist frequency 250 Hz", "help: lower the corner"];
    check_wavelet(&[0.0, 1.0, 0.5], &["stage.0.frequency=300"], 1, &parts);
}

#[test]
fn a_strategy_that_does_not_fit_the_budget() {
    if !compiler() {
        return;
    }
    let budget = "memory.budget=\"19 MiB\"";
    let parts =
        ["memory budget: store-all, 2 jobs at a time, needs", "budget of 19.00 MiB", "help:"];
    check(folder().path(), &["memory.strategy=store-all", "run.threads=2", budget], 1, &parts);
    let revolve = ["memory.strategy=revolve", "memory.snapshots=110", "run.threads=2", budget];
    let parts = ["memory budget: Revolve with 110 snapshots, 2 jobs at a time, needs", "help:"];
    check(folder().path(), &revolve, 1, &parts);
}

/// The environment of a machine without any compiler.
fn without_compiler(folder: &Path, args: &[&str]) -> std::process::Command {
    let mut command = command(folder, args);
    command.env_remove("CC").env_remove("RETROGRAD_CC").env("PATH", folder);
    command
}

#[test]
fn a_machine_without_a_compiler() {
    let folder = folder();
    for name in ["plan", "model", "gradient", "invert", "check", "compile"] {
        let target: &[&str] = if name == "compile" { &["--target", "c"] } else { &[] };
        let mut command = without_compiler(folder.path(), &[&[name, "job.toml"], target].concat());
        let output = command.env("XDG_CACHE_HOME", folder.path()).output().expect("it should run");
        let message = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{name}: {message}");
        for part in
            ["no C compiler found (tried cc, gcc, clang)", "help: install one", "`--backend"]
        {
            assert!(message.contains(part), "`{part}` should be in {message}");
        }
    }
}

#[test]
fn the_interpreter_needs_no_compiler() {
    let folder = folder();
    // Few points and steps: it is slow.
    let options =
        ["--set", "boundary.width=2", "--set", "time.steps=12", "--backend", "interpreter"];
    let grid = ["--set", "data.kind=same-grid", "--set", "survey.sources.count=1"];
    let args = [&["gradient", "job.toml"], &options[..], &grid].concat();
    let output = without_compiler(folder.path(), &args).output().expect("it should run");
    assert!(output.status.success(), "{}", text(&output.stderr));
    let run = fs::read_to_string(folder.path().join("runs/errors/run.json")).expect("run.json");
    assert!(run.contains("\"backend\": \"interpreter\""), "{run}");
}

#[test]
fn a_compiler_that_fails_and_a_cache_that_cannot_be_written() {
    let folder = folder();
    let cache = folder.path().join("cache");
    let mut plan = command(folder.path(), &["plan", "job.toml"]);
    let failing = plan.env("RETROGRAD_CC", "false").env("RETROGRAD_CACHE", &cache);
    let output = failing.output().expect("it should run");
    let message = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{message}");
    for part in ["`false` failed on generated C", "help: this is a defect of Retrograd or", ".c"] {
        assert!(message.contains(part), "`{part}` should be in {message}");
    }
    let mut plan = command(folder.path(), &["plan", "job.toml"]);
    let file = folder.path().join("job.toml");
    let output = plan.env("RETROGRAD_CACHE", file).output().expect("it should run");
    let message = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{message}");
    assert!(message.contains("help: set RETROGRAD_CACHE to a folder"), "{message}");
}

#[test]
fn a_back_end_that_is_not_there() {
    let folder = folder();
    let parts = ["this version has no CUDA back end", "help: targets are `ir`, `c` and `latex`"];
    fail(folder.path(), &["compile", "job.toml", "--target", "cuda"], 1, &parts);
}

/// Warnings fail nothing, and are there to be read.
#[test]
fn check_says_what_may_spoil_a_result() {
    if !compiler() {
        return;
    }
    let folder = support::folder();
    let job = SMALL_JOB.replace("\"6 Hz\"", "\"30 Hz\"").replace("width = 10", "width = 3");
    fs::write(folder.path().join("job.toml"), job).expect("the job should be writable");
    let printed = succeed(folder.path(), &["check", "job.toml"]);
    for part in [
        "ok       stability: time step",
        "warning  sampling: ",
        "points per shortest wavelength",
        "order 8 wants 5",
        "the grid cannot carry a wave of fewer than two",
        "warning  absorbing layer: stage 1 at 3 Hz: 3 nodes reflect",
        "nodes would be wide enough",
        "passed",
    ] {
        assert!(printed.contains(part), "`{part}` should be in {printed}");
    }
    fs::write(folder.path().join("job.toml"), SMALL_JOB).expect("the job should be writable");
    let printed = succeed(folder.path(), &["check", "job.toml"]);
    assert!(printed.contains("off its velocity, "), "{printed}");
    assert!(printed.contains(" periods over the largest offset of "), "{printed}");
}

#[test]
fn a_results_file_that_cannot_be_written() {
    if !compiler() {
        return;
    }
    let folder = folder();
    // A folder where the array belongs.
    fs::create_dir_all(folder.path().join("runs/errors/gradient.npy")).expect("a folder");
    let parts = ["gradient.npy: cannot rename the finished file to it", "help:"];
    fail(folder.path(), &["gradient", "job.toml"], 1, &parts);
}

#[test]
fn a_disk_that_is_not_there() {
    if !compiler() {
        return;
    }
    let parts = ["the disk cannot be used for snapshots", "/nowhere/at/all", "No such file"];
    check(folder().path(), &["memory.tiers=[\"ram\", \"disk:/nowhere/at/all\"]"], 1, &parts);
}
