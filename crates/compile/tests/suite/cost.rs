//! Costs per grid point, against counts by hand and against the lines of the C that is printed.

use std::collections::BTreeSet;

use retrograd_compile::adjoint::{FORWARD, RECORD};
use retrograd_compile::cost::{Operations, Place, StepCost, Traffic, cost};
use retrograd_compile::emit::{FunctionKind, Vectors, emit_c};
use retrograd_compile::schedule::{PhaseKind, schedule};
use retrograd_compile::{adjoint, passes};
use retrograd_ir::{DType, Stencil, text, verify};

use crate::common::fixtures;

fn cost_of(stencil: &Stencil, step: &str) -> StepCost {
    let mut stencil = verify(stencil.clone()).expect("should be well formed").stencil().clone();
    let at = stencil.steps.iter().position(|s| s.name == step).expect("should be there");
    let plan = schedule(&mut stencil, at);
    cost(&stencil, &plan)
}

/// The costs of statements as they are, without passes.
fn written(statements: &str) -> StepCost {
    let parsed = text::parse(&format!(
        "stencil test f32 dim x, z param dt width w region inner = x[w : -w], z[w : -w]
         region low = x[: w] region edge = x[1 : -1] function m(x, z) function g(z)
         function wide(x, z) f64 time function u(x, z) levels 3 time function p(x, z) levels 2
         tape q(x, z) tape r(x, z) sparse src linear step forward {{ {statements} }}"
    ));
    cost_of(&parsed.expect("should parse"), FORWARD)
}

/// Leapfrog of order `so` in `d` dimensions: a pair of neighbours takes a sum, a product and a sum,
/// and there are `d so / 2` of them; the point itself, `2 u`, `- u-`, `pre *` and the last sum take
/// one each. Read are `u`, `u-` and `pre`; `u+` overwrites `u-`. Pointers: one per row of `u` that
/// the star touches outside the innermost dimension, and one each for `u-`, `pre` and `u+`.
#[test]
fn leapfrog_costs_what_a_hand_counts() {
    for (dims, order, flops, loads, rows) in
        [(2, 4, 17, 11, 8), (2, 8, 29, 19, 12), (3, 4, 23, 15, 12), (3, 8, 41, 27, 20)]
    {
        let name = format!("{dims}-D so={order}");
        let pairs = dims * order / 2;
        assert_eq!((flops, loads), (3 * pairs + 5, 2 * pairs + 3), "{name}");
        assert_eq!(rows, (dims - 1) * order + 1 + 3, "{name}");
        let result = passes::optimise(fixtures::acoustic(dims, order, DType::F32));
        let result = cost_of(&result, FORWARD);
        let [sweep] = &result.sweeps[..] else { panic!("{name}: {} sweeps", result.sweeps.len()) };
        let inner = sweep.interior().expect("should have an interior");
        assert_eq!((inner.region.as_str(), inner.operations.flops()), ("inner", flops), "{name}");
        assert_eq!((inner.loads, inner.stores, inner.rows), (loads, 1, rows), "{name}");
        let streams = Traffic { read: 12.0, written: 4.0, allocated: 0.0 };
        assert_eq!((result.traffic(1), inner.traffic), (streams, streams), "{name}");
        assert_eq!(result.intensity(1), Some(flops as f64 / 16.0), "{name}");
        // Damping and what replaces `pre`: two streams instead of one.
        let shells = sweep.parts.iter().filter(|part| part.place == Place::Shell);
        let shells: Vec<f64> = shells.map(|part| part.traffic.bytes()).collect();
        assert_eq!(shells, vec![20.0; 2 * dims], "{name}");
    }
}

#[test]
fn operations_are_told_apart() {
    let result = written(
        "m = sqrt(abs(u)) / (u[x+1] - 2 * u) + fma(u, u, dt * dt) + max(u, -u[z-1]) * dt / 3;",
    );
    let (part, _) = result.interiors().next().expect("should have an interior");
    let expected = Operations {
        additions: 3,
        multiplications: 2,
        fused: 1,
        divisions: 2,
        square_roots: 1,
        others: 3,
    };
    assert_eq!(part.operations, expected);
    assert_eq!((expected.flops(), expected.count()), (10, 12));
    assert_eq!((result.flops(), result.operations()), (10.0, 12.0));
}

#[track_caller]
fn check_traffic(statements: &str, steps: usize, [read, written_, allocated]: [f64; 3]) {
    let found = written(statements).traffic(steps);
    let expected = Traffic { read, written: written_, allocated };
    assert_eq!(found, expected, "{statements} {steps} steps together");
}

/// Eight bytes where a function is f64, four elsewhere; a level is a stream however often and
/// wherever it is read.
#[test]
fn streams_are_levels_that_come_from_memory() {
    check_traffic("m = u[x-1] + u[x+1] + u + u[t-1];", 1, [8.0, 4.0, 4.0]);
    check_traffic("m += u;", 1, [8.0, 4.0, 0.0]);
    check_traffic("m = g * u;", 1, [4.0, 4.0, 4.0]);
    check_traffic("wide = u;", 1, [4.0, 8.0, 8.0]);
    check_traffic("p[t+1] = p;", 1, [4.0, 4.0, 0.0]);
    check_traffic("p[t+1] = p[x+1];", 1, [4.0, 4.0, 4.0]);
    check_traffic("u[t+1] = u - u[t-1];", 1, [8.0, 4.0, 0.0]);
    check_traffic("u[t+1] = u - u[t-1, x+1];", 1, [8.0, 4.0, 4.0]);
    check_traffic("in edge: m = u; in edge: wide = u + m;", 1, [4.0, 12.0, 12.0]);
    check_traffic("u[t+1] = u - u[t-1]; m = u[t+1, x+1];", 1, [12.0, 8.0, 4.0]);
    check_traffic("inject src into m: src;", 1, [0.0; 3]);
    check_traffic("in low: m = u;", 1, [0.0; 3]);
}

/// Time levels and coefficients come and go once per block, tapes once per step; of the buffers
/// that levels go round, as many as there are steps are written.
#[test]
fn steps_that_share_a_sweep_share_its_streams() {
    let leapfrog = "u[t+1] = 2 * u - u[t-1] + m * u[x+1];";
    check_traffic(leapfrog, 1, [12.0, 4.0, 0.0]);
    check_traffic(leapfrog, 2, [6.0, 4.0, 0.0]);
    check_traffic(leapfrog, 4, [3.0, 2.0, 0.0]);
    check_traffic("p[t+1] = p + p[x+1];", 4, [1.0, 2.0, 1.0]);
    check_traffic("u[t+1] = u - u[t-1]; q = u[t+1];", 4, [2.0, 6.0, 4.0]);
    check_traffic("u[t+1] = u - u[t-1]; m = u[t+1, x+1];", 4, [2.0, 3.0, 1.0]);
    check_traffic("u[t+1] = u * q + r;", 2, [10.0, 4.0, 2.0]);
}

#[test]
fn what_acts_every_second_step_counts_half() {
    check_traffic("every 2: m += u;", 1, [4.0, 2.0, 0.0]);
    check_traffic("every 8: m += u;", 4, [1.0, 0.5, 0.0]);
    check_traffic("every 2: q = u;", 4, [1.0, 2.0, 2.0]);
    assert_eq!(written("every 2: m += u * dt;").flops(), 1.0);
}

/// The recording step keeps two arrays of its own per step beside what the forward step moves.
#[test]
fn recording_costs_its_tapes() {
    let stencil = fixtures::acoustic(2, 4, DType::F32);
    let ids = ["m", "damp"].map(|name| stencil.field_named(name).expect("should be declared"));
    let result = adjoint(&stencil, FORWARD, &ids).expect("should have an adjoint").stencil;
    let result = passes::optimise(result);
    let [forward, record] = [FORWARD, RECORD].map(|step| cost_of(&result, step).traffic(1));
    assert_eq!(record.read, forward.read);
    assert_eq!([record.written - forward.written, record.allocated], [8.0, 8.0]);
}

/// The numbers are those of the C: a line per load and per operation, a pointer per row.
#[test]
fn counts_are_those_of_the_printed_kernels() {
    let mut compared = 0;
    for (name, stencil, ids) in fixtures::all() {
        let result = adjoint(&stencil, FORWARD, &ids).expect("should have an adjoint").stencil;
        let mut stencil = passes::optimise(result);
        for step in 0..stencil.steps.len() {
            let plan = schedule(&mut stencil, step);
            let Ok(module) = emit_c(&stencil, &plan, Vectors { bytes: 16 }) else { continue };
            let sweeps = plan.phases.iter().zip(&module.functions);
            let sweeps = sweeps.filter(|(phase, _)| matches!(phase.kind, PhaseKind::Nest(_)));
            for ((_, function), sweep) in sweeps.zip(&cost(&stencil, &plan).sweeps) {
                let start = module.text.find(&format!("void {}(", function.name)).expect("printed");
                let text = module.text[start..].split("\n}\n").next().expect("it ends");
                let mut bodies: Vec<&str> = text.split("for (long i = lo").skip(1).collect();
                // Those of two rows at once come before those of one.
                let pairs = text.contains("i0 += 2");
                if pairs {
                    bodies.drain(..bodies.len() / 2);
                }
                let FunctionKind::Nest { bodies: numbers } = &function.kind else {
                    panic!("a nest is printed as one")
                };
                for (part, number) in sweep.parts.iter().zip(numbers) {
                    let inside = bodies[number.inside];
                    let lines = inside.lines().filter(|line| line.contains("const V v"));
                    let is_load = |line: &&str| {
                        ["= LOAD(", "= AHEAD(", "= BEHIND(", "= sp(r"]
                            .iter()
                            .any(|l| line.contains(l))
                    };
                    let (loads, others): (Vec<&str>, Vec<&str>) = lines.partition(is_load);
                    // Reads that closures alone tell apart are one load inside.
                    let sources = loads.iter().filter_map(|line| line.split(" = ").nth(1));
                    let loads: BTreeSet<&str> = sources.collect();
                    let found = (part.loads, part.operations.count());
                    assert_eq!(found, (loads.len(), others.len()), "{name}: {}", part.region);
                    compared += 1;
                }
                // Bodies beside the sides have pointers of their own.
                if let ([part], [_], false) = (&sweep.parts[..], &bodies[..], pairs) {
                    assert_eq!(text.matches("T *const r").count(), part.rows, "{name}");
                }
            }
        }
    }
    assert!(compared > 100, "{compared}");
}
