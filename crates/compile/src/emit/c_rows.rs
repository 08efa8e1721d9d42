//! Loops over rows and the pieces that these consist of: nests and reductions.
//!
//! A reduction runs row by row along the last dimension, each row in the order of its points and in
//! f64; the caller combines what rows come to, in their order. So it gives the interpreter's bits
//! whatever threads and vectors.

use std::fmt::Write as _;

use retrograd_ir::{ExprId, ReduceOp, ScalarId};

use super::c::{Bodies, FunctionKind, Module, position_or_push};
use super::c_body::Body;
use super::c_edges::Closing;
use super::c_tapes;
use crate::schedule::{LoopNest, Part};

/// Vectors ahead of the current one at which memory is fetched, where rows are at least twice as long;
/// else the same place of the next row. Rows are short and cut by layers, which stops the prefetcher of
/// the processor.
const PREFETCH: usize = 16;

/// Neighbours that two rows have to share to be worth a loop of their own.
const SHARED: usize = 4;

pub(super) fn print_nest(module: &mut Module<'_>, nest: &LoopNest) -> (String, FunctionKind) {
    let mut body = Body::rows(module);
    // Shells around a region run the same text in other places: it is printed once.
    let mut printed: Vec<String> = Vec::new();
    let mut of_part = |part: &Part| {
        bodies(&mut body, &part.values(), &mut printed, |body, results| stores(body, part, results))
    };
    let bodies: Vec<Bodies> = nest.parts.iter().map(&mut of_part).collect();
    let rows = body.count_rows();
    let mut pairs: Vec<String> = Vec::new();
    if in_pairs(&body, nest, &bodies) {
        for (part, bodies) in nest.parts.iter().zip(&bodies) {
            if bodies.inside == pairs.len() {
                let finish =
                    |body: &mut Body<'_, '_>, results: &[String]| stores(body, part, results);
                pairs.push(piece(&mut body, Closing::Nowhere, &part.values(), 2, &finish));
            }
        }
    }
    let loops = Loops { rows, printed: &printed, pairs: &pairs, around: ["", "", ""] };
    (print_rows(&mut body, &loops), FunctionKind::Nest { bodies })
}

/// Whether rows are computed two by two: in planes, where they share enough neighbours and are closed by
/// nothing but zero. In three dimensions two rows outrun the pointers that a processor has; what pairs
/// along the first dimension gained there, a part of 0.01 to 0.05, is not worth compiling twice as much.
fn in_pairs(body: &Body<'_, '_>, nest: &LoopNest, bodies: &[Bodies]) -> bool {
    let plain = |bodies: &Bodies| bodies.depth.iter().all(|d| *d == [0, 0]);
    let pays = |part: &Part| body.shared_with_next_row(&part.values()) >= SHARED;
    body.dims() == 2 && bodies.iter().all(plain) && nest.parts.iter().any(pays)
}

/// What a piece of a row writes.
fn stores(body: &mut Body<'_, '_>, part: &Part, results: &[String]) -> String {
    let mut text = String::new();
    for ((target, _), result) in part.outputs.iter().zip(results) {
        let row = body.written_row(*target);
        let put = if c_tapes::passes_by(body.module.stencil, *target) {
            body.drains = true;
            body.ask_past_caches();
            "keep(past, "
        } else {
            "put("
        };
        let _ = writeln!(text, "        {put}{row} + i, {result}, i, lo, hi);");
    }
    text
}

pub(super) fn print_reduction(
    module: &mut Module<'_>,
    (scalar, op): (ScalarId, ReduceOp),
    value: ExprId,
) -> (String, FunctionKind) {
    let mut body = Body::rows(module);
    let mut printed = Vec::new();
    let (name, start) = match op {
        ReduceOp::Sum => ("radd", "0"),
        ReduceOp::Min => ("rmin", "__builtin_inf()"),
        ReduceOp::Max => ("rmax", "-__builtin_inf()"),
    };
    let bodies = bodies(&mut body, &[value], &mut printed, |_, results| {
        format!(
            "        const V x = {};\n        \
             for (long k = i < lo ? lo - i : 0; k < L && i + k < hi; ++k) \
             sum = {name}(sum, x[k]);\n",
            results[0]
        )
    });
    // The row among all rows of the grid.
    let mut number = String::from(if body.dims() > 1 { "i0" } else { "0" });
    for d in 1..body.dims() - 1 {
        number = format!("({number}) * {} + i{d}", body.extent(d));
    }
    let before = format!("    double sum = {start};\n");
    let after = format!("    out[{number}] = sum;\n");
    let rows = body.count_rows();
    let around = [", double *out", &*before, &*after];
    let text = print_rows(&mut body, &Loops { rows, printed: &printed, pairs: &[], around });
    (text, FunctionKind::Reduce { bodies, scalar, op })
}

/// The operations of reductions. Operands count as flushed, as those of any operation.
pub(super) const REDUCTIONS: &str = "\
static inline double flat(double b) { \
return b < 0x1p-1022 && b > -0x1p-1022 ? __builtin_copysign(0.0, b) : b; }
static inline double radd(double a, double b) { return a + b; }
static inline double rmin(double a, double b) { b = flat(b); return b < a ? b : a; }
static inline double rmax(double a, double b) { b = flat(b); return b > a ? b : a; }
";

/// The bodies that evaluate `values`, added to those that are printed already; `finish` says what
/// becomes of the results.
fn bodies(
    body: &mut Body<'_, '_>,
    values: &[ExprId],
    printed: &mut Vec<String>,
    finish: impl Fn(&mut Body<'_, '_>, &[String]) -> String,
) -> Bodies {
    let depth = body.depth(values);
    let (last, outer) = depth.split_last().expect("a grid has dimensions");
    let mut print = |closing| position_or_push(printed, piece(body, closing, values, 1, &finish));
    let inside = print(Closing::Nowhere);
    let ends = if *last == [0, 0] { inside } else { print(Closing::Ends) };
    let rows = outer.iter().any(|d| *d != [0, 0]);
    let beside = if rows { print(Closing::Everywhere) } else { ends };
    Bodies { inside, ends, beside, depth }
}

/// Whether kernels prefetch everything: planes do without, whose rows a sweep finds in the nearer caches,
/// but for those of tapes.
fn prefetches(body: &Body<'_, '_>) -> bool {
    body.dims() > 2
}

/// The loop over one piece of a row, or of so many rows together.
fn piece(
    body: &mut Body<'_, '_>,
    closing: Closing,
    values: &[ExprId],
    together: i8,
    finish: &impl Fn(&mut Body<'_, '_>, &[String]) -> String,
) -> String {
    body.begin(closing, values);
    let mut end = String::new();
    for row in 0..together {
        body.enter(row);
        let results: Vec<String> = values.iter().map(|value| body.value(*value)).collect();
        end.push_str(&finish(body, &results));
    }
    let mut text = String::from("      for (long i = lo & -(long)L; i < hi; i += L) {\n");
    text.push_str(&fetched(body, together));
    text.push_str(&body.lines("        "));
    text.push_str(&end);
    text.push_str("      }\n");
    let heads = body.head_lines("      ");
    if heads.is_empty() { text } else { format!("      {{\n{heads}{text}      }}\n") }
}

/// Lines that fetch what later iterations need.
fn fetched(body: &mut Body<'_, '_>, together: i8) -> String {
    let mut text = String::new();
    if prefetches(body) {
        for row in body.leading_rows() {
            let _ = writeln!(text, "        __builtin_prefetch(r{row} + i + ahead);");
        }
    } else if body.dims() > 1 && !body.drains {
        for row in c_tapes::rows(body) {
            body.ask_past_caches();
            let _ = writeln!(
                text,
                "        if (past) __builtin_prefetch(r{row} + i + {together} * s[0]);"
            );
        }
    }
    text
}

/// What the loops over the rows of a box are printed from.
struct Loops<'a> {
    /// Pointers that single rows need.
    rows: usize,
    /// The bodies of the pieces of a row.
    printed: &'a [String],
    /// The same for two rows at once, if there are such.
    pairs: &'a [String],
    /// More arguments, and lines before and after the pieces of a row.
    around: [&'a str; 3],
}

/// The rows of a box with the bodies of their pieces.
fn print_rows(body: &mut Body<'_, '_>, loops: &Loops<'_>) -> String {
    let last = body.dims() - 1;
    let [arguments, before, after] = loops.around;
    let mut text = format!(
        "(T *const *f, const long *s, const T *c, const long *b{arguments}) {{\n  \
         (void)s, (void)c;\n{}",
        body.uniform_lines("  ")
    );
    if prefetches(body) {
        let (d, short) = (last - 1, 2 * PREFETCH);
        let _ =
            writeln!(text, "  const long ahead = s[{d}] < {short} * L ? s[{d}] : {PREFETCH} * L;");
    }
    let pieces = 2 * last + 1;
    let _ = writeln!(text, "  const long *const end = b + {pieces} + 3 * b[{}];", 2 * last);
    let mut from = "long i0 = b[0]";
    if !loops.pairs.is_empty() {
        text.push_str("  long i0 = b[0];\n  for (; i0 + 1 < b[1]; i0 += 2)\n");
        let rows = body.row_lines("    ", body.count_rows());
        text.push_str(&print_box(last, &rows, loops.pairs, ""));
        from = "";
    }
    if last > 0 {
        let _ = writeln!(text, "  for ({from}; i0 < b[1]; ++i0)");
    }
    let rows = body.row_lines("    ", loops.rows) + before;
    text.push_str(&print_box(last, &rows, loops.printed, after));
    if body.drains {
        text.push_str("  if (past) DRAIN;\n");
    }
    text.push_str("}\n");
    text
}

/// The loops over the dimensions between the first and the last, number `last`, around a row: the
/// lines before its pieces, these, and the lines after them.
fn print_box(last: usize, before: &str, printed: &[String], after: &str) -> String {
    let mut text = String::new();
    for d in 1..last {
        let _ = writeln!(text, "  for (long i{d} = b[{}]; i{d} < b[{}]; ++i{d})", 2 * d, 2 * d + 1);
    }
    text.push_str("  {\n");
    text.push_str(before);
    let _ = writeln!(text, "    for (const long *p = b + {}; p < end; p += 3) {{", 2 * last + 1);
    text.push_str("      const long lo = p[1], hi = p[2];\n");
    for (number, row) in printed.iter().enumerate() {
        match (number, printed.len()) {
            (_, 1) => {}
            (0, _) => text.push_str("      if (p[0] == 0)\n"),
            (n, count) if n + 1 == count => text.push_str("      else\n"),
            (n, _) => {
                let _ = writeln!(text, "      else if (p[0] == {n})");
            }
        }
        text.push_str(row);
    }
    text.push_str("    }\n");
    text.push_str(after);
    text.push_str("  }\n");
    text
}
