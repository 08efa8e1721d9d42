//! The memory planner of one process: which schedule, how many workers, within a byte budget.
//!
//! `k` workers run `jobs` independent jobs (shots), each worker one job at a time:
//!
//! ```text
//! peak bytes = shared + k (worker + snapshots * snapshot_bytes + recorded * adjoint_bytes)
//! makespan   = ceil(jobs / k) (total_forward + steps)      in forward steps
//! ```
//!
//! Store-all has no snapshots and `steps` recorded steps; Revolve has one recorded step. The
//! makespan takes a reverse step to cost as much as a forward step, as it does where the operator
//! is its own adjoint, and workers not to slow each other down.
//!
//! [`Workload::plan`] chooses between these two by the rule below, from sizes alone;
//! [`Workload::choose`] takes speeds, codecs and a disk into account, and all strategies;
//! [`OpenWorkload::choose`] does so for a number of steps that is not known before,
//! [`UnevenWorkload::choose`] for steps that are not alike.
//!
//! # Rule
//!
//! The budget covers everything, and nothing is planned that could exceed it.
//!
//! 1. No budget: store-all with the wanted concurrency.
//! 2. Otherwise store-all with as many workers as fit, from the wanted concurrency down to one:
//!    nothing is recomputed as long as one worker can keep everything. (The threads that a
//!    missing worker leaves idle are better spent inside the jobs that do run than on recomputing
//!    steps; a caller whose jobs cannot use them forces Revolve with [`Workload::plan_with`].)
//! 3. Otherwise Revolve. Of all concurrencies up to the wanted one, each with as many snapshots
//!    as then fit, the one with the least makespan; fewer workers if two are equal. Among the
//!    concurrencies that need the same number of rounds, `ceil(jobs / k)`, only the smallest is
//!    of interest: it leaves most memory for snapshots.
//! 4. If not even one worker with one snapshot fits, an error that states the least budget.
//!
//! Concurrency never exceeds the number of jobs, and snapshots are always fewer than steps.

mod candidates;
mod choose;
mod means;
mod open;
mod strategy;
mod uneven;

pub use choose::{Choice, RunnerUp};
pub use means::{CodecOffer, DiskOffer, Means, Speeds, TierPlan};
pub use open::{JudgedLength, OpenChoice, OpenPlan, OpenWorkload};
pub use strategy::Strategy;
pub use uneven::UnevenWorkload;

use std::fmt;

use crate::bytes::Bytes;
use crate::schedule::{AnySchedule, useful_snapshots};
use crate::simulate::Machine;
use crate::{Costs, ScheduleError};

/// What one process has to do. All sizes in bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Workload {
    /// Steps of one job.
    pub steps: u64,
    /// One restart snapshot.
    pub snapshot_bytes: u64,
    /// Adjoint data of one step.
    pub adjoint_bytes: u64,
    /// What each concurrent worker holds whatever the schedule: working states, its data.
    pub worker_bytes: u64,
    /// What all workers share: the model, the gradient.
    pub shared_bytes: u64,
    /// Independent jobs (shots) in all.
    pub jobs: u64,
    /// Wanted number of jobs at a time; 0 counts as 1.
    pub concurrency: u64,
}

/// The bytes of a plan by what they hold. Sums saturate at `u64::MAX`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Parts {
    /// Shared by all workers.
    pub shared: u64,
    /// Working states and data of all workers.
    pub workers: u64,
    /// Snapshots of all workers in RAM, with the buffers of their tiers.
    pub snapshots: u64,
    /// Recorded adjoint data of all workers.
    pub adjoint: u64,
}

impl Parts {
    /// All of them; saturates.
    pub fn sum(&self) -> u64 {
        let all = [self.shared, self.workers, self.snapshots, self.adjoint];
        all.into_iter().fold(0, u64::saturating_add)
    }
}

/// A choice that fits its budget; printed as a table.
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub struct Plan {
    /// What each job keeps.
    pub strategy: Strategy,
    /// Steps of one job.
    pub steps: u64,
    /// Jobs at a time.
    pub concurrency: u64,
    /// Jobs at a time that were wanted, at most the number of jobs.
    pub wanted_concurrency: u64,
    /// The budget, if one was given.
    pub budget_bytes: Option<u64>,
    /// The most bytes in use at a time: the sum of `parts`.
    pub predicted_peak_bytes: u64,
    /// What the bytes hold.
    pub parts: Parts,
    /// Forward steps run per step reversed; `1.0` is no recomputation.
    pub recompute_factor: f64,
    /// Predicted time of all jobs, in units of one forward step; of tiers that cost nothing.
    pub makespan_steps: u128,
    /// The tiers of each job.
    pub tiers: Vec<TierPlan>,
    /// Predicted seconds of all jobs, where speeds are known.
    pub seconds: Option<f64>,
    /// Of these, what is spent waiting for tiers or doing their work.
    pub waited_seconds: Option<f64>,
    /// The machine of that prediction, as one job sees it: what a run can be compared with
    /// ([`Adaptive`](crate::Adaptive)).
    pub machine: Option<Machine>,
    schedule: Made<AnySchedule>,
}

/// The schedule of a plan, made once: its table may have taken a while. It follows from the
/// strategy, which is compared.
#[derive(Clone, Debug)]
struct Made<S>(S);

impl<S> PartialEq for Made<S> {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

/// A budget that cannot be kept.
#[derive(Clone, PartialEq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlanError {
    /// Not even the smallest plan fits.
    #[error(
        "a budget of {} is too small: the least is {} (1 worker, {smallest})\n  \
         help: raise the budget, or make the problem smaller",
        Bytes(*budget), Bytes(*minimum)
    )]
    BudgetTooSmall {
        /// The budget, bytes.
        budget: u64,
        /// The least budget with which a plan exists, bytes.
        minimum: u64,
        /// The strategy of that plan.
        smallest: Strategy,
    },
    /// A strategy that the caller insists on does not fit.
    #[error(
        "{strategy}, {concurrency} {} at a time, needs {}, more than the budget of {}\n  \
         help: {}",
        jobs(*concurrency), Bytes(*needed), Bytes(*budget), fitting_help(*fitting_concurrency)
    )]
    StrategyTooLarge {
        /// The strategy asked for.
        strategy: Strategy,
        /// The concurrency asked for.
        concurrency: u64,
        /// What it would need, bytes.
        needed: u64,
        /// The budget, bytes.
        budget: u64,
        /// The most workers with which this strategy fits; 0 if it never does.
        fitting_concurrency: u64,
    },
    /// The strategy asked for is not a schedule.
    #[error(transparent)]
    Schedule(#[from] ScheduleError),
}

impl Workload {
    /// Chooses by the [rule](self) of this module; `None` is no budget.
    ///
    /// Takes microseconds per concurrency tried, of which there are at most
    /// `min(concurrency, 2 sqrt(jobs))`.
    ///
    /// # Errors
    /// [`PlanError::BudgetTooSmall`] if nothing fits.
    pub fn plan(&self, budget_bytes: Option<u64>) -> Result<Plan, PlanError> {
        let Some(budget) = budget_bytes else {
            return Ok(self.lay_out(Strategy::StoreAll, self.workers(), None));
        };
        let store_all = self.fitting_workers(Strategy::StoreAll, budget);
        if store_all > 0 {
            return Ok(self.lay_out(Strategy::StoreAll, store_all, budget_bytes));
        }
        if let Some((strategy, workers)) = self.fastest_revolve(budget) {
            return Ok(self.lay_out(strategy, workers, budget_bytes));
        }
        let (smallest, minimum) = self.smallest();
        Err(PlanError::BudgetTooSmall { budget, minimum: saturate(minimum), smallest })
    }

    /// Plans the given strategy at the wanted concurrency and only checks the budget. Snapshots
    /// beyond those that the steps can use are not planned.
    ///
    /// # Errors
    /// [`PlanError::StrategyTooLarge`] if it does not fit, [`PlanError::Schedule`] if there are
    /// no snapshots for more than one step, or if the strategy depends on tiers: see
    /// [`Workload::choose`].
    pub fn plan_with(
        &self,
        strategy: Strategy,
        budget_bytes: Option<u64>,
    ) -> Result<Plan, PlanError> {
        let strategy = match strategy {
            Strategy::StoreAll => strategy,
            Strategy::Revolve { snapshots } => {
                Strategy::Revolve { snapshots: useful_snapshots(self.steps, snapshots)? }
            }
            Strategy::Mixed { .. }
            | Strategy::Asynchronous { .. }
            | Strategy::Recording { .. }
            | Strategy::DiskRevolve { .. }
            | Strategy::Uneven { .. }
            | Strategy::Online { .. }
            | Strategy::OnlineWithDisk { .. }
            | Strategy::OnlineRecording { .. }
            | Strategy::OnlineStoreAll { .. } => {
                let what = "this strategy depends on tiers and speeds, and can only be chosen";
                return Err(ScheduleError::Invalid { what }.into());
            }
        };
        let concurrency = self.workers();
        let needed = self.peak_bytes(strategy, concurrency);
        match budget_bytes {
            Some(budget) if needed > u128::from(budget) => Err(PlanError::StrategyTooLarge {
                strategy,
                concurrency,
                needed: saturate(needed),
                budget,
                fitting_concurrency: self.fitting_workers(strategy, budget),
            }),
            Some(_) | None => Ok(self.lay_out(strategy, concurrency, budget_bytes)),
        }
    }

    /// The least budget with which [`Workload::plan`] succeeds, bytes; saturates.
    pub fn minimum_bytes(&self) -> u64 {
        saturate(self.smallest().1)
    }

    /// The strategy that needs least memory with one worker, and its bytes: one snapshot, or
    /// store-all where a few steps' adjoint data are smaller than a snapshot.
    fn smallest(&self) -> (Strategy, u128) {
        let revolve = Strategy::Revolve { snapshots: self.steps.saturating_sub(1).min(1) };
        let bytes = [Strategy::StoreAll, revolve].map(|strategy| self.peak_bytes(strategy, 1));
        if bytes[0] <= bytes[1] { (Strategy::StoreAll, bytes[0]) } else { (revolve, bytes[1]) }
    }

    /// The wanted concurrency as far as there are jobs for it.
    fn workers(&self) -> u64 {
        self.concurrency.min(self.jobs).max(1)
    }

    /// Bytes of one worker with one job.
    fn bytes_per_worker(&self, strategy: Strategy) -> u128 {
        let [worker, snapshots, adjoint] = self.worker_parts(strategy);
        worker.saturating_add(snapshots).saturating_add(adjoint)
    }

    /// Bytes of one worker: fixed, snapshots as they are, adjoint data.
    fn worker_parts(&self, strategy: Strategy) -> [u128; 3] {
        let snapshots = strategy.bytes_in_ram(self);
        let adjoint = u128::from(strategy.recorded(self.steps)) * u128::from(self.adjoint_bytes);
        [self.worker_bytes.into(), snapshots, adjoint]
    }

    fn peak_bytes(&self, strategy: Strategy, workers: u64) -> u128 {
        let all = u128::from(workers).saturating_mul(self.bytes_per_worker(strategy));
        all.saturating_add(self.shared_bytes.into())
    }

    /// The most workers, up to the wanted concurrency, with which `strategy` fits; 0 if none.
    fn fitting_workers(&self, strategy: Strategy, budget: u64) -> u64 {
        let Some(available) = budget.checked_sub(self.shared_bytes) else { return 0 };
        match u128::from(available).checked_div(self.bytes_per_worker(strategy)) {
            Some(fitting) => saturate(fitting).min(self.workers()),
            None => self.workers(), // a worker that takes no memory
        }
    }

    /// The most snapshots per worker that fit, if any do that the steps can use.
    fn fitting_snapshots(&self, workers: u64, budget: u64) -> Option<u64> {
        let available = budget.checked_sub(self.shared_bytes)? / workers;
        let fixed = self.bytes_per_worker(Strategy::Revolve { snapshots: 0 });
        let left = u128::from(available).checked_sub(fixed)?;
        let useful = self.steps.saturating_sub(1);
        let fitting = left.checked_div(self.snapshot_bytes.into()).map_or(useful, saturate);
        let snapshots = fitting.min(useful);
        (snapshots > 0 || useful == 0).then_some(snapshots)
    }

    /// Rule 3.
    fn fastest_revolve(&self, budget: u64) -> Option<(Strategy, u64)> {
        let mut best: Option<(u128, Strategy, u64)> = None;
        let mut most = self.workers();
        while most > 0 {
            let rounds = self.jobs.max(1).div_ceil(most);
            let workers = self.jobs.max(1).div_ceil(rounds);
            if let Some(snapshots) = self.fitting_snapshots(workers, budget) {
                let strategy = Strategy::Revolve { snapshots };
                let total_forward = Costs::of_slots(self.steps, snapshots).total_forward;
                let makespan = self.makespan(total_forward, workers);
                // Later candidates have fewer workers: they win ties.
                if best.is_none_or(|(least, ..)| makespan <= least) {
                    best = Some((makespan, strategy, workers));
                }
            }
            most = workers - 1;
        }
        best.map(|(_, strategy, workers)| (strategy, workers))
    }

    fn makespan(&self, total_forward: u128, workers: u64) -> u128 {
        let per_job = total_forward.saturating_add(self.steps.into());
        u128::from(self.jobs.div_ceil(workers)).saturating_mul(per_job)
    }

    fn lay_out(&self, strategy: Strategy, concurrency: u64, budget_bytes: Option<u64>) -> Plan {
        let tiers = match strategy {
            Strategy::Revolve { snapshots } => vec![TierPlan::Handles { slots: snapshots }],
            _ => Vec::new(),
        };
        let schedule = strategy.schedule(self.steps);
        let (schedule, total_forward) = schedule.expect("these two always have a schedule");
        let share = (concurrency, budget_bytes);
        // Handles encode nothing, whatever the threads.
        self.lay_out_tiers(strategy, (schedule, total_forward), (tiers, 1), share)
    }

    /// Adds up what a strategy takes, with its schedule and that one's forward steps, and its tiers
    /// and the threads of each worker.
    fn lay_out_tiers(
        &self,
        strategy: Strategy,
        (schedule, total_forward): (AnySchedule, u128),
        (tiers, threads): (Vec<TierPlan>, u64),
        (concurrency, budget_bytes): (u64, Option<u64>),
    ) -> Plan {
        let parts = self.parts(strategy, (&tiers, threads), concurrency);
        let recorded = self.steps.max(1);
        Plan {
            strategy,
            steps: self.steps,
            concurrency,
            wanted_concurrency: self.workers(),
            budget_bytes,
            predicted_peak_bytes: parts.sum(),
            parts,
            recompute_factor: (total_forward as f64 / recorded as f64).max(1.0),
            makespan_steps: self.makespan(total_forward, concurrency),
            tiers,
            seconds: None,
            waited_seconds: None,
            machine: None,
            schedule: Made(schedule),
        }
    }

    /// What a strategy takes with its tiers and the threads of each worker.
    fn parts(
        &self,
        strategy: Strategy,
        (tiers, threads): (&[TierPlan], u64),
        concurrency: u64,
    ) -> Parts {
        let of_all = |bytes: u128| saturate(u128::from(concurrency).saturating_mul(bytes));
        let [workers, mut snapshots, adjoint] = self.worker_parts(strategy);
        if tiers.iter().any(|tier| !matches!(tier, TierPlan::Handles { .. })) {
            snapshots = tiers.iter().map(|tier| self.tier_bytes(strategy, tier, threads)).sum();
        }
        let [workers, snapshots, adjoint] = [workers, snapshots, adjoint].map(of_all);
        Parts { shared: self.shared_bytes, workers, snapshots, adjoint }
    }

    /// Bytes that a tier of one worker of so many threads takes in RAM.
    fn tier_bytes(&self, strategy: Strategy, tier: &TierPlan, threads: u64) -> u128 {
        match tier {
            TierPlan::Handles { .. } => strategy.bytes_in_ram(self),
            TierPlan::Ram { capacity_bytes, .. } => {
                u128::from(*capacity_bytes) + u128::from(tier.needed_bytes(threads))
            }
            TierPlan::File { .. } => tier.needed_bytes(threads).into(),
        }
    }
}

impl Plan {
    /// The schedule of one job.
    pub fn actions(&self) -> AnySchedule {
        self.schedule.0.clone()
    }

    /// Snapshots that the first tier holds at most, where they are handles.
    pub fn slots(&self) -> u64 {
        match self.tiers.first() {
            Some(TierPlan::Handles { slots }) => *slots,
            Some(TierPlan::Ram { .. } | TierPlan::File { .. }) | None => 0,
        }
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { concurrency, wanted_concurrency, parts, .. } = self;
        writeln!(f, "strategy     {}", self.strategy)?;
        writeln!(f, "concurrency  {concurrency} of {wanted_concurrency}")?;
        write!(f, "recompute    {:.2} forward steps per step", self.recompute_factor)?;
        let budget = self.budget_bytes.map(|bytes| ("budget", bytes));
        let rows = [
            ("shared", parts.shared),
            ("workers", parts.workers),
            ("snapshots", parts.snapshots),
            ("adjoint data", parts.adjoint),
            ("peak", self.predicted_peak_bytes),
        ];
        for (name, bytes) in rows.into_iter().chain(budget) {
            write!(f, "\n{name:<12} {:>12}", Bytes(bytes).rounded())?;
        }
        Ok(())
    }
}

fn saturate(bytes: u128) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX)
}

fn jobs(count: u64) -> &'static str {
    if count == 1 { "job" } else { "jobs" }
}

fn fitting_help(concurrency: u64) -> String {
    match concurrency {
        0 => "it does not fit with 1 either: keep fewer snapshots, or raise the budget".to_owned(),
        _ => format!("it fits with {concurrency}"),
    }
}
