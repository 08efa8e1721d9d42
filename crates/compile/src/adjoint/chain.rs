//! The chain rule from coefficients to the parameters that they are computed from.
//!
//! The step `setup` computes coefficients from parameters. The reverse sweep collects gradients by
//! coefficients; the step [`FINISH`](super::FINISH), run once after it, is the transpose of `setup`
//! at the values that the parameters have:
//!
//! ```text
//! c = E(m):        m_grad(i) += sum over reads (m at offset o) of (dE/dm)(i - o) c_grad(i - o)
//! ```

use retrograd_ir::{
    DOMAIN, Expr, FieldId, Levels, Offset, Predicate, Read, Statement, StatementKind, Stencil,
    Target, WriteMode,
};

use super::AdjointError;
use crate::algebra::{Build, derivative};
use crate::passes::SETUP;
use crate::polynomial::uniform_terms;

fn setup(stencil: &Stencil) -> Vec<Statement> {
    stencil.step_named(SETUP).map(|s| s.statements.clone()).unwrap_or_default()
}

/// The coefficients that depend on any of these parameters, in the order in which they are computed.
pub(super) fn dependent(
    stencil: &Stencil,
    parameters: &[FieldId],
) -> Result<Vec<FieldId>, AdjointError> {
    let mut found: Vec<FieldId> = Vec::new();
    for statement in setup(stencil) {
        let reads = stencil.reads(&Stencil::roots(&statement));
        if !reads.iter().any(|r| parameters.contains(&r.field) || found.contains(&r.field)) {
            continue;
        }
        let name = |f: FieldId| stencil.field(f).name.clone();
        match statement.kind {
            StatementKind::Update { target, region: DOMAIN, mode: WriteMode::Assign, .. }
                if statement.when == Predicate::Always && !found.contains(&target.field) =>
            {
                found.push(target.field);
            }
            StatementKind::Update { target, .. } | StatementKind::Inject { target, .. } => {
                return Err(AdjointError::StaticTarget { field: name(target.field) });
            }
            StatementKind::Interpolate { .. } | StatementKind::Reduce { .. } => {}
        }
    }
    Ok(found)
}

/// The statements of the chain rule: `pairs` are all functions with a gradient, coefficients among
/// them.
pub(super) fn statements(stencil: &mut Stencil, pairs: &[(FieldId, FieldId)]) -> Vec<Statement> {
    let gradient = |f: FieldId| pairs.iter().find(|(p, _)| *p == f).map(|(_, g)| *g);
    let mut result = Vec::new();
    for statement in setup(stencil).into_iter().rev() {
        let StatementKind::Update { target, value, .. } = statement.kind else { continue };
        let Some(cotangent) = gradient(target.field) else { continue };
        for read in stencil.reads(&[value]) {
            if let Some(to) = gradient(read.field) {
                contribution(stencil, (value, cotangent), &read, to, &mut result);
            }
        }
    }
    result
}

/// What flows into the gradient `to` through one read.
fn contribution(
    stencil: &mut Stencil,
    (value, cotangent): (retrograd_ir::ExprId, FieldId),
    read: &Read,
    to: FieldId,
    result: &mut Vec<Statement>,
) {
    let Read { field, time, offset, closure } = *read;
    let leaf = stencil.exprs.intern(Expr::Load { field, time, offset, closure });
    let slope = derivative(&mut stencil.exprs, value, leaf);
    let at_point = Target { field: cotangent, time: 0 };
    if offset.is_zero() {
        let here = stencil.exprs.load(at_point, Offset::ZERO);
        let value = stencil.exprs.mul(slope, here);
        result.push(update(to, WriteMode::Add, value));
        return;
    }
    for (uniform, rest) in uniform_terms(stencil, slope) {
        let source = match rest {
            None => cotangent,
            Some(rest) => {
                // Gathered from its neighbours, the product has to be there first.
                let like = stencil.field(cotangent).clone();
                let name = stencil.fresh_name(&format!("{}_w", like.name));
                let levels = Levels::Static;
                let product = stencil.add_field(retrograd_ir::Field { name, levels, ..like });
                let here = stencil.exprs.load(at_point, Offset::ZERO);
                let value = stencil.exprs.mul(rest, here);
                result.push(update(product, WriteMode::Assign, value));
                product
            }
        };
        let (offset, closure) = (offset.opposite(), closure.transposed());
        let there = stencil.exprs.intern(Expr::Load { field: source, time: 0, offset, closure });
        let value = stencil.exprs.mul(uniform, there);
        result.push(update(to, WriteMode::Add, value));
    }
}

fn update(field: FieldId, mode: WriteMode, value: retrograd_ir::ExprId) -> Statement {
    let target = Target { field, time: 0 };
    let kind = StatementKind::Update { target, region: DOMAIN, mode, value };
    Statement { when: Predicate::Always, kind }
}
