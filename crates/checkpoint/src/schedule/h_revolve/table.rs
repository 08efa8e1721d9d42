//! The solved recurrence.

use super::kernel::{Split, fill};
use crate::schedule::costs::beta;
use crate::schedule::{MOST_OPERATIONS, operations_of_rows};
use crate::{Costs, ScheduleError, TierCost, TierId};

/// The most bytes that a table may take.
const LIMIT_BYTES: u64 = 4 << 30;

/// The steps to reverse, and what one of them costs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Steps {
    pub(crate) count: u64,
    pub(crate) forward: f64,
    pub(crate) adjoint: f64,
}

impl Steps {
    /// The cost of all steps with free slots, by Revolve.
    fn with_free_slots(&self, slots: u64) -> f64 {
        let useful = slots.min(self.count.saturating_sub(1));
        let advances = Costs::of_slots(self.count, useful).advances;
        advances as f64 * self.forward + self.count as f64 * self.adjoint
    }

    /// The cost of 1, 2, ... steps with free slots: the advances of one step more are as many as
    /// the sweeps over it.
    fn row_with_free_slots(&self, len: usize, slots: u64) -> Vec<f64> {
        let (mut advances, mut sweeps, mut reach) = (0_u128, 0, 1);
        let cost = |n: u64| {
            if u128::from(n) > reach {
                sweeps += 1;
                reach = beta(slots, sweeps, u64::MAX.into());
            }
            advances += u128::from(sweeps);
            advances as f64 * self.forward + n as f64 * self.adjoint
        };
        (1..=len as u64).map(cost).collect()
    }

    /// The cost of 1, 2, ... steps with no slot at all.
    fn row_without_slots(&self, len: usize) -> Vec<f64> {
        let mut row = vec![f64::INFINITY; len];
        row.iter_mut().take(1).for_each(|first| *first = self.adjoint);
        row
    }
}

/// A tier in its place among the others, and the costs of segments at its level.
///
/// Rows are indexed by `l`, the steps of the segment less one.
#[derive(Clone, Debug)]
pub(crate) struct Level {
    pub(crate) tier: TierId,
    pub(crate) slots: u64,
    pub(crate) cost: TierCost,
    /// `low_k`: the state at the start is in working memory, and goes to lower levels.
    low: Vec<f64>,
    /// `P_k(., m)` for `m = 1, 2, ...`: it is stored here, in one of `m` free slots.
    stored: Vec<Vec<f64>>,
}

impl Level {
    pub(crate) fn new(tier: TierId, slots: u64, cost: TierCost) -> Self {
        Self { tier, slots, cost, low: Vec::new(), stored: Vec::new() }
    }

    /// Whether nothing but the number of slots counts.
    fn is_free(&self) -> bool {
        self.cost == TierCost::default()
    }

    /// `O_k(l, m)`: the state at the start is in working memory, with `m` free slots here.
    fn open(&self, l: usize, m: usize) -> f64 {
        let stored = m.checked_sub(1).map(|row| self.cost.write + self.stored[row][l]);
        stored.map_or(self.low[l], |stored| stored.min(self.low[l]))
    }

    /// Whether a state in working memory is best stored here.
    pub(crate) fn stores(&self, l: usize, m: usize) -> bool {
        m > 0 && self.cost.write + self.stored[m - 1][l] < self.low[l]
    }

    /// Whether a stored state, just loaded, is best discarded here and left to lower levels.
    pub(crate) fn moves_down(&self, l: usize, m: usize) -> bool {
        self.stored[m - 1][l] >= self.low[l]
    }

    /// How far to advance from a stored state. Takes `O(l)`.
    pub(crate) fn distance(&self, l: usize, m: usize, forward: f64) -> usize {
        let split = Split { forward, read: self.cost.read };
        let costs = self.stored[m - 1][..l].iter().enumerate();
        let costs = costs.map(|(i, &left)| split.price(i, left) + self.open(l - 1 - i, m - 1));
        let least = |best: (usize, f64), (i, cost)| if cost < best.1 { (i, cost) } else { best };
        // A state is always read again at last, one step behind: the distance of the start.
        costs.enumerate().fold((l - 1, f64::INFINITY), least).0 + 1
    }

    /// Solves the recurrences of this level; returns `low` of the next.
    fn solve(&mut self, low: Vec<f64>, forward: f64) -> Vec<f64> {
        let split = Split { forward, read: self.cost.read };
        self.low = low;
        // `O_k(., m - 1)`, and how much of it is as for `m - 2`.
        let (mut right, mut same) = (self.low.clone(), 0);
        for _ in 0..self.slots {
            let mut row = match self.stored.last() {
                Some(last) if same == last.len() => break, // further slots gain nothing
                Some(last) => last.clone(),
                None => self.low.clone(),
            };
            fill(&mut row, same + 1, &self.low, &right, split);
            let open = row.iter().zip(&self.low).map(|(p, low)| (self.cost.write + p).min(*low));
            let open: Vec<f64> = open.collect();
            same = open.iter().zip(&right).take_while(|(new, old)| new == old).count();
            self.stored.push(row);
            right = open;
        }
        self.slots = self.stored.len() as u64;
        right
    }
}

/// The costs of all segments at all levels, with any number of free slots.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) steps: Steps,
    pub(crate) levels: Vec<Level>,
    pub(crate) makespan: f64,
}

impl Table {
    /// Solves the recurrence for levels in the order of their costs.
    pub(crate) fn solve(steps: Steps, levels: Vec<Level>) -> Result<Self, ScheduleError> {
        let mut table = Self { steps, levels, makespan: 0.0 };
        let free = table.levels.first().filter(|level| level.is_free()).map(|level| level.slots);
        let tabulated = usize::from(free.is_some());
        if table.levels.len() == tabulated {
            table.makespan = steps.with_free_slots(free.unwrap_or(0));
            return Ok(table);
        }
        let len = Self::check(steps, &table.levels[tabulated..])?;
        let mut low = match free {
            Some(slots) => steps.row_with_free_slots(len, slots),
            None => steps.row_without_slots(len),
        };
        for level in &mut table.levels[tabulated..] {
            low = level.solve(low, steps.forward);
        }
        table.makespan = low.last().copied().unwrap_or(0.0);
        Ok(table)
    }

    /// The length of the rows, if all of them fit.
    fn check(steps: Steps, levels: &[Level]) -> Result<usize, ScheduleError> {
        let rows = |level: &Level| u128::from(level.slots) + 1;
        let rows: u128 = levels.iter().map(rows).sum();
        let bytes = rows.saturating_mul(u128::from(steps.count) * size_of::<f64>() as u128);
        let error =
            || ScheduleError::TableTooLarge { what: "H-Revolve", bytes, limit: LIMIT_BYTES };
        if bytes > LIMIT_BYTES.into() {
            return Err(error());
        }
        let filled = levels.iter().map(|level| u128::from(level.slots)).sum();
        let operations = operations_of_rows(steps.count, filled);
        if operations > MOST_OPERATIONS.into() {
            return Err(ScheduleError::TooMuchWork {
                what: "H-Revolve",
                operations,
                limit: MOST_OPERATIONS,
                instead: "a family without a table: Disk-Revolve (free slots and a disk without \
                          limit), multistage, asynchronous",
            });
        }
        usize::try_from(steps.count).map_err(|_| error())
    }

    /// Whether the part of a level is Revolve, which needs no table.
    pub(crate) fn is_closed(&self, level: usize) -> bool {
        level == 0 && self.levels[level].is_free()
    }
}
