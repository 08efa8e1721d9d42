//! What is recorded past the caches is what is recorded through them.

use std::sync::Arc;

use retrograd_ir::{FieldId, text};
use retrograd_runtime::{Backend, Program, Session, Team};

use crate::common::{self, Noise};

const STEPS: usize = 4;

/// A recording step and one that reads its tape.
fn program(dtype: &str, backend: Backend) -> Option<Arc<Program>> {
    let options = common::options()?;
    let source = format!(
        "stencil tapes {dtype}
         dim x, z
         time function u(x, z) levels 2
         function g(x, z)
         tape kept(x, z)
         step forward {{
           u[t+1] = 0.2 * (u[x+1] + u[x-1] + u[z+1] + u[z-1]);
           kept = u[t+1] * u;
         }}
         step reverse reverse {{
           g += 0.5 * kept;
         }}"
    );
    let stencil = text::parse(&source).unwrap_or_else(|error| panic!("{error}"));
    Some(Program::new(stencil, &["forward", "reverse"], backend, &options).expect("compiles"))
}

/// Tapes and the sum of what was read of them.
fn run(program: &Arc<Program>, extents: [usize; 2], threads: usize, past: bool) -> Vec<f64> {
    let team = Team::new(threads);
    let mut session = Session::new(program, &extents, &[], STEPS, team).expect("should fit");
    session.set_past_caches(Some(past));
    session.set_tape_window(0..STEPS);
    let [u, g, kept] = [0, 1, 2].map(FieldId);
    let mut noise = Noise::new(3);
    let start: Vec<f32> = (0..extents[0] * extents[1]).map(|_| noise.next() as f32).collect();
    let wide = program.stencil().dtype == retrograd_ir::DType::F64;
    if wide {
        let start: Vec<f64> = start.iter().map(|x| f64::from(*x)).collect();
        session.set_level(u, 0, &start).expect("memory");
    } else {
        session.set_level(u, 0, &start).expect("memory");
    }
    session.run("forward", 0..STEPS).expect("should run");
    session.run("reverse", 0..STEPS).expect("should run");
    let tapes = (0..STEPS).flat_map(|n| {
        if wide {
            session.tape_entry::<f64>(kept, n)
        } else {
            session.tape_entry::<f32>(kept, n).into_iter().map(f64::from).collect()
        }
    });
    let mut all: Vec<f64> = tapes.collect();
    if wide {
        all.extend(session.function::<f64>(g));
    } else {
        all.extend(session.function::<f32>(g).into_iter().map(f64::from));
    }
    all
}

#[test]
fn tapes_past_the_caches_hold_the_same_bits() {
    for dtype in ["f32", "f64"] {
        let Some(plain) = program(dtype, Backend::Interpreter) else { return };
        let Some(code) = program(dtype, Backend::C) else { return };
        for extents in [[2, 5], [7, 16], [12, 67], [9, 128]] {
            let expected = run(&plain, extents, 1, false);
            for (threads, past) in [(1, false), (1, true), (3, true)] {
                let found = run(&code, extents, threads, past);
                let same =
                    found.iter().map(|x| x.to_bits()).eq(expected.iter().map(|x| x.to_bits()));
                assert!(same, "{dtype}, {extents:?}, {threads} threads, past the caches: {past}");
            }
        }
    }
}
