//! Sparse points of a session: weights and samples in the form that kernels take.

use std::ops::Range;
use std::sync::Arc;

use retrograd_ir::points::{PointError, SparseTable};
use retrograd_ir::{DType, DimSet, Interpolation};

use super::plan::Area;
use crate::layout::Layout;
use crate::patch::Patch;
use crate::real::Real;

/// Numbers of a type chosen at run time.
#[derive(Clone, Debug)]
pub(super) enum Numbers {
    F32(Vec<f32>),
    F64(Vec<f64>),
}

impl Numbers {
    pub(super) fn from_f64(dtype: DType, values: impl Iterator<Item = f64>) -> Self {
        match dtype {
            DType::F32 => Self::F32(values.map(f32::from_f64).collect()),
            DType::F64 => Self::F64(values.collect()),
        }
    }

    pub(super) fn zeros(dtype: DType, len: usize) -> Self {
        match dtype {
            DType::F32 => Self::F32(vec![0.0; len]),
            DType::F64 => Self::F64(vec![0.0; len]),
        }
    }

    pub(super) fn address(&self, at: usize) -> *const u8 {
        match self {
            Self::F32(v) => v.as_ptr().wrapping_add(at).cast(),
            Self::F64(v) => v.as_ptr().wrapping_add(at).cast(),
        }
    }

    pub(super) fn address_mut(&mut self, at: usize) -> *mut u8 {
        match self {
            Self::F32(v) => v.as_mut_ptr().wrapping_add(at).cast(),
            Self::F64(v) => v.as_mut_ptr().wrapping_add(at).cast(),
        }
    }

    pub(super) fn get(&self, at: usize) -> f64 {
        match self {
            Self::F32(v) => v[at].to_f64(),
            Self::F64(v) => v[at],
        }
    }

    pub(super) fn set(&mut self, at: usize, value: f64) {
        match self {
            Self::F32(v) => v[at] = f32::from_f64(value),
            Self::F64(v) => v[at] = value,
        }
    }

    pub(super) fn len(&self) -> usize {
        match self {
            Self::F32(v) => v.len(),
            Self::F64(v) => v.len(),
        }
    }
}

/// Weights as kernels take them; positions count from the first grid point.
#[derive(Debug)]
pub(super) struct KernelTable {
    /// Per touched grid point: position, row-major index along the outermost dimension.
    pub(super) grid: Vec<i64>,
    pub(super) outermost: Vec<usize>,
    /// Their indices along the second dimension; 0 if there is none.
    second: Vec<usize>,
    /// The box of all of them.
    pub(super) touched: Patch,
    pub(super) grid_start: Vec<i32>,
    pub(super) point: Vec<i32>,
    pub(super) grid_weight: Numbers,
    /// Per sparse point: positions and weights.
    pub(super) touch: Vec<i64>,
    pub(super) touch_start: Vec<i32>,
    pub(super) touch_weight: Numbers,
    /// Sparse points by the row in the middle of their grid points, the first row first.
    middles: Vec<(usize, usize)>,
    /// Per sparse point, the same along the second dimension.
    second_middle: Vec<usize>,
    /// The most rows that a grid point lies from the middle, along the two outermost dimensions.
    pub(super) reach: [usize; 2],
}

impl KernelTable {
    fn new(table: &SparseTable, layout: &Layout, dtype: DType) -> Self {
        let mut index = vec![0; layout.extents.len()];
        let mut touched = Patch::EMPTY;
        let mut place = |linear| {
            table.unravel(linear, &mut index);
            touched = touched.hull(Patch::point(&index));
            let second = index.get(1).copied().unwrap_or(0);
            ((layout.position(&index) - layout.origin) as i64, [index[0], second])
        };
        let (mut grid, mut outermost, mut second) = (Vec::new(), Vec::new(), Vec::new());
        let (mut grid_start, mut point) = (vec![0], Vec::new());
        let mut weights = Vec::new();
        for (linear, shares) in table.touched() {
            let (position, at) = place(linear);
            grid.push(position);
            outermost.push(at[0]);
            second.push(at[1]);
            point.extend(shares.iter().map(|s| s.point as i32));
            weights.extend(shares.iter().map(|s| s.weight));
            grid_start.push(point.len() as i32);
        }
        let (mut touch, mut touch_start, mut touch_weight) = (Vec::new(), vec![0], Vec::new());
        let (mut middles, mut second_middle) = (Vec::new(), Vec::new());
        let mut reach = [0; 2];
        for number in 0..table.points() {
            let (mut first, mut last) = ([usize::MAX; 2], [0; 2]);
            for t in table.of_point(number) {
                let (position, at) = place(t.linear);
                touch.push(position);
                touch_weight.push(t.weight);
                for d in 0..2 {
                    (first[d], last[d]) = (first[d].min(at[d]), last[d].max(at[d]));
                }
            }
            touch_start.push(touch.len() as i32);
            let middle = [0, 1].map(|d| {
                // A point with no weight at all is written as well.
                let first = first[d].min(last[d]);
                let middle = first + (last[d] - first) / 2;
                reach[d] = reach[d].max(last[d] - middle);
                middle
            });
            middles.push((middle[0], number));
            second_middle.push(middle[1]);
        }
        middles.sort_unstable();
        Self {
            grid,
            outermost,
            second,
            touched,
            grid_start,
            point,
            grid_weight: Numbers::from_f64(dtype, weights.into_iter()),
            touch,
            touch_start,
            touch_weight: Numbers::from_f64(dtype, touch_weight.into_iter()),
            middles,
            second_middle,
            reach,
        }
    }

    /// The entries by grid point that lie in an area.
    pub(super) fn in_area(&self, area: &Area) -> Vec<Range<usize>> {
        let all = self.in_rows(&(0..self.grid.len()), area.rows.clone());
        match &area.columns {
            None => Vec::from_iter((!all.is_empty()).then_some(all)),
            Some(columns) => ranges(all.filter(|entry| columns.contains(&self.second[*entry]))),
        }
    }

    /// Those of some entries by grid point that lie in some rows.
    pub(super) fn in_rows(&self, entries: &Range<usize>, rows: Range<usize>) -> Range<usize> {
        let below = |bound| self.outermost.partition_point(|&row| row < bound);
        entries.start.max(below(rows.start))..entries.end.min(below(rows.end))
    }

    /// The sparse points whose middle lies in an area, as ranges of their numbers.
    pub(super) fn with_middle_in(&self, area: &Area) -> Vec<Range<usize>> {
        let below = |bound| self.middles.partition_point(|(middle, _)| *middle < bound);
        let found = &self.middles[below(area.rows.start)..below(area.rows.end)];
        let inside = |number: &usize| {
            area.columns.as_ref().is_none_or(|all| all.contains(&self.second_middle[*number]))
        };
        let mut numbers: Vec<usize> =
            found.iter().map(|(_, number)| *number).filter(inside).collect();
        numbers.sort_unstable();
        ranges(numbers.into_iter())
    }
}

/// Ascending numbers as ranges.
fn ranges(numbers: impl Iterator<Item = usize>) -> Vec<Range<usize>> {
    let mut ranges: Vec<Range<usize>> = Vec::new();
    for number in numbers {
        match ranges.last_mut() {
            Some(last) if last.end == number => last.end += 1,
            _ => ranges.push(number..number + 1),
        }
    }
    ranges
}

/// Points and samples of one sparse function.
#[derive(Debug)]
pub(super) struct SparseData {
    pub(super) points: usize,
    pub(super) steps: usize,
    /// All points of step 0, then of step 1, ...
    pub(super) samples: Numbers,
    pub(super) tables: Vec<(DimSet, Arc<SparseTable>, KernelTable)>,
    /// Read for steps outside the series; never written.
    pub(super) silence: Numbers,
    /// Written for steps outside the series; never read.
    pub(super) scratch: Numbers,
    dtype: DType,
}

impl SparseData {
    pub(super) fn none(dtype: DType) -> Self {
        let empty = || Numbers::zeros(dtype, 0);
        Self {
            points: 0,
            steps: 0,
            samples: empty(),
            tables: Vec::new(),
            silence: empty(),
            scratch: empty(),
            dtype,
        }
    }

    pub(super) fn place(
        &mut self,
        points: &[Vec<f64>],
        (layout, interpolation): (&Layout, Interpolation),
        staggerings: &[DimSet],
        steps: usize,
    ) -> Result<(), PointError> {
        self.tables.clear();
        for &staggered in staggerings {
            let shifted: Vec<Vec<f64>> = points
                .iter()
                .map(|p| {
                    let half = |d| if staggered.contains(d) { 0.5 } else { 0.0 };
                    p.iter().enumerate().map(|(d, x)| x - half(d)).collect()
                })
                .collect();
            let table = SparseTable::new(&shifted, &layout.extents, interpolation)?;
            let kernel = KernelTable::new(&table, layout, self.dtype);
            self.tables.push((staggered, Arc::new(table), kernel));
        }
        self.points = points.len();
        self.silence = Numbers::zeros(self.dtype, points.len());
        self.scratch = Numbers::zeros(self.dtype, points.len());
        self.set_steps(steps);
        Ok(())
    }

    pub(super) fn set_steps(&mut self, steps: usize) {
        self.steps = steps;
        self.samples = Numbers::zeros(self.dtype, steps * self.points);
    }

    /// The first sample of a step, if the series covers it.
    pub(super) fn row(&self, step: i64) -> Option<usize> {
        let step = usize::try_from(step).ok().filter(|&s| s < self.steps)?;
        Some(step * self.points)
    }

    pub(super) fn table(&self, staggered: DimSet) -> &(DimSet, Arc<SparseTable>, KernelTable) {
        let found = self.tables.iter().find(|(d, _, _)| *d == staggered);
        found.expect("sparse points should be placed before a step uses them")
    }
}
