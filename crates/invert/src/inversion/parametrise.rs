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
        let mut update = x.to_vec();
        smoother.apply(&mut update);
        let [lower, upper] = self.bounds;
        let cells = self.base.iter().zip(&update).zip(&self.frozen);
        cells
            .map(
                |((&base, &du), &frozen)| {
                    if frozen { base } else { (base + du).clamp(lower, upper) }
                },
            )
            .collect()
    }

    /// The derivative by the unknowns from that by the velocities.
    pub(super) fn pull_back(&self, velocities: &[f64], gradient: &[f64]) -> Vec<f64> {
        let [lower, upper] = self.bounds;
        let mut pulled: Vec<f64> = gradient
            .iter()
            .zip(velocities)
            .zip(&self.frozen)
            .map(|((&g, &v), &frozen)| {
                let clamped = self.smoother.is_some() && (v <= lower || v >= upper);
                if frozen || clamped { 0.0 } else { g }
            })
            .collect();
        if let Some(smoother) = &self.smoother {
            smoother.apply_transposed(&mut pulled);
            for (g, &frozen) in pulled.iter_mut().zip(&self.frozen) {
                if frozen {
                    *g = 0.0;
                }
            }
        }
        pulled
    }
}
