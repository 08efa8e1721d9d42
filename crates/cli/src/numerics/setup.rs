//! From a job to what the numerical crates take.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use retrograd::checkpoint::codec::{Codec, Tolerance, Zfp};
use retrograd::ir::Interpolation as Weights;
use retrograd::{Backend as Kernels, DType as Number, JitOptions, Options};
use retrograd_invert::absorb::Layer;
use retrograd_invert::acoustic::{TimeStep as Step, steps_covering};
use retrograd_invert::basin::{BASIN_SAMPLES, Basin};
use retrograd_invert::engine::{Experiment, Resources};
use retrograd_invert::inversion::{
    DataSource, FinerModel, InversionSetup, Memory, MemoryStrategy, OptimiserSettings,
    Precondition as Scaling, SourceSignature, Stage as InversionStage,
};
use retrograd_invert::models::{self, Freeze, Models, ModelsError, mean_m_s};
use retrograd_invert::resample::RegularGrid;
use retrograd_invert::survey::{Point, Survey};
use retrograd_invert::wavelet::Wavelet as Signature;
use retrograd_invert::{npy, records};

use super::{RunError, sound};
use crate::job::Job;
use crate::job::types::{
    Backend, DType, Data, Interpolation, ModelFile, ModelFormat, Optimiser, Position, Precondition,
    RecordLength, Smoothing, Stage, Start, Strategy, TimeStep, Truth, Tuning, Wavelet, Width,
};

/// The job's mesh.
fn grid(job: &Job) -> Result<RegularGrid, RunError> {
    let metres = |list: &[crate::job::units::Metres]| list.iter().map(|m| m.0).collect::<Vec<_>>();
    RegularGrid::new(&job.grid.shape, &metres(&job.grid.spacing), &metres(&job.grid.origin))
        .map_err(RunError::of)
}

/// Everything that an inversion needs.
pub(super) fn inversion(job: &Job, fingerprint: &str) -> Result<InversionSetup, RunError> {
    let grid = grid(job)?;
    let models = models(job, &grid)?;
    let experiment = experiment(job, &grid, &models)?;
    let data = data(job, &models, &experiment)?;
    let signature = signature(job)?;
    let inputs_sum = checksum(inputs(&models, &signature, &data));
    let invert = &job.invert;
    let Optimiser::Lbfgs { memory } = invert.optimiser;
    let stages = job.stages.iter().map(|s| stage(s, &models.start)).collect();
    let setup = InversionSetup {
        resources: resources(job),
        truth: models.truth,
        start: models.start,
        frozen: models.frozen,
        bounds_m_s: job.model.bounds.map(|v| v.0),
        signature,
        data,
        stages,
        optimiser: OptimiserSettings {
            memory,
            first_step_m_s: invert.first_step.0,
            precondition: match invert.precondition {
                Precondition::None => Scaling::None,
                Precondition::Illumination => Scaling::Illumination,
            },
            misfit_below: invert.stop.misfit_below,
            decrease_below: invert.stop.decrease_below,
            over: invert.stop.over,
            gradient_below: invert.stop.gradient_below,
        },
        memory: Memory {
            budget_bytes: job.memory.budget.0,
            strategy: strategy(job.memory.strategy),
            shots_in_parallel: job.run.shots_in_parallel,
            disk: job.memory.disk.clone(),
            codecs: codecs(&job.memory),
            save_every: Duration::try_from_secs_f64(job.memory.save_every.0)
                .unwrap_or(Duration::MAX),
        },
        folder: job.output.clone(),
        fingerprint: format!("{fingerprint} inputs {inputs_sum:016x}{}", losses(&job.memory)),
        experiment,
    };
    sound::check(&setup)?;
    Ok(setup)
}

/// Codecs with loss decide the result like the equations; the others do not, nor does anything else
/// about memory.
fn losses(memory: &crate::job::types::Memory) -> String {
    let lossy = codecs(memory).into_iter().filter(|codec| !codec.is_lossless());
    let names = lossy.map(|codec| codec.to_string());
    [String::new()].into_iter().chain(names).collect::<Vec<_>>().join(" ")
}

/// All numbers that come from files.
fn inputs<'a>(
    models: &'a Models,
    signature: &'a SourceSignature,
    data: &'a DataSource,
) -> impl Iterator<Item = f64> + 'a {
    let wavelet = match signature {
        SourceSignature::Fixed(Signature::Sampled { samples, .. }) => samples.as_slice(),
        _ => &[],
    };
    let records = match data {
        DataSource::Measured(records) => records.as_slice(),
        _ => &[],
    };
    let frozen = models.frozen.iter().map(|frozen| f64::from(u8::from(*frozen)));
    let models = models.start.iter().chain(models.truth.iter().flatten());
    let exact = models.chain(wavelet).copied();
    exact.chain(frozen).chain(records.iter().flatten().map(|sample| f64::from(*sample)))
}

/// FNV-1a over the bits of numbers: tells whether a file was exchanged under a run.
fn checksum(values: impl Iterator<Item = f64>) -> u64 {
    let bytes = values.flat_map(|v| v.to_bits().to_le_bytes());
    bytes.fold(0xcbf2_9ce4_8422_2325, |sum, byte| {
        (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// The job's codec; or those that may keep its gradient error, if it names none.
fn codecs(memory: &crate::job::types::Memory) -> Vec<Codec> {
    let named = memory.codec.as_ref().and_then(|text| text.parse().ok());
    match named {
        Some(codec) => vec![codec],
        None if memory.gradient_error > 0.0 => {
            // What restart data lose, the gradient loses some tens of times.
            let tolerance = Tolerance::Relative(memory.gradient_error / 100.0);
            vec![Codec::Block(tolerance), Codec::Zfp(Zfp::Tolerance(tolerance))]
        }
        None => Vec::new(),
    }
}

fn strategy(strategy: Strategy) -> MemoryStrategy {
    let wide = |n: Option<usize>| n.map(|n| n as u64);
    match strategy {
        Strategy::Auto { snapshots } => MemoryStrategy::Auto { snapshots: wide(snapshots) },
        Strategy::StoreAll => MemoryStrategy::StoreAll,
        Strategy::Revolve { snapshots } => MemoryStrategy::Revolve { snapshots: wide(snapshots) },
    }
}

fn stage(stage: &Stage, start: &[f64]) -> InversionStage {
    let frequency_hz = stage.frequency.0;
    InversionStage {
        frequency_hz,
        iterations: stage.iterations,
        evaluations: stage.evaluations,
        smoothing_m: match stage.smoothing {
            Smoothing::Metres(m) => m,
            Smoothing::Wavelengths(w) => {
                InversionStage::smoothing_of_wavelengths(w, frequency_hz, start)
            }
        },
    }
}

/// Kernels and threads.
fn resources(job: &Job) -> Resources {
    let backend = match job.run.backend {
        Backend::C => Kernels::C,
        Backend::Interpreter => Kernels::Interpreter,
    };
    Resources {
        options: Options { backend, jit: JitOptions::from_environment() },
        threads: job.run.threads.unwrap_or_else(crate::machine::threads),
        tune: job.run.tuning == Tuning::Timed,
    }
}

/// Mesh with absorbing layer, time axis, geometry.
fn experiment(job: &Job, grid: &RegularGrid, models: &Models) -> Result<Experiment, RunError> {
    let space_order = usize::from(job.physics.space_order);
    let step = match job.time.step {
        TimeStep::Courant(share) => Step::Courant(share),
        TimeStep::Fixed(dt) => Step::Fixed(dt.0),
    };
    let dt_s =
        step.seconds(grid.spacing_m(), space_order, job.model.bounds[1].0).map_err(RunError::of)?;
    let steps = match job.time.length {
        RecordLength::Steps(steps) => steps,
        RecordLength::Duration(duration) => steps_covering(duration.0, dt_s),
    };
    let layer = layer(job, grid, &models.start);
    Ok(Experiment {
        layer: layer.widths(grid.shape().len()),
        reflection: layer.reflection,
        layer_velocity_m_s: models.start.clone(),
        space_order,
        dtype: match job.physics.dtype {
            DType::F32 => Number::F32,
            DType::F64 => Number::F64,
        },
        interpolation: match job.survey.interpolation {
            Interpolation::Linear => Weights::Linear,
            Interpolation::Sinc { radius } => Weights::Sinc { radius: radius as u8 },
        },
        steps,
        dt_s,
        survey: survey(job),
        grid: grid.clone(),
    })
}

/// The absorbing layer, for the waves of the lowest frequency in the start model.
fn layer(job: &Job, grid: &RegularGrid, start: &[f64]) -> Layer {
    let nodes = match job.boundary.width {
        Width::Nodes(nodes) => Some(nodes),
        Width::Auto => None,
    };
    let layer = Layer::new(nodes, lowest_hz(job), mean_m_s(start), shortest(grid.spacing_m()));
    job.boundary.reflection.map_or(layer, |reflection| layer.with_reflection(reflection))
}

fn lowest_hz(job: &Job) -> f64 {
    shortest(&job.stages.iter().map(|s| s.frequency.0).collect::<Vec<_>>())
}

fn shortest(values: &[f64]) -> f64 {
    values.iter().copied().fold(f64::INFINITY, f64::min)
}

fn survey(job: &Job) -> Survey {
    let point = |p: &Position| match *p.0.as_slice() {
        [x_m, y_m, z_m] => Point::xyz(x_m, y_m, z_m),
        [x_m, z_m] => Point::xz(x_m, z_m),
        ref other => Point::xz(other.first().copied().unwrap_or(0.0), 0.0),
    };
    let sources: Vec<Point> = job.survey.sources.iter().map(point).collect();
    let receivers: Vec<Point> = job.survey.receivers.iter().map(point).collect();
    Survey::fixed_spread(&sources, receivers)
}

fn signature(job: &Job) -> Result<SourceSignature, RunError> {
    Ok(match &job.wavelet {
        Wavelet::RickerOfStage { delay } => {
            SourceSignature::RickerOfStage { delay_s: delay.map(|d| d.0) }
        }
        Wavelet::Ricker { peak, delay } => {
            let delay_s = delay.map_or(1.5 / peak.0, |d| d.0);
            SourceSignature::Fixed(Signature::Ricker { peak_hz: peak.0, delay_s })
        }
        Wavelet::Sampled { file, dt } => {
            let samples = read(file)?.1;
            let wavelet = Signature::sampled(samples, dt.0);
            let named = |e| RunError::new(format!("{}: {e}", file.display()));
            SourceSignature::Fixed(wavelet.map_err(named)?)
        }
    })
}

fn read(path: &Path) -> Result<(Vec<usize>, Vec<f64>), RunError> {
    let array = npy::read(path).map_err(RunError::of)?;
    Ok((array.shape.clone(), array.values.into_f64()))
}

fn model_file(file: &ModelFile, shape: &[usize]) -> Result<Vec<f64>, RunError> {
    let array = match file.format {
        ModelFormat::Npy => npy::read_shaped(&file.path, shape),
        ModelFormat::RawF32 => npy::read_raw_f32(&file.path, shape),
    };
    Ok(array.map_err(RunError::of)?.values.into_f64())
}

fn basin(job: &Job, seed: u64) -> Basin {
    let extent = |axis: usize| {
        job.grid.origin[axis].0 + job.grid.spacing[axis].0 * (job.grid.shape[axis] - 1) as f64
    };
    Basin::with_extent(seed, [extent(0), extent(1)])
}

/// Truth, start and frozen nodes.
fn models(job: &Job, grid: &RegularGrid) -> Result<Models, RunError> {
    let shape = grid.shape();
    if shape.len() != 2 && matches!(job.model.truth, Truth::Basin { .. }) {
        return Err(RunError::new("the embedded basin is two-dimensional")
            .help("give model files for a 3-D job"));
    }
    let truth = match &job.model.truth {
        Truth::Basin { seed } => Some(basin(job, *seed).sample(grid, BASIN_SAMPLES)),
        Truth::File(file) => Some(model_file(file, shape)?),
        Truth::Unknown => None,
    };
    let start = match (&job.model.start, &job.model.truth, &truth) {
        (Start::Basin, Truth::Basin { seed }, Some(truth)) => {
            models::Start::Given(basin(job, *seed).start().sample(grid, truth))
        }
        (Start::Basin, ..) => return Err(RunError::of(ModelsError::NoTruth)),
        (Start::File(file), ..) => models::Start::Given(model_file(file, shape)?),
        (Start::SmoothTrue(sigma), ..) => models::Start::SmoothTruth { sigma_m: sigma.0 },
        (Start::Linear { top, bottom }, ..) => {
            models::Start::Linear { ends_m_s: [top.0, bottom.0] }
        }
    };
    let bounds = job.model.bounds.map(|v| v.0);
    Models::new(grid, truth, start, &freeze(job, shape)?, bounds).map_err(RunError::of)
}

fn freeze(job: &Job, shape: &[usize]) -> Result<Freeze, RunError> {
    let conditions = &job.model.frozen;
    let mask = |path: &PathBuf| -> Result<Vec<bool>, RunError> {
        let array = npy::read_shaped(path, shape).map_err(RunError::of)?;
        Ok(array.values.into_f64().iter().map(|v| *v != 0.0).collect())
    };
    Ok(Freeze {
        below_velocity_m_s: conditions.below_velocity.map(|v| v.0),
        above_depth_m: conditions.depth.map(|d| d.0),
        mask: conditions.mask.as_ref().map(mask).transpose()?,
    })
}

/// Where the recordings come from.
fn data(job: &Job, models: &Models, experiment: &Experiment) -> Result<DataSource, RunError> {
    match &job.data {
        Data::SameGrid => Ok(DataSource::SameGrid),
        Data::Synthetic { refine, space_order } => Ok(DataSource::Finer {
            refine: *refine,
            space_order: usize::from(*space_order),
            model: finer_model(job, models, &experiment.grid)?,
        }),
        Data::Files(paths) => {
            let records = records::read(paths, &experiment.survey, experiment.steps);
            Ok(DataSource::Measured(Arc::new(records.map_err(RunError::of)?)))
        }
    }
}

fn finer_model(job: &Job, models: &Models, grid: &RegularGrid) -> Result<FinerModel, RunError> {
    match (&job.model.truth, &models.truth) {
        (Truth::Basin { seed }, _) => Ok(FinerModel::basin(basin(job, *seed))),
        (_, Some(truth)) => Ok(FinerModel::interpolated(grid.clone(), truth.clone())),
        (_, None) => Err(RunError::new("synthetic data need the true model")
            .help("set model.vp_true, or data.files to measured records")),
    }
}
