//! What does not change with time is computed once.

use std::collections::HashMap;

use retrograd_ir::{
    BinaryOp, DOMAIN, Direction, Expr, ExprId, FieldId, Levels, Offset, Predicate, Statement,
    StatementKind, Stencil, Step, Target, UnaryOp, WriteMode,
};

use crate::algebra::Build;

/// Name of the step that computes time-invariant expressions: to be run whenever a parameter
/// function, the time step or a spacing has changed.
pub const SETUP: &str = "setup";

/// Moves time-invariant expressions that cost a division, an elementary function or several reads
/// out of dense updates into functions of their own, computed by the step [`SETUP`].
///
/// One read remains per expression. Equal expressions share a function, in all steps, and shifted
/// ones are read at an offset.
#[must_use]
pub fn hoist_invariants(mut stencil: Stencil) -> Stencil {
    let mut hoisted = Hoisted::default();
    let mut steps = std::mem::take(&mut stencil.steps);
    for step in steps.iter_mut().filter(|s| s.name != SETUP) {
        for statement in &mut step.statements {
            if let StatementKind::Update { value, .. } = &mut statement.kind {
                *value = hoisted.replace(&mut stencil, *value);
            }
        }
    }
    if !hoisted.statements.is_empty() {
        match steps.iter_mut().find(|s| s.name == SETUP) {
            Some(setup) => setup.statements.extend(hoisted.statements),
            None => steps.push(Step {
                name: SETUP.into(),
                direction: Direction::Forward,
                statements: hoisted.statements,
            }),
        }
    }
    stencil.steps = steps;
    stencil
}

#[derive(Default)]
struct Hoisted {
    fields: HashMap<ExprId, FieldId>,
    statements: Vec<Statement>,
}

impl Hoisted {
    fn replace(&mut self, stencil: &mut Stencil, value: ExprId) -> ExprId {
        let mut exprs = std::mem::take(&mut stencil.exprs);
        // The arena is lent to `substitute`; declarations are asked on a stencil without it.
        let chosen = {
            stencil.exprs = exprs;
            let chosen = worthwhile(stencil, value);
            exprs = std::mem::take(&mut stencil.exprs);
            chosen
        };
        let mut replaced = HashMap::new();
        for (id, offset) in chosen {
            let base = exprs.substitute(id, &mut |arena, node| match arena[node] {
                Expr::Load { field, time, closure, .. } => {
                    let offset = Offset::ZERO;
                    Some(arena.intern(Expr::Load { field, time, offset, closure }))
                }
                _ => None,
            });
            let field = self.field(stencil, base);
            replaced.insert(id, exprs.load(Target { field, time: 0 }, offset));
        }
        let result = exprs.substitute(value, &mut |_, id| replaced.get(&id).copied());
        stencil.exprs = exprs;
        result
    }

    fn field(&mut self, stencil: &mut Stencil, base: ExprId) -> FieldId {
        if let Some(&field) = self.fields.get(&base) {
            return field;
        }
        let name = stencil.fresh_field_name("pre");
        let field = stencil.add_static(&name);
        self.fields.insert(base, field);
        self.statements.push(Statement {
            when: Predicate::Always,
            kind: StatementKind::Update {
                target: Target { field, time: 0 },
                region: DOMAIN,
                mode: WriteMode::Assign,
                value: base,
            },
        });
        field
    }
}

/// The largest time-invariant parts of a value that are worth a function of their own, each with
/// the common offset of its reads.
fn worthwhile(stencil: &Stencil, root: ExprId) -> Vec<(ExprId, Offset)> {
    let nodes = stencil.exprs.reachable(&[root]);
    let invariant = |id: ExprId| stencil.is_time_invariant(id) && !stencil.is_uniform(id);
    let mut maximal = Vec::new();
    for &id in &nodes {
        if invariant(id) {
            continue;
        }
        stencil.exprs[id].for_each_operand(|op| {
            if invariant(op) && !maximal.contains(&op) {
                maximal.push(op);
            }
        });
    }
    maximal.retain(|&id| costs(stencil, id));
    maximal.into_iter().filter_map(|id| Some((id, common_offset(stencil, id)?))).collect()
}

fn costs(stencil: &Stencil, id: ExprId) -> bool {
    let expensive = stencil.exprs.reachable(&[id]).into_iter().any(|n| match stencil.exprs[n] {
        Expr::Binary { op: BinaryOp::Div | BinaryOp::Pow, rhs, lhs } => {
            !stencil.is_uniform(rhs) || !stencil.is_uniform(lhs)
        }
        Expr::Unary { op, arg } => op != UnaryOp::Neg && !stencil.is_uniform(arg),
        _ => false,
    });
    expensive || stencil.reads(&[id]).len() > 1
}

/// The offset that all reads share; written fields cannot be hoisted.
fn common_offset(stencil: &Stencil, id: ExprId) -> Option<Offset> {
    let reads = stencil.reads(&[id]);
    let first = reads.first()?.offset;
    let alike = reads.iter().all(|r| {
        r.offset == first
            && stencil.field(r.field).levels == Levels::Static
            && !is_written(stencil, r.field)
    });
    alike.then_some(first)
}

fn is_written(stencil: &Stencil, field: FieldId) -> bool {
    let statements = stencil.steps.iter().flat_map(|s| &s.statements);
    statements.filter_map(Stencil::written).any(|t| t.field == field)
}
