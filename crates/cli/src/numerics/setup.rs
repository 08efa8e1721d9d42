//! From a job to what the numerical crates take.

use std::path::Path;
use std::sync::Arc;

use retrograd::ir::Interpolation as Weights;
use retrograd::{Backend as Kernels, DType as Number, JitOptions, Options};
use retrograd_invert::absorb::{best_reflection, proposed_width};
use retrograd_invert::acoustic::stable_dt_s;
use retrograd_invert::basin::Basin;
use retrograd_invert::engine::{Experiment, Record, Resources};
use retrograd_invert::inversion::{
    DataSource, FinerModel, InversionSetup, Memory, MemoryStrategy, OptimiserSettings,
    Precondition as Scaling, SourceSignature, Stage as InversionStage,
};
use retrograd_invert::npy;
use retrograd_invert::resample::{RegularGrid, Resample};
use retrograd_invert::smooth::Smoother;
use retrograd_invert::survey::{Point, Survey};
use retrograd_invert::wavelet::Wavelet as Signature;

use super::RunError;
use crate::job::Job;
use crate::job::types::{
    Backend, DType, Data, Interpolation, ModelFile, ModelFormat, Optimiser, Position, Precondition,
    RecordLength, Smoothing, Stage, Start, Strategy, TimeStep, Truth, Wavelet, Width,
};

/// Points per cell and axis over which the basin is averaged on a grid.
const BASIN_SAMPLES: usize = 4;

/// Models of a job, in m/s, on its grid.
pub(super) struct Models {
    pub(super) truth: Option<Vec<f64>>,
    pub(super) start: Vec<f64>,
    pub(super) frozen: Vec<bool>,
}

/// The job's mesh.
pub(super) fn grid(job: &Job) -> Result<RegularGrid, RunError> {
    let metres = |list: &[crate::job::units::Metres]| list.iter().map(|m| m.0).collect::<Vec<_>>();
    RegularGrid::new(&job.grid.shape, &metres(&job.grid.spacing), &metres(&job.grid.origin))
        .map_err(|e| RunError::new(e.to_string()))
}

/// Everything that an inversion needs.
pub(super) fn inversion(job: &Job, fingerprint: &str) -> Result<InversionSetup, RunError> {
    let grid = grid(job)?;
    let models = models(job, &grid)?;
    let experiment = experiment(job, &grid, &models)?;
    let models_sum = checksum(models.start.iter().chain(models.truth.iter().flatten()));
    let data = data(job, &experiment)?;
    let invert = &job.invert;
    let Optimiser::Lbfgs { memory } = invert.optimiser;
    let stages = job.stages.iter().map(|s| stage(s, &models.start)).collect();
    Ok(InversionSetup {
        resources: resources(job),
        truth: models.truth,
        start: models.start,
        frozen: models.frozen,
        bounds_m_s: job.model.bounds.map(|v| v.0),
        signature: signature(job)?,
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
        },
        folder: job.output.clone(),
        fingerprint: format!("{fingerprint} models {models_sum:016x}"),
        experiment,
    })
}

/// FNV-1a over the bits of numbers: tells whether a model file was exchanged under a run.
fn checksum<'a>(values: impl Iterator<Item = &'a f64>) -> u64 {
    let bytes = values.flat_map(|v| v.to_bits().to_le_bytes());
    bytes.fold(0xcbf2_9ce4_8422_2325, |sum, byte| {
        (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
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
    let mean = start.iter().sum::<f64>() / start.len().max(1) as f64;
    InversionStage {
        frequency_hz: stage.frequency.0,
        iterations: stage.iterations,
        evaluations: stage.evaluations,
        smoothing_m: match stage.smoothing {
            Smoothing::Metres(m) => m,
            Smoothing::Wavelengths(w) => w * mean / stage.frequency.0,
        },
    }
}

/// Kernels and threads.
pub(super) fn resources(job: &Job) -> Resources {
    let backend = match job.run.backend {
        Backend::C => Kernels::C,
        Backend::Interpreter => Kernels::Interpreter,
    };
    Resources {
        options: Options { backend, jit: JitOptions::from_environment() },
        threads: job.run.threads.unwrap_or_else(crate::machine::threads),
    }
}

/// Mesh with absorbing layer, time axis, geometry.
fn experiment(job: &Job, grid: &RegularGrid, models: &Models) -> Result<Experiment, RunError> {
    let order = usize::from(job.physics.space_order);
    let v_max = job.model.bounds[1].0;
    let limit = stable_dt_s(grid.spacing_m(), order, v_max);
    let dt_s = match job.time.step {
        TimeStep::Courant(share) => share * limit,
        TimeStep::Fixed(dt) if dt.0 > limit => {
            let message = format!(
                "the time step {:.4} ms is unstable: order {order} in space on {:?} m allows \
                 {:.4} ms at the upper velocity bound {v_max} m/s",
                dt.0 * 1e3,
                grid.spacing_m(),
                limit * 1e3
            );
            return Err(RunError::new(message)
                .help("set time.dt = \"auto\", or a smaller step, or a lower model.bounds"));
        }
        TimeStep::Fixed(dt) => dt.0,
    };
    let steps = match job.time.length {
        RecordLength::Steps(steps) => steps,
        RecordLength::Duration(duration) => (duration.0 / dt_s).ceil() as usize + 1,
    };
    let mean = models.start.iter().sum::<f64>() / models.start.len().max(1) as f64;
    let width = layer_nodes(job, grid, mean);
    let wavelengths = width as f64 * shortest(grid.spacing_m()) * lowest_hz(job) / mean;
    Ok(Experiment {
        layer: vec![[width; 2]; grid.shape().len()],
        reflection: job.boundary.reflection.unwrap_or_else(|| best_reflection(wavelengths)),
        layer_velocity_m_s: models.start.clone(),
        space_order: order,
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

/// Nodes of the absorbing layer per side.
pub(super) fn layer_nodes(job: &Job, grid: &RegularGrid, v_m_s: f64) -> usize {
    match job.boundary.width {
        Width::Nodes(nodes) => nodes,
        Width::Auto => proposed_width(lowest_hz(job), v_m_s, shortest(grid.spacing_m())),
    }
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
    let array = npy::read(path).map_err(|e| RunError::new(e.to_string()))?;
    Ok((array.shape.clone(), array.values.into_f64()))
}

fn model_file(file: &ModelFile, shape: &[usize]) -> Result<Vec<f64>, RunError> {
    let array = match file.format {
        ModelFormat::Npy => npy::read_shaped(&file.path, shape),
        ModelFormat::RawF32 => npy::read_raw_f32(&file.path, shape),
    };
    Ok(array.map_err(|e| RunError::new(e.to_string()))?.values.into_f64())
}

fn basin(job: &Job, seed: u64) -> Basin {
    let extent = |axis: usize| {
        job.grid.origin[axis].0 + job.grid.spacing[axis].0 * (job.grid.shape[axis] - 1) as f64
    };
    Basin::with_extent(seed, [extent(0), extent(1)])
}

/// Truth, start and frozen nodes.
pub(super) fn models(job: &Job, grid: &RegularGrid) -> Result<Models, RunError> {
    let shape = grid.shape();
    if job.grid.shape.len() != 2 && matches!(job.model.truth, Truth::Basin { .. }) {
        return Err(RunError::new("the embedded basin is two-dimensional")
            .help("give model files for a 3-D job"));
    }
    let truth = match &job.model.truth {
        Truth::Basin { seed } => Some(basin(job, *seed).sample(grid, BASIN_SAMPLES)),
        Truth::File(file) => Some(model_file(file, shape)?),
        Truth::Unknown => None,
    };
    let needs_truth =
        || RunError::new("this start model needs the true model").help("set model.vp_true");
    let (start, judged) = match &job.model.start {
        Start::Basin => {
            let Truth::Basin { seed } = job.model.truth else { return Err(needs_truth()) };
            let truth = truth.as_deref().ok_or_else(needs_truth)?;
            let start = basin(job, seed).start().sample(grid, truth);
            (start.clone(), start)
        }
        Start::File(file) => {
            let start = model_file(file, shape)?;
            (start.clone(), start)
        }
        Start::SmoothTrue(sigma) => {
            let truth = truth.clone().ok_or_else(needs_truth)?;
            (smoothed(job, grid, &truth, sigma.0)?, truth)
        }
        Start::Linear { top, bottom } => {
            let depth = shape[shape.len() - 1];
            let column = (0..depth)
                .map(|k| top.0 + (bottom.0 - top.0) * k as f64 / (depth - 1).max(1) as f64);
            let columns: usize = shape[..shape.len() - 1].iter().product();
            let start = column.collect::<Vec<_>>().repeat(columns);
            (start.clone(), start)
        }
    };
    let frozen = frozen(job, grid, &judged)?;
    let [lower, upper] = job.model.bounds.map(|v| v.0);
    let clamp = |(v, frozen): (f64, &bool)| if *frozen { v } else { v.clamp(lower, upper) };
    let start = start.into_iter().zip(&frozen).map(clamp).collect();
    Ok(Models { truth, start, frozen })
}

/// The truth under a Gaussian; frozen nodes stay true and lend nothing to the others.
fn smoothed(
    job: &Job,
    grid: &RegularGrid,
    truth: &[f64],
    sigma_m: f64,
) -> Result<Vec<f64>, RunError> {
    let frozen = frozen(job, grid, truth)?;
    let sigma = vec![sigma_m; grid.shape().len()];
    let smoother = Smoother::new(grid.shape(), grid.spacing_m(), &sigma)
        .and_then(|s| s.with_frozen(&frozen))
        .map_err(|e| RunError::new(e.to_string()))?;
    // In slowness: travel times are kept.
    let mut slowness: Vec<f64> = truth.iter().map(|v| 1.0 / v).collect();
    smoother.apply(&mut slowness);
    Ok(slowness.iter().map(|s| 1.0 / s).collect())
}

/// Nodes for which all conditions of `model.freeze` hold; none if it states none.
fn frozen(job: &Job, grid: &RegularGrid, judged: &[f64]) -> Result<Vec<bool>, RunError> {
    let conditions = &job.model.frozen;
    let mask = match &conditions.mask {
        None => None,
        Some(path) => {
            let array = npy::read_shaped(path, grid.shape());
            let array = array.map_err(|e| RunError::new(e.to_string()))?;
            Some(array.values.into_f64())
        }
    };
    let any = conditions.below_velocity.is_some() || conditions.depth.is_some() || mask.is_some();
    let depths = grid.shape()[grid.shape().len() - 1];
    let axis = grid.shape().len() - 1;
    let holds = |(i, v): (usize, &f64)| {
        any && conditions.below_velocity.is_none_or(|limit| *v < limit.0)
            && conditions.depth.is_none_or(|d| grid.coordinate_m(axis, i % depths) < d.0)
            && mask.as_ref().is_none_or(|m| m[i] != 0.0)
    };
    Ok(judged.iter().enumerate().map(holds).collect())
}

/// Where the recordings come from.
fn data(job: &Job, experiment: &Experiment) -> Result<DataSource, RunError> {
    match &job.data {
        Data::SameGrid => Ok(DataSource::SameGrid),
        Data::Synthetic { refine, space_order } => Ok(DataSource::Finer {
            refine: *refine,
            space_order: usize::from(*space_order),
            model: finer_model(job, &experiment.grid)?,
        }),
        Data::Files(paths) => Ok(DataSource::Measured(Arc::new(records(paths, experiment)?))),
    }
}

/// The basin itself on a finer grid; a model file by interpolation of its slowness.
fn finer_model(job: &Job, coarse: &RegularGrid) -> Result<FinerModel, RunError> {
    match &job.model.truth {
        Truth::Basin { seed } => {
            let basin = basin(job, *seed);
            Ok(FinerModel(Arc::new(move |grid| basin.sample(grid, BASIN_SAMPLES))))
        }
        Truth::File(file) => {
            let slowness: Vec<f64> =
                model_file(file, coarse.shape())?.iter().map(|v| 1.0 / v).collect();
            let coarse = coarse.clone();
            Ok(FinerModel(Arc::new(move |grid| {
                let fine = Resample::linear(&coarse, grid).apply(&slowness);
                fine.iter().map(|s| 1.0 / s).collect()
            })))
        }
        Truth::Unknown => Err(RunError::new("synthetic data need the true model")
            .help("set model.vp_true, or data.files to measured records")),
    }
}

/// Measured records, (receiver, time) per shot or (shot, receiver, time) in one file, as
/// (time, receiver).
fn records(paths: &[std::path::PathBuf], experiment: &Experiment) -> Result<Vec<Record>, RunError> {
    let steps = experiment.steps;
    let mut all = Vec::new();
    for path in paths {
        let (shape, values) = read(path)?;
        let receivers = shape.get(shape.len().wrapping_sub(2)).copied().unwrap_or(0);
        let matches_axis = shape.last() == Some(&steps) && receivers > 0;
        if !matches_axis || !(2..=3).contains(&shape.len()) {
            let message = format!(
                "{}: shape {shape:?}; allowed are (receivers, {steps}) per shot or (shots, \
                 receivers, {steps})",
                path.display()
            );
            return Err(
                RunError::new(message).help("sample the records at time.dt, and check time.steps")
            );
        }
        for shot in values.chunks_exact(receivers * steps) {
            let mut record = vec![0.0f32; shot.len()];
            for r in 0..receivers {
                for n in 0..steps {
                    record[n * receivers + r] = shot[r * steps + n] as f32;
                }
            }
            all.push(record);
        }
    }
    let shots = experiment.survey.shots.len();
    if all.len() == shots {
        return Ok(all);
    }
    Err(RunError::new(format!("{} shot records for {shots} sources", all.len()))
        .help("give one record per source of [survey.sources], in that order"))
}
