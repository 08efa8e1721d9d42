//! Orders of convergence and numerical dispersion, on standing modes.
//!
//! ```text
//! u(x, t) = cos(w t) mode(x),   mode = product over dimensions of sin(k_d x_d + p_d),   w = c |k|
//! ```
//!
//! On the grid a mode stays a mode: centred differences multiply it by `-K^2` with
//! `K^2 = sum_d symbol(k_d h_d) / h_d^2`, and leapfrog turns it by the angle `theta` per step,
//! `cos(theta) = 1 - (c dt K)^2 / 2`. So the amplitude after `n` steps is `cos(n theta)` if it was
//! `1` at 0 and `cos(theta)` at `-dt`.
//!
//! Boundaries: outside the grid the scheme reads zeros, which is not the odd continuation of a
//! mode. A step reads `order / 2` points to either side, so after `n` steps what is wrong at a side
//! has come no further than `n order / 2` points. The mode is set everywhere, and measured in a
//! window that far from all sides: there the grid has no boundary, exactly.

mod support;

use retrograd::Options;
use std::f64::consts::PI;
use support::{Acoustic, Medium, Scheme, largest_dt_s, options, slope, symbol};

/// Velocity, m/s; wave numbers are in 1/m.
const C: f64 = 1.0;
/// Phases of the modes, so that no window is symmetric.
const PHASE: [f64; 3] = [0.4, 1.1, 0.7];

/// A mode on a grid.
#[derive(Clone, Copy)]
struct Standing<'a> {
    k: &'a [f64],
    spacing_m: &'a [f64],
    space_order: usize,
    dt_s: f64,
    steps: usize,
    /// Points per dimension that are measured.
    window: usize,
}

/// What is left of a mode of amplitude 1.
struct Measured {
    /// Amplitudes two steps before the last, one before, and after it.
    amplitudes: [f64; 3],
    /// Norm of the last level in the window less `amplitudes[2]` times the mode, over that of the
    /// mode.
    noise: f64,
    /// Norm of all-ones on the grid over that of the mode in the window.
    spread: f64,
}

impl Standing<'_> {
    fn margin(&self) -> usize {
        self.steps * self.space_order / 2
    }

    fn shape(&self) -> Vec<usize> {
        vec![self.window + 2 * self.margin(); self.k.len()]
    }

    /// `w^2 / c^2`.
    fn k_squared(&self) -> f64 {
        self.k.iter().map(|k| k * k).sum()
    }

    /// `K^2` of differences of this order.
    fn discrete_k_squared(&self, space_order: usize) -> f64 {
        let axes = self.k.iter().zip(self.spacing_m);
        axes.map(|(k, h)| symbol(space_order, k * h) / (h * h)).sum()
    }

    /// The angle per step of leapfrog at squared wave number `k_squared`.
    fn angle(&self, k_squared: f64) -> f64 {
        (1.0 - 0.5 * (C * self.dt_s).powi(2) * k_squared).acos()
    }

    /// The mode in row-major order.
    fn mode(&self) -> Vec<f64> {
        let mut values = vec![1.0];
        for (d, (&k, &h)) in self.k.iter().zip(self.spacing_m).enumerate() {
            let n = self.shape()[d];
            let axis: Vec<f64> = (0..n).map(|i| (k * h * i as f64 + PHASE[d]).sin()).collect();
            values = values.iter().flat_map(|v| axis.iter().map(move |a| v * a)).collect();
        }
        values
    }

    /// Whether each grid point is in the window.
    fn inside(&self) -> Vec<bool> {
        let (margin, n) = (self.margin(), self.shape()[0]);
        let axis: Vec<bool> = (0..n).map(|i| i >= margin && i < n - margin).collect();
        self.k.iter().fold(vec![true], |all, _| {
            all.iter().flat_map(|&v| axis.iter().map(move |&a| v && a)).collect()
        })
    }

    /// Runs all steps from amplitude 1 at 0 and `before` at `-dt`.
    fn run(&self, before: f64, options: &Options) -> Measured {
        let shape = self.shape();
        let scheme = Scheme {
            shape: &shape,
            spacing_m: self.spacing_m,
            space_order: self.space_order,
            radius: 4,
            source: None,
            damped: false,
        };
        let acoustic = Acoustic::new(scheme, options).expect("the operator should compile");
        let m = vec![1.0 / (C * C); acoustic.grid.points()];
        let medium = Medium { m: &m, sponge: None };
        let mut run = acoustic.simulation(medium, (self.steps, self.dt_s)).expect("it should run");
        let mode = self.mode();
        let earlier: Vec<f64> = mode.iter().map(|v| before * v).collect();
        run.set_level("u", 0, &mode).expect("the current level should be there");
        run.set_level("u", 1, &earlier).expect("the level before should be there");

        let inside = self.inside();
        let windowed = |values: &[f64]| -> Vec<f64> {
            values.iter().zip(&inside).filter(|(_, inside)| **inside).map(|(v, _)| *v).collect()
        };
        let shown = windowed(&mode);
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        let squared = dot(&shown, &shown);
        let amplitude = |run: &retrograd::Simulation, back| {
            let level = windowed(&run.level::<f64>("u", back).expect("`u` should be there"));
            let amplitude = dot(&level, &shown) / squared;
            let rest: Vec<f64> = level.iter().zip(&shown).map(|(u, v)| u - amplitude * v).collect();
            (amplitude, (dot(&rest, &rest) / squared).sqrt())
        };
        run.advance(0..self.steps - 1).expect("it should run");
        let (first, second) = (amplitude(&run, 1).0, amplitude(&run, 0).0);
        run.advance(self.steps - 1..self.steps).expect("it should run");
        let (third, noise) = amplitude(&run, 0);
        let spread = (mode.len() as f64 / squared).sqrt();
        Measured { amplitudes: [first, second, third], noise, spread }
    }
}

fn listed(errors: &[f64]) -> String {
    errors.iter().map(|e| format!("{e:.1e}")).collect::<Vec<_>>().join(" ")
}

/// Time is discretised in the reference as well: starting from `cos(theta_0)` at `-dt` with the
/// leapfrog angle `theta_0` of the exact `|k|`, all that differs is `K`. The error in the window is
/// then `|cos(n theta) - cos(n theta_0)|`, proportional to `h^p` at fixed `dt` and `n`.
///
/// Five grids from 16 to 38 points per wavelength; the next term of the series in `(k h)^2` is
/// `-0.23 (k h)^2` of the first at order 8 and less below, which is 0.03 in the slope.
#[test]
fn space_converges_with_its_order() {
    let Some(options) = options() else { return };
    let k = [1.0, 0.75];
    for space_order in [2, 4, 6, 8] {
        let grids: Vec<[f64; 2]> =
            (0..5).map(|j| 0.4 / 1.25_f64.powi(j)).map(|h| [h, 0.9 * h]).collect();
        let dt_s = 0.5 * largest_dt_s(space_order, &grids[4], C);
        let steps = (1.5 / (1.25 * C * dt_s)) as usize;
        let error = |spacing_m: &[f64; 2]| {
            let standing = Standing { k: &k, spacing_m, space_order, dt_s, steps, window: 40 };
            let angle = standing.angle(standing.k_squared());
            let measured = standing.run(angle.cos(), &options);
            (measured.amplitudes[2] - (steps as f64 * angle).cos()).abs() + measured.noise
        };
        let errors: Vec<f64> = grids.iter().map(error).collect();
        let spacings: Vec<f64> = grids.iter().map(|g| g[0]).collect();
        let order = slope(&spacings, &errors);
        println!("space order {space_order}: slope {order:.3}, errors {}", listed(&errors));
        assert!((order - space_order as f64).abs() <= 0.1, "{order}");
    }
}

/// The exact solution at 0 and `-dt`, space order 16 at 12 points per wavelength: its error,
/// below `3e-7 (k h)^16` of `w`, is six orders below that of the smallest time step,
/// `(w dt)^2 / 24`.
///
/// The run starts at `-dt`, so errors grow like `(w dt)^2 (n + 1) / n`: 25 steps on the coarsest
/// grid keep that below 0.02 in the slope. One dimension, because the margin grows with the
/// steps; the dispersion relation below covers time steps in two.
#[test]
fn time_converges_with_order_two() {
    let Some(options) = options() else { return };
    let (k, spacing_m) = ([1.0], [0.5]);
    let steps: Vec<usize> = (0..5).map(|j| 25 << j).collect();
    let end_s = (1.4 + 2.0 * PI) / C;
    let error = |&steps: &usize| {
        let dt_s = end_s / steps as f64;
        assert!(dt_s <= largest_dt_s(16, &spacing_m, C));
        let standing =
            Standing { k: &k, spacing_m: &spacing_m, space_order: 16, dt_s, steps, window: 40 };
        let measured = standing.run((C * dt_s).cos(), &options);
        (measured.amplitudes[2] - (C * end_s).cos()).abs() + measured.noise
    };
    let errors: Vec<f64> = steps.iter().map(error).collect();
    let time_steps: Vec<f64> = steps.iter().map(|n| 1.0 / *n as f64).collect();
    let order = slope(&time_steps, &errors);
    println!("time order 2: slope {order:.3}, errors {}", listed(&errors));
    assert!((order - 2.0).abs() <= 0.05, "{order}");
}

/// The largest relative distance from `cos(n theta)` that rounding can make.
///
/// One update adds `j = dims (order + 1) + 2` terms of magnitudes that sum to at most
/// `3 + 4 q^2`, `q < 1` the fraction of the stability limit. Each term passes at most `j` additions
/// and 10 products and quotients, weights and coefficients included, so the local error of an
/// update is below `(j + 10) u (3 + 4 q^2)` at every point, with `u` the unit round-off. An error
/// made `i` steps before the end grows at most `i` times in the L2 norm: in all
/// `(n + 1)(n + 2) / 2` local errors, on at most all points of the grid.
fn rounding(standing: &Standing, q: f64, spread: f64) -> f64 {
    let operations = (standing.k.len() * (standing.space_order + 1) + 12) as f64;
    let local = operations * 0.5 * f64::EPSILON * (3.0 + 4.0 * q * q);
    let n = standing.steps as f64;
    0.5 * (n + 1.0) * (n + 2.0) * local * spread
}

/// Four to nine points per wavelength, where orders differ visibly: the scheme follows the formula
/// of its own order to rounding, and that of the next order not within a thousand times that.
fn check_dispersion(k: &[f64], spacing_m: &[f64], space_order: usize, options: &Options) {
    let q = 0.7;
    let dt_s = q * largest_dt_s(space_order, spacing_m, C);
    let standing = Standing { k, spacing_m, space_order, dt_s, steps: 24, window: 60 };
    let angle = standing.angle(standing.discrete_k_squared(space_order));
    let measured = standing.run(angle.cos(), options);
    let bound = rounding(&standing, q, measured.spread);
    let distance = |angle: f64| {
        let ends = [22.0, 23.0, 24.0].map(|n| (n * angle).cos()).into_iter();
        ends.zip(measured.amplitudes).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
    };
    let next = standing.angle(standing.discrete_k_squared(space_order + 2));
    let [first, second, third] = measured.amplitudes;
    let turned = ((first + third) / (2.0 * second)).acos();
    let velocity = |angle: f64| angle / (dt_s * standing.k_squared().sqrt());
    println!(
        "{}-D, order {space_order}: phase velocity {:.12} c, formula {:.12} c; \
         amplitudes off by {:.1e} (bound {bound:.1e}, next order {:.1e})",
        k.len(),
        velocity(turned) / C,
        velocity(angle) / C,
        distance(angle),
        distance(next)
    );
    assert!(distance(angle) + measured.noise <= bound, "{:e}", distance(angle));
    // From three amplitudes: d(theta) = d(cos theta) / sin(theta), and four errors of `bound`.
    let off = (turned - angle).abs() * angle.sin() * second.abs();
    assert!(off <= 2.0 * bound, "{off:e}");
    assert!(distance(next) >= 1e3 * bound, "{:e}", distance(next));
}

#[test]
fn waves_travel_as_the_discrete_dispersion_relation_says() {
    let Some(options) = options() else { return };
    for space_order in (2..=16).step_by(2) {
        check_dispersion(&[1.3], &[1.1], space_order, &options);
        check_dispersion(&[1.3, 0.8], &[1.1, 0.9], space_order, &options);
    }
}
