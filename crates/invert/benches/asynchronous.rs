//! A gradient whose snapshots go to a disk in the background, beside the same schedule held in RAM,
//! and what the simulator says of it.
//!
//! ```sh
//! RETROGRAD_SHARED=../shared cargo bench -p retrograd-invert --bench asynchronous -- \
//!     [--disk FOLDER] [--threads N] [--case fine|marmousi] [--runs N]
//! ```
//! The disk's bandwidth is measured past the page cache, in pieces of one snapshot. The *demand* of
//! a schedule is a snapshot per block of `p` steps, in the time in which the forward sweep runs
//! them; `p` is chosen such that the bandwidth is 0.5, 1, 1.5 and 4 times the demand. The simulator
//! knows the speeds of steps and of the disk from another run, with twice the demand, and predicts
//! the others. Times are medians of runs in turns; both sides compute with the same threads.

mod common;

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::Instant;

use common::{Case, Failure, MIB, Shot, model_file, option};
use retrograd::checkpoint::codec::Codec;
use retrograd::checkpoint::plan::TierPlan;
use retrograd::checkpoint::schedule::Asynchronous;
use retrograd::checkpoint::simulate::{Machine, TierSpeed, simulate};
use retrograd::checkpoint::tier::TierUse;
use retrograd::checkpoint::tier::medium::{DirectIo, FileMedium, Medium as _};
use retrograd::checkpoint::{Action, Executor};
use retrograd::{State, Storage};

/// Bytes written and read to measure the disk: more than its controller caches.
const SUSTAINED_BYTES: u64 = 4 << 30;

/// Of so many measurements of a step the shortest counts: others on the machine only add.
const MEASUREMENTS: usize = 5;

/// Depth of the queue of transfers.
const QUEUE: usize = 1;

/// Bandwidth by demand of the run from which the simulator learns, and of those it predicts.
const CALIBRATION: f64 = 2.0;
const RATIOS: [f64; 4] = [0.5, 1.0, 1.5, 4.0];

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some(model) = model_file() else { return Ok(()) };
    let case = Case::named(option(&arguments, "--case").unwrap_or("fine"))?;
    let disk = option(&arguments, "--disk").map_or(std::env::temp_dir(), PathBuf::from);
    let all = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let threads = option(&arguments, "--threads").map_or(Ok(all), str::parse)?;
    let runs: usize = option(&arguments, "--runs").map_or(Ok(3), str::parse)?;
    let shot = Shot::new((case, None), &model, threads)?;
    let mut bench = Bench::new(shot, &disk)?;
    bench.describe(threads);
    let machine = bench.calibrate()?;
    println!(
        "| bandwidth by demand | steps per block | in RAM, s | on disk, s | ratio | predicted, s | off by |"
    );
    println!("|---|---|---|---|---|---|---|");
    for ratio in RATIOS {
        let period = bench.period(ratio);
        let (mut ratios, mut in_ram, mut on_disk) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..runs {
            let ram = bench.run(period, Place::Ram)?.seconds;
            let disk = bench.run(period, Place::Disk)?.seconds;
            ratios.push(disk / ram);
            in_ram.push(ram);
            on_disk.push(disk);
        }
        let [ratio_found, in_ram, on_disk] = [ratios, in_ram, on_disk].map(median);
        let predicted = simulate(&machine, bench.schedule(period)?).seconds;
        let off = 100.0 * (predicted / on_disk - 1.0);
        println!(
            "| {ratio} | {period} | {in_ram:.2} | {on_disk:.2} | {ratio_found:.3} | \
             {predicted:.2} | {off:+.1} % |"
        );
    }
    Ok(())
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

#[derive(Clone, Copy, PartialEq)]
enum Place {
    Ram,
    Disk,
}

/// What a run has taken.
struct Taken {
    seconds: f64,
    /// Seconds of advances, recordings and reverses, each of all steps together.
    advance: f64,
    record: f64,
    reverse: f64,
    /// What the tier of blocks has done.
    usage: TierUse,
}

struct Bench<'a> {
    shot: Shot,
    disk: &'a Path,
    storage: Storage,
    steps: u64,
    restart_bytes: u64,
    adjoint_bytes: u64,
    forward_seconds: f64,
    write_bytes_per_second: f64,
    read_bytes_per_second: f64,
}

impl<'a> Bench<'a> {
    fn new(mut shot: Shot, disk: &'a Path) -> Result<Self, Failure> {
        let job = shot.simulation.workload(1, 1);
        let mut forward_seconds = f64::INFINITY;
        for _ in 0..MEASUREMENTS {
            let found = shot.simulation.measure_speeds()?.forward_seconds;
            forward_seconds = forward_seconds.min(found);
        }
        let [write, read] = sustained(disk, job.snapshot_bytes)?;
        Ok(Self {
            shot,
            disk,
            storage: Storage::default(),
            steps: job.steps,
            restart_bytes: job.snapshot_bytes,
            adjoint_bytes: job.adjoint_bytes,
            forward_seconds,
            write_bytes_per_second: write,
            read_bytes_per_second: read,
        })
    }

    fn describe(&self, threads: usize) {
        let mib = |bytes: u64| bytes as f64 / MIB as f64;
        let gib = |bytes: f64| bytes / f64::from(1 << 30);
        println!(
            "{} steps of {:.2} ms with {threads} threads; a snapshot has {:.1} MiB, the adjoint data \
             of all steps {:.1} GiB\ndisk past the page cache, {:.0} GiB in snapshots: written at \
             {:.2} GiB/s, read at {:.2} GiB/s",
            self.steps,
            1e3 * self.forward_seconds,
            mib(self.restart_bytes),
            gib((self.steps * self.adjoint_bytes) as f64),
            gib(SUSTAINED_BYTES as f64),
            gib(self.write_bytes_per_second),
            gib(self.read_bytes_per_second),
        );
    }

    /// Steps per block with which the bandwidth of writes is `ratio` times the demand.
    fn period(&self, ratio: f64) -> u64 {
        let transfer = self.restart_bytes as f64 / self.write_bytes_per_second;
        (ratio * transfer / self.forward_seconds).round().max(1.0) as u64
    }

    fn schedule(&self, period: u64) -> Result<Asynchronous, Failure> {
        Ok(Asynchronous::recording(self.steps, period)?)
    }

    fn run(&mut self, period: u64, place: Place) -> Result<Taken, Failure> {
        let schedule = self.schedule(period)?;
        let blocks = schedule.slow_slots();
        let second = match place {
            Place::Ram => TierPlan::Handles { slots: blocks },
            Place::Disk => TierPlan::File {
                folder: self.disk.to_owned(),
                capacity_bytes: (blocks + 1) * (self.restart_bytes + MIB),
                snapshot_bytes: self.restart_bytes,
                codec: Codec::None,
                queue: QUEUE,
            },
        };
        let tiers = [TierPlan::Handles { slots: 0 }, second];
        let mut executor: Executor<State> =
            self.storage.executor(&tiers, &self.shot.simulation, NonZeroUsize::MIN)?;
        let trace = self.shot.traced(&mut executor, schedule.clone())?;
        let of = |wanted: fn(&Action) -> bool| -> f64 {
            let spans = trace.spans(schedule.clone()).into_iter();
            spans.filter(|span| wanted(&span.0)).map(|(_, at)| at.end - at.start).sum()
        };
        Ok(Taken {
            seconds: trace.seconds,
            advance: of(|action| matches!(action, Action::Advance { .. })),
            record: of(|action| matches!(action, Action::Record { .. })),
            reverse: of(|action| matches!(action, Action::Reverse { .. })),
            usage: executor.usage()[1],
        })
    }

    /// What the simulator knows, from two runs of one schedule.
    fn calibrate(&mut self) -> Result<Machine, Failure> {
        let period = self.period(CALIBRATION);
        self.run(period, Place::Ram)?; // buffers are mapped, clocks are up
        let ram = self.run(period, Place::Ram)?;
        let disk = self.run(period, Place::Disk)?;
        let usage = disk.usage;
        let compute = |of: &Taken| of.advance + of.record + of.reverse;
        let overlap = usage.write_seconds + usage.read_seconds - usage.waited_seconds;
        // While the tier works, steps take `slowdown` times as long.
        let lost = ((compute(&disk) - compute(&ram)) / overlap).clamp(0.0, 0.9);
        let steps = self.steps as f64;
        let advanced = self.schedule(period)?.costs().total_forward as f64 - steps;
        let tier = TierSpeed {
            write_bytes_per_second: usage.written_bytes as f64 / usage.write_seconds,
            read_bytes_per_second: usage.read_bytes as f64 / usage.read_seconds,
            queue: QUEUE,
            slowdown: 1.0 / (1.0 - lost),
            ..TierSpeed::HANDLES
        };
        println!(
            "calibrated with blocks of {period} steps: {:.2} s in RAM, {:.2} s on disk; written at \
             {:.2} GiB/s and read at {:.2} GiB/s, meanwhile a step takes {:.2} times as long",
            ram.seconds,
            disk.seconds,
            tier.write_bytes_per_second / f64::from(1 << 30),
            tier.read_bytes_per_second / f64::from(1 << 30),
            tier.slowdown
        );
        Ok(Machine {
            forward_seconds: (ram.advance / advanced).into(),
            record_seconds: (ram.record / steps).into(),
            reverse_seconds: (ram.reverse / steps).into(),
            restart_seconds: 0.0,
            restart_bytes: self.restart_bytes.into(),
            adjoint_bytes: self.adjoint_bytes.into(),
            tiers: vec![TierSpeed::HANDLES, tier],
        })
    }
}

/// Bytes per second of writing and of reading, past the page cache, in pieces of `piece` bytes.
fn sustained(folder: &Path, piece: u64) -> Result<[f64; 2], Failure> {
    let folder = tempfile::tempdir_in(folder)?;
    let pieces = SUSTAINED_BYTES / piece;
    let path = folder.path().join("speed");
    let mut file = FileMedium::new(&path, pieces * piece, DirectIo::Auto)?;
    if !file.is_direct() {
        println!("the file system of {} cannot write past the page cache", folder.path().display());
    }
    let mut bytes: Vec<u8> =
        (0..piece).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let per_second = |start: Instant| (pieces * piece) as f64 / start.elapsed().as_secs_f64();
    let start = Instant::now();
    (0..pieces).try_for_each(|k| file.write(k * piece, &bytes))?;
    let write = per_second(start);
    let start = Instant::now();
    (0..pieces).try_for_each(|k| file.read(k * piece, &mut bytes))?;
    Ok([write, per_second(start)])
}
