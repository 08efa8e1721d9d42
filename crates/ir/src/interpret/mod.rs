//! Reference semantics of a verified program: the oracle of every back end.
//!
//! Readable first, quick enough second: one forward scan over the nodes of an expression per grid
//! point; nodes that are uniform over the grid are evaluated once per statement.
//!
//! # Rounding
//!
//! * Every operation on what varies over the grid or over points is rounded once to the working
//!   precision of the stencil. `MulAdd` is fused.
//! * What is uniform (literals, parameters, scalars and what is computed from them alone) is
//!   evaluated in f64 and rounded to working precision once, where it meets what varies. So are
//!   the weights of sparse points.
//! * A load converts from the type of the function (or of the samples) to working precision, a
//!   store converts back; both are copies where the types agree.
//! * `exp ln sin cos tan tanh pow` are those of the standard library in f64, rounded to working
//!   precision. Back ends [call](unary) the same code, or state a bound of their own.
//! * [`Subnormals::Flush`]: operands and results that are subnormal become zero of the same sign.
//!   Copies, negation, absolute value and the branches of a select are no operations; uniform
//!   values are computed with subnormals kept.
//!
//! # Statements
//!
//! * **Update**: values at all points of the region, then the writes. A target that lacks a
//!   dimension is written once, not once per grid point along it, if the region is not empty.
//! * **Inject**: for each touched grid point in ascending order, `sum = 0`, then
//!   `sum = sum + w * value` over its points in ascending order; after all sums
//!   `target = target + sum`. Weights are those for the staggering of the target.
//! * **Interpolate**: for each point `sum = 0`, then `sum = sum + w * value` over its grid points
//!   in ascending order. Weights are those for [`Stencil::staggering`] of the value.
//! * **Reduce**: values are converted to f64, which is an operation. Sums in f64, from 0: each row
//!   along the last dimension from 0 in index order, rows added in index order. Minimum and
//!   maximum start at plus and minus infinity and pass over NaN.
//! * **Predicates** are those at the beginning of the step: a reduction within the step changes
//!   what the next one does. A scalar and its threshold are compared in working precision.
//!
//! # Derivatives
//!
//! The interpreter is generic over [`Number`]. With [`Dual`] it yields the tangent of any
//! program, an oracle for adjoints that shares nothing with them. A select, a minimum and a
//! maximum follow the branch taken; `abs` has slope 0 at 0.

mod arithmetic;
mod dense;
mod evaluate;
mod memory;
mod number;
mod statement;
mod uniform;

pub use arithmetic::{Subnormals, binary, unary};
pub use dense::DenseMemory;
pub use memory::Memory;
pub use number::{Dual, Number};
pub use statement::{acts, run_statement, run_step};
pub use uniform::{evaluate_uniform, holds};

#[allow(unused_imports, reason = "named in the module documentation")]
use crate::program::Stencil;
