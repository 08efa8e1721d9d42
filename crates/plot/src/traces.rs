//! Selected traces laid over each other: observed, start, final.

use crate::canvas::{Align, Canvas, INK, Point, RULE, Rect, TextStyle};
use crate::error::{finite, positive};
use crate::frame::{AxisLabel, Frame, GridLines, TICK_SIZE, TITLE_SIZE, heading};
use crate::legend::{Legend, comparison};
use crate::{Array2, Picture, PlotError};

const WIDTH: f64 = 980.0;
const RIGHT: f64 = 28.0;
const BOTTOM: f64 = 58.0;
/// Height of the row of one trace.
const ROW: f64 = 96.0;
/// Beyond this height in all, rows become lower, down to the least height.
const TALL: f64 = 1600.0;
const MIN_ROW: f64 = 16.0;
/// Rows of room above the first and below the last one, for peaks above the reference.
const MARGIN: f64 = 0.25;
/// Share of half a row that the peak of the reference takes.
const PEAK: f64 = 0.86;

/// A comparison of traces, one row per receiver, time to the right.
///
/// Each row is scaled to the peak of the first series in it, which is the reference: amplitude
/// errors stay visible, decay with distance does not hide the far traces.
#[derive(Clone, Debug)]
pub struct TraceComparison {
    title: String,
    time_step_s: f64,
    start_s: f64,
    rows: Vec<String>,
    series: Vec<(String, Array2)>,
}

impl TraceComparison {
    /// A picture without series; `rows` names the traces, from top to bottom.
    pub fn new<S: Into<String>>(
        title: impl Into<String>,
        time_step_s: f64,
        rows: impl IntoIterator<Item = S>,
    ) -> Self {
        let rows = rows.into_iter().map(Into::into).collect();
        Self { title: title.into(), time_step_s, start_s: 0.0, rows, series: Vec::new() }
    }

    /// Time of the first sample in seconds; zero unless given.
    #[must_use]
    pub fn start_s(self, start_s: f64) -> Self {
        Self { start_s, ..self }
    }

    /// Adds a version of all rows, of shape `[rows, samples]`; the first is the reference.
    #[must_use]
    pub fn series(mut self, name: impl Into<String>, traces: Array2) -> Self {
        self.series.push((name.into(), traces));
        self
    }

    /// Draws the picture.
    ///
    /// # Errors
    /// [`PlotError::Empty`] without series, [`PlotError::LengthMismatch`] if a series has another
    /// number of traces than there are rows, or of samples than the first series has,
    /// [`PlotError::OutOfRange`] for a time step that is not positive.
    pub fn draw(&self) -> Result<Picture, PlotError> {
        let dt = positive("time step, in seconds,", self.time_step_s)?;
        finite("time of the first sample, in seconds,", self.start_s)?;
        let samples = self.check()?;
        let names = self.series.iter().enumerate().map(|(k, s)| (comparison(k), &*s.0));
        let legend = Legend::new(&names.collect::<Vec<_>>(), WIDTH)?;
        let style = TextStyle::new(TICK_SIZE).align(Align::End);
        let mut left: f64 = 60.0;
        for row in &self.rows {
            left = left.max(style.width(row)? + 26.0).min(240.0);
        }
        let top = TITLE_SIZE + 28.0 + legend.height();
        let count = self.rows.len() as f64;
        let height = (count + 2.0 * MARGIN) * (TALL / count).clamp(MIN_ROW, ROW);
        let mut canvas = Canvas::new(left + WIDTH + RIGHT, top + height + BOTTOM);
        let rect = Rect::new(left, top, WIDTH, height);
        let end = self.start_s + (samples.max(2) - 1) as f64 * dt;
        let frame = Frame { rect, x: [self.start_s, end], y: [-MARGIN, count + MARGIN] };
        let remark = match self.series.first() {
            Some((name, _)) if !name.is_empty() => format!("rows scaled to the peak of “{name}”"),
            _ => String::new(),
        };
        heading(&mut canvas, &self.title, &remark, [left, rect.right()], TITLE_SIZE + 8.0)?;
        legend.draw(&mut canvas, left, TITLE_SIZE + 18.0)?;
        frame.bottom_axis(&mut canvas, &AxisLabel::plain("Time (s)"), GridLines::Drawn)?;
        for (row, name) in self.rows.iter().enumerate() {
            let (_, y) = frame.at(end, row as f64 + 0.5);
            canvas.horizontal(left, rect.right(), y, 0.0, RULE);
            let label = style.fit(name, left - 18.0)?;
            canvas.text((left - 12.0, y + 0.36 * TICK_SIZE), &label, style)?;
            self.draw_row(&mut canvas, &frame, row, dt);
        }
        canvas.frame(rect, INK);
        Ok(canvas.finish())
    }

    /// The number of samples, which all series have.
    fn check(&self) -> Result<usize, PlotError> {
        let first = self.series.first().ok_or_else(|| PlotError::empty("the list of series"))?;
        let samples = first.1.shape()[1];
        let mismatch = |name: &str, len, second: &str, second_len| PlotError::LengthMismatch {
            first: format!("series `{name}`"),
            first_len: len,
            second: second.into(),
            second_len,
        };
        for (name, traces) in &self.series {
            let [rows, columns] = traces.shape();
            if rows != self.rows.len() {
                let count = self.rows.len();
                return Err(mismatch(name, rows, "the list of names of rows", count));
            }
            if columns != samples {
                return Err(mismatch(name, columns, "each trace of the first series", samples));
            }
        }
        Ok(samples)
    }

    fn draw_row(&self, canvas: &mut Canvas, frame: &Frame, row: usize, dt: f64) {
        let peak = |traces: &Array2| {
            let finite = traces.row(row).unwrap_or_default().iter().filter(|v| v.is_finite());
            finite.fold(0.0_f64, |m, v| m.max(v.abs()))
        };
        // A dead reference trace says nothing about the scale: the first live one does.
        let peak = self.series.iter().map(|s| peak(&s.1)).find(|&p| p > 0.0).unwrap_or(1.0);
        for (k, (_, traces)) in self.series.iter().enumerate() {
            let place = |(i, v): (usize, &f64)| {
                let y = row as f64 + 0.5 - 0.5 * PEAK * (v / peak).clamp(-2.0, 2.0);
                frame.at(self.start_s + i as f64 * dt, y)
            };
            let samples = traces.row(row).unwrap_or_default();
            let points: Vec<Point> = samples.iter().enumerate().map(place).collect();
            canvas.polyline(&points, &comparison(k), frame.rect);
        }
    }
}
