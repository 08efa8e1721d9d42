//! Which line is which.

use crate::PlotError;
use crate::canvas::{Canvas, Color, INK, Rect, TextStyle};
use crate::frame::TICK_SIZE;
use crate::stroke::Stroke;

const SAMPLE: f64 = 30.0;
const ROW: f64 = 24.0;

/// Colours of lines of equal rank, apart in hue and in lightness.
const PALETTE: [Color; 6] =
    [[31, 102, 173], [214, 84, 33], [38, 139, 98], [128, 78, 160], [196, 144, 16], [62, 160, 190]];

/// The stroke of the `k`-th of several lines of equal rank.
pub(crate) fn equal_rank(k: usize) -> Stroke {
    Stroke::new(PALETTE[k % PALETTE.len()], 2.2)
}

/// The stroke of the `k`-th line of a comparison: the first is the reference, dark and wide, the
/// second is where the work started, dashed.
pub(crate) fn comparison(k: usize) -> Stroke {
    match k {
        0 => Stroke::new(INK, 3.2),
        1 => Stroke::new(PALETTE[1], 1.8).dashed(7.0, 4.5),
        2 => Stroke::new(PALETTE[0], 1.9),
        _ => Stroke::new(PALETTE[(k - 1) % PALETTE.len()], 1.9),
    }
}

/// Entries in rows that fit the width.
pub(crate) struct Legend {
    rows: Vec<Vec<(Stroke, String, f64)>>,
}

impl Legend {
    /// Lays the entries out within `width`; those without a name are left out.
    pub(crate) fn new(entries: &[(Stroke, &str)], width: f64) -> Result<Self, PlotError> {
        let style = TextStyle::new(TICK_SIZE);
        let mut rows: Vec<Vec<(Stroke, String, f64)>> = Vec::new();
        let mut x = f64::INFINITY;
        for (stroke, name) in entries.iter().filter(|(_, name)| !name.is_empty()) {
            let text = style.fit(name, width - SAMPLE - 8.0)?;
            let needed = SAMPLE + 8.0 + style.width(&text)?;
            if x + needed > width {
                rows.push(Vec::new());
                x = 0.0;
            }
            if let Some(row) = rows.last_mut() {
                row.push((*stroke, text, x));
            }
            x += needed + 26.0;
        }
        Ok(Self { rows })
    }

    pub(crate) fn height(&self) -> f64 {
        self.rows.len() as f64 * ROW
    }

    /// Draws the rows downwards from `top`.
    pub(crate) fn draw(&self, canvas: &mut Canvas, left: f64, top: f64) -> Result<(), PlotError> {
        for (k, row) in self.rows.iter().enumerate() {
            let y = top + (k as f64 + 0.5) * ROW;
            for (stroke, text, x) in row {
                let x = left + x;
                let clip = Rect::new(x - 2.0, y - ROW / 2.0, SAMPLE + 4.0, ROW);
                canvas.polyline(&[(x, y), (x + SAMPLE, y)], stroke, clip);
                let at = (x + SAMPLE + 8.0, y + 0.36 * TICK_SIZE);
                canvas.text(at, text, TextStyle::new(TICK_SIZE))?;
            }
        }
        Ok(())
    }
}
