//! The replayer finds what is wrong: each test breaks one rule.

use std::ops::Range;

use retrograd_checkpoint::{
    Action, Data, MemoryModel, Report, Revolve, TierId, TierLimit, TierReport, replay,
};

const TIER: TierId = TierId(0);

fn advance(steps: Range<u64>) -> Action {
    Action::Advance { steps }
}

fn record(steps: Range<u64>) -> Action {
    Action::Record { steps }
}

fn reverse(steps: Range<u64>) -> Action {
    Action::Reverse { steps }
}

fn store(kind: Data, step: u64) -> Action {
    Action::Store { kind, step, tier: TIER }
}

fn load(kind: Data, step: u64) -> Action {
    Action::Load { kind, step, tier: TIER }
}

fn discard(kind: Data, step: u64) -> Action {
    Action::Discard { kind, step, tier: TIER }
}

/// Replays `actions` over 3 steps with 2 slots of 10 bytes for restart data of 4 and adjoint
/// data of 8 bytes.
fn small_replay(actions: &[Action]) -> Result<Report, String> {
    let tier = TierLimit { slots: Some(2), bytes: Some(10) };
    let memory = MemoryModel::new(vec![tier], 4, 8);
    replay(3, &memory, actions.iter().cloned()).map_err(|error| error.to_string())
}

#[track_caller]
fn check(actions: &[Action], error: &str) {
    assert_eq!(small_replay(actions), Err(error.to_owned()));
}

use Data::{Adjoint, Restart};

#[test]
fn valid_streams_are_counted() {
    let actions = [
        store(Restart, 0),
        advance(0..1),
        record(1..3),
        reverse(1..3),
        load(Restart, 0),
        discard(Restart, 0),
        record(0..1),
        reverse(0..1),
    ];
    let tier = TierReport { writes: 1, reads: 1, peak_slots: 1, peak_bytes: 4 };
    let expected = Report {
        actions: 8,
        advances: 1,
        recorded: 3,
        peak_recorded: 2,
        peak_recorded_bytes: 16,
        peak_bytes: 20, // one snapshot and two recorded steps
        tiers: vec![tier],
    };
    assert_eq!(small_replay(&actions), Ok(expected));
}

#[test]
fn adjoint_data_can_be_stored_and_read_back() {
    let actions = [
        record(0..1),
        store(Adjoint, 0),
        record(1..3),
        reverse(1..3),
        load(Adjoint, 0),
        discard(Adjoint, 0),
        reverse(0..1),
    ];
    let report = small_replay(&actions).unwrap();
    assert_eq!((report.recorded, report.tiers[0].peak_bytes), (3, 8));
    assert_eq!(report.peak_bytes, 24);
}

#[test]
fn forward_runs_start_where_the_model_is() {
    let error = "action 0 (`advance 1..2`): the model should be at step 1, but it is at step 0";
    check(&[advance(1..2)], error);
    let error = "action 2 (`record 2..3`): the model should be at step 2, but \
                 it holds no state since the last reverse";
    check(&[record(0..3), reverse(2..3), record(2..3)], error);
    let error = "action 0 (`store restart 2 in tier 0`): the model should be at step 2, but \
                 it is at step 0";
    check(&[store(Restart, 2)], error);
}

#[test]
fn ranges_are_neither_empty_nor_too_long() {
    check(&[advance(0..0)], "action 0 (`advance 0..0`): the range of steps is empty");
    check(&[reverse(3..3)], "action 0 (`reverse 3..3`): the range of steps is empty");
    check(&[record(0..4)], "action 0 (`record 0..4`): step 4 is beyond the last of 3 steps");
}

#[test]
fn only_recorded_steps_are_reversed() {
    let error = "action 1 (`reverse 3..2`): working memory holds the adjoint data of no step";
    check(&[advance(0..3), reverse(2..3)], error);
    let error = "action 2 (`reverse 3..1`): working memory holds the adjoint data of steps 2..3";
    check(&[advance(0..2), record(2..3), reverse(1..3)], error);
    let error = "action 1 (`store adjoint 1 in tier 0`): \
                 working memory holds the adjoint data of steps 0..1";
    check(&[record(0..1), store(Adjoint, 1)], error);
}

#[test]
fn steps_are_reversed_once_and_in_order() {
    let error = "action 1 (`reverse 2..1`): the next step to reverse is the one before 3";
    check(&[record(0..3), reverse(1..2)], error);
    let error = "action 2 (`reverse 3..2`): the next step to reverse is the one before 2";
    check(&[record(0..3), reverse(2..3), reverse(2..3)], error);
}

#[test]
fn data_exist_when_read_or_discarded() {
    let error = "action 0 (`load restart 0 from tier 0`): restart data of step 0 are not in tier 0";
    check(&[load(Restart, 0)], error);
    let error = "action 1 (`load adjoint 0 from tier 0`): adjoint data of step 0 are not in tier 0";
    check(&[store(Restart, 0), load(Adjoint, 0)], error);
    let error = "action 2 (`discard restart 0 from tier 0`): \
                 restart data of step 0 are not in tier 0";
    check(&[store(Restart, 0), discard(Restart, 0), discard(Restart, 0)], error);
    let nowhere = Action::Load { kind: Restart, step: 0, tier: TierId(1) };
    check(
        &[nowhere],
        "action 0 (`load restart 0 from tier 1`): there is no tier 1, \
                       only 1 tiers from 0",
    );
}

#[test]
fn tiers_hold_no_more_than_they_may() {
    let error = "action 1 (`store restart 0 in tier 0`): restart data of step 0 are in tier 0 \
                 already";
    check(&[store(Restart, 0), store(Restart, 0)], error);
    let three = [0, 1, 2].map(|step| [store(Restart, step), advance(step..step + 1)]).concat();
    check(&three, "action 4 (`store restart 2 in tier 0`): all 2 slots are taken");
    let error = "action 2 (`store adjoint 0 in tier 0`): 12 bytes are needed where 10 are allowed";
    check(&[store(Restart, 0), record(0..1), store(Adjoint, 0)], error);
}

#[test]
fn nothing_is_left_at_the_end() {
    let left = "end of the schedule, after 2 actions: steps 0..1 are not reversed";
    check(&[record(0..3), reverse(1..3)], left);
    let left = "end of the schedule, after 3 actions: restart data of step 0 are left in tier 0";
    check(&[store(Restart, 0), record(0..3), reverse(0..3)], left);
    let actions = [store(Restart, 0), record(0..3), reverse(0..3), load(Restart, 0), record(0..1)];
    let left = "end of the schedule, after 5 actions: adjoint data of steps 0..1 are left in \
                working memory";
    check(&actions, left);
}

/// Any single action dropped from a valid schedule is noticed: the replayer has no blind spot
/// on streams of Revolve.
#[test]
fn every_omission_is_noticed() {
    for (n, c) in [(2, 1), (7, 1), (12, 3), (20, 4)] {
        let actions: Vec<Action> = Revolve::new(n, c).unwrap().collect();
        for dropped in 0..actions.len() {
            let mut fewer = actions.clone();
            let action = fewer.remove(dropped);
            let result = replay(n, &MemoryModel::slots(c), fewer);
            assert!(result.is_err(), "{n} {c}: {action} at {dropped} is not missed");
        }
    }
}
