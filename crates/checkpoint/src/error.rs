//! Errors: schedules that cannot exist, and rules that an action breaks.

use std::fmt;
use std::ops::Range;

use crate::{Action, Data, TierId};

/// A schedule that does not exist.
#[derive(Clone, Copy, PartialEq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ScheduleError {
    /// Reversing more than one step without storing any requires the initial state.
    #[error("{steps} steps cannot be reversed without a snapshot\n  help: allow at least 1")]
    NoSnapshots {
        /// The steps asked for.
        steps: u64,
    },
    /// No schedule of this family fits.
    #[error("{what} is {given}, but must be at least {minimum}\n  help: allow at least {minimum}")]
    TooSmall {
        /// What is too small, such as the number of slots.
        what: &'static str,
        /// What was given.
        given: u64,
        /// The least with which a schedule exists.
        minimum: u64,
    },
    /// A cost that no cost model allows.
    #[error("{what} is {value}, but costs are finite and not negative")]
    InvalidCost {
        /// Which cost.
        what: &'static str,
        /// Its value.
        value: f64,
    },
    /// The recurrence would need a table beyond what this family is made for.
    #[error(
        "the table of {what} would take {bytes} bytes, more than {limit}\n  \
         help: take fewer steps or slots, or a family with a closed form (revolve, two-level)"
    )]
    TableTooLarge {
        /// The family.
        what: &'static str,
        /// What the table would take.
        bytes: u128,
        /// The most that is allowed.
        limit: u64,
    },
    /// The recurrence would take longer than anybody waits for.
    #[error(
        "solving {what} would take up to {operations} operations, more than {limit}\n  \
         help: take fewer steps or slots, or {instead}"
    )]
    TooMuchWork {
        /// The family.
        what: &'static str,
        /// Additions and comparisons that the recurrence would take at most; at least, if more
        /// are not counted.
        operations: u128,
        /// The most that is allowed.
        limit: u64,
        /// What serves instead.
        instead: &'static str,
    },
    /// Arguments that contradict each other.
    #[error("{what}")]
    Invalid {
        /// What is wrong, what is allowed.
        what: &'static str,
    },
}

/// An action that breaks a rule, and its place in the stream.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{}: {rule}", Place { position: *position, action: action.as_ref() })]
pub struct InvalidAction {
    /// Number of actions before this one.
    pub position: u64,
    /// The action; `None` if the stream ended too early.
    pub action: Option<Action>,
    /// What is wrong.
    pub rule: BrokenRule,
}

/// A rule of the action vocabulary, and how it was broken.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BrokenRule {
    /// Ranges of steps are never empty.
    #[error("the range of steps is empty")]
    EmptyRange,
    /// Steps are numbered below the number of steps.
    #[error("step {end} is beyond the last of {steps} steps")]
    BeyondEnd {
        /// The end of the range asked for.
        end: u64,
        /// The number of steps.
        steps: u64,
    },
    /// Forward runs and stores of restart data start where the model is.
    #[error("the model should be at step {wanted}, but {}", Position(*at))]
    NotThere {
        /// Where the model should be.
        wanted: u64,
        /// Where it is, if anywhere.
        at: Option<u64>,
    },
    /// Only recorded steps can be reversed, or their adjoint data stored.
    #[error("working memory holds the adjoint data of {}", Steps(recorded))]
    NotRecorded {
        /// The steps whose adjoint data are in working memory.
        recorded: Range<u64>,
    },
    /// Steps are reversed once each, last step first.
    #[error("the next step to reverse is the one before {expected}")]
    OutOfOrder {
        /// Where the range should end.
        expected: u64,
    },
    /// Data exist when they are read or discarded.
    #[error("{kind} data of step {step} are not in {tier}")]
    NotStored {
        /// Which data.
        kind: Data,
        /// Of which step.
        step: u64,
        /// Where.
        tier: TierId,
    },
    /// A tier holds the same data once.
    #[error("{kind} data of step {step} are in {tier} already")]
    StoredTwice {
        /// Which data.
        kind: Data,
        /// Of which step.
        step: u64,
        /// Where.
        tier: TierId,
    },
    /// Actions name tiers that exist.
    #[error("there is no {tier}, only {tiers} tiers from 0")]
    UnknownTier {
        /// The tier named.
        tier: TierId,
        /// The number of tiers.
        tiers: usize,
    },
    /// A tier holds no more snapshots than it has slots.
    #[error("all {slots} slots are taken")]
    SlotsExceeded {
        /// The number of slots.
        slots: u64,
    },
    /// A tier holds no more bytes than it has.
    #[error("{needed} bytes are needed where {capacity} are allowed")]
    BytesExceeded {
        /// What all snapshots of the tier would take.
        needed: u64,
        /// What the tier holds.
        capacity: u64,
    },
    /// The executor's [`Model`](crate::Model) keeps restart data only.
    #[error("adjoint data can be replayed, but not stored by this executor")]
    AdjointNotSupported,
    /// In a [`Chain`](crate::Chain), the state at the start of a step lives until it is reversed.
    #[error("the state at the start of step {step} is not live")]
    InputMissing {
        /// The step to reverse.
        step: u64,
    },
    /// Every stage of a [`Chain`](crate::Chain) is recorded in one of its ways.
    #[error("no recording is named for step {step}, or one that the chain does not have")]
    NoRecording {
        /// The step.
        step: u64,
    },
    /// All steps are reversed at the end.
    #[error("steps {}..{} are not reversed", steps.start, steps.end)]
    NotReversed {
        /// The steps left.
        steps: Range<u64>,
    },
    /// Nothing is stored at the end.
    #[error("{kind} data of step {step} are left in {tier}")]
    LeftStored {
        /// Which data.
        kind: Data,
        /// Of which step.
        step: u64,
        /// Where.
        tier: TierId,
    },
    /// Nothing is recorded at the end.
    #[error("adjoint data of {} are left in working memory", Steps(steps))]
    LeftRecorded {
        /// The steps recorded and not reversed.
        steps: Range<u64>,
    },
}

/// Prints where in a stream something happened.
pub(crate) struct Place<'a> {
    pub(crate) position: u64,
    pub(crate) action: Option<&'a Action>,
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.action {
            Some(action) => write!(f, "action {} (`{action}`)", self.position),
            None => write!(f, "end of the schedule, after {} actions", self.position),
        }
    }
}

/// Prints where the model is.
struct Position(Option<u64>);

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(step) => write!(f, "it is at step {step}"),
            None => f.write_str("it holds no state since the last reverse"),
        }
    }
}

/// Prints a range of steps that may be empty.
struct Steps<'a>(&'a Range<u64>);

impl fmt::Display for Steps<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            f.write_str("no step")
        } else {
            write!(f, "steps {}..{}", self.0.start, self.0.end)
        }
    }
}
