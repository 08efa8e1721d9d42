//! The replayer: proof that a schedule is right.

use retrograd_checkpoint::{MemoryModel, TierLimit, replay};

use crate::handle::Shared;
use crate::pointer::{In, Out, array};
use crate::schedule::Schedule;
use crate::status::{Error, rg_status, run};

/// What a tier may hold: `rg_tier_limit`. `RG_UNLIMITED` is no limit.
#[repr(C)]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct rg_tier_limit {
    /// The most snapshots at a time.
    pub slots: u64,
    /// The most bytes at a time.
    pub bytes: u64,
}

/// The memory that a schedule is replayed against: `rg_memory`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct rg_memory {
    /// `tier_count` tiers, number 0 first.
    pub tiers: *const rg_tier_limit,
    /// How many.
    pub tier_count: u64,
    /// Bytes of the restart data of a step.
    pub restart_bytes: u64,
    /// Bytes of the adjoint data of a step.
    pub adjoint_bytes: u64,
    /// Whether loading the adjoint data of a step puts the model at its end.
    pub adjoint_restarts: i32,
}

/// What a valid schedule did: `rg_report`.
#[repr(C)]
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct rg_report {
    /// Actions.
    pub actions: u64,
    /// Forward steps run without recording.
    pub advances: u64,
    /// Forward steps run with recording.
    pub recorded: u64,
    /// The most steps recorded in working memory at a time.
    pub peak_recorded: u64,
    /// The most bytes of all tiers and of the recorded steps at a time.
    pub peak_bytes: u64,
}

/// What a schedule did to one tier: `rg_tier_report`.
#[repr(C)]
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct rg_tier_report {
    /// Stores.
    pub writes: u64,
    /// Loads.
    pub reads: u64,
    /// The most snapshots held at a time.
    pub peak_slots: u64,
    /// The most bytes held at a time.
    pub peak_bytes: u64,
}

/// No limit.
pub const RG_UNLIMITED: u64 = u64::MAX;

/// Replays the whole schedule, which should reverse `steps`, against `memory`: `RG_OK` and what
/// it did, or `RG_ERROR_ACTION` and in words which action breaks which rule. `tiers`, if not NULL,
/// has room for what was done to each of the tiers of `memory`.
///
/// # Safety
/// `memory`, if not NULL, names `tier_count` limits; `tiers` is NULL or has room for as many
/// reports, that nobody else uses.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rg_replay(
    schedule: Shared<'_, Schedule>,
    steps: u64,
    memory: In<'_, rg_memory>,
    out: Out<'_, rg_report>,
    tiers: *mut rg_tier_report,
) -> rg_status {
    run(|| {
        let (schedule, memory) = (schedule.get("schedule")?, memory.get("memory")?);
        let mut place = out.wanted("out")?;
        // SAFETY: promised by the caller.
        let limits = unsafe { array(memory.tiers, memory.tier_count, "memory.tiers") }?;
        if !tiers.is_null() && !tiers.is_aligned() {
            return Err(Error::argument("tiers", format!("{tiers:p}"), "an aligned address"));
        }
        let limit = |limit: u64| (limit != RG_UNLIMITED).then_some(limit);
        let limits =
            limits.iter().map(|one| TierLimit { slots: limit(one.slots), bytes: limit(one.bytes) });
        let model = MemoryModel {
            adjoint_restarts: memory.adjoint_restarts != 0,
            ..MemoryModel::new(limits.collect(), memory.restart_bytes, memory.adjoint_bytes)
        };
        let report = replay(steps, &model, schedule.whole()?)?;
        if let Some(place) = &mut place {
            place.put(rg_report {
                actions: report.actions,
                advances: report.advances,
                recorded: report.recorded,
                peak_recorded: report.peak_recorded,
                peak_bytes: report.peak_bytes,
            });
        }
        if !tiers.is_null() {
            for (number, tier) in report.tiers.iter().enumerate() {
                let tier = rg_tier_report {
                    writes: tier.writes,
                    reads: tier.reads,
                    peak_slots: tier.peak_slots,
                    peak_bytes: tier.peak_bytes,
                };
                // SAFETY: aligned and not NULL; there is room for one report per tier of
                // `memory`, promised by the caller, and the replayer reports on no others.
                unsafe { tiers.add(number).write(tier) };
            }
        }
        Ok(rg_status::RG_OK)
    })
}
