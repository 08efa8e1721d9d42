//! Beyond `beta(c, 2)` steps: targets in passing, and greedy in between.
//!
//! In phase `r >= 2` the sweep goes from the only optimal placement of `beta(c, r)` steps to that
//! of `beta(c, r + 1)`, the *targets* `F_0 = 0`, `F_(i+1) = F_i + beta(c - i, r)`. The first of
//! them after 0 is the first state of the phase, so that everything held before has to go at some
//! time. A state `x_p` is stored
//!
//! * if it is a target; it is then kept to the end of the phase;
//! * or else as soon as storing it costs no more than not storing it, if the sweep ended at the
//!   first opportunity after, with `n = p + 2`.
//!
//! What gives way is the snapshot, not a target, without which that end costs least, the latest of
//! several. Since all targets are held in the end, `n = beta(c, r)` is optimal for every `r`.
//!
//! # Costs
//!
//! Only differences count. As `t(g, s)` is the sum of `max(0, g - beta(s, j))` over all `j >= 0`,
//! what a gap of `g` steps costs with `s` slots, above the least that any gap does if each step is
//! paid `r`, is its *regret*
//!
//! ```text
//! sum over j >= r of max(0, g - beta(s, j))  +  sum over j < r of max(0, beta(s, j) - g)
//! ```
//!
//! which is 0 from `beta(s, r - 1)` to `beta(s, r)`. Without snapshot `i`, gaps `i - 1` and `i`
//! are one, and each gap after that has one slot more. Going through the candidates from the last
//! one, the regret of those gaps only grows: the search stops where it exceeds the best so far.
//! This, and where the next state is stored, is found once per snapshot, not per step.

/// The snapshots, and where the rule is in its phase.
#[derive(Clone, Debug)]
pub(super) struct Late {
    held: Vec<Held>,
    /// `r` of this phase.
    reps: u64,
    /// `beta(s, r)` for each number of slots `s`.
    bands: Vec<u64>,
    /// The targets held, `F_0` included.
    targets: usize,
    /// The next one, or, with all of them held, the first of the next phase.
    target: u64,
    next: u64,
    /// The snapshot other than the last that would best give way, and the regret that is left of
    /// all gaps but the one that follows the last snapshot.
    candidate: Option<(usize, u128)>,
}

/// A snapshot.
#[derive(Clone, Copy, Debug)]
struct Held {
    step: u64,
    is_target: bool,
    /// The regret of the gaps before.
    before: u128,
}

impl Late {
    /// The rule for the optimal placement of `beta(c, 2)` steps with `c >= 2` snapshots, which is
    /// what `steps` are.
    pub(super) fn new(steps: &[u64]) -> Self {
        let slots = steps.len();
        let held = |&step| Held { step, is_target: false, before: 0 };
        let last = steps[slots - 1];
        let mut rule = Self {
            held: steps.iter().map(held).collect(),
            reps: 1,
            bands: (0..=slots as u64).map(|s| s + 1).collect(),
            targets: slots,
            target: 0,
            next: 0,
            candidate: None,
        };
        rule.target = rule.after_targets(last);
        rule.next = rule.target;
        rule
    }

    /// The next state that is stored.
    pub(super) fn next(&self) -> u64 {
        self.next
    }

    /// What is held, by step.
    pub(super) fn held(&self) -> impl Iterator<Item = u64> {
        self.held.iter().map(|held| held.step)
    }

    /// Stores that state, and says which one it replaces.
    pub(super) fn store(&mut self) -> u64 {
        let state = self.next;
        let is_target = state == self.target;
        if is_target && self.targets == self.held.len() {
            self.begin_phase();
        }
        let index = self.giving_way(state);
        let replaced = self.held.remove(index).step;
        self.held.push(Held { step: state, is_target, before: 0 });
        self.sum_up(index);
        if is_target {
            self.targets += 1;
            self.target = if self.targets == self.held.len() {
                self.after_targets(state)
            } else {
                state.saturating_add(self.bands[self.slots(self.targets - 1)])
            };
        }
        self.find_candidate();
        self.find_next();
        replaced
    }

    /// The first state beyond `beta(c, r + 1)` steps, where the last target is `last`.
    fn after_targets(&self, last: u64) -> u64 {
        last.saturating_add(self.bands[1]).saturating_add(1)
    }

    /// All targets are held, and the first of the next phase is reached.
    fn begin_phase(&mut self) {
        self.reps += 1;
        for (slots, band) in (0_u128..).zip(&mut self.bands) {
            // At most beta(c, r), which is where the sweep is.
            *band = (u128::from(*band) * (slots + u128::from(self.reps)) / u128::from(self.reps))
                as u64;
        }
        self.targets = 1;
        for held in &mut self.held {
            held.is_target = false;
        }
        self.sum_up(0);
        self.find_candidate();
    }

    /// Slots for the gap after the `i`-th snapshot.
    fn slots(&self, i: usize) -> usize {
        self.held.len() - i
    }

    fn gap(&self, i: usize) -> u64 {
        self.held[i + 1].step - self.held[i].step
    }

    /// Brings the sums of regret up to date from the gap before the `i`-th snapshot on.
    fn sum_up(&mut self, i: usize) {
        for i in i.max(1)..self.held.len() {
            let regret = self.regret(self.gap(i - 1), self.slots(i - 1));
            self.held[i].before = self.held[i - 1].before + regret;
        }
    }

    /// See the module's head.
    fn regret(&self, gap: u64, slots: usize) -> u128 {
        let (gap, s, r) = (u128::from(gap), slots as u128, u128::from(self.reps));
        match slots {
            // Few slots go with many repetitions, and their gaps are rarely near the band: these
            // are the sums.
            1 => gap.abs_diff(r) * gap.abs_diff(r + 1) / 2,
            2 => {
                let below = ((8 * gap + 1).isqrt() - 1) / 2;
                let (low, high) = (below.min(r), below.max(r));
                let sum = |n: u128| n * (n + 1) * (n + 2) / 6;
                // Terms beta(2, j) = (j + 1) (j + 2) / 2 from j = low to high - 1.
                ((high - low) * gap).abs_diff(sum(high) - sum(low))
            }
            _ => self.summed_regret(gap, s),
        }
    }

    fn summed_regret(&self, gap: u128, s: u128) -> u128 {
        let (mut j, mut band) = (u128::from(self.reps), u128::from(self.bands[s as usize]));
        let mut regret = 0;
        if gap > band {
            while gap > band {
                regret += gap - band;
                j += 1;
                band = band * (s + j) / j;
            }
            return regret;
        }
        while j > 0 {
            band = band * j / (s + j);
            j -= 1;
            if gap >= band {
                break;
            }
            regret += band - gap;
        }
        regret
    }

    /// The best snapshot to give way, of those between the first and the last.
    fn find_candidate(&mut self) {
        let last = self.held.len() - 1;
        let mut best = None;
        // Of the gaps after the one that grows.
        let mut right = 0;
        for i in (1..last).rev() {
            if best.is_some_and(|(_, least)| right >= least) {
                break;
            }
            if !self.held[i].is_target {
                let grown = self.regret(self.gap(i - 1) + self.gap(i), self.slots(i - 1));
                let regret = self.held[i - 1].before + grown + right;
                if best.is_none_or(|(_, least)| regret < least) {
                    best = Some((i, regret));
                }
            }
            right += self.regret(self.gap(i), self.slots(i - 1));
        }
        self.candidate = best;
    }

    /// The regret if `state` is stored instead of the candidate, and instead of the last snapshot;
    /// without that of the gap after it.
    fn replacing(&self, state: u64) -> (Option<u128>, Option<u128>) {
        let last = self.held.len() - 1;
        let [before, end] = [self.held[last - 1], self.held[last]];
        let candidate = self.candidate.map(|(_, regret)| regret + self.regret(state - end.step, 2));
        let end = (!end.is_target).then(|| before.before + self.regret(state - before.step, 2));
        (candidate, end)
    }

    /// The snapshot that gives way to `state`.
    fn giving_way(&self, state: u64) -> usize {
        match (self.candidate, self.replacing(state)) {
            (Some((i, _)), (Some(candidate), Some(end))) if candidate < end => i,
            (Some((i, _)), (_, None)) => i,
            _ => self.held.len() - 1,
        }
    }

    /// Whether storing `state` costs no more than not storing it, at `n = state + 2`.
    fn worth_storing(&self, state: u64) -> bool {
        let last = self.held[self.held.len() - 1];
        let without = last.before + self.regret(state + 1 - last.step, 1);
        let (candidate, end) = self.replacing(state);
        let after = self.regret(1, 1);
        [candidate, end].into_iter().flatten().any(|regret| regret + after <= without)
    }

    /// The next state worth storing, or the next target if that comes before.
    ///
    /// Not storing prolongs the last gap, which has one slot, storing one that has two. What a step
    /// more costs grows with every step for the first, and at most with every second one for the
    /// other: the difference is convex, and once storing is worth it, it stays so.
    fn find_next(&mut self) {
        let last = self.held[self.held.len() - 1].step;
        let (mut low, mut step) = (last, 1_u64);
        let mut high = loop {
            let high = last.saturating_add(step).min(self.target);
            if high == self.target || self.worth_storing(high) {
                break high;
            }
            low = high;
            step = step.saturating_mul(2);
        };
        while low + 1 < high {
            let middle = low + (high - low) / 2;
            if self.worth_storing(middle) {
                high = middle;
            } else {
                low = middle;
            }
        }
        self.next = high;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The closed forms for one and two slots, against the sum.
    #[test]
    fn regrets_are_sums() {
        for reps in 1..20 {
            let bands: Vec<u64> = vec![1, reps + 1, (reps + 1) * (reps + 2) / 2];
            let rule = Late {
                held: Vec::new(),
                reps,
                bands,
                targets: 0,
                target: 0,
                next: 0,
                candidate: None,
            };
            for (slots, gap) in [1, 2].into_iter().flat_map(|s| (1..400).map(move |g| (s, g))) {
                let sum = rule.summed_regret(gap.into(), slots as u128);
                assert_eq!(rule.regret(gap, slots), sum, "r = {reps}, s = {slots}, g = {gap}");
            }
        }
    }
}
