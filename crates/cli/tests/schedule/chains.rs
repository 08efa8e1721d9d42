//! Chains: the reference table, and the memory of every tensor walked by this test.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

use crate::support::{folder, json, retrograd};

/// The fields of a chain.
#[derive(Deserialize, Clone, Debug)]
struct Chain {
    x: Vec<u64>,
    xb: Vec<u64>,
    f: Vec<f64>,
    ff: Vec<f64>,
    b: Vec<f64>,
    tf: Vec<u64>,
    tn: Vec<u64>,
    tb: Vec<u64>,
}

/// What happened to a chain.
#[derive(Debug, Default)]
struct Walked {
    seconds: f64,
    peak: u64,
    advances: u64,
    recorded: u64,
    writes: u64,
    reads: u64,
}

/// Follows actions tensor by tensor. Live are: stored states, stored adjoint data (which contain
/// the state at the end of their stage), the working state, the state that a stage was recorded
/// from, what is recorded, and the gradient.
struct Walker<'a> {
    chain: &'a Chain,
    states: BTreeSet<u64>,
    adjoints: BTreeSet<u64>,
    at: Option<u64>,
    recorded: Option<u64>,
    input: Option<u64>,
    gradient: Option<u64>,
    done: Walked,
}

impl Walker<'_> {
    fn live(&self) -> u64 {
        let tapes: BTreeSet<u64> = self.adjoints.iter().copied().chain(self.recorded).collect();
        let mut states = self.states.clone();
        states.extend(self.at);
        states.extend(self.input);
        // Within adjoint data, or a tensor of its own because it is stored as well.
        let within = |i: &u64| *i > 0 && tapes.contains(&(i - 1)) && !self.states.contains(i);
        let loose: u64 =
            states.iter().filter(|i| !within(i)).map(|&i| self.chain.x[i as usize]).sum();
        let kept: u64 = tapes.iter().map(|&i| self.chain.xb[i as usize + 1]).sum();
        loose + kept + self.gradient.map_or(0, |i| self.chain.x[i as usize])
    }

    fn need(&mut self, more: u64) {
        self.done.peak = self.done.peak.max(self.live() + more);
    }

    /// The loss turns the last state into its gradient, as soon as the model is there.
    fn lose(&mut self) {
        let last = self.chain.f.len() as u64;
        if self.gradient.is_none() && self.at == Some(last) {
            self.need(self.chain.x[last as usize] + self.chain.tb[last as usize]);
            self.gradient = Some(last);
        }
    }

    fn follow(&mut self, action: &Value) {
        let number = |k: usize| action[k].as_u64().expect("a number");
        let name = action[0].as_str().expect("a name");
        if matches!(name, "advance" | "record" | "reverse" | "load") {
            self.lose();
        }
        match name {
            "advance" => (number(1)..number(2)).for_each(|i| self.advance(i)),
            "record" => {
                assert_eq!(number(1) + 1, number(2), "{action}: stages are recorded one by one");
                self.record(number(1));
            }
            "reverse" => self.reverse(number(2)),
            _ => self.keep(name, action[1] == "adjoint", number(2)),
        }
    }

    fn advance(&mut self, i: u64) {
        assert_eq!(self.at, Some(i));
        let k = i as usize;
        self.need(self.chain.x[k + 1] + self.chain.tn[k]);
        self.at = Some(i + 1);
        self.done.seconds += self.chain.ff[k];
        self.done.advances += 1;
    }

    fn record(&mut self, i: u64) {
        assert_eq!(self.at, Some(i));
        let k = i as usize;
        self.recorded = None;
        self.need(self.chain.xb[k + 1] + self.chain.tf[k]);
        (self.input, self.recorded, self.at) = (Some(i), Some(i), Some(i + 1));
        self.done.seconds += self.chain.f[k];
        self.done.recorded += 1;
    }

    fn reverse(&mut self, i: u64) {
        assert_eq!((self.gradient, self.recorded), (Some(i + 1), Some(i)), "reverse of {i}");
        let within = i > 0 && self.adjoints.contains(&(i - 1));
        assert!(self.states.contains(&i) || within || self.input == Some(i), "x_{i} is not live");
        let k = i as usize;
        self.need(self.chain.x[k] + self.chain.tb[k]);
        self.done.seconds += self.chain.b[k];
        (self.gradient, self.recorded, self.input, self.at) = (Some(i), None, None, None);
    }

    fn keep(&mut self, name: &str, adjoint: bool, i: u64) {
        let held = if adjoint { &mut self.adjoints } else { &mut self.states };
        match name {
            "store" => {
                assert_eq!(if adjoint { self.recorded } else { self.at }, Some(i));
                assert!(held.insert(i));
                self.done.writes += 1;
                if adjoint {
                    (self.input, self.recorded) = (None, None);
                }
            }
            "load" => {
                assert!(held.contains(&i));
                self.done.reads += 1;
                self.input = None;
                if adjoint {
                    (self.recorded, self.at) = (Some(i), Some(i + 1));
                } else {
                    (self.recorded, self.at) = (None, Some(i));
                }
            }
            _ => assert!(held.remove(&i)),
        }
    }
}

#[track_caller]
fn walk(chain: &Chain, actions: &[Value]) -> Walked {
    let mut walker = Walker {
        chain,
        states: BTreeSet::new(),
        adjoints: BTreeSet::new(),
        at: Some(0),
        recorded: None,
        input: None,
        gradient: None,
        done: Walked::default(),
    };
    walker.need(0);
    for action in actions {
        walker.follow(action);
    }
    assert_eq!(walker.gradient, Some(0), "stages are left");
    assert!(walker.states.is_empty() && walker.adjoints.is_empty(), "something is left");
    walker.done
}

/// Solves the chain in a file of a folder, and walks what was printed.
#[track_caller]
fn check(folder: &Path, chain: &Chain, budget: u64, flags: &[&str]) -> Value {
    let budget_text = budget.to_string();
    let line = ["schedule", "chain", "--file", "chain.json", "--budget", &budget_text, "--actions"];
    let found = json(folder, &[&line[..], flags].concat());
    let walked = walk(chain, found["actions"].as_array().expect("actions"));
    assert_eq!(found["makespan"], walked.seconds);
    assert_eq!(found["peak_memory"], walked.peak);
    assert!(walked.peak <= budget, "{walked:?}");
    assert_eq!(found["steps"], chain.f.len());
    assert_eq!(found["forward_steps"], walked.advances);
    assert_eq!(found["total_forward"], walked.advances + walked.recorded);
    assert_eq!(found["writes"]["0"], walked.writes);
    assert_eq!(found["reads"]["0"], walked.reads);
    found
}

#[test]
fn chains_take_the_time_of_the_table() {
    let text = include_str!("../../../checkpoint/tests/data/e_rotor.json");
    let table: Value = serde_json::from_str(text).expect("a table");
    assert_eq!(table["columns"][1], "own_persistent_opt");
    let folder = folder();
    let mut improved = 0;
    for entry in table["chains"].as_array().expect("chains") {
        // The file is the object of the table as it stands.
        fs::write(folder.path().join("chain.json"), entry["chain"].to_string()).expect("a file");
        let chain: Chain = serde_json::from_value(entry["chain"].clone()).expect("a chain");
        let minimum = &entry["min_feasible_persistent"];
        for row in entry["rows"].as_array().expect("rows").iter().step_by(3) {
            let budget = row[0].as_u64().expect("a budget");
            let Some(best) = row[1].as_f64() else {
                let budget = budget.to_string();
                let line = ["schedule", "chain", "--file", "chain.json", "--budget", &budget];
                let output = retrograd(folder.path(), &[&line[..], &["--json"]].concat());
                assert_eq!(output.status.code(), Some(1));
                let found: Value = serde_json::from_slice(&output.stdout).expect("JSON");
                assert_eq!((&found["feasible"], &found["minimum"]), (&false.into(), minimum));
                continue;
            };
            let found = check(folder.path(), &chain, budget, &[]);
            assert_eq!(found["makespan"], best, "{} {budget}", entry["chain"]["name"]);
            assert_eq!(found["proven_optimal"], true);
            let freer = check(folder.path(), &chain, budget, &["--non-persistent"]);
            let freer = freer["makespan"].as_f64().expect("a number");
            assert!(freer <= best, "{} {budget}", entry["chain"]["name"]);
            improved += usize::from(freer < best);
        }
    }
    assert!(improved > 0, "dropping what is computed again should pay somewhere");
}

const CHAIN: &str = r#"{
  "name": "small", "L": 3,
  "x": [2, 5, 1, 3],
  "xb": [0, 8, 6, 6],
  "f": [2, 8.5, 8],
  "ff": [2, 8, 8],
  "b": [13, 4, 2],
  "tf": [1, 0, 1],
  "tn": [1, 2, 0],
  "tb": [2, 1, 1, 0]
}"#;

/// A file that differs from a sound one in one place ends with 2, and says where and why.
#[track_caller]
fn faulty(from: &str, to: &str, parts: &[&str]) {
    assert!(CHAIN.contains(from), "{from}");
    let folder = folder();
    fs::write(folder.path().join("chain.json"), CHAIN.replace(from, to)).expect("a file");
    let line = ["schedule", "chain", "--file", "chain.json", "--budget", "30", "--json"];
    let output = retrograd(folder.path(), &line);
    let message = String::from_utf8(output.stderr).expect("text");
    assert_eq!(output.status.code(), Some(2), "{message}");
    assert!(output.stdout.is_empty());
    for part in parts {
        assert!(message.contains(part), "`{part}` should be in {message}");
    }
}

#[test]
fn faulty_chains_name_line_and_field() {
    let folder = folder();
    fs::write(folder.path().join("chain.json"), CHAIN).expect("a file");
    let chain: Chain = serde_json::from_str(CHAIN).expect("a chain");
    check(folder.path(), &chain, 30, &[]);

    faulty("[0, 8, 6, 6]", "[0, 8, 6.5, 6]", &["chain.json:4:", "`xb` should be", "whole numbers"]);
    faulty("[2, 8, 8]", "[2, 8, \"8\"]", &["chain.json:6:", "`ff` should be an array of numbers"]);
    faulty(
        "\"ff\"",
        "\"fff\"",
        &["chain.json:6:", "no field `fff`, maybe `ff`", "allowed are name"],
    );
    faulty("\"tn\": [1, 2, 0],", "", &["the field `tn` is missing"]);
    faulty("\"tn\"", "\"tf\"", &["chain.json:9:", "`tf` is given twice"]);
    faulty("[13, 4, 2]", "[13, 4]", &["chain.json:7:3", "`b` has 2 entries", "of 3 stages has 3"]);
    faulty("\"L\": 3", "\"L\": 4", &["`x` has 4 entries; a chain of 4 stages has 5"]);
    faulty("[13, 4, 2]", "[13, -4, 2]", &["chain.json:7:3", "`b[1]` is -4"]);
    faulty("[0, 8, 6, 6]", "[0, 8, 0, 6]", &["chain.json:4:3", "`xb[2]` is 0", "of 1"]);
    faulty("1, 1, 0]", "1, 1, 0", &["chain.json:11:", "`tb` should be", "expected `,` or `]`"]);
    faulty("[2, 5, 1, 3]", "[2, 5, 1, 4611686018427387904]", &["`xb[3]` is 6"]);
    faulty("[0, 8, 6, 6]", "[0, 8, 6, 4611686018427387904]", &["exceed 2^60 bytes"]);
    faulty("13", "1e400", &["chain.json:7:", "number out of range"]);
    faulty(CHAIN, "[]", &["expected a chain, an object with the fields name, L, x"]);
    faulty(CHAIN, "", &["EOF while parsing"]);
    faulty(CHAIN, "{}", &["the field `x` is missing"]);
}
