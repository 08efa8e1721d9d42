//! Looks ahead in the schedule for loads that can be announced.

use super::ledger::Ledger;
use crate::tier::{Key, Tier};
use crate::{Action, TierId};

/// Actions looked at per action followed, at most: the whole schedule is looked at once.
const LOOKS: usize = 64;

/// A second iterator over the schedule, ahead of the one that is followed.
pub(super) struct Scout<I> {
    ahead: I,
    /// Number of actions that `ahead` has given.
    position: u64,
    /// The load found, not announced yet.
    found: Option<(Key, TierId)>,
}

impl<I: Iterator<Item = Action>> Scout<I> {
    pub(super) fn new(actions: I) -> Self {
        Self { ahead: actions, position: 0, found: None }
    }

    /// Announces the loads behind `followed` actions, as far as tiers take them.
    pub(super) fn look<S>(
        &mut self,
        followed: u64,
        ledger: &Ledger,
        tiers: &mut [Box<dyn Tier<S>>],
    ) {
        for _ in 0..LOOKS {
            if let Some((key, tier)) = self.found {
                let due = self.position <= followed;
                let mut announced =
                    || ledger.holds(key, tier) && tiers[tier.0 as usize].prefetch(key);
                if !due && !announced() {
                    return; // not stored yet, or no hands free: later
                }
                self.found = None;
            }
            let Some(action) = self.ahead.next() else { return };
            self.position += 1;
            if let Action::Load { kind, step, tier } = action
                && self.position > followed
                && tiers.get(tier.0 as usize).is_some_and(|tier| tier.prefetches())
            {
                self.found = Some((Key { step, kind }, tier));
            }
        }
    }
}
