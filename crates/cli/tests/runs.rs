//! Run folders: what `run.json` says, and what becomes of an earlier run.

#![forbid(unsafe_code)]

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;

use support::{compiler, fail, json, small_job, succeed};

fn read(path: &Path) -> Value {
    let text = fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_slice(&text).expect("it should be JSON")
}

/// Names in a folder.
fn names(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).expect("the folder should be there");
    let name = |entry: std::io::Result<fs::DirEntry>| {
        entry.expect("an entry should be readable").file_name().to_string_lossy().into_owned()
    };
    entries.map(name).collect()
}

fn set<const N: usize>(names: [&str; N]) -> BTreeSet<String> {
    names.map(str::to_owned).into()
}

/// Keys that every run has.
const KEYS: [&str; 12] = [
    "command",
    "version",
    "job",
    "folder",
    "backend",
    "threads",
    "shots_in_parallel",
    "budget_bytes",
    "predicted_peak_bytes",
    "seconds",
    "peak_rss_bytes",
    "points_per_second",
];

/// A command leaves what it prints in `run.json`, with the keys that all have and its own.
#[track_caller]
fn check_record(command: &str, own: &[&str]) {
    let folder = small_job();
    let folder = folder.path();
    let args = [command, "job.toml", "--threads", "2", "--set", "report.pictures=false"];
    let printed = json(folder, &args);
    let run = folder.join("runs/small");
    assert_eq!(read(&run.join("run.json")), printed);
    let object = printed.as_object().expect("an object");
    let expected = KEYS.iter().chain(own).map(|key| (*key).to_owned()).collect();
    let mut found: BTreeSet<String> = object.keys().cloned().collect();
    if found.remove("commit") {
        let commit = printed["commit"].as_str().expect("text");
        assert!(commit.len() == 12 && commit.bytes().all(|b| b.is_ascii_hexdigit()), "{commit}");
    }
    assert_eq!(found, expected);
    assert_eq!(printed["command"], command);
    assert_eq!(printed["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(printed["job"], "small");
    assert_eq!(printed["threads"], 2);
    assert_eq!(printed["budget_bytes"], 1 << 30);
    let ran = Path::new(printed["folder"].as_str().expect("text")).join("job.toml");
    assert!(ran.is_file(), "{}", ran.display());
}

#[test]
fn every_run_records_its_numbers() {
    if !compiler() {
        return;
    }
    let kept = ["strategy", "snapshots", "misfit", "model_error"];
    check_record("model", &["data"]);
    check_record("gradient", &[&kept[..], &["gradient_norm"]].concat());
    check_record("invert", &[&kept[..], &["stages", "evaluations"]].concat());
}

#[test]
fn recordings_are_those_that_run_json_names() {
    if !compiler() {
        return;
    }
    let folder = small_job();
    let folder = folder.path();
    let printed = json(folder, &["model", "job.toml", "--set", "report.pictures=false"]);
    let files = printed["data"].as_array().expect("a list");
    assert_eq!(files.len(), 3);
    for file in files {
        let path = folder.join("runs/small").join(file.as_str().expect("text"));
        let record = retrograd_invert::npy::read(&path).expect("a record");
        assert_eq!(record.shape[0], 21, "{}", path.display());
    }
}

const INVERSION: [&str; 9] = [
    "data_fit.png",
    "data_fit_2.png",
    "gradient.png",
    "misfit.png",
    "model.png",
    "model_error.png",
    "profiles.png",
    "traces.png",
    "data_fit_3.png",
];

#[test]
fn nothing_of_an_earlier_run_is_left_in_the_folder() {
    if !compiler() {
        return;
    }
    let folder = small_job();
    let folder = folder.path();
    let run = folder.join("runs/small");
    let short = ["--set", "stage.0.iterations=1", "--set", "stage.1.iterations=1"];
    let all = ["--set", "report.shots=[0,1,2]"];
    let invert = [&["invert", "job.toml"], &short[..], &all].concat();
    succeed(folder, &invert);
    assert_eq!(names(&run.join("pictures")), set(INVERSION));
    let first = fs::read(run.join("report.html")).expect("a page");
    // Drawn again with fewer gathers: those of before would be taken for its own.
    succeed(folder, &["invert", "--resume", "runs/small", "--set", "report.shots=[1]"]);
    let mut fewer = set(INVERSION);
    fewer.retain(|name| !name.starts_with("data_fit_"));
    assert_eq!(names(&run.join("pictures")), fewer);
    assert!(fs::read(run.join("report.html")).expect("a page") != first);

    succeed(folder, &["gradient", "job.toml"]);
    let pictures = ["data_fit.png", "gradient.png", "illumination.png", "model.png", "traces.png"];
    assert_eq!(names(&run.join("pictures")), set(pictures));
    assert_eq!(read(&run.join("run.json"))["command"], "gradient");
    let before = folder.join("runs/small-before-1");
    assert_eq!(read(&before.join("run.json"))["command"], "invert");
    assert_eq!(names(&before.join("pictures")), fewer);

    succeed(folder, &["model", "job.toml", "--set", "report.pictures=false"]);
    let files = ["data", "job.toml", "run.json"];
    assert_eq!(names(&run), set(files));
    assert_eq!(read(&folder.join("runs/small-before-2/run.json"))["command"], "gradient");
}

#[test]
fn a_gradient_that_was_killed_is_moved_aside_too() {
    if !compiler() {
        return;
    }
    let folder = small_job();
    let folder = folder.path();
    let run = folder.join("runs/small");
    succeed(folder, &["gradient", "job.toml", "--set", "report.pictures=false"]);
    fs::remove_file(run.join("run.json")).expect("it should go");
    succeed(folder, &["model", "job.toml", "--set", "report.pictures=false"]);
    assert_eq!(names(&run), set(["data", "job.toml", "run.json"]));
    assert!(folder.join("runs/small-before-1/gradient.npy").is_file());
}

#[test]
fn what_is_in_the_way_of_a_run_is_named() {
    if !compiler() {
        return;
    }
    let folder = small_job();
    let folder = folder.path();
    let job = fs::read(folder.join("job.toml")).expect("the job");
    // The folder of the job itself.
    let parts = ["holds a job.toml that no run wrote", "help: choose another folder with --out"];
    for command in ["model", "gradient", "invert"] {
        fail(folder, &[command, "job.toml", "--out", "."], 1, &parts);
    }
    assert_eq!(fs::read(folder.join("job.toml")).expect("the job"), job);
    let parts = ["the run folder", "job.toml cannot be made", "help: choose another with --out"];
    fail(folder, &["gradient", "job.toml", "--out", "job.toml"], 1, &parts);
}

/// A run that cannot begin leaves an earlier one where it is.
#[test]
fn a_budget_that_is_too_small_moves_nothing() {
    if !compiler() {
        return;
    }
    let folder = small_job();
    let folder = folder.path();
    succeed(folder, &["gradient", "job.toml", "--set", "report.pictures=false"]);
    let small = ["invert", "job.toml", "--set", "memory.budget=\"2 MiB\""];
    fail(folder, &small, 1, &["a budget of 2.00 MiB", "is too small: the least is"]);
    assert!(!folder.join("runs/small-before-1").exists());
    assert!(folder.join("runs/small/run.json").is_file());
}
