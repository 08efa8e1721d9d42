//! What goes wrong in a session.

use retrograd_ir::points::PointError;

use crate::buffer::OutOfMemory;

/// What went wrong in a session.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SessionError {
    /// No memory.
    #[error(transparent)]
    OutOfMemory(#[from] OutOfMemory),
    /// Points that do not fit the grid.
    #[error("sparse points `{name}`: {source}")]
    Points {
        /// Their name.
        name: String,
        /// What is wrong.
        source: PointError,
    },
    /// Layers that leave no room between them.
    #[error(
        "the layers of dimension {dim} are {low} and {high} points wide, with what the stencils reach \
         beyond them, and leave nothing of its {extent} points\n  \
         help: make the grid larger or the layers narrower"
    )]
    LayersMeet {
        /// The dimension, from 0.
        dim: usize,
        /// Where the inside begins, in grid points from the low end.
        low: usize,
        /// Where it ends, in grid points from the high end.
        high: usize,
        /// Grid points of the dimension.
        extent: usize,
    },
    /// A grid on which images of reads would fall outside again.
    #[error(
        "reads of `{function}` across the sides of dimension `{dim}` need {least} points; the grid \
         has {extent}\n  help: make the grid larger, lower the space order, or use the interpreter"
    )]
    TooFewPoints {
        /// The function.
        function: String,
        /// The dimension.
        dim: String,
        /// Grid points of the dimension.
        extent: usize,
        /// The fewest that there have to be.
        least: usize,
    },
    /// Extents or widths in the wrong number.
    #[error("{found} {what} for a program with {expected}")]
    Count {
        /// `extents` or `widths`.
        what: &'static str,
        /// How many were given.
        found: usize,
        /// How many there are.
        expected: usize,
    },
}
