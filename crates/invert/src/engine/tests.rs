use std::path::Path;

use retrograd::checkpoint::plan::{Means, Speeds};
use retrograd::checkpoint::tier::BufferNeeds;
use retrograd::checkpoint::{Plan, Strategy};
use retrograd::{Backend, DType};

use super::*;
use crate::fixture::{DT_S, STEPS, experiment, resources, velocity};
use crate::wavelet::Wavelet;

const QUIET: &(dyn Fn() + Sync) = &|| ();

fn wavelet() -> Vec<f64> {
    Wavelet::ricker(9.0).expect("wavelet").sampled_at(STEPS, DT_S)
}

/// An engine of the given shots and threads; none without a compiler.
fn engine(shots: usize, threads: usize) -> Option<Engine> {
    let resources = resources(threads)?;
    let experiment = experiment(shots, DType::F32);
    Some(Engine::new(experiment, &resources, Purpose::Gradients).expect("engine"))
}

fn observed(engine: &mut Engine) -> Vec<Record> {
    engine.simulate(&velocity(-200.0), &wavelet(), 2, QUIET).expect("data")
}

/// A plan for as many shots at a time, whatever the memory.
fn plan(engine: &Engine, strategy: Strategy, concurrency: usize) -> Plan {
    let workload = engine.workload(concurrency).expect("workload");
    workload.plan_with(strategy, None).expect("plan")
}

/// Misfit, gradient and illumination as bits; none of them trivial.
fn bits(found: &SurveyGradient) -> Vec<u64> {
    let SurveyGradient { misfit, gradient, illumination } = found;
    assert!(*misfit > 0.0 && misfit.is_finite());
    for values in [gradient, illumination] {
        assert!(values.iter().all(|v| v.is_finite()));
        assert!(values.iter().filter(|v| **v != 0.0).count() > values.len() / 2, "mostly zeros");
    }
    let all = [misfit].into_iter().chain(gradient).chain(illumination);
    all.map(|v| v.to_bits()).collect()
}

fn evaluate(engine: &mut Engine, vp: &[f64], data: &[Record], plan: &Plan) -> SurveyGradient {
    engine.evaluate(vp, &wavelet(), data, plan, QUIET).expect("gradient")
}

/// Three shots: with two workers one of them takes two shots, with three each takes one.
#[test]
fn workers_threads_and_plans_change_no_bit() {
    let Some(mut reference) = engine(3, 1) else { return };
    let (start, data) = (velocity(0.0), observed(&mut reference));
    let one_by_one = plan(&reference, Strategy::StoreAll, 1);
    let expected = bits(&evaluate(&mut reference, &start, &data, &one_by_one));
    for (workers, threads) in [(1, 2), (2, 2), (3, 3), (2, 3)] {
        for strategy in [Strategy::StoreAll, Strategy::Revolve { snapshots: 4 }] {
            let Some(mut engine) = engine(3, threads) else { return };
            let plan = plan(&engine, strategy, workers);
            assert_eq!((plan.concurrency, plan.strategy), (workers as u64, strategy));
            assert_eq!(plan.recompute_factor > 1.0, strategy != Strategy::StoreAll);
            let found = bits(&evaluate(&mut engine, &start, &data, &plan));
            assert!(found == expected, "{workers} workers, {threads} threads, {strategy:?}");
        }
    }
}

/// Misfits add as they are. With no absorbing layer a gradient is `(p1 + p2) s` at each node
/// against `p1 s + p2 s` for shots apart, `s = dm/dvp`: two and three roundings of half an ulp of
/// what is at most `|p1 s| + |p2 s|`.
#[test]
fn two_shots_are_the_sum_of_each_alone() {
    let Some(resources) = resources(2) else { return };
    let mut both = experiment(2, DType::F32);
    both.layer = vec![[0; 2]; 2];
    let start = velocity(0.0);
    let run = |shots: &[usize]| {
        let mut some = both.clone();
        some.survey.shots = shots.iter().map(|s| both.survey.shots[*s].clone()).collect();
        let mut engine = Engine::new(some, &resources, Purpose::Gradients).expect("engine");
        let data = observed(&mut engine);
        let plan = plan(&engine, Strategy::StoreAll, 2);
        let found = evaluate(&mut engine, &start, &data, &plan);
        (data, found)
    };
    let ((all_data, all), (data_0, shot_0), (data_1, shot_1)) =
        (run(&[0, 1]), run(&[0]), run(&[1]));
    assert_eq!(all_data, [data_0, data_1].concat());
    assert_eq!(all.misfit.to_bits(), (shot_0.misfit + shot_1.misfit).to_bits());
    for (a, (b, c)) in all.gradient.iter().zip(shot_0.gradient.iter().zip(&shot_1.gradient)) {
        let bound = 2.5 * f64::EPSILON * (b.abs() + c.abs());
        assert!((a - (b + c)).abs() <= bound, "{a} {b} {c}");
    }
    assert!(shot_0.gradient != shot_1.gradient, "shots should differ");
}

#[test]
fn an_engine_that_has_worked_gives_the_bits_of_a_new_one() {
    let Some(mut new) = engine(3, 2) else { return };
    let (start, other) = (velocity(0.0), velocity(150.0));
    let data = observed(&mut new);
    let store_all = plan(&new, Strategy::StoreAll, 2);
    let expected = bits(&evaluate(&mut new, &start, &data, &store_all));

    let Some(mut used) = engine(3, 2) else { return };
    assert!(used.spare().is_empty());
    let few = plan(&used, Strategy::Revolve { snapshots: 3 }, 2);
    let three = plan(&used, Strategy::StoreAll, 3);
    evaluate(&mut used, &other, &data, &few);
    assert_eq!(used.spare().len(), 2, "simulations should be kept");
    used.simulate(&other, &wavelet(), 2, QUIET).expect("records");
    // More workers than before: a kept simulation beside new ones.
    evaluate(&mut used, &other, &data, &three);
    let found = bits(&evaluate(&mut used, &start, &data, &store_all));
    assert!(found == expected, "something of an earlier sweep was left");
    let records = used.simulate_shots(&[2, 0], &velocity(-200.0), &wavelet(), 2, QUIET);
    assert_eq!(records.expect("records"), [data[2].clone(), data[0].clone()]);
}

/// A time step three times over the limit: infinite within 150 steps.
#[test]
fn a_wave_that_explodes_is_an_error_of_every_worker_and_leaves_nothing_behind() {
    let Some(mut engine) = engine(3, 3) else { return };
    let start = velocity(0.0);
    let data = observed(&mut engine);
    let plan = plan(&engine, Strategy::StoreAll, 3);
    let expected = bits(&evaluate(&mut engine, &start, &data, &plan));
    let fast = vec![14000.0; start.len()];
    let result = engine.evaluate(&fast, &wavelet(), &data, &plan, QUIET);
    assert!(matches!(result, Err(Error::NotFinite { .. })), "{result:?}");
    let result = engine.simulate(&fast, &wavelet(), 3, QUIET);
    assert!(matches!(result, Err(Error::NotFinite { .. })), "{result:?}");
    assert!(bits(&evaluate(&mut engine, &start, &data, &plan)) == expected);
}

/// `J` is `1/2 sum (d - d_obs)^2 dt` of the records that modelling gives, summed in their order;
/// in f32 a record holds what the misfit sees. Each shot is then a term of the sum over shots.
#[test]
fn the_misfit_is_that_of_the_records() {
    let Some(mut engine) = engine(2, 2) else { return };
    let start = velocity(0.0);
    let data = observed(&mut engine);
    let records = engine.simulate(&start, &wavelet(), 2, QUIET).expect("records");
    let square = |(d, o): (&f32, &f32)| (f64::from(*d) - f64::from(*o)).powi(2);
    let mut expected = 0.0;
    for (record, observed) in records.iter().zip(&data) {
        expected += 0.5 * record.iter().zip(observed).map(square).sum::<f64>() * DT_S;
    }
    let plan = plan(&engine, Strategy::StoreAll, 2);
    let found = evaluate(&mut engine, &start, &data, &plan);
    assert_eq!(found.misfit.to_bits(), expected.to_bits());
}

#[test]
fn at_the_truth_nothing_is_left() {
    let Some(mut engine) = engine(2, 2) else { return };
    let data = observed(&mut engine);
    let plan = plan(&engine, Strategy::StoreAll, 2);
    let found = evaluate(&mut engine, &velocity(-200.0), &data, &plan);
    assert_eq!(found.misfit, 0.0);
    assert!(found.gradient.iter().all(|g| *g == 0.0));
}

#[test]
fn an_engine_for_modelling_has_no_gradient() {
    let Some(resources) = resources(1) else { return };
    let new =
        |purpose| Engine::new(experiment(1, DType::F32), &resources, purpose).expect("engine");
    let mut modelling = new(Purpose::Modelling);
    let plan = plan(&new(Purpose::Gradients), Strategy::StoreAll, 1);
    let data = observed(&mut modelling);
    let result = modelling.evaluate(&velocity(0.0), &wavelet(), &data, &plan, QUIET);
    assert!(matches!(result, Err(Error::NoGradient)), "{result:?}");
}

#[test]
#[should_panic(expected = "all samples of its shot")]
fn a_record_cut_short_is_no_data() {
    // Nothing is run: the interpreter needs no compiler.
    let options = Options { backend: Backend::Interpreter, ..Options::from_environment() };
    let resources = Resources { options, threads: 1, tune: false };
    let experiment = experiment(1, DType::F32);
    let short = vec![0.0; STEPS * experiment.survey.traces() - 1];
    let mut engine = Engine::new(experiment, &resources, Purpose::Gradients).expect("engine");
    let plan = plan(&engine, Strategy::StoreAll, 1);
    evaluate(&mut engine, &velocity(0.0), &[short], &plan);
}

/// A plan whose steps take so long that encoding and a disk cost nothing beside them, for a codec
/// that is said to gain `promised` at least.
fn slow_plan(engine: &mut Engine, codec: &str, promised: f64, disk: Option<&Path>) -> Plan {
    let codecs = [codec.parse().expect("a codec")];
    let measured = engine.measure(&codecs, 1, &velocity(0.0), &wavelet()).expect("speeds");
    let seconds = 10.0;
    let speeds = Speeds {
        forward_seconds: seconds,
        record_seconds: seconds,
        reverse_seconds: seconds,
        restart_seconds: 0.0,
    };
    let disk = disk.map(|folder| retrograd::measure_disk(folder).expect("a disk"));
    let mut means = Means { speeds, disk, ..measured };
    means.ram_codecs.iter_mut().for_each(|offer| offer.ratio = offer.ratio.max(promised));
    let workload = engine.workload(1).expect("workload");
    // Room for some snapshots, and for the buffers of the tier that is to be chosen.
    let fixed = workload.shared_bytes + workload.worker_bytes + workload.adjoint_bytes;
    let capacity_bytes = 12 * workload.snapshot_bytes;
    let tier = BufferNeeds {
        snapshot_bytes: workload.snapshot_bytes,
        gathered_bytes: workload.snapshot_bytes,
        capacity_bytes,
        file: means.disk.is_some(),
        codec: &codecs[0],
        queue: usize::from(means.disk.is_some()),
        threads: means.threads,
    };
    let budget = fixed + capacity_bytes + tier.bytes();
    workload.choose(&means, Some(budget)).expect("plan").plan
}

/// Plans that encode without loss, or keep snapshots on disk, change no bit; one with loss changes
/// the gradient by what is measured, which falls with the tolerance.
#[test]
fn tiers_change_no_bit_and_codecs_what_is_measured() {
    let Some(mut engine) = engine(2, 2) else { return };
    let (start, data) = (velocity(0.0), observed(&mut engine));
    let exact = plan(&engine, Strategy::StoreAll, 1);
    let expected = bits(&evaluate(&mut engine, &start, &data, &exact));
    let folder = tempfile::tempdir().expect("a temporary folder");
    for disk in [None, Some(folder.path())] {
        // The codec gains less than is promised: what has no room is computed again.
        let plan = slow_plan(&mut engine, "zfp:lossless", 5.0, disk);
        let wanted = match plan.tiers[..] {
            [TierPlan::Ram { .. }] => disk.is_none(),
            [TierPlan::File { .. }] => disk.is_some(),
            _ => false,
        };
        assert!(wanted, "{}: {:?}", plan.strategy, plan.tiers);
        let found = bits(&evaluate(&mut engine, &start, &data, &plan));
        assert!(found == expected, "{}", plan.strategy);
        assert_eq!(engine.encoding_error(&plan, 20, &start, &wavelet()).expect("gradient"), 0.0);
    }
    let mut coarser = f64::INFINITY;
    for codec in ["block:relative=1e-2", "block:relative=1e-3", "block:relative=1e-4"] {
        let plan = slow_plan(&mut engine, codec, 1.0, None);
        assert!(matches!(plan.tiers[..], [TierPlan::Ram { .. }]), "{}", plan.strategy);
        let error = engine.encoding_error(&plan, 20, &start, &wavelet()).expect("gradient");
        assert!(error > 0.0 && error < coarser / 3.0, "{codec}: {error} {coarser}");
        coarser = error;
    }
}
