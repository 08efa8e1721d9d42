//! Waves below a free surface against exact solutions.

mod support;
mod waves;

use std::f64::consts::PI;
use std::path::PathBuf;

use retrograd::check::{Experiment, dot_product, taylor};
use retrograd::physics::{self, Absorbing, Setting};
use retrograd::{CpmlTuning, DType, Function, Grid, Options};
use support::{Random, Ricker, options, relative_l2};
use waves::complex::{Complex, I};
use waves::{At, RHO, VP, VS, Waves, medium};

/// Slownesses of the medium.
const A: f64 = 1.0 / VP;
const B: f64 = 1.0 / VS;

/// What the kernels of a free surface have in common, at horizontal slowness `-i q`.
struct Surface {
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
        Self { eta_b, omega, rayleigh }
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
/// The bound of the relative L2 error from 10 points per wavelength on.
const TOLERANCE: f64 = 1e-3;

impl HalfSpace {
    /// Velocities (x, z) of all receivers on the surface, sample `n` at `(n - 1/2) dt`.
    fn record(
        &self,
        sources: &[(&'static str, f64, f64)],
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
        let source = |&(state, factor, depth_m): &(&'static str, f64, f64)| At {
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

/// The shortest Rayleigh wave, at the frequency where the spectrum is 1e-3 of its peak, has 5, 10 and
/// 15 points; receivers are 0.7, 2 and 5 depths of the source away. Leapfrog errs by 2.4e-4 at the
/// last of them, see `greens`.
#[test]
fn explosions_below_a_surface() {
    let Some(options) = options() else { return };
    let wavelet = Ricker::new(5.0);
    for h in [20.0, 10.0, 20.0 / 3.0] {
        let half = HalfSpace {
            h,
            wavelet,
            x_m: vec![200.0, 600.0, 1500.0],
            left_m: -200.0,
            right_m: 1700.0,
            below_m: 600.0,
            end_s: 1.6,
            dt_s: 0.25e-3,
        };
        let dt_s = half.dt_s;
        let rate = |n: f64| -wavelet.at((n + 0.5) * dt_s) * dt_s / (h * h);
        let found = half.record(&[("s_xx", 1.0, 300.0), ("s_zz", 1.0, 300.0)], rate, &options);
        let errors = half.errors(&found, |x, t| garvin((x, 300.0), wavelet, t));
        let listed: Vec<String> = errors.iter().map(|e| format!("{e:.2e}")).collect();
        let points = 0.9194 * VS / (wavelet.peak_hz * Ricker::HIGHEST * h);
        println!("Garvin, {points:.1} points per wavelength: relative L2 {}", listed.join(" "));
        if points >= 9.9 {
            assert!(errors.iter().all(|e| *e <= TOLERANCE), "{errors:?}");
        }
    }
}

/// Velocities of two receivers below a surface, of a vertical force below it, from the traces that
/// the package deepwave is tested with (EX2DDIR): vp 1500 m/s, vs 1000 m/s, density 2200 kg/m3, force
/// at 60 m, receivers 20 and 22 m deep, 20 points per shortest Rayleigh wave.
///
/// What had to be found out about the files: they hold velocities; the first sample of each trace is
/// left out; amplitudes are twice those of a unit force (the package compares what is normalised). In
/// each trace one sample near the arrival of a singularity is off by up to 1e-2 of the largest one:
/// the bound is the usual one plus the roughness of the trace.
#[test]
fn forces_below_a_surface() {
    let Some(options) = options() else { return };
    let Some(reference) = reference() else { return };
    let (h, dt_s, steps) = (1.0, 0.5e-3 / 3.0, 2400);
    let wavelet = Ricker { peak_hz: 14.5, delay_s: 0.08025 };
    let shape = [220, 140];
    let source = vec![60.0, 60.0];
    let receivers = vec![vec![120.0, 20.0], vec![122.0, 22.0]];
    let grid = Grid::new(shape).and_then(|g| g.spacing([h; 2])).expect("grid");
    let system = physics::elastic_half_space(&Setting::new(&grid).absorbing(Absorbing::Cpml));
    let at = |state, points_m: &[Vec<f64>]| At { state, points_m: points_m.to_vec(), factor: 1.0 };
    let waves = Waves {
        system: &system,
        medium: &|name, _| match name {
            "vp" => 1500.0,
            "vs" => 1000.0,
            _ => 2200.0,
        },
        sources: vec![at("v_z", &[source])],
        receivers: vec![at("v_x", &receivers), at("v_z", &receivers)],
        radius: 8,
        layer: (vec![[LAYER; 2], [0, LAYER]], CpmlTuning::new(1500.0, wavelet.peak_hz)),
        steps,
        dt_s,
    };
    let push: Vec<f64> =
        (0..steps).map(|n| wavelet.at(n as f64 * dt_s) * dt_s / (2200.0 * h * h)).collect();
    let found = waves.record(&push, &options);
    // Velocity n is at (n - 1/2) dt, sample k of the file at (k + 1/2) 0.5 ms: it lacks the first one.
    for (component, name) in ["x", "z"].iter().enumerate() {
        for r in 0..2 {
            let velocity = &found[2 * component + r];
            let ours: Vec<f64> = velocity.iter().skip(2).step_by(3).copied().collect();
            let theirs = &reference[component][3000 * r..][..ours.len()];
            // Their z points up.
            let sign = [2.0, -2.0][component];
            let ours: Vec<f64> = ours.iter().map(|v| sign * v).collect();
            let (error, rough) = (relative_l2(&ours, theirs), roughness(theirs));
            println!(
                "force, v_{name}, receiver {r}: relative L2 {error:.2e}, its roughness {rough:.1e}"
            );
            assert!(error <= TOLERANCE + rough, "{error:e}");
            assert!(roughness(&ours) <= 0.1 * TOLERANCE, "{:e}", roughness(&ours));
        }
    }
}

/// How far samples are from the cubics through their neighbours, in the sense of the relative L2 norm.
fn roughness(series: &[f64]) -> f64 {
    let cubic = |w: &[f64]| (4.0 * (w[1] + w[3]) - w[0] - w[4]) / 6.0;
    let cubics: Vec<f64> = series.windows(5).map(cubic).collect();
    relative_l2(&cubics, &series[2..series.len() - 2])
}

/// The displacements along x and z, or nothing and a printed reason.
fn reference() -> Option<[Vec<f64>; 2]> {
    let shared = std::env::var_os("RETROGRAD_SHARED").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
        PathBuf::from,
    );
    let folder = shared.join("data/lamb_flat_reference_deepwave/orig");
    let read = |name: &str| -> Option<Vec<f64>> {
        let text = std::fs::read_to_string(folder.join(name)).ok()?;
        Some(text.split_whitespace().map(|x| x.parse().expect("a number")).collect())
    };
    let both = read("Ux_file_ascii").zip(read("Uz_file_ascii"));
    if both.is_none() {
        println!("skipped: no reference in {} (RETROGRAD_SHARED)", folder.display());
    }
    both.map(|(x, z)| [x, z])
}

/// The surface is linear in the velocities and stresses below it, so that everything that is derived
/// from the equations holds there too.
#[test]
fn gradients_below_a_surface_hold() {
    let Some(options) = options() else { return };
    for (shape, order) in [(&[33, 29][..], 8), (&[17, 18, 19], 4)] {
        let dims = shape.len();
        let grid = Grid::new(shape).and_then(|g| g.spacing(&[10.0, 11.0, 12.0][..dims]));
        let grid = grid.expect("grid");
        let setting = Setting::new(&grid).space_order(order).absorbing(Absorbing::Cpml);
        let system = physics::elastic_half_space(&setting);
        let (src, rec) = (grid.sparse("src").sinc(2), grid.sparse("rec"));
        let operator = system.operator().dtype(DType::F64);
        let operator = operator.source(&src, system.state_named("v_x").forward(), src.value());
        let operator = operator.interpolate(&rec, system.state_named("v_z"));
        let operator = operator.build().expect("should build");
        let (steps, dt_s) = (41, 1e-3);
        let at = |x: f64, z: f64| {
            let mut point = vec![10.0 * x; dims];
            point[dims - 1] = 10.0 * z;
            vec![point]
        };
        let mut random = Random(7);
        let mut experiment = Experiment::new(&grid, (steps, dt_s))
            .threads(2)
            .place(&src, &at(8.3, 2.1))
            .place(&rec, &at(11.2, 0.7))
            .series(&src, &Ricker::new(50.0).samples(steps, dt_s))
            .layer(&[vec![[4, 4]; dims - 1], vec![[0, 4]]].concat())
            .cpml(system.cpml().expect("a layer"), CpmlTuning::new(VP, 50.0));
        for (weight, values) in system.free_surface().expect("a surface").values(shape[dims - 1]) {
            experiment = experiment.set(&weight, &values);
        }
        let parameters: Vec<&Function> = system.parameters().iter().map(|p| &p.function).collect();
        for parameter in &parameters {
            let mut value = || medium(parameter.name()) * (0.9 + 0.2 * random.next());
            let values: Vec<f64> = (0..grid.points()).map(|_| value()).collect();
            experiment = experiment.set(parameter, &values);
        }
        let result = dot_product(&operator, &parameters, &experiment, &options).expect("runs");
        println!("{dims}-D: {result}");
        assert!(result.passed(), "{result}");
        let result = taylor(&operator, &parameters, &experiment, &options).expect("runs");
        assert!(result.passed(), "{result}");
    }
}
