//! A job in three dimensions, from every command to its files and pages.

#![forbid(unsafe_code)]

use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use retrograd::{JitOptions, find_compiler};
use retrograd_invert::npy;

/// Nodes per axis; depth is the last one.
const SHAPE: [usize; 3] = [31, 27, 25];

const JOB: &str = r#"
[job]
name = "cube"
[grid]
spacing = ["20 m", "20 m", "20 m"]
[model]
source = "files"
vp_true = "true.npy"
vp_start = "start.npy"
bounds = ["1450 m/s", "2600 m/s"]
[model.freeze]
below_velocity = "1510 m/s"
[boundary]
width = 8
[time]
duration = "0.45 s"
[survey.sources]
positions = [[150, 260, 35], [450, 260, 35]]
[survey.receivers]
file = "receivers.txt"
[data]
refine = 1
space_order = 4
[[stage]]
frequency = "9 Hz"
iterations = 2
evaluations = 4
[memory]
budget = "512 MiB"
"#;

/// A job with a fast ball under water; none, with the reason printed, without a compiler.
fn job() -> Option<tempfile::TempDir> {
    if let Err(reason) = find_compiler(&JitOptions::from_environment()) {
        println!("skipped: {reason}");
        return None;
    }
    let folder = tempfile::tempdir().expect("a temporary folder should be possible");
    let [nx, ny, nz] = SHAPE;
    let model = |ball_m_s: f32| -> Vec<f32> {
        let at = |i: usize| {
            let (x, y, z) = (i / (ny * nz), i / nz % ny, i % nz);
            let far = x.abs_diff(15).pow(2) + y.abs_diff(13).pow(2) + z.abs_diff(11).pow(2);
            match z {
                0..3 => 1500.0,
                _ => 1700.0 + 15.0 * z as f32 + if far < 25 { ball_m_s } else { 0.0 },
            }
        };
        (0..nx * ny * nz).map(at).collect()
    };
    let path = |name: &str| folder.path().join(name);
    npy::write_f32(&path("true.npy"), &SHAPE, &model(250.0)).expect("model");
    npy::write_f32(&path("start.npy"), &SHAPE, &model(0.0)).expect("model");
    let lines =
        (0..16).map(|k| format!("{}, {}, 25 # {k}", 75 + 150 * (k / 4), 35 + 150 * (k % 4)));
    fs::write(path("receivers.txt"), lines.collect::<Vec<_>>().join("\n")).expect("receivers");
    fs::write(path("job.toml"), JOB).expect("job");
    Some(folder)
}

fn retrograd(folder: &Path, args: &[&str]) -> serde_json::Value {
    let output = Command::cargo_bin("retrograd")
        .expect("the binary should be built")
        .current_dir(folder)
        .args(args)
        .args(["--json", "--threads", "2"])
        .output()
        .expect("the binary should run");
    let errors = String::from_utf8(output.stderr).expect("UTF-8");
    assert!(output.status.success(), "{errors}");
    assert!(!errors.contains("warning: "), "{errors}");
    serde_json::from_slice(&output.stdout).expect("one JSON object")
}

/// Arrays of the job's shape, all pictures named, and a page that says where the section is.
#[track_caller]
fn check_folder(folder: &Path, arrays: &[&str], pictures: &[&str]) {
    for name in arrays {
        assert_eq!(npy::read(&folder.join(name)).expect(name).shape, SHAPE, "{name}");
    }
    let entries = fs::read_dir(folder.join("pictures")).expect("pictures");
    let mut found: Vec<PathBuf> = entries.map(|e| e.expect("entry").path()).collect();
    found.sort();
    let names = found.iter().map(|p| p.file_name().expect("name").to_string_lossy().into_owned());
    assert_eq!(names.collect::<Vec<_>>(), pictures);
    for path in &found {
        let bytes = fs::read(path).expect("picture");
        assert!(
            bytes.starts_with(b"\x89PNG\r\n\x1a\n") && bytes.len() > 5000,
            "{}",
            path.display()
        );
    }
    let page = fs::read_to_string(folder.join("report.html")).expect("report.html");
    assert_eq!(page.matches("src=\"data:image/png;base64,").count(), pictures.len());
    for words in ["31 × 27 × 25 nodes", "The section is at y = 260 m", "2 shots", "32 traces"] {
        assert!(page.contains(words), "`{words}` should be in the page of {}", folder.display());
    }
}

#[test]
fn every_command_takes_a_volume() {
    let Some(folder) = job() else { return };
    let folder = folder.path();

    let plan = retrograd(folder, &["plan", "job.toml"]);
    assert_eq!(plan["padded_shape"], serde_json::json!([47, 43, 41]));

    let check = retrograd(folder, &["check", "job.toml"]);
    assert_eq!(check["passed"], true, "{check}");

    let model = retrograd(folder, &["model", "job.toml", "--out", "model"]);
    let record = npy::read(&folder.join("model/data/shot_002.npy")).expect("record");
    assert_eq!(record.shape, [16, plan["steps"].as_u64().expect("steps") as usize]);
    assert_eq!(model["data"].as_array().map(Vec::len), Some(2));
    check_folder(&folder.join("model"), &[], &["gather.png", "gather_2.png", "model.png"]);

    let gradient = retrograd(folder, &["gradient", "job.toml", "--out", "gradient"]);
    assert!(gradient["gradient_norm"].as_f64().expect("a number") > 0.0);
    let arrays = ["gradient.npy", "illumination.npy"];
    let names = ["data_fit.png", "data_fit_2.png", "gradient.png", "illumination.png"];
    check_folder(
        &folder.join("gradient"),
        &arrays,
        &[&names[..], &["model.png", "traces.png"]].concat(),
    );

    let invert = retrograd(folder, &["invert", "job.toml", "--out", "invert"]);
    let misfits = invert["misfit"].as_array().expect("misfits");
    let misfit = |at: usize| misfits[at].as_f64().expect("a number");
    assert_eq!((misfits.len(), misfit(0)), (3, gradient["misfit"][0].as_f64().expect("misfit")));
    assert!(misfit(2) < misfit(1) && misfit(1) < misfit(0), "{misfits:?}");
    let arrays = ["gradient.npy", "illumination.npy", "vp.npy", "vp_stage_1.npy"];
    let names = ["data_fit.png", "data_fit_2.png", "gradient.png", "misfit.png", "model.png"];
    let names = [&names[..], &["model_error.png", "profiles.png", "traces.png"]].concat();
    check_folder(&folder.join("invert"), &arrays, &names);
    water_stays(folder);

    let resumed = retrograd(folder, &["invert", "--resume", "invert"]);
    assert_eq!(resumed["misfit"], invert["misfit"]);
}

/// Water is frozen to the bit, and nothing else is.
fn water_stays(folder: &Path) {
    let read = |name: &str| npy::read(&folder.join(name)).expect(name).values.into_f32();
    let (start, found) = (read("start.npy"), read("invert/vp.npy"));
    let depth = |i: usize| i % SHAPE[2];
    assert!((0..start.len()).filter(|i| depth(*i) < 3).all(|i| start[i] == found[i]));
    let moved = (0..start.len()).filter(|i| depth(*i) >= 3 && start[*i] != found[*i]).count();
    assert!(moved > start.len() / 2, "{moved} nodes have moved");
}

#[test]
fn a_line_of_sources_is_refused_in_three_dimensions() {
    let Some(folder) = job() else { return };
    let job = JOB.replace("positions = [[150, 260, 35], [450, 260, 35]]", "count = 3");
    fs::write(folder.path().join("job.toml"), job).expect("job");
    let output = Command::cargo_bin("retrograd")
        .expect("the binary should be built")
        .current_dir(folder.path())
        .args(["plan", "job.toml"])
        .output()
        .expect("the binary should run");
    assert_eq!(output.status.code(), Some(2));
    let text = String::from_utf8(output.stderr).expect("UTF-8");
    assert!(text.contains("needs explicit positions in 3-D"), "{text}");
}
