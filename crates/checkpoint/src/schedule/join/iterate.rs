//! From tasks to actions.

use std::iter::FusedIterator;
use std::ops::Range;
use std::slice::Iter;

use super::table::Segment;
use super::{BranchAction, JoinAction};
use crate::{Action, Data, Revolve, TierId, Trajectory};

/// The tier of every state.
const TIER: TierId = TierId(0);

/// What happens to the state at the start of a segment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Base {
    /// It is discarded with its last load.
    Released,
    /// Other branches start there, too, and are not reversed yet.
    Kept,
}

/// A part of a schedule.
#[derive(Clone, Debug)]
pub(super) enum Task {
    /// One action.
    Action(JoinAction),
    /// Reverse a segment from the stored state at its start.
    Segment { segment: Segment, base: Base },
}

/// The names under which the states of a graph are stored.
#[derive(Clone, Copy, Debug)]
pub(super) struct Names {
    /// The number of branches, which is that of the trunk, and its length; for a pitchfork.
    pub(super) trunk: Option<(usize, u64)>,
}

impl Names {
    /// An action that stores, loads or discards a state.
    pub(super) fn state(self, make: fn(u64) -> Action, branch: usize, step: u64) -> JoinAction {
        let (branch, step) = match self.trunk {
            Some((trunk, end)) if step == 0 && branch != trunk => (trunk, end),
            Some(_) | None => (branch, step),
        };
        JoinAction::Branch(BranchAction { branch, action: make(step) })
    }
}

pub(super) fn store(step: u64) -> Action {
    Action::Store { kind: Data::Restart, step, tier: TIER }
}

pub(super) fn load(step: u64) -> Action {
    Action::Load { kind: Data::Restart, step, tier: TIER }
}

pub(super) fn discard(step: u64) -> Action {
    Action::Discard { kind: Data::Restart, step, tier: TIER }
}

/// The actions of a [`JoinSchedule`](super::JoinSchedule) or of
/// [`IndependentChains`](super::IndependentChains).
#[derive(Clone, Debug)]
pub struct JoinActions<'a> {
    tasks: Iter<'a, Task>,
    names: Names,
    running: Option<Running>,
}

impl<'a> JoinActions<'a> {
    pub(super) fn new(tasks: &'a [Task], names: Names) -> Self {
        Self { tasks: tasks.iter(), names, running: None }
    }
}

/// A segment on its way.
#[derive(Clone, Debug)]
struct Running {
    segment: Segment,
    base: Base,
    opening: Opening,
    revolve: Revolve,
}

/// What precedes the actions of Revolve: the model goes to a state that is stored already.
#[derive(Clone, Copy, Debug)]
enum Opening {
    Load,
    Discard,
    Done,
}

impl Running {
    fn new(segment: Segment, base: Base) -> Self {
        let mut revolve = Revolve::with_slots(segment.steps, segment.slots, Trajectory::Revolve);
        if segment.steps > 1 {
            let stored = revolve.next();
            debug_assert!(matches!(stored, Some(Action::Store { step: 0, .. })), "{stored:?}");
        }
        Self { segment, base, opening: Opening::Load, revolve }
    }

    fn next(&mut self, names: Names) -> Option<JoinAction> {
        let Segment { branch, start, steps, .. } = self.segment;
        match self.opening {
            Opening::Load => {
                // A single step needs its state once; longer segments leave the discard to Revolve.
                let last = steps == 1 && self.base == Base::Released;
                self.opening = if last { Opening::Discard } else { Opening::Done };
                return Some(names.state(load, branch, start));
            }
            Opening::Discard => {
                self.opening = Opening::Done;
                return Some(names.state(discard, branch, start));
            }
            Opening::Done => {}
        }
        let mut action = self.revolve.next()?;
        if self.base == Base::Kept && matches!(action, Action::Discard { step: 0, .. }) {
            action = self.revolve.next()?;
        }
        let moved = |steps: Range<u64>| steps.start + start..steps.end + start;
        let action = match action {
            Action::Advance { steps } => Action::Advance { steps: moved(steps) },
            Action::Record { steps } => Action::Record { steps: moved(steps) },
            Action::Reverse { steps } => Action::Reverse { steps: moved(steps) },
            Action::Store { step, .. } => return Some(names.state(store, branch, step + start)),
            Action::Load { step, .. } => return Some(names.state(load, branch, step + start)),
            Action::Discard { step, .. } => {
                return Some(names.state(discard, branch, step + start));
            }
        };
        Some(JoinAction::Branch(BranchAction { branch, action }))
    }
}

impl Iterator for JoinActions<'_> {
    type Item = JoinAction;

    fn next(&mut self) -> Option<JoinAction> {
        loop {
            if let Some(running) = &mut self.running {
                if let Some(action) = running.next(self.names) {
                    return Some(action);
                }
                self.running = None;
            }
            match self.tasks.next()? {
                Task::Action(action) => return Some(action.clone()),
                Task::Segment { segment, base } => {
                    self.running = Some(Running::new(*segment, *base));
                }
            }
        }
    }
}

impl FusedIterator for JoinActions<'_> {}
