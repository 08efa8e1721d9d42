//! Asynchronous multistage: snapshots at equal distances go to a slow tier in the background, and
//! come back in time.
//!
//! The first sweep stores every `p`-th state in tier 1, but for the last block's. The blocks are
//! then reversed, last block first, each by [`Revolve`] with `s` snapshots in tier 0; a block's
//! state is moved from tier 1 to tier 0, so that every transfer happens once and the next can be
//! under way while a block is reversed. With Revolve's number of advances `t` and block lengths
//! `l_b`, of which only the last differs from `p`,
//!
//! ```text
//! advances = n - l_last + sum_b t(l_b, s)
//! ```
//!
//! Where working memory holds the adjoint data of a whole block, [`Asynchronous::recording`] keeps no
//! snapshots in tier 0 at all: a block is recorded in one run and reversed in another, and no step
//! but the first sweep's is advanced, `advances = n - l_last`.
//!
//! Where `p` is at least the time of a transfer over the time of a step,
//! [`Asynchronous::period_to_hide`], nothing is waited for, and the recomputation per step depends
//! on `p` and `s` alone, not on `n`. With `s >= p - 1` every step is run twice.
//!
//! * Optimal within a block; not over all schedules.
//! * State: one entry of 24 bytes per snapshot in tier 0. Time: constant per action.
//!
//! Kukreja, Hückelheim & Gorman, *Backpropagation for long sequences: beyond memory constraints
//! with constant overheads*, arXiv:1806.01117. Schanen, Marin, Zhang & Anitescu, *Asynchronous
//! two-level checkpointing scheme for large-scale adjoints in the spectral-element solver
//! Nek5000*, Procedia Computer Science 80 (2016), doi:10.1016/j.procs.2016.05.444.

use std::iter::FusedIterator;
use std::ops::Range;

use super::revolve::Revolve;
use crate::{Action, Costs, Data, ScheduleError, TierId, Trajectory};

const SLOW: TierId = TierId(1);

/// Moves every `p`-th state to tier 1 and back, once, and reverses the blocks in tier 0.
///
/// ```
/// use retrograd_checkpoint::schedule::Asynchronous;
/// use retrograd_checkpoint::{MemoryModel, replay};
///
/// let schedule = Asynchronous::new(100, 25, 4)?;
/// let report = replay(100, &MemoryModel::tiers(&[4, 3]), schedule)?;
/// assert_eq!((report.tiers[1].writes, report.tiers[1].reads), (3, 3));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Asynchronous {
    steps: u64,
    period: u64,
    slots: u64,
    within: Within,
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
    Discard,
    /// What the schedule of the block says.
    Part,
    /// The whole block at once.
    Record,
    Reverse,
}

/// How blocks are reversed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Within {
    Revolve,
    Recording,
}

impl Asynchronous {
    /// The schedule for `steps` with a snapshot in tier 1 every `period` steps and at most `slots`
    /// in tier 0 at a time.
    ///
    /// # Errors
    /// [`ScheduleError::TooSmall`] if the period is 0, or if there are no slots for blocks of more
    /// than one step.
    pub fn new(steps: u64, period: u64, slots: u64) -> Result<Self, ScheduleError> {
        if slots == 0 && steps.min(period) > 1 {
            let what = "the number of slots in RAM";
            return Err(ScheduleError::TooSmall { what, given: 0, minimum: 1 });
        }
        Self::with(steps, period, slots, Within::Revolve)
    }

    /// The schedule for `steps` with a snapshot in tier 1 every `period` steps, whose blocks are
    /// recorded whole: working memory holds the adjoint data of `period` steps at a time.
    ///
    /// # Errors
    /// [`ScheduleError::TooSmall`] if the period is 0.
    pub fn recording(steps: u64, period: u64) -> Result<Self, ScheduleError> {
        Self::with(steps, period, 0, Within::Recording)
    }

    fn with(steps: u64, period: u64, slots: u64, within: Within) -> Result<Self, ScheduleError> {
        if period == 0 {
            return Err(ScheduleError::TooSmall { what: "the period", given: 0, minimum: 1 });
        }
        let part = Revolve::with_slots(0, 0, Trajectory::Revolve);
        let (start, phase) = (0, Phase::Part);
        let mut schedule = Self { steps, period, slots, within, start, phase, part };
        schedule.enter();
        Ok(schedule)
    }

    /// The least period whose blocks take as long as one transfer to or from tier 1, whichever is
    /// the longer: `ceil(transfer / step)`, at least 1. Saturates.
    pub fn period_to_hide(transfer_seconds: f64, step_seconds: f64) -> u64 {
        ((transfer_seconds / step_seconds).ceil() as u64).max(1)
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
        self.slots.min(self.steps.min(self.period).saturating_sub(1))
    }

    /// The most snapshots in tier 1 at a time.
    pub fn slow_slots(&self) -> u64 {
        self.last_block().start / self.period
    }

    /// Costs of the whole schedule over both tiers, however much of it has been iterated.
    pub fn costs(&self) -> Costs {
        let last = self.last_block();
        let blocks = self.slow_slots();
        let of = |length: u64| match self.within {
            Within::Revolve => Costs::of_slots(length, self.slots.min(length.saturating_sub(1))),
            Within::Recording => Costs::store_all(length),
        };
        let (end, before) = (of(last.end - last.start), of(self.period));
        let advances = u128::from(last.start) + u128::from(blocks) * before.advances + end.advances;
        let earlier = if blocks > 0 { before.repetitions + 1 } else { 0 };
        Costs {
            repetitions: end.repetitions.max(earlier),
            advances,
            total_forward: advances + u128::from(self.steps),
            writes: blocks * (before.writes + 1) + end.writes,
            reads: blocks * (before.reads + 1) + end.reads,
        }
    }

    /// The last block; empty if there are no steps.
    fn last_block(&self) -> Range<u64> {
        self.block(self.steps.saturating_sub(1) / self.period * self.period)
    }

    /// The block from `start`.
    fn block(&self, start: u64) -> Range<u64> {
        start..self.steps.min(start.saturating_add(self.period))
    }

    /// The first sweep is at the start of a block.
    fn enter(&mut self) {
        let block = self.block(self.start);
        if block.end == self.steps {
            self.begin_reversal();
        } else {
            self.phase = Phase::Store;
        }
    }

    /// The model is at the start of the next block to be reversed.
    fn begin_reversal(&mut self) {
        let block = self.block(self.start);
        match self.within {
            Within::Recording if !block.is_empty() => self.phase = Phase::Record,
            Within::Recording | Within::Revolve => {
                self.phase = Phase::Part;
                self.part.restart(block, self.slots);
            }
        }
    }
}

impl Iterator for Asynchronous {
    type Item = Action;

    fn next(&mut self) -> Option<Action> {
        let (kind, step) = (Data::Restart, self.start);
        match self.phase {
            Phase::Store => {
                self.phase = Phase::Advance;
                Some(Action::Store { kind, step, tier: SLOW })
            }
            Phase::Advance => {
                let steps = self.block(self.start);
                self.start = steps.end;
                self.enter();
                Some(Action::Advance { steps })
            }
            Phase::Discard => {
                self.begin_reversal();
                Some(Action::Discard { kind, step, tier: SLOW })
            }
            Phase::Record => {
                self.phase = Phase::Reverse;
                Some(Action::Record { steps: self.block(self.start) })
            }
            Phase::Reverse => {
                self.phase = Phase::Part;
                Some(Action::Reverse { steps: self.block(self.start) })
            }
            Phase::Part => {
                if let Some(action) = self.part.next() {
                    return Some(action);
                }
                self.start = self.start.checked_sub(self.period)?;
                self.phase = Phase::Discard;
                Some(Action::Load { kind, step: self.start, tier: SLOW })
            }
        }
    }
}

impl FusedIterator for Asynchronous {}
