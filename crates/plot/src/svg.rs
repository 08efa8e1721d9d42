//! A small writer of SVG: a white sheet with rectangles, text and paths of many strokes.
//!
//! Lengths are pixels, the origin is the top left corner. Text is set by the viewer's font; its
//! width is taken from the embedded one.

use std::fmt::Write as _;

use crate::canvas::{Align, Color, Direction, Point, Rect, TextStyle};
use crate::font::Weight;

/// A document that is being written.
pub(crate) struct Sheet {
    text: String,
}

/// How the ends of strokes look.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Cap {
    /// A stroke without length is a dot.
    Round,
    /// A stroke ends where it ends: bars.
    Butt,
}

/// How a path is drawn.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Pen {
    pub(crate) color: Color,
    pub(crate) width: f64,
    /// Lengths of a dash and of the gap behind it.
    pub(crate) dashes: Option<[f64; 2]>,
    pub(crate) cap: Cap,
}

impl Pen {
    pub(crate) fn thin(color: Color) -> Self {
        Self { color, width: 1.0, dashes: None, cap: Cap::Butt }
    }
}

impl Sheet {
    pub(crate) fn new(width: f64, height: f64) -> Self {
        let (w, h) = (Number(width), Number(height));
        let mut sheet = Self { text: String::new() };
        let _ = write!(
            sheet.text,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{w}\" height=\"{h}\" \
             viewBox=\"0 0 {w} {h}\" font-family=\"Inter, Helvetica, Arial, sans-serif\">\n\
             <rect width=\"{w}\" height=\"{h}\" fill=\"#ffffff\"/>\n"
        );
        sheet
    }

    /// The whole document.
    pub(crate) fn finish(mut self) -> String {
        self.text.push_str("</svg>\n");
        self.text
    }

    /// The outline of a box.
    pub(crate) fn frame(&mut self, rect: Rect, color: Color) {
        let Rect { x, y, w, h } = rect;
        let _ = writeln!(
            self.text,
            "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"none\" stroke=\"{}\"/>",
            Number(x),
            Number(y),
            Number(w),
            Number(h),
            Hex(color)
        );
    }

    /// One line.
    pub(crate) fn line(&mut self, from: Point, to: Point, pen: &Pen) {
        let tenths = |(x, y): Point| [(x * 10.0).round() as i32, (y * 10.0).round() as i32];
        let ([x0, y0], [x1, y1]) = (tenths(from), tenths(to));
        self.strokes([[x0, y0, x1, y1]], pen);
    }

    /// Many lines, from `[0], [1]` to `[2], [3]` in tenths of a pixel, as one path.
    pub(crate) fn strokes(&mut self, lines: impl IntoIterator<Item = [i32; 4]>, pen: &Pen) {
        let _ = write!(
            self.text,
            "<path fill=\"none\" stroke=\"{}\" stroke-width=\"{}\"",
            Hex(pen.color),
            Number(pen.width)
        );
        if pen.cap == Cap::Round {
            self.text.push_str(" stroke-linecap=\"round\"");
        }
        if let Some([dash, gap]) = pen.dashes {
            let _ = write!(self.text, " stroke-dasharray=\"{} {}\"", Number(dash), Number(gap));
        }
        self.text.push_str(" d=\"");
        for [x0, y0, x1, y1] in lines {
            let (dx, dy) = (Tenths(x1 - x0), Tenths(y1 - y0));
            let _ = write!(self.text, "M{} {}l{dx} {dy}", Tenths(x0), Tenths(y0));
        }
        self.text.push_str("\"/>\n");
    }

    /// A line of text whose baseline starts, ends or is centred at a point.
    pub(crate) fn text(&mut self, (x, y): Point, text: &str, style: TextStyle) {
        if text.is_empty() {
            return;
        }
        let (x, y) = (Number(x), Number(y));
        let _ = write!(self.text, "<text x=\"{x}\" y=\"{y}\" font-size=\"{}\"", style.size);
        let _ = write!(self.text, " fill=\"{}\"", Hex(style.color));
        self.text.push_str(match style.align {
            Align::Start => "",
            Align::Middle => " text-anchor=\"middle\"",
            Align::End => " text-anchor=\"end\"",
        });
        if style.weight == Weight::SemiBold {
            self.text.push_str(" font-weight=\"600\"");
        }
        if style.direction == Direction::Upward {
            let _ = write!(self.text, " transform=\"rotate(-90 {x} {y})\"");
        }
        let _ = writeln!(self.text, ">{}</text>", Escaped(text));
    }
}

/// A length, to a hundredth of a pixel.
struct Number(f64);

impl std::fmt::Display for Number {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Adding zero turns -0 into 0.
        write!(f, "{}", (self.0 * 100.0).round() / 100.0 + 0.0)
    }
}

/// Tenths of a pixel as pixels.
struct Tenths(i32);

impl std::fmt::Display for Tenths {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        match (self.0.unsigned_abs() / 10, self.0.unsigned_abs() % 10) {
            (whole, 0) => write!(f, "{sign}{whole}"),
            (whole, tenths) => write!(f, "{sign}{whole}.{tenths}"),
        }
    }
}

/// A colour as `#rrggbb`.
struct Hex(Color);

impl std::fmt::Display for Hex {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [r, g, b] = self.0;
        write!(f, "#{r:02x}{g:02x}{b:02x}")
    }
}

/// Text in which nothing is markup. Control characters, which XML does not know, are left out.
struct Escaped<'a>(&'a str);

impl std::fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for letter in self.0.chars().filter(|letter| !letter.is_control()) {
            match letter {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                letter => f.write_char(letter)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tenths_are_short() {
        let written = [0, 5, -5, 10, -123, 120].map(|tenths| Tenths(tenths).to_string());
        assert_eq!(written, ["0", "0.5", "-0.5", "1", "-12.3", "12"]);
    }

    #[test]
    fn nothing_in_a_text_is_markup() {
        assert_eq!(Escaped("a<b & \"c\"\u{0}>").to_string(), "a&lt;b &amp; &quot;c&quot;&gt;");
    }
}
