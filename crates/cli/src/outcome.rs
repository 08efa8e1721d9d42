//! What commands return. Field names are the keys of `--json`, on which scripts rely.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Serialize;

use crate::numerics::schedule::Lanes;

/// Result of `check`.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct CheckOutcome {
    /// Whether every test and every rule passed.
    pub passed: bool,
    /// The dot-product test.
    pub dot_product: DotProduct,
    /// The Taylor test.
    pub taylor: Taylor,
    /// What encoded snapshots do to the gradient; nothing if the plan encodes nothing with loss.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gradient_error: Option<GradientError>,
    /// Geometry, stability, sampling, absorbing layer.
    pub rules: Vec<RuleOutcome>,
}

/// The error that encoded snapshots cause in the gradient of the first shot.
#[derive(Clone, Copy, PartialEq, Debug, Serialize)]
pub struct GradientError {
    /// `|g - g_exact| / |g_exact|`.
    pub relative_error: f64,
    /// What the job allows.
    pub allowed: f64,
}

/// `<Fx, y> = <x, F^T y>`.
#[derive(Clone, Copy, PartialEq, Debug, Serialize)]
pub struct DotProduct {
    /// `|a - b| / (|Fx| |y|)`, y aligned with Fx.
    pub relative_error: f64,
    /// The most that passes in the job's precision.
    pub allowed: f64,
}

/// Orders at which Taylor remainders fall.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Taylor {
    /// Of `|J(m + h p) - J(m)|`: 1 in theory.
    pub slopes_first: Vec<f64>,
    /// Of `|J(m + h p) - J(m) - h <g, p>|`: 2 in theory.
    pub slopes_second: Vec<f64>,
}

/// One rule of the job that needs numbers.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct RuleOutcome {
    /// Such as `stability`, `sampling`, `absorbing layer`.
    pub name: String,
    /// How it went.
    pub verdict: Verdict,
    /// What was found, what is allowed, and what to do.
    pub message: String,
}

/// How a rule went.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// As it should be.
    Passed,
    /// It runs, but the result may suffer.
    Warned,
    /// It must not run.
    Failed,
}

/// Result of `plan`.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct PlanOutcome {
    /// `store-all`, `revolve`, `mixed`, `asynchronous`, `recording` or `disk-revolve`.
    pub strategy: String,
    /// Snapshots per shot, where the strategy counts them.
    pub snapshots: usize,
    /// The strategy with all its parameters, in words.
    pub description: String,
    /// Where the snapshots of one shot are.
    pub tiers: Vec<TierOutcome>,
    /// What was not chosen, and why; the best first.
    pub runners_up: Vec<RunnerUpOutcome>,
    /// Shots computed at the same time.
    pub shots_in_parallel: usize,
    /// The most memory of the process.
    pub predicted_peak_bytes: u64,
    /// Memory of one more shot in flight.
    pub bytes_per_shot: u64,
    /// What the job allows.
    pub budget_bytes: u64,
    /// Forward steps in all, relative to one forward run.
    pub predicted_recompute_factor: f64,
    /// Time of the whole job, if the machine has been measured.
    pub predicted_seconds: Option<f64>,
    /// Nodes per axis, absorbing layer included.
    pub padded_shape: Vec<usize>,
    /// Time steps.
    pub steps: usize,
    /// Time step in seconds.
    pub dt_s: f64,
}

/// One tier of one shot.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct TierOutcome {
    /// `ram` or the folder.
    pub place: String,
    /// The most snapshots, where their number is what limits the tier.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slots: Option<u64>,
    /// The most bytes, where they are what limits it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capacity_bytes: Option<u64>,
    /// How snapshots are encoded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub codec: Option<String>,
}

/// A strategy that was not chosen.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct RunnerUpOutcome {
    /// With all its parameters, in words.
    pub description: String,
    /// Where snapshots would be.
    pub tiers: Vec<TierOutcome>,
    /// Predicted seconds of one gradient, or its share of forward steps where nothing was measured.
    pub predicted_seconds: Option<f64>,
    /// The most memory of the process.
    pub predicted_peak_bytes: u64,
    /// Why it was not chosen.
    pub reason: String,
}

/// Which program ran which job, and how it uses the machine: what `run.json` begins with.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Run {
    /// `model`, `gradient` or `invert`.
    pub command: String,
    /// Version of the program.
    pub version: String,
    /// Commit that it was built from, if it knows. Changes on top are not seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// Name of the job; all of it is in `job.toml` of the folder.
    pub job: String,
    /// Where results lie.
    pub folder: PathBuf,
    /// `c` or `interpreter`.
    pub backend: String,
    /// Worker threads.
    pub threads: usize,
    /// As in [`PlanOutcome`]; nothing is kept by `model`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strategy: Option<String>,
    /// Snapshots per shot, where the strategy counts them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub snapshots: Option<usize>,
    /// Shots computed at the same time.
    pub shots_in_parallel: usize,
    /// What the job allows.
    pub budget_bytes: u64,
    /// The most memory of the process, as planned.
    pub predicted_peak_bytes: u64,
}

/// What every run measures.
#[derive(Clone, PartialEq, Debug, Default, Serialize)]
pub struct Cost {
    /// Wall-clock time.
    pub seconds: f64,
    /// The most memory of the process; of a run that was resumed, of any of its processes.
    pub peak_rss_bytes: u64,
    /// Grid-point updates per second.
    pub points_per_second: f64,
}

/// Result of `model`.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct ModelOutcome {
    /// What ran.
    #[serde(flatten)]
    pub run: Run,
    /// Files of recordings, relative to the folder.
    pub data: Vec<PathBuf>,
    /// Cost of the run.
    #[serde(flatten)]
    pub cost: Cost,
}

/// Result of `gradient`.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct GradientOutcome {
    /// What ran.
    #[serde(flatten)]
    pub run: Run,
    /// Misfit at the start model: one entry per stage that was evaluated.
    pub misfit: Vec<f64>,
    /// Relative model error of the start model, if the truth is known.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub model_error: Vec<f64>,
    /// Norm of the gradient.
    pub gradient_norm: f64,
    /// Cost of the run.
    #[serde(flatten)]
    pub cost: Cost,
}

/// Result of `invert`.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct InvertOutcome {
    /// What ran.
    #[serde(flatten)]
    pub run: Run,
    /// Misfit per iteration, all stages in a row.
    pub misfit: Vec<f64>,
    /// Relative model error per iteration, if the truth is known.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub model_error: Vec<f64>,
    /// How each stage went.
    pub stages: Vec<StageOutcome>,
    /// Evaluations of misfit and gradient in all.
    pub evaluations: usize,
    /// Cost of the run.
    #[serde(flatten)]
    pub cost: Cost,
}

/// How a stage went.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct StageOutcome {
    /// Frequency in Hz.
    pub frequency_hz: f64,
    /// Iterations done.
    pub iterations: usize,
    /// Evaluations of misfit and gradient, line search included.
    pub evaluations: usize,
    /// Misfit at the end relative to the start of the stage.
    pub misfit_ratio: f64,
    /// The rule that ended it, in words.
    pub stopped_by: String,
}

/// Result of `compile`: the text after each stage, the report of each step.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct CompileOutcome {
    /// The language, if programs are shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Name of the stage (`1 discretised`, `2 adjoint`, ..., or the step of a C text) to its text.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub programs: BTreeMap<String, String>,
    /// What the steps cost, in the order in which they run, with `--report`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub reports: Vec<ReportOutcome>,
}

/// What a step costs per grid point, and what bounds it.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct ReportOutcome {
    /// `forward`, `record` or `reverse`.
    pub step: String,
    /// `f32` or `f64`.
    pub dtype: String,
    /// Floating-point operations, all sweeps.
    pub flops_per_point: f64,
    /// Memory traffic, all sweeps: the sum of the three below.
    pub bytes_per_point: f64,
    /// Read.
    pub read_bytes_per_point: f64,
    /// Written.
    pub written_bytes_per_point: f64,
    /// Read because they are about to be written.
    pub allocated_bytes_per_point: f64,
    /// Arithmetic intensity.
    pub flops_per_byte: Option<f64>,
    /// Sweep by sweep.
    pub sweeps: Vec<SweepOutcome>,
    /// What the bounds are for.
    pub machine: Option<MachineOutcome>,
    /// The least time, for some numbers of steps that go over the grid together.
    pub bounds: Vec<BoundOutcome>,
}

/// One sweep over the grid.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct SweepOutcome {
    /// Steps from one to the next.
    pub every: u32,
    /// Its parts.
    pub parts: Vec<PartOutcome>,
}

/// One part of a sweep, per point of its region.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct PartOutcome {
    /// Where.
    pub region: String,
    /// Whether it covers most of the grid.
    pub interior: bool,
    /// Floating-point operations.
    pub flops: usize,
    /// Sums and differences.
    pub additions: usize,
    /// Products.
    pub multiplications: usize,
    /// Two flops each.
    pub fused_multiply_adds: usize,
    /// Quotients.
    pub divisions: usize,
    /// Square roots.
    pub square_roots: usize,
    /// No flops: signs, minima, choices.
    pub others: usize,
    /// Distinct reads.
    pub loads: usize,
    /// Levels written.
    pub stores: usize,
    /// Pointers to rows.
    pub rows: usize,
    /// From memory.
    pub read_bytes: f64,
    /// To memory.
    pub written_bytes: f64,
    /// Read because they are about to be written.
    pub allocated_bytes: f64,
}

/// What the threads of a machine can do at best, measured or stated.
#[derive(Clone, Copy, PartialEq, Debug, Serialize)]
pub struct MachineOutcome {
    /// Threads.
    pub threads: usize,
    /// Bandwidth of a copy.
    pub copy_gb_per_s: f64,
    /// Speed of fused multiply-adds.
    pub peak_gflops: f64,
}

/// The least time of a step per grid point.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct BoundOutcome {
    /// Steps that go over the grid together.
    pub steps_together: usize,
    /// Memory traffic.
    pub bytes_per_point: f64,
    /// Its time.
    pub memory_ns_per_point: f64,
    /// The time of the operations.
    pub arithmetic_ns_per_point: f64,
    /// `memory` or `arithmetic`.
    pub bound_by: String,
    /// 10^9 grid-point updates per second at most.
    pub gpoints_per_s: f64,
}

/// Result of `bench`.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct BenchOutcome {
    /// What was measured.
    pub case: String,
    /// Worker threads.
    pub threads: usize,
    /// 10^9 grid-point updates per second.
    pub gpoints_per_s: f64,
    /// Memory traffic that an update needs.
    pub bytes_per_point: f64,
    /// Effective bandwidth.
    pub gb_per_s: f64,
    /// Bandwidth of a copy, measured in the same run.
    pub copy_gb_per_s: f64,
    /// `gb_per_s / copy_gb_per_s`.
    pub fraction_of_copy: f64,
}

/// Result of `schedule`. Tiers go by their number.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct ScheduleOutcome {
    /// The family and its options, in words.
    pub schedule: String,
    /// There is such a schedule.
    pub feasible: bool,
    /// Steps that are reversed.
    pub steps: u64,
    /// Forward steps run without recording: advances.
    pub forward_steps: u128,
    /// Forward steps run in all.
    pub total_forward: u128,
    /// Forward steps beyond one per step, for `cams`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extra_forward_steps: Option<u128>,
    /// Forward steps run per step reversed.
    pub recompute_factor: f64,
    /// `uf advances + ub n + w writes + r reads`; of a chain, the time of all stages.
    pub makespan: f64,
    /// The most snapshots in each tier at a time; null where nobody counted.
    pub peak: Option<BTreeMap<u32, u64>>,
    /// The most units in each tier at a time, where snapshots differ in size.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peak_units: Option<BTreeMap<u32, u64>>,
    /// The most memory at a time, everything included, for `chain`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peak_memory: Option<u64>,
    /// Stores in each tier; null where nobody counted.
    pub writes: Option<BTreeMap<u32, u64>>,
    /// Loads from each tier; null where nobody counted.
    pub reads: Option<BTreeMap<u32, u64>>,
    /// Whether no schedule within the same slots and costs is better.
    pub proven_optimal: bool,
    /// Why.
    pub reason: &'static str,
    /// What the run would take, if it was simulated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeline: Option<Lanes>,
}

/// Result of `schedule` where there is none.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct InfeasibleOutcome {
    /// False.
    pub feasible: bool,
    /// The least with which a schedule exists.
    pub minimum: u64,
    /// What was given.
    pub given: u64,
    /// Of what.
    pub what: String,
}

/// A family, as `schedule` lists it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct FamilyOutcome {
    /// Its name on the command line.
    pub family: String,
    /// What it does.
    pub about: String,
}
