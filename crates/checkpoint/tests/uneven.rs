//! Steps that are not alike: exhaustive search, the recurrences as written, and the laws of the
//! schedules at sizes that neither reaches.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::iter::FusedIterator;

use proptest::prelude::*;
use retrograd_checkpoint::{
    Action, CostModel, Costs, PerStep, Revolve, ScheduleError, UnevenOptions, UnevenSchedule,
    UnevenSteps, replay,
};

fn steps(forward: Vec<f64>, restart_bytes: Vec<u64>) -> UnevenSteps {
    let restart_bytes = PerStep::Each(restart_bytes);
    UnevenSteps { forward, adjoint: PerStep::Uniform(2.0), restart_bytes }
}

/// Replays a schedule and adds up its costs; returns that of the advances. Costs are integers, so
/// that sums are exact in any order.
#[track_caller]
fn check(steps: &UnevenSteps, schedule: &UnevenSchedule) -> f64 {
    let report = replay(steps.steps(), schedule.memory(), schedule.actions()).unwrap();
    assert_eq!(report.recorded, steps.steps());
    assert_eq!(report.peak_recorded, u64::from(steps.steps() > 0));
    let forward = PerStep::Each(steps.forward.clone());
    let adjoint = steps.adjoint.clone();
    let cost = CostModel { forward, adjoint, tiers: Vec::new() };
    assert_eq!(cost.makespan(schedule.actions()), schedule.makespan());
    assert!(schedule.lower_bound() <= schedule.persistent_lower_bound());
    assert!(schedule.persistent_lower_bound() <= schedule.makespan());
    schedule.advance_cost()
}

/// The least cost of advances of any schedule, by Dijkstra's algorithm over stored states, the
/// working state and the steps left; states may be dropped at any time.
fn exhaustive(forward: &[f64], bytes: &[u64], capacity: u64) -> f64 {
    type Node = (u32, Option<usize>, usize);
    let size = |stored: u32| -> u64 {
        (0..forward.len()).filter(|i| stored >> i & 1 == 1).map(|i| bytes[i]).sum()
    };
    let start: Node = (0, Some(0), forward.len());
    let mut best: BTreeMap<Node, u64> = BTreeMap::from([(start, 0)]);
    let mut queue = BinaryHeap::from([Reverse((0, start))]);
    while let Some(Reverse((cost, node))) = queue.pop() {
        let (stored, at, left) = node;
        if left == 0 {
            return cost as f64;
        }
        if best[&node] < cost {
            continue;
        }
        let mut go = |next: Node, more: f64| {
            let cost = cost + more as u64;
            if best.get(&next).is_none_or(|&known| cost < known) {
                best.insert(next, cost);
                queue.push(Reverse((cost, next)));
            }
        };
        for i in (0..left).filter(|i| stored >> i & 1 == 1) {
            go((stored & !(1 << i), at, left), 0.0);
            go((stored, Some(i), left), 0.0);
        }
        let Some(at) = at else { continue };
        if size(stored | 1 << at) <= capacity {
            go((stored | 1 << at, Some(at), left), 0.0);
        }
        if at + 1 == left {
            go((stored, None, at), 0.0);
        } else if at + 1 < left {
            go((stored, Some(at + 1), left), forward[at]);
        }
    }
    f64::INFINITY
}

/// The recurrence as it is written down, over whole bytes besides the first state.
fn written(
    forward: &[f64],
    bytes: &[u64],
    (start, end, room): (usize, usize, u64),
    known: &mut BTreeMap<(usize, usize, u64), f64>,
) -> f64 {
    if let Some(&cost) = known.get(&(start, end, room)) {
        return cost;
    }
    let mut best = if end - start <= 1 { 0.0 } else { f64::INFINITY };
    let mut advances = 0.0;
    for next in start + 1..end {
        advances += forward[next - 1];
        let kept = if end - next == 1 { 0 } else { bytes[next] };
        if let Some(rest) = room.checked_sub(kept) {
            let right = written(forward, bytes, (next, end, rest), known);
            let left = written(forward, bytes, (start, next, room), known);
            best = best.min(advances + right + left);
        }
    }
    known.insert((start, end, room), best);
    best
}

/// Costs of every kind: alike, some zero, and few that are dear.
fn any_costs(steps: std::ops::RangeInclusive<usize>) -> impl Strategy<Value = Vec<f64>> {
    let cost = prop_oneof![4 => 0_u32..4, 4 => 1_u32..10, 1 => 20_u32..2000];
    prop::collection::vec(cost.prop_map(f64::from), steps)
}

fn any_uneven(steps: std::ops::RangeInclusive<usize>) -> impl Strategy<Value = UnevenSteps> {
    any_costs(steps).prop_flat_map(|forward| {
        let bytes = prop::collection::vec(1_u64..7, forward.len());
        bytes.prop_map(move |bytes| self::steps(forward.clone(), bytes))
    })
}

fn bytes(steps: &UnevenSteps) -> Vec<u64> {
    (0..steps.steps()).map(|step| steps.restart_bytes.at(step)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn slots_are_used_optimally(forward in any_costs(1..=8), slots in 1_u64..5) {
        let alike = vec![1; forward.len()];
        let steps = steps(forward, alike.clone());
        let schedule = steps.solve_slots(slots).unwrap();
        prop_assert!(schedule.proven_optimal());
        prop_assert_eq!(check(&steps, &schedule), exhaustive(&steps.forward, &alike, slots));
    }

    /// Restricting splits to the monotone ones, by the quadrangle inequality, loses nothing.
    #[test]
    fn monotone_splits_solve_the_recurrence(forward in any_costs(1..=40), slots in 1_u64..9) {
        let alike = vec![1; forward.len()];
        let whole = (0, forward.len(), slots - 1);
        let least = written(&forward, &alike, whole, &mut BTreeMap::new());
        let steps = steps(forward, alike);
        let by_slots = steps.solve_slots(slots).unwrap();
        prop_assert_eq!(check(&steps, &by_slots), least);
        // The same in bytes, all states being alike.
        let by_bytes = steps.solve_bytes(slots).unwrap();
        prop_assert_eq!(check(&steps, &by_bytes), least);
    }

    #[test]
    fn bytes_are_used_optimally_among_persistent_schedules(
        steps in any_uneven(1..=8), more in 0_u64..15,
    ) {
        let bytes = bytes(&steps);
        let capacity = bytes[0] + more;
        let schedule = steps.solve_bytes(capacity).unwrap();
        let cost = check(&steps, &schedule);
        let whole = (0, bytes.len(), more);
        prop_assert_eq!(cost, written(&steps.forward, &bytes, whole, &mut BTreeMap::new()));
        prop_assert_eq!(schedule.makespan(), schedule.persistent_lower_bound());
        let best = exhaustive(&steps.forward, &bytes, capacity);
        let adjoint = 2.0 * bytes.len() as f64;
        prop_assert!(schedule.lower_bound() <= best + adjoint && best <= cost);
    }

    /// Few levels and few groups: never beyond the capacity, never better than exact, and the
    /// bounds hold.
    #[test]
    fn coarse_tables_err_to_the_safe_side(
        steps in any_uneven(2..=30), more in 0_u64..60, levels in 1_u64..9, groups in 1_u64..9,
    ) {
        let capacity = steps.restart_bytes.at(0) + more;
        let exact = steps.solve_bytes(capacity).unwrap();
        let least = check(&steps, &exact);
        for groups in [None, Some(groups)] {
            let options = UnevenOptions { levels: Some(levels), groups };
            let coarse = steps.solve_bytes_with(capacity, options).unwrap();
            prop_assert!(check(&steps, &coarse) >= least);
            prop_assert!(coarse.persistent_lower_bound() <= exact.makespan());
        }
    }

    #[test]
    fn more_memory_never_costs_more(steps in any_uneven(1..=25)) {
        let slots = (1..12).map(|slots| steps.solve_slots(slots).unwrap().advance_cost());
        prop_assert!(slots.is_sorted_by(|a, b| a >= b));
        let first = steps.restart_bytes.at(0);
        let bytes = (0..40).map(|more| steps.solve_bytes(first + more).unwrap().advance_cost());
        prop_assert!(bytes.is_sorted_by(|a, b| a >= b));
        let last = steps.forward.len() - 1;
        let sweep: f64 = steps.forward[..last].iter().sum();
        let schedule = steps.solve_bytes(u64::MAX).unwrap();
        prop_assert_eq!(check(&steps, &schedule), sweep);
        prop_assert_eq!(check(&steps, &steps.solve_slots(u64::MAX).unwrap()), sweep);
    }
}

/// Iterators can be kept, copied on the way and sent to the thread that runs them.
#[test]
fn actions_are_resumable() {
    fn resumable<T: Clone + Send + FusedIterator<Item = Action> + 'static>(_: &T) {}
    let steps = irregular(30);
    let mut actions = steps.solve_slots(4).unwrap().actions();
    resumable(&actions);
    let all: Vec<Action> = actions.clone().collect();
    let first: Vec<Action> = actions.by_ref().take(17).collect();
    let rest: Vec<Action> = actions.clone().collect();
    assert_eq!([first, rest].concat(), all);
    assert_eq!(actions.by_ref().count(), all.len() - 17);
    assert_eq!(actions.next(), None);
}

/// Costs without pattern, by a linear congruence, one in sixteen of them dear.
fn irregular(count: usize) -> UnevenSteps {
    let mut state = 1_u64;
    let mut draw = |below: u64| {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 33) % below
    };
    let cost = |_| if draw(16) == 0 { 100.0 + draw(400) as f64 } else { 1.0 + draw(8) as f64 };
    let forward = (0..count).map(cost).collect();
    steps(forward, (0..count).map(|_| 50 + draw(100)).collect())
}

#[test]
fn steps_that_are_alike_take_what_revolve_takes() {
    for (count, slots) in [(1, 1), (2, 1), (30, 3), (200, 7), (300, 40), (300, 1), (64, 63)] {
        let alike = steps(vec![1.0; count], vec![8; count]);
        let costs = Costs::revolve(count as u64, slots).unwrap();
        let schedule = alike.solve_slots(slots).unwrap();
        assert_eq!(check(&alike, &schedule), costs.advances as f64);
        let by_bytes = alike.solve_bytes(8 * slots + 7).unwrap();
        assert_eq!(check(&alike, &by_bytes), costs.advances as f64);
    }
}

/// Too many steps for a table: the schedule is Revolve's, and the bound knows that it is optimal.
#[test]
fn the_bound_is_tight_where_steps_are_alike() {
    let alike = steps(vec![3.0; 50_000], vec![8; 50_000]);
    let schedule = alike.solve_slots(20).unwrap();
    assert_eq!(check(&alike, &schedule), 3.0 * Costs::revolve(50_000, 20).unwrap().advances as f64);
    assert!(schedule.proven_optimal());
}

/// Many steps, some of them dear: better than counting steps, and close to a bound that holds.
#[test]
fn groups_of_steps_beat_revolve() {
    let irregular = irregular(20_000);
    let forward = PerStep::Each(irregular.forward.clone());
    let cost = CostModel { forward, adjoint: PerStep::Uniform(2.0), tiers: Vec::new() };
    let schedule = irregular.solve_slots(15).unwrap();
    check(&irregular, &schedule);
    let even = cost.makespan(Revolve::new(20_000, 15).unwrap());
    assert!(schedule.makespan() < even, "{} {even}", schedule.makespan());
    let by_bytes = irregular.solve_bytes(15 * 100).unwrap();
    check(&irregular, &by_bytes);
    // As many of the largest states would fit as are stored here.
    let slots = 15 * 100 / 149;
    assert!(by_bytes.makespan() < cost.makespan(Revolve::new(20_000, slots).unwrap()));
}

/// Groups are exact where they are single steps; larger ones only lose.
#[test]
fn groups_of_single_steps_are_exact() {
    let irregular = irregular(120);
    let exact = irregular.solve_bytes(1000).unwrap();
    let least = check(&irregular, &exact);
    assert_eq!(exact.makespan(), exact.persistent_lower_bound());
    for groups in [1, 5, 20, 80, 120, 500] {
        let options = UnevenOptions { groups: Some(groups), levels: Some(1000) };
        let schedule = irregular.solve_bytes_with(1000, options).unwrap();
        let cost = check(&irregular, &schedule);
        assert!(cost >= least);
        assert_eq!(cost == least, groups >= 120, "{groups}");
    }
}

#[test]
fn extreme_inputs_are_refused_or_solved() {
    let two = steps(vec![1.0, 1.0], vec![8, 8]);
    assert_eq!(two.solve_slots(0).unwrap_err(), ScheduleError::NoSnapshots { steps: 2 });
    let what = "the capacity";
    assert_eq!(
        two.solve_bytes(7).unwrap_err(),
        ScheduleError::TooSmall { what, given: 7, minimum: 8 }
    );
    for options in [
        UnevenOptions { levels: Some(0), ..UnevenOptions::default() },
        UnevenOptions { groups: Some(0), ..UnevenOptions::default() },
    ] {
        let error = two.solve_bytes_with(9, options).unwrap_err();
        assert!(matches!(error, ScheduleError::Invalid { .. }));
    }
    for value in [-1.0, f64::INFINITY, f64::MAX] {
        let error = steps(vec![1.0, value], vec![8, 8]).solve_slots(1).unwrap_err();
        assert!(matches!(error, ScheduleError::InvalidCost { .. }), "{error}");
    }
    let none = steps(Vec::new(), Vec::new());
    assert_eq!(none.solve_slots(0).unwrap().actions().next(), None);
    assert_eq!(none.solve_bytes(0).unwrap().actions().next(), None);
    let one = steps(vec![5.0], vec![8]);
    for schedule in [one.solve_slots(0).unwrap(), one.solve_bytes(0).unwrap()] {
        let actions: Vec<Action> = schedule.actions().collect();
        assert_eq!(actions, [Action::Record { steps: 0..1 }, Action::Reverse { steps: 0..1 }]);
    }
    // States of no size, and sizes that overflow when added.
    let weightless = steps(vec![1.0; 9], vec![0; 9]);
    assert_eq!(check(&weightless, &weightless.solve_bytes(0).unwrap()), 8.0);
    let heavy = steps(vec![1.0; 9], (0..9).map(|i| u64::MAX - i).collect());
    assert_eq!(check(&heavy, &heavy.solve_bytes(u64::MAX).unwrap()), 36.0);
    let mixed = steps(vec![1.0; 9], vec![u64::MAX, 0, 0, 1, 0, 0, 1, 1, 0]);
    check(&mixed, &mixed.solve_bytes(u64::MAX).unwrap());
    let finest = UnevenOptions { levels: Some(u64::MAX), groups: None };
    let wide = steps(vec![1.0; 9], (0..9).map(|i| (1 << 40) + i).collect());
    let error = wide.solve_bytes_with(1 << 42, finest).unwrap_err();
    assert!(matches!(error, ScheduleError::TableTooLarge { .. }));
    check(&wide, &wide.solve_bytes(1 << 42).unwrap());
}
