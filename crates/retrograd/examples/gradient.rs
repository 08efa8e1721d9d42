//! Gradient of an energy with respect to the squared slowness, in forty lines.

use retrograd::checkpoint::StoreAll;
use retrograd::{Eq, Grid, Operator, Options, Team, solve};
use std::ops::ControlFlow;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let grid = Grid::new([101, 101])?.spacing([10.0, 10.0])?;
    let m = grid.function("m"); // squared slowness, s^2/m^2
    let u = grid.time_function("u").time_order(2).space_order(8); // pressure, Pa
    let (src, rec) = (grid.sparse("src"), grid.sparse("rec"));
    let wave = solve(&(&m * u.dt2() - u.laplace()), &u.forward())?;

    let operator = Operator::new(&grid, [Eq::new(u.forward(), wave.update())])
        .inject(&src, u.forward(), src.value() * wave.response())
        .interpolate(&rec, &u)
        .build()?;
    let compiled = operator.with_gradient(&[&m], &Options::from_environment())?;

    let (steps, dt_s) = (300, 1e-3);
    let mut shot = compiled.simulation(&grid, &[], (steps, dt_s), Team::new(2))?;
    shot.set(&m, &vec![1.0 / 2000.0_f64.powi(2); grid.points()])?;
    shot.set_up()?;
    shot.place(&src, &[[503.0, 204.0]])?;
    shot.place(&rec, &[[250.0, 800.0], [750.0, 800.0]])?;
    let ricker = |t: f64| (1.0 - 2.0 * t * t) * (-t * t).exp();
    let wavelet: Vec<f64> = (0..steps).map(|n| ricker(50.0 * (n as f64 * dt_s - 0.08))).collect();
    shot.set_series(&src, &wavelet)?;

    // J = 1/2 |samples|^2: its derivative by each sample is the sample.
    let energy = |_: usize, record: retrograd::Residual<'_>| {
        record.cotangent.copy_from_slice(record.synthetic);
        0.5 * record.synthetic.iter().map(|d| d * d).sum::<f64>()
    };
    let result =
        shot.evaluate(StoreAll::new(steps as u64), 0, energy, |_| ControlFlow::Continue(()))?;
    let gradient = shot.gradient_of(&m)?;
    println!("J = {:.6e}, dJ/dm in the middle = {:.6e}", result.misfit, gradient[50 * 101 + 50]);
    Ok(())
}
