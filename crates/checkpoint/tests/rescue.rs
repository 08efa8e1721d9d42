//! Tiers that lose data: the gradient is the same, or the error says what is lost.

mod common;

use std::collections::BTreeSet;
use std::io;
use std::sync::Arc;

use common::ring::{POINTS, Ring, gradient_by_hand};
use proptest::prelude::*;
use retrograd_checkpoint::tier::{Handles, Key, Loaded, Tier, TierError};
use retrograd_checkpoint::{
    Action, Data, ExecuteError, Executor, Mixed, Progress, Revolve, TierId,
};

type State = Arc<[f64; POINTS]>;

/// A tier that fails where it is told to.
struct Failing {
    inner: Handles<State>,
    /// Steps whose stores fail.
    stores: BTreeSet<u64>,
    /// Steps whose loads fail.
    loads: BTreeSet<u64>,
}

fn failure(action: &'static str) -> TierError {
    let source = io::Error::other("the test says so");
    TierError::Io { tier: "failing tier".to_owned(), action, source }
}

impl Tier<State> for Failing {
    fn store(&mut self, key: Key, snapshot: State) -> Result<(), TierError> {
        if self.stores.contains(&key.step) {
            return Err(failure("write"));
        }
        self.inner.store(key, snapshot)
    }
    fn load(&mut self, key: Key) -> Result<Loaded<'_, State>, TierError> {
        if self.loads.contains(&key.step) {
            return Err(failure("read"));
        }
        self.inner.load(key)
    }
    fn take(&mut self, key: Key) -> Result<State, TierError> {
        if self.loads.contains(&key.step) {
            return Err(failure("read"));
        }
        self.inner.take(key)
    }
    fn discard(&mut self, key: Key) {
        self.inner.discard(key);
    }
    fn clear(&mut self) {
        self.inner.clear();
    }
    fn slots(&self) -> Option<u64> {
        self.inner.slots()
    }
}

/// Revolve's schedule, with the snapshots of every `period`-th step in the second tier.
fn two_tiers(n: u64, c: u64, period: u64) -> Vec<Action> {
    let place = |step: u64| TierId(u32::from(step.is_multiple_of(period)));
    let in_two = |action| match action {
        Action::Store { kind, step, .. } => Action::Store { kind, step, tier: place(step) },
        Action::Load { kind, step, .. } => Action::Load { kind, step, tier: place(step) },
        Action::Discard { kind, step, .. } => Action::Discard { kind, step, tier: place(step) },
        other => other,
    };
    Revolve::new(n, c).unwrap().map(in_two).collect()
}

type Run = (Result<Progress, String>, Vec<u64>, usize);

fn run(actions: Vec<Action>, ram: u64, stores: &[u64], loads: &[u64], restarts: bool) -> Run {
    let failing = Failing {
        inner: Handles::new(64).unwrap(),
        stores: stores.iter().copied().collect(),
        loads: loads.iter().copied().collect(),
    };
    let ram = Handles::new(ram).unwrap();
    let mut executor = Executor::with_tiers(vec![Box::new(ram), Box::new(failing)]).unwrap();
    let mut model = Ring { restarts, ..Ring::new() };
    let initial = Arc::clone(&model.x);
    let result = executor.run(&mut model, actions).map_err(|error| error.to_string());
    let failures = executor.failures().len();
    drop(executor);
    let gradient = model.gradient_bits();
    drop(model);
    assert_eq!(Arc::strong_count(&initial), 1, "nothing should be left stored");
    (result, gradient, failures)
}

#[test]
fn a_snapshot_that_cannot_be_read_is_computed_again() {
    let actions = two_tiers(40, 5, 4);
    let plain = run(actions.clone(), 5, &[], &[], false);
    assert_eq!((plain.1.as_slice(), plain.2), (gradient_by_hand(40).as_slice(), 0));
    let stored = actions.iter().find_map(|action| match action {
        Action::Store { step, tier: TierId(1), .. } if *step > 0 => Some(*step),
        _ => None,
    });
    let (result, gradient, failures) = run(actions, 5, &[], &[stored.unwrap()], false);
    let (done, expected) = (result.unwrap(), plain.0.unwrap());
    assert_eq!(gradient, gradient_by_hand(40));
    assert_eq!((failures, done.lost), (1, 1));
    assert!(done.advances > expected.advances);
    assert_eq!((done.reversed, done.held), (40, 0));
}

#[test]
fn nothing_left_is_an_error_that_names_the_tier() {
    let error = run(two_tiers(40, 5, 1), 5, &[], &[0, 36, 37, 38], false).0.unwrap_err();
    assert!(
        error.ends_with("(`load restart 0 from tier 1`): failing tier failed to read"),
        "{error}"
    );
}

#[test]
fn the_model_starts_again_where_it_can() {
    let all: Vec<u64> = (0..40).collect();
    let (result, gradient, failures) = run(two_tiers(40, 5, 1), 3, &all, &all, true);
    assert_eq!(gradient, gradient_by_hand(40));
    // All stores of the first sweep failed; then the rest ran in RAM.
    assert_eq!(result.unwrap().lost, 5 + 1);
    assert_eq!(failures, 6);
}

#[test]
fn an_error_of_a_tier_is_one_of_the_executor() {
    let failing =
        Failing { inner: Handles::new(9).unwrap(), stores: BTreeSet::new(), loads: [0].into() };
    let mut executor = Executor::with_tiers(vec![Box::new(failing)]).unwrap();
    let result = executor.run(&mut Ring::new(), Revolve::new(9, 2).unwrap());
    let Err(ExecuteError::Tier { action, source, .. }) = result else { panic!("should fail") };
    let load = Action::Load { kind: Data::Restart, step: 0, tier: TierId(0) };
    assert_eq!(action, load);
    assert!(matches!(source, TierError::Io { .. }));
}

proptest! {
    /// Whatever a tier loses, the gradient is the same to the last bit.
    #[test]
    fn losses_do_not_change_one_bit(
        n in 2_u64..120,
        c in 1_u64..12,
        ram in 1_u64..12,
        period in 1_u64..9,
        stores in proptest::collection::vec(0_u64..120, 0..6),
        loads in proptest::collection::vec(0_u64..120, 0..6),
    ) {
        let actions = two_tiers(n, c, period);
        let (result, gradient, _) = run(actions, c.max(ram), &stores, &loads, true);
        prop_assert_eq!(result.map(|done| done.reversed), Ok(n));
        prop_assert_eq!(gradient, gradient_by_hand(n));
    }
}

/// A tier that forgets some of what it holds at some moment.
struct Forgetful {
    inner: Handles<State>,
    /// Stores and loads until then.
    moment: u64,
    /// Of every `each` data one is lost.
    each: u64,
    lost: BTreeSet<Key>,
    held: BTreeSet<Key>,
}

impl Forgetful {
    fn new(inner: Handles<State>, moment: u64, each: u64) -> Self {
        Self { inner, moment, each, lost: BTreeSet::new(), held: BTreeSet::new() }
    }

    fn tick(&mut self) {
        if self.moment == 0 {
            let mixed = |key: &&Key| key.step.wrapping_mul(0x9e37_79b9) >> 5;
            let chosen = self.held.iter().filter(|key| mixed(key).is_multiple_of(self.each));
            self.lost = chosen.copied().collect();
        }
        self.moment = self.moment.wrapping_sub(1);
    }

    fn expect(&mut self, key: Key) -> Result<(), TierError> {
        self.tick();
        if self.lost.contains(&key) { Err(failure("read")) } else { Ok(()) }
    }
}

impl Tier<State> for Forgetful {
    fn store(&mut self, key: Key, snapshot: State) -> Result<(), TierError> {
        self.tick();
        self.held.insert(key);
        self.lost.remove(&key);
        self.inner.store(key, snapshot)
    }
    fn load(&mut self, key: Key) -> Result<Loaded<'_, State>, TierError> {
        self.expect(key)?;
        self.inner.load(key)
    }
    fn take(&mut self, key: Key) -> Result<State, TierError> {
        self.expect(key)?;
        self.held.remove(&key);
        self.inner.take(key)
    }
    fn discard(&mut self, key: Key) {
        self.held.remove(&key);
        self.inner.discard(key);
    }
    fn clear(&mut self) {
        self.held.clear();
        self.inner.clear();
    }
    fn slots(&self) -> Option<u64> {
        self.inner.slots()
    }
    fn slots_of(&self, kind: Data) -> u64 {
        self.inner.slots_of(kind)
    }
}

/// Adjoint data of every step but the last in the second tier, as they are recorded, and `x_0` where
/// told.
fn stored_in_tier(n: u64, first: Option<TierId>) -> Vec<Action> {
    let (kind, tier) = (Data::Adjoint, TierId(1));
    let initial = |tier| Action::Store { kind: Data::Restart, step: 0, tier };
    let mut actions: Vec<Action> = first.map(initial).into_iter().collect();
    for step in 0..n - 1 {
        actions.push(Action::Record { steps: step..step + 1 });
        actions.push(Action::Store { kind, step, tier });
    }
    actions.push(Action::Record { steps: n - 1..n });
    actions.push(Action::Reverse { steps: n - 1..n });
    for step in (0..n - 1).rev() {
        actions.push(Action::Load { kind, step, tier });
        actions.push(Action::Discard { kind, step, tier });
        actions.push(Action::Reverse { steps: step..step + 1 });
    }
    actions.extend(first.map(|tier| Action::Discard { kind: Data::Restart, step: 0, tier }));
    actions
}

proptest! {
    /// A mixed schedule within its units, whatever is lost whenever.
    #[test]
    fn mixed_schedules_survive_losses(
        n in 2_u64..100,
        units in 3_u64..40,
        (restart, adjoint) in (1_u64..4, 1_u64..4),
        moment in 0_u64..150,
        each in 1_u64..6,
    ) {
        let schedule = Mixed::new(n, units, restart, adjoint).unwrap();
        let within = Handles::sized(units, restart, adjoint).unwrap();
        let tier = Forgetful::new(within, moment, each);
        let mut executor = Executor::with_tiers(vec![Box::new(tier)]).unwrap();
        let mut model = Ring { restarts: true, ..Ring::new() };
        let done = executor.run(&mut model, schedule).unwrap();
        prop_assert_eq!((done.reversed, done.held), (n, 0));
        prop_assert_eq!(model.gradient_bits(), gradient_by_hand(n));
        prop_assert_eq!(done.lost.min(16), executor.failures().len() as u64);
    }

    /// Adjoint data stored as they come: only what is lost is computed again.
    #[test]
    fn stored_steps_survive_losses(
        n in 2_u64..60,
        slots in 1_u64..6,
        moment in 0_u64..150,
        each in 2_u64..9,
        place in 0_u32..3,
    ) {
        let first = (place < 2).then_some(TierId(place));
        let tier = Forgetful::new(Handles::new(64).unwrap(), moment, each);
        let ram = Handles::new(slots).unwrap();
        let mut executor = Executor::with_tiers(vec![Box::new(ram), Box::new(tier)]).unwrap();
        let mut model = Ring { restarts: true, ..Ring::new() };
        let done = executor.run(&mut model, stored_in_tier(n, first)).unwrap();
        prop_assert_eq!((done.reversed, done.held), (n, 0));
        prop_assert_eq!(model.gradient_bits(), gradient_by_hand(n));
        // A loss of restart data costs no step of its own.
        prop_assert!(done.recorded <= n + done.lost, "{} {}", done.recorded, done.lost);
    }
}

/// Nothing is left to start from but adjoint data, and these suffice.
#[test]
fn a_lost_state_does_not_matter_where_adjoint_data_are_stored() {
    let mut actions = stored_in_tier(9, Some(TierId(0)));
    // The state is read amid the sweep, by a schedule that does not know better.
    let load = Action::Load { kind: Data::Restart, step: 0, tier: TierId(0) };
    let reversed = actions.iter().position(|action| matches!(action, Action::Reverse { .. }));
    actions.insert(reversed.unwrap() + 1, load);
    let failing =
        Failing { inner: Handles::new(1).unwrap(), stores: BTreeSet::new(), loads: [0].into() };
    let adjoint = Handles::new(9).unwrap();
    let mut executor = Executor::with_tiers(vec![Box::new(failing), Box::new(adjoint)]).unwrap();
    let mut model = Ring::new();
    let done = executor.run(&mut model, actions).unwrap();
    assert_eq!(model.gradient_bits(), gradient_by_hand(9));
    assert_eq!((done.lost, done.recorded, done.advances), (1, 9, 0));
}

/// Starting again from `x_0` ends where no tier keeps it.
#[test]
fn a_tier_that_keeps_nothing_is_an_error() {
    let failing =
        Failing { inner: Handles::new(9).unwrap(), stores: BTreeSet::new(), loads: [0].into() };
    let mut executor = Executor::with_tiers(vec![Box::new(failing)]).unwrap();
    let mut model = Ring { restarts: true, ..Ring::new() };
    let result = executor.run(&mut model, Revolve::new(9, 2).unwrap());
    assert!(matches!(result, Err(ExecuteError::Tier { .. })));
}
