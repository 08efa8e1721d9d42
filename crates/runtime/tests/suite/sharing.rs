//! What sessions, forks and snapshots share, and what they must not.

use std::sync::Arc;

use retrograd_ir::FieldId;
use retrograd_ir::text::parse;
use retrograd_runtime::{Backend, JitOptions, Program, Session, SessionError, Team};

use crate::common;

const TEXT: &str = "\
stencil shared f64
dim x, z
param dt
function m(x, z)
function total(x, z)
time function u(x, z) levels 3
step forward {
  u[t+1] = 2 * u[t] - u[t-1] + dt / m * (u[t, x+1] + u[t, x-1] - 2 * u[t]);
  total += u[t+1] * m;
}
";

const EXTENTS: [usize; 2] = [7, 9];
const POINTS: usize = 63;

struct Fixture {
    program: Arc<Program>,
    m: FieldId,
    total: FieldId,
    u: FieldId,
}

fn fixture(backend: Backend, options: &JitOptions) -> Fixture {
    let stencil = parse(TEXT).expect("should be well formed");
    let program = Program::new(stencil, &["forward"], backend, options).expect("should compile");
    let field = |name| program.stencil().field_named(name).expect("should be declared");
    let (m, total, u) = (field("m"), field("total"), field("u"));
    Fixture { program, m, total, u }
}

impl Fixture {
    fn session(&self, threads: usize) -> Session {
        let session = Session::new(&self.program, &EXTENTS, &[], 20, Team::new(threads));
        let mut session = session.expect("should fit");
        session.set_param("dt", 0.2);
        let m: Vec<f64> = (0..POINTS).map(|i| 1.0 + 0.01 * i as f64).collect();
        session.set_function(self.m, &m).expect("memory");
        session.set_up().expect("should run");
        self.start(&mut session);
        session
    }

    fn start(&self, session: &mut Session) {
        let pulse: Vec<f64> = (0..POINTS).map(|i| f64::from(u8::from(i == 31))).collect();
        session.set_level(self.u, 0, &pulse).expect("memory");
        session.set_level(self.u, 1, &pulse).expect("memory");
    }

    fn state(&self, session: &Session) -> Vec<f64> {
        (0..2).flat_map(|back| session.level::<f64>(self.u, back)).collect()
    }
}

fn both() -> Vec<Fixture> {
    let without = JitOptions { compilers: Vec::new(), cache: "/nowhere".into() };
    let c = common::options().map(|options| fixture(Backend::C, &options));
    c.into_iter().chain([fixture(Backend::Interpreter, &without)]).collect()
}

#[test]
fn going_back_to_a_snapshot_repeats_the_same_bits() {
    for f in both() {
        let mut session = f.session(2);
        session.run("forward", 0..3).expect("should run");
        let at_three = f.state(&session);
        let snapshot = session.save(&[f.u]).expect("memory");
        session.run("forward", 3..9).expect("should run");
        let at_nine = f.state(&session);
        assert_ne!(at_nine, at_three);
        for _ in 0..3 {
            session.restore(&snapshot);
            assert_eq!(f.state(&session), at_three);
            session.run("forward", 3..9).expect("should run");
            assert_eq!(f.state(&session), at_nine);
        }
        session.take(snapshot);
        session.run("forward", 3..9).expect("should run");
        assert_eq!(f.state(&session), at_nine);
    }
}

/// A snapshot counts buffers, it copies none: `c` snapshots of a leapfrog hold two levels each,
/// and two more are at work; nothing else is ever mapped.
#[test]
fn snapshots_are_handed_over_without_copies() {
    for f in both() {
        let mut session = f.session(1);
        let mut held = Vec::new();
        for round in 0..5 {
            held.push(session.save(&[f.u]).expect("memory"));
            session.run("forward", 4 * round..4 * round + 4).expect("should run");
            let most = 2 * held.len() + 2;
            // One more where the back end cannot overwrite the oldest level.
            let found = session.pooled_buffers(f.u);
            assert!(found <= most + 1, "{found} buffers, {} snapshots", held.len());
        }
        let mapped = session.pooled_buffers(f.u);
        while let Some(snapshot) = held.pop() {
            session.take(snapshot);
            session.run("forward", 0..4).expect("should run");
        }
        assert_eq!(session.pooled_buffers(f.u), mapped, "buffers should be used again");
    }
}

#[test]
fn a_snapshot_saved_between_dense_steps_is_never_written() {
    for f in both() {
        let mut session = f.session(3);
        session.run("forward", 0..1).expect("should run");
        let first = session.save(&[f.u]).expect("memory");
        let expected = f.state(&session);
        // One step only: the snapshots overlap in a level.
        session.run("forward", 1..2).expect("should run");
        let second = session.save(&[f.u]).expect("memory");
        let later = f.state(&session);
        session.run("forward", 2..12).expect("should run");
        session.restore(&first);
        assert_eq!(f.state(&session), expected);
        session.restore(&second);
        assert_eq!(f.state(&session), later);
    }
}

#[test]
fn setting_a_function_of_a_fork_leaves_the_others_alone() {
    for f in both() {
        let base = f.session(1);
        let mut fork = base.fork(Team::new(2)).expect("should fork");
        assert_eq!(fork.function::<f64>(f.m), base.function::<f64>(f.m));
        fork.set_function(f.m, &vec![2.0; POINTS]).expect("memory");
        fork.set_up().expect("should run");
        assert_eq!(fork.function::<f64>(f.m), vec![2.0; POINTS]);
        assert_eq!(base.function::<f64>(f.m)[1], 1.01);
        let mut untouched = base.fork(Team::new(1)).expect("should fork");
        f.start(&mut untouched);
        untouched.run("forward", 0..5).expect("should run");
        let mut alone = f.session(1);
        alone.run("forward", 0..5).expect("should run");
        assert_eq!(f.state(&untouched), f.state(&alone));
        assert_eq!(untouched.function::<f64>(f.total), alone.function::<f64>(f.total));
    }
}

#[test]
fn what_does_not_change_with_time_follows_the_values_that_are_set() {
    for f in both() {
        let mut told = f.session(1);
        let doubled: Vec<f64> = (0..POINTS).map(|i| 2.0 + 0.02 * i as f64).collect();
        told.set_function(f.m, &doubled).expect("memory");
        told.set_param("dt", 0.1);
        told.set_up().expect("should run");
        told.run("forward", 0..5).expect("should run");
        let mut untold = f.session(1);
        untold.run("forward", 0..1).expect("should run");
        untold.set_function(f.m, &doubled).expect("memory");
        untold.set_param("dt", 0.1);
        let mut fork = untold.fork(Team::new(1)).expect("should fork");
        for session in [&mut untold, &mut fork] {
            f.start(session);
            session.run("forward", 0..5).expect("should run");
            assert_eq!(f.state(session), f.state(&told));
        }
    }
}

/// What forks write together they write each for itself, at the same time, same bits as alone.
#[test]
fn forks_that_run_at_once_do_not_see_each_other() {
    for f in both() {
        let mut alone = f.session(1);
        alone.run("forward", 0..20).expect("should run");
        let mut base = f.session(1);
        // There to be shared.
        base.zero(f.total).expect("memory");
        let totals: Vec<Vec<f64>> = std::thread::scope(|scope| {
            let jobs: Vec<_> = (1..=4)
                .map(|threads| {
                    let (f, base) = (&f, &base);
                    scope.spawn(move || {
                        let mut fork = base.fork(Team::new(threads)).expect("should fork");
                        f.start(&mut fork);
                        fork.run("forward", 0..20).expect("should run");
                        fork.function(f.total)
                    })
                })
                .collect();
            jobs.into_iter().map(|j| j.join().expect("should not panic")).collect()
        });
        for total in totals {
            assert_eq!(total, alone.function::<f64>(f.total));
        }
        assert_eq!(base.function::<f64>(f.total), vec![0.0; POINTS]);
    }
}

/// The buffers of a snapshot outlive the session that saved them.
#[test]
fn a_snapshot_may_outlive_its_session_and_move_to_another_thread() {
    for f in both() {
        let mut session = f.session(2);
        session.run("forward", 0..4).expect("should run");
        let snapshot = session.save(&[f.u]).expect("memory");
        let expected = f.state(&session);
        drop(session);
        let mut other = f.session(1);
        let found = std::thread::scope(|scope| {
            let job = scope.spawn(|| {
                other.take(snapshot);
                let before = f.state(&other);
                other.run("forward", 4..8).expect("should run");
                before
            });
            job.join().expect("should not panic")
        });
        assert_eq!(found, expected);
    }
}

#[test]
#[should_panic(expected = "same program and grid")]
fn a_snapshot_of_another_grid_is_refused() {
    let options = JitOptions { compilers: Vec::new(), cache: "/nowhere".into() };
    let f = fixture(Backend::Interpreter, &options);
    let small = Session::new(&f.program, &[2, 2], &[], 1, Team::new(1));
    let snapshot = small.expect("should fit").save(&[f.u]).expect("memory");
    f.session(1).restore(&snapshot);
}

/// Layers wider than half the grid would be worked on twice.
#[test]
fn layers_that_meet_are_refused_where_a_function_vanishes_between_them() {
    let text = "\
stencil layered f64
dim x
width w
region inside = x[w : -w]
function damp(x) zero in inside
time function u(x) levels 2
step forward {
  u[t+1] = u[t] - damp * u[t];
}
";
    let stencil = parse(text).expect("should be well formed");
    let options = JitOptions { compilers: Vec::new(), cache: "/nowhere".into() };
    let program = Program::new(stencil, &["forward"], Backend::Interpreter, &options);
    let program = program.expect("the interpreter lacks nothing");
    let session = |n: usize, w| Session::new(&program, &[n], &[w], 1, Team::new(1));
    assert!(session(8, 4).is_ok());
    let error = session(7, 4).expect_err("the layers meet");
    assert!(matches!(error, SessionError::LayersMeet { dim: 0, low: 4, high: 4, extent: 7 }));
    assert!(error.to_string().contains("layers narrower"), "{error}");
}

/// Functions of several megabytes are spread over the threads, whatever these are; values stay.
#[test]
fn large_functions_hold_what_they_are_given() {
    let stencil = parse(
        "stencil large f32
         dim x, z
         function m(x, z)
         time function u(x, z) levels 2
         step forward { u[t+1] = m * u[x+1]; m = m + 1; }",
    );
    let stencil = stencil.unwrap_or_else(|error| panic!("{error}"));
    let options = JitOptions::from_environment();
    let program = Program::new(stencil, &["forward"], Backend::Interpreter, &options);
    let program = program.expect("needs no compiler");
    let extents = [37, 40_001];
    let values: Vec<f32> = (0..extents[0] * extents[1]).map(|i| (i % 1013) as f32).collect();
    for threads in [1, 2, 5] {
        let mut session =
            Session::new(&program, &extents, &[], 1, Team::new(threads)).expect("should fit");
        session.set_function(FieldId(0), &values).expect("memory");
        // Its own copy: the other keeps what it has.
        let mut fork = session.fork(Team::new(threads)).expect("memory");
        fork.run("forward", [0]).expect("should run");
        assert_eq!(session.function::<f32>(FieldId(0)), values);
        let more: Vec<f32> = values.iter().map(|m| m + 1.0).collect();
        assert_eq!(fork.function::<f32>(FieldId(0)), more);
    }
}
