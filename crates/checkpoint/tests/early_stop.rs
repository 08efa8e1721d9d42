//! A run that is stopped at any action, in memory and with files in the background: nothing stays,
//! and the executor serves again.

mod common;

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use common::ring::{POINTS, Ring, gradient_by_hand};
use retrograd_checkpoint::schedule::Asynchronous;
use retrograd_checkpoint::tier::folder::Folder;
use retrograd_checkpoint::tier::medium::DirectIo;
use retrograd_checkpoint::tier::{Bytes, BytesOptions, Handles, Tier};
use retrograd_checkpoint::{Action, ExecuteError, Executor, Mixed, Multistage, Progress};

type State = Arc<[f64; POINTS]>;

/// Stops before the action behind `actions` others, once.
fn stop_at(actions: u64) -> impl FnMut(&Progress) -> ControlFlow<()> {
    move |done| {
        if done.actions >= actions { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

/// Stops a run of `n` steps at every action in turn; a whole run follows each.
fn stop_everywhere(
    executor: &mut Executor<State>,
    n: u64,
    actions: &(impl Iterator<Item = Action> + Clone),
) {
    let expected = gradient_by_hand(n);
    let total = actions.clone().count() as u64;
    let mut reversed = Vec::new();
    for stop in 0..total {
        let mut model = Ring::new();
        let initial = Arc::clone(&model.x);
        let result = executor.run_watched(&mut model, actions.clone(), stop_at(stop));
        drop(model);
        assert_eq!(Arc::strong_count(&initial), 1, "a handle is left at action {stop}");
        assert!(executor.usage().iter().all(|tier| tier.held_bytes == 0), "bytes left at {stop}");
        let mut again = Ring::new();
        let done = executor.run(&mut again, actions.clone()).unwrap();
        assert_eq!((done.actions, done.lost, done.held), (total, 0, 0), "after a stop at {stop}");
        assert_eq!(again.gradient_bits(), expected, "after a stop at {stop}");
        match result {
            // A load and the discard behind it are not parted.
            Err(ExecuteError::Cancelled(done)) => {
                assert!((stop..=stop + 1).contains(&done.actions));
                reversed.push(done.reversed);
            }
            Ok(done) => assert_eq!((stop, done.actions), (total - 1, total)),
            Err(other) => panic!("stopped at {stop}: {other}"),
        }
    }
    // In the forward sweep, and in between, and just before the end.
    assert_eq!((reversed[0], reversed.is_sorted()), (0, true));
    assert!(reversed.last().is_some_and(|&last| last + 1 >= n));
}

#[test]
fn handles_are_dropped_wherever_a_run_stops() {
    let mut executor = Executor::new(4).unwrap();
    stop_everywhere(&mut executor, 17, &Mixed::new(17, 4, 1, 1).unwrap());
}

/// A tier whose stores and loads go on in the background.
fn disk(folder: &Path) -> Bytes<State> {
    let options = BytesOptions::in_file(&folder.join("data"), 16 * 4096, DirectIo::Auto).unwrap();
    options.queue(2).build(|_| Arc::new([0.0; POINTS])).unwrap()
}

#[test]
fn files_are_emptied_and_removed_wherever_a_run_stops() {
    let parent = tempfile::tempdir().unwrap();
    let folder = Folder::open(parent.path(), "stopped").unwrap();
    let ram = Handles::new(3).unwrap();
    let tiers: Vec<Box<dyn Tier<State>>> = vec![Box::new(ram), Box::new(disk(folder.path()))];
    let mut executor = Executor::with_tiers(tiers).unwrap();
    stop_everywhere(&mut executor, 14, &Asynchronous::new(14, 4, 3).unwrap());
    stop_everywhere(&mut executor, 14, &Multistage::new(14, 2, 3).unwrap());
    // Stopped for good, with stores on their way.
    let schedule = Asynchronous::new(14, 4, 3).unwrap();
    let stopped = executor.run_watched(&mut Ring::new(), schedule, stop_at(6));
    assert!(matches!(stopped, Err(ExecuteError::Cancelled(_))));
    drop((executor, folder));
    assert_eq!(std::fs::read_dir(parent.path()).unwrap().count(), 0, "no file should be left");
}
