//! Statements and steps.

use std::ops::Range;

use super::arithmetic::{Arithmetic, Subnormals};
use super::evaluate::{Evaluator, Place};
use super::memory::Memory;
use super::number::Number;
use super::uniform::holds;
use crate::expr::{BinaryOp, ExprId};
use crate::program::{
    DType, DimSet, MAX_DIMS, ReduceOp, RegionId, ScalarId, SparseId, Statement, StatementKind,
    Stencil, Target, WidthId, WriteMode,
};
use crate::verify::Verified;

/// Runs one step: `step` is its position in [`Stencil::steps`], `n` the number of the forward
/// step. Levels are not moved back; that is the caller's part
/// ([`DenseMemory::rotate`](super::DenseMemory::rotate)).
///
/// # Panics
/// If there is no such step, or the memory does not belong to the program.
pub fn run_step<N: Number, M: Memory<N> + ?Sized>(
    program: &Verified,
    step: usize,
    n: i64,
    memory: &mut M,
    subnormals: Subnormals,
) {
    let statements = &program.stencil().steps[step].statements;
    let active: Vec<bool> =
        statements.iter().map(|s| acts(program, s, n, memory, subnormals)).collect();
    for (number, _) in active.into_iter().enumerate().filter(|(_, acts)| *acts) {
        run_statement(program, step, number, n, memory, subnormals);
    }
}

/// Whether a statement acts in the forward step number `n`, given the scalars that `memory` holds
/// at the beginning of that step.
pub fn acts<N: Number, M: Memory<N> + ?Sized>(
    program: &Verified,
    statement: &Statement,
    n: i64,
    memory: &M,
    subnormals: Subnormals,
) -> bool {
    let params = |id| memory.param(id).value();
    let scalars = |id| memory.scalar(id).value();
    holds(program.stencil(), statement.when, n, &params, &scalars, subnormals)
}

/// Runs one statement of a step, whatever its predicate says.
///
/// # Panics
/// If there is no such statement, or the memory does not belong to the program.
pub fn run_statement<N: Number, M: Memory<N> + ?Sized>(
    program: &Verified,
    step: usize,
    statement: usize,
    n: i64,
    memory: &mut M,
    subnormals: Subnormals,
) {
    let stencil = program.stencil();
    let arithmetic = Arithmetic { dtype: stencil.dtype, subnormals };
    let run = Run { stencil, arithmetic, n };
    match stencil.steps[step].statements[statement].kind {
        StatementKind::Update { target, region, mode, value } => {
            run.update(memory, target, region, mode, value);
        }
        StatementKind::Inject { target, sparse, value } => {
            run.inject(memory, target, sparse, value);
        }
        StatementKind::Interpolate { sparse, time, value } => {
            run.interpolate(memory, sparse, time, value);
        }
        StatementKind::Reduce { scalar, op, region, value } => {
            run.reduce(memory, scalar, op, region, value);
        }
    }
}

/// What all statements of a step share.
struct Run<'a> {
    stencil: &'a Stencil,
    arithmetic: Arithmetic,
    n: i64,
}

impl<'a> Run<'a> {
    fn evaluator<N: Number, M: Memory<N> + ?Sized>(
        &self,
        value: ExprId,
        memory: &M,
    ) -> Evaluator<'a, N> {
        Evaluator::new(self.stencil, value, self.arithmetic, self.n, memory)
    }

    fn update<N: Number, M: Memory<N> + ?Sized>(
        &self,
        memory: &mut M,
        target: Target,
        region: RegionId,
        mode: WriteMode,
        value: ExprId,
    ) {
        let mut evaluator = self.evaluator(value, memory);
        let ranges = self.ranges(memory, region);
        let field = self.stencil.field(target.field);
        let points = project(&ranges, field.dims);
        let zero = field.zero_in.map(|region| self.ranges(memory, region));
        let vanishes = |index: &[usize]| {
            let inside = |r: &[Range<usize>]| field.dims.iter().all(|d| r[d].contains(&index[d]));
            zero.as_deref().is_some_and(inside)
        };
        let mut values = Vec::new();
        for_each_point(&points, |index| {
            let value = evaluator.at(memory, Place { index, point: 0 });
            values.push(match mode {
                _ if vanishes(index) => N::constant(0.0),
                WriteMode::Assign => value,
                WriteMode::Add => self.added(memory, target, index, value),
            });
        });
        let mut values = values.into_iter();
        for_each_point(&points, |index| {
            let value = values.next().expect("there should be one value per point");
            self.store(memory, target, index, value);
        });
    }

    fn inject<N: Number, M: Memory<N> + ?Sized>(
        &self,
        memory: &mut M,
        target: Target,
        sparse: SparseId,
        value: ExprId,
    ) {
        let mut evaluator = self.evaluator(value, memory);
        let table = memory.table(sparse, self.stencil.field(target.field).staggered);
        let mut index = [0; MAX_DIMS];
        let index = &mut index[..self.stencil.dims.len()];
        let mut sums = Vec::with_capacity(table.touched().len());
        for (linear, shares) in table.touched() {
            table.unravel(linear, index);
            let mut sum = N::constant(0.0);
            for share in shares {
                let value = evaluator.at(memory, Place { index, point: share.point as usize });
                sum = self.accumulate(sum, share.weight, value);
            }
            sums.push(self.added(memory, target, index, sum));
        }
        for ((linear, _), sum) in table.touched().zip(sums) {
            table.unravel(linear, index);
            self.store(memory, target, index, sum);
        }
    }

    fn interpolate<N: Number, M: Memory<N> + ?Sized>(
        &self,
        memory: &mut M,
        sparse: SparseId,
        time: i8,
        value: ExprId,
    ) {
        let mut evaluator = self.evaluator(value, memory);
        let table = memory.table(sparse, self.stencil.staggering(value));
        let mut index = [0; MAX_DIMS];
        let index = &mut index[..self.stencil.dims.len()];
        let dtype = self.stencil.sparse[sparse.0 as usize].dtype;
        let step = self.n + i64::from(time);
        for point in 0..table.points() {
            let mut sum = N::constant(0.0);
            for touch in table.of_point(point) {
                table.unravel(touch.linear, index);
                let value = evaluator.at(memory, Place { index, point });
                sum = self.accumulate(sum, touch.weight, value);
            }
            memory.set_sample(sparse, point, step, self.arithmetic.store(dtype, sum));
        }
    }

    fn reduce<N: Number, M: Memory<N> + ?Sized>(
        &self,
        memory: &mut M,
        scalar: ScalarId,
        op: ReduceOp,
        region: RegionId,
        value: ExprId,
    ) {
        let mut evaluator = self.evaluator(value, memory);
        let wide = Arithmetic { dtype: DType::F64, ..self.arithmetic };
        let ranges = self.ranges(memory, region);
        let last = ranges.len() - 1;
        let (combine, start) = op.combine();
        let (mut total, mut row) = (N::constant(start), N::constant(start));
        for_each_point(&ranges, |index| {
            let value = evaluator.at(memory, Place { index, point: 0 });
            let value = wide.load(self.stencil.dtype, value);
            row = wide.binary(combine, row, value);
            if index[last] + 1 == ranges[last].end {
                total = wide.binary(combine, total, row);
                row = N::constant(start);
            }
        });
        memory.set_scalar(scalar, total);
    }

    /// `sum + weight * value`, two operations.
    fn accumulate<N: Number>(&self, sum: N, weight: f64, value: N) -> N {
        let weight = N::constant(self.arithmetic.round(weight));
        let product = self.arithmetic.binary(BinaryOp::Mul, weight, value);
        self.arithmetic.binary(BinaryOp::Add, sum, product)
    }

    /// `target + value` at a grid point.
    fn added<N: Number, M: Memory<N> + ?Sized>(
        &self,
        memory: &M,
        target: Target,
        index: &[usize],
        value: N,
    ) -> N {
        let dtype = self.stencil.field(target.field).dtype;
        let old = self.arithmetic.load(dtype, memory.load(target, self.n, index));
        self.arithmetic.binary(BinaryOp::Add, old, value)
    }

    fn store<N: Number, M: Memory<N> + ?Sized>(
        &self,
        memory: &mut M,
        target: Target,
        index: &[usize],
        value: N,
    ) {
        let dtype = self.stencil.field(target.field).dtype;
        memory.store(target, self.n, index, self.arithmetic.store(dtype, value));
    }

    fn ranges<N: Number, M: Memory<N> + ?Sized>(
        &self,
        memory: &M,
        region: RegionId,
    ) -> Vec<Range<usize>> {
        let count = self.stencil.widths.len() as u32;
        let widths: Vec<usize> = (0..count).map(|id| memory.width(WidthId(id))).collect();
        self.stencil.regions[region.0 as usize].resolve(memory.extents(), &widths)
    }
}

/// The region with one point along each dimension that `dims` lacks, none if it was empty there.
fn project(ranges: &[Range<usize>], dims: DimSet) -> Vec<Range<usize>> {
    let one = |r: &Range<usize>| r.start..r.end.min(r.start + 1);
    let along = |(d, r): (usize, &Range<usize>)| if dims.contains(d) { r.clone() } else { one(r) };
    ranges.iter().enumerate().map(along).collect()
}

/// Calls `visit` with every index of a box, the last dimension fastest.
fn for_each_point(ranges: &[Range<usize>], mut visit: impl FnMut(&[usize])) {
    if ranges.iter().any(Range::is_empty) {
        return;
    }
    let mut index = [0; MAX_DIMS];
    let index = &mut index[..ranges.len()];
    for (i, range) in index.iter_mut().zip(ranges) {
        *i = range.start;
    }
    'points: loop {
        visit(index);
        for (i, range) in index.iter_mut().zip(ranges).rev() {
            *i += 1;
            if *i < range.end {
                continue 'points;
            }
            *i = range.start;
        }
        return;
    }
}
