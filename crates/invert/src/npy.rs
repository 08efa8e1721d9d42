//! Arrays from and to `.npy` files (`NumPy`) and headerless `f32` files.
//!
//! Read: `f32` or `f64`, little- or big-endian, C or Fortran order (turned into C order, row-major
//! with the last axis fastest, as all arrays here). Write: `f32`, C order. Values that are not
//! finite are refused with the index of the first, since one NaN in a model silently makes every
//! seismogram NaN.
//!
//! Files may come from anywhere: a length that the header claims is compared with the size of
//! the file before anything is allocated.

mod claim;

use std::fmt;
use std::fs::File;
use std::io::{self, BufReader, Read as _, Seek as _};
use std::path::{Path, PathBuf};

use claim::Element;
use ndarray::{ArrayD, ArrayViewD, IxDyn};
use ndarray_npy::{ReadNpyError, ReadNpyExt as _, WriteNpyError, WriteNpyExt as _};

use crate::files::{self, FileError};

/// An array file that cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NpyError {
    /// The file cannot be opened, read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// The file is no `.npy` file, or its header is damaged.
    #[error(
        "{path}: not a NumPy array: {reason}\n  \
         help: write it with `numpy.save`, or name it as raw little-endian f32 with its shape",
        path = path.display()
    )]
    Format {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The elements have another type.
    #[error(
        "{path}: elements of type {found}, allowed are f32 ('<f4') and f64 ('<f8')\n  \
         help: `numpy.save(path, array.astype(numpy.float32))`",
        path = path.display()
    )]
    ElementType {
        /// The file.
        path: PathBuf,
        /// The type descriptor in the header, as `NumPy` writes it.
        found: String,
    },
    /// The file does not hold as many bytes as the shape needs.
    #[error(
        "{path}: {found} bytes, but shape {shape} of {element} needs {needed}\n  help: {help}",
        path = path.display(), shape = Shape(shape)
    )]
    Size {
        /// The file.
        path: PathBuf,
        /// The shape, from the header or as asked for.
        shape: Vec<usize>,
        /// `"f32"` or `"f64"`.
        element: &'static str,
        /// Size of the file (with header, if it has one).
        found: u64,
        /// Size that it should have at least; exactly, for raw files.
        needed: u64,
        /// What to do about it.
        help: &'static str,
    },
    /// The array has another shape than the grid.
    #[error(
        "{path}: shape {found}, but the grid has {allowed}\n  help: {help}",
        path = path.display(), found = Shape(found), allowed = Shape(allowed)
    )]
    Shape {
        /// The file.
        path: PathBuf,
        /// The shape of the array.
        found: Vec<usize>,
        /// The shape of the grid.
        allowed: Vec<usize>,
        /// What to do about it.
        help: &'static str,
    },
    /// A value is NaN or infinite.
    #[error(
        "{path}: {value} at index {index}, and {more} more values that are not finite\n  \
         help: replace them before the run (`numpy.nan_to_num`, or interpolate)",
        path = path.display(), index = Shape(index)
    )]
    NotFinite {
        /// The file.
        path: PathBuf,
        /// Index of the first such value.
        index: Vec<usize>,
        /// That value.
        value: f64,
        /// How many follow it.
        more: usize,
    },
}

/// Prints `(201, 76)`.
struct Shape<'a>(&'a [usize]);

impl fmt::Display for Shape<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let numbers: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        write!(f, "({})", numbers.join(", "))
    }
}

/// Elements in the precision in which the file holds them.
#[derive(Clone, PartialEq, Debug)]
pub enum Values {
    /// Single precision.
    F32(Vec<f32>),
    /// Double precision.
    F64(Vec<f64>),
}

impl Values {
    /// All as `f64`, exactly.
    pub fn into_f64(self) -> Vec<f64> {
        match self {
            Self::F32(values) => values.into_iter().map(f64::from).collect(),
            Self::F64(values) => values,
        }
    }

    /// All as `f32`, rounded to nearest.
    pub fn into_f32(self) -> Vec<f32> {
        match self {
            Self::F32(values) => values,
            Self::F64(values) => values.into_iter().map(|v| v as f32).collect(),
        }
    }

    /// Index and value of the first element that is not finite, and how many follow.
    fn first_not_finite(&self) -> Option<(usize, f64, usize)> {
        fn first<T: Copy + Into<f64>>(values: &[T]) -> Option<(usize, f64, usize)> {
            let mut odd = values.iter().enumerate().map(|(i, &v)| (i, v.into()));
            let (index, value) = odd.find(|(_, v)| !v.is_finite())?;
            Some((index, value, odd.filter(|(_, v)| !v.is_finite()).count()))
        }
        match self {
            Self::F32(values) => first(values),
            Self::F64(values) => first(values),
        }
    }
}

/// An n-dimensional array in C order.
#[derive(Clone, PartialEq, Debug)]
pub struct Array {
    /// Points per axis, last axis fastest.
    pub shape: Vec<usize>,
    /// The elements, `shape` of them.
    pub values: Values,
}

/// Reads an array of any shape.
///
/// # Errors
/// [`NpyError`]: the file is missing, damaged, cut short, of another element type, or holds
/// values that are not finite.
pub fn read(path: &Path) -> Result<Array, NpyError> {
    let unreadable = |e| files::io_error(path, files::Action::Read, e);
    let mut file = File::open(path).map_err(unreadable)?;
    let found = file.metadata().map_err(unreadable)?.len();
    let element = checked_element(path, &mut file, found)?;
    file.rewind().map_err(unreadable)?;
    let reader = BufReader::with_capacity(1 << 20, file);
    let array = match element {
        Element::F32 => ArrayD::<f32>::read_npy(reader).map(|a| in_c_order(a, Values::F32)),
        Element::F64 => ArrayD::<f64>::read_npy(reader).map(|a| in_c_order(a, Values::F64)),
    };
    let array = array.map_err(|error| refused(path, error))?;
    all_finite(path, array)
}

/// Reads an array that must have `shape`.
///
/// # Errors
/// As [`read`], and [`NpyError::Shape`], which tells when the axes are merely in another order.
pub fn read_shaped(path: &Path, shape: &[usize]) -> Result<Array, NpyError> {
    let array = read(path)?;
    if array.shape == shape {
        return Ok(array);
    }
    let help = if array.shape.iter().rev().eq(shape) {
        "the axes are the other way round: save `array.T`; depth is the last axis"
    } else if array.shape.iter().product::<usize>() == shape.iter().product::<usize>() {
        "equally many values: reshape the array as it was made, do not just relabel it"
    } else {
        "change the grid to the shape of the file, or resample the file"
    };
    let (path, found, allowed) = (path.to_owned(), array.shape, shape.to_vec());
    Err(NpyError::Shape { path, found, allowed, help })
}

/// Reads a headerless file of little-endian `f32` in C order, `shape` of them.
///
/// The file cannot tell its axis order: 601 x 221 and 221 x 601 are equally long. Look at the
/// picture.
///
/// # Errors
/// [`NpyError::Size`] unless the file has exactly four bytes per point,
/// [`NpyError::NotFinite`], or [`NpyError::File`].
pub fn read_raw_f32(path: &Path, shape: &[usize]) -> Result<Array, NpyError> {
    let unreadable = |e| files::io_error(path, files::Action::Read, e);
    let mut file = File::open(path).map_err(unreadable)?;
    let found = file.metadata().map_err(unreadable)?.len();
    let needed = claim::bytes(shape, 4);
    if found != needed {
        let help = if found == needed.saturating_mul(2) {
            "twice the size: the file may hold f64; convert it to f32"
        } else {
            "check the shape; the file must have no header and no padding"
        };
        let (path, shape) = (path.to_owned(), shape.to_vec());
        return Err(NpyError::Size { path, shape, element: "f32", found, needed, help });
    }
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).map_err(unreadable)?;
    let (words, _) = bytes.as_chunks::<4>();
    let values = Values::F32(words.iter().map(|&word| f32::from_le_bytes(word)).collect());
    all_finite(path, Array { shape: shape.to_vec(), values })
}

/// Replaces `path` by `values` as little-endian `f32` in C order, all or nothing.
///
/// # Errors
/// [`NpyError::File`] when the disk refuses.
///
/// # Panics
/// If `values` is not of the given shape.
pub fn write_f32(path: &Path, shape: &[usize], values: &[f32]) -> Result<(), NpyError> {
    let view = ArrayViewD::from_shape(IxDyn(shape), values);
    let view = view.expect("`values` should have the given shape");
    files::write_with(path, |writer| {
        view.write_npy(writer).map_err(|error| match error {
            WriteNpyError::Io(error) => error,
            other => io::Error::other(other.to_string()),
        })
    })?;
    Ok(())
}

/// The type of the elements. Refuses a header that claims more of them than the file has bytes
/// for, before `ndarray-npy` allocates what the header claims.
fn checked_element(path: &Path, file: &mut File, found: u64) -> Result<Element, NpyError> {
    let mut head = Vec::new();
    let looked = file.take(claim::LOOK_BYTES).read_to_end(&mut head);
    looked.map_err(|e| files::io_error(path, files::Action::Read, e))?;
    let path = path.to_owned();
    let Some(claim) = claim::Claim::find(&head) else {
        let reason = "its first bytes are no NumPy header".to_owned();
        return Err(NpyError::Format { path, reason });
    };
    let Some(element) = claim.element() else {
        return Err(NpyError::ElementType { path, found: claim.descr });
    };
    let needed = claim.data_start + claim::bytes(&claim.shape, element.bytes());
    if found >= needed {
        return Ok(element);
    }
    let help = "the file was cut short: copy or save it again";
    let element = element.name();
    Err(NpyError::Size { path, shape: claim.shape, element, found, needed, help })
}

fn in_c_order<T: Clone>(array: ArrayD<T>, values: impl Fn(Vec<T>) -> Values) -> Array {
    let shape = array.shape().to_vec();
    let elements = if array.is_standard_layout() {
        array.into_raw_vec_and_offset().0
    } else {
        array.iter().cloned().collect()
    };
    Array { shape, values: values(elements) }
}

fn all_finite(path: &Path, array: Array) -> Result<Array, NpyError> {
    let Some((flat, value, more)) = array.values.first_not_finite() else {
        return Ok(array);
    };
    let mut index = vec![0; array.shape.len()];
    let mut rest = flat;
    for (index, &n) in index.iter_mut().zip(&array.shape).rev() {
        (*index, rest) = (rest % n, rest / n);
    }
    Err(NpyError::NotFinite { path: path.to_owned(), index, value, more })
}

/// Says what `ndarray-npy` found, in our terms.
fn refused(path: &Path, error: ReadNpyError) -> NpyError {
    let path = path.to_owned();
    let format = |reason: String| NpyError::Format { path: path.clone(), reason };
    match error {
        ReadNpyError::Io(source) => files::io_error(&path, files::Action::Read, source).into(),
        ReadNpyError::WrongDescriptor(found) => {
            NpyError::ElementType { path, found: found.to_string() }
        }
        ReadNpyError::ExtraBytes(n) => format(format!("{n} bytes follow the last element")),
        other => format(other.to_string()),
    }
}

#[cfg(test)]
mod tests;
