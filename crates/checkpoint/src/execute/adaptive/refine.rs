//! More use of a second tier for what is left of a reverse sweep.
//!
//! The stored states cut the steps into gaps, reversed last gap first. One longer than `q` steps is
//! run through once, and every `q`-th state of it goes to the second tier, but for the last, at
//! which the model is: the blocks are then reversed last block first, each by [`Revolve`] with the
//! slots of tier 0 that are free by then. A block of `l` steps with `f` slots costs `t(l, f)`
//! advances, a gap of `g` steps about `g` more.

use crate::schedule::{Tiers, Trajectory};
use crate::{Action, Data, Placed, Revolve, TierId};

const FIRST: TierId = TierId(0);

/// Actions that reverse the remaining steps.
#[derive(Clone, Debug)]
pub(super) struct Refined {
    /// What is stored, first step first; the last one is where the next gap starts.
    placed: Vec<Placed>,
    /// Slots of tier 0.
    slots: u64,
    /// Where the states of long gaps go, and the distance between them.
    tier: TierId,
    period: u64,
    /// End of the gaps not begun yet.
    end: u64,
    /// What is done before the block: the load, and the run through its gap.
    entry: Entry,
    block: Revolve,
}

/// The run through a gap.
#[derive(Clone, Debug)]
enum Entry {
    None,
    Load(Placed),
    Advance(u64),
    Store(u64),
}

impl Refined {
    /// Reverses the steps before `end` from `placed`, each step once and the first of them 0, with
    /// `slots` in tier 0 and a state in `tier` every `period` steps of long gaps. Nothing if there
    /// is a gap that needs a slot and has none.
    pub(super) fn new(
        end: u64,
        mut placed: Vec<Placed>,
        slots: u64,
        (tier, period): (TierId, u64),
    ) -> Option<Self> {
        placed.sort_unstable();
        let held = placed.iter().filter(|placed| placed.tier == FIRST).count() as u64;
        let first = placed.first().is_some_and(|first| first.step == 0);
        let block = Revolve::with_slots(0, 0, Trajectory::default());
        let entry = Entry::None;
        (first && held <= slots && period > 0).then_some(Self {
            placed,
            slots,
            tier,
            period,
            end,
            entry,
            block,
        })
    }

    fn free(&self) -> u64 {
        let held = self.placed.iter().filter(|placed| placed.tier == FIRST).count() as u64;
        self.slots.saturating_sub(held)
    }

    /// Begins the gap or block of the last snapshot.
    fn begin(&mut self) -> Option<()> {
        let placed = *self.placed.last()?;
        if self.end - placed.step > self.period {
            // It stays stored: its own block comes last.
            self.entry = Entry::Load(placed);
            return Some(());
        }
        self.placed.pop();
        let extra = u64::from(placed.tier != FIRST);
        self.block.store_in(Tiers::FirstIn(placed.tier, FIRST));
        self.block.restart_stored(placed.step..self.end, self.free().saturating_add(extra));
        self.end = placed.step;
        Some(())
    }

    /// The model is at `at` on its way through the last gap.
    fn arrive(&mut self, at: u64) {
        if self.end - at > self.period {
            self.entry = Entry::Store(at);
            return;
        }
        self.entry = Entry::None;
        let (free, alone) = (self.free(), self.end - at == 1);
        let tier = if free > 0 || alone { FIRST } else { self.tier };
        self.block.store_in(Tiers::FirstIn(tier, FIRST));
        self.block.restart(at..self.end, free.max(1));
        self.end = at;
    }
}

impl Iterator for Refined {
    type Item = Action;

    fn next(&mut self) -> Option<Action> {
        let kind = Data::Restart;
        loop {
            match self.entry {
                Entry::None => {
                    if let Some(action) = self.block.next() {
                        return Some(action);
                    }
                    self.begin()?;
                }
                Entry::Load(Placed { step, tier }) => {
                    self.entry = Entry::Advance(step);
                    return Some(Action::Load { kind, step, tier });
                }
                Entry::Advance(from) => {
                    let at = from + self.period;
                    self.arrive(at);
                    return Some(Action::Advance { steps: from..at });
                }
                Entry::Store(step) => {
                    self.placed.push(Placed { step, tier: self.tier });
                    self.entry = Entry::Advance(step);
                    return Some(Action::Store { kind, step, tier: self.tier });
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{MemoryModel, TierLimit, replay};

    proptest! {
        /// Valid from any placement, with what is stored stored first.
        #[test]
        fn any_rest_is_reversed(
            end in 1_u64..90, steps in prop::collection::btree_map(1_u64..90, 0_u32..2, 0..6),
            first in 0_u32..2, spare in 0_u64..4, period in 1_u64..20,
        ) {
            let found = steps.into_iter().filter(|(step, _)| *step < end);
            let placed: Vec<Placed> = [(0, first)].into_iter().chain(found)
                .map(|(step, tier)| Placed { step, tier: TierId(tier) }).collect();
            let held = placed.iter().filter(|placed| placed.tier == FIRST).count() as u64;
            let slots = held + spare;
            let refined = Refined::new(end, placed.clone(), slots, (TierId(1), period));
            // A sweep that stores them, records the last step too, and forgets it.
            let mut actions = Vec::new();
            let mut at = 0;
            for Placed { step, tier } in placed {
                if step > at {
                    actions.push(Action::Advance { steps: at..step });
                    at = step;
                }
                actions.push(Action::Store { kind: Data::Restart, step, tier });
            }
            actions.extend(refined.expect("there is room"));
            let limit = TierLimit { slots: Some(slots), bytes: None };
            let memory = MemoryModel::new(vec![limit, TierLimit::default()], 1, 1);
            replay(end, &memory, actions).unwrap();
        }
    }
}
