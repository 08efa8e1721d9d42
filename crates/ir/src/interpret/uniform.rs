//! Expressions that are the same at all grid points, for the host side of back ends.

use std::sync::Arc;

use super::arithmetic::{Arithmetic, Subnormals};
use super::evaluate::{Evaluator, Place};
use super::memory::Memory;
use crate::expr::{Compare, ExprId};
use crate::points::SparseTable;
use crate::program::{DimSet, ParamId, Predicate, ScalarId, SparseId, Stencil, Target, WidthId};

/// The value of a uniform expression, rounded as in a kernel.
///
/// # Panics
/// If the expression reads a function or a series.
pub fn evaluate_uniform(
    stencil: &Stencil,
    value: ExprId,
    params: &dyn Fn(ParamId) -> f64,
    scalars: &dyn Fn(ScalarId) -> f64,
    subnormals: Subnormals,
) -> f64 {
    assert!(stencil.is_uniform(value), "a uniform expression should not read the grid");
    let host = Host { params, scalars };
    let arithmetic = Arithmetic { dtype: stencil.dtype, subnormals };
    let place = Place { index: &[], point: 0 };
    Evaluator::new(stencil, value, arithmetic, 0, &host).at(&host, place)
}

/// Whether a statement with this predicate acts in the forward step number `n`, given the scalars
/// at the beginning of that step.
///
/// # Panics
/// If a threshold reads a function or a series, which no verified program has.
pub fn holds(
    stencil: &Stencil,
    when: Predicate,
    n: i64,
    params: &dyn Fn(ParamId) -> f64,
    scalars: &dyn Fn(ScalarId) -> f64,
    subnormals: Subnormals,
) -> bool {
    match when {
        Predicate::Always => true,
        Predicate::Every { period, phase } => n.rem_euclid(i64::from(period)) == i64::from(phase),
        Predicate::While { scalar, above } => {
            let threshold = evaluate_uniform(stencil, above, params, scalars, subnormals);
            let arithmetic = Arithmetic { dtype: stencil.dtype, subnormals };
            let found = arithmetic.round(scalars(scalar));
            arithmetic.compare(Compare::Lt, threshold, found)
        }
    }
}

/// Parameters and scalars without a grid.
struct Host<'a> {
    params: &'a dyn Fn(ParamId) -> f64,
    scalars: &'a dyn Fn(ScalarId) -> f64,
}

const NO_GRID: &str = "a uniform expression should not touch the grid";

impl Memory for Host<'_> {
    fn extents(&self) -> &[usize] {
        &[]
    }

    fn width(&self, _: WidthId) -> usize {
        unreachable!("{NO_GRID}")
    }

    fn param(&self, id: ParamId) -> f64 {
        (self.params)(id)
    }

    fn scalar(&self, id: ScalarId) -> f64 {
        (self.scalars)(id)
    }

    fn set_scalar(&mut self, _: ScalarId, _: f64) {
        unreachable!("{NO_GRID}")
    }

    fn load(&self, _: Target, _: i64, _: &[usize]) -> f64 {
        unreachable!("{NO_GRID}")
    }

    fn store(&mut self, _: Target, _: i64, _: &[usize], _: f64) {
        unreachable!("{NO_GRID}")
    }

    fn table(&self, _: SparseId, _: DimSet) -> Arc<SparseTable> {
        unreachable!("{NO_GRID}")
    }

    fn sample(&self, _: SparseId, _: usize, _: i64) -> f64 {
        unreachable!("{NO_GRID}")
    }

    fn set_sample(&mut self, _: SparseId, _: usize, _: i64, _: f64) {
        unreachable!("{NO_GRID}")
    }
}
