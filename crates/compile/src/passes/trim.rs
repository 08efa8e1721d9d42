//! Updates of the whole grid that later ones overwrite in part: computed where they last.

use retrograd_ir::{
    Bound, DOMAIN, DimSet, Predicate, Region, RegionId, Side, Statement, StatementKind, Stencil,
    WriteMode,
};

use crate::schedule::{always_disjoint_boxes, never_above};

/// Boxes that an update is split into at most: more of them cost more than they save.
const MOST_BOXES: usize = 8;

/// A box, as [`Region`] has it.
type Bounds = Vec<[Bound; 2]>;

/// Restricts assignments over the whole grid to the boxes that no later assignment of the step
/// overwrites before anything reads or adds to them: what is said to be zero but in some parts, or to
/// hold but in some, is computed once, and in place where it could be without parts.
///
/// Boxes are cut out of each other by what bounds say for all extents and widths; where that leaves
/// more than is needed, points are computed in vain, as they were before. Functions that live in
/// layers, and what reads them, are left to [`super::restrict_to_shells`]. Changes no number.
#[must_use]
pub fn trim_overwritten(mut stencil: Stencil) -> Stencil {
    let mut steps = std::mem::take(&mut stencil.steps);
    for step in &mut steps {
        let mut result = Vec::with_capacity(step.statements.len());
        for (at, statement) in step.statements.iter().enumerate() {
            let Some(boxes) = lasting(&stencil, statement, &step.statements[at + 1..]) else {
                result.push(*statement);
                continue;
            };
            for bounds in boxes {
                let place = find_or_add(&mut stencil, bounds);
                let mut part = *statement;
                if let StatementKind::Update { region, .. } = &mut part.kind {
                    *region = place;
                }
                result.push(part);
            }
        }
        step.statements = result;
    }
    stencil.steps = steps;
    stencil
}

/// The boxes where an assignment over the whole grid lasts; nothing where that is everywhere, or where
/// it is left whole.
fn lasting(stencil: &Stencil, statement: &Statement, later: &[Statement]) -> Option<Vec<Bounds>> {
    let StatementKind::Update { target, region: DOMAIN, mode: WriteMode::Assign, .. } =
        statement.kind
    else {
        return None;
    };
    let field = stencil.field(target.field);
    let reads = stencil.reads(&Stencil::roots(statement));
    let layered = reads.iter().any(|read| stencil.field(read.field).zero_in.is_some());
    let itself = reads.iter().any(|read| (read.field, read.time) == (target.field, target.time));
    let full = field.dims == DimSet::first(stencil.dims.len());
    if layered || itself || field.zero_in.is_some() || !full {
        return None;
    }
    let mut left = vec![stencil.regions[DOMAIN.0 as usize].bounds.clone()];
    let mut overwritten = false;
    for other in later {
        let reads = stencil.reads(&Stencil::roots(other));
        if reads.iter().any(|read| (read.field, read.time) == (target.field, target.time)) {
            break;
        }
        if Stencil::written(other) != Some(target) {
            continue;
        }
        let StatementKind::Update { region, mode: WriteMode::Assign, .. } = other.kind else {
            break;
        };
        let alike = other.when == statement.when && !matches!(other.when, Predicate::While { .. });
        if other.when != Predicate::Always && !alike {
            continue;
        }
        let hole = &stencil.regions[region.0 as usize].bounds;
        let rest: Vec<Bounds> = left.iter().flat_map(|piece| without(piece, hole)).collect();
        if rest.len() > MOST_BOXES {
            break;
        }
        left = rest;
        overwritten = true;
    }
    overwritten.then_some(left)
}

/// Boxes that together hold every point of `piece` that is not in `hole`, and beside these only
/// points of the holes cut out before.
fn without(piece: &[[Bound; 2]], hole: &[[Bound; 2]]) -> Vec<Bounds> {
    if always_disjoint_boxes(piece, hole) {
        return vec![piece.to_vec()];
    }
    let mut result = Vec::new();
    let mut inner = piece.to_vec();
    for (d, ([low, high], [first, last])) in piece.iter().zip(hole).enumerate() {
        for (needless, bounds) in
            [(in_order(*first, *low), [*low, *first]), (in_order(*high, *last), [*last, *high])]
        {
            if !needless {
                let mut beside = inner.clone();
                beside[d] = bounds;
                result.push(beside);
            }
        }
        let from = if in_order(*low, *first) { first } else { low };
        let to = if in_order(*last, *high) { last } else { high };
        inner[d] = [*from, *to];
    }
    result
}

/// Whether the index of `a` never exceeds that of `b`.
fn in_order(a: Bound, b: Bound) -> bool {
    never_above(a, b) || a == Bound::end(Side::Low) || b == Bound::end(Side::High)
}

fn find_or_add(stencil: &mut Stencil, bounds: Bounds) -> RegionId {
    let known = stencil.regions.iter().position(|region| region.bounds == bounds);
    RegionId(known.unwrap_or_else(|| {
        let name = stencil.fresh_name("rest");
        stencil.regions.push(Region { name, bounds });
        stencil.regions.len() - 1
    }) as u32)
}
