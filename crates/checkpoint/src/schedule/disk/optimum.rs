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
//! integer cost so far are few, unless a line is almost flat, and all of them are tried.

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
        let Some(lines) = Lines::new(self) else { return none.layout };
        let start = lines.crossing().clamp(0.0, (self.steps - 1) as f64) as u64;
        let mut best = self.with_segments(start, 0);
        if self.excess(&none, &best) <= 0.0 {
            best = none;
        }
        for upwards in [true, false] {
            let mut near = best.layout.rereads;
            let mut segments = start;
            loop {
                segments = match segments.checked_add_signed(if upwards { 1 } else { -1 }) {
                    Some(next) if next < self.steps => next,
                    Some(_) | None => break,
                };
                if !lines.allow(segments, &best) {
                    break;
                }
                let candidate = self.with_segments(segments, near);
                near = candidate.layout.rereads;
                let pieces = |c: &Candidate| c.layout.segments + c.layout.rereads;
                let excess = self.excess(&candidate, &best);
                if excess < 0.0 || (excess == 0.0 && pieces(&candidate) < pieces(&best)) {
                    best = candidate;
                }
            }
        }
        best.layout
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

/// The three lines of a problem that meet at its best real numbers.
struct Lines {
    problem: Problem,
    lines: [Line; 3],
    /// Costs are multiples of this.
    grid: f64,
}

impl Lines {
    /// `None` if a schedule without any disk is the best of all: the lines never fall.
    fn new(problem: &Problem) -> Option<Self> {
        let Problem { steps, slots, prices } = *problem;
        if steps < 2 || prices.forward == 0.0 {
            return None;
        }
        // A read gains its price if it saves so many sweeps. Beyond u64 it never does.
        let worth = (prices.read / prices.forward).floor() as u64;
        let worth = repetitions(worth.saturating_add(1), slots + 1);
        let pure =
            |top: u64| Line { top, part: 0.0, others: top.saturating_sub(2).saturating_sub(worth) };
        let reps = repetitions(steps, slots);
        let falling = first(0..reps + 1, 0, |top| pure(top).slope(problem) < 0.0);
        if falling > reps {
            return None;
        }
        let (before, after) = (pure(falling - 1), pure(falling));
        let mut between = before;
        if after.others > before.others {
            let gain = |top: u64| pascal(slots + 1, top as i64 - 3 - before.others as i64) as f64;
            let (less, more) = (gain(before.top), gain(after.top));
            between.part = (prices.read / prices.forward - less) / (more - less);
        }
        Some(Self { problem: *problem, lines: [before, between, after], grid: prices.grid() })
    }

    /// The number of segments at the best real numbers.
    fn crossing(&self) -> f64 {
        let [before, between, after] = self.lines;
        let slopes = self.lines.map(|line| line.slope(&self.problem));
        let below = pascal(self.problem.slots, before.top as i64);
        // The height of `after` over `before` at no segments.
        let rise = difference(self.problem.steps.into(), below) * self.problem.prices.forward;
        debug_assert!(before.top + 1 == after.top, "the lines should be neighbours");
        if slopes[1] < 0.0 {
            rise * between.part / (slopes[0] - slopes[1])
        } else {
            rise * (1.0 - between.part) / (slopes[1] - slopes[2])
        }
    }

    /// Whether so many segments may cost less than the best so far.
    fn allow(&self, segments: u64, best: &Candidate) -> bool {
        // All but the whole: rounding should prune nothing.
        let least_gain = 0.999 * self.grid;
        self.lines.iter().all(|line| line.below(&self.problem, segments, best) > least_gain)
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
