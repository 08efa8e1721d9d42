//! The example of C computes a right gradient with the counts that theory says.

mod common;

use retrograd_checkpoint::Costs;

#[test]
fn heat_has_its_gradient_within_its_budget() {
    let source = common::home().join("examples/c/heat.c");
    let Some(printed) = common::run_c(&source, &[]) else { return };
    // 24 states: 3 to work with, 1 recorded.
    let costs = Costs::revolve(1000, 20).unwrap();
    let counts = format!(
        "advances {}, recorded 1000, writes {}, reads {}, snapshots 20",
        costs.advances, costs.writes, costs.reads
    );
    assert!(printed.contains(&counts), "{printed}");
    assert!(printed.contains("gradient norm"), "{printed}");
}
