//! Arithmetic on expressions: `&m * u.dt2() - u.laplace()`.
//!
//! Numbers fold at once and neutral elements vanish, so that printed programs read like the
//! equations. Quotients stay quotients: [`super::solve`] and the adjoint look for them.

use std::ops::{Add, Div, Mul, Neg, Sub};

use retrograd_ir::{BinaryOp, UnaryOp};

use super::declare::{Function, TimeFunction};
use super::expression::{Expression, Node};

fn add(lhs: &Expression, rhs: &Expression) -> Expression {
    match (lhs.as_constant(), rhs.as_constant()) {
        (Some(a), Some(b)) => return Expression::constant(a + b),
        (Some(0.0), None) => return rhs.clone(),
        (None, Some(0.0)) => return lhs.clone(),
        _ => {}
    }
    let mut terms = Vec::new();
    for side in [lhs, rhs] {
        match &*side.0 {
            Node::Sum(inner) => terms.extend(inner.iter().cloned()),
            _ => terms.push(side.clone()),
        }
    }
    Expression::sum(terms)
}

fn neg(arg: &Expression) -> Expression {
    match &*arg.0 {
        Node::Constant(value) => Expression::constant(-value),
        Node::Unary(UnaryOp::Neg, inner) => inner.clone(),
        _ => Expression::new(Node::Unary(UnaryOp::Neg, arg.clone())),
    }
}

fn mul(lhs: &Expression, rhs: &Expression) -> Expression {
    match (lhs.as_constant(), rhs.as_constant()) {
        (Some(a), Some(b)) => Expression::constant(a * b),
        (Some(1.0), None) => rhs.clone(),
        (None, Some(1.0)) => lhs.clone(),
        _ => Expression::new(Node::Binary(BinaryOp::Mul, lhs.clone(), rhs.clone())),
    }
}

fn div(lhs: &Expression, rhs: &Expression) -> Expression {
    match rhs.as_constant() {
        Some(1.0) => lhs.clone(),
        _ => Expression::new(Node::Binary(BinaryOp::Div, lhs.clone(), rhs.clone())),
    }
}

impl From<f64> for Expression {
    fn from(value: f64) -> Self {
        Self::constant(value)
    }
}

impl From<&Expression> for Expression {
    fn from(expression: &Expression) -> Self {
        expression.clone()
    }
}

impl From<&Function> for Expression {
    fn from(function: &Function) -> Self {
        function.value()
    }
}

impl From<&TimeFunction> for Expression {
    fn from(function: &TimeFunction) -> Self {
        function.value()
    }
}

impl<R: Into<Expression>> Add<R> for Expression {
    type Output = Expression;
    fn add(self, rhs: R) -> Expression {
        add(&self, &rhs.into())
    }
}

impl<R: Into<Expression>> Sub<R> for Expression {
    type Output = Expression;
    fn sub(self, rhs: R) -> Expression {
        add(&self, &neg(&rhs.into()))
    }
}

impl<R: Into<Expression>> Mul<R> for Expression {
    type Output = Expression;
    fn mul(self, rhs: R) -> Expression {
        mul(&self, &rhs.into())
    }
}

impl<R: Into<Expression>> Div<R> for Expression {
    type Output = Expression;
    fn div(self, rhs: R) -> Expression {
        div(&self, &rhs.into())
    }
}

impl Neg for Expression {
    type Output = Expression;
    fn neg(self) -> Expression {
        neg(&self)
    }
}

impl<R: Into<Expression>> Add<R> for &Expression {
    type Output = Expression;
    fn add(self, rhs: R) -> Expression {
        add(self, &rhs.into())
    }
}

impl<R: Into<Expression>> Sub<R> for &Expression {
    type Output = Expression;
    fn sub(self, rhs: R) -> Expression {
        add(self, &neg(&rhs.into()))
    }
}

impl<R: Into<Expression>> Mul<R> for &Expression {
    type Output = Expression;
    fn mul(self, rhs: R) -> Expression {
        mul(self, &rhs.into())
    }
}

impl<R: Into<Expression>> Div<R> for &Expression {
    type Output = Expression;
    fn div(self, rhs: R) -> Expression {
        div(self, &rhs.into())
    }
}

impl Neg for &Expression {
    type Output = Expression;
    fn neg(self) -> Expression {
        neg(self)
    }
}

impl<R: Into<Expression>> Add<R> for &Function {
    type Output = Expression;
    fn add(self, rhs: R) -> Expression {
        self.value() + rhs
    }
}

impl<R: Into<Expression>> Sub<R> for &Function {
    type Output = Expression;
    fn sub(self, rhs: R) -> Expression {
        self.value() - rhs
    }
}

impl<R: Into<Expression>> Mul<R> for &Function {
    type Output = Expression;
    fn mul(self, rhs: R) -> Expression {
        self.value() * rhs
    }
}

impl<R: Into<Expression>> Div<R> for &Function {
    type Output = Expression;
    fn div(self, rhs: R) -> Expression {
        self.value() / rhs
    }
}

impl Add<Expression> for f64 {
    type Output = Expression;
    fn add(self, rhs: Expression) -> Expression {
        Expression::constant(self) + rhs
    }
}

impl Sub<Expression> for f64 {
    type Output = Expression;
    fn sub(self, rhs: Expression) -> Expression {
        Expression::constant(self) - rhs
    }
}

impl Mul<Expression> for f64 {
    type Output = Expression;
    fn mul(self, rhs: Expression) -> Expression {
        Expression::constant(self) * rhs
    }
}

impl Div<Expression> for f64 {
    type Output = Expression;
    fn div(self, rhs: Expression) -> Expression {
        Expression::constant(self) / rhs
    }
}
