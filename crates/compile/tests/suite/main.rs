//! Tests of the compiler on whole programs.

mod common;
mod dot_product;
mod tangent;
