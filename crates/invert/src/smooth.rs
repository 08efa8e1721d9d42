//! Gaussian smoothing in metres, with its exact transpose, that stays out of frozen cells.
//!
//! Along each axis in turn, every maximal run of free cells is smoothed as if it were a domain
//! of its own,
//!
//! ```text
//! (S v)[i] = Σ_j w(i-j) v[j] / Σ_j w(i-j),   w(k) = exp(-k² h² / 2σ²),   |k| h <= 4σ
//! ```
//!
//! with `i`, `j` in one run (normalised convolution; Knutsson and Westin 1993,
//! doi:10.1109/CVPR.1993.341081). Hence rows sum to 1 (a constant stays, also at the edges), a
//! frozen cell neither changes nor contributes, and nothing leaks through a frozen sheet, however
//! thin: water does not creep into the sediments, nor one side of a barrier into the other.
//!
//! The division by the row sum makes `S` unsymmetric near edges. To smooth a *gradient* of a
//! model that was smoothed, use [`Smoother::apply_transposed`].
//!
//! Standard deviations may be zero (no smoothing along that axis).

/// How far the Gaussian reaches, in standard deviations. The part cut off weighs 6e-5.
const REACH: f64 = 4.0;

/// A smoother that cannot be.
#[derive(Clone, PartialEq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SmoothError {
    /// The lists do not have one entry per axis.
    #[error(
        "a model of {axes} axes was given {spacings} spacings and {sigmas} smoothing lengths\n  \
         help: give one of each per axis, depth last"
    )]
    Axes {
        /// Length of the shape.
        axes: usize,
        /// Number of spacings given.
        spacings: usize,
        /// Number of standard deviations given.
        sigmas: usize,
    },
    /// A spacing that is not positive or a standard deviation that is negative.
    #[error(
        "axis {axis}: smoothing length {sigma_m} m on a spacing of {spacing_m} m\n  \
         help: lengths are zero (off) or positive, spacings positive, both in metres"
    )]
    Length {
        /// Which axis, from 0.
        axis: usize,
        /// The standard deviation given, m.
        sigma_m: f64,
        /// The spacing given, m.
        spacing_m: f64,
    },
    /// The mask is not of the size of the model.
    #[error("the mask has {mask} cells, the model {cells}\n  help: give one entry per cell")]
    Mask {
        /// Cells of the mask.
        mask: usize,
        /// Cells of the model.
        cells: usize,
    },
}

/// A separable Gaussian on one model shape. Immutable: share it between threads.
#[derive(Clone, Debug)]
pub struct Smoother {
    shape: Vec<usize>,
    /// Per axis `w(0), w(1), ...`, without the mirror half.
    kernels: Vec<Vec<f64>>,
    /// One entry per cell, or none at all where every cell is free.
    frozen: Vec<bool>,
}

impl Smoother {
    /// Smooths with standard deviation `sigma_m[axis]` on cells of `spacing_m[axis]`, metres.
    ///
    /// # Errors
    /// [`SmoothError`] if the lists differ in length or a length is no length.
    pub fn new(shape: &[usize], spacing_m: &[f64], sigma_m: &[f64]) -> Result<Self, SmoothError> {
        let (spacings, sigmas) = (spacing_m.len(), sigma_m.len());
        if shape.len() != spacings || shape.len() != sigmas {
            return Err(SmoothError::Axes { axes: shape.len(), spacings, sigmas });
        }
        let mut kernels = Vec::with_capacity(shape.len());
        for (axis, (&n, (&spacing_m, &sigma_m))) in
            shape.iter().zip(spacing_m.iter().zip(sigma_m)).enumerate()
        {
            let positive = spacing_m > 0.0 && spacing_m.is_finite();
            let length = sigma_m >= 0.0 && sigma_m.is_finite();
            if !(positive && length) {
                return Err(SmoothError::Length { axis, sigma_m, spacing_m });
            }
            kernels.push(half_gaussian(sigma_m / spacing_m, n));
        }
        Ok(Self { shape: shape.to_vec(), kernels, frozen: Vec::new() })
    }

    /// Leaves the cells alone for which `frozen` is true, and lets nothing pass through them.
    ///
    /// # Errors
    /// [`SmoothError::Mask`] if there is not one entry per cell.
    pub fn with_frozen(mut self, frozen: &[bool]) -> Result<Self, SmoothError> {
        let cells = self.shape.iter().product();
        if frozen.len() != cells {
            return Err(SmoothError::Mask { mask: frozen.len(), cells });
        }
        self.frozen = frozen.to_vec();
        Ok(self)
    }

    /// Smooths `values` in place. Cost per cell and axis: two flops per weight, of which there
    /// are `8 σ / h`.
    ///
    /// # Panics
    /// If `values` is not of the shape given.
    pub fn apply(&self, values: &mut [f64]) {
        for axis in 0..self.shape.len() {
            self.each_run(values, axis, smooth_run);
        }
    }

    /// The transpose of [`apply`](Self::apply), in place.
    ///
    /// # Panics
    /// If `values` is not of the shape given.
    pub fn apply_transposed(&self, values: &mut [f64]) {
        for axis in (0..self.shape.len()).rev() {
            self.each_run(values, axis, smooth_run_transposed);
        }
    }

    /// Hands every run of free cells along `axis` to `f(kernel, run, result)`.
    fn each_run(&self, values: &mut [f64], axis: usize, f: fn(&[f64], &[f64], &mut [f64])) {
        let cells: usize = self.shape.iter().product();
        assert_eq!(values.len(), cells, "`values` should have the smoother's shape");
        let kernel = &self.kernels[axis];
        if kernel.len() <= 1 || cells == 0 {
            return;
        }
        let n = self.shape[axis];
        let stride: usize = self.shape[axis + 1..].iter().product();
        let (mut line, mut smoothed) = (vec![0.0; n], vec![0.0; n]);
        for start in (0..cells / (n * stride)).flat_map(|outer| {
            let slab = outer * n * stride;
            slab..slab + stride
        }) {
            let cell = |i: usize| start + i * stride;
            for (i, value) in line.iter_mut().enumerate() {
                *value = values[cell(i)];
            }
            let is_frozen = |i: usize| self.frozen.get(cell(i)).is_some_and(|&frozen| frozen);
            let mut i = 0;
            while i < n {
                let end = (i..n).find(|&j| is_frozen(j)).unwrap_or(n);
                f(kernel, &line[i..end], &mut smoothed[i..end]);
                for j in i..end {
                    values[cell(j)] = smoothed[j];
                }
                i = end + 1;
            }
        }
    }
}

/// `w(0) = 1, w(1), ...` up to [`REACH`] or the last offset that fits into `n` points.
fn half_gaussian(sigma: f64, n: usize) -> Vec<f64> {
    let reach = ((REACH * sigma).floor() as usize).min(n.saturating_sub(1));
    (0..=reach)
        .map(|k| if k == 0 { 1.0 } else { (-0.5 * (k as f64 / sigma).powi(2)).exp() })
        .collect()
}

/// Calls `f(j, w(i - j))` for every `j < n` within reach of `i`.
fn neighbours(kernel: &[f64], i: usize, n: usize, mut f: impl FnMut(usize, f64)) {
    let reach = kernel.len() - 1;
    for j in i.saturating_sub(reach)..(i + reach + 1).min(n) {
        f(j, kernel[i.abs_diff(j)]);
    }
}

fn smooth_run(kernel: &[f64], run: &[f64], out: &mut [f64]) {
    for (i, out) in out.iter_mut().enumerate() {
        let (mut sum, mut weight) = (0.0, 0.0);
        neighbours(kernel, i, run.len(), |j, w| {
            sum += w * run[j];
            weight += w;
        });
        *out = sum / weight;
    }
}

fn smooth_run_transposed(kernel: &[f64], run: &[f64], out: &mut [f64]) {
    out.fill(0.0);
    for (i, value) in run.iter().enumerate() {
        let mut weight = 0.0;
        neighbours(kernel, i, run.len(), |_, w| weight += w);
        let share = value / weight;
        neighbours(kernel, i, run.len(), |j, w| out[j] += w * share);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(n: usize, seed: u64) -> Vec<f64> {
        let mut state = seed.wrapping_mul(2).wrapping_add(1);
        (0..n)
            .map(|_| {
                state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
                (state >> 11) as f64 / (1u64 << 52) as f64 - 1.0
            })
            .collect()
    }

    fn applied(smoother: &Smoother, values: &[f64]) -> Vec<f64> {
        let mut out = values.to_vec();
        smoother.apply(&mut out);
        out
    }

    fn dot(a: &[f64], b: &[f64]) -> f64 {
        a.iter().zip(b).map(|(a, b)| a * b).sum()
    }

    /// Rounding bound: `k eps Σ|x||S||y|` with `k` the operations on the way of one term, at most
    /// `2 (8σ/h + 1)` per axis plus those of the dot product. `S >= 0`, so `|S| = S`.
    fn check_transpose(smoother: &Smoother, operations: f64) {
        let n = smoother.shape.iter().product();
        let (x, y) = (noise(n, 3), noise(n, 4));
        let mut transposed = y.clone();
        smoother.apply_transposed(&mut transposed);
        let abs = |v: &[f64]| v.iter().map(|x| x.abs()).collect::<Vec<_>>();
        let magnitude = dot(&applied(smoother, &abs(&x)), &abs(&y));
        let error = (dot(&applied(smoother, &x), &y) - dot(&x, &transposed)).abs();
        assert!(error <= (operations + n as f64) * f64::EPSILON * magnitude, "{error:e}");
    }

    #[test]
    fn the_transpose_is_exact_with_and_without_a_mask() {
        let shape = [9, 7, 11];
        let free = Smoother::new(&shape, &[10.0, 12.0, 8.0], &[15.0, 0.0, 30.0]).unwrap();
        check_transpose(&free, 200.0);
        let frozen: Vec<bool> = noise(9 * 7 * 11, 5).iter().map(|x| *x > 0.4).collect();
        check_transpose(&free.with_frozen(&frozen).unwrap(), 200.0);
    }

    /// Each of 2 x (8σ/h + 1) additions, and the division, may round by half an ulp.
    #[test]
    fn constants_stay_up_to_the_edge() {
        let smoother = Smoother::new(&[30, 20], &[10.0, 10.0], &[40.0, 25.0]).unwrap();
        for value in applied(&smoother, &[2500.0; 600]) {
            assert!((value - 2500.0).abs() <= 2500.0 * 120.0 * f64::EPSILON, "{value}");
        }
    }

    /// A spike turns into the sampled Gaussian: its variance is σ² to the mass cut off at 4σ,
    /// which takes away less than 1.1e-3 of it (∫|x|>4 x² φ = 2 (4 φ(4) + Q(4)) = 1.1e-3).
    #[test]
    fn a_spike_gets_the_variance_asked_for() {
        let smoother = Smoother::new(&[401], &[5.0], &[100.0]).unwrap();
        let mut spike = vec![0.0; 401];
        spike[200] = 1.0;
        let bell = applied(&smoother, &spike);
        let moment = |p: i32| -> f64 {
            bell.iter().enumerate().map(|(i, v)| v * ((i as f64 - 200.0) * 5.0).powi(p)).sum()
        };
        let variance = moment(2) / moment(0);
        assert!((variance / 1e4 - 1.0).abs() < 1.1e-3, "{variance}");
    }

    #[test]
    fn nothing_passes_a_frozen_sheet_one_cell_thick() {
        let (nx, nz) = (12, 15);
        let cell = |k: usize| if k < 7 { 1500.0 } else { 3000.0 };
        let mut model: Vec<f64> = (0..nx * nz).map(|i| cell(i % nz)).collect();
        let frozen: Vec<bool> = (0..nx * nz).map(|i| i % nz == 7).collect();
        let before = model.clone();
        let smoother = Smoother::new(&[nx, nz], &[10.0, 10.0], &[50.0, 50.0]).unwrap();
        smoother.with_frozen(&frozen).unwrap().apply(&mut model);
        for (i, (now, before)) in model.iter().zip(&before).enumerate() {
            if frozen[i] {
                assert_eq!(now.to_bits(), before.to_bits());
            }
            assert!((now / before - 1.0).abs() <= 100.0 * f64::EPSILON, "{now} {before}");
        }
    }

    #[test]
    fn zero_length_changes_no_bit() {
        let smoother = Smoother::new(&[5, 6], &[1.0, 1.0], &[0.0, 0.0]).unwrap();
        let x = noise(30, 9);
        assert_eq!(applied(&smoother, &x), x);
    }

    #[test]
    fn errors_name_the_axis() {
        let error = Smoother::new(&[5, 6], &[1.0, 1.0], &[0.0, -2.0]).unwrap_err().to_string();
        assert!(error.contains("axis 1: smoothing length -2 m"), "{error}");
        let smoother = Smoother::new(&[5], &[1.0], &[1.0]).unwrap();
        assert_eq!(
            smoother.with_frozen(&[true]).unwrap_err(),
            SmoothError::Mask { mask: 1, cells: 5 }
        );
    }
}
