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
use crate::schedule::{LoopNest, Part};

/// Vectors ahead of the current one at which memory is fetched, where rows are at least twice as long;
/// else the same place of the next row. Rows are short and cut by layers, which stops the prefetcher of
/// the processor.
const PREFETCH: usize = 16;

pub(super) fn print_nest(module: &mut Module<'_>, nest: &LoopNest) -> (String, FunctionKind) {
    let mut body = Body::rows(module);
    // Shells around a region run the same text in other places: it is printed once.
    let mut printed: Vec<String> = Vec::new();
    let mut of_part = |part: &Part| {
        let values: Vec<ExprId> = part.outputs.iter().map(|(_, value)| *value).collect();
        bodies(&mut body, &values, &mut printed, |body, results| stores(body, part, results))
    };
    let bodies: Vec<Bodies> = nest.parts.iter().map(&mut of_part).collect();
    (print_rows(&mut body, &printed, ["", "", ""]), FunctionKind::Nest { bodies })
}

/// What a piece of a row writes.
fn stores(body: &mut Body<'_, '_>, part: &Part, results: &[String]) -> String {
    let mut text = String::new();
    for ((target, _), result) in part.outputs.iter().zip(results) {
        let row = body.written_row(*target);
        let _ = writeln!(text, "        put({row} + i, {result}, i, lo, hi);");
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
    let text = print_rows(&mut body, &printed, [", double *out", &before, &after]);
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
    let mut print = |closing| position_or_push(printed, piece(body, closing, values, &finish));
    let inside = print(Closing::Nowhere);
    let ends = if *last == [0, 0] { inside } else { print(Closing::Ends) };
    let rows = outer.iter().any(|d| *d != [0, 0]);
    let beside = if rows { print(Closing::Everywhere) } else { ends };
    Bodies { inside, ends, beside, depth }
}

/// The loop over one piece of a row.
fn piece(
    body: &mut Body<'_, '_>,
    closing: Closing,
    values: &[ExprId],
    finish: &impl Fn(&mut Body<'_, '_>, &[String]) -> String,
) -> String {
    body.begin(closing);
    let results: Vec<String> = values.iter().map(|value| body.value(*value)).collect();
    let end = finish(body, &results);
    let mut text = String::from("      for (long i = lo & -(long)L; i < hi; i += L) {\n");
    for row in body.leading_rows() {
        let _ = writeln!(text, "        __builtin_prefetch({row} + i + ahead);");
    }
    text.push_str(&body.lines("        "));
    text.push_str(&end);
    text.push_str("      }\n");
    let heads = body.head_lines("      ");
    if heads.is_empty() { text } else { format!("      {{\n{heads}{text}      }}\n") }
}

/// The rows of a box with the bodies of their pieces; more arguments, and lines before and after the
/// pieces of a row.
fn print_rows(
    body: &mut Body<'_, '_>,
    printed: &[String],
    [arguments, before, after]: [&str; 3],
) -> String {
    let last = body.dims() - 1;
    let mut text = format!(
        "(T *const *f, const long *s, const T *c, const long *b{arguments}) {{\n  \
         (void)s, (void)c;\n{}",
        body.uniform_lines("  ")
    );
    let fixed = format!("{PREFETCH} * L");
    let ahead = last
        .checked_sub(1)
        .map_or(fixed.clone(), |d| format!("s[{d}] < {} * L ? s[{d}] : {fixed}", 2 * PREFETCH));
    let _ = writeln!(text, "  const long ahead = {ahead};");
    let pieces = 2 * last + 1;
    let _ = writeln!(text, "  const long *const end = b + {pieces} + 3 * b[{}];", 2 * last);
    for d in 0..last {
        let _ = writeln!(text, "  for (long i{d} = b[{}]; i{d} < b[{}]; ++i{d})", 2 * d, 2 * d + 1);
    }
    text.push_str("  {\n");
    text.push_str(&body.row_lines("    "));
    text.push_str(before);
    let _ = writeln!(text, "    for (const long *p = b + {pieces}; p < end; p += 3) {{");
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
    text.push_str("  }\n}\n");
    text
}
