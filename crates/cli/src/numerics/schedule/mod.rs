//! Checkpointing schedules: made, counted, drawn.
//!
//! Whatever the family, a schedule becomes a [`Solved`]: its actions, the memory that they are
//! replayed against, what they cost, and whether a better schedule can exist. Counts are those of
//! the replayer. Where following every action would take more than a second or two they come from
//! the closed form of the family; the tests hold that both agree.

mod count;
mod draw;
mod files;
mod solve;
mod timeline;

pub use count::{Counts, Effort, TierCounts};
pub use draw::{recompute_factor, sweep};
pub use files::{ChainFile, JoinFile, UnevenFile};
pub use solve::solve;
pub use timeline::{Lanes, timeline};

use std::fmt::Write as _;
use std::path::Path;

use retrograd_checkpoint::schedule::AnySchedule;
use retrograd_checkpoint::schedule::chain::ChainSchedule;
use retrograd_checkpoint::schedule::join::{BranchAction, JoinMemory, JoinSchedule};
use retrograd_checkpoint::{
    Action, Chain, CostModel, JoinAction, JoinGraph, MemoryModel, PerStep, ScheduleError, TierCost,
};
use retrograd_plot::Drawing;

use super::RunError;
use crate::job::finding::JobErrors;

/// A schedule that can be counted, listed and drawn.
#[derive(Debug)]
pub struct Solved {
    /// What was asked for, such as `revolve, 20 steps, 3 slots`.
    pub title: String,
    /// Steps that are reversed.
    pub steps: u64,
    /// Whether a better schedule can exist.
    pub optimum: Optimum,
    /// What is counted beside slots.
    pub measure: Measure,
    plan: Plan,
    costs: CostModel,
    /// `None` where counting takes following the actions.
    closed: Option<Closed>,
}

/// Whether a better schedule can exist within the same slots and costs, and why.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Optimum {
    /// None can.
    Proven(&'static str),
    /// There is one, or nobody knows.
    Open(&'static str),
}

/// What fills a tier.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Measure {
    /// Snapshots, one slot each.
    Slots,
    /// Units: restart and adjoint data differ in size.
    Units,
    /// Everything that lives, temporaries included.
    Memory,
}

/// Where actions come from, and what follows them.
#[derive(Debug)]
enum Plan {
    Steps { schedule: AnySchedule, memory: MemoryModel },
    Chain { chain: Chain, schedule: ChainSchedule },
    Join { graph: JoinGraph, memory: JoinMemory, schedule: JoinSchedule },
}

/// What is known without following the actions.
#[derive(Clone, PartialEq, Debug, Default)]
struct Closed {
    advances: u128,
    /// The tiers, where there is a formula.
    tiers: Option<Vec<TierCounts>>,
    /// The makespan, where it does not follow from the counts.
    makespan: Option<f64>,
}

/// An action and the branch that it belongs to, if there are several.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Listed {
    /// Of the only chain.
    Step(Action),
    /// Of one branch of a join.
    Branch(BranchAction),
    /// The loss over all branches.
    Turn,
}

/// Why there is no schedule.
#[derive(Debug)]
pub enum Unsolved {
    /// Too little of something; so much would do.
    Infeasible {
        /// What there is too little of.
        what: String,
        /// What was given.
        given: u64,
        /// The least with which a schedule exists.
        minimum: u64,
    },
    /// A file is faulty.
    File(JobErrors),
    /// Anything else.
    Failed(RunError),
}

impl From<ScheduleError> for Unsolved {
    fn from(error: ScheduleError) -> Self {
        match error {
            ScheduleError::NoSnapshots { .. } => {
                Self::Infeasible { what: "the number of slots".to_owned(), given: 0, minimum: 1 }
            }
            ScheduleError::TooSmall { what, given, minimum } => {
                Self::Infeasible { what: what.to_owned(), given, minimum }
            }
            other => Self::Failed(RunError::of(other)),
        }
    }
}

impl From<RunError> for Unsolved {
    fn from(error: RunError) -> Self {
        Self::Failed(error)
    }
}

impl From<JobErrors> for Unsolved {
    fn from(errors: JobErrors) -> Self {
        Self::File(errors)
    }
}

impl Solved {
    /// The actions, one after the other: nothing is collected.
    pub fn actions(&self) -> Box<dyn Iterator<Item = Listed> + '_> {
        match &self.plan {
            Plan::Steps { schedule, .. } => Box::new(schedule.clone().map(Listed::Step)),
            Plan::Chain { schedule, .. } => Box::new(schedule.actions().map(Listed::Step)),
            Plan::Join { schedule, .. } => {
                Box::new(schedule.actions().map(|action| match action {
                    JoinAction::Branch(action) => Listed::Branch(action),
                    JoinAction::Turn => Listed::Turn,
                }))
            }
        }
    }
}

impl Solved {
    /// What the makespan is made of, in words.
    pub fn unit(&self) -> String {
        if let Plan::Chain { .. } = self.plan {
            return String::new();
        }
        if let PerStep::Each(_) = self.costs.forward {
            return ", every step with the cost that the file says".to_owned();
        }
        let (forward, reverse) = (self.costs.forward.at(0), self.costs.adjoint.at(0));
        let mut text = format!(", a forward step costs {forward}, a reverse step {reverse}");
        let tiers = self.costs.tiers.iter().enumerate();
        for (k, TierCost { write, read }) in tiers.filter(|(_, cost)| **cost != TierCost::default())
        {
            let _ = write!(text, "; tier {k}: a write {write}, a read {read}");
        }
        text
    }
}

/// Writes a drawing to where the user wants it.
///
/// # Errors
/// If the file cannot be written.
pub fn save(drawing: &Drawing, path: &Path) -> Result<(), RunError> {
    drawing.save(path).map_err(|error| {
        let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}"));
        RunError::new(format!("{error}{}", cause.unwrap_or_default()))
            .help("name a folder that exists and is writable")
    })
}
