//! `retrograd model`: the recordings of every shot.

use crate::cli::JobArgs;
use crate::job::Job;
use crate::numerics;
use crate::output::{self, Failure};
use crate::progress::Progress;

use super::cost_lines;

/// Models the shots of `job`.
///
/// # Errors
/// If the run fails.
pub fn run(args: &JobArgs, job: &Job) -> Result<(), Failure> {
    let format = args.common.format();
    let outcome = numerics::model(job, &Progress::new(format))?;
    let text = format!(
        "{} shots modelled\n{}results in {}\n",
        job.survey.sources.len(),
        cost_lines(&outcome.cost),
        outcome.run.folder.display()
    );
    output::print(format, &outcome, &text)
}
