//! Full-waveform inversion: stages of growing frequency, each minimised by L-BFGS.
//!
//! ```text
//! minimise over vp   J = 1/2 sum over shots, receivers, time of (F(vp) - d)^2 dt
//! subject to         v_min <= vp <= v_max,   frozen cells fixed
//! ```
//!
//! Everything that decides how a run goes on is on disk after every evaluation (see `state.rs`): a run
//! that is killed at any instant continues with the same bits. Misfit and model error are both
//! recorded, because a lower misfit is not yet a better model.

mod config;
mod data;
mod kept_plan;
mod memory;
mod objective;
mod parametrise;
mod run;
mod state;

use std::path::PathBuf;

use retrograd::Error;
use retrograd::checkpoint::PlanError;

use crate::files::FileError;
use crate::npy::NpyError;
use crate::optimise::{OptimiseError, StateError};
use crate::smooth::SmoothError;
use crate::wavelet::WaveletError;

pub use config::{
    DataSource, FinerModel, InversionSetup, Memory, MemoryStrategy, OptimiserSettings,
    Precondition, SampleModel, SourceSignature, Stage,
};
pub use memory::{FinerPlan, MemoryPlan, Saves, peak_rss_bytes, plan_modelling};
pub use run::{Inversion, IterationRow, Outcome, Quiet, StageSummary, Watch};

/// What can go wrong in an inversion.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InversionError {
    /// Modelling, gradients, memory plan.
    #[error(transparent)]
    Model(#[from] Error),
    /// The budget.
    #[error("memory budget: {0}")]
    Plan(#[from] PlanError),
    /// The budget does not hold the modelling of the data.
    #[error(
        "memory budget: a budget of {:.2} MiB ({budget} B) is too small to model the data on the \
         finer grid: the least is {:.2} MiB ({minimum} B)\n  \
         help: raise the budget, or refine less",
        mib(*budget), mib(*minimum)
    )]
    DataBudget {
        /// The budget, bytes.
        budget: u64,
        /// The least that works, bytes.
        minimum: u64,
    },
    /// A file.
    #[error(transparent)]
    File(#[from] FileError),
    /// An array file.
    #[error(transparent)]
    Npy(#[from] NpyError),
    /// The optimiser.
    #[error(transparent)]
    Optimise(#[from] OptimiseError),
    /// A saved optimiser.
    #[error(transparent)]
    State(#[from] StateError),
    /// Smoothing.
    #[error(transparent)]
    Smooth(#[from] SmoothError),
    /// Wavelets and filters.
    #[error(transparent)]
    Wavelet(#[from] WaveletError),
    /// Nothing to explain.
    #[error("the survey has no shots\n  help: an inversion needs a source and a receiver")]
    NoShots,
    /// Synthetic data of an unknown model.
    #[error("synthetic data need the true model\n  help: give the true model, or measured records")]
    NoTruth,
    /// Measured data with a source of which only the frequency of each stage is known.
    #[error(
        "measured data were not made by a Ricker wavelet of each stage's frequency\n  \
         help: give the wavelet that the sources emitted; stages filter it like the data"
    )]
    NoWavelet,
    /// Data of another shape than the survey.
    #[error("{what} has {found} values, the survey needs {expected}\n  help: {help}")]
    Shape {
        /// Which data.
        what: String,
        /// Values found.
        found: usize,
        /// Values needed.
        expected: usize,
        /// How to mend it.
        help: String,
    },
    /// A model of a run that is not as it was written.
    #[error(
        "{path}: not a model of a run: {reason}\n  \
         help: the file is damaged; restore it, or start the run anew",
        path = path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A run folder that cannot be resumed.
    #[error("{folder} cannot be resumed: {reason}\n  help: {help}")]
    Resume {
        /// The folder.
        folder: String,
        /// Why not.
        reason: String,
        /// What to do.
        help: String,
    },
}

fn mib(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

#[cfg(test)]
mod tests;
