//! Plans for steps that are not alike: budgets are kept by the bytes of every step, nothing is
//! slower than what ignores that steps differ, and steps that are alike get the usual plan.

use std::path::PathBuf;

use proptest::prelude::*;
use proptest::strategy::Strategy as _;
use retrograd_checkpoint::plan::{CodecOffer, DiskOffer, Means, RunnerUp, Speeds, TierPlan};
use retrograd_checkpoint::simulate::{Machine, TierSpeed, simulate};
use retrograd_checkpoint::{
    MemoryModel, PerStep, Plan, PlanError, Report, Revolve, ScheduleError, Strategy, TierLimit,
    UnevenWorkload, Workload, replay,
};

const KIB: u64 = 1 << 10;
/// Of a step that is not dear; sums of these are exact.
const STEP: f64 = 1.0 / 1024.0;

/// One job of steps that are alike in time, with restart data of 2 KiB and adjoint data of 1 KiB.
fn job(steps: usize) -> UnevenWorkload {
    UnevenWorkload {
        forward_seconds: vec![STEP; steps],
        record_seconds: STEP.into(),
        reverse_seconds: STEP.into(),
        restart_seconds: 0.0,
        restart_bytes: (2 * KIB).into(),
        adjoint_bytes: KIB.into(),
        worker_bytes: 0,
        shared_bytes: 0,
        jobs: 1,
        concurrency: 1,
    }
}

fn means(stores_adjoint: bool, ratio: Option<f64>, rate: Option<f64>, log_bytes: u64) -> Means {
    let codec = |ratio| CodecOffer {
        codec: "zfp:relative=1e-4".parse().unwrap(),
        ratio,
        encode_bytes_per_second: 1e9,
        decode_bytes_per_second: 1e9,
    };
    let disk = |rate| DiskOffer {
        path: PathBuf::from("/scratch"),
        capacity_bytes: 1 << 40,
        write_bytes_per_second: rate,
        read_bytes_per_second: rate,
        latency_seconds: 1e-5,
        slowdown: 1.0,
        codec: CodecOffer::none(5e9),
        log_bytes,
    };
    Means {
        stores_adjoint,
        ram_codecs: ratio.map(codec).into_iter().collect(),
        disk: rate.map(disk),
        ..Means::default()
    }
}

/// Replays a plan with the bytes of every step, within its own tiers: encoded ones are in whole pages,
/// which are those of the largest snapshot.
#[track_caller]
fn replayed(work: &UnevenWorkload, plan: &Plan, ratio: f64) -> Report {
    if let [TierPlan::Ram { capacity_bytes, snapshot_bytes, .. }] = plan.tiers[..] {
        let page = (snapshot_bytes / 1024).clamp(64, 1 << 20);
        let encoded = |bytes: &PerStep<u64>| {
            let bytes = |step| (bytes.at(step) as f64 / ratio).ceil() as u64;
            let pages = |step| bytes(step).next_multiple_of(page);
            PerStep::Each((0..work.steps()).map(pages).collect())
        };
        let memory = MemoryModel {
            tiers: vec![TierLimit { slots: None, bytes: Some(capacity_bytes) }],
            restart_bytes: encoded(&work.restart_bytes),
            adjoint_bytes: encoded(&work.adjoint_bytes),
            adjoint_restarts: false,
        };
        replay(work.steps(), &memory, plan.actions()).unwrap();
    }
    let limit = |tier: &TierPlan| match tier {
        TierPlan::Handles { slots } => TierLimit { slots: Some(*slots), bytes: None },
        TierPlan::File { capacity_bytes, .. } => {
            TierLimit { slots: None, bytes: Some(*capacity_bytes) }
        }
        _ => TierLimit::default(),
    };
    let memory = MemoryModel {
        tiers: plan.tiers.iter().map(limit).collect(),
        restart_bytes: work.restart_bytes.clone(),
        adjoint_bytes: work.adjoint_bytes.clone(),
        adjoint_restarts: false,
    };
    replay(work.steps(), &memory, plan.actions()).unwrap()
}

/// Seconds of one job by Revolve with as many of the largest snapshots as fit beside the largest
/// adjoint data.
fn revolve_seconds(work: &UnevenWorkload, free: u64) -> Option<f64> {
    let largest = work.largest();
    let slots = free.checked_sub(largest.adjoint_bytes)?.checked_div(largest.snapshot_bytes)?;
    let schedule = Revolve::new(work.steps(), slots).ok()?;
    let machine = Machine {
        forward_seconds: PerStep::Each(work.forward_seconds.clone()),
        record_seconds: work.record_seconds.clone(),
        reverse_seconds: work.reverse_seconds.clone(),
        restart_seconds: work.restart_seconds,
        restart_bytes: work.restart_bytes.clone(),
        adjoint_bytes: work.adjoint_bytes.clone(),
        tiers: vec![TierSpeed::HANDLES],
    };
    Some(simulate(&machine, schedule).seconds)
}

/// Every eighth step takes as long as 32 others.
fn some_dear(steps: usize) -> Vec<f64> {
    (0..steps).map(|step| if step % 8 == 3 { 32.0 * STEP } else { STEP }).collect()
}

#[test]
fn dear_steps_are_run_again_less_often() {
    let forward_seconds = some_dear(160);
    let work = UnevenWorkload { forward_seconds, ..job(160) };
    let free = 13 * KIB;
    let choice = work.choose(&Means::default(), Some(free)).unwrap();
    assert!(matches!(choice.plan.strategy, Strategy::Uneven { .. }), "{}", choice.plan.strategy);
    let seconds = choice.plan.seconds.unwrap();
    assert!(seconds < 0.9 * revolve_seconds(&work, free).unwrap());
    // States of one size: the schedule is the optimum of `solve_slots`, by which it is judged.
    let steps = retrograd_checkpoint::UnevenSteps {
        forward: work.forward_seconds.clone(),
        adjoint: (2.0 * STEP).into(),
        restart_bytes: work.restart_bytes.clone(),
    };
    let best = steps.solve_slots(6).unwrap();
    assert!(best.proven_optimal());
    assert_eq!(seconds, best.makespan());
    let report = replayed(&work, &choice.plan, 1.0);
    assert_eq!((choice.plan.slots(), report.peak_bytes), (6, free));
    let revolve = |other: &&RunnerUp| matches!(other.strategy, Strategy::Revolve { .. });
    let lost = choice.runners_up.iter().find(revolve).unwrap();
    assert!(lost.reason.ends_with("dearer steps are run again"), "{}", lost.reason);
    let last = choice.runners_up.last().unwrap();
    assert_eq!((last.strategy, last.peak_bytes), (Strategy::StoreAll, 160 * KIB));
}

/// A wave that spreads: the states before it has gone far are small, and more of them fit than of
/// the largest.
#[test]
fn small_states_are_counted_as_small() {
    let restart_bytes = PerStep::Each((1..=200).map(|step| step * 64).collect());
    let work = UnevenWorkload { restart_bytes, ..job(200) };
    let free = KIB + 4 * 200 * 64;
    let plan = work.choose(&Means::default(), Some(free)).unwrap().plan;
    assert!(matches!(plan.strategy, Strategy::Uneven { .. }), "{}", plan.strategy);
    assert!(plan.slots() > 4);
    assert!(plan.predicted_peak_bytes <= free);
    assert!(plan.seconds.unwrap() < 0.9 * revolve_seconds(&work, free).unwrap());
}

/// Store-all is chosen where the adjoint data of all steps fit, though as many of the largest do
/// not.
#[test]
fn store_all_takes_the_sum() {
    let adjoint_bytes = PerStep::Each((1..=100).map(|step| step * 10).collect());
    let work = UnevenWorkload { adjoint_bytes, ..job(100) };
    let all = 10 * 100 * 101 / 2;
    let plan = work.choose(&Means::default(), Some(all)).unwrap().plan;
    assert_eq!((plan.strategy, plan.predicted_peak_bytes), (Strategy::StoreAll, all));
    let plan = work.choose(&Means::default(), Some(all - 1)).unwrap().plan;
    assert_ne!(plan.strategy, Strategy::StoreAll);
}

/// One step has large adjoint data: blocks are as long as the bytes of their own steps allow.
#[test]
fn blocks_are_recorded_by_their_own_bytes() {
    const MIB: u64 = 1 << 20;
    let mut adjoint = vec![MIB; 400];
    adjoint[17] = 100 * MIB;
    let work = UnevenWorkload {
        restart_bytes: (2 * MIB).into(),
        adjoint_bytes: PerStep::Each(adjoint),
        ..job(400)
    };
    let budget = 200 * MIB;
    let plan = work.choose(&means(false, None, Some(1e11), 0), Some(budget)).unwrap().plan;
    let Strategy::Recording { period } = plan.strategy else { panic!("{}", plan.strategy) };
    // Two of the largest step do not fit, which no other comes near.
    assert!(period > 50, "{period}");
    let report = replayed(&work, &plan, 1.0);
    assert_eq!(plan.parts.adjoint, report.peak_recorded_bytes);
    assert_eq!(report.peak_recorded_bytes, (period + 99) * MIB);
    assert!(plan.predicted_peak_bytes <= budget);
}

/// Encoded snapshots of different sizes, where that is worth its time.
#[test]
fn encoded_snapshots_are_counted_by_their_own_bytes() {
    let restart_bytes = PerStep::Each((1..=300).map(|step| step * 10 * KIB).collect());
    let adjoint_bytes = (100 * KIB).into();
    let forward_seconds = vec![1.0; 300];
    let (record_seconds, reverse_seconds) = (1.0.into(), 1.0.into());
    let work = UnevenWorkload {
        restart_bytes,
        adjoint_bytes,
        forward_seconds,
        record_seconds,
        reverse_seconds,
        ..job(300)
    };
    let choice = work.choose(&means(false, Some(10.0), None, 0), Some(14_200 * KIB)).unwrap();
    assert!(matches!(choice.plan.strategy, Strategy::Uneven { .. }), "{}", choice.plan.strategy);
    assert!(matches!(choice.plan.tiers[..], [TierPlan::Ram { .. }]));
    replayed(&work, &choice.plan, 10.0);
}

/// One large state among small ones: the pages that they do not fill are those of the large one.
#[test]
fn small_states_beside_a_large_one_take_its_pages() {
    const MIB: u64 = 1 << 20;
    let mut restart = vec![MIB; 250];
    restart[40] = 16 * MIB;
    let work = UnevenWorkload {
        restart_bytes: PerStep::Each(restart),
        adjoint_bytes: (4 * MIB).into(),
        forward_seconds: vec![1.0; 250],
        record_seconds: 1.0.into(),
        reverse_seconds: 1.0.into(),
        ..job(250)
    };
    // 3.2 pages each, that is 4.
    let ratio = 20.0;
    let plan = work.choose(&means(false, Some(ratio), None, 0), Some(66 * MIB)).unwrap().plan;
    assert!(matches!(plan.strategy, Strategy::Uneven { .. }), "{}", plan.strategy);
    assert!(matches!(plan.tiers[..], [TierPlan::Ram { .. }]));
    replayed(&work, &plan, ratio);
}

#[test]
fn what_cannot_be_planned_is_said() {
    let restart_bytes = PerStep::Each((1..=50).map(|step| step * KIB).collect());
    let work = UnevenWorkload { restart_bytes, worker_bytes: KIB, ..job(50) };
    let error = work.choose(&Means::default(), Some(2 * KIB)).unwrap_err();
    let smallest = Strategy::Uneven { capacity_bytes: KIB };
    let minimum = 3 * KIB;
    assert_eq!(error, PlanError::BudgetTooSmall { budget: 2 * KIB, minimum, smallest });
    let plan = work.choose(&Means::default(), Some(minimum)).unwrap().plan;
    assert_eq!((plan.predicted_peak_bytes, plan.slots()), (minimum, 1));
    for value in [-1.0, f64::INFINITY, f64::MAX] {
        let mut forward = vec![1.0; 9];
        forward[4] = value;
        for wrong in [
            UnevenWorkload { forward_seconds: forward.clone(), ..job(9) },
            UnevenWorkload { record_seconds: PerStep::Each(forward.clone()), ..job(9) },
            UnevenWorkload { reverse_seconds: PerStep::Each(forward.clone()), ..job(9) },
        ] {
            let error = wrong.choose(&Means::default(), None).unwrap_err();
            assert!(matches!(error, PlanError::Schedule(ScheduleError::InvalidCost { .. })));
        }
    }
    let wrong = UnevenWorkload { restart_seconds: -1.0, ..job(9) };
    assert!(wrong.choose(&Means::default(), None).is_err());
}

/// Nothing to do, one step, states without bytes, and sizes that cannot be added up.
#[test]
fn extreme_workloads_do_not_panic() {
    let everything = means(true, Some(3.0), Some(1e9), 0);
    for steps in [0, 1, 2] {
        let plan = job(steps).choose(&everything, None).unwrap().plan;
        assert_eq!(plan.strategy, Strategy::StoreAll);
    }
    let sizes = [0, 1, u64::MAX, u64::MAX - 1, 7];
    for rotated in 0..sizes.len() {
        let each = PerStep::Each([&sizes[rotated..], &sizes[..rotated]].concat());
        for budget in [None, Some(0), Some(1), Some(1 << 40), Some(u64::MAX)] {
            for (restart_bytes, adjoint_bytes) in
                [(each.clone(), 1.into()), (1.into(), each.clone()), (each.clone(), each.clone())]
            {
                let work = UnevenWorkload { restart_bytes, adjoint_bytes, ..job(5) };
                if let Ok(choice) = work.choose(&everything, budget) {
                    assert!(choice.plan.predicted_peak_bytes <= budget.unwrap_or(u64::MAX));
                }
            }
        }
    }
}

/// Steps of any kind: few of them dear, sizes that grow or have no order.
fn any_work() -> impl proptest::strategy::Strategy<Value = UnevenWorkload> {
    let step =
        (prop_oneof![8 => 1_u32..8, 1 => 20_u32..200], 1_u32..5, 1_u32..5, 1_u64..80, 1_u64..80);
    let steps = prop::collection::vec(step, 2..120);
    let counts = (0_u64..20, 0_u64..20, 1_u64..6, 1_u64..4, prop::bool::ANY);
    (steps, counts).prop_map(|(steps, (worker, shared, jobs, concurrency, grows))| {
        let seconds = |value: u32| f64::from(value) * STEP;
        let mut restart: Vec<u64> = steps.iter().map(|step| step.3 * 100).collect();
        if grows {
            restart.sort_unstable();
        }
        UnevenWorkload {
            forward_seconds: steps.iter().map(|step| seconds(step.0)).collect(),
            record_seconds: PerStep::Each(steps.iter().map(|step| seconds(step.1)).collect()),
            reverse_seconds: PerStep::Each(steps.iter().map(|step| seconds(step.2)).collect()),
            restart_seconds: 0.0,
            restart_bytes: PerStep::Each(restart),
            adjoint_bytes: PerStep::Each(steps.iter().map(|step| step.4 * 100).collect()),
            worker_bytes: worker * 100,
            shared_bytes: shared * 100,
            jobs,
            concurrency,
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn budgets_are_kept_by_the_bytes_of_every_step(
        work in any_work(), budget in 1_000_u64..120_000, stores_adjoint: bool,
        ratio in prop::option::of(1.5_f64..20.0), rate in prop::option::of(1e6_f64..1e9),
        log in 0_u64..4,
    ) {
        let means = means(stores_adjoint, ratio, rate, log * 1000);
        let choice = match work.choose(&means, Some(budget)) {
            Ok(choice) => choice,
            Err(PlanError::BudgetTooSmall { minimum, .. }) => {
                prop_assert!(budget < minimum);
                let least = work.choose(&means, Some(minimum)).unwrap().plan;
                prop_assert!(least.predicted_peak_bytes <= minimum);
                return Ok(());
            }
            Err(other) => return Err(TestCaseError::fail(other.to_string())),
        };
        let plan = &choice.plan;
        prop_assert!(plan.predicted_peak_bytes <= budget);
        prop_assert_eq!(plan.predicted_peak_bytes, plan.parts.sum());
        let report = replayed(&work, plan, ratio.unwrap_or(1.0));
        let factor = report.total_forward() as f64 / work.steps() as f64;
        prop_assert!((plan.recompute_factor - factor).abs() < 1e-12);
        prop_assert_eq!(plan.parts.adjoint, plan.concurrency * report.peak_recorded_bytes);
        let handles = |tier: &TierPlan| matches!(tier, TierPlan::Handles { .. });
        if plan.tiers.iter().all(handles) {
            let snapshots = report.tiers.first().map_or(0, |tier| tier.peak_bytes);
            prop_assert_eq!(plan.parts.snapshots, plan.concurrency * snapshots);
            let rest = plan.predicted_peak_bytes - work.shared_bytes;
            prop_assert!(work.worker_bytes + report.peak_bytes <= rest / plan.concurrency);
        }
        for other in &choice.runners_up {
            prop_assert!(other.seconds.is_none_or(|seconds| seconds >= plan.seconds.unwrap()));
            prop_assert!(other.seconds.is_none() || other.peak_bytes <= budget);
        }
    }

    /// With as many jobs at a time as are wanted, by the same simulator.
    #[test]
    fn nothing_is_slower_than_revolve_by_the_largest_size(
        work in any_work(), budget in 5_000_u64..80_000,
    ) {
        let workers = work.concurrency.min(work.jobs);
        let free = budget.checked_sub(work.shared_bytes)
            .and_then(|rest| (rest / workers).checked_sub(work.worker_bytes));
        let Some(seconds) = free.and_then(|free| revolve_seconds(&work, free)) else {
            return Ok(());
        };
        let choice = work.choose(&Means::default(), Some(budget)).unwrap();
        let rounds = work.jobs.div_ceil(workers) as f64;
        prop_assert!(choice.plan.seconds.unwrap() <= rounds * seconds);
    }

    #[test]
    fn steps_that_are_alike_get_the_usual_plan(
        steps in 1_usize..150, restart in 1_u64..40, adjoint in 1_u64..40, budget in 1_u64..3_000,
        (jobs, concurrency) in (1_u64..6, 1_u64..4), stores_adjoint: bool,
        ratio in prop::option::of(1.5_f64..20.0), rate in prop::option::of(1e6_f64..1e9),
    ) {
        let mut means = means(stores_adjoint, ratio, rate, 0);
        means.speeds = Speeds {
            forward_seconds: STEP,
            record_seconds: 1.1 * STEP,
            reverse_seconds: 1.3 * STEP,
            restart_seconds: 0.1 * STEP,
        };
        let (restart, adjoint, budget) = (restart * 100, adjoint * 100, budget * 100);
        let usual = Workload {
            steps: steps as u64,
            snapshot_bytes: restart,
            adjoint_bytes: adjoint,
            worker_bytes: 300,
            shared_bytes: 200,
            jobs,
            concurrency,
        };
        let mut work = UnevenWorkload {
            record_seconds: PerStep::Each(vec![1.1 * STEP; steps]),
            reverse_seconds: (1.3 * STEP).into(),
            restart_seconds: 0.1 * STEP,
            restart_bytes: PerStep::Each(vec![restart; steps]),
            adjoint_bytes: adjoint.into(),
            worker_bytes: 300,
            shared_bytes: 200,
            jobs,
            concurrency,
            ..job(steps)
        };
        let expected = usual.choose(&means, Some(budget));
        // What the workload knows takes the place of the means' speeds.
        let speeds = Speeds { forward_seconds: 7.0, ..Speeds::default() };
        let found = work.choose(&Means { speeds, ..means.clone() }, Some(budget));
        prop_assert_eq!(&found, &expected);
        // One step that hardly differs: the long way to at least as good a plan.
        let (Ok(expected), true) = (expected, steps > 1) else { return Ok(()) };
        let more = STEP / 1024.0;
        let mut reverse = vec![1.3 * STEP; steps];
        reverse[steps / 2] += more;
        work.reverse_seconds = PerStep::Each(reverse);
        let found = work.choose(&means, Some(budget)).unwrap();
        prop_assert!(found.plan.predicted_peak_bytes <= budget);
        // Sums of fewer than 2^20 terms are rounded by less than 2^-30 of themselves.
        let seconds = expected.plan.seconds.unwrap();
        let limit = seconds * (1.0 + 1e-9) + jobs as f64 * more;
        prop_assert!(found.plan.seconds.unwrap() <= limit);
    }
}
