//! Colour maps, and from values to colours.

use colorgrad::{CatmullRomGradient, Gradient, GradientBuilder};

use crate::canvas::Color;
use crate::{Array2, PlotError};

/// Colour of values that are not finite.
pub(crate) const MISSING: Color = [150, 150, 150];

/// Colours per map; more than 256 so that 8-bit channels show no bands.
const STEPS: usize = 1024;

/// A map from values to colours.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum ColorMap {
    /// Sequential, evenly growing lightness: navy, blue, teal, green, yellow, cream. For models.
    Strata,
    /// Sequential, evenly growing lightness: violet, green, yellow.
    Viridis,
    /// Rainbow of high contrast; its lightness peaks in the middle.
    Turbo,
    /// Diverging, blue below and red above zero, white at zero. For gradients and differences.
    BlueRed,
    /// Diverging, black below and white above zero, grey at zero. For gathers.
    Grey,
}

impl ColorMap {
    /// Whether the map has a centre, which then stands for zero.
    pub(crate) fn kind(self) -> MapKind {
        match self {
            Self::Strata | Self::Viridis | Self::Turbo => MapKind::Sequential,
            Self::BlueRed | Self::Grey => MapKind::Diverging,
        }
    }

    fn table(self) -> Vec<Color> {
        let sample = |gradient: &dyn Gradient| {
            let at = |k: usize| gradient.at(k as f32 / (STEPS - 1) as f32).to_rgba8();
            (0..STEPS).map(at).map(|[r, g, b, _]| [r, g, b]).collect()
        };
        match self {
            Self::Strata => custom(&[
                "#101b4d", "#1b4a8e", "#1f82a2", "#3fac8f", "#90c76e", "#e4d267", "#fcf0c8",
            ]),
            Self::Viridis => sample(&colorgrad::preset::viridis()),
            Self::Turbo => sample(&colorgrad::preset::turbo()),
            Self::BlueRed => custom(&[
                "#08306b", "#1f66ad", "#5ba3cf", "#b5d4e9", "#f8f8f7", "#f6c3ab", "#e37b5f",
                "#bd2d35", "#67001f",
            ]),
            Self::Grey => custom(&["#000000", "#ffffff"]),
        }
    }
}

/// Whether zero is special.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum MapKind {
    Sequential,
    Diverging,
}

/// A table through the given colours, evenly spaced, whose ends are exact.
fn custom(colors: &[&str]) -> Vec<Color> {
    let built = GradientBuilder::new().html_colors(colors).build::<CatmullRomGradient>();
    let gradient = built.expect("the colours above should be well-formed");
    let at = |k: usize| gradient.at(k as f32 / (STEPS - 1) as f32).to_rgba8();
    (0..STEPS).map(at).map(|[r, g, b, _]| [r, g, b]).collect()
}

/// Which values get the end colours.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum ValueRange {
    /// From the least to the greatest value; symmetric about zero on a diverging map.
    Full,
    /// From and to the given values, in the unit of the data.
    Fixed([f64; 2]),
    /// Clips the tails: on a diverging map at this percentile of the absolute values, on a
    /// sequential one at this percentile and at 100 minus it. In percent, above 50 and up to 100.
    Percentile(f64),
}

/// A colour map with the values of its ends.
#[derive(Clone, Debug)]
pub(crate) struct ColorScale {
    pub(crate) min: f64,
    pub(crate) max: f64,
    /// What was clipped, in words for the colour bar; empty if nothing was.
    pub(crate) note: String,
    /// Whether some values lie below `min` or above `max`.
    pub(crate) beyond: Beyond,
    table: Vec<Color>,
}

/// Ends of the scale that some values exceed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Beyond {
    pub(crate) below: bool,
    pub(crate) above: bool,
}

impl ColorScale {
    /// The scale that fits all of `arrays` together.
    pub(crate) fn fit(
        map: ColorMap,
        range: ValueRange,
        arrays: &[&Array2],
    ) -> Result<Self, PlotError> {
        let finite = || {
            let all = arrays.iter().flat_map(|a| a.values());
            all.copied().filter(|v: &f64| v.is_finite())
        };
        let least = finite().fold(f64::INFINITY, f64::min);
        let greatest = finite().fold(f64::NEG_INFINITY, f64::max);
        let [min, max] = match range {
            ValueRange::Fixed([min, max]) => fixed(min, max)?,
            ValueRange::Full if map.kind() == MapKind::Diverging => {
                symmetric(least.abs().max(greatest.abs()))
            }
            ValueRange::Full => widened(least, greatest),
            ValueRange::Percentile(percent) => match map.kind() {
                MapKind::Diverging => {
                    let limit = percentile(finite().map(f64::abs).collect(), percent)?;
                    // A few spikes on zeros: the percentile is then zero and useless.
                    let useless = limit == Some(0.0);
                    symmetric(if useless {
                        greatest.abs().max(least.abs())
                    } else {
                        limit.unwrap_or(1.0)
                    })
                }
                MapKind::Sequential => {
                    let low = percentile(finite().map(|v| -v).collect(), percent)?;
                    let high = percentile(finite().collect(), percent)?;
                    widened(low.map_or(f64::NAN, |v| -v), high.unwrap_or(f64::NAN))
                }
            },
        };
        let beyond = Beyond { below: least < min, above: greatest > max };
        let note = match range {
            ValueRange::Percentile(percent) if beyond.below || beyond.above => {
                format!("clipped at the {} percentile", ordinal(percent))
            }
            ValueRange::Full | ValueRange::Fixed(_) | ValueRange::Percentile(_) => String::new(),
        };
        Ok(Self { min, max, note, beyond, table: map.table() })
    }

    /// The colour of a value; values beyond an end get the colour of that end.
    pub(crate) fn color(&self, value: f64) -> Color {
        if !value.is_finite() {
            return MISSING;
        }
        self.at((value - self.min) / (self.max - self.min))
    }

    /// The colour at a fraction of the scale, 0 to 1.
    pub(crate) fn at(&self, fraction: f64) -> Color {
        let last = self.table.len() - 1;
        self.table[(fraction.clamp(0.0, 1.0) * last as f64).round() as usize]
    }
}

fn fixed(min: f64, max: f64) -> Result<[f64; 2], PlotError> {
    if min.is_finite() && max.is_finite() && min < max {
        return Ok([min, max]);
    }
    Err(PlotError::OutOfRange {
        what: "upper end of the colour range",
        found: max,
        allowed: "a finite number above the lower end",
    })
}

/// Zero in the middle; a field of zeros gets an arbitrary unit.
fn symmetric(limit: f64) -> [f64; 2] {
    let limit = if limit.is_finite() && limit > 0.0 { limit } else { 1.0 };
    [-limit, limit]
}

/// The range, widened if it is empty: a constant field gets the middle colour, and the colour
/// bar a range of one tenth of its value around it.
pub(crate) fn widened(min: f64, max: f64) -> [f64; 2] {
    if !(min.is_finite() && max.is_finite()) {
        return [0.0, 1.0];
    }
    if max - min > 1e-9 * min.abs().max(max.abs()) {
        return [min, max];
    }
    let middle = 0.5 * (min + max);
    let half = if middle == 0.0 { 1.0 } else { 0.05 * middle.abs() };
    [middle - half, middle + half]
}

/// The value below which `percent` of `values` lie (nearest rank); `None` without values.
fn percentile(mut values: Vec<f64>, percent: f64) -> Result<Option<f64>, PlotError> {
    if !(percent > 50.0 && percent <= 100.0) {
        return Err(PlotError::OutOfRange {
            what: "percentile",
            found: percent,
            allowed: "above 50 and up to 100",
        });
    }
    if values.is_empty() {
        return Ok(None);
    }
    let rank = (percent / 100.0 * values.len() as f64).ceil() as usize;
    let index = rank.clamp(1, values.len()) - 1;
    let (_, value, _) = values.select_nth_unstable_by(index, f64::total_cmp);
    Ok(Some(*value))
}

/// `99` as "99th", `99.5` as "99.5th".
fn ordinal(percent: f64) -> String {
    let whole = percent.fract() == 0.0;
    let suffix = match (whole, percent as u32 % 10) {
        (true, 1) => "st",
        (true, 2) => "nd",
        (true, 3) => "rd",
        _ => "th",
    };
    format!("{percent}{suffix}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn array(values: &[f64]) -> Array2 {
        Array2::new(values, [1, values.len()]).expect("a row")
    }

    #[test]
    fn extremes_get_the_end_colours() {
        let data = array(&[1500.0, 2000.0, 4500.0]);
        let scale = ColorScale::fit(ColorMap::Strata, ValueRange::Full, &[&data]).expect("scale");
        assert_eq!(scale.color(1500.0), [0x10, 0x1b, 0x4d]);
        assert_eq!(scale.color(4500.0), [0xfc, 0xf0, 0xc8]);
        assert_eq!(scale.color(1e9), scale.color(4500.0));
        assert_eq!(scale.color(f64::NAN), MISSING);
    }

    #[test]
    fn zero_is_the_middle_of_a_diverging_map() {
        let data = array(&[-1.0, 7.0]);
        let scale = ColorScale::fit(ColorMap::BlueRed, ValueRange::Full, &[&data]).expect("scale");
        assert_eq!((scale.min, scale.max), (-7.0, 7.0));
        assert!(scale.color(0.0).iter().all(|&c| c > 240));
    }

    #[test]
    fn constant_and_missing_fields_have_a_range() {
        for value in [0.0, -3.0, 2500.0, f64::NAN, f64::INFINITY] {
            for map in [ColorMap::Strata, ColorMap::BlueRed] {
                for range in [ValueRange::Full, ValueRange::Percentile(98.0)] {
                    let scale = ColorScale::fit(map, range, &[&array(&[value; 4])]).expect("fit");
                    assert!(scale.max > scale.min && (scale.max - scale.min).is_finite());
                }
            }
        }
    }

    #[test]
    fn percentile_ignores_the_spike() {
        let mut values = vec![1.0; 99];
        values.push(1e6);
        let scale =
            ColorScale::fit(ColorMap::BlueRed, ValueRange::Percentile(99.0), &[&array(&values)]);
        let scale = scale.expect("scale");
        assert_eq!(scale.max, 1.0);
        assert_eq!(scale.beyond, Beyond { below: false, above: true });
        assert_eq!(scale.note, "clipped at the 99th percentile");
    }

    #[test]
    fn impossible_ranges_are_refused() {
        let data = array(&[1.0, 2.0]);
        for range in [
            ValueRange::Fixed([2.0, 2.0]),
            ValueRange::Fixed([f64::NAN, 2.0]),
            ValueRange::Percentile(50.0),
            ValueRange::Percentile(101.0),
        ] {
            let refused = ColorScale::fit(ColorMap::Turbo, range, &[&data]);
            assert!(matches!(refused, Err(PlotError::OutOfRange { .. })), "{range:?}");
        }
    }
}
