//! Straight-line C for the expressions of one function.

use std::collections::HashMap;
use std::fmt::{Display, Write as _};

use retrograd_ir::{
    BinaryOp, Closure, Compare, DimSet, Expr, ExprId, FieldId, MAX_DIMS, Offset, Read, SparseId,
    Target, UnaryOp,
};

use super::c::{Module, position_or_push};
use super::c_edges::Closing;
use super::c_elementary::{self, Elementary};

/// Where the expressions are evaluated.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// One vector of points of a row.
    Row,
    /// One grid point around a sparse point.
    Point,
}

/// A level, its dimensions, and the offset of the row in the outer ones.
type Row = (Target, DimSet, [i8; MAX_DIMS]);

/// Collects the lines of a function body. Names are numbered in the order of use, so that the
/// text does not depend on what else the arena holds.
pub(super) struct Body<'m, 's> {
    pub(super) module: &'m mut Module<'s>,
    pub(super) place: Place,
    /// Where reads are closed by anything but zero.
    pub(super) closing: Closing,
    names: HashMap<ExprId, String>,
    lines: Vec<String>,
    uniforms: Vec<usize>,
    /// Which of the rows that are computed together: how far it lies along the first
    /// dimension.
    row: i8,
    /// Pointers to rows, shared by all pieces of a row.
    pub(super) rows: Vec<Row>,
    /// The rows that the current piece uses.
    pub(super) used: Vec<usize>,
    /// Types and values that are the same for all points of the current piece.
    heads: Vec<(&'static str, String)>,
    /// Rows and sides (whether ahead) of which the current piece reads several vectors beside its own.
    beside: Vec<(Row, bool)>,
    /// Dimensions whose extents are used, and where they stand in `s`.
    extents: Vec<(usize, usize)>,
    /// Where `s` says whether tapes go past the caches, if that is asked for.
    past: Option<usize>,
    /// Whether tapes are written.
    pub(super) drains: bool,
    pub(super) series: Vec<(SparseId, i8)>,
}

impl<'m, 's> Body<'m, 's> {
    pub(super) fn rows(module: &'m mut Module<'s>) -> Self {
        Self::new(module, Place::Row, Closing::Nowhere)
    }

    pub(super) fn points(module: &'m mut Module<'s>) -> Self {
        Self::new(module, Place::Point, Closing::Everywhere)
    }

    fn new(module: &'m mut Module<'s>, place: Place, closing: Closing) -> Self {
        Self {
            module,
            place,
            closing,
            names: HashMap::new(),
            lines: Vec::new(),
            uniforms: Vec::new(),
            row: 0,
            rows: Vec::new(),
            used: Vec::new(),
            heads: Vec::new(),
            beside: Vec::new(),
            extents: Vec::new(),
            past: None,
            drains: false,
            series: Vec::new(),
        }
    }

    /// Begins another piece of the row: lines of its own, the same pointers and uniform values.
    pub(super) fn begin(&mut self, closing: Closing, values: &[ExprId]) {
        self.closing = closing;
        self.beside = self.several_beside(values);
        self.heads.clear();
        self.lines.clear();
        self.used.clear();
        self.enter(0);
    }

    /// Goes on with one of the rows that are computed together.
    pub(super) fn enter(&mut self, row: i8) {
        self.row = row;
        self.names.clear();
    }

    /// How many rows have pointers so far.
    pub(super) fn count_rows(&self) -> usize {
        self.rows.len()
    }

    /// How many reads of `values` the next row along the first dimension shares.
    pub(super) fn shared_with_next_row(&self, values: &[ExprId]) -> usize {
        let reads = self.module.stencil.reads(values);
        let next = |read: &Read| {
            let mut next = *read;
            next.offset.0[0] += 1;
            next
        };
        reads.iter().filter(|read| reads.binary_search(&next(read)).is_ok()).count()
    }

    /// Rows and sides of which `values` read more than one vector less than a vector away: these are
    /// made of two aligned ones.
    fn several_beside(&self, values: &[ExprId]) -> Vec<(Row, bool)> {
        let last = self.dims() - 1;
        let (mut once, mut several) = (Vec::new(), Vec::new());
        for read in self.module.stencil.reads(values) {
            let dims = self.module.stencil.field(read.field).dims;
            let along = read.offset.0[last];
            if !self.is_near(along) {
                continue;
            }
            let mut outer = read.offset.0;
            outer[last] = 0;
            let target = Target { field: read.field, time: read.time };
            let place = ((target, dims, outer), along > 0);
            if once.contains(&place) {
                position_or_push(&mut several, place);
            } else {
                once.push(place);
            }
        }
        several
    }

    /// Whether a vector so far along the row lies in the aligned one of the point and its neighbours.
    fn is_near(&self, along: i8) -> bool {
        along != 0 && usize::from(along.unsigned_abs()) < self.module.lanes
    }

    /// Whether a read is made of two aligned vectors.
    fn is_joined(&self, row: Row, along: i8) -> bool {
        self.is_near(along) && self.beside.contains(&(row, along > 0))
    }

    /// Adds the lines that compute `root` and returns its name.
    pub(super) fn value(&mut self, root: ExprId) -> String {
        let stencil = self.module.stencil;
        // What sits only below uniform values is evaluated by the caller.
        let mut wanted = vec![root];
        let mut order = Vec::new();
        while let Some(id) = wanted.pop() {
            if order.contains(&id) {
                continue;
            }
            order.push(id);
            if !stencil.is_uniform(id) {
                stencil.exprs[id].for_each_operand(|op| wanted.push(op));
            }
        }
        order.sort_unstable();
        for id in order {
            if self.names.contains_key(&id) {
                continue;
            }
            let name = if stencil.is_uniform(id) {
                let number = self.module.uniform(id);
                position_or_push(&mut self.uniforms, number);
                format!("c{number}")
            } else {
                let text = self.node(id);
                self.bind(&text)
            };
            self.names.insert(id, name);
        }
        let name = self.names[&root].clone();
        if self.place == Place::Row && stencil.is_uniform(root) {
            return format!("sp({name})");
        }
        name
    }

    /// Adds a line for a value and returns its name.
    fn bind(&mut self, text: &str) -> String {
        let name = format!("v{}", self.lines.len());
        let kind = if self.place == Place::Row { "V" } else { "T" };
        self.lines.push(format!("const {kind} {name} = {text};"));
        name
    }

    /// The same, unless it is a name already.
    pub(super) fn bound(&mut self, text: &str) -> String {
        let is_name = text.chars().all(|c| c.is_ascii_alphanumeric());
        if is_name { text.into() } else { self.bind(text) }
    }

    /// The name of what is the same for all points of the piece.
    pub(super) fn head(&mut self, kind: &'static str, text: String) -> String {
        format!("h{}", position_or_push(&mut self.heads, (kind, text)))
    }

    /// The name of the extent of a dimension.
    pub(super) fn extent(&mut self, dim: usize) -> String {
        let place = self.module.extent(dim);
        position_or_push(&mut self.extents, (dim, place));
        format!("n{dim}")
    }

    /// How far from the sides closures act.
    pub(super) fn depth(&self, values: &[ExprId]) -> Vec<[usize; 2]> {
        self.module.depth(values)
    }

    /// Whether images of a function are stored around the grid.
    pub(super) fn is_stored(&self, field: FieldId) -> bool {
        self.module.is_stored(field)
    }

    /// Dimensions of the stencil.
    pub(super) fn dims(&self) -> usize {
        self.module.stencil.dims.len()
    }

    /// Dimensions of a function.
    pub(super) fn field_dims(&self, target: Target) -> DimSet {
        self.module.stencil.field(target.field).dims
    }

    /// The address of the first grid point of a level.
    pub(super) fn base(&mut self, target: Target) -> String {
        format!("f[{}]", self.module.pointer(target))
    }

    /// From one index to the next along a dimension.
    pub(super) fn stride(&mut self, dims: DimSet, dim: usize) -> String {
        format!("s[{}]", self.module.layout(dims) * self.dims() + dim)
    }

    /// The operand as a vector where a function needs one.
    fn whole(&self, id: ExprId) -> String {
        let name = &self.names[&id];
        if self.place == Place::Row && self.module.stencil.is_uniform(id) {
            format!("sp({name})")
        } else {
            name.clone()
        }
    }

    fn node(&mut self, id: ExprId) -> String {
        let f = if self.place == Place::Row { "v" } else { "s" };
        match self.module.stencil.exprs[id] {
            Expr::Load { field, time, offset, closure } => {
                self.load(Target { field, time }, offset, closure)
            }
            Expr::Series { sparse, time } => {
                let row = position_or_push(&mut self.series, (sparse, time));
                format!("q[{row}][point[j]]")
            }
            Expr::Unary { op, arg } => {
                let arg = self.whole(arg);
                match op {
                    // What varies is in working precision already.
                    UnaryOp::Round => arg,
                    UnaryOp::Neg => format!("-{arg}"),
                    UnaryOp::Abs => format!("{f}abs({arg})"),
                    UnaryOp::Sqrt => format!("{f}sqrt({arg})"),
                    UnaryOp::Exp
                    | UnaryOp::Ln
                    | UnaryOp::Sin
                    | UnaryOp::Cos
                    | UnaryOp::Tan
                    | UnaryOp::Tanh => {
                        let name = self.elementary(Elementary::Unary(op));
                        format!("{f}{name}({arg})")
                    }
                }
            }
            Expr::Binary { op, lhs, rhs } => {
                let sign = match op {
                    BinaryOp::Add => '+',
                    BinaryOp::Sub => '-',
                    BinaryOp::Mul => '*',
                    BinaryOp::Div => '/',
                    BinaryOp::Max => {
                        return format!("{f}max({}, {})", self.whole(lhs), self.whole(rhs));
                    }
                    BinaryOp::Min => {
                        return format!("{f}min({}, {})", self.whole(lhs), self.whole(rhs));
                    }
                    BinaryOp::Pow => {
                        let name = self.elementary(Elementary::Binary(op));
                        return format!("{f}{name}({}, {})", self.whole(lhs), self.whole(rhs));
                    }
                };
                format!("{} {sign} {}", self.names[&lhs], self.names[&rhs])
            }
            Expr::MulAdd { a, b, c } => {
                format!("{f}fma({}, {}, {})", self.whole(a), self.whole(b), self.whole(c))
            }
            Expr::Select { cmp, lhs, rhs, then, otherwise } => {
                let sign = match cmp {
                    Compare::Lt => "<",
                    Compare::Le => "<=",
                    Compare::Eq => "==",
                    Compare::Ne => "!=",
                };
                let test = format!("{} {sign} {}", self.whole(lhs), self.whole(rhs));
                let (then, otherwise) = (self.whole(then), self.whole(otherwise));
                match self.place {
                    Place::Row => format!("pick({test}, {then}, {otherwise})"),
                    Place::Point => format!("{test} ? {then} : {otherwise}"),
                }
            }
            Expr::Const(_) | Expr::Param(_) | Expr::Scalar(_) => self.whole(id),
        }
    }

    /// The name of a function that the module is handed.
    fn elementary(&mut self, operation: Elementary) -> &'static str {
        self.module.elementary = true;
        c_elementary::name(operation)
    }

    fn load(&mut self, target: Target, offset: Offset, closure: Closure) -> String {
        if let Some(closed) = self.closed(target, offset, closure) {
            return closed;
        }
        let Offset(offset) = offset;
        let last = self.module.stencil.dims.len() - 1;
        let dims = self.module.stencil.field(target.field).dims;
        match self.place {
            Place::Row => {
                let mut outer = offset;
                outer[last] = 0;
                let row = self.row(target, dims, outer);
                let along = offset[last];
                if !dims.contains(last) {
                    format!("sp({row}[0])")
                } else if self.is_joined((target, dims, outer), along) {
                    let (name, k) = if along > 0 { ("AHEAD", along) } else { ("BEHIND", -along) };
                    format!("{name}({row} + i, {k})")
                } else {
                    format!("LOAD({row} + i{})", shift(along.into()))
                }
            }
            Place::Point if dims != DimSet::first(last + 1) => {
                let along = dims.iter().map(|d| {
                    let index = format!("(i{d}{})", shift(offset[d].into()));
                    if d == last { index } else { format!("{index} * {}", self.stride(dims, d)) }
                });
                let place = along.collect::<Vec<_>>().join(" + ");
                let place = self.head("long", if place.is_empty() { "0".into() } else { place });
                format!("{}[{place}]", self.base(target))
            }
            Place::Point => {
                let pointer = self.module.pointer(target);
                let mut outer = String::new();
                for d in (0..last).filter(|&d| offset[d] != 0) {
                    let _ = write!(outer, " + ({}) * s[{d}]", offset[d]);
                }
                format!("f[{pointer}][i{outer}{}]", shift(offset[last].into()))
            }
        }
    }

    /// The name of the pointer to a row, declared on first use.
    pub(super) fn row(
        &mut self,
        target: Target,
        dims: DimSet,
        mut outer: [i8; MAX_DIMS],
    ) -> String {
        if dims.contains(0) {
            outer[0] += self.row;
        }
        let number = position_or_push(&mut self.rows, (target, dims, outer));
        position_or_push(&mut self.used, number);
        format!("r{number}")
    }

    /// The name of the pointer to the row of the point in a level that varies along every dimension.
    pub(super) fn written_row(&mut self, target: Target) -> String {
        let full = DimSet::first(self.module.stencil.dims.len());
        self.row(target, full, [0; MAX_DIMS])
    }

    /// Of every level that is read or written row by row, the row that a sweep touches first: the
    /// one furthest ahead in the outer dimensions.
    pub(super) fn leading_rows(&self) -> Vec<usize> {
        let last = self.module.stencil.dims.len() - 1;
        let mut leading: Vec<usize> = Vec::new();
        for &number in &self.used {
            let (target, dims, outer) = self.rows[number];
            let ahead = |other: &usize| {
                let (of, _, at) = self.rows[*other];
                of == target && at > outer
            };
            if dims.contains(last) && !self.used.iter().any(ahead) {
                leading.push(number);
            }
        }
        leading
    }

    /// Declares `past`: whether tapes go past the caches.
    pub(super) fn ask_past_caches(&mut self) {
        self.past = Some(self.module.past_caches());
    }

    pub(super) fn uniform_lines(&self, indent: &str) -> String {
        let mut text =
            listed(indent, self.uniforms.iter().map(|k| format!("const T c{k} = c[{k}];")));
        text.push_str(&listed(
            indent,
            self.past.iter().map(|place| format!("const int past = s[{place}] != 0;")),
        ));
        let extents =
            self.extents.iter().map(|(d, place)| format!("const long n{d} = s[{place}];"));
        text.push_str(&listed(indent, extents));
        text
    }

    /// The lines of what is the same for all points of the piece.
    pub(super) fn head_lines(&self, indent: &str) -> String {
        let heads = self.heads.iter().enumerate();
        listed(indent, heads.map(|(k, (kind, text))| format!("const {kind} h{k} = {text};")))
    }

    /// The pointers to the first `rows` rows.
    pub(super) fn row_lines(&mut self, indent: &str, rows: usize) -> String {
        let count = self.module.stencil.dims.len();
        let mut text = String::new();
        for number in 0..rows {
            let (target, dims, outer) = self.rows[number];
            let pointer = self.module.pointer(target);
            let layout = self.module.layout(dims);
            let _ = write!(text, "{indent}T *const r{number} = f[{pointer}]");
            for d in (0..count - 1).filter(|&d| dims.contains(d)) {
                let _ =
                    write!(text, " + (i{d}{}) * s[{}]", shift(outer[d].into()), layout * count + d);
            }
            text.push_str(";\n");
        }
        text
    }

    pub(super) fn lines(&self, indent: &str) -> String {
        listed(indent, self.lines.iter())
    }

    /// The lines of a point: first its indices, from its position `i`, if reads are closed there.
    pub(super) fn point_lines(&self, indent: &str) -> String {
        let mut text = String::new();
        if !self.heads.is_empty() {
            let mut rest = String::from("i");
            for d in 0..self.dims() - 1 {
                let _ = writeln!(text, "{indent}const long i{d} = ({rest}) / s[{d}];");
                let _ = write!(rest, " - i{d} * s[{d}]");
            }
            let _ = writeln!(text, "{indent}const long i{} = {rest};", self.dims() - 1);
        }
        text + &self.head_lines(indent) + &self.lines(indent)
    }
}

/// One indented line per item.
fn listed(indent: &str, items: impl Iterator<Item = impl Display>) -> String {
    let mut text = String::new();
    for item in items {
        let _ = writeln!(text, "{indent}{item}");
    }
    text
}

pub(super) fn shift(points: i32) -> String {
    match points {
        0 => String::new(),
        1.. => format!(" + {points}"),
        _ => format!(" - {}", -points),
    }
}
