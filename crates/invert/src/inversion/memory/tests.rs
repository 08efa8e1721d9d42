use std::sync::Arc;

use retrograd::DType;
use retrograd::checkpoint::plan::{CodecOffer, Speeds};

use super::*;
use crate::engine::Purpose;
use crate::fixture::{experiment, setup, velocity};
use crate::inversion::FinerModel;

/// What a process might hold before.
const RESIDENT: u64 = 10_000_000;

/// A setup of three shots with two at a time, and its engine; none without a compiler.
fn fixture() -> Option<(InversionSetup, Engine)> {
    let mut setup = setup(std::path::Path::new(""))?;
    setup.experiment = experiment(3, DType::F32);
    setup.memory.shots_in_parallel = Some(2);
    let engine = Engine::new(setup.experiment.clone(), &setup.resources, Purpose::Gradients);
    Some((setup, engine.expect("engine")))
}

fn planned(setup: &InversionSetup, engine: &Engine) -> Result<MemoryPlan, InversionError> {
    plan_beside(RESIDENT, setup, engine, &Means::default())
}

/// The parts of a prediction.
#[track_caller]
fn check_sum(setup: &InversionSetup, engine: &Engine, found: &MemoryPlan) {
    let kernels = engine.workload(2).expect("workload");
    let shots = found.plan.concurrency * found.bytes_per_shot;
    assert_eq!(found.plan.predicted_peak_bytes, found.other_bytes + kernels.shared_bytes + shots);
    let parts = found.plan.parts;
    let sum = parts.shared + parts.workers + parts.snapshots + parts.adjoint;
    assert_eq!(sum, found.plan.predicted_peak_bytes);
    assert_eq!(found.other_bytes, RESIDENT + other_bytes(setup, engine));
    assert!(found.predicted_peak_bytes <= setup.memory.budget_bytes);
}

#[test]
fn a_prediction_is_the_sum_of_its_parts_under_every_strategy() {
    let Some((mut setup, engine)) = fixture() else { return };
    for strategy in [
        MemoryStrategy::Auto { snapshots: None },
        MemoryStrategy::StoreAll,
        MemoryStrategy::Revolve { snapshots: Some(7) },
        MemoryStrategy::Revolve { snapshots: None },
    ] {
        setup.memory.strategy = strategy;
        let found = planned(&setup, &engine).expect("plan");
        check_sum(&setup, &engine, &found);
        assert_eq!(found.predicted_peak_bytes, found.plan.predicted_peak_bytes);
        assert_eq!((found.plan.concurrency, found.finer), (2, None), "{strategy:?}");
    }
}

/// Adjoint data of one step on the padded grid, whose rows are lengthened by less than two
/// vectors of 64 bytes: 150 of them with all kept.
#[test]
fn what_is_kept_counts_as_often_as_it_is_kept() {
    let Some((mut setup, engine)) = fixture() else { return };
    let mut bytes = |strategy| {
        setup.memory.strategy = strategy;
        planned(&setup, &engine).expect("plan").bytes_per_shot
    };
    let store_all = bytes(MemoryStrategy::StoreAll);
    let [one, two, ten] = [1, 2, 10].map(|n| bytes(MemoryStrategy::Revolve { snapshots: Some(n) }));
    let kernels = engine.workload(1).expect("workload");
    assert_eq!(two - one, kernels.snapshot_bytes);
    assert_eq!(ten - one, 9 * kernels.snapshot_bytes);
    assert_eq!(store_all - one, 149 * kernels.adjoint_bytes - kernels.snapshot_bytes);
    let [nx, nz] = [engine.padded().shape()[0] as u64, engine.padded().shape()[1] as u64];
    let (least, most) = (4 * nx * nz, 4 * (nx + 8) * (nz + 32) + 4096);
    assert!((least..=most).contains(&kernels.adjoint_bytes), "{}", kernels.adjoint_bytes);
}

#[test]
fn vectors_and_recordings_count() {
    let Some((mut setup, engine)) = fixture() else { return };
    setup.stages[0].iterations = setup.optimiser.memory + 1;
    let before = other_bytes(&setup, &engine);
    setup.optimiser.memory += 1;
    // One pair of vectors of eight bytes.
    assert_eq!(other_bytes(&setup, &engine) - before, 2 * 8 * 61 * 41);
    // An iteration makes one pair at most.
    setup.optimiser.memory += 100;
    assert_eq!(other_bytes(&setup, &engine) - before, 2 * 8 * 61 * 41);
    setup.optimiser.memory -= 101;
    let samples = 150 * 3 * 15;
    setup.data = DataSource::Measured(Arc::new(vec![vec![0.0; samples / 3]; 3]));
    assert_eq!(other_bytes(&setup, &engine) - before, 4 * samples as u64);
}

/// From all states down to one snapshot each plan fits. One byte below what an error names as the
/// least there is no plan.
#[test]
fn budgets_are_kept_down_to_the_least() {
    let Some((mut setup, engine)) = fixture() else { return };
    setup.memory.budget_bytes = 1;
    let error = planned(&setup, &engine).expect_err("too small");
    let InversionError::Plan(retrograd::checkpoint::PlanError::BudgetTooSmall { minimum, .. }) =
        error
    else {
        panic!("another error: {error}")
    };
    let mut factors = Vec::new();
    setup.memory.budget_bytes = 1 << 30;
    while setup.memory.budget_bytes >= minimum {
        let found = planned(&setup, &engine).expect("plan");
        check_sum(&setup, &engine, &found);
        factors.push(found.plan.recompute_factor);
        setup.memory.budget_bytes -= (setup.memory.budget_bytes - minimum).div_ceil(8).max(1);
    }
    assert!(factors.len() > 50 && factors[0] == 1.0, "{factors:?}");
    assert!(*factors.last().expect("plans") > 20.0, "one snapshot recomputes most: {factors:?}");
    setup.memory.budget_bytes = minimum - 1;
    assert!(planned(&setup, &engine).is_err());
}

#[test]
fn as_many_snapshots_as_fit_at_full_concurrency() {
    let Some((mut setup, engine)) = fixture() else { return };
    setup.memory.strategy = MemoryStrategy::Revolve { snapshots: Some(5) };
    let five = planned(&setup, &engine).expect("plan").predicted_peak_bytes;
    let snapshot = engine.workload(2).expect("workload").snapshot_bytes;
    setup.memory.strategy = MemoryStrategy::Revolve { snapshots: None };
    for (budget, snapshots) in [(five, 5), (five - 1, 4), (five + 2 * snapshot, 6)] {
        setup.memory.budget_bytes = budget;
        let found = planned(&setup, &engine).expect("plan");
        assert_eq!(found.plan.strategy, Strategy::Revolve { snapshots }, "{budget}");
    }
}

/// Data from a grid three times finer take nine times the memory of a forward run: with one
/// snapshot, more than the gradients.
#[test]
fn data_on_a_finer_grid_count_and_take_as_many_shots_as_fit() {
    let Some((mut setup, engine)) = fixture() else { return };
    setup.data = DataSource::Finer {
        refine: 3,
        space_order: 8,
        model: FinerModel(Arc::new(|_| velocity(0.0))),
    };
    setup.memory.strategy = MemoryStrategy::Revolve { snapshots: Some(1) };
    setup.memory.shots_in_parallel = Some(3);
    let all = planned(&setup, &engine).expect("plan");
    let fine = all.finer.expect("a finer grid");
    assert_eq!(fine.concurrency, 3);
    assert_eq!(all.predicted_peak_bytes, fine.peak_bytes);
    assert!(fine.peak_bytes > all.plan.predicted_peak_bytes + 500_000);

    // A byte less than the last plan takes is a shot less, until there is none.
    let mut last = FinerPlan { concurrency: 4, peak_bytes: u64::MAX };
    let error = loop {
        setup.memory.budget_bytes = last.peak_bytes - 1;
        match planned(&setup, &engine) {
            Ok(found) => {
                let found = found.finer.expect("a finer grid");
                assert!(found.concurrency < last.concurrency, "{found:?} {last:?}");
                assert!(found.peak_bytes < last.peak_bytes);
                last = found;
            }
            Err(error) => break error.to_string(),
        }
    };
    assert!(last.concurrency < 3);
    let least = format!("({} B)", last.peak_bytes);
    assert!(error.contains("finer grid") && error.contains(&least), "{error}");
}

/// Steps of ten seconds, beside which a disk costs nothing.
fn slow_with_disk() -> Means {
    let speeds = Speeds {
        forward_seconds: 10.0,
        record_seconds: 10.0,
        reverse_seconds: 10.0,
        restart_seconds: 0.0,
    };
    let disk = DiskOffer {
        path: "/scratch".into(),
        capacity_bytes: 1 << 40,
        write_bytes_per_second: 1e9,
        read_bytes_per_second: 1e9,
        latency_seconds: 1e-4,
        slowdown: 1.0,
        codec: CodecOffer::none(1e9),
        log_bytes: 0,
    };
    Means { speeds, stores_adjoint: true, disk: Some(disk), ..Means::default() }
}

/// Gradients that take longer than the time between two saves are saved, and the plan has room for
/// that; others pay nothing.
#[test]
fn what_saves_half_done_gradients_counts_where_they_are_saved() {
    let Some((mut setup, engine)) = fixture() else { return };
    let means = slow_with_disk();
    let sweep_bytes = engine.sweep_bytes().expect("bytes");
    let log_bytes = sweep_bytes + BUFFER_BYTES as u64;
    let plan = |setup: &InversionSetup, means: &Means| {
        plan_beside(RESIDENT, setup, &engine, means).expect("plan")
    };
    // The budget of a plan with all in RAM, less half of what that keeps, and logs.
    let all = plan(&setup, &Means { disk: None, ..means.clone() });
    assert_eq!((all.plan.strategy, all.saves), (Strategy::StoreAll, None));
    setup.memory.budget_bytes = all.predicted_peak_bytes - all.plan.parts.adjoint / 2;
    setup.memory.budget_bytes += 2 * (log_bytes + (3 << 20));
    // As many steps that RAM does not do.
    let kernels = engine.workload(2).expect("workload");
    let shared_bytes = kernels.shared_bytes + RESIDENT + other_bytes(&setup, &engine);
    let workload = Workload { shared_bytes, steps: 4 * kernels.steps, ..kernels };

    setup.memory.save_every = Duration::from_secs(7);
    let saved = fastest(&setup, &workload, &means, sweep_bytes).expect("plan");
    let saves = Saves { every: Duration::from_secs(7), sweeps: true };
    assert_eq!(saved.saves, Some(saves));
    let workers = saved.plan.concurrency * (workload.worker_bytes + log_bytes);
    assert_eq!(saved.plan.parts.workers, workers);
    assert!(saved.plan.predicted_peak_bytes <= setup.memory.budget_bytes);

    setup.memory.save_every = Duration::from_secs(10_000_000);
    let unsaved = fastest(&setup, &workload, &means, sweep_bytes).expect("plan");
    assert_eq!(unsaved.saves.map(|saves| saves.sweeps), Some(false));
    assert_eq!(unsaved.plan.parts.workers, unsaved.plan.concurrency * workload.worker_bytes);

    // A twentieth of the time at most: bytes of two shots at 1 GB/s.
    setup.memory.save_every = Duration::ZERO;
    let often = fastest(&setup, &workload, &means, sweep_bytes).expect("plan");
    let seconds = 20.0 * (often.plan.concurrency * sweep_bytes) as f64 / 1e9;
    let every = often.saves.expect("saved").every.as_secs_f64();
    assert!((every - seconds).abs() < 1e-6, "{every} {seconds}");
}

/// The plan of an interrupted run is taken where it keeps the budget and sweeps are saved.
#[test]
fn an_interrupted_plan_is_taken_again_if_it_fits() {
    let Some((setup, engine)) = fixture() else { return };
    let means = slow_with_disk();
    let mut memory = plan_beside(RESIDENT, &setup, &engine, &means).expect("plan");
    let file = TierPlan::File {
        folder: "/scratch".into(),
        capacity_bytes: 1 << 30,
        snapshot_bytes: memory.basis.0.snapshot_bytes,
        codec: "none".parse().expect("a codec"),
        queue: 1,
    };
    let chosen = Strategy::Recording { period: 7 };
    let tiers = [TierPlan::Handles { slots: 0 }, file];
    let before = memory.plan.clone();
    assert!(!memory.take_again((chosen, &tiers)) && memory.plan == before, "nothing is saved");
    memory.saves = Some(Saves { every: Duration::ZERO, sweeps: true });
    memory.plan.budget_bytes = Some(before.parts.shared + before.parts.workers);
    assert!(!memory.take_again((chosen, &tiers)), "it does not fit");
    memory.plan.budget_bytes = before.budget_bytes;
    assert!(memory.take_again((chosen, &tiers)));
    assert_eq!((memory.plan.strategy, memory.plan.tiers.as_slice()), (chosen, &tiers[..]));
    assert!(memory.predicted_peak_bytes >= memory.plan.predicted_peak_bytes);
}
