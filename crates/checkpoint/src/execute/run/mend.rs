//! What a run does when data are lost: a schedule from what is left.

use super::{Failure, Run};
use crate::execute::ExecuteError;
use crate::execute::rescue::{Rescue, Room};
use crate::tier::{Key, TierError};
use crate::{Action, Data, Model, TierId};

/// How often `x_0` is stored anew with no step reversed in between.
const RESTARTS: u32 = 3;

impl<S: Send + 'static> Run<'_, S> {
    /// What to do instead of the rest of the schedule, since the data that `action` was to load
    /// are lost.
    pub(super) fn rescue<M: Model<Snapshot = S>>(
        &mut self,
        model: &mut M,
        action: &Action,
        failure: TierError,
    ) -> Result<Rescue, ExecuteError<M::Error>> {
        let position = self.done.actions;
        let (Action::Load { kind, step, tier }, Some(pending)) = (action, self.working.pending())
        else {
            return Err(Failure::Lost(failure).at(position, action.clone()));
        };
        let key = Key { step: *step, kind: *kind };
        let discarded = self.discard(key, *tier);
        discarded.map_err(|rule| Failure::<M::Error>::Rule(rule).at(position, action.clone()))?;
        self.done.lost += 1;
        let (rescue, failure) = self.replan(model, action, failure, pending)?;
        self.executor.note_failure(failure);
        Ok(rescue)
    }

    /// The next sweep over `steps`, behind `action`, after what was kept for it is gone.
    pub(super) fn begin_again<M: Model<Snapshot = S>>(
        &mut self,
        model: &mut M,
        action: &Action,
        steps: u64,
    ) -> Result<Rescue, ExecuteError<M::Error>> {
        let key = Key { step: 0, kind: Data::Restart };
        let missing = TierError::Missing { tier: "no tier".to_owned(), key };
        self.restarted = (None, 0);
        self.replan(model, action, missing, steps).map(|(rescue, _)| rescue)
    }

    /// How to reverse the steps before `pending` from what is stored; `failure` is why `action`
    /// cannot be followed, and comes back.
    pub(super) fn replan<M: Model<Snapshot = S>>(
        &mut self,
        model: &mut M,
        action: &Action,
        failure: TierError,
        pending: u64,
    ) -> Result<(Rescue, TierError), ExecuteError<M::Error>> {
        let position = self.done.actions;
        let at = |failure: Failure<M::Error>| failure.at(position, action.clone());
        // Only data of the steps still to reverse are of use from now on.
        let reads_adjoint = model.stores_adjoint();
        let home = self.home();
        let before = self.executor.ledger.taken(home);
        for entry in self.executor.ledger.entries().to_vec() {
            let readable = entry.key.kind == Data::Restart || reads_adjoint;
            if entry.lost || !readable || entry.key.step >= pending {
                self.discard(entry.key, entry.tier).map_err(|rule| at(rule.into()))?;
            }
        }
        self.working.forget_recorded();
        if !self.executor.ledger.holds_state(0) {
            // A tier that keeps losing what is stored anew is not going to keep it.
            let again = self.restarted.0 == Some(pending);
            self.restarted = (Some(pending), if again { self.restarted.1 + 1 } else { 1 });
            let hopeless = self.restarted.1 > RESTARTS;
            match model.restart().filter(|_| !hopeless) {
                Some(result) => {
                    result.map_err(|error| at(Failure::Model(error)))?;
                    self.working.reset();
                    self.keep_initial_state(model, home).map_err(at)?;
                }
                None if self.executor.ledger.reads_up_to_state(pending) => {}
                None => return Err(at(Failure::Lost(failure))),
            }
        }
        self.executor.rescued = true;
        let again = self.working.later() > 0;
        let rescue =
            Rescue::new(pending, self.room(home, before), self.executor.ledger.entries(), again);
        Ok((rescue, failure))
    }

    /// Where new snapshots go: the first tier that takes any.
    fn home(&self) -> TierId {
        let tiers = &self.executor.tiers;
        let takes = tiers.iter().position(|tier| tier.slots() != Some(0));
        TierId(takes.unwrap_or(0) as u32)
    }

    /// What the tier `home` holds at most. Where bytes are the limit: what it holds, and half of
    /// what has gone since `before` slots were taken, for that may have been smaller.
    fn room(&self, home: TierId, before: u64) -> Room {
        let held = self.executor.ledger.taken(home);
        let fitting = held + before.saturating_sub(held) / 2;
        Room::of(home, &*self.executor.tiers[home.0 as usize], fitting)
    }

    /// Stores `x_0`, at which the model is, in the tier `home`; what is stored there makes room if
    /// it must, adjoint data first.
    fn keep_initial_state<M: Model<Snapshot = S>>(
        &mut self,
        model: &mut M,
        home: TierId,
    ) -> Result<(), Failure<M::Error>> {
        let tier = &*self.executor.tiers[home.0 as usize];
        let most = tier.slots().unwrap_or(u64::MAX).saturating_sub(tier.slots_of(Data::Restart));
        while self.executor.ledger.taken(home) > most {
            let held = self.executor.ledger.entries().iter();
            let held = held.filter(|entry| entry.tier == home);
            let Some(entry) = held.min_by_key(|entry| (entry.key.kind == Data::Restart, entry.key))
            else {
                break;
            };
            self.discard(entry.key, home)?;
        }
        self.store(model, Key { step: 0, kind: Data::Restart }, home)
    }
}
