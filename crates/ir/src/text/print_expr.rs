//! Expressions as text.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::words::{COMPARISONS, EDGES, FOLDED, HALF, UNARY, word};
use crate::closure::{Closure, Ends};
use crate::expr::{BinaryOp, Expr, ExprId, Offset, UnaryOp};
use crate::program::{Stencil, Target};

/// How tightly an expression binds; operands that bind less than their place asks for get
/// parentheses.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Binding {
    Sum,
    Product,
    Sign,
    Power,
    Atom,
}

/// Prints expressions of one stencil; `named` are written by their name.
pub(super) struct ExprPrinter<'a> {
    pub(super) stencil: &'a Stencil,
    pub(super) named: BTreeMap<ExprId, String>,
}

impl ExprPrinter<'_> {
    /// An expression, by its name if it has one.
    pub(super) fn expr(&self, id: ExprId) -> String {
        let mut out = String::new();
        self.push(&mut out, id, Binding::Sum);
        out
    }

    /// An expression spelled out although it has a name.
    pub(super) fn definition(&self, id: ExprId) -> String {
        let mut out = String::new();
        self.push_node(&mut out, self.stencil.exprs[id]);
        out
    }

    /// An operand in a place that asks for `least`.
    fn push(&self, out: &mut String, id: ExprId, least: Binding) {
        if let Some(name) = self.named.get(&id) {
            out.push_str(name);
            return;
        }
        let node = self.stencil.exprs[id];
        if binding(node) < least {
            out.push('(');
            self.push_node(out, node);
            out.push(')');
        } else {
            self.push_node(out, node);
        }
    }

    fn push_node(&self, out: &mut String, node: Expr) {
        match node {
            Expr::Const(literal) => out.push_str(&number(literal.value())),
            Expr::Param(id) => out.push_str(&self.stencil.params[id.0 as usize].name),
            Expr::Scalar(id) => out.push_str(&self.stencil.scalars[id.0 as usize].name),
            Expr::Load { field, time, offset, closure } => {
                let name = &self.stencil.field(field).name;
                out.push_str(&access(self.stencil, name, time, offset, closure));
            }
            Expr::Series { sparse, time } => {
                let name = &self.stencil.sparse[sparse.0 as usize].name;
                out.push_str(&access(self.stencil, name, time, Offset::ZERO, Closure::ZERO));
            }
            Expr::Unary { op: UnaryOp::Neg, arg } => {
                // `-2` is a literal: the negation of 2 is `-(2)`.
                let literal = matches!(self.stencil.exprs[arg], Expr::Const(_));
                if literal && !self.named.contains_key(&arg) {
                    out.push_str("-(");
                    self.push(out, arg, Binding::Sum);
                    out.push(')');
                } else {
                    out.push('-');
                    self.push(out, arg, Binding::Sign);
                }
            }
            Expr::Unary { op, arg } => self.call(out, word(&UNARY, op), &[arg]),
            Expr::Binary { op, lhs, rhs } => self.binary(out, op, lhs, rhs),
            Expr::MulAdd { a, b, c } => self.call(out, "fma", &[a, b, c]),
            Expr::Select { cmp, lhs, rhs, then, otherwise } => {
                out.push_str("select(");
                self.push(out, lhs, Binding::Sum);
                let _ = write!(out, " {} ", word(&COMPARISONS, cmp));
                self.push(out, rhs, Binding::Sum);
                for operand in [then, otherwise] {
                    out.push_str(", ");
                    self.push(out, operand, Binding::Sum);
                }
                out.push(')');
            }
        }
    }

    fn binary(&self, out: &mut String, op: BinaryOp, lhs: ExprId, rhs: ExprId) {
        let (symbol, left, right) = match op {
            BinaryOp::Add => (" + ", Binding::Sum, Binding::Product),
            BinaryOp::Sub => (" - ", Binding::Sum, Binding::Product),
            BinaryOp::Mul => (" * ", Binding::Product, Binding::Sign),
            BinaryOp::Div => (" / ", Binding::Product, Binding::Sign),
            BinaryOp::Pow => ("^", Binding::Atom, Binding::Sign),
            BinaryOp::Min => return self.call(out, "min", &[lhs, rhs]),
            BinaryOp::Max => return self.call(out, "max", &[lhs, rhs]),
        };
        self.push(out, lhs, left);
        out.push_str(symbol);
        self.push(out, rhs, right);
    }

    fn call(&self, out: &mut String, name: &str, args: &[ExprId]) {
        out.push_str(name);
        for (k, &arg) in args.iter().enumerate() {
            out.push_str(if k == 0 { "(" } else { ", " });
            self.push(out, arg, Binding::Sum);
        }
        out.push(')');
    }
}

fn binding(node: Expr) -> Binding {
    match node {
        // A NaN with a payload has brackets of its own, which end the literal too early.
        Expr::Const(literal) if literal.value().is_sign_negative() => Binding::Sign,
        Expr::Const(literal) if literal.value().is_nan() => Binding::Sign,
        Expr::Unary { op: UnaryOp::Neg, .. } => Binding::Sign,
        Expr::Binary { op, .. } => match op {
            BinaryOp::Add | BinaryOp::Sub => Binding::Sum,
            BinaryOp::Mul | BinaryOp::Div => Binding::Product,
            BinaryOp::Pow => Binding::Power,
            BinaryOp::Min | BinaryOp::Max => Binding::Atom,
        },
        Expr::Const(_)
        | Expr::Param(_)
        | Expr::Scalar(_)
        | Expr::Load { .. }
        | Expr::Series { .. }
        | Expr::Unary { .. }
        | Expr::MulAdd { .. }
        | Expr::Select { .. } => Binding::Atom,
    }
}

/// A number that parses back to the same bits.
pub(super) fn number(value: f64) -> String {
    if value.is_nan() {
        return if value.to_bits() == f64::NAN.to_bits() {
            "nan".into()
        } else {
            let sign = if value.is_sign_negative() { "-" } else { "" };
            format!("{sign}nan({})", value.to_bits() & (u64::MAX >> 12))
        };
    }
    let size = value.abs();
    if size == 0.0 || size.is_infinite() || (1e-4..1e15).contains(&size) {
        format!("{value}")
    } else {
        format!("{value:e}")
    }
}

/// A target as in `u[t+1]`.
pub(crate) fn target(stencil: &Stencil, target: Target) -> String {
    let name = &stencil.field(target.field).name;
    access(stencil, name, target.time, Offset::ZERO, Closure::ZERO)
}

/// A read as in `u[t-1, x+2 odd|zero]`; subscripts that say nothing are left out.
pub(crate) fn access(
    stencil: &Stencil,
    name: &str,
    time: i8,
    offset: Offset,
    closure: Closure,
) -> String {
    let mut subscripts = Vec::new();
    if time != 0 {
        subscripts.push(format!("t{time:+}"));
    }
    for (d, (&step, ends)) in offset.0.iter().zip(closure.0).enumerate() {
        if step == 0 && ends == Ends::ZERO {
            continue;
        }
        // A dimension that the stencil lacks is no program; its text serves error messages.
        let mut subscript = stencil.dims.get(d).map_or_else(|| format!("#{d}"), |d| d.name.clone());
        if step != 0 {
            let _ = write!(subscript, "{step:+}");
        }
        if ends != Ends::ZERO {
            let words = [(ends.folded, FOLDED), (ends.half, HALF)];
            words.iter().filter(|(said, _)| *said).for_each(|(_, w)| subscript.extend([" ", w]));
            let [low, high] = ends.edges.map(|edge| word(&EDGES, edge));
            subscript.extend([" ", low]);
            if low != high {
                subscript.extend(["|", high]);
            }
        }
        subscripts.push(subscript);
    }
    if subscripts.is_empty() { name.into() } else { format!("{name}[{}]", subscripts.join(", ")) }
}
