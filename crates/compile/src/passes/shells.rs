//! Shells: what lives in a layer alone is computed and read in that layer alone.

use retrograd_ir::{
    Bound, DOMAIN, DimSet, Expr, ExprId, FieldId, Levels, Offset, Read, Region, RegionId, Side,
    Statement, StatementKind, Stencil, Target, WriteMode,
};

use super::SETUP;
use crate::algebra::{Build, derivative};

/// Restricts dense updates over the whole grid to where they can make a difference:
///
/// * an update of a function that is zero in a region (the memory of an absorbing layer, its
///   adjoint) becomes one update per shell around the region;
/// * an update that reads such time functions or tapes, linearly, becomes an update of the whole grid
///   without them, and one per shell that adds their part. Where they are read at an offset, the
///   shells are wider by it.
///
/// Values change by the rounding of sums taken in another order. Shells are disjoint if the layers
/// leave room between them: who sets the widths has to see to that. Parameters that are zero in a
/// region (the damping of a sponge) are left to [`super::split_layers`], as they may stand in
/// denominators. An update that is not linear in what it reads from a layer stays whole.
#[must_use]
pub fn restrict_to_shells(mut stencil: Stencil) -> Stencil {
    let fields = (0..stencil.fields.len() as u32).map(FieldId);
    let layers: Vec<Option<RegionId>> = fields.map(|f| layer(&stencil, f)).collect();
    let mut steps = std::mem::take(&mut stencil.steps);
    for step in &mut steps {
        let mut pending = Pending { groups: Vec::new(), layers: &layers };
        let mut result = Vec::with_capacity(step.statements.len());
        for statement in step.statements.drain(..) {
            pending.statement(&mut stencil, statement, &mut result);
        }
        pending.flush(&mut result);
        step.statements = result;
    }
    stencil.steps = steps;
    stencil
}

/// Updates of shells that wait for the end of the updates of the whole grid next to them, so that
/// these share a sweep.
struct Pending<'a> {
    /// The region that each function of steps is zero in.
    layers: &'a [Option<RegionId>],
    /// One list per region around which the shells lie, with the reach into it.
    groups: Vec<Group>,
}

struct Group {
    inner: RegionId,
    reach: u8,
    shells: Vec<(RegionId, Vec<Statement>)>,
}

/// An update of the shells around a region.
struct Part {
    inner: RegionId,
    reach: u8,
    target: Target,
    mode: WriteMode,
    value: ExprId,
}

impl Pending<'_> {
    fn flush(&mut self, result: &mut Vec<Statement>) {
        for group in self.groups.drain(..) {
            result.extend(group.shells.into_iter().flat_map(|(_, statements)| statements));
        }
    }

    fn statement(
        &mut self,
        stencil: &mut Stencil,
        statement: Statement,
        result: &mut Vec<Statement>,
    ) {
        let StatementKind::Update { target, region: DOMAIN, mode, value } = statement.kind else {
            self.flush(result);
            result.push(statement);
            return;
        };
        if let Some(inner) = stencil.field(target.field).zero_in {
            let part = Part { inner, reach: 0, target, mode, value };
            self.part(stencil, &statement, &part, result);
            return;
        }
        let (whole, parts) = taken_apart(stencil, self.layers, target, value);
        let kind = StatementKind::Update { target, region: DOMAIN, mode, value: whole };
        let whole = Statement { when: statement.when, kind };
        if self.conflicts(stencil, &whole, None) {
            self.flush(result);
        }
        result.push(whole);
        for part in &parts {
            self.part(stencil, &statement, part, result);
        }
    }

    /// Adds an update of shells, behind what it has to come after.
    fn part(
        &mut self,
        stencil: &mut Stencil,
        like: &Statement,
        part: &Part,
        result: &mut Vec<Statement>,
    ) {
        let Part { inner, reach, target, mode, value } = *part;
        let kind = StatementKind::Update { target, region: DOMAIN, mode, value };
        let statement = Statement { when: like.when, kind };
        if self.conflicts(stencil, &statement, Some((inner, reach))) {
            self.flush(result);
        }
        let known = self.groups.iter().position(|g| (g.inner, g.reach) == (inner, reach));
        let at = known.unwrap_or_else(|| {
            let shells = shells_around(stencil, inner, reach);
            let shells = shells.into_iter().map(|shell| (shell, Vec::new())).collect();
            self.groups.push(Group { inner, reach, shells });
            self.groups.len() - 1
        });
        for (shell, statements) in &mut self.groups[at].shells {
            let kind = StatementKind::Update { target, region: *shell, mode, value };
            statements.push(Statement { when: like.when, kind });
        }
    }

    /// Whether a statement has to come after some of the updates that wait, those of one group
    /// excepted: within a group order is kept.
    fn conflicts(
        &self,
        stencil: &Stencil,
        statement: &Statement,
        own: Option<(RegionId, u8)>,
    ) -> bool {
        let others = self.groups.iter().filter(|g| Some((g.inner, g.reach)) != own);
        let mut waiting = others.flat_map(|g| &g.shells).flat_map(|(_, all)| all);
        waiting.any(|earlier| {
            earlier.when != statement.when
                || touches(stencil, earlier, statement)
                || touches(stencil, statement, earlier)
                || both_write(earlier, statement)
        })
    }
}

/// Whether `second` reads what `first` writes.
fn touches(stencil: &Stencil, first: &Statement, second: &Statement) -> bool {
    let reads = stencil.reads(&Stencil::roots(second));
    Stencil::written(first)
        .is_some_and(|t| reads.iter().any(|r| (r.field, r.time) == (t.field, t.time)))
}

/// Whether one of them replaces what the other one writes, or both add to it: sums keep their order.
fn both_write(a: &Statement, b: &Statement) -> bool {
    Stencil::written(a).is_some() && Stencil::written(a) == Stencil::written(b)
}

/// The value without what it reads from layers, and the parts that this adds, per region and reach;
/// the value as it is where it is not linear in them.
fn taken_apart(
    stencil: &mut Stencil,
    layers: &[Option<RegionId>],
    target: Target,
    value: ExprId,
) -> (ExprId, Vec<Part>) {
    let mut parts: Vec<Part> = Vec::new();
    for read in stencil.reads(&[value]) {
        let Some(inner) = layers[read.field.0 as usize] else { continue };
        let Read { field, time, offset, closure } = read;
        let leaf = stencil.exprs.intern(Expr::Load { field, time, offset, closure });
        let slope = derivative(&mut stencil.exprs, value, leaf);
        let reads = stencil.reads(&[slope]);
        if reads.iter().any(|r| layers[r.field.0 as usize].is_some()) {
            return (value, Vec::new());
        }
        let term = stencil.exprs.mul(slope, leaf);
        let reach = reach(stencil, inner, offset);
        let known = parts.iter_mut().find(|p| p.inner == inner);
        if let Some(part) = known {
            part.reach = part.reach.max(reach);
            part.value = stencil.exprs.add(part.value, term);
        } else {
            parts.push(Part { inner, reach, target, mode: WriteMode::Add, value: term });
        }
    }
    let whole = stencil.exprs.substitute(value, &mut |arena, id| match arena[id] {
        Expr::Load { field, .. } if layers[field.0 as usize].is_some() => Some(arena.constant(0.0)),
        _ => None,
    });
    (whole, parts)
}

fn layer(stencil: &Stencil, field: FieldId) -> Option<RegionId> {
    let full = stencil.field(field).dims == DimSet::first(stencil.dims.len());
    stencil.lives_outside(field).filter(|_| full && !is_parameter(stencil, field))
}

/// Whether no step but `setup` computes a function.
fn is_parameter(stencil: &Stencil, field: FieldId) -> bool {
    let steps = stencil.steps.iter().filter(|step| step.name != SETUP);
    let mut written = steps.flat_map(|step| step.statements.iter().filter_map(Stencil::written));
    stencil.field(field).levels == Levels::Static && !written.any(|t| t.field == field)
}

/// How far a read reaches out of the region, along the dimensions that it does not fill.
fn reach(stencil: &Stencil, inner: RegionId, offset: Offset) -> u8 {
    let bounds = stencil.regions[inner.0 as usize].bounds.iter();
    let whole = [Bound::end(Side::Low), Bound::end(Side::High)];
    let along = bounds.zip(offset.0).filter(|(b, _)| **b != whole);
    along.map(|(_, o)| o.unsigned_abs()).max().unwrap_or(0)
}

/// The boxes around a region made smaller by `reach` on every side where it has a layer: two per
/// such dimension, earlier dimensions restricted to the region's range, later ones in full.
pub(super) fn shells_around(stencil: &mut Stencil, inner: RegionId, reach: u8) -> Vec<RegionId> {
    let Region { name, mut bounds } = stencil.regions[inner.0 as usize].clone();
    let whole = stencil.regions[DOMAIN.0 as usize].bounds.clone();
    let layered: Vec<usize> = (0..bounds.len()).filter(|&d| bounds[d] != whole[d]).collect();
    for &d in &layered {
        for bound in bounds[d].iter_mut().filter(|b| b.width.is_some() || b.cells > 0) {
            bound.cells = bound.cells.saturating_add(reach);
        }
    }
    let mut result = Vec::new();
    for dim in layered {
        for side in [Side::Low, Side::High] {
            let mut shell = whole.clone();
            shell[..dim].clone_from_slice(&bounds[..dim]);
            let (end, letter) = match side {
                Side::Low => (&mut shell[dim][1], "low"),
                Side::High => (&mut shell[dim][0], "high"),
            };
            *end = bounds[dim][usize::from(side == Side::High)];
            if shell[dim][0] == shell[dim][1] {
                continue;
            }
            let wider = if reach > 0 { format!("_{reach}") } else { String::new() };
            let name = format!("{name}_{}_{letter}{wider}", stencil.dims[dim].name);
            result.push(find_or_add(stencil, Region { name, bounds: shell }));
        }
    }
    result
}

fn find_or_add(stencil: &mut Stencil, region: Region) -> RegionId {
    let known = stencil.regions.iter().position(|r| *r == region);
    RegionId(known.unwrap_or_else(|| {
        stencil.regions.push(region);
        stencil.regions.len() - 1
    }) as u32)
}
