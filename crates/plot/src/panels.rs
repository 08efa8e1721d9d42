//! Several sections in one picture, with common colour scales.

use crate::canvas::{Canvas, Point, Rect, TextStyle};
use crate::color::ColorScale;
use crate::frame::{GridLines, PANEL_SIZE, TITLE_SIZE, heading};
use crate::heatmap::exaggeration;
use crate::{ColorMap, Heatmap, Picture, PlotError, colorbar};

const LEFT: f64 = 78.0;
const RIGHT: f64 = 28.0;
const HEAD: f64 = 42.0;
/// Room for the title of a panel.
const CAPTION: f64 = 30.0;
/// Room for ticks and name of an axis.
const AXIS: f64 = 56.0;
const GAP: f64 = 26.0;

/// Start, inverted and true model, and their difference, side by side.
///
/// Panels with the same colour map share one scale, which fits all of them, and one colour bar
/// below the picture; the quantity and range of the first one hold.
#[derive(Clone, Debug)]
pub struct Panels {
    title: String,
    columns: usize,
    sections: Vec<Heatmap>,
}

/// A scale, its name, and the colour map that chose it.
struct Shared {
    map: ColorMap,
    scale: ColorScale,
    label: String,
}

/// Where the panels are.
struct Layout {
    width: f64,
    height: f64,
    cells: Vec<Rect>,
    bars_top: f64,
    axes: SharedAxes,
}

/// Whether inner panels repeat the numbers of the axes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum SharedAxes {
    OuterOnly,
    Everywhere,
}

impl Panels {
    /// An empty picture of so many panels per row (at least one).
    pub fn new(title: impl Into<String>, columns: usize) -> Self {
        Self { title: title.into(), columns: columns.max(1), sections: Vec::new() }
    }

    /// Adds a section, left to right and then downwards.
    #[must_use]
    pub fn panel(mut self, panel: Heatmap) -> Self {
        self.sections.push(panel);
        self
    }

    /// Draws the picture.
    ///
    /// # Errors
    /// [`PlotError::Empty`] without panels; those of [`Heatmap::draw`].
    pub fn draw(&self) -> Result<Picture, PlotError> {
        let scales = self.scales()?;
        let layout = self.layout()?;
        let mut canvas = Canvas::new(layout.width, layout.height);
        let mut remark = None;
        for (k, (panel, &cell)) in self.sections.iter().zip(&layout.cells).enumerate() {
            let frame = panel.frame(cell)?;
            remark = remark.or_else(|| exaggeration(&frame));
            if let Some(shared) = scales.iter().find(|s| s.map == panel.map) {
                panel.inside(&mut canvas, &frame, &shared.scale)?;
            }
            let style = TextStyle::new(PANEL_SIZE).bold();
            let title = style.fit(&panel.title, cell.w)?;
            canvas.text((cell.x, cell.y - 10.0), &title, style)?;
            let [x, z] = panel.axes();
            let everywhere = layout.axes == SharedAxes::Everywhere;
            if everywhere || k + self.columns >= self.sections.len() {
                frame.bottom_axis(&mut canvas, &x, GridLines::None)?;
            }
            if everywhere || k % self.columns == 0 {
                frame.left_axis(&mut canvas, &z, GridLines::None)?;
            }
        }
        let edges = [LEFT, layout.width - RIGHT];
        let remark = remark.unwrap_or_default();
        heading(&mut canvas, &self.title, &remark, edges, TITLE_SIZE + 8.0)?;
        bars(&mut canvas, &scales, edges, layout.bars_top)?;
        Ok(canvas.finish())
    }

    /// One scale per colour map, in order of appearance.
    fn scales(&self) -> Result<Vec<Shared>, PlotError> {
        let mut scales: Vec<Shared> = Vec::new();
        for first in &self.sections {
            if scales.iter().any(|s| s.map == first.map) {
                continue;
            }
            let same = self.sections.iter().filter(|p| p.map == first.map);
            let arrays: Vec<_> = same.map(|p| &p.data).collect();
            let scale = ColorScale::fit(first.map, first.range, &arrays)?;
            scales.push(Shared { map: first.map, scale, label: first.quantity.clone() });
        }
        Ok(scales)
    }

    fn layout(&self) -> Result<Layout, PlotError> {
        let first = self.sections.first().ok_or_else(|| PlotError::empty("the list of panels"))?;
        let shared = self.sections.iter().all(|p| p.same_area(first));
        let axes = if shared { SharedAxes::OuterOnly } else { SharedAxes::Everywhere };
        let columns = self.columns.min(self.sections.len());
        let gap_x = if shared { GAP } else { LEFT };
        let gap_y = if shared { 8.0 } else { AXIS };
        let room = if columns > 2 { 1380.0 } else { 1100.0 };
        let room = (room - LEFT - RIGHT - gap_x * (columns - 1) as f64) / columns as f64;
        let room = room.max(150.0);
        let mut sizes = Vec::with_capacity(self.sections.len());
        for panel in &self.sections {
            sizes.push(panel.size(room, 150.0, [110.0, 430.0])?);
        }
        let widest = sizes.iter().map(|s| s[0]).fold(0.0, f64::max);
        let mut cells = Vec::with_capacity(sizes.len());
        let mut y = HEAD;
        for row in sizes.chunks(columns) {
            y += CAPTION;
            for (k, [w, h]) in row.iter().enumerate() {
                cells.push(Rect::new(LEFT + k as f64 * (widest + gap_x), y, *w, *h));
            }
            y += row.iter().map(|s| s[1]).fold(0.0, f64::max) + gap_y;
        }
        let width = LEFT + RIGHT + widest * columns as f64 + gap_x * (columns - 1) as f64;
        let bars_top = y - gap_y + AXIS + 14.0;
        let height = bars_top + colorbar::HORIZONTAL_ROOM;
        Ok(Layout { width: width.max(560.0), height, cells, bars_top, axes })
    }
}

/// All colour bars side by side below the panels.
fn bars(
    canvas: &mut Canvas,
    scales: &[Shared],
    [left, right]: [f64; 2],
    top: f64,
) -> Result<(), PlotError> {
    let slot = (right - left) / scales.len().max(1) as f64;
    for (k, shared) in scales.iter().enumerate() {
        let length = (slot - 50.0).clamp(120.0, 520.0);
        let at: Point = (left + slot * (k as f64 + 0.5) - length / 2.0, top);
        colorbar::horizontal(canvas, at, length, &shared.scale, &shared.label)?;
    }
    Ok(())
}
