//! What a tier of bytes writes to: RAM, a file.

mod file;
mod ram;

pub use file::{DirectIo, FileMedium};
pub use ram::RamMedium;

use std::io;

/// Bytes of fixed capacity, addressed by their offset.
///
/// Offsets and lengths are multiples of [`Medium::alignment`], but for the length of the last
/// write of a snapshot; what lies between the end of a snapshot and the end of its last page is
/// never read.
pub trait Medium: Send {
    /// The medium as the user knows it: RAM, or the path of a file.
    fn name(&self) -> String;

    /// The most bytes that it holds.
    fn capacity_bytes(&self) -> u64;

    /// What offsets are multiples of.
    fn alignment(&self) -> u64 {
        1
    }

    /// Bytes of buffers that it holds in RAM beside what is stored.
    fn buffer_bytes(&self) -> u64 {
        0
    }

    /// Writes `bytes` at `offset`.
    ///
    /// # Errors
    /// What the system says; what is at the offset then is not defined.
    fn write(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()>;

    /// Fills `bytes` from `offset`.
    ///
    /// # Errors
    /// What the system says, also where the medium ends too early.
    fn read(&mut self, offset: u64, bytes: &mut [u8]) -> io::Result<()>;
}
