//! What a user may choose, and what is refused.

/// Options of [`Lbfgs`](super::Lbfgs). Start from [`LbfgsOptions::new`] and change fields.
#[derive(Clone, PartialEq, Debug, serde::Serialize, serde::Deserialize)]
pub struct LbfgsOptions {
    /// Pairs remembered; 5 to 20 are usual.
    pub memory: usize,
    /// Stop after this many accepted iterations.
    pub max_iterations: usize,
    /// Stop after this many evaluations, rejected trials included.
    pub max_evaluations: usize,
    /// Trials per line search before it gives up.
    pub max_trials: usize,
    /// Sufficient decrease: `J(m) <= J(m0) + c1 g0'(m - m0)`.
    pub c1: f64,
    /// Curvature: `|slope| <= c2 |slope at 0|`. Small values search more exactly.
    pub c2: f64,
    /// Largest change of a variable in the first trial of a steepest descent, in its unit: some
    /// 1 to 3 % of the velocities, say 50 m/s. Later steps find their own length.
    pub first_step: f64,
    /// Largest change of a variable in one iteration, in its unit; no limit by default.
    pub largest_step: Option<f64>,
    /// Stop when the projected gradient has fallen to this part of the first one.
    pub gradient_tolerance: f64,
    /// Stop when `J` fell by no more than this part of itself over
    /// [`decrease_window`](Self::decrease_window) iterations.
    pub relative_decrease_tolerance: f64,
    /// See [`relative_decrease_tolerance`](Self::relative_decrease_tolerance).
    pub decrease_window: usize,
    /// Stop when `J` is no larger than this, if given.
    pub target: Option<f64>,
    /// Relative error of `J` from rounding: an increase by that much still counts as decrease.
    /// About 1e-15 for data in `f64` (the default), 1e-7 in `f32`.
    pub noise: f64,
}

impl LbfgsOptions {
    /// The usual choices: 8 pairs, `c1 = 1e-4`, `c2 = 0.9`, 100 iterations, 200 evaluations, 12
    /// trials, gradient to 1e-6, decrease to 1e-6 over 3 iterations, no target.
    pub fn new(first_step: f64) -> Self {
        Self {
            memory: 8,
            max_iterations: 100,
            max_evaluations: 200,
            max_trials: 12,
            c1: 1e-4,
            c2: 0.9,
            first_step,
            largest_step: None,
            gradient_tolerance: 1e-6,
            relative_decrease_tolerance: 1e-6,
            decrease_window: 3,
            target: None,
            noise: 1e-15,
        }
    }

    pub(super) fn check(&self) -> Result<(), OptimiseError> {
        at_least_one("memory", self.memory)?;
        at_least_one("max_trials", self.max_trials)?;
        at_least_one("decrease_window", self.decrease_window)?;
        number("c1", self.c1, "between 0 and 0.5", |c1| c1 > 0.0 && c1 < 0.5)?;
        number("c2", self.c2, "between c1 and 1", |c2| c2 > self.c1 && c2 < 1.0)?;
        number("first_step", self.first_step, "positive and finite", |s| s > 0.0 && s.is_finite())?;
        number("largest_step", self.largest_step.unwrap_or(1.0), "positive", |s| s > 0.0)?;
        number("gradient_tolerance", self.gradient_tolerance, "0 or more", |t| t >= 0.0)?;
        let decrease = self.relative_decrease_tolerance;
        number("relative_decrease_tolerance", decrease, "0 or more", |t| t >= 0.0)?;
        number("noise", self.noise, "from 0 to below 1", |noise| (0.0..1.0).contains(&noise))?;
        number("target", self.target.unwrap_or(0.0), "a number", |target| !target.is_nan())
    }
}

fn at_least_one(name: &'static str, found: usize) -> Result<(), OptimiseError> {
    number(name, found as f64, "at least 1", |found| found >= 1.0)
}

fn number(
    name: &'static str,
    found: f64,
    allowed: &'static str,
    rule: impl Fn(f64) -> bool,
) -> Result<(), OptimiseError> {
    if rule(found) { Ok(()) } else { Err(OptimiseError::Option { name, found, allowed }) }
}

/// What the optimiser refuses. Its state is then as before the call.
#[derive(Clone, PartialEq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OptimiseError {
    /// An option out of range.
    #[error("option `{name}` is {found}\n  help: it must be {allowed}")]
    Option {
        /// Its name.
        name: &'static str,
        /// Its value.
        found: f64,
        /// What it may be.
        allowed: &'static str,
    },
    /// A vector of another length than the model.
    #[error("{what} has {found} values, the model {allowed}\n  help: give one value per cell")]
    Length {
        /// Which vector.
        what: &'static str,
        /// Its length.
        found: usize,
        /// The length of the model.
        allowed: usize,
    },
    /// A start value that is not within its bounds, or not finite.
    #[error(
        "cell {index} starts at {found}, outside its bounds {lower} to {upper}\n  \
         help: widen the bounds, clip the start model, or freeze the cell"
    )]
    OutOfBounds {
        /// Index into the model, flat.
        index: usize,
        /// The start value.
        found: f64,
        /// Its lower bound.
        lower: f64,
        /// Its upper bound.
        upper: f64,
    },
    /// A preconditioner that is not positive.
    #[error(
        "the preconditioner is {found} at cell {index}\n  \
         help: it must be positive and finite wherever the model may change; add a water level"
    )]
    Preconditioner {
        /// Index into the model, flat.
        index: usize,
        /// The value there.
        found: f64,
    },
    /// An evaluation that nobody asked for.
    #[error("the optimiser has finished and takes no more evaluations\n  help: start a new one")]
    Finished,
}
