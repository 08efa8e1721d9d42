//! The embedded font: measuring text and turning it into coverage.
//!
//! Glyphs are rasterised through plotters, one at a time and [`OVERSAMPLING`] times too large:
//! its layout rounds every advance to a pixel and drops the left bearing of each glyph, which
//! shows as uneven letter spacing. Advances and bearings therefore come from the metrics files
//! beside the fonts, and the reduction to pixels happens here.

use std::collections::HashMap;
use std::sync::OnceLock;

use plotters::style::{FontDesc, FontFamily, FontStyle, register_font};

use crate::PlotError;

const FAMILY: &str = "retrograd-inter";
/// Samples per pixel and axis while rasterising.
const OVERSAMPLING: f64 = 4.0;

/// Thickness of the strokes of a text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Weight {
    Regular,
    SemiBold,
}

impl Weight {
    fn style(self) -> FontStyle {
        match self {
            Self::Regular => FontStyle::Normal,
            Self::SemiBold => FontStyle::Bold,
        }
    }
}

/// Horizontal metrics of one character, in em.
#[derive(Clone, Copy)]
struct Glyph {
    advance: f64,
    left_bearing: f64,
}

struct Face {
    /// Distance between the extreme ascent and descent, in em.
    height: f64,
    glyphs: HashMap<char, Glyph>,
}

struct Fonts {
    regular: Face,
    semibold: Face,
}

static FONTS: OnceLock<Result<Fonts, String>> = OnceLock::new();

fn fonts() -> Result<&'static Fonts, PlotError> {
    let loaded = FONTS.get_or_init(|| {
        let register = |style, bytes| {
            register_font(FAMILY, style, bytes).map_err(|_| "not an OpenType font".to_owned())
        };
        register(FontStyle::Normal, include_bytes!("../assets/inter-regular.otf"))?;
        register(FontStyle::Bold, include_bytes!("../assets/inter-semibold.otf"))?;
        Ok(Fonts {
            regular: parse_metrics(include_str!("../assets/inter-regular.metrics"))?,
            semibold: parse_metrics(include_str!("../assets/inter-semibold.metrics"))?,
        })
    });
    loaded.as_ref().map_err(|reason| PlotError::Font { reason: reason.clone() })
}

fn parse_metrics(text: &str) -> Result<Face, String> {
    let mut lines = text.lines();
    let number = |word: Option<&str>| {
        let value = word.and_then(|w| w.parse::<f64>().ok());
        value.map(|v| v / 1000.0).ok_or_else(|| "malformed metrics".to_owned())
    };
    let mut head = lines.next().unwrap_or_default().split(' ');
    let height = number(head.next())? + number(head.next())?;
    let mut glyphs = HashMap::new();
    for line in lines {
        let mut words = line.split(' ');
        let code = words.next().and_then(|w| u32::from_str_radix(w, 16).ok());
        let letter = code.and_then(char::from_u32).ok_or("malformed metrics")?;
        let glyph = Glyph { advance: number(words.next())?, left_bearing: number(words.next())? };
        glyphs.insert(letter, glyph);
    }
    Ok(Face { height, glyphs })
}

impl Face {
    fn of(weight: Weight) -> Result<&'static Self, PlotError> {
        let fonts = fonts()?;
        Ok(match weight {
            Weight::Regular => &fonts.regular,
            Weight::SemiBold => &fonts.semibold,
        })
    }

    /// The character as drawn, a question mark where the font has no glyph, and its metrics.
    fn glyph(&self, letter: char) -> (char, Glyph) {
        let none = Glyph { advance: 0.5, left_bearing: 0.0 };
        let replaced = || ('?', self.glyphs.get(&'?').copied().unwrap_or(none));
        self.glyphs.get(&letter).map_or_else(replaced, |&glyph| (letter, glyph))
    }
}

/// Advance width of `text` at `size` pixels per em, in the unit of `size`.
pub(crate) fn width(text: &str, size: f64, weight: Weight) -> Result<f64, PlotError> {
    let face = Face::of(weight)?;
    Ok(text.chars().map(|c| face.glyph(c).1.advance * size).sum())
}

/// A rasterised line of text.
pub(crate) struct Coverage {
    /// Pixels per row.
    pub(crate) width: usize,
    /// Pixels from the left edge to the start of the text.
    pub(crate) left: usize,
    /// Pixels from the top edge to the baseline.
    pub(crate) baseline: usize,
    /// Share of each pixel that is inked, 0 to 1, row by row.
    pub(crate) ink: Vec<f32>,
}

/// Rasterises `text` at `size` pixels per em.
pub(crate) fn rasterise(text: &str, size: f64, weight: Weight) -> Result<Coverage, PlotError> {
    let face = Face::of(weight)?;
    let em = size * OVERSAMPLING;
    let step = OVERSAMPLING as i32;
    let left = (0.3 * size).ceil() as usize;
    let baseline = (1.1 * size).ceil() as usize;
    let width = left * 2 + width(text, size, weight)?.ceil() as usize;
    let height = baseline + (0.4 * size).ceil() as usize;
    let mut ink = vec![0.0_f32; width * height];

    // ab_glyph takes the height of the line for the size, and plotters puts the baseline half
    // of it below the position that it is given.
    let line = em * face.height;
    let top = (baseline as f64 * OVERSAMPLING) as i32 - (line / 2.0) as i32;
    let font = FontDesc::new(FontFamily::Name(FAMILY), line, weight.style());
    let mut pen = left as f64 * OVERSAMPLING;
    for letter in text.chars() {
        let (letter, glyph) = face.glyph(letter);
        let x = (pen + glyph.left_bearing * em).round() as i32;
        let plot = |x: i32, y: i32, c: f32| {
            let (px, py) = (x.div_euclid(step), y.div_euclid(step));
            if px >= 0 && py >= 0 && (px as usize) < width && (py as usize) < height {
                ink[py as usize * width + px as usize] += c / (OVERSAMPLING * OVERSAMPLING) as f32;
            }
            Ok::<(), std::convert::Infallible>(())
        };
        let drawn = font.draw(letter.encode_utf8(&mut [0; 4]), (x, top), plot);
        drawn.map_err(|e| PlotError::Font { reason: e.to_string() })?.unwrap_or_default();
        pen += glyph.advance * em;
    }
    Ok(Coverage { width, left, baseline, ink })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Columns of ink of one letter, relative to the start of the text.
    fn ink_columns(text: &str, size: f64) -> (i64, i64) {
        let c = rasterise(text, size, Weight::Regular).expect("the font should load");
        let inked = |x: &usize| (0..c.ink.len() / c.width).any(|y| c.ink[y * c.width + x] > 0.3);
        let left = (0..c.width).find(inked).expect("ink");
        let right = (0..c.width).rfind(inked).expect("ink");
        (left as i64 - c.left as i64, right as i64 - c.left as i64)
    }

    #[test]
    fn bearing_is_applied_exactly_once() {
        let face = Face::of(Weight::Regular).expect("font");
        let bearing = face.glyph('H').1.left_bearing * 200.0;
        let (left, _) = ink_columns("H", 200.0);
        // Positions are rounded to a quarter pixel, ink above 0.3 to a whole one.
        assert!((left as f64 - bearing).abs() <= 1.25, "ink at {left}, bearing {bearing}");
    }

    #[test]
    fn capitals_stand_on_the_baseline() {
        let c = rasterise("H", 100.0, Weight::SemiBold).expect("font");
        let inked = |y: &usize| (0..c.width).any(|x| c.ink[y * c.width + x] > 0.5);
        let lowest = (0..c.ink.len() / c.width).rfind(inked).expect("ink") + 1;
        assert!(lowest.abs_diff(c.baseline) <= 1, "foot {lowest}, baseline {}", c.baseline);
    }

    #[test]
    fn unknown_characters_become_question_marks() {
        let known = width("?", 10.0, Weight::Regular).expect("font");
        assert_eq!(width("\u{4e2d}", 10.0, Weight::Regular).expect("font"), known);
    }
}
