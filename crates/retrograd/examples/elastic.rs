//! Elastic waves with an absorbing layer: model a shot, then its gradient by vp, vs and density.
//!
//! ```console
//! cargo run --release -p retrograd --example elastic
//! ```

use std::ops::ControlFlow;

use retrograd::checkpoint::Action;
use retrograd::physics::{Absorbing, Setting, elastic};
use retrograd::{CpmlTuning, Error, Function, Grid, Options, Residual, Team};

fn main() -> Result<(), Error> {
    let (steps, dt_s, layer) = (400, 1e-3, [[20, 20]; 2]);
    let grid = Grid::new([161, 121])?.spacing([10.0, 10.0])?;
    let system = elastic(&Setting::new(&grid).space_order(4).absorbing(Absorbing::Cpml));
    let (src, rec) = (grid.sparse("src"), grid.sparse("rec"));
    // A vertical force, and receivers of vertical velocity.
    let vertical = system.state_named("v_z").clone();
    let operator = system
        .operator()
        .source(&src, vertical.forward(), src.value() * Grid::dt())
        .interpolate(&rec, vertical.forward())
        .build()?;

    let parameters: Vec<&Function> = system.parameters().iter().map(|p| &p.function).collect();
    let compiled = operator.with_gradient(&parameters, &Options::from_environment())?;
    let mut shot = compiled.simulation(&grid, &layer, (steps, dt_s), Team::new(2))?;
    for parameter in system.parameters() {
        // A step in the middle of the model, 10 % high.
        let below = |k: usize| k % grid.shape()[1] > 60;
        let value = |k| parameter.typical * if below(k) { 1.1 } else { 1.0 };
        shot.set(&parameter.function, &(0..grid.points()).map(value).collect::<Vec<f64>>())?;
    }
    if let Some(cpml) = system.cpml() {
        shot.set_cpml(cpml, &CpmlTuning::new(2200.0, 15.0))?;
    }
    shot.place(&src, &[[800.0, 300.0]])?;
    let receivers: Vec<[f64; 2]> = (0..24).map(|k| [250.0 + 46.0 * f64::from(k), 300.0]).collect();
    shot.place(&rec, &receivers)?;
    let ricker = |t: f64| {
        let a = (std::f64::consts::PI * 15.0 * (t - 0.08)).powi(2);
        (1.0 - 2.0 * a) * (-a).exp()
    };
    let wavelet: Vec<f64> = (0..steps).map(|n| ricker(n as f64 * dt_s)).collect();
    shot.set_series(&src, &wavelet)?;

    // Half the energy of the recordings, and its gradient, with all adjoint data kept.
    let all = 0..steps as u64;
    let actions = [Action::Record { steps: all.clone() }, Action::Reverse { steps: all }];
    let misfit = |_: usize, residual: Residual<'_>| {
        residual.cotangent.copy_from_slice(residual.synthetic);
        0.5 * residual.synthetic.iter().map(|v| v * v).sum::<f64>()
    };
    let found = shot.evaluate(actions, 0, misfit, |_| ControlFlow::Continue(()))?;
    println!("misfit {:.4e}", found.misfit);
    for parameter in &parameters {
        let gradient = shot.gradient_of(parameter)?;
        let largest = gradient.iter().fold(0.0f64, |m, g| m.max(g.abs()));
        println!("gradient by {:3}: largest {largest:.3e}", parameter.name());
    }
    Ok(())
}
