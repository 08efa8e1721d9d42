//! What a user sees while a run goes on, on standard error: one line per iteration and, on a
//! terminal, a bar within it.

use std::io::{self, IsTerminal, Write as _};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::output::Format;

/// One line of the table.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Iteration {
    /// Stage, counted from 1.
    pub stage: usize,
    /// Iteration within the stage; 0 is the start.
    pub iteration: usize,
    /// Misfit J.
    pub misfit: f64,
    /// J relative to the start of the stage.
    pub misfit_ratio: f64,
    /// Relative model error, if the truth is known.
    pub model_error: Option<f64>,
    /// Greatest change of velocity, m/s.
    pub step_m_s: f64,
    /// Evaluations of misfit and gradient of this stage so far, line search included.
    pub evaluations: usize,
    /// Seconds since the last iteration.
    pub seconds: f64,
    /// The most memory of the process so far.
    pub peak_rss_bytes: u64,
}

/// Where progress goes. Shared by the threads that compute shots.
#[derive(Debug)]
pub struct Progress {
    bar: ProgressBar,
}

impl Progress {
    /// A bar on a terminal; plain lines only in a pipe and beside `--json`.
    pub fn new(format: Format) -> Self {
        let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::hidden());
        if format == Format::Human && io::stderr().is_terminal() {
            bar.set_draw_target(ProgressDrawTarget::stderr_with_hz(8));
            let style = "  {msg} {wide_bar} {pos}/{len} shots, {eta} left";
            // The template is a constant; were it wrong, the default style would do.
            if let Ok(style) = ProgressStyle::with_template(style) {
                bar.set_style(style);
            }
        }
        Self { bar }
    }

    /// A message of its own: a stage begins, a rule stops it, a file was written.
    pub fn note(&self, text: &str) {
        self.line(text);
    }

    /// The head of the table.
    pub fn header(&self) {
        self.line(HEADER);
    }

    /// Begins the bar of `shots` units of work: forward or adjoint runs.
    pub fn begin(&self, what: &str, shots: u64) {
        self.bar.reset();
        self.bar.set_length(shots);
        self.bar.set_message(what.to_owned());
        if !self.bar.is_hidden() {
            self.bar.enable_steady_tick(Duration::from_millis(250));
        }
    }

    /// One unit of work is done. Callable from any thread.
    pub fn shot_done(&self) {
        self.bar.inc(1);
    }

    /// Removes the bar.
    pub fn end(&self) {
        self.bar.disable_steady_tick();
        self.bar.finish_and_clear();
    }

    /// Removes the bar and writes the line of a finished iteration.
    pub fn iteration(&self, row: &Iteration) {
        self.end();
        self.line(&row.to_string());
    }

    fn line(&self, text: &str) {
        // Progress that nobody can read must not stop a run.
        self.bar.suspend(|| {
            let _ = writeln!(io::stderr(), "{text}");
        });
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.end();
    }
}

const HEADER: &str = "stage   it     misfit J      J/J0  model error   step m/s  evals        s  \
                      peak MiB";

impl std::fmt::Display for Iteration {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let error = self.model_error.map_or("-".to_owned(), |error| format!("{error:.4}"));
        write!(
            f,
            "{:>5} {:>4} {:>12.4e} {:>9.5} {error:>12} {:>10.1} {:>6} {:>8.2} {:>9.1}",
            self.stage,
            self.iteration,
            self.misfit,
            self.misfit_ratio,
            self.step_m_s,
            self.evaluations,
            self.seconds,
            self.peak_rss_bytes as f64 / f64::from(1 << 20),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROW: Iteration = Iteration {
        stage: 2,
        iteration: 13,
        misfit: 1.234e-3,
        misfit_ratio: 0.056,
        model_error: Some(0.0921),
        step_m_s: 31.4,
        evaluations: 2,
        seconds: 1.25,
        peak_rss_bytes: 300 << 20,
    };

    #[test]
    fn a_line_is_as_long_as_its_header() {
        assert_eq!(ROW.to_string().len(), HEADER.len());
        let unknown = Iteration { model_error: None, ..ROW };
        assert_eq!(unknown.to_string().len(), HEADER.len());
    }

    #[test]
    fn a_silent_progress_takes_all_calls() {
        let progress = Progress::new(Format::Json);
        progress.begin("forward", 3);
        progress.shot_done();
        progress.iteration(&ROW);
        progress.end();
    }
}
