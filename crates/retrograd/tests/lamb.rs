//! Waves below a free surface against exact solutions.

mod support;
mod waves;

use std::f64::consts::PI;

use retrograd::physics::{self, Absorbing, Setting};
use retrograd::{CpmlTuning, Grid, Options};
use support::{Ricker, options, relative_l2, slope};
use waves::complex::{Complex, I};
use waves::{At, RHO, VP, VS, Waves, medium};

/// Slownesses of the medium.
const A: f64 = 1.0 / VP;
const B: f64 = 1.0 / VS;

/// What the kernels of a free surface have in common, at horizontal slowness `-i q`.
struct Surface {
    eta_a: Complex,
    eta_b: Complex,
    /// `2 q^2 + b^2`.
    omega: Complex,
    /// Rayleigh's function.
    rayleigh: Complex,
}

impl Surface {
    fn at(q: Complex) -> Self {
        let q2 = q * q;
        let (eta_a, eta_b) = ((q2 + (A * A).into()).sqrt(), (q2 + (B * B).into()).sqrt());
        let omega = 2.0 * q2 + (B * B).into();
        let rayleigh = omega * omega - 4.0 * (q2 * eta_a * eta_b);
        Self { eta_a, eta_b, omega, rayleigh }
    }
}

/// Velocity (x, z) on the surface at distance `x_m` from the line above an explosion at `depth_m`
/// of moment rate `f` per length: Garvin, Proc. R. Soc. A 234 (1956), doi:10.1098/rspa.1956.0055.
fn garvin((x_m, depth_m): (f64, f64), wavelet: Ricker, t_s: f64) -> [f64; 2] {
    const STEP: f64 = 0.002;
    let r = x_m.hypot(depth_m);
    let first = A * r;
    if t_s <= first {
        return [0.0; 2];
    }
    let mut sum = [0.0; 2];
    let last = (t_s / first).acosh();
    for k in 0..=(last / STEP) as usize {
        let s = k as f64 * STEP;
        let (tau, root) = (first * s.cosh(), first * s.sinh());
        let push = -wavelet.slope_at(t_s - tau) / (RHO * VP * VP);
        let q = 1.0 / (r * r) * Complex::new(depth_m * root, tau * x_m);
        let eta_a = 1.0 / (r * r) * Complex::new(depth_m * tau, x_m * root);
        let at = Surface::at(q);
        let x = 2.0 * (I * q * eta_a * at.eta_b / at.rayleigh);
        let z = at.omega * eta_a / at.rayleigh;
        let weight = if k == 0 { 0.5 } else { 1.0 } * STEP * B * B / PI * push;
        sum[0] += weight * x.re;
        sum[1] += weight * z.re;
    }
    sum
}

/// Velocity (x, z) on the surface at distance `x_m` from a vertical force of `f` per length on it:
/// Lamb, Phil. Trans. R. Soc. A 203 (1904), doi:10.1098/rsta.1904.0013. The convolution with the
/// kernel runs along a line below the real axis, where neither has a pole.
fn lamb(x_m: f64, wavelet: Ricker, t_s: f64) -> [f64; 2] {
    let below = 0.1 / wavelet.peak_hz;
    let step = below / 16.0;
    if t_s <= A * x_m {
        return [0.0; 2];
    }
    // Rate of the Ricker wavelet at complex times.
    let rate = |t: Complex| {
        let w = PI * wavelet.peak_hz;
        let x = w * (t - wavelet.delay_s.into());
        let x2 = x * x;
        w * ((4.0 * x2 - 6.0.into()) * x * (-x2).exp())
    };
    let mu = RHO * VS * VS;
    let mut sum = [0.0; 2];
    let first = t_s - 2.6 * wavelet.delay_s;
    let last = t_s + 0.6 * wavelet.delay_s;
    for k in 0..=((last - first) / step) as usize {
        let tau = Complex::new(first + k as f64 * step, -below);
        let push = rate(Complex::from(t_s) - tau);
        let q = 1.0 / x_m * (I * tau);
        let at = Surface::at(q);
        let outer = 1.0 / x_m * (I * push / at.rayleigh);
        let z = B * B * (at.eta_a * outer);
        let x = -(I * q * (at.omega - 2.0 * (at.eta_a * at.eta_b)) * outer);
        sum[0] += step / (PI * mu) * x.re;
        sum[1] += step / (PI * mu) * z.re;
    }
    sum
}

/// A half space with sources near x = 0.
struct HalfSpace {
    h: f64,
    wavelet: Ricker,
    /// Receivers on the surface.
    x_m: Vec<f64>,
    /// Where the grid begins, and where the layer does.
    left_m: f64,
    right_m: f64,
    below_m: f64,
    end_s: f64,
    dt_s: f64,
}

const LAYER: usize = 20;

impl HalfSpace {
    /// Velocities (x, z) of all receivers on the surface, sample `n` at `(n - 1/2) dt`.
    fn record(
        &self,
        sources: &[(&'static str, f64)],
        depth_m: f64,
        series: impl Fn(f64) -> f64,
        options: &Options,
    ) -> [Vec<Vec<f64>>; 2] {
        let cells = |m: f64| (m / self.h).round() as usize;
        let shape =
            [cells(self.right_m - self.left_m) + 2 * LAYER + 1, cells(self.below_m) + LAYER + 1];
        let origin = [self.left_m - LAYER as f64 * self.h, 0.0];
        let grid = Grid::new(shape).and_then(|g| g.spacing([self.h; 2]));
        let grid = grid.and_then(|g| g.origin(origin)).expect("grid");
        let system = physics::elastic_half_space(&Setting::new(&grid).absorbing(Absorbing::Cpml));
        let source = |&(state, factor): &(&'static str, f64)| At {
            state,
            points_m: vec![vec![0.0, depth_m]],
            factor,
        };
        let line = |state, rows: f64| At {
            state,
            points_m: self.x_m.iter().map(|x| vec![*x, rows * self.h]).collect(),
            factor: 1.0,
        };
        let steps = (self.end_s / self.dt_s) as usize;
        let waves = Waves {
            system: &system,
            medium: &|name, _| medium(name),
            sources: sources.iter().map(source).collect(),
            receivers: vec![line("v_x", 0.0), line("v_z", 0.5), line("v_z", 1.5), line("v_z", 2.5)],
            radius: 6,
            layer: (vec![[LAYER; 2], [0, LAYER]], CpmlTuning::new(VP, self.wavelet.peak_hz)),
            steps,
            dt_s: self.dt_s,
        };
        let samples: Vec<f64> = (0..steps).map(|n| series(n as f64)).collect();
        let all = waves.record(&samples, options);
        let n = self.x_m.len();
        // The parabola through the three uppermost samples, on the surface.
        let up = |r: usize| -> Vec<f64> {
            let rows = [&all[n + r], &all[2 * n + r], &all[3 * n + r]];
            (0..steps)
                .map(|t| (15.0 * rows[0][t] - 10.0 * rows[1][t] + 3.0 * rows[2][t]) / 8.0)
                .collect()
        };
        [all[..n].to_vec(), (0..n).map(up).collect()]
    }

    fn errors(&self, found: &[Vec<Vec<f64>>; 2], exact: impl Fn(f64, f64) -> [f64; 2]) -> Vec<f64> {
        self.x_m
            .iter()
            .enumerate()
            .map(|(r, x)| {
                let times = (0..found[0][r].len()).map(|n| (n as f64 - 0.5) * self.dt_s);
                let exact: Vec<[f64; 2]> = times.map(|t| exact(*x, t)).collect();
                let both: Vec<f64> = (0..2).flat_map(|d| exact.iter().map(move |e| e[d])).collect();
                let ours: Vec<f64> = (0..2).flat_map(|d| found[d][r].clone()).collect();
                relative_l2(&ours, &both)
            })
            .collect()
    }
}

#[test]
fn explosions_below_a_surface() {
    let Some(options) = options() else { return };
    let wavelet = Ricker::new(5.0);
    for h in [20.0, 10.0, 5.0] {
        let half = HalfSpace {
            h,
            wavelet,
            x_m: vec![200.0, 600.0, 1500.0],
            left_m: -200.0,
            right_m: 1700.0,
            below_m: 600.0,
            end_s: 1.6,
            dt_s: 0.5e-3,
        };
        let dt_s = half.dt_s;
        let rate = |n: f64| -wavelet.at((n + 0.5) * dt_s) * dt_s / (h * h);
        let found = half.record(&[("s_xx", 1.0), ("s_zz", 1.0)], 300.0, rate, &options);
        println!("{h} {:?}", half.errors(&found, |x, t| garvin((x, 300.0), wavelet, t)));
    }
}

#[test]
fn forces_on_a_surface() {
    let Some(options) = options() else { return };
    let wavelet = Ricker::new(5.0);
    for h in [20.0, 10.0, 5.0] {
        let half = HalfSpace {
            h,
            wavelet,
            x_m: vec![600.0, 900.0, 1500.0],
            left_m: -200.0,
            right_m: 1700.0,
            below_m: 600.0,
            end_s: 1.6,
            dt_s: 0.5e-3,
        };
        let dt_s = half.dt_s;
        let rate = |n: f64| -(wavelet.at((n + 1.0) * dt_s) - wavelet.at(n * dt_s)) / h;
        let found = half.record(&[("s_zz", 1.0), ("s_xx", 1.0 / 3.0)], 0.0, rate, &options);
        println!("{h} {:?}", half.errors(&found, |x, t| lamb(x, wavelet, t)));
    }
}
