//! Loop nests: which updates share a loop, and what must wait for what.
//!
//! A step becomes a list of phases. A phase may start without waiting as long as threads read, of
//! what others write, nothing that has changed since they last waited for each other, and write
//! nothing that others may still be reading.
//!
//! What the executor has to keep to:
//! * Each thread owns one range of the outermost dimension of the *grid*, the same in all phases.
//!   It works on the part of a region, and on the touched grid points of an injection, that lie in
//!   its range. Sparse points of interpolations are split in any way that depends on the points
//!   only.
//! * All threads wait where [`Wait::All`] says so even if the phase does not act in this step, and
//!   at the end of every step.
//! * Functions that are written vary along every dimension; no phase reads at an offset what it
//!   writes ([`crate::emit`] refuses both).

use std::collections::HashMap;

use retrograd_ir::{
    BinaryOp, Bound, Expr, ExprId, FieldId, Levels, Offset, Predicate, Read, Region, RegionId,
    ScalarId, Side, SparseId, Statement, StatementKind, Stencil, Target, WriteMode,
};

use crate::algebra::Build;

/// Dense updates that share one sweep over the rows of the grid: a row is finished before the
/// next one begins, whatever regions it crosses.
#[derive(Clone, PartialEq, Debug)]
pub struct LoopNest {
    /// At least one. Where their regions overlap, a row of the grid is finished part by part, in
    /// this order.
    pub parts: Vec<Part>,
}

/// Dense updates over one region. Values read memory as it is before the part, at the point: what an
/// earlier update of the part wrote there has been substituted.
#[derive(Clone, PartialEq, Debug)]
pub struct Part {
    /// Where.
    pub region: RegionId,
    /// What is written, with its value.
    pub outputs: Vec<(Target, ExprId)>,
}

impl LoopNest {
    /// Everything that is written, with its value.
    pub fn outputs(&self) -> impl Iterator<Item = &(Target, ExprId)> {
        self.parts.iter().flat_map(|part| &part.outputs)
    }
}

impl Part {
    /// What is computed.
    pub fn values(&self) -> Vec<ExprId> {
        self.outputs.iter().map(|(_, value)| *value).collect()
    }
}

/// What a phase does.
#[derive(Clone, PartialEq, Debug)]
pub enum PhaseKind {
    /// A loop nest, split over threads by the outermost dimension.
    Nest(LoopNest),
    /// An injection, an interpolation or a reduction.
    Other(StatementKind),
}

/// One part of a step.
#[derive(Clone, PartialEq, Debug)]
pub struct Phase {
    /// When it acts.
    pub when: Predicate,
    /// What it does.
    pub kind: PhaseKind,
    /// Whether threads have to wait for each other before it.
    pub waits: Wait,
}

impl Phase {
    /// Its expressions.
    pub fn values(&self) -> Vec<ExprId> {
        match &self.kind {
            PhaseKind::Nest(nest) => nest.outputs().map(|(_, v)| *v).collect(),
            PhaseKind::Other(kind) => vec![kind.value()],
        }
    }
}

/// Whether threads wait for each other before a phase.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Wait {
    /// No: nothing that it touches has been touched by another thread since they last waited,
    /// except for reads on both sides.
    No,
    /// Yes.
    All,
}

/// A step ready for a back end.
#[derive(Clone, PartialEq, Debug)]
pub struct Schedule {
    /// Its phases, in order.
    pub phases: Vec<Phase>,
    /// The time functions whose new level may overwrite their oldest one: dense updates alone
    /// read that level, at the point, in the loop that overwrites it, or anywhere in phases before
    /// it. Holds for grids on which no region of the stencil has its lower bound above
    /// its upper one (layers that meet): others need a level more.
    pub in_place: Vec<FieldId>,
}

/// Schedules step number `step` of a stencil.
///
/// Adds expressions to the stencil (forwarded values); the program itself does not change.
pub fn schedule(stencil: &mut Stencil, step: usize) -> Schedule {
    let statements = stencil.steps[step].statements.clone();
    let mut phases: Vec<Phase> = Vec::new();
    for statement in &statements {
        if fuse(stencil, &mut phases, statement) {
            continue;
        }
        let kind = match statement.kind {
            StatementKind::Update { target, region, mode, value } => {
                let value = written_value(stencil, target, mode, value);
                let part = Part { region, outputs: vec![(target, value)] };
                PhaseKind::Nest(LoopNest { parts: vec![part] })
            }
            other => PhaseKind::Other(other),
        };
        phases.push(Phase { when: statement.when, kind, waits: Wait::No });
    }
    let in_place = in_place_fields(stencil, &phases);
    place_waits(stencil, &mut phases, &in_place);
    Schedule { phases, in_place }
}

/// `target + value` for an update that adds.
fn written_value(stencil: &mut Stencil, target: Target, mode: WriteMode, value: ExprId) -> ExprId {
    match mode {
        WriteMode::Assign => value,
        WriteMode::Add => {
            let old = stencil.exprs.load(target, Offset::ZERO);
            stencil.exprs.intern(Expr::Binary { op: BinaryOp::Add, lhs: old, rhs: value })
        }
    }
}

/// Joins an update to the last nest if it has the same predicate, reads at the point only what the
/// nest writes and writes what the nest reads at the point only: to the last part if that has the
/// same region and nothing is converted between number types, else as a part of its own.
fn fuse(stencil: &mut Stencil, phases: &mut [Phase], statement: &Statement) -> bool {
    let StatementKind::Update { target, region, mode, value } = statement.kind else {
        return false;
    };
    let Some(Phase { when, kind: PhaseKind::Nest(nest), .. }) = phases.last_mut() else {
        return false;
    };
    if *when != statement.when {
        return false;
    }
    let value = written_value(stencil, target, mode, value);
    let same = |r: &Read, t: &Target| (r.field, r.time) == (t.field, t.time);
    let away = |r: &Read, t: &Target| same(r, t) && !r.offset.is_zero();
    let reads = stencil.reads(&[value]);
    let earlier: Vec<ExprId> = nest.outputs().map(|(_, v)| *v).collect();
    if nest.outputs().any(|(t, _)| reads.iter().any(|r| away(r, t)))
        || stencil.reads(&earlier).iter().any(|r| away(r, &target))
    {
        return false;
    }
    let last = nest.parts.last_mut().filter(|part| part.region == region);
    if let Some(part) = last {
        let converts = |t: &Target| stencil.field(t.field).dtype != stencil.dtype;
        let converted = |t: &Target| converts(t) && reads.iter().any(|r| same(r, t));
        if part.outputs.iter().any(|(t, _)| converted(t)) {
            return false;
        }
        let value = forward(stencil, value, &part.outputs);
        part.outputs.retain(|(t, _)| *t != target);
        part.outputs.push((target, value));
        return true;
    }
    nest.parts.push(Part { region, outputs: vec![(target, value)] });
    true
}

/// `value` with the reads of `outputs` replaced by what is written there, operation by operation:
/// folding would change bits.
fn forward(stencil: &mut Stencil, value: ExprId, outputs: &[(Target, ExprId)]) -> ExprId {
    let mut renamed: HashMap<ExprId, ExprId> = HashMap::new();
    for id in stencil.exprs.reachable(&[value]) {
        let written = match stencil.exprs[id] {
            Expr::Load { field, time, .. } => {
                outputs.iter().find(|(t, _)| *t == Target { field, time }).map(|(_, v)| *v)
            }
            _ => None,
        };
        let moved = stencil.exprs[id].map_operands(|op| renamed[&op]);
        let new = written.unwrap_or_else(|| stencil.exprs.intern(moved));
        renamed.insert(id, new);
    }
    renamed[&value]
}

/// The level of a time function that falls out of its window after the step.
fn oldest(stencil: &Stencil, field: FieldId) -> Option<Target> {
    match stencil.field(field).levels {
        Levels::Time(n) if n >= 2 => Some(Target { field, time: 2 - n as i8 }),
        Levels::Time(_) | Levels::Static | Levels::Tape => None,
    }
}

/// Proved over the whole step, sparse reads and accumulations included.
fn in_place_fields(stencil: &Stencil, phases: &[Phase]) -> Vec<FieldId> {
    let ids = (0..stencil.fields.len() as u32).map(FieldId);
    ids.filter(|&field| {
        oldest(stencil, field).is_some_and(|old| may_overwrite(stencil, phases, old))
    })
    .collect()
}

/// Whether the new level of a function may overwrite the level `old`, phase after phase. Values
/// of a nest read memory as it is before the loop, so that within one nest any read at the point
/// comes before the write.
fn may_overwrite(stencil: &Stencil, phases: &[Phase], old: Target) -> bool {
    let new = Target { field: old.field, time: 1 };
    let mut overwritten: Vec<RegionId> = Vec::new();
    let of_old = |roots: &[ExprId]| {
        let mut reads = stencil.reads(roots);
        reads.retain(|r| (r.field, r.time) == (old.field, old.time));
        reads
    };
    for phase in phases {
        match &phase.kind {
            PhaseKind::Nest(nest) => {
                let writes = nest.outputs().any(|(t, _)| *t == new);
                for part in &nest.parts {
                    let values: Vec<ExprId> = part.outputs.iter().map(|(_, v)| *v).collect();
                    let untouched = overwritten.iter().all(|&r| disjoint(stencil, r, part.region));
                    let safe = !writes && overwritten.is_empty();
                    let reads = of_old(&values);
                    if !safe && reads.iter().any(|r| !r.offset.is_zero() || !untouched) {
                        return false;
                    }
                    if part.outputs.iter().any(|(t, _)| *t == new) {
                        overwritten.push(part.region);
                    }
                }
            }
            PhaseKind::Other(kind) => {
                // Sampled from anywhere: before the first point is overwritten.
                if !overwritten.is_empty() && !of_old(&[kind.value()]).is_empty() {
                    return false;
                }
                // Injected anywhere: no point of the old level is safe from then on.
                if matches!(kind, StatementKind::Inject { target, .. } if *target == new) {
                    overwritten.push(retrograd_ir::DOMAIN);
                }
            }
        }
    }
    !overwritten.is_empty()
}

/// Whether two regions share no grid point, for all extents and widths for which no region of the
/// stencil has its lower bound above its upper one.
fn disjoint(stencil: &Stencil, a: RegionId, b: RegionId) -> bool {
    let region = |id: RegionId| -> &Region { &stencil.regions[id.0 as usize] };
    let mut sides = region(a).bounds.iter().zip(&region(b).bounds).enumerate();
    sides.any(|(d, (a, b))| not_above(stencil, d, a[1], b[0]) || not_above(stencil, d, b[1], a[0]))
}

/// Whether two regions share no grid point, whatever the extents and widths.
pub(crate) fn always_disjoint(stencil: &Stencil, a: RegionId, b: RegionId) -> bool {
    let bounds = |id: RegionId| &stencil.regions[id.0 as usize].bounds;
    always_disjoint_boxes(bounds(a), bounds(b))
}

/// The same of boxes.
pub(crate) fn always_disjoint_boxes(a: &[[Bound; 2]], b: &[[Bound; 2]]) -> bool {
    a.iter().zip(b).any(|(a, b)| never_above(a[1], b[0]) || never_above(b[1], a[0]))
}

/// Whether the index of `a` never exceeds that of `b`, both along dimension `dim`.
fn not_above(stencil: &Stencil, dim: usize, a: Bound, b: Bound) -> bool {
    let in_order = || stencil.regions.iter().any(|r| r.bounds[dim] == [a, b]);
    never_above(a, b) || (a.side, b.side) == (Side::Low, Side::High) && in_order()
}

/// The same, as far as it follows from the bounds alone: of two that count from the same end.
pub(crate) fn never_above(a: Bound, b: Bound) -> bool {
    let nearer_the_end = |outer: Bound, inner: Bound| {
        outer.cells <= inner.cells && (outer.width.is_none() || outer.width == inner.width)
    };
    match (a.side, b.side) {
        (Side::Low, Side::Low) => nearer_the_end(a, b),
        (Side::High, Side::High) => nearer_the_end(b, a),
        (Side::Low, Side::High) | (Side::High, Side::Low) => false,
    }
}

/// What threads share.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Resource {
    /// A level of a function, an entry of a tape.
    Level(Target),
    /// Samples, of all steps.
    Series(SparseId),
    /// The result of a reduction.
    Scalar(ScalarId),
}

/// What a phase touches.
struct Access {
    /// Reads of what other threads may own.
    far_reads: Vec<Resource>,
    writes: Vec<Resource>,
}

fn access(stencil: &Stencil, phase: &Phase) -> Access {
    let roots = phase.values();
    // Updates and injections read, at offset zero, what the thread owns; the others anything.
    let near = match &phase.kind {
        PhaseKind::Nest(_) => true,
        PhaseKind::Other(kind) => matches!(kind, StatementKind::Inject { .. }),
    };
    let reads = stencil.reads(&roots).into_iter().filter(|r| !near || !r.offset.is_zero());
    let mut far_reads: Vec<Resource> =
        reads.map(|r| Resource::Level(Target { field: r.field, time: r.time })).collect();
    let nodes = stencil.exprs.reachable(&roots).into_iter();
    far_reads.extend(nodes.filter_map(|id| match stencil.exprs[id] {
        Expr::Series { sparse, .. } => Some(Resource::Series(sparse)),
        Expr::Scalar(scalar) => Some(Resource::Scalar(scalar)),
        _ => None,
    }));
    let writes = match &phase.kind {
        PhaseKind::Nest(nest) => nest.outputs().map(|(t, _)| Resource::Level(*t)).collect(),
        PhaseKind::Other(kind) => vec![match *kind {
            StatementKind::Update { target, .. } | StatementKind::Inject { target, .. } => {
                Resource::Level(target)
            }
            StatementKind::Interpolate { sparse, .. } => Resource::Series(sparse),
            StatementKind::Reduce { scalar, .. } => Resource::Scalar(scalar),
        }],
    };
    Access { far_reads, writes }
}

/// A phase that writes a new level in place overwrites the oldest one as well, which other phases may
/// have read anywhere.
fn place_waits(stencil: &Stencil, phases: &mut [Phase], in_place: &[FieldId]) {
    let overwritten = |written: &Resource| match *written {
        Resource::Level(Target { field, time: 1 }) if in_place.contains(&field) => {
            oldest(stencil, field).map(Resource::Level)
        }
        _ => None,
    };
    let (mut written, mut far_read): (Vec<Resource>, Vec<Resource>) = (Vec::new(), Vec::new());
    for phase in phases {
        let Access { far_reads, mut writes } = access(stencil, phase);
        let old: Vec<Resource> = writes.iter().filter_map(overwritten).collect();
        writes.extend(old);
        let conflict = far_reads.iter().any(|t| written.contains(t))
            || writes.iter().any(|t| far_read.contains(t));
        let reduces = matches!(phase.kind, PhaseKind::Other(StatementKind::Reduce { .. }));
        if conflict || reduces {
            phase.waits = Wait::All;
            written.clear();
            far_read.clear();
        }
        written.extend(writes);
        far_read.extend(far_reads);
    }
}
