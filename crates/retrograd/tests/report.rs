//! What a compiled step is said to cost, and the bounds that follow.

mod support;

use retrograd::bench::{acoustic_operator, peak_flops};
use retrograd::{Backend, Compiled, DType, Error, Grid, Limit, Machine, Options};
use retrograd_compile::adjoint::{FORWARD, REVERSE};

/// Leapfrog of order 4 in two dimensions; kernels of the interpreter need no compiler, but take
/// steps one by one.
fn compiled(backend: Backend) -> Result<Compiled, Error> {
    let grid = Grid::new([40, 30])?;
    let (operator, m, ..) = acoustic_operator(&grid, 4)?;
    operator.with_gradient(&[&m], &Options { backend, ..Options::from_environment() })
}

/// A gigabyte and ten Gflop per second.
const SLOW: Machine = Machine { threads: 1, copy_bytes_per_second: 1e9, flops_per_second: 10e9 };

#[test]
fn bounds_are_the_longer_of_memory_and_arithmetic() {
    let report = compiled(Backend::Interpreter).expect("should build").report(FORWARD);
    let report = report.expect("there is such a step");
    assert_eq!(report.bounds(), []);
    let report = report.on(SLOW);
    let [bound] = report.bounds()[..] else { panic!("steps of the interpreter go one by one") };
    // 16 bytes at 1 GB/s; at least 8 and at most 17 operations, two flops each, at 10 Gflop/s.
    assert_eq!((bound.bytes, bound.memory_seconds, bound.seconds), (16.0, 16e-9, 16e-9));
    assert_eq!(bound.arithmetic_seconds, 2.0 * report.cost.operations() / 10e9);
    assert_eq!((bound.limit(), bound.points_per_second()), (Limit::Memory, 1.0 / 16e-9));
    let slow = Machine { flops_per_second: 0.1e9, ..SLOW };
    let bound = report.on(slow).bound(1).expect("there is a machine");
    assert_eq!((bound.limit(), bound.seconds), (Limit::Arithmetic, bound.arithmetic_seconds));
}

/// Three levels are read and two written per block, whatever its length.
#[test]
fn steps_together_share_their_traffic() {
    if support::options().is_none() {
        return;
    }
    let report = compiled(Backend::C).expect("should build").report(FORWARD);
    let report = report.expect("there is such a step").on(SLOW);
    let bounds: Vec<(usize, f64)> = report.bounds().iter().map(|b| (b.steps, b.bytes)).collect();
    assert_eq!(bounds, [(1, 16.0), (2, 10.0), (4, 5.0), (8, 2.5)]);
}

#[test]
fn a_report_is_a_table_for_people() {
    let compiled = compiled(Backend::Interpreter).expect("should build");
    let text = compiled.report(FORWARD).expect("there is such a step").on(SLOW).to_string();
    for part in [
        "acoustic_adjoint, step `forward`, f32, per grid point\n  sweep 1\n    region       inner\n",
        "    operations   17 flops: ",
        "    kernel       loads 11, stores 1, pointers to rows 8\n",
        "    memory       16 B: 12 read, 4 written, 0 allocated\n    shell        inner_x_low: ",
        "  in all         17 flops, 16 B, 1.06 flops per byte\n",
        "  bounds for 1 thread, a copy of 1.0 GB/s and 10.0 Gflop/s:\n",
        "memory      0.062\n",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    let reverse = compiled.report(REVERSE).expect("there is such a step").to_string();
    assert!(!reverse.contains("bounds"), "{reverse}");
}

#[test]
fn a_step_that_is_not_there_has_no_report() {
    let compiled = compiled(Backend::Interpreter).expect("should build");
    let error = compiled.report("backwards").expect_err("there is no such step");
    assert_eq!(error.to_string(), "the program has no step `backwards`");
}

/// Only that it is a number: how fast a machine is, no test can know.
#[test]
fn a_peak_can_be_measured() {
    let Some(options) = support::options() else { return };
    let peak = peak_flops(DType::F32, 2, &options.jit).expect("should run");
    println!("{:.1} Gflop/s", peak / 1e9);
    assert!(peak.is_finite() && peak > 0.0, "{peak}");
}
