//! Snapshots to bytes on a medium and back: codec, pages, checksum.

use std::io;

use xxhash_rust::xxh3::Xxh3;

use super::manifest::Manifest;
use super::medium::Medium;
use super::{Coder, Key, Payload, TierError};

/// Bytes that are read or written at a time: large enough for any disk.
const PIECE_BYTES: usize = 1 << 20;

/// What is known of stored data.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Extent {
    /// First page of the chain.
    pub(super) page: u32,
    /// Bytes of the encoded data.
    pub(super) bytes: u64,
    /// XXH3 of the encoded data.
    pub(super) checksum: u64,
}

/// What one store did.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Stored {
    pub(super) raw_bytes: u64,
    pub(super) written_bytes: u64,
    pub(super) max_error: f64,
}

/// The working parts of a tier of bytes, used by one thread at a time.
pub(super) struct Engine {
    medium: Box<dyn Medium>,
    coder: Coder,
    /// Encoded data on their way.
    encoded: Vec<u8>,
    /// Where payloads gather what does not lie in one piece.
    gathered: Vec<u8>,
    runs: Vec<(u64, usize)>,
    manifest: Option<Manifest>,
}

impl Engine {
    pub(super) fn new(medium: Box<dyn Medium>, coder: Coder) -> Self {
        Self {
            medium,
            coder,
            encoded: Vec::new(),
            gathered: Vec::new(),
            runs: Vec::new(),
            manifest: None,
        }
    }

    /// Notes in a manifest what is written from now on.
    pub(super) fn note_in(&mut self, manifest: Manifest) {
        self.manifest = Some(manifest);
    }

    /// Nothing is stored any more. Of a manifest that cannot be cleared, only a run of the same
    /// identity believes what it says, and for that run it is true.
    pub(super) fn clear(&mut self) {
        let _ = self.manifest.as_mut().map_or(Ok(()), Manifest::clear);
    }

    pub(super) fn name(&self) -> String {
        self.medium.name()
    }

    /// Bytes of the buffers for snapshots on their way, of the codec's and of the medium's own.
    pub(super) fn buffer_bytes(&self) -> u64 {
        let own = (self.encoded.capacity() + self.gathered.capacity()) as u64;
        own + self.coder.buffer_bytes() + self.medium.buffer_bytes()
    }

    /// Encodes a snapshot into the buffer of the engine.
    pub(super) fn encode<S: Payload>(
        &mut self,
        key: Key,
        snapshot: &S,
    ) -> Result<Stored, TierError> {
        self.encoded.clear();
        if self.coder.copies() {
            snapshot.append_to(&mut self.encoded, &mut self.gathered);
            let bytes = self.encoded.len() as u64;
            return Ok(Stored { raw_bytes: bytes, written_bytes: bytes, max_error: 0.0 });
        }
        let mut done = Stored::default();
        let mut failed = None;
        snapshot.fields(&mut self.gathered, &mut |shape, bytes| {
            if failed.is_some() {
                return;
            }
            done.raw_bytes += bytes.len() as u64;
            match self.coder.encode(shape, bytes, &mut self.encoded) {
                Ok(error) => done.max_error = done.max_error.max(error),
                Err(error) => failed = Some(error),
            }
        });
        done.written_bytes = self.encoded.len() as u64;
        match failed {
            None => Ok(done),
            Some(error) => Err(self.corrupt(key, error.to_string())),
        }
    }

    /// Bytes of the encoded snapshot.
    pub(super) fn encoded_bytes(&self) -> u64 {
        self.encoded.len() as u64
    }

    /// Where the parts of a snapshot are on the medium, to be filled before reading or writing.
    pub(super) fn runs(&mut self) -> &mut Vec<(u64, usize)> {
        &mut self.runs
    }

    /// Writes the encoded snapshot where the runs say, from `page` on.
    pub(super) fn write(&mut self, key: Key, page: u32) -> Result<Extent, TierError> {
        let mut rest = self.encoded.as_slice();
        let mut checksum = Xxh3::new();
        for (offset, bytes) in pieces(&self.runs) {
            let (part, behind) = rest.split_at(bytes);
            checksum.update(part);
            self.medium.write(offset, part).map_err(|e| io(&*self.medium, "write", e))?;
            rest = behind;
        }
        let (bytes, checksum) = (self.encoded.len() as u64, checksum.digest());
        let extent = Extent { page, bytes, checksum };
        if let Some(manifest) = &mut self.manifest {
            let noted = manifest.note(key, &extent, &self.runs);
            noted.map_err(|e| io(&*self.medium, "note in its manifest what it holds", e))?;
        }
        Ok(extent)
    }

    /// Reads a snapshot from where the runs say into a payload of the same shape.
    pub(super) fn read<S: Payload>(
        &mut self,
        key: Key,
        extent: Extent,
        into: &mut S,
    ) -> Result<(), TierError> {
        // What is there is overwritten: only more than that has to be zero first.
        let bytes = extent.bytes as usize;
        self.encoded.reserve_exact(bytes.saturating_sub(self.encoded.len()));
        self.encoded.resize(bytes, 0);
        let mut rest = self.encoded.as_mut_slice();
        let mut checksum = Xxh3::new();
        for (offset, bytes) in pieces(&self.runs) {
            let (part, behind) = rest.split_at_mut(bytes);
            self.medium.read(offset, part).map_err(|e| io(&*self.medium, "read", e))?;
            checksum.update(part);
            rest = behind;
        }
        if checksum.digest() != extent.checksum {
            return Err(self.corrupt(key, "their checksum is not that of what was stored".into()));
        }
        if self.coder.copies() {
            let fits = into.fill_from(&self.encoded, &mut self.gathered);
            let other = || self.corrupt(key, "they are not of the snapshot's size".into());
            return if fits { Ok(()) } else { Err(other()) };
        }
        let mut rest = self.encoded.as_slice();
        let mut failed = None;
        into.fields_mut(&mut self.gathered, &mut |shape, bytes| {
            if failed.is_none() {
                failed = self.coder.decode(shape, &mut rest, bytes).err();
            }
        });
        match failed {
            None if rest.is_empty() => Ok(()),
            None => Err(self.corrupt(key, "they hold more than the snapshot".into())),
            Some(error) => Err(self.corrupt(key, error.to_string())),
        }
    }

    fn corrupt(&self, key: Key, what: String) -> TierError {
        TierError::Corrupt { tier: self.name(), key, what }
    }
}

/// The runs, cut into pieces that are still in a near cache when they are looked at twice: for the
/// checksum and on their way.
fn pieces(runs: &[(u64, usize)]) -> impl Iterator<Item = (u64, usize)> {
    runs.iter().flat_map(|&(start, bytes)| {
        let piece = move |at: usize| (start + at as u64, PIECE_BYTES.min(bytes - at));
        (0..bytes).step_by(PIECE_BYTES).map(piece)
    })
}

fn io(medium: &dyn Medium, action: &'static str, source: io::Error) -> TierError {
    TierError::Io { tier: medium.name(), action, source }
}
