//! ZFP: blocks of 4^d values, transformed and cut off at a bit plane; by `zfp-rs`.
//!
//! # Error
//!
//! ZFP rounds a tolerance down to a power of two `T`. With coefficients rounded before they are
//! cut off ("first"; the reference library does not) they are wrong by `T / 4^d / 2` at most,
//! which the inverse transform, rows of absolute sum 15/4, makes `(15/16)^d T / 2`. To this comes
//! the rounding of the fixed-point transforms, up to 612 units of the last of 30 bits (`f32`) or
//! 1060 of 62 (`f64`) for `d = 3`, fewer for `d < 3`; a bit counts half or twice as much as the
//! largest value says. Both together stay below the tolerance if that is [`Scalar::SURE`] of the
//! largest magnitude, unless powers of two about either leave the normal numbers when scaled to
//! the fixed point ([`Scalar::RANGE`]). Integers overflow only where `T` is 4 times a block's
//! largest magnitude, 3 times which is then the largest error. (With `tight_error`, one bit plane
//! less, they do at 2 times: the bound breaks.) Other slabs are decoded right after they are
//! encoded, and encoded without loss if they do not keep the tolerance, as are
//! those with numbers that are not finite. Fixed rate and precision promise no error: their slabs are
//! always decoded, and the error found is the bound.
//!
//! Lindstrom, *Fixed-rate compressed floating-point arrays*, IEEE TVCG 20 (2014),
//! doi:10.1109/TVCG.2014.2346458; Diffenderfer et al., *Error analysis of ZFP compression for
//! floating-point data*, SIAM J. Sci. Comput. 41 (2019), doi:10.1137/18M1168832.

use std::ops::Range;

use zfp_rs::{
    ZfpBitStreamRef, ZfpBitStreamRefMut, ZfpConfig, ZfpDimensionality, ZfpField, ZfpFieldMut,
    ZfpRounding, ZfpScalar, ZfpStreamAlignment, types::ZfpCompressionError,
};

use super::real::{Buffered, Buffers};
use super::slab::{Coded, Kind, Limits};
use super::workers::{allocated, resize};
use super::{CodecError, Zfp};

/// An element that ZFP knows.
pub(super) trait Scalar: Buffered + ZfpScalar {
    /// The least tolerance, relative to the largest magnitude, that needs no check.
    const SURE: f64;
    /// From the least tolerance that needs no check to the largest magnitude.
    const RANGE: Range<f64>;
}

impl Scalar for f32 {
    const SURE: f64 = 1.0 / (1 << 17) as f64;
    const RANGE: Range<f64> = 1e-27..4e37; // about 2^-126 by 2^37, 2^125
}

impl Scalar for f64 {
    const SURE: f64 = 1.0 / (1_u64 << 48) as f64;
    const RANGE: Range<f64> = 1e-285..2e307; // about 2^-1022 by 2^76, 2^1021
}

/// Buffers that are reused from slab to slab.
#[derive(Default, Debug)]
pub(super) struct Scratch {
    words: Vec<u64>,
    /// What a check has decoded.
    decoded: Vec<u8>,
}

impl Scratch {
    /// Bytes allocated.
    pub(super) fn bytes(&self) -> usize {
        allocated(&self.words) + allocated(&self.decoded)
    }

    /// Bytes allocated for slabs of at most so many bytes.
    pub(super) const fn bytes_for(slab: usize) -> usize {
        words_for(slab) * size_of::<u64>() + slab
    }
}

/// Appends the code of a slab to `out`.
pub(super) fn encode<R: Scalar>(
    mode: Zfp,
    limits: Limits,
    extents: [usize; 3],
    bytes: &[u8],
    scratch: &mut Scratch,
    buffers: &mut Buffers,
    out: &mut Vec<u8>,
) -> Result<Coded, CodecError> {
    let tolerance = limits.tolerance;
    let lossless = ZfpConfig::reversible();
    if mode == Zfp::Lossless {
        let shorter = compress::<R>(&lossless, extents, bytes, scratch, buffers, out)?;
        let kind = if shorter { Kind::Coded } else { Kind::Raw };
        return Ok(Coded { kind, max_error: 0.0 });
    }
    let magnitude = limits.magnitude::<R>(bytes);
    let start = out.len();
    if magnitude.finite {
        let config = config::<R>(mode, tolerance, extents)?;
        if let Zfp::Tolerance(_) = mode {
            if magnitude.largest <= tolerance {
                return Ok(Coded { kind: Kind::Zero, max_error: magnitude.largest });
            }
            out.extend(tolerance.to_le_bytes());
        }
        let code_start = out.len();
        let limit = match mode {
            Zfp::Tolerance(_) => tolerance,
            Zfp::Lossless | Zfp::Rate(_) | Zfp::Precision(_) => f64::MAX,
        };
        if compress::<R>(&config, extents, bytes, scratch, buffers, out)? {
            let in_range = limit >= R::RANGE.start && magnitude.largest <= R::RANGE.end;
            if limit < f64::MAX && in_range && limit >= R::SURE * magnitude.largest {
                return Ok(Coded { kind: Kind::Coded, max_error: limit });
            }
            let code = &out[code_start..];
            let found = max_error::<R>(&config, extents, bytes, code, scratch, buffers)?;
            if found <= limit {
                let max_error = if limit < f64::MAX { limit } else { found };
                return Ok(Coded { kind: Kind::Coded, max_error });
            }
        }
    }
    out.truncate(start);
    let shorter = compress::<R>(&lossless, extents, bytes, scratch, buffers, out)?;
    let kind = if shorter { Kind::Exact } else { Kind::Raw };
    Ok(Coded { kind, max_error: 0.0 })
}

/// Decodes a slab over all of `out`.
pub(super) fn decode<R: Scalar>(
    mode: Zfp,
    kind: Kind,
    extents: [usize; 3],
    code: &[u8],
    scratch: &mut Scratch,
    buffers: &mut Buffers,
    out: &mut [u8],
) -> Result<(), CodecError> {
    let (config, code) = match (kind, mode) {
        (Kind::Exact, _) | (_, Zfp::Lossless) => (ZfpConfig::reversible(), code),
        (_, Zfp::Tolerance(_)) => {
            let (tolerance, code) = code.split_first_chunk().ok_or(TOO_SHORT)?;
            (config::<R>(mode, f64::from_le_bytes(*tolerance), extents)?, code)
        }
        (_, Zfp::Rate(_) | Zfp::Precision(_)) => (config::<R>(mode, 0.0, extents)?, code),
    };
    decompress::<R>(&config, extents, code, scratch, buffers, out)
}

const TOO_SHORT: CodecError = CodecError::Corrupt { what: "it ends too early" };

fn config<R: Scalar>(
    mode: Zfp,
    tolerance: f64,
    extents: [usize; 3],
) -> Result<ZfpConfig, CodecError> {
    let rounding = ZfpRounding::First { tight_error: false };
    match mode {
        Zfp::Lossless => Ok(ZfpConfig::reversible()),
        Zfp::Tolerance(_) => Ok(ZfpConfig::fixed_accuracy(tolerance).with_rounding(rounding)),
        Zfp::Precision(bits) => Ok(ZfpConfig::fixed_precision(bits).with_rounding(rounding)),
        Zfp::Rate(bits) => {
            let dimensions = match extents {
                [1, 1, _] => ZfpDimensionality::D1,
                [1, _, _] => ZfpDimensionality::D2,
                [_, _, _] => ZfpDimensionality::D3,
            };
            let alignment = ZfpStreamAlignment::Unaligned;
            ZfpConfig::fixed_rate(bits, R::SCALAR_TYPE, dimensions, alignment).map_err(refused)
        }
    }
}

/// The library's order of axes is fastest first; those that do not exist are 0.
fn dimensions(extents: [usize; 3]) -> [usize; 4] {
    match extents {
        [1, 1, z] => [z, 0, 0, 0],
        [1, y, z] => [z, y, 0, 0],
        [x, y, z] => [z, y, x, 0],
    }
}

/// Appends the code; `false`, and nothing, if it is longer than the slab.
fn compress<R: Scalar>(
    config: &ZfpConfig,
    extents: [usize; 3],
    bytes: &[u8],
    scratch: &mut Scratch,
    buffers: &mut Buffers,
    out: &mut Vec<u8>,
) -> Result<bool, CodecError> {
    let field = ZfpField::new(R::copy_of(bytes, buffers), dimensions(extents)).map_err(refused)?;
    // What is longer than the slab gains nothing.
    let most = words_for(bytes.len());
    if scratch.words.len() < most {
        resize(&mut scratch.words, most, 0);
    }
    let mut stream = ZfpBitStreamRefMut::from_words(&mut scratch.words[..most]);
    let len = match stream.compress(config, &field) {
        Ok(len) => len,
        Err(ZfpCompressionError::BufferTooSmall { .. }) => return Ok(false),
        Err(error) => return Err(refused(error)),
    };
    let words = &scratch.words[..len.div_ceil(8)];
    let start = out.len();
    out.resize(start + 8 * words.len(), 0);
    let (to, _) = out[start..].as_chunks_mut();
    to.iter_mut().zip(words).for_each(|(to, word)| *to = word.to_le_bytes());
    Ok(true)
}

/// Words of a buffer for the code of a slab.
const fn words_for(bytes: usize) -> usize {
    bytes / size_of::<u64>() + 2
}

fn decompress<R: Scalar>(
    config: &ZfpConfig,
    extents: [usize; 3],
    code: &[u8],
    scratch: &mut Scratch,
    buffers: &mut Buffers,
    out: &mut [u8],
) -> Result<(), CodecError> {
    let (words, rest) = code.as_chunks();
    if !rest.is_empty() {
        return Err(TOO_SHORT);
    }
    if words.len() > words_for(out.len()) {
        return Err(CodecError::Corrupt { what: "a slab has the wrong length" });
    }
    scratch.words.clear();
    scratch.words.reserve_exact(words.len());
    scratch.words.extend(words.iter().map(|&word| u64::from_le_bytes(word)));
    let values = R::blank(out.len() / R::ELEMENT.bytes(), buffers);
    let mut field = ZfpFieldMut::new(values, dimensions(extents)).map_err(refused)?;
    ZfpBitStreamRef::from_words(&scratch.words)
        .decompress(config, &mut field)
        .map_err(|_| CodecError::Corrupt { what: "ZFP cannot read it" })?;
    R::store(out, values.iter().copied());
    Ok(())
}

/// The largest error of a code; infinite if it is no number.
fn max_error<R: Scalar>(
    config: &ZfpConfig,
    extents: [usize; 3],
    bytes: &[u8],
    code: &[u8],
    scratch: &mut Scratch,
    buffers: &mut Buffers,
) -> Result<f64, CodecError> {
    let mut decoded = std::mem::take(&mut scratch.decoded);
    resize(&mut decoded, bytes.len(), 0);
    decompress::<R>(config, extents, code, scratch, buffers, &mut decoded)?;
    let errors = R::load(bytes).zip(R::load(&decoded)).map(|(x, y)| x.to_f64() - y.to_f64());
    let found =
        errors.fold(
            0.0,
            |most, error| {
                if error.is_nan() { f64::INFINITY } else { error.abs().max(most) }
            },
        );
    scratch.decoded = decoded;
    Ok(found)
}

fn refused(error: impl std::fmt::Display) -> CodecError {
    CodecError::Library { library: "zfp", message: error.to_string() }
}
