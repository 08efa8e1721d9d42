//! `plan`: memory and strategy, before anything runs.

use retrograd::checkpoint::{Plan, Strategy};
use retrograd_invert::inversion::Inversion;

use super::{RunError, setup};
use crate::job::Job;
use crate::outcome::PlanOutcome;

pub(super) fn plan(job: &Job) -> Result<PlanOutcome, RunError> {
    let setup = setup::inversion(job, "")?;
    let budget_bytes = setup.memory.budget_bytes;
    let mut inversion = Inversion::new(setup).map_err(RunError::of)?;
    let padded_shape = inversion.engine_mut().padded().shape().to_vec();
    let experiment = &inversion.setup().experiment;
    let (steps, dt_s) = (experiment.steps, experiment.dt_s);
    let memory = inversion.memory();
    let plan = &memory.plan;
    let (strategy, snapshots) = strategy(plan);
    Ok(PlanOutcome {
        strategy: strategy.into(),
        snapshots,
        shots_in_parallel: plan.concurrency as usize,
        predicted_peak_bytes: memory.predicted_peak_bytes,
        bytes_per_shot: memory.bytes_per_shot,
        budget_bytes,
        predicted_recompute_factor: plan.recompute_factor,
        predicted_seconds: None,
        padded_shape,
        steps,
        dt_s,
    })
}

/// Name of a plan's strategy, and its snapshots per shot.
pub(super) fn strategy(plan: &Plan) -> (&'static str, usize) {
    match plan.strategy {
        Strategy::StoreAll => ("store-all", 0),
        Strategy::Revolve { snapshots } => ("revolve", snapshots as usize),
        _ => ("other", 0),
    }
}
