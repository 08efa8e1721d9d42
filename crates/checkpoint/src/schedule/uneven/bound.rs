//! Costs that no schedule beats.

use super::Sums;
use super::UnevenSteps;
use super::equal::{EqualTable, is_affordable};
use super::solve::storable;
use crate::schedule::costs::beta;

/// The cost of advances of at least one step that no schedule with `slots` snapshots at a time
/// beats, whatever their sizes; see the module above.
pub(super) fn of_slots(forward: &[f64], sums: &Sums, slots: u64) -> f64 {
    if slots > 0 && is_affordable(forward.len(), slots) {
        return EqualTable::solve(sums, slots).cost();
    }
    by_order(forward, slots)
}

/// The bound by sorting alone, in `O(n log n)`.
fn by_order(forward: &[f64], slots: u64) -> f64 {
    let mut dearest = forward.to_vec();
    dearest.sort_unstable_by(|a, b| b.total_cmp(a));
    let steps = forward.len() as u64;
    let (mut bound, mut done, mut times) = (0.0, 0, 0_u64);
    while done < steps {
        // With no slot at all there is one step, which is never advanced.
        let until = beta(slots, times, u128::from(steps)) as u64;
        let cost: f64 = dearest[done as usize..until.max(done) as usize].iter().sum();
        bound += times as f64 * cost;
        (done, times) = (until.max(done), times + 1);
    }
    bound
}

/// The most snapshots that fit into `capacity` bytes at a time, that of `x_0` included.
pub(super) fn most_snapshots(steps: &UnevenSteps, capacity: u64) -> u64 {
    let first = steps.restart_bytes.at(0);
    let mut bytes: Vec<u64> = storable(steps).map(|step| steps.restart_bytes.at(step)).collect();
    bytes.sort_unstable();
    let fit = bytes.iter().scan(first, |sum: &mut u64, bytes| {
        *sum = sum.saturating_add(*bytes);
        (*sum <= capacity).then_some(())
    });
    1 + fit.count() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Never above the optimum, and equal to it where all costs are.
    #[test]
    fn sorting_bounds_the_recurrence_from_below() {
        let mut state = 1_u64;
        for steps in 1..40 {
            for slots in 1..8 {
                let forward: Vec<f64> = (0..steps)
                    .map(|_| {
                        state = state.wrapping_mul(6364136223846793005).wrapping_add(1);
                        ((state >> 60) * (state >> 58)) as f64
                    })
                    .collect();
                let least = EqualTable::solve(&Sums::new(&forward), slots).cost();
                assert!(by_order(&forward, slots) <= least, "{forward:?} {slots}");
                let alike = vec![2.0; steps];
                let least = EqualTable::solve(&Sums::new(&alike), slots).cost();
                assert_eq!(by_order(&alike, slots), least);
            }
        }
    }
}
