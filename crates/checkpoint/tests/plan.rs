//! The planner: each branch of its rule, and the promise of the budget.

use proptest::prelude::*;
use retrograd_checkpoint::{
    MemoryModel, Plan, PlanError, ScheduleError, Strategy as Choice, TierLimit, Workload, replay,
};

/// 100 steps; store-all takes 10 + 5 + 100 * 2 = 215 bytes with one worker.
const SMALL: Workload = Workload {
    steps: 100,
    snapshot_bytes: 7,
    adjoint_bytes: 2,
    worker_bytes: 5,
    shared_bytes: 10,
    jobs: 8,
    concurrency: 4,
};

#[track_caller]
fn check(workload: Workload, budget: Option<u64>, strategy: Choice, concurrency: u64) -> Plan {
    let plan = workload.plan(budget).unwrap();
    assert_eq!((plan.strategy, plan.concurrency), (strategy, concurrency));
    assert!(budget.is_none_or(|budget| plan.predicted_peak_bytes <= budget));
    plan
}

#[test]
fn no_budget_stores_all_at_the_wanted_concurrency() {
    let plan = check(SMALL, None, Choice::StoreAll, 4);
    assert_eq!(plan.predicted_peak_bytes, 10 + 4 * 205);
    assert_eq!((plan.recompute_factor, plan.slots()), (1.0, 0));
    assert_eq!(plan.makespan_steps, 2 * 200);
}

#[test]
fn store_all_is_kept_with_fewer_workers_down_to_one() {
    check(SMALL, Some(830), Choice::StoreAll, 4);
    check(SMALL, Some(829), Choice::StoreAll, 3);
    check(SMALL, Some(420), Choice::StoreAll, 2);
    check(SMALL, Some(419), Choice::StoreAll, 1);
    check(SMALL, Some(215), Choice::StoreAll, 1);
}

/// One byte less than store-all needs leaves 204 bytes for the workers: one worker would keep
/// 28 snapshots, two 13, and four keep 6, which is fastest.
#[test]
fn revolve_balances_workers_and_snapshots() {
    let plan = check(SMALL, Some(214), Choice::Revolve { snapshots: 6 }, 4);
    assert_eq!(plan.predicted_peak_bytes, 10 + 4 * (5 + 6 * 7 + 2));
    assert_eq!((plan.parts.snapshots, plan.parts.adjoint), (4 * 6 * 7, 4 * 2));
    // C(9, 6) = 84 < 100 <= C(10, 6) = 210, hence r = 4 and 4 * 100 - C(10, 7) advances per job;
    // 100 recorded and 100 reversed steps; 8 jobs on 4 workers.
    assert_eq!(plan.makespan_steps, 2 * ((400 - 120) + 100 + 100));
    assert_eq!(plan.recompute_factor, 3.8);
}

/// 28 bytes keep two workers with 1 snapshot each, 99 * 100 / 2 advances per job, or one worker
/// with 3 snapshots: C(9, 3) = 84 < 100 <= C(10, 3) = 120, hence r = 7 and 7 * 100 - C(10, 4)
/// advances. One worker does all jobs sooner.
#[test]
fn concurrency_falls_when_recomputation_costs_more() {
    let plan = check(SMALL, Some(10 + 28), Choice::Revolve { snapshots: 3 }, 1);
    let two_workers = Workload { concurrency: 2, ..SMALL };
    let other = two_workers.plan_with(Choice::Revolve { snapshots: 1 }, Some(10 + 28)).unwrap();
    assert_eq!((plan.makespan_steps, other.makespan_steps), (8 * (490 + 200), 4 * (4950 + 200)));
}

/// Five jobs on four workers take two rounds, and so they do on three: the fourth worker's
/// memory is better spent on snapshots.
#[test]
fn workers_that_save_no_round_are_not_planned() {
    let workload = Workload { jobs: 5, ..SMALL };
    check(workload, Some(214), Choice::Revolve { snapshots: 8 }, 3);
}

/// Only distinct numbers of rounds are tried, not four thousand million concurrencies.
///
/// With so many jobs the best of `k` workers has most jobs done per step, `k / (advances + 200)`:
/// 204 bytes are 7 workers with 3 snapshots, 7 / 690; then 5 with 4, 5 / 574; 9 with 2, 9 / 1045.
#[test]
fn many_jobs_are_planned_at_once() {
    let many = u64::from(u32::MAX);
    let workload = Workload { jobs: many, concurrency: many, ..SMALL };
    check(workload, Some(214), Choice::Revolve { snapshots: 3 }, 7);
}

#[test]
fn concurrency_never_exceeds_the_jobs_and_is_never_zero() {
    check(Workload { jobs: 2, ..SMALL }, None, Choice::StoreAll, 2);
    check(Workload { concurrency: 0, ..SMALL }, None, Choice::StoreAll, 1);
    check(Workload { jobs: 0, ..SMALL }, Some(100), Choice::Revolve { snapshots: 11 }, 1);
}

#[test]
fn snapshots_never_exceed_what_the_steps_can_use() {
    // Adjoint data are large, snapshots are free.
    let workload = Workload { adjoint_bytes: 50, snapshot_bytes: 0, ..SMALL };
    let plan = check(workload, Some(1000), Choice::Revolve { snapshots: 99 }, 4);
    assert_eq!(plan.actions().count() as u64, 99 + 99 + 2 * 100 + 99 + 99);
    let forced = SMALL.plan_with(Choice::Revolve { snapshots: 5000 }, None).unwrap();
    assert_eq!(forced.strategy, Choice::Revolve { snapshots: 99 });
}

#[test]
fn a_budget_that_is_too_small_names_the_least() {
    // 10 shared, 5 worker, 7 snapshot, 2 adjoint data of the one recorded step.
    check(SMALL, Some(24), Choice::Revolve { snapshots: 1 }, 1);
    assert_eq!(SMALL.minimum_bytes(), 24);
    let error = SMALL.plan(Some(23)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "a budget of 23 B is too small: the least is 24 B (1 worker, Revolve with 1 snapshot)\n  \
         help: raise the budget, or make the problem smaller"
    );
    assert!(matches!(error, PlanError::BudgetTooSmall { budget: 23, minimum: 24, .. }));
}

#[test]
fn store_all_is_the_least_when_snapshots_are_large() {
    let workload = Workload { snapshot_bytes: 1000, ..SMALL };
    assert_eq!(workload.minimum_bytes(), 215);
    let error = workload.plan(Some(214)).unwrap_err().to_string();
    assert!(error.contains("the least is 215 B (1 worker, store-all)"), "{error}");
}

#[test]
fn a_forced_strategy_is_only_checked() {
    let revolve = Choice::Revolve { snapshots: 2 };
    let plan = SMALL.plan_with(revolve, Some(10_000)).unwrap();
    assert_eq!((plan.strategy, plan.concurrency), (revolve, 4));
    assert_eq!(plan.predicted_peak_bytes, 10 + 4 * 21);
    let error = SMALL.plan_with(revolve, Some(60)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "Revolve with 2 snapshots, 4 jobs at a time, needs 94 B, more than the budget of 60 B\n  \
         help: it fits with 2"
    );
    let error = SMALL.plan_with(Choice::StoreAll, Some(60)).unwrap_err().to_string();
    assert!(
        error.ends_with("it does not fit with 1 either: keep fewer snapshots, or raise the budget")
    );
    let error = SMALL.plan_with(Choice::Revolve { snapshots: 0 }, None).unwrap_err();
    assert_eq!(error, PlanError::Schedule(ScheduleError::NoSnapshots { steps: 100 }));
}

#[test]
fn plans_print_as_a_table() {
    let workload = Workload {
        steps: 3000,
        snapshot_bytes: 48 << 20,
        adjoint_bytes: 16 << 20,
        worker_bytes: 100 << 20,
        shared_bytes: 256 << 20,
        jobs: 64,
        concurrency: 4,
    };
    let plan = workload.plan(Some(4 << 30)).unwrap();
    let expected = "\
strategy     Revolve with 17 snapshots
concurrency  4 of 4
recompute    4.56 forward steps per step
shared         256.00 MiB
workers        400.00 MiB
snapshots        3.19 GiB
adjoint data    64.00 MiB
peak             3.89 GiB
budget           4.00 GiB";
    assert_eq!(plan.to_string(), expected);
}

#[test]
fn numbers_beyond_u64_neither_panic_nor_fit() {
    let huge = Workload {
        steps: u64::MAX,
        snapshot_bytes: u64::MAX,
        adjoint_bytes: u64::MAX,
        worker_bytes: u64::MAX,
        shared_bytes: u64::MAX,
        jobs: u64::MAX,
        concurrency: 1000,
    };
    assert_eq!(huge.plan(None).unwrap().predicted_peak_bytes, u64::MAX);
    assert!(matches!(huge.plan(Some(u64::MAX)), Err(PlanError::BudgetTooSmall { .. })));
    assert!(huge.plan_with(Choice::Revolve { snapshots: u64::MAX }, Some(u64::MAX)).is_err());
}

fn any_workload() -> impl Strategy<Value = Workload> {
    let sizes = (0_u64..120, 0_u64..50, 0_u64..50, 0_u64..50, 0_u64..50);
    (sizes, 0_u64..12, 0_u64..8).prop_map(|(sizes, jobs, concurrency)| {
        let (steps, snapshot_bytes, adjoint_bytes, worker_bytes, shared_bytes) = sizes;
        Workload {
            steps,
            snapshot_bytes,
            adjoint_bytes,
            worker_bytes,
            shared_bytes,
            jobs,
            concurrency,
        }
    })
}

/// The rule of the planner as a search over everything.
fn best_makespan(workload: &Workload, budget: u64) -> Option<u128> {
    let most = workload.concurrency.min(workload.jobs).max(1);
    let fits = |choice, concurrency| {
        Workload { concurrency, ..*workload }
            .plan_with(choice, Some(budget))
            .ok()
            .map(|plan| plan.makespan_steps)
    };
    let store_all = (1..=most).rev().find_map(|k| fits(Choice::StoreAll, k));
    store_all.or_else(|| {
        let snapshots = workload.steps.saturating_sub(1).min(1)..workload.steps.max(1);
        let all = snapshots.flat_map(|snapshots| (1..=most).map(move |k| (snapshots, k)));
        all.filter_map(|(snapshots, k)| fits(Choice::Revolve { snapshots }, k)).min()
    })
}

proptest! {
    #[test]
    fn plans_follow_the_rule_and_keep_the_budget(
        workload in any_workload(), budget in 0_u64..3000,
    ) {
        let best = best_makespan(&workload, budget);
        match workload.plan(Some(budget)) {
            Ok(plan) => {
                prop_assert!(plan.predicted_peak_bytes <= budget);
                prop_assert!(budget >= workload.minimum_bytes());
                prop_assert_eq!(Some(plan.makespan_steps), best);
                let parts = plan.parts;
                let sum = parts.shared + parts.workers + parts.snapshots + parts.adjoint;
                prop_assert_eq!(plan.predicted_peak_bytes, sum);
            }
            Err(PlanError::BudgetTooSmall { minimum, .. }) => {
                prop_assert_eq!(best, None);
                prop_assert!(budget < minimum);
                prop_assert!(workload.plan(Some(minimum)).is_ok());
            }
            Err(error) => prop_assert!(false, "{}", error),
        }
    }

    /// What was planned is what a replay needs, to the byte: snapshots fill their slots, and one
    /// step is recorded on top.
    #[test]
    fn the_replayed_peak_is_within_the_predicted_one(
        workload in any_workload(), budget in 0_u64..3000,
    ) {
        if let Ok(plan) = workload.plan(Some(budget)) {
            let stored = plan.parts.snapshots / plan.concurrency;
            let tier = TierLimit { slots: Some(plan.slots()), bytes: Some(stored) };
            let (restart, adjoint) = (workload.snapshot_bytes, workload.adjoint_bytes);
            let memory = MemoryModel::new(vec![tier], restart, adjoint);
            let report = replay(plan.steps, &memory, plan.actions()).unwrap();
            prop_assert_eq!(report.tiers[0].peak_bytes, stored);
            let per_worker = (plan.predicted_peak_bytes - workload.shared_bytes) / plan.concurrency;
            prop_assert!(report.peak_bytes + workload.worker_bytes <= per_worker);
            let factor = report.total_forward() as f64 / workload.steps.max(1) as f64;
            prop_assert!(workload.steps == 0 || plan.recompute_factor == factor);
        }
    }
}
