//! The walk over a schedule that keeps restart and adjoint data, whatever chooses between them.

use crate::{Action, Data, TierId};

const TIER: TierId = TierId(0);

/// What to do with a segment of several steps, at whose start the model is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Choice {
    /// Record the first step, and store its adjoint data until the others are reversed.
    Keep,
    /// Advance over so many steps, reverse the others, and come back for these.
    Split(u64),
}

/// A rule that says what to do with a segment.
pub(crate) trait Choose {
    /// What to do with a segment of `steps > 1` and `free` units, its own restart data included
    /// if they are stored.
    ///
    /// `restartable`: the adjoint data of the step before are stored, and the model can be put
    /// to the start of the segment by loading them, now and later.
    fn choose(&self, steps: u64, free: u64, restartable: bool) -> Choice;
}

/// Sizes of what is kept, in units of the capacity.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Sizes {
    pub(crate) restart: u64,
    pub(crate) adjoint: u64,
    /// Whether adjoint data put the model at the end of their step.
    pub(crate) adjoint_restarts: bool,
}

/// The actions that follow from a rule. Allocates as its stack grows to the most data stored.
#[derive(Clone, Debug)]
pub(crate) struct Walk<C> {
    rule: C,
    sizes: Sizes,
    /// Units not taken.
    free: u64,
    stored: Vec<(Data, u64)>,
    /// Steps from here on are reversed.
    end: u64,
    /// Where the model is, unless the phase is about what is stored last.
    at: u64,
    phase: Phase,
}

/// What to emit next.
#[derive(Clone, Copy, Debug)]
enum Phase {
    /// The model is at `at`: choose.
    Arrive,
    /// Advance over so many steps from `at`.
    Advance(u64),
    /// Record the step from `at`.
    Record,
    /// Store the adjoint data of the step from `at`.
    Keep,
    /// Reverse the step before `end`.
    Reverse,
    /// Load what is stored last.
    Load,
    /// Discard what is stored last: restart data to record the step, adjoint data to reverse it.
    Discard,
    Done,
}

impl<C: Choose> Walk<C> {
    pub(crate) fn new(steps: u64, capacity: u64, sizes: Sizes, rule: C) -> Self {
        let phase = if steps == 0 { Phase::Done } else { Phase::Arrive };
        Self { rule, sizes, free: capacity, stored: Vec::new(), end: steps, at: 0, phase }
    }

    pub(crate) fn next(&mut self) -> Option<Action> {
        Some(match self.phase {
            Phase::Arrive => self.arrive(),
            Phase::Advance(length) => self.advance(length),
            Phase::Record => self.record(),
            Phase::Keep => {
                let step = self.at;
                self.stored.push((Data::Adjoint, step));
                self.free -= self.sizes.adjoint;
                (self.at, self.phase) = (step + 1, Phase::Arrive);
                Action::Store { kind: Data::Adjoint, step, tier: TIER }
            }
            Phase::Reverse => {
                self.end -= 1;
                self.phase = if self.end == 0 { Phase::Done } else { Phase::Load };
                Action::Reverse { steps: self.end..self.end + 1 }
            }
            Phase::Load => self.load(),
            Phase::Discard => self.discard(),
            Phase::Done => return None,
        })
    }

    /// The model is at the start of a segment that nothing is stored for yet.
    fn arrive(&mut self) -> Action {
        let steps = self.end - self.at;
        if steps == 1 {
            return self.record();
        }
        let restartable = self.restartable();
        match self.rule.choose(steps, self.free, restartable) {
            Choice::Keep => self.record(),
            Choice::Split(length) if restartable => self.advance(length),
            Choice::Split(length) => {
                self.stored.push((Data::Restart, self.at));
                self.free -= self.sizes.restart;
                self.phase = Phase::Advance(length);
                Action::Store { kind: Data::Restart, step: self.at, tier: TIER }
            }
        }
    }

    fn advance(&mut self, length: u64) -> Action {
        let steps = self.at..self.at + length;
        (self.at, self.phase) = (steps.end, Phase::Arrive);
        Action::Advance { steps }
    }

    /// Records the step from `at`; its adjoint data are stored unless it is the last.
    fn record(&mut self) -> Action {
        let steps = self.at..self.at + 1;
        self.phase = if steps.end == self.end { Phase::Reverse } else { Phase::Keep };
        Action::Record { steps }
    }

    /// Loads what is stored last, to reverse a step or to run the segment behind it.
    fn load(&mut self) -> Action {
        let &(kind, step) = self.stored.last().expect("data should be stored while steps remain");
        self.phase = match kind {
            Data::Adjoint if step + 1 == self.end => Phase::Discard,
            Data::Adjoint => {
                self.at = step + 1;
                Phase::Arrive
            }
            Data::Restart => {
                self.at = step;
                let (steps, free) = (self.end - step, self.free + self.sizes.restart);
                let split = (steps > 1).then(|| self.rule.choose(steps, free, false));
                match split {
                    // Stored already: the data stay for another time.
                    Some(Choice::Split(length)) => Phase::Advance(length),
                    Some(Choice::Keep) | None => Phase::Discard,
                }
            }
        };
        Action::Load { kind, step, tier: TIER }
    }

    fn discard(&mut self) -> Action {
        let (kind, step) = self.stored.pop().expect("data should be stored to be discarded");
        (self.free, self.phase) = match kind {
            Data::Restart => (self.free + self.sizes.restart, Phase::Record),
            Data::Adjoint => (self.free + self.sizes.adjoint, Phase::Reverse),
        };
        Action::Discard { kind, step, tier: TIER }
    }

    /// Whether loading what is stored last puts the model where it is now.
    fn restartable(&self) -> bool {
        let last = (Data::Adjoint, self.at.wrapping_sub(1));
        self.sizes.adjoint_restarts && self.stored.last() == Some(&last)
    }
}
