//! Groups of steps, between which snapshots are taken.

use crate::PerStep;

/// A partition of the steps; groups of single steps are exact.
#[derive(Clone, Debug)]
pub(super) struct Groups {
    /// Where groups start, and the number of steps.
    starts: Vec<usize>,
    /// Of each group the bytes of the state at its start.
    bytes: Vec<u64>,
    /// Of each group the bytes of its largest other state that can be stored; 0 for single steps.
    largest: Vec<u64>,
}

impl Groups {
    /// Each step is a group.
    pub(super) fn single(steps: usize, restart_bytes: &PerStep<u64>) -> Self {
        Self::new((0..=steps).collect(), restart_bytes)
    }

    /// At most `count` groups of about the same share of the steps' costs and of their number,
    /// which begin at small states. A dear step ends its group: the state after it can be stored.
    pub(super) fn balanced(forward: &[f64], restart_bytes: &PerStep<u64>, count: usize) -> Self {
        let steps = forward.len();
        let total: f64 = forward.iter().sum();
        let most = 1.0 / count as f64;
        let share = |cost: f64| {
            let number = 1.0 / steps as f64;
            let share = if total > 0.0 { number.midpoint(cost / total) } else { number };
            share.min(most)
        };
        let each = forward.iter().map(|&cost| share(cost)).sum::<f64>() / count as f64;
        let mut starts = vec![0];
        let mut sum = 0.0;
        for (step, &cost) in forward.iter().enumerate() {
            sum += share(cost);
            if sum >= each * starts.len() as f64 && step + 1 < steps && starts.len() < count {
                starts.push(step + 1);
            }
        }
        starts.push(steps);
        for i in 1..starts.len() - 1 {
            let (before, here, after) = (starts[i - 1], starts[i], starts[i + 1]);
            let near = here - (here - before - 1) / 2..=here + (after - here - 1) / 2;
            let distance = |step: usize| step.abs_diff(here);
            let least = near.min_by_key(|&step| (restart_bytes.at(step as u64), distance(step)));
            starts[i] = least.unwrap_or(here);
        }
        Self::new(starts, restart_bytes)
    }

    fn new(starts: Vec<usize>, restart_bytes: &PerStep<u64>) -> Self {
        let at = |step: usize| restart_bytes.at(step as u64);
        let bytes = starts[..starts.len() - 1].iter().map(|&start| at(start)).collect();
        // The last state of the run is never stored, wherever it ends.
        let inner = |pair: &[usize]| (pair[0] + 1..pair[1]).map(at).max().unwrap_or(0);
        let largest = starts.windows(2).map(inner).collect();
        Self { starts, bytes, largest }
    }

    pub(super) fn count(&self) -> usize {
        self.bytes.len()
    }

    /// The first step of a group; for the group after the last the number of steps.
    pub(super) fn start(&self, group: usize) -> usize {
        self.starts[group]
    }

    /// Bytes of the state at the start of a group, if the segment from there to `end` has to
    /// store it: a single step takes it from the working state.
    pub(super) fn stored_bytes(&self, group: usize, end: usize) -> u64 {
        if self.starts[end] - self.starts[group] == 1 { 0 } else { self.bytes[group] }
    }

    /// Slots for the states within a group that fit into `room` bytes, with one for its first.
    pub(super) fn slots(&self, group: usize, room: u64) -> u64 {
        let steps = (self.starts[group + 1] - self.starts[group]) as u64;
        let inner = room.checked_div(self.largest[group]).unwrap_or(u64::MAX);
        inner.saturating_add(1).min(steps.saturating_sub(1)).max(1)
    }

    /// The number of a segment among all: by start, the last one first, and by end.
    ///
    /// Segments of the same start and nearer ends come right before, those of later starts before
    /// them.
    pub(super) fn row(&self, first: usize, end: usize) -> usize {
        let later = self.count() - first - 1;
        later * (later + 1) / 2 + end - first - 1
    }
}
