//! The codec of a tier, as the engine sees it.

use std::num::NonZeroUsize;

use crate::codec::{Codec, CodecError, FieldShape, Scratch, Workers, max_encoded_len_of};

/// Bytes in front of each encoded field that say how long it is.
const LENGTH: usize = 8;

/// Bytes of the buffer that a snapshot of `bytes` is encoded into, at most, if it is one field; a
/// field more adds some tens.
pub(super) fn encoded_bytes(bytes: u64) -> u64 {
    max_encoded_len_of(bytes).saturating_add(LENGTH as u64)
}

/// Runs tasks as [`RunTasks`](crate::codec::RunTasks) says, from whichever thread.
pub(super) type Pool = Box<dyn Fn(usize, &(dyn Fn(usize) + Sync)) + Send>;

/// The threads that encode and decode.
pub(super) enum Threads {
    /// As many, of the codec's own.
    Own(NonZeroUsize),
    /// As many, of somebody else's.
    Pool(NonZeroUsize, Pool),
}

impl Threads {
    fn workers(&self) -> Workers<'_> {
        match self {
            Self::Own(NonZeroUsize::MIN) => Workers::serial(),
            Self::Own(count) => Workers::threads(*count),
            Self::Pool(count, run) => Workers::new(*count, run),
        }
    }
}

/// Encodes fields one behind the other.
pub(super) struct Coder {
    codec: Codec,
    threads: Threads,
    scratch: Scratch,
}

impl Coder {
    pub(super) fn new(codec: Codec, threads: Threads) -> Self {
        Self { codec, threads, scratch: Scratch::default() }
    }

    /// Whether bytes are kept as they are.
    pub(super) fn copies(&self) -> bool {
        self.codec == Codec::None
    }

    /// Bytes of the buffers for encoding and decoding.
    pub(super) fn buffer_bytes(&self) -> u64 {
        self.scratch.bytes()
    }

    /// Appends a field; gives its error bound.
    pub(super) fn encode(
        &mut self,
        shape: FieldShape,
        bytes: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<f64, CodecError> {
        let start = out.len();
        // All at once: a buffer that grows doubles.
        out.reserve_exact(LENGTH + self.codec.max_encoded_len(shape));
        out.extend([0; LENGTH]);
        let workers = self.threads.workers();
        let encoded = self.codec.encode_with(&workers, shape, bytes, &mut self.scratch, out)?;
        let length = (out.len() - start - LENGTH) as u64;
        out[start..start + LENGTH].copy_from_slice(&length.to_le_bytes());
        Ok(encoded.max_error)
    }

    /// Takes a field from the front of `from`.
    pub(super) fn decode(
        &mut self,
        shape: FieldShape,
        from: &mut &[u8],
        into: &mut [u8],
    ) -> Result<(), CodecError> {
        let short = CodecError::Corrupt { what: "it ends too early" };
        let Some((length, rest)) = from.split_first_chunk::<LENGTH>() else { return Err(short) };
        let length = usize::try_from(u64::from_le_bytes(*length)).unwrap_or(usize::MAX);
        let Some((code, rest)) = rest.split_at_checked(length) else { return Err(short) };
        *from = rest;
        let workers = self.threads.workers();
        self.codec.decode_with(&workers, shape, code, &mut self.scratch, into)
    }
}
