//! The folder of one run's snapshot files: who owns it, and who may remove it.
//!
//! A folder belongs to whoever holds the lock of its lock file; the system gives the lock back
//! when a process ends, however it ends. A folder without owner is what a crash has left: the run
//! of the same name adopts it and goes on, [`clean`] removes it, and so does the next run in the
//! same place once it is [`LEASE`] old. Nobody touches a folder that is locked.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// How long a folder without owner is kept for a run that may resume it.
pub const LEASE: Duration = Duration::from_hours(7 * 24);

/// What the names of folders begin with.
const PREFIX: &str = "retrograd-snapshots-";

/// The file whose lock is the ownership.
const LOCK: &str = "lock";

/// A folder of snapshot files, owned by this process. Dropping it removes it, unless
/// [`Folder::keep`] was called.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    /// Locked as long as it is open.
    lock: File,
    keeps: bool,
}

/// Why a folder cannot be had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FolderError {
    /// Somebody else has it.
    #[error(
        "{} belongs to a run that is still going\n  \
         help: wait for it, or give this run another name or place", .path.display()
    )]
    Taken {
        /// The folder.
        path: PathBuf,
    },
    /// The name of a run would not be the name of a folder.
    #[error("`{run}` cannot name a run: letters, digits, `-`, `_` and `.` are allowed, up to 100")]
    Name {
        /// The name given.
        run: String,
    },
    /// The system said no.
    #[error("cannot {action} {}", .path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// With what.
        path: PathBuf,
        /// The system's words.
        source: io::Error,
    },
}

fn failed(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> FolderError {
    let path = path.to_owned();
    move |source| FolderError::Io { action, path, source }
}

impl Folder {
    /// The folder of `run` in `parent`, which must exist. What an earlier run of the same name
    /// has left is found in it; folders that others have left are removed if they are too old.
    ///
    /// # Errors
    /// [`FolderError::Taken`] if another process has it; a bad name; what the system says.
    pub fn open(parent: &Path, run: &str) -> Result<Self, FolderError> {
        let letters = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        if run.is_empty() || run.len() > 100 || !run.chars().all(letters) {
            return Err(FolderError::Name { run: run.to_owned() });
        }
        // A parent that has vanished is an error of its own, not a folder to be made.
        fs::read_dir(parent).map_err(failed("read the folder", parent))?;
        let path = Self::path_of(parent, run);
        fs::create_dir_all(&path).map_err(failed("make the folder", &path))?;
        let Some(lock) = take_lock(&path)? else { return Err(FolderError::Taken { path }) };
        let folder = Self { path, lock, keeps: false };
        for old in abandoned(parent)? {
            let age = fs::metadata(old.join(LOCK)).and_then(|meta| meta.modified());
            let age = age.ok().and_then(|time| SystemTime::now().duration_since(time).ok());
            if age.is_some_and(|age| age > LEASE) {
                remove(&old)?;
            }
        }
        Ok(folder)
    }

    /// Whether a run has a folder in `parent`, its own or left by an earlier process.
    pub fn exists(parent: &Path, run: &str) -> bool {
        Self::path_of(parent, run).is_dir()
    }

    fn path_of(parent: &Path, run: &str) -> PathBuf {
        parent.join(format!("{PREFIX}{run}"))
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Begins the [`LEASE`] anew: for a run that goes on for long.
    pub fn renew(&self) {
        // Where times cannot be set, it is that of the beginning.
        let _ = self.lock.set_modified(SystemTime::now());
    }

    /// Leaves the folder behind when dropped, for a run of the same name to resume.
    pub fn keep(&mut self) {
        self.keeps = true;
    }

    /// Removes the folder now, whatever was said before: there is nothing left to resume.
    pub fn remove(mut self) {
        self.keeps = false;
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if !self.keeps {
            // There is nobody to tell; what stays is found by `clean`.
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}

/// Locks a folder; nothing if somebody else has.
fn take_lock(folder: &Path) -> Result<Option<File>, FolderError> {
    let path = folder.join(LOCK);
    let open = File::options().create(true).truncate(false).write(true).open(&path);
    let lock = open.map_err(failed("open", &path))?;
    match lock.try_lock() {
        Ok(()) => {
            // The lease begins anew.
            let _ = lock.set_modified(SystemTime::now());
            Ok(Some(lock))
        }
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(source)) => Err(failed("lock", &path)(source)),
    }
}

/// Folders in `parent` that nobody owns.
///
/// # Errors
/// If `parent` cannot be read.
pub fn abandoned(parent: &Path) -> Result<Vec<PathBuf>, FolderError> {
    let mut found = Vec::new();
    for entry in fs::read_dir(parent).map_err(failed("read the folder", parent))? {
        let entry = entry.map_err(failed("read the folder", parent))?;
        let ours = entry.file_name().to_string_lossy().starts_with(PREFIX);
        let path = entry.path();
        if !ours || !path.join(LOCK).is_file() {
            continue;
        }
        let lock = File::open(path.join(LOCK));
        if lock.is_ok_and(|lock| lock.try_lock().is_ok()) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// Removes the folders in `parent` that nobody owns, and says which.
///
/// # Errors
/// If a folder cannot be read or removed.
pub fn clean(parent: &Path) -> Result<Vec<PathBuf>, FolderError> {
    let found = abandoned(parent)?;
    let mut removed = Vec::new();
    for path in found {
        if remove(&path)? {
            removed.push(path);
        }
    }
    Ok(removed)
}

/// Removes a folder, unless somebody has taken it since it was looked at.
fn remove(path: &Path) -> Result<bool, FolderError> {
    let Some(_lock) = take_lock(path)? else { return Ok(false) };
    fs::remove_dir_all(path).map_err(failed("remove the folder", path))?;
    Ok(true)
}
