//! Running stencil programs: buffers, kernels compiled at run time, threads, sparse points.
//!
//! A [`Program`] is an optimised, verified stencil with code for some of its steps: C compiled by
//! the system's compiler (cached on disk by content) or the interpreter. A [`Session`] holds the
//! data of one run (one shot) of a program and advances it over steps. Sessions of one program
//! share code and coefficient functions.
//!
//! * Time levels are handed over by swapping buffers: [`Session::save`] shares them with a
//!   [`Snapshot`] and the next steps run out of place for as many steps as there are levels.
//! * Results do not depend on the number of threads or the tiles, bit for bit: threads own ranges
//!   of the outermost dimension, a point has the same arithmetic in any box, sparse points are
//!   injected as gathers in a fixed order.
//! * Subnormal numbers are flushed to zero in every thread that runs a kernel, and in the
//!   interpreter.
//!
//! All `unsafe` code of the workspace's core lives here, each block with its argument.

mod buffer;
mod caches;
mod elementary;
mod jit;
mod layout;
mod patch;
mod program;
mod real;
mod session;
mod subnormals;
mod team;

pub use buffer::OutOfMemory;
pub use jit::{Compiler, JitError, JitOptions, find_compiler};
pub use layout::Layout;
pub use program::{Backend, Program, ProgramError};
pub use real::Real;
pub use session::{BlockShape, RunError, Session, SessionError, Snapshot, Tuned, Vacancy};
pub use team::{LentTeam, Team};
