//! The exact discrete adjoint of a time step.
//!
//! For a forward run of steps `u[n+1] = F(u[n], u[n-1], ..., m)` with recorded samples
//! `r[n] = R u`, and cotangents of the samples and of the final state, [`adjoint`] writes the
//! program of the reverse sweep. With `l[T]` the cotangent of `u[T]`:
//!
//! ```text
//! l[T] = sum over statements and reads (function f at level tau, offset o) of
//!        (dF/df)_{i-o} at step T - tau,  times  l[T - tau + 1] at i - o      gather
//!      + R^T (cotangent of the samples that read u[T])                       injection
//! m_grad += (dF/dm) l[n+1]                                                   per step n
//! ```
//!
//! * **Gathers only.** Transposing a gather yields a scatter on which threads race; the shift
//!   `i -> i - o` makes it a gather again. How a read is closed outside the grid is part of the
//!   read, and so is the transpose of that ([`Ends`](retrograd_ir::Ends)): no boundary pieces.
//! * **One fused update per function**: the contributions of all reads at all time levels are one
//!   expression. A read at level `tau` of the forward step becomes a read at level `tau` of the
//!   adjoint function, in its own direction of time: the adjoint of leapfrog is leapfrog.
//! * **Scaled adjoint.** Where an update is a quotient `N / D` with time-invariant `D`, the sweep
//!   carries `mu = l / D`: then the coefficients are those of `N`, and for a symmetric operator
//!   the adjoint kernel is the forward kernel.
//! * **Coefficients** that vary over the grid and are read at an offset are multiplied once per
//!   step into a function of their own (`w = c mu`). Products that one function gathers in the same way
//!   are added up first, so that an adjoint has the differences of its forward step; where one `mu`
//!   has several products with parameters, these are read beside it instead (`gathers.rs`).
//!   Coefficients that depend on the state are recorded by the step `record` on a tape: the *adjoint data*, one array per step and tape.
//!   The derivative of each read is an expression, so non-linear updates need nothing else.
//! * **Point-wise consumers** of `mu` (parameter gradients, the `w`) sit in the loop that computes
//!   `mu`; what is injected into `mu` afterwards is injected into them as well, which is the same
//!   because they are linear in `mu`.
//!
//! * **Parts.** What an update of a region, or in every k-th step, sees of `mu` is `mu` there, zero where
//!   and when it does not hold or a later update overwrites it: a function of its own, from which all
//!   its contributions gather as from `mu`.
//!
//! The steps of the result, beside the given one (`forward`) and `setup`: `record` (the forward
//! step that also writes the tapes), `reverse` for step n (finishes `l[n+1]`, adds to gradients),
//! `reverse_seeded` (the same with cotangents of the final state), `initial_j` (cotangent of the
//! initial level `-j`, from the reads at levels `tau <= -j` that exist there), `finish`.
//!
//! * **Coefficients** that the step `setup` computes from parameters are parameters to the time step;
//!   the step `finish`, run once, takes their gradients to the parameters by the chain rule. Adjoint
//!   data are those of coefficients, and equal ones are recorded once.
//!
//! * **Auxiliary functions**, static ones that the step computes before it reads them, are
//!   differentiated as time functions; what is read at its new level alone has no history.
//!
//! Not here: which states to keep or recompute (`retrograd-checkpoint`).
//!
//! Hückelheim, Hovland, Strout, Müller, *Automatic Differentiation for Adjoint Stencil Loops*,
//! ICPP 2019, arXiv:1907.02818.

mod auxiliary;
mod chain;
mod contributions;
mod error;
mod forward;
mod gathers;
mod reverse;
mod samples;

use retrograd_ir::{FieldId, SparseId, Stencil};

pub use error::AdjointError;

/// Name of the given step in the result.
pub const FORWARD: &str = "forward";
/// Name of the forward step that records adjoint data.
pub const RECORD: &str = "record";
/// Name of the reverse step.
pub const REVERSE: &str = "reverse";
/// Name of the reverse step that also takes cotangents of the final state.
pub const REVERSE_SEEDED: &str = "reverse_seeded";

/// Name of the step that takes gradients by coefficients to the parameters, run once after the
/// reverse sweep; absent where there are none.
pub const FINISH: &str = "finish";

/// Name of the step that computes the cotangent of the initial level `-level`.
pub fn initial_step(level: usize) -> String {
    format!("initial_{level}")
}

/// What belongs to one time function in the reverse sweep.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StateAdjoint {
    /// The forward function.
    pub forward: FieldId,
    /// The (scaled) adjoint function.
    pub adjoint: FieldId,
    /// Cotangent of a final level, read by [`REVERSE_SEEDED`]: level 0 for the last step, level
    /// -1 for the one before, and so on. In a run of fewer steps than levels are held, the last of
    /// them are initial levels still: their seeds are added to the cotangents of `initial`.
    pub seed: FieldId,
    /// Cotangents of the initial levels 0, -1, ..., written by the steps `initial_j`.
    pub initial: Vec<FieldId>,
}

/// A stencil with a reverse sweep, and the names of its parts.
#[derive(Clone, PartialEq, Debug)]
pub struct Adjoint {
    /// All declarations and steps.
    pub stencil: Stencil,
    /// One entry per time function, in the order of the forward updates.
    pub states: Vec<StateAdjoint>,
    /// Parameter functions and their gradients.
    pub parameters: Vec<(FieldId, FieldId)>,
    /// Coefficients that the step `setup` computes from these parameters, and their gradients, which
    /// [`FINISH`] adds to those of the parameters.
    pub coefficients: Vec<(FieldId, FieldId)>,
    /// What the reverse step reads of the forward run: the adjoint data.
    pub tapes: Vec<FieldId>,
    /// Recorded series and the series of their cotangents.
    pub outputs: Vec<(SparseId, SparseId)>,
    /// Injected series and the series of their gradients.
    pub inputs: Vec<(SparseId, SparseId)>,
}

/// Writes the reverse sweep of the step named `step`, with gradients of the parameter functions
/// `with_respect_to` and of every injected series.
///
/// Gradients see the functions that the step itself and the step `setup` read: differentiate first,
/// run [`crate::passes`] on the result.
///
/// # Errors
/// What the transformation does not cover, see [`AdjointError`].
pub fn adjoint(
    stencil: &Stencil,
    step: &str,
    with_respect_to: &[FieldId],
) -> Result<Adjoint, AdjointError> {
    let forward = forward::Forward::of(stencil, step)?;
    reverse::build(stencil.clone(), forward, with_respect_to)
}
