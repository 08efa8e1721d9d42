//! The absorbing layer: a sponge of damping around the model.

use retrograd::ir::Interpolation;
use retrograd::{DType, Error, Grid, Team};

use crate::acoustic::{Acoustic, stable_dt_s};
use crate::engine::Resources;
use crate::wavelet::Wavelet;

/// Order of the space derivatives with which reflections are measured.
const SPACE_ORDER: usize = 8;

/// An absorbing layer on all sides of a model.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Layer {
    /// Nodes per side.
    pub nodes: usize,
    /// What it leaves of a wave that runs through it and back.
    pub reflection: f64,
}

impl Layer {
    /// A layer of `nodes` per side, [`proposed_width`] if none are given, as strong as suits its
    /// width in wavelengths of `lowest_hz` at `v_m_s`, on nodes `h_m` apart.
    pub fn new(nodes: Option<usize>, lowest_hz: f64, v_m_s: f64, h_m: f64) -> Self {
        let nodes = nodes.unwrap_or_else(|| proposed_width(lowest_hz, v_m_s, h_m));
        let wavelengths = nodes as f64 * h_m * lowest_hz / v_m_s;
        Self { nodes, reflection: best_reflection(wavelengths) }
    }

    /// The same layer, made for another reflection.
    #[must_use]
    pub fn with_reflection(self, reflection: f64) -> Self {
        Self { reflection, ..self }
    }

    /// Nodes on the low and the high side of every axis.
    pub fn widths(&self, axes: usize) -> Vec<[usize; 2]> {
        vec![[self.nodes; 2]; axes]
    }
}

/// Damping of a sponge, in s/m^2, of `m u_tt - laplace u + damp u_t`, in row-major order.
///
/// `widths` are the nodes per side outside the model, 0 for none; `velocity_m_s` is the velocity
/// at every node. The damping grows with the square of the depth `s` in the layer of length `L`,
/// `damp = 3 ln(1 / reflection) s^2 / (c L)`: a wave that runs through it and back keeps the
/// amplitude `reflection` (its rate of decay along a path is `damp c / 2`). Long waves are
/// reflected by the rise itself: see [`best_reflection`]. Sides add in corners.
pub fn sponge(
    shape: &[usize],
    widths: &[[usize; 2]],
    spacing_m: &[f64],
    velocity_m_s: &[f64],
    reflection: f64,
) -> Vec<f64> {
    let strength = 3.0 * (1.0 / reflection).ln();
    let mut damping = vec![0.0; velocity_m_s.len()];
    let mut stride = velocity_m_s.len();
    for ((&n, h), &[low, high]) in shape.iter().zip(spacing_m).zip(widths) {
        stride /= n;
        for (at, (damp, c)) in damping.iter_mut().zip(velocity_m_s).enumerate() {
            let i = at / stride % n;
            let depths = [(low.saturating_sub(i), low), ((i + 1 + high).saturating_sub(n), high)];
            for (depth, width) in depths.into_iter().filter(|(depth, _)| *depth > 0) {
                let s = depth as f64 / width as f64;
                *damp += strength * s * s / (c * width as f64 * h);
            }
        }
    }
    damping
}

/// The reflection that a layer of `l` longest wavelengths should be made for, so that waves up to
/// 45 degrees of incidence come back weakest: stronger damping would reflect more by its rise.
/// Fitted to the exact one-dimensional problem `v'' + (k^2 - i k c damp) v = 0`; see
/// `docs/verification.md`.
pub fn best_reflection(l: f64) -> f64 {
    (-(3.3 * l).clamp(2.2, 8.0)).exp()
}

/// Nodes per side that a sponge needs for waves of frequency `f_hz` and velocity `v_m_s`: one and
/// a half wavelengths (-35 dB up to 45 degrees), at least 20 nodes.
pub fn proposed_width(f_hz: f64, v_m_s: f64, h_m: f64) -> usize {
    ((1.5 * v_m_s / f_hz / h_m).ceil() as usize).max(20)
}

/// What a sponge sends back at normal incidence, in dB of the incident amplitude, measured: a
/// Ricker wave of peak frequency `f_hz` in a homogeneous line of velocity `v_m_s` and spacing
/// `h_m`, against a line so long that nothing returns. `sponge`: width in nodes and target
/// reflection.
///
/// # Errors
/// No kernels.
pub fn measured_reflection(
    f_hz: f64,
    (v_m_s, h_m): (f64, f64),
    (width, reflection): (usize, f64),
    resources: &Resources,
) -> Result<f64, Error> {
    let wavelength = (v_m_s / f_hz / h_m).ceil() as usize;
    let dt_s = 0.5 * stable_dt_s(&[h_m], SPACE_ORDER, v_m_s);
    // From the source to the edge, through the layer and back, and the length of the wavelet.
    let path = wavelength + 2 * width;
    let steps = ((path as f64 * h_m / v_m_s + 3.0 / f_hz) / dt_s).ceil() as usize;
    let wavelet = Wavelet::Ricker { peak_hz: f_hz, delay_s: 1.5 / f_hz }.sampled_at(steps, dt_s);
    let far = (steps as f64 * dt_s * v_m_s / h_m).ceil() as usize;
    let mut records = Vec::new();
    for beyond in [0, far] {
        // Receiver at the edge of the model, source one wavelength inside.
        let inside = 2 * wavelength + far;
        let n = beyond + width + inside;
        let grid = Grid::new([n])?.spacing([h_m])?;
        let acoustic = Acoustic::new(&grid, SPACE_ORDER, DType::F64, Interpolation::Linear)?;
        let compiled = acoustic.operator.compile(&resources.options)?;
        let layer = [[width, 0]];
        let mut line = compiled.simulation(&grid, &layer, (steps, dt_s), Team::new(1))?;
        let damping = if beyond == 0 { width } else { 0 };
        let damp = sponge(&[n], &[[damping, 0]], &[h_m], &vec![v_m_s; n], reflection);
        line.set(&acoustic.m, &vec![v_m_s.powi(-2); n])?;
        line.set(&acoustic.damp, &damp)?;
        line.set_up()?;
        let edge = (beyond + width) as f64 * h_m;
        line.place(&acoustic.source, &[[edge + wavelength as f64 * h_m]])?;
        line.place(&acoustic.receivers, &[[edge]])?;
        line.set_series(&acoustic.source, &wavelet)?;
        line.run()?;
        records.push(line.series::<f64>(&acoustic.receivers)?);
    }
    let largest =
        |values: &mut dyn Iterator<Item = f64>| values.fold(0.0f64, |a, x| a.max(x.abs()));
    let incident = largest(&mut records[1].iter().copied());
    let returned = largest(&mut records[0].iter().zip(&records[1]).map(|(a, b)| a - b));
    Ok(20.0 * (returned / incident).log10())
}

#[cfg(test)]
mod tests;
