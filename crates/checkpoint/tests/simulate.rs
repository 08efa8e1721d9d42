//! The discrete-event simulator against times worked out by hand, and against bounds that hold
//! for any machine.

use proptest::prelude::*;
use retrograd_checkpoint::schedule::Asynchronous;
use retrograd_checkpoint::simulate::{
    LaneId, Machine, Prediction, Span, TierSpeed, Work, simulate, simulate_watched,
};
use retrograd_checkpoint::{Action, PerStep, Revolve, StoreAll, TierId};

/// One byte per snapshot, so that bandwidths are snapshots per second.
fn machine(tiers: Vec<TierSpeed>) -> Machine {
    Machine {
        forward_seconds: 1.0.into(),
        record_seconds: 1.0.into(),
        reverse_seconds: 1.0.into(),
        restart_seconds: 0.0,
        restart_bytes: 1.into(),
        adjoint_bytes: 1.into(),
        tiers,
    }
}

fn disk(write_seconds: f64, read_seconds: f64, queue: usize) -> TierSpeed {
    TierSpeed {
        write_bytes_per_second: 1.0 / write_seconds,
        read_bytes_per_second: 1.0 / read_seconds,
        queue,
        ..TierSpeed::HANDLES
    }
}

/// Every `period`-th state to the second tier, the blocks reversed with RAM slots.
fn blocks(steps: u64, period: u64, slots: u64) -> Asynchronous {
    Asynchronous::new(steps, period, slots).expect("should be feasible")
}

fn spans(machine: &Machine, actions: impl Iterator<Item = Action> + Clone) -> Vec<Span> {
    let mut spans = Vec::new();
    simulate_watched(machine, actions, |span| spans.push(span));
    spans
}

/// Costs listed step by step, and costs beyond the list, are those of steps that are alike.
#[test]
fn lists_of_equal_costs_are_one_cost() {
    let alike = machine(vec![TierSpeed::HANDLES, disk(7.0, 5.0, 1)]);
    let schedule = blocks(100, 9, 3);
    let expected = simulate(&alike, schedule.clone());
    for listed in [1, 2, 50, 99, 100, 120] {
        let each = || PerStep::Each(vec![1.0; listed]);
        let mut machine = alike.clone();
        machine.forward_seconds = each();
        machine.record_seconds = each();
        machine.reverse_seconds = each();
        assert_eq!(simulate(&machine, schedule.clone()), expected);
    }
    let mut machine = machine(Vec::new());
    machine.forward_seconds = PerStep::Each(Vec::new());
    assert_eq!(simulate(&machine, Revolve::new(50, 3).unwrap()).seconds, 100.0);
}

#[test]
fn without_tiers_time_is_that_of_the_steps() {
    let mut machine = machine(vec![TierSpeed::HANDLES]);
    machine.restart_seconds = 0.5;
    machine.reverse_seconds = PerStep::Each((0..10).map(f64::from).collect());
    // One call of record; 10 recorded steps; 0 + 1 + ... + 9.
    let prediction = simulate(&machine, StoreAll::new(10));
    assert_eq!(prediction.seconds, 0.5 + 10.0 + 45.0);
    // t(10, 3) = 15 advances in as many calls as there are advances in the stream.
    let schedule = Revolve::new(10, 3).unwrap();
    let advances = |a: &Action| matches!(a, Action::Advance { .. });
    let calls = schedule.clone().filter(advances).count() as f64;
    let seconds = simulate(&machine, schedule).seconds;
    assert_eq!(seconds, 15.0 + 10.0 + 45.0 + 0.5 * (calls + 10.0));
}

#[test]
fn a_tier_without_queue_works_in_line() {
    let machine = machine(vec![TierSpeed::HANDLES, disk(3.0, 2.0, 0)]);
    let schedule = blocks(40, 10, 2);
    let steps = simulate(&self::machine(Vec::new()), schedule.clone()).seconds;
    let prediction = simulate(&machine, schedule);
    // Four blocks, of which all but the last are moved there and back.
    assert_eq!(prediction.seconds, steps + 3.0 * (3.0 + 2.0));
    assert_eq!(prediction.waited_seconds, 3.0 * (3.0 + 2.0));
    assert_eq!(prediction.busy_seconds, [0.0, 15.0]);
}

#[test]
fn a_queue_hides_what_takes_less_than_a_block() {
    let schedule = blocks(400, 10, 9);
    let alone = simulate(&machine(Vec::new()), schedule.clone()).seconds;
    let prediction =
        simulate(&machine(vec![TierSpeed::HANDLES, disk(9.0, 9.0, 1)]), schedule.clone());
    // Nothing is waited for: with 9 slots a block of 10 steps takes 9 + 10 + 10 steps to reverse,
    // and as soon as the first step is reversed the block before is announced.
    assert_eq!((prediction.seconds, prediction.waited_seconds), (alone, 0.0));
    // One on its way in the first sweep, one ready in the second.
    assert_eq!(prediction.queue_peak[1], 1);
    // The same without a queue.
    let inline = simulate(&machine(vec![TierSpeed::HANDLES, disk(9.0, 9.0, 0)]), schedule);
    assert_eq!(inline.seconds, alone + 39.0 * 18.0);
}

/// A link that is too slow sets the pace: one store per 25 s, where a block takes 10.
#[test]
fn a_slow_link_sets_the_pace_of_the_first_sweep() {
    let machine = machine(vec![TierSpeed::HANDLES, disk(25.0, 0.0, 1)]);
    let stores: Vec<f64> = spans(&machine, blocks(100, 10, 9))
        .into_iter()
        .filter(|span| span.work == Work::Store && span.lane == LaneId::Tier(TierId(1)))
        .map(|span| span.seconds.start)
        .collect();
    let expected: Vec<f64> = (0..9).map(|k| 25.0 * f64::from(k)).collect();
    assert_eq!(stores, expected);
}

#[test]
fn a_busy_tier_slows_the_steps_down() {
    let mut slow = disk(10.0, 0.0, 1);
    slow.slowdown = 1.5;
    let machine = machine(vec![slow]);
    let store =
        Action::Store { kind: retrograd_checkpoint::Data::Restart, step: 0, tier: TierId(0) };
    let actions = [store, Action::Advance { steps: 0..4 }, Action::Advance { steps: 4..20 }];
    // 10 s at two thirds of the pace, then 20 - 10 / 1.5 s at full pace.
    let seconds = simulate(&machine, actions).seconds;
    assert!((seconds - (10.0 + 20.0 - 10.0 / 1.5)).abs() < 1e-12, "{seconds}");
}

fn speeds() -> impl Strategy<Value = TierSpeed> {
    (0.0_f64..40.0, 0.0_f64..40.0, 0.0_f64..2.0, 0_usize..4, 1.0_f64..2.0).prop_map(
        |(write, read, latency_seconds, queue, slowdown)| TierSpeed {
            latency_seconds,
            slowdown,
            ..disk(write, read, queue)
        },
    )
}

proptest! {
    /// Whatever the machine, a run takes at least its steps and at most everything one after the
    /// other; lanes are never at two things at once; the queue keeps its bounds.
    #[test]
    fn predictions_keep_their_bounds(
        n in 1_u64..200, period in 1_u64..30, slots in 1_u64..9, speed in speeds(),
    ) {
        let machine = machine(vec![TierSpeed::HANDLES, speed]);
        let mut all = Vec::new();
        let prediction: Prediction =
            simulate_watched(&machine, blocks(n, period, slots), |span| all.push(span));
        let busy: f64 = prediction.busy_seconds.iter().sum();
        let slack = 1e-9 * prediction.seconds;
        prop_assert!(prediction.seconds + slack >= prediction.compute_seconds);
        let most = (prediction.compute_seconds + busy) * speed.slowdown;
        prop_assert!(prediction.seconds <= most + slack, "{} {most}", prediction.seconds);
        prop_assert!(prediction.queue_peak[1] <= 2 * speed.queue + usize::from(speed.queue > 0));
        for lane in [LaneId::Compute, LaneId::Tier(TierId(1))] {
            let mut own: Vec<&Span> = all.iter().filter(|span| span.lane == lane).collect();
            own.sort_by(|a, b| a.seconds.start.total_cmp(&b.seconds.start));
            for pair in own.windows(2) {
                prop_assert!(pair[0].seconds.end <= pair[1].seconds.start + slack);
            }
        }
    }

    /// A faster link and a deeper queue never hurt by more than one job.
    #[test]
    fn without_slowdown_a_queue_never_hurts(
        n in 1_u64..200, period in 1_u64..30, write in 0.0_f64..40.0, read in 0.0_f64..40.0,
    ) {
        let time = |queue| {
            let machine = machine(vec![TierSpeed::HANDLES, disk(write, read, queue)]);
            simulate(&machine, blocks(n, period, 4)).seconds
        };
        prop_assert!(time(1) <= time(0) + 1e-9 * time(0));
        prop_assert!(time(2) <= time(1) + write + read + 1e-9 * time(1));
    }
}
