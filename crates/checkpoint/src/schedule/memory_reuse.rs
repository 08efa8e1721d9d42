//! Memory-reuse: equal segments, and freed slots are used again.
//!
//! The first sweep is that of [`NoReuse`](crate::NoReuse): `c` snapshots, segments whose lengths
//! differ by one at most. When segment `k` is reversed, the `c - 1 - k` segments behind it are
//! done and their slots free, so that [`Revolve`] reverses it with `c - k` of them, its own
//! included. With `t(n, s)` Revolve's number of advances,
//!
//! ```text
//! advances = sum_(k < c-1) ( l_k + t(l_k, c - k) )  +  t(l_(c-1), 1)
//! ```
//!
//! # How it differs from Revolve
//!
//! [`Revolve`] does the same with the best lengths: unrolled over the first sweep, its recurrence
//! `t(n, c) = min_j j + t(j, c) + t(n - j, c - 1)` is this sum, minimised over all `l_k`. An
//! optimised memory-reuse therefore *is* Revolve, and never costs more than this one. What this
//! one has instead is a first sweep whose snapshots lie at equal distances, and nothing is
//! stored in it but those.
//!
//! * State: one entry per snapshot inside a segment. Time: constant per action, but for the first
//!   of a segment, which takes about a microsecond if its slots are fewer than its steps.

use std::iter::FusedIterator;

use super::costs::{beta, last_where, repetitions, useful_snapshots};
use super::segments::{SegmentedSweep, Segments};
use crate::{Action, Costs, ScheduleError};

/// Stores snapshots at equal distances, and reverses the segments between them with all slots
/// that are free by then.
///
/// ```
/// use retrograd_checkpoint::{MemoryReuse, NoReuse, Revolve};
///
/// let advances = [
///     NoReuse::new(1000, 10)?.costs().advances,
///     MemoryReuse::new(1000, 10)?.costs().advances,
///     Revolve::new(1000, 10)?.costs().advances,
/// ];
/// assert_eq!(advances, [50_400, 9_111, 3_636]);
/// # Ok::<(), retrograd_checkpoint::ScheduleError>(())
/// ```
#[derive(Clone, Debug)]
pub struct MemoryReuse(SegmentedSweep);

impl MemoryReuse {
    /// The schedule for `steps` with at most `snapshots` restart snapshots stored at a time, the
    /// initial state included. Snapshots that `steps` cannot use are never stored.
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

    /// Costs of the whole schedule, however much of it has been iterated. Takes microseconds,
    /// whatever the size of the problem.
    pub fn costs(&self) -> Costs {
        let Segments { steps, slots, base, longer } = self.0.segments;
        if slots < 2 {
            return Costs::of_slots(steps, slots);
        }
        // The first segments, `longer` of them, have the most slots.
        let long = Sums::over(base + 1, slots - longer + 1, slots);
        let short = Sums::over(base, 2, slots - longer);
        let last = Costs::of_slots(base + 1, 1);
        let sweep = steps - (base + 1);
        let advances = u128::from(sweep) + long.advances + short.advances + last.advances;
        Costs {
            // Swept once, and then what the reversal of the segment takes.
            repetitions: last.repetitions.max(1 + long.repetitions.max(short.repetitions)),
            advances,
            total_forward: advances + u128::from(steps),
            writes: long.writes + short.writes + last.writes,
            reads: steps - 1,
        }
    }
}

impl Iterator for MemoryReuse {
    type Item = Action;

    fn next(&mut self) -> Option<Action> {
        let slots = self.0.segments.count();
        self.0.next_with(|k| slots - k)
    }
}

impl FusedIterator for MemoryReuse {}

/// What Revolve takes over segments of the same length, one for each number of slots of a range.
#[derive(Clone, Copy, Default)]
struct Sums {
    repetitions: u64,
    advances: u128,
    writes: u64,
}

impl Sums {
    /// Over segments of `n` steps with `from`, `from + 1`, ..., `to` slots, `from >= 1`.
    ///
    /// Numbers of slots with the same `r` are summed at once, by
    /// `sum_(s = a..b) beta(s, r) = beta(b, r + 1) - beta(a - 1, r + 1)`: there are at most
    /// about `2 log2 n` different `r`.
    fn over(n: u64, from: u64, to: u64) -> Self {
        let mut sums = Self::default();
        let mut a = from;
        while a <= to {
            if a >= n.saturating_sub(1) {
                // A slot per step; a single step has the snapshot it was stored with.
                let (all, each) = (to - a + 1, n - 1);
                sums.repetitions = sums.repetitions.max(u64::from(n > 1));
                sums.advances += u128::from(all) * u128::from(each);
                sums.writes += all * each.max(1);
                break;
            }
            let r = repetitions(n, a);
            let wide = u128::from(n);
            let fewer = |s: u64| beta(s, r - 1, wide) < wide;
            let b = last_where(a, to.min(n - 2), fewer);
            let saved = beta(b + 1, r, u128::MAX) - beta(a, r, u128::MAX);
            sums.repetitions = sums.repetitions.max(r);
            sums.advances += u128::from(r) * wide * u128::from(b - a + 1) - saved;
            sums.writes += writes(n, r, a, b);
            a = b + 1;
        }
        sums
    }
}

/// The sum over `s = a..=b` of Revolve's writes, `max(beta(s - 1, r - 1), n - beta(s, r - 1))`.
///
/// The first grows with `s` and the second shrinks: one bisection says which applies where.
fn writes(n: u64, r: u64, a: u64, b: u64) -> u64 {
    let wide = u128::from(n);
    let second = |s: u64| beta(s - 1, r - 1, wide) + beta(s, r - 1, wide) <= wide;
    let middle = if second(a) { last_where(a, b, second) } else { a - 1 };
    // Up to `middle`, `n - beta(s, r - 1)`; beyond it, `beta(s - 1, r - 1)`.
    let sum = |from: u64, to: u64| beta(to, r, u128::MAX) - beta(from, r, u128::MAX);
    let mut total = 0;
    if middle >= a {
        total += wide * u128::from(middle + 1 - a) - sum(a - 1, middle);
    }
    if middle < b {
        total += sum(middle, b) - beta(b, r - 1, u128::MAX) + beta(middle, r - 1, u128::MAX);
    }
    total as u64 // snapshots stored, fewer than steps
}
