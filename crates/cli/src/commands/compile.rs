//! `retrograd compile`: the program of a time step, after each stage, and what it costs.

use crate::cli::CompileArgs;
use crate::job::Job;
use crate::numerics::{self, Shown};
use crate::output::{self, Failure};

/// Shows the programs of `job`, or the report of its kernels.
///
/// # Errors
/// If the equation cannot be compiled for the target.
pub fn run(args: &CompileArgs, job: &Job) -> Result<(), Failure> {
    let (outcome, reports) = numerics::compile(job, Shown::from(args))?;
    let programs = outcome.programs.iter().map(|(stage, text)| format!("-- {stage}\n{text}"));
    let sections: Vec<String> = programs.chain(reports).collect();
    output::print(args.job.common.format(), &outcome, &sections.join("\n"))
}
