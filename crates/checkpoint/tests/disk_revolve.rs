//! Schedules over memory and a disk: the reference table, the recurrences, the exhaustive search,
//! and extreme inputs.

mod common;

use common::rows;
use proptest::prelude::*;
use retrograd_checkpoint::search::Search;
use retrograd_checkpoint::{
    Action, BrokenRule, CostModel, Costs, Data, DiskRevolve, MemoryModel, Report, ScheduleError,
    TierCost, TierId, TierLimit, replay,
};

const DISK: TierId = TierId(1);

fn two_tiers(slots: u64) -> MemoryModel {
    let memory = TierLimit { slots: Some(slots), bytes: None };
    MemoryModel::new(vec![memory, TierLimit::default()], 0, 0)
}

fn cost_model(disk: TierCost, uf: f64, ub: f64) -> CostModel {
    CostModel { tiers: vec![TierCost::default(), disk], ..CostModel::steps(uf, ub) }
}

/// Replays a schedule, compares its closed forms with what it did, and returns its makespan.
#[track_caller]
fn check(schedule: &DiskRevolve, slots: u64, costs: &CostModel) -> (f64, Report) {
    let report = replay(schedule.steps(), &two_tiers(slots), schedule.clone()).unwrap();
    assert_eq!(u128::from(report.advances), schedule.advances());
    assert_eq!(report.recorded, schedule.steps());
    let disk = report.tiers[1];
    assert_eq!((disk.writes, disk.reads), (schedule.disk_writes(), schedule.disk_reads()));
    assert_eq!(disk.peak_slots, disk.writes, "all of them are written in the first sweep");
    let makespan = costs.makespan(schedule.clone());
    let rounding = 1e-12 * makespan;
    assert!((schedule.makespan() - makespan).abs() <= rounding, "{makespan}");
    (makespan, report)
}

#[test]
fn schedules_cost_what_the_table_says() {
    let columns = [
        "n",
        "c_mem",
        "wd",
        "rd",
        "uf",
        "ub",
        "revolve_mem_only(Opt0)",
        "one_disk_slot_x0_already_on_disk(Opt1D)",
        "disk_revolve_optimal(OptInf, many reads)",
        "disk_revolve_one_read(peer default)",
        "periodic_period_mxrr(one-read)",
        "periodic_core_cost",
    ];
    let rows = rows::<[f64; 12]>(include_str!("data/b_disk_revolve.json"), &columns);
    assert_eq!(rows.len(), 1050);
    for row in rows {
        let [n, c, write, read, uf, ub, opt0, one_d, many, one_read, period, periodic] = row;
        let (n, c, disk) = (n as u64, c as u64, TierCost { write, read });
        let costs = cost_model(disk, uf, ub);
        let cost =
            |schedule: Result<DiskRevolve, ScheduleError>| check(&schedule.unwrap(), c, &costs).0;
        assert_eq!(cost(DiskRevolve::new(n, c, disk, uf, ub)), many, "{row:?}");
        assert_eq!(cost(DiskRevolve::one_read(n, c, disk, uf, ub)), one_read, "{row:?}");
        assert_eq!(cost(DiskRevolve::periodic(n, c, disk, uf, ub)), periodic, "{row:?}");
        assert_eq!(DiskRevolve::period(c, disk, uf), period as u64, "{row:?}");
        let proven = |schedule: Result<DiskRevolve, _>| schedule.unwrap().proven_optimal();
        assert!(proven(DiskRevolve::new(n, c, disk, uf, ub)), "{row:?}");
        assert_eq!(proven(DiskRevolve::one_read(n, c, disk, uf, ub)), one_read == many);
        assert_eq!(proven(DiskRevolve::periodic(n, c, disk, uf, ub)), periodic == many);
        // The table has the initial state on disk already.
        let single = DiskRevolve::one_snapshot(n, c, disk, uf, ub).unwrap();
        let written = write * single.disk_writes() as f64;
        assert_eq!(check(&single, c, &costs).0 - written, one_d, "{row:?}");
        assert!(one_d <= opt0 && (single.disk_writes() > 0 || one_d == opt0), "{row:?}");
    }
}

/// The recurrences themselves, up to `n` steps: 1D-Revolve, Disk-Revolve, one-read.
struct Recurrences {
    one_d: Vec<f64>,
    many: Vec<f64>,
    one_read: Vec<f64>,
}

impl Recurrences {
    fn solve(n: u64, c: u64, disk: TierCost, uf: f64, ub: f64) -> Self {
        let advances = |n: u64| Costs::revolve(n, c).unwrap().advances as f64;
        let memory: Vec<f64> = (1..=n).map(|n| advances(n) * uf + n as f64 * ub).collect();
        let TierCost { write, read } = disk;
        let best = |l: usize, cost: &dyn Fn(usize) -> f64| {
            (1..l).map(|j| j as f64 * uf + cost(j)).fold(memory[l], f64::min)
        };
        let mut all = Self { one_d: vec![], many: vec![], one_read: vec![] };
        for l in 0..memory.len() {
            all.one_d.push(best(l, &|j| memory[l - j] + read + all.one_d[j - 1]));
            all.many.push(best(l, &|j| write + all.many[l - j] + read + all.one_d[j - 1]));
            all.one_read.push(best(l, &|j| write + all.one_read[l - j] + read + memory[j - 1]));
        }
        all
    }
}

/// Small integers, with ties, and fractions, mostly without.
fn any_cost() -> impl Strategy<Value = f64> {
    prop_oneof![
        2 => (0_u32..8).prop_map(f64::from),
        1 => (0_u32..80).prop_map(|cost| f64::from(cost) / 8.0),
        2 => 0.0..6.0,
        1 => 0.0..100.0,
    ]
}

fn any_disk() -> impl Strategy<Value = TierCost> {
    (any_cost(), any_cost()).prop_map(|(write, read)| TierCost { write, read })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn closed_forms_solve_the_recurrences(
        n in 1_u64..180, c in 1_u64..9, disk in any_disk(), uf in any_cost(), ub in any_cost(),
    ) {
        let expected = Recurrences::solve(n, c, disk, uf, ub);
        let costs = cost_model(disk, uf, ub);
        let last = n as usize - 1;
        let close = |a: f64, b: f64| (a - b).abs() <= 1e-12 * b;
        let many = check(&DiskRevolve::new(n, c, disk, uf, ub).unwrap(), c, &costs).0;
        prop_assert!(close(many, expected.many[last]), "{} {}", many, expected.many[last]);
        let one_read = check(&DiskRevolve::one_read(n, c, disk, uf, ub).unwrap(), c, &costs).0;
        prop_assert!(close(one_read, expected.one_read[last]));
        let single = DiskRevolve::one_snapshot(n, c, disk, uf, ub).unwrap();
        let written = disk.write * single.disk_writes() as f64;
        let one_d = check(&single, c, &costs).0 - written;
        prop_assert!((one_d - expected.one_d[last]).abs() <= 1e-12 * (one_d + written));
    }

    #[test]
    fn periodic_schedules_are_valid_and_read_once(
        n in 1_u64..1000, c in 1_u64..9, disk in any_disk(), uf in any_cost(), ub in any_cost(),
    ) {
        let costs = cost_model(disk, uf, ub);
        let (cost, report) = check(&DiskRevolve::periodic(n, c, disk, uf, ub).unwrap(), c, &costs);
        prop_assert_eq!(report.tiers[1].reads, report.tiers[1].writes);
        let one_read = DiskRevolve::one_read(n, c, disk, uf, ub).unwrap().makespan();
        prop_assert!(cost >= one_read * (1.0 - 1e-12));
    }

    /// Discards are hand-overs, in memory as on disk, and no load finds the model there already.
    #[test]
    fn snapshots_are_discarded_directly_after_their_last_load(
        n in 1_u64..300, c in 1_u64..6, disk in any_disk(), uf in any_cost(),
    ) {
        let actions: Vec<Action> = DiskRevolve::new(n, c, disk, uf, 1.0).unwrap().collect();
        for pair in actions.windows(2) {
            if let Action::Discard { kind, step, tier } = pair[1] {
                prop_assert_eq!(&pair[0], &Action::Load { kind, step, tier });
            }
            if let Action::Load { .. } = pair[1] {
                prop_assert!(matches!(pair[0], Action::Reverse { .. }), "{}", &pair[0]);
            }
        }
    }

    /// Whatever the numbers, nothing panics, and a prefix breaks no rule but that it ends.
    #[test]
    fn any_numbers_give_an_error_or_a_valid_prefix(
        n in any_size(), c in any_size(), disk in (any_price(), any_price()),
        uf in any_price(), ub in any_price(),
    ) {
        let disk = TierCost { write: disk.0, read: disk.1 };
        let schedules = [
            DiskRevolve::new(n, c, disk, uf, ub),
            DiskRevolve::one_read(n, c, disk, uf, ub),
            DiskRevolve::one_snapshot(n, c, disk, uf, ub),
            DiskRevolve::periodic(n, c, disk, uf, ub),
        ];
        for (kind, schedule) in schedules.into_iter().enumerate() {
            let Ok(schedule) = schedule else {
                prop_assert!(n > 1 << 40 && kind < 3 || n > 1 && c == 0);
                continue;
            };
            prop_assert!(schedule.advances() >= u128::from(n.saturating_sub(1)));
            let memory = two_tiers(schedule.slots());
            if let Err(error) = replay(n, &memory, schedule.take(500)) {
                let unfinished = matches!(error.rule, BrokenRule::NotReversed { .. });
                prop_assert!(unfinished, "{}", error);
            }
        }
    }
}

/// Sizes of every magnitude.
fn any_size() -> impl Strategy<Value = u64> {
    let magnitude =
        (0..64_u32).prop_flat_map(|log2| (1_u64 << log2)..=(1 << log2) + ((1 << log2) - 1));
    prop_oneof![10 => magnitude, 1 => Just(0), 1 => Just(1 << 40), 1 => Just(u64::MAX)]
}

/// Costs of every magnitude.
fn any_price() -> impl Strategy<Value = f64> {
    prop_oneof![
        4 => any_cost(),
        4 => (-300_i32..300, 1.0..10.0).prop_map(|(exponent, m)| 10_f64.powi(exponent) * m),
        1 => Just(0.0),
    ]
}

#[test]
fn no_schedule_of_small_problems_is_better() {
    let prices =
        [(0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (2.0, 2.0), (5.0, 1.0), (1.0, 4.0), (0.5, 0.75)];
    for (n, c) in [(3, 1), (5, 1), (7, 1), (4, 2), (6, 2), (7, 3)] {
        for (write, read) in prices {
            for (uf, ub) in [(1.0, 1.0), (2.0, 3.0), (0.0, 1.0)] {
                let disk = TierCost { write, read };
                let costs = cost_model(disk, uf, ub);
                let best = Search::makespan(two_tiers(c), costs).best(n).unwrap().unwrap();
                let ours = DiskRevolve::new(n, c, disk, uf, ub).unwrap().makespan();
                assert_eq!(ours, best.cost, "n = {n}, c = {c}, {disk:?}, uf = {uf}");
            }
        }
    }
}

/// Ties in real numbers that no integers attain: many numbers of snapshots are as good, almost.
#[test]
fn ties_are_searched_through() {
    let tied = [(3, 17, 28, 3), (1, 34, 13, 3), (1, 54, 19, 5), (4, 57, 27, 3), (2, 16, 6, 5)];
    for (c, w, r, uf) in tied {
        for (n, unit) in [(1500, 1.0), (1501, 0.1)] {
            let disk = TierCost { write: f64::from(w) * unit, read: f64::from(r) * unit };
            let uf = f64::from(uf) * unit;
            let expected = Recurrences::solve(n, c, disk, uf, 0.0).many[n as usize - 1];
            let ours = DiskRevolve::new(n, c, disk, uf, 0.0).unwrap().makespan();
            assert!((ours - expected).abs() <= 1e-12 * expected, "{ours} {expected}");
        }
    }
}

#[test]
fn free_disks_take_every_step_and_free_steps_no_disk() {
    let free = TierCost::default();
    let schedule = DiskRevolve::new(1000, 2, free, 1.0, 1.0).unwrap();
    assert_eq!((schedule.advances(), schedule.makespan()), (999, 1999.0));
    let disk = TierCost { write: 1.0, read: 1.0 };
    for schedule in [DiskRevolve::new, DiskRevolve::one_read, DiskRevolve::periodic] {
        let schedule = schedule(1000, 2, disk, 0.0, 1.0).unwrap();
        assert_eq!((schedule.disk_writes(), schedule.makespan()), (0, 1000.0));
    }
}

#[test]
fn few_steps_and_wrong_numbers() {
    let disk = TierCost { write: 1.0, read: 1.0 };
    let one = [Action::Record { steps: 0..1 }, Action::Reverse { steps: 0..1 }];
    for make in
        [DiskRevolve::new, DiskRevolve::one_read, DiskRevolve::one_snapshot, DiskRevolve::periodic]
    {
        for slots in [0, 1, 7] {
            assert_eq!(make(0, slots, disk, 1.0, 1.0).unwrap().next(), None);
            let mut schedule = make(1, slots, disk, 1.0, 1.0).unwrap();
            assert_eq!(schedule.by_ref().collect::<Vec<_>>(), one);
            assert_eq!(schedule.next(), None);
        }
        let error = make(2, 0, disk, 1.0, 1.0).unwrap_err();
        assert!(matches!(error, ScheduleError::TooSmall { given: 0, minimum: 1, .. }), "{error}");
        for bad in [-1.0, f64::NAN, f64::INFINITY] {
            let write = TierCost { write: bad, ..disk };
            let errors = [make(9, 2, write, 1.0, 1.0), make(9, 2, disk, bad, 1.0)];
            for (error, name) in errors.into_iter().zip(["w", "uf"]) {
                let error = error.unwrap_err();
                let named =
                    matches!(error, ScheduleError::InvalidCost { what, .. } if what == name);
                assert!(named, "{error}");
            }
        }
    }
}

/// A billion steps: the first sweep alone would be too long a test, its beginning is not.
#[test]
fn a_billion_steps_take_no_table() {
    let disk = TierCost { write: 5.0, read: 5.0 };
    let schedule = DiskRevolve::new(1_000_000_000, 10, disk, 1.0, 1.0).unwrap();
    let periodic = DiskRevolve::periodic(1_000_000_000, 10, disk, 1.0, 1.0).unwrap();
    assert!(schedule.makespan() <= periodic.makespan());
    let store = Action::Store { kind: Data::Restart, step: 0, tier: DISK };
    assert_eq!(
        (schedule.clone().next(), periodic.clone().next()),
        (Some(store.clone()), Some(store))
    );
    assert!(schedule.take(10_000).count() == 10_000 && periodic.take(10_000).count() == 10_000);
}
