//! `invert`: the run folder and the inversion in it.

use std::path::Path;

use retrograd_invert::files;
use retrograd_invert::inversion::{Inversion, IterationRow, Outcome, Watch, peak_rss_bytes};

use super::{Begin, RunError, setup};
use crate::commands::invert::JOB_FILE;
use crate::job::Job;
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
    if *begin == Begin::Afresh {
        create(&folder, &job.text)?;
    }
    let mut inversion = Inversion::new(setup).map_err(RunError::of)?;
    progress.note(&inversion.memory().plan.to_string());
    progress.header();
    let watch = Terminal(progress);
    let outcome = match begin {
        Begin::Afresh => inversion.run(&watch),
        Begin::Resume(_) => inversion.resume(&watch),
    };
    let outcome = outcome.map_err(RunError::of)?;
    let result = summary(&inversion, &outcome, folder.clone());
    files::write_json(&folder.join("run.json"), &result).map_err(RunError::of)?;
    Ok(result)
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

pub(super) fn create(folder: &Path, text: &str) -> Result<(), RunError> {
    std::fs::create_dir_all(folder).map_err(|error| {
        RunError::new(format!("the run folder {} cannot be made: {error}", folder.display()))
            .help("choose another with --out")
    })?;
    files::write(&folder.join(JOB_FILE), text.as_bytes()).map_err(RunError::of)
}

fn summary(
    inversion: &Inversion,
    outcome: &Outcome,
    folder: std::path::PathBuf,
) -> InvertOutcome {
    let experiment = &inversion.setup().experiment;
    let padded: usize = experiment
        .grid
        .shape()
        .iter()
        .zip(&experiment.layer)
        .map(|(n, [low, high])| n + low + high)
        .product();
    // Forward with recomputation, and the adjoint sweep.
    let sweeps = 1.0 + inversion.memory().plan.recompute_factor;
    let shots = experiment.survey.shots.len() as f64;
    let updates =
        outcome.evaluations as f64 * shots * experiment.steps as f64 * padded as f64 * sweeps;
    InvertOutcome {
        folder,
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
        cost: Cost {
            seconds: outcome.seconds,
            peak_rss_bytes: peak_rss_bytes(),
            points_per_second: updates / outcome.seconds.max(1e-9),
        },
    }
}
