//! The inner loop of H-Revolve: a (min, +) convolution of a row with itself in the making.
//!
//! ```text
//! row(l) = min(low(l), min over i + j = l - 1 of left(i) + right(j))
//! left(i) = (i + 1) uf + r + row(i)
//! ```
//!
//! Entries are computed in blocks, whose minima stay in registers while `i` runs. Chunks of `i`
//! are left out where no entry of the block can have its minimum there: for any slope `s`,
//!
//! ```text
//! left(i) + right(j) >= s (l - 1) + min over the chunk of (left(i) - s i)
//!                                 + min over the chunk's j of (right(j) - s j)
//! ```
//!
//! which is sharp for costs that rise by about `s` per step. Nothing is assumed of their shape.

use std::ops::Range;

/// Entries of a row that are computed side by side: as many as the vector registers of every
/// 64-bit processor hold, with some to spare for operands.
const BLOCK: usize = 24;

/// Values of `i` that are left out together.
const CHUNK: usize = 128;

/// By how much, in parts of its magnitude, a bound may be wrong by rounding, generously.
const ROUNDING: f64 = 1e-12;

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

/// Fills `row` from `from` on, at least 1, given the entries before; `low` and `right` are of the
/// same length. Takes `l^2 / 2` additions and as many minima at most.
pub(crate) fn fill(row: &mut [f64], from: usize, low: &[f64], right: &[f64], split: Split) {
    let len = row.len();
    let slope = typical_slope(right);
    let mut left = Costs::new(slope, len);
    row[..from].iter().enumerate().for_each(|(i, &cost)| left.push(split.price(i, cost)));
    let mut right = right.iter().fold(Costs::new(slope, len + BLOCK), |mut all, &cost| {
        all.push(cost);
        all
    });
    // The last block reaches beyond the end of the row.
    right.values.resize(len + BLOCK, f64::INFINITY);
    let mut first = 0;
    for start in (from..len).step_by(BLOCK) {
        let mut block = Block { least: [f64::INFINITY; BLOCK], ceiling: f64::INFINITY };
        first = block.search(&left, &right, first);
        for (l, least) in (start..len).zip(block.least) {
            // What the entries of the block add to one another.
            let inside = left.values[start..].iter().zip(right.values[..l - start].iter().rev());
            let least = inside.map(|(left, right)| left + right).fold(least, f64::min);
            row[l] = least.min(low[l]);
            left.push(split.price(l, row[l]));
        }
    }
}

/// What an entry is above the one before, over the upper half of a row. Any number would do.
fn typical_slope(row: &[f64]) -> f64 {
    let (middle, last) = (row.len() / 2, row.len() - 1);
    let slope = (row[last] - row[middle]) / (last - middle).max(1) as f64;
    if slope.is_finite() { slope } else { 0.0 }
}

/// Costs by index, and the least `cost(i) - slope i` of each chunk.
struct Costs {
    values: Vec<f64>,
    slope: f64,
    chunks: Vec<f64>,
}

impl Costs {
    fn new(slope: f64, capacity: usize) -> Self {
        let chunks = Vec::with_capacity(capacity / CHUNK + 1);
        Self { values: Vec::with_capacity(capacity), slope, chunks }
    }

    fn push(&mut self, cost: f64) {
        let i = self.values.len();
        let flat = cost - self.slope * i as f64;
        match self.chunks.last_mut() {
            Some(chunk) if !i.is_multiple_of(CHUNK) => *chunk = chunk.min(flat),
            Some(_) | None => self.chunks.push(flat),
        }
        self.values.push(cost);
    }

    /// The least `cost(i) - slope i` of the chunks that a range reaches into.
    fn least(&self, range: &Range<usize>) -> f64 {
        let chunks = range.start / CHUNK..range.end.div_ceil(CHUNK).min(self.chunks.len());
        self.chunks[chunks].iter().copied().fold(f64::INFINITY, f64::min)
    }
}

/// Entries of a row in the making, from that of the number of `left` costs on.
struct Block {
    least: [f64; BLOCK],
    /// The greatest `least(t) - slope t`.
    ceiling: f64,
}

impl Block {
    /// Takes all chunks of `left` into account, from `first` outwards; returns the one that was
    /// best, which the next block had better begin with.
    fn search(&mut self, left: &Costs, right: &Costs, first: usize) -> usize {
        let chunks = left.chunks.len();
        let base = left.slope * (left.values.len() - 1) as f64;
        let mut best = first;
        for distance in 0..chunks {
            let above = Some(first + distance).filter(|&chunk| chunk < chunks);
            let below = first.checked_sub(distance).filter(|_| distance > 0);
            for chunk in [above, below].into_iter().flatten() {
                let (i, j) = Self::ranges(chunk, left.values.len());
                let bound = base + left.chunks[chunk] + right.least(&j);
                if bound - ROUNDING * (bound.abs() + base.abs()) >= self.ceiling {
                    continue;
                }
                let before = self.least[0];
                convolve(&mut self.least, &left.values[i], &right.values[j]);
                let flat = self.least.iter().enumerate().map(|(t, c)| c - left.slope * t as f64);
                self.ceiling = flat.fold(f64::NEG_INFINITY, f64::max);
                if self.least[0] < before {
                    best = chunk;
                }
            }
        }
        best
    }

    /// The indices on the left that a chunk holds, and those on the right that go with them in
    /// a block behind `len` entries.
    fn ranges(chunk: usize, len: usize) -> (Range<usize>, Range<usize>) {
        let left = chunk * CHUNK..((chunk + 1) * CHUNK).min(len);
        let right = len - left.end..len - left.start - 1 + BLOCK;
        (left, right)
    }
}

/// `least(t) = min over i of left(i) + right(left.len() - 1 - i + t)`, if not larger than before.
fn convolve(least: &mut [f64; BLOCK], left: &[f64], right: &[f64]) {
    let mut sums = *least;
    for (left, right) in left.iter().zip(right.windows(BLOCK).rev()) {
        for (sum, right) in sums.iter_mut().zip(right) {
            // Not `f64::min`, whose care for NaN costs instructions.
            let candidate = left + right;
            *sum = if candidate < *sum { candidate } else { *sum };
        }
    }
    *least = sums;
}
