//! Loop nests: which updates share a loop, and what must wait for what.
//!
//! A step becomes a list of phases. Threads own ranges of the outermost dimension; a phase may
//! start without waiting as long as it reads, of what other threads write, nothing that has
//! changed since they last waited for each other. Threads always wait at the end of a step.

use retrograd_ir::{
    Expr, ExprId, FieldId, Levels, Predicate, Read, RegionId, Statement, StatementKind, Stencil,
    Target, WriteMode,
};

use crate::algebra::Build;

/// Dense updates over one region that share a loop. Values read memory as it is before the loop:
/// what an earlier update of the nest wrote at the point has been substituted.
#[derive(Clone, PartialEq, Debug)]
pub struct LoopNest {
    /// Where.
    pub region: RegionId,
    /// What is written, with its value.
    pub outputs: Vec<(Target, ExprId)>,
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

/// Whether threads wait for each other before a phase.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Wait {
    /// No: it touches only what the thread itself has written.
    No,
    /// Yes.
    All,
}

/// A step ready for a back end.
#[derive(Clone, PartialEq, Debug)]
pub struct Schedule {
    /// Its phases, in order.
    pub phases: Vec<Phase>,
    /// The time functions whose new level may overwrite their oldest one: that level is read at
    /// the point only, in the loop that overwrites it or before, and by nothing afterwards.
    pub in_place: Vec<FieldId>,
}

/// Schedules step number `step` of a stencil.
///
/// Adds expressions to the stencil (forwarded values); the program itself does not change.
pub fn schedule(stencil: &mut Stencil, step: usize) -> Schedule {
    let statements = stencil.steps[step].statements.clone();
    let in_place = in_place_fields(stencil, &statements);
    let mut phases: Vec<Phase> = Vec::new();
    for statement in &statements {
        let fused = fuse(stencil, phases.last_mut(), statement);
        if fused {
            continue;
        }
        let kind = match statement.kind {
            StatementKind::Update { target, region, mode, value } => {
                let value = written_value(stencil, target, mode, value);
                PhaseKind::Nest(LoopNest { region, outputs: vec![(target, value)] })
            }
            other => PhaseKind::Other(other),
        };
        phases.push(Phase { when: statement.when, kind, waits: Wait::No });
    }
    place_waits(stencil, &mut phases, &in_place);
    Schedule { phases, in_place }
}

/// `target + value` for an update that adds.
fn written_value(
    stencil: &mut Stencil,
    target: Target,
    mode: WriteMode,
    value: ExprId,
) -> ExprId {
    match mode {
        WriteMode::Assign => value,
        WriteMode::Add => {
            let old = stencil.exprs.load(target, retrograd_ir::Offset::ZERO);
            stencil.exprs.intern(Expr::Binary {
                op: retrograd_ir::BinaryOp::Add,
                lhs: old,
                rhs: value,
            })
        }
    }
}

/// Joins an update to the last nest if it has the same region and predicate, and each reads at
/// the point only what the other writes.
fn fuse(stencil: &mut Stencil, last: Option<&mut Phase>, statement: &Statement) -> bool {
    let StatementKind::Update { target, region, mode, value } = statement.kind else {
        return false;
    };
    let Some(Phase { when, kind: PhaseKind::Nest(nest), .. }) = last else { return false };
    if *when != statement.when || nest.region != region {
        return false;
    }
    let value = written_value(stencil, target, mode, value);
    let same = |r: &Read, t: &Target| (r.field, r.time) == (t.field, t.time);
    let reads = stencil.reads(&[value]);
    let reads_elsewhere =
        nest.outputs.iter().any(|(t, _)| reads.iter().any(|r| same(r, t) && !r.offset.is_zero()));
    let earlier: Vec<ExprId> = nest.outputs.iter().map(|(_, v)| *v).collect();
    let read_before =
        stencil.reads(&earlier).iter().any(|r| same(r, &target) && !r.offset.is_zero());
    if reads_elsewhere || read_before {
        return false;
    }
    let outputs = nest.outputs.clone();
    let value = stencil.exprs.substitute(value, &mut |arena, id| match arena[id] {
        Expr::Load { field, time, .. } => {
            let target = Target { field, time };
            outputs.iter().rev().find(|(t, _)| *t == target).map(|(_, v)| *v)
        }
        _ => None,
    });
    nest.outputs.retain(|(t, _)| *t != target);
    nest.outputs.push((target, value));
    true
}

/// The level of a time function that falls out of its window after the step.
fn oldest(stencil: &Stencil, field: FieldId) -> Option<Target> {
    match stencil.field(field).levels {
        Levels::Time(n) if n >= 3 => Some(Target { field, time: 2 - n as i8 }),
        Levels::Time(_) | Levels::Static | Levels::Tape => None,
    }
}

/// Proved over the whole step: dense reads, sparse reads and accumulations included.
fn in_place_fields(stencil: &Stencil, statements: &[Statement]) -> Vec<FieldId> {
    let ids = (0..stencil.fields.len() as u32).map(FieldId);
    ids.filter(|&field| {
        let Some(old) = oldest(stencil, field) else { return false };
        let new = Target { field, time: 1 };
        let mut regions_written = Vec::new();
        for statement in statements {
            let reads = stencil.reads(&Stencil::roots(statement));
            let mut of_old = reads.iter().filter(|r| r.field == field && r.time == old.time);
            let writes_new = Stencil::written(statement) == Some(new);
            let region = match statement.kind {
                StatementKind::Update { region, .. } => Some(region),
                _ => None,
            };
            let legal = of_old.all(|r| {
                let at_point = r.offset.is_zero() && region.is_some();
                let untouched = regions_written.is_empty()
                    || writes_new && region.is_some_and(|r| !regions_written.contains(&r));
                at_point && (untouched || same_loop(stencil, statements, statement, new))
            });
            if !legal {
                return false;
            }
            if writes_new {
                regions_written.extend(region);
            }
        }
        !regions_written.is_empty()
    })
    .collect()
}

/// Whether a later reader of the old level sits in the same loop as the writer of the new one:
/// next to it, over the same region, with only point-wise updates between.
fn same_loop(
    stencil: &Stencil,
    statements: &[Statement],
    reader: &Statement,
    new: Target,
) -> bool {
    let StatementKind::Update { region, .. } = reader.kind else { return false };
    let Some(at) = statements.iter().position(|s| s == reader) else { return false };
    for earlier in statements[..at].iter().rev() {
        let StatementKind::Update { region: place, target, .. } = earlier.kind else {
            return false;
        };
        if place != region || earlier.when != reader.when {
            return false;
        }
        let shifted = stencil
            .reads(&Stencil::roots(reader))
            .iter()
            .any(|r| (r.field, r.time) == (target.field, target.time) && !r.offset.is_zero());
        if shifted {
            return false;
        }
        if target == new {
            return true;
        }
    }
    false
}

/// Reads and writes of a phase, with the reach of its reads.
struct Access {
    /// Reads at other points than those that the thread owns.
    far_reads: Vec<Target>,
    writes: Vec<Target>,
}

fn access(stencil: &Stencil, phase: &Phase) -> Access {
    match &phase.kind {
        PhaseKind::Nest(nest) => {
            let values: Vec<ExprId> = nest.outputs.iter().map(|(_, v)| *v).collect();
            let far = stencil.reads(&values).into_iter().filter(|r| !r.offset.is_zero());
            Access {
                far_reads: far.map(|r| Target { field: r.field, time: r.time }).collect(),
                writes: nest.outputs.iter().map(|(t, _)| *t).collect(),
            }
        }
        PhaseKind::Other(kind) => {
            let reads = stencil.reads(&[kind.value()]);
            // Injection works on the points that the thread owns; the others read anywhere.
            let near = matches!(kind, StatementKind::Inject { .. });
            let far = reads.into_iter().filter(|r| !near || !r.offset.is_zero());
            let writes = match *kind {
                StatementKind::Inject { target, .. } => vec![target],
                _ => Vec::new(),
            };
            let far_reads = far.map(|r| Target { field: r.field, time: r.time }).collect();
            Access { far_reads, writes }
        }
    }
}

fn place_waits(stencil: &Stencil, phases: &mut [Phase], in_place: &[FieldId]) {
    // A buffer is named by its level; where levels may share one, by the oldest.
    let buffer = |t: Target| match oldest(stencil, t.field) {
        Some(old) if t.time == 1 && in_place.contains(&t.field) => old,
        _ => t,
    };
    let (mut written, mut far_read): (Vec<Target>, Vec<Target>) = (Vec::new(), Vec::new());
    for phase in phases {
        let access = access(stencil, phase);
        let reads: Vec<Target> = access.far_reads.into_iter().map(buffer).collect();
        let writes: Vec<Target> = access.writes.into_iter().map(buffer).collect();
        let conflict = reads.iter().any(|t| written.contains(t))
            || writes.iter().any(|t| far_read.contains(t));
        let reduces = matches!(phase.kind, PhaseKind::Other(StatementKind::Reduce { .. }));
        if conflict || reduces {
            phase.waits = Wait::All;
            written.clear();
            far_read.clear();
        }
        written.extend(writes);
        far_read.extend(reads);
    }
}
