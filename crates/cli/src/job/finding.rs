//! What is wrong with a job, where, and what would be right.

use std::fmt::{self, Write as _};
use std::ops::Range;

use miette::{
    Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteDiagnostic, NamedSource,
    Report,
};

/// A text that a job came from: the file, or one `--set`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Source {
    /// File name, or the flag on the command line.
    pub name: String,
    /// The whole text; ranges count its bytes.
    pub text: String,
}

/// A place in one of the [`Source`]s.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Place {
    /// Index of the source.
    pub source: usize,
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

impl Place {
    /// The place of bytes `range` in source number `source`.
    pub fn new(source: usize, range: &Range<usize>) -> Self {
        Self { source, start: range.start, end: range.end }
    }
}

/// One thing that is wrong.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Finding {
    /// Where; nowhere if the fault is an absence in an empty job.
    pub place: Option<Place>,
    /// What is wrong: place, found, allowed.
    pub message: String,
    /// The words under the caret.
    pub label: String,
    /// What to do.
    pub help: String,
}

/// Every fault found in a job, in the order of the text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct JobErrors {
    sources: Vec<Source>,
    findings: Vec<Finding>,
}

/// Whether a report may use colours.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Colour {
    /// For a terminal.
    Ansi,
    /// For a file or a pipe.
    Plain,
}

impl JobErrors {
    /// Sorts `findings` by place; `sources` are what their places refer to.
    pub fn new(sources: Vec<Source>, mut findings: Vec<Finding>) -> Self {
        findings.sort_by(|a, b| a.place.cmp(&b.place));
        findings.dedup();
        Self { sources, findings }
    }

    /// What is wrong, in the order of the text.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// The report for a person: each fault with file, line, column, caret and help.
    pub fn render(&self, colour: Colour) -> String {
        let theme = match colour {
            Colour::Ansi => GraphicalTheme::unicode(),
            Colour::Plain => GraphicalTheme::unicode_nocolor(),
        };
        let handler = GraphicalReportHandler::new_themed(theme).with_width(100);
        let mut out = String::new();
        for finding in &self.findings {
            let report = self.report(finding);
            let diagnostic: &dyn Diagnostic = report.as_ref();
            if handler.render_report(&mut out, diagnostic).is_err() {
                out.push_str(&finding.message);
            }
            out.push('\n');
        }
        let count = self.findings.len();
        let noun = if count == 1 { "error" } else { "errors" };
        let name = self.sources.first().map_or("job", |source| source.name.as_str());
        let _ = writeln!(out, "{count} {noun} in {name}; nothing has run.");
        out
    }

    fn report(&self, finding: &Finding) -> Report {
        let mut diagnostic =
            MietteDiagnostic::new(&finding.message).with_help(finding.help.clone());
        let Some(place) = &finding.place else { return Report::new(diagnostic) };
        let Some(source) = self.sources.get(place.source) else { return Report::new(diagnostic) };
        let start = floor_boundary(&source.text, place.start);
        let end = floor_boundary(&source.text, place.end).max(start);
        let label = (!finding.label.is_empty()).then(|| finding.label.clone());
        diagnostic = diagnostic.with_label(LabeledSpan::new(label, start, end - start));
        Report::new(diagnostic)
            .with_source_code(NamedSource::new(&source.name, source.text.clone()))
    }
}

/// The nearest character boundary at or before `at`: a label must never split a character.
fn floor_boundary(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

impl fmt::Display for JobErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(Colour::Plain))
    }
}

impl std::error::Error for JobErrors {}
