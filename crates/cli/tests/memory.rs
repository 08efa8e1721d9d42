//! Memory is a promise: what runs take, against their budget and against what was planned.
//!
//! The jobs hold 130 to 330 MiB, so that what a process takes for itself, some MiB that differ with
//! compiler and system, does not decide.
#![cfg(target_os = "linux")]
#![forbid(unsafe_code)]

mod support;

use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use retrograd_invert::npy;
use serde_json::Value;
use tempfile::TempDir;

use support::{command, compiler, json, retrograd, text};

const MIB: u64 = 1 << 20;

/// Allowed beyond the budget: pages that the allocator and the kernel keep for themselves.
const SLACK_BYTES: u64 = 16 * MIB;

/// Nodes of the models.
const SHAPE: [usize; 2] = [501, 301];

/// Nodes of models whose grid waves fill early on: plans count whole buffers, and of the adjoint data
/// of steps before that a run holds the part that they have reached.
const FILLED: [usize; 2] = [161, 101];

/// In 64 bits nothing that runs ahead of a wave is flushed to zero: what is computed grows by the four
/// points that a stencil reaches per step. Steps enough that the first ones, some 50, count little.
const FILLING: [&str; 4] = ["--set", "physics.dtype=\"f64\"", "--set", "time.steps=600"];

/// The optimiser keeps as many pairs as it may: three, after three of four iterations.
const JOB: &str = r#"
[job]
name = "mem"
[grid]
spacing = ["10 m", "10 m"]
[model]
source = "files"
vp_start = "start.npy"
vp_true = "true.npy"
bounds = ["1400 m/s", "4000 m/s"]
freeze.below_velocity = "off"
[time]
steps = 120
[boundary]
width = 20
[survey.sources]
count = 4
[survey.receivers]
spacing = "100 m"
[[stage]]
frequency = "20 Hz"
iterations = 4
evaluations = 6
[[stage]]
frequency = "30 Hz"
iterations = 1
evaluations = 2
[invert]
memory = 3
[run]
threads = 2
[report]
pictures = false
"#;

const SAME_GRID: [&str; 2] = ["--set", "data.kind=same-grid"];

/// Processes that share the cores take turns.
static ALONE: Mutex<()> = Mutex::new(());

/// A folder with the job and its models: waves, so that no two cells are alike.
fn folder(shape: [usize; 2]) -> TempDir {
    let folder = support::folder();
    fs::write(folder.path().join("job.toml"), JOB).expect("the job should be writable");
    let depth = |at: usize| (at % shape[1]) as f32;
    let across = |at: usize| (at / shape[1]) as f32;
    let start: Vec<f32> = (0..shape[0] * shape[1]).map(|at| 1600.0 + 4.0 * depth(at)).collect();
    let waves = |at: usize| 150.0 * (across(at) / 9.0).sin() * (depth(at) / 7.0).sin();
    let truth: Vec<f32> = start.iter().enumerate().map(|(at, v)| v + waves(at)).collect();
    for (name, values) in [("start.npy", &start), ("true.npy", &truth)] {
        npy::write_f32(&folder.path().join(name), &shape, values).expect("a model");
    }
    folder
}

fn bytes(value: &Value, key: &str) -> u64 {
    value[key].as_u64().unwrap_or_else(|| panic!("`{key}` should be a number in {value}"))
}

/// Runs to the end; returns what is printed and the most memory that the system saw.
fn watched(folder: &Path, args: &[&str]) -> (Value, u64) {
    let args = [args, &["--json"]].concat();
    let mut command = command(folder, &args);
    let out = fs::File::create(folder.join("printed.json")).expect("a file");
    let log = fs::File::create(folder.join("log")).expect("a file");
    let mut child =
        command.stdout(Stdio::from(out)).stderr(Stdio::from(log)).spawn().expect("it should run");
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    let code = loop {
        let text = fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
        peak = kib.map_or(0, |kib| kib * 1024).max(peak);
        if let Some(code) = child.try_wait().expect("the process should be ours") {
            break code;
        }
        thread::sleep(Duration::from_millis(2));
    };
    let log = fs::read_to_string(folder.join("log")).expect("the log");
    assert!(code.success(), "{args:?}: {log}");
    let printed = fs::read(folder.join("printed.json")).expect("the result");
    (serde_json::from_slice(&printed).expect("exactly one JSON object"), peak)
}

/// A run stays within its budget, and within a tenth of what was planned.
#[track_caller]
fn check_peak(
    shape: [usize; 2],
    command: &str,
    strategy: Option<&str>,
    budget: &str,
    options: &[&str],
) {
    if !compiler() {
        return;
    }
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let folder = folder(shape);
    let folder = folder.path();
    let budget = format!("memory.budget=\"{budget}\"");
    let options = [&["job.toml", "--set", &budget], options].concat();
    let (run, seen) = watched(folder, &[&[command], &options[..]].concat());
    let (peak, predicted) = (bytes(&run, "peak_rss_bytes"), bytes(&run, "predicted_peak_bytes"));
    let mib = |bytes: u64| bytes as f64 / MIB as f64;
    println!(
        "{command} {options:?}: predicted {:.1} MiB, measured {:.1}",
        mib(predicted),
        mib(peak)
    );
    assert_eq!(run.get("strategy").and_then(Value::as_str), strategy, "{run}");
    // The kernel counts pages in batches per thread, and the last look was not the last instant.
    assert!(seen.abs_diff(peak) <= MIB, "seen {seen}, recorded {peak}");
    assert!(peak <= bytes(&run, "budget_bytes") + SLACK_BYTES, "{run}");
    assert!(peak >= 120 * MIB, "the job should be large: {run}");
    assert!((peak as f64 / predicted as f64 - 1.0).abs() <= 0.1, "{run}");
    if command == "invert" {
        let plan = json(folder, &[&["plan"], &options[..]].concat());
        // Not the same to the byte: what a process takes for itself before it plans differs.
        let predicted = bytes(&plan, "predicted_peak_bytes");
        assert!((peak as f64 / predicted as f64 - 1.0).abs() <= 0.1, "{plan} {run}");
        assert_eq!(plan["strategy"], run["strategy"]);
    }
}

#[test]
fn an_inversion_that_keeps_all_takes_what_was_planned() {
    check_peak(FILLED, "invert", Some("store-all"), "1 GiB", &[&SAME_GRID[..], &FILLING].concat());
}

#[test]
fn an_inversion_that_recomputes_keeps_its_budget() {
    check_peak(FILLED, "invert", Some("mixed"), "140 MiB", &[&SAME_GRID[..], &FILLING].concat());
}

/// Snapshots of the first stage do not add to what the data of the second one take.
#[test]
fn an_inversion_of_data_from_a_finer_grid_keeps_its_budget() {
    let options = [&["--set", "data.refine=3"], &FILLING[..]].concat();
    check_peak(FILLED, "invert", Some("mixed"), "140 MiB", &options);
}

/// With a disk on offer the budget is kept, whatever is chosen by the speeds of the machine, the
/// result is the same, and nothing is left on the disk.
#[test]
fn an_inversion_with_a_disk_keeps_its_budget() {
    if !compiler() {
        return;
    }
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let (folder, disk) = (folder(SHAPE), tempfile::tempdir().expect("a temporary folder"));
    let tiers = format!("memory.tiers=[\"ram\", \"disk:{}\"]", disk.path().display());
    let run = |tiers: &str, out: &str| {
        let sets = ["--set", "memory.budget=\"140 MiB\"", "--set", "data.kind=same-grid"];
        let saves = "memory.save_every=\"0 s\"";
        let rest = ["--set", "stage.0.iterations=1", "--set", tiers, "--set", saves, "--out", out];
        watched(folder.path(), &[&["invert", "job.toml"], &sets[..], &rest].concat()).0
    };
    let (with, without) = (run(&tiers, "with"), run("memory.tiers=\"ram\"", "without"));
    assert!(bytes(&with, "peak_rss_bytes") <= bytes(&with, "budget_bytes") + SLACK_BYTES, "{with}");
    assert_eq!(with["misfit"], without["misfit"]);
    assert_eq!(fs::read_dir(disk.path()).expect("a folder").count(), 0);
}

#[test]
fn a_gradient_takes_what_was_planned() {
    check_peak(
        FILLED,
        "gradient",
        Some("store-all"),
        "1 GiB",
        &[&SAME_GRID[..], &FILLING].concat(),
    );
}

#[test]
fn modelling_takes_what_was_planned() {
    let longer = ["--set", "survey.receivers.spacing=1", "--set", "time.steps=600"];
    check_peak(
        SHAPE,
        "model",
        None,
        "1 GiB",
        &[&longer[..], &["--set", "survey.sources.count=12"]].concat(),
    );
}

/// Fewer shots at a time with every state kept, or more with some recomputed: whatever takes less
/// time, within the budget, and what lost is named with the reason.
#[test]
fn less_memory_costs_as_little_time_as_it_can() {
    if !compiler() {
        return;
    }
    let folder = folder(SHAPE);
    let plan = |budget: u64| {
        let budget = format!("memory.budget=\"{budget} B\"");
        let args = ["plan", "job.toml", "--threads", "4", "--set", "data.kind=same-grid", "--set"];
        json(folder.path(), &[&args[..], &[&budget]].concat())
    };
    let all = plan(4 << 30);
    assert_eq!((&all["strategy"], &all["shots_in_parallel"]), (&"store-all".into(), &4.into()));
    let (peak, shot) = (bytes(&all, "predicted_peak_bytes"), bytes(&all, "bytes_per_shot"));
    for fewer in 1..=4 {
        // Half a shot short of what one more would take.
        let budget = peak - (fewer - 1) * shot - shot / 2;
        let found = plan(budget);
        assert!(bytes(&found, "predicted_peak_bytes") <= budget, "{found}");
        let factor = found["predicted_recompute_factor"].as_f64().expect("a number");
        match found["strategy"].as_str() {
            Some("store-all") => {
                assert_eq!((factor, bytes(&found, "shots_in_parallel") < 4), (1.0, true));
            }
            Some("mixed") => {
                let lost = found["runners_up"].as_array().expect("a list");
                let all = lost.iter().find(|other| other["description"] == "store-all");
                let reason = all.expect("should be named")["reason"].as_str().expect("text");
                let slower = reason.contains(" times the time") || reason.starts_with("needs ");
                assert!(slower && factor > 1.0, "{found}");
            }
            other => panic!("{other:?}: {found}"),
        }
    }
    let found = plan(peak - 3 * shot - shot / 2);
    assert!(found["predicted_recompute_factor"].as_f64() > Some(1.0), "{found}");
}

/// The bytes in `the least is ... (123 B)`.
fn stated_minimum(message: &str) -> u64 {
    let (_, rest) = message.split_once("the least is").expect("the minimum should be stated");
    let (_, rest) = rest.split_once('(').expect("it should be stated in bytes");
    let (number, _) = rest.split_once(" B)").expect("it should be stated in bytes");
    number.parse().unwrap_or_else(|error| panic!("{number}: {error}"))
}

/// With the stated minimum a run succeeds, and keeps it as its budget.
#[track_caller]
fn check_minimum(options: &[&str], parts: &[&str]) {
    if !compiler() {
        return;
    }
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let folder = folder(SHAPE);
    let folder = folder.path();
    // One snapshot: some n^2 / 2 steps for n.
    let options = [&["job.toml", "--set", "time.steps=30"], options].concat();
    let small = ["--set", "memory.budget=\"20 MiB\""];
    let output = retrograd(folder, &[&["gradient"], &options[..], &small].concat());
    let message = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{message}");
    for part in parts {
        assert!(message.contains(part), "`{part}` should be in {message}");
    }
    let minimum = stated_minimum(&message);
    let budget = |bytes: u64| format!("memory.budget=\"{bytes} B\"");
    let enough = budget(minimum);
    let (run, _) = watched(folder, &[&["gradient"], &options[..], &["--set", &enough]].concat());
    assert!(bytes(&run, "peak_rss_bytes") <= minimum + SLACK_BYTES, "{run}");
    // It is no more than it has to be: rounded up by less than two MiB, and pages.
    let output = retrograd(
        folder,
        &[&["plan"], &options[..], &["--set", &budget(minimum - 3 * MIB)]].concat(),
    );
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stdout));
}

#[test]
fn the_stated_minimum_is_enough() {
    let parts = ["memory budget: a budget of 20.00 MiB", "is too small", "help: raise the budget"];
    check_minimum(&["--set", "data.kind=same-grid"], &parts);
}

#[test]
fn the_stated_minimum_is_enough_for_data_from_a_finer_grid() {
    let parts = ["is too small: the least is", "help: raise the budget"];
    check_minimum(&["--set", "data.refine=4"], &parts);
}

#[test]
fn data_from_a_finer_grid_may_be_what_does_not_fit() {
    if !compiler() {
        return;
    }
    let folder = folder(SHAPE);
    let options = ["plan", "job.toml", "--set", "time.steps=30", "--set", "data.refine=4", "--set"];
    // Enough for a gradient, not for sixteen times the points.
    let output = retrograd(folder.path(), &[&options[..], &["memory.budget=\"80 MiB\""]].concat());
    let message = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{message}");
    for part in
        ["to model the data on the finer grid", "the least is", "help: raise the budget, or refine"]
    {
        assert!(message.contains(part), "`{part}` should be in {message}");
    }
}

/// Of 51 x 31 nodes with the layer, in 64 bits. A step of the interpreter takes many times as long as
/// encoding what it leaves: where not all of it fits, encoding is faster than steps done again.
const ENCODED: &str = r#"
[job]
name = "encoded"
[grid]
extent = ["1 km", "0.5 km"]
spacing = ["25 m", "25 m"]
[model]
source = "basin"
[physics]
space_order = 2
dtype = "f64"
[time]
steps = 320
[boundary]
width = 5
[survey.sources]
count = 1
[survey.receivers]
spacing = "100 m"
[data]
kind = "same-grid"
[[stage]]
frequency = "4 Hz"
[memory]
codec = "block:relative=1e-2"
gradient_error = 1.0
[run]
threads = 1
backend = "interpreter"
"#;

/// Adjoint data of all its steps.
const ENCODED_BYTES: u64 = 320 * 51 * 31 * 8;

/// The planner takes the codec that a job names if that is faster; what it does to the gradient is
/// measured by `check`, which fails if the job allows less.
#[test]
fn a_codec_has_to_keep_the_error_that_the_job_allows() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let folder = support::folder();
    let folder = folder.path();
    fs::write(folder.join("job.toml"), ENCODED).expect("the job should be writable");
    // Short of keeping all adjoint data by three quarters of them: too little without the codec, more
    // than enough with it, also if a process takes half a MiB more or less for itself than this one.
    let plan = json(folder, &["plan", "job.toml"]);
    let mut plans = plan["runners_up"].as_array().expect("a list").iter().chain([&plan]);
    let all = plans.find(|plan| plan["description"] == "store-all").expect("should be named");
    let budget = bytes(all, "predicted_peak_bytes") - ENCODED_BYTES / 4 * 3;
    let budget = format!("memory.budget=\"{budget} B\"");
    let check = ["check", "job.toml", "--set", &budget];

    // As a person sees it: the line that failed, and where to look for it.
    let less = ["--set", "memory.gradient_error=1e-9"];
    let output = retrograd(folder, &[&check[..], &less].concat());
    let (printed, message) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(1), "{printed}{message}");
    let line = "encoded snapshots change the gradient by ";
    let line =
        printed.lines().find(|of| of.starts_with(line)).unwrap_or_else(|| panic!("{printed}"));
    assert!(line.ends_with(", allowed 1.0e-9: failed, take a smaller tolerance"), "{line}");
    assert_eq!(printed.matches("failed").count(), 2, "nothing else should fail: {printed}");
    assert!(printed.ends_with("\nfailed\n"), "{printed}");
    let end = "error: the check failed\n  help: see the lines marked `failed`\n";
    assert!(message.ends_with(end), "{message}");

    // As a program does; as much as this is what the job allows.
    let passed = json(folder, &check);
    assert_eq!(passed["passed"], true);
    let error = &passed["gradient_error"];
    assert_eq!(error["allowed"], 1.0, "{passed}");
    let found = error["relative_error"].as_f64().expect("a number");
    assert!(1e-9 < found && found < 1.0, "{passed}");
}
