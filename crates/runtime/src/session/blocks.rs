//! Several time steps in one go over the grid, so that what a step has written is still in a cache
//! when the next one reads it.
//!
//! The outermost dimension is cut between the threads, and the part of each thread into tiles of some
//! rows. Within a tile, phase after phase of step after step is run, each [shifted](Skew) down by what
//! it has to stay behind those before it; then comes the next tile. Towards the part of another thread
//! a phase leaves out as many rows as it is shifted by:
//!
//! ```text
//! step   thread 0            seam             thread 1
//!  2     |---/---/---\    ..........    /---/---/------|
//!  1     |----/---/---\    ........    /---/---/-------|
//!  0     |-----/---/---\...............\/---/---/------|        (rows from left to right)
//! ```
//!
//! So the threads need not wait for each other before all have come to an end. What was left out, the
//! seams, follows phase by phase, each half done by the thread beside it. No point is computed in
//! another way than step by step: the same bits.

use std::ops::Range;

use retrograd_compile::schedule::PhaseKind;
use retrograd_ir::{DimSet, FieldId, Levels, Offset, StatementKind, Stencil, Target};

use super::plan::Work;
use super::skew::{Access, Skew, Storage};
use super::Session;
use crate::program::{CStep, Code, kept_levels};

/// A part of a phase of one of the steps.
pub(super) struct Task {
    pub(super) step: usize,
    pub(super) phase: usize,
    pub(super) work: Work,
}

/// Prepared calls of a block of steps.
pub(super) struct BlockPlan {
    /// Time steps in a block.
    pub(super) steps: usize,
    /// Whether step numbers rise.
    pub(super) forward: bool,
    /// Per thread, what is done before threads wait for each other.
    pub(super) apart: Vec<Vec<Task>>,
    /// What is left: threads wait for each other before each of these, which has tasks per thread.
    pub(super) seams: Vec<Vec<Option<Task>>>,
}

/// Which rows belong to whom.
struct Rows<'a> {
    skew: &'a Skew,
    /// The range of each thread.
    shares: &'a [Range<usize>],
    /// Rows of a tile, about.
    tile: usize,
}

impl Rows<'_> {
    /// What a thread does of a phase that is shifted by so many rows, before threads wait.
    fn apart(&self, thread: usize, shift: usize) -> Range<usize> {
        let Range { start, end } = self.shares[thread];
        let inner = thread + 1 < self.shares.len();
        (if thread > 0 { start + shift } else { 0 })..(if inner { end - shift } else { end })
    }

    /// Where the tiles of a thread are cut, before they are shifted.
    fn cuts(&self, thread: usize) -> Vec<usize> {
        let Range { start, end } = self.shares[thread];
        let tiles = (end - start).div_ceil(self.tile).max(1);
        (1..tiles).map(|k| start + (end - start) * k / tiles).collect()
    }

    /// The part of a range that lies between two cuts, if these are shifted.
    fn tile(whole: &Range<usize>, cuts: [Option<usize>; 2], shift: usize) -> Range<usize> {
        let at = |cut: usize| cut.saturating_sub(shift).clamp(whole.start, whole.end);
        let [low, high] = cuts;
        low.map_or(whole.start, at)..high.map_or(whole.end, at)
    }

    /// What a thread does of the seams to its sides.
    fn seams(&self, thread: usize, shift: usize) -> [Range<usize>; 2] {
        let Range { start, end } = self.shares[thread];
        let low = if thread > 0 { start..start + shift } else { 0..0 };
        let inner = thread + 1 < self.shares.len();
        [low, if inner { end - shift..end } else { 0..0 }]
    }
}

impl Session {
    /// Prepares blocks of a step; nothing if steps cannot be taken together, or it would not pay.
    pub(super) fn block_plan(&self, number: usize, forward: bool) -> Option<BlockPlan> {
        let Code::C(c) = &self.program.steps[number].code else { return None };
        let skew = self.skew(number, forward)?;
        let (steps, tile) = self.block_shape(c, &skew)?;
        let team = self.team.size();
        let shares: Vec<Range<usize>> = (0..team).map(|thread| self.share(thread)).collect();
        // Beside a seam a thread keeps rows of its own.
        let narrow = |share: &Range<usize>| team > 1 && share.len() <= 2 * skew.largest(steps);
        if shares.iter().any(narrow) {
            return None;
        }
        let rows = Rows { skew: &skew, shares: &shares, tile };
        let apart = (0..team).map(|thread| self.tasks_apart(number, c, steps, (&rows, thread)));
        let apart = apart.collect();
        let seams = if team > 1 { self.seam_tasks(number, c, steps, &rows) } else { Vec::new() };
        Some(BlockPlan { steps, forward, apart, seams })
    }

    fn tasks_apart(
        &self,
        number: usize,
        c: &CStep,
        steps: usize,
        (rows, thread): (&Rows<'_>, usize),
    ) -> Vec<Task> {
        let cuts: Vec<usize> = rows.cuts(thread);
        let ends = cuts.iter().copied().map(Some);
        let lower = [None].into_iter().chain(ends.clone());
        let upper = ends.chain([None]);
        let mut tasks = Vec::new();
        for cuts in lower.zip(upper).map(|(low, high)| [low, high]) {
            for (step, phase) in self.stages(number, steps) {
                let shift = rows.skew.shift(step, phase);
                let whole = rows.apart(thread, shift);
                let own = Rows::tile(&whole, cuts, shift);
                let work = self.work(c, phase, self.kind(number, phase), &[own]);
                tasks.extend(work.map(|work| Task { step, phase, work }));
            }
        }
        tasks
    }

    fn seam_tasks(
        &self,
        number: usize,
        c: &CStep,
        steps: usize,
        rows: &Rows<'_>,
    ) -> Vec<Vec<Option<Task>>> {
        let of_stage = |(step, phase): (usize, usize)| -> Option<Vec<Option<Task>>> {
            let shift = rows.skew.shift(step, phase);
            let of_thread = |thread| {
                let work = self.work(c, phase, self.kind(number, phase), &rows.seams(thread, shift));
                work.map(|work| Task { step, phase, work })
            };
            (shift > 0).then(|| (0..rows.shares.len()).map(of_thread).collect())
        };
        self.stages(number, steps).filter_map(of_stage).collect()
    }

    fn kind(&self, number: usize, phase: usize) -> &PhaseKind {
        &self.program.steps[number].schedule.phases[phase].kind
    }

    /// Steps and phases of a block, in order.
    fn stages(&self, number: usize, steps: usize) -> impl Iterator<Item = (usize, usize)> + use<> {
        let phases = self.program.steps[number].schedule.phases.len();
        (0..steps).flat_map(move |step| (0..phases).map(move |phase| (step, phase)))
    }

    /// How far phases stay behind each other; nothing for steps that need the whole grid at once, or
    /// another buffer for a new level.
    fn skew(&self, number: usize, forward: bool) -> Option<Skew> {
        let code = &self.program.steps[number];
        let in_place = |field: &FieldId| code.schedule.in_place.contains(field);
        if self.extents.len() < 2 || !code.advances.iter().all(in_place) {
            return None;
        }
        let stencil = self.program.stencil();
        let phases: Option<Vec<Vec<Access>>> =
            code.schedule.phases.iter().map(|phase| self.accesses(&phase.kind)).collect();
        let storage = |field| match stencil.field(field).levels {
            Levels::Static => Storage::Fixed,
            Levels::Tape => Storage::PerStep,
            levels @ Levels::Time(_) if code.advances.contains(&field) => {
                Storage::Rotating(kept_levels(levels))
            }
            Levels::Time(_) => Storage::Fixed,
        };
        (!feeds_back(stencil, number)).then_some(())?;
        Some(Skew::new(&phases?, forward, storage))
    }

    /// What a phase touches; nothing for a reduction.
    fn accesses(&self, kind: &PhaseKind) -> Option<Vec<Access>> {
        let stencil = self.program.stencil();
        let written = |target| Access { target, reach: 0, writes: true };
        let (targets, values, beside) = match kind {
            PhaseKind::Nest(nest) => {
                let targets = nest.outputs().map(|(target, _)| *target).collect();
                (targets, nest.outputs().map(|(_, value)| *value).collect(), 0)
            }
            PhaseKind::Other(StatementKind::Inject { target, value, .. }) => {
                (vec![*target], vec![*value], 0)
            }
            PhaseKind::Other(StatementKind::Interpolate { sparse, value, .. }) => {
                let staggered = stencil.staggering(*value);
                let table = &self.sparse[sparse.0 as usize].table(staggered).2;
                (Vec::new(), vec![*value], table.reach)
            }
            PhaseKind::Other(_) => return None,
        };
        let rows = |offset: Offset| usize::from(offset.0[0].unsigned_abs());
        let read = stencil.reads(&values).into_iter().map(|read| Access {
            target: Target { field: read.field, time: read.time },
            reach: rows(read.offset) + beside,
            writes: false,
        });
        Some(targets.into_iter().map(written).chain(read).collect())
    }

    /// Steps of a block and rows of a tile.
    fn block_shape(&self, c: &CStep, skew: &Skew) -> Option<(usize, usize)> {
        let text = std::env::var("RG_TB").ok()?;
        let (steps, tile) = text.split_once(',')?;
        let _ = (c, skew, DimSet::NONE);
        Some((steps.parse().ok()?, tile.parse().ok()?))
    }
}

/// Whether a step reads samples that it writes: these may come from any row.
fn feeds_back(stencil: &Stencil, number: usize) -> bool {
    let statements = &stencil.steps[number].statements;
    let written = |s: &retrograd_ir::Statement| match s.kind {
        StatementKind::Interpolate { sparse, .. } => Some(sparse),
        _ => None,
    };
    let written: Vec<_> = statements.iter().filter_map(written).collect();
    let reads = |s: &retrograd_ir::Statement| match s.kind {
        StatementKind::Inject { sparse, .. } => written.contains(&sparse),
        _ => false,
    };
    statements.iter().any(reads)
}
