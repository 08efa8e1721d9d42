//! What a gradient is predicted to hold, against what the process then holds.
//!
//! Each case runs in a process of its own (this test binary again), so that the high-water mark of
//! the resident set is its own.

mod fixtures;

use fixtures::{Keep, Points, acoustic, evaluate, options};
use retrograd::checkpoint::Strategy;
use retrograd::ir::Levels;
use retrograd::physics::{Absorbing, Setting, elastic};
use retrograd::{CpmlTuning, DType, Grid, Team};

/// Tells a child which case it is to run.
const CASE: &str = "RETROGRAD_TEST_MEMORY_CASE";

/// The case that leaves out what waves have not reached.
const WHERE_WAVES_ARE: usize = 3;

/// What is kept over how many steps. Many steps between snapshots: those of neighbouring steps
/// share a time level, which the prediction does not count on.
fn case(number: usize) -> (Keep, Strategy, usize) {
    match number {
        0 | WHERE_WAVES_ARE => (Keep::All, Strategy::StoreAll, 45),
        1 => (Keep::Snapshots(5), Strategy::Revolve { snapshots: 5 }, 90),
        _ => (Keep::Snapshots(25), Strategy::Revolve { snapshots: 25 }, 180),
    }
}

/// Bytes that the kernel states under a name in the status of this process.
fn status(name: &str) -> u64 {
    let text = std::fs::read_to_string("/proc/self/status").expect("should be readable");
    let line = text.lines().find(|l| l.starts_with(name)).expect("should be there");
    let number = line.split_whitespace().nth(1).and_then(|n| n.parse::<u64>().ok());
    1024 * number.expect("should be a number")
}

/// Runs a case and prints predicted and measured bytes.
fn measure(number: usize) {
    let Some(options) = options() else { return };
    let (keep, strategy, steps) = case(number);
    let problem = acoustic(&[1100, 1000], 8, Points::Linear, DType::F32);
    let compiled = problem.operator.with_gradient(&[&problem.m], &options).expect("should compile");
    // The high-water mark falls to what is resident now.
    std::fs::write("/proc/self/clear_refs", "5").expect("should be writable");
    let before = status("VmRSS:");
    let mut simulation = problem.simulation(&compiled, steps, 2);
    problem.place(&mut simulation, 0);
    simulation.set_active(number == WHERE_WAVES_ARE);
    let plan = simulation.workload(1, 1).plan_with(strategy, None).expect("should fit");
    evaluate(&mut simulation, keep);
    let measured = status("VmHWM:") - before;
    println!("bytes {} {measured}", plan.predicted_peak_bytes);
    println!("{plan}");
}

/// Runs a test of this file in a process of its own, with a variable that tells it so: what it prints, and
/// the numbers in the line `bytes A B` of that.
fn child(test: &str, (variable, value): (&str, &str)) -> (String, [f64; 2]) {
    let output = std::process::Command::new(std::env::current_exe().expect("should be known"))
        .args(["--exact", test, "--nocapture"])
        .env(variable, value)
        .output()
        .expect("should start");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    let line = text.lines().find(|l| l.starts_with("bytes ")).expect("should be printed");
    let words: Vec<&str> = line.split_whitespace().collect();
    let bytes = [1, 2].map(|at: usize| words[at].parse::<f64>().expect("should be a number"));
    (text, bytes)
}

#[test]
fn predicted_bytes_are_those_of_the_process() {
    if let Ok(number) = std::env::var(CASE) {
        measure(number.parse().expect("should be a number"));
        return;
    }
    if options().is_none() {
        return;
    }
    if std::fs::metadata("/proc/self/clear_refs").is_err() {
        println!("skipped: this system does not tell the memory of a process");
        return;
    }
    let mut held = Vec::new();
    for number in 0..=WHERE_WAVES_ARE {
        let name = "predicted_bytes_are_those_of_the_process";
        let (text, [predicted, measured]) = child(name, (CASE, &number.to_string()));
        println!("{:?}: {measured} of {predicted} bytes", case(number).0);
        assert!(measured > 30e6, "the case should be large: {text}");
        held.push(measured);
        if number < WHERE_WAVES_ARE {
            assert!((measured / predicted - 1.0).abs() <= 0.1, "{:?}: {text}", case(number).0);
        }
    }
    // Rows that a wave does not reach are pages that are never touched.
    assert!(held[WHERE_WAVES_ARE] < held[0], "{held:?}");
}

/// Tells a child how wide the layers are.
const WIDTH: &str = "RETROGRAD_TEST_MEMORY_WIDTH";

/// Bytes that elastic waves in a perfectly matched layer take for three steps, and those of the memory of
/// the layer if its buffers were touched everywhere.
fn layered(width: usize) -> (u64, u64) {
    let options = options().expect("there is a compiler");
    let grid = Grid::new([100; 3]).and_then(|g| g.spacing([10.0; 3])).expect("grid");
    let system = elastic(&Setting::new(&grid).space_order(4).absorbing(Absorbing::Cpml));
    let compiled = system.operator().dtype(DType::F32).build().expect("should build");
    let compiled = compiled.compile(&options).expect("should compile");
    let memories = compiled.stencil().fields.iter();
    let memories = memories.filter(|f| f.zero_in.is_some() && f.levels != Levels::Static).count();
    std::fs::write("/proc/self/clear_refs", "5").expect("should be writable");
    let before = status("VmRSS:");
    let layer = [[width; 2]; 3];
    let mut run = compiled.simulation(&grid, &layer, (3, 1e-3), Team::new(2)).expect("should fit");
    for p in system.parameters() {
        run.set(&p.function, &vec![p.typical; grid.points()]).expect("memory");
    }
    let cpml = system.cpml().expect("it has a layer");
    run.set_cpml(cpml, &CpmlTuning::new(2000.0, 10.0)).expect("memory");
    run.set_up().expect("should run");
    run.set_active(false);
    run.advance(0..3).expect("should run");
    (status("VmRSS:") - before, (memories * grid.points() * 4) as u64)
}

/// The memory of a perfectly matched layer lies in its pages alone, but for the layers along the last
/// dimension, which cross every page: of the others' at least half is never touched.
#[test]
fn layers_take_memory_where_they_are() {
    if let Ok(width) = std::env::var(WIDTH) {
        let (held, layers) = layered(width.parse().expect("should be a number"));
        println!("bytes {held} {layers}");
        return;
    }
    if options().is_none() || std::fs::metadata("/proc/self/clear_refs").is_err() {
        println!("skipped: no compiler, or a system that does not tell the memory of a process");
        return;
    }
    let [thin, wide] = ["8", "45"].map(|width| {
        let (_, found) = child("layers_take_memory_where_they_are", (WIDTH, width));
        println!("layers of {width} points: {} bytes, {} of the layers", found[0], found[1]);
        found
    });
    let saved = (wide[0] - thin[0]) / thin[1];
    assert!(saved > 2.0 / 3.0 * 0.5, "{saved:.2} of the memory of the layers saved");
}

/// Snapshots are handed over: `c` of them and the sweeps never hold more than `2 c + 2` levels of
/// the forward function, beside the two of the adjoint one and a tape entry of each kind.
#[test]
fn snapshots_hold_two_levels_each() {
    let Some(options) = options() else { return };
    let problem = acoustic(&[40, 30], 4, Points::Linear, DType::F32);
    let compiled = problem.operator.with_gradient(&[&problem.m], &options).expect("should compile");
    let adjoint = compiled.adjoint().expect("should be there");
    let (tapes, states) = (adjoint.tapes.len() as u64, adjoint.states.len() as u64);
    assert_eq!(states, 1);
    for snapshots in [1, 2, 5, 20] {
        let mut simulation = problem.simulation(&compiled, 45, 1);
        problem.place(&mut simulation, 0);
        evaluate(&mut simulation, Keep::Snapshots(snapshots));
        let found = simulation.pooled_buffers("u").expect("should be there") as u64;
        let most = 2 * snapshots + 2 + 2 * states + tapes;
        assert!(found <= most, "{snapshots} snapshots: {found} buffers, at most {most} expected");
    }
}
