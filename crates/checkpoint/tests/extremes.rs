//! Every family of schedules at the ends of its range: no steps, one, a billion, `u64::MAX`.
//!
//! A schedule that exists is right however large it is: the first actions replay, and only the
//! end of the stream is missed. One that would take too long or too much memory is refused before
//! anything is solved or allocated. Overflows are found by the checks of the dev profile.

use proptest::array::{uniform2, uniform3, uniform5};
use proptest::prelude::*;
use retrograd_checkpoint::plan::{CodecOffer, DiskOffer, Means, OpenWorkload, Speeds};
use retrograd_checkpoint::schedule::{Asynchronous, slot_traffic};
use retrograd_checkpoint::{
    Action, Cams, Chain, ChainColumns, Costs, DiskRevolve, HRevolve, IndependentChains, JoinGraph,
    LastBlock, MemoryModel, MemoryReuse, Method, Mixed, Multistage, NoReuse, Online, OnlineRule,
    PerStep, Placed, PlanError, Reversal, Revolve, ScheduleError, StoreAll, StoreNone, TierCost,
    TierId, TierLimit, TierSpec, Trajectory, TwoLevel, UnevenSteps, Workload, replay,
};

/// Actions that are followed.
const PREFIX: usize = 1000;

/// Steps, slots, periods: the borders, small numbers, and every order of magnitude.
fn number() -> impl Strategy<Value = u64> {
    let magnitude = (3.0..9.0_f64).prop_map(|exponent| 10_f64.powf(exponent) as u64);
    prop_oneof![
        1 => Just(0_u64),
        1 => Just(1),
        1 => Just(2),
        3 => 3..40_u64,
        4 => magnitude,
        1 => Just(u64::MAX),
        1 => Just(u64::MAX - 1),
    ]
}

/// Costs: nothing, the usual, every order of magnitude.
fn cost() -> impl Strategy<Value = f64> {
    let magnitude = (-9.0..9.0_f64).prop_map(|exponent| 10_f64.powf(exponent));
    prop_oneof![
        1 => Just(0.0),
        1 => Just(1.0),
        4 => magnitude,
        1 => Just(f64::MAX),
        1 => Just(f64::MIN_POSITIVE),
    ]
}

/// Unlimited where `None`.
fn memory(slots: &[Option<u64>]) -> MemoryModel {
    let limit = |&slots| TierLimit { slots, bytes: None };
    MemoryModel::new(slots.iter().map(limit).collect(), 0, 0)
}

/// Follows the first actions.
#[track_caller]
fn follow(
    steps: u64,
    memory: &MemoryModel,
    schedule: impl Iterator<Item = Action>,
) -> Result<(), TestCaseError> {
    if let Err(error) = replay(steps, memory, schedule.take(PREFIX)) {
        let cut = error.action.is_none() && error.position == PREFIX as u64;
        prop_assert!(cut, "{error}");
    }
    Ok(())
}

/// As [`follow`], for a schedule that may not exist.
#[track_caller]
fn try_follow(
    steps: u64,
    memory: &MemoryModel,
    schedule: Result<impl Iterator<Item = Action>, ScheduleError>,
) -> Result<(), TestCaseError> {
    schedule.map_or(Ok(()), |schedule| follow(steps, memory, schedule))
}

/// How a schedule over memory and disk is made.
type Make = fn(u64, u64, TierCost, f64, f64) -> Result<DiskRevolve, ScheduleError>;

/// Operations from which on a recurrence is not waited for here, and those from which on it is
/// refused.
const LONG: u128 = 1 << 27;
const REFUSED: u128 = 1 << 37;

/// Whether a table of between `least` and `most` rows over `n` steps may be solved, and take long.
fn is_long(n: u64, least: u128, most: u128) -> bool {
    let row = u128::from(n) * u128::from(n) / 2;
    row.saturating_mul(least) <= REFUSED && row.saturating_mul(most) > LONG
}

/// As [`is_long`], for a capacity of `s` units shared by data of `a` and of `b` units.
fn shares_long(n: u64, s: u64, a: u64, b: u64) -> bool {
    let stored = u128::from((s / a.min(b).max(1)).min(n.saturating_sub(1)));
    let capacities = (stored + 1) * (stored + 2) / 2;
    is_long(n, stored + 1, capacities.min(u128::from(s) + 1))
}

proptest! {
    #[test]
    fn one_tier(n in number(), c in number()) {
        let slots = memory(&[Some(c)]);
        follow(n, &memory(&[None]), StoreAll::new(n))?;
        follow(n, &MemoryModel::slots(1), StoreNone::new(n))?;
        prop_assert_eq!(StoreNone::new(n).costs().reads, n.saturating_sub(1));
        for trajectory in [Trajectory::Revolve, Trajectory::Maximum] {
            try_follow(n, &slots, Revolve::with_trajectory(n, c, trajectory))?;
        }
        try_follow(n, &slots, NoReuse::new(n, c))?;
        try_follow(n, &slots, MemoryReuse::new(n, c))?;
        if let (Ok(best), Ok(reuse), Ok(without)) =
            (Revolve::new(n, c), MemoryReuse::new(n, c), NoReuse::new(n, c))
        {
            let [best, reuse, without] = [best.costs(), reuse.costs(), without.costs()];
            prop_assert!(best.advances <= reuse.advances, "{best:?} {reuse:?}");
            prop_assert!(reuse.advances <= without.advances, "{reuse:?} {without:?}");
            prop_assert_eq!(Costs::revolve(n, c), Ok(best));
        }
    }

    #[test]
    fn blocks(n in number(), period in number(), c in number()) {
        let tiers = memory(&[Some(c), None]);
        for last_block in [LastBlock::Reloaded, LastBlock::Fused] {
            let schedule = TwoLevel::with_last_block(n, period, c, last_block);
            if let Ok(schedule) = &schedule {
                let limits = [schedule.ram_slots(), schedule.disk_slots()];
                let costs = schedule.costs();
                prop_assert!(costs.total_forward >= n.into());
                prop_assert!(limits[0] <= c && limits[1] <= n);
            }
            try_follow(n, &tiers, schedule)?;
        }
        for schedule in [Asynchronous::new(n, period, c), Asynchronous::recording(n, period)] {
            if let Ok(schedule) = &schedule {
                prop_assert!(schedule.costs().total_forward >= n.into());
                prop_assert!(schedule.ram_slots() <= c && schedule.slow_slots() <= n);
            }
            try_follow(n, &tiers, schedule)?;
        }
    }

    #[test]
    fn shared_capacity(n in number(), s in number(), a in number(), b in number()) {
        try_follow(n, &MemoryModel::units(s, a, a), Mixed::new(n, s, a, a))?;
        prop_assume!(!shares_long(n, s, a, b) && !shares_long(n, s, 1, b));
        let schedule = Mixed::new(n, s, a, b);
        if let Ok(schedule) = &schedule {
            prop_assert!(schedule.total_forward() >= n.into());
        }
        try_follow(n, &MemoryModel::units(s, a, b), schedule)?;
        for method in [Method::General, Method::StifflyAccurate] {
            let memory = MemoryModel {
                adjoint_restarts: method == Method::StifflyAccurate,
                ..MemoryModel::units(s, 1, b)
            };
            let schedule = Cams::new(n, s, b, method);
            if let Ok(schedule) = &schedule {
                prop_assert_eq!(
                    schedule.extra_forward() + u128::from(n),
                    schedule.total_forward()
                );
            }
            try_follow(n, &memory, schedule)?;
        }
    }

    #[test]
    fn disk_revolve(n in number(), c in number(), costs in [cost(), cost(), cost(), cost()]) {
        let [write, read, uf, ub] = costs;
        let disk = TierCost { write, read };
        let all: [Make; 4] = [
            DiskRevolve::new,
            DiskRevolve::one_read,
            DiskRevolve::one_snapshot,
            DiskRevolve::periodic,
        ];
        for make in all {
            let schedule = make(n, c, disk, uf, ub);
            if let Ok(schedule) = &schedule {
                prop_assert!(schedule.makespan() >= 0.0);
                prop_assert!(schedule.disk_reads() >= schedule.disk_writes());
                schedule.proven_optimal();
            }
            try_follow(n, &memory(&[Some(c), None]), schedule)?;
        }
    }

    #[test]
    fn h_revolve(
        n in number(),
        tiers in prop::collection::vec((number(), cost(), cost()), 0..4),
        uf in cost(),
        ub in cost(),
    ) {
        let spec = |&(slots, write, read): &_| TierSpec { slots, cost: TierCost { write, read } };
        let specs: Vec<TierSpec> = tiers.iter().map(spec).collect();
        let limits: Vec<u64> = tiers.iter().map(|tier| tier.0).collect();
        let rows = limits.iter().map(|&slots| u128::from(slots.min(n))).sum();
        prop_assume!(!is_long(n, 1, rows));
        try_follow(n, &MemoryModel::tiers(&limits), HRevolve::new(n, &specs, uf, ub))?;
    }

    #[test]
    fn online(n in number(), c in number(), period in number()) {
        let slots = memory(&[Some(c)]);
        let known = Online::known_end(n, c);
        try_follow(n, &slots, known.clone())?;
        // Counting takes the time of all decisions.
        if let Some(run) = known.ok().filter(|_| n <= 10_000 || c >= n) {
            let optimum = Costs::revolve(n, c.max(1)).map(|costs| costs.advances);
            prop_assert!(run.advances() >= optimum.unwrap_or(0));
        }
        for rule in [OnlineRule::Targets, OnlineRule::WangMoin] {
            let run = Online::with_rule(c, rule);
            try_follow(n, &slots, run.map(|run| run.until_end(n)))?;
        }
        let disk = Online::with_disk(c, period);
        try_follow(n, &memory(&[Some(c), None]), disk.clone().map(|run| run.until_end(n)))?;
        // An end that comes after some of it.
        for sweep in [Online::new(c), disk].into_iter().flatten() {
            let mut sweep = sweep;
            sweep.by_ref().take(PREFIX).for_each(drop);
            let end = sweep.at() + 1;
            prop_assert!(sweep.clone().finish_before_last().count() as u64 >= 2 * end);
            prop_assert!(sweep.finish_at_end().advances() < (end * end).into());
        }
    }

    #[test]
    fn reversal(
        end in number(),
        found in prop::collection::vec((number(), 0..3_u32), 0..20),
        at in prop::option::of(number()),
        c in number(),
    ) {
        let placed = |(step, tier)| Placed { step, tier: TierId(tier) };
        let found = found.into_iter().map(placed).chain([placed((0, 1))]);
        if let Ok(sweep) = Reversal::new(end, found, at, c) {
            sweep.proven_optimal();
            prop_assert!(sweep.advances() <= u128::from(end) * u128::from(end));
            sweep.take(PREFIX).for_each(drop);
        }
    }

    #[test]
    fn graphs(
        trunk in prop::option::of(number()),
        branches in prop::collection::vec(number(), 0..4),
        c in number(),
    ) {
        let graph = match trunk {
            Some(trunk) => JoinGraph::pitchfork(trunk, branches.clone()),
            None => JoinGraph::join(branches.clone()),
        };
        if let Ok(graph) = graph {
            prop_assert!(graph.minimum_slots() <= 2 * branches.len() as u64 + 1);
            if let Ok(schedule) = graph.solve(c)
                && schedule.actions().take(PREFIX).count() < PREFIX
            {
                let report = graph.memory(c).replay(schedule.actions());
                let advances = report.map(|report| report.advances.into());
                prop_assert_eq!(advances, Ok(schedule.forward_steps()));
            }
        }
        if let Ok(chains) = IndependentChains::new(branches, c) {
            chains.actions().take(PREFIX).for_each(drop);
            chains.memory();
        }
    }
}

proptest! {
    // Tables that take up to a second each.
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn multistage(n in number(), ram in number(), disk in number()) {
        let schedule = Multistage::new(n, ram, disk);
        if let Ok(schedule) = &schedule {
            let [fast, slow] = schedule.traffic();
            prop_assert_eq!(fast.reads + slow.reads, schedule.costs().reads);
        }
        try_follow(n, &memory(&[Some(ram), Some(disk)]), schedule)?;
        if let Ok(slots) = slot_traffic(n, ram, Trajectory::Maximum) {
            prop_assert!(slots.len() as u64 <= ram);
        }
    }

    #[test]
    fn uneven(
        steps in prop::collection::vec((cost(), number()), 0..60),
        repeat in prop_oneof![15 => Just(1_usize), 1 => 1..400_usize],
        adjoint in cost(),
        c in number(),
    ) {
        let steps = steps.repeat(repeat);
        let (forward, bytes): (Vec<f64>, Vec<u64>) = steps.into_iter().unzip();
        let n = forward.len() as u64;
        let steps =
            UnevenSteps { forward, adjoint: adjoint.into(), restart_bytes: PerStep::Each(bytes) };
        for schedule in [steps.solve_slots(c), steps.solve_bytes(c)].into_iter().flatten() {
            let bounds = [schedule.lower_bound(), schedule.persistent_lower_bound()];
            prop_assert!(0.0 <= bounds[0] && bounds[0] <= bounds[1]);
            prop_assert!(bounds[1] <= schedule.makespan() && schedule.makespan().is_finite());
            follow(n, schedule.memory(), schedule.actions())?;
        }
    }

    #[test]
    fn chains(
        stages in prop::collection::vec([number(), number(), number()], 1..30),
        times in [cost(), cost(), cost()],
        budget in number(),
    ) {
        let column = |i: usize| stages.iter().map(|stage| stage[i]).collect::<Vec<u64>>();
        let stage_times = |i: usize| vec![times[i]; stages.len()];
        let (mut x, mut tb) = (column(0), column(2));
        x.push(1);
        tb.push(1);
        let larger = stages.iter().zip(&x[1..]).map(|(stage, x)| x.saturating_add(stage[1]));
        let columns = ChainColumns {
            xb: std::iter::once(0).chain(larger).collect(),
            f: stage_times(0),
            ff: stage_times(1),
            b: stage_times(2),
            tf: column(1),
            tn: column(2),
            x,
            tb,
        };
        let Ok(chain) = Chain::from_columns(&columns) else { return Ok(()) };
        let least = chain.minimum_budget();
        for budget in least.into_iter().chain([budget]) {
            if let Ok(schedule) = chain.solve(budget) {
                prop_assert!(schedule.makespan() >= chain.ideal_time());
                let memory = schedule.memory();
                follow(stages.len() as u64, memory, schedule.actions())?;
            }
        }
    }
}

/// Everything that planners may use.
fn all_means(speeds: [f64; 2], sizes: [u64; 2], ratio: f64, stores_adjoint: bool) -> Means {
    let [step, bytes_per_second] = speeds;
    let offer = CodecOffer { ratio, ..CodecOffer::none(bytes_per_second) };
    Means {
        speeds: Speeds {
            forward_seconds: step,
            record_seconds: step,
            reverse_seconds: step,
            restart_seconds: 0.0,
        },
        stores_adjoint,
        ram_codecs: vec![offer.clone()],
        disk: Some(DiskOffer {
            path: "/scratch".into(),
            capacity_bytes: sizes[0],
            write_bytes_per_second: bytes_per_second,
            read_bytes_per_second: bytes_per_second,
            latency_seconds: 0.0,
            slowdown: 1.0,
            codec: offer,
            log_bytes: sizes[1],
        }),
        ..Means::default()
    }
}

/// A budget that is too small is answered with one that is not.
#[track_caller]
fn check_plan(
    budget: u64,
    choose: impl Fn(u64) -> Result<u64, PlanError>,
) -> Result<(), TestCaseError> {
    match choose(budget) {
        Ok(peak) => prop_assert!(peak <= budget),
        Err(PlanError::BudgetTooSmall { minimum: u64::MAX, .. }) => {}
        Err(PlanError::BudgetTooSmall { minimum, .. }) => {
            prop_assert!(minimum > budget);
            prop_assert!(choose(minimum).is_ok_and(|peak| peak <= minimum));
        }
        Err(other) => prop_assert!(false, "{other}"),
    }
    Ok(())
}

proptest! {
    // Dozens of simulations each, of up to 200,000 steps.
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn planners(
        [steps, snapshot_bytes, adjoint_bytes, worker_bytes, shared_bytes] in uniform5(number()),
        (jobs, concurrency) in (number(), 0..3_u64),
        [budget, disk, log] in uniform3(number()),
        speeds in uniform2((-6.0..6.0_f64).prop_map(|exponent| 10_f64.powf(exponent))),
        (ratio, stores_adjoint) in (1.0..30.0_f64, any::<bool>()),
        largest in prop::option::of(number()),
    ) {
        let means = all_means(speeds, [disk, log], ratio, stores_adjoint);
        let work = Workload {
            steps, snapshot_bytes, adjoint_bytes, worker_bytes, shared_bytes, jobs, concurrency,
        };
        let known = |budget| work.choose(&means, Some(budget));
        check_plan(budget, |budget| Ok(known(budget)?.plan.predicted_peak_bytes))?;
        let open = OpenWorkload {
            expected_steps: Some(steps),
            largest_steps: largest,
            snapshot_bytes, adjoint_bytes, worker_bytes, shared_bytes, jobs, concurrency,
        };
        let unknown = |budget| open.choose(&means, Some(budget));
        check_plan(budget, |budget| Ok(unknown(budget)?.plan.predicted_peak_bytes))?;
    }
}

/// The work of a schedule that is not solved, squares of steps times units, exceeds 128 bits.
#[test]
fn planners_count_work_beyond_all_numbers() {
    let work = Workload {
        steps: u64::MAX,
        snapshot_bytes: 2,
        adjoint_bytes: 1,
        worker_bytes: 0,
        shared_bytes: 0,
        jobs: 1,
        concurrency: 1,
    };
    let means = Means { stores_adjoint: true, ..Means::default() };
    for budget in [0, u64::MAX / 2, u64::MAX] {
        let known = |budget| work.choose(&means, Some(budget));
        check_plan(budget, |budget| Ok(known(budget)?.plan.predicted_peak_bytes)).unwrap();
    }
}

/// What would take longer than a cup of tea is refused at once, with what serves instead.
#[test]
fn too_much_work_is_refused() {
    let spec = |slots, cost| TierSpec { slots, cost: TierCost { write: cost, read: cost } };
    let million = 1_000_000;
    let error = HRevolve::new(million, &[spec(10, 0.0), spec(10, 5.0)], 1.0, 1.0).unwrap_err();
    assert_eq!(
        error.to_string(),
        "solving H-Revolve would take up to 5000000000000 operations, more than 137438953472\n  \
         help: take fewer steps or slots, or a family without a table: Disk-Revolve (free slots \
         and a disk without limit), multistage, asynchronous"
    );
    let refused = |error| matches!(error, Some(ScheduleError::TooMuchWork { .. }));
    assert!(refused(Mixed::new(million, 20, 1, 2).err()));
    assert!(refused(Cams::new(million, 20, 3, Method::StifflyAccurate).err()));
    let graph = JoinGraph::pitchfork(million, vec![1, 1]).unwrap();
    assert!(refused(graph.solve(5).err()));
    // One slot and 2^40 steps have as many slopes as steps: a snapshot that is not moved.
    let found = [0, 7].map(|step| Placed { step, tier: TierId(1) });
    let sweep = Reversal::new(1 << 40, found, Some(9), 1).unwrap();
    assert!(!sweep.proven_optimal());
    // The sizes of all steps together exceed a u64: not everything is kept.
    let all_but_one = MemoryModel::units(u64::MAX, u64::MAX, u64::MAX);
    follow(3, &all_but_one, Mixed::new(3, u64::MAX, u64::MAX, u64::MAX).unwrap()).unwrap();
}
