//! Working memory: the one state and the recorded steps that a model holds outside all tiers.
//!
//! The rules of order live here, shared by the replayer, which proves schedules, and the
//! executor, which has to refuse what nobody proved. Both keep their own books of the tiers.

use std::ops::Range;

use crate::{Action, BrokenRule, Data};

/// Where a model stands between two actions.
#[derive(Clone, Debug)]
pub(crate) struct Working {
    /// Number of steps, where known in advance.
    steps: Option<u64>,
    /// The step that the model is at the start of; `None` after a reverse.
    at: Option<u64>,
    /// Steps whose adjoint data are held.
    recorded: Range<u64>,
    /// Steps from here on are reversed; `None` before the first reverse of an unknown number.
    pending: Option<u64>,
    /// Where every sweep begins, once known.
    last: Option<u64>,
    /// Sweeps behind the current one.
    later: u64,
    /// Whether loading adjoint data puts the model at the end of their step.
    adjoint_restarts: bool,
}

impl Working {
    /// A model at `x_0` that is going to reverse `steps`, or as many as the first reverse says.
    pub(crate) fn new(steps: Option<u64>) -> Self {
        Self {
            steps,
            at: Some(0),
            recorded: 0..0,
            pending: steps,
            last: steps,
            later: 0,
            adjoint_restarts: false,
        }
    }

    /// Says how many times all steps are reversed.
    pub(crate) fn repeated(self, sweeps: u64) -> Self {
        Self { later: sweeps.saturating_sub(1), ..self }
    }

    /// Sweeps behind the current one.
    pub(crate) fn later(&self) -> u64 {
        self.later
    }

    /// Says whether adjoint data put the model at the end of their step.
    pub(crate) fn restarting(self, adjoint_restarts: bool) -> Self {
        Self { adjoint_restarts, ..self }
    }

    /// Steps whose adjoint data are held.
    pub(crate) fn recorded(&self) -> Range<u64> {
        self.recorded.clone()
    }

    /// Steps from here on are reversed, once a reverse has said so.
    pub(crate) fn pending(&self) -> Option<u64> {
        self.pending
    }

    /// Steps from `pending` on have been reversed by somebody else.
    pub(crate) fn resume(&mut self, pending: u64) {
        self.at = None;
        (self.pending, self.last) = (Some(pending), Some(pending));
    }

    /// The model has been put at `x_0`, and holds no recorded steps.
    pub(crate) fn reset(&mut self) {
        self.at = Some(0);
        self.forget_recorded();
    }

    /// What was recorded is not going to be reversed.
    pub(crate) fn forget_recorded(&mut self) {
        self.recorded = 0..0;
    }

    /// Follows one action, of which the tiers have no objection.
    pub(crate) fn follow(&mut self, action: &Action) -> Result<(), BrokenRule> {
        match action {
            Action::Advance { steps } => self.run(steps),
            Action::Record { steps } => {
                self.run(steps)?;
                self.recorded = steps.clone();
                Ok(())
            }
            Action::Reverse { steps } => self.reverse(steps),
            Action::Store { kind: Data::Restart, step, .. } => self.expect_at(*step),
            Action::Store { kind: Data::Adjoint, step, .. } => {
                if self.recorded.contains(step) {
                    Ok(())
                } else {
                    Err(self.not_recorded())
                }
            }
            Action::Load { kind: Data::Restart, step, .. } => {
                self.at = Some(*step);
                Ok(())
            }
            Action::Load { kind: Data::Adjoint, step, .. } => {
                // Only recorded steps can be stored, so that `step + 1` exists.
                self.recorded = *step..*step + 1;
                if self.adjoint_restarts {
                    self.at = Some(*step + 1);
                }
                Ok(())
            }
            Action::Discard { .. } => Ok(()),
        }
    }

    /// Checks that everything is reversed and consumed.
    pub(crate) fn finish(&self) -> Result<(), BrokenRule> {
        match self.pending {
            Some(end) if end > 0 => Err(BrokenRule::NotReversed { steps: 0..end }),
            Some(_) | None if !self.recorded.is_empty() => {
                Err(BrokenRule::LeftRecorded { steps: self.recorded.clone() })
            }
            Some(_) | None => Ok(()),
        }
    }

    fn run(&mut self, steps: &Range<u64>) -> Result<(), BrokenRule> {
        if steps.is_empty() {
            return Err(BrokenRule::EmptyRange);
        }
        self.expect_at(steps.start)?;
        if let Some(last) = self.steps.filter(|&last| steps.end > last) {
            return Err(BrokenRule::BeyondEnd { end: steps.end, steps: last });
        }
        self.at = Some(steps.end);
        Ok(())
    }

    fn reverse(&mut self, steps: &Range<u64>) -> Result<(), BrokenRule> {
        if steps.is_empty() {
            return Err(BrokenRule::EmptyRange);
        }
        if let Some(expected) = self.pending.filter(|&end| end != steps.end) {
            return Err(BrokenRule::OutOfOrder { expected });
        }
        if steps.start < self.recorded.start || steps.end > self.recorded.end {
            return Err(self.not_recorded());
        }
        let last = *self.last.get_or_insert(steps.end);
        let again = steps.start == 0 && self.later > 0;
        self.later -= u64::from(again);
        self.pending = Some(if again { last } else { steps.start });
        self.recorded.end = steps.start;
        self.at = None;
        Ok(())
    }

    fn expect_at(&self, wanted: u64) -> Result<(), BrokenRule> {
        if self.at == Some(wanted) {
            Ok(())
        } else {
            Err(BrokenRule::NotThere { wanted, at: self.at })
        }
    }

    fn not_recorded(&self) -> BrokenRule {
        BrokenRule::NotRecorded { recorded: self.recorded.clone() }
    }
}
