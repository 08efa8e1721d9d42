//! Blocks of a grid, and what lies in them.

use std::ops::Range;

use retrograd_ir::DimSet;

/// The sides of a block of so many points, as long as each other where the grid is.
pub(super) fn sides(shape: &[usize], most_points: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..shape.len()).collect();
    order.sort_by_key(|d| shape[*d]);
    let mut side = vec![1; shape.len()];
    let mut left = most_points.max(1) as f64;
    for (place, &d) in order.iter().enumerate() {
        let equal = left.powf(1.0 / (shape.len() - place) as f64);
        // A wave needs some points either way.
        side[d] = (equal.round() as usize).max(16).min(shape[d]);
        left /= side[d] as f64;
    }
    side
}

/// The indices of a point by its place in row-major order.
pub(super) fn node(at: usize, shape: &[usize]) -> Vec<usize> {
    let mut rest = at;
    let mut node: Vec<usize> = shape
        .iter()
        .rev()
        .map(|n| {
            let index = rest % n;
            rest /= n;
            index
        })
        .collect();
    node.reverse();
    node
}

/// A block with such sides about a point, moved into the grid.
pub(super) fn around(point: &[usize], side: &[usize], shape: &[usize]) -> Vec<Range<usize>> {
    let range = |((at, side), n): ((&usize, &usize), &usize)| {
        let low = at.saturating_sub(side / 2).min(n - side);
        low..low + side
    };
    point.iter().zip(side).zip(shape).map(range).collect()
}

/// Sets values in a block to zero.
pub(super) fn clear(values: &mut [f64], block: &[Range<usize>], shape: &[usize]) {
    for (at, value) in values.iter_mut().enumerate() {
        if node(at, shape).iter().zip(block).all(|(index, range)| range.contains(index)) {
            *value = 0.0;
        }
    }
}

/// The part of a function in a block; it may lack dimensions.
pub(super) fn cut(
    values: &[f64],
    dims: DimSet,
    shape: &[usize],
    block: &[Range<usize>],
) -> Vec<f64> {
    let own: Vec<usize> = dims.iter().collect();
    let extents: Vec<usize> = own.iter().map(|d| shape[*d]).collect();
    let inside = |at: usize| {
        let node = node(at, &extents);
        node.iter().zip(&own).all(|(index, d)| block[*d].contains(index))
    };
    values.iter().enumerate().filter(|(at, _)| inside(*at)).map(|(_, value)| *value).collect()
}
