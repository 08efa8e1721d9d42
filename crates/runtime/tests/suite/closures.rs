//! What closed reads ask of a session.

use std::sync::Arc;

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
