//! The page: what stands where, and what to look at.

use std::path::PathBuf;

use retrograd_plot::{Report, Section, Tile, Tone};

use super::gathers::{self, CLIP_PERCENT, DataFit, percent};
use super::models::{self, Models};
use super::sheet::Sheet;
use super::tables::{self, bytes, duration, hertz};
use super::view::View;
use super::{Drawn, Evaluated, MOST_SHOTS, Modelled, ReportError, Settings, curves};
use crate::inversion::{
    Inversion, InversionSetup, Outcome, SourceSignature, Watch, peak_rss_bytes,
};
use crate::model_error::ModelError;
use crate::npy;

/// A report in the making.
#[derive(Debug)]
pub(super) struct Page {
    sheet: Sheet,
}

impl Page {
    pub(super) fn in_folder(folder: PathBuf) -> Self {
        Self { sheet: Sheet::in_folder(folder) }
    }

    pub(super) fn finish(mut self, result: Result<(), ReportError>) -> Drawn {
        if let Err(error) = result {
            self.sheet.warn("report.html", &error);
        }
        self.sheet.finish()
    }

    fn write(&mut self, report: &Report) -> Result<(), ReportError> {
        let path = self.sheet.folder().join("report.html");
        self.sheet.write(path, report.html()?.as_bytes())
    }

    /// See [`super::inversion`].
    pub(super) fn of_inversion(
        &mut self,
        inversion: &mut Inversion,
        outcome: &Outcome,
        settings: &Settings<'_>,
        watch: &dyn Watch,
    ) -> Result<(), ReportError> {
        let peaks = outcome.rows.iter().map(|row| row.peak_rss_bytes);
        let peak = peaks.fold(peak_rss_bytes(), u64::max);
        let stage = inversion.setup().stages.len() - 1;
        let fit = self.data_fit(inversion, (stage, &outcome.model), settings, watch);
        let setup = inversion.setup();
        let view = View::of(setup)?;
        let models = Models {
            start: &setup.start,
            inverted: Some(&outcome.model),
            truth: setup.truth.as_deref(),
        };
        let result = Section::new("Result").tiles(headline(setup, outcome, peak));
        let result = self.models(result, &view, &models);
        let convergence = self.convergence(setup, outcome);
        let details = self.model_details(setup, &view, &models);
        let report = Report::new(format!("{}: full-waveform inversion", settings.name))
            .subtitle(subtitle(setup))
            .section(result)
            .section(convergence)
            .section(details)
            .section(self.fit_section(setup, fit.as_ref()));
        let memory = tables::memory(setup, inversion.memory(), peak);
        let plan = inversion.memory().plan.to_string();
        let memory = Section::new("Memory").table(memory).preformatted("The plan", plan);
        let report = report.section(memory);
        self.write(&self.closed(report, setup, settings))
    }

    /// See [`super::gradient`].
    pub(super) fn of_gradient(
        &mut self,
        inversion: &mut Inversion,
        evaluated: &Evaluated<'_>,
        settings: &Settings<'_>,
        watch: &dyn Watch,
    ) -> Result<(), ReportError> {
        let peak = peak_rss_bytes();
        let start = inversion.setup().start.clone();
        let fit = self.data_fit(inversion, (evaluated.stage, &start), settings, watch);
        let setup = inversion.setup();
        let view = View::of(setup)?;
        let found = evaluated.found;
        let norm = found.gradient.iter().map(|g| g * g).sum::<f64>().sqrt();
        let tiles = [
            Tile::new("Misfit J", format!("{:.4e}", found.misfit)).note("Pa² s"),
            Tile::new("Norm of the gradient", format!("{norm:.4e}")).note("Pa² s per m/s"),
            Tile::new("Frequency", hertz(setup.stages[evaluated.stage].frequency_hz)),
            Tile::new("Time", duration(evaluated.seconds)),
            Tile::new("Peak memory", bytes(peak)),
        ];
        let mut section = Section::new("Gradient at the start model").tiles(tiles);
        section = self.sheet.figure(section, "gradient.png", gradient_caption(&view), || {
            models::gradient(&view, &found.gradient, &setup.frozen)
        });
        let caption = "Where the source wavefields were strong enough to change the model: the \
                       diagonal by which gradients are scaled.";
        section = self.sheet.figure(section, "illumination.png", caption, || {
            models::illumination(&view, &found.illumination)
        });
        let models = Models { start: &setup.start, inverted: None, truth: setup.truth.as_deref() };
        let report = Report::new(format!("{}: gradient", settings.name))
            .subtitle(subtitle(setup))
            .section(section)
            .section(self.models(Section::new("Model"), &view, &models))
            .section(self.fit_section(setup, fit.as_ref()));
        let memory = tables::memory(setup, inversion.memory(), peak);
        let plan = inversion.memory().plan.to_string();
        let memory = Section::new("Memory").table(memory).preformatted("The plan", plan);
        let report = report.section(memory);
        self.write(&self.closed(report, setup, settings))
    }

    /// See [`super::model`].
    pub(super) fn of_model(
        &mut self,
        setup: &InversionSetup,
        modelled: &Modelled<'_>,
        settings: &Settings<'_>,
    ) -> Result<(), ReportError> {
        let peak = peak_rss_bytes();
        let view = View::of(setup)?;
        let experiment = &setup.experiment;
        let source = match setup.signature {
            SourceSignature::RickerOfStage { .. } => {
                hertz(setup.stages[modelled.stage].frequency_hz)
            }
            SourceSignature::Fixed(_) => "as emitted".to_owned(),
        };
        let tiles = [
            Tile::new("Shots", modelled.records.len().to_string()),
            Tile::new("Traces", experiment.survey.traces().to_string())
                .note(format!("of {} samples", experiment.steps)),
            Tile::new("Source", source.clone()),
            Tile::new("Time", duration(modelled.seconds)),
            Tile::new("Peak memory", bytes(peak)),
        ];
        let section = Section::new("Model").tiles(tiles);
        let caption =
            format!("The {} in which the shots were modelled.{}", modelled.name, view.remarks());
        let section = self.sheet.figure(section, "model.png", caption, || {
            models::single(&view, &format!("P velocity: {}", modelled.name), modelled.vp)
        });
        let mut data = Section::new("Data");
        for (place, shot) in self.shots(settings, modelled.records.len()).into_iter().enumerate() {
            let caption = format!(
                "Shot {shot}, counted from 0; amplitudes above the {CLIP_PERCENT:.0}th percentile \
                 are clipped."
            );
            data = self.sheet.figure(data, &numbered("gather", place), caption, || {
                gathers::gather(experiment, shot, &source, &modelled.records[shot])
            });
        }
        let report = Report::new(format!("{}: modelling", settings.name))
            .subtitle(subtitle(setup))
            .section(section)
            .section(data);
        self.write(&self.closed(report, setup, settings))
    }

    /// Shots to be drawn; says which are not.
    fn shots(&mut self, settings: &Settings<'_>, count: usize) -> Vec<usize> {
        let (shots, left_out) = gathers::chosen(settings.shots, count);
        if left_out > 0 {
            let reason =
                format!("at most {MOST_SHOTS} of shots 0 to {} are drawn", count.max(1) - 1);
            self.sheet.warn(&format!("the data fit of {left_out} shots"), &reason);
        }
        shots
    }

    /// Models the shots to be drawn, before any picture is held.
    fn data_fit(
        &mut self,
        inversion: &mut Inversion,
        (stage, model): (usize, &[f64]),
        settings: &Settings<'_>,
        watch: &dyn Watch,
    ) -> Option<DataFit> {
        let shots = self.shots(settings, inversion.setup().experiment.survey.shots.len());
        if shots.is_empty() {
            return None;
        }
        match DataFit::modelled(inversion, (stage, &shots), model, watch) {
            Ok(fit) => Some(fit),
            Err(error) => {
                self.sheet.warn("the data fit", &error);
                None
            }
        }
    }

    fn models(&mut self, section: Section, view: &View, models: &Models<'_>) -> Section {
        let mut caption = String::from("All models share one colour scale.");
        caption.push_str(match (models.inverted, models.truth) {
            (Some(_), Some(_)) => {
                " Look for the layers, faults and lenses of the true model in the inverted one: \
                 the start model has none of them. The difference shows what is still missing: \
                 red is too fast, blue too slow."
            }
            (Some(_), None) => {
                " The difference is all that the data added to the start model: red is faster, \
                 blue slower."
            }
            (None, Some(_)) => " The difference is what an inversion has to find.",
            (None, None) => "",
        });
        caption.push_str(&view.remarks());
        self.sheet.figure(section, "model.png", caption, || models.sections(view))
    }

    fn convergence(&mut self, setup: &InversionSetup, outcome: &Outcome) -> Section {
        let mut section = Section::new("Convergence");
        let caption = "Every stage has data of its own frequency, so that each curve begins at 1. \
                       A curve that is still steep at its end would have gained from more \
                       iterations.";
        section = self.sheet.figure(section, "misfit.png", caption, || curves::misfit(outcome));
        if outcome.rows.iter().any(|row| row.model_error.is_some()) {
            let caption = "A lower misfit is not yet a better model: this is the distance to the \
                           true one, outside the frozen nodes. It should fall in every stage.";
            section = self
                .sheet
                .figure(section, "model_error.png", caption, || curves::model_error(outcome));
        }
        section.table(tables::stages(setup, outcome))
    }

    fn model_details(
        &mut self,
        setup: &InversionSetup,
        view: &View,
        models: &Models<'_>,
    ) -> Section {
        let mut section = Section::new("Model in detail");
        let caption = "At a quarter, half and three quarters of the width. Look for the depths of \
                       the steps; waves of limited frequency cannot sharpen them fully.";
        section = self.sheet.figure(section, "profiles.png", caption, || models.profiles(view));
        let path = setup.folder.join("gradient.npy");
        if !path.is_file() {
            return section;
        }
        self.sheet.figure(section, "gradient.png", gradient_caption(view), || {
            let gradient = npy::read_shaped(&path, setup.experiment.grid.shape())?;
            models::gradient(view, &gradient.values.into_f64(), &setup.frozen)
        })
    }

    fn fit_section(&mut self, setup: &InversionSetup, fit: Option<&DataFit>) -> Section {
        let section = Section::new("Data fit");
        let Some(fit) = fit else {
            return section.paragraph("No shot was modelled for the report.");
        };
        let mut section = section.paragraph(
            "Shots are counted from 0. Percentages are norms of the residual relative to the \
             data of the shot.",
        );
        for (place, &shot) in fit.shots.iter().enumerate() {
            let caption = format!(
                "Shot {shot}: observed and synthetic gather should look the same, and the \
                 residual empty; it is {} of the data. All three are clipped alike.",
                percent(fit.residual(place))
            );
            section = self.sheet.figure(section, &numbered("data_fit", place), caption, || {
                fit.gathers(&setup.experiment, place)
            });
        }
        let caption = match fit.compared_residuals() {
            (start, None) => format!(
                "Synthetic traces of the start model over the observed ones. A shift of more than \
                 half a period would lead the inversion astray. Residual of this shot: {}.",
                percent(start)
            ),
            (start, Some(end)) => format!(
                "The inverted model should lie on the observed traces, arrivals after the first \
                 included, where the start model is early, late or silent. Residual of this \
                 shot: {} in the start model, {} in the inverted one. All lines of a row are \
                 multiplied by one gain, the inverse of the observed amplitude within a period, so \
                 that late arrivals are seen.",
                percent(start),
                percent(end)
            ),
        };
        self.sheet.figure(section, "traces.png", caption, || fit.traces(&setup.experiment))
    }

    /// What every page ends with.
    fn closed(&self, report: Report, setup: &InversionSetup, settings: &Settings<'_>) -> Report {
        let problem = Section::new("Problem").table(tables::problem(setup));
        let files = Section::new("Files and versions")
            .table(tables::files(self.sheet.folder()))
            .table(tables::versions(setup));
        let report = report.section(problem).section(files);
        let report = if settings.job.is_empty() {
            report
        } else {
            report.section(Section::new("Job").preformatted("", settings.job))
        };
        report.footer(concat!("Retrograd ", env!("CARGO_PKG_VERSION")))
    }
}

/// `name.png`, `name_2.png`, ...
fn numbered(name: &str, place: usize) -> String {
    if place == 0 { format!("{name}.png") } else { format!("{name}_{}.png", place + 1) }
}

fn gradient_caption(view: &View) -> String {
    format!(
        "Where blue, a higher velocity lowers the misfit; where red, a lower one. It is strongest \
         near the sources; bands below are reflectors that the start model lacks. Nodes at the \
         edge also stand for the absorbing layer beyond. Grey nodes are frozen.{}",
        view.remarks()
    )
}

/// One line that says what was done.
fn subtitle(setup: &InversionSetup) -> String {
    let shape: Vec<String> =
        setup.experiment.grid.shape().iter().map(ToString::to_string).collect();
    let stages: Vec<String> = setup.stages.iter().map(|s| hertz(s.frequency_hz)).collect();
    format!(
        "{} nodes, {} shots, {} traces; {}",
        shape.join(" × "),
        setup.experiment.survey.shots.len(),
        setup.experiment.survey.traces(),
        stages.join(", ")
    )
}

/// The numbers that matter most.
fn headline(setup: &InversionSetup, outcome: &Outcome, peak_bytes: u64) -> Vec<Tile> {
    let mut tiles = Vec::new();
    let errors = || outcome.rows.iter().filter_map(|row| row.model_error);
    if let (Some(first), Some(last)) = (errors().next(), errors().next_back()) {
        let change = percent((last - first) / first);
        let mean = setup.truth.as_deref().and_then(|truth| {
            let mean = |model: &[f64]| ModelError::between(model, truth, &setup.frozen);
            let [start, end] = [mean(&setup.start)?, mean(&outcome.model)?];
            Some(format!("; mean {:.0} → {:.0} m/s", start.mean_absolute, end.mean_absolute))
        });
        let tone = if last < first { Tone::Good } else { Tone::Bad };
        let note = format!("was {} ({change}){}", percent(first), mean.unwrap_or_default());
        tiles.push(Tile::new("Model error", percent(last)).note(note).tone(tone));
    }
    if let Some(stage) = outcome.stages.last() {
        let tone = if stage.misfit_ratio < 1.0 { Tone::Good } else { Tone::Bad };
        let note = format!("J/J0 = {:.4} at {}", stage.misfit_ratio, hertz(stage.frequency_hz));
        let value = format!("÷ {:.1}", 1.0 / stage.misfit_ratio);
        tiles.push(Tile::new("Misfit, last stage", value).note(note).tone(tone));
    }
    let iterations: usize = outcome.stages.iter().map(|s| s.iterations).sum();
    let note = format!("{iterations} iterations in {} stages", outcome.stages.len());
    tiles.push(Tile::new("Evaluations", outcome.evaluations.to_string()).note(note));
    let per = outcome.seconds / outcome.evaluations.max(1) as f64;
    let note = format!("{} per evaluation", duration(per));
    tiles.push(Tile::new("Time", duration(outcome.seconds)).note(note));
    let note = format!("budget {}", bytes(setup.memory.budget_bytes));
    tiles.push(Tile::new("Peak memory", bytes(peak_bytes)).note(note));
    tiles
}
