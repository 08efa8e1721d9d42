//! Data of unequal sizes, by recurrence: rows over the number of steps, one per capacity.
//!
//! All recurrences of this kind have the form, for `n > 1`,
//!
//! ```text
//! own(n) = min( 1 + keep(n - 1),  min_(1 <= i < n) i + own(i) + right(n - i) )
//! ```
//!
//! with `own(1) = 1`, where `keep` and `right` are rows for less capacity, or absent. The inner
//! minimum takes `O(n)` per entry, but few of its terms have to be looked at: every row
//! increases with `n` (drop a step from the schedule, and something is saved), so that over a
//! block of terms `i_0 <= i < i_1`
//!
//! ```text
//! i + own(i) + right(n - i)  >=  i_0 + own(i_0) + right(n - i_1 + 1)
//! ```
//!
//! and the block is skipped if that is no less than what is found already, for which the place
//! of the minimum at `n - 1` is tried first. The result is exact.
#![allow(clippy::inline_always, reason = "only what is inlined has its vector instructions")]

use std::collections::BTreeMap;
use std::ops::Add;

use pulp::{Arch, Simd, WithSimd};

use super::walk::Choice;
use crate::ScheduleError;
use crate::schedule::{MOST_OPERATIONS, operations_of_rows};

/// The most bytes that a table may take.
const LIMIT_BYTES: u64 = 1 << 30;

/// The least terms of the inner minimum that are looked at, or skipped, at once.
const BLOCK: usize = 64;

/// A number of forward steps in a table: exact below the limit, which stands for everything
/// beyond and for what is impossible.
pub(crate) trait Count: Copy + Ord + Add<Output = Self> + Send + Sync + 'static {
    /// Four times this does not overflow.
    const LIMIT: Self;
    /// Bytes of one.
    const BYTES: u64 = size_of::<Self>() as u64;
    /// The number `n`, which should be below the limit.
    fn of(n: usize) -> Self;
    /// The number, if it is exact.
    fn exact(self) -> Option<u64>;
}

impl Count for u32 {
    const LIMIT: Self = 1 << 30;
    fn of(n: usize) -> Self {
        n as Self
    }
    fn exact(self) -> Option<u64> {
        (self < Self::LIMIT).then_some(self.into())
    }
}

impl Count for u64 {
    const LIMIT: Self = 1 << 62;
    fn of(n: usize) -> Self {
        n as Self
    }
    fn exact(self) -> Option<u64> {
        (self < Self::LIMIT).then_some(self)
    }
}

/// The capacities that can be left at some point, ascending: what the rows of a table stand for.
#[derive(Clone, Debug)]
pub(crate) struct Capacities(Vec<u64>);

impl Capacities {
    /// All `capacity - i a - j b >= 0` with `i + j < steps`, as every snapshot is that of another
    /// step, for a table of `rows` rows of `T` each.
    pub(crate) fn left<T: Count>(
        steps: u64,
        capacity: u64,
        [a, b]: [u64; 2],
        rows: u64,
    ) -> Result<Self, ScheduleError> {
        // A row and what it takes to keep it.
        let row_bytes = u128::from(rows) * ((u128::from(steps) + 1) * u128::from(T::BYTES) + 64);
        let operations = operations_of_rows(steps, rows.into()).max(1);
        let by_work = u128::from(MOST_OPERATIONS) / operations;
        let most = (u128::from(LIMIT_BYTES) / row_bytes).min(by_work);
        let what = "mixed checkpoints of unequal sizes";
        let too_many = |capacities: u128| {
            let bytes = row_bytes.saturating_mul(capacities);
            if bytes > LIMIT_BYTES.into() {
                return ScheduleError::TableTooLarge { what, bytes, limit: LIMIT_BYTES };
            }
            ScheduleError::TooMuchWork {
                what,
                operations: operations.saturating_mul(capacities),
                limit: MOST_OPERATIONS,
                instead: "restart and adjoint data of the same number of units, which need no table",
            }
        };
        // Those of one kind of snapshot alone.
        let least = u128::from((capacity / a.min(b)).min(steps.saturating_sub(1))) + 1;
        if least > most {
            return Err(too_many(least));
        }
        // Capacities, with the fewest snapshots that leave them; all larger ones are found.
        let mut pending = BTreeMap::from([(capacity, 0)]);
        let mut found = Vec::new();
        while let Some((capacity, snapshots)) = pending.pop_last() {
            if found.len() as u128 == most {
                return Err(too_many(most + 1)); // at least
            }
            found.push(capacity);
            if snapshots + 1 < steps {
                for left in [a, b].into_iter().filter_map(|size| capacity.checked_sub(size)) {
                    let fewest = pending.entry(left).or_insert(snapshots + 1);
                    *fewest = (*fewest).min(snapshots + 1);
                }
            }
        }
        found.reverse();
        Ok(Self(found))
    }

    /// All of them, ascending.
    pub(crate) fn all(&self) -> &[u64] {
        &self.0
    }

    /// The place of a capacity; `None` if it is never left.
    pub(crate) fn index(&self, capacity: u64) -> Option<usize> {
        self.0.binary_search(&capacity).ok()
    }
}

/// The rows that a row is made from, and read with.
#[derive(Clone, Copy)]
pub(crate) struct Sources<'a, T> {
    /// Once the first step's adjoint data are kept; absent if they do not fit.
    pub(crate) keep: Option<&'a [T]>,
    /// Once restart data are stored; absent if they do not fit.
    pub(crate) right: Option<&'a [T]>,
}

impl<T: Count> Sources<'_, T> {
    /// The row for 0 to `steps` steps.
    pub(crate) fn row(&self, steps: usize) -> Vec<T> {
        let kept = |n| if n < 2 { T::of(n) } else { self.kept(n) };
        let mut row: Vec<T> = (0..=steps).map(kept).collect();
        if let Some(right) = self.right {
            Arch::new().dispatch(Fill { split: Split::new(right), row: &mut row });
        }
        row
    }

    /// A choice that attains `row[n]`.
    pub(crate) fn choose(&self, row: &[T], n: usize) -> Choice {
        if self.kept(n) == row[n] {
            return Choice::Keep;
        }
        let attains = |i: &usize| {
            let beyond = self.right.map_or(T::LIMIT, |right| right[n - i]);
            T::of(*i) + row[*i] + beyond == row[n]
        };
        Choice::Split((1..n).find(attains).expect("a table should attain its values") as u64)
    }

    fn kept(&self, n: usize) -> T {
        self.keep.map_or(T::LIMIT, |keep| (T::of(1) + keep[n - 1]).min(T::LIMIT))
    }
}

/// Takes a row, which knows what keeping costs, to the minimum over all choices. Compiled for
/// every level of vector instructions, of which the best at hand runs.
struct Fill<'a, T> {
    split: Split<T>,
    row: &'a mut [T],
}

impl<T: Count> WithSimd for Fill<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { mut split, row } = self;
        for n in 2..row.len() {
            split.push(row[n - 1]);
            row[n] = split.least(n, row[n]);
        }
    }
}

/// The inner minimum, for one `n` after the other.
struct Split<T> {
    /// `i + own(i)`, up to `n - 1`.
    left: Vec<T>,
    /// `right`, backwards: both factors of a block lie in the direction of memory.
    backwards: Vec<T>,
    /// Where the minimum was.
    place: usize,
}

impl<T: Count> Split<T> {
    fn new(right: &[T]) -> Self {
        let mut left = Vec::with_capacity(right.len());
        left.push(T::of(0));
        Self { left, backwards: right.iter().rev().copied().collect(), place: 1 }
    }

    #[inline(always)]
    fn push(&mut self, own: T) {
        self.left.push(T::of(self.left.len()) + own);
    }

    /// The lesser of `best` and the minimum for `n`.
    #[inline(always)]
    fn least(&mut self, n: usize, mut best: T) -> T {
        // `right(n - i)` is `right[i]` from here on.
        let (left, right) = (&self.left[..n], &self.backwards[self.backwards.len() - 1 - n..]);
        for i in [self.place, self.place + 1] {
            if i < n {
                best = best.min(left[i] + right[i]);
            }
        }
        let (mut start, mut length) = (1, BLOCK);
        while start < n {
            let end = n.min(start + length);
            if left[start] + right[end - 1] >= best {
                start = end;
                length *= 2;
            } else if length > BLOCK {
                length = BLOCK;
            } else {
                let sums = left[start..end].iter().zip(&right[start..end]).map(|(&l, &r)| l + r);
                let least = sums.clone().fold(T::LIMIT, T::min);
                if least < best {
                    best = least;
                    self.place = start + sums.take_while(|&sum| sum > least).count();
                }
                start = end;
            }
        }
        best
    }
}
