//! The certificate of every system of equations, in every dimension, with and without an absorbing
//! layer.

mod fixtures;

use fixtures::options;
use retrograd::check::{Experiment, dot_product, taylor};
use retrograd::physics::{Absorbing, SYSTEMS, Setting, System, VACUUM_PERMITTIVITY};
use retrograd::{CpmlTuning, DType, Function, Grid, Operator, Sparse};

const SHAPES: [&[usize]; 3] = [&[61], &[33, 29], &[21, 19, 23]];
const LAYER: usize = 4;
const SPACING_M: f64 = 10.0;

/// One system with sources in its first and receivers of its last state.
struct Problem {
    system: System,
    operator: Operator,
    src: Sparse,
    rec: Sparse,
}

fn problem(
    write: fn(&Setting) -> System,
    dims: usize,
    absorbing: Absorbing,
    dtype: DType,
) -> Problem {
    let grid = Grid::new(SHAPES[dims - 1]).expect("grid");
    // Cells that are no cubes.
    let spacing: Vec<f64> = (0..dims).map(|d| SPACING_M * (1.0 + 0.1 * d as f64)).collect();
    let grid = grid.spacing(spacing).expect("grid");
    let system = write(&Setting::new(&grid).space_order(4).absorbing(absorbing));
    let (src, rec) = (grid.sparse("src").sinc(2), grid.sparse("rec"));
    // A flow along one dimension stays along it.
    let recorded = if system.name() == "burgers" { 0 } else { system.states().len() - 1 };
    let (first, last) = (&system.states()[0], &system.states()[recorded]);
    let operator = system.operator().dtype(dtype).source(&src, first.forward(), src.value());
    let operator = operator.interpolate(&rec, last.forward()).build().expect("should build");
    Problem { system, operator, src, rec }
}

/// A stable time step for the typical values: waves cross less than a third of a cell in it.
fn time_step(system: &System, dims: usize) -> f64 {
    let typical = |name: &str| {
        let found = system.parameters().iter().find(|p| p.function.name() == name);
        found.map(|p| p.typical)
    };
    let speed = typical("vp").or(typical("vs")).or_else(|| {
        let wave = |eps_r: f64| 299_792_458.0 / eps_r.sqrt();
        typical("eps_r").map(wave)
    });
    match speed {
        Some(speed) => 0.3 * SPACING_M / (speed * (dims as f64).sqrt()),
        // Diffusion.
        None => 0.2 * SPACING_M * SPACING_M / (2.0 * dims as f64),
    }
}

fn experiment(problem: &Problem, steps: usize) -> Experiment {
    let Problem { system, src, rec, .. } = problem;
    let grid = system.grid();
    let dims = grid.shape().len();
    let dt_s = time_step(system, dims);
    let at = |fractions: [f64; 3]| -> Vec<f64> {
        let axes = fractions.iter().zip(grid.shape()).zip(grid.spacing_m());
        axes.map(|((f, n), h)| f * (*n - 1) as f64 * h).collect()
    };
    let bump = |k: usize| 1.0 + 0.1 * ((k * 2_654_435_761) % 1000) as f64 / 1000.0;
    let wavelet: Vec<f64> = (0..steps)
        .map(|n| (-((n as f64 - 12.0) / 4.0).powi(2)).exp() * source_size(system))
        .collect();
    let mut experiment = Experiment::new(grid, (steps, dt_s))
        .threads(2)
        .place(src, &[at([0.45, 0.52, 0.38])])
        .place(rec, &[at([0.6, 0.4, 0.55]), at([0.3, 0.6, 0.5])])
        .series(src, &wavelet)
        .seed(steps as u64);
    for parameter in system.parameters() {
        let values: Vec<f64> = (0..grid.points()).map(|k| parameter.typical * bump(k)).collect();
        experiment = experiment.set(&parameter.function, &values);
    }
    if system.name() == "viscoacoustic" {
        experiment = experiment.param("f_ref", 20.0);
    }
    if let Some(cpml) = system.cpml() {
        let tuning = CpmlTuning::new(0.3 * SPACING_M / dt_s, 0.05 / dt_s);
        experiment = experiment.layer(&vec![[LAYER; 2]; dims]).cpml(cpml, tuning);
    }
    experiment
}

/// Waves of any size will do where equations are linear; a flow has to stay slow.
fn source_size(system: &System) -> f64 {
    if system.name() == "burgers" { 1e-3 } else { 1.0 }
}

/// Every system in every dimension with an absorbing layer, in a plane also without one, and there in
/// single precision as well.
fn each(mut f: impl FnMut(&Problem, &str)) {
    for (name, write, dimensions) in SYSTEMS {
        // Layers for waves are of no use to what spreads.
        let spreads = ["heat", "advection_diffusion", "burgers"].contains(name);
        for &dims in *dimensions {
            let mut kinds = vec![(Absorbing::Cpml, DType::F64)];
            if dims == 2 {
                kinds.extend([(Absorbing::Nothing, DType::F64), (Absorbing::Cpml, DType::F32)]);
            }
            for (absorbing, dtype) in kinds {
                let absorbing = if spreads { Absorbing::Nothing } else { absorbing };
                let problem = problem(*write, dims, absorbing, dtype);
                f(&problem, &format!("{name}, {dims}-D, {absorbing:?}, {dtype:?}"));
            }
        }
    }
}

fn parameters(system: &System) -> Vec<&Function> {
    system.parameters().iter().map(|p| &p.function).collect()
}

#[test]
fn every_system_passes_the_certificate() {
    let Some(options) = options() else { return };
    each(|problem, what| {
        let parameters = parameters(&problem.system);
        let linear = problem.system.name() != "burgers";
        for steps in [24, 25].into_iter().filter(|_| linear) {
            let experiment = experiment(problem, steps);
            let result = dot_product(&problem.operator, &parameters, &experiment, &options);
            let result = result.unwrap_or_else(|e| panic!("{what}: {e}"));
            println!("{what}: {result}");
            assert!(result.passed(), "{what}: {result}");
        }
        if problem.operator.stencil().dtype == DType::F32 {
            return;
        }
        let result = taylor(&problem.operator, &parameters, &experiment(problem, 41), &options);
        let result = result.unwrap_or_else(|e| panic!("{what}: {e}"));
        println!("{what}: {result}");
        assert!(result.passed(), "{what}: {result}");
    });
}

/// One parameter after the other: none hides behind another.
#[test]
fn gradients_by_single_parameters_are_the_derivative_of_the_misfit() {
    let Some(options) = options() else { return };
    for (name, write, _) in SYSTEMS.iter().filter(|(_, _, dims)| dims.contains(&2)) {
        let problem = problem(*write, 2, Absorbing::Nothing, DType::F64);
        let experiment = experiment(&problem, 41);
        for parameter in parameters(&problem.system) {
            let result = taylor(&problem.operator, &[parameter], &experiment, &options);
            let what = format!("{name}, {}", parameter.name());
            let result = result.unwrap_or_else(|e| panic!("{what}: {e}"));
            println!("{what}: {result}");
            assert!(result.passed(), "{what}: {result}");
        }
    }
}

#[test]
fn constants_are_those_of_the_vacuum() {
    let c = 1.0 / (VACUUM_PERMITTIVITY * retrograd::physics::VACUUM_PERMEABILITY).sqrt();
    // Known to ten digits.
    assert!((c / 299_792_458.0 - 1.0).abs() < 1e-9);
}
