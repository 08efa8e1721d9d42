//! One preallocated file, written and read past the page cache where the system can.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use bytemuck::Zeroable;

use super::Medium;

/// What direct I/O asks offsets, lengths and addresses to be multiples of, on every disk there is.
const BLOCK: usize = 4096;

/// Bytes that go through the aligned buffer at a time: enough for any disk to reach its speed.
const BOUNCE_BLOCKS: usize = 256;

/// One aligned block.
#[derive(Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C, align(4096))]
struct Block([u8; BLOCK]);

/// Whether a file goes past the page cache.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum DirectIo {
    /// Where the file system can. Snapshots are read once, long after they were written: in the
    /// page cache they only push out what others need.
    #[default]
    Auto,
    /// Never: the page cache keeps what it has room for.
    Never,
}

/// A file of fixed size.
#[derive(Debug)]
pub struct FileMedium {
    path: PathBuf,
    file: File,
    capacity_bytes: u64,
    /// Aligned bytes between the caller's and the disk's, where I/O is direct.
    bounce: Option<Box<[Block]>>,
}

impl std::fmt::Debug for Block {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Block")
    }
}

impl FileMedium {
    /// Bytes of buffers in RAM, where the page cache is passed by.
    pub const BUFFER_BYTES: u64 = (BOUNCE_BLOCKS * BLOCK) as u64;

    /// What offsets are multiples of.
    pub const ALIGNMENT: u64 = BLOCK as u64;

    /// Makes or opens the file at `path` and reserves `capacity_bytes` for it, rounded down to
    /// whole blocks: a disk that is too full says so now.
    ///
    /// # Errors
    /// What the system says.
    pub fn new(path: &Path, capacity_bytes: u64, direct: DirectIo) -> io::Result<Self> {
        let capacity_bytes = capacity_bytes / BLOCK as u64 * BLOCK as u64;
        let file = open(path, 0)?;
        reserve(&file, capacity_bytes)?;
        let direct = match direct {
            DirectIo::Never => None,
            DirectIo::Auto => open(path, direct_flag()).ok().filter(|_| direct_flag() != 0),
        };
        let mut medium = Self { path: path.to_owned(), file, capacity_bytes, bounce: None };
        if let Some(direct) = direct {
            let buffered = std::mem::replace(&mut medium.file, direct);
            medium.bounce = Some(vec![Block::zeroed(); BOUNCE_BLOCKS].into());
            // Some file systems open such files and then refuse to write them. A file found again
            // keeps what it holds.
            let mut first = [0; BLOCK];
            let mut same = |medium: &mut Self| {
                buffered.read_exact_at(&mut first, 0)?;
                medium.write_direct(0, &first)
            };
            if capacity_bytes > 0 && same(&mut medium).is_err() {
                medium.file = buffered;
                medium.bounce = None;
            }
        }
        Ok(medium)
    }

    /// Whether the page cache is passed by.
    pub fn is_direct(&self) -> bool {
        self.bounce.is_some()
    }

    fn write_direct(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let bounce: &mut [u8] = bytemuck::cast_slice_mut(self.bounce.as_mut().expect("is direct"));
        let size = bounce.len();
        for (part, at) in bytes.chunks(size).zip((offset..).step_by(size)) {
            bounce[..part.len()].copy_from_slice(part);
            let whole = part.len().next_multiple_of(BLOCK);
            self.file.write_all_at(&bounce[..whole], at)?;
        }
        Ok(())
    }

    fn read_direct(&mut self, offset: u64, bytes: &mut [u8]) -> io::Result<()> {
        let bounce: &mut [u8] = bytemuck::cast_slice_mut(self.bounce.as_mut().expect("is direct"));
        let size = bounce.len();
        for (part, at) in bytes.chunks_mut(size).zip((offset..).step_by(size)) {
            let whole = part.len().next_multiple_of(BLOCK);
            self.file.read_exact_at(&mut bounce[..whole], at)?;
            part.copy_from_slice(&bounce[..part.len()]);
        }
        Ok(())
    }
}

fn open(path: &Path, flags: i32) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false).custom_flags(flags).open(path)
}

/// The flag of direct I/O; 0 where there is none.
fn direct_flag() -> i32 {
    #[cfg(target_os = "linux")]
    let flag = rustix::fs::OFlags::DIRECT.bits().cast_signed();
    #[cfg(not(target_os = "linux"))]
    let flag = 0;
    flag
}

/// Makes the file `bytes` long, with room on the disk where the file system can promise that.
fn reserve(file: &File, bytes: u64) -> io::Result<()> {
    if file.metadata()?.len() < bytes {
        file.set_len(bytes)?;
    }
    #[cfg(target_os = "linux")]
    if bytes > 0 {
        use rustix::fs::{FallocateFlags, fallocate};
        use rustix::io::Errno;
        match fallocate(file, FallocateFlags::empty(), 0, bytes) {
            Ok(()) | Err(Errno::NOTSUP | Errno::NOSYS | Errno::INVAL) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
    Ok(())
}

impl Medium for FileMedium {
    fn name(&self) -> String {
        self.path.display().to_string()
    }

    fn capacity_bytes(&self) -> u64 {
        self.capacity_bytes
    }

    fn alignment(&self) -> u64 {
        Self::ALIGNMENT
    }

    fn buffer_bytes(&self) -> u64 {
        if self.is_direct() { Self::BUFFER_BYTES } else { 0 }
    }

    fn write(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        if self.is_direct() {
            self.write_direct(offset, bytes)
        } else {
            self.file.write_all_at(bytes, offset)
        }
    }

    fn read(&mut self, offset: u64, bytes: &mut [u8]) -> io::Result<()> {
        if self.is_direct() {
            self.read_direct(offset, bytes)
        } else {
            self.file.read_exact_at(bytes, offset)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back_past_the_page_cache_or_not() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let bytes: Vec<u8> =
            (0..3_000_000_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 9) as u8).collect();
        for direct in [DirectIo::Auto, DirectIo::Never] {
            let path = folder.path().join(format!("{direct:?}"));
            let mut file = FileMedium::new(&path, 8 << 20, direct).expect("should open");
            let mut back = vec![0; bytes.len()];
            for offset in [0, 4096, 5 << 20] {
                file.write(offset, &bytes).expect("should be written");
                file.read(offset, &mut back).expect("should be read");
                assert!(back == bytes, "{direct:?} at {offset}");
            }
            let beyond = file.read((8 << 20) - 4096, &mut back);
            assert_eq!(beyond.unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
        }
    }

    #[test]
    fn a_file_opened_again_holds_what_it_held() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (path, bytes) = (folder.path().join("data"), vec![7; 10_000]);
        for direct in [DirectIo::Auto, DirectIo::Never] {
            let mut file = FileMedium::new(&path, 1 << 20, direct).expect("should open");
            file.write(0, &bytes).expect("should be written");
            drop(file);
            let mut file = FileMedium::new(&path, 1 << 20, direct).expect("should open");
            let mut back = vec![0; bytes.len()];
            file.read(0, &mut back).expect("should be read");
            assert!(back == bytes, "{direct:?}");
        }
    }

    #[test]
    fn a_folder_that_is_not_there_is_an_error() {
        let path = Path::new("/nowhere/at/all");
        let error = FileMedium::new(path, 4096, DirectIo::Auto).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
    }
}
