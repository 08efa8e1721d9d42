//! The misfit of one stage as the optimiser sees it: a function of its unknowns.

use super::parametrise::Parametrisation;
use super::{Inversion, InversionError, Watch};
use crate::engine::{Record, SurveyGradient};
use crate::optimise::Unknowns;

/// `J(x)`: unknowns to velocities, velocities to records, records to misfit.
#[derive(Debug)]
pub(super) struct Objective {
    parameters: Parametrisation,
    wavelet: Vec<f64>,
    observed: Vec<Record>,
}

/// `J` and `dJ/dx` at one point.
#[derive(Debug)]
pub(super) struct Evaluated {
    /// Misfit, and its derivative by the velocities.
    pub(super) found: SurveyGradient,
    /// Derivative by the unknowns.
    pub(super) gradient: Vec<f64>,
}

impl Objective {
    /// The objective of a stage (from 0) that begins at the model `base`, in m/s. Models the data,
    /// where they are synthetic.
    pub(super) fn of_stage(
        inversion: &mut Inversion,
        stage: usize,
        base: &[f64],
        watch: &dyn Watch,
    ) -> Result<Self, InversionError> {
        let wavelet = inversion.wavelet(stage)?;
        let observed = inversion.observed(stage, watch)?;
        let setup = inversion.setup();
        let parameters = Parametrisation::new(
            &setup.experiment.grid,
            base,
            (&setup.frozen, setup.bounds_m_s),
            setup.stages[stage].smoothing_m,
        )?;
        Ok(Self { parameters, wavelet, observed })
    }

    /// Start, bounds and frozen cells of the unknowns.
    pub(super) fn unknowns(&self) -> Unknowns {
        self.parameters.unknowns()
    }

    /// The model that unknowns stand for, in m/s.
    pub(super) fn velocities(&self, x: &[f64]) -> Vec<f64> {
        self.parameters.velocities(x)
    }

    /// Misfit and gradients. Costs a forward and an adjoint run of all shots.
    pub(super) fn evaluate(
        &self,
        inversion: &mut Inversion,
        x: &[f64],
        watch: &dyn Watch,
    ) -> Result<Evaluated, InversionError> {
        let vp = self.velocities(x);
        let found = inversion.evaluate(&vp, &self.wavelet, &self.observed, watch)?;
        let gradient = self.parameters.pull_back(x, &found.gradient);
        Ok(Evaluated { found, gradient })
    }
}
