//! Stencil programs: the intermediate representation of Retrograd.
//!
//! A [`Stencil`] declares dimensions, run-time scalars, functions on the grid, sparse points and
//! regions, and holds one or more [`Step`]s that share them. A step is an ordered list of
//! statements: dense updates (gathers, written at offset zero only), point injection (the one
//! scatter), point interpolation and reductions. Expressions are pure, live in one hash-consed
//! [`ExprArena`] and form a DAG; statements have effects and form a list.
//!
//! Everything else is a function over these types: [`verify`] proves a stencil well formed and
//! yields the [`Verified`] witness that back ends ask for, [`interpret`] gives the reference
//! semantics, [`text`] prints and parses (`parse(print(p)) == p`). [`points`] computes the weights
//! of sparse points; [`conformance`] holds the cases that every back end has to pass.
//!
//! # Meaning of a step
//!
//! * A time function with `n` levels holds `u[t+1], u[t], ..., u[t-(n-2)]`. A step computes
//!   `u[t+1]` from the others; after the step every level of the functions that it computes moves
//!   back by one. `t` counts in the direction of the iteration, so that the adjoint of a step is
//!   a step like any other.
//! * A tape holds one array per step of the forward run: what the adjoint reads again.
//! * Statements act one after the other on the whole grid: a later one reads what an earlier one
//!   wrote. Within one update all reads come before any write.
//! * A level `u[t+1]` that no update assigns has no defined value; [`verify`] refuses to read it.
//! * A read outside the grid is answered by the [`Closure`] of the read.
//! * Predicates are decided at the beginning of the step.
//!
//! # Not here
//! Derivatives, discretisation, adjoints (`retrograd-compile`), memory and threads
//! (`retrograd-runtime`). No I/O, no environment.
#![forbid(unsafe_code)]

mod closure;
mod compact;
pub mod conformance;
mod expr;
pub mod interpret;
pub mod points;
mod program;
pub mod text;
mod uses;
mod verify;

pub use closure::{Closure, Edge, Ends};
pub use expr::{BinaryOp, Compare, Expr, ExprArena, ExprId, Literal, Offset, UnaryOp};
pub use program::{
    Bound, DOMAIN, DType, Dim, DimId, DimSet, Direction, Field, FieldId, Interpolation, Levels,
    MAX_DIMS, MemorySpace, Param, ParamId, Predicate, ReduceOp, Region, RegionId, Scalar, ScalarId,
    Side, Sparse, SparseId, Statement, StatementKind, Stencil, Step, Target, Width, WidthId,
    WriteMode,
};
pub use uses::Read;
pub use verify::{Invalid, Verified, verify};
