//! Expressions: pure scalars, evaluated once per grid point.

use std::collections::HashMap;
use std::fmt;
use std::ops::Index;

use crate::closure::Closure;
use crate::program::{FieldId, MAX_DIMS, ParamId, ScalarId, SparseId};

/// A node of an [`ExprArena`]; meaningless in any other arena.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ExprId(pub(crate) u32);

impl ExprId {
    /// Position in the arena; operands come before their users.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// A literal number, compared by its bits so that expressions can be interned.
///
/// Held in f64 and rounded to the working precision where it is used.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Literal(u64);

impl Literal {
    /// The literal for `value`.
    pub fn new(value: f64) -> Self {
        Self(value.to_bits())
    }

    /// Its value.
    pub fn value(self) -> f64 {
        f64::from_bits(self.0)
    }
}

impl fmt::Debug for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.value())
    }
}

/// A displacement in grid points per dimension of the stencil, 0 on unused dimensions.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Offset(pub [i8; MAX_DIMS]);

impl Offset {
    /// The point itself.
    pub const ZERO: Self = Self([0; MAX_DIMS]);

    /// `points` grid points along dimension number `dim`.
    ///
    /// # Panics
    /// If `dim >= MAX_DIMS`.
    pub fn along(dim: usize, points: i8) -> Self {
        let mut offset = Self::ZERO;
        offset.0[dim] = points;
        offset
    }

    /// Whether it is the point itself.
    pub fn is_zero(self) -> bool {
        self == Self::ZERO
    }

    /// The opposite displacement.
    #[must_use]
    pub fn opposite(self) -> Self {
        Self(self.0.map(|o| -o))
    }

    /// Both displacements one after the other; `None` if a component leaves -128..=127.
    pub fn checked_add(self, other: Self) -> Option<Self> {
        let mut sum = self;
        for (a, b) in sum.0.iter_mut().zip(other.0) {
            *a = a.checked_add(b)?;
        }
        Some(sum)
    }
}

/// Elementary functions of one argument.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[allow(missing_docs)] // the mathematical names say it
pub enum UnaryOp {
    /// The nearest number of the working precision: makes a difference in what is uniform over the
    /// grid, which is evaluated in f64.
    Round,
    Neg,
    Abs,
    Sqrt,
    Exp,
    Ln,
    Sin,
    Cos,
    Tan,
    Tanh,
}

/// Operations on two arguments.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum BinaryOp {
    /// Sum.
    Add,
    /// Difference.
    Sub,
    /// Product.
    Mul,
    /// Quotient.
    Div,
    /// The smaller one; the left one where equal or unordered.
    Min,
    /// The larger one; the left one where equal or unordered.
    Max,
    /// `lhs` to the power `rhs`.
    Pow,
}

/// Comparisons of a [`Expr::Select`]; false where unordered (except `Ne`).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[allow(missing_docs)]
pub enum Compare {
    Lt,
    Le,
    Eq,
    Ne,
}

/// A scalar without side effects, evaluated once per grid point (or once per pair of sparse point
/// and touched grid point in an injection or interpolation).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Expr {
    /// A literal, rounded to working precision where it is used.
    Const(Literal),
    /// A run-time scalar, uniform over the grid, such as `dt` or a spacing.
    Param(ParamId),
    /// The result of a reduction, uniform over the grid.
    Scalar(ScalarId),
    /// `field[t + time][x + offset]`.
    ///
    /// `time` counts levels: +1 is the one that the step computes, 0 the current one. It is 0
    /// for static functions; for a tape it counts steps of the forward run. `offset` is 0 on
    /// dimensions that the field lacks.
    Load {
        /// The function that is read.
        field: FieldId,
        /// Its time level.
        time: i8,
        /// Displacement in grid points.
        offset: Offset,
        /// What lies outside the grid.
        closure: Closure,
    },
    /// The sample of a sparse series at step `n + time` (`n` counts steps of the forward run in
    /// programs of either direction); zero outside the recorded steps. Only in injections.
    Series {
        /// The sparse points.
        sparse: SparseId,
        /// Steps after the current one.
        time: i8,
    },
    /// A function of one argument.
    Unary {
        /// Which one.
        op: UnaryOp,
        /// Its argument.
        arg: ExprId,
    },
    /// One IEEE 754 operation, rounded once. Never re-associated.
    Binary {
        /// Which one.
        op: BinaryOp,
        /// Left operand.
        lhs: ExprId,
        /// Right operand.
        rhs: ExprId,
    },
    /// `a * b + c`, rounded once.
    MulAdd {
        /// Factor.
        a: ExprId,
        /// Factor.
        b: ExprId,
        /// Summand.
        c: ExprId,
    },
    /// `then` where `lhs cmp rhs` holds, else `otherwise`. Both are evaluated.
    Select {
        /// The comparison.
        cmp: Compare,
        /// Its left side.
        lhs: ExprId,
        /// Its right side.
        rhs: ExprId,
        /// Value where it holds.
        then: ExprId,
        /// Value elsewhere.
        otherwise: ExprId,
    },
}

impl Expr {
    /// Calls `visit` with each operand, from left to right.
    pub fn for_each_operand(&self, mut visit: impl FnMut(ExprId)) {
        match *self {
            Self::Const(_)
            | Self::Param(_)
            | Self::Scalar(_)
            | Self::Load { .. }
            | Self::Series { .. } => {}
            Self::Unary { arg, .. } => visit(arg),
            Self::Binary { lhs, rhs, .. } => {
                visit(lhs);
                visit(rhs);
            }
            Self::MulAdd { a, b, c } => {
                visit(a);
                visit(b);
                visit(c);
            }
            Self::Select { lhs, rhs, then, otherwise, .. } => {
                visit(lhs);
                visit(rhs);
                visit(then);
                visit(otherwise);
            }
        }
    }

    /// The same node with every operand replaced by `f(operand)`.
    #[must_use]
    pub fn map_operands(self, mut f: impl FnMut(ExprId) -> ExprId) -> Self {
        match self {
            Self::Const(_)
            | Self::Param(_)
            | Self::Scalar(_)
            | Self::Load { .. }
            | Self::Series { .. } => self,
            Self::Unary { op, arg } => Self::Unary { op, arg: f(arg) },
            Self::Binary { op, lhs, rhs } => Self::Binary { op, lhs: f(lhs), rhs: f(rhs) },
            Self::MulAdd { a, b, c } => Self::MulAdd { a: f(a), b: f(b), c: f(c) },
            Self::Select { cmp, lhs, rhs, then, otherwise } => Self::Select {
                cmp,
                lhs: f(lhs),
                rhs: f(rhs),
                then: f(then),
                otherwise: f(otherwise),
            },
        }
    }
}

/// Append-only, hash-consed expressions. Operands precede their users, so one forward scan visits
/// operands first: passes need no recursion and no visited-set.
#[derive(Clone, Default, Debug)]
pub struct ExprArena {
    nodes: Vec<Expr>,
    interned: HashMap<Expr, ExprId>,
}

impl PartialEq for ExprArena {
    fn eq(&self, other: &Self) -> bool {
        self.nodes == other.nodes
    }
}

impl ExprArena {
    /// The id of `expr`, appended if new: equal expressions share one id.
    ///
    /// # Panics
    /// If the arena would hold 2^32 nodes.
    pub fn intern(&mut self, expr: Expr) -> ExprId {
        if let Some(&id) = self.interned.get(&expr) {
            return id;
        }
        let n = u32::try_from(self.nodes.len()).expect("arena should hold under 2^32 nodes");
        self.nodes.push(expr);
        self.interned.insert(expr, ExprId(n));
        ExprId(n)
    }

    /// All nodes, operands before users.
    pub fn nodes(&self) -> &[Expr] {
        &self.nodes
    }

    /// All ids, operands before users.
    pub fn ids(&self) -> impl DoubleEndedIterator<Item = ExprId> + use<> {
        (0..self.nodes.len() as u32).map(ExprId)
    }

    /// Number of nodes.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether there is no node.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// The nodes that `roots` need, operands before users.
    pub fn reachable(&self, roots: &[ExprId]) -> Vec<ExprId> {
        let mut wanted = vec![false; self.nodes.len()];
        for root in roots {
            wanted[root.index()] = true;
        }
        for id in self.ids().rev() {
            if wanted[id.index()] {
                self.nodes[id.index()].for_each_operand(|op| wanted[op.index()] = true);
            }
        }
        self.ids().filter(|id| wanted[id.index()]).collect()
    }
}

impl Index<ExprId> for ExprArena {
    type Output = Expr;

    fn index(&self, id: ExprId) -> &Expr {
        &self.nodes[id.index()]
    }
}
