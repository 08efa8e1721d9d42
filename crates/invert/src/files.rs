//! Writing files so that a killed run never leaves half a file behind.
//!
//! A writer fills a temporary file in the target's own folder, `fsync`s it, renames it over the
//! target and `fsync`s the folder. POSIX `rename` is atomic, so a reader finds the old bytes or
//! the new ones, also after a power cut. Every writer of this crate goes through here.
//!
//! Not here: file formats.

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;

/// Bytes of the buffer through which a file is written.
pub(crate) const BUFFER_BYTES: usize = 1 << 20;

/// How the name of a file begins and ends as long as it is being written.
const UNFINISHED: (&str, &str) = (".retrograd-", ".part");

/// A file that could not be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// The operating system refused.
    #[error("{path}: cannot {action}: {source}\n  help: {help}", path = path.display())]
    Io {
        /// The file that the user named.
        path: PathBuf,
        /// What was tried.
        action: Action,
        /// What to do about it.
        help: &'static str,
        /// What the operating system said.
        source: io::Error,
    },
    /// The content is not the JSON document that was expected.
    #[error(
        "{path}: not the JSON that belongs here: {source}\n  \
         help: the file was edited or written by another version; move it away and run again",
        path = path.display()
    )]
    Json {
        /// The file that the user named.
        path: PathBuf,
        /// Line, column and reason.
        source: serde_json::Error,
    },
}

/// What [`FileError::Io`] was about to do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Action {
    /// Open or read an existing file.
    Read,
    /// Create the temporary file beside the target.
    Create,
    /// Fill the temporary file, or force it to disk.
    Write,
    /// Put the finished file in the place of the target.
    Rename,
}

impl std::fmt::Display for Action {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Read => "read",
            Self::Create => "create a file beside it",
            Self::Write => "write",
            Self::Rename => "rename the finished file to it",
        })
    }
}

/// Wraps what the operating system said, with the remedy that fits its kind.
pub(crate) fn io_error(path: &Path, action: Action, source: io::Error) -> FileError {
    let help = match source.kind() {
        io::ErrorKind::NotFound => "check the path; folders are not made on the way",
        io::ErrorKind::PermissionDenied => "check the owner and the mode of the file and folder",
        io::ErrorKind::StorageFull => "free some space, or choose another folder",
        io::ErrorKind::IsADirectory => "name a file, not a folder",
        _ => "check the path and the disk",
    };
    FileError::Io { path: path.to_owned(), action, help, source }
}

/// Replaces `path` by what `fill` writes, all or nothing.
///
/// `fill` writes into a buffer of its own; the folder must exist. Two disk flushes per call.
///
/// # Errors
/// [`FileError::Io`] when the folder is missing or not writable, the disk is full, or `fill`
/// fails. The target is then untouched and the temporary file gone.
pub fn write_with(
    path: &Path,
    fill: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), FileError> {
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        Some(_) | None => Path::new("."),
    };
    let failed = |action| move |source| io_error(path, action, source);
    let file = temporary_in(folder).map_err(failed(Action::Create))?;
    let mut writer = BufWriter::with_capacity(BUFFER_BYTES, file);
    fill(&mut writer).map_err(failed(Action::Write))?;
    let file = writer.into_inner().map_err(|e| failed(Action::Write)(e.into_error()))?;
    file.as_file().sync_all().map_err(failed(Action::Write))?;
    file.persist(path).map_err(|e| failed(Action::Rename)(e.error))?;
    sync_folder(folder).map_err(failed(Action::Rename))
}

/// Replaces `path` by `bytes`, all or nothing.
///
/// # Errors
/// As [`write_with`].
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    write_with(path, |writer| writer.write_all(bytes))
}

/// Replaces `path` by `value` as indented JSON with a final newline.
///
/// JSON has no infinity or NaN: `serde_json` writes them as `null`.
///
/// # Errors
/// As [`write_with`]; a value that does not serialise (a map with keys that are not text) counts
/// as a failed write.
pub fn write_json<T: Serialize + ?Sized>(path: &Path, value: &T) -> Result<(), FileError> {
    write_with(path, |writer| {
        serde_json::to_writer_pretty(&mut *writer, value)?;
        writer.write_all(b"\n")
    })
}

/// Reads a JSON document.
///
/// # Errors
/// [`FileError::Io`] if the file cannot be read, [`FileError::Json`] if it is not a `T`.
pub fn read_json<T: DeserializeOwned>(path: &Path) -> Result<T, FileError> {
    let bytes = std::fs::read(path).map_err(|e| io_error(path, Action::Read, e))?;
    serde_json::from_slice(&bytes)
        .map_err(|source| FileError::Json { path: path.to_owned(), source })
}

/// Removes what a killed writer left in a folder: files that never got their name. One that cannot
/// be removed does no harm.
pub fn remove_unfinished(folder: &Path) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with(UNFINISHED.0) && name.ends_with(UNFINISHED.1) {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

/// A temporary file with the permissions of an ordinary one: `tempfile` defaults to owner only,
/// which would hide results from colleagues.
fn temporary_in(folder: &Path) -> io::Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(UNFINISHED.0).suffix(UNFINISHED.1);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        builder.permissions(std::fs::Permissions::from_mode(0o666)); // the umask still applies
    }
    builder.tempfile_in(folder)
}

/// Makes the rename itself durable. Only POSIX lets a folder be opened and flushed.
fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { std::fs::File::open(folder)?.sync_all() } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_write_leaves_the_old_file_and_no_other() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.bin");
        write(&path, b"old").unwrap();
        let error = write_with(&path, |w| {
            w.write_all(b"half")?;
            Err(io::Error::from(io::ErrorKind::StorageFull))
        })
        .unwrap_err();
        assert!(error.to_string().contains("a.bin: cannot write"), "{error}");
        assert!(error.to_string().contains("help: free some space"), "{error}");
        assert_eq!(std::fs::read(&path).unwrap(), b"old");
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_was_never_finished_is_removed_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let kept = dir.path().join("a.part");
        write(&kept, b"").unwrap();
        let killed = temporary_in(dir.path()).unwrap().into_temp_path().keep().unwrap();
        remove_unfinished(dir.path());
        assert!(kept.exists() && !killed.exists());
        remove_unfinished(&dir.path().join("missing"));
    }

    #[test]
    fn json_comes_back() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("run.json");
        write_json(&path, &vec![1.5, 0.1]).unwrap();
        assert_eq!(read_json::<Vec<f64>>(&path).unwrap(), [1.5, 0.1]);
        write(&path, b"{").unwrap();
        let error = read_json::<Vec<f64>>(&path).unwrap_err().to_string();
        assert!(error.contains("run.json: not the JSON"), "{error}");
    }

    #[test]
    fn a_missing_folder_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let error = write(&dir.path().join("no/where.bin"), b"").unwrap_err().to_string();
        assert!(error.contains("where.bin") && error.contains("help: check the path"), "{error}");
    }

    #[cfg(unix)]
    #[test]
    fn results_are_readable_by_others_as_the_umask_allows() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().unwrap();
        let (ours, plain) = (dir.path().join("ours"), dir.path().join("plain"));
        write(&ours, b"").unwrap();
        std::fs::write(&plain, b"").unwrap();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode();
        assert_eq!(mode(&ours), mode(&plain));
    }
}
