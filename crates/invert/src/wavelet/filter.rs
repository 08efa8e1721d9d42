//! The low-pass of frequency continuation: causal, so that it commutes with modelling.
//!
//! A Butterworth filter of order `n = 4`, run twice in the direction of time, as second-order
//! sections by the bilinear transform:
//!
//! ```text
//! gain   G(f) = 1 / (1 + (w / wc)^2n),   w = tan(pi f dt)     1/2 at the corner, flat below
//! delay  0.83 / corner                                        of what lies well below it
//! ```
//!
//! Modelling and a causal filter are both convolutions that look back only. They commute, also on
//! traces that begin and end in the middle of something: filtered records are the records of the
//! filtered wavelet, sample by sample, to rounding. A zero-phase filter looks ahead, and what it
//! would need before the shot and after the last sample is not there: for wavelets that begin
//! within a period of the shot its error is larger than what an inversion is to explain.
//!
//! Butterworth 1930, Experimental Wireless 7, 536-541; second-order sections as in Oppenheim and
//! Schafer, Discrete-Time Signal Processing, chapters 6 and 7.

use std::f64::consts::PI;

use super::{WaveletError, positive};

/// Order of one run.
const ORDER: u32 = 4;

/// Quality factors of the sections of one run, `1 / (2 cos(pi (2k + 1) / 2n))`.
fn qualities() -> impl Iterator<Item = f64> {
    let angle = |k: u32| PI * f64::from(2 * k + 1) / f64::from(2 * ORDER);
    (0..ORDER / 2).map(move |k| 0.5 / angle(k).cos())
}

/// A low-pass for traces of one sampling interval. Immutable: share it.
#[derive(Clone, PartialEq, Debug)]
pub struct LowPass {
    corner_hz: f64,
    dt_s: f64,
    sections: Vec<Section>,
}

/// `y_n = b (x_n + 2 x_(n-1) + x_(n-2)) - a1 y_(n-1) - a2 y_(n-2)`.
#[derive(Clone, Copy, PartialEq, Debug)]
struct Section {
    b: f64,
    a1: f64,
    a2: f64,
}

impl LowPass {
    /// Half the amplitude passes at `corner_hz`; traces are sampled every `dt_s` seconds.
    ///
    /// # Errors
    /// [`WaveletError`] for a corner or time step that is not positive, and for a corner at or
    /// above the Nyquist frequency.
    pub fn new(corner_hz: f64, dt_s: f64) -> Result<Self, WaveletError> {
        positive("time step (s)", dt_s, "give it in seconds, such as 0.002 for 2 ms")?;
        positive("corner frequency (Hz)", corner_hz, "give it in Hz, such as 3.0")?;
        let nyquist_hz = 0.5 / dt_s;
        if corner_hz >= nyquist_hz {
            return Err(WaveletError::AboveNyquist { corner_hz, nyquist_hz });
        }
        let k = (PI * corner_hz * dt_s).tan();
        let section = |q: f64| {
            let norm = 1.0 / (1.0 + k / q + k * k);
            Section {
                b: k * k * norm,
                a1: 2.0 * (k * k - 1.0) * norm,
                a2: (1.0 - k / q + k * k) * norm,
            }
        };
        let sections = qualities().chain(qualities()).map(section).collect();
        Ok(Self { corner_hz, dt_s, sections })
    }

    /// The part of the amplitude that passes at a frequency below that of Nyquist.
    pub fn gain(&self, frequency_hz: f64) -> f64 {
        let warped = |hz: f64| (PI * hz * self.dt_s).tan();
        let ratio = warped(frequency_hz) / warped(self.corner_hz);
        1.0 / (1.0 + ratio.powi(2 * ORDER as i32))
    }

    /// By how much frequencies well below the corner are late, in seconds.
    pub fn delay_s(&self) -> f64 {
        2.0 * qualities().map(f64::recip).sum::<f64>() / (2.0 * PI * self.corner_hz)
    }

    /// Filters one trace in place, which begins from rest. Cost: 36 flops per sample.
    pub fn apply(&self, trace: &mut [f64]) {
        for Section { b, a1, a2 } in &self.sections {
            let (mut one, mut two) = (0.0, 0.0);
            for value in trace.iter_mut() {
                let x = b * *value;
                let y = x + one;
                one = 2.0 * x - a1 * y + two;
                two = x - a2 * y;
                *value = y;
            }
        }
    }
}
