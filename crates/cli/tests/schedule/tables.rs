//! Samples of the reference tables, through the command line.

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::replayer::{Costs, Memory, check};
use crate::{infeasible, listed, printed};

/// Every `stride`-th row of a table whose columns begin as stated.
#[track_caller]
fn rows<R: DeserializeOwned>(text: &str, columns: &[&str], stride: usize) -> Vec<R> {
    let table: Value = serde_json::from_str(text).expect("a table");
    let found = table["columns"].as_array().expect("columns");
    assert!(columns.iter().zip(found).all(|(name, found)| found == name), "{found:?}");
    let rows = table["rows"].as_array().expect("rows").iter().step_by(stride);
    rows.map(|row| serde_json::from_value(row.clone()).expect("a row")).collect()
}

macro_rules! table {
    ($name:literal) => {
        include_str!(concat!("../../../checkpoint/tests/data/", $name, ".json"))
    };
}

/// Steps, slots in RAM and on disk, trajectory, advances, traffic.
type MultistageRow = (u64, u64, u64, String, u64, u64, u64, u64, u64);

/// Steps, period, slots, forward steps, traffic, peaks, steps of the first sweep.
type TwoLevelRow = (u64, u64, u64, u64, u64, u64, u64, u64, u64, u64, u64, u64, u64);

/// Steps, slots, costs, makespans of the recurrences, period, makespan of the periodic schedule.
type DiskRow = (u64, u64, f64, f64, f64, f64, f64, f64, f64, f64, u64, f64);

/// Steps, slots and costs by tier, costs of steps, published and corrected optimum.
type TiersRow = (u64, Vec<u64>, Vec<f64>, Vec<f64>, f64, f64, f64, f64);

#[test]
fn revolve_takes_the_steps_and_writes_of_the_table() {
    let columns = ["n", "c", "reps", "advances", "total_forward", "min_writes"];
    let rows: Vec<(u64, u64, u64, u64, u64, u64)> = rows(table!("a_revolve_small"), &columns, 7);
    assert!(rows.len() > 100);
    for (n, c, _, advances, total, writes) in rows {
        let found = listed(&format!("revolve --steps {n} --slots {c}"));
        check(&found, &Memory::slots(n, &[c]), &Costs::STEPS);
        assert_eq!(found["forward_steps"], advances, "{n} {c}");
        assert_eq!(found["total_forward"], total, "{n} {c}");
        assert_eq!(found["writes"]["0"], writes, "{n} {c}");
    }
}

#[test]
fn multistage_has_the_traffic_of_the_table() {
    let columns =
        ["n", "ram", "disk", "trajectory", "advances", "ram_writes", "ram_reads", "disk_writes"];
    let rows: Vec<MultistageRow> = rows(table!("c_multistage"), &columns, 2);
    assert!(rows.len() > 60);
    for (n, ram, disk, trajectory, advances, ram_writes, ram_reads, disk_writes, disk_reads) in rows
    {
        let line =
            format!("multistage --steps {n} --ram {ram} --disk {disk} --trajectory {trajectory}");
        let found = listed(&line);
        check(&found, &Memory::slots(n, &[ram, disk]), &Costs::STEPS);
        assert_eq!(found["forward_steps"], advances, "{line}");
        assert_eq!(
            found["writes"],
            serde_json::json!({"0": ram_writes, "1": disk_writes}),
            "{line}"
        );
        assert_eq!(found["reads"], serde_json::json!({"0": ram_reads, "1": disk_reads}), "{line}");
    }
}

#[test]
fn two_level_has_the_traffic_of_the_table() {
    let columns = ["n", "period", "s", "untaped", "taped", "total_forward", "ram_writes"];
    let rows: Vec<TwoLevelRow> = rows(table!("c_two_level"), &columns, 2);
    assert!(rows.len() > 60);
    for (n, period, s, advances, _, total, rw, rr, dw, dr, ram, disk, _) in rows {
        let line = format!("two-level --steps {n} --period {period} --slots {s}");
        let found = listed(&line);
        check(&found, &Memory::slots(n, &[s, disk]), &Costs::STEPS);
        assert_eq!(found["forward_steps"], advances, "{line}");
        assert_eq!(found["total_forward"], total, "{line}");
        assert_eq!(found["writes"], serde_json::json!({"0": rw, "1": dw}), "{line}");
        assert_eq!(found["reads"], serde_json::json!({"0": rr, "1": dr}), "{line}");
        assert_eq!(found["peak"], serde_json::json!({"0": ram, "1": disk}), "{line}");
    }
}

#[test]
fn memory_and_disk_cost_what_the_table_says() {
    let columns = ["n", "c_mem", "wd", "rd", "uf", "ub"];
    let rows: Vec<DiskRow> = rows(table!("b_disk_revolve"), &columns, 13);
    assert!(rows.len() > 60);
    for (n, c, wd, rd, uf, ub, _, _, best, one_read, _, periodic) in rows {
        let options = format!(
            "--steps {n} --slots {c} --write-cost {wd} --read-cost {rd} --uf {uf} --ub {ub}"
        );
        let makespan = |family: &str| printed(&format!("{family} {options}"))["makespan"].clone();
        assert_eq!(makespan("disk-revolve"), best, "{options}");
        assert_eq!(makespan("disk-revolve-one-read"), one_read, "{options}");
        assert_eq!(makespan("periodic-disk-revolve"), periodic, "{options}");
    }
}

#[test]
fn any_tiers_cost_what_the_table_says() {
    let columns = ["n", "c[level0..]", "w[level]", "r[level]", "uf", "ub", "peer_dp"];
    let rows: Vec<TiersRow> = rows(table!("b_h_revolve"), &columns, 29);
    assert!(rows.len() > 60);
    for (n, slots, writes, reads, uf, ub, _, best) in rows {
        let tiers: Vec<[f64; 2]> = writes.into_iter().zip(reads).map(|(w, r)| [w, r]).collect();
        let named = slots.iter().zip(&tiers).map(|(c, [w, r])| format!("{c}:{w}:{r}"));
        let named = named.collect::<Vec<_>>().join(",");
        let line = format!("h-revolve --steps {n} --tiers {named} --uf {uf} --ub {ub}");
        let found = listed(&line);
        let costs = Costs { forward: uf, reverse: ub, tiers };
        check(&found, &Memory::slots(n, &slots), &costs);
        assert_eq!(found["makespan"], best, "{line}");
        assert_eq!(found["proven_optimal"], true, "{line}");
    }
}

#[test]
fn mixed_takes_the_steps_of_the_tables() {
    let columns = ["n", "s", "total_forward"];
    let equal: Vec<(u64, u64, u64, u64)> = rows(table!("c_mixed"), &columns, 7);
    let columns = ["n", "S", "a", "b", "total_forward"];
    let unequal: Vec<(u64, u64, u64, u64, u64)> = rows(table!("c_mixed_unequal_own"), &columns, 2);
    assert!(equal.len() + unequal.len() > 100);
    let equal = equal.into_iter().map(|(n, s, total, _)| (n, s, 1, 1, total));
    for (n, s, a, b, total) in equal.chain(unequal) {
        let line = format!("mixed --steps {n} --slots {s} --restart-size {a} --adjoint-size {b}");
        let found = listed(&line);
        let memory = Memory { sizes: [a, b], ..Memory::slots(n, &[s]) };
        check(&found, &memory, &Costs::STEPS);
        assert_eq!(found["total_forward"], total, "{line}");
    }
}

#[test]
fn cams_takes_the_extra_steps_of_the_table() {
    let columns = ["n", "s", "l", "stiff", "cams_peer_extra", "own_opt_extra"];
    let rows: Vec<(u64, u64, u64, u64, u64, u64)> = rows(table!("f_cams"), &columns, 11);
    assert!(rows.len() > 60);
    for (n, s, l, stiff, _, extra) in rows {
        let flag = if stiff == 1 { "--stiffly-accurate" } else { "" };
        let line = format!("cams --steps {n} --slots {s} --stages {l} {flag}");
        let found = listed(&line);
        let adjoint_restarts = stiff == 1;
        let memory = Memory { sizes: [1, l], adjoint_restarts, ..Memory::slots(n, &[s]) };
        check(&found, &memory, &Costs::STEPS);
        assert_eq!(found["extra_forward_steps"], extra, "{line}");
    }
}

#[test]
fn online_is_optimal_as_far_as_anybody_can_be() {
    let columns = ["n", "c", "offline_opt", "crevolve_online"];
    let rows: Vec<(u64, u64, u64, u64, u64, u64, u64)> = rows(table!("d_online"), &columns, 11);
    assert!(rows.len() > 60);
    for (n, c, optimum, peer, ..) in rows {
        let line = format!("online --steps {n} --slots {c}");
        let found = listed(&line);
        let counts = check(&found, &Memory::slots(n, &[c]), &Costs::STEPS);
        assert!(counts.advances >= optimum, "{line}");
        // C(c + 2, 2) + 1
        if n <= (c + 2) * (c + 1) / 2 + 1 {
            assert_eq!(counts.advances, optimum, "{line}");
        }
        assert!(counts.advances as f64 <= 1.123 * optimum as f64, "{line}: {peer} by a peer");
        assert_eq!(found["proven_optimal"], counts.advances == optimum, "{line}");
    }
}

/// Of too few slots the least number that would do is printed, and it does.
#[test]
fn the_minimum_is_feasible_and_nothing_below_is() {
    for (line, option, minimum) in [
        ("store-none --steps 9", "--slots", 1),
        ("no-reuse --steps 9", "--slots", 1),
        ("memory-reuse --steps 9", "--slots", 1),
        ("revolve --steps 9", "--slots", 1),
        ("multistage --steps 9 --ram 0", "--disk", 1),
        ("asynchronous --steps 9 --period 3", "--slots", 1),
        ("disk-revolve --steps 9 --write-cost 1 --read-cost 1", "--slots", 1),
        ("disk-revolve-one-read --steps 9 --write-cost 1 --read-cost 1", "--slots", 1),
        ("periodic-disk-revolve --steps 9 --write-cost 1 --read-cost 1", "--slots", 1),
        ("mixed --steps 9 --restart-size 5 --adjoint-size 7", "--slots", 5),
        ("mixed --steps 2 --restart-size 9 --adjoint-size 4", "--slots", 4),
        ("cams --steps 9 --stages 3", "--slots", 1),
        ("cams --steps 9 --stages 3 --stiffly-accurate", "--slots", 1),
        ("online --steps 9", "--slots", 1),
    ] {
        let found = infeasible(&format!("{line} {option} {}", minimum - 1));
        assert_eq!(found["feasible"], false, "{line}");
        assert_eq!(found["minimum"], minimum, "{line}");
        let found = printed(&format!("{line} {option} {minimum}"));
        assert_eq!(found["feasible"], true, "{line}");
    }
    assert_eq!(infeasible("h-revolve --steps 9 --tiers 0:0:0,0:1:1")["minimum"], 1);
}
