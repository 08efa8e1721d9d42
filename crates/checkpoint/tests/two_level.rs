//! Two-level schedules: every row of the reference table, both treatments of the last block, and
//! numbers too large to be run.

mod common;

use common::rows;
use proptest::prelude::*;
use retrograd_checkpoint::{
    Action, BrokenRule, Costs, LastBlock, MemoryModel, Report, Revolve, ScheduleError, Trajectory,
    TwoLevel, replay,
};

/// Replays a schedule within the slots it states and compares its closed form.
#[track_caller]
fn check(schedule: TwoLevel) -> Report {
    let (n, costs) = (schedule.steps(), schedule.costs());
    let slots = [schedule.ram_slots(), schedule.disk_slots()];
    let name = format!("{schedule:?}");
    let report = replay(n, &MemoryModel::tiers(&slots), schedule).unwrap();
    let tiers = &report.tiers;
    assert_eq!([tiers[0].peak_slots, tiers[1].peak_slots], slots, "{name}");
    assert_eq!(u128::from(report.advances), costs.advances, "{name}");
    assert_eq!(u128::from(report.total_forward()), costs.total_forward, "{name}");
    assert_eq!(tiers[0].writes + tiers[1].writes, costs.writes, "{name}");
    assert_eq!(tiers[0].reads + tiers[1].reads, costs.reads, "{name}");
    assert!(report.peak_recorded <= 1);
    report
}

#[test]
fn schedules_cost_what_the_table_says() {
    let columns = [
        "n",
        "period",
        "s",
        "untaped",
        "taped",
        "total_forward",
        "ram_writes",
        "ram_reads",
        "disk_writes",
        "disk_reads",
        "peak_ram",
        "peak_disk",
        "first_sweep_forward",
    ];
    let rows = rows::<Vec<u64>>(include_str!("data/c_two_level.json"), &columns);
    assert_eq!(rows.len(), 144);
    for row in rows {
        let schedule = TwoLevel::new(row[0], row[1], row[2]).unwrap();
        let sweep = schedule.clone().map_while(|action| match action {
            Action::Advance { steps } => Some(steps.end - steps.start),
            Action::Store { .. } => Some(0),
            _ => None,
        });
        let first_sweep: u64 = sweep.sum();
        let report = check(schedule);
        let [ram, disk] = report.tiers[..] else { panic!("two tiers") };
        let ours = [
            report.advances,
            report.recorded,
            report.total_forward(),
            ram.writes,
            ram.reads,
            disk.writes,
            disk.reads,
            ram.peak_slots,
            disk.peak_slots,
            first_sweep,
        ];
        assert_eq!(ours, row[3..], "{row:?}");
    }
}

/// What the fused last block saves is its sweep; what it costs is a slot for its first state.
#[test]
fn the_formulas_hold() {
    for n in 1..80_u64 {
        for p in 1..30 {
            for s in 0..6 {
                let t = |length, slots| Costs::revolve(length, slots).unwrap().advances;
                let blocks: Vec<u64> = (0..n).step_by(p).map(|b| (n - b).min(p as u64)).collect();
                let (&last, before) = blocks.split_last().unwrap();
                let stored: u128 = before.iter().map(|&length| t(length, s + 1)).sum();
                let reloaded = TwoLevel::new(n, p as u64, s).unwrap();
                let expected = u128::from(n) + stored + t(last, s + 1);
                assert_eq!(reloaded.costs().advances, expected, "{n} {p} {s}");
                check(reloaded);
                let fused = TwoLevel::with_last_block(n, p as u64, s, LastBlock::Fused);
                if s == 0 && last > 1 {
                    assert!(matches!(fused, Err(ScheduleError::TooSmall { minimum: 1, .. })));
                    continue;
                }
                let fused = fused.unwrap();
                let expected = u128::from(n - last) + stored + t(last, s);
                assert_eq!(fused.costs().advances, expected, "{n} {p} {s}");
                check(fused);
            }
        }
    }
}

/// One fused block is Revolve, action by action.
#[test]
fn a_period_of_all_steps_is_revolve() {
    for n in 0..40 {
        let fused = TwoLevel::with_last_block(n, n.max(1), 3, LastBlock::Fused).unwrap();
        let revolve = Revolve::with_trajectory(n, 3, Trajectory::Maximum).unwrap();
        assert!(fused.eq(revolve), "{n}");
    }
}

/// The most often that any step is advanced.
#[test]
fn repetitions_are_those_of_the_step_most_often_advanced() {
    for (n, p, s) in [(1, 1, 0), (30, 7, 2), (30, 1, 1), (29, 10, 3), (12, 50, 1)] {
        for last_block in [LastBlock::Reloaded, LastBlock::Fused] {
            let schedule = TwoLevel::with_last_block(n, p, s, last_block);
            let Ok(schedule) = schedule else { continue };
            let mut times = vec![0; n as usize];
            for action in schedule.clone() {
                if let Action::Advance { steps } = action {
                    let steps = steps.start as usize..steps.end as usize;
                    times[steps].iter_mut().for_each(|t| *t += 1);
                }
            }
            assert_eq!(times.into_iter().max(), Some(schedule.costs().repetitions));
        }
    }
}

#[test]
fn no_steps_need_no_action_and_no_period_is_an_error() {
    for last_block in [LastBlock::Reloaded, LastBlock::Fused] {
        let mut none = TwoLevel::with_last_block(0, 5, 0, last_block).unwrap();
        assert_eq!((none.next(), none.next()), (None, None));
        assert_eq!((none.ram_slots(), none.disk_slots()), (0, 0));
        let error = TwoLevel::with_last_block(7, 0, 3, last_block).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the period is 0, but must be at least 1\n  help: allow at least 1"
        );
    }
    let mut finished = TwoLevel::new(20, 7, 2).unwrap();
    assert!(finished.by_ref().count() > 0);
    assert_eq!(finished.next(), None);
}

/// Sizes of every magnitude up to `2^bits`.
fn any_size(bits: u32) -> impl Strategy<Value = u64> {
    (0..bits).prop_flat_map(|log2| (1_u64 << log2)..=(1 << log2) + ((1 << log2) - 1))
}

proptest! {
    #[test]
    fn schedules_are_valid_and_cost_their_closed_form(
        n in 1_u64..500, p in 1_u64..120, s in 1_u64..20,
    ) {
        check(TwoLevel::new(n, p, s).unwrap());
        check(TwoLevel::with_last_block(n, p, s, LastBlock::Fused).unwrap());
    }

    /// Whatever the numbers, nothing panics, and a prefix breaks no rule but that it ends.
    #[test]
    fn any_numbers_give_a_valid_prefix(
        n in any_size(64), p in any_size(64), s in any_size(64),
    ) {
        for last_block in [LastBlock::Reloaded, LastBlock::Fused] {
            let schedule = TwoLevel::with_last_block(n, p, s, last_block).unwrap();
            prop_assert!(schedule.costs().total_forward >= u128::from(n));
            let memory = MemoryModel::tiers(&[schedule.ram_slots(), schedule.disk_slots()]);
            if let Err(error) = replay(n, &memory, schedule.take(500)) {
                let unfinished = matches!(error.rule, BrokenRule::NotReversed { .. });
                prop_assert!(unfinished && error.action.is_none(), "{}", error);
            }
        }
    }
}

#[test]
fn the_largest_numbers_are_no_exception() {
    const MAX: u64 = u64::MAX;
    for n in [1, 2, 1 << 40, MAX - 1, MAX] {
        for p in [1, 2, 1 << 32, n - 1, n, MAX].into_iter().filter(|&p| p > 0) {
            for s in [0, 1, 30, MAX - 1, MAX] {
                let reloaded = TwoLevel::new(n, p, s).unwrap();
                assert!(reloaded.costs().advances >= u128::from(n));
                assert!(reloaded.take(100).count() >= 2);
            }
        }
    }
}
