//! Families that need to know no more than numbers of steps and slots.

use retrograd_checkpoint::schedule::Asynchronous;
use retrograd_checkpoint::{
    Cams, LastBlock, MemoryReuse, Method, Mixed, Multistage, NoReuse, StoreNone, Trajectory,
    TwoLevel,
};

use super::{Schedule, choice, costs_of, rg_schedule};
use crate::handle::make;
use crate::pointer::Out;
use crate::status::{Error, rg_status};

fn trajectory_of(number: i32) -> Result<Trajectory, Error> {
    let allowed = "RG_TRAJECTORY_REVOLVE or RG_TRAJECTORY_MAXIMUM";
    match number {
        choice::RG_TRAJECTORY_REVOLVE => Ok(Trajectory::Revolve),
        choice::RG_TRAJECTORY_MAXIMUM => Ok(Trajectory::Maximum),
        other => Err(Error::argument("trajectory", other, allowed)),
    }
}

/// Keeps the adjoint data of every step and no snapshot.
#[unsafe(no_mangle)]
pub extern "C" fn rg_schedule_store_all(steps: u64, out: Out<'_, *mut rg_schedule>) -> rg_status {
    make(out, || Ok(Schedule::store_all(steps)))
}

/// Keeps the initial state only.
#[unsafe(no_mangle)]
pub extern "C" fn rg_schedule_store_none(steps: u64, out: Out<'_, *mut rg_schedule>) -> rg_status {
    make(out, || {
        let schedule = StoreNone::new(steps);
        let costs = schedule.costs();
        Ok(Schedule::new(
            schedule,
            Some(costs_of(steps, &costs)),
            Some([steps.saturating_sub(1).min(1), 0]),
        ))
    })
}

/// Snapshots at equal distances, none of them reused.
#[unsafe(no_mangle)]
pub extern "C" fn rg_schedule_no_reuse(
    steps: u64,
    slots: u64,
    out: Out<'_, *mut rg_schedule>,
) -> rg_status {
    make(out, || {
        let schedule = NoReuse::new(steps, slots)?;
        let (costs, slots) = (schedule.costs(), schedule.slots());
        Ok(Schedule::new(schedule, Some(costs_of(steps, &costs)), Some([slots, 0])))
    })
}

/// Snapshots at equal distances, those that are free again reused.
#[unsafe(no_mangle)]
pub extern "C" fn rg_schedule_memory_reuse(
    steps: u64,
    slots: u64,
    out: Out<'_, *mut rg_schedule>,
) -> rg_status {
    make(out, || {
        let schedule = MemoryReuse::new(steps, slots)?;
        let (costs, slots) = (schedule.costs(), schedule.slots());
        Ok(Schedule::new(schedule, Some(costs_of(steps, &costs)), Some([slots, 0])))
    })
}

/// The fewest advances with `slots` snapshots in tier 0, the initial state included.
#[unsafe(no_mangle)]
pub extern "C" fn rg_schedule_revolve(
    steps: u64,
    slots: u64,
    trajectory: i32,
    out: Out<'_, *mut rg_schedule>,
) -> rg_status {
    make(out, || Schedule::revolve(steps, slots, trajectory_of(trajectory)?))
}

/// Revolve with `ram` snapshots in tier 0 and `disk` in tier 1, the busiest ones in tier 0.
#[unsafe(no_mangle)]
pub extern "C" fn rg_schedule_multistage(
    steps: u64,
    ram: u64,
    disk: u64,
    trajectory: i32,
    out: Out<'_, *mut rg_schedule>,
) -> rg_status {
    make(out, || {
        let by = trajectory_of(trajectory)?;
        let schedule = Multistage::with_trajectory(steps, ram, disk, by)?;
        let (costs, all) = (schedule.costs(), schedule.slots());
        let slots = [ram.min(all), all - ram.min(all)];
        Ok(Schedule::new(schedule, Some(costs_of(steps, &costs)), Some(slots)))
    })
}

/// A snapshot in tier 1 every `period` steps, Revolve with `slots` more in tier 0 between them.
#[unsafe(no_mangle)]
pub extern "C" fn rg_schedule_two_level(
    steps: u64,
    period: u64,
    slots: u64,
    last_block: i32,
    out: Out<'_, *mut rg_schedule>,
) -> rg_status {
    make(out, || {
        let allowed = "RG_LAST_BLOCK_RELOADED or RG_LAST_BLOCK_FUSED";
        let last = match last_block {
            choice::RG_LAST_BLOCK_RELOADED => LastBlock::Reloaded,
            choice::RG_LAST_BLOCK_FUSED => LastBlock::Fused,
            other => return Err(Error::argument("last_block", other, allowed)),
        };
        let schedule = TwoLevel::with_last_block(steps, period, slots, last)?;
        let (costs, slots) = (schedule.costs(), [schedule.ram_slots(), schedule.disk_slots()]);
        Ok(Schedule::new(schedule, Some(costs_of(steps, &costs)), Some(slots)))
    })
}

/// A snapshot moved to tier 1 every `period` steps and back in time, Revolve with `slots` in tier
/// 0 between them.
#[unsafe(no_mangle)]
pub extern "C" fn rg_schedule_asynchronous(
    steps: u64,
    period: u64,
    slots: u64,
    out: Out<'_, *mut rg_schedule>,
) -> rg_status {
    make(out, || {
        let schedule = Asynchronous::new(steps, period, slots)?;
        let (costs, slots) = (schedule.costs(), [schedule.ram_slots(), schedule.slow_slots()]);
        Ok(Schedule::new(schedule, Some(costs_of(steps, &costs)), Some(slots)))
    })
}

/// As [`rg_schedule_asynchronous`], where the steps between are recorded whole.
#[unsafe(no_mangle)]
pub extern "C" fn rg_schedule_asynchronous_recording(
    steps: u64,
    period: u64,
    out: Out<'_, *mut rg_schedule>,
) -> rg_status {
    make(out, || {
        let schedule = Asynchronous::recording(steps, period)?;
        let (costs, slots) = (schedule.costs(), [schedule.ram_slots(), schedule.slow_slots()]);
        Ok(Schedule::new(schedule, Some(costs_of(steps, &costs)), Some(slots)))
    })
}

/// The fewest forward steps where restart and adjoint data share `capacity` units.
#[unsafe(no_mangle)]
pub extern "C" fn rg_schedule_mixed(
    steps: u64,
    capacity: u64,
    restart_size: u64,
    adjoint_size: u64,
    out: Out<'_, *mut rg_schedule>,
) -> rg_status {
    make(out, || {
        let schedule = Mixed::new(steps, capacity, restart_size, adjoint_size)?;
        Ok(Schedule::new(schedule, None, None))
    })
}

/// The fewest forward steps for a method of several stages.
#[unsafe(no_mangle)]
pub extern "C" fn rg_schedule_cams(
    steps: u64,
    slots: u64,
    stages: u64,
    method: i32,
    out: Out<'_, *mut rg_schedule>,
) -> rg_status {
    make(out, || {
        let allowed = "RG_METHOD_GENERAL or RG_METHOD_STIFFLY_ACCURATE";
        let method = match method {
            choice::RG_METHOD_GENERAL => Method::General,
            choice::RG_METHOD_STIFFLY_ACCURATE => Method::StifflyAccurate,
            other => return Err(Error::argument("method", other, allowed)),
        };
        Ok(Schedule::new(Cams::new(steps, slots, stages, method)?, None, None))
    })
}
