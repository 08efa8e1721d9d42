//! The candidates of the choice by predicted time: every kind of strategy, as large as fits.

use super::Workload;
use super::means::{CodecOffer, DiskOffer, Means, TierPlan};
use super::strategy::Strategy;
use crate::schedule::Asynchronous;
use crate::simulate::TierSpeed;

/// Steps squared times units up to which a mixed schedule of unequal sizes is solved: a second.
const SOLVED_WORK: u128 = 10_000_000_000;

/// Depth of the queue of a file: one snapshot on its way while the next is computed.
pub(super) const QUEUE: usize = 1;

/// Blocks of the asynchronous schedule, in the least that hides a transfer.
pub(super) const PERIODS: [f64; 10] = [1.0, 1.25, 1.5, 2.0, 2.5, 3.0, 4.0, 6.0, 8.0, 12.0];

/// A strategy with its tiers, for one worker.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    pub(super) strategy: Strategy,
    pub(super) tiers: Vec<TierPlan>,
    pub(super) speeds: Vec<TierSpeed>,
}

impl Workload {
    /// One candidate, or none that fits, of every kind; always in the same order.
    pub(super) fn candidates(
        &self,
        means: &Means,
        workers: u64,
        free: u64,
    ) -> Vec<Option<Candidate>> {
        let mut all = vec![self.store_all(free), self.revolve(free), self.mixed(means, free)];
        let own = (means.threads_of(workers), free);
        for codec in &means.ram_codecs {
            all.push(self.revolve_encoded(codec, own));
            all.push(self.mixed_encoded(means, codec, own));
        }
        if let Some(disk) = &means.disk {
            all.push(self.store_all_on_disk(means, disk, (workers, free)));
            for factor in PERIODS {
                all.push(self.asynchronous(means, disk, factor, (workers, free)));
            }
            all.push(self.recording(disk, (workers, free)));
            all.push(self.disk_revolve(means, disk, (workers, free)));
        }
        all
    }

    fn store_all(&self, free: u64) -> Option<Candidate> {
        let needed = self.steps.checked_mul(self.adjoint_bytes)?;
        let strategy = Strategy::StoreAll;
        (needed <= free).then_some(Candidate { strategy, tiers: Vec::new(), speeds: Vec::new() })
    }

    /// What is left beside the adjoint data of the step in hand.
    pub(super) fn beside_one_step(&self, free: u64) -> Option<u64> {
        free.checked_sub(self.adjoint_bytes).filter(|_| self.steps > 1)
    }

    fn revolve(&self, free: u64) -> Option<Candidate> {
        let left = self.beside_one_step(free)?;
        // Snapshots without bytes always fit.
        let fitting = left.checked_div(self.snapshot_bytes).unwrap_or(u64::MAX);
        let snapshots = fitting.min(self.steps - 1);
        (snapshots > 0).then(|| Candidate {
            strategy: Strategy::Revolve { snapshots },
            tiers: vec![TierPlan::Handles { slots: snapshots }],
            speeds: vec![TierSpeed::HANDLES],
        })
    }

    /// Sizes of restart and adjoint data in their common unit, and that unit in bytes.
    fn units(&self) -> Option<(u64, u64, u64)> {
        let unit = crate::schedule::gcd(self.snapshot_bytes, self.adjoint_bytes);
        (self.snapshot_bytes > 0 && self.adjoint_bytes > 0)
            .then(|| (self.snapshot_bytes / unit, self.adjoint_bytes / unit, unit))
    }

    /// A mixed schedule with room for `fitting` units, if that is enough and not too long to solve.
    fn mixed_strategy(&self, means: &Means, fitting: u64) -> Option<Strategy> {
        let (restart_size, adjoint_size, _) = self.units().filter(|_| means.stores_adjoint)?;
        let everything = self.steps.saturating_mul(adjoint_size);
        let capacity = fitting.min(everything);
        let work = u128::from(self.steps).pow(2).saturating_mul(capacity.into());
        let closed = restart_size == adjoint_size || capacity == everything;
        let solved = closed || work <= SOLVED_WORK;
        (fitting >= restart_size.min(adjoint_size) && solved).then_some(Strategy::Mixed {
            capacity,
            restart_size,
            adjoint_size,
        })
    }

    pub(super) fn mixed(&self, means: &Means, free: u64) -> Option<Candidate> {
        let (restart_size, adjoint_size, unit) = self.units()?;
        let fitting = self.beside_one_step(free)? / unit;
        let slots = fitting / restart_size.min(adjoint_size);
        Some(Candidate {
            strategy: self.mixed_strategy(means, fitting)?,
            tiers: vec![TierPlan::Handles { slots: slots.min(self.steps) }],
            speeds: vec![TierSpeed::HANDLES],
        })
    }

    /// An encoded tier in RAM of a job of so many threads, whose largest snapshot has
    /// `snapshot_bytes`, and its capacity: what its buffers leave.
    pub(super) fn encoded_tier(
        &self,
        offer: &CodecOffer,
        snapshot_bytes: u64,
        (threads, free): (u64, u64),
    ) -> Option<(TierPlan, u64)> {
        let left = self.beside_one_step(free)?;
        let tier = |capacity_bytes| {
            let codec = offer.codec.clone();
            TierPlan::Ram { capacity_bytes, snapshot_bytes, codec }
        };
        // The table of pages grows with the capacity: that of what is left has room for less.
        let capacity_bytes = left.checked_sub(tier(left).needed_bytes(threads))?;
        Some((tier(capacity_bytes), capacity_bytes))
    }

    fn revolve_encoded(&self, offer: &CodecOffer, own: (u64, u64)) -> Option<Candidate> {
        let (tier, capacity_bytes) = self.encoded_tier(offer, self.snapshot_bytes, own)?;
        let bytes = self.snapshot_bytes;
        let fitting = (capacity_bytes as f64 / encoded(bytes, bytes, offer)) as u64;
        let snapshots = fitting.min(self.steps - 1);
        (snapshots > 0).then(|| Candidate {
            strategy: Strategy::Revolve { snapshots },
            tiers: vec![tier],
            speeds: vec![offer.ram_speed()],
        })
    }

    fn mixed_encoded(
        &self,
        means: &Means,
        offer: &CodecOffer,
        own: (u64, u64),
    ) -> Option<Candidate> {
        let (restart_size, adjoint_size, _) = self.units()?;
        let (restart_bytes, adjoint_bytes) = (self.snapshot_bytes, self.adjoint_bytes);
        let largest = restart_bytes.max(adjoint_bytes);
        let (_, capacity_bytes) = self.encoded_tier(offer, largest, own)?;
        let unit = |bytes, size| encoded(bytes, largest, offer) / size as f64;
        let unit = unit(restart_bytes, restart_size).max(unit(adjoint_bytes, adjoint_size));
        let fitting = (capacity_bytes as f64 / unit) as u64;
        let strategy = self.mixed_strategy(means, fitting)?;
        // Where all adjoint data fit, they are all that is stored, however large restart data are.
        let snapshot_bytes = strategy.largest_encoded(self);
        let codec = offer.codec.clone();
        Some(Candidate {
            strategy,
            tiers: vec![TierPlan::Ram { capacity_bytes, snapshot_bytes, codec }],
            speeds: vec![offer.ram_speed()],
        })
    }

    /// A file of `snapshots` encoded ones of `bytes` raw bytes, and what it leaves in RAM.
    pub(super) fn file(
        &self,
        disk: &DiskOffer,
        (workers, free): (u64, u64),
        (snapshots, bytes): (u64, u64),
    ) -> Option<(TierPlan, u64)> {
        // A page is lost per snapshot, at most.
        let encoded = (bytes as f64 / disk.codec.ratio) as u64;
        let encoded = encoded.saturating_add(bytes / 64 + 4096);
        let capacity_bytes = snapshots.checked_mul(encoded)?;
        let tier = TierPlan::File {
            folder: disk.path.clone(),
            capacity_bytes,
            snapshot_bytes: bytes,
            codec: disk.codec.codec.clone(),
            queue: QUEUE,
        };
        // The queue has one thread, whatever the job has.
        let ram = tier.needed_bytes(1).saturating_add(disk.log_bytes);
        let left = self.beside_one_step(free)?.checked_sub(ram)?;
        (capacity_bytes <= disk.capacity_bytes / workers).then_some((tier, left))
    }

    /// The adjoint data of every step in a file.
    fn store_all_on_disk(
        &self,
        means: &Means,
        disk: &DiskOffer,
        share: (u64, u64),
    ) -> Option<Candidate> {
        let (tier, _) = self.file(disk, share, (self.steps, self.adjoint_bytes))?;
        Some(Candidate {
            strategy: self.mixed_strategy(means, u64::MAX)?,
            tiers: vec![tier],
            speeds: vec![disk.speed(share.0, QUEUE)],
        })
    }

    /// Steps of a block, at least 2, that take `factor` times as long as a transfer of restart data.
    pub(super) fn hiding_period(&self, means: &Means, speed: TierSpeed, factor: f64) -> u64 {
        let bytes = self.snapshot_bytes;
        let transfer = speed.write_seconds(bytes).max(speed.read_seconds(bytes));
        let forward = means.speeds.forward_seconds * speed.slowdown;
        Asynchronous::period_to_hide(transfer * factor, forward).max(2)
    }

    fn asynchronous(
        &self,
        means: &Means,
        disk: &DiskOffer,
        factor: f64,
        share: (u64, u64),
    ) -> Option<Candidate> {
        let speed = disk.speed(share.0, QUEUE);
        let bytes = self.snapshot_bytes;
        let period = self.hiding_period(means, speed, factor).min(self.steps.max(1));
        let (tier, left) = self.file(disk, share, (self.steps / period, bytes))?;
        let snapshots = left.checked_div(bytes)?.min(period - 1);
        (snapshots > 0 && period < self.steps).then(|| Candidate {
            strategy: Strategy::Asynchronous { period, snapshots },
            tiers: vec![TierPlan::Handles { slots: snapshots }, tier],
            speeds: vec![TierSpeed::HANDLES, speed],
        })
    }

    /// Blocks as long as working memory has room for.
    fn recording(&self, disk: &DiskOffer, share: (u64, u64)) -> Option<Candidate> {
        let (period, tier) = self.blocks(disk, share, |period| self.steps / period)?;
        let empty = TierPlan::Handles { slots: 0 };
        (period > 1 && period < self.steps).then(|| Candidate {
            strategy: Strategy::Recording { period },
            tiers: vec![empty, tier],
            speeds: vec![TierSpeed::HANDLES, disk.speed(share.0, QUEUE)],
        })
    }

    /// The longest blocks for whose adjoint data there is room beside a file of as many snapshots as
    /// `count` says, and that file.
    pub(super) fn blocks(
        &self,
        disk: &DiskOffer,
        share: (u64, u64),
        count: impl Fn(u64) -> u64,
    ) -> Option<(u64, TierPlan)> {
        let mut snapshots = 0;
        // More snapshots take a larger table, which leaves room for shorter blocks, and so on.
        loop {
            let (tier, left) = self.file(disk, share, (snapshots, self.snapshot_bytes))?;
            // One step's adjoint data are counted already.
            let period = (left / self.adjoint_bytes.max(1)).saturating_add(1);
            let period = period.min(self.steps.max(1));
            let wanted = count(period);
            if wanted <= snapshots {
                return Some((period, tier));
            }
            snapshots = wanted;
        }
    }

    fn disk_revolve(
        &self,
        means: &Means,
        disk: &DiskOffer,
        share: (u64, u64),
    ) -> Option<Candidate> {
        let speed = disk.speed(share.0, QUEUE);
        let bytes = self.snapshot_bytes;
        let most =
            (disk.capacity_bytes / share.0).checked_div(bytes.saturating_add(bytes / 64 + 4096))?;
        let (tier, left) = self.file(disk, share, (most.min(self.steps), bytes))?;
        let snapshots = left.checked_div(bytes)?.min(self.steps - 1);
        let millisteps = |seconds: f64| {
            let steps = seconds / means.speeds.forward_seconds;
            (1000.0 * steps).ceil() as u64
        };
        let strategy = Strategy::DiskRevolve {
            snapshots,
            write_millisteps: millisteps(speed.write_seconds(bytes)),
            read_millisteps: millisteps(speed.read_seconds(bytes)),
        };
        // The schedule takes the disk to be without limit: it is used if that is true enough.
        let used = strategy.disk_snapshots(self.steps)?;
        (snapshots > 0 && used <= most).then(|| Candidate {
            strategy,
            tiers: vec![TierPlan::Handles { slots: snapshots }, tier],
            speeds: vec![TierSpeed::HANDLES, speed],
        })
    }
}

/// What a snapshot of `bytes` takes when it is encoded in a tier whose largest has `largest`: a margin
/// for moments when less is gained than at those that were measured, and a page that is not full.
pub(super) fn encoded(bytes: u64, largest: u64, offer: &CodecOffer) -> f64 {
    let page = largest as f64 / 1024.0 + 64.0;
    (1.1 * bytes as f64 / offer.ratio).min(1.01 * bytes as f64) + page
}
