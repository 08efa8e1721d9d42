//! The table of the recurrence: times over amounts of memory, in rows that can be added.
//!
//! The row of a segment holds its least time for `minimum`, `minimum + unit`, `minimum + 2 unit`,
//! ... bytes, where `minimum` is what the segment needs at least, computed exactly beforehand. So
//! every row begins with a finite value, whatever the unit, and what a candidate looks up lies
//! at a distance that is the same for all entries: rows are added as vectors. Memory between two
//! entries counts as the lower one, and the budget is never exceeded.
//!
//! Where all sizes are multiples of the unit, nothing is rounded and the table is exact.

use super::recurrence::{Candidate, Recurrence, Segment};
use crate::ScheduleError;

/// The largest table that is allocated.
const LARGEST_TABLE_BYTES: u64 = 1 << 30;

/// Levels that every chain is worth.
pub(super) const LEAST_LEVELS: u64 = 64;

/// The table of one chain, solved.
pub(super) struct Table<'a> {
    recurrence: Recurrence<'a>,
    minima: Minima,
    unit: u64,
    /// Of each row, where it starts in `times`; one entry more than rows.
    starts: Vec<usize>,
    times: Vec<f64>,
}

/// What every segment needs at least.
pub(super) struct Minima {
    /// Of each pair of first and last stage the number of the first row, by `index`.
    first_row: Vec<u32>,
    /// Of each row the least memory.
    bytes: Vec<u64>,
    /// States of the chain: stages and the loss.
    states: usize,
    /// Candidates of all rows.
    pub(super) candidates: u64,
}

impl Minima {
    /// Solves the recurrence for memory alone, in `O(L^3)` time.
    ///
    /// # Errors
    /// [`ScheduleError::TableTooLarge`].
    pub(super) fn solve(recurrence: Recurrence<'_>) -> Result<Self, ScheduleError> {
        let states = recurrence.stages() + 1;
        let variants = |end| recurrence.variants(end) as u128;
        let rows: u128 = (0..states).map(|end| (end as u128 + 1) * variants(end)).sum();
        // A table of the fewest levels would be in vain to prepare for, and take too long.
        guard(rows * 8 * u128::from(LEAST_LEVELS) + (states as u128).pow(2) * 4)?;
        let first_row = vec![0; states * states];
        let bytes = Vec::with_capacity(rows as usize);
        let mut minima = Self { first_row, bytes, states, candidates: 0 };
        for segment in segments(recurrence) {
            if segment.held.is_none() {
                let index = segment.start * states + segment.end;
                minima.first_row[index] = minima.bytes.len() as u32; // far below 2^32
            }
            let (mut least, mut count) = (u64::MAX, 0);
            recurrence.candidates(segment, |candidate| {
                least = least.min(minima.need(&candidate));
                count += 1;
            });
            minima.bytes.push(least);
            minima.candidates += count;
        }
        Ok(minima)
    }

    /// Segments that there are.
    pub(super) fn rows(&self) -> usize {
        self.bytes.len()
    }

    /// The least memory for the whole chain, `x_0` not included.
    pub(super) fn whole(&self) -> u64 {
        self.bytes[self.row(Segment { start: 0, end: self.states - 1, held: None })]
    }

    fn row(&self, segment: Segment) -> usize {
        let first = self.first_row[segment.start * self.states + segment.end] as usize;
        first + segment.held.map_or(0, |held| held + 1)
    }

    fn of(&self, segment: Segment) -> u64 {
        self.bytes[self.row(segment)]
    }

    /// Bytes that a candidate needs, with the segments it leads to.
    fn need(&self, candidate: &Candidate) -> u64 {
        let first = candidate.first.map_or(0, |(segment, kept)| kept + self.of(segment));
        let second = candidate.second.map_or(0, |segment| self.of(segment));
        candidate.need.max(first).max(second)
    }
}

/// All segments, those that others lead to first: by length, and by what is held.
fn segments(recurrence: Recurrence<'_>) -> impl Iterator<Item = Segment> {
    let states = recurrence.stages() + 1;
    (0..states).flat_map(move |length| {
        (0..states - length).flat_map(move |start| {
            let end = start + length;
            let held = (0..recurrence.variants(end)).map(|variant| variant.checked_sub(1));
            held.map(move |held| Segment { start, end, held })
        })
    })
}

fn guard(bytes: u128) -> Result<(), ScheduleError> {
    if bytes <= u128::from(LARGEST_TABLE_BYTES) {
        return Ok(());
    }
    Err(ScheduleError::TableTooLarge {
        what: "a heterogeneous chain",
        bytes,
        limit: LARGEST_TABLE_BYTES,
    })
}

impl<'a> Table<'a> {
    /// Solves the recurrence for up to `memory` bytes, `x_0` not included, in steps of `unit`.
    ///
    /// `memory` is at least [`Minima::whole`]. Takes `O(L^3 memory / unit)` time.
    ///
    /// # Errors
    /// [`ScheduleError::TableTooLarge`].
    pub(super) fn solve(
        recurrence: Recurrence<'a>,
        minima: Minima,
        memory: u64,
        unit: u64,
    ) -> Result<Self, ScheduleError> {
        // A segment that needs more than there is has an empty row.
        let entries = |&least: &u64| memory.checked_sub(least).map_or(0, |more| more / unit + 1);
        let total: u128 = minima.bytes.iter().map(|least| u128::from(entries(least))).sum();
        guard((total + 2 * minima.rows() as u128) * 8)?;
        let mut starts = Vec::with_capacity(minima.rows() + 1);
        let mut start = 0;
        for least in &minima.bytes {
            starts.push(start);
            start += entries(least) as usize; // below the limit
        }
        starts.push(start);
        let mut table =
            Self { recurrence, minima, unit, starts, times: vec![f64::INFINITY; start] };
        for segment in segments(recurrence) {
            table.fill(segment);
        }
        Ok(table)
    }

    /// Fills the row of `segment` from those of the segments it leads to, which come before it.
    fn fill(&mut self, segment: Segment) {
        let row = self.minima.row(segment);
        let (solved, rest) = self.times.split_at_mut(self.starts[row]);
        let out = &mut rest[..self.starts[row + 1] - self.starts[row]];
        let (minima, starts, unit) = (&self.minima, &self.starts, self.unit);
        let least = minima.bytes[row];
        self.recurrence.candidates(segment, |candidate| {
            let skipped = (minima.need(&candidate) - least).div_ceil(unit);
            if skipped >= out.len() as u64 {
                return;
            }
            let out = &mut out[skipped as usize..];
            let memory = least + skipped * unit;
            let other = |segment, memory: u64| {
                let row = minima.row(segment);
                let skip = (memory - minima.bytes[row]) / unit;
                &solved[starts[row] + skip as usize..starts[row + 1]]
            };
            let first = candidate.first.map(|(segment, kept)| other(segment, memory - kept));
            let second = candidate.second.map(|segment| other(segment, memory));
            lower(out, candidate.time, first, second);
        });
    }

    /// The best way to begin `segment` within `memory` bytes; `None` if there is none.
    pub(super) fn best(&self, segment: Segment, memory: u64) -> Option<Candidate> {
        let mut best = None;
        let mut least = f64::INFINITY;
        self.recurrence.candidates(segment, |candidate| {
            if self.minima.need(&candidate) > memory {
                return;
            }
            let first =
                candidate.first.map_or(0.0, |(segment, kept)| self.time(segment, memory - kept));
            let second = candidate.second.map_or(0.0, |segment| self.time(segment, memory));
            let time = candidate.time + first + second;
            if time < least {
                (least, best) = (time, Some(candidate));
            }
        });
        best
    }

    /// The time of `segment` within `memory` bytes, which are at least its minimum.
    fn time(&self, segment: Segment, memory: u64) -> f64 {
        let row = self.minima.row(segment);
        let entry = (memory - self.minima.bytes[row]) / self.unit;
        self.times[self.starts[row] + entry as usize]
    }
}

/// `out = min(out, time + first + second)`, entry by entry; what is absent is zero.
fn lower(out: &mut [f64], time: f64, first: Option<&[f64]>, second: Option<&[f64]>) {
    let lower_to = |out: &mut f64, value: f64| {
        if value < *out {
            *out = value;
        }
    };
    match (first, second) {
        (Some(first), Some(second)) => {
            for ((out, first), second) in out.iter_mut().zip(first).zip(second) {
                lower_to(out, time + first + second);
            }
        }
        (Some(only), None) | (None, Some(only)) => {
            out.iter_mut().zip(only).for_each(|(out, only)| lower_to(out, time + only));
        }
        (None, None) => out.iter_mut().for_each(|out| lower_to(out, time)),
    }
}
