//! Multistage: the schedule of [`Revolve`], its busiest snapshots in RAM and the others on disk.
//!
//! Snapshots come and go like the entries of a stack, so that *slot* `i`, the place of the
//! `i`-th entry, has a known number of writes `w_i` and reads `r_i`. With room for `a` snapshots
//! in tier 0 and `b` in tier 1, the `a` slots with the largest `w_i + r_i` are in tier 0: of all
//! fixed assignments of slots to tiers, the one with the least traffic in tier 1.
//!
//! The counts follow from the recurrence of the schedule instead of its actions. A segment of
//! `n` steps whose state goes to slot `i`, which leaves `s = c - i` slots for it, is written once
//! and splits into its first `j` steps, before which the slot is read, and `n - j` steps whose
//! state goes to slot `i + 1`. Segments of one slot and the same length are counted together:
//! there are a few `r` lengths per slot, where `r` is the number of repetitions, so that all
//! counts take `O(c r log r)` time, whatever the number of actions.
//!
//! * Optimal: advances, and writes and reads over both tiers; traffic of tier 1 among fixed
//!   assignments, not over all schedules (H-Revolve is for that).
//! * State: one entry of 24 bytes per stored snapshot, and one byte per slot.
//!
//! Stumm & Walther, *Multistage approaches for optimal offline checkpointing*, SIAM J. Sci.
//! Comput. 31 (2009), doi:10.1137/080718036.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::iter::FusedIterator;

use super::costs::{repetitions, useful_snapshots};
use super::revolve::{Revolve, Tiers, Trajectory, first_advance};
use crate::{Action, Costs, ScheduleError, TierId};

const RAM: TierId = TierId(0);
const DISK: TierId = TierId(1);

/// The most bytes that the counts of all slots may take.
const LIMIT_BYTES: u64 = 1 << 26;

/// How often a slot, or all slots of a tier, are written and read.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Traffic {
    /// Stores.
    pub writes: u64,
    /// Loads, those directly before a discard included.
    pub reads: u64,
}

impl Traffic {
    fn add(&mut self, other: Self) {
        self.writes += other.writes;
        self.reads += other.reads;
    }
}

/// Revolve over two tiers, for a known number of steps.
///
/// ```
/// use retrograd_checkpoint::{MemoryModel, Multistage, replay};
///
/// let schedule = Multistage::new(200, 5, 3)?;
/// let [ram, disk] = schedule.traffic();
/// assert_eq!((ram.reads, disk.reads), (180, 19));
///
/// let report = replay(200, &MemoryModel::tiers(&[5, 3]), schedule)?;
/// assert_eq!((report.advances, report.tiers[1].writes), (580, 10));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Multistage {
    revolve: Revolve,
    traffic: [Traffic; 2],
}

impl Multistage {
    /// The schedule for `steps` with at most `ram` snapshots in tier 0 and `disk` in tier 1, the
    /// initial state included. Snapshots that `steps` cannot use are never stored, those on disk
    /// first.
    ///
    /// # Errors
    /// [`ScheduleError::NoSnapshots`] if there are none and more than one step;
    /// [`ScheduleError::TableTooLarge`] if the counts of the slots would take more than
    /// 64 MiB.
    pub fn new(steps: u64, ram: u64, disk: u64) -> Result<Self, ScheduleError> {
        Self::with_trajectory(steps, ram, disk, Trajectory::Revolve)
    }

    /// As [`Multistage::new`], along the given trajectory. Advances are the same along each, and
    /// so is the traffic of both tiers together.
    ///
    /// # Errors
    /// As for [`Multistage::new`].
    pub fn with_trajectory(
        steps: u64,
        ram: u64,
        disk: u64,
        trajectory: Trajectory,
    ) -> Result<Self, ScheduleError> {
        let mut revolve = Revolve::with_trajectory(steps, ram.saturating_add(disk), trajectory)?;
        let slots = revolve.slots();
        if ram > 0 && ram < slots {
            let counts = slot_traffic(steps, slots, trajectory)?;
            // More than `ram` counts fit into memory.
            let on_disk = least_busy(&counts, ram as usize);
            let mut traffic = [Traffic::default(); 2];
            for (count, &on_disk) in counts.iter().zip(&on_disk) {
                traffic[usize::from(on_disk)].add(*count);
            }
            revolve.store_in(Tiers::OnDisk(on_disk.into()));
            return Ok(Self { revolve, traffic });
        }
        let Costs { writes, reads, .. } = revolve.costs();
        let mut traffic = [Traffic::default(); 2];
        traffic[usize::from(ram == 0)] = Traffic { writes, reads };
        revolve.store_in(Tiers::One(if ram == 0 { DISK } else { RAM }));
        Ok(Self { revolve, traffic })
    }

    /// Steps that the schedule reverses.
    pub fn steps(&self) -> u64 {
        self.revolve.steps()
    }

    /// The most snapshots stored at a time in both tiers: those asked for, as far as the steps
    /// can use them.
    pub fn slots(&self) -> u64 {
        self.revolve.slots()
    }

    /// Costs of the whole schedule over both tiers, however much of it has been iterated.
    pub fn costs(&self) -> Costs {
        self.revolve.costs()
    }

    /// Writes and reads of the whole schedule in tiers 0 and 1, however much of it has been
    /// iterated.
    pub fn traffic(&self) -> [Traffic; 2] {
        self.traffic
    }
}

impl Iterator for Multistage {
    type Item = Action;

    fn next(&mut self) -> Option<Action> {
        self.revolve.next()
    }
}

impl FusedIterator for Multistage {}

/// Writes and reads of each slot of [`Revolve`] over `steps` with `snapshots`, the slot of the
/// initial state first. Slots that `steps` cannot use are not listed. Takes `O(c r log r)` for
/// `c` slots and `r` repetitions.
///
/// # Errors
/// As for [`Multistage::new`].
///
/// ```
/// use retrograd_checkpoint::Trajectory;
/// use retrograd_checkpoint::schedule::slot_traffic;
///
/// let slots = slot_traffic(1_000_000_000, 3, Trajectory::Revolve)?;
/// assert_eq!((slots[0].writes, slots[0].reads), (1, 1815));
/// # Ok::<(), retrograd_checkpoint::ScheduleError>(())
/// ```
pub fn slot_traffic(
    steps: u64,
    snapshots: u64,
    trajectory: Trajectory,
) -> Result<Vec<Traffic>, ScheduleError> {
    let slots = useful_snapshots(steps, snapshots)?;
    if slots == 0 {
        return Ok(Vec::new());
    }
    expect_room(steps, slots)?;
    let mut counts = Vec::with_capacity(slots as usize);
    let mut fresh = BTreeMap::from([(steps, 1)]);
    for left in (1..=slots).rev() {
        let (count, next) = split_all(fresh, left, trajectory);
        counts.push(count);
        fresh = next;
    }
    Ok(counts)
}

/// The traffic of a slot, with `left` slots from it on, that segments of these lengths (and how
/// many of each) are stored in; and the segments that remain for the next slot.
fn split_all(
    mut segments: BTreeMap<u64, u64>,
    left: u64,
    trajectory: Trajectory,
) -> (Traffic, BTreeMap<u64, u64>) {
    let mut next = BTreeMap::new();
    segments.remove(&1); // recorded without being stored
    let mut traffic = Traffic { writes: segments.values().sum(), reads: 0 };
    if left == 1 {
        // One load per step but the last: no segment is stored beyond.
        traffic.reads = segments.iter().map(|(n, many)| (n - 1) * many).sum();
        return (traffic, next);
    }
    while let Some((n, many)) = segments.pop_last() {
        let first = first_advance(n, left, trajectory);
        traffic.reads += many;
        *next.entry(n - first).or_default() += many;
        if first > 1 {
            *segments.entry(first).or_default() += many;
        }
    }
    (traffic, next)
}

/// Which slots are on disk: all but the `ram` busiest; of slots alike, the lower ones.
fn least_busy(counts: &[Traffic], ram: usize) -> Vec<bool> {
    let mut order: Vec<usize> = (0..counts.len()).collect();
    let busy = |&slot: &usize| (Reverse(counts[slot].writes + counts[slot].reads), slot);
    order.select_nth_unstable_by_key(ram, busy);
    let mut on_disk = vec![false; counts.len()];
    for &slot in &order[ram..] {
        on_disk[slot] = true;
    }
    on_disk
}

fn expect_room(steps: u64, slots: u64) -> Result<(), ScheduleError> {
    // A count per slot with its place in the order, and the lengths of one slot and of the next.
    let lengths = if slots == 1 { 1 } else { repetitions(steps, slots) };
    let bytes = 24 * u128::from(slots) + 64 * u128::from(lengths);
    if bytes > u128::from(LIMIT_BYTES) {
        return Err(ScheduleError::TableTooLarge { what: "multistage", bytes, limit: LIMIT_BYTES });
    }
    Ok(())
}
