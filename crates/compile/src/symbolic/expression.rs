//! Expressions and equations.

use std::sync::Arc;

use retrograd_ir::{BinaryOp, Compare, UnaryOp};

use super::declare::{FunctionDecl, SparseDecl};
use super::subdomain::Subdomain;

/// A node of a symbolic expression.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Node {
    Constant(f64),
    /// A run-time scalar.
    Param(String),
    /// A function at a time level.
    Access {
        function: Arc<FunctionDecl>,
        time: i8,
    },
    /// The sample of a sparse series at the current step.
    Series(Arc<SparseDecl>),
    Sum(Vec<Expression>),
    Unary(UnaryOp, Expression),
    Binary(BinaryOp, Expression, Expression),
    Select {
        cmp: Compare,
        lhs: Expression,
        rhs: Expression,
        then: Expression,
        other: Expression,
    },
    /// Centred derivative along a dimension, `at` half cells from the sample of the argument.
    Derivative {
        arg: Expression,
        dim: usize,
        order: usize,
        accuracy: usize,
        at: i8,
    },
    /// The argument's numbers, taken as samples of another place.
    Taken {
        arg: Expression,
        place: super::location::Location,
    },
}

/// A symbolic expression: cheap to clone, immutable.
#[derive(Clone, PartialEq, Debug)]
pub struct Expression(pub(crate) Arc<Node>);

impl Expression {
    pub(crate) fn new(node: Node) -> Self {
        Self(Arc::new(node))
    }

    /// A number.
    pub fn constant(value: f64) -> Self {
        Self::new(Node::Constant(value))
    }

    /// A run-time scalar by name.
    pub fn param(name: &str) -> Self {
        Self::new(Node::Param(name.into()))
    }

    pub(crate) fn access(function: &Arc<FunctionDecl>, time: i8) -> Self {
        Self::new(Node::Access { function: function.clone(), time })
    }

    /// The sum of all terms, 0 for none.
    pub fn sum(terms: Vec<Self>) -> Self {
        match terms.len() {
            0 => Self::constant(0.0),
            1 => terms.into_iter().next().unwrap_or_else(|| Self::constant(0.0)),
            _ => Self::new(Node::Sum(terms)),
        }
    }

    /// Centred derivative of the given order along dimension number `dim`, with `accuracy` (even)
    /// as order of its error, at the samples of the argument.
    #[must_use]
    pub fn derivative(&self, dim: usize, order: usize, accuracy: usize) -> Self {
        self.derivative_at(dim, order, accuracy, 0)
    }

    /// The same, `half_cells` half cells from the samples of the argument (staggered grids: 1 or
    /// -1).
    #[must_use]
    pub fn derivative_at(&self, dim: usize, order: usize, accuracy: usize, half_cells: i8) -> Self {
        Self::new(Node::Derivative { arg: self.clone(), dim, order, accuracy, at: half_cells })
    }

    fn unary(&self, op: UnaryOp) -> Self {
        Self::new(Node::Unary(op, self.clone()))
    }

    /// Square root.
    #[must_use]
    pub fn sqrt(&self) -> Self {
        self.unary(UnaryOp::Sqrt)
    }

    /// Exponential.
    #[must_use]
    pub fn exp(&self) -> Self {
        self.unary(UnaryOp::Exp)
    }

    /// Natural logarithm.
    #[must_use]
    pub fn ln(&self) -> Self {
        self.unary(UnaryOp::Ln)
    }

    /// Sine.
    #[must_use]
    pub fn sin(&self) -> Self {
        self.unary(UnaryOp::Sin)
    }

    /// Cosine.
    #[must_use]
    pub fn cos(&self) -> Self {
        self.unary(UnaryOp::Cos)
    }

    /// Tangent.
    #[must_use]
    pub fn tan(&self) -> Self {
        self.unary(UnaryOp::Tan)
    }

    /// Hyperbolic tangent.
    #[must_use]
    pub fn tanh(&self) -> Self {
        self.unary(UnaryOp::Tanh)
    }

    /// Absolute value.
    #[must_use]
    pub fn abs(&self) -> Self {
        self.unary(UnaryOp::Abs)
    }

    /// The smaller of two.
    #[must_use]
    pub fn min(&self, other: impl Into<Self>) -> Self {
        Self::new(Node::Binary(BinaryOp::Min, self.clone(), other.into()))
    }

    /// The larger of two.
    #[must_use]
    pub fn max(&self, other: impl Into<Self>) -> Self {
        Self::new(Node::Binary(BinaryOp::Max, self.clone(), other.into()))
    }

    /// To the power `exponent`; whole numbers of 1 to 16 become products.
    #[must_use]
    pub fn pow(&self, exponent: impl Into<Self>) -> Self {
        let exponent = exponent.into();
        if let Node::Constant(n) = *exponent.0
            && n.fract() == 0.0
            && (1.0..=16.0).contains(&n)
        {
            return (1..n as usize).fold(self.clone(), |product, _| product * self);
        }
        Self::new(Node::Binary(BinaryOp::Pow, self.clone(), exponent))
    }

    /// `then` where `self < bound`, else `otherwise`.
    #[must_use]
    pub fn where_less(
        &self,
        bound: impl Into<Self>,
        then: impl Into<Self>,
        otherwise: impl Into<Self>,
    ) -> Self {
        Self::new(Node::Select {
            cmp: Compare::Lt,
            lhs: self.clone(),
            rhs: bound.into(),
            then: then.into(),
            other: otherwise.into(),
        })
    }

    /// The value if it is a plain number.
    pub(crate) fn as_constant(&self) -> Option<f64> {
        match *self.0 {
            Node::Constant(value) => Some(value),
            _ => None,
        }
    }

    /// Whether `wanted` occurs anywhere in it.
    pub(crate) fn contains(&self, wanted: &Self) -> bool {
        if self == wanted {
            return true;
        }
        match &*self.0 {
            Node::Constant(_) | Node::Param(_) | Node::Access { .. } | Node::Series(_) => false,
            Node::Sum(terms) => terms.iter().any(|t| t.contains(wanted)),
            Node::Unary(_, arg) | Node::Derivative { arg, .. } | Node::Taken { arg, .. } => {
                arg.contains(wanted)
            }
            Node::Binary(_, a, b) => a.contains(wanted) || b.contains(wanted),
            Node::Select { lhs, rhs, then, other, .. } => {
                [lhs, rhs, then, other].into_iter().any(|e| e.contains(wanted))
            }
        }
    }
}

/// An explicit update: a level of a time function (or a static function) is set to an expression.
#[derive(Clone, PartialEq, Debug)]
pub struct Eq {
    pub(crate) target: Expression,
    pub(crate) value: Expression,
    /// Where it holds; everywhere if not said.
    pub(crate) on: Option<Subdomain>,
    /// Steps from one update to the next, and the first of them; every step if not said.
    pub(crate) every: Option<[u32; 2]>,
}

impl Eq {
    /// `target = value`; `target` is `u.forward()` of a time function or the value of a function.
    pub fn new(target: impl Into<Expression>, value: impl Into<Expression>) -> Self {
        Self { target: target.into(), value: value.into(), on: None, every: None }
    }

    /// The same update on a part of the grid alone.
    ///
    /// Several updates of one function on different parts may stand side by side; where parts
    /// overlap, the later one holds. Together they have to cover the grid, which
    /// `Eq::new(u.forward(), 0.0)` before the others does, if the rest is to be zero.
    ///
    /// The adjoint is exact: what an update reads beyond its part flows back from within it alone.
    #[must_use]
    pub fn on(mut self, part: &Subdomain) -> Self {
        self.on = Some(part.clone());
        self
    }

    /// The same update in every `period`-th step alone, from step 0 on.
    ///
    /// In the other steps a time function stays as it is, `u.forward() = u`, unless an earlier
    /// equation updates it there in every step. `u.backward()` is the level one *step* before.
    #[must_use]
    pub fn every(self, period: u32) -> Self {
        self.every_from(period, 0)
    }

    /// As [`every`](Self::every), from step `first` on, which is below `period`.
    #[must_use]
    pub fn every_from(mut self, period: u32, first: u32) -> Self {
        self.every = Some([period, first]);
        self
    }

    /// What is set.
    pub fn target(&self) -> &Expression {
        &self.target
    }

    /// What it is set to.
    pub fn value(&self) -> &Expression {
        &self.value
    }
}
