//! Which of the snapshots found are worth their slots.
//!
//! A snapshot in tier 0 that is discarded at once gives its slot to everything right of it.
//! Snapshots in other tiers take no slot and are always kept. Which set is best is found by trying
//! them: each takes `O(k r)` for `k` snapshots and the repetition number `r`.
//!
//! That nothing has to be tried near an optimal placement follows by duality. For every `r >= 1`,
//! `t(g, s) >= r g - beta(s + 1, r - 1)`. The gaps of a plan that discards `d` snapshots have the
//! same sum, but `d` ranks are missing, so that it cannot win unless the terms `beta` of the last
//! `d` ranks sum to less than what keeping everything costs above this bound.

use super::chain::{self, Chain, slots_of};
use super::{Placed, TIER};
use crate::schedule::costs::{beta, repetitions};

/// The most slopes of all sets tried together: a fraction of a second's worth.
const MOST_WORK: u64 = 1 << 23;

/// What is done with the snapshots found.
pub(super) struct Choice {
    /// Of each snapshot, the first state of the segment that it starts; `None` if it is discarded
    /// at once.
    pub(super) starts: Vec<Option<u64>>,
    pub(super) advances: u128,
    /// Whether no set that could win was left out.
    pub(super) optimal: bool,
    /// Where the model runs to before anything is loaded: there it stores its state, or records
    /// the last step. `None` if a load comes first.
    pub(super) run: Option<u64>,
}

/// Chooses among snapshots by step, each step once, the first of step 0. A model that holds a
/// state holds `at`, not before the last of them, and before `end`.
pub(super) fn choose(end: u64, found: &[Placed], at: Option<u64>, slots: u64) -> Choice {
    let search = Search { end, at, slots, found };
    let optional: Vec<usize> = (1..found.len()).filter(|&i| found[i].tier == TIER).collect();
    let held = optional.len() + usize::from(found[0].tier == TIER);
    let needed = held.saturating_sub(usize::try_from(slots).unwrap_or(usize::MAX));
    // Where there are too many, the first are a start.
    let mut dropped: Vec<usize> = optional[optional.len() - needed..].to_vec();
    let mut best = search.solve(&dropped).expect("what fits the slots should be reversible");
    let most = if needed > 0 { optional.len() } else { search.worth_discarding(&best) };
    let work = sets(optional.len(), most).saturating_mul(best.slopes);
    let optimal = most == 0 || work <= MOST_WORK;
    if !optimal {
        search.improve(&optional, &mut best, &mut dropped);
    } else if most > 0 {
        search.try_all(&optional, most, &mut best, &mut dropped);
    }
    let mut starts: Vec<Option<u64>> = vec![None; found.len()];
    for (i, start) in kept(found.len(), &dropped).zip(best.starts) {
        starts[i] = Some(start);
    }
    let optimal = optimal && best.exact;
    Choice { starts, advances: best.advances, optimal, run: best.run }
}

/// The number of sets of at most `most` out of `count`; saturates.
fn sets(count: usize, most: usize) -> u64 {
    let count = count as u64;
    let of_size = |size: u64| beta(size, count - size, u128::from(u64::MAX)) as u64;
    (0..=most.min(count as usize) as u64).fold(0, |sum: u64, d| sum.saturating_add(of_size(d)))
}

/// The indices below `count` that are not among `dropped`.
fn kept(count: usize, dropped: &[usize]) -> impl Iterator<Item = usize> {
    let mut keep = vec![true; count];
    for &i in dropped {
        keep[i] = false;
    }
    (0..count).filter(move |&i| keep[i])
}

struct Search<'a> {
    end: u64,
    /// The state that the model holds.
    at: Option<u64>,
    slots: u64,
    found: &'a [Placed],
}

impl Search<'_> {
    /// The best use of all but `dropped`, with what the model holds or without.
    fn solve(&self, dropped: &[usize]) -> Option<Chain> {
        let kept: Vec<Placed> = kept(self.found.len(), dropped).map(|i| self.found[i]).collect();
        let cold = chain::solve(self.end, &kept, None, self.slots)?;
        // What is stored is not worth storing again.
        let at = self.at.filter(|&at| kept.last().is_some_and(|last| last.step < at));
        let Some(warm) = at.and_then(|_| chain::solve(self.end, &kept, at, self.slots)) else {
            return Some(cold);
        };
        let exact = cold.exact && warm.exact;
        let better = if warm.advances <= cold.advances { warm } else { cold };
        Some(Chain { exact, ..better })
    }

    /// Takes `dropped` if it is better.
    fn compare(&self, dropped: &[usize], best: &mut Chain, best_dropped: &mut Vec<usize>) -> bool {
        let tried = self.solve(dropped);
        let exact = best.exact && tried.as_ref().is_none_or(|chain| chain.exact);
        best.exact = exact;
        let better = tried.filter(|chain| chain.advances < best.advances);
        let found = better.is_some();
        if let Some(chain) = better {
            *best = Chain { exact, ..chain };
            dropped.clone_into(best_dropped);
        }
        found
    }

    /// Compares all sets of at most `most` discarded snapshots.
    fn try_all(&self, optional: &[usize], most: usize, best: &mut Chain, taken: &mut Vec<usize>) {
        // Indices into `optional`, ascending: the sets in lexicographic order.
        let mut set: Vec<usize> = Vec::new();
        loop {
            let next = set.last().map_or(0, |last| last + 1);
            if set.len() < most && next < optional.len() {
                set.push(next);
            } else {
                while let Some(last) = set.pop() {
                    if last + 1 < optional.len() {
                        set.push(last + 1);
                        break;
                    }
                }
                if set.is_empty() {
                    return;
                }
            }
            let dropped: Vec<usize> = set.iter().map(|&i| optional[i]).collect();
            self.compare(&dropped, best, taken);
        }
    }

    /// Discards one more at a time, the best each time, for as long as that helps and may be tried.
    fn improve(&self, optional: &[usize], best: &mut Chain, taken: &mut Vec<usize>) {
        let mut work = 0;
        loop {
            let before = taken.clone();
            let mut found = false;
            for &i in optional.iter().filter(|i| !before.contains(i)) {
                work += best.slopes;
                if work > MOST_WORK {
                    return;
                }
                let dropped = [before.as_slice(), &[i]].concat();
                found |= self.compare(&dropped, best, taken);
            }
            if !found {
                return;
            }
        }
    }

    /// The most snapshots that could be worth discarding, by the bound of the module's head, if
    /// keeping all of them is `all`.
    fn worth_discarding(&self, all: &Chain) -> usize {
        let Self { end, slots, found, .. } = *self;
        let mixed = found.iter().skip_while(|placed| placed.tier != TIER);
        if mixed.clone().any(|placed| placed.tier != TIER) {
            return mixed.filter(|placed| placed.tier == TIER).count();
        }
        let r = repetitions(end, slots.max(1)).saturating_sub(1).max(1);
        // Saturating on purpose: a term that large is never exceeded.
        let term = |s: u64| beta(s.saturating_add(1), r - 1, u128::from(u64::MAX));
        let mut terms = 0;
        let mut rank = 0;
        for &placed in found {
            terms += slots_of(placed, slots, rank).map_or(0, term);
            rank += u64::from(placed.tier == TIER);
        }
        // A model that runs on stores one more state, in a free slot, or else in that of what is
        // discarded: then one rank less is missing.
        let runs_on = self.at.is_some_and(|at| at + 1 < end);
        let free = slots - rank;
        let unpaid = usize::from(runs_on && free == 0);
        if runs_on && free > 0 {
            terms += term(free);
            rank += 1;
        }
        let steps = end - u64::from(self.at.is_some());
        let bound = u128::from(r) * u128::from(steps);
        let mut above = (all.advances + terms).saturating_sub(bound);
        let paid = (0..rank).take_while(|d| {
            let last = term(slots - (rank - 1 - d));
            let worth = last < above;
            above = above.saturating_sub(last);
            worth
        });
        paid.count() + unpaid
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// The bound leaves out no set that wins: of placements that a search over all actions
        /// would take too long for.
        #[test]
        fn sets_beyond_the_bound_do_not_win(
            end in 8_u64..600,
            steps in prop::collection::btree_set(1_u64..300, 0..6),
            place in 0_u64..3,
            spare in 0_u64..2,
        ) {
            let steps = steps.into_iter().filter(|&step| step < end - 1);
            let found: Vec<Placed> =
                std::iter::once(0).chain(steps).map(|step| Placed { step, tier: TIER }).collect();
            let last = found[found.len() - 1].step;
            let slots = found.len() as u64 + spare;
            let at = [None, Some(end - 1), Some(last + (end - last) / 3)][place as usize];
            let search = Search { end, at, slots, found: &found };
            let all = search.solve(&[]).expect("all should fit");
            let most = search.worth_discarding(&all);
            let optional: Vec<usize> = (1..found.len()).collect();
            let tried = |most| {
                let (mut best, mut dropped) = (search.solve(&[]).expect("all fit"), Vec::new());
                search.try_all(&optional, most, &mut best, &mut dropped);
                best.advances
            };
            prop_assert_eq!(tried(most), tried(optional.len()));
        }
    }

    #[test]
    fn sets_are_counted() {
        assert_eq!((sets(5, 0), sets(5, 2), sets(5, 9)), (1, 16, 32));
        assert_eq!(sets(200, 200), u64::MAX);
    }
}
