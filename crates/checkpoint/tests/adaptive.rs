//! Plans that are changed while they run, by a clock that only tests make: decisions are those
//! expected, no bit changes, ranks decide alike.

mod common;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Barrier, Mutex};

use common::ring::{POINTS, Pass, Ring, gradient_by_hand};
use proptest::prelude::*;
use retrograd_checkpoint::plan::Means;
use retrograd_checkpoint::simulate::{Machine, TierSpeed, simulate};
use retrograd_checkpoint::tier::{BytesOptions, Handles, Key, Loaded, Tier, TierError};
use retrograd_checkpoint::{
    Action, Adaptive, DiskRevolve, Executor, Measured, MeasuredCost, MeasuredTier, Online,
    Progress, Review, Revolve, TierCost, TierId, Workload,
};

type State = Arc<[f64; POINTS]>;

/// Seconds; sums of these are exact.
type Time = Arc<AtomicU64>;

fn pass(time: &Time, seconds: u64) {
    time.fetch_add(seconds, Ordering::Relaxed);
}

/// What things really take.
#[derive(Clone, Copy, Debug)]
struct Real {
    forward: u64,
    record: u64,
    reverse: u64,
    write: u64,
    read: u64,
}

const AS_PLANNED: Real = Real { forward: 10, record: 10, reverse: 20, write: 40, read: 40 };

/// A machine on which that is what everything takes; handles in tier 0, snapshots of 1 byte.
fn machine(real: Real) -> Machine {
    let tier = TierSpeed {
        write_bytes_per_second: 1.0 / real.write as f64,
        read_bytes_per_second: 1.0 / real.read as f64,
        ..TierSpeed::HANDLES
    };
    Machine {
        forward_seconds: (real.forward as f64).into(),
        record_seconds: (real.record as f64).into(),
        reverse_seconds: (real.reverse as f64).into(),
        restart_seconds: 0.0,
        restart_bytes: 1.into(),
        adjoint_bytes: 1.into(),
        tiers: vec![TierSpeed::HANDLES, tier],
    }
}

/// A model whose steps take time.
fn timed(time: &Time, real: Real) -> Ring {
    let time = Arc::clone(time);
    let pace = move |what: Pass, steps: u64| {
        let each = match what {
            Pass::Advance => real.forward,
            Pass::Record => real.record,
            Pass::Reverse => real.reverse,
        };
        pass(&time, each * steps);
    };
    Ring { restarts: true, pace: Some(Box::new(pace)), ..Ring::new() }
}

/// A tier whose transfers take time, and which counts them; loads of some steps fail.
struct Slow {
    inner: Handles<State>,
    time: Time,
    real: Real,
    counts: Arc<[AtomicU64; 2]>,
    fails: Option<u64>,
}

impl Slow {
    fn read(&self, key: Key) -> Result<(), TierError> {
        pass(&self.time, self.real.read);
        self.counts[1].fetch_add(1, Ordering::Relaxed);
        if self.fails == Some(key.step) {
            return Err(TierError::Missing { tier: "slow tier".to_owned(), key });
        }
        Ok(())
    }
}

impl Tier<State> for Slow {
    fn store(&mut self, key: Key, snapshot: State) -> Result<(), TierError> {
        pass(&self.time, self.real.write);
        self.counts[0].fetch_add(1, Ordering::Relaxed);
        self.inner.store(key, snapshot)
    }
    fn load(&mut self, key: Key) -> Result<Loaded<'_, State>, TierError> {
        self.read(key)?;
        self.inner.load(key)
    }
    fn take(&mut self, key: Key) -> Result<State, TierError> {
        self.read(key)?;
        self.inner.take(key)
    }
    fn discard(&mut self, key: Key) {
        self.inner.discard(key);
    }
    fn clear(&mut self) {
        self.inner.clear();
    }
}

/// What a run came to.
#[derive(Clone, PartialEq, Debug)]
struct Outcome {
    done: Progress,
    gradient: Vec<u64>,
    /// Of the second tier.
    writes: u64,
    reads: u64,
    seconds: u64,
    /// With the time of each.
    reviews: Vec<Review>,
    /// When each agreement was asked for.
    moments: Vec<u64>,
}

struct Setup {
    slots: u64,
    /// Units of the first tier that a snapshot takes.
    unit: u64,
    room: u64,
    every: u64,
    fails: Option<u64>,
}

const SETUP: Setup = Setup { slots: 4, unit: 1, room: 1000, every: 0, fails: None };

fn run(
    actions: impl Iterator<Item = Action> + Clone,
    setup: &Setup,
    (planned, real): (Real, Real),
    mut agree: impl FnMut(&Measured) -> Measured,
) -> Outcome {
    let (time, counts) = (Time::default(), Arc::<[AtomicU64; 2]>::default());
    let slow = Slow {
        inner: Handles::new(1000).unwrap(),
        time: Arc::clone(&time),
        real,
        counts: Arc::clone(&counts),
        fails: setup.fails,
    };
    let fast = Handles::sized(setup.unit * setup.slots, setup.unit, 1).unwrap();
    let mut executor = Executor::with_tiers(vec![Box::new(fast), Box::new(slow)]).unwrap();
    let now = Arc::clone(&time);
    let adaptive = Adaptive::new(machine(planned))
        .every(setup.every)
        .room(TierId(1), setup.room)
        .clock(move || now.load(Ordering::Relaxed) as f64);
    let mut model = timed(&time, real);
    let mut moments = Vec::new();
    let done = executor.run_adaptive(&mut model, actions, &adaptive, |measured| {
        moments.push(time.load(Ordering::Relaxed));
        agree(measured)
    });
    let [writes, reads] = counts.each_ref().map(|count| count.load(Ordering::Relaxed));
    Outcome {
        done: done.expect("should run"),
        gradient: model.gradient_bits(),
        writes,
        reads,
        seconds: time.load(Ordering::Relaxed),
        reviews: executor.reviews().to_vec(),
        moments,
    }
}

/// The optimum for a second tier of these costs, in steps.
fn disk_revolve(steps: u64, slots: u64, planned: Real) -> DiskRevolve {
    let of = |seconds: u64| seconds as f64 / planned.forward as f64;
    let tier = TierCost { write: of(planned.write), read: of(planned.read) };
    DiskRevolve::new(steps, slots, tier, 1.0, 2.0).unwrap()
}

fn alone(measured: &Measured) -> Measured {
    measured.clone()
}

#[test]
fn nothing_changes_if_everything_takes_what_was_planned() {
    let schedule = disk_revolve(300, 4, AS_PLANNED);
    let setup = Setup { every: 7, ..SETUP };
    // A third more or less is within the factor.
    let near = Real { forward: 13, read: 30, ..AS_PLANNED };
    for real in [AS_PLANNED, near] {
        let found = run(schedule.clone(), &setup, (AS_PLANNED, real), alone);
        assert_eq!((found.done.replanned, found.reviews.len()), (0, 0));
        assert!(found.moments.len() > 20);
        assert_eq!(found.gradient, gradient_by_hand(300));
        assert_eq!(found.done.advances, schedule.advances() as u64);
    }
}

/// A tier that takes 50 times what was planned: what it holds is read less than planned, the run
/// takes less time than the plan would have, and as much as was predicted.
#[test]
fn a_slow_tier_is_used_less() {
    let schedule = disk_revolve(300, 4, AS_PLANNED);
    let real = Real { write: 2000, read: 2000, ..AS_PLANNED };
    let kept = run(schedule.clone(), &SETUP, (real, real), alone);
    let changed = run(schedule, &SETUP, (AS_PLANNED, real), alone);
    assert_eq!((kept.done.replanned, changed.done.replanned), (0, 1));
    assert_eq!(changed.gradient, gradient_by_hand(300));
    assert!(changed.reads < kept.reads && changed.writes == kept.writes, "{changed:?} {kept:?}");
    let [review] = &changed.reviews[..] else { panic!("once: {:?}", changed.reviews) };
    assert!(review.changed && review.pending == 299);
    let reason = "writes to tier 1 take 2.000e3 s instead of 4.000e1 s: the rest would take ";
    assert!(review.reason.starts_with(reason), "{}", review.reason);
    // A term per action, of a quotient and a product, and its sum with all before.
    let bound = 4.0 * kept.done.actions.max(changed.done.actions) as f64 * f64::EPSILON;
    let near = |found: f64, expected: u64| (found / expected as f64 - 1.0).abs() <= bound;
    assert!(near(review.other_seconds.unwrap(), changed.seconds - changed.moments[0]));
    assert!(near(review.kept_seconds, kept.seconds - changed.moments[0]));
    assert!(changed.seconds < kept.seconds);
}

/// A tier that counts units has room for as many snapshots as fit, not for as many as units.
#[test]
fn units_are_not_snapshots() {
    let real = Real { write: 2000, read: 2000, ..AS_PLANNED };
    let schedule = disk_revolve(300, 6, AS_PLANNED);
    let counted = Setup { slots: 6, ..SETUP };
    let found = [1, 2]
        .map(|unit| run(schedule.clone(), &Setup { unit, ..counted }, (AS_PLANNED, real), alone));
    assert_eq!(found[0].done.replanned, 1);
    assert_eq!(found[1], found[0]);
}

/// A tier that takes hardly anything, where the plan was to use it little.
#[test]
fn a_fast_tier_is_used_more() {
    let planned = Real { write: 1000, read: 1000, ..AS_PLANNED };
    let real = Real { write: 1, read: 1, ..AS_PLANNED };
    let schedule = disk_revolve(300, 3, planned);
    let setup = Setup { slots: 3, ..SETUP };
    let kept = run(schedule.clone(), &setup, (real, real), alone);
    let changed = run(schedule.clone(), &setup, (planned, real), alone);
    assert_eq!((kept.done.replanned, changed.done.replanned), (0, 1));
    assert!(kept.writes > 0, "the plan uses it");
    assert_eq!(changed.gradient, gradient_by_hand(300));
    assert!(changed.writes > kept.writes && changed.reads > kept.reads, "{changed:?} {kept:?}");
    assert!(changed.seconds < kept.seconds);
    assert!(changed.reviews[0].reason.contains("with a snapshot in tier 1 every "));

    // No more than there is room for.
    let setup = Setup { room: kept.writes, ..setup };
    let bounded = run(schedule, &setup, (planned, real), alone);
    assert!(bounded.seconds <= kept.seconds && bounded.seconds >= changed.seconds);
}

/// What is slow at the turn and fast later is used less and then more.
#[test]
fn plans_are_changed_again_when_costs_change_again() {
    let schedule = disk_revolve(400, 3, AS_PLANNED);
    let real = Real { write: 2000, read: 2000, ..AS_PLANNED };
    let setup = Setup { slots: 3, every: 60, ..SETUP };
    let mut moment = 0;
    let found = run(schedule, &setup, (AS_PLANNED, real), |measured| {
        moment += 1;
        let mut agreed = measured.clone();
        if moment == 3 {
            // As if another rank had seen the tier become fast.
            let fast = MeasuredCost { count: 1, seconds: 1.0, planned_seconds: 2000.0 };
            agreed.tiers[1] = MeasuredTier { write: fast, read: fast };
        }
        agreed
    });
    assert_eq!(found.gradient, gradient_by_hand(400));
    let changes: Vec<bool> = found.reviews.iter().map(|review| review.changed).collect();
    assert_eq!(changes[..2], [true, true], "{:?}", found.reviews);
    assert!(found.reviews[1].pending < found.reviews[0].pending - 119);
}

/// The largest of what several ranks have measured.
fn largest(all: &[Measured]) -> Measured {
    let larger = |a: MeasuredCost, b: MeasuredCost| if a.seconds >= b.seconds { a } else { b };
    all[1..].iter().fold(all[0].clone(), |sum, one| Measured {
        forward: larger(sum.forward, one.forward),
        record: larger(sum.record, one.record),
        reverse: larger(sum.reverse, one.reverse),
        tiers: sum
            .tiers
            .iter()
            .zip(&one.tiers)
            .map(|(a, b)| MeasuredTier {
                write: larger(a.write, b.write),
                read: larger(a.read, b.read),
            })
            .collect(),
    })
}

/// Only one of three ranks has a slow disk: all of them take the same decisions, which each on its
/// own would not.
#[test]
fn ranks_decide_alike() {
    const RANKS: usize = 3;
    let reals = [40, 3000, 50].map(|seconds| Real { write: seconds, read: seconds, ..AS_PLANNED });
    let schedule = disk_revolve(300, 4, AS_PLANNED);
    let setup = Setup { every: 25, ..SETUP };
    let (barrier, board) = (Barrier::new(RANKS), Mutex::new(vec![Measured::default(); RANKS]));
    let outcomes: Vec<Outcome> = std::thread::scope(|scope| {
        let rank = |rank: usize| {
            let (schedule, setup, barrier, board) = (&schedule, &setup, &barrier, &board);
            move || {
                run(schedule.clone(), setup, (AS_PLANNED, reals[rank]), |measured| {
                    board.lock().unwrap()[rank] = measured.clone();
                    barrier.wait();
                    let agreed = largest(&board.lock().unwrap());
                    barrier.wait();
                    agreed
                })
            }
        };
        let ranks: Vec<_> = (0..RANKS).map(|number| scope.spawn(rank(number))).collect();
        ranks.into_iter().map(|rank| rank.join().expect("no rank should fail")).collect()
    });
    for other in &outcomes {
        assert_eq!((&other.reviews, other.done), (&outcomes[0].reviews, outcomes[0].done));
        assert_eq!(other.gradient, gradient_by_hand(300));
    }
    assert_eq!(outcomes[0].done.replanned, 1);
    let alone = reals.map(|real| run(schedule.clone(), &setup, (AS_PLANNED, real), alone));
    assert_eq!(alone.map(|outcome| outcome.done.replanned), [0, 1, 0]);
}

/// An online sweep, whose iterator asks the run where it ends, is changed like any other; data lost
/// after that are mended.
#[test]
fn online_sweeps_and_losses_are_no_exception() {
    let real = Real { write: 4000, read: 4000, ..AS_PLANNED };
    for fails in [None, Some(0)] {
        let schedule = Online::with_disk(3, 30).unwrap().until(|at| at == 199);
        let setup = Setup { slots: 3, fails, every: 20, ..SETUP };
        let found = run(schedule, &setup, (AS_PLANNED, real), alone);
        assert_eq!(found.gradient, gradient_by_hand(200));
        assert!(found.done.replanned >= 1 && found.done.held == 0);
        assert_eq!(found.done.lost > 0, fails.is_some(), "{found:?}");
    }
}

/// After a loss the rest is not the plan's: ranks still meet, and nothing is changed.
#[test]
fn what_mends_a_loss_is_not_changed() {
    let schedule = disk_revolve(300, 4, AS_PLANNED);
    let stored = |action: Action| match action {
        Action::Store { step, tier: TierId(1), .. } => Some(step),
        _ => None,
    };
    let fails = schedule.clone().filter_map(stored).max();
    let setup = Setup { every: 7, fails, ..SETUP };
    let mut moment = 0;
    let found = run(schedule, &setup, (AS_PLANNED, AS_PLANNED), |measured| {
        moment += 1;
        let mut agreed = measured.clone();
        if moment > 20 {
            agreed.forward = MeasuredCost { count: 1, seconds: 1e6, planned_seconds: 1.0 };
        }
        agreed
    });
    assert!(found.done.lost > 0 && fails > Some(300 - 20 * 7));
    assert!(moment > 30, "{moment}");
    assert_eq!((found.done.replanned, &found.reviews[..]), (0, &[][..]));
    assert_eq!(found.gradient, gradient_by_hand(300));
}

/// A tier that works in the background says itself what its work takes. What that is, is not for a
/// test to know; the gradient is.
#[test]
fn background_tiers_are_measured_by_themselves() {
    let vacant = |_| Arc::new([0.0; POINTS]);
    for (factor, every) in [(f64::INFINITY, 3), (1.0, 3), (1.0, 1)] {
        let file = BytesOptions::in_ram(1 << 20).unwrap().queue(1).build(vacant).unwrap();
        let fast = Handles::new(4).unwrap();
        let mut executor = Executor::with_tiers(vec![Box::new(fast), Box::new(file)]).unwrap();
        let adaptive = Adaptive::new(machine(AS_PLANNED)).factor(factor).every(every);
        let mut model = Ring::new();
        let mut written = 0;
        let schedule = disk_revolve(200, 4, AS_PLANNED);
        let done = executor.run_adaptive(&mut model, schedule, &adaptive, |measured| {
            written = written.max(measured.tiers[1].write.count);
            measured.clone()
        });
        assert_eq!(model.gradient_bits(), gradient_by_hand(200));
        let (replanned, reviews) = (done.unwrap().replanned, executor.reviews());
        assert!(written > 0 && (factor == 1.0) != reviews.is_empty());
        assert_eq!(reviews.iter().filter(|review| review.changed).count() as u64, replanned);
    }
}

/// A plain run after an adaptive one measures nothing.
#[test]
fn reviews_are_those_of_the_last_run() {
    let adaptive = Adaptive::new(machine(AS_PLANNED)).factor(1.0).clock(|| 0.0);
    let mut executor = Executor::new(3).unwrap();
    let schedule = Revolve::new(30, 3).unwrap();
    executor.run_adaptive(&mut Ring::new(), schedule.clone(), &adaptive, alone).unwrap();
    assert_eq!(executor.reviews().len(), 1, "steps take nothing");
    assert!(!executor.reviews()[0].changed);
    assert_eq!(executor.run(&mut Ring::new(), schedule).unwrap().replanned, 0);
    assert_eq!(executor.reviews(), []);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    /// Whatever was planned and whatever things take: the same gradient, no decision for the
    /// worse, room and slots kept (the executor refuses otherwise).
    #[test]
    fn no_change_changes_a_bit_or_makes_it_slower(
        steps in 2_u64..200, slots in 1_u64..6, every in 0_u64..40, room in 0_u64..60,
        planned in prop::array::uniform2(1_u64..3000), real in prop::array::uniform2(1_u64..3000),
        forward in 1_u64..40,
    ) {
        let planned = Real { write: planned[0], read: planned[1], ..AS_PLANNED };
        let real = Real { write: real[0], read: real[1], forward, ..AS_PLANNED };
        let setup = Setup { slots, room, every, ..SETUP };
        let found = run(disk_revolve(steps, slots, planned), &setup, (planned, real), alone);
        prop_assert_eq!(found.gradient, gradient_by_hand(steps));
        for review in &found.reviews {
            let faster = review.other_seconds.is_some_and(|other| other < review.kept_seconds);
            prop_assert_eq!(review.changed, faster);
        }
        let changed = found.reviews.iter().filter(|review| review.changed).count() as u64;
        prop_assert_eq!(found.done.replanned, changed);
        prop_assert_eq!((found.done.reversed, found.done.held), (steps, 0));
    }
}

/// A plan chosen by time says itself what a run of it is to be compared with.
#[test]
fn plans_know_their_machine() {
    let work = Workload {
        steps: 100,
        snapshot_bytes: 80,
        adjoint_bytes: 40,
        worker_bytes: 0,
        shared_bytes: 0,
        jobs: 1,
        concurrency: 1,
    };
    assert_eq!(work.plan(Some(500)).unwrap().machine, None);
    let plan = work.choose(&Means::default(), Some(500)).unwrap().plan;
    let machine = plan.machine.clone().unwrap();
    assert_eq!(plan.seconds, Some(simulate(&machine, plan.actions()).seconds));
    let mut executor = Executor::new(plan.slots()).unwrap();
    let mut model = Ring::new();
    let adaptive = Adaptive::new(machine).clock(|| 0.0);
    executor.run_adaptive(&mut model, plan.actions(), &adaptive, alone).unwrap();
    assert_eq!(model.gradient_bits(), gradient_by_hand(100));
}
