//! What a whole inversion is predicted to hold, against what the process then holds.
//!
//! Each case runs in a process of its own (this test binary again), so that the high-water mark of
//! the resident set is its own. Cases hold some 100 MB, so that the rest of the process, which
//! grows by some MB while it runs, is within the 10 % that are promised.

use std::sync::Arc;

use retrograd::ir::Interpolation;
use retrograd::{DType, Options, find_compiler};
use retrograd_invert::engine::{Experiment, Resources};
use retrograd_invert::inversion::{
    DataSource, FinerModel, Inversion, InversionSetup, Memory, MemoryStrategy, OptimiserSettings,
    Precondition, Quiet, SourceSignature, Stage, peak_rss_bytes,
};
use retrograd_invert::models::linear_in_depth;
use retrograd_invert::resample::RegularGrid;
use retrograd_invert::survey::{Line, Survey};

/// Tells a child which case it is to run.
const CASE: &str = "RETROGRAD_TEST_INVERSION_CASE";
const CASES: usize = 4;

/// Name, strategy, refinement of the data's grid (none: the same grid).
fn case(number: usize) -> (&'static str, MemoryStrategy, Option<usize>) {
    match number {
        0 => ("all states", MemoryStrategy::StoreAll, None),
        1 => ("snapshots", MemoryStrategy::Revolve { snapshots: Some(150) }, None),
        2 => ("all states, finer data", MemoryStrategy::StoreAll, Some(2)),
        FINER_ABOVE_ALL => {
            ("finer data above all", MemoryStrategy::Revolve { snapshots: Some(1) }, Some(4))
        }
        _ => unreachable!("there are {CASES} cases"),
    }
}

/// The case whose functions on the finer grid are what takes memory, not what is kept over time.
const FINER_ABOVE_ALL: usize = 3;

/// Nodes, number type and steps. Predictions count whole buffers, and of the states of early steps a
/// run holds the part that waves have reached. So waves fill the grid soon: in 64 bits nothing that
/// runs ahead of them is flushed to zero, and what is computed grows by the four points that a
/// stencil reaches per step.
fn run(number: usize) -> ([usize; 2], DType, usize) {
    match number {
        FINER_ABOVE_ALL => ([501, 301], DType::F32, 80),
        _ => ([161, 101], DType::F64, 600),
    }
}

fn setup(number: usize, folder: &std::path::Path) -> Option<InversionSetup> {
    let options = Options::from_environment();
    if let Err(reason) = find_compiler(&options.jit) {
        println!("skipped: {reason}");
        return None;
    }
    let (_, strategy, refine) = case(number);
    let (shape, dtype, steps) = run(number);
    let grid = RegularGrid::new(&shape, &[10.0; 2], &[0.0; 2]).expect("grid");
    let model = |bottom| linear_in_depth(&grid, [1800.0, bottom]);
    let stage =
        |frequency_hz| Stage { frequency_hz, iterations: 4, evaluations: 5, smoothing_m: 30.0 };
    let survey = Survey::surface_line(
        10.0 * (shape[0] - 1) as f64,
        Line { count: 2, depth_m: 20.0 },
        Line { count: 200, depth_m: 20.0 },
    );
    let data = match refine {
        None => DataSource::SameGrid,
        Some(refine) => DataSource::Finer {
            refine,
            space_order: 8,
            model: FinerModel(Arc::new(|grid| linear_in_depth(grid, [1800.0, 2900.0]))),
        },
    };
    Some(InversionSetup {
        experiment: Experiment {
            layer: vec![[20; 2]; 2],
            reflection: 0.05,
            layer_velocity_m_s: model(2800.0),
            space_order: 8,
            dtype,
            interpolation: Interpolation::Linear,
            steps,
            dt_s: 1.5e-3,
            survey,
            grid: grid.clone(),
        },
        resources: Resources { options, threads: 2, tune: false },
        truth: Some(model(2900.0)),
        start: model(2800.0),
        frozen: vec![false; grid.len()],
        bounds_m_s: [1500.0, 3500.0],
        signature: SourceSignature::RickerOfStage { delay_s: None },
        data,
        // Data of a second stage are modelled when gradients of the first have been.
        stages: if refine.is_some() { vec![stage(12.0), stage(20.0)] } else { vec![stage(12.0)] },
        optimiser: OptimiserSettings {
            memory: 3,
            first_step_m_s: 20.0,
            precondition: Precondition::Illumination,
            misfit_below: None,
            decrease_below: None,
            over: 1,
            gradient_below: None,
        },
        memory: Memory {
            budget_bytes: 1 << 30,
            strategy,
            shots_in_parallel: Some(2),
            disk: None,
            codecs: Vec::new(),
            save_every: Memory::SAVE_EVERY,
        },
        folder: folder.to_owned(),
        fingerprint: "memory".into(),
    })
}

/// Runs a case and prints predicted and measured bytes.
fn measure(number: usize) {
    let folder = tempfile::tempdir().expect("folder");
    let Some(setup) = setup(number, folder.path()) else { return };
    let mut inversion = Inversion::new(setup).expect("inversion");
    let predicted = inversion.memory().predicted_peak_bytes();
    inversion.run(&Quiet).expect("run");
    println!("predicted {predicted} measured {}", peak_rss_bytes());
}

#[test]
fn predicted_bytes_are_those_of_the_process() {
    if let Ok(number) = std::env::var(CASE) {
        measure(number.parse().expect("should be a number"));
        return;
    }
    if peak_rss_bytes() == 0 {
        println!("skipped: this system does not tell the memory of a process");
        return;
    }
    for number in 0..CASES {
        let output = std::process::Command::new(std::env::current_exe().expect("should be known"))
            .args(["--exact", "predicted_bytes_are_those_of_the_process", "--nocapture"])
            .env(CASE, number.to_string())
            .output()
            .expect("should start");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
        let Some(line) = text.lines().find(|l| l.starts_with("predicted ")) else {
            println!("{text}");
            return;
        };
        let words: Vec<&str> = line.split_whitespace().collect();
        let bytes = |at: usize| words[at].parse::<f64>().expect("should be a number");
        let (predicted, measured) = (bytes(1), bytes(3));
        let name = case(number).0;
        println!("{name}: {line}, ratio {:.3}", measured / predicted);
        assert!(measured > 80e6, "the case should be large: {line}");
        assert!((measured / predicted - 1.0).abs() <= 0.1, "{name}: {line}");
    }
}
