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
//! `beta(c + 1, s - 1)` plus the `D` largest gains of a first read and the `X` largest gains
//! `beta(c + 1, s - 2 - e)` of another, `e = 1, 2, ...`, each `D` times: concave in `D` and `X`.
//! So `f` is convex over the reals, and for given `D` the best `X` is found by bisection.
//!
//! The best pair of integers may lie anywhere near the best pair of reals. It is certified by
//! lines below: for every real mixture of values `s`, and the `k` other reads per snapshot that
//! are best there,
//!
//! ```text
//! min over X of f(D, X)  >=  uf (s n - beta(c + 1, s - 1)) + D (w + (k + 1) r - uf gains)
//! ```
//!
//! Three of them meet at the best pair of reals; the `D` at which all three lie below the best
//! integer cost so far are few, and all of them are tried. Further out, the lines of the `s` there
//! take over. Where a line is almost flat, there are many, but their costs repeat ([`Stretch`]).

use super::Prices;
use super::layout::{Layout, pascal};
use crate::schedule::costs::repetitions;

/// The steps, slots and prices of the schedules that are compared.
#[derive(Clone, Copy)]
pub(crate) struct Problem {
    pub(crate) steps: u64,
    pub(crate) slots: u64,
    pub(crate) prices: Prices,
}

/// One schedule among those that are compared.
#[derive(Clone, Copy)]
struct Candidate {
    layout: Layout,
    advances: u128,
}

/// `a - b`, of numbers far below 2^127.
fn difference(a: u128, b: u128) -> f64 {
    (a as i128 - b as i128) as f64
}

/// The first of `range` for which a condition holds that holds from some point on; its end if
/// there is none. Searches outwards from `near`.
fn first(range: std::ops::Range<u64>, near: u64, holds: impl Fn(u64) -> bool) -> u64 {
    let (mut low, mut high) = (range.start, range.end);
    let mut probe = near.clamp(range.start, range.end.saturating_sub(1).max(range.start));
    let mut stride = 1;
    let mut bracketed = (false, false);
    while low < high {
        if holds(probe) {
            (high, bracketed.1) = (probe, true);
        } else {
            (low, bracketed.0) = (probe + 1, true);
        }
        probe = match bracketed {
            (false, true) => high.saturating_sub(stride).max(low),
            (true, false) => low.saturating_add(stride).min(high.saturating_sub(1)),
            (true, true) | (false, false) => low + high.saturating_sub(low) / 2,
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
        let rereads = first(0..most, near, |rereads| {
            let (one, more) =
                (self.candidate(segments, rereads), self.candidate(segments, rereads + 1));
            self.excess(&more, &one) >= 0.0
        });
        self.candidate(segments, rereads)
    }

    /// The best layout in which every snapshot on disk is read once.
    pub(crate) fn one_read(&self) -> Layout {
        let segments = first(0..self.steps.saturating_sub(1), 0, |segments| {
            let (one, more) = (self.candidate(segments, 0), self.candidate(segments + 1, 0));
            self.excess(&more, &one) >= 0.0
        });
        self.candidate(segments, 0).layout
    }

    /// The best layout with the initial state on disk and nothing else, should its write cost
    /// nothing.
    pub(crate) fn one_snapshot(&self) -> Layout {
        let none = self.candidate(0, 0);
        if self.steps < 2 {
            return none.layout;
        }
        let one = self.with_segments(1, 0);
        if self.excess(&one, &none) - self.prices.write < 0.0 { one.layout } else { none.layout }
    }

    /// The best layout of all.
    pub(crate) fn many_reads(&self) -> Layout {
        let none = self.candidate(0, 0);
        let bounds = Bounds::new(self);
        let Some(real) = bounds.least() else { return none.layout };
        // Rounding may give any number; the search is right from wherever it starts in reals.
        let start = real.clamp(0.0, (self.steps - 1) as f64) as u64;
        let first = self.with_segments(start, 0);
        let mut best = if self.excess(&none, &first) <= 0.0 { none } else { first };
        for upwards in [true, false] {
            let (mut last, mut run) = (first, Run::default());
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
        // The best real number of reads is less than one away, and that of any shifted candidate
        // again: with a margin of three, stretches are convex.
        let Layout { segments, rereads, .. } = candidate.layout;
        let (low, high) = (rereads.checked_sub(3)?, rereads + 3);
        let ranks = low.checked_div(segments)?;
        if high / segments != ranks || high + segments >= self.steps {
            return None;
        }
        let top = |rereads| self.candidate(segments, rereads).layout.top();
        let least_top = top(high);
        let period = pascal(self.slots, least_top as i64 - 2 - ranks as i64);
        (period > 0 && top(low) <= least_top + 1).then_some(Stretch { least_top, ranks, period })
    }

    /// The last candidate of the stretch of a candidate.
    fn end_of_stretch(&self, candidate: &Candidate, upwards: bool) -> Candidate {
        let Layout { segments, rereads, .. } = candidate.layout;
        let inside = |segments| {
            self.stretch(&self.with_segments(segments, rereads)) == self.stretch(candidate)
        };
        let end = if upwards {
            first(segments + 1..self.steps, segments, |segments| !inside(segments)) - 1
        } else {
            first(0..segments, segments, inside)
        };
        self.with_segments(end, rereads)
    }
}

/// Numbers of segments and reads at which the advances are the larger of the same two linear
/// functions, of `least_top` and the next.
///
/// Among them, `period` more segments and a certain number of reads less change both functions,
/// and so the cost, by the same amount each time. Once `period` numbers of segments have been
/// tried on the way outwards, where costs do not fall, the others of the stretch can be left out.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Stretch {
    least_top: u64,
    /// Reads beyond the first of each snapshot, rounded down.
    ranks: u64,
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

/// A line below the least cost of given numbers of segments, for a mixture of the bounds of
/// `top` and `top + 1`.
#[derive(Clone, Copy)]
struct Line {
    top: u64,
    /// The part of `top + 1` in the mixture.
    part: f64,
    /// Reads beyond the first of each snapshot on disk.
    others: u64,
}

/// All the lines of a problem.
struct Bounds<'a> {
    problem: &'a Problem,
    /// Another read of a snapshot pays from this far below `top` on.
    worth: u64,
}

impl<'a> Bounds<'a> {
    fn new(problem: &'a Problem) -> Self {
        let Problem { slots, prices, .. } = problem;
        // It pays if it saves so many sweeps: never, if advances are free.
        let sweeps = (prices.read / prices.forward).floor() as u64;
        let worth = repetitions(sweeps.saturating_add(1), slots + 1);
        Self { problem, worth }
    }

    fn line(&self, top: u64) -> Line {
        let others = top.saturating_sub(2).saturating_sub(self.worth);
        Line { top, part: 0.0, others }
    }

    /// The line of the mixture of `top` and `top + 1` in which one more read gains nothing and
    /// costs nothing, if there is one.
    fn between(&self, top: u64) -> Line {
        let (low, high) = (self.line(top), self.line(top + 1));
        if low.others == high.others {
            return low;
        }
        let gain = |top: u64| pascal(self.problem.slots + 1, top as i64 - 3 - low.others as i64);
        let (less, more) = (gain(low.top) as f64, gain(high.top) as f64);
        let Prices { read, forward, .. } = self.problem.prices;
        Line { part: (read / forward - less) / (more - less), ..low }
    }

    /// The real number of segments at the least cost; `None` if that is none at all.
    fn least(&self) -> Option<f64> {
        let Problem { steps, slots, prices } = *self.problem;
        if steps < 2 || prices.forward == 0.0 {
            return None;
        }
        // Where lines begin to fall: above what Revolve needs they have no meaning.
        let reps = repetitions(steps, slots);
        let slope = |line: Line| line.slope(self.problem);
        let falling = first(0..reps + 1, 0, |top| slope(self.line(top)) < 0.0);
        if falling > reps {
            return None;
        }
        let before = falling - 1; // the lines of 0 and 1 do not fall
        let lines = [self.line(before), self.between(before), self.line(falling)];
        // How much higher the last line starts than the first.
        let rise = difference(steps.into(), pascal(slots, before as i64)) * prices.forward;
        let ([first, second, third], part) = (lines.map(slope), lines[1].part);
        Some(if second < 0.0 {
            rise * part / (first - second)
        } else {
            rise * (1.0 - part) / (second - third)
        })
    }

    /// Whether so many segments, or even more of them beyond `last`, may cost less than the best
    /// so far.
    fn allow(&self, segments: u64, last: &Candidate, best: &Candidate) -> bool {
        // All but the whole: rounding should prune nothing.
        let top = last.layout.top();
        let lines = [
            self.line(top.saturating_sub(1)),
            self.between(top.saturating_sub(1)),
            self.line(top),
            self.between(top),
            self.line(top + 1),
        ];
        lines.iter().all(|line| line.below(self.problem, segments, best) > 0.0)
    }
}

impl Line {
    /// Sweeps saved by a segment, at `top`.
    fn gains(&self, slots: u64, top: u64) -> u128 {
        let top = top as i64;
        pascal(slots + 2, top - 2) - pascal(slots + 2, top - 3 - self.others as i64)
    }

    /// What another segment costs.
    fn slope(&self, problem: &Problem) -> f64 {
        let Prices { write, read, forward } = problem.prices;
        let [low, high] = [0, 1].map(|i| self.gains(problem.slots, self.top + i) as f64);
        let gains = if self.part == 0.0 { low } else { low + self.part * (high - low) };
        write + (self.others + 1) as f64 * read - forward * gains
    }

    /// How far the line lies below a candidate.
    fn below(&self, problem: &Problem, segments: u64, candidate: &Candidate) -> f64 {
        let Problem { steps, slots, prices } = *problem;
        let Candidate { layout, advances } = candidate;
        let sweeps = |top: u64| {
            let all = u128::from(top) * u128::from(steps);
            let saved =
                pascal(slots + 1, top as i64 - 1) + u128::from(segments) * self.gains(slots, top);
            difference(advances + saved, all)
        };
        let low = sweeps(self.top);
        let excess = if self.part == 0.0 {
            low
        } else {
            (1.0 - self.part) * low + self.part * sweeps(self.top + 1)
        };
        let rereads = u128::from(segments) * u128::from(self.others);
        difference(layout.segments.into(), segments.into()) * (prices.write + prices.read)
            + difference(layout.rereads.into(), rereads) * prices.read
            + excess * prices.forward
    }
}
