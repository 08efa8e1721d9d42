//! Zstandard frames, by the reference library.

use zstd::bulk::{Compressor, Decompressor};
use zstd::zstd_safe::compress_bound;

use super::CodecError;

/// Contexts, made when first needed.
#[derive(Default)]
pub(super) struct Scratch {
    compressor: Option<(i32, Compressor<'static>)>,
    decompressor: Option<Decompressor<'static>>,
}

/// Bytes of a context that decodes whole frames, rounded up.
const DECOMPRESSOR_BYTES: usize = 160 << 10;

impl Scratch {
    /// Bytes of the contexts for slabs, at most.
    pub(super) const fn bytes_for(level: i32) -> usize {
        DECOMPRESSOR_BYTES + compressor_bytes(level)
    }

    /// Bytes of the contexts.
    pub(super) fn bytes(&mut self) -> usize {
        let compressor = self.compressor.as_mut().map(|(_, it)| it.context_mut().sizeof());
        let decompressor = self.decompressor.as_ref().map(|_| DECOMPRESSOR_BYTES);
        compressor.unwrap_or(0) + decompressor.unwrap_or(0)
    }
}

/// Appends the code of `bytes` to `out`.
pub(super) fn encode(
    level: i32,
    bytes: &[u8],
    scratch: &mut Scratch,
    out: &mut Vec<u8>,
) -> Result<(), CodecError> {
    let compressor = match &mut scratch.compressor {
        Some((of, compressor)) if *of == level => compressor,
        other => &mut other.insert((level, Compressor::new(level).map_err(refused)?)).1,
    };
    let start = out.len();
    out.resize(start + compress_bound(bytes.len()), 0);
    let len = compressor.compress_to_buffer(bytes, &mut out[start..]).map_err(refused)?;
    out.truncate(start + len);
    Ok(())
}

/// Decodes over all of `out`.
pub(super) fn decode(code: &[u8], scratch: &mut Scratch, out: &mut [u8]) -> Result<(), CodecError> {
    let decompressor = match &mut scratch.decompressor {
        Some(decompressor) => decompressor,
        none => none.insert(Decompressor::new().map_err(refused)?),
    };
    match decompressor.decompress_to_buffer(code, &mut *out) {
        Ok(len) if len == out.len() => Ok(()),
        Ok(_) => Err(CodecError::Corrupt { what: "Zstandard gives too few bytes" }),
        Err(_) => Err(CodecError::Corrupt { what: "Zstandard cannot read it" }),
    }
}

fn refused(error: impl std::fmt::Display) -> CodecError {
    CodecError::Library { library: "zstd", message: error.to_string() }
}

/// Bytes of a context that encodes slabs, at most: found by asking, and asserted below.
const fn compressor_bytes(level: i32) -> usize {
    let kib = match level {
        i32::MIN..=-1 | 1 => 576,
        2 => 768,
        0 | 3 => 1280,
        4 => 2560,
        5..=6 => 3072,
        7..=12 => 5632,
        13..=15 => 8704,
        16.. => 9728,
    };
    kib << 10
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::shape::SLAB_BYTES_MAX;

    #[test]
    fn contexts_take_what_is_said() {
        assert!(zstd::zstd_safe::DCtx::create().sizeof() <= DECOMPRESSOR_BYTES);
        let bytes: Vec<u8> =
            (0..SLAB_BYTES_MAX as u32).map(|i| (i.wrapping_mul(i) >> 7) as u8).collect();
        for level in -7..=22 {
            let mut scratch = Scratch::default();
            for len in [10, 10_000, 100_000, 200_000, 262_144, 300_000, SLAB_BYTES_MAX, 1000] {
                let mut code = Vec::new();
                encode(level, &bytes[..len], &mut scratch, &mut code).expect("should encode");
                let mut back = vec![0; len];
                decode(&code, &mut scratch, &mut back).expect("should decode");
                let taken = scratch.bytes();
                assert!(taken <= Scratch::bytes_for(level), "{level}, {len} bytes: {taken}");
            }
        }
    }
}
