//! The tiers of a plan, made for a simulation; and what a plan has to know of the machine.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use retrograd_checkpoint::codec::{Codec, CodecError, Scratch, Workers, measure};
use retrograd_checkpoint::plan::{CodecOffer, DiskOffer, Speeds, TierPlan};
use retrograd_checkpoint::tier::folder::Folder;
use retrograd_checkpoint::tier::medium::{DirectIo, FileMedium, Medium};
use retrograd_checkpoint::tier::{BytesOptions, Handles, Key, Payload, Tier};
use retrograd_checkpoint::{Data, Executor, Model};
use retrograd_compile::adjoint::{FORWARD, RECORD, REVERSE};

use crate::error::Error;
use crate::simulation::Simulation;
use crate::sweep::{State, Sweep};

/// Where the files of a process's tiers are; made on first need, removed when dropped.
#[derive(Clone, Debug, Default)]
pub struct Storage {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    folders: std::sync::Mutex<Vec<(PathBuf, Folder)>>,
    files: AtomicUsize,
}

impl Storage {
    /// An executor with the tiers of a plan, for gradients of a simulation. Tiers without a queue
    /// encode and decode with the simulation's own threads, at most `threads` of them, which wait
    /// for it anyway; those with a queue have one thread each, beside the steps.
    ///
    /// # Errors
    /// No memory; a folder or a file that cannot be made, or a disk that is too full.
    pub fn executor(
        &self,
        tiers: &[TierPlan],
        simulation: &Simulation,
        threads: NonZeroUsize,
    ) -> Result<Executor<State>, Error> {
        executor(tiers, simulation, threads, |folder, bytes| {
            let path = self.file(folder)?;
            let options = BytesOptions::in_file(&path, bytes, DirectIo::Auto);
            // The open file is enough: its room is given back with the tier, however that ends.
            #[cfg(unix)]
            let _ = std::fs::remove_file(&path);
            options.map_err(|e| storage_error("no file for snapshots", e))
        })
    }

    /// A file of its own in this process's folder in `parent`.
    fn file(&self, parent: &Path) -> Result<PathBuf, Error> {
        let number = self.shared.files.fetch_add(1, Ordering::Relaxed);
        let mut folders =
            self.shared.folders.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let known = folders.iter().position(|(path, _)| path == parent);
        let at = if let Some(at) = known {
            at
        } else {
            let address = Arc::as_ptr(&self.shared) as usize;
            let run = format!("{}-{address:x}", std::process::id());
            let folder = Folder::open(parent, &run);
            let folder = folder.map_err(|e| storage_error("no folder for snapshots", e))?;
            folders.push((parent.to_owned(), folder));
            folders.len() - 1
        };
        Ok(folders[at].1.path().join(format!("snapshots-{number}")))
    }
}

/// As [`Storage::executor`], with all files in `folder`, where another process finds what they hold
/// again: see [`Simulation::evaluate_resumable`]. `identity` is a hash of everything that the data
/// depend on, the tiers among it. The folder and its content are the caller's, to be removed when
/// the gradient is done; one gradient at a time is there.
///
/// # Errors
/// As [`Storage::executor`].
pub fn resumable_executor(
    tiers: &[TierPlan],
    simulation: &Simulation,
    threads: NonZeroUsize,
    (folder, identity): (&Path, u64),
) -> Result<Executor<State>, Error> {
    let mut files = 0;
    executor(tiers, simulation, threads, |_, bytes| {
        let path = |name: &str| folder.join(format!("{name}-{files}"));
        let options = BytesOptions::in_file(&path("snapshots"), bytes, DirectIo::Auto);
        let options = options.map_err(|e| storage_error("no file for snapshots", e))?;
        let options = options.manifest(&path("manifest"), identity);
        files += 1;
        Ok(options)
    })
}

/// An executor with the tiers of a plan; `file` makes those in files, given folder and bytes.
fn executor(
    tiers: &[TierPlan],
    simulation: &Simulation,
    threads: NonZeroUsize,
    mut file: impl FnMut(&Path, u64) -> Result<BytesOptions, Error>,
) -> Result<Executor<State>, Error> {
    let pool = |options: BytesOptions| options.pool(threads, pool_of(simulation));
    let mut made: Vec<Box<dyn Tier<State>>> = Vec::new();
    for tier in tiers {
        let failed = |what| move |e: std::io::Error| storage_error(what, e);
        made.push(match tier {
            TierPlan::Handles { slots } => {
                let handles = Handles::new(*slots);
                Box::new(handles.map_err(|e| storage_error("no table of snapshots", e))?)
            }
            TierPlan::Ram { capacity_bytes, snapshot_bytes, codec } => {
                let options = BytesOptions::in_ram(*capacity_bytes);
                let options = options.map_err(failed("no RAM for snapshots"))?;
                let options = pool(options.codec(codec.clone()));
                let options = options.snapshot_bytes(*snapshot_bytes);
                let tier = options.try_build(simulation.vacancy());
                Box::new(tier.map_err(failed("no tier in RAM"))?)
            }
            TierPlan::File { folder, capacity_bytes, snapshot_bytes, codec, queue } => {
                let options = file(folder, *capacity_bytes)?;
                let options = options.codec(codec.clone()).queue(*queue);
                // A thread of the tier's own encodes while the team computes.
                let options = if *queue == 0 { pool(options) } else { options };
                let options = options.snapshot_bytes(*snapshot_bytes);
                let tier = options.try_build(simulation.vacancy());
                Box::new(tier.map_err(failed("no tier in a file"))?)
            }
            _ => return Err(Error::Schedule("a tier of an unknown kind".to_owned())),
        });
    }
    if made.is_empty() {
        made.push(Box::new(Handles::new(0).map_err(|e| storage_error("no table", e))?));
    }
    Executor::with_tiers(made).map_err(|e| storage_error("no table of snapshots", e))
}

/// The threads of a simulation, to encode with between two steps.
fn pool_of(simulation: &Simulation) -> impl Fn(usize, &(dyn Fn(usize) + Sync)) + Send + 'static {
    let team = simulation.session.lend_team();
    move |tasks, task| {
        // If they have other work, or are too few, the caller does what is left.
        team.run(&|number| {
            if number < tasks {
                task(number);
            }
        });
    }
}

fn storage_error(
    what: &'static str,
    source: impl std::error::Error + Send + Sync + 'static,
) -> Error {
    Error::Storage { what, source: Box::new(source) }
}

/// Steps run before anything is timed: kernels are loaded, pages touched.
const WARM_UP_STEPS: usize = 3;

/// Seconds for which each kind of step is timed, at least.
const TIMED_SECONDS: f64 = 0.05;

/// Bytes written and read to time a disk.
const DISK_SAMPLE_BYTES: usize = 32 << 20;

impl Simulation {
    /// Bytes of the numbers of one snapshot.
    pub fn snapshot_bytes(&self, kind: Data) -> u64 {
        let vacancy = match kind {
            Data::Restart => self.session.vacancy(&self.compiled.states()),
            Data::Adjoint => self.session.tape_vacancy(),
        };
        vacancy.grid_bytes() as u64
    }

    /// Times forward, recorded and reverse steps of waves that have reached everything; the
    /// wavefields are zero afterwards.
    ///
    /// # Errors
    /// No gradient, no memory.
    pub fn measure_speeds(&mut self) -> Result<Speeds, Error> {
        let active = self.session.is_active();
        self.session.set_active(false);
        let speeds = self.time_steps();
        self.session.set_active(active);
        speeds
    }

    fn time_steps(&mut self) -> Result<Speeds, Error> {
        self.reset();
        let last = self.steps().max(1);
        let mut time = |kind: &str| -> Result<f64, Error> {
            let mut run = |steps: usize| -> Result<f64, Error> {
                let start = Instant::now();
                for n in 0..steps {
                    let step = n % last;
                    // One entry of the tape, as under any schedule but store-all.
                    self.session.set_tape_window(step..step + 1);
                    self.session.run(kind, [step])?;
                }
                Ok(start.elapsed().as_secs_f64())
            };
            run(WARM_UP_STEPS)?;
            let mut steps = 1;
            loop {
                let seconds = run(steps)?;
                if seconds >= TIMED_SECONDS || steps >= 1 << 16 {
                    return Ok(seconds / steps as f64);
                }
                steps *= 2;
            }
        };
        let forward_seconds = time(FORWARD)?;
        let record_seconds = time(RECORD)?;
        let reverse_seconds = time(REVERSE)?;
        self.session.set_tape_window(0..0);
        self.reset();
        Ok(Speeds { forward_seconds, record_seconds, reverse_seconds, restart_seconds: 0.0 })
    }

    /// Runs all steps and encodes restart and adjoint data at `samples` moments spread over them,
    /// with at most `threads` of its own threads: what a codec makes of the data that it does least
    /// with. Of a codec with loss, also of adjoint data behind a restart from what it has decoded:
    /// they are rougher.
    ///
    /// # Errors
    /// No gradient, no memory, a codec that is not possible.
    pub fn measure_codec(
        &mut self,
        codec: &Codec,
        samples: usize,
        threads: NonZeroUsize,
    ) -> Result<CodecOffer, Error> {
        let adjoint = self.compiled.adjoint.clone().ok_or(Error::NoGradient)?;
        self.reset();
        let steps = self.steps() as u64;
        let (states, mut vacant, pool) = (self.compiled.states(), self.vacancy(), pool_of(self));
        let misfit = |_: usize, _: crate::Residual<'_>| 0.0;
        let mut sweep = Sweep { states, adjoint: &adjoint, simulation: self, misfit, value: None };
        let workers = Workers::new(threads, &pool);
        let mut meter = CodecMeter { codec, workers, worst: None, gathered: Vec::new() };
        let mut at = 0;
        for sample in 1..=samples.max(1) as u64 {
            let step = (steps * sample / samples.max(1) as u64).saturating_sub(1).max(at);
            if step > at {
                sweep.advance(at..step)?;
            }
            sweep.record(step..step + 1)?;
            at = step + 1;
            let restart = sweep.save(Data::Restart, at)?;
            meter.measure(&restart)?;
            meter.measure(&sweep.save(Data::Adjoint, step)?)?;
            if !codec.is_lossless() && at < steps {
                let key = Key { step: at, kind: Data::Restart };
                let mut decoded = vacant(key)
                    .map_err(|e| Error::Storage { what: "no memory for a snapshot", source: e })?;
                meter.decode(&restart, &mut decoded)?;
                sweep.take(Data::Restart, at, decoded)?;
                sweep.record(at..at + 1)?;
                meter.measure(&sweep.save(Data::Adjoint, at)?)?;
                sweep.take(Data::Restart, at, restart)?;
            }
        }
        let worst = meter.worst;
        self.session.set_tape_window(0..0);
        self.reset();
        worst.ok_or_else(|| Error::Schedule("there is nothing to encode".to_owned()))
    }
}

/// What a codec makes of states.
struct CodecMeter<'a> {
    codec: &'a Codec,
    workers: Workers<'a>,
    /// What it makes of the field that it does least with.
    worst: Option<CodecOffer>,
    gathered: Vec<u8>,
}

impl CodecMeter<'_> {
    fn measure(&mut self, state: &State) -> Result<(), Error> {
        let Self { codec, workers, worst, gathered } = self;
        let mut outcome = Ok(());
        state.fields(gathered, &mut |shape, bytes| match measure(codec, workers, shape, bytes) {
            Ok(found) => {
                if worst.as_ref().is_none_or(|worst| found.ratio < worst.ratio) {
                    *worst = Some(CodecOffer {
                        codec: codec.clone(),
                        ratio: found.ratio,
                        encode_bytes_per_second: found.encode_bytes_per_s,
                        decode_bytes_per_second: found.decode_bytes_per_s,
                    });
                }
            }
            Err(error) => outcome = Err(error),
        });
        outcome.map_err(codec_error)
    }

    /// Fills a state with what is left of another one.
    fn decode(&mut self, from: &State, into: &mut State) -> Result<(), Error> {
        let Self { codec, gathered, .. } = self;
        let (mut codes, mut scratch, mut outcome) = (Vec::new(), Scratch::default(), Ok(()));
        from.fields(gathered, &mut |shape, bytes| {
            let mut code = Vec::new();
            match codec.encode(shape, bytes, &mut scratch, &mut code) {
                Ok(_) => codes.push(code),
                Err(error) => outcome = Err(error),
            }
        });
        let mut codes = codes.iter();
        into.fields_mut(gathered, &mut |shape, bytes| {
            if let (Some(code), true) = (codes.next(), outcome.is_ok()) {
                outcome = codec.decode(shape, code, &mut scratch, bytes);
            }
        });
        outcome.map_err(codec_error)
    }
}

fn codec_error(error: CodecError) -> Error {
    storage_error("the codec does not work", error)
}

/// Times a disk by writing and reading a file in `folder` past the page cache.
///
/// # Errors
/// A folder that is not there or cannot be written.
pub fn measure_disk(folder: &Path) -> Result<DiskOffer, Error> {
    let path = folder.join(format!(".retrograd-speed-{}", std::process::id()));
    let timed = time_disk(&path);
    // Nothing of it is wanted, however it went.
    let _ = std::fs::remove_file(&path);
    let (write, read) = timed.map_err(|e| Error::Storage {
        what: "the disk cannot be used for snapshots",
        source: format!("{}: {e}", folder.display()).into(),
    })?;
    let capacity_bytes = free_bytes(folder);
    Ok(DiskOffer {
        path: folder.to_owned(),
        capacity_bytes,
        write_bytes_per_second: write,
        read_bytes_per_second: read,
        latency_seconds: 1e-4,
        slowdown: 1.0,
        codec: CodecOffer::none(COPY_BYTES_PER_SECOND),
        log_bytes: 0,
    })
}

/// What a copy and a checksum make, on any machine of these years; it only has to be of the right
/// order.
const COPY_BYTES_PER_SECOND: f64 = 4e9;

fn time_disk(path: &Path) -> std::io::Result<(f64, f64)> {
    let mut file = FileMedium::new(path, DISK_SAMPLE_BYTES as u64, DirectIo::Auto)?;
    let mut bytes: Vec<u8> = (0..DISK_SAMPLE_BYTES as u32)
        .map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect();
    let per_second = |start: Instant| DISK_SAMPLE_BYTES as f64 / start.elapsed().as_secs_f64();
    let start = Instant::now();
    file.write(0, &bytes)?;
    let write = per_second(start);
    let start = Instant::now();
    file.read(0, &mut bytes)?;
    Ok((write, per_second(start)))
}

/// Bytes that a user may still write to the disk of a folder; no limit where it does not say.
fn free_bytes(folder: &Path) -> u64 {
    #[cfg(unix)]
    let free = rustix::fs::statvfs(folder).map(|disk| disk.f_bavail.saturating_mul(disk.f_frsize));
    #[cfg(not(unix))]
    let free: Result<u64, ()> = Err(());
    free.unwrap_or(u64::MAX)
}
