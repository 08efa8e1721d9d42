//! The vocabulary of checkpointing schedules.
//!
//! A schedule is an iterator of [`Action`]s, independent of any model: data that a replayer can
//! prove, a planner can cost and an executor can follow.

use std::fmt;
use std::ops::Range;

/// A place where snapshots live, such as RAM or a disk; printed `tier 0`.
///
/// Schedules only name tiers. What a tier costs and holds is said by whoever made the schedule
/// and checked by [`replay`](crate::replay()).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct TierId(pub u32);

/// What is kept of a step. The two differ in size and use, and are never exchangeable.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Data {
    /// The state at the start of a step: what continues the forward run from there.
    Restart,
    /// What the adjoint of one step reads.
    Adjoint,
}

/// One instruction of a checkpointing schedule.
///
/// Steps count from 0; step `i` leads from state `x_i` to `x_(i+1)`. Ranges of steps are
/// half-open and never empty. The model starts at `x_0`, which is not stored yet.
///
/// # Example
///
/// Three steps with room for one snapshot read as follows:
///
/// | action | read as |
/// |---|---|
/// | `store restart 0 in tier 0` | keep `x_0` |
/// | `advance 0..2` | run steps 0 and 1 and keep nothing: the model is at `x_2` |
/// | `record 2..3` | run step 2 and keep its adjoint data in working memory |
/// | `reverse 3..2` | adjoint of step 2; its adjoint data are consumed |
/// | `load restart 0 from tier 0` | the model is at `x_0` again |
/// | `advance 0..1` | |
/// | `record 1..2` | |
/// | `reverse 2..1` | |
/// | `load restart 0 from tier 0` | the last read of this snapshot ... |
/// | `discard restart 0 from tier 0` | ... is directly followed by its discard |
/// | `record 0..1` | |
/// | `reverse 1..0` | done, and nothing is left in any tier |
///
/// ```
/// use retrograd_checkpoint::{Action, Revolve};
///
/// let actions: Vec<Action> = Revolve::new(3, 1)?.collect();
/// assert_eq!(actions[1], Action::Advance { steps: 0..2 });
/// assert_eq!(actions[3].to_string(), "reverse 3..2");
/// assert_eq!(actions.len(), 12);
/// # Ok::<(), retrograd_checkpoint::ScheduleError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Action {
    /// Run the forward model over `steps` and keep nothing. The model is at `steps.start` before
    /// and at `steps.end` after.
    Advance {
        /// The steps to run, first step first.
        steps: Range<u64>,
    },
    /// Run the forward model over `steps`; working memory then holds the adjoint data of exactly
    /// these steps, and the model is at `steps.end`.
    Record {
        /// The steps to run, first step first.
        steps: Range<u64>,
    },
    /// Run the adjoint over `steps`, last step first. Working memory holds their adjoint data,
    /// which are consumed. Afterwards the model has no defined forward state until the next
    /// load, so that an adjoint may overwrite its buffers.
    Reverse {
        /// The steps to reverse, last step first.
        steps: Range<u64>,
    },
    /// Keep in `tier` what working memory holds of `step`.
    Store {
        /// Which data of the step.
        kind: Data,
        /// The step whose data are kept: for restart data the state at its start.
        step: u64,
        /// Where to.
        tier: TierId,
    },
    /// Bring stored data back into working memory; they stay stored. Restart data put the model
    /// at `step`; adjoint data replace those in working memory.
    Load {
        /// Which data of the step.
        kind: Data,
        /// The step whose data are read.
        step: u64,
        /// Where from.
        tier: TierId,
    },
    /// Free stored data. Directly after the load of the same data, the two together are a
    /// hand-over: an executor may return the buffers by a swap.
    Discard {
        /// Which data of the step.
        kind: Data,
        /// The step whose data are freed.
        step: u64,
        /// Where from.
        tier: TierId,
    },
}

impl fmt::Display for TierId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "tier {}", self.0)
    }
}

impl fmt::Display for Data {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Restart => "restart",
            Self::Adjoint => "adjoint",
        })
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Advance { steps } => write!(f, "advance {}..{}", steps.start, steps.end),
            Self::Record { steps } => write!(f, "record {}..{}", steps.start, steps.end),
            Self::Reverse { steps } => write!(f, "reverse {}..{}", steps.end, steps.start),
            Self::Store { kind, step, tier } => write!(f, "store {kind} {step} in {tier}"),
            Self::Load { kind, step, tier } => write!(f, "load {kind} {step} from {tier}"),
            Self::Discard { kind, step, tier } => write!(f, "discard {kind} {step} from {tier}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(action: &Action, text: &str) {
        assert_eq!(action.to_string(), text);
    }

    #[test]
    fn actions_print_as_the_table_reads() {
        let (kind, step, tier) = (Data::Adjoint, 7, TierId(1));
        check(&Action::Advance { steps: 2..9 }, "advance 2..9");
        check(&Action::Record { steps: 8..9 }, "record 8..9");
        check(&Action::Reverse { steps: 8..9 }, "reverse 9..8");
        check(&Action::Store { kind, step, tier }, "store adjoint 7 in tier 1");
        check(&Action::Load { kind, step, tier }, "load adjoint 7 from tier 1");
        check(&Action::Discard { kind, step, tier }, "discard adjoint 7 from tier 1");
    }
}
