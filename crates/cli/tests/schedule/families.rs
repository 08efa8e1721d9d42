//! Every family: its actions are valid, and cost what is printed.

use serde_json::Value;

use crate::replayer::{Costs, Memory, check, replay};
use crate::support::{folder, json};
use crate::{listed, printed};

const STEPS: [u64; 8] = [0, 1, 2, 3, 7, 10, 31, 100];

/// A family over slots whose tiers cost nothing.
#[track_caller]
fn check_slots(line: &str, steps: u64, slots: &[u64]) -> Value {
    let printed = listed(&format!("{line} --steps {steps}"));
    check(&printed, &Memory::slots(steps, slots), &Costs::STEPS);
    printed
}

#[test]
fn the_classic_families_are_valid() {
    for steps in STEPS {
        let all = check_slots("store-all", steps, &[0]);
        assert_eq!((&all["total_forward"], &all["proven_optimal"]), (&steps.into(), &true.into()));
        check_slots("store-all --slots 3", steps, &[0]);
        let none = check_slots("store-none", steps, &[1]);
        assert_eq!(none["forward_steps"], steps * steps.saturating_sub(1) / 2);
        for family in ["no-reuse", "memory-reuse"] {
            for slots in [1, 2, 5] {
                check_slots(&format!("{family} --slots {slots}"), steps, &[slots]);
            }
            // Without a limit nothing is advanced twice.
            let free = check_slots(family, steps, &[steps]);
            assert_eq!(free["forward_steps"], steps.saturating_sub(1));
            assert_eq!(free["proven_optimal"], true);
        }
        for slots in [1, 2, 3, 8, 200] {
            check_slots(&format!("revolve --slots {slots}"), steps, &[slots]);
            let line = format!("revolve --slots {slots} --trajectory maximum");
            let maximum = check_slots(&line, steps, &[slots]);
            assert_eq!(maximum["proven_optimal"], true);
        }
    }
    let no_reuse = printed("no-reuse --steps 100 --slots 5");
    assert_eq!(no_reuse["proven_optimal"], false);
    // One slot leaves no choice; of five, one is not the best use.
    assert_eq!(printed("store-none --steps 100")["proven_optimal"], true);
    assert_eq!(printed("store-none --steps 100 --slots 5")["proven_optimal"], false);
}

#[test]
fn families_of_two_tiers_are_valid() {
    for steps in STEPS {
        for (ram, disk) in [(1, 0), (0, 2), (2, 3), (9, 1), (300, 300)] {
            check_slots(&format!("multistage --ram {ram} --disk {disk}"), steps, &[ram, disk]);
        }
        for (period, slots) in [(1, 0), (3, 0), (4, 1), (10, 3), (200, 2)] {
            let blocks = steps.div_ceil(period);
            let line = format!("two-level --period {period} --slots {slots}");
            check_slots(&line, steps, &[slots, blocks]);
            let slots = slots.max(1);
            let line = format!("asynchronous --period {period} --slots {slots}");
            let found = check_slots(&line, steps, &[slots, blocks.saturating_sub(1)]);
            let one_sweep = found["forward_steps"] == steps.saturating_sub(1);
            assert_eq!(found["proven_optimal"], one_sweep, "{line}");
        }
    }
}

/// A family over memory and a disk without limit.
#[track_caller]
fn check_disk(family: &str, steps: u64, slots: u64, [write, read, uf, ub]: [f64; 4]) -> Value {
    let printed = listed(&format!(
        "{family} --steps {steps} --slots {slots} --write-cost {write} --read-cost {read} \
         --uf {uf} --ub {ub}"
    ));
    let capacity = vec![Some(slots), None];
    let memory = Memory { capacity, ..Memory::slots(steps, &[]) };
    let tiers = vec![[0.0, 0.0], [write, read]];
    check(&printed, &memory, &Costs { forward: uf, reverse: ub, tiers });
    printed
}

#[test]
fn families_of_memory_and_disk_are_valid() {
    for steps in STEPS {
        for slots in [1, 3, 40] {
            for costs in [[0.0, 0.0, 1.0, 1.0], [5.0, 2.0, 1.0, 2.0], [0.3, 0.7, 0.25, 0.0]] {
                let best = check_disk("disk-revolve", steps, slots, costs);
                assert_eq!(best["proven_optimal"], true);
                let cost = |found: &Value| found["makespan"].as_f64().expect("a number");
                for family in ["disk-revolve-one-read", "periodic-disk-revolve"] {
                    let found = check_disk(family, steps, slots, costs);
                    assert!(cost(&found) >= cost(&best), "{family} {steps} {slots} {costs:?}");
                    let proven = found["proven_optimal"] == true;
                    assert_eq!(proven, cost(&found) == cost(&best), "{family} {steps} {slots}");
                }
            }
        }
    }
}

#[test]
fn any_tiers_are_valid() {
    for steps in STEPS {
        for (tiers, proven) in [
            ("2:0:0", true),
            ("2:0:0,3:2:2", true),
            ("1:0.5:0.25,2:1:1,3:4:5", true),
            ("3:4:5,2:1:1", true),
            // The cheaper one to write is the dearer one to read.
            ("2:0:5,2:5:0", false),
        ] {
            let printed =
                listed(&format!("h-revolve --steps {steps} --tiers {tiers} --uf 2 --ub 3"));
            let numbers = |k: usize| {
                let fields = tiers.split(',').map(move |tier| tier.split(':').nth(k));
                fields.map(|field| field.expect("three fields").parse::<f64>().expect("a number"))
            };
            let slots: Vec<u64> = numbers(0).map(|slots| slots as u64).collect();
            let tiers = numbers(1).zip(numbers(2)).map(|(write, read)| [write, read]).collect();
            let costs = Costs { forward: 2.0, reverse: 3.0, tiers };
            check(&printed, &Memory::slots(steps, &slots), &costs);
            // Without several steps no tier is of use.
            assert_eq!(printed["proven_optimal"], proven || steps < 2, "{steps} {slots:?}");
        }
    }
}

#[test]
fn families_that_store_adjoint_data_are_valid() {
    for steps in STEPS {
        for (capacity, restart, adjoint) in
            [(1, 1, 1), (4, 1, 1), (6, 1, 3), (6, 2, 1), (400, 2, 3)]
        {
            let printed = listed(&format!(
                "mixed --steps {steps} --slots {capacity} --restart-size {restart} \
                 --adjoint-size {adjoint}"
            ));
            let memory = Memory { sizes: [restart, adjoint], ..Memory::slots(steps, &[capacity]) };
            check(&printed, &memory, &Costs::STEPS);
            assert_eq!(printed["proven_optimal"], true);
        }
        for (slots, stages) in [(1, 1), (5, 2), (9, 4), (900, 3)] {
            for adjoint_restarts in [false, true] {
                let flag = if adjoint_restarts { "--stiffly-accurate" } else { "" };
                let line = format!("cams --steps {steps} --slots {slots} --stages {stages} {flag}");
                let printed = listed(&line);
                let memory = Memory {
                    sizes: [1, stages],
                    adjoint_restarts,
                    ..Memory::slots(steps, &[slots])
                };
                let counts = check(&printed, &memory, &Costs::STEPS);
                let extra = counts.advances + counts.recorded - steps;
                assert_eq!(printed["extra_forward_steps"], extra);
            }
        }
    }
}

/// Up to `x_(n-1)` nobody knows the number of steps: what is done there is the beginning of what
/// is done for every larger number.
#[test]
fn online_schedules_do_not_know_the_end() {
    for slots in [1, 2, 3, 5] {
        let actions = |steps: u64| -> Vec<Value> {
            let printed = listed(&format!("online --steps {steps} --slots {slots}"));
            check(&printed, &Memory::slots(steps, &[slots]), &Costs::STEPS);
            printed["actions"].as_array().expect("actions").clone()
        };
        let longest = actions(150);
        for steps in (1..40).chain([77, 120]) {
            let actions = actions(steps);
            // Decisions at x_(n-1) itself are made with the knowledge that the next step is last.
            let arrival = |a: &Value| a[0] == "advance" && a[2] == steps - 1;
            let before = actions.iter().position(arrival).map_or(0, |at| at + 1);
            assert_eq!(actions[..before], longest[..before], "{steps} {slots}");
        }
    }
}

#[test]
fn online_schedules_of_other_rules_and_with_a_disk_are_valid() {
    for steps in STEPS {
        for slots in [1, 3, 6] {
            let line = format!("online --rule wang-moin --slots {slots}");
            let found = check_slots(&line, steps, &[slots]);
            let best = printed(&format!("revolve --steps {steps} --slots {slots}"));
            assert!(found["forward_steps"].as_u64() >= best["forward_steps"].as_u64());
        }
        for (slots, period) in [(0, 1), (0, 4), (2, 5), (3, 1000)] {
            let line = format!("online --slots {slots} --disk-period {period}");
            let found = check_slots(&line, steps, &[slots, steps.div_ceil(period)]);
            let once = found["forward_steps"] == steps.saturating_sub(1);
            assert_eq!(found["proven_optimal"], once, "{line} {steps}");
        }
    }
}

/// Steps of unlike costs: the makespan is that of the actions, added up here.
#[test]
fn uneven_steps_are_valid() {
    let folder = folder();
    let forward = [1.0, 1.0, 9.0, 1.0, 2.0, 1.0, 4.0];
    let text = r#"{"forward": [1, 1, 9, 1, 2, 1, 4], "reverse": [2, 2, 18, 2, 4, 2, 8],
        "size": [4, 4, 6, 10, 4, 4, 9]}"#;
    let sizes = [4, 4, 6, 10, 4, 4, 9];
    std::fs::write(folder.path().join("steps.json"), text).expect("a file");
    let mut makespans = Vec::new();
    for room in ["--slots 1", "--slots 2", "--slots 7", "--budget 4", "--budget 14", "--budget 99"]
    {
        let line = format!("schedule uneven --file steps.json {room} --actions");
        let found = json(folder.path(), &line.split(' ').collect::<Vec<_>>());
        let actions = found["actions"].as_array().expect("actions");
        let slots = if room == "--slots 2" { 2 } else { 7 };
        replay(&Memory::slots(7, &[slots]), actions);
        // Every number is a small whole one: sums are exact.
        let (mut makespan, mut held, mut most) = (38.0, 0, 0);
        for action in actions {
            let number = |k: usize| action[k].as_u64().expect("a number") as usize;
            match action[0].as_str() {
                Some("advance") => makespan += forward[number(1)..number(2)].iter().sum::<f64>(),
                Some("store") => held += sizes[number(2)],
                Some("discard") => held -= sizes[number(2)],
                _ => {}
            }
            most = most.max(held);
        }
        assert_eq!(found["makespan"], makespan, "{room}");
        if let Some(budget) = room.strip_prefix("--budget ") {
            assert!(most <= budget.parse().expect("a number"), "{room}");
            assert_eq!(found["peak_units"]["0"], most);
        }
        makespans.push(makespan);
    }
    // With room for everything each step but the last is advanced once.
    assert_eq!((makespans[2], makespans[5]), (38.0 + 15.0, 38.0 + 15.0));
    assert!(makespans[0] > makespans[1] && makespans[1] > makespans[2], "{makespans:?}");
}

#[test]
fn online_schedules_are_proven_where_they_equal_the_optimum() {
    let (mut equal, mut above) = (0, 0);
    for steps in (2..60).chain([100, 200]) {
        let online = printed(&format!("online --steps {steps} --slots 3"));
        let revolve = printed(&format!("revolve --steps {steps} --slots 3"));
        let optimal = online["forward_steps"] == revolve["forward_steps"];
        assert_eq!(online["proven_optimal"], optimal, "{steps}");
        *(if optimal { &mut equal } else { &mut above }) += 1;
    }
    assert!(equal > 10 && above > 0, "{equal} {above}");
}

/// Counts of many steps are those of a formula; `--replay` follows every action.
#[test]
fn many_steps_are_counted_like_few() {
    for line in [
        "revolve --steps 3000001 --slots 7",
        "multistage --steps 3000001 --ram 3 --disk 9",
        "two-level --steps 3000001 --period 1000 --slots 2",
        "asynchronous --steps 3000001 --period 1000 --slots 3",
    ] {
        assert_eq!(printed(line), printed(&format!("{line} --replay")), "{line}");
    }
    let line = "mixed --steps 3000001 --slots 9";
    let (quick, slow) = (printed(line), printed(&format!("{line} --replay")));
    assert_eq!((&quick["peak"], &quick["writes"]), (&Value::Null, &Value::Null));
    assert_eq!(slow["peak"]["0"], 9);
    for key in ["forward_steps", "total_forward", "makespan"] {
        assert_eq!(quick[key], slow[key]);
    }
}

#[test]
fn extreme_numbers_are_counted_or_refused() {
    let most = u64::MAX;
    let none = printed(&format!("store-none --steps {most}"));
    // n (n - 1) / 2 takes more than 64 bits: read it as text.
    assert!(none["makespan"].as_f64().expect("a number") > 1e38);
    for line in [
        format!("store-all --steps {most}"),
        format!("no-reuse --steps {most}"),
        format!("memory-reuse --steps {most} --slots {most}"),
        format!("revolve --steps {most} --slots {most}"),
        format!("revolve --steps {most} --slots 1"),
        "multistage --steps 1e18 --ram 3 --disk 3".to_owned(),
        format!("two-level --steps {most} --period {most} --slots {most}"),
        format!("asynchronous --steps {most} --period 1 --slots 1"),
        "disk-revolve --steps 1e12 --slots 3 --write-cost 5 --read-cost 5".to_owned(),
        "periodic-disk-revolve --steps 1e18 --slots 3 --write-cost 5 --read-cost 5".to_owned(),
        "mixed --steps 1e15 --slots 5".to_owned(),
        "h-revolve --steps 1e15 --tiers 3:0:0,0:1:1".to_owned(),
        format!("multistage --steps 5 --ram {most} --disk {most}"),
    ] {
        let found = printed(&line);
        assert_eq!(found["feasible"], true, "{line}");
    }
    let list = replay(&Memory::slots(0, &[0]), &[]);
    assert_eq!(list.advances, 0);
}
