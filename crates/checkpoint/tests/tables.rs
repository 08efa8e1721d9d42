//! Every row of the reference tables for Revolve, reproduced by replaying the actions.
//!
//! The tables hold values on which a dynamic programme, the closed form and two published
//! implementations agree; each states its conventions.

mod common;

use std::collections::BTreeMap;

use common::rows;

use retrograd_checkpoint::{
    Action, BrokenRule, Costs, Data, MemoryModel, Revolve, TierId, TierLimit, Trajectory, replay,
};
use serde::Deserialize;
use serde_json::Value;

const BOTH: [Trajectory; 2] = [Trajectory::Revolve, Trajectory::Maximum];
const RAM: TierId = TierId(0);
const DISK: TierId = TierId(1);

/// Replays both trajectories and compares counts and closed form with a row of the table.
#[track_caller]
fn check_row(row: &[u64], writes: Option<u64>) {
    let &[n, c, repetitions, advances, total_forward, ..] = row else { panic!("short row") };
    for trajectory in BOTH {
        let schedule = Revolve::with_trajectory(n, c, trajectory).unwrap();
        let costs = schedule.costs();
        let report = replay(n, &MemoryModel::slots(c), schedule).unwrap();
        assert_eq!(report.advances, advances, "{n} {c} {trajectory:?}");
        assert_eq!(report.total_forward(), total_forward, "{n} {c} {trajectory:?}");
        assert_eq!(
            report.tiers[0].writes,
            writes.unwrap_or(costs.writes),
            "{n} {c} {trajectory:?}"
        );
        assert_eq!(report.tiers[0].reads, n - 1);
        assert_eq!(report.peak_recorded, 1);
        assert_eq!((costs.repetitions, costs.advances), (repetitions, advances.into()));
        assert_eq!((costs.total_forward, costs.reads), (total_forward.into(), n - 1));
        assert_eq!(costs.writes, report.tiers[0].writes);
    }
}

#[test]
fn small_problems_cost_what_the_table_says() {
    let columns = ["n", "c", "reps", "advances", "total_forward", "min_writes"];
    let rows = rows::<Vec<u64>>(include_str!("data/a_revolve_small.json"), &columns);
    assert_eq!(rows.len(), 1200);
    for row in rows {
        check_row(&row, Some(row[5]));
    }
}

#[test]
fn large_problems_cost_what_the_table_says() {
    let columns = ["n", "c", "reps", "advances", "total_forward"];
    let rows = rows::<Vec<u64>>(include_str!("data/a_revolve_large.json"), &columns);
    assert_eq!(rows.len(), 15);
    for row in rows {
        check_row(&row, None);
    }
}

#[test]
fn first_advances_follow_the_trajectories() {
    let columns = ["n", "s", "advance_revolve", "advance_maximum"];
    let rows = rows::<Vec<u64>>(include_str!("data/a_revolve_first_advance.json"), &columns);
    assert_eq!(rows.len(), 590);
    for row in rows {
        for (trajectory, distance) in BOTH.into_iter().zip(&row[2..]) {
            let mut schedule = Revolve::with_trajectory(row[0], row[1], trajectory).unwrap();
            let advance = Action::Advance { steps: 0..*distance };
            assert_eq!(schedule.nth(1), Some(advance), "{row:?} {trajectory:?}");
        }
    }
}

#[derive(Deserialize)]
struct Goldens {
    schedules: Vec<Golden>,
}

#[derive(Deserialize)]
struct Golden {
    kind: String,
    args: Vec<u64>,
    actions: Vec<Vec<Value>>,
}

fn goldens(kind: &str) -> Vec<Golden> {
    let text = include_str!("data/a_golden_action_lists.json");
    let all: Goldens = serde_json::from_str(text).unwrap();
    let found: Vec<Golden> = all.schedules.into_iter().filter(|g| g.kind == kind).collect();
    assert!(!found.is_empty(), "there should be a golden {kind}");
    found
}

/// Translates the vocabulary of the golden lists, which fuses what we keep apart: a forward
/// action may store the state it starts from and the adjoint data it records.
fn translate(golden: &Golden) -> Vec<Action> {
    let mut kinds = BTreeMap::new();
    let mut actions = Vec::new();
    for action in &golden.actions {
        let step = |i: usize| action[i].as_u64().unwrap();
        let tier = |i: usize| match action[i].as_str().unwrap() {
            "RAM" => Some(RAM),
            "DISK" => Some(DISK),
            _ => None,
        };
        match action[0].as_str().unwrap() {
            "Forward" => {
                let (restart, adjoint) = (action[3] == true, action[4] == true);
                let steps = step(1)..step(2);
                let mut store = |kind, tier| {
                    kinds.insert(steps.start, kind);
                    Action::Store { kind, step: steps.start, tier }
                };
                if restart {
                    actions.push(store(Data::Restart, tier(5).unwrap()));
                }
                let stored = tier(5).filter(|_| adjoint).map(|tier| store(Data::Adjoint, tier));
                actions.push(if adjoint {
                    Action::Record { steps }
                } else {
                    Action::Advance { steps }
                });
                actions.extend(stored);
            }
            "Reverse" => actions.push(Action::Reverse { steps: step(2)..step(1) }),
            name @ ("Copy" | "Move") => {
                let (kind, step, tier) = (kinds[&step(1)], step(1), tier(2).unwrap());
                actions.push(Action::Load { kind, step, tier });
                if name == "Move" {
                    actions.push(Action::Discard { kind, step, tier });
                }
            }
            name => assert!(["EndForward", "EndReverse"].contains(&name), "{name}"),
        }
    }
    actions
}

fn two_tiers(ram: u64, disk: u64) -> MemoryModel {
    let limit = |slots| TierLimit { slots: Some(slots), bytes: None };
    MemoryModel::new(vec![limit(ram), limit(disk)], 1, 1)
}

/// Binomial schedules are defined by their trajectory: ours are the golden ones, action by
/// action, with all tiers taken for one.
#[test]
fn binomial_goldens_are_our_sequences() {
    let kinds =
        [("multistage_revolve", Trajectory::Revolve), ("multistage_maximum", Trajectory::Maximum)];
    for (kind, trajectory) in kinds {
        for golden in goldens(kind) {
            let &[n, ram, disk] = golden.args.as_slice() else { panic!("three arguments") };
            let mut actions = translate(&golden);
            let report = replay(n, &two_tiers(ram, disk), actions.clone()).unwrap();
            let costs = Costs::revolve(n, ram + disk).unwrap();
            assert_eq!(u128::from(report.advances), costs.advances);
            for action in &mut actions {
                if let Action::Store { tier, .. }
                | Action::Load { tier, .. }
                | Action::Discard { tier, .. } = action
                {
                    *tier = RAM;
                }
            }
            let ours = Revolve::with_trajectory(n, ram + disk, trajectory).unwrap();
            assert_eq!(ours.collect::<Vec<_>>(), actions, "{kind} {:?}", golden.args);
        }
    }
}

/// Schedules that store adjoint data replay: a family still to come fits the vocabulary.
#[test]
fn mixed_goldens_are_valid() {
    for golden in goldens("mixed") {
        let &[n, units] = golden.args.as_slice() else { panic!("two arguments") };
        let actions = translate(&golden);
        let report = replay(n, &two_tiers(units, 0), actions.clone()).unwrap();
        assert_eq!(report.tiers[0].peak_slots, units);
        let error = replay(n, &two_tiers(units - 1, 0), actions).unwrap_err();
        assert_eq!(error.rule, BrokenRule::SlotsExceeded { slots: units - 1 });
    }
}

/// The published two-level lists are right but for the leak that the replayer finds: disk
/// snapshots are never discarded.
#[test]
fn two_level_golden_leaks_its_disk_snapshots() {
    for golden in goldens("two_level") {
        let &[n, period, slots] = golden.args.as_slice() else { panic!("three arguments") };
        let disk = n.div_ceil(period);
        let mut actions = translate(&golden);
        let error = replay(n, &two_tiers(slots, disk), actions.clone()).unwrap_err();
        let left = BrokenRule::LeftStored { kind: Data::Restart, step: 0, tier: DISK };
        assert_eq!((error.action, error.rule), (None, left));
        for step in (0..n).step_by(usize::try_from(period).unwrap()) {
            actions.push(Action::Discard { kind: Data::Restart, step, tier: DISK });
        }
        replay(n, &two_tiers(slots, disk), actions).unwrap();
    }
}
