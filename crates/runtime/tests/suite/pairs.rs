//! Rows computed two by two, and neighbours along rows made of two aligned vectors.

use std::sync::Arc;

use retrograd_compile::emit::{Vectors, emit_c};
use retrograd_compile::schedule::schedule;
use retrograd_ir::{DType, FieldId, Stencil, text};
use retrograd_runtime::{Backend, Program, Real, Session, Team};

use crate::common::{self, Noise};

/// Fourth differences along every dimension, other equations in the layers of the first and of the
/// last dimension, and something that every step adds up.
fn stencil(dtype: &str, dims: &[&str]) -> Stencil {
    let last = dims[dims.len() - 1];
    let star: Vec<String> = dims
        .iter()
        .map(|d| format!("(0.3 * (u[{d}-1] + u[{d}+1]) - 0.02 * (u[{d}-2] + u[{d}+2]))"))
        .collect();
    let (all, star) = (dims.join(", "), star.join(" + "));
    let wave = format!("2 * u - u[t-1] + m * ({star} - 1.5 * u)");
    let source = format!(
        "stencil pairs {dtype}
         dim {all}
         width w
         region low = x[0 : w]
         region inner = x[w : ], {last}[3 : ]
         region beside = x[w : ], {last}[0 : 3]
         function m({all})
         function g({all})
         time function u({all}) levels 3
         step forward {{
             in inner: u[t+1] = {wave};
             in beside: u[t+1] = 0.9 * ({wave});
             in low: u[t+1] = 0.8 * ({wave}) + 0.01 * u[x+2];
             g += u * ({star});
         }}"
    );
    text::parse(&source).unwrap_or_else(|error| panic!("{error}"))
}

/// Five steps: the last level and the sum, as bits.
fn run(program: &Arc<Program>, extents: &[usize], threads: usize, block: usize) -> Vec<u64> {
    let team = Team::new(threads);
    let mut session = Session::new(program, extents, &[1], 5, team).expect("should fit");
    session.set_block(block, 3);
    let mut noise = Noise::new(5);
    let mut values = || (0..extents.iter().product()).map(|_| noise.next()).collect::<Vec<f64>>();
    let (m, start) = (values(), values());
    if program.stencil().dtype == DType::F32 {
        let narrow = |v: &[f64]| v.iter().map(|x| *x as f32).collect::<Vec<f32>>();
        bits(&mut session, &narrow(&m), &narrow(&start), |x| x.to_bits().into())
    } else {
        bits(&mut session, &m, &start, f64::to_bits)
    }
}

fn bits<T: Real>(session: &mut Session, m: &[T], start: &[T], bits: fn(T) -> u64) -> Vec<u64> {
    let [of_m, of_g, of_u] = [FieldId(0), FieldId(1), FieldId(2)];
    session.set_function(of_m, m).expect("memory");
    session.set_level(of_u, 0, start).expect("memory");
    session.run("forward", 0..5).expect("should run");
    let both: [Vec<T>; 2] = [session.level(of_u, 0), session.function(of_g)];
    both.concat().into_iter().map(bits).collect()
}

/// Odd and even numbers of rows, fewer than a pair, rows of less than a vector and of several.
#[test]
fn pairs_of_rows_have_the_bits_of_the_interpreter() {
    let Some(options) = common::options() else { return };
    for dtype in ["f32", "f64"] {
        for dims in [&["x", "z"][..], &["x", "y", "z"]] {
            let stencil = stencil(dtype, dims);
            let programs = [Backend::Interpreter, Backend::C].map(|backend| {
                Program::new(stencil.clone(), &["forward"], backend, &options).expect("compiles")
            });
            for rows in [2, 3, 7, 12] {
                for length in [5, 33, 50] {
                    let extents =
                        if dims.len() == 2 { vec![rows, length] } else { vec![rows, 5, length] };
                    let expected = run(&programs[0], &extents, 1, 1);
                    for (threads, block) in [(1, 1), (1, 4), (2, 1), (3, 2)] {
                        let found = run(&programs[1], &extents, threads, block);
                        assert!(found == expected, "{dtype}, {extents:?}, {threads}, {block}");
                    }
                }
            }
        }
    }
}

/// What the test above is about is in the text that it runs.
#[test]
fn stars_are_computed_in_pairs() {
    for (dims, pairs) in [(&["x", "z"][..], true), (&["x", "y", "z"], false)] {
        let mut stencil = stencil("f32", dims);
        let plan = schedule(&mut stencil, 0);
        let text = emit_c(&stencil, &plan, Vectors { bytes: 64 }).expect("should be printed").text;
        assert_eq!(text.contains("i0 += 2"), pairs, "{text}");
        for part in ["AHEAD(", "BEHIND("] {
            assert!(text.contains(part), "{part}\n{text}");
        }
    }
}
