//! Weights between sparse points and the grid around them.
//!
//! A point at the grid coordinate `x` (in cells, 0 at the first grid point) takes the value
//!
//! ```text
//! value(x) = sum over grid points i of w(i) u[i],   w(i) = product over dimensions of w_d(i_d)
//! ```
//!
//! * **linear**: `w_d(i) = 1 - |x_d - i|` on the two grid points around the point;
//! * **sinc** of radius `r`: `w_d(i) = sinc(s) I0(b sqrt(1 - (s/r)^2)) / I0(b)` with
//!   `s = x_d - i`, on `2 r` grid points. The width `b` of the Kaiser window grows with `r`: it
//!   trades the width of the pass band for the height of the side lobes (Hicks 2002,
//!   doi:10.1190/1.1451454, table 1). Largest error of interpolating `exp(i k x)`:
//!
//! | points per wavelength | linear | r = 2 | r = 4 | r = 6 | r = 8 |
//! |---|---|---|---|---|---|
//! | 8 | 8e-2 | 3e-2 | 1e-3 | 8e-5 | 3e-6 |
//! | 4 | 3e-1 | 4e-2 | 2e-3 | 9e-5 | 3e-6 |
//!
//! Invariants:
//!
//! * Weights of one dimension sum to one before those outside the grid are dropped.
//! * Outside the grid the function counts as zero: such grid points are dropped. A point may
//!   lie outside by less than the radius.
//! * A point on a grid point touches that one only, with weight exactly 1. "On" means within
//!   [`ON_NODE`] cells, which forgives the rounding of `x / h`.
//! * Weights are f64; who uses them rounds them to the working precision.
//!
//! Injection is the exact transpose with the same weights. It runs as a gather over the touched
//! grid points, which makes it deterministic: [`SparseTable::touched`] is that view.
//!
//! Cost of a table: 32 bytes per pair of point and touched grid point; `(2 r)^d` pairs a point.

use crate::program::Interpolation;

/// Distance, in cells, below which a point counts as lying on a grid point.
pub const ON_NODE: f64 = 1e-9;

/// Largest radius of a windowed sinc.
pub const MAX_RADIUS: u8 = 10;

/// Width `b` of the Kaiser window for the radii 1 to 10 (Hicks 2002, table 1, monopoles).
const KAISER: [f64; MAX_RADIUS as usize] =
    [1.24, 2.94, 4.53, 6.31, 7.91, 9.42, 10.95, 12.53, 14.09, 14.18];

/// Why points cannot be tied to a grid.
#[derive(Clone, PartialEq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PointError {
    /// A point with too many or too few coordinates.
    #[error("point {point} has {found} coordinates, the grid has {expected} dimensions")]
    Dimensions {
        /// Number of the point.
        point: usize,
        /// Its coordinates.
        found: usize,
        /// Dimensions of the grid.
        expected: usize,
    },
    /// A coordinate that is NaN or infinite.
    #[error("coordinate {dim} of point {point} is {coordinate}, which is not a finite number")]
    NotFinite {
        /// Number of the point.
        point: usize,
        /// Number of the dimension.
        dim: usize,
        /// The coordinate, in cells.
        coordinate: f64,
    },
    /// A point so far out that it touches no grid point.
    #[error(
        "point {point} lies at {coordinate} cells along dimension {dim}, outside the grid \
         0..={last} by {reach} cells or more, so that it touches no grid point\n  \
         help: move the point into the grid, or enlarge the grid"
    )]
    Outside {
        /// Number of the point.
        point: usize,
        /// Number of the dimension.
        dim: usize,
        /// The coordinate, in cells.
        coordinate: f64,
        /// Index of the last grid point.
        last: usize,
        /// Radius of the interpolation, in cells.
        reach: u8,
    },
    /// A sinc radius without a window.
    #[error("a sinc of radius {radius} has no weights; allowed are 1 to {MAX_RADIUS}")]
    Radius {
        /// The radius.
        radius: u8,
    },
}

/// One grid point that a sparse point touches.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Touch {
    /// Row-major index of the grid point.
    pub linear: usize,
    /// Its weight.
    pub weight: f64,
}

/// One sparse point that touches a grid point.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Share {
    /// Number of the sparse point.
    pub point: u32,
    /// Its weight.
    pub weight: f64,
}

/// The weights between a list of points and a grid, seen from either side.
#[derive(Clone, PartialEq, Debug)]
pub struct SparseTable {
    extents: Vec<usize>,
    /// `touches[starts[p]..starts[p + 1]]` belongs to point `p`.
    starts: Vec<usize>,
    touches: Vec<Touch>,
    /// Touched grid points, ascending; `shares[grid_starts[k]..grid_starts[k + 1]]` belongs to
    /// `grid[k]`.
    grid: Vec<usize>,
    grid_starts: Vec<usize>,
    shares: Vec<Share>,
}

impl SparseTable {
    /// The weights of points at the given coordinates, in cells from the first sample of the
    /// function (for a function staggered along a dimension: half a cell less than from the
    /// first grid node). Either view lists its entries in ascending order.
    ///
    /// # Errors
    /// A coordinate is missing, not finite, or outside the grid by the radius or more; the radius
    /// of a sinc is not in 1..=[`MAX_RADIUS`].
    pub fn new<P: AsRef<[f64]>>(
        points: &[P],
        extents: &[usize],
        interpolation: Interpolation,
    ) -> Result<Self, PointError> {
        if let Interpolation::Sinc { radius } = interpolation
            && !(1..=MAX_RADIUS).contains(&radius)
        {
            return Err(PointError::Radius { radius });
        }
        let (mut starts, mut touches) = (vec![0], Vec::new());
        for (number, point) in points.iter().enumerate() {
            check_point(number, point.as_ref(), extents, reach(interpolation))?;
            let axes: Vec<Vec<(usize, f64)>> = point
                .as_ref()
                .iter()
                .zip(extents)
                .map(|(&x, &n)| weights_inside(x, n, interpolation))
                .collect();
            push_products(&axes, extents, &mut touches);
            starts.push(touches.len());
        }
        Ok(Self::with_transpose(extents.to_vec(), starts, touches))
    }

    fn with_transpose(extents: Vec<usize>, starts: Vec<usize>, touches: Vec<Touch>) -> Self {
        let mut pairs: Vec<(usize, Share)> = Vec::with_capacity(touches.len());
        for (point, range) in starts.windows(2).enumerate() {
            for touch in &touches[range[0]..range[1]] {
                let share = Share { point: point as u32, weight: touch.weight };
                pairs.push((touch.linear, share));
            }
        }
        // Stable: shares of one grid point stay in ascending order of points.
        pairs.sort_by_key(|&(linear, _)| linear);
        let (mut grid, mut grid_starts): (Vec<usize>, Vec<usize>) = (Vec::new(), Vec::new());
        let mut shares = Vec::with_capacity(pairs.len());
        for (linear, share) in pairs {
            if grid.last() != Some(&linear) {
                grid.push(linear);
                grid_starts.push(shares.len());
            }
            shares.push(share);
        }
        grid_starts.push(shares.len());
        Self { extents, starts, touches, grid, grid_starts, shares }
    }

    /// Number of sparse points.
    pub fn points(&self) -> usize {
        self.starts.len() - 1
    }

    /// Extents of the grid.
    pub fn extents(&self) -> &[usize] {
        &self.extents
    }

    /// The grid points that a sparse point touches, in ascending order.
    ///
    /// # Panics
    /// If `point` is not below [`points`](Self::points).
    pub fn of_point(&self, point: usize) -> &[Touch] {
        &self.touches[self.starts[point]..self.starts[point + 1]]
    }

    /// The touched grid points (row-major index) in ascending order, each with the sparse points
    /// that touch it in ascending order.
    pub fn touched(&self) -> impl ExactSizeIterator<Item = (usize, &[Share])> {
        self.grid
            .iter()
            .zip(self.grid_starts.windows(2))
            .map(|(&linear, range)| (linear, &self.shares[range[0]..range[1]]))
    }

    /// The index per dimension of a row-major index, written into `index`.
    pub fn unravel(&self, linear: usize, index: &mut [usize]) {
        let mut rest = linear;
        for (i, &n) in index.iter_mut().zip(&self.extents).rev() {
            *i = rest % n;
            rest /= n;
        }
    }
}

/// Half the number of grid points per dimension.
fn reach(interpolation: Interpolation) -> u8 {
    match interpolation {
        Interpolation::Linear => 1,
        Interpolation::Sinc { radius } => radius,
    }
}

fn check_point(
    point: usize,
    coordinates: &[f64],
    extents: &[usize],
    reach: u8,
) -> Result<(), PointError> {
    let (found, expected) = (coordinates.len(), extents.len());
    if found != expected {
        return Err(PointError::Dimensions { point, found, expected });
    }
    for (dim, (&coordinate, &n)) in coordinates.iter().zip(extents).enumerate() {
        if !coordinate.is_finite() {
            return Err(PointError::NotFinite { point, dim, coordinate });
        }
        let last = n.saturating_sub(1);
        let x = on_node(coordinate).unwrap_or(coordinate);
        if n == 0 || x <= -f64::from(reach) || x >= last as f64 + f64::from(reach) {
            return Err(PointError::Outside { point, dim, coordinate, last, reach });
        }
    }
    Ok(())
}

/// The grid coordinate of the node that `x` lies on, if it does.
fn on_node(x: f64) -> Option<f64> {
    let node = x.round();
    ((x - node).abs() <= ON_NODE).then_some(node)
}

/// Indices and weights along one dimension, ascending, those outside `0..n` dropped.
fn weights_inside(x: f64, n: usize, interpolation: Interpolation) -> Vec<(usize, f64)> {
    weights(x, interpolation)
        .into_iter()
        .filter(|&(i, w)| w != 0.0 && (0..n as i64).contains(&i))
        .map(|(i, w)| (i as usize, w))
        .collect()
}

/// Indices and weights along one dimension, ascending, summing to one.
fn weights(x: f64, interpolation: Interpolation) -> Vec<(i64, f64)> {
    if let Some(node) = on_node(x) {
        return vec![(node as i64, 1.0)];
    }
    let below = x.floor() as i64;
    match interpolation {
        Interpolation::Linear => {
            let fraction = x - below as f64;
            vec![(below, 1.0 - fraction), (below + 1, fraction)]
        }
        Interpolation::Sinc { radius } => {
            let r = i64::from(radius);
            let raw: Vec<(i64, f64)> = (below - r + 1..=below + r)
                .map(|i| (i, windowed_sinc(x - i as f64, radius)))
                .collect();
            let sum: f64 = raw.iter().map(|&(_, w)| w).sum();
            raw.into_iter().map(|(i, w)| (i, w / sum)).collect()
        }
    }
}

/// `sinc(s)` times the Kaiser window of the radius; `|s| < radius`.
fn windowed_sinc(s: f64, radius: u8) -> f64 {
    let b = KAISER[usize::from(radius) - 1];
    let t = s / f64::from(radius);
    let angle = std::f64::consts::PI * s;
    let window = bessel_i0(b * (1.0 - t * t).max(0.0).sqrt()) / bessel_i0(b);
    window * angle.sin() / angle
}

/// Modified Bessel function of the first kind and order 0, by its power series: terms are
/// positive, and below `x = 15` forty of them reach rounding.
fn bessel_i0(x: f64) -> f64 {
    let quarter = x * x / 4.0;
    let (mut sum, mut term) = (1.0, 1.0);
    for k in 1..60 {
        term *= quarter / f64::from(k * k);
        sum += term;
    }
    sum
}

/// Appends the products of the weights per dimension, in row-major order.
fn push_products(axes: &[Vec<(usize, f64)>], extents: &[usize], touches: &mut Vec<Touch>) {
    let mut products = vec![Touch { linear: 0, weight: 1.0 }];
    for (axis, &n) in axes.iter().zip(extents) {
        products = products
            .iter()
            .flat_map(|outer| {
                axis.iter().map(move |&(i, w)| Touch {
                    linear: outer.linear * n + i,
                    weight: outer.weight * w,
                })
            })
            .collect();
    }
    touches.extend(products);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(points: &[Vec<f64>], extents: &[usize], how: Interpolation) -> SparseTable {
        SparseTable::new(points, extents, how).expect("points should be inside")
    }

    fn touches(table: &SparseTable, point: usize) -> Vec<(usize, f64)> {
        table.of_point(point).iter().map(|t| (t.linear, t.weight)).collect()
    }

    #[test]
    fn a_point_on_a_node_touches_that_node_only() {
        for how in [Interpolation::Linear, Interpolation::Sinc { radius: 4 }] {
            let table = table(&[vec![2.0, 0.3 / 0.1]], &[5, 5], how);
            assert_eq!(touches(&table, 0), [(13, 1.0)]);
        }
    }

    #[test]
    fn linear_weights_are_products() {
        let table = table(&[vec![1.25, 2.5]], &[4, 4], Interpolation::Linear);
        assert_eq!(touches(&table, 0), [(6, 0.375), (7, 0.375), (10, 0.125), (11, 0.125)]);
    }

    #[test]
    fn grid_points_outside_are_dropped_without_renormalising() {
        let table = table(&[vec![-0.25], vec![3.75]], &[4], Interpolation::Linear);
        assert_eq!(touches(&table, 0), [(0, 0.75)]);
        assert_eq!(touches(&table, 1), [(3, 0.25)]);
    }

    #[test]
    fn weights_sum_to_one_inside() {
        for radius in 1..=MAX_RADIUS {
            let how = Interpolation::Sinc { radius };
            let table = table(&[vec![20.3, 19.7]], &[40, 40], how);
            let sum: f64 = table.of_point(0).iter().map(|t| t.weight).sum();
            // Two normalisations and (2 r)^2 additions, each with one rounding.
            let operations = 4.0 * f64::from(radius) * f64::from(radius) + 4.0 * 20.0;
            assert!((sum - 1.0).abs() <= operations * f64::EPSILON, "{radius}: {sum}");
            let count = 4 * usize::from(radius) * usize::from(radius);
            assert_eq!(table.of_point(0).len(), count);
        }
    }

    #[test]
    fn the_transposed_view_holds_the_same_pairs() {
        let points = [vec![1.25, 2.5], vec![1.5, 2.0], vec![0.0, 0.0]];
        let table = table(&points, &[4, 4], Interpolation::Linear);
        let mut from_grid: Vec<(u32, usize, u64)> = Vec::new();
        let mut last = None;
        for (linear, shares) in table.touched() {
            assert!(last < Some(linear));
            last = Some(linear);
            assert!(shares.windows(2).all(|pair| pair[0].point < pair[1].point));
            from_grid.extend(shares.iter().map(|s| (s.point, linear, s.weight.to_bits())));
        }
        from_grid.sort_unstable();
        let from_points: Vec<(u32, usize, u64)> = (0..3)
            .flat_map(|p| table.of_point(p).iter().map(move |t| (p, t)))
            .map(|(p, t)| (p as u32, t.linear, t.weight.to_bits()))
            .collect();
        assert_eq!(from_grid, from_points);
    }

    #[test]
    fn unravel_inverts_row_major_order() {
        let table = table(&[], &[3, 4, 5], Interpolation::Linear);
        let mut index = [0; 3];
        table.unravel(33, &mut index);
        assert_eq!(index, [1, 2, 3]);
    }

    #[test]
    fn errors_say_what_is_allowed() {
        let error = |point: Vec<f64>, how| {
            SparseTable::new(&[point], &[4], how).expect_err("should fail").to_string()
        };
        let linear = Interpolation::Linear;
        assert!(error(vec![1.0, 2.0], linear).contains("2 coordinates, the grid has 1"));
        assert!(error(vec![f64::NAN], linear).contains("not a finite number"));
        assert!(error(vec![-1.0], linear).contains("outside the grid 0..=3 by 1 cells"));
        assert!(error(vec![4.0], linear).contains("help: move the point"));
        assert!(error(vec![1.5], Interpolation::Sinc { radius: 11 }).contains("1 to 10"));
        assert!(error(vec![1.5], Interpolation::Sinc { radius: 0 }).contains("1 to 10"));
    }

    /// Largest error over a cell of interpolating `exp(i k x)`, with `k` at `fraction` of the
    /// Nyquist wavenumber.
    fn error_at(fraction: f64, how: Interpolation) -> f64 {
        let k = std::f64::consts::PI * fraction;
        let error = |x: f64| {
            let table = table(&[vec![x]], &[41], how);
            let sum = |wave: fn(f64) -> f64| -> f64 {
                let terms = table.of_point(0).iter().map(|t| t.weight * wave(k * t.linear as f64));
                terms.sum::<f64>() - wave(k * x)
            };
            sum(f64::cos).hypot(sum(f64::sin))
        };
        (0..=20).map(|step| error(20.0 + f64::from(step) / 20.0)).fold(0.0, f64::max)
    }

    /// At a quarter of Nyquist (8 points per wavelength) linear weights err by `1 - cos(k / 2)`.
    /// The sinc errors are those of the table in the module documentation, computed apart from
    /// this code and rounded up.
    #[test]
    fn sinc_is_accurate_for_band_limited_signals() {
        let linear = error_at(0.25, Interpolation::Linear);
        let expected = 1.0 - (std::f64::consts::PI / 8.0).cos();
        assert!((linear - expected).abs() <= 8.0 * f64::EPSILON, "{linear}");
        let sinc = |fraction, radius| error_at(fraction, Interpolation::Sinc { radius });
        for (radius, quarter, half) in
            [(2, 3.5e-2, 4.4e-2), (4, 1.2e-3, 1.8e-3), (6, 9e-5, 9e-5), (8, 4e-6, 4e-6)]
        {
            let (at_quarter, at_half) = (sinc(0.25, radius), sinc(0.5, radius));
            assert!(at_quarter <= quarter, "radius {radius}, quarter: {at_quarter:e}");
            assert!(at_half <= half, "radius {radius}, half: {at_half:e}");
        }
    }
}
