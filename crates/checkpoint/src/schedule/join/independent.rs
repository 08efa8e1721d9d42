//! Independent chains that share one memory.

use super::iterate::{IntoJoinActions, JoinActions, Names, Task};
use super::table::Segment;
use super::{JoinAction, JoinGraph, JoinMemory};
use crate::schedule::segment::Base;
use crate::{Costs, ScheduleError};

/// Chains that have nothing in common but the memory, reversed with the fewest advances.
///
/// All initial states are stored from the start, in one slot each. The chains are reversed one
/// after the other, shortest first, each by [`Revolve`](crate::Revolve) with all slots that are
/// free; the slots of a finished chain serve those after it.
///
/// The order is optimal: by `t(n, s) = sum over k of max(0, n - beta(s, k))`, one more slot saves
/// at least as much in the longer of two chains, so that the shorter one goes first. That nothing
/// is gained by interleaving is checked against exhaustive search in the tests.
///
/// ```
/// use retrograd_checkpoint::IndependentChains;
///
/// let chains = IndependentChains::new(vec![10, 4], 4)?;
/// // 4 steps with 3 slots, then 10 steps with 4.
/// assert_eq!(chains.forward_steps(), 3 + 14);
/// let report = chains.memory().replay(chains.actions())?;
/// assert_eq!(u128::from(report.advances), chains.forward_steps());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct IndependentChains {
    steps: Vec<u64>,
    slots: u64,
    tasks: Vec<Task>,
    forward_steps: u128,
}

impl IndependentChains {
    /// The schedule for chains of so many adjoint steps each, within `slots` slots, those of the
    /// initial states included.
    ///
    /// # Errors
    /// [`ScheduleError::TooSmall`] if there are fewer slots than chains;
    /// [`ScheduleError::Invalid`] if there is no chain, one without steps, or more than 2^62 steps.
    pub fn new(steps: Vec<u64>, slots: u64) -> Result<Self, ScheduleError> {
        let chains = steps.len() as u64;
        if steps.contains(&0) || steps.is_empty() {
            let what = "there is at least one chain, and every chain has at least one step";
            return Err(ScheduleError::Invalid { what });
        }
        if steps.iter().copied().map(u128::from).sum::<u128>() > 1 << 62 {
            return Err(ScheduleError::Invalid { what: "chains have at most 2^62 steps" });
        }
        if slots < chains {
            let what = "the number of slots";
            return Err(ScheduleError::TooSmall { what, given: slots, minimum: chains });
        }
        let mut order: Vec<(u64, usize)> = steps.iter().copied().zip(0..).collect();
        order.sort_unstable();
        let mut tasks = Vec::with_capacity(steps.len());
        let mut forward_steps = 0;
        for (done, (steps, branch)) in (0..).zip(order) {
            let free = slots - (chains - done) + 1;
            forward_steps += Costs::revolve(steps, free)?.advances;
            let segment = Segment { branch, start: 0, steps, slots: free };
            tasks.push(Task::Segment { segment, base: Base::Released });
        }
        Ok(Self { steps, slots, tasks, forward_steps })
    }

    /// Adjoint steps of each chain.
    pub fn steps(&self) -> &[u64] {
        &self.steps
    }

    /// Advances in all.
    pub fn forward_steps(&self) -> u128 {
        self.forward_steps
    }

    /// The actions; a chain is a branch, and there is no turn.
    pub fn actions(&self) -> JoinActions<'_> {
        JoinActions::new(&self.tasks, Names { trunk: None })
    }

    /// The memory that the actions are replayed against.
    pub fn memory(&self) -> JoinMemory {
        // The last step of a branch is never advanced, and does not count as one.
        let branches = self.steps.iter().map(|steps| steps - 1).collect();
        JoinMemory { graph: JoinGraph { trunk: None, branches }, turn: false, slots: self.slots }
    }
}

impl IntoIterator for IndependentChains {
    type Item = JoinAction;
    type IntoIter = IntoJoinActions;

    /// [`IndependentChains::actions`], with the schedule inside.
    fn into_iter(self) -> IntoJoinActions {
        IntoJoinActions::new(self.tasks, Names { trunk: None })
    }
}
