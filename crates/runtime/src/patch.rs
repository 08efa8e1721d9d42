//! Boxes of grid points.

use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};

use retrograd_compile::support::Spread;
use retrograd_ir::MAX_DIMS;

/// A box of grid points. Along dimensions that the grid lacks it holds index 0, if it holds any.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Patch {
    low: [usize; MAX_DIMS],
    high: [usize; MAX_DIMS],
}

impl Patch {
    pub(crate) const EMPTY: Self = Self { low: [0; MAX_DIMS], high: [0; MAX_DIMS] };

    /// All points of a grid.
    pub(crate) fn whole(extents: &[usize]) -> Self {
        let mut high = [1; MAX_DIMS];
        for (high, &extent) in high.iter_mut().zip(extents) {
            *high = extent;
        }
        Self { low: [0; MAX_DIMS], high }.tidy()
    }

    /// One range per dimension.
    pub(crate) fn of(ranges: &[Range<usize>]) -> Self {
        let (mut low, mut high) = ([0; MAX_DIMS], [1; MAX_DIMS]);
        for (d, range) in ranges.iter().enumerate() {
            (low[d], high[d]) = (range.start, range.end);
        }
        Self { low, high }.tidy()
    }

    /// One point.
    pub(crate) fn point(index: &[usize]) -> Self {
        let mut point = Self { low: [0; MAX_DIMS], high: [1; MAX_DIMS] };
        for (d, &at) in index.iter().enumerate() {
            (point.low[d], point.high[d]) = (at, at + 1);
        }
        point
    }

    /// There is one empty box.
    fn tidy(self) -> Self {
        let any = self.low.iter().zip(&self.high).all(|(low, high)| low < high);
        if any { self } else { Self::EMPTY }
    }

    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::EMPTY
    }

    pub(crate) fn range(&self, dim: usize) -> Range<usize> {
        self.low[dim]..self.high[dim]
    }

    /// With another range along a dimension.
    pub(crate) fn with(mut self, dim: usize, range: Range<usize>) -> Self {
        (self.low[dim], self.high[dim]) = (range.start, range.end);
        self.tidy()
    }

    /// The smallest box that holds both.
    pub(crate) fn hull(self, other: Self) -> Self {
        if self.is_empty() || other.is_empty() {
            return if self.is_empty() { other } else { self };
        }
        let pick = |f: fn(usize, usize) -> usize, a: [usize; MAX_DIMS], b: [usize; MAX_DIMS]| {
            std::array::from_fn(|d| f(a[d], b[d]))
        };
        let (low, high) =
            (pick(usize::min, self.low, other.low), pick(usize::max, self.high, other.high));
        Self { low, high }
    }

    /// What lies in both.
    pub(crate) fn meet(self, other: Self) -> Self {
        let low = std::array::from_fn(|d| self.low[d].max(other.low[d]));
        let high = std::array::from_fn(|d| self.high[d].min(other.high[d]));
        Self { low, high }.tidy()
    }

    pub(crate) fn contains(self, other: Self) -> bool {
        self.hull(other) == self
    }

    /// The points of a grid that read a point of the box.
    pub(crate) fn readers(self, spread: &Spread, grid: Self) -> Self {
        if self.is_empty() {
            return self;
        }
        let end = |at: usize, by: i16| at.saturating_add_signed(-isize::from(by));
        let mut all = grid;
        for (d, spread) in spread.iter().enumerate() {
            if let Some([lowest, highest]) = *spread {
                all.low[d] = end(self.low[d], highest);
                all.high[d] = end(self.high[d], lowest);
            }
        }
        all.meet(grid)
    }

    /// Number of points.
    pub(crate) fn points(&self) -> u64 {
        let sides = self.low.iter().zip(&self.high);
        sides.map(|(low, high)| (high - low) as u64).product()
    }
}

/// A box that travels with a buffer. Changed by the one thread that may write to the buffer, or
/// handed over together with it.
#[derive(Debug)]
pub(crate) struct PatchCell {
    low: [AtomicUsize; MAX_DIMS],
    high: [AtomicUsize; MAX_DIMS],
}

impl PatchCell {
    pub(crate) fn new(patch: Patch) -> Self {
        Self { low: patch.low.map(AtomicUsize::new), high: patch.high.map(AtomicUsize::new) }
    }

    pub(crate) fn get(&self) -> Patch {
        let ends = |cells: &[AtomicUsize; MAX_DIMS]| {
            std::array::from_fn(|d| cells[d].load(Ordering::Relaxed))
        };
        Patch { low: ends(&self.low), high: ends(&self.high) }
    }

    pub(crate) fn set(&self, patch: Patch) {
        for d in 0..MAX_DIMS {
            self.low[d].store(patch.low[d], Ordering::Relaxed);
            self.high[d].store(patch.high[d], Ordering::Relaxed);
        }
    }
}
