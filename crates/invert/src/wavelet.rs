//! Source signatures, and the filter that turns one survey into several frequency bands.
//!
//! A wavelet is a function of time in seconds after the shot; [`Wavelet::sampled_at`] puts it on
//! the time axis of a simulation. [`LowPass`] filters wavelet and data alike: modelling is linear,
//! time-invariant and causal like the filter, so filtered data are the data of the filtered wavelet.
//!
//! Not here: estimating a wavelet from data.

mod filter;
mod spectrum;

pub use filter::LowPass;

use std::f64::consts::PI;

/// A wavelet or filter that cannot be.
#[derive(Clone, PartialEq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WaveletError {
    /// A frequency, time step or corner that is not a positive number.
    #[error("{what} is {value}, but must be a positive number\n  help: {help}")]
    NotPositive {
        /// Which quantity.
        what: &'static str,
        /// Its value.
        value: f64,
        /// What to do about it.
        help: &'static str,
    },
    /// A sample is NaN or infinite, or there is none.
    #[error(
        "wavelet of {samples} samples: sample {index} is missing or not finite\n  \
         help: look at the file; a wavelet needs at least one sample, all of them numbers"
    )]
    Samples {
        /// Number of samples.
        samples: usize,
        /// The first bad one.
        index: usize,
    },
    /// A corner at or above the Nyquist frequency of the traces.
    #[error(
        "corner {corner_hz} Hz is not below the Nyquist frequency {nyquist_hz} Hz of the traces\n  \
         help: lower the corner; above Nyquist there is nothing to filter"
    )]
    AboveNyquist {
        /// The corner, Hz.
        corner_hz: f64,
        /// Half the sampling rate, Hz.
        nyquist_hz: f64,
    },
}

/// A source signature.
#[derive(Clone, PartialEq, Debug)]
pub enum Wavelet {
    /// `(1 - 2a) exp(-a)`, `a = (π f (t - delay))²`: amplitude 1 at `delay_s`, no mean.
    Ricker {
        /// Frequency at which the amplitude spectrum is largest, Hz.
        peak_hz: f64,
        /// Time of the maximum, s.
        delay_s: f64,
    },
    /// Samples from time 0 on, taken as band-limited: zero before, after, and above Nyquist.
    Sampled {
        /// Amplitudes.
        samples: Vec<f64>,
        /// Their distance, s.
        dt_s: f64,
    },
}

impl Wavelet {
    /// A Ricker wavelet delayed by `1.5 / peak_hz`: it starts at 1e-8 of its maximum, so that
    /// cutting it at time 0 adds no visible step.
    ///
    /// # Errors
    /// [`WaveletError::NotPositive`].
    pub fn ricker(peak_hz: f64) -> Result<Self, WaveletError> {
        positive("peak frequency (Hz)", peak_hz, "give it in Hz, such as 5.0")?;
        Ok(Self::Ricker { peak_hz, delay_s: 1.5 / peak_hz })
    }

    /// A measured or designed wavelet.
    ///
    /// # Errors
    /// [`WaveletError::NotPositive`] for the time step, [`WaveletError::Samples`].
    pub fn sampled(samples: Vec<f64>, dt_s: f64) -> Result<Self, WaveletError> {
        positive("time step (s)", dt_s, "give it in seconds, such as 0.002 for 2 ms")?;
        match samples.iter().position(|s| !s.is_finite()) {
            Some(index) => Err(WaveletError::Samples { samples: samples.len(), index }),
            None if samples.is_empty() => Err(WaveletError::Samples { samples: 0, index: 0 }),
            None => Ok(Self::Sampled { samples, dt_s }),
        }
    }

    /// Amplitudes at the times `0, dt_s, ..., (steps - 1) dt_s`.
    ///
    /// Samples are interpolated by a Kaiser-windowed sinc, accurate to 2e-6 of the integral of
    /// the amplitude spectrum for signals below 88 % of both Nyquist frequencies; what lies above
    /// the new one is removed. Equal time steps copy the samples. Cost: 64 terms per value.
    pub fn sampled_at(&self, steps: usize, dt_s: f64) -> Vec<f64> {
        match self {
            Self::Ricker { peak_hz, delay_s } => {
                (0..steps).map(|n| ricker_at(*peak_hz, n as f64 * dt_s - delay_s)).collect()
            }
            Self::Sampled { samples, dt_s: own_s } => {
                spectrum::interpolate(samples, *own_s, steps, dt_s)
            }
        }
    }

    /// The frequency in Hz above which the amplitude spectrum stays below `level` of its maximum;
    /// grid dispersion is to be checked there. `1e-2` is usual, `1e-3` careful.
    ///
    /// # Panics
    /// If `level` is not between 0 and 1.
    pub fn highest_hz(&self, level: f64) -> f64 {
        assert!(level > 0.0 && level < 1.0, "`level` should lie between 0 and 1, found {level}");
        match self {
            Self::Ricker { peak_hz, .. } => peak_hz * ricker_width(level),
            Self::Sampled { samples, dt_s } => spectrum::highest_hz(samples, *dt_s, level),
        }
    }
}

fn ricker_at(peak_hz: f64, t_s: f64) -> f64 {
    let a = (PI * peak_hz * t_s).powi(2);
    (1.0 - 2.0 * a) * (-a).exp()
}

/// The larger root `r` of `r² exp(1 - r²) = level`: the spectrum of a Ricker wavelet over its
/// maximum, at `r` times the peak frequency.
fn ricker_width(level: f64) -> f64 {
    // s = r² solves s = 1 - ln(level) + ln(s), a contraction with factor 1/s < 1; Newton's method
    // on it is quadratic, and started above the root it never crosses it.
    let target = 1.0 - level.ln();
    let mut s = 2.0 * target;
    for _ in 0..60 {
        s -= (s - s.ln() - target) / (1.0 - s.recip());
    }
    s.sqrt()
}

fn positive(what: &'static str, value: f64, help: &'static str) -> Result<(), WaveletError> {
    if value > 0.0 && value.is_finite() {
        Ok(())
    } else {
        Err(WaveletError::NotPositive { what, value, help })
    }
}

#[cfg(test)]
mod tests;
