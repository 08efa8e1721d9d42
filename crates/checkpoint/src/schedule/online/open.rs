//! Runs of unknown length, forward and reverse sweep in one iterator, whose end is said while
//! they run.
//!
//! Three forward sweeps, each asked at every state whether it is over:
//!
//! | sweep | forward | then | total forward steps of `n` |
//! |---|---|---|---|
//! | [`Online`] | what its rule says | [`Reversal`] | see there |
//! | blocks | every `p`-th state to tier 1 | blocks recorded whole, last block first | `2 n - 1` |
//! | each | every step recorded, its adjoint data to tier 0 | read back, last first | `n` |
//!
//! Blocks are those of [`Asynchronous::recording`](crate::schedule::Asynchronous::recording), but
//! that the start of the last one is stored as well: nobody knows yet that it is the last. Steps
//! are advanced one at a time, so that the model can be asked.
//!
//! State: that of [`Online`], or a few numbers. Constant time per action beside it.

use std::iter::FusedIterator;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use super::{DISK, Online, RAM, at_least_one};
use crate::{Action, Data, Reversal, ScheduleError};

/// What a run of unknown length says of the state that it has reached.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Arrival {
    /// More than one step follows, as far as is known.
    #[default]
    More,
    /// The step from here is the last: a time step cut to reach the final time.
    LastNext,
    /// No step follows: an iteration has converged. The last step has been run without recording
    /// by then, and is run again.
    End,
}

/// Where a run of unknown length says that its end is reached: shared between a schedule, which
/// asks, and whoever knows, mostly the model.
///
/// One flag serves one run; it is never taken back but by [`End::reset`].
///
/// ```
/// use retrograd_checkpoint::schedule::{Arrival, End, OpenSchedule};
/// use retrograd_checkpoint::{Action, Online};
///
/// let end = End::default();
/// let mut residual = 1.0;
/// for action in OpenSchedule::from(Online::new(3)?).until(&end) {
///     if let Action::Advance { .. } = action {
///         residual /= 2.0;
///         if residual < 0.1 {
///             end.say(Arrival::End);
///         }
///     }
/// }
/// # Ok::<(), retrograd_checkpoint::ScheduleError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct End(Arc<AtomicU8>);

impl End {
    /// Says what the state is that has been reached. What has been said first stays.
    pub fn say(&self, arrival: Arrival) {
        let said = match arrival {
            Arrival::More => return,
            Arrival::LastNext => 1,
            Arrival::End => 2,
        };
        // Nothing else is published by it: who says it has the model, and so has who asks.
        let _ = self.0.compare_exchange(0, said, Ordering::Relaxed, Ordering::Relaxed);
    }

    /// What has been said.
    pub fn said(&self) -> Arrival {
        match self.0.load(Ordering::Relaxed) {
            0 => Arrival::More,
            1 => Arrival::LastNext,
            _ => Arrival::End,
        }
    }

    /// Nothing has been said, for the next run.
    pub fn reset(&self) {
        self.0.store(0, Ordering::Relaxed);
    }
}

/// A schedule for a run of unknown length that has not begun; the end is said to one of the
/// iterators that it makes.
#[derive(Clone, Debug)]
pub struct OpenSchedule(Forward);

/// The forward sweeps.
#[derive(Clone, Debug)]
enum Forward {
    Online(Box<Online>),
    Blocks { period: u64, at: u64, phase: Phase },
    Each { at: u64, phase: Phase },
}

/// What to emit next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Phase {
    Arrive,
    Store,
    Advance,
}

impl From<Online> for OpenSchedule {
    fn from(online: Online) -> Self {
        Self(Forward::Online(Box::new(online)))
    }
}

impl OpenSchedule {
    /// Every `period`-th state goes to tier 1, which has no limit, and the blocks between are
    /// recorded whole: working memory holds the adjoint data of `period` steps at a time.
    ///
    /// # Errors
    /// [`ScheduleError::TooSmall`] if the period is 0.
    pub fn blocks(period: u64) -> Result<Self, ScheduleError> {
        at_least_one("the period", period)?;
        Ok(Self(Forward::Blocks { period, at: 0, phase: Phase::Arrive }))
    }

    /// The adjoint data of every step go to tier 0, which has no limit: nothing is run twice.
    pub fn each() -> Self {
        Self(Forward::Each { at: 0, phase: Phase::Arrive })
    }

    /// All actions of a run whose end is said to `end`: late, each time after all actions before
    /// have been followed.
    pub fn until(self, end: &End) -> OpenActions<impl FnMut(u64) -> Arrival + Clone + use<>> {
        let end = end.clone();
        self.asking(move |_| end.said())
    }

    /// All actions of a run over `steps`, which the forward sweep is not told: for tests, costs
    /// and comparisons. Nothing if there are none.
    pub fn until_end(self, steps: u64) -> OpenActions<impl FnMut(u64) -> Arrival + Clone> {
        self.asking(move |at| match steps.checked_sub(1) {
            None => Arrival::End,
            Some(last) if at == last => Arrival::LastNext,
            Some(_) => Arrival::More,
        })
    }

    /// All actions of a run; at each state in turn, `arrival` is asked what it is.
    pub fn asking<F: FnMut(u64) -> Arrival>(self, arrival: F) -> OpenActions<F> {
        OpenActions { sweep: Sweep::Forward(self.0), arrival }
    }
}

/// All actions of a run of unknown length, made by [`OpenSchedule`]. Without end until one is
/// said.
#[derive(Clone, Debug)]
pub struct OpenActions<F> {
    sweep: Sweep,
    arrival: F,
}

#[derive(Clone, Debug)]
enum Sweep {
    Forward(Forward),
    Reversal(Box<Reversal>),
    Blocks(Blocks),
    Each(Each),
}

impl<F: FnMut(u64) -> Arrival> Iterator for OpenActions<F> {
    type Item = Action;

    fn next(&mut self) -> Option<Action> {
        if let Sweep::Forward(forward) = &mut self.sweep {
            let arrival =
                if forward.has_arrived() { (self.arrival)(forward.at()) } else { Arrival::More };
            if arrival == Arrival::More {
                return forward.next();
            }
            self.sweep = forward.clone().finish(arrival == Arrival::LastNext);
        }
        match &mut self.sweep {
            Sweep::Forward(forward) => forward.next(),
            Sweep::Reversal(reversal) => reversal.next(),
            Sweep::Blocks(blocks) => blocks.next(),
            Sweep::Each(each) => each.next(),
        }
    }
}

impl<F: FnMut(u64) -> Arrival> FusedIterator for OpenActions<F> {}

impl Forward {
    fn at(&self) -> u64 {
        match self {
            Self::Online(online) => online.at(),
            Self::Blocks { at, .. } | Self::Each { at, .. } => *at,
        }
    }

    fn has_arrived(&self) -> bool {
        match self {
            Self::Online(online) => online.has_arrived(),
            Self::Blocks { phase, .. } | Self::Each { phase, .. } => *phase == Phase::Arrive,
        }
    }

    fn next(&mut self) -> Option<Action> {
        match self {
            Self::Online(online) => online.next(),
            Self::Blocks { period, at, phase } => {
                let step = *at;
                if *phase == Phase::Arrive && step.is_multiple_of(*period) {
                    *phase = Phase::Advance;
                    return Some(Action::Store { kind: Data::Restart, step, tier: DISK });
                }
                (*at, *phase) = (step.checked_add(1)?, Phase::Arrive);
                Some(Action::Advance { steps: step..*at })
            }
            Self::Each { at, phase } => {
                let step = *at;
                let end = step.checked_add(1)?;
                if *phase == Phase::Store {
                    (*at, *phase) = (end, Phase::Arrive);
                    return Some(Action::Store { kind: Data::Adjoint, step, tier: RAM });
                }
                *phase = Phase::Store;
                Some(Action::Record { steps: step..end })
            }
        }
    }

    /// The reverse sweep, if the step from here is the last, or else if the one before was.
    fn finish(self, is_last: bool) -> Sweep {
        match self {
            Self::Online(online) if is_last => {
                Sweep::Reversal(Box::new(online.finish_before_last()))
            }
            Self::Online(online) => Sweep::Reversal(Box::new(online.finish_at_end())),
            Self::Blocks { period, at, .. } => {
                let end = at.saturating_add(u64::from(is_last));
                let start = end.saturating_sub(1) / period * period;
                // The model is at the start of the last block, which is not stored then.
                let there = is_last && at == start;
                let part = if there { Part::Record } else { Part::Load };
                Sweep::Blocks(Blocks { period, block: start..end, part })
            }
            Self::Each { at, .. } => {
                let part = if is_last { Part::Record } else { Part::Discard };
                Sweep::Each(Each { end: at.saturating_add(u64::from(is_last)), part })
            }
        }
    }
}

/// What comes next of a block, or of a step.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Part {
    Load,
    Discard,
    Record,
    Reverse,
}

/// The reverse sweep over blocks.
#[derive(Clone, Debug)]
struct Blocks {
    period: u64,
    block: Range<u64>,
    part: Part,
}

impl Iterator for Blocks {
    type Item = Action;

    fn next(&mut self) -> Option<Action> {
        if self.block.is_empty() {
            return None;
        }
        let (kind, step, tier) = (Data::Restart, self.block.start, DISK);
        let steps = self.block.clone();
        let (action, part) = match self.part {
            Part::Load => (Action::Load { kind, step, tier }, Part::Discard),
            Part::Discard => (Action::Discard { kind, step, tier }, Part::Record),
            Part::Record => (Action::Record { steps }, Part::Reverse),
            Part::Reverse => {
                self.block = step.saturating_sub(self.period)..step;
                (Action::Reverse { steps }, Part::Load)
            }
        };
        self.part = part;
        Some(action)
    }
}

/// The reverse sweep over steps whose adjoint data are stored.
#[derive(Clone, Debug)]
struct Each {
    /// Steps before this one are left.
    end: u64,
    part: Part,
}

impl Iterator for Each {
    type Item = Action;

    fn next(&mut self) -> Option<Action> {
        let step = self.end.checked_sub(1)?;
        let (kind, tier, steps) = (Data::Adjoint, RAM, step..self.end);
        let (action, part) = match self.part {
            Part::Load => (Action::Load { kind, step, tier }, Part::Discard),
            // Also of the last step, of which working memory still holds what was stored.
            Part::Discard => (Action::Discard { kind, step, tier }, Part::Reverse),
            Part::Record => (Action::Record { steps }, Part::Reverse),
            Part::Reverse => {
                self.end = step;
                (Action::Reverse { steps }, Part::Load)
            }
        };
        self.part = part;
        Some(action)
    }
}
