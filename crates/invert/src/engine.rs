//! Forward modelling, misfit and gradient of a whole survey.
//!
//! Shots run in parallel where memory and cores allow; each is one [`Simulation`] that shares the
//! coefficient functions of the others. Sums over shots are taken in the order of the shots, so
//! that results do not depend on how many run at a time.

mod experiment;
mod in_order;

use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use retrograd::checkpoint::codec::Codec;
use retrograd::checkpoint::plan::{Means, TierPlan};
use retrograd::checkpoint::{Executor, Plan, Revolve, Workload};
use retrograd::{Compiled, Error, Grid, Options, Residual, Simulation, State, Storage, Team};

pub use experiment::Experiment;
use in_order::InOrder;

use crate::acoustic::Acoustic;
use crate::resample::Resample;
use crate::survey::{Point, Shot, Survey};

/// How the machine is used; changes no result.
#[derive(Clone, PartialEq, Debug)]
pub struct Resources {
    /// Kernels.
    pub options: Options,
    /// Worker threads in all.
    pub threads: usize,
}

/// Moments of a run at which a codec is tried.
const CODEC_SAMPLES: usize = 6;

/// Snapshots with which a gradient is computed to compare with.
const EXACT_SNAPSHOTS: u64 = 20;

/// Recorded samples of one shot: all receivers at step 0, then at step 1, and so on; in Pa.
pub type Record = Vec<f32>;

/// Misfit and gradient of a survey.
#[derive(Clone, PartialEq, Debug)]
pub struct SurveyGradient {
    /// `J = 1/2 sum over shots, receivers, steps of (synthetic - observed)^2 dt`, in Pa^2 s.
    pub misfit: f64,
    /// `dJ/dvp`, one value per node of the model, in Pa^2 s / (m/s).
    pub gradient: Vec<f64>,
    /// Sum over shots and steps of the squared derivative of the update by `vp`: the diagonal of
    /// the Gauss-Newton operator for receivers everywhere; one value per node of the model.
    pub illumination: Vec<f64>,
}

/// Whether an engine can reverse.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Purpose {
    /// Forward modelling only.
    Modelling,
    /// Gradients as well.
    Gradients,
}

/// Models the shots of an experiment.
#[derive(Debug)]
pub struct Engine {
    experiment: Experiment,
    threads: usize,
    acoustic: Acoustic,
    padded: Grid,
    pad: Resample,
    base: Simulation,
    /// Workers of earlier sweeps, kept for their buffers.
    spare: Mutex<Vec<Worker>>,
    /// Where the files of tiers are.
    storage: Storage,
}

/// A simulation with the tiers of its gradients.
#[derive(Debug)]
struct Worker {
    simulation: Simulation,
    /// Made when a gradient first needs it, for the tiers of its plan.
    executor: Option<(Vec<TierPlan>, Executor<State>)>,
}

/// Memory of modelling an experiment without gradients, for a plan; nothing of it is allocated.
/// Models and records are the caller's.
///
/// # Errors
/// As [`Engine::new`]; points outside the grid.
pub fn modelling_workload(
    experiment: &Experiment,
    resources: &Resources,
    concurrency: usize,
) -> Result<Workload, Error> {
    let Experiment { space_order, dtype, interpolation, .. } = *experiment;
    let padded = experiment.padded_grid()?;
    let acoustic = Acoustic::new(&padded, space_order, dtype, interpolation)?;
    let compiled = acoustic.operator.compile(&resources.options)?;
    let time = (experiment.steps, experiment.dt_s);
    let mut trial = compiled.simulation(&padded, &experiment.layer, time, Team::new(1))?;
    workload(&mut trial, &acoustic, &experiment.survey, concurrency)
}

/// What a simulation with the most receivers would hold.
fn workload(
    trial: &mut Simulation,
    acoustic: &Acoustic,
    survey: &Survey,
    concurrency: usize,
) -> Result<Workload, Error> {
    let shots = &survey.shots;
    if let Some(shot) = shots.iter().max_by_key(|s| s.receivers.len()) {
        place(trial, acoustic, shot)?;
    }
    let concurrency = concurrency.clamp(1, shots.len().max(1));
    Ok(trial.workload(shots.len() as u64, concurrency as u64))
}

fn place(simulation: &mut Simulation, acoustic: &Acoustic, shot: &Shot) -> Result<(), Error> {
    let dims = simulation.grid().shape().len();
    let positions =
        |points: &[Point]| -> Vec<Vec<f64>> { points.iter().map(|p| p.along_axes(dims)).collect() };
    simulation.place(&acoustic.source, &positions(&shot.source))?;
    simulation.place(&acoustic.receivers, &positions(&shot.receivers))
}

impl Engine {
    /// Compiles kernels and lays out the padded grid.
    ///
    /// # Errors
    /// No compiler; a space order out of range; no memory.
    pub fn new(
        experiment: Experiment,
        resources: &Resources,
        purpose: Purpose,
    ) -> Result<Self, Error> {
        let padded = experiment.padded_grid()?;
        let Experiment { space_order, dtype, interpolation, .. } = experiment;
        let acoustic = Acoustic::new(&padded, space_order, dtype, interpolation)?;
        let compiled: Compiled = match purpose {
            Purpose::Modelling => acoustic.operator.compile(&resources.options)?,
            Purpose::Gradients => {
                acoustic.operator.with_gradient(&[&acoustic.m], &resources.options)?
            }
        };
        let time = (experiment.steps, experiment.dt_s);
        let mut base = compiled.simulation(&padded, &experiment.layer, time, Team::new(1))?;
        let pad = experiment.padding();
        base.set(&acoustic.damp, &experiment.damping())?;
        Ok(Self {
            threads: resources.threads.max(1),
            acoustic,
            padded,
            pad,
            base,
            experiment,
            spare: Mutex::default(),
            storage: Storage::default(),
        })
    }

    /// What is fixed.
    pub fn experiment(&self) -> &Experiment {
        &self.experiment
    }

    /// The grid with the absorbing layer.
    pub fn padded(&self) -> &Grid {
        &self.padded
    }

    /// The equations.
    pub fn acoustic(&self) -> &Acoustic {
        &self.acoustic
    }

    /// Memory of gradients with up to `concurrency` shots at a time, for a plan. Observed data,
    /// models and optimiser are the caller's.
    ///
    /// # Errors
    /// Points outside the grid.
    pub fn workload(&self, concurrency: usize) -> Result<Workload, Error> {
        let mut trial = self.base.fork(Team::new(1))?;
        workload(&mut trial, &self.acoustic, &self.experiment.survey, concurrency)
    }

    /// Drops what simulations of earlier sweeps hold; later ones map their buffers anew.
    pub fn release(&mut self) {
        self.spare().clear();
    }

    /// Shots at a time if memory were no matter: one per thread.
    pub fn wanted_concurrency(&self) -> usize {
        self.threads.min(self.experiment.survey.shots.len()).max(1)
    }

    /// Records of all shots in a velocity model (m/s, one value per node of the model).
    ///
    /// `wavelet` has one sample per step; `shot_done` is called after every shot, from any thread.
    ///
    /// # Errors
    /// No memory; a wavefield that is not finite; points outside the grid.
    pub fn simulate(
        &mut self,
        vp: &[f64],
        wavelet: &[f64],
        concurrency: usize,
        shot_done: &(dyn Fn() + Sync),
    ) -> Result<Vec<Record>, Error> {
        self.simulate_shots(&self.all_shots(), vp, wavelet, concurrency, shot_done)
    }

    /// Records of some shots, by number from 0, in the order of the list; the same bits as
    /// [`simulate`](Self::simulate) gives for them.
    ///
    /// # Errors
    /// As [`simulate`](Self::simulate).
    ///
    /// # Panics
    /// If the survey has no shot of such a number.
    pub fn simulate_shots(
        &mut self,
        shots: &[usize],
        vp: &[f64],
        wavelet: &[f64],
        concurrency: usize,
        shot_done: &(dyn Fn() + Sync),
    ) -> Result<Vec<Record>, Error> {
        self.sampled_shots((shots, 1), vp, wavelet, concurrency, shot_done)
    }

    /// As [`simulate_shots`](Self::simulate_shots), of steps `0, every, 2 every, ...` only; the
    /// others are dropped shot by shot.
    pub(crate) fn sampled_shots(
        &mut self,
        (shots, every): (&[usize], usize),
        vp: &[f64],
        wavelet: &[f64],
        concurrency: usize,
        shot_done: &(dyn Fn() + Sync),
    ) -> Result<Vec<Record>, Error> {
        self.set_model(vp)?;
        let records: Vec<Mutex<Record>> = shots.iter().map(|_| Mutex::new(Vec::new())).collect();
        self.for_each_shot(shots, concurrency, |worker, at, shot| {
            let simulation = &mut worker.simulation;
            place(simulation, &self.acoustic, shot)?;
            simulation.set_series(&self.acoustic.source, &shot.source_samples(wavelet))?;
            simulation.run()?;
            let all: Record = simulation.series(&self.acoustic.receivers)?;
            let steps = all.chunks(shot.receivers.len().max(1)).step_by(every);
            let record = if every == 1 { all } else { steps.flatten().copied().collect() };
            *records[at].lock().unwrap_or_else(PoisonError::into_inner) = record;
            shot_done();
            Ok(())
        })?;
        let inner = |m: Mutex<Record>| m.into_inner().unwrap_or_else(PoisonError::into_inner);
        Ok(records.into_iter().map(inner).collect())
    }

    /// Misfit and gradient of all shots in a velocity model.
    ///
    /// # Errors
    /// As [`simulate`](Self::simulate); an engine made for modelling only.
    ///
    /// # Panics
    /// If `observed` has not one sample per shot, receiver and step.
    pub fn evaluate(
        &mut self,
        vp: &[f64],
        wavelet: &[f64],
        observed: &[Record],
        plan: &Plan,
        shot_done: &(dyn Fn() + Sync),
    ) -> Result<SurveyGradient, Error> {
        let Experiment { survey, steps, .. } = &self.experiment;
        assert_eq!(observed.len(), survey.shots.len(), "there should be one record per shot");
        for (record, shot) in observed.iter().zip(&survey.shots) {
            let samples = steps * shot.receivers.len();
            assert_eq!(record.len(), samples, "a record should have all samples of its shot");
        }
        self.set_model(vp)?;
        let points = self.padded.points();
        let sum = InOrder::new(Sums {
            misfit: 0.0,
            gradient: vec![0.0; points],
            illumination: vec![0.0; points],
        });
        let (all, concurrency) = (self.all_shots(), plan.concurrency as usize);
        let outcome = self.for_each_shot(&all, concurrency, |worker, number, shot| {
            let turn = sum.turn(number);
            let shot_gradient = self.shot_gradient(worker, shot, wavelet, &observed[number], plan);
            let simulation = &worker.simulation;
            let result = turn.take(|sums| {
                sums.misfit += shot_gradient?;
                simulation.add_gradient_to(&self.acoustic.m, 1.0, &mut sums.gradient)?;
                simulation.add_illumination_to(&mut sums.illumination);
                Ok(())
            });
            shot_done();
            result
        });
        outcome?;
        let sums = sum.into_inner();
        let folded = |values: &[f64]| self.pad.apply_transposed(values);
        // dm/dvp = -2 / vp^3
        let slope = |v: f64| -2.0 / (v * v * v);
        let gradient = folded(&sums.gradient).iter().zip(vp).map(|(g, &v)| g * slope(v)).collect();
        let illumination =
            folded(&sums.illumination).iter().zip(vp).map(|(q, &v)| q * slope(v).powi(2)).collect();
        Ok(SurveyGradient { misfit: sums.misfit, gradient, illumination })
    }

    fn shot_gradient(
        &self,
        worker: &mut Worker,
        shot: &Shot,
        wavelet: &[f64],
        observed: &Record,
        plan: &Plan,
    ) -> Result<f64, Error> {
        let simulation = &mut worker.simulation;
        place(simulation, &self.acoustic, shot)?;
        simulation.set_series(&self.acoustic.source, &shot.source_samples(wavelet))?;
        let dt_s = self.experiment.dt_s;
        let misfit = |_: usize, mut r: Residual<'_>| least_squares(&mut r, observed, dt_s);
        let watch = |_: &retrograd::Progress| ControlFlow::Continue(());
        let kept = worker.executor.take().filter(|(tiers, _)| *tiers == plan.tiers);
        let (tiers, mut executor) = if let Some(kept) = kept {
            kept
        } else {
            let threads = NonZeroUsize::new(simulation.team_size()).unwrap_or(NonZeroUsize::MIN);
            let executor = self.storage.executor(&plan.tiers, simulation, threads)?;
            (plan.tiers.clone(), executor)
        };
        let found = simulation.evaluate_in(&mut executor, plan.actions(), misfit, watch)?;
        worker.executor = Some((tiers, executor));
        Ok(found.misfit)
    }

    /// Times the steps of one of `concurrency` shots at a time and of one shot alone, and measures what codecs make of the
    /// first shot's data in a velocity model, at the moments when they make least of them. Runs the
    /// shot once for each codec.
    ///
    /// # Errors
    /// As [`simulate`](Self::simulate); an engine made for modelling only; a codec that is not
    /// possible.
    pub fn measure(
        &mut self,
        codecs: &[Codec],
        concurrency: usize,
        vp: &[f64],
        wavelet: &[f64],
    ) -> Result<Means, Error> {
        self.set_model(vp)?;
        let team = (self.threads / concurrency.max(1)).max(1);
        let mut trial = self.trial(team, wavelet)?;
        let threads = NonZeroUsize::new(team).unwrap_or(NonZeroUsize::MIN);
        let of = |codec| trial.measure_codec(codec, CODEC_SAMPLES, threads);
        let ram_codecs = codecs.iter().map(of).collect::<Result<_, _>>()?;
        let speeds = trial.measure_speeds()?;
        drop(trial);
        let mut means = Means { speeds, stores_adjoint: true, ram_codecs, ..Means::default() };
        if team < self.threads {
            let alone = self.trial(self.threads, wavelet)?.measure_speeds()?;
            let gain = (speeds.forward_seconds / alone.forward_seconds).ln();
            let threads = (self.threads as f64 / team as f64).ln();
            means.inner_efficiency = (gain / threads).clamp(0.0, 1.0);
        }
        Ok(means)
    }

    /// The relative error that the codecs of a plan cause in the gradient of the first shot, with the
    /// energy of its recordings for a misfit: against the gradient without loss.
    ///
    /// # Errors
    /// As [`evaluate`](Self::evaluate).
    pub fn encoding_error(
        &mut self,
        plan: &Plan,
        vp: &[f64],
        wavelet: &[f64],
    ) -> Result<f64, Error> {
        self.set_model(vp)?;
        let mut trial = self.trial(self.threads, wavelet)?;
        let energy = |_: usize, r: Residual<'_>| {
            r.cotangent.copy_from_slice(r.synthetic);
            0.5 * r.synthetic.iter().map(|d| d * d).sum::<f64>()
        };
        let watch = |_: &retrograd::Progress| ControlFlow::Continue(());
        let threads = NonZeroUsize::new(self.threads).unwrap_or(NonZeroUsize::MIN);
        let mut executor = self.storage.executor(&plan.tiers, &trial, threads)?;
        trial.evaluate_in(&mut executor, plan.actions(), energy, watch)?;
        drop(executor);
        let found = trial.gradient_of(&self.acoustic.m)?;
        let steps = self.experiment.steps as u64;
        let exact =
            Revolve::new(steps, EXACT_SNAPSHOTS).map_err(|e| Error::Schedule(e.to_string()))?;
        trial.evaluate(exact, EXACT_SNAPSHOTS, energy, watch)?;
        let exact = trial.gradient_of(&self.acoustic.m)?;
        let norm =
            |values: &mut dyn Iterator<Item = f64>| values.map(|v| v * v).sum::<f64>().sqrt();
        let difference = norm(&mut found.iter().zip(&exact).map(|(a, b)| a - b));
        Ok(difference / norm(&mut exact.iter().copied()).max(f64::MIN_POSITIVE))
    }

    /// A simulation of the first shot, ready to run.
    fn trial(&self, team: usize, wavelet: &[f64]) -> Result<Simulation, Error> {
        let mut trial = self.base.fork(Team::new(team))?;
        if let Some(shot) = self.experiment.survey.shots.first() {
            place(&mut trial, &self.acoustic, shot)?;
            trial.set_series(&self.acoustic.source, &shot.source_samples(wavelet))?;
        }
        Ok(trial)
    }

    /// Sets the squared slowness, extended into the layer, and what follows from it.
    fn set_model(&mut self, vp: &[f64]) -> Result<(), Error> {
        let m: Vec<f64> = vp.iter().map(|v| 1.0 / (v * v)).collect();
        self.base.set(&self.acoustic.m, &self.pad.apply(&m))?;
        self.base.set_up()
    }

    fn all_shots(&self) -> Vec<usize> {
        (0..self.experiment.survey.shots.len()).collect()
    }

    fn spare(&self) -> std::sync::MutexGuard<'_, Vec<Worker>> {
        self.spare.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A simulation with the coefficients of the current model, for a team of threads: one of an
    /// earlier sweep if there is one.
    fn worker(&self, team: usize) -> Result<Worker, Error> {
        let mut spare = self.spare();
        let Some(at) = spare.iter().position(|w| w.simulation.team_size() == team) else {
            drop(spare);
            let simulation = self.base.fork(Team::new(team))?;
            return Ok(Worker { simulation, executor: None });
        };
        let mut kept = spare.swap_remove(at);
        kept.simulation.adopt(&self.base);
        Ok(kept)
    }

    /// Runs `work` for every shot of a list with its place in it, `concurrency` at a time, shots
    /// begun in their order. The first error ends the others after their current shot.
    fn for_each_shot(
        &self,
        shots: &[usize],
        concurrency: usize,
        work: impl Fn(&mut Worker, usize, &Shot) -> Result<(), Error> + Sync,
    ) -> Result<(), Error> {
        let survey = &self.experiment.survey;
        let workers = concurrency.clamp(1, shots.len().max(1));
        // Threads that are left over help the first workers.
        let team = |number| self.threads / workers + usize::from(number < self.threads % workers);
        let teams: Vec<usize> = (0..workers).map(team).collect();
        // What no worker can use would stay mapped, beyond what was planned.
        self.spare().retain(|w| teams.contains(&w.simulation.team_size()));
        let next = AtomicUsize::new(0);
        let failed = AtomicBool::new(false);
        let results: Vec<Result<(), Error>> = std::thread::scope(|scope| {
            let spawn = |number: usize| {
                let team = teams[number];
                let (next, failed, work) = (&next, &failed, &work);
                scope.spawn(move || {
                    let mut worker = self.worker(team)?;
                    loop {
                        if failed.load(Ordering::Relaxed) {
                            return Ok(());
                        }
                        // A shot that has been taken is always worked on: later ones may be
                        // waiting for their turn behind it.
                        let place = next.fetch_add(1, Ordering::Relaxed);
                        let Some(&number) = shots.get(place) else {
                            self.spare().push(worker);
                            return Ok(());
                        };
                        if let Err(error) = work(&mut worker, place, &survey.shots[number]) {
                            failed.store(true, Ordering::Relaxed);
                            return Err(error);
                        }
                    }
                })
            };
            let handles: Vec<_> = (0..workers).map(spawn).collect();
            handles
                .into_iter()
                .map(|h| h.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
                .collect()
        });
        results.into_iter().collect()
    }
}

/// `1/2 sum (d - d_obs)^2 dt` and its derivative by each sample.
fn least_squares(r: &mut Residual<'_>, observed: &[f32], dt_s: f64) -> f64 {
    let mut sum = 0.0;
    for ((cotangent, synthetic), observed) in r.cotangent.iter_mut().zip(r.synthetic).zip(observed)
    {
        let residual = synthetic - f64::from(*observed);
        *cotangent = residual * dt_s;
        sum += residual * residual;
    }
    0.5 * sum * dt_s
}

struct Sums {
    misfit: f64,
    gradient: Vec<f64>,
    illumination: Vec<f64>,
}

#[cfg(test)]
mod tests;
