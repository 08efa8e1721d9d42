//! From the optimiser's unknowns to velocities.

use super::InversionError;
use crate::optimise::Unknowns;
use crate::resample::RegularGrid;
use crate::smooth::Smoother;

/// How a stage's unknowns `x` give velocities.
///
/// Without smoothing `vp = x` within bounds. With a Gaussian `S`, `vp = clamp(base + S x)`: every
/// update is smooth, and the gradient by `x` is exact, `S^T` of that by `vp` where the clamp does
/// not act, so that the line search sees true slopes (a gradient smoothed by itself is none).
#[derive(Clone, Debug)]
pub(super) struct Parametrisation {
    base: Vec<f64>,
    smoother: Option<Smoother>,
    frozen: Vec<bool>,
    bounds: [f64; 2],
}

impl Parametrisation {
    pub(super) fn new(
        grid: &RegularGrid,
        base: &[f64],
        (frozen, bounds): (&[bool], [f64; 2]),
        smoothing_m: f64,
    ) -> Result<Self, InversionError> {
        let smoother = if smoothing_m > 0.0 {
            let sigma = vec![smoothing_m; grid.shape().len()];
            Some(Smoother::new(grid.shape(), grid.spacing_m(), &sigma)?.with_frozen(frozen)?)
        } else {
            None
        };
        Ok(Self { base: base.to_vec(), smoother, frozen: frozen.to_vec(), bounds })
    }

    /// Start, bounds and frozen cells for the optimiser.
    pub(super) fn unknowns(&self) -> Unknowns {
        let [lower, upper] = self.bounds;
        let unknowns = match self.smoother {
            None => Unknowns::bounded(&self.base, lower, upper),
            Some(_) => Unknowns::free(&vec![0.0; self.base.len()]),
        };
        unknowns.with_frozen(&self.frozen)
    }

    /// Velocities in m/s.
    pub(super) fn velocities(&self, x: &[f64]) -> Vec<f64> {
        let Some(smoother) = &self.smoother else { return x.to_vec() };
        let [lower, upper] = self.bounds;
        let moved = self.unclamped(smoother, x);
        let cells = self.base.iter().zip(&moved).zip(&self.frozen);
        let clamp = |((&base, &v), &frozen): ((&f64, &f64), &bool)| {
            if frozen { base } else { v.clamp(lower, upper) }
        };
        cells.map(clamp).collect()
    }

    /// `base + S x`.
    fn unclamped(&self, smoother: &Smoother, x: &[f64]) -> Vec<f64> {
        let mut update = x.to_vec();
        smoother.apply(&mut update);
        self.base.iter().zip(&update).map(|(base, du)| base + du).collect()
    }

    /// The derivative by the unknowns `x` from that by the velocities at `x`.
    ///
    /// Beyond a bound it is zero. On a bound the derivative has two sides: that by which descent
    /// would leave the bound inwards is passed on, so that what begins at a bound can move.
    pub(super) fn pull_back(&self, x: &[f64], gradient: &[f64]) -> Vec<f64> {
        let mut pulled = gradient.to_vec();
        if let Some(smoother) = &self.smoother {
            let [lower, upper] = self.bounds;
            for (g, v) in pulled.iter_mut().zip(self.unclamped(smoother, x)) {
                let stays =
                    v < lower || v > upper || (v == lower && *g > 0.0) || (v == upper && *g < 0.0);
                if stays {
                    *g = 0.0;
                }
            }
            self.clear_frozen(&mut pulled);
            smoother.apply_transposed(&mut pulled);
        }
        self.clear_frozen(&mut pulled);
        pulled
    }

    fn clear_frozen(&self, values: &mut [f64]) {
        for (value, _) in values.iter_mut().zip(&self.frozen).filter(|(_, frozen)| **frozen) {
            *value = 0.0;
        }
    }
}

#[cfg(test)]
mod tests;
