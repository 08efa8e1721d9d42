//! The acoustic wave equation with constant density, as symbolic equations.

use retrograd::ir::Interpolation;
use retrograd::{
    DType, Eq, Error, Expression, Function, Grid, Operator, Sparse, TimeFunction, solve,
};

/// `m u_tt - laplace u + damp u_t = f` with squared slowness `m = 1 / vp^2`, damping only in an
/// absorbing layer, sources `f` and receivers of `u` at points.
///
/// Units: `m` in s^2/m^2, `damp` in s/m^2, `u` in Pa, the samples of a source in Pa (a point
/// source divided by the volume of a cell gives the density Pa/m^2 that the equation wants).
#[derive(Clone, Debug)]
pub struct Acoustic {
    /// The discretised step.
    pub operator: Operator,
    /// Squared slowness.
    pub m: Function,
    /// Damping.
    pub damp: Function,
    /// Pressure.
    pub u: TimeFunction,
    /// Sources.
    pub source: Sparse,
    /// Receivers.
    pub receivers: Sparse,
}

impl Acoustic {
    /// Discretises the equation on a grid (absorbing layers included).
    ///
    /// # Errors
    /// A space order that is not even or not in 2..=16.
    pub fn new(
        grid: &Grid,
        space_order: usize,
        dtype: DType,
        interpolation: Interpolation,
    ) -> Result<Self, Error> {
        let (m, damp) = (grid.function("m"), grid.function("damp").layer_only());
        let u = grid.time_function("u").time_order(2).space_order(space_order);
        let at_points = |name| match interpolation {
            Interpolation::Linear => grid.sparse(name).linear(),
            Interpolation::Sinc { radius } => grid.sparse(name).sinc(radius),
        };
        let (source, receivers) = (at_points("src"), at_points("rec"));
        let pde = &m * u.dt2() - u.laplace() + &damp * u.dt();
        let wave = solve(&pde, &u.forward())?;
        let volume = (0..grid.shape().len()).fold(Expression::constant(1.0), |v, d| v * grid.h(d));
        let operator = Operator::new(grid, [Eq::new(u.forward(), wave.update())])
            .name("acoustic")
            .dtype(dtype)
            .inject(&source, u.forward(), source.value() * wave.response() / volume)
            .interpolate(&receivers, &u)
            .build()?;
        Ok(Self { operator, m, damp, u, source, receivers })
    }
}

/// How long a time step is.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum TimeStep {
    /// This part of the stability limit, from 0 to 1.
    Courant(f64),
    /// So many seconds.
    Fixed(f64),
}

/// A time step above the stability limit.
#[derive(Clone, PartialEq, Debug, thiserror::Error)]
#[error(
    "the time step {:.4} ms is unstable: order {space_order} in space on {spacing_m:?} m allows \
     {:.4} ms at the upper velocity bound {v_max_m_s} m/s\n  \
     help: let the step follow from the limit, or take a smaller one, or a lower upper bound",
    dt_s * 1e3, limit_s * 1e3
)]
pub struct UnstableTimeStep {
    /// The step, s.
    pub dt_s: f64,
    /// The largest that is stable, s.
    pub limit_s: f64,
    /// Distance of nodes per axis, m.
    pub spacing_m: Vec<f64>,
    /// Order of the space derivatives.
    pub space_order: usize,
    /// The fastest velocity, m/s.
    pub v_max_m_s: f64,
}

impl TimeStep {
    /// The step in seconds, for velocities up to `v_max_m_s`; see [`stable_dt_s`].
    ///
    /// # Errors
    /// [`UnstableTimeStep`] for a fixed step above the limit.
    pub fn seconds(
        self,
        spacing_m: &[f64],
        space_order: usize,
        v_max_m_s: f64,
    ) -> Result<f64, UnstableTimeStep> {
        let limit_s = stable_dt_s(spacing_m, space_order, v_max_m_s);
        match self {
            Self::Courant(share) => Ok(share * limit_s),
            Self::Fixed(dt_s) if dt_s > limit_s => {
                let spacing_m = spacing_m.to_vec();
                Err(UnstableTimeStep { dt_s, limit_s, spacing_m, space_order, v_max_m_s })
            }
            Self::Fixed(dt_s) => Ok(dt_s),
        }
    }
}

/// Time steps of a record that covers `duration_s`, both ends included.
pub fn steps_covering(duration_s: f64, dt_s: f64) -> usize {
    (duration_s / dt_s).ceil() as usize + 1
}

/// The largest stable time step of the second-order leapfrog, in seconds:
/// `2 / (v_max sqrt(sum over axes of (|a_0| + 2 sum |a_k|) / h^2))` with the weights `a` of the
/// second derivative.
///
/// Exact for a homogeneous medium without boundaries; velocities below `v_max` only help.
pub fn stable_dt_s(spacing_m: &[f64], space_order: usize, v_max_m_s: f64) -> f64 {
    let radius = (space_order / 2) as i32;
    let nodes: Vec<f64> = (-radius..=radius).map(f64::from).collect();
    let weights = retrograd::compile::weights::fornberg(2, &nodes, 0.0);
    let row: f64 = weights.iter().map(|w| w.abs()).sum();
    let sum: f64 = spacing_m.iter().map(|h| row / (h * h)).sum();
    2.0 / (v_max_m_s * sum.sqrt())
}

#[cfg(test)]
mod tests;
