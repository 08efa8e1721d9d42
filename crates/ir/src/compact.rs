//! Canonical numbering of expressions.

use crate::expr::{Expr, ExprArena, ExprId};
use crate::program::{Predicate, Stencil};

impl Stencil {
    /// The same stencil with unused expressions dropped and the others numbered in the order in
    /// which a reader meets them (operands first), so that equal programs compare equal and
    /// generated text does not depend on dead nodes. Closures along dimensions in which a read is
    /// not displaced never act; they become zero.
    #[must_use]
    pub fn compact(mut self) -> Self {
        let mut renumber = Renumber {
            old: &self.exprs,
            new: ExprArena::default(),
            renamed: vec![None; self.exprs.len()],
        };
        for statement in self.steps.iter_mut().flat_map(|s| &mut s.statements) {
            if let Predicate::While { above, .. } = &mut statement.when {
                *above = renumber.visit(*above);
            }
            let value = renumber.visit(statement.kind.value());
            statement.kind = statement.kind.with_value(value);
        }
        self.exprs = renumber.new;
        self
    }
}

struct Renumber<'a> {
    old: &'a ExprArena,
    new: ExprArena,
    renamed: Vec<Option<ExprId>>,
}

impl Renumber<'_> {
    /// Depth-first, operands from left to right, with an explicit stack: chains can be long.
    fn visit(&mut self, root: ExprId) -> ExprId {
        let mut stack = vec![(root, false)];
        while let Some((id, operands_done)) = stack.pop() {
            if self.renamed[id.index()].is_some() {
                continue;
            }
            let expr = self.old[id];
            if operands_done {
                let renamed = &self.renamed;
                let moved = without_idle_closures(expr).map_operands(|op| {
                    renamed[op.index()].expect("operands should be renamed before their user")
                });
                self.renamed[id.index()] = Some(self.new.intern(moved));
            } else {
                stack.push((id, true));
                let at = stack.len();
                expr.for_each_operand(|op| stack.push((op, false)));
                stack[at..].reverse();
            }
        }
        self.renamed[root.index()].expect("root should be renamed")
    }
}

fn without_idle_closures(mut expr: Expr) -> Expr {
    if let Expr::Load { offset, closure, .. } = &mut expr {
        *closure = closure.canonical(*offset);
    }
    expr
}
