//! Observed data and source samples of a stage.

use super::config::{DataSource, InversionSetup, SourceSignature, Stage};
use super::memory::MemoryPlan;
use super::{InversionError, Watch};
use crate::engine::{Engine, Experiment, Purpose, Record};
use crate::resample::{RegularGrid, Resample};
use crate::wavelet::{LowPass, Wavelet};

impl InversionSetup {
    /// What the sources emit, on the run's time axis: the samples of a fixed wavelet before any
    /// stage filters them, or those of the Ricker wavelet of a stage (from 0). Records made with it
    /// are what [`DataSource::Measured`] takes.
    ///
    /// # Panics
    /// If there is no such stage.
    pub fn emitted(&self, stage: usize) -> Vec<f64> {
        let axis = (self.experiment.steps, self.experiment.dt_s);
        emitted_samples(&self.signature, &self.stages[stage], axis)
    }

    /// Source samples of a stage (from 0), under its low-pass if the wavelet is fixed.
    ///
    /// # Errors
    /// A corner that the time axis does not resolve.
    ///
    /// # Panics
    /// If there is no such stage.
    pub fn wavelet(&self, stage: usize) -> Result<Vec<f64>, InversionError> {
        let mut samples = self.emitted(stage);
        if let SourceSignature::Fixed(_) = self.signature {
            let corner_hz = self.stages[stage].frequency_hz;
            LowPass::new(corner_hz, self.experiment.dt_s)?.apply(&mut samples);
        }
        Ok(samples)
    }
}

/// What the sources emit before a stage filters anything, on any time axis.
fn emitted_samples(
    signature: &SourceSignature,
    stage: &Stage,
    (steps, dt_s): (usize, f64),
) -> Vec<f64> {
    match signature {
        SourceSignature::RickerOfStage { delay_s } => {
            let peak_hz = stage.frequency_hz;
            let delay_s = delay_s.unwrap_or(1.5 / peak_hz);
            Wavelet::Ricker { peak_hz, delay_s }.sampled_at(steps, dt_s)
        }
        SourceSignature::Fixed(wavelet) => wavelet.sampled_at(steps, dt_s),
    }
}

/// Whether data and source of an inversion go together.
pub(super) fn check(setup: &InversionSetup) -> Result<(), InversionError> {
    if let SourceSignature::Fixed(_) = setup.signature {
        for stage in &setup.stages {
            LowPass::new(stage.frequency_hz, setup.experiment.dt_s)?;
        }
    }
    match &setup.data {
        DataSource::SameGrid if setup.truth.is_none() => Err(InversionError::NoTruth),
        DataSource::SameGrid | DataSource::Finer { .. } => Ok(()),
        DataSource::Measured(records) => {
            if let SourceSignature::RickerOfStage { .. } = setup.signature {
                return Err(InversionError::NoWavelet);
            }
            check_records(&setup.experiment, records)
        }
    }
}

/// Whether there is one record of all samples per shot.
fn check_records(experiment: &Experiment, records: &[Record]) -> Result<(), InversionError> {
    let shots = &experiment.survey.shots;
    let wrong = |what: String, found: usize, expected: usize, help: &str| {
        Err(InversionError::Shape { what, found, expected, help: help.into() })
    };
    if records.len() != shots.len() {
        let help = "one record per shot, in the order of the shots";
        return wrong("the list of records".into(), records.len(), shots.len(), help);
    }
    for (number, (record, shot)) in records.iter().zip(shots).enumerate() {
        let samples = experiment.steps * shot.receivers.len();
        if record.len() != samples {
            let help = "one sample per receiver and time step of the run";
            return wrong(format!("the record of shot {number}"), record.len(), samples, help);
        }
    }
    Ok(())
}

/// The recordings of some shots, by number, that a stage explains.
///
/// With a fixed wavelet synthetic data are recorded as real ones are, with all that the sources
/// emit, and filtered for the stage like real ones.
pub(super) fn observed(
    setup: &InversionSetup,
    machine: (&mut Engine, &MemoryPlan),
    stage: &Stage,
    shots: &[usize],
    watch: &dyn Watch,
) -> Result<Vec<Record>, InversionError> {
    check(setup)?;
    let mut records = recorded(setup, machine, stage, shots, watch)?;
    if let SourceSignature::Fixed(_) = setup.signature {
        let Experiment { survey, dt_s, .. } = &setup.experiment;
        let filter = LowPass::new(stage.frequency_hz, *dt_s)?;
        for (record, &number) in records.iter_mut().zip(shots) {
            filter_traces(&filter, record, survey.shots[number].receivers.len());
        }
    }
    Ok(records)
}

/// The recordings of some shots before any filter.
fn recorded(
    setup: &InversionSetup,
    (engine, memory): (&mut Engine, &MemoryPlan),
    stage: &Stage,
    shots: &[usize],
    watch: &dyn Watch,
) -> Result<Vec<Record>, InversionError> {
    let experiment = &setup.experiment;
    let emitted = |e: &Experiment| emitted_samples(&setup.signature, stage, (e.steps, e.dt_s));
    let done = || watch.shot_done();
    match &setup.data {
        DataSource::SameGrid => {
            let truth = setup.truth.as_deref().ok_or(InversionError::NoTruth)?;
            watch.begin("modelling data", shots.len());
            let (wavelet, concurrency) = (emitted(experiment), memory.plan.concurrency as usize);
            Ok(engine.simulate_shots(shots, truth, &wavelet, concurrency, &done)?)
        }
        DataSource::Finer { refine, space_order, model } => {
            let fine = refined(experiment, *refine, *space_order)?;
            let (vp, wavelet) = ((model.0)(&fine.grid), emitted(&fine));
            watch.begin("modelling data on the finer grid", shots.len());
            // Room for the finer grid: see `FinerPlan`.
            engine.release();
            let mut engine = Engine::new(fine, &setup.resources, Purpose::Modelling)?;
            let concurrency = memory.finer.map_or(1, |f| f.concurrency);
            Ok(engine.sampled_shots((shots, *refine), &vp, &wavelet, concurrency, &done)?)
        }
        DataSource::Measured(records) => Ok(shots.iter().map(|n| records[*n].clone()).collect()),
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

/// Filters every trace of a record.
fn filter_traces(filter: &LowPass, record: &mut [f32], receivers: usize) {
    let mut trace = vec![0.0; record.len() / receivers.max(1)];
    for r in 0..receivers {
        for (value, sample) in trace.iter_mut().zip(record.iter().skip(r).step_by(receivers)) {
            *value = f64::from(*sample);
        }
        filter.apply(&mut trace);
        for (value, sample) in trace.iter().zip(record.iter_mut().skip(r).step_by(receivers)) {
            *sample = *value as f32;
        }
    }
}
