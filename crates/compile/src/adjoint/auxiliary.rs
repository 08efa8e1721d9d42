//! Auxiliary functions: static functions that a step computes before it reads them.
//!
//! Shared derivatives that are read at many offsets are stored once per step. To differentiate,
//! such a function is a time function of which the new level alone is used; afterwards it, its
//! adjoint and whatever else of the reverse sweep is read at its new level alone needs one buffer
//! and no history.

use retrograd_ir::{
    DOMAIN, Expr, FieldId, Levels, Predicate, Statement, StatementKind, Stencil, Target, WriteMode,
};

use super::AdjointError;
use crate::algebra::Build;

/// The static functions that the statements compute, in order.
///
/// # Errors
/// One that is read before, added to, or computed in some steps or places only: it carries data from
/// step to step.
pub(super) fn computed(
    stencil: &Stencil,
    statements: &[Statement],
) -> Result<Vec<FieldId>, AdjointError> {
    let mut found: Vec<FieldId> = Vec::new();
    for (at, statement) in statements.iter().enumerate() {
        let Some(target) = Stencil::written(statement) else { continue };
        if stencil.field(target.field).levels != Levels::Static || found.contains(&target.field) {
            continue;
        }
        let whole = matches!(
            statement.kind,
            StatementKind::Update { region: DOMAIN, mode: WriteMode::Assign, .. }
        );
        let reads = |s: &Statement| {
            let reads = stencil.reads(&Stencil::roots(s));
            reads.iter().any(|r| r.field == target.field)
        };
        if !whole || statement.when != Predicate::Always || statements[..=at].iter().any(reads) {
            let field = stencil.field(target.field).name.clone();
            return Err(AdjointError::StaticTarget { field });
        }
        found.push(target.field);
    }
    Ok(found)
}

/// The statements with auxiliary functions at their new level, as time functions.
pub(super) fn as_time_functions(
    stencil: &mut Stencil,
    fields: &[FieldId],
    statements: &[Statement],
) -> Vec<Statement> {
    for field in fields {
        stencil.fields[field.0 as usize].levels = Levels::Time(2);
    }
    statements.iter().map(|s| moved(stencil, s, &|f| fields.contains(&f), 0, 1)).collect()
}

/// Those time functions among the candidates that no step reads at a level it kept become static in
/// all steps.
pub(super) fn without_history(stencil: &mut Stencil, candidate: &dyn Fn(FieldId) -> bool) {
    let ids = (0..stencil.fields.len() as u32).map(FieldId);
    let timed = |f: FieldId| matches!(stencil.field(f).levels, Levels::Time(_));
    let mut needed: Vec<bool> = ids.map(|f| !timed(f) || !candidate(f)).collect();
    for statement in stencil.steps.iter().flat_map(|s| &s.statements) {
        for read in stencil.reads(&Stencil::roots(statement)) {
            needed[read.field.0 as usize] |= read.time != 1;
        }
    }
    let mut steps = std::mem::take(&mut stencil.steps);
    for statement in steps.iter_mut().flat_map(|s| &mut s.statements) {
        *statement = moved(stencil, statement, &|f| !needed[f.0 as usize], 1, 0);
    }
    stencil.steps = steps;
    for (field, needed) in stencil.fields.iter_mut().zip(needed) {
        if !needed {
            field.levels = Levels::Static;
        }
    }
}

/// The statement with level `from` of the chosen functions replaced by level `to`.
fn moved(
    stencil: &mut Stencil,
    statement: &Statement,
    chosen: &dyn Fn(FieldId) -> bool,
    from: i8,
    to: i8,
) -> Statement {
    let mut exprs = std::mem::take(&mut stencil.exprs);
    let value = exprs.substitute(statement.kind.value(), &mut |arena, id| match arena[id] {
        Expr::Load { field, time, offset, closure } if chosen(field) && time == from => {
            Some(arena.intern(Expr::Load { field, time: to, offset, closure }))
        }
        _ => None,
    });
    stencil.exprs = exprs;
    let mut kind = statement.kind.with_value(value);
    match &mut kind {
        StatementKind::Update { target, .. } | StatementKind::Inject { target, .. }
            if chosen(target.field) =>
        {
            *target = Target { field: target.field, time: to };
        }
        _ => {}
    }
    Statement { when: statement.when, kind }
}
