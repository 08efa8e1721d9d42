//! A wave that crosses the grid once: what is gained where it has not been.

use std::ops::ControlFlow;
use std::time::Instant;

use retrograd_checkpoint::Revolve;

use super::{COURANT, Case, LAYER, Problem, SPACING_M, equations, extent_m};
use crate::{Error, Options};

/// Snapshots of a gradient.
const SNAPSHOTS: u64 = 40;

/// Where the source is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Source {
    /// In the middle of the grid.
    Middle,
    /// Where the absorbing layers of all low sides meet.
    Corner,
}

/// A problem that runs for as many steps as the fastest wave takes from the source to the farthest
/// side.
#[derive(Debug)]
pub struct Crossing {
    problem: Problem,
}

/// What a run took.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Run {
    /// Seconds.
    pub seconds: f64,
    /// Grid points that loop nests went over.
    pub points: u64,
}

impl Crossing {
    /// Builds kernels, with the gradient by the squared slowness, and data of a case, whose number of
    /// steps does not count.
    ///
    /// # Errors
    /// No compiler, no memory.
    pub fn new(case: &Case, source: Source, options: &Options) -> Result<Self, Error> {
        let layer_m = (LAYER + 2) as f64 * SPACING_M;
        let at: Vec<f64> = extent_m(case)
            .iter()
            .map(|extent| match source {
                Source::Middle => extent / 2.0,
                Source::Corner => layer_m,
            })
            .collect();
        let far = extent_m(case).iter().zip(&at).map(|(e, at)| e - at).fold(0.0, f64::max);
        let steps = (far / (COURANT * SPACING_M)).ceil() as usize;
        let case = Case { steps, ..case.clone() };
        let grid = case.grid()?;
        let equations = equations(&case, &grid, true)?;
        let by = equations.parameters[0].0.clone();
        let compiled = equations.operator.with_gradient(&[&by], options)?;
        let problem = Problem::with_source(&case, &compiled, &grid, &equations, &at)?;
        Ok(Self { problem })
    }

    /// Time steps.
    pub fn steps(&self) -> usize {
        self.problem.simulation.steps()
    }

    /// Runs forward, or a gradient of the energy of the samples with a few snapshots, with or without
    /// the points that the wave has not reached.
    ///
    /// # Errors
    /// No memory.
    pub fn run(&mut self, active: bool, gradient: bool) -> Result<Run, Error> {
        let simulation = &mut self.problem.simulation;
        simulation.set_active(active);
        let (begun, before) = (Instant::now(), simulation.points_computed());
        if gradient {
            let steps = simulation.steps() as u64;
            let actions = Revolve::new(steps, SNAPSHOTS.min(steps));
            let actions = actions.map_err(|e| Error::Schedule(e.to_string()))?;
            let energy = |_: usize, record: crate::Residual<'_>| {
                record.cotangent.copy_from_slice(record.synthetic);
                0.5 * record.synthetic.iter().map(|d| d * d).sum::<f64>()
            };
            let watch = |_: &_| ControlFlow::Continue(());
            simulation.evaluate(actions, SNAPSHOTS, energy, watch)?;
        } else {
            simulation.run()?;
        }
        let seconds = begun.elapsed().as_secs_f64();
        Ok(Run { seconds, points: simulation.points_computed() - before })
    }
}
