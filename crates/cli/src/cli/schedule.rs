//! Arguments of `schedule`: one subcommand per family.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::values::{Tiers, at_least_one, cost, count};
use crate::output::Format;

/// Arguments of `schedule`.
#[derive(Args, Debug)]
pub struct ScheduleArgs {
    /// Which schedule; without one the families are listed
    #[command(subcommand)]
    pub family: Option<Family>,
    /// What is printed and drawn.
    #[command(flatten)]
    pub output: OutputArgs,
}

/// Options that every family takes.
#[derive(Args, Debug)]
pub struct OutputArgs {
    /// Print exactly one JSON object on standard output
    #[arg(long, global = true)]
    json: bool,
    /// List the actions as well
    #[arg(long, global = true)]
    pub actions: bool,
    /// Draw step against time, with the life of every snapshot
    #[arg(long, global = true, value_name = "FILE.svg")]
    pub plot: Option<PathBuf>,
    /// Count by following every action, however many there are
    #[arg(long, global = true)]
    pub replay: bool,
}

impl OutputArgs {
    /// How to print the result.
    pub fn format(&self) -> Format {
        super::format(self.json)
    }
}

/// The families of schedules.
#[derive(Subcommand, Debug)]
pub enum Family {
    /// Record every step in one sweep: nothing is computed twice
    #[command(after_help = "Examples:\n  retrograd schedule store-all --steps 100")]
    StoreAll(StoreArgs),
    /// Keep the initial state alone and run from it to every step
    #[command(after_help = "Examples:\n  retrograd schedule store-none --steps 100")]
    StoreNone(StoreArgs),
    /// Snapshots at equal distances, every slot filled once
    #[command(after_help = "Examples:\n  retrograd schedule no-reuse --steps 1000 --slots 10")]
    NoReuse(StoreArgs),
    /// Snapshots at equal distances, freed slots used again between them
    #[command(after_help = "Examples:\n  retrograd schedule memory-reuse --steps 1000 --slots 10")]
    MemoryReuse(StoreArgs),
    /// Fewest forward steps for a known number of steps and slots
    #[command(after_help = "Examples:\n  retrograd schedule revolve --steps 1000 --slots 10\n  \
        retrograd schedule revolve --steps 20 --slots 3 --json --actions\n  \
        retrograd schedule revolve --steps 60 --slots 4 --plot revolve.svg")]
    Revolve(RevolveArgs),
    /// Revolve with the busiest slots in RAM and the others on disk
    #[command(
        after_help = "Examples:\n  retrograd schedule multistage --steps 1000 --ram 5 --disk 20"
    )]
    Multistage(MultistageArgs),
    /// Snapshots on disk every p steps, Revolve in RAM between them
    #[command(after_help = "Examples:\n  \
        retrograd schedule two-level --steps 1000 --period 50 --slots 5")]
    TwoLevel(TwoLevelArgs),
    /// As two-level, every transfer in the background and done once
    #[command(after_help = "Examples:\n  \
        retrograd schedule asynchronous --steps 1000 --period 50 --slots 5\n  \
        retrograd schedule asynchronous --steps 100 --period 10 --slots 3 --timeline time.svg \\\n    \
        --write-seconds 8 --read-seconds 4")]
    Asynchronous(TwoLevelArgs),
    /// Least makespan with slots in memory and a disk without limit
    #[command(after_help = "Examples:\n  \
        retrograd schedule disk-revolve --steps 1000 --slots 10 --write-cost 5 --read-cost 5\n  \
        retrograd schedule disk-revolve --steps 200 --slots 3 --write-cost 4 --read-cost 2 \\\n    \
        --uf 1 --ub 2 --plot disk.svg")]
    DiskRevolve(DiskArgs),
    /// As disk-revolve, every snapshot on disk read once
    #[command(after_help = "Examples:\n  \
        retrograd schedule disk-revolve-one-read --steps 1000 --slots 10 --write-cost 5 \\\n    \
        --read-cost 5")]
    DiskRevolveOneRead(DiskArgs),
    /// As disk-revolve-one-read, snapshots on disk at equal distances
    #[command(after_help = "Examples:\n  \
        retrograd schedule periodic-disk-revolve --steps 1000 --slots 10 --write-cost 5 \\\n    \
        --read-cost 5")]
    PeriodicDiskRevolve(DiskArgs),
    /// Least makespan over any tiers, each with slots and costs
    #[command(after_help = "Examples:\n  \
        retrograd schedule h-revolve --steps 100 --tiers 5:0:0,20:2:2,100:10:10\n  \
        retrograd schedule h-revolve --steps 100 --tiers 5:0:0,20:2:2 --uf 1 --ub 2 --json")]
    HRevolve(HRevolveArgs),
    /// Restart and adjoint data share the capacity
    #[command(after_help = "Examples:\n  retrograd schedule mixed --steps 250 --slots 20\n  \
        retrograd schedule mixed --steps 250 --slots 20 --restart-size 1 --adjoint-size 4")]
    Mixed(MixedArgs),
    /// Methods of several stages: a slot holds a state or one stage
    #[command(after_help = "Examples:\n  \
        retrograd schedule cams --steps 50 --slots 10 --stages 4 --stiffly-accurate")]
    Cams(CamsArgs),
    /// The number of steps is not known until the last one begins
    #[command(after_help = "Examples:\n  retrograd schedule online --steps 100 --slots 5\n  \
        retrograd schedule online --steps 100 --slots 5 --rule wang-moin\n  \
        retrograd schedule online --steps 1000 --slots 5 --disk-period 50")]
    Online(OnlineArgs),
    /// Steps that differ in cost, states that differ in size
    #[command(after_help = "Examples:\n  \
        retrograd schedule uneven --file uneven.json --slots 2\n  \
        retrograd schedule uneven --file uneven.json --budget 14 --json\n\n\
        An entry for each step; without `reverse` each costs 1; `size` is needed for \
        --budget.\n\nThe file:\n  \
        {\"name\": \"adaptive\", \"forward\": [1, 1, 9, 1, 1, 1],\n   \
        \"reverse\": [2, 2, 18, 2, 2, 2], \"size\": [4, 4, 6, 10, 4, 4]}")]
    Uneven(UnevenArgs),
    /// Stages that differ in time and memory, within a budget for everything
    #[command(after_help = "Examples:\n  \
        retrograd schedule chain --file chain.json --budget 20\n\nThe file:\n  \
        {\"name\": \"three stages\", \"L\": 3,\n   \
        \"x\": [2, 5, 1, 3], \"xb\": [0, 8, 6, 6], \"f\": [2, 8, 8], \"ff\": [2, 8, 8],\n   \
        \"b\": [13, 4, 2], \"tf\": [1, 0, 1], \"tn\": [1, 2, 0], \"tb\": [2, 1, 1, 0]}")]
    Chain(ChainArgs),
    /// Several chains that meet in one loss
    #[command(after_help = "Examples:\n  retrograd schedule join --file join.json --slots 4\n\n\
        The file:\n  {\"branches\": [3, 2]}")]
    Join(JoinArgs),
}

impl Family {
    /// The machine of a timeline, for families of several tiers.
    pub fn timeline(&self) -> Option<&TimelineArgs> {
        match self {
            Self::Multistage(args) => Some(&args.timeline),
            Self::TwoLevel(args) | Self::Asynchronous(args) => Some(&args.timeline),
            Self::DiskRevolve(args)
            | Self::DiskRevolveOneRead(args)
            | Self::PeriodicDiskRevolve(args) => Some(&args.timeline),
            Self::HRevolve(args) => Some(&args.timeline),
            Self::StoreAll(_)
            | Self::StoreNone(_)
            | Self::NoReuse(_)
            | Self::MemoryReuse(_)
            | Self::Revolve(_)
            | Self::Mixed(_)
            | Self::Cams(_)
            | Self::Online(_)
            | Self::Uneven(_)
            | Self::Chain(_)
            | Self::Join(_) => None,
        }
    }
}

/// Options of the families that keep all, nothing, or equally many steps apart.
#[derive(Args, Debug)]
pub struct StoreArgs {
    /// Steps to reverse
    #[arg(long, value_name = "N", value_parser = count, allow_negative_numbers = true)]
    pub steps: u64,
    /// Snapshots at a time, the initial state included; by default as many as are of use
    #[arg(long, value_name = "C", value_parser = count, allow_negative_numbers = true)]
    pub slots: Option<u64>,
}

/// Options of `revolve`.
#[derive(Args, Debug)]
pub struct RevolveArgs {
    /// Steps to reverse
    #[arg(long, value_name = "N", value_parser = count, allow_negative_numbers = true)]
    pub steps: u64,
    /// Snapshots at a time, the initial state included
    #[arg(long, value_name = "C", value_parser = count, allow_negative_numbers = true)]
    pub slots: u64,
    /// Which of the optimal distances is taken
    #[arg(long, value_enum, default_value_t = Trajectory::Revolve)]
    pub trajectory: Trajectory,
}

/// Options of `multistage`.
#[derive(Args, Debug)]
pub struct MultistageArgs {
    /// Steps to reverse
    #[arg(long, value_name = "N", value_parser = count, allow_negative_numbers = true)]
    pub steps: u64,
    /// Snapshots at a time in RAM (tier 0)
    #[arg(long, value_name = "A", value_parser = count, allow_negative_numbers = true)]
    pub ram: u64,
    /// Snapshots at a time on disk (tier 1)
    #[arg(long, value_name = "B", value_parser = count, allow_negative_numbers = true)]
    pub disk: u64,
    /// Which of the optimal distances is taken
    #[arg(long, value_enum, default_value_t = Trajectory::Revolve)]
    pub trajectory: Trajectory,
    /// The machine.
    #[command(flatten)]
    pub timeline: TimelineArgs,
}

/// One of the optimal schedules of the same costs.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum Trajectory {
    /// The choice of Algorithm 799
    Revolve,
    /// The largest optimal distance: snapshots lie later
    Maximum,
}

/// Options of `two-level` and `asynchronous`.
#[derive(Args, Debug)]
pub struct TwoLevelArgs {
    /// Steps to reverse
    #[arg(long, value_name = "N", value_parser = count, allow_negative_numbers = true)]
    pub steps: u64,
    /// Steps between two snapshots on disk (tier 1)
    #[arg(long, value_name = "P", value_parser = at_least_one, allow_negative_numbers = true)]
    pub period: u64,
    /// Snapshots at a time in RAM (tier 0), those on disk not included
    #[arg(long, value_name = "S", value_parser = count, allow_negative_numbers = true)]
    pub slots: u64,
    /// The machine.
    #[command(flatten)]
    pub timeline: TimelineArgs,
}

/// Options of the families that have a disk without limit.
#[derive(Args, Debug)]
pub struct DiskArgs {
    /// Steps to reverse
    #[arg(long, value_name = "N", value_parser = count, allow_negative_numbers = true)]
    pub steps: u64,
    /// Snapshots at a time in memory (tier 0), which cost nothing
    #[arg(long, value_name = "C", value_parser = count, allow_negative_numbers = true)]
    pub slots: u64,
    /// Cost of a write to disk (tier 1)
    #[arg(long, value_name = "W", value_parser = cost, allow_negative_numbers = true)]
    pub write_cost: f64,
    /// Cost of a read from disk
    #[arg(long, value_name = "R", value_parser = cost, allow_negative_numbers = true)]
    pub read_cost: f64,
    /// Costs of the steps.
    #[command(flatten)]
    pub costs: StepCosts,
    /// The machine.
    #[command(flatten)]
    pub timeline: TimelineArgs,
}

/// What steps cost.
#[derive(Args, Clone, Copy, Debug)]
pub struct StepCosts {
    /// Cost of a forward step that is not recorded
    #[arg(long, value_name = "UF", value_parser = cost, allow_negative_numbers = true, default_value = "1")]
    pub uf: f64,
    /// Cost of a reverse step, its recording included
    #[arg(long, value_name = "UB", value_parser = cost, allow_negative_numbers = true, default_value = "1")]
    pub ub: f64,
}

/// Options of `h-revolve`.
#[derive(Args, Debug)]
pub struct HRevolveArgs {
    /// Steps to reverse
    #[arg(long, value_name = "N", value_parser = count, allow_negative_numbers = true)]
    pub steps: u64,
    /// Slots and costs of a write and a read of every tier, tier 0 first: `3:0:0,10:5:5`
    #[arg(long, value_name = "C:W:R,...", allow_hyphen_values = true)]
    pub tiers: Tiers,
    /// Costs of the steps.
    #[command(flatten)]
    pub costs: StepCosts,
    /// The machine.
    #[command(flatten)]
    pub timeline: TimelineArgs,
}

/// Options of `mixed`.
#[derive(Args, Debug)]
pub struct MixedArgs {
    /// Steps to reverse
    #[arg(long, value_name = "N", value_parser = count, allow_negative_numbers = true)]
    pub steps: u64,
    /// Capacity, in the units of the sizes
    #[arg(long, value_name = "S", value_parser = count, allow_negative_numbers = true)]
    pub slots: u64,
    /// Units of the restart data of a step
    #[arg(long, value_name = "A", value_parser = at_least_one, allow_negative_numbers = true, default_value = "1")]
    pub restart_size: u64,
    /// Units of the adjoint data of a step
    #[arg(long, value_name = "B", value_parser = at_least_one, allow_negative_numbers = true, default_value = "1")]
    pub adjoint_size: u64,
}

/// Options of `cams`.
#[derive(Args, Debug)]
pub struct CamsArgs {
    /// Steps to reverse
    #[arg(long, value_name = "N", value_parser = count, allow_negative_numbers = true)]
    pub steps: u64,
    /// States and stages at a time
    #[arg(long, value_name = "S", value_parser = count, allow_negative_numbers = true)]
    pub slots: u64,
    /// Stages of a step
    #[arg(long, value_name = "L", value_parser = at_least_one, allow_negative_numbers = true)]
    pub stages: u64,
    /// The last stage of a step is the state after it
    #[arg(long)]
    pub stiffly_accurate: bool,
}

/// Options of `online`.
#[derive(Args, Debug)]
pub struct OnlineArgs {
    /// Steps to reverse; the schedule learns of it at the start of the last one
    #[arg(long, value_name = "N", value_parser = count, allow_negative_numbers = true)]
    pub steps: u64,
    /// Snapshots at a time, the initial state included
    #[arg(long, value_name = "C", value_parser = count, allow_negative_numbers = true)]
    pub slots: u64,
    /// Which states are kept
    #[arg(long, value_enum, default_value_t = Rule::Targets)]
    pub rule: Rule,
    /// Keep every P-th state on disk (tier 1) as well, whose snapshots take no slot
    #[arg(long, value_name = "P", value_parser = at_least_one, allow_negative_numbers = true)]
    pub disk_period: Option<u64>,
}

/// How an online schedule decides which states to keep.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum Rule {
    /// Fewest forward steps: optimal in passing, near to it in between
    Targets,
    /// Levels and dispensable snapshots (Wang, Moin & Iaccarino 2009), for comparison
    WangMoin,
}

/// Options of `uneven`.
#[derive(Args, Debug)]
#[command(group(clap::ArgGroup::new("room").required(true).args(["slots", "budget"])))]
pub struct UnevenArgs {
    /// Costs and sizes of the steps (JSON)
    #[arg(long, value_name = "STEPS.json")]
    pub file: PathBuf,
    /// Snapshots at a time, whatever their size, the initial state included
    #[arg(long, value_name = "C", value_parser = count, allow_negative_numbers = true)]
    pub slots: Option<u64>,
    /// The most that all snapshots take at a time, in the unit of the sizes
    #[arg(long, value_name = "M", value_parser = count, allow_negative_numbers = true)]
    pub budget: Option<u64>,
}

/// Options of `chain`.
#[derive(Args, Debug)]
pub struct ChainArgs {
    /// The chain (JSON)
    #[arg(long, value_name = "CHAIN.json")]
    pub file: PathBuf,
    /// The most memory at a time, everything included, in the unit of the file
    #[arg(long, value_name = "M", value_parser = count, allow_negative_numbers = true)]
    pub budget: u64,
    /// Consider schedules that drop what is computed again later
    #[arg(long)]
    pub non_persistent: bool,
}

/// Options of `join`.
#[derive(Args, Debug)]
pub struct JoinArgs {
    /// The lengths of the branches (JSON)
    #[arg(long, value_name = "JOIN.json")]
    pub file: PathBuf,
    /// Snapshots at a time, the initial states of all branches included
    #[arg(long, value_name = "C", value_parser = count, allow_negative_numbers = true)]
    pub slots: u64,
}

/// The machine on which a schedule over several tiers is simulated.
#[derive(Args, Debug)]
#[command(next_help_heading = "Timeline")]
pub struct TimelineArgs {
    /// Draw what every lane does when: the model, and each tier with a queue
    #[arg(long, value_name = "FILE.svg", requires_all = ["write_seconds", "read_seconds"])]
    pub timeline: Option<PathBuf>,
    /// Time of one forward step
    #[arg(long, value_name = "S", value_parser = cost, allow_negative_numbers = true, default_value = "1")]
    pub forward_seconds: f64,
    /// Time of one reverse step
    #[arg(long, value_name = "S", value_parser = cost, allow_negative_numbers = true, default_value = "1")]
    pub reverse_seconds: f64,
    /// Time of one store in any tier but the first
    #[arg(long, value_name = "S", value_parser = cost, allow_negative_numbers = true, requires = "timeline")]
    pub write_seconds: Option<f64>,
    /// Time of one load from any tier but the first
    #[arg(long, value_name = "S", value_parser = cost, allow_negative_numbers = true, requires = "timeline")]
    pub read_seconds: Option<f64>,
    /// Depth of the queue of every tier but the first; 0: the model waits for all transfers
    #[arg(long, value_name = "Q", default_value = "2")]
    pub queue: u16,
}
