use super::*;
use crate::optimise::{StateError, lbfgs};

/// Everything about the state, as bytes: equal bytes are equal bits.
fn bytes(optimiser: &Lbfgs) -> Vec<u8> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("state");
    optimiser.save(&path).unwrap();
    std::fs::read(path).unwrap()
}

fn reloaded(optimiser: &Lbfgs) -> Lbfgs {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("state");
    optimiser.save(&path).unwrap();
    Lbfgs::load(&path).unwrap()
}

/// Killed and reloaded before and after every single evaluation, with bounds, frozen cells, a
/// preconditioner, a wall of NaN and line searches of several trials.
#[test]
fn killed_after_every_evaluation_it_takes_the_same_path_bit_for_bit() {
    let mut unknowns = Unknowns::bounded(&rosenbrock_start(70), -1.5, 1.4);
    unknowns.upper[4] = 0.3;
    unknowns.frozen[7] = true;
    let f = |x: &[f64]| {
        let (value, gradient) = rosenbrock(x);
        if x[0] > 1.3 { (f64::NAN, gradient) } else { (value, gradient) }
    };
    let diagonal: Vec<f64> = (0..70).map(|i| 1.0 + 0.3 * f64::from(i).cos()).collect();
    let options = LbfgsOptions {
        target: Some(1e-9),
        c2: 0.3,
        largest_step: Some(0.5),
        ..until_gradient(2.0, 1e-9)
    };
    let mut whole = Lbfgs::new(unknowns, options).unwrap();
    let mut killed = whole.clone();
    let (mut rejected, mut kept) = (0, 0);
    loop {
        killed = reloaded(&killed);
        assert_eq!(bytes(&whole), bytes(&killed));
        let (Ask::Evaluate(a), Ask::Evaluate(b)) = (whole.ask(), killed.ask()) else {
            break;
        };
        assert_eq!(a, b);
        let (value, gradient) = f(a);
        let event = whole.tell(value, &gradient, Some(&diagonal)).unwrap();
        assert_eq!(event, killed.tell(value, &gradient, Some(&diagonal)).unwrap());
        rejected += usize::from(matches!(event, Event::Rejected { .. }));
        kept += usize::from(whole.at_low.is_some());
    }
    assert!(
        rejected > 5 && kept > 1,
        "the test should pass through line searches: {rejected} {kept}"
    );
    assert_eq!(whole.ask(), killed.ask());
    assert!(whole.history().len() > 10);
}

#[test]
fn every_reason_to_stop_comes_back_and_reads_as_left_and_right() {
    let reasons = [
        (StopReason::Iterations { limit: 30, done: 30 }, "iterations: limit 30 <= 30 done"),
        (StopReason::Evaluations { limit: 9, done: 9 }, "evaluations: limit 9 <= 9 done"),
        (
            StopReason::Gradient { norm: 1e-8, limit: 2e-8 },
            "projected gradient: 1.000e-8 <= 2.000e-8",
        ),
        (
            StopReason::Decrease { relative: 1e-5, limit: 1e-4, window: 3 },
            "relative decrease over 3 iterations: 1.000e-5 <= 1.000e-4",
        ),
        (StopReason::Target { value: 0.01, limit: 0.02 }, "misfit: 1.000e-2 <= 2.000e-2 (target)"),
        (
            StopReason::LineSearch { change: 0.5, demanded: -1e-9, trials: 12 },
            "line search failed after 12 trials: demanded change -1.000e-9 <= 5.000e-1 found; \
             check the gradient, or raise `noise`",
        ),
        (
            StopReason::StartNotFinite { value: f64::INFINITY },
            "misfit inf or its gradient is not finite at the start model",
        ),
    ];
    let mut optimiser = Lbfgs::new(Unknowns::free(&[0.0]), LbfgsOptions::new(1.0)).unwrap();
    for (reason, message) in reasons {
        assert_eq!(reason.to_string(), message);
        optimiser.phase = lbfgs::Phase::Finished(reason);
        assert_eq!(reloaded(&optimiser), optimiser);
    }
}

#[test]
fn any_damage_of_a_state_is_noticed() {
    let mut optimiser = Lbfgs::new(Unknowns::free(&[-1.2, 1.0]), LbfgsOptions::new(0.1)).unwrap();
    for _ in 0..6 {
        let Ask::Evaluate(x) = optimiser.ask() else {
            break;
        };
        let (value, gradient) = rosenbrock(x);
        optimiser.tell(value, &gradient, None).unwrap();
    }
    let whole = bytes(&optimiser);
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("state");
    for at in 0..whole.len() {
        let mut damaged = whole.clone();
        damaged[at] ^= 1 << (at % 8);
        std::fs::write(&path, &damaged).unwrap();
        assert!(matches!(Lbfgs::load(&path), Err(StateError::Damaged { .. })), "byte {at}");
        std::fs::write(&path, &whole[..at]).unwrap();
        assert!(matches!(Lbfgs::load(&path), Err(StateError::Damaged { .. })), "cut at {at}");
    }
    std::fs::write(&path, [whole.as_slice(), b"x"].concat()).unwrap();
    let error = Lbfgs::load(&path).unwrap_err().to_string();
    assert!(error.contains("bytes follow its end\n  help:"), "{error}");
}
