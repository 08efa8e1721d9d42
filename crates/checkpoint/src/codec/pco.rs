//! Sequences of numbers, lossless, by `pco`.

use pco::ChunkConfig;
use pco::data_types::Number;
use pco::standalone::{simple_compress_into, simple_decompress_into};

use super::CodecError;
use super::real::{Buffered, Buffers};

/// Appends the code of `bytes` to `out`. The library allocates.
pub(super) fn encode<R: Buffered + Number>(
    level: u8,
    bytes: &[u8],
    buffers: &mut Buffers,
    out: &mut Vec<u8>,
) -> Result<(), CodecError> {
    let config = ChunkConfig::default().with_compression_level(level.into());
    simple_compress_into(R::copy_of(bytes, buffers), &config, out)
        .map_err(|error| CodecError::Library { library: "pco", message: error.to_string() })?;
    Ok(())
}

/// Decodes over all of `out`.
pub(super) fn decode<R: Buffered + Number>(
    code: &[u8],
    buffers: &mut Buffers,
    out: &mut [u8],
) -> Result<(), CodecError> {
    let values = R::blank(out.len() / R::ELEMENT.bytes(), buffers);
    match simple_decompress_into(code, values) {
        Ok(done) if done.n_processed == values.len() => {
            R::store(out, values.iter().copied());
            Ok(())
        }
        Ok(_) => Err(CodecError::Corrupt { what: "pco gives too few numbers" }),
        Err(_) => Err(CodecError::Corrupt { what: "pco cannot read it" }),
    }
}
