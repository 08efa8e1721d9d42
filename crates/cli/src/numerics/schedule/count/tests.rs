//! The closed forms against the replayer.

use clap::Parser as _;

use super::*;
use crate::cli::{Cli, Command};
use crate::numerics::schedule::solve;

/// The schedule that a command line asks for.
#[track_caller]
fn solved(line: &str) -> Solved {
    of_words(line, &line.split(' ').collect::<Vec<_>>())
}

#[track_caller]
fn of_words(line: &str, words: &[&str]) -> Solved {
    let words = ["retrograd", "schedule"].iter().chain(words);
    let cli = Cli::try_parse_from(words).unwrap_or_else(|error| panic!("{line}: {error}"));
    let Command::Schedule(args) = cli.command else { panic!("{line}: not a schedule") };
    let family = args.family.as_ref().expect("a family should be named");
    solve(family).unwrap_or_else(|error| panic!("{line}: {error:?}"))
}

/// Formula and replayer agree, as far as the formula goes.
#[track_caller]
fn check(line: &str) {
    agree(line, &solved(line));
}

#[track_caller]
fn agree(line: &str, solved: &Solved) {
    let replayed = solved.counts(Effort::Replay).expect("finite costs");
    let closed = solved.in_closed_form(solved.closed.as_ref().expect(line));
    assert_eq!(closed.advances, replayed.advances, "{line}");
    assert_eq!(closed.recorded, replayed.recorded, "{line}");
    // Equal to rounding: the sums have four terms.
    let allowed = 4.0 * f64::EPSILON * replayed.makespan;
    assert!((closed.makespan - replayed.makespan).abs() <= allowed, "{line}");
    if let Some(tiers) = closed.tiers {
        assert_eq!(Some(tiers), replayed.tiers, "{line}");
    }
}

/// Families whose counts have a closed form down to the tiers.
#[test]
fn closed_forms_are_what_the_replayer_counts() {
    for steps in (0..12).chain([37, 100]) {
        check(&format!("store-all --steps {steps}"));
        check(&format!("store-none --steps {steps}"));
        for slots in [1, 2, 3, 5, 40] {
            for family in ["no-reuse", "memory-reuse", "revolve"] {
                check(&format!("{family} --steps {steps} --slots {slots}"));
            }
            check(&format!("revolve --steps {steps} --slots {slots} --trajectory maximum"));
            for disk in [0, 1, 4] {
                check(&format!("multistage --steps {steps} --ram {slots} --disk {disk}"));
            }
            for period in [1, 2, 3, 7, 50] {
                check(&format!("asynchronous --steps {steps} --period {period} --slots {slots}"));
                let slots = slots - 1;
                check(&format!("two-level --steps {steps} --period {period} --slots {slots}"));
            }
        }
    }
}

/// One branch is a chain, but for its initial state, which is stored from the start.
#[test]
fn the_closed_form_of_one_branch_is_what_the_replayer_counts() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("join.json");
    let file = path.to_str().expect("a path of Unicode");
    for steps in (0..12).chain([37, 100]) {
        for (trunk, branch) in [(0, steps), (steps / 3, steps - steps / 3)] {
            let text = format!("{{\"trunk\": {trunk}, \"branches\": [{branch}]}}");
            std::fs::write(&path, text).expect("a file");
            for slots in ["1", "2", "3", "5", "40", "200"] {
                let words = ["join", "--file", file, "--slots", slots];
                let line = format!("join of {steps} steps, {slots} slots");
                agree(&line, &of_words(&line, &words));
            }
        }
    }
}

/// Families of which only the forward steps are known.
#[test]
fn totals_are_what_the_replayer_counts() {
    for steps in [0, 1, 2, 3, 10, 40] {
        for slots in [1, 2, 3, 8, 50] {
            check(&format!("online --steps {steps} --slots {slots}"));
            for family in ["disk-revolve", "disk-revolve-one-read", "periodic-disk-revolve"] {
                let line = format!("{family} --steps {steps} --slots {slots} --uf 0.7 --ub 1.3");
                check(&format!("{line} --write-cost 2.5 --read-cost 1.1"));
                check(&format!("{line} --write-cost 0 --read-cost 0"));
            }
            check(&format!("h-revolve --steps {steps} --tiers {slots}:0:0,1:0:0"));
            check(&format!("mixed --steps {steps} --slots {slots}"));
            check(&format!("mixed --steps {steps} --slots {slots} --adjoint-size 2"));
            check(&format!("cams --steps {steps} --slots {slots} --stages 2"));
            check(&format!("cams --steps {steps} --slots {slots} --stages 3 --stiffly-accurate"));
        }
    }
}

#[test]
fn a_billion_steps_are_counted_at_once() {
    let counts = |line: &str| solved(line).counts(Effort::Quick).expect("finite costs");
    let revolve = counts("revolve --steps 1e9 --slots 30");
    // r n - C(c + r, c + 1) with r = 11.
    assert_eq!(revolve.advances, 11 * 1_000_000_000 - 1_121_099_408);
    assert!(revolve.tiers.is_some());
    let mixed = counts("mixed --steps 1e9 --slots 30");
    assert!(mixed.advances < revolve.advances && mixed.tiers.is_none());
    let none = counts("store-none --steps 18446744073709551615");
    assert_eq!(none.advances, u128::from(u64::MAX) * u128::from(u64::MAX - 1) / 2);
}
