//! The recurrence over the steps left of every branch.

use crate::{Costs, ScheduleError};

/// The largest table that is allocated: what takes a few seconds to fill.
const LARGEST_TABLE_BYTES: u64 = 1 << 27;

/// The most operations of a table: some seconds.
const MOST_OPERATIONS: u64 = 1 << 31;

/// What an entry of `t(n, s)` takes, in operations of the recurrence.
const REVOLVE_OPERATIONS: u128 = 64;

/// What no schedule takes.
const INFEASIBLE: u64 = u64::MAX;

/// A run of adjoint steps of one branch, reversed in one piece.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Segment {
    pub(super) branch: usize,
    /// The step whose state is stored.
    pub(super) start: u64,
    pub(super) steps: u64,
    /// Slots for the segment, that of its own start included.
    pub(super) slots: u64,
}

/// Where the segments that start a branch take their state from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Start {
    /// A slot of each branch's own, free afterwards.
    Own,
    /// A slot that all branches share and that is not among those counted.
    Shared,
}

/// `F(r; m)` for all steps left `r` and snapshots left `m`.
pub(super) struct Table {
    lengths: Vec<u64>,
    slots: u64,
    start: Start,
    /// Of each branch, the distance in the table between `r_j` and `r_j + 1`.
    strides: Vec<usize>,
    /// Entries per number of snapshots.
    size: usize,
    values: Vec<u64>,
    /// `t(n, s)` at `s * (longest + 1) + n`.
    revolve: Vec<u64>,
    longest: u64,
}

impl Table {
    /// Solves the recurrence for branches of so many adjoint steps, `slots` slots and up to
    /// `snapshots` snapshots at the start, at most `slots`; one of `tables` alike, at least one.
    ///
    /// # Errors
    /// [`ScheduleError::TableTooLarge`]; [`ScheduleError::TooMuchWork`].
    pub(super) fn solve(
        lengths: &[u64],
        slots: u64,
        snapshots: u64,
        start: Start,
        tables: u64,
    ) -> Result<Self, ScheduleError> {
        let longest = lengths.iter().copied().max().unwrap_or(0);
        let sizes = lengths.iter().map(|&steps| u128::from(steps) + 1);
        let size = sizes.fold(1_u128, u128::saturating_mul);
        let rows = size.saturating_mul(u128::from(snapshots) + 1);
        let revolve = (u128::from(slots) + 2).saturating_mul(u128::from(longest) + 1);
        let bytes = rows.saturating_add(revolve).saturating_mul(8);
        if bytes > u128::from(LARGEST_TABLE_BYTES) {
            let (what, limit) = ("chains that meet", LARGEST_TABLE_BYTES);
            return Err(ScheduleError::TableTooLarge { what, bytes, limit });
        }
        // An entry is a minimum over all segments that may come first.
        let segments: u128 = lengths.iter().copied().map(u128::from).sum();
        let one = rows * segments + revolve * REVOLVE_OPERATIONS;
        let operations = one.saturating_mul(tables.into());
        if operations > MOST_OPERATIONS.into() {
            return Err(ScheduleError::TooMuchWork {
                what: "chains that meet",
                operations,
                limit: MOST_OPERATIONS,
                instead: "groups of steps in the place of steps",
            });
        }
        let strides = lengths.iter().scan(1_usize, |stride, &steps| {
            let own = *stride;
            *stride *= steps as usize + 1;
            Some(own)
        });
        let mut table = Self {
            strides: strides.collect(),
            lengths: lengths.to_vec(),
            slots,
            start,
            size: size as usize,
            values: vec![INFEASIBLE; rows as usize],
            revolve: revolve_costs(longest, slots + 1),
            longest,
        };
        table.values[0] = 0;
        let mut left = vec![0; lengths.len()];
        for snapshots in 0..=snapshots {
            for index in 0..table.size {
                table.decode(index, &mut left);
                if index > 0
                    && let Some((least, _)) = table.best(&left, index, snapshots)
                {
                    let entry = snapshots as usize * table.size + index;
                    table.values[entry] = least;
                }
            }
        }
        Ok(table)
    }

    /// The advances after the first sweep, and the number of snapshots up to `most` that it has to
    /// leave, as few as possible; `None` if nothing is feasible.
    pub(super) fn least(&self, most: u64) -> Option<(u64, u64)> {
        let value = |m: u64| self.values[m as usize * self.size + self.size - 1];
        let feasible = (0..=most).map(|m| (value(m), m)).filter(|&(value, _)| value < INFEASIBLE);
        feasible.min()
    }

    /// The advances with exactly so many snapshots, if that is feasible.
    pub(super) fn exactly(&self, snapshots: u64) -> Option<u64> {
        let value = self.values[snapshots as usize * self.size + self.size - 1];
        (value < INFEASIBLE).then_some(value)
    }

    /// The segments, first one first, for a feasible number of snapshots.
    pub(super) fn segments(&self, snapshots: u64) -> Vec<Segment> {
        let mut left = self.lengths.clone();
        let mut snapshots = snapshots;
        let mut segments = Vec::new();
        while left.iter().any(|&steps| steps > 0) {
            let index = left.iter().zip(&self.strides).map(|(&r, s)| r as usize * s).sum();
            let best = self.best(&left, index, snapshots);
            let (_, segment) = best.expect("a feasible state should lead to feasible ones");
            left[segment.branch] = segment.start;
            snapshots = self.after(segment, snapshots).expect("the segment should be feasible");
            segments.push(segment);
        }
        segments
    }

    /// The best segment to reverse first.
    fn best(&self, left: &[u64], index: usize, snapshots: u64) -> Option<(u64, Segment)> {
        let mut best: Option<(u64, Segment)> = None;
        // The segment's own snapshot is one of those that are left.
        let slots = self.slots - snapshots + 1;
        let costs = &self.revolve[slots as usize * (self.longest as usize + 1)..];
        for (branch, (&steps, &stride)) in left.iter().zip(&self.strides).enumerate() {
            for start in 0..steps {
                let segment = Segment { branch, start, steps: steps - start, slots };
                let Some(rest) = self.after(segment, snapshots) else { continue };
                let entry = rest as usize * self.size + index - (steps - start) as usize * stride;
                let (own, rest) = (costs[(steps - start) as usize], self.values[entry]);
                if rest == INFEASIBLE || own == INFEASIBLE {
                    continue;
                }
                if best.is_none_or(|(least, _)| own + rest < least) {
                    best = Some((own + rest, segment));
                }
            }
        }
        best
    }

    /// Snapshots left after a segment, if there were enough.
    fn after(&self, segment: Segment, snapshots: u64) -> Option<u64> {
        match self.start {
            Start::Shared if segment.start == 0 => Some(snapshots),
            Start::Shared | Start::Own => snapshots.checked_sub(1),
        }
    }

    fn decode(&self, index: usize, left: &mut [u64]) {
        let mut rest = index;
        for (left, &steps) in left.iter_mut().zip(&self.lengths) {
            let base = steps as usize + 1;
            *left = (rest % base) as u64;
            rest /= base;
        }
    }
}

/// The advances of Revolve for up to so many steps and slots.
fn revolve_costs(steps: u64, slots: u64) -> Vec<u64> {
    let advances = |steps: u64, slots: u64| {
        let costs = Costs::revolve(steps, slots);
        // Below steps^2, which the limit of the table keeps far below 2^64.
        costs.map_or(INFEASIBLE, |costs| costs.advances as u64)
    };
    (0..=slots).flat_map(|s| (0..=steps).map(move |n| advances(n, s))).collect()
}
