//! The medium of the standard problems.

use super::{Case, LAYER, SPACING_M};

/// Velocities above and below the middle, in m/s.
pub(super) const VELOCITIES_M_S: [f64; 2] = [1500.0, 2500.0];

pub(super) fn extent_m(case: &Case) -> Vec<f64> {
    case.shape.iter().map(|n| SPACING_M * (n - 1) as f64).collect()
}

/// Squared slowness of two layers, in s^2/m^2.
pub(super) fn layered(shape: &[usize]) -> Vec<f64> {
    let depth = shape[shape.len() - 1];
    let columns: usize = shape[..shape.len() - 1].iter().product();
    let column = (0..depth).map(|k| VELOCITIES_M_S[usize::from(k >= depth / 2)].powi(-2));
    column.collect::<Vec<_>>().repeat(columns)
}

/// The sponge profile `a (x - sin(2 pi x) / (2 pi)) / h` with `a = 1.5 ln(1000) / n`, `x` from 0
/// inside to 1 at the edge, summed over the sides; in s/m^2.
pub(super) fn sponge(shape: &[usize]) -> Vec<f64> {
    let coefficient = 1.5 * 1000f64.ln() / LAYER as f64;
    // Per millisecond in the tools that use it, per second here.
    let scale = coefficient / SPACING_M * 1e-3;
    let profile = |k: usize, n: usize| {
        let inside = k.min(n - 1 - k);
        let x = (LAYER as f64 - inside as f64).max(0.0) / LAYER as f64;
        let turn = 2.0 * std::f64::consts::PI;
        scale * (x - (turn * x).sin() / turn)
    };
    let mut values = vec![0.0; shape.iter().product()];
    for (at, value) in values.iter_mut().enumerate() {
        let mut rest = at;
        for &n in shape.iter().rev() {
            *value += profile(rest % n, n);
            rest /= n;
        }
    }
    values
}

/// Values that grow with depth by a tenth.
pub(super) fn ramp(shape: &[usize], value: f64) -> Vec<f64> {
    let depth = shape[shape.len() - 1];
    let columns: usize = shape[..shape.len() - 1].iter().product();
    let column = (0..depth).map(|k| value * (1.0 + 0.1 * k as f64 / (depth - 1).max(1) as f64));
    column.collect::<Vec<_>>().repeat(columns)
}
