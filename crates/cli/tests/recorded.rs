//! Recorded data, from the files that `model` writes to an inverted model.

#![forbid(unsafe_code)]

use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use retrograd::{JitOptions, find_compiler};
use retrograd_invert::npy;
use retrograd_invert::wavelet::Wavelet;
use tempfile::TempDir;

/// Whether kernels can be compiled; says why not.
fn compiler() -> bool {
    match find_compiler(&JitOptions::from_environment()) {
        Ok(_) => true,
        Err(reason) => {
            println!("skipped: {reason}");
            false
        }
    }
}

/// Runs a command and returns its JSON, or its standard error if it fails.
fn retrograd(folder: &Path, args: &[&str]) -> Result<serde_json::Value, String> {
    let output = Command::cargo_bin("retrograd")
        .expect("the binary should be built")
        .current_dir(folder)
        .args(args)
        .args(["--json", "--threads", "2"])
        .output()
        .expect("the binary should run");
    if output.status.success() {
        return Ok(serde_json::from_slice(&output.stdout).expect("one JSON object"));
    }
    Err(String::from_utf8(output.stderr).expect("UTF-8"))
}

/// A folder with small models and a job whose wavelet is in a file of another time step.
fn job() -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder should be possible");
    let shape = [61, 41];
    let model = |lens_m_s: f32| -> Vec<f32> {
        let at = |i: usize| {
            let (x, z) = (i / 41, i % 41);
            let inside = x.abs_diff(30) < 8 && z.abs_diff(20) < 5;
            1800.0 + 10.0 * z as f32 + if inside { lens_m_s } else { 0.0 }
        };
        (0..61 * 41).map(at).collect()
    };
    let path = |name: &str| folder.path().join(name);
    npy::write_f32(&path("true.npy"), &shape, &model(-200.0)).expect("model");
    npy::write_f32(&path("start.npy"), &shape, &model(0.0)).expect("model");
    let ricker = Wavelet::Ricker { peak_hz: 9.0, delay_s: 0.1 };
    let wavelet: Vec<f32> = ricker.sampled_at(150, 2e-3).iter().map(|v| *v as f32).collect();
    npy::write_f32(&path("wavelet.npy"), &[150], &wavelet).expect("wavelet");
    fs::write(path("job.toml"), JOB).expect("job");
    folder
}

const JOB: &str = r#"
[grid]
spacing = ["20 m", "20 m"]
[model]
source = "files"
vp_true = "true.npy"
vp_start = "start.npy"
bounds = ["1500 m/s", "2500 m/s"]
[model.freeze]
below_velocity = "off"
[boundary]
width = 10
[time]
steps = 280
dt = "3 ms"
[survey.sources]
count = 3
first = "110 m"
last = "1090 m"
depth = "25 m"
[survey.receivers]
spacing = "60 m"
depth = "40 m"
[wavelet]
kind = "file"
file = "wavelet.npy"
dt = "2 ms"
[data]
kind = "same-grid"
[[stage]]
frequency = "5 Hz"
iterations = 2
evaluations = 4
[[stage]]
frequency = "9 Hz"
iterations = 2
evaluations = 4
[memory]
budget = "256 MiB"
[report]
pictures = false
"#;

/// The job with recordings in place of modelled data.
fn with_files(folder: &Path, name: &str, files: &[PathBuf]) {
    let list: Vec<String> =
        files.iter().map(|f| format!("{:?}", f.display().to_string())).collect();
    let data = format!("kind = \"files\"\nfiles = [{}]", list.join(", "));
    fs::write(folder.join(name), JOB.replace("kind = \"same-grid\"", &data)).expect("job");
}

/// `model` writes what the sources emit, unfiltered, in `f32` as simulations record: data that go
/// through its files give the bits of data that are made in place.
#[test]
fn recordings_that_model_wrote_invert_to_the_bits_of_data_made_in_place() {
    if !compiler() {
        return;
    }
    let folder = job();
    let folder = folder.path();
    let modelled = retrograd(folder, &["model", "job.toml", "--out", "recorded"]).expect("model");
    let files: Vec<PathBuf> = modelled["data"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|name| folder.join("recorded").join(name.as_str().expect("a name")))
        .collect();
    assert_eq!(files.len(), 3);
    assert_eq!(npy::read(&files[0]).expect("record").shape, [21, 280]);

    let place = retrograd(folder, &["invert", "job.toml", "--out", "place"]).expect("in place");
    with_files(folder, "files.toml", &files);
    let from = retrograd(folder, &["invert", "files.toml", "--out", "files"]).expect("from files");
    assert_eq!(from["misfit"], place["misfit"]);
    assert_eq!(from["model_error"], place["model_error"]);
    for name in ["vp.npy", "vp_stage_1.npy", "gradient.npy"] {
        let bytes = |run: &str| fs::read(folder.join(run).join(name)).expect(name);
        assert!(bytes("files") == bytes("place"), "{name} differs");
    }
    for stage in from["stages"].as_array().expect("stages") {
        assert!(stage["misfit_ratio"].as_f64().expect("a number") < 0.8, "{stage}");
    }

    // All shots in one file are the same data.
    let all: Vec<f32> =
        files.iter().flat_map(|f| npy::read(f).expect("record").values.into_f32()).collect();
    let one = folder.join("all.npy");
    npy::write_f32(&one, &[3, 21, 280], &all).expect("file");
    with_files(folder, "one.toml", &[one]);
    let args = ["gradient", "one.toml", "--out", "gradient"];
    let gradient = retrograd(folder, &args).expect("gradient");
    assert_eq!(gradient["misfit"][0], from["misfit"][0]);
    // Neither bits nor words of a report: a run of other data is refused.
    let args = ["invert", "one.toml", "--resume", "files"];
    assert!(retrograd(folder, &args).expect_err("another job").contains("belongs to another job"));
}

#[test]
fn recordings_that_do_not_fit_are_refused_by_name_before_anything_runs() {
    let folder = job();
    let folder = folder.path();
    let refused = |shape: &[usize]| {
        let path = folder.join("data.npy");
        npy::write_f32(&path, shape, &vec![0.0; shape.iter().product()]).expect("file");
        with_files(folder, "files.toml", &[path]);
        let args = ["invert", "files.toml", "--out", "run"];
        let error = retrograd(folder, &args).expect_err("should be refused");
        assert!(!folder.join("run").exists(), "nothing should have run: {error}");
        error
    };
    let error = refused(&[3, 21, 281]);
    assert!(error.contains("data.npy: shape [3, 21, 281]; allowed are"), "{error}");
    let error = refused(&[3, 20, 280]);
    assert!(error.contains("data.npy: 20 receivers for shot 0"), "{error}");
    let error = refused(&[2, 21, 280]);
    assert!(error.contains("2 shot records for 3 sources"), "{error}");
    // Each stage with a Ricker wavelet of its own: not what recorded these.
    let text = fs::read_to_string(folder.join("files.toml")).expect("job");
    let (before, after) = text.split_once("[wavelet]").expect("a wavelet");
    let (_, after) = after.split_once("[data]").expect("data");
    fs::write(folder.join("files.toml"), format!("{before}[data]{after}")).expect("job");
    let error = retrograd(folder, &["plan", "files.toml"]).expect_err("should be refused");
    assert!(error.contains("recorded data need the wavelet"), "{error}");
}
