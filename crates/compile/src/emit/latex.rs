//! Programs as equations, for papers and for reading.

use std::fmt::Write as _;

use retrograd_ir::{
    BinaryOp, Compare, DOMAIN, Expr, ExprId, Levels, StatementKind, Stencil, Target, UnaryOp,
    WriteMode,
};

/// All steps of a stencil as `align*` environments, one line per statement. Superscripts are time
/// levels, subscripts grid points.
pub fn print(stencil: &Stencil) -> String {
    let mut text = String::new();
    for step in &stencil.steps {
        let _ = writeln!(text, "% step {}\n\\begin{{align*}}", step.name);
        for statement in &step.statements {
            let line = statement_line(stencil, &statement.kind);
            let _ = writeln!(text, "  {line} \\\\");
        }
        text.push_str("\\end{align*}\n");
    }
    text
}

fn statement_line(stencil: &Stencil, kind: &StatementKind) -> String {
    let value = expression(stencil, kind.value(), 0);
    match *kind {
        StatementKind::Update { target, region, mode, .. } => {
            let sign = if mode == WriteMode::Assign { "=" } else { "\\mathrel{+}=" };
            let place = if region == DOMAIN {
                String::new()
            } else {
                let name = &stencil.regions[region.0 as usize].name;
                format!("\\quad\\text{{in {}}}", escape(name))
            };
            format!("{} &{sign} {value}{place}", symbol(stencil, target, &[0; 4]))
        }
        StatementKind::Inject { target, sparse, .. } => {
            let points = escape(&stencil.sparse[sparse.0 as usize].name);
            let target = symbol(stencil, target, &[0; 4]);
            format!("{target} &\\mathrel{{+}}= \\sum_{{p \\in \\text{{{points}}}}} w_p\\, {value}")
        }
        StatementKind::Interpolate { sparse, time, .. } => {
            let points = escape(&stencil.sparse[sparse.0 as usize].name);
            format!("\\text{{{points}}}_p^{{{}}} &= \\sum_i w_{{p,i}}\\, {value}", level("n", time))
        }
        StatementKind::Reduce { scalar, .. } => {
            let name = escape(&stencil.scalars[scalar.0 as usize].name);
            format!("\\text{{{name}}} &= \\operatorname{{reduce}} {value}")
        }
    }
}

fn escape(name: &str) -> String {
    name.replace('_', "\\_")
}

fn level(base: &str, time: i8) -> String {
    if time == 0 { base.into() } else { format!("{base}{time:+}") }
}

fn symbol(stencil: &Stencil, target: Target, offset: &[i8]) -> String {
    let field = stencil.field(target.field);
    let name = if field.name.chars().count() == 1 {
        field.name.clone()
    } else {
        format!("\\mathrm{{{}}}", escape(&field.name))
    };
    let time = match field.levels {
        Levels::Static => String::new(),
        Levels::Time(_) => format!("^{{{}}}", level("t", target.time)),
        Levels::Tape => format!("^{{{}}}", level("n", target.time)),
    };
    let index: Vec<String> =
        stencil.dims.iter().zip(offset).map(|(d, o)| level(&d.name, *o)).collect();
    format!("{name}{time}_{{{}}}", index.join(","))
}

/// Binding strength: 0 sums, 1 products, 2 factors.
fn expression(stencil: &Stencil, id: ExprId, within: u8) -> String {
    let (text, strength) = match stencil.exprs[id] {
        Expr::Const(value) => (number(value.value()), if value.value() < 0.0 { 0 } else { 2 }),
        Expr::Param(p) => {
            let name = &stencil.params[p.0 as usize].name;
            let text = match name.split_once('_') {
                Some((stem, index)) => format!("{stem}_{{{}}}", escape(index)),
                None if name == "dt" => "\\Delta t".into(),
                None => name.clone(),
            };
            (text, 2)
        }
        Expr::Scalar(s) => {
            (format!("\\text{{{}}}", escape(&stencil.scalars[s.0 as usize].name)), 2)
        }
        Expr::Load { field, time, offset, .. } => {
            (symbol(stencil, Target { field, time }, &offset.0), 2)
        }
        Expr::Series { sparse, time } => {
            let name = escape(&stencil.sparse[sparse.0 as usize].name);
            (format!("\\text{{{name}}}_p^{{{}}}", level("n", time)), 2)
        }
        Expr::Unary { op, arg } => unary(stencil, op, arg),
        Expr::Binary { op, lhs, rhs } => binary(stencil, op, lhs, rhs),
        Expr::MulAdd { a, b, c } => {
            let sum = format!(
                "{} \\, {} + {}",
                expression(stencil, a, 1),
                expression(stencil, b, 2),
                expression(stencil, c, 0)
            );
            (sum, 0)
        }
        Expr::Select { cmp, lhs, rhs, then, otherwise } => {
            let sign = match cmp {
                Compare::Lt => "<",
                Compare::Le => "\\le",
                Compare::Eq => "=",
                Compare::Ne => "\\ne",
            };
            let e = |id| expression(stencil, id, 0);
            let text = format!(
                "\\begin{{cases}} {} & {} {sign} {} \\\\ {} & \\text{{else}} \\end{{cases}}",
                e(then),
                e(lhs),
                e(rhs),
                e(otherwise)
            );
            (text, 2)
        }
    };
    if strength < within { format!("\\left({text}\\right)") } else { text }
}

fn unary(stencil: &Stencil, op: UnaryOp, arg: ExprId) -> (String, u8) {
    let inner = |within| expression(stencil, arg, within);
    let name = match op {
        UnaryOp::Round => "operatorname{fl}",
        UnaryOp::Neg => return (format!("-{}", inner(1)), 0),
        UnaryOp::Abs => return (format!("\\left|{}\\right|", inner(0)), 2),
        UnaryOp::Sqrt => return (format!("\\sqrt{{{}}}", inner(0)), 2),
        UnaryOp::Exp => "exp",
        UnaryOp::Ln => "ln",
        UnaryOp::Sin => "sin",
        UnaryOp::Cos => "cos",
        UnaryOp::Tan => "tan",
        UnaryOp::Tanh => "tanh",
    };
    (format!("\\{name}\\left({}\\right)", inner(0)), 2)
}

fn binary(stencil: &Stencil, op: BinaryOp, lhs: ExprId, rhs: ExprId) -> (String, u8) {
    let e = |id, within| expression(stencil, id, within);
    match op {
        BinaryOp::Add => (format!("{} + {}", e(lhs, 0), e(rhs, 1)), 0),
        BinaryOp::Sub => (format!("{} - {}", e(lhs, 0), e(rhs, 1)), 0),
        BinaryOp::Mul => (format!("{} \\, {}", e(lhs, 1), e(rhs, 2)), 1),
        BinaryOp::Div => (format!("\\frac{{{}}}{{{}}}", e(lhs, 0), e(rhs, 0)), 2),
        BinaryOp::Pow => (format!("{{{}}}^{{{}}}", e(lhs, 2), e(rhs, 0)), 2),
        BinaryOp::Min => (format!("\\min\\left({}, {}\\right)", e(lhs, 0), e(rhs, 0)), 2),
        BinaryOp::Max => (format!("\\max\\left({}, {}\\right)", e(lhs, 0), e(rhs, 0)), 2),
    }
}

fn number(value: f64) -> String {
    let text = format!("{value}");
    match text.split_once('e') {
        Some((mantissa, exponent)) => format!("{mantissa} \\cdot 10^{{{exponent}}}"),
        None => text,
    }
}
