//! Ticks: round numbers along an axis, and how they are written.

/// Allowed distances of ticks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Step {
    Any,
    /// Whole numbers only: iterations, trace numbers.
    Whole,
}

/// Writes numbers with a fixed number of decimals and one common power of ten.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Ticks {
    /// Positions in data units, ascending.
    pub(crate) values: Vec<f64>,
    decimals: usize,
    /// Labels are to be multiplied by ten to this power.
    exponent: i32,
}

impl Ticks {
    /// About `count` round positions within `min..=max`.
    pub(crate) fn linear(min: f64, max: f64, count: usize) -> Self {
        Self::spaced(min, max, count, Step::Any)
    }

    /// As [`Ticks::linear`], with a rule for the distance of neighbours.
    pub(crate) fn spaced(min: f64, max: f64, count: usize, rule: Step) -> Self {
        let span = max - min;
        if !(span.is_finite() && span > 0.0) {
            return Self { values: Vec::new(), decimals: 0, exponent: 0 };
        }
        let raw = span / count.max(1) as f64;
        let step = match rule {
            Step::Any => round_step(raw),
            Step::Whole => round_step(raw).max(1.0),
        };
        let first = (min / step - 1e-9).ceil() as i64;
        let last = (max / step + 1e-9).floor() as i64;
        let values: Vec<f64> = (first..=last).map(|k| k as f64 * step).collect();
        let exponent = common_exponent(min.abs().max(max.abs()));
        let scaled = step / 10_f64.powi(exponent);
        let decimals = (0..9).find(|&d| is_whole(scaled * 10_f64.powi(d))).unwrap_or(9) as usize;
        Self { values, decimals, exponent }
    }

    /// The label of one position, with a true minus sign.
    pub(crate) fn label(&self, value: f64) -> String {
        let scaled = value / 10_f64.powi(self.exponent);
        let text = format!("{scaled:.*}", self.decimals);
        let negative_zero = text.trim_start_matches('-').chars().all(|c| c == '0' || c == '.');
        let text = if negative_zero { text.trim_start_matches('-') } else { &text };
        text.replace('-', "−")
    }

    /// `×10⁻⁶`, or nothing if labels are to be read as they stand.
    pub(crate) fn multiplier(&self) -> Option<String> {
        (self.exponent != 0).then(|| format!("×{}", power_of_ten(self.exponent)))
    }
}

/// `10⁻³`.
pub(crate) fn power_of_ten(exponent: i32) -> String {
    let digit = |c: char| match c {
        '-' => '⁻',
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        _ => c.to_digit(10).and_then(|d| char::from_u32(0x2070 + d)).unwrap_or(c),
    };
    format!("10{}", exponent.to_string().chars().map(digit).collect::<String>())
}

/// A tick of a logarithmic axis.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct LogTick {
    pub(crate) value: f64,
    /// Empty for a minor tick.
    pub(crate) label: String,
}

/// Decimal logarithms beyond which powers of ten are not normal numbers any more.
const LOG_LIMIT: f64 = 300.0;

/// Ticks of a logarithmic axis whose ends have the decimal logarithms `low` and `high`: powers of
/// ten where the axis spans at least two of them, otherwise some or all of 1 to 9 times a power.
pub(crate) fn log_ticks(low: f64, high: f64) -> Vec<LogTick> {
    let (low, high) = (low.max(-LOG_LIMIT), high.min(LOG_LIMIT));
    let (min, max) = (10_f64.powf(low), 10_f64.powf(high));
    let decades = (high + 1e-9).floor() - (low - 1e-9).ceil();
    let every = ((high - low) / 7.0).ceil().max(1.0) as i32;
    let wanted = |exponent: i32, digit: i32| {
        if decades >= 1.0 {
            return digit == 1 && exponent % every == 0;
        }
        // Narrow axes: as many labels as stay apart.
        let dense: &[i32] =
            if high - low < 0.5 { &[1, 2, 3, 4, 5, 6, 7, 8, 9] } else { &[1, 2, 5] };
        dense.contains(&digit)
    };
    let mut ticks = Vec::new();
    for exponent in low.floor() as i32..=high.ceil() as i32 {
        for digit in 1..10 {
            let value = f64::from(digit) * 10_f64.powi(exponent);
            if value < min * (1.0 - 1e-9) || value > max * (1.0 + 1e-9) {
                continue;
            }
            let label = match wanted(exponent, digit) {
                true if decades >= 1.0 && !(-2..=3).contains(&exponent) => power_of_ten(exponent),
                true => plain(value, exponent),
                false => String::new(),
            };
            ticks.push(LogTick { value, label });
        }
    }
    ticks
}

/// `0.02`, `300`, or `2·10⁻⁶` for a digit times a power of ten.
fn plain(value: f64, exponent: i32) -> String {
    if (-4..6).contains(&exponent) {
        return format!("{value:.*}", usize::try_from(-exponent).unwrap_or(0));
    }
    format!("{:.0}·{}", value / 10_f64.powi(exponent), power_of_ten(exponent))
}

/// 1, 2, 5 or 10 times a power of ten, whichever is nearest to `raw` as a ratio.
fn round_step(raw: f64) -> f64 {
    let power = 10_f64.powf(raw.log10().floor());
    let distance = |step: &f64| (raw / power / step).ln().abs();
    let nearer = |a: &f64, b: &f64| distance(a).total_cmp(&distance(b));
    [1.0, 2.0, 5.0, 10.0].into_iter().min_by(nearer).unwrap_or(1.0) * power
}

fn is_whole(x: f64) -> bool {
    (x - x.round()).abs() < 1e-6 * x.abs().max(1.0)
}

/// Zero for magnitudes that are read easily as they stand.
fn common_exponent(magnitude: f64) -> i32 {
    if magnitude == 0.0 || (1e-2..1e5).contains(&magnitude) {
        return 0;
    }
    magnitude.log10().floor() as i32
}

/// The unit in which lengths are written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum LengthUnit {
    Metre,
    Kilometre,
}

impl LengthUnit {
    /// Kilometres from two of them upwards.
    pub(crate) fn for_extent(extent_m: f64) -> Self {
        if extent_m >= 2000.0 { Self::Kilometre } else { Self::Metre }
    }

    pub(crate) fn metres(self) -> f64 {
        match self {
            Self::Metre => 1.0,
            Self::Kilometre => 1000.0,
        }
    }

    pub(crate) fn symbol(self) -> &'static str {
        match self {
            Self::Metre => "m",
            Self::Kilometre => "km",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(min: f64, max: f64, labels: &[&str], multiplier: Option<&str>) {
        let ticks = Ticks::linear(min, max, 5);
        let found: Vec<String> = ticks.values.iter().map(|&v| ticks.label(v)).collect();
        assert_eq!(found, labels);
        assert_eq!(ticks.multiplier().as_deref(), multiplier);
    }

    #[test]
    fn positions_are_round() {
        check(1480.0, 4520.0, &["1500", "2000", "2500", "3000", "3500", "4000", "4500"], None);
        check(-0.005, 1.99, &["0.0", "0.5", "1.0", "1.5"], None);
        check(-3.0, 3.0, &["−3", "−2", "−1", "0", "1", "2", "3"], None);
    }

    #[test]
    fn small_and_large_numbers_share_a_power_of_ten() {
        check(-2e-6, 2e-6, &["−2", "−1", "0", "1", "2"], Some("×10⁻⁶"));
        check(0.0, 4e5, &["0", "1", "2", "3", "4"], Some("×10⁵"));
    }

    #[test]
    fn empty_and_infinite_ranges_have_no_ticks() {
        for (min, max) in [(1.0, 1.0), (2.0, 1.0), (f64::NAN, 1.0), (0.0, f64::INFINITY)] {
            assert!(Ticks::linear(min, max, 5).values.is_empty());
        }
    }

    #[test]
    fn iterations_are_whole() {
        for last in [1.0, 3.0, 7.0, 12.0, 250.0] {
            let ticks = Ticks::spaced(-0.2, last, 8, Step::Whole);
            assert!(ticks.values.len() >= 2);
            assert!(ticks.values.iter().all(|v| v.fract() == 0.0));
        }
    }

    #[test]
    fn decades_are_labelled_and_digits_fill_narrow_axes() {
        let labels = |min: f64, max: f64| {
            let all = log_ticks(min.log10(), max.log10()).into_iter().map(|t| t.label);
            all.filter(|l| !l.is_empty()).collect::<Vec<_>>()
        };
        assert_eq!(labels(1e-6, 1.0), ["10⁻⁶", "10⁻⁵", "10⁻⁴", "10⁻³", "0.01", "0.1", "1"]);
        assert_eq!(labels(0.15, 0.9), ["0.2", "0.5"]);
        assert_eq!(labels(0.2, 0.42), ["0.2", "0.3", "0.4"]);
    }
}
