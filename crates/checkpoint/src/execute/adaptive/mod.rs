//! Runs that measure what actions take, and change their plan if that is not what was planned.
//!
//! The plan is looked at again at the turn, after the first reverse, and then whenever so many
//! steps more have been reversed: moments that follow from the schedule alone. At each the
//! measurements go through a function of the caller's, in which ranks reduce them. If what comes
//! out differs from the plan by more than a factor, the rest of the schedule is compared on the
//! measured machine, by [`simulate`](crate::simulate), with others that start from what is stored:
//!
//! * the optimal [`Reversal`](crate::Reversal) from all of it;
//! * the same from fewer of the snapshots in slower tiers, for tiers that turn out slow;
//! * long gaps cut by new snapshots in a slower tier, for one that turns out fast.
//!
//! The fastest is followed, the old one among them: by its own prediction no change makes a run
//! slower. What is computed is the same to the last bit. Data that a tier has lost are mended as in
//! any run; the plan is not changed any more then.
//!
//! Costs two readings of the clock per action, and at moments where something differs one
//! simulation of the rest per schedule compared, some dozens. [`Executor::run`] costs nothing more.

mod decide;
mod meter;
mod refine;

use std::cell::RefCell;
use std::fmt;
use std::ops::ControlFlow;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

use super::run::Run;
use super::{ExecuteError, Executor, Progress};
use crate::schedule::AnySchedule;
use crate::simulate::Machine;
use crate::{Action, Data, Model, TierId};
use decide::Place;
use meter::Clock;
pub(super) use meter::Meter;
pub use meter::{Measured, MeasuredCost, MeasuredTier};

/// When a plan is looked at again, and what it is compared with.
///
/// ```
/// use retrograd_checkpoint::Adaptive;
/// use retrograd_checkpoint::simulate::{Machine, TierSpeed};
///
/// let planned = Machine {
///     forward_seconds: 1e-3.into(),
///     record_seconds: 1e-3.into(),
///     reverse_seconds: 2e-3.into(),
///     restart_seconds: 0.0,
///     restart_bytes: (8 << 20).into(),
///     adjoint_bytes: (4 << 20).into(),
///     tiers: vec![TierSpeed::HANDLES],
/// };
/// // At the turn and after every 1000 steps, if something takes twice as long or half.
/// let adaptive = Adaptive::new(planned).factor(2.0).every(1000);
/// # let _ = adaptive;
/// ```
#[derive(Clone)]
pub struct Adaptive {
    planned: Machine,
    factor: f64,
    every: u64,
    room: Vec<Option<u64>>,
    clock: Clock,
}

impl fmt::Debug for Adaptive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { planned, factor, every, room, clock: _ } = self;
        let mut text = f.debug_struct("Adaptive");
        text.field("planned", planned).field("factor", factor).field("every", every);
        text.field("room", room).finish_non_exhaustive()
    }
}

impl Adaptive {
    /// Looks at the plan at the turn only, and thinks it over if a cost is 1.5 times what
    /// `planned` says, or less than a 1.5th.
    pub fn new(planned: Machine) -> Self {
        let start = Instant::now();
        let clock = Arc::new(move || start.elapsed().as_secs_f64());
        Self { planned, factor: 1.5, every: 0, room: Vec::new(), clock }
    }

    /// Times that a cost has to differ by; at least 1.
    #[must_use]
    pub fn factor(self, factor: f64) -> Self {
        Self { factor: factor.max(1.0), ..self }
    }

    /// Looks at the plan again after every `steps` reversed; 0 is not again.
    #[must_use]
    pub fn every(self, steps: u64) -> Self {
        Self { every: steps, ..self }
    }

    /// The most snapshots that `tier` may hold. Where it is not said, and the tier does not count
    /// slots, as many as it has held before.
    #[must_use]
    pub fn room(mut self, tier: TierId, snapshots: u64) -> Self {
        let index = tier.0 as usize;
        self.room.resize(self.room.len().max(index + 1), None);
        self.room[index] = Some(snapshots);
        self
    }

    /// Tells the time by a clock of the caller's, seconds from any beginning.
    #[must_use]
    pub fn clock(self, clock: impl Fn() -> f64 + Send + Sync + 'static) -> Self {
        Self { clock: Arc::new(clock), ..self }
    }
}

/// A moment at which costs differed from the plan.
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub struct Review {
    /// Steps that were left to reverse.
    pub pending: u64,
    /// Predicted seconds of the rest of the schedule, on the measured machine.
    pub kept_seconds: f64,
    /// Predicted seconds of the fastest other rest, if there is any.
    pub other_seconds: Option<f64>,
    /// Whether that was faster, and is followed.
    pub changed: bool,
    /// What differed, and what came of it.
    pub reason: String,
}

/// What is followed, in the hands of the run and of whoever reviews it.
#[derive(Clone)]
enum Rest<I> {
    Planned(I),
    Changed(AnySchedule),
}

impl<I: Iterator<Item = Action>> Iterator for Rest<I> {
    type Item = Action;

    fn next(&mut self) -> Option<Action> {
        match self {
            Self::Planned(actions) => actions.next(),
            Self::Changed(actions) => actions.next(),
        }
    }
}

/// The run's end of it. A clone looks ahead on its own.
struct Followed<I>(Rc<RefCell<Rest<I>>>);

impl<I: Clone> Clone for Followed<I> {
    fn clone(&self) -> Self {
        Self(Rc::new(RefCell::new(self.0.borrow().clone())))
    }
}

impl<I: Iterator<Item = Action>> Iterator for Followed<I> {
    type Item = Action;

    fn next(&mut self) -> Option<Action> {
        self.0.borrow_mut().next()
    }
}

impl<S: Send + 'static> Executor<S> {
    /// Runs the schedule, and changes what is left of it where that is predicted to be faster by
    /// what has been measured: see [`Adaptive`]. [`Progress::replanned`] says how often that
    /// happened, [`Executor::reviews`] why.
    ///
    /// `agree` is called at every moment at which the plan is looked at, on every rank at the same
    /// ones: it returns what all ranks decide by. A process on its own returns what it is given.
    ///
    /// # Errors
    /// As for [`Executor::run`].
    pub fn run_adaptive<M, I>(
        &mut self,
        model: &mut M,
        actions: I,
        adaptive: &Adaptive,
        mut agree: impl FnMut(&Measured) -> Measured,
    ) -> Result<Progress, ExecuteError<M::Error>>
    where
        M: Model<Snapshot = S>,
        I: IntoIterator<Item = Action, IntoIter: Clone>,
    {
        self.begin();
        let (clock, planned) = (Arc::clone(&adaptive.clock), adaptive.planned.clone());
        self.meter = Some(Box::new(Meter::new(clock, planned, &self.tiers)));
        let rest = Rc::new(RefCell::new(Rest::Planned(actions.into_iter())));
        let followed = Followed(Rc::clone(&rest));
        let mut last = None;
        let review = |_: &mut M, executor: &mut Self, pending: u64| {
            let due = last.is_none_or(|last| {
                adaptive.every > 0 && pending.saturating_add(adaptive.every) <= last
            });
            if pending > 0 && due && executor.holds_nothing_recorded(pending) {
                last = Some(pending);
                let now = rest.borrow().clone();
                if let Some(other) = executor.review(pending, now, adaptive, &mut agree) {
                    *rest.borrow_mut() = Rest::Changed(other);
                    executor.changed = true;
                }
            }
            Ok(())
        };
        let go_on = |_: &Progress| ControlFlow::Continue(());
        let result = Run::new(self).follow_all(model, followed, go_on, review);
        self.meter = None;
        self.end();
        result
    }

    /// The moments of the last run at which costs differed from the plan, and what came of it.
    pub fn reviews(&self) -> &[Review] {
        &self.reviews
    }

    /// Takes down an action that has been followed, if it was timed.
    pub(super) fn note(&mut self, action: &Action, begun: Option<f64>) {
        if let (Some(begun), Some(meter)) = (begun, &mut self.meter) {
            meter.note(action, begun, &self.ledger);
        }
    }

    /// Whether working memory holds no adjoint data that a change would lose.
    fn holds_nothing_recorded(&self, pending: u64) -> bool {
        self.meter.as_ref().is_some_and(|meter| meter.recorded_from >= pending)
    }

    /// Looks at the plan; gives what to do instead of `rest`, if something is faster.
    fn review<I: Iterator<Item = Action> + Clone>(
        &mut self,
        pending: u64,
        rest: I,
        adaptive: &Adaptive,
        agree: &mut impl FnMut(&Measured) -> Measured,
    ) -> Option<AnySchedule> {
        let meter = self.meter.as_ref()?;
        let measured = agree(&meter.measured(&self.tiers));
        if self.rescued {
            // The plan is not what is followed any more; other ranks may follow theirs.
            return None;
        }
        let drift = decide::drift(&measured, adaptive.factor);
        if drift.is_empty() {
            return None;
        }
        let machine = decide::retimed(meter.machine(), &measured);
        let place = self.place(pending, adaptive, meter);
        let kept_seconds = decide::predicted(&machine, &place, rest);
        let other = decide::fastest(&machine, &place);
        let other_seconds = other.as_ref().map(|(seconds, _)| *seconds);
        let other = other.filter(|(seconds, _)| *seconds < kept_seconds);
        let rest = format!("{drift}: the rest would take {kept_seconds:.3e} s");
        let reason = match (&other, other_seconds) {
            (Some((seconds, candidate)), _) => {
                format!("{rest}, and takes {seconds:.3e} s with {}", candidate.name)
            }
            (None, Some(seconds)) => format!("{rest}, and no other less than {seconds:.3e} s"),
            (None, None) => format!("{rest}, and there is no other"),
        };
        let changed = other.is_some();
        self.reviews.push(Review { pending, kept_seconds, other_seconds, changed, reason });
        if let Some(meter) = &mut self.meter {
            meter.compare_with(machine, &self.tiers);
        }
        other.map(|(_, candidate)| candidate.actions)
    }

    fn place(&self, pending: u64, adaptive: &Adaptive, meter: &Meter) -> Place {
        let entries = self.ledger.entries().iter();
        let (lost, held): (Vec<_>, Vec<_>) = entries.partition(|entry| entry.lost);
        let places = |entries: Vec<&super::ledger::Entry>| {
            entries.into_iter().map(|entry| (entry.key, entry.tier)).collect()
        };
        let room = self.tiers.iter().zip(&meter.peaks).enumerate().map(|(index, (tier, peak))| {
            let said = adaptive.room.get(index).copied().flatten();
            // Reversals count snapshots, tiers may count units.
            let fitting = tier.slots().map(|slots| slots / tier.slots_of(Data::Restart).max(1));
            match (said, fitting) {
                (Some(said), Some(fitting)) => said.min(fitting),
                (said, fitting) => said.or(fitting).unwrap_or(*peak),
            }
        });
        Place { pending, held: places(held), lost: places(lost), room: room.collect() }
    }
}
