//! What `run.json` says of a run beside its results.

use retrograd::checkpoint::Plan;
use retrograd_invert::inversion::{Inversion, InversionSetup};

use super::plan::strategy;
use crate::job::Job;
use crate::job::types::Backend;
use crate::outcome::Run;

/// What `run.json` of forward runs begins with.
pub(super) fn model(job: &Job, setup: &InversionSetup, plan: &Plan) -> Run {
    Run { strategy: None, snapshots: None, ..run("model", (job, setup), plan) }
}

/// What `run.json` of one gradient begins with.
pub(super) fn gradient(job: &Job, inversion: &Inversion) -> Run {
    let (setup, memory) = (inversion.setup(), inversion.memory());
    let predicted_peak_bytes = memory.gradient_peak_bytes();
    Run { predicted_peak_bytes, ..run("gradient", (job, setup), &memory.plan) }
}

/// What `run.json` of an inversion begins with.
pub(super) fn inversion(job: &Job, inversion: &Inversion) -> Run {
    let (setup, memory) = (inversion.setup(), inversion.memory());
    let predicted_peak_bytes = memory.predicted_peak_bytes();
    Run { predicted_peak_bytes, ..run("invert", (job, setup), &memory.plan) }
}

fn run(command: &str, (job, setup): (&Job, &InversionSetup), plan: &Plan) -> Run {
    let (strategy, snapshots) = strategy(plan);
    let backend = match job.run.backend {
        Backend::C => "c",
        Backend::Interpreter => "interpreter",
    };
    Run {
        command: command.into(),
        version: env!("CARGO_PKG_VERSION").into(),
        commit: option_env!("RETROGRAD_COMMIT").map(Into::into),
        job: job.name.clone(),
        folder: setup.folder.clone(),
        backend: backend.into(),
        threads: setup.resources.threads,
        strategy: Some(strategy.into()),
        snapshots: Some(snapshots),
        shots_in_parallel: plan.concurrency as usize,
        budget_bytes: setup.memory.budget_bytes,
        predicted_peak_bytes: plan.predicted_peak_bytes,
    }
}
