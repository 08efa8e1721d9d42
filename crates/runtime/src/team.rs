//! Threads that work on one step together.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread::{JoinHandle, Thread};

use crate::subnormals::Subnormals;

/// Rounds of waiting actively before a thread gives its core away.
const SPINS: usize = 4000;

/// Length of one round after that.
const NAP: std::time::Duration = std::time::Duration::from_micros(20);

/// A fixed number of threads, the calling one included, that run the same job with different
/// numbers and can wait for each other within it.
///
/// Subnormal numbers are flushed to zero in all of them while a job runs. A job starts within
/// about a microsecond while steps follow each other, and threads sleep when they do not.
#[derive(Debug)]
pub struct Team {
    shared: Arc<Shared>,
    workers: Vec<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    size: usize,
    /// The workers, to be woken; all of them, or none yet.
    workers: OnceLock<Vec<Thread>>,
    /// Whether somebody has a job running; stays so once the team is gone.
    taken: AtomicBool,
    /// Number of jobs begun.
    begun: AtomicUsize,
    /// Workers that have finished the current job.
    finished: AtomicUsize,
    stop: AtomicBool,
    panicked: AtomicBool,
    job: JobCell,
    /// Threads that have arrived at the current wait, and number of completed waits.
    arrived: AtomicUsize,
    passed: AtomicUsize,
}

/// The current job: written by the caller before `begun` rises, read by workers after.
#[derive(Debug)]
struct JobCell(std::cell::UnsafeCell<Option<Job>>);

type JobFn = dyn Fn(usize) + Sync;

/// A job whose borrow has been lengthened; see [`Team::run`].
#[derive(Clone, Copy)]
struct Job(&'static JobFn);

impl std::fmt::Debug for Job {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Job")
    }
}

// SAFETY: the cell is written only by the thread in `Shared::run`, alone there as it has set `taken`
// (acquire) and clears it last (release), while all workers wait for `begun` to rise; it is read
// only between that rise (release, acquire) and their `finished` increments (release), which
// `run` awaits (acquire) before it returns.
unsafe impl Sync for JobCell {}

impl Team {
    /// A team of `size` threads, at least one.
    pub fn new(size: usize) -> Self {
        let size = size.max(1);
        let shared = Arc::new(Shared {
            size,
            workers: OnceLock::new(),
            taken: AtomicBool::new(false),
            begun: AtomicUsize::new(0),
            finished: AtomicUsize::new(0),
            stop: AtomicBool::new(false),
            panicked: AtomicBool::new(false),
            job: JobCell(std::cell::UnsafeCell::new(None)),
            arrived: AtomicUsize::new(0),
            passed: AtomicUsize::new(0),
        });
        let workers = (1..size).filter_map(|number| {
            let shared = shared.clone();
            let name = format!("retrograd-{number}");
            std::thread::Builder::new().name(name).spawn(move || work(&shared, number)).ok()
        });
        let workers: Vec<_> = workers.collect();
        if workers.len() + 1 == size {
            let threads = || workers.iter().map(|worker| worker.thread().clone()).collect();
            shared.workers.get_or_init(threads);
            return Self { shared, workers };
        }
        // The system refused a thread: the others are let go and the caller works alone.
        let partial = Self { shared, workers };
        drop(partial);
        Self::new(1)
    }

    /// Number of threads.
    pub fn size(&self) -> usize {
        self.shared.size
    }

    /// Runs `job(0)` here and `job(1)`, ..., `job(size - 1)` in the other threads; returns when
    /// all are done. Waits for a job of somebody that the team is lent to.
    ///
    /// # Panics
    /// If a job panics. Threads that wait for the one that panicked panic as well, so that all
    /// come back; the team stays usable.
    pub fn run(&mut self, job: &(dyn Fn(usize) + Sync)) {
        wait_until(|| self.shared.take());
        self.shared.run(job);
    }

    /// The threads of the team for work of somebody else's, while the team has none of its own.
    pub fn lend(&self) -> LentTeam {
        LentTeam { shared: self.shared.clone() }
    }

    /// Waits, inside a job, until all threads of the team have arrived here.
    pub fn wait_in(&self) -> Waiter {
        Waiter { shared: self.shared.clone() }
    }
}

impl Shared {
    /// Takes the team, if nobody has it.
    fn take(&self) -> bool {
        let taken = &self.taken;
        taken.compare_exchange(false, true, Ordering::Acquire, Ordering::Relaxed).is_ok()
    }

    /// Runs a job for the one who has taken the team, and gives it back.
    fn run(&self, job: &(dyn Fn(usize) + Sync)) {
        let _given_back = GiveBack(&self.taken);
        let flushing = Subnormals::flush();
        let workers = self.workers.get().map_or(&[][..], Vec::as_slice);
        if workers.is_empty() {
            job(0);
            drop(flushing);
            return;
        }
        // SAFETY: workers use the job only before they count themselves finished, which is awaited
        // below also when the own part panics; so the borrow outlives every use.
        let job = unsafe { std::mem::transmute::<&(dyn Fn(usize) + Sync), &'static JobFn>(job) };
        self.finished.store(0, Ordering::Relaxed);
        // What a job that panicked has left behind.
        self.panicked.store(false, Ordering::Relaxed);
        self.arrived.store(0, Ordering::Relaxed);
        // SAFETY: see `JobCell`; `taken` keeps other callers out.
        unsafe { *self.job.0.get() = Some(Job(job)) };
        self.begun.fetch_add(1, Ordering::Release);
        for worker in workers {
            worker.unpark();
        }
        let own = catch_unwind(AssertUnwindSafe(|| (job)(0)));
        if own.is_err() {
            self.panicked.store(true, Ordering::Release);
        }
        wait_until(|| self.finished.load(Ordering::Acquire) == workers.len());
        drop(flushing);
        if let Err(panic) = own {
            resume_unwind(panic);
        }
        assert!(!self.panicked.load(Ordering::Relaxed), "a thread of the team panicked");
    }
}

/// Gives a team back, also when a job has panicked.
struct GiveBack<'a>(&'a AtomicBool);

impl Drop for GiveBack<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

/// The threads of a [`Team`] for work that is not its owner's, such as encoding snapshots between
/// two steps. The owner waits for it, so it should be brief.
#[derive(Clone, Debug)]
pub struct LentTeam {
    shared: Arc<Shared>,
}

impl LentTeam {
    /// Number of threads.
    pub fn size(&self) -> usize {
        self.shared.size
    }

    /// Runs `job(0)` here and `job(1)`, ..., `job(size - 1)` in the other threads, if they have
    /// nothing else to do, and returns when all are done; does nothing and returns `false`
    /// otherwise, also once the team is gone. Unlike in jobs of the team's own, subnormal numbers
    /// are kept.
    ///
    /// # Panics
    /// If a job panics; the team stays usable.
    pub fn run(&self, job: &(dyn Fn(usize) + Sync)) -> bool {
        if !self.shared.take() {
            return false;
        }
        self.shared.run(&|number| {
            let _kept = Subnormals::keep();
            job(number);
        });
        true
    }
}

/// Lets the threads of a job wait for each other.
#[derive(Clone, Debug)]
pub struct Waiter {
    shared: Arc<Shared>,
}

impl Waiter {
    /// Returns when every thread of the team has called it.
    ///
    /// # Panics
    /// If another thread of the team has panicked in this job: it would never arrive.
    pub fn wait(&self) {
        let shared = &self.shared;
        if shared.size == 1 {
            return;
        }
        let round = shared.passed.load(Ordering::Acquire);
        if shared.arrived.fetch_add(1, Ordering::AcqRel) + 1 == shared.size {
            shared.arrived.store(0, Ordering::Relaxed);
            shared.passed.store(round.wrapping_add(1), Ordering::Release);
        } else {
            let panicked = || shared.panicked.load(Ordering::Acquire);
            let passed = || shared.passed.load(Ordering::Acquire) != round;
            wait_until(|| passed() || panicked());
            assert!(passed() || !panicked(), "another thread of the team panicked");
        }
    }
}

impl Drop for Team {
    fn drop(&mut self) {
        // For good: those whom the team is lent to find it at work.
        wait_until(|| self.shared.take());
        self.shared.stop.store(true, Ordering::Release);
        self.shared.begun.fetch_add(1, Ordering::Release);
        for worker in self.workers.drain(..) {
            worker.thread().unpark();
            // A worker that panicked has been reported by `run`.
            let _ = worker.join();
        }
    }
}

fn wait_until(done: impl Fn() -> bool) {
    let mut rounds = 0usize;
    while !done() {
        rounds += 1;
        if rounds < SPINS {
            std::hint::spin_loop();
        } else {
            // The other thread has lost its core: yielding would keep this one busy all the same.
            std::thread::sleep(NAP);
        }
    }
}

fn work(shared: &Shared, number: usize) {
    let _flushing = Subnormals::flush();
    let mut seen = 0;
    loop {
        wait_for_job(shared, seen);
        seen = shared.begun.load(Ordering::Acquire);
        if shared.stop.load(Ordering::Acquire) {
            return;
        }
        // SAFETY: see `JobCell`.
        let job = unsafe { *shared.job.0.get() };
        if let Some(Job(job)) = job
            && catch_unwind(AssertUnwindSafe(|| job(number))).is_err()
        {
            shared.panicked.store(true, Ordering::Release);
        }
        shared.finished.fetch_add(1, Ordering::Release);
    }
}

/// Spins for a while, then sleeps until the caller wakes it.
fn wait_for_job(shared: &Shared, seen: usize) {
    let mut rounds = 0usize;
    while shared.begun.load(Ordering::Acquire) == seen {
        rounds += 1;
        if rounds < 20 * SPINS {
            std::hint::spin_loop();
        } else {
            // A token left by an earlier wake-up only costs one more round.
            std::thread::park();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicU64;

    use super::*;

    #[test]
    fn every_thread_runs_every_job_once() {
        for size in [1, 2, 3, 7] {
            let mut team = Team::new(size);
            let sum = AtomicU64::new(0);
            for _ in 0..200 {
                team.run(&|number| {
                    sum.fetch_add(1 << (8 * number), Ordering::Relaxed);
                });
            }
            let expected: u64 = (0..size).map(|n| 200 << (8 * n)).sum();
            assert_eq!(sum.load(Ordering::Relaxed), expected);
        }
    }

    #[test]
    fn threads_wait_for_each_other() {
        let mut team = Team::new(3);
        let waiter = team.wait_in();
        let arrived = AtomicUsize::new(0);
        team.run(&|_| {
            for round in 1..=100 {
                arrived.fetch_add(1, Ordering::Relaxed);
                waiter.wait();
                assert!(arrived.load(Ordering::Relaxed) >= 3 * round);
                waiter.wait();
            }
        });
    }

    /// The thread that panics never arrives; the others come back all the same, whoever it is.
    #[test]
    fn a_panic_in_one_thread_ends_the_job_in_all() {
        let mut team = Team::new(3);
        let waiter = team.wait_in();
        for guilty in 0..3 {
            let run = catch_unwind(AssertUnwindSafe(|| {
                team.run(&|number| {
                    assert_ne!(number, guilty, "as the test wants it");
                    waiter.wait();
                });
            }));
            assert!(run.is_err(), "the panic of thread {guilty} should be reported");
            let sum = AtomicUsize::new(0);
            team.run(&|number| {
                waiter.wait();
                sum.fetch_add(number + 1, Ordering::Relaxed);
            });
            assert_eq!(sum.load(Ordering::Relaxed), 6, "the team should stay usable");
        }
    }

    #[test]
    fn subnormals_are_flushed_only_inside_a_job() {
        let mut team = Team::new(2);
        let tiny = std::hint::black_box(f32::MIN_POSITIVE);
        team.run(&|_| assert_eq!(std::hint::black_box(tiny * 0.5), 0.0));
        assert!(std::hint::black_box(tiny * 0.5) > 0.0);
    }

    #[test]
    fn a_lent_team_works_while_its_owner_does_not() {
        let mut team = Team::new(3);
        let lent = team.lend();
        let sum = AtomicUsize::new(0);
        let tiny = std::hint::black_box(f32::MIN_POSITIVE);
        assert!(lent.run(&|number| {
            assert!(std::hint::black_box(tiny * 0.5) > 0.0, "subnormals should be kept");
            sum.fetch_add(number + 1, Ordering::Relaxed);
            assert!(!lent.run(&|_| panic!("nobody should be free")), "within a job");
        }));
        assert_eq!(sum.load(Ordering::Relaxed), 6);
        team.run(&|_| {
            assert!(!lent.run(&|_| panic!("nobody should be free")), "within the owner's job");
            assert_eq!(std::hint::black_box(tiny * 0.5), 0.0, "subnormals should be flushed");
        });
        drop(team);
        assert!(!lent.run(&|_| panic!("the team should be gone")));
    }

    /// The owner and one whom the team is lent to, in two threads: every job runs alone.
    #[test]
    fn jobs_of_two_do_not_mix() {
        const JOBS: usize = 500;
        let mut team = Team::new(2);
        let lent = team.lend();
        let at_work = AtomicUsize::new(0);
        let job = |_: usize| {
            let others = at_work.fetch_add(1, Ordering::Relaxed);
            assert!(others < 2, "a team of two should run two threads");
            at_work.fetch_sub(1, Ordering::Relaxed);
        };
        std::thread::scope(|scope| {
            scope.spawn(|| (0..JOBS).for_each(|_| _ = lent.run(&job)));
            (0..JOBS).for_each(|_| team.run(&job));
        });
        assert!(lent.run(&job), "the team should be free again");
    }
}
