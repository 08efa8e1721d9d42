//! The planner by predicted time: what it chooses keeps its budget, is the fastest there is, and
//! is valid.

use std::path::PathBuf;

use proptest::prelude::*;
use retrograd_checkpoint::codec::Codec;
use retrograd_checkpoint::plan::{Choice, CodecOffer, DiskOffer, Means, Speeds, TierPlan};
use retrograd_checkpoint::{MemoryModel, Strategy, TierLimit, Workload, replay};

/// One job of 1000 steps; snapshots of 2 MiB, adjoint data of 1 MiB.
fn job() -> Workload {
    Workload {
        steps: 1000,
        snapshot_bytes: 2 << 20,
        adjoint_bytes: 1 << 20,
        worker_bytes: 10 << 20,
        shared_bytes: 5 << 20,
        jobs: 1,
        concurrency: 1,
    }
}

fn speeds() -> Speeds {
    let seconds = 1e-3;
    Speeds {
        forward_seconds: seconds,
        record_seconds: seconds,
        reverse_seconds: 1.3 * seconds,
        restart_seconds: 0.0,
    }
}

/// A disk of so many bytes per second.
fn disk(bytes_per_second: f64) -> DiskOffer {
    DiskOffer {
        path: PathBuf::from("/scratch"),
        capacity_bytes: 1 << 40,
        write_bytes_per_second: bytes_per_second,
        read_bytes_per_second: bytes_per_second,
        latency_seconds: 1e-4,
        slowdown: 1.0,
        codec: CodecOffer::none(5e9),
        log_bytes: 0,
    }
}

fn zfp(ratio: f64) -> CodecOffer {
    CodecOffer {
        codec: "zfp:relative=1e-4".parse().unwrap(),
        ratio,
        encode_bytes_per_second: 1e9,
        decode_bytes_per_second: 1e9,
    }
}

const MIB: u64 = 1 << 20;

#[test]
fn what_fits_is_stored() {
    let choice = job().choose(&Means { speeds: speeds(), ..Means::default() }, None).unwrap();
    assert_eq!(choice.plan.strategy, Strategy::StoreAll);
    assert!((choice.plan.seconds.unwrap() - 1000.0 * 2.3e-3).abs() < 1e-12);
    let runner = &choice.runners_up[0];
    assert!(matches!(runner.strategy, Strategy::Revolve { snapshots: 999 }));
    assert!(runner.reason.contains("instead of 1.00 forward steps per step"), "{}", runner.reason);
}

#[test]
fn adjoint_data_are_kept_where_they_are_smaller() {
    let means = Means { speeds: speeds(), stores_adjoint: true, ..Means::default() };
    let choice = job().choose(&means, Some(200 * MIB)).unwrap();
    assert!(matches!(
        choice.plan.strategy,
        Strategy::Mixed { restart_size: 2, adjoint_size: 1, .. }
    ));
    assert!(choice.plan.predicted_peak_bytes <= 200 * MIB);
    let last = choice.runners_up.last().unwrap();
    assert_eq!((last.strategy, last.seconds), (Strategy::StoreAll, None));
    assert_eq!(last.reason, "needs 1015.00 MiB");
}

/// A fast disk hides everything but the second run of each step; a slow one is not used.
#[test]
fn a_disk_is_used_if_it_is_fast_enough() {
    let with = |bytes_per_second| {
        let disk = Some(disk(bytes_per_second));
        let means = Means { speeds: speeds(), disk, ..Means::default() };
        job().choose(&means, Some(120 * MIB)).unwrap().plan
    };
    let fast = with(2e9);
    assert!(matches!(fast.strategy, Strategy::Recording { .. }), "{}", fast.strategy);
    assert!(fast.waited_seconds.unwrap() < 0.02 * fast.seconds.unwrap());
    // Swept, recorded, reversed.
    assert!(fast.seconds.unwrap() < 1000.0 * 3.3e-3, "{:?}", fast.seconds);
    let slow = with(1e5);
    assert!(matches!(slow.strategy, Strategy::Revolve { .. }), "{}", slow.strategy);
    assert!(fast.seconds < slow.seconds);
}

/// Where not all steps are simulated any more, the next step changes nothing but its own share: a slow
/// disk still costs what it costs, and so does every start.
#[test]
fn longer_runs_cost_what_shorter_ones_do_in_proportion() {
    const SIMULATED: u64 = 200_000;
    let long = |steps| Workload { steps, snapshot_bytes: MIB, ..job() };
    for (rate, restart_seconds) in [(1e8, 0.0), (1e8, 5e-3), (5e9, 0.0)] {
        let speeds = Speeds { restart_seconds, ..speeds() };
        let ram_codecs = vec![zfp(10.0)];
        let disk = Some(disk(rate));
        let means = Means { speeds, stores_adjoint: true, ram_codecs, disk, ..Means::default() };
        let [last, first] = [SIMULATED, SIMULATED + 1]
            .map(|steps| long(steps).choose(&means, Some(4096 * MIB)).unwrap());
        let all = |choice: &Choice| {
            let lost = choice.runners_up.iter().map(|other| (other.strategy, other.seconds));
            [(choice.plan.strategy, choice.plan.seconds)].into_iter().chain(lost).collect()
        };
        let [last, first]: [Vec<_>; 2] = [all(&last), all(&first)];
        assert_eq!(last.len(), first.len());
        for ((strategy, seconds), (longer, more)) in last.into_iter().zip(first) {
            let family = std::mem::discriminant::<Strategy>;
            assert_eq!(family(&strategy), family(&longer), "{strategy}, {longer}");
            let (Some(seconds), Some(more)) = (seconds, more) else { continue };
            // Where snapshots are many, no step is run or moved more than twice as often as the
            // average one; sums of fewer than 2^22 terms are rounded by less than 2^-31.
            let step = 2.0 * seconds / SIMULATED as f64 + seconds / f64::powi(2.0, 31);
            assert!((more - seconds).abs() <= step, "{strategy}: {seconds}, {more}");
        }
    }
}

#[test]
fn a_codec_is_used_if_it_is_worth_its_time() {
    let with = |ratio, seconds: f64| {
        let speeds = Speeds {
            forward_seconds: seconds,
            record_seconds: seconds,
            reverse_seconds: seconds,
            restart_seconds: 0.0,
        };
        let means = Means { speeds, ram_codecs: vec![zfp(ratio)], ..Means::default() };
        job().choose(&means, Some(60 * MIB)).unwrap().plan
    };
    let encoded = |plan: &retrograd_checkpoint::Plan| {
        matches!(plan.tiers[..], [TierPlan::Ram { codec: Codec::Zfp(_), .. }])
    };
    // 2 MiB at 1 GB/s take 2 ms: nothing beside a step of a second, much beside one of 10 us.
    assert!(encoded(&with(20.0, 1.0)));
    assert!(!encoded(&with(20.0, 1e-5)));
    assert!(!encoded(&with(1.01, 1.0)), "the buffers of encoding take more than it saves");
}

#[test]
fn too_little_is_an_error_that_states_the_least() {
    let error = job().choose(&Means::default(), Some(10 * MIB)).unwrap_err().to_string();
    assert!(error.contains("the least is 18.00 MiB"), "{error}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    /// Whatever is chosen is valid against its tiers, keeps the budget, and nothing it beat is
    /// faster.
    #[test]
    fn choices_are_valid_and_the_fastest(
        steps in 1_u64..400, snapshot in 1_u64..3, adjoint in 1_u64..3, budget in 12_u64..400,
        jobs in 1_u64..6, concurrency in 1_u64..4, rate in 1e7_f64..1e10, ratio in 1.0_f64..30.0,
        log in 0_u64..20,
    ) {
        let workload = Workload {
            steps, jobs, concurrency,
            snapshot_bytes: snapshot * MIB,
            adjoint_bytes: adjoint * MIB,
            worker_bytes: MIB,
            shared_bytes: MIB,
        };
        let log_bytes = log * MIB;
        let means = Means {
            speeds: speeds(),
            stores_adjoint: true,
            ram_codecs: vec![zfp(ratio)],
            disk: Some(DiskOffer { log_bytes, ..disk(rate) }),
            ..Means::default()
        };
        let Ok(choice) = workload.choose(&means, Some(budget * MIB)) else {
            prop_assert!(budget * MIB < workload.minimum_bytes());
            return Ok(());
        };
        let plan = &choice.plan;
        prop_assert!(plan.predicted_peak_bytes <= budget * MIB);
        let chosen = (plan.strategy, plan.tiers.as_slice());
        let again = |budget| workload.choose_again(chosen, &means, plan.concurrency, Some(budget));
        prop_assert_eq!(again(budget * MIB), Some(plan.clone()));
        prop_assert_eq!(again(plan.predicted_peak_bytes - 1), None);
        for other in &choice.runners_up {
            prop_assert!(other.seconds.is_none_or(|seconds| seconds >= plan.seconds.unwrap()));
        }
        // The log is written by jobs with a file, and counted with these alone.
        let in_file = plan.tiers.iter().any(|tier| matches!(tier, TierPlan::File { .. }));
        let logs = if in_file { log_bytes } else { 0 };
        prop_assert_eq!(plan.parts.workers, plan.concurrency * (MIB + logs));
        let parts = plan.parts;
        let sum = parts.shared + parts.workers + parts.snapshots + parts.adjoint;
        prop_assert_eq!(plan.predicted_peak_bytes, sum);
        let limits = plan.tiers.iter().map(|tier| match tier {
            TierPlan::Handles { slots } => TierLimit { slots: Some(*slots), bytes: None },
            TierPlan::Ram { capacity_bytes, .. } => TierLimit {
                slots: None,
                bytes: Some((*capacity_bytes as f64 * ratio) as u64 + 1),
            },
            TierPlan::File { capacity_bytes, .. } => {
                TierLimit { slots: None, bytes: Some(*capacity_bytes) }
            }
            _ => TierLimit::default(),
        });
        let memory = MemoryModel::new(limits.collect(), snapshot * MIB, adjoint * MIB);
        let report = replay(steps, &memory, plan.actions()).unwrap();
        let factor = report.total_forward() as f64 / steps as f64;
        prop_assert!((plan.recompute_factor - factor).abs() < 1e-12);
        // Handles and recorded steps are what the plan says they are.
        if plan.tiers.iter().all(|tier| matches!(tier, TierPlan::Handles { .. })) {
            let per_worker = (plan.predicted_peak_bytes - MIB) / plan.concurrency;
            prop_assert!(report.peak_bytes + MIB <= per_worker);
        }
    }
}
