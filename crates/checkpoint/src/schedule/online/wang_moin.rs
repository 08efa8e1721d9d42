//! The rule of Wang, Moin & Iaccarino (2009), for comparison.
//!
//! Every snapshot has a level; that of `x_0` is infinite. As long as there are free slots, states
//! are stored at level 0. Then a snapshot is dispensable if a later one has a higher level: the
//! latest dispensable one gives way to the new state, at level 0. If there is none, the latest
//! snapshot does, and the new state inherits its level, raised by one.

/// The snapshots and their levels.
#[derive(Clone, Debug)]
pub(super) struct WangMoin {
    slots: u64,
    held: Vec<(u64, u64)>,
    next: u64,
}

impl WangMoin {
    /// The rule for at least one slot.
    pub(super) fn new(slots: u64) -> Self {
        Self { slots, held: Vec::new(), next: 0 }
    }

    /// The next state that is stored: each one, if there is more than one slot.
    pub(super) fn next(&self) -> u64 {
        if self.slots == 1 && self.next > 0 { u64::MAX } else { self.next }
    }

    /// Stores that state, and says which one it replaces.
    pub(super) fn store(&mut self) -> Option<u64> {
        let mut level = if self.held.is_empty() { u64::MAX } else { 0 };
        let mut replaced = None;
        if self.held.len() as u64 == self.slots {
            let index = self.dispensable().unwrap_or_else(|| {
                let last = self.held.len() - 1;
                level = self.held[last].1 + 1;
                last
            });
            replaced = Some(self.held.remove(index).0);
        }
        self.held.push((self.next, level));
        self.next += 1;
        replaced
    }

    fn dispensable(&self) -> Option<usize> {
        let mut highest = 0;
        (1..self.held.len()).rev().find(|&i| {
            let level = self.held[i].1;
            let dispensable = level < highest;
            highest = highest.max(level);
            dispensable
        })
    }

    /// What is held, by step.
    pub(super) fn held(&self) -> impl Iterator<Item = u64> {
        self.held.iter().map(|&(step, _)| step)
    }
}
