//! The one door from the command line to the numerical crates.

mod check;
mod compile;
mod folder;
mod invert;
mod plan;
mod record;
pub mod schedule;
mod setup;
mod sound;
mod sweep;
mod tools;

use std::path::PathBuf;

pub use compile::Shown;
pub use folder::JOB_FILE;

use crate::cli::Case;
use crate::job::Job;
use crate::outcome::{
    BenchOutcome, CheckOutcome, CompileOutcome, GradientOutcome, InvertOutcome, ModelOutcome,
    PlanOutcome,
};
use crate::progress::Progress;

/// Why a run failed, in words for the user.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{message}{}", .help.as_ref().map_or(String::new(), |help| format!("\n  help: {help}")))]
pub struct RunError {
    message: String,
    help: Option<String>,
}

impl RunError {
    /// What went wrong: place, found, allowed.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), help: None }
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }

    /// An error of a numerical crate, whose message already says how to mend it.
    fn of(error: impl std::fmt::Display) -> Self {
        Self::new(error.to_string())
    }
}

/// Where an inversion begins.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Begin {
    /// At the start model, in a new run folder.
    Afresh,
    /// Where the run in this folder was interrupted.
    Resume(PathBuf),
}

/// Rules that need numbers, dot-product test, Taylor test, on the job's own problem.
///
/// # Errors
/// If the tests could not be run; a test that fails is a result.
pub fn check(job: &Job, progress: &Progress) -> Result<CheckOutcome, RunError> {
    check::check(job, progress)
}

/// Memory, strategy and time, before anything runs.
///
/// # Errors
/// If the budget is too small; the message states the minimum.
pub fn plan(job: &Job) -> Result<PlanOutcome, RunError> {
    plan::plan(job)
}

/// Models every shot in the true model, or in the start model where the truth is unknown.
///
/// # Errors
/// If a file cannot be read or written, or the kernel cannot be compiled.
pub fn model(job: &Job, progress: &Progress) -> Result<ModelOutcome, RunError> {
    sweep::model(job, progress)
}

/// Misfit and gradient at the start model.
///
/// # Errors
/// As [`model`], and if the budget is too small.
pub fn gradient(job: &Job, progress: &Progress) -> Result<GradientOutcome, RunError> {
    sweep::gradient(job, progress)
}

/// The inversion, stage by stage.
///
/// # Errors
/// As [`gradient`], and if the run to be resumed is missing or belongs to another job.
pub fn invert(job: &Job, begin: &Begin, progress: &Progress) -> Result<InvertOutcome, RunError> {
    invert::invert(job, begin, progress)
}

/// The text of the job's programs, and what their steps cost, in numbers and as tables.
///
/// # Errors
/// If the equation cannot be discretised, or the target is not available.
pub fn compile(job: &Job, shown: Shown) -> Result<(CompileOutcome, Vec<String>), RunError> {
    let (outcome, reports) = compile::compile(job, shown)?;
    Ok((outcome, reports.iter().map(ToString::to_string).collect()))
}

/// Speed of a kernel and of a copy. `threads`: `None` is one per core.
///
/// # Errors
/// If the kernel cannot be compiled.
pub fn bench(case: Case, threads: Option<usize>) -> Result<BenchOutcome, RunError> {
    tools::bench(case, threads)
}
