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
