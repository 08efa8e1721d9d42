//! Tapes in planes: what is written once and read much later, beside levels that stay in the caches.
//!
//! A sweep that records more than the caches hold writes past them: a line that is stored as a whole need
//! not be read first, and pushes nothing out that is needed soon. The reverse sweep reads each entry once,
//! from memory: it is fetched a row ahead. In three dimensions all levels come from memory, and writing
//! past the caches gained nothing.

use retrograd_ir::{DType, Levels, Stencil, Target};

use super::Vectors;
use super::c_body::Body;
use crate::schedule::{Phase, PhaseKind};

/// Whether what is written to a level may pass the caches by.
pub(super) fn passes_by(stencil: &Stencil, target: Target) -> bool {
    stencil.dims.len() == 2 && stencil.field(target.field).levels == Levels::Tape
}

/// Whether a phase writes such.
pub(super) fn are_written(stencil: &Stencil, phase: &Phase) -> bool {
    let PhaseKind::Nest(nest) = &phase.kind else { return false };
    nest.outputs().any(|(target, _)| passes_by(stencil, *target))
}

/// The rows of tapes that the current piece touches.
pub(super) fn rows(body: &Body<'_, '_>) -> Vec<usize> {
    let used = body.used.iter().copied();
    used.filter(|&number| passes_by(body.module.stencil, body.rows[number].0)).collect()
}

/// `keep` puts a vector past the caches if that is wanted, and it is whole and aligned; `DRAIN` makes what
/// has been put so visible to other threads.
pub(super) fn prelude(dtype: DType, vectors: Vectors) -> String {
    let (number, letter) = match dtype {
        DType::F32 => ("float", 's'),
        DType::F64 => ("double", 'd'),
    };
    let bytes = vectors.bytes;
    let (feature, suffix) = match bytes {
        64 => ("__AVX512F__", "512"),
        32 => ("__AVX__", "256"),
        _ => ("__SSE2__", ""),
    };
    format!(
        "typedef T A __attribute__((vector_size({bytes}), may_alias));\n\
         #if !defined {feature}\n\
         #define PAST(p, v) (*(A *)(p) = (A)(v))\n\
         #define DRAIN (void)0\n\
         #elif defined __clang__\n\
         #define PAST(p, v) __builtin_nontemporal_store((A)(v), (A *)(p))\n\
         #define DRAIN __builtin_ia32_sfence()\n\
         #else\n\
         #define PAST(p, v) __builtin_ia32_movntp{letter}{suffix}(({number} *)(p), (A)(v))\n\
         #define DRAIN __builtin_ia32_sfence()\n\
         #endif\n\
         static inline void keep(int past, T *p, V v, long i, long lo, long hi) {{\n  \
         const int whole = i >= lo && i + L <= hi;\n  \
         if (past && whole && !((unsigned long)p & {mask})) PAST(p, v);\n  \
         else put(p, v, i, lo, hi);\n}}\n",
        mask = bytes - 1,
    )
}
