//! Revolve: the fewest forward steps for a given number of snapshots.
//!
//! The state at the start of a segment of `n` steps is stored with `s` slots left, its own
//! included. The forward run then leaves the segment's first `j` steps for later, stores the
//! state there if more than one step remains, and so on; `j` follows from `n` and `s` by binomial
//! coefficients, so that no table is built and a schedule of any length costs nanoseconds per
//! action.
//!
//! Written from the formulas of Griewank & Walther, *Algorithm 799: Revolve: an implementation
//! of checkpointing for the reverse or adjoint mode of computational differentiation*, ACM TOMS
//! 26 (2000), doi:10.1145/347837.347846.
//!
//! * Every snapshot is discarded directly after its last load.
//! * A state that the model is in is never loaded.
//! * Not here: several tiers, and stored adjoint data.

use std::iter::FusedIterator;
use std::ops::Range;
use std::sync::Arc;

use super::costs::{beta, repetitions, useful_snapshots};
use crate::{Action, Costs, Data, ScheduleError, TierId};

/// Entries that the stack of stored steps reserves at most when it is made, 24 bytes each; more
/// snapshots than that are rare, and a huge number should not allocate what it never uses.
const RESERVED_SNAPSHOTS: u64 = 4096;

/// Which of the optimal distances to the next snapshot is taken. Both cost the same number of
/// advances, writes and reads.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Trajectory {
    /// The choice of Algorithm 799.
    #[default]
    Revolve,
    /// The largest optimal distance: snapshots lie later.
    Maximum,
}

/// The optimal schedule for a known number of steps and one kind of snapshot, as an iterator.
///
/// Its state is one entry of 24 bytes per stored snapshot; an action takes constant time and
/// allocates nothing, except that the stack doubles as the first sweep passes 4096 snapshots.
///
/// ```
/// use retrograd_checkpoint::{Action, Revolve};
///
/// let mut actions = Revolve::new(1_000_000_000, 30)?;
/// assert_eq!(actions.costs().repetitions, 11);
/// let first = actions.next().map(|action| action.to_string());
/// assert_eq!(first.as_deref(), Some("store restart 0 in tier 0"));
/// # Ok::<(), retrograd_checkpoint::ScheduleError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Revolve {
    steps: u64,
    slots: u64,
    trajectory: Trajectory,
    stored: Vec<Stored>,
    /// The first step; 0 unless the schedule is part of a longer one.
    first: u64,
    /// What `arriving` is at the first step.
    opening: (u64, u64),
    /// Steps from here on are reversed.
    end: u64,
    /// Where the model is, when [`Phase::Arrive`] asks.
    at: u64,
    /// `(r, beta(s, r - 1))` of the segment that starts at `at`, should that state be stored;
    /// `r` may still be too large for its length.
    arriving: (u64, u64),
    phase: Phase,
    tiers: Tiers,
}

/// Where snapshots are stored, by their place on the stack: from 0, the initial state's.
#[derive(Clone, Debug)]
pub(crate) enum Tiers {
    /// All in one tier.
    One(TierId),
    /// The first in this tier, the others in that one.
    FirstIn(TierId, TierId),
    /// In tier 1 where the entry says so, in tier 0 otherwise.
    OnDisk(Arc<[bool]>),
}

impl Tiers {
    #[inline]
    fn of(&self, place: usize) -> TierId {
        match self {
            Self::One(tier) => *tier,
            Self::FirstIn(tier, _) if place == 0 => *tier,
            Self::FirstIn(_, others) => *others,
            Self::OnDisk(on_disk) => TierId(u32::from(on_disk[place])),
        }
    }
}

/// A stored snapshot, and the numbers of the segment from it to `end`.
#[derive(Clone, Copy, Debug)]
struct Stored {
    step: u64,
    /// The smallest `r` with `beta(s, r) >= n`, brought up to date when the snapshot is loaded.
    reps: u64,
    /// `beta(s, reps - 1)`, smaller than `n`: every other binomial needed is smaller still, so
    /// nothing can overflow.
    below: u64,
}

/// What to emit next.
#[derive(Clone, Copy, Debug)]
enum Phase {
    Arrive,
    Advance,
    Reverse,
    Load,
    Discard,
    Done,
}

impl Revolve {
    /// The schedule for `steps` with at most `snapshots` restart snapshots stored at a time, the
    /// initial state included. Snapshots that `steps` cannot use are never stored.
    ///
    /// # Errors
    /// [`ScheduleError::NoSnapshots`] if there are none and more than one step.
    pub fn new(steps: u64, snapshots: u64) -> Result<Self, ScheduleError> {
        Self::with_trajectory(steps, snapshots, Trajectory::Revolve)
    }

    /// As [`Revolve::new`], along the given trajectory.
    ///
    /// # Errors
    /// As for [`Revolve::new`].
    pub fn with_trajectory(
        steps: u64,
        snapshots: u64,
        trajectory: Trajectory,
    ) -> Result<Self, ScheduleError> {
        Ok(Self::with_slots(steps, useful_snapshots(steps, snapshots)?, trajectory))
    }

    /// As [`Revolve::with_trajectory`], with the nearest number of slots that is of use.
    pub(crate) fn with_slots(steps: u64, slots: u64, trajectory: Trajectory) -> Self {
        let slots = slots.max(1).min(steps.saturating_sub(1));
        let opening = opening(steps, slots);
        Self {
            steps,
            slots,
            trajectory,
            stored: Vec::with_capacity(slots.min(RESERVED_SNAPSHOTS) as usize),
            first: 0,
            opening,
            end: steps,
            at: 0,
            arriving: opening,
            phase: if steps == 0 { Phase::Done } else { Phase::Arrive },
            tiers: Tiers::One(TierId(0)),
        }
    }

    /// Starts over with the part `steps` of a longer schedule, which the model is at the start
    /// of. Allocates nothing, and takes a few nanoseconds if the length and the slots are those
    /// of the part before.
    pub(crate) fn restart(&mut self, steps: Range<u64>, slots: u64) {
        let length = steps.end - steps.start;
        let slots = slots.max(1).min(length.saturating_sub(1));
        if (length, slots) != (self.steps, self.slots) {
            self.opening = opening(length, slots);
        }
        (self.steps, self.slots, self.arriving) = (length, slots, self.opening);
        (self.first, self.at, self.end) = (steps.start, steps.start, steps.end);
        self.stored.clear();
        self.phase = if length == 0 { Phase::Done } else { Phase::Arrive };
    }

    /// As [`Revolve::restart`] for `steps` (one at least) whose initial state is stored already,
    /// in the first of `slots`, and is loaded first.
    pub(crate) fn restart_stored(&mut self, steps: Range<u64>, slots: u64) {
        self.restart(steps, slots);
        let (reps, below) = self.opening;
        self.stored.push(Stored { step: self.first, reps, below });
        self.phase = Phase::Load;
    }

    /// Steps that the schedule reverses.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// The most snapshots stored at a time: those asked for, as far as the steps can use them.
    pub fn slots(&self) -> u64 {
        self.slots
    }

    /// Costs of the whole schedule, however much of it has been iterated.
    pub fn costs(&self) -> Costs {
        Costs::of_slots(self.steps, self.slots)
    }

    /// Has the snapshots stored where `tiers` says from now on.
    pub(crate) fn store_in(&mut self, tiers: Tiers) {
        self.tiers = tiers;
    }

    /// The model is at `at`: record the one step that remains, or store the state.
    fn arrive(&mut self) -> Action {
        if self.end - self.at == 1 {
            self.phase = Phase::Reverse;
            return Action::Record { steps: self.at..self.end };
        }
        let (reps, below) = self.arriving;
        self.stored.push(Stored { step: self.at, reps, below });
        self.phase = Phase::Advance;
        let tier = self.tiers.of(self.stored.len() - 1);
        Action::Store { kind: Data::Restart, step: self.at, tier }
    }

    /// The model is at the last stored state, more than one step before `end`.
    fn advance(&mut self) -> Action {
        // The entry in question is itself one of the slots in use.
        let free = self.slots + 1 - self.stored.len() as u64;
        let top = self.stored.last_mut().expect("a state should be stored before advancing");
        let n = self.end - top.step;
        top.tighten(n, free);
        let (distance, right) = top.first_advance(n, free, self.trajectory);
        self.arriving = (top.reps, right);
        let steps = top.step..top.step + distance;
        self.at = steps.end;
        self.phase = Phase::Arrive;
        Action::Advance { steps }
    }

    fn top(&self) -> u64 {
        self.stored.last().expect("a state should be stored while steps remain").step
    }
}

impl Stored {
    /// Lowers `r` to the smallest that does for `n` steps. The left part of an optimal split has
    /// at least `beta(s, r - 2)` steps: two rounds at most.
    fn tighten(&mut self, n: u64, s: u64) {
        while self.below >= n {
            self.reps -= 1;
            self.below = scale(self.below, self.reps, s + self.reps);
        }
    }

    /// The distance from the stored state to where the next one is taken, and
    /// `beta(s - 1, r - 1)`, with which the segment beyond starts.
    #[inline]
    fn first_advance(&self, n: u64, s: u64, trajectory: Trajectory) -> (u64, u64) {
        let Self { reps: r, below, .. } = *self;
        if s == 1 {
            return (n - 1, 1);
        }
        if r == 1 {
            return (1, 1);
        }
        // Pascal's rule, beta(s, r) = beta(s - 1, r) + beta(s, r - 1), saves all but two
        // divisions, and beta(s, r) itself, which may not fit.
        let left = scale(below, r - 1, s + r - 1); // beta(s, r - 2)
        let right = below - left; // beta(s - 1, r - 1)
        let far = scale(right, s - 1, s + r - 2); // beta(s - 2, r - 1)
        let near = right - far; // beta(s - 1, r - 2)
        // Sums are written as differences from n > below, because they may exceed u64.
        let excess = n - below;
        let distance = match trajectory {
            Trajectory::Revolve if excess <= far => left,
            Trajectory::Revolve if excess >= right.saturating_add(far) => below,
            Trajectory::Maximum if excess <= near => excess + left,
            Trajectory::Maximum if excess <= right => left + near,
            Trajectory::Maximum if excess > right.saturating_add(far) => below,
            Trajectory::Revolve | Trajectory::Maximum => n - right - far,
        };
        (distance, right)
    }
}

/// `(r, beta(s, r - 1))` of `n` steps and `s` slots, none of them more than the steps can use.
fn opening(n: u64, s: u64) -> (u64, u64) {
    if s == 0 {
        return (0, 1);
    }
    if s == n - 1 {
        return (1, 1);
    }
    let reps = repetitions(n, s);
    // Less than the steps, by definition of r.
    (reps, beta(s, reps - 1, u128::from(n)) as u64)
}

/// The distance from a stored state to where the next one is taken, for `n > 1` steps and
/// `s > 0` slots, the stored state's own included.
pub(crate) fn first_advance(n: u64, s: u64, trajectory: Trajectory) -> u64 {
    let (reps, below) = opening(n, s.min(n - 1));
    Stored { step: 0, reps, below }.first_advance(n, s, trajectory).0
}

/// `value * factor / divisor`, exact, for a quotient that fits.
fn scale(value: u64, factor: u64, divisor: u64) -> u64 {
    match value.checked_mul(factor) {
        Some(product) => product / divisor,
        None => (u128::from(value) * u128::from(factor) / u128::from(divisor)) as u64,
    }
}

impl Iterator for Revolve {
    type Item = Action;

    fn next(&mut self) -> Option<Action> {
        Some(match self.phase {
            Phase::Arrive => self.arrive(),
            Phase::Advance => self.advance(),
            Phase::Reverse => {
                self.end -= 1;
                self.phase = if self.end == self.first { Phase::Done } else { Phase::Load };
                Action::Reverse { steps: self.end..self.end + 1 }
            }
            Phase::Load => {
                let step = self.top();
                let last = self.end - step == 1;
                self.phase = if last { Phase::Discard } else { Phase::Advance };
                let tier = self.tiers.of(self.stored.len() - 1);
                Action::Load { kind: Data::Restart, step, tier }
            }
            Phase::Discard => {
                self.at = self.top();
                self.stored.pop();
                self.phase = Phase::Arrive;
                let tier = self.tiers.of(self.stored.len());
                Action::Discard { kind: Data::Restart, step: self.at, tier }
            }
            Phase::Done => return None,
        })
    }
}

impl FusedIterator for Revolve {}
