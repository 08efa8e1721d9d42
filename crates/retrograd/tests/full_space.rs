//! Forces and explosions in a homogeneous elastic medium against exact solutions, P and S waves.
//!
//! A force `f(t)` in direction `j`, velocities at distance `r` in direction `n`, `a` and `b` the velocities
//! of P and S waves:
//!
//! ```text
//! 2-D  v_i = 1/(rho b^2) d_ij <f'>_b - 1/rho [n_i n_j (Q'' - Q'/r) + d_ij Q'/r]
//!      Q' = <cosh f>_a / a - <cosh f>_b / b,   Q'' = <cosh^2 f'>_b / b^2 - <cosh^2 f'>_a / a^2
//!      <g>_c = 1/(2 pi) integral over s >= 0 of g at t - r/c cosh s
//! 3-D  v_i = 1/(4 pi rho) [(3 n_i n_j - d_ij) / r^3 integral of s f'(t - s) ds from r/a to r/b
//!            + n_i n_j f'(t - r/a) / (a^2 r) - (n_i n_j - d_ij) f'(t - r/b) / (b^2 r)]
//! ```
//!
//! (Stokes; in 2-D from `1/(rho w^2) [k_b^2 g_b d_ij + d_i d_j (g_b - g_a)]`.) An explosion of moment
//! rate `f`: `v_r = <cosh f'>_a / (rho a^3)`, and `[f / r^2 + f' / (a r)] / (4 pi rho a^2)` at `t - r/a`.
//!
//! Samples: velocity `n` is at `(n - 1/2) dt`, stress `n` at `n dt`; a force enters at `n dt`, by
//! `f dt / (rho h^dims)`, a moment rate at `(n + 1/2) dt`, by `-f dt / h^dims` on the diagonal. Nothing
//! is shifted, scaled or fitted. Points on nodes of their component. Layers of 20 points (10 in
//! 3-D), see `layers`.

mod support;
mod waves;

use std::f64::consts::PI;

use retrograd::physics::{self, Absorbing, Setting};
use retrograd::{CpmlTuning, Grid, Options};
use support::{Ricker, options, relative_l2};
use waves::{At, RHO, VP, VS, Waves, medium};

/// The bound of the relative L2 error, over all components.
const TOLERANCE: f64 = 1e-3;
const H: f64 = 10.0;

#[derive(Clone, Copy, PartialEq, Debug)]
enum Source {
    /// Along the dimension of this number.
    Force(usize),
    Explosion,
}

/// `<cosh^power g>_c`. Trapezoids converge faster than any power.
fn cylindrical(g: impl Fn(f64) -> f64, power: i32, (r, c, t_s): (f64, f64, f64)) -> f64 {
    const STEP: f64 = 0.01;
    let end = (c * (t_s + 1.0) / r).max(1.0).acosh();
    let term = |k: usize| {
        let cosh = (k as f64 * STEP).cosh();
        let weight = if k == 0 { 0.5 } else { 1.0 };
        weight * cosh.powi(power) * g(t_s - r / c * cosh)
    };
    (0..=(end / STEP) as usize).map(term).sum::<f64>() * STEP / (2.0 * PI)
}

/// Velocities at `offset_m` from the source.
fn exact(source: Source, wavelet: Ricker, offset_m: &[f64], t_s: f64) -> Vec<f64> {
    let r = offset_m.iter().map(|x| x * x).sum::<f64>().sqrt();
    let n: Vec<f64> = offset_m.iter().map(|x| x / r).collect();
    // Zero before it begins, so that integrals end.
    let begun = |t: f64| t > wavelet.delay_s - 2.0 / wavelet.peak_hz;
    let f = |t: f64| if begun(t) { wavelet.at(t) } else { 0.0 };
    let rate = |t: f64| if begun(t) { wavelet.slope_at(t) } else { 0.0 };
    let plane = offset_m.len() == 2;
    // Parts along n_i n_j and along d_ij.
    let [both, same] = match (source, plane) {
        (Source::Explosion, true) => {
            let v = cylindrical(rate, 1, (r, VP, t_s)) / (RHO * VP.powi(3));
            return n.iter().map(|n| n * v).collect();
        }
        (Source::Explosion, false) => {
            let t = t_s - r / VP;
            let v = (f(t) / (r * r) + rate(t) / (VP * r)) / (4.0 * PI * RHO * VP * VP);
            return n.iter().map(|n| n * v).collect();
        }
        (Source::Force(_), true) => {
            let first = |c: f64| -cylindrical(f, 1, (r, c, t_s)) / c;
            let second = |c: f64| cylindrical(rate, 2, (r, c, t_s)) / (c * c);
            let (q1, q2) = (first(VS) - first(VP), second(VS) - second(VP));
            let shear = cylindrical(rate, 0, (r, VS, t_s)) / (VS * VS);
            [-(q2 - q1 / r) / RHO, (shear - q1 / r) / RHO]
        }
        (Source::Force(_), false) => {
            const PARTS: usize = 400;
            let (from, to) = (r / VP, r / VS);
            let step = (to - from) / PARTS as f64;
            let simpson = (0..=PARTS).map(|k| {
                let s = from + k as f64 * step;
                let weight = if k == 0 || k == PARTS { 1 } else { 2 + 2 * (k % 2) };
                weight as f64 * s * rate(t_s - s)
            });
            let near = simpson.sum::<f64>() * step / 3.0 / r.powi(3);
            let (p, s) = (rate(t_s - from) / (VP * VP * r), rate(t_s - to) / (VS * VS * r));
            let whole = 1.0 / (4.0 * PI * RHO);
            [whole * (3.0 * near + p - s), whole * (s - near)]
        }
    };
    let Source::Force(j) = source else { unreachable!("explosions are done") };
    (0..n.len()).map(|i| both * n[i] * n[j] + if i == j { same } else { 0.0 }).collect()
}

/// What is added to the states of the source in every step.
fn samples(source: Source, wavelet: Ricker, dims: usize, (steps, dt_s): (usize, f64)) -> Vec<f64> {
    let volume = H.powi(dims as i32);
    let sample = |n: usize| match source {
        Source::Force(_) => wavelet.at(n as f64 * dt_s) * dt_s / (RHO * volume),
        Source::Explosion => -wavelet.at((n as f64 + 0.5) * dt_s) * dt_s / volume,
    };
    (0..steps).map(sample).collect()
}

/// The relative L2 error over all components at receivers at `offsets`, in points from the source.
fn error(
    source: Source,
    (offsets, points): (&[Vec<f64>], f64),
    (layer, dt_s): (usize, f64),
    options: &Options,
) -> f64 {
    const NAMES: [[&str; 3]; 2] = [["v_x", "v_z", ""], ["v_x", "v_y", "v_z"]];
    const STRESSES: [[&str; 3]; 2] = [["s_xx", "s_zz", ""], ["s_xx", "s_yy", "s_zz"]];
    let dims = offsets[0].len();
    let wavelet = Ricker::new(VS / (points * H * Ricker::HIGHEST));
    let margin = 3.0 + layer as f64;
    let range = |d: usize| {
        let all = offsets.iter().map(|o| o[d]).chain([0.0]);
        all.fold([0.0f64; 2], |[low, high], x| [low.min(x), high.max(x)])
    };
    let start: Vec<f64> = (0..dims).map(|d| margin - range(d)[0]).collect();
    let shape: Vec<usize> =
        (0..dims).map(|d| (2.0 * margin + range(d)[1] - range(d)[0]) as usize + 1).collect();
    let grid = Grid::new(shape).and_then(|g| g.spacing(vec![H; dims])).expect("grid");
    let system = physics::elastic(&Setting::new(&grid).absorbing(Absorbing::Cpml));
    let metres = |p: &[f64]| -> Vec<f64> { p.iter().map(|x| x * H).collect() };
    // The force sits where its component has a sample, half a cell further along its dimension; so
    // does the receiver of each component.
    let half = |p: &[f64], d: usize| -> Vec<f64> {
        p.iter().enumerate().map(|(k, x)| if k == d { x + 0.5 } else { *x }).collect()
    };
    let (sources, place) = match source {
        Source::Force(j) => (vec![NAMES[dims - 2][j]], half(&start, j)),
        Source::Explosion => (STRESSES[dims - 2][..dims].to_vec(), start.clone()),
    };
    let source_at = |state| At { state, points_m: vec![metres(&place)], factor: 1.0 };
    let receivers: Vec<Vec<Vec<f64>>> = (0..dims)
        .map(|d| {
            let at = |o: &Vec<f64>| -> Vec<f64> {
                half(&start.iter().zip(o).map(|(s, o)| s + o).collect::<Vec<f64>>(), d)
            };
            offsets.iter().map(at).collect()
        })
        .collect();
    let receiver_at = |d: usize| At {
        state: NAMES[dims - 2][d],
        points_m: receivers[d].iter().map(|p| metres(p)).collect(),
        factor: 1.0,
    };
    let length = |o: &Vec<f64>| o.iter().map(|x| x * x).sum::<f64>().sqrt() * H;
    let farthest = offsets.iter().map(length).fold(0.0, f64::max);
    let slowest = if source == Source::Explosion { VP } else { VS };
    let steps = ((farthest / slowest + 2.0 * wavelet.delay_s) / dt_s) as usize;
    let waves = Waves {
        system: &system,
        medium: &|name, _| medium(name),
        sources: sources.into_iter().map(source_at).collect(),
        receivers: (0..dims).map(receiver_at).collect(),
        radius: 0,
        layer: (vec![[layer; 2]; dims], CpmlTuning::new(VP, wavelet.peak_hz)),
        steps,
        dt_s,
    };
    let found = waves.record(&samples(source, wavelet, dims, (steps, dt_s)), options);
    let mut expected = Vec::new();
    for (d, receivers) in receivers.iter().enumerate() {
        for receiver in receivers {
            let away: Vec<f64> = receiver.iter().zip(&place).map(|(r, s)| (r - s) * H).collect();
            let times = (0..steps).map(|n| (n as f64 - 0.5) * dt_s);
            expected.extend(times.map(|t| exact(source, wavelet, &away, t)[d]));
        }
    }
    relative_l2(&found.concat(), &expected)
}

/// Ten points per shortest S wave, as far as two of those of the peak.
#[test]
fn two_dimensions() {
    let Some(options) = options() else { return };
    let offsets = [vec![64.0, 0.0], vec![45.0, 45.0], vec![-20.0, 60.0]];
    for source in [Source::Force(0), Source::Force(1), Source::Explosion] {
        let error = error(source, (&offsets, 10.0), (20, 0.3e-3), &options);
        println!("2-D, {source:?}: relative L2 {error:.2e}");
        assert!(error <= TOLERANCE, "{source:?}: {error:e}");
    }
}

/// Six points per shortest S wave: the grid has to stay small.
#[test]
fn three_dimensions() {
    let Some(options) = options() else { return };
    let offsets = [vec![16.0, 14.0, 17.0], vec![0.0, 20.0, 17.0], vec![20.0, 2.0, 12.0]];
    for source in [Source::Force(2), Source::Explosion] {
        let error = error(source, (&offsets, 6.0), (10, 0.4e-3), &options);
        println!("3-D, {source:?}: relative L2 {error:.2e}");
        assert!(error <= TOLERANCE, "{source:?}: {error:e}");
    }
}
