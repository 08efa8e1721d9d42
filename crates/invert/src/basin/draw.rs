//! Reproducible random numbers and the smooth curves drawn with them.

use std::f64::consts::TAU;

use rand::Rng as _;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng as _;

/// A stream of random numbers: `ChaCha8`, whose output is fixed by its specification, so that a
/// seed names one basin for ever.
pub(super) struct Draw(ChaCha8Rng);

impl Draw {
    pub(super) fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    /// Uniform in `[low, high)`.
    pub(super) fn within(&mut self, low: f64, high: f64) -> f64 {
        // 53 random bits, scaled by hand: how `rand` samples floats is not fixed for ever.
        let unit = (self.0.next_u64() >> 11) as f64 / (1_u64 << 53) as f64;
        low + (high - low) * unit
    }

    /// Uniform in `low..=high`.
    pub(super) fn count(&mut self, low: usize, high: usize) -> usize {
        low + self.within(0.0, (high - low + 1) as f64) as usize
    }

    /// `-1` or `1`.
    pub(super) fn sign(&mut self) -> f64 {
        if self.within(0.0, 1.0) < 0.5 { -1.0 } else { 1.0 }
    }
}

/// A sum of sines of given wavelengths with random phases, within `±1` times its amplitude.
#[derive(Clone, Debug)]
pub(super) struct Curve(Vec<Wave>);

#[derive(Clone, Debug)]
struct Wave {
    amplitude: f64,
    wavelength: f64,
    phase: f64,
}

impl Curve {
    /// `waves` sines of `longest` wavelength and shorter, the shorter the weaker.
    pub(super) fn draw(draw: &mut Draw, amplitude: f64, longest: f64, waves: usize) -> Self {
        let ratio: f64 = 0.55;
        let norm: f64 = (0..waves).map(|k| ratio.powi(k as i32)).sum();
        let wave = |k: usize| Wave {
            amplitude: amplitude * ratio.powi(k as i32) / norm,
            wavelength: longest * 0.58_f64.powi(k as i32) * draw.within(0.85, 1.15),
            phase: draw.within(0.0, TAU),
        };
        Self((0..waves).map(wave).collect())
    }

    pub(super) fn at(&self, x: f64) -> f64 {
        self.0.iter().map(|w| w.amplitude * (TAU * x / w.wavelength + w.phase).sin()).sum()
    }
}

/// `exp(-t²)`: 1 at 0, below 2 % beyond 2.
pub(super) fn bell(t: f64) -> f64 {
    (-t * t).exp()
}
