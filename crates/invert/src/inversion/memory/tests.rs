use std::sync::Arc;

use retrograd::DType;

use super::*;
use crate::engine::Purpose;
use crate::fixture::{experiment, setup, velocity};
use crate::inversion::FinerModel;

/// What a process might hold before.
pub(super) const RESIDENT: u64 = 10_000_000;

/// A setup of three shots with two at a time, and its engine; none without a compiler.
pub(super) fn fixture() -> Option<(InversionSetup, Engine)> {
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
    let shots = found.plan.concurrency * found.bytes_per_shot();
    assert_eq!(found.plan.predicted_peak_bytes, found.other_bytes + kernels.shared_bytes + shots);
    let parts = found.plan.parts;
    let sum = parts.shared + parts.workers + parts.snapshots + parts.adjoint;
    assert_eq!(sum, found.plan.predicted_peak_bytes);
    assert_eq!(found.other_bytes, RESIDENT + other_bytes(setup, engine));
    assert!(found.predicted_peak_bytes() <= setup.memory.budget_bytes);
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
        assert_eq!(found.predicted_peak_bytes(), found.plan.predicted_peak_bytes);
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
        planned(&setup, &engine).expect("plan").bytes_per_shot()
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
    let five = planned(&setup, &engine).expect("plan").predicted_peak_bytes();
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
    assert_eq!(all.predicted_peak_bytes(), fine.peak_bytes);
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
