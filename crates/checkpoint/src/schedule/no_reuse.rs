//! No-reuse: every slot is filled once, in the first sweep.
//!
//! The state at the start of each of `c` segments is stored, `x_0` among them, and each segment
//! is reversed from its own snapshot alone, as if nothing else could be stored. The simplest of
//! all schedules that keep snapshots, and the yardstick for those that use a slot again.
//!
//! With lengths `l_0, ..., l_(c-1)` that sum to `n`,
//!
//! ```text
//! advances = sum_(k < c-1) l_k (l_k + 1) / 2  +  l_(c-1) (l_(c-1) - 1) / 2
//! ```
//!
//! since each segment is swept once and then run again up to each of its steps but the first,
//! which is where the model is loaded; only the sweep of the last one serves its last step as
//! well, and is one of those runs.
//!
//! **The optimal lengths differ by one at most, and the last segment is one of the longer ones**:
//! with `n - 1 = c m + q` and `0 <= q < c`, the last has `m + 1` steps, and so have any `q` of
//! the others (here the first `q`); the rest have `m`. Then
//!
//! ```text
//! advances = (m + 1) (c m + 2 q) / 2
//! ```
//!
//! Proof. One step more costs a segment of length `l` another `l + 1` advances, the last one only
//! `l`. Both prices grow with `l`, so the sum is separable and convex, and minimal as soon as no
//! step is worth moving: when the dearest step bought costs no more than the cheapest to buy.
//! Here every step was bought for `m + 1` or less, and the next one costs `m + 1` or more. □
//!
//! //! * State: constant. Time: constant per action.
//! * Not here: slots that are used again ([`MemoryReuse`](crate::MemoryReuse)).

use std::iter::FusedIterator;

use super::costs::useful_snapshots;
use super::segments::{SegmentedSweep, Segments};
use crate::{Action, Costs, ScheduleError};

/// Stores all its snapshots in the first sweep and never uses a freed slot again.
///
/// Snapshots lie where they save most. Constant state, constant time per action.
///
/// ```
/// use retrograd_checkpoint::{NoReuse, Revolve};
///
/// let (without, with) = (NoReuse::new(1000, 10)?.costs(), Revolve::new(1000, 10)?.costs());
/// assert_eq!((without.advances, with.advances), (50_400, 3_636));
/// # Ok::<(), retrograd_checkpoint::ScheduleError>(())
/// ```
#[derive(Clone, Debug)]
pub struct NoReuse(SegmentedSweep);

impl NoReuse {
    /// The schedule for `steps` with `snapshots` restart snapshots, the initial state included.
    /// Snapshots that `steps` cannot use are never stored.
    ///
    /// # Errors
    /// [`ScheduleError::NoSnapshots`] if there are none and more than one step.
    pub fn new(steps: u64, snapshots: u64) -> Result<Self, ScheduleError> {
        Ok(Self(SegmentedSweep::new(steps, useful_snapshots(steps, snapshots)?)))
    }

    /// Steps that the schedule reverses.
    pub fn steps(&self) -> u64 {
        self.0.segments.steps
    }

    /// The most snapshots stored at a time: those asked for, as far as the steps can use them.
    pub fn slots(&self) -> u64 {
        self.0.segments.slots
    }

    /// Costs of the whole schedule, however much of it has been iterated; in closed form.
    pub fn costs(&self) -> Costs {
        let Segments { steps, slots, base, longer } = self.0.segments;
        if slots == 0 {
            return Costs::store_all(steps);
        }
        let (c, m, q) = (u128::from(slots), u128::from(base), u128::from(longer));
        let advances = (m + 1) * (c * m + 2 * q) / 2;
        Costs {
            repetitions: base + u64::from(longer > 0),
            advances,
            total_forward: advances + u128::from(steps),
            writes: slots,
            reads: steps - 1,
        }
    }
}

impl Iterator for NoReuse {
    type Item = Action;

    fn next(&mut self) -> Option<Action> {
        self.0.next_with(|_| 1)
    }
}

impl FusedIterator for NoReuse {}
