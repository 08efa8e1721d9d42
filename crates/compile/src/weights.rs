//! Finite-difference weights of any order.

/// Weights `w[k]` with `f^(order)(x0) = sum_k w[k] f(nodes[k])`, exact for polynomials of degree
/// below `nodes.len()`.
///
/// Fornberg, *Generation of finite difference formulas on arbitrarily spaced grids*, Math. Comp.
/// 51 (1988), doi:10.1090/S0025-5718-1988-0935077-0. Cost: `order * nodes.len()^2` operations.
///
/// # Panics
/// If there are not more nodes than `order`.
pub fn fornberg(order: usize, nodes: &[f64], x0: f64) -> Vec<f64> {
    let n = nodes.len();
    assert!(n > order, "a derivative of order {order} should have more than {order} nodes");
    // c[k][j]: weight of node j for the k-th derivative, over the nodes seen so far.
    let mut c = vec![vec![0.0; n]; order + 1];
    c[0][0] = 1.0;
    let mut product = 1.0;
    let mut distance = nodes[0] - x0;
    for i in 1..n {
        let highest = order.min(i);
        let mut next_product = 1.0;
        let previous = distance;
        distance = nodes[i] - x0;
        for j in 0..i {
            let gap = nodes[i] - nodes[j];
            next_product *= gap;
            if j + 1 == i {
                for k in (0..=highest).rev() {
                    let lower = if k > 0 { k as f64 * c[k - 1][i - 1] } else { 0.0 };
                    c[k][i] = product * (lower - previous * c[k][i - 1]) / next_product;
                }
            }
            for k in (0..=highest).rev() {
                let lower = if k > 0 { k as f64 * c[k - 1][j] } else { 0.0 };
                c[k][j] = (distance * c[k][j] - lower) / gap;
            }
        }
        product = next_product;
    }
    c.swap_remove(order)
}

/// Positions, in half cells, of the nodes of a centred derivative of the given order and accuracy.
///
/// The derivative is wanted `at` half cells from the sample of its argument: even: between two
/// nodes symmetric about a sample, odd: symmetric about a midpoint (staggered).
pub(crate) fn centred_nodes(order: usize, accuracy: usize, at: i8) -> Vec<i8> {
    if at.rem_euclid(2) == 0 {
        let radius = (accuracy / 2 + order.div_ceil(2) - 1) as i8;
        (-radius..=radius).map(|k| at + 2 * k).collect()
    } else {
        let half = (accuracy / 2 + order / 2) as i8;
        (-half..half).map(|k| at + 2 * k + 1).collect()
    }
}

/// Weights over [`centred_nodes`], made exactly (anti)symmetric: `w[-k] = +-w[k]`.
pub(crate) fn centred_weights(order: usize, nodes: &[i8], at: i8) -> Vec<f64> {
    let positions: Vec<f64> = nodes.iter().map(|&k| f64::from(k - at) / 2.0).collect();
    let raw = fornberg(order, &positions, 0.0);
    let sign = if order.is_multiple_of(2) { 1.0 } else { -1.0 };
    let n = raw.len();
    (0..n).map(|k| 0.5 * (raw[k] + sign * raw[n - 1 - k])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_of_the_second_derivative_are_the_known_fractions() {
        let w = fornberg(2, &[-2.0, -1.0, 0.0, 1.0, 2.0], 0.0);
        let known = [-1.0 / 12.0, 4.0 / 3.0, -2.5, 4.0 / 3.0, -1.0 / 12.0];
        for (a, b) in w.iter().zip(known) {
            // 5 nodes: some 60 operations on numbers of order one.
            assert!((a - b).abs() <= 60.0 * f64::EPSILON, "{w:?}");
        }
    }

    /// A formula with n nodes is exact for polynomials of degree n - 1; the bound counts the
    /// operations of the recurrence and scales with the sum of the absolute terms.
    #[test]
    fn weights_are_exact_on_polynomials() {
        for order in 1..=4 {
            for accuracy in (2..=16).step_by(2) {
                for at in [0, 1] {
                    let nodes = centred_nodes(order, accuracy, at);
                    let w = centred_weights(order, &nodes, at);
                    for degree in 0..order + accuracy {
                        let terms = nodes
                            .iter()
                            .zip(&w)
                            .map(|(&x, w)| w * (f64::from(x - at) / 2.0).powi(degree as i32));
                        let exact = if degree == order {
                            (1..=order).product::<usize>() as f64
                        } else {
                            0.0
                        };
                        let scale: f64 = terms.clone().map(f64::abs).sum::<f64>() + exact;
                        let error = (terms.sum::<f64>() - exact).abs();
                        let operations = (6 * nodes.len() * nodes.len()) as f64;
                        assert!(
                            error <= operations * f64::EPSILON * scale,
                            "order {order} accuracy {accuracy} at {at} degree {degree}: {error:e}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn radii_are_the_customary_ones() {
        assert_eq!(centred_nodes(2, 8, 0), vec![-8, -6, -4, -2, 0, 2, 4, 6, 8]);
        assert_eq!(centred_nodes(1, 8, 0), vec![-8, -6, -4, -2, 0, 2, 4, 6, 8]);
        assert_eq!(centred_nodes(1, 4, 1), vec![-2, 0, 2, 4]);
    }
}
