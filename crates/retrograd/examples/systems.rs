//! Any system of equations of the library: what it is made of, its largest stable time step, a run and its
//! gradients.
//!
//! ```console
//! cargo run --release -p retrograd --example systems            # all, in a plane
//! cargo run --release -p retrograd --example systems -- tti 3   # one, in so many dimensions
//! ```

use std::ops::ControlFlow;
use std::process::ExitCode;

use retrograd::checkpoint::Action;
use retrograd::physics::{SYSTEMS, Setting, System};
use retrograd::stability::StabilitySearch;
use retrograd::{Error, Function, Grid, Options, Residual, Simulation, Team};

const STEPS: usize = 200;

fn main() -> ExitCode {
    match chosen_systems() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn chosen_systems() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let dims = arguments.get(1).map_or(Ok(2), |text| text.parse());
    let dims = dims.map_err(|_| "the number of dimensions is 1, 2 or 3")?;
    let chosen = |name: &str| arguments.first().is_none_or(|wanted| wanted == name);
    let mut found = false;
    for (name, write, dimensions) in SYSTEMS {
        if chosen(name) && dimensions.contains(&dims) {
            found = true;
            run(name, *write, dims)?;
        }
    }
    if !found {
        let known: Vec<String> =
            SYSTEMS.iter().map(|(name, _, dims)| format!("{name} {dims:?}")).collect();
        return Err(format!(
            "no such system; there are, with their dimensions: {}",
            known.join(", ")
        )
        .into());
    }
    Ok(())
}

fn run(name: &str, write: fn(&Setting) -> System, dims: usize) -> Result<(), Error> {
    let side = if dims == 3 { 41 } else { 101 };
    let grid = Grid::new(vec![side; dims])?.spacing(vec![10.0; dims])?;
    let system = write(&Setting::new(&grid).space_order(4));
    println!("{name} in {dims}-D");
    for state in system.states() {
        println!("  state {}", state.name());
    }
    // A source in the first state, receivers of the last one; a flow stays in its own component.
    let (src, rec) = (grid.sparse("src"), grid.sparse("rec"));
    let states = system.states();
    let recorded = if name == "burgers" { &states[0] } else { &states[states.len() - 1] };
    let operator = system
        .operator()
        .source(&src, states[0].forward(), src.value())
        .interpolate(&rec, recorded.forward())
        .build()?;
    let parameters: Vec<&Function> = system.parameters().iter().map(|p| &p.function).collect();
    let compiled = operator.with_gradient(&parameters, &Options::from_environment())?;

    let ready = |dt_s: f64| -> Result<Simulation, Error> {
        let mut simulation = compiled.simulation(&grid, &[], (STEPS, dt_s), Team::new(2))?;
        for parameter in system.parameters() {
            // The lower half is 10 % higher.
            let value = |k: usize| parameter.typical * if k % side > side / 2 { 1.1 } else { 1.0 };
            let values: Vec<f64> = (0..grid.points()).map(value).collect();
            simulation.set(&parameter.function, &values)?;
        }
        if name == "viscoacoustic" {
            simulation.set_param("f_ref", 20.0)?;
        }
        simulation.set_up()?;
        Ok(simulation)
    };
    let dt_s = if name == "burgers" {
        // Not linear: no step is stable for every flow. A tenth of what diffusion alone allows.
        0.1 * 10.0 * 10.0 / (2 * dims) as f64
    } else {
        let start = if name == "maxwell_tm" { 1e-9 } else { 1e-4 };
        let limit = ready(start)?.largest_stable_dt(&StabilitySearch::default().accuracy(0.05))?;
        println!("  largest stable time step {:.4e} s", limit.dt_s);
        0.8 * limit.dt_s
    };
    println!("  time step {dt_s:.4e} s");

    let mut shot = ready(dt_s)?;
    let middle = 5.0 * (side - 1) as f64;
    let at = |from: f64| -> Vec<f64> { (0..dims).map(|_| middle + from).collect() };
    shot.place(&src, &[at(-30.0)])?;
    shot.place(&rec, &[at(40.0), at(-80.0)])?;
    let size = if name == "burgers" { 1e-3 } else { 1.0 };
    let pulse = |n: usize| size * (-((n as f64 - 30.0) / 10.0).powi(2)).exp();
    shot.set_series(&src, &(0..STEPS).map(pulse).collect::<Vec<f64>>())?;
    gradients(&mut shot, &system)
}

/// Half the energy of the recordings, and its gradient by every parameter.
fn gradients(shot: &mut Simulation, system: &System) -> Result<(), Error> {
    let all = 0..STEPS as u64;
    let actions = [Action::Record { steps: all.clone() }, Action::Reverse { steps: all }];
    let misfit = |_: usize, residual: Residual<'_>| {
        residual.cotangent.copy_from_slice(residual.synthetic);
        0.5 * residual.synthetic.iter().map(|v| v * v).sum::<f64>()
    };
    let found = shot.evaluate(actions, 0, misfit, |_| ControlFlow::Continue(()))?;
    println!("  misfit {:.4e}", found.misfit);
    for parameter in system.parameters() {
        let gradient = shot.gradient_of(&parameter.function)?;
        let largest = gradient.iter().fold(0.0f64, |m, g| m.max(g.abs()));
        let (name, unit, what) = (parameter.function.name(), parameter.unit, parameter.what);
        println!(
            "  {name} [{unit}], {what}: {:.4e}, gradient up to {largest:.3e}",
            parameter.typical
        );
    }
    Ok(())
}
