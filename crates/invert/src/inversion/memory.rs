//! The memory of a whole inversion, before it runs.

use retrograd::checkpoint::{Plan, Strategy, Workload};

use super::InversionError;
use super::config::{DataSource, InversionSetup, MemoryStrategy};
use crate::engine::Engine;

/// What a run will hold.
#[derive(Clone, Debug)]
pub struct MemoryPlan {
    /// Strategy, shots at a time and snapshots.
    pub plan: Plan,
    /// Most bytes of the process.
    pub predicted_peak_bytes: u64,
    /// Bytes of one more shot in flight, its snapshots or adjoint data included.
    pub bytes_per_shot: u64,
    /// Bytes of everything else: program, models, observed data, optimiser.
    pub other_bytes: u64,
}

/// Memory of the process now, in bytes; a guess where the system does not tell.
fn resident_bytes() -> u64 {
    status_line("VmRSS:").unwrap_or(16 << 20)
}

/// The most memory that the process has held so far, in bytes; 0 where the system does not tell.
pub fn peak_rss_bytes() -> u64 {
    status_line("VmHWM:").unwrap_or(0)
}

fn status_line(name: &str) -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|l| l.strip_prefix(name))?;
    line.trim().trim_end_matches("kB").trim().parse::<u64>().ok().map(|kib| kib * 1024)
}

/// Plans the gradients of an inversion within its budget.
pub(super) fn plan(setup: &InversionSetup, engine: &Engine) -> Result<MemoryPlan, InversionError> {
    let wanted = setup.memory.shots_in_parallel.unwrap_or_else(|| engine.wanted_concurrency());
    let kernels = engine.workload(wanted)?;
    let other = other_bytes(setup, engine);
    let workload = Workload { shared_bytes: kernels.shared_bytes + other, ..kernels };
    let budget = Some(setup.memory.budget_bytes);
    let plan = match setup.memory.strategy {
        MemoryStrategy::StoreAll => workload.plan_with(Strategy::StoreAll, budget)?,
        MemoryStrategy::Revolve { snapshots: Some(snapshots) } => {
            workload.plan_with(Strategy::Revolve { snapshots }, budget)?
        }
        MemoryStrategy::Revolve { snapshots: None } => most_snapshots(&workload, budget)?,
        MemoryStrategy::Auto { snapshots } => {
            let plan = workload.plan(budget)?;
            match (plan.strategy, snapshots) {
                (Strategy::Revolve { .. }, Some(snapshots)) => {
                    workload.plan_with(Strategy::Revolve { snapshots }, budget)?
                }
                _ => plan,
            }
        }
    };
    let bytes_per_shot = workload.worker_bytes
        + match plan.strategy {
            Strategy::StoreAll => workload.steps * workload.adjoint_bytes,
            Strategy::Revolve { snapshots } => {
                snapshots * workload.snapshot_bytes + workload.adjoint_bytes
            }
            _ => 0,
        };
    Ok(MemoryPlan {
        predicted_peak_bytes: plan.predicted_peak_bytes,
        bytes_per_shot,
        other_bytes: other,
        plan,
    })
}

/// Revolve with as many snapshots as the budget holds at full concurrency, at least one.
fn most_snapshots(workload: &Workload, budget: Option<u64>) -> Result<Plan, InversionError> {
    let (mut least, mut most) = (1, workload.steps.max(1));
    let fits = |snapshots| workload.plan_with(Strategy::Revolve { snapshots }, budget).is_ok();
    while least < most {
        let middle = least + (most - least).div_ceil(2);
        if fits(middle) {
            least = middle;
        } else {
            most = middle - 1;
        }
    }
    Ok(workload.plan_with(Strategy::Revolve { snapshots: least }, budget)?)
}

/// Program, models, sums over shots, observed data and optimiser.
fn other_bytes(setup: &InversionSetup, engine: &Engine) -> u64 {
    let cells = setup.experiment.grid.len() as u64;
    let padded = engine.padded().points() as u64;
    let survey = &setup.experiment.survey;
    let samples = survey.traces() as u64 * setup.experiment.steps as u64;
    let measured = u64::from(matches!(setup.data, DataSource::Measured(_)));
    // Two f64 sums over shots on the padded grid, and one array on its way to a coefficient.
    let sums = 3 * 8 * padded;
    // Vectors of the optimiser, as many again while they are saved, and some ten of the driver.
    let vectors = 2 * (2 * setup.optimiser.memory as u64 + 8) + 10;
    resident_bytes() + sums + vectors * 8 * cells + (1 + measured) * 4 * samples
}
