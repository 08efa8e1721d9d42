//! Time per action of the Revolve schedule: iteration alone, then under an executor whose model
//! does nothing.
//!
//! Reports the best of several runs, as other load only ever adds time.

mod common;

use std::hint::black_box;
use std::time::Instant;

use common::{Idle, walk};
use retrograd_checkpoint::{Costs, Executor, Revolve, Trajectory};

const RUNS: u32 = 5;

fn main() {
    println!(
        "{:>10} {:>9} {:>11} {:>12} {:>10}",
        "steps", "snapshots", "trajectory", "actions", "ns/action"
    );
    for steps in [100_000, 10_000_000] {
        for snapshots in [10, 50, 1000] {
            for trajectory in [Trajectory::Revolve, Trajectory::Maximum] {
                report(steps, snapshots, trajectory);
            }
        }
    }
    report_executor(10_000_000, 50);
    report_closed_form();
}

/// Runs one schedule over a model without work and prints the time per reversed step.
fn report_executor(steps: u64, snapshots: u64) {
    let schedule = Revolve::new(steps, snapshots).expect("should be feasible");
    let mut executor = Executor::new(snapshots).expect("should be a small table");
    let start = Instant::now();
    let done = executor.run(&mut Idle, schedule).expect("should be a valid schedule");
    let ns = start.elapsed().as_secs_f64() * 1e9;
    let (per_action, per_step) = (ns / done.actions as f64, ns / done.reversed as f64);
    println!("executor, {steps} steps: {per_action:.1} ns/action, {per_step:.1} ns/step");
}

fn report_closed_form() {
    let start = Instant::now();
    for snapshots in 1..=1000 {
        black_box(Costs::revolve(black_box(1_000_000_000), snapshots).expect("should be feasible"));
    }
    let microseconds = start.elapsed().as_secs_f64() * 1e6 / 1000.0;
    println!("closed form, 1e9 steps, mean over 1 to 1000 snapshots: {microseconds:.2} us");
}

/// Iterates one schedule and prints a row.
fn report(steps: u64, snapshots: u64, trajectory: Trajectory) {
    let mut best_ns = f64::INFINITY;
    let mut actions = 0;
    for _ in 0..RUNS {
        let schedule = Revolve::with_trajectory(black_box(steps), snapshots, trajectory)
            .expect("should be feasible");
        let start = Instant::now();
        actions = walk(schedule);
        best_ns = best_ns.min(start.elapsed().as_secs_f64() * 1e9);
    }
    let per_action = best_ns / actions as f64;
    println!("{steps:>10} {snapshots:>9} {trajectory:>11?} {actions:>12} {per_action:>10.2}");
}
