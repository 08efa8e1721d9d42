//! Time steps that are not alike: adaptive step lengths, meshes that are refined on the way.
//!
//! Step `i` of `n` costs `f_i` to advance and `b_i` to reverse, its recording included, and its
//! restart data take `s_i` bytes. Only restart data are stored; `x_0` takes part of the memory as
//! soon as it is stored, the working state does not.
//!
//! # Equal sizes
//!
//! With `c` slots, `F(a, j) = f_a + ... + f_(j-1)` and `T(a, a + 1, c) = 0`,
//!
//! ```text
//! T(a, b, c) = min over a < j < b of F(a, j) + T(j, b, c - 1) + T(a, j, c)
//! T(a, b, 1) = sum over a < q < b of F(a, q)
//! ```
//!
//! is the least cost of advances, given that `x_a` is stored. `T` obeys the quadrangle inequality
//! `T(a, b) + T(a', b') <= T(a, b') + T(a', b)` for `a <= a' <= b <= b'`, by induction over `c` and
//! the length: `F` is additive, so that with the optimal splits `y` of `(a, b')` and `z` of
//! `(a', b)`, the splits `z, y` (if `z <= y`) or `y, z` of `(a, b)` and `(a', b')` leave the same
//! inequality for shorter segments or for `c - 1`. Optimal splits are therefore monotone,
//! `split(a, b - 1) <= split(a, b) <= split(a + 1, b)`, and the table takes `O(n^2 c)` time.
//! Optimality among all schedules is checked against exhaustive search in the tests.
//!
//! # Unequal sizes
//!
//! The same recurrence over bytes instead of slots, in levels of memory rounded so that the
//! capacity is never exceeded; `O(n^3 levels)` time. It is optimal among *persistent* schedules,
//! which keep what they store until they have reversed the step that starts there; others can be
//! faster by a little.
//!
//! # Many steps
//!
//! Where the tables would grow too large, snapshots of the outer schedule are taken only between
//! groups of steps: groups of about the same share of time and number, which begin at small
//! states. Within a group Revolve counts steps. The better of that and of as many slots as hold any
//! state is taken.
//!
//! # Bounds
//!
//! Every schedule comes with a cost that no schedule beats. With at most `c` snapshots at a time,
//! at most `beta(c, r)` steps are advanced no more than `r` times, so that sorting the steps by
//! cost, dearest first, and advancing the first `beta(c, 0)` of them never, the next once and so
//! on, costs no more than any schedule. For unequal sizes `c` counts the smallest states that fit.
//! Where the table of equal sizes is affordable it gives a better bound with the same `c`.
//!
//! Griewank & Walther, *Algorithm 799: Revolve*, ACM TOMS 26 (2000), doi:10.1145/347837.347846,
//! for `beta`; Yao, *Efficient dynamic programming using quadrangle inequalities*, STOC 1980,
//! doi:10.1145/800141.804691, for the monotonicity.

mod bound;
mod equal;
mod groups;
mod iterate;
mod levels;
mod solve;

pub use iterate::UnevenActions;
pub use solve::{UnevenOptions, UnevenSchedule};

use crate::per_step::running;
use crate::{PerStep, ScheduleError};

/// Steps that are not alike; see the [module](self).
///
/// ```
/// use retrograd_checkpoint::{CostModel, PerStep, Revolve, UnevenSteps};
///
/// // One step of ten costs as much as all others together.
/// let mut forward = vec![1.0; 10];
/// forward[4] = 9.0;
/// let cost = CostModel { forward: PerStep::Each(forward.clone()), ..CostModel::steps(0.0, 2.0) };
/// let steps = UnevenSteps { forward, adjoint: PerStep::Uniform(2.0), restart_bytes: 8.into() };
/// let schedule = steps.solve_slots(3)?;
/// assert!(schedule.proven_optimal());
/// // The dear step is advanced once, where Revolve, which counts steps, advances it twice.
/// assert_eq!(cost.makespan(schedule.actions()), 44.0);
/// assert_eq!(schedule.makespan(), 44.0);
/// assert_eq!(cost.makespan(Revolve::new(10, 3)?), 51.0);
/// # Ok::<(), retrograd_checkpoint::ScheduleError>(())
/// ```
#[derive(Clone, PartialEq, Debug)]
pub struct UnevenSteps {
    /// Cost of advancing each step, `f_i`. Its length is the number of steps.
    pub forward: Vec<f64>,
    /// Cost of reversing each step with its recording, `b_i`.
    pub adjoint: PerStep<f64>,
    /// Bytes of the restart data of each step, `s_i`.
    pub restart_bytes: PerStep<u64>,
}

impl UnevenSteps {
    /// The number of steps.
    pub fn steps(&self) -> u64 {
        self.forward.len() as u64
    }

    /// The fastest schedule with `slots` snapshots at a time, whatever their sizes.
    ///
    /// Takes `O(n^2 slots)` time and memory, or, if that is more than about a second or a GiB, a
    /// heuristic.
    ///
    /// # Errors
    /// [`ScheduleError::NoSnapshots`] if there are none and more than one step;
    /// [`ScheduleError::InvalidCost`] for costs that are negative, not finite, or too large to be
    /// added up.
    pub fn solve_slots(&self, slots: u64) -> Result<UnevenSchedule, ScheduleError> {
        solve::solve_slots(self, slots)
    }

    /// A schedule whose snapshots take at most `capacity` bytes at a time, in default options.
    ///
    /// # Errors
    /// As for [`UnevenSteps::solve_bytes_with`].
    pub fn solve_bytes(&self, capacity: u64) -> Result<UnevenSchedule, ScheduleError> {
        self.solve_bytes_with(capacity, UnevenOptions::default())
    }

    /// A schedule whose snapshots take at most `capacity` bytes at a time.
    ///
    /// States of the same size take the time of [`UnevenSteps::solve_slots`]; others
    /// `O(n^3 levels)`, or, if that is more than about a second, a heuristic.
    ///
    /// # Errors
    /// [`ScheduleError::TooSmall`] if `x_0` does not fit, and there is more than one step;
    /// [`ScheduleError::Invalid`] for no levels; [`ScheduleError::InvalidCost`] as for
    /// [`UnevenSteps::solve_slots`].
    pub fn solve_bytes_with(
        &self,
        capacity: u64,
        options: UnevenOptions,
    ) -> Result<UnevenSchedule, ScheduleError> {
        solve::solve_bytes(self, capacity, options)
    }

    /// Refuses costs that cannot be added up.
    pub(crate) fn check(&self) -> Result<(), ScheduleError> {
        let what = "the cost of a step";
        let valid = |value: f64| value.is_finite() && value >= 0.0;
        let adjoint = (0..self.steps()).map(|step| self.adjoint.at(step));
        let mut total = 0.0;
        for value in self.forward.iter().copied().chain(adjoint) {
            if !valid(value) {
                return Err(ScheduleError::InvalidCost { what, value });
            }
            total += value;
        }
        // No step is advanced more often than there are steps, and sums are summed once more.
        let value = total * (self.forward.len() as f64 + 1.0).powi(2);
        if valid(value) {
            Ok(())
        } else {
            Err(ScheduleError::InvalidCost { what: "the cost of all steps", value })
        }
    }
}

/// Sums of the costs of advances.
#[derive(Clone, Debug)]
struct Sums {
    /// `F(0, i)`.
    cost: Vec<f64>,
    /// The sum of the entries of `cost` before `i`.
    twice: Vec<f64>,
}

impl Sums {
    fn new(forward: &[f64]) -> Self {
        let cost: Vec<f64> = running(forward);
        let twice = running(&cost);
        Self { cost, twice }
    }

    /// `F(from, to)`.
    fn between(&self, from: usize, to: usize) -> f64 {
        self.cost[to] - self.cost[from]
    }

    /// `T(from, to, 1)`: every step but the first is reached from `from`.
    fn sweeps(&self, from: usize, to: usize) -> f64 {
        let reached = self.twice[to] - self.twice[from + 1];
        // Rounding of the differences must not make it negative.
        (reached - (to - from - 1) as f64 * self.cost[from]).max(0.0)
    }
}
