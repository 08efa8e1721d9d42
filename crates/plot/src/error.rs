//! What can go wrong while drawing, and what the caller can do about it.

use std::path::PathBuf;

/// Why a picture or a report was not made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlotError {
    /// There is nothing to draw.
    #[error("{what} is empty\n  help: pass at least one value")]
    Empty {
        /// The input without values.
        what: String,
    },
    /// A slice does not have as many values as its shape says.
    #[error(
        "shape {rows} x {columns} needs {expected} values, found {found}\n  \
         help: pass the row-major slice of exactly this shape, last axis fastest"
    )]
    ShapeMismatch {
        /// Extent of axis 0.
        rows: usize,
        /// Extent of axis 1.
        columns: usize,
        /// Number of values that the shape asks for.
        expected: usize,
        /// Number of values in the slice.
        found: usize,
    },
    /// Two inputs that belong together have different lengths.
    #[error("{first} has {first_len} entries, but {second} has {second_len}")]
    LengthMismatch {
        /// One of the two inputs.
        first: String,
        /// Its length.
        first_len: usize,
        /// The other input.
        second: String,
        /// Its length.
        second_len: usize,
    },
    /// A parameter is out of its range.
    #[error("{what} is {found}, allowed is {allowed}")]
    OutOfRange {
        /// The parameter.
        what: &'static str,
        /// Its value.
        found: f64,
        /// The values that it may take.
        allowed: &'static str,
    },
    /// A logarithmic axis was asked for, and no value is above zero.
    #[error(
        "`{title}` has no value above zero to draw on a logarithmic axis\n  help: use a linear one"
    )]
    NothingPositive {
        /// Title of the picture.
        title: String,
    },
    /// The embedded font could not be used: a defect of this crate, not of the input.
    #[error("embedded font: {reason}")]
    Font {
        /// What the font library said.
        reason: String,
    },
    /// The picture could not be written as PNG.
    #[error("cannot encode the picture as PNG")]
    Encode(#[from] image::ImageError),
    /// A file could not be written.
    #[error("cannot write `{}`", path.display())]
    Write {
        /// The final name of the file.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
}

impl PlotError {
    pub(crate) fn empty(what: impl Into<String>) -> Self {
        Self::Empty { what: what.into() }
    }
}

/// Checks that `value` is finite.
pub(crate) fn finite(what: &'static str, value: f64) -> Result<f64, PlotError> {
    if value.is_finite() {
        return Ok(value);
    }
    Err(PlotError::OutOfRange { what, found: value, allowed: "a finite number" })
}

/// Checks that `value` is finite and above zero.
pub(crate) fn positive(what: &'static str, value: f64) -> Result<f64, PlotError> {
    if value.is_finite() && value > 0.0 {
        return Ok(value);
    }
    Err(PlotError::OutOfRange { what, found: value, allowed: "a finite number above zero" })
}
