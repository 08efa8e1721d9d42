//! The choice by predicted time: every strategy that fits is simulated, the fastest is taken.
//!
//! For each number of workers `k` of interest, each candidate's schedule is run through the
//! discrete-event simulator ([`simulate`](crate::simulate)) on this job's speeds. The makespan is
//!
//! ```text
//! ceil(jobs / k) T (k / wanted)^e
//! ```
//!
//! where `T` is the simulated time of one job and `e` ([`Means::inner_efficiency`]) says how well the
//! threads that a missing worker leaves idle work inside the jobs that do run.

use std::fmt::Write as _;

use super::means::{CodecOffer, DiskOffer, Means, TierPlan};
use super::{Plan, PlanError, Strategy, Workload};
use crate::schedule::Asynchronous;
use crate::simulate::{Machine, TierSpeed, simulate};

/// Forward steps of a candidate up to which it is simulated; longer ones are taken in proportion.
const SIMULATED_STEPS: u64 = 200_000;

/// Steps squared times units up to which a mixed schedule of unequal sizes is solved: a second.
const SOLVED_WORK: u128 = 10_000_000_000;

/// Depth of the queue of a file: one snapshot on its way while the next is computed.
const QUEUE: usize = 1;

/// What a file's own buffers take in RAM, beside snapshots.
pub(super) const FILE_BUFFER_BYTES: u64 = 2 << 20;

/// Blocks of the asynchronous schedule, in the least that hides a transfer.
const PERIODS: [f64; 10] = [1.0, 1.25, 1.5, 2.0, 2.5, 3.0, 4.0, 6.0, 8.0, 12.0];

/// The plan chosen, and what lost against it.
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub struct Choice {
    /// The fastest.
    pub plan: Plan,
    /// The best of every other kind, fastest first.
    pub runners_up: Vec<RunnerUp>,
}

/// A plan that was not chosen.
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub struct RunnerUp {
    /// What it would have been: a plan, or what did not fit.
    pub strategy: Strategy,
    /// Its tiers.
    pub tiers: Vec<TierPlan>,
    /// Predicted seconds of all jobs, if it fits.
    pub seconds: Option<f64>,
    /// Bytes of the process, at most.
    pub peak_bytes: u64,
    /// Why it was not chosen.
    pub reason: String,
}

/// A strategy with its tiers, for one worker.
#[derive(Clone, Debug)]
struct Candidate {
    strategy: Strategy,
    tiers: Vec<TierPlan>,
    speeds: Vec<TierSpeed>,
}

/// A candidate and what it comes to.
struct Judged {
    plan: Plan,
    kind: usize,
}

impl Workload {
    /// Chooses the strategy with the least predicted time that keeps the budget.
    ///
    /// Simulates some dozens of schedules: milliseconds for thousands of steps, seconds at most.
    ///
    /// # Errors
    /// [`PlanError::BudgetTooSmall`] if nothing fits.
    pub fn choose(&self, means: &Means, budget_bytes: Option<u64>) -> Result<Choice, PlanError> {
        let budget = budget_bytes.unwrap_or(u64::MAX);
        let mut best: Vec<Option<Judged>> = Vec::new();
        for workers in self.concurrencies() {
            let Some(free) = self.free_bytes(workers, budget) else { continue };
            for (kind, candidate) in self.candidates(means, workers, free).into_iter().enumerate() {
                if best.len() <= kind {
                    best.resize_with(kind + 1, || None);
                }
                let Some(candidate) = candidate else { continue };
                let Some(plan) = self.judge(candidate, means, workers, budget_bytes) else {
                    continue;
                };
                if plan.predicted_peak_bytes > budget {
                    continue;
                }
                let faster = |other: &Judged| plan.seconds < other.plan.seconds;
                if best[kind].as_ref().is_none_or(faster) {
                    best[kind] = Some(Judged { plan, kind });
                }
            }
        }
        let mut found: Vec<Judged> = best.into_iter().flatten().collect();
        // Of equals, the simpler: candidates come in this order.
        found.sort_by(|a, b| {
            let seconds = a.plan.seconds.unwrap_or(0.0).total_cmp(&b.plan.seconds.unwrap_or(0.0));
            seconds.then(a.kind.cmp(&b.kind))
        });
        // Of one family with one set of tiers, however parametrised, the best.
        let mut seen: Vec<(std::mem::Discriminant<Strategy>, Vec<String>)> = Vec::new();
        found.retain(|judged| {
            let tiers = judged.plan.tiers.iter().map(TierPlan::kind).collect();
            let family = (std::mem::discriminant(&judged.plan.strategy), tiers);
            let new = !seen.contains(&family);
            seen.push(family);
            new
        });
        let mut found = found.into_iter().map(|judged| judged.plan);
        let Some(plan) = found.next() else {
            let (smallest, minimum) = self.smallest();
            return Err(PlanError::BudgetTooSmall {
                budget,
                minimum: super::saturate(minimum),
                smallest,
            });
        };
        let mut runners_up: Vec<RunnerUp> = found.map(|other| lost(&other, &plan)).collect();
        if plan.strategy != Strategy::StoreAll
            && !runners_up.iter().any(|other| other.strategy == Strategy::StoreAll)
        {
            let peak_bytes = super::saturate(self.peak_bytes(Strategy::StoreAll, 1));
            let reason = format!("needs {}", crate::bytes::Bytes(peak_bytes).rounded());
            let (strategy, tiers, seconds) = (Strategy::StoreAll, Vec::new(), None);
            runners_up.push(RunnerUp { strategy, tiers, seconds, peak_bytes, reason });
        }
        Ok(Choice { plan, runners_up })
    }

    /// Lays out what an earlier call of [`Workload::choose`] has chosen, for `workers` jobs at a time:
    /// for a process that takes up the work of another one, on a machine whose speeds may be
    /// measured a little differently. Nothing if it exceeds the budget, or is no schedule.
    pub fn choose_again(
        &self,
        (strategy, tiers): (Strategy, &[TierPlan]),
        means: &Means,
        workers: u64,
        budget_bytes: Option<u64>,
    ) -> Option<Plan> {
        let speed = |tier: &TierPlan| match (tier, &means.disk) {
            (TierPlan::File { queue, .. }, Some(disk)) => disk.speed(workers, *queue),
            (TierPlan::Ram { codec, .. }, _) => {
                let offer = means.ram_codecs.iter().find(|offer| offer.codec == *codec);
                offer.map_or(TierSpeed::HANDLES, CodecOffer::ram_speed)
            }
            _ => TierSpeed::HANDLES,
        };
        let speeds = tiers.iter().map(speed).collect();
        let candidate = Candidate { strategy, tiers: tiers.to_vec(), speeds };
        let plan = self.judge(candidate, means, workers.clamp(1, self.workers()), budget_bytes)?;
        (plan.predicted_peak_bytes <= budget_bytes.unwrap_or(u64::MAX)).then_some(plan)
    }

    /// Numbers of workers of interest: of those that need the same number of rounds, the smallest.
    fn concurrencies(&self) -> Vec<u64> {
        let mut all = Vec::new();
        let mut most = self.workers();
        while most > 0 {
            let rounds = self.jobs.max(1).div_ceil(most);
            let workers = self.jobs.max(1).div_ceil(rounds);
            all.push(workers);
            most = workers - 1;
        }
        all
    }

    /// Bytes that each of `workers` may use for snapshots and adjoint data.
    fn free_bytes(&self, workers: u64, budget: u64) -> Option<u64> {
        (budget.checked_sub(self.shared_bytes)? / workers).checked_sub(self.worker_bytes)
    }

    /// One candidate, or none that fits, of every kind; always in the same order.
    fn candidates(&self, means: &Means, workers: u64, free: u64) -> Vec<Option<Candidate>> {
        let mut all = vec![self.store_all(free), self.revolve(free), self.mixed(means, free)];
        for codec in &means.ram_codecs {
            all.push(self.revolve_encoded(codec, free));
            all.push(self.mixed_encoded(means, codec, free));
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
    fn beside_one_step(&self, free: u64) -> Option<u64> {
        free.checked_sub(self.adjoint_bytes).filter(|_| self.steps > 1)
    }

    fn revolve(&self, free: u64) -> Option<Candidate> {
        let fitting = self.beside_one_step(free)?.checked_div(self.snapshot_bytes)?;
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
        let work = u128::from(self.steps).pow(2) * u128::from(capacity);
        let closed = restart_size == adjoint_size || capacity == everything;
        let solved = closed || work <= SOLVED_WORK;
        (fitting >= restart_size.min(adjoint_size) && solved).then_some(Strategy::Mixed {
            capacity,
            restart_size,
            adjoint_size,
        })
    }

    fn mixed(&self, means: &Means, free: u64) -> Option<Candidate> {
        let (restart_size, adjoint_size, unit) = self.units()?;
        let fitting = self.beside_one_step(free)? / unit;
        let slots = fitting / restart_size.min(adjoint_size);
        Some(Candidate {
            strategy: self.mixed_strategy(means, fitting)?,
            tiers: vec![TierPlan::Handles { slots: slots.min(self.steps) }],
            speeds: vec![TierSpeed::HANDLES],
        })
    }

    /// Bytes of an encoded tier in RAM: without the buffers of encoding and one decoded snapshot.
    fn encoded_bytes(&self, free: u64) -> Option<u64> {
        self.beside_one_step(free)?.checked_sub(self.engine_bytes())
    }

    /// Buffers of a tier of bytes: the encoded snapshot, a field gathered, a snapshot being read.
    pub(super) fn engine_bytes(&self) -> u64 {
        self.snapshot_bytes.max(self.adjoint_bytes).saturating_mul(3)
    }

    fn revolve_encoded(&self, offer: &CodecOffer, free: u64) -> Option<Candidate> {
        let capacity_bytes = self.encoded_bytes(free)?;
        let fitting = (capacity_bytes as f64 / encoded(self.snapshot_bytes, offer)) as u64;
        let snapshots = fitting.min(self.steps - 1);
        (snapshots > 0).then(|| Candidate {
            strategy: Strategy::Revolve { snapshots },
            tiers: vec![TierPlan::Ram { capacity_bytes, codec: offer.codec.clone() }],
            speeds: vec![offer.ram_speed()],
        })
    }

    fn mixed_encoded(&self, means: &Means, offer: &CodecOffer, free: u64) -> Option<Candidate> {
        let (_, _, unit) = self.units()?;
        let capacity_bytes = self.encoded_bytes(free)?;
        let fitting = (capacity_bytes as f64 / encoded(unit, offer)) as u64;
        Some(Candidate {
            strategy: self.mixed_strategy(means, fitting)?,
            tiers: vec![TierPlan::Ram { capacity_bytes, codec: offer.codec.clone() }],
            speeds: vec![offer.ram_speed()],
        })
    }

    /// A file of `snapshots` encoded ones of `bytes` raw bytes, and what it takes in RAM.
    fn file(
        &self,
        disk: &DiskOffer,
        (workers, free): (u64, u64),
        (snapshots, bytes): (u64, u64),
    ) -> Option<(TierPlan, u64)> {
        // A page is lost per snapshot, at most.
        let encoded = (bytes as f64 / disk.codec.ratio) as u64 + bytes / 64 + 4096;
        let capacity_bytes = snapshots.checked_mul(encoded)?;
        let queue_bytes = (QUEUE as u64 + 1).saturating_mul(bytes);
        let buffers = FILE_BUFFER_BYTES.saturating_add(disk.log_bytes);
        let ram = queue_bytes.saturating_add(self.engine_bytes()).saturating_add(buffers);
        let left = self.beside_one_step(free)?.checked_sub(ram)?;
        let tier = TierPlan::File {
            folder: disk.path.clone(),
            capacity_bytes,
            codec: disk.codec.codec.clone(),
            queue: QUEUE,
        };
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

    fn asynchronous(
        &self,
        means: &Means,
        disk: &DiskOffer,
        factor: f64,
        share: (u64, u64),
    ) -> Option<Candidate> {
        let speed = disk.speed(share.0, QUEUE);
        let bytes = self.snapshot_bytes;
        let transfer = speed.write_seconds(bytes).max(speed.read_seconds(bytes));
        let forward = means.speeds.forward_seconds * speed.slowdown;
        let hiding = Asynchronous::period_to_hide(transfer * factor, forward);
        let period = hiding.max(2).min(self.steps);
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
        let one = self.adjoint_bytes.max(1);
        let (_, left) = self.file(disk, share, (0, self.snapshot_bytes))?;
        // One step's adjoint data are counted already.
        let period = (left / one).saturating_add(1).min(self.steps);
        let blocks = self.steps / period;
        let (tier, _) = self.file(disk, share, (blocks, self.snapshot_bytes))?;
        let empty = TierPlan::Handles { slots: 0 };
        (period > 1 && period < self.steps).then(|| Candidate {
            strategy: Strategy::Recording { period },
            tiers: vec![empty, tier],
            speeds: vec![TierSpeed::HANDLES, disk.speed(share.0, QUEUE)],
        })
    }

    fn disk_revolve(
        &self,
        means: &Means,
        disk: &DiskOffer,
        share: (u64, u64),
    ) -> Option<Candidate> {
        let speed = disk.speed(share.0, QUEUE);
        let bytes = self.snapshot_bytes;
        let most = (disk.capacity_bytes / share.0).checked_div(bytes + bytes / 64 + 4096)?;
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

    /// Lays a candidate out and predicts its time.
    fn judge(
        &self,
        candidate: Candidate,
        means: &Means,
        workers: u64,
        budget_bytes: Option<u64>,
    ) -> Option<Plan> {
        let Candidate { strategy, tiers, speeds } = candidate;
        let schedule = strategy.schedule(self.steps)?;
        let mut plan = self.lay_out_tiers(strategy, schedule, tiers, (workers, budget_bytes));
        let in_file = |tier: &TierPlan| matches!(tier, TierPlan::File { .. });
        if let Some(disk) = means.disk.as_ref().filter(|_| plan.tiers.iter().any(in_file)) {
            let logs = workers.saturating_mul(disk.log_bytes);
            plan.parts.workers = plan.parts.workers.saturating_add(logs);
            plan.predicted_peak_bytes = plan.predicted_peak_bytes.saturating_add(logs);
        }
        let rounds = self.jobs.max(1).div_ceil(workers) as f64;
        let share = (workers as f64 / self.workers() as f64).powf(means.inner_efficiency);
        let scaled = |seconds: f64| (seconds * share).into();
        let machine = Machine {
            forward_seconds: scaled(means.speeds.forward_seconds),
            record_seconds: scaled(means.speeds.record_seconds),
            reverse_seconds: scaled(means.speeds.reverse_seconds),
            restart_seconds: means.speeds.restart_seconds,
            restart_bytes: self.snapshot_bytes.into(),
            adjoint_bytes: self.adjoint_bytes.into(),
            tiers: speeds,
        };
        // Of very long runs the recomputation is known, and waiting is not the point.
        let (seconds, waited) = if self.steps <= SIMULATED_STEPS {
            let prediction = simulate(&machine, plan.actions());
            (prediction.seconds, prediction.waited_seconds)
        } else {
            let steps = self.steps as f64;
            let again = (plan.recompute_factor - 1.0) * means.speeds.forward_seconds;
            let once = means.speeds.record_seconds + means.speeds.reverse_seconds;
            (steps * share * (again + once), 0.0)
        };
        plan.seconds = Some(rounds * seconds);
        plan.waited_seconds = Some(rounds * waited);
        Some(plan)
    }
}

/// What `bytes` take in RAM when they are encoded: a margin for moments when less is gained than at
/// those that were measured, and a page that is not full.
fn encoded(bytes: u64, offer: &CodecOffer) -> f64 {
    (1.1 * bytes as f64 / offer.ratio + bytes as f64 / 1024.0 + 64.0)
        .min(1.01 * bytes as f64 + 64.0)
}

/// Why a plan that fits was not chosen.
fn lost(other: &Plan, chosen: &Plan) -> RunnerUp {
    let seconds = other.seconds.unwrap_or(0.0);
    let times = seconds / chosen.seconds.unwrap_or(seconds);
    let mut reason = format!("{times:.2} times the time");
    if other.recompute_factor > chosen.recompute_factor {
        let factors = (other.recompute_factor, chosen.recompute_factor);
        let _ =
            write!(reason, ": {:.2} instead of {:.2} forward steps per step", factors.0, factors.1);
    } else if let Some(waited) = other.waited_seconds.filter(|waited| *waited > 0.05 * seconds) {
        let _ = write!(reason, ": {:.0} % of it spent on storing", 100.0 * waited / seconds);
    }
    RunnerUp {
        strategy: other.strategy,
        tiers: other.tiers.clone(),
        seconds: other.seconds,
        peak_bytes: other.predicted_peak_bytes,
        reason,
    }
}
