//! Disk-Revolve: a few slots in memory, which cost nothing to use, and a disk without limit, which
//! does.
//!
//! For `l = n - 1`, with `t` the advances of Revolve, the recurrences of Aupy, Herrmann, Hovland
//! & Robert, *Optimal multistage algorithm for adjoint computation*, SIAM J. Sci. Comput. 38
//! (2016), doi:10.1137/15M1019222, are
//!
//! ```text
//! Opt0(l)   = (l + 1) ub + t(l + 1, c) uf                                   memory alone
//! Opt1D(l)  = min(Opt0(l), min over j of j uf + Opt0(l - j) + r + Opt1D(j - 1))   x_0 on disk
//! OptInf(l) = min(Opt0(l), min over j of w + j uf + OptInf(l - j) + r + Opt1D(j - 1))
//! ```
//!
//! and the one-read variant has `Opt0(j - 1)` for `Opt1D(j - 1)` in the last line. They are not
//! tabulated here, but solved: unrolled, the recurrence cuts the steps into pieces that are
//! reversed in memory, each after a read of its segment's snapshot but the last. A piece of `q`
//! steps below `e` sweeps costs `t(q, c) + e q` advances; the number of its steps that are
//! advanced at most `s` times is `beta(c, s - e)`. As all reads but the first of each snapshot
//! cost the same, and gain the more the lower the piece's rank, the ranks are filled from below:
//! the cost depends on the **numbers** of snapshots on disk and of reads only, and the least
//! number of advances for given numbers is a sum of binomials (`layout`). The best numbers follow
//! from convexity (`optimum`): no table over the steps, and microseconds for any number of them.
//!
//! Aupy & Herrmann, *Periodicity in optimal hierarchical checkpointing schemes for adjoint
//! computations*, Optim. Methods Softw. 32 (2017), doi:10.1080/10556788.2016.1230612: the lengths
//! of segments are bounded, whatever the number of steps, and segments of the one period
//! `beta(c, s)` with the smallest `s` at which `beta(c + 1, s) > (w + r) / uf` are asymptotically
//! optimal.
//!
//! * Requires: uniform steps; slots in memory are free to write and read.
//! * Every snapshot is discarded directly after its last load.
//! * Not here: limited disks, and memory that costs ([`HRevolve`](super::HRevolve)).

mod bounds;
mod layout;
mod optimum;
mod walk;

use std::iter::FusedIterator;

use super::costs::{beta, repetitions, useful_snapshots};
use crate::cost_model::check_cost;
use crate::{Action, ScheduleError, TierCost};
use layout::Layout;
use optimum::Problem;
use walk::Walk;

/// The most steps of which all binomials needed fit into 128 bits: about 10^12.
const MAX_STEPS: u64 = 1 << 40;

/// Prices per write, read and advanced step.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Prices {
    pub(crate) write: f64,
    pub(crate) read: f64,
    pub(crate) forward: f64,
}

/// A schedule over slots in memory and a disk, as an iterator.
///
/// Tier 0 is memory, tier 1 the disk. Its state is one entry per slot; an action takes constant
/// time, or `O(slots)` per read of the disk, and allocates nothing.
///
/// ```
/// use retrograd_checkpoint::{CostModel, DiskRevolve, TierCost};
///
/// let disk = TierCost { write: 5.0, read: 5.0 };
/// let schedule = DiskRevolve::new(1_000_000, 10, disk, 1.0, 1.0)?;
/// assert_eq!(schedule.makespan(), 3_818_116.0);
/// assert_eq!(schedule.disk_writes(), 90_903);
///
/// let tiers = vec![TierCost::default(), disk];
/// let costs = CostModel { tiers, ..CostModel::steps(1.0, 1.0) };
/// assert_eq!(costs.makespan(schedule.clone()), schedule.makespan());
/// # Ok::<(), retrograd_checkpoint::ScheduleError>(())
/// ```
#[derive(Clone, Debug)]
pub struct DiskRevolve {
    layout: Layout,
    prices: Prices,
    adjoint: f64,
    walk: Walk,
}

impl DiskRevolve {
    /// The optimal schedule (Disk-Revolve) for `steps` with `slots` snapshots in memory, the
    /// initial state included where it is stored there: `uf` is the cost of an advanced step, `ub`
    /// of a reversed one with its recording.
    ///
    /// Takes microseconds to milliseconds, whatever the number of steps, and no memory beyond that
    /// of the slots.
    ///
    /// # Errors
    /// * [`ScheduleError::TooSmall`] without slots, if there is more than one step;
    /// * [`ScheduleError::InvalidCost`] for a cost that is negative or not finite;
    /// * [`ScheduleError::Invalid`] beyond `2^40` steps.
    pub fn new(
        steps: u64,
        slots: u64,
        disk: TierCost,
        uf: f64,
        ub: f64,
    ) -> Result<Self, ScheduleError> {
        Self::solve(steps, slots, disk, uf, ub, Problem::many_reads)
    }

    /// The best schedule that reads every snapshot on disk once.
    ///
    /// # Errors
    /// As for [`DiskRevolve::new`].
    pub fn one_read(
        steps: u64,
        slots: u64,
        disk: TierCost,
        uf: f64,
        ub: f64,
    ) -> Result<Self, ScheduleError> {
        Self::solve(steps, slots, disk, uf, ub, Problem::one_read)
    }

    /// The best schedule that puts nothing but the initial state on disk (1D-Revolve): as the
    /// state is there already, its write is charged, but does not count for the choice.
    ///
    /// # Errors
    /// As for [`DiskRevolve::new`].
    pub fn one_snapshot(
        steps: u64,
        slots: u64,
        disk: TierCost,
        uf: f64,
        ub: f64,
    ) -> Result<Self, ScheduleError> {
        Self::solve(steps, slots, disk, uf, ub, Problem::one_snapshot)
    }

    /// The schedule with a snapshot on disk every [`DiskRevolve::period`] steps, as long as two
    /// steps and more remain beyond the next one, read once each. Asymptotically optimal among
    /// those that read once; for any number of steps.
    ///
    /// # Errors
    /// As for [`DiskRevolve::new`], but for the number of steps.
    pub fn periodic(
        steps: u64,
        slots: u64,
        disk: TierCost,
        uf: f64,
        ub: f64,
    ) -> Result<Self, ScheduleError> {
        let (slots, prices) = Self::check(steps, slots, disk, uf, ub)?;
        let period = Self::period(slots, disk, uf).min(steps.max(1));
        Ok(Self::walked(Layout::periodic(steps, slots, period), prices, ub))
    }

    /// The length of segments at which a step costs least, if every snapshot is read once:
    /// `beta(c, s)` with the smallest `s` at which `beta(c + 1, s) > (w + r) / uf`; the largest
    /// number there is if advances are free.
    pub fn period(slots: u64, disk: TierCost, uf: f64) -> u64 {
        let ratio = (disk.write + disk.read) / uf;
        if ratio < u64::MAX as f64 && slots < u64::MAX {
            let sweeps = repetitions(ratio.floor() as u64 + 1, slots + 1);
            beta(slots, sweeps, u64::MAX.into()) as u64
        } else {
            u64::MAX
        }
    }

    fn check(
        steps: u64,
        slots: u64,
        disk: TierCost,
        uf: f64,
        ub: f64,
    ) -> Result<(u64, Prices), ScheduleError> {
        for (what, cost) in [("w", disk.write), ("r", disk.read), ("uf", uf), ("ub", ub)] {
            check_cost(what, cost)?;
        }
        if slots == 0 && steps > 1 {
            let what = "the number of slots in memory";
            return Err(ScheduleError::TooSmall { what, given: 0, minimum: 1 });
        }
        let prices = Prices { write: disk.write, read: disk.read, forward: uf };
        Ok((useful_snapshots(steps, slots)?, prices))
    }

    fn solve(
        steps: u64,
        slots: u64,
        disk: TierCost,
        uf: f64,
        ub: f64,
        best: fn(&Problem) -> Layout,
    ) -> Result<Self, ScheduleError> {
        let (slots, prices) = Self::check(steps, slots, disk, uf, ub)?;
        if steps > MAX_STEPS {
            let what = "schedules over memory and disk take at most 2^40 steps, unless periodic";
            return Err(ScheduleError::Invalid { what });
        }
        Ok(Self::walked(best(&Problem { steps, slots, prices }), prices, ub))
    }

    fn walked(layout: Layout, prices: Prices, adjoint: f64) -> Self {
        Self { layout, prices, adjoint, walk: Walk::new(layout) }
    }

    /// Steps that the schedule reverses.
    pub fn steps(&self) -> u64 {
        self.layout.steps
    }

    /// The most snapshots in memory at a time: those asked for, as far as the steps can use them.
    pub fn slots(&self) -> u64 {
        self.layout.slots
    }

    /// Forward steps that are run without recording, in the whole schedule.
    pub fn advances(&self) -> u128 {
        self.layout.advances()
    }

    /// Snapshots stored on disk, in the whole schedule; as many are there at a time.
    pub fn disk_writes(&self) -> u64 {
        self.layout.segments
    }

    /// Snapshots loaded from disk, in the whole schedule.
    pub fn disk_reads(&self) -> u64 {
        self.layout.segments + self.layout.rereads
    }

    /// Whether no schedule over these slots and a disk without limit costs less, the other
    /// constructors' included; `false` beyond `2^40` steps.
    pub fn proven_optimal(&self) -> bool {
        let Layout { steps, slots, .. } = self.layout;
        steps <= MAX_STEPS && Problem { steps, slots, prices: self.prices }.is_best(self.layout)
    }

    /// The cost of the whole schedule, in the conventions of [`CostModel`](crate::CostModel).
    pub fn makespan(&self) -> f64 {
        let Prices { write, read, forward } = self.prices;
        self.advances() as f64 * forward
            + self.steps() as f64 * self.adjoint
            + self.disk_writes() as f64 * write
            + self.disk_reads() as f64 * read
    }
}

impl Iterator for DiskRevolve {
    type Item = Action;

    fn next(&mut self) -> Option<Action> {
        self.walk.next()
    }
}

impl FusedIterator for DiskRevolve {}
