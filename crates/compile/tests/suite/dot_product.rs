//! `<F x, y> = <x, F^T y>` for whole runs, through the interpreter, in f64.
//!
//! `x`: all initial time levels and all source samples; `y`: all final time levels and all
//! recorded samples. As a purely random `y` makes both sides so small that a wrong adjoint could
//! pass, `y = F x / |F x| + r / |r|` with random `r`.

use retrograd_compile::{Adjoint, AdjointError, adjoint, passes};
use retrograd_ir::Stencil;

use crate::common::{self, Run, fixtures};

/// Relative error of the dot-product test of a program that is linear in state and sources.
pub(crate) fn dot_product_error(adjoint: &Adjoint, steps: usize) -> f64 {
    let run = Run::new(adjoint, steps);
    let x = run.random_inputs(1);
    let fx = run.forward(&x);
    let y = fx.aligned_with_noise(2);
    let fty = run.reverse(&x, &y);
    let (lhs, rhs) = (fx.dot(&y), x.dot(&fty));
    (lhs - rhs).abs() / (fx.norm() * y.norm())
}

pub(crate) fn derived(stencil: &Stencil, passes: fn(Stencil) -> Stencil) -> Adjoint {
    let result = adjoint(stencil, "forward", &[]).expect("should have an adjoint");
    Adjoint { stencil: passes(result.stencil), ..result }
}

/// The bound of the design. Both sides are sums of some 1e5 products of size |Fx| |y| / 1e5, each
/// the end of a chain of some 1e2 roundings: about 1e2 * 1.1e-16 if all erred alike.
pub(crate) const BOUND: f64 = 1e-13;

#[test]
fn every_linear_program_has_the_exact_transpose() {
    for (name, stencil) in fixtures::linear() {
        for steps in [3, 6, 7] {
            let plain = dot_product_error(&derived(&stencil, |s| s), steps);
            assert!(plain <= BOUND, "{name}, {steps} steps: {plain:e}");
            let fast = dot_product_error(&derived(&stencil, passes::optimise), steps);
            assert!(fast <= BOUND, "{name}, optimised, {steps} steps: {fast:e}");
        }
    }
}

#[test]
fn a_coefficient_wrong_by_one_part_in_ten_thousand_fails() {
    for (name, stencil) in fixtures::linear() {
        let error = dot_product_error(&derived(&stencil, common::spoil_reverse), 7);
        assert!(error > 1e3 * BOUND, "{name}: a wrong adjoint passes with {error:e}");
    }
}

/// Programs whose reverse step feeds point-wise consumers before an injection, or injects one series at
/// several steps, have no second adjoint: that is refused by name.
#[test]
fn the_adjoint_of_the_adjoint_computes_what_the_program_does() {
    let mut tested = 0;
    for (name, stencil) in fixtures::linear() {
        let once = derived(&stencil, |s| s);
        let twice = match adjoint(&once.stencil, "reverse", &[]) {
            Ok(twice) => twice,
            Err(AdjointError::ReadBeforeLastWrite { .. } | AdjointError::Sparse { .. }) => continue,
            Err(error) => panic!("{name}: {error}"),
        };
        let error = dot_product_error(&twice, 6);
        assert!(error <= BOUND, "{name}: {error:e}");
        let difference = common::twice_against_once(&once, &twice, 7);
        assert!(difference <= BOUND, "{name}: differs by {difference:e}");
        tested += 1;
    }
    assert!(tested >= 3, "only {tested} programs were tested");
}
