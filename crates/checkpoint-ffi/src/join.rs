//! Several chains in one memory: that meet in one loss, or have nothing else in common.
//!
//! What the shapes mean, and what the schedules are, is said by
//! [`retrograd_checkpoint::schedule::join`]. For pulling: the executor knows one chain.

use std::sync::{Mutex, MutexGuard, PoisonError};

use retrograd_checkpoint::schedule::join::{BranchAction, IntoJoinActions};
use retrograd_checkpoint::{IndependentChains, JoinAction, JoinGraph, JoinMemory};

use crate::action::{kind, rg_action};
use crate::handle::{Content, Handle, Owned, Shared, free, make};
use crate::pointer::{In, Out, array};
use crate::schedule::{next, pull};
use crate::status::{Error, rg_status, run};

/// A schedule for several chains, and how far it has been pulled: `rg_join`.
pub type rg_join = Handle<Join>;

/// What an [`rg_join`] holds.
pub struct Join(Mutex<State>);

#[derive(Clone)]
struct State {
    whole: IntoJoinActions,
    /// What has not been pulled.
    rest: IntoJoinActions,
    forward_steps: u64,
    memory: JoinMemory,
}

/// Chains, and how they hang together: `rg_branches`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct rg_branches {
    /// `RG_JOIN`, `RG_PITCHFORK` or `RG_INDEPENDENT`.
    pub shape: i32,
    /// How many branches or chains.
    pub count: u64,
    /// `count` numbers of steps: forward steps of branches that meet, adjoint steps of chains that
    /// do not.
    pub steps: *const u64,
    /// `RG_PITCHFORK`: forward steps of the trunk. Otherwise 0.
    pub trunk: u64,
}

/// How chains hang together.
pub mod shape {
    /// Branches with initial states of their own, and one loss over all of them.
    pub const RG_JOIN: i32 = 0;
    /// Branches that start from the end of a trunk, and one loss over all of them.
    pub const RG_PITCHFORK: i32 = 1;
    /// Chains that have nothing in common but the memory.
    pub const RG_INDEPENDENT: i32 = 2;
}

/// One action of a schedule for several chains: `rg_join_action`.
#[repr(C)]
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct rg_join_action {
    /// Whose it is; that of the trunk is behind the last branch. 0 for the turn.
    pub branch: u64,
    /// What to do there; of kind `RG_TURN`, and 0 otherwise, for the turn.
    pub action: rg_action,
}

/// What a valid schedule for several chains did: `rg_join_report`.
#[repr(C)]
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct rg_join_report {
    /// Actions.
    pub actions: u64,
    /// Forward steps run without recording.
    pub advances: u64,
    /// Forward steps run with recording.
    pub recorded: u64,
    /// States stored, without the initial ones.
    pub writes: u64,
    /// States loaded.
    pub reads: u64,
    /// The most states stored at a time.
    pub peak_slots: u64,
}

impl Content for Join {
    const TAG: [u8; 8] = *b"rgjoin\0\0";
}

/// Chains whose shape is known.
enum Chains {
    Meeting(JoinGraph),
    Independent(Vec<u64>),
}

impl rg_branches {
    /// # Safety
    /// `steps` is NULL, or `count` numbers lie there.
    unsafe fn chains(&self) -> Result<Chains, Error> {
        // SAFETY: promised by the caller.
        let steps = unsafe { array(self.steps, self.count, "branches.steps") }?.to_vec();
        if self.trunk != 0 && self.shape != shape::RG_PITCHFORK {
            let allowed = "0 where there is no trunk, which is but with RG_PITCHFORK";
            return Err(Error::argument("branches.trunk", self.trunk, allowed));
        }
        Ok(match self.shape {
            shape::RG_JOIN => Chains::Meeting(JoinGraph::join(steps)?),
            shape::RG_PITCHFORK => Chains::Meeting(JoinGraph::pitchfork(self.trunk, steps)?),
            shape::RG_INDEPENDENT => Chains::Independent(steps),
            other => {
                let allowed = "RG_JOIN, RG_PITCHFORK or RG_INDEPENDENT";
                return Err(Error::argument("branches.shape", other, allowed));
            }
        })
    }
}

impl Chains {
    /// The fewest slots with which there is a schedule.
    fn minimum_slots(self) -> Result<u64, Error> {
        Ok(match self {
            Self::Meeting(graph) => graph.minimum_slots(),
            Self::Independent(steps) => {
                // That of the initial states; the chains are checked on the way.
                let slots = steps.len() as u64;
                IndependentChains::new(steps, slots)?;
                slots
            }
        })
    }

    fn solve(self, slots: u64) -> Result<Join, Error> {
        let (forward_steps, memory, whole) = match self {
            Self::Meeting(graph) => {
                let schedule = graph.solve(slots)?;
                (schedule.forward_steps(), graph.memory(slots), schedule.into_iter())
            }
            Self::Independent(steps) => {
                let schedule = IndependentChains::new(steps, slots)?;
                (schedule.forward_steps(), schedule.memory(), schedule.into_iter())
            }
        };
        let forward_steps = u64::try_from(forward_steps).unwrap_or(u64::MAX);
        Ok(Join(Mutex::new(State { rest: whole.clone(), whole, forward_steps, memory })))
    }
}

impl Join {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing is changed in parts.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl From<JoinAction> for rg_join_action {
    fn from(action: JoinAction) -> Self {
        match action {
            JoinAction::Branch(BranchAction { branch, action }) => {
                Self { branch: branch as u64, action: action.into() }
            }
            JoinAction::Turn => {
                let action = rg_action { kind: kind::RG_TURN, ..rg_action::default() };
                Self { branch: 0, action }
            }
        }
    }
}

/// The schedule with the fewest advances for `branches` with `slots` states in tier 0, the initial
/// ones included, which are stored from the start.
///
/// # Safety
/// `branches`, if not NULL, names `count` numbers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rg_join_new(
    branches: In<'_, rg_branches>,
    slots: u64,
    out: Out<'_, *mut rg_join>,
) -> rg_status {
    make(out, || {
        // SAFETY: promised by the caller.
        unsafe { branches.get("branches")?.chains() }?.solve(slots)
    })
}

/// The fewest slots with which [`rg_join_new`] finds a schedule.
///
/// # Safety
/// As for [`rg_join_new`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rg_join_minimum_slots(
    branches: In<'_, rg_branches>,
    out: Out<'_, u64>,
) -> rg_status {
    run(|| {
        let mut place = out.get("out")?;
        // SAFETY: promised by the caller.
        place.put(unsafe { branches.get("branches")?.chains() }?.minimum_slots()?);
        Ok(rg_status::RG_OK)
    })
}

/// Gives the next action: `RG_OK`, or `RG_END` and nothing if there is none.
#[unsafe(no_mangle)]
pub extern "C" fn rg_join_next(join: Shared<'_, Join>, out: Out<'_, rg_join_action>) -> rg_status {
    run(|| {
        let (join, place) = (join.get("join")?, out.get("out")?);
        Ok(next(&mut join.lock().rest, place))
    })
}

/// Gives the next actions, as many as there are and `room` has place for: `RG_OK` and how many, or
/// `RG_END` and 0 if there is none.
///
/// # Safety
/// `actions` is NULL, or there is room for `room` actions which nobody else uses.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rg_join_pull(
    join: Shared<'_, Join>,
    actions: *mut rg_join_action,
    room: u64,
    count: Out<'_, u64>,
) -> rg_status {
    run(|| {
        let (join, place) = (join.get("join")?, count.get("count")?);
        // SAFETY: promised by the caller.
        unsafe { pull(&mut join.lock().rest, actions, room, place) }
    })
}

/// Goes back to the first action.
#[unsafe(no_mangle)]
pub extern "C" fn rg_join_reset(join: Shared<'_, Join>) -> rg_status {
    run(|| {
        let mut state = join.get("join")?.lock();
        state.rest = state.whole.clone();
        Ok(rg_status::RG_OK)
    })
}

/// Makes another schedule that stands where this one does.
#[unsafe(no_mangle)]
pub extern "C" fn rg_join_clone(join: Shared<'_, Join>, out: Out<'_, *mut rg_join>) -> rg_status {
    make(out, || {
        let state = join.get("join")?.lock().clone();
        Ok(Join(Mutex::new(state)))
    })
}

/// The advances of the whole schedule, however much of it was pulled; saturates.
#[unsafe(no_mangle)]
pub extern "C" fn rg_join_advances(join: Shared<'_, Join>, out: Out<'_, u64>) -> rg_status {
    run(|| {
        let mut place = out.get("out")?;
        place.put(join.get("join")?.lock().forward_steps);
        Ok(rg_status::RG_OK)
    })
}

/// Replays the whole schedule against its branches and slots. Takes as long as pulling it.
#[unsafe(no_mangle)]
pub extern "C" fn rg_join_replay(
    join: Shared<'_, Join>,
    out: Out<'_, rg_join_report>,
) -> rg_status {
    run(|| {
        let join = join.get("join")?;
        let mut place = out.wanted("out")?;
        let State { whole, memory, .. } = join.lock().clone();
        let report = memory.replay(whole)?;
        if let Some(place) = &mut place {
            place.put(rg_join_report {
                actions: report.actions,
                advances: report.advances,
                recorded: report.recorded,
                writes: report.writes,
                reads: report.reads,
                peak_slots: report.peak_slots,
            });
        }
        Ok(rg_status::RG_OK)
    })
}

/// Frees a schedule; NULL is none.
#[unsafe(no_mangle)]
pub extern "C" fn rg_join_free(join: Owned<Join>) -> rg_status {
    free(join, "join")
}
