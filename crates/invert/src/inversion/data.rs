//! Observed data and source samples of a stage.

use super::config::{DataSource, InversionSetup, SourceSignature, Stage};
use super::memory::MemoryPlan;
use super::{InversionError, Watch};
use crate::engine::{Engine, Experiment, Purpose, Record};
use crate::resample::{RegularGrid, Resample};
use crate::wavelet::{Band, Wavelet, ZeroPhase};

/// Order of the Butterworth gain of the low-pass of a stage.
const FILTER_ORDER: u32 = 4;

/// Source samples of a stage on a time axis.
pub(super) fn source_samples(
    signature: &SourceSignature,
    stage: &Stage,
    (steps, dt_s): (usize, f64),
) -> Result<Vec<f64>, InversionError> {
    match signature {
        SourceSignature::RickerOfStage { delay_s } => {
            let peak_hz = stage.frequency_hz;
            let delay_s = delay_s.unwrap_or(1.5 / peak_hz);
            Ok(Wavelet::Ricker { peak_hz, delay_s }.sampled_at(steps, dt_s))
        }
        SourceSignature::Fixed(wavelet) => {
            let mut samples = wavelet.sampled_at(steps, dt_s);
            low_pass(stage, steps, dt_s)?.apply(&mut samples);
            Ok(samples)
        }
    }
}

fn low_pass(stage: &Stage, steps: usize, dt_s: f64) -> Result<ZeroPhase, InversionError> {
    let band = Band::LowPass { corner_hz: stage.frequency_hz };
    Ok(ZeroPhase::new(band, FILTER_ORDER, steps, dt_s)?)
}

/// The recordings of some shots, by number, that a stage explains.
pub(super) fn observed(
    setup: &InversionSetup,
    (engine, memory): (&mut Engine, &MemoryPlan),
    stage: &Stage,
    shots: &[usize],
    watch: &dyn Watch,
) -> Result<Vec<Record>, InversionError> {
    let experiment = &setup.experiment;
    let axis = (experiment.steps, experiment.dt_s);
    let done = || watch.shot_done();
    match &setup.data {
        DataSource::SameGrid => {
            let truth = setup.truth.as_deref().unwrap_or(&setup.start);
            let wavelet = source_samples(&setup.signature, stage, axis)?;
            watch.begin("modelling data", shots.len());
            let concurrency = memory.plan.concurrency as usize;
            Ok(engine.simulate_shots(shots, truth, &wavelet, concurrency, &done)?)
        }
        DataSource::Finer { refine, space_order, model } => {
            let fine = refined(experiment, *refine, *space_order)?;
            let vp = (model.0)(&fine.grid);
            let wavelet = source_samples(&setup.signature, stage, (fine.steps, fine.dt_s))?;
            watch.begin("modelling data on the finer grid", shots.len());
            // Room for the finer grid: see `FinerPlan`.
            engine.release();
            let mut engine = Engine::new(fine, &setup.resources, Purpose::Modelling)?;
            let concurrency = memory.finer.map_or(1, |f| f.concurrency);
            Ok(engine.sampled_shots((shots, *refine), &vp, &wavelet, concurrency, &done)?)
        }
        DataSource::Measured(records) => filtered(setup, stage, shots, records),
    }
}

/// The experiment on a grid `refine` times finer, with as many steps per step.
pub(super) fn refined(
    experiment: &Experiment,
    refine: usize,
    space_order: usize,
) -> Result<Experiment, InversionError> {
    let grid = &experiment.grid;
    let shape: Vec<usize> = grid.shape().iter().map(|n| (n - 1) * refine + 1).collect();
    let spacing: Vec<f64> = grid.spacing_m().iter().map(|h| h / refine as f64).collect();
    let fine = RegularGrid::new(&shape, &spacing, grid.origin_m())
        .map_err(|e| retrograd::Error::Schedule(e.to_string()))?;
    let layer_velocity_m_s = Resample::linear(grid, &fine).apply(&experiment.layer_velocity_m_s);
    Ok(Experiment {
        grid: fine,
        layer_velocity_m_s,
        layer: experiment.layer.iter().map(|w| w.map(|n| n * refine)).collect(),
        space_order,
        steps: (experiment.steps - 1) * refine + 1,
        dt_s: experiment.dt_s / refine as f64,
        ..experiment.clone()
    })
}

/// Measured records under the low-pass of the stage.
fn filtered(
    setup: &InversionSetup,
    stage: &Stage,
    shots: &[usize],
    records: &[Record],
) -> Result<Vec<Record>, InversionError> {
    let experiment = &setup.experiment;
    let steps = experiment.steps;
    let filter = low_pass(stage, steps, experiment.dt_s)?;
    let mut result = Vec::with_capacity(shots.len());
    for &number in shots {
        // A shot without a record has no samples: refused below.
        let record = records.get(number).map_or(&[][..], Vec::as_slice);
        let receivers = experiment.survey.shots[number].receivers.len();
        if record.len() != steps * receivers {
            return Err(InversionError::Shape {
                what: format!("the record of shot {number}"),
                found: record.len(),
                expected: steps * receivers,
                help: "one sample per receiver and time step of the job".into(),
            });
        }
        let mut low = vec![0.0f32; record.len()];
        let mut trace = vec![0.0; steps];
        for r in 0..receivers {
            for (n, value) in trace.iter_mut().enumerate() {
                *value = f64::from(record[n * receivers + r]);
            }
            filter.apply(&mut trace);
            for (n, value) in trace.iter().enumerate() {
                low[n * receivers + r] = *value as f32;
            }
        }
        result.push(low);
    }
    Ok(result)
}
