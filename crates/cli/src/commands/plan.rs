//! `retrograd plan`: what the job will cost, before anything runs.

use std::fmt::Write as _;

use crate::cli::JobArgs;
use crate::job::Job;
use crate::job::units::Bytes;
use crate::numerics;
use crate::outcome::{PlanOutcome, TierOutcome};
use crate::output::{self, Failure};

/// Plans `job`.
///
/// # Errors
/// If the budget is too small for any plan.
pub fn run(args: &JobArgs, job: &Job) -> Result<(), Failure> {
    let outcome = numerics::plan(job)?;
    output::print(args.common.format(), &outcome, &describe(job, &outcome))
}

fn describe(job: &Job, plan: &PlanOutcome) -> String {
    let mut text = String::new();
    let _ = writeln!(
        text,
        "grid       {:?} nodes, {:?} with the absorbing layer",
        job.grid.shape, plan.padded_shape
    );
    let _ = writeln!(text, "time       {} steps of {:.3} ms", plan.steps, plan.dt_s * 1e3);
    let _ = writeln!(
        text,
        "survey     {} shots, {} in parallel, {} receivers",
        job.survey.sources.len(),
        plan.shots_in_parallel,
        job.survey.receivers.len()
    );
    let _ = writeln!(
        text,
        "strategy   {}, {:.2} forward runs per gradient",
        plan.description, plan.predicted_recompute_factor
    );
    for tier in &plan.tiers {
        let _ = writeln!(text, "snapshots  {}", describe_tier(tier));
    }
    let _ = writeln!(
        text,
        "memory     {} at the most, {} per shot in flight; budget {}",
        Bytes(plan.predicted_peak_bytes),
        Bytes(plan.bytes_per_shot),
        Bytes(plan.budget_bytes)
    );
    if let Some(seconds) = plan.predicted_seconds {
        let _ = writeln!(text, "run time   about {seconds:.1} s per gradient");
    }
    if !plan.runners_up.is_empty() {
        let _ = writeln!(text, "not chosen");
    }
    for other in &plan.runners_up {
        let places: Vec<String> = other.tiers.iter().map(describe_tier).collect();
        let places =
            if places.is_empty() { String::new() } else { format!(" ({})", places.join("; ")) };
        let peak = Bytes(other.predicted_peak_bytes);
        let _ = writeln!(text, "  {}{places}: {}; {peak}", other.description, other.reason);
    }
    text
}

fn describe_tier(tier: &TierOutcome) -> String {
    let mut text = format!("in {}", tier.place);
    if let Some(slots) = tier.slots {
        let _ = write!(text, ", at most {slots}");
    }
    if let Some(bytes) = tier.capacity_bytes {
        let _ = write!(text, ", at most {}", Bytes(bytes));
    }
    if let Some(codec) = tier.codec.as_ref().filter(|codec| *codec != "none") {
        let _ = write!(text, ", encoded by {codec}");
    }
    text
}
