//! The rest of a reverse sweep, from whatever data are left.
//!
//! The stored states cut the steps still to reverse into segments, which are reversed last segment
//! first. Within a segment, a step whose adjoint data are stored is reversed by loading them. Only
//! the others are computed again, from the state at the start of the segment, with the slots of one
//! tier, the first that has any, that are free by then: those of finished segments are, those of segments to come are
//! not, whether they hold restart or adjoint data.
//!
//! # The rule
//!
//! Let a segment of `e - s` steps have the steps `u_1 < ... < u_m` to compute. They are a chain of
//! `m` steps in which the way from `u_k` to the next costs `u_(k+1) - u_k` advances, and a state is
//! best stored at some `u_k`. Where all of them directly follow each other from `s` on, that is
//! Revolve, in closed form. Otherwise the chain is solved by the recurrence of
//! [`UnevenSteps`](crate::UnevenSteps); where the table would be large, the adjoint data left of
//! `u_m` are given up, and Revolve does the rest. A state that is stored before `u_1` is replaced
//! by that at `u_1` when it is read first, where a slot allows.
//!
//! Adjoint data in that tier take room from everything right of them. Therefore the lowest
//! 0, 1, 2, 4, ... of them, and all, are given up for comparison, and the fewest advances win; of
//! equals the fewest steps to compute. Giving up all of them is the rule that knows restart data
//! only, so that from the same data there are never more advances than by that rule. Room is never
//! exceeded: nothing is stored but into what was free, or has been freed.
//!
//! Planning takes `O(k r log k)` for `k` data and the repetition number `r`, besides the tables, of
//! a millisecond each. The choice between placements is our own.

mod segment;

use super::ledger::Entry;
use crate::tier::{Key, Tier};
use crate::{Action, Data, TierId};
use segment::{Segment, Site, Walk};

/// The tier for new snapshots, and what it holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Room {
    /// The tier: the first that takes any.
    pub(super) home: TierId,
    /// Its slots; `None` if it counts something else, so that nothing may be added.
    pub(super) slots: Option<u64>,
    /// Slots that restart data take.
    pub(super) restart: u64,
    /// Slots that the adjoint data of a step take.
    pub(super) adjoint: u64,
}

impl Room {
    /// What a tier says of itself; `fitting` slots, if it does not count them.
    pub(super) fn of<S>(home: TierId, tier: &dyn Tier<S>, fitting: u64) -> Self {
        let size = |kind| tier.slots_of(kind).max(1);
        let [restart, adjoint] = [Data::Restart, Data::Adjoint].map(size);
        Self { home, slots: Some(tier.slots().unwrap_or(fitting)), restart, adjoint }
    }

    /// Restart data that fit beside what takes `held` slots.
    fn beside(&self, held: u64) -> u64 {
        self.slots.map_or(0, |slots| slots.saturating_sub(held) / self.restart)
    }
}

/// Actions that reverse the remaining steps.
#[derive(Clone, Debug)]
pub(super) struct Rescue {
    /// What is not used, to be discarded first.
    dropped: Vec<Stored>,
    /// Last segment last: it is next.
    segments: Vec<Segment>,
    /// The current segment.
    walk: Option<Walk>,
    /// Whether the state `x_0` stays stored.
    keep_first: bool,
}

/// Stored data: which and where.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Stored {
    key: Key,
    tier: TierId,
}

impl Rescue {
    /// Reverses the steps before `pending` from the data of these steps that `entries` name: `x_0`,
    /// or else the adjoint data of all steps before the first state. `keep_first` leaves the state
    /// `x_0` stored, if it is.
    pub(super) fn new(pending: u64, room: Room, entries: &[Entry], keep_first: bool) -> Self {
        let (sites, adjoint, doubles) = sort_out(entries);
        let planner = Planner { pending, room, sites: &sites, adjoint: &adjoint, keep_first };
        let optional = planner.optional();
        let mut best = planner.plan(0);
        let mut count = 1;
        while count < 2 * optional {
            let plan = planner.plan(count.min(optional));
            if plan.cost() < best.cost() {
                best = plan;
            }
            count *= 2;
        }
        let mut dropped = best.dropped;
        dropped.extend(doubles);
        Self { dropped, segments: best.segments, walk: None, keep_first }
    }

    /// Forward steps that are run without recording.
    #[cfg(test)]
    fn advances(&self) -> u128 {
        self.segments.iter().map(Segment::advances).sum()
    }

    fn step(&mut self) -> Option<Action> {
        if let Some(Stored { key, tier }) = self.dropped.pop() {
            return Some(Action::Discard { kind: key.kind, step: key.step, tier });
        }
        loop {
            if let Some(action) = self.walk.as_mut().and_then(Walk::next) {
                return Some(action);
            }
            self.walk = Some(Walk::new(self.segments.pop()?));
        }
    }
}

impl Iterator for Rescue {
    type Item = Action;

    fn next(&mut self) -> Option<Action> {
        match self.step() {
            Some(Action::Discard { kind: Data::Restart, step: 0, .. }) if self.keep_first => {
                self.step()
            }
            action => action,
        }
    }
}

/// Restart data and adjoint data by step, each step once, and what is stored twice.
fn sort_out(entries: &[Entry]) -> (Vec<Site>, Vec<Site>, Vec<Stored>) {
    let (mut restart, mut adjoint): (Vec<Site>, Vec<Site>) = (Vec::new(), Vec::new());
    let mut doubles = Vec::new();
    for &Entry { key, tier, .. } in entries {
        let site = Site { step: key.step, tier };
        match key.kind {
            // The faster tier comes first, and restart data are read more than once.
            Data::Restart if restart.last().is_some_and(|last| last.step == key.step) => {
                doubles.push(Stored { key, tier });
            }
            Data::Restart => restart.push(site),
            // Adjoint data are read once, and take no slot of a fast tier elsewhere.
            Data::Adjoint => match adjoint.last_mut() {
                Some(last) if last.step == key.step => {
                    doubles.push(Stored { key, tier: last.tier });
                    *last = site;
                }
                Some(_) | None => adjoint.push(site),
            },
        }
    }
    (restart, adjoint, doubles)
}

/// What the plans to compare are made from.
struct Planner<'a> {
    pending: u64,
    room: Room,
    /// Restart data, first step first.
    sites: &'a [Site],
    /// Adjoint data, first step first.
    adjoint: &'a [Site],
    keep_first: bool,
}

/// One way to reverse the remaining steps.
struct Plan {
    dropped: Vec<Stored>,
    segments: Vec<Segment>,
}

impl Plan {
    /// What decides between plans: advances, then steps to compute.
    fn cost(&self) -> (u128, u64) {
        let advances = self.segments.iter().map(Segment::advances).sum();
        (advances, self.segments.iter().map(Segment::computed).sum())
    }
}

impl Planner<'_> {
    /// The first step that a stored state leads to.
    fn reached(&self) -> u64 {
        self.sites.first().map_or(self.pending, |first| first.step)
    }

    /// Adjoint data in the first tier that could be given up for their slots.
    fn optional(&self) -> u64 {
        let reached = self.reached();
        self.adjoint
            .iter()
            .filter(|site| site.tier == self.room.home && site.step >= reached)
            .count() as u64
    }

    /// The plan that gives up the lowest `count` of the adjoint data in the first tier.
    fn plan(&self, count: u64) -> Plan {
        let mut plan = Plan { dropped: Vec::new(), segments: Vec::new() };
        let mut left = count;
        let reached = self.reached();
        let mut kept: Vec<Site> = Vec::with_capacity(self.adjoint.len());
        for &site in self.adjoint {
            if left > 0 && site.tier == self.room.home && site.step >= reached {
                left -= 1;
                plan.drop_adjoint(site);
            } else {
                kept.push(site);
            }
        }
        let below = kept.partition_point(|site| site.step < reached);
        let mut held = self.room.adjoint.saturating_mul(count_in(self.room.home, &kept[..below]));
        if below > 0 {
            plan.segments.push(Segment::loaded(reached, kept[..below].to_vec(), self.room.home));
        }
        let mut rest = &kept[below..];
        for (i, &start) in self.sites.iter().enumerate() {
            let end = self.sites.get(i + 1).map_or(self.pending, |next| next.step);
            let (own, behind) = rest.split_at(rest.partition_point(|site| site.step < end));
            rest = behind;
            let own_slots = if start.tier == self.room.home { self.room.restart } else { 0 };
            held = held.saturating_add(own_slots);
            let stays = self.keep_first && start.step == 0;
            let segment = Segment::plan(start, end, own, held, self.room, stays);
            let loaded = count_in(self.room.home, segment.adjoint());
            held = held.saturating_add(self.room.adjoint.saturating_mul(loaded));
            let given_up = own.len() - segment.adjoint().len();
            own[..given_up].iter().for_each(|&site| plan.drop_adjoint(site));
            plan.segments.push(segment);
        }
        plan
    }
}

impl Plan {
    fn drop_adjoint(&mut self, Site { step, tier }: Site) {
        self.dropped.push(Stored { key: Key { step, kind: Data::Adjoint }, tier });
    }
}

/// How many are in the tier `home`.
fn count_in(home: TierId, sites: &[Site]) -> u64 {
    sites.iter().filter(|site| site.tier == home).count() as u64
}

#[cfg(test)]
mod tests;
