//! The classic family: store-none, no-reuse, memory-reuse. Costs by replay and in closed form,
//! optimality by trying every placement, and numbers too large to be run.

use std::iter::FusedIterator;

use proptest::prelude::*;
use retrograd_checkpoint::{
    Action, BrokenRule, Cams, Costs, MemoryModel, MemoryReuse, Method, Mixed, Multistage, NoReuse,
    Report, Revolve, ScheduleError, StoreAll, StoreNone, TwoLevel, replay,
};

/// Replays a schedule within `slots` and compares all of its closed form.
#[track_caller]
fn check(
    steps: u64,
    slots: u64,
    costs: Costs,
    schedule: impl Iterator<Item = Action> + Clone,
) -> Report {
    let report = replay(steps, &MemoryModel::slots(slots), schedule.clone()).unwrap();
    assert_eq!(u128::from(report.advances), costs.advances, "{steps} {slots}");
    assert_eq!(u128::from(report.total_forward()), costs.total_forward, "{steps} {slots}");
    let tier = report.tiers[0];
    assert_eq!((tier.writes, tier.reads), (costs.writes, costs.reads), "{steps} {slots}");
    assert_eq!(tier.peak_slots, slots, "{steps} {slots}");
    assert!(report.peak_recorded <= 1);
    assert_eq!(most_advanced(steps, schedule), costs.repetitions, "{steps} {slots}");
    report
}

/// How often the step most often advanced is.
fn most_advanced(steps: u64, schedule: impl Iterator<Item = Action>) -> u64 {
    let mut times = vec![0; steps as usize];
    for action in schedule {
        if let Action::Advance { steps } = action {
            times[steps.start as usize..steps.end as usize].iter_mut().for_each(|t| *t += 1);
        }
    }
    times.into_iter().max().unwrap_or(0)
}

/// Advances with a snapshot at the start of each of these segments, of which segment `k` is
/// reversed with `slots(k)`, by definition: a run up to each step.
fn placement_costs(lengths: &[u64], slots: impl Fn(usize) -> u64) -> u128 {
    let reversed = |(k, &l): (usize, &u64)| Costs::revolve(l, slots(k)).unwrap().advances;
    let swept: u64 = lengths[..lengths.len() - 1].iter().sum();
    u128::from(swept) + lengths.iter().enumerate().map(reversed).sum::<u128>()
}

/// Every way to cut `steps` into segments of one step at least.
fn placements(steps: u64) -> impl Iterator<Item = Vec<u64>> {
    // Bit `i` cuts behind step `i`.
    (0_u64..1 << (steps - 1)).map(move |cuts| {
        let mut lengths = vec![1];
        for step in 0..steps - 1 {
            if cuts & (1 << step) == 0 {
                *lengths.last_mut().unwrap() += 1;
            } else {
                lengths.push(1);
            }
        }
        lengths
    })
}

/// Where the first sweep stores, as lengths.
fn first_sweep(steps: u64, schedule: impl Iterator<Item = Action>) -> Vec<u64> {
    let sweep = schedule.take_while(|action| !matches!(action, Action::Load { .. }));
    let mut starts: Vec<u64> = sweep
        .filter_map(|action| match action {
            Action::Store { step, .. } => Some(step),
            _ => None,
        })
        .collect();
    starts.push(steps);
    starts.windows(2).map(|pair| pair[1] - pair[0]).collect()
}

#[test]
fn no_placement_beats_no_reuse() {
    for n in 2..=11 {
        for c in 1..n {
            let ours = NoReuse::new(n, c).unwrap();
            let fitting = placements(n).filter(|lengths| lengths.len() as u64 <= c);
            let best = fitting.map(|lengths| placement_costs(&lengths, |_| 1)).min();
            assert_eq!(Some(ours.costs().advances), best, "{n} {c}");
            let lengths = first_sweep(n, ours);
            let (&least, &most) = (lengths.iter().min().unwrap(), lengths.iter().max().unwrap());
            assert!(most - least <= 1 && lengths.last() == Some(&most), "{lengths:?}");
        }
    }
}

/// The best placement for memory-reuse is the one that Revolve finds without looking.
#[test]
fn revolve_is_memory_reuse_with_the_best_placement() {
    for n in 2..=11 {
        for c in 1..n {
            let fitting = placements(n).filter(|lengths| lengths.len() as u64 == c);
            let best = fitting.map(|lengths| placement_costs(&lengths, |k| c - k as u64)).min();
            assert_eq!(Some(Costs::revolve(n, c).unwrap().advances), best, "{n} {c}");
        }
    }
}

#[test]
fn memory_reuse_sweeps_as_no_reuse_does() {
    for n in 2..60 {
        for c in 1..n {
            let lengths = first_sweep(n, MemoryReuse::new(n, c).unwrap());
            assert_eq!(lengths, first_sweep(n, NoReuse::new(n, c).unwrap()));
            let costs = MemoryReuse::new(n, c).unwrap().costs();
            assert_eq!(costs.advances, placement_costs(&lengths, |k| c - k as u64), "{n} {c}");
        }
    }
}

/// Store-all, Revolve, memory-reuse, no-reuse, store-none, in this order.
#[test]
fn the_classic_comparison_is_in_order() {
    for n in [2, 7, 100, 1_000_000] {
        for c in [1, 2, 6, 50].into_iter().filter(|&c| c < n) {
            let all = [
                StoreAll::new(n).costs(),
                Revolve::new(n, c).unwrap().costs(),
                MemoryReuse::new(n, c).unwrap().costs(),
                NoReuse::new(n, c).unwrap().costs(),
                StoreNone::new(n).costs(),
            ];
            assert!(all.is_sorted_by_key(|costs| costs.total_forward), "{n} {c}");
        }
    }
}

#[test]
fn small_schedules_cost_their_closed_form() {
    for n in 0_u64..45 {
        let slots = n.min(2).saturating_sub(1);
        let report = check(n, slots, StoreNone::new(n).costs(), StoreNone::new(n));
        assert_eq!(report.advances, n * n.saturating_sub(1) / 2);
        for c in 1..=n + 1 {
            let (none, reuse) = (NoReuse::new(n, c).unwrap(), MemoryReuse::new(n, c).unwrap());
            assert_eq!((none.slots(), none.steps()), (c.min(n.saturating_sub(1)), n));
            check(n, none.slots(), none.costs(), none);
            check(n, reuse.slots(), reuse.costs(), reuse);
        }
    }
}

/// Sizes of every magnitude up to `2^bits`.
fn any_size(bits: u32) -> impl Strategy<Value = u64> {
    (0..bits).prop_flat_map(|log2| (1_u64 << log2)..=(1 << log2) + ((1 << log2) - 1))
}

/// Replays a prefix: no rule is broken but that it ends.
fn check_prefix(
    steps: u64,
    slots: u64,
    schedule: impl Iterator<Item = Action>,
) -> Result<(), TestCaseError> {
    if let Err(error) = replay(steps, &MemoryModel::slots(slots), schedule.take(500)) {
        let unfinished = matches!(error.rule, BrokenRule::NotReversed { .. });
        prop_assert!(unfinished && error.action.is_none(), "{}", error);
    }
    Ok(())
}

proptest! {
    #[test]
    fn schedules_cost_their_closed_form(n in 1_u64..700, c in 1_u64..60) {
        let (none, reuse) = (NoReuse::new(n, c).unwrap(), MemoryReuse::new(n, c).unwrap());
        check(n, none.slots(), none.costs(), none);
        check(n, reuse.slots(), reuse.costs(), reuse);
    }

    /// Closed forms at sizes that nobody can run, against the sum over the segments.
    #[test]
    fn memory_reuse_costs_the_sum_of_its_segments(n in any_size(40), c in 1_u64..300) {
        let costs = MemoryReuse::new(n, c).unwrap().costs();
        let c = c.min(n - 1);
        prop_assume!(c > 0);
        let (m, q) = ((n - 1) / c, (n - 1) % c);
        let length = |k| if k < q || k + 1 == c { m + 1 } else { m };
        let part = |k| Costs::revolve(length(k), if k + 1 == c { 1 } else { c - k }).unwrap();
        let parts: Vec<Costs> = (0..c).map(part).collect();
        let advances: u128 = parts.iter().map(|costs| costs.advances).sum();
        prop_assert_eq!(costs.advances, advances + u128::from(n - (m + 1)));
        let writes: u64 = parts.iter().map(|costs| costs.writes.max(1)).sum();
        prop_assert_eq!(costs.writes, writes);
        let swept = parts[..c as usize - 1].iter().map(|costs| costs.repetitions + 1);
        prop_assert_eq!(costs.repetitions, swept.max().unwrap_or(0).max(m));
    }

    #[test]
    fn any_numbers_give_a_valid_prefix(n in any_size(64), c in any_size(64)) {
        let (none, reuse) = (NoReuse::new(n, c).unwrap(), MemoryReuse::new(n, c).unwrap());
        let best = Revolve::new(n, c).unwrap().costs().advances;
        prop_assert!(best <= reuse.costs().advances);
        prop_assert!(reuse.costs().advances <= none.costs().advances);
        prop_assert!(none.costs().advances <= StoreNone::new(n).costs().advances);
        check_prefix(n, none.slots(), none)?;
        check_prefix(n, reuse.slots(), reuse)?;
        check_prefix(n, 1, StoreNone::new(n))?;
    }
}

#[test]
fn the_largest_numbers_are_no_exception() {
    const MAX: u64 = u64::MAX;
    for n in [MAX, MAX - 1, 1 << 63, (1 << 32) + 1] {
        for c in [1, 2, 3, 1 << 31, 1 << 32, n - 2, n - 1, n, MAX] {
            let (none, reuse) = (NoReuse::new(n, c).unwrap(), MemoryReuse::new(n, c).unwrap());
            let (least, most) = (u128::from(n - 1), StoreNone::new(n).costs().advances);
            assert!((least..=most).contains(&none.costs().advances), "{n} {c}");
            assert!((least..=most).contains(&reuse.costs().advances), "{n} {c}");
            assert_eq!(none.take(100).count() + reuse.take(100).count(), 200);
        }
    }
}

#[test]
fn two_steps_without_a_snapshot_are_an_error() {
    let error = ScheduleError::NoSnapshots { steps: 2 };
    assert_eq!(NoReuse::new(2, 0).unwrap_err(), error);
    assert_eq!(MemoryReuse::new(2, 0).unwrap_err(), error);
    let one = [Action::Record { steps: 0..1 }, Action::Reverse { steps: 0..1 }];
    assert_eq!(NoReuse::new(1, 0).unwrap().collect::<Vec<_>>(), one);
    assert_eq!(MemoryReuse::new(1, 9).unwrap().collect::<Vec<_>>(), one);
    assert_eq!(StoreNone::new(1).collect::<Vec<_>>(), one);
}

#[test]
fn finished_schedules_stay_finished() {
    let (mut none, mut reuse) = (NoReuse::new(9, 3).unwrap(), MemoryReuse::new(9, 3).unwrap());
    assert!(none.by_ref().count() > 0 && reuse.by_ref().count() > 0);
    assert_eq!((none.next(), reuse.next()), (None, None));
    assert_eq!(NoReuse::new(0, 3).unwrap().next(), None);
    assert_eq!(StoreNone::new(0).next(), None);
}

/// A clone continues where the original is; schedules go to other threads.
#[test]
fn schedules_are_cloned_and_sent() {
    fn check<S: FusedIterator<Item = Action> + Clone + Send + 'static>(mut schedule: S) {
        assert_eq!(schedule.by_ref().take(7).count(), 7);
        let clone = schedule.clone();
        let there = std::thread::spawn(move || clone.collect::<Vec<_>>());
        assert!(there.join().unwrap().into_iter().eq(schedule));
    }
    check(StoreNone::new(30));
    check(NoReuse::new(30, 4).unwrap());
    check(MemoryReuse::new(30, 4).unwrap());
    check(TwoLevel::new(30, 7, 2).unwrap());
    check(Multistage::new(30, 2, 2).unwrap());
    check(Mixed::new(30, 4, 1, 1).unwrap());
    check(Mixed::new(30, 4, 1, 2).unwrap());
    check(Cams::new(30, 4, 2, Method::StifflyAccurate).unwrap());
}
