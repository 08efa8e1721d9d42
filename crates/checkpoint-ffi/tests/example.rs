//! The example of C computes a right gradient with the counts that theory says.

mod common;

use common::Library;
use retrograd_checkpoint::Costs;

#[test]
fn heat_has_its_gradient_within_its_budget() {
    let source = common::home().join("examples/c/heat.c");
    // 24 states: 3 to work with, 1 recorded.
    let costs = Costs::revolve(1000, 20).unwrap();
    let counts = format!(
        "advances {}, recorded 1000, writes {}, reads {}, snapshots 20",
        costs.advances, costs.writes, costs.reads
    );
    for library in [Library::Static, Library::Shared] {
        let Some(printed) = common::run_c(&source, library, &[]) else { return };
        assert!(printed.contains(&counts), "{library:?}: {printed}");
        assert!(printed.contains("gradient norm"), "{library:?}: {printed}");
    }
}

#[test]
fn a_stopped_gradient_is_taken_up_and_is_the_same() {
    let source = common::home().join("examples/c/resume.c");
    let folder = tempfile::tempdir().unwrap();
    let arguments = [folder.path().as_os_str()];
    let Some(printed) = common::run_c(&source, Library::Static, &arguments) else { return };
    assert!(printed.contains("reversed 1000 steps, then 1000\n"), "{printed}");
    assert!(printed.ends_with("the same gradient to the last bit\n"), "{printed}");
    // Two choices, and each says why the others lost.
    let chosen = printed.lines().filter(|line| line.ends_with("chosen")).count();
    let lost = printed.lines().filter(|line| line.contains("times the time")).count();
    assert!(chosen == 2 && lost >= 2, "{printed}");
}
