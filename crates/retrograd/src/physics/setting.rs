//! What systems have in common: grid, accuracy, absorbing layer, parts by name.

use retrograd_compile::symbolic::{
    Eq, Expression, Function, Grid, SolveError, TimeFunction, solve,
};

use crate::cpml::Cpml;
use crate::free_surface::{Across, FreeSurface};
use crate::operator::{Operator, OperatorBuilder};

/// What waves meet at the sides of the grid.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Absorbing {
    /// Zero outside: they come back.
    #[default]
    Nothing,
    /// A perfectly matched layer, see [`Cpml`].
    Cpml,
}

/// Where and how a system is discretised.
#[derive(Clone, PartialEq, Debug)]
pub struct Setting {
    pub(super) grid: Grid,
    pub(super) space_order: usize,
    pub(super) absorbing: Absorbing,
}

impl Setting {
    /// On this grid, to space order 8, with nothing at the sides.
    pub fn new(grid: &Grid) -> Self {
        Self { grid: grid.clone(), space_order: 8, absorbing: Absorbing::Nothing }
    }

    /// With spatial derivatives of this (even) accuracy.
    #[must_use]
    pub fn space_order(mut self, order: usize) -> Self {
        self.space_order = order;
        self
    }

    /// With this at the sides.
    #[must_use]
    pub fn absorbing(mut self, absorbing: Absorbing) -> Self {
        self.absorbing = absorbing;
        self
    }

    pub(super) fn dims(&self) -> usize {
        self.grid.shape().len()
    }
}

/// A function that a user gives.
#[derive(Clone, PartialEq, Debug)]
pub struct Parameter {
    /// The function.
    pub function: Function,
    /// Its unit.
    pub unit: &'static str,
    /// What it is.
    pub what: &'static str,
    /// A value that is customary, for tests and first runs.
    pub typical: f64,
}

/// A system of equations with names for its parts.
#[derive(Clone, Debug)]
pub struct System {
    pub(super) name: &'static str,
    pub(super) setting: Setting,
    pub(super) equations: Vec<Eq>,
    pub(super) parameters: Vec<Parameter>,
    pub(super) states: Vec<TimeFunction>,
    pub(super) cpml: Option<Cpml>,
    pub(super) surface: Option<FreeSurface>,
}

impl System {
    pub(super) fn new(name: &'static str, setting: &Setting) -> Self {
        let cpml = match setting.absorbing {
            Absorbing::Nothing => None,
            Absorbing::Cpml => Some(Cpml::new(&setting.grid, "cpml")),
        };
        Self {
            name,
            setting: setting.clone(),
            equations: Vec::new(),
            parameters: Vec::new(),
            states: Vec::new(),
            cpml,
            surface: None,
        }
    }

    pub(super) fn parameter(
        &mut self,
        name: &str,
        (unit, what, typical): (&'static str, &'static str, f64),
    ) -> Expression {
        let function = self.setting.grid.function(name);
        let value = function.value();
        self.parameters.push(Parameter { function, unit, what, typical });
        value
    }

    /// The first derivative along a dimension, half a cell beside the samples, stretched in the
    /// absorbing layer.
    pub(super) fn slope(&mut self, e: &Expression, dim: usize) -> Expression {
        self.stretched(e.staggered_derivative(dim), dim)
    }

    /// The same of what a free surface may bound, across which there is nothing to read.
    pub(super) fn slope_below(&mut self, e: &Expression, dim: usize, across: Across) -> Expression {
        match &mut self.surface {
            Some(surface) if dim + 1 == self.setting.dims() => {
                let plain = surface.slope(e, across);
                self.stretched(plain, dim)
            }
            _ => self.slope(e, dim),
        }
    }

    fn stretched(&mut self, derivative: Expression, dim: usize) -> Expression {
        match &mut self.cpml {
            None => derivative,
            Some(cpml) => cpml.stretch(&derivative, dim),
        }
    }

    /// The second derivative along a dimension, of what sits on the nodes, stretched likewise.
    pub(super) fn second(&mut self, e: &Expression, dim: usize) -> Expression {
        match &mut self.cpml {
            None => e.derivative(dim, 2, e.space_order()),
            Some(cpml) => cpml.stretch_second(e, dim),
        }
    }

    /// Sum of the second derivatives.
    pub(super) fn laplace(&mut self, e: &Expression) -> Expression {
        let terms = (0..self.setting.dims()).map(|d| self.second(e, d));
        Expression::sum(terms.collect())
    }

    /// A function of its own for an intermediate quantity that is read at many offsets: computed once
    /// per step, ahead of what reads it, zero beyond the sides.
    pub(super) fn stored(&mut self, name: &str, value: &Expression) -> Expression {
        if let Some(cpml) = &mut self.cpml {
            self.equations.extend(cpml.take_updates());
        }
        let mut function = self.setting.grid.function(name).space_order(self.setting.space_order);
        for d in (0..self.setting.dims()).filter(|d| value.half_cells(*d) > 0) {
            function = function.staggered(d);
        }
        self.equations.push(Eq::new(&function, value.clone()));
        function.value()
    }

    /// Adds the update of one state by a residual that is linear in its new level.
    pub(super) fn evolve(&mut self, residual: &Expression, state: &TimeFunction) {
        if let Some(cpml) = &mut self.cpml {
            self.equations.extend(cpml.take_updates());
        }
        let update = solved(solve(residual, &state.forward()).map(|s| s.update()));
        self.equations.push(Eq::new(state.forward(), update));
        self.states.push(state.clone());
    }

    /// Its name.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The grid.
    pub fn grid(&self) -> &Grid {
        &self.setting.grid
    }

    /// Its updates of one time step, in order.
    pub fn equations(&self) -> &[Eq] {
        &self.equations
    }

    /// The functions that a user gives.
    pub fn parameters(&self) -> &[Parameter] {
        &self.parameters
    }

    /// The parameter of this name.
    ///
    /// # Panics
    /// If there is none.
    pub fn parameter_named(&self, name: &str) -> &Function {
        let found = self.parameters.iter().find(|p| p.function.name() == name);
        &found.unwrap_or_else(|| panic!("`{}` has no parameter `{name}`", self.name)).function
    }

    /// The functions that change with time, without the memory of the absorbing layer.
    pub fn states(&self) -> &[TimeFunction] {
        &self.states
    }

    /// The state of this name.
    ///
    /// # Panics
    /// If there is none.
    pub fn state_named(&self, name: &str) -> &TimeFunction {
        let found = self.states.iter().find(|s| s.name() == name);
        found.unwrap_or_else(|| panic!("`{}` has no state `{name}`", self.name))
    }

    /// The absorbing layer, whose profiles have to be set before a run: see
    /// [`Simulation::set_cpml`](crate::Simulation::set_cpml).
    pub fn cpml(&self) -> Option<&Cpml> {
        self.cpml.as_ref()
    }

    /// The free surface, whose weights have to be set before a run: see
    /// [`Simulation::set_free_surface`](crate::Simulation::set_free_surface).
    pub fn free_surface(&self) -> Option<&FreeSurface> {
        self.surface.as_ref()
    }

    /// An operator of its updates, to which sources and receivers are added.
    pub fn operator(&self) -> OperatorBuilder {
        Operator::new(&self.setting.grid, self.equations.iter().cloned()).name(self.name)
    }
}

/// Equations of this module are linear in what they are solved for.
fn solved<T>(result: Result<T, SolveError>) -> T {
    result.unwrap_or_else(|e| unreachable!("an equation of this module has no solution: {e}"))
}
