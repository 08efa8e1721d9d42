//! The linearised time step: how states and samples change with parameters.
//!
//! Beside every statement of a step, [`tangent`] writes the statement of its derivative along a
//! direction in parameter space:
//!
//! ```text
//! f = F(u, m)        df = sum over reads of (dF/du) du + (dF/dm) dm
//! ```
//!
//! For acoustic waves this is Born modelling: the scattered field of a perturbation of the model. The
//! result is an ordinary program; its adjoint with respect to the direction is the transpose of the
//! linearised modelling (reverse-time migration), and it is linear in the direction whatever the
//! step is in the state.
//!
//! Coefficients that the step `setup` computes have their derivatives computed there.
//!
//! Where an update is a quotient `N / D` with time-invariant `D`, `df = (dN - f dD) / D`, so that the
//! scattered field runs through the same kernel as the field itself. `f` is read back where nothing
//! is added to it later in the step.
//!
//! Griewank and Walther, *Evaluating Derivatives*, SIAM 2008, doi:10.1137/1.9780898717761, chapter 3.
//! Cost: that of the step for every state once more, and one stream per direction.

use std::collections::HashMap;

use retrograd_ir::{
    BinaryOp, Expr, ExprId, Field, FieldId, Levels, Offset, Sparse, SparseId, Statement,
    StatementKind, Stencil, Target, WriteMode,
};

use crate::algebra::{Build, directional};
use crate::passes::SETUP;

/// Why a step has no tangent here.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TangentError {
    /// There is no such step.
    #[error("the stencil has no step named `{0}`")]
    NoStep(String),
    /// The direction is in something that is not a static function.
    #[error("`{field}` is not a parameter function: directions are in static functions")]
    NotAParameter {
        /// The function.
        field: String,
    },
    /// A reduction.
    #[error(
        "statement {index} of the step reduces over the grid; its tangent is not supported yet"
    )]
    Reduction {
        /// Its number in the step.
        index: usize,
    },
}

/// A stencil whose step also computes derivatives, and the names of these.
#[derive(Clone, PartialEq, Debug)]
pub struct Tangent {
    /// All declarations and steps.
    pub stencil: Stencil,
    /// Functions that the step writes, with their derivatives.
    pub states: Vec<(FieldId, FieldId)>,
    /// Parameter functions, with the direction in each.
    pub directions: Vec<(FieldId, FieldId)>,
    /// Recorded series, with the series of their derivatives.
    pub outputs: Vec<(SparseId, SparseId)>,
}

/// Writes the derivative of the step named `step` along a direction in the given parameters beside
/// it: `u` is joined by `u_tan`, a parameter `m` by its direction `m_dir`, a series `rec` by
/// `rec_tan`.
///
/// # Errors
/// What the transformation does not cover, see [`TangentError`].
pub fn tangent(
    stencil: &Stencil,
    step: &str,
    with_respect_to: &[FieldId],
) -> Result<Tangent, TangentError> {
    let number = stencil.steps.iter().position(|s| s.name == step);
    let number = number.ok_or_else(|| TangentError::NoStep(step.into()))?;
    let mut writer = Writer {
        stencil: stencil.clone(),
        twins: HashMap::new(),
        outputs: Vec::new(),
        statements: Vec::new(),
    };
    let mut directions = Vec::new();
    for &parameter in with_respect_to {
        let like = stencil.field(parameter).clone();
        if like.levels != Levels::Static {
            return Err(TangentError::NotAParameter { field: like.name });
        }
        directions.push((parameter, writer.twin(parameter, "dir")));
    }
    if let Some(setup) = stencil.steps.iter().position(|s| s.name == SETUP) {
        writer.coefficients(&stencil.steps[setup].statements);
        writer.stencil.steps[setup].statements = std::mem::take(&mut writer.statements);
    }
    let statements = stencil.steps[number].statements.clone();
    let mut states: Vec<(FieldId, FieldId)> = Vec::new();
    for target in statements.iter().filter_map(Stencil::written) {
        if !writer.twins.contains_key(&target.field) {
            states.push((target.field, writer.twin(target.field, "tan")));
        }
    }
    for (index, statement) in statements.iter().enumerate() {
        if matches!(statement.kind, StatementKind::Reduce { .. }) {
            return Err(TangentError::Reduction { index });
        }
        writer.statements.push(*statement);
        let written = Stencil::written(statement);
        let mut later = statements[index + 1..].iter().map(Stencil::written);
        let last = written.is_some() && !later.any(|t| t == written);
        writer.statement(statement, last);
    }
    let Writer { mut stencil, outputs, statements, .. } = writer;
    stencil.steps[number].statements = statements;
    stencil.name = format!("{}_tangent", stencil.name);
    Ok(Tangent { stencil, states, directions, outputs })
}

struct Writer {
    stencil: Stencil,
    /// The derivative of each function that has one.
    twins: HashMap<FieldId, FieldId>,
    outputs: Vec<(SparseId, SparseId)>,
    statements: Vec<Statement>,
}

impl Writer {
    fn twin(&mut self, field: FieldId, suffix: &str) -> FieldId {
        let like = self.stencil.field(field).clone();
        let name = self.stencil.fresh_name(&format!("{}_{suffix}", like.name));
        let twin = self.stencil.add_field(Field { name, ..like });
        self.twins.insert(field, twin);
        twin
    }

    /// Coefficients that move with the directions, each behind what it is the derivative of.
    fn coefficients(&mut self, statements: &[Statement]) {
        for statement in statements {
            self.statements.push(*statement);
            let change = self.change(statement.kind.value());
            if let (Some(target), Some(_)) = (Stencil::written(statement), change) {
                if !self.twins.contains_key(&target.field) {
                    self.twin(target.field, "tan");
                }
                self.statement(statement, false);
            }
        }
    }

    /// The derivative of a value along the direction; none if it does not change.
    fn change(&mut self, value: ExprId) -> Option<ExprId> {
        let twins = &self.twins;
        let change = directional(&mut self.stencil.exprs, value, |arena, id| match arena[id] {
            Expr::Load { field, time, offset, closure } => {
                let field = *twins.get(&field)?;
                Some(arena.intern(Expr::Load { field, time, offset, closure }))
            }
            _ => None,
        });
        (self.stencil.exprs.literal(change) != Some(0.0)).then_some(change)
    }

    /// `last`: nothing else is written to its target later in the step.
    fn statement(&mut self, statement: &Statement, last: bool) {
        let kind = match statement.kind {
            StatementKind::Update { target, region, mode, value } => {
                let change = if last && mode == WriteMode::Assign {
                    self.change_of_quotient(target, value)
                } else {
                    self.change(value)
                };
                let change = match (change, mode) {
                    (Some(change), _) => change,
                    (None, WriteMode::Add) => return,
                    (None, WriteMode::Assign) => self.stencil.exprs.constant(0.0),
                };
                let target = Target { field: self.twins[&target.field], ..target };
                StatementKind::Update { target, region, mode, value: change }
            }
            StatementKind::Inject { target, sparse, value } => {
                let Some(change) = self.change(value) else { return };
                let target = Target { field: self.twins[&target.field], ..target };
                StatementKind::Inject { target, sparse, value: change }
            }
            StatementKind::Interpolate { sparse, time, value } => {
                let change = self.change(value);
                let value = change.unwrap_or_else(|| self.stencil.exprs.constant(0.0));
                StatementKind::Interpolate { sparse: self.output(sparse), time, value }
            }
            StatementKind::Reduce { .. } => return,
        };
        self.statements.push(Statement { when: statement.when, kind });
    }

    /// The change of a value that has just been assigned to `target`.
    fn change_of_quotient(&mut self, target: Target, value: ExprId) -> Option<ExprId> {
        let (above, below) = match self.stencil.exprs[value] {
            Expr::Binary { op: BinaryOp::Div, lhs, rhs } if self.stencil.is_time_invariant(rhs) => {
                (lhs, rhs)
            }
            _ => return self.change(value),
        };
        let (of_above, of_below) = (self.change(above), self.change(below));
        let exprs = &mut self.stencil.exprs;
        let zero = exprs.constant(0.0);
        let mut sum = of_above.unwrap_or(zero);
        if let Some(of_below) = of_below {
            let new = exprs.load(target, Offset::ZERO);
            let carried = exprs.mul(of_below, new);
            sum = exprs.sub(sum, carried);
        }
        let whole = exprs.div(sum, below);
        (exprs.literal(whole) != Some(0.0)).then_some(whole)
    }

    fn output(&mut self, sparse: SparseId) -> SparseId {
        if let Some((_, twin)) = self.outputs.iter().find(|(known, _)| *known == sparse) {
            return *twin;
        }
        let like = self.stencil.sparse[sparse.0 as usize].clone();
        let mut name = format!("{}_tan", like.name);
        while self.stencil.sparse_named(&name).is_some() {
            name.push_str("_tan");
        }
        self.stencil.sparse.push(Sparse { name, ..like });
        let twin = SparseId(self.stencil.sparse.len() as u32 - 1);
        self.outputs.push((sparse, twin));
        twin
    }
}
