//! What a schedule takes: by following every action, or in closed form.

use retrograd_checkpoint::schedule::chain::simulate;
use retrograd_checkpoint::{PerStep, Report, TierReport, replay};

use super::{Closed, Plan, Solved};
use crate::numerics::RunError;

/// Beyond so many steps the closed form is taken, if there is one: with about seven actions per
/// step, what the replayer follows in a second or two.
const MOST_REPLAYED_STEPS: u64 = 3_000_000;

/// Counts and costs of a whole schedule.
#[derive(Clone, PartialEq, Debug)]
pub struct Counts {
    /// Forward steps run without recording.
    pub advances: u128,
    /// Forward steps run with recording.
    pub recorded: u128,
    /// The cost of all actions.
    pub makespan: f64,
    /// Each tier, tier 0 first; `None` where nobody counted: too many actions, and no formula.
    pub tiers: Option<Vec<TierCounts>>,
    /// The most memory at a time, all tensors included.
    pub peak_memory: Option<u64>,
}

/// What happens to one tier.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct TierCounts {
    /// The most snapshots at a time.
    pub peak: u64,
    /// The most units at a time, where snapshots differ in size.
    pub peak_units: u64,
    /// Stores.
    pub writes: u64,
    /// Loads.
    pub reads: u64,
}

impl From<TierReport> for TierCounts {
    fn from(report: TierReport) -> Self {
        let TierReport { writes, reads, peak_slots, peak_bytes } = report;
        Self { peak: peak_slots, peak_units: peak_bytes, writes, reads }
    }
}

/// How to count.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Effort {
    /// By following the actions if that takes a second or two at most, else in closed form.
    Quick,
    /// By following the actions, however many there are.
    Replay,
}

impl Solved {
    /// Counts and costs.
    ///
    /// # Errors
    /// If the costs are too large to be added up.
    ///
    /// # Panics
    /// If the schedule breaks a rule, which is a bug of its family.
    pub fn counts(&self, effort: Effort) -> Result<Counts, RunError> {
        let many = effort == Effort::Quick && self.steps > MOST_REPLAYED_STEPS;
        let counts = match self.closed.as_ref().filter(|_| many) {
            Some(closed) => self.in_closed_form(closed),
            None => self.replayed(),
        };
        if counts.makespan.is_finite() {
            Ok(counts)
        } else {
            Err(RunError::new("the makespan is too large for a number").help("lower the costs"))
        }
    }

    /// What is counted by following the actions.
    fn replayed(&self) -> Counts {
        match &self.plan {
            Plan::Steps { schedule, memory } => {
                let report = replay(self.steps, memory, schedule.clone());
                let report = report.unwrap_or_else(|error| panic!("{}: {error}", self.title));
                let counts = self.of_report(&report);
                match self.costs.forward {
                    PerStep::Uniform(_) => counts,
                    // Which steps are advanced matters, not how many.
                    PerStep::Each(_) => {
                        Counts { makespan: self.costs.makespan(schedule.clone()), ..counts }
                    }
                }
            }
            Plan::Chain { chain, schedule } => {
                let simulated = simulate(chain, schedule.recordings(), schedule.actions());
                let replayed = replay(self.steps, schedule.memory(), schedule.actions());
                let (simulated, replayed) = simulated
                    .and_then(|simulated| Ok((simulated, replayed?)))
                    .unwrap_or_else(|error| panic!("{}: {error}", self.title));
                Counts {
                    makespan: simulated.makespan,
                    peak_memory: Some(simulated.peak_bytes),
                    ..self.of_report(&replayed)
                }
            }
            Plan::Join { memory, schedule, .. } => {
                let report = memory.replay(schedule.actions());
                let report = report.unwrap_or_else(|error| panic!("{}: {error}", self.title));
                let (peak, writes, reads) = (report.peak_slots, report.writes, report.reads);
                self.of_report(&Report {
                    advances: report.advances,
                    recorded: report.recorded,
                    tiers: vec![TierReport { writes, reads, peak_slots: peak, peak_bytes: 0 }],
                    ..Report::default()
                })
            }
        }
    }

    fn of_report(&self, report: &Report) -> Counts {
        let tiers: Vec<TierCounts> = report.tiers.iter().map(|&tier| tier.into()).collect();
        let advances = u128::from(report.advances);
        Counts {
            advances,
            recorded: report.recorded.into(),
            makespan: self.makespan(advances, &tiers),
            tiers: Some(tiers),
            peak_memory: None,
        }
    }

    fn in_closed_form(&self, closed: &Closed) -> Counts {
        let Closed { advances, tiers, makespan } = closed;
        let known = tiers.as_deref().unwrap_or_default();
        Counts {
            advances: *advances,
            recorded: self.steps.into(),
            makespan: makespan.unwrap_or_else(|| self.makespan(*advances, known)),
            tiers: tiers.clone(),
            peak_memory: None,
        }
    }

    /// `uf advances + ub n + sum of w writes + r reads`.
    fn makespan(&self, advances: u128, tiers: &[TierCounts]) -> f64 {
        let costs = &self.costs;
        let steps = costs.forward.at(0) * advances as f64 + costs.adjoint.at(0) * self.steps as f64;
        let traffic = costs.tiers.iter().zip(tiers);
        let of = traffic.map(|(c, n)| c.write * n.writes as f64 + c.read * n.reads as f64);
        steps + of.sum::<f64>()
    }
}

#[cfg(test)]
mod tests;
