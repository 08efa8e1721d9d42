//! The exhaustive search: what it finds replays at the cost it names, and equals what is known.

mod common;

use common::rows;
use proptest::prelude::*;
use retrograd_checkpoint::search::Search;
use retrograd_checkpoint::{
    CostModel, Costs, MemoryModel, PerStep, ScheduleError, TierCost, TierLimit, replay,
};

#[test]
fn revolve_is_what_the_search_finds() {
    for n in 1..=9 {
        for c in 1..n {
            let memory = MemoryModel::slots(c);
            // A write is worth less than any advance: least advances first, then least writes.
            let tiers = vec![TierCost { write: 1.0 / 1024.0, read: 0.0 }];
            let costs = CostModel { tiers, ..CostModel::steps(1.0, 0.0) };
            let best = Search::makespan(memory.clone(), costs).best(n).unwrap().unwrap();
            let expected = Costs::revolve(n, c).unwrap();
            let writes = expected.writes as f64 / 1024.0;
            assert_eq!(best.cost, expected.advances as f64 + writes, "n = {n}, c = {c}");
            let forward = Search::total_forward(memory).best(n).unwrap().unwrap();
            assert_eq!(forward.cost, expected.total_forward as f64);
        }
    }
}

/// The total forward steps with both kinds of data stored, where sizes differ from tier to tier.
fn mixed(memory: MemoryModel, n: u64) -> u64 {
    let search = Search::total_forward(memory).storing_adjoint_data();
    search.best(n).unwrap().unwrap().cost as u64
}

/// Slots that hold either kind, and units of which the two kinds take different numbers.
#[test]
fn adjoint_data_are_stored_where_the_tables_say_that_it_helps() {
    let columns = ["n", "s", "total_forward", "revolve_total_forward"];
    let equal = rows::<[u64; 4]>(include_str!("data/c_mixed.json"), &columns);
    for [n, s, total, revolve] in equal.into_iter().filter(|row| row[0] <= 7) {
        assert_eq!(mixed(MemoryModel::slots(s), n), total, "n = {n}, s = {s}");
        let restart_only = Search::total_forward(MemoryModel::slots(s)).best(n).unwrap().unwrap();
        assert_eq!(restart_only.cost as u64, revolve, "n = {n}, s = {s}");
    }
    let columns = ["n", "S", "a", "b", "total_forward"];
    let unequal = rows::<[u64; 5]>(include_str!("data/c_mixed_unequal_own.json"), &columns);
    for [n, units, a, b, total] in unequal.into_iter().filter(|row| row[0] <= 6) {
        assert_eq!(mixed(MemoryModel::units(units, a, b), n), total, "n = {n}, S = {units}");
    }
}

/// Stages of a step as adjoint data, which restart the next step if the method is stiffly
/// accurate.
#[test]
fn stages_restart_the_next_step_where_the_table_says() {
    let columns = ["n", "s", "l", "stiff", "cams_peer_extra", "own_opt_extra"];
    let all = rows::<[u64; 6]>(include_str!("data/f_cams.json"), &columns);
    let small: Vec<_> = all.into_iter().filter(|row| row[0] <= 6 && row[1] <= 8).collect();
    assert!(small.iter().any(|row| row[3] == 1) && small.len() > 50, "{}", small.len());
    for [n, s, stages, stiff, _, extra] in small {
        let plain = MemoryModel::units(s, 1, stages);
        let memory = MemoryModel { adjoint_restarts: stiff == 1, ..plain };
        assert_eq!(mixed(memory, n) - n, extra, "n = {n}, s = {s}, l = {stages}, {stiff}");
    }
}

#[test]
fn nothing_fits_into_nothing() {
    let search = Search::total_forward(MemoryModel::slots(0));
    assert_eq!(search.best(0).unwrap().unwrap().actions, []);
    assert_eq!(search.best(1).unwrap().unwrap().cost, 1.0);
    assert_eq!(search.best(2).unwrap(), None);
}

#[test]
fn what_cannot_be_searched_is_an_error() {
    let search = Search::total_forward(MemoryModel::slots(1));
    assert!(matches!(search.best(17), Err(ScheduleError::Invalid { .. })));
    let many = Search::total_forward(MemoryModel::tiers(&[1; 5]));
    assert!(matches!(many.best(2), Err(ScheduleError::Invalid { .. })));
    for uf in [-1.0, f64::NAN, f64::INFINITY] {
        let search = Search::makespan(MemoryModel::slots(1), CostModel::steps(uf, 1.0));
        assert!(matches!(search.best(2), Err(ScheduleError::InvalidCost { what: "uf", .. })));
    }
    let tiers = vec![TierCost { write: 0.0, read: -0.5 }];
    let costs = CostModel { tiers, ..CostModel::steps(1.0, 1.0) };
    let error = Search::makespan(MemoryModel::slots(1), costs).best(2).unwrap_err();
    assert_eq!(error, ScheduleError::InvalidCost { what: "r", value: -0.5 });
}

fn any_tier() -> impl Strategy<Value = (TierLimit, TierCost)> {
    let slots = prop_oneof![Just(None), (0_u64..3).prop_map(Some)];
    let bytes = prop_oneof![Just(None), (0_u64..5).prop_map(Some)];
    (slots, bytes, 0_u8..4, 0_u8..4).prop_map(|(slots, bytes, w, r)| {
        (TierLimit { slots, bytes }, TierCost { write: w.into(), read: r.into() })
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    /// Whatever the model, the schedule found is valid and costs what the search says.
    #[test]
    fn the_best_schedule_replays_at_its_cost(
        n in 1_u64..5, tiers in prop::collection::vec(any_tier(), 1..3),
        sizes in (1_u64..3, 1_u64..3), restarts: bool, adjoint: bool,
        forward in prop::collection::vec(0_u8..5, 6), ub in 0_u8..3,
    ) {
        let (limits, prices) = tiers.into_iter().unzip();
        let memory = MemoryModel {
            adjoint_restarts: restarts,
            ..MemoryModel::new(limits, sizes.0, sizes.1)
        };
        let forward = PerStep::Each(forward.into_iter().map(f64::from).collect());
        let costs = CostModel { forward, adjoint: f64::from(ub).into(), tiers: prices };
        let search = Search::makespan(memory.clone(), costs.clone());
        let search = if adjoint { search.storing_adjoint_data() } else { search };
        if let Some(best) = search.best(n).unwrap() {
            prop_assert_eq!(costs.makespan(best.actions.clone()), best.cost);
            replay(n, &memory, best.actions).unwrap();
        } else {
            prop_assert!(n > 1);
        }
    }
}
