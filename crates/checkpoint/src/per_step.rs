//! A quantity of every step: the same for all, or one of each.

use std::iter::Sum;
use std::ops::Range;

/// What a step costs or takes, for steps that are alike or not (adaptive time steps, refined
/// meshes).
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum PerStep<T> {
    /// The same at every step.
    Uniform(T),
    /// One value for each step, step 0 first. Of steps beyond the last the last value holds.
    Each(Vec<T>),
}

impl<T: Copy + Default> PerStep<T> {
    /// The value at `step`; the default of `T` if there are no values at all.
    pub fn at(&self, step: u64) -> T {
        match self {
            Self::Uniform(value) => *value,
            Self::Each(values) => {
                let index = usize::try_from(step).unwrap_or(usize::MAX);
                values.get(index).or(values.last()).copied().unwrap_or_default()
            }
        }
    }
}

impl PerStep<u64> {
    /// The sum over `steps`; saturates.
    pub fn sum(&self, steps: Range<u64>) -> u64 {
        match self {
            Self::Uniform(value) => value.saturating_mul(steps.end.saturating_sub(steps.start)),
            Self::Each(_) => steps.fold(0, |sum, step| sum.saturating_add(self.at(step))),
        }
    }
}

impl PerStep<f64> {
    /// The sum over `steps`.
    pub fn sum(&self, steps: Range<u64>) -> f64 {
        match self {
            Self::Uniform(value) => value * steps.end.saturating_sub(steps.start) as f64,
            Self::Each(_) => f64::sum(steps.map(|step| self.at(step))),
        }
    }
}

impl<T> From<T> for PerStep<T> {
    fn from(value: T) -> Self {
        Self::Uniform(value)
    }
}
