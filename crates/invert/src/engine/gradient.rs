//! Misfit and gradient of a survey: each shot by a simulation, their sum in the order of the shots.

use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::time::Instant;

use retrograd::checkpoint::{Plan, SweepLog};
use retrograd::{Error, Progress, Residual, Simulation, resumable_executor};

use super::identity;
use super::in_order::InOrder;
use super::keep::{Kept, Ongoing, SWEEP, Sums};
use super::{Engine, Experiment, Record, Worker, place};
use crate::survey::Shot;

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

impl Engine {
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
        self.evaluate_kept(vp, wavelet, (observed, plan), None, shot_done)
    }

    /// As [`evaluate`](Self::evaluate), such that another process can take up what this one has
    /// done: finished shots, and reverse sweeps where the plan has files. What is found is taken up;
    /// no bit depends on it.
    ///
    /// # Errors
    /// As [`evaluate`](Self::evaluate).
    ///
    /// # Panics
    /// As [`evaluate`](Self::evaluate).
    pub fn evaluate_kept(
        &mut self,
        vp: &[f64],
        wavelet: &[f64],
        (observed, plan): (&[Record], &Plan),
        kept: Option<Kept<'_>>,
        shot_done: &(dyn Fn() + Sync),
    ) -> Result<SurveyGradient, Error> {
        let Experiment { survey, steps, .. } = &self.experiment;
        let shots = survey.shots.len();
        assert_eq!(observed.len(), shots, "there should be one record per shot");
        for (record, shot) in observed.iter().zip(&survey.shots) {
            let samples = steps * shot.receivers.len();
            assert_eq!(record.len(), samples, "a record should have all samples of its shot");
        }
        self.set_model(vp)?;
        self.tune(plan.concurrency as usize)?;
        let ongoing = kept.map(|kept| Ongoing::new(self, kept, (vp, wavelet), observed, plan));
        let ongoing = ongoing.as_ref();
        let mut sums = Sums::zeros(self.padded.points());
        let finished = ongoing.map_or(0, |ongoing| ongoing.take_up(&mut sums, shots));
        (0..finished).for_each(|_| shot_done());
        let sum = InOrder::new(sums);
        let left: Vec<usize> = (finished..shots).collect();
        let outcome =
            self.for_each_shot(&left, plan.concurrency as usize, |worker, place, shot| {
                let (turn, number, begun) = (sum.turn(place), left[place], Instant::now());
                let observed = &observed[number];
                let shot_gradient = match ongoing.filter(|ongoing| ongoing.sweeps) {
                    Some(ongoing) => self.kept_gradient(
                        worker,
                        (number, shot),
                        wavelet,
                        (observed, plan),
                        ongoing,
                    ),
                    None => self.shot_gradient(worker, shot, wavelet, observed, plan),
                };
                let shot_time = begun.elapsed();
                let simulation = &worker.simulation;
                let result = turn.take(|sums| {
                    sums.misfit += shot_gradient?;
                    simulation.add_gradient_to(&self.acoustic.m, 1.0, &mut sums.gradient)?;
                    simulation.add_illumination_to(&mut sums.illumination);
                    if let Some(ongoing) = ongoing.filter(|_| number + 1 < shots) {
                        ongoing.save(sums, number + 1, shot_time);
                    }
                    Ok(())
                });
                if let Some(ongoing) = ongoing.filter(|ongoing| ongoing.sweeps && result.is_ok()) {
                    ongoing.forget_shot(number);
                }
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
        self.prepare(simulation, shot, wavelet)?;
        let kept = worker.executor.take().filter(|(tiers, _)| *tiers == plan.tiers);
        let (tiers, mut executor) = if let Some(kept) = kept {
            kept
        } else {
            let executor = self.storage.executor(&plan.tiers, simulation, threads(simulation))?;
            (plan.tiers.clone(), executor)
        };
        let misfit = self.misfit(observed);
        let found = simulation.evaluate_in(&mut executor, plan.actions(), misfit, go_on)?;
        worker.executor = Some((tiers, executor));
        Ok(found.misfit)
    }

    /// As [`shot_gradient`](Self::shot_gradient), from where an earlier process has left it.
    fn kept_gradient(
        &self,
        worker: &mut Worker,
        (number, shot): (usize, &Shot),
        wavelet: &[f64],
        (observed, plan): (&Record, &Plan),
        ongoing: &Ongoing<'_>,
    ) -> Result<f64, Error> {
        let simulation = &mut worker.simulation;
        self.prepare(simulation, shot, wavelet)?;
        // Its files are not those of this shot.
        worker.executor = None;
        let folder = ongoing.shot_folder(number);
        std::fs::create_dir_all(&folder).map_err(|e| {
            let what = "no folder for the snapshots of a shot";
            Error::Storage { what, source: format!("{}: {e}", folder.display()).into() }
        })?;
        let identity = identity::of_sweep(ongoing.common(), (number, shot), observed, plan);
        let mut log = SweepLog::new(&folder.join(SWEEP), identity, ongoing.every());
        if let Some(pending) = log.pending() {
            let steps = plan.steps;
            let text =
                format!("shot {number}: reverse sweep taken up at step {pending} of {steps}");
            ongoing.note(&text);
        }
        let (tiers, threads) = (&plan.tiers, threads(simulation));
        let mut executor = resumable_executor(tiers, simulation, threads, (&folder, identity))?;
        let (actions, misfit) = (plan.actions(), self.misfit(observed));
        let found =
            simulation.evaluate_resumable(&mut executor, actions, &mut log, misfit, go_on)?;
        if let Some(failure) = executor.failures().first() {
            ongoing.note(&format!("shot {number}: some steps were computed again: {failure}"));
        }
        Ok(found.misfit)
    }

    /// Places a shot in a simulation.
    pub(super) fn prepare(
        &self,
        simulation: &mut Simulation,
        shot: &Shot,
        wavelet: &[f64],
    ) -> Result<(), Error> {
        place(simulation, &self.acoustic, shot)?;
        simulation.set_series(&self.acoustic.source, &shot.source_samples(wavelet))
    }

    /// The misfit of one shot.
    fn misfit(&self, observed: &[f32]) -> impl FnMut(usize, Residual<'_>) -> f64 {
        let dt_s = self.experiment.dt_s;
        move |_, mut r| least_squares(&mut r, observed, dt_s)
    }
}

/// A sweep that nobody stops.
pub(super) fn go_on(_: &Progress) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

pub(super) fn threads(simulation: &Simulation) -> NonZeroUsize {
    NonZeroUsize::new(simulation.team_size()).unwrap_or(NonZeroUsize::MIN)
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
