//! Shot gathers side by side: observed, synthetic, residual.

use crate::axis::LengthUnit;
use crate::canvas::{Canvas, INK, Rect, TextStyle};
use crate::color::ColorScale;
use crate::error::{finite, positive};
use crate::frame::{AxisLabel, Frame, GridLines, Interpolation, PANEL_SIZE, TITLE_SIZE, heading};
use crate::{Array2, ColorMap, Picture, PlotError, ValueRange, colorbar};

const LEFT: f64 = 78.0;
const TOP: f64 = 80.0;
const BOTTOM: f64 = 58.0;
const GAP: f64 = 24.0;
const HEIGHT: f64 = 560.0;

/// Gathers of one shot, traces to the right and time downwards, with one common clip.
///
/// The clip comes from the first panel, so that the residual is seen at the strength that it has
/// relative to the observed data.
#[derive(Clone, Debug)]
pub struct Gather {
    title: String,
    time_step_s: f64,
    start_s: f64,
    traces: Traces,
    quantity: String,
    map: ColorMap,
    percent: f64,
    panels: Vec<(String, Array2)>,
}

/// What the horizontal axis says.
#[derive(Clone, Copy, Debug)]
enum Traces {
    Numbered,
    Positioned { first_m: f64, spacing_m: f64 },
}

impl Gather {
    /// A picture without panels; samples are `time_step_s` seconds apart, the first at zero.
    pub fn new(title: impl Into<String>, time_step_s: f64) -> Self {
        Self {
            title: title.into(),
            time_step_s,
            start_s: 0.0,
            traces: Traces::Numbered,
            quantity: "Amplitude".into(),
            map: ColorMap::Grey,
            percent: 98.0,
            panels: Vec::new(),
        }
    }

    /// Time of the first sample in seconds.
    #[must_use]
    pub fn start_s(self, start_s: f64) -> Self {
        Self { start_s, ..self }
    }

    /// Labels traces by position: that of the first one and their distance, in metres. Without
    /// it they are numbered from zero.
    #[must_use]
    pub fn positions_m(self, first_m: f64, spacing_m: f64) -> Self {
        Self { traces: Traces::Positioned { first_m, spacing_m }, ..self }
    }

    /// Names the samples and their unit for the colour bar: `("Pressure", "Pa")`.
    #[must_use]
    pub fn quantity(self, name: &str, unit: &str) -> Self {
        let quantity = if unit.is_empty() { name.into() } else { format!("{name} ({unit})") };
        Self { quantity, ..self }
    }

    /// Replaces the colour map, which is grey unless given.
    #[must_use]
    pub fn colors(self, map: ColorMap) -> Self {
        Self { map, ..self }
    }

    /// Percentile of the absolute values of the first panel at which all panels are clipped,
    /// above 50 and up to 100; 98 unless given.
    #[must_use]
    pub fn clip_percentile(self, percent: f64) -> Self {
        Self { percent, ..self }
    }

    /// Adds a gather of shape `[traces, samples]`.
    #[must_use]
    pub fn panel(mut self, title: impl Into<String>, gather: Array2) -> Self {
        self.panels.push((title.into(), gather));
        self
    }

    /// Draws the picture.
    ///
    /// # Errors
    /// [`PlotError::Empty`] without panels, [`PlotError::OutOfRange`] for a time step or a
    /// distance that is not positive and for a percentile without sense.
    pub fn draw(&self) -> Result<Picture, PlotError> {
        let first = self.panels.first().ok_or_else(|| PlotError::empty("the list of gathers"))?;
        let range = ValueRange::Percentile(self.percent);
        let mut scale = ColorScale::fit(self.map, range, &[&first.1])?;
        if !scale.note.is_empty() && self.panels.len() > 1 {
            scale.note = format!("{} of “{}”", scale.note, first.0);
        }
        let count = self.panels.len() as f64;
        let w = (1010.0 - GAP * (count - 1.0)).clamp(0.0, 3.0 * 400.0) / count;
        let w = w.clamp(180.0, 620.0);
        let width = LEFT + w * count + GAP * (count - 1.0) + colorbar::VERTICAL_ROOM;
        let mut canvas = Canvas::new(width, TOP + HEIGHT + BOTTOM);
        let mut last = Rect::new(LEFT, TOP, w, HEIGHT);
        for (k, (title, gather)) in self.panels.iter().enumerate() {
            last.x = LEFT + k as f64 * (w + GAP);
            let (frame, x) = self.frame(last, gather)?;
            frame.values(&mut canvas, gather, &scale, Interpolation::Nearest);
            canvas.frame(last, INK);
            frame.bottom_axis(&mut canvas, &x, GridLines::None)?;
            if k == 0 {
                frame.left_axis(&mut canvas, &AxisLabel::plain("Time (s)"), GridLines::None)?;
            }
            let style = TextStyle::new(PANEL_SIZE).bold();
            canvas.text((last.x, TOP - 10.0), &style.fit(title, w)?, style)?;
        }
        colorbar::vertical(&mut canvas, last, &scale, &self.quantity)?;
        heading(&mut canvas, &self.title, "", [LEFT, width - 24.0], TITLE_SIZE + 8.0)?;
        Ok(canvas.finish())
    }

    /// The plotting area of one gather and its horizontal axis.
    fn frame(&self, rect: Rect, gather: &Array2) -> Result<(Frame, AxisLabel), PlotError> {
        let [traces, samples] = gather.shape();
        let dt = positive("time step, in seconds,", self.time_step_s)?;
        let top = finite("time of the first sample, in seconds,", self.start_s)? - 0.5 * dt;
        let y = [top, top + samples as f64 * dt];
        let (first, spacing, axis) = match self.traces {
            Traces::Numbered => (0.0, 1.0, AxisLabel::whole("Trace")),
            Traces::Positioned { first_m, spacing_m } => {
                let spacing = positive("distance of traces, in metres,", spacing_m)?;
                let unit = LengthUnit::for_extent(spacing * traces as f64);
                (
                    finite("position of the first trace, in metres,", first_m)?,
                    spacing,
                    AxisLabel::length("Receiver", unit),
                )
            }
        };
        let left = first - 0.5 * spacing;
        Ok((Frame { rect, x: [left, left + traces as f64 * spacing], y }, axis))
    }
}
