//! Straight-line C for the expressions of one function.

use std::collections::HashMap;
use std::fmt::{Display, Write as _};

use retrograd_ir::{BinaryOp, Compare, DimSet, Expr, ExprId, MAX_DIMS, SparseId, Target, UnaryOp};

use super::c::{Module, position_or_push};

const REFUSED: &str = "what the back end lacks should have been refused before";

/// Where the expressions are evaluated.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// One vector of points of a row.
    Row,
    /// One grid point around a sparse point.
    Point,
}

/// Collects the lines of a function body. Names are numbered in the order of use, so that the
/// text does not depend on what else the arena holds.
pub(super) struct Body<'m, 's> {
    module: &'m mut Module<'s>,
    place: Place,
    names: HashMap<ExprId, String>,
    lines: Vec<String>,
    uniforms: Vec<usize>,
    /// Pointers to rows, shared by all pieces of a row.
    rows: Vec<(Target, DimSet, [i8; MAX_DIMS])>,
    /// The rows that the current piece uses.
    used: Vec<usize>,
    pub(super) series: Vec<(SparseId, i8)>,
}

impl<'m, 's> Body<'m, 's> {
    pub(super) fn rows(module: &'m mut Module<'s>) -> Self {
        Self::new(module, Place::Row)
    }

    pub(super) fn points(module: &'m mut Module<'s>) -> Self {
        Self::new(module, Place::Point)
    }

    fn new(module: &'m mut Module<'s>, place: Place) -> Self {
        Self {
            module,
            place,
            names: HashMap::new(),
            lines: Vec::new(),
            uniforms: Vec::new(),
            rows: Vec::new(),
            used: Vec::new(),
            series: Vec::new(),
        }
    }

    /// Begins another piece of the row: lines of its own, the same pointers and uniform values.
    pub(super) fn begin(&mut self) {
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
                let name = format!("v{}", self.lines.len());
                let kind = if self.place == Place::Row { "V" } else { "T" };
                self.lines.push(format!("const {kind} {name} = {text};"));
                name
            };
            self.names.insert(id, name);
        }
        let name = self.names[&root].clone();
        if self.place == Place::Row && stencil.is_uniform(root) {
            return format!("sp({name})");
        }
        name
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
            Expr::Load { field, time, offset, .. } => self.load(Target { field, time }, offset.0),
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
                    | UnaryOp::Tanh => unreachable!("{REFUSED}"),
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
                    BinaryOp::Pow => unreachable!("{REFUSED}"),
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

    fn load(&mut self, target: Target, offset: [i8; MAX_DIMS]) -> String {
        let last = self.module.stencil.dims.len() - 1;
        let dims = self.module.stencil.field(target.field).dims;
        match self.place {
            Place::Row => {
                let mut outer = offset;
                outer[last] = 0;
                let row = self.row(target, dims, outer);
                if dims.contains(last) {
                    format!("LOAD({row} + i{})", shift(offset[last]))
                } else {
                    format!("sp({row}[0])")
                }
            }
            Place::Point => {
                let pointer = self.module.pointer(target);
                let mut outer = String::new();
                for d in (0..last).filter(|&d| offset[d] != 0) {
                    let _ = write!(outer, " + ({}) * s[{d}]", offset[d]);
                }
                format!("f[{pointer}][i{outer}{}]", shift(offset[last]))
            }
        }
    }

    /// The name of the pointer to a row, declared on first use.
    fn row(&mut self, target: Target, dims: DimSet, outer: [i8; MAX_DIMS]) -> String {
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
        listed(indent, self.uniforms.iter().map(|k| format!("const T c{k} = c[{k}];")))
    }

    pub(super) fn row_lines(&mut self, indent: &str) -> String {
        let count = self.module.stencil.dims.len();
        let mut text = String::new();
        for (number, (target, dims, outer)) in self.rows.clone().into_iter().enumerate() {
            let pointer = self.module.pointer(target);
            let layout = self.module.layout(dims);
            let _ = write!(text, "{indent}T *const r{number} = f[{pointer}]");
            for d in (0..count - 1).filter(|&d| dims.contains(d)) {
                let _ = write!(text, " + (i{d}{}) * s[{}]", shift(outer[d]), layout * count + d);
            }
            text.push_str(";\n");
        }
        text
    }

    pub(super) fn lines(&self, indent: &str) -> String {
        listed(indent, self.lines.iter())
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

fn shift(points: i8) -> String {
    match points {
        0 => String::new(),
        1.. => format!(" + {points}"),
        _ => format!(" - {}", -i32::from(points)),
    }
}
