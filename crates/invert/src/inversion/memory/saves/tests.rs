use retrograd::checkpoint::plan::{CodecOffer, Speeds};

use super::*;
use crate::engine::Engine;
use crate::inversion::memory::tests::{RESIDENT, fixture};
use crate::inversion::memory::{other_bytes, plan_beside};
use crate::inversion::{InversionSetup, Memory};

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
    setup.memory.budget_bytes = all.predicted_peak_bytes() - all.plan.parts.adjoint / 2;
    setup.memory.budget_bytes += 2 * (log_bytes + (3 << 20));
    // As many steps that RAM does not do.
    let kernels = engine.workload(2).expect("workload");
    let shared_bytes = kernels.shared_bytes + RESIDENT + other_bytes(&setup, &engine);
    let workload = Workload { shared_bytes, steps: 4 * kernels.steps, ..kernels };
    let chosen = |setup: &InversionSetup| {
        let Memory { save_every, budget_bytes, .. } = setup.memory;
        fastest((&workload, &means), save_every, sweep_bytes, Some(budget_bytes))
    };

    setup.memory.save_every = Duration::from_secs(7);
    let saved = chosen(&setup).expect("plan");
    let saves = Saves { every: Duration::from_secs(7), sweeps: true };
    assert_eq!(saved.saves, Some(saves));
    let workers = saved.plan.concurrency * (workload.worker_bytes + log_bytes);
    assert_eq!(saved.plan.parts.workers, workers);
    assert!(saved.plan.predicted_peak_bytes <= setup.memory.budget_bytes);

    setup.memory.save_every = Duration::from_secs(10_000_000);
    let unsaved = chosen(&setup).expect("plan");
    assert_eq!(unsaved.saves.map(|saves| saves.sweeps), Some(false));
    assert_eq!(unsaved.plan.parts.workers, unsaved.plan.concurrency * workload.worker_bytes);

    // A twentieth of the time at most: bytes of two shots at 1 GB/s.
    setup.memory.save_every = Duration::ZERO;
    let often = chosen(&setup).expect("plan");
    let seconds = 20.0 * (often.plan.concurrency * sweep_bytes) as f64 / 1e9;
    let every = often.saves.expect("saved").every.as_secs_f64();
    assert!((every - seconds).abs() < 1e-6, "{every} {seconds}");
}

/// A file of 1 GiB, and handles.
fn recording(engine: &Engine, codec: &str) -> (Strategy, [TierPlan; 2]) {
    let file = TierPlan::File {
        folder: "/scratch".into(),
        capacity_bytes: 1 << 30,
        snapshot_bytes: engine.workload(1).expect("workload").snapshot_bytes,
        codec: codec.parse().expect("a codec"),
        queue: 1,
    };
    (Strategy::Recording { period: 7 }, [TierPlan::Handles { slots: 0 }, file])
}

/// The plan of an interrupted run is taken where it keeps the budget, whatever this one is.
#[test]
fn an_interrupted_plan_is_taken_again_if_it_fits() {
    let Some((setup, engine)) = fixture() else { return };
    let means = slow_with_disk();
    let mut memory = plan_beside(RESIDENT, &setup, &engine, &means).expect("plan");
    let before = memory.plan.clone();
    assert_eq!((before.strategy, memory.saves), (Strategy::StoreAll, None));
    let (chosen, tiers) = recording(&engine, "none");
    memory.plan.budget_bytes = Some(before.parts.shared + before.parts.workers);
    assert!(!memory.take_again((chosen, &tiers), 0), "it does not fit");
    memory.plan.budget_bytes = before.budget_bytes;
    assert!(memory.take_again((chosen, &tiers), 0));
    assert_eq!((memory.plan.strategy, memory.plan.tiers.as_slice()), (chosen, &tiers[..]));
    assert_eq!(memory.saves.map(|saves| saves.sweeps), Some(true));
    let log_bytes = engine.sweep_bytes().expect("bytes") + BUFFER_BYTES as u64;
    let workload = engine.workload(2).expect("workload");
    assert_eq!(memory.plan.parts.workers, 2 * (workload.worker_bytes + log_bytes));

    let (chosen, tiers) = recording(&engine, "zfp:relative=1e-3");
    assert!(memory.take_again((chosen, &tiers), 0));
    assert_eq!(memory.saves.map(|saves| saves.sweeps), Some(false));
    assert_eq!(memory.plan.parts.workers, 2 * workload.worker_bytes);
}

/// As many shots at a time as the disk has room for, with what the interrupted run has left there.
#[test]
fn an_interrupted_plan_takes_no_more_of_the_disk_than_there_is() {
    let Some((setup, engine)) = fixture() else { return };
    let mut means = slow_with_disk();
    let disk = means.disk.as_mut().expect("a disk");
    let logs = 2 * 2 * engine.sweep_bytes().expect("bytes");
    disk.capacity_bytes = logs + (1 << 30) - 1;
    let (chosen, tiers) = recording(&engine, "none");
    let memory = plan_beside(RESIDENT, &setup, &engine, &means).expect("plan");
    for (held, shots) in [(0, 0), (1, 1), (1 << 30, 1), ((1 << 30) + 1, 2), (1 << 40, 2)] {
        let mut memory = memory.clone();
        assert_eq!(memory.take_again((chosen, &tiers), held), shots > 0, "{held}");
        if shots > 0 {
            assert_eq!(memory.plan.concurrency, shots, "{held}");
        }
    }
}
