//! Schedules over several tiers: the reference table, the exhaustive search, the recurrence,
//! Disk-Revolve, and extreme inputs.

mod common;

use common::rows;
use proptest::prelude::*;
use retrograd_checkpoint::search::Search;
use retrograd_checkpoint::{
    Action, BrokenRule, CostModel, Costs, DiskRevolve, HRevolve, MemoryModel, Revolve,
    ScheduleError, TierCost, TierSpec, replay,
};
use serde::Deserialize;

fn tier(slots: u64, write: f64, read: f64) -> TierSpec {
    TierSpec { slots, cost: TierCost { write, read } }
}

fn cost_model(tiers: &[TierSpec], uf: f64, ub: f64) -> CostModel {
    let tiers = tiers.iter().map(|tier| tier.cost).collect();
    CostModel { tiers, ..CostModel::steps(uf, ub) }
}

fn memory(tiers: &[TierSpec]) -> MemoryModel {
    MemoryModel::tiers(&tiers.iter().map(|tier| tier.slots).collect::<Vec<_>>())
}

/// Replays the schedule within the slots of its tiers and returns what its actions cost.
#[track_caller]
fn check(n: u64, tiers: &[TierSpec], uf: f64, ub: f64) -> f64 {
    let schedule = HRevolve::new(n, tiers, uf, ub).unwrap();
    let report = replay(n, &memory(tiers), schedule.clone()).unwrap();
    assert_eq!((schedule.steps(), report.recorded), (n, n));
    let makespan = cost_model(tiers, uf, ub).makespan(schedule.clone());
    let error = (schedule.makespan() - makespan).abs();
    assert!(error <= 1e-12 * makespan, "{} {makespan}", schedule.makespan());
    makespan
}

/// A row of the table: steps, slots and costs by tier, `uf`, `ub`, published and corrected
/// optimum.
#[derive(Deserialize, Debug)]
struct Row(u64, Vec<u64>, Vec<f64>, Vec<f64>, f64, f64, f64, f64);

#[test]
fn schedules_cost_what_the_table_says() {
    let columns =
        ["n", "c[level0..]", "w[level]", "r[level]", "uf", "ub", "peer_dp", "corrected_opt"];
    let rows = rows::<Row>(include_str!("data/b_h_revolve.json"), &columns);
    assert_eq!(rows.len(), 5424);
    let mut better = 0;
    for row in rows {
        let Row(n, slots, write, read, uf, ub, published, corrected) = &row;
        let costs = write.iter().zip(read);
        let tiers: Vec<TierSpec> =
            slots.iter().zip(costs).map(|(&slots, (&w, &r))| tier(slots, w, r)).collect();
        assert_eq!(check(*n, &tiers, *uf, *ub), *corrected, "{row:?}");
        assert!(HRevolve::new(*n, &tiers, *uf, *ub).unwrap().proven_optimal(), "{row:?}");
        better += usize::from(corrected < published);
    }
    assert_eq!(better, 115);
}

/// Tiers whose two costs are in the same order, in any order of places.
fn any_ordered_tiers(most: usize) -> impl Strategy<Value = Vec<TierSpec>> {
    let one = (0_u64..4, 0_u32..6, 0_u32..6);
    let tiers = prop::collection::vec(one, 1..=most);
    (tiers, any::<prop::sample::Index>(), 1_u32..5).prop_map(|(steps, turn, parts)| {
        let mut total = (0, 0);
        let mut tiers: Vec<TierSpec> = steps
            .into_iter()
            .map(|(slots, w, r)| {
                total = (total.0 + w, total.1 + r);
                tier(slots, f64::from(total.0) / f64::from(parts), f64::from(total.1))
            })
            .collect();
        let turn = turn.index(tiers.len());
        tiers.rotate_left(turn);
        tiers
    })
}

/// The recurrence as it is written.
fn recurrence(n: u64, tiers: &[TierSpec], uf: f64, ub: f64) -> f64 {
    let n = n as usize;
    let mut low = vec![f64::INFINITY; n];
    low[0] = ub;
    for tier in tiers {
        let TierCost { write, read } = tier.cost;
        let mut open = low.clone();
        for _ in 0..tier.slots {
            let mut stored: Vec<f64> = Vec::new();
            for l in 0..n {
                let split = |j: usize| j as f64 * uf + open[l - j] + read + stored[j - 1];
                stored.push((1..=l).map(split).fold(low[l], f64::min));
            }
            open = (0..n).map(|l| low[l].min(write + stored[l])).collect();
        }
        low = open;
    }
    low[n - 1]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    /// No action stream at all is cheaper: level by level loses nothing where costs are ordered.
    #[test]
    fn no_schedule_of_small_problems_is_better(
        n in 1_u64..=7, tiers in any_ordered_tiers(3), uf in 0_u32..4, ub in 0_u32..4,
    ) {
        let (uf, ub) = (f64::from(uf), f64::from(ub));
        // Three times three slots would be too many positions.
        let most = if tiers.len() == 3 { 2 } else { 3 };
        let tiers: Vec<TierSpec> = tiers
            .into_iter()
            .map(|tier| TierSpec { slots: tier.slots.min(most), ..tier })
            .collect();
        let search = Search::makespan(memory(&tiers), cost_model(&tiers, uf, ub));
        let best = search.best(n).unwrap();
        if let Some(best) = best {
            let ours = check(n, &tiers, uf, ub);
            prop_assert!((ours - best.cost).abs() <= 1e-12 * best.cost, "{} {}", ours, best.cost);
            prop_assert!(HRevolve::new(n, &tiers, uf, ub).unwrap().proven_optimal());
        } else {
            let error = HRevolve::new(n, &tiers, uf, ub).unwrap_err();
            prop_assert_eq!(error, ScheduleError::NoSnapshots { steps: n });
        }
    }

    /// Vectors, pruned rows and closed forms leave the recurrence as it is.
    #[test]
    fn tables_are_the_recurrence(
        n in 1_u64..700, slots in prop::collection::vec(1_u64..6, 1..4), free: bool,
        costs in prop::collection::vec((0.0..4.0, 0.0..4.0), 3), uf in 0.1..3.0, ub in 0.0..3.0,
    ) {
        let mut total = (0.0, 0.0);
        let tiers: Vec<TierSpec> = slots.into_iter().zip(costs).enumerate().map(|(k, (c, cost))| {
            if k > 0 || !free {
                total = (total.0 + cost.0, total.1 + cost.1);
            }
            tier(c, total.0, total.1)
        }).collect();
        let (ours, expected) = (check(n, &tiers, uf, ub), recurrence(n, &tiers, uf, ub));
        prop_assert!((ours - expected).abs() <= 1e-12 * expected, "{} {}", ours, expected);
    }

    /// With memory that is free and more slots on disk than are of use, it is Disk-Revolve.
    #[test]
    fn a_disk_without_limit_makes_it_disk_revolve(
        n in 1_u64..600, c in 1_u64..6, write in 0_u32..9, read in 0_u32..9, uf in 0_u32..4,
    ) {
        let (write, read, uf) = (f64::from(write), f64::from(read), f64::from(uf));
        let ours = check(n, &[tier(n, write, read), tier(c, 0.0, 0.0)], uf, 1.0);
        let disk = DiskRevolve::new(n, c, TierCost { write, read }, uf, 1.0).unwrap();
        prop_assert_eq!(ours, disk.makespan());
    }

    /// Discards are hand-overs, and no load finds the model there already.
    #[test]
    fn snapshots_are_discarded_directly_after_their_last_load(
        n in 1_u64..80, tiers in any_ordered_tiers(3), uf in 0.0..3.0,
    ) {
        let Ok(schedule) = HRevolve::new(n, &tiers, uf, 1.0) else { return Ok(()) };
        let actions: Vec<Action> = schedule.collect();
        for pair in actions.windows(2) {
            if let Action::Discard { kind, step, tier } = pair[1] {
                prop_assert_eq!(&pair[0], &Action::Load { kind, step, tier });
            }
            if let Action::Load { .. } = pair[1] {
                prop_assert!(matches!(pair[0], Action::Reverse { .. }), "{}", &pair[0]);
            }
        }
    }

    /// Tiers of which one is cheaper to write and the other to read give valid schedules, too.
    #[test]
    fn unordered_tiers_are_valid_and_say_so(
        n in 4_u64..60, a in 1_u64..4, b in 1_u64..4, step in 1_u32..5, uf in 0.1..3.0,
    ) {
        let tiers = [tier(a, 1.0, 1.0 + f64::from(step)), tier(b, 2.0 + f64::from(step), 1.0)];
        let alone = tiers.map(|tier| check(n, &[tier], uf, 1.0));
        prop_assert!(check(n, &tiers, uf, 1.0) <= alone[0].min(alone[1]) * (1.0 + 1e-12));
        prop_assert!(!HRevolve::new(n, &tiers, uf, 1.0).unwrap().proven_optimal());
    }

    /// Whatever the numbers, nothing panics, and a prefix breaks no rule but that it ends.
    #[test]
    fn any_numbers_give_an_error_or_a_valid_prefix(
        n in any_size(), tiers in prop::collection::vec((any_size(), any_price(), any_price()), 0..4),
        uf in any_price(), ub in any_price(),
    ) {
        // Tables of some thousand steps are solved; above, one tier that is free needs none.
        let tiers: Vec<TierSpec> = tiers.into_iter().map(|(c, w, r)| tier(c, w, r)).collect();
        let rows: u128 = tiers.iter().map(|tier| u128::from(tier.slots.min(n)) + 1).sum();
        prop_assume!(n > 1 << 33 || rows * u128::from(n) * u128::from(n) < 1 << 30);
        match HRevolve::new(n, &tiers, uf, ub) {
            Ok(schedule) => {
                if let Err(error) = replay(n, &memory(&tiers), schedule.take(500)) {
                    let unfinished = matches!(error.rule, BrokenRule::NotReversed { .. });
                    prop_assert!(unfinished, "{}", error);
                }
            }
            Err(ScheduleError::NoSnapshots { .. }) => {
                prop_assert!(n > 1 && tiers.iter().all(|tier| tier.slots == 0));
            }
            Err(ScheduleError::TableTooLarge { .. } | ScheduleError::InvalidCost { .. }) => {}
            Err(error) => prop_assert!(false, "{}", error),
        }
    }
}

/// Sizes of every magnitude.
fn any_size() -> impl Strategy<Value = u64> {
    let magnitude =
        (0..64_u32).prop_flat_map(|log2| (1_u64 << log2)..=(1 << log2) + ((1 << log2) - 1));
    prop_oneof![4 => 0_u64..100, 4 => magnitude, 1 => Just(u64::MAX)]
}

/// Costs of every magnitude.
fn any_price() -> impl Strategy<Value = f64> {
    prop_oneof![
        4 => 0.0..9.0,
        4 => (-300_i32..300, 1.0..10.0).prop_map(|(exponent, m)| 10_f64.powi(exponent) * m),
        2 => Just(0.0),
    ]
}

/// A tier that costs nothing is Revolve, at any size, whatever else there is.
#[test]
fn enough_free_slots_are_revolve_without_a_table() {
    let free = tier(20, 0.0, 0.0);
    let schedule = HRevolve::new(1_000_000_000, &[free], 1.0, 2.0).unwrap();
    let advances = Costs::revolve(1_000_000_000, 20).unwrap().advances as f64;
    assert_eq!(schedule.makespan(), advances + 2e9);
    let revolve = Revolve::new(1_000_000_000, 20).unwrap();
    assert!(schedule.take(1000).eq(revolve.take(1000)));
    // The disk is of no use, and the actions name the tier of the slots.
    let tiers = [tier(u64::MAX, 1.0, 1.0), tier(999, 0.0, 0.0)];
    let schedule = HRevolve::new(1000, &tiers, 1.0, 1.0).unwrap();
    let report = replay(1000, &memory(&tiers), schedule).unwrap();
    assert_eq!((report.tiers[0].writes, report.tiers[1].writes), (0, 999));
}

#[test]
fn few_steps_and_wrong_numbers() {
    let one = [Action::Record { steps: 0..1 }, Action::Reverse { steps: 0..1 }];
    for tiers in [&[] as &[TierSpec], &[tier(0, 1.0, 1.0)], &[tier(3, 1.0, 1.0), tier(2, 2.0, 2.0)]]
    {
        assert_eq!(HRevolve::new(0, tiers, 1.0, 1.0).unwrap().next(), None);
        let mut schedule = HRevolve::new(1, tiers, 1.0, 7.0).unwrap();
        assert_eq!(schedule.makespan(), 7.0);
        assert_eq!(schedule.by_ref().collect::<Vec<_>>(), one);
        assert_eq!(schedule.next(), None);
    }
    let error = HRevolve::new(2, &[tier(0, 1.0, 1.0)], 1.0, 1.0).unwrap_err();
    assert_eq!(error, ScheduleError::NoSnapshots { steps: 2 });
    for bad in [-1.0, f64::NAN, f64::INFINITY] {
        let error = HRevolve::new(2, &[tier(2, 0.0, bad)], 1.0, 1.0).unwrap_err();
        assert!(matches!(error, ScheduleError::InvalidCost { what: "r", .. }), "{error}");
    }
    let error = HRevolve::new(1 << 40, &[tier(2, 1e300, 1.0)], 1.0, 1.0).unwrap_err();
    assert!(matches!(error, ScheduleError::InvalidCost { what: "the makespan", .. }), "{error}");
    let error = HRevolve::new(1_000_000_000, &[tier(2, 1.0, 1.0)], 1.0, 1.0).unwrap_err();
    assert!(matches!(error, ScheduleError::TableTooLarge { bytes: 24_000_000_000, .. }), "{error}");
}
