//! Plain arrays for tests and small runs.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::memory::Memory;
use super::number::Number;
use crate::points::{PointError, SparseTable};
use crate::program::{
    DimSet, Field, FieldId, Levels, ParamId, ScalarId, SparseId, Stencil, Step, Target, WidthId,
};
use crate::verify::Verified;

/// Every level of every function, every tape entry and every series as an owned array.
///
/// Functions hold their own dimensions only, in row-major order. Functions, series and
/// parameters start at zero; scalars start at plus infinity: nothing has converged yet.
#[derive(Clone, Debug)]
pub struct DenseMemory<N = f64> {
    extents: Vec<usize>,
    widths: Vec<usize>,
    params: Vec<N>,
    scalars: Vec<N>,
    fields: Vec<FieldData<N>>,
    series: Vec<SeriesData<N>>,
    steps: usize,
}

#[derive(Clone, Debug)]
struct FieldData<N> {
    levels: Levels,
    /// Elements from one index to the next, per dimension of the stencil; 0 where it lacks it.
    strides: Vec<usize>,
    /// Static: one; time levels: `t+1`, `t`, ...; tape: one per step.
    arrays: Vec<Vec<N>>,
    /// Positions at which the function is zero by declaration.
    zeros: Vec<usize>,
}

#[derive(Clone, Debug)]
struct SeriesData<N> {
    points: usize,
    /// All points of step 0, then of step 1, ...
    samples: Vec<N>,
    tables: BTreeMap<DimSet, Arc<SparseTable>>,
}

impl<N: Number> DenseMemory<N> {
    /// Memory for `steps` forward steps on a grid of the given extents.
    ///
    /// # Panics
    /// If there is not one extent per dimension and one width per declared width.
    pub fn new(program: &Verified, extents: &[usize], widths: &[usize], steps: usize) -> Self {
        let stencil = program.stencil();
        assert_eq!(extents.len(), stencil.dims.len(), "there should be one extent per dimension");
        assert_eq!(widths.len(), stencil.widths.len(), "every width should have a value");
        let zero_in = |f: &Field| {
            let region = &stencil.regions[f.zero_in?.0 as usize];
            Some(region.resolve(extents, widths))
        };
        let field = |f: &Field| FieldData::new(f, extents, steps, zero_in(f).as_deref());
        let fields = stencil.fields.iter().map(field);
        let no_points = SeriesData { points: 0, samples: Vec::new(), tables: BTreeMap::new() };
        Self {
            extents: extents.to_vec(),
            widths: widths.to_vec(),
            params: vec![N::constant(0.0); stencil.params.len()],
            scalars: vec![N::constant(f64::INFINITY); stencil.scalars.len()],
            fields: fields.collect(),
            series: vec![no_points; stencil.sparse.len()],
            steps,
        }
    }

    /// Number of forward steps that tapes and series hold.
    pub fn steps(&self) -> usize {
        self.steps
    }

    /// Sets a run-time scalar.
    pub fn set_param(&mut self, id: ParamId, value: N) {
        self.params[id.0 as usize] = value;
    }

    /// Places sparse points, at coordinates in cells from the first grid node; their series
    /// become zero.
    ///
    /// # Errors
    /// As [`SparseTable::new`], for any staggering of the functions of the stencil.
    pub fn place<P: AsRef<[f64]>>(
        &mut self,
        stencil: &Stencil,
        sparse: SparseId,
        points: &[P],
    ) -> Result<(), PointError> {
        let interpolation = stencil.sparse[sparse.0 as usize].interpolation;
        let mut tables = BTreeMap::new();
        for staggered in stencil.staggerings() {
            let shifted: Vec<Vec<f64>> = points
                .iter()
                .map(|p| {
                    let shift = |d| if staggered.contains(d) { 0.5 } else { 0.0 };
                    p.as_ref().iter().enumerate().map(|(d, x)| x - shift(d)).collect()
                })
                .collect();
            let table = SparseTable::new(&shifted, &self.extents, interpolation)?;
            tables.insert(staggered, Arc::new(table));
        }
        let samples = vec![N::constant(0.0); points.len() * self.steps];
        self.series[sparse.0 as usize] = SeriesData { points: points.len(), samples, tables };
        Ok(())
    }

    /// A level of a function (time 0 for a static one), in row-major order over its dimensions.
    ///
    /// # Panics
    /// If the function has no such level, or is a tape.
    pub fn array(&self, target: Target) -> &[N] {
        let data = &self.fields[target.field.0 as usize];
        &data.arrays[data.level(target.time)]
    }

    /// As [`array`](Self::array), to be written.
    ///
    /// # Panics
    /// If the function has no such level, or is a tape.
    pub fn array_mut(&mut self, target: Target) -> &mut [N] {
        let data = &mut self.fields[target.field.0 as usize];
        let level = data.level(target.time);
        &mut data.arrays[level]
    }

    /// The tape entry of a forward step.
    ///
    /// # Panics
    /// If the function is no tape or the step is not recorded.
    pub fn tape(&self, field: FieldId, step: usize) -> &[N] {
        let data = &self.fields[field.0 as usize];
        assert_eq!(data.levels, Levels::Tape, "the function should be a tape");
        &data.arrays[step]
    }

    /// As [`tape`](Self::tape), to be written.
    ///
    /// # Panics
    /// If the function is no tape or the step is not recorded.
    pub fn tape_mut(&mut self, field: FieldId, step: usize) -> &mut [N] {
        let data = &mut self.fields[field.0 as usize];
        assert_eq!(data.levels, Levels::Tape, "the function should be a tape");
        &mut data.arrays[step]
    }

    /// The samples of sparse points: all points of step 0, then of step 1, and so on.
    pub fn series(&self, sparse: SparseId) -> &[N] {
        &self.series[sparse.0 as usize].samples
    }

    /// As [`series`](Self::series), to be written.
    pub fn series_mut(&mut self, sparse: SparseId) -> &mut [N] {
        &mut self.series[sparse.0 as usize].samples
    }

    /// Moves the levels of the time functions that `step` computes back by one: what was `t+1`
    /// becomes `t`. The new `t+1` has no defined value, which NaN stands for, except where the
    /// function is zero by declaration.
    pub fn rotate(&mut self, step: &Step) {
        for field in step.advances() {
            let FieldData { arrays, zeros, .. } = &mut self.fields[field.0 as usize];
            arrays.rotate_right(1);
            arrays[0].fill(N::constant(f64::NAN));
            for &at in zeros.iter() {
                arrays[0][at] = N::constant(0.0);
            }
        }
    }
}

impl<N: Number> FieldData<N> {
    fn new(
        field: &Field,
        extents: &[usize],
        steps: usize,
        zero_in: Option<&[std::ops::Range<usize>]>,
    ) -> Self {
        let mut strides = vec![0; extents.len()];
        let mut size = 1;
        for (d, &n) in extents.iter().enumerate().rev() {
            if field.dims.contains(d) {
                strides[d] = size;
                size *= n;
            }
        }
        let arrays = match field.levels {
            Levels::Static => 1,
            Levels::Time(levels) => usize::from(levels),
            Levels::Tape => steps,
        };
        let arrays = vec![vec![N::constant(0.0); size]; arrays];
        let mut zeros: Vec<usize> = Vec::new();
        if let Some(ranges) = zero_in {
            zeros.push(0);
            for (d, range) in ranges.iter().enumerate().filter(|(d, _)| field.dims.contains(*d)) {
                let stride = strides[d];
                let along = |&at: &usize| range.clone().map(move |i| at + i * stride);
                zeros = zeros.iter().flat_map(along).collect();
            }
        }
        Self { levels: field.levels, strides, arrays, zeros }
    }

    fn level(&self, time: i8) -> usize {
        match self.levels {
            Levels::Static => 0,
            Levels::Time(_) => {
                usize::try_from(1 - i16::from(time)).expect("no level should lie beyond t+1")
            }
            Levels::Tape => panic!("a tape should be read by step"),
        }
    }

    /// Which array a level is in step `n`; none outside the recorded steps of a tape.
    fn slot(&self, time: i8, n: i64) -> Option<usize> {
        match self.levels {
            Levels::Static | Levels::Time(_) => Some(self.level(time)),
            Levels::Tape => {
                usize::try_from(n + i64::from(time)).ok().filter(|&k| k < self.arrays.len())
            }
        }
    }

    fn linear(&self, index: &[usize]) -> usize {
        index.iter().zip(&self.strides).map(|(i, stride)| i * stride).sum()
    }
}

impl<N> SeriesData<N> {
    fn slot(&self, point: usize, step: i64) -> Option<usize> {
        let at = usize::try_from(step).ok()? * self.points + point;
        (at < self.samples.len()).then_some(at)
    }
}

impl<N: Number> Memory<N> for DenseMemory<N> {
    fn extents(&self) -> &[usize] {
        &self.extents
    }

    fn width(&self, id: WidthId) -> usize {
        self.widths[id.0 as usize]
    }

    fn param(&self, id: ParamId) -> N {
        self.params[id.0 as usize]
    }

    fn scalar(&self, id: ScalarId) -> N {
        self.scalars[id.0 as usize]
    }

    fn set_scalar(&mut self, id: ScalarId, value: N) {
        self.scalars[id.0 as usize] = value;
    }

    fn load(&self, target: Target, n: i64, index: &[usize]) -> N {
        let data = &self.fields[target.field.0 as usize];
        data.slot(target.time, n)
            .map_or(N::constant(0.0), |slot| data.arrays[slot][data.linear(index)])
    }

    fn store(&mut self, target: Target, n: i64, index: &[usize], value: N) {
        let data = &mut self.fields[target.field.0 as usize];
        if let Some(slot) = data.slot(target.time, n) {
            let linear = data.linear(index);
            data.arrays[slot][linear] = value;
        }
    }

    fn table(&self, sparse: SparseId, staggered: DimSet) -> Arc<SparseTable> {
        let data = &self.series[sparse.0 as usize];
        let placed = data.tables.get(&staggered).cloned();
        placed.expect("sparse points should be placed before they are used")
    }

    fn sample(&self, sparse: SparseId, point: usize, step: i64) -> N {
        let data = &self.series[sparse.0 as usize];
        data.slot(point, step).map_or(N::constant(0.0), |at| data.samples[at])
    }

    fn set_sample(&mut self, sparse: SparseId, point: usize, step: i64, value: N) {
        let data = &mut self.series[sparse.0 as usize];
        if let Some(at) = data.slot(point, step) {
            data.samples[at] = value;
        }
    }
}
