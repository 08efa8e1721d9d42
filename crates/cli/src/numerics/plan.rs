//! `plan`: memory and strategy, before anything runs.

use retrograd::checkpoint::codec::Codec;
use retrograd::checkpoint::plan::{RunnerUp, TierPlan};
use retrograd::checkpoint::{Plan, Strategy};
use retrograd_invert::inversion::Inversion;

use super::{RunError, setup};
use crate::job::Job;
use crate::outcome::{PlanOutcome, RunnerUpOutcome, TierOutcome};

pub(super) fn plan(job: &Job) -> Result<PlanOutcome, RunError> {
    let setup = setup::inversion(job, "")?;
    let budget_bytes = setup.memory.budget_bytes;
    let mut inversion = Inversion::new(setup).map_err(RunError::of)?;
    let padded_shape = inversion.engine_mut().padded().shape().to_vec();
    let experiment = &inversion.setup().experiment;
    let (steps, dt_s) = (experiment.steps, experiment.dt_s);
    let memory = inversion.memory();
    let plan = &memory.plan;
    // Without a disk or a codec nothing is timed, and seconds are those of steps of one second.
    let measured = job.memory.disk.is_some() || plan.tiers.iter().any(is_encoded);
    let (strategy, snapshots) = strategy(plan);
    Ok(PlanOutcome {
        strategy: strategy.into(),
        snapshots,
        description: plan.strategy.to_string(),
        tiers: plan.tiers.iter().map(tier).collect(),
        runners_up: memory.runners_up.iter().map(runner_up).collect(),
        shots_in_parallel: plan.concurrency as usize,
        predicted_peak_bytes: memory.predicted_peak_bytes(),
        bytes_per_shot: memory.bytes_per_shot(),
        budget_bytes,
        predicted_recompute_factor: plan.recompute_factor,
        predicted_seconds: measured.then_some(plan.seconds).flatten(),
        padded_shape,
        steps,
        dt_s,
    })
}

fn is_encoded(tier: &TierPlan) -> bool {
    !matches!(tier, TierPlan::Handles { .. })
}

fn tier(tier: &TierPlan) -> TierOutcome {
    let ram = || "ram".to_owned();
    let place = |place, slots, capacity_bytes, codec: Option<&Codec>| TierOutcome {
        place,
        slots,
        capacity_bytes,
        codec: codec.map(ToString::to_string),
    };
    match tier {
        TierPlan::Handles { slots } => place(ram(), Some(*slots), None, None),
        TierPlan::Ram { capacity_bytes, codec, .. } => {
            place(ram(), None, Some(*capacity_bytes), Some(codec))
        }
        TierPlan::File { folder, capacity_bytes, codec, .. } => {
            place(folder.display().to_string(), None, Some(*capacity_bytes), Some(codec))
        }
        _ => place("other".to_owned(), None, None, None),
    }
}

fn runner_up(other: &RunnerUp) -> RunnerUpOutcome {
    RunnerUpOutcome {
        description: other.strategy.to_string(),
        tiers: other.tiers.iter().map(tier).collect(),
        predicted_seconds: other.seconds,
        predicted_peak_bytes: other.peak_bytes,
        reason: other.reason.clone(),
    }
}

/// Name of a plan's strategy, and its snapshots per shot.
pub(super) fn strategy(plan: &Plan) -> (&'static str, usize) {
    match plan.strategy {
        Strategy::StoreAll => ("store-all", 0),
        Strategy::Revolve { snapshots } => ("revolve", snapshots as usize),
        Strategy::Mixed { .. } => ("mixed", plan.slots() as usize),
        Strategy::Asynchronous { snapshots, .. } => ("asynchronous", snapshots as usize),
        Strategy::Recording { .. } => ("recording", 0),
        Strategy::DiskRevolve { snapshots, .. } => ("disk-revolve", snapshots as usize),
        _ => ("other", 0),
    }
}
