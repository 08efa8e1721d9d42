//! The memory of a whole inversion, before it runs.

mod saves;

use retrograd::checkpoint::plan::{Means, RunnerUp};
use retrograd::checkpoint::{Plan, PlanError, Strategy, Workload};

use saves::Basis;
pub use saves::Saves;

use super::InversionError;
use super::config::{DataSource, InversionSetup, MemoryStrategy};
use super::data::refined;
use crate::engine::{Engine, Experiment, modelling_workload};

/// What a run will hold.
#[derive(Clone, Debug)]
pub struct MemoryPlan {
    /// Strategy, shots at a time and snapshots.
    pub plan: Plan,
    /// What was not chosen, and why; the best first.
    pub runners_up: Vec<RunnerUp>,
    /// Bytes of everything but shots: program, models, observed data, optimiser.
    pub other_bytes: u64,
    /// Modelling of the data on a finer grid, if they come from there.
    pub finer: Option<FinerPlan>,
    /// How half-done gradients are saved beside their snapshots, if the plan has files.
    pub saves: Option<Saves>,
    /// As `other_bytes`, of a process that computes one gradient and minimises nothing.
    single_bytes: u64,
    /// What the plan was made of.
    basis: Basis,
}

impl MemoryPlan {
    /// Most bytes of the process.
    pub fn predicted_peak_bytes(&self) -> u64 {
        self.plan.predicted_peak_bytes.max(self.data_bytes())
    }

    /// Most bytes of a process that computes one gradient and minimises nothing.
    pub fn gradient_peak_bytes(&self) -> u64 {
        let gradient = self.plan.predicted_peak_bytes - self.other_bytes + self.single_bytes;
        gradient.max(self.data_bytes())
    }

    /// Bytes of one more shot in flight, its snapshots or adjoint data included.
    pub fn bytes_per_shot(&self) -> u64 {
        let parts = self.plan.parts;
        (parts.workers + parts.snapshots + parts.adjoint) / self.plan.concurrency.max(1)
    }

    fn data_bytes(&self) -> u64 {
        self.finer.map_or(0, |finer| finer.peak_bytes)
    }

    /// Snapshots as they are that the budget has room for beside one shot, at least one.
    pub(super) fn whole_snapshots(&self) -> u64 {
        let one = Workload { concurrency: 1, ..self.basis.workload };
        match most_snapshots(&one, self.plan.budget_bytes).map(|plan| plan.strategy) {
            Ok(Strategy::Revolve { snapshots }) => snapshots,
            _ => 1,
        }
    }
}

/// How data are modelled on a finer grid, before the gradients of a stage. Simulations of earlier
/// gradients are given back for that time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FinerPlan {
    /// Shots at a time: as many as the budget allows.
    pub concurrency: usize,
    /// Most bytes of the process meanwhile.
    pub peak_bytes: u64,
}

/// What a process touches while it runs, beyond what is counted: code, stacks, gaps of the heap.
/// Measured: 4 to 6 MB (see `tests/memory.rs`).
const GROWTH_BYTES: u64 = 6 << 20;

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

/// Plans the gradients and the data of an inversion within its budget.
pub(super) fn plan(
    setup: &InversionSetup,
    engine: &mut Engine,
) -> Result<MemoryPlan, InversionError> {
    let resident = resident_bytes() + GROWTH_BYTES;
    let means = means(setup, engine)?;
    // What was measured with is not needed any more.
    engine.release();
    plan_beside(resident, setup, engine, &means).map_err(|error| match error {
        InversionError::Plan(PlanError::BudgetTooSmall { budget, minimum, smallest }) => {
            let minimum = with_room(minimum);
            PlanError::BudgetTooSmall { budget, minimum, smallest }.into()
        }
        InversionError::DataBudget { budget, minimum } => {
            InversionError::DataBudget { budget, minimum: with_room(minimum) }
        }
        other => other,
    })
}

/// A least budget that the next process can keep as well: what a process holds before it plans
/// differs by some pages from one to the next.
fn with_room(minimum: u64) -> u64 {
    const MIB: u64 = 1 << 20;
    (minimum + MIB).next_multiple_of(MIB)
}

/// Plans forward runs of all shots, within the budget of an inversion; their records are kept.
///
/// # Errors
/// Points outside the grid; a budget that is too small (the message states the minimum).
pub fn plan_modelling(setup: &InversionSetup, engine: &Engine) -> Result<Plan, InversionError> {
    let wanted = setup.memory.shots_in_parallel.unwrap_or_else(|| engine.wanted_concurrency());
    let workload = engine.workload(wanted)?;
    let Experiment { survey, grid, steps, .. } = &setup.experiment;
    let receivers = survey.shots.iter().map(|s| s.receivers.len()).max().unwrap_or(0);
    let records = 4 * (survey.traces() * steps) as u64;
    // At first the squared slowness on its way to the padded grid; at last a record that grows into
    // the traces of a file.
    let set_up = 8 * (grid.len() + 2 * engine.padded().points()) as u64;
    let passing = set_up.max(2 * 4 * (receivers * steps) as u64);
    let other = resident_bytes() + GROWTH_BYTES + 8 * grid.len() as u64 + records + passing;
    let shared_bytes = workload.shared_bytes + other;
    let forward = Workload { shared_bytes, snapshot_bytes: 0, adjoint_bytes: 0, ..workload };
    Ok(forward.plan(Some(setup.memory.budget_bytes))?)
}

/// Plans beside what the process holds already.
fn plan_beside(
    resident_bytes: u64,
    setup: &InversionSetup,
    engine: &Engine,
    means: &Means,
) -> Result<MemoryPlan, InversionError> {
    let wanted = setup.memory.shots_in_parallel.unwrap_or_else(|| engine.wanted_concurrency());
    let kernels = engine.workload(wanted)?;
    let other = resident_bytes + other_bytes(setup, engine);
    let workload = Workload { shared_bytes: kernels.shared_bytes + other, ..kernels };
    let finer = finer_plan(setup, &kernels, (resident_bytes, wanted)).transpose();
    let sweep_bytes = engine.sweep_bytes()?;
    let choice =
        gradients(setup, &workload, means, sweep_bytes).map_err(|error| match (error, &finer) {
            (
                InversionError::Plan(PlanError::BudgetTooSmall { budget, minimum, smallest }),
                Err(InversionError::DataBudget { minimum: data, .. }),
            ) => PlanError::BudgetTooSmall { budget, minimum: minimum.max(*data), smallest }.into(),
            (error, _) => error,
        })?;
    let finer = finer?;
    let Choice { plan, runners_up, saves } = choice;
    let single_bytes = resident_bytes + single_bytes(setup, engine);
    let (save_every, means) = (setup.memory.save_every, means.clone());
    let basis = Basis { workload, means, save_every, sweep_bytes };
    Ok(MemoryPlan { other_bytes: other, finer, plan, runners_up, saves, single_bytes, basis })
}

/// What is chosen for gradients.
struct Choice {
    plan: Plan,
    runners_up: Vec<RunnerUp>,
    saves: Option<Saves>,
}

/// How the data are modelled if they come from a finer grid.
fn finer_plan(
    setup: &InversionSetup,
    kernels: &Workload,
    (resident_bytes, wanted): (u64, usize),
) -> Option<Result<FinerPlan, InversionError>> {
    let DataSource::Finer { refine, space_order, .. } = setup.data else { return None };
    let fine = match refined(&setup.experiment, refine, space_order) {
        Ok(fine) => fine,
        Err(error) => return Some(Err(error)),
    };
    // No optimiser at that time; models of the driver and the recordings.
    let vectors = 8 * 4 * setup.experiment.grid.len() as u64;
    let beside = resident_bytes + kernels.shared_bytes + vectors + recordings(setup);
    Some(finer(setup, &fine, beside, wanted))
}

/// Strategy, concurrency and snapshots of gradients, and what was not chosen.
fn gradients(
    setup: &InversionSetup,
    workload: &Workload,
    means: &Means,
    sweep_bytes: u64,
) -> Result<Choice, InversionError> {
    let budget = Some(setup.memory.budget_bytes);
    let plan = match setup.memory.strategy {
        MemoryStrategy::StoreAll => workload.plan_with(Strategy::StoreAll, budget)?,
        MemoryStrategy::Revolve { snapshots: Some(snapshots) } => {
            workload.plan_with(Strategy::Revolve { snapshots }, budget)?
        }
        MemoryStrategy::Revolve { snapshots: None } => most_snapshots(workload, budget)?,
        MemoryStrategy::Auto { snapshots: Some(snapshots) } => {
            let plan = workload.plan(budget)?;
            match plan.strategy {
                Strategy::Revolve { .. } => {
                    workload.plan_with(Strategy::Revolve { snapshots }, budget)?
                }
                _ => plan,
            }
        }
        MemoryStrategy::Auto { snapshots: None } => {
            let (save_every, basis) = (setup.memory.save_every, (workload, means));
            return saves::fastest(basis, save_every, sweep_bytes, budget);
        }
    };
    Ok(Choice { plan, runners_up: Vec::new(), saves: None })
}

/// What a plan may use: only what the setup offers is measured.
fn means(setup: &InversionSetup, engine: &mut Engine) -> Result<Means, InversionError> {
    let memory = &setup.memory;
    let unmeasured = Means { stores_adjoint: true, ..Means::default() };
    let chosen = matches!(memory.strategy, MemoryStrategy::Auto { snapshots: None });
    if !chosen || (memory.disk.is_none() && memory.codecs.is_empty()) {
        return Ok(unmeasured);
    }
    let wanted = memory.shots_in_parallel.unwrap_or_else(|| engine.wanted_concurrency());
    let wavelet = setup.emitted(setup.stages.len().saturating_sub(1));
    let mut means = engine.measure(&memory.codecs, wanted, &setup.start, &wavelet)?;
    if let Some(folder) = &memory.disk {
        let mut disk = retrograd::measure_disk(folder)?;
        if let Some(best) = means.ram_codecs.iter().max_by(|a, b| a.ratio.total_cmp(&b.ratio)) {
            disk.codec = best.clone();
        }
        means.disk = Some(disk);
    }
    Ok(means)
}

/// Shots at a time on the finer grid beside what the run holds anyway: as many as fit, one at least.
fn finer(
    setup: &InversionSetup,
    fine: &Experiment,
    beside_bytes: u64,
    wanted: usize,
) -> Result<FinerPlan, InversionError> {
    let workload = modelling_workload(fine, &setup.resources, wanted)?;
    let receivers = fine.survey.shots.iter().map(|s| s.receivers.len()).max().unwrap_or(0);
    let record = 4 * (receivers * fine.steps) as u64;
    // The model and the velocity of the layer.
    let models = 8 * 2 * fine.grid.len() as u64;
    let fixed = beside_bytes + workload.shared_bytes + models;
    // Before the first shot: squared slowness on its way to the padded grid, axis by axis.
    let set_up = 8 * (fine.grid.len() + 2 * fine.padded_points()) as u64;
    let per_shot = workload.worker_bytes + record;
    let budget = setup.memory.budget_bytes;
    let minimum = fixed + set_up.max(per_shot);
    if budget < minimum {
        return Err(InversionError::DataBudget { budget, minimum });
    }
    let fitting = (budget - fixed) / per_shot.max(1);
    let concurrency = fitting.min(workload.concurrency);
    Ok(FinerPlan {
        concurrency: concurrency as usize,
        peak_bytes: fixed + set_up.max(concurrency * per_shot),
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

/// Vectors of the model's size in `f64`, and recordings.
fn other_bytes(setup: &InversionSetup, engine: &Engine) -> u64 {
    let cells = setup.experiment.grid.len() as u64;
    let padded = engine.padded().points() as u64;
    // The optimiser: pairs, the problem (3), where it is and where it looks (8). The driver: the
    // stage's base, twice, and the velocities.
    let iterations = setup.stages.iter().map(|stage| stage.iterations).max().unwrap_or(0);
    let kept = 2 * setup.optimiser.memory.min(iterations) as u64 + 14;
    // Either two sums over shots and an array on its way to a coefficient, padded, and what the
    // sums are folded into; or what the optimiser is told, and computes with.
    let passing = (3 * padded + 2 * cells).max(10 * cells);
    8 * (kept * cells + passing) + recordings(setup)
}

/// What a single gradient holds beside the shots: the model, sums as in [`other_bytes`], recordings.
fn single_bytes(setup: &InversionSetup, engine: &Engine) -> u64 {
    let (cells, padded) = (setup.experiment.grid.len(), engine.padded().points());
    8 * (3 * padded + 3 * cells) as u64 + recordings(setup)
}

/// Recordings of a stage, and measured ones as they were read.
fn recordings(setup: &InversionSetup) -> u64 {
    let samples = setup.experiment.survey.traces() as u64 * setup.experiment.steps as u64;
    let measured = u64::from(matches!(setup.data, DataSource::Measured(_)));
    (1 + measured) * 4 * samples
}

#[cfg(test)]
mod tests;
