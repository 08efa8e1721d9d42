//! The absorbing layer: a sponge of damping around the model.

use retrograd::ir::Interpolation;
use retrograd::{DType, Error, Grid, Team};

use crate::acoustic::{Acoustic, stable_dt_s};
use crate::engine::Resources;
use crate::wavelet::Wavelet;

/// Order of the space derivatives with which reflections are measured.
const SPACE_ORDER: usize = 8;

/// Damping of a sponge, in s/m^2, on the padded grid in row-major order.
///
/// `widths` are the nodes per side that lie outside the model. The profile rises smoothly from 0
/// at the model's edge, `d(x) = d0 (x - sin(2 pi x) / (2 pi))` with `x` from 0 to 1 across the
/// layer; a wave of velocity `v_m_s` that runs through it and back keeps the amplitude
/// `reflection` (its rate of decay along a path is `d v / 2`). Slower waves keep more, and long
/// waves are reflected by the rise itself: the wider the layer, the less.
pub fn sponge(
    shape: &[usize],
    widths: &[[usize; 2]],
    spacing_m: &[f64],
    v_m_s: f64,
    reflection: f64,
) -> Vec<f64> {
    let profiles: Vec<Vec<f64>> = shape
        .iter()
        .zip(widths)
        .zip(spacing_m)
        .map(|((&n, &[low, high]), &h)| {
            (0..n)
                .map(|k| {
                    let from_low = low.saturating_sub(k);
                    let from_high = (k + 1 + high).saturating_sub(n);
                    side(from_low, low, h, v_m_s, reflection)
                        + side(from_high, high, h, v_m_s, reflection)
                })
                .collect()
        })
        .collect();
    let mut values = vec![0.0; shape.iter().product()];
    for (at, value) in values.iter_mut().enumerate() {
        let mut rest = at;
        for (profile, &n) in profiles.iter().zip(shape).rev() {
            *value += profile[rest % n];
            rest /= n;
        }
    }
    values
}

/// Damping `depth` nodes into a layer of `width` nodes.
fn side(depth: usize, width: usize, h_m: f64, v_m_s: f64, reflection: f64) -> f64 {
    if depth == 0 || width == 0 {
        return 0.0;
    }
    let x = depth as f64 / width as f64;
    // The profile has the mean 1/2: there and back, exp(-v d0 W / 2) = reflection.
    let strongest = 2.0 * (1.0 / reflection).ln() / (v_m_s * width as f64 * h_m);
    let turn = 2.0 * std::f64::consts::PI;
    strongest * (x - (turn * x).sin() / turn)
}

/// Nodes per side that a sponge needs for waves of frequency `f_hz` and velocity `v_m_s`: one
/// wavelength, at least 20 nodes.
pub fn proposed_width(f_hz: f64, v_m_s: f64, h_m: f64) -> usize {
    ((v_m_s / f_hz / h_m).ceil() as usize).max(20)
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
        let mut line =
            compiled.simulation(&grid, &layer, (steps, dt_s), Team::new(1))?;
        let damping = if beyond == 0 { width } else { 0 };
        let damp = sponge(&[n], &[[damping, 0]], &[h_m], v_m_s, reflection);
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
    let largest = |values: &mut dyn Iterator<Item = f64>| values.fold(0.0f64, |a, x| a.max(x.abs()));
    let incident = largest(&mut records[1].iter().copied());
    let returned = largest(&mut records[0].iter().zip(&records[1]).map(|(a, b)| a - b));
    Ok(20.0 * (returned / incident).log10())
}
