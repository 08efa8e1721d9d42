//! `retrograd invert`: the inversion, afresh or resumed.

use std::fmt::Write as _;
use std::path::Path;

use crate::cli::InvertArgs;
use crate::job::Job;
use crate::job::tree::Override;
use crate::numerics::{self, Begin, JOB_FILE};
use crate::outcome::InvertOutcome;
use crate::output::{self, Failure};
use crate::progress::Progress;

use super::{cost_lines, load, load_with};

/// Inverts, or continues an inversion that was interrupted.
///
/// # Errors
/// If the job is faulty, the run fails, or there is nothing to resume.
pub fn run(args: &InvertArgs) -> Result<(), Failure> {
    let (job, begin) = match &args.resume {
        None => (load(&args.job)?, Begin::Afresh),
        Some(None) => {
            let job = load(&args.job)?;
            let folder = job.output.clone();
            (job, Begin::Resume(existing(&folder)?))
        }
        Some(Some(folder)) => {
            let folder = existing(&super::current_folder()?.join(folder))?;
            (job_of(args, &folder)?, Begin::Resume(folder))
        }
    };
    let format = args.job.common.format();
    let outcome = numerics::invert(&job, &begin, &Progress::new(format))?;
    output::print(format, &outcome, &describe(&outcome))
}

/// The job that the user names, else the one that the run folder holds.
fn job_of(args: &InvertArgs, folder: &Path) -> Result<Job, Failure> {
    let kept = folder.join(JOB_FILE);
    let path = args.job.job.clone().or_else(|| kept.is_file().then_some(kept));
    let mut overrides = args.job.overrides();
    let text = toml::Value::String(folder.display().to_string());
    overrides.push(Override { flag: "--resume".to_owned(), text: format!("job.output = {text}") });
    load_with(path.as_deref(), &overrides)
}

fn existing(folder: &Path) -> Result<std::path::PathBuf, Failure> {
    if folder.is_dir() {
        return Ok(folder.to_path_buf());
    }
    let help = if folder.is_file() {
        "write the job file first: retrograd invert job.toml --resume"
    } else {
        "name the folder that holds run.json: retrograd invert --resume runs/<name>"
    };
    Err(Failure::Usage {
        message: format!("there is no run folder {} to resume", folder.display()),
        help: help.to_owned(),
    })
}

fn describe(outcome: &InvertOutcome) -> String {
    let mut text = String::new();
    for (index, stage) in outcome.stages.iter().enumerate() {
        let _ = writeln!(
            text,
            "stage {} at {} Hz: misfit to {:.4} of its start in {} iterations, {} evaluations; {}",
            index + 1,
            stage.frequency_hz,
            stage.misfit_ratio,
            stage.iterations,
            stage.evaluations,
            stage.stopped_by
        );
    }
    if let (Some(first), Some(last)) = (outcome.model_error.first(), outcome.model_error.last()) {
        let _ = writeln!(text, "model error {first:.4} -> {last:.4}");
    }
    text.push_str(&cost_lines(&outcome.cost));
    let _ = writeln!(text, "results in {}", outcome.run.folder.display());
    text
}
