//! The executor: a model follows a schedule.
//!
//! Generic over any iterator of [`Action`]s. A program that would rather keep the loop to itself
//! pulls the actions from the schedule and needs nothing of this module.
//!
//! The rules of order and liveness are checked as the run proceeds, at a cost that does not show
//! beside a step: a wrong schedule ends in an error, not in a wrong gradient.
//!
//! Data that a tier has lost (a full disk, a damaged block) are computed again from the data that
//! are left: the rest of the schedule is replaced by one from there, and the gradient is the same.
//! [`Progress::lost`] says that it happened, [`Executor::failures`] why.

mod adaptive;
mod ledger;
mod open;
mod rescue;
mod resume;
mod run;
mod scout;

use std::collections::TryReserveError;
use std::fmt;
use std::ops::ControlFlow;

use crate::error::Place;
use crate::tier::{Handles, Key, Tier, TierError, TierUse};
use crate::{Action, Data, InvalidAction, Model, TierId};
use adaptive::Meter;
pub use adaptive::{Adaptive, Measured, MeasuredCost, MeasuredTier, Review};
use ledger::Ledger;
pub use resume::{Resumable, SweepLog};
use run::Run;
pub(crate) use scout::{Listener, Scout};

/// Failures of tiers that are kept for the caller at most; more of the same say nothing new.
const FAILURES_KEPT: usize = 16;

/// The kinds of data, in order.
const DATA: [Data; 2] = [Data::Restart, Data::Adjoint];

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
    /// Data that a tier could not keep or give back, and that were or will be computed again.
    pub lost: u64,
    /// Times that the plan was changed because costs were not what was planned.
    pub replanned: u64,
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
    /// A tier failed, and nothing was left from which its data could be computed again.
    #[error("{}: {source}", Place { position: *position, action: Some(action) })]
    Tier {
        /// Number of actions before this one.
        position: u64,
        /// What was asked for.
        action: Action,
        /// What the tier says.
        #[source]
        source: TierError,
    },
    /// The hook said so.
    #[error("cancelled after {} actions, {} steps reversed", .0.actions, .0.reversed)]
    Cancelled(Progress),
}

/// Runs schedules over models, and holds their snapshots meanwhile.
///
/// Tables are allocated once: a run whose snapshots are handles allocates nothing, and one
/// executor serves any number of runs.
///
/// ```
/// use std::convert::Infallible;
/// use std::ops::Range;
/// use retrograd_checkpoint::{Data, Executor, Model, Revolve};
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
///     fn save(&mut self, _: Data, _: u64) -> Result<f64, Infallible> { Ok(self.x) }
///     fn restore(&mut self, _: Data, _: u64, from: &f64) -> Result<(), Infallible> {
///         Ok(self.x = *from)
///     }
///     fn take(&mut self, _: Data, _: u64, from: f64) -> Result<(), Infallible> {
///         Ok(self.x = from)
///     }
/// }
///
/// let mut model = Square { x: 1.5, recorded: 0.0, bar: 1.0 };
/// let schedule = Revolve::new(3, 1)?;
/// Executor::new(schedule.slots())?.run(&mut model, schedule)?;
/// assert_eq!(model.bar, 8.0 * 1.5_f64.powi(7)); // d(x^8)/dx
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Executor<S> {
    tiers: Vec<Box<dyn Tier<S>>>,
    ledger: Ledger,
    failures: Vec<TierError>,
    /// Times actions, in a run that adapts its plan.
    meter: Option<Box<Meter>>,
    /// What is followed has just been changed.
    changed: bool,
    /// What is followed is a schedule from what was left when data were lost.
    rescued: bool,
    reviews: Vec<Review>,
}

impl<S> fmt::Debug for Executor<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Executor").field("tiers", &self.tiers.len()).finish_non_exhaustive()
    }
}

impl<S: Send + 'static> Executor<S> {
    /// An executor with one tier, that of handles in RAM, which holds at most `slots` snapshots
    /// at a time.
    ///
    /// # Errors
    /// If there is no memory for a table of so many entries (not counting what they point to).
    pub fn new(slots: u64) -> Result<Self, TryReserveError> {
        let handles: Box<dyn Tier<S>> = Box::new(Handles::new(slots)?);
        Self::with_tiers(vec![handles])
    }

    /// An executor with the given tiers, [`TierId`](crate::TierId) 0 first.
    ///
    /// # Errors
    /// If there is no memory for the table of what the tiers hold.
    pub fn with_tiers(tiers: Vec<Box<dyn Tier<S>>>) -> Result<Self, TryReserveError> {
        let slots = tiers.iter().map(|tier| tier.slots().unwrap_or(0)).fold(0, u64::saturating_add);
        let sizes = tiers.iter().map(|tier| DATA.map(|kind| tier.slots_of(kind)));
        let ledger = Ledger::new(sizes, slots)?;
        let (failures, reviews) = (Vec::new(), Vec::new());
        let (changed, rescued) = (false, false);
        Ok(Self { tiers, ledger, failures, meter: None, changed, rescued, reviews })
    }

    /// Runs the whole schedule.
    ///
    /// # Errors
    /// [`ExecuteError::Model`] if the model fails, [`ExecuteError::Invalid`] if the schedule
    /// breaks a rule, [`ExecuteError::Tier`] if a tier has lost what cannot be computed again.
    pub fn run<M, I>(
        &mut self,
        model: &mut M,
        actions: I,
    ) -> Result<Progress, ExecuteError<M::Error>>
    where
        M: Model<Snapshot = S>,
        I: IntoIterator<Item = Action, IntoIter: Clone>,
    {
        self.run_watched(model, actions, |_| ControlFlow::Continue(()))
    }

    /// Runs the schedule as long as `watch`, called before every action, says so. A load and the
    /// discard directly after it count as two actions with no call in between.
    ///
    /// # Errors
    /// As for [`Executor::run`], and [`ExecuteError::Cancelled`].
    pub fn run_watched<M, I>(
        &mut self,
        model: &mut M,
        actions: I,
        watch: impl FnMut(&Progress) -> ControlFlow<()>,
    ) -> Result<Progress, ExecuteError<M::Error>>
    where
        M: Model<Snapshot = S>,
        I: IntoIterator<Item = Action, IntoIter: Clone>,
    {
        self.begin();
        let log = |_: &mut M, _: &mut Self, _| Ok(());
        let result = Run::new(self).follow_all(model, actions.into_iter(), watch, log);
        self.end();
        result
    }

    /// Runs a schedule of several adjoint sweeps, such as [`Sweeps`](crate::Sweeps), as long as
    /// `watch` says so. [`Progress::reversed`] counts the steps of all sweeps.
    ///
    /// `begin` is told that a sweep begins, the first of number 0: before the first action, and
    /// from then on directly after the last step of the sweep before is reversed. That is the place
    /// to take the gradient of the sweep before, and to set the next cotangent. One that depends on
    /// the last state is set when the model is to reverse the last step, as in any run.
    ///
    /// Where a tier has lost data, the sweeps that follow begin at `x_0`.
    ///
    /// # Errors
    /// As for [`Executor::run_watched`]; an error of `begin` is one of the model.
    ///
    /// ```
    /// # use std::convert::Infallible;
    /// # use std::ops::{ControlFlow, Range};
    /// # use retrograd_checkpoint::{Data, Executor, Model, Sweeps};
    /// # struct Square { x: f64, recorded: f64, bar: f64 }
    /// # impl Model for Square {
    /// #     type Snapshot = f64;
    /// #     type Error = Infallible;
    /// #     fn advance(&mut self, steps: Range<u64>) -> Result<(), Infallible> {
    /// #         steps.for_each(|_| self.x *= self.x);
    /// #         Ok(())
    /// #     }
    /// #     fn record(&mut self, steps: Range<u64>) -> Result<(), Infallible> {
    /// #         self.recorded = self.x;
    /// #         self.advance(steps)
    /// #     }
    /// #     fn reverse(&mut self, _steps: Range<u64>) -> Result<(), Infallible> {
    /// #         self.bar *= 2.0 * self.recorded;
    /// #         Ok(())
    /// #     }
    /// #     fn save(&mut self, _: Data, _: u64) -> Result<f64, Infallible> { Ok(self.x) }
    /// #     fn restore(&mut self, _: Data, _: u64, from: &f64) -> Result<(), Infallible> {
    /// #         Ok(self.x = *from)
    /// #     }
    /// #     fn take(&mut self, _: Data, _: u64, from: f64) -> Result<(), Infallible> {
    /// #         Ok(self.x = from)
    /// #     }
    /// # }
    /// // The model of the example above, with two cotangents.
    /// let mut model = Square { x: 1.5, recorded: 0.0, bar: 0.0 };
    /// let schedule = Sweeps::new(3, 2, 2)?;
    /// let (cotangents, mut gradients) = ([1.0, 10.0], Vec::new());
    /// let begin = |model: &mut Square, sweep: u64| {
    ///     gradients.extend((sweep > 0).then_some(model.bar));
    ///     Ok(model.bar = cotangents[sweep as usize])
    /// };
    /// let mut executor = Executor::new(schedule.slots())?;
    /// executor.run_sweeps(&mut model, schedule, 2, begin, |_| ControlFlow::Continue(()))?;
    /// gradients.push(model.bar);
    /// assert_eq!(gradients, [8.0 * 1.5_f64.powi(7), 80.0 * 1.5_f64.powi(7)]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn run_sweeps<M, I>(
        &mut self,
        model: &mut M,
        actions: I,
        sweeps: u64,
        mut begin: impl FnMut(&mut M, u64) -> Result<(), M::Error>,
        watch: impl FnMut(&Progress) -> ControlFlow<()>,
    ) -> Result<Progress, ExecuteError<M::Error>>
    where
        M: Model<Snapshot = S>,
        I: IntoIterator<Item = Action, IntoIter: Clone>,
    {
        self.begin();
        if sweeps > 0
            && let Err(source) = begin(model, 0)
        {
            let action = Action::Reverse { steps: 0..0 };
            return Err(ExecuteError::Model { position: 0, action, source });
        }
        let mut begun = 1;
        let told = |model: &mut M, _: &mut Self, pending: u64| {
            if pending == 0 && begun < sweeps {
                begun += 1;
                begin(model, begun - 1)?;
            }
            Ok(())
        };
        let run = Run::new(self).repeated(sweeps);
        let result = run.follow_all(model, actions.into_iter(), watch, told);
        self.end();
        result
    }

    /// As [`Executor::run_watched`], such that another process can take the reverse sweep up: its
    /// state is written to `log` from time to time. If the log has one, of the same identity, the
    /// schedule is followed from the point that it had come to, with what the tiers hold; where
    /// data are missing, or the schedule never comes to that point, the steps left are reversed
    /// from what the tiers hold by a schedule of their own.
    ///
    /// The model is at `x_0`, as for any run. A log that cannot be written costs no more than the
    /// chance to resume: see [`Executor::failures`].
    ///
    /// # Errors
    /// As for [`Executor::run_watched`].
    pub fn run_resumable<M, I>(
        &mut self,
        model: &mut M,
        actions: I,
        log: &mut SweepLog,
        watch: impl FnMut(&Progress) -> ControlFlow<()>,
    ) -> Result<Progress, ExecuteError<M::Error>>
    where
        M: Resumable<Snapshot = S>,
        I: IntoIterator<Item = Action, IntoIter: Clone>,
    {
        let found = log.found().map(|(pending, state)| (pending, model.load_sweep(state)));
        let write = |model: &mut M, executor: &mut Self, pending: u64| {
            if pending > 0 && log.is_due() {
                let (tier, action) = (log.path().display().to_string(), "log the sweep");
                if let Err(source) = log.write(model, pending)? {
                    executor.note_failure(TierError::Io { tier, action, source });
                }
            }
            Ok(())
        };
        let result = if let Some((pending, loaded)) = found {
            self.forget();
            match loaded {
                Ok(()) => {
                    Run::new(self).follow_rest(model, actions.into_iter(), pending, watch, write)
                }
                Err(source) => {
                    let action = Action::Reverse { steps: pending..pending };
                    Err(ExecuteError::Model { position: 0, action, source })
                }
            }
        } else {
            self.begin();
            Run::new(self).follow_all(model, actions.into_iter(), watch, write)
        };
        if result.is_ok() {
            log.remove();
            self.end();
        } else {
            // What is stored stays for whoever resumes; what could not be stored does not matter.
            self.tiers.iter_mut().for_each(|tier| drop(tier.drain()));
            self.ledger.clear();
        }
        result
    }

    /// Nothing is stored, whatever was left.
    fn begin(&mut self) {
        self.forget();
        self.end();
    }

    /// Nothing is known of earlier runs.
    fn forget(&mut self) {
        self.failures.clear();
        self.reviews.clear();
        self.meter = None;
        self.rescued = false;
        self.ledger.clear();
    }

    fn end(&mut self) {
        self.ledger.clear();
        self.tiers.iter_mut().for_each(|tier| tier.clear());
    }

    /// What each tier has done, of all runs together.
    pub fn usage(&self) -> Vec<TierUse> {
        self.tiers.iter().map(|tier| tier.usage()).collect()
    }

    /// What went wrong in tiers during the last run and was mended, the first few.
    pub fn failures(&self) -> &[TierError] {
        &self.failures
    }

    fn note_failure(&mut self, failure: TierError) {
        if self.failures.len() < FAILURES_KEPT {
            self.failures.push(failure);
        }
    }
}

impl<S> Listener for Executor<S> {
    fn listens(&self, tier: TierId) -> bool {
        self.tiers.get(tier.0 as usize).is_some_and(|tier| tier.prefetches())
    }

    fn announce(&mut self, key: Key, tier: TierId) -> bool {
        self.ledger.holds(key, tier) && self.tiers[tier.0 as usize].prefetch(key)
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::ops::Range;

    use super::*;
    use crate::{BrokenRule, Revolve};

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
        fn save(&mut self, _: Data, _: u64) -> Result<(), Infallible> {
            Ok(())
        }
        fn restore(&mut self, _: Data, _: u64, (): &()) -> Result<(), Infallible> {
            Ok(())
        }
        fn take(&mut self, _: Data, _: u64, (): ()) -> Result<(), Infallible> {
            Ok(())
        }
    }

    /// The table is the one that `new` reserved, run after run.
    #[test]
    fn runs_do_not_grow_the_table() {
        let mut executor = Executor::new(5).expect("five slots should fit");
        let before = executor.ledger.allocation();
        for steps in [1, 7, 500] {
            let schedule = Revolve::new(steps, 5).expect("five snapshots should do");
            executor.run(&mut Nothing, schedule).expect("the schedule should be valid");
            assert_eq!(executor.ledger.allocation(), before);
        }
    }

    #[test]
    fn adjoint_data_are_refused_by_models_that_do_not_know_them() {
        let store = Action::Store { kind: Data::Adjoint, step: 0, tier: TierId(0) };
        let actions = [Action::Record { steps: 0..1 }, store];
        let error = Executor::new(1).expect("should fit").run(&mut Nothing, actions);
        let Err(ExecuteError::Invalid(error)) = error else { panic!("should be refused") };
        assert_eq!(error.rule, BrokenRule::AdjointNotSupported);
    }

    #[test]
    fn a_table_beyond_memory_is_an_error() {
        assert!(Executor::<[u8; 64]>::new(u64::MAX).is_err());
    }
}
