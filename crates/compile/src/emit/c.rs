//! C text for a scheduled step: explicit GNU vectors, no headers, no threads.
//!
//! One function per phase. A nest works on some rows of the grid, each cut into pieces by the regions
//! that it crosses and by the sides near which reads are [closed](Bodies) by anything but zero, unless
//! images are [stored](crate::halos); the caller decides on tiles and threads. Vectors run along the last dimension and are aligned with the rows in memory; at the
//! ends of a row range the same vector is computed and only the lanes inside are written, so a
//! point has the same value whatever the box. Rows must belong to one thread each, and memory has
//! to be readable and writable one vector before and after a row (see `retrograd-runtime`).
//!
//! Every operation is the IR's, rounded once: compile without contraction. Uniform parts are
//! evaluated by the caller (`c`), so extents, strides, spacings and the time step are arguments
//! and a new value compiles nothing.

use std::fmt::Write as _;

use retrograd_ir::{
    DType, DimSet, ExprId, FieldId, MemorySpace, ReduceOp, ScalarId, SparseId, StatementKind,
    Stencil, Target,
};

use super::Unsupported;
use super::c_body::Body;
use super::c_edges;
use super::{c_elementary, c_rows, c_tapes};
use crate::halos::{StoredHalo, stored_halos};
use crate::schedule::{Phase, PhaseKind, Schedule};

/// Width of the vectors in memory.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Vectors {
    /// Bytes per vector: 16, 32 or 64.
    pub bytes: usize,
}

/// What a generated function does, with what its caller has to provide.
#[derive(Clone, PartialEq, Debug)]
pub enum FunctionKind {
    /// `void f(T *const *f, const long *s, const T *c, const long *b)`: the rows
    /// `b[2d] <= i_d < b[2d+1]` (all dimensions but the last); then the number of pieces that each
    /// of these rows consists of, and per piece three numbers: its body and the range of the last
    /// dimension, `lo <= i < hi`.
    Nest {
        /// The bodies of each part of the nest.
        bodies: Vec<Bodies>,
    },
    /// As a nest, with one more argument `double *out`: what row `(i_0 n_1 + i_1) ...` of the grid is
    /// reduced to, in f64, becomes `out` of that number.
    Reduce {
        /// The bodies of the value.
        bodies: Bodies,
        /// What the rows are combined to, in their order.
        scalar: ScalarId,
        /// How.
        op: ReduceOp,
    },
    /// `void f(T *const *f, const long *s, const T *c, const T *const *q, const long *index,
    /// const int *start, const int *point, const T *weight, long e0, long e1)`: entries
    /// `e0..e1` of the table by grid point; `q` holds one row of samples per `series` entry.
    Inject {
        /// The points.
        sparse: SparseId,
        /// What is added to.
        target: Target,
        /// The series that are read and at which step, relative to the current one.
        series: Vec<(SparseId, i8)>,
    },
    /// `void f(T *const *f, const long *s, const T *c, T *out, const long *index,
    /// const int *start, const T *weight, long p0, long p1)`: points `p0..p1` of the table by
    /// sparse point.
    Interpolate {
        /// The points.
        sparse: SparseId,
        /// Steps after the current one.
        time: i8,
    },
}

/// The bodies of a part of a nest: those with the same text, of any part, share a number.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Bodies {
    /// Where closures make no difference: at least [`depth`](Self::depth) points from all sides.
    pub inside: usize,
    /// For the ends of rows; right anywhere in rows of the inside.
    pub ends: usize,
    /// For rows nearer than that to a side of an outer dimension; right anywhere.
    pub beside: usize,
    /// Points from the low and the high side of each dimension at which closures may act.
    pub depth: Vec<[usize; 2]>,
}

/// One entry per dimension of the stencil.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sizes {
    /// Strides in numbers of functions over these dimensions, 0 along those that they lack.
    Strides(DimSet),
    /// Extents of the grid in points.
    Extents,
    /// Whether entries of tapes are written past the caches (1 or 0, the same for all dimensions): worth
    /// it where a sweep records more than caches hold.
    PastCaches,
}

/// A grid has to have so many points along a dimension.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LeastExtent {
    /// For the sake of reads of this function.
    pub field: FieldId,
    /// The dimension.
    pub dim: usize,
    /// The fewest points.
    pub points: usize,
}

/// The function of phase k of the schedule is number k; phases may share one.
#[derive(Clone, PartialEq, Debug)]
pub struct Function {
    /// Its C name.
    pub name: String,
    /// Its arguments.
    pub kind: FunctionKind,
}

/// C text and the meaning of its arguments.
#[derive(Clone, PartialEq, Debug)]
pub struct CModule {
    /// The text.
    pub text: String,
    /// One function per phase.
    pub functions: Vec<Function>,
    /// `f`: base addresses of these levels, at the first grid point.
    pub pointers: Vec<Target>,
    /// `c`: values of these uniform expressions, rounded to the working precision.
    pub uniforms: Vec<ExprId>,
    /// `s`: all dimensions of the stencil for each of these.
    pub sizes: Vec<Sizes>,
    /// Numbers in a vector.
    pub lanes: usize,
    /// The smallest grids that closed reads allow; dimensions that are not named may have any extent.
    pub least: Vec<LeastExtent>,
    /// Whether it calls elementary functions, which [`LINK`](super::LINK) has to hand it first.
    pub elementary: bool,
}

/// What is shared by the functions of a module.
pub(super) struct Module<'a> {
    pub(super) stencil: &'a Stencil,
    pub(super) pointers: Vec<Target>,
    pub(super) uniforms: Vec<ExprId>,
    sizes: Vec<Sizes>,
    /// Numbers in a vector.
    pub(super) lanes: usize,
    /// Functions whose images are stored: all reads of these are plain.
    pub(super) halos: Vec<Option<StoredHalo>>,
    /// Whether elementary functions are called.
    pub(super) elementary: bool,
}

impl Module<'_> {
    pub(super) fn pointer(&mut self, target: Target) -> usize {
        position_or_push(&mut self.pointers, target)
    }

    pub(super) fn uniform(&mut self, id: ExprId) -> usize {
        position_or_push(&mut self.uniforms, id)
    }

    pub(super) fn layout(&mut self, dims: DimSet) -> usize {
        position_or_push(&mut self.sizes, Sizes::Strides(dims))
    }

    /// Where it stands whether tapes are written past the caches.
    pub(super) fn past_caches(&mut self) -> usize {
        position_or_push(&mut self.sizes, Sizes::PastCaches) * self.stencil.dims.len()
    }

    /// Where the extent of a dimension stands.
    pub(super) fn extent(&mut self, dim: usize) -> usize {
        position_or_push(&mut self.sizes, Sizes::Extents) * self.stencil.dims.len() + dim
    }
}

pub(super) fn position_or_push<T: PartialEq>(list: &mut Vec<T>, item: T) -> usize {
    list.iter().position(|known| *known == item).unwrap_or_else(|| {
        list.push(item);
        list.len() - 1
    })
}

/// Prints all phases of a schedule. Functions with [stored halos](stored_halos) are taken to have
/// them filled.
///
/// # Errors
/// The first thing that this back end lacks.
pub fn emit_c(
    stencil: &Stencil,
    schedule: &Schedule,
    vectors: Vectors,
) -> Result<CModule, Unsupported> {
    let full = DimSet::first(stencil.dims.len());
    let sizes = vec![Sizes::Strides(full)];
    let halos = stored_halos(stencil);
    let (pointers, uniforms) = (Vec::new(), Vec::new());
    let lanes = vectors.bytes / stencil.dtype.bytes();
    let mut module = Module { stencil, pointers, uniforms, sizes, lanes, halos, elementary: false };
    let mut head = prelude(stencil, vectors);
    if schedule.phases.iter().any(|phase| c_tapes::are_written(stencil, phase)) {
        head.push_str(&c_tapes::prelude(stencil.dtype, vectors));
    }
    if schedule.phases.iter().any(|phase| closes_reads(&module, phase)) {
        head.push_str(&c_edges::prelude(lanes));
    }
    let (mut text, mut reduces) = (String::new(), false);
    let mut functions = Vec::new();
    let mut printed: Vec<(String, String)> = Vec::new();
    for (number, phase) in schedule.phases.iter().enumerate() {
        let name = format!("rg_{number}");
        let (body, kind) = match &phase.kind {
            PhaseKind::Nest(nest) => {
                let values: Vec<ExprId> = nest.outputs().map(|(_, v)| *v).collect();
                let written: Vec<Target> = nest.outputs().map(|(t, _)| *t).collect();
                check(stencil, &values, &written)?;
                c_rows::print_nest(&mut module, nest)
            }
            PhaseKind::Other(StatementKind::Reduce { scalar, op, value, .. }) => {
                check(stencil, &[*value], &[])?;
                reduces = true;
                c_rows::print_reduction(&mut module, (*scalar, *op), *value)
            }
            PhaseKind::Other(kind) => print_sparse(&mut module, kind)?,
        };
        let name = if let Some((_, known)) = printed.iter().find(|(known, _)| *known == body) {
            known.clone()
        } else {
            let _ = write!(text, "void {name}{body}");
            printed.push((body, name.clone()));
            name
        };
        functions.push(Function { name, kind });
    }
    let Module { pointers, uniforms, sizes, lanes, elementary, .. } = module;
    let least = least_extents(stencil, schedule);
    if elementary {
        head.push_str(&c_elementary::prelude());
    }
    if reduces {
        head.push_str(c_rows::REDUCTIONS);
    }
    let text = head + &text;
    Ok(CModule { text, functions, pointers, uniforms, sizes, lanes, least, elementary })
}

/// Whether a nest or a reduction has reads that are closed by anything but zero.
fn closes_reads(module: &Module<'_>, phase: &Phase) -> bool {
    let depth = module.depth(&phase.values());
    matches!(phase.kind, PhaseKind::Nest(_) | PhaseKind::Other(StatementKind::Reduce { .. }))
        && depth.iter().any(|&d| d != [0, 0])
}

/// What the closed reads of a step need, largest first where there are several of a function.
fn least_extents(stencil: &Stencil, schedule: &Schedule) -> Vec<LeastExtent> {
    let mut all: Vec<LeastExtent> = Vec::new();
    let values: Vec<ExprId> = schedule.phases.iter().flat_map(Phase::values).collect();
    for read in stencil.reads(&values) {
        for dim in 0..stencil.dims.len() {
            let points = read.closure.0[dim].least_extent(read.offset.0[dim]);
            let same = |known: &&mut LeastExtent| (known.field, known.dim) == (read.field, dim);
            match all.iter_mut().find(same) {
                Some(known) => known.points = known.points.max(points),
                None if points > 1 => all.push(LeastExtent { field: read.field, dim, points }),
                None => {}
            }
        }
    }
    all
}

/// The macro of compilers for a processor with fused multiply-adds of such vectors, and the built-in
/// function of theirs: loops over the lanes are not always made into one instruction.
fn fused(dtype: DType, vectors: Vectors) -> (&'static str, String) {
    let kind = match dtype {
        DType::F32 => "ps",
        DType::F64 => "pd",
    };
    match vectors.bytes {
        // Mask and rounding: all lanes, to nearest even as everywhere.
        64 => ("__AVX512F__", format!("__builtin_ia32_vfmadd{kind}512_mask(a, b, c, -1, 4)")),
        32 => ("__FMA__", format!("__builtin_ia32_vfmadd{kind}256(a, b, c)")),
        _ => ("__FMA__", format!("__builtin_ia32_vfmadd{kind}(a, b, c)")),
    }
}

/// Vectors some numbers after and before an aligned address: where vectors are as long as the lines of
/// caches, from the two aligned ones that they straddle, since each load of such would take two.
fn shifted(vectors: Vectors) -> &'static str {
    const LOADED: &str = "\
#define AHEAD(p, k) LOAD((p) + (k))
#define BEHIND(p, k) LOAD((p) - (k))
";
    const JOINED: &str = "\
#ifdef __AVX512F__
typedef int W __attribute__((vector_size(64)));
#ifdef __clang__
#define JOIN(a, b, k) ((V)__builtin_ia32_alignd512((W)(b), (W)(a), (k) * (int)sizeof(T) / 4))
#else
#define JOIN(a, b, k) ((V)__builtin_ia32_alignd512_mask((W)(b), (W)(a), \
(k) * (int)sizeof(T) / 4, (W)(a), -1))
#endif
#define AHEAD(p, k) JOIN(LOAD(p), LOAD((p) + L), k)
#define BEHIND(p, k) JOIN(LOAD((p) - L), LOAD(p), L - (k))
#else
#define AHEAD(p, k) LOAD((p) + (k))
#define BEHIND(p, k) LOAD((p) - (k))
#endif
";
    if vectors.bytes == 64 { JOINED } else { LOADED }
}

/// Types and the few operations that vectors have no operator for.
fn prelude(stencil: &Stencil, vectors: Vectors) -> String {
    let (number, integer, fma, sqrt) = match stencil.dtype {
        DType::F32 => ("float", "int", "__builtin_fmaf", "__builtin_sqrtf"),
        DType::F64 => ("double", "long", "__builtin_fma", "__builtin_sqrt"),
    };
    let bytes = stencil.dtype.bytes();
    let lanes = vectors.bytes / bytes;
    let listed = |item: &dyn Fn(usize) -> String| -> String {
        (0..lanes).map(item).collect::<Vec<_>>().join(", ")
    };
    let (feature, fused) = fused(stencil.dtype, vectors);
    format!(
        "typedef {number} T;\n\
         typedef {integer} I;\n\
         typedef T V __attribute__((vector_size({vb}), aligned({bytes}), may_alias));\n\
         typedef I M __attribute__((vector_size({vb}), aligned({bytes}), may_alias));\n\
         enum {{ L = {lanes} }};\n\
         #define LOAD(p) (*(const V *)(p))\n\
         {shifted}\
         static inline V sp(T x) {{ return (V){{{splat}}}; }}\n\
         static inline V pick(M m, V a, V b) {{ return (V)((m & (M)a) | (~m & (M)b)); }}\n\
         static inline V vmin(V a, V b) {{ return pick(b < a, b, a); }}\n\
         static inline V vmax(V a, V b) {{ return pick(a < b, b, a); }}\n\
         static inline V vabs(V a) {{ return (V)((M)a & ~(M)sp(-(T)0)); }}\n\
         static inline V vsqrt(V a) {{ for (int k = 0; k < L; ++k) a[k] = {sqrt}(a[k]); \
         return a; }}\n\
         #ifdef {feature}\n\
         static inline V vfma(V a, V b, V c) {{ return {fused}; }}\n\
         #else\n\
         static inline V vfma(V a, V b, V c) {{ for (int k = 0; k < L; ++k) \
         c[k] = {fma}(a[k], b[k], c[k]); return c; }}\n\
         #endif\n\
         static inline T smin(T a, T b) {{ return b < a ? b : a; }}\n\
         static inline T smax(T a, T b) {{ return a < b ? b : a; }}\n\
         static inline T sabs(T a) {{ return a < 0 ? -a : a == 0 ? (T)0 : a; }}\n\
         static inline T ssqrt(T a) {{ return {sqrt}(a); }}\n\
         static inline T sfma(T a, T b, T c) {{ return {fma}(a, b, c); }}\n\
         static inline void put(T *p, V v, long i, long lo, long hi) {{\n  \
         if (i >= lo && i + L <= hi) {{ *(V *)p = v; return; }}\n  \
         const M at = (M){{{iota}}} + (I)i;\n  \
         *(V *)p = pick((at >= (I)lo) & (at < (I)hi), v, LOAD(p));\n}}\n",
        vb = vectors.bytes,
        shifted = shifted(vectors),
        splat = listed(&|_| "x".into()),
        iota = listed(&|k| k.to_string()),
    )
}

/// Refuses what vectors of one type in host memory cannot do.
fn check(stencil: &Stencil, values: &[ExprId], written: &[Target]) -> Result<(), Unsupported> {
    let reads = stencil.reads(values);
    let fields = reads.iter().map(|r| r.field).chain(written.iter().map(|t| t.field));
    for id in fields {
        let field = stencil.field(id);
        if field.dtype != stencil.dtype {
            return Err(Unsupported::MixedTypes(field.name.clone()));
        }
        if field.space != MemorySpace::Host {
            return Err(Unsupported::Device(field.name.clone()));
        }
    }
    let full = DimSet::first(stencil.dims.len());
    if let Some(profile) = written.iter().find(|t| stencil.field(t.field).dims != full) {
        return Err(Unsupported::ProfileTarget(stencil.field(profile.field).name.clone()));
    }
    for read in &reads {
        let own = Target { field: read.field, time: read.time };
        if !read.offset.is_zero() && written.contains(&own) {
            return Err(Unsupported::OwnNeighbours(stencil.field(read.field).name.clone()));
        }
    }
    Ok(())
}

fn print_sparse(
    module: &mut Module<'_>,
    kind: &StatementKind,
) -> Result<(String, FunctionKind), Unsupported> {
    let value = kind.value();
    let written: Vec<Target> = match *kind {
        StatementKind::Inject { target, .. } => vec![target],
        _ => Vec::new(),
    };
    check(module.stencil, &[value], &written)?;
    match *kind {
        StatementKind::Inject { target, sparse, .. } => {
            let pointer = module.pointer(target);
            let mut body = Body::points(module);
            let result = body.value(value);
            let series = body.series.clone();
            let text = format!(
                "(T *const *f, const long *s, const T *c, const T *const *q, \
                 const long *index, const int *start, const int *point, const T *weight, \
                 long e0, long e1) {{\n  \
                 (void)s, (void)c, (void)q, (void)point;\n{}  \
                 for (long e = e0; e < e1; ++e) {{\n    \
                 const long i = index[e];\n    T sum = 0;\n    \
                 for (int j = start[e]; j < start[e + 1]; ++j) {{\n{}      \
                 sum = sum + weight[j] * {result};\n    }}\n    \
                 f[{pointer}][i] = f[{pointer}][i] + sum;\n  }}\n}}\n",
                body.uniform_lines("  "),
                body.point_lines("      "),
            );
            Ok((text, FunctionKind::Inject { sparse, target, series }))
        }
        StatementKind::Interpolate { sparse, time, .. } => {
            let mut body = Body::points(module);
            let result = body.value(value);
            let text = format!(
                "(T *const *f, const long *s, const T *c, T *out, \
                 const long *index, const int *start, const T *weight, long p0, long p1) {{\n  \
                 (void)s, (void)c;\n{}  \
                 for (long p = p0; p < p1; ++p) {{\n    T sum = 0;\n    \
                 for (int j = start[p]; j < start[p + 1]; ++j) {{\n      \
                 const long i = index[j];\n{}      \
                 sum = sum + weight[j] * {result};\n    }}\n    out[p] = sum;\n  }}\n}}\n",
                body.uniform_lines("  "),
                body.point_lines("      "),
            );
            Ok((text, FunctionKind::Interpolate { sparse, time }))
        }
        StatementKind::Update { .. } | StatementKind::Reduce { .. } => {
            unreachable!("what goes over rows should not be printed by points")
        }
    }
}
