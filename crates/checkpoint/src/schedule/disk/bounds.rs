//! Lines below the cost, which end the search.
//!
//! The advances are the maximum over `s` of a function that is linear in the capacities, so that
//! each `s`, and each mixture of two of them, is a bound from below. For a given bound the best
//! number of reads is the same for every segment: `k` beyond the first, where `k` is the number
//! of ranks whose pieces save more sweeps than their read costs. With `gains` the sweeps saved by
//! the pieces of such a segment,
//!
//! ```text
//! min over X of f(D, X) >= uf (s n - beta(c + 1, s - 1)) + D (w + (k + 1) r - uf gains)
//! ```
//!
//! a line in `D`. The lines for all `s`, and for the mixtures in which `k` changes, touch the
//! least cost over real `X`; three of them meet at its minimum over real `D`.

use super::Prices;
use super::layout::pascal;
use super::optimum::{Candidate, Problem, difference, first_of};
use crate::schedule::costs::repetitions;

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
pub(crate) struct Bounds<'a> {
    problem: &'a Problem,
    /// Another read of a snapshot pays from this far below `top` on.
    worth: u64,
}

impl<'a> Bounds<'a> {
    pub(crate) fn new(problem: &'a Problem) -> Self {
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
    pub(crate) fn least(&self) -> Option<f64> {
        let Problem { steps, slots, prices } = *self.problem;
        if steps < 2 || prices.forward == 0.0 {
            return None;
        }
        // Where lines begin to fall: above what Revolve needs they have no meaning.
        let reps = repetitions(steps, slots);
        let slope = |line: Line| line.slope(self.problem);
        let falling = first_of(0..reps + 1, 0, |top| slope(self.line(top)) < 0.0);
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

    /// Whether so many segments, or numbers beyond them as seen from the real optimum, may cost
    /// less than the best so far. The lines taken are those that touch the cost at `last`, the
    /// number before.
    pub(crate) fn allow(&self, segments: u64, last: &Candidate, best: &Candidate) -> bool {
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
