//! Time of the schedules that store adjoint data as well, closed form or table included; and of
//! the two-tier schedules around Revolve.
//!
//! Reports the best of several runs, as other load only ever adds time.

mod common;

use std::time::Instant;

use common::walk;
use retrograd_checkpoint::{
    Action, Cams, LastBlock, MemoryReuse, Method, Mixed, Multistage, NoReuse, TwoLevel,
};

const RUNS: u32 = 3;

fn main() {
    println!("{:<44} {:>11} {:>11} {:>10}", "schedule", "made in ms", "actions", "ns/action");
    for (a, b) in [(1, 1), (1, 2), (3, 2), (1, 8)] {
        let name = format!("mixed, 1e4 steps, 50 units, sizes {a} and {b}");
        report(&name, || Mixed::new(10_000, 50, a, b).expect("should be feasible"));
    }
    let mixed = || Mixed::new(1_000_000, 50, 1, 1).expect("should be feasible");
    report("mixed, 1e6 steps, 50 units, sizes 1 and 1", mixed);
    for method in [Method::General, Method::StifflyAccurate] {
        let cams = || Cams::new(10_000, 50, 3, method).expect("should be feasible");
        report(&format!("CAMS, 1e4 steps, 50 slots, 3 stages, {method:?}"), cams);
    }
    for last_block in [LastBlock::Reloaded, LastBlock::Fused] {
        let two_level = || TwoLevel::with_last_block(10_000_000, 1000, 20, last_block);
        let two_level = || two_level().expect("should be feasible");
        report(&format!("two-level, 1e7 steps, 1000, 20, {last_block:?}"), two_level);
    }
    let multistage = || Multistage::new(10_000_000, 20, 30).expect("should be feasible");
    report("multistage, 1e7 steps, 20 and 30 slots", multistage);
    let no_reuse = || NoReuse::new(1_000_000, 100_000).expect("should be feasible");
    report("no-reuse, 1e6 steps, 1e5 slots", no_reuse);
    let memory_reuse = || MemoryReuse::new(1_000_000, 1000).expect("should be feasible");
    report("memory-reuse, 1e6 steps, 1e3 slots", memory_reuse);
}

/// Makes and iterates a schedule, and prints a row.
fn report<S: Iterator<Item = Action>>(name: &str, schedule: impl Fn() -> S) {
    let (mut made_ms, mut walked_ns) = (f64::INFINITY, f64::INFINITY);
    let mut actions = 0;
    for _ in 0..RUNS {
        let start = Instant::now();
        let schedule = schedule();
        made_ms = made_ms.min(start.elapsed().as_secs_f64() * 1e3);
        let start = Instant::now();
        actions = walk(schedule);
        walked_ns = walked_ns.min(start.elapsed().as_secs_f64() * 1e9);
    }
    let per_action = walked_ns / actions as f64;
    println!("{name:<44} {made_ms:>11.3} {actions:>11} {per_action:>10.2}");
}
