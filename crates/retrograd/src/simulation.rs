//! The data of one run of an operator.

use retrograd_checkpoint::Workload;
use retrograd_compile::adjoint::{FINISH, FORWARD, RECORD, REVERSE};
use retrograd_compile::symbolic::{Function, Grid, Sparse, TimeFunction};
use retrograd_ir::{FieldId, SparseId};
use retrograd_runtime::{Real, Session, Team};

use crate::compiled::Compiled;
use crate::cpml::{Cpml, CpmlTuning};
use crate::error::Error;
use crate::free_surface::FreeSurface;

/// The data of one run: coefficient functions, points, series. Positions in metres.
#[derive(Debug)]
pub struct Simulation {
    pub(crate) compiled: Compiled,
    pub(crate) grid: Grid,
    pub(crate) session: Session,
    layer: Vec<[usize; 2]>,
    dt_s: f64,
}

impl Simulation {
    pub(crate) fn new(
        compiled: Compiled,
        grid: Grid,
        session: Session,
        layer: &[[usize; 2]],
        dt_s: f64,
    ) -> Self {
        Self { compiled, grid, session, layer: layer.to_vec(), dt_s }
    }

    /// A simulation of the same operator that shares the coefficient functions of this one; what
    /// does not change with time is not computed again. Points, series and wavefields are its
    /// own.
    ///
    /// # Errors
    /// No memory.
    pub fn fork(&self, team: Team) -> Result<Self, Error> {
        let session = self.session.fork(team)?;
        Ok(Self {
            compiled: self.compiled.clone(),
            grid: self.grid.clone(),
            session,
            layer: self.layer.clone(),
            dt_s: self.dt_s,
        })
    }

    /// Takes over the coefficient functions of another simulation of the same operator and grid;
    /// buffers for wavefields and adjoint data stay, so that nothing is mapped anew.
    ///
    /// # Panics
    /// If the other simulation belongs to another operator or grid.
    pub fn adopt(&mut self, other: &Self) {
        self.session.adopt(&other.session);
    }

    /// Number of threads that work on it.
    pub fn team_size(&self) -> usize {
        self.session.team_size()
    }

    /// The kernels it runs.
    pub fn compiled(&self) -> &Compiled {
        &self.compiled
    }

    /// The grid it runs on.
    pub fn grid(&self) -> &Grid {
        &self.grid
    }

    /// The time step, in seconds.
    pub fn dt_s(&self) -> f64 {
        self.dt_s
    }

    /// Widths of the absorbing layer.
    pub(crate) fn layer(&self) -> &[[usize; 2]] {
        &self.layer
    }

    /// Number of time steps.
    pub fn steps(&self) -> usize {
        self.session.steps()
    }

    /// Limits the boxes of kernel calls along the two outermost dimensions (0: no limit). Changes
    /// no result.
    pub fn set_tile(&mut self, tile: [usize; 2]) {
        self.session.set_tile(tile);
    }

    /// Limits the time steps that go over the grid together, and the rows of the outermost dimension
    /// that they do at a time; 0 steps to choose both by the caches, 1 to take steps one by one.
    /// Changes no result.
    pub fn set_block(&mut self, steps: usize, rows: usize) {
        self.session.set_block(steps, rows);
    }

    /// The same in three dimensions, the second one cut into columns of so many rows as well: see
    /// [`Session::set_block_of_columns`](retrograd_runtime::Session::set_block_of_columns).
    pub fn set_block_of_columns(&mut self, steps: usize, rows: usize, columns: usize) {
        self.session.set_block_of_columns(steps, rows, columns);
    }

    /// Whether points that nothing has reached yet are left out: on unless switched off, for tests
    /// and timings. Changes no bit of a result; see [`Session::set_active`].
    pub fn set_active(&mut self, active: bool) {
        self.session.set_active(active);
    }

    /// Grid points that loop nests in C have gone over so far, in all sweeps.
    pub fn points_computed(&self) -> u64 {
        self.session.points_computed()
    }

    /// Sets a coefficient function from values in row-major order.
    ///
    /// # Errors
    /// A function that the operator does not use; no memory.
    ///
    /// # Panics
    /// If there is not one value per grid point.
    pub fn set<T: Real>(&mut self, function: &Function, values: &[T]) -> Result<(), Error> {
        let field = self.compiled.field(function.name())?;
        Ok(self.session.set_function(field, values)?)
    }

    /// Sets a run-time scalar of the equations, declared by [`Expression::param`], in SI units.
    ///
    /// # Errors
    /// A scalar that the operator does not use.
    ///
    /// [`Expression::param`]: crate::Expression::param
    pub fn set_param(&mut self, name: &str, value: f64) -> Result<(), Error> {
        if self.compiled.stencil().params.iter().all(|p| p.name != name) {
            return Err(Error::Unknown(name.into()));
        }
        self.session.set_param(name, value);
        Ok(())
    }

    /// Sets the profiles of a perfectly matched layer, as wide as the layer of the simulation.
    ///
    /// # Errors
    /// A layer that the operator does not use; no memory.
    pub fn set_cpml(&mut self, cpml: &Cpml, tuning: &CpmlTuning) -> Result<(), Error> {
        let grid = (self.grid.shape(), self.grid.spacing_m());
        for (function, values) in cpml.values(grid, &self.layer, tuning, self.dt_s) {
            let field = self.compiled.field(function.name())?;
            self.session.set_function(field, &values)?;
        }
        Ok(())
    }

    /// Sets the weights of derivatives across a free surface.
    ///
    /// # Errors
    /// A surface that the operator does not use; no memory.
    pub fn set_free_surface(&mut self, surface: &FreeSurface) -> Result<(), Error> {
        let rows = self.grid.shape().last().copied().unwrap_or(0);
        for (function, values) in surface.values(rows) {
            let field = self.compiled.field(function.name())?;
            self.session.set_function(field, &values)?;
        }
        Ok(())
    }

    /// Computes what does not change with time from the coefficient functions. A run after a change
    /// does so by itself; before a [`fork`](Self::fork) it saves each fork from doing it.
    ///
    /// # Errors
    /// No memory.
    pub fn set_up(&mut self) -> Result<(), Error> {
        Ok(self.session.set_up()?)
    }

    /// Places sparse points at positions in metres; their samples become zero.
    ///
    /// # Errors
    /// Points outside the grid, or that the operator does not use.
    pub fn place<P: AsRef<[f64]>>(&mut self, sparse: &Sparse, points_m: &[P]) -> Result<(), Error> {
        let id = self.compiled.sparse(sparse)?;
        let cells: Vec<Vec<f64>> = points_m
            .iter()
            .map(|p| {
                let axes = p.as_ref().iter().zip(self.grid.origin_m()).zip(self.grid.spacing_m());
                axes.map(|((x, origin), h)| snapped((x - origin) / h)).collect()
            })
            .collect();
        self.session.place(id, &cells)?;
        if let Some(twin) = self.twin(id) {
            self.session.place(twin, &cells)?;
        }
        Ok(())
    }

    /// The series of cotangents at the same points.
    pub(crate) fn twin(&self, id: SparseId) -> Option<SparseId> {
        let adjoint = self.compiled.adjoint()?;
        let pairs = adjoint.outputs.iter().chain(&adjoint.inputs);
        pairs.clone().find(|(s, _)| *s == id).map(|(_, twin)| *twin)
    }

    /// Sets all samples of a series: points of step 0, then of step 1, and so on.
    ///
    /// # Errors
    /// Points that the operator does not use.
    ///
    /// # Panics
    /// If there are not steps x points samples.
    pub fn set_series<T: Real>(&mut self, sparse: &Sparse, samples: &[T]) -> Result<(), Error> {
        let id = self.compiled.sparse(sparse)?;
        self.session.set_series(id, samples);
        Ok(())
    }

    /// All samples of a series: points of step 0, then of step 1, and so on.
    ///
    /// # Errors
    /// Points that the operator does not use.
    pub fn series<T: Real>(&self, sparse: &Sparse) -> Result<Vec<T>, Error> {
        Ok(self.session.series(self.compiled.sparse(sparse)?))
    }

    /// The cotangents of a series: for a source, the gradient by its samples.
    ///
    /// # Errors
    /// Points that the operator does not use, or no reverse sweep.
    pub fn series_gradient<T: Real>(&self, sparse: &Sparse) -> Result<Vec<T>, Error> {
        let id = self.compiled.sparse(sparse)?;
        Ok(self.session.series(self.twin(id).ok_or(Error::NoGradient)?))
    }

    /// Starts again from a zero wavefield.
    pub fn reset(&mut self) {
        let mut fields = self.compiled.states();
        fields.extend(self.adjoint_states());
        self.session.release(&fields);
    }

    /// Time functions of the reverse sweep.
    pub(crate) fn adjoint_states(&self) -> Vec<FieldId> {
        let Some(adjoint) = self.compiled.adjoint() else { return Vec::new() };
        let stencil = self.compiled.stencil();
        let all = (0..stencil.fields.len() as u32).map(FieldId);
        all.filter(|f| {
            adjoint.states.iter().any(|s| s.adjoint == *f)
                || stencil.field(*f).name.contains("_adj_w")
        })
        .collect()
    }

    /// Runs all steps from a zero wavefield; samples are then in the series.
    ///
    /// # Errors
    /// No memory; a wavefield that is no longer finite.
    pub fn run(&mut self) -> Result<(), Error> {
        self.reset();
        let steps = self.steps();
        self.session.run(FORWARD, 0..steps)?;
        self.check_finite(steps)
    }

    /// The current level of a time function (or the level `back` steps ago), in row-major order.
    ///
    /// # Errors
    /// A function that the operator does not use.
    pub fn level<T: Real>(&self, name: &str, back: usize) -> Result<Vec<T>, Error> {
        Ok(self.session.level(self.compiled.field(name)?, back))
    }

    /// Sets a kept level of a time function (0: current, 1: the one before).
    ///
    /// # Errors
    /// A function that the operator does not use; no memory.
    pub fn set_level<T: Real>(
        &mut self,
        name: &str,
        back: usize,
        values: &[T],
    ) -> Result<(), Error> {
        let field = self.compiled.field(name)?;
        Ok(self.session.set_level(field, back, values)?)
    }

    /// Runs steps `range` from the current levels.
    ///
    /// # Errors
    /// No memory.
    pub fn advance(&mut self, range: std::ops::Range<usize>) -> Result<(), Error> {
        Ok(self.session.run(FORWARD, range)?)
    }

    /// Runs all steps from a zero wavefield and shows it to the caller after every `period`-th step:
    /// `each` is given the number of steps done and the simulation, of which
    /// [`level`](Self::level) has the wavefield then.
    ///
    /// Nothing is kept but what the caller keeps. Steps go over the grid together between two calls
    /// only, which costs time where `period` is a few steps; results are the same bits as those of
    /// [`run`](Self::run).
    ///
    /// # Errors
    /// As [`run`](Self::run); a period of zero; whatever `each` returns.
    pub fn run_watched(
        &mut self,
        period: usize,
        mut each: impl FnMut(usize, &Self) -> Result<(), Error>,
    ) -> Result<(), Error> {
        if period == 0 {
            return Err(Error::NoPeriod);
        }
        self.reset();
        let steps = self.steps();
        for from in (0..steps).step_by(period) {
            let done = (from + period).min(steps);
            self.session.run(FORWARD, from..done)?;
            if done == from + period {
                each(done, self)?;
            }
        }
        self.check_finite(steps)
    }

    /// Runs all steps from a zero wavefield and keeps a time function after every `period`-th step:
    /// `steps / period` arrays in row-major order, the first one after `period` steps.
    ///
    /// # Errors
    /// As [`run_watched`](Self::run_watched); a function that the operator does not use.
    pub fn run_saving<T: Real>(
        &mut self,
        function: &TimeFunction,
        period: usize,
    ) -> Result<Vec<Vec<T>>, Error> {
        let field = self.compiled.field(function.name())?;
        let mut saved = Vec::new();
        self.run_watched(period, |_, simulation| {
            saved.push(simulation.session.level(field, 0));
            Ok(())
        })?;
        Ok(saved)
    }

    pub(crate) fn check_finite(&self, step: usize) -> Result<(), Error> {
        for field in self.compiled.states() {
            if !self.session.looks_finite(field) {
                return Err(Error::NotFinite { step });
            }
        }
        Ok(())
    }

    /// Buffers that have been mapped so far for time levels, snapshots and adjoint data of functions
    /// like the named one.
    ///
    /// # Errors
    /// A function that the operator does not use.
    pub fn pooled_buffers(&self, name: &str) -> Result<usize, Error> {
        Ok(self.session.pooled_buffers(self.compiled.field(name)?))
    }

    /// What a gradient of one shot holds, for a memory plan: everything but what the caller holds
    /// itself (observed data, models, optimiser).
    ///
    /// `shared_bytes`: coefficient functions; `worker_bytes`: forward and adjoint levels and
    /// gradients of one shot in flight and its series.
    pub fn workload(&self, jobs: u64, concurrency: u64) -> Workload {
        let stencil = self.compiled.stencil();
        let steps = [FORWARD, RECORD, REVERSE, FINISH, retrograd_compile::passes::SETUP];
        let written = |f: FieldId| {
            let in_steps = stencil.steps.iter().filter(|s| {
                steps.contains(&s.name.as_str()) && s.name != retrograd_compile::passes::SETUP
            });
            let mut targets =
                in_steps.flat_map(|s| &s.statements).filter_map(retrograd_ir::Stencil::written);
            targets.any(|t| t.field == f)
        };
        let moving = |f: FieldId| written(f);
        let shared = self.session.working_bytes(&steps, |f| !moving(f));
        let levels = self.session.working_bytes(&steps, moving);
        let series: usize =
            (0..stencil.sparse.len() as u32).map(|s| self.session.series_bytes(SparseId(s))).sum();
        // Samples and cotangents of one series at a time, in f64, when the misfit is taken.
        let outputs = self.compiled.adjoint().map_or(&[][..], |a| &a.outputs);
        let samples = outputs.iter().map(|(s, _)| self.session.points(*s) * self.steps());
        let misfit = samples.max().unwrap_or(0) * 2 * size_of::<f64>();
        let states = self.compiled.states();
        let buffer = states.first().map_or(0, |f| self.session.buffer_bytes(*f)) as u64;
        let tapes = self.compiled.adjoint().map_or(0, |a| a.tapes.len()) as u64;
        Workload {
            steps: self.steps() as u64,
            snapshot_bytes: self.compiled.restart_levels() as u64 * buffer,
            adjoint_bytes: tapes * buffer,
            worker_bytes: (levels + series + misfit) as u64,
            shared_bytes: shared as u64,
            jobs,
            concurrency,
        }
    }
}

/// Positions within a rounding error of a node are on the node, so that they touch it alone.
pub(crate) fn snapped(cells: f64) -> f64 {
    let node = cells.round();
    if (cells - node).abs() <= 1e-9 * (1.0 + node.abs()) { node } else { cells }
}
