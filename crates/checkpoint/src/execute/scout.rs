//! Looks ahead in the schedule for loads that can be announced.
//!
//! Shared by the executor, which announces them to its tiers, and the simulator, which predicts
//! what that is worth.

use crate::tier::Key;
use crate::{Action, TierId};

/// Actions looked at per action followed, at most: the whole schedule is looked at once.
const LOOKS: usize = 64;

/// A second iterator over the schedule, ahead of the one that is followed.
pub(crate) struct Scout<I> {
    ahead: I,
    /// Number of actions that `ahead` has given.
    position: u64,
    /// The load found, not announced yet.
    found: Option<(Key, TierId)>,
}

/// Who is told of the loads to come.
pub(crate) trait Listener {
    /// Whether announcements to this tier are of use.
    fn listens(&self, tier: TierId) -> bool;

    /// Tells of a load. `false`: not stored yet, or no hands free; told again later.
    fn announce(&mut self, key: Key, tier: TierId) -> bool;
}

impl<I: Iterator<Item = Action>> Scout<I> {
    /// `rest` is what is left of a schedule behind `followed` actions. It is cloned as late as the
    /// first reverse: nothing is loaded before, and a schedule that learns from the run how long
    /// it is knows by then.
    pub(crate) fn new(rest: I, followed: u64) -> Self {
        Self { ahead: rest, position: followed, found: None }
    }

    /// Announces the loads behind `followed` actions, as far as the listener takes them.
    pub(crate) fn look(&mut self, followed: u64, listener: &mut impl Listener) {
        for _ in 0..LOOKS {
            if let Some((key, tier)) = self.found {
                let due = self.position <= followed;
                if !due && !listener.announce(key, tier) {
                    return;
                }
                self.found = None;
            }
            let Some(action) = self.ahead.next() else { return };
            self.position += 1;
            if let Action::Load { kind, step, tier } = action
                && self.position > followed
                && listener.listens(tier)
            {
                self.found = Some((Key { step, kind }, tier));
            }
        }
    }
}
