//! Solving a residual for one level of a time function.

use retrograd_ir::{BinaryOp, UnaryOp};

use super::expression::{Expression, Node};

/// Why a residual cannot be solved.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SolveError {
    /// The unknown does not occur.
    #[error(
        "the equation does not contain the unknown `{unknown}`\n  \
         help: a time derivative such as `u.dt2()` brings in `u.forward()`"
    )]
    Absent {
        /// The unknown.
        unknown: String,
    },
    /// The unknown occurs in a non-linear place.
    #[error(
        "the equation is not linear in the unknown `{unknown}`: it occurs in {place}\n  \
         help: `solve` handles a x + b = 0; write the update of a non-linear scheme with `Eq`"
    )]
    NonLinear {
        /// The unknown.
        unknown: String,
        /// Where it occurs.
        place: &'static str,
    },
    /// The unknown stands under a spatial derivative.
    #[error(
        "the unknown `{unknown}` stands under a spatial derivative: the scheme is implicit\n  \
         help: take the derivative at a known time level, such as `u.laplace()`"
    )]
    Implicit {
        /// The unknown.
        unknown: String,
    },
    /// Something else than a level of a function was asked for.
    #[error(
        "`solve` finds a level of a function, such as `u.forward()`, not a compound expression"
    )]
    NotAnUnknown,
}

/// The solution of `a x + b = rhs` for x.
#[derive(Clone, PartialEq, Debug)]
pub struct Solution {
    update: Expression,
    response: Expression,
}

impl Solution {
    /// `-b / a`: the unknown where the right-hand side is zero.
    pub fn update(&self) -> Expression {
        self.update.clone()
    }

    /// `1 / a`: how the unknown responds to a right-hand side, for sources on the right of the
    /// equation.
    pub fn response(&self) -> Expression {
        self.response.clone()
    }
}

impl From<Solution> for Expression {
    fn from(solution: Solution) -> Self {
        solution.update
    }
}

/// Solves `residual = 0` for `unknown`, in which it must be linear.
///
/// # Errors
/// Where the unknown is absent, occurs in a product or function of itself, or stands under a
/// spatial derivative.
pub fn solve(residual: &Expression, unknown: &Expression) -> Result<Solution, SolveError> {
    let Node::Access { function, time } = &*unknown.0 else {
        return Err(SolveError::NotAnUnknown);
    };
    let name = match time {
        1 => format!("{}.forward()", function.name),
        -1 => format!("{}.backward()", function.name),
        _ => function.name.clone(),
    };
    let (a, b) = linear_parts(residual, unknown, &name)?;
    let a = a.ok_or(SolveError::Absent { unknown: name })?;
    let b = b.unwrap_or_else(|| Expression::constant(0.0));
    Ok(Solution { update: -b / &a, response: 1.0 / a })
}

/// `e = a x + b`; `None` stands for zero.
type Parts = (Option<Expression>, Option<Expression>);

fn linear_parts(e: &Expression, x: &Expression, name: &str) -> Result<Parts, SolveError> {
    if e == x {
        return Ok((Some(Expression::constant(1.0)), None));
    }
    if !e.contains(x) {
        return Ok((None, Some(e.clone())));
    }
    let non_linear = |place| Err(SolveError::NonLinear { unknown: name.into(), place });
    match &*e.0 {
        Node::Sum(terms) => {
            let (mut a, mut b) = (Vec::new(), Vec::new());
            for term in terms {
                let (ta, tb) = linear_parts(term, x, name)?;
                a.extend(ta);
                b.extend(tb);
            }
            Ok((some_sum(a), some_sum(b)))
        }
        Node::Unary(UnaryOp::Neg, arg) => {
            let (a, b) = linear_parts(arg, x, name)?;
            Ok((a.map(|a| -a), b.map(|b| -b)))
        }
        Node::Binary(BinaryOp::Mul, l, r) => {
            if l.contains(x) && r.contains(x) {
                return non_linear("a product of itself");
            }
            let (factor, other, left) = if l.contains(x) { (r, l, false) } else { (l, r, true) };
            let (a, b) = linear_parts(other, x, name)?;
            let scale = |e: Expression| if left { factor * e } else { e * factor };
            Ok((a.map(scale), b.map(scale)))
        }
        Node::Binary(BinaryOp::Div, l, r) => {
            if r.contains(x) {
                return non_linear("a denominator");
            }
            let (a, b) = linear_parts(l, x, name)?;
            Ok((a.map(|a| a / r), b.map(|b| b / r)))
        }
        Node::Binary(..) | Node::Select { .. } => non_linear("a minimum, maximum, power or choice"),
        Node::Unary(..) => non_linear("an elementary function"),
        Node::Derivative { .. } | Node::Taken { .. } => {
            Err(SolveError::Implicit { unknown: name.into() })
        }
        Node::Constant(_) | Node::Param(_) | Node::Access { .. } | Node::Series(_) => {
            Ok((None, Some(e.clone())))
        }
    }
}

fn some_sum(terms: Vec<Expression>) -> Option<Expression> {
    (!terms.is_empty()).then(|| Expression::sum(terms))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::symbolic::Grid;

    #[track_caller]
    fn message(residual: &Expression, unknown: &Expression) -> String {
        solve(residual, unknown).expect_err("should not be solvable").to_string()
    }

    #[test]
    fn what_is_not_linear_is_refused_with_the_place() {
        let grid = Grid::new([8]).expect("grid");
        let u = grid.time_function("u").time_order(2);
        let x = u.forward();
        assert!(message(&(&x * &x), &x).contains("a product of itself"));
        assert!(message(&(1.0 / x.clone()), &x).contains("a denominator"));
        assert!(message(&x.sin(), &x).contains("an elementary function"));
        assert!(message(&u.value(), &x).contains("does not contain the unknown `u.forward()`"));
        assert!(message(&x.derivative(0, 2, 2), &x).contains("the scheme is implicit"));
        assert!(message(&x, &(&x + 1.0)).contains("not a compound expression"));
    }
}
