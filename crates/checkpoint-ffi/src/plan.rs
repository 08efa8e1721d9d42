//! The planner: which schedule fits into a budget.

use retrograd_checkpoint::{Strategy, Trajectory, Workload};

use crate::handle::make;
use crate::pointer::{In, Out};
use crate::schedule::{Schedule, rg_schedule};
use crate::status::{Error, rg_status, run};

/// What one process has to do, in bytes: `rg_workload`.
#[repr(C)]
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct rg_workload {
    /// Steps of one job.
    pub steps: u64,
    /// One restart snapshot.
    pub snapshot_bytes: u64,
    /// Adjoint data of one step.
    pub adjoint_bytes: u64,
    /// What each concurrent worker holds whatever the schedule.
    pub worker_bytes: u64,
    /// What all workers share.
    pub shared_bytes: u64,
    /// Independent jobs in all.
    pub jobs: u64,
    /// Wanted number of jobs at a time.
    pub concurrency: u64,
}

/// A choice that fits its budget: `rg_plan_result`.
#[repr(C)]
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct rg_plan_result {
    /// `RG_STORE_ALL` or `RG_REVOLVE`.
    pub strategy: i32,
    /// The most snapshots of one job at a time: slots of its executor.
    pub snapshots: u64,
    /// Steps of one job.
    pub steps: u64,
    /// Jobs at a time.
    pub concurrency: u64,
    /// Jobs at a time that were wanted, at most the number of jobs.
    pub wanted_concurrency: u64,
    /// The most bytes in use at a time: the sum of the next four.
    pub predicted_peak_bytes: u64,
    /// Shared by all workers.
    pub shared_bytes: u64,
    /// Working states and data of all workers.
    pub workers_bytes: u64,
    /// Restart snapshots of all workers.
    pub snapshots_bytes: u64,
    /// Recorded adjoint data of all workers.
    pub adjoint_bytes: u64,
    /// Forward steps run per step reversed.
    pub recompute_factor: f64,
    /// Predicted time of all jobs, in units of one forward step; saturates.
    pub makespan_steps: u64,
}

/// Strategies of plans.
pub mod strategy {
    /// Keep the adjoint data of every step.
    pub const RG_STORE_ALL: i32 = 0;
    /// Keep restart snapshots and recompute the rest.
    pub const RG_REVOLVE: i32 = 1;
}

/// No budget.
pub const RG_NO_BUDGET: u64 = u64::MAX;

pub(crate) fn workload(from: rg_workload) -> Workload {
    let rg_workload {
        steps,
        snapshot_bytes,
        adjoint_bytes,
        worker_bytes,
        shared_bytes,
        jobs,
        concurrency,
    } = from;
    Workload { steps, snapshot_bytes, adjoint_bytes, worker_bytes, shared_bytes, jobs, concurrency }
}

/// Chooses the schedule and the number of workers with which a workload fits into a budget and
/// takes the least time. `RG_NO_BUDGET` is none.
#[unsafe(no_mangle)]
pub extern "C" fn rg_plan(
    work: In<'_, rg_workload>,
    budget_bytes: u64,
    out: Out<'_, rg_plan_result>,
) -> rg_status {
    run(|| {
        let (work, mut place) = (workload(work.get("work")?), out.get("out")?);
        let plan = work.plan((budget_bytes != RG_NO_BUDGET).then_some(budget_bytes))?;
        let (strategy, snapshots) = match plan.strategy {
            Strategy::StoreAll => (strategy::RG_STORE_ALL, 0),
            Strategy::Revolve { snapshots } => (strategy::RG_REVOLVE, snapshots),
            _ => return Err(Error::Unknown { what: "the strategy of the plan" }),
        };
        place.put(rg_plan_result {
            strategy,
            snapshots,
            steps: plan.steps,
            concurrency: plan.concurrency,
            wanted_concurrency: plan.wanted_concurrency,
            predicted_peak_bytes: plan.predicted_peak_bytes,
            shared_bytes: plan.parts.shared,
            workers_bytes: plan.parts.workers,
            snapshots_bytes: plan.parts.snapshots,
            adjoint_bytes: plan.parts.adjoint,
            recompute_factor: plan.recompute_factor,
            makespan_steps: u64::try_from(plan.makespan_steps).unwrap_or(u64::MAX),
        });
        Ok(rg_status::RG_OK)
    })
}

/// The least budget with which [`rg_plan`] finds something; saturates.
#[unsafe(no_mangle)]
pub extern "C" fn rg_minimum_bytes(work: In<'_, rg_workload>, out: Out<'_, u64>) -> rg_status {
    run(|| {
        let (work, mut place) = (workload(work.get("work")?), out.get("out")?);
        place.put(work.minimum_bytes());
        Ok(rg_status::RG_OK)
    })
}

/// The schedule of one job of a plan.
#[unsafe(no_mangle)]
pub extern "C" fn rg_plan_schedule(
    plan: In<'_, rg_plan_result>,
    out: Out<'_, *mut rg_schedule>,
) -> rg_status {
    make(out, || {
        let plan = plan.get("plan")?;
        match plan.strategy {
            strategy::RG_STORE_ALL => Ok(Schedule::store_all(plan.steps)),
            strategy::RG_REVOLVE => {
                Schedule::revolve(plan.steps, plan.snapshots, Trajectory::default())
            }
            other => Err(Error::argument("plan.strategy", other, "RG_STORE_ALL or RG_REVOLVE")),
        }
    })
}
