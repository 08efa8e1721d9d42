//! Symbolic PDEs to fast kernels, exact adjoints and gradients within a memory budget.
//!
//! The physics is written once, as equations; Retrograd discretises it, compiles kernels at run
//! time, derives the exact discrete adjoint and fits the reverse sweep into the memory there is.
//!
//! ```
#![doc = include_str!("../examples/gradient.rs")]
//! ```
//!
//! | type | role |
//! |---|---|
//! | [`Grid`], [`Function`], [`TimeFunction`], [`Sparse`] | declarations |
//! | [`Expression`], [`Eq`](struct@Eq), [`solve`] | equations |
//! | [`Subdomain`] | where an equation holds alone |
//! | [`mod@physics`] | equations that are there already |
//! | [`Operator`] | a discretised, verified step of the equations |
//! | [`Compiled`] | its kernels, forward only or with the adjoint |
//! | [`Simulation`] | the data of one run: set, run, differentiate |
//! | [`check`] | dot-product and Taylor tests |
//! | [`OperatorReport`] | flops, bytes and bounds per grid point |
//! | [`guidance`], [`stability`], [`dispersion`] | what to know before a run, the largest stable time step of any program, how fast waves run on a grid |
#![forbid(unsafe_code)]

pub mod bench;
pub mod check;
mod compiled;
mod cpml;
pub mod dispersion;
mod error;
mod free_surface;
mod gradient;
pub mod guidance;
mod operator;
pub mod physics;
mod report;
mod simulation;
pub mod stability;
mod storage;
mod surface;
mod sweep;
mod tune;

pub use compiled::{Compiled, Options};
pub use cpml::{Cpml, CpmlTuning};
pub use error::Error;
pub use free_surface::FreeSurface;
pub use gradient::{Evaluation, Progress, Residual};
pub use operator::{Operator, OperatorBuilder};
pub use report::{Bound, Limit, Machine, OperatorReport};
pub use retrograd_checkpoint as checkpoint;
pub use retrograd_compile as compile;
pub use retrograd_compile::symbolic::{
    Edge, Eq, Expression, Function, Grid, GridError, Solution, SolveError, Span, Sparse, Subdomain,
    TensorExpression, TensorTimeFunction, Thickness, TimeFunction, VectorExpression,
    VectorTimeFunction, curl, curl_2d, div, div_tensor, grad, solve, solve_tensor, solve_vector,
    symmetric_grad,
};
pub use retrograd_ir as ir;
pub use retrograd_ir::DType;
pub use retrograd_runtime::{Backend, JitOptions, Real, Team, find_compiler};
pub use simulation::Simulation;
pub use storage::{Storage, measure_disk, resumable_executor};
pub use surface::{OnFreeSurface, points_on_free_surface};
pub use sweep::State;
pub use tune::{BlockShape, Tuned};

/// The README's program, compiled and run with the doc tests.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;

/// The program of the page on the language.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/language.md")]
struct Language;
