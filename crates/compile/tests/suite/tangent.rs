//! Gradients against tangents: `<J v, w> = <v, J^T w>`.
//!
//! `J v` is the derivative of the forward run by dual numbers, which knows nothing of adjoints;
//! `J^T w` comes from the steps `record`, `reverse` and `initial_j`. `v` perturbs parameter
//! functions, initial levels and source samples at once; `w` is aligned with `J v` plus noise, as
//! in the dot-product test. Holds for non-linear programs as well, at the state that `x` runs
//! through.

use retrograd_compile::{Adjoint, adjoint, passes};
use retrograd_ir::{DType, FieldId, Stencil};

use crate::common::{Run, fixtures};
use crate::dot_product::BOUND;

pub(crate) fn derived(
    stencil: &Stencil,
    parameters: &[FieldId],
    passes: impl Fn(Stencil) -> Stencil,
) -> Adjoint {
    let result = adjoint(stencil, "forward", parameters).expect("should have an adjoint");
    assert_eq!(result.parameters.len(), parameters.len());
    Adjoint { stencil: passes(result.stencil), ..result }
}

/// Relative error of the test, and of the same test with the parameters left out of `v`.
pub(crate) fn error(adjoint: &Adjoint, steps: usize) -> f64 {
    let run = Run::new(adjoint, steps);
    let x = run.random_inputs(1);
    let v = run.random_direction(3);
    let jv = run.tangent(&x, &v);
    let w = jv.aligned_with_noise(2);
    let jtw = run.reverse(&x, &w);
    (jv.dot(&w) - v.dot(&jtw)).abs() / (jv.norm() * w.norm())
}

/// As for the dot-product test: chains of some 1e2 roundings of 1.1e-16, in sums of many terms.
#[test]
fn gradients_are_the_transpose_of_tangents() {
    for (name, stencil, parameters) in fixtures::all() {
        for steps in [1, 4, 7] {
            let plain = error(&derived(&stencil, &parameters, |s| s), steps);
            assert!(plain <= BOUND, "{name}, {steps} steps: {plain:e}");
            let fast = error(&derived(&stencil, &parameters, passes::optimise), steps);
            assert!(fast <= BOUND, "{name}, optimised, {steps} steps: {fast:e}");
        }
    }
}

/// Every parameter matters: leaving any gradient out breaks the identity.
#[test]
fn a_gradient_that_is_left_out_is_noticed() {
    for (name, stencil, parameters) in fixtures::all() {
        let adjoint = derived(&stencil, &parameters, |s| s);
        let run = Run::new(&adjoint, 4);
        let (x, v) = (run.random_inputs(1), run.random_direction(3));
        let jv = run.tangent(&x, &v);
        let w = jv.aligned_with_noise(2);
        let jtw = run.reverse(&x, &w);
        for number in 0..parameters.len() {
            let mut without = jtw.clone();
            without.parameters[number].fill(0.0);
            let error = (jv.dot(&w) - v.dot(&without)).abs() / (jv.norm() * w.norm());
            assert!(error > 1e3 * BOUND, "{name}, parameter {number}: {error:e}");
        }
    }
}

/// In single precision the tangent is carried in f64 at the rounded state; the reverse sweep
/// rounds every operation. 7 steps of some 30 operations each, 6e-8 apiece, partly averaged out by
/// the sums: the bound of the design, 5e-6, is what remains of 7 * 30 * 6e-8 = 1.3e-5 when errors
/// do not all point the same way.
#[test]
fn gradients_of_acoustic_waves_hold_in_single_precision() {
    for dims in 1..=3 {
        let stencil = fixtures::acoustic(dims, 4, DType::F32);
        let parameters = ["m", "damp"].map(|n| stencil.field_named(n).expect("should be there"));
        for steps in [1, 4, 7] {
            for passes in [|s| s, passes::optimise] {
                let found = error(&derived(&stencil, &parameters, passes), steps);
                assert!(found <= 5e-6, "{dims}-D, {steps} steps: {found:e}");
                // Rounding in single precision shows.
                assert!(found > 1e-12, "{dims}-D, {steps} steps: {found:e}");
            }
        }
    }
}

/// Misfit `J(m) = 1/2 |r(m) - d|^2`: `J(m + h v) - J(m)` falls like h, and like h^2 once the
/// gradient is taken out. Slopes between h and h/2, over five halvings, where neither the next
/// order (above) nor rounding (below) is within one per cent.
#[test]
fn the_misfit_of_acoustic_waves_passes_the_taylor_test() {
    let stencil = fixtures::acoustic(2, 4, DType::F64);
    let parameters = ["m", "damp"].map(|n| stencil.field_named(n).expect("should be there"));
    for passes in [|s| s, passes::optimise] {
        let adjoint = derived(&stencil, &parameters, passes);
        let run = Run::new(&adjoint, 12);
        let mut v = run.random_direction(8);
        // No initial state: the gradient by parameters is under test.
        v.levels.iter_mut().flatten().for_each(|x| *x = 0.0);
        let observed = run.forward_displaced(&v, 0.3);
        let residual = |h: f64| {
            let mut r = run.forward_displaced(&v, h);
            r.levels.iter_mut().flatten().for_each(|x| *x = 0.0);
            let pairs = r.series.iter_mut().flatten().zip(observed.series.iter().flatten());
            pairs.for_each(|(r, d)| *r -= d);
            r
        };
        let misfit = |h: f64| 0.5 * residual(h).dot(&residual(h));
        let gradient = run.reverse(&v, &residual(0.0));
        let rows = gradient.parameters.iter().zip(&v.parameters);
        let slope: f64 = rows.flat_map(|(g, v)| g.iter().zip(v)).map(|(g, v)| g * v).sum();
        let start = misfit(0.0);
        let first = |h: f64| (misfit(h) - start).abs();
        let second = |h: f64| (misfit(h) - start - h * slope).abs();
        for halving in 0..5 {
            let h = 2e-3 / f64::from(1 << halving);
            let order = |remainder: &dyn Fn(f64) -> f64| (remainder(h) / remainder(0.5 * h)).log2();
            let (one, two) = (order(&first), order(&second));
            assert!((one - 1.0).abs() <= 0.02, "h = {h:e}: slope {one}");
            assert!((two - 2.0).abs() <= 0.05, "h = {h:e}: slope {two}");
        }
    }
}
