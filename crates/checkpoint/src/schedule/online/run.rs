//! Forward and reverse sweep in one iterator, for an end that is known or asked for.

use std::iter::FusedIterator;

use super::{Online, OnlineRule};
use crate::schedule::useful_snapshots;
use crate::{Action, Costs, Reversal, ScheduleError};

/// Either sweep.
#[derive(Clone, Debug)]
enum Sweep {
    Forward(Online),
    Reverse(Reversal),
}

impl Sweep {
    /// The next action; at each new state, asks whether the step from there is the last.
    fn next(&mut self, is_last: impl FnOnce(u64) -> bool) -> Option<Action> {
        if let Self::Forward(forward) = self {
            if !forward.has_arrived() || !is_last(forward.at()) {
                return forward.next();
            }
            *self = Self::Reverse(forward.clone().finish_before_last());
        }
        match self {
            Self::Forward(forward) => forward.next(),
            Self::Reverse(reverse) => reverse.next(),
        }
    }
}

/// All actions of an online run, by a model that says when its last step comes: made by
/// [`Online::until`].
#[derive(Clone, Debug)]
pub struct Until<F> {
    sweep: Sweep,
    is_last: F,
}

impl<F: FnMut(u64) -> bool> Iterator for Until<F> {
    type Item = Action;

    fn next(&mut self) -> Option<Action> {
        self.sweep.next(&mut self.is_last)
    }
}

impl<F: FnMut(u64) -> bool> FusedIterator for Until<F> {}

/// All actions of an online run that ends after a number of steps that the rule is not told: made
/// by [`Online::known_end`], for tests, costs and comparisons.
#[derive(Clone, Debug)]
pub struct KnownEnd {
    online: Online,
    steps: u64,
    sweep: Sweep,
}

impl KnownEnd {
    /// Steps that are reversed.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// Forward steps that are run without recording, those of the forward sweep included, however
    /// much has been iterated. Takes the time of all decisions, but of no other action, and no time
    /// at all where the rule is optimal at every end.
    pub fn advances(&self) -> u128 {
        let Some(last) = self.steps.checked_sub(1) else { return 0 };
        if let Some(optimum) = self.online.optimum_up_front(self.steps) {
            return optimum;
        }
        let mut online = self.online.clone();
        online.skip_to(last);
        u128::from(last) + online.finish_before_last().advances()
    }

    /// Whether nobody who knew the number of steps would need fewer
    /// [`advances`](Self::advances), with as many slots in one tier. With a second tier, never.
    pub fn proven_optimal(&self) -> bool {
        let Online { slots, period, .. } = self.online;
        let optimum = Costs::revolve(self.steps, slots).map(|costs| costs.advances);
        period.is_none() && optimum == Ok(self.advances())
    }
}

impl Iterator for KnownEnd {
    type Item = Action;

    fn next(&mut self) -> Option<Action> {
        let last = self.steps.checked_sub(1)?;
        self.sweep.next(|at| at == last)
    }
}

impl FusedIterator for KnownEnd {}

impl Online {
    /// Both sweeps, for a sweep that has not begun. At each state in turn, `is_last` is asked
    /// whether the step from there is the last: as late as possible, after the model has followed
    /// all actions before, so that an executor can ask its model.
    ///
    /// ```
    /// use std::cell::Cell;
    /// use retrograd_checkpoint::{Action, Online};
    ///
    /// let residual = Cell::new(1.0);
    /// for action in Online::new(3)?.until(|_| residual.get() < 0.1) {
    ///     if let Action::Advance { .. } = action {
    ///         residual.set(residual.get() / 2.0);
    ///     }
    /// }
    /// # Ok::<(), retrograd_checkpoint::ScheduleError>(())
    /// ```
    pub fn until<F: FnMut(u64) -> bool>(self, is_last: F) -> Until<F> {
        Until { sweep: Sweep::Forward(self), is_last }
    }

    /// Both sweeps, for a sweep that has not begun and ends after `steps`.
    pub fn until_end(self, steps: u64) -> KnownEnd {
        KnownEnd { online: self.clone(), steps, sweep: Sweep::Forward(self) }
    }

    /// Both sweeps over `steps` with `slots` snapshots at a time: what [`Online::new`] would do
    /// without knowing the end.
    ///
    /// # Errors
    /// [`ScheduleError::NoSnapshots`] if there are no slots and more than one step.
    ///
    /// ```
    /// use retrograd_checkpoint::{MemoryModel, Online, replay};
    ///
    /// let run = Online::known_end(67, 10)?;
    /// assert!(run.proven_optimal()); // as for all n up to C(12, 2) + 1
    /// assert_eq!(replay(67, &MemoryModel::slots(10), run.clone())?.advances, 123);
    /// assert_eq!(run.advances(), 123);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn known_end(steps: u64, slots: u64) -> Result<KnownEnd, ScheduleError> {
        useful_snapshots(steps, slots)?;
        Ok(Self::starting(OnlineRule::default(), slots.max(1), None).until_end(steps))
    }
}
