//! What a scheduled step costs per grid point: operations and memory traffic.
//!
//! Counted is what the program says, not what a machine does with it:
//!
//! | number | is |
//! |---|---|
//! | operations | those of the kernel; what is uniform over the grid is computed by its caller, once |
//! | loads | distinct reads, offsets apart: vector loads of the kernel, most of them from a cache |
//! | streams | distinct levels of functions: each comes from memory, or goes there, once per sweep |
//! | allocated | levels that are written and not read in the sweep: with ordinary stores their lines are fetched first |
//! | rows | pointers to rows that the inner loop holds, a measure of register pressure |
//!
//! Functions that lack a dimension are no streams: a cache keeps them. Points of sources and
//! receivers are left out: they are few. The part of a sweep whose region reaches from one end of
//! the grid to the other along every dimension is its [interior](Place::Interior); the numbers of a
//! step are those of interiors, shells stand beside them.

use retrograd_ir::{
    BinaryOp, DimSet, Expr, ExprId, FieldId, Levels, MAX_DIMS, Predicate, RegionId, Side, Stencil,
    Target, UnaryOp,
};

use crate::schedule::{LoopNest, Part, PhaseKind, Schedule};

/// Operations per grid point.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Operations {
    /// Sums and differences.
    pub additions: usize,
    /// Products.
    pub multiplications: usize,
    /// `a * b + c`, rounded once.
    pub fused: usize,
    /// Quotients.
    pub divisions: usize,
    /// Square roots.
    pub square_roots: usize,
    /// Changes of sign, absolute values, minima, maxima, choices, powers, elementary functions.
    pub others: usize,
}

impl Operations {
    /// Floating-point operations: one for each addition, multiplication, division and square root,
    /// two for each fused multiply-add, none for the others.
    pub fn flops(&self) -> usize {
        self.additions + self.multiplications + 2 * self.fused + self.divisions + self.square_roots
    }

    /// Operations of any kind: instructions, at least, that a processor issues per vector of
    /// points.
    pub fn count(&self) -> usize {
        self.flops() - self.fused + self.others
    }

    fn add(&mut self, expr: &Expr) {
        let counter = match *expr {
            Expr::Binary { op: BinaryOp::Add | BinaryOp::Sub, .. } => &mut self.additions,
            Expr::Binary { op: BinaryOp::Mul, .. } => &mut self.multiplications,
            Expr::Binary { op: BinaryOp::Div, .. } => &mut self.divisions,
            Expr::MulAdd { .. } => &mut self.fused,
            Expr::Unary { op: UnaryOp::Sqrt, .. } => &mut self.square_roots,
            // What varies over the grid is in working precision already.
            Expr::Unary { op: UnaryOp::Round, .. }
            | Expr::Const(_)
            | Expr::Param(_)
            | Expr::Scalar(_)
            | Expr::Load { .. }
            | Expr::Series { .. } => return,
            Expr::Unary { .. } | Expr::Binary { .. } | Expr::Select { .. } => &mut self.others,
        };
        *counter += 1;
    }
}

/// Memory traffic per grid point, in bytes.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Traffic {
    /// Read.
    pub read: f64,
    /// Written.
    pub written: f64,
    /// Read because they are about to be written, if stores are ordinary ones.
    pub allocated: f64,
}

impl Traffic {
    /// All of it.
    pub fn bytes(&self) -> f64 {
        self.read + self.written + self.allocated
    }

    fn add(&mut self, other: Self, times: f64) {
        self.read += times * other.read;
        self.written += times * other.written;
        self.allocated += times * other.allocated;
    }
}

/// Which points of the grid a part of a sweep covers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Place {
    /// All but layers along its sides.
    Interior,
    /// A layer along a side.
    Shell,
}

/// One part of a sweep, per point of its region.
#[derive(Clone, PartialEq, Debug)]
pub struct PartCost {
    /// Name of the region.
    pub region: String,
    /// What of the grid that is.
    pub place: Place,
    /// Operations.
    pub operations: Operations,
    /// Distinct reads.
    pub loads: usize,
    /// Levels written.
    pub stores: usize,
    /// Pointers to rows.
    pub rows: usize,
    /// Streams, each once.
    pub traffic: Traffic,
}

/// One sweep over the grid.
#[derive(Clone, PartialEq, Debug)]
pub struct SweepCost {
    /// Steps from one sweep to the next: 1 if every step has it.
    pub every: u32,
    /// Its parts; the interior, if there is one, may be anywhere.
    pub parts: Vec<PartCost>,
}

impl SweepCost {
    /// The part that covers most of the grid; nothing if only layers are swept.
    pub fn interior(&self) -> Option<&PartCost> {
        self.parts.iter().find(|part| part.place == Place::Interior)
    }
}

/// A whole step.
#[derive(Clone, PartialEq, Debug)]
pub struct StepCost {
    /// Its sweeps, in order.
    pub sweeps: Vec<SweepCost>,
    /// What the interiors hold of each function that is a stream.
    streams: Vec<Stream>,
}

/// What the interiors of a step touch of one function.
#[derive(Clone, PartialEq, Debug)]
struct Stream {
    field: FieldId,
    bytes: f64,
    /// Steps from one use to the next.
    every: u32,
    /// Levels as they are before the step, ascending.
    read: Vec<i8>,
    /// Levels that are written, ascending.
    written: Vec<i8>,
    /// Buffers that its levels go round; nothing if they stay where they are.
    rotating: Option<usize>,
    /// Whether each step has an array of its own.
    per_step: bool,
}

impl StepCost {
    /// Floating-point operations of the interiors, per point and step.
    pub fn flops(&self) -> f64 {
        self.interiors().map(|(part, share)| share * part.operations.flops() as f64).sum()
    }

    /// Operations of any kind of the interiors, per point and step.
    pub fn operations(&self) -> f64 {
        self.interiors().map(|(part, share)| share * part.operations.count() as f64).sum()
    }

    /// Interiors with the share of steps that have them.
    pub fn interiors(&self) -> impl Iterator<Item = (&PartCost, f64)> {
        let share = |sweep: &SweepCost| 1.0 / f64::from(sweep.every.max(1));
        self.sweeps.iter().filter_map(move |s| s.interior().map(|part| (part, share(s))))
    }

    /// Traffic of the interiors per point and step if so many steps go over the grid together, and
    /// what one has touched is in a cache for the next. One step: each sweep goes to memory.
    pub fn traffic(&self, steps: usize) -> Traffic {
        let mut total = Traffic::default();
        if steps <= 1 {
            for (part, share) in self.interiors() {
                total.add(part.traffic, share);
            }
            return total;
        }
        for stream in &self.streams {
            total.add(stream.traffic(steps), 1.0 / steps as f64);
        }
        total
    }

    /// Floating-point operations per byte, if so many steps go over the grid together; nothing
    /// without traffic.
    pub fn intensity(&self, steps: usize) -> Option<f64> {
        let bytes = self.traffic(steps).bytes();
        (bytes > 0.0).then(|| self.flops() / bytes)
    }
}

impl Stream {
    /// Of so many steps that share a sweep.
    fn traffic(&self, steps: usize) -> Traffic {
        let (read, written) = (self.read.len(), self.written.len());
        let new = self.written.iter().filter(|level| !self.read.contains(level)).count();
        let uses = steps as f64 / f64::from(self.every.max(1));
        let (read, written, allocated, times) = match self.rotating {
            _ if self.per_step => (read, written, new, uses),
            // A level that falls out is the next new one.
            Some(buffers) => {
                let written = steps.min(buffers);
                (read, written, buffers.saturating_sub(read).min(written), 1.0)
            }
            None => (read, written, new, uses.min(1.0)),
        };
        let bytes = |levels: usize| levels as f64 * self.bytes * times;
        Traffic { read: bytes(read), written: bytes(written), allocated: bytes(allocated) }
    }
}

/// Counts a step that has been scheduled. `stencil` is the one that the schedule belongs to.
pub fn cost(stencil: &Stencil, schedule: &Schedule) -> StepCost {
    let mut result = StepCost { sweeps: Vec::new(), streams: Vec::new() };
    for phase in &schedule.phases {
        let PhaseKind::Nest(nest) = &phase.kind else { continue };
        let every = match phase.when {
            Predicate::Every { period, .. } => period.max(1),
            Predicate::Always | Predicate::While { .. } => 1,
        };
        let parts = nest.parts.iter().map(|part| part_cost(stencil, schedule, part)).collect();
        result.sweeps.push(SweepCost { every, parts });
        if let Some(part) = interior(stencil, nest) {
            note_streams(stencil, schedule, (part, every), &mut result.streams);
        }
    }
    result
}

fn interior<'a>(stencil: &Stencil, nest: &'a LoopNest) -> Option<&'a Part> {
    nest.parts.iter().find(|part| place(stencil, part.region) == Place::Interior)
}

fn place(stencil: &Stencil, region: RegionId) -> Place {
    let bounds = &stencil.regions[region.0 as usize].bounds;
    let across = bounds.iter().all(|[low, high]| (low.side, high.side) == (Side::Low, Side::High));
    if across { Place::Interior } else { Place::Shell }
}

fn part_cost(stencil: &Stencil, schedule: &Schedule, part: &Part) -> PartCost {
    let values: Vec<ExprId> = part.outputs.iter().map(|(_, value)| *value).collect();
    let mut operations = Operations::default();
    for id in stencil.exprs.reachable(&values) {
        if !stencil.is_uniform(id) {
            operations.add(&stencil.exprs[id]);
        }
    }
    let reads = stencil.reads(&values);
    let last = stencil.dims.len() - 1;
    let mut places: Vec<_> = reads.iter().map(|r| (r.field, r.time, r.offset.0)).collect();
    places.dedup();
    let mut rows: Vec<(FieldId, i8, [i8; MAX_DIMS])> = places.clone();
    for (_, _, offset) in &mut rows {
        offset[last] = 0;
    }
    rows.extend(part.outputs.iter().map(|(t, _)| (t.field, t.time, [0; MAX_DIMS])));
    rows.sort_unstable();
    rows.dedup();
    PartCost {
        region: stencil.regions[part.region.0 as usize].name.clone(),
        place: place(stencil, part.region),
        operations,
        loads: places.len(),
        stores: part.outputs.len(),
        rows: rows.len(),
        traffic: part_traffic(stencil, schedule, part),
    }
}

fn part_traffic(stencil: &Stencil, schedule: &Schedule, part: &Part) -> Traffic {
    let mut traffic = Traffic::default();
    let read = streams_read(stencil, part);
    let bytes = |t: &Target| stencil.field(t.field).dtype.bytes() as f64;
    traffic.read = read.iter().map(bytes).sum();
    for (target, _) in &part.outputs {
        traffic.written += bytes(target);
        let overwrites = read.iter().any(|level| same_memory(stencil, schedule, *level, *target));
        if !overwrites {
            traffic.allocated += bytes(target);
        }
    }
    traffic
}

/// The levels that a part reads and that come from memory.
fn streams_read(stencil: &Stencil, part: &Part) -> Vec<Target> {
    let values: Vec<ExprId> = part.outputs.iter().map(|(_, value)| *value).collect();
    let full = DimSet::first(stencil.dims.len());
    let reads = stencil.reads(&values).into_iter();
    let mut levels: Vec<Target> = reads
        .filter(|r| stencil.field(r.field).dims == full)
        .map(|r| Target { field: r.field, time: r.time })
        .collect();
    levels.dedup();
    levels
}

/// Whether a level is where the target is written to.
fn same_memory(stencil: &Stencil, schedule: &Schedule, level: Target, target: Target) -> bool {
    let oldest = match stencil.field(target.field).levels {
        Levels::Time(n) => Some(2 - n as i8),
        Levels::Static | Levels::Tape => None,
    };
    let in_place = target.time == 1 && schedule.in_place.contains(&target.field);
    level.field == target.field
        && (level.time == target.time || in_place && oldest == Some(level.time))
}

fn note_streams(
    stencil: &Stencil,
    schedule: &Schedule,
    (part, every): (&Part, u32),
    streams: &mut Vec<Stream>,
) {
    let written: Vec<Target> = part.outputs.iter().map(|(t, _)| *t).collect();
    let read = streams_read(stencil, part);
    let all = read.iter().map(|t| (t, false)).chain(written.iter().map(|t| (t, true)));
    for (target, writes) in all {
        let at = streams.iter().position(|s| s.field == target.field).unwrap_or_else(|| {
            let field = stencil.field(target.field);
            streams.push(Stream {
                field: target.field,
                bytes: field.dtype.bytes() as f64,
                every,
                read: Vec::new(),
                written: Vec::new(),
                rotating: None,
                per_step: field.levels == Levels::Tape,
            });
            streams.len() - 1
        });
        let stream = &mut streams[at];
        stream.every = stream.every.min(every);
        // What an earlier sweep has written is still in a cache.
        let known = stream.written.contains(&target.time);
        let list = if writes { &mut stream.written } else { &mut stream.read };
        if !list.contains(&target.time) && (writes || !known) {
            list.push(target.time);
        }
        if let (Levels::Time(n), true, 1) =
            (stencil.field(target.field).levels, writes, target.time)
        {
            let apart = usize::from(!schedule.in_place.contains(&target.field));
            stream.rotating = Some(usize::from(n) - 1 + apart);
        }
    }
}
