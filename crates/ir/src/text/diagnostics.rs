//! Errors of the text form, with line, column and caret.

use std::fmt;

/// Why a text is no stencil, and where.
#[derive(Clone, PartialEq, Debug)]
pub struct ParseError {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// Characters that the caret underlines.
    pub length: usize,
    /// The line of the text.
    pub source_line: String,
    /// What is wrong.
    pub problem: Problem,
}

/// What is wrong with a text.
#[derive(Clone, PartialEq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// A character that begins no token.
    #[error("`{}` has no meaning here", character.escape_default())]
    Character {
        /// The character.
        character: char,
    },
    /// A malformed number.
    #[error(
        "`{text}` is not a number\n  help: write numbers as 2, 0.5 or 1e-3; names start with a \
         letter"
    )]
    Number {
        /// Its characters.
        text: String,
    },
    /// An integer outside its range.
    #[error("expected {what} between {least} and {most}, found {found}")]
    Range {
        /// What it is.
        what: &'static str,
        /// Smallest value.
        least: i64,
        /// Largest value.
        most: i64,
        /// What is written.
        found: String,
    },
    /// Another token than the grammar has here.
    #[error("expected {expected}, found {found}{help}")]
    Unexpected {
        /// What may stand here.
        expected: String,
        /// What stands here.
        found: String,
        /// Advice, empty or starting on a new line.
        help: String,
    },
    /// A name that nothing bears.
    #[error("there is no {what} `{name}`{help}")]
    Unknown {
        /// What a name of is expected.
        what: &'static str,
        /// The name.
        name: String,
        /// Advice, empty or starting on a new line.
        help: String,
    },
    /// A name of something else.
    #[error("`{name}` is a {found}, expected a {expected}")]
    WrongKind {
        /// The name.
        name: String,
        /// What it names.
        found: &'static str,
        /// What is expected.
        expected: &'static str,
    },
    /// A name that is taken.
    #[error("`{name}` is already the name of a {taken_by}\n  help: choose another name")]
    Taken {
        /// The name.
        name: String,
        /// What bears it.
        taken_by: &'static str,
    },
    /// A reserved word used as a name.
    #[error("`{name}` is a word of the language and cannot be a name\n  help: choose another name")]
    Reserved {
        /// The word.
        name: String,
    },
    /// The same subscript or bound twice.
    #[error("`{name}` appears twice in these brackets")]
    Twice {
        /// The dimension, or `t`.
        name: String,
    },
    /// More dimensions than a stencil may have.
    #[error("a stencil has at most {most} dimensions")]
    TooManyDimensions {
        /// The limit.
        most: usize,
    },
    /// Brackets nested too deeply.
    #[error("nested deeper than {most} levels\n  help: name a part with `let`")]
    TooDeep {
        /// The limit.
        most: usize,
    },
}

impl ParseError {
    /// An error about `length` bytes at byte `start` of `source`.
    pub(super) fn at(source: &str, start: usize, length: usize, problem: Problem) -> Self {
        let line_start = source[..start].rfind('\n').map_or(0, |at| at + 1);
        let rest = &source[line_start..];
        let source_line = rest[..rest.find('\n').unwrap_or(rest.len())].trim_end();
        let marked = source.get(start..start + length).unwrap_or("");
        Self {
            line: source[..line_start].matches('\n').count() + 1,
            column: source[line_start..start].chars().count() + 1,
            length: marked.chars().count().max(1),
            source_line: source_line.to_owned(),
            problem,
        }
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let problem = self.problem.to_string();
        let (message, help) = match problem.split_once("\n  help: ") {
            Some((message, help)) => (message, Some(help)),
            None => (problem.as_str(), None),
        };
        let number = self.line.to_string();
        let margin = " ".repeat(number.len());
        // Tabs stay tabs, so that the caret stands below its place at any tab width.
        let before = self.source_line.chars().take(self.column - 1);
        let indent: String = before.map(|c| if c == '\t' { '\t' } else { ' ' }).collect();
        let carets = "^".repeat(self.length);
        writeln!(f, "{message}")?;
        writeln!(f, "{margin}--> line {}, column {}", self.line, self.column)?;
        writeln!(f, "{margin} |")?;
        writeln!(f, "{number} | {}", self.source_line)?;
        write!(f, "{margin} | {indent}{carets}")?;
        match help {
            Some(help) => write!(f, "\n{margin} = help: {help}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for ParseError {}

/// The candidate closest to `name`, if it is close enough to be meant.
pub(crate) fn nearest<'a>(
    name: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let most = 1 + name.chars().count() / 4;
    candidates
        .into_iter()
        .map(|candidate| (distance(name, candidate), candidate))
        .filter(|&(distance, _)| distance <= most)
        .min()
        .map(|(_, candidate)| candidate)
}

/// Insertions, deletions and substitutions that turn `a` into `b`, case aside.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.to_lowercase().chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.to_lowercase().chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let substituted = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}
