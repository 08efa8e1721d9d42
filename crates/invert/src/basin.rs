//! The embedded model: a faulted sedimentary basin, drawn from a seed.
//!
//! P velocity in two dimensions, made by code in the order of geology, youngest last, and
//! evaluated backwards: for a point of today's section, [`Basin::vp_m_s`] asks
//!
//! 1. is it water, gas or the intruded body?
//! 2. is it above the unconformity? Then it lies in the young layers, which drape it;
//! 3. else, where was it before the normal faults moved, and before the section was folded and
//!    tilted? That depth names the old layer, and the layer and today's depth the velocity.
//!
//! | part | what | velocity, m/s |
//! |---|---|---|
//! | water | 180 to 300 m, gently varying floor | 1500 |
//! | young layers | 5 to 7, channels cut into their base | compaction trend +- 7 % |
//! | gas | a lens with a flat base under a crest | 20 to 24 % below its surroundings |
//! | old layers | 15 to 19, folded, tilted, cut by 3 to 5 normal faults | trend +- 13 % |
//! | body | a salt dome, or a carbonate mound | up to 4500 |
//!
//! All structures are wider than a few cells of 10 m, contrasts moderate: first arrivals and
//! vertical travel times of [`Basin::start`] stay within half a period at 2.5 Hz of the true
//! ones (tested over 20 seeds), so that full-waveform inversion from there does not skip cycles,
//! while its velocities are off by more than 10 %.
//!
//! Everything is a function of position in metres: sample it on any grid. The same seed gives the
//! same basin on every machine, up to the last bits of the local `sin` and `exp`.

mod draw;
mod faults;
mod layers;
mod start;
mod structure;

pub use start::StartModel;

use crate::resample::RegularGrid;
use draw::Draw;
use faults::Fault;
use layers::{Stack, Trend};
use structure::{Body, Gas, Relief};

/// Velocity of sea water, m/s.
pub const WATER_M_S: f64 = 1500.0;

/// Points per cell and axis over which a run averages the basin on its grid.
pub const BASIN_SAMPLES: usize = 4;

/// Default width and depth of the section, m.
pub const DEFAULT_EXTENT_M: [f64; 2] = [6000.0, 2000.0];

/// A synthetic sedimentary basin. Immutable; half a microsecond per point.
#[derive(Clone, Debug)]
pub struct Basin {
    /// Width and depth in metres of what was drawn; positions beyond continue smoothly.
    extent_m: [f64; 2],
    relief: Relief,
    faults: Vec<Fault>,
    young: Stack,
    old: Stack,
    trend: Trend,
    body: Body,
    gas: Gas,
}

impl Basin {
    /// The basin number `seed`, [`DEFAULT_EXTENT_M`] wide and deep.
    pub fn new(seed: u64) -> Self {
        Self::with_extent(seed, DEFAULT_EXTENT_M)
    }

    /// The basin number `seed`, its structures stretched to `[width, depth]` in metres.
    ///
    /// Velocities do not depend on the extent, so a deeper basin has larger travel times: the
    /// start model is certain to be good enough at 2.5 Hz up to the default extent only.
    ///
    /// # Panics
    /// If an extent is not a positive, finite number.
    pub fn with_extent(seed: u64, extent_m: [f64; 2]) -> Self {
        let valid = extent_m.iter().all(|extent| *extent > 0.0 && extent.is_finite());
        assert!(valid, "`extent_m` should be positive, found {extent_m:?}");
        let mut draw = Draw::new(seed);
        let relief = Relief::draw(&mut draw);
        let faults = faults::draw(&mut draw);
        let young = Stack::young(&mut draw);
        let old = Stack::old(&mut draw);
        let trend = Trend::draw(&mut draw);
        let body = Body::draw(&mut draw, &faults);
        let gas = Gas::draw(&mut draw, &relief, &body);
        Self { extent_m, relief, faults, young, old, trend, body, gas }
    }

    /// Width and depth of the section, m.
    pub fn extent_m(&self) -> [f64; 2] {
        self.extent_m
    }

    /// Depth of the sea floor below the surface at `x_m`, m.
    pub fn sea_floor_m(&self, x_m: f64) -> f64 {
        self.relief.sea_floor(x_m / self.extent_m[0]) * self.extent_m[1]
    }

    /// P velocity at one point, m/s; `z_m` is depth, positive downwards.
    pub fn vp_m_s(&self, x_m: f64, z_m: f64) -> f64 {
        let (x, z) = (x_m / self.extent_m[0], z_m / self.extent_m[1]);
        let floor = self.relief.sea_floor(x);
        if z < floor {
            return WATER_M_S;
        }
        let matrix = self.sediment(x, z, floor);
        let filled = matrix * self.gas.factor(x, z);
        match self.body.velocity(x, z, floor) {
            Some(body) => body.max(filled),
            None => filled,
        }
    }

    /// Mean over a cell of `width_m` centred at the point, in slowness, so that the travel time
    /// through the cell is kept: `1 / ⟨1/v⟩`, m/s.
    ///
    /// `per_axis` squared samples are taken; 3 or 4 remove the staircase of a dipping interface.
    ///
    /// # Panics
    /// If `per_axis` is zero.
    pub fn vp_cell_m_s(&self, at_m: [f64; 2], width_m: [f64; 2], per_axis: usize) -> f64 {
        assert!(per_axis > 0, "`per_axis` should be at least 1");
        let offset = |k: usize| (k as f64 + 0.5) / per_axis as f64 - 0.5;
        let mut slowness = 0.0;
        for i in 0..per_axis {
            for k in 0..per_axis {
                let x_m = at_m[0] + offset(i) * width_m[0];
                slowness += self.vp_m_s(x_m, at_m[1] + offset(k) * width_m[1]).recip();
            }
        }
        // A cell of one velocity keeps it to the bit: water stays water.
        let centre = self.vp_m_s(at_m[0], at_m[1]);
        let mean = (per_axis * per_axis) as f64 / slowness;
        if (mean - centre).abs() <= 1e-9 * centre { centre } else { mean }
    }

    /// The model on a two-dimensional grid, m/s, `[nx][nz]`; cells averaged from
    /// `per_axis` squared points ([`Basin::vp_cell_m_s`]).
    ///
    /// # Panics
    /// If the grid has not two axes, or `per_axis` is zero.
    pub fn sample(&self, grid: &RegularGrid, per_axis: usize) -> Vec<f64> {
        let [dx, dz] = *grid.spacing_m() else { panic!("a basin needs a grid of two axes") };
        each_point(grid).map(|at_m| self.vp_cell_m_s(at_m, [dx, dz], per_axis)).collect()
    }

    /// True for the cells of the grid whose centre is water: those an inversion holds fixed.
    ///
    /// # Panics
    /// If the grid has not two axes.
    pub fn water(&self, grid: &RegularGrid) -> Vec<bool> {
        each_point(grid).map(|[x_m, z_m]| z_m < self.sea_floor_m(x_m)).collect()
    }

    /// What is known before the inversion: the sea floor and a rough trend with depth.
    pub fn start(&self) -> StartModel {
        StartModel::fit(self)
    }

    fn sediment(&self, x: f64, z: f64, floor: f64) -> f64 {
        let base = self.relief.unconformity(x);
        // Above a rising dome the young layers arch too, but less.
        let young_z = z + 0.35 * self.body.uplift(x, z);
        if young_z < base {
            let down = (young_z - floor) / (base - floor);
            let contrast = self.young.contrast(x, down);
            return self.trend.young(z - floor) * (1.0 + contrast);
        }
        let unfaulted = faults::restore(&self.faults, x, z) + self.body.uplift(x, z);
        let level = self.relief.unfold(x, unfaulted);
        self.trend.old(z - floor) * (1.0 + self.old.contrast(x, level))
    }
}

/// Positions of the points of a two-dimensional grid in memory order, m.
fn each_point(grid: &RegularGrid) -> impl Iterator<Item = [f64; 2]> {
    let [nx, nz] = *grid.shape() else { panic!("a basin needs a grid of two axes") };
    (0..nx)
        .flat_map(move |i| (0..nz).map(move |k| [grid.coordinate_m(0, i), grid.coordinate_m(1, k)]))
}

#[cfg(test)]
mod tests;
