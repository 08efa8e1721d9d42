//! What can go wrong between equations and gradient.

use retrograd_checkpoint::{ExecuteError, PlanError};
use retrograd_compile::symbolic::{GridError, SolveError};
use retrograd_compile::{AdjointError, DiscretiseError, TangentError};
use retrograd_ir::Invalid;
use retrograd_runtime::{ProgramError, RunError, SessionError};

/// Any error of this crate; the message says what is wrong, where, and how to mend it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The grid.
    #[error(transparent)]
    Grid(#[from] GridError),
    /// Solving an equation.
    #[error(transparent)]
    Solve(#[from] SolveError),
    /// Discretising.
    #[error(transparent)]
    Discretise(#[from] DiscretiseError),
    /// The discretised program breaks rules.
    #[error("the operator is not well formed:\n{}", .0.iter().map(|e| format!("  {e}")).collect::<Vec<_>>().join("\n"))]
    Invalid(Vec<Invalid>),
    /// No adjoint.
    #[error(transparent)]
    Adjoint(#[from] AdjointError),
    /// No tangent.
    #[error(transparent)]
    Tangent(#[from] TangentError),
    /// No kernels.
    #[error(transparent)]
    Program(#[from] ProgramError),
    /// A session.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// The memory plan.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// A sweep was cancelled.
    #[error("cancelled")]
    Cancelled,
    /// A schedule was refused.
    #[error("the checkpointing schedule is not valid: {0}")]
    Schedule(String),
    /// A tier of snapshots cannot be made, or has lost what cannot be computed again.
    #[error("{what}: {source}")]
    Storage {
        /// What cannot be done.
        what: &'static str,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A name that the operator does not use.
    #[error(
        "the operator does not use `{0}`\n  help: functions come into an operator by its equations"
    )]
    Unknown(String),
    /// A run-time width that no subdomain uses.
    #[error(
        "no subdomain of the operator has a width named `{0}`\n  \
         help: name it where the subdomain is declared, as in `Span::left(\"{0}\")`; widths of \
         absorbing layers are given to `Compiled::simulation`"
    )]
    UnknownWidth(String),
    /// A run-time width that was not given.
    #[error(
        "a subdomain of the operator is `{0}` points thick, which is not known yet\n  \
         help: give it before, `compiled.with_width(\"{0}\", points)`"
    )]
    MissingWidth(String),
    /// A wavefield that is to be saved every zero steps.
    #[error("a wavefield cannot be saved every 0 steps\n  help: give a period of 1 or more")]
    NoPeriod,
    /// The program was compiled without the adjoint.
    #[error("no gradient: compile the operator with `Operator::with_gradient`")]
    NoGradient,
    /// A test for linear operators.
    #[error(
        "the operator is not linear in its state and sources: it has no dot-product test\n  \
         help: the Taylor test covers its gradient"
    )]
    NotLinear,
    /// No largest stable time step.
    #[error(transparent)]
    Stability(#[from] crate::stability::StabilityError),
    /// Two kernels that should agree do not.
    #[error("{0}: a defect of Retrograd or of the C compiler")]
    Inconsistent(&'static str),
    /// A field became infinite or not a number.
    #[error(
        "the wavefield is no longer finite after step {step}\n  \
         help: the time step is too large, or a coefficient is wrong; `retrograd check` tells"
    )]
    NotFinite {
        /// The last step.
        step: usize,
    },
}

impl From<RunError> for Error {
    fn from(error: RunError) -> Self {
        match error {
            RunError::Session(e) => Self::Session(e),
            RunError::Program(e) => Self::Program(e),
            other => Self::Schedule(other.to_string()),
        }
    }
}

impl From<ExecuteError<Error>> for Error {
    fn from(error: ExecuteError<Error>) -> Self {
        match error {
            ExecuteError::Model { source, .. } => source,
            ExecuteError::Cancelled(_) => Self::Cancelled,
            ExecuteError::Invalid(invalid) => Self::Schedule(invalid.to_string()),
            ExecuteError::Tier { source, .. } => {
                Self::Storage { what: "snapshots are lost", source: Box::new(source) }
            }
            other => Self::Schedule(other.to_string()),
        }
    }
}
