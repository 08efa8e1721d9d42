//! A discrete-event simulator: how long a schedule takes on a machine, and what waits for what.
//!
//! The model runs on one resource, the compute lane, in the order of the schedule. Every tier with
//! a queue has a lane of its own, one thread that encodes, writes, reads and decodes, as
//! [`Bytes`](crate::tier::Bytes) does:
//!
//! * a store joins the queue and waits only while as many stores are in it as it is deep;
//! * loads are announced by the executor's own rule, at most as many as the queue is deep, and a
//!   load that was not announced in time goes ahead of everything that waits;
//! * a busy lane may slow the compute lane down by a stated factor, for machines whose threads
//!   or memory the two share.
//!
//! Tiers without a queue work on the compute lane. Time is that of the parameters; an action costs
//! `O(queue)` to simulate. The simulator follows any valid schedule, it does not prove one: see
//! [`replay`](crate::replay()).

mod lane;

use std::ops::Range;

use crate::execute::{Listener, Scout};
use crate::per_step::RangeSums;
use crate::tier::Key;
use crate::{Action, Data, PerStep, TierId};
use lane::Lane;

/// What a schedule is run on. Seconds and bytes.
#[derive(Clone, PartialEq, Debug)]
pub struct Machine {
    /// One forward step.
    pub forward_seconds: PerStep<f64>,
    /// One forward step with its adjoint data kept.
    pub record_seconds: PerStep<f64>,
    /// One reverse step.
    pub reverse_seconds: PerStep<f64>,
    /// What every call of advance or record costs beside its steps: time-blocked kernels start
    /// dearly.
    pub restart_seconds: f64,
    /// Restart data of one step.
    pub restart_bytes: PerStep<u64>,
    /// Adjoint data of one step.
    pub adjoint_bytes: PerStep<u64>,
    /// The tiers, [`TierId`] 0 first; those not listed cost nothing.
    pub tiers: Vec<TierSpeed>,
}

/// How fast a tier is. Infinite speeds are allowed, and are those of handles in RAM.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct TierSpeed {
    /// Bytes of encoded data written per second.
    pub write_bytes_per_second: f64,
    /// Bytes of encoded data read per second.
    pub read_bytes_per_second: f64,
    /// What every write and every read costs beside its bytes.
    pub latency_seconds: f64,
    /// Raw bytes per encoded byte.
    pub ratio: f64,
    /// Raw bytes encoded per second, checksum included.
    pub encode_bytes_per_second: f64,
    /// Raw bytes decoded per second.
    pub decode_bytes_per_second: f64,
    /// Depth of the queue; 0 is no thread of its own.
    pub queue: usize,
    /// Time that a step takes while the tier's thread is busy, in times that it takes otherwise.
    pub slowdown: f64,
}

impl TierSpeed {
    /// Handles in RAM: everything at once.
    pub const HANDLES: Self = Self {
        write_bytes_per_second: f64::INFINITY,
        read_bytes_per_second: f64::INFINITY,
        latency_seconds: 0.0,
        ratio: 1.0,
        encode_bytes_per_second: f64::INFINITY,
        decode_bytes_per_second: f64::INFINITY,
        queue: 0,
        slowdown: 1.0,
    };

    /// Seconds to encode and write `bytes` of raw data.
    pub fn write_seconds(&self, bytes: u64) -> f64 {
        let raw = bytes as f64;
        self.latency_seconds
            + raw / self.encode_bytes_per_second
            + raw / self.ratio / self.write_bytes_per_second
    }

    /// Seconds to read and decode `bytes` of raw data.
    pub fn read_seconds(&self, bytes: u64) -> f64 {
        let raw = bytes as f64;
        self.latency_seconds
            + raw / self.decode_bytes_per_second
            + raw / self.ratio / self.read_bytes_per_second
    }
}

/// Where something happens.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum LaneId {
    /// The model.
    Compute,
    /// The thread of a tier.
    Tier(TierId),
}

/// What happens.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Work {
    /// Forward steps.
    Advance,
    /// Forward steps with their adjoint data kept.
    Record,
    /// Reverse steps.
    Reverse,
    /// Encoding and writing.
    Store,
    /// Reading and decoding.
    Load,
    /// Waiting for a tier.
    Wait,
}

/// Something that happened.
#[derive(Clone, PartialEq, Debug)]
pub struct Span {
    /// Where.
    pub lane: LaneId,
    /// What.
    pub work: Work,
    /// Seconds from the start of the run.
    pub seconds: Range<f64>,
    /// With which steps; of stores and loads, the one of the data.
    pub steps: Range<u64>,
}

/// What a run would take.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Prediction {
    /// From the first action to the last, background writes of data still needed included.
    pub seconds: f64,
    /// Of these, steps, as if nothing slowed them down.
    pub compute_seconds: f64,
    /// Of these, what the compute lane spent waiting for tiers, or doing their work.
    pub waited_seconds: f64,
    /// Seconds for which each tier was busy.
    pub busy_seconds: Vec<f64>,
    /// The most snapshots in each tier's queue at a time: those on their way out and in.
    pub queue_peak: Vec<usize>,
}

/// Predicts the run of a schedule.
///
/// ```
/// use retrograd_checkpoint::simulate::{Machine, TierSpeed, simulate};
/// use retrograd_checkpoint::Revolve;
///
/// let machine = Machine {
///     forward_seconds: 1.0.into(),
///     record_seconds: 1.0.into(),
///     reverse_seconds: 2.0.into(),
///     restart_seconds: 0.0,
///     restart_bytes: 100.into(),
///     adjoint_bytes: 0.into(),
///     tiers: vec![TierSpeed::HANDLES],
/// };
/// // 15 advances, 10 recorded steps and 10 reverse steps.
/// assert_eq!(simulate(&machine, Revolve::new(10, 3)?).seconds, 45.0);
/// # Ok::<(), retrograd_checkpoint::ScheduleError>(())
/// ```
pub fn simulate<I>(machine: &Machine, actions: I) -> Prediction
where
    I: IntoIterator<Item = Action, IntoIter: Clone>,
{
    simulate_watched(machine, actions, |_| {})
}

/// As [`simulate`], and shows every span: those of one lane in order, those of different lanes as
/// they become known.
pub fn simulate_watched<I>(machine: &Machine, actions: I, watch: impl FnMut(Span)) -> Prediction
where
    I: IntoIterator<Item = Action, IntoIter: Clone>,
{
    simulate_any(machine, [], actions, watch)
}

/// As [`simulate`], of what is left of a reverse sweep that finds `held` in its tiers.
pub(crate) fn simulate_rest<I>(
    machine: &Machine,
    held: impl IntoIterator<Item = (Key, TierId)>,
    actions: I,
) -> Prediction
where
    I: IntoIterator<Item = Action, IntoIter: Clone>,
{
    simulate_any(machine, held, actions, |_| {})
}

fn simulate_any<I>(
    machine: &Machine,
    held: impl IntoIterator<Item = (Key, TierId)>,
    actions: I,
    watch: impl FnMut(Span),
) -> Prediction
where
    I: IntoIterator<Item = Action, IntoIter: Clone>,
{
    let mut actions = actions.into_iter();
    let lanes = (0..).map(TierId).zip(&machine.tiers).map(|(id, speed)| Lane::new(id, *speed));
    let mut run = Run {
        machine,
        forward: RangeSums::new(&machine.forward_seconds),
        record: RangeSums::new(&machine.record_seconds),
        reverse: RangeSums::new(&machine.reverse_seconds),
        lanes: lanes.collect(),
        now: 0.0,
        done: Prediction::default(),
        watch,
    };
    // A sweep that finds something has been reversing already.
    let (mut followed, mut reversing) = (0, false);
    for (key, tier) in held {
        reversing = true;
        if let Some(lane) = run.lanes.get_mut(tier.0 as usize) {
            lane.hold(key);
        }
    }
    let mut scout = None;
    let queues = run.lanes.iter().any(|lane| lane.queue() > 0);
    while let Some(action) = actions.next() {
        run.follow(&action);
        followed += 1;
        reversing |= matches!(action, Action::Reverse { .. });
        if queues && reversing {
            let rest = || Scout::new(actions.clone(), followed);
            scout.get_or_insert_with(rest).look(followed, &mut run);
        }
    }
    run.finish()
}

struct Run<'a, W> {
    machine: &'a Machine,
    forward: RangeSums<'a>,
    record: RangeSums<'a>,
    reverse: RangeSums<'a>,
    lanes: Vec<Lane>,
    now: f64,
    done: Prediction,
    watch: W,
}

impl<W: FnMut(Span)> Run<'_, W> {
    fn follow(&mut self, action: &Action) {
        let machine = self.machine;
        match action {
            Action::Advance { steps } => {
                let seconds = self.forward.sum(steps) + machine.restart_seconds;
                self.compute(Work::Advance, seconds, steps);
            }
            Action::Record { steps } => {
                let seconds = self.record.sum(steps) + machine.restart_seconds;
                self.compute(Work::Record, seconds, steps);
            }
            Action::Reverse { steps } => {
                self.compute(Work::Reverse, self.reverse.sum(steps), steps);
            }
            Action::Store { kind, step, tier } => {
                self.store(Key { step: *step, kind: *kind }, *tier);
            }
            Action::Load { kind, step, tier } => self.load(Key { step: *step, kind: *kind }, *tier),
            Action::Discard { kind, step, tier } => {
                if let Some(lane) = self.lanes.get_mut(tier.0 as usize) {
                    lane.run_until(self.now, &mut self.watch);
                    lane.discard(Key { step: *step, kind: *kind });
                }
            }
        }
    }

    fn bytes(&self, key: Key) -> u64 {
        match key.kind {
            Data::Restart => self.machine.restart_bytes.at(key.step),
            Data::Adjoint => self.machine.adjoint_bytes.at(key.step),
        }
    }

    /// Runs steps that take `seconds` alone, slower while lanes are busy.
    fn compute(&mut self, work: Work, seconds: f64, steps: &Range<u64>) {
        let start = self.now;
        self.done.compute_seconds += seconds;
        let mut left = seconds;
        while left > 0.0 {
            // Nothing joins a queue meanwhile: until the next job ends, or none is left, the
            // same lanes are busy.
            let mut until = f64::INFINITY;
            let mut slowdown = 1.0;
            for lane in &mut self.lanes {
                lane.run_until(self.now, &mut self.watch);
                if let Some(end) = lane.busy_until() {
                    until = until.min(end);
                    slowdown *= lane.slowdown();
                }
            }
            let wanted = left * slowdown;
            if self.now + wanted <= until {
                self.now += wanted;
                left = 0.0;
            } else {
                left -= (until - self.now) / slowdown;
                self.now = until;
            }
        }
        self.show(work, start, steps.clone());
    }

    fn show(&mut self, work: Work, start: f64, steps: Range<u64>) {
        let (lane, seconds) = (LaneId::Compute, start..self.now);
        if !seconds.is_empty() {
            (self.watch)(Span { lane, work, seconds, steps });
        }
    }

    fn store(&mut self, key: Key, tier: TierId) {
        let (start, bytes) = (self.now, self.bytes(key));
        let Some(lane) = self.lanes.get_mut(tier.0 as usize) else { return };
        if lane.queue() == 0 {
            self.now += lane.write_now(bytes);
            return self.waited(Work::Store, start, key);
        }
        self.now = lane.store(key, bytes, start, &mut self.watch);
        self.waited(Work::Wait, start, key);
    }

    fn load(&mut self, key: Key, tier: TierId) {
        let (start, bytes) = (self.now, self.bytes(key));
        let Some(lane) = self.lanes.get_mut(tier.0 as usize) else { return };
        if lane.queue() == 0 {
            self.now += lane.read_now(bytes);
            return self.waited(Work::Load, start, key);
        }
        self.now = lane.load(key, bytes, start, &mut self.watch);
        self.waited(Work::Wait, start, key);
    }

    fn waited(&mut self, work: Work, start: f64, key: Key) {
        self.done.waited_seconds += self.now - start;
        self.show(work, start, key.step..key.step + 1);
    }

    fn finish(mut self) -> Prediction {
        self.done.seconds = self.now;
        for lane in &mut self.lanes {
            lane.run_until(f64::INFINITY, &mut self.watch);
            self.done.busy_seconds.push(lane.busy_seconds());
            self.done.queue_peak.push(lane.peak());
        }
        self.done
    }
}

impl<W: FnMut(Span)> Listener for Run<'_, W> {
    fn listens(&self, tier: TierId) -> bool {
        self.lanes.get(tier.0 as usize).is_some_and(|lane| lane.queue() > 0)
    }

    fn announce(&mut self, key: Key, tier: TierId) -> bool {
        let bytes = self.bytes(key);
        self.lanes[tier.0 as usize].announce(key, bytes, self.now, &mut self.watch)
    }
}
