//! What the tests of the binary share: running it, and a small job.
#![allow(dead_code, reason = "each test program uses its own part")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

/// A basin of 61 x 31 nodes, three shots, two stages; half a second. The first step of each stage
/// is too long, so that its line search rejects a trial.
pub(crate) const SMALL_JOB: &str = r#"
[job]
name = "small"
[grid]
extent = ["1.5 km", "0.75 km"]
spacing = ["25 m", "25 m"]
[model]
source = "basin"
bounds = ["1400 m/s", "5000 m/s"]
[time]
duration = "1 s"
[boundary]
width = 10
[survey.sources]
count = 3
[survey.receivers]
spacing = "75 m"
[[stage]]
frequency = "3 Hz"
iterations = 3
evaluations = 8
[[stage]]
frequency = "6 Hz"
iterations = 3
evaluations = 8
[invert]
first_step = "800 m/s"
[report]
shots = [0]
"#;

/// A folder that goes when it is dropped; in memory where that is possible, since a run waits for
/// the disk at every file that it writes.
pub(crate) fn folder() -> TempDir {
    let memory = tempfile::tempdir_in("/dev/shm").ok();
    memory.unwrap_or_else(|| tempfile::tempdir().expect("a temporary folder should be possible"))
}

/// A folder with [`SMALL_JOB`] as `job.toml`.
pub(crate) fn small_job() -> TempDir {
    let folder = folder();
    fs::write(folder.path().join("job.toml"), SMALL_JOB).expect("the job should be writable");
    folder
}

/// Where kernels are kept, from one run of the tests to the next.
pub(crate) const CACHE: &str = env!("CARGO_TARGET_TMPDIR");

/// The binary, about to run in `folder`.
pub(crate) fn command(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("retrograd"));
    command.current_dir(folder).env("XDG_CACHE_HOME", CACHE);
    command.env_remove("RETROGRAD_CACHE").args(args);
    command
}

/// Runs the binary to its end.
pub(crate) fn retrograd(folder: &Path, args: &[&str]) -> Output {
    command(folder, args).output().expect("the binary should run")
}

/// Runs the binary, which should succeed; returns what it prints.
#[track_caller]
pub(crate) fn succeed(folder: &Path, args: &[&str]) -> String {
    let output = retrograd(folder, args);
    assert!(output.status.success(), "{args:?}: {}", text(&output.stderr));
    text(&output.stdout)
}

/// Runs the binary, which should fail with a status and every one of `parts` in its message.
#[track_caller]
pub(crate) fn fail(folder: &Path, args: &[&str], code: i32, parts: &[&str]) {
    let output = retrograd(folder, args);
    let message = text(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{args:?}: {message}");
    for part in parts {
        assert!(message.contains(part), "`{part}` should be in {message}");
    }
}

/// Runs the binary with `--json` and reads what it prints.
#[track_caller]
pub(crate) fn json(folder: &Path, args: &[&str]) -> serde_json::Value {
    let args: Vec<&str> = args.iter().copied().chain(["--json"]).collect();
    let printed = succeed(folder, &args);
    serde_json::from_str(&printed).expect("exactly one JSON object")
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("output should be UTF-8")
}

/// Whether the tests of a folder can compile kernels; says why not.
pub(crate) fn compiler() -> bool {
    match retrograd::find_compiler(&retrograd::Options::from_environment().jit) {
        Ok(_) => true,
        Err(error) => {
            println!("skipped: {error}");
            false
        }
    }
}
