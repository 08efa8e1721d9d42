//! What has no adjoint (yet), by name.

/// Why a step has no adjoint here.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AdjointError {
    /// There is no such step.
    #[error("the stencil has no step named `{0}`")]
    NoStep(String),
    /// A level is read before its last write in the step.
    #[error(
        "`{field}` is read at its new level before its last write in the step\n  \
         help: move interpolations and later updates behind all injections into `{field}`"
    )]
    ReadBeforeLastWrite {
        /// The function.
        field: String,
    },
    /// An update of a part of the grid, or in some steps, behind an injection.
    #[error(
        "samples are injected into `{field}` before an update of a part of the grid, or in some \
         steps, overwrites them\n  help: move the injection behind all updates of `{field}`"
    )]
    InjectionOverwritten {
        /// The function.
        field: String,
    },
    /// A write to a static function or a tape.
    #[error(
        "`{field}` is no time function, but carries data from step to step; its adjoint is not \
         supported\n  help: make it a time function, or compute it over the whole grid before it \
         is read"
    )]
    StaticTarget {
        /// The function.
        field: String,
    },
    /// A state or a parameter that lacks a dimension: its cotangent is a sum along it.
    #[error(
        "`{field}` lacks a dimension of the grid; the adjoint of a state, or the gradient by a \
         parameter, that does is not supported yet"
    )]
    Profile {
        /// The function.
        field: String,
    },
    /// A function that nothing assigns in some steps.
    #[error(
        "`{field}` is updated in some steps only, and nothing assigns it in the others\n  \
         help: assign it before, for all steps: `{field}[t+1] = {field}`, say"
    )]
    Sometimes {
        /// The function.
        field: String,
    },
    /// A statement under a condition on a reduction, or a reduction.
    #[error(
        "statement {index} of the step reduces over the grid, or acts while a reduction is large; \
         its adjoint is not supported yet"
    )]
    Statement {
        /// Its number in the step.
        index: usize,
    },
    /// A sparse operation that reads the grid off the point or depends on the state non-linearly.
    #[error("the {operation} of `{sparse}` {why}; its adjoint is not supported yet")]
    Sparse {
        /// `injection` or `interpolation`.
        operation: &'static str,
        /// The points.
        sparse: String,
        /// What stands in the way.
        why: &'static str,
    },
    /// The gradient by something that is not a static function.
    #[error("`{field}` is not a parameter function: gradients are by static functions")]
    NotAParameter {
        /// The function.
        field: String,
    },
}
