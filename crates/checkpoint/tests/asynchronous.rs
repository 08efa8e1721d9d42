//! Asynchronous multistage: counts by replay, the gradient through a tier with a queue.

mod common;

use std::sync::Arc;

use common::ring::{POINTS, Ring, gradient_by_hand};
use proptest::prelude::*;
use retrograd_checkpoint::schedule::Asynchronous;
use retrograd_checkpoint::tier::{BytesOptions, Handles};
use retrograd_checkpoint::{Executor, MemoryModel, ScheduleError, replay};

#[test]
fn counts_are_those_of_the_closed_form() {
    for n in 0..60 {
        for period in 1..25 {
            for slots in 1..8 {
                let schedule = Asynchronous::new(n, period, slots).unwrap();
                let costs = schedule.costs();
                let memory = MemoryModel::tiers(&[schedule.ram_slots(), schedule.slow_slots()]);
                let report = replay(n, &memory, schedule).unwrap();
                let [ram, slow] = [report.tiers[0], report.tiers[1]];
                let at = format!("n = {n}, period = {period}, slots = {slots}");
                assert_eq!(u128::from(report.advances), costs.advances, "{at}");
                assert_eq!(ram.writes + slow.writes, costs.writes, "{at}");
                assert_eq!(ram.reads + slow.reads, costs.reads, "{at}");
                assert_eq!((slow.writes, slow.reads), (slow.peak_slots, slow.peak_slots), "{at}");
                assert_eq!(
                    [ram, slow].map(|t| Some(t.peak_slots)).to_vec(),
                    memory.tiers.iter().map(|t| t.slots).collect::<Vec<_>>(),
                    "{at}"
                );
            }
        }
    }
}

#[test]
fn no_step_is_run_more_than_twice_with_a_slot_per_step() {
    let schedule = Asynchronous::new(1_000_000_000, 1000, 999).unwrap();
    // Every block but the last is swept twice before it is recorded.
    assert_eq!(schedule.costs().advances, 999_999_000 + 1_000_000 * 999);
    assert_eq!(schedule.costs().repetitions, 2);
}

#[test]
fn recorded_blocks_are_swept_once_and_recorded_once() {
    for n in 0..60_u64 {
        for period in 1..25 {
            let schedule = Asynchronous::recording(n, period).unwrap();
            let costs = schedule.costs();
            let memory = MemoryModel::tiers(&[0, schedule.slow_slots()]);
            let report = replay(n, &memory, schedule).unwrap();
            let last = if n == 0 { 0 } else { (n - 1) % period + 1 };
            assert_eq!((report.advances, report.recorded), (n - last, n), "{n} {period}");
            assert_eq!(u128::from(report.advances), costs.advances);
            assert_eq!(
                (report.tiers[1].writes, report.tiers[1].reads),
                (costs.writes, costs.reads)
            );
            assert_eq!(report.peak_recorded, period.min(n));
        }
    }
}

#[test]
fn what_cannot_be_is_an_error() {
    let error = |what| Err(ScheduleError::TooSmall { what, given: 0, minimum: 1 });
    let refused = |period, slots| Asynchronous::new(9, period, slots).map(|_| ());
    assert_eq!(refused(0, 3), error("the period"));
    assert_eq!(refused(2, 0), error("the number of slots in RAM"));
    assert_eq!(refused(1, 0), Ok(()));
}

#[test]
fn the_period_hides_the_slower_transfer() {
    assert_eq!(Asynchronous::period_to_hide(0.9, 0.1), 9);
    assert_eq!(Asynchronous::period_to_hide(0.91, 0.1), 10);
    assert_eq!(Asynchronous::period_to_hide(0.0, 0.1), 1);
    assert_eq!(Asynchronous::period_to_hide(1.0, 0.0), u64::MAX);
    assert_eq!(Asynchronous::period_to_hide(0.0, 0.0), 1);
}

proptest! {
    #[test]
    fn extreme_arguments_do_not_panic(n: u64, period: u64, slots: u64) {
        if let Ok(schedule) = Asynchronous::new(n, period, slots) {
            let _ = schedule.costs();
            let _ = schedule.take(1000).count();
        }
    }

    #[test]
    fn the_queue_does_not_change_one_bit(
        n in 1_u64..120, period in 1_u64..30, slots in 1_u64..9, queue in 0_usize..4,
    ) {
        let vacant = |_| Arc::new([0.0; POINTS]);
        let slow = BytesOptions::in_ram(120 * 4096).unwrap().queue(queue).build(vacant).unwrap();
        let ram = Handles::new(slots).unwrap();
        let mut executor = Executor::with_tiers(vec![Box::new(ram), Box::new(slow)]).unwrap();
        let mut model = Ring::new();
        let schedule = Asynchronous::new(n, period, slots).unwrap();
        let done = executor.run(&mut model, schedule).unwrap();
        prop_assert_eq!(model.gradient_bits(), gradient_by_hand(n));
        prop_assert_eq!((done.reversed, done.lost), (n, 0));
        let mut model = Ring::new();
        executor.run(&mut model, Asynchronous::recording(n, period).unwrap()).unwrap();
        prop_assert_eq!(model.gradient_bits(), gradient_by_hand(n));
    }
}
