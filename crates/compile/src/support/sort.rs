//! What is known of a value without knowing the numbers: whether it is zero, its sign.

use retrograd_ir::{
    BinaryOp, Closure, Compare, DType, Edge, Expr, ExprId, Levels, Stencil, Target, UnaryOp,
};

use super::{Known, Values};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Size {
    Zero,
    Nonzero,
    Any,
}

/// The sign bit; zeros have one as well.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Sign {
    Plus,
    Minus,
    Either,
}

impl Sign {
    fn opposite(self) -> Self {
        match self {
            Self::Plus => Self::Minus,
            Self::Minus => Self::Plus,
            Self::Either => Self::Either,
        }
    }

    fn times(self, other: Self) -> Self {
        match (self, other) {
            (Self::Plus, sign) | (sign, Self::Plus) => sign,
            (Self::Minus, sign) | (sign, Self::Minus) => sign.opposite(),
            (Self::Either, Self::Either) => Self::Either,
        }
    }

    fn or(self, other: Self) -> Self {
        if self == other { self } else { Self::Either }
    }
}

/// What is known of a value. A result that is rounded, or flushed because it is subnormal, keeps its
/// sign; so nothing but literals is ever known to differ from zero.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Sort {
    size: Size,
    sign: Sign,
    /// Whether it may be taken for a finite number.
    finite: bool,
}

const ANY: Sort = Sort { size: Size::Any, sign: Sign::Either, finite: true };
const POSITIVE: Sort = Sort { sign: Sign::Plus, ..ANY };
const WILD: Sort = Sort { finite: false, ..ANY };
const PLUS_ZERO: Sort = Sort { size: Size::Zero, sign: Sign::Plus, finite: true };
const ZERO: Sort = Sort { sign: Sign::Either, ..PLUS_ZERO };

impl Sort {
    fn of(value: f64, dtype: DType) -> Self {
        let (value, least) = match dtype {
            DType::F32 => (f64::from(value as f32), f64::from(f32::MIN_POSITIVE)),
            DType::F64 => (value, f64::MIN_POSITIVE),
        };
        if !value.is_finite() {
            return WILD;
        }
        let sign = if value.is_sign_negative() { Sign::Minus } else { Sign::Plus };
        let size = match value.abs() {
            0.0 => Size::Zero,
            // An operation may take it for zero.
            size if size < least => Size::Any,
            _ => Size::Nonzero,
        };
        Self { size, sign, finite: true }
    }

    fn is_zero(self) -> bool {
        self.size == Size::Zero && self.finite
    }

    fn negative(self) -> Self {
        Self { sign: self.sign.opposite(), ..self }
    }

    fn or(self, other: Self) -> Self {
        let size = if self.size == other.size { self.size } else { Size::Any };
        Self { size, sign: self.sign.or(other.sign), finite: self.finite && other.finite }
    }

    /// The sum of a positive and a negative zero is positive.
    fn plus(self, other: Self) -> Self {
        let zero = self.size == Size::Zero && other.size == Size::Zero;
        let sign = match (self.sign, other.sign) {
            (a, b) if a == b => a,
            (Sign::Plus, _) | (_, Sign::Plus) if zero => Sign::Plus,
            _ => Sign::Either,
        };
        let size = if zero { Size::Zero } else { Size::Any };
        Self { size, sign, finite: self.finite && other.finite }
    }

    fn times(self, other: Self) -> Self {
        let zero = self.size == Size::Zero || other.size == Size::Zero;
        let size = if zero { Size::Zero } else { Size::Any };
        let finite = self.finite && other.finite;
        Self { size, sign: self.sign.times(other.sign), finite }
    }

    fn over(self, other: Self) -> Self {
        if other.size == Size::Zero {
            return WILD;
        }
        let size = if self.size == Size::Zero { Size::Zero } else { Size::Any };
        let finite = self.finite && other.finite;
        Self { size, sign: self.sign.times(other.sign), finite }
    }

    /// The left one unless the right one lies on the side of `wanted`: the larger of both if that is
    /// plus, the smaller one if it is minus.
    fn extreme(self, other: Self, wanted: Sign) -> Self {
        if !(self.finite && other.finite) {
            return WILD;
        }
        let away = wanted.opposite();
        match (self.size, other.size) {
            (Size::Zero, _) if other.size == Size::Zero || other.sign == away => self,
            (Size::Nonzero, Size::Zero) if self.sign == away => other,
            (Size::Any, Size::Zero) if self.sign == away => {
                Self { size: Size::Zero, ..self.or(other) }
            }
            _ => self.or(other),
        }
    }

    fn power(self, exponent: Self) -> Self {
        let growing = exponent.size == Size::Nonzero && exponent.sign == Sign::Plus;
        match (self.size, growing) {
            (Size::Zero, true) if self.sign == Sign::Plus => self,
            (Size::Zero, true) => Self { sign: Sign::Either, ..self },
            (Size::Zero, false) => WILD,
            _ => Self { finite: self.finite && exponent.finite, ..ANY },
        }
    }

    fn unary(self, op: UnaryOp) -> Self {
        let zero = self.size == Size::Zero;
        let Self { sign, finite, .. } = self;
        match op {
            UnaryOp::Neg => self.negative(),
            UnaryOp::Abs => Self { sign: Sign::Plus, ..self },
            UnaryOp::Round | UnaryOp::Sqrt | UnaryOp::Sin | UnaryOp::Tan | UnaryOp::Tanh
                if zero =>
            {
                self
            }
            UnaryOp::Round | UnaryOp::Sqrt | UnaryOp::Tanh => {
                Self { size: Size::Any, sign, finite }
            }
            UnaryOp::Ln if zero => WILD,
            UnaryOp::Exp => Self { size: Size::Any, sign: Sign::Plus, finite },
            UnaryOp::Ln | UnaryOp::Sin | UnaryOp::Cos | UnaryOp::Tan => Self { finite, ..ANY },
        }
    }

    fn binary(self, op: BinaryOp, other: Self) -> Self {
        match op {
            BinaryOp::Add => self.plus(other),
            BinaryOp::Sub => self.plus(other.negative()),
            BinaryOp::Mul => self.times(other),
            BinaryOp::Div => self.over(other),
            BinaryOp::Min => self.extreme(other, Sign::Minus),
            BinaryOp::Max => self.extreme(other, Sign::Plus),
            BinaryOp::Pow => self.power(other),
        }
    }

    fn select(cmp: Compare, [lhs, rhs, then, otherwise]: [Self; 4]) -> Self {
        if lhs.is_zero() && rhs.is_zero() {
            return match cmp {
                Compare::Le | Compare::Eq => then,
                Compare::Lt | Compare::Ne => otherwise,
            };
        }
        then.or(otherwise)
    }
}

/// Whether a read may change the sign of what it reads.
fn mirrors(closure: Closure) -> bool {
    closure.0.iter().any(|ends| ends.edges.contains(&Edge::Odd))
}

/// The sorts of the nodes of one expression, for any choice of reads that are zero.
pub(super) struct Sorts<'a> {
    stencil: &'a Stencil,
    root: ExprId,
    /// Those that are not the same at all points, operands first.
    nodes: Vec<ExprId>,
    /// Of uniform nodes that others use and of reads of static functions, by their position in the
    /// arena; of other nodes nothing is known.
    known: Vec<Sort>,
}

impl<'a> Sorts<'a> {
    pub(super) fn new(stencil: &'a Stencil, root: ExprId, facts: &Known<'_>) -> Self {
        let mut varies = vec![false; root.index() + 1];
        let mut nodes = stencil.exprs.reachable(&[root]);
        nodes.retain(|id| {
            let expr = &stencil.exprs[*id];
            let mut found = matches!(expr, Expr::Load { .. } | Expr::Series { .. });
            expr.for_each_operand(|op| found |= varies[op.index()]);
            varies[id.index()] = found;
            found
        });
        let mut used = vec![root];
        for id in &nodes {
            stencil.exprs[*id].for_each_operand(|op| used.push(op));
        }
        used.retain(|id| !varies[id.index()]);
        used.sort_unstable();
        used.dedup();
        let mut known = vec![ANY; root.index() + 1];
        for id in used {
            // What a reduction comes to is another number in every step.
            let reduced = stencil
                .exprs
                .reachable(&[id])
                .iter()
                .any(|e| matches!(stencil.exprs[*e], Expr::Scalar(_)));
            known[id.index()] =
                if reduced { WILD } else { Sort::of((facts.uniform)(id), stencil.dtype) };
        }
        for id in &nodes {
            if let Expr::Load { field, closure, .. } = stencil.exprs[*id]
                && stencil.field(field).levels == Levels::Static
            {
                known[id.index()] = match (facts.function)(field) {
                    Values::Wild => WILD,
                    Values::Positive if !mirrors(closure) => POSITIVE,
                    Values::Positive | Values::Finite => ANY,
                };
            }
        }
        Self { stencil, root, nodes, known }
    }

    /// Whether the value is `+0` where these levels are.
    pub(super) fn is_plus_zero(&self, dead: &[Target]) -> bool {
        let sort = self.sort(dead, false);
        sort.is_zero() && sort.sign == Sign::Plus
    }

    /// Whether the value is zero where these levels are `+0`, and samples zero if they are `silent`.
    pub(super) fn vanishes(&self, dead: &[Target], silent: bool) -> bool {
        self.sort(dead, silent).is_zero()
    }

    fn sort(&self, dead: &[Target], silent: bool) -> Sort {
        let mut sorts = self.known.clone();
        for &id in &self.nodes {
            let of = |op: ExprId| sorts[op.index()];
            let sort = match self.stencil.exprs[id] {
                Expr::Load { field, time, closure, .. } => {
                    match (dead.contains(&Target { field, time }), mirrors(closure)) {
                        (true, false) => PLUS_ZERO,
                        (true, true) => ZERO,
                        (false, _) => self.known[id.index()],
                    }
                }
                Expr::Series { .. } if silent => ZERO,
                // Neither is uniform; constants and the like are.
                Expr::Series { .. } | Expr::Const(_) | Expr::Param(_) | Expr::Scalar(_) => ANY,
                Expr::Unary { op, arg } => of(arg).unary(op),
                Expr::Binary { op, lhs, rhs } => of(lhs).binary(op, of(rhs)),
                Expr::MulAdd { a, b, c } => of(a).times(of(b)).plus(of(c)),
                Expr::Select { cmp, lhs, rhs, then, otherwise } => {
                    Sort::select(cmp, [lhs, rhs, then, otherwise].map(of))
                }
            };
            sorts[id.index()] = sort;
        }
        sorts[self.root.index()]
    }
}
