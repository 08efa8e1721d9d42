//! Texts of some programs: C after all passes, and the program after the adjoint.
//!
//! `RETROGRAD_BLESS=1 cargo test -p retrograd-compile` writes them anew; review the difference.

use std::path::{Path, PathBuf};
use std::process::Command;

use retrograd_compile::adjoint::{FORWARD, RECORD, REVERSE, REVERSE_SEEDED};
use retrograd_compile::emit::{CModule, Vectors, emit_c};
use retrograd_compile::schedule::schedule;
use retrograd_compile::{adjoint, passes};
use retrograd_ir::{DType, Edge, FieldId, Stencil, text, verify};

use crate::closures;
use crate::common::fixtures;

/// The name of a golden, its program and the step that is printed.
fn programs() -> Vec<(&'static str, Stencil, &'static str)> {
    let profile = fixtures::with_profile();
    let single = passes::optimise(profile);
    let sides = [[Edge::Clamp, Edge::Even], [Edge::Odd, Edge::Zero], [Edge::Zero; 2]];
    let closed = closures::closed(&fixtures::velocity_stress(), sides);
    vec![
        ("acoustic_1d_forward", with_adjoint(&fixtures::acoustic(1, 2, DType::F64)), FORWARD),
        ("acoustic_2d_forward", with_adjoint(&fixtures::acoustic(2, 4, DType::F32)), FORWARD),
        ("acoustic_2d_record", with_adjoint(&fixtures::acoustic(2, 4, DType::F32)), RECORD),
        ("acoustic_2d_reverse", with_adjoint(&fixtures::acoustic(2, 4, DType::F32)), REVERSE),
        ("acoustic_3d_forward", with_adjoint(&fixtures::acoustic(3, 8, DType::F32)), FORWARD),
        ("variable_density_forward", with_adjoint(&fixtures::variable_density(2)), FORWARD),
        (
            "acoustic_1d_reverse_seeded",
            with_adjoint(&fixtures::acoustic(1, 2, DType::F64)),
            REVERSE_SEEDED,
        ),
        ("velocity_stress_forward", with_adjoint(&fixtures::velocity_stress()), FORWARD),
        ("velocity_stress_reverse", with_adjoint(&fixtures::velocity_stress()), REVERSE),
        ("profile_forward", single, FORWARD),
        ("elementary_forward", elementary(), FORWARD),
        ("closed_forward", with_adjoint(&closed), FORWARD),
        ("closed_reverse", with_adjoint(&closed), REVERSE),
    ]
}

/// Elementary functions of what varies, on the grid and at points, and a reduction.
fn elementary() -> Stencil {
    let text = "stencil elementary f32
        dim x, z
        time function u(x, z) levels 2
        sparse rec linear
        scalar s
        step forward {
          u[t+1] = exp(u) - ln(u) * sin(u) / cos(u) + tan(u) + tanh(u) ^ u[x-1];
          interpolate rec: 2 ^ sin(u);
          while s > 1: s = max of u[t+1] * u[z+1 even];
        }";
    text::parse(text).unwrap_or_else(|error| panic!("{error}"))
}

fn parameters(stencil: &Stencil) -> Vec<FieldId> {
    let ids = (0..stencil.fields.len() as u32).map(FieldId);
    ids.filter(|id| fixtures::is_given(stencil, *id)).collect()
}

fn with_adjoint(stencil: &Stencil) -> Stencil {
    let result = adjoint(stencil, FORWARD, &parameters(stencil));
    passes::optimise(result.expect("should have an adjoint").stencil)
}

fn emit(stencil: &Stencil, step: &str, bytes: usize) -> CModule {
    let mut stencil = verify(stencil.clone()).expect("should be well formed").stencil().clone();
    let at = stencil.steps.iter().position(|s| s.name == step).expect("should be there");
    let schedule = schedule(&mut stencil, at);
    emit_c(&stencil, &schedule, Vectors { bytes }).expect("should be printable")
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

#[track_caller]
fn compare(file: &str, found: &str) {
    let path = folder().join(file);
    if std::env::var_os("RETROGRAD_BLESS").is_some_and(|v| v == "1") {
        std::fs::create_dir_all(folder()).expect("the folder should be writable");
        std::fs::write(&path, found).expect("the golden should be writable");
        return;
    }
    let golden = std::fs::read_to_string(&path).unwrap_or_default();
    let different = golden.lines().zip(found.lines()).position(|(a, b)| a != b);
    let lines = golden.lines().count().min(found.lines().count());
    assert!(
        golden == found,
        "{file} differs from line {} on:\n  golden: {:?}\n  now:    {:?}\n\
         help: RETROGRAD_BLESS=1 accepts the new text",
        different.unwrap_or(lines) + 1,
        golden.lines().nth(different.unwrap_or(lines)),
        found.lines().nth(different.unwrap_or(lines)),
    );
}

#[test]
fn c_texts_are_the_golden_ones() {
    for (name, stencil, step) in programs() {
        compare(&format!("{name}.c"), &emit(&stencil, step, 16).text);
    }
}

#[test]
fn program_texts_are_the_golden_ones_and_parse_back() {
    let acoustic = fixtures::acoustic(2, 2, DType::F32);
    let plain = adjoint(&acoustic, FORWARD, &parameters(&acoustic)).expect("should exist").stencil;
    for (name, stencil) in [
        ("acoustic_2d", acoustic.clone()),
        ("acoustic_2d_optimised", with_adjoint(&acoustic)),
        ("acoustic_2d_adjoint", plain),
        ("velocity_stress_optimised", with_adjoint(&fixtures::velocity_stress())),
    ] {
        compare(&format!("{name}.rg"), &text::print(&stencil));
    }
    for (name, stencil, ids) in fixtures::all() {
        let result = adjoint(&stencil, FORWARD, &ids).expect("should have an adjoint").stencil;
        for program in [stencil, passes::optimise(result.clone()), result] {
            let verified = verify(program).unwrap_or_else(|e| panic!("{name}: {e:?}"));
            let printed = text::print(verified.stencil());
            let parsed = text::parse(&printed).unwrap_or_else(|e| panic!("{name}: {e}"));
            assert_eq!(&parsed, verified.stencil(), "{name}");
        }
    }
}

/// A golden that no program writes any more is a lie.
#[test]
fn every_golden_belongs_to_a_program() {
    let known: Vec<String> = programs().iter().map(|(name, ..)| format!("{name}.c")).collect();
    for entry in std::fs::read_dir(folder()).expect("the goldens should be there") {
        let name = entry.expect("should be readable").file_name().into_string().expect("UTF-8");
        let c = Path::new(&name).extension().is_some_and(|e| e == "c");
        assert!(!c || known.contains(&name), "{name} belongs to nothing");
    }
}

/// No warning of the system's compiler, on any width of vectors that fits its target.
#[test]
fn the_system_compiler_accepts_every_golden() {
    if Command::new("cc").arg("--version").output().is_err() {
        println!("skipped: there is no C compiler called `cc` on this system");
        return;
    }
    let scratch = std::env::temp_dir().join(format!("retrograd-goldens-{}", std::process::id()));
    std::fs::create_dir_all(&scratch).expect("the scratch folder should be writable");
    for (name, stencil, step) in programs() {
        for bytes in [16, 32, 64] {
            let source = scratch.join(format!("{name}_{bytes}.c"));
            std::fs::write(&source, emit(&stencil, step, bytes).text).expect("should be writable");
            // Vectors wider than the target's registers are passed in memory by an ABI that gcc
            // warns of; they never cross a function that is not inlined.
            let run = Command::new("cc")
                .args(["-c", "-O1", "-Wall", "-Wextra", "-Werror", "-Wno-psabi", "-std=gnu11"])
                .args(["-Wno-unused-function", "-o"])
                .arg(source.with_extension("o"))
                .arg(&source)
                .output()
                .expect("the compiler should start");
            let message = String::from_utf8_lossy(&run.stderr);
            assert!(run.status.success(), "{name}, {bytes} bytes:\n{message}");
        }
    }
    std::fs::remove_dir_all(&scratch).expect("the scratch folder should be removable");
}

/// The same program, built twice from scratch, gives the same bytes. Hash maps are seeded anew for
/// every map of a process, so that an order taken from one of them would show.
#[test]
fn texts_do_not_depend_on_hash_order() {
    let texts = || {
        let c = programs().into_iter().map(|(_, stencil, step)| emit(&stencil, step, 32));
        let c: Vec<CModule> = c.collect();
        let all = fixtures::all().into_iter();
        let rg: Vec<String> = all.map(|(_, s, _)| text::print(&with_adjoint(&s))).collect();
        (c, rg)
    };
    let first = texts();
    for _ in 0..3 {
        assert!(texts() == first, "the text differs from one run to the next");
    }
}
