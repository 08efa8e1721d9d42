//! Sections and profiles of models and gradients.

use retrograd_plot::{Heatmap, Panels, Picture, Profiles, ValueRange};

use super::ReportError;
use super::view::{View, position};

/// Share of the values of a difference that its colours tell apart, in percent.
const DIFFERENCE_PERCENT: f64 = 99.0;
/// As much of a gradient, which is by far the greatest near the sources.
const GRADIENT_PERCENT: f64 = 96.0;

/// The models of an inversion, in m/s; what is not known is not drawn.
#[derive(Clone, Copy, Debug)]
pub(super) struct Models<'a> {
    pub(super) start: &'a [f64],
    pub(super) inverted: Option<&'a [f64]>,
    pub(super) truth: Option<&'a [f64]>,
}

impl Models<'_> {
    /// Models side by side with one colour scale, and how far the last one is off: from the truth
    /// if it is known, else from the start.
    pub(super) fn sections(&self, view: &View) -> Result<Picture, ReportError> {
        let model = |title: &str, values: &[f64]| -> Result<Heatmap, ReportError> {
            let section = Heatmap::model(title, view.array(|i| values[i])?);
            Ok(section.quantity("P velocity", "m/s"))
        };
        let difference = |title: &str, a: &[f64], b: &[f64]| -> Result<Heatmap, ReportError> {
            let section = Heatmap::gradient(title, view.array(|i| a[i] - b[i])?);
            let section = section.range(ValueRange::Percentile(DIFFERENCE_PERCENT));
            Ok(view.placed(section.quantity("Difference of P velocity", "m/s")))
        };
        if self.inverted.is_none() && self.truth.is_none() {
            let section = model("P velocity: start model", self.start)?;
            return Ok(view.surveyed(section).draw()?);
        }
        let title = format!("Start model; {}", view.counts());
        let start = view.marked(view.placed(model(&title, self.start)?));
        let mut panels = Panels::new("P velocity", 2).panel(start);
        if let Some(inverted) = self.inverted {
            panels = panels.panel(view.placed(model("Inverted model", inverted)?));
        }
        if let Some(truth) = self.truth {
            let title = format!("True model{}", view.frozen_remark());
            panels = panels.panel(view.placed(model(&title, truth)?));
        }
        let last = match (self.inverted, self.truth) {
            (Some(inverted), Some(truth)) => difference("Inverted − true", inverted, truth)?,
            (Some(inverted), None) => difference("Inverted − start", inverted, self.start)?,
            (None, Some(truth)) => difference("Start − true", self.start, truth)?,
            (None, None) => return Ok(panels.draw()?),
        };
        Ok(panels.panel(last).draw()?)
    }

    /// Depth profiles at a quarter, half and three quarters of the width.
    pub(super) fn profiles(&self, view: &View) -> Result<Picture, ReportError> {
        let [first_m, spacing_m] = view.depths_m();
        let mut picture = Profiles::new("P velocity against depth", first_m, spacing_m)
            .quantity("P velocity", "m/s");
        let columns = view.columns();
        for quarter in 1..=3 {
            let column = (columns - 1) * quarter / 4;
            picture = picture.panel(position(view.x_m(column), view.extent_m()));
            let lines =
                [("True", self.truth), ("Start", Some(self.start)), ("Inverted", self.inverted)];
            for (name, values) in lines {
                if let Some(values) = values {
                    picture = picture.line(name, &view.column(values, column));
                }
            }
        }
        Ok(picture.draw()?)
    }
}

/// One model, with sources and receivers.
pub(super) fn single(view: &View, title: &str, vp: &[f64]) -> Result<Picture, ReportError> {
    let section = Heatmap::model(title, view.array(|i| vp[i])?).quantity("P velocity", "m/s");
    Ok(view.surveyed(section).draw()?)
}

/// A gradient; frozen nodes, which it does not reach, are grey.
pub(super) fn gradient(
    view: &View,
    gradient: &[f64],
    frozen: &[bool],
) -> Result<Picture, ReportError> {
    let free = |i: usize| if frozen.get(i) == Some(&true) { f64::NAN } else { gradient[i] };
    let title = "Gradient of the misfit at the start model";
    let section = Heatmap::gradient(title, view.array(free)?);
    let section = section.range(ValueRange::Percentile(GRADIENT_PERCENT));
    Ok(view.surveyed(section.quantity("dJ/dvp", "Pa² s per m/s")).draw()?)
}

/// Illumination on a logarithmic scale.
pub(super) fn illumination(view: &View, illumination: &[f64]) -> Result<Picture, ReportError> {
    let greatest = illumination.iter().copied().fold(0.0, f64::max);
    let decibel = |i: usize| 10.0 * (illumination[i] / greatest).log10();
    let section = Heatmap::model("Illumination of the start model", view.array(decibel)?);
    let section = section.quantity("Relative to the greatest", "dB");
    Ok(view.surveyed(section.range(ValueRange::Fixed([-60.0, 0.0]))).draw()?)
}
