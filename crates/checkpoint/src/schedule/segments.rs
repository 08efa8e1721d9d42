//! The first sweep that [`NoReuse`](crate::NoReuse) and [`MemoryReuse`](crate::MemoryReuse)
//! share: one snapshot at the start of each of `c` segments, whose lengths differ by one at most.

use std::ops::Range;

use super::revolve::Revolve;
use crate::{Action, Data, TierId, Trajectory};

const TIER: TierId = TierId(0);

/// `n` steps in `c` segments: with `n - 1 = c m + q`, `q < c`, the first `q` and the last have
/// `m + 1` steps and the others `m`. One empty or short segment if there are no slots.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Segments {
    pub(crate) steps: u64,
    /// `c`, not more than the steps can use.
    pub(crate) slots: u64,
    /// `m`.
    pub(crate) base: u64,
    /// `q`.
    pub(crate) longer: u64,
}

impl Segments {
    /// The segments of `steps` for `slots`, at most `steps - 1`.
    pub(crate) fn new(steps: u64, slots: u64) -> Self {
        let before_last = steps.saturating_sub(1);
        let count = slots.max(1);
        Self { steps, slots, base: before_last / count, longer: before_last % count }
    }

    /// The number of segments.
    pub(crate) fn count(&self) -> u64 {
        self.slots.max(1)
    }

    /// Segment `k < count`, segment 0 first.
    pub(crate) fn segment(&self, k: u64) -> Range<u64> {
        let start = |k: u64| k * self.base + k.min(self.longer);
        let end = if k + 1 == self.count() { self.steps } else { start(k + 1) };
        start(k)..end
    }
}

/// The sweep, then the segments in reverse, each by [`Revolve`] from its own snapshot.
#[derive(Clone, Debug)]
pub(crate) struct SegmentedSweep {
    pub(crate) segments: Segments,
    /// The segment that the model is in.
    current: u64,
    phase: Phase,
    part: Revolve,
}

/// What to emit next.
#[derive(Clone, Copy, Debug)]
enum Phase {
    Store,
    Advance,
    /// What the schedule of the current segment says.
    Part,
}

impl SegmentedSweep {
    pub(crate) fn new(steps: u64, slots: u64) -> Self {
        let segments = Segments::new(steps, slots);
        let last = segments.segment(segments.count() - 1);
        let mut part = Revolve::with_slots(last.end - last.start, 1, Trajectory::Revolve);
        part.restart(last, 1);
        let phase = if segments.count() > 1 { Phase::Store } else { Phase::Part };
        Self { segments, current: 0, phase, part }
    }

    /// The next action, where segment `k` is reversed with `slots(k)` snapshots, its own included.
    pub(crate) fn next_with(&mut self, slots: impl FnOnce(u64) -> u64) -> Option<Action> {
        match self.phase {
            Phase::Store => {
                self.phase = Phase::Advance;
                let step = self.segments.segment(self.current).start;
                Some(Action::Store { kind: Data::Restart, step, tier: TIER })
            }
            Phase::Advance => {
                let steps = self.segments.segment(self.current);
                self.current += 1;
                let last = self.current + 1 == self.segments.count();
                self.phase = if last { Phase::Part } else { Phase::Store };
                Some(Action::Advance { steps })
            }
            Phase::Part => {
                if let Some(action) = self.part.next() {
                    return Some(action);
                }
                self.current = self.current.checked_sub(1)?;
                let segment = self.segments.segment(self.current);
                self.part.restart_stored(segment, slots(self.current));
                self.part.next()
            }
        }
    }
}
