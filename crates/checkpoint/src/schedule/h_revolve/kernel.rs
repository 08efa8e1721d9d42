//! The inner loop of H-Revolve: a (min, +) convolution of a row with itself in the making.

/// Entries of a row that are computed side by side: as many as the vector registers of every
/// processor of the last twenty years hold, with some to spare for operands.
const BLOCK: usize = 24;

/// What a split costs in addition to its two parts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Split {
    /// Advancing one step.
    pub(crate) forward: f64,
    /// Reading the snapshot again.
    pub(crate) read: f64,
}

impl Split {
    /// The cost of a split behind `i + 1` steps, of which the first `i` cost `left` later on.
    pub(crate) fn price(self, i: usize, left: f64) -> f64 {
        left + ((i + 1) as f64 * self.forward + self.read)
    }
}

/// Fills `row` from `from` on, given the entries before:
///
/// ```text
/// row(l) = min(low(l), min over 0 <= i < l of (i + 1) uf + right(l - 1 - i) + r + row(i))
/// ```
///
/// All three are of the same length. Takes `l^2 / 2` additions and as many minima, nearly all of
/// them in blocks of entries whose minima stay in registers while `i` runs.
pub(crate) fn fill(row: &mut [f64], from: usize, low: &[f64], right: &[f64], split: Split) {
    let len = row.len();
    let mut left: Vec<f64> = Vec::with_capacity(len);
    left.extend(row[..from].iter().enumerate().map(|(i, &cost)| split.price(i, cost)));
    // The last block reaches beyond the end of the row.
    let mut padded = right.to_vec();
    padded.resize(len + BLOCK, f64::INFINITY);
    for start in (from..len).step_by(BLOCK) {
        let mut least = [f64::INFINITY; BLOCK];
        convolve(&mut least, &left, &padded);
        for (l, least) in (start..len).zip(least) {
            // What the entries of the block add to one another.
            let inside = left[start..].iter().zip(right[..l - start].iter().rev());
            let least = inside.map(|(left, right)| left + right).fold(least, f64::min);
            row[l] = least.min(low[l]);
            left.push(split.price(l, row[l]));
        }
    }
}

/// `least(t) = min over i of left(i) + right(left.len() - 1 - i + t)`, if not larger than before.
fn convolve(least: &mut [f64; BLOCK], left: &[f64], right: &[f64]) {
    let mut sums = *least;
    let windows = right[..left.len() + BLOCK - 1].windows(BLOCK).rev();
    for (left, right) in left.iter().zip(windows) {
        for (sum, right) in sums.iter_mut().zip(right) {
            // Not `f64::min`, whose care for NaN costs instructions.
            let candidate = left + right;
            *sum = if candidate < *sum { candidate } else { *sum };
        }
    }
    *least = sums;
}
