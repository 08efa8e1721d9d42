//! One slab: which library or module encodes it, and what it becomes where nothing helps.

#[cfg(any(feature = "lz4", feature = "zstd"))]
use super::Filter;
use super::block;
use super::real::{Magnitude, Real};
use super::workers::Lane;
#[cfg(any(feature = "lz4", feature = "zstd"))]
use super::workers::resize;
use super::{Codec, CodecError, Element};

/// How a slab is stored.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    /// As it is: its code would be longer, or wrong.
    Raw,
    /// Not at all: it is zero, or below the tolerance.
    Zero,
    /// By the codec.
    Coded,
    /// By the codec's lossless variant, though the codec is lossy.
    Exact,
}

impl Kind {
    /// The kind of a number.
    pub(super) fn of_number(number: u8) -> Option<Self> {
        [Self::Raw, Self::Zero, Self::Coded, Self::Exact].get(usize::from(number)).copied()
    }
}

/// What encoding a slab has come to. The code is in the lane, if the kind has one.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Coded {
    pub(super) kind: Kind,
    /// The largest difference that decoding can make.
    pub(super) max_error: f64,
}

impl Coded {
    const RAW: Self = Self { kind: Kind::Raw, max_error: 0.0 };
    #[cfg(any(feature = "lz4", feature = "pco", feature = "zstd"))]
    const EXACT: Self = Self { kind: Kind::Coded, max_error: 0.0 };
}

/// Where a slab is part of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slab {
    pub(super) element: Element,
    pub(super) extents: [usize; 3],
}

/// Encodes a slab into `lane.code`. `tolerance` is absolute, if the codec has one; the magnitude
/// is found if it is not known.
pub(super) fn encode(
    codec: &Codec,
    slab: Slab,
    tolerance: f64,
    magnitude: Option<&Magnitude>,
    bytes: &[u8],
    lane: &mut Lane,
) -> Result<Coded, CodecError> {
    lane.code.clear();
    if is_zero(bytes) {
        return Ok(Coded { kind: Kind::Zero, max_error: 0.0 });
    }
    let limits = Limits { tolerance, magnitude: magnitude.copied() };
    if *codec != Codec::None {
        lane.code.reserve_exact(code_room(bytes.len()));
    }
    let coded = encode_any(codec, slab, limits, bytes, lane)?;
    let coded_at_all = matches!(coded.kind, Kind::Coded | Kind::Exact);
    let shorter = !coded_at_all || lane.code.len() < bytes.len();
    Ok(if shorter { coded } else { Coded::RAW })
}

/// Room for what any library writes for a slab of `bytes` before it turns out to be too long: LZ4
/// asks for 1.1 times the bytes and 20, our own blocks for 17 / 16 and a 32nd.
pub(super) const fn code_room(bytes: usize) -> usize {
    bytes + bytes / 8 + 1024
}

fn is_zero(bytes: &[u8]) -> bool {
    // By pieces: each is fast, and most slabs show in the first that they are not zero.
    bytes.chunks(1024).all(|piece| piece.iter().fold(0, |any, &byte| any | byte) == 0)
}

/// How wrong a slab may become.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// Absolute; means nothing if the codec has none.
    pub(super) tolerance: f64,
    magnitude: Option<Magnitude>,
}

impl Limits {
    /// The magnitude of the slab, of these bytes.
    pub(super) fn magnitude<R: Real>(self, bytes: &[u8]) -> Magnitude {
        self.magnitude.unwrap_or_else(|| Magnitude::of::<R>(bytes))
    }
}

fn encode_any(
    codec: &Codec,
    slab: Slab,
    limits: Limits,
    bytes: &[u8],
    lane: &mut Lane,
) -> Result<Coded, CodecError> {
    match (codec, slab.element) {
        (Codec::None, _) | (Codec::Pco { .. } | Codec::Zfp(_) | Codec::Block(_), Element::Byte) => {
            Ok(Coded::RAW)
        }
        (Codec::Block(_), Element::F32) => Ok(encode_block::<f32>(slab, limits, bytes, lane)),
        (Codec::Block(_), Element::F64) => Ok(encode_block::<f64>(slab, limits, bytes, lane)),

        #[cfg(feature = "lz4")]
        (Codec::Lz4 { filter }, _) => {
            let Lane { code, shuffled, lz4, .. } = lane;
            super::lz4::encode(filtered(*filter, slab.element, bytes, shuffled), lz4, code)?;
            Ok(Coded::EXACT)
        }
        #[cfg(feature = "zstd")]
        (Codec::Zstd { filter, level }, _) => {
            let Lane { code, shuffled, zstd, .. } = lane;
            let bytes = filtered(*filter, slab.element, bytes, shuffled);
            super::zstd::encode(*level, bytes, zstd, code)?;
            Ok(Coded::EXACT)
        }
        #[cfg(feature = "pco")]
        (Codec::Pco { level }, element) => {
            let Lane { code, reals, .. } = lane;
            match element {
                Element::F64 => super::pco::encode::<f64>(*level, bytes, reals, code)?,
                Element::F32 | Element::Byte => {
                    super::pco::encode::<f32>(*level, bytes, reals, code)?;
                }
            }
            Ok(Coded::EXACT)
        }
        #[cfg(feature = "zfp")]
        (Codec::Zfp(mode), element) => {
            let Lane { code, zfp, reals, .. } = lane;
            let encode = match element {
                Element::F64 => super::zfp::encode::<f64>,
                Element::F32 | Element::Byte => super::zfp::encode::<f32>,
            };
            encode(*mode, limits, slab.extents, bytes, zfp, reals, code)
        }
        #[cfg(not(feature = "lz4"))]
        (Codec::Lz4 { .. }, _) => Err(codec.not_compiled()),
        #[cfg(not(feature = "zstd"))]
        (Codec::Zstd { .. }, _) => Err(codec.not_compiled()),
        #[cfg(not(feature = "pco"))]
        (Codec::Pco { .. }, _) => Err(codec.not_compiled()),
        #[cfg(not(feature = "zfp"))]
        (Codec::Zfp(_), _) => Err(codec.not_compiled()),
    }
}

fn encode_block<R: Real>(slab: Slab, limits: Limits, bytes: &[u8], lane: &mut Lane) -> Coded {
    let tolerance = limits.tolerance;
    let magnitude = limits.magnitude::<R>(bytes);
    if magnitude.finite && magnitude.largest <= tolerance {
        return Coded { kind: Kind::Zero, max_error: magnitude.largest };
    }
    let Some(step) = block::step::<R>(tolerance, magnitude) else { return Coded::RAW };
    block::encode(slab.extents, step, bytes, &mut lane.block, &mut lane.code);
    Coded { kind: Kind::Coded, max_error: tolerance }
}

/// Decodes a slab over all of `out`.
pub(super) fn decode(
    codec: &Codec,
    slab: Slab,
    kind: Kind,
    code: &[u8],
    lane: &mut Lane,
    out: &mut [u8],
) -> Result<(), CodecError> {
    match kind {
        Kind::Raw if code.len() == out.len() => out.copy_from_slice(code),
        Kind::Zero if code.is_empty() => out.fill(0),
        Kind::Raw | Kind::Zero => {
            return Err(CodecError::Corrupt { what: "a slab has the wrong length" });
        }
        Kind::Coded | Kind::Exact => decode_any(codec, slab, kind, code, lane, out)?,
    }
    Ok(())
}

fn decode_any(
    codec: &Codec,
    slab: Slab,
    kind: Kind,
    code: &[u8],
    lane: &mut Lane,
    out: &mut [u8],
) -> Result<(), CodecError> {
    let impossible = CodecError::Corrupt { what: "a slab is of a kind that its codec has not" };
    match (codec, slab.element) {
        (Codec::None, _) | (Codec::Pco { .. } | Codec::Zfp(_) | Codec::Block(_), Element::Byte) => {
            Err(impossible)
        }
        (Codec::Block(_), _) if kind == Kind::Exact => Err(impossible),
        (Codec::Block(_), Element::F32) => {
            block::decode::<f32>(slab.extents, code, &mut lane.block, out)
        }
        (Codec::Block(_), Element::F64) => {
            block::decode::<f64>(slab.extents, code, &mut lane.block, out)
        }

        #[cfg(feature = "lz4")]
        (Codec::Lz4 { filter }, element) => {
            unfiltered(*filter, element, &mut lane.shuffled, out, |out| {
                super::lz4::decode(code, out)
            })
        }
        #[cfg(feature = "zstd")]
        (Codec::Zstd { filter, .. }, element) => {
            let Lane { shuffled, zstd, .. } = lane;
            unfiltered(*filter, element, shuffled, out, |out| super::zstd::decode(code, zstd, out))
        }
        #[cfg(feature = "pco")]
        (Codec::Pco { .. }, Element::F64) => super::pco::decode::<f64>(code, &mut lane.reals, out),
        #[cfg(feature = "pco")]
        (Codec::Pco { .. }, Element::F32) => super::pco::decode::<f32>(code, &mut lane.reals, out),
        #[cfg(feature = "zfp")]
        (Codec::Zfp(mode), element) => {
            let Lane { zfp, reals, .. } = lane;
            let decode = match element {
                Element::F64 => super::zfp::decode::<f64>,
                Element::F32 | Element::Byte => super::zfp::decode::<f32>,
            };
            decode(*mode, kind, slab.extents, code, zfp, reals, out)
        }
        #[cfg(not(feature = "lz4"))]
        (Codec::Lz4 { .. }, _) => Err(codec.not_compiled()),
        #[cfg(not(feature = "zstd"))]
        (Codec::Zstd { .. }, _) => Err(codec.not_compiled()),
        #[cfg(not(feature = "pco"))]
        (Codec::Pco { .. }, _) => Err(codec.not_compiled()),
        #[cfg(not(feature = "zfp"))]
        (Codec::Zfp(_), _) => Err(codec.not_compiled()),
    }
}

/// What a general compressor gets to see.
#[cfg(any(feature = "lz4", feature = "zstd"))]
fn filtered<'a>(
    filter: Filter,
    element: Element,
    bytes: &'a [u8],
    shuffled: &'a mut Vec<u8>,
) -> &'a [u8] {
    match filter {
        Filter::None => bytes,
        Filter::Shuffle => {
            resize(shuffled, bytes.len(), 0);
            super::shuffle::shuffle(element.bytes(), bytes, shuffled);
            shuffled
        }
    }
}

/// Lets a general compressor decode, and undoes [`filtered`].
#[cfg(any(feature = "lz4", feature = "zstd"))]
fn unfiltered(
    filter: Filter,
    element: Element,
    shuffled: &mut Vec<u8>,
    out: &mut [u8],
    decode: impl FnOnce(&mut [u8]) -> Result<(), CodecError>,
) -> Result<(), CodecError> {
    match filter {
        Filter::None => decode(out),
        Filter::Shuffle => {
            resize(shuffled, out.len(), 0);
            decode(shuffled)?;
            super::shuffle::unshuffle(element.bytes(), shuffled, out);
            Ok(())
        }
    }
}
