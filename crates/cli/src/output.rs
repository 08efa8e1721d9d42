//! Standard output, failures and exit codes.

use std::io::{self, BufWriter, IsTerminal, Write};
use std::panic::PanicHookInfo;
use std::process::ExitCode;

use serde::Serialize;
use serde_json::ser::Formatter;

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
    write(|out| out.write_all(text.as_bytes()))
}

/// Prints `value` as one JSON object, piece by piece: a list of any length takes no memory. Entries
/// of the object are a line each, and so are those of a list in it.
///
/// # Errors
/// As for [`print()`].
pub fn print_json<T: Serialize>(value: &T) -> Result<(), Failure> {
    write(|out| {
        value
            .serialize(&mut serde_json::Serializer::with_formatter(&mut *out, Lines::default()))?;
        out.write_all(b"\n")
    })
}

/// Lets `content` write to standard output.
///
/// # Errors
/// As for [`print()`].
pub fn write(content: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Failure> {
    let mut out = BufWriter::new(io::stdout().lock());
    match content(&mut out).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(RunError::new(format!("standard output cannot be written: {error}")).into())
        }
        _ => Ok(()),
    }
}

/// JSON of a line per entry of the two outermost levels.
#[derive(Default)]
struct Lines {
    depth: usize,
    empty: bool,
}

impl Lines {
    /// Levels that are broken into lines.
    const LEVELS: usize = 2;

    fn begin<W: Write + ?Sized>(&mut self, out: &mut W, bracket: u8) -> io::Result<()> {
        self.depth += 1;
        self.empty = true;
        out.write_all(&[bracket])
    }

    fn entry<W: Write + ?Sized>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.empty = false;
        let comma: &[u8] = if first { b"" } else { b"," };
        out.write_all(comma)?;
        self.new_line(out, self.depth)
    }

    fn end<W: Write + ?Sized>(&mut self, out: &mut W, bracket: u8) -> io::Result<()> {
        if !self.empty {
            self.new_line(out, self.depth - 1)?;
        }
        self.empty = false;
        self.depth -= 1;
        out.write_all(&[bracket])
    }

    fn new_line<W: Write + ?Sized>(&self, out: &mut W, indent: usize) -> io::Result<()> {
        if self.depth > Self::LEVELS {
            return Ok(());
        }
        out.write_all(b"\n")?;
        (0..indent).try_for_each(|_| out.write_all(b"  "))
    }
}

impl Formatter for Lines {
    fn begin_array<W: Write + ?Sized>(&mut self, out: &mut W) -> io::Result<()> {
        self.begin(out, b'[')
    }

    fn end_array<W: Write + ?Sized>(&mut self, out: &mut W) -> io::Result<()> {
        self.end(out, b']')
    }

    fn begin_array_value<W: Write + ?Sized>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.entry(out, first)
    }

    fn begin_object<W: Write + ?Sized>(&mut self, out: &mut W) -> io::Result<()> {
        self.begin(out, b'{')
    }

    fn end_object<W: Write + ?Sized>(&mut self, out: &mut W) -> io::Result<()> {
        self.end(out, b'}')
    }

    fn begin_object_key<W: Write + ?Sized>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.entry(out, first)
    }

    fn begin_object_value<W: Write + ?Sized>(&mut self, out: &mut W) -> io::Result<()> {
        out.write_all(b": ")
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_of_the_two_outer_levels_are_lines() {
        let value = serde_json::json!({"a": 1, "b": {"0": [2, 3]}, "c": [[4, [5]], []], "d": {}});
        let mut out = Vec::new();
        value
            .serialize(&mut serde_json::Serializer::with_formatter(&mut out, Lines::default()))
            .expect("memory should be writable");
        let text = String::from_utf8(out).expect("JSON should be UTF-8");
        let expected = "{\n  \"a\": 1,\n  \"b\": {\n    \"0\": [2,3]\n  },\n  \"c\": [\n    [4,[5]],\n    \
                        []\n  ],\n  \"d\": {}\n}";
        assert_eq!(text, expected);
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).expect("JSON"), value);
    }
}
