//! Laws of the Revolve schedule, at sizes that can be replayed and at sizes that cannot.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use proptest::prelude::*;
use retrograd_checkpoint::{
    Action, BrokenRule, Costs, MemoryModel, Revolve, ScheduleError, StoreAll, Trajectory, replay,
};

fn any_trajectory() -> impl Strategy<Value = Trajectory> {
    prop_oneof![Just(Trajectory::Revolve), Just(Trajectory::Maximum)]
}

/// Sizes of every magnitude up to `2^bits`.
fn any_size(bits: u32) -> impl Strategy<Value = u64> {
    (0..bits).prop_flat_map(|log2| (1_u64 << log2)..=(1 << log2) + ((1 << log2) - 1))
}

/// Advances and writes of a segment whose initial state is stored already, by closed form.
fn costs_when_stored(n: u64, s: u64) -> (u128, u64) {
    let costs = Costs::revolve(n, s).unwrap();
    (costs.advances, costs.writes.saturating_sub(1))
}

proptest! {
    #[test]
    fn schedules_are_valid_and_cost_their_closed_form(
        n in 1_u64..300, c in 1_u64..40, trajectory in any_trajectory(),
    ) {
        let schedule = Revolve::with_trajectory(n, c, trajectory).unwrap();
        let (costs, slots) = (schedule.costs(), schedule.slots());
        prop_assert_eq!(slots, c.min(n - 1));
        let report = replay(n, &MemoryModel::slots(slots), schedule).unwrap();
        prop_assert_eq!(u128::from(report.advances), costs.advances);
        prop_assert_eq!(u128::from(report.total_forward()), costs.total_forward);
        prop_assert_eq!(report.recorded, n);
        let tier = report.tiers[0];
        prop_assert_eq!((tier.writes, tier.reads), (costs.writes, costs.reads));
    }

    /// The only discards are hand-overs, and no load finds the model there already.
    #[test]
    fn snapshots_are_discarded_directly_after_their_last_load(
        n in 1_u64..200, c in 1_u64..20, trajectory in any_trajectory(),
    ) {
        let actions: Vec<Action> = Revolve::with_trajectory(n, c, trajectory).unwrap().collect();
        for pair in actions.windows(2) {
            if let Action::Discard { kind, step, tier } = pair[1] {
                prop_assert_eq!(&pair[0], &Action::Load { kind, step, tier });
            }
            if let Action::Load { .. } = pair[1] {
                prop_assert!(matches!(pair[0], Action::Reverse { .. }), "{}", &pair[0]);
            }
        }
    }

    /// Bellman's equation `t(n, s) = j + t(n - j, s - 1) + t(j, s)` holds for each distance `j`
    /// of the first 2000 actions, and the like for writes: large schedules are optimal as far
    /// as anybody can look.
    #[test]
    fn every_advance_splits_its_segment_optimally(
        n in any_size(30), c in any_size(30), trajectory in any_trajectory(),
    ) {
        let schedule = Revolve::with_trajectory(n, c, trajectory).unwrap();
        let (mut free, mut end) = (schedule.slots(), n);
        for action in schedule.take(2000) {
            match action {
                Action::Store { .. } => free -= 1,
                Action::Discard { .. } => free += 1,
                Action::Reverse { steps } => end = steps.start,
                Action::Advance { steps } => {
                    let (s, n, j) = (free + 1, end - steps.start, steps.end - steps.start);
                    let whole = costs_when_stored(n, s);
                    let left = costs_when_stored(j, s);
                    let right = Costs::revolve(n - j, free).unwrap();
                    prop_assert_eq!(whole.0, u128::from(j) + left.0 + right.advances);
                    prop_assert_eq!(whole.1, left.1 + right.writes);
                }
                Action::Load { .. } | Action::Record { .. } => {}
            }
        }
    }

    /// Whatever the numbers, nothing panics, and a prefix breaks no rule but that it ends.
    #[test]
    fn any_numbers_give_a_valid_prefix(
        n in any_size(64), c in any_size(64), trajectory in any_trajectory(),
    ) {
        let schedule = Revolve::with_trajectory(n, c, trajectory).unwrap();
        let memory = MemoryModel::slots(schedule.slots());
        match replay(n, &memory, schedule.take(1000)) {
            Ok(report) => prop_assert!(report.actions <= 1000),
            Err(error) => {
                prop_assert_eq!(&error.action, &None);
                let unfinished = matches!(error.rule, BrokenRule::NotReversed { .. });
                prop_assert!(unfinished, "{}", error);
            }
        }
    }
}

/// The state of the game that a schedule plays: where the model is, which states are stored
/// (as bits), and how many steps are left to reverse.
type Position = (Option<u64>, u32, u64);

/// Least `(advances, writes)` of any schedule that records one step at a time, by Dijkstra's
/// algorithm over all positions: knows nothing of binomials.
fn least_costs(n: u64, c: u64) -> (u64, u64) {
    let start: Position = (Some(0), 0, n);
    let mut best = BTreeMap::from([(start, (0, 0))]);
    let mut queue = BinaryHeap::from([Reverse(((0, 0), start))]);
    while let Some(Reverse((cost, position))) = queue.pop() {
        let (at, stored, left) = position;
        if left == 0 {
            return cost;
        }
        if best[&position] < cost {
            continue;
        }
        let (advances, writes) = cost;
        let mut moves = Vec::new();
        if let Some(at) = at {
            if at + 1 < left {
                moves.push(((advances + 1, writes), (Some(at + 1), stored, left)));
            } else {
                moves.push((cost, (None, stored, left - 1)));
            }
            if stored & (1 << at) == 0 && u64::from(stored.count_ones()) < c {
                moves.push(((advances, writes + 1), (Some(at), stored | 1 << at, left)));
            }
        }
        for step in (0..n).filter(|step| stored & (1 << step) != 0) {
            let without = stored & !(1 << step);
            moves.push((cost, (at, without, left)));
            if step < left {
                moves.push((cost, (Some(step), stored, left)));
            }
        }
        for (cost, next) in moves {
            if best.get(&next).is_none_or(|&known| cost < known) {
                best.insert(next, cost);
                queue.push(Reverse((cost, next)));
            }
        }
    }
    panic!("{n} steps should be reversible with {c} snapshots")
}

#[test]
fn no_schedule_of_small_problems_is_better() {
    for n in 1..=9 {
        for c in 1..=n {
            let costs = Costs::revolve(n, c).unwrap();
            assert_eq!((costs.advances, costs.writes), {
                let (advances, writes) = least_costs(n, c);
                (advances.into(), writes)
            });
        }
    }
}

#[test]
fn one_step_needs_no_snapshot() {
    let one = [Action::Record { steps: 0..1 }, Action::Reverse { steps: 0..1 }];
    for c in [0, 1, 5, u64::MAX] {
        assert_eq!(Revolve::new(1, c).unwrap().collect::<Vec<_>>(), one);
    }
    assert_eq!(StoreAll::new(1).collect::<Vec<_>>(), one);
}

#[test]
fn no_steps_need_no_action() {
    assert_eq!(Revolve::new(0, 3).unwrap().next(), None);
    assert_eq!(StoreAll::new(0).next(), None);
}

#[test]
fn two_steps_without_a_snapshot_are_an_error() {
    let error = Revolve::new(2, 0).unwrap_err();
    assert_eq!(error, ScheduleError::NoSnapshots { steps: 2 });
    assert!(error.to_string().starts_with("2 steps cannot be reversed without a snapshot"));
}

#[test]
fn finished_schedules_stay_finished() {
    let (mut revolve, mut store_all) = (Revolve::new(4, 2).unwrap(), StoreAll::new(4));
    assert!(revolve.by_ref().count() > 0 && store_all.by_ref().count() == 2);
    assert_eq!((revolve.next(), store_all.next()), (None, None));
}

#[test]
fn store_all_recomputes_nothing() {
    let report = replay(1000, &MemoryModel::slots(0), StoreAll::new(1000)).unwrap();
    assert_eq!((report.advances, report.recorded, report.peak_recorded), (0, 1000, 1000));
    assert_eq!(StoreAll::new(1000).costs().recompute_factor(), 1.0);
}
