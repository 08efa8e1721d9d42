//! Vectors and symmetric tensors of functions and expressions.

use std::ops::{Add, Mul, Neg, Sub};

use super::declare::{Grid, TimeFunction};
use super::expression::{Eq, Expression};
use super::solve::{SolveError, solve};

/// A vector of expressions, one component per dimension.
#[derive(Clone, PartialEq, Debug)]
pub struct VectorExpression(Vec<Expression>);

/// A symmetric tensor of expressions.
#[derive(Clone, PartialEq, Debug)]
pub struct TensorExpression {
    dims: usize,
    /// Rows of the upper triangle, one after the other.
    upper: Vec<Expression>,
}

/// A vector of functions of space and time, component d half a cell further along dimension d.
#[derive(Clone, PartialEq, Debug)]
pub struct VectorTimeFunction(Vec<TimeFunction>);

/// A symmetric tensor of functions of space and time: the diagonal on the nodes, component (i, j)
/// half a cell further along i and j.
#[derive(Clone, PartialEq, Debug)]
pub struct TensorTimeFunction {
    dims: usize,
    upper: Vec<TimeFunction>,
}

/// Position of (i, j) in the rows of an upper triangle.
fn position(dims: usize, i: usize, j: usize) -> usize {
    let (row, column) = (i.min(j), i.max(j));
    row * dims - row * (row + 1) / 2 + column
}

/// The index pairs of an upper triangle, row by row.
fn pairs(dims: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..dims).flat_map(move |i| (i..dims).map(move |j| (i, j)))
}

impl VectorExpression {
    /// A vector of these components.
    pub fn new(components: Vec<Expression>) -> Self {
        Self(components)
    }

    /// Its components.
    pub fn components(&self) -> &[Expression] {
        &self.0
    }

    /// Component number `d`.
    ///
    /// # Panics
    /// If there is none.
    pub fn component(&self, d: usize) -> &Expression {
        &self.0[d]
    }

    /// Every component replaced by `f` of it: `grad(&p).map(|g| b.value().at(g) * g)`.
    #[must_use]
    pub fn map(&self, f: impl FnMut(&Expression) -> Expression) -> Self {
        Self(self.0.iter().map(f).collect())
    }

    fn zip(&self, other: &Self, f: impl Fn(&Expression, &Expression) -> Expression) -> Self {
        Self(self.0.iter().zip(&other.0).map(|(a, b)| f(a, b)).collect())
    }
}

impl TensorExpression {
    /// The symmetric tensor with the components `f(i, j)`, i <= j.
    pub fn from_fn(dims: usize, mut f: impl FnMut(usize, usize) -> Expression) -> Self {
        Self { dims, upper: pairs(dims).map(|(i, j)| f(i, j)).collect() }
    }

    /// Number of rows.
    pub fn dims(&self) -> usize {
        self.dims
    }

    /// Component (i, j).
    ///
    /// # Panics
    /// If there is none.
    pub fn component(&self, i: usize, j: usize) -> &Expression {
        &self.upper[position(self.dims, i, j)]
    }

    /// Sum of the diagonal.
    pub fn trace(&self) -> Expression {
        Expression::sum((0..self.dims).map(|d| self.component(d, d).clone()).collect())
    }

    /// Every component replaced by `f(i, j, component)`.
    #[must_use]
    pub fn map(&self, mut f: impl FnMut(usize, usize, &Expression) -> Expression) -> Self {
        Self::from_fn(self.dims, |i, j| f(i, j, self.component(i, j)))
    }

    fn zip(&self, other: &Self, f: impl Fn(&Expression, &Expression) -> Expression) -> Self {
        self.map(|i, j, e| f(e, other.component(i, j)))
    }
}

impl Grid {
    /// Declares a vector of functions of space and time, named `v_x`, `v_y`, ...; component d is
    /// staggered along dimension d.
    pub fn vector_time_function(&self, name: &str) -> VectorTimeFunction {
        let names = self.dimension_names().iter().enumerate();
        let component =
            |(d, dim): (usize, &&str)| self.time_function(&format!("{name}_{dim}")).staggered(d);
        VectorTimeFunction(names.map(component).collect())
    }

    /// Declares a symmetric tensor of functions of space and time, named `s_xx`, `s_xz`, ...;
    /// component (i, j) off the diagonal is staggered along both.
    pub fn tensor_time_function(&self, name: &str) -> TensorTimeFunction {
        let names = self.dimension_names();
        let component = |(i, j): (usize, usize)| {
            let function = self.time_function(&format!("{name}_{}{}", names[i], names[j]));
            if i == j { function } else { function.staggered(i).staggered(j) }
        };
        TensorTimeFunction { dims: names.len(), upper: pairs(names.len()).map(component).collect() }
    }
}

macro_rules! time_functions {
    ($name:ident, $expression:ident) => {
        impl $name {
            /// With spatial derivatives of this (even) accuracy.
            #[must_use]
            pub fn space_order(self, order: usize) -> Self {
                self.with(|f| f.space_order(order))
            }

            /// With time derivatives of this accuracy, 1 or 2.
            #[must_use]
            pub fn time_order(self, order: usize) -> Self {
                self.with(|f| f.time_order(order))
            }

            /// At time t.
            pub fn value(&self) -> $expression {
                self.each(TimeFunction::value)
            }

            /// At time t + dt.
            pub fn forward(&self) -> $expression {
                self.each(TimeFunction::forward)
            }

            /// At time t - dt.
            pub fn backward(&self) -> $expression {
                self.each(TimeFunction::backward)
            }

            /// First time derivative, see [`TimeFunction::dt`].
            pub fn dt(&self) -> $expression {
                self.each(TimeFunction::dt)
            }

            /// Second time derivative, centred (time order 2).
            pub fn dt2(&self) -> $expression {
                self.each(TimeFunction::dt2)
            }
        }

        impl From<&$name> for $expression {
            fn from(function: &$name) -> Self {
                function.value()
            }
        }

        impl From<&$expression> for $expression {
            fn from(expression: &$expression) -> Self {
                expression.clone()
            }
        }

        impl<R: Into<$expression>> Add<R> for $expression {
            type Output = $expression;
            fn add(self, rhs: R) -> $expression {
                self.zip(&rhs.into(), |a, b| a + b)
            }
        }

        impl<R: Into<$expression>> Sub<R> for $expression {
            type Output = $expression;
            fn sub(self, rhs: R) -> $expression {
                self.zip(&rhs.into(), |a, b| a - b)
            }
        }

        impl Mul<f64> for $expression {
            type Output = $expression;
            fn mul(self, rhs: f64) -> $expression {
                self.scaled(&Expression::constant(rhs))
            }
        }

        impl Mul<$expression> for f64 {
            type Output = $expression;
            fn mul(self, rhs: $expression) -> $expression {
                rhs * self
            }
        }

        impl Mul<$expression> for &Expression {
            type Output = $expression;
            fn mul(self, rhs: $expression) -> $expression {
                rhs.scaled(self)
            }
        }

        impl Neg for $expression {
            type Output = $expression;
            fn neg(self) -> $expression {
                self * -1.0
            }
        }
    };
}

time_functions!(VectorTimeFunction, VectorExpression);
time_functions!(TensorTimeFunction, TensorExpression);

impl VectorTimeFunction {
    /// Component number `d`.
    ///
    /// # Panics
    /// If there is none.
    pub fn component(&self, d: usize) -> &TimeFunction {
        &self.0[d]
    }

    /// Its components.
    pub fn components(&self) -> &[TimeFunction] {
        &self.0
    }

    fn with(self, f: impl FnMut(TimeFunction) -> TimeFunction) -> Self {
        Self(self.0.into_iter().map(f).collect())
    }

    fn each(&self, f: impl FnMut(&TimeFunction) -> Expression) -> VectorExpression {
        VectorExpression(self.0.iter().map(f).collect())
    }
}

impl TensorTimeFunction {
    /// Component (i, j).
    ///
    /// # Panics
    /// If there is none.
    pub fn component(&self, i: usize, j: usize) -> &TimeFunction {
        &self.upper[position(self.dims, i, j)]
    }

    /// Its components, rows of the upper triangle one after the other.
    pub fn components(&self) -> &[TimeFunction] {
        &self.upper
    }

    fn with(self, f: impl FnMut(TimeFunction) -> TimeFunction) -> Self {
        Self { dims: self.dims, upper: self.upper.into_iter().map(f).collect() }
    }

    fn each(&self, f: impl FnMut(&TimeFunction) -> Expression) -> TensorExpression {
        TensorExpression { dims: self.dims, upper: self.upper.iter().map(f).collect() }
    }
}

impl VectorExpression {
    /// Every component times a factor, taken where the component sits.
    #[must_use]
    pub fn scaled(&self, factor: &Expression) -> Self {
        self.map(|e| factor.at(e) * e)
    }
}

impl TensorExpression {
    /// Every component times a factor, taken where the component sits.
    #[must_use]
    pub fn scaled(&self, factor: &Expression) -> Self {
        self.map(|_, _, e| factor.at(e) * e)
    }
}

/// Solves the residual of each component for the same component of `unknown`: the updates, in
/// order.
///
/// # Errors
/// As [`solve`], for any component.
pub fn solve_vector(
    residual: &VectorExpression,
    unknown: &VectorExpression,
) -> Result<Vec<Eq>, SolveError> {
    let sides = residual.0.iter().zip(&unknown.0);
    sides.map(|(r, u)| Ok(Eq::new(u.clone(), solve(r, u)?.update()))).collect()
}

/// As [`solve_vector`], for the components of a symmetric tensor.
///
/// # Errors
/// As [`solve`], for any component.
pub fn solve_tensor(
    residual: &TensorExpression,
    unknown: &TensorExpression,
) -> Result<Vec<Eq>, SolveError> {
    let sides = residual.upper.iter().zip(&unknown.upper);
    sides.map(|(r, u)| Ok(Eq::new(u.clone(), solve(r, u)?.update()))).collect()
}
