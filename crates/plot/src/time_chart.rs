//! Many strokes against time, as SVG: what ran when, and for how long.

use std::collections::BTreeSet;
use std::path::Path;

use crate::canvas::{Align, INK, Point, RULE, Rect, SOFT_INK, TextStyle};
use crate::error::finite;
use crate::frame::{AxisLabel, Frame, LABEL_SIZE, NOTE_SIZE, TICK_SIZE, TITLE_SIZE};
use crate::svg::{Cap, Pen, Sheet};
use crate::{PlotError, file};

/// Width and height of the plotting area.
const WIDTH: f64 = 860.0;
const HEIGHT: f64 = 440.0;
/// Height of a lane.
const LANE: f64 = 44.0;
const RIGHT: f64 = 24.0;
const BOTTOM: f64 = 56.0;
const SAMPLE: f64 = 28.0;
const LEGEND_ROW: f64 = 22.0;

/// The most strokes of one kind that are drawn: about 300 kB of SVG.
const MOST_STROKES: usize = 15_000;

/// What the strokes of one kind look like.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Look {
    /// Red, green, blue.
    pub color: [u8; 3],
    /// Width in pixels.
    pub width_px: f64,
    /// Lengths of a dash and of the gap behind it in pixels; `None` is solid.
    pub dashes_px: Option<[f64; 2]>,
}

impl Look {
    /// Solid strokes.
    pub fn solid(color: [u8; 3], width_px: f64) -> Self {
        Self { color, width_px, dashes_px: None }
    }

    /// Interrupted strokes.
    pub fn dashed(color: [u8; 3], width_px: f64, dashes_px: [f64; 2]) -> Self {
        Self { color, width_px, dashes_px: Some(dashes_px) }
    }
}

/// A kind of strokes in one [`TimeChart`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct KindId(usize);

/// Straight strokes of a few kinds against time, drawn in the order in which the kinds were added,
/// with a legend.
///
/// Millions of strokes can be added: those that cannot be told apart are kept once, and if more
/// remain than fit into about 300 kB of SVG per kind, positions are rounded until they do.
///
/// ```
/// # use retrograd_plot::{Look, TimeChart};
/// let mut chart = TimeChart::new("There and back", [0.0, 2.0], [0.0, 1.0])
///     .time_axis("Time (s)")
///     .y_axis("Distance (m)");
/// let way = chart.kind("way", Look::solid([31, 102, 173], 2.0));
/// chart.add(way, [0.0, 0.0], [1.0, 1.0]);
/// chart.add(way, [1.0, 1.0], [2.0, 0.0]);
/// assert!(chart.draw()?.svg().starts_with("<svg"));
/// # Ok::<(), retrograd_plot::PlotError>(())
/// ```
#[derive(Clone, Debug)]
pub struct TimeChart {
    title: String,
    remark: String,
    x: [f64; 2],
    y: [f64; 2],
    x_label: String,
    y_label: String,
    /// Names of lanes, the topmost first; numbers along the vertical axis if there are none.
    lanes: Vec<String>,
    kinds: Vec<Kind>,
}

#[derive(Clone, Debug)]
struct Kind {
    name: String,
    look: Look,
    strokes: Thinned,
}

impl TimeChart {
    /// A chart from `time[0]` on the left to `time[1]` on the right, and from `y[0]` at the bottom
    /// to `y[1]` at the top. An empty range is widened.
    pub fn new(title: impl Into<String>, time: [f64; 2], y: [f64; 2]) -> Self {
        Self {
            title: title.into(),
            remark: String::new(),
            x: widened(time),
            y: widened(y),
            x_label: String::new(),
            y_label: String::new(),
            lanes: Vec::new(),
            kinds: Vec::new(),
        }
    }

    /// A chart of bars: lane `k` lies at the vertical position `k`, the first one on top.
    pub fn lanes(
        title: impl Into<String>,
        time: [f64; 2],
        names: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        let lanes: Vec<String> = names.into_iter().map(Into::into).collect();
        let y = [lanes.len().max(1) as f64 - 0.5, -0.5];
        Self { lanes, ..Self::new(title, time, y) }
    }

    /// A remark under the title.
    #[must_use]
    pub fn remark(self, remark: impl Into<String>) -> Self {
        Self { remark: remark.into(), ..self }
    }

    /// Name of the horizontal axis, with its unit in parentheses if it has one.
    #[must_use]
    pub fn time_axis(self, label: impl Into<String>) -> Self {
        Self { x_label: label.into(), ..self }
    }

    /// Name of the vertical axis, with its unit in parentheses if it has one.
    #[must_use]
    pub fn y_axis(self, label: impl Into<String>) -> Self {
        Self { y_label: label.into(), ..self }
    }

    /// Adds a kind of strokes.
    pub fn kind(&mut self, name: impl Into<String>, look: Look) -> KindId {
        self.kinds.push(Kind { name: name.into(), look, strokes: Thinned::default() });
        KindId(self.kinds.len() - 1)
    }

    /// Adds a stroke from one point to another, in the units of the axes.
    ///
    /// # Panics
    /// If the kind belongs to another chart that has more of them.
    pub fn add(&mut self, kind: KindId, from: [f64; 2], to: [f64; 2]) {
        let origin = self.frame(0.0, 0.0);
        let tenths = |[x, y]: [f64; 2]| {
            let (x, y) = origin.at(x, y);
            [(x * 10.0).round() as i32, (y * 10.0).round() as i32]
        };
        let ([x0, y0], [x1, y1]) = (tenths(from), tenths(to));
        self.kinds[kind.0].strokes.insert([x0, y0, x1, y1]);
    }

    /// Draws the chart. Kinds without strokes are left out.
    ///
    /// # Errors
    /// [`PlotError::Empty`] without strokes, [`PlotError::OutOfRange`] if an axis has no finite
    /// range.
    pub fn draw(&self) -> Result<Drawing, PlotError> {
        for end in self.x.into_iter().chain(self.y) {
            finite("end of an axis", end)?;
        }
        let kinds: Vec<&Kind> = self.kinds.iter().filter(|k| !k.strokes.is_empty()).collect();
        if kinds.is_empty() {
            return Err(PlotError::empty(&self.title));
        }
        let left = if self.lanes.is_empty() { 84.0 } else { 110.0 };
        let legend = Legend::new(&kinds, WIDTH)?;
        let top = TITLE_SIZE + 18.0 + if self.remark.is_empty() { 0.0 } else { 20.0 };
        let frame = self.frame(left, top + legend.height() + 8.0);
        let mut sheet = Sheet::new(frame.rect.right() + RIGHT, frame.rect.bottom() + BOTTOM);
        self.heading(&mut sheet)?;
        legend.draw(&mut sheet, (left, top));
        self.axes(&mut sheet, &frame)?;
        let [right, down] = [left, frame.rect.y].map(|v| (v * 10.0).round() as i32);
        for kind in kinds {
            let strokes = kind.strokes.strokes();
            let moved =
                strokes.map(|[x0, y0, x1, y1]| [x0 + right, y0 + down, x1 + right, y1 + down]);
            sheet.strokes(moved, &kind.pen(self.cap()));
        }
        sheet.frame(frame.rect, INK);
        Ok(Drawing { svg: sheet.finish() })
    }

    /// The plotting area, with its corner at a place.
    fn frame(&self, left: f64, top: f64) -> Frame {
        let height = match self.lanes.len() {
            0 => HEIGHT,
            count => LANE * count as f64,
        };
        let rect = Rect::new(left, top, WIDTH, height);
        Frame { rect, x: self.x, y: [self.y[1], self.y[0]] }
    }

    /// Bars end where they end; elsewhere a stroke without length is a dot.
    fn cap(&self) -> Cap {
        if self.lanes.is_empty() { Cap::Round } else { Cap::Butt }
    }

    fn heading(&self, sheet: &mut Sheet) -> Result<(), PlotError> {
        let style = TextStyle::new(TITLE_SIZE).bold();
        sheet.text((16.0, TITLE_SIZE + 8.0), &style.fit(&self.title, WIDTH)?, style);
        let style = TextStyle::new(NOTE_SIZE + 1.0).color(SOFT_INK);
        sheet.text((16.0, TITLE_SIZE + 29.0), &style.fit(&self.remark, WIDTH)?, style);
        Ok(())
    }

    fn axes(&self, sheet: &mut Sheet, frame: &Frame) -> Result<(), PlotError> {
        let Rect { x, y, w, h } = frame.rect;
        let bottom = frame.rect.bottom();
        let rule = Pen::thin(RULE);
        let tick = Pen::thin(INK);
        let axis = AxisLabel::plain(&self.x_label);
        let (ticks, name) = frame.x_ticks(&axis);
        for (value, label) in ticks {
            let (at, _) = frame.at(value, self.y[0]);
            sheet.line((at, y), (at, bottom), &rule);
            sheet.line((at, bottom), (at, bottom + 5.0), &tick);
            let style = TextStyle::new(TICK_SIZE).align(Align::Middle);
            sheet.text((at, bottom + 19.0), &label, style);
        }
        let style = TextStyle::new(LABEL_SIZE).align(Align::Middle);
        sheet.text((x + w / 2.0, bottom + 42.0), &style.fit(&name, w + 60.0)?, style);
        if !self.lanes.is_empty() {
            return self.lane_names(sheet, frame);
        }
        let (ticks, name) = frame.y_ticks(&AxisLabel::whole(&self.y_label));
        for (value, label) in ticks {
            let (_, at) = frame.at(self.x[0], value);
            sheet.line((x, at), (x + w, at), &rule);
            sheet.line((x - 5.0, at), (x, at), &tick);
            let style = TextStyle::new(TICK_SIZE).align(Align::End);
            sheet.text((x - 9.0, at + 0.36 * TICK_SIZE), &label, style);
        }
        let style = TextStyle::new(LABEL_SIZE).align(Align::Middle).upward();
        sheet.text((24.0, y + h / 2.0), &style.fit(&name, h + 50.0)?, style);
        Ok(())
    }

    fn lane_names(&self, sheet: &mut Sheet, frame: &Frame) -> Result<(), PlotError> {
        let style = TextStyle::new(TICK_SIZE).align(Align::End);
        for (k, name) in self.lanes.iter().enumerate() {
            let (_, at) = frame.at(self.x[0], k as f64);
            let name = style.fit(name, frame.rect.x - 16.0)?;
            sheet.text((frame.rect.x - 9.0, at + 0.36 * TICK_SIZE), &name, style);
        }
        Ok(())
    }
}

impl Kind {
    fn pen(&self, cap: Cap) -> Pen {
        let Look { color, width_px, dashes_px } = self.look;
        Pen { color, width: width_px, dashes: dashes_px, cap }
    }
}

/// A range that is not empty, if its ends are finite.
fn widened([low, high]: [f64; 2]) -> [f64; 2] {
    if low == high { [low, low + 1.0] } else { [low, high] }
}

/// Strokes in tenths of a pixel, no two alike, and no more than [`MOST_STROKES`].
#[derive(Clone, Debug)]
struct Thinned {
    /// Positions are multiples of so many tenths of a pixel.
    quantum: i32,
    kept: BTreeSet<[i32; 4]>,
}

impl Default for Thinned {
    fn default() -> Self {
        Self { quantum: 1, kept: BTreeSet::new() }
    }
}

impl Thinned {
    fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    fn insert(&mut self, stroke: [i32; 4]) {
        self.kept.insert(stroke.map(|v| v.div_euclid(self.quantum)));
        while self.kept.len() > MOST_STROKES {
            self.quantum *= 2;
            self.kept = self.kept.iter().map(|stroke| stroke.map(|v| v.div_euclid(2))).collect();
        }
    }

    fn strokes(&self) -> impl Iterator<Item = [i32; 4]> {
        self.kept.iter().map(|stroke| stroke.map(|v| v * self.quantum))
    }
}

/// Which kind is which, in rows that fit the width.
struct Legend {
    entries: Vec<(Pen, String, Point)>,
    rows: usize,
}

impl Legend {
    fn new(kinds: &[&Kind], width: f64) -> Result<Self, PlotError> {
        let style = TextStyle::new(TICK_SIZE);
        let (mut x, mut rows) = (0.0, 1);
        let mut entries = Vec::new();
        for kind in kinds {
            let needed = SAMPLE + 8.0 + style.width(&kind.name)?;
            if x > 0.0 && x + needed > width {
                (x, rows) = (0.0, rows + 1);
            }
            let at = (x, (f64::from(rows) - 0.5) * LEGEND_ROW);
            entries.push((kind.pen(Cap::Butt), kind.name.clone(), at));
            x += needed + 22.0;
        }
        Ok(Self { entries, rows: rows as usize })
    }

    fn height(&self) -> f64 {
        self.rows as f64 * LEGEND_ROW
    }

    fn draw(&self, sheet: &mut Sheet, (left, top): Point) {
        for (pen, name, (x, y)) in &self.entries {
            let (x, y) = (left + x, top + y);
            let pen = Pen { width: pen.width.min(12.0), ..*pen };
            sheet.line((x, y), (x + SAMPLE, y), &pen);
            let at = (x + SAMPLE + 8.0, y + 0.36 * TICK_SIZE);
            sheet.text(at, name, TextStyle::new(TICK_SIZE));
        }
    }
}

/// A finished drawing: SVG, ready to be written or put into a page.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Drawing {
    svg: String,
}

impl Drawing {
    /// The document.
    pub fn svg(&self) -> &str {
        &self.svg
    }

    /// Writes an SVG file, which appears under its name complete or not at all.
    ///
    /// # Errors
    /// [`PlotError::Write`].
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), PlotError> {
        file::write_whole(path.as_ref(), self.svg.as_bytes())
    }
}
