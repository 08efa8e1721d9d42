//! Several adjoint sweeps of one forward run: the schedules against exhaustive search, the
//! executor against separate runs.

mod common;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};
use std::io;
use std::ops::ControlFlow;
use std::sync::Arc;

use common::ring::{Diverged, POINTS, Ring};
use proptest::prelude::*;
use retrograd_checkpoint::schedule::Asynchronous;
use retrograd_checkpoint::tier::{Handles, Key, Loaded, Tier, TierError};
use retrograd_checkpoint::{
    Action, BrokenRule, Costs, ExecuteError, Executor, MemoryModel, Mixed, Progress, Repeated,
    Revolve, ScheduleError, StoreAll, Sweeps, replay_sweeps,
};

type State = Arc<[f64; POINTS]>;

/// Cotangent of a sweep.
fn cotangent(sweep: u64) -> [f64; POINTS] {
    std::array::from_fn(|i| (1.0 + sweep as f64).powi(i as i32) - 3.5)
}

/// Gradients of separate runs.
fn separately(n: u64, sweeps: u64) -> Vec<Vec<u64>> {
    let gradient = |sweep| {
        let mut model = Ring { x_bar: cotangent(sweep), ..Ring::new() };
        Executor::new(0).unwrap().run(&mut model, StoreAll::new(n)).unwrap();
        model.gradient_bits()
    };
    (0..sweeps).map(gradient).collect()
}

/// Gradients of one run of several sweeps.
fn together(
    executor: &mut Executor<State>,
    sweeps: u64,
    actions: impl Iterator<Item = Action> + Clone,
) -> (Progress, Vec<Vec<u64>>) {
    let mut model = Ring { restarts: true, ..Ring::new() };
    let mut gradients = Vec::new();
    let begin = |model: &mut Ring, sweep: u64| {
        if sweep > 0 {
            gradients.push(model.gradient_bits());
        }
        (model.x_bar, model.p_bar) = (cotangent(sweep), [0.0; POINTS]);
        Ok(())
    };
    let watch = |_: &Progress| ControlFlow::Continue(());
    let done = executor.run_sweeps(&mut model, actions, sweeps, begin, watch).unwrap();
    gradients.push(model.gradient_bits());
    assert_eq!(model.calls.steps, done.advances + done.recorded);
    (done, gradients)
}

/// The fewest advances of any sweeps: Dijkstra's algorithm over where the model is, what is stored,
/// and what is left to reverse.
fn fewest_advances(n: u32, sweeps: u32, slots: u32) -> u64 {
    type Position = (Option<u32>, u32, u32, u32);
    let start: Position = (Some(0), 0, n, sweeps);
    let mut known = BTreeMap::from([(start, 0)]);
    let mut queue = BinaryHeap::from([Reverse((0, start))]);
    while let Some(Reverse((cost, position))) = queue.pop() {
        let (at, stored, pending, left) = position;
        if left == 0 {
            return cost;
        }
        let mut next: Vec<(u64, Position)> = Vec::new();
        if let Some(at) = at {
            if at + 1 == pending && at == 0 {
                next.push((0, (None, stored, n, left - 1)));
            } else if at + 1 == pending {
                next.push((0, (None, stored, at, left)));
            } else {
                next.push((1, (Some(at + 1), stored, pending, left)));
            }
            let with = stored | 1 << at;
            if with.count_ones() <= slots {
                next.push((0, (Some(at), with, pending, left)));
            } else {
                let bits = (0..n).filter(|&bit| stored >> bit & 1 == 1);
                next.extend(bits.map(|bit| (0, (Some(at), with & !(1 << bit), pending, left))));
            }
        }
        let loadable = (0..pending).filter(|&step| stored >> step & 1 == 1);
        next.extend(loadable.map(|step| (0, (Some(step), stored, pending, left))));
        for (more, position) in next {
            let cost = cost + more;
            if known.get(&position).is_none_or(|&before| cost < before) {
                known.insert(position, cost);
                queue.push(Reverse((cost, position)));
            }
        }
    }
    panic!("every position should lead somewhere")
}

/// Advances of a fixed set of states, as the formula says.
fn advances_of(n: u64, sweeps: u64, slots: u64, kept: &[u64]) -> u128 {
    let of = |steps: u64, slots: u64| Costs::revolve(steps, slots).unwrap().advances;
    let beside = kept.len() as u64 - 1;
    let ends = kept.iter().skip(1).chain([&n]);
    let gaps = kept.iter().zip(ends).map(|(start, end)| end - start);
    let of_gap = |(i, gap)| u128::from(sweeps - 1) * of(gap, slots - beside) + of(gap, slots - i);
    u128::from(kept[kept.len() - 1]) + (0..).zip(gaps).map(of_gap).sum::<u128>()
}

/// Of all sets that can be kept, the best is.
#[test]
fn no_fixed_set_is_better() {
    for (n, slots) in (1..=11).flat_map(|n| (1..=n).map(move |slots| (n, slots))) {
        for sweeps in [2, 3, 7] {
            let schedule = Sweeps::new(n, sweeps, slots).unwrap();
            assert_eq!(schedule.advances(), advances_of(n, sweeps, slots, schedule.kept()));
            for set in (0_u32..1 << (n - 1)).filter(|set| u64::from(set.count_ones()) < slots) {
                let beyond = (1..n).filter(|step| set >> (step - 1) & 1 == 1);
                let kept: Vec<u64> = [0].into_iter().chain(beyond).collect();
                assert!(schedule.advances() <= advances_of(n, sweeps, slots, &kept), "{kept:?}");
            }
        }
    }
}

/// Against all schedules: never better, and not far from the best.
#[test]
fn no_schedule_is_much_better() {
    let (mut cases, mut same) = (0, 0);
    for (n, slots) in (2..=10).flat_map(|n| (1..n.min(5)).map(move |slots| (n, slots))) {
        for sweeps in 2..=5 {
            let ours = Sweeps::new(n.into(), sweeps.into(), slots.into()).unwrap().advances();
            let best = u128::from(fewest_advances(n, sweeps, slots));
            assert!(best <= ours && 100 * best >= 92 * ours, "{n} {sweeps} {slots}: {ours} {best}");
            cases += 1;
            same += u64::from(best == ours);
        }
    }
    assert_eq!((cases, same), (120, 101));
}

#[test]
fn all_adjoint_data_are_worth_one_run() {
    for (n, sweeps) in [(1, 1), (1, 4), (9, 1), (9, 2), (30, 5)] {
        let schedule = Sweeps::store_all(n, sweeps);
        let report = replay_sweeps(n, sweeps, &MemoryModel::slots(n), schedule.clone()).unwrap();
        assert_eq!((report.advances, report.recorded), (0, n));
        assert_eq!(schedule.total_forward(), u128::from(n));
        // The last step is not read in the first sweep, and of a single sweep not stored.
        let writes = n - u64::from(sweeps == 1);
        assert_eq!((report.tiers[0].writes, report.tiers[0].reads), (writes, n * sweeps - 1));
        let (done, gradients) =
            together(&mut Executor::new(n).unwrap(), sweeps, Sweeps::store_all(n, sweeps));
        assert_eq!((done.reversed, done.recorded, done.held), (n * sweeps, n, 0));
        assert_eq!(gradients, separately(n, sweeps));
    }
}

#[test]
fn nothing_to_do_is_no_action() {
    for schedule in [Sweeps::new(0, 3, 0), Sweeps::new(7, 0, 0)] {
        assert_eq!(schedule.unwrap().count(), 0);
    }
    assert_eq!(Sweeps::store_all(0, 3).count() + Sweeps::store_all(3, 0).count(), 0);
    assert_eq!(Repeated::new(StoreAll::new(5), 0).count(), 0);
    assert_eq!(Repeated::new(StoreAll::new(0), 5).count(), 0);
    assert_eq!(Sweeps::new(1, 1, 0).unwrap().count(), 2);
    assert_eq!(Sweeps::new(1, 2, 0).unwrap_err(), ScheduleError::NoSnapshots { steps: 1 });
}

/// Large numbers take no time, and cost less than starting from `x_0` each time.
#[test]
fn long_runs_are_planned() {
    let schedule = Sweeps::new(100_000_000, 10, 300).unwrap();
    let kept = schedule.kept().to_vec();
    assert_eq!(schedule.advances(), advances_of(100_000_000, 10, 300, &kept));
    assert!(schedule.advances() < 10 * Costs::revolve(100_000_000, 300).unwrap().advances);
}

/// The replayer sees a sweep that is missing, and a step that is reversed twice.
#[test]
fn the_replayer_counts_sweeps() {
    let memory = MemoryModel::slots(3);
    let schedule = || Sweeps::new(8, 3, 3).unwrap();
    assert!(replay_sweeps(8, 3, &memory, schedule()).is_ok());
    let error = replay_sweeps(8, 2, &memory, schedule()).unwrap_err();
    assert!(matches!(error.rule, BrokenRule::OutOfOrder { expected: 0 }), "{error}");
    let error = replay_sweeps(8, 4, &memory, schedule()).unwrap_err();
    assert_eq!(error.rule, BrokenRule::NotReversed { steps: 0..8 });
}

/// An error of the hook, and a cancelled second sweep, leave nothing behind.
#[test]
fn sweeps_stop_early() {
    let mut executor = Executor::new(3).unwrap();
    let mut model = Ring::new();
    let initial = Arc::clone(&model.x);
    let begin = |_: &mut Ring, sweep: u64| if sweep < 2 { Ok(()) } else { Err(Diverged(sweep)) };
    let watch = |_: &Progress| ControlFlow::Continue(());
    let schedule = Sweeps::new(9, 3, 3).unwrap();
    let result = executor.run_sweeps(&mut model, schedule.clone(), 3, begin, watch);
    let Err(ExecuteError::Model { source, .. }) = result else { panic!("should fail") };
    assert_eq!(source, Diverged(2));
    let mut model = Ring { x: Arc::clone(&initial), ..Ring::new() };
    let stop = |done: &Progress| match done.reversed {
        0..13 => ControlFlow::Continue(()),
        _ => ControlFlow::Break(()),
    };
    let result = executor.run_sweeps(&mut model, schedule.clone(), 3, |_, _| Ok(()), stop);
    assert!(matches!(result, Err(ExecuteError::Cancelled(Progress { reversed: 13, .. }))));
    drop(model);
    assert_eq!(Arc::strong_count(&initial), 1);
    assert_eq!(together(&mut executor, 3, schedule).1, separately(9, 3));
}

/// A tier that loses one datum at its first load.
struct Losing {
    inner: Handles<State>,
    lost: BTreeSet<u64>,
}

impl Tier<State> for Losing {
    fn store(&mut self, key: Key, snapshot: State) -> Result<(), TierError> {
        self.inner.store(key, snapshot)
    }
    fn load(&mut self, key: Key) -> Result<Loaded<'_, State>, TierError> {
        if self.lost.remove(&key.step) {
            let source = io::Error::other("the test says so");
            return Err(TierError::Io { tier: "losing tier".to_owned(), action: "read", source });
        }
        self.inner.load(key)
    }
    fn take(&mut self, key: Key) -> Result<State, TierError> {
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

proptest! {
    /// `k` sweeps are `k` runs, to the last bit, with as many steps as the formula says.
    #[test]
    fn sweeps_are_runs(n in 1_u64..80, sweeps in 1_u64..5, slots in 1_u64..20) {
        let schedule = Sweeps::new(n, sweeps, slots).unwrap();
        let memory = MemoryModel::slots(schedule.slots());
        let report = replay_sweeps(n, sweeps, &memory, schedule.clone()).unwrap();
        prop_assert_eq!(u128::from(report.total_forward()), schedule.total_forward());
        let once = Costs::revolve(n, slots).unwrap().total_forward;
        prop_assert!(schedule.total_forward() <= u128::from(sweeps) * once);
        let mut executor = Executor::new(schedule.slots()).unwrap();
        let (done, gradients) = together(&mut executor, sweeps, schedule.clone());
        prop_assert_eq!(u128::from(done.advances), schedule.advances());
        prop_assert_eq!((done.reversed, done.held), (n * sweeps, 0));
        prop_assert_eq!(gradients, separately(n, sweeps));
    }

    /// Any schedule can be repeated, for one slot more.
    #[test]
    fn any_schedule_repeats(n in 1_u64..60, sweeps in 1_u64..5, slots in 1_u64..9) {
        let revolve = Revolve::new(n, slots).unwrap();
        let mixed = Mixed::new(n, slots, 1, 1).unwrap();
        let costs = [n.into(), revolve.costs().total_forward, mixed.total_forward()];
        let check = |actions: &mut dyn Iterator<Item = Action>, cost: u128| {
            let actions: Vec<Action> = actions.collect();
            let memory = MemoryModel::tiers(&[slots + 1, n]);
            let report = replay_sweeps(n, sweeps, &memory, actions.iter().cloned()).unwrap();
            assert_eq!(u128::from(report.total_forward()), u128::from(sweeps) * cost);
            let tiers = [slots + 1, n].map(|slots| Box::new(Handles::new(slots).unwrap()) as _);
            let mut executor = Executor::with_tiers(tiers.into()).unwrap();
            let (done, gradients) = together(&mut executor, sweeps, actions.into_iter());
            assert_eq!((done.reversed, done.held), (n * sweeps, 0));
            assert_eq!(gradients, separately(n, sweeps));
        };
        check(&mut Repeated::new(StoreAll::new(n), sweeps), costs[0]);
        check(&mut Repeated::new(revolve, sweeps), costs[1]);
        check(&mut Repeated::new(mixed, sweeps), costs[2]);
        let disk = Asynchronous::new(n, slots, slots).unwrap();
        let cost = disk.costs().total_forward;
        check(&mut Repeated::new(disk, sweeps), cost);
    }

    /// What is lost in one sweep does not change the others.
    #[test]
    fn losses_do_not_change_one_bit(
        n in 1_u64..50,
        sweeps in 1_u64..4,
        slots in 1_u64..8,
        all: bool,
        lost in prop::collection::btree_set(0_u64..50, 0..4),
    ) {
        let slots = if all { n } else { slots };
        let inner = Handles::new(slots).unwrap();
        let mut executor = Executor::with_tiers(vec![Box::new(Losing { inner, lost })]).unwrap();
        let schedule =
            if all { Sweeps::store_all(n, sweeps) } else { Sweeps::new(n, sweeps, slots).unwrap() };
        let (done, gradients) = together(&mut executor, sweeps, schedule);
        prop_assert_eq!((done.reversed, done.held), (n * sweeps, 0));
        prop_assert_eq!(gradients, separately(n, sweeps));
    }
}
