//! The binary as a user meets it: exit codes, streams, files.

#![forbid(unsafe_code)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use assert_cmd::Command;
use tempfile::TempDir;

const COMMANDS: [&str; 11] = [
    "new", "check", "plan", "model", "gradient", "invert", "schedule", "compile", "bench",
    "doctor", "clean",
];

const TEMPLATES: [&str; 4] = ["basin", "marmousi2", "marmousi", "files"];

fn retrograd(folder: &Path, args: &[&str]) -> Output {
    Command::cargo_bin("retrograd")
        .expect("the binary should be built")
        .current_dir(folder)
        .env("XDG_CACHE_HOME", folder.join("cache"))
        .args(args)
        .output()
        .expect("the binary should run")
}

fn folder() -> TempDir {
    tempfile::tempdir().expect("a temporary folder should be possible")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("output should be UTF-8")
}

#[track_caller]
fn check_code(args: &[&str], code: i32) -> Output {
    let output = retrograd(folder().path(), args);
    assert_eq!(output.status.code(), Some(code), "{args:?}: {}", text(&output.stderr));
    output
}

#[test]
fn help_of_every_command_has_examples() {
    for command in COMMANDS {
        let output = check_code(&[command, "--help"], 0);
        let help = text(&output.stdout);
        assert!(help.contains("Examples:"), "{help}");
    }
}

#[test]
fn a_faulty_command_line_ends_with_2() {
    check_code(&["inverse"], 2);
    check_code(&["plan", "--no-such-option"], 2);
    check_code(&["new", "no-such-template"], 2);
    check_code(&["bench", "--threads", "0"], 2);
}

#[test]
fn a_faulty_job_ends_with_2_and_says_nothing_on_standard_output() {
    let output = check_code(&["plan", "--json", "--set", "grid.spacing=3"], 2);
    assert!(output.stdout.is_empty());
    assert!(text(&output.stderr).contains("`grid.spacing` cannot be a whole number"));
    let output = check_code(&["invert", "missing.toml"], 2);
    assert!(text(&output.stderr).contains("missing.toml cannot be read"));
}

#[test]
fn short_options_are_checked_like_keys() {
    let output = check_code(&["plan", "--threads", "many"], 2);
    assert!(text(&output.stderr).contains("--threads:1:"), "{}", text(&output.stderr));
    let output = check_code(&["plan", "--backend", "fortran"], 2);
    assert!(text(&output.stderr).contains("cannot be \"fortran\""));
}

#[test]
fn nothing_to_resume_ends_with_2() {
    let output = check_code(&["invert", "--resume", "runs/none"], 2);
    let message = text(&output.stderr);
    assert!(message.contains("there is no run folder"), "{message}");
    assert!(message.contains("retrograd invert --resume runs/<name>"), "{message}");
}

#[test]
fn doctor_prints_one_json_object() {
    let output = check_code(&["doctor", "--json"], 0);
    let health: serde_json::Value =
        serde_json::from_slice(&output.stdout).expect("exactly one JSON object");
    for key in ["compiler", "simd", "threads", "memory", "cache", "run_folder", "mpi", "gpu"] {
        assert!(health.get(key).is_some(), "`{key}` should be in {health}");
    }
    let human = check_code(&["doctor"], 0);
    assert!(text(&human.stdout).contains("MPI         not used by this version"));
}

#[test]
fn new_prints_one_json_object() {
    for template in TEMPLATES {
        let output = check_code(&["new", template, "--json"], 0);
        let written: serde_json::Value =
            serde_json::from_slice(&output.stdout).expect("exactly one JSON object");
        assert_eq!(written["job"], format!("{template}/job.toml"));
    }
}

#[test]
fn new_overwrites_nothing() {
    let folder = folder();
    assert!(retrograd(folder.path(), &["new", "basin", "."]).status.success());
    fs::write(folder.path().join("job.toml"), "mine").expect("the file should be writable");
    let output = retrograd(folder.path(), &["new", "basin", "."]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("exists and is not overwritten"));
    let kept = fs::read_to_string(folder.path().join("job.toml")).expect("still there");
    assert_eq!(kept, "mine");
    // A model in the way stops the job from being written as well.
    let path = folder.path().join("f");
    fs::create_dir(&path).expect("a folder");
    fs::write(path.join("vp_true.npy"), "mine").expect("the file should be writable");
    assert_eq!(retrograd(folder.path(), &["new", "files", "f"]).status.code(), Some(2));
    assert!(!path.join("job.toml").exists());
}

/// The job that `text` in `folder` describes, without its own text.
fn job_of(text: &str, name: &str, folder: &Path) -> retrograd_cli::job::Job {
    use retrograd_cli::job::{self, files::Disk, finding::Source, reader::Folders};
    let source = Source { name: name.to_owned(), text: text.to_owned() };
    let folders = Folders { job: folder.to_path_buf(), current: folder.to_path_buf() };
    let job = job::parse(source, &[], &folders, &Disk).unwrap_or_else(|errors| panic!("{errors}"));
    job::Job { text: String::new(), ..job }
}

#[test]
fn new_explains_every_key_and_changes_no_value() {
    use retrograd_cli::job::{DEFAULT_JOB, keys};
    let folder = folder();
    for template in ["basin", "files"] {
        assert!(retrograd(folder.path(), &["new", template]).status.success());
        let path = folder.path().join(template);
        let written = fs::read_to_string(path.join("job.toml")).expect("the job was written");
        for key in keys::KEYS {
            let name = format!("{} =", key.name());
            assert!(written.contains(&name), "{} should be in {template}", key.path);
        }
        let values = match template {
            "basin" => DEFAULT_JOB,
            _ => include_str!("../src/templates/files.toml"),
        };
        let long = job_of(&written, "written", &path);
        assert_eq!(long, job_of(values, "values", &path));
        assert!(written.lines().all(|line| line.len() <= 100), "{template} is too wide");
    }
}

fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/jobs")
}

/// A template and the example of its name differ in comments and in the folder of the models.
#[test]
fn templates_are_the_examples() {
    use retrograd_cli::job::tree;
    for (name, data) in [
        ("marmousi2", "../../../shared/data/marmousi2_adseismic_52m/"),
        ("marmousi", "../../../shared/data/marmousi_devitofwi_15m/"),
    ] {
        let path = examples().join(format!("{name}.toml"));
        let example = fs::read_to_string(&path).expect("the example should exist");
        let template =
            Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("src/templates/{name}.toml"));
        let template = fs::read_to_string(template).expect("the template should exist");
        let values = |text: &str| {
            let root = tree::parse(&text.replace(data, ""), 0).expect("TOML");
            root.value.to_toml()
        };
        assert_eq!(values(&example), values(&template), "{name}");
    }
}

#[test]
fn the_examples_are_sound_where_their_data_are() {
    let jobs = [
        ("marmousi2.toml", vec![202, 68], 10, 202),
        ("marmousi2_honest.toml", vec![202, 68], 10, 202),
        ("marmousi.toml", vec![601, 221], 10, 301),
    ];
    for (name, shape, sources, receivers) in jobs {
        let path = examples().join(name);
        let text = fs::read_to_string(&path).expect("the example should exist");
        let shared = std::env::var("RETROGRAD_SHARED")
            .map_or_else(|_| examples().join("../../../shared"), PathBuf::from);
        if !shared.join("data").is_dir() {
            eprintln!("skipped {name}: no models in {} (RETROGRAD_SHARED)", shared.display());
            continue;
        }
        let text = text.replace("../../../shared", &shared.display().to_string());
        let job = job_of(&text, name, &examples());
        assert_eq!(job.grid.shape, shape);
        assert_eq!(job.survey.sources.len(), sources);
        assert_eq!(job.survey.receivers.len(), receivers);
    }
}

#[test]
fn a_closed_pipe_is_no_crash() {
    use std::process::{Command, Stdio};
    let binary = assert_cmd::cargo::cargo_bin("retrograd");
    let folder = folder();
    let mut child = Command::new(binary)
        .args(["new", "basin"])
        .current_dir(folder.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary should run");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("the binary should end");
    assert!(!text(&output.stderr).contains("bug"), "{}", text(&output.stderr));
}

/// Snapshot folders without owner go, those of a run that is still going stay.
#[test]
fn clean_removes_what_nobody_owns() {
    let place = tempfile::tempdir().expect("a temporary folder");
    let folder = |run: &str| {
        let path = place.path().join(format!("retrograd-snapshots-{run}"));
        fs::create_dir(&path).expect("a folder");
        fs::write(path.join("data"), "snapshots").expect("a file");
        (fs::File::create(path.join("lock")).expect("a lock"), path)
    };
    let (_, dead) = folder("dead");
    let (owned, alive) = folder("alive");
    owned.lock().expect("should be free");
    let place = place.path().to_str().expect("text");
    let text = |output: Output| String::from_utf8(output.stdout).expect("text");
    let would = text(check_code(&["clean", place, "--dry-run"], 0));
    assert_eq!(would, format!("would be removed: {}\n", dead.display()));
    assert!(dead.is_dir());
    let done = text(check_code(&["clean", place], 0));
    assert_eq!(done, format!("removed: {}\n", dead.display()));
    assert!(!dead.exists() && alive.is_dir());
    let nothing = text(check_code(&["clean", place], 0));
    assert_eq!(nothing, format!("nothing is left of killed runs in {place}\n"));
    let missing = check_code(&["clean", "/nowhere/at/all", "--json"], 1);
    let error = String::from_utf8(missing.stderr).expect("text");
    assert!(error.starts_with("error: cannot read the folder /nowhere/at/all"), "{error}");
}
