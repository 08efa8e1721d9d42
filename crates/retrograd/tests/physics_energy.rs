//! Stability limit and energy.
//!
//! With `L` the Laplacian of the scheme on a grid closed by zeros (symmetric, negative), leapfrog
//! conserves
//!
//! ```text
//! E(t + dt/2) = 1/2 |sqrt(m) (u+ - u) / dt|^2 - 1/2 <u+, L u>
//! ```
//!
//! and damping takes `dt <eta (u+ - u-) / (2 dt), (u+ - u-) / (2 dt)>` per step from it.

mod support;

use retrograd::{Options, Simulation};
use support::{
    Acoustic, Medium, Profile, Random, Scheme, largest_dt_s, options, second_derivative, sponge,
    weight_sum,
};

/// Velocity, m/s.
const C: f64 = 2000.0;
/// Grid of the energy tests.
const SHAPE: [usize; 2] = [90, 100];
const SPACING_M: [f64; 2] = [10.0, 8.0];

fn scheme<'a>(
    shape: &'a [usize],
    spacing_m: &'a [f64],
    space_order: usize,
    damped: bool,
) -> Scheme<'a> {
    Scheme { shape, spacing_m, space_order, radius: 4, source: None, damped }
}

fn norm(values: &[f64]) -> f64 {
    values.iter().map(|v| v * v).sum::<f64>().sqrt()
}

/// Norms of noise, equal at 0 and `-dt`, over its first norm, after 200 and after `steps` steps at
/// the fraction `q` of the stability limit.
fn noise_after(
    shape: &[usize],
    space_order: usize,
    (q, steps): (f64, usize),
    options: &Options,
) -> [f64; 2] {
    let spacing_m: Vec<f64> = [10.0, 8.0, 9.0][..shape.len()].to_vec();
    let acoustic = Acoustic::new(scheme(shape, &spacing_m, space_order, false), options);
    let acoustic = acoustic.expect("the operator should compile");
    let m = vec![1.0 / (C * C); acoustic.grid.points()];
    let dt_s = q * largest_dt_s(space_order, &spacing_m, C);
    let medium = Medium { m: &m, sponge: None };
    let mut run = acoustic.simulation(medium, (steps, dt_s)).expect("it should run");
    let mut random = Random(11);
    let noise: Vec<f64> = (0..m.len()).map(|_| random.next() - 0.5).collect();
    run.set_level("u", 0, &noise).expect("the current level should be there");
    run.set_level("u", 1, &noise).expect("the level before should be there");
    [0..200, 200..steps].map(|range| {
        run.advance(range).expect("it should run");
        norm(&run.level::<f64>("u", 0).expect("`u` should be there")) / norm(&noise)
    })
}

/// `dt <= 2 / (c sqrt(sum_d S_d / h_d^2))`, `S = |a_0| + 2 sum |a_m|`; on equal spacings
/// `c dt / h <= 2 / sqrt(dims S)`.
///
/// Below the limit: `L` is symmetric, so each of its modes is a pendulum of angle `theta` per step,
/// `sin(theta / 2) <= q`, with amplitude `1 / cos(theta / 2)` after this start. The norm stays
/// below `1 / sqrt(1 - q^2)` of the first one, 7.1 for `q = 0.99`.
///
/// Above: alternating signs times half a sine per dimension make a vector whose Rayleigh quotient
/// is that of the limit with `|a_m| cos(m pi / (n + 1))` for `|a_m|`, or more; that is within 0.5 %
/// on 40 points. The fastest mode then has `sin^2(theta / 2) >= 1.015` at `q = 1.01`, which is
/// growth by `exp(0.24)` a step: of a thousandth of the noise, to 1e6 times the noise in 90 steps.
#[test]
fn the_stability_limit_is_the_formula() {
    let Some(options) = options() else { return };
    let shapes: [&[usize]; 3] = [&[401], &[101, 90], &[41, 44, 40]];
    for shape in shapes {
        for space_order in [2, 4, 8, 16] {
            let below = noise_after(shape, space_order, (0.99, 2000), &options);
            let [early, late] = noise_after(shape, space_order, (1.01, 400), &options);
            let dims = shape.len();
            let limit = 2.0 / (dims as f64 * weight_sum(space_order)).sqrt();
            println!(
                "{dims}-D, order {space_order}: c dt/h <= {limit:.4}; at 0.99 of it noise times \
                 {:.2} after 2000 steps, at 1.01 times {early:.1e} after 200",
                below[1]
            );
            let bound = 1.0 / (1.0_f64 - 0.99 * 0.99).sqrt();
            assert!(below.iter().all(|b| *b <= bound), "{below:?}");
            assert!(early >= 1e6 && (late.is_nan() || late > early), "{early:e} {late:e}");
        }
    }
}

/// `E(t + dt/2)` of the two kept levels per unit of volume, on a 2-D grid.
fn energy(run: &Simulation, m: &[f64], space_order: usize) -> f64 {
    let (shape, h) = (run.grid().shape(), run.grid().spacing_m());
    let now: Vec<f64> = run.level("u", 1).expect("`u` should be there");
    let next: Vec<f64> = run.level("u", 0).expect("`u` should be there");
    let a = second_derivative(space_order);
    let (rows, columns) = (shape[0] as i64, shape[1] as i64);
    let at = |x: i64, z: i64| {
        let inside = (0..rows).contains(&x) && (0..columns).contains(&z);
        if inside { now[(x * columns + z) as usize] } else { 0.0 }
    };
    let mut sum = 0.0;
    for (i, (next, now)) in next.iter().zip(&now).enumerate() {
        let (x, z) = (i as i64 / columns, i as i64 % columns);
        let mut laplacian = a[0] * now / (h[0] * h[0]) + a[0] * now / (h[1] * h[1]);
        for (k, a) in (1_i64..).zip(&a[1..]) {
            laplacian += a * (at(x - k, z) + at(x + k, z)) / (h[0] * h[0]);
            laplacian += a * (at(x, z - k) + at(x, z + k)) / (h[1] * h[1]);
        }
        sum += 0.5 * m[i] * ((next - now) / run.dt_s()).powi(2) - 0.5 * next * laplacian;
    }
    sum
}

/// Energies of a bump in a rough medium, at the start and after each of `parts` parts of the run.
fn energies(eta: Option<(&[f64], usize)>, parts: usize, options: &Options) -> Vec<f64> {
    const STEPS: usize = 400;
    let order = 8;
    let acoustic = Acoustic::new(scheme(&SHAPE, &SPACING_M, order, eta.is_some()), options);
    let acoustic = acoustic.expect("the operator should compile");
    let mut random = Random(5);
    let velocity = std::iter::repeat_with(|| C * (1.0 + random.next()));
    let m: Vec<f64> = velocity.take(acoustic.grid.points()).map(|v| 1.0 / (v * v)).collect();
    let dt_s = 0.9 * largest_dt_s(order, &SPACING_M, 2.0 * C);
    let medium = Medium { m: &m, sponge: eta };
    let mut run = acoustic.simulation(medium, (parts * STEPS, dt_s)).expect("it should run");
    let bump: Vec<f64> = (0..m.len())
        .map(|i| (i / SHAPE[1], i % SHAPE[1]))
        .map(|(x, z)| (x as f64 - 40.0).powi(2) + (z as f64 - 60.0).powi(2))
        .map(|r2| (-r2 / 20.0).exp())
        .collect();
    run.set_level("u", 0, &bump).expect("the current level should be there");
    run.set_level("u", 1, &bump).expect("the level before should be there");
    let mut energies = vec![energy(&run, &m, order)];
    for part in 0..parts {
        run.advance(part * STEPS..(part + 1) * STEPS).expect("it should run");
        energies.push(energy(&run, &m, order));
    }
    energies
}

/// Rounding: each step errs by at most 50 units of 1.1e-16 of `u`, over 4000 steps below 3e-11 if
/// every one had the same sign; energies are squares, hence twice that.
#[test]
fn a_closed_box_conserves_energy() {
    let Some(options) = options() else { return };
    let energies = energies(None, 10, &options);
    let drift = energies.iter().map(|e| (e / energies[0] - 1.0).abs()).fold(0.0, f64::max);
    println!("energy drift over 4000 steps in a closed box: {drift:.1e}");
    assert!(drift <= 6e-11, "{drift:e}");
}

/// A wave crosses the grid in 400 steps; ten times that show whether anything grows late. Noise of
/// a medium this rough drains slowly: the rates differ, the sign does not.
#[test]
fn a_sponge_only_takes_energy() {
    let Some(options) = options() else { return };
    let velocity = vec![1.5 * C; SHAPE[0] * SHAPE[1]];
    let eta = sponge((&SHAPE, &SPACING_M), &[[15; 2]; 2], &velocity, (Profile::Square, 1e-3));
    let energies = energies(Some((&eta, 15)), 10, &options);
    let shares: Vec<f64> = energies.iter().map(|e| e / energies[0]).collect();
    let listed: Vec<String> = shares.iter().map(|s| format!("{s:.1e}")).collect();
    println!("energy in a sponge, every 400 steps: {}", listed.join(" "));
    assert!(shares.windows(2).all(|pair| pair[1] < pair[0]), "{listed:?}");
    assert!(shares[10] <= 1e-2, "{listed:?}");
}
