//! One file per command: load the job, call [`crate::numerics`], print.

pub mod bench;
pub mod check;
pub mod clean;
pub mod compile;
pub mod doctor;
pub mod gradient;
pub mod invert;
pub mod model;
pub mod new;
pub mod plan;
pub mod schedule;

use std::env;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use crate::cli::{Command, JobArgs};
use crate::job::tree::Override;
use crate::job::{self, Job};
use crate::numerics::RunError;
use crate::outcome::Cost;
use crate::output::Failure;

/// Runs `command`.
///
/// # Errors
/// Whatever the command fails of; nothing has been printed about it yet.
pub fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::New(args) => new::run(&args),
        Command::Check(args) => check::run(&args, &load(&args)?),
        Command::Plan(args) => plan::run(&args, &load(&args)?),
        Command::Model(args) => model::run(&args, &load(&args)?),
        Command::Gradient(args) => gradient::run(&args, &load(&args)?),
        Command::Invert(args) => invert::run(&args),
        Command::Schedule(args) => schedule::run(&args),
        Command::Compile(args) => compile::run(&args, &load(&args.job)?),
        Command::Bench(args) => bench::run(&args),
        Command::Doctor(args) => doctor::run(&args),
        Command::Clean(args) => clean::run(&args),
    }
}

/// The job that `args` name, under their overrides.
fn load(args: &JobArgs) -> Result<Job, Failure> {
    load_with(args.job.as_deref(), &args.overrides())
}

fn load_with(path: Option<&Path>, overrides: &[Override]) -> Result<Job, Failure> {
    Ok(job::load(path, overrides, &current_folder()?)?)
}

fn current_folder() -> Result<PathBuf, RunError> {
    env::current_dir().map_err(|error| {
        RunError::new(format!("the current folder is unknown: {error}"))
            .help("change to a folder that exists")
    })
}

/// The lines about cost that every run ends with.
fn cost_lines(cost: &Cost) -> String {
    let mut text = String::new();
    let mib = cost.peak_rss_bytes as f64 / f64::from(1 << 20);
    let _ = writeln!(
        text,
        "time {:.1} s   peak memory {mib:.1} MiB   {:.3} Gpoints/s",
        cost.seconds,
        cost.points_per_second / 1e9
    );
    text
}
