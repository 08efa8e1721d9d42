//! What actions have taken, beside what they should have.

use std::fmt;
use std::sync::Arc;

use super::super::ledger::Ledger;
use crate::simulate::{Machine, TierSpeed};
use crate::tier::{Tier, TierUse};
use crate::{Action, Data};

/// Seconds, by a clock of the caller's.
pub(super) type Clock = Arc<dyn Fn() -> f64 + Send + Sync>;

/// Work of one kind since the last time that the plan was looked at.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct MeasuredCost {
    /// Steps, stores or loads.
    pub count: u64,
    /// What they have taken.
    pub seconds: f64,
    /// What they should have taken.
    pub planned_seconds: f64,
}

/// The stores and loads of one tier.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct MeasuredTier {
    /// Stores.
    pub write: MeasuredCost,
    /// Loads.
    pub read: MeasuredCost,
}

/// What has been measured. Ranks that run the same schedule reduce it, each field alike, by sums
/// or by maxima, and so decide alike.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Measured {
    /// Forward steps.
    pub forward: MeasuredCost,
    /// Forward steps with their adjoint data kept.
    pub record: MeasuredCost,
    /// Reverse steps.
    pub reverse: MeasuredCost,
    /// The tiers, [`TierId`](crate::TierId) 0 first.
    pub tiers: Vec<MeasuredTier>,
}

impl MeasuredCost {
    fn add(&mut self, count: u64, seconds: f64, planned_seconds: f64) {
        self.count += count;
        self.seconds += seconds;
        self.planned_seconds += planned_seconds;
    }
}

impl Measured {
    /// Every kind of work with its name.
    pub(super) fn costs(&self) -> impl Iterator<Item = (String, &MeasuredCost)> {
        let steps = [
            ("forward steps".to_owned(), &self.forward),
            ("recorded steps".to_owned(), &self.record),
            ("reverse steps".to_owned(), &self.reverse),
        ];
        let tiers = (0..).zip(&self.tiers).flat_map(|(tier, costs)| {
            let names = ["writes to", "reads from"].map(|what| format!("{what} tier {tier}"));
            names.into_iter().zip([&costs.write, &costs.read])
        });
        steps.into_iter().chain(tiers)
    }
}

/// Times actions.
pub(in crate::execute) struct Meter {
    clock: Clock,
    /// What costs are compared with.
    machine: Machine,
    measured: Measured,
    /// What tiers that work in the background had done when last looked at.
    before: Vec<TierUse>,
    /// The first step whose adjoint data are held, as far as a reverse has not consumed them.
    pub(super) recorded_from: u64,
    /// The most snapshots in each tier at a time.
    pub(super) peaks: Vec<u64>,
}

impl fmt::Debug for Meter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Meter").field("measured", &self.measured).finish_non_exhaustive()
    }
}

impl Meter {
    pub(super) fn new<S>(clock: Clock, machine: Machine, tiers: &[Box<dyn Tier<S>>]) -> Self {
        let mut meter = Self {
            clock,
            machine,
            measured: Measured::default(),
            before: Vec::new(),
            recorded_from: 0,
            peaks: vec![0; tiers.len()],
        };
        meter.reset(tiers);
        meter
    }

    pub(in crate::execute) fn now(&self) -> f64 {
        (self.clock)()
    }

    pub(super) fn machine(&self) -> &Machine {
        &self.machine
    }

    /// Compares with another machine from now on.
    pub(super) fn compare_with<S>(&mut self, machine: Machine, tiers: &[Box<dyn Tier<S>>]) {
        self.machine = machine;
        self.reset(tiers);
    }

    fn reset<S>(&mut self, tiers: &[Box<dyn Tier<S>>]) {
        let blank = vec![MeasuredTier::default(); tiers.len()];
        self.measured = Measured { tiers: blank, ..Measured::default() };
        self.before = tiers.iter().map(|tier| tier.usage()).collect();
    }

    /// Takes down an action that has been followed, begun at `begun`.
    pub(in crate::execute) fn note(&mut self, action: &Action, begun: f64, ledger: &Ledger) {
        let seconds = (self.clock)() - begun;
        let (machine, measured) = (&self.machine, &mut self.measured);
        let restart = machine.restart_seconds;
        match action {
            Action::Advance { steps } => {
                let planned = machine.forward_seconds.sum(steps.clone()) + restart;
                measured.forward.add(steps.end - steps.start, seconds, planned);
            }
            Action::Record { steps } => {
                self.recorded_from = steps.start;
                let planned = machine.record_seconds.sum(steps.clone()) + restart;
                measured.record.add(steps.end - steps.start, seconds, planned);
            }
            Action::Reverse { steps } => {
                let planned = machine.reverse_seconds.sum(steps.clone());
                measured.reverse.add(steps.end - steps.start, seconds, planned);
            }
            Action::Store { kind, step, tier } => {
                let planned = speed(machine, tier.0).write_seconds(bytes(machine, *kind, *step));
                measured.tiers[tier.0 as usize].write.add(1, seconds, planned);
                let peak = &mut self.peaks[tier.0 as usize];
                *peak = ledger.taken_by_restart_data(*tier).max(*peak);
            }
            Action::Load { kind, step, tier } => {
                if *kind == Data::Adjoint {
                    self.recorded_from = *step;
                }
                let planned = speed(machine, tier.0).read_seconds(bytes(machine, *kind, *step));
                measured.tiers[tier.0 as usize].read.add(1, seconds, planned);
            }
            Action::Discard { .. } => {}
        }
    }

    /// What has been measured so far. Of tiers that work in the background, what they have done
    /// and not what was waited for it.
    pub(super) fn measured<S>(&self, tiers: &[Box<dyn Tier<S>>]) -> Measured {
        let mut measured = self.measured.clone();
        for ((costs, tier), before) in measured.tiers.iter_mut().zip(tiers).zip(&self.before) {
            if tier.prefetches() {
                let work = tier.usage();
                let done = (work.stores - before.stores, work.write_seconds - before.write_seconds);
                costs.write = background(costs.write, done);
                let done = (work.loads - before.loads, work.read_seconds - before.read_seconds);
                costs.read = background(costs.read, done);
            }
        }
        measured
    }
}

/// What the calls `asked` for, as far as it has been `done`, a number and its seconds.
fn background(asked: MeasuredCost, done: (u64, f64)) -> MeasuredCost {
    let (count, seconds) = done;
    if asked.count == 0 {
        return MeasuredCost::default();
    }
    let each = asked.planned_seconds / asked.count as f64;
    MeasuredCost { count, seconds, planned_seconds: each * count as f64 }
}

/// The speed of a tier; those that are not listed cost nothing.
pub(super) fn speed(machine: &Machine, tier: u32) -> TierSpeed {
    machine.tiers.get(tier as usize).copied().unwrap_or(TierSpeed::HANDLES)
}

fn bytes(machine: &Machine, kind: Data, step: u64) -> u64 {
    match kind {
        Data::Restart => machine.restart_bytes.at(step),
        Data::Adjoint => machine.adjoint_bytes.at(step),
    }
}
