//! The variables and the box they live in.

use super::options::OptimiseError;
use super::vector::sum;

/// The variables: start values, bounds, and which of them are fixed.
#[derive(Clone, PartialEq, Debug)]
pub struct Unknowns {
    /// Start model, flat.
    pub start: Vec<f64>,
    /// Lower bound of each; `-∞` for none.
    pub lower: Vec<f64>,
    /// Upper bound of each; `∞` for none.
    pub upper: Vec<f64>,
    /// True for those that keep their start value, to the bit; bounds do not apply to them.
    pub frozen: Vec<bool>,
}

impl Unknowns {
    /// No bounds, nothing frozen.
    pub fn free(start: &[f64]) -> Self {
        Self::bounded(start, f64::NEG_INFINITY, f64::INFINITY)
    }

    /// The same bounds for all, nothing frozen.
    pub fn bounded(start: &[f64], lower: f64, upper: f64) -> Self {
        let n = start.len();
        Self {
            start: start.to_vec(),
            lower: vec![lower; n],
            upper: vec![upper; n],
            frozen: vec![false; n],
        }
    }

    /// Freezes the cells for which `frozen` is true.
    #[must_use]
    pub fn with_frozen(mut self, frozen: &[bool]) -> Self {
        self.frozen = frozen.to_vec();
        self
    }

    pub(super) fn check(&self) -> Result<(), OptimiseError> {
        let n = self.start.len();
        check_length("the lower bound", self.lower.len(), n)?;
        check_length("the upper bound", self.upper.len(), n)?;
        check_length("the frozen mask", self.frozen.len(), n)?;
        for (index, &found) in self.start.iter().enumerate() {
            let (lower, upper) = (self.lower[index], self.upper[index]);
            let within = lower <= found && found <= upper && found.is_finite();
            if !within && !self.frozen[index] {
                return Err(OptimiseError::OutOfBounds { index, found, lower, upper });
            }
        }
        Ok(())
    }

    /// `P(point + step direction)`. Frozen cells are copied, not computed.
    pub(super) fn project(&self, point: &[f64], direction: &[f64], step: f64) -> Vec<f64> {
        let moved = |i: usize| {
            if self.frozen[i] {
                return point[i];
            }
            (point[i] + step * direction[i]).clamp(self.lower[i], self.upper[i])
        };
        (0..point.len()).map(moved).collect()
    }

    /// Whether variable `i` still moves at `point + step direction`, or a bound has stopped it.
    pub(super) fn moves(&self, point: &[f64], direction: &[f64], step: f64, i: usize) -> bool {
        let (d, at) = (direction[i], point[i] + step * direction[i]);
        !self.frozen[i] && ((d > 0.0 && at < self.upper[i]) || (d < 0.0 && at > self.lower[i]))
    }

    /// Variables that are neither frozen nor pushed by descent against a bound within `part` of
    /// their range.
    pub(super) fn unbound(&self, point: &[f64], gradient: &[f64], part: f64) -> Vec<bool> {
        let near = |i: usize| {
            let range = self.upper[i] - self.lower[i];
            if range.is_finite() { part * range } else { 0.0 }
        };
        let bound = |i: usize| {
            (gradient[i] > 0.0 && point[i] <= self.lower[i] + near(i))
                || (gradient[i] < 0.0 && point[i] >= self.upper[i] - near(i))
        };
        (0..point.len()).map(|i| !self.frozen[i] && !bound(i)).collect()
    }
}

pub(super) fn check_length(
    what: &'static str,
    found: usize,
    allowed: usize,
) -> Result<(), OptimiseError> {
    if found == allowed { Ok(()) } else { Err(OptimiseError::Length { what, found, allowed }) }
}

/// A line through the box: from a point, along a direction, stopped variable by variable.
pub(super) struct Path<'a> {
    pub(super) unknowns: &'a Unknowns,
    pub(super) point: &'a [f64],
    pub(super) direction: &'a [f64],
}

impl Path<'_> {
    /// Derivative at `step` of a function with `gradient` there. Stopped variables do not count.
    pub(super) fn slope(&self, gradient: &[f64], step: f64) -> f64 {
        self.sum_of_moving(step, |i| gradient[i] * self.direction[i])
    }

    /// Whether the direction goes down by a cosine of at least `least`.
    pub(super) fn descends(&self, gradient: &[f64], least: f64) -> bool {
        let length = self.sum_of_moving(0.0, |i| self.direction[i].powi(2)).sqrt();
        let steepness = self.sum_of_moving(0.0, |i| gradient[i].powi(2)).sqrt();
        let slope = self.slope(gradient, 0.0);
        length.is_finite() && slope < 0.0 && slope <= -least * length * steepness
    }

    fn sum_of_moving(&self, step: f64, f: impl Fn(usize) -> f64) -> f64 {
        let moves = |i| self.unknowns.moves(self.point, self.direction, step, i);
        sum(self.point.len(), |i| if moves(i) { f(i) } else { 0.0 })
    }
}
