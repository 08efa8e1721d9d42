//! `retrograd schedule` as a user and a program meet it: every family, replayed from its JSON by a
//! replayer of this test's own, against the reference tables; errors; pictures.

#![forbid(unsafe_code)]

#[path = "../support/mod.rs"]
mod support;

mod chains;
mod errors;
mod families;
mod joins;
mod page;
mod pictures;
mod replayer;
mod tables;

use serde_json::Value;

use support::{folder, json, retrograd};

/// What a command line prints with `--json --actions`.
#[track_caller]
fn listed(line: &str) -> Value {
    printed(&format!("{line} --actions"))
}

/// What a command line prints with `--json`.
#[track_caller]
fn printed(line: &str) -> Value {
    let words: Vec<&str> = ["schedule"].into_iter().chain(line.split_whitespace()).collect();
    json(folder().path(), &words)
}

/// What a command line prints and how it ends where there is no schedule.
#[track_caller]
fn infeasible(line: &str) -> Value {
    let words: Vec<&str> =
        ["schedule"].into_iter().chain(line.split_whitespace()).chain(["--json"]).collect();
    let output = retrograd(folder().path(), &words);
    assert_eq!(output.status.code(), Some(1), "{line}");
    assert!(!output.stderr.is_empty(), "{line}: the user should be told");
    serde_json::from_slice(&output.stdout).expect("exactly one JSON object")
}
