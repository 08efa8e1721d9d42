//! What a schedule costs, in closed form: no schedule is built to be counted.
//!
//! With `beta(c, r) = C(c + r, c)` and `r` the smallest number for which `beta(c, r) >= n`,
//! Revolve reverses `n` steps with `c` snapshots in
//!
//! ```text
//! advances = r n - beta(c + 1, r - 1)                    untaped forward steps
//! writes   = max(beta(c - 1, r - 1), n - beta(c, r - 1))   snapshots stored
//! ```
//!
//! The first is proved optimal by Griewank & Walther, *Algorithm 799: Revolve*, ACM TOMS 26
//! (2000), doi:10.1145/347837.347846; the second is the least number of writes at that optimum.

use crate::ScheduleError;

/// Counts of a whole schedule, exact for every `u64` of steps.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Costs {
    /// The most often that any one step is advanced without being recorded.
    pub repetitions: u64,
    /// Forward steps that are run without recording, the first sweep included.
    pub advances: u128,
    /// Forward steps that are run in all: `advances` plus one recorded run of each step.
    pub total_forward: u128,
    /// Restart snapshots stored, `x_0` included.
    pub writes: u64,
    /// Restart snapshots loaded, a load directly before its discard included.
    pub reads: u64,
}

impl Costs {
    /// Costs of [`Revolve`](crate::Revolve) over `steps` with `snapshots` restart snapshots,
    /// `x_0` included. Either trajectory costs the same. Takes about a microsecond, whatever the
    /// size of the problem.
    ///
    /// # Errors
    /// [`ScheduleError::NoSnapshots`] if there are none and more than one step.
    pub fn revolve(steps: u64, snapshots: u64) -> Result<Self, ScheduleError> {
        Ok(Self::of_slots(steps, useful_snapshots(steps, snapshots)?))
    }

    /// As [`Costs::revolve`], for slots that are known to suffice and to be of use.
    pub(crate) fn of_slots(steps: u64, slots: u64) -> Self {
        if slots == 0 {
            return Self::store_all(steps);
        }
        let repetitions = repetitions(steps, slots);
        let n = u128::from(steps);
        // Both r n and beta(slots + 1, r - 1) are below n^2: nothing saturates.
        let saved = beta(slots + 1, repetitions - 1, u128::MAX);
        let advances = u128::from(repetitions) * n - saved;
        let below = beta(slots, repetitions - 1, n);
        let writes = beta(slots - 1, repetitions - 1, n).max(n - below);
        Self {
            repetitions,
            advances,
            total_forward: advances + n,
            writes: writes as u64, // at most the steps
            reads: steps - 1,
        }
    }

    /// Costs of [`StoreAll`](crate::StoreAll) over `steps`: each step is run once, recorded.
    pub fn store_all(steps: u64) -> Self {
        Self { repetitions: 0, advances: 0, total_forward: u128::from(steps), writes: 0, reads: 0 }
    }

    /// Forward steps run per step reversed: 1 is no recomputation. `1.0` for no steps at all.
    pub fn recompute_factor(&self) -> f64 {
        let recorded = self.total_forward - self.advances;
        if recorded == 0 { 1.0 } else { self.total_forward as f64 / recorded as f64 }
    }
}

/// As many of `snapshots` as `steps` can use: one per step but the last, which is recorded when
/// the first sweep reaches it.
pub(crate) fn useful_snapshots(steps: u64, snapshots: u64) -> Result<u64, ScheduleError> {
    let useful = snapshots.min(steps.saturating_sub(1));
    if useful == 0 && steps > 1 {
        return Err(ScheduleError::NoSnapshots { steps });
    }
    Ok(useful)
}

/// `min(beta(c, r), cap)`, the number of steps that `c` snapshots reverse with no step advanced
/// more than `r` times.
///
/// Each factor at least doubles the product, so the loop ends after `log2(cap)` rounds at most.
pub(crate) fn beta(c: u64, r: u64, cap: u128) -> u128 {
    let (small, large) = (c.min(r), u128::from(c.max(r)));
    let mut value: u128 = 1;
    for i in 1..=u128::from(small) {
        // Products of i consecutive integers are divisible by i!: the division is exact.
        match value.checked_mul(large + i) {
            Some(product) if product / i < cap => value = product / i,
            Some(_) | None => return cap,
        }
    }
    value.min(cap)
}

/// The smallest `r` with `beta(c, r) >= n`, by doubling and bisection, for `c >= 1`.
pub(crate) fn repetitions(n: u64, c: u64) -> u64 {
    let target = u128::from(n);
    let enough = |r| beta(c, r, target) >= target;
    // beta(c, n) >= n + 1 ends the doubling.
    let (mut low, mut high) = (0, 1);
    while !enough(high) {
        low = high + 1;
        high = high.saturating_mul(2);
    }
    while low < high {
        let middle = low + (high - low) / 2;
        if enough(middle) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    low
}

/// The last of `from..=to` for which `holds`, which it does for `from`, and from somewhere on no
/// more.
pub(crate) fn last_where(from: u64, to: u64, holds: impl Fn(u64) -> bool) -> u64 {
    let (mut low, mut high) = (from, to);
    while low < high {
        let middle = high - (high - low) / 2;
        if holds(middle) {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    low
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beta_is_pascals_triangle() {
        for c in 1..40 {
            for r in 1..40 {
                let sum = beta(c - 1, r, u128::MAX) + beta(c, r - 1, u128::MAX);
                assert_eq!(beta(c, r, u128::MAX), sum, "c = {c}, r = {r}");
            }
        }
    }

    #[test]
    fn beta_saturates_instead_of_overflowing() {
        for (c, r) in [(u64::MAX, 1), (u64::MAX, u64::MAX), (1 << 40, 1 << 40), (1, u64::MAX)] {
            assert_eq!(beta(c, r, 1 << 60), 1 << 60);
        }
        assert_eq!(beta(0, u64::MAX, 9), 1);
    }

    #[test]
    fn one_snapshot_costs_the_triangular_number_at_any_size() {
        for n in [2, 3, 1_000_000_000, u64::MAX] {
            let costs = Costs::revolve(n, 1).expect("one snapshot should do");
            let wide = u128::from(n);
            // n (n - 1) / 2 without overflow: one of the two factors is even.
            let triangular = if n % 2 == 0 { wide / 2 * (wide - 1) } else { (wide - 1) / 2 * wide };
            assert_eq!(costs.advances, triangular);
            assert_eq!((costs.writes, costs.reads, costs.repetitions), (1, n - 1, n - 1));
        }
    }

    #[test]
    fn a_snapshot_per_step_needs_one_sweep_at_any_size() {
        for n in [2, 5, 1_000_000_000, u64::MAX] {
            for c in [n - 1, n, u64::MAX] {
                let costs = Costs::revolve(n, c).expect("snapshots should suffice");
                assert_eq!((costs.advances, costs.writes), (u128::from(n - 1), n - 1));
            }
        }
    }

    #[test]
    fn no_snapshots_reverse_one_step_but_not_two() {
        assert_eq!(Costs::revolve(1, 0), Ok(Costs::store_all(1)));
        assert_eq!(Costs::revolve(0, 0), Ok(Costs::store_all(0)));
        assert_eq!(Costs::revolve(2, 0), Err(ScheduleError::NoSnapshots { steps: 2 }));
    }

    #[test]
    fn more_snapshots_never_cost_more() {
        let n = 1_000_000_000;
        let mut last = u128::MAX;
        for c in (0..30).map(|k| 1_u64 << k).chain([n - 2, n - 1]) {
            let advances = Costs::revolve(n, c).expect("snapshots should suffice").advances;
            assert!(advances < last, "c = {c}");
            last = advances;
        }
    }
}
