//! Quantities with units: one newtype per unit, SI inside.
//!
//! A quantity is written as a plain number, already in the SI unit, or as text with a unit:
//! `20`, `"20 m"` and `"0.02 km"` are the same length. A unit of another dimension is an error,
//! never a conversion.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;
use thiserror::Error;

/// What a unit measures.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Dimension {
    /// Metres.
    Length,
    /// Seconds.
    Time,
    /// Hertz.
    Frequency,
    /// Metres per second.
    Velocity,
    /// Bytes.
    Size,
    /// A length in local wavelengths at the frequency of the stage.
    Wavelengths,
}

/// One spelling of a unit.
struct Unit {
    symbol: &'static str,
    dimension: Dimension,
    in_si: f64,
}

const fn unit(symbol: &'static str, dimension: Dimension, in_si: f64) -> Unit {
    Unit { symbol, dimension, in_si }
}

/// Every unit that a job file may use. The first of a dimension is its SI unit.
const UNITS: &[Unit] = &[
    unit("m", Dimension::Length, 1.0),
    unit("km", Dimension::Length, 1e3),
    unit("cm", Dimension::Length, 1e-2),
    unit("mm", Dimension::Length, 1e-3),
    unit("s", Dimension::Time, 1.0),
    unit("ms", Dimension::Time, 1e-3),
    unit("us", Dimension::Time, 1e-6),
    unit("min", Dimension::Time, 60.0),
    unit("Hz", Dimension::Frequency, 1.0),
    unit("kHz", Dimension::Frequency, 1e3),
    unit("MHz", Dimension::Frequency, 1e6),
    unit("m/s", Dimension::Velocity, 1.0),
    unit("km/s", Dimension::Velocity, 1e3),
    unit("B", Dimension::Size, 1.0),
    unit("KiB", Dimension::Size, 1024.0),
    unit("MiB", Dimension::Size, 1024.0 * 1024.0),
    unit("GiB", Dimension::Size, 1024.0 * 1024.0 * 1024.0),
    unit("TiB", Dimension::Size, 1024.0 * 1024.0 * 1024.0 * 1024.0),
    unit("kB", Dimension::Size, 1e3),
    unit("MB", Dimension::Size, 1e6),
    unit("GB", Dimension::Size, 1e9),
    unit("wavelengths", Dimension::Wavelengths, 1.0),
    unit("wavelength", Dimension::Wavelengths, 1.0),
];

impl Dimension {
    /// The name used in messages, with its article.
    pub fn noun(self) -> &'static str {
        match self {
            Self::Length => "a length",
            Self::Time => "a time",
            Self::Frequency => "a frequency",
            Self::Velocity => "a velocity",
            Self::Size => "an amount of memory",
            Self::Wavelengths => "a number of wavelengths",
        }
    }

    /// The unit that a plain number has.
    pub fn si(self) -> &'static str {
        self.symbols().next().unwrap_or("")
    }

    /// The accepted spellings, SI unit first.
    pub fn symbols(self) -> impl Iterator<Item = &'static str> {
        UNITS.iter().filter(move |unit| unit.dimension == self).map(|unit| unit.symbol)
    }
}

/// Why a text is no quantity of the wanted dimension.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[non_exhaustive]
pub enum QuantityError {
    /// The text does not begin with a finite number.
    #[error("`{text}` does not begin with a number")]
    NotANumber {
        /// As written.
        text: String,
    },
    /// A number in quotes has no unit.
    #[error("`{text}` has no unit")]
    NoUnit {
        /// As written.
        text: String,
    },
    /// The unit is none that we know.
    #[error("`{unit}` is not a unit known here")]
    UnknownUnit {
        /// As written.
        unit: String,
    },
    /// The unit measures something else.
    #[error("`{text}` is {found}, not {wanted}")]
    WrongDimension {
        /// As written.
        text: String,
        /// What the unit measures.
        found: &'static str,
        /// What is allowed here.
        wanted: String,
    },
}

/// Reads `text`, such as `"20 m"`, as one of the `wanted` dimensions; the value is in SI.
///
/// # Errors
/// If there is no number, no unit, or a unit of another dimension.
pub fn parse(text: &str, wanted: &[Dimension]) -> Result<(f64, Dimension), QuantityError> {
    let trimmed = text.trim();
    let (number, symbol) =
        split(trimmed).ok_or_else(|| QuantityError::NotANumber { text: text.to_owned() })?;
    if symbol.is_empty() {
        return Err(QuantityError::NoUnit { text: text.to_owned() });
    }
    let unit = UNITS
        .iter()
        .find(|unit| unit.symbol == symbol)
        .ok_or_else(|| QuantityError::UnknownUnit { unit: symbol.to_owned() })?;
    if wanted.contains(&unit.dimension) {
        return Ok((number * unit.in_si, unit.dimension));
    }
    let wanted: Vec<&str> = wanted.iter().map(|dimension| dimension.noun()).collect();
    Err(QuantityError::WrongDimension {
        text: text.to_owned(),
        found: unit.dimension.noun(),
        wanted: wanted.join(" or "),
    })
}

/// Splits `"5e3Hz"` into number and unit: the longest prefix that is a finite number.
fn split(text: &str) -> Option<(f64, &str)> {
    let mut ends: Vec<usize> = text.char_indices().map(|(at, _)| at).skip(1).collect();
    ends.push(text.len());
    ends.iter().rev().find_map(|&end| {
        let number: f64 = text.get(..end)?.trim_end().parse().ok()?;
        number.is_finite().then(|| (number, text[end..].trim()))
    })
}

/// The units accepted for `dimensions`, for a help text.
pub fn list(dimensions: &[Dimension]) -> String {
    let symbols: Vec<&str> = dimensions.iter().flat_map(|dimension| dimension.symbols()).collect();
    symbols.join(", ")
}

/// A length in metres.
#[derive(Clone, Copy, PartialEq, PartialOrd, Debug, Default, Serialize)]
pub struct Metres(pub f64);

/// A time in seconds.
#[derive(Clone, Copy, PartialEq, PartialOrd, Debug, Default, Serialize)]
pub struct Seconds(pub f64);

/// A frequency in hertz.
#[derive(Clone, Copy, PartialEq, PartialOrd, Debug, Default, Serialize)]
pub struct Hertz(pub f64);

/// A velocity in metres per second.
#[derive(Clone, Copy, PartialEq, PartialOrd, Debug, Default, Serialize)]
pub struct MetresPerSecond(pub f64);

/// An amount of memory in bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Serialize)]
pub struct Bytes(pub u64);

impl FromStr for Metres {
    type Err = QuantityError;
    fn from_str(text: &str) -> Result<Self, QuantityError> {
        parse(text, &[Dimension::Length]).map(|(value, _)| Self(value))
    }
}

impl FromStr for Seconds {
    type Err = QuantityError;
    fn from_str(text: &str) -> Result<Self, QuantityError> {
        parse(text, &[Dimension::Time]).map(|(value, _)| Self(value))
    }
}

impl FromStr for Hertz {
    type Err = QuantityError;
    fn from_str(text: &str) -> Result<Self, QuantityError> {
        parse(text, &[Dimension::Frequency]).map(|(value, _)| Self(value))
    }
}

impl FromStr for MetresPerSecond {
    type Err = QuantityError;
    fn from_str(text: &str) -> Result<Self, QuantityError> {
        parse(text, &[Dimension::Velocity]).map(|(value, _)| Self(value))
    }
}

impl FromStr for Bytes {
    type Err = QuantityError;
    fn from_str(text: &str) -> Result<Self, QuantityError> {
        parse(text, &[Dimension::Size]).map(|(value, _)| Self(value.round() as u64))
    }
}

impl fmt::Display for Metres {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} m", self.0)
    }
}

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} s", self.0)
    }
}

impl fmt::Display for Hertz {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} Hz", self.0)
    }
}

impl fmt::Display for MetresPerSecond {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} m/s", self.0)
    }
}

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mib = self.0 as f64 / f64::from(1 << 20);
        if mib >= 1024.0 {
            write!(f, "{:.2} GiB", mib / 1024.0)
        } else if mib >= 1.0 {
            write!(f, "{mib:.1} MiB")
        } else {
            write!(f, "{} B", self.0)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_length(text: &str, metres: f64) {
        assert_eq!(text.parse(), Ok(Metres(metres)));
    }

    #[test]
    fn lengths_become_metres() {
        check_length("20 m", 20.0);
        check_length("0.5km", 500.0);
        check_length(" 1e3 mm ", 1.0);
        check_length("-4.5 m", -4.5);
    }

    #[test]
    fn other_quantities_become_si() {
        assert_eq!("2 ms".parse(), Ok(Seconds(2e-3)));
        assert_eq!("1.5 kHz".parse(), Ok(Hertz(1500.0)));
        assert_eq!("1.5 km/s".parse(), Ok(MetresPerSecond(1500.0)));
        assert_eq!("512 MiB".parse(), Ok(Bytes(512 << 20)));
    }

    #[test]
    fn wrong_units_say_what_they_are() {
        let error = "20 Hz".parse::<Metres>().expect_err("20 Hz is no length");
        assert_eq!(error.to_string(), "`20 Hz` is a frequency, not a length");
        let error = "20".parse::<Metres>().expect_err("a bare number in quotes has no unit");
        assert_eq!(error.to_string(), "`20` has no unit");
        let error = "20 furlongs".parse::<Metres>().expect_err("unknown unit");
        assert_eq!(error.to_string(), "`furlongs` is not a unit known here");
        let error = "nan m".parse::<Metres>().expect_err("not finite");
        assert_eq!(error.to_string(), "`nan m` does not begin with a number");
    }
}
