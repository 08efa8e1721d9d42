//! Mixed: restart and adjoint data share the capacity.
//!
//! Where a step's adjoint data are stored when it is first run, nothing has to be recomputed to
//! reverse it; where restart data are, the steps behind them can be run again. A unit spent on
//! one is not there for the other. With restart data of `a` units, the adjoint data of a step of
//! `b`, and a capacity of `S`, the least number of forward steps, recorded ones included, is
//!
//! ```text
//! E(1, S) = 1
//! E(n, S) = min( 1 + E(n - 1, S - b),                              keep the first step
//!                min_(1 <= i < n) i + E(n - i, S - a) + E(i, S) )  come back for the first i
//! ```
//!
//! where a choice that exceeds the capacity is left out. Working memory holds the adjoint data of
//! one step besides. When a schedule comes back for the last time, the units of the restart data
//! are free again, which is what `E(i, S)` says.
//!
//! # Equal sizes: the closed form
//!
//! Let `a = b`, and `s = S / a` slots. With `r` the level for which
//! `beta(s, r) < n <= beta(s, r + 1)`, `beta(s, r) = C(s + r, s)`, and `d = n - beta(s, r)`,
//!
//! ```text
//! E(n, s) = s beta(s + 1, r - 1) + beta(s, r - 1) + (r + 1) d + chains(d)      n > s + 1
//! E(n, s) = n                                                                  n <= s + 1
//! ```
//!
//! where `chains(d)` is the least number of chains that hold `d` nodes if there are
//! `C(r - 1 + k, k)` chains of length `s - k`, for `k = 0, 1, ..., s - 1`.
//!
//! *Proof.* The choices form a binary tree, a node for each and a leaf for each step: `n - 1`
//! nodes. A node's left child is the part to come back for, a leaf if its first step is kept; its
//! right child is the part beyond, with one slot less. (To come back for a single step is never
//! better than to keep it.) A *chain* is a node that is no right child, with the nodes reached
//! from it by right children alone: one slot less each, `s - k` nodes at most if `k` slots are
//! taken where it begins. A node's *level* is the number of chains above its own.
//!
//! A segment below level `h` is run over `h` times before its steps are recorded. So a node of
//! level `h` that keeps its step accounts for `h + 1` forward steps; one that comes back for a
//! part accounts for one more, because the last step of that part is run once more than a kept
//! one. That is one per chain but the first, which is nobody's left child:
//!
//! ```text
//! E = 1 + sum over the nodes of (level + 1) + number of chains - 1
//! ```
//!
//! Level `h` has room for `C(s + h, h + 1)` nodes, in `C(h - 1 + k, k)` chains of length `s - k`,
//! provided that all nodes of the level below are there, of which each offers one chain. Take a
//! cheapest tree, its topmost level `h`, and the lowest level `l` that has room left. If `l < h`,
//! a node can be added to level `l` for `l + 2` at most: `l + 1`, and 1 if it has to begin a
//! chain. Taking the last node off a chain of level `h` saves `h + 1` at least, which is no less,
//! and leaves a tree. So the levels can be filled from below at no loss, until only the topmost
//! has room; there the cheapest way is the one with the fewest chains, the longest first. The
//! levels below `r` together hold `beta(s, r) - 1` nodes, and the sum is the formula above. □
//!
//! Both parts of a split again have all levels full but one, so that a split that shares out
//! the chains of the topmost level without breaking one up attains the minimum.
//!
//! # Unequal sizes
//!
//! One row over `n` per capacity that can occur: `O(n^2)` each, in blocks that are skipped if they
//! cannot hold the minimum.
//!
//! * Optimal among all schedules that record one step at a time, checked by exhaustive search.
//! * Equal sizes: no table; a choice takes a fraction of a microsecond, most of them nanoseconds.
//! * Unequal sizes: four or eight bytes per step and capacity. A choice is found again in the
//!   table in the length of its segment, all of them in `E + n S / min(a, b)`.
//!
//! Maddison, *Step-based checkpointing with high-level algorithmic differentiation*, J. Comput.
//! Sci. 82 (2024), doi:10.1016/j.jocs.2024.102405, has the recurrence for equal sizes.

mod equal;
mod table;
mod walk;

use std::iter::FusedIterator;
use std::sync::Arc;

pub(crate) use table::{Capacities, Count, Sources};
pub(crate) use walk::{Choice, Choose, Sizes, Walk};

use crate::{Action, ScheduleError};

/// The schedule with the fewest forward steps where restart and adjoint data share a capacity.
///
/// ```
/// use retrograd_checkpoint::{Mixed, Revolve};
///
/// // Ten slots of equal size: a million steps are no table.
/// let mixed = Mixed::new(1_000_000, 10, 1, 1)?;
/// assert_eq!(mixed.total_forward(), 12_150_502);
/// assert_eq!(Revolve::new(1_000_000, 10)?.costs().total_forward, 12_647_922);
///
/// // The adjoint data of a step are four states.
/// assert_eq!(Mixed::new(250, 20, 1, 4)?.total_forward(), 689);
/// # Ok::<(), retrograd_checkpoint::ScheduleError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Mixed {
    steps: u64,
    capacity: u64,
    total_forward: u128,
    walk: Walk<Rule>,
}

impl Mixed {
    /// The schedule for `steps` within `capacity` units, of which restart data take
    /// `restart_size` and the adjoint data of one step `adjoint_size`. The initial state is
    /// restart data like any other; working memory, which holds one state and the adjoint data
    /// of one step, does not count.
    ///
    /// # Errors
    /// [`ScheduleError::TooSmall`] if several steps fit neither way, or a size is 0;
    /// [`ScheduleError::TableTooLarge`] if the sizes differ and the recurrence would take more
    /// than a gibibyte; [`ScheduleError::TooMuchWork`] if they differ and `n^2 / 2` times the
    /// capacities that can be left exceeds `2^37`: tens of seconds.
    pub fn new(
        steps: u64,
        capacity: u64,
        restart_size: u64,
        adjoint_size: u64,
    ) -> Result<Self, ScheduleError> {
        for (what, given) in
            [("the size of restart data", restart_size), ("the size of adjoint data", adjoint_size)]
        {
            if given == 0 {
                return Err(ScheduleError::TooSmall { what, given, minimum: 1 });
            }
        }
        let sizes = Sizes { restart: restart_size, adjoint: adjoint_size, adjoint_restarts: false };
        let all = u128::from(steps.saturating_sub(1)) * u128::from(adjoint_size);
        let minimum = all.min(restart_size.into()) as u64;
        if capacity < minimum {
            return Err(ScheduleError::TooSmall { what: "the capacity", given: capacity, minimum });
        }
        let (rule, total_forward) = if u128::from(capacity) >= all {
            (Rule::KeepAll, steps.into())
        } else if restart_size == adjoint_size {
            let slots = capacity / restart_size;
            (Rule::Equal { size: restart_size }, equal::total_forward(steps, slots))
        } else {
            Rule::tabulated(steps, capacity, restart_size, adjoint_size)?
        };
        let walk = Walk::new(steps, capacity, sizes, rule);
        Ok(Self { steps, capacity, total_forward, walk })
    }

    /// Steps that the schedule reverses.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// The units that may be stored at a time, whether or not the steps can use them.
    pub fn capacity(&self) -> u64 {
        self.capacity
    }

    /// Forward steps run by the whole schedule, recorded ones included, however much of it has
    /// been iterated: the least possible.
    pub fn total_forward(&self) -> u128 {
        self.total_forward
    }
}

impl Iterator for Mixed {
    type Item = Action;

    fn next(&mut self) -> Option<Action> {
        self.walk.next()
    }
}

impl FusedIterator for Mixed {}

/// Where the choices come from.
#[derive(Clone, Debug)]
enum Rule {
    /// The adjoint data of all steps fit.
    KeepAll,
    /// Closed form, with restart and adjoint data of this size.
    Equal {
        size: u64,
    },
    Narrow(Arc<Table<u32>>),
    Wide(Arc<Table<u64>>),
}

impl Rule {
    /// The recurrence, in small numbers if these suffice.
    fn tabulated(n: u64, capacity: u64, a: u64, b: u64) -> Result<(Self, u128), ScheduleError> {
        let table = Table::<u32>::new(n, capacity, a, b)?;
        if let Some(total) = table.total_forward() {
            return Ok((Self::Narrow(Arc::new(table)), total.into()));
        }
        let table = Table::<u64>::new(n, capacity, a, b)?;
        let total = table.total_forward().expect("n^2 steps should be exact");
        Ok((Self::Wide(Arc::new(table)), total.into()))
    }
}

impl Choose for Rule {
    fn choose(&self, steps: u64, free: u64, _: bool) -> Choice {
        match self {
            Self::KeepAll => Choice::Keep,
            Self::Equal { size } => equal::choose(steps, free / size),
            Self::Narrow(table) => table.choose(steps, free),
            Self::Wide(table) => table.choose(steps, free),
        }
    }
}

/// `E(n, C)` for all `n` and all capacities that can be left.
#[derive(Debug)]
struct Table<T> {
    a: u64,
    b: u64,
    /// A row each.
    capacities: Capacities,
    rows: Vec<Vec<T>>,
}

impl<T: Count> Table<T> {
    fn new(n: u64, capacity: u64, a: u64, b: u64) -> Result<Self, ScheduleError> {
        let capacities = Capacities::left::<T>(n, capacity, [a, b], 1)?;
        let mut table = Self { a, b, capacities, rows: Vec::new() };
        for index in 0..table.capacities.all().len() {
            let row = table.sources(table.capacities.all()[index]).row(n as usize);
            table.rows.push(row);
        }
        Ok(table)
    }

    fn total_forward(&self) -> Option<u64> {
        self.rows.last()?.last()?.exact()
    }

    fn choose(&self, steps: u64, free: u64) -> Choice {
        let row = self.row(free).expect("a capacity that is left should have a row");
        self.sources(free).choose(row, steps as usize)
    }

    fn sources(&self, capacity: u64) -> Sources<'_, T> {
        let after = |size| capacity.checked_sub(size).and_then(|left| self.row(left));
        Sources { keep: after(self.b), right: after(self.a) }
    }

    fn row(&self, capacity: u64) -> Option<&[T]> {
        self.rows.get(self.capacities.index(capacity)?).map(Vec::as_slice)
    }
}
