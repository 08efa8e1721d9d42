//! Operations rounded once to a precision.

use super::number::Number;
use crate::expr::{BinaryOp, Compare, UnaryOp};
use crate::program::{DType, ReduceOp};

/// What becomes of subnormal numbers.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Subnormals {
    /// They stay, as IEEE 754 has them.
    #[default]
    Keep,
    /// Operands and results that are subnormal become zero of the same sign, as in kernels that
    /// run with "flush to zero" and "denormals are zero". Whether a result is subnormal is
    /// decided after rounding.
    Flush,
}

/// Arithmetic in one precision. Values travel as f64.
///
/// For f32, computing in f64 and rounding once more is exact for `+ - * / sqrt`, because
/// 53 >= 2 * 24 + 2 (Figueroa 1995, doi:10.1145/221332.221334); a fused multiply-add is not, and
/// uses `f32::mul_add`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Arithmetic {
    pub(crate) dtype: DType,
    pub(crate) subnormals: Subnormals,
}

impl Arithmetic {
    /// `value` as a number of this precision.
    pub(crate) fn convert<N: Number>(self, value: N) -> N {
        N::combine(self.round(value.value()), || [(value, 1.0)])
    }

    /// A number read from memory of type `from`: a copy where the types agree, else a
    /// conversion, which is an operation.
    pub(crate) fn load<N: Number>(self, from: DType, value: N) -> N {
        if from == self.dtype {
            return value;
        }
        let source = Self { dtype: from, ..self };
        self.convert(source.operand(value))
    }

    /// A number of this precision as one of type `to`, for memory.
    pub(crate) fn store<N: Number>(self, to: DType, value: N) -> N {
        Self { dtype: to, ..self }.load(self.dtype, value)
    }

    pub(crate) fn unary<N: Number>(self, op: UnaryOp, arg: N) -> N {
        // Changing or clearing the sign bit is no operation of IEEE 754: nothing is flushed.
        match op {
            UnaryOp::Round => return self.convert(arg),
            UnaryOp::Neg => return N::combine(-arg.value(), || [(arg, -1.0)]),
            UnaryOp::Abs => return N::combine(arg.value().abs(), || [(arg, sign(arg.value()))]),
            _ => {}
        }
        let arg = self.operand(arg);
        let x = arg.value();
        let y = match op {
            UnaryOp::Round => x,
            UnaryOp::Neg => -x,
            UnaryOp::Abs => x.abs(),
            UnaryOp::Sqrt => x.sqrt(),
            UnaryOp::Exp => x.exp(),
            UnaryOp::Ln => x.ln(),
            UnaryOp::Sin => x.sin(),
            UnaryOp::Cos => x.cos(),
            UnaryOp::Tan => x.tan(),
            UnaryOp::Tanh => x.tanh(),
        };
        N::combine(self.round(y), || [(arg, slope(op, x, y))])
    }

    pub(crate) fn binary<N: Number>(self, op: BinaryOp, lhs: N, rhs: N) -> N {
        let (lhs, rhs) = (self.operand(lhs), self.operand(rhs));
        let (a, b) = (lhs.value(), rhs.value());
        match op {
            BinaryOp::Add => N::combine(self.round(a + b), || [(lhs, 1.0), (rhs, 1.0)]),
            BinaryOp::Sub => N::combine(self.round(a - b), || [(lhs, 1.0), (rhs, -1.0)]),
            BinaryOp::Mul => N::combine(self.round(a * b), || [(lhs, b), (rhs, a)]),
            BinaryOp::Div => {
                N::combine(self.round(a / b), || [(lhs, 1.0 / b), (rhs, -a / (b * b))])
            }
            BinaryOp::Min if b < a => rhs,
            BinaryOp::Max if b > a => rhs,
            BinaryOp::Min | BinaryOp::Max => lhs,
            BinaryOp::Pow => {
                let y = a.powf(b);
                N::combine(self.round(y), || [(lhs, b * a.powf(b - 1.0)), (rhs, y * a.ln())])
            }
        }
    }

    /// `a * b + c`, rounded once.
    pub(crate) fn mul_add<N: Number>(self, a: N, b: N, c: N) -> N {
        let (a, b, c) = (self.operand(a), self.operand(b), self.operand(c));
        let (x, y, z) = (a.value(), b.value(), c.value());
        let fused = match self.dtype {
            DType::F32 => f64::from((x as f32).mul_add(y as f32, z as f32)),
            DType::F64 => x.mul_add(y, z),
        };
        N::combine(self.flush(fused), || [(a, y), (b, x), (c, 1.0)])
    }

    pub(crate) fn compare<N: Number>(self, cmp: Compare, lhs: N, rhs: N) -> bool {
        let (a, b) = (self.operand(lhs).value(), self.operand(rhs).value());
        match cmp {
            Compare::Lt => a < b,
            Compare::Le => a <= b,
            Compare::Eq => a == b,
            Compare::Ne => a != b,
        }
    }

    /// An operand as the operation sees it.
    fn operand<N: Number>(self, value: N) -> N {
        let flushed = self.flush(value.value());
        N::combine(flushed, || [(value, 1.0)])
    }

    /// `x` rounded to this precision.
    pub(crate) fn round(self, x: f64) -> f64 {
        self.flush(match self.dtype {
            DType::F32 => f64::from(x as f32),
            DType::F64 => x,
        })
    }

    fn flush(self, x: f64) -> f64 {
        let smallest = match self.dtype {
            DType::F32 => f64::from(f32::MIN_POSITIVE),
            DType::F64 => f64::MIN_POSITIVE,
        };
        match self.subnormals {
            Subnormals::Flush if x.abs() < smallest => 0.0_f64.copysign(x),
            Subnormals::Flush | Subnormals::Keep => x,
        }
    }
}

impl ReduceOp {
    /// The operation, in f64, that takes in one value more, and what it begins with.
    pub fn combine(self) -> (BinaryOp, f64) {
        match self {
            Self::Sum => (BinaryOp::Add, 0.0),
            Self::Min => (BinaryOp::Min, f64::INFINITY),
            Self::Max => (BinaryOp::Max, f64::NEG_INFINITY),
        }
    }
}

/// One operation on a number of type `dtype`, as the interpreter computes it: what back ends call
/// that have no code of their own for it.
pub fn unary(op: UnaryOp, arg: f64, dtype: DType, subnormals: Subnormals) -> f64 {
    Arithmetic { dtype, subnormals }.unary(op, arg)
}

/// One operation on two numbers of type `dtype`, as [`unary`].
pub fn binary(op: BinaryOp, args: [f64; 2], dtype: DType, subnormals: Subnormals) -> f64 {
    Arithmetic { dtype, subnormals }.binary(op, args[0], args[1])
}

/// -1, 0 or 1: the derivative of `|x|`, 0 at 0.
fn sign(x: f64) -> f64 {
    if x == 0.0 { 0.0 } else { x.signum() }
}

/// The derivative of `op` at `x`, where it takes the value `y`.
fn slope(op: UnaryOp, x: f64, y: f64) -> f64 {
    match op {
        UnaryOp::Round => 1.0,
        UnaryOp::Neg => -1.0,
        UnaryOp::Abs => sign(x),
        UnaryOp::Sqrt => 0.5 / y,
        UnaryOp::Exp => y,
        UnaryOp::Ln => 1.0 / x,
        UnaryOp::Sin => x.cos(),
        UnaryOp::Cos => -x.sin(),
        UnaryOp::Tan => 1.0 + y * y,
        UnaryOp::Tanh => 1.0 - y * y,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interpret::Dual;

    const F32: Arithmetic = Arithmetic { dtype: DType::F32, subnormals: Subnormals::Keep };
    const F64: Arithmetic = Arithmetic { dtype: DType::F64, subnormals: Subnormals::Keep };
    const FLUSHING: Arithmetic = Arithmetic { dtype: DType::F32, subnormals: Subnormals::Flush };

    /// The theorem that the module relies on, on awkward operands.
    #[test]
    fn operations_in_f64_rounded_to_f32_are_the_operations_of_f32() {
        let mut bits = 0x9e37_79b9_u32;
        let mut next = || loop {
            bits = bits.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let x = f32::from_bits(bits ^ bits >> 15);
            if x.is_finite() {
                break x;
            }
        };
        for _ in 0..20_000 {
            let (a, b) = (next(), next());
            let cases = [
                (BinaryOp::Add, a + b),
                (BinaryOp::Sub, a - b),
                (BinaryOp::Mul, a * b),
                (BinaryOp::Div, a / b),
            ];
            for (op, expected) in cases {
                let found = F32.binary(op, f64::from(a), f64::from(b));
                assert_eq!(found.to_bits(), f64::from(expected).to_bits(), "{a:e} {op:?} {b:e}");
            }
            let root = F32.unary(UnaryOp::Sqrt, f64::from(a.abs()));
            assert_eq!(root, f64::from(a.abs().sqrt()));
        }
    }

    #[test]
    fn a_fused_multiply_add_rounds_once() {
        let a = f64::from(1.0 + f32::EPSILON);
        // a * a = 1 + 2 eps + eps^2; the last term survives only without the inner rounding.
        let c = -(1.0 + 2.0 * f64::from(f32::EPSILON));
        assert_eq!(F32.mul_add(a, a, c), f64::from(f32::EPSILON).powi(2));
        let product = F32.binary(BinaryOp::Mul, a, a);
        assert_eq!(F32.binary(BinaryOp::Add, product, c), 0.0);
    }

    #[test]
    fn minimum_and_maximum_take_the_left_operand_where_unordered_or_equal() {
        let nan = f64::NAN;
        assert_eq!(F64.binary(BinaryOp::Min, 2.0, 1.0), 1.0);
        assert_eq!(F64.binary(BinaryOp::Max, 2.0, 1.0), 2.0);
        assert_eq!(F64.binary(BinaryOp::Min, 2.0, nan), 2.0);
        assert!(F64.binary(BinaryOp::Max, nan, 2.0).is_nan());
        assert!(F64.binary(BinaryOp::Min, -0.0, 0.0).is_sign_negative());
    }

    #[test]
    fn comparisons_are_false_where_unordered_except_inequality() {
        let nan = f64::NAN;
        for cmp in [Compare::Lt, Compare::Le, Compare::Eq] {
            assert!(!F64.compare(cmp, nan, nan));
        }
        assert!(F64.compare(Compare::Ne, nan, nan));
    }

    #[test]
    fn subnormals_are_flushed_on_both_sides_of_an_operation() {
        let (tiny, least) = (f64::from(f32::from_bits(1)), f64::from(f32::MIN_POSITIVE));
        assert_eq!(FLUSHING.binary(BinaryOp::Mul, tiny, 2f64.powi(30)), 0.0);
        let result = FLUSHING.binary(BinaryOp::Mul, -least, 0.5);
        assert!(result == 0.0 && result.is_sign_negative());
        assert_eq!(FLUSHING.binary(BinaryOp::Add, least, 0.0), least);
        assert_eq!(F32.binary(BinaryOp::Mul, least, 0.5), least / 2.0);
        assert!(!FLUSHING.compare(Compare::Lt, 0.0, tiny));
        // Copies and sign changes are no operations.
        assert_eq!(FLUSHING.unary(UnaryOp::Neg, tiny), -tiny);
        assert_eq!(FLUSHING.load(DType::F32, tiny), tiny);
        assert_eq!(FLUSHING.load(DType::F64, tiny), 0.0);
    }

    /// Central differences: truncation `h^2 f''' / 6` and rounding `eps f / h` with `h = 1e-5`;
    /// the functions and their third derivatives stay below 20 at these arguments.
    #[test]
    fn derivatives_agree_with_finite_differences() {
        let h = 1e-5;
        let bound = 20.0 * (h * h + 4.0 * f64::EPSILON / h);
        let unary = [
            UnaryOp::Neg,
            UnaryOp::Abs,
            UnaryOp::Sqrt,
            UnaryOp::Exp,
            UnaryOp::Ln,
            UnaryOp::Sin,
            UnaryOp::Cos,
            UnaryOp::Tan,
            UnaryOp::Tanh,
        ];
        for op in unary {
            let x = 0.7;
            let dual = F64.unary(op, Dual { value: x, tangent: 1.0 });
            let difference = (F64.unary(op, x + h) - F64.unary(op, x - h)) / (2.0 * h);
            assert!((dual.tangent - difference).abs() <= bound, "{op:?}");
        }
        let binary = [
            BinaryOp::Add,
            BinaryOp::Sub,
            BinaryOp::Mul,
            BinaryOp::Div,
            BinaryOp::Min,
            BinaryOp::Max,
            BinaryOp::Pow,
        ];
        for op in binary {
            let (a, b) = (1.3, 0.8);
            let (da, db) = (0.9, -0.4);
            let dual =
                F64.binary(op, Dual { value: a, tangent: da }, Dual { value: b, tangent: db });
            let shifted = |s: f64| F64.binary(op, a + s * da, b + s * db);
            let difference = (shifted(h) - shifted(-h)) / (2.0 * h);
            assert!((dual.tangent - difference).abs() <= bound, "{op:?}");
        }
    }

    #[test]
    fn powers_of_negative_bases_have_a_derivative_in_the_base() {
        let base = Dual { value: -2.0, tangent: 1.0 };
        let cube = F64.binary(BinaryOp::Pow, base, Dual::constant(3.0));
        assert_eq!(cube, Dual { value: -8.0, tangent: 12.0 });
        let modulus = F64.unary(UnaryOp::Abs, Dual { value: 0.0, tangent: 1.0 });
        assert_eq!(modulus.tangent, 0.0);
    }
}
