//! Tests of the back ends on whole programs.

mod active;
mod closures;
mod common;
mod conformance;
mod jit;
mod pairs;
mod parts;
mod random;
mod random_programs;
mod reductions;
mod sharing;
mod tapes;
mod tuning;
