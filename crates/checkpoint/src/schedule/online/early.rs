//! The first `beta(c, 2)` steps, where every `n` is optimal.
//!
//! Let `f_0 = 0` and `f_(i+1) = f_i + c + 1 - i`, the optimal placement of `n = beta(c, 2)` steps.
//! In round `i` the states from `f_i` on are stored, all but the last before `f_(i+1)`. From round
//! 1 on, each of them replaces the first snapshot after `f_(i-1)`:
//!
//! ```text
//! c = 4   x_0 1 2 3 .  x_5 6 7 .  x_9 10 .  x_12 .  .   n up to 15
//! replaces              1  2 3     6   7     10
//! ```
//!
//! Whenever a sweep ends, no gap `i` exceeds `c - i + 1`, the slots that are free for it and one
//! more, so that it costs but one advance for each of its steps after the first. All slots being in
//! use, that is the optimum `2 n - c - 2` for `n > c + 1`; up to there, every state is stored. At
//! `n = beta(c, 2) + 1` the last gap has one step too many, and so has one of every placement. At
//! `beta(c, 2) + 2` no rule that was optimal before can be.
//!
//! The state is four numbers, however many slots there are.

use super::Late;

/// Where the rule is.
#[derive(Clone, Debug)]
pub(super) struct Early {
    slots: u64,
    round: u64,
    /// `f_i` of this round.
    start: u64,
    /// States stored in this round.
    stored: u64,
}

impl Early {
    /// The rule for at least one slot.
    pub(super) fn new(slots: u64) -> Self {
        Self { slots, round: 0, start: 0, stored: 0 }
    }

    /// From `f_i` to `f_(i+1)`.
    fn length(&self, round: u64) -> u64 {
        (self.slots - round).saturating_add(1)
    }

    fn round_is_over(&self) -> bool {
        self.stored == self.slots - self.round
    }

    /// The next state that is stored; `beta(c, 2)`, if this rule stores no more.
    pub(super) fn next(&self) -> u64 {
        if !self.round_is_over() {
            return self.start + self.stored;
        }
        let next_start = self.start.saturating_add(self.length(self.round));
        match self.slots {
            1 => u64::MAX,
            slots if self.round + 1 == slots => next_start.saturating_add(1),
            _ => next_start,
        }
    }

    /// Stores that state, and says which one it replaces.
    pub(super) fn store(&mut self) -> Option<u64> {
        if self.round_is_over() {
            self.start += self.length(self.round);
            self.round += 1;
            self.stored = 0;
        }
        let replaced = self.previous_start().map(|start| start + 1 + self.stored);
        self.stored += 1;
        replaced
    }

    fn previous_start(&self) -> Option<u64> {
        let previous = self.round.checked_sub(1)?;
        Some(self.start - self.length(previous))
    }

    /// What is held, by step.
    pub(super) fn held(&self) -> Vec<u64> {
        let mut held = Vec::new();
        let mut start = 0;
        for round in 0..self.round {
            held.push(start);
            start += self.length(round);
        }
        if let Some(previous) = self.previous_start() {
            held.extend(previous + 1 + self.stored..=previous + self.slots - self.round);
        }
        held.extend(self.start..self.start + self.stored);
        held
    }

    /// The rule that goes on, if this one stores no more.
    pub(super) fn outgrown(&self) -> Option<Late> {
        let done = self.slots > 1 && self.round + 1 == self.slots && self.round_is_over();
        done.then(|| Late::new(&self.held()))
    }
}
