mod restart;
mod stopping;

use std::collections::HashSet;

use super::*;
use proptest::prelude::*;

type Evaluation = (f64, Vec<f64>);

/// Runs to the end; no point may be asked for twice, no bound violated, no frozen cell changed.
fn minimise(unknowns: &Unknowns, options: LbfgsOptions, f: impl Fn(&[f64]) -> Evaluation) -> Lbfgs {
    let mut optimiser = Lbfgs::new(unknowns.clone(), options).unwrap();
    let mut asked = HashSet::new();
    while let Ask::Evaluate(point) = optimiser.ask() {
        let bits: Vec<u64> = point.iter().map(|x| x.to_bits()).collect();
        for (i, x) in point.iter().enumerate() {
            if unknowns.frozen[i] {
                assert_eq!(bits[i], unknowns.start[i].to_bits());
            } else {
                assert!(unknowns.lower[i] <= *x && *x <= unknowns.upper[i], "{x} at {i}");
            }
        }
        let (value, gradient) = f(point);
        assert!(asked.insert(bits), "a point was asked for twice");
        optimiser.tell(value, &gradient, None).unwrap();
    }
    optimiser
}

fn reason(optimiser: &Lbfgs) -> &StopReason {
    match optimiser.ask() {
        Ask::Finished(reason) => reason,
        Ask::Evaluate(_) => panic!("it should have finished"),
    }
}

/// Options that leave the gradient as the only rule.
fn until_gradient(first_step: f64, tolerance: f64) -> LbfgsOptions {
    LbfgsOptions {
        gradient_tolerance: tolerance,
        relative_decrease_tolerance: 0.0,
        decrease_window: 50,
        max_iterations: 20_000,
        max_evaluations: 20_000,
        ..LbfgsOptions::new(first_step)
    }
}

/// The extended Rosenbrock function (Moré, Garbow and Hillstrom 1981, problem 21,
/// doi:10.1145/355934.355936): `n / 2` valleys, minimum 0 at ones.
fn rosenbrock(x: &[f64]) -> Evaluation {
    let mut value = 0.0;
    let mut gradient = vec![0.0; x.len()];
    for (pair, slope) in x.chunks(2).zip(gradient.chunks_mut(2)) {
        let (bend, rest) = (pair[1] - pair[0] * pair[0], 1.0 - pair[0]);
        value += 100.0 * bend * bend + rest * rest;
        slope[0] = -400.0 * bend * pair[0] - 2.0 * rest;
        slope[1] = 200.0 * bend;
    }
    (value, gradient)
}

/// The standard start, each valley entered a little elsewhere so that they do not move as one.
fn rosenbrock_start(n: usize) -> Vec<f64> {
    (0..n).map(|i| if i % 2 == 0 { -1.2 } else { 1.0 } + 0.1 * (i as f64).sin()).collect()
}

/// The chained function, minimum 0 at ones: one valley of `n - 1` bends.
fn chained_rosenbrock(x: &[f64]) -> Evaluation {
    let mut value = 0.0;
    let mut gradient = vec![0.0; x.len()];
    for i in 0..x.len() - 1 {
        let (bend, rest) = (x[i + 1] - x[i] * x[i], 1.0 - x[i]);
        value += 100.0 * bend * bend + rest * rest;
        gradient[i] += -400.0 * bend * x[i] - 2.0 * rest;
        gradient[i + 1] += 200.0 * bend;
    }
    (value, gradient)
}

/// The Hessian at the minimum has the eigenvalues 0.4 and 1002: a gradient of norm `g` leaves an
/// error of at most `g / 0.4`.
#[test]
fn rosenbrock_in_a_thousand_dimensions() {
    let start = rosenbrock_start(1000);
    let first = rosenbrock(&start).1.iter().map(|g| g * g).sum::<f64>().sqrt();
    let end = minimise(&Unknowns::free(&start), until_gradient(0.1, 1e-9), rosenbrock);
    println!("extended: {} iterations, {} evaluations", end.history().len() - 1, end.evaluations());
    assert!(matches!(reason(&end), StopReason::Gradient { .. }), "{}", reason(&end));
    let error = end.point().iter().map(|x| (x - 1.0).powi(2)).sum::<f64>().sqrt();
    assert!(error <= 1e-9 * first / 0.39, "{error:e}");
    assert!(end.evaluations() < 300);
}

#[test]
fn chained_rosenbrock_takes_little_more_than_one_evaluation_per_iteration() {
    let end = minimise(&Unknowns::free(&[0.0; 200]), until_gradient(0.1, 1e-6), chained_rosenbrock);
    let iterations = end.history().len() - 1;
    println!("chained: {iterations} iterations, {} evaluations", end.evaluations());
    assert!(matches!(reason(&end), StopReason::Gradient { .. }), "{}", reason(&end));
    assert!(end.evaluations() * 10 <= 12 * iterations, "{} {iterations}", end.evaluations());
}

/// With the first of each pair at most 0.8, the minimum is (0.8, 0.64), where the multiplier of
/// the bound is 2 (1 - 0.8) = 0.4. On the free ones the Hessian is 200.
#[test]
fn rosenbrock_with_active_bounds() {
    let mut unknowns = Unknowns::bounded(&rosenbrock_start(1000), -2.0, 2.0);
    for i in (0..1000).step_by(2) {
        unknowns.upper[i] = 0.8;
    }
    let first = rosenbrock(&unknowns.start).1.iter().map(|g| g * g).sum::<f64>().sqrt();
    let end = minimise(&unknowns, until_gradient(0.1, 1e-9), rosenbrock);
    println!("bounded: {} iterations, {} evaluations", end.history().len() - 1, end.evaluations());
    assert!(matches!(reason(&end), StopReason::Gradient { .. }), "{}", reason(&end));
    for pair in end.point().chunks(2) {
        assert_eq!(pair[0], 0.8);
        assert!((pair[1] - 0.64).abs() <= 1e-9 * first / 200.0 + f64::EPSILON, "{}", pair[1]);
    }
}

#[test]
fn bounds_that_are_not_active_do_not_matter() {
    let start = rosenbrock_start(10);
    let free = minimise(&Unknowns::free(&start), until_gradient(0.1, 1e-9), rosenbrock);
    let boxed =
        minimise(&Unknowns::bounded(&start, -1e9, 1e9), until_gradient(0.1, 1e-9), rosenbrock);
    assert_eq!(free.history(), boxed.history());
}

/// `½ Σ c_i (x_i - 1)²` with `c` from 1 to `condition`.
fn quadratic(condition: f64, n: usize) -> (Vec<f64>, impl Fn(&[f64]) -> Evaluation) {
    let c: Vec<f64> = (0..n).map(|i| condition.powf(i as f64 / (n - 1) as f64)).collect();
    let curvatures = c.clone();
    let f = move |x: &[f64]| {
        let value = x.iter().zip(&c).map(|(x, c)| 0.5 * c * (x - 1.0).powi(2)).sum();
        (value, x.iter().zip(&c).map(|(x, c)| c * (x - 1.0)).collect())
    };
    (curvatures, f)
}

#[test]
fn an_exact_preconditioner_makes_an_ill_conditioned_quadratic_easy() {
    let (c, f) = quadratic(1e4, 300);
    let inverse: Vec<f64> = c.iter().map(|c| 1.0 / c).collect();
    let mut evaluations = Vec::new();
    for preconditioner in [None, Some(inverse.as_slice())] {
        let unknowns = Unknowns::free(&vec![0.0; 300]);
        let mut optimiser = Lbfgs::new(unknowns, until_gradient(0.5, 1e-8)).unwrap();
        while let Ask::Evaluate(x) = optimiser.ask() {
            let (value, gradient) = f(x);
            optimiser.tell(value, &gradient, preconditioner).unwrap();
        }
        assert!(
            matches!(reason(&optimiser), StopReason::Gradient { .. }),
            "{}",
            reason(&optimiser)
        );
        evaluations.push(optimiser.evaluations());
    }
    println!("quadratic, condition 1e4: {evaluations:?} evaluations without and with");
    // Start, first trial (half way), then a unit step with the right curvature along it.
    assert!(evaluations[1] <= 4, "{evaluations:?}");
    assert!(evaluations[0] < 1200, "{evaluations:?}");
}

#[test]
fn frozen_cells_keep_their_bits_and_may_break_bounds_and_gradients() {
    let frozen: Vec<bool> = (0..20).map(|i| i % 3 == 0).collect();
    let mut start = vec![0.0; 20];
    start[0] = -7.5; // below the bound: bounds do not apply
    let (_, f) = quadratic(10.0, 20);
    let unknowns = Unknowns::bounded(&start, -1.0, 2.0).with_frozen(&frozen);
    let mut optimiser = Lbfgs::new(unknowns, until_gradient(0.1, 1e-10)).unwrap();
    while let Ask::Evaluate(x) = optimiser.ask() {
        let (value, mut gradient) = f(x);
        let mut diagonal = vec![1.0; 20];
        (gradient[3], diagonal[6]) = (f64::NAN, 0.0);
        optimiser.tell(value, &gradient, Some(&diagonal)).unwrap();
    }
    for (i, x) in optimiser.point().iter().enumerate() {
        if frozen[i] {
            assert_eq!(x.to_bits(), start[i].to_bits());
        } else {
            assert!((x - 1.0).abs() < 1e-8);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// On any box a convex quadratic is minimised cell by cell: the solution is the clipped one.
    /// A gradient of `g` leaves an error of `g / c_i`, `c_i >= 1`.
    #[test]
    fn a_convex_quadratic_in_a_box_ends_at_the_clipped_minimum(
        cells in proptest::collection::vec((-3.0_f64..1.0, 0.0_f64..4.0, 0.0_f64..1.0), 2..40),
        condition in 1.0_f64..1e4,
    ) {
        let n = cells.len();
        let (_, f) = quadratic(condition, n);
        let lower: Vec<f64> = cells.iter().map(|c| c.0).collect();
        let upper: Vec<f64> = cells.iter().map(|c| c.0 + c.1).collect();
        let start: Vec<f64> = cells.iter().map(|c| c.0 + c.1 * c.2).collect();
        let unknowns = Unknowns { start, lower, upper, frozen: vec![false; n] };
        let first = f(&unknowns.start).1.iter().map(|g| g * g).sum::<f64>().sqrt();
        let end = minimise(&unknowns, until_gradient(0.1, 1e-7), &f);
        prop_assert!(matches!(reason(&end), StopReason::Gradient { .. }), "{}", reason(&end));
        for (i, x) in end.point().iter().enumerate() {
            let exact = 1.0_f64.clamp(unknowns.lower[i], unknowns.upper[i]);
            prop_assert!((x - exact).abs() <= 1e-7 * first + 4.0 * f64::EPSILON, "{x} {exact}");
        }
    }
}
