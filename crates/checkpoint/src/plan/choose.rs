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

use super::candidates::Candidate;
use super::means::{CodecOffer, Means, TierPlan};
use super::{Plan, PlanError, Strategy, Workload};
use crate::simulate::{Machine, TierSpeed, simulate};

/// Steps up to which a candidate is simulated. Of a longer one the steps are counted; what tiers and
/// starts cost is simulated for as many, and taken in proportion.
const SIMULATED_STEPS: u64 = 200_000;

/// Blocks recorded whole that are simulated at least: fewer would be mostly beginning and end.
const SIMULATED_BLOCKS: u64 = 16;

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

/// What a candidate comes to: the less its score, the better.
struct Judged<P> {
    plan: P,
    kind: usize,
    score: f64,
}

/// What plans of one family have in common.
pub(super) trait Family {
    /// The strategy, whose parameters do not count, and the tiers, whose sizes do not.
    fn family(&self) -> (Strategy, &[TierPlan]);
}

impl Family for Plan {
    fn family(&self) -> (Strategy, &[TierPlan]) {
        (self.strategy, &self.tiers)
    }
}

impl Choice {
    /// The first of `found`, which are ranked, and why the others lost, store-all among them: with
    /// one worker it takes `store_all_bytes`. Nothing if nothing was found.
    pub(super) fn of(found: Vec<Plan>, store_all_bytes: u64) -> Option<Self> {
        let mut found = found.into_iter();
        let plan = found.next()?;
        let mut runners_up: Vec<RunnerUp> = found.map(|other| lost(&other, &plan)).collect();
        if plan.strategy != Strategy::StoreAll
            && !runners_up.iter().any(|other| other.strategy == Strategy::StoreAll)
        {
            let peak_bytes = store_all_bytes;
            let reason = format!("needs {}", crate::bytes::Bytes(peak_bytes).rounded());
            let (strategy, tiers, seconds) = (Strategy::StoreAll, Vec::new(), None);
            runners_up.push(RunnerUp { strategy, tiers, seconds, peak_bytes, reason });
        }
        Some(Self { plan, runners_up })
    }
}

impl Plan {
    /// Adds the logs of jobs with a file.
    pub(super) fn add_logs(&mut self, means: &Means) {
        let in_file = |tier: &TierPlan| matches!(tier, TierPlan::File { .. });
        if let Some(disk) = means.disk.as_ref().filter(|_| self.tiers.iter().any(in_file)) {
            let logs = self.concurrency.saturating_mul(disk.log_bytes);
            self.parts.workers = self.parts.workers.saturating_add(logs);
            self.predicted_peak_bytes = self.predicted_peak_bytes.saturating_add(logs);
        }
    }

    /// Seconds of one job on a machine whose steps are alike, and those of them that are waited;
    /// nothing if they cannot be predicted.
    fn predict(&self, machine: &Machine) -> Option<(f64, f64)> {
        if self.steps <= SIMULATED_STEPS {
            let prediction = simulate(machine, self.actions());
            return Some((prediction.seconds, prediction.waited_seconds));
        }
        let once = machine.record_seconds.at(0) + machine.reverse_seconds.at(0);
        let busy =
            |steps: f64, advances: f64| advances * machine.forward_seconds.at(0) + steps * once;
        let steps = self.steps as f64;
        let known = busy(steps, (self.recompute_factor - 1.0) * steps);
        let handles = |tier: &TierPlan| matches!(tier, TierPlan::Handles { .. });
        if machine.restart_seconds == 0.0 && self.tiers.iter().all(handles) {
            return Some((known, 0.0));
        }
        let simulated = simulated_steps(self.strategy).min(self.steps);
        let (schedule, total_forward) = self.strategy.schedule(simulated)?;
        let prediction = simulate(machine, schedule);
        let (part, advances) = (simulated as f64, total_forward - u128::from(simulated));
        let beside = prediction.seconds - busy(part, advances as f64);
        let times = steps / part;
        Some((known + times * beside, times * prediction.waited_seconds))
    }
}

/// Steps of a strategy that are simulated where there are more. A block recorded whole is an action
/// however long it is, but not so if its end is not known.
fn simulated_steps(strategy: Strategy) -> u64 {
    match strategy {
        Strategy::Recording { period } => {
            SIMULATED_STEPS.max(period.saturating_mul(SIMULATED_BLOCKS))
        }
        _ => SIMULATED_STEPS,
    }
}

impl Workload {
    /// Chooses the strategy with the least predicted time that keeps the budget.
    ///
    /// Simulates some dozens of schedules: milliseconds for thousands of steps, seconds at most. Of
    /// jobs with more than 200,000 steps, so many are simulated: what tiers cost the others is taken
    /// in proportion.
    ///
    /// # Errors
    /// [`PlanError::BudgetTooSmall`] if nothing fits.
    pub fn choose(&self, means: &Means, budget_bytes: Option<u64>) -> Result<Choice, PlanError> {
        let budget = budget_bytes.unwrap_or(u64::MAX);
        let found = self.ranked(
            budget,
            |workers, free| self.candidates(means, workers, free),
            |candidate, workers| {
                let plan = self.judge(candidate, means, workers, budget_bytes)?;
                let seconds = plan.seconds.unwrap_or(0.0);
                (plan.predicted_peak_bytes <= budget).then_some((plan, seconds))
            },
        );
        let store_all = super::saturate(self.peak_bytes(Strategy::StoreAll, 1));
        Choice::of(found, store_all).ok_or_else(|| {
            let (smallest, minimum) = self.smallest();
            PlanError::BudgetTooSmall { budget, minimum: super::saturate(minimum), smallest }
        })
    }

    /// Lays out what an earlier call of [`Workload::choose`] has chosen, for `workers` jobs at a time:
    /// for a process that takes up the work of another one, on a machine whose speeds may be
    /// measured a little differently. Nothing if it exceeds the budget, is no schedule, or has tiers
    /// for snapshots of another size.
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
        let largest = strategy.largest_encoded(self);
        if tiers.iter().filter_map(TierPlan::snapshot_bytes).any(|bytes| bytes != largest) {
            return None;
        }
        let speeds = tiers.iter().map(speed).collect();
        let candidate = Candidate { strategy, tiers: tiers.to_vec(), speeds };
        let plan = self.judge(candidate, means, workers.clamp(1, self.workers()), budget_bytes)?;
        (plan.predicted_peak_bytes <= budget_bytes.unwrap_or(u64::MAX)).then_some(plan)
    }

    /// Of every kind of `candidates` the best, by the score that `judge` gives, least first; of one
    /// family with one set of tiers only the best.
    pub(super) fn ranked<P: Family>(
        &self,
        budget: u64,
        candidates: impl Fn(u64, u64) -> Vec<Option<Candidate>>,
        judge: impl Fn(Candidate, u64) -> Option<(P, f64)>,
    ) -> Vec<P> {
        let mut best: Vec<Option<Judged<P>>> = Vec::new();
        for workers in self.concurrencies() {
            let Some(free) = self.free_bytes(workers, budget) else { continue };
            for (kind, candidate) in candidates(workers, free).into_iter().enumerate() {
                if best.len() <= kind {
                    best.resize_with(kind + 1, || None);
                }
                let judged = candidate.and_then(|candidate| judge(candidate, workers));
                let Some((plan, score)) = judged else { continue };
                if best[kind].as_ref().is_none_or(|other| score < other.score) {
                    best[kind] = Some(Judged { plan, kind, score });
                }
            }
        }
        let mut found: Vec<Judged<P>> = best.into_iter().flatten().collect();
        // Of equals, the simpler: candidates come in this order.
        found.sort_by(|a, b| a.score.total_cmp(&b.score).then(a.kind.cmp(&b.kind)));
        let mut seen: Vec<(std::mem::Discriminant<Strategy>, Vec<String>)> = Vec::new();
        found.retain(|judged| {
            let (strategy, tiers) = judged.plan.family();
            let tiers = tiers.iter().map(TierPlan::kind).collect();
            let family = (std::mem::discriminant(&strategy), tiers);
            let new = !seen.contains(&family);
            seen.push(family);
            new
        });
        found.into_iter().map(|judged| judged.plan).collect()
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

    /// Rounds of jobs with so many at a time, and the time of a job in times that it takes with the
    /// wanted number.
    pub(super) fn rounds(&self, means: &Means, workers: u64) -> (f64, f64) {
        let rounds = self.jobs.max(1).div_ceil(workers) as f64;
        let share = (workers as f64 / self.workers() as f64).powf(means.inner_efficiency);
        (rounds, share)
    }

    /// Lays a candidate out and predicts its time.
    pub(super) fn judge(
        &self,
        candidate: Candidate,
        means: &Means,
        workers: u64,
        budget_bytes: Option<u64>,
    ) -> Option<Plan> {
        let Candidate { strategy, tiers, speeds } = candidate;
        let schedule = strategy.schedule(self.steps)?;
        let tiers = (tiers, means.threads_of(workers));
        let mut plan = self.lay_out_tiers(strategy, schedule, tiers, (workers, budget_bytes));
        plan.add_logs(means);
        let (rounds, share) = self.rounds(means, workers);
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
        let (seconds, waited) = plan.predict(&machine)?;
        plan.seconds = Some(rounds * seconds);
        plan.waited_seconds = Some(rounds * waited);
        plan.machine = Some(machine);
        Some(plan)
    }
}

/// Seconds of all jobs but for waiting.
fn busy(plan: &Plan) -> f64 {
    plan.seconds.unwrap_or(0.0) - plan.waited_seconds.unwrap_or(0.0)
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
    } else if matches!(chosen.strategy, Strategy::Uneven { .. }) && busy(other) > busy(chosen) {
        // No more steps, and yet more time.
        reason.push_str(": dearer steps are run again");
    }
    RunnerUp {
        strategy: other.strategy,
        tiers: other.tiers.clone(),
        seconds: other.seconds,
        peak_bytes: other.predicted_peak_bytes,
        reason,
    }
}
