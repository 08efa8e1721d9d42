//! Stencils as text.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::print_expr::{ExprPrinter, access, target};
use super::words::{DTYPES, REDUCTIONS, word};
use crate::closure::Closure;
use crate::expr::{ExprId, Offset};
use crate::program::{
    Bound, DOMAIN, DimSet, Direction, Field, Interpolation, Levels, MemorySpace, Predicate, Region,
    RegionId, Side, Sparse, Statement, StatementKind, Stencil, Step, WriteMode,
};

/// Operators above each other before a sub-expression gets a name of its own; well below what
/// the parser takes.
const MAX_DEPTH: usize = 60;

/// Longest line, in characters, where there is a place to break.
const WIDTH: usize = 96;

/// The text of a stencil; [`parse`](super::parse) reads it back: `parse(print(p)) == p` for a
/// verified (thus compact) `p`. Shared and deep sub-expressions become `let`.
///
/// Cost: proportional to the number of expressions, times the number of statements.
///
/// # Panics
/// If an id of the stencil is out of range, which no verified one has.
pub fn print(stencil: &Stencil) -> String {
    let mut out = format!("stencil {} {}\n\n", stencil.name, word(&DTYPES, stencil.dtype));
    let names = |out: &mut String, word: &str, names: Vec<&str>| {
        if !names.is_empty() {
            push_line(out, "", &format!("{word} {}", names.join(", ")));
        }
    };
    names(&mut out, "dim", stencil.dims.iter().map(|d| d.name.as_str()).collect());
    names(&mut out, "param", stencil.params.iter().map(|p| p.name.as_str()).collect());
    names(&mut out, "width", stencil.widths.iter().map(|w| w.name.as_str()).collect());
    for region in stencil.regions.iter().skip(1) {
        push_line(&mut out, "", &region_text(stencil, region));
    }
    for field in &stencil.fields {
        push_line(&mut out, "", &field_text(stencil, field));
    }
    for sparse in &stencil.sparse {
        push_line(&mut out, "", &sparse_text(stencil, sparse));
    }
    names(&mut out, "scalar", stencil.scalars.iter().map(|s| s.name.as_str()).collect());
    for step in &stencil.steps {
        push_step(&mut out, stencil, step);
    }
    out
}

/// One expression as text without `let`, for messages; `...` stands for what would make it long.
///
/// # Panics
/// If an id of the expression is out of range.
pub fn print_expr(stencil: &Stencil, id: ExprId) -> String {
    ExprPrinter { stencil, named: long_parts(stencil, &[id]) }.expr(id)
}

/// One statement as text, for messages; `...` stands for what would make it long.
pub(crate) fn statement_text(stencil: &Stencil, statement: &Statement) -> String {
    let named = long_parts(stencil, &Stencil::roots(statement));
    statement_with(&ExprPrinter { stencil, named }, statement)
}

/// `...` for parts of too many operations: spelled out, shared parts multiply.
fn long_parts(stencil: &Stencil, roots: &[ExprId]) -> BTreeMap<ExprId, String> {
    let mut size = vec![0_usize; stencil.exprs.len()];
    let mut named = BTreeMap::new();
    for id in stencil.exprs.reachable(roots) {
        let mut spelled_out = 1;
        stencil.exprs[id].for_each_operand(|op| spelled_out += size[op.index()]);
        size[id.index()] = spelled_out;
        if spelled_out >= MAX_DEPTH && !roots.contains(&id) {
            size[id.index()] = 1;
            named.insert(id, "...".into());
        }
    }
    named
}

fn region_text(stencil: &Stencil, region: &Region) -> String {
    let bound = |bound: Bound, default: Side| {
        let width = bound.width.map(|w| stencil.widths[w.0 as usize].name.clone());
        let cells = (bound.cells > 0).then(|| bound.cells.to_string());
        let parts: Vec<String> = width.into_iter().chain(cells).collect();
        match (bound.side, parts.is_empty()) {
            (side, true) if side == default => String::new(),
            (Side::Low, true) => "0".into(),
            (Side::High, true) => "-0".into(),
            (Side::Low, false) => parts.join(" + "),
            (Side::High, false) => format!("-{}", parts.join(" - ")),
        }
    };
    let whole = [Bound::end(Side::Low), Bound::end(Side::High)];
    let boxes: Vec<String> = stencil
        .dims
        .iter()
        .zip(&region.bounds)
        .enumerate()
        .filter(|(d, (_, bounds))| **bounds != whole || (*d == 0 && is_whole(region)))
        .map(|(_, (dim, [low, high]))| {
            format!("{}[{} : {}]", dim.name, bound(*low, Side::Low), bound(*high, Side::High))
                .replace("[ :", "[:")
                .replace(": ]", ":]")
        })
        .collect();
    format!("region {} = {}", region.name, boxes.join(", "))
}

fn is_whole(region: &Region) -> bool {
    region.bounds.iter().all(|b| *b == [Bound::end(Side::Low), Bound::end(Side::High)])
}

fn field_text(stencil: &Stencil, field: &Field) -> String {
    let dims = |set: DimSet| {
        let names: Vec<&str> = set.iter().map(|d| stencil.dims[d].name.as_str()).collect();
        names.join(", ")
    };
    let (kind, levels) = match field.levels {
        Levels::Static => ("function", String::new()),
        Levels::Time(n) => ("time function", format!(" levels {n}")),
        Levels::Tape => ("tape", String::new()),
    };
    let mut out = format!("{kind} {}({}){levels}", field.name, dims(field.dims));
    if field.dtype != stencil.dtype {
        out.extend([" ", word(&DTYPES, field.dtype)]);
    }
    match field.space {
        MemorySpace::Host => {}
        MemorySpace::Device => out.push_str(" device"),
    }
    if field.staggered != DimSet::NONE {
        let _ = write!(out, " staggered({})", dims(field.staggered));
    }
    if let Some(region) = field.zero_in {
        let _ = write!(out, " zero in {}", stencil.regions[region.0 as usize].name);
    }
    out
}

fn sparse_text(stencil: &Stencil, sparse: &Sparse) -> String {
    let mut out = format!("sparse {}", sparse.name);
    match sparse.interpolation {
        Interpolation::Linear => out.push_str(" linear"),
        Interpolation::Sinc { radius } => {
            let _ = write!(out, " sinc {radius}");
        }
    }
    if sparse.dtype != stencil.dtype {
        out.extend([" ", word(&DTYPES, sparse.dtype)]);
    }
    out
}

fn push_step(out: &mut String, stencil: &Stencil, step: &Step) {
    let direction = match step.direction {
        Direction::Forward => "",
        Direction::Reverse => " reverse",
    };
    let _ = writeln!(out, "\nstep {}{direction} {{", step.name);
    let mut lets = Lets::new(stencil, step);
    for statement in &step.statements {
        for root in Stencil::roots(statement) {
            lets.define(out, root);
        }
        let text = statement_with(&lets.printer, statement);
        push_line(out, "  ", &format!("{text};"));
    }
    out.push_str("}\n");
}

/// Named sub-expressions of one step.
struct Lets<'a> {
    printer: ExprPrinter<'a>,
    /// What gets a name, in the order of the arena.
    wanted: Vec<bool>,
    count: usize,
}

impl<'a> Lets<'a> {
    fn new(stencil: &'a Stencil, step: &Step) -> Self {
        let roots: Vec<ExprId> = step.statements.iter().flat_map(Stencil::roots).collect();
        let exprs = &stencil.exprs;
        let mut uses = vec![0_usize; exprs.len()];
        for root in &roots {
            uses[root.index()] += 1;
        }
        let reachable = exprs.reachable(&roots);
        for &id in &reachable {
            exprs[id].for_each_operand(|op| uses[op.index()] += 1);
        }
        let (mut wanted, mut depth) = (vec![false; exprs.len()], vec![0_usize; exprs.len()]);
        for id in reachable {
            let at = id.index();
            exprs[id].for_each_operand(|op| depth[at] = depth[at].max(depth[op.index()] + 1));
            wanted[at] = depth[at] > 0 && (uses[at] > 1 || depth[at] >= MAX_DEPTH);
            if wanted[at] {
                depth[at] = 0;
            }
        }
        Self { printer: ExprPrinter { stencil, named: BTreeMap::new() }, wanted, count: 0 }
    }

    /// Writes the definitions that `root` needs and that are not there yet.
    fn define(&mut self, out: &mut String, root: ExprId) {
        let stencil = self.printer.stencil;
        for id in stencil.exprs.reachable(&[root]) {
            if self.wanted[id.index()] && !self.printer.named.contains_key(&id) {
                let definition = self.printer.definition(id);
                let name = self.fresh();
                push_line(out, "  ", &format!("let {name} = {definition};"));
                self.printer.named.insert(id, name);
            }
        }
    }

    /// The next name of the form `e1` that the stencil does not use.
    fn fresh(&mut self) -> String {
        loop {
            self.count += 1;
            let name = format!("e{}", self.count);
            if !self.printer.stencil.names().iter().any(|(_, used)| *used == name) {
                return name;
            }
        }
    }
}

fn statement_with(printer: &ExprPrinter<'_>, statement: &Statement) -> String {
    let stencil = printer.stencil;
    let mut out = match statement.when {
        Predicate::Always => String::new(),
        Predicate::Every { period, phase: 0 } => format!("every {period}: "),
        Predicate::Every { period, phase } => format!("every {period} from {phase}: "),
        Predicate::While { scalar, above } => {
            let name = &stencil.scalars[scalar.0 as usize].name;
            format!("while {name} > {}: ", printer.expr(above))
        }
    };
    let mut place = |region: RegionId| {
        if region != DOMAIN {
            let _ = write!(out, "in {}: ", stencil.regions[region.0 as usize].name);
        }
    };
    match statement.kind {
        StatementKind::Update { target: to, region, mode, value } => {
            place(region);
            let sign = match mode {
                WriteMode::Assign => "=",
                WriteMode::Add => "+=",
            };
            let _ = write!(out, "{} {sign} {}", target(stencil, to), printer.expr(value));
        }
        StatementKind::Inject { target: to, sparse, value } => {
            let name = &stencil.sparse[sparse.0 as usize].name;
            let to = target(stencil, to);
            let _ = write!(out, "inject {name} into {to}: {}", printer.expr(value));
        }
        StatementKind::Interpolate { sparse, time, value } => {
            let name = &stencil.sparse[sparse.0 as usize].name;
            let to = access(stencil, name, time, Offset::ZERO, Closure::ZERO);
            let _ = write!(out, "interpolate {to}: {}", printer.expr(value));
        }
        StatementKind::Reduce { scalar, op, region, value } => {
            place(region);
            let name = &stencil.scalars[scalar.0 as usize].name;
            let _ = write!(out, "{name} = {} of {}", word(&REDUCTIONS, op), printer.expr(value));
        }
    }
    out
}

/// One logical line, broken at spaces where it is too long.
fn push_line(out: &mut String, indent: &str, text: &str) {
    out.push_str(indent);
    let mut column = indent.len();
    for (k, piece) in text.split(' ').enumerate() {
        if k > 0 && column + 1 + piece.len() > WIDTH {
            out.push('\n');
            out.push_str(indent);
            out.push_str("   ");
            column = indent.len() + 3;
        }
        if k > 0 {
            out.push(' ');
            column += 1;
        }
        out.push_str(piece);
        column += piece.len();
    }
    out.push('\n');
}
