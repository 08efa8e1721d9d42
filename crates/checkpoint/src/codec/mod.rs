//! Codecs: what a tier does to snapshots that do not fit as they are.
//!
//! A snapshot is a list of fields, each encoded by itself ([`Codec::encode`]) and with its error
//! bound known ([`Encoded`]). The bytes written do not depend on the number of threads.
//!
//! | text | error | what it does |
//! |---|---|---|
//! | `none` | 0 | copies, but for slabs of zeros |
//! | `lz4`, `shuffle+lz4` | 0 | LZ4, of the bytes or of bytes sorted by significance |
//! | `zstd:3`, `shuffle+zstd:3` | 0 | Zstandard at a level of -7 to 22, likewise |
//! | `pco:8` | 0 | numbers as numbers, at a level of 0 to 12 |
//! | `zfp:lossless` | 0 | ZFP, reversible: the best lossless one for smooth fields |
//! | `zfp:absolute=1e-3` | at most 1e-3 | ZFP: the root mean square is far below the maximum |
//! | `zfp:relative=1e-3` | at most 1e-3 max abs(u) | the same, of the field at that moment |
//! | `zfp:rate=8` | as found | ZFP at 8 bits per value: a size known in advance |
//! | `zfp:precision=16` | as found | ZFP with 16 bits of each block's largest value |
//! | `block:absolute=1e-3` | at most 1e-3 | our own: quantise, predict, pack; fast in any state of a field |
//! | `block:relative=1e-3` | at most 1e-3 max abs(u) | the same, of the field at that moment |
//!
//! Errors are of single elements, `abs(decoded - original)`, in the unit of the field. Every
//! codec falls back slab by slab to storing without loss: where a number is not finite, where
//! the tolerance cannot be kept in the element's precision, where encoding gains nothing. NaN
//! and infinity come back to the bit, and no stream is longer than
//! [`Codec::max_encoded_len`]. Lossy codecs may return 0 for -0.
//!
//! The cargo features `lz4`, `zstd`, `pco` and `zfp`, all on by default, bring the libraries;
//! without one its codecs can be named, but [`Codec::check`] refuses them.
//!
//! Not here: checksums. A damaged stream ends in an error or in wrong numbers, never in a panic
//! or in memory beyond what the shape says; who wants to know in any case adds a checksum.

mod block;
mod error;
#[cfg(feature = "lz4")]
mod lz4;
mod measure;
#[cfg(feature = "pco")]
mod pco;
mod real;
mod shape;
#[cfg(any(feature = "lz4", feature = "zstd"))]
mod shuffle;
mod slab;
mod stream;
mod text;
mod workers;
#[cfg(feature = "zfp")]
mod zfp;
#[cfg(feature = "zstd")]
mod zstd;

pub use error::CodecError;
pub use measure::{Measured, measure};
pub use shape::{Element, FieldShape};
pub(crate) use stream::max_encoded_len_of;

use shape::SLAB_BYTES_MAX;
pub use workers::{RunTasks, Scratch, Workers};

/// How a field is encoded: a property of a tier. Printed and parsed as text, see the
/// [module](self).
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Codec {
    /// Copied.
    None,
    /// LZ4.
    Lz4 {
        /// What it gets to see.
        filter: Filter,
    },
    /// Zstandard.
    Zstd {
        /// What it gets to see.
        filter: Filter,
        /// -7 (fast) to 22 (small).
        level: i32,
    },
    /// Pcodec.
    Pco {
        /// 0 (fast) to 12 (small).
        level: u8,
    },
    /// ZFP. Errors are mostly far below the tolerance. Below 8e-6 (`f32`) or 4e-15 (`f64`) of
    /// the largest magnitude of a slab, and for a rate or precision, encoding decodes to see that
    /// the tolerance is kept: that takes twice the time.
    Zfp(Zfp),
    /// Our own: quantised by the tolerance, predicted, packed in blocks. Errors are spread evenly
    /// up to the tolerance. Slabs (parts of about 256 KiB) are stored as they are where the
    /// tolerance is below 5e-7 (`f32`) or 1e-9 (`f64`) of their largest magnitude.
    Block(Tolerance),
}

/// What happens to bytes before a general compressor sees them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filter {
    /// Nothing.
    None,
    /// The first bytes of all elements, then the second bytes, and so on.
    Shuffle,
}

/// What an error is measured by: the largest error of a single element.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Tolerance {
    /// At most this, in the unit of the field.
    Absolute(f64),
    /// At most this times the largest finite magnitude of the field being encoded.
    Relative(f64),
}

impl Tolerance {
    fn value(self) -> f64 {
        match self {
            Self::Absolute(tolerance) | Self::Relative(tolerance) => tolerance,
        }
    }
}

/// Modes of ZFP.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Zfp {
    /// To the bit.
    Lossless,
    /// An error of at most this.
    Tolerance(Tolerance),
    /// Bits per value, more than 0 and at most 64. A block of 4^d values takes at least 9 bits
    /// (`f32`) or 12 bits (`f64`).
    Rate(f64),
    /// Bit planes of a block, 1 to 64.
    Precision(u32),
}

/// What encoding a field has come to.
#[derive(Clone, Copy, PartialEq, Debug)]
#[non_exhaustive]
pub struct Encoded {
    /// Bytes appended.
    pub bytes: usize,
    /// No element of the decoded field differs by more from what was encoded; 0 if it is the
    /// same to the bit.
    pub max_error: f64,
}

impl Codec {
    /// Checks that the codec is in this build and its parameters are possible.
    ///
    /// # Errors
    /// [`CodecError::NotCompiled`], [`CodecError::Parameter`].
    pub fn check(&self) -> Result<(), CodecError> {
        let compiled = match self {
            Self::None | Self::Block(_) => true,
            Self::Lz4 { .. } => cfg!(feature = "lz4"),
            Self::Zstd { .. } => cfg!(feature = "zstd"),
            Self::Pco { .. } => cfg!(feature = "pco"),
            Self::Zfp(_) => cfg!(feature = "zfp"),
        };
        if !compiled {
            return Err(self.not_compiled());
        }
        let check = |valid: bool, what, given: &dyn std::fmt::Display, allowed| {
            let given = || given.to_string();
            if valid {
                Ok(())
            } else {
                Err(CodecError::Parameter { what, given: given(), allowed })
            }
        };
        match self {
            Self::None | Self::Lz4 { .. } | Self::Zfp(Zfp::Lossless) => Ok(()),
            Self::Zstd { level, .. } => {
                check((-7..=22).contains(level), "the level of zstd", level, "-7 to 22")
            }
            Self::Pco { level } => check(*level <= 12, "the level of pco", level, "0 to 12"),
            Self::Zfp(Zfp::Tolerance(tolerance)) | Self::Block(tolerance) => {
                let value = tolerance.value();
                let valid = value > 0.0 && value.is_finite();
                check(valid, "the tolerance", &value, "positive and finite")
            }
            Self::Zfp(Zfp::Rate(bits)) => {
                let valid = *bits > 0.0 && *bits <= 64.0;
                check(valid, "the rate of zfp", bits, "more than 0 and at most 64 bits per value")
            }
            Self::Zfp(Zfp::Precision(bits)) => {
                check((1..=64).contains(bits), "the precision of zfp", bits, "1 to 64 bits")
            }
        }
    }

    /// Whether decoding gives back every bit of every field.
    pub fn is_lossless(&self) -> bool {
        match self {
            Self::None
            | Self::Lz4 { .. }
            | Self::Zstd { .. }
            | Self::Pco { .. }
            | Self::Zfp(Zfp::Lossless) => true,
            Self::Zfp(Zfp::Tolerance(_) | Zfp::Rate(_) | Zfp::Precision(_)) | Self::Block(_) => {
                false
            }
        }
    }

    /// The most bytes that a field can take, whatever is in it: its own, 1, and 9 for each slab
    /// of about 256 KiB, 512 KiB at most.
    pub fn max_encoded_len(&self, shape: FieldShape) -> usize {
        stream::max_len(shape)
    }

    /// Bytes of the buffers ([`Scratch`]) with which `threads` encode and decode fields of any shape
    /// and of at most `field_bytes`, at most; none where they are only copied. What libraries
    /// allocate and free within a call is not included.
    pub fn scratch_bytes(&self, field_bytes: u64, threads: u64) -> u64 {
        let slab = SLAB_BYTES_MAX.min(usize::try_from(field_bytes).unwrap_or(usize::MAX));
        // Single precision as well as double.
        #[cfg(any(feature = "pco", feature = "zfp"))]
        let reals = 2 * slab;
        let own = match self {
            Self::None => return 0,
            Self::Block(_) => block::Scratch::bytes_for(slab),
            #[cfg(feature = "lz4")]
            Self::Lz4 { .. } => slab,
            #[cfg(feature = "zstd")]
            Self::Zstd { level, .. } => slab + zstd::Scratch::bytes_for(*level),
            #[cfg(feature = "pco")]
            Self::Pco { .. } => reals,
            #[cfg(feature = "zfp")]
            Self::Zfp(_) => reals + zfp::Scratch::bytes_for(slab),
            #[allow(unreachable_patterns, reason = "codecs that are not compiled encode nothing")]
            _ => 0,
        };
        // Beside it, a slab that does not lie in one piece.
        stream::scratch_bytes(field_bytes, threads.max(1), (slab + own + lz4_bytes()) as u64)
    }

    /// Appends the code of a field to `out`.
    ///
    /// # Errors
    /// As [`Codec::encode_with`].
    pub fn encode(
        &self,
        shape: FieldShape,
        bytes: &[u8],
        scratch: &mut Scratch,
        out: &mut Vec<u8>,
    ) -> Result<Encoded, CodecError> {
        self.encode_with(&Workers::serial(), shape, bytes, scratch, out)
    }

    /// Appends the code of a field to `out`: `bytes` are its elements, little endian. The code
    /// is the same for any workers.
    ///
    /// # Errors
    /// As [`Codec::check`]; [`CodecError::WrongLength`] if `bytes` is not of this shape;
    /// [`CodecError::Library`]. `out` is then as it was.
    pub fn encode_with(
        &self,
        workers: &Workers<'_>,
        shape: FieldShape,
        bytes: &[u8],
        scratch: &mut Scratch,
        out: &mut Vec<u8>,
    ) -> Result<Encoded, CodecError> {
        self.check()?;
        check_length(shape, bytes)?;
        stream::encode(self, workers, shape, bytes, scratch, out)
    }

    /// Decodes a field over `out`.
    ///
    /// # Errors
    /// As [`Codec::decode_with`].
    pub fn decode(
        &self,
        shape: FieldShape,
        code: &[u8],
        scratch: &mut Scratch,
        out: &mut [u8],
    ) -> Result<(), CodecError> {
        self.decode_with(&Workers::serial(), shape, code, scratch, out)
    }

    /// Decodes a field over `out`, which has the length of the field.
    ///
    /// # Errors
    /// As [`Codec::check`]; [`CodecError::WrongLength`] if `out` is not of this shape;
    /// [`CodecError::Corrupt`] if `code` is not what this codec has written for it. `out` is then
    /// in any state.
    pub fn decode_with(
        &self,
        workers: &Workers<'_>,
        shape: FieldShape,
        code: &[u8],
        scratch: &mut Scratch,
        out: &mut [u8],
    ) -> Result<(), CodecError> {
        self.check()?;
        check_length(shape, out)?;
        stream::decode(self, workers, shape, code, scratch, out)
    }

    /// The tolerance, if there is one.
    fn tolerance(&self) -> Option<Tolerance> {
        match self {
            Self::Block(tolerance) | Self::Zfp(Zfp::Tolerance(tolerance)) => Some(*tolerance),
            Self::None | Self::Lz4 { .. } | Self::Zstd { .. } | Self::Pco { .. } | Self::Zfp(_) => {
                None
            }
        }
    }

    /// First byte of a stream. The high bits count versions of the format.
    fn tag(&self) -> u8 {
        let codec = match self {
            Self::None => 0,
            Self::Lz4 { filter: Filter::None } => 1,
            Self::Lz4 { filter: Filter::Shuffle } => 2,
            Self::Zstd { filter: Filter::None, .. } => 3,
            Self::Zstd { filter: Filter::Shuffle, .. } => 4,
            Self::Pco { .. } => 5,
            Self::Zfp(Zfp::Lossless) => 6,
            Self::Zfp(Zfp::Tolerance(_)) => 7,
            Self::Zfp(Zfp::Rate(_)) => 8,
            Self::Zfp(Zfp::Precision(_)) => 9,
            Self::Block(_) => 10,
        };
        0x20 | codec
    }

    fn not_compiled(&self) -> CodecError {
        let feature = match self {
            Self::None | Self::Block(_) => "default",
            Self::Lz4 { .. } => "lz4",
            Self::Zstd { .. } => "zstd",
            Self::Pco { .. } => "pco",
            Self::Zfp(_) => "zfp",
        };
        CodecError::NotCompiled { codec: self.to_string(), feature }
    }
}

/// Bytes of the table of LZ4, which every worker has.
fn lz4_bytes() -> usize {
    #[cfg(feature = "lz4")]
    return lz4::Scratch::BYTES;
    #[cfg(not(feature = "lz4"))]
    0
}

fn check_length(shape: FieldShape, bytes: &[u8]) -> Result<(), CodecError> {
    let (given, expected) = (bytes.len(), shape.bytes());
    if given == expected { Ok(()) } else { Err(CodecError::WrongLength { given, expected }) }
}
