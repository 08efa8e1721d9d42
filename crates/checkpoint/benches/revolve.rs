//! Time per action of the Revolve schedule: iteration alone, then under an executor whose model
//! does nothing.
//!
//! The actions are folded into a checksum, without which the loop would be optimised away.
//! Reports the best of several runs, as other load only ever adds time.

use std::convert::Infallible;
use std::hint::black_box;
use std::ops::Range;
use std::time::Instant;

use retrograd_checkpoint::{Action, Costs, Data, Executor, Model, Revolve, Trajectory};

const RUNS: u32 = 5;

/// A model without work.
struct Idle;

impl Model for Idle {
    type Snapshot = u64;
    type Error = Infallible;
    fn advance(&mut self, steps: Range<u64>) -> Result<(), Infallible> {
        black_box(steps);
        Ok(())
    }
    fn record(&mut self, steps: Range<u64>) -> Result<(), Infallible> {
        self.advance(steps)
    }
    fn reverse(&mut self, steps: Range<u64>) -> Result<(), Infallible> {
        self.advance(steps)
    }
    fn save(&mut self, _: Data, _: u64) -> Result<u64, Infallible> {
        Ok(black_box(0))
    }
    fn restore(&mut self, kind: Data, step: u64, from: &u64) -> Result<(), Infallible> {
        self.take(kind, step, *from)
    }
    fn take(&mut self, _: Data, _: u64, from: u64) -> Result<(), Infallible> {
        black_box(from);
        Ok(())
    }
}

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
        let (count, sum) = schedule.fold((0_u64, 0_u64), |(count, sum), action| {
            (count + 1, sum.wrapping_mul(3).wrapping_add(first_step(&action)))
        });
        best_ns = best_ns.min(start.elapsed().as_secs_f64() * 1e9);
        black_box(sum);
        actions = count;
    }
    let per_action = best_ns / actions as f64;
    println!("{steps:>10} {snapshots:>9} {trajectory:>11?} {actions:>12} {per_action:>10.2}");
}

fn first_step(action: &Action) -> u64 {
    match action {
        Action::Advance { steps } | Action::Record { steps } | Action::Reverse { steps } => {
            steps.start
        }
        Action::Store { step, .. } | Action::Load { step, .. } | Action::Discard { step, .. } => {
            *step
        }
    }
}
