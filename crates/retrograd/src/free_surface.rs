//! A free surface for velocity and stress on staggered grids.
//!
//! The surface is the first node of the last dimension. No traction acts on it: `s_zz`, which sits on
//! it, stays zero, and `s_xz`, half a cell below, vanishes between its samples. Nothing is read from
//! above it: beside the surface, derivatives across it are centred differences of the order that fits
//! below it, 2, 4, ... row by row, until there is room for the order of the grid. On the surface
//! itself
//!
//! * `d/dz v_z` follows from `s_zz = 0`: minus `lambda / (lambda + 2 mu)` times the strain along it;
//! * `d/dz s_xz` is twice the sample half a cell below, over the spacing: the force on half a cell.
//!
//! Levander, Geophysics 53 (1988), doi:10.1190/1.1442422, has the stresses of the surface; orders
//! that fall towards it make velocities above unnecessary, which that article has to choose. An error
//! of order 2 beside one line of points. Cost: derivatives of every even order up to that of the
//! grid, for those across the surface alone.

use retrograd_compile::symbolic::{Expression, Function, Grid};

/// Collects the weights of derivatives across a free surface while equations are written.
#[derive(Clone, Debug)]
pub struct FreeSurface {
    grid: Grid,
    profiles: Vec<Profile>,
}

/// What a derivative across the surface is taken of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Across {
    /// Of what sits on the nodes: velocity along the surface, normal stress.
    Nodes,
    /// Of the velocity across the surface, half a cell below the nodes.
    Velocity,
    /// Of the shear stress, half a cell below the nodes.
    Traction,
}

/// The weight of the difference of order `2 half_order` in each row; of order 0: where the surface is.
#[derive(Clone, PartialEq, Debug)]
struct Profile {
    across: Across,
    half_order: usize,
    /// The highest of these orders.
    most: usize,
    weight: Function,
}

impl FreeSurface {
    pub(crate) fn new(grid: &Grid) -> Self {
        Self { grid: grid.clone(), profiles: Vec::new() }
    }

    /// The derivative across the surface, half a cell beside the samples.
    pub(crate) fn slope(&mut self, e: &Expression, across: Across) -> Expression {
        let dim = self.grid.shape().len() - 1;
        let side = if across == Across::Nodes { 1 } else { -1 };
        let most = e.space_order() / 2;
        let terms = (1..=most).map(|half_order| {
            let weight = self.profile(across, half_order, most);
            weight.value() * e.derivative_at(dim, 1, 2 * half_order, side)
        });
        Expression::sum(terms.collect())
    }

    /// One on the surface, zero below.
    pub(crate) fn indicator(&mut self) -> Expression {
        self.profile(Across::Velocity, 0, usize::MAX).value()
    }

    fn profile(&mut self, across: Across, half_order: usize, most: usize) -> Function {
        let known = self.profiles.iter().find(|p| (p.across, p.half_order) == (across, half_order));
        if let Some(known) = known {
            return known.weight.clone();
        }
        let of = match across {
            Across::Nodes => "nodes",
            Across::Velocity => "velocity",
            Across::Traction => "traction",
        };
        let dim = self.grid.shape().len() - 1;
        let weight = self.grid.profile(&format!("surface_{of}_{}", 2 * half_order), dim);
        let weight = if across == Across::Nodes { weight.staggered(dim) } else { weight };
        self.profiles.push(Profile { across, half_order, most, weight: weight.clone() });
        weight
    }

    /// The values of its weights on a grid of `rows` points across the surface: functions of one
    /// dimension, to be set before a run, see
    /// [`Simulation::set_free_surface`](crate::Simulation::set_free_surface).
    pub fn values(&self, rows: usize) -> Vec<(Function, Vec<f64>)> {
        let of = |p: &Profile| (0..rows).map(|row| p.at(row)).collect();
        self.profiles.iter().map(|p| (p.weight.clone(), of(p))).collect()
    }
}

impl Profile {
    fn at(&self, row: usize) -> f64 {
        let used = match (self.across, row) {
            // As if of order 0: what follows from the traction.
            (Across::Velocity, 0) => 0,
            // Zero lies above, so that the plain difference is half of what the surface takes.
            (Across::Traction, 0) => return if self.half_order == 1 { 2.0 } else { 0.0 },
            (Across::Velocity | Across::Traction, _) => row.min(self.most),
            (Across::Nodes, _) => (row + 1).min(self.most),
        };
        if self.half_order == used { 1.0 } else { 0.0 }
    }
}
