//! Back ends that print kernels as text. A back end refuses what it lacks with a named error.

pub mod c;
mod c_body;
mod c_edges;
mod c_elementary;
mod c_rows;
mod c_tapes;
pub mod latex;

pub use c::{Bodies, CModule, Function, FunctionKind, LeastExtent, Sizes, Vectors, emit_c};
pub use c_elementary::{ELEMENTARY, Elementary, LINK};

/// What a back end cannot print.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Unsupported {
    /// A number type other than the working precision.
    #[error(
        "the C back end needs all functions of a step in its working precision; `{0}` differs\n  \
         help: declare it alike, or use the interpreter"
    )]
    MixedTypes(String),
    /// A function in the memory of an accelerator.
    #[error("the C back end works in host memory; `{0}` lives on a device")]
    Device(String),
    /// A write to a function that lacks a dimension.
    #[error(
        "the C back end writes functions of all dimensions; `{0}` lacks one\n  \
         help: declare it in full, or use the interpreter"
    )]
    ProfileTarget(String),
    /// A read, away from the point, of what the same statement writes.
    #[error(
        "the C back end works in place; `{0}` is read at an offset by the statement that writes \
         it\n  help: write to a function of its own first, or use the interpreter"
    )]
    OwnNeighbours(String),
}
