//! Online checkpointing: the number of steps is not known until the last one begins.
//!
//! The model stands at `x_i` with `c` slots and decides which states to hold. At `x_(n-1)` it is
//! told that the next step is the last: the step is recorded, and the rest reversed optimally
//! from the snapshots that happen to be there ([`Reversal`]). Everything before is the same for
//! every larger `n`. What is compared with is the optimum of whoever knew `n` from the start,
//! `t(n, c)` of [`Costs::revolve`].
//!
//! With `beta(c, r) = C(c + r, c)`, `x_0` counting as one of the `c` snapshots:
//!
//! * For `n = beta(c, r)` there is but one optimal placement: gaps of `beta(c, r - 1)`,
//!   `beta(c - 1, r - 1)`, ..., `beta(1, r - 1)` steps from one snapshot to the next, and from the
//!   last one to `x_(n-1)`.
//! * Up to `n = beta(c, 2) + 1` the rule of [`early`] is optimal for every `n`, which is as far as
//!   any rule can be.
//! * From there on, [`late`] aims at the optimal placement of `beta(c, r)` for each `r` in turn:
//!   its states are stored in passing and kept until all of them are. In between, it is greedy.
//!
//! The binomial bounds and the levels of [`OnlineRule::WangMoin`] are those of Wang, Moin &
//! Iaccarino, *Minimal repetition dynamic checkpointing algorithm for unsteady adjoint
//! calculation*, SIAM J. Sci. Comput. 31 (2009), doi:10.1137/080727890, and of Stumm & Walther,
//! *New algorithms for optimal online checkpointing*, SIAM J. Sci. Comput. 32 (2010),
//! doi:10.1137/080742439; the rules of [`early`] and [`late`] are our own.

mod early;
mod late;
mod open;
mod run;
mod wang_moin;

use early::Early;
use late::Late;
use wang_moin::WangMoin;

pub use open::{Arrival, End, OpenActions, OpenSchedule};
pub use run::{KnownEnd, Until};

use std::iter::FusedIterator;

use super::{Placed, Reversal};
use crate::{Action, Costs, Data, ScheduleError, TierId};

/// The tier whose slots the rule manages.
const RAM: TierId = TierId(0);
/// The tier that periodic snapshots go to.
const DISK: TierId = TierId(1);

/// How an online sweep decides which states to hold.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[non_exhaustive]
pub enum OnlineRule {
    /// Towards the optimal placement of the next binomial number of steps: the fewest advances.
    #[default]
    Targets,
    /// Levels and dispensable snapshots (Wang, Moin & Iaccarino 2009): the fewest repetitions of
    /// any one step, but up to 1.45 times the advances. For comparison.
    WangMoin,
}

/// The forward sweep of a run whose number of steps is not known, as an iterator without end.
///
/// It starts with the model at `x_0`. At each state it discards and stores what the rule says, and
/// then advances by one step. Whoever drives it stops before the step that is the last, or after
/// it, and goes on with the [`Reversal`] that [`finish_before_last`](Self::finish_before_last) or
/// [`finish_at_end`](Self::finish_at_end) returns. [`Online::until`] does so by itself.
///
/// The state is an entry for each slot, or less; an action takes constant time, except that
/// choosing which snapshot gives way takes up to `O(slots)` where one is stored.
///
/// # What not knowing costs
///
/// Let `c` be the slots. Every number of steps up to `C(c + 2, 2) + 1` is reversed with as few
/// advances as [`Revolve`](crate::Revolve) needs, which knows it; no rule can be optimal at every
/// end for longer. So is `n = C(c + r, c)` for every `r`. In between, the worst ratios of advances
/// to that optimum, measured at every `n` up to 100,000 and rounded up, all of them with `n` below
/// 500:
///
/// | `c` | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10 |
/// |---|---|---|---|---|---|---|---|---|---|---|
/// | ratio | 1 | 1.122 | 1.057 | 1.036 | 1.028 | 1.020 | 1.016 | 1.012 | 1.010 | 1.008 |
///
/// The least that any rule can have is 1.122 for two slots and 1.056 for three.
///
/// ```
/// use retrograd_checkpoint::{Action, MemoryModel, Online, replay};
///
/// // A simulation that happens to end after 100 steps.
/// let mut forward = Online::new(5)?;
/// let mut actions = Vec::new();
/// while forward.at() + 1 < 100 {
///     actions.extend(forward.next()); // the model would follow
/// }
/// actions.extend(forward.finish_before_last());
/// let report = replay(100, &MemoryModel::slots(5), actions)?;
/// assert_eq!(report.advances, 318); // whoever knew the end would need 316
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Online {
    kind: OnlineRule,
    /// Slots of tier 0.
    slots: u64,
    /// Steps between snapshots in tier 1, if there are any.
    period: Option<u64>,
    /// The rule for the steps from `block` on, which it counts from 0.
    rule: Rule,
    block: u64,
    /// What is left in tier 0 of the blocks before, by step, and how many of this block are there.
    stale: Vec<u64>,
    fresh: u64,
    at: u64,
    phase: Phase,
}

/// What to emit next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Phase {
    Arrive,
    /// The rule has decided.
    Store(TierId),
    Advance,
}

/// A rule, and where it is.
#[derive(Clone, Debug)]
enum Rule {
    Early(Early),
    Late(Late),
    WangMoin(WangMoin),
}

impl Rule {
    fn new(kind: OnlineRule, slots: u64) -> Self {
        match kind {
            OnlineRule::Targets => Self::Early(Early::new(slots)),
            OnlineRule::WangMoin => Self::WangMoin(WangMoin::new(slots)),
        }
    }

    /// The next state that is going to be stored; `u64::MAX` if none is.
    fn next(&self) -> u64 {
        match self {
            Self::Early(rule) => rule.next(),
            Self::Late(rule) => rule.next(),
            Self::WangMoin(rule) => rule.next(),
        }
    }

    /// Takes that state among those held, and says which one gives way to it, if any.
    fn store(&mut self) -> Option<u64> {
        if let Self::Early(early) = self
            && let Some(late) = early.outgrown()
        {
            *self = Self::Late(late);
        }
        match self {
            Self::Early(rule) => rule.store(),
            Self::Late(rule) => Some(rule.store()),
            Self::WangMoin(rule) => rule.store(),
        }
    }

    /// What is held, by step.
    fn held(&self) -> Vec<u64> {
        match self {
            Self::Early(rule) => rule.held(),
            Self::Late(rule) => rule.held().collect(),
            Self::WangMoin(rule) => rule.held().collect(),
        }
    }
}

impl Online {
    /// A forward sweep with `slots` snapshots at a time, `x_0` included.
    ///
    /// # Errors
    /// [`ScheduleError::TooSmall`] if there are none.
    pub fn new(slots: u64) -> Result<Self, ScheduleError> {
        Self::with_rule(slots, OnlineRule::default())
    }

    /// As [`Online::new`], with a rule of choice.
    ///
    /// # Errors
    /// As for [`Online::new`].
    pub fn with_rule(slots: u64, kind: OnlineRule) -> Result<Self, ScheduleError> {
        at_least_one("the number of slots", slots)?;
        Ok(Self::starting(kind, slots, None))
    }

    /// A forward sweep that stores every `period`-th state in tier 1, which has no limit, and holds
    /// `slots` more snapshots at a time, maybe none, in tier 0.
    ///
    /// Within each period the slots follow the rule, with the snapshot in tier 1 for its `x_0`; a
    /// new period overwrites those of the one before as it needs their slots, the latest first. Of
    /// what is reversed later only the last period, and what is left of the one before, is found
    /// in tier 0: for `n` much larger than `period = p` the advances are about
    /// `t(p, slots + 1) + p` per period, whatever `n`. Tier 1 is written and read once per period.
    ///
    /// # Errors
    /// [`ScheduleError::TooSmall`] if the period is 0.
    pub fn with_disk(slots: u64, period: u64) -> Result<Self, ScheduleError> {
        at_least_one("the period", period)?;
        Ok(Self::starting(OnlineRule::default(), slots, Some(period)))
    }

    fn starting(kind: OnlineRule, slots: u64, period: Option<u64>) -> Self {
        let rule = Rule::new(kind, slots.saturating_add(u64::from(period.is_some())));
        let stale = Vec::new();
        let phase = Phase::Arrive;
        Self { kind, slots, period, rule, block: 0, stale, fresh: 0, at: 0, phase }
    }

    /// The state that the model is at when it has followed all actions so far.
    pub fn at(&self) -> u64 {
        self.at
    }

    /// What is stored when the model has followed all actions so far, by step.
    pub fn placement(&self) -> Vec<Placed> {
        let mut placed = Vec::new();
        if let Some(period) = self.period {
            let blocks = 0..self.block / period;
            placed.extend(blocks.map(|block| Placed { step: block * period, tier: DISK }));
        }
        placed.extend(self.stale.iter().map(|&step| Placed { step, tier: RAM }));
        // The first of a period is in tier 1.
        let tier = |step| if step == 0 && self.period.is_some() { DISK } else { RAM };
        let held = self.rule.held().into_iter();
        placed.extend(held.map(|step| Placed { step: self.block + step, tier: tier(step) }));
        if let Phase::Store(_) = self.phase {
            // Decided, but not stored yet.
            placed.retain(|placed| placed.step != self.at);
        }
        placed
    }

    /// The reverse sweep, if the next step is the last: there are `at() + 1`. The model is at the
    /// start of that step, which is not recorded yet.
    pub fn finish_before_last(self) -> Reversal {
        let end = self.at.saturating_add(1);
        Reversal::placed(end, self.placement(), Some(self.at), self.slots)
    }

    /// The reverse sweep, if the step before was the last: there are `at()`. The model has run all
    /// of them and recorded none.
    pub fn finish_at_end(self) -> Reversal {
        Reversal::placed(self.at, self.placement(), None, self.slots)
    }

    /// The advances of a whole run over `steps`, if the rule is known to be optimal at that end.
    fn optimum_up_front(&self, steps: u64) -> Option<u128> {
        // beta(c, 2) + 1 = (c + 1) (c + 2) / 2 + 1.
        let slots = u128::from(self.slots);
        let short = u128::from(steps) <= (slots + 1).saturating_mul(slots + 2) / 2 + 1;
        let proved = short && self.kind == OnlineRule::Targets && self.period.is_none();
        let costs = proved.then(|| Costs::revolve(steps, self.slots).ok()).flatten();
        costs.map(|costs| costs.advances)
    }

    /// Goes on to `state`, emitting nothing of what is done on the way there.
    fn skip_to(&mut self, state: u64) {
        while self.next_store() < state {
            self.at = self.next_store();
            self.decide();
        }
        if self.at < state {
            self.at = state;
            self.phase = Phase::Arrive;
        }
    }

    /// Whether nothing is decided yet about the state that the model is at.
    fn has_arrived(&self) -> bool {
        self.phase == Phase::Arrive
    }

    /// The next state that is going to be stored.
    fn next_store(&self) -> u64 {
        let by_rule = self.block.saturating_add(self.rule.next());
        let by_period = self.period.map(|period| self.block.saturating_add(period));
        by_rule.min(by_period.unwrap_or(u64::MAX))
    }

    /// Takes the state where the model is among those stored: where to, and what gives way.
    fn decide(&mut self) -> (TierId, Option<u64>) {
        let Some(period) = self.period else {
            return (RAM, self.rule.store());
        };
        if self.at - self.block == period {
            let held = self.rule.held().into_iter();
            self.stale.extend(held.skip(1).map(|step| step + self.block));
            self.block = self.at;
            self.fresh = 0;
            self.rule = Rule::new(self.kind, self.slots.saturating_add(1));
        }
        let replaced = self.rule.store().map(|step| step + self.block);
        if self.at == self.block {
            return (DISK, None);
        }
        if replaced.is_some() {
            return (RAM, replaced);
        }
        let full = self.fresh + self.stale.len() as u64 == self.slots;
        self.fresh += 1;
        (RAM, if full { self.stale.pop() } else { None })
    }
}

impl Iterator for Online {
    type Item = Action;

    fn next(&mut self) -> Option<Action> {
        let (kind, step) = (Data::Restart, self.at);
        if self.phase == Phase::Arrive {
            self.phase = Phase::Advance;
            if self.next_store() == step {
                let (tier, replaced) = self.decide();
                self.phase = Phase::Store(tier);
                if let Some(step) = replaced {
                    return Some(Action::Discard { kind, step, tier });
                }
            }
        }
        if let Phase::Store(tier) = self.phase {
            self.phase = Phase::Advance;
            return Some(Action::Store { kind, step, tier });
        }
        self.at = step.checked_add(1)?;
        self.phase = Phase::Arrive;
        Some(Action::Advance { steps: step..self.at })
    }
}

impl FusedIterator for Online {}

fn at_least_one(what: &'static str, given: u64) -> Result<(), ScheduleError> {
    if given == 0 {
        return Err(ScheduleError::TooSmall { what, given, minimum: 1 });
    }
    Ok(())
}
