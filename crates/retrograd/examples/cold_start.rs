//! From nothing to a first gradient: the 2-D problem that `benches/peers` times.
//!
//! `cargo run --release --example cold_start -- [FILE [THREADS]]` writes the gradient of half the
//! energy of the samples with respect to the squared slowness as raw f32.

use std::f64::consts::PI;
use std::ops::ControlFlow;

use retrograd::checkpoint::StoreAll;
use retrograd::{Eq, Grid, Operator, Options, Team, solve};

const N: usize = 201;
const STEPS: usize = 500;
const LAYER: usize = 40;
const SPACING_M: f64 = 10.0;
const DT_S: f64 = 0.38 * SPACING_M / 2500.0;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let threads = arguments.get(1).map_or(Ok(cores), |t| t.parse())?;

    let grid = Grid::new([N, N])?.spacing([SPACING_M, SPACING_M])?;
    let (m, damp) = (grid.function("m"), grid.function("damp").layer_only());
    let u = grid.time_function("u").time_order(2).space_order(8);
    let (src, rec) = (grid.sparse("src"), grid.sparse("rec"));
    let wave = solve(&(&m * u.dt2() - u.laplace() + &damp * u.dt()), &u.forward())?;
    let dt = Grid::dt();
    let operator = Operator::new(&grid, [Eq::new(u.forward(), wave.update())])
        .inject(&src, u.forward(), src.value() * (&dt * &dt) / m.value())
        .interpolate(&rec, &u)
        .build()?;
    let compiled = operator.with_gradient(&[&m], &Options::from_environment())?;

    let layers = [[LAYER; 2]; 2];
    let mut shot = compiled.simulation(&grid, &layers, (STEPS, DT_S), Team::new(threads))?;
    let speed = |k: usize| if k < N / 2 { 1500.0_f64 } else { 2500.0 };
    let points = || (0..N * N).map(|at| (at / N, at % N));
    shot.set(&m, &points().map(|(_, k)| speed(k).powi(-2)).collect::<Vec<_>>())?;
    let sponge = points().map(|(j, k)| profile(j) + profile(k));
    shot.set(&damp, &sponge.collect::<Vec<_>>())?;
    shot.set_up()?;
    let extent_m = SPACING_M * (N - 1) as f64;
    shot.place(&src, &[[extent_m / 2.0, SPACING_M * (LAYER + 2) as f64]])?;
    let along = |k: usize| 400.0 + k as f64 / (N - 1) as f64 * (extent_m - 800.0);
    shot.place(&rec, &(0..N).map(|k| [along(k), 450.0]).collect::<Vec<_>>())?;
    let ricker = |n: usize| {
        let r = PI * 10.0 * (n as f64 * DT_S - 0.1);
        (1.0 - 2.0 * r * r) * (-r * r).exp()
    };
    shot.set_series(&src, &(0..STEPS).map(ricker).collect::<Vec<_>>())?;

    let energy = |_: usize, record: retrograd::Residual<'_>| {
        record.cotangent.copy_from_slice(record.synthetic);
        0.5 * record.synthetic.iter().map(|d| d * d).sum::<f64>()
    };
    let store = StoreAll::new(STEPS as u64);
    let result = shot.evaluate(store, 0, energy, |_| ControlFlow::Continue(()))?;
    let gradient = shot.gradient_of(&m)?;
    println!("J = {:.6e}", result.misfit);
    if let Some(file) = arguments.first() {
        let bytes = gradient.iter().flat_map(|&g| (g as f32).to_le_bytes());
        std::fs::write(file, bytes.collect::<Vec<u8>>())?;
    }
    Ok(())
}

/// Damping along one dimension, in s/m^2.
fn profile(k: usize) -> f64 {
    let inside = k.min(N - 1 - k);
    let x = LAYER.saturating_sub(inside) as f64 / LAYER as f64;
    let peak = 1.5 * 1000f64.ln() / LAYER as f64 / SPACING_M * 1e-3;
    peak * (x - (2.0 * PI * x).sin() / (2.0 * PI))
}
