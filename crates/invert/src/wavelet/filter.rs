//! Zero-phase Butterworth filters for frequency continuation.
//!
//! The gain is that of a Butterworth filter run forwards and backwards,
//!
//! ```text
//! low pass:   G(f) = 1 / (1 + (f / corner)^2n)           1/2 at the corner, flat below
//! band pass:  G(f) = G_low(f; high) (1 - G_low(f; low))
//! ```
//!
//! applied in the frequency domain on traces padded with zeros. Gains are real, so the filter on
//! traces of finite length is a symmetric matrix: the adjoint of filtering is filtering again.
//!
//! Zero phase means that a filtered wavelet begins before the shot. What would come before time 0
//! is lost, from wavelet and data differently; [`ZeroPhase::share_before_start`] says how much.
//! Start the simulation earlier (delay the wavelet, pad the data) until that is small.

use std::f64::consts::PI;
use std::fmt;
use std::sync::Arc;

use rustfft::num_complex::Complex;
use rustfft::{Fft, FftPlanner};

use super::{WaveletError, positive};

/// What passes.
#[derive(Clone, Copy, PartialEq, Debug, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Band {
    /// Everything, untouched.
    All,
    /// Frequencies below the corner.
    LowPass {
        /// Where half the amplitude passes, Hz.
        corner_hz: f64,
    },
    /// Frequencies between the corners.
    BandPass {
        /// Lower corner, Hz.
        low_hz: f64,
        /// Upper corner, Hz.
        high_hz: f64,
    },
}

impl Band {
    fn corners(self) -> (Option<f64>, Option<f64>) {
        match self {
            Self::All => (None, None),
            Self::LowPass { corner_hz } => (None, Some(corner_hz)),
            Self::BandPass { low_hz, high_hz } => (Some(low_hz), Some(high_hz)),
        }
    }

    /// Gain at a frequency; `order` is that of one of the two Butterworth runs.
    pub fn gain(self, order: u32, frequency_hz: f64) -> f64 {
        let low_pass = |corner: f64| {
            1.0 / (1.0 + (frequency_hz / corner).powi(2 * i32::try_from(order).unwrap_or(i32::MAX)))
        };
        let (low, high) = self.corners();
        high.map_or(1.0, low_pass) * low.map_or(1.0, |corner| 1.0 - low_pass(corner))
    }
}

/// The padding lets the impulse response decay to this before it wraps around.
const WRAPPED: f64 = 1e-12;

/// A [`Band`] prepared for traces of one length and sampling. Immutable: share it.
#[derive(Clone)]
pub struct ZeroPhase {
    samples: usize,
    /// Gain over the transform's length, so that forward and inverse undo one another.
    gains: Vec<f64>,
    forward: Arc<dyn Fft<f64>>,
    inverse: Arc<dyn Fft<f64>>,
}

impl fmt::Debug for ZeroPhase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ZeroPhase")
            .field("samples", &self.samples)
            .field("padded", &self.gains.len())
            .finish_non_exhaustive()
    }
}

impl ZeroPhase {
    /// Prepares for traces of `samples` values, `dt_s` seconds apart. Orders of 3 to 6 are usual:
    /// steeper filters ring longer.
    ///
    /// # Errors
    /// [`WaveletError`] for corners that are not positive, in the wrong order, at or above the
    /// Nyquist frequency, or (lower corner) with a period of over 20 trace lengths; for a time
    /// step that is not positive or an order of zero.
    pub fn new(band: Band, order: u32, samples: usize, dt_s: f64) -> Result<Self, WaveletError> {
        positive("time step (s)", dt_s, "give it in seconds, such as 0.002 for 2 ms")?;
        positive("filter order", f64::from(order), "4 is a good choice")?;
        let lowest_hz = checked_lowest_corner(band, samples, dt_s)?;
        // The poles of the gain nearest to the real axis are those of the lowest corner,
        // f e^{±iπ/2n}; they make the response decay like exp(-2π f sin(π/2n) |t|).
        let ring_s = lowest_hz.map_or(0.0, |corner_hz| {
            -WRAPPED.ln() / (2.0 * PI * corner_hz * (PI / (2.0 * f64::from(order))).sin())
        });
        let n = (samples + (ring_s / dt_s).ceil() as usize).max(1).next_power_of_two();
        let gain = |k: usize| {
            let frequency_hz = k.min(n - k) as f64 / (n as f64 * dt_s);
            band.gain(order, frequency_hz) / n as f64
        };
        let mut planner = FftPlanner::new();
        Ok(Self {
            samples,
            gains: (0..n).map(gain).collect(),
            forward: planner.plan_fft_forward(n),
            inverse: planner.plan_fft_inverse(n),
        })
    }

    /// Filters one trace in place.
    ///
    /// # Panics
    /// If the trace has another length than prepared for.
    pub fn apply(&self, trace: &mut [f64]) {
        let filtered = self.padded(trace);
        for (value, filtered) in trace.iter_mut().zip(filtered) {
            *value = filtered.re;
        }
    }

    /// The part of the filtered trace's energy that would lie before its start, and is lost: from
    /// 0 to 1. Ask it of the wavelet: above 1e-4 or so the start cuts off a visible step.
    ///
    /// # Panics
    /// If the trace has another length than prepared for.
    pub fn share_before_start(&self, trace: &[f64]) -> f64 {
        let filtered = self.padded(trace);
        // Negative times sit at the end; the padding is shared with what rings on afterwards.
        let middle = self.samples + (filtered.len() - self.samples) / 2;
        let energy = |part: &[Complex<f64>]| part.iter().map(|c| c.re * c.re).sum::<f64>();
        let (before, all) = (energy(&filtered[middle..]), energy(&filtered));
        if all > 0.0 { before / all } else { 0.0 }
    }

    fn padded(&self, trace: &[f64]) -> Vec<Complex<f64>> {
        assert_eq!(trace.len(), self.samples, "`trace` should have the length prepared for");
        let mut values: Vec<Complex<f64>> = trace.iter().map(|v| Complex::new(*v, 0.0)).collect();
        values.resize(self.gains.len(), Complex::ZERO);
        self.forward.process(&mut values);
        for (value, gain) in values.iter_mut().zip(&self.gains) {
            *value *= *gain;
        }
        self.inverse.process(&mut values);
        values
    }
}

fn checked_lowest_corner(
    band: Band,
    samples: usize,
    dt_s: f64,
) -> Result<Option<f64>, WaveletError> {
    let (low, high) = band.corners();
    let (nyquist_hz, duration_s) = (0.5 / dt_s, samples as f64 * dt_s);
    for corner_hz in [low, high].into_iter().flatten() {
        positive("corner frequency (Hz)", corner_hz, "give it in Hz, such as 3.0")?;
        if corner_hz >= nyquist_hz {
            return Err(WaveletError::AboveNyquist { corner_hz, nyquist_hz });
        }
        // Lower ones would need a padding of many trace lengths.
        let least_hz = 0.05 / duration_s;
        if corner_hz < least_hz {
            return Err(WaveletError::BelowResolution { corner_hz, duration_s, least_hz });
        }
    }
    match (low, high) {
        (Some(low_hz), Some(high_hz)) if low_hz >= high_hz => {
            Err(WaveletError::EmptyBand { low_hz, high_hz })
        }
        (low, high) => Ok(low.or(high)),
    }
}
