//! The executor: a model follows a schedule.
//!
//! Generic over any iterator of [`Action`]s. A program that would rather keep the loop to itself
//! pulls the actions from the schedule and needs nothing of this module.
//!
//! The rules of order and liveness are checked as the run proceeds, at a cost that does not show
//! beside a step: a wrong schedule ends in an error, not in a wrong gradient.

use std::collections::TryReserveError;
use std::ops::{ControlFlow, Range};

use crate::error::Place;
use crate::working::Working;
use crate::{Action, BrokenRule, Data, InvalidAction, Model, TierId};

/// How far a run has come. Steps and snapshots are counted, not bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Progress {
    /// Actions done.
    pub actions: u64,
    /// Forward steps run without recording.
    pub advances: u64,
    /// Forward steps run with recording.
    pub recorded: u64,
    /// Steps reversed: all of them at the end.
    pub reversed: u64,
    /// Snapshots stored so far.
    pub writes: u64,
    /// Snapshots loaded so far, hand-overs included.
    pub reads: u64,
    /// Snapshots held now.
    pub held: u64,
    /// The most snapshots held at a time.
    pub peak_held: u64,
}

/// Why a run stopped early. Snapshots are dropped; where the model stands is not defined.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExecuteError<E> {
    /// The model failed.
    #[error("{}: the model failed", Place { position: *position, action: Some(action) })]
    Model {
        /// Number of actions before this one.
        position: u64,
        /// What the model was asked to do.
        action: Action,
        /// The model's error, as it came.
        source: E,
    },
    /// The schedule is wrong, or needs more slots than the executor has.
    #[error(transparent)]
    Invalid(#[from] InvalidAction),
    /// The hook said so.
    #[error("cancelled after {} actions, {} steps reversed", .0.actions, .0.reversed)]
    Cancelled(Progress),
}

/// Runs schedules over models, and holds their snapshots meanwhile.
///
/// The table of snapshots is allocated once, by [`Executor::new`]: a run allocates nothing, and
/// one executor serves any number of runs.
///
/// ```
/// use std::convert::Infallible;
/// use std::ops::Range;
/// use retrograd_checkpoint::{Executor, Model, Revolve};
///
/// /// `x' = x^2`, whose adjoint is `bar = 2 x bar'`.
/// struct Square { x: f64, recorded: f64, bar: f64 }
///
/// impl Model for Square {
///     type Snapshot = f64;
///     type Error = Infallible;
///     fn advance(&mut self, steps: Range<u64>) -> Result<(), Infallible> {
///         steps.for_each(|_| self.x *= self.x);
///         Ok(())
///     }
///     fn record(&mut self, steps: Range<u64>) -> Result<(), Infallible> {
///         self.recorded = self.x; // Revolve records one step at a time
///         self.advance(steps)
///     }
///     fn reverse(&mut self, _steps: Range<u64>) -> Result<(), Infallible> {
///         self.bar *= 2.0 * self.recorded;
///         Ok(())
///     }
///     fn save(&mut self) -> Result<f64, Infallible> { Ok(self.x) }
///     fn restore(&mut self, from: &f64) -> Result<(), Infallible> { Ok(self.x = *from) }
///     fn take(&mut self, from: f64) -> Result<(), Infallible> { Ok(self.x = from) }
/// }
///
/// let mut model = Square { x: 1.5, recorded: 0.0, bar: 1.0 };
/// let schedule = Revolve::new(3, 1)?;
/// Executor::new(schedule.slots())?.run(&mut model, schedule)?;
/// assert_eq!(model.bar, 8.0 * 1.5_f64.powi(7)); // d(x^8)/dx
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Executor<S> {
    /// Ordered by step and tier.
    held: Vec<Held<S>>,
    slots: usize,
}

#[derive(Debug)]
struct Held<S> {
    key: (u64, TierId),
    snapshot: S,
}

impl<S> Executor<S> {
    /// An executor that holds at most `slots` snapshots, of all tiers together, at a time.
    ///
    /// # Errors
    /// If there is no memory for a table of so many entries (not counting what they point to).
    pub fn new(slots: u64) -> Result<Self, TryReserveError> {
        let slots = usize::try_from(slots).unwrap_or(usize::MAX);
        let mut held = Vec::new();
        held.try_reserve_exact(slots)?;
        Ok(Self { held, slots })
    }

    /// Runs the whole schedule.
    ///
    /// # Errors
    /// [`ExecuteError::Model`] if the model fails, [`ExecuteError::Invalid`] if the schedule
    /// breaks a rule.
    pub fn run<M: Model<Snapshot = S>>(
        &mut self,
        model: &mut M,
        actions: impl IntoIterator<Item = Action>,
    ) -> Result<Progress, ExecuteError<M::Error>> {
        self.run_watched(model, actions, |_| ControlFlow::Continue(()))
    }

    /// Runs the schedule as long as `watch`, called before every action, says so. A load and the
    /// discard directly after it count as two actions with no call in between.
    ///
    /// # Errors
    /// As for [`Executor::run`], and [`ExecuteError::Cancelled`].
    pub fn run_watched<M: Model<Snapshot = S>>(
        &mut self,
        model: &mut M,
        actions: impl IntoIterator<Item = Action>,
        mut watch: impl FnMut(&Progress) -> ControlFlow<()>,
    ) -> Result<Progress, ExecuteError<M::Error>> {
        let mut actions = actions.into_iter().peekable();
        let mut run =
            Run { executor: self, working: Working::new(None), done: Progress::default() };
        let result = loop {
            let Some(action) = actions.next() else { break run.finish() };
            if watch(&run.done).is_break() {
                break Err(ExecuteError::Cancelled(run.done));
            }
            let last_read =
                last_read_mark(&action).is_some_and(|mark| actions.peek() == Some(&mark));
            let read = if last_read { Read::Last } else { Read::More };
            if let Err(failure) = run.follow(model, &action, read) {
                break Err(failure.at(run.done.actions, action));
            }
            run.done.actions += 1;
            if last_read {
                // The discard has been done with the load.
                actions.next();
                run.done.actions += 1;
            }
        };
        self.held.clear();
        result
    }

    /// The place of `key` in the table, or else where to insert it.
    fn find(&self, key: (u64, TierId)) -> Result<usize, usize> {
        // Schedules mostly store and read at the end.
        match self.held.last() {
            Some(last) if last.key == key => Ok(self.held.len() - 1),
            Some(last) if last.key > key => self.held.binary_search_by_key(&key, |held| held.key),
            Some(_) | None => Err(self.held.len()),
        }
    }
}

/// Whether a snapshot is read again.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Read {
    More,
    Last,
}

/// The discard that, directly after it, makes a load the last read.
///
/// Only loads ask for the next action in advance: a schedule that learns from the run what comes
/// next is asked as late as possible.
fn last_read_mark(action: &Action) -> Option<Action> {
    match *action {
        Action::Load { kind, step, tier } => Some(Action::Discard { kind, step, tier }),
        Action::Advance { .. }
        | Action::Record { .. }
        | Action::Reverse { .. }
        | Action::Store { .. }
        | Action::Discard { .. } => None,
    }
}

/// Why one action failed, its place not yet known.
enum Failure<E> {
    Model(E),
    Rule(BrokenRule),
}

impl<E> From<BrokenRule> for Failure<E> {
    fn from(rule: BrokenRule) -> Self {
        Self::Rule(rule)
    }
}

impl<E> Failure<E> {
    fn at(self, position: u64, action: Action) -> ExecuteError<E> {
        match self {
            Self::Model(source) => ExecuteError::Model { position, action, source },
            Self::Rule(rule) => {
                ExecuteError::Invalid(InvalidAction { position, action: Some(action), rule })
            }
        }
    }
}

/// Adds a range of steps. Saturates: a stream that nobody proved may name any numbers.
fn count(total: &mut u64, steps: &Range<u64>) {
    *total = total.saturating_add(steps.end - steps.start);
}

/// One run of an executor.
struct Run<'a, S> {
    executor: &'a mut Executor<S>,
    working: Working,
    done: Progress,
}

impl<S> Run<'_, S> {
    fn follow<M: Model<Snapshot = S>>(
        &mut self,
        model: &mut M,
        action: &Action,
        read: Read,
    ) -> Result<(), Failure<M::Error>> {
        if let Action::Store { kind: Data::Adjoint, .. }
        | Action::Load { kind: Data::Adjoint, .. }
        | Action::Discard { kind: Data::Adjoint, .. } = action
        {
            return Err(BrokenRule::AdjointNotSupported.into());
        }
        self.working.follow(action)?;
        match action {
            Action::Advance { steps } => {
                count(&mut self.done.advances, steps);
                model.advance(steps.clone()).map_err(Failure::Model)
            }
            Action::Record { steps } => {
                count(&mut self.done.recorded, steps);
                model.record(steps.clone()).map_err(Failure::Model)
            }
            Action::Reverse { steps } => {
                count(&mut self.done.reversed, steps);
                model.reverse(steps.clone()).map_err(Failure::Model)
            }
            Action::Store { step, tier, .. } => self.store(model, *step, *tier),
            Action::Load { step, tier, .. } => self.load(model, *step, *tier, read),
            Action::Discard { step, tier, .. } => {
                let index = self.find(*step, *tier)?;
                self.remove(index);
                Ok(())
            }
        }
    }

    fn store<M: Model<Snapshot = S>>(
        &mut self,
        model: &mut M,
        step: u64,
        tier: TierId,
    ) -> Result<(), Failure<M::Error>> {
        let Err(index) = self.executor.find((step, tier)) else {
            return Err(BrokenRule::StoredTwice { kind: Data::Restart, step, tier }.into());
        };
        let slots = self.executor.slots;
        if self.executor.held.len() == slots {
            return Err(BrokenRule::SlotsExceeded { slots: slots as u64 }.into());
        }
        let snapshot = model.save().map_err(Failure::Model)?;
        self.executor.held.insert(index, Held { key: (step, tier), snapshot });
        self.done.writes += 1;
        self.done.held += 1;
        self.done.peak_held = self.done.peak_held.max(self.done.held);
        Ok(())
    }

    fn load<M: Model<Snapshot = S>>(
        &mut self,
        model: &mut M,
        step: u64,
        tier: TierId,
        read: Read,
    ) -> Result<(), Failure<M::Error>> {
        let index = self.find(step, tier)?;
        self.done.reads += 1;
        match read {
            Read::More => model.restore(&self.executor.held[index].snapshot),
            Read::Last => model.take(self.remove(index)),
        }
        .map_err(Failure::Model)
    }

    fn find(&self, step: u64, tier: TierId) -> Result<usize, BrokenRule> {
        let missing = BrokenRule::NotStored { kind: Data::Restart, step, tier };
        self.executor.find((step, tier)).map_err(|_| missing)
    }

    fn remove(&mut self, index: usize) -> S {
        self.done.held -= 1;
        self.executor.held.remove(index).snapshot
    }

    fn finish<E>(&self) -> Result<Progress, ExecuteError<E>> {
        let left = self.executor.held.first().map(|held| {
            let (step, tier) = held.key;
            BrokenRule::LeftStored { kind: Data::Restart, step, tier }
        });
        match self.working.finish().err().or(left) {
            None => Ok(self.done),
            Some(rule) => {
                let position = self.done.actions;
                Err(ExecuteError::Invalid(InvalidAction { position, action: None, rule }))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;
    use crate::Revolve;

    struct Nothing;

    impl Model for Nothing {
        type Snapshot = ();
        type Error = Infallible;
        fn advance(&mut self, _: Range<u64>) -> Result<(), Infallible> {
            Ok(())
        }
        fn record(&mut self, _: Range<u64>) -> Result<(), Infallible> {
            Ok(())
        }
        fn reverse(&mut self, _: Range<u64>) -> Result<(), Infallible> {
            Ok(())
        }
        fn save(&mut self) -> Result<(), Infallible> {
            Ok(())
        }
        fn restore(&mut self, (): &()) -> Result<(), Infallible> {
            Ok(())
        }
        fn take(&mut self, (): ()) -> Result<(), Infallible> {
            Ok(())
        }
    }

    /// The table is the one that `new` reserved, run after run.
    #[test]
    fn runs_do_not_grow_the_table() {
        let mut executor = Executor::new(5).expect("five slots should fit");
        let (address, capacity) = (executor.held.as_ptr(), executor.held.capacity());
        for steps in [1, 7, 500] {
            let schedule = Revolve::new(steps, 5).expect("five snapshots should do");
            executor.run(&mut Nothing, schedule).expect("the schedule should be valid");
            assert_eq!((executor.held.as_ptr(), executor.held.capacity()), (address, capacity));
        }
    }

    #[test]
    fn a_table_beyond_memory_is_an_error() {
        assert!(Executor::<[u8; 64]>::new(u64::MAX).is_err());
    }
}
