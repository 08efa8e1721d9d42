//! `model` and `gradient`: single sweeps over the survey.

use std::path::PathBuf;
use std::time::Instant;

use retrograd_invert::inversion::{Inversion, Watch as _, peak_rss_bytes};
use retrograd_invert::{npy, records, report};

use super::invert::{Terminal, report_settings, tell};
use super::{RunError, folder, setup};
use crate::job::Job;
use crate::outcome::{Cost, GradientOutcome, ModelOutcome};
use crate::progress::Progress;

/// Records every shot in the true model, if it is known: with all that the sources emit, or with
/// the wavelet of the last stage if each stage has its own.
pub(super) fn model(job: &Job, progress: &Progress) -> Result<ModelOutcome, RunError> {
    let setup = setup::inversion(job, "")?;
    let folder = setup.folder.clone();
    let last = setup.stages.len() - 1;
    let mut inversion = Inversion::new(setup).map_err(RunError::of)?;
    let _held = folder::begin(&folder, &job.text, progress)?;
    let setup = inversion.setup();
    let wavelet = setup.emitted(last);
    let vp = setup.truth.clone().unwrap_or_else(|| setup.start.clone());
    let survey = setup.experiment.survey.clone();
    let watch = Terminal(progress);
    let begun = Instant::now();
    watch.begin("modelling", survey.shots.len());
    let engine = inversion.engine_mut();
    let concurrency = engine.wanted_concurrency();
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
        name: if inversion.setup().truth.is_some() { "true model" } else { "start model" },
        vp: &vp,
        stage: last,
        records: &recorded,
        seconds,
    };
    tell(&report::model(inversion.setup(), &modelled, &report_settings(job)), progress);
    let updates = inversion.setup().experiment.updates_per_run();
    let cost = Cost {
        seconds,
        peak_rss_bytes: peak_rss_bytes(),
        points_per_second: updates / seconds.max(1e-9),
    };
    Ok(ModelOutcome { folder, data, cost })
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
    let evaluated = report::Evaluated { stage: 0, found: &found, seconds };
    tell(&report::gradient(&mut inversion, &evaluated, &report_settings(job), &watch), progress);
    let model_error = inversion.model_error(&start).into_iter().collect();
    let cost = Cost {
        seconds,
        peak_rss_bytes: peak_rss_bytes(),
        points_per_second: inversion.updates_per_evaluation() / seconds.max(1e-9),
    };
    Ok(GradientOutcome {
        folder,
        misfit: vec![found.misfit],
        model_error,
        gradient_norm: found.gradient.iter().map(|g| g * g).sum::<f64>().sqrt(),
        cost,
    })
}
