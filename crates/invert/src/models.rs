//! The models that an inversion begins with: true, start, and the nodes that it must not change.
//!
//! Where a model is averaged or interpolated here, it is its slowness `1 / vp` that is: a wave adds
//! up slowness along its path, so that travel times stay.
//!
//! Not here: reading files (`npy`), the synthetic basin (`basin`), the maps themselves (`smooth`,
//! `resample`).

use crate::resample::{RegularGrid, Resample};
use crate::smooth::{SmoothError, Smoother};

/// Models that do not go together.
#[derive(Clone, PartialEq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ModelsError {
    /// A start model made from a truth that is not known.
    #[error("this start model needs the true model\n  help: give the true model, or another start")]
    NoTruth,
    /// An array of another length than the grid.
    #[error("{what} has {found} values, the grid {nodes} nodes\n  help: give one value per node")]
    Length {
        /// Which array.
        what: &'static str,
        /// Its length.
        found: usize,
        /// Nodes of the grid.
        nodes: usize,
    },
    /// A smoothing length that is none.
    #[error(transparent)]
    Smooth(#[from] SmoothError),
}

/// Where an inversion begins.
#[derive(Clone, PartialEq, Debug)]
pub enum Start {
    /// Velocities, m/s, one per node.
    Given(Vec<f64>),
    /// The true model under a Gaussian, see [`smoothed`]; frozen nodes stay true.
    SmoothTruth {
        /// Standard deviation, m.
        sigma_m: f64,
    },
    /// Linear in depth.
    Linear {
        /// At the first and the last node in depth, m/s.
        ends_m_s: [f64; 2],
    },
}

/// Which nodes keep their velocity: those for which **all** conditions given hold. No condition
/// freezes nothing.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Freeze {
    /// Slower than this, m/s: water.
    pub below_velocity_m_s: Option<f64>,
    /// Above this depth, m.
    pub above_depth_m: Option<f64>,
    /// True in this mask, one entry per node.
    pub mask: Option<Vec<bool>>,
}

impl Freeze {
    /// The frozen nodes of a model, which is judged by its velocities in m/s.
    ///
    /// # Errors
    /// [`ModelsError::Length`] unless model and mask have one value per node.
    pub fn nodes(&self, grid: &RegularGrid, vp_m_s: &[f64]) -> Result<Vec<bool>, ModelsError> {
        check_length("the model", vp_m_s.len(), grid)?;
        if let Some(mask) = &self.mask {
            check_length("the mask of frozen nodes", mask.len(), grid)?;
        }
        let Self { below_velocity_m_s, above_depth_m, mask } = self;
        let any = below_velocity_m_s.is_some() || above_depth_m.is_some() || mask.is_some();
        let axis = grid.shape().len() - 1;
        let depths = grid.shape()[axis];
        let holds = |(i, v): (usize, &f64)| {
            any && below_velocity_m_s.is_none_or(|limit| *v < limit)
                && above_depth_m.is_none_or(|depth| grid.coordinate_m(axis, i % depths) < depth)
                && mask.as_ref().is_none_or(|m| m[i])
        };
        Ok(vp_m_s.iter().enumerate().map(holds).collect())
    }
}

/// The models of an inversion on one grid, one value per node.
#[derive(Clone, PartialEq, Debug)]
pub struct Models {
    /// The true model, m/s, if it is known.
    pub truth: Option<Vec<f64>>,
    /// The start model, m/s; within the bounds where it is not frozen.
    pub start: Vec<f64>,
    /// What the inversion leaves alone.
    pub frozen: Vec<bool>,
}

impl Models {
    /// Makes the start model, decides what is frozen, and clamps the rest to the bounds (m/s).
    ///
    /// Nodes are judged in the start model, but for [`Start::SmoothTruth`] in the true one: there
    /// the sea floor is still sharp.
    ///
    /// # Errors
    /// [`ModelsError`]: no truth where one is needed; arrays of another length than the grid; a
    /// smoothing length that is negative.
    pub fn new(
        grid: &RegularGrid,
        truth: Option<Vec<f64>>,
        start: Start,
        freeze: &Freeze,
        [lower, upper]: [f64; 2],
    ) -> Result<Self, ModelsError> {
        if let Some(truth) = &truth {
            check_length("the true model", truth.len(), grid)?;
        }
        let (start, frozen) = match start {
            Start::Given(vp) => {
                let frozen = freeze.nodes(grid, &vp)?;
                (vp, frozen)
            }
            Start::Linear { ends_m_s } => {
                let vp = linear_in_depth(grid, ends_m_s);
                let frozen = freeze.nodes(grid, &vp)?;
                (vp, frozen)
            }
            Start::SmoothTruth { sigma_m } => {
                let truth = truth.as_ref().ok_or(ModelsError::NoTruth)?;
                let frozen = freeze.nodes(grid, truth)?;
                (smoothed(grid, truth, sigma_m, &frozen)?, frozen)
            }
        };
        let clamp = |(v, frozen): (f64, &bool)| if *frozen { v } else { v.clamp(lower, upper) };
        let start = start.into_iter().zip(&frozen).map(clamp).collect();
        Ok(Self { truth, start, frozen })
    }
}

fn check_length(what: &'static str, found: usize, grid: &RegularGrid) -> Result<(), ModelsError> {
    let nodes = grid.len();
    if found == nodes { Ok(()) } else { Err(ModelsError::Length { what, found, nodes }) }
}

/// Velocities that change linearly from the first to the last node in depth, in m/s.
pub fn linear_in_depth(grid: &RegularGrid, [top, bottom]: [f64; 2]) -> Vec<f64> {
    let nodes = grid.shape()[grid.shape().len() - 1];
    let last = (nodes - 1).max(1) as f64;
    let column: Vec<f64> = (0..nodes).map(|k| top + (bottom - top) * k as f64 / last).collect();
    column.repeat(grid.len() / nodes)
}

/// A model under a Gaussian of standard deviation `sigma_m` along every axis, in slowness. Frozen
/// nodes stay as they are and lend nothing to the others, see [`Smoother`].
///
/// # Errors
/// [`SmoothError`] for a negative length or a mask that is not of the size of the grid.
///
/// # Panics
/// If there is not one velocity per node.
pub fn smoothed(
    grid: &RegularGrid,
    vp_m_s: &[f64],
    sigma_m: f64,
    frozen: &[bool],
) -> Result<Vec<f64>, SmoothError> {
    let sigma = vec![sigma_m; grid.shape().len()];
    let smoother = Smoother::new(grid.shape(), grid.spacing_m(), &sigma)?.with_frozen(frozen)?;
    let mut slowness = inverse(vp_m_s);
    smoother.apply(&mut slowness);
    Ok(inverse(&slowness))
}

/// A model on another grid, by (bi-, tri-) linear interpolation of its slowness.
///
/// # Panics
/// If the grids differ in the number of axes, or there is not one velocity per node of `from`.
pub fn interpolated(from: &RegularGrid, vp_m_s: &[f64], to: &RegularGrid) -> Vec<f64> {
    inverse(&Resample::linear(from, to).apply(&inverse(vp_m_s)))
}

/// The mean velocity of a model, in m/s: the scale of its wavelengths.
pub fn mean_m_s(vp_m_s: &[f64]) -> f64 {
    vp_m_s.iter().sum::<f64>() / vp_m_s.len().max(1) as f64
}

fn inverse(values: &[f64]) -> Vec<f64> {
    values.iter().map(|v| 1.0 / v).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const GRID: [usize; 2] = [7, 9];
    const BOUNDS: [f64; 2] = [1600.0, 2400.0];

    fn grid() -> RegularGrid {
        RegularGrid::new(&GRID, &[10.0, 10.0], &[0.0, 0.0]).unwrap()
    }

    /// Water of 1500 m/s above 30 m, rock of 2000 m/s below, slow rock of 1500 m/s at 60 m.
    fn layered() -> Vec<f64> {
        let layer = |i: usize| match i % GRID[1] {
            0..3 | 6 => 1500.0,
            _ => 2000.0,
        };
        (0..GRID[0] * GRID[1]).map(layer).collect()
    }

    /// Depths, in nodes, that are frozen in every column.
    #[track_caller]
    fn check_frozen(freeze: &Freeze, expected: &[usize]) {
        let found = freeze.nodes(&grid(), &layered()).unwrap();
        for (i, frozen) in found.iter().enumerate() {
            assert_eq!(*frozen, expected.contains(&(i % GRID[1])), "{freeze:?} at node {i}");
        }
    }

    #[test]
    fn all_conditions_given_must_hold_and_none_freezes_nothing() {
        let slow = Freeze { below_velocity_m_s: Some(1510.0), ..Freeze::default() };
        check_frozen(&Freeze::default(), &[]);
        check_frozen(&slow, &[0, 1, 2, 6]);
        check_frozen(&Freeze { below_velocity_m_s: Some(1500.0), ..Freeze::default() }, &[]);
        check_frozen(&Freeze { above_depth_m: Some(20.0), ..Freeze::default() }, &[0, 1]);
        check_frozen(&Freeze { above_depth_m: Some(40.0), ..slow.clone() }, &[0, 1, 2]);
        let mask = (0..GRID[0] * GRID[1]).map(|i| i % GRID[1] >= 2).collect();
        check_frozen(&Freeze { mask: Some(mask), ..slow }, &[2, 6]);
    }

    #[test]
    fn a_smooth_start_keeps_the_water_that_is_sharp_in_the_truth() {
        let freeze = Freeze {
            below_velocity_m_s: Some(1510.0),
            above_depth_m: Some(40.0),
            ..Freeze::default()
        };
        let start = Start::SmoothTruth { sigma_m: 30.0 };
        let models = Models::new(&grid(), Some(layered()), start, &freeze, BOUNDS).unwrap();
        for (i, v) in models.start.iter().enumerate() {
            match i % GRID[1] {
                depth @ 0..3 => assert_eq!((*v, models.frozen[i]), (1500.0, true), "{depth}"),
                // Water lends nothing: only the slow layer pulls the rock below 2000 m/s.
                depth => assert!(*v > 1600.0 && *v < 2000.0 && !models.frozen[i], "{depth}: {v}"),
            }
        }
    }

    /// Slowness alternates between `a` and `b`; far from the ends smoothing makes of it `a w + b w'`
    /// and `a w' + b w` with `w + w' = 1`, so that sums over whole periods stay. What remains are
    /// roundings: 70 per value (33 weights) and 200 of the sum.
    #[test]
    fn smoothing_keeps_travel_times_where_velocity_would_not() {
        let grid = RegularGrid::new(&[1, 400], &[10.0, 10.0], &[0.0, 0.0]).unwrap();
        let vp: Vec<f64> = (0..400).map(|k| if k % 2 == 0 { 1500.0 } else { 4500.0 }).collect();
        let smooth = smoothed(&grid, &vp, 40.0, &[false; 400]).unwrap();
        let time = |vp: &[f64]| vp[100..300].iter().map(|v| 10.0 / v).sum::<f64>();
        let (before, after) = (time(&vp), time(&smooth));
        assert!((after / before - 1.0).abs() < 270.0 * f64::EPSILON, "{before} {after}");
        assert!(smooth[200] < 2251.0, "the mean of velocities would be 3000, not {}", smooth[200]);
    }

    #[test]
    fn free_nodes_start_within_the_bounds() {
        let freeze = Freeze { above_depth_m: Some(15.0), ..Freeze::default() };
        let start = Start::Linear { ends_m_s: [1500.0, 3100.0] };
        let models = Models::new(&grid(), None, start, &freeze, BOUNDS).unwrap();
        let column = [1500.0, 1700.0, 1900.0, 2100.0, 2300.0, 2400.0, 2400.0, 2400.0, 2400.0];
        assert_eq!(models.start, column.repeat(GRID[0]));
    }

    #[test]
    fn interpolation_is_linear_in_slowness() {
        let fine = RegularGrid::new(&[13, 17], &[5.0, 5.0], &[0.0, 0.0]).unwrap();
        let found = interpolated(&grid(), &layered(), &fine);
        // Between 1500 and 2000 m/s: 2 / (1/1500 + 1/2000), to a few roundings.
        assert!((found[5] / (12000.0 / 7.0) - 1.0).abs() < 8.0 * f64::EPSILON, "{}", found[5]);
    }

    #[test]
    fn errors_say_what_does_not_fit() {
        let new = |truth, start, freeze: &Freeze| {
            Models::new(&grid(), truth, start, freeze, BOUNDS).unwrap_err().to_string()
        };
        let smooth = Start::SmoothTruth { sigma_m: 10.0 };
        let free = Freeze::default();
        let error = new(None, smooth.clone(), &free);
        assert!(error.contains("needs the true model"), "{error}");
        let error = new(Some(vec![1.0; 3]), smooth.clone(), &free);
        assert!(error.contains("the true model has 3 values, the grid 63 nodes"), "{error}");
        let error = new(None, Start::Given(vec![2000.0; 62]), &free);
        assert!(error.contains("the model has 62 values"), "{error}");
        let masked = Freeze { mask: Some(vec![true; 5]), ..Freeze::default() };
        let error = new(Some(layered()), smooth, &masked);
        assert!(error.contains("the mask of frozen nodes has 5 values"), "{error}");
    }
}
