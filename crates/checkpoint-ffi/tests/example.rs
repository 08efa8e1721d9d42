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

/// The number before `unit` in the line that begins with `start`.
fn number(printed: &str, start: &str, unit: &str) -> u64 {
    let line = printed.lines().find_map(|line| line.strip_prefix(start));
    let before = line.and_then(|line| line.split_once(unit)).map(|(before, _)| before);
    let number = before.and_then(|before| before.split_whitespace().next_back()?.parse().ok());
    number.unwrap_or_else(|| panic!("no `{start}` number `{unit}` in: {printed}"))
}

/// Two processes: one that dies, and one that takes up its sweep. By the manifest it finds the
/// snapshots on the disk, and runs fewer steps again than without.
#[test]
fn a_gradient_outlives_its_process_and_is_the_same() {
    let source = common::home().join("examples/c/resume.c");
    let Some(program) = common::Program::build(&source, Library::Static) else { return };
    let mut advances = Vec::new();
    for keep in [true, false] {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().as_os_str();
        let first = program.run(&[place, "250".as_ref()]);
        assert_eq!(number(&first, "found", "bytes of snapshots"), 0);
        let reversed = number(&first, "reversed", "steps, and gone");
        if !keep {
            std::fs::remove_file(folder.path().join("manifest")).unwrap();
        }
        let second = program.run(&[place]);
        assert_eq!(number(&second, "found", "bytes of snapshots") > 0, keep, "{second}");
        assert_eq!(number(&second, "reversed", "steps with"), 500 - reversed, "{second}");
        assert!(second.ends_with("the gradient to the last bit\n"), "{second}");
        advances.push(number(&second, "reversed", "advances"));
        // Two choices, and each says why the others lost.
        let chosen = second.lines().filter(|line| line.ends_with("chosen")).count();
        let lost = second.lines().filter(|line| line.contains("times the time")).count();
        assert!(chosen == 2 && lost >= 2, "{second}");
    }
    assert!(advances[0] < advances[1], "{advances:?}");
}
