//! LZ4 blocks, by `lz4_flex`.

use lz4_flex::block::{self, CompressTable};

use super::CodecError;

/// The table of recent matches.
pub(super) struct Scratch(CompressTable);

impl Scratch {
    /// Bytes of the table: 4096 places.
    pub(super) const BYTES: usize = 4096 * size_of::<u32>();
}

impl Default for Scratch {
    /// A large table: a small one would grow at the first large slab, and the code of small slabs
    /// thereafter depend on what had been encoded before.
    fn default() -> Self {
        Self(CompressTable::large())
    }
}

/// Appends the code of `bytes` to `out`.
pub(super) fn encode(
    bytes: &[u8],
    scratch: &mut Scratch,
    out: &mut Vec<u8>,
) -> Result<(), CodecError> {
    let start = out.len();
    out.resize(start + block::get_maximum_output_size(bytes.len()), 0);
    let len = block::compress_into_with_table(bytes, &mut out[start..], &mut scratch.0)
        .map_err(|error| CodecError::Library { library: "lz4", message: error.to_string() })?;
    out.truncate(start + len);
    Ok(())
}

/// Decodes over all of `out`.
pub(super) fn decode(code: &[u8], out: &mut [u8]) -> Result<(), CodecError> {
    match block::decompress_into(code, out) {
        Ok(len) if len == out.len() => Ok(()),
        Ok(_) => Err(CodecError::Corrupt { what: "LZ4 gives too few bytes" }),
        Err(_) => Err(CodecError::Corrupt { what: "LZ4 cannot read it" }),
    }
}
