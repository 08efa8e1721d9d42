//! The run folder as something to look at: pictures, and one page with all of them.
//!
//! ```text
//! pictures/model.png        start, inverted and true model, and their difference
//! pictures/gradient.png     the first gradient
//! pictures/data_fit.png     gathers of the first shot drawn; data_fit_2.png, ... of the others
//! pictures/traces.png       some traces: observed, start model, inverted
//! pictures/misfit.png       misfit against iteration
//! pictures/model_error.png  model error against iteration, if the truth is known
//! pictures/profiles.png     depth profiles
//! report.html               all of it, in one file that refers to no other
//! ```
//!
//! Gathers are modelled anew, for the shots that are drawn only. Pictures are drawn one at a time
//! and kept as compressed bytes, so that a report holds a few MiB beside one wavefield per shot.
//!
//! A report never fails: what could not be drawn is left out, and said in [`Drawn::warnings`].
//! Results are to be on disk before; nothing here changes them. Not here: how pictures are drawn
//! (`retrograd-plot`).

mod curves;
mod gathers;
mod models;
mod page;
mod sheet;
mod tables;
mod view;

use std::path::PathBuf;

use retrograd_plot::PlotError;

use crate::engine::{Record, SurveyGradient};
use crate::files::FileError;
use crate::inversion::{Inversion, InversionError, InversionSetup, Outcome, Watch};
use crate::npy::NpyError;

use page::Page;

/// The most shots whose gathers are drawn.
pub const MOST_SHOTS: usize = 6;

/// Whether pictures and page are made.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Pictures {
    /// They are.
    #[default]
    On,
    /// Nothing is written.
    Off,
}

/// What the caller knows beside the run.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Settings<'a> {
    /// Title of the page: the name of the job.
    pub name: &'a str,
    /// Text of the job file, shown as it is.
    pub job: &'a str,
    /// Whether anything is made.
    pub pictures: Pictures,
    /// Shots whose gathers are drawn, by number from 0; the first, the middle and the last if
    /// none are named. The first [`MOST_SHOTS`] of them are.
    pub shots: Option<&'a [usize]>,
}

/// What a report left in the run folder.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Drawn {
    /// Files written, in the order of writing.
    pub files: Vec<PathBuf>,
    /// What could not be drawn, and why: a line each.
    pub warnings: Vec<String>,
}

/// Misfit and gradient of the start model in one stage.
#[derive(Clone, Copy, Debug)]
pub struct Evaluated<'a> {
    /// The stage, from 0.
    pub stage: usize,
    /// What was computed.
    pub found: &'a SurveyGradient,
    /// Wall-clock time.
    pub seconds: f64,
}

/// Records of all shots in one model.
#[derive(Clone, Copy, Debug)]
pub struct Modelled<'a> {
    /// What the model is: `true model`, `start model`.
    pub name: &'a str,
    /// The model, in m/s, one value per node.
    pub vp: &'a [f64],
    /// The stage whose source was used, from 0.
    pub stage: usize,
    /// One record per shot, on the run's time axis.
    pub records: &'a [Record],
    /// Wall-clock time.
    pub seconds: f64,
}

/// Why a part of a report is missing.
#[derive(Debug, thiserror::Error)]
enum ReportError {
    /// Drawing.
    #[error(transparent)]
    Plot(#[from] PlotError),
    /// Writing.
    #[error(transparent)]
    File(#[from] FileError),
    /// Reading the gradient.
    #[error(transparent)]
    Npy(#[from] NpyError),
    /// Modelling the shots.
    #[error(transparent)]
    Inversion(#[from] InversionError),
    /// Nothing to draw a section of.
    #[error("models of {axes} axes cannot be drawn\n  help: sections need 2 or 3, depth last")]
    Axes {
        /// Axes found.
        axes: usize,
    },
}

/// Pictures and page of a finished inversion, written into its run folder.
///
/// Models a few shots: on the finer grid if the data come from there, in the start model and in
/// the inverted one.
pub fn inversion(
    inversion: &mut Inversion,
    outcome: &Outcome,
    settings: &Settings<'_>,
    watch: &dyn Watch,
) -> Drawn {
    draw(inversion.setup().folder.clone(), settings, |page| {
        page.of_inversion(inversion, outcome, settings, watch)
    })
}

/// Pictures and page of the gradient at the start model, written into the run folder.
///
/// Models a few shots, as [`inversion`].
pub fn gradient(
    inversion: &mut Inversion,
    evaluated: &Evaluated<'_>,
    settings: &Settings<'_>,
    watch: &dyn Watch,
) -> Drawn {
    draw(inversion.setup().folder.clone(), settings, |page| {
        page.of_gradient(inversion, evaluated, settings, watch)
    })
}

/// Pictures and page of modelled records, written into the run folder.
///
/// Models nothing: `modelled` has the records.
pub fn model(setup: &InversionSetup, modelled: &Modelled<'_>, settings: &Settings<'_>) -> Drawn {
    draw(setup.folder.clone(), settings, |page| page.of_model(setup, modelled, settings))
}

/// Makes a page in a folder, unless pictures are off.
fn draw(
    folder: PathBuf,
    settings: &Settings<'_>,
    fill: impl FnOnce(&mut Page) -> Result<(), ReportError>,
) -> Drawn {
    if settings.pictures == Pictures::Off {
        return Drawn::default();
    }
    let mut page = Page::in_folder(folder);
    let result = fill(&mut page);
    page.finish(result)
}

#[cfg(test)]
mod tests;
