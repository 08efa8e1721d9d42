//! The inversion itself.

use std::path::Path;
use std::time::Instant;

use serde::{Deserialize, Serialize};

use super::InversionError;
use super::config::{InversionSetup, Precondition, Stage};
use super::data::{self, observed};
use super::kept_plan;
use super::memory::{self, MemoryPlan, peak_rss_bytes};
use super::objective::{Evaluated, Objective};
use super::state::{State, read_exact, write_exact};
use crate::engine::{Engine, Keep, Kept, Purpose, Record, SurveyGradient, is_lossy};
use crate::model_error::ModelError;
use crate::npy;
use crate::optimise::{Ask, Event, Lbfgs, LbfgsOptions, StopReason};

/// One accepted iteration of a stage; iteration 0 is its start.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct IterationRow {
    /// Stage, from 1.
    pub stage: usize,
    /// Iteration within the stage.
    pub iteration: usize,
    /// Misfit, in Pa^2 s.
    pub misfit: f64,
    /// Misfit relative to the start of the stage.
    pub misfit_ratio: f64,
    /// Relative model error outside frozen cells, if the truth is known.
    pub model_error: Option<f64>,
    /// Largest change of velocity, in m/s.
    pub step_m_s: f64,
    /// Evaluations of this stage so far.
    pub evaluations: usize,
    /// Seconds since the last iteration.
    pub seconds: f64,
    /// Most memory of the process so far, in bytes.
    pub peak_rss_bytes: u64,
}

/// How a stage went.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct StageSummary {
    /// Its frequency, in Hz.
    pub frequency_hz: f64,
    /// Iterations done.
    pub iterations: usize,
    /// Evaluations of misfit and gradient.
    pub evaluations: usize,
    /// Misfit at the end relative to its start.
    pub misfit_ratio: f64,
    /// The rule that ended it.
    pub stopped_by: String,
}

/// What an inversion found.
#[derive(Clone, PartialEq, Debug)]
pub struct Outcome {
    /// The model, in m/s.
    pub model: Vec<f64>,
    /// All accepted iterations.
    pub rows: Vec<IterationRow>,
    /// All stages.
    pub stages: Vec<StageSummary>,
    /// Evaluations in all.
    pub evaluations: usize,
    /// Seconds, earlier sessions included.
    pub seconds: f64,
}

/// Sees how a run goes. Methods may be called from any thread.
pub trait Watch: Sync {
    /// A piece of work with so many shots begins.
    fn begin(&self, what: &str, shots: usize);
    /// One shot of it is done.
    fn shot_done(&self);
    /// The piece of work is done.
    fn end(&self);
    /// Something worth a line.
    fn note(&self, text: &str);
    /// An iteration has been accepted.
    fn iteration(&self, row: &IterationRow);
}

/// Watches in silence.
#[derive(Clone, Copy, Debug, Default)]
pub struct Quiet;

impl Watch for Quiet {
    fn begin(&self, _what: &str, _shots: usize) {}
    fn shot_done(&self) {}
    fn end(&self) {}
    fn note(&self, _text: &str) {}
    fn iteration(&self, _row: &IterationRow) {}
}

/// An inversion ready to run.
#[derive(Debug)]
pub struct Inversion {
    setup: InversionSetup,
    engine: Engine,
    memory: MemoryPlan,
    /// Where the evaluations of a run are kept half done.
    keep: Option<Keep>,
    /// Number of the next evaluation within its run.
    evaluation: u64,
}

/// Names of files in a run folder.
const BASE_FILE: &str = "stage-base.f64";

impl Inversion {
    /// Compiles kernels and plans memory.
    ///
    /// # Errors
    /// No compiler; a budget that is too small (the message states the minimum); data that do not
    /// go with the survey or the source.
    pub fn new(setup: InversionSetup) -> Result<Self, InversionError> {
        data::check(&setup)?;
        let (experiment, resources) = (setup.experiment.clone(), &setup.resources);
        let mut engine = Engine::new(experiment, resources, Purpose::Gradients)?;
        let memory = memory::plan(&setup, &mut engine)?;
        Ok(Self { setup, engine, memory, keep: None, evaluation: 0 })
    }

    /// What it will hold.
    pub fn memory(&self) -> &MemoryPlan {
        &self.memory
    }

    /// The relative error that encoded snapshots cause in the gradient at the start model, measured on
    /// the first shot; nothing if the plan encodes nothing with loss.
    ///
    /// # Errors
    /// As [`Inversion::evaluate`].
    pub fn encoding_error(&mut self) -> Result<Option<f64>, InversionError> {
        /// More than these save little of the time of a reference.
        const EXACT_SNAPSHOTS: u64 = 20;
        if !is_lossy(&self.memory.plan.tiers) {
            return Ok(None);
        }
        let wavelet = self.setup.emitted(0);
        let snapshots = self.memory.whole_snapshots().min(EXACT_SNAPSHOTS);
        let (plan, start) = (&self.memory.plan, &self.setup.start);
        Ok(Some(self.engine.encoding_error(plan, snapshots, start, &wavelet)?))
    }

    /// The engine, for modelling and single gradients.
    pub fn engine_mut(&mut self) -> &mut Engine {
        &mut self.engine
    }

    /// What it is made of.
    pub fn setup(&self) -> &InversionSetup {
        &self.setup
    }

    /// Grid-point updates of one misfit and gradient: forward runs, recomputation included, and
    /// the adjoint run.
    pub fn updates_per_evaluation(&self) -> f64 {
        let sweeps = 1.0 + self.memory.plan.recompute_factor;
        self.setup.experiment.updates_per_run() * sweeps
    }

    /// Recordings of a stage (from 0).
    ///
    /// # Errors
    /// As modelling; measured data of another shape.
    pub fn observed(
        &mut self,
        stage: usize,
        watch: &dyn Watch,
    ) -> Result<Vec<Record>, InversionError> {
        let all: Vec<usize> = (0..self.setup.experiment.survey.shots.len()).collect();
        self.observed_shots(stage, &all, watch)
    }

    /// Recordings of some shots, by number from 0, in a stage (from 0), in the order of the list.
    ///
    /// # Errors
    /// As modelling; measured data of another shape.
    ///
    /// # Panics
    /// If there is no such stage or shot.
    pub fn observed_shots(
        &mut self,
        stage: usize,
        shots: &[usize],
        watch: &dyn Watch,
    ) -> Result<Vec<Record>, InversionError> {
        let (setup, machine) = (&self.setup, (&mut self.engine, &self.memory));
        let records = observed(setup, machine, &setup.stages[stage], shots, watch)?;
        watch.end();
        Ok(records)
    }

    /// Records of some shots, by number from 0, in a velocity model with the source of a stage
    /// (from 0), in the order of the list.
    ///
    /// # Errors
    /// As [`Engine::simulate`].
    ///
    /// # Panics
    /// If there is no such stage or shot.
    pub fn synthetic_shots(
        &mut self,
        stage: usize,
        shots: &[usize],
        vp: &[f64],
        watch: &dyn Watch,
    ) -> Result<Vec<Record>, InversionError> {
        let wavelet = self.wavelet(stage)?;
        let concurrency = self.memory.plan.concurrency as usize;
        watch.begin("modelling", shots.len());
        let done = || watch.shot_done();
        let records = self.engine.simulate_shots(shots, vp, &wavelet, concurrency, &done)?;
        watch.end();
        Ok(records)
    }

    /// See [`InversionSetup::wavelet`].
    ///
    /// # Errors
    /// A corner that the time axis does not resolve.
    pub fn wavelet(&self, stage: usize) -> Result<Vec<f64>, InversionError> {
        self.setup.wavelet(stage)
    }

    /// Misfit and gradient of a velocity model.
    ///
    /// # Errors
    /// As [`Engine::evaluate`].
    pub fn evaluate(
        &mut self,
        vp: &[f64],
        wavelet: &[f64],
        observed: &[Record],
        watch: &dyn Watch,
    ) -> Result<SurveyGradient, InversionError> {
        let shots = self.setup.experiment.survey.shots.len();
        watch.begin("misfit and gradient", shots);
        let done = || watch.shot_done();
        let (evaluation, note) = (self.evaluation, |text: &str| watch.note(text));
        let kept = self.keep.as_ref().map(|keep| Kept { keep, evaluation, note: &note });
        let data = (observed, &self.memory.plan);
        let result = self.engine.evaluate_kept(vp, wavelet, data, kept, &done)?;
        watch.end();
        Ok(result)
    }

    /// Runs all stages from the start model.
    ///
    /// # Errors
    /// Modelling, files.
    pub fn run(&mut self, watch: &dyn Watch) -> Result<Outcome, InversionError> {
        let folder = self.setup.folder.clone();
        write_exact(&folder.join(base_name(0)), &self.setup.start)?;
        let mut state = State::new(&self.setup.fingerprint, &base_name(0));
        state.save(&folder, None)?;
        self.go_on(state, watch)
    }

    /// Continues a run that was interrupted, to the same bits.
    ///
    /// # Errors
    /// No such run, or one of another job; modelling, files.
    pub fn resume(&mut self, watch: &dyn Watch) -> Result<Outcome, InversionError> {
        let state = State::load(&self.setup.folder, &self.setup.fingerprint)?;
        watch.note(&format!(
            "resuming in stage {} after {} evaluations",
            (state.stage + 1).min(self.setup.stages.len()),
            state.evaluations
        ));
        self.go_on(state, watch)
    }

    fn go_on(&mut self, state: State, watch: &dyn Watch) -> Result<Outcome, InversionError> {
        if let (Some(disk), Some(run)) = (&self.setup.memory.disk, &state.run) {
            self.keep = kept_plan::open(&mut self.memory, (disk, run), watch)?;
        }
        let outcome = self.go_through(state, watch);
        // After an error what is half done stays.
        if let Some(keep) = self.keep.take().filter(|_| outcome.is_ok()) {
            keep.remove();
        }
        outcome
    }

    fn go_through(
        &mut self,
        mut state: State,
        watch: &dyn Watch,
    ) -> Result<Outcome, InversionError> {
        let folder = self.setup.folder.clone();
        let cells = self.setup.start.len();
        let mut base = read_exact(&folder.join(&state.base_file), cells)?;
        let before = state.seconds;
        let begun = Instant::now();
        while state.stage < self.setup.stages.len() {
            base = self.run_stage(&mut state, &base, (before, begun), watch)?;
            state.stage += 1;
            state.base_file = base_name(state.stage);
            write_exact(&folder.join(&state.base_file), &base)?;
            // Before the state says that the stage is over: a kill in between writes it again.
            let name = format!("vp_stage_{}.npy", state.stage);
            self.write_model(&folder.join(name), &base)?;
            state.seconds = before + begun.elapsed().as_secs_f64();
            state.save(&folder, None)?;
        }
        self.write_model(&folder.join("vp.npy"), &base)?;
        Ok(Outcome {
            model: base,
            rows: state.rows,
            stages: state.stages,
            evaluations: state.evaluations,
            seconds: before + begun.elapsed().as_secs_f64(),
        })
    }

    fn run_stage(
        &mut self,
        state: &mut State,
        base: &[f64],
        (before, begun): (f64, Instant),
        watch: &dyn Watch,
    ) -> Result<Vec<f64>, InversionError> {
        let number = state.stage;
        let stage = self.setup.stages[number];
        let folder = self.setup.folder.clone();
        let objective = Objective::of_stage(self, number, base, watch)?;
        let mut optimiser = match &state.optimiser_file {
            Some(name) => Lbfgs::load(&folder.join(name))?,
            None => Lbfgs::new(objective.unknowns(), self.options(&stage))?,
        };
        let mut last = Instant::now();
        while let Ask::Evaluate(x) = optimiser.ask() {
            if self.low_enough(&optimiser).is_some() {
                break;
            }
            self.evaluation = state.evaluations as u64;
            let Evaluated { found, gradient } = objective.evaluate(self, x, watch)?;
            if state.evaluations == 0 {
                self.write_gradient(&folder, &found)?;
            }
            let scale = self.preconditioner(&found);
            let event = optimiser.tell(found.misfit, &gradient, scale.as_deref())?;
            state.evaluations += 1;
            if let Event::Started { .. } | Event::Accepted(_) = event {
                let model = objective.velocities(optimiser.point());
                let row =
                    self.row(number, &event, &optimiser, &model, last.elapsed().as_secs_f64());
                last = Instant::now();
                state.rows.push(row);
                watch.iteration(&row);
                self.write_model(&folder.join("vp.npy"), &model)?;
            }
            state.seconds = before + begun.elapsed().as_secs_f64();
            state.save(&folder, Some(&optimiser))?;
        }
        let model = objective.velocities(optimiser.point());
        let low = self.low_enough(&optimiser);
        state.stages.push(summary(&stage, &optimiser, low));
        Ok(model)
    }

    fn options(&self, stage: &Stage) -> LbfgsOptions {
        let settings = &self.setup.optimiser;
        let mut options = LbfgsOptions::new(settings.first_step_m_s);
        options.memory = settings.memory;
        options.max_iterations = stage.iterations;
        options.max_evaluations = stage.evaluations;
        options.gradient_tolerance = settings.gradient_below.unwrap_or(0.0);
        options.relative_decrease_tolerance = settings.decrease_below.unwrap_or(0.0);
        options.decrease_window = settings.over.max(1);
        options.noise = match self.setup.experiment.dtype {
            retrograd::DType::F32 => 1e-7,
            retrograd::DType::F64 => 1e-15,
        };
        options
    }

    /// The rule `misfit_below`, in words, if it holds: relative to the start of the stage.
    fn low_enough(&self, optimiser: &Lbfgs) -> Option<String> {
        let limit = self.setup.optimiser.misfit_below?;
        let ratio = optimiser.value() / optimiser.history().first()?.value;
        (ratio <= limit).then(|| format!("misfit: J/J0 = {ratio:.3e} <= {limit:.3e}"))
    }

    /// Inverse of the illumination, water-levelled so that what no wave has seen does not
    /// explode; scaled to a mean of one.
    pub(super) fn preconditioner(&self, found: &SurveyGradient) -> Option<Vec<f64>> {
        /// Share of the mean illumination that is added everywhere.
        const WATER_LEVEL: f64 = 0.05;
        if self.setup.optimiser.precondition == Precondition::None {
            return None;
        }
        let free = |i: &usize| !self.setup.frozen[*i];
        let count = (0..found.illumination.len()).filter(free).count().max(1) as f64;
        let sum: f64 =
            (0..found.illumination.len()).filter(free).map(|i| found.illumination[i]).sum();
        let level = WATER_LEVEL * sum / count;
        if !(level > 0.0 && level.is_finite()) {
            return None;
        }
        Some(found.illumination.iter().map(|q| sum / count / (q + level)).collect())
    }

    fn row(
        &self,
        stage: usize,
        event: &Event,
        optimiser: &Lbfgs,
        model: &[f64],
        seconds: f64,
    ) -> IterationRow {
        let history = optimiser.history();
        let first = history.first().map_or(optimiser.value(), |i| i.value);
        let (iteration, step) = match event {
            Event::Accepted(iteration) => (iteration.number, iteration.largest_change),
            Event::Started { .. } | Event::Rejected { .. } => (0, 0.0),
        };
        IterationRow {
            stage: stage + 1,
            iteration,
            misfit: optimiser.value(),
            misfit_ratio: ratio(optimiser.value(), first),
            model_error: self.model_error(model),
            step_m_s: step,
            evaluations: optimiser.evaluations(),
            seconds,
            peak_rss_bytes: peak_rss_bytes(),
        }
    }

    /// Relative error of a model outside frozen cells, if the truth is known.
    pub fn model_error(&self, model: &[f64]) -> Option<f64> {
        let truth = self.setup.truth.as_deref()?;
        ModelError::between(model, truth, &self.setup.frozen).map(|e| e.relative_l2)
    }

    fn write_model(&self, path: &Path, model: &[f64]) -> Result<(), InversionError> {
        let values: Vec<f32> = model.iter().map(|v| *v as f32).collect();
        Ok(npy::write_f32(path, self.setup.experiment.grid.shape(), &values)?)
    }

    fn write_gradient(&self, folder: &Path, found: &SurveyGradient) -> Result<(), InversionError> {
        self.write_model(&folder.join("gradient.npy"), &found.gradient)?;
        self.write_model(&folder.join("illumination.npy"), &found.illumination)
    }
}

fn base_name(stage: usize) -> String {
    format!("{stage}-{BASE_FILE}")
}

/// A misfit relative to that at the start of its stage; a start that fits exactly leaves 1.
fn ratio(misfit: f64, first: f64) -> f64 {
    if first == 0.0 { 1.0 } else { misfit / first }
}

fn summary(stage: &Stage, optimiser: &Lbfgs, low: Option<String>) -> StageSummary {
    let history = optimiser.history();
    let first = history.first().map_or(optimiser.value(), |i| i.value);
    let stopped_by = low.unwrap_or_else(|| match optimiser.ask() {
        Ask::Finished(reason) => StopReason::to_string(reason),
        Ask::Evaluate(_) => "not finished".into(),
    });
    StageSummary {
        frequency_hz: stage.frequency_hz,
        iterations: history.last().map_or(0, |i| i.number),
        evaluations: optimiser.evaluations(),
        misfit_ratio: ratio(optimiser.value(), first),
        stopped_by,
    }
}
