//! The command line of Retrograd: a thin front end that parses, calls and prints.
//!
//! | module | job |
//! |---|---|
//! | [`cli`] | arguments |
//! | [`job`] | the job file: parsed, checked, every fault reported at once |
//! | [`commands`] | one file per command: calls, then prints |
//! | [`numerics`] | the one door to the numerical crates |
//! | [`outcome`] | what commands return; field names are the JSON keys |
//! | [`progress`] | the iteration table and the bar, on standard error |
//! | [`machine`] | what the computer offers |
//! | [`templates`] | jobs that `retrograd new` writes |
//! | [`output`] | standard output, failures, exit codes |
//!
//! Exit status: 0 success, 1 a failure while running, 2 a faulty command line or job.

#![forbid(unsafe_code)]

pub mod cli;
pub mod commands;
pub mod job;
pub mod machine;
pub mod numerics;
pub mod outcome;
pub mod output;
pub mod progress;
pub mod templates;

use std::panic::{self, AssertUnwindSafe};
use std::process::ExitCode;

use clap::Parser as _;

/// Runs the command given by the process's arguments.
pub fn main() -> ExitCode {
    panic::set_hook(Box::new(|info| eprintln!("{}", output::bug_report(info))));
    let cli = match cli::Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help that cannot be printed, into a closed pipe, is nobody's loss.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    // The hook has already told the user; what remains is the exit status.
    match panic::catch_unwind(AssertUnwindSafe(|| commands::run(cli.command))) {
        Ok(Ok(())) => ExitCode::SUCCESS,
        Ok(Err(failure)) => failure.report(),
        Err(_) => ExitCode::FAILURE,
    }
}
