//! Tests of the compiler on whole programs.

mod closures;
mod common;
mod cost;
mod differences;
mod dot_product;
mod executor;
mod gathers;
mod goldens;
mod inject;
mod linearised;
mod means;
mod messages;
mod passes;
mod random_schedules;
mod schedule;
mod support;
mod tangent;
mod trim;
