//! Multistage schedules: every row of the reference tables, counts against replay, and numbers
//! too large to be run.

mod common;

use common::rows;
use proptest::prelude::*;
use retrograd_checkpoint::schedule::slot_traffic;
use retrograd_checkpoint::{
    Action, BrokenRule, Costs, MemoryModel, Multistage, Revolve, ScheduleError, TierReport,
    Traffic, Trajectory, replay,
};
use serde::Deserialize;

const BOTH: [Trajectory; 2] = [Trajectory::Revolve, Trajectory::Maximum];

fn of_tier(tier: &TierReport) -> Traffic {
    Traffic { writes: tier.writes, reads: tier.reads }
}

/// Replays a schedule within its capacities and compares what it states of itself.
#[track_caller]
fn check(n: u64, ram: u64, disk: u64, trajectory: Trajectory) -> (u64, [Traffic; 2]) {
    let schedule = Multistage::with_trajectory(n, ram, disk, trajectory).unwrap();
    let (costs, traffic) = (schedule.costs(), schedule.traffic());
    assert_eq!(costs, Costs::revolve(n, ram + disk).unwrap());
    let report = replay(n, &MemoryModel::tiers(&[ram, disk]), schedule).unwrap();
    assert_eq!(u128::from(report.advances), costs.advances);
    assert_eq!([of_tier(&report.tiers[0]), of_tier(&report.tiers[1])], traffic);
    (report.advances, traffic)
}

#[derive(Deserialize)]
struct Row(u64, u64, u64, String, u64, u64, u64, u64, u64);

#[test]
fn schedules_cost_what_the_table_says() {
    let columns = [
        "n",
        "ram",
        "disk",
        "trajectory",
        "advances",
        "ram_writes",
        "ram_reads",
        "disk_writes",
        "disk_reads",
    ];
    let rows = rows::<Row>(include_str!("data/c_multistage.json"), &columns);
    assert_eq!(rows.len(), 168);
    for Row(n, ram, disk, trajectory, advances, ram_writes, ram_reads, disk_writes, disk_reads) in
        rows
    {
        let trajectory = match trajectory.as_str() {
            "revolve" => Trajectory::Revolve,
            "maximum" => Trajectory::Maximum,
            name => panic!("{name}"),
        };
        let in_ram = Traffic { writes: ram_writes, reads: ram_reads };
        let on_disk = Traffic { writes: disk_writes, reads: disk_reads };
        let ours = check(n, ram, disk, trajectory);
        assert_eq!(ours, (advances, [in_ram, on_disk]), "{n} {ram} {disk} {trajectory:?}");
    }
}

#[derive(Deserialize)]
struct SlotRow(u64, u64, Vec<u64>, Vec<u64>);

#[test]
fn slots_are_written_and_read_as_the_table_says() {
    let columns = ["n", "c", "writes", "reads"];
    let rows = rows::<SlotRow>(include_str!("data/c_revolve_slot_counts.json"), &columns);
    assert_eq!(rows.len(), 24);
    for SlotRow(n, c, writes, reads) in rows {
        let mut slots = slot_traffic(n, c, Trajectory::Revolve).unwrap();
        assert_eq!(slots.len() as u64, c.min(n - 1));
        slots.resize(c as usize, Traffic::default()); // the table lists slots of no use
        let expected = writes.into_iter().zip(reads);
        let expected: Vec<Traffic> =
            expected.map(|(writes, reads)| Traffic { writes, reads }).collect();
        assert_eq!(slots, expected, "{n} {c}");
    }
}

/// Counts of the slots by following the actions.
fn counted(n: u64, c: u64, trajectory: Trajectory) -> Vec<Traffic> {
    let schedule = Revolve::with_trajectory(n, c, trajectory).unwrap();
    let mut counts = vec![Traffic::default(); schedule.slots() as usize];
    let mut stored = Vec::new();
    for action in schedule {
        match action {
            Action::Store { step, .. } => {
                counts[stored.len()].writes += 1;
                stored.push(step);
            }
            Action::Load { step, .. } => {
                assert_eq!(stored.last(), Some(&step));
                counts[stored.len() - 1].reads += 1;
            }
            Action::Discard { .. } => assert!(stored.pop().is_some()),
            Action::Advance { .. } | Action::Record { .. } | Action::Reverse { .. } => {}
        }
    }
    counts
}

/// No other set of slots in RAM leaves less traffic on disk.
#[test]
fn the_busiest_slots_are_in_ram() {
    for n in [9, 30, 41] {
        for trajectory in BOTH {
            for c in 1..=7_u64 {
                let slots = counted(n, c, trajectory);
                for ram in 0..=c {
                    let traffic = |set: u64| -> u64 {
                        let on_disk = slots.iter().enumerate().filter(|(i, _)| set & 1 << i == 0);
                        on_disk.map(|(_, slot)| slot.writes + slot.reads).sum()
                    };
                    let sets = (0..1_u64 << c).filter(|set| u64::from(set.count_ones()) == ram);
                    let least = sets.map(traffic).min().unwrap();
                    let (_, [_, disk]) = check(n, ram, c - ram, trajectory);
                    assert_eq!(disk.writes + disk.reads, least, "{n} {c} {ram}");
                }
            }
        }
    }
}

/// One tier only is Revolve, action by action but for the name of the tier.
#[test]
fn ram_alone_is_revolve() {
    for (ram, disk) in [(5, 0), (5, 3), (9, 100)] {
        let steps = 6;
        let schedule = Multistage::new(steps, ram, disk).unwrap();
        assert!(schedule.eq(Revolve::new(steps, ram + disk).unwrap()));
    }
}

/// Sizes of every magnitude up to `2^bits`.
fn any_size(bits: u32) -> impl Strategy<Value = u64> {
    (0..bits).prop_flat_map(|log2| (1_u64 << log2)..=(1 << log2) + ((1 << log2) - 1))
}

fn any_trajectory() -> impl Strategy<Value = Trajectory> {
    prop_oneof![Just(Trajectory::Revolve), Just(Trajectory::Maximum)]
}

proptest! {
    #[test]
    fn slots_are_written_and_read_as_often_as_counted(
        n in 1_u64..600, c in 1_u64..60, trajectory in any_trajectory(),
    ) {
        prop_assert_eq!(slot_traffic(n, c, trajectory).unwrap(), counted(n, c, trajectory));
    }

    #[test]
    fn schedules_are_valid(
        n in 1_u64..300, ram in 0_u64..20, disk in 1_u64..20, trajectory in any_trajectory(),
    ) {
        check(n, ram, disk, trajectory);
    }

    /// Sums over the slots are the closed form, at sizes that nobody can run.
    #[test]
    fn slots_sum_to_the_closed_form(
        n in any_size(40), c in 3_u64..200, trajectory in any_trajectory(),
    ) {
        let costs = Costs::revolve(n, c).unwrap();
        let slots = slot_traffic(n, c, trajectory).unwrap();
        prop_assert_eq!(slots.iter().map(|slot| slot.writes).sum::<u64>(), costs.writes);
        prop_assert_eq!(slots.iter().map(|slot| slot.reads).sum::<u64>(), costs.reads);
    }

    /// Whatever the numbers, nothing panics, and a prefix breaks no rule but that it ends.
    #[test]
    fn any_numbers_give_a_valid_prefix(
        n in any_size(64), ram in any_size(14), disk in any_size(14),
    ) {
        prop_assume!(ram + disk > 8 || n < 1 << 40); // millions of lengths
        let schedule = Multistage::new(n, ram, disk).unwrap();
        if let Err(error) = replay(n, &MemoryModel::tiers(&[ram, disk]), schedule.take(500)) {
            let unfinished = matches!(error.rule, BrokenRule::NotReversed { .. });
            prop_assert!(unfinished && error.action.is_none(), "{}", error);
        }
    }
}

/// Counts that would not fit into memory are an error; one tier needs none.
#[test]
fn the_largest_numbers_are_a_schedule_or_an_error() {
    const MAX: u64 = u64::MAX;
    for n in [1 << 50, MAX - 1, MAX] {
        for (ram, disk) in [(1, 1), (1, 1 << 40), (1 << 40, 1), (1, MAX), (1 << 40, 1 << 40)] {
            let error = Multistage::new(n, ram, disk).unwrap_err();
            assert!(matches!(error, ScheduleError::TableTooLarge { .. }), "{n} {ram} {disk}");
        }
        for (ram, disk) in [(0, 1), (1, 0), (0, 1 << 40), (MAX, 0), (0, MAX), (MAX, MAX)] {
            assert_eq!(Multistage::new(n, ram, disk).unwrap().take(100).count(), 100);
        }
    }
}

#[test]
fn no_snapshots_reverse_one_step_but_not_two() {
    let one = [Action::Record { steps: 0..1 }, Action::Reverse { steps: 0..1 }];
    assert_eq!(Multistage::new(1, 0, 0).unwrap().collect::<Vec<_>>(), one);
    assert_eq!(Multistage::new(0, 2, 2).unwrap().next(), None);
    assert_eq!(Multistage::new(2, 0, 0).unwrap_err(), ScheduleError::NoSnapshots { steps: 2 });
}
