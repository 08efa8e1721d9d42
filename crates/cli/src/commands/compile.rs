//! `retrograd compile`: the program of a time step, after each stage.

use crate::cli::CompileArgs;
use crate::job::Job;
use crate::numerics;
use crate::output::{self, Failure};

/// Shows the programs of `job`.
///
/// # Errors
/// If the equation cannot be compiled for the target.
pub fn run(args: &CompileArgs, job: &Job) -> Result<(), Failure> {
    let outcome = numerics::compile(job, args.target)?;
    let sections: Vec<String> =
        outcome.programs.iter().map(|(stage, text)| format!("-- {stage}\n{text}")).collect();
    output::print(args.job.common.format(), &outcome, &sections.join("\n"))
}
