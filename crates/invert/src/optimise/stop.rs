//! Why an optimisation ended.

use std::fmt;

/// The rule that ended an optimisation, with its two sides. Printed as `left <= right`.
#[derive(Clone, PartialEq, Debug, serde::Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum StopReason {
    /// Enough iterations.
    Iterations {
        /// The limit.
        limit: usize,
        /// Those done.
        done: usize,
    },
    /// Enough evaluations.
    Evaluations {
        /// The limit.
        limit: usize,
        /// Those done.
        done: usize,
    },
    /// The gradient along which the bounds let the model move is small.
    Gradient {
        /// Euclidean norm.
        norm: f64,
        /// The tolerance times the first norm.
        limit: f64,
    },
    /// The misfit hardly falls any more.
    Decrease {
        /// `(J before - J now) / |J before|`.
        relative: f64,
        /// The tolerance.
        limit: f64,
        /// Iterations between before and now.
        window: usize,
    },
    /// The misfit is small enough.
    Target {
        /// The misfit.
        value: f64,
        /// The target.
        limit: f64,
    },
    /// Not even a short step along preconditioned steepest descent lowers the misfit: it is noise
    /// there, or the gradient is wrong.
    LineSearch {
        /// The smallest `J(m) - J(m0)` found; infinite if no trial was finite.
        change: f64,
        /// What was demanded of the shortest trial: `c1 g0'(m - m0)`.
        demanded: f64,
        /// Trials made.
        trials: usize,
    },
    /// `J` or its gradient is not finite at the very start.
    StartNotFinite {
        /// What `J` is.
        value: f64,
    },
}

impl fmt::Display for StopReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Iterations { limit, done } => {
                write!(f, "iterations: limit {limit} <= {done} done")
            }
            Self::Evaluations { limit, done } => {
                write!(f, "evaluations: limit {limit} <= {done} done")
            }
            Self::Gradient { norm, limit } => {
                write!(f, "projected gradient: {norm:.3e} <= {limit:.3e}")
            }
            Self::Decrease { relative, limit, window } => {
                write!(
                    f,
                    "relative decrease over {window} iterations: {relative:.3e} <= {limit:.3e}"
                )
            }
            Self::Target { value, limit } => {
                write!(f, "misfit: {value:.3e} <= {limit:.3e} (target)")
            }
            Self::LineSearch { change, demanded, trials } => write!(
                f,
                "line search failed after {trials} trials: demanded change {demanded:.3e} <= \
                 {change:.3e} found; check the gradient, or raise `noise`"
            ),
            Self::StartNotFinite { value } => {
                write!(f, "misfit {value} or its gradient is not finite at the start model")
            }
        }
    }
}
