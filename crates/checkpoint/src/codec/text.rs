//! Codecs as text.

use std::fmt;
use std::str::FromStr;

use super::{Codec, CodecError, Filter, Tolerance, Zfp};

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "",
            Self::Shuffle => "shuffle+",
        })
    }
}

impl fmt::Display for Tolerance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absolute(tolerance) => write!(f, "absolute={tolerance:e}"),
            Self::Relative(tolerance) => write!(f, "relative={tolerance:e}"),
        }
    }
}

impl fmt::Display for Codec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("none"),
            Self::Lz4 { filter } => write!(f, "{filter}lz4"),
            Self::Zstd { filter, level } => write!(f, "{filter}zstd:{level}"),
            Self::Pco { level } => write!(f, "pco:{level}"),
            Self::Zfp(Zfp::Lossless) => f.write_str("zfp:lossless"),
            Self::Zfp(Zfp::Tolerance(tolerance)) => write!(f, "zfp:{tolerance}"),
            Self::Zfp(Zfp::Rate(bits)) => write!(f, "zfp:rate={bits}"),
            Self::Zfp(Zfp::Precision(bits)) => write!(f, "zfp:precision={bits}"),
            Self::Block(tolerance) => write!(f, "block:{tolerance}"),
        }
    }
}

impl FromStr for Codec {
    type Err = CodecError;

    /// Parses what [`Codec`] prints; levels may be left out.
    ///
    /// # Errors
    /// [`CodecError::Unknown`] for text that names no codec; as [`Codec::check`] for one that
    /// does, but cannot be used.
    fn from_str(text: &str) -> Result<Self, CodecError> {
        let unknown = || CodecError::Unknown { text: text.to_owned() };
        let (filter, name) = match text.strip_prefix("shuffle+") {
            Some(name) => (Filter::Shuffle, name),
            None => (Filter::None, text),
        };
        let (name, options) = match name.split_once(':') {
            Some((name, options)) => (name, Some(options)),
            None => (name, None),
        };
        let codec = match (name, options, filter) {
            ("none", None, Filter::None) => Self::None,
            ("lz4", None, filter) => Self::Lz4 { filter },
            ("zstd", level, filter) => {
                Self::Zstd { filter, level: number_or(level, 3).ok_or_else(unknown)? }
            }
            ("pco", level, Filter::None) => {
                Self::Pco { level: number_or(level, 8).ok_or_else(unknown)? }
            }
            ("zfp", Some("lossless"), Filter::None) => Self::Zfp(Zfp::Lossless),
            ("zfp" | "block", Some(options), Filter::None) => {
                let (key, value) = options.split_once('=').ok_or_else(unknown)?;
                quantified(name, key, value).ok_or_else(unknown)?
            }
            _ => return Err(unknown()),
        };
        codec.check()?;
        Ok(codec)
    }
}

/// The number that `text` is, or `default` if there is none.
fn number_or<T: FromStr>(text: Option<&str>, default: T) -> Option<T> {
    text.map_or(Some(default), |text| text.parse().ok())
}

/// `name:key=value`.
fn quantified(name: &str, key: &str, value: &str) -> Option<Codec> {
    let tolerance = match key {
        "absolute" => Some(Tolerance::Absolute(value.parse().ok()?)),
        "relative" => Some(Tolerance::Relative(value.parse().ok()?)),
        _ => None,
    };
    match (name, key, tolerance) {
        ("block", _, Some(tolerance)) => Some(Codec::Block(tolerance)),
        ("zfp", _, Some(tolerance)) => Some(Codec::Zfp(Zfp::Tolerance(tolerance))),
        ("zfp", "rate", None) => Some(Codec::Zfp(Zfp::Rate(value.parse().ok()?))),
        ("zfp", "precision", None) => Some(Codec::Zfp(Zfp::Precision(value.parse().ok()?))),
        _ => None,
    }
}
