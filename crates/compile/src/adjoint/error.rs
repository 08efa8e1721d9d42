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
    /// An update of a part of the grid.
    #[error(
        "the update of `{field}` covers only the region `{region}`; adjoints of regional updates \
         are not supported yet"
    )]
    Regional {
        /// The function.
        field: String,
        /// The region.
        region: String,
    },
    /// A write to a static function or a tape.
    #[error(
        "the step writes `{field}`, which is not a time function; its adjoint is not supported \
         yet\n  help: write temporaries as expressions"
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
    /// A statement with a predicate, or a reduction.
    #[error("statement {index} of the step acts only in some steps or reduces; not supported yet")]
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
