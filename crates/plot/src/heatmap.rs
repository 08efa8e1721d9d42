//! A vertical section through the earth: a model, a gradient, an image.

use crate::axis::LengthUnit;
use crate::canvas::{Align, Canvas, INK, Point, Rect, SOFT_INK, TextStyle, WHITE};
use crate::color::{ColorScale, MapKind};
use crate::error::{finite, positive};
use crate::frame::{AxisLabel, Frame, GridLines, Interpolation, NOTE_SIZE, TITLE_SIZE, heading};
use crate::stroke::Stroke;
use crate::{Array2, ColorMap, Picture, PlotError, ValueRange, colorbar, contour, marker};

const LEFT: f64 = 78.0;
/// Room above the section, and how much more the key of markers needs.
const TOP: f64 = 44.0;
const KEY: f64 = 24.0;
const BOTTOM: f64 = 58.0;
/// Width and height limits of the section itself.
const WIDTH: f64 = 886.0;
const MIN_WIDTH: f64 = 300.0;
const HEIGHTS: [f64; 2] = [230.0, 620.0];

/// A picture of values in a vertical section: x to the right, depth z downwards, true aspect
/// ratio unless the section would become unreadably flat or tall (the exaggeration is then
/// stated in the picture).
///
/// ```
/// # use retrograd_plot::{Array2, Heatmap};
/// let v_m_s = Array2::new(&[1500.0_f32, 1800.0, 1500.0, 2400.0], [2, 2])?;
/// let picture = Heatmap::model("Start model", v_m_s)
///     .spacing_m([10.0, 10.0])
///     .quantity("P velocity", "m/s")
///     .sources_m(&[[5.0, 0.0]])
///     .draw()?;
/// # Ok::<(), retrograd_plot::PlotError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Heatmap {
    pub(crate) title: String,
    pub(crate) data: Array2,
    pub(crate) map: ColorMap,
    pub(crate) range: ValueRange,
    pub(crate) quantity: String,
    origin_m: [f64; 2],
    spacing_m: [f64; 2],
    interpolation: Interpolation,
    sources_m: Vec<[f64; 2]>,
    receivers_m: Vec<[f64; 2]>,
    overlays: Vec<Overlay>,
}

#[derive(Clone, Debug)]
enum Overlay {
    Line { label: String, points_m: Vec<[f64; 2]> },
    Rectangle { label: String, from_m: [f64; 2], to_m: [f64; 2] },
    Contour { level: f64 },
}

impl Heatmap {
    /// A section of shape `[nx, nz]` with a sequential colour map over its full range.
    pub fn model(title: impl Into<String>, data: Array2) -> Self {
        Self {
            title: title.into(),
            data,
            map: ColorMap::Strata,
            range: ValueRange::Full,
            quantity: String::new(),
            origin_m: [0.0; 2],
            spacing_m: [1.0; 2],
            interpolation: Interpolation::Nearest,
            sources_m: Vec::new(),
            receivers_m: Vec::new(),
            overlays: Vec::new(),
        }
    }

    /// A section of shape `[nx, nz]` with a diverging colour map, clipped at the 99th percentile
    /// of the absolute values: a gradient, an update, a difference.
    pub fn gradient(title: impl Into<String>, data: Array2) -> Self {
        let model = Self::model(title, data);
        Self { map: ColorMap::BlueRed, range: ValueRange::Percentile(99.0), ..model }
    }

    /// Replaces the colour map.
    #[must_use]
    pub fn colors(self, map: ColorMap) -> Self {
        Self { map, ..self }
    }

    /// Replaces the rule for the ends of the colour scale.
    #[must_use]
    pub fn range(self, range: ValueRange) -> Self {
        Self { range, ..self }
    }

    /// Names the values and their unit for the colour bar: `("P velocity", "m/s")`.
    #[must_use]
    pub fn quantity(self, name: &str, unit: &str) -> Self {
        let quantity = if unit.is_empty() { name.into() } else { format!("{name} ({unit})") };
        Self { quantity, ..self }
    }

    /// Position of the first value, `[x, z]` in metres; `[0, 0]` unless given.
    #[must_use]
    pub fn origin_m(self, origin_m: [f64; 2]) -> Self {
        Self { origin_m, ..self }
    }

    /// Distance of neighbouring values, `[dx, dz]` in metres; `[1, 1]` unless given.
    #[must_use]
    pub fn spacing_m(self, spacing_m: [f64; 2]) -> Self {
        Self { spacing_m, ..self }
    }

    /// How cells larger than a pixel are filled; one colour per cell unless given.
    #[must_use]
    pub fn interpolation(self, interpolation: Interpolation) -> Self {
        Self { interpolation, ..self }
    }

    /// Marks sources, `[x, z]` in metres, by red stars.
    #[must_use]
    pub fn sources_m(self, positions: &[[f64; 2]]) -> Self {
        Self { sources_m: positions.to_vec(), ..self }
    }

    /// Marks receivers, `[x, z]` in metres, by yellow triangles, or dots where they are dense.
    #[must_use]
    pub fn receivers_m(self, positions: &[[f64; 2]]) -> Self {
        Self { receivers_m: positions.to_vec(), ..self }
    }

    /// Draws a dashed line through points `[x, z]` in metres: the water bottom, a horizon.
    #[must_use]
    pub fn line_m(mut self, label: impl Into<String>, points_m: &[[f64; 2]]) -> Self {
        self.overlays.push(Overlay::Line { label: label.into(), points_m: points_m.to_vec() });
        self
    }

    /// Draws a dashed box between two corners `[x, z]` in metres: the inside of an absorbing
    /// layer, a region of interest.
    #[must_use]
    pub fn rectangle_m(
        mut self,
        label: impl Into<String>,
        from_m: [f64; 2],
        to_m: [f64; 2],
    ) -> Self {
        self.overlays.push(Overlay::Rectangle { label: label.into(), from_m, to_m });
        self
    }

    /// Draws the lines where the values equal `level`.
    #[must_use]
    pub fn contour(mut self, level: f64) -> Self {
        self.overlays.push(Overlay::Contour { level });
        self
    }

    /// Draws the picture, about 1650 pixels wide.
    ///
    /// # Errors
    /// [`PlotError::OutOfRange`] for a spacing that is not positive, an origin that is not
    /// finite, a percentile or a fixed range without sense; [`PlotError::Font`].
    pub fn draw(&self) -> Result<Picture, PlotError> {
        let [w, h] = self.size(WIDTH, MIN_WIDTH, HEIGHTS)?;
        let scale = ColorScale::fit(self.map, self.range, &[&self.data])?;
        let has_key = !(self.sources_m.is_empty() && self.receivers_m.is_empty())
            || exaggeration(&self.frame(Rect::new(LEFT, TOP, w, h))?).is_some();
        let top = if has_key { TOP + KEY } else { TOP };
        let width = LEFT + w.max(MIN_WIDTH) + colorbar::VERTICAL_ROOM;
        let mut canvas = Canvas::new(width, top + h + BOTTOM);
        let frame = self.frame(Rect::new(LEFT, top, w, h))?;
        let [x, z] = self.axes();
        self.inside(&mut canvas, &frame, &scale)?;
        frame.bottom_axis(&mut canvas, &x, GridLines::None)?;
        frame.left_axis(&mut canvas, &z, GridLines::None)?;
        colorbar::vertical(&mut canvas, frame.rect, &scale, &self.quantity)?;
        let right = frame.rect.right().max(width - 20.0);
        heading(&mut canvas, &self.title, "", [LEFT, right], TITLE_SIZE + 8.0)?;
        self.key(&mut canvas, &frame)?;
        Ok(canvas.finish())
    }

    /// Metres from the left to the right and from the top to the bottom edge.
    fn extent_m(&self) -> Result<[f64; 2], PlotError> {
        let [nx, nz] = self.data.shape();
        let dx = positive("spacing in x, in metres,", self.spacing_m[0])?;
        let dz = positive("spacing in z, in metres,", self.spacing_m[1])?;
        Ok([nx as f64 * dx, nz as f64 * dz])
    }

    /// Size of the section on the canvas: true aspect ratio within the limits.
    pub(crate) fn size(
        &self,
        width: f64,
        min_width: f64,
        [min_height, max_height]: [f64; 2],
    ) -> Result<[f64; 2], PlotError> {
        let [x, z] = self.extent_m()?;
        let h = width * z / x;
        if h <= max_height {
            return Ok([width, h.max(min_height)]);
        }
        Ok([(max_height * x / z).max(min_width), max_height])
    }

    /// The plotting area in metres. A value sits in the centre of its cell.
    pub(crate) fn frame(&self, rect: Rect) -> Result<Frame, PlotError> {
        let extent = self.extent_m()?;
        let edges = |k: usize| -> Result<[f64; 2], PlotError> {
            let origin = finite("origin, in metres,", self.origin_m[k])?;
            let first = origin - 0.5 * self.spacing_m[k];
            Ok([first, first + extent[k]])
        };
        Ok(Frame { rect, x: edges(0)?, y: edges(1)? })
    }

    /// Names of the horizontal and the vertical axis, in one unit for both.
    pub(crate) fn axes(&self) -> [AxisLabel; 2] {
        let [nx, nz] = self.data.shape();
        let extent = (nx as f64 * self.spacing_m[0]).max(nz as f64 * self.spacing_m[1]);
        let unit = LengthUnit::for_extent(extent);
        [AxisLabel::length("Distance", unit), AxisLabel::length("Depth", unit)]
    }

    /// Whether the axes of another section are the same.
    pub(crate) fn same_area(&self, other: &Self) -> bool {
        self.data.shape() == other.data.shape()
            && self.origin_m == other.origin_m
            && self.spacing_m == other.spacing_m
    }

    /// Values, overlays and markers.
    pub(crate) fn inside(
        &self,
        canvas: &mut Canvas,
        frame: &Frame,
        scale: &ColorScale,
    ) -> Result<(), PlotError> {
        frame.values(canvas, &self.data, scale, self.interpolation);
        canvas.frame(frame.rect, INK);
        for overlay in &self.overlays {
            self.overlay(canvas, frame, overlay)?;
        }
        let place = |p: &[f64; 2]| frame.at(p[0], p[1]);
        let visible = |p: &Point| {
            let r = frame.rect;
            p.0 >= r.x - 1.0
                && p.0 <= r.right() + 1.0
                && p.1 >= r.y - 1.0
                && p.1 <= r.bottom() + 1.0
        };
        let receivers: Vec<Point> = self.receivers_m.iter().map(place).filter(visible).collect();
        marker::receivers(canvas, &receivers);
        for at in self.sources_m.iter().map(place).filter(visible) {
            marker::source(canvas, at);
        }
        Ok(())
    }

    fn overlay(
        &self,
        canvas: &mut Canvas,
        frame: &Frame,
        overlay: &Overlay,
    ) -> Result<(), PlotError> {
        match overlay {
            Overlay::Line { label, points_m } => {
                let points: Vec<Point> = points_m.iter().map(|p| frame.at(p[0], p[1])).collect();
                self.line(canvas, frame, &points, Outline::Dashed);
                points.first().map_or(Ok(()), |at| tag(canvas, frame, (at.0, at.1 + 17.0), label))
            }
            Overlay::Rectangle { label, from_m, to_m } => {
                let ((x0, y0), (x1, y1)) =
                    (frame.at(from_m[0], from_m[1]), frame.at(to_m[0], to_m[1]));
                let corners = [(x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0)];
                self.line(canvas, frame, &corners, Outline::Dashed);
                // At the lower edge: sources and receivers are mostly at the upper one.
                tag(canvas, frame, (x0.min(x1), y0.max(y1) - 8.0), label)
            }
            Overlay::Contour { level } => {
                let place = |p: [f64; 2]| {
                    let metres = |k: usize| self.origin_m[k] + p[k] * self.spacing_m[k];
                    frame.at(metres(0), metres(1))
                };
                let gap = (f64::NAN, f64::NAN);
                let joined = contour::pieces(&self.data, *level).into_iter();
                let points: Vec<Point> =
                    joined.flat_map(|[a, b]| [place(a), place(b), gap]).collect();
                self.line(canvas, frame, &points, Outline::Solid);
                Ok(())
            }
        }
    }

    /// A line that is seen on the colours of this map.
    fn line(&self, canvas: &mut Canvas, frame: &Frame, points: &[Point], outline: Outline) {
        // White between dark edges is seen on every colour; on a white centre dark alone is.
        let strokes = match self.map.kind() {
            MapKind::Sequential => [Stroke::new(INK, 3.2), Stroke::new(WHITE, 1.7)],
            MapKind::Diverging => [Stroke::new(WHITE, 3.2), Stroke::new(INK, 1.5)],
        };
        for stroke in strokes {
            let stroke = match outline {
                Outline::Solid => stroke,
                Outline::Dashed => stroke.dashed(9.0, 6.0),
            };
            canvas.polyline(points, &stroke, frame.rect);
        }
    }

    /// Explains the markers and an exaggeration, right-aligned above the section.
    fn key(&self, canvas: &mut Canvas, frame: &Frame) -> Result<(), PlotError> {
        let baseline = frame.rect.y - 15.0;
        let style = TextStyle::new(NOTE_SIZE).color(SOFT_INK).align(Align::End);
        // Beside a narrow section, the key also takes the room above the colour bar.
        let narrow = frame.rect.w < 420.0;
        let mut x = frame.rect.right() + if narrow { 110.0 } else { 0.0 };
        let mut entry = |canvas: &mut Canvas, text: &str| -> Result<f64, PlotError> {
            canvas.text((x, baseline), text, style)?;
            let left = x - style.width(text)?;
            x = left - 40.0;
            Ok(left)
        };
        let count = |n: usize, what: &str| format!("{n} {what}{}", if n == 1 { "" } else { "s" });
        if !self.receivers_m.is_empty() {
            let left = entry(canvas, &count(self.receivers_m.len(), "receiver"))?;
            marker::receivers(canvas, &[(left - 11.0, baseline - 4.5)]);
        }
        if !self.sources_m.is_empty() {
            let left = entry(canvas, &count(self.sources_m.len(), "source"))?;
            marker::source(canvas, (left - 15.0, baseline - 4.5));
        }
        if let Some(text) = exaggeration(frame) {
            entry(canvas, &text)?;
        }
        Ok(())
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Outline {
    Solid,
    Dashed,
}

/// A name within the section, starting just right of `at`.
fn tag(canvas: &mut Canvas, frame: &Frame, at: Point, text: &str) -> Result<(), PlotError> {
    let style = TextStyle::new(NOTE_SIZE);
    let x = at.0.clamp(frame.rect.x, frame.rect.right()) + 8.0;
    let y = at.1.clamp(frame.rect.y + 17.0, frame.rect.bottom() - 7.0);
    canvas.rimmed_text((x, y), &style.fit(text, frame.rect.right() - x)?, style)
}

/// What to say about the aspect ratio; nothing if it is true to 2 %.
pub(crate) fn exaggeration(frame: &Frame) -> Option<String> {
    let down = frame.rect.h / (frame.y[1] - frame.y[0]);
    let along = frame.rect.w / (frame.x[1] - frame.x[0]);
    let ratio = down / along;
    ((ratio - 1.0).abs() > 0.02).then(|| format!("vertical exaggeration × {ratio:.2}"))
}
