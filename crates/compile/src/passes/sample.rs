//! Receivers: sampled before the step that overwrites what they read.

use retrograd_ir::{Predicate, Statement, StatementKind, Stencil};

/// Moves the sampling of what a step finds (no level and no function that the step writes) before
/// everything else: behind the updates it would keep the oldest level in its buffer, and new levels
/// would need buffers of their own. Changes no number.
///
/// Samples that the same step injects, and statements under a predicate, stay where they are.
#[must_use]
pub fn sample_early(mut stencil: Stencil) -> Stencil {
    for number in 0..stencil.steps.len() {
        let statements = std::mem::take(&mut stencil.steps[number].statements);
        let (first, rest): (Vec<Statement>, Vec<Statement>) =
            statements.iter().partition(|statement| may_be_first(&stencil, &statements, statement));
        stencil.steps[number].statements = first.into_iter().chain(rest).collect();
    }
    stencil
}

fn may_be_first(stencil: &Stencil, all: &[Statement], statement: &Statement) -> bool {
    let StatementKind::Interpolate { sparse, value, .. } = statement.kind else { return false };
    let reads = stencil.reads(&[value]);
    let meets = |other: &Statement| {
        let written = Stencil::written(other);
        let overwrites = |r: &retrograd_ir::Read| {
            written.is_some_and(|t| (t.field, t.time) == (r.field, r.time))
        };
        let injected = match other.kind {
            StatementKind::Inject { value, .. } => reads_series(stencil, value, sparse),
            _ => false,
        };
        injected || reads.iter().any(overwrites)
    };
    statement.when == Predicate::Always && !all.iter().any(meets)
}

fn reads_series(
    stencil: &Stencil,
    value: retrograd_ir::ExprId,
    sparse: retrograd_ir::SparseId,
) -> bool {
    stencil.exprs.reachable(&[value]).into_iter().any(|id| {
        matches!(stencil.exprs[id], retrograd_ir::Expr::Series { sparse: s, .. } if s == sparse)
    })
}
