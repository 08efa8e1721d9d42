//! Time to make each family of schedules and to iterate all its actions.
//!
//! A function per family, a line per size. The best of several runs where they are short, as other
//! load only ever adds time.

mod common;

use std::time::{Duration, Instant};

use common::walk;
use retrograd_checkpoint::{Action, DiskRevolve, HRevolve, ScheduleError, TierCost, TierSpec};

const RUNS: u32 = 5;

/// No further run after this time.
const PATIENCE: Duration = Duration::from_secs(2);

/// Memory that is free, and a disk at five steps per write and read.
const MEMORY: TierCost = TierCost { write: 0.0, read: 0.0 };
const DISK: TierCost = TierCost { write: 5.0, read: 5.0 };

fn main() {
    println!("{:>44} {:>12} {:>12} {:>12}", "schedule", "made in", "walked in", "ns/action");
    disk_revolve();
    h_revolve();
}

/// Makes and walks a schedule, and prints a row.
fn report<S: Iterator<Item = Action>>(name: &str, make: impl Fn() -> Result<S, ScheduleError>) {
    let (mut made, mut walked, mut actions) = (Duration::MAX, Duration::MAX, 0);
    let first = Instant::now();
    for run in 0..RUNS {
        if run > 0 && first.elapsed() > PATIENCE {
            break;
        }
        let start = Instant::now();
        let schedule = make().expect("should be feasible");
        made = made.min(start.elapsed());
        let start = Instant::now();
        actions = walk(schedule);
        walked = walked.min(start.elapsed());
    }
    let per_action = walked.as_secs_f64() * 1e9 / actions as f64;
    println!("{name:>44} {made:>12.1?} {walked:>12.1?} {per_action:>12.1}");
}

/// Ten slots in memory.
fn disk_revolve() {
    for n in [10_000, 1_000_000] {
        report(&format!("disk-revolve, {n} steps"), || DiskRevolve::new(n, 10, DISK, 1.0, 1.0));
        let one_read = || DiskRevolve::one_read(n, 10, DISK, 1.0, 1.0);
        report(&format!("disk-revolve, one read, {n} steps"), one_read);
        let periodic = || DiskRevolve::periodic(n, 10, DISK, 1.0, 1.0);
        report(&format!("disk-revolve, periodic, {n} steps"), periodic);
    }
}

/// Ten slots in memory, ten on disk; then memory at a cost, which needs a table as well.
fn h_revolve() {
    for n in [1_000, 10_000, 100_000] {
        for memory in [MEMORY, TierCost { write: 0.1, read: 0.1 }] {
            let tiers = [memory, DISK].map(|cost| TierSpec { slots: 10, cost });
            let name = format!("h-revolve, 10 + 10 slots, w0 {}, {n} steps", memory.write);
            report(&name, || HRevolve::new(n, &tiers, 1.0, 1.0));
        }
    }
}
