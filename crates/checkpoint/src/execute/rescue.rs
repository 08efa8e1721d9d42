//! The rest of a reverse sweep, from whatever snapshots are left.
//!
//! The stored states cut the steps still to reverse into segments. They are reversed last segment
//! first, each by Revolve from its own snapshot with the slots of the first tier that are free by
//! then: those of finished segments are, those of segments to come are not.

use super::ledger::Entry;
use crate::schedule::Trajectory;
use crate::{Action, Data, Revolve, TierId};

/// Actions that reverse the remaining steps.
#[derive(Clone, Debug)]
pub(super) struct Rescue {
    /// What is stored, first step first; the last one is where the current segment starts.
    survivors: Vec<(u64, TierId)>,
    /// Copies of the same states in other tiers, to be discarded first.
    doubles: Vec<(u64, TierId)>,
    /// Slots of the first tier.
    slots: u64,
    /// End of the segments not begun yet.
    end: u64,
    /// The current segment.
    segment: Option<(u64, TierId, Revolve)>,
    /// The second action of a pair.
    then: Option<Action>,
}

impl Rescue {
    /// Reverses the steps before `pending` from the restart data that `entries` name, `x_0` among
    /// them, with `slots` in the first tier.
    pub(super) fn new(pending: u64, slots: u64, entries: &[Entry]) -> Self {
        let mut survivors: Vec<(u64, TierId)> = Vec::new();
        let mut doubles = Vec::new();
        for entry in entries {
            let place = (entry.key.step, entry.tier);
            match survivors.last() {
                Some(last) if last.0 == place.0 => doubles.push(place),
                Some(_) | None => survivors.push(place),
            }
        }
        Self { survivors, doubles, slots, end: pending, segment: None, then: None }
    }

    /// Begins the segment of the last snapshot.
    fn begin(&mut self) -> Option<Action> {
        let (start, tier) = self.survivors.pop()?;
        let first = TierId(0);
        let taken = self.survivors.iter().filter(|(_, tier)| *tier == first).count() as u64;
        let free = self.slots.saturating_sub(taken);
        // The segment's own snapshot is one of Revolve's, wherever it is.
        let slots = if tier == first { free } else { free.saturating_add(1) };
        let steps = self.end - start;
        let mut revolve = Revolve::with_slots(steps, slots, Trajectory::default());
        let load = Action::Load { kind: Data::Restart, step: start, tier };
        if steps == 1 {
            self.then = Some(Action::Discard { kind: Data::Restart, step: start, tier });
        } else {
            revolve.next(); // the store of the state that is stored already
        }
        self.end = start;
        self.segment = Some((start, tier, revolve));
        Some(load)
    }
}

impl Iterator for Rescue {
    type Item = Action;

    fn next(&mut self) -> Option<Action> {
        if let Some((step, tier)) = self.doubles.pop() {
            return Some(Action::Discard { kind: Data::Restart, step, tier });
        }
        if let Some(action) = self.then.take() {
            return Some(action);
        }
        if let Some((start, tier, revolve)) = &mut self.segment {
            if let Some(action) = revolve.next() {
                return Some(shifted(action, *start, *tier));
            }
            self.segment = None;
        }
        self.begin()
    }
}

/// An action of a segment that starts at `start`, whose first snapshot is in `tier`.
fn shifted(action: Action, start: u64, tier: TierId) -> Action {
    let steps = |steps: std::ops::Range<u64>| steps.start + start..steps.end + start;
    let place = |step: u64, usual| (step + start, if step == 0 { tier } else { usual });
    match action {
        Action::Advance { steps: s } => Action::Advance { steps: steps(s) },
        Action::Record { steps: s } => Action::Record { steps: steps(s) },
        Action::Reverse { steps: s } => Action::Reverse { steps: steps(s) },
        Action::Store { kind, step, tier } => {
            let (step, tier) = place(step, tier);
            Action::Store { kind, step, tier }
        }
        Action::Load { kind, step, tier } => {
            let (step, tier) = place(step, tier);
            Action::Load { kind, step, tier }
        }
        Action::Discard { kind, step, tier } => {
            let (step, tier) = place(step, tier);
            Action::Discard { kind, step, tier }
        }
    }
}
