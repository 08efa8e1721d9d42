//! What can go wrong with a codec.

/// A codec that cannot be used, or a stream that cannot be decoded.
#[derive(Clone, PartialEq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CodecError {
    /// Text that names no codec.
    #[error(
        "there is no codec `{text}`\n  \
         help: none, lz4, shuffle+lz4, zstd:3, shuffle+zstd:3, pco:8, zfp:lossless, \
         zfp:absolute=1e-3, zfp:relative=1e-3, zfp:rate=8, zfp:precision=16, \
         block:absolute=1e-3, block:relative=1e-3"
    )]
    Unknown {
        /// The text.
        text: String,
    },
    /// A level, rate or tolerance that the codec does not have.
    #[error("{what} is {given}, but must be {allowed}")]
    Parameter {
        /// Which parameter.
        what: &'static str,
        /// Its value.
        given: String,
        /// What is allowed.
        allowed: &'static str,
    },
    /// The codec is not part of this build.
    #[error("codec `{codec}` is not compiled in\n  help: build with the cargo feature `{feature}`")]
    NotCompiled {
        /// The codec.
        codec: String,
        /// The feature that brings it.
        feature: &'static str,
    },
    /// A field beyond what can be addressed.
    #[error("a field of {} x {} x {} elements is beyond the address space", .extents[0], .extents[1], .extents[2])]
    TooLarge {
        /// The extents asked for.
        extents: [usize; 3],
    },
    /// A buffer that does not fit the shape.
    #[error("the buffer has {given} bytes, but the field has {expected}")]
    WrongLength {
        /// The length of the buffer, bytes.
        given: usize,
        /// What the shape says, bytes.
        expected: usize,
    },
    /// A stream that no encoder wrote for this codec and shape.
    #[error("the encoded field is damaged: {what}")]
    Corrupt {
        /// What is wrong with it.
        what: &'static str,
    },
    /// A library refused.
    #[error("{library} failed: {message}")]
    Library {
        /// Which library.
        library: &'static str,
        /// What it said.
        message: String,
    },
}
