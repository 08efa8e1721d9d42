//! Schedules: made by name, pulled action by action, or handed to an executor.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use retrograd_checkpoint::schedule::{AnySchedule, Asynchronous};
use retrograd_checkpoint::{
    Action, Cams, Costs, LastBlock, MemoryReuse, Method, Mixed, Multistage, NoReuse, Revolve,
    StoreAll, StoreNone, Trajectory, TwoLevel,
};

use crate::action::{action_of, rg_action};
use crate::handle::{Content, Handle, Owned, Shared, free, make};
use crate::pointer::{Out, array};
use crate::status::{Error, rg_status, run};

/// A schedule and how far it has been pulled: `rg_schedule`.
pub type rg_schedule = Handle<Schedule>;

/// What an [`rg_schedule`] holds.
pub struct Schedule(Mutex<State>);

#[derive(Clone)]
struct State {
    whole: AnySchedule,
    /// What has not been pulled.
    rest: AnySchedule,
    known: Known,
}

/// What is known of a schedule without following it.
#[derive(Clone, Copy)]
struct Known {
    costs: Option<(u64, Costs)>,
    /// The most snapshots in tiers 0 and 1; none in others.
    slots: Option<[u64; 2]>,
}

/// Counts of a whole schedule: `rg_costs`.
#[repr(C)]
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct rg_costs {
    /// Steps that are reversed.
    pub steps: u64,
    /// Forward steps run without recording.
    pub advances: u64,
    /// Forward steps run in all.
    pub total_forward: u64,
    /// Snapshots stored.
    pub writes: u64,
    /// Snapshots loaded.
    pub reads: u64,
    /// Forward steps per step reversed; 1 is no recomputation.
    pub recompute_factor: f64,
}

/// Constants of schedules.
pub mod choice {
    /// `Trajectory::Revolve`.
    pub const RG_TRAJECTORY_REVOLVE: i32 = 0;
    /// `Trajectory::Maximum`.
    pub const RG_TRAJECTORY_MAXIMUM: i32 = 1;
    /// `LastBlock::Reloaded`.
    pub const RG_LAST_BLOCK_RELOADED: i32 = 0;
    /// `LastBlock::Fused`.
    pub const RG_LAST_BLOCK_FUSED: i32 = 1;
    /// `Method::General`.
    pub const RG_METHOD_GENERAL: i32 = 0;
    /// `Method::StifflyAccurate`.
    pub const RG_METHOD_STIFFLY_ACCURATE: i32 = 1;
}

impl Content for Schedule {
    const TAG: [u8; 8] = *b"rgsched\0";
}

impl Schedule {
    fn new(
        schedule: impl Iterator<Item = Action> + Clone + Send + 'static,
        costs: Option<(u64, Costs)>,
        slots: Option<[u64; 2]>,
    ) -> Self {
        let whole = AnySchedule::new(schedule);
        Self(Mutex::new(State { rest: whole.clone(), whole, known: Known { costs, slots } }))
    }

    /// The whole schedule, however much of it was pulled.
    pub(crate) fn whole(&self) -> AnySchedule {
        self.lock().whole.clone()
    }

    pub(crate) fn store_all(steps: u64) -> Self {
        let schedule = StoreAll::new(steps);
        let costs = schedule.costs();
        Self::new(schedule, Some((steps, costs)), Some([0, 0]))
    }

    pub(crate) fn revolve(steps: u64, slots: u64, by: Trajectory) -> Result<Self, Error> {
        let schedule = Revolve::with_trajectory(steps, slots, by)?;
        let (costs, slots) = (schedule.costs(), schedule.slots());
        Ok(Self::new(schedule, Some((steps, costs)), Some([slots, 0])))
    }

    /// Actions as they are.
    pub(crate) fn listed(actions: Arc<[Action]>) -> Self {
        Self::new(Listed { actions, next: 0 }, None, None)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing is changed in parts.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn trajectory_of(number: i32) -> Result<Trajectory, Error> {
    let allowed = "RG_TRAJECTORY_REVOLVE or RG_TRAJECTORY_MAXIMUM";
    match number {
        choice::RG_TRAJECTORY_REVOLVE => Ok(Trajectory::Revolve),
        choice::RG_TRAJECTORY_MAXIMUM => Ok(Trajectory::Maximum),
        other => Err(Error::argument("trajectory", other, allowed)),
    }
}

/// What following a schedule shows.
#[derive(Default)]
struct Walked {
    costs: rg_costs,
    /// Of each tier, the snapshots held and the most held.
    held: BTreeMap<u32, (u64, u64)>,
}

impl Walked {
    fn of(actions: AnySchedule) -> Self {
        let mut walked = Self::default();
        for action in actions {
            let costs = &mut walked.costs;
            let add = |total: &mut u64, steps: &std::ops::Range<u64>| {
                *total = total.saturating_add(steps.end.saturating_sub(steps.start));
            };
            match &action {
                Action::Advance { steps } => add(&mut costs.advances, steps),
                Action::Record { steps } => add(&mut costs.total_forward, steps),
                Action::Reverse { steps } => add(&mut costs.steps, steps),
                Action::Load { .. } => costs.reads += 1,
                Action::Store { tier, .. } => {
                    costs.writes += 1;
                    let (held, peak) = walked.held.entry(tier.0).or_default();
                    *held += 1;
                    *peak = (*peak).max(*held);
                }
                Action::Discard { tier, .. } => {
                    let (held, _) = walked.held.entry(tier.0).or_default();
                    *held = held.saturating_sub(1);
                }
            }
        }
        let costs = &mut walked.costs;
        costs.total_forward = costs.total_forward.saturating_add(costs.advances);
        costs.recompute_factor = match costs.steps {
            0 => 1.0,
            steps => costs.total_forward as f64 / steps as f64,
        };
        walked
    }
}

fn saturate(count: u128) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

fn costs_of(steps: u64, costs: &Costs) -> rg_costs {
    rg_costs {
        steps,
        advances: saturate(costs.advances),
        total_forward: saturate(costs.total_forward),
        writes: costs.writes,
        reads: costs.reads,
        recompute_factor: costs.recompute_factor(),
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
        Ok(Schedule::new(schedule, Some((steps, costs)), Some([steps.saturating_sub(1).min(1), 0])))
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
        Ok(Schedule::new(schedule, Some((steps, costs)), Some([slots, 0])))
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
        Ok(Schedule::new(schedule, Some((steps, costs)), Some([slots, 0])))
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
        Ok(Schedule::new(schedule, Some((steps, costs)), Some(slots)))
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
        Ok(Schedule::new(schedule, Some((steps, costs)), Some(slots)))
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
        Ok(Schedule::new(schedule, Some((steps, costs)), Some(slots)))
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

/// A list of actions as they are.
#[derive(Clone)]
struct Listed {
    actions: Arc<[Action]>,
    next: usize,
}

impl Iterator for Listed {
    type Item = Action;

    fn next(&mut self) -> Option<Action> {
        let action = self.actions.get(self.next)?;
        self.next += 1;
        Some(action.clone())
    }
}

/// A schedule of the caller's own: `count` actions, which are copied. Whether they are a valid
/// schedule is said by [`rg_replay`](crate::replay::rg_replay) and by executors.
///
/// # Safety
/// `actions` is NULL, or `count` actions lie there.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rg_schedule_from_actions(
    actions: *const rg_action,
    count: u64,
    out: Out<'_, *mut rg_schedule>,
) -> rg_status {
    make(out, || {
        // SAFETY: as promised by the caller.
        let given = unsafe { array(actions, count, "actions") }?;
        let actions: Result<Arc<[Action]>, Error> =
            given.iter().map(|&action| action_of(action)).collect();
        Ok(Schedule::listed(actions?))
    })
}

/// Gives the next action: `RG_OK`, or `RG_END` and nothing if there is none.
#[unsafe(no_mangle)]
pub extern "C" fn rg_schedule_next(
    schedule: Shared<'_, Schedule>,
    out: Out<'_, rg_action>,
) -> rg_status {
    run(|| {
        let (schedule, mut place) = (schedule.get("schedule")?, out.get("out")?);
        let next = schedule.lock().rest.next();
        Ok(match next {
            Some(action) => {
                place.put(action.into());
                rg_status::RG_OK
            }
            None => rg_status::RG_END,
        })
    })
}

/// Goes back to the first action.
#[unsafe(no_mangle)]
pub extern "C" fn rg_schedule_reset(schedule: Shared<'_, Schedule>) -> rg_status {
    run(|| {
        let mut state = schedule.get("schedule")?.lock();
        state.rest = state.whole.clone();
        Ok(rg_status::RG_OK)
    })
}

/// Makes another schedule that stands where this one does.
#[unsafe(no_mangle)]
pub extern "C" fn rg_schedule_clone(
    schedule: Shared<'_, Schedule>,
    out: Out<'_, *mut rg_schedule>,
) -> rg_status {
    make(out, || {
        let state = schedule.get("schedule")?.lock().clone();
        Ok(Schedule(Mutex::new(state)))
    })
}

/// Counts of the whole schedule, however much of it was pulled. In closed form, but for mixed,
/// CAMS and lists: there it takes as long as pulling all of them.
#[unsafe(no_mangle)]
pub extern "C" fn rg_schedule_costs(
    schedule: Shared<'_, Schedule>,
    out: Out<'_, rg_costs>,
) -> rg_status {
    run(|| {
        let (schedule, mut place) = (schedule.get("schedule")?, out.get("out")?);
        let (known, whole) = {
            let state = schedule.lock();
            (state.known, state.whole.clone())
        };
        place.put(match known.costs {
            Some((steps, costs)) => costs_of(steps, &costs),
            None => Walked::of(whole).costs,
        });
        Ok(rg_status::RG_OK)
    })
}

/// The most snapshots that the schedule holds in `tier` at a time. Takes as long as
/// [`rg_schedule_costs`].
#[unsafe(no_mangle)]
pub extern "C" fn rg_schedule_slots(
    schedule: Shared<'_, Schedule>,
    tier: u32,
    out: Out<'_, u64>,
) -> rg_status {
    run(|| {
        let (schedule, mut place) = (schedule.get("schedule")?, out.get("out")?);
        let (known, whole) = {
            let state = schedule.lock();
            (state.known, state.whole.clone())
        };
        place.put(match known.slots {
            Some(slots) => slots.get(tier as usize).copied().unwrap_or(0),
            None => Walked::of(whole).held.get(&tier).map_or(0, |&(_, peak)| peak),
        });
        Ok(rg_status::RG_OK)
    })
}

/// Frees a schedule; NULL is none.
#[unsafe(no_mangle)]
pub extern "C" fn rg_schedule_free(schedule: Owned<Schedule>) -> rg_status {
    free(schedule, "schedule")
}
