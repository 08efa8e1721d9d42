//! Tests of the compiler on whole programs.

mod common;
mod cost;
mod dot_product;
mod executor;
mod goldens;
mod messages;
mod passes;
mod random_schedules;
mod schedule;
mod tangent;
