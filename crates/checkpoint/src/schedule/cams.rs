//! CAMS: checkpointing for multistage time stepping, states or stages.
//!
//! The adjoint of a Runge-Kutta step reads the `l` stages of that step, each as large as a state.
//! A slot holds one of them: restart data take one slot, the adjoint data of a step `l`, and the
//! schedule says which to store where. The name is that of the first such scheme (checkpointing
//! for adjoint multistage schemes), whose slots of restart data are lost for the part that comes
//! before the last restore; here they are used again, and what results is the optimum.
//!
//! * [`Method::General`]: [`Mixed`] schedules with `a = 1`, `b = l`.
//! * [`Method::StifflyAccurate`]: the last stage of a step is the state after it. Stored adjoint
//!   data of step `k` therefore restart the model at `k + 1`, as often as wanted, and their slots
//!   serve both purposes. With `P_0(n, S)` forward steps for a segment of which nothing is stored
//!   yet, and `P_1(n, S)` for one that follows a step whose adjoint data are,
//!
//! ```text
//! P_0(n, S) = min( 1 + P_1(n - 1, S - l),  min_(1 <= i < n) i + P_0(n - i, S - 1) + P_0(i, S) )
//! P_1(n, S) = min( 1 + P_1(n - 1, S - l),  min_(1 <= i < n) i + P_0(n - i, S)     + P_1(i, S) )
//! ```
//!
//! with `P(1, S) = 1`, and choices that exceed the slots left out.
//!
//! * Optimal among all schedules that record one step at a time, checked by exhaustive search.
//! * Two tables of `n` times `S` numbers in `O(n^2 S)`, blocks skipped as for unequal sizes of
//!   [`Mixed`]; for a general method one, and none if `l = 1`. A choice takes the length of its
//!   segment.
//!
//! Zhang & Constantinescu, *Optimal checkpointing for adjoint multistage time-stepping schemes*,
//! arXiv:2106.13879, has the problem and a recurrence without the re-use.

use std::iter::FusedIterator;
use std::sync::Arc;

use super::mixed::{Capacities, Choice, Choose, Count, Mixed, Sizes, Sources, Walk};
use crate::{Action, ScheduleError};

/// What the stages of a time-stepping method are good for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Method {
    /// They are what the adjoint of their step reads, and no more.
    #[default]
    General,
    /// The last one is the state at the end of the step (Radau, Lobatto, SDIRK methods of that
    /// kind), from which the model can continue.
    StifflyAccurate,
}

/// The schedule with the fewest forward steps for a time-stepping method of several stages.
///
/// ```
/// use retrograd_checkpoint::{Cams, MemoryModel, Method, replay};
///
/// let general = Cams::new(50, 10, 4, Method::General)?;
/// let stiffly_accurate = Cams::new(50, 10, 4, Method::StifflyAccurate)?;
/// assert_eq!((general.extra_forward(), stiffly_accurate.extra_forward()), (79, 78));
///
/// let memory = MemoryModel { adjoint_restarts: true, ..MemoryModel::units(10, 1, 4) };
/// assert_eq!(replay(50, &memory, stiffly_accurate)?.total_forward(), 50 + 78);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Cams {
    steps: u64,
    slots: u64,
    total_forward: u128,
    schedule: Schedule,
}

#[derive(Clone, Debug)]
enum Schedule {
    General(Mixed),
    StifflyAccurate(Walk<Rule>),
}

impl Cams {
    /// The schedule for `steps` of a method of `stages` with at most `slots` states or stages
    /// stored at a time. The initial state takes a slot as soon as it is stored; working memory,
    /// which holds one state and the stages of one step, does not count.
    ///
    /// # Errors
    /// [`ScheduleError::TooSmall`] if there are no stages, or no slots and more than one step;
    /// [`ScheduleError::TableTooLarge`] if the recurrence would take more than a gibibyte;
    /// [`ScheduleError::TooMuchWork`] if it would take tens of seconds, as for [`Mixed::new`].
    pub fn new(steps: u64, slots: u64, stages: u64, method: Method) -> Result<Self, ScheduleError> {
        if stages == 0 {
            let what = "the number of stages";
            return Err(ScheduleError::TooSmall { what, given: 0, minimum: 1 });
        }
        if slots == 0 && steps > 1 {
            let what = "the number of slots";
            return Err(ScheduleError::TooSmall { what, given: 0, minimum: 1 });
        }
        let (schedule, total_forward) = match method {
            Method::General => {
                let mixed = Mixed::new(steps, slots, 1, stages)?;
                let total_forward = mixed.total_forward();
                (Schedule::General(mixed), total_forward)
            }
            Method::StifflyAccurate => {
                let (rule, total_forward) = Rule::new(steps, slots, stages)?;
                let sizes = Sizes { restart: 1, adjoint: stages, adjoint_restarts: true };
                let walk = Walk::new(steps, slots, sizes, rule);
                (Schedule::StifflyAccurate(walk), total_forward)
            }
        };
        Ok(Self { steps, slots, total_forward, schedule })
    }

    /// Steps that the schedule reverses.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// The states and stages that may be stored at a time, whether or not the steps can use them.
    pub fn slots(&self) -> u64 {
        self.slots
    }

    /// Forward steps run by the whole schedule, recorded ones included, however much of it has
    /// been iterated: the least possible.
    pub fn total_forward(&self) -> u128 {
        self.total_forward
    }

    /// Forward steps beyond one per step, `total_forward - steps`: what recomputation costs.
    pub fn extra_forward(&self) -> u128 {
        self.total_forward - u128::from(self.steps)
    }
}

impl Iterator for Cams {
    type Item = Action;

    fn next(&mut self) -> Option<Action> {
        match &mut self.schedule {
            Schedule::General(mixed) => mixed.next(),
            Schedule::StifflyAccurate(walk) => walk.next(),
        }
    }
}

impl FusedIterator for Cams {}

/// Where the choices of a stiffly accurate method come from.
#[derive(Clone, Debug)]
enum Rule {
    /// The stages of all steps fit.
    KeepAll,
    Narrow(Arc<Tables<u32>>),
    Wide(Arc<Tables<u64>>),
}

impl Rule {
    /// The rule, and the number of forward steps; in small numbers if these suffice.
    fn new(steps: u64, slots: u64, stages: u64) -> Result<(Self, u128), ScheduleError> {
        if u128::from(slots) >= u128::from(steps.saturating_sub(1)) * u128::from(stages) {
            return Ok((Self::KeepAll, steps.into()));
        }
        let tables = Tables::<u32>::new(steps, slots, stages)?;
        if let Some(total) = tables.total_forward() {
            return Ok((Self::Narrow(Arc::new(tables)), total.into()));
        }
        let tables = Tables::<u64>::new(steps, slots, stages)?;
        let total = tables.total_forward().expect("n^2 steps should be exact");
        Ok((Self::Wide(Arc::new(tables)), total.into()))
    }
}

impl Choose for Rule {
    fn choose(&self, steps: u64, free: u64, restartable: bool) -> Choice {
        match self {
            Self::KeepAll => Choice::Keep,
            Self::Narrow(tables) => tables.choose(steps, free, restartable),
            Self::Wide(tables) => tables.choose(steps, free, restartable),
        }
    }
}

/// `P_0(n, S)` and `P_1(n, S)` for all `n` and all capacities that can be left.
#[derive(Debug)]
struct Tables<T> {
    stages: u64,
    /// A row each.
    capacities: Capacities,
    fresh: Vec<Vec<T>>,
    restartable: Vec<Vec<T>>,
}

impl<T: Count> Tables<T> {
    fn new(steps: u64, slots: u64, stages: u64) -> Result<Self, ScheduleError> {
        let capacities = Capacities::left::<T>(steps, slots, [1, stages], 2)?;
        let mut tables = Self { stages, capacities, fresh: Vec::new(), restartable: Vec::new() };
        for index in 0..tables.capacities.all().len() {
            let left = tables.capacities.all()[index];
            let row = tables.sources(left, false).row(steps as usize);
            tables.fresh.push(row);
            let row = tables.sources(left, true).row(steps as usize);
            tables.restartable.push(row);
        }
        Ok(tables)
    }

    fn total_forward(&self) -> Option<u64> {
        self.fresh.last()?.last()?.exact()
    }

    fn choose(&self, steps: u64, free: u64, restartable: bool) -> Choice {
        let table = if restartable { &self.restartable } else { &self.fresh };
        let row = self.row(table, Some(free)).expect("a capacity that is left should have a row");
        self.sources(free, restartable).choose(row, steps as usize)
    }

    /// The rows from which those for `left` slots follow.
    fn sources(&self, left: u64, restartable: bool) -> Sources<'_, T> {
        let beyond = if restartable { Some(left) } else { left.checked_sub(1) };
        Sources {
            keep: self.row(&self.restartable, left.checked_sub(self.stages)),
            right: self.row(&self.fresh, beyond),
        }
    }

    fn row<'a>(&self, table: &'a [Vec<T>], capacity: Option<u64>) -> Option<&'a [T]> {
        table.get(self.capacities.index(capacity?)?).map(Vec::as_slice)
    }
}
