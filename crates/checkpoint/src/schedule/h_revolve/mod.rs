//! H-Revolve: any number of tiers, each with its slots and its costs of a write and a read.
//!
//! Levels are the tiers in the order of their costs, level 0 the cheapest. For segments of
//! `l + 1` steps, with `c_k` slots at level `k`:
//!
//! ```text
//! low_0(l)     = ub if l = 0, else infinite
//! low_(k+1)(l) = O_k(l, c_k)
//! O_k(l, 0)    = low_k(l)
//! O_k(l, m)    = min(low_k(l), w_k + P_k(l, m))                 the state in working memory
//! P_k(l, m)    = min(low_k(l), min over 1 <= j <= l of          the state stored, m slots free
//!                j uf + O_k(l - j, m - 1) + r_k + P_k(j - 1, m))
//! ```
//!
//! This is the recurrence of Herrmann & Pallez, *H-Revolve: a framework for adjoint computation
//! on synchronous hierarchical platforms*, ACM Trans. Math. Softw. 46 (2020),
//! doi:10.1145/3378672, but for two borders: there `j < l`, and segments of two steps go through
//! level 0 always, which is not optimal where a read of some tier costs less than a write and a
//! read of the first.
//!
//! * Time `O(n^2 sum of c_k)` at most, the inner loop a vector minimum that leaves out what a
//!   bound excludes (`kernel`); memory `8 n` bytes for every slot and every tier, at most 4 GiB.
//!   A first level that costs nothing needs no table: it is Revolve. More slots than are of use
//!   need no rows.
//! * Optimal if the tiers can be ordered by both costs at once, which is not a theorem, but what
//!   an exhaustive search finds wherever one is feasible.
//! * A snapshot is discarded directly after its last load. Two tiers may hold the same state.
//! * Not here: a disk without limit ([`DiskRevolve`](super::DiskRevolve) needs no table).

mod kernel;
mod table;
mod walk;

use std::iter::FusedIterator;
use std::sync::Arc;

use crate::cost_model::check_cost;
use crate::{Action, ScheduleError, TierCost, TierId};
use table::{Level, Steps, Table};
use walk::Walk;

/// A tier that a schedule may use.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct TierSpec {
    /// The most snapshots at a time.
    pub slots: u64,
    /// What they cost.
    pub cost: TierCost,
}

/// The best schedule over several tiers, as an iterator.
///
/// The table is solved once and shared by clones. An action takes constant time, but for an
/// advance from a stored state over `l` steps left, which takes `O(l)`.
///
/// ```
/// use retrograd_checkpoint::{CostModel, HRevolve, MemoryModel, TierCost, TierSpec, replay};
///
/// let memory = TierSpec { slots: 3, cost: TierCost::default() };
/// let disk = TierSpec { slots: 2, cost: TierCost { write: 5.0, read: 5.0 } };
/// let schedule = HRevolve::new(50, &[memory, disk], 1.0, 1.0)?;
/// assert_eq!(schedule.makespan(), 205.0);
/// assert!(schedule.proven_optimal());
///
/// let report = replay(50, &MemoryModel::tiers(&[3, 2]), schedule.clone())?;
/// assert_eq!(report.tiers[1].writes, 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct HRevolve {
    walk: Walk,
    ordered: bool,
}

impl HRevolve {
    /// The schedule for `steps` over `tiers`, in any order: their places are the
    /// [`TierId`]s of the actions. `uf` is the cost of an advanced step, `ub` of a
    /// reversed one with its recording.
    ///
    /// # Errors
    /// * [`ScheduleError::NoSnapshots`] without any slot, if there is more than one step;
    /// * [`ScheduleError::InvalidCost`] for a cost that is negative or not finite, and for costs
    ///   whose sum is not;
    /// * [`ScheduleError::TableTooLarge`] beyond 4 GiB;
    /// * [`ScheduleError::TooMuchWork`] if `n^2 / 2` times the slots of all tiers, but for a first
    ///   one that costs nothing, exceeds `2^37`: tens of seconds.
    pub fn new(steps: u64, tiers: &[TierSpec], uf: f64, ub: f64) -> Result<Self, ScheduleError> {
        let costs = tiers.iter().flat_map(|tier| [("w", tier.cost.write), ("r", tier.cost.read)]);
        for (what, cost) in costs.chain([("uf", uf), ("ub", ub)]) {
            check_cost(what, cost)?;
        }
        check_cost("the makespan", most(steps, tiers, uf, ub))?;
        let levels = levels(steps, tiers);
        if levels.is_empty() && steps > 1 {
            return Err(ScheduleError::NoSnapshots { steps });
        }
        let ordered = levels.is_sorted_by(|a, b| cheaper(&a.cost, &b.cost));
        let table = Table::solve(Steps { count: steps, forward: uf, adjoint: ub }, levels)?;
        Ok(Self { walk: Walk::new(Arc::new(table)), ordered })
    }

    /// Steps that the schedule reverses.
    pub fn steps(&self) -> u64 {
        self.walk.table().steps.count
    }

    /// The cost of the whole schedule, in the conventions of [`CostModel`](crate::CostModel).
    pub fn makespan(&self) -> f64 {
        self.walk.table().makespan
    }

    /// Whether the recurrence covers these tiers: no tier that is of use is cheaper to write and
    /// dearer to read than another. If not, the schedule is valid and good, but there may be a
    /// better one.
    pub fn proven_optimal(&self) -> bool {
        self.ordered
    }
}

impl Iterator for HRevolve {
    type Item = Action;

    fn next(&mut self) -> Option<Action> {
        self.walk.next()
    }
}

impl FusedIterator for HRevolve {}

/// Whether neither cost of `a` is above that of `b`.
fn cheaper(a: &TierCost, b: &TierCost) -> bool {
    a.write <= b.write && a.read <= b.read
}

/// More than any sum of the recurrence: two parts of at most one snapshot, in the dearest tier.
fn most(steps: u64, tiers: &[TierSpec], uf: f64, ub: f64) -> f64 {
    let n = steps as f64;
    let dearest = tiers.iter().map(|tier| tier.cost.write + tier.cost.read).fold(0.0, f64::max);
    2.0 * n * (ub + n * uf + 2.0 * dearest)
}

/// The tiers that are of use, with the slots that are of use, cheapest first.
///
/// All but the last state may be stored. No more slots of a tier are used than that leaves
/// when all slots of cheaper tiers are taken: a snapshot moved there would cost no more.
fn levels(steps: u64, tiers: &[TierSpec]) -> Vec<Level> {
    let mut ordered: Vec<(TierId, &TierSpec)> = (0..).map(TierId).zip(tiers).collect();
    let key = |spec: &TierSpec| (spec.cost.write + spec.cost.read, spec.cost.write);
    ordered.sort_by(|(_, a), (_, b)| {
        let (a, b) = (key(a), key(b));
        a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1))
    });
    let mut levels: Vec<Level> = Vec::new();
    for (id, spec) in ordered {
        let before = levels.iter().filter(|level| cheaper(&level.cost, &spec.cost));
        let taken = before.fold(0_u64, |sum, level| sum.saturating_add(level.slots));
        let slots = spec.slots.min(steps.saturating_sub(1).saturating_sub(taken));
        if slots > 0 {
            levels.push(Level::new(id, slots, spec.cost));
        }
    }
    levels
}
