//! A run of steps in the middle of a chain, reversed by Revolve.

use std::iter::FusedIterator;
use std::ops::Range;

use super::{Revolve, Trajectory};
use crate::{Action, Data, TierId};

/// The state at the start of a run, as the run finds and leaves it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Base {
    /// It is the working state, and is not stored.
    Working,
    /// It is stored, and discarded with its last load.
    Released,
    /// It is stored, and stays so.
    Kept,
}

/// The actions that reverse `steps` steps from `start` on, in tier 0.
#[derive(Clone, Debug)]
pub(crate) struct SegmentActions {
    start: u64,
    base: Base,
    opening: Opening,
    revolve: Revolve,
    steps: u64,
}

/// What precedes the actions of Revolve: the model goes to a state that is stored already.
#[derive(Clone, Copy, Debug)]
enum Opening {
    Load,
    Discard,
    Done,
}

impl SegmentActions {
    /// With `slots` slots, that of the state at the start included; the nearest number of use.
    pub(crate) fn new(start: u64, steps: u64, slots: u64, base: Base) -> Self {
        let mut revolve = Revolve::with_slots(steps, slots, Trajectory::Revolve);
        let opening = if base == Base::Working { Opening::Done } else { Opening::Load };
        if base != Base::Working && steps > 1 {
            let stored = revolve.next();
            debug_assert!(matches!(stored, Some(Action::Store { step: 0, .. })), "{stored:?}");
        }
        Self { start, base, opening, revolve, steps }
    }
}

impl Iterator for SegmentActions {
    type Item = Action;

    fn next(&mut self) -> Option<Action> {
        let (kind, step, tier) = (Data::Restart, self.start, TierId(0));
        match self.opening {
            Opening::Load => {
                // A single step needs its state once; longer runs leave the discard to Revolve.
                let last = self.steps == 1 && self.base == Base::Released;
                self.opening = if last { Opening::Discard } else { Opening::Done };
                return Some(Action::Load { kind, step, tier });
            }
            Opening::Discard => {
                self.opening = Opening::Done;
                return Some(Action::Discard { kind, step, tier });
            }
            Opening::Done => {}
        }
        let mut action = self.revolve.next()?;
        if self.base == Base::Kept && matches!(action, Action::Discard { step: 0, .. }) {
            action = self.revolve.next()?;
        }
        let moved = |steps: Range<u64>| steps.start + self.start..steps.end + self.start;
        Some(match action {
            Action::Advance { steps } => Action::Advance { steps: moved(steps) },
            Action::Record { steps } => Action::Record { steps: moved(steps) },
            Action::Reverse { steps } => Action::Reverse { steps: moved(steps) },
            Action::Store { kind, step, tier } => {
                Action::Store { kind, step: step + self.start, tier }
            }
            Action::Load { kind, step, tier } => {
                Action::Load { kind, step: step + self.start, tier }
            }
            Action::Discard { kind, step, tier } => {
                Action::Discard { kind, step: step + self.start, tier }
            }
        })
    }
}

impl FusedIterator for SegmentActions {}
