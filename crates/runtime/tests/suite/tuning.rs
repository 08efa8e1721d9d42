//! Shapes of blocks found by timing.

use std::sync::Arc;

use retrograd_ir::{FieldId, text};
use retrograd_runtime::{Backend, BlockShape, JitOptions, Program, Session, Team};

use crate::common;

const U: FieldId = FieldId(0);

fn program(backend: Backend, options: &JitOptions) -> Arc<Program> {
    let stencil = text::parse(
        "stencil tuned f32
         dim x, z
         time function u(x, z) levels 3
         step forward { u[t+1] = 0.3 * (u[x-1] + u[x+1] + u[z-1] + u[z+1]) - 0.2 * u[t-1]; }",
    );
    let stencil = stencil.unwrap_or_else(|error| panic!("{error}"));
    Program::new(stencil, &["forward"], backend, options).expect("should compile")
}

fn session(program: &Arc<Program>, steps: usize) -> Session {
    Session::new(program, &[96, 80], &[], steps, Team::new(2)).expect("should fit")
}

fn run(session: &mut Session) -> Vec<f32> {
    let mut start = vec![0.0_f32; 96 * 80];
    start[40 * 80 + 11] = 1.0;
    session.set_level(U, 0, &start).expect("memory");
    session.run("forward", 0..40).expect("should run");
    session.level(U, 0)
}

fn notes(options: &JitOptions) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(&options.cache).expect("the cache should be there");
    let paths = entries.map(|entry| entry.expect("should be readable").path());
    paths.filter(|path| path.extension().is_some_and(|e| e == "note")).collect()
}

/// The first session times shapes and writes a note, others take it from there; a note that makes no
/// sense is written anew. Whatever the shape, the bits stay, and the session is at rest.
#[test]
fn what_was_found_is_kept_and_changes_no_bit() {
    let Some((options, _folder)) = common::fresh() else { return };
    let program = program(Backend::C, &options);
    let expected = run(&mut session(&program, 40));

    let mut tuned = session(&program, 40);
    let found = tuned.tune(&["forward"], &[U], &options).expect("should run");
    assert!(!found.remembered && found.gain >= 1.0, "{found:?}");
    assert_eq!(found.shape, tuned.block_shape("forward"));
    assert!(tuned.level::<f32>(U, 0).iter().all(|u| *u == 0.0));
    assert!(tuned.is_active());
    assert_eq!(run(&mut tuned), expected);
    let [note] = &notes(&options)[..] else { panic!("one note should be written") };

    let chosen = BlockShape { steps: 3, rows: 7, columns: 0 };
    std::fs::write(note, "3 7 0\n").expect("should be writable");
    let mut other = session(&program, 40);
    let known = other.tune(&["forward"], &[U], &options).expect("should run");
    assert!(known.remembered && known.shape == chosen, "{known:?}");
    assert_eq!(run(&mut other), expected);
    assert!(other.steps_in_blocks() > 0);
    let mut third = session(&program, 40);
    third.set_blocks_of(&other);
    assert_eq!(third.block_shape("forward"), chosen);

    std::fs::write(note, "three rows").expect("should be writable");
    let again = session(&program, 40).tune(&["forward"], &[U], &options).expect("should run");
    assert!(!again.remembered, "{again:?}");
    assert_ne!(std::fs::read_to_string(note).expect("should be there"), "three rows");
}

#[test]
fn what_cannot_be_timed_stays() {
    let Some((options, _folder)) = common::fresh() else { return };
    for (backend, steps) in [(Backend::C, 10), (Backend::Interpreter, 40)] {
        let mut session = session(&program(backend, &options), steps);
        let found = session.tune(&["forward"], &[U], &options).expect("should run");
        assert_eq!((found.shape, found.gain), (BlockShape::default(), 1.0));
    }
    assert!(notes(&options).is_empty());
}
