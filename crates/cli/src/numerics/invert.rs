//! `invert`: the run folder and the inversion in it.

use retrograd_invert::inversion::{Inversion, IterationRow, Outcome, Watch, peak_rss_bytes};
use retrograd_invert::report;

use super::{Begin, RunError, folder, record, setup};
use crate::job::Job;
use crate::job::types::Pictures;
use crate::outcome::{Cost, InvertOutcome, StageOutcome};
use crate::progress::{Iteration, Progress};

/// Shows a run on the terminal.
pub(super) struct Terminal<'a>(pub(super) &'a Progress);

impl Watch for Terminal<'_> {
    fn begin(&self, what: &str, shots: usize) {
        self.0.begin(what, shots as u64);
    }

    fn shot_done(&self) {
        self.0.shot_done();
    }

    fn end(&self) {
        self.0.end();
    }

    fn note(&self, text: &str) {
        self.0.note(text);
    }

    fn iteration(&self, row: &IterationRow) {
        self.0.iteration(&Iteration {
            stage: row.stage,
            iteration: row.iteration,
            misfit: row.misfit,
            misfit_ratio: row.misfit_ratio,
            model_error: row.model_error,
            step_m_s: row.step_m_s,
            evaluations: row.evaluations,
            seconds: row.seconds,
            peak_rss_bytes: row.peak_rss_bytes,
        });
    }
}

pub(super) fn invert(
    job: &Job,
    begin: &Begin,
    progress: &Progress,
) -> Result<InvertOutcome, RunError> {
    let fingerprint = fingerprint(job);
    let setup = setup::inversion(job, &fingerprint)?;
    let folder = setup.folder.clone();
    let mut inversion = Inversion::new(setup).map_err(RunError::of)?;
    // A run that cannot begin has moved nothing.
    let _held = match begin {
        Begin::Afresh => folder::begin(&folder, &job.text, progress)?,
        Begin::Resume(_) => folder::take_over(&folder)?,
    };
    progress.note(&inversion.memory().plan.to_string());
    progress.header();
    let watch = Terminal(progress);
    let outcome = match begin {
        Begin::Afresh => inversion.run(&watch),
        Begin::Resume(_) => inversion.resume(&watch),
    };
    let outcome = outcome.map_err(RunError::of)?;
    let mut result = summary(job, &inversion, &outcome);
    folder::record(&folder, &result)?;
    // Results are safe: what cannot be drawn is only a warning.
    tell(&report::inversion(&mut inversion, &outcome, &report_settings(job), &watch), progress);
    result.cost.peak_rss_bytes = peak_rss_bytes().max(result.cost.peak_rss_bytes);
    folder::record(&folder, &result)?;
    Ok(result)
}

/// What a job says about its report.
pub(super) fn report_settings(job: &Job) -> report::Settings<'_> {
    report::Settings {
        name: &job.name,
        job: &job.text,
        pictures: match job.report.pictures {
            Pictures::On => report::Pictures::On,
            Pictures::Off => report::Pictures::Off,
        },
        shots: job.report.shots.as_deref(),
    }
}

/// Says what could not be drawn.
pub(super) fn tell(drawn: &report::Drawn, progress: &Progress) {
    progress.end();
    for warning in &drawn.warnings {
        progress.note(&format!("warning: {warning}"));
    }
}

/// What decides the result: the job without name, folder, machine use and pictures.
fn fingerprint(job: &Job) -> String {
    let parts = (
        (job.physics, &job.grid, &job.model, job.boundary, job.time),
        (&job.survey, &job.wavelet, &job.data, &job.stages, job.invert),
        job.run.backend,
    );
    serde_json::to_string(&parts).unwrap_or_default()
}

fn summary(job: &Job, inversion: &Inversion, outcome: &Outcome) -> InvertOutcome {
    let updates = outcome.evaluations as f64 * inversion.updates_per_evaluation();
    InvertOutcome {
        run: record::inversion(job, inversion),
        misfit: outcome.rows.iter().map(|r| r.misfit).collect(),
        model_error: outcome.rows.iter().filter_map(|r| r.model_error).collect(),
        stages: outcome
            .stages
            .iter()
            .map(|s| StageOutcome {
                frequency_hz: s.frequency_hz,
                iterations: s.iterations,
                evaluations: s.evaluations,
                misfit_ratio: s.misfit_ratio,
                stopped_by: s.stopped_by.clone(),
            })
            .collect(),
        evaluations: outcome.evaluations,
        cost: Cost {
            seconds: outcome.seconds,
            // Of all sessions, if the run was resumed.
            peak_rss_bytes: outcome
                .rows
                .iter()
                .map(|r| r.peak_rss_bytes)
                .fold(peak_rss_bytes(), u64::max),
            points_per_second: updates / outcome.seconds.max(1e-9),
        },
    }
}
