//! What the interpreter reads and writes.

use std::sync::Arc;

use super::number::Number;
use crate::points::SparseTable;
use crate::program::{DimSet, ParamId, ScalarId, SparseId, Target, WidthId};

/// The data of a run. [`DenseMemory`](super::DenseMemory) is a plain implementation; a runtime
/// implements it on its own buffers.
///
/// Values are those held in memory: the interpreter has rounded what it stores to the type of the
/// function or of the samples, and converts what it loads.
pub trait Memory<N: Number = f64> {
    /// Grid points per dimension of the stencil.
    fn extents(&self) -> &[usize];

    /// A layer width, in grid points.
    fn width(&self, id: WidthId) -> usize;

    /// A run-time scalar, in f64.
    fn param(&self, id: ParamId) -> N;

    /// The result of a reduction, in f64.
    fn scalar(&self, id: ScalarId) -> N;

    /// Keeps the result of a reduction.
    fn set_scalar(&mut self, id: ScalarId, value: N);

    /// The value of a function at a grid point.
    ///
    /// `n` is the number of the forward step; for a tape the entry is that of step
    /// `n + target.time`, zero outside the recorded steps. `index` has one entry per dimension of
    /// the stencil and lies inside the grid; entries of dimensions that the function lacks are to
    /// be ignored.
    fn load(&self, target: Target, n: i64, index: &[usize]) -> N;

    /// Writes what [`load`](Self::load) reads; dropped for tape entries outside the recorded
    /// steps.
    fn store(&mut self, target: Target, n: i64, index: &[usize], value: N);

    /// Weights of sparse points on a grid that is staggered along the given dimensions: the
    /// coordinates are half a cell less there.
    fn table(&self, sparse: SparseId, staggered: DimSet) -> Arc<SparseTable>;

    /// The sample of a series; zero outside the recorded steps.
    fn sample(&self, sparse: SparseId, point: usize, step: i64) -> N;

    /// Writes a sample; dropped outside the recorded steps.
    fn set_sample(&mut self, sparse: SparseId, point: usize, step: i64, value: N);
}
