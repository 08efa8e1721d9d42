//! A Revolve schedule somewhere inside a longer one.

use std::ops::Range;

use super::{Revolve, Trajectory};
use crate::{Action, TierId};

/// [`Revolve`] over a range of steps, in one tier; started anew for each range, in the same
/// memory.
#[derive(Clone, Debug)]
pub(crate) struct Segment {
    schedule: Revolve,
    slots: u64,
    start: u64,
    tier: TierId,
}

impl Segment {
    /// A segment of no steps, to be started; of at most `longest` steps.
    pub(crate) fn new(longest: u64, slots: u64, tier: TierId) -> Self {
        let mut schedule = Revolve::with_slots(longest, slots, Trajectory::Revolve);
        schedule.restart(0, slots);
        Self { schedule, slots, start: 0, tier }
    }

    /// The model is at the first of `steps`: the actions that follow reverse them.
    pub(crate) fn start(&mut self, steps: Range<u64>) {
        self.start = steps.start;
        self.schedule.restart(steps.end - steps.start, self.slots);
    }

    /// The next action; `None` when the steps are reversed.
    pub(crate) fn next(&mut self) -> Option<Action> {
        let Self { start, tier, .. } = *self;
        let shift = |steps: Range<u64>| start + steps.start..start + steps.end;
        Some(match self.schedule.next()? {
            Action::Advance { steps } => Action::Advance { steps: shift(steps) },
            Action::Record { steps } => Action::Record { steps: shift(steps) },
            Action::Reverse { steps } => Action::Reverse { steps: shift(steps) },
            Action::Store { kind, step, .. } => Action::Store { kind, step: start + step, tier },
            Action::Load { kind, step, .. } => Action::Load { kind, step: start + step, tier },
            Action::Discard { kind, step, .. } => {
                Action::Discard { kind, step: start + step, tier }
            }
        })
    }
}
