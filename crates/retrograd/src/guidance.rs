//! Before a run: whether the time step is stable, the grid fine enough, and every point of use.

use std::fmt;

use retrograd_compile::symbolic::Sparse;

use crate::dispersion::points_per_wavelength;
use crate::error::Error;
use crate::simulation::Simulation;
use crate::stability::{StabilityError, StabilitySearch, StableStep};
use crate::surface::{OnFreeSurface, on_free_surfaces};

/// Error of the phase velocity that a grid is taken to be fine enough for.
const PHASE_ERROR: f64 = 1e-3;

/// What runs over the grid.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Waves {
    /// The slowest velocity of the model, in metres per second.
    pub slowest_m_s: f64,
    /// The highest frequency of the sources, in hertz: a Ricker wavelet has a thousandth of its largest
    /// amplitude at 3.2 of its peak frequency.
    pub highest_hz: f64,
    /// Order of the differences in space.
    pub space_order: usize,
}

/// Something to know before a run, printed with what is wrong and how to mend it.
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub enum Advice {
    /// The state grows with this time step: the run is worthless.
    Unstable {
        /// The time step of the simulation, in seconds.
        dt_s: f64,
        /// The largest stable one.
        limit: StableStep,
    },
    /// The limit was not searched.
    LimitUnknown {
        /// Why.
        why: StabilityError,
    },
    /// Too few points for the shortest wave.
    Coarse {
        /// The dimension of the widest spacing.
        axis: &'static str,
        /// Points per shortest wavelength along it.
        points: f64,
        /// Points that keep the phase velocity right to one in a thousand.
        wanted: f64,
        /// The wavelength, in metres.
        shortest_m: f64,
    },
    /// A source or receiver where the function is zero.
    OnSurface {
        /// The name of the points.
        points: String,
        /// Which one, and where.
        point: OnFreeSurface,
    },
}

impl Advice {
    /// Whether a run makes no sense as it is; otherwise its results are worse than they need be.
    pub fn is_error(&self) -> bool {
        matches!(self, Self::Unstable { .. } | Self::OnSurface { .. })
    }
}

impl fmt::Display for Advice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unstable { dt_s, limit } => write!(
                f,
                "error[stability]: the state grows with a time step of {:.4e} s; the largest stable \
                 one is {:.4e} s, give or take {:.1} %\n  help: take {:.4e} s, or a coarser grid",
                dt_s,
                limit.dt_s,
                100.0 * limit.margin,
                limit.safe_dt_s(),
            ),
            Self::LimitUnknown { why } => {
                write!(f, "warning[stability]: the time step has not been checked: {why}")
            }
            Self::Coarse { axis, points, wanted, shortest_m } => write!(
                f,
                "warning[sampling]: {points:.1} points per shortest wavelength ({shortest_m:.4} m) \
                 along {axis}; from {wanted:.1} on waves run at the right velocity to one in a \
                 thousand\n  help: a finer grid, lower frequencies, or a higher space order",
            ),
            Self::OnSurface { points, point } => {
                write!(f, "error[geometry/on-free-surface]: `{points}`: {point}")
            }
        }
    }
}

impl Simulation {
    /// What there is to know before this simulation runs, with the coefficients, layers and time step that
    /// it has: whether it is stable (searched on the program itself, see
    /// [`largest_stable_dt`](Self::largest_stable_dt), which is what this costs), whether the grid is fine
    /// enough for `waves`, if it is given, and which of these sources and receivers, positions in
    /// metres, lie on a free surface. Points outside the grid are refused by [`place`](Self::place).
    ///
    /// # Errors
    /// Points that the operator does not use; no memory.
    pub fn guidance<P: AsRef<[f64]>>(
        &self,
        waves: Option<&Waves>,
        points_m: &[(&Sparse, &[P])],
        search: &StabilitySearch,
    ) -> Result<Vec<Advice>, Error> {
        let mut advice = Vec::new();
        match self.largest_stable_dt(search) {
            Ok(limit) => {
                // Within the margin nobody knows.
                if self.dt_s() > limit.dt_s * (1.0 + limit.margin) {
                    advice.push(Advice::Unstable { dt_s: self.dt_s(), limit });
                }
            }
            Err(Error::Stability(StabilityError::NeverUnstable { .. })) => {}
            Err(Error::Stability(why)) => advice.push(Advice::LimitUnknown { why }),
            Err(other) => return Err(other),
        }
        advice.extend(waves.and_then(|waves| self.sampling(waves)));
        for (sparse, points_m) in points_m {
            let found = on_free_surfaces(self.compiled().stencil(), self.grid(), sparse, points_m)?;
            let points = sparse.name();
            let on = |point| Advice::OnSurface { points: points.into(), point };
            advice.extend(found.into_iter().map(on));
        }
        Ok(advice)
    }

    fn sampling(&self, waves: &Waves) -> Option<Advice> {
        let spacings = self.grid().spacing_m().iter().copied().enumerate();
        let (dim, widest) = spacings.max_by(|a, b| a.1.total_cmp(&b.1))?;
        let shortest_m = waves.slowest_m_s / waves.highest_hz;
        let (points, wanted) =
            (shortest_m / widest, points_per_wavelength(waves.space_order, PHASE_ERROR));
        let axis = self.grid().dimension_names()[dim];
        (points < wanted).then_some(Advice::Coarse { axis, points, wanted, shortest_m })
    }
}
