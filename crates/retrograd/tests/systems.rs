//! The certificate of every system of equations, in every dimension, with and without an absorbing
//! layer.

mod fixtures;

use fixtures::{Keep, evaluate, options};
use retrograd::check::{Experiment, dot_product, taylor};
use retrograd::physics::{Absorbing, SYSTEMS, Setting, System, VACUUM_PERMITTIVITY};
use retrograd::{Compiled, CpmlTuning, DType, Function, Grid, Operator, Simulation, Sparse, Team};

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
    problem_on(SHAPES[dims - 1], write, absorbing, dtype)
}

fn problem_on(
    shape: &[usize],
    write: fn(&Setting) -> System,
    absorbing: Absorbing,
    dtype: DType,
) -> Problem {
    let (grid, dims) = (Grid::new(shape).expect("grid"), shape.len());
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

impl Problem {
    fn dims(&self) -> usize {
        self.system.grid().shape().len()
    }

    fn dt_s(&self) -> f64 {
        time_step(&self.system, self.dims())
    }

    /// The place at these fractions of the axes.
    fn at(&self, fractions: [f64; 3]) -> Vec<f64> {
        let grid = self.system.grid();
        let axes = fractions.iter().zip(grid.shape()).zip(grid.spacing_m());
        axes.map(|((f, n), h)| f * (*n - 1) as f64 * h).collect()
    }

    fn sources(&self) -> [Vec<f64>; 1] {
        [self.at([0.45, 0.52, 0.38])]
    }

    fn receivers(&self) -> [Vec<f64>; 2] {
        [self.at([0.6, 0.4, 0.55]), self.at([0.3, 0.6, 0.5])]
    }

    fn wavelet(&self, steps: usize) -> Vec<f64> {
        let size = source_size(&self.system);
        (0..steps).map(|n| (-((n as f64 - 12.0) / 4.0).powi(2)).exp() * size).collect()
    }

    /// Values of the parameters that vary from point to point.
    fn values(&self) -> Vec<(&Function, Vec<f64>)> {
        let bump = |k: usize| 1.0 + 0.1 * ((k * 2_654_435_761) % 1000) as f64 / 1000.0;
        let points = 0..self.system.grid().points();
        let values = |typical: f64| points.clone().map(|k| typical * bump(k)).collect();
        let parameters = self.system.parameters().iter();
        parameters.map(|p| (&p.function, values(p.typical))).collect()
    }

    /// Run-time scalars.
    fn params(&self) -> &[(&str, f64)] {
        if self.system.name() == "viscoacoustic" { &[("f_ref", 20.0)] } else { &[] }
    }

    /// Points of the layers, if there are any.
    fn layer(&self) -> Vec<[usize; 2]> {
        vec![[LAYER; 2]; if self.system.cpml().is_some() { self.dims() } else { 0 }]
    }

    fn tuning(&self) -> CpmlTuning {
        let dt_s = self.dt_s();
        CpmlTuning::new(0.3 * SPACING_M / dt_s, 0.05 / dt_s)
    }

    fn simulation(&self, compiled: &Compiled, steps: usize, threads: usize) -> Simulation {
        let (grid, run) = (self.system.grid(), (steps, self.dt_s()));
        let simulation = compiled.simulation(grid, &self.layer(), run, Team::new(threads));
        let mut simulation = simulation.expect("should fit");
        for (function, values) in self.values() {
            simulation.set(function, &values).expect("memory");
        }
        for (name, value) in self.params() {
            simulation.set_param(name, *value).expect("should be there");
        }
        if let Some(cpml) = self.system.cpml() {
            simulation.set_cpml(cpml, &self.tuning()).expect("memory");
        }
        simulation.set_up().expect("should run");
        simulation.place(&self.src, &self.sources()).expect("should be inside");
        simulation.place(&self.rec, &self.receivers()).expect("should be inside");
        simulation.set_series(&self.src, &self.wavelet(steps)).expect("should be there");
        simulation
    }
}

fn experiment(problem: &Problem, steps: usize) -> Experiment {
    let Problem { system, src, rec, .. } = problem;
    let mut experiment = Experiment::new(system.grid(), (steps, problem.dt_s()))
        .threads(2)
        .place(src, &problem.sources())
        .place(rec, &problem.receivers())
        .series(src, &problem.wavelet(steps))
        .seed(steps as u64);
    for (function, values) in problem.values() {
        experiment = experiment.set(function, &values);
    }
    for (name, value) in problem.params() {
        experiment = experiment.param(name, *value);
    }
    if let Some(cpml) = system.cpml() {
        experiment = experiment.layer(&problem.layer()).cpml(cpml, problem.tuning());
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

/// What is left out where waves have not been changes no bit of a gradient, with memory in layers that
/// waves reach in the middle of a run: in what its updates read, nests have many parts.
#[test]
fn what_waves_have_not_reached_changes_no_bit_of_a_gradient() {
    let Some(options) = options() else { return };
    let steps = 41;
    for (name, write, _) in SYSTEMS.iter().filter(|(name, ..)| ["vti", "elastic"].contains(name)) {
        let problem = problem_on(&[61, 113], *write, Absorbing::Cpml, DType::F32);
        let parameters = parameters(&problem.system);
        let compiled = problem.operator.with_gradient(&parameters, &options);
        let compiled = compiled.expect("should compile");
        let run = |active: bool, threads: usize, block: [usize; 2], keep: Keep| {
            let mut simulation = problem.simulation(&compiled, steps, threads);
            simulation.set_active(active);
            simulation.set_block(block[0], block[1]);
            let mut all = vec![evaluate(&mut simulation, keep).misfit];
            for parameter in &parameters {
                all.extend(simulation.gradient_of(parameter).expect("should be there"));
            }
            all.extend(simulation.series_gradient::<f64>(&problem.src).expect("should be there"));
            let bits: Vec<u64> = all.into_iter().map(f64::to_bits).collect();
            (bits, simulation.points_computed())
        };
        let (expected, whole) = run(false, 1, [1, 0], Keep::All);
        for (threads, block, keep) in [
            (1, [1, 0], Keep::All),
            (2, [4, 8], Keep::All),
            (1, [4, 8], Keep::Snapshots(3)),
            (3, [1, 0], Keep::Snapshots(3)),
        ] {
            let (found, points) = run(true, threads, block, keep);
            assert!(found == expected, "{name}, {threads} threads, {block:?}, {keep:?}");
            // A sweep more where steps are done again.
            assert!(matches!(keep, Keep::Snapshots(_)) || points * 10 < whole * 9, "{name}");
        }
    }
}

#[test]
fn constants_are_those_of_the_vacuum() {
    let c = 1.0 / (VACUUM_PERMITTIVITY * retrograd::physics::VACUUM_PERMEABILITY).sqrt();
    // Known to ten digits.
    assert!((c / 299_792_458.0 - 1.0).abs() < 1e-9);
}
