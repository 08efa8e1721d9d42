//! Means of parameters: read the parameter, not an array for every mean of it.

use std::collections::HashMap;

use retrograd_ir::{
    BinaryOp, DOMAIN, Expr, ExprId, FieldId, Levels, Predicate, Statement, StatementKind, Stencil,
    Step, Target, UnaryOp, WriteMode,
};

use super::SETUP;
use crate::adjoint::FINISH;
use crate::algebra::Build;

/// Reads of a mean, at most.
const READS: usize = 4;

/// Computes means of a parameter (sums of a few reads of one function, times numbers) where they are
/// used, if the step reads that parameter anyway or several means of it, instead of an array per mean:
/// the shear moduli of an elastic grid are one stream through memory instead of four, for a few
/// additions on what the caches hold.
///
/// What is computed is what [`SETUP`] stores. Means that are read away from the point, divide something or
/// have an elementary function taken of them stay arrays: those are worth to be computed once.
#[must_use]
pub fn reread_means(mut stencil: Stencil) -> Stencil {
    let means = means(&stencil);
    for step in 0..stencil.steps.len() {
        if [SETUP, FINISH].contains(&&*stencil.steps[step].name) {
            continue;
        }
        let worthwhile = worthwhile(&stencil, step, &means);
        let mut statements = std::mem::take(&mut stencil.steps[step].statements);
        for statement in &mut statements {
            if let StatementKind::Update { value, .. } = &mut statement.kind {
                *value = stencil.exprs.substitute(*value, &mut |arena, id| match arena[id] {
                    Expr::Load { field, .. } => worthwhile.get(&field).copied(),
                    _ => None,
                });
            }
        }
        stencil.steps[step].statements = statements;
    }
    stencil
}

/// A function that `setup` computes as a mean.
struct Mean {
    field: FieldId,
    of: FieldId,
    value: ExprId,
}

fn means(stencil: &Stencil) -> Vec<Mean> {
    let setup = |step: &&Step| step.name == SETUP;
    let statements = || stencil.steps.iter().filter(setup).flat_map(|step| &step.statements);
    let mut found: Vec<Mean> = Vec::new();
    for statement in statements() {
        let StatementKind::Update { target: Target { field, .. }, value, .. } = statement.kind
        else {
            continue;
        };
        if found.iter().any(|known| known.field == field) {
            continue;
        }
        if let Some(of) = mean_of(stencil, value)
            && is_mean(stencil, field, of, value)
        {
            found.push(Mean { field, of, value });
        }
    }
    found
}

/// Whether a function is this value of a parameter wherever it is not zero.
fn is_mean(stencil: &Stencil, field: FieldId, of: FieldId, value: ExprId) -> bool {
    let (declared, parameter) = (stencil.field(field), stencil.field(of));
    let is = |statement: &Statement| {
        let StatementKind::Update { region, mode, value: found, .. } = statement.kind else {
            return false;
        };
        let whole = region == DOMAIN || declared.zero_in.is_some();
        statement.when == Predicate::Always && mode == WriteMode::Assign && whole && found == value
    };
    let writes = |statement: &&Statement, what| {
        Stencil::written(statement).is_some_and(|target| target.field == what)
    };
    let all = || stencil.steps.iter().flat_map(|step| &step.statements);
    let elsewhere = stencil.steps.iter().filter(|step| step.name != SETUP);
    parameter.dims == declared.dims
        && parameter.dtype == declared.dtype
        && all().filter(|s| writes(s, field)).all(is)
        && !all().any(|s| writes(&s, of))
        && !elsewhere.flat_map(|step| &step.statements).any(|s| writes(&s, field))
}

/// The one parameter whose reads an expression adds up.
fn mean_of(stencil: &Stencil, value: ExprId) -> Option<FieldId> {
    let reads = stencil.reads(&[value]);
    let field = reads.first()?.field;
    let one = reads.iter().all(|read| read.field == field) && (2..=READS).contains(&reads.len());
    let nodes = stencil.exprs.reachable(&[value]);
    let linear = nodes.into_iter().all(|id| match stencil.exprs[id] {
        Expr::Load { .. }
        | Expr::Unary { op: UnaryOp::Neg, .. }
        | Expr::Binary { op: BinaryOp::Add | BinaryOp::Sub, .. } => true,
        Expr::Binary { op: BinaryOp::Mul, lhs, rhs } => {
            stencil.is_uniform(lhs) || stencil.is_uniform(rhs)
        }
        _ => stencil.is_uniform(id),
    });
    (one && linear && stencil.field(field).levels == Levels::Static).then_some(field)
}

/// What takes the place of the means that a step is better off without.
fn worthwhile(stencil: &Stencil, step: usize, means: &[Mean]) -> HashMap<FieldId, ExprId> {
    let values = stencil.steps[step].statements.iter().map(|statement| statement.kind.value());
    let reads = stencil.reads(&values.collect::<Vec<_>>());
    let at_the_point = |field: FieldId| {
        let mut of_it = reads.iter().filter(|read| read.field == field).peekable();
        of_it.peek().is_some() && of_it.all(|read| read.offset.is_zero())
    };
    let costly = costly(stencil, step);
    let used =
        means.iter().filter(|mean| at_the_point(mean.field) && !costly.contains(&mean.field));
    let used: Vec<&Mean> = used.collect();
    let streams = |of: FieldId| {
        let itself = usize::from(reads.iter().any(|read| read.field == of));
        itself + used.iter().filter(|mean| mean.of == of).count()
    };
    used.iter().filter(|mean| streams(mean.of) > 1).map(|mean| (mean.field, mean.value)).collect()
}

/// What a step divides by, and takes elementary functions of.
fn costly(stencil: &Stencil, step: usize) -> Vec<FieldId> {
    let values = stencil.steps[step].statements.iter().map(|statement| statement.kind.value());
    let nodes = stencil.exprs.reachable(&values.collect::<Vec<_>>()).into_iter();
    let arguments = nodes.filter_map(|id| match stencil.exprs[id] {
        Expr::Binary { op: BinaryOp::Div, rhs, .. } => Some(rhs),
        Expr::Binary { op: BinaryOp::Pow, .. } => Some(id),
        Expr::Unary { op, .. } if op != UnaryOp::Neg => Some(id),
        _ => None,
    });
    let fixed = arguments.filter(|id| stencil.is_time_invariant(*id));
    stencil.reads(&fixed.collect::<Vec<_>>()).iter().map(|read| read.field).collect()
}
