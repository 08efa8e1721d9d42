//! Time to solve heterogeneous chains and chains that meet.
//!
//! Reports the best of several runs, as other load only ever adds time.

use std::hint::black_box;
use std::time::Instant;

use retrograd_checkpoint::schedule::chain::simulate;
use retrograd_checkpoint::{Chain, ChainColumns, ChainOptions, JoinGraph, Persistence};

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
}

/// Stages whose sizes and times vary without pattern, by a linear congruence.
fn chain(stages: usize) -> Chain {
    let mut state = 1_u64;
    let mut draw = |below: u64| {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 33) % below
    };
    let x: Vec<u64> = (0..=stages).map(|_| 1 + draw(20)).collect();
    let times =
        |draw: &mut dyn FnMut(u64) -> u64| (0..stages).map(|_| 1.0 + draw(9) as f64).collect();
    let f: Vec<f64> = times(&mut draw);
    let columns = ChainColumns {
        xb: x.iter().map(|x| x + draw(40)).collect(),
        ff: f.clone(),
        b: f.iter().map(|f| 2.0 * f).collect(),
        f,
        tf: (0..stages).map(|_| draw(3)).collect(),
        tn: (0..stages).map(|_| draw(3)).collect(),
        tb: (0..=stages).map(|_| draw(3)).collect(),
        x,
    };
    Chain::from_columns(&columns).expect("should be a chain")
}

/// Solves one chain for a quarter of what keeping everything takes.
fn report_chain(stages: usize, levels: u64, persistence: Persistence) {
    let chain = chain(stages);
    let everything: u64 = chain.stages().iter().map(|stage| stage.recordings[0].bytes).sum();
    let options = ChainOptions { persistence, levels: Some(levels) };
    let mut best_s = f64::INFINITY;
    for _ in 0..RUNS {
        let start = Instant::now();
        black_box(chain.solve_with(everything / 4, options).expect("should be feasible"));
        best_s = best_s.min(start.elapsed().as_secs_f64());
    }
    let schedule = chain.solve_with(everything / 4, options).expect("should be feasible");
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
