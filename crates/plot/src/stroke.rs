//! Smooth thick lines: coverage from the distance to the nearest segment.
//!
//! Coverage is the maximum over the segments, not a sum, so that joints of a translucent edge are
//! not painted twice; ends and joints are round.

use crate::canvas::{Color, PIXELS_PER_UNIT, PixelBox, Point};

/// Beyond this length in pixels most of a segment is outside the picture, and its dashes are not
/// worth the time to count them.
const LONGEST_DASHED: f64 = 1e5;

/// How a line is drawn.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Stroke {
    pub(crate) color: Color,
    /// Width in logical units.
    pub(crate) width: f64,
    pub(crate) dashes: Dashes,
}

/// Solid or interrupted.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum Dashes {
    None,
    /// Lengths of a dash and of the gap behind it, in logical units.
    Every(f64, f64),
}

impl Stroke {
    pub(crate) fn new(color: Color, width: f64) -> Self {
        Self { color, width, dashes: Dashes::None }
    }

    pub(crate) fn dashed(self, dash: f64, gap: f64) -> Self {
        Self { dashes: Dashes::Every(dash, gap), ..self }
    }
}

/// Share of every pixel of `area` that the line covers, row by row.
pub(crate) fn cover(points: &[Point], stroke: &Stroke, area: PixelBox) -> Vec<f32> {
    let mut sheet = Sheet {
        width: (area.x1 - area.x0) as usize,
        height: (area.y1 - area.y0) as usize,
        radius: stroke.width * PIXELS_PER_UNIT / 2.0,
        ink: Vec::new(),
    };
    sheet.ink = vec![0.0; sheet.width * sheet.height];
    let local = |p: &Point| {
        (p.0 * PIXELS_PER_UNIT - f64::from(area.x0), p.1 * PIXELS_PER_UNIT - f64::from(area.y0))
    };
    let mut travelled = 0.0;
    for pair in points.windows(2) {
        let (a, b) = (local(&pair[0]), local(&pair[1]));
        if ![a.0, a.1, b.0, b.1].iter().all(|v| v.is_finite()) {
            continue;
        }
        match stroke.dashes {
            Dashes::None => sheet.segment(a, b),
            Dashes::Every(dash, gap) => {
                let period = [dash * PIXELS_PER_UNIT, gap * PIXELS_PER_UNIT];
                sheet.dashed(a, b, period, &mut travelled);
            }
        }
    }
    sheet.ink
}

struct Sheet {
    width: usize,
    height: usize,
    radius: f64,
    ink: Vec<f32>,
}

impl Sheet {
    fn segment(&mut self, a: Point, b: Point) {
        let reach = self.radius + 1.0;
        let (lx, ly) = (b.0 - a.0, b.1 - a.1);
        let length2 = lx * lx + ly * ly;
        let y0 = (a.1.min(b.1) - reach).floor().clamp(0.0, self.height as f64) as usize;
        let y1 = (a.1.max(b.1) + reach).ceil().clamp(0.0, self.height as f64) as usize;
        for y in y0..y1 {
            let v = y as f64 + 0.5;
            // Only the columns near the line, which matters for long oblique segments.
            let (low, high) = columns_near(a, b, v, reach);
            let x0 = low.floor().clamp(0.0, self.width as f64) as usize;
            let x1 = high.ceil().clamp(0.0, self.width as f64) as usize;
            for x in x0..x1 {
                let u = x as f64 + 0.5;
                let along = if length2 > 0.0 {
                    (((u - a.0) * lx + (v - a.1) * ly) / length2).clamp(0.0, 1.0)
                } else {
                    0.0
                };
                let distance = (u - a.0 - along * lx).hypot(v - a.1 - along * ly);
                let share = (self.radius + 0.5 - distance).clamp(0.0, 1.0);
                // A line thinner than a pixel is pale, not thin.
                let share = (share * (2.0 * self.radius).min(1.0)) as f32;
                let ink = &mut self.ink[y * self.width + x];
                *ink = ink.max(share);
            }
        }
    }

    /// Draws the dashes of one segment; `travelled` is the length of the line before it.
    fn dashed(&mut self, a: Point, b: Point, [dash, gap]: [f64; 2], travelled: &mut f64) {
        let length = (b.0 - a.0).hypot(b.1 - a.1);
        let at = |s: f64| {
            let share = (s / length).clamp(0.0, 1.0);
            (a.0 + (b.0 - a.0) * share, a.1 + (b.1 - a.1) * share)
        };
        let period = dash + gap;
        if length > LONGEST_DASHED {
            self.segment(a, b);
        } else if length > 0.0 && period > 0.0 {
            let mut start = -(*travelled % period);
            while start < length {
                if start + dash > 0.0 {
                    self.segment(at(start), at(start + dash));
                }
                start += period;
            }
        }
        *travelled += length;
    }
}

/// Range of x in which the row `v` can be closer than `reach` to the segment.
fn columns_near(a: Point, b: Point, v: f64, reach: f64) -> (f64, f64) {
    let whole = (a.0.min(b.0) - reach, a.0.max(b.0) + reach);
    let dy = b.1 - a.1;
    if dy.abs() < 1.0 {
        return whole;
    }
    let slope = (b.0 - a.0) / dy;
    let x = a.0 + (v - a.1) * slope;
    let spread = reach * slope.hypot(1.0) + 1.0;
    (whole.0.max(x - spread), whole.1.min(x + spread))
}
