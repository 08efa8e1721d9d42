//! Plans for an unknown number of steps: they keep their budget wherever the run ends, cost what is
//! documented, and an executor follows them to an end that only the model knows.

mod common;

use std::path::PathBuf;

use common::ring::{Ring, gradient_by_hand};
use proptest::prelude::*;
use retrograd_checkpoint::plan::{
    CodecOffer, DiskOffer, Means, OpenChoice, OpenPlan, OpenWorkload, Speeds, TierPlan,
};
use retrograd_checkpoint::schedule::{Arrival, End, OpenSchedule};
use retrograd_checkpoint::tier::{Handles, Tier};
use retrograd_checkpoint::{
    Action, BrokenRule, Costs, ExecuteError, Executor, InvalidAction, MemoryModel, Model, Online,
    OnlineRule, PlanError, Strategy, TierLimit, replay,
};

const MIB: u64 = 1 << 20;

/// One job; snapshots of 2 MiB, adjoint data of 1 MiB.
fn job(expected_steps: Option<u64>, largest_steps: Option<u64>) -> OpenWorkload {
    OpenWorkload {
        expected_steps,
        largest_steps,
        snapshot_bytes: 2 * MIB,
        adjoint_bytes: MIB,
        worker_bytes: 10 * MIB,
        shared_bytes: 5 * MIB,
        jobs: 1,
        concurrency: 1,
    }
}

/// Bytes of so many snapshots beside all that a job needs anyway.
fn room(snapshots: u64) -> u64 {
    (5 + 10 + 1 + 2 * snapshots) * MIB
}

fn means(stores_adjoint: bool, disk_bytes_per_second: Option<f64>) -> Means {
    let seconds = 1.0 / 1024.0; // sums of these are exact
    let disk = disk_bytes_per_second.map(|bytes_per_second| DiskOffer {
        path: PathBuf::from("/scratch"),
        capacity_bytes: 1 << 40,
        write_bytes_per_second: bytes_per_second,
        read_bytes_per_second: bytes_per_second,
        latency_seconds: 1e-4,
        slowdown: 1.0,
        codec: CodecOffer::none(5e9),
        log_bytes: 0,
    });
    let speeds = Speeds {
        forward_seconds: seconds,
        record_seconds: seconds,
        reverse_seconds: seconds,
        restart_seconds: 0.0,
    };
    Means { speeds, stores_adjoint, disk, ..Means::default() }
}

fn choose(work: OpenWorkload, means: &Means, budget: u64) -> OpenChoice {
    work.choose(means, Some(budget)).expect("something should fit")
}

/// Replays the plan's schedule for a run of this length against its tiers; gives the bytes of
/// handles and recorded steps, and the advances.
fn replayed(plan: &OpenPlan, work: &OpenWorkload, steps: u64) -> (u64, u64) {
    let limit = |tier: &TierPlan| match tier {
        TierPlan::Handles { slots } => TierLimit { slots: Some(*slots), bytes: None },
        TierPlan::File { capacity_bytes, .. } | TierPlan::Ram { capacity_bytes, .. } => {
            TierLimit { slots: None, bytes: Some(*capacity_bytes) }
        }
        _ => TierLimit::default(),
    };
    let tiers = plan.tiers.iter().map(limit).collect();
    let memory = MemoryModel::new(tiers, work.snapshot_bytes, work.adjoint_bytes);
    let report = replay(steps, &memory, plan.schedule().until_end(steps)).expect("valid");
    let handles = plan.tiers.iter().zip(&report.tiers).filter_map(|(tier, used)| {
        matches!(tier, TierPlan::Handles { .. }).then_some(used.peak_bytes)
    });
    // Peaks of different times: no less than what is in RAM together.
    let in_ram = handles.sum::<u64>() + report.peak_recorded * work.adjoint_bytes;
    (in_ram, report.advances)
}

/// The worst ratios to the optimum for a known number that `Online` documents.
const RATIOS: [f64; 10] = [1.0, 1.122, 1.057, 1.036, 1.028, 1.020, 1.016, 1.012, 1.010, 1.008];

#[test]
fn handles_in_ram_cost_what_is_documented() {
    for (slots, ratio) in (1_u64..).zip(RATIOS) {
        let work = job(Some(400), None);
        let plan = choose(work, &means(false, None), room(slots)).plan;
        let rule = OnlineRule::Targets;
        assert_eq!(plan.strategy, Strategy::Online { snapshots: slots, rule });
        assert!(plan.predicted_peak_bytes <= room(slots));
        for steps in 1..=500 {
            let (bytes, advances) = replayed(&plan, &work, steps);
            assert!(bytes <= (1 + 2 * slots) * MIB);
            let known = Costs::revolve(steps, slots.min(steps)).unwrap().advances;
            assert!(advances as f64 <= ratio * known as f64, "{slots} slots, {steps} steps");
        }
        // All steps take the same time, and so does a run that knew its length, but for the
        // advances.
        assert!((1.0..=ratio).contains(&plan.worst_ratio()), "{:?}", plan.lengths);
    }
}

#[test]
fn everything_is_kept_if_the_largest_number_has_room() {
    let work = job(Some(100), Some(300));
    let budget = (5 + 10 + 1 + 300) * MIB;
    let choice = choose(work, &means(true, None), budget);
    assert_eq!(choice.plan.strategy, Strategy::OnlineStoreAll { most: 300 });
    assert_eq!(choice.plan.predicted_peak_bytes, budget);
    assert_eq!((choice.plan.tier_bytes[0], choice.plan.lengths[0].ratio()), (300 * MIB, 1.0));
    let runner = &choice.runners_up[0];
    assert!(matches!(runner.strategy, Strategy::Online { .. }));
    // 99 + 100 + 100 steps instead of 100 + 100.
    let factor = "1.50 times the time at 100 steps: 1.99 instead of 1.00 forward steps per step";
    assert_eq!(runner.reason, factor);

    let one_less = choose(work, &means(true, None), budget - 1);
    assert!(matches!(one_less.plan.strategy, Strategy::Online { .. }));
    let last = one_less.runners_up.last().unwrap();
    assert_eq!((last.strategy, last.seconds), (choice.plan.strategy, None));
    assert_eq!(last.reason, "needs 316.00 MiB");
}

#[test]
fn a_disk_is_used_if_it_is_fast_enough() {
    let with = |bytes_per_second| {
        choose(job(Some(2000), None), &means(false, Some(bytes_per_second)), room(30)).plan
    };
    let fast = with(2e9);
    assert_eq!(fast.tiers.len(), 2, "{}", fast.strategy);
    // Swept up to the last step, recorded, reversed. A block takes longer than a transfer, which is
    // hidden behind it; but the last state that was stored is wanted at once, written and read, and
    // the one before it as soon as the last block, which may be short, is reversed.
    let transfer = 1e-4 + 2.0 * MIB as f64 * (1.0 / 5e9 + 1.0 / 2e9);
    let Strategy::OnlineRecording { period } = fast.strategy else { panic!("{}", fast.strategy) };
    assert!(period as f64 / 1024.0 > transfer);
    let busy = f64::from(3 * 2000 - 1) / 1024.0;
    let seconds = fast.lengths[0].seconds;
    assert!((busy..busy + 3.0 * transfer).contains(&seconds), "{seconds} {busy}");
    let medium = with(2e7);
    assert!(medium.tiers.len() == 2, "{}", medium.strategy);
    let slow = with(1e4);
    assert!(matches!(slow.strategy, Strategy::Online { .. }), "{}", slow.strategy);
    assert!(fast.lengths[0].seconds < medium.lengths[0].seconds);
    assert!(medium.lengths[0].seconds < slow.lengths[0].seconds);
}

/// More memory never makes the plan worse, up to where it holds all that there can be: but for where
/// the end falls in its block, which decides whether the last state is on disk, and back, in time.
#[test]
fn more_memory_takes_no_more_time() {
    for (expected, largest) in [(60, Some(64)), (90, None)] {
        for (stores_adjoint, rate) in [(false, None), (false, Some(2e9)), (true, Some(2e8))] {
            let transfer = |rate| 1e-4 + 2.0 * MIB as f64 * (1.0 / 5e9 + 1.0 / rate);
            let not_hidden = 2.0 * rate.map_or(0.0, transfer);
            let mut least = f64::INFINITY;
            for budget in (18..130).step_by(8) {
                let work = job(Some(expected), largest);
                let plan = choose(work, &means(stores_adjoint, rate), budget * MIB).plan;
                let seconds = plan.lengths[0].seconds;
                assert!(seconds <= least + not_hidden, "{budget} MiB, {rate:?}: {}", plan.strategy);
                least = least.min(seconds);
            }
        }
    }
}

/// No log is written of a sweep whose end is not known, and none is counted.
#[test]
fn logs_are_not_counted() {
    let without = means(true, Some(2e9));
    let mut with = without.clone();
    with.disk.as_mut().expect("a disk").log_bytes = 30 * MIB;
    let chosen = |means| choose(job(Some(200), Some(240)), means, room(30));
    assert_eq!(chosen(&with), chosen(&without));
    let in_file = |tier: &TierPlan| matches!(tier, TierPlan::File { .. });
    assert!(chosen(&without).plan.tiers.iter().any(in_file), "the disk should be used");
}

/// Without an expected number the least regret counts, and the reasons say where it is.
#[test]
fn without_a_hint_the_worst_ratio_counts() {
    let choice = choose(job(None, None), &means(false, Some(2e9)), room(30));
    let steps: Vec<u64> = choice.plan.lengths.iter().map(|length| length.steps).collect();
    assert_eq!(steps, [32, 256, 2048]);
    for other in &choice.runners_up {
        let start = "at worst ";
        let end = format!("instead of {:.2}", choice.plan.worst_ratio());
        assert!(other.reason.starts_with(start) && other.reason.ends_with(&end), "{other:?}");
    }
    let largest = choose(job(None, Some(640)), &means(false, None), room(5)).plan;
    let steps: Vec<u64> = largest.lengths.iter().map(|length| length.steps).collect();
    assert_eq!(steps, [10, 40, 160, 640]);
}

#[test]
fn too_little_is_an_error_that_states_the_least() {
    let error = job(Some(99), None).choose(&means(true, None), Some(17 * MIB)).unwrap_err();
    let error = error.to_string();
    assert!(error.contains("the least is 18.00 MiB"), "{error}");
    assert!(error.contains("(1 worker, online with 1 snapshot)"), "{error}");
}

fn tiers(plan: &OpenPlan) -> Vec<Box<dyn Tier<<Ring as Model>::Snapshot>>> {
    // Room for as many as a test needs where the plan counts bytes.
    let slots = |tier: &TierPlan| match tier {
        TierPlan::Handles { slots } => *slots,
        _ => 1000,
    };
    let handles = |tier: &TierPlan| Handles::new(slots(tier)).expect("a small table");
    plan.tiers.iter().map(|tier| Box::new(handles(tier)) as Box<dyn Tier<_>>).collect()
}

/// All four families, run by an executor to an end that the model knows one step before or not,
/// give the gradient of a run of that length to the last bit.
#[test]
fn an_executor_is_told_the_end_by_its_model() {
    let plans = [
        choose(job(Some(50), None), &means(false, None), room(4)).plan,
        choose(job(Some(50), Some(120)), &means(true, None), room(60)).plan,
        choose(job(Some(50), None), &means(false, Some(2e9)), room(12)).plan,
    ];
    let kinds = plans.each_ref().map(|plan| match plan.strategy {
        Strategy::Online { .. } => 0,
        Strategy::OnlineStoreAll { .. } => 1,
        Strategy::OnlineRecording { .. } => 2,
        _ => 3,
    });
    assert_eq!(kinds, [0, 1, 2]);
    let two = || [2, 1000].map(|slots| Box::new(Handles::new(slots).unwrap()) as Box<dyn Tier<_>>);
    let on_disk = OpenSchedule::from(Online::with_disk(2, 7).unwrap());
    let planned =
        plans.iter().map(|plan| (plan.strategy.to_string(), plan.schedule(), tiers(plan)));
    let with_disk = ("online with a disk".to_owned(), on_disk, two().into());
    for (name, schedule, tiers) in planned.chain([with_disk]) {
        let mut executor = Executor::with_tiers(tiers).unwrap();
        for steps in (1..=20).chain([37, 64, 99, 120]) {
            for (said, at) in [(Arrival::LastNext, steps - 1), (Arrival::End, steps)] {
                let mut model = Ring::new();
                let mut asked = 0;
                let done = executor.run_open(&mut model, schedule.clone(), |_, state| {
                    assert_eq!(state, asked, "each state once, in order");
                    asked += 1;
                    if state == at { said } else { Arrival::More }
                });
                let what = format!("{name}, {steps} steps, {said:?}");
                let done = done.unwrap_or_else(|error| panic!("{what}: {error}"));
                assert_eq!((done.reversed, done.held), (steps, 0), "{what}");
                assert_eq!(model.gradient_bits(), gradient_by_hand(steps), "{what}");
                assert_eq!(asked, at + 1, "{what}");
            }
        }
    }
}

/// The same through a flag that the model holds, in a loop of the caller's own or `Executor::run`.
#[test]
fn the_end_is_said_through_a_flag() {
    let plan = choose(job(Some(50), None), &means(false, None), room(3)).plan;
    let end = End::default();
    let mut followed = Vec::new();
    for action in plan.actions(&end) {
        if let Action::Advance { steps } = &action
            && steps.end == 41
        {
            end.say(Arrival::LastNext);
            end.say(Arrival::End); // what is said first stays
        }
        followed.push(action);
    }
    assert_eq!(followed, Online::known_end(42, 3).unwrap().collect::<Vec<_>>());
    assert_eq!(end.said(), Arrival::LastNext);
    end.reset();
    assert_eq!(end.said(), Arrival::More);
    // No steps at all.
    end.say(Arrival::End);
    assert_eq!(plan.actions(&end).next(), None);
    assert_eq!(plan.schedule().until_end(0).next(), None);
}

/// A promise that is broken is an error, not a wrong gradient and not more memory.
#[test]
fn more_steps_than_promised_are_an_error_where_all_are_kept() {
    let plan = choose(job(None, Some(20)), &means(true, None), room(100)).plan;
    assert_eq!(plan.strategy, Strategy::OnlineStoreAll { most: 20 });
    let mut executor = Executor::with_tiers(tiers(&plan)).unwrap();
    let mut run = |steps| {
        let last = |_: &Ring, at| if at + 1 == steps { Arrival::LastNext } else { Arrival::More };
        executor.run_open(&mut Ring::new(), plan.schedule(), last)
    };
    assert_eq!(run(21).unwrap().reversed, 21, "the last step is not stored");
    let Err(ExecuteError::Invalid(InvalidAction { rule, .. })) = run(22) else {
        panic!("should fail")
    };
    assert_eq!(rule, BrokenRule::SlotsExceeded { slots: 20 });
}

/// The first sweep does not depend on where it ends.
#[test]
fn first_sweeps_are_the_same_for_every_end() {
    for schedule in [OpenSchedule::blocks(7).unwrap(), OpenSchedule::each()] {
        let forward = |steps| {
            let actions = schedule.clone().until_end(steps);
            actions.take_while(|action| !matches!(action, Action::Reverse { .. }))
        };
        let long: Vec<Action> = forward(60).collect();
        for steps in 1..60 {
            // But for the record of the last step, or the load of the last block.
            let mut short: Vec<Action> = forward(steps).collect();
            let at = |action: &Action| matches!(action, Action::Load { .. });
            short.truncate(short.iter().position(at).unwrap_or(short.len() - 1));
            assert_eq!(short, long[..short.len()], "{steps}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    /// Whatever is chosen, and wherever the run ends: valid against its tiers, within its budget,
    /// and nothing that it beat is better.
    #[test]
    fn budgets_are_kept_for_every_length(
        expected in prop::option::of(1_u64..200), largest in prop::option::of(1_u64..300),
        snapshot in 1_u64..3, adjoint in 1_u64..3, budget in 8_u64..200, concurrency in 1_u64..4,
        rate in prop::option::of(1e6_f64..1e10), stores_adjoint: bool,
    ) {
        let work = OpenWorkload {
            snapshot_bytes: snapshot * MIB,
            adjoint_bytes: adjoint * MIB,
            worker_bytes: MIB,
            shared_bytes: MIB,
            jobs: concurrency,
            concurrency,
            ..job(expected, largest)
        };
        let Ok(choice) = work.choose(&means(stores_adjoint, rate), Some(budget * MIB)) else {
            prop_assert!(budget < 2 + snapshot + adjoint);
            return Ok(());
        };
        let plan = &choice.plan;
        prop_assert!(plan.predicted_peak_bytes <= budget * MIB);
        let per_worker = (plan.predicted_peak_bytes - MIB) / plan.concurrency - MIB;
        for steps in 1..=largest.unwrap_or(300) {
            let (bytes, _) = replayed(plan, &work, steps);
            prop_assert!(bytes <= per_worker, "{} at {steps}: {bytes}", plan.strategy);
        }
        for length in &plan.lengths {
            prop_assert!(length.seconds > 0.0 && length.known_seconds > 0.0);
        }
        if let [one] = &plan.lengths[..] {
            for other in &choice.runners_up {
                prop_assert!(other.seconds.is_none_or(|seconds| seconds >= one.seconds));
            }
        }
    }

    /// The least budget that an error states is the least.
    #[test]
    fn the_least_budget_is_the_least(
        expected in prop::option::of(1_u64..100), largest in prop::option::of(1_u64..100),
        snapshot in prop_oneof![0..3_u64, 0..2000_u64], adjoint in 0_u64..50, jobs in 1_u64..4,
        rate in prop::option::of(1e6_f64..1e10), stores_adjoint: bool,
    ) {
        let work = OpenWorkload {
            snapshot_bytes: snapshot * 10_000,
            adjoint_bytes: adjoint * 1000,
            worker_bytes: 7,
            shared_bytes: 5,
            jobs,
            concurrency: jobs,
            ..job(expected, largest)
        };
        let means = means(stores_adjoint, rate);
        let Err(PlanError::BudgetTooSmall { minimum, .. }) = work.choose(&means, Some(0)) else {
            return Err(TestCaseError::fail("12 bytes are needed anyway"));
        };
        let plan = work.choose(&means, Some(minimum)).expect("should fit").plan;
        prop_assert_eq!(plan.predicted_peak_bytes, minimum);
        prop_assert!(work.choose(&means, Some(minimum - 1)).is_err());
    }
}
