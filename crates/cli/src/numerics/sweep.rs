//! `model` and `gradient`: single sweeps over the survey.

use std::path::PathBuf;
use std::time::Instant;

use retrograd_invert::engine::{Engine, Purpose};
use retrograd_invert::inversion::{Inversion, Watch as _, peak_rss_bytes, plan_modelling};
use retrograd_invert::{npy, records, report};

use super::invert::{Terminal, report_settings, tell};
use super::{RunError, folder, record, setup};
use crate::job::Job;
use crate::outcome::{Cost, GradientOutcome, ModelOutcome};
use crate::progress::Progress;

/// Records every shot in the true model, if it is known: with all that the sources emit, or with
/// the wavelet of the last stage if each stage has its own.
pub(super) fn model(job: &Job, progress: &Progress) -> Result<ModelOutcome, RunError> {
    let setup = setup::inversion(job, "")?;
    let folder = setup.folder.clone();
    let last = setup.stages.len() - 1;
    let experiment = setup.experiment.clone();
    let engine = Engine::new(experiment, &setup.resources, Purpose::Modelling);
    let mut engine = engine.map_err(RunError::of)?;
    let plan = plan_modelling(&setup, &engine).map_err(RunError::of)?;
    let _held = folder::begin(&folder, &job.text, progress)?;
    let wavelet = setup.emitted(last);
    let vp = setup.truth.clone().unwrap_or_else(|| setup.start.clone());
    let survey = setup.experiment.survey.clone();
    let watch = Terminal(progress);
    let begun = Instant::now();
    watch.begin("modelling", survey.shots.len());
    let concurrency = plan.concurrency as usize;
    let done = || watch.shot_done();
    let recorded = engine.simulate(&vp, &wavelet, concurrency, &done).map_err(RunError::of)?;
    watch.end();
    let seconds = begun.elapsed().as_secs_f64();
    std::fs::create_dir_all(folder.join("data")).map_err(RunError::of)?;
    let mut data = Vec::new();
    for (number, (record, shot)) in recorded.iter().zip(&survey.shots).enumerate() {
        let name = PathBuf::from(format!("data/shot_{:03}.npy", number + 1));
        records::write(&folder.join(&name), record, shot.receivers.len()).map_err(RunError::of)?;
        data.push(name);
    }
    let modelled = report::Modelled {
        name: if setup.truth.is_some() { "true model" } else { "start model" },
        vp: &vp,
        stage: last,
        records: &recorded,
        seconds,
    };
    let updates = setup.experiment.updates_per_run();
    let run = record::model(job, &setup, &plan);
    let mut outcome = ModelOutcome { run, data, cost: cost(updates, seconds) };
    folder::record(&folder, &outcome)?;
    tell(&report::model(&setup, &modelled, &report_settings(job)), progress);
    outcome.cost.peak_rss_bytes = peak_rss_bytes();
    folder::record(&folder, &outcome)?;
    Ok(outcome)
}

/// Misfit and gradient of the first stage at the start model.
pub(super) fn gradient(job: &Job, progress: &Progress) -> Result<GradientOutcome, RunError> {
    let setup = setup::inversion(job, "")?;
    let folder = setup.folder.clone();
    let mut inversion = Inversion::new(setup).map_err(RunError::of)?;
    let _held = folder::begin(&folder, &job.text, progress)?;
    progress.note(&inversion.memory().plan.to_string());
    let watch = Terminal(progress);
    let observed = inversion.observed(0, &watch).map_err(RunError::of)?;
    let wavelet = inversion.wavelet(0).map_err(RunError::of)?;
    let start = inversion.setup().start.clone();
    let begun = Instant::now();
    let found = inversion.evaluate(&start, &wavelet, &observed, &watch).map_err(RunError::of)?;
    let seconds = begun.elapsed().as_secs_f64();
    let setup = inversion.setup();
    let shape = setup.experiment.grid.shape().to_vec();
    let narrow = |values: &[f64]| values.iter().map(|v| *v as f32).collect::<Vec<f32>>();
    for (name, values) in [("gradient", &found.gradient), ("illumination", &found.illumination)] {
        let path = folder.join(format!("{name}.npy"));
        npy::write_f32(&path, &shape, &narrow(values)).map_err(RunError::of)?;
    }
    let model_error = inversion.model_error(&start).into_iter().collect();
    let mut outcome = GradientOutcome {
        run: record::gradient(job, &inversion),
        misfit: vec![found.misfit],
        model_error,
        gradient_norm: found.gradient.iter().map(|g| g * g).sum::<f64>().sqrt(),
        cost: cost(inversion.updates_per_evaluation(), seconds),
    };
    folder::record(&folder, &outcome)?;
    let evaluated = report::Evaluated { stage: 0, found: &found, seconds };
    tell(&report::gradient(&mut inversion, &evaluated, &report_settings(job), &watch), progress);
    outcome.cost.peak_rss_bytes = peak_rss_bytes();
    folder::record(&folder, &outcome)?;
    Ok(outcome)
}

/// What so many grid-point updates cost in so much time.
fn cost(updates: f64, seconds: f64) -> Cost {
    Cost {
        seconds,
        peak_rss_bytes: peak_rss_bytes(),
        points_per_second: updates / seconds.max(1e-9),
    }
}
