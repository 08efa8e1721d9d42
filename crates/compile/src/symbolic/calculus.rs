//! Vector calculus on staggered grids: gradients, divergences, curls, means between samples.
//!
//! First derivatives of these operators lie half a cell beside the samples of their argument, where
//! a centred difference is most accurate: along a dimension in which the argument sits on the nodes,
//! half a cell further; in which it sits half a cell further, on the nodes. The derivative and its
//! partner the other way are each other's negative transpose, so that `div` is minus the transpose
//! of `grad`, and operators such as `div(b grad u)` are symmetric. Virieux, *P-SV wave propagation in
//! heterogeneous media*, Geophysics 51 (1986), doi:10.1190/1.1442147.

use super::expression::{Expression, Node};
use super::vector::{TensorExpression, VectorExpression};

/// Accuracy of derivatives of what contains no function.
const LEAST_ACCURACY: usize = 2;

impl Expression {
    /// The largest space order of the functions in it, the accuracy of its derivatives.
    pub fn space_order(&self) -> usize {
        let mut order = LEAST_ACCURACY;
        self.visit(&mut |node| {
            if let Node::Access { function, .. } = node {
                order = order.max(function.space_order);
            }
        });
        order
    }

    /// First derivative along dimension number `dim`, half a cell beside the samples: half a cell
    /// further for what sits on the nodes, on the nodes for what sits half a cell further. Of the
    /// space order of the functions in it.
    #[must_use]
    pub fn staggered_derivative(&self, dim: usize) -> Self {
        self.derivative_at(dim, 1, self.space_order(), other_side(self.half_cells(dim)))
    }

    /// Mean of the two neighbours along dimension number `dim`, half a cell beside the samples.
    #[must_use]
    pub fn mean(&self, dim: usize) -> Self {
        let at = other_side(self.half_cells(dim));
        Self::new(Node::Derivative { arg: self.clone(), dim, order: 0, accuracy: 2, at })
    }

    /// The same quantity where the samples of `place` sit: the mean of two neighbours along every
    /// dimension in which the two differ.
    #[must_use]
    pub fn at(&self, place: impl Into<Self>) -> Self {
        let (Ok(from), Ok(to)) = (self.located(), place.into().located()) else {
            // The discretisation tells what sits apart.
            return self.clone();
        };
        let differ =
            from.0.iter().zip(to.0).enumerate().filter_map(|(d, (a, b))| {
                matches!((a, b), (Some(a), Some(b)) if *a != b).then_some(d)
            });
        differ.fold(self.clone(), |value, d| value.mean(d))
    }

    /// The same numbers, taken as samples where those of `place` sit, up to half a cell away: an error
    /// of first order in the spacing, unless a scheme makes up for it elsewhere.
    #[must_use]
    pub fn taken_at(&self, place: impl Into<Self>) -> Self {
        let place = place.into();
        Self::new(Node::Taken { arg: self.clone(), place: place.located().unwrap_or_default() })
    }

    /// As [`at`](Self::at), by the harmonic mean: for moduli that act in series, such as the shear
    /// modulus at a shear stress (Moczo et al. 2002, doi:10.1785/0120010167).
    #[must_use]
    pub fn harmonic_at(&self, place: impl Into<Self>) -> Self {
        let place = place.into();
        let apart = matches!((self.located(), place.located()), (Ok(a), Ok(b)) if !a.agrees(b));
        if apart { 1.0 / (1.0 / self.clone()).at(place) } else { self.clone() }
    }
}

/// From the nodes half a cell further, and back.
fn other_side(half_cells: i8) -> i8 {
    if half_cells > 0 { -1 } else { 1 }
}

/// The gradient of a scalar over `dims` dimensions: component d half a cell beside it along d.
pub fn grad(scalar: impl Into<Expression>, dims: usize) -> VectorExpression {
    let scalar = scalar.into();
    VectorExpression::new((0..dims).map(|d| scalar.staggered_derivative(d)).collect())
}

/// The divergence of a vector.
pub fn div(vector: impl Into<VectorExpression>) -> Expression {
    let vector = vector.into();
    let terms = vector.components().iter().enumerate().map(|(d, v)| v.staggered_derivative(d));
    Expression::sum(terms.collect())
}

/// The divergence of a symmetric tensor, row by row.
pub fn div_tensor(tensor: impl Into<TensorExpression>) -> VectorExpression {
    let tensor = tensor.into();
    let dims = tensor.dims();
    let row = |i| {
        Expression::sum((0..dims).map(|j| tensor.component(i, j).staggered_derivative(j)).collect())
    };
    VectorExpression::new((0..dims).map(row).collect())
}

/// The symmetric gradient of a vector, `(d_i v_j + d_j v_i) / 2`: strain of a displacement.
pub fn symmetric_grad(vector: impl Into<VectorExpression>) -> TensorExpression {
    let vector = vector.into();
    let v = vector.components();
    TensorExpression::from_fn(v.len(), |i, j| {
        if i == j {
            v[i].staggered_derivative(i)
        } else {
            0.5 * (v[j].staggered_derivative(i) + v[i].staggered_derivative(j))
        }
    })
}

/// The curl of a vector of three dimensions.
///
/// # Panics
/// If it has not three components.
pub fn curl(vector: impl Into<VectorExpression>) -> VectorExpression {
    let vector = vector.into();
    let v = vector.components();
    assert_eq!(v.len(), 3, "the curl is of vectors of three dimensions; see `curl_2d`");
    let component = |d: usize| {
        let (i, j) = ((d + 1) % 3, (d + 2) % 3);
        v[j].staggered_derivative(i) - v[i].staggered_derivative(j)
    };
    VectorExpression::new((0..3).map(component).collect())
}

/// The curl of a vector in a plane, `d_0 v_1 - d_1 v_0`: its component across the plane.
///
/// # Panics
/// If it has not two components.
pub fn curl_2d(vector: impl Into<VectorExpression>) -> Expression {
    let vector = vector.into();
    let v = vector.components();
    assert_eq!(v.len(), 2, "the curl in a plane is of vectors of two dimensions");
    v[1].staggered_derivative(0) - v[0].staggered_derivative(1)
}
