//! The rest of a reverse sweep, from whatever snapshots are left.
//!
//! The stored states cut the steps still to reverse into segments. They are reversed last segment
//! first, each by Revolve from its own snapshot with the slots of one tier, the first that has any,
//! that are free by then: those of finished segments are, those of segments to come are not.

use super::ledger::Entry;
use crate::schedule::{Tiers, Trajectory};
use crate::{Action, Data, Revolve, TierId};

/// Actions that reverse the remaining steps.
#[derive(Clone, Debug)]
pub(super) struct Rescue {
    /// What is stored, first step first; the last one is where the current segment starts.
    survivors: Vec<(u64, TierId)>,
    /// Copies of the same states in other tiers, to be discarded first.
    doubles: Vec<(u64, TierId)>,
    /// Where new snapshots go, and its slots.
    home: (TierId, u64),
    /// End of the segments not begun yet.
    end: u64,
    /// The current segment.
    segment: Revolve,
}

impl Rescue {
    /// Reverses the steps before `pending` from the restart data that `entries` name, `x_0` among
    /// them, with so many slots in the tier `home`.
    pub(super) fn new(pending: u64, home: (TierId, u64), entries: &[Entry]) -> Self {
        let mut survivors: Vec<(u64, TierId)> = Vec::new();
        let mut doubles = Vec::new();
        for entry in entries {
            let place = (entry.key.step, entry.tier);
            match survivors.last() {
                Some(last) if last.0 == place.0 => doubles.push(place),
                Some(_) | None => survivors.push(place),
            }
        }
        let segment = Revolve::with_slots(0, 0, Trajectory::default());
        Self { survivors, doubles, home, end: pending, segment }
    }

    /// Begins the segment of the last snapshot.
    fn begin(&mut self) -> Option<()> {
        let (start, tier) = self.survivors.pop()?;
        let (home, slots) = self.home;
        let taken = self.survivors.iter().filter(|(_, tier)| *tier == home).count() as u64;
        let free = slots.saturating_sub(taken);
        // The segment's own snapshot is one of Revolve's, wherever it is.
        let slots = if tier == home { free } else { free.saturating_add(1) };
        self.segment.store_in(Tiers::FirstIn(tier, home));
        self.segment.restart_stored(start..self.end, slots);
        self.end = start;
        Some(())
    }
}

impl Iterator for Rescue {
    type Item = Action;

    fn next(&mut self) -> Option<Action> {
        if let Some((step, tier)) = self.doubles.pop() {
            return Some(Action::Discard { kind: Data::Restart, step, tier });
        }
        loop {
            if let Some(action) = self.segment.next() {
                return Some(action);
            }
            self.begin()?;
        }
    }
}
