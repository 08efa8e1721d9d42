//! The `retrograd` command.

#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    retrograd_cli::main()
}
