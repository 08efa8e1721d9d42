//! Straight-line C for the expressions of one function.

use std::collections::HashMap;
use std::fmt::{Display, Write as _};

use retrograd_ir::{
    BinaryOp, Closure, Compare, DimSet, Expr, ExprId, FieldId, MAX_DIMS, Offset, SparseId, Target,
    UnaryOp,
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

/// Collects the lines of a function body. Names are numbered in the order of use, so that the
/// text does not depend on what else the arena holds.
pub(super) struct Body<'m, 's> {
    module: &'m mut Module<'s>,
    pub(super) place: Place,
    /// Where reads are closed by anything but zero.
    pub(super) closing: Closing,
    names: HashMap<ExprId, String>,
    lines: Vec<String>,
    uniforms: Vec<usize>,
    /// Pointers to rows, shared by all pieces of a row.
    rows: Vec<(Target, DimSet, [i8; MAX_DIMS])>,
    /// The rows that the current piece uses.
    used: Vec<usize>,
    /// Types and values that are the same for all points of the current piece.
    heads: Vec<(&'static str, String)>,
    /// Dimensions whose extents are used, and where they stand in `s`.
    extents: Vec<(usize, usize)>,
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
            rows: Vec::new(),
            used: Vec::new(),
            heads: Vec::new(),
            extents: Vec::new(),
            series: Vec::new(),
        }
    }

    /// Begins another piece of the row: lines of its own, the same pointers and uniform values.
    pub(super) fn begin(&mut self, closing: Closing) {
        self.closing = closing;
        self.heads.clear();
        self.names.clear();
        self.lines.clear();
        self.used.clear();
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
                if dims.contains(last) {
                    format!("LOAD({row} + i{})", shift(offset[last].into()))
                } else {
                    format!("sp({row}[0])")
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
    pub(super) fn row(&mut self, target: Target, dims: DimSet, outer: [i8; MAX_DIMS]) -> String {
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
    pub(super) fn leading_rows(&self) -> Vec<String> {
        let last = self.module.stencil.dims.len() - 1;
        let mut leading: Vec<usize> = Vec::new();
        for &number in &self.used {
            let (target, dims, outer) = self.rows[number];
            if !dims.contains(last) {
                continue;
            }
            match leading.iter_mut().find(|at| self.rows[**at].0 == target) {
                Some(at) if self.rows[*at].2 < outer => *at = number,
                Some(_) => {}
                None => leading.push(number),
            }
        }
        leading.into_iter().map(|number| format!("r{number}")).collect()
    }

    pub(super) fn uniform_lines(&self, indent: &str) -> String {
        let mut text =
            listed(indent, self.uniforms.iter().map(|k| format!("const T c{k} = c[{k}];")));
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

    pub(super) fn row_lines(&mut self, indent: &str) -> String {
        let count = self.module.stencil.dims.len();
        let mut text = String::new();
        for (number, (target, dims, outer)) in self.rows.clone().into_iter().enumerate() {
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
