//! The replayer of chains that meet: what their schedules have to obey.
//!
//! As [`replay()`](crate::replay()) does for one chain, it shares no arithmetic with the
//! schedules.

use std::collections::BTreeSet;
use std::ops::Range;

use super::{BranchAction, JoinAction, JoinGraph};
use crate::{Action, BrokenRule, Data, TierId};

/// The memory and the graph that a schedule is replayed against.
///
/// At the start the initial states are stored: that of the trunk, or that of every branch. There
/// is one working state, which the reverse of a step leaves undefined.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct JoinMemory {
    pub(super) graph: JoinGraph,
    /// Whether the branches meet.
    pub(super) turn: bool,
    pub(super) slots: u64,
}

/// What a valid schedule did.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct JoinReport {
    /// Actions in the stream.
    pub actions: u64,
    /// Forward steps run without recording, those of the trunk included.
    pub advances: u64,
    /// Forward steps run with recording.
    pub recorded: u64,
    /// States stored, the initial ones not included.
    pub writes: u64,
    /// States loaded.
    pub reads: u64,
    /// The most states stored at a time.
    pub peak_slots: u64,
}

/// A rule of chains that meet, and how it was broken.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BrokenJoinRule {
    /// A rule that holds for any chain. Where the model is elsewhere, it may be on another branch.
    #[error(transparent)]
    Step(#[from] BrokenRule),
    /// Branches count from 0; the trunk comes after the last.
    #[error("there is no branch {branch}")]
    NoBranch {
        /// The branch named.
        branch: usize,
    },
    /// Nothing is recorded before the turn.
    #[error("nothing can be recorded before the turn")]
    BeforeTurn,
    /// There is one turn, or none if the chains do not meet.
    #[error("there is no such turn")]
    NoSuchTurn,
    /// The turn needs the ends of all branches.
    #[error("the end of branch {branch} is neither stored nor the working state")]
    EndMissing {
        /// The first branch whose end is missing.
        branch: usize,
    },
    /// The trunk is reversed after all branches.
    #[error("the trunk is reversed before branch {branch}")]
    TrunkFirst {
        /// The first branch that is left.
        branch: usize,
    },
}

/// An action that breaks a rule, and its place in the stream.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{}: {rule}", match action {
    Some(action) => format!("action {position} (`{action}`)"),
    None => format!("end of the schedule, after {position} actions"),
})]
pub struct InvalidJoinAction {
    /// Number of actions before this one.
    pub position: u64,
    /// The action; `None` if the stream ended too early.
    pub action: Option<JoinAction>,
    /// What is wrong.
    pub rule: BrokenJoinRule,
}

impl JoinMemory {
    /// Replays `actions`.
    ///
    /// # Errors
    /// The first action that breaks a rule, with its position.
    pub fn replay(
        &self,
        actions: impl IntoIterator<Item = JoinAction>,
    ) -> Result<JoinReport, InvalidJoinAction> {
        let mut replayer = Replayer::new(self);
        for action in actions {
            let position = replayer.report.actions;
            if let Err(rule) = replayer.follow(&action) {
                return Err(InvalidJoinAction { position, action: Some(action), rule });
            }
            replayer.report.actions += 1;
        }
        let position = replayer.report.actions;
        match replayer.finish() {
            Ok(()) => Ok(replayer.report),
            Err(rule) => Err(InvalidJoinAction { position, action: None, rule: rule.into() }),
        }
    }
}

/// A state: of which branch, at the start of which step.
type State = (usize, u64);

struct Replayer<'a> {
    memory: &'a JoinMemory,
    turned: bool,
    at: Option<State>,
    recorded: (usize, Range<u64>),
    /// Of each branch, the trunk last, the step from which on it is reversed.
    pending: Vec<u64>,
    stored: BTreeSet<State>,
    report: JoinReport,
}

impl<'a> Replayer<'a> {
    fn new(memory: &'a JoinMemory) -> Self {
        let JoinGraph { trunk, branches } = &memory.graph;
        let stored = match trunk {
            Some(_) => BTreeSet::from([(branches.len(), 0)]),
            None => (0..branches.len()).map(|branch| (branch, 0)).collect(),
        };
        let report = JoinReport { peak_slots: stored.len() as u64, ..JoinReport::default() };
        let pending = branches.iter().map(|steps| steps + 1).chain(*trunk).collect();
        let recorded = (0, 0..0);
        Self { memory, turned: !memory.turn, at: None, recorded, pending, stored, report }
    }

    fn follow(&mut self, action: &JoinAction) -> Result<(), BrokenJoinRule> {
        let JoinAction::Branch(BranchAction { branch, action }) = action else {
            return self.turn();
        };
        let branch = *branch;
        if branch >= self.pending.len() {
            return Err(BrokenJoinRule::NoBranch { branch });
        }
        match action {
            Action::Advance { steps } => {
                self.run(branch, steps, self.length(branch))?;
                self.report.advances = self.report.advances.saturating_add(steps.end - steps.start);
            }
            Action::Record { steps } => {
                if !self.turned {
                    return Err(BrokenJoinRule::BeforeTurn);
                }
                let into_loss = u64::from(!self.is_trunk(branch));
                self.run(branch, steps, self.length(branch) + into_loss)?;
                self.recorded = (branch, steps.clone());
                self.report.recorded = self.report.recorded.saturating_add(steps.end - steps.start);
            }
            Action::Reverse { steps } => self.reverse(branch, steps)?,
            Action::Store { kind, step, tier } => self.store(branch, *kind, *step, *tier)?,
            Action::Load { kind, step, tier } => {
                self.at = Some(self.stored_state(branch, *kind, *step, *tier)?);
                self.report.reads += 1;
            }
            Action::Discard { kind, step, tier } => {
                let state = self.stored_state(branch, *kind, *step, *tier)?;
                self.stored.remove(&state);
            }
        }
        Ok(())
    }

    fn turn(&mut self) -> Result<(), BrokenJoinRule> {
        if self.turned {
            return Err(BrokenJoinRule::NoSuchTurn);
        }
        for (branch, &steps) in self.memory.graph.branches.iter().enumerate() {
            let end = self.state(branch, steps);
            if !self.stored.contains(&end) && self.at != Some(end) {
                return Err(BrokenJoinRule::EndMissing { branch });
            }
        }
        self.turned = true;
        Ok(())
    }

    fn run(&mut self, branch: usize, steps: &Range<u64>, last: u64) -> Result<(), BrokenRule> {
        if steps.is_empty() {
            return Err(BrokenRule::EmptyRange);
        }
        self.expect_at(branch, steps.start)?;
        if steps.end > last {
            return Err(BrokenRule::BeyondEnd { end: steps.end, steps: last });
        }
        self.at = Some(self.state(branch, steps.end));
        Ok(())
    }

    fn reverse(&mut self, branch: usize, steps: &Range<u64>) -> Result<(), BrokenJoinRule> {
        if self.is_trunk(branch)
            && let Some(branch) = self.pending[..branch].iter().position(|&end| end > 0)
        {
            return Err(BrokenJoinRule::TrunkFirst { branch });
        }
        let expected = self.pending[branch];
        let (of, recorded) = &mut self.recorded;
        let rule = if steps.is_empty() {
            BrokenRule::EmptyRange
        } else if steps.end != expected {
            BrokenRule::OutOfOrder { expected }
        } else if *of != branch || steps.start < recorded.start || steps.end > recorded.end {
            BrokenRule::NotRecorded { recorded: recorded.clone() }
        } else {
            recorded.end = steps.start;
            self.pending[branch] = steps.start;
            self.at = None;
            return Ok(());
        };
        Err(rule.into())
    }

    fn store(
        &mut self,
        branch: usize,
        kind: Data,
        step: u64,
        tier: TierId,
    ) -> Result<(), BrokenRule> {
        expect_restart(kind, tier)?;
        self.expect_at(branch, step)?;
        if !self.stored.insert(self.state(branch, step)) {
            return Err(BrokenRule::StoredTwice { kind, step, tier });
        }
        let held = self.stored.len() as u64;
        if held > self.memory.slots {
            return Err(BrokenRule::SlotsExceeded { slots: self.memory.slots });
        }
        self.report.writes += 1;
        self.report.peak_slots = self.report.peak_slots.max(held);
        Ok(())
    }

    fn stored_state(
        &self,
        branch: usize,
        kind: Data,
        step: u64,
        tier: TierId,
    ) -> Result<State, BrokenRule> {
        expect_restart(kind, tier)?;
        let state = self.state(branch, step);
        if self.stored.contains(&state) {
            Ok(state)
        } else {
            Err(BrokenRule::NotStored { kind, step, tier })
        }
    }

    fn finish(&self) -> Result<(), BrokenRule> {
        let (kind, tier) = (Data::Restart, TierId(0));
        if let Some(&end) = self.pending.iter().find(|&&end| end > 0) {
            return Err(BrokenRule::NotReversed { steps: 0..end });
        }
        if let Some(&(_, step)) = self.stored.first() {
            return Err(BrokenRule::LeftStored { kind, step, tier });
        }
        if self.recorded.1.is_empty() {
            Ok(())
        } else {
            Err(BrokenRule::LeftRecorded { steps: self.recorded.1.clone() })
        }
    }

    fn expect_at(&self, branch: usize, step: u64) -> Result<(), BrokenRule> {
        let at = self.at.filter(|&at| at == self.state(branch, step));
        if at.is_some() {
            return Ok(());
        }
        let at = self.at.filter(|&(of, _)| of == branch).map(|(_, step)| step);
        Err(BrokenRule::NotThere { wanted: step, at })
    }

    /// The one name of a state: where branches start from a trunk, its end.
    fn state(&self, branch: usize, step: u64) -> State {
        match self.memory.graph.trunk {
            Some(trunk) if step == 0 && !self.is_trunk(branch) => {
                (self.memory.graph.branches.len(), trunk)
            }
            Some(_) | None => (branch, step),
        }
    }

    fn is_trunk(&self, branch: usize) -> bool {
        branch == self.memory.graph.branches.len()
    }

    /// Steps that can be advanced.
    fn length(&self, branch: usize) -> u64 {
        let branches = &self.memory.graph.branches;
        branches.get(branch).copied().or(self.memory.graph.trunk).unwrap_or(0)
    }
}

/// There is one tier, for restart data.
fn expect_restart(kind: Data, tier: TierId) -> Result<(), BrokenRule> {
    if kind == Data::Adjoint {
        return Err(BrokenRule::AdjointNotSupported);
    }
    if tier.0 > 0 {
        return Err(BrokenRule::UnknownTier { tier, tiers: 1 });
    }
    Ok(())
}
