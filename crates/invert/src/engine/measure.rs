//! What a plan has to know of the first shot: how fast its steps are, what codecs make of its data,
//! and what they do to its gradient.

use retrograd::checkpoint::codec::Codec;
use retrograd::checkpoint::plan::Means;
use retrograd::checkpoint::{Plan, Revolve};
use retrograd::{Error, Residual, Simulation, Team};

use super::Engine;
use super::gradient::{go_on, threads};

/// Moments of a run at which a codec is tried.
const CODEC_SAMPLES: usize = 6;

impl Engine {
    /// Times the steps of one of `concurrency` shots at a time and of one shot alone, and measures
    /// what codecs make of the first shot's data in a velocity model, at the moments when they make
    /// least of them. Runs the shot once for each codec.
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
        let threads = threads(&trial);
        let of = |codec| trial.measure_codec(codec, CODEC_SAMPLES, threads);
        let ram_codecs = codecs.iter().map(of).collect::<Result<_, _>>()?;
        let speeds = trial.measure_speeds()?;
        drop(trial);
        let mut means = Means {
            speeds,
            threads: self.threads as u64,
            stores_adjoint: true,
            ram_codecs,
            ..Means::default()
        };
        if team < self.threads {
            let alone = self.trial(self.threads, wavelet)?.measure_speeds()?;
            let gain = (speeds.forward_seconds / alone.forward_seconds).ln();
            let threads = (self.threads as f64 / team as f64).ln();
            means.inner_efficiency = (gain / threads).clamp(0.0, 1.0);
        }
        Ok(means)
    }

    /// The relative error that the codecs of a plan cause in the gradient of the first shot, with the
    /// energy of its recordings for a misfit: against the gradient without loss, of a run with so
    /// many `snapshots` in memory.
    ///
    /// # Errors
    /// As [`evaluate`](Self::evaluate).
    pub fn encoding_error(
        &mut self,
        plan: &Plan,
        snapshots: u64,
        vp: &[f64],
        wavelet: &[f64],
    ) -> Result<f64, Error> {
        self.set_model(vp)?;
        let mut trial = self.trial(self.threads, wavelet)?;
        let energy = |_: usize, r: Residual<'_>| {
            r.cotangent.copy_from_slice(r.synthetic);
            0.5 * r.synthetic.iter().map(|d| d * d).sum::<f64>()
        };
        let mut executor = self.storage.executor(&plan.tiers, &trial, threads(&trial))?;
        trial.evaluate_in(&mut executor, plan.actions(), energy, go_on)?;
        drop(executor);
        let found = trial.gradient_of(&self.acoustic.m)?;
        let steps = self.experiment.steps as u64;
        let exact = Revolve::new(steps, snapshots).map_err(|e| Error::Schedule(e.to_string()))?;
        trial.evaluate(exact, snapshots, energy, go_on)?;
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
            self.prepare(&mut trial, shot, wavelet)?;
        }
        Ok(trial)
    }
}
