//! Several adjoint sweeps of one forward run: several right-hand sides, columns of a Hessian.
//!
//! `k` sweeps reverse the same `n` steps, each with a cotangent of its own. What is kept between
//! two sweeps need not be computed again for the next.
//!
//! # With restart data
//!
//! The states at `0 = s_0 < s_1 < ... < s_m` stay stored from the forward run on. Each sweep
//! reverses the gaps between them, the last first, by Revolve with the `c - m` slots that are left,
//! that of the gap's own state included. In the last sweep each state goes with its last read, and
//! gap `i` has `c - i` slots. With gaps of `g_0 + ... + g_m = n` steps and Revolve's advances
//! `t(g, s)`,
//!
//! ```text
//! advances = s_m + (k - 1) sum_i t(g_i, c - m) + sum_i t(g_i, c - i)
//! ```
//!
//! All terms are convex in the gaps, because `t` is: its slope from `g` to `g + 1` is the smallest
//! `r` with `beta(s, r) > g`. For each `m` the least sum is therefore found by bisection for the
//! slope at which the gaps add up to `n`. All `m < c` are compared, or, beyond 90 slots, some of
//! them, evenly. `m = 0` is Revolve from `x_0` in every sweep.
//!
//! This is the least of all schedules that keep a fixed set of states. Other schedules could move
//! states from sweep to sweep: an exhaustive search over all of them, up to 10 steps, 4 slots and
//! 5 sweeps, finds the same number in 101 of 120 cases, and at most 8 % less in the others.
//! The choice of the set is our own; `t` is that of Griewank & Walther, *Algorithm 799:
//! Revolve*, ACM TOMS 26 (2000), doi:10.1145/347837.347846.
//!
//! # With adjoint data
//!
//! Where the adjoint data of all steps fit, each step is run once, whatever the number of sweeps.
//!
//! # Any schedule
//!
//! [`Repeated`](crate::schedule::Repeated) runs any schedule once per sweep from `x_0`, which it keeps.

use std::iter::FusedIterator;

use super::costs::{beta, last_where, repetitions};
use super::segment::{Base, SegmentActions};
use crate::{Action, Costs, Data, ScheduleError, TierId};

const TIER: TierId = TierId(0);

/// The most gaps of all plans that are compared: a fraction of a second's worth.
const MOST_GAPS: u64 = 8192;

/// The fewest numbers of kept states that are compared, if there are as many.
const FEWEST_COMPARED: u64 = 8;

/// The schedule for several sweeps with the fewest advances that a fixed set of kept states allows.
/// [`replay_sweeps`](crate::replay_sweeps()) proves it,
/// [`Executor::run_sweeps`](crate::Executor::run_sweeps) runs it.
///
/// ```
/// use retrograd_checkpoint::{Costs, MemoryModel, Sweeps, replay_sweeps};
///
/// let schedule = Sweeps::new(1000, 5, 40)?;
/// let report = replay_sweeps(1000, 5, &MemoryModel::slots(40), schedule.clone())?;
/// assert_eq!(u128::from(report.advances), schedule.advances());
/// assert!(schedule.advances() < 5 * Costs::revolve(1000, 40)?.advances);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Sweeps {
    steps: u64,
    /// The number of sweeps.
    count: u64,
    slots: u64,
    advances: u128,
    /// Where the states are that are kept, and then the number of steps; or nothing, if adjoint
    /// data are.
    bounds: Vec<u64>,
    /// The current sweep.
    sweep: u64,
    phase: Phase,
}

/// What to emit next.
#[derive(Clone, Debug)]
enum Phase {
    /// Store the state at this bound.
    Store(usize),
    /// Advance from this bound to the next.
    Advance(usize),
    /// Reverse the gap from this bound on.
    Gap(usize, SegmentActions),
    /// Record this step.
    Record(u64),
    /// Store its adjoint data.
    Keep(u64),
    /// Load the adjoint data of this step.
    Load(u64),
    /// Discard them.
    Discard(u64),
    /// Reverse this step.
    Reverse(u64),
    Done,
}

impl Sweeps {
    /// The schedule for `sweeps` sweeps over `steps` with at most `slots` restart snapshots in
    /// tier 0 at a time, `x_0` included.
    ///
    /// # Errors
    /// [`ScheduleError::NoSnapshots`] if there are no slots, and more to do than a step once.
    pub fn new(steps: u64, sweeps: u64, slots: u64) -> Result<Self, ScheduleError> {
        let nothing = steps == 0 || sweeps == 0;
        if slots == 0 && !nothing && (steps > 1 || sweeps > 1) {
            return Err(ScheduleError::NoSnapshots { steps });
        }
        let slots = slots.clamp(1, steps.max(1));
        let most = if sweeps > 1 { slots - 1 } else { 0 };
        let plan = |beside| Kept { steps, sweeps, slots, beside }.plan();
        let plans = compared(most).filter(|_| !nothing).map(plan);
        let best = plans.min_by_key(|(advances, _)| *advances);
        let (advances, bounds) = best.unwrap_or((0, vec![0, steps]));
        let phase = match sweeps {
            _ if nothing => Phase::Done,
            1 => Phase::Gap(0, SegmentActions::new(0, steps, slots, Base::Working)),
            _ => Phase::Store(0),
        };
        Ok(Self { steps, count: sweeps, slots, advances, bounds, sweep: 0, phase })
    }

    /// The schedule for `sweeps` sweeps over `steps` that stores the adjoint data of all steps in
    /// tier 0, and runs each step once. Working memory holds those of one step besides.
    pub fn store_all(steps: u64, sweeps: u64) -> Self {
        let nothing = steps == 0 || sweeps == 0;
        let phase = if nothing { Phase::Done } else { Phase::Record(0) };
        let slots = if sweeps > 1 { steps } else { steps.saturating_sub(1) };
        Self { steps, count: sweeps, slots, advances: 0, bounds: Vec::new(), sweep: 0, phase }
    }

    /// Steps that each sweep reverses.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// The number of sweeps.
    pub fn sweeps(&self) -> u64 {
        self.count
    }

    /// The most snapshots stored at a time: those asked for, as far as the steps can use them.
    pub fn slots(&self) -> u64 {
        self.slots
    }

    /// The steps whose states stay stored between the sweeps, `x_0` first.
    pub fn kept(&self) -> &[u64] {
        &self.bounds[..self.bounds.len().saturating_sub(1)]
    }

    /// Forward steps run without recording, of all sweeps together.
    pub fn advances(&self) -> u128 {
        self.advances
    }

    /// Forward steps run in all sweeps together, recorded ones included.
    pub fn total_forward(&self) -> u128 {
        let recorded = if self.bounds.is_empty() { self.count.min(1) } else { self.count };
        self.advances + u128::from(self.steps) * u128::from(recorded)
    }

    fn last_sweep(&self) -> bool {
        self.sweep + 1 == self.count
    }

    /// The gap from bound `index` on, whose state the model is `at` already or not.
    fn gap(&self, index: usize, there: bool) -> SegmentActions {
        let (start, end) = (self.bounds[index], self.bounds[index + 1]);
        let last_kept = self.bounds.len() as u64 - 2;
        let (held, base) = if self.last_sweep() {
            (index as u64, Base::Released)
        } else {
            (last_kept, Base::Kept)
        };
        let mut actions = SegmentActions::new(start, end - start, self.slots - held, base);
        if there {
            actions.next(); // the load
        }
        actions
    }

    /// The gap before the one that is done, or the next sweep.
    fn after_gap(&self, index: usize) -> Option<(u64, usize)> {
        match index.checked_sub(1) {
            Some(index) => Some((self.sweep, index)),
            None if self.last_sweep() => None,
            None => Some((self.sweep + 1, self.bounds.len() - 2)),
        }
    }

    fn next_gap(&mut self, index: usize) -> Option<Action> {
        let Some((sweep, index)) = self.after_gap(index) else {
            self.phase = Phase::Done;
            return None;
        };
        self.sweep = sweep;
        self.phase = Phase::Gap(index, self.gap(index, false));
        self.next()
    }

    /// Steps below `step` are left in this sweep.
    fn after_reverse(&mut self, step: u64) {
        self.phase = if step > 0 {
            Phase::Load(step - 1)
        } else if self.last_sweep() {
            Phase::Done
        } else {
            self.sweep += 1;
            Phase::Load(self.steps - 1)
        };
    }
}

impl Iterator for Sweeps {
    type Item = Action;

    fn next(&mut self) -> Option<Action> {
        let (restart, adjoint, tier) = (Data::Restart, Data::Adjoint, TIER);
        Some(match &mut self.phase {
            Phase::Store(index) => {
                let index = *index;
                let step = self.bounds[index];
                let last = index + 2 == self.bounds.len();
                self.phase = if last {
                    Phase::Gap(index, self.gap(index, true))
                } else {
                    Phase::Advance(index)
                };
                Action::Store { kind: restart, step, tier }
            }
            Phase::Advance(index) => {
                let steps = self.bounds[*index]..self.bounds[*index + 1];
                self.phase = Phase::Store(*index + 1);
                Action::Advance { steps }
            }
            Phase::Gap(index, actions) => {
                let (index, action) = (*index, actions.next());
                return action.or_else(|| self.next_gap(index));
            }
            Phase::Record(step) => {
                let step = *step;
                // A single sweep reverses the last step at once.
                let once = self.count == 1 && step + 1 == self.steps;
                self.phase = if once { Phase::Reverse(step) } else { Phase::Keep(step) };
                Action::Record { steps: step..step + 1 }
            }
            Phase::Keep(step) => {
                let step = *step;
                let last = step + 1 == self.steps;
                self.phase = if last { Phase::Reverse(step) } else { Phase::Record(step + 1) };
                Action::Store { kind: adjoint, step, tier }
            }
            Phase::Load(step) => {
                let step = *step;
                let last = self.last_sweep();
                self.phase = if last { Phase::Discard(step) } else { Phase::Reverse(step) };
                Action::Load { kind: adjoint, step, tier }
            }
            Phase::Discard(step) => {
                let step = *step;
                self.phase = Phase::Reverse(step);
                Action::Discard { kind: adjoint, step, tier }
            }
            Phase::Reverse(step) => {
                let step = *step;
                self.after_reverse(step);
                Action::Reverse { steps: step..step + 1 }
            }
            Phase::Done => return None,
        })
    }
}

impl FusedIterator for Sweeps {}

/// The numbers of kept states to compare, evenly from 0 to `most`.
fn compared(most: u64) -> impl Iterator<Item = u64> {
    let parts = (MOST_GAPS / (most + 1)).max(FEWEST_COMPARED).min(most);
    let part = move |i: u64| u128::from(most) * u128::from(i) / u128::from(parts.max(1));
    (0..=parts).map(move |i| part(i) as u64)
}

/// So many states are kept beside `x_0`.
#[derive(Clone, Copy)]
struct Kept {
    steps: u64,
    sweeps: u64,
    slots: u64,
    beside: u64,
}

impl Kept {
    /// Advances, and where the gaps begin and end.
    fn plan(self) -> (u128, Vec<u64>) {
        let gaps = self.gaps();
        let mut bounds = vec![0];
        let mut end = 0;
        bounds.extend(gaps.iter().map(|gap| {
            end += gap;
            end
        }));
        let advances = |steps: u64, slots: u64| match steps {
            0 | 1 => 0,
            _ => Costs::of_slots(steps, slots.min(steps - 1)).advances,
        };
        let again = u128::from(self.sweeps.saturating_sub(1));
        let of_gap = |(i, &gap): (u64, &u64)| {
            again * advances(gap, self.slots - self.beside) + advances(gap, self.slots - i)
        };
        let run = u128::from(bounds[bounds.len() - 2]);
        (run + (0..).zip(&gaps).map(of_gap).sum::<u128>(), bounds)
    }

    /// The gaps with the least sum: all units of a slope below the one at which they add up to all
    /// steps, and some of that slope.
    fn gaps(self) -> Vec<u64> {
        let all = |slope: u128| (0..=self.beside).map(move |i| self.longest(i, slope));
        let reaches = |slope| all(slope).fold(0, u64::saturating_add) >= self.steps;
        let (mut low, mut high) = (0, self.slope(self.steps - self.beside, self.beside) + 1);
        while low + 1 < high {
            let middle = low + (high - low) / 2;
            if reaches(middle) { high = middle } else { low = middle }
        }
        let mut gaps: Vec<u64> = all(low).collect();
        let mut left = self.steps - gaps.iter().sum::<u64>();
        for (gap, longest) in gaps.iter_mut().zip(all(high)) {
            let more = (longest - *gap).min(left);
            *gap += more;
            left -= more;
        }
        gaps
    }

    /// The slope of the last unit of a gap, in the last `slots - i` of the slots; but for the first
    /// sweep's run over it.
    fn slope(self, gap: u64, i: u64) -> u128 {
        let of = |slots: u64| u128::from(if gap < 2 { 0 } else { repetitions(gap, slots) });
        u128::from(self.sweeps.saturating_sub(1)) * of(self.slots - self.beside)
            + of(self.slots - i)
    }

    /// The longest gap `i` in which no unit but the first has a slope above `slope`.
    fn longest(self, i: u64, slope: u128) -> u64 {
        let most = self.steps - self.beside; // a step for each of the others
        // The first sweep runs over each gap but the last once more.
        let Some(slope) = slope.checked_sub(u128::from(i < self.beside)) else { return 1 };
        // Where neither repetition number is above this, the slope is not.
        let r = (slope / u128::from(self.sweeps)).min(self.steps.into()) as u64;
        let from = beta(self.slots - self.beside, r, most.into()) as u64;
        last_where(from, most, |gap| self.slope(gap, i) <= slope)
    }
}
