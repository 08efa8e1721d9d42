//! The conformance cases of the IR through both back ends, on the session's own buffers.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use retrograd_compile::emit::Unsupported;
use retrograd_ir::conformance::{Array, Case, Machine, Mismatch};
use retrograd_ir::{Levels, ParamId, SparseId, Target};
use retrograd_runtime::{Backend, JitOptions, Program, ProgramError, Session, Team, find_compiler};

use crate::common;

/// Recognises a named error.
type Refusal = fn(&Unsupported) -> bool;

/// Cases that the C back end refuses, with the name of the refusal.
const REFUSED_BY_C: &[(&str, Refusal)] = &[
    ("device", |u| matches!(u, Unsupported::Device(_))),
    ("mixed_types", |u| matches!(u, Unsupported::MixedTypes(_))),
    ("mixed_types_f32", |u| matches!(u, Unsupported::MixedTypes(_))),
    ("profile", |u| matches!(u, Unsupported::ProfileTarget(_))),
    ("updates_in_order", |u| matches!(u, Unsupported::OwnNeighbours(_))),
];

/// Cases that a back end runs and that do not pass, with the reason.
const SKIPPED: &[(&str, Backend, &str)] =
    &[("rounding", Backend::C, REASSOCIATED), ("rounding", Backend::Interpreter, REASSOCIATED)];
/// A program runs as it is after the passes, which define its arithmetic.
const REASSOCIATED: &str = "passes group sums and products, so that single roundings differ";

/// A case on a session.
struct OnSession {
    session: Session,
}

impl OnSession {
    fn is_static(&self, target: Target) -> bool {
        self.session.program().stencil().field(target.field).levels == Levels::Static
    }

    fn new(
        case: &Case,
        backend: Backend,
        threads: usize,
        options: &JitOptions,
    ) -> Result<Self, ProgramError> {
        let stencil = case.program.stencil().clone();
        let names: Vec<String> = stencil.steps.iter().map(|s| s.name.clone()).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let program = Program::new(stencil, &names, backend, options)?;
        Ok(Self { session: session(case, &program, threads) })
    }
}

fn session(case: &Case, program: &Arc<Program>, threads: usize) -> Session {
    let team = Team::new(threads);
    let session = Session::new(program, &case.extents, &case.widths, case.steps, team);
    let mut session = session.expect("the case should fit");
    let stencil = program.stencil();
    for (number, param) in stencil.params.iter().enumerate() {
        let declared = case.program.stencil().params.iter().position(|p| p.name == param.name);
        let value = declared.map_or(0.0, |at| case.params[at]);
        session.set_param(&param.name, value);
        assert_eq!(session.param(ParamId(number as u32)), value);
    }
    for (number, points) in case.points.iter().enumerate() {
        session.place(SparseId(number as u32), points).expect("the points should fit");
    }
    session.set_tape_window(0..case.steps);
    session
}

impl Machine for OnSession {
    fn set(&mut self, array: Array, values: &[f64]) {
        match array {
            Array::Level(target) if self.is_static(target) => {
                self.session.set_function(target.field, values).expect("memory");
            }
            Array::Level(target) => {
                let back = usize::from(target.time.unsigned_abs());
                self.session.set_level(target.field, back, values).expect("memory");
            }
            Array::Tape(field, step) => {
                self.session.set_tape_entry(field, step, values).expect("memory");
            }
            Array::Series(sparse) => self.session.set_series(sparse, values),
            Array::Scalar(scalar) => self.session.set_scalar(scalar, values[0]),
        }
    }

    fn get(&mut self, array: Array) -> Vec<f64> {
        match array {
            Array::Level(target) if self.is_static(target) => self.session.function(target.field),
            Array::Level(target) => {
                self.session.level(target.field, usize::from(target.time.unsigned_abs()))
            }
            Array::Tape(field, step) => self.session.tape_entry(field, step),
            Array::Series(sparse) => self.session.series(sparse),
            Array::Scalar(scalar) => vec![self.session.scalar(scalar)],
        }
    }

    fn run(&mut self, step: usize, n: i64) {
        let name = self.session.program().stencil().steps[step].name.clone();
        // What passes have moved out of the steps.
        if name != "setup" {
            self.session.set_up().expect("memory");
        }
        let n = usize::try_from(n).expect("cases count from zero");
        self.session.run(&name, [n]).expect("the step should run");
    }
}

fn check(
    case: &Case,
    backend: Backend,
    threads: usize,
    options: &JitOptions,
) -> Result<Vec<Mismatch>, ProgramError> {
    let mut machine = OnSession::new(case, backend, threads, options)?;
    Ok(case.check(&mut machine))
}

/// What went wrong in any case; a case that panics is reported like one that differs.
fn failures(backend: Backend, threads: usize, options: &JitOptions) -> Vec<String> {
    let mut failures = Vec::new();
    for case in Case::all() {
        let name = case.name.clone();
        let refusal = REFUSED_BY_C.iter().find(|(n, _)| *n == name && backend == Backend::C);
        let skip = SKIPPED.iter().find(|(n, b, _)| *n == name && *b == backend);
        let outcome = catch_unwind(AssertUnwindSafe(|| check(&case, backend, threads, options)));
        match (outcome, refusal, skip) {
            (Ok(Err(ProgramError::Unsupported { source, .. })), Some((_, expected)), _) => {
                if !expected(&source) {
                    failures.push(format!("`{name}` is refused by another name: {source}"));
                }
            }
            (Ok(Ok(_)), Some(_), _) => {
                failures.push(format!("`{name}` should be refused but runs: update the list"));
            }
            (Ok(Ok(mismatches)), None, Some((_, _, reason))) => {
                if mismatches.is_empty() {
                    failures.push(format!("`{name}` passes although skipped: {reason}"));
                }
            }
            (Ok(Ok(mismatches)), None, None) => {
                failures.extend(mismatches.iter().map(ToString::to_string));
            }
            (Ok(Err(error)), _, _) => failures.push(format!("`{name}`: {error}")),
            (Err(_), _, _) => failures.push(format!("`{name}` panicked")),
        }
    }
    failures
}

#[test]
fn the_c_back_end_conforms() {
    let Some(options) = common::options() else { return };
    for threads in [1, 3] {
        let failures = failures(Backend::C, threads, &options);
        assert!(failures.is_empty(), "{}", failures.join("\n"));
    }
}

/// The same bits from either compiler: both have to match the interpreter's.
#[test]
fn either_compiler_serves() {
    for compiler in ["gcc", "clang"] {
        let compilers = vec![compiler.to_owned()];
        let options = JitOptions { compilers, ..JitOptions::from_environment() };
        if let Err(reason) = find_compiler(&options) {
            println!("skipped: {reason}");
            continue;
        }
        let failures = failures(Backend::C, 2, &options);
        assert!(failures.is_empty(), "{compiler}:\n{}", failures.join("\n"));
    }
}

#[test]
fn the_interpreter_conforms_on_the_buffers_of_a_session() {
    let failures = failures(Backend::Interpreter, 1, &JitOptions::from_environment());
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
