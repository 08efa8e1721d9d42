//! Line charts: misfit and model error against iteration.

use crate::axis::log_ticks;
use crate::canvas::{Align, Canvas, Color, INK, Point, Rect, SOFT_INK, TextStyle};
use crate::color::widened;
use crate::frame::{AxisLabel, Frame, GridLines, NOTE_SIZE, TITLE_SIZE, heading};
use crate::legend::{Legend, equal_rank};
use crate::stroke::Stroke;
use crate::{Picture, PlotError};

const LEFT: f64 = 92.0;
const RIGHT: f64 = 28.0;
const BOTTOM: f64 = 58.0;
const WIDTH: f64 = 980.0;
const HEIGHT: f64 = 430.0;
const BAND: Color = [244, 246, 249];
const BOUNDARY: Color = [150, 158, 168];
/// Room above the plotting area per row of names of stages.
const STAGE_ROOM: f64 = 18.0;

/// Spacing of the vertical axis.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum AxisScale {
    /// Equal steps for equal differences; starts at zero where zero is near.
    #[default]
    Linear,
    /// Equal steps for equal ratios; values that are not above zero interrupt the line.
    Log10,
}

/// A chart of lines with common axes.
///
/// ```
/// # use retrograd_plot::{AxisScale, Curves};
/// let picture = Curves::new("Convergence")
///     .x_axis("Iteration")
///     .y_axis("Misfit relative to the start")
///     .scale(AxisScale::Log10)
///     .stage(0.0, "0–3 Hz")
///     .stage(2.0, "0–6 Hz")
///     .line("L-BFGS", &[0.0, 1.0, 2.0, 3.0], &[1.0, 0.4, 0.2, 0.05])
///     .draw()?;
/// # Ok::<(), retrograd_plot::PlotError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Curves {
    title: String,
    x_label: String,
    y_label: String,
    scale: AxisScale,
    lines: Vec<Line>,
    stages: Vec<(f64, String)>,
}

#[derive(Clone, Debug)]
struct Line {
    name: String,
    x: Vec<f64>,
    y: Vec<f64>,
}

impl Curves {
    /// A chart without lines.
    pub fn new(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            x_label: String::new(),
            y_label: String::new(),
            scale: AxisScale::Linear,
            lines: Vec::new(),
            stages: Vec::new(),
        }
    }

    /// Name of the horizontal axis, with its unit in parentheses if it has one.
    #[must_use]
    pub fn x_axis(self, label: impl Into<String>) -> Self {
        Self { x_label: label.into(), ..self }
    }

    /// Name of the vertical axis, with its unit in parentheses if it has one.
    #[must_use]
    pub fn y_axis(self, label: impl Into<String>) -> Self {
        Self { y_label: label.into(), ..self }
    }

    /// Spacing of the vertical axis; linear unless given.
    #[must_use]
    pub fn scale(self, scale: AxisScale) -> Self {
        Self { scale, ..self }
    }

    /// Adds a line through the points `(x[k], y[k])`; a value that is not finite interrupts it.
    #[must_use]
    pub fn line(mut self, name: impl Into<String>, x: &[f64], y: &[f64]) -> Self {
        self.lines.push(Line { name: name.into(), x: x.to_vec(), y: y.to_vec() });
        self
    }

    /// Begins a stage at `x`: a vertical line, and the name above the chart.
    #[must_use]
    pub fn stage(mut self, x: f64, name: impl Into<String>) -> Self {
        self.stages.push((x, name.into()));
        self
    }

    /// Draws the chart.
    ///
    /// # Errors
    /// [`PlotError::Empty`] without points, [`PlotError::LengthMismatch`] if a line has more
    /// positions than values or the reverse, [`PlotError::NothingPositive`].
    pub fn draw(&self) -> Result<Picture, PlotError> {
        let (x, y) = self.ranges()?;
        let strokes = self.lines.iter().enumerate().map(|(k, l)| (equal_rank(k), &*l.name));
        let legend = Legend::new(&strokes.collect::<Vec<_>>(), WIDTH)?;
        let mut frame = Frame { rect: Rect::new(LEFT, 0.0, WIDTH, HEIGHT), x, y };
        let rows = self.stage_rows(&frame)?;
        let top = TITLE_SIZE + 28.0 + legend.height() + STAGE_ROOM * rows as f64;
        frame.rect.y = top;
        let mut canvas = Canvas::new(LEFT + WIDTH + RIGHT, top + HEIGHT + BOTTOM);
        heading(&mut canvas, &self.title, "", [LEFT, LEFT + WIDTH], TITLE_SIZE + 8.0)?;
        legend.draw(&mut canvas, LEFT, TITLE_SIZE + 18.0)?;
        self.bands(&mut canvas, &frame);
        self.axes(&mut canvas, &frame)?;
        self.stages(&mut canvas, &frame, rows)?;
        for (k, line) in self.lines.iter().enumerate() {
            self.draw_line(&mut canvas, &frame, line, equal_rank(k));
        }
        canvas.frame(frame.rect, INK);
        Ok(canvas.finish())
    }

    /// The vertical coordinate of a value; NaN where a logarithm has none.
    fn height(&self, value: f64) -> f64 {
        match self.scale {
            AxisScale::Linear => value,
            AxisScale::Log10 if value > 0.0 => value.log10(),
            AxisScale::Log10 => f64::NAN,
        }
    }

    /// Data coordinates of the edges, left, right, top, bottom.
    fn ranges(&self) -> Result<([f64; 2], [f64; 2]), PlotError> {
        for line in &self.lines {
            if line.x.len() != line.y.len() {
                return Err(PlotError::LengthMismatch {
                    first: format!("x of line `{}`", line.name),
                    first_len: line.x.len(),
                    second: "its y".into(),
                    second_len: line.y.len(),
                });
            }
        }
        if self.lines.iter().all(|l| l.x.is_empty()) {
            return Err(PlotError::empty(format!("chart `{}`", self.title)));
        }
        let points = || self.lines.iter().flat_map(|l| l.x.iter().zip(&l.y));
        let heights: Vec<f64> = points().map(|(_, &y)| self.height(y)).collect();
        if self.scale == AxisScale::Log10 && !heights.iter().any(|h| h.is_finite()) {
            return Err(PlotError::NothingPositive { title: self.title.clone() });
        }
        let [x0, x1] = bounds(points().map(|(&x, _)| x));
        let [mut y0, mut y1] = bounds(heights.into_iter());
        let pad = 0.05 * (y1 - y0);
        let from_zero = self.scale == AxisScale::Linear && y0 >= 0.0 && y0 < 0.4 * y1;
        y0 = if from_zero { 0.0 } else { y0 - pad };
        y1 += pad;
        let side = 0.02 * (x1 - x0);
        Ok(([x0 - side, x1 + side], [y1, y0]))
    }

    fn axes(&self, canvas: &mut Canvas, frame: &Frame) -> Result<(), PlotError> {
        let whole = self.lines.iter().flat_map(|l| &l.x).all(|x| x.fract() == 0.0);
        let make = if whole { AxisLabel::whole } else { AxisLabel::plain };
        frame.bottom_axis(canvas, &make(self.x_label.clone()), GridLines::Drawn)?;
        match self.scale {
            AxisScale::Linear => {
                let label = AxisLabel::plain(self.y_label.clone());
                frame.left_axis(canvas, &label, GridLines::Drawn)
            }
            AxisScale::Log10 => {
                let ticks = log_ticks(frame.y[1], frame.y[0]);
                let marks: Vec<(f64, String)> =
                    ticks.into_iter().map(|t| (t.value.log10(), t.label)).collect();
                frame.left_marks(canvas, &marks, &self.y_label, GridLines::Drawn)
            }
        }
    }

    /// Left and right edge of every stage on the canvas.
    fn stage_edges(&self, frame: &Frame) -> Vec<[f64; 2]> {
        let inside = |x: f64| frame.at(x, frame.y[0]).0.clamp(frame.rect.x, frame.rect.right());
        let starts: Vec<f64> = self.stages.iter().map(|s| inside(s.0)).collect();
        let end = |k: usize| starts.get(k + 1).copied().unwrap_or(frame.rect.right());
        // The first stage has no boundary to show: it begins at the edge.
        let start = |k: usize| if k == 0 { frame.rect.x } else { starts[k] };
        (0..starts.len()).map(|k| [start(k), end(k).max(start(k))]).collect()
    }

    fn bands(&self, canvas: &mut Canvas, frame: &Frame) {
        for [left, right] in self.stage_edges(frame).into_iter().skip(1).step_by(2) {
            canvas.fill(Rect::new(left, frame.rect.y, right - left, frame.rect.h), BAND);
        }
    }

    /// Rows that the names of stages need: a second one where some do not fit above their stage.
    fn stage_rows(&self, frame: &Frame) -> Result<usize, PlotError> {
        for (edges, (_, name)) in self.stage_edges(frame).iter().zip(&self.stages) {
            if stage_style().width(name)? > edges[1] - edges[0] - 6.0 {
                return Ok(2);
            }
        }
        Ok(usize::from(!self.stages.is_empty()))
    }

    fn stages(&self, canvas: &mut Canvas, frame: &Frame, rows: usize) -> Result<(), PlotError> {
        let style = stage_style();
        let edges = self.stage_edges(frame);
        let middle = |k: usize| edges.get(k).map(|e| f64::midpoint(e[0], e[1]));
        for (k, &[left, right]) in edges.iter().enumerate() {
            if k > 0 {
                let line = [(left, frame.rect.y), (left, frame.rect.bottom())];
                let stroke = Stroke::new(BOUNDARY, 1.2).dashed(5.0, 4.0);
                canvas.polyline(&line, &stroke, frame.rect);
            }
            let center = f64::midpoint(left, right);
            // In two rows, a name may reach to the middle of the neighbouring stages.
            let room = if rows < 2 {
                right - left
            } else {
                let before = k.checked_sub(1).and_then(middle).unwrap_or(0.0);
                let after = middle(k + 1).unwrap_or(frame.rect.right() + RIGHT);
                2.0 * (center - before).min(after - center)
            };
            let text = style.fit(&self.stages[k].1, room - 6.0)?;
            let row = if rows < 2 { 0.0 } else { (k % 2) as f64 };
            let y = frame.rect.y - 8.0 - row * STAGE_ROOM;
            canvas.text((center, y), &text, style)?;
        }
        Ok(())
    }

    fn draw_line(&self, canvas: &mut Canvas, frame: &Frame, line: &Line, stroke: Stroke) {
        let place = |(&x, &y): (&f64, &f64)| frame.at(x, self.height(y));
        let points: Vec<Point> = line.x.iter().zip(&line.y).map(place).collect();
        canvas.polyline(&points, &stroke, frame.rect);
        // Dots while they stay apart; a single point is only visible as one.
        if points.len() as f64 * 11.0 <= frame.rect.w {
            for &at in points.iter().filter(|p| p.0.is_finite() && p.1.is_finite()) {
                canvas.disc(at, 3.0, stroke.color);
            }
        }
    }
}

fn stage_style() -> TextStyle {
    TextStyle::new(NOTE_SIZE).color(SOFT_INK).align(Align::Middle)
}

/// Least and greatest finite value, apart even if they are equal.
fn bounds(values: impl Iterator<Item = f64>) -> [f64; 2] {
    let finite = values.filter(|v| v.is_finite());
    let widest = |[low, high]: [f64; 2], v: f64| [low.min(v), high.max(v)];
    let [low, high] = finite.fold([f64::INFINITY, f64::NEG_INFINITY], widest);
    widened(low, high)
}
