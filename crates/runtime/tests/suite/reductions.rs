//! Reductions in C against those of the interpreter.

use std::sync::Arc;

use retrograd_ir::{FieldId, ScalarId, text};
use retrograd_runtime::{Backend, Program, Session, Team};

use crate::common::{self, Noise};

/// Results, and values that the step before has used: scalars of one step read by another, which
/// has been planned before they change.
fn run(program: &Arc<Program>, threads: usize, extents: &[usize]) -> Vec<u64> {
    let mut noise = Noise::new(4);
    let tiny = [f64::from(f32::from_bits(3)), -f64::from_bits(1), -1e-310, 0.0, -0.0];
    let value = |noise: &mut Noise| if noise.rarely(3) { noise.pick(&tiny) } else { noise.next() };
    let values: Vec<f64> = (0..extents.iter().product()).map(|_| value(&mut noise)).collect();
    let mut session = Session::new(program, extents, &[2], 4, Team::new(threads)).expect("fits");
    session.set_tile([2, 3]);
    let mut seen = Vec::new();
    for scale in [1.0, -0.5, 1e-300] {
        let scaled: Vec<f64> = values.iter().map(|x| x * scale).collect();
        session.set_function(FieldId(0), &scaled).expect("memory");
        session.run("measure", [0]).expect("should run");
        session.run("use", [0]).expect("should run");
        seen.extend((0..4).map(|id| session.scalar(ScalarId(id)).to_bits()));
        seen.extend(session.function::<f64>(FieldId(1)).into_iter().map(f64::to_bits));
    }
    seen
}

/// Subnormal values among others, regions, closed reads, any number of threads.
#[test]
fn reductions_give_the_interpreters_bits() {
    let Some(options) = common::options() else { return };
    for (dtype, dims, extents) in [
        ("f32", "x", vec![37]),
        ("f64", "x, z", vec![11, 19]),
        ("f32", "x, z", vec![11, 35]),
        ("f64", "x, y, z", vec![7, 6, 21]),
    ] {
        let stencil = text::parse(&format!(
            "stencil reductions {dtype}
             dim {dims}
             width w
             region inner = x[w : -w]
             function a({dims})
             function b({dims})
             scalar total, least, most, none
             step measure {{
               total = sum of a * a[x+1 clamp];
               in inner: least = min of a;
               most = max of -a;
               b = total - most;
               in inner: none = max of b[x-1 even] * total;
             }}
             step use {{
               while total > 0.5: b = b * least + none;
               b += total;
             }}"
        ));
        let stencil = stencil.unwrap_or_else(|error| panic!("{error}"));
        let program = |backend| {
            let steps = ["measure", "use"];
            Program::new(stencil.clone(), &steps, backend, &options).expect("should compile")
        };
        let expected = run(&program(Backend::Interpreter), 1, &extents);
        let c = program(Backend::C);
        for threads in [1, 2, 5] {
            assert_eq!(run(&c, threads, &extents), expected, "{dtype} {dims}, {threads} threads");
        }
    }
}
