//! Boundaries that functions declare, end to end: what the physics on them conserves, what they equal
//! on a larger grid, and gradients in their presence.

mod support;

use std::f64::consts::PI;

use retrograd::check::{Experiment, dot_product, taylor};
use retrograd::{DType, Edge, Eq, Function, Grid, Operator, Simulation, Sparse, Team, solve};
use support::{Random, Ricker, options};

const EPSILON: f64 = f64::EPSILON / 2.0;

fn largest(values: impl Iterator<Item = f64>) -> f64 {
    values.fold(0.0, |most, x| most.max(x.abs()))
}

/// With mirrors about the outermost nodes, what is conserved is the integral by the trapezoidal
/// rule: half of all that is in the periodic, even continuation, of which a difference scheme
/// without a sink loses nothing.
///
/// Tolerance: an update adds up some 2 * 9 products, with half a unit of rounding each, so that each
/// step changes the sum by 40 roundings of each point at most. The largest value never grows.
#[test]
fn heat_stays_between_insulated_ends() {
    let Some(options) = options() else { return };
    let (shape, steps) = ([21, 26], 120);
    let grid = Grid::new(shape).expect("grid").spacing([1.0, 0.8]).expect("spacing");
    let mut random = Random(3);
    let start: Vec<f64> = (0..grid.points()).map(|_| random.next()).collect();
    let total = |values: &[f64]| -> f64 {
        let weight = |i: usize, n: usize| if i == 0 || i + 1 == n { 0.5 } else { 1.0 };
        let [nx, nz] = shape;
        let weighted = |(at, x): (usize, &f64)| weight(at / nz, nx) * weight(at % nz, nz) * x;
        values.iter().enumerate().map(weighted).sum()
    };
    let lost = |edge: Edge| {
        let u =
            grid.time_function("u").space_order(8).boundary(0, [edge; 2]).boundary(1, [edge; 2]);
        let heat = solve(&(u.dt() - u.laplace()), &u.forward()).expect("should be linear");
        let operator = Operator::new(&grid, [Eq::new(u.forward(), heat.update())]);
        let compiled = operator.dtype(DType::F64).build().and_then(|o| o.compile(&options));
        let compiled = compiled.expect("should compile");
        // Below half of 2 / (sum of the largest symbols), 2.5 * 4 (1 + 1 / 0.64) / 2.
        let run = compiled.simulation(&grid, &[[0; 2]; 2], (steps, 0.05), Team::new(2));
        let mut run: Simulation = run.expect("should fit");
        run.set_level("u", 0, &start).expect("memory");
        run.advance(0..steps).expect("should run");
        (total(&start) - total(&run.level::<f64>("u", 0).expect("u"))).abs()
    };
    let rounding = 40.0 * EPSILON * steps as f64 * start.iter().sum::<f64>();
    let insulated = lost(Edge::Even);
    println!("heat lost of {:.1}: {insulated:.1e} (bound {rounding:.1e})", total(&start));
    assert!(insulated <= rounding, "{insulated:e} of {} lost", total(&start));
    assert!(lost(Edge::Zero) > 1.0 && lost(Edge::Odd) > 1.0, "open ends should lose heat");
}

/// Waves below a free surface are those of a source and its negative image in a space without one.
///
/// Tolerance: both runs do the same operations, but for the order of sums. Of some 40 roundings per
/// point and step each is at most half a unit of the largest value; leapfrog passes on what one step
/// errs by, growing linearly with the steps at most.
#[test]
fn a_free_surface_is_an_image_source() {
    let Some(options) = options() else { return };
    let (nx, nz, steps, dt_s) = (33, 29, 90, 0.35);
    let waves = |depth: usize, edge: Edge, sources: &[(f64, f64)], surface: usize| -> Vec<f64> {
        let grid = Grid::new([nx, depth]).expect("grid").spacing([1.0, 1.2]).expect("spacing");
        let m = grid.function("m");
        let u = grid.time_function("u").time_order(2).space_order(8);
        let u = u.boundary(1, [edge, Edge::Zero]);
        let src = grid.sparse("src");
        let wave = solve(&(&m * u.dt2() - u.laplace()), &u.forward()).expect("should be linear");
        let operator = Operator::new(&grid, [Eq::new(u.forward(), wave.update())])
            .dtype(DType::F64)
            .inject(&src, u.forward(), src.value() * wave.response());
        let compiled = operator.build().and_then(|o| o.compile(&options)).expect("should compile");
        let run = compiled.simulation(&grid, &[[0; 2]; 2], (steps, dt_s), Team::new(2));
        let mut run = run.expect("should fit");
        let below = |at: usize| (at % depth).abs_diff(surface);
        let slowness: Vec<f64> = (0..grid.points())
            .map(|at| 1.0 + 0.02 * below(at) as f64 + 0.01 * (at / depth) as f64)
            .collect();
        run.set(&m, &slowness).expect("m");
        let at = |z: f64| vec![13.0, 1.2 * (surface as f64 + z)];
        let places: Vec<Vec<f64>> = sources.iter().map(|(z, _)| at(*z)).collect();
        run.place(&src, &places).expect("should lie inside");
        let ricker = Ricker::new(0.08).samples(steps, dt_s);
        let series: Vec<f64> =
            ricker.iter().flat_map(|x| sources.iter().map(move |(_, sign)| sign * x)).collect();
        run.set_series(&src, &series).expect("series");
        run.run().expect("should run");
        let u: Vec<f64> = run.level("u", 0).expect("u");
        u.chunks(depth).flat_map(|row| row[surface..].to_vec()).collect()
    };
    let below = waves(nz, Edge::Odd, &[(6.0, 1.0)], 0);
    let whole = waves(2 * nz - 1, Edge::Zero, &[(6.0, 1.0), (-6.0, -1.0)], nz - 1);
    let size = largest(whole.iter().copied());
    let difference = largest(below.iter().zip(&whole).map(|(a, b)| a - b));
    let rounding = 40.0 * EPSILON * (steps * steps) as f64;
    println!("free surface: {:.1e} (bound {rounding:.1e})", difference / size);
    assert!(difference <= rounding * size, "{difference:e} of {size:e}");
    // The surface itself stays at rest, and it matters.
    assert_eq!(largest(below.chunks(nz).map(|row| row[0])), 0.0);
    let without = waves(nz, Edge::Zero, &[(6.0, 1.0)], 0);
    let difference = largest(without.iter().zip(&whole).map(|(a, b)| a - b));
    assert!(difference > 1e-2 * size, "a truncated stencil is no free surface: {difference:e}");
}

/// A profile of two waves that goes round a periodic domain along both dimensions:
/// `u = sum of A cos(k x + l z - w t)`, on the grid exactly, with
/// `sin(w dt) = dt (a S(k) + b S(l))` for leapfrog, `S(k) = (8 sin(k h) - sin(2 k h)) / (6 h)` for
/// centred differences of order 4.
///
/// Tolerance as for waves: 40 roundings per step that grow linearly.
#[test]
fn advection_goes_round_a_periodic_domain() {
    let Some(options) = options() else { return };
    let (shape, spacing, steps, dt_s) = ([18, 45], [0.7, 0.5], 400, 0.11);
    let velocity = [1.1, -0.8];
    let grid = Grid::new(shape).expect("grid").spacing(spacing).expect("spacing");
    let periodic = [Edge::Periodic; 2];
    let u = grid.time_function("u").time_order(2).space_order(4);
    let u = u.boundary(0, periodic).boundary(1, periodic);
    let flow = velocity[0] * u.derivative(0, 1) + velocity[1] * u.derivative(1, 1);
    let step = solve(&(u.dt() + flow), &u.forward()).expect("should be linear");
    let operator = Operator::new(&grid, [Eq::new(u.forward(), step.update())]).dtype(DType::F64);
    let compiled = operator.build().and_then(|o| o.compile(&options)).expect("should compile");
    let waves = [(1.0, [1, -2]), (0.6, [-2, 3])];
    let number = |d: usize, m: i32| 2.0 * PI * f64::from(m) / (shape[d] as f64 * spacing[d]);
    let frequency = |m: [i32; 2]| -> f64 {
        let along = |d: usize| -> f64 {
            let angle = number(d, m[d]) * spacing[d];
            velocity[d] * (8.0 * angle.sin() - (2.0 * angle).sin()) / (6.0 * spacing[d])
        };
        (dt_s * (along(0) + along(1))).asin() / dt_s
    };
    let exact = |n: f64| -> Vec<f64> {
        let value = |at: usize| -> f64 {
            let x = [(at / shape[1]) as f64 * spacing[0], (at % shape[1]) as f64 * spacing[1]];
            let wave = |(a, m): &(f64, [i32; 2])| {
                let phase = number(0, m[0]) * x[0] + number(1, m[1]) * x[1];
                a * (phase - frequency(*m) * n * dt_s).cos()
            };
            waves.iter().map(wave).sum()
        };
        (0..grid.points()).map(value).collect()
    };
    // Right round along both dimensions, and each wave through a period.
    let travelled =
        |d: usize| velocity[d].abs() * dt_s * steps as f64 / (shape[d] as f64 * spacing[d]);
    assert!(travelled(0) > 1.0 && travelled(1) > 1.0);
    assert!(waves.iter().all(|(_, m)| frequency(*m).abs() * dt_s * steps as f64 > 2.0 * PI));
    let run = compiled.simulation(&grid, &[[0; 2]; 2], (steps, dt_s), Team::new(2));
    let mut run = run.expect("should fit");
    run.set_level("u", 0, &exact(0.0)).expect("memory");
    run.set_level("u", 1, &exact(-1.0)).expect("memory");
    run.advance(0..steps).expect("should run");
    let found: Vec<f64> = run.level("u", 0).expect("u");
    let error = largest(found.iter().zip(exact(steps as f64)).map(|(a, b)| a - b));
    let rounding = 40.0 * EPSILON * (steps * steps) as f64;
    println!("periodic: {error:.1e} (bound {rounding:.1e})");
    assert!(error <= rounding, "{error:e}");
}

/// Velocity and pressure on staggered grids under a free surface (pressure odd, the velocity across
/// it even), with a rigid wall (the other way round), coefficients that go on as they are, and a
/// periodic dimension where there is one more.
struct Tank {
    grid: Grid,
    operator: Operator,
    b: Function,
    k: Function,
    src: Sparse,
    rec: Sparse,
}

fn tank(shape: &[usize]) -> Tank {
    let grid = Grid::new(shape).expect("grid");
    let last = shape.len() - 1;
    let sides = |edges: [Edge; 2], d: usize| if d == last { edges } else { [Edge::Periodic; 2] };
    let everywhere = [Edge::Clamp; 2];
    let mut b = grid.function("b").boundary(last, everywhere);
    let mut k = grid.function("k").boundary(last, everywhere);
    let mut p = grid.time_function("p").boundary(last, [Edge::Odd, Edge::Even]);
    if last == 2 {
        b = b.boundary(1, [Edge::Periodic; 2]);
        k = k.boundary(1, [Edge::Periodic; 2]);
        p = p.boundary(1, [Edge::Periodic; 2]);
    }
    let names = ["vx", "vy", "vz"];
    let velocities: Vec<_> = (0..=last)
        .map(|d| {
            let v = grid.time_function(names[d]).staggered(d);
            if d == 0 { v } else { v.boundary(d, sides([Edge::Even, Edge::Odd], d)) }
        })
        .collect();
    let (src, rec) = (grid.sparse("src"), grid.sparse("rec"));
    let dt = Grid::dt();
    let mut updates = Vec::new();
    for (d, v) in velocities.iter().enumerate() {
        let push = (&b * p.value()).derivative_at(d, 1, 4, 1);
        updates.push(Eq::new(v.forward(), v.value() + &dt * push));
    }
    let spread = |d: usize| velocities[d].forward().derivative_at(d, 1, 4, -1);
    let divergence = (1..=last).fold(spread(0), |sum, d| sum + spread(d));
    updates.push(Eq::new(p.forward(), p.value() + &dt * (&k * divergence)));
    let operator = Operator::new(&grid, updates)
        .dtype(DType::F64)
        .inject(&src, p.forward(), src.value() * &dt)
        .interpolate(&rec, p.value());
    let operator = operator.build().expect("should discretise");
    Tank { grid, operator, b, k, src, rec }
}

#[test]
fn gradients_hold_beside_boundaries() {
    let Some(options) = options() else { return };
    for shape in [&[27, 22][..], &[12, 13, 14]] {
        let Tank { grid, operator, b, k, src, rec } = tank(shape);
        let mut random = Random(5);
        let mut coefficient =
            || -> Vec<f64> { (0..grid.points()).map(|_| 0.8 + 0.4 * random.next()).collect() };
        let at = |x: f64| -> Vec<f64> { shape.iter().map(|&n| x * (n - 1) as f64).collect() };
        let (steps, dt_s) = (41, 0.3);
        let wavelet = Ricker::new(0.12).samples(steps, dt_s);
        let experiment = Experiment::new(&grid, (steps, dt_s))
            .threads(2)
            .set(&b, &coefficient())
            .set(&k, &coefficient())
            .place(&src, &[at(0.13)])
            .place(&rec, &[at(0.1), at(0.5), at(0.9)])
            .series(&src, &wavelet);
        let result = dot_product(&operator, &[&b, &k], &experiment, &options).expect("should run");
        assert!(result.passed(), "{shape:?}: {result}");
        let result = taylor(&operator, &[&b, &k], &experiment, &options).expect("should run");
        assert!(result.passed(), "{shape:?}: {result}");
    }
}
