//! From tasks to actions.

use std::iter::FusedIterator;
use std::sync::Arc;

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

/// How far a list of tasks has been followed.
#[derive(Clone, Debug)]
struct Walk {
    /// Tasks begun.
    next: usize,
    names: Names,
    /// The segment on its way, and its branch.
    running: Option<(usize, SegmentActions)>,
}

impl Walk {
    fn new(names: Names) -> Self {
        Self { next: 0, names, running: None }
    }

    /// The next action of `tasks`, which are the same in every call.
    fn step(&mut self, tasks: &[Task]) -> Option<JoinAction> {
        loop {
            if let Some((branch, actions)) = &mut self.running {
                if let Some(action) = actions.next() {
                    return Some(self.names.on(*branch, action));
                }
                self.running = None;
            }
            let task = tasks.get(self.next)?;
            self.next += 1;
            match task {
                Task::Action(action) => return Some(action.clone()),
                Task::Segment { segment: Segment { branch, start, steps, slots }, base } => {
                    let actions = SegmentActions::new(*start, *steps, *slots, *base);
                    self.running = Some((*branch, actions));
                }
            }
        }
    }
}

/// The actions of a [`JoinSchedule`](super::JoinSchedule) or of
/// [`IndependentChains`](super::IndependentChains).
#[derive(Clone, Debug)]
pub struct JoinActions<'a> {
    tasks: &'a [Task],
    walk: Walk,
}

impl<'a> JoinActions<'a> {
    pub(super) fn new(tasks: &'a [Task], names: Names) -> Self {
        Self { tasks, walk: Walk::new(names) }
    }
}

impl Iterator for JoinActions<'_> {
    type Item = JoinAction;

    fn next(&mut self) -> Option<JoinAction> {
        self.walk.step(self.tasks)
    }
}

impl FusedIterator for JoinActions<'_> {}

/// As [`JoinActions`], with the schedule inside: for whoever keeps it where nothing can be
/// borrowed. Clones share the schedule and cost next to nothing.
#[derive(Clone, Debug)]
pub struct IntoJoinActions {
    tasks: Arc<[Task]>,
    walk: Walk,
}

impl IntoJoinActions {
    pub(super) fn new(tasks: Vec<Task>, names: Names) -> Self {
        Self { tasks: tasks.into(), walk: Walk::new(names) }
    }
}

impl Iterator for IntoJoinActions {
    type Item = JoinAction;

    fn next(&mut self) -> Option<JoinAction> {
        self.walk.step(&self.tasks)
    }
}

impl FusedIterator for IntoJoinActions {}
