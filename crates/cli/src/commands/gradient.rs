//! `retrograd gradient`: misfit and gradient at the start model.

use std::fmt::Write as _;

use crate::cli::JobArgs;
use crate::job::Job;
use crate::numerics;
use crate::output::{self, Failure};
use crate::progress::Progress;

use super::cost_lines;

/// Computes the gradient of `job`.
///
/// # Errors
/// If the run fails.
pub fn run(args: &JobArgs, job: &Job) -> Result<(), Failure> {
    let format = args.common.format();
    let outcome = numerics::gradient(job, &Progress::new(format))?;
    let mut text = String::new();
    for misfit in &outcome.misfit {
        let _ = writeln!(text, "misfit {misfit:.6e}");
    }
    let _ = writeln!(text, "gradient norm {:.6e}", outcome.gradient_norm);
    text.push_str(&cost_lines(&outcome.cost));
    let _ = writeln!(text, "results in {}", outcome.run.folder.display());
    output::print(format, &outcome, &text)
}
