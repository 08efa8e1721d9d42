//! What actions cost.

use crate::{Action, PerStep, ScheduleError};

/// Time of a store into and of a load from a tier, in the unit of the steps.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct TierCost {
    /// One store, `w` in the literature.
    pub write: f64,
    /// One load, `r` in the literature.
    pub read: f64,
}

/// The cost model of the literature: what each action of a sequential run takes.
///
/// Recorded steps cost nothing beyond the reverse step that follows: the papers' *makespan*
/// counts `forward` for every advance and `adjoint` for every reversed step, which therefore
/// includes recording it. Discards are free.
///
/// Aupy, Herrmann, Hovland & Robert, *Optimal multistage algorithm for adjoint computation*, SIAM
/// J. Sci. Comput. 38 (2016), doi:10.1137/15M1019222.
#[derive(Clone, PartialEq, Debug)]
pub struct CostModel {
    /// One advanced step, `uf`.
    pub forward: PerStep<f64>,
    /// One reversed step with its recording, `ub`.
    pub adjoint: PerStep<f64>,
    /// The tiers, [`TierId`](crate::TierId) 0 first; those not listed cost nothing.
    pub tiers: Vec<TierCost>,
}

impl CostModel {
    /// Steps that all cost the same, and tiers that cost nothing.
    pub fn steps(forward: f64, adjoint: f64) -> Self {
        Self { forward: forward.into(), adjoint: adjoint.into(), tiers: Vec::new() }
    }

    /// The cost of one action.
    pub fn of(&self, action: &Action) -> f64 {
        let tier = |tier: &crate::TierId| self.tiers.get(tier.0 as usize).copied();
        match action {
            Action::Advance { steps } => self.forward.sum(steps.clone()),
            Action::Reverse { steps } => self.adjoint.sum(steps.clone()),
            Action::Store { tier: id, .. } => tier(id).unwrap_or_default().write,
            Action::Load { tier: id, .. } => tier(id).unwrap_or_default().read,
            Action::Record { .. } | Action::Discard { .. } => 0.0,
        }
    }

    /// The cost of a whole schedule: the sum over its actions.
    ///
    /// ```
    /// use retrograd_checkpoint::{CostModel, Revolve};
    ///
    /// // 15 advances at 1 and 10 reversed steps at 2.
    /// assert_eq!(CostModel::steps(1.0, 2.0).makespan(Revolve::new(10, 3)?), 35.0);
    /// # Ok::<(), retrograd_checkpoint::ScheduleError>(())
    /// ```
    pub fn makespan(&self, actions: impl IntoIterator<Item = Action>) -> f64 {
        actions.into_iter().map(|action| self.of(&action)).sum()
    }
}

/// Refuses costs that are negative or not finite, under which nothing is optimal.
pub(crate) fn check_cost(what: &'static str, value: f64) -> Result<(), ScheduleError> {
    if value.is_finite() && value >= 0.0 {
        Ok(())
    } else {
        Err(ScheduleError::InvalidCost { what, value })
    }
}
