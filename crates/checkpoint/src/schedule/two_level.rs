//! Two-level: snapshots at equal distances on disk, Revolve between them in RAM.
//!
//! The first sweep stores every `p`-th state in tier 1, whose size grows with the number of
//! steps; with [`LastBlock::Reloaded`] that number need not be known before the sweep ends. Then each block of `p`
//! steps is reversed, last block first, by [`Revolve`] with the block's snapshot in tier 1 and
//! `s` more in tier 0. With Revolve's number of advances `t`, and block lengths `l_b`,
//!
//! ```text
//! advances = n + sum_b t(l_b, s + 1)                  LastBlock::Reloaded
//! advances = n - l_last + sum_(b < last) t(l_b, s + 1) + t(l_last, s)      LastBlock::Fused
//! ```
//!
//! The recomputation per step thus depends on `p` and `s` alone, and transfers to tier 1 happen
//! once per `p` steps, so that `p` can be chosen as large as it takes to hide them: asynchronous
//! multistage checkpointing stores a block's state while the next one is computed, and fetches
//! the state of the block before while one is reversed.
//!
//! * Optimal within a block, along [`Trajectory::Maximum`]; not over all schedules.
//! * State: one entry of 24 bytes per snapshot in tier 0. Time: constant per action.
//!
//! Pringle, Jones, Goswami, Narayanan & Goldberg, *Providing the ARCHER community with adjoint
//! modelling tools for high-performance oceanographic and cryospheric computation*, EPCC
//! (2016). Kukreja, Hückelheim & Gorman, *Backpropagation for long sequences: beyond
//! memory constraints with constant overheads*, arXiv:1806.01117. Schanen, Marin, Zhang &
//! Anitescu, *Asynchronous two-level checkpointing scheme for large-scale adjoints in the
//! spectral-element solver Nek5000*, Procedia Computer Science 80 (2016),
//! doi:10.1016/j.procs.2016.05.444.

use std::iter::FusedIterator;
use std::ops::Range;

use super::revolve::{Revolve, Tiers};
use crate::{Action, Costs, Data, ScheduleError, TierId, Trajectory};

const RAM: TierId = TierId(0);
const DISK: TierId = TierId(1);

/// How the last block is treated, behind which the first sweep ends.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum LastBlock {
    /// As any other: it is swept without recording, its state is stored in tier 1 and loaded from
    /// there. The sweep need not know that a step is the last until it is done.
    #[default]
    Reloaded,
    /// Its first sweep is part of its reversal, and its snapshots are in tier 0 only, the state
    /// it starts from included: no transfer to tier 1 is waited for between the sweeps.
    Fused,
}

/// Stores every `p`-th state in tier 1, and reverses the blocks between them with snapshots in
/// tier 0.
///
/// ```
/// use retrograd_checkpoint::{MemoryModel, TwoLevel, replay};
///
/// let schedule = TwoLevel::new(1_000_000, 1000, 20)?;
/// assert_eq!(schedule.costs().total_forward, 4_724_000);
///
/// let report = replay(100, &MemoryModel::tiers(&[4, 4]), TwoLevel::new(100, 25, 4)?)?;
/// assert_eq!((report.total_forward(), report.tiers[1].writes), (388, 4));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct TwoLevel {
    steps: u64,
    period: u64,
    slots: u64,
    last_block: LastBlock,
    /// The start of the block that the model is in.
    start: u64,
    phase: Phase,
    part: Revolve,
}

/// What to emit next.
#[derive(Clone, Copy, Debug)]
enum Phase {
    Store,
    Advance,
    /// What the schedule of the block says.
    Part,
}

impl TwoLevel {
    /// The schedule for `steps` with a snapshot in tier 1 every `period` steps, and `slots` more
    /// in tier 0 at a time, which may be none. The last block is [`LastBlock::Reloaded`].
    ///
    /// # Errors
    /// [`ScheduleError::TooSmall`] if the period is 0.
    pub fn new(steps: u64, period: u64, slots: u64) -> Result<Self, ScheduleError> {
        Self::with_last_block(steps, period, slots, LastBlock::Reloaded)
    }

    /// As [`TwoLevel::new`], with a choice of how to treat the last block.
    ///
    /// # Errors
    /// As for [`TwoLevel::new`]; and if there are no slots where a last block of several steps is
    /// to be reversed from tier 0.
    pub fn with_last_block(
        steps: u64,
        period: u64,
        slots: u64,
        last_block: LastBlock,
    ) -> Result<Self, ScheduleError> {
        if period == 0 {
            return Err(ScheduleError::TooSmall { what: "the period", given: 0, minimum: 1 });
        }
        let mut schedule = Self {
            steps,
            period,
            slots,
            last_block,
            start: 0,
            phase: Phase::Store,
            part: Revolve::with_slots(0, 0, Trajectory::Maximum),
        };
        let last = schedule.final_block();
        if last_block == LastBlock::Fused && slots == 0 && last.end - last.start > 1 {
            let what = "the number of slots for the last block";
            return Err(ScheduleError::TooSmall { what, given: 0, minimum: 1 });
        }
        schedule.enter();
        Ok(schedule)
    }

    /// Steps that the schedule reverses.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// Steps between two snapshots in tier 1.
    pub fn period(&self) -> u64 {
        self.period
    }

    /// The most snapshots in tier 0 at a time: those asked for, as far as a block can use them.
    pub fn ram_slots(&self) -> u64 {
        let last = self.final_block();
        let length = last.end - last.start;
        match self.last_block {
            LastBlock::Reloaded => self.slots.min(self.longest().saturating_sub(2)),
            LastBlock::Fused => {
                let before = if last.start > 0 { self.period.saturating_sub(2) } else { 0 };
                self.slots.min(before.max(length.saturating_sub(1)))
            }
        }
    }

    /// The most snapshots in tier 1 at a time, one per block that is stored there.
    pub fn disk_slots(&self) -> u64 {
        match self.last_block {
            LastBlock::Reloaded => self.steps.div_ceil(self.period),
            LastBlock::Fused => self.final_block().start / self.period,
        }
    }

    /// Costs of the whole schedule over both tiers, however much of it has been iterated. Takes
    /// microseconds, whatever the size of the problem.
    pub fn costs(&self) -> Costs {
        if self.steps == 0 {
            return Costs::store_all(0);
        }
        let last = self.final_block();
        let (full, length) = (last.start / self.period, last.end - last.start);
        let stored = |length: u64| {
            let slots = self.slots.saturating_add(1).min(length - 1);
            let costs = Costs::of_slots(length, slots);
            // Stored and loaded even where a single step needs neither.
            Costs { writes: costs.writes.max(1), reads: length, ..costs }
        };
        let before = if full > 0 { stored(self.period) } else { Costs::store_all(0) };
        let (end, swept) = match self.last_block {
            LastBlock::Reloaded => (stored(length), self.steps),
            LastBlock::Fused => (Costs::of_slots(length, self.slots.min(length - 1)), last.start),
        };
        let end_repetitions = end.repetitions + u64::from(self.last_block == LastBlock::Reloaded);
        let before_repetitions = if full > 0 { before.repetitions + 1 } else { 0 };
        let advances = u128::from(swept) + u128::from(full) * before.advances + end.advances;
        Costs {
            repetitions: before_repetitions.max(end_repetitions),
            advances,
            total_forward: advances + u128::from(self.steps),
            writes: full * before.writes + end.writes,
            reads: full * before.reads + end.reads,
        }
    }

    /// The last block; empty if there are no steps.
    fn final_block(&self) -> Range<u64> {
        self.block(self.steps.saturating_sub(1) / self.period * self.period)
    }

    /// The block from `start`.
    fn block(&self, start: u64) -> Range<u64> {
        start..self.steps.min(start.saturating_add(self.period))
    }

    fn longest(&self) -> u64 {
        self.steps.min(self.period)
    }

    /// The first sweep is at the start of a block.
    fn enter(&mut self) {
        let block = self.block(self.start);
        let fused = self.last_block == LastBlock::Fused && block.end == self.steps;
        if fused || block.is_empty() {
            self.phase = Phase::Part;
            self.part.restart(block, self.slots);
        } else {
            self.phase = Phase::Store;
        }
    }

    /// The next block to be reversed is the one from `self.start`.
    fn reverse_block(&mut self) {
        self.phase = Phase::Part;
        self.part.store_in(Tiers::FirstIn(DISK, RAM));
        self.part.restart_stored(self.block(self.start), self.slots.saturating_add(1));
    }
}

impl Iterator for TwoLevel {
    type Item = Action;

    fn next(&mut self) -> Option<Action> {
        match self.phase {
            Phase::Store => {
                self.phase = Phase::Advance;
                Some(Action::Store { kind: Data::Restart, step: self.start, tier: DISK })
            }
            Phase::Advance => {
                let steps = self.block(self.start);
                if steps.end == self.steps {
                    self.reverse_block();
                } else {
                    self.start = steps.end;
                    self.enter();
                }
                Some(Action::Advance { steps })
            }
            Phase::Part => {
                if let Some(action) = self.part.next() {
                    return Some(action);
                }
                self.start = self.start.checked_sub(self.period)?;
                self.reverse_block();
                self.part.next()
            }
        }
    }
}

impl FusedIterator for TwoLevel {}
