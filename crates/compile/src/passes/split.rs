//! Layers: what is zero inside is not read inside.

use retrograd_ir::{
    DOMAIN, DimSet, Expr, ExprId, Levels, RegionId, Statement, StatementKind, Stencil, Target,
};

use super::shells::shells_around;
use crate::algebra::Build;

/// Splits dense updates over the whole grid that read a function known to be zero in some region
/// (an absorbing layer's damping) into one update for that region, where the function is replaced
/// by zero, and one per shell around it.
///
/// Updates next to each other are split alike, so that they stay in one loop. The boxes cover the
/// grid, and are disjoint if the layers leave room between them: who sets the widths has to see to
/// that, as an update that adds would add twice where layers meet. Values change only in the sign
/// of zeros. Updates stay whole next to one whose target lacks a dimension: it writes a point once
/// per region.
#[must_use]
pub fn split_layers(mut stencil: Stencil) -> Stencil {
    let mut steps = std::mem::take(&mut stencil.steps);
    for step in &mut steps {
        let mut result = Vec::with_capacity(step.statements.len());
        let mut run: Vec<Statement> = Vec::new();
        for statement in step.statements.drain(..) {
            let whole = matches!(statement.kind, StatementKind::Update { region: DOMAIN, .. });
            if whole && run.last().is_none_or(|last| last.when == statement.when) {
                run.push(statement);
                continue;
            }
            split_run(&mut stencil, &mut run, &mut result);
            if whole {
                run.push(statement);
            } else {
                result.push(statement);
            }
        }
        split_run(&mut stencil, &mut run, &mut result);
        step.statements = result;
    }
    stencil.steps = steps;
    stencil
}

fn split_run(stencil: &mut Stencil, run: &mut Vec<Statement>, result: &mut Vec<Statement>) {
    let zero_in = run.iter().find_map(|s| zero_region(stencil, s.kind.value()));
    let shifted = run.iter().any(|s| reads_written_elsewhere(stencil, run, s));
    let full = DimSet::first(stencil.dims.len());
    let lacks = |t: Target| stencil.field(t.field).dims != full;
    let whole = shifted || run.iter().filter_map(Stencil::written).any(lacks);
    let (Some(inner), false) = (zero_in, whole) else {
        result.append(run);
        return;
    };
    let shells = shells_around(stencil, inner, 0);
    for region in std::iter::once(inner).chain(shells) {
        for statement in run.iter() {
            let mut statement = *statement;
            if let StatementKind::Update { region: place, value, .. } = &mut statement.kind {
                *place = region;
                if region == inner {
                    *value = without(stencil, *value, inner);
                }
            }
            result.push(statement);
        }
    }
    run.clear();
}

/// Whether a statement reads, away from the point, what another one of the run writes: then the
/// whole grid has to be finished first.
fn reads_written_elsewhere(stencil: &Stencil, run: &[Statement], statement: &Statement) -> bool {
    let reads = stencil.reads(&Stencil::roots(statement));
    run.iter().filter_map(Stencil::written).any(|target| {
        reads
            .iter()
            .any(|r| (r.field, r.time) == (target.field, target.time) && !r.offset.is_zero())
    })
}

fn zero_region(stencil: &Stencil, value: ExprId) -> Option<RegionId> {
    let reads = stencil.reads(&[value]);
    let mut parameters = reads.iter().map(|r| (stencil.field(r.field), r.offset));
    parameters.find_map(|(field, offset)| {
        field.zero_in.filter(|_| offset.is_zero() && field.levels == Levels::Static)
    })
}

/// The value with the functions that vanish in `inner` replaced by zero.
fn without(stencil: &mut Stencil, value: ExprId, inner: RegionId) -> ExprId {
    let vanishing: Vec<bool> = stencil.fields.iter().map(|f| f.zero_in == Some(inner)).collect();
    stencil.exprs.substitute(value, &mut |arena, id| match arena[id] {
        Expr::Load { field, offset, .. } if vanishing[field.0 as usize] && offset.is_zero() => {
            Some(arena.constant(0.0))
        }
        _ => None,
    })
}
