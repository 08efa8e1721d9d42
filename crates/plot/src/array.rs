//! Two-dimensional input.

use crate::PlotError;

/// Values on a regular two-dimensional grid, row-major: axis 1 is the fastest.
///
/// A model or gradient has shape `[nx, nz]`, a shot gather `[traces, samples]`. Values are copied
/// once, as `f64`; those that are not finite are drawn grey.
#[derive(Clone, Debug, PartialEq)]
pub struct Array2 {
    values: Vec<f64>,
    shape: [usize; 2],
}

impl Array2 {
    /// Copies `values` of the given `shape` from `f32` or `f64`.
    ///
    /// # Errors
    /// [`PlotError::Empty`] if an extent is zero, [`PlotError::ShapeMismatch`] if the slice has
    /// not `shape[0] * shape[1]` values.
    pub fn new<T: Copy + Into<f64>>(values: &[T], shape: [usize; 2]) -> Result<Self, PlotError> {
        let [rows, columns] = shape;
        let expected = rows.saturating_mul(columns);
        if expected != values.len() {
            let found = values.len();
            return Err(PlotError::ShapeMismatch { rows, columns, expected, found });
        }
        if values.is_empty() {
            return Err(PlotError::empty(format!("an array of shape {rows} x {columns}")));
        }
        Ok(Self { values: values.iter().map(|&v| v.into()).collect(), shape })
    }

    /// Extents of axis 0 and axis 1.
    pub fn shape(&self) -> [usize; 2] {
        self.shape
    }

    /// All values, axis 1 fastest.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// The values along axis 1 at index `i` of axis 0: a depth profile or a trace.
    ///
    /// Returns `None` if `i` is out of bounds.
    pub fn row(&self, i: usize) -> Option<&[f64]> {
        let columns = self.shape[1];
        self.values.get(i * columns..(i + 1) * columns)
    }

    /// `self - other`, value by value.
    ///
    /// # Errors
    /// [`PlotError::LengthMismatch`] if the shapes differ.
    pub fn minus(&self, other: &Self) -> Result<Self, PlotError> {
        if self.shape != other.shape {
            return Err(PlotError::LengthMismatch {
                first: format!("an array of shape {} x {}", self.shape[0], self.shape[1]),
                first_len: self.values.len(),
                second: format!("the one of shape {} x {}", other.shape[0], other.shape[1]),
                second_len: other.values.len(),
            });
        }
        let values = self.values.iter().zip(&other.values).map(|(a, b)| a - b).collect();
        Ok(Self { values, shape: self.shape })
    }

    /// The value at a fractional index; cells beyond the edge repeat the edge.
    pub(crate) fn bilinear(&self, i: f64, j: f64) -> f64 {
        let split = |x: f64, n: usize| {
            let x = x.clamp(0.0, (n - 1) as f64);
            let low = (x.floor() as usize).min(n.saturating_sub(2));
            (low, (low + 1).min(n - 1), x - low as f64)
        };
        let (i0, i1, wi) = split(i, self.shape[0]);
        let (j0, j1, wj) = split(j, self.shape[1]);
        let at = |i: usize, j: usize| self.values[i * self.shape[1] + j];
        let along = |i: usize| mix(at(i, j0), at(i, j1), wj);
        mix(along(i0), along(i1), wi)
    }

    /// Mean of the finite values in the half-open index box; NaN if there is none.
    pub(crate) fn mean(&self, rows: [usize; 2], columns: [usize; 2]) -> f64 {
        let (mut sum, mut count) = (0.0, 0_u32);
        for i in rows[0]..rows[1] {
            for v in &self.values[i * self.shape[1] + columns[0]..i * self.shape[1] + columns[1]] {
                if v.is_finite() {
                    sum += v;
                    count += 1;
                }
            }
        }
        if count == 0 { f64::NAN } else { sum / f64::from(count) }
    }
}

/// Linear interpolation that returns the end values exactly, also beside a NaN.
fn mix(a: f64, b: f64, weight: f64) -> f64 {
    if weight == 0.0 {
        a
    } else if weight == 1.0 {
        b
    } else {
        a + (b - a) * weight
    }
}
