//! A sparse matrix along one axis, whose rows are short runs of weights.

/// Positions along one axis.
#[derive(Clone, Copy)]
pub(super) struct Samples {
    pub(super) count: usize,
    pub(super) spacing_m: f64,
    pub(super) origin_m: f64,
}

/// Output `i` is `Σ_k weights[i][k] in[first + k]`.
#[derive(Clone, Debug)]
pub(super) struct AxisMap {
    inputs: usize,
    rows: Vec<Row>,
}

#[derive(Clone, Debug)]
struct Row {
    first: usize,
    weights: Vec<f64>,
}

impl AxisMap {
    pub(super) fn inputs(&self) -> usize {
        self.inputs
    }

    pub(super) fn outputs(&self) -> usize {
        self.rows.len()
    }

    pub(super) fn linear(from: Samples, to: Samples) -> Self {
        let last = from.count - 1;
        let row = |i: usize| {
            let x_m = to.origin_m + i as f64 * to.spacing_m;
            let at = ((x_m - from.origin_m) / from.spacing_m).clamp(0.0, last as f64);
            let first = (at.floor() as usize).min(last);
            let right = at - first as f64;
            // A weight that is zero touches no point.
            let weights = if right == 0.0 { vec![1.0] } else { vec![1.0 - right, right] };
            Row { first, weights }
        };
        Self { inputs: from.count, rows: (0..to.count).map(row).collect() }
    }

    pub(super) fn cell_average(from: Samples, to: Samples) -> Self {
        let row = |i: usize| {
            // Bounds of the cell, counted in cells of `from` from the left end of its first one.
            let in_cells = |x_m: f64| (x_m - from.origin_m) / from.spacing_m + 0.5;
            let x_m = to.origin_m + i as f64 * to.spacing_m;
            let (a, b) = (in_cells(x_m - to.spacing_m / 2.0), in_cells(x_m + to.spacing_m / 2.0));
            overlaps(a, b, from.count)
        };
        Self { inputs: from.count, rows: (0..to.count).map(row).collect() }
    }

    pub(super) fn pad(count: usize, [before, after]: [usize; 2]) -> Self {
        assert!(count > 0, "an axis should have points to repeat");
        let row = |i: usize| pick(i.saturating_sub(before).min(count - 1));
        Self { inputs: count, rows: (0..before + count + after).map(row).collect() }
    }

    pub(super) fn crop(count: usize, [before, after]: [usize; 2]) -> Self {
        assert!(before + after < count, "cropping should leave at least one point");
        Self { inputs: count, rows: (before..count - after).map(pick).collect() }
    }

    /// `to[i] = Σ w from[..]` on slabs `[points][inner]`; `to` is zero on entry.
    pub(super) fn gather(&self, from: &[f64], to: &mut [f64], inner: usize) {
        for (row, out) in self.rows.iter().zip(to.chunks_exact_mut(inner)) {
            let sources = from[row.first * inner..].chunks_exact(inner);
            for (&weight, source) in row.weights.iter().zip(sources) {
                add_scaled(out, weight, source);
            }
        }
    }

    /// The transpose of [`gather`](Self::gather); `to` is zero on entry.
    pub(super) fn scatter(&self, from: &[f64], to: &mut [f64], inner: usize) {
        for (row, dual) in self.rows.iter().zip(from.chunks_exact(inner)) {
            let targets = to[row.first * inner..].chunks_exact_mut(inner);
            for (&weight, target) in row.weights.iter().zip(targets) {
                add_scaled(target, weight, dual);
            }
        }
    }
}

fn add_scaled(to: &mut [f64], weight: f64, from: &[f64]) {
    for (to, from) in to.iter_mut().zip(from) {
        *to += weight * from;
    }
}

fn pick(first: usize) -> Row {
    Row { first, weights: vec![1.0] }
}

/// Shares of the interval `[a, b]` that lie in the cells `[j, j + 1]`, `j < count`, of which the
/// outermost two reach to infinity.
fn overlaps(a: f64, b: f64, count: usize) -> Row {
    let cell = |x: f64| (x.floor().max(0.0) as usize).min(count - 1);
    let (first, last) = (cell(a), cell(b));
    let share = |j: usize| {
        let left = if j == 0 { a } else { a.max(j as f64) };
        let right = if j == count - 1 { b } else { b.min((j + 1) as f64) };
        ((right - left) / (b - a)).max(0.0)
    };
    Row { first, weights: (first..=last).map(share).collect() }
}
