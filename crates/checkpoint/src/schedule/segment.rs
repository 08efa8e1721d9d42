//! A run of steps in the middle of a chain, reversed by Revolve.

use std::iter::FusedIterator;
use std::ops::Range;

use super::Trajectory;
use super::revolve::{Revolve, Tiers};
use crate::{Action, TierId};

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
    revolve: Revolve,
}

impl SegmentActions {
    /// With `slots` slots, that of the state at the start included; the nearest number of use.
    pub(crate) fn new(start: u64, steps: u64, slots: u64, base: Base) -> Self {
        let mut revolve = Revolve::with_slots(0, 0, Trajectory::Revolve);
        let steps = start..start + steps;
        match base {
            Base::Working => revolve.restart(steps, slots),
            Base::Released | Base::Kept => revolve.restart_stored(steps, slots),
        }
        Self { start, base, revolve }
    }
}

impl Iterator for SegmentActions {
    type Item = Action;

    fn next(&mut self) -> Option<Action> {
        let action = self.revolve.next()?;
        match action {
            Action::Discard { step, .. } if step == self.start && self.base == Base::Kept => {
                self.revolve.next()
            }
            action => Some(action),
        }
    }
}

impl FusedIterator for SegmentActions {}

/// [`Revolve`] over a range of steps, in one tier; started anew for each range, in the same
/// memory.
#[derive(Clone, Debug)]
pub(crate) struct Segment {
    revolve: Revolve,
    slots: u64,
}

impl Segment {
    /// A segment of no steps, to be started.
    pub(crate) fn new(slots: u64, tier: TierId) -> Self {
        let mut revolve = Revolve::with_slots(0, 0, Trajectory::Revolve);
        revolve.store_in(Tiers::One(tier));
        Self { revolve, slots }
    }

    /// The model is at the first of `steps`: the actions that follow reverse them.
    pub(crate) fn start(&mut self, steps: Range<u64>) {
        self.revolve.restart(steps, self.slots);
    }

    /// The next action; `None` when the steps are reversed.
    pub(crate) fn next(&mut self) -> Option<Action> {
        self.revolve.next()
    }
}
