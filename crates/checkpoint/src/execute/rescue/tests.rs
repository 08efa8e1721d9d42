use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::segment::revolve_advances;
use super::*;
use crate::{MemoryModel, Report, TierLimit, replay};

/// What is left when the step after the last has been reversed: by step, the kind and the tier.
type Left = BTreeMap<(u64, bool), u32>;

fn key(&(step, adjoint): &(u64, bool)) -> Key {
    Key { step, kind: if adjoint { Data::Adjoint } else { Data::Restart } }
}

fn entries(left: &Left) -> Vec<Entry> {
    let entry = |(key_of, &tier): (&(u64, bool), &u32)| Entry {
        key: key(key_of),
        tier: TierId(tier),
        lost: false,
    };
    left.iter().map(entry).collect()
}

/// A forward sweep that stores all of `left`, the reversal of the last step, and the rescue.
fn replayed(pending: u64, room: Room, left: &Left, keep_first: bool) -> Report {
    let mut actions = Vec::new();
    for step in 0..=pending {
        for adjoint in [false, true] {
            if adjoint {
                actions.push(Action::Record { steps: step..step + 1 });
            }
            if let Some(&tier) = left.get(&(step, adjoint)) {
                let Key { step, kind } = key(&(step, adjoint));
                actions.push(Action::Store { kind, step, tier: TierId(tier) });
            }
        }
    }
    actions.push(Action::Reverse { steps: pending..pending + 1 });
    actions.extend(Rescue::new(pending, room, &entries(left), keep_first));
    if keep_first {
        actions.push(Action::Discard {
            kind: Data::Restart,
            step: 0,
            tier: TierId(left[&(0, false)]),
        });
    }
    let first = TierLimit { slots: None, bytes: room.slots };
    let tiers = vec![first, TierLimit::default()];
    replay(pending + 1, &MemoryModel::new(tiers, room.restart, room.adjoint), actions).unwrap()
}

/// Advances of the rule that knows restart data only.
fn by_restart_data(pending: u64, room: Room, left: &Left) -> u128 {
    let states: Vec<(u64, u32)> = left
        .iter()
        .filter(|((_, adjoint), _)| !adjoint)
        .map(|((step, _), tier)| (*step, *tier))
        .collect();
    let mut held = 0;
    let mut advances = 0;
    for (i, &(step, tier)) in states.iter().enumerate() {
        let end = states.get(i + 1).map_or(pending, |next| next.0);
        held += if tier == 0 { room.restart } else { 0 };
        advances += revolve_advances(&(step..end), room.beside(held) + 1);
    }
    advances
}

fn taken(room: Room, left: &Left) -> u64 {
    let of = |&(_, adjoint): &(u64, bool)| if adjoint { room.adjoint } else { room.restart };
    left.iter().filter(|(_, tier)| **tier == 0).map(|(key, _)| of(key)).sum()
}

proptest! {
    /// From any placement: valid, within the room, never more advances than without adjoint data,
    /// and only steps recorded whose adjoint data are not stored or were given up.
    #[test]
    fn adjoint_data_never_cost_an_advance(
        pending in 1_u64..60,
        states in prop::collection::btree_map(0_u64..60, 0_u32..2, 0..5),
        adjoint in prop::collection::btree_map(0_u64..60, 0_u32..2, 0..40),
        restart_size in 1_u64..4,
        adjoint_size in 1_u64..4,
        spare in 0_u64..12,
        first in 0_u32..2,
        keep_first: bool,
    ) {
        let mut left = Left::new();
        left.extend(states.into_iter().map(|(step, tier)| ((step, false), tier)));
        left.extend(adjoint.into_iter().map(|(step, tier)| ((step, true), tier)));
        left.retain(|(step, _), _| *step < pending);
        left.insert((0, false), first);
        let mut room = Room { home: TierId(0), slots: None, restart: restart_size, adjoint: adjoint_size };
        room.slots = Some(taken(room, &left) + spare);
        let report = replayed(pending, room, &left, keep_first);
        let rescue = Rescue::new(pending, room, &entries(&left), keep_first);
        prop_assert_eq!(u128::from(report.advances), rescue.advances());
        prop_assert!(rescue.advances() <= by_restart_data(pending, room, &left));
        let elsewhere = left.iter().filter(|((_, adjoint), _)| *adjoint).count() as u64;
        let computed = report.recorded - (pending + 1);
        prop_assert!(computed >= pending - elsewhere && computed <= pending);
    }

    /// A tier that does not count slots takes nothing new, and adjoint data do without a state.
    #[test]
    fn what_holds_an_unknown_number_takes_nothing_new(
        pending in 1_u64..40,
        reached in 0_u64..40,
        lost in prop::collection::btree_set(0_u64..40, 0..4),
    ) {
        let reached = reached.min(pending);
        let mut left = Left::new();
        left.extend((0..pending).filter(|step| *step < reached || !lost.contains(step)).map(|step| ((step, true), 0)));
        left.extend((reached < pending).then_some(((reached, false), 0)));
        let room = Room { home: TierId(0), slots: None, restart: 1, adjoint: 1 };
        let report = replayed(pending, room, &left, false);
        prop_assert_eq!(report.tiers[0].writes, left.len() as u64);
        let lost = lost.iter().filter(|step| **step >= reached && **step < pending).count();
        prop_assert_eq!(report.recorded, pending + 1 + lost as u64);
    }
}

/// All adjoint data but those of a few steps: each of these steps is run to once from the state
/// before, or from the one stored on the way.
#[test]
fn few_lost_steps_are_a_chain() {
    let lost = BTreeSet::from([10, 40, 41, 90]);
    let mut left: Left =
        (0..100).filter(|step| !lost.contains(step)).map(|step| ((step, true), 1)).collect();
    left.insert((0, false), 1);
    let advances = |slots| {
        let room = Room { home: TierId(0), slots: Some(slots), restart: 1, adjoint: 1 };
        Rescue::new(100, room, &entries(&left), false).advances()
    };
    // Every state on the way is stored.
    assert_eq!(advances(3), 90);
    // From x_0 each time.
    assert_eq!(advances(0), 10 + 40 + 41 + 90);
    // One slot: x_40 serves the way to 90 and to 41, x_0 the others.
    assert_eq!(advances(1), 40 + 50 + 1 + 10);
}
