use super::*;

#[test]
fn each_rule_fires() {
    let start = rosenbrock_start(4);
    let run = |change: fn(&mut LbfgsOptions)| {
        let mut options = until_gradient(0.1, 1e-12);
        change(&mut options);
        reason(&minimise(&Unknowns::free(&start), options, rosenbrock)).clone()
    };
    assert_eq!(run(|o| o.max_iterations = 3), StopReason::Iterations { limit: 3, done: 3 });
    assert_eq!(run(|o| o.max_iterations = 0), StopReason::Iterations { limit: 0, done: 0 });
    for limit in [1, 2, 3, 4, 5, 6, 7] {
        let options = LbfgsOptions { max_evaluations: limit, ..until_gradient(3.0, 1e-12) };
        let end = minimise(&Unknowns::free(&start), options, rosenbrock);
        assert_eq!(*reason(&end), StopReason::Evaluations { limit, done: limit });
    }
    assert!(
        matches!(run(|o| o.target = Some(1.0)), StopReason::Target { value, .. } if value <= 1.0)
    );
    assert!(matches!(run(|o| o.gradient_tolerance = 0.1), StopReason::Gradient { .. }));
    assert!(matches!(
        run(|o| (o.relative_decrease_tolerance, o.decrease_window) = (0.9, 1)),
        StopReason::Decrease { window: 1, .. }
    ));
}

#[test]
fn a_wrong_gradient_ends_in_a_failed_line_search() {
    let uphill = |x: &[f64]| {
        let (value, gradient) = rosenbrock(x);
        (value, gradient.iter().map(|g| -g).collect())
    };
    let end = minimise(&Unknowns::free(&[-1.2, 1.0]), until_gradient(0.01, 1e-6), uphill);
    assert!(matches!(reason(&end), StopReason::LineSearch { trials: 12, .. }), "{}", reason(&end));
    assert_eq!(end.point(), [-1.2, 1.0]);
}

/// A logarithm that is NaN beyond its wall: `J = -ln(1 - x) - 2x`, minimum at ½.
#[test]
fn a_misfit_that_is_not_finite_shortens_the_step() {
    let f = |x: &[f64]| {
        let value = -(1.0 - x[0]).ln() - 2.0 * x[0];
        (value, vec![1.0 / (1.0 - x[0]) - 2.0])
    };
    let mut optimiser = Lbfgs::new(Unknowns::free(&[0.0]), until_gradient(10.0, 1e-9)).unwrap();
    let mut events = Vec::new();
    while let Ask::Evaluate(x) = optimiser.ask() {
        let (value, gradient) = f(x);
        events.push(optimiser.tell(value, &gradient, None).unwrap());
    }
    let not_finite =
        |e: &&Event| matches!(e, Event::Rejected { rejection: Rejection::NotFinite, .. });
    assert!(events.iter().filter(not_finite).count() >= 2);
    // The second derivative is 4: the gradient is 4 times the error to first order.
    assert!((optimiser.point()[0] - 0.5).abs() < 1e-9);
}

/// A misfit summed in single precision: near the minimum its changes drown, the gradient's do
/// not. With `noise` the search does not look for a decrease that cannot be seen any more.
#[test]
fn rounding_of_the_misfit_is_forgiven_if_announced() {
    let f = |x: &[f64]| {
        let (value, gradient) = rosenbrock(x);
        (f64::from((value + 1.0) as f32), gradient)
    };
    let unknowns = Unknowns::free(&rosenbrock_start(20));
    let strict = minimise(&unknowns, until_gradient(0.1, 1e-9), f);
    let lenient = minimise(
        &unknowns,
        LbfgsOptions { noise: f64::from(f32::EPSILON), ..until_gradient(0.1, 1e-9) },
        f,
    );
    let norm = |o: &Lbfgs| o.history().last().unwrap().projected_gradient;
    assert!(norm(&lenient) <= norm(&strict));
    assert!(2 * lenient.evaluations() < strict.evaluations());
}

#[test]
fn a_start_that_is_not_finite_is_said_at_once() {
    let end = minimise(&Unknowns::free(&[0.0]), LbfgsOptions::new(1.0), |_| (1.0, vec![f64::NAN]));
    assert_eq!(*reason(&end), StopReason::StartNotFinite { value: 1.0 });
}

#[test]
fn a_start_at_the_minimum_stops_after_one_evaluation() {
    let end = minimise(&Unknowns::free(&[1.0, 1.0]), LbfgsOptions::new(1.0), rosenbrock);
    assert_eq!(*reason(&end), StopReason::Gradient { norm: 0.0, limit: 0.0 });
    let corner = Unknowns::bounded(&[2.0], 2.0, 3.0);
    let end = minimise(&corner, LbfgsOptions::new(1.0), |x| (x[0], vec![1.0]));
    assert_eq!(*reason(&end), StopReason::Gradient { norm: 0.0, limit: 0.0 });
}

#[test]
fn no_iteration_goes_farther_than_the_largest_step() {
    let options = LbfgsOptions { largest_step: Some(0.05), ..until_gradient(0.2, 1e-6) };
    let end = minimise(&Unknowns::free(&rosenbrock_start(20)), options, rosenbrock);
    assert!(matches!(reason(&end), StopReason::Gradient { .. }), "{}", reason(&end));
    for iteration in end.history() {
        // Two roundings of values below 2 and of the quotient.
        assert!(iteration.largest_change <= 0.05 + 4.0 * f64::EPSILON, "{iteration:?}");
    }
}

#[test]
fn what_cannot_be_is_refused_and_changes_nothing() {
    let options = |change: fn(&mut LbfgsOptions)| {
        let mut options = LbfgsOptions::new(1.0);
        change(&mut options);
        Lbfgs::new(Unknowns::free(&[0.0]), options).unwrap_err().to_string()
    };
    assert!(options(|o| o.memory = 0).contains("option `memory` is 0"));
    assert!(
        options(|o| o.c2 = 1e-5).contains("option `c2` is 0.00001\n  help: it must be between")
    );
    assert!(options(|o| o.first_step = f64::NAN).contains("`first_step` is NaN"));
    let outside = Lbfgs::new(Unknowns::bounded(&[4600.0], 1500.0, 4500.0), LbfgsOptions::new(1.0));
    assert!(outside.unwrap_err().to_string().contains("starts at 4600, outside its bounds 1500"));
    let mut optimiser = Lbfgs::new(Unknowns::free(&[0.0]), LbfgsOptions::new(1.0)).unwrap();
    let before = optimiser.clone();
    assert!(optimiser.tell(1.0, &[1.0, 2.0], None).is_err());
    let error = optimiser.tell(1.0, &[1.0], Some(&[0.0])).unwrap_err().to_string();
    assert!(error.contains("the preconditioner is 0 at cell 0"), "{error}");
    assert_eq!(optimiser, before);
    optimiser.tell(0.0, &[0.0], None).unwrap();
    assert_eq!(optimiser.tell(0.0, &[0.0], None), Err(OptimiseError::Finished));
}
