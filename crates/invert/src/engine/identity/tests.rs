use std::path::PathBuf;

use retrograd::checkpoint::Workload;
use retrograd::{Backend, DType};

use super::*;
use crate::fixture::experiment;

/// Everything that an identity is made of.
#[derive(Clone)]
struct All {
    experiment: Experiment,
    options: Options,
    program: String,
    vp: Vec<f64>,
    wavelet: Vec<f64>,
    evaluation: u64,
    number: usize,
    records: Vec<Record>,
    plan: Plan,
}

fn plan(strategy: Strategy) -> Plan {
    let (shared_bytes, worker_bytes) = (0, 0);
    let (snapshot_bytes, adjoint_bytes, steps) = (2, 1, 50);
    let (jobs, concurrency) = (2, 1);
    let workload = Workload {
        steps,
        snapshot_bytes,
        adjoint_bytes,
        worker_bytes,
        shared_bytes,
        jobs,
        concurrency,
    };
    workload.plan_with(strategy, None).expect("a plan")
}

fn file(capacity_bytes: u64, codec: &str) -> TierPlan {
    TierPlan::File {
        folder: PathBuf::from("/scratch"),
        capacity_bytes,
        snapshot_bytes: 1 << 10,
        codec: codec.parse().expect("a codec"),
        queue: 1,
    }
}

fn all() -> All {
    let experiment = experiment(2, DType::F32);
    let options = Options { backend: Backend::C, ..Options::from_environment() };
    let mut plan = plan(Strategy::Revolve { snapshots: 4 });
    plan.tiers.push(file(1 << 20, "none"));
    All {
        vp: experiment.layer_velocity_m_s.clone(),
        wavelet: vec![0.0, 1.0, -0.5],
        program: "u = u".to_owned(),
        records: vec![vec![1.0, 2.0, 3.0], vec![4.0, 5.0, 6.0]],
        evaluation: 3,
        number: 1,
        experiment,
        options,
        plan,
    }
}

/// Identities of a sweep and of sums.
fn identities(all: &All) -> [u64; 2] {
    let All { experiment, options, program, vp, wavelet, evaluation, number, records, plan } = all;
    let evaluation = *evaluation;
    let inputs = Inputs { experiment, options, program, vp, wavelet, evaluation };
    let (common, shots) = (of_inputs(&inputs), &experiment.survey.shots);
    let shot = (*number, &shots[*number]);
    [of_sweep(common, shot, &records[*number], plan), of_sums(common, shots, records, plan)]
}

type Change = (&'static str, fn(&mut All));

/// What both identities depend on.
const COMMON: [Change; 22] = [
    ("model", |all| all.vp[77] = f64::from_bits(all.vp[77].to_bits() + 1)),
    ("a node more", |all| all.vp.push(0.0)),
    ("wavelet", |all| all.wavelet[1] = -1.0),
    ("a sample more", |all| all.wavelet.push(0.0)),
    ("a node that is a sample", |all| {
        let node = all.vp.pop().expect("a node");
        all.wavelet.insert(0, node);
    }),
    ("evaluation", |all| all.evaluation = 4),
    ("equations", |all| all.program.push(' ')),
    ("backend", |all| all.options.backend = Backend::Interpreter),
    ("compiler", |all| all.options.jit.compilers.push("other".to_owned())),
    ("layer", |all| all.experiment.layer[0][1] += 1),
    ("reflection", |all| all.experiment.reflection *= 2.0),
    ("velocity of the layer", |all| all.experiment.layer_velocity_m_s[3] += 1.0),
    ("order", |all| all.experiment.space_order = 8),
    ("precision", |all| all.experiment.dtype = DType::F64),
    ("weights", |all| {
        all.experiment.interpolation = retrograd::ir::Interpolation::Sinc { radius: 4 };
    }),
    ("steps", |all| all.experiment.steps += 1),
    ("time step", |all| all.experiment.dt_s *= 0.5),
    ("number of shots", |all| {
        let shot = all.experiment.survey.shots[0].clone();
        all.experiment.survey.shots.push(shot);
    }),
    ("source", |all| all.experiment.survey.shots[1].source[0].x_m += 0.5),
    ("receivers", |all| {
        let mut points = all.experiment.survey.shots[1].receivers.to_vec();
        points[2].z_m += 0.5;
        all.experiment.survey.shots[1].receivers = points.into();
    }),
    ("record", |all| all.records[1][2] = 6.5),
    ("grid", |all| {
        let grid = &all.experiment.grid;
        let origin: Vec<f64> = grid.origin_m().iter().map(|x| x + 1.0).collect();
        let grid = RegularGrid::new(grid.shape(), grid.spacing_m(), &origin);
        all.experiment.grid = grid.expect("a grid");
    }),
];

#[test]
fn any_change_of_an_input_is_another_identity() {
    let mut seen = vec![("nothing", identities(&all()))];
    assert_eq!(seen[0].1, identities(&all()), "the same is the same");
    for (what, change) in COMMON {
        let mut changed = all();
        change(&mut changed);
        seen.push((what, identities(&changed)));
    }
    for (at, (what, [sweep, sums])) in seen.iter().enumerate() {
        for (other, [other_sweep, other_sums]) in &seen[..at] {
            assert!(sweep != other_sweep && sums != other_sums, "{what} and {other}");
        }
        assert_ne!(sweep, sums);
    }
}

/// Sums depend on the records of all shots, a sweep on its own and on its number.
#[test]
fn a_sweep_is_that_of_its_shot() {
    let [sweep, sums] = identities(&all());
    let mut other = all();
    other.records[0][0] = 9.0;
    assert_eq!(identities(&other)[0], sweep);
    assert_ne!(identities(&other)[1], sums);
    let mut other = all();
    other.experiment.survey.shots[1] = other.experiment.survey.shots[0].clone();
    other.records[1] = other.records[0].clone();
    let first = All { number: 0, ..other.clone() };
    assert_ne!(identities(&other)[0], identities(&first)[0]);
}

/// A plan without loss changes no sum, but the snapshots that a sweep would find.
#[test]
fn plans_are_of_sweeps_and_of_what_codecs_lose() {
    let with = |strategy, tiers: &[TierPlan]| {
        let mut all = All { plan: plan(strategy), ..all() };
        all.plan.tiers.extend_from_slice(tiers);
        identities(&all)
    };
    let four = Strategy::Revolve { snapshots: 4 };
    let [sweep, sums] = with(four, &[file(1 << 20, "none")]);
    let others = [
        (Strategy::Revolve { snapshots: 5 }, [file(1 << 20, "none")]),
        (four, [file(2 << 20, "none")]),
        (four, [file(1 << 20, "zfp:lossless")]),
    ];
    for (strategy, tiers) in others {
        let [other_sweep, other_sums] = with(strategy, &tiers);
        assert!(other_sweep != sweep && other_sums == sums, "{strategy} {tiers:?}");
    }
    let lossy = |tolerance| file(1 << 20, tolerance);
    let [_, coarse] = with(four, &[lossy("zfp:relative=1e-2")]);
    let [_, fine] = with(four, &[lossy("zfp:relative=1e-4")]);
    assert!(coarse != fine && coarse != sums && fine != sums);
}
