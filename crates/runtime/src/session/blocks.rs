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
use std::sync::Arc;

use retrograd_compile::schedule::PhaseKind;
use retrograd_ir::{FieldId, Levels, StatementKind, Stencil, Target};

use super::Session;
use super::plan::Work;
use super::skew::{Access, Skew, Storage};
use crate::caches::Caches;
use crate::patch::Patch;
use crate::program::{CStep, Code, Program, kept_levels};

/// A part of a phase of one of the steps.
pub(super) struct Task {
    pub(super) step: usize,
    pub(super) phase: usize,
    pub(super) work: Work,
}

/// The blocks of a step, in one direction of time.
pub(super) struct Blocks {
    /// Whether step numbers rise.
    forward: bool,
    /// The rows that threads share evenly.
    middle: Range<usize>,
    /// Nothing if steps are taken one by one.
    plan: Option<Arc<BlockPlan>>,
}

/// How blocks are cut.
struct Cut {
    skew: Skew,
    /// Time steps of a block, at most.
    steps: usize,
    /// Rows of a tile, about.
    tile: usize,
}

/// Prepared calls of a block of steps. Without the tasks of its last steps it is one of fewer steps:
/// what a step does depends on those before it alone.
pub(super) struct BlockPlan {
    /// Time steps in a block, at most.
    pub(super) steps: usize,
    /// Per thread, what is done before threads wait for each other.
    pub(super) apart: Vec<Vec<Task>>,
    /// What is left: threads wait for each other before each of these.
    pub(super) seams: Vec<Seam>,
}

/// A phase of one of the steps, in the seams.
pub(super) struct Seam {
    pub(super) step: usize,
    /// Per thread.
    pub(super) own: Vec<Option<Task>>,
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
    /// The plan of a block that begins with the first of `steps`, and how many of them it takes;
    /// nothing if that step is taken alone.
    pub(super) fn block(
        &mut self,
        number: usize,
        steps: &[i64],
    ) -> Option<(Arc<BlockPlan>, usize)> {
        let forward = rises(steps)?;
        let middle = self.middle_of_block(number);
        let alike = |blocks: &&Blocks| blocks.forward == forward && blocks.middle == middle;
        let plan = if let Some(known) = self.blocks[number].iter().find(alike) {
            known.plan.clone()
        } else {
            let plan = self.block_plan(number, forward, &middle).map(Arc::new);
            if self.blocks[number].len() == MOST_PLANS {
                self.blocks[number].clear();
            }
            self.blocks[number].push(Blocks { forward, middle, plan: plan.clone() });
            plan
        };
        plan.map(|plan| (plan.clone(), in_row(steps, plan.steps)))
    }

    /// The rows that the threads of a block share evenly: those that waves have reached, in few
    /// different ways.
    fn middle_of_block(&self, number: usize) -> Range<usize> {
        let rows = self.extents[0];
        let reached = self.newest_patches(number).into_iter().fold(Patch::EMPTY, Patch::hull);
        if !self.is_active() || self.team.size() == 1 || reached.is_empty() {
            return 0..rows;
        }
        let part = rows.div_ceil(PARTS);
        let Range { start, end } = reached.range(0);
        start / part * part..end.next_multiple_of(part).min(rows)
    }

    fn block_plan(&self, number: usize, forward: bool, middle: &Range<usize>) -> Option<BlockPlan> {
        let Code::C(c) = &self.program.steps[number].code else { return None };
        let team = self.team.size();
        let shares = (0..team).map(|thread| self.share_around(thread, middle));
        let shares: Vec<Range<usize>> = shares.collect();
        let Cut { skew, steps, tile } = self.cut(c, self.skew(number, forward)?, &shares)?;
        let rows = Rows { skew: &skew, shares: &shares, tile };
        let apart = (0..team).map(|thread| self.tasks_apart(number, c, steps, (&rows, thread)));
        let apart = apart.collect();
        let seams = if team > 1 { self.seam_tasks(number, c, steps, &rows) } else { Vec::new() };
        Some(BlockPlan { steps, apart, seams })
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

    fn seam_tasks(&self, number: usize, c: &CStep, steps: usize, rows: &Rows<'_>) -> Vec<Seam> {
        let of_stage = |(step, phase): (usize, usize)| -> Option<Seam> {
            let shift = rows.skew.shift(step, phase);
            let of_thread = |thread| {
                let work =
                    self.work(c, phase, self.kind(number, phase), &rows.seams(thread, shift));
                work.map(|work| Task { step, phase, work })
            };
            let own = || (0..rows.shares.len()).map(of_thread).collect();
            (shift > 0).then(|| Seam { step, own: own() })
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

    /// How far phases stay behind each other; nothing for steps that need the whole grid at once.
    fn skew(&self, number: usize, forward: bool) -> Option<Skew> {
        let code = &self.program.steps[number];
        let apart = |field| usize::from(!code.schedule.in_place.contains(&field));
        self.program.may_share_sweeps(number).then_some(())?;
        let stencil = self.program.stencil();
        let phases: Option<Vec<Vec<Access>>> =
            code.schedule.phases.iter().map(|phase| self.accesses(&phase.kind)).collect();
        let storage = |field| match stencil.field(field).levels {
            Levels::Tape => Storage::PerStep,
            levels @ Levels::Time(_) if code.advances.contains(&field) => {
                Storage::Rotating(kept_levels(levels) + apart(field))
            }
            Levels::Static | Levels::Time(_) => Storage::Fixed,
        };
        Some(Skew::new(&phases?, forward, storage))
    }

    /// What a phase touches; nothing for a reduction and for reads of rows that are nowhere near.
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
        // Images lie beside the side that they are reflected by, no farther from the row in hand than
        // the read is displaced (by one more for the last node's mirror of staggered samples): what
        // keeps clear of displaced rows keeps clear of their images. Periodic reads may take any row,
        // unless that is stored beyond the side.
        let read = stencil.reads(&values).into_iter().map(|read| {
            let step = read.offset.0[0];
            let farthest = match self.program.halos[read.field.0 as usize] {
                Some(_) => Some(usize::from(step.unsigned_abs())),
                None => read.closure.0[0].farthest(step),
            };
            Some(Access {
                target: Target { field: read.field, time: read.time },
                reach: farthest? + beside,
                writes: false,
            })
        });
        targets.into_iter().map(|target| Some(written(target))).chain(read).collect()
    }

    /// Steps of a block and rows of a tile: as set; else such that all rows that a tile touches stay in
    /// the second-level cache of a core, if that holds enough of them, or in its share of the last one.
    fn cut(&self, c: &CStep, skew: Skew, shares: &[Range<usize>]) -> Option<Cut> {
        let team = shares.len();
        let share = shares.iter().map(Range::len).min().unwrap_or(0);
        // Beside a seam a thread keeps rows of its own; wide seams are left out of tiles.
        let narrow = |steps: usize| team > 1 && 2 * skew.largest(steps) >= share;
        let [steps, tile] = self.block;
        if steps > 0 {
            let steps = (2..=steps).rev().find(|steps| !narrow(*steps))?;
            return Some(Cut { skew, steps, tile: tile.max(1) });
        }
        let row = self.row_bytes(c);
        let caches = Caches::of_machine();
        let held = |steps: usize, tile: usize| {
            row * (skew.largest(steps) + tile + 2 * self.program.radius[0])
        };
        let fitting = |bytes: usize, least: usize| {
            TILES.iter().find_map(|&tile| {
                let mut steps = (least..=MOST_STEPS).rev().filter(|steps| !narrow(*steps));
                steps.find(|steps| held(*steps, tile) <= bytes).map(|steps| (steps, tile))
            })
        };
        let own = fitting(caches.own / 5 * 2, 4);
        let (steps, tile) = own.or_else(|| fitting(caches.shared / 2 / team, 2))?;
        Some(Cut { skew, steps, tile })
    }

    /// Bytes of one row of the outermost dimension in all buffers of a step.
    fn row_bytes(&self, c: &CStep) -> usize {
        let stencil = self.program.stencil();
        let mut buffers: Vec<(FieldId, i64)> = Vec::new();
        let mut bytes = 0;
        for target in &c.module.pointers {
            let field = stencil.field(target.field);
            let kept = kept_levels(field.levels).max(1) as i64;
            let buffer = (target.field, i64::from(target.time).rem_euclid(kept));
            if !buffers.contains(&buffer) {
                buffers.push(buffer);
                let (place, _) = &self.places[target.field.0 as usize];
                bytes += self.layouts[*place].1.strides[0] * field.dtype.bytes();
            }
        }
        bytes
    }
}

/// Plans of one step that are kept, at most.
const MOST_PLANS: usize = 32;

/// Parts of the grid that decide how threads share it.
const PARTS: usize = 8;
impl Program {
    /// Whether steps in a row may go over the grid together, if caches hold enough rows of it: C on
    /// a grid of two or more dimensions, nothing that needs the whole grid at once.
    pub fn steps_may_share_sweeps(&self, step: &str) -> bool {
        self.step(step).is_some_and(|number| self.may_share_sweeps(number))
    }

    fn may_share_sweeps(&self, number: usize) -> bool {
        let reduces =
            |kind: &PhaseKind| matches!(kind, PhaseKind::Other(StatementKind::Reduce { .. }));
        let code = &self.steps[number];
        matches!(code.code, Code::C(_))
            && self.stencil().dims.len() > 1
            && !code.schedule.phases.iter().any(|phase| reduces(&phase.kind))
            && !feeds_back(self.stencil(), number)
    }
}

/// Steps of a block, at most: more gain little.
const MOST_STEPS: usize = 16;

/// Rows of a tile, the best first: fewer are mostly halo, more displace what the next step reads.
const TILES: [usize; 3] = [32, 16, 8];

/// Whether the first two steps follow each other upwards or downwards; nothing if they do not.
fn rises(steps: &[i64]) -> Option<bool> {
    match steps {
        [first, second, ..] if *second == first + 1 => Some(true),
        [first, second, ..] if *second == first - 1 => Some(false),
        _ => None,
    }
}

/// How many steps, of `most` at most, follow each other as the first two do.
fn in_row(steps: &[i64], most: usize) -> usize {
    let steps = &steps[..steps.len().min(most)];
    let alike = |pair: &&[i64]| pair[1] - pair[0] == steps[1] - steps[0];
    1 + steps.windows(2).take_while(alike).count()
}

/// Whether a step reads samples that it writes: these may come from any row.
pub(super) fn feeds_back(stencil: &Stencil, number: usize) -> bool {
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

#[cfg(test)]
mod tests {
    use super::*;

    /// A step that is repeated is no next step: what it keeps per step would be one entry.
    #[test]
    fn only_steps_in_a_row_go_together() {
        for steps in [&[][..], &[4], &[4, 4, 5], &[4, 6, 8], &[4, 2]] {
            assert_eq!(rises(steps), None, "{steps:?}");
        }
        assert_eq!([rises(&[4, 5, 5]), rises(&[4, 3, 4])], [Some(true), Some(false)]);
        assert_eq!([in_row(&[4, 5, 5], 9), in_row(&[4, 3, 2, 3], 9)], [2, 3]);
        assert_eq!([in_row(&[4, 5, 6, 7], 2), in_row(&[4, 5, 6, 7], 4)], [2, 4]);
    }

    /// Every row of every phase is done once, and not before rows that it stays behind of.
    #[test]
    fn every_row_is_done_once_and_after_those_that_it_needs() {
        let skews = [
            Skew { period: 4, shifts: vec![0, 0, 2] },
            Skew { period: 3, shifts: vec![0, 3] },
            Skew { period: 1, shifts: vec![0] },
            Skew { period: 0, shifts: vec![0, 0] },
        ];
        for skew in &skews {
            for (threads, steps, tile) in [(1, 4, 5), (2, 3, 1), (3, 2, 100), (4, 5, 7)] {
                check(skew, threads, steps, tile);
            }
        }
    }

    fn check(skew: &Skew, threads: usize, steps: usize, tile: usize) {
        let rows = 2 * threads * skew.largest(steps) + 3 * threads + 1;
        let shares: Vec<Range<usize>> =
            (0..threads).map(|t| rows * t / threads..rows * (t + 1) / threads).collect();
        let plan = Rows { skew, shares: &shares, tile };
        let stages: Vec<usize> = (0..steps)
            .flat_map(|step| (0..skew.shifts.len()).map(move |phase| skew.shift(step, phase)))
            .collect();
        // When a row of a stage is done: its thread, its turn in that thread, or the seams after all.
        let mut when = vec![vec![None; rows]; stages.len()];
        let mut mark = |stage: usize, range: Range<usize>, time: (usize, usize)| {
            for row in range {
                assert_eq!(
                    when[stage][row].replace(time),
                    None,
                    "{skew:?} stage {stage} row {row}"
                );
            }
        };
        for thread in 0..threads {
            let cuts = plan.cuts(thread);
            let ends: Vec<Option<usize>> =
                [None].into_iter().chain(cuts.into_iter().map(Some)).chain([None]).collect();
            let mut turn = 0;
            for pair in ends.windows(2) {
                for (stage, &shift) in stages.iter().enumerate() {
                    let whole = plan.apart(thread, shift);
                    mark(stage, Rows::tile(&whole, [pair[0], pair[1]], shift), (thread, turn));
                    turn += 1;
                }
            }
        }
        for (stage, &shift) in stages.iter().enumerate() {
            let halves = (0..threads).flat_map(|thread| plan.seams(thread, shift));
            halves.for_each(|half| mark(stage, half, (threads, stage)));
        }
        // Where a stage stays behind another by some rows, it may need as many to either side.
        for later in 0..stages.len() {
            for earlier in 0..later {
                let reach = stages[later] - stages[earlier];
                for row in 0..rows {
                    let (own, turn) = when[later][row].expect("every row is done");
                    let near = row.saturating_sub(reach)..(row + reach + 1).min(rows);
                    for needed in near {
                        let (other, before) = when[earlier][needed].expect("every row is done");
                        let done = own == other && before <= turn || own == threads && other < own;
                        assert!(
                            done,
                            "{skew:?}: stage {later} row {row} before {earlier} {needed}"
                        );
                    }
                }
            }
        }
    }
}
