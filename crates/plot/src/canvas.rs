//! Pixels, and the few shapes that all pictures are made of.
//!
//! Coordinates are logical: x to the right, y down, 1100 units wide for most pictures. One unit
//! is [`PIXELS_PER_UNIT`] pixels. Boxes snap to whole pixels so that their edges are sharp; lines,
//! markers and text are smoothed by the share of each pixel that they cover.

use image::{Rgb, RgbImage};

use crate::font::{self, Weight};
use crate::picture::Picture;
use crate::{PlotError, stroke};

/// Resolution of all pictures.
pub(crate) const PIXELS_PER_UNIT: f64 = 1.5;

/// Red, green, blue.
pub(crate) type Color = [u8; 3];

pub(crate) const WHITE: Color = [255, 255, 255];
pub(crate) const INK: Color = [33, 37, 41];
pub(crate) const SOFT_INK: Color = [95, 102, 110];
pub(crate) const RULE: Color = [226, 230, 234];

/// A point in logical coordinates.
pub(crate) type Point = (f64, f64);

/// An upright box in logical coordinates.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Rect {
    pub(crate) x: f64,
    pub(crate) y: f64,
    pub(crate) w: f64,
    pub(crate) h: f64,
}

impl Rect {
    pub(crate) fn new(x: f64, y: f64, w: f64, h: f64) -> Self {
        Self { x, y, w, h }
    }

    pub(crate) fn right(&self) -> f64 {
        self.x + self.w
    }

    pub(crate) fn bottom(&self) -> f64 {
        self.y + self.h
    }

    /// First and one-past-last pixel per axis, cut to an image of the given size.
    pub(crate) fn pixels(&self, size: (u32, u32)) -> PixelBox {
        let snap =
            |v: f64, limit: u32| (v * PIXELS_PER_UNIT).round().clamp(0.0, f64::from(limit)) as u32;
        let (x0, y0) = (snap(self.x, size.0), snap(self.y, size.1));
        // A box of negative extent, or without one, is empty.
        let (x1, y1) = (snap(self.right(), size.0).max(x0), snap(self.bottom(), size.1).max(y0));
        PixelBox { x0, x1, y0, y1 }
    }
}

/// A half-open box of pixels.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct PixelBox {
    pub(crate) x0: u32,
    pub(crate) x1: u32,
    pub(crate) y0: u32,
    pub(crate) y1: u32,
}

/// Which end of a text stands at the given position.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Align {
    Start,
    Middle,
    End,
}

/// Reading direction.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Direction {
    Rightward,
    /// Rotated by 90 degrees, read from bottom to top.
    Upward,
}

/// How to set a line of text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TextStyle {
    /// Logical units per em.
    pub(crate) size: f64,
    pub(crate) weight: Weight,
    pub(crate) color: Color,
    pub(crate) align: Align,
    pub(crate) direction: Direction,
}

impl TextStyle {
    pub(crate) fn new(size: f64) -> Self {
        Self {
            size,
            weight: Weight::Regular,
            color: INK,
            align: Align::Start,
            direction: Direction::Rightward,
        }
    }

    pub(crate) fn bold(self) -> Self {
        Self { weight: Weight::SemiBold, ..self }
    }

    pub(crate) fn color(self, color: Color) -> Self {
        Self { color, ..self }
    }

    pub(crate) fn align(self, align: Align) -> Self {
        Self { align, ..self }
    }

    pub(crate) fn upward(self) -> Self {
        Self { direction: Direction::Upward, ..self }
    }

    pub(crate) fn width(&self, text: &str) -> Result<f64, PlotError> {
        font::width(text, self.size, self.weight)
    }

    /// `text`, shortened with an ellipsis to at most `limit` units.
    pub(crate) fn fit(&self, text: &str, limit: f64) -> Result<String, PlotError> {
        if self.width(text)? <= limit {
            return Ok(text.to_owned());
        }
        let mut letters: Vec<char> = text.chars().collect();
        while letters.pop().is_some() {
            let mut shorter: String = letters.iter().collect();
            shorter.truncate(shorter.trim_end().len());
            shorter.push('…');
            if self.width(&shorter)? <= limit {
                return Ok(shorter);
            }
        }
        Ok(String::new())
    }
}

/// A white sheet to draw on.
pub(crate) struct Canvas {
    image: RgbImage,
}

impl Canvas {
    pub(crate) fn new(width: f64, height: f64) -> Self {
        let pixels = |v: f64| (v * PIXELS_PER_UNIT).round().max(1.0) as u32;
        Self { image: RgbImage::from_pixel(pixels(width), pixels(height), Rgb(WHITE)) }
    }

    pub(crate) fn finish(self) -> Picture {
        Picture::new(self.image)
    }

    pub(crate) fn size(&self) -> (u32, u32) {
        self.image.dimensions()
    }

    /// Mixes `color` into one pixel; positions outside are ignored.
    fn blend(&mut self, x: i64, y: i64, color: Color, coverage: f32) {
        let (Ok(x), Ok(y)) = (u32::try_from(x), u32::try_from(y)) else { return };
        let Some(pixel) = self.image.get_pixel_mut_checked(x, y) else { return };
        let share = coverage.clamp(0.0, 1.0);
        for (old, new) in pixel.0.iter_mut().zip(color) {
            let mixed = f32::from(*old) * (1.0 - share) + f32::from(new) * share;
            *old = mixed.round() as u8;
        }
    }

    pub(crate) fn fill(&mut self, rect: Rect, color: Color) {
        self.paint(rect, |_, _| color);
    }

    /// Colours each pixel of `rect`; `color` gets its centre as fractions of the box, 0 to 1.
    pub(crate) fn paint(&mut self, rect: Rect, color: impl Fn(f64, f64) -> Color) {
        let area = rect.pixels(self.size());
        let (w, h) = (f64::from(area.x1 - area.x0), f64::from(area.y1 - area.y0));
        for y in area.y0..area.y1 {
            let v = (f64::from(y - area.y0) + 0.5) / h;
            for x in area.x0..area.x1 {
                let u = (f64::from(x - area.x0) + 0.5) / w;
                self.image.put_pixel(x, y, Rgb(color(u, v)));
            }
        }
    }

    /// A sharp horizontal line from `x0` to `x1`, at least one pixel thick.
    pub(crate) fn horizontal(&mut self, x0: f64, x1: f64, y: f64, width: f64, color: Color) {
        let width = width.max(1.0 / PIXELS_PER_UNIT);
        self.fill(Rect::new(x0, y - width / 2.0, x1 - x0, width), color);
    }

    /// A sharp vertical line from `y0` to `y1`, at least one pixel thick.
    pub(crate) fn vertical(&mut self, x: f64, y0: f64, y1: f64, width: f64, color: Color) {
        let width = width.max(1.0 / PIXELS_PER_UNIT);
        self.fill(Rect::new(x - width / 2.0, y0, width, y1 - y0), color);
    }

    /// A frame whose lines lie just outside `rect`.
    pub(crate) fn frame(&mut self, rect: Rect, color: Color) {
        let w = 1.0 / PIXELS_PER_UNIT;
        self.fill(Rect::new(rect.x - w, rect.y - w, rect.w + 2.0 * w, w), color);
        self.fill(Rect::new(rect.x - w, rect.bottom(), rect.w + 2.0 * w, w), color);
        self.fill(Rect::new(rect.x - w, rect.y, w, rect.h), color);
        self.fill(Rect::new(rect.right(), rect.y, w, rect.h), color);
    }

    /// Draws a line through `points`, cut to `clip`; a point that is not finite interrupts it.
    pub(crate) fn polyline(&mut self, points: &[Point], stroke: &stroke::Stroke, clip: Rect) {
        let area = clip.pixels(self.size());
        let coverage = stroke::cover(points, stroke, area);
        let width = (area.x1 - area.x0).max(1) as usize;
        for (k, &share) in coverage.iter().enumerate().filter(|(_, share)| **share > 0.0) {
            let x = i64::from(area.x0) + (k % width) as i64;
            let y = i64::from(area.y0) + (k / width) as i64;
            self.blend(x, y, stroke.color, share);
        }
    }

    /// Fills a small closed shape, smoothed by 4 x 4 samples per pixel (even-odd rule).
    pub(crate) fn polygon(&mut self, corners: &[Point], color: Color) {
        let scaled: Vec<Point> =
            corners.iter().map(|p| (p.0 * PIXELS_PER_UNIT, p.1 * PIXELS_PER_UNIT)).collect();
        let low = |f: fn(&Point) -> f64| scaled.iter().map(f).fold(f64::INFINITY, f64::min);
        let high = |f: fn(&Point) -> f64| scaled.iter().map(f).fold(f64::NEG_INFINITY, f64::max);
        let (x0, x1, y0, y1) = (low(|p| p.0), high(|p| p.0), low(|p| p.1), high(|p| p.1));
        if ![x0, x1, y0, y1].iter().all(|v| v.is_finite()) {
            return;
        }
        for y in y0.floor() as i64..=y1.ceil() as i64 {
            for x in x0.floor() as i64..=x1.ceil() as i64 {
                let inside = (0..16).filter(|k| {
                    let u = x as f64 + f64::from(k % 4) * 0.25 + 0.125;
                    let v = y as f64 + f64::from(k / 4) * 0.25 + 0.125;
                    contains(&scaled, u, v)
                });
                let share = inside.count() as f32 / 16.0;
                self.blend(x, y, color, share);
            }
        }
    }

    /// Fills a disc.
    pub(crate) fn disc(&mut self, center: Point, radius: f64, color: Color) {
        let (cx, cy) = (center.0 * PIXELS_PER_UNIT, center.1 * PIXELS_PER_UNIT);
        let r = radius * PIXELS_PER_UNIT;
        if !(cx.is_finite() && cy.is_finite()) {
            return;
        }
        for y in (cy - r - 1.0).floor() as i64..=(cy + r + 1.0).ceil() as i64 {
            for x in (cx - r - 1.0).floor() as i64..=(cx + r + 1.0).ceil() as i64 {
                let distance = (x as f64 + 0.5 - cx).hypot(y as f64 + 0.5 - cy);
                self.blend(x, y, color, (r + 0.5 - distance) as f32);
            }
        }
    }

    /// Sets a line of text with its baseline through `at`.
    pub(crate) fn text(
        &mut self,
        at: Point,
        text: &str,
        style: TextStyle,
    ) -> Result<(), PlotError> {
        let glyphs = font::rasterise(text, style.size * PIXELS_PER_UNIT, style.weight)?;
        let length = style.width(text)?;
        let back = match style.align {
            Align::Start => 0.0,
            Align::Middle => length / 2.0,
            Align::End => length,
        };
        let (x, y) = match style.direction {
            Direction::Rightward => (at.0 - back, at.1),
            Direction::Upward => (at.0, at.1 + back),
        };
        let x = (x * PIXELS_PER_UNIT).round() as i64;
        let y = (y * PIXELS_PER_UNIT).round() as i64;
        for (k, &ink) in glyphs.ink.iter().enumerate().filter(|(_, ink)| **ink > 0.0) {
            let along = (k % glyphs.width) as i64 - glyphs.left as i64;
            let down = (k / glyphs.width) as i64 - glyphs.baseline as i64;
            let (px, py) = match style.direction {
                Direction::Rightward => (x + along, y + down),
                Direction::Upward => (x + down, y - 1 - along),
            };
            self.blend(px, py, style.color, ink);
        }
        Ok(())
    }

    /// Sets text that must be readable on any background: with a soft white rim.
    pub(crate) fn rimmed_text(
        &mut self,
        at: Point,
        text: &str,
        style: TextStyle,
    ) -> Result<(), PlotError> {
        let rim = 1.0 / PIXELS_PER_UNIT;
        for k in 0..8 {
            let (dx, dy) = (f64::from(k) * std::f64::consts::FRAC_PI_4).sin_cos();
            let around = (at.0 + dx * 1.5 * rim, at.1 + dy * 1.5 * rim);
            self.text(around, text, style.color(WHITE))?;
        }
        self.text(at, text, style)
    }
}

/// Even-odd test of a point against a closed polygon.
fn contains(corners: &[Point], x: f64, y: f64) -> bool {
    let mut inside = false;
    for (k, a) in corners.iter().enumerate() {
        let b = corners[(k + 1) % corners.len()];
        if (a.1 > y) != (b.1 > y) && x < a.0 + (y - a.1) / (b.1 - a.1) * (b.0 - a.0) {
            inside = !inside;
        }
    }
    inside
}
