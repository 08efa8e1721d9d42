//! Models on other grids: interpolation, cell averages, padding, and their exact transposes.
//!
//! Every map here is linear and separable: one small matrix per axis, applied axis by axis,
//!
//! ```text
//! out[i, j, k] = Σ_abc X[i,a] Y[j,b] Z[k,c] in[a, b, c]
//! ```
//!
//! so that [`Resample::apply_transposed`] is the exact transpose: it takes a gradient on the fine
//! (or padded) grid back to the coarse (or bare) one. The rows of all maps sum to 1: a constant
//! model stays constant.
//!
//! Arrays are row-major with the depth last, `[nx][nz]` or `[nx][ny][nz]`.
//!
//! Not here: physics. To average velocities over cells as waves do, map slowness.

mod axis;

use axis::AxisMap;

/// A regular grid: where the samples of a model lie.
#[derive(Clone, PartialEq, Debug)]
pub struct RegularGrid {
    shape: Vec<usize>,
    spacing_m: Vec<f64>,
    origin_m: Vec<f64>,
}

/// A grid that cannot be.
#[derive(Clone, PartialEq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GridError {
    /// The lists do not have one entry per axis.
    #[error(
        "a grid of {axes} axes was given {spacings} spacings and {origins} origin coordinates\n  \
         help: give one of each per axis, depth last"
    )]
    Axes {
        /// Length of the shape.
        axes: usize,
        /// Number of spacings given.
        spacings: usize,
        /// Number of origin coordinates given.
        origins: usize,
    },
    /// An axis without points.
    #[error("axis {axis} of shape {shape:?} has no points\n  help: every axis needs at least one")]
    Empty {
        /// Which axis, from 0.
        axis: usize,
        /// The shape given.
        shape: Vec<usize>,
    },
    /// A spacing that is not a positive number, or an origin that is no number.
    #[error(
        "axis {axis}: spacing {spacing_m} m and origin {origin_m} m\n  \
         help: spacings are positive, in metres (10.0, not 0.010 for km)"
    )]
    Spacing {
        /// Which axis, from 0.
        axis: usize,
        /// The spacing given, m.
        spacing_m: f64,
        /// The origin given, m.
        origin_m: f64,
    },
}

impl RegularGrid {
    /// A grid of `shape` points whose first one lies at `origin_m`.
    ///
    /// # Errors
    /// [`GridError`] for lists of different lengths, empty axes, spacings that are not positive.
    pub fn new(shape: &[usize], spacing_m: &[f64], origin_m: &[f64]) -> Result<Self, GridError> {
        if shape.is_empty() || shape.len() != spacing_m.len() || shape.len() != origin_m.len() {
            return Err(GridError::Axes {
                axes: shape.len(),
                spacings: spacing_m.len(),
                origins: origin_m.len(),
            });
        }
        for (axis, &n) in shape.iter().enumerate() {
            if n == 0 {
                return Err(GridError::Empty { axis, shape: shape.to_vec() });
            }
            let (spacing_m, origin_m) = (spacing_m[axis], origin_m[axis]);
            let fine = spacing_m > 0.0 && spacing_m.is_finite() && origin_m.is_finite();
            if !fine {
                return Err(GridError::Spacing { axis, spacing_m, origin_m });
            }
        }
        Ok(Self {
            shape: shape.to_vec(),
            spacing_m: spacing_m.to_vec(),
            origin_m: origin_m.to_vec(),
        })
    }

    /// Points per axis.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// Distance between neighbours per axis, m.
    pub fn spacing_m(&self) -> &[f64] {
        &self.spacing_m
    }

    /// Position of the first point, m.
    pub fn origin_m(&self) -> &[f64] {
        &self.origin_m
    }

    /// Number of points.
    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// Always false: every axis has a point.
    pub fn is_empty(&self) -> bool {
        false
    }

    /// Coordinate of point `index` on `axis`, m.
    pub fn coordinate_m(&self, axis: usize, index: usize) -> f64 {
        self.origin_m[axis] + index as f64 * self.spacing_m[axis]
    }
}

/// A separable linear map between two regular grids.
#[derive(Clone, Debug)]
pub struct Resample {
    axes: Vec<AxisMap>,
}

impl Resample {
    /// (Bi-, tri-) linear interpolation; beyond the edge of `from` the edge value continues.
    ///
    /// Exact on linear functions inside `from`. Cost: 3 flops per output point and axis.
    ///
    /// # Panics
    /// If the grids differ in the number of axes.
    pub fn linear(from: &RegularGrid, to: &RegularGrid) -> Self {
        Self::per_axis(from, to, AxisMap::linear)
    }

    /// The mean over each cell of `to` of the model that is constant on each cell of `from`.
    ///
    /// A cell reaches half a spacing to either side of its point; beyond the edge of `from` the
    /// edge value continues. Use it to go coarser: every fine value counts, none is skipped.
    ///
    /// # Panics
    /// If the grids differ in the number of axes.
    pub fn cell_average(from: &RegularGrid, to: &RegularGrid) -> Self {
        Self::per_axis(from, to, AxisMap::cell_average)
    }

    /// Extends an array of `shape` by `layers[axis] = [before, after]` points, repeating its
    /// edge, as absorbing layers want it. The transpose sums the layers into the edge.
    ///
    /// # Panics
    /// If `layers` and `shape` differ in length, or an axis is empty.
    pub fn pad(shape: &[usize], layers: &[[usize; 2]]) -> Self {
        assert_eq!(shape.len(), layers.len(), "`layers` should have one entry per axis");
        let axes = shape.iter().zip(layers).map(|(&n, &by)| AxisMap::pad(n, by)).collect();
        Self { axes }
    }

    /// Cuts `layers[axis] = [before, after]` points off: what undoes [`Resample::pad`] for
    /// models (its transpose is for gradients).
    ///
    /// # Panics
    /// If `layers` and `shape` differ in length, or leave nothing.
    pub fn crop(shape: &[usize], layers: &[[usize; 2]]) -> Self {
        assert_eq!(shape.len(), layers.len(), "`layers` should have one entry per axis");
        let axes = shape.iter().zip(layers).map(|(&n, &by)| AxisMap::crop(n, by)).collect();
        Self { axes }
    }

    /// Points per axis of what [`apply`](Self::apply) takes.
    pub fn shape_in(&self) -> Vec<usize> {
        self.axes.iter().map(AxisMap::inputs).collect()
    }

    /// Points per axis of what [`apply`](Self::apply) returns.
    pub fn shape_out(&self) -> Vec<usize> {
        self.axes.iter().map(AxisMap::outputs).collect()
    }

    /// The model on the other grid.
    ///
    /// # Panics
    /// If `model` has not the number of points of [`shape_in`](Self::shape_in).
    pub fn apply(&self, model: &[f64]) -> Vec<f64> {
        let mut shape = self.shape_in();
        assert_eq!(
            model.len(),
            shape.iter().product::<usize>(),
            "`model` should have the input shape"
        );
        let mut values = model.to_vec();
        for (axis, map) in self.axes.iter().enumerate() {
            values = along(&values, &mut shape, axis, map.outputs(), |i, o, inner| {
                map.gather(i, o, inner);
            });
        }
        values
    }

    /// The transpose of [`apply`](Self::apply): `⟨apply(x), y⟩ = ⟨x, apply_transposed(y)⟩`.
    ///
    /// # Panics
    /// If `dual` has not the number of points of [`shape_out`](Self::shape_out).
    pub fn apply_transposed(&self, dual: &[f64]) -> Vec<f64> {
        let mut shape = self.shape_out();
        assert_eq!(
            dual.len(),
            shape.iter().product::<usize>(),
            "`dual` should have the output shape"
        );
        let mut values = dual.to_vec();
        for (axis, map) in self.axes.iter().enumerate().rev() {
            values = along(&values, &mut shape, axis, map.inputs(), |i, o, inner| {
                map.scatter(i, o, inner);
            });
        }
        values
    }

    fn per_axis(
        from: &RegularGrid,
        to: &RegularGrid,
        make: impl Fn(axis::Samples, axis::Samples) -> AxisMap,
    ) -> Self {
        assert_eq!(from.shape.len(), to.shape.len(), "the grids should have equally many axes");
        let samples = |grid: &RegularGrid, axis: usize| axis::Samples {
            count: grid.shape[axis],
            spacing_m: grid.spacing_m[axis],
            origin_m: grid.origin_m[axis],
        };
        let axes = (0..from.shape.len()).map(|a| make(samples(from, a), samples(to, a))).collect();
        Self { axes }
    }
}

/// Applies `f` to every slab `[shape[axis]][inner]` of `values`, giving slabs `[new][inner]`.
fn along(
    values: &[f64],
    shape: &mut [usize],
    axis: usize,
    new: usize,
    f: impl Fn(&[f64], &mut [f64], usize),
) -> Vec<f64> {
    let inner: usize = shape[axis + 1..].iter().product();
    let outer: usize = shape[..axis].iter().product();
    let mut out = vec![0.0; outer * new * inner];
    let slabs = values.chunks_exact(shape[axis] * inner).zip(out.chunks_exact_mut(new * inner));
    for (from, to) in slabs {
        f(from, to, inner);
    }
    shape[axis] = new;
    out
}

#[cfg(test)]
mod tests;
