//! The choice for a number of steps that is not known before: adaptive time steps, iterations that
//! run until they have converged.
//!
//! Candidates are the schedules that learn of the end when it is reached ([`OpenSchedule`]):
//!
//! * [`Online`](crate::Online) by either rule, its snapshots as handles or encoded in RAM;
//! * the same within periods whose first states are on a disk. A two-level schedule whose RAM is
//!   not used before the end is known is not among them: with as many snapshots and the same
//!   period it never runs fewer steps;
//! * blocks between snapshots on a disk recorded whole;
//! * the adjoint data of every step, in RAM or on the disk, if the largest number is stated and has
//!   room.
//!
//! Each is simulated at the number of steps that is expected. Where none is, at several, and what
//! counts is the worst ratio to the time of whoever knows the number and has chosen for it
//! ([`Workload::choose`]): the least regret.
//!
//! What is held in RAM is the same for every number of steps, so that the budget is kept whenever
//! the run ends. A disk has room for the largest number, or for [`BEYOND`] times what was judged
//! where that is not stated; what does not fit is computed again by the executor.

use std::fmt::Write as _;

use super::candidates::{Candidate, PERIODS, QUEUE, encoded};
use super::choose::{Family, RunnerUp};
use super::means::{CodecOffer, DiskOffer, Means, TierPlan};
use super::{Made, Parts, Plan, PlanError, Strategy, Workload, saturate};
use crate::OnlineRule;
use crate::schedule::{AnySchedule, End, OpenSchedule};
use crate::simulate::TierSpeed;

/// Times what was judged that a disk has room for, where no largest number of steps is stated.
const BEYOND: u64 = 16;

/// Numbers of steps at which candidates are judged if nothing is known of them.
const LENGTHS: [u64; 3] = [32, 256, 2048];

/// The most steps at which candidates are judged: an online rule is followed decision by decision.
const JUDGED_STEPS: u64 = 1_000_000;

/// Fractions of the largest number at which candidates are judged if that is all that is known.
const FRACTIONS: [u64; 4] = [64, 16, 4, 1];

/// As [`Workload`], for a number of steps that is not known. All sizes in bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OpenWorkload {
    /// Steps of one job as far as can be guessed: what is chosen is the fastest for these, or for a
    /// million if they are more.
    pub expected_steps: Option<u64>,
    /// The most steps that one job can have. A promise: a schedule that keeps every step has room
    /// for no more, and a run that goes on ends in an error.
    pub largest_steps: Option<u64>,
    /// One restart snapshot.
    pub snapshot_bytes: u64,
    /// Adjoint data of one step.
    pub adjoint_bytes: u64,
    /// What each concurrent worker holds whatever the schedule: working states, its data.
    pub worker_bytes: u64,
    /// What all workers share: the model, the gradient.
    pub shared_bytes: u64,
    /// Independent jobs (shots) in all.
    pub jobs: u64,
    /// Wanted number of jobs at a time; 0 counts as 1.
    pub concurrency: u64,
}

/// A number of steps at which a plan was judged.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct JudgedLength {
    /// The number.
    pub steps: u64,
    /// Predicted seconds of all jobs if they had as many.
    pub seconds: f64,
    /// Predicted seconds of the plan that [`Workload::choose`] makes for this number.
    pub known_seconds: f64,
    /// Forward steps run per step reversed.
    pub recompute_factor: f64,
}

impl JudgedLength {
    /// What not knowing the number costs: times that the run takes longer.
    pub fn ratio(&self) -> f64 {
        if self.known_seconds > 0.0 { self.seconds / self.known_seconds } else { 1.0 }
    }
}

/// A plan for an unknown number of steps that keeps its budget whatever the number is.
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub struct OpenPlan {
    /// What each job keeps.
    pub strategy: Strategy,
    /// Jobs at a time.
    pub concurrency: u64,
    /// Jobs at a time that were wanted, at most the number of jobs.
    pub wanted_concurrency: u64,
    /// The budget, if one was given.
    pub budget_bytes: Option<u64>,
    /// The most bytes in use at a time: the sum of `parts`.
    pub predicted_peak_bytes: u64,
    /// What the bytes hold.
    pub parts: Parts,
    /// The tiers of each job.
    pub tiers: Vec<TierPlan>,
    /// Bytes that each of these takes in RAM at most.
    pub tier_bytes: Vec<u64>,
    /// Where the plan was judged, fewest steps first.
    pub lengths: Vec<JudgedLength>,
    schedule: Made<OpenSchedule>,
}

/// The plan chosen, and what lost against it.
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub struct OpenChoice {
    /// The best.
    pub plan: OpenPlan,
    /// The best of every other kind, best first. Seconds are those of the largest number judged.
    pub runners_up: Vec<RunnerUp>,
}

impl OpenPlan {
    /// The schedule of one job, for [`Executor::run_open`](crate::Executor::run_open).
    pub fn schedule(&self) -> OpenSchedule {
        self.schedule.0.clone()
    }

    /// The actions of one job whose end is said to `end`.
    pub fn actions(&self, end: &End) -> AnySchedule {
        AnySchedule::new(self.schedule().until(end))
    }

    /// The largest of the judged [ratios](JudgedLength::ratio).
    pub fn worst_ratio(&self) -> f64 {
        self.worst().map_or(1.0, JudgedLength::ratio)
    }

    fn worst(&self) -> Option<&JudgedLength> {
        self.lengths.iter().max_by(|a, b| a.ratio().total_cmp(&b.ratio()))
    }
}

impl Family for OpenPlan {
    fn family(&self) -> (Strategy, &[TierPlan]) {
        (self.strategy, &self.tiers)
    }
}

impl OpenWorkload {
    /// The workload if the number of steps were this one.
    pub fn with_steps(&self, steps: u64) -> Workload {
        let Self {
            snapshot_bytes,
            adjoint_bytes,
            worker_bytes,
            shared_bytes,
            jobs,
            concurrency,
            ..
        } = *self;
        Workload {
            steps,
            snapshot_bytes,
            adjoint_bytes,
            worker_bytes,
            shared_bytes,
            jobs,
            concurrency,
        }
    }

    /// Chooses the strategy with the least predicted time at the expected number of steps, or the
    /// least regret where there is none, that keeps the budget for every number.
    ///
    /// Takes up to four times what [`Workload::choose`] takes, and as much again. Nothing is counted
    /// for a log of the sweep ([`DiskOffer::log_bytes`]):
    /// [`Executor::run_open`](crate::Executor::run_open) writes none.
    ///
    /// # Errors
    /// [`PlanError::BudgetTooSmall`] if nothing fits.
    pub fn choose(
        &self,
        means: &Means,
        budget_bytes: Option<u64>,
    ) -> Result<OpenChoice, PlanError> {
        let budget = budget_bytes.unwrap_or(u64::MAX);
        let disk = means.disk.clone().map(|disk| DiskOffer { log_bytes: 0, ..disk });
        let means = &Means { disk, ..means.clone() };
        let lengths = self.lengths();
        let longest = self.longest(&lengths);
        let known: Vec<(Workload, f64)> = lengths
            .iter()
            .map(|&steps| {
                let job = self.with_steps(steps);
                let known =
                    job.choose(means, budget_bytes).ok().and_then(|choice| choice.plan.seconds);
                (job, known.unwrap_or(0.0))
            })
            .collect();
        let whole = self.with_steps(longest);
        let found = whole.ranked(
            budget,
            |workers, free| self.candidates(&whole, means, workers, free),
            |candidate, workers| {
                let judged = |(job, known): &(Workload, f64)| {
                    let plan = job.judge(candidate.clone(), means, workers, budget_bytes)?;
                    Some(judged_length(&plan, *known))
                };
                let lengths = known.iter().map(judged).collect::<Option<Vec<_>>>()?;
                let share = (workers, means.threads_of(workers));
                let plan = laid_out(&whole, candidate.clone(), share, budget_bytes, lengths)?;
                let score = match &plan.lengths[..] {
                    [one] => one.seconds,
                    _ => plan.worst_ratio(),
                };
                (plan.predicted_peak_bytes <= budget).then_some((plan, score))
            },
        );
        let mut found = found.into_iter();
        let Some(plan) = found.next() else {
            let (smallest, minimum) = self.smallest(&whole, means);
            return Err(PlanError::BudgetTooSmall { budget, minimum, smallest });
        };
        let mut runners_up: Vec<RunnerUp> = found.map(|other| lost(&other, &plan)).collect();
        let mut judged = runners_up.iter().map(|other| other.strategy).chain([plan.strategy]);
        if let Some(most) = self.largest_steps.filter(|_| means.stores_adjoint)
            && !judged.any(|strategy| matches!(strategy, Strategy::OnlineStoreAll { .. }))
        {
            runners_up.push(store_all_lost(&whole, most));
        }
        Ok(OpenChoice { plan, runners_up })
    }

    /// Numbers of steps at which candidates are judged, ascending; at most [`JUDGED_STEPS`].
    fn lengths(&self) -> Vec<u64> {
        let mut lengths: Vec<u64> = match (self.expected_steps, self.largest_steps) {
            (Some(expected), largest) => vec![expected.min(largest.unwrap_or(u64::MAX))],
            (None, Some(largest)) => FRACTIONS.map(|part| largest.div_ceil(part)).to_vec(),
            (None, None) => LENGTHS.to_vec(),
        };
        for steps in &mut lengths {
            *steps = (*steps).clamp(1, JUDGED_STEPS);
        }
        lengths.dedup();
        lengths
    }

    /// The number of steps that there is room for on a disk, and in a table of snapshots; at least 2.
    fn longest(&self, lengths: &[u64]) -> u64 {
        let judged = lengths.last().copied().unwrap_or(0).max(self.expected_steps.unwrap_or(0));
        self.largest_steps.unwrap_or(judged.saturating_mul(BEYOND)).max(2)
    }

    /// One candidate, or none that fits, of every kind; always in the same order. `whole` has as
    /// many steps as there is to be room for.
    fn candidates(
        &self,
        whole: &Workload,
        means: &Means,
        workers: u64,
        free: u64,
    ) -> Vec<Option<Candidate>> {
        let mut all = vec![self.each(whole, means, free)];
        for rule in [OnlineRule::Targets, OnlineRule::WangMoin] {
            all.push(online(whole, rule, free));
        }
        let own = (means.threads_of(workers), free);
        for codec in &means.ram_codecs {
            all.push(online_encoded(whole, codec, own));
        }
        if let Some(disk) = &means.disk {
            all.push(self.each_on_disk(whole, means, disk, (workers, free)));
            for factor in PERIODS {
                all.push(with_disk(whole, means, disk, factor, (workers, free)));
            }
            all.push(recording(whole, disk, (workers, free)));
        }
        all
    }

    /// The strategy that needs least memory with one worker, and its bytes: one snapshot, or every
    /// step, in RAM or on the disk, where adjoint data are small. All others hold as much as these.
    fn smallest(&self, whole: &Workload, means: &Means) -> (Strategy, u64) {
        let one = Strategy::Online { snapshots: 1, rule: OnlineRule::default() };
        let each = self.each(whole, means, u64::MAX);
        let disk = means.disk.as_ref();
        let on_disk = disk.and_then(|disk| self.each_on_disk(whole, means, disk, (1, u64::MAX)));
        // One worker has all threads.
        let threads = means.threads_of(1);
        let bytes = |all: Candidate| {
            let parts = whole.parts(all.strategy, (&all.tiers, threads), 1);
            (all.strategy, parts.sum())
        };
        let every_step = each.into_iter().chain(on_disk).map(bytes);
        let all = [(one, saturate(whole.peak_bytes(one, 1)))].into_iter().chain(every_step);
        all.min_by_key(|&(_, bytes)| bytes).unwrap_or((one, u64::MAX))
    }

    /// Every step, if that is what the caller has promised room to be enough for.
    fn each(&self, whole: &Workload, means: &Means, free: u64) -> Option<Candidate> {
        let most = self.largest_steps.filter(|_| means.stores_adjoint)?;
        let needed = most.checked_mul(whole.adjoint_bytes)?;
        let fits = needed <= free.checked_sub(whole.adjoint_bytes)?;
        fits.then(|| Candidate {
            strategy: Strategy::OnlineStoreAll { most },
            tiers: vec![TierPlan::Handles { slots: most }],
            speeds: vec![TierSpeed::HANDLES],
        })
    }

    fn each_on_disk(
        &self,
        whole: &Workload,
        means: &Means,
        disk: &DiskOffer,
        share: (u64, u64),
    ) -> Option<Candidate> {
        let most = self.largest_steps.filter(|_| means.stores_adjoint)?;
        let (tier, _) = whole.file(disk, share, (most, whole.adjoint_bytes))?;
        Some(Candidate {
            strategy: Strategy::OnlineStoreAll { most },
            tiers: vec![tier],
            speeds: vec![disk.speed(share.0, QUEUE)],
        })
    }
}

fn laid_out(
    whole: &Workload,
    candidate: Candidate,
    (concurrency, threads): (u64, u64),
    budget_bytes: Option<u64>,
    lengths: Vec<JudgedLength>,
) -> Option<OpenPlan> {
    let Candidate { strategy, tiers, .. } = candidate;
    let parts = whole.parts(strategy, (&tiers, threads), concurrency);
    let bytes = |tier| saturate(whole.tier_bytes(strategy, tier, threads));
    let tier_bytes = tiers.iter().map(bytes).collect();
    let schedule = Made(strategy.open_schedule()?);
    Some(OpenPlan {
        strategy,
        concurrency,
        wanted_concurrency: whole.workers(),
        budget_bytes,
        predicted_peak_bytes: parts.sum(),
        parts,
        tiers,
        tier_bytes,
        lengths,
        schedule,
    })
}

/// Of so many snapshots that fit those, as far as there are steps for them; at least one.
fn snapshots(whole: &Workload, fitting: u64) -> Option<u64> {
    Some(fitting.min(whole.steps - 1)).filter(|&snapshots| snapshots > 0)
}

fn online(whole: &Workload, rule: OnlineRule, free: u64) -> Option<Candidate> {
    let left = whole.beside_one_step(free)?;
    let fitting = left.checked_div(whole.snapshot_bytes).unwrap_or(u64::MAX);
    let snapshots = snapshots(whole, fitting)?;
    Some(Candidate {
        strategy: Strategy::Online { snapshots, rule },
        tiers: vec![TierPlan::Handles { slots: snapshots }],
        speeds: vec![TierSpeed::HANDLES],
    })
}

fn online_encoded(whole: &Workload, offer: &CodecOffer, own: (u64, u64)) -> Option<Candidate> {
    let (tier, capacity_bytes) = whole.encoded_tier(offer, whole.snapshot_bytes, own)?;
    let bytes = whole.snapshot_bytes;
    let fitting = (capacity_bytes as f64 / encoded(bytes, bytes, offer)) as u64;
    let (snapshots, rule) = (snapshots(whole, fitting)?, OnlineRule::default());
    Some(Candidate {
        strategy: Strategy::Online { snapshots, rule },
        tiers: vec![tier],
        speeds: vec![offer.ram_speed()],
    })
}

fn with_disk(
    whole: &Workload,
    means: &Means,
    disk: &DiskOffer,
    factor: f64,
    share: (u64, u64),
) -> Option<Candidate> {
    let speed = disk.speed(share.0, QUEUE);
    let bytes = whole.snapshot_bytes;
    let period = whole.hiding_period(means, speed, factor);
    let (tier, left) = whole.file(disk, share, (whole.steps.div_ceil(period), bytes))?;
    let snapshots = (left / bytes.max(1)).min(period - 1);
    (period < whole.steps).then(|| Candidate {
        strategy: Strategy::OnlineWithDisk { snapshots, period },
        tiers: vec![TierPlan::Handles { slots: snapshots }, tier],
        speeds: vec![TierSpeed::HANDLES, speed],
    })
}

/// Blocks as long as working memory has room for.
fn recording(whole: &Workload, disk: &DiskOffer, share: (u64, u64)) -> Option<Candidate> {
    let (period, tier) = whole.blocks(disk, share, |period| whole.steps.div_ceil(period))?;
    // Up to a single block of all steps that there is to be room for.
    (period > 1).then(|| Candidate {
        strategy: Strategy::OnlineRecording { period },
        tiers: vec![TierPlan::Handles { slots: 0 }, tier],
        speeds: vec![TierSpeed::HANDLES, disk.speed(share.0, QUEUE)],
    })
}

fn judged_length(plan: &Plan, known_seconds: f64) -> JudgedLength {
    let (steps, recompute_factor) = (plan.steps, plan.recompute_factor);
    let seconds = plan.seconds.unwrap_or(0.0);
    JudgedLength { steps, seconds, known_seconds, recompute_factor }
}

/// Why a plan that fits was not chosen.
fn lost(other: &OpenPlan, chosen: &OpenPlan) -> RunnerUp {
    let reason = match (&other.lengths[..], &chosen.lengths[..]) {
        ([one], [best]) => {
            let times = one.seconds / best.seconds;
            let factors = (one.recompute_factor, best.recompute_factor);
            let mut reason = format!("{times:.2} times the time at {} steps", one.steps);
            if factors.0 > factors.1 {
                let _ = write!(
                    reason,
                    ": {:.2} instead of {:.2} forward steps per step",
                    factors.0, factors.1
                );
            }
            reason
        }
        _ => format!(
            "at worst {:.2} times the time of a plan for a known number, at {} steps, instead of \
             {:.2}",
            other.worst_ratio(),
            other.worst().map_or(0, |length| length.steps),
            chosen.worst_ratio()
        ),
    };
    RunnerUp {
        strategy: other.strategy,
        tiers: other.tiers.clone(),
        seconds: other.lengths.last().map(|length| length.seconds),
        peak_bytes: other.predicted_peak_bytes,
        reason,
    }
}

/// Why not everything is stored, where that was not among what was judged.
fn store_all_lost(whole: &Workload, most: u64) -> RunnerUp {
    let strategy = Strategy::OnlineStoreAll { most };
    let peak_bytes = saturate(whole.peak_bytes(strategy, 1));
    let reason = format!("needs {}", crate::bytes::Bytes(peak_bytes).rounded());
    RunnerUp { strategy, tiers: Vec::new(), seconds: None, peak_bytes, reason }
}
