//! Gradients of the standard problems: the energy of the samples by parameters.

use std::ops::ControlFlow;
use std::time::Instant;

use retrograd_checkpoint::{Action, Revolve, StoreAll};
use retrograd_compile::symbolic::Function;

use super::{Case, Problem, equations};
use crate::{Error, Options, Residual};

/// What is kept of the forward sweep.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kept {
    /// The adjoint data of every step.
    All,
    /// So many snapshots, at the optimal places (Revolve).
    Snapshots(u64),
}

/// A problem whose gradient is timed.
#[derive(Debug)]
pub struct Imaging {
    /// The problem.
    pub problem: Problem,
    by: Vec<Function>,
    steps: u64,
}

/// What one gradient took, in seconds.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct ImagingTiming {
    /// From the first step to the misfit.
    pub forward_s: f64,
    /// From the misfit to the gradient.
    pub reverse_s: f64,
}

impl ImagingTiming {
    /// The whole gradient.
    pub fn total_s(&self) -> f64 {
        self.forward_s + self.reverse_s
    }
}

impl Imaging {
    /// Kernels and data of a case with the gradient by the first of its parameters, or by none: then
    /// the reverse sweep is the adjoint wavefield alone. What waves have not reached is left out, as
    /// anybody's gradient does.
    ///
    /// # Errors
    /// No compiler, no memory.
    pub fn new(case: &Case, by_a_parameter: bool, options: &Options) -> Result<Self, Error> {
        let grid = case.grid()?;
        let equations = equations(case, &grid, true)?;
        let by = if by_a_parameter { vec![equations.parameters[0].0.clone()] } else { Vec::new() };
        let compiled = equations.operator.with_gradient(&by.iter().collect::<Vec<_>>(), options)?;
        let problem = Problem::with_source(case, &compiled, &grid, &equations, &case.source_m())?;
        Ok(Self { problem, by, steps: case.steps as u64 })
    }

    /// One gradient of half the energy of the samples.
    ///
    /// # Errors
    /// No memory.
    pub fn run(&mut self, kept: Kept) -> Result<ImagingTiming, Error> {
        match kept {
            Kept::All => self.timed(StoreAll::new(self.steps), 0),
            Kept::Snapshots(count) => {
                let actions = Revolve::new(self.steps, count.min(self.steps));
                self.timed(actions.map_err(|e| Error::Schedule(e.to_string()))?, count)
            }
        }
    }

    fn timed(
        &mut self,
        actions: impl IntoIterator<Item = Action, IntoIter: Clone>,
        slots: u64,
    ) -> Result<ImagingTiming, Error> {
        let mut turn = None;
        let energy = |_: usize, record: Residual<'_>| {
            turn = Some(Instant::now());
            record.cotangent.copy_from_slice(record.synthetic);
            0.5 * record.synthetic.iter().map(|d| d * d).sum::<f64>()
        };
        let begun = Instant::now();
        self.problem.simulation.evaluate(actions, slots, energy, |_| ControlFlow::Continue(()))?;
        let end = Instant::now();
        let turn = turn.unwrap_or(begun);
        Ok(ImagingTiming {
            forward_s: (turn - begun).as_secs_f64(),
            reverse_s: (end - turn).as_secs_f64(),
        })
    }

    /// The gradient of the last run, by the first parameter.
    ///
    /// # Errors
    /// None has been asked for.
    pub fn gradient(&self) -> Result<Vec<f64>, Error> {
        self.by.first().map_or_else(|| Ok(Vec::new()), |m| self.problem.simulation.gradient_of(m))
    }
}
