//! What does not change with time is computed once.

use std::collections::HashMap;

use retrograd_ir::{
    BinaryOp, Closure, DOMAIN, Direction, Edge, Expr, ExprId, FieldId, Levels, Offset, Predicate,
    Read, Statement, StatementKind, Stencil, Step, Target, UnaryOp, WriteMode,
};

use crate::adjoint::FINISH;
use crate::algebra::Build;

/// Name of the step that computes time-invariant expressions: to be run whenever a parameter
/// function, the time step or a spacing has changed.
pub const SETUP: &str = "setup";

/// Moves time-invariant expressions that cost a division, an elementary function or several reads
/// out of dense updates into functions of their own, computed by the step [`SETUP`].
///
/// One read remains per expression. Equal expressions share a function, in all steps, and shifted
/// ones are read at an offset, with the closure of their reads, if that takes values from elsewhere
/// as they are: the negative image of a quotient is not the quotient of negative images, nor a sum
/// over images that of their sums. Where it is zero outside the grid, only what is zero or not
/// finite there anyway is moved: `1 / m` is, `1 / (1 + m)` is not.
#[must_use]
pub fn hoist_invariants(mut stencil: Stencil) -> Stencil {
    let written = stencil.steps.iter().flat_map(|s| &s.statements).filter_map(Stencil::written);
    let mut hoisted = Hoisted { written: written.map(|t| t.field).collect(), ..Hoisted::default() };
    let mut steps = std::mem::take(&mut stencil.steps);
    // What runs once gains nothing.
    for step in steps.iter_mut().filter(|s| s.name != SETUP && s.name != FINISH) {
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
    /// What the steps write: not invariant, whatever it is declared as.
    written: Vec<FieldId>,
    fields: HashMap<ExprId, FieldId>,
    statements: Vec<Statement>,
}

impl Hoisted {
    fn replace(&mut self, stencil: &mut Stencil, value: ExprId) -> ExprId {
        let chosen = worthwhile(stencil, value, &self.written);
        // The arena is lent to `substitute` while functions are declared.
        let mut exprs = std::mem::take(&mut stencil.exprs);
        let mut replaced = HashMap::new();
        for (id, offset, closure) in chosen {
            let base = exprs.substitute(id, &mut |arena, node| match arena[node] {
                Expr::Load { field, time, .. } => {
                    Some(arena.load(Target { field, time }, Offset::ZERO))
                }
                _ => None,
            });
            let field = self.field(stencil, base);
            let moved = exprs.intern(Expr::Load { field, time: 0, offset, closure });
            replaced.insert(id, moved);
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
/// the common offset and closure of its reads.
fn worthwhile(
    stencil: &mut Stencil,
    root: ExprId,
    written: &[FieldId],
) -> Vec<(ExprId, Offset, Closure)> {
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
    let placed = |id| {
        let (offset, closure) = common_place(stencil, id, written)?;
        Some((id, offset, closure))
    };
    maximal.into_iter().filter_map(placed).collect()
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

/// The offset and closure that all reads share; written fields cannot be hoisted.
fn common_place(
    stencil: &mut Stencil,
    id: ExprId,
    written: &[FieldId],
) -> Option<(Offset, Closure)> {
    let reads = stencil.reads(&[id]);
    let place = |r: &Read| (r.offset, r.closure.canonical(r.offset));
    let (offset, closure) = place(reads.first()?);
    let alike = reads.iter().all(|r| {
        place(r) == (offset, closure)
            && stencil.field(r.field).levels == Levels::Static
            && !written.contains(&r.field)
    });
    let displaced =
        || closure.0.iter().zip(offset.0).filter(|(_, o)| *o != 0).map(|(ends, _)| ends);
    let any = |wanted| displaced().any(|ends| ends.edges.contains(&wanted));
    let changed = any(Edge::Odd) || displaced().any(|ends| ends.folded);
    let movable = alike && !changed && (!any(Edge::Zero) || vanishes(stencil, id));
    movable.then_some((offset, closure))
}

/// Whether the value is zero or not finite where all reads are zero, as far as folding shows.
fn vanishes(stencil: &mut Stencil, id: ExprId) -> bool {
    let exprs = &mut stencil.exprs;
    let outside = exprs.substitute(id, &mut |arena, node| match arena[node] {
        Expr::Load { .. } => Some(arena.constant(0.0)),
        _ => None,
    });
    let zero = exprs.constant(0.0);
    let nodes = exprs.reachable(&[outside]);
    let divides = nodes
        .iter()
        .any(|&n| matches!(exprs[n], Expr::Binary { op: BinaryOp::Div, rhs, .. } if rhs == zero));
    divides || exprs.literal(outside).is_some_and(|v| v == 0.0 || !v.is_finite())
}
