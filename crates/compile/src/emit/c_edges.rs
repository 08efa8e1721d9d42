//! Reads that are closed outside the grid by anything but zero, of functions whose images are not
//! stored.
//!
//! They have bodies of their own, for what lies within reach of a side; all other pieces of rows keep
//! the plain loads. Along the last dimension images are whole vectors: turned round for mirrors,
//! from the other end for periodic reads, one number for clamps. They are loaded only for vectors
//! that need one, which keeps addresses within a vector of the row. Along outer dimensions the
//! image is another row, chosen once per row; where reads are folded, one row more.
//!
//! Values are the interpreter's, bit for bit: a sum is taken only where there is something to add,
//! dimension by dimension, the last one innermost.

use std::fmt::Write as _;

use retrograd_ir::{Closure, DimSet, Edge, Ends, ExprId, FieldId, Offset, Target};

use super::c::Module;
use super::c_body::{Body, Place, shift};

/// The sides near which closures act in a body.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Closing {
    /// None: the inside.
    Nowhere,
    /// Those of the last dimension: the ends of rows.
    Ends,
    /// All: rows beside an outer side.
    Everywhere,
}

/// A closed read on its way to the rows and points that it takes.
struct Read {
    target: Target,
    dims: DimSet,
    offset: Offset,
    closure: Closure,
}

impl Module<'_> {
    /// How far from the low and the high side closures act, per dimension of the stencil.
    pub(super) fn depth(&self, values: &[ExprId]) -> Vec<[usize; 2]> {
        let mut depth = vec![[0; 2]; self.stencil.dims.len()];
        let reads = self.stencil.reads(values).into_iter();
        for read in reads.filter(|read| !self.is_stored(read.field)) {
            for (d, all) in depth.iter_mut().enumerate() {
                let own = read.closure.0[d].depth(read.offset.0[d]);
                *all = [all[0].max(own[0]), all[1].max(own[1])];
            }
        }
        depth
    }

    /// Whether images of a function are stored around the grid.
    pub(super) fn is_stored(&self, field: FieldId) -> bool {
        self.halos[field.0 as usize].is_some()
    }
}

/// The operations that closed loads of vectors take.
pub(super) fn prelude(lanes: usize) -> String {
    let listed = |item: &dyn Fn(usize) -> String| -> String {
        (0..lanes).map(item).collect::<Vec<_>>().join(", ")
    };
    let iota = listed(&|k| k.to_string());
    let turned = listed(&|k| (lanes - 1 - k).to_string());
    format!(
        "static inline M lane(long i) {{ return (M){{{iota}}} + (I)i; }}\n\
         #ifdef __clang__\n\
         static inline V rev(V a) {{ return __builtin_shufflevector(a, a, {turned}); }}\n\
         #else\n\
         static inline V rev(V a) {{ return __builtin_shuffle(a, (M){{{turned}}}); }}\n\
         #endif\n\
         static inline V either(int a, V v, V w) {{ return a ? v : w; }}\n\
         static inline V held(int any, M m, T x, V v) {{ return any ? pick(m, sp(x), v) : v; }}\n\
         static inline V far(int any, M m, const T *p, V v) {{ \
         return any ? pick(m, LOAD(p), v) : v; }}\n\
         static inline V even(int any, M m, const T *p, V v) {{ \
         return any ? pick(m, rev(LOAD(p)), v) : v; }}\n\
         static inline V odd(int any, M m, const T *p, V v) {{ \
         return any ? pick(m, -rev(LOAD(p)), v) : v; }}\n\
         static inline V plus(int any, M m, const T *p, V v) {{ \
         return any ? pick(m, v + rev(LOAD(p)), v) : v; }}\n\
         static inline V minus(int any, M m, const T *p, V v) {{ \
         return any ? pick(m, v - rev(LOAD(p)), v) : v; }}\n\
         static inline V heap(long k, const T *p, long n, V v) {{\n  \
         if (k < 0 || k >= L) return v;\n  \
         T sum = p[0];\n  \
         for (long j = 1; j < n; ++j) sum = sum + p[j];\n  \
         v[k] = sum;\n  return v;\n}}\n"
    )
}

impl Body<'_, '_> {
    /// The value of a read, closed on the sides near which the body is used; nothing if none of
    /// these acts.
    pub(super) fn closed(
        &mut self,
        target: Target,
        offset: Offset,
        mut closure: Closure,
    ) -> Option<String> {
        if self.is_stored(target.field) {
            return None;
        }
        let dims = self.dims();
        for (d, ends) in closure.0.iter_mut().enumerate() {
            let near = match self.closing {
                Closing::Nowhere => false,
                Closing::Ends => d + 1 == dims,
                Closing::Everywhere => true,
            };
            if !near || ends.acting(offset.0[d]).is_none() {
                *ends = Ends::ZERO;
            }
        }
        if closure == Closure::ZERO {
            return None;
        }
        let dims = self.field_dims(target);
        Some(self.level(&Read { target, dims, offset, closure }, 0, &mut Vec::new()))
    }

    /// The value of a read along dimension number `d` and those after it; `at` holds the indices
    /// along those before it.
    fn level(&mut self, read: &Read, d: usize, at: &mut Vec<String>) -> String {
        let dims = self.dims();
        if self.place == Place::Row && d + 1 == dims {
            return self.vector(read, at);
        }
        if d == dims {
            return self.element(read.target, at);
        }
        let (step, ends) = (read.offset.0[d], read.closure.0[d].canonical());
        let own = format!("i{d}{}", shift(i32::from(step)));
        match ends.acting(step) {
            None => self.at(read, d, at, own),
            Some(side) if ends.folded => self.folded(read, (d, side), at, own),
            Some(side) => self.plain(read, (d, side), at, &own),
        }
    }

    fn at(&mut self, read: &Read, d: usize, at: &mut Vec<String>, index: String) -> String {
        at.push(index);
        let value = self.level(read, d + 1, at);
        at.pop();
        value
    }

    /// A plain read: the value itself or one image.
    fn plain(
        &mut self,
        read: &Read,
        (d, side): (usize, usize),
        at: &mut Vec<String>,
        own: &str,
    ) -> String {
        let (ends, step) = (read.closure.0[d], i32::from(read.offset.0[d]));
        let edge = ends.edges[side];
        let n = self.extent_if(side == 1 || edge == Edge::Periodic, d);
        let outside = if side == 0 { format!("{own} < 0") } else { format!("{own} >= {n}") };
        let image = match (edge, side) {
            (Edge::Clamp | Edge::Zero, 0) => "0".into(),
            (Edge::Clamp | Edge::Zero, _) => format!("{n} - 1"),
            (Edge::Even | Edge::Odd, _) => format!("{} - i{d}", mirror(ends, side, &n, -step)),
            (Edge::Periodic, 0) => format!("{own} + {n}"),
            (Edge::Periodic, _) => format!("{own} - {n}"),
        };
        let index = self.head("long", format!("{outside} ? {image} : {own}"));
        let value = self.at(read, d, at, index);
        if edge != Edge::Odd {
            return value;
        }
        let (outside, value) = (self.head("int", outside), self.bound(&value));
        self.either(&outside, &format!("-{value}"), &value)
    }

    /// A folded read: the value itself and what has images there.
    fn folded(
        &mut self,
        read: &Read,
        (d, side): (usize, usize),
        at: &mut Vec<String>,
        own: String,
    ) -> String {
        let (ends, step) = (read.closure.0[d], i32::from(read.offset.0[d]));
        let n = self.extent_if(side == 1, d);
        if ends.edges[side] == Edge::Clamp {
            let end = if side == 0 { "0".into() } else { format!("{n} - 1") };
            let outermost = self.head("int", format!("i{d} == {end}"));
            let direct = self.at(read, d, at, own);
            let direct = self.bound(&direct);
            let others = (1..=step.abs()).rev().map(|k| match side {
                0 => (step - k).to_string(),
                _ => format!("{n} - {k}"),
            });
            let others: Vec<String> = others.collect();
            let mut terms: Vec<String> =
                others.into_iter().map(|index| self.at(read, d, at, index)).collect();
            terms.insert(if side == 0 { terms.len() } else { 0 }, direct.clone());
            let mut sum = terms[0].clone();
            for term in &terms[1..] {
                let (a, b) = (self.bound(&sum), self.bound(term));
                sum = format!("{a} + {b}");
            }
            return self.either(&outermost, &sum, &direct);
        }
        let [first, last] = folded_range(ends, side, &n, step);
        let has = self.head("int", format!("i{d} >= {first} && i{d} <= {last}"));
        let image = format!("{} - i{d}", mirror(ends, side, &n, step));
        let image = self.head("long", format!("{has} ? {image} : {own}"));
        let direct = self.at(read, d, at, own);
        let direct = self.bound(&direct);
        let image = self.at(read, d, at, image);
        let image = self.bound(&image);
        let sign = if ends.edges[side] == Edge::Odd { '-' } else { '+' };
        self.either(&has, &format!("{direct} {sign} {image}"), &direct)
    }

    /// One of two values, by what is known of all points of the piece.
    fn either(&self, which: &str, value: &str, other: &str) -> String {
        match self.place {
            Place::Row => format!("either({which}, {value}, {other})"),
            Place::Point => format!("{which} ? {value} : {other}"),
        }
    }

    /// A vector of a row.
    fn vector(&mut self, read: &Read, at: &[String]) -> String {
        let last = self.dims() - 1;
        let inner = read.closure.0[..last].iter().all(|ends| *ends == Ends::ZERO);
        let row = if inner {
            let mut outer = read.offset.0;
            outer[last] = 0;
            self.row(read.target, read.dims, outer)
        } else {
            let start = self.row_start(read.target, read.dims, at);
            self.head("T *", start)
        };
        if !read.dims.contains(last) {
            return format!("sp({row}[0])");
        }
        let (step, ends) = (i32::from(read.offset.0[last]), read.closure.0[last].canonical());
        let own = format!("LOAD({row} + i{})", shift(step));
        let Some(side) = ends.acting(read.offset.0[last]) else { return own };
        let edge = ends.edges[side];
        let n = self.extent_if(side == 1 || edge == Edge::Periodic, last);
        let turned = |step| format!("{row} + ({}) - i - (L - 1)", mirror(ends, side, &n, step));
        if ends.folded {
            if edge == Edge::Clamp {
                return match side {
                    0 => format!("heap(-i, {row}, {}, {own})", step + 1),
                    _ => format!(
                        "heap({n} - 1 - i, {row} + {n} - {}, {}, {own})",
                        1 - step,
                        1 - step
                    ),
                };
            }
            let [first, end] = folded_range(ends, side, &n, step);
            let any = if side == 0 { format!("i <= {end}") } else { format!("i + L > {first}") };
            let lanes = format!("(lane(i) >= (I)({first})) & (lane(i) <= (I)({end}))");
            let name = if edge == Edge::Odd { "minus" } else { "plus" };
            return format!("{name}({any}, {lanes}, {}, {own})", turned(step));
        }
        let (any, lanes) = match side {
            0 => (format!("i < {}", -step), format!("lane(i) < (I){}", -step)),
            _ => (format!("i + L > {n} - {step}"), format!("lane(i) >= (I)({n} - {step})")),
        };
        let (name, image) = match (edge, side) {
            (Edge::Clamp | Edge::Zero, 0) => ("held", format!("{row}[0]")),
            (Edge::Clamp | Edge::Zero, _) => ("held", format!("{row}[{n} - 1]")),
            (Edge::Even, _) => ("even", turned(-step)),
            (Edge::Odd, _) => ("odd", turned(-step)),
            (Edge::Periodic, 0) => ("far", format!("{row} + i - {} + {n}", -step)),
            (Edge::Periodic, _) => ("far", format!("{row} + i + {step} - {n}")),
        };
        format!("{name}({any}, {lanes}, {image}, {own})")
    }

    fn extent_if(&mut self, needed: bool, dim: usize) -> String {
        if needed { self.extent(dim) } else { String::new() }
    }

    /// Where a row begins whose indices along the outer dimensions are given.
    fn row_start(&mut self, target: Target, dims: DimSet, at: &[String]) -> String {
        let mut text = self.base(target);
        for (d, index) in at.iter().enumerate().filter(|(d, _)| dims.contains(*d)) {
            let stride = self.stride(dims, d);
            let _ = write!(text, " + ({index}) * {stride}");
        }
        text
    }

    /// One number.
    fn element(&mut self, target: Target, at: &[String]) -> String {
        let dims = self.field_dims(target);
        let (last, outer) = at.split_last().expect("a grid has dimensions");
        let start = self.row_start(target, dims, outer);
        format!("({start})[{last}]")
    }
}

/// What an index is subtracted from to give that of its image, displaced by `step` after that:
/// twice the mirror's.
fn mirror(ends: Ends, side: usize, n: &str, step: i32) -> String {
    let by = step - i32::from(ends.half);
    if side == 0 { by.to_string() } else { format!("2 * {n}{}", shift(by - 2)) }
}

/// The first and the last index at which a folded read at `step` finds an image.
fn folded_range(ends: Ends, side: usize, n: &str, step: i32) -> [String; 2] {
    let half = i32::from(ends.half);
    if side == 0 {
        [(1 - half).to_string(), (step - half).to_string()]
    } else {
        [format!("{n} - {}", 1 + half - step), format!("{n} - {}", 2 + half)]
    }
}
