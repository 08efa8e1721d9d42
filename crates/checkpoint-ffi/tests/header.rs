//! The header says what the library is: functions, structs, constants.

mod common;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::mem::offset_of;

use retrograd_checkpoint_ffi::action::{data, kind};
use retrograd_checkpoint_ffi::join::shape;
use retrograd_checkpoint_ffi::model::element;
use retrograd_checkpoint_ffi::plan::{RG_NO_BUDGET, strategy};
use retrograd_checkpoint_ffi::replay::RG_UNLIMITED;
use retrograd_checkpoint_ffi::schedule::{choice, persistence};
use retrograd_checkpoint_ffi::status::rg_abi_version;
use retrograd_checkpoint_ffi::tiers::medium_kind;
use retrograd_checkpoint_ffi::{
    rg_action, rg_branches, rg_candidate, rg_chain, rg_codec_offer, rg_costs, rg_disk_offer,
    rg_field, rg_join_action, rg_join_report, rg_means, rg_memory, rg_model, rg_plan_result,
    rg_prices, rg_progress, rg_report, rg_status, rg_sweep, rg_tier, rg_tier_limit, rg_tier_report,
    rg_tier_spec, rg_tier_use, rg_uneven, rg_workload,
};

fn header() -> String {
    let path = common::home().join("include/retrograd_checkpoint.h");
    std::fs::read_to_string(path).expect("the header should be there")
}

/// The text without comments.
fn code(text: &str) -> String {
    let mut parts = text.split("/*");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |mut code, part| {
        code.push_str(part.split_once("*/").expect("comments should end").1);
        code
    })
}

/// Words that begin with `prefix` and are followed by `end`.
fn words(text: &str, prefix: &str, end: &str) -> BTreeSet<String> {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut found = BTreeSet::new();
    for (at, _) in text.match_indices(prefix) {
        let before = text[..at].chars().next_back();
        let length = text[at..].find(|c| !is_word(c)).unwrap_or(text.len() - at);
        if !before.is_some_and(is_word) && text[at + length..].starts_with(end) {
            found.insert(text[at..at + length].to_owned());
        }
    }
    found
}

#[test]
fn compilers_accept_the_header_without_a_warning() {
    let path = common::home().join("include/retrograd_checkpoint.h");
    for (name, language, standards) in
        [("cc", "c", ["c99", "c11"]), ("c++", "c++", ["c++98", "c++17"])]
    {
        for standard in standards {
            let Some(mut compiler) = common::compiler(name) else { continue };
            let standard = format!("-std={standard}");
            compiler.args([&standard, "-fsyntax-only", "-x", language]).arg(&path);
            let output = compiler.output().expect("the compiler should start");
            let message = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{name} {standard}:\n{message}");
        }
    }
}

#[test]
fn the_header_declares_what_the_library_defines_and_the_contracts_call_it() {
    let declared = words(&code(&header()), "rg_", "(");
    let mut defined = BTreeSet::new();
    let mut folders = vec![common::home().join("src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = std::fs::read_to_string(path).unwrap();
            for function in text.split("#[unsafe(no_mangle)]").skip(1) {
                let name = function.split_once(" fn ").expect("a function should follow").1;
                defined.insert(name.split_once('(').unwrap().0.to_owned());
            }
        }
    }
    assert_eq!(declared, defined);

    let mut called = BTreeSet::new();
    for contract in std::fs::read_dir(common::home().join("tests/c")).unwrap() {
        let text = std::fs::read_to_string(contract.unwrap().path()).unwrap();
        called.extend(words(&code(&text), "rg_", "("));
    }
    assert_eq!(called, declared);
}

/// Names of structs and their fields with sizes and offsets as Rust has them.
macro_rules! layouts {
    ($($name:ident { $($field:ident),* $(,)? })*) => {{
        let mut expected = String::new();
        let mut program = String::new();
        $(
            let _ = writeln!(expected, "{} {}", stringify!($name), size_of::<$name>());
            let _ = writeln!(
                program, "printf(\"{0} %u\\n\", (unsigned)sizeof({0}));", stringify!($name)
            );
            $(
                let (name, field) = (stringify!($name), stringify!($field));
                let _ = writeln!(expected, "{name}.{field} {}", offset_of!($name, $field));
                let _ = writeln!(
                    program, "printf(\"{name}.{field} %u\\n\", (unsigned)offsetof({name}, {field}));"
                );
            )*
        )*
        (expected, program)
    }};
}

/// Names and values.
macro_rules! constants {
    ($($from:ident { $($name:ident),* $(,)? })*) => {
        [$($((stringify!($name), i64::from($from::$name as i32))),*),*]
    };
}

/// What C should print of its structs, and the statements by which it does.
fn layouts() -> (String, String) {
    layouts! {
        rg_action { kind, data, begin, end, step, tier }
        rg_costs { steps, advances, total_forward, writes, reads, recompute_factor }
        rg_branches { shape, count, steps, trunk }
        rg_join_action { branch, action }
        rg_join_report { actions, advances, recorded, writes, reads, peak_slots }
        rg_chain { stages, x, xb, f, ff, b, tf, tn, tb }
        rg_prices { forward, adjoint, write, read }
        rg_tier_spec { slots, write, read }
        rg_uneven { steps, forward, adjoint, restart_bytes }
        rg_tier_limit { slots, bytes }
        rg_memory { tiers, tier_count, restart_bytes, adjoint_bytes, adjoint_restarts }
        rg_report { actions, advances, recorded, peak_recorded, peak_bytes }
        rg_tier_report { writes, reads, peak_slots, peak_bytes }
        rg_workload {
            steps, snapshot_bytes, adjoint_bytes, worker_bytes, shared_bytes, jobs, concurrency,
        }
        rg_plan_result {
            strategy, snapshots, steps, concurrency, wanted_concurrency, predicted_peak_bytes,
            shared_bytes, workers_bytes, snapshots_bytes, adjoint_bytes, recompute_factor,
            makespan_steps,
        }
        rg_field { element, extents }
        rg_model {
            ctx, advance, record, reverse, save, restore, snapshot_bytes, fields, restart,
            stores_adjoint,
        }
        rg_tier {
            medium, queue_depth, threads, slots, capacity_bytes, snapshot_bytes, path, codec, manifest, identity,
        }
        rg_progress {
            actions, advances, recorded, reversed, writes, reads, held, peak_held, lost,
        }
        rg_tier_use {
            held_bytes, peak_bytes, raw_bytes, written_bytes, read_bytes, waited_seconds,
            write_seconds, read_seconds, max_error,
        }
        rg_sweep { path, identity, every_seconds, bytes, save, load }
        rg_codec_offer { codec, ratio, encode_bytes_per_second, decode_bytes_per_second }
        rg_disk_offer {
            path, capacity_bytes, write_bytes_per_second, read_bytes_per_second, latency_seconds,
            slowdown, codec, log_bytes,
        }
        rg_means {
            forward_seconds, record_seconds, reverse_seconds, restart_seconds, inner_efficiency,
            ram_codecs, ram_codec_count, disk, stores_adjoint,
        }
        rg_candidate { strategy, reason, seconds, peak_bytes, tiers }
    }
}

#[test]
fn structs_and_constants_are_the_same_in_c() {
    let (mut expected, mut program) = layouts();
    let constants = constants! {
        rg_status {
            RG_OK, RG_END, RG_CANCELLED, RG_ERROR_NULL, RG_ERROR_ARGUMENT, RG_ERROR_HANDLE,
            RG_ERROR_BUSY, RG_ERROR_SCHEDULE, RG_ERROR_BUDGET, RG_ERROR_MEMORY, RG_ERROR_MODEL,
            RG_ERROR_ACTION, RG_ERROR_TIER, RG_ERROR_INTERNAL,
        }
        kind { RG_ADVANCE, RG_RECORD, RG_REVERSE, RG_STORE, RG_LOAD, RG_DISCARD, RG_TURN }
        shape { RG_JOIN, RG_PITCHFORK, RG_INDEPENDENT }
        data { RG_RESTART, RG_ADJOINT }
        choice {
            RG_TRAJECTORY_REVOLVE, RG_TRAJECTORY_MAXIMUM, RG_LAST_BLOCK_RELOADED,
            RG_LAST_BLOCK_FUSED, RG_METHOD_GENERAL, RG_METHOD_STIFFLY_ACCURATE, RG_DISK_OPTIMAL, RG_DISK_ONE_READ, RG_DISK_ONE_SNAPSHOT,
            RG_DISK_PERIODIC, RG_ONLINE_TARGETS, RG_ONLINE_WANG_MOIN, RG_BEFORE_LAST, RG_AT_END,
        }
        persistence { RG_PERSISTENT, RG_NON_PERSISTENT }
        strategy { RG_STORE_ALL, RG_REVOLVE }
        element { RG_BYTE, RG_F32, RG_F64 }
        medium_kind {
            RG_BUFFERS, RG_RAM, RG_FILE, RG_FILE_CACHED, RG_MAPPED, RG_MAPPED_SCRATCH,
        }
    };
    let names: BTreeSet<String> = constants.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(names, words(&code(&header()), "RG_", " ="), "every constant, and no other");
    for (name, value) in constants {
        let _ = writeln!(expected, "{name} {value}");
        let _ = writeln!(program, "printf(\"{name} %d\\n\", (int){name});");
    }
    for (name, value) in [("RG_NO_BUDGET", RG_NO_BUDGET), ("RG_UNLIMITED", RG_UNLIMITED)] {
        let _ = writeln!(expected, "{name} {value}");
        let _ = writeln!(program, "printf(\"{name} %\" PRIu64 \"\\n\", (uint64_t){name});");
    }
    let _ = writeln!(expected, "RG_ABI_VERSION {}", rg_abi_version());
    let _ = writeln!(program, "printf(\"RG_ABI_VERSION %d\\n\", RG_ABI_VERSION);");

    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("layouts.c");
    let includes = "#include <inttypes.h>\n#include <stddef.h>\n#include <stdio.h>\n\
                    #include \"retrograd_checkpoint.h\"\n";
    let text = format!("{includes}int main(void)\n{{\n{program}return 0;\n}}\n");
    std::fs::write(&source, text).unwrap();
    let Some(printed) = common::run_c(&source, common::Library::Static, &[]) else { return };
    assert_eq!(printed, expected);
}

/// Pieces of C in the README are pieces of programs.
#[test]
fn the_readme_compiles() {
    let preludes = [
        "static void advance(uint64_t begin, uint64_t end) { (void)begin, (void)end; }",
        "static void loss(void) {}
         static void follow(uint64_t branch, const rg_action *a) { (void)branch, (void)a; }",
        "static int advance(void *c, uint64_t b, uint64_t e) { return c == 0 && b == e; }
         static int record(void *c, uint64_t b, uint64_t e) { return c == 0 && b == e; }
         static int reverse(void *c, uint64_t b, uint64_t e) { return c == 0 && b == e; }
         static int save(void *c, int32_t d, uint64_t s, void *b, uint64_t n)
         { return c == b && d == 0 && s == n; }
         static int restore(void *c, int32_t d, uint64_t s, const void *b, uint64_t n)
         { return c == b && d == 0 && s == n; }
         static const rg_field *fields(void *c, int32_t d, uint64_t s, uint64_t *n)
         { *n = s; return d == 0 ? c : 0; }
         static int simulator;
         static rg_schedule *schedule;
         static rg_progress done;",
        "static double gradient[9];
         static const uint64_t parameters = 7;
         static int save_sweep(void *c, void *b, uint64_t n) { return c == b && n == 0; }
         static int load_sweep(void *c, const void *b, uint64_t n) { return c == b && n == 0; }
         static rg_executor *executor;
         static const rg_schedule *schedule;
         static rg_tier tiers[2];
         static rg_model model;
         static rg_progress done;",
    ];
    let readme = std::fs::read_to_string(common::home().join("README.md")).unwrap();
    let pieces: Vec<&str> = readme.split("```c\n").skip(1).collect();
    assert_eq!(pieces.len(), preludes.len());
    let folder = tempfile::tempdir().unwrap();
    for (piece, prelude) in pieces.iter().zip(preludes) {
        let body = piece.split_once("```").expect("a piece should end").0;
        let source = folder.path().join("piece.c");
        let text = format!(
            "#include <stdio.h>\n#include \"retrograd_checkpoint.h\"\n{prelude}\n\
             int main(void)\n{{\n{body}\nreturn 0;\n}}\n"
        );
        std::fs::write(&source, text).unwrap();
        let Some(mut compiler) = common::compiler("cc") else { return };
        let output = compiler.args(["-std=c99", "-fsyntax-only"]).arg(&source).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}
