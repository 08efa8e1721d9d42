//! What a tier of bytes holds in RAM beside what is stored in it: for plans, from sizes alone.
//!
//! ```text
//! (queue + 1) snapshots on their way + encoded + gathered + medium + codec + table of pages
//! ```
//!
//! Every term is said by the code that allocates it; [`Bytes::buffer_bytes`](super::Bytes) is the
//! sum of what has been allocated, all but the snapshots on their way.

use super::coder;
use super::medium::FileMedium;
use super::options::page_bytes;
use super::pages::Pages;
use crate::codec::Codec;

/// A tier of bytes to be.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct BufferNeeds<'a> {
    /// Numbers of the largest snapshot.
    pub snapshot_bytes: u64,
    /// The largest field that its payload gathers from pieces; 0 if all lie in one piece.
    pub gathered_bytes: u64,
    /// Bytes of the medium.
    pub capacity_bytes: u64,
    /// Whether it is a file.
    pub file: bool,
    /// How snapshots are encoded.
    pub codec: &'a Codec,
    /// Depth of the queue.
    pub queue: usize,
    /// Threads that encode and decode.
    pub threads: u64,
}

impl BufferNeeds<'_> {
    /// Bytes of the buffers, at most, when snapshots have gone out and come back. Those of the
    /// medium are of one that passes the page cache by.
    pub fn buffer_bytes(&self) -> u64 {
        let encoded = coder::encoded_bytes(self.snapshot_bytes);
        let (medium, alignment) =
            if self.file { (FileMedium::BUFFER_BYTES, FileMedium::ALIGNMENT) } else { (0, 1) };
        let page = page_bytes(Some(self.snapshot_bytes), self.capacity_bytes, alignment);
        let table = Pages::table_bytes(self.capacity_bytes, page);
        let codec = self.codec.scratch_bytes(self.snapshot_bytes, self.threads);
        let parts = [encoded, self.gathered_bytes, medium, codec, table];
        parts.into_iter().fold(0, u64::saturating_add)
    }

    /// Bytes of snapshots that are neither the model's nor stored: those in the queue and the one
    /// in the hands of the tier. The model stores before it loads; where it does both in turn, up
    /// to `queue` more are on their way back.
    pub fn snapshots_on_their_way_bytes(&self) -> u64 {
        (self.queue as u64 + 1).saturating_mul(self.snapshot_bytes)
    }

    /// Both.
    pub fn bytes(&self) -> u64 {
        self.buffer_bytes().saturating_add(self.snapshots_on_their_way_bytes())
    }
}
