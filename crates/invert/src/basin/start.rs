//! The start model: water as it is, below it a velocity that depends on depth alone.

use super::{Basin, WATER_M_S, each_point};
use crate::resample::RegularGrid;

/// Depths at which the section is averaged, and positions per depth.
const DEPTHS: usize = 200;
const POSITIONS: usize = 150;

/// Two straight lines, velocity over depth, that meet; water above the sea floor.
///
/// Found in three steps: the true slowness is averaged along the section at each depth (which
/// keeps vertical travel times right on average), turned into velocity, and fitted by two lines
/// in the sense of least squares over the depth of their knee. That is about as much as check
/// shots of one well and an eye would give.
#[derive(Clone, Debug)]
pub struct StartModel {
    basin: Basin,
    lines: TwoLines,
}

/// Velocities at the top, the knee and the bottom; straight between, continued beyond.
#[derive(Clone, Copy, PartialEq, Debug)]
struct TwoLines {
    z_m: [f64; 3],
    v_m_s: [f64; 3],
}

impl StartModel {
    pub(super) fn fit(basin: &Basin) -> Self {
        let [width_m, depth_m] = basin.extent_m();
        let floors_m: Vec<f64> =
            (0..POSITIONS).map(|i| basin.sea_floor_m(place(i, width_m))).collect();
        let top_m = floors_m.iter().copied().fold(f64::INFINITY, f64::min);
        let mut samples = Vec::with_capacity(DEPTHS);
        for k in 0..DEPTHS {
            let z_m = top_m + (depth_m - top_m) * (k as f64 + 0.5) / DEPTHS as f64;
            let below = (0..POSITIONS).filter(|&i| z_m >= floors_m[i]);
            let (mut slowness, mut count) = (0.0, 0);
            for i in below {
                slowness += basin.vp_m_s(place(i, width_m), z_m).recip();
                count += 1;
            }
            if count > 0 {
                samples.push((z_m, f64::from(count) / slowness));
            }
        }
        let lines = TwoLines::fit(top_m, depth_m, &samples);
        Self { basin: basin.clone(), lines }
    }

    /// Velocity at one point, m/s.
    pub fn vp_m_s(&self, x_m: f64, z_m: f64) -> f64 {
        if z_m < self.basin.sea_floor_m(x_m) { WATER_M_S } else { self.lines.at(z_m) }
    }

    /// The start model on a grid, m/s, `[nx][nz]`. Cells whose centre is water are those of
    /// `truth`, to the bit: what is known is not an unknown.
    ///
    /// # Panics
    /// If the grid has not two axes, or `truth` not its size.
    pub fn sample(&self, grid: &RegularGrid, truth: &[f64]) -> Vec<f64> {
        assert_eq!(truth.len(), grid.len(), "`truth` should be sampled on `grid`");
        each_point(grid)
            .zip(truth)
            .map(
                |([x_m, z_m], &truth)| {
                    if z_m < self.basin.sea_floor_m(x_m) { truth } else { self.lines.at(z_m) }
                },
            )
            .collect()
    }
}

fn place(i: usize, width_m: f64) -> f64 {
    width_m * (i as f64 + 0.5) / POSITIONS as f64
}

impl TwoLines {
    fn at(&self, z_m: f64) -> f64 {
        let [a, b, c] = self.z_m;
        let [va, vb, vc] = self.v_m_s;
        let line = if z_m < b { (a, va, b, vb) } else { (b, vb, c, vc) };
        let (z0, v0, z1, v1) = line;
        v0 + (v1 - v0) * (z_m - z0) / (z1 - z0)
    }

    /// The best of those with the knee at 20 %, 25 %, ..., 80 % of the depth.
    fn fit(top_m: f64, bottom_m: f64, samples: &[(f64, f64)]) -> Self {
        let knees = (4..=16).map(|k| top_m + (bottom_m - top_m) * f64::from(k) / 20.0);
        let fits = knees.map(|knee_m| Self::with_knee([top_m, knee_m, bottom_m], samples));
        let misfit = |lines: &Self| -> f64 {
            samples.iter().map(|&(z_m, v)| (lines.at(z_m) - v).powi(2)).sum()
        };
        let best = fits.min_by(|a, b| misfit(a).total_cmp(&misfit(b)));
        best.expect("there should be thirteen knees to choose from")
    }

    /// Least squares for the three velocities: normal equations of the hat functions.
    fn with_knee(z_m: [f64; 3], samples: &[(f64, f64)]) -> Self {
        let [a, b, c] = z_m;
        let (mut diagonal, mut beside, mut right) = ([1e-9; 3], [0.0; 2], [0.0; 3]);
        for &(z, v) in samples {
            let left_side = z < b;
            let t = if left_side { (z - a) / (b - a) } else { (z - b) / (c - b) };
            let j = usize::from(!left_side);
            diagonal[j] += (1.0 - t) * (1.0 - t);
            diagonal[j + 1] += t * t;
            beside[j] += t * (1.0 - t);
            right[j] += (1.0 - t) * v;
            right[j + 1] += t * v;
        }
        // Tridiagonal elimination; the matrix is positive definite.
        for j in 0..2 {
            let factor = beside[j] / diagonal[j];
            diagonal[j + 1] -= factor * beside[j];
            right[j + 1] -= factor * right[j];
        }
        let bottom = right[2] / diagonal[2];
        let knee = (right[1] - beside[1] * bottom) / diagonal[1];
        let top = (right[0] - beside[0] * knee) / diagonal[0];
        Self { z_m, v_m_s: [top, knee, bottom] }
    }
}
