//! Schedules for multistage methods: every row of the reference table, the recurrences against
//! exhaustive search, and numbers too large to be run.

mod common;

use common::rows;
use proptest::prelude::*;
use retrograd_checkpoint::search::Search;
use retrograd_checkpoint::{
    Action, BrokenRule, Cams, MemoryModel, Method, Mixed, ScheduleError, replay,
};

const BOTH: [Method; 2] = [Method::General, Method::StifflyAccurate];

fn memory(slots: u64, stages: u64, method: Method) -> MemoryModel {
    let adjoint_restarts = method == Method::StifflyAccurate;
    MemoryModel { adjoint_restarts, ..MemoryModel::units(slots, 1, stages) }
}

/// Replays a schedule within its slots, compares the counts it states, and returns the extra
/// forward steps.
#[track_caller]
fn check(n: u64, slots: u64, stages: u64, method: Method) -> u64 {
    let schedule = Cams::new(n, slots, stages, method).unwrap();
    assert_eq!((schedule.steps(), schedule.slots()), (n, slots));
    let (total, extra) = (schedule.total_forward(), schedule.extra_forward());
    let report = replay(n, &memory(slots, stages, method), schedule).unwrap();
    assert_eq!(u128::from(report.total_forward()), total, "{n} {slots} {stages} {method:?}");
    assert_eq!(extra, total - u128::from(n));
    assert!(report.peak_recorded <= 1);
    report.total_forward() - n
}

#[test]
fn schedules_cost_what_the_table_says() {
    let columns = ["n", "s", "l", "stiff", "cams_peer_extra", "own_opt_extra"];
    let rows = rows::<[u64; 6]>(include_str!("data/f_cams.json"), &columns);
    assert_eq!(rows.len(), 880);
    for [n, slots, stages, stiff, published, extra] in rows {
        assert_eq!(check(n, slots, stages, BOTH[stiff as usize]), extra, "{n} {slots} {stages}");
        assert!(extra <= published);
    }
}

#[test]
fn no_schedule_of_small_problems_is_better() {
    for method in BOTH {
        for stages in 1..=3 {
            for slots in 1..=5 {
                let search = Search::total_forward(memory(slots, stages, method));
                let search = search.storing_adjoint_data();
                for n in 1..=7 {
                    let best = search.best(n).unwrap().expect("one slot should do").cost;
                    let ours = Cams::new(n, slots, stages, method).unwrap().total_forward();
                    assert_eq!(ours as f64, best, "{n} {slots} {stages} {method:?}");
                }
            }
        }
    }
}

/// In general, they are mixed schedules; with a method of one stage, in closed form.
#[test]
fn general_methods_are_mixed_schedules() {
    for (n, slots, stages) in [(40, 7, 3), (1000, 10, 1)] {
        let ours = Cams::new(n, slots, stages, Method::General).unwrap();
        assert!(ours.eq(Mixed::new(n, slots, 1, stages).unwrap()));
    }
}

#[test]
fn stages_that_restart_are_never_worse() {
    for n in 2..40 {
        for slots in 1..20 {
            for stages in 1..5 {
                let [general, stiff] = BOTH.map(|method| check(n, slots, stages, method));
                assert!(stiff <= general, "{n} {slots} {stages}");
            }
        }
    }
}

/// Every discard directly follows a load of the same data.
#[test]
fn discards_are_hand_overs() {
    for method in BOTH {
        let actions: Vec<Action> = Cams::new(80, 11, 3, method).unwrap().collect();
        let mut discards = 0;
        for pair in actions.windows(2) {
            if let Action::Discard { kind, step, tier } = pair[1] {
                assert_eq!(pair[0], Action::Load { kind, step, tier });
                discards += 1;
            }
        }
        assert!(discards > 0);
    }
}

/// Sizes of every magnitude up to `2^bits`.
fn any_size(bits: u32) -> impl Strategy<Value = u64> {
    (0..bits).prop_flat_map(|log2| (1_u64 << log2)..=(1 << log2) + ((1 << log2) - 1))
}

proptest! {
    #[test]
    fn schedules_are_valid_and_cost_the_recurrence(
        n in 1_u64..200, slots in 1_u64..40, stages in 1_u64..8, stiff in 0_usize..2,
    ) {
        check(n, slots, stages, BOTH[stiff]);
    }

    /// Whatever the numbers: a schedule whose prefix breaks no rule, or an error.
    #[test]
    fn any_numbers_give_a_valid_prefix_or_an_error(
        n in any_size(64), slots in any_size(64), stages in any_size(64), stiff in 0_usize..2,
    ) {
        // A long recurrence.
        prop_assume!(!(300..1 << 29).contains(&n) && !(300..1 << 29).contains(&slots));
        match Cams::new(n, slots, stages, BOTH[stiff]) {
            Ok(schedule) => {
                let memory = memory(slots, stages, BOTH[stiff]);
                if let Err(error) = replay(n, &memory, schedule.take(500)) {
                    let unfinished = matches!(error.rule, BrokenRule::NotReversed { .. });
                    prop_assert!(unfinished && error.action.is_none(), "{}", error);
                }
            }
            Err(error) => {
                let large = matches!(error, ScheduleError::TableTooLarge { .. });
                prop_assert!(large, "{}", error);
            }
        }
    }
}

#[test]
fn the_largest_numbers_are_a_schedule_or_an_error() {
    const MAX: u64 = u64::MAX;
    for n in [1 << 32, MAX - 1, MAX] {
        let error = Cams::new(n, 10, 3, Method::StifflyAccurate).unwrap_err();
        assert!(matches!(error, ScheduleError::TableTooLarge { .. }), "{error}");
        let closed = Cams::new(n, 10, 1, Method::General).unwrap();
        assert!(closed.extra_forward() > n.into());
        for method in BOTH {
            assert_eq!(Cams::new(n, MAX, 1, method).unwrap().extra_forward(), 0);
        }
    }
}

#[test]
fn numbers_beyond_the_small_table_are_exact() {
    // One slot, and stages that do not fit: store-none, whose count takes more than 30 bits.
    let n = 47_000;
    let schedule = Cams::new(n, 1, 2, Method::StifflyAccurate).unwrap();
    assert_eq!(schedule.extra_forward(), u128::from(n * (n - 1) / 2));
}

#[test]
fn too_little_is_an_error_with_the_minimum() {
    for method in BOTH {
        let text = |n, slots, stages| Cams::new(n, slots, stages, method).unwrap_err().to_string();
        let found = text(2, 0, 3);
        assert_eq!(
            found,
            "the number of slots is 0, but must be at least 1\n  help: allow at least 1"
        );
        assert!(text(9, 9, 0).starts_with("the number of stages is 0"));
        let one = [Action::Record { steps: 0..1 }, Action::Reverse { steps: 0..1 }];
        assert_eq!(Cams::new(1, 0, 3, method).unwrap().collect::<Vec<_>>(), one);
        assert_eq!(Cams::new(0, 0, 3, method).unwrap().next(), None);
    }
}
