//! Schedules: made by name, pulled action by action, or handed to an executor.
//!
//! A schedule whose end is not known is open: it is pulled, and finished when the end is there.

mod chain;
mod costed;
mod online;
mod simple;
mod walk;

pub use chain::*;
pub use costed::*;
pub use online::*;
pub use simple::*;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use retrograd_checkpoint::schedule::AnySchedule;
use retrograd_checkpoint::{Action, Costs, Online, Revolve, StoreAll, Trajectory};

use crate::action::{action_of, rg_action};
use crate::handle::{Content, Handle, Owned, Shared, free, make};
use crate::pointer::{Out, Place, Writer, array};
use crate::status::{Error, rg_status, run};
use walk::Walked;

/// A schedule and how far it has been pulled: `rg_schedule`.
pub type rg_schedule = Handle<Schedule>;

/// What an [`rg_schedule`] holds.
pub struct Schedule(Mutex<State>);

#[derive(Clone)]
struct State {
    whole: Actions,
    /// What has not been pulled.
    rest: Actions,
    known: Known,
}

/// Actions to come.
#[derive(Clone)]
enum Actions {
    /// To the end.
    Closed(AnySchedule),
    /// A forward sweep without an end.
    Open(Box<Online>),
}

/// What is known of a schedule without following it.
#[derive(Clone, Copy, Default)]
struct Known {
    costs: Option<rg_costs>,
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
    /// `DiskRevolve::new`.
    pub const RG_DISK_OPTIMAL: i32 = 0;
    /// `DiskRevolve::one_read`.
    pub const RG_DISK_ONE_READ: i32 = 1;
    /// `DiskRevolve::one_snapshot`.
    pub const RG_DISK_ONE_SNAPSHOT: i32 = 2;
    /// `DiskRevolve::periodic`.
    pub const RG_DISK_PERIODIC: i32 = 3;
    /// `OnlineRule::Targets`.
    pub const RG_ONLINE_TARGETS: i32 = 0;
    /// `OnlineRule::WangMoin`.
    pub const RG_ONLINE_WANG_MOIN: i32 = 1;
    /// The next step is the last.
    pub const RG_BEFORE_LAST: i32 = 0;
    /// The step before was the last.
    pub const RG_AT_END: i32 = 1;
}

impl Content for Schedule {
    const TAG: [u8; 8] = *b"rgsched\0";
}

impl Schedule {
    /// A schedule and what is known of it.
    fn new(
        schedule: impl Iterator<Item = Action> + Clone + Send + Sync + 'static,
        costs: Option<rg_costs>,
        slots: Option<[u64; 2]>,
    ) -> Self {
        let whole = Actions::Closed(AnySchedule::new(schedule));
        Self(Mutex::new(State { rest: whole.clone(), whole, known: Known { costs, slots } }))
    }

    /// A schedule of which nothing is known without following it.
    pub(crate) fn of(schedule: AnySchedule) -> Self {
        Self::new(schedule, None, None)
    }

    /// A schedule without an end.
    fn open(online: Online) -> Self {
        let whole = Actions::Open(Box::new(online));
        Self(Mutex::new(State { rest: whole.clone(), whole, known: Known::default() }))
    }

    /// The whole schedule, however much of it was pulled.
    pub(crate) fn whole(&self) -> Result<AnySchedule, Error> {
        match &self.lock().whole {
            Actions::Closed(schedule) => Ok(schedule.clone()),
            Actions::Open(_) => Err(Error::Open),
        }
    }

    /// The forward sweep of a schedule without an end, from its beginning.
    pub(crate) fn forward(&self) -> Result<Online, Error> {
        match &self.lock().whole {
            Actions::Open(online) => Ok(Online::clone(online)),
            Actions::Closed(_) => Err(Error::Closed),
        }
    }

    pub(crate) fn store_all(steps: u64) -> Self {
        let schedule = StoreAll::new(steps);
        let costs = costs_of(steps, &schedule.costs());
        Self::new(schedule, Some(costs), Some([0, 0]))
    }

    pub(crate) fn revolve(steps: u64, slots: u64, by: Trajectory) -> Result<Self, Error> {
        let schedule = Revolve::with_trajectory(steps, slots, by)?;
        let (costs, slots) = (costs_of(steps, &schedule.costs()), schedule.slots());
        Ok(Self::new(schedule, Some(costs), Some([slots, 0])))
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

impl Iterator for Actions {
    type Item = Action;

    fn next(&mut self) -> Option<Action> {
        match self {
            Self::Closed(schedule) => schedule.next(),
            Self::Open(online) => online.next(),
        }
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
        let (schedule, place) = (schedule.get("schedule")?, out.get("out")?);
        Ok(next(&mut schedule.lock().rest, place))
    })
}

/// Gives the next of `rest`: `RG_OK`, or `RG_END` and nothing if there is none.
pub(crate) fn next<T: Copy>(
    rest: &mut impl Iterator<Item: Into<T>>,
    mut place: Place<'_, T>,
) -> rg_status {
    match rest.next() {
        Some(action) => {
            place.put(action.into());
            rg_status::RG_OK
        }
        None => rg_status::RG_END,
    }
}

/// Gives the next actions, as many as there are and `room` has place for: `RG_OK` and how many, or
/// `RG_END` and 0 if there is none. One lock and one check of the arguments for all of them.
///
/// # Safety
/// `actions` is NULL, or there is room for `room` actions which nobody else uses.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rg_schedule_pull(
    schedule: Shared<'_, Schedule>,
    actions: *mut rg_action,
    room: u64,
    count: Out<'_, u64>,
) -> rg_status {
    run(|| {
        let (schedule, place) = (schedule.get("schedule")?, count.get("count")?);
        // SAFETY: promised by the caller.
        unsafe { pull(&mut schedule.lock().rest, actions, room, place) }
    })
}

/// Fills an array of `room` actions with the next of `rest`: `RG_OK` and how many, or `RG_END` and
/// 0 if there is none.
///
/// # Safety
/// `actions` is NULL, or there is room for `room` actions which nobody else uses.
pub(crate) unsafe fn pull<T: Copy>(
    rest: &mut impl Iterator<Item: Into<T>>,
    actions: *mut T,
    room: u64,
    mut count: Place<'_, u64>,
) -> Result<rg_status, Error> {
    if room == 0 {
        return Err(Error::argument("room", room, "at least 1"));
    }
    // SAFETY: promised by the caller.
    let mut writer = unsafe { Writer::new(actions, room, "actions") }?;
    writer.fill(rest);
    count.put(writer.count());
    Ok(if writer.count() == 0 { rg_status::RG_END } else { rg_status::RG_OK })
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

/// Counts of the whole schedule, however much of it was pulled. In closed form where there is one;
/// otherwise it takes as long as pulling all of them.
#[unsafe(no_mangle)]
pub extern "C" fn rg_schedule_costs(
    schedule: Shared<'_, Schedule>,
    out: Out<'_, rg_costs>,
) -> rg_status {
    run(|| {
        let (schedule, mut place) = (schedule.get("schedule")?, out.get("out")?);
        let known = schedule.lock().known.costs;
        place.put(match known {
            Some(costs) => costs,
            None => Walked::of(schedule.whole()?).costs,
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
        let known = schedule.lock().known.slots;
        place.put(match known {
            Some(slots) => slots.get(tier as usize).copied().unwrap_or(0),
            None => Walked::of(schedule.whole()?).peak(tier),
        });
        Ok(rg_status::RG_OK)
    })
}

/// Frees a schedule; NULL is none.
#[unsafe(no_mangle)]
pub extern "C" fn rg_schedule_free(schedule: Owned<Schedule>) -> rg_status {
    free(schedule, "schedule")
}
