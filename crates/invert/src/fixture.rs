//! A small experiment that tests share: water over rock with a slow block, two shots.

use std::path::Path;

use retrograd::ir::Interpolation;
use retrograd::{DType, Options, find_compiler};

use crate::engine::{Experiment, Resources};
use crate::inversion::{
    DataSource, InversionSetup, Memory, MemoryStrategy, OptimiserSettings, Precondition,
    SourceSignature, Stage,
};
use crate::resample::RegularGrid;
use crate::survey::{Line, Survey};

pub(crate) const SHAPE: [usize; 2] = [61, 41];
pub(crate) const SPACING_M: f64 = 20.0;
/// Nodes of water in every column.
pub(crate) const WATER: usize = 5;
pub(crate) const STEPS: usize = 150;
/// 0.55 of the limit at 2500 m/s for order 4.
pub(crate) const DT_S: f64 = 2.7e-3;

/// Kernels, or none with a printed reason where there is no compiler.
pub(crate) fn resources(threads: usize) -> Option<Resources> {
    let options = Options::from_environment();
    match find_compiler(&options.jit) {
        Ok(_) => Some(Resources { options, threads, tune: false }),
        Err(reason) => {
            println!("skipped: {reason}");
            None
        }
    }
}

pub(crate) fn grid() -> RegularGrid {
    RegularGrid::new(&SHAPE, &[SPACING_M; 2], &[0.0; 2]).expect("grid")
}

/// Water of 1500 m/s over rock of 1900 to 2260 m/s with a block that is off by `block_m_s`.
pub(crate) fn velocity(block_m_s: f64) -> Vec<f64> {
    let at = |i: usize| {
        let (x, z) = (i / SHAPE[1], i % SHAPE[1]);
        let inside = x.abs_diff(30) < 8 && z.abs_diff(20) < 5;
        match z {
            0..WATER => 1500.0,
            _ => 1850.0 + 10.0 * z as f64 + if inside { block_m_s } else { 0.0 },
        }
    };
    (0..SHAPE[0] * SHAPE[1]).map(at).collect()
}

/// The nodes of water.
pub(crate) fn water() -> Vec<bool> {
    (0..SHAPE[0] * SHAPE[1]).map(|i| i % SHAPE[1] < WATER).collect()
}

/// `shots` sources and 15 receivers near the surface; the layer follows the model without a block.
pub(crate) fn experiment(shots: usize, dtype: DType) -> Experiment {
    let survey = Survey::surface_line(
        (SHAPE[0] - 1) as f64 * SPACING_M,
        Line { count: shots, depth_m: 33.0 },
        Line { count: 15, depth_m: 50.0 },
    );
    Experiment {
        grid: grid(),
        layer: vec![[9, 8], [7, 10]],
        reflection: 0.1,
        layer_velocity_m_s: velocity(0.0),
        space_order: 4,
        dtype,
        interpolation: Interpolation::Linear,
        steps: STEPS,
        dt_s: DT_S,
        survey,
    }
}

pub(crate) fn stage(frequency_hz: f64) -> Stage {
    Stage { frequency_hz, iterations: 3, evaluations: 5, smoothing_m: 0.0 }
}

/// Two shots, data of the same operator, in a folder; none without a compiler.
pub(crate) fn setup(folder: &Path) -> Option<InversionSetup> {
    Some(InversionSetup {
        experiment: experiment(2, DType::F32),
        resources: resources(2)?,
        truth: Some(velocity(-200.0)),
        start: velocity(0.0),
        frozen: water(),
        bounds_m_s: [1400.0, 2500.0],
        signature: SourceSignature::RickerOfStage { delay_s: None },
        data: DataSource::SameGrid,
        stages: vec![stage(9.0)],
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
            strategy: MemoryStrategy::Auto { snapshots: None },
            shots_in_parallel: None,
            disk: None,
            codecs: Vec::new(),
            save_every: Memory::SAVE_EVERY,
        },
        folder: folder.to_owned(),
        fingerprint: "fixture".into(),
    })
}
