//! Reflection at a plane interface, against the exact solution for a line source.
//!
//! With `q = i p` (`p` the slowness along the interface), `eta_k = sqrt(q^2 + 1 / c_k^2)` and the path of
//! Cagniard and de Hoop to the distance `r` of the image of the source, `tau = r / c_1 cosh s`:
//!
//! ```text
//! reflected = 1/(2 pi) integral over s >= 0 of g(t - tau) Re R(q(s)) ds
//! q(s) = (i tau x + z sqrt(tau^2 - r^2 / c_1^2)) / r^2
//! R = (n_1 eta_1 - n_2 eta_2) / (n_1 eta_1 + n_2 eta_2)     n = 1 / rho (pressure), mu (SH)
//! ```
//!
//! `R` is the coefficient for plane waves of every angle at once. The second medium is slower, so
//! that there is no head wave. Source `g`: `rho_1 f` for pressure, `f' / mu_1` for the velocity of SH
//! waves. The direct wave is the exact one, too: what is compared is the whole record.
//!
//! The interface lies half way between two nodes, where the scheme has the mean of the densities and
//! the harmonic mean of the shear moduli; both are right for a jump there, to second order.

mod support;
mod waves;

use std::f64::consts::PI;

use retrograd::physics::{self, Absorbing, Setting, System};
use retrograd::{CpmlTuning, Grid, Options};
use support::{Ricker, options, relative_l2, slope};
use waves::complex::Complex;
use waves::{At, Waves};

/// Velocity and density above and below.
const C: [f64; 2] = [2500.0, 1500.0];
const RHO: [f64; 2] = [2400.0, 1800.0];
/// Heights of source and receivers above the interface, and distances along it, m.
const HEIGHTS_M: [f64; 2] = [205.0, 105.0];
const X_M: [f64; 4] = [0.0, 150.0, 300.0, 600.0];
const LAYER: usize = 20;

#[derive(Clone, Copy, PartialEq, Debug)]
enum Kind {
    Pressure,
    Shear,
}

/// Direct and reflected wave at time `t_s`.
fn exact(kind: Kind, x_m: f64, wavelet: Ricker, t_s: f64) -> [f64; 2] {
    const STEP: f64 = 0.005;
    let stiff = |k: usize| match kind {
        Kind::Pressure => 1.0 / RHO[k],
        Kind::Shear => RHO[k] * C[k] * C[k],
    };
    let source = |t: f64| match kind {
        Kind::Pressure => RHO[0] * wavelet.at(t),
        Kind::Shear => wavelet.slope_at(t) / stiff(0),
    };
    let along = |z_m: f64, coefficient: &dyn Fn(Complex) -> f64| -> f64 {
        let r = x_m.hypot(z_m);
        let end = (C[0] * (t_s + 1.0) / r).max(1.0).acosh();
        let term = |k: usize| {
            let s = k as f64 * STEP;
            let tau = r / C[0] * s.cosh();
            if t_s - tau < wavelet.delay_s - 2.0 / wavelet.peak_hz {
                return 0.0;
            }
            let q = 1.0 / (r * r) * Complex::new(z_m * r / C[0] * s.sinh(), tau * x_m);
            let weight = if k == 0 { 0.5 } else { 1.0 };
            weight * source(t_s - tau) * coefficient(q)
        };
        (0..=(end / STEP) as usize).map(term).sum::<f64>() * STEP / (2.0 * PI)
    };
    let reflect = |q: Complex| {
        let eta = |k: usize| (q * q + Complex::from(1.0 / (C[k] * C[k]))).sqrt();
        let [one, two] = [0, 1].map(|k| stiff(k) * eta(k));
        ((one - two) / (one + two)).re
    };
    let direct = along(HEIGHTS_M[0] - HEIGHTS_M[1], &|_| 1.0);
    [direct, along(HEIGHTS_M[0] + HEIGHTS_M[1], &reflect)]
}

/// Relative L2 errors of the reflected wave, receiver by receiver.
fn errors(kind: Kind, h: f64, options: &Options) -> Vec<f64> {
    let cells = |m: f64| (m / h).round() as usize;
    let shape = [cells(800.0) + 2 * LAYER, cells(500.0) + 2 * LAYER];
    let grid = Grid::new(shape).and_then(|g| g.spacing([h, h])).expect("grid");
    let (write, state): (fn(&Setting) -> System, _) = match kind {
        Kind::Pressure => (physics::variable_density, "p"),
        Kind::Shear => (physics::sh, "v"),
    };
    let system = write(&Setting::new(&grid).absorbing(Absorbing::Cpml));
    // The last row above the interface, half a cell beyond it.
    let above = LAYER + cells(300.0);
    let wavelet = Ricker::new(10.0);
    let at = |x_m: f64, height_m: f64| {
        vec![LAYER as f64 * h + 100.0 + x_m, (above as f64 + 0.5) * h - height_m]
    };
    let dt_s = 0.15e-3;
    let steps = ((X_M[3].hypot(310.0) / C[0] + 2.2 * wavelet.delay_s) / dt_s) as usize;
    let waves = Waves {
        system: &system,
        medium: &|name, i| {
            let below = usize::from(i % shape[1] > above);
            if name == "rho" { RHO[below] } else { C[below] }
        },
        sources: vec![At { state, points_m: vec![at(0.0, HEIGHTS_M[0])], factor: 1.0 }],
        receivers: vec![At {
            state,
            points_m: X_M.iter().map(|x| at(*x, HEIGHTS_M[1])).collect(),
            factor: 1.0,
        }],
        radius: 8,
        layer: (vec![[LAYER; 2]; 2], CpmlTuning::new(C[0], wavelet.peak_hz)),
        steps,
        dt_s,
    };
    let sample = |n: usize| match kind {
        Kind::Pressure => {
            let t = n as f64 * dt_s;
            wavelet.at(t) * (dt_s / h).powi(2) * RHO[0] * C[0] * C[0]
        }
        Kind::Shear => wavelet.at(n as f64 * dt_s) * dt_s / (RHO[0] * h * h),
    };
    let found = waves.record(&(0..steps).map(sample).collect::<Vec<f64>>(), options);
    let late = if kind == Kind::Pressure { 0.0 } else { 0.5 };
    let error = |(x, found): (&f64, &Vec<f64>)| {
        let times = (0..steps).map(|n| (n as f64 - late) * dt_s);
        let exact: Vec<[f64; 2]> = times.map(|t| exact(kind, *x, wavelet, t)).collect();
        let returned: Vec<f64> = found.iter().zip(&exact).map(|(f, e)| f - e[0]).collect();
        let expected: Vec<f64> = exact.iter().map(|e| e[1]).collect();
        relative_l2(&returned, &expected)
    };
    X_M.iter().zip(&found).map(error).collect()
}

/// Angles of incidence from 0 to 63 degrees. In the slower medium the shortest wave has 4.7, 7.0 and
/// 9.4 points. What is left falls with the square of the spacing, as it has to where a stencil reads
/// across a kink: so it is the exact solution that the scheme converges to.
#[test]
fn interfaces_reflect_as_they_should() {
    let Some(options) = options() else { return };
    let spacings = [10.0, 20.0 / 3.0, 5.0];
    for kind in [Kind::Pressure, Kind::Shear] {
        let mut largest = Vec::new();
        for h in spacings {
            let errors = errors(kind, h, &options);
            let listed: Vec<String> = errors.iter().map(|e| format!("{e:.2e}")).collect();
            println!("{kind:?}, spacing {h:.2} m: relative L2 {}", listed.join(" "));
            largest.push(errors.into_iter().fold(0.0, f64::max));
        }
        let order = slope(&spacings, &largest);
        println!("{kind:?}: order {order:.3}");
        assert!((order - 2.0).abs() <= 0.1, "{kind:?}: {order}");
    }
}
