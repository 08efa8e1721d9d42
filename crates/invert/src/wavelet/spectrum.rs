//! Band-limited interpolation and amplitude spectra.

use std::f64::consts::PI;

use rustfft::FftPlanner;
use rustfft::num_complex::Complex;

/// Half width of the interpolator in samples of the coarser axis.
const HALF_WIDTH: f64 = 32.0;

/// Shape of the Kaiser window: `0.1102 (A - 8.7)` for a stop band at `A` = 120 dB, that is 1e-6.
/// The transition takes `(A - 8) / (2.285 * 2 * HALF_WIDTH)` rad, 24 % of Nyquist, of which half
/// lies below it. Kaiser and Schafer 1980, doi:10.1109/TASSP.1980.1163349.
const KAISER_BETA: f64 = 12.265;

/// `samples` at `from_s` as a band-limited function, evaluated at `steps` multiples of `to_s`.
pub(super) fn interpolate(samples: &[f64], from_s: f64, steps: usize, to_s: f64) -> Vec<f64> {
    if from_s == to_s {
        return samples.iter().copied().chain(std::iter::repeat(0.0)).take(steps).collect();
    }
    // Going coarser, the sinc is stretched to cut at the new Nyquist frequency.
    let cut = (from_s / to_s).min(1.0);
    let reach = HALF_WIDTH / cut;
    let at = |n: usize| {
        let centre = n as f64 * to_s / from_s;
        let first = (centre - reach).ceil().max(0.0) as usize;
        let end = ((centre + reach).floor().max(-1.0) + 1.0) as usize;
        let near = samples.iter().enumerate().take(end).skip(first);
        near.map(|(j, sample)| sample * cut * kernel(cut * (centre - j as f64))).sum()
    };
    (0..steps).map(at).collect()
}

fn kernel(t: f64) -> f64 {
    let inside = 1.0 - (t / HALF_WIDTH).powi(2);
    if inside <= 0.0 {
        return 0.0;
    }
    let sinc = if t == 0.0 { 1.0 } else { (PI * t).sin() / (PI * t) };
    sinc * bessel_i0(KAISER_BETA * inside.sqrt()) / bessel_i0(KAISER_BETA)
}

/// Modified Bessel function of order zero: all terms of its series are positive, so summing
/// until they no longer count is accurate to a few ulp.
fn bessel_i0(x: f64) -> f64 {
    let (mut term, mut sum, mut k) = (1.0, 1.0, 1.0);
    while term > f64::EPSILON * sum {
        term *= (x / (2.0 * k)).powi(2);
        sum += term;
        k += 1.0;
    }
    sum
}

/// The frequency above which the spectrum stays below `level` of its maximum, rounded up to the
/// next of the frequencies of an eightfold zero-padded transform.
pub(super) fn highest_hz(samples: &[f64], dt_s: f64, level: f64) -> f64 {
    let n = (8 * samples.len()).next_power_of_two();
    let mut spectrum: Vec<Complex<f64>> = samples.iter().map(|s| Complex::new(*s, 0.0)).collect();
    spectrum.resize(n, Complex::ZERO);
    FftPlanner::new().plan_fft_forward(n).process(&mut spectrum);
    let amplitudes: Vec<f64> = spectrum[..=n / 2].iter().map(|c| c.norm()).collect();
    let largest = amplitudes.iter().copied().fold(0.0, f64::max);
    let last = amplitudes.iter().rposition(|a| *a > level * largest);
    let bin = last.map_or(0, |k| (k + 1).min(n / 2));
    bin as f64 / (n as f64 * dt_s)
}
