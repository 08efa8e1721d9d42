//! Time to solve heterogeneous chains, chains that meet and uneven steps.
//!
//! Reports the best of several runs, as other load only ever adds time.

mod common;

use std::hint::black_box;
use std::time::Instant;

use common::{chain, draws};
use retrograd_checkpoint::schedule::chain::simulate;
use retrograd_checkpoint::{
    ChainOptions, CostModel, JoinGraph, PerStep, Persistence, Revolve, UnevenSteps,
};

const RUNS: u32 = 3;

fn main() {
    println!(
        "{:>8} {:>7} {:>15} {:>10} {:>12} {:>8}",
        "stages", "levels", "schedules", "seconds", "time/ideal", "actions"
    );
    for (stages, levels) in [(50, 500), (100, 500), (100, 5000), (200, 500)] {
        for persistence in [Persistence::Persistent, Persistence::NonPersistent] {
            report_chain(stages, levels, persistence);
        }
    }
    for (branches, slots) in [(&[50, 50][..], 10), (&[20, 20, 20], 10), (&[200, 200], 20)] {
        report_join(branches, slots);
    }
    for (steps, slots) in [(200, 10), (1000, 20), (1000, 200), (20_000, 20), (1_000_000, 30)] {
        report_uneven(steps, slots);
    }
}

/// Solves one chain for a quarter of what keeping everything takes.
fn report_chain(stages: usize, levels: u64, persistence: Persistence) {
    let (chain, budget) = chain(stages);
    let options = ChainOptions { persistence, levels: Some(levels) };
    let mut best_s = f64::INFINITY;
    for _ in 0..RUNS {
        let start = Instant::now();
        black_box(chain.solve_with(budget, options).expect("should be feasible"));
        best_s = best_s.min(start.elapsed().as_secs_f64());
    }
    let schedule = chain.solve_with(budget, options).expect("should be feasible");
    let report =
        simulate(&chain, schedule.recordings(), schedule.actions()).expect("should be valid");
    let (factor, actions) = (report.makespan / chain.ideal_time(), schedule.actions().len());
    println!(
        "{stages:>8} {levels:>7} {persistence:>15?} {best_s:>10.3} {factor:>12.4} {actions:>8}"
    );
}

/// Solves one join and prints a row.
fn report_join(branches: &[u64], slots: u64) {
    let graph = JoinGraph::join(branches.to_vec()).expect("should be a join");
    let start = Instant::now();
    let schedule = black_box(graph.solve(slots).expect("should be feasible"));
    let seconds = start.elapsed().as_secs_f64();
    let (advances, actions) = (schedule.forward_steps(), schedule.actions().count());
    println!(
        "join of {branches:?}, {slots} slots: {seconds:.4} s, {advances} advances, {actions} actions"
    );
}

/// Solves for uneven steps by slots, then by bytes for as many states of mean size.
fn report_uneven(steps: usize, slots: u64) {
    let mut draw = draws();
    let cost = |draw: &mut dyn FnMut(u64) -> u64| {
        if draw(16) == 0 { 100.0 + draw(400) as f64 } else { 1.0 + draw(8) as f64 }
    };
    let uneven = UnevenSteps {
        forward: (0..steps).map(|_| cost(&mut draw)).collect(),
        adjoint: PerStep::Uniform(2.0),
        restart_bytes: PerStep::Each((0..steps).map(|_| 50 + draw(100)).collect()),
    };
    let forward = PerStep::Each(uneven.forward.clone());
    let cost = CostModel { forward, ..CostModel::steps(0.0, 2.0) };
    let even = cost.makespan(Revolve::new(steps as u64, slots).expect("should be feasible"));
    for unit in ["slots", "bytes"] {
        let solve = || match unit {
            "slots" => uneven.solve_slots(slots),
            _ => uneven.solve_bytes(100 * slots),
        };
        let start = Instant::now();
        let schedule = black_box(solve().expect("should be feasible"));
        let seconds = start.elapsed().as_secs_f64();
        let start = Instant::now();
        let actions = schedule.actions().inspect(|action| _ = black_box(action)).count();
        let ns = start.elapsed().as_secs_f64() * 1e9 / actions as f64;
        let of = |makespan: f64| makespan / schedule.makespan();
        println!(
            "{steps} uneven steps, {slots} {unit}: {seconds:.3} s, {ns:.0} ns/action, bound {:.3}, \
             persistent {:.3}, Revolve {:.3}",
            of(schedule.lower_bound()),
            of(schedule.persistent_lower_bound()),
            of(even),
        );
    }
}
