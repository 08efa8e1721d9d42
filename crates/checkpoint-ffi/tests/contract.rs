//! The header keeps its promises, asked by a program of C.

mod common;

#[test]
fn c_gets_what_the_header_promises() {
    let folder = tempfile::tempdir().unwrap();
    let source = common::home().join("tests/c/contract.c");
    let Some(printed) =
        common::run_c(&source, common::Library::Static, &[folder.path().as_os_str()])
    else {
        return;
    };
    assert_eq!(printed, "all as promised\n");
}
