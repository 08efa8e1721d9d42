//! What closed reads ask of a session.

use std::sync::Arc;

use retrograd_compile::halos::stored_halos;
use retrograd_ir::{FieldId, text};
use retrograd_runtime::{Backend, JitOptions, Program, Session, Team};

use crate::common::{self, Noise};

fn program(neighbours: &str, backend: Backend, options: &JitOptions) -> Arc<Program> {
    let stencil = text::parse(&format!(
        "stencil closed f32
         dim x, z
         time function u(x, z) levels 3
         step forward {{ u[t+1] = 0.25 * ({neighbours}) - u[t-1]; }}"
    ));
    let stencil = stencil.unwrap_or_else(|error| panic!("{error}"));
    Program::new(stencil, &["forward"], backend, options).expect("should compile")
}

/// Six steps; the last level, and how many steps went over the grid together.
fn run(program: &Arc<Program>, block: usize) -> (Vec<f32>, usize) {
    let extents = [64, 21];
    let mut session = Session::new(program, &extents, &[], 6, Team::new(2)).expect("should fit");
    session.set_block(block, 4);
    let mut noise = Noise::new(9);
    let start: Vec<f32> = (0..extents.iter().product()).map(|_| noise.next() as f32).collect();
    session.set_level(FieldId(0), 0, &start).expect("memory");
    session.run("forward", 0..6).expect("should run");
    (session.level(FieldId(0), 0), session.steps_in_blocks())
}

/// Images are near their points: steps go together. Periodic rows are not, unless along others.
#[test]
fn steps_go_together_where_images_are_near() {
    let Some(options) = common::options() else { return };
    for (neighbours, together) in [
        ("u[x-1 odd|clamp] + u[x+1 odd|clamp] + u[z-2 even] + u[z+2 even]", true),
        ("u[x-2 fold half odd] + u[x+2 fold half odd] + u[z-1 periodic] + u[z+1 periodic]", true),
        ("u[x-1 periodic] + u[x+1 periodic] + u[z-1] + u[z+1]", false),
    ] {
        let program = program(neighbours, Backend::C, &options);
        let ((expected, one), (found, many)) = (run(&program, 1), run(&program, 3));
        assert_eq!(found, expected, "{neighbours}");
        assert_eq!((one, many > 0), (0, together), "{neighbours}");
    }
}

/// Generated code takes no image of an image; the interpreter does.
#[test]
fn grids_without_room_for_images_are_refused() {
    let Some(options) = common::options() else { return };
    for (reads, dim, least) in [
        ("u[z-3 even]", "z", 4),
        ("u[z+3 half zero|odd]", "z", 5),
        ("u[x+3 fold odd]", "x", 7),
        ("u[x-2 fold half even] + u[x-1 even]", "x", 6),
        ("u[x+2 fold clamp]", "x", 3),
        ("u[z-4 periodic]", "z", 4),
    ] {
        let program_in_c = program(reads, Backend::C, &options);
        let extents = |n: usize| if dim == "x" { [n, 9] } else { [9, n] };
        let session = |program: &Arc<Program>, n: usize| {
            Session::new(program, &extents(n), &[], 1, Team::new(1))
        };
        assert!(session(&program_in_c, least).is_ok(), "{reads}");
        let error = session(&program_in_c, least - 1).expect_err("should be refused");
        assert_eq!(
            error.to_string(),
            format!(
                "reads of `u` across the sides of dimension `{dim}` need {least} points; the grid \
                 has {}\n  help: make the grid larger, lower the space order, or use the \
                 interpreter",
                least - 1
            )
        );
        let interpreted = program(reads, Backend::Interpreter, &options);
        let mut session = session(&interpreted, 1).expect("the interpreter takes any grid");
        session.run("forward", [0]).expect("should run");
    }
}

/// Functions that no step writes, one that `setup` writes (a quotient), one that is never set
/// (negative images of its zeros), and one that is closed in two ways; read as far as the widest
/// stencils reach.
const STORED: &str = "
     function a(x, z)
     function b(x, z)
     function never(x, z)
     function two(x, z)
     function profile(z)
     time function u(x, z) levels 2
     step forward {
       u[t+1] = (a[x-8 odd] + a[x+8 clamp] + a[z-3 odd] * a[x+1 clamp, z+8 clamp]
         + u[t] / b[x+2 even, z-8 clamp] + u[t] / b[z+5 odd|clamp]) * 0.125
         + (profile[z-2 half even] + profile[z+8 half odd|even]) * u[t]
         + max(-1, min(1, 1 / never[x-1 odd])) + two[x-1 clamp] * two[x-2 even];
     }";

/// Everything that changes a static function, in the order of `session` and `fork`; levels on the
/// way.
fn changes(program: &Arc<Program>, extents: &[usize]) -> Vec<Vec<u64>> {
    let stencil = program.stencil();
    let field = |name| stencil.field_named(name).expect("should be declared");
    let [a, b, two, profile, u] = ["a", "b", "two", "profile", "u"].map(field);
    let values = |id: FieldId, seed: u64| -> Vec<f64> {
        let mut noise = Noise::new(seed);
        let dims = stencil.field(id).dims;
        let points = dims.iter().map(|d| extents[d]).product();
        let zeros = id != b;
        let value = |_| if zeros && noise.rarely(9) { 0.0 } else { noise.next() };
        (0..points).map(value).collect()
    };
    let team = || Team::new(2);
    let mut session = Session::new(program, extents, &[], 9, team()).expect("should fit");
    let mut seen = Vec::new();
    let mut run = |session: &mut Session| {
        session.run("forward", 0..2).expect("should run");
        let level: Vec<f64> = session.level(u, 0);
        // Which NaN an operation returns is not defined.
        let bits = |x: &f64| if x.is_nan() { 0 } else { x.to_bits() };
        seen.push(level.iter().map(bits).collect());
    };
    for (seed, id) in [a, b, two, profile].into_iter().enumerate() {
        session.set_function(id, &values(id, seed as u64)).expect("memory");
    }
    session.set_level(u, 0, &values(u, 8)).expect("memory");
    run(&mut session);
    // Shared, then its own again.
    let mut fork = session.fork(team()).expect("memory");
    fork.set_level(u, 0, &values(u, 9)).expect("memory");
    run(&mut fork);
    fork.set_function(b, &values(b, 7)).expect("memory");
    run(&mut fork);
    run(&mut session);
    session.zero(a).expect("memory");
    run(&mut session);
    session.adopt(&fork);
    run(&mut session);
    seen
}

/// Images that are stored around the grid follow every change, whatever the length of rows.
#[test]
fn stored_images_follow_their_functions() {
    let Some(options) = common::options() else { return };
    for dtype in ["f64", "f32"] {
        let stencil = text::parse(&format!("stencil stored {dtype} dim x, z {STORED}"));
        let stencil = stencil.unwrap_or_else(|error| panic!("{error}"));
        let program = |backend| Program::new(stencil.clone(), &["forward"], backend, &options);
        let program = |backend| program(backend).expect("should compile");
        let (c, interpreter) = (program(Backend::C), program(Backend::Interpreter));
        let halos = stored_halos(c.stencil());
        let fields = c.stencil().fields.iter().zip(&halos);
        let stored: Vec<&str> =
            fields.filter(|(_, halo)| halo.is_some()).map(|(f, _)| f.name.as_str()).collect();
        assert_eq!(stored, ["a", "b", "never", "profile", "pre"], "{dtype}");
        for row in 10..=34 {
            let extents = [9 + row % 3, row];
            let (found, expected) = (changes(&c, &extents), changes(&interpreter, &extents));
            assert_eq!(found, expected, "{dtype}, {extents:?}");
        }
    }
}
