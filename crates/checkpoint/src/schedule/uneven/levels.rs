//! The table over levels of memory, for steps or for groups of them.

use std::ops::Range;

use super::Sums;
use super::groups::Groups;
use crate::Action;
use crate::schedule::segment::{Base, SegmentActions};

/// Whether memory that lies between two levels counts as the lower or as the upper one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Rounding {
    /// To schedules that fit.
    Safe,
    /// To costs that no persistent schedule beats, if groups are single steps.
    Optimistic,
}

/// How a segment is reversed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Choice {
    /// Advance to a group, store the state there if more than one step is left, and go on.
    Split(usize),
    /// By Revolve with so many slots, that of the first state included.
    Even(u64),
}

/// `T(a, b, m)` for segments of groups `a` to `b` and `m` bytes besides the state at the start.
#[derive(Clone, Debug)]
pub(super) struct LevelTable {
    groups: Groups,
    sums: Sums,
    unit: u64,
    levels: usize,
    /// The row of segment `(a, b)`, by `row`.
    costs: Vec<f64>,
}

/// Bytes of a table of so many groups and levels, level 0 not counted.
pub(super) fn table_bytes(groups: usize, levels: u64) -> u128 {
    let groups = groups as u128;
    groups * (groups + 1) / 2 * (u128::from(levels) + 1) * 8
}

impl LevelTable {
    /// Solves the recurrence for `memory` bytes in steps of `unit`.
    pub(super) fn solve(
        groups: Groups,
        sums: Sums,
        memory: u64,
        unit: u64,
        rounding: Rounding,
    ) -> Self {
        let levels = match rounding {
            Rounding::Safe => memory / unit,
            Rounding::Optimistic => memory.div_ceil(unit),
        };
        let levels = levels as usize; // the caller has checked the size of the table
        let count = groups.count();
        let costs = vec![0.0; count * (count + 1) / 2 * (levels + 1)];
        let mut table = Self { groups, sums, unit, levels, costs };
        for first in (0..count).rev() {
            table.fill_group(first);
            for end in first + 2..=count {
                table.fill(first, end, rounding);
            }
        }
        table
    }

    /// The least cost of advances for the whole, within all of the memory.
    pub(super) fn cost(&self) -> f64 {
        let row = self.row(0, self.groups.count());
        self.costs[row.end - 1]
    }

    pub(super) fn groups(&self) -> &Groups {
        &self.groups
    }

    /// How to reverse the segment within `room` bytes besides the state at its start.
    pub(super) fn choice(&self, first: usize, end: usize, room: u64) -> Choice {
        if end - first == 1 {
            return Choice::Even(self.groups.slots(first, room));
        }
        let cost = |first, end, room: u64| {
            let level = (room / self.unit).min(self.levels as u64) as usize;
            self.costs[self.row(first, end).start + level]
        };
        let mut best = Choice::Even(1);
        let mut least = self.sweeps(first, end);
        for next in first + 1..end {
            let kept = self.groups.stored_bytes(next, end);
            if kept <= room {
                let right = cost(next, end, room - kept);
                let value = self.between(first, next) + right + cost(first, next, room);
                if value < least {
                    (best, least) = (Choice::Split(next), value);
                }
            }
        }
        best
    }

    /// The row of one group, which Revolve reverses.
    fn fill_group(&mut self, group: usize) {
        let row = self.row(group, group + 1);
        let mut known = None;
        for (level, entry) in row.enumerate() {
            let slots = self.groups.slots(group, (level as u64).saturating_mul(self.unit));
            let cost = match known {
                Some((of, cost)) if of == slots => cost,
                Some(_) | None => self.even(group, slots),
            };
            known = Some((slots, cost));
            self.costs[entry] = cost;
        }
    }

    fn fill(&mut self, first: usize, end: usize, rounding: Rounding) {
        let row = self.row(first, end);
        let sweeps = self.sweeps(first, end);
        let (solved, rest) = self.costs.split_at_mut(row.start);
        let out = &mut rest[..=self.levels];
        out.fill(sweeps);
        for next in first + 1..end {
            let kept = self.groups.stored_bytes(next, end);
            let kept = match rounding {
                Rounding::Safe => kept.div_ceil(self.unit),
                Rounding::Optimistic => kept / self.unit,
            };
            if kept > self.levels as u64 {
                continue;
            }
            let kept = kept as usize;
            let between = self.sums.between(self.groups.start(first), self.groups.start(next));
            let left = self.groups.row(first, next) * (self.levels + 1);
            let right = self.groups.row(next, end) * (self.levels + 1);
            let left = &solved[left + kept..=left + self.levels];
            let right = &solved[right..=right + self.levels - kept];
            for ((out, left), right) in out[kept..].iter_mut().zip(left).zip(right) {
                let cost = between + left + right;
                if cost < *out {
                    *out = cost;
                }
            }
        }
    }

    fn row(&self, first: usize, end: usize) -> Range<usize> {
        let start = self.groups.row(first, end) * (self.levels + 1);
        start..start + self.levels + 1
    }

    fn between(&self, first: usize, end: usize) -> f64 {
        self.sums.between(self.groups.start(first), self.groups.start(end))
    }

    fn sweeps(&self, first: usize, end: usize) -> f64 {
        self.sums.sweeps(self.groups.start(first), self.groups.start(end))
    }

    /// What Revolve takes for one group with `slots` slots.
    fn even(&self, group: usize, slots: u64) -> f64 {
        let (start, end) = (self.groups.start(group), self.groups.start(group + 1));
        if slots == 1 {
            return self.sums.sweeps(start, end);
        }
        let steps = (end - start) as u64;
        advance_cost(&self.sums, SegmentActions::new(start as u64, steps, slots, Base::Working))
    }
}

/// The cost of the advances among `actions`.
pub(super) fn advance_cost(sums: &Sums, actions: impl IntoIterator<Item = Action>) -> f64 {
    let costs = actions.into_iter().map(|action| match action {
        Action::Advance { steps } => sums.between(steps.start as usize, steps.end as usize),
        Action::Record { .. }
        | Action::Reverse { .. }
        | Action::Store { .. }
        | Action::Load { .. }
        | Action::Discard { .. } => 0.0,
    });
    costs.sum()
}
