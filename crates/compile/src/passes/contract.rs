//! Sums of products by fused multiply-adds.

use std::collections::{HashMap, HashSet};

use retrograd_ir::{BinaryOp, Expr, ExprId, StatementKind, Stencil, UnaryOp};

use super::SETUP;
use crate::algebra::Build;

/// Turns a product that is added to something, and used nowhere else in its update, into a fused
/// multiply-add: one operation and one rounding instead of two. What other updates of the step do
/// makes no difference, so that a step that also records computes the same bits.
///
/// Signs go to a factor that is the same at all grid points, where there is one:
/// `a - c b = fma(-c, b, a)`. Products of values that are the same everywhere stay: the host
/// computes them. The step [`SETUP`], run once, stays as it is.
#[must_use]
pub fn contract_products(mut stencil: Stencil) -> Stencil {
    let mut steps = std::mem::take(&mut stencil.steps);
    let repeated = steps.iter_mut().filter(|step| step.name != SETUP);
    for statement in repeated.flat_map(|step| &mut step.statements) {
        if let StatementKind::Update { value, .. } = &mut statement.kind {
            let shared = shared(&stencil, *value);
            *value = contracted(&mut stencil, *value, &shared);
        }
    }
    stencil.steps = steps;
    stencil
}

/// What is an operand of more than one operation below `root`, or twice of one.
fn shared(stencil: &Stencil, root: ExprId) -> HashSet<ExprId> {
    let mut seen = HashSet::new();
    let mut shared = HashSet::new();
    for id in stencil.exprs.reachable(&[root]) {
        stencil.exprs[id].for_each_operand(|operand| {
            if !seen.insert(operand) {
                shared.insert(operand);
            }
        });
    }
    shared
}

fn contracted(stencil: &mut Stencil, root: ExprId, shared: &HashSet<ExprId>) -> ExprId {
    let mut renamed: HashMap<ExprId, ExprId> = HashMap::new();
    for id in stencil.exprs.reachable(&[root]) {
        let fused = fused(stencil, id, &renamed, shared);
        let new = fused.unwrap_or_else(|| {
            let moved = stencil.exprs[id].map_operands(|operand| renamed[&operand]);
            stencil.exprs.intern(moved)
        });
        renamed.insert(id, new);
    }
    renamed[&root]
}

/// A sum or difference with a product in it, as one operation.
fn fused(
    stencil: &mut Stencil,
    id: ExprId,
    renamed: &HashMap<ExprId, ExprId>,
    shared: &HashSet<ExprId>,
) -> Option<ExprId> {
    let Expr::Binary { op: op @ (BinaryOp::Add | BinaryOp::Sub), lhs, rhs } = stencil.exprs[id]
    else {
        return None;
    };
    let factors = |id: ExprId| match stencil.exprs[id] {
        Expr::Binary { op: BinaryOp::Mul, lhs, rhs }
            if !shared.contains(&id) && !stencil.is_uniform(id) =>
        {
            Some([lhs, rhs])
        }
        _ => None,
    };
    let (factors, other, right) = match (factors(rhs), factors(lhs)) {
        (Some(factors), _) => (factors, lhs, true),
        (None, Some(factors)) => (factors, rhs, false),
        (None, None) => return None,
    };
    // Uniform factors come first, to take signs.
    let [a, b] = if stencil.is_uniform(factors[1]) { [factors[1], factors[0]] } else { factors };
    let [mut a, b, mut c] = [a, b, other].map(|operand| renamed[&operand]);
    if op == BinaryOp::Sub {
        let turned = if right { &mut a } else { &mut c };
        *turned = stencil.exprs.unary(UnaryOp::Neg, *turned);
    }
    Some(stencil.exprs.intern(Expr::MulAdd { a, b, c }))
}
