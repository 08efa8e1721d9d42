//! Standard output, failures and exit codes.

use std::io::{self, IsTerminal, Write as _};
use std::panic::PanicHookInfo;
use std::process::ExitCode;

use serde::Serialize;

use crate::job::finding::{Colour, JobErrors};
use crate::numerics::RunError;

/// How results are printed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Format {
    /// Text for a person.
    Human,
    /// Exactly one JSON object on standard output.
    Json,
}

/// Why a command failed.
#[derive(Debug)]
#[non_exhaustive]
pub enum Failure {
    /// The job is faulty.
    Job(JobErrors),
    /// The command line asks for something that cannot be.
    Usage {
        /// What is wrong.
        message: String,
        /// What to do.
        help: String,
    },
    /// The run failed.
    Run(RunError),
}

impl From<JobErrors> for Failure {
    fn from(errors: JobErrors) -> Self {
        Self::Job(errors)
    }
}

impl From<RunError> for Failure {
    fn from(error: RunError) -> Self {
        Self::Run(error)
    }
}

impl Failure {
    /// Tells the user on standard error and returns the exit status.
    pub fn report(&self) -> ExitCode {
        let (text, code) = match self {
            Self::Job(errors) => (errors.render(colour()), 2),
            Self::Usage { message, help } => (format!("error: {message}\n  help: {help}\n"), 2),
            Self::Run(error) => (format!("error: {error}\n"), 1),
        };
        // Nothing can be said about a closed standard error.
        let _ = io::stderr().write_all(text.as_bytes());
        ExitCode::from(code)
    }
}

/// Colours for a terminal, none for a pipe.
fn colour() -> Colour {
    if io::stderr().is_terminal() { Colour::Ansi } else { Colour::Plain }
}

/// Prints `value` as one JSON object, or `text` for a person, to standard output.
///
/// # Errors
/// If standard output cannot be written. A closed pipe (`| head`) is no error.
pub fn print<T: Serialize>(format: Format, value: &T, text: &str) -> Result<(), Failure> {
    let mut text = match format {
        Format::Human => text.to_owned(),
        Format::Json => serde_json::to_string_pretty(value)
            .map_err(|error| RunError::new(format!("the result is no JSON: {error}")))?,
    };
    if !text.ends_with('\n') {
        text.push('\n');
    }
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(RunError::new(format!("standard output cannot be written: {error}")).into())
        }
        _ => Ok(()),
    }
}

/// What a user sees of a panic: that it is our fault, and where to tell us.
pub fn bug_report(info: &PanicHookInfo<'_>) -> String {
    let message = info
        .payload()
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| info.payload().downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no message".to_owned());
    let place = info.location().map_or_else(|| "unknown place".to_owned(), ToString::to_string);
    format!(
        "error: this is a bug in retrograd {}, not in your job: {message} ({place})\n  \
         help: report it at {}/issues with this message, the job file and the output of \
         `retrograd doctor`",
        env!("CARGO_PKG_VERSION"),
        env!("CARGO_PKG_REPOSITORY"),
    )
}
