//! Layers: what is zero inside is not read inside.

use retrograd_ir::{
    DOMAIN, DimSet, Expr, ExprId, Field, Levels, RegionId, Statement, StatementKind, Stencil,
    Target,
};

use super::shells::shells_around;
use crate::algebra::Build;

/// Splits dense updates over the whole grid that read a function known to be zero in some region
/// (an absorbing layer's damping) into one update for that region, where the function is replaced
/// by zero, and one per shell around it.
///
/// Updates next to each other are split alike, so that they stay in one loop; those that read away from
/// the point what others have written begin another one. The boxes cover the
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
            let alike = run.last().is_none_or(|last| last.when == statement.when);
            if whole && alike && !reads_written_elsewhere(&stencil, &run, &statement) {
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
    let regions: Vec<RegionId> =
        run.iter().flat_map(|s| zero_regions(stencil, s.kind.value())).collect();
    // In the smallest of several all are zero.
    let in_all = |r: &&RegionId| regions.iter().all(|other| contains(stencil, *other, **r));
    let zero_in = regions.iter().find(in_all).or(regions.first()).copied();
    // What reads its neighbours' old values has to see them all.
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

fn zero_regions(stencil: &Stencil, value: ExprId) -> Vec<RegionId> {
    let reads = stencil.reads(&[value]);
    let parameters = reads.iter().map(|r| (stencil.field(r.field), r.offset));
    let regions = parameters.filter_map(|(field, offset)| {
        field.zero_in.filter(|_| offset.is_zero() && field.levels == Levels::Static)
    });
    regions.collect()
}

/// Whether a region holds another one, whatever the widths of layers.
fn contains(stencil: &Stencil, outer: RegionId, inner: RegionId) -> bool {
    let bounds = |id: RegionId| stencil.regions[id.0 as usize].bounds.iter().flatten();
    let mut pairs = bounds(outer).zip(bounds(inner));
    pairs.all(|(a, b)| {
        let end = a.width.is_none() && a.cells == 0;
        a.side == b.side && (end || a.width == b.width && a.cells <= b.cells)
    })
}

/// The value with the functions that vanish in `inner` replaced by zero.
fn without(stencil: &mut Stencil, value: ExprId, inner: RegionId) -> ExprId {
    let vanishes = |f: &Field| f.zero_in.is_some_and(|region| contains(stencil, region, inner));
    let vanishing: Vec<bool> = stencil.fields.iter().map(vanishes).collect();
    stencil.exprs.substitute(value, &mut |arena, id| match arena[id] {
        Expr::Load { field, offset, .. } if vanishing[field.0 as usize] && offset.is_zero() => {
            Some(arena.constant(0.0))
        }
        _ => None,
    })
}
