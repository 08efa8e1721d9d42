//! Kernels of an operator.

use std::collections::BTreeMap;
use std::sync::Arc;

use retrograd_compile::adjoint::{FINISH, FORWARD, RECORD, REVERSE, REVERSE_SEEDED, initial_step};
use retrograd_compile::symbolic::{Grid, Sparse};
use retrograd_compile::{Adjoint, layer_width};
use retrograd_ir::{DOMAIN, FieldId, Levels, Side, SparseId, StatementKind, Stencil};
use retrograd_runtime::{Backend, JitOptions, Program, Session, SessionError, Team};

use crate::error::Error;
use crate::operator::Operator;
use crate::simulation::Simulation;

/// How kernels are made.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Options {
    /// C or the interpreter.
    pub backend: Backend,
    /// Compilers and cache folder.
    pub jit: JitOptions,
}

impl Options {
    /// C kernels by the compiler that the environment names (see
    /// [`JitOptions::from_environment`]).
    pub fn from_environment() -> Self {
        Self { backend: Backend::C, jit: JitOptions::from_environment() }
    }
}

/// An operator with its kernels; shared by simulations, cheap to clone.
#[derive(Clone, Debug)]
pub struct Compiled {
    pub(crate) program: Arc<Program>,
    pub(crate) adjoint: Option<Arc<Adjoint>>,
    pub(crate) grid: Grid,
    /// Run-time widths of subdomains, by name.
    widths: BTreeMap<String, usize>,
    /// Whether its equations differ from one part of the grid to another.
    pub(crate) has_parts: bool,
}

impl Compiled {
    pub(crate) fn forward(operator: &Operator, options: &Options) -> Result<Self, Error> {
        let stencil = operator.stencil().clone();
        let program = Program::new(stencil, &[FORWARD], options.backend, &options.jit)?;
        Ok(Self::of(operator, program, None))
    }

    pub(crate) fn with_adjoint(
        operator: &Operator,
        adjoint: Adjoint,
        options: &Options,
    ) -> Result<Self, Error> {
        Self::with_steps(operator, adjoint, &[FORWARD, RECORD, REVERSE], options)
    }

    /// With the steps that only tests of the adjoint need as well: cotangents of final and
    /// initial states.
    pub(crate) fn with_all_steps(
        operator: &Operator,
        adjoint: Adjoint,
        options: &Options,
    ) -> Result<Self, Error> {
        let most = adjoint.states.iter().map(|s| s.initial.len()).max().unwrap_or(0);
        let initial: Vec<String> = (0..most).map(initial_step).collect();
        let mut steps = vec![FORWARD, RECORD, REVERSE, REVERSE_SEEDED];
        steps.extend(initial.iter().map(String::as_str));
        Self::with_steps(operator, adjoint, &steps, options)
    }

    fn with_steps(
        operator: &Operator,
        adjoint: Adjoint,
        steps: &[&str],
        options: &Options,
    ) -> Result<Self, Error> {
        let stencil = adjoint.stencil.clone();
        let finish = stencil.step_named(FINISH).map(|_| FINISH);
        let steps: Vec<&str> = steps.iter().copied().chain(finish).collect();
        let program = Program::new(stencil, &steps, options.backend, &options.jit)?;
        Ok(Self::of(operator, program, Some(Arc::new(adjoint))))
    }

    fn of(operator: &Operator, program: Arc<Program>, adjoint: Option<Arc<Adjoint>>) -> Self {
        let statements = operator.stencil().steps.iter().flat_map(|step| &step.statements);
        let mut kinds = statements.map(|statement| statement.kind);
        let partial =
            |kind| matches!(kind, StatementKind::Update { region, .. } if region != DOMAIN);
        let (grid, widths) = (operator.grid.clone(), BTreeMap::new());
        Self { program, adjoint, grid, widths, has_parts: kinds.any(partial) }
    }

    /// The program as it runs, after all passes.
    pub fn stencil(&self) -> &Stencil {
        self.program.stencil()
    }

    /// The kernels.
    pub fn program(&self) -> &Arc<Program> {
        &self.program
    }

    /// The names of the reverse sweep, if there is one.
    pub fn adjoint(&self) -> Option<&Adjoint> {
        self.adjoint.as_deref()
    }

    /// The grid it was declared on; simulations may run on others of the same dimension.
    pub fn grid(&self) -> &Grid {
        &self.grid
    }

    /// With a run-time width that its subdomains name, in grid points, for all simulations from now on.
    /// Compiles nothing.
    ///
    /// # Errors
    /// A name that no subdomain uses.
    pub fn with_width(mut self, name: &str, points: usize) -> Result<Self, Error> {
        let layers = self.layer_widths();
        let known = self.stencil().widths.iter().any(|w| w.name == name);
        if !known || layers.iter().flatten().any(|layer| layer == name) {
            return Err(Error::UnknownWidth(name.into()));
        }
        self.widths.insert(name.into(), points);
        Ok(self)
    }

    /// Names of the widths of absorbing layers, low and high side of each dimension.
    fn layer_widths(&self) -> Vec<[String; 2]> {
        let dims = self.stencil().dims.iter();
        dims.map(|d| [Side::Low, Side::High].map(|side| layer_width(&d.name, side))).collect()
    }

    /// The widths that the program declares.
    fn declared_widths(&self, layer: &[[usize; 2]]) -> Result<Vec<usize>, Error> {
        let layers = self.layer_widths();
        let declared = self.stencil().widths.iter();
        let width = declared.map(|width| {
            let Some(at) = layers.iter().flatten().position(|name| *name == width.name) else {
                let found = self.widths.get(&width.name).copied();
                return found.ok_or_else(|| Error::MissingWidth(width.name.clone()));
            };
            layer.get(at / 2).map(|sides| sides[at % 2]).ok_or_else(|| {
                let (found, expected) = (layer.len(), layers.len());
                SessionError::Count { what: "layers", found, expected }.into()
            })
        });
        width.collect()
    }

    /// Data for a run of `steps` steps of `dt_s` seconds on `grid`, with an absorbing layer of
    /// `layer` grid points per side (`[low, high]` of each dimension; used by functions declared
    /// [`layer_only`](crate::Function::layer_only)), worked on by a team of threads.
    ///
    /// # Errors
    /// Wrong number of layers; a width of a subdomain that [`with_width`](Self::with_width) has not
    /// given.
    pub fn simulation(
        &self,
        grid: &Grid,
        layer: &[[usize; 2]],
        (steps, dt_s): (usize, f64),
        team: Team,
    ) -> Result<Simulation, Error> {
        let widths = self.declared_widths(layer)?;
        let mut session = Session::new(&self.program, grid.shape(), &widths, steps, team)?;
        session.set_param("dt", dt_s);
        for (name, h) in grid.dimension_names().iter().zip(grid.spacing_m()) {
            session.set_param(&format!("h_{name}"), *h);
        }
        Ok(Simulation::new(self.clone(), grid.clone(), session, layer, dt_s))
    }

    pub(crate) fn field(&self, name: &str) -> Result<FieldId, Error> {
        self.stencil().field_named(name).ok_or_else(|| Error::Unknown(name.into()))
    }

    pub(crate) fn sparse(&self, sparse: &Sparse) -> Result<SparseId, Error> {
        let name = sparse.name();
        self.stencil().sparse_named(name).ok_or_else(|| Error::Unknown(name.into()))
    }

    /// The time functions of the forward step: the restart data.
    pub fn states(&self) -> Vec<FieldId> {
        if let Some(adjoint) = &self.adjoint {
            return adjoint.states.iter().map(|s| s.forward).collect();
        }
        let step = self.stencil().step_named(FORWARD);
        step.map(retrograd_ir::Step::advances).unwrap_or_default()
    }

    /// Number of kept time levels of all forward functions: buffers of one snapshot.
    pub fn restart_levels(&self) -> usize {
        let levels = self.states().into_iter().map(|f| match self.stencil().field(f).levels {
            Levels::Time(n) => usize::from(n) - 1,
            Levels::Static | Levels::Tape => 0,
        });
        levels.sum()
    }
}
