//! Every case against the interpreter.

use std::collections::BTreeSet;

use retrograd_ir::conformance::{CASES, Case, Interpreter};
use retrograd_ir::interpret::Subnormals;
use retrograd_ir::text::{parse, print};

#[test]
fn the_interpreter_passes_every_case() {
    for subnormals in [Subnormals::Keep, Subnormals::Flush] {
        let mut failures = Vec::new();
        for case in Case::all() {
            let mismatches = case.check(&mut Interpreter::new(&case, subnormals));
            failures.extend(mismatches.iter().map(ToString::to_string));
        }
        assert!(failures.is_empty(), "{}", failures.join("\n"));
    }
}

#[test]
fn every_case_file_is_listed() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cases");
    let files: BTreeSet<String> = std::fs::read_dir(folder)
        .expect("the cases should be there")
        .map(|entry| entry.expect("an entry should be readable").file_name())
        .map(|name| name.to_string_lossy().trim_end_matches(".rg").to_owned())
        .collect();
    let listed: BTreeSet<String> = CASES.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(listed, files);
}

#[test]
fn every_case_expects_something_after_a_run() {
    use retrograd_ir::conformance::Action;
    for case in Case::all() {
        let last = case.actions.last();
        assert!(matches!(last, Some(Action::Expect(..))), "{}", case.name);
    }
}

#[test]
fn every_case_prints_and_parses_to_itself() {
    for case in Case::all() {
        let printed = print(case.program.stencil());
        let parsed = parse(&printed).unwrap_or_else(|e| panic!("{}: {e}\n{printed}", case.name));
        assert_eq!(&parsed, case.program.stencil(), "{printed}");
    }
}
