//! Depth profiles: the value to the right, depth downwards.

use crate::axis::LengthUnit;
use crate::canvas::{Canvas, INK, Point, Rect, TextStyle};
use crate::color::widened;
use crate::error::{finite, positive};
use crate::frame::{AxisLabel, Frame, GridLines, PANEL_SIZE, TITLE_SIZE, heading};
use crate::legend::{Legend, comparison};
use crate::{Picture, PlotError};

const LEFT: f64 = 78.0;
const RIGHT: f64 = 32.0;
const BOTTOM: f64 = 58.0;
const GAP: f64 = 26.0;
const HEIGHT: f64 = 560.0;
/// Room for the title of a panel.
const CAPTION: f64 = 28.0;

/// Profiles at one or more positions, with common axes. Lines of the same name look the same in
/// all panels; the first name is the reference.
#[derive(Clone, Debug)]
pub struct Profiles {
    title: String,
    first_m: f64,
    spacing_m: f64,
    quantity: String,
    panels: Vec<Panel>,
}

#[derive(Clone, Debug)]
struct Panel {
    title: String,
    lines: Vec<(String, Vec<f64>)>,
}

impl Profiles {
    /// A picture without panels; values are `spacing_m` metres apart, the first at `first_m`.
    pub fn new(title: impl Into<String>, first_m: f64, spacing_m: f64) -> Self {
        let (title, quantity) = (title.into(), String::new());
        Self { title, first_m, spacing_m, quantity, panels: Vec::new() }
    }

    /// Names the values and their unit: `("P velocity", "m/s")`.
    #[must_use]
    pub fn quantity(self, name: &str, unit: &str) -> Self {
        let quantity = if unit.is_empty() { name.into() } else { format!("{name} ({unit})") };
        Self { quantity, ..self }
    }

    /// Begins a panel: `x = 2.0 km`.
    #[must_use]
    pub fn panel(mut self, title: impl Into<String>) -> Self {
        self.panels.push(Panel { title: title.into(), lines: Vec::new() });
        self
    }

    /// Adds a line to the current panel (to an untitled first one, if none was begun). A value
    /// that is not finite interrupts it.
    #[must_use]
    pub fn line<T: Copy + Into<f64>>(mut self, name: impl Into<String>, values: &[T]) -> Self {
        let line = (name.into(), values.iter().map(|&v| v.into()).collect());
        match self.panels.last_mut() {
            Some(panel) => panel.lines.push(line),
            None => self.panels.push(Panel { title: String::new(), lines: vec![line] }),
        }
        self
    }

    /// Draws the picture.
    ///
    /// # Errors
    /// [`PlotError::Empty`] without values, [`PlotError::OutOfRange`] for a spacing that is not
    /// positive.
    pub fn draw(&self) -> Result<Picture, PlotError> {
        let (x, y) = self.ranges()?;
        let count = self.panels.len() as f64;
        let w = ((1040.0 - GAP * (count - 1.0)) / count).clamp(170.0, 400.0);
        let inner = w * count + GAP * (count - 1.0);
        let names = self.names();
        let entries = names.iter().enumerate().map(|(k, &name)| (comparison(k), name));
        let legend = Legend::new(&entries.collect::<Vec<_>>(), inner)?;
        let captions = self.panels.iter().any(|p| !p.title.is_empty());
        let top = TITLE_SIZE + 26.0 + legend.height() + if captions { CAPTION } else { 0.0 };
        let mut canvas = Canvas::new(LEFT + inner + RIGHT, top + HEIGHT + BOTTOM);
        heading(&mut canvas, &self.title, "", [LEFT, LEFT + inner], TITLE_SIZE + 8.0)?;
        legend.draw(&mut canvas, LEFT, TITLE_SIZE + 18.0)?;
        let unit = LengthUnit::for_extent(y[1] - y[0]);
        for (k, panel) in self.panels.iter().enumerate() {
            let rect = Rect::new(LEFT + k as f64 * (w + GAP), top, w, HEIGHT);
            let frame = Frame { rect, x, y };
            frame.bottom_axis(&mut canvas, &AxisLabel::plain(&self.quantity), GridLines::Drawn)?;
            let depth = AxisLabel::length("Depth", unit);
            frame.horizontal_grid(&mut canvas, &depth);
            if k == 0 {
                frame.left_axis(&mut canvas, &depth, GridLines::None)?;
            }
            let style = TextStyle::new(PANEL_SIZE).bold();
            canvas.text((rect.x, top - 10.0), &style.fit(&panel.title, w)?, style)?;
            for (name, values) in &panel.lines {
                let rank = names.iter().position(|n| n == name).unwrap_or(0);
                let depth = |k: usize| self.first_m + k as f64 * self.spacing_m;
                let points: Vec<Point> =
                    values.iter().enumerate().map(|(k, &v)| frame.at(v, depth(k))).collect();
                canvas.polyline(&points, &comparison(rank), rect);
            }
            canvas.frame(rect, INK);
        }
        Ok(canvas.finish())
    }

    /// Names of lines, each once, in order of appearance.
    fn names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        for (name, _) in self.panels.iter().flat_map(|p| &p.lines) {
            if !names.contains(&name.as_str()) {
                names.push(name);
            }
        }
        names
    }

    /// Data coordinates of the edges, left, right, top, bottom.
    fn ranges(&self) -> Result<([f64; 2], [f64; 2]), PlotError> {
        let spacing = positive("spacing in depth, in metres,", self.spacing_m)?;
        finite("depth of the first value, in metres,", self.first_m)?;
        let lines = || self.panels.iter().flat_map(|p| &p.lines);
        let longest = lines().map(|l| l.1.len()).max().unwrap_or(0);
        if longest == 0 {
            return Err(PlotError::empty(format!("the set of profiles `{}`", self.title)));
        }
        let values = lines().flat_map(|l| &l.1).filter(|v| v.is_finite());
        let widest = |[low, high]: [f64; 2], &v: &f64| [low.min(v), high.max(v)];
        let [low, high] = values.fold([f64::INFINITY, f64::NEG_INFINITY], widest);
        let [low, high] = widened(low, high);
        let pad = 0.05 * (high - low);
        let bottom = self.first_m + (longest.max(2) - 1) as f64 * spacing;
        Ok(([low - pad, high + pad], [self.first_m, bottom]))
    }
}
