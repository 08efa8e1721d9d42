//! The choice for steps that are not alike: adaptive time steps, meshes that are refined on the
//! way, snapshots of the part that a wave has reached.
//!
//! With the sizes `s_i` of restart data and `a_i` of adjoint data, a worker keeps
//!
//! ```text
//! store-all     sum of a_i
//! otherwise     largest sum of s_i held at a time + largest sum of a_i recorded at a time
//! ```
//!
//! both sums those of the schedule's replay. Candidates:
//!
//! * store-all, by that sum;
//! * what [`Workload::choose`] judges, as large as fits if every step were the largest one;
//! * snapshots within what the budget leaves beside the largest adjoint data
//!   ([`UnevenSteps`](crate::UnevenSteps)), as handles or encoded in RAM: more of them where they
//!   are small, and nearer to the steps that are dear;
//! * blocks between snapshots on a disk recorded whole, as long as the largest block's own adjoint
//!   data allow;
//! * mixed schedules whose units are no finer than a sixty-fourth of the larger of the two sizes,
//!   where those of the sizes themselves are too fine to be solved.
//!
//! Each is simulated with the time and the bytes of every step. Steps that turn out to be alike are
//! [`Workload::choose`]'s.
//!
//! ```
//! use retrograd_checkpoint::plan::Means;
//! use retrograd_checkpoint::{Action, PerStep, Revolve, Strategy, UnevenWorkload};
//!
//! // Every tenth step is twenty times as dear, and the states grow.
//! let forward_seconds: Vec<f64> = (0..60).map(|i| if i % 10 == 4 { 20.0 } else { 1.0 }).collect();
//! let job = UnevenWorkload {
//!     record_seconds: PerStep::Each(forward_seconds.clone()),
//!     reverse_seconds: PerStep::Each(forward_seconds.clone()),
//!     forward_seconds,
//!     restart_seconds: 0.0,
//!     restart_bytes: PerStep::Each((0..60).map(|i| 100 + 5 * i).collect()),
//!     adjoint_bytes: 400.into(),
//!     worker_bytes: 800,
//!     shared_bytes: 0,
//!     jobs: 1,
//!     concurrency: 1,
//! };
//! let choice = job.choose(&Means::default(), Some(800 + 400 + 1600))?;
//! assert!(matches!(choice.plan.strategy, Strategy::Uneven { .. }));
//! // Four of the largest states would fit. Revolve, which counts steps, chooses more
//! // recomputations of the dear ones.
//! let dear = |actions: &mut dyn Iterator<Item = Action>| -> usize {
//!     actions
//!         .map(|action| match action {
//!             Action::Advance { steps } => steps.filter(|i| i % 10 == 4).count(),
//!             _ => 0,
//!         })
//!         .sum()
//! };
//! assert!(dear(&mut choice.plan.actions()) < dear(&mut Revolve::new(60, 4)?));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use super::candidates::{Candidate, QUEUE, encoded};
use super::choose::Choice;
use super::means::{CodecOffer, DiskOffer, Means, Speeds, TierPlan};
use super::{Plan, PlanError, Strategy, Workload, saturate};
use crate::replay::Report;
use crate::schedule::AnySchedule;
use crate::simulate::{Machine, TierSpeed, simulate};
use crate::{MemoryModel, PerStep, ScheduleError, TierLimit, UnevenSteps, replay};

/// Units of a mixed schedule in the larger of its two sizes, where the sizes are rounded up.
const UNITS: u64 = 64;

/// As [`Workload`], for steps that are not alike; with their times, which take the place of
/// [`Means::speeds`]. Seconds with the wanted number of jobs at a time; all sizes in bytes.
#[derive(Clone, PartialEq, Debug)]
pub struct UnevenWorkload {
    /// Each forward step. Its length is the number of steps of one job.
    pub forward_seconds: Vec<f64>,
    /// Each forward step with its adjoint data kept.
    pub record_seconds: PerStep<f64>,
    /// Each reverse step.
    pub reverse_seconds: PerStep<f64>,
    /// What every start of a forward run costs beside its steps.
    pub restart_seconds: f64,
    /// The restart data of each step.
    pub restart_bytes: PerStep<u64>,
    /// The adjoint data of each step.
    pub adjoint_bytes: PerStep<u64>,
    /// What each concurrent worker holds whatever the schedule: working states, its data.
    pub worker_bytes: u64,
    /// What all workers share: the model, the gradient.
    pub shared_bytes: u64,
    /// Independent jobs (shots) in all.
    pub jobs: u64,
    /// Wanted number of jobs at a time; 0 counts as 1.
    pub concurrency: u64,
}

impl UnevenWorkload {
    /// The number of steps of one job.
    pub fn steps(&self) -> u64 {
        self.forward_seconds.len() as u64
    }

    /// The workload if every step were as large as the largest: what there is to plan for without
    /// the sizes of each.
    pub fn largest(&self) -> Workload {
        let most = |bytes: &PerStep<u64>| (0..self.steps()).map(|step| bytes.at(step)).max();
        Workload {
            steps: self.steps(),
            snapshot_bytes: most(&self.restart_bytes).unwrap_or(0),
            adjoint_bytes: most(&self.adjoint_bytes).unwrap_or(0),
            worker_bytes: self.worker_bytes,
            shared_bytes: self.shared_bytes,
            jobs: self.jobs,
            concurrency: self.concurrency,
        }
    }

    /// Chooses the strategy with the least predicted time that keeps the budget; of `means` all but
    /// its speeds. The plan's recompute factor and its makespan in steps count steps, whatever they
    /// take; its seconds are those of its own steps.
    ///
    /// Replays and simulates some dozens of schedules, as [`Workload::choose`] does; besides, one
    /// for uneven steps is solved, in RAM and for each codec, per number of workers with which
    /// store-all does not fit: up to a few seconds each, where there are many steps, and half a
    /// minute for a million.
    ///
    /// # Errors
    /// [`PlanError::BudgetTooSmall`] if nothing fits; [`ScheduleError::InvalidCost`] for times that
    /// are negative, not finite, or too large to be added up.
    pub fn choose(&self, means: &Means, budget_bytes: Option<u64>) -> Result<Choice, PlanError> {
        let judge = Judge::new(self, means)?;
        let largest = &judge.largest;
        if self.alike() {
            return largest.choose(&judge.means, budget_bytes);
        }
        let budget = budget_bytes.unwrap_or(u64::MAX);
        let found = largest.ranked(
            budget,
            |workers, free| judge.candidates(workers, free),
            |candidate, workers| {
                let plan = judge.judge(candidate, workers, budget_bytes)?;
                let seconds = plan.seconds.unwrap_or(0.0);
                (plan.predicted_peak_bytes <= budget).then_some((plan, seconds))
            },
        );
        let [store_all, one] = judge.least_bytes();
        Choice::of(found, store_all).ok_or_else(|| {
            let capacity_bytes = self.restart_bytes.at(0);
            let (smallest, minimum) = if store_all <= one {
                (Strategy::StoreAll, store_all)
            } else {
                (Strategy::Uneven { capacity_bytes }, one)
            };
            PlanError::BudgetTooSmall { budget, minimum, smallest }
        })
    }

    /// Whether all steps take the same time and the same bytes.
    fn alike(&self) -> bool {
        fn same<T: Copy + Default + PartialEq>(values: &PerStep<T>, steps: u64) -> bool {
            (1..steps).all(|step| values.at(step) == values.at(0))
        }
        let steps = self.steps();
        self.forward_seconds.windows(2).all(|two| two[0] == two[1])
            && same(&self.record_seconds, steps)
            && same(&self.reverse_seconds, steps)
            && same(&self.restart_bytes, steps)
            && same(&self.adjoint_bytes, steps)
    }

    fn uneven_steps(&self, adjoint: &PerStep<f64>) -> UnevenSteps {
        UnevenSteps {
            forward: self.forward_seconds.clone(),
            adjoint: adjoint.clone(),
            restart_bytes: self.restart_bytes.clone(),
        }
    }
}

/// A workload, and what all its candidates have in common.
struct Judge<'a> {
    work: &'a UnevenWorkload,
    largest: Workload,
    /// With the speeds of the average step.
    means: Means,
    /// For snapshots as they are.
    steps: UnevenSteps,
    /// For replay: two tiers without limits.
    memory: MemoryModel,
    /// Adjoint data of all steps.
    adjoint_bytes: u64,
}

impl<'a> Judge<'a> {
    fn new(work: &'a UnevenWorkload, means: &Means) -> Result<Self, ScheduleError> {
        let steps = work.uneven_steps(&work.record_seconds);
        steps.check()?;
        work.uneven_steps(&work.reverse_seconds).check()?;
        let restart_seconds = work.restart_seconds;
        if !(restart_seconds.is_finite() && restart_seconds >= 0.0) {
            let what = "the cost of starting a forward run";
            return Err(ScheduleError::InvalidCost { what, value: restart_seconds });
        }
        let count = work.steps();
        let average = |sum: f64| sum / count.max(1) as f64;
        let alike = work.alike();
        let of = |values: &PerStep<f64>| {
            // The average of equal values is not always that value.
            if alike { values.at(0) } else { average(values.sum(0..count)) }
        };
        let speeds = Speeds {
            forward_seconds: of(&PerStep::Each(work.forward_seconds.clone())),
            record_seconds: of(&work.record_seconds),
            reverse_seconds: of(&work.reverse_seconds),
            restart_seconds,
        };
        let memory = MemoryModel {
            restart_bytes: work.restart_bytes.clone(),
            adjoint_bytes: work.adjoint_bytes.clone(),
            ..MemoryModel::new(vec![TierLimit::default(); 2], 0, 0)
        };
        Ok(Self {
            work,
            largest: work.largest(),
            means: Means { speeds, ..means.clone() },
            steps,
            memory,
            adjoint_bytes: work.adjoint_bytes.sum(0..count),
        })
    }

    /// Bytes with one worker of store-all, and of a single snapshot.
    fn least_bytes(&self) -> [u64; 2] {
        let one = self.work.restart_bytes.at(0).saturating_add(self.largest.adjoint_bytes);
        let fixed = self.work.shared_bytes.saturating_add(self.work.worker_bytes);
        [self.adjoint_bytes, one].map(|bytes| bytes.saturating_add(fixed))
    }

    /// One candidate, or none that fits, of every kind; always in the same order.
    fn candidates(&self, workers: u64, free: u64) -> Vec<Option<Candidate>> {
        let means = &self.means;
        let store_all = (self.adjoint_bytes <= free).then(|| Candidate {
            strategy: Strategy::StoreAll,
            tiers: Vec::new(),
            speeds: Vec::new(),
        });
        // Nothing beats it: tables need not be solved.
        let everything = store_all.is_some();
        let mut all = vec![store_all];
        // Its own store-all comes first, and needs more.
        all.extend(self.largest.candidates(means, workers, free).into_iter().skip(1));
        all.push(self.mixed(free));
        all.push(self.handles(free).filter(|_| !everything));
        let own = (means.threads_of(workers), free);
        for offer in &means.ram_codecs {
            all.push(self.encoded(offer, own).filter(|_| !everything));
        }
        if let Some(disk) = &means.disk {
            all.push(self.recording(disk, (workers, free)));
        }
        all
    }

    /// A mixed schedule of the largest sizes, rounded up to units that can be solved; none where the
    /// sizes themselves can be, which is no worse.
    fn mixed(&self, free: u64) -> Option<Candidate> {
        if self.largest.mixed(&self.means, free).is_some() {
            return None;
        }
        let Workload { snapshot_bytes, adjoint_bytes, .. } = self.largest;
        let unit = snapshot_bytes.max(adjoint_bytes).div_ceil(UNITS).max(1);
        let rounded = Workload {
            snapshot_bytes: snapshot_bytes.checked_next_multiple_of(unit)?,
            adjoint_bytes: adjoint_bytes.checked_next_multiple_of(unit)?,
            ..self.largest
        };
        rounded.mixed(&self.means, free)
    }

    fn handles(&self, free: u64) -> Option<Candidate> {
        let capacity_bytes = self.largest.beside_one_step(free)?;
        Some(Candidate {
            strategy: Strategy::Uneven { capacity_bytes: self.useful(capacity_bytes) },
            // As many as the schedule turns out to hold.
            tiers: vec![TierPlan::Handles { slots: 0 }],
            speeds: vec![TierSpeed::HANDLES],
        })
    }

    /// As many of the bytes as the snapshots of all steps can take.
    fn useful(&self, capacity_bytes: u64) -> u64 {
        capacity_bytes.min(self.work.restart_bytes.sum(0..self.work.steps()))
    }

    fn encoded(&self, offer: &CodecOffer, own: (u64, u64)) -> Option<Candidate> {
        let largest = &self.largest;
        let (tier, capacity_bytes) = largest.encoded_tier(offer, largest.snapshot_bytes, own)?;
        Some(Candidate {
            strategy: Strategy::Uneven { capacity_bytes },
            tiers: vec![tier],
            speeds: vec![offer.ram_speed()],
        })
    }

    /// Blocks as long as working memory has room for the adjoint data of the largest of them.
    fn recording(&self, disk: &DiskOffer, share: (u64, u64)) -> Option<Candidate> {
        let count = self.work.steps();
        let sums: Vec<u128> = (0..count)
            .scan(0, |sum, step| {
                let before = *sum;
                *sum += u128::from(self.work.adjoint_bytes.at(step));
                Some(before)
            })
            .collect();
        let before = |step: u64| sums.get(step as usize).copied();
        let total = u128::from(self.work.adjoint_bytes.at(count.saturating_sub(1)))
            + sums.last().copied().unwrap_or(0);
        let fits = |period: u64, room: u128| {
            let mut starts = (0..count).step_by(period as usize);
            starts.all(|start| {
                let end = before(start + period).unwrap_or(total);
                end - sums[start as usize] <= room
            })
        };
        for period in (2..count).rev() {
            // Shorter blocks take more of the disk: what has no room now never has.
            let snapshots = (count / period, self.largest.snapshot_bytes);
            let (tier, left) = self.largest.file(disk, share, snapshots)?;
            // One step's adjoint data are counted already.
            if fits(period, u128::from(left) + u128::from(self.largest.adjoint_bytes)) {
                return Some(Candidate {
                    strategy: Strategy::Recording { period },
                    tiers: vec![TierPlan::Handles { slots: 0 }, tier],
                    speeds: vec![TierSpeed::HANDLES, disk.speed(share.0, QUEUE)],
                });
            }
        }
        None
    }

    /// The schedule of a candidate; nothing if there is none.
    fn schedule(&self, candidate: &Candidate) -> Option<AnySchedule> {
        let Strategy::Uneven { capacity_bytes } = candidate.strategy else {
            return candidate.strategy.schedule(self.work.steps()).map(|(schedule, _)| schedule);
        };
        let [TierPlan::Ram { codec, .. }] = &candidate.tiers[..] else {
            return Some(AnySchedule::new(self.steps.solve_bytes(capacity_bytes).ok()?.actions()));
        };
        let offers = &self.means.ram_codecs;
        let offered = |offer: &&CodecOffer| {
            offer.codec == *codec && candidate.speeds.first() == Some(&offer.ram_speed())
        };
        let offer = offers.iter().find(offered)?;
        let largest = self.largest.snapshot_bytes;
        let bytes = |step| encoded(self.work.restart_bytes.at(step), largest, offer).ceil() as u64;
        let sizes = (0..self.work.steps()).map(bytes).collect();
        let steps = UnevenSteps { restart_bytes: PerStep::Each(sizes), ..self.steps.clone() };
        Some(AnySchedule::new(steps.solve_bytes(capacity_bytes).ok()?.actions()))
    }

    /// Lays a candidate out by the bytes of its own replay, and predicts its time.
    fn judge(&self, candidate: Candidate, workers: u64, budget_bytes: Option<u64>) -> Option<Plan> {
        let schedule = self.schedule(&candidate)?;
        let Candidate { strategy, tiers, speeds } = candidate;
        let report = replay(self.work.steps(), &self.memory, schedule.clone()).ok()?;
        let schedule = (schedule, report.total_forward().into());
        let share = (workers, budget_bytes);
        let tiers = (tiers, self.means.threads_of(workers));
        let mut plan = self.largest.lay_out_tiers(strategy, schedule, tiers, share);
        self.enter_bytes(&mut plan, &report);
        plan.add_logs(&self.means);
        self.enter_seconds(&mut plan, speeds);
        Some(plan)
    }

    /// Replaces what the largest step would take by what the steps take.
    fn enter_bytes(&self, plan: &mut Plan, report: &Report) {
        let mut snapshots = 0;
        let threads = self.means.threads_of(plan.concurrency);
        for (tier, used) in plan.tiers.iter_mut().zip(&report.tiers) {
            snapshots += match tier {
                TierPlan::Handles { slots } => {
                    *slots = used.peak_slots;
                    used.peak_bytes.into()
                }
                TierPlan::Ram { .. } | TierPlan::File { .. } => {
                    self.largest.tier_bytes(plan.strategy, tier, threads)
                }
            };
        }
        let workers = u128::from(plan.concurrency);
        let of_all = |bytes: u128| saturate(workers.saturating_mul(bytes));
        plan.parts.snapshots = of_all(snapshots);
        plan.parts.adjoint = of_all(report.peak_recorded_bytes.into());
        plan.predicted_peak_bytes = plan.parts.sum();
    }

    fn enter_seconds(&self, plan: &mut Plan, speeds: Vec<TierSpeed>) {
        let work = self.work;
        let (rounds, share) = self.largest.rounds(&self.means, plan.concurrency);
        let scaled = |seconds: &PerStep<f64>| match seconds {
            PerStep::Uniform(value) => PerStep::Uniform(value * share),
            PerStep::Each(values) => PerStep::Each(times(values, share)),
        };
        let machine = Machine {
            forward_seconds: PerStep::Each(times(&work.forward_seconds, share)),
            record_seconds: scaled(&work.record_seconds),
            reverse_seconds: scaled(&work.reverse_seconds),
            restart_seconds: work.restart_seconds,
            restart_bytes: work.restart_bytes.clone(),
            adjoint_bytes: work.adjoint_bytes.clone(),
            tiers: speeds,
        };
        let prediction = simulate(&machine, plan.actions());
        plan.seconds = Some(rounds * prediction.seconds);
        plan.waited_seconds = Some(rounds * prediction.waited_seconds);
        plan.machine = Some(machine);
    }
}

fn times(values: &[f64], factor: f64) -> Vec<f64> {
    values.iter().map(|value| value * factor).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether sizes have a coarse common unit or none, there is one mixed schedule to be solved.
    #[test]
    fn one_mixed_schedule_is_solved() {
        for [restart, adjoint] in [[2000, 1000], [1999, 1000]] {
            let work = UnevenWorkload {
                forward_seconds: (1..=300).map(f64::from).collect(),
                record_seconds: 1.0.into(),
                reverse_seconds: 1.0.into(),
                restart_seconds: 0.0,
                restart_bytes: restart.into(),
                adjoint_bytes: adjoint.into(),
                worker_bytes: 0,
                shared_bytes: 0,
                jobs: 1,
                concurrency: 1,
            };
            let means = Means { stores_adjoint: true, ..Means::default() };
            let judge = Judge::new(&work, &means).expect("costs that are possible");
            // 300^2 steps times 189,000 units are too many to be solved.
            let candidates = judge.candidates(1, 190_000);
            let mixed = candidates.into_iter().flatten().filter_map(|one| match one.strategy {
                Strategy::Mixed { restart_size, .. } => Some(restart_size),
                _ => None,
            });
            let expected = if restart == 2000 { 2 } else { 63 };
            assert_eq!(mixed.collect::<Vec<_>>(), [expected]);
        }
    }
}
