//! Minimisation of a misfit whose every evaluation costs hours: projected L-BFGS with bounds.
//!
//! ```text
//! minimise J(m)   subject to   lower <= m <= upper,   frozen cells fixed
//! ```
//!
//! The caller evaluates, the optimiser decides (reverse communication): [`Lbfgs::ask`] names the
//! point, [`Lbfgs::tell`] takes `J` and its gradient there. Between any two evaluations, inside a
//! line search too, [`Lbfgs::save`] writes everything, and [`Lbfgs::load`] continues with the
//! same bits. No point is asked for twice.
//!
//! ```
//! use retrograd_invert::optimise::{Ask, Lbfgs, LbfgsOptions, Unknowns};
//!
//! let unknowns = Unknowns::bounded(&[1600.0, 4000.0], 1500.0, 4500.0);
//! let mut optimiser = Lbfgs::new(unknowns, LbfgsOptions::new(50.0))?;
//! while let Ask::Evaluate(m) = optimiser.ask() {
//!     let residual = [m[0] - 2000.0, m[1] - 5000.0];
//!     let misfit = 0.5 * (residual[0].powi(2) + residual[1].powi(2));
//!     optimiser.tell(misfit, &residual, None)?;
//! }
//! assert_eq!(optimiser.point()[1], 4500.0);
//! # Ok::<(), retrograd_invert::optimise::OptimiseError>(())
//! ```
//!
//! One iteration:
//!
//! 1. Variables at (or within 1e-6 of their range of) a bound that the gradient pushes against
//!    are *bound*; the others are free. The direction on the free ones is `-H g` by the two-loop
//!    recursion, on the bound ones a scaled steepest descent, so that small steps along the
//!    projected path always decrease `J` (two-metric projection: Bertsekas 1982,
//!    doi:10.1137/0320018).
//! 2. The initial inverse Hessian is the caller's positive diagonal `h` (illumination, say; ones
//!    if none) times `s'y / y'hy` of the newest pair (Nocedal and Wright 2006, Numerical
//!    Optimization, section 7.2, doi:10.1007/978-0-387-40065-5).
//! 3. The line search goes along the projected path `m(α) = P(m + α d)`, first with `α = 1`, by
//!    safeguarded cubic interpolation until sufficient decrease and the strong curvature
//!    condition hold (Wolfe). A bound that cuts the path makes a kink, at which curvature cannot
//!    always be met; then the best point of sufficient decrease is taken. `J` or a gradient that
//!    is not finite is a trial rejected, with a shorter step.
//! 4. A pair enters the memory only if `s'y > 1e-10 |s| |y|` (cautious update: Li and Fukushima
//!    2001, doi:10.1137/S1052623499354242).
//!
//! A direction that does not descend, or along which the search fails, empties the memory and is
//! replaced by preconditioned steepest descent. For bound-constrained problems compare L-BFGS-B
//! (Byrd et al. 1995, doi:10.1137/0916069), which minimises a model over the free face instead.
//!
//! Memory: `2 memory + 8` vectors. Time per iteration: `6 memory` dot products, which is nothing
//! against an evaluation. Sums are blocked in a fixed order: results do not depend on threads.

mod lbfgs;
mod line_search;
mod options;
mod pairs;
mod state;
mod stop;
mod unknowns;
mod vector;

pub use lbfgs::{Ask, Event, Iteration, Lbfgs, Rejection};
pub use options::{LbfgsOptions, OptimiseError};
pub use state::StateError;
pub use stop::StopReason;
pub use unknowns::Unknowns;

#[cfg(test)]
mod tests;
