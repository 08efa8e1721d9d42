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

/// Sums of a quantity over any steps, each in constant time.
#[derive(Clone, Debug)]
pub(crate) struct RangeSums<'a> {
    of: &'a PerStep<f64>,
    /// Sums of the first 0, 1, 2, ... values; empty where all are alike.
    before: Vec<f64>,
}

impl<'a> RangeSums<'a> {
    pub(crate) fn new(of: &'a PerStep<f64>) -> Self {
        let before = match of {
            PerStep::Uniform(_) => Vec::new(),
            PerStep::Each(values) => running(values),
        };
        Self { of, before }
    }

    /// The sum over `steps`, to the rounding of the sum over all of them.
    pub(crate) fn sum(&self, steps: &Range<u64>) -> f64 {
        match self.before.last() {
            // A single step needs no difference, and is exact.
            Some(&all) if steps.end.saturating_sub(steps.start) > 1 => {
                let known = self.before.len() as u64 - 1;
                let first = |steps: u64| match self.before.get(steps as usize) {
                    Some(&sum) if steps <= known => sum,
                    _ => all + self.of.at(known) * (steps - known) as f64,
                };
                first(steps.end) - first(steps.start)
            }
            _ => self.of.sum(steps.clone()),
        }
    }
}

/// The sums of the first 0, 1, 2, ... values.
pub(crate) fn running(values: &[f64]) -> Vec<f64> {
    let mut sum = 0.0;
    let sums = values.iter().map(|value| {
        sum += value;
        sum
    });
    [0.0].into_iter().chain(sums).collect()
}

impl<T> From<T> for PerStep<T> {
    fn from(value: T) -> Self {
        Self::Uniform(value)
    }
}
