//! What is done: mesh, discretisation, time axis, geometry.

use retrograd::ir::Interpolation;
use retrograd::{DType, Error, Grid};

use crate::absorb::sponge;
use crate::resample::{RegularGrid, Resample};
use crate::survey::Survey;

/// What is fixed in an experiment: mesh, discretisation, time axis, geometry.
#[derive(Clone, PartialEq, Debug)]
pub struct Experiment {
    /// The model's mesh, absorbing layer excluded.
    pub grid: RegularGrid,
    /// Nodes of the absorbing layer, low and high side of each axis.
    pub layer: Vec<[usize; 2]>,
    /// What the layer leaves of a wave that runs through it and back.
    pub reflection: f64,
    /// Velocities for which the layer is made, on the model's nodes, in m/s: those of the start
    /// model. They stay fixed, so that the damping does not depend on the unknowns.
    pub layer_velocity_m_s: Vec<f64>,
    /// Order of the space derivatives.
    pub space_order: usize,
    /// Working precision.
    pub dtype: DType,
    /// Weights between points and nodes.
    pub interpolation: Interpolation,
    /// Time steps.
    pub steps: usize,
    /// Time step, in seconds.
    pub dt_s: f64,
    /// Sources and receivers.
    pub survey: Survey,
}

impl Experiment {
    /// The grid with the absorbing layer.
    ///
    /// # Errors
    /// A mesh that is none: see [`Grid`].
    pub fn padded_grid(&self) -> Result<Grid, Error> {
        let (grid, layer) = (&self.grid, &self.layer);
        let shape: Vec<usize> =
            grid.shape().iter().zip(layer).map(|(n, [a, b])| n + a + b).collect();
        let origin: Vec<f64> = (0..shape.len())
            .map(|d| grid.origin_m()[d] - layer[d][0] as f64 * grid.spacing_m()[d])
            .collect();
        Ok(Grid::new(shape)?.spacing(grid.spacing_m().to_vec())?.origin(origin)?)
    }

    /// How a model continues into the absorbing layer.
    pub fn padding(&self) -> Resample {
        Resample::pad(self.grid.shape(), &self.layer)
    }

    /// Damping of the absorbing layer on the padded grid, in s/m^2, see [`sponge`].
    pub fn damping(&self) -> Vec<f64> {
        let pad = self.padding();
        let velocity = pad.apply(&self.layer_velocity_m_s);
        let spacing = self.grid.spacing_m();
        sponge(&pad.shape_out(), &self.layer, spacing, &velocity, self.reflection)
    }

    /// Grid points that one step of one shot updates, absorbing layer included.
    pub fn padded_points(&self) -> usize {
        self.padding().shape_out().iter().product()
    }

    /// Grid-point updates of one forward run of all shots.
    pub fn updates_per_run(&self) -> f64 {
        self.survey.shots.len() as f64 * self.steps as f64 * self.padded_points() as f64
    }
}
