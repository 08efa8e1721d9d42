//! Store-all: nothing is recomputed.

use std::iter::FusedIterator;

use crate::{Action, Costs};

/// Records all steps in one sweep and reverses them in another.
///
/// Working memory holds the adjoint data of every step, and no restart data are kept. The
/// fastest schedule where they fit.
///
/// ```
/// use retrograd_checkpoint::{Action, StoreAll};
///
/// let actions: Vec<Action> = StoreAll::new(9).collect();
/// assert_eq!(actions, [Action::Record { steps: 0..9 }, Action::Reverse { steps: 0..9 }]);
/// ```
#[derive(Clone, Debug)]
pub struct StoreAll {
    steps: u64,
    phase: Phase,
}

/// What to emit next.
#[derive(Clone, Copy, Debug)]
enum Phase {
    Record,
    Reverse,
    Done,
}

impl StoreAll {
    /// The schedule for `steps`; empty if there are none.
    pub fn new(steps: u64) -> Self {
        Self { steps, phase: if steps == 0 { Phase::Done } else { Phase::Record } }
    }

    /// Steps that the schedule reverses.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// Costs of the whole schedule, however much of it has been iterated.
    pub fn costs(&self) -> Costs {
        Costs::store_all(self.steps)
    }
}

impl Iterator for StoreAll {
    type Item = Action;

    fn next(&mut self) -> Option<Action> {
        let steps = 0..self.steps;
        match self.phase {
            Phase::Record => {
                self.phase = Phase::Reverse;
                Some(Action::Record { steps })
            }
            Phase::Reverse => {
                self.phase = Phase::Done;
                Some(Action::Reverse { steps })
            }
            Phase::Done => None,
        }
    }
}

impl FusedIterator for StoreAll {}
