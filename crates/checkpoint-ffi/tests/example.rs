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
