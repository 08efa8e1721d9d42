//! The table of equal sizes, by monotone splits.

use super::Sums;

/// The largest table that is allocated.
const LARGEST_TABLE_BYTES: u128 = 1 << 30;

/// The most additions, about a second's worth.
const MOST_WORK: u128 = 1 << 30;

/// The optimal splits for all segments and numbers of slots.
#[derive(Clone, Debug)]
pub(super) struct EqualTable {
    steps: usize,
    /// Of 2, 3, ... slots the splits of all segments that are longer than slots can serve.
    splits: Vec<Splits>,
    /// `T(0, n, slots)`.
    cost: f64,
}

/// The splits of the segments of more than `slots + 1` steps, by start and then by end, as
/// distances from the start.
#[derive(Clone, Debug)]
struct Splits {
    slots: usize,
    distances: Vec<u32>,
}

/// Whether the table for so many steps and slots is small enough.
pub(super) fn is_affordable(steps: usize, slots: u64) -> bool {
    let (n, c) = (steps as u128, u128::from(slots).min(steps as u128));
    // Segments of more than s + 1 steps, for each s from 2 to c.
    let splits: u128 = (2..=c.min(1 << 20)).map(|s| triangle(n.saturating_sub(s + 1))).sum();
    n < 1 << 20
        && c < 1 << 20
        && splits * 4 + n * n * 16 <= LARGEST_TABLE_BYTES
        && n * n * c <= 2 * MOST_WORK
}

fn triangle(n: u128) -> u128 {
    n * (n + 1) / 2
}

impl EqualTable {
    /// Solves the recurrence for at least one step and one slot.
    pub(super) fn solve(sums: &Sums, slots: u64) -> Self {
        let steps = sums.cost.len() - 1;
        let slots = slots.min(steps as u64) as usize;
        // `T(j, b, c - 1)` at `b * side + j`: contiguous along the splits of a segment.
        let side = steps + 1;
        let mut fewer = vec![0.0; side * side];
        for start in 0..steps {
            for end in start + 1..=steps {
                fewer[end * side + start] = sums.sweeps(start, end);
            }
        }
        let mut splits = Vec::new();
        let mut more = fewer.clone();
        for slots in 2..=slots {
            splits.push(Splits::solve(sums, slots, &fewer, &mut more));
            std::mem::swap(&mut fewer, &mut more);
        }
        Self { steps, splits, cost: fewer[steps * side] }
    }

    /// The least cost of advances.
    pub(super) fn cost(&self) -> f64 {
        self.cost
    }

    /// Where to store the next state of a segment whose first state is stored in one of `slots`
    /// slots; there are at least two, and at least two steps.
    pub(super) fn split(&self, start: usize, end: usize, slots: u64) -> usize {
        let length = end - start;
        if length as u64 <= slots.saturating_add(1) {
            return start + 1;
        }
        let splits = &self.splits[slots as usize - 2];
        start
            + splits.distances[splits.row(self.steps, start) + length - splits.shortest()] as usize
    }
}

impl Splits {
    /// Solves one number of slots from the costs for one less.
    fn solve(sums: &Sums, slots: usize, fewer: &[f64], more: &mut [f64]) -> Self {
        let steps = sums.cost.len() - 1;
        let side = steps + 1;
        let mut splits = Self { slots, distances: Vec::new() };
        let rows = steps.saturating_sub(slots + 1);
        splits.distances = vec![0; rows * (rows + 1) / 2];
        // Of the start treated and of the one after it: the split by end.
        let (mut row, mut below) = (vec![0; side], vec![0; side]);
        let mut own = vec![0.0; side]; // T(start, j, slots)
        for start in (0..steps).rev() {
            own[start + 1] = 0.0;
            more[(start + 1) * side + start] = 0.0;
            row[start + 1] = start + 1;
            for end in start + 2..=steps {
                // The segment one shorter at either side has no split if it is a single step.
                let high = if end - start == 2 { start + 1 } else { below[end] };
                let low = row[end - 1].min(high);
                let column = &fewer[end * side..(end + 1) * side];
                let (split, least) = best(low, high, |j| sums.cost[j] + column[j] + own[j]);
                row[end] = split;
                own[end] = least - sums.cost[start];
                more[end * side + start] = own[end];
                if end - start >= splits.shortest() {
                    let first = splits.row(steps, start);
                    let entry = first + end - start - splits.shortest();
                    splits.distances[entry] = (split - start) as u32;
                }
            }
            std::mem::swap(&mut row, &mut below);
        }
        splits
    }

    /// The length of the shortest segment that is listed.
    fn shortest(&self) -> usize {
        self.slots + 2
    }

    /// Where the segments that begin with `start` begin.
    fn row(&self, steps: usize, start: usize) -> usize {
        // `start` rows of `most`, `most - 1`, ... entries come before.
        let most = steps - self.shortest() + 1;
        (2 * most + 1 - start) * start / 2
    }
}

/// The last of the best choices from `low` to `high`, and its value.
fn best(low: usize, high: usize, value: impl Fn(usize) -> f64) -> (usize, f64) {
    let mut best = (low, value(low));
    for j in low + 1..=high {
        let value = value(j);
        if value <= best.1 {
            best = (j, value);
        }
    }
    best
}
