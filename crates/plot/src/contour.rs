//! Lines of equal value.

use crate::Array2;

/// A piece of a contour in fractional indices of axis 0 and axis 1.
pub(crate) type Piece = [[f64; 2]; 2];

/// Marching squares: where the bilinear field through the values crosses `level`. A square that
/// touches a value that is not finite has no contour. Saddles are split by the mean of the
/// four corners.
pub(crate) fn pieces(data: &Array2, level: f64) -> Vec<Piece> {
    let [rows, columns] = data.shape();
    let value = |i: usize, j: usize| data.values()[i * columns + j];
    let mut found = Vec::new();
    for i in 0..rows.saturating_sub(1) {
        for j in 0..columns.saturating_sub(1) {
            let corners =
                [(i, j), (i + 1, j), (i + 1, j + 1), (i, j + 1)].map(|(i, j)| (i, j, value(i, j)));
            if corners.iter().all(|c| c.2.is_finite()) {
                square(&corners, level, &mut found);
            }
        }
    }
    found
}

fn square(corners: &[(usize, usize, f64); 4], level: f64, found: &mut Vec<Piece>) {
    let crossing = |k: usize| {
        let (a, b) = (corners[k], corners[(k + 1) % 4]);
        ((a.2 >= level) != (b.2 >= level)).then(|| {
            let share = (level - a.2) / (b.2 - a.2);
            let along = |a: usize, b: usize| a as f64 + (b as f64 - a as f64) * share;
            [along(a.0, b.0), along(a.1, b.1)]
        })
    };
    let edges: Vec<[f64; 2]> = (0..4).filter_map(crossing).collect();
    match edges[..] {
        [a, b] => found.push([a, b]),
        [a, b, c, d] => {
            let middle = corners.iter().map(|c| c.2).sum::<f64>() / 4.0;
            // Each corner on the other side than the middle is cut off by itself.
            if (middle >= level) == (corners[0].2 >= level) {
                found.extend([[a, b], [c, d]]);
            } else {
                found.extend([[d, a], [b, c]]);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_linear_field_has_a_straight_contour() {
        let values: Vec<f64> = (0..20).map(|k| f64::from(k % 5)).collect();
        let data = Array2::new(&values, [4, 5]).expect("shape");
        let found = pieces(&data, 2.25);
        assert_eq!(found.len(), 3);
        assert!(found.iter().flatten().all(|p| (p[1] - 2.25).abs() < 1e-12));
    }

    #[test]
    fn constant_and_missing_values_have_none() {
        for v in [3.0, f64::NAN] {
            let data = Array2::new(&[v; 9], [3, 3]).expect("shape");
            assert!(pieces(&data, 3.0).is_empty());
        }
    }
}
