//! From a family and its options to a schedule.

use retrograd_checkpoint::schedule::{AnySchedule, Asynchronous, slot_traffic};
use retrograd_checkpoint::{
    Action, Cams, ChainOptions, CostModel, Costs, DiskRevolve, HRevolve, JoinGraph, KnownEnd,
    MemoryModel, MemoryReuse, Method, Mixed, Multistage, NoReuse, Online, OnlineRule, PerStep,
    Persistence, Revolve, ScheduleError, StoreAll, StoreNone, TierCost, Traffic, Trajectory,
    TwoLevel, UnevenSteps,
};

use super::files::{ChainFile, JoinFile, UnevenFile};
use super::{Closed, Measure, Optimum, Plan, Solved, TierCounts, Unsolved};
use crate::cli::schedule as cli;
use crate::cli::schedule::Family;
use crate::numerics::RunError;

/// Steps of an online run that are followed in minutes.
const MOST_ONLINE_STEPS: u64 = 10_000_000_000;

/// The same, where every state is stored for a while; and the most that are held on disk.
const MOST_STORED_STEPS: u64 = 100_000_000;

const KEEPS_ALL: Optimum = Optimum::Proven("nothing is computed twice");
const BINOMIAL: Optimum = Optimum::Proven(
    "the binomial formula of Griewank & Walther (2000), which no schedule of as many snapshots \
     undercuts",
);
const RECURRENCE: Optimum = Optimum::Proven("the recurrence over all choices, solved to the end");
const ABOVE_BINOMIAL: Optimum =
    Optimum::Open("revolve takes fewer forward steps with as many snapshots");
const ONE_SWEEP: Optimum = Optimum::Proven("no step is advanced twice: one sweep is the least");
const UNLIMITED_DISK: Optimum =
    Optimum::Open("the disk has no limit here: more snapshots on it take fewer forward steps");

/// Makes the schedule that the user asks for.
///
/// # Errors
/// If there is none, or a file is faulty.
pub fn solve(family: &Family) -> Result<Solved, Unsolved> {
    match family {
        Family::StoreAll(args) => Ok(store_all(args)),
        Family::StoreNone(args) => store_none(args),
        Family::NoReuse(args) => no_reuse(args),
        Family::MemoryReuse(args) => memory_reuse(args),
        Family::Revolve(args) => revolve(args),
        Family::Multistage(args) => multistage(args),
        Family::TwoLevel(args) => two_level(args),
        Family::Asynchronous(args) => asynchronous(args),
        Family::DiskRevolve(args) => disk_revolve(args, "disk-revolve", DiskRevolve::new),
        Family::DiskRevolveOneRead(args) => {
            disk_revolve(args, "disk-revolve-one-read", DiskRevolve::one_read)
        }
        Family::PeriodicDiskRevolve(args) => {
            disk_revolve(args, "periodic-disk-revolve", DiskRevolve::periodic)
        }
        Family::HRevolve(args) => h_revolve(args),
        Family::Mixed(args) => mixed(args),
        Family::Cams(args) => cams(args),
        Family::Online(args) => online(args),
        Family::Uneven(args) => uneven(args),
        Family::Chain(args) => chain(args),
        Family::Join(args) => join(args),
    }
}

/// A schedule over slots whose steps and tiers cost one and nothing.
fn plain(
    title: String,
    steps: u64,
    schedule: impl Iterator<Item = Action> + Clone + Send + Sync + 'static,
    memory: MemoryModel,
    (closed, optimum): (Closed, Optimum),
) -> Solved {
    let plan = Plan::Steps { schedule: AnySchedule::new(schedule), memory };
    let costs = CostModel::steps(1.0, 1.0);
    let closed = Some(closed);
    Solved { title, steps, optimum, measure: Measure::Slots, plan, costs, closed }
}

/// The counts of a schedule of one tier.
fn one_tier(costs: Costs, peak: u64) -> Closed {
    let Costs { advances, writes, reads, .. } = costs;
    Closed { tiers: Some(vec![tier(peak, Traffic { writes, reads })]), advances, makespan: None }
}

fn tier(peak: u64, Traffic { writes, reads }: Traffic) -> TierCounts {
    TierCounts { peak, peak_units: 0, writes, reads }
}

fn trajectory(trajectory: cli::Trajectory) -> Trajectory {
    match trajectory {
        cli::Trajectory::Revolve => Trajectory::Revolve,
        cli::Trajectory::Maximum => Trajectory::Maximum,
    }
}

/// `1 step`, `2 steps`.
fn counted(number: u64, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

fn titled(family: &str, steps: u64, slots: u64) -> String {
    format!("{family}, {}, {}", counted(steps, "step"), counted(slots, "slot"))
}

fn store_all(args: &cli::StoreArgs) -> Solved {
    let schedule = StoreAll::new(args.steps);
    let title = format!("store-all, {}", counted(args.steps, "step"));
    let closed = one_tier(schedule.costs(), 0);
    // Adjoint data of all steps are in working memory: no slot is used, whatever there are.
    plain(title, args.steps, schedule, MemoryModel::slots(0), (closed, KEEPS_ALL))
}

/// As many slots as are of use, unless some are asked for; an error if there are none.
fn slots(args: &cli::StoreArgs) -> Result<u64, Unsolved> {
    let slots = args.slots.unwrap_or(args.steps.saturating_sub(1));
    Costs::revolve(args.steps, slots)?;
    Ok(slots)
}

fn store_none(args: &cli::StoreArgs) -> Result<Solved, Unsolved> {
    slots(args)?;
    let schedule = StoreNone::new(args.steps);
    let title = format!("store-none, {}", counted(args.steps, "step"));
    let used = args.steps.saturating_sub(1).min(1);
    let closed = one_tier(schedule.costs(), used);
    // Of one snapshot, there is no better use.
    let optimum = binomial(args.steps, args.slots.unwrap_or(1), closed.advances);
    Ok(plain(title, args.steps, schedule, MemoryModel::slots(1), (closed, optimum)))
}

/// Whether advances are as few as with the best use of so many slots.
fn binomial(steps: u64, slots: u64, advances: u128) -> Optimum {
    match Costs::revolve(steps, slots) {
        Ok(costs) if costs.advances == advances => BINOMIAL,
        Ok(_) | Err(_) => ABOVE_BINOMIAL,
    }
}

fn no_reuse(args: &cli::StoreArgs) -> Result<Solved, Unsolved> {
    let slots = slots(args)?;
    let schedule = NoReuse::new(args.steps, slots)?;
    let closed = one_tier(schedule.costs(), schedule.slots());
    let optimum = binomial(args.steps, slots, closed.advances);
    let title = titled("no-reuse", args.steps, slots);
    Ok(plain(title, args.steps, schedule, MemoryModel::slots(slots), (closed, optimum)))
}

fn memory_reuse(args: &cli::StoreArgs) -> Result<Solved, Unsolved> {
    let slots = slots(args)?;
    let schedule = MemoryReuse::new(args.steps, slots)?;
    let closed = one_tier(schedule.costs(), schedule.slots());
    let optimum = binomial(args.steps, slots, closed.advances);
    let title = titled("memory-reuse", args.steps, slots);
    Ok(plain(title, args.steps, schedule, MemoryModel::slots(slots), (closed, optimum)))
}

fn revolve(args: &cli::RevolveArgs) -> Result<Solved, Unsolved> {
    let cli::RevolveArgs { steps, slots, .. } = *args;
    let schedule = Revolve::with_trajectory(steps, slots, trajectory(args.trajectory))?;
    let closed = one_tier(schedule.costs(), schedule.slots());
    let title = titled("revolve", steps, slots);
    Ok(plain(title, steps, schedule, MemoryModel::slots(slots), (closed, BINOMIAL)))
}

fn multistage(args: &cli::MultistageArgs) -> Result<Solved, Unsolved> {
    let cli::MultistageArgs { steps, ram, disk, .. } = *args;
    let schedule = Multistage::with_trajectory(steps, ram, disk, trajectory(args.trajectory))?;
    let in_ram = ram.min(schedule.slots());
    let peaks = [in_ram, schedule.slots() - in_ram];
    let tiers =
        peaks.into_iter().zip(schedule.traffic()).map(|(peak, traffic)| tier(peak, traffic));
    let closed = Closed {
        advances: schedule.costs().advances,
        tiers: Some(tiers.collect()),
        makespan: None,
    };
    let title = format!("multistage, {}, {ram} in RAM, {disk} on disk", counted(steps, "step"));
    let memory = MemoryModel::tiers(&[ram, disk]);
    Ok(plain(title, steps, schedule, memory, (closed, BINOMIAL)))
}

fn two_level(args: &cli::TwoLevelArgs) -> Result<Solved, Unsolved> {
    let cli::TwoLevelArgs { steps, period, slots, .. } = *args;
    let schedule = TwoLevel::new(steps, period, slots)?;
    let costs = schedule.costs();
    let (blocks, last) = (steps / period, steps % period);
    // Of the reads, those of a block's own snapshot; a block of one step reads it once.
    let of_block =
        |length: u64| match slot_traffic(length, slots.saturating_add(1), Trajectory::Maximum) {
            _ if length < 2 => Some(length),
            Ok(traffic) => Some(traffic[0].reads + 1),
            Err(_) => None,
        };
    let full = if blocks > 0 { of_block(period) } else { Some(0) };
    let disk_reads = full.zip(of_block(last)).map(|(full, last)| blocks * full + last);
    let disk_writes = schedule.disk_slots();
    let tiers = disk_reads.map(|reads| {
        let disk = Traffic { writes: disk_writes, reads };
        let ram = Traffic { writes: costs.writes - disk_writes, reads: costs.reads - reads };
        vec![tier(schedule.ram_slots(), ram), tier(disk_writes, disk)]
    });
    let closed = Closed { advances: costs.advances, tiers, makespan: None };
    let title = blocks_of("two-level", args);
    let memory = MemoryModel::tiers(&[slots, disk_writes]);
    let optimum = if steps == 0 { KEEPS_ALL } else { UNLIMITED_DISK };
    Ok(plain(title, steps, schedule, memory, (closed, optimum)))
}

fn blocks_of(family: &str, args: &cli::TwoLevelArgs) -> String {
    let cli::TwoLevelArgs { steps, period, slots, .. } = *args;
    format!("{}, period {period}", titled(family, steps, slots))
}

fn asynchronous(args: &cli::TwoLevelArgs) -> Result<Solved, Unsolved> {
    let cli::TwoLevelArgs { steps, period, slots, .. } = *args;
    let schedule = Asynchronous::new(steps, period, slots)?;
    let (costs, blocks) = (schedule.costs(), schedule.slow_slots());
    // Each transfer happens once.
    let disk = Traffic { writes: blocks, reads: blocks };
    let ram = Traffic { writes: costs.writes - blocks, reads: costs.reads - blocks };
    let closed = Closed {
        advances: costs.advances,
        tiers: Some(vec![tier(schedule.ram_slots(), ram), tier(blocks, disk)]),
        makespan: None,
    };
    let least = u128::from(steps.saturating_sub(1));
    let optimum = if costs.advances == least { ONE_SWEEP } else { UNLIMITED_DISK };
    let memory = MemoryModel::tiers(&[slots, blocks]);
    Ok(plain(blocks_of("asynchronous", args), steps, schedule, memory, (closed, optimum)))
}

/// How a schedule over memory and disk is made.
type MakeDisk = fn(u64, u64, TierCost, f64, f64) -> Result<DiskRevolve, ScheduleError>;

fn disk_revolve(args: &cli::DiskArgs, family: &str, make: MakeDisk) -> Result<Solved, Unsolved> {
    let cli::DiskArgs { steps, slots, write_cost, read_cost, costs, .. } = *args;
    let disk = TierCost { write: write_cost, read: read_cost };
    let schedule = make(steps, slots, disk, costs.uf, costs.ub)?;
    let makespan = schedule.makespan();
    // Beyond 2^40 steps there is no optimum to compare with.
    let best = DiskRevolve::new(steps, slots, disk, costs.uf, costs.ub);
    let optimum = match best {
        Ok(best) if makespan <= best.makespan() => Optimum::Proven(
            "the recurrence of Aupy, Herrmann, Hovland & Robert (2016), solved in closed form",
        ),
        Ok(_) => Optimum::Open("disk-revolve, which may read a snapshot again, takes less"),
        Err(_) => Optimum::Open("there are too many steps for the recurrence"),
    };
    let closed = Closed { advances: schedule.advances(), tiers: None, makespan: Some(makespan) };
    let memory = MemoryModel::tiers(&[slots, schedule.disk_writes()]);
    let title = titled(family, steps, slots);
    let solved = plain(title, steps, schedule, memory, (closed, optimum));
    let tiers = vec![TierCost::default(), disk];
    Ok(Solved { costs: CostModel { tiers, ..CostModel::steps(costs.uf, costs.ub) }, ..solved })
}

fn h_revolve(args: &cli::HRevolveArgs) -> Result<Solved, Unsolved> {
    let cli::HRevolveArgs { steps, tiers, costs, .. } = args;
    let (steps, tiers) = (*steps, &tiers.0);
    let schedule = HRevolve::new(steps, tiers, costs.uf, costs.ub)?;
    let optimum = if schedule.proven_optimal() {
        RECURRENCE
    } else {
        Optimum::Open(
            "the recurrence uses tiers in one order, but some are cheaper to write and dearer to \
             read than others",
        )
    };
    let slots: Vec<u64> = tiers.iter().map(|tier| tier.slots).collect();
    let named: Vec<String> = slots.iter().map(u64::to_string).collect();
    let title = format!("h-revolve, {}, slots {}", counted(steps, "step"), named.join(" + "));
    let memory = MemoryModel::tiers(&slots);
    let solved = plain(title, steps, schedule, memory, (Closed::default(), optimum));
    let free = tiers.iter().all(|tier| tier.slots == 0 || tier.cost == TierCost::default());
    let slots = slots.into_iter().fold(0, u64::saturating_add);
    // Tiers that cost nothing are one tier; of others nothing is known without following actions.
    let closed = if free { Costs::revolve(steps, slots).ok() } else { None };
    let closed = closed.map(|costs| Closed { advances: costs.advances, ..Closed::default() });
    let prices = tiers.iter().map(|tier| tier.cost).collect();
    let costs = CostModel { tiers: prices, ..CostModel::steps(costs.uf, costs.ub) };
    Ok(Solved { costs, closed, ..solved })
}

fn mixed(args: &cli::MixedArgs) -> Result<Solved, Unsolved> {
    let cli::MixedArgs { steps, slots, restart_size, adjoint_size } = *args;
    let schedule = Mixed::new(steps, slots, restart_size, adjoint_size)?;
    let closed = recorded_once(schedule.total_forward(), steps);
    let title = format!(
        "mixed, {}, capacity {slots}, restart {restart_size}, adjoint {adjoint_size}",
        counted(steps, "step")
    );
    let memory = MemoryModel::units(slots, restart_size, adjoint_size);
    let solved = plain(title, steps, schedule, memory, (closed, RECURRENCE));
    Ok(Solved { measure: Measure::Units, ..solved })
}

/// Advances, where every step is recorded once; nothing is known about tiers.
fn recorded_once(total_forward: u128, steps: u64) -> Closed {
    Closed { advances: total_forward - u128::from(steps), ..Closed::default() }
}

fn cams(args: &cli::CamsArgs) -> Result<Solved, Unsolved> {
    let cli::CamsArgs { steps, slots, stages, stiffly_accurate } = *args;
    let (method, kind) = if stiffly_accurate {
        (Method::StifflyAccurate, "stiffly accurate")
    } else {
        (Method::General, "general")
    };
    let schedule = Cams::new(steps, slots, stages, method)?;
    let closed = recorded_once(schedule.total_forward(), steps);
    let title = format!("{}, {}, {kind}", titled("cams", steps, slots), counted(stages, "stage"));
    let units = MemoryModel::units(slots, 1, stages);
    let memory = MemoryModel { adjoint_restarts: stiffly_accurate, ..units };
    let solved = plain(title, steps, schedule, memory, (closed, RECURRENCE));
    Ok(Solved { measure: Measure::Units, ..solved })
}

fn online(args: &cli::OnlineArgs) -> Result<Solved, Unsolved> {
    let cli::OnlineArgs { steps, slots, rule, disk_period } = *args;
    match (disk_period, rule) {
        (None, cli::Rule::Targets) => {
            // With one slot there is nothing to decide.
            expect_followed("online", steps, if slots > 1 { MOST_ONLINE_STEPS } else { u64::MAX })?;
            online_in_ram("online", args, Online::known_end(steps, slots)?)
        }
        (None, cli::Rule::WangMoin) => {
            expect_followed("online by Wang, Moin & Iaccarino", steps, MOST_STORED_STEPS)?;
            Costs::revolve(steps, slots)?;
            let run = Online::with_rule(slots.max(1), OnlineRule::WangMoin)?.until_end(steps);
            online_in_ram("online (wang-moin)", args, run)
        }
        (Some(period), cli::Rule::Targets) => online_on_disk(args, period),
        (Some(_), cli::Rule::WangMoin) => {
            let message = "`--disk-period` goes with `--rule targets`, and not with wang-moin";
            Err(RunError::new(message).help("leave one of the two out").into())
        }
    }
}

/// Refuses more steps than somebody waits for.
fn expect_followed(what: &str, steps: u64, most: u64) -> Result<(), RunError> {
    if steps <= most {
        return Ok(());
    }
    let message = format!(
        "{what}, {steps} steps: every decision has to be followed, and allowed are at most \
         {most} steps"
    );
    Err(RunError::new(message).help("take fewer steps, or revolve"))
}

fn online_in_ram(
    family: &str,
    args: &cli::OnlineArgs,
    schedule: KnownEnd,
) -> Result<Solved, Unsolved> {
    let cli::OnlineArgs { steps, slots, .. } = *args;
    let advances = schedule.advances();
    let optimum = if Costs::revolve(steps, slots)?.advances == advances {
        Optimum::Proven("whoever knew the number of steps from the start would need as many")
    } else {
        Optimum::Open("whoever knew the number of steps from the start would need fewer: revolve")
    };
    let closed = Closed { advances, ..Closed::default() };
    let memory = MemoryModel::slots(slots);
    Ok(plain(titled(family, steps, slots), steps, schedule, memory, (closed, optimum)))
}

fn online_on_disk(args: &cli::OnlineArgs, period: u64) -> Result<Solved, Unsolved> {
    let cli::OnlineArgs { steps, slots, .. } = *args;
    let on_disk = steps.div_ceil(period);
    if on_disk > MOST_STORED_STEPS {
        let message = format!(
            "online, {steps} steps: one on disk every {period} makes {on_disk} snapshots, and \
             allowed are at most {MOST_STORED_STEPS}"
        );
        return Err(RunError::new(message).help("take a longer period, or two-level").into());
    }
    expect_followed("online with a disk", steps, MOST_ONLINE_STEPS)?;
    let schedule = Online::with_disk(slots, period)?.until_end(steps);
    let advances = schedule.advances();
    let least = u128::from(steps.saturating_sub(1));
    let optimum = if advances == least { ONE_SWEEP } else { UNLIMITED_DISK };
    let closed = Closed { advances, ..Closed::default() };
    let title = format!("{}, on disk every {period}", titled("online", steps, slots));
    let memory = MemoryModel::tiers(&[slots, on_disk]);
    Ok(plain(title, steps, schedule, memory, (closed, optimum)))
}

fn uneven(args: &cli::UnevenArgs) -> Result<Solved, Unsolved> {
    let UnevenFile { name, steps: given } = UnevenFile::read(&args.file, args.budget.is_some())?;
    let steps = given.steps();
    let (schedule, room, measure) = match (args.budget, args.slots) {
        (Some(budget), _) => {
            (given.solve_bytes(budget)?, format!("budget {budget}"), Measure::Units)
        }
        (None, slots) => {
            let slots = slots.unwrap_or(0);
            (given.solve_slots(slots)?, counted(slots, "slot"), Measure::Slots)
        }
    };
    let optimum = if schedule.proven_optimal() {
        Optimum::Proven("its makespan is a bound that no schedule within the same memory beats")
    } else {
        Optimum::Open(
            "the best that was found: schedules that drop what they need again are not searched, \
             and of many steps not all choices are",
        )
    };
    let name = name.map_or_else(|| "uneven".to_owned(), |name| format!("uneven {name}"));
    let title = format!("{name}, {}, {room}", counted(steps, "step"));
    let memory = schedule.memory().clone();
    let plan = Plan::Steps { schedule: AnySchedule::new(schedule.actions()), memory };
    let UnevenSteps { forward, adjoint, .. } = given;
    let costs = CostModel { forward: PerStep::Each(forward), adjoint, tiers: Vec::new() };
    Ok(Solved { title, steps, optimum, measure, plan, costs, closed: None })
}

fn chain(args: &cli::ChainArgs) -> Result<Solved, Unsolved> {
    let file = ChainFile::read(&args.file)?;
    let persistence =
        if args.non_persistent { Persistence::NonPersistent } else { Persistence::Persistent };
    let options = ChainOptions { persistence, levels: None };
    let schedule = file.chain.solve_with(args.budget, options)?;
    let optimum = match (schedule.proven_optimal(), persistence) {
        (true, _) if schedule.makespan() == file.chain.ideal_time() => KEEPS_ALL,
        (true, _) => {
            Optimum::Proven("the recurrence over all persistent schedules, solved to the end")
        }
        (false, Persistence::NonPersistent) => Optimum::Open(
            "never slower than the best persistent schedule; no way is known to prove more",
        ),
        (false, Persistence::Persistent) => {
            Optimum::Open("memory was rounded to levels: the budget is too fine for the table")
        }
    };
    let name = file.name.map_or_else(|| "chain".to_owned(), |name| format!("chain {name}"));
    let title = format!("{name}, {}, budget {}", counted(schedule.steps(), "stage"), args.budget);
    let (steps, costs) = (schedule.steps(), CostModel::steps(1.0, 1.0));
    let plan = Plan::Chain { chain: file.chain, schedule };
    Ok(Solved { title, steps, optimum, measure: Measure::Memory, plan, costs, closed: None })
}

fn join(args: &cli::JoinArgs) -> Result<Solved, Unsolved> {
    let JoinFile { graph } = JoinFile::read(&args.file)?;
    let schedule = graph.solve(args.slots)?;
    let lengths: Vec<String> = graph.branches().iter().map(u64::to_string).collect();
    let trunk =
        graph.trunk().map_or_else(String::new, |steps| format!(" after a trunk of {steps}"));
    let branches = lengths.join(", ");
    let title = format!("join, branches {branches}{trunk}, {}", counted(args.slots, "slot"));
    let plan_memory = graph.memory(args.slots);
    let (steps, least) = extent(&graph);
    let optimum = if schedule.forward_steps() == u128::from(least) {
        ONE_SWEEP
    } else if graph.branches().len() == 1 {
        BINOMIAL
    } else {
        Optimum::Open(
            "the recurrence over all segments reversed in one piece, solved to the end; that \
             nothing else is better is known from searches of small graphs only",
        )
    };
    let closed = match *graph.branches() {
        [branch] => Some(one_branch(branch, args.slots)?),
        // Tables bound how long the branches are: they can be followed.
        _ => None,
    };
    let plan = Plan::Join { graph, memory: plan_memory, schedule };
    let costs = CostModel::steps(1.0, 1.0);
    Ok(Solved { title, steps, optimum, measure: Measure::Slots, plan, costs, closed })
}

/// The counts of Revolve over a branch and its step into the loss, but for the initial state,
/// which is stored from the start and loaded before the first sweep.
fn one_branch(branch: u64, slots: u64) -> Result<Closed, Unsolved> {
    let costs = Costs::revolve(branch + 1, slots)?;
    let traffic = Traffic { writes: costs.writes.saturating_sub(1), reads: branch + 1 };
    let tiers = Some(vec![tier(slots.min(branch).max(1), traffic)]);
    Ok(Closed { advances: costs.advances, tiers, makespan: None })
}

/// Steps to reverse, and those of one forward sweep: the last step of each branch leads into the
/// loss, and is reversed, but never advanced.
fn extent(graph: &JoinGraph) -> (u64, u64) {
    let forward = graph.branches().iter().sum::<u64>() + graph.trunk().unwrap_or(0);
    (forward + graph.branches().len() as u64, forward)
}
