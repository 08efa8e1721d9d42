//! Several chains that meet in one loss, reversed with the fewest forward steps.
//!
//! Branch `j` leads in `l_j` steps from its initial state `x^j_0` to `x^j_(l_j)`. The *turn*, the
//! loss over all branches, needs the ends of all of them at once. Then every branch is reversed,
//! in any order, in `l_j + 1` adjoint steps, of which step `i` needs `x^j_i`; the last one, step
//! `l_j`, leads into the loss and is never advanced.
//!
//! There is one working state, whichever branch it belongs to, and there are `c` slots, all of
//! them in one memory. What counts is the number of advances. A [`JoinGraph`] comes in two shapes:
//!
//! * **join**: every branch has its own initial state, stored from the start in one of the slots;
//! * **pitchfork**: all branches start from the end of a trunk of `l_0` steps, whose initial
//!   state is stored from the start. The shared state at its end stays stored until the last
//!   branch is reversed; then the trunk is.
//!
//! [`IndependentChains`] share the memory, but nothing else: there is no turn.
//!
//! # Method
//!
//! A schedule is a first sweep, the turn, and a sequence of *segments*: runs of adjoint steps of
//! one branch, each reversed in one piece by [`Revolve`](crate::Revolve) from the snapshot at its
//! start. The first sweep stores the snapshots of all segments, the ends of all branches but one
//! included. With `m` snapshots left, `r_j` the steps left of branch `j` and `t(n, s)` the advances
//! of Revolve,
//!
//! ```text
//! F(r; m) = min over branches j and starts p < r_j of t(r_j - p, c - m + 1) + F(r with r_j = p; m - 1)
//! advances = sum of l_j + min over m <= c - k + 1 of F(l; m)      (k branches, all of some length)
//! ```
//!
//! which takes `O(c (sum of l_j) product of l_j)` time: polynomial for a fixed number of branches.
//! That segments in one piece suffice is checked against exhaustive search in the tests, and not
//! proved here.
//!
//! Beaumont, Herrmann, Pallez & Shilova, *Optimal memory-aware backpropagation of deep join
//! networks*, Phil. Trans. R. Soc. A 378 (2020), doi:10.1098/rsta.2019.0049.

mod independent;
mod iterate;
mod replay;
mod solve;
mod table;

pub use independent::IndependentChains;
pub use iterate::{IntoJoinActions, JoinActions};
pub use replay::{BrokenJoinRule, InvalidJoinAction, JoinMemory, JoinReport};
pub use solve::JoinSchedule;

use std::fmt;

use crate::{Action, ScheduleError};

/// An action on one branch.
///
/// Branches count from 0. The trunk of a pitchfork counts as the branch after the last; the state
/// at its end, where all branches start, goes by the trunk's number and its length.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct BranchAction {
    /// The branch.
    pub branch: usize,
    /// What to do there. Steps count from the start of the branch.
    pub action: Action,
}

/// One instruction of a schedule for chains that meet.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum JoinAction {
    /// An action on one branch.
    Branch(BranchAction),
    /// The loss, and the gradients with respect to the ends of all branches. These are the working
    /// state and stored states, which stay as they are.
    Turn,
}

impl fmt::Display for BranchAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "branch {}: {}", self.branch, self.action)
    }
}

impl fmt::Display for JoinAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Branch(action) => action.fmt(f),
            Self::Turn => f.write_str("turn"),
        }
    }
}

/// Chains that meet in one loss; see the [module](self).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct JoinGraph {
    /// Forward steps of the trunk, for a pitchfork.
    trunk: Option<u64>,
    /// Forward steps of each branch.
    branches: Vec<u64>,
}

impl JoinGraph {
    /// Branches of so many forward steps each, with initial states of their own.
    ///
    /// # Errors
    /// [`ScheduleError::Invalid`] if there is no branch, or more than 2^62 steps in all.
    pub fn join(branches: Vec<u64>) -> Result<Self, ScheduleError> {
        Self::checked(None, branches)
    }

    /// Branches of so many forward steps each that start from the end of a trunk of `trunk` steps.
    /// With one branch that is one chain, and becomes a join of one branch.
    ///
    /// # Errors
    /// As for [`JoinGraph::join`].
    pub fn pitchfork(trunk: u64, branches: Vec<u64>) -> Result<Self, ScheduleError> {
        match branches[..] {
            [only] => Self::checked(None, vec![only.saturating_add(trunk)]),
            _ => Self::checked(Some(trunk), branches),
        }
    }

    fn checked(trunk: Option<u64>, branches: Vec<u64>) -> Result<Self, ScheduleError> {
        if branches.is_empty() {
            return Err(ScheduleError::Invalid { what: "a join has at least one branch" });
        }
        let lengths = branches.iter().copied().chain(trunk);
        if lengths.map(u128::from).sum::<u128>() + branches.len() as u128 > 1 << 62 {
            return Err(ScheduleError::Invalid { what: "a join has at most 2^62 steps" });
        }
        Ok(Self { trunk, branches })
    }

    /// Forward steps of each branch.
    pub fn branches(&self) -> &[u64] {
        &self.branches
    }

    /// Forward steps of the trunk, if this is a pitchfork.
    pub fn trunk(&self) -> Option<u64> {
        self.trunk
    }

    /// Forward steps of one sweep over everything.
    fn forward_steps(&self) -> u64 {
        self.branches.iter().sum::<u64>() + self.trunk.unwrap_or(0)
    }

    /// The fewest slots with which a schedule exists.
    ///
    /// At the turn these hold every initial state that is not an end (or what a pitchfork has
    /// instead: the initial state of the trunk and the shared state), and all ends but one.
    pub fn minimum_slots(&self) -> u64 {
        let branches = self.branches.len() as u64;
        let apart = self.branches.iter().filter(|&&steps| steps > 0).count() as u64;
        let ends = apart.saturating_sub(1);
        match self.trunk {
            None => branches + ends,
            Some(trunk) => u64::from(trunk > 0) + 1 + ends,
        }
    }

    /// The schedule with the fewest advances within `slots` slots, which include the initial
    /// states.
    ///
    /// One branch takes constant time, whatever its length. More take a table, in time and memory
    /// that grow with the product of their lengths: two branches of 50 steps or three of 20 take
    /// milliseconds.
    ///
    /// # Errors
    /// [`ScheduleError::TooSmall`], with the least number of slots, if there are too few;
    /// [`ScheduleError::TableTooLarge`] beyond 128 MiB; [`ScheduleError::TooMuchWork`] if it would
    /// take more than some seconds.
    ///
    /// ```
    /// use retrograd_checkpoint::{JoinAction, JoinGraph};
    ///
    /// let graph = JoinGraph::join(vec![3, 2])?;
    /// let schedule = graph.solve(4)?;
    /// assert_eq!(schedule.forward_steps(), 7);
    /// let actions: Vec<String> = schedule.actions().map(|action| action.to_string()).collect();
    /// assert_eq!(actions[..5], [
    ///     "branch 0: load restart 0 from tier 0",
    ///     "branch 0: advance 0..3",
    ///     "branch 0: store restart 3 in tier 0",
    ///     "branch 1: load restart 0 from tier 0",
    ///     "branch 1: advance 0..1",
    /// ]);
    /// # Ok::<(), retrograd_checkpoint::ScheduleError>(())
    /// ```
    pub fn solve(&self, slots: u64) -> Result<JoinSchedule, ScheduleError> {
        solve::solve(self, slots)
    }

    /// The memory that schedules for `slots` slots are replayed against.
    pub fn memory(&self, slots: u64) -> JoinMemory {
        JoinMemory { graph: self.clone(), turn: true, slots }
    }
}
