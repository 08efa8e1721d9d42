//! A file, mapped: snapshots go to the page cache by a copy in memory, without a system call per
//! access beyond asking for the length of the file.
//!
//! # SIGBUS
//!
//! A page of a mapping that has no page of the file behind it cannot be read or written: the
//! system answers with the signal SIGBUS, which ends the process. Three things take a page away,
//! and this is what is done about them:
//!
//! | cause | what is done |
//! |---|---|
//! | the disk is full when the page is first written | room is reserved when the file is made; a file system that promises none (no `fallocate`, compression) is refused |
//! | somebody cuts the file short | before each access the length of the open file is asked for, and an error given if it is too small; two [`MappedFile`]s do not open the same file, by a lock; a scratch file has no name under which anybody could find it |
//! | the disk fails to read | nothing can be |
//!
//! What is left is a named file that somebody who ignores the lock cuts short between the question
//! and the copy, and a broken disk. Who cannot live with that takes
//! [`FileMedium`](retrograd_checkpoint::tier::medium::FileMedium), for which both are errors.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::Path;

use memmap2::{MmapOptions, MmapRaw};
use retrograd_checkpoint::tier::medium::Medium;

/// What the system maps at a time, at least.
const PAGE: u64 = 4096;

/// A file of fixed size, mapped; unmapped and closed when it is dropped.
#[derive(Debug)]
pub struct MappedFile {
    map: MmapRaw,
    file: File,
    name: String,
    capacity: usize,
}

impl MappedFile {
    /// Makes or opens the file at `path`, reserves `capacity_bytes` for it, rounded down to whole
    /// pages, locks it and maps it. What is in the file stays, also behind the capacity.
    ///
    /// # Errors
    /// What the system says: that the disk is too full, that it cannot promise room
    /// ([`io::ErrorKind::Unsupported`]), that the file is open elsewhere
    /// ([`io::ErrorKind::WouldBlock`]).
    pub fn new(path: &Path, capacity_bytes: u64) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        let file = options.read(true).write(true).create(true).truncate(false).open(path)?;
        file.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => {
                io::Error::new(io::ErrorKind::WouldBlock, "the file is in use elsewhere")
            }
            TryLockError::Error(error) => error,
        })?;
        Self::map(file, path.display().to_string(), capacity_bytes)
    }

    /// As [`MappedFile::new`], in a file of the folder that has no name and is gone when it is
    /// dropped, or when the process ends in whatever way.
    ///
    /// # Errors
    /// As for [`MappedFile::new`].
    pub fn scratch(folder: &Path, capacity_bytes: u64) -> io::Result<Self> {
        let file = tempfile::tempfile_in(folder)?;
        Self::map(file, format!("scratch file in {}", folder.display()), capacity_bytes)
    }

    fn map(file: File, name: String, capacity_bytes: u64) -> io::Result<Self> {
        let capacity_bytes = capacity_bytes / PAGE * PAGE;
        let capacity = usize::try_from(capacity_bytes).map_err(io::Error::other)?;
        reserve(&file, capacity_bytes)?;
        let map = MmapOptions::new().len(capacity).map_raw(&file)?;
        Ok(Self { map, file, name, capacity })
    }

    /// Where `bytes` bytes of the mapping begin, which has so many from there on, with a page of
    /// the file behind each.
    fn part(&self, offset: u64, bytes: usize) -> io::Result<*mut u8> {
        let short = |what| Err(io::Error::new(io::ErrorKind::UnexpectedEof, what));
        let start = usize::try_from(offset).unwrap_or(usize::MAX);
        let Some(end) = start.checked_add(bytes).filter(|&end| end <= self.capacity) else {
            return short("the medium ends before the data");
        };
        if self.file.metadata()?.len() < end as u64 {
            return short("the file has been cut short");
        }
        // SAFETY: `start` is within the mapping of `capacity` bytes, or its end.
        Ok(unsafe { self.map.as_mut_ptr().add(start) })
    }
}

impl Medium for MappedFile {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn capacity_bytes(&self) -> u64 {
        self.capacity as u64
    }

    fn alignment(&self) -> u64 {
        PAGE
    }

    fn write(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let to = self.part(offset, bytes.len())?;
        // SAFETY: there are so many bytes at `to`; to the mapping there are no references, so
        // that `bytes` lie elsewhere. `&mut self`: nobody else in this process copies.
        unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), to, bytes.len()) };
        Ok(())
    }

    fn read(&mut self, offset: u64, bytes: &mut [u8]) -> io::Result<()> {
        let from = self.part(offset, bytes.len())?.cast_const();
        // SAFETY: as for `write`. Bytes that another process writes meanwhile are some bytes, and
        // the checksum of the tier tells.
        unsafe { std::ptr::copy_nonoverlapping(from, bytes.as_mut_ptr(), bytes.len()) };
        Ok(())
    }
}

/// Makes the file at least `bytes` long, with room on the disk for each of them; or leaves it as
/// long as it was.
fn reserve(file: &File, bytes: u64) -> io::Result<()> {
    let length = file.metadata()?.len();
    if bytes == 0 {
        return Ok(());
    }
    if length < bytes {
        file.set_len(bytes)?;
    }
    let reserved = match allocate(file, bytes) {
        Err(error) if error.kind() == io::ErrorKind::Unsupported => fill(file, length, bytes),
        allocated => allocated,
    };
    if reserved.is_err() && length < bytes {
        file.set_len(length)?;
    }
    reserved
}

/// Asks the file system for room.
#[cfg(target_os = "linux")]
fn allocate(file: &File, bytes: u64) -> io::Result<()> {
    use rustix::fs::{FallocateFlags, fallocate};
    use rustix::io::Errno;
    fallocate(file, FallocateFlags::empty(), 0, bytes).map_err(|errno| match errno {
        Errno::NOTSUP | Errno::NOSYS | Errno::INVAL => io::ErrorKind::Unsupported.into(),
        other => other.into(),
    })
}

#[cfg(not(target_os = "linux"))]
fn allocate(_: &File, _: u64) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Writes zeros from `length` on, and asks whether the file then takes the room of `bytes`.
fn fill(file: &File, length: u64, bytes: u64) -> io::Result<()> {
    use std::os::unix::fs::{FileExt, MetadataExt};
    let disk = rustix::fs::fstatvfs(file)?;
    if disk.f_bavail.saturating_mul(disk.f_frsize) < bytes.saturating_sub(length) {
        return Err(io::ErrorKind::StorageFull.into());
    }
    let zeros = vec![0; 1 << 20];
    for at in (length..bytes).step_by(zeros.len()) {
        let part = (bytes - at).min(zeros.len() as u64) as usize;
        file.write_all_at(&zeros[..part], at)?;
    }
    file.sync_data()?;
    // Blocks are of 512 bytes, whatever the file system's are.
    if file.metadata()?.blocks().saturating_mul(512) < bytes {
        let what =
            "the file system promises no room for a mapped file: take one that is not mapped";
        return Err(io::Error::new(io::ErrorKind::Unsupported, what));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_fallocate_zeros_are_written_and_room_is_asked_for() {
        let file = tempfile::tempfile().expect("a temporary file");
        fill(&file, 0, 3_000_000).expect("should be written");
        assert_eq!(file.metadata().expect("should be known").len(), 3_000_000);

        let error = fill(&file, 0, u64::MAX).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);

        let holes = tempfile::tempfile().expect("a temporary file");
        holes.set_len(3_000_000).expect("should be possible");
        let error = fill(&holes, 3_000_000, 3_000_000).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::Unsupported);
    }
}
