//! Sums over vectors in a fixed order.

/// Values per partial sum: errors grow with `BLOCK + n / BLOCK`, not with `n`.
const BLOCK: usize = 1024;

/// `Σ f(i)` for `i < n`, in blocks.
pub(super) fn sum(n: usize, f: impl Fn(usize) -> f64) -> f64 {
    (0..n).step_by(BLOCK).map(|start| (start..(start + BLOCK).min(n)).map(&f).sum::<f64>()).sum()
}

pub(super) fn norm(values: &[f64]) -> f64 {
    sum(values.len(), |i| values[i] * values[i]).sqrt()
}

pub(super) fn largest(values: impl Iterator<Item = f64>) -> f64 {
    values.fold(0.0, |a, b| a.max(b.abs()))
}
