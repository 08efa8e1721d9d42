//! The header keeps its promises, asked by programs of C.

mod common;

fn run(program: &str, arguments: &[&std::ffi::OsStr]) {
    let source = common::home().join("tests/c").join(program);
    let Some(printed) = common::run_c(&source, common::Library::Static, arguments) else { return };
    assert_eq!(printed, "all as promised\n");
}

#[test]
fn c_gets_what_the_header_promises() {
    let folder = tempfile::tempdir().unwrap();
    run("contract.c", &[folder.path().as_os_str()]);
}

#[test]
fn c_follows_schedules() {
    run("schedules.c", &[]);
}

#[test]
fn c_takes_up_sweeps() {
    let folder = tempfile::tempdir().unwrap();
    run("sweeps.c", &[folder.path().as_os_str()]);
}

#[test]
fn c_follows_several_chains() {
    run("joins.c", &[]);
}
