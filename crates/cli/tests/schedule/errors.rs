//! Command lines that cannot be, as a user reads the answer; help.

use serde_json::Value;

use crate::support::{command, fail, folder, json, retrograd, succeed};

const FAMILIES: [&str; 18] = [
    "store-all",
    "store-none",
    "no-reuse",
    "memory-reuse",
    "revolve",
    "multistage",
    "two-level",
    "asynchronous",
    "disk-revolve",
    "disk-revolve-one-read",
    "periodic-disk-revolve",
    "h-revolve",
    "mixed",
    "cams",
    "online",
    "uneven",
    "chain",
    "join",
];

#[track_caller]
fn check(line: &str, code: i32, parts: &[&str]) {
    let words: Vec<&str> = ["schedule"].into_iter().chain(line.split(' ')).collect();
    fail(folder().path(), &words, code, parts);
}

#[test]
fn families_are_listed_with_a_line_each() {
    let text = succeed(folder().path(), &["schedule"]);
    for family in FAMILIES {
        let line = text.lines().find(|line| line.split(' ').next() == Some(family));
        assert!(line.is_some_and(|line| line.len() > 30), "{family} should be in {text}");
    }
    assert!(text.contains("Example: retrograd schedule revolve --steps 1000 --slots 10"), "{text}");
    let listed = json(folder().path(), &["schedule"]);
    let names = listed["families"].as_array().expect("families").iter();
    let names: Vec<&str> = names.filter_map(|family| family["family"].as_str()).collect();
    assert_eq!(names, FAMILIES);
}

#[test]
fn help_of_every_family_has_an_example_that_runs() {
    for family in FAMILIES {
        let help = succeed(folder().path(), &["schedule", family, "--help"]);
        let examples = help.split("Examples:").nth(1).unwrap_or_else(|| panic!("{help}"));
        let start = format!("retrograd schedule {family} ");
        let joined = examples.replace("\\\n", " ");
        let lines: Vec<&str> =
            joined.lines().filter_map(|line| line.trim().strip_prefix(&start)).collect();
        assert!(!lines.is_empty(), "{help}");
        let folder = folder();
        // The files of `chain` and `join` are in their help.
        if let Some(file) = joined.split("The file:").nth(1) {
            std::fs::write(folder.path().join(format!("{family}.json")), file).expect("a file");
        }
        for line in lines {
            let words = ["schedule", family].into_iter().chain(line.split_whitespace());
            let printed = succeed(folder.path(), &words.collect::<Vec<_>>());
            assert!(printed.contains("optimal") || printed.contains("feasible"), "{printed}");
        }
    }
}

#[test]
fn slips_are_corrected() {
    check("revolv --steps 3 --slots 2", 2, &["unrecognized subcommand 'revolv'", "'revolve'"]);
    check("disk-revove --steps 3", 2, &["'disk-revolve'"]);
    check("revolve --step 3 --slots 2", 2, &["'--steps'"]);
    check("revolve --steps 3", 2, &["--slots <C>"]);
}

#[test]
fn numbers_say_what_is_allowed() {
    check(
        "revolve --steps -3 --slots 2",
        2,
        &["'-3' for '--steps <N>'", "whole numbers from 0 to"],
    );
    check("revolve --steps 2.5 --slots 2", 2, &["'2.5' for '--steps <N>'"]);
    check("revolve --steps 1e99 --slots 2", 2, &["1_000_000 or 1e6"]);
    check("two-level --steps 9 --period 0 --slots 2", 2, &["whole numbers from 1"]);
    check("mixed --steps 9 --slots 2 --adjoint-size 0", 2, &["whole numbers from 1"]);
    check("cams --steps 9 --slots 2 --stages 0", 2, &["whole numbers from 1"]);
    let disk = "disk-revolve --steps 9 --slots 2 --read-cost 1";
    check(&format!("{disk} --write-cost -1"), 2, &["finite numbers that are not negative"]);
    check(&format!("{disk} --write-cost inf"), 2, &["finite numbers that are not negative"]);
    check("h-revolve --steps 9 --tiers 3:0:0,2:x:1", 2, &["cost of a write of tier 1 is `x`"]);
    check("h-revolve --steps 9 --tiers 3:0", 2, &["tier 0, `3:0`, has 2 fields"]);
}

#[test]
fn what_does_not_fit_says_what_would() {
    check(
        "revolve --steps 9 --slots 0",
        1,
        &["the number of slots is 0", "help: allow at least 1"],
    );
    check(
        "mixed --steps 9 --slots 4 --restart-size 5 --adjoint-size 7",
        1,
        &["must be at least 5"],
    );
    check("mixed --steps 1e9 --slots 1e9 --adjoint-size 2", 1, &["the table of", "fewer steps"]);
    check("online --steps 1e19 --slots 3", 1, &["at most 10000000000 steps", "or revolve"]);
    check(
        "online --steps 9 --slots 2 --disk-period 3 --rule wang-moin",
        1,
        &["`--disk-period` goes with `--rule targets`"],
    );
    check("online --steps 1e10 --slots 2 --disk-period 1", 1, &["at most 100000000", "two-level"]);
    check("uneven --file none.json", 2, &["--slots <C>|--budget <M>"]);
    check("h-revolve --steps 1e6 --tiers 3:1:1", 1, &["operations", "multistage"]);
    check("cams --steps 1e9 --slots 100 --stages 4", 1, &["the table of"]);
    check("h-revolve --steps 1e9 --tiers 3:1:1", 1, &["the table of"]);
    let huge = "--write-cost 1e308 --read-cost 1e308 --uf 1e308 --ub 1e308";
    check(&format!("disk-revolve --steps 1e6 --slots 3 {huge}"), 1, &["too large for a number"]);
}

/// Nothing is on standard output if the table is too large: that is no answer about feasibility.
#[test]
fn a_table_that_is_too_large_prints_nothing() {
    let line = ["schedule", "cams", "--steps", "1e9", "--slots", "100", "--stages", "4", "--json"];
    let output = retrograd(folder().path(), &line);
    assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0));
}

#[test]
fn a_faulty_list_of_steps_names_the_field() {
    for (text, part) in [
        (r#"{"forward": [1, 2], "reverse": [1]}"#, "`reverse` has 1 entries; `forward` has 2"),
        (r#"{"forward": [1, -2]}"#, "`forward[1]` is -2; allowed is an array of numbers"),
        (r#"{"forward": [1, 2]}"#, "a budget needs the sizes of the states"),
        (r#"{"forwards": [1, 2]}"#, "maybe `forward`"),
        (r#"{"reverse": [1, 2]}"#, "the field `forward` is missing"),
    ] {
        let folder = folder();
        std::fs::write(folder.path().join("steps.json"), text).expect("a file");
        let line = ["schedule", "uneven", "--file", "steps.json", "--budget", "3"];
        fail(folder.path(), &line, 2, &[part]);
    }
}

#[test]
fn actions_are_lines_for_a_person() {
    let text = succeed(
        folder().path(),
        &["schedule", "revolve", "--steps", "2", "--slots", "1", "--actions"],
    );
    let lines: Vec<&str> = text.lines().skip_while(|line| !line.starts_with("store")).collect();
    assert_eq!(lines[..2], ["store restart 0 in tier 0", "advance 0..1"]);
    assert_eq!(lines.len(), 8);
    let without =
        succeed(folder().path(), &["schedule", "revolve", "--steps", "2", "--slots", "1"]);
    assert!(text.starts_with(&without));
    assert!(!without.contains("advance"));
}

/// `--json` may stand before the family, as before any command of its own.
#[test]
fn flags_may_stand_before_the_family() {
    let line = ["schedule", "--json", "revolve", "--steps", "9", "--slots", "2"];
    let found: Value = serde_json::from_str(&succeed(folder().path(), &line)).expect("JSON");
    assert_eq!(found["forward_steps"], 17);
    assert!(found.get("actions").is_none());
}

/// A million actions into a pipe that closes after the first bytes: no crash, no complaint.
#[test]
fn a_closed_pipe_ends_the_list() {
    use std::process::Stdio;
    let folder = folder();
    let line = ["schedule", "revolve", "--steps", "200000", "--slots", "9", "--actions", "--json"];
    let mut child = command(folder.path(), &line)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary should run");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("the binary should end");
    assert!(output.status.success());
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
}
