//! Forward modelling, misfit and gradient of a whole survey.
//!
//! Shots run in parallel where memory and cores allow; each is one [`Simulation`] that shares the
//! coefficient functions of the others. Sums over shots are taken in the order of the shots, so
//! that results do not depend on how many run at a time.

mod experiment;
mod gradient;
mod identity;
mod in_order;
mod keep;
mod measure;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use retrograd::checkpoint::plan::TierPlan;
use retrograd::checkpoint::{Executor, Workload};
use retrograd::{Compiled, Error, Grid, Options, Simulation, State, Storage, Team};

pub use experiment::Experiment;
pub use gradient::SurveyGradient;
pub(crate) use identity::is_lossy;
pub use keep::{Keep, Kept};

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
    /// Whether the shape of blocks of time steps is found by timing, once per machine and problem
    /// ([`Simulation::tune`]).
    pub tune: bool,
}

/// Recorded samples of one shot: all receivers at step 0, then at step 1, and so on; in Pa.
pub type Record = Vec<f32>;

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
    options: Options,
    threads: usize,
    /// Whether blocks of time steps are still to be timed.
    tune: bool,
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
            options: resources.options.clone(),
            threads: resources.threads.max(1),
            tune: resources.tune,
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

    /// Bytes of the process with which the half-done reverse sweep of one shot is written or read:
    /// see [`Simulation::sweep_bytes`].
    ///
    /// # Errors
    /// Points outside the grid.
    pub fn sweep_bytes(&self) -> Result<u64, Error> {
        let mut trial = self.base.fork(Team::new(1))?;
        workload(&mut trial, &self.acoustic, &self.experiment.survey, 1)?;
        Ok(trial.sweep_bytes())
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
        self.tune(concurrency)?;
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

    /// Sets the squared slowness, extended into the layer, and what follows from it.
    fn set_model(&mut self, vp: &[f64]) -> Result<(), Error> {
        let m: Vec<f64> = vp.iter().map(|v| 1.0 / (v * v)).collect();
        self.base.set(&self.acoustic.m, &self.pad.apply(&m))?;
        self.base.set_up()
    }

    /// Finds how steps go over the grid together fastest, by the threads of one shot, unless that is
    /// known or not wanted.
    fn tune(&mut self, concurrency: usize) -> Result<(), Error> {
        let shots = &self.experiment.survey.shots;
        let Some(shot) = shots.first().filter(|_| self.tune) else { return Ok(()) };
        let team = self.threads / concurrency.clamp(1, shots.len());
        let mut worker = self.worker(team.max(1))?;
        place(&mut worker.simulation, &self.acoustic, shot)?;
        worker.simulation.tune(&self.options)?;
        self.base.set_blocks_of(&worker.simulation);
        self.spare().push(worker);
        self.tune = false;
        Ok(())
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

#[cfg(test)]
mod tests;
