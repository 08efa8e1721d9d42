//! The thread of one tier: a queue of stores and loads, worked off in order.

use std::collections::{HashMap, VecDeque};

use super::{LaneId, Span, TierSpeed, Work};
use crate::TierId;
use crate::tier::Key;

/// A tier as the simulator sees it.
pub(super) struct Lane {
    id: TierId,
    speed: TierSpeed,
    /// Jobs that have not begun.
    waiting: VecDeque<Job>,
    /// The job in hand, and when it ends.
    running: Option<(Job, f64)>,
    /// When the last job ended.
    free_from: f64,
    /// Keys that are stored, or on their way.
    stored: HashMap<Key, Status>,
    /// Loads announced or asked for and not taken: on their way, or ready.
    coming: Vec<(Key, Status)>,
    busy_seconds: f64,
    peak: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Status {
    OnItsWay,
    There,
}

#[derive(Clone, Copy)]
struct Job {
    work: Work,
    key: Key,
    /// When it joined the queue.
    from: f64,
    seconds: f64,
}

impl Lane {
    pub(super) fn new(id: TierId, speed: TierSpeed) -> Self {
        Self {
            id,
            speed,
            waiting: VecDeque::new(),
            running: None,
            free_from: 0.0,
            stored: HashMap::new(),
            coming: Vec::new(),
            busy_seconds: 0.0,
            peak: 0,
        }
    }

    pub(super) fn queue(&self) -> usize {
        self.speed.queue
    }

    pub(super) fn slowdown(&self) -> f64 {
        self.speed.slowdown
    }

    pub(super) fn busy_seconds(&self) -> f64 {
        self.busy_seconds
    }

    /// The most snapshots on their way or ready at a time.
    pub(super) fn peak(&self) -> usize {
        self.peak
    }

    /// A snapshot is stored already.
    pub(super) fn hold(&mut self, key: Key) {
        self.stored.insert(key, Status::There);
    }

    /// A store by the caller's own thread.
    pub(super) fn write_now(&mut self, bytes: u64) -> f64 {
        let seconds = self.speed.write_seconds(bytes);
        self.busy_seconds += seconds;
        seconds
    }

    /// A load by the caller's own thread.
    pub(super) fn read_now(&mut self, bytes: u64) -> f64 {
        let seconds = self.speed.read_seconds(bytes);
        self.busy_seconds += seconds;
        seconds
    }

    /// When the job in hand ends.
    pub(super) fn busy_until(&self) -> Option<f64> {
        self.running.map(|(_, end)| end)
    }

    /// Works the queue off as far as it gets by `now`.
    pub(super) fn run_until(&mut self, now: f64, watch: &mut impl FnMut(Span)) {
        loop {
            match self.running {
                Some((_, end)) if end > now => return,
                Some((job, end)) => self.end(job, end, watch),
                None => {
                    let Some(job) = self.waiting.pop_front() else { return };
                    let start = self.free_from.max(job.from);
                    self.running = Some((job, start + job.seconds));
                }
            }
        }
    }

    fn end(&mut self, job: Job, end: f64, watch: &mut impl FnMut(Span)) {
        self.running = None;
        self.free_from = end;
        self.busy_seconds += job.seconds;
        let entry = match job.work {
            Work::Store => self.stored.get_mut(&job.key),
            _ => self.coming.iter_mut().find(|(key, _)| *key == job.key).map(|(_, s)| s),
        };
        if let Some(status) = entry {
            *status = Status::There;
        }
        let (lane, work) = (LaneId::Tier(self.id), job.work);
        let steps = job.key.step..job.key.step + 1;
        watch(Span { lane, work, seconds: end - job.seconds..end, steps });
    }

    /// Works off one more job; when it ends.
    fn run_one(&mut self, watch: &mut impl FnMut(Span)) -> f64 {
        if self.running.is_none() {
            self.run_until(self.free_from.max(self.waiting.front().map_or(0.0, |j| j.from)), watch);
        }
        let end = self.running.map_or(self.free_from, |(_, end)| end);
        self.run_until(end, watch);
        end
    }

    /// Hands a snapshot over at `now`; when the caller may go on.
    pub(super) fn store(
        &mut self,
        key: Key,
        bytes: u64,
        now: f64,
        watch: &mut impl FnMut(Span),
    ) -> f64 {
        self.run_until(now, watch);
        let mut now = now;
        let stores = |lane: &Self| lane.waiting.iter().filter(|j| j.work == Work::Store).count();
        while stores(self) >= self.queue() {
            now = self.run_one(watch).max(now);
        }
        let seconds = self.speed.write_seconds(bytes);
        self.waiting.push_back(Job { work: Work::Store, key, from: now, seconds });
        self.stored.insert(key, Status::OnItsWay);
        self.run_until(now, watch);
        self.note_peak();
        now
    }

    /// Asks for a snapshot at `now`; when the caller has it.
    pub(super) fn load(
        &mut self,
        key: Key,
        bytes: u64,
        now: f64,
        watch: &mut impl FnMut(Span),
    ) -> f64 {
        self.run_until(now, watch);
        let mut now = now;
        loop {
            match self.coming.iter().position(|(coming, _)| *coming == key) {
                Some(at) if self.coming[at].1 == Status::There => {
                    self.coming.swap_remove(at);
                    return now;
                }
                Some(_) => {}
                None if self.stored.get(&key) == Some(&Status::OnItsWay) => {}
                None => {
                    let seconds = self.speed.read_seconds(bytes);
                    self.waiting.push_front(Job { work: Work::Load, key, from: now, seconds });
                    self.coming.push((key, Status::OnItsWay));
                    self.note_peak();
                }
            }
            now = self.run_one(watch).max(now);
        }
    }

    /// Learns of a load to come; `false` if there are no hands free, or it is not stored yet.
    pub(super) fn announce(
        &mut self,
        key: Key,
        bytes: u64,
        now: f64,
        watch: &mut impl FnMut(Span),
    ) -> bool {
        self.run_until(now, watch);
        if self.coming.iter().any(|(coming, _)| *coming == key) {
            return true;
        }
        if self.coming.len() >= self.queue() || self.stored.get(&key) != Some(&Status::There) {
            return false;
        }
        let seconds = self.speed.read_seconds(bytes);
        self.waiting.push_back(Job { work: Work::Load, key, from: now, seconds });
        self.coming.push((key, Status::OnItsWay));
        self.run_until(now, watch);
        self.note_peak();
        true
    }

    /// Forgets a snapshot, also one that is on its way and has not begun.
    pub(super) fn discard(&mut self, key: Key) {
        self.waiting.retain(|job| job.key != key);
        self.coming.retain(|(coming, _)| *coming != key);
        self.stored.remove(&key);
    }

    fn note_peak(&mut self) {
        let running = self.running.iter().filter(|(job, _)| job.work == Work::Store).count();
        let waiting = self.waiting.iter().filter(|job| job.work == Work::Store).count();
        self.peak = self.peak.max(running + waiting + self.coming.len());
    }
}
