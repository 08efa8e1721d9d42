//! Symbolic equations, as a scientist writes them.
//!
//! [`Grid`] declares functions; functions and their derivatives combine to an [`Expression`];
//! [`struct@Eq`] sets one level of a time function; [`solve`] finds it from a residual that is linear in
//! it. Expressions are immutable trees with shared nodes. Derivatives stay symbolic until
//! [`crate::discretise`] replaces them by weighted sums.
//!
//! Names are those of the field: `u.dt2`, `u.laplace`, `u.forward`. Metres and seconds everywhere.

mod declare;
mod expression;
mod operators;
mod solve;

pub use retrograd_ir::Edge;

pub use declare::{Function, Grid, GridError, Sparse, TimeFunction};
pub(crate) use declare::{FunctionDecl, SparseDecl};
pub(crate) use expression::Node;
pub use expression::{Eq, Expression};
pub use solve::{Solution, SolveError, solve};
