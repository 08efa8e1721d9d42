//! Gradients of one run: forward sweep, residual, reverse sweep, under a checkpointing plan.

use std::ops::ControlFlow;

use retrograd_checkpoint::tier::Key;
use retrograd_checkpoint::{Action, Data, Executor, SweepLog};
use retrograd_compile::Adjoint;
use retrograd_compile::adjoint::{FINISH, REVERSE, REVERSE_SEEDED};
use retrograd_compile::symbolic::Function;
use retrograd_ir::{
    BinaryOp, Closure, DOMAIN, Expr, FieldId, Offset, Predicate, Statement, StatementKind, Target,
    WriteMode,
};

use crate::error::Error;
use crate::simulation::Simulation;
use crate::sweep::{State, Sweep};

/// Why there is no unfilled snapshot.
type Refusal = Box<dyn std::error::Error + Send + Sync>;

/// Progress of a sweep, in steps run so far and in all.
pub use retrograd_checkpoint::Progress;

/// Samples of one recorded series, to be turned into a misfit.
#[derive(Debug)]
pub struct Residual<'a> {
    /// Number of points.
    pub points: usize,
    /// Number of steps.
    pub steps: usize,
    /// Synthetic samples: points of step 0, then of step 1, and so on.
    pub synthetic: &'a [f64],
    /// To be filled: derivative of the misfit by each sample.
    pub cotangent: &'a mut [f64],
}

/// What an evaluation of misfit and gradient has done.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Evaluation {
    /// The misfit.
    pub misfit: f64,
    /// What the executor did: advances, recorded steps, snapshots.
    pub progress: Progress,
}

/// Prefix of the functions that collect the squared adjoint data: the diagonal of the
/// Gauss-Newton operator for sources everywhere, used as a preconditioner (illumination).
const ILLUMINATION: &str = "illumination";

/// Adds to the reverse steps the sum of squares of all tapes.
pub(crate) fn with_illumination(mut adjoint: Adjoint) -> Adjoint {
    let stencil = &mut adjoint.stencil;
    let squares = adjoint.tapes.iter().map(|&field| {
        let (time, offset, closure) = (0, Offset::ZERO, Closure::ZERO);
        let read = stencil.exprs.intern(Expr::Load { field, time, offset, closure });
        stencil.exprs.intern(Expr::Binary { op: BinaryOp::Mul, lhs: read, rhs: read })
    });
    let squares: Vec<_> = squares.collect();
    let sum = squares
        .into_iter()
        .reduce(|lhs, rhs| stencil.exprs.intern(Expr::Binary { op: BinaryOp::Add, lhs, rhs }));
    let Some(value) = sum else { return adjoint };
    let name = stencil.fresh_name(ILLUMINATION);
    let target = Target { field: stencil.add_static(&name), time: 0 };
    let kind = StatementKind::Update { target, region: DOMAIN, mode: WriteMode::Add, value };
    for step in &mut stencil.steps {
        if step.name == REVERSE || step.name == REVERSE_SEEDED {
            // Behind the dense updates, with which it shares the loop.
            let dense = |s: &Statement| matches!(s.kind, StatementKind::Update { .. });
            let at = step.statements.iter().take_while(|s| dense(s)).count();
            step.statements.insert(at, Statement { when: Predicate::Always, kind });
        }
    }
    adjoint
}

impl Simulation {
    /// Evaluates a misfit and its gradient: forward sweep from a zero wavefield, `misfit` on the
    /// recorded samples of every series in turn, reverse sweep; `actions` says what is kept and
    /// recomputed, `slots` how many snapshots it may hold, `watch` sees every action and may stop
    /// it.
    ///
    /// The gradients are then in [`gradient_of`](Self::gradient_of) and
    /// [`series_gradient`](Self::series_gradient). They do not depend on `actions`, bit for bit.
    ///
    /// # Errors
    /// No reverse sweep, no memory, a schedule that is not valid, a field that is not finite.
    pub fn evaluate(
        &mut self,
        actions: impl IntoIterator<Item = Action, IntoIter: Clone>,
        slots: u64,
        misfit: impl FnMut(usize, Residual<'_>) -> f64,
        watch: impl FnMut(&Progress) -> ControlFlow<()>,
    ) -> Result<Evaluation, Error> {
        let mut executor = Executor::new(slots).map_err(|e| Error::Schedule(e.to_string()))?;
        self.evaluate_in(&mut executor, actions, misfit, watch)
    }

    /// As [`evaluate`](Self::evaluate), with the tiers of an executor. Tiers of bytes make their
    /// snapshots by [`vacancy`](Self::vacancy).
    ///
    /// # Errors
    /// As [`evaluate`](Self::evaluate), and a tier that has lost what cannot be computed again.
    pub fn evaluate_in(
        &mut self,
        executor: &mut Executor<State>,
        actions: impl IntoIterator<Item = Action, IntoIter: Clone>,
        misfit: impl FnMut(usize, Residual<'_>) -> f64,
        watch: impl FnMut(&Progress) -> ControlFlow<()>,
    ) -> Result<Evaluation, Error> {
        self.sweep(misfit, |sweep| Ok(executor.run_watched(sweep, actions, watch)?))
    }

    /// As [`evaluate_in`](Self::evaluate_in), such that another process can take the reverse sweep
    /// up where it was: see [`Executor::run_resumable`].
    ///
    /// # Errors
    /// As [`evaluate_in`](Self::evaluate_in).
    pub fn evaluate_resumable(
        &mut self,
        executor: &mut Executor<State>,
        actions: impl IntoIterator<Item = Action, IntoIter: Clone>,
        log: &mut SweepLog,
        misfit: impl FnMut(usize, Residual<'_>) -> f64,
        watch: impl FnMut(&Progress) -> ControlFlow<()>,
    ) -> Result<Evaluation, Error> {
        self.sweep(misfit, |sweep| Ok(executor.run_resumable(sweep, actions, log, watch)?))
    }

    /// An approximate gradient, for comparison: adjoint data are kept of every `every`-th step only
    /// and count `every` times. The adjoint wavefield, and with it the gradient by the samples of a
    /// source, is exact where the operator is linear in the state; nothing is recomputed.
    ///
    /// # Errors
    /// As [`evaluate`](Self::evaluate).
    pub fn evaluate_sampled(
        &mut self,
        every: usize,
        misfit: impl FnMut(usize, Residual<'_>) -> f64,
    ) -> Result<Evaluation, Error> {
        let every = every.max(1);
        let found = self.sweep(misfit, |sweep| sweep.run_sampled(every))?;
        // Squares of adjoint data have been counted `every` times too often.
        for field in self.illuminations() {
            let values: Vec<f64> = self.session.function(field);
            let scaled: Vec<f64> = values.iter().map(|value| value / every as f64).collect();
            self.session.set_function(field, &scaled)?;
        }
        Ok(found)
    }

    /// Makes unfilled snapshots of this simulation, for tiers of bytes.
    pub fn vacancy(&self) -> impl FnMut(Key) -> Result<State, Refusal> + Send + 'static {
        let restart = self.session.vacancy(&self.compiled.states());
        let adjoint = self.session.tape_vacancy();
        move |key| {
            let vacancy = match key.kind {
                Data::Restart => &restart,
                Data::Adjoint => &adjoint,
            };
            Ok(State(vacancy.make()?))
        }
    }

    fn sweep<F: FnMut(usize, Residual<'_>) -> f64>(
        &mut self,
        misfit: F,
        run: impl FnOnce(&mut Sweep<'_, F>) -> Result<Progress, Error>,
    ) -> Result<Evaluation, Error> {
        let adjoint = self.compiled.adjoint.clone().ok_or(Error::NoGradient)?;
        self.reset();
        for field in self.accumulators(&adjoint) {
            self.session.zero(field)?;
        }
        let states = self.compiled.states();
        let mut sweep = Sweep { states, adjoint: &adjoint, simulation: self, misfit, value: None };
        let progress = run(&mut sweep);
        let misfit = sweep.value.unwrap_or(0.0);
        // Also where the sweep has failed: the tape is the largest thing there is.
        self.session.set_tape_window(0..0);
        let progress = progress?;
        if self.compiled.stencil().step_named(FINISH).is_some() {
            self.session.run(FINISH, [0])?;
        }
        Ok(Evaluation { misfit, progress })
    }

    /// Gradients and illumination: what a reverse sweep adds to.
    pub(crate) fn accumulators(&self, adjoint: &Adjoint) -> Vec<FieldId> {
        let collecting = adjoint.parameters.iter().chain(&adjoint.coefficients);
        let mut fields: Vec<FieldId> = collecting.map(|(_, g)| *g).collect();
        fields.extend(self.illuminations());
        fields
    }

    fn illuminations(&self) -> Vec<FieldId> {
        let all = self.compiled.stencil().fields.iter().enumerate();
        let collecting = all.filter(|(_, f)| f.name.starts_with(ILLUMINATION));
        collecting.map(|(number, _)| FieldId(number as u32)).collect()
    }

    /// Adds the gradient with respect to a function, times `scale`, to values in row-major order.
    ///
    /// # Errors
    /// A function without gradient.
    ///
    /// # Panics
    /// If there is not one value per grid point.
    pub fn add_gradient_to(
        &self,
        function: &Function,
        scale: f64,
        sum: &mut [f64],
    ) -> Result<(), Error> {
        let parameter = self.compiled.field(function.name())?;
        let adjoint = self.compiled.adjoint().ok_or(Error::NoGradient)?;
        let pair = adjoint.parameters.iter().find(|(p, _)| *p == parameter);
        let (_, gradient) = pair.ok_or(Error::NoGradient)?;
        self.session.add_function_to(*gradient, scale, sum);
        Ok(())
    }

    /// The gradient with respect to a function, in row-major order.
    ///
    /// # Errors
    /// A function without gradient.
    pub fn gradient_of(&self, function: &Function) -> Result<Vec<f64>, Error> {
        let mut values = vec![0.0; self.grid.points()];
        self.add_gradient_to(function, 1.0, &mut values)?;
        Ok(values)
    }

    /// Adds the illumination (sum over steps of the squared adjoint data) to values in row-major
    /// order.
    pub fn add_illumination_to(&self, sum: &mut [f64]) {
        for field in self.illuminations() {
            self.session.add_function_to(field, 1.0, sum);
        }
    }
}
