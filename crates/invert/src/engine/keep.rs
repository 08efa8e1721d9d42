//! Evaluations that outlive their process: half-done reverse sweeps, and the sums over finished
//! shots, in a folder of the run on the disk of its snapshots.
//!
//! ```text
//! retrograd-snapshots-<run>/sums           after shot k, in their order: k, J, dJ/dm, illumination
//! retrograd-snapshots-<run>/shot-<n>/      snapshots-0, manifest-0, sweep
//! ```
//!
//! Sums are taken in the order of the shots, so that those over the first `k` are all that has to be
//! kept of these: `16` bytes per padded point. A shot that has been computed and waits for its turn
//! is computed again. Everything is sealed by a checksum and bears an identity (see `identity.rs`):
//! what does not fit is computed again.

use std::fs::{self, File};
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use retrograd::Error;
use retrograd::checkpoint::Plan;
use retrograd::checkpoint::plan::TierPlan;
use retrograd::checkpoint::tier::folder::Folder;

use super::identity::{self, Inputs, is_lossy};
use super::{Engine, Record};
use crate::files;
use crate::words::{Bad, Digest, Sink, Source};

/// What a file of sums begins with: `RGSUMS` and the version of its layout.
const MARK: u64 = u64::from_le_bytes(*b"RGSUMS01");

/// The file of sums.
const SUMS: &str = "sums";

/// The log of a reverse sweep, in the folder of its shot.
pub(super) const SWEEP: &str = "sweep";

/// A run's folder for what its evaluations have half done. It stays when this is dropped, for
/// another process to take up; [`Keep::remove`] ends it.
#[derive(Debug)]
pub struct Keep {
    folder: Folder,
    /// Least time between two writes of the same kind; at first, forever.
    pub every: Duration,
    /// Whether reverse sweeps are kept, where the plan has files and encodes without loss; at first
    /// not.
    pub sweeps: bool,
}

impl Keep {
    /// The folder of `run` in `parent`, with what an earlier process of the run has left.
    ///
    /// # Errors
    /// No such `parent`, a name that is none, or another process that has the folder.
    pub fn open(parent: &Path, run: &str) -> Result<Self, Error> {
        let folder = Folder::open(parent, run);
        let what = "no folder for half-done gradients";
        let mut folder = folder.map_err(|e| Error::Storage { what, source: Box::new(e) })?;
        folder.keep();
        files::remove_unfinished(folder.path());
        Ok(Self { folder, every: Duration::MAX, sweeps: false })
    }

    /// Whether an earlier process of the run has left something in `parent`.
    pub fn exists(parent: &Path, run: &str) -> bool {
        Folder::exists(parent, run)
    }

    /// Whether something was left that is taken up only under the plan that has left it: a reverse
    /// sweep, or sums of what was encoded with loss.
    pub fn needs_plan(&self, tiers: &[TierPlan]) -> bool {
        let sweep = |shot: &fs::DirEntry| shot.path().join(SWEEP).exists();
        let sweeps = || entries(self.path()).any(|shot| sweep(&shot));
        (is_lossy(tiers) && self.path().join(SUMS).exists()) || sweeps()
    }

    /// Bytes of the disk that it takes.
    pub fn held_bytes(&self) -> u64 {
        held_bytes(self.path())
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Removes the folder: nothing is left to be taken up.
    pub fn remove(self) {
        self.folder.remove();
    }
}

/// What is in a folder, as far as that can be read.
fn entries(folder: &Path) -> impl Iterator<Item = fs::DirEntry> {
    fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok)
}

fn held_bytes(folder: &Path) -> u64 {
    let of = |entry: fs::DirEntry| match entry.metadata() {
        Ok(known) if known.is_dir() => held_bytes(&entry.path()),
        Ok(known) => known.len(),
        Err(_) => 0,
    };
    entries(folder).map(of).sum()
}

/// One evaluation of a run that may be taken up.
#[derive(Clone, Copy)]
pub struct Kept<'a> {
    /// Where.
    pub keep: &'a Keep,
    /// Its number within the run.
    pub evaluation: u64,
    /// Is told what is taken up, from any thread.
    pub note: &'a (dyn Fn(&str) + Sync),
}

impl std::fmt::Debug for Kept<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Kept").field("evaluation", &self.evaluation).finish_non_exhaustive()
    }
}

/// Sums over the first shots.
pub(super) struct Sums {
    pub(super) misfit: f64,
    pub(super) gradient: Vec<f64>,
    pub(super) illumination: Vec<f64>,
    /// When they were last saved.
    saved: Instant,
}

impl Sums {
    pub(super) fn zeros(points: usize) -> Self {
        let zeros = || vec![0.0; points];
        let (gradient, illumination) = (zeros(), zeros());
        Self { misfit: 0.0, gradient, illumination, saved: Instant::now() }
    }
}

/// An evaluation that is going on, with what it depends on.
pub(super) struct Ongoing<'a> {
    kept: Kept<'a>,
    common: Digest,
    /// Of the sums.
    identity: u64,
    /// Whether its reverse sweeps are kept.
    pub(super) sweeps: bool,
}

impl<'a> Ongoing<'a> {
    pub(super) fn new(
        engine: &Engine,
        kept: Kept<'a>,
        (vp, wavelet): (&[f64], &[f64]),
        observed: &[Record],
        plan: &Plan,
    ) -> Self {
        kept.keep.folder.renew();
        let experiment = &engine.experiment;
        let program = retrograd::ir::text::print(engine.base.compiled().stencil());
        let (options, evaluation) = (&engine.options, kept.evaluation);
        let inputs = Inputs { experiment, options, program: &program, vp, wavelet, evaluation };
        let common = identity::of_inputs(&inputs);
        let identity = identity::of_sums(common, &experiment.survey.shots, observed, plan);
        Self { kept, common, identity, sweeps: kept.keep.sweeps && !is_lossy(&plan.tiers) }
    }

    pub(super) fn note(&self, text: &str) {
        (self.kept.note)(text);
    }

    pub(super) fn every(&self) -> Duration {
        self.kept.keep.every
    }

    pub(super) fn common(&self) -> Digest {
        self.common
    }

    /// Where the sweep of a shot is, by number from 0.
    pub(super) fn shot_folder(&self, number: usize) -> PathBuf {
        self.kept.keep.path().join(format!("shot-{number}"))
    }

    /// What a shot has left is of no use any more.
    pub(super) fn forget_shot(&self, number: usize) {
        // What stays goes with the folder.
        let _ = fs::remove_dir_all(self.shot_folder(number));
    }

    fn sums_file(&self) -> PathBuf {
        self.kept.keep.path().join(SUMS)
    }

    /// Takes up the sums over the first of `shots`, and says over how many; zeros if there are none.
    pub(super) fn take_up(&self, sums: &mut Sums, shots: usize) -> usize {
        let Ok(file) = File::open(self.sums_file()) else { return 0 };
        match self.read(&mut BufReader::new(file), sums) {
            Ok(done) if done <= shots => {
                (0..done).for_each(|number| self.forget_shot(number));
                self.note(&format!("{done} of {shots} shots of this evaluation taken up"));
                done
            }
            _ => {
                *sums = Sums::zeros(sums.gradient.len());
                0
            }
        }
    }

    fn read(&self, reader: &mut BufReader<File>, sums: &mut Sums) -> Result<usize, Bad> {
        let mut source = Source::new(reader);
        if source.word()? != MARK || source.word()? != self.identity {
            return Err(Bad::Bytes("it is not that of this evaluation"));
        }
        let done = source.count()?;
        sums.misfit = source.float()?;
        source.floats_into(&mut sums.gradient)?;
        source.floats_into(&mut sums.illumination)?;
        source.finish()?;
        Ok(done)
    }

    /// Saves the sums over the first `done` shots, the last of which has taken `shot_time`, unless
    /// less than the least time would be lost without.
    pub(super) fn save(&self, sums: &mut Sums, done: usize, shot_time: Duration) {
        if shot_time.max(sums.saved.elapsed()) < self.every() {
            return;
        }
        let written = files::write_with(&self.sums_file(), |writer| {
            let mut sink = Sink::new(writer);
            sink.word(MARK)?;
            sink.word(self.identity)?;
            sink.count(done)?;
            sink.float(sums.misfit)?;
            sink.floats(&sums.gradient)?;
            sink.floats(&sums.illumination)?;
            sink.finish()
        });
        if let Err(error) = written {
            // It costs no more than the chance to take them up.
            self.note(&format!("warning: finished shots are not kept: {error}"));
        }
        sums.saved = Instant::now();
    }
}

#[cfg(test)]
mod tests;
