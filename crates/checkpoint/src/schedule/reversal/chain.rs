//! The optimal reversal with a given set of snapshots.
//!
//! Let `V_i(E)` be the fewest advances that reverse the steps `0..E` when the snapshots `s_0` to
//! `s_i` are all that is stored, `f_i` the slots free then, that of `s_i` included. Either `s_i`
//! stays until everything right of it is reversed, or it is given up at its first read: the model
//! runs on from there, and its slot goes to a state `q` further right.
//!
//! ```text
//! V_0(E) = t(E, f_0)
//! V_i(E) = min over s_i <= q < E of (q - s_i) + t(E - q, f_i) + V_(i-1)(q)
//! ```
//!
//! All of them are convex, and convex functions of this form add up by merging their slopes: a
//! curve is the number of its units, `V(E + 1) - V(E)`, of each slope, in ascending order. Of
//! `t(., f)` they are `beta(f - 1, j)` units of slope `j`, and one of slope 0; those of `V_(i-1)`
//! beyond `s_i` join with slopes greater by one, for the advance to there. A snapshot in another
//! tier costs no slot and is never given up early: its curve is that of `t` alone.
//!
//! `O(k r)` for `k` snapshots and slopes up to `r`, the repetition number.

use super::{Placed, TIER};
use crate::Costs;
use crate::schedule::costs::repetitions;

/// The most slopes of a curve that are listed. Only a slot or two for very many steps have more:
/// then a snapshot stays until everything right of it is reversed.
const MOST_SLOPES: u64 = 1 << 16;

/// Advances of a segment of `steps` whose first state is stored, or can be.
pub(super) fn advances(steps: u64, slots: u64) -> u128 {
    match steps {
        0 | 1 => 0,
        _ => Costs::of_slots(steps, slots.min(steps - 1)).advances,
    }
}

/// What is done with a set of snapshots, all of them used.
pub(super) struct Chain {
    pub(super) advances: u128,
    /// For each snapshot, where the segment that it starts has its first state: there, unless the
    /// snapshot is given up for one further right.
    pub(super) starts: Vec<u64>,
    /// Where the model runs to before anything is loaded, if it holds a state.
    pub(super) run: Option<u64>,
    /// Whether nothing was left out for its length.
    pub(super) exact: bool,
    /// Slopes listed: what solving took.
    pub(super) slopes: u64,
}

/// Slots for the segment that starts at a snapshot, its own included, after `rank` others in tier
/// 0; `None` if it has none itself.
pub(super) fn slots_of(placed: Placed, slots: u64, rank: u64) -> Option<u64> {
    let free = slots.checked_sub(rank)?;
    let slots = if placed.tier == TIER { free } else { free.saturating_add(1) };
    (slots > 0).then_some(slots)
}

/// Solves for `kept`, not empty, by step. A model that holds a state holds `at`, after the last of
/// them. `None` if there are fewer slots than snapshots.
pub(super) fn solve(end: u64, kept: &[Placed], at: Option<u64>, slots: u64) -> Option<Chain> {
    let mut curves: Vec<Curve> = Vec::with_capacity(kept.len());
    let mut rank = 0;
    for &placed in kept {
        let slots = slots_of(placed, slots, rank)?;
        let in_slots = placed.tier == TIER;
        curves.push(Curve::after(curves.last(), placed.step, slots, end, in_slots));
        rank += u64::from(in_slots);
    }
    let last = curves.last()?;
    let free = slots - rank;
    let mut exact = curves.iter().all(|curve| curve.exact);
    let (advances, run) = match at {
        None => (last.at(end), None),
        Some(at) if free == 0 => (u128::from(end - 1 - at) + last.at(end - 1), Some(end - 1)),
        Some(at) => {
            let tail = Curve::after(Some(last), at, free, end, true);
            exact &= tail.exact;
            (tail.at(end), Some(tail.split(end)))
        }
    };
    let slopes = curves.iter().map(|curve| curve.before.len() as u64 + 1).sum();
    let mut right = run.unwrap_or(end);
    let mut starts: Vec<u64> = Vec::with_capacity(kept.len());
    for curve in curves.iter().rev() {
        right = curve.split(right);
        starts.push(right);
    }
    starts.reverse();
    Some(Chain { advances, starts, run, exact, slopes })
}

/// `V_i` from `start = s_i` on.
struct Curve {
    start: u64,
    /// Its value there.
    value: u128,
    slots: u64,
    /// Units of each slope that come from the curve before, as many as can be needed; empty if
    /// the snapshot cannot be given up.
    before: Vec<u64>,
    /// Whether that is because nobody would, and not because there are too many slopes.
    exact: bool,
}

impl Curve {
    /// The curve of a snapshot at `start` that follows another, as far as `end`.
    fn after(before: Option<&Self>, start: u64, slots: u64, end: u64, can_move: bool) -> Self {
        let value = before.map_or(0, |before| before.at(start));
        let movable = before.filter(|_| can_move);
        let listed = movable.filter(|before| before.most_slopes(end) <= MOST_SLOPES);
        let exact = movable.is_none() || listed.is_some();
        let units = listed.map(|before| before.beyond(start, end));
        Self { start, value, slots, before: units.unwrap_or_default(), exact }
    }

    /// At least as many as there are slopes up to `end`.
    fn most_slopes(&self, end: u64) -> u64 {
        match self.before.len() as u64 {
            0 => repetitions(end - self.start, self.slots),
            units => units,
        }
    }

    /// Units of each slope, from 0 on: those from the curve before, and those of `t`.
    fn slopes(&self) -> impl Iterator<Item = (u64, u64)> {
        let slots = u128::from(self.slots);
        let (mut below, mut beta): (u128, u128) = (0, 1);
        (0..).map(move |slope: usize| {
            let units = beta - below;
            below = beta;
            let next = slope as u128 + 1;
            beta = (beta.saturating_mul(slots + next) / next).min(u64::MAX.into());
            (self.before.get(slope).copied().unwrap_or(0), units as u64)
        })
    }

    fn at(&self, end: u64) -> u128 {
        if self.before.is_empty() {
            return self.value + advances(end - self.start, self.slots);
        }
        let (mut units, mut value) = (end - self.start, self.value);
        for (slope, (before, own)) in (0_u128..).zip(self.slopes()) {
            let here = before.saturating_add(own).min(units);
            value += slope * u128::from(here);
            units -= here;
            if units == 0 {
                break;
            }
        }
        value
    }

    /// The units beyond `start`, as far as `end`, each with a slope greater by one.
    fn beyond(&self, start: u64, end: u64) -> Vec<u64> {
        let (mut skipped, mut wanted) = (start - self.start, end - start);
        let mut units = vec![0];
        for (before, own) in self.slopes() {
            let here = before.saturating_add(own);
            let skip = here.min(skipped);
            skipped -= skip;
            let here = (here - skip).min(wanted);
            wanted -= here;
            units.push(here);
            if wanted == 0 {
                break;
            }
        }
        units
    }

    /// The optimal `q` for `V_i(end)`; of equals the first, which gives up least.
    fn split(&self, end: u64) -> u64 {
        if self.before.is_empty() {
            return self.start;
        }
        let (mut units, mut moved) = (end - self.start, 0);
        for (before, own) in self.slopes() {
            let own = own.min(units);
            let before = before.min(units - own);
            moved += before;
            units -= own + before;
            if units == 0 {
                break;
            }
        }
        self.start + moved
    }
}
