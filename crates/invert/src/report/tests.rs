//! A tiny inversion, and what its report leaves in the run folder.

use std::path::Path;

use retrograd::ir::Interpolation;
use retrograd::{Backend, DType, JitOptions, Options, find_compiler};
use tempfile::TempDir;

use super::*;
use crate::engine::{Experiment, Resources};
use crate::inversion::{
    DataSource, FinerModel, Memory, MemoryStrategy, OptimiserSettings, Precondition, Quiet,
    SourceSignature, Stage,
};
use crate::resample::RegularGrid;
use crate::survey::{Line, Survey};

const SHAPE: [usize; 2] = [40, 30];
const SPACING_M: f64 = 20.0;
const JOB: &str = "[job]\nname = \"tiny\" # <commented>\n";
const PICTURES: [&str; 8] = [
    "data_fit.png",
    "data_fit_2.png",
    "gradient.png",
    "misfit.png",
    "model.png",
    "model_error.png",
    "profiles.png",
    "traces.png",
];

/// Water over a half space with a slow block, whose contrast is `block_m_s`.
fn velocity(grid: &RegularGrid, block_m_s: f64) -> Vec<f64> {
    let [nx, nz] = [grid.shape()[0], grid.shape()[1]];
    let at = |i: usize| {
        let (x_m, z_m) = (grid.coordinate_m(0, i / nz), grid.coordinate_m(1, i % nz));
        let inside = (x_m - 400.0).abs() < 120.0 && (z_m - 320.0).abs() < 80.0;
        match z_m {
            z_m if z_m < 100.0 => 1500.0,
            _ if inside => 2000.0 + block_m_s,
            _ => 2000.0,
        }
    };
    (0..nx * nz).map(at).collect()
}

/// A setup in a folder of its own; `None`, with the reason printed, without a C compiler.
fn setup() -> Option<(TempDir, InversionSetup)> {
    let folder = tempfile::tempdir().expect("folder");
    let jit = JitOptions { cache: folder.path().join("cache"), ..JitOptions::from_environment() };
    if let Err(reason) = find_compiler(&jit) {
        eprintln!("skipped: {reason}");
        return None;
    }
    let grid = RegularGrid::new(&SHAPE, &[SPACING_M; 2], &[0.0; 2]).expect("grid");
    let survey = Survey::surface_line(
        (SHAPE[0] - 1) as f64 * SPACING_M,
        Line { count: 2, depth_m: 30.0 },
        Line { count: 13, depth_m: 50.0 },
    );
    let stage =
        |frequency_hz| Stage { frequency_hz, iterations: 2, evaluations: 4, smoothing_m: 0.0 };
    let setup = InversionSetup {
        truth: Some(velocity(&grid, -250.0)),
        start: velocity(&grid, 0.0),
        frozen: (0..grid.len()).map(|i| i % SHAPE[1] < 5).collect(),
        bounds_m_s: [1400.0, 2500.0],
        signature: SourceSignature::RickerOfStage { delay_s: None },
        data: DataSource::Finer {
            refine: 2,
            space_order: 4,
            model: FinerModel(std::sync::Arc::new(|grid| velocity(grid, -250.0))),
        },
        stages: vec![stage(6.0), stage(9.0)],
        optimiser: OptimiserSettings {
            memory: 4,
            first_step_m_s: 30.0,
            precondition: Precondition::Illumination,
            misfit_below: None,
            decrease_below: None,
            over: 1,
            gradient_below: None,
        },
        memory: Memory {
            budget_bytes: 1 << 30,
            strategy: MemoryStrategy::StoreAll,
            shots_in_parallel: None,
            disk: None,
            codecs: Vec::new(),
            save_every: Memory::SAVE_EVERY,
        },
        folder: folder.path().to_owned(),
        fingerprint: String::new(),
        resources: Resources {
            options: Options { backend: Backend::C, jit },
            threads: 2,
            tune: false,
        },
        experiment: Experiment {
            layer: vec![[8; 2]; 2],
            reflection: 1e-3,
            layer_velocity_m_s: velocity(&grid, 0.0),
            space_order: 4,
            dtype: DType::F32,
            interpolation: Interpolation::Linear,
            steps: 150,
            dt_s: 4e-3,
            survey,
            grid,
        },
    };
    Some((folder, setup))
}

fn settings() -> Settings<'static> {
    Settings { name: "tiny", job: JOB, ..Settings::default() }
}

/// Width and height from the header of a PNG file.
fn png_size(path: &Path) -> [u32; 2] {
    let bytes = std::fs::read(path).expect("picture");
    assert_eq!(&bytes[..8], b"\x89PNG\r\n\x1a\n", "{}", path.display());
    let number = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().expect("4 bytes"));
    [number(16), number(20)]
}

fn pictures(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder.join("pictures")).expect("pictures");
    let name = |e: std::io::Result<std::fs::DirEntry>| {
        e.expect("entry").file_name().into_string().expect("name")
    };
    let mut names: Vec<String> = entries.map(name).collect();
    names.sort();
    names
}

#[track_caller]
fn check_page(folder: &Path, count: usize, words: &[&str]) {
    let page = std::fs::read_to_string(folder.join("report.html")).expect("page");
    for outside in ["http:", "https:", "url(", "@import", "<link", "<script", "file:"] {
        assert!(!page.contains(outside), "{outside}");
    }
    assert_eq!(page.matches("src=").count(), count);
    assert_eq!(page.matches("src=\"data:image/png;base64,iVBORw0KGgo").count(), count);
    for word in words {
        assert!(page.contains(word), "`{word}` is missing");
    }
}

#[test]
fn a_finished_inversion_leaves_pictures_and_one_page() {
    let Some((folder, setup)) = setup() else { return };
    let mut inversion = Inversion::new(setup).expect("inversion");
    let outcome = inversion.run(&Quiet).expect("run");
    let drawn = super::inversion(&mut inversion, &outcome, &settings(), &Quiet);
    assert_eq!(drawn.warnings, [""; 0]);
    assert_eq!(drawn.files.len(), PICTURES.len() + 1);
    assert_eq!(pictures(folder.path()), PICTURES);
    for name in PICTURES {
        let [width, height] = png_size(&folder.path().join("pictures").join(name));
        let fair = (700..2600).contains(&width) && (400..3000).contains(&height);
        assert!(fair, "{name}: {width} x {height}");
    }
    let words = [
        "<h1>tiny: full-waveform inversion</h1>",
        "Model error",
        "<th>Ended by</th>",
        "iterations: limit 2",
        "store-all",
        "Predicted peak",
        "name = &quot;tiny&quot; # &lt;commented&gt;",
        "<td>vp.npy</td>",
        "<td>pictures/model.png</td>",
        env!("CARGO_PKG_VERSION"),
    ];
    check_page(folder.path(), PICTURES.len(), &words);
}

#[test]
fn what_is_not_known_is_not_drawn() {
    let Some((folder, mut setup)) = setup() else { return };
    setup.truth = None;
    setup.stages.truncate(1);
    let mut inversion = Inversion::new(setup).expect("inversion");
    let outcome = inversion.run(&Quiet).expect("run");
    std::fs::remove_file(folder.path().join("gradient.npy")).expect("remove");
    let settings = Settings { shots: Some(&[1, 7]), ..settings() };
    let drawn = super::inversion(&mut inversion, &outcome, &settings, &Quiet);
    let names = ["data_fit.png", "misfit.png", "model.png", "profiles.png", "traces.png"];
    assert_eq!(pictures(folder.path()), names);
    assert_eq!(drawn.warnings.len(), 1);
    assert!(drawn.warnings[0].contains("shots 0 to 1"), "{}", drawn.warnings[0]);
}

#[test]
fn pictures_that_cannot_be_written_are_warnings() {
    let Some((folder, setup)) = setup() else { return };
    let mut inversion = Inversion::new(setup).expect("inversion");
    let outcome = inversion.run(&Quiet).expect("run");
    std::fs::write(folder.path().join("pictures"), "in the way").expect("file");
    let drawn = super::inversion(&mut inversion, &outcome, &settings(), &Quiet);
    assert_eq!(drawn.warnings.len(), PICTURES.len());
    let first = &drawn.warnings[0];
    assert!(first.contains("is missing from the report: ") && first.contains("help:"), "{first}");
    check_page(folder.path(), 0, &["Ended by"]);
}

#[test]
fn pictures_off_writes_nothing() {
    let Some((folder, setup)) = setup() else { return };
    let mut inversion = Inversion::new(setup).expect("inversion");
    let outcome = inversion.run(&Quiet).expect("run");
    let off = Settings { pictures: Pictures::Off, ..settings() };
    let drawn = super::inversion(&mut inversion, &outcome, &off, &Quiet);
    assert_eq!(drawn, Drawn::default());
    assert!(!folder.path().join("pictures").exists());
    assert!(!folder.path().join("report.html").exists());
    assert!(folder.path().join("vp.npy").is_file());
}

#[test]
fn gradients_and_modelling_have_pages_too() {
    let Some((folder, setup)) = setup() else { return };
    let start = setup.start.clone();
    let mut inversion = Inversion::new(setup).expect("inversion");
    let observed = inversion.observed(0, &Quiet).expect("data");
    let wavelet = inversion.wavelet(0).expect("wavelet");
    let found = inversion.evaluate(&start, &wavelet, &observed, &Quiet).expect("gradient");
    let evaluated = Evaluated { stage: 0, found: &found, seconds: 1.0 };
    let drawn = super::gradient(&mut inversion, &evaluated, &settings(), &Quiet);
    assert_eq!(drawn.warnings, [""; 0]);
    check_page(folder.path(), 6, &["tiny: gradient", "Norm of the gradient", "&lt;commented"]);

    let setup = inversion.setup();
    let modelled =
        Modelled { name: "start model", vp: &start, stage: 0, records: &observed, seconds: 1.0 };
    let drawn = super::model(setup, &modelled, &settings());
    assert_eq!(drawn.warnings, [""; 0]);
    let gathers = drawn.files.iter().filter(|f| f.to_string_lossy().contains("gather")).count();
    assert_eq!(gathers, 2);
    check_page(folder.path(), 3, &["tiny: modelling", "26"]);
}

#[test]
fn a_subset_of_shots_has_the_bits_of_all() {
    let Some((_folder, setup)) = setup() else { return };
    let mut inversion = Inversion::new(setup).expect("inversion");
    let all = inversion.observed(1, &Quiet).expect("all");
    let one = inversion.observed_shots(1, &[1], &Quiet).expect("one");
    assert_eq!(one, all[1..]);
    let start = inversion.setup().start.clone();
    let wavelet = inversion.wavelet(1).expect("wavelet");
    let all = inversion.engine_mut().simulate(&start, &wavelet, 2, &|| ()).expect("all");
    let swapped = inversion.synthetic_shots(1, &[1, 0], &start, &Quiet).expect("both");
    assert_eq!(swapped, [all[1].clone(), all[0].clone()]);
}
