//! `retrograd compile`: programs stage by stage, and what their steps cost.

#![forbid(unsafe_code)]

mod support;

use retrograd::compile::passes::PASSES;
use retrograd::ir::text::parse;
use support::{compiler, fail, folder, json, succeed};

/// The names of the stages, and their texts.
fn stages(args: &[&str]) -> Vec<(String, String)> {
    let outcome = json(folder().path(), &[&["compile"], args].concat());
    let programs = outcome["programs"].as_object().expect("programs by name");
    programs.iter().map(|(k, v)| (k.clone(), v.as_str().expect("a text").to_owned())).collect()
}

/// One text per pass, by its name, each a program of its own; the last is what runs.
#[test]
fn stages_are_those_of_the_passes() {
    let all = stages(&["--stages"]);
    let names: Vec<&str> =
        all.iter().filter_map(|(name, _)| Some(name.split_once(' ')?.1)).collect();
    let passes = PASSES.iter().map(|(name, _)| *name);
    let expected: Vec<&str> = ["discretised", "adjoint"].into_iter().chain(passes).collect();
    assert_eq!(names, expected);
    for (name, text) in &all {
        assert!(parse(text).is_ok(), "{name}\n{text}");
    }
    let few = stages(&[]);
    let names: Vec<&str> = few.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["1 discretised", "2 adjoint", "3 optimised"]);
    assert_eq!(few[2].1, all[all.len() - 1].1);
    let equations = stages(&["--stages", "--target", "latex"]);
    assert_eq!(equations.len(), all.len());
    assert!(equations.iter().all(|(_, text)| text.starts_with("% step ")), "{equations:?}");
}

#[test]
fn kernels_come_after_the_stages() {
    if !compiler() {
        return;
    }
    let kernels = stages(&["--target", "c"]);
    let names: Vec<&str> = kernels.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["forward", "record", "reverse", "setup"]);
    let all = stages(&["--target", "c", "--stages"]);
    let behind = &all[PASSES.len() + 2..];
    assert_eq!(behind.len(), kernels.len(), "{all:?}");
    for (name, text) in behind {
        let step = name.rsplit(' ').next().expect("a step");
        assert!(kernels.contains(&(step.to_owned(), text.clone())), "{name}");
    }
}

/// Order 8 in two dimensions: 16 neighbours in 8 pairs of 3 operations, and 5 for the rest; three
/// levels are read and one is written, of four bytes each.
#[test]
fn a_report_states_flops_bytes_and_bounds() {
    if !compiler() {
        return;
    }
    let folder = folder();
    let stated = ["compile", "--report", "--copy", "16", "--peak", "100", "--threads", "1"];
    let outcome = json(folder.path(), &stated);
    assert!(outcome.get("programs").is_none() && outcome.get("target").is_none());
    let reports = outcome["reports"].as_array().expect("a list");
    let steps: Vec<&str> = reports.iter().filter_map(|r| r["step"].as_str()).collect();
    assert_eq!(steps, ["forward", "record", "reverse"]);
    let forward = &reports[0];
    assert_eq!(forward["flops_per_point"], 29.0);
    assert_eq!(forward["bytes_per_point"], 16.0);
    assert_eq!(forward["sweeps"][0]["parts"][0]["loads"], 19);
    let machine = serde_json::json!({"threads": 1, "copy_gb_per_s": 16.0, "peak_gflops": 100.0});
    assert_eq!(forward["machine"], machine);
    let first = &forward["bounds"][0];
    assert_eq!(first["bound_by"], "memory");
    // 16 bytes at 16 GB/s, by way of three divisions.
    let rate = first["gpoints_per_s"].as_f64().expect("a number");
    assert!((rate - 1.0).abs() <= 4.0 * f64::EPSILON, "{rate}");
    let text = succeed(folder.path(), &stated);
    assert!(text.contains("bounds for 1 thread, a copy of 16.0 GB/s and 100.0 Gflop/s"), "{text}");
    assert!(!text.contains("-- "), "{text}");
    let both = succeed(folder.path(), &[&stated[..], &["--stages"]].concat());
    assert!(both.contains(" discretised\n") && both.contains("bounds for 1 thread"));
}

#[test]
fn what_cannot_be_is_refused() {
    let folder = folder();
    let allowed = ["'--copy <GB/S>': allowed are finite numbers above 0"];
    fail(folder.path(), &["compile", "--report", "--copy", "0"], 2, &allowed);
    fail(folder.path(), &["compile", "--peak", "3"], 2, &["--report"]);
    fail(folder.path(), &["compile", "--report", "--target", "cuda"], 1, &["no CUDA back end"]);
}
