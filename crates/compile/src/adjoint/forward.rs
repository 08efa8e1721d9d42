//! The forward step, taken apart: the dense updates of each function, and the sparse parts.

use retrograd_ir::{
    BinaryOp, DOMAIN, DimSet, Direction, Expr, ExprId, FieldId, Levels, Predicate, RegionId,
    SparseId, Statement, StatementKind, Stencil, WriteMode,
};

use super::{AdjointError, auxiliary};
use crate::algebra::Build;

/// Where and when a statement acts.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct Place {
    pub(super) region: RegionId,
    pub(super) when: Predicate,
}

impl Place {
    pub(super) const EVERYWHERE: Self = Self { region: DOMAIN, when: Predicate::Always };
}

/// A dense update of a function: `f[t+1] = numerator / denominator` where and when it acts and no
/// later one overwrites it. Where several hold at one place, one after the other has been added.
/// All updates of a function have the same denominator.
#[derive(Clone, Debug)]
pub(super) struct Update {
    pub(super) field: FieldId,
    pub(super) numerator: ExprId,
    /// Time-invariant; the literal 1 where the update is no such quotient.
    pub(super) denominator: ExprId,
    /// Position of the (last) statement.
    pub(super) at: usize,
    pub(super) acts: Place,
    /// Where and when later updates overwrite it.
    pub(super) overwritten: Vec<Place>,
}

impl Update {
    /// Whether it holds in a part of the grid, or in some steps, alone.
    pub(super) fn is_partial(&self) -> bool {
        self.acts != Place::EVERYWHERE || !self.overwritten.is_empty()
    }
}

/// A sparse operation of the step.
#[derive(Clone, Copy, Debug)]
pub(super) struct SparseUse {
    pub(super) sparse: SparseId,
    /// The function that is injected into; none for interpolations.
    pub(super) into: Option<FieldId>,
    /// Steps after the current one at which an interpolation writes.
    pub(super) time: i8,
    /// The steps in which it acts.
    pub(super) when: Predicate,
    pub(super) value: ExprId,
}

#[derive(Clone, Debug)]
pub(super) struct Forward {
    pub(super) stencil: Stencil,
    pub(super) statements: Vec<Statement>,
    pub(super) direction: Direction,
    pub(super) updates: Vec<Update>,
    pub(super) sparse: Vec<SparseUse>,
    /// Static functions that the step computes before it reads them.
    pub(super) auxiliary: Vec<FieldId>,
}

impl Forward {
    pub(super) fn of(stencil: &Stencil, step: &str) -> Result<Self, AdjointError> {
        let mut stencil = stencil.clone();
        let step =
            stencil.step_named(step).ok_or_else(|| AdjointError::NoStep(step.into()))?.clone();
        let fields = auxiliary::computed(&stencil, &step.statements)?;
        let statements = auxiliary::as_time_functions(&mut stencil, &fields, &step.statements);
        check_order(&stencil, &statements)?;
        let mut forward = Self {
            statements: statements.clone(),
            direction: step.direction,
            updates: Vec::new(),
            sparse: Vec::new(),
            auxiliary: fields,
            stencil: stencil.clone(),
        };
        for (at, statement) in statements.iter().enumerate() {
            if matches!(statement.when, Predicate::While { .. }) {
                return Err(AdjointError::Statement { index: at });
            }
            forward.statement(&mut stencil, at, statement)?;
        }
        forward.share_denominators(&mut stencil);
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
                let acts = Place { region, when: statement.when };
                self.update(stencil, at, (target.field, acts), mode, value)?;
            }
            StatementKind::Inject { target, sparse, value } => {
                let into = Some(target.field);
                let when = statement.when;
                self.sparse.push(SparseUse { sparse, into, time: 0, when, value });
            }
            StatementKind::Interpolate { sparse, time, value } => {
                let when = statement.when;
                self.sparse.push(SparseUse { sparse, into: None, time, when, value });
            }
            StatementKind::Reduce { .. } => return Err(AdjointError::Statement { index: at }),
        }
        Ok(())
    }

    fn update(
        &mut self,
        stencil: &mut Stencil,
        at: usize,
        (field, acts): (FieldId, Place),
        mode: WriteMode,
        value: ExprId,
    ) -> Result<(), AdjointError> {
        let one = stencil.exprs.constant(1.0);
        if mode == WriteMode::Add {
            let whole = |u: &Update| (u.field, u.acts) == (field, acts) && u.overwritten.is_empty();
            let numerator = match self.updates.iter().position(whole) {
                None => value,
                Some(known) => {
                    // To the end: what is added may read functions updated in between.
                    let known = self.updates.remove(known);
                    let whole = stencil.exprs.div(known.numerator, known.denominator);
                    stencil.exprs.add(whole, value)
                }
            };
            let overwritten = Vec::new();
            self.updates.push(Update { field, numerator, denominator: one, at, acts, overwritten });
            return Ok(());
        }
        let (numerator, denominator) = match stencil.exprs[value] {
            Expr::Binary { op: BinaryOp::Div, lhs, rhs } if stencil.is_time_invariant(rhs) => {
                (lhs, rhs)
            }
            _ => (value, one),
        };
        let always = |u: &Update| {
            let there = u.acts.region == DOMAIN || u.acts.region == acts.region;
            u.field == field && u.acts.when == Predicate::Always && there
        };
        if acts.when != Predicate::Always && !self.updates.iter().any(always) {
            let field = stencil.field(field).name.clone();
            return Err(AdjointError::Sometimes { field });
        }
        self.overwrite(stencil, field, acts)?;
        let overwritten = Vec::new();
        self.updates.push(Update { field, numerator, denominator, at, acts, overwritten });
        Ok(())
    }

    /// What was written or injected before is overwritten.
    fn overwrite(
        &mut self,
        stencil: &Stencil,
        field: FieldId,
        by: Place,
    ) -> Result<(), AdjointError> {
        let injected = |s: &SparseUse| s.into == Some(field);
        if by.when == Predicate::Always {
            let covered = |u: &Update| by.region == DOMAIN || by.region == u.acts.region;
            self.updates.retain(|u| u.field != field || !covered(u));
        }
        if by == Place::EVERYWHERE {
            self.sparse.retain(|s| !injected(s));
        } else if self.sparse.iter().any(injected) {
            let field = stencil.field(field).name.clone();
            return Err(AdjointError::InjectionOverwritten { field });
        }
        for earlier in self.updates.iter_mut().filter(|u| u.field == field) {
            let known = earlier.overwritten.contains(&by);
            earlier.overwritten.extend((!known).then_some(by));
        }
        Ok(())
    }

    /// Where the updates of one function are quotients of different denominators, the quotients are
    /// their numerators.
    fn share_denominators(&mut self, stencil: &mut Stencil) {
        let one = stencil.exprs.constant(1.0);
        let first = |updates: &[Update], field| updates.iter().position(|u| u.field == field);
        let differs = |u: &Update| {
            let first = first(&self.updates, u.field);
            first.is_some_and(|at| self.updates[at].denominator != u.denominator)
        };
        let fields: Vec<FieldId> =
            self.updates.iter().filter(|u| differs(u)).map(|u| u.field).collect();
        for update in self.updates.iter_mut().filter(|u| fields.contains(&u.field)) {
            update.numerator = stencil.exprs.div(update.numerator, update.denominator);
            update.denominator = one;
        }
    }

    /// The functions that are updated, each where its last update comes.
    pub(super) fn updated(&self) -> Vec<FieldId> {
        let mut fields: Vec<FieldId> = Vec::new();
        for update in &self.updates {
            fields.retain(|f| *f != update.field);
            fields.push(update.field);
        }
        fields
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
