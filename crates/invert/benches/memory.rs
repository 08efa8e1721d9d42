//! One gradient of Marmousi (601 x 221 nodes of 15 m, 3000 steps, one shot) under every way to keep
//! what its adjoint reads: time, peak memory, error.
//!
//! ```sh
//! RETROGRAD_SHARED=../shared cargo bench -p retrograd-invert --bench memory -- [--disk FOLDER]
//! ```
//! Every row is a process of its own, so that its peak is its own; the time is that of the second
//! of two gradients. "Stores nothing" keeps the adjoint data of one step and is what memory is
//! compared with. Errors are `|g - g_exact| / |g_exact|`.

use std::error::Error;
use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use retrograd::checkpoint::codec::Codec;
use retrograd::checkpoint::plan::{DiskOffer, Means, TierPlan};
use retrograd::checkpoint::schedule::{AnySchedule, Asynchronous};
use retrograd::checkpoint::{Mixed, Revolve, StoreAll, Workload};
use retrograd::ir::Interpolation;
use retrograd::{DType, Options, Progress, Residual, Simulation, Storage, Team, measure_disk};
use retrograd_invert::absorb::Layer;
use retrograd_invert::acoustic::Acoustic;
use retrograd_invert::engine::Experiment;
use retrograd_invert::inversion::peak_rss_bytes;
use retrograd_invert::npy;
use retrograd_invert::resample::RegularGrid;
use retrograd_invert::survey::{Line, Survey};
use retrograd_invert::wavelet::Wavelet;

const SHAPE: [usize; 2] = [601, 221];
const SPACING_M: f64 = 15.0;
const STEPS: usize = 3000;
const DT_S: f64 = 1.3e-3;
const MIB: u64 = 1 << 20;

type Failure = Box<dyn Error>;

/// The rows: a name, and what the process is told.
const ROWS: &[&str] = &[
    "store-all",
    "revolve 64",
    "revolve 256",
    "mixed 64",
    "mixed 256",
    "disk 64",
    "encoded zfp:lossless 4096",
    "encoded zfp:relative=1e-3 4096",
    "encoded zfp:relative=1e-4 4096",
    "encoded block:relative=1e-3 4096",
    "encoded block:relative=1e-4 4096",
    "encoded zfp:lossless 64",
    "encoded block:relative=1e-3 64",
    "encoded block:relative=1e-4 64",
    "sampled 2",
    "sampled 4",
    "sampled 8",
    "sampled 16",
    "sampled 32",
    "sampled 64",
    "planner 64",
    "planner 64 disk",
    "planner 256",
    "planner 256 disk",
];

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|a| a != "--bench").collect();
    let shared = std::env::var_os("RETROGRAD_SHARED").map_or("../shared".into(), PathBuf::from);
    let model = shared.join("data/marmousi_devitofwi_15m/vp.npy");
    if !model.exists() {
        println!(
            "no Marmousi model in {} (RETROGRAD_SHARED): nothing to measure",
            shared.display()
        );
        return Ok(());
    }
    if let [flag, row, output, disk] = arguments.as_slice()
        && flag == "--row"
    {
        return run_row(row, &model, Path::new(output), Path::new(disk));
    }
    let at = arguments.iter().position(|a| a == "--disk");
    let disk = at.and_then(|at| arguments.get(at + 1)).map_or(std::env::temp_dir(), PathBuf::from);
    let folder = tempfile::tempdir_in(&disk)?;
    let nothing = child("sampled 3000", folder.path(), &disk)?;
    println!("stores nothing: {:.2} s, peak {:.1} MiB", nothing.seconds, nothing.mib());
    println!("| keeps | time, s | times store-all | peak above nothing, MiB | error |");
    println!("|---|---|---|---|---|");
    let mut first: Option<Row> = None;
    for name in ROWS {
        let row = child(name, folder.path(), &disk)?;
        let exact = first.get_or_insert_with(|| row.clone());
        println!(
            "| {name}{} | {:.2} | {:.2} | {:.1} | {:.1e} |",
            row.note,
            row.seconds,
            row.seconds / exact.seconds,
            row.mib() - nothing.mib(),
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

fn relative_error(found: &[f32], exact: &[f32]) -> f64 {
    let square = |x: f64| x * x;
    let norm: f64 = exact.iter().map(|&g| square(g.into())).sum();
    let pairs = found.iter().zip(exact);
    (pairs.map(|(&f, &e)| square(f64::from(f) - f64::from(e))).sum::<f64>() / norm).sqrt()
}

/// Runs a row in a process of its own.
fn child(name: &str, folder: &Path, disk: &Path) -> Result<Row, Failure> {
    let output = folder.join("gradient.npy");
    let mut command = Command::new(std::env::current_exe()?);
    let done = command.args(["--row", name]).arg(&output).arg(disk).output()?;
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

fn run_row(row: &str, model: &Path, output: &Path, disk: &Path) -> Result<(), Failure> {
    let threads = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    let (mut simulation, acoustic, observed) = marmousi(model, threads.get())?;
    let workload = Workload { worker_bytes: 0, shared_bytes: 0, ..simulation.workload(1, 1) };
    let keep = keep(row, &mut simulation, &workload, (disk, threads))?;
    let mut misfit = |_: usize, r: Residual<'_>| {
        let pairs = r.cotangent.iter_mut().zip(r.synthetic).zip(&observed);
        pairs
            .map(|((c, s), o)| {
                *c = s - o;
                0.5 * *c * *c
            })
            .sum()
    };
    let storage = Storage::default();
    let mut seconds = 0.0;
    let mut executor = match &keep {
        Keep::Tiers(tiers, ..) => Some(storage.executor(tiers, &simulation, threads)?),
        Keep::Sampled(_) => None,
    };
    for _ in 0..2 {
        let start = Instant::now();
        match (&keep, &mut executor) {
            (Keep::Tiers(_, actions, _), Some(executor)) => {
                let watch = |_: &Progress| ControlFlow::Continue(());
                simulation.evaluate_in(executor, actions.clone(), &mut misfit, watch)?;
            }
            (Keep::Sampled(every), _) => {
                simulation.evaluate_sampled(*every, &mut misfit)?;
            }
            (Keep::Tiers(..), None) => unreachable!("tiers have an executor"),
        }
        seconds = start.elapsed().as_secs_f64();
    }
    let peak_bytes = peak_rss_bytes();
    let gradient: Vec<f32> =
        simulation.gradient_of(&acoustic.m)?.into_iter().map(|g| g as f32).collect();
    npy::write_f32(output, &[gradient.len()], &gradient)?;
    let note = match &keep {
        Keep::Tiers(_, _, note) if !note.is_empty() => format!(": {note}"),
        _ => String::new(),
    };
    println!("{seconds}\n{peak_bytes}\n{note}");
    Ok(())
}

fn keep(
    row: &str,
    simulation: &mut Simulation,
    job: &Workload,
    (disk, threads): (&Path, NonZeroUsize),
) -> Result<Keep, Failure> {
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
            let slots = mib(size)? / job.snapshot_bytes;
            Keep::Tiers(handles(slots), AnySchedule::new(Revolve::new(steps, slots)?), none)
        }
        ["mixed", size] => {
            let slots = units(mib(size)?);
            let mixed = Mixed::new(steps, slots, restart, 1)?;
            Keep::Tiers(handles(slots), AnySchedule::new(mixed), none)
        }
        ["disk", size] => {
            let period = units(mib(size)?);
            let capacity_bytes = (steps / period + 1) * (job.snapshot_bytes + (1 << 20));
            let (folder, codec) = (disk.to_owned(), Codec::None);
            let file = TierPlan::File { folder, capacity_bytes, codec, queue: 1 };
            let actions = AnySchedule::new(Asynchronous::recording(steps, period)?);
            let note = format!("blocks of {period} steps");
            Keep::Tiers(vec![TierPlan::Handles { slots: 0 }, file], actions, note)
        }
        ["encoded", codec, size] => {
            let (codec, capacity_bytes): (Codec, u64) = (codec.parse()?, mib(size)?);
            let offer = simulation.measure_codec(&codec, 12, threads)?;
            let slots = (capacity_bytes as f64 * offer.ratio / job.adjoint_bytes as f64) as u64;
            let mixed = Mixed::new(steps, slots.min(steps), restart, 1)?;
            let note = format!("ratio at least {:.1}", offer.ratio);
            let tier = TierPlan::Ram { capacity_bytes, codec };
            Keep::Tiers(vec![tier], AnySchedule::new(mixed), note)
        }
        ["planner", size, rest @ ..] => {
            let speeds = simulation.measure_speeds()?;
            let disk: Option<DiskOffer> =
                if rest.is_empty() { None } else { Some(measure_disk(disk)?) };
            let means = Means { speeds, stores_adjoint: true, disk, ..Means::default() };
            let plan = job.choose(&means, Some(mib(size)?))?.plan;
            let predicted = plan.seconds.unwrap_or(0.0);
            let note = format!("{}, {predicted:.2} s predicted", plan.strategy);
            Keep::Tiers(plan.tiers.clone(), plan.actions(), note)
        }
        _ => return Err(format!("there is no row {row}").into()),
    })
}

/// The shot in the middle, in the smoothed model, with data of the true one.
fn marmousi(model: &Path, threads: usize) -> Result<(Simulation, Acoustic, Vec<f64>), Failure> {
    let truth = npy::read_shaped(model, &SHAPE)?.values.into_f64();
    let start = smoothed(&truth);
    let grid = RegularGrid::new(&SHAPE, &[SPACING_M; 2], &[0.0; 2])?;
    let width_m = SPACING_M * (SHAPE[0] - 1) as f64;
    let source = Line { count: 1, depth_m: 30.0 };
    let survey = Survey::surface_line(width_m, source, Line { count: 301, depth_m: 30.0 });
    let layer = Layer::new(Some(40), 3.0, 1500.0, SPACING_M);
    let experiment = Experiment {
        grid,
        layer: layer.widths(2),
        reflection: layer.reflection,
        layer_velocity_m_s: start.clone(),
        space_order: 8,
        dtype: DType::F32,
        interpolation: Interpolation::Sinc { radius: 4 },
        steps: STEPS,
        dt_s: DT_S,
        survey,
    };
    let padded = experiment.padded_grid()?;
    let Experiment { space_order, dtype, interpolation, .. } = experiment;
    let acoustic = Acoustic::new(&padded, space_order, dtype, interpolation)?;
    let options = Options::from_environment();
    let compiled = acoustic.operator.with_gradient(&[&acoustic.m], &options)?;
    let time = (STEPS, DT_S);
    let mut simulation =
        compiled.simulation(&padded, &experiment.layer, time, Team::new(threads))?;
    simulation.set(&acoustic.damp, &experiment.damping())?;
    let shot = &experiment.survey.shots[0];
    let places = |points: &[retrograd_invert::survey::Point]| -> Vec<Vec<f64>> {
        points.iter().map(|p| p.along_axes(2)).collect()
    };
    simulation.place(&acoustic.source, &places(&shot.source))?;
    simulation.place(&acoustic.receivers, &places(&shot.receivers))?;
    let wavelet = Wavelet::ricker(6.0)?.sampled_at(STEPS, DT_S);
    simulation.set_series(&acoustic.source, &shot.source_samples(&wavelet))?;
    let set = |vp: &[f64], simulation: &mut Simulation| -> Result<(), Failure> {
        let slowness: Vec<f64> = vp.iter().map(|v| v.powi(-2)).collect();
        simulation.set(&acoustic.m, &experiment.padding().apply(&slowness))?;
        Ok(simulation.set_up()?)
    };
    set(&truth, &mut simulation)?;
    simulation.run()?;
    let observed = simulation.series(&acoustic.receivers)?;
    set(&start, &mut simulation)?;
    Ok((simulation, acoustic, observed))
}

/// The mean over 20 nodes each way, along both axes.
fn smoothed(truth: &[f64]) -> Vec<f64> {
    const REACH: usize = 20;
    let [nx, nz] = SHAPE;
    let along = |values: &[f64], x_step: usize, z_step: usize| -> Vec<f64> {
        let mean = |ix: usize, iz: usize| {
            let (at, end) = if x_step == 1 { (ix, nx) } else { (iz, nz) };
            let near = at.saturating_sub(REACH)..(at + REACH + 1).min(end);
            let count = near.len() as f64;
            let value = |k: usize| {
                let (x, z) = if x_step == 1 { (k, iz) } else { (ix, k) };
                values[x * nz + z]
            };
            debug_assert!(x_step + z_step == 1);
            near.map(value).sum::<f64>() / count
        };
        (0..nx * nz).map(|i| mean(i / nz, i % nz)).collect()
    };
    along(&along(truth, 1, 0), 0, 1)
}
