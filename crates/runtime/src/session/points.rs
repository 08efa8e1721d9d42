//! Sparse points of a session: weights and samples in the form that kernels take.

use std::ops::Range;
use std::sync::Arc;

use retrograd_ir::points::{PointError, SparseTable};
use retrograd_ir::{DType, DimSet, Interpolation};

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
    /// The most rows that a grid point lies from that row.
    pub(super) reach: usize,
}

impl KernelTable {
    fn new(table: &SparseTable, layout: &Layout, dtype: DType) -> Self {
        let mut index = vec![0; layout.extents.len()];
        let mut touched = Patch::EMPTY;
        let mut place = |linear| {
            table.unravel(linear, &mut index);
            touched = touched.hull(Patch::point(&index));
            ((layout.position(&index) - layout.origin) as i64, index[0])
        };
        let (mut grid, mut outermost) = (Vec::new(), Vec::new());
        let (mut grid_start, mut point) = (vec![0], Vec::new());
        let mut weights = Vec::new();
        for (linear, shares) in table.touched() {
            let (position, first) = place(linear);
            grid.push(position);
            outermost.push(first);
            point.extend(shares.iter().map(|s| s.point as i32));
            weights.extend(shares.iter().map(|s| s.weight));
            grid_start.push(point.len() as i32);
        }
        let (mut touch, mut touch_start, mut touch_weight) = (Vec::new(), vec![0], Vec::new());
        let (mut middles, mut reach) = (Vec::with_capacity(table.points()), 0);
        for number in 0..table.points() {
            let (mut first, mut last) = (usize::MAX, 0);
            for t in table.of_point(number) {
                let (position, row) = place(t.linear);
                touch.push(position);
                touch_weight.push(t.weight);
                (first, last) = (first.min(row), last.max(row));
            }
            touch_start.push(touch.len() as i32);
            // A point with no weight at all is written as well.
            let first = first.min(last);
            let middle = first + (last - first) / 2;
            middles.push((middle, number));
            reach = reach.max(last - middle);
        }
        middles.sort_unstable();
        Self {
            grid,
            outermost,
            touched,
            grid_start,
            point,
            grid_weight: Numbers::from_f64(dtype, weights.into_iter()),
            touch,
            touch_start,
            touch_weight: Numbers::from_f64(dtype, touch_weight.into_iter()),
            middles,
            reach,
        }
    }

    /// Those of some entries by grid point that lie in some rows.
    pub(super) fn in_rows(&self, entries: &Range<usize>, rows: Range<usize>) -> Range<usize> {
        let below = |bound| self.outermost.partition_point(|&row| row < bound);
        entries.start.max(below(rows.start))..entries.end.min(below(rows.end))
    }

    /// The sparse points whose middle lies in some rows, as ranges of their numbers.
    pub(super) fn with_middle_in(&self, rows: &Range<usize>) -> Vec<Range<usize>> {
        let below = |bound| self.middles.partition_point(|(middle, _)| *middle < bound);
        let found = &self.middles[below(rows.start)..below(rows.end)];
        let mut numbers: Vec<usize> = found.iter().map(|(_, number)| *number).collect();
        numbers.sort_unstable();
        let mut ranges: Vec<Range<usize>> = Vec::new();
        for number in numbers {
            match ranges.last_mut() {
                Some(last) if last.end == number => last.end += 1,
                _ => ranges.push(number..number + 1),
            }
        }
        ranges
    }
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
