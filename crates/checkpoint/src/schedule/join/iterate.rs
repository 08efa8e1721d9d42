//! From tasks to actions.

use std::iter::FusedIterator;
use std::slice::Iter;

use super::table::Segment;
use super::{BranchAction, JoinAction};
use crate::schedule::segment::{Base, SegmentActions};
use crate::{Action, Data, TierId};

/// The tier of every state.
const TIER: TierId = TierId(0);

/// A part of a schedule.
#[derive(Clone, Debug)]
pub(super) enum Task {
    /// One action.
    Action(JoinAction),
    /// Reverse a segment; the state at its start is stored.
    Segment { segment: Segment, base: Base },
}

/// The names under which the states of a graph are stored.
#[derive(Clone, Copy, Debug)]
pub(super) struct Names {
    /// The number of branches, which is that of the trunk, and its length; for a pitchfork.
    pub(super) trunk: Option<(usize, u64)>,
}

impl Names {
    /// An action on a branch. Stores, loads and discards of the state where branches start go to
    /// the trunk.
    pub(super) fn on(self, branch: usize, action: Action) -> JoinAction {
        let (mut branch, mut action) = (branch, action);
        if let Action::Store { step, .. } | Action::Load { step, .. } | Action::Discard { step, .. } =
            &mut action
            && let Some((trunk, end)) = self.trunk
            && *step == 0
            && branch != trunk
        {
            (branch, *step) = (trunk, end);
        }
        JoinAction::Branch(BranchAction { branch, action })
    }
}

pub(super) fn store(step: u64) -> Action {
    Action::Store { kind: Data::Restart, step, tier: TIER }
}

pub(super) fn load(step: u64) -> Action {
    Action::Load { kind: Data::Restart, step, tier: TIER }
}

/// The actions of a [`JoinSchedule`](super::JoinSchedule) or of
/// [`IndependentChains`](super::IndependentChains).
#[derive(Clone, Debug)]
pub struct JoinActions<'a> {
    tasks: Iter<'a, Task>,
    names: Names,
    /// The segment on its way, and its branch.
    running: Option<(usize, SegmentActions)>,
}

impl<'a> JoinActions<'a> {
    pub(super) fn new(tasks: &'a [Task], names: Names) -> Self {
        Self { tasks: tasks.iter(), names, running: None }
    }
}

impl Iterator for JoinActions<'_> {
    type Item = JoinAction;

    fn next(&mut self) -> Option<JoinAction> {
        loop {
            if let Some((branch, actions)) = &mut self.running {
                if let Some(action) = actions.next() {
                    return Some(self.names.on(*branch, action));
                }
                self.running = None;
            }
            match self.tasks.next()? {
                Task::Action(action) => return Some(action.clone()),
                Task::Segment { segment: Segment { branch, start, steps, slots }, base } => {
                    let actions = SegmentActions::new(*start, *steps, *slots, *base);
                    self.running = Some((*branch, actions));
                }
            }
        }
    }
}

impl FusedIterator for JoinActions<'_> {}
