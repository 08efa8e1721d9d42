//! The run folder: where a run begins, and what is in the way.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use retrograd_invert::files;
use serde::Serialize;

use super::RunError;
use crate::job::TITLE_OF_RUN;
use crate::progress::Progress;

/// The job file that every run folder holds.
pub const JOB_FILE: &str = "job.toml";

/// The numbers of a run that has come to its end.
const RUN_FILE: &str = "run.json";

/// Files that say that a folder is a run's, whatever else is in it.
const MARKS: [&str; 2] = ["state.json", RUN_FILE];

/// What a run that was killed before it left a mark may have left, beside its job file.
const RESULTS: [&str; 2] = ["gradient.npy", "data/shot_001.npy"];

/// A run folder in which nobody else runs, until this is dropped or the process ends.
#[derive(Debug)]
pub(super) struct Held {
    _lock: Option<File>,
}

/// Makes the folder of a new run, with its job in it. An earlier run, finished or not, is moved
/// aside whole, so that nothing of it is lost and nothing of it is taken for the new one's.
pub(super) fn begin(folder: &Path, job: &str, progress: &Progress) -> Result<Held, RunError> {
    hold(folder)?;
    if let Some(kept) = move_aside(folder)? {
        progress.note(&format!("an earlier run was moved to {}", kept.display()));
    }
    let path = folder.join(JOB_FILE);
    if path.exists() && !is_ours(&path) {
        let message = format!(
            "the run folder {} holds a {JOB_FILE} that no run wrote and this one would overwrite",
            folder.display()
        );
        return Err(RunError::new(message).help("choose another folder with --out or job.output"));
    }
    fs::create_dir_all(folder).map_err(|error| {
        RunError::new(format!("the run folder {} cannot be made: {error}", folder.display()))
            .help("choose another with --out")
    })?;
    let held = hold(folder)?;
    files::remove_unfinished(folder);
    files::write(&path, job.as_bytes()).map_err(RunError::of)?;
    Ok(held)
}

/// Writes the numbers of a run.
pub(super) fn record<T: Serialize>(folder: &Path, outcome: &T) -> Result<(), RunError> {
    files::write_json(&folder.join(RUN_FILE), outcome).map_err(RunError::of)
}

/// Takes over the folder of a run that was interrupted. What it was writing is removed; what it
/// had written stays.
pub(super) fn take_over(folder: &Path) -> Result<Held, RunError> {
    let held = hold(folder)?;
    for folder in [folder, &folder.join("pictures")] {
        files::remove_unfinished(folder);
    }
    Ok(held)
}

/// Locks a folder against other runs; the system lets go of it with the process, however that
/// ends. A folder that does not exist, or a file system without locks, has nothing to hold.
fn hold(folder: &Path) -> Result<Held, RunError> {
    let Ok(lock) = File::open(folder) else { return Ok(Held { _lock: None }) };
    match lock.try_lock() {
        Ok(()) => Ok(Held { _lock: Some(lock) }),
        Err(TryLockError::WouldBlock) => {
            let message = format!("another process runs in the folder {}", folder.display());
            Err(RunError::new(message).help("wait for it, or choose another folder with --out"))
        }
        Err(TryLockError::Error(_)) => Ok(Held { _lock: None }),
    }
}

/// Renames the folder of an earlier run.
fn move_aside(folder: &Path) -> Result<Option<PathBuf>, RunError> {
    let holds = |name: &str| folder.join(name).exists();
    let results = is_ours(&folder.join(JOB_FILE)) && RESULTS.iter().any(|name| holds(name));
    if !results && !MARKS.iter().any(|name| holds(name)) {
        return Ok(None);
    }
    let stem = folder.file_name().map_or_else(|| "run".into(), |n| n.to_string_lossy());
    let name = |n: u32| folder.with_file_name(format!("{stem}-before-{n}"));
    let free = (1..=u32::MAX).map(name).find(|path| !path.exists());
    let kept = free.unwrap_or_else(|| name(0));
    fs::rename(folder, &kept).map_err(|error| {
        RunError::new(format!("the earlier run {} cannot be moved: {error}", folder.display()))
            .help("choose another folder with --out, or continue it with --resume")
    })?;
    Ok(Some(kept))
}

fn is_ours(job: &Path) -> bool {
    let title = format!("# {TITLE_OF_RUN}");
    fs::read(job).is_ok_and(|text| text.starts_with(title.as_bytes()))
}
