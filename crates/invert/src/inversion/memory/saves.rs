//! Half-done gradients beside their snapshots in files: when they are saved, what that takes, and the
//! plan of a run that takes up what an interrupted one has left.

use std::time::Duration;

use retrograd::checkpoint::plan::{DiskOffer, Means, TierPlan};
use retrograd::checkpoint::{Strategy, Workload};

use super::{Choice, InversionError, MemoryPlan};
use crate::engine::is_lossy;
use crate::files::BUFFER_BYTES;

/// How half-done gradients are saved.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Saves {
    /// Least time between two saves of the same kind.
    pub every: Duration,
    /// Whether reverse sweeps are saved, beside finished shots: if they take longer than that, and
    /// no codec loses anything.
    pub sweeps: bool,
}

/// The part of its time that a run may spend on saving what is half done: one in so many.
const SAVES_SHARE: u32 = 20;

/// Beyond it, a disk is not in use.
const LONGEST_SAVE: Duration = Duration::from_hours(1);

/// What a plan was made of.
#[derive(Clone, Debug)]
pub(super) struct Basis {
    pub(super) workload: Workload,
    pub(super) means: Means,
    /// The least time between two saves that the setup allows.
    pub(super) save_every: Duration,
    /// What a reverse sweep is saved with.
    pub(super) sweep_bytes: u64,
}

impl MemoryPlan {
    /// Takes a plan of an interrupted run, which has left `held_bytes` on the disk, in the place of
    /// this one: with as many shots at a time as that has room for in the budget and on the disk.
    /// Says whether there is one.
    pub(in crate::inversion) fn take_again(
        &mut self,
        chosen: (Strategy, &[TierPlan]),
        held_bytes: u64,
    ) -> bool {
        let Basis { workload, means, save_every, sweep_bytes } = &self.basis;
        let sweeps = !is_lossy(chosen.1);
        let means = with_logs(means, workload, if sweeps { *sweep_bytes } else { 0 });
        let Some(disk) = &means.disk else { return false };
        let in_files = chosen.1.iter().map(|tier| match tier {
            TierPlan::File { capacity_bytes, .. } => *capacity_bytes,
            _ => 0,
        });
        let room = disk.capacity_bytes.saturating_add(held_bytes);
        let most = room / in_files.fold(0, u64::saturating_add).max(1);
        let budget = self.plan.budget_bytes;
        let again = |workers| workload.choose_again(chosen, &means, workers, budget);
        let Some(plan) = (1..=most.min(workload.concurrency)).rev().find_map(again) else {
            return false;
        };
        let every = save_every_of(*save_every, disk, plan.concurrency * sweep_bytes);
        self.saves = Some(Saves { every, sweeps });
        self.plan = plan;
        // They lost against another plan.
        self.runners_up.clear();
        true
    }
}

/// The fastest plan. If it has files, and gradients of shots are long enough to be saved half done,
/// the fastest that has room for that; unless that one has no files.
pub(super) fn fastest(
    (workload, means): (&Workload, &Means),
    save_every: Duration,
    sweep_bytes: u64,
    budget: Option<u64>,
) -> Result<Choice, InversionError> {
    let choose = |means: &Means, sweeps: bool| -> Result<Choice, InversionError> {
        let retrograd::checkpoint::plan::Choice { plan, runners_up, .. } =
            workload.choose(means, budget)?;
        let in_file = |tier: &TierPlan| matches!(tier, TierPlan::File { .. });
        let disk = means.disk.as_ref().filter(|_| plan.tiers.iter().any(in_file));
        let saves = disk.map(|disk| Saves {
            every: save_every_of(save_every, disk, plan.concurrency * sweep_bytes),
            sweeps: sweeps && !is_lossy(&plan.tiers),
        });
        Ok(Choice { plan, runners_up, saves })
    };
    let choice = choose(means, false)?;
    let rounds = workload.jobs.max(1).div_ceil(choice.plan.concurrency);
    let shot_seconds = choice.plan.seconds.unwrap_or(0.0) / rounds as f64;
    let long = |saves: &Saves| shot_seconds > saves.every.as_secs_f64();
    if is_lossy(&choice.plan.tiers) || !choice.saves.as_ref().is_some_and(long) {
        return Ok(choice);
    }
    match choose(&with_logs(means, workload, sweep_bytes), true) {
        Ok(with_log) if with_log.saves.is_some() => Ok(with_log),
        _ => Ok(choice),
    }
}

/// Means with room for logs of so many bytes; none if there are no bytes.
fn with_logs(means: &Means, workload: &Workload, sweep_bytes: u64) -> Means {
    let mut means = means.clone();
    if let Some(disk) = means.disk.as_mut().filter(|_| sweep_bytes > 0) {
        // While a file is replaced, the old one and the new one are there.
        let kept = 2 * workload.concurrency.saturating_mul(sweep_bytes);
        disk.capacity_bytes = disk.capacity_bytes.saturating_sub(kept);
        // Finished shots are written through a buffer.
        disk.log_bytes = sweep_bytes + BUFFER_BYTES as u64;
    }
    means
}

/// The least time between two saves of `bytes` in all.
fn save_every_of(least: Duration, disk: &DiskOffer, bytes: u64) -> Duration {
    let save = Duration::try_from_secs_f64(bytes as f64 / disk.write_bytes_per_second);
    least.max(SAVES_SHARE * save.unwrap_or(Duration::ZERO).min(LONGEST_SAVE))
}

#[cfg(test)]
mod tests;
