//! One gradient under every way to keep what its adjoint reads: time, peak memory, error.
//!
//! ```sh
//! RETROGRAD_SHARED=../shared cargo bench -p retrograd-invert --bench memory -- [--disk FOLDER] \
//!     [--case marmousi|fine|volume] [--only WORD]
//! ```
//! Every row is a process of its own, so that its peak is its own; the time is the median of a few
//! gradients behind a first one. "Stores nothing", which memory is compared with, runs both sweeps and
//! records no step: it samples so seldom that there is none to sample. Errors are
//! `|g - g_exact| / |g_exact|`. `--only` runs the rows whose name has the word, beside the first.

mod common;

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process::Command;

use common::{Case, Failure, MIB, Shot, model_file, option, relative_error};
use retrograd::checkpoint::codec::Codec;
use retrograd::checkpoint::plan::{CodecOffer, Means, Plan, TierPlan};
use retrograd::checkpoint::schedule::{AnySchedule, Asynchronous};
use retrograd::checkpoint::{Mixed, Revolve, StoreAll, Workload};
use retrograd::{Simulation, Storage, measure_disk};
use retrograd_invert::inversion::peak_rss_bytes;
use retrograd_invert::npy;

/// Memory above the budget that is not counted as broken.
const SLACK_MIB: f64 = 16.0;

/// Gradients that are timed at most, and seconds after which fewer do.
const TIMED_RUNS: usize = 5;
const ENOUGH_SECONDS: f64 = 5.0;

/// The rows: a name, which is what the process is told; and the budget in MiB, if there is one.
fn rows(case: Case) -> Vec<(String, Option<u64>)> {
    let budgets = if case == Case::Marmousi { [64, 256] } else { [512, 2048] };
    let mut rows = vec![("store-all".to_owned(), None)];
    for kind in ["revolve", "mixed", "disk", "planner", "planner-disk"] {
        rows.extend(budgets.map(|mib| (format!("{kind} {mib}"), Some(mib))));
    }
    let (flat, least) = (case == Case::Marmousi, budgets[0]);
    // In three dimensions a row of ZFP takes minutes.
    let zfp = ["zfp:lossless", "zfp:relative=1e-3", "zfp:relative=1e-4"];
    let own = ["block:relative=1e-2", "block:relative=1e-3", "block:relative=1e-4"];
    for codec in zfp.iter().filter(|_| flat).chain(&own) {
        rows.push((format!("encoded {codec} all"), None));
    }
    for codec in zfp[1..2].iter().filter(|_| flat).chain(&own[1..]) {
        rows.push((format!("encoded {codec} {least}"), Some(least)));
    }
    rows.extend([2, 4, 8, 16, 32, 64].map(|every| (format!("sampled {every}"), None)));
    rows
}

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|a| a != "--bench").collect();
    let Some(model) = model_file() else { return Ok(()) };
    let case = Case::named(option(&arguments, "--case").unwrap_or("marmousi"))?;
    let disk = option(&arguments, "--disk").map_or(std::env::temp_dir(), PathBuf::from);
    if let (Some(row), Some(output)) = (option(&arguments, "--row"), option(&arguments, "--output"))
    {
        return run_row((case, row), &model, Path::new(output), &disk);
    }
    let only = option(&arguments, "--only").unwrap_or("");
    let folder = tempfile::tempdir_in(&disk)?;
    let run = |name: &str| child((case, name), folder.path(), &disk);
    let nothing = run("sampled 1000000")?;
    let (name, seconds, mib) = (case.name(), nothing.seconds, nothing.mib());
    println!("{name}: a run that stores nothing takes {seconds:.2} s, peak {mib:.1} MiB");
    println!("| keeps | time, s | times store-all | peak above nothing, MiB | error |");
    println!("|---|---|---|---|---|");
    let mut first: Option<Row> = None;
    for (name, budget) in rows(case) {
        if first.is_some() && !name.contains(only) {
            continue;
        }
        let row = run(&name)?;
        let exact = first.get_or_insert_with(|| row.clone());
        let above = row.mib() - nothing.mib();
        let broken = budget.is_some_and(|budget| above > budget as f64 + SLACK_MIB);
        println!(
            "| {name}{} | {:.2} | {:.2} | {above:.1}{} | {:.1e} |",
            row.note,
            row.seconds,
            row.seconds / exact.seconds,
            if broken { " ABOVE THE BUDGET" } else { "" },
            relative_error(&row.gradient, &exact.gradient)
        );
    }
    Ok(())
}

#[derive(Clone)]
struct Row {
    seconds: f64,
    peak_bytes: u64,
    note: String,
    gradient: Vec<f32>,
}

impl Row {
    fn mib(&self) -> f64 {
        self.peak_bytes as f64 / MIB as f64
    }
}

/// Runs a row in a process of its own.
fn child((case, name): (Case, &str), folder: &Path, disk: &Path) -> Result<Row, Failure> {
    let output = folder.join("gradient.npy");
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["--case", case.name(), "--row", name]);
    let done = command.arg("--output").arg(&output).arg("--disk").arg(disk).output()?;
    if !done.status.success() {
        return Err(format!("{name}: {}", String::from_utf8_lossy(&done.stderr)).into());
    }
    let text = String::from_utf8(done.stdout)?;
    let mut lines = text.lines();
    let mut next = || lines.next().ok_or("the row should print three lines");
    let (seconds, peak_bytes, note) = (next()?.parse()?, next()?.parse()?, next()?.to_owned());
    let gradient = npy::read(&output)?.values.into_f32();
    Ok(Row { seconds, peak_bytes, note, gradient })
}

/// What a row keeps.
enum Keep {
    Tiers(Vec<TierPlan>, AnySchedule, String),
    Sampled(usize),
}

fn run_row(
    (case, row): (Case, &str),
    model: &Path,
    output: &Path,
    disk: &Path,
) -> Result<(), Failure> {
    let threads = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    let mut shot = Shot::new((case, None), model, threads.get())?;
    let keep = keep(row, &mut shot.simulation, (disk, threads))?;
    let storage = Storage::default();
    let (seconds, mut note);
    match keep {
        Keep::Tiers(tiers, actions, of) => {
            let mut executor = storage.executor(&tiers, &shot.simulation, threads)?;
            seconds = repeated(|| shot.evaluate(&mut executor, actions.clone()))?;
            note = if of.is_empty() { of } else { format!(": {of}") };
            if let Some(first) = executor.failures().first() {
                note = format!("{note} (computed again: {})", first.to_string().replace('\n', " "));
            }
        }
        Keep::Sampled(every) => {
            seconds = repeated(|| shot.evaluate_sampled(every))?;
            note = String::new();
        }
    }
    let peak_bytes = peak_rss_bytes();
    let gradient = shot.gradient()?;
    npy::write_f32(output, &[gradient.len()], &gradient)?;
    println!("{seconds}\n{peak_bytes}\n{note}");
    Ok(())
}

/// Seconds of one of several runs: the median of those behind the first.
fn repeated(mut run: impl FnMut() -> Result<f64, Failure>) -> Result<f64, Failure> {
    run()?;
    let mut all = Vec::new();
    while all.len() < TIMED_RUNS && all.iter().sum::<f64>() < ENOUGH_SECONDS {
        all.push(run()?);
    }
    all.sort_by(f64::total_cmp);
    Ok(all[all.len() / 2])
}

fn keep(
    row: &str,
    simulation: &mut Simulation,
    (disk, threads): (&Path, NonZeroUsize),
) -> Result<Keep, Failure> {
    let job = Workload { worker_bytes: 0, shared_bytes: 0, ..simulation.workload(1, 1) };
    let words: Vec<&str> = row.split(' ').collect();
    let steps = job.steps;
    let mib = |word: &str| -> Result<u64, Failure> { Ok(word.parse::<u64>()? * MIB) };
    let handles = |slots| vec![TierPlan::Handles { slots }];
    let units = |bytes: u64| bytes / job.adjoint_bytes;
    let (restart, none) = (job.snapshot_bytes / job.adjoint_bytes, String::new());
    Ok(match words.as_slice() {
        ["store-all"] => Keep::Tiers(handles(0), AnySchedule::new(StoreAll::new(steps)), none),
        ["sampled", every] => Keep::Sampled(every.parse()?),
        ["revolve", size] => {
            let slots = (mib(size)? - job.adjoint_bytes) / job.snapshot_bytes;
            Keep::Tiers(handles(slots), AnySchedule::new(Revolve::new(steps, slots)?), none)
        }
        ["mixed", size] => {
            let slots = units(mib(size)?) - 1;
            let mixed = Mixed::new(steps, slots, restart, 1)?;
            Keep::Tiers(handles(slots), AnySchedule::new(mixed), none)
        }
        ["disk", size] => {
            // A snapshot on its way out, one on its way in and one in hand.
            let period = units(mib(size)? - 3 * job.snapshot_bytes);
            let capacity_bytes = (steps / period + 1) * (job.snapshot_bytes + (1 << 20));
            let (folder, snapshot_bytes) = (disk.to_owned(), job.snapshot_bytes);
            let codec = Codec::None;
            let file = TierPlan::File { folder, capacity_bytes, snapshot_bytes, codec, queue: 1 };
            let actions = AnySchedule::new(Asynchronous::recording(steps, period)?);
            let note = format!("blocks of {period} steps");
            Keep::Tiers(vec![TierPlan::Handles { slots: 0 }, file], actions, note)
        }
        ["encoded", codec, "all"] => {
            let codec: Codec = codec.parse()?;
            let (capacity_bytes, snapshot_bytes) = (steps * job.adjoint_bytes, job.adjoint_bytes);
            let all = Mixed::new(steps, steps, restart, 1)?;
            let tier = TierPlan::Ram { capacity_bytes, snapshot_bytes, codec };
            Keep::Tiers(vec![tier], AnySchedule::new(all), none)
        }
        ["encoded", codec, size] => {
            // A codec that costs no time is always worth it: this is the plan with it.
            let fast = CodecOffer::none(f64::INFINITY);
            let found = simulation.measure_codec(&codec.parse()?, 12, threads)?;
            let offer = CodecOffer { codec: found.codec, ratio: found.ratio, ..fast };
            let means = Means { stores_adjoint: true, ram_codecs: vec![offer], ..Means::default() };
            planned(&job.choose(&means, Some(mib(size)?))?.plan)
        }
        ["planner" | "planner-disk", size] => {
            let speeds = simulation.measure_speeds()?;
            let disk = (words[0] == "planner-disk").then(|| measure_disk(disk)).transpose()?;
            let codecs = ["block:relative=1e-3", "zfp:relative=1e-3"];
            let mut offer = |codec: &&str| -> Result<CodecOffer, Failure> {
                Ok(simulation.measure_codec(&codec.parse()?, 12, threads)?)
            };
            let ram_codecs = codecs.iter().map(&mut offer).collect::<Result<_, _>>()?;
            let means =
                Means { speeds, stores_adjoint: true, disk, ram_codecs, ..Means::default() };
            planned(&job.choose(&means, Some(mib(size)?))?.plan)
        }
        _ => return Err(format!("there is no row {row}").into()),
    })
}

/// A plan, with what it says of itself.
fn planned(plan: &Plan) -> Keep {
    let codecs = plan.tiers.iter().filter_map(|tier| match tier {
        TierPlan::Ram { codec, .. } => Some(format!("{codec}, ")),
        _ => None,
    });
    let seconds = plan.seconds.map(|seconds| format!(", {seconds:.2} s predicted"));
    let note: String = codecs.chain([plan.strategy.to_string()]).chain(seconds).collect();
    Keep::Tiers(plan.tiers.clone(), plan.actions(), note)
}
