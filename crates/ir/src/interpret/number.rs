//! Numbers that the interpreter computes with: plain values, or values with a derivative.

use std::fmt;

mod private {
    pub trait Sealed {}
    impl Sealed for f64 {}
    impl Sealed for super::Dual {}
}

/// A value of the interpreter: `f64`, or [`Dual`] for tangents (sealed).
pub trait Number: private::Sealed + Copy + fmt::Debug + 'static {
    /// A value that depends on nothing.
    fn constant(value: f64) -> Self;

    /// The value.
    fn value(self) -> f64;

    /// The number with this value and the derivative `sum of slope * operand'`. `parts` pairs
    /// operands with slopes and is called only where derivatives are carried.
    fn combine<const K: usize>(value: f64, parts: impl FnOnce() -> [(Self, f64); K]) -> Self;
}

impl Number for f64 {
    fn constant(value: f64) -> Self {
        value
    }

    fn value(self) -> f64 {
        self
    }

    fn combine<const K: usize>(value: f64, _: impl FnOnce() -> [(Self, f64); K]) -> Self {
        value
    }
}

/// A value and its derivative along one direction.
///
/// The value is rounded like a plain one; the derivative is carried in f64 without further
/// rounding, so that tangents of f32 programs are tangents of the exact formula at the rounded
/// values.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Dual {
    /// The value.
    pub value: f64,
    /// Its derivative.
    pub tangent: f64,
}

impl Number for Dual {
    fn constant(value: f64) -> Self {
        Self { value, tangent: 0.0 }
    }

    fn value(self) -> f64 {
        self.value
    }

    fn combine<const K: usize>(value: f64, parts: impl FnOnce() -> [(Self, f64); K]) -> Self {
        // Operands that do not vary are left out: an infinite slope must not spoil the sum.
        let varying = parts().into_iter().filter(|(operand, _)| operand.tangent != 0.0);
        let tangent = varying.map(|(operand, slope)| slope * operand.tangent).sum();
        Self { value, tangent }
    }
}
