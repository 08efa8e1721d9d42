//! What does not change with time is computed once.

use std::collections::HashMap;

use retrograd_ir::{
    BinaryOp, Closure, DOMAIN, Direction, Edge, Expr, ExprArena, ExprId, FieldId, Levels, Offset,
    Predicate, Read, RegionId, Statement, StatementKind, Stencil, Step, Target, UnaryOp, WriteMode,
};

use crate::adjoint::FINISH;
use crate::algebra::Build;
use crate::schedule::always_disjoint;

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
/// Different expressions share a function if they are read at the point only and in regions that
/// have no point in common: what the inside of a layer needs and what its shells need are one
/// array, half the memory and one stream through it.
#[must_use]
pub fn hoist_invariants(mut stencil: Stencil) -> Stencil {
    let steps = stencil.steps.iter().filter(|step| step.name != SETUP);
    let written = steps.flat_map(|step| &step.statements).filter_map(Stencil::written);
    let written: Vec<FieldId> = written.map(|t| t.field).collect();
    let mut steps = std::mem::take(&mut stencil.steps);
    // What runs once gains nothing.
    let runs_once = |s: &&Step| s.name == SETUP || s.name == FINISH;
    let mut hoisted: Vec<Hoisted> = Vec::new();
    let repeated = steps.iter().filter(|s| !runs_once(s));
    for statement in repeated.flat_map(|s| &s.statements) {
        if let StatementKind::Update { region, value, .. } = statement.kind {
            let parts = worthwhile(&mut stencil, value, &written);
            note(&mut stencil, &mut hoisted, region, parts);
        }
    }
    let (fields, statements) = declare(&mut stencil, &hoisted);
    for step in steps.iter_mut().filter(|s| !runs_once(&&**s)) {
        for statement in &mut step.statements {
            if let StatementKind::Update { value, .. } = &mut statement.kind {
                *value = replace(&mut stencil, *value, &written, &fields);
            }
        }
    }
    if !statements.is_empty() {
        if let Some(setup) = steps.iter_mut().find(|s| s.name == SETUP) {
            setup.statements.extend(statements);
        } else {
            let direction = Direction::Forward;
            steps.push(Step { name: SETUP.into(), direction, statements });
        }
    }
    stencil.steps = steps;
    stencil
}

/// An expression that is moved, at offset zero, and where it is needed.
struct Hoisted {
    base: ExprId,
    /// Regions of the updates that read it.
    regions: Vec<RegionId>,
    /// Whether one of them reads it away from the point.
    displaced: bool,
}

/// A part of a value that is worth a function, with the common offset and closure of its reads.
type Part = (ExprId, Offset, Closure);

fn note(stencil: &mut Stencil, hoisted: &mut Vec<Hoisted>, region: RegionId, parts: Vec<Part>) {
    for (id, offset, _) in parts {
        let base = at_the_point(&mut stencil.exprs, id);
        let at = hoisted.iter().position(|h| h.base == base).unwrap_or_else(|| {
            hoisted.push(Hoisted { base, regions: Vec::new(), displaced: false });
            hoisted.len() - 1
        });
        let known = &mut hoisted[at];
        known.displaced |= !offset.is_zero();
        if !known.regions.contains(&region) {
            known.regions.push(region);
        }
    }
}

fn at_the_point(exprs: &mut ExprArena, id: ExprId) -> ExprId {
    exprs.substitute(id, &mut |arena, node| match arena[node] {
        Expr::Load { field, time, .. } => Some(arena.load(Target { field, time }, Offset::ZERO)),
        _ => None,
    })
}

/// A function for each expression, and the statements that compute them: over the whole grid, or
/// in the regions where it is needed if others are kept elsewhere in the same function.
fn declare(
    stencil: &mut Stencil,
    hoisted: &[Hoisted],
) -> (HashMap<ExprId, FieldId>, Vec<Statement>) {
    let mut shared: Vec<Vec<&Hoisted>> = Vec::new();
    for new in hoisted {
        let apart = |old: &&Hoisted| {
            let mut pairs =
                old.regions.iter().flat_map(|a| new.regions.iter().map(move |b| (a, b)));
            !old.displaced && !new.displaced && pairs.all(|(a, b)| always_disjoint(stencil, *a, *b))
        };
        match shared.iter_mut().find(|group| group.iter().all(apart)) {
            Some(group) => group.push(new),
            None => shared.push(vec![new]),
        }
    }
    let mut fields = HashMap::new();
    let mut statements = Vec::new();
    for group in shared {
        let name = stencil.fresh_name("pre");
        let field = stencil.add_static(&name);
        let alone = group.len() == 1;
        for Hoisted { base, regions, .. } in group {
            fields.insert(*base, field);
            let regions = if alone { &[DOMAIN][..] } else { regions };
            statements.extend(regions.iter().map(|&region| computed(field, region, *base)));
        }
    }
    // Loops over the same regions next to each other, to be one.
    statements.sort_by_key(|s| !matches!(s.kind, StatementKind::Update { region: DOMAIN, .. }));
    (fields, statements)
}

fn computed(field: FieldId, region: RegionId, value: ExprId) -> Statement {
    let target = Target { field, time: 0 };
    let kind = StatementKind::Update { target, region, mode: WriteMode::Assign, value };
    Statement { when: Predicate::Always, kind }
}

fn replace(
    stencil: &mut Stencil,
    value: ExprId,
    written: &[FieldId],
    fields: &HashMap<ExprId, FieldId>,
) -> ExprId {
    let mut replaced = HashMap::new();
    for (id, offset, closure) in worthwhile(stencil, value, written) {
        let field = fields[&at_the_point(&mut stencil.exprs, id)];
        let moved = stencil.exprs.intern(Expr::Load { field, time: 0, offset, closure });
        replaced.insert(id, moved);
    }
    stencil.exprs.substitute(value, &mut |_, id| replaced.get(&id).copied())
}

/// The largest time-invariant parts of a value that are worth a function of their own.
fn worthwhile(stencil: &mut Stencil, root: ExprId, written: &[FieldId]) -> Vec<Part> {
    let nodes = stencil.exprs.reachable(&[root]);
    // What reads a function that a step computes changes with it, static or not.
    let computed = |id| stencil.reads(&[id]).iter().any(|read| written.contains(&read.field));
    let invariant =
        |id: ExprId| stencil.is_time_invariant(id) && !stencil.is_uniform(id) && !computed(id);
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
