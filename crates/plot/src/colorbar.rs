//! Colour bars: what the colours mean.

use crate::PlotError;
use crate::axis::Ticks;
use crate::canvas::{Align, Canvas, Color, INK, Point, Rect, SOFT_INK, TextStyle};
use crate::color::ColorScale;
use crate::frame::{LABEL_SIZE, NOTE_SIZE, TICK_SIZE};

/// Thickness of a bar.
const THICKNESS: f64 = 16.0;
/// Length of the pointed end that says "and beyond".
const POINT: f64 = 12.0;

/// Room that a vertical bar needs to the right of a panel.
pub(crate) const VERTICAL_ROOM: f64 = 144.0;
/// Room that a horizontal bar needs below the axes.
pub(crate) const HORIZONTAL_ROOM: f64 = 72.0;

/// Draws a bar right of `panel`, as high as it, with `label` and the note about clipping.
pub(crate) fn vertical(
    canvas: &mut Canvas,
    panel: Rect,
    scale: &ColorScale,
    label: &str,
) -> Result<(), PlotError> {
    let top = if scale.beyond.above { POINT } else { 0.0 };
    let bottom = if scale.beyond.below { POINT } else { 0.0 };
    let x = panel.right() + 18.0;
    let bar = Rect::new(x, panel.y + top, THICKNESS, panel.h - top - bottom);
    let end = |y: f64, tip: f64| [(x, y), (bar.right(), y), (x + THICKNESS / 2.0, tip)];
    canvas.paint(bar, |_, v| scale.at(1.0 - v));
    if scale.beyond.above {
        pointed(canvas, end(bar.y, panel.y), scale.at(1.0));
    }
    if scale.beyond.below {
        pointed(canvas, end(bar.bottom(), panel.bottom()), scale.at(0.0));
    }
    canvas.frame(bar, INK);

    let ticks = Ticks::linear(scale.min, scale.max, (bar.h / 48.0).clamp(2.0, 8.0) as usize);
    let style = TextStyle::new(TICK_SIZE);
    let mut widest: f64 = 0.0;
    for &value in &ticks.values {
        let y = bar.bottom() - (value - scale.min) / (scale.max - scale.min) * bar.h;
        canvas.horizontal(bar.right(), bar.right() + 5.0, y, 0.0, INK);
        let text = ticks.label(value);
        canvas.text((bar.right() + 9.0, y + 0.36 * TICK_SIZE), &text, style)?;
        widest = widest.max(style.width(&text)?);
    }
    let label = with_multiplier(label, &ticks);
    let name = TextStyle::new(LABEL_SIZE).align(Align::Middle).upward();
    let at = (bar.right() + 32.0 + widest, panel.y + panel.h / 2.0);
    canvas.text(at, &name.fit(&label, panel.h + 80.0)?, name)?;
    let soft = TextStyle { size: NOTE_SIZE, color: SOFT_INK, ..name };
    canvas.text((at.0 + 19.0, at.1), &soft.fit(&scale.note, panel.h + 80.0)?, soft)
}

/// Draws a bar whose top left corner is `at`, with numbers, `label` and the note below it.
pub(crate) fn horizontal(
    canvas: &mut Canvas,
    at: Point,
    length: f64,
    scale: &ColorScale,
    label: &str,
) -> Result<(), PlotError> {
    let left = if scale.beyond.below { POINT } else { 0.0 };
    let right = if scale.beyond.above { POINT } else { 0.0 };
    let (x, y) = at;
    let bar = Rect::new(x + left, y, length - left - right, THICKNESS);
    let end = |x: f64, tip: f64| [(x, y), (x, bar.bottom()), (tip, y + THICKNESS / 2.0)];
    canvas.paint(bar, |u, _| scale.at(u));
    if scale.beyond.above {
        pointed(canvas, end(bar.right(), x + length), scale.at(1.0));
    }
    if scale.beyond.below {
        pointed(canvas, end(bar.x, x), scale.at(0.0));
    }
    canvas.frame(bar, INK);

    let ticks = Ticks::linear(scale.min, scale.max, (bar.w / 80.0).clamp(2.0, 8.0) as usize);
    let style = TextStyle::new(TICK_SIZE).align(Align::Middle);
    for &value in &ticks.values {
        let x = bar.x + (value - scale.min) / (scale.max - scale.min) * bar.w;
        canvas.vertical(x, bar.bottom(), bar.bottom() + 5.0, 0.0, INK);
        canvas.text((x, bar.bottom() + 19.0), &ticks.label(value), style)?;
    }
    let mut label = with_multiplier(label, &ticks);
    if !scale.note.is_empty() {
        label = format!("{label} · {}", scale.note);
    }
    let name = TextStyle::new(LABEL_SIZE).align(Align::Middle);
    let text = name.fit(&label, length + 40.0)?;
    canvas.text((x + length / 2.0, bar.bottom() + 41.0), &text, name)
}

/// A triangle with a thin dark rim.
fn pointed(canvas: &mut Canvas, [a, b, tip]: [Point; 3], color: Color) {
    let middle = ((a.0 + b.0 + tip.0) / 3.0, (a.1 + b.1 + tip.1) / 3.0);
    let grown = [a, b, tip].map(|p| {
        let (dx, dy) = (p.0 - middle.0, p.1 - middle.1);
        let reach = 1.0 + 1.2 / dx.hypot(dy).max(1.0);
        (middle.0 + dx * reach, middle.1 + dy * reach)
    });
    canvas.polygon(&grown, INK);
    canvas.polygon(&[a, b, tip], color);
}

fn with_multiplier(label: &str, ticks: &Ticks) -> String {
    match ticks.multiplier() {
        Some(m) if label.is_empty() => m,
        Some(m) => format!("{label}, {m}"),
        None => label.to_owned(),
    }
}
