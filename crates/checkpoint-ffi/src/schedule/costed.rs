//! Families that weigh steps and tiers by what they cost.

use retrograd_checkpoint::{DiskRevolve, HRevolve, PerStep, TierCost, TierSpec, UnevenSteps};

use super::{Schedule, choice, rg_schedule};
use crate::handle::make;
use crate::pointer::{In, Out, array};
use crate::status::{Error, rg_status};

/// A tier that H-Revolve may use: `rg_tier_spec`.
#[repr(C)]
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct rg_tier_spec {
    /// The most snapshots at a time.
    pub slots: u64,
    /// Cost of a write.
    pub write: f64,
    /// Cost of a read.
    pub read: f64,
}

/// What steps and a disk cost: `rg_prices`.
#[repr(C)]
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct rg_prices {
    /// An advanced step.
    pub forward: f64,
    /// A reversed step with its recording.
    pub adjoint: f64,
    /// A write to the disk.
    pub write: f64,
    /// A read from the disk.
    pub read: f64,
}

/// Slots in tier 0 that cost nothing, and tier 1 without limit, a disk, that does. `time`, if not
/// NULL, is the cost of the schedule.
#[unsafe(no_mangle)]
pub extern "C" fn rg_schedule_disk_revolve(
    steps: u64,
    slots: u64,
    prices: In<'_, rg_prices>,
    variant: i32,
    time: Out<'_, f64>,
    out: Out<'_, *mut rg_schedule>,
) -> rg_status {
    make(out, || {
        let (mut place, prices) = (time.wanted("time")?, prices.get("prices")?);
        let rg_prices { forward, adjoint, write, read } = prices;
        let allowed = "one of RG_DISK_OPTIMAL to RG_DISK_PERIODIC";
        let make = match variant {
            choice::RG_DISK_OPTIMAL => DiskRevolve::new,
            choice::RG_DISK_ONE_READ => DiskRevolve::one_read,
            choice::RG_DISK_ONE_SNAPSHOT => DiskRevolve::one_snapshot,
            choice::RG_DISK_PERIODIC => DiskRevolve::periodic,
            other => return Err(Error::argument("variant", other, allowed)),
        };
        let schedule = make(steps, slots, TierCost { write, read }, forward, adjoint)?;
        if let Some(place) = &mut place {
            place.put(schedule.makespan());
        }
        Ok(Schedule::new(schedule, None, None))
    })
}

/// The best schedule over `count` tiers, number 0 first, each with its slots and costs: `forward`
/// is that of an advanced step, `adjoint` of a reversed one with its recording.
///
/// # Safety
/// `tiers` is NULL, or `count` of them lie there.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rg_schedule_h_revolve(
    steps: u64,
    tiers: *const rg_tier_spec,
    count: u64,
    forward: f64,
    adjoint: f64,
    time: Out<'_, f64>,
    out: Out<'_, *mut rg_schedule>,
) -> rg_status {
    make(out, || {
        let mut place = time.wanted("time")?;
        // SAFETY: promised by the caller.
        let tiers = unsafe { array(tiers, count, "tiers") }?;
        let spec = |tier: &rg_tier_spec| TierSpec {
            slots: tier.slots,
            cost: TierCost { write: tier.write, read: tier.read },
        };
        let tiers: Vec<TierSpec> = tiers.iter().map(spec).collect();
        let schedule = HRevolve::new(steps, &tiers, forward, adjoint)?;
        if let Some(place) = &mut place {
            place.put(schedule.makespan());
        }
        Ok(Schedule::new(schedule, None, None))
    })
}

/// Steps that are not alike: `rg_uneven`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct rg_uneven {
    /// How many.
    pub steps: u64,
    /// Cost of advancing each.
    pub forward: *const f64,
    /// Cost of reversing each with its recording.
    pub adjoint: *const f64,
    /// Bytes of the restart data of each; NULL if they count in slots.
    pub restart_bytes: *const u64,
}

/// The best schedule for steps that are not alike, in tier 0: with `capacity` bytes, or slots where
/// sizes do not count.
///
/// # Safety
/// The arrays of `uneven` are NULL or have an entry for each step.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rg_schedule_uneven(
    uneven: In<'_, rg_uneven>,
    capacity: u64,
    time: Out<'_, f64>,
    out: Out<'_, *mut rg_schedule>,
) -> rg_status {
    make(out, || {
        let (mut place, uneven) = (time.wanted("time")?, uneven.get("uneven")?);
        let count = uneven.steps;
        let in_slots = uneven.restart_bytes.is_null();
        // SAFETY: promised by the caller, for each of the arrays.
        let steps = unsafe {
            UnevenSteps {
                forward: array(uneven.forward, count, "uneven.forward")?.to_vec(),
                adjoint: PerStep::Each(array(uneven.adjoint, count, "uneven.adjoint")?.to_vec()),
                restart_bytes: if in_slots {
                    PerStep::Uniform(1)
                } else {
                    let bytes = array(uneven.restart_bytes, count, "uneven.restart_bytes")?;
                    PerStep::Each(bytes.to_vec())
                },
            }
        };
        let solve = if in_slots { UnevenSteps::solve_slots } else { UnevenSteps::solve_bytes };
        let schedule = solve(&steps, capacity)?;
        if let Some(place) = &mut place {
            place.put(schedule.makespan());
        }
        Ok(Schedule::new(schedule.actions(), None, None))
    })
}
