//! Linearised modelling by the tangent of an operator, and its transpose.

mod fixtures;

use std::ops::ControlFlow;

use fixtures::options;
use retrograd::checkpoint::Action;
use retrograd::physics::{Setting, System, acoustic, elastic};
use retrograd::{DType, Function, Grid, Operator, Residual, Simulation, Sparse, Team};

const SHAPE: [usize; 2] = [41, 37];
const STEPS: usize = 120;

struct Problem {
    system: System,
    operator: Operator,
    src: Sparse,
    rec: Sparse,
    dt_s: f64,
}

fn problem(write: fn(&Setting) -> System) -> Problem {
    let grid = Grid::new(SHAPE).and_then(|g| g.spacing([10.0, 10.0])).expect("grid");
    let system = write(&Setting::new(&grid).space_order(4));
    let (src, rec) = (grid.sparse("src"), grid.sparse("rec"));
    let (first, last) = (&system.states()[0], system.states().last().expect("a state"));
    let operator = system.operator().dtype(DType::F64).source(&src, first.forward(), src.value());
    let operator = operator.interpolate(&rec, last.forward()).build().expect("should build");
    Problem { system, operator, src, rec, dt_s: 1e-3 }
}

fn bumps(seed: usize) -> Vec<f64> {
    let wave = |k: usize| ((k * 37 + seed * 101) % 97) as f64 / 97.0 - 0.5;
    (0..SHAPE[0] * SHAPE[1]).map(wave).collect()
}

impl Problem {
    /// A simulation with parameters displaced by `h` times bumps.
    fn simulation(
        &self,
        of: &Operator,
        gradient: Option<&[&Function]>,
        h: f64,
    ) -> Option<Simulation> {
        let options = options()?;
        let compiled = match gradient {
            None => of.compile(&options),
            Some(parameters) => of.with_gradient(parameters, &options),
        };
        let compiled = compiled.expect("should compile");
        let run = (STEPS, self.dt_s);
        let mut simulation = compiled
            .simulation(self.system.grid(), &[[0, 0]; 2], run, Team::new(2))
            .expect("memory");
        for (seed, parameter) in self.system.parameters().iter().enumerate() {
            let bumps = bumps(seed);
            let values = bumps.iter().map(|b| parameter.typical * (1.0 + h * b));
            simulation.set(&parameter.function, &values.collect::<Vec<_>>()).expect("memory");
        }
        simulation.place(&self.src, &[[203.0, 101.0]]).expect("inside");
        simulation.place(&self.rec, &[[95.0, 187.0], [310.0, 255.0]]).expect("inside");
        let wavelet = |n: usize| (-((n as f64 - 20.0) / 8.0).powi(2)).exp();
        let samples: Vec<f64> = (0..STEPS).map(wavelet).collect();
        simulation.set_series(&self.src, &samples).expect("samples");
        Some(simulation)
    }

    fn directions(&self) -> Vec<(Function, Vec<f64>)> {
        let parameters = self.system.parameters().iter().enumerate();
        let direction = |(seed, p): (usize, &retrograd::physics::Parameter)| {
            let name = format!("{}_dir", p.function.name());
            let values = bumps(seed).iter().map(|b| p.typical * b).collect();
            (self.system.grid().function(&name), values)
        };
        parameters.map(direction).collect()
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn check(problem: &Problem) {
    let parameters: Vec<&Function> =
        problem.system.parameters().iter().map(|p| &p.function).collect();
    let born = problem.operator.tangent(&parameters).expect("should have a tangent");
    let directions = problem.directions();
    let by: Vec<&Function> = directions.iter().map(|(f, _)| f).collect();
    let scattered = problem.system.grid().sparse("rec_tan");
    let Some(mut linear) = problem.simulation(&born, Some(&by), 0.0) else { return };
    linear.place(&scattered, &[[95.0, 187.0], [310.0, 255.0]]).expect("inside");
    for (function, values) in &directions {
        linear.set(function, values).expect("memory");
    }
    linear.run().expect("should run");
    let jv: Vec<f64> = linear.series(&scattered).expect("samples");
    // Central differences of the modelling itself: an error of h^2.
    let recorded = |h: f64| -> Vec<f64> {
        let simulation = problem.simulation(&problem.operator, None, h);
        let mut simulation = simulation.expect("a compiler is there");
        simulation.run().expect("should run");
        simulation.series(&problem.rec).expect("samples")
    };
    let error = |h: f64| {
        let (above, below) = (recorded(h), recorded(-h));
        let central = above.iter().zip(&below).map(|(a, b)| (a - b) / (2.0 * h));
        let rest: Vec<f64> = central.zip(&jv).map(|(d, j)| d - j).collect();
        (dot(&rest, &rest) / dot(&jv, &jv)).sqrt()
    };
    let (coarse, fine) = (error(4e-3), error(2e-3));
    let order = (coarse / fine).log2();
    println!("{}: {coarse:.2e}, {fine:.2e}, order {order:.3}", problem.system.name());
    assert!((order - 2.0).abs() <= 0.05, "{coarse:e} {fine:e}");
    // The transpose: cotangents of the scattered samples, recorded second, alone.
    let noise = |k: usize| ((k * 31) % 17) as f64 / 8.0 - 1.0;
    let size = (dot(&jv, &jv) / jv.len() as f64).sqrt();
    let w: Vec<f64> = jv.iter().enumerate().map(|(k, j)| j + size * noise(k)).collect();
    let steps = 0..STEPS as u64;
    let actions = [Action::Record { steps: steps.clone() }, Action::Reverse { steps }];
    let misfit = |number: usize, residual: Residual<'_>| {
        if number == 1 {
            residual.cotangent.copy_from_slice(&w);
        }
        0.0
    };
    linear.evaluate(actions, 0, misfit, |_| ControlFlow::Continue(())).expect("should run");
    let sides = directions.iter().map(|(function, values)| {
        let gradient = linear.gradient_of(function).expect("should have a gradient");
        dot(&gradient, values)
    });
    let (forward, reverse) = (dot(&jv, &w), sides.sum::<f64>());
    let scale = (dot(&jv, &jv) * dot(&w, &w)).sqrt();
    let error = (forward - reverse).abs() / scale;
    println!("{}: <J v, w> {forward:e}, <v, J^T w> {reverse:e}", problem.system.name());
    assert!(error <= 1e-13, "{error:e}");
}

#[test]
fn scattered_waves_are_the_derivative_of_recorded_ones() {
    check(&problem(acoustic));
    check(&problem(elastic));
}
