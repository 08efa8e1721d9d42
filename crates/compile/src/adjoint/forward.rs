//! The forward step, taken apart: one combined dense update per function, and the sparse parts.

use retrograd_ir::{
    BinaryOp, DOMAIN, DimSet, Direction, Expr, ExprId, FieldId, Levels, Predicate, SparseId,
    Statement, StatementKind, Stencil, WriteMode,
};

use super::AdjointError;
use crate::algebra::Build;

/// The dense update of a function: `f[t+1] = numerator / denominator`.
#[derive(Clone, Debug)]
pub(super) struct Update {
    pub(super) field: FieldId,
    pub(super) numerator: ExprId,
    /// Time-invariant; the literal 1 where the update is no such quotient.
    pub(super) denominator: ExprId,
    /// Position of the (last) statement.
    pub(super) at: usize,
}

/// A sparse operation of the step.
#[derive(Clone, Copy, Debug)]
pub(super) struct SparseUse {
    pub(super) sparse: SparseId,
    /// The function that is injected into; none for interpolations.
    pub(super) into: Option<FieldId>,
    /// Steps after the current one at which an interpolation writes.
    pub(super) time: i8,
    pub(super) value: ExprId,
}

#[derive(Clone, Debug)]
pub(super) struct Forward {
    pub(super) stencil: Stencil,
    pub(super) statements: Vec<Statement>,
    pub(super) direction: Direction,
    pub(super) updates: Vec<Update>,
    pub(super) sparse: Vec<SparseUse>,
}

impl Forward {
    pub(super) fn of(stencil: &Stencil, step: &str) -> Result<Self, AdjointError> {
        let mut stencil = stencil.clone();
        let step =
            stencil.step_named(step).ok_or_else(|| AdjointError::NoStep(step.into()))?.clone();
        check_order(&stencil, &step.statements)?;
        let mut forward = Self {
            statements: step.statements.clone(),
            direction: step.direction,
            updates: Vec::new(),
            sparse: Vec::new(),
            stencil: stencil.clone(),
        };
        for (at, statement) in step.statements.iter().enumerate() {
            if statement.when != Predicate::Always {
                return Err(AdjointError::Statement { index: at });
            }
            forward.statement(&mut stencil, at, statement)?;
        }
        forward.stencil = stencil;
        Ok(forward)
    }

    fn statement(
        &mut self,
        stencil: &mut Stencil,
        at: usize,
        statement: &Statement,
    ) -> Result<(), AdjointError> {
        let name = |f: FieldId| stencil.field(f).name.clone();
        if let Some(target) = Stencil::written(statement)
            && !matches!(stencil.field(target.field).levels, Levels::Time(_))
        {
            return Err(AdjointError::StaticTarget { field: name(target.field) });
        }
        let full = DimSet::first(stencil.dims.len());
        if let Some(target) = Stencil::written(statement)
            && stencil.field(target.field).dims != full
        {
            return Err(AdjointError::Profile { field: name(target.field) });
        }
        match statement.kind {
            StatementKind::Update { target, region, mode, value } => {
                if region != DOMAIN {
                    let region = stencil.regions[region.0 as usize].name.clone();
                    return Err(AdjointError::Regional { field: name(target.field), region });
                }
                self.update(stencil, at, target.field, mode, value);
            }
            StatementKind::Inject { target, sparse, value } => {
                let into = Some(target.field);
                self.sparse.push(SparseUse { sparse, into, time: 0, value });
            }
            StatementKind::Interpolate { sparse, time, value } => {
                self.sparse.push(SparseUse { sparse, into: None, time, value });
            }
            StatementKind::Reduce { .. } => return Err(AdjointError::Statement { index: at }),
        }
        Ok(())
    }

    fn update(
        &mut self,
        stencil: &mut Stencil,
        at: usize,
        field: FieldId,
        mode: WriteMode,
        value: ExprId,
    ) {
        let one = stencil.exprs.constant(1.0);
        if mode == WriteMode::Add
            && let Some(known) = self.updates.iter().find(|u| u.field == field)
        {
            let whole = stencil.exprs.div(known.numerator, known.denominator);
            let numerator = stencil.exprs.add(whole, value);
            // To the end: what is added may read functions updated in between.
            self.updates.retain(|u| u.field != field);
            self.updates.push(Update { field, numerator, denominator: one, at });
            return;
        }
        let (numerator, denominator) = match stencil.exprs[value] {
            Expr::Binary { op: BinaryOp::Div, lhs, rhs } if stencil.is_time_invariant(rhs) => {
                (lhs, rhs)
            }
            _ => (value, one),
        };
        // What was written or injected before is overwritten.
        self.updates.retain(|u| u.field != field);
        self.sparse.retain(|s| s.into != Some(field));
        self.updates.push(Update { field, numerator, denominator, at });
    }
}

/// Every read of a new level has to come after the last write to it.
fn check_order(stencil: &Stencil, statements: &[Statement]) -> Result<(), AdjointError> {
    for (at, statement) in statements.iter().enumerate() {
        for read in stencil.reads(&Stencil::roots(statement)) {
            let later = statements[at..].iter().filter_map(Stencil::written);
            let mut later = later.filter(|t| t.field == read.field && t.time == read.time);
            if read.time == 1 && later.next().is_some() {
                let field = stencil.field(read.field).name.clone();
                return Err(AdjointError::ReadBeforeLastWrite { field });
            }
        }
    }
    Ok(())
}
