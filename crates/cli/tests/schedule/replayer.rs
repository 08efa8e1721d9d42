//! A replayer of the actions in JSON. Shares nothing with the crates under test.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// The machine that actions are followed on.
#[derive(Clone, Debug)]
pub(crate) struct Memory {
    pub(crate) steps: u64,
    /// Units of each tier; `None` is no limit.
    pub(crate) capacity: Vec<Option<u64>>,
    /// Units of restart data and of the adjoint data of a step.
    pub(crate) sizes: [u64; 2],
    /// Whether adjoint data put the model at the end of their step.
    pub(crate) adjoint_restarts: bool,
}

impl Memory {
    pub(crate) fn slots(steps: u64, slots: &[u64]) -> Self {
        let capacity = slots.iter().copied().map(Some).collect();
        Self { steps, capacity, sizes: [1, 1], adjoint_restarts: false }
    }
}

/// What happened.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub(crate) advances: u64,
    pub(crate) recorded: u64,
    /// Per tier: the most snapshots and the most units at a time, stores, loads.
    pub(crate) tiers: Vec<[u64; 4]>,
}

/// Restart data or adjoint data of a step.
type Key = (bool, u64);

/// Follows the actions; every rule is an assertion.
#[track_caller]
pub(crate) fn replay(memory: &Memory, actions: &[Value]) -> Counts {
    let mut counts = Counts { tiers: vec![[0; 4]; memory.capacity.len()], ..Counts::default() };
    let mut stored: Vec<BTreeSet<Key>> = vec![BTreeSet::new(); memory.capacity.len()];
    let (mut at, mut recorded, mut end) = (Some(0), 0..0, memory.steps);
    for action in actions {
        match read(action) {
            Read::Run { name, from, to } => {
                assert!(from < to && to <= memory.steps, "{action}");
                assert_eq!(at, Some(from), "{action}");
                at = Some(to);
                if name == "record" {
                    recorded = from..to;
                    counts.recorded += to - from;
                } else {
                    counts.advances += to - from;
                }
            }
            Read::Reverse { from, to } => {
                assert!(to < from && from == end, "{action}: steps from {end} on are reversed");
                assert!(recorded.start <= to && from <= recorded.end, "{action}: {recorded:?}");
                (end, recorded.end, at) = (to, to, None);
            }
            Read::Data { name, adjoint, step, tier } => {
                let (held, count) = (&mut stored[tier], &mut counts.tiers[tier]);
                let key = (adjoint, step);
                match name {
                    "store" => {
                        let there =
                            if adjoint { recorded.contains(&step) } else { at == Some(step) };
                        assert!(there, "{action}: nothing to store");
                        assert!(held.insert(key), "{action}: stored twice");
                        count[2] += 1;
                    }
                    "load" => {
                        assert!(held.contains(&key), "{action}: not stored");
                        count[3] += 1;
                        if adjoint {
                            recorded = step..step + 1;
                            at = if memory.adjoint_restarts { Some(step + 1) } else { at };
                        } else {
                            at = Some(step);
                        }
                    }
                    _ => assert!(held.remove(&key), "{action}: not stored"),
                }
                let units =
                    held.iter().map(|&(adjoint, _)| memory.sizes[usize::from(adjoint)]).sum();
                assert!(
                    memory.capacity[tier].is_none_or(|most| units <= most),
                    "{action}: no room"
                );
                count[0] = count[0].max(held.len() as u64);
                count[1] = count[1].max(units);
            }
        }
    }
    assert_eq!(end, 0, "steps are left");
    assert!(recorded.is_empty() && stored.iter().all(BTreeSet::is_empty), "something is left");
    counts
}

/// An action, read.
enum Read<'a> {
    Run { name: &'a str, from: u64, to: u64 },
    Reverse { from: u64, to: u64 },
    Data { name: &'a str, adjoint: bool, step: u64, tier: usize },
}

#[track_caller]
fn read(action: &Value) -> Read<'_> {
    let cells = action.as_array().expect("an action is an array");
    let name = cells[0].as_str().expect("an action begins with its name");
    let number = |cell: &Value| cell.as_u64().unwrap_or_else(|| panic!("{action}: a number"));
    match (name, &cells[1..]) {
        ("advance" | "record", [from, to]) => {
            Read::Run { name, from: number(from), to: number(to) }
        }
        ("reverse", [from, to]) => Read::Reverse { from: number(from), to: number(to) },
        ("store" | "load" | "discard", [kind, step, tier]) => {
            let adjoint = match kind.as_str() {
                Some("restart") => false,
                Some("adjoint") => true,
                _ => panic!("{action}: restart or adjoint"),
            };
            Read::Data { name, adjoint, step: number(step), tier: number(tier) as usize }
        }
        _ => panic!("{action}: what is that?"),
    }
}

/// Costs of steps and tiers.
#[derive(Clone, Debug)]
pub(crate) struct Costs {
    pub(crate) forward: f64,
    pub(crate) reverse: f64,
    /// Of each tier, a write and a read.
    pub(crate) tiers: Vec<[f64; 2]>,
}

impl Costs {
    pub(crate) const STEPS: Self = Self { forward: 1.0, reverse: 1.0, tiers: Vec::new() };
}

/// Replays what was printed and compares it with the printed counts.
#[track_caller]
pub(crate) fn check(printed: &Value, memory: &Memory, costs: &Costs) -> Counts {
    let actions = printed["actions"].as_array().expect("actions were asked for");
    let counts = replay(memory, actions);
    assert_eq!(printed["feasible"], true);
    assert_eq!(printed["steps"], memory.steps);
    assert_eq!(printed["forward_steps"], counts.advances);
    assert_eq!(printed["total_forward"], counts.advances + counts.recorded);
    let column = |k: usize| -> BTreeMap<String, u64> {
        counts.tiers.iter().enumerate().map(|(tier, count)| (tier.to_string(), count[k])).collect()
    };
    for (key, k) in [("peak", 0), ("writes", 2), ("reads", 3)] {
        assert_eq!(printed[key], serde_json::json!(column(k)), "{key}");
    }
    if let Some(units) = printed.get("peak_units") {
        assert_eq!(*units, serde_json::json!(column(1)));
    }
    let mut makespan = costs.forward * counts.advances as f64 + costs.reverse * memory.steps as f64;
    for ([write, read], count) in costs.tiers.iter().zip(&counts.tiers) {
        makespan += write * count[2] as f64 + read * count[3] as f64;
    }
    // A sum of at most eight products: each is rounded, and so is each sum.
    let found = printed["makespan"].as_f64().expect("a number");
    assert!((found - makespan).abs() <= 16.0 * f64::EPSILON * makespan, "{found}, not {makespan}");
    counts
}

#[test]
fn the_replayer_finds_every_fault() {
    let good = r#"[["store","restart",0,0],["advance",0,1],["record",1,2],["reverse",2,1],
        ["load","restart",0,0],["discard","restart",0,0],["record",0,1],["reverse",1,0]]"#;
    let actions: Vec<Value> = serde_json::from_str(good).expect("JSON");
    let memory = Memory::slots(2, &[1]);
    let counts = replay(&memory, &actions);
    assert_eq!((counts.advances, counts.recorded, &counts.tiers[..]), (1, 2, &[[1, 1, 1, 1]][..]));
    let fails = |memory: &Memory, actions: &[Value]| {
        let (memory, actions) = (memory.clone(), actions.to_vec());
        std::panic::catch_unwind(move || replay(&memory, &actions)).is_err()
    };
    // Without any one action something is missing, left, or out of order; as it is without room.
    for k in 0..actions.len() {
        let mut fewer = actions.clone();
        fewer.remove(k);
        assert!(fails(&memory, &fewer), "without action {k}");
    }
    assert!(fails(&Memory::slots(2, &[0]), &actions));
    assert!(fails(&Memory::slots(3, &[1]), &actions));
}
