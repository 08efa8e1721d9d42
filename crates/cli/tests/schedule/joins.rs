//! Joins: the reference table, and a replayer over branches.

use std::collections::BTreeSet;
use std::fs;

use serde_json::{Value, json};

use crate::support::{fail, folder, json, retrograd};

/// A state: of which branch, at the start of which step.
type State = (usize, u64);

/// Follows actions over branches that meet, whose initial states are stored from the start, and
/// returns advances, recorded steps, stores, loads and the most states stored at a time.
#[track_caller]
fn replay(branches: &[u64], slots: u64, actions: &[Value]) -> [u64; 5] {
    let mut stored: BTreeSet<State> = (0..branches.len()).map(|branch| (branch, 0)).collect();
    let mut left: Vec<u64> = branches.iter().map(|steps| steps + 1).collect();
    let (mut at, mut recorded, mut turned) = (None, None, false);
    let mut counts = [0, 0, 0, 0, stored.len() as u64];
    for action in actions {
        let number = |k: usize| action[k].as_u64().expect("a number");
        let name = action[0].as_str().expect("a name");
        if name == "turn" {
            let ends = branches.iter().enumerate().map(|(branch, &steps)| (branch, steps));
            assert!(ends.into_iter().all(|end| stored.contains(&end) || at == Some(end)));
            assert!(!turned);
            turned = true;
            continue;
        }
        let cells = action.as_array().expect("an array");
        let branch = number(cells.len() - 1) as usize;
        match name {
            "advance" | "record" => {
                let (from, to) = (number(1), number(2));
                assert_eq!(cells.len(), 4);
                assert_eq!(at, Some((branch, from)), "{action}");
                let recording = name == "record";
                assert!(from < to && to <= branches[branch] + u64::from(recording), "{action}");
                assert!(!recording || (turned && from + 1 == to), "{action}");
                at = Some((branch, to));
                recorded = recording.then_some((branch, from));
                counts[usize::from(recording)] += to - from;
            }
            "reverse" => {
                assert_eq!(left[branch], number(1), "{action}");
                assert_eq!(recorded, Some((branch, number(2))), "{action}");
                left[branch] = number(2);
                (at, recorded) = (None, None);
            }
            _ => {
                assert_eq!((cells.len(), &action[1], number(3)), (5, &json!("restart"), 0));
                let state = (branch, number(2));
                match name {
                    "store" => {
                        assert_eq!(at, Some(state), "{action}");
                        assert!(stored.insert(state), "{action}");
                        counts[2] += 1;
                    }
                    "load" => {
                        assert!(stored.contains(&state), "{action}");
                        at = Some(state);
                        counts[3] += 1;
                    }
                    _ => assert!(stored.remove(&state), "{action}"),
                }
                counts[4] = counts[4].max(stored.len() as u64);
                assert!(stored.len() as u64 <= slots, "{action}: no room");
            }
        }
    }
    assert!(turned && left.iter().all(|&left| left == 0) && stored.is_empty(), "something is left");
    counts
}

/// Solves the join of a file, replays it if there is one, and returns what was printed.
#[track_caller]
fn check(branches: &[u64], slots: u64) -> Value {
    let folder = folder();
    let file = json!({ "branches": branches }).to_string();
    fs::write(folder.path().join("join.json"), file).expect("a file");
    let slots_text = slots.to_string();
    let line = ["schedule", "join", "--file", "join.json", "--slots", &slots_text, "--actions"];
    let output = retrograd(folder.path(), &[&line[..], &["--json"]].concat());
    let found: Value = serde_json::from_slice(&output.stdout).expect("exactly one JSON object");
    assert_eq!(output.status.success(), found["feasible"] == true);
    if found["feasible"] == true {
        let actions = found["actions"].as_array().expect("actions");
        let [advances, recorded, writes, reads, peak] = replay(branches, slots, actions);
        assert_eq!(found["forward_steps"], advances);
        assert_eq!(found["steps"], recorded);
        assert_eq!(found["total_forward"], advances + recorded);
        assert_eq!(found["makespan"], (advances + recorded) as f64);
        assert_eq!(found["writes"], json!({ "0": writes }));
        assert_eq!(found["reads"], json!({ "0": reads }));
        assert_eq!(found["peak"], json!({ "0": peak }));
    }
    found
}

#[test]
fn joins_take_the_steps_of_the_table() {
    let text = include_str!("../../../checkpoint/tests/data/g_join_own.json");
    let table: Value = serde_json::from_str(text).expect("a table");
    assert_eq!(table["columns"], json!(["l per branch", "c", "min_forward_steps"]));
    for row in table["rows"].as_array().expect("rows") {
        let branches: Vec<u64> = serde_json::from_value(row[0].clone()).expect("lengths");
        let slots = row[1].as_u64().expect("slots");
        let found = check(&branches, slots);
        assert_eq!(found.get("forward_steps").unwrap_or(&Value::Null), &row[2], "{row}");
        if row[2].is_null() {
            let minimum = found["minimum"].as_u64().expect("a number");
            assert_eq!(minimum, 2 * branches.len() as u64 - 1, "{row}");
            assert_eq!(check(&branches, minimum)["feasible"], true, "{row}");
        }
    }
}

#[test]
fn joins_without_steps_and_of_one_branch_are_joins() {
    assert_eq!(check(&[0, 0], 2)["forward_steps"], 0);
    assert_eq!(check(&[5, 0], 3)["feasible"], true);
    let one = check(&[40], 3);
    assert_eq!(one["proven_optimal"], true);
    assert_eq!(one["steps"], 41);
    // The recurrence is solved, but that nothing else is better is not proved.
    assert_eq!(check(&[9, 9], 3)["proven_optimal"], false);
    assert_eq!(check(&[9, 9], 30)["proven_optimal"], true);
}

/// Nobody waits for the actions of a trillion steps: they are counted in closed form. Revolve
/// over the branch and its step into the loss does the same, but that it stores the initial state
/// itself and does not have to load it first.
#[test]
fn one_long_branch_is_counted_at_once() {
    let folder = folder();
    fs::write(folder.path().join("join.json"), r#"{"branches": [1000000000000]}"#).expect("file");
    let line = ["schedule", "join", "--file", "join.json", "--slots", "10"];
    let found = json(folder.path(), &line);
    let revolve = ["schedule", "revolve", "--steps", "1000000000001", "--slots", "10"];
    let revolve = json(folder.path(), &revolve);
    for key in ["steps", "forward_steps", "total_forward", "makespan", "peak", "proven_optimal"] {
        assert_eq!(found[key], revolve[key], "{key}");
    }
    let count = |of: &Value, key: &str| of[key]["0"].as_u64().expect("a number");
    assert_eq!(count(&found, "writes"), count(&revolve, "writes") - 1);
    assert_eq!(count(&found, "reads"), count(&revolve, "reads") + 1);
}

#[test]
fn pitchforks_have_a_trunk() {
    let folder = folder();
    fs::write(folder.path().join("join.json"), r#"{"trunk": 4, "branches": [3, 2]}"#)
        .expect("file");
    let line = ["schedule", "join", "--file", "join.json", "--slots", "5", "--actions"];
    let found = json(folder.path(), &line);
    assert_eq!(found["steps"], 4 + 3 + 2 + 2);
    let actions = found["actions"].as_array().expect("actions");
    assert_eq!(actions.iter().filter(|action| action[0] == "turn").count(), 1);
    assert_eq!(actions.last().expect("actions"), &json!(["reverse", 1, 0, 2]));
}

#[test]
fn faulty_joins_name_line_and_field() {
    let folder = folder();
    let faulty = |text: &str, parts: &[&str]| {
        fs::write(folder.path().join("join.json"), text).expect("a file");
        fail(folder.path(), &["schedule", "join", "--file", "join.json", "--slots", "9"], 2, parts);
    };
    faulty("{\"branches\": [1, -2]}", &["join.json:1:", "`branches` should be an array of whole"]);
    faulty("{\n\"branchs\": [1]}", &["join.json:2:", "no field `branchs`, maybe `branches`"]);
    faulty("{}", &["the field `branches` is missing"]);
    faulty("{\"branches\": []}", &["join.json:1:2", "at least one branch"]);
    faulty("{\"branches\": [18446744073709551615, 9]}", &["at most 2^62 steps"]);
    faulty("[1, 2]", &["expected a join, an object with the fields branches, trunk"]);
    let line = ["schedule", "join", "--file", "gone.json", "--slots", "9"];
    fail(folder.path(), &line, 2, &["gone.json cannot be read"]);
}
