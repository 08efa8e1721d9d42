//! Store-none: only the initial state is kept, and every step is recomputed from there.
//!
//! ```text
//! advances = n (n - 1) / 2     one write, n - 1 reads
//! ```
//!
//! Step `i` is recorded after an advance over the `i` steps before it, whatever is done: with
//! nothing stored but `x_0` no schedule takes fewer. It is [`Revolve`] with one snapshot, under
//! the name that the other end of the comparison with [`StoreAll`](crate::StoreAll) goes by.

use std::iter::FusedIterator;

use super::revolve::Revolve;
use crate::{Action, Costs, Trajectory};

/// Keeps the initial state, and runs from it to each step in turn, last step first.
///
/// The least memory and the most recomputation: half as many sweeps as there are steps. Constant
/// state, constant time per action.
///
/// ```
/// use retrograd_checkpoint::StoreNone;
///
/// assert_eq!(StoreNone::new(1000).costs().advances, 499_500);
/// ```
#[derive(Clone, Debug)]
pub struct StoreNone(Revolve);

impl StoreNone {
    /// The schedule for `steps`; empty if there are none.
    pub fn new(steps: u64) -> Self {
        Self(Revolve::with_slots(steps, 1, Trajectory::Revolve))
    }

    /// Steps that the schedule reverses.
    pub fn steps(&self) -> u64 {
        self.0.steps()
    }

    /// Costs of the whole schedule, however much of it has been iterated.
    pub fn costs(&self) -> Costs {
        self.0.costs()
    }
}

impl Iterator for StoreNone {
    type Item = Action;

    fn next(&mut self) -> Option<Action> {
        self.0.next()
    }
}

impl FusedIterator for StoreNone {}
