//! What a schedule is found to do by following it.

use std::collections::BTreeMap;

use retrograd_checkpoint::Action;
use retrograd_checkpoint::schedule::AnySchedule;

use super::rg_costs;

/// What following a schedule shows.
#[derive(Default)]
pub(super) struct Walked {
    pub(super) costs: rg_costs,
    /// Of each tier, the snapshots held and the most held.
    held: BTreeMap<u32, (u64, u64)>,
}

impl Walked {
    pub(super) fn of(actions: AnySchedule) -> Self {
        let mut walked = Self::default();
        for action in actions {
            let costs = &mut walked.costs;
            let add = |total: &mut u64, steps: &std::ops::Range<u64>| {
                *total = total.saturating_add(steps.end.saturating_sub(steps.start));
            };
            match &action {
                Action::Advance { steps } => add(&mut costs.advances, steps),
                Action::Record { steps } => add(&mut costs.total_forward, steps),
                Action::Reverse { steps } => add(&mut costs.steps, steps),
                Action::Load { .. } => costs.reads += 1,
                Action::Store { tier, .. } => {
                    costs.writes += 1;
                    let (held, peak) = walked.held.entry(tier.0).or_default();
                    *held += 1;
                    *peak = (*peak).max(*held);
                }
                Action::Discard { tier, .. } => {
                    let (held, _) = walked.held.entry(tier.0).or_default();
                    *held = held.saturating_sub(1);
                }
            }
        }
        let costs = &mut walked.costs;
        costs.total_forward = costs.total_forward.saturating_add(costs.advances);
        costs.recompute_factor = match costs.steps {
            0 => 1.0,
            steps => costs.total_forward as f64 / steps as f64,
        };
        walked
    }

    /// The most snapshots in a tier at a time.
    pub(super) fn peak(&self, tier: u32) -> u64 {
        self.held.get(&tier).map_or(0, |&(_, peak)| peak)
    }
}
