//! Arguments of the command line.

pub mod schedule;
pub mod values;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::job::tree::Override;
use crate::output::Format;
use crate::templates::Template;

/// Full-waveform inversion with exact adjoints, within a memory budget.
#[derive(Parser, Debug)]
#[command(
    name = "retrograd",
    version,
    about = "Full-waveform inversion with exact adjoints, within a memory budget",
    long_about = "Full-waveform inversion with exact adjoints, within a memory budget.\n\n\
        Without a job file every command runs the embedded default job, a small synthetic basin. \
        Results go to standard output and to the run folder, progress to standard error. Exit \
        status: 0 success, 1 a failure while running, 2 a faulty command line or job.",
    after_long_help = "Examples:\n  \
        retrograd invert                       recover the default basin, about a minute\n  \
        retrograd new marmousi2 west           write west/job.toml, every key explained\n  \
        retrograd check west/job.toml          is the gradient right, is the job sound?\n  \
        retrograd plan west/job.toml           memory and time before anything runs"
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Subcommand, Debug)]
pub enum Command {
    /// Write a runnable, commented job file
    #[command(after_help = "Examples:\n  retrograd new basin\n  \
        retrograd new marmousi2 west --data ~/models/marmousi2\n  retrograd new files mine")]
    New(NewArgs),
    /// Check the job and prove its gradient: dot-product and Taylor tests
    #[command(after_help = "Examples:\n  retrograd check\n  \
        retrograd check job.toml --set physics.dtype=f64 --json")]
    Check(JobArgs),
    /// Predict memory, strategy and time, without running anything
    #[command(after_help = "Examples:\n  retrograd plan job.toml\n  \
        retrograd plan job.toml --set memory.budget=\"2 GiB\"")]
    Plan(JobArgs),
    /// Model the shots of the job and write the recordings
    #[command(after_help = "Examples:\n  retrograd model job.toml --out runs/data")]
    Model(JobArgs),
    /// Compute misfit and gradient at the start model
    #[command(after_help = "Examples:\n  retrograd gradient job.toml --threads 2\n  \
        retrograd gradient --set memory.strategy=revolve --set memory.snapshots=5")]
    Gradient(JobArgs),
    /// Recover the velocity model, stage by stage
    #[command(after_help = "Examples:\n  retrograd invert\n  \
        retrograd invert job.toml --set stage.0.iterations=3\n  \
        retrograd invert --resume runs/basin")]
    Invert(InvertArgs),
    /// Count, list and draw checkpointing schedules, of any family
    #[command(
        after_help = "Examples:\n  retrograd schedule                     list the families\n  \
        retrograd schedule revolve --steps 1000 --slots 10\n  \
        retrograd schedule multistage --steps 60 --ram 2 --disk 3 --plot multistage.svg"
    )]
    Schedule(schedule::ScheduleArgs),
    /// Show the program of one time step, forward and adjoint, and what it costs
    #[command(after_help = "Examples:\n  \
        retrograd compile job.toml                   the program, discretised, reversed, optimised\n  \
        retrograd compile --stages                   after every pass\n  \
        retrograd compile --stages --target latex    as equations\n  \
        retrograd compile --target c                 the kernels\n  \
        retrograd compile --report                   flops, bytes and bounds per grid point\n  \
        retrograd compile --report --copy 200 --peak 3000 --json")]
    Compile(CompileArgs),
    /// Measure points per second and memory bandwidth on this machine
    #[command(after_help = "Examples:\n  retrograd bench\n  \
        retrograd bench acoustic3d --threads 2 --json")]
    Bench(BenchArgs),
    /// Show what this machine offers and what it will be used for
    #[command(after_help = "Examples:\n  retrograd doctor\n  retrograd doctor --json")]
    Doctor(DoctorArgs),
    /// Remove the snapshot files that killed runs have left in a folder
    #[command(after_help = "Examples:\n  retrograd clean /scratch\n  \
        retrograd clean /scratch --dry-run\n\n\
        Files of runs that are still going are never touched.")]
    Clean(CleanArgs),
}

/// Options that every job command takes.
#[derive(Args, Clone, Debug)]
pub struct JobArgs {
    /// Job file (TOML); without it the embedded default job runs
    pub job: Option<PathBuf>,
    /// Set one key of the job, e.g. `grid.spacing='[20, 20]'`, `stage.0.frequency="4 Hz"`
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    #[command(flatten)]
    /// Options that are short for `--set`.
    pub common: CommonArgs,
}

/// Options that are short for `--set`, and the output format.
#[derive(Args, Clone, Debug)]
pub struct CommonArgs {
    /// What computes: `c` or `interpreter` (short for `--set run.backend=...`)
    #[arg(long, value_name = "NAME")]
    pub backend: Option<String>,
    /// Worker threads, or `all` (short for `--set run.threads=...`)
    #[arg(long, value_name = "N")]
    pub threads: Option<String>,
    /// Run folder (short for `--set job.output=...`)
    #[arg(long, value_name = "FOLDER")]
    pub out: Option<PathBuf>,
    /// Print exactly one JSON object on standard output
    #[arg(long)]
    json: bool,
}

/// Arguments of `new`.
#[derive(Args, Debug)]
pub struct NewArgs {
    /// Which job
    pub template: Template,
    /// Folder to write `job.toml` to; by default named like the template
    pub dir: Option<PathBuf>,
    /// Folder that holds the model files of the template
    #[arg(long, value_name = "FOLDER")]
    pub data: Option<PathBuf>,
    /// Print exactly one JSON object on standard output
    #[arg(long)]
    json: bool,
}

/// Arguments of `invert`.
#[derive(Args, Debug)]
pub struct InvertArgs {
    /// The job and its options.
    #[command(flatten)]
    pub job: JobArgs,
    /// Continue a run that was interrupted, by default that of the job's run folder
    #[arg(long, value_name = "RUN FOLDER", num_args = 0..=1)]
    pub resume: Option<Option<PathBuf>>,
}

/// Arguments of `compile`.
#[derive(Args, Debug)]
pub struct CompileArgs {
    /// The job and its options.
    #[command(flatten)]
    pub job: JobArgs,
    /// In which language; `ir` unless only a report is asked for
    #[arg(long, value_enum)]
    pub target: Option<Target>,
    /// Show the program after every pass; stages that are no C are in `ir`
    #[arg(long)]
    pub stages: bool,
    /// Report operations, memory traffic and bounds per grid point of the steps of a gradient
    #[arg(long)]
    pub report: bool,
    /// Bandwidth of a copy, in GB/s, instead of measuring it
    #[arg(long, value_name = "GB/S", requires = "report", value_parser = values::speed)]
    pub copy: Option<f64>,
    /// Peak of fused multiply-adds, in Gflop/s, instead of measuring it
    #[arg(long, value_name = "GFLOP/S", requires = "report", value_parser = values::speed)]
    pub peak: Option<f64>,
}

/// A language in which a program is shown.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum Target {
    /// The text form of stencil programs
    Ir,
    /// C
    C,
    /// CUDA C++
    Cuda,
    /// Equations
    Latex,
}

impl Target {
    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ir => "ir",
            Self::C => "c",
            Self::Cuda => "cuda",
            Self::Latex => "latex",
        }
    }
}

/// Arguments of `bench`.
#[derive(Args, Debug)]
pub struct BenchArgs {
    /// What to measure
    #[arg(value_enum, default_value_t = Case::Acoustic2d)]
    pub case: Case,
    /// Worker threads, by default one per core
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=4096))]
    pub threads: Option<u16>,
    /// Print exactly one JSON object on standard output
    #[arg(long)]
    json: bool,
}

/// A benchmark.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum Case {
    /// 1001 x 1001, space order 8
    Acoustic2d,
    /// 256 x 256 x 256, space order 8
    Acoustic3d,
    /// Tilted transverse isotropy, 192 x 192 x 192, space order 8
    Tti3d,
    /// Velocity and stress, 128 x 128 x 128, space order 8
    Elastic3d,
}

/// Arguments of `doctor`.
#[derive(Args, Debug)]
pub struct DoctorArgs {
    /// Folder whose disk is measured
    #[arg(long, value_name = "FOLDER", default_value = "runs")]
    pub out: PathBuf,
    /// Print exactly one JSON object on standard output
    #[arg(long)]
    json: bool,
}

/// Arguments of `clean`.
#[derive(Args, Debug)]
pub struct CleanArgs {
    /// The folder that jobs name in `memory.tiers`
    pub folder: PathBuf,
    /// Only say what would be removed
    #[arg(long)]
    pub dry_run: bool,
    /// Print exactly one JSON object on standard output
    #[arg(long)]
    json: bool,
}

/// A `--json` flag as a format.
fn format(json: bool) -> Format {
    if json { Format::Json } else { Format::Human }
}

impl CommonArgs {
    /// How to print the result.
    pub fn format(&self) -> Format {
        format(self.json)
    }
}

impl NewArgs {
    /// How to print the result.
    pub fn format(&self) -> Format {
        format(self.json)
    }
}

impl BenchArgs {
    /// How to print the result.
    pub fn format(&self) -> Format {
        format(self.json)
    }
}

impl CleanArgs {
    /// How to print the result.
    pub fn format(&self) -> Format {
        format(self.json)
    }
}

impl DoctorArgs {
    /// How to print the result.
    pub fn format(&self) -> Format {
        format(self.json)
    }
}

impl JobArgs {
    /// Every override, `--set` first: the short options are more explicit and win.
    pub fn overrides(&self) -> Vec<Override> {
        let sets = self.set.iter().map(|text| ("--set", text.clone()));
        let common = &self.common;
        let short = [
            ("--backend", "run.backend", common.backend.clone()),
            ("--threads", "run.threads", common.threads.clone()),
            ("--out", "job.output", common.out.as_ref().map(|out| out.display().to_string())),
        ];
        let short = short.into_iter().filter_map(|(flag, key, value)| {
            let value = value?;
            // A folder named `7` is still text.
            let text = match value.parse::<u64>() {
                Ok(_) if flag == "--threads" => format!("{key} = {value}"),
                _ => format!("{key} = {}", toml::Value::String(value)),
            };
            Some((flag, text))
        });
        sets.chain(short).map(|(flag, text)| Override { flag: flag.to_owned(), text }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_arguments_are_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_has_a_description_and_examples() {
        for command in Cli::command().get_subcommands() {
            assert!(command.get_about().is_some(), "{}", command.get_name());
            assert!(command.get_after_help().is_some(), "{}", command.get_name());
        }
    }
}
