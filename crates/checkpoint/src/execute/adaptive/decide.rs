//! Whether what is left is worth another plan, and which.

use std::collections::BTreeSet;

use super::meter::{Measured, MeasuredCost, MeasuredTier, speed};
use super::refine::Refined;
use crate::schedule::AnySchedule;
use crate::simulate::{Machine, TierSpeed, simulate_rest};
use crate::tier::Key;
use crate::{Action, Data, PerStep, Placed, Reversal, TierId};

/// Of all seconds measured, what a difference has to come to.
const NEGLIGIBLE: f64 = 0.01;

/// Where a reverse sweep is.
pub(super) struct Place {
    /// Steps before this one are left.
    pub(super) pending: u64,
    /// What is stored and can be loaded.
    pub(super) held: Vec<(Key, TierId)>,
    /// What is in the books but lost.
    pub(super) lost: Vec<(Key, TierId)>,
    /// The most snapshots that each tier may hold.
    pub(super) room: Vec<u64>,
}

/// Another way to the end.
pub(super) struct Candidate {
    pub(super) actions: AnySchedule,
    pub(super) name: String,
}

/// What differs from what was planned by more than `factor`, as text; empty if nothing does.
pub(super) fn drift(measured: &Measured, factor: f64) -> String {
    let total: f64 = measured.costs().map(|(_, cost)| cost.seconds).sum();
    let mut found: Vec<String> = Vec::new();
    for (name, cost) in measured.costs() {
        let MeasuredCost { count, seconds, planned_seconds } = *cost;
        let counts = (seconds - planned_seconds).abs() > NEGLIGIBLE * total;
        let within = factor.is_infinite()
            || (seconds <= factor * planned_seconds && planned_seconds <= factor * seconds);
        if count > 0 && counts && !within {
            let each = [seconds, planned_seconds].map(|seconds| seconds / count as f64);
            found.push(format!("{name} take {:.3e} s instead of {:.3e} s", each[0], each[1]));
        }
    }
    found.join(", ")
}

/// The machine as it has been measured; what has not been stays as it was planned, but that a
/// tier of which only the writes are known is taken to read as much faster or slower.
pub(super) fn retimed(planned: &Machine, measured: &Measured) -> Machine {
    let ratio = |cost: &MeasuredCost| match cost.count {
        0 => None,
        _ if cost.planned_seconds > 0.0 => Some(cost.seconds / cost.planned_seconds),
        _ => None,
    };
    let scaled = |seconds: &PerStep<f64>, cost: &MeasuredCost| {
        let times = ratio(cost).unwrap_or(1.0);
        match seconds {
            PerStep::Uniform(seconds) => PerStep::Uniform(times * seconds),
            PerStep::Each(each) => PerStep::Each(each.iter().map(|s| times * s).collect()),
        }
    };
    let total: f64 = measured.costs().map(|(_, cost)| cost.seconds).sum();
    let tiers = measured.tiers.iter().enumerate().map(|(tier, MeasuredTier { write, read })| {
        let speed = speed(planned, tier as u32);
        let bytes = planned.restart_bytes.at(0).max(1);
        // Of a cost that should have been nothing, only what counts.
        let seconds = |cost: &MeasuredCost, planned: f64, otherwise: Option<f64>| match ratio(cost)
        {
            Some(times) => times * planned,
            None if cost.count > 0 && cost.seconds > NEGLIGIBLE * total => {
                cost.seconds / cost.count as f64
            }
            None => otherwise.unwrap_or(1.0) * planned,
        };
        let writes = seconds(write, speed.write_seconds(bytes), None);
        let reads = seconds(read, speed.read_seconds(bytes), ratio(write));
        TierSpeed {
            write_bytes_per_second: bytes as f64 / writes,
            read_bytes_per_second: bytes as f64 / reads,
            queue: speed.queue,
            slowdown: speed.slowdown,
            ..TierSpeed::HANDLES
        }
    });
    Machine {
        forward_seconds: scaled(&planned.forward_seconds, &measured.forward),
        record_seconds: scaled(&planned.record_seconds, &measured.record),
        reverse_seconds: scaled(&planned.reverse_seconds, &measured.reverse),
        restart_seconds: ratio(&measured.forward).unwrap_or(1.0) * planned.restart_seconds,
        tiers: tiers.collect(),
        ..planned.clone()
    }
}

/// Seconds that a rest takes on a machine.
pub(super) fn predicted(
    machine: &Machine,
    place: &Place,
    rest: impl Iterator<Item = Action> + Clone,
) -> f64 {
    simulate_rest(machine, place.held.iter().copied(), rest).seconds
}

/// The fastest candidate on a machine, with its seconds; of equals the first.
pub(super) fn fastest(machine: &Machine, place: &Place) -> Option<(f64, Candidate)> {
    let mut best: Option<(f64, Candidate)> = None;
    for candidate in candidates(place) {
        let seconds = predicted(machine, place, candidate.actions.clone());
        if best.as_ref().is_none_or(|(least, _)| seconds < *least) {
            best = Some((seconds, candidate));
        }
    }
    best
}

/// Ways to reverse what is left: optimal from what is stored, with less of what slower tiers hold,
/// and with more.
fn candidates(place: &Place) -> Vec<Candidate> {
    let Place { pending, held, lost, room } = place;
    let mut placed: Vec<Placed> = Vec::new();
    let mut useless: Vec<(Key, TierId)> = lost.clone();
    let mut known = BTreeSet::new();
    for &(key, tier) in held {
        // Of one step the copy in the first tier.
        let useful = key.kind == Data::Restart && key.step < *pending && known.insert(key.step);
        if useful {
            placed.push(Placed { step: key.step, tier });
        } else {
            useless.push((key, tier));
        }
    }
    let slots = room.first().copied().unwrap_or(0);
    let mut all = Vec::new();
    let is_slow = |placed: &&Placed| placed.tier.0 > 0 && placed.step > 0;
    let slow: Vec<Placed> = placed.iter().filter(is_slow).copied().collect();
    // Every one, every second one, and so on, and none.
    let mut every = 1;
    loop {
        let none = every > slow.len();
        let keep = |number: usize| !none && number.is_multiple_of(every);
        let (kept, dropped): (Vec<_>, Vec<_>) =
            slow.iter().enumerate().partition(|(number, _)| keep(*number));
        let fast = placed.iter().filter(|placed| !is_slow(placed));
        let found = fast.chain(kept.into_iter().map(|(_, placed)| placed)).copied();
        if let Ok(rest) = Reversal::new(*pending, found, None, slots) {
            let gone = dropped
                .into_iter()
                .map(|(_, placed)| (Key { step: placed.step, kind: Data::Restart }, placed.tier));
            let name = match every {
                1 => "the snapshots that are left".to_owned(),
                _ if none => "none of the snapshots in slower tiers".to_owned(),
                _ => format!("one of {every} snapshots in slower tiers"),
            };
            all.push(candidate(useless.iter().copied().chain(gone), rest, name));
        }
        if none {
            break;
        }
        every *= 2;
    }
    for tier in (1..room.len() as u32).map(TierId) {
        for period in periods(*pending, &placed) {
            let refined = Refined::new(*pending, placed.clone(), slots, (tier, period));
            let fits = |rest: &Refined| peak(tier, held, rest.clone()) <= room[tier.0 as usize];
            if let Some(rest) = refined.filter(fits) {
                let name = format!("a snapshot in {tier} every {period} steps");
                all.push(candidate(useless.iter().copied(), rest, name));
            }
        }
    }
    all
}

/// Distances of new snapshots that are tried: shorter than the longest gap.
fn periods(pending: u64, placed: &[Placed]) -> Vec<u64> {
    let starts = placed.iter().map(|placed| placed.step);
    let ends = placed.iter().skip(1).map(|placed| placed.step).chain([pending]);
    let longest = starts.zip(ends).map(|(start, end)| end.saturating_sub(start)).max();
    let both = (0..63).flat_map(|bits| [1_u64 << bits, (1_u64 << bits) / 2 * 3]);
    let longest = longest.unwrap_or(0);
    both.skip(1).filter(|period| *period > 0).take_while(|period| *period < longest).collect()
}

/// The most snapshots in a tier at a time.
fn peak(tier: TierId, held: &[(Key, TierId)], rest: impl Iterator<Item = Action>) -> u64 {
    let mut now = held.iter().filter(|(_, place)| *place == tier).count() as u64;
    let mut most = now;
    for action in rest {
        match action {
            Action::Store { tier: place, .. } if place == tier => now += 1,
            Action::Discard { tier: place, .. } if place == tier => now = now.saturating_sub(1),
            _ => {}
        }
        most = most.max(now);
    }
    most
}

/// A way to the end, behind the discards of what it does not use.
fn candidate(
    useless: impl Iterator<Item = (Key, TierId)>,
    rest: impl Iterator<Item = Action> + Clone + Send + Sync + 'static,
    name: String,
) -> Candidate {
    let discard =
        |(key, tier): (Key, TierId)| Action::Discard { kind: key.kind, step: key.step, tier };
    let discards: Vec<Action> = useless.map(discard).collect();
    Candidate { actions: AnySchedule::new(discards.into_iter().chain(rest)), name }
}
