//! How many snapshots on disk, and how many reads of them, cost least.
//!
//! With `F(D, X)` the fewest advances for `D` snapshots and `X` reads beyond the first of each,
//! the cost beyond that of the reversed steps is
//!
//! ```text
//! f(D, X) = (w + r) D + r X + uf F(D, X)
//! F(D, X) = max over s of  s n - sum of the capacities at 0 .. s-1
//! ```
//!
//! (the maximum is at the smallest `s` whose capacity reaches `n`). A sum of capacities is
//! `beta(c + 1, s - 1)` plus `beta(c + 1, s - 1 - j)` for each piece of rank `j >= 1`, of which
//! there are `D` to a rank, filled from rank 1 up: concave in `D` and `X`. So `f` is convex over
//! the reals, and for given `D` the best `X` is found by bisection.
//!
//! The best pair of integers may lie anywhere near the best pair of reals, which is where the
//! search starts. Lines below the cost ([`Bounds`]) say when it may end, in either direction.
//! Where a line is almost flat, many numbers have to be tried, but their costs repeat
//! ([`Stretch`]).

use std::ops::Range;

use super::Prices;
use super::bounds::Bounds;
use super::layout::{Layout, pascal};

/// The steps, slots and prices of the schedules that are compared.
#[derive(Clone, Copy)]
pub(crate) struct Problem {
    pub(crate) steps: u64,
    pub(crate) slots: u64,
    pub(crate) prices: Prices,
}

/// One schedule among those that are compared.
#[derive(Clone, Copy)]
pub(crate) struct Candidate {
    pub(crate) layout: Layout,
    pub(crate) advances: u128,
}

/// `a - b`, of numbers far below 2^127.
pub(crate) fn difference(a: u128, b: u128) -> f64 {
    (a as i128 - b as i128) as f64
}

/// The first of `range` for which a condition holds that holds from some point on; its end if
/// there is none. Searches outwards from `near`, with doubling strides.
pub(crate) fn first_of(range: Range<u64>, near: u64, holds: impl Fn(u64) -> bool) -> u64 {
    let Range { start: mut low, end: mut high } = range;
    let (mut stride, mut above, mut below) = (1, false, false);
    let mut probe = near;
    while low < high {
        probe = probe.clamp(low, high - 1);
        if holds(probe) {
            (high, above) = (probe, true);
        } else {
            (low, below) = (probe + 1, true);
        }
        probe = match (below, above) {
            (false, _) => high.saturating_sub(stride),
            (true, false) => low.saturating_add(stride),
            (true, true) => low + (high - low) / 2,
        };
        stride = stride.saturating_mul(2);
    }
    low
}

impl Problem {
    fn candidate(&self, segments: u64, rereads: u64) -> Candidate {
        let layout = Layout::balanced(self.steps, self.slots, segments, rereads);
        Candidate { layout, advances: layout.advances() }
    }

    /// The cost of `a` less that of `b`, without cancellation in large common parts.
    fn excess(&self, a: &Candidate, b: &Candidate) -> f64 {
        let Prices { write, read, forward } = self.prices;
        difference(a.layout.segments.into(), b.layout.segments.into()) * (write + read)
            + difference(a.layout.rereads.into(), b.layout.rereads.into()) * read
            + difference(a.advances, b.advances) * forward
    }

    /// The fewest reads at the least cost for so many segments.
    fn with_segments(&self, segments: u64, near: u64) -> Candidate {
        if segments == 0 {
            return self.candidate(0, 0);
        }
        // A piece has a step at least.
        let most = self.steps.saturating_sub(1) - segments;
        let rereads = first_of(0..most, near, |rereads| {
            let (one, more) =
                (self.candidate(segments, rereads), self.candidate(segments, rereads + 1));
            self.excess(&more, &one) >= 0.0
        });
        self.candidate(segments, rereads)
    }

    /// The best layout in which every snapshot on disk is read once.
    pub(crate) fn one_read(&self) -> Layout {
        let segments = first_of(0..self.steps.saturating_sub(1), 0, |segments| {
            let (one, more) = (self.candidate(segments, 0), self.candidate(segments + 1, 0));
            self.excess(&more, &one) >= 0.0
        });
        self.candidate(segments, 0).layout
    }

    /// The best layout with the initial state on disk and nothing else, should its write cost
    /// nothing.
    pub(crate) fn one_snapshot(&self) -> Layout {
        let free = Self { prices: Prices { write: 0.0, ..self.prices }, ..*self };
        let none = free.candidate(0, 0);
        if self.steps < 2 {
            return none.layout;
        }
        let one = free.with_segments(1, 0);
        if free.excess(&one, &none) < 0.0 { one.layout } else { none.layout }
    }

    /// Whether no layout costs less than this one.
    pub(crate) fn is_best(&self, layout: Layout) -> bool {
        let [ours, best] = [layout, self.many_reads()]
            .map(|layout| Candidate { layout, advances: layout.advances() });
        self.excess(&ours, &best) <= 0.0
    }

    /// The best layout of all.
    pub(crate) fn many_reads(&self) -> Layout {
        let none = self.candidate(0, 0);
        let bounds = Bounds::new(self);
        let Some(real) = bounds.least() else { return none.layout };
        let start = self.with_segments(real.clamp(0.0, (self.steps - 1) as f64) as u64, 0);
        let mut best = if self.excess(&none, &start) <= 0.0 { none } else { start };
        for upwards in [true, false] {
            let (mut last, mut run) = (start, Run::default());
            while let Some(segments) = self.next_to(&last, upwards)
                && bounds.allow(segments, &last, &best)
            {
                last = self.with_segments(segments, last.layout.rereads);
                let excess = self.excess(&last, &best);
                let fewer = || last.layout.pieces_in_all() < best.layout.pieces_in_all();
                if excess < 0.0 || (excess == 0.0 && fewer()) {
                    best = last;
                }
                if run.repeats(self.stretch(&last)) {
                    last = self.end_of_stretch(&last, upwards);
                }
            }
        }
        best.layout
    }

    fn next_to(&self, last: &Candidate, upwards: bool) -> Option<u64> {
        let next = last.layout.segments.checked_add_signed(if upwards { 1 } else { -1 });
        next.filter(|&segments| segments < self.steps)
    }

    /// The stretch that a candidate, the best of its number of segments, lies in, if any.
    fn stretch(&self, candidate: &Candidate) -> Option<Stretch> {
        // The best real number of reads is less than one away from the best integer. With a
        // margin of three for the one, there is a margin of one for the other at every number of
        // segments between two of the stretch, as the conditions are linear in reals.
        let Layout { segments, rereads, .. } = candidate.layout;
        let (low, high) = (rereads.checked_sub(3)?, rereads + 3);
        let others = low.checked_div(segments)?;
        if high / segments != others || high + segments >= self.steps {
            return None;
        }
        let top = |rereads| self.candidate(segments, rereads).layout.top();
        let least_top = top(high);
        let period = pascal(self.slots, least_top as i64 - 2 - others as i64);
        (period > 0 && top(low) <= least_top + 1).then_some(Stretch { least_top, others, period })
    }

    /// The last candidate of the stretch of a candidate.
    fn end_of_stretch(&self, candidate: &Candidate, upwards: bool) -> Candidate {
        let Layout { segments, rereads, .. } = candidate.layout;
        let stretch = self.stretch(candidate);
        let inside = |segments| self.stretch(&self.with_segments(segments, rereads)) == stretch;
        let end = if upwards {
            first_of(segments + 1..self.steps, segments, |segments| !inside(segments)) - 1
        } else {
            first_of(0..segments, segments, inside)
        };
        self.with_segments(end, rereads)
    }
}

/// Numbers of segments and reads at which the advances are the larger of the same two linear
/// functions, those of `least_top` and the next `s`.
///
/// The difference of the two is `n` less the capacity at `least_top`, which `period` more
/// segments and a certain number of reads less leave as it is; so they change both functions, and
/// the cost, by the same amount wherever they are added. Once `period` numbers of segments in a
/// row have been tried on the way outwards, where costs do not fall, the others of the stretch
/// can be left out.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Stretch {
    least_top: u64,
    /// Reads beyond the first that all snapshots have.
    others: u64,
    period: u128,
}

/// Candidates of the same stretch in a row.
#[derive(Default)]
struct Run {
    stretch: Option<Stretch>,
    length: u128,
}

impl Run {
    /// Counts one more, and says whether the next ones cost what they did a period ago.
    fn repeats(&mut self, stretch: Option<Stretch>) -> bool {
        if self.stretch == stretch {
            self.length += 1;
        } else {
            *self = Self { stretch, length: 1 };
        }
        self.stretch.is_some_and(|stretch| self.length >= stretch.period)
    }
}
