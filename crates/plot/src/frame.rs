//! A plotting area with its axes.

use crate::axis::{LengthUnit, Step, Ticks};
use crate::canvas::{Align, Canvas, INK, Point, RULE, Rect, SOFT_INK, TextStyle};
use crate::color::ColorScale;
use crate::{Array2, PlotError};

/// Sizes of text, in logical units.
pub(crate) const TITLE_SIZE: f64 = 19.0;
pub(crate) const PANEL_SIZE: f64 = 15.0;
pub(crate) const LABEL_SIZE: f64 = 14.0;
pub(crate) const TICK_SIZE: f64 = 13.0;
pub(crate) const NOTE_SIZE: f64 = 12.0;

/// A box on the canvas and the data coordinates of its edges.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Frame {
    pub(crate) rect: Rect,
    /// Data coordinates of the left and the right edge.
    pub(crate) x: [f64; 2],
    /// Data coordinates of the top and the bottom edge.
    pub(crate) y: [f64; 2],
}

/// What stands along an axis.
#[derive(Clone, Debug)]
pub(crate) struct AxisLabel {
    pub(crate) text: String,
    /// Data units per labelled unit: 1000 for metres labelled in kilometres.
    pub(crate) scale: f64,
    pub(crate) step: Step,
}

impl AxisLabel {
    pub(crate) fn plain(text: impl Into<String>) -> Self {
        Self { text: text.into(), scale: 1.0, step: Step::Any }
    }

    /// An axis that counts.
    pub(crate) fn whole(text: impl Into<String>) -> Self {
        Self { step: Step::Whole, ..Self::plain(text) }
    }

    /// `Depth (km)`
    pub(crate) fn length(name: &str, unit: LengthUnit) -> Self {
        Self { text: format!("{name} ({})", unit.symbol()), scale: unit.metres(), step: Step::Any }
    }
}

/// Lines through the ticks, across the plotting area.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum GridLines {
    Drawn,
    None,
}

impl Frame {
    /// Where a data point lies on the canvas.
    pub(crate) fn at(&self, x: f64, y: f64) -> Point {
        let u = (x - self.x[0]) / (self.x[1] - self.x[0]);
        let v = (y - self.y[0]) / (self.y[1] - self.y[0]);
        (self.rect.x + u * self.rect.w, self.rect.y + v * self.rect.h)
    }

    /// Positions in data units and their labels along the horizontal axis, and its name.
    pub(crate) fn x_ticks(&self, axis: &AxisLabel) -> (Vec<(f64, String)>, String) {
        marks(axis, &Self::ticks(self.x, axis, self.rect.w, 95.0))
    }

    /// As [`Frame::x_ticks`], of the vertical axis.
    pub(crate) fn y_ticks(&self, axis: &AxisLabel) -> (Vec<(f64, String)>, String) {
        marks(axis, &Self::ticks(self.y, axis, self.rect.h, 55.0))
    }

    fn ticks(range: [f64; 2], axis: &AxisLabel, length: f64, apart: f64) -> Ticks {
        let low = range[0].min(range[1]) / axis.scale;
        let high = range[0].max(range[1]) / axis.scale;
        let count = (length / apart).round().clamp(2.0, 10.0) as usize;
        Ticks::spaced(low, high, count, axis.step)
    }

    /// Ticks, numbers and name below the box.
    pub(crate) fn bottom_axis(
        &self,
        canvas: &mut Canvas,
        axis: &AxisLabel,
        grid: GridLines,
    ) -> Result<(), PlotError> {
        let (ticks, name) = self.x_ticks(axis);
        let style = TextStyle::new(TICK_SIZE).align(Align::Middle);
        for (value, label) in ticks {
            let (x, _) = self.at(value, self.y[0]);
            if grid == GridLines::Drawn {
                canvas.vertical(x, self.rect.y, self.rect.bottom(), 0.0, RULE);
            }
            canvas.vertical(x, self.rect.bottom(), self.rect.bottom() + 5.0, 0.0, INK);
            canvas.text((x, self.rect.bottom() + 19.0), &label, style)?;
        }
        let style = TextStyle::new(LABEL_SIZE).align(Align::Middle);
        let text = style.fit(&name, self.rect.w + 60.0)?;
        canvas.text((self.rect.x + self.rect.w / 2.0, self.rect.bottom() + 41.0), &text, style)
    }

    /// Ticks, numbers and name left of the box.
    pub(crate) fn left_axis(
        &self,
        canvas: &mut Canvas,
        axis: &AxisLabel,
        grid: GridLines,
    ) -> Result<(), PlotError> {
        let (marks, name) = self.y_ticks(axis);
        self.left_marks(canvas, &marks, &name, grid)
    }

    /// Horizontal lines at the ticks of [`Frame::left_axis`], without it.
    pub(crate) fn horizontal_grid(&self, canvas: &mut Canvas, axis: &AxisLabel) {
        for value in Self::ticks(self.y, axis, self.rect.h, 55.0).values {
            let (_, y) = self.at(self.x[0], value * axis.scale);
            canvas.horizontal(self.rect.x, self.rect.right(), y, 0.0, RULE);
        }
    }

    /// The left axis with given positions and texts; ticks without text are short.
    pub(crate) fn left_marks(
        &self,
        canvas: &mut Canvas,
        marks: &[(f64, String)],
        name: &str,
        grid: GridLines,
    ) -> Result<(), PlotError> {
        let style = TextStyle::new(TICK_SIZE).align(Align::End);
        let mut widest: f64 = 0.0;
        for (value, label) in marks {
            let (_, y) = self.at(self.x[0], *value);
            if grid == GridLines::Drawn && !label.is_empty() {
                canvas.horizontal(self.rect.x, self.rect.right(), y, 0.0, RULE);
            }
            let length = if label.is_empty() { 3.0 } else { 5.0 };
            canvas.horizontal(self.rect.x - length, self.rect.x, y, 0.0, INK);
            canvas.text((self.rect.x - 9.0, y + 0.36 * TICK_SIZE), label, style)?;
            widest = widest.max(style.width(label)?);
        }
        let style = TextStyle::new(LABEL_SIZE).align(Align::Middle).upward();
        let at = (self.rect.x - 20.0 - widest, self.rect.y + self.rect.h / 2.0);
        canvas.text(at, &style.fit(name, self.rect.h + 50.0)?, style)
    }

    /// Fills the box with the values of `data`, axis 0 to the right and axis 1 downwards.
    pub(crate) fn values(
        &self,
        canvas: &mut Canvas,
        data: &Array2,
        scale: &ColorScale,
        interpolation: Interpolation,
    ) {
        let [rows, columns] = data.shape();
        let pixels = self.rect.pixels(canvas.size());
        // Half the index distance between neighbouring pixels, per axis.
        let half_i = 0.5 * rows as f64 / f64::from((pixels.x1 - pixels.x0).max(1));
        let half_j = 0.5 * columns as f64 / f64::from((pixels.y1 - pixels.y0).max(1));
        canvas.paint(self.rect, |u, v| {
            let (i, j) = (u * rows as f64, v * columns as f64);
            let crowded = half_i > 0.5 || half_j > 0.5;
            scale.color(match interpolation {
                Interpolation::Bilinear if !crowded => data.bilinear(i - 0.5, j - 0.5),
                Interpolation::Nearest | Interpolation::Bilinear => {
                    data.mean(cells(i, half_i, rows), cells(j, half_j, columns))
                }
            })
        });
    }
}

/// How values become pixels where a cell is larger than a pixel. Where it is smaller, a pixel
/// always shows the mean of its cells.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Interpolation {
    /// One colour per cell: what was computed, nothing else.
    #[default]
    Nearest,
    /// Linear between the centres of the cells.
    Bilinear,
}

/// The cells whose centres lie within a pixel, or the one that contains the pixel's centre.
fn cells(center: f64, half: f64, count: usize) -> [usize; 2] {
    let first = (center - half + 0.5).floor().max(0.0) as usize;
    let last = ((center + half + 0.5).floor().max(0.0) as usize).min(count);
    if half > 0.5 && first < last {
        return [first, last];
    }
    let nearest = (center.max(0.0) as usize).min(count - 1);
    [nearest, nearest + 1]
}

/// Positions in data units with their labels, and the name of the axis with its power of ten.
fn marks(axis: &AxisLabel, ticks: &Ticks) -> (Vec<(f64, String)>, String) {
    let marks = ticks.values.iter().map(|&v| (v * axis.scale, ticks.label(v))).collect();
    let name =
        ticks.multiplier().map_or_else(|| axis.text.clone(), |m| format!("{}, {m}", axis.text));
    (marks, name)
}

/// The title, and a soft remark right-aligned on the same line if there is one.
pub(crate) fn heading(
    canvas: &mut Canvas,
    title: &str,
    remark: &str,
    [left, right]: [f64; 2],
    baseline: f64,
) -> Result<(), PlotError> {
    let soft = TextStyle::new(NOTE_SIZE).color(SOFT_INK).align(Align::End);
    let remark = soft.fit(remark, 0.5 * (right - left))?;
    let taken = if remark.is_empty() { 0.0 } else { soft.width(&remark)? + 24.0 };
    let style = TextStyle::new(TITLE_SIZE).bold();
    canvas.text((left, baseline), &style.fit(title, right - left - taken)?, style)?;
    canvas.text((right, baseline), &remark, soft)
}

#[cfg(test)]
mod tests {
    use super::cells;

    #[test]
    fn every_cell_is_shown_once_when_pixels_are_scarce() {
        let (pixels, count) = (7, 100);
        let half = 0.5 * count as f64 / f64::from(pixels);
        let mut next = 0;
        for p in 0..pixels {
            let center = (f64::from(p) + 0.5) / f64::from(pixels) * count as f64;
            let [first, last] = cells(center, half, count);
            assert_eq!(first, next);
            next = last;
        }
        assert_eq!(next, count);
    }

    #[test]
    fn a_large_cell_is_its_own() {
        assert_eq!(cells(3.2, 0.05, 10), [3, 4]);
        assert_eq!(cells(9.99, 0.05, 10), [9, 10]);
    }
}
