//! Which table serves, and the schedule that results.

use std::ops::Range;
use std::sync::Arc;

use super::bound::{most_snapshots, of_slots};
use super::equal::{EqualTable, is_affordable};
use super::groups::Groups;
use super::iterate::{Plan, UnevenActions};
use super::levels::{LevelTable, Rounding, advance_cost, table_bytes};
use super::{Sums, UnevenSteps};
use crate::schedule::gcd;
use crate::{MemoryModel, PerStep, ScheduleError, TierLimit};

/// The largest table over levels that is allocated if asked for.
const LARGEST_TABLE_BYTES: u64 = 1 << 30;

/// The largest one that is allocated unasked, ...
const AUTOMATIC_BYTES: u128 = 1 << 28;

/// ... and the most additions for it, about a second's worth.
const AUTOMATIC_WORK: u128 = 1 << 29;

/// Levels of memory for groups.
const GROUP_LEVELS: u64 = 256;

/// The most levels that are taken unasked, but for those that make the table exact.
const FINE_LEVELS: u64 = 4096;

/// How to solve for a capacity in bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct UnevenOptions {
    /// The most levels into which the capacity is divided, where the sizes differ. A capacity of
    /// no more units besides `x_0`, where the unit is the greatest common divisor of all sizes, is
    /// treated exactly. `None` takes as many as need about a second.
    pub levels: Option<u64>,
    /// The most groups of steps; as many as there are steps is exact. `None` takes as many as
    /// need about a second.
    pub groups: Option<u64>,
}

/// A schedule for [`UnevenSteps`].
#[derive(Clone, Debug)]
pub struct UnevenSchedule {
    plan: Arc<Plan>,
    steps: u64,
    /// Besides `x_0`, in the unit of the plan.
    room: u64,
    advance_cost: f64,
    adjoint_cost: f64,
    /// Of the advances; whatever the schedule.
    bound: f64,
    /// Of the advances; for persistent schedules.
    persistent_bound: f64,
    memory: MemoryModel,
}

impl UnevenSchedule {
    /// Steps that the schedule reverses.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// The cost of all advances.
    pub fn advance_cost(&self) -> f64 {
        self.advance_cost
    }

    /// The cost of all advances and of all reversed steps.
    pub fn makespan(&self) -> f64 {
        self.advance_cost + self.adjoint_cost
    }

    /// A makespan that no schedule within the same memory beats.
    pub fn lower_bound(&self) -> f64 {
        self.bound + self.adjoint_cost
    }

    /// A makespan that no persistent schedule within the same memory beats: none that keeps what
    /// it stores until it has reversed the step that starts there.
    pub fn persistent_lower_bound(&self) -> f64 {
        self.persistent_bound + self.adjoint_cost
    }

    /// Whether no schedule has a smaller makespan.
    pub fn proven_optimal(&self) -> bool {
        self.advance_cost <= self.bound
    }

    /// The actions. An action takes constant time if the sizes are equal and the table is exact,
    /// and else at most as long as there are groups.
    pub fn actions(&self) -> UnevenActions {
        UnevenActions::new(Arc::clone(&self.plan), self.steps, self.room)
    }

    /// The memory against which the actions replay.
    pub fn memory(&self) -> &MemoryModel {
        &self.memory
    }
}

pub(super) fn solve_slots(
    steps: &UnevenSteps,
    slots: u64,
) -> Result<UnevenSchedule, ScheduleError> {
    steps.check()?;
    if slots == 0 && steps.steps() > 1 {
        return Err(ScheduleError::NoSnapshots { steps: steps.steps() });
    }
    let limit = TierLimit { slots: Some(slots), bytes: None };
    Ok(equal(steps, slots, memory(steps, limit)))
}

pub(super) fn solve_bytes(
    steps: &UnevenSteps,
    capacity: u64,
    options: UnevenOptions,
) -> Result<UnevenSchedule, ScheduleError> {
    steps.check()?;
    if options.levels == Some(0) || options.groups == Some(0) {
        let what = "there is at least one level of memory, and one group of steps";
        return Err(ScheduleError::Invalid { what });
    }
    let count = steps.steps();
    let first = steps.restart_bytes.at(0);
    if capacity < first && count > 1 {
        let what = "the capacity";
        return Err(ScheduleError::TooSmall { what, given: capacity, minimum: first });
    }
    let memory = memory(steps, TierLimit { slots: None, bytes: Some(capacity) });
    let alike = storable(steps).all(|step| steps.restart_bytes.at(step) == first);
    if alike {
        let slots = capacity.checked_div(first).unwrap_or(u64::MAX);
        return Ok(equal(steps, slots, memory));
    }
    unequal(steps, capacity, options, memory)
}

fn memory(steps: &UnevenSteps, limit: TierLimit) -> MemoryModel {
    let tiers = vec![limit];
    let restart_bytes = match limit.bytes {
        Some(_) => steps.restart_bytes.clone(),
        None => PerStep::Uniform(0),
    };
    MemoryModel { restart_bytes, ..MemoryModel::new(tiers, 0, 0) }
}

/// The schedule for `slots` snapshots of any size.
fn equal(steps: &UnevenSteps, slots: u64, memory: MemoryModel) -> UnevenSchedule {
    let sums = Sums::new(&steps.forward);
    let count = steps.forward.len();
    let room = slots.saturating_sub(1);
    if count == 0 || is_affordable(count, slots.max(1)) {
        let (plan, bound) = if count == 0 {
            (Plan::Even(0), 0.0)
        } else {
            let table = EqualTable::solve(&sums, slots.max(1));
            let cost = table.cost();
            (Plan::Equal(table), cost)
        };
        return finish(steps, plan, room, memory, Bounds { all: bound, persistent: bound }, bound);
    }
    let one = PerStep::Uniform(1);
    let room = room.min(count as u64 - 1);
    let levels = room.min(GROUP_LEVELS);
    let groups = Groups::balanced(&steps.forward, &one, affordable_groups(levels));
    let bound = of_slots(&steps.forward, &sums, slots);
    let table = LevelTable::solve(groups, sums.clone(), levels, 1, Rounding::Safe);
    let bounds = Bounds { all: bound, persistent: bound };
    better(steps, &sums, (Plan::Levels(table), levels), slots, memory, bounds)
}

/// The schedule for states of unequal sizes, more than one.
fn unequal(
    steps: &UnevenSteps,
    capacity: u64,
    options: UnevenOptions,
    memory: MemoryModel,
) -> Result<UnevenSchedule, ScheduleError> {
    let sums = Sums::new(&steps.forward);
    let sizes = || storable(steps).map(|step| steps.restart_bytes.at(step));
    let all = sizes().fold(0, u64::saturating_add);
    let room = (capacity - steps.restart_bytes.at(0)).min(all);
    let finest = sizes().fold(0, gcd).max(1);
    let Grid { unit, groups: most } = grid(steps.forward.len(), room, finest, options)?;
    let single = steps.forward.len() <= most;
    let groups = if single {
        Groups::single(steps.forward.len(), &steps.restart_bytes)
    } else {
        Groups::balanced(&steps.forward, &steps.restart_bytes, most)
    };
    let bound = of_slots(&steps.forward, &sums, most_snapshots(steps, capacity));
    let table = LevelTable::solve(groups.clone(), sums.clone(), room, unit, Rounding::Safe);
    let persistent = if !single {
        bound
    } else if unit == finest {
        table.cost()
    } else {
        LevelTable::solve(groups, sums.clone(), room, unit, Rounding::Optimistic).cost()
    };
    let bounds = Bounds { all: bound, persistent: persistent.max(bound) };
    let largest = sizes().max().unwrap_or(0);
    let slots = room.checked_div(largest).unwrap_or(u64::MAX).saturating_add(1);
    Ok(better(steps, &sums, (Plan::Levels(table), room), slots, memory, bounds))
}

/// The size of a table over levels.
struct Grid {
    /// Bytes per level.
    unit: u64,
    /// The most groups.
    groups: usize,
}

/// The table for so many steps, as fine as asked for or affordable.
fn grid(
    steps: usize,
    room: u64,
    finest: u64,
    options: UnevenOptions,
) -> Result<Grid, ScheduleError> {
    let exact = room / finest;
    let asked = options.groups.map(|groups| usize::try_from(groups).unwrap_or(steps).min(steps));
    let levels = options.levels.unwrap_or_else(|| {
        let groups = asked.unwrap_or(steps);
        if is_table_affordable(groups, exact) {
            return exact.max(1);
        }
        let fine = [FINE_LEVELS, FINE_LEVELS / 4].into_iter();
        fine.chain([GROUP_LEVELS])
            .find(|&levels| is_table_affordable(groups, levels))
            .unwrap_or(GROUP_LEVELS)
    });
    let unit = finest * exact.div_ceil(levels).max(1);
    let levels = room / unit + 1; // one more if rounded up
    let groups = asked.unwrap_or_else(|| affordable_groups(levels).min(steps));
    let bytes = table_bytes(groups, levels);
    let limit = LARGEST_TABLE_BYTES;
    if bytes <= u128::from(limit) {
        Ok(Grid { unit, groups })
    } else {
        Err(ScheduleError::TableTooLarge { what: "uneven steps", bytes, limit })
    }
}

/// Whether the table takes less than its limit, and about a second.
fn is_table_affordable(groups: usize, levels: u64) -> bool {
    let work = (groups as u128).saturating_pow(3) / 6;
    let work = work.saturating_mul(u128::from(levels) + 1);
    work <= AUTOMATIC_WORK && table_bytes(groups, levels) <= AUTOMATIC_BYTES
}

/// The most groups for which the table of so many levels is affordable, at least one.
fn affordable_groups(levels: u64) -> usize {
    // By bisection: more than 2^11 groups take too long with a single level.
    let (mut low, mut high) = (1, 1 << 11);
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if is_table_affordable(middle, levels) {
            low = middle;
        } else {
            high = middle;
        }
    }
    low
}

/// The states besides `x_0` that are ever stored: the last step takes its own from the working
/// state.
pub(super) fn storable(steps: &UnevenSteps) -> Range<u64> {
    1..steps.steps().saturating_sub(1)
}

/// Costs of advances that cannot be beaten.
#[derive(Clone, Copy)]
struct Bounds {
    all: f64,
    persistent: f64,
}

/// The better one of a plan and of what `slots` slots for any state do: the table of equal sizes
/// if that is affordable, or Revolve over everything.
fn better(
    steps: &UnevenSteps,
    sums: &Sums,
    (plan, room): (Plan, u64),
    slots: u64,
    memory: MemoryModel,
    bounds: Bounds,
) -> UnevenSchedule {
    let count = steps.steps();
    let cost = |(plan, room): &(Arc<Plan>, u64)| {
        advance_cost(sums, UnevenActions::new(Arc::clone(plan), count, *room))
    };
    let other = if is_affordable(steps.forward.len(), slots) {
        (Plan::Equal(EqualTable::solve(sums, slots)), slots - 1)
    } else {
        (Plan::Even(slots), 0)
    };
    let (plan, other) = ((Arc::new(plan), room), (Arc::new(other.0), other.1));
    let (of_plan, of_other) = (cost(&plan), cost(&other));
    let (best, cost) = if of_other < of_plan { (other, of_other) } else { (plan, of_plan) };
    finish(steps, best.0, best.1, memory, bounds, cost)
}

fn finish(
    steps: &UnevenSteps,
    plan: impl Into<Arc<Plan>>,
    room: u64,
    memory: MemoryModel,
    bounds: Bounds,
    advance_cost: f64,
) -> UnevenSchedule {
    let count = steps.steps();
    UnevenSchedule {
        plan: plan.into(),
        steps: count,
        room,
        advance_cost,
        adjoint_cost: steps.adjoint.sum(0..count),
        // What is attained is above every bound, but for rounding.
        bound: bounds.all.min(advance_cost),
        persistent_bound: bounds.persistent.min(advance_cost),
        memory,
    }
}
