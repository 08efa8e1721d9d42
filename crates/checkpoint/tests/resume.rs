//! A reverse sweep is killed at any moment and taken up by another process: the same gradient.

mod common;

use std::ops::ControlFlow;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use common::ring::{Diverged, POINTS, Pass, Ring, gradient_by_hand};
use retrograd_checkpoint::schedule::{AnySchedule, Asynchronous, Mixed};
use retrograd_checkpoint::tier::folder::Folder;
use retrograd_checkpoint::tier::medium::DirectIo;
use retrograd_checkpoint::tier::{Bytes, BytesOptions, Handles, Tier};
use retrograd_checkpoint::{ExecuteError, Executor, Progress, Resumable, Revolve, SweepLog};

type State = Arc<[f64; POINTS]>;

const STEPS: u64 = 1200;
const PERIOD: u64 = 40;
const RAM_SLOTS: u64 = 5;
const IDENTITY: u64 = 99;

/// A ring whose steps take a while.
fn slow(step_time: Duration) -> Ring {
    let pace = move |_: Pass, steps: u64| {
        let start = Instant::now();
        while start.elapsed() < step_time * steps as u32 {
            std::hint::spin_loop();
        }
    };
    Ring { pace: Some(Box::new(pace)), ..quick() }
}

fn quick() -> Ring {
    Ring { restarts: true, ..Ring::new() }
}

impl Resumable for Ring {
    fn save_sweep(&mut self, into: &mut Vec<u8>) -> Result<(), Diverged> {
        let numbers = self.x_bar.iter().chain(&self.p_bar);
        into.extend(numbers.flat_map(|number| number.to_le_bytes()));
        Ok(())
    }
    fn load_sweep(&mut self, from: &[u8]) -> Result<(), Diverged> {
        let (bars, _) = from.as_chunks::<8>();
        let numbers = bars.iter().map(|bytes| f64::from_le_bytes(*bytes));
        let places = self.x_bar.iter_mut().chain(&mut self.p_bar);
        places.zip(numbers).for_each(|(place, number)| *place = number);
        Ok(())
    }
}

fn disk(folder: &Path) -> Bytes<State> {
    let bytes = 4096 * STEPS;
    let options = BytesOptions::in_file(&folder.join("data"), bytes, DirectIo::Auto).unwrap();
    let options = options.queue(1).manifest(&folder.join("manifest"), IDENTITY);
    options.build(|_| Arc::new([0.0; POINTS])).unwrap()
}

/// One attempt, however it ends.
fn attempt(
    folder: &Path,
    model: &mut Ring,
    watch: impl FnMut(&Progress) -> ControlFlow<()>,
) -> Result<Progress, ExecuteError<Diverged>> {
    let ram = Handles::new(RAM_SLOTS).unwrap();
    let mut executor = Executor::with_tiers(vec![Box::new(ram), Box::new(disk(folder))]).unwrap();
    let mut log = SweepLog::new(&folder.join("sweep"), IDENTITY, Duration::ZERO);
    let schedule = Asynchronous::new(STEPS, PERIOD, RAM_SLOTS).unwrap();
    executor.run_resumable(model, schedule, &mut log, watch)
}

const CHILD: &str = "RETROGRAD_TEST_CHILD";

/// Not a test of its own: what the test below runs as a process of its own and kills.
#[test]
fn child() {
    let Some(parent) = std::env::var_os(CHILD) else { return };
    let mut folder = Folder::open(Path::new(&parent), "test").unwrap();
    folder.keep();
    let mut model = slow(Duration::from_micros(40));
    let done = attempt(folder.path(), &mut model, |_| ControlFlow::Continue(())).unwrap();
    let bits = model.gradient_bits().iter().map(u64::to_string).collect::<Vec<_>>().join(" ");
    let result = format!("{} {bits}", done.reversed);
    std::fs::write(Path::new(&parent).join("result"), result).unwrap();
}

#[test]
fn a_sweep_that_is_killed_resumes_to_the_same_bits() {
    let place = tempfile::tempdir().unwrap();
    let program = std::env::current_exe().unwrap();
    let mut kills = 0;
    // Pseudo-random moments; a whole run takes about 200 ms, or longer where others work too: until
    // the reverse sweep has left a log, runs get more and more time.
    let (mut moment, mut patience) = (17_u64, 1);
    let result = place.path().join("result");
    while !result.exists() {
        moment = moment.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040);
        // After twenty kills, it may finish.
        let reached = place.path().join("sweep").exists();
        patience = if reached { patience } else { (patience + 1).min(100) };
        let wait = if kills < 20 { patience * (20 + (moment >> 33) % 60) / 2 } else { 60_000 };
        let mut command = Command::new(&program);
        command.args(["child", "--exact"]).env(CHILD, place.path()).stdout(Stdio::null());
        let mut process = command.spawn().unwrap();
        let start = Instant::now();
        while start.elapsed() < Duration::from_millis(wait) {
            if let Some(status) = process.try_wait().unwrap() {
                assert!(status.success());
                break;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        if process.try_wait().unwrap().is_none() {
            process.kill().unwrap();
            process.wait().unwrap();
            kills += 1;
        }
    }
    let text = std::fs::read_to_string(result).unwrap();
    let mut numbers = text.split(' ').map(|number| number.parse::<u64>().unwrap());
    let reversed = numbers.next().unwrap();
    assert!(kills > 0 && reversed < STEPS, "{kills} kills, {reversed} steps reversed at last");
    assert_eq!(numbers.collect::<Vec<_>>(), gradient_by_hand(STEPS));
}

/// Within one process: cancelled here and there, resumed, and damaged on the way.
#[test]
fn a_sweep_that_is_cancelled_resumes_to_the_same_bits() {
    let expected = gradient_by_hand(STEPS);
    for (cancel_at, damage) in [(30, ""), (30, "data"), (700, "manifest"), (1199, ""), (5, "sweep")]
    {
        let place = tempfile::tempdir().unwrap();
        let stop = |progress: &Progress| match progress.reversed {
            reversed if reversed == cancel_at => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        };
        let first = attempt(place.path(), &mut quick(), stop);
        assert!(matches!(first, Err(ExecuteError::Cancelled(_))));
        if !damage.is_empty() {
            let path = place.path().join(damage);
            let mut content = std::fs::read(&path).unwrap();
            let middle = content.len() / 2;
            content[..middle].iter_mut().for_each(|byte| *byte ^= 0x55);
            std::fs::write(&path, content).unwrap();
        }
        let mut model = quick();
        let done = attempt(place.path(), &mut model, |_| ControlFlow::Continue(())).unwrap();
        assert_eq!(model.gradient_bits(), expected, "{cancel_at} {damage}");
        // A sweep whose log is damaged begins anew.
        let left = if damage == "sweep" { STEPS } else { STEPS - cancel_at };
        assert_eq!(done.reversed, left, "{cancel_at} {damage}");
        assert!(!place.path().join("sweep").exists(), "there is nothing left to resume");
    }
}

/// What another run has left is not taken up.
#[test]
fn another_identity_begins_anew() {
    let place = tempfile::tempdir().unwrap();
    let stop = |progress: &Progress| match progress.reversed {
        0..400 => ControlFlow::Continue(()),
        _ => ControlFlow::Break(()),
    };
    attempt(place.path(), &mut quick(), stop).unwrap_err();
    let mut executor = Executor::new(9).unwrap();
    let mut model = quick();
    let mut log = SweepLog::new(&place.path().join("sweep"), IDENTITY + 1, Duration::ZERO);
    let schedule = Revolve::new(STEPS, 9).unwrap();
    let watch = |_: &Progress| ControlFlow::Continue(());
    let done = executor.run_resumable(&mut model, schedule, &mut log, watch).unwrap();
    assert_eq!((done.reversed, model.gradient_bits()), (STEPS, gradient_by_hand(STEPS)));
}

/// One attempt with a tier of bytes alone, which has no slots that a schedule made from what is left
/// could use.
fn attempt_in_bytes(
    folder: &Path,
    model: &mut Ring,
    actions: AnySchedule,
    watch: impl FnMut(&Progress) -> ControlFlow<()>,
) -> Result<Progress, ExecuteError<Diverged>> {
    let ram = Handles::new(0).unwrap();
    let mut executor = Executor::with_tiers(vec![Box::new(disk(folder)), Box::new(ram)]).unwrap();
    let mut log = SweepLog::new(&folder.join("sweep"), IDENTITY, Duration::ZERO);
    executor.run_resumable(model, actions, &mut log, watch)
}

/// The schedule is followed from where it was: adjoint data of every step are loaded, and what was
/// not reversed is all that is done. Without the schedule's data, the steps are run again.
#[test]
fn the_rest_of_the_schedule_is_followed_where_its_data_are() {
    const STEPS: u64 = 300;
    let store_all = || AnySchedule::new(Mixed::new(STEPS, 2 * STEPS, 3, 2).unwrap());
    for (cancel_at, damage) in [(0, false), (1, false), (120, false), (298, false), (120, true)] {
        let place = tempfile::tempdir().unwrap();
        let stop = |progress: &Progress| match progress.reversed {
            reversed if reversed > cancel_at => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        };
        attempt_in_bytes(place.path(), &mut quick(), store_all(), stop).unwrap_err();
        if damage {
            std::fs::write(place.path().join("manifest"), "").unwrap();
        }
        let mut model = quick();
        let go_on = |_: &Progress| ControlFlow::Continue(());
        let done = attempt_in_bytes(place.path(), &mut model, store_all(), go_on).unwrap();
        assert_eq!(model.gradient_bits(), gradient_by_hand(STEPS), "{cancel_at}");
        let left = STEPS - cancel_at - 1;
        assert_eq!(done.reversed, left, "{cancel_at}");
        let run = done.advances + done.recorded;
        assert_eq!((run == 0, done.lost > 0), (!damage, damage), "{cancel_at}: {done:?}");
    }
}

/// A block that is recorded whole is recorded whole again, not run step by step.
#[test]
fn blocks_that_are_recorded_whole_are_so_after_a_crash() {
    let recording = || AnySchedule::new(Asynchronous::recording(STEPS, PERIOD).unwrap());
    let attempt = |folder: &Path, model: &mut Ring, reversed: u64| {
        let ram = Handles::new(0).unwrap();
        let tiers: Vec<Box<dyn Tier<State>>> = vec![Box::new(ram), Box::new(disk(folder))];
        let mut executor = Executor::with_tiers(tiers).unwrap();
        let mut log = SweepLog::new(&folder.join("sweep"), IDENTITY, Duration::ZERO);
        assert_eq!(log.pending(), (reversed == STEPS).then_some(STEPS - 3 * PERIOD));
        let watch = |progress: &Progress| {
            if progress.reversed < reversed {
                ControlFlow::Continue(())
            } else {
                ControlFlow::Break(())
            }
        };
        executor.run_resumable(model, recording(), &mut log, watch)
    };
    let place = tempfile::tempdir().unwrap();
    attempt(place.path(), &mut quick(), 3 * PERIOD).unwrap_err();
    let mut model = quick();
    let done = attempt(place.path(), &mut model, STEPS).unwrap();
    let left = STEPS - 3 * PERIOD;
    assert_eq!((done.reversed, done.recorded, done.advances), (left, left, 0));
    assert_eq!(model.gradient_bits(), gradient_by_hand(STEPS));
}

/// Logs whose names differ in nothing but their ends are written aside in different places.
#[test]
fn logs_of_ranks_do_not_meet() {
    let folder = tempfile::tempdir().unwrap();
    // What another rank is about to rename.
    let other = folder.path().join("sweep.part");
    std::fs::write(&other, "of another rank").unwrap();
    let ram: Box<dyn Tier<State>> = Box::new(Handles::new(RAM_SLOTS).unwrap());
    let mut executor = Executor::with_tiers(vec![ram]).unwrap();
    let mut log = SweepLog::new(&folder.path().join("sweep.0"), IDENTITY, Duration::ZERO);
    let schedule = Revolve::new(30, RAM_SLOTS).unwrap();
    let stop = |done: &Progress| match done.reversed {
        20.. => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    };
    executor.run_resumable(&mut quick(), schedule, &mut log, stop).unwrap_err();
    let mut names: Vec<_> =
        std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["sweep.0", "sweep.part"]);
    assert_eq!(std::fs::read(&other).unwrap(), b"of another rank");
}
