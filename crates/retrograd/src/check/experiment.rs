//! What a certificate is made on: one shot of a job.

use retrograd_compile::symbolic::{Function, Grid, Sparse};
use retrograd_runtime::Team;

use crate::compiled::Compiled;
use crate::cpml::{Cpml, CpmlTuning};
use crate::error::Error;
use crate::simulation::Simulation;

/// Values, points, layers and steps of one shot, as [`Simulation`] takes them. All numbers are
/// f64 and rounded to the precision of the operator under test.
#[derive(Clone, Debug)]
pub struct Experiment {
    pub(super) grid: Grid,
    pub(super) layer: Vec<[usize; 2]>,
    pub(super) steps: usize,
    pub(super) dt_s: f64,
    pub(super) threads: usize,
    pub(super) seed: u64,
    pub(super) functions: Vec<(Function, Vec<f64>)>,
    pub(super) params: Vec<(String, f64)>,
    pub(super) widths: Vec<(String, usize)>,
    pub(super) cpml: Option<(Cpml, CpmlTuning)>,
    pub(super) points: Vec<(Sparse, Vec<Vec<f64>>)>,
    pub(super) series: Vec<(Sparse, Vec<f64>)>,
    pub(super) observed: Vec<(Sparse, Vec<f64>)>,
}

impl Experiment {
    /// A run of `steps` steps of `dt_s` seconds on `grid`, on one thread, without layers,
    /// functions zero and no points until they are set.
    pub fn new(grid: &Grid, (steps, dt_s): (usize, f64)) -> Self {
        Self {
            grid: grid.clone(),
            layer: vec![[0, 0]; grid.shape().len()],
            steps,
            dt_s,
            threads: 1,
            seed: 1,
            functions: Vec::new(),
            params: Vec::new(),
            widths: Vec::new(),
            cpml: None,
            points: Vec::new(),
            series: Vec::new(),
            observed: Vec::new(),
        }
    }

    /// Widths of the absorbing layer in grid points, `[low, high]` of each dimension.
    #[must_use]
    pub fn layer(mut self, widths: &[[usize; 2]]) -> Self {
        self.layer = widths.to_vec();
        self
    }

    /// Number of threads; changes no result.
    #[must_use]
    pub fn threads(mut self, threads: usize) -> Self {
        self.threads = threads;
        self
    }

    /// Where the random numbers start.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Values of a coefficient function, in row-major order.
    #[must_use]
    pub fn set(mut self, function: &Function, values: &[f64]) -> Self {
        self.functions.push((function.clone(), values.to_vec()));
        self
    }

    /// The value of a run-time scalar of the equations.
    #[must_use]
    pub fn param(mut self, name: &str, value: f64) -> Self {
        self.params.push((name.into(), value));
        self
    }

    /// A run-time width of subdomains, in grid points.
    #[must_use]
    pub fn width(mut self, name: &str, points: usize) -> Self {
        self.widths.push((name.into(), points));
        self
    }

    /// A perfectly matched layer.
    #[must_use]
    pub fn cpml(mut self, cpml: &Cpml, tuning: CpmlTuning) -> Self {
        self.cpml = Some((cpml.clone(), tuning));
        self
    }

    /// Sparse points, in metres.
    #[must_use]
    pub fn place<P: AsRef<[f64]>>(mut self, sparse: &Sparse, points_m: &[P]) -> Self {
        let points = points_m.iter().map(|p| p.as_ref().to_vec()).collect();
        self.points.push((sparse.clone(), points));
        self
    }

    /// Samples of a source (points of step 0, then of step 1, and so on), for [`super::taylor`].
    /// The dot-product test draws its own.
    #[must_use]
    pub fn series(mut self, sparse: &Sparse, samples: &[f64]) -> Self {
        self.series.push((sparse.clone(), samples.to_vec()));
        self
    }

    /// Observed samples of receivers, for [`super::taylor`]; zero if not given.
    #[must_use]
    pub fn observed(mut self, sparse: &Sparse, samples: &[f64]) -> Self {
        self.observed.push((sparse.clone(), samples.to_vec()));
        self
    }

    /// The values of a function.
    pub(super) fn values(&self, function: &Function) -> Result<&[f64], Error> {
        let found = self.functions.iter().find(|(f, _)| f.name() == function.name());
        let (_, values) = found.ok_or_else(|| Error::Unknown(function.name().into()))?;
        Ok(values)
    }

    /// A simulation with everything set but the series.
    pub(super) fn simulation(&self, compiled: &Compiled) -> Result<Simulation, Error> {
        let team = Team::new(self.threads);
        let run = (self.steps, self.dt_s);
        let mut compiled = compiled.clone();
        for (name, points) in &self.widths {
            compiled = compiled.with_width(name, *points)?;
        }
        let mut simulation = compiled.simulation(&self.grid, &self.layer, run, team)?;
        for (function, values) in &self.functions {
            simulation.set(function, values)?;
        }
        for (name, value) in &self.params {
            simulation.set_param(name, *value)?;
        }
        if let Some((cpml, tuning)) = &self.cpml {
            simulation.set_cpml(cpml, tuning)?;
        }
        simulation.set_up()?;
        for (sparse, points) in &self.points {
            simulation.place(sparse, points)?;
        }
        Ok(simulation)
    }
}
