//! Gradients through tiers: bytes in RAM and in files, in the background, encoded, with adjoint
//! data stored, taken up again after a crash: the same bits, or the error that is stated.

mod fixtures;

use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::Duration;

use fixtures::{Acoustic, Keep, Points, acoustic, energy, evaluate, options};
use retrograd::checkpoint::plan::TierPlan;
use retrograd::checkpoint::schedule::{AnySchedule, Asynchronous, Mixed};
use retrograd::checkpoint::tier::medium::DirectIo;
use retrograd::checkpoint::tier::{Bytes, BytesOptions, Handles, Tier};
use retrograd::checkpoint::{Data, Executor, Revolve, SweepLog};
use retrograd::{DType, Error, Progress, Simulation, State, resumable_executor};

const STEPS: usize = 60;
const BYTES: u64 = 8 << 20;

fn simulation(problem: &Acoustic) -> Option<Simulation> {
    let compiled = problem.operator.with_gradient(&[&problem.m], &options()?);
    let compiled = compiled.expect("should compile");
    let mut simulation = problem.simulation(&compiled, STEPS, 2);
    problem.place(&mut simulation, 1);
    Some(simulation)
}

fn gradient(problem: &Acoustic, simulation: &Simulation) -> Vec<f64> {
    let mut all = simulation.gradient_of(&problem.m).expect("gradient");
    all.extend(simulation.series_gradient::<f64>(&problem.src).expect("gradient of the source"));
    all
}

fn bits(values: &[f64]) -> Vec<u64> {
    values.iter().map(|value| value.to_bits()).collect()
}

/// Evaluates with a first tier of handles and, where given, a second one of bytes.
fn with_tiers(
    problem: &Acoustic,
    simulation: &mut Simulation,
    slots: u64,
    second: Option<Bytes<State>>,
    actions: AnySchedule,
) -> Vec<f64> {
    let mut tiers: Vec<Box<dyn Tier<State>>> = vec![Box::new(Handles::new(slots).expect("small"))];
    tiers.extend(second.map(|tier| -> Box<dyn Tier<State>> { Box::new(tier) }));
    let mut executor = Executor::with_tiers(tiers).expect("small");
    let watch = |_: &Progress| ControlFlow::Continue(());
    simulation.evaluate_in(&mut executor, actions, energy, watch).expect("should run");
    gradient(problem, simulation)
}

#[test]
fn tiers_without_loss_do_not_change_one_bit() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (shape, dtype) in [(&[31, 44][..], DType::F32), (&[20, 18, 21], DType::F64)] {
        let problem = acoustic(shape, 4, Points::Linear, dtype);
        let Some(mut simulation) = simulation(&problem) else { return };
        evaluate(&mut simulation, Keep::All);
        let expected = bits(&gradient(&problem, &simulation));
        let blocks = || AnySchedule::new(Asynchronous::new(STEPS as u64, 9, 4).expect("feasible"));
        for (codec, queue) in [("none", 0), ("none", 2), ("zfp:lossless", 1), ("lz4", 0)] {
            let options = BytesOptions::in_ram(BYTES).expect("memory").queue(queue);
            let options = options.codec(codec.parse().expect("a codec"));
            let tier = options.try_build(simulation.vacancy()).expect("memory");
            let found = with_tiers(&problem, &mut simulation, 4, Some(tier), blocks());
            assert!(bits(&found) == expected, "{codec} {queue}");
        }
        let path = folder.path().join("snapshots");
        let options = BytesOptions::in_file(&path, BYTES, DirectIo::Auto).expect("a file");
        let tier = options.queue(1).try_build(simulation.vacancy()).expect("memory");
        let found = with_tiers(&problem, &mut simulation, 4, Some(tier), blocks());
        assert!(bits(&found) == expected, "file");
        // Adjoint data in the place of restart data, as handles.
        for capacity in [3, 11, 70] {
            let mixed = Mixed::new(STEPS as u64, capacity, 2, 1).expect("feasible");
            let mixed = AnySchedule::new(mixed);
            let found = with_tiers(&problem, &mut simulation, 80, None, mixed);
            assert!(bits(&found) == expected, "mixed {capacity}");
        }
    }
}

/// What a codec loses, the gradient loses. Adjoint data enter the gradient as they are; restart
/// data are run on from, and the small difference of two time levels, in which their errors stay,
/// carries the wave: they lose more.
#[test]
fn lossy_adjoint_data_lose_less_than_lossy_restart_data() {
    let problem = acoustic(&[41, 44], 4, Points::Linear, DType::F32);
    let Some(mut simulation) = simulation(&problem) else { return };
    evaluate(&mut simulation, Keep::All);
    let exact = gradient(&problem, &simulation);
    let norm = |values: &[f64]| values.iter().map(|v| v * v).sum::<f64>().sqrt();
    let mut error_of = |codec: &str, restart: u64, adjoint: u64| {
        let options = BytesOptions::in_ram(BYTES).expect("memory");
        let options = options.codec(codec.parse().expect("a codec"));
        let tier = options.try_build(simulation.vacancy()).expect("memory");
        let mut executor = Executor::with_tiers(vec![Box::new(tier)]).expect("small");
        let watch = |_: &Progress| ControlFlow::Continue(());
        let actions = Mixed::new(STEPS as u64, STEPS as u64, restart, adjoint).expect("feasible");
        simulation.evaluate_in(&mut executor, actions, energy, watch).expect("should run");
        let found = gradient(&problem, &simulation);
        let error: Vec<f64> = found.iter().zip(&exact).map(|(a, b)| a - b).collect();
        norm(&error) / norm(&exact)
    };
    for codec in ["zfp", "block"] {
        let mut coarser = f64::INFINITY;
        for tolerance in ["1e-3", "1e-4", "1e-5"] {
            let codec = format!("{codec}:relative={tolerance}");
            // Capacity for the adjoint data of every step, then for those of none.
            let (adjoint, restart) = (error_of(&codec, 2, 1), error_of(&codec, 8, 100));
            assert!(adjoint > 0.0 && adjoint < restart, "{codec}: {adjoint} {restart}");
            // The gradient is linear in the adjoint data: ten times the error, ten times the
            // error, but for how ZFP rounds its tolerance to a power of two.
            assert!(adjoint < coarser / 5.0, "{codec}: {adjoint} {coarser}");
            coarser = adjoint;
        }
    }
}

fn resumable(
    folder: &Path,
    simulation: &mut Simulation,
    watch: impl FnMut(&Progress) -> ControlFlow<()>,
) -> Result<u64, Error> {
    let data = folder.join("data");
    let options = BytesOptions::in_file(&data, BYTES, DirectIo::Auto).expect("a file");
    let options = options.queue(1).manifest(&folder.join("manifest"), 5);
    let disk = options.try_build(simulation.vacancy()).expect("memory");
    let ram = Handles::new(3).expect("small");
    let mut executor = Executor::with_tiers(vec![Box::new(ram), Box::new(disk)]).expect("small");
    let mut log = SweepLog::new(&folder.join("sweep"), 5, Duration::ZERO);
    let actions = Asynchronous::new(STEPS as u64, 8, 3).expect("feasible");
    let done = simulation.evaluate_resumable(&mut executor, actions, &mut log, energy, watch)?;
    Ok(done.progress.reversed)
}

#[test]
fn another_process_takes_the_sweep_up() {
    for dtype in [DType::F32, DType::F64] {
        let problem = acoustic(&[31, 44], 4, Points::Sinc, dtype);
        let Some(mut first) = simulation(&problem) else { return };
        let expected = evaluate(&mut first, Keep::All);
        let expected_bits = bits(&gradient(&problem, &first));
        for stop_at in [1, 8, 29, 59] {
            let folder = tempfile::tempdir().expect("a temporary folder");
            let stop = |progress: &Progress| match progress.reversed {
                reversed if reversed == stop_at => ControlFlow::Break(()),
                _ => ControlFlow::Continue(()),
            };
            let stopped = resumable(folder.path(), &mut first, stop);
            assert!(matches!(stopped, Err(Error::Cancelled)));
            // Everything anew, as in another process.
            let mut second = simulation(&problem).expect("there is a compiler");
            let watch = |_: &Progress| ControlFlow::Continue(());
            let reversed = resumable(folder.path(), &mut second, watch).expect("should resume");
            assert_eq!(reversed, STEPS as u64 - stop_at);
            assert!(bits(&gradient(&problem, &second)) == expected_bits, "{stop_at}");
        }
        assert!(expected.misfit > 0.0);
    }
}

/// The snapshots that Revolve keeps in RAM may be bytes as well.
#[test]
fn revolve_in_a_tier_of_bytes_is_revolve() {
    let problem = acoustic(&[31, 44], 8, Points::Linear, DType::F32);
    let Some(mut simulation) = simulation(&problem) else { return };
    evaluate(&mut simulation, Keep::All);
    let expected = bits(&gradient(&problem, &simulation));
    let options = BytesOptions::in_ram(BYTES).expect("memory");
    let options = options.codec("zfp:lossless".parse().expect("a codec"));
    let tier = options.try_build(simulation.vacancy()).expect("memory");
    let mut executor = Executor::with_tiers(vec![Box::new(tier)]).expect("small");
    let watch = |_: &Progress| ControlFlow::Continue(());
    let revolve = Revolve::new(STEPS as u64, 5).expect("feasible");
    simulation.evaluate_in(&mut executor, revolve, energy, watch).expect("should run");
    assert!(bits(&gradient(&problem, &simulation)) == expected);
    let usage = executor.usage()[0];
    assert!(usage.written_bytes < usage.raw_bytes && usage.max_error == 0.0);
}

/// The adjoint wavefield is exact, and with it the gradient by the samples of the source; that by
/// the medium is a sum over steps with fewer terms.
#[test]
fn sampled_gradients_come_closer_with_more_samples() {
    let problem = acoustic(&[41, 44], 4, Points::Linear, DType::F64);
    let Some(mut simulation) = simulation(&problem) else { return };
    evaluate(&mut simulation, Keep::All);
    let of = |simulation: &Simulation| {
        let medium = simulation.gradient_of(&problem.m).expect("gradient");
        let source = simulation.series_gradient::<f64>(&problem.src).expect("gradient");
        let mut illumination = vec![0.0; medium.len()];
        simulation.add_illumination_to(&mut illumination);
        [medium, source, illumination]
    };
    let exact = of(&simulation);
    let norm = |values: &[f64]| values.iter().map(|v| v * v).sum::<f64>().sqrt();
    let mut coarser = [f64::INFINITY; 2];
    for every in [8, 4, 2, 1] {
        simulation.evaluate_sampled(every, energy).expect("should run");
        let found = of(&simulation);
        assert!(bits(&found[1]) == bits(&exact[1]), "the source, every {every}");
        let errors = [0, 2].map(|k| {
            let pairs = found[k].iter().zip(&exact[k]);
            norm(&pairs.map(|(a, b)| a - b).collect::<Vec<_>>()) / norm(&exact[k])
        });
        println!("every {every}: {errors:?}");
        assert!(errors[0] < coarser[0] && errors[1] < coarser[1], "every {every}: {errors:?}");
        coarser = errors;
    }
    assert_eq!(coarser, [0.0; 2]);
}

/// A plan's tiers in a folder that outlives the process; what that takes beside is what is said.
#[test]
fn the_tiers_of_a_plan_are_taken_up_from_their_folder() {
    let problem = acoustic(&[31, 44], 4, Points::Linear, DType::F32);
    let Some(mut simulation) = simulation(&problem) else { return };
    evaluate(&mut simulation, Keep::All);
    let expected = bits(&gradient(&problem, &simulation));
    let place = tempfile::tempdir().expect("a temporary folder");
    let (folder, codec) = (place.path(), "none".parse().expect("a codec"));
    let anywhere = folder.join("not here");
    let snapshot_bytes = simulation.snapshot_bytes(Data::Adjoint);
    let tiers = [TierPlan::File {
        folder: anywhere,
        capacity_bytes: BYTES,
        snapshot_bytes,
        codec,
        queue: 1,
    }];
    let run = |simulation: &mut Simulation, identity: u64, stop_at: u64| {
        let place = (folder, identity);
        let executor = resumable_executor(&tiers, simulation, NonZeroUsize::MIN, place);
        let mut executor = executor.expect("should be made");
        let mut log = SweepLog::new(&folder.join("sweep"), identity, Duration::ZERO);
        let pending = log.pending();
        let watch = |progress: &Progress| match progress.reversed {
            reversed if reversed == stop_at => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        };
        // Adjoint data of every step.
        let actions = Mixed::new(STEPS as u64, STEPS as u64, 2, 1).expect("feasible");
        let done = simulation.evaluate_resumable(&mut executor, actions, &mut log, energy, watch);
        (pending, done.map(|done| done.progress))
    };
    let (none, stopped) = run(&mut simulation, 1, 25);
    assert!(none.is_none() && matches!(stopped, Err(Error::Cancelled)));
    let written = std::fs::metadata(folder.join("sweep")).expect("a log").len();
    let said = simulation.sweep_bytes();
    assert!(written <= said && said <= 2 * written, "{written} bytes, {said} said");
    let mut second = self::simulation(&problem).expect("there is a compiler");
    let (pending, done) = run(&mut second, 1, u64::MAX);
    let done = done.expect("should resume");
    assert_eq!((pending, done.reversed), (Some(STEPS as u64 - 25), STEPS as u64 - 25));
    assert_eq!((done.advances, done.recorded, done.lost), (0, 0, 0), "all data should be there");
    assert!(bits(&gradient(&problem, &second)) == expected);
    // What another identity has left is not believed.
    run(&mut simulation, 2, 25).1.expect_err("should be stopped");
    let (pending, done) = run(&mut second, 3, u64::MAX);
    assert_eq!((pending, done.expect("should run").reversed), (None, STEPS as u64));
    assert!(bits(&gradient(&problem, &second)) == expected);
}
