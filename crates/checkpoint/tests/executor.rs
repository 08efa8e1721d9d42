//! Executor: a nonlinear model with a hand-written adjoint, over every schedule.

mod common;

use std::ops::{ControlFlow, Range};
use std::sync::Arc;

use common::ring::{Diverged, POINTS, Ring, gradient_by_hand};
use proptest::prelude::*;
use retrograd_checkpoint::tier::{Handles, Tier};
use retrograd_checkpoint::{
    Action, BrokenRule, Data, ExecuteError, Executor, Model, Revolve, StoreAll, TierId, Trajectory,
};

/// An executor with tiers of handles.
fn ram_tiers(slots: &[u64]) -> Executor<Arc<[f64; POINTS]>> {
    let tier = |&slots| -> Box<dyn Tier<_>> { Box::new(Handles::new(slots).unwrap()) };
    Executor::with_tiers(slots.iter().map(tier).collect()).unwrap()
}

fn gradient_by(slots: u64, actions: impl Iterator<Item = Action> + Clone) -> Vec<u64> {
    let mut model = Ring::new();
    Executor::new(slots).unwrap().run(&mut model, actions).unwrap();
    model.gradient_bits()
}

proptest! {
    #[test]
    fn the_schedule_does_not_change_one_bit(n in 1_u64..150, c in 1_u64..160) {
        let expected = gradient_by_hand(n);
        prop_assert_eq!(&gradient_by(0, StoreAll::new(n)), &expected);
        for trajectory in [Trajectory::Revolve, Trajectory::Maximum] {
            let schedule = Revolve::with_trajectory(n, c, trajectory).unwrap();
            prop_assert_eq!(&gradient_by(schedule.slots(), schedule), &expected);
        }
    }
}

/// The gradient is one: a central difference agrees to the order of its truncation.
///
/// With `h = 1e-5` and all values and derivatives of order 1 to 100, the truncation error is
/// below `h^2 / 6 * 100 < 2e-9` and the rounding error below `100 eps / h < 3e-9`.
#[test]
fn the_model_of_these_tests_has_the_right_adjoint() {
    let n = 40;
    let mut model = Ring::new();
    let weights = model.x_bar;
    let schedule = Revolve::new(n, 4).unwrap();
    Executor::new(4).unwrap().run(&mut model, schedule).unwrap();
    let misfit = |i: usize, h: f64| {
        let mut moved = Ring::new();
        moved.p[i] += h;
        moved.advance(0..n).unwrap();
        moved.x.iter().zip(weights).map(|(x, w)| x * w).sum::<f64>()
    };
    for i in 0..POINTS {
        let difference = (misfit(i, 1e-5) - misfit(i, -1e-5)) / 2e-5;
        assert!((difference - model.p_bar[i]).abs() < 5e-9, "{difference} {}", model.p_bar[i]);
    }
}

#[test]
fn progress_counts_what_the_model_saw() {
    let (n, c) = (100, 5);
    let schedule = Revolve::new(n, c).unwrap();
    let costs = schedule.costs();
    let mut model = Ring::new();
    let done = Executor::new(c).unwrap().run(&mut model, schedule.clone()).unwrap();
    assert_eq!(done.actions, schedule.count() as u64);
    assert_eq!(u128::from(done.advances), costs.advances);
    assert_eq!((done.recorded, done.reversed), (n, n));
    assert_eq!((done.writes, done.reads), (costs.writes, costs.reads));
    assert_eq!((done.held, done.peak_held), (0, c));
    assert_eq!(u128::from(model.calls.steps), costs.total_forward);
    assert_eq!(model.calls.saves, costs.writes);
    // Every snapshot is handed back by its last read, and none of these is a copy.
    assert_eq!(model.calls.takes, costs.writes);
    assert_eq!(model.calls.restores, costs.reads - costs.writes);
}

#[test]
fn snapshots_are_dropped_when_done_or_failed() {
    let mut executor = Executor::new(5).unwrap();
    let mut model = Ring::new();
    let initial = Arc::clone(&model.x);
    executor.run(&mut model, Revolve::new(30, 5).unwrap()).unwrap();
    assert_eq!(Arc::strong_count(&initial), 1);

    let mut failing = Ring { fails_at: Some(17), x: Arc::clone(&initial), ..Ring::new() };
    assert!(executor.run(&mut failing, Revolve::new(30, 5).unwrap()).is_err());
    assert_eq!(Arc::strong_count(&initial), 1);

    // The same executor serves again.
    let mut again = Ring::new();
    executor.run(&mut again, Revolve::new(30, 5).unwrap()).unwrap();
    assert_eq!(again.gradient_bits(), gradient_by_hand(30));
}

#[test]
fn errors_of_the_model_pass_through() {
    let mut model = Ring { fails_at: Some(6), ..Ring::new() };
    let error = Executor::new(3).unwrap().run(&mut model, Revolve::new(10, 3).unwrap());
    let Err(error) = error else { panic!("the model should have failed") };
    assert_eq!(error.to_string(), "action 3 (`advance 4..7`): the model failed");
    let source = std::error::Error::source(&error).expect("should name its source");
    assert_eq!(source.to_string(), "diverged at step 6");
    let ExecuteError::Model { position: 3, action: Action::Advance { .. }, source } = error else {
        panic!("should be an error of the model")
    };
    assert_eq!(source, Diverged(6));
}

#[test]
fn the_hook_cancels_between_actions() {
    let mut model = Ring::new();
    let mut seen = Vec::new();
    let result = Executor::new(3).unwrap().run_watched(
        &mut model,
        Revolve::new(10, 3).unwrap(),
        |progress| {
            seen.push(progress.actions);
            if progress.reversed == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        },
    );
    let Err(error) = result else { panic!("should be cancelled") };
    let message = error.to_string();
    let ExecuteError::Cancelled(progress) = error else { panic!("should be cancelled") };
    let expected = format!("cancelled after {} actions, 2 steps reversed", progress.actions);
    assert_eq!(message, expected);
    assert_eq!(progress.reversed, 2);
    assert_eq!(seen, (0..=progress.actions).collect::<Vec<_>>());
    assert_eq!(model.calls.steps, progress.advances + progress.recorded);
}

/// Snapshots are found by step and tier, in whatever order a schedule keeps them.
#[test]
fn snapshots_are_read_in_any_order() {
    let [low, high] = [TierId(0), TierId(1)];
    let store = |step, tier| Action::Store { kind: Data::Restart, step, tier };
    let load = |step, tier| Action::Load { kind: Data::Restart, step, tier };
    let discard = |step, tier| Action::Discard { kind: Data::Restart, step, tier };
    let last =
        |steps: Range<u64>| [Action::Record { steps: steps.clone() }, Action::Reverse { steps }];
    let mut actions = vec![store(0, high), Action::Advance { steps: 0..1 }, store(1, high)];
    actions.extend([store(1, low), Action::Advance { steps: 1..2 }, store(2, low)]);
    actions.extend([load(0, high), store(0, low), discard(0, high), load(1, low)]);
    actions.extend([Action::Advance { steps: 1..2 }, Action::Record { steps: 2..4 }]);
    actions.extend([Action::Reverse { steps: 2..4 }, discard(2, low), load(1, high)]);
    actions.extend(last(1..2));
    actions.extend([load(0, low), discard(0, low), discard(1, low), discard(1, high)]);
    actions.extend(last(0..1));
    let mut two_tiers = ram_tiers(&[3, 2]);
    let mut model = Ring::new();
    two_tiers.run(&mut model, actions).unwrap();
    assert_eq!(model.gradient_bits(), gradient_by_hand(4));

    // A step between two stored ones is still missing.
    let mut model = Ring::new();
    let gap = [store(0, low), Action::Advance { steps: 0..2 }, store(2, low), load(1, low)];
    let result = Executor::new(5).unwrap().run(&mut model, gap);
    let Err(ExecuteError::Invalid(error)) = result else { panic!("step 1 should be missing") };
    let missing = BrokenRule::NotStored { kind: Data::Restart, step: 1, tier: low };
    assert_eq!((error.position, error.rule), (3, missing));
}

/// Wrong streams end in errors, with the snapshots dropped.
#[test]
fn streams_that_nobody_proved_are_refused() {
    let tier = TierId(0);
    let store = Action::Store { kind: Data::Restart, step: 0, tier };
    let load = Action::Load { kind: Data::Restart, step: 0, tier };
    let discard = Action::Discard { kind: Data::Restart, step: 0, tier };
    let (kind, step) = (Data::Restart, 0);
    let record = Action::Record { steps: 0..2 };
    let reverse = Action::Reverse { steps: 0..2 };
    let adjoint = Action::Store { kind: Data::Adjoint, step: 0, tier };
    let elsewhere = Action::Store { kind, step, tier: TierId(1) };
    let next = Action::Store { kind, step: 1, tier };
    let cases = [
        (vec![load.clone()], BrokenRule::NotStored { kind, step, tier }),
        (vec![load, discard.clone()], BrokenRule::NotStored { kind, step, tier }),
        (vec![discard], BrokenRule::NotStored { kind, step, tier }),
        (vec![store.clone(), store.clone()], BrokenRule::StoredTwice { kind, step, tier }),
        (vec![elsewhere], BrokenRule::UnknownTier { tier: TierId(1), tiers: 1 }),
        (
            vec![store.clone(), Action::Advance { steps: 0..1 }, next],
            BrokenRule::SlotsExceeded { slots: 1 },
        ),
        (vec![reverse.clone()], BrokenRule::NotRecorded { recorded: 0..0 }),
        (vec![adjoint], BrokenRule::NotRecorded { recorded: 0..0 }),
        (vec![record.clone()], BrokenRule::LeftRecorded { steps: 0..2 }),
        (
            vec![record.clone(), Action::Reverse { steps: 1..2 }],
            BrokenRule::NotReversed { steps: 0..1 },
        ),
        (vec![store, record, reverse], BrokenRule::LeftStored { kind, step, tier }),
    ];
    let mut executor = Executor::new(1).unwrap();
    for (actions, rule) in cases {
        let mut model = Ring::new();
        let initial = Arc::clone(&model.x);
        let result = executor.run(&mut model, actions);
        let Err(ExecuteError::Invalid(error)) = result else { panic!("should break {rule:?}") };
        assert_eq!(error.rule, rule);
        drop(model);
        assert_eq!(Arc::strong_count(&initial), 1);
    }
}

/// Adjoint data are stored and read back like restart data, by models that know how to.
#[test]
fn adjoint_data_are_stored_by_models_that_can() {
    let (kind, tier) = (Data::Adjoint, TierId(0));
    let actions = [
        Action::Record { steps: 0..1 },
        Action::Store { kind, step: 0, tier },
        Action::Record { steps: 1..2 },
        Action::Store { kind, step: 1, tier },
        Action::Record { steps: 2..3 },
        Action::Reverse { steps: 2..3 },
        Action::Load { kind, step: 1, tier },
        Action::Discard { kind, step: 1, tier },
        Action::Reverse { steps: 1..2 },
        Action::Load { kind, step: 0, tier },
        Action::Reverse { steps: 0..1 },
        Action::Discard { kind, step: 0, tier },
    ];
    assert_eq!(gradient_by(2, actions.iter().cloned()), gradient_by_hand(3));
}

/// The pull interface: the loop is the caller's.
#[test]
fn a_loop_of_ones_own_needs_no_executor() {
    let mut model = Ring::new();
    let mut stored = Vec::new();
    for action in Revolve::new(50, 4).unwrap() {
        match action {
            Action::Advance { steps } => model.advance(steps).unwrap(),
            Action::Record { steps } => model.record(steps).unwrap(),
            Action::Reverse { steps } => model.reverse(steps).unwrap(),
            Action::Store { kind, step, .. } => stored.push(model.save(kind, step).unwrap()),
            Action::Load { kind, step, .. } => {
                model.restore(kind, step, stored.last().unwrap()).unwrap();
            }
            Action::Discard { .. } => drop(stored.pop()),
        }
    }
    assert_eq!(model.gradient_bits(), gradient_by_hand(50));
}
