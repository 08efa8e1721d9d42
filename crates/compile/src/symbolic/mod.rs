//! Symbolic equations, as a scientist writes them.
//!
//! [`Grid`] declares functions; functions and their derivatives combine to an [`Expression`];
//! [`struct@Eq`] sets one level of a time function; [`solve`] finds it from a residual that is linear in
//! it. Expressions are immutable trees with shared nodes. Derivatives stay symbolic until
//! [`crate::discretise`] replaces them by weighted sums.
//!
//! On staggered grids an expression sits somewhere within the cell; parts that sit apart do not
//! combine ([`Expression::at`] takes the mean). [`grad`], [`div`] and [`curl`] go from one place to
//! the next.
//!
//! An equation holds on the whole grid and in every step, unless it is said to hold [on](Eq::on) a
//! [`Subdomain`] or [every](Eq::every) so many steps.
//!
//! Names are those of the field: `u.dt2`, `u.laplace`, `u.forward`. Metres and seconds everywhere.

mod calculus;
mod declare;
mod expression;
mod location;
mod operators;
mod solve;
mod subdomain;
mod vector;

pub use calculus::{curl, curl_2d, div, div_tensor, grad, symmetric_grad};
pub use retrograd_ir::Edge;

pub use declare::{Function, Grid, GridError, Sparse, TimeFunction};
pub(crate) use declare::{FunctionDecl, Layer, SparseDecl};
pub(crate) use expression::Node;
pub use expression::{Eq, Expression};
pub use location::Location;
pub use solve::{Solution, SolveError, solve};
pub use subdomain::{Span, Subdomain, Thickness};
pub use vector::{
    TensorExpression, TensorTimeFunction, VectorExpression, VectorTimeFunction, solve_tensor,
    solve_vector,
};
