//! Mixed schedules: every row of the reference tables, the closed form against the recurrence
//! and against exhaustive search, and numbers too large to be run.

mod common;

use common::rows;
use proptest::prelude::*;
use retrograd_checkpoint::search::Search;
use retrograd_checkpoint::{
    Action, BrokenRule, Data, MemoryModel, Mixed, Report, Revolve, ScheduleError, replay,
};

/// Replays a schedule within its capacity and compares the count it states.
#[track_caller]
fn check(n: u64, capacity: u64, a: u64, b: u64) -> Report {
    let schedule = Mixed::new(n, capacity, a, b).unwrap();
    assert_eq!((schedule.steps(), schedule.capacity()), (n, capacity));
    let total = schedule.total_forward();
    let report = replay(n, &MemoryModel::units(capacity, a, b), schedule).unwrap();
    assert_eq!(u128::from(report.total_forward()), total, "{n} {capacity} {a} {b}");
    assert!(report.peak_recorded <= 1);
    report
}

/// The recurrence as it is written down, over all capacities up to `capacity`; `None` is
/// impossible.
fn recurrence(n: usize, capacity: usize, a: usize, b: usize) -> Vec<Vec<Option<u64>>> {
    let mut e: Vec<Vec<Option<u64>>> = Vec::new();
    for c in 0..=capacity {
        let mut row: Vec<Option<u64>> = vec![Some(0), Some(1)];
        for n in 2..=n {
            let kept = c.checked_sub(b).and_then(|left| Some(1 + e[left][n - 1]?));
            let split = |i: usize| Some(i as u64 + e[c.checked_sub(a)?][n - i]? + row[i]?);
            row.push((1..n).filter_map(split).chain(kept).min());
        }
        e.push(row);
    }
    e
}

#[test]
fn equal_sizes_cost_what_the_table_says() {
    let columns = ["n", "s", "total_forward", "revolve_total_forward"];
    let rows = rows::<[u64; 4]>(include_str!("data/c_mixed.json"), &columns);
    assert_eq!(rows.len(), 464);
    for [n, s, total, of_revolve] in rows {
        assert_eq!(check(n, s, 1, 1).total_forward(), total, "{n} {s}");
        assert_eq!(check(n, 7 * s + 3, 7, 7).total_forward(), total, "{n} {s}");
        let revolve = Revolve::new(n, s).unwrap().costs();
        assert_eq!(revolve.total_forward, of_revolve.into());
    }
}

#[test]
fn unequal_sizes_cost_what_the_table_says() {
    let columns = ["n", "S", "a", "b", "total_forward"];
    let rows = rows::<[u64; 5]>(include_str!("data/c_mixed_unequal_own.json"), &columns);
    assert_eq!(rows.len(), 120);
    for [n, capacity, a, b, total] in rows {
        assert_eq!(check(n, capacity, a, b).total_forward(), total, "{n} {capacity} {a} {b}");
    }
}

#[test]
fn the_closed_form_solves_the_recurrence() {
    let e = recurrence(300, 40, 1, 1);
    for n in 2..=300 {
        for s in 1..=40 {
            let ours = Mixed::new(n, s, 1, 1).unwrap().total_forward();
            assert_eq!(Some(ours), e[s as usize][n as usize].map(u128::from), "{n} {s}");
        }
    }
}

#[test]
fn the_table_solves_the_recurrence() {
    for (a, b) in [(1, 2), (2, 1), (1, 5), (5, 1), (3, 2), (2, 3), (4, 6), (1, 30)] {
        let e = recurrence(150, 24, a, b);
        for (capacity, row) in (0_u64..).zip(&e) {
            for n in [2, 3, 10, 64, 65, 66, 129, 150] {
                let found = Mixed::new(n as u64, capacity, a as u64, b as u64);
                match row[n] {
                    Some(total) => assert_eq!(found.unwrap().total_forward(), total.into()),
                    None => assert!(matches!(found, Err(ScheduleError::TooSmall { .. }))),
                }
            }
        }
    }
}

#[test]
fn no_schedule_of_small_problems_is_better() {
    for (a, b) in [(1, 1), (1, 2), (2, 1), (2, 3), (3, 2), (1, 3)] {
        for capacity in 1..=6 {
            let memory = MemoryModel::units(capacity, a, b);
            let search = Search::total_forward(memory).storing_adjoint_data();
            for n in 1..=7 {
                let best = search.best(n).unwrap();
                match Mixed::new(n, capacity, a, b) {
                    Ok(schedule) => {
                        let found = best.expect("ours is a schedule").cost;
                        assert_eq!(schedule.total_forward() as f64, found, "{n} {capacity}");
                    }
                    Err(error) => {
                        assert_eq!(best, None, "{n} {capacity} {error}");
                        let ScheduleError::TooSmall { minimum, given, .. } = error else {
                            panic!("{error}")
                        };
                        assert!(given == capacity && minimum > capacity);
                        check(n, minimum, a, b);
                    }
                }
            }
        }
    }
}

/// Restart data stay stored between two runs from them, and discards are hand-overs.
#[test]
fn data_are_discarded_directly_after_their_last_load() {
    for (a, b) in [(1, 1), (1, 2), (3, 1)] {
        let actions: Vec<Action> = Mixed::new(90, 7, a, b).unwrap().collect();
        for pair in actions.windows(2) {
            if let Action::Discard { kind, step, tier } = pair[1] {
                assert_eq!(pair[0], Action::Load { kind, step, tier });
            }
            if let Action::Load { .. } = pair[1] {
                assert!(matches!(pair[0], Action::Reverse { .. }), "{}", pair[0]);
            }
        }
        let restarts =
            |action: &&Action| matches!(action, Action::Store { kind: Data::Restart, step: 0, .. });
        assert_eq!(actions.iter().filter(restarts).count(), 1, "{a} {b}");
    }
}

#[test]
fn enough_capacity_recomputes_nothing() {
    for (a, b) in [(1, 1), (9, 2), (1, 3)] {
        let report = check(40, 39 * b, a, b);
        assert_eq!((report.advances, report.recorded), (0, 40));
        assert!(check(40, 39 * b - 1, a, b).total_forward() > 40);
    }
}

/// Sizes of every magnitude up to `2^bits`.
fn any_size(bits: u32) -> impl Strategy<Value = u64> {
    (0..bits).prop_flat_map(|log2| (1_u64 << log2)..=(1 << log2) + ((1 << log2) - 1))
}

/// Replays a prefix: no rule is broken but that it ends.
fn check_prefix(schedule: Mixed, a: u64, b: u64) -> Result<(), TestCaseError> {
    let (n, memory) = (schedule.steps(), MemoryModel::units(schedule.capacity(), a, b));
    if let Err(error) = replay(n, &memory, schedule.take(500)) {
        let unfinished = matches!(error.rule, BrokenRule::NotReversed { .. });
        prop_assert!(unfinished && error.action.is_none(), "{}", error);
    }
    Ok(())
}

proptest! {
    #[test]
    fn equal_sizes_are_valid_and_cost_the_closed_form(n in 1_u64..1500, s in 1_u64..80) {
        check(n, s, 1, 1);
    }

    #[test]
    fn unequal_sizes_are_valid_and_cost_the_recurrence(
        n in 2_u64..200, capacity in 1_u64..40, a in 1_u64..9, b in 1_u64..9,
    ) {
        let least = a.min(b.saturating_mul(n - 1));
        check(n, capacity.max(least), a, b);
    }

    /// Each split costs what the parts and the run between them cost, at sizes that nobody can
    /// run: large schedules are as optimal as the closed form.
    #[test]
    fn every_choice_attains_the_closed_form(n in any_size(40), s in any_size(40)) {
        let total = |n, s| Mixed::new(n, s, 1, 1).unwrap().total_forward();
        let (mut free, mut end) = (s, n);
        for action in Mixed::new(n, s, 1, 1).unwrap().take(1000) {
            match action {
                Action::Store { kind: Data::Adjoint, step, .. } => {
                    free -= 1;
                    let (whole, left) = (total(end - step, free + 1), end - step - 1);
                    prop_assert_eq!(whole, 1 + total(left, free));
                }
                Action::Store { .. } => free -= 1,
                Action::Discard { .. } => free += 1,
                Action::Reverse { steps } => end = steps.start,
                Action::Advance { steps } => {
                    let (whole, i) = (end - steps.start, steps.end - steps.start);
                    let parts = total(i, free + 1) + total(whole - i, free);
                    prop_assert_eq!(total(whole, free + 1), u128::from(i) + parts);
                }
                Action::Load { .. } | Action::Record { .. } => {}
            }
        }
    }

    /// Mixed is never worse than Revolve, and a slot more never costs more.
    #[test]
    fn more_slots_never_cost_more(n in 2_u64..=u64::MAX, s in any_size(63)) {
        let mixed = Mixed::new(n, s, 1, 1).unwrap();
        prop_assert!(mixed.total_forward() <= Revolve::new(n, s).unwrap().costs().total_forward);
        prop_assert!(Mixed::new(n, s + 1, 1, 1).unwrap().total_forward() <= mixed.total_forward());
        prop_assert!(mixed.total_forward() >= n.into());
        check_prefix(mixed, 1, 1)?;
    }

    /// Whatever the numbers: a schedule whose prefix breaks no rule, or an error that says what
    /// to change.
    #[test]
    fn any_numbers_give_a_valid_prefix_or_an_error(
        n in any_size(64), capacity in any_size(64), a in any_size(64), b in any_size(64),
    ) {
        // A long recurrence.
        let long = (300..1 << 28).contains(&n);
        prop_assume!(a == b || !long);
        match Mixed::new(n, capacity, a, b) {
            Ok(schedule) => check_prefix(schedule, a, b)?,
            Err(ScheduleError::TooSmall { minimum, .. }) => {
                prop_assert!(minimum > capacity);
                prop_assert!(minimum == a || minimum == b.saturating_mul(n - 1));
            }
            Err(error) => {
                let large = matches!(error, ScheduleError::TableTooLarge { .. });
                prop_assert!(large, "{}", error);
            }
        }
    }
}

#[test]
fn the_largest_numbers_are_no_exception() {
    const MAX: u64 = u64::MAX;
    for n in [1 << 32, 1 << 63, MAX - 1, MAX] {
        for s in [1, 2, 3, 63, 64, 1 << 31, 1 << 32, 1 << 62, n - 2, n - 1, MAX] {
            let schedule = Mixed::new(n, s, 1, 1).unwrap();
            let revolve = Revolve::new(n, s).unwrap().costs().total_forward;
            let total = schedule.total_forward();
            assert!((u128::from(n)..=revolve).contains(&total), "{n} {s}");
            assert_eq!(schedule.take(100).count(), 100);
        }
        let error = Mixed::new(n, 5, 1, 2).unwrap_err();
        assert!(matches!(error, ScheduleError::TableTooLarge { .. }), "{error}");
        // All kept.
        assert_eq!(Mixed::new(n, MAX, MAX, 1).unwrap().total_forward(), n.into());
    }
}

#[test]
fn numbers_beyond_the_small_table_are_exact() {
    // One restart snapshot, and no room for adjoint data: store-none, whose count does not fit
    // into the 30 bits of the small table.
    let n = 47_000;
    let schedule = Mixed::new(n, 2, 2, 3).unwrap();
    assert_eq!(schedule.total_forward(), u128::from(n * (n - 1) / 2 + n));
}

#[test]
fn one_step_needs_no_capacity() {
    let one = [Action::Record { steps: 0..1 }, Action::Reverse { steps: 0..1 }];
    for (a, b) in [(1, 1), (2, 3)] {
        assert_eq!(Mixed::new(1, 0, a, b).unwrap().collect::<Vec<_>>(), one);
        let mut none = Mixed::new(0, 0, a, b).unwrap();
        assert_eq!((none.next(), none.next(), none.total_forward()), (None, None, 0));
    }
}

#[test]
fn too_little_is_an_error_with_the_minimum() {
    let error = Mixed::new(5, 2, 3, 4).unwrap_err();
    let text = "the capacity is 2, but must be at least 3\n  help: allow at least 3";
    assert_eq!(error.to_string(), text);
    let error = Mixed::new(3, 0, 9, 2).unwrap_err();
    assert!(matches!(error, ScheduleError::TooSmall { given: 0, minimum: 4, .. }), "{error}");
    for (a, b) in [(0, 1), (1, 0)] {
        let error = Mixed::new(3, 9, a, b).unwrap_err();
        assert!(matches!(error, ScheduleError::TooSmall { given: 0, minimum: 1, .. }), "{error}");
    }
}
