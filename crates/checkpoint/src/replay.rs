//! The replayer: proves an action stream right against a model of memory.
//!
//! The rules, each a variant of [`BrokenRule`]:
//!
//! * **order**: a forward run and a store of restart data start where the model is; a reverse
//!   finds its steps recorded; every step is reversed exactly once, last step first;
//! * **liveness**: data exist when they are read or discarded, and a tier holds them once;
//! * **capacity**: no tier exceeds its slots or its bytes;
//! * **no leak**: at the end, nothing is stored and nothing is recorded.
//!
//! The replayer shares no arithmetic with the schedules: it is their specification. Not here:
//! optimality, which is [`Costs`](crate::Costs) against the counts of the [`Report`].

use std::collections::BTreeSet;

use crate::working::Working;
use crate::{Action, BrokenRule, Data, InvalidAction, PerStep, TierId};

/// What a tier may hold; `None` is no limit.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct TierLimit {
    /// The most snapshots, of restart or adjoint data, at a time.
    pub slots: Option<u64>,
    /// The most bytes at a time.
    pub bytes: Option<u64>,
}

/// The memory that a schedule is replayed against.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MemoryModel {
    /// The tiers, [`TierId`] 0 first.
    pub tiers: Vec<TierLimit>,
    /// Bytes of the restart data of a step.
    pub restart_bytes: PerStep<u64>,
    /// Bytes of the adjoint data of a step.
    pub adjoint_bytes: PerStep<u64>,
    /// Whether the adjoint data of a step contain the state at its end, so that loading them puts
    /// the model there: the last stage of a stiffly accurate method is the next state.
    pub adjoint_restarts: bool,
}

impl MemoryModel {
    /// One tier with room for `slots` snapshots, whatever their size (bytes count as 0).
    pub fn slots(slots: u64) -> Self {
        Self::tiers(&[slots])
    }

    /// Tiers with room for so many snapshots each, whatever their size (bytes count as 0).
    pub fn tiers(slots: &[u64]) -> Self {
        let limit = |&slots| TierLimit { slots: Some(slots), bytes: None };
        Self::new(slots.iter().map(limit).collect(), 0, 0)
    }

    /// One tier of `capacity` units, of which restart data take `restart` and the adjoint data of
    /// one step `adjoint`.
    pub fn units(capacity: u64, restart: u64, adjoint: u64) -> Self {
        Self::new(vec![TierLimit { slots: None, bytes: Some(capacity) }], restart, adjoint)
    }

    /// Tiers for data of the same sizes at every step.
    pub fn new(tiers: Vec<TierLimit>, restart_bytes: u64, adjoint_bytes: u64) -> Self {
        Self {
            tiers,
            restart_bytes: PerStep::Uniform(restart_bytes),
            adjoint_bytes: PerStep::Uniform(adjoint_bytes),
            adjoint_restarts: false,
        }
    }

    fn bytes(&self, kind: Data, step: u64) -> u64 {
        match kind {
            Data::Restart => self.restart_bytes.at(step),
            Data::Adjoint => self.adjoint_bytes.at(step),
        }
    }
}

/// What a valid schedule did.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Report {
    /// Actions in the stream.
    pub actions: u64,
    /// Forward steps run without recording.
    pub advances: u64,
    /// Forward steps run with recording.
    pub recorded: u64,
    /// The most steps recorded in working memory at a time.
    pub peak_recorded: u64,
    /// The most bytes of adjoint data recorded in working memory at a time.
    pub peak_recorded_bytes: u64,
    /// The most bytes of all tiers and of the recorded steps at a time. The model's own working
    /// state is not included.
    pub peak_bytes: u64,
    /// Traffic of each tier, [`TierId`] 0 first.
    pub tiers: Vec<TierReport>,
}

/// What a schedule did to one tier.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct TierReport {
    /// Stores.
    pub writes: u64,
    /// Loads, those directly before a discard included.
    pub reads: u64,
    /// The most snapshots held at a time.
    pub peak_slots: u64,
    /// The most bytes held at a time.
    pub peak_bytes: u64,
}

impl Report {
    /// Forward steps run in all, recorded ones included.
    pub fn total_forward(&self) -> u64 {
        self.advances.saturating_add(self.recorded)
    }
}

/// Replays `actions`, which should reverse `steps`, against `memory`.
///
/// Takes `O(log slots)` per action, and no model.
///
/// # Errors
/// The first action that breaks a rule, with its position.
///
/// ```
/// use retrograd_checkpoint::{MemoryModel, Revolve, replay};
///
/// let report = replay(10, &MemoryModel::slots(3), Revolve::new(10, 3)?)?;
/// assert_eq!((report.advances, report.tiers[0].writes), (15, 6));
///
/// let error = replay(10, &MemoryModel::slots(2), Revolve::new(10, 3)?).unwrap_err();
/// assert_eq!(error.to_string(), "action 4 (`store restart 7 in tier 0`): all 2 slots are taken");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn replay(
    steps: u64,
    memory: &MemoryModel,
    actions: impl IntoIterator<Item = Action>,
) -> Result<Report, InvalidAction> {
    replay_sweeps(steps, 1, memory, actions)
}

/// Replays `actions`, which should reverse `steps` as often as there are `sweeps`: each step once
/// in each sweep, last step first, and nothing left behind the last sweep.
///
/// # Errors
/// As for [`replay`].
///
/// ```
/// use retrograd_checkpoint::{MemoryModel, Sweeps, replay_sweeps};
///
/// // Three sweeps from the adjoint data of all steps: nothing is run again.
/// let report = replay_sweeps(9, 3, &MemoryModel::slots(9), Sweeps::store_all(9, 3))?;
/// assert_eq!((report.total_forward(), report.tiers[0].writes), (9, 9));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn replay_sweeps(
    steps: u64,
    sweeps: u64,
    memory: &MemoryModel,
    actions: impl IntoIterator<Item = Action>,
) -> Result<Report, InvalidAction> {
    let mut replayer = Replayer::new(if sweeps == 0 { 0 } else { steps }, sweeps, memory);
    for action in actions {
        let position = replayer.report.actions;
        if let Err(rule) = replayer.follow(&action) {
            return Err(InvalidAction { position, action: Some(action), rule });
        }
        replayer.report.actions += 1;
    }
    match replayer.finish() {
        Ok(()) => Ok(replayer.report),
        Err(rule) => Err(InvalidAction { position: replayer.report.actions, action: None, rule }),
    }
}

/// Working memory, tiers and counts so far.
struct Replayer<'a> {
    memory: &'a MemoryModel,
    working: Working,
    recorded_bytes: u64,
    held: Vec<Held>,
    report: Report,
}

/// What a tier holds.
#[derive(Clone, Default)]
struct Held {
    restart: BTreeSet<u64>,
    adjoint: BTreeSet<u64>,
    bytes: u64,
}

impl Held {
    fn steps(&mut self, kind: Data) -> &mut BTreeSet<u64> {
        match kind {
            Data::Restart => &mut self.restart,
            Data::Adjoint => &mut self.adjoint,
        }
    }

    fn slots(&self) -> u64 {
        (self.restart.len() + self.adjoint.len()) as u64
    }

    fn first(&self) -> Option<(Data, u64)> {
        let restart = self.restart.first().map(|&step| (Data::Restart, step));
        restart.or(self.adjoint.first().map(|&step| (Data::Adjoint, step)))
    }
}

impl<'a> Replayer<'a> {
    fn new(steps: u64, sweeps: u64, memory: &'a MemoryModel) -> Self {
        let tiers = memory.tiers.len();
        let report = Report { tiers: vec![TierReport::default(); tiers], ..Report::default() };
        let held = vec![Held::default(); tiers];
        let working = Working::new(Some(steps)).repeated(sweeps);
        let working = working.restarting(memory.adjoint_restarts);
        Self { memory, working, recorded_bytes: 0, held, report }
    }

    fn follow(&mut self, action: &Action) -> Result<(), BrokenRule> {
        if let Action::Load { kind, step, tier } | Action::Discard { kind, step, tier } = action {
            self.expect_stored(*kind, *step, *tier)?;
        }
        self.working.follow(action)?;
        match action {
            Action::Advance { steps } => {
                self.report.advances = self.report.advances.saturating_add(steps.end - steps.start);
            }
            Action::Record { steps } => {
                self.report.recorded = self.report.recorded.saturating_add(steps.end - steps.start);
            }
            Action::Reverse { .. } => {}
            Action::Store { kind, step, tier } => self.store(*kind, *step, *tier)?,
            Action::Load { tier, .. } => self.report.tiers[tier.0 as usize].reads += 1,
            Action::Discard { kind, step, tier } => {
                let held = &mut self.held[tier.0 as usize];
                held.steps(*kind).remove(step);
                // Sizes whose sum saturates leave the rest at 0 rather than below.
                held.bytes = held.bytes.saturating_sub(self.memory.bytes(*kind, *step));
            }
        }
        if let Action::Record { .. }
        | Action::Reverse { .. }
        | Action::Load { kind: Data::Adjoint, .. } = action
        {
            self.recorded_bytes = self.memory.adjoint_bytes.sum(self.working.recorded());
        }
        self.note_peaks();
        Ok(())
    }

    fn finish(&self) -> Result<(), BrokenRule> {
        self.working.finish()?;
        for (tier, held) in (0..).map(TierId).zip(&self.held) {
            if let Some((kind, step)) = held.first() {
                return Err(BrokenRule::LeftStored { kind, step, tier });
            }
        }
        Ok(())
    }

    fn store(&mut self, kind: Data, step: u64, tier: TierId) -> Result<(), BrokenRule> {
        self.expect_tier(tier)?;
        let index = tier.0 as usize;
        let (limit, held) = (self.memory.tiers[index], &mut self.held[index]);
        let needed = held.bytes.saturating_add(self.memory.bytes(kind, step));
        if !held.steps(kind).insert(step) {
            return Err(BrokenRule::StoredTwice { kind, step, tier });
        }
        if let Some(slots) = limit.slots.filter(|&slots| held.slots() > slots) {
            return Err(BrokenRule::SlotsExceeded { slots });
        }
        if let Some(capacity) = limit.bytes.filter(|&capacity| needed > capacity) {
            return Err(BrokenRule::BytesExceeded { needed, capacity });
        }
        held.bytes = needed;
        let traffic = &mut self.report.tiers[index];
        traffic.writes += 1;
        traffic.peak_slots = traffic.peak_slots.max(held.slots());
        traffic.peak_bytes = traffic.peak_bytes.max(needed);
        Ok(())
    }

    fn note_peaks(&mut self) {
        let recorded = self.working.recorded();
        self.report.peak_recorded = self.report.peak_recorded.max(recorded.end - recorded.start);
        self.report.peak_recorded_bytes = self.report.peak_recorded_bytes.max(self.recorded_bytes);
        let stored_bytes = self.held.iter().map(|held| held.bytes);
        let bytes = stored_bytes.fold(self.recorded_bytes, u64::saturating_add);
        self.report.peak_bytes = self.report.peak_bytes.max(bytes);
    }

    fn expect_tier(&self, tier: TierId) -> Result<(), BrokenRule> {
        let tiers = self.held.len();
        if (tier.0 as usize) < tiers {
            Ok(())
        } else {
            Err(BrokenRule::UnknownTier { tier, tiers })
        }
    }

    fn expect_stored(&mut self, kind: Data, step: u64, tier: TierId) -> Result<(), BrokenRule> {
        self.expect_tier(tier)?;
        if self.held[tier.0 as usize].steps(kind).contains(&step) {
            Ok(())
        } else {
            Err(BrokenRule::NotStored { kind, step, tier })
        }
    }
}
