//! Coefficients: what is computed from parameters alone, and worth a function of its own.
//!
//! `1 / (rho vp^2)`, the mean of two densities, the sine of a tilt: computed once, by the step
//! `setup`, read by the time steps as one stream. Gradients of time steps are by coefficients; the
//! chain rule takes them to the parameters once, at the end of the reverse sweep.
//!
//! A coefficient has a place within the cell of its own, and goes on beyond the sides of the grid as
//! it is there: the mean of two densities outside is that of the last two inside.

use std::collections::{HashMap, HashSet};

use retrograd_ir::{BinaryOp, DimSet, Expr, ExprId, FieldId, MAX_DIMS, Offset, Statement, UnaryOp};

use super::{DiscretiseError, Item, Lower};
use crate::halos::continued;
use crate::symbolic::{Expression, Layer, Node};

/// The coefficients found so far.
#[derive(Default)]
pub(super) struct Coefficients {
    /// Static functions that the equations themselves compute.
    computed: HashSet<String>,
    known: Vec<(Expression, FieldId)>,
    /// By the address of a node; the items that hold the nodes outlive the search.
    kinds: HashMap<*const Node, Kind>,
    /// Whether the value of a coefficient is being written: what it is made of is part of it.
    inside: bool,
    /// What computes them.
    pub(super) statements: Vec<Statement>,
}

/// What an expression is to a time step.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// It changes with time, or holds a run-time scalar or a difference.
    Varying,
    /// A number.
    Constant,
    /// A parameter, or a sum of multiples of parameters: not worth a stream.
    Parameter,
    /// Worth a function of its own.
    Coefficient,
}

impl Coefficients {
    pub(super) fn of(items: &[Item]) -> Self {
        let computed = items.iter().filter_map(|item| match item {
            Item::Update(eq) => match &*eq.target.0 {
                Node::Access { function, .. } if function.time_order.is_none() => {
                    Some(function.name.clone())
                }
                _ => None,
            },
            Item::Inject { target, .. } => match &*target.0 {
                Node::Access { function, .. } => Some(function.name.clone()),
                _ => None,
            },
            Item::Interpolate { .. } | Item::InterpolateEvery { .. } => None,
        });
        Self { computed: computed.collect(), ..Self::default() }
    }

    /// Whether the equations themselves compute a function of this name.
    pub(super) fn computes(&self, name: &str) -> bool {
        self.computed.contains(name)
    }

    pub(super) fn kind(&mut self, e: &Expression) -> Kind {
        let address = std::sync::Arc::as_ptr(&e.0);
        if let Some(&known) = self.kinds.get(&address) {
            return known;
        }
        let kind = self.kind_of(e);
        self.kinds.insert(address, kind);
        kind
    }

    fn kind_of(&mut self, e: &Expression) -> Kind {
        use Kind::{Coefficient, Constant, Parameter, Varying};
        match &*e.0 {
            Node::Constant(_) => Constant,
            Node::Unary(UnaryOp::Neg, arg) | Node::Taken { arg, .. } => self.kind(arg),
            // A function of one argument, a mean.
            Node::Unary(_, arg) | Node::Derivative { arg, order: 0, .. } => {
                computed([self.kind(arg)])
            }
            Node::Param(_) | Node::Series(_) | Node::Derivative { .. } => Varying,
            Node::Access { function, .. } => {
                let fixed =
                    function.time_order.is_none() && !self.computed.contains(&function.name);
                if fixed { Parameter } else { Varying }
            }
            // What is zero inside a layer stays apart from what is not: it is not read there.
            Node::Sum(terms) if self.lives_in(e).is_none() && self.any_lives_in(terms) => Varying,
            Node::Sum(terms) => {
                let kinds = terms.iter().map(|t| self.kind(t));
                kinds.fold(Constant, |all, kind| match (all, kind) {
                    (Varying, _) | (_, Varying) => Varying,
                    (Coefficient, _) | (_, Coefficient) => Coefficient,
                    (Parameter, _) | (_, Parameter) => Parameter,
                    (Constant, Constant) => Constant,
                })
            }
            Node::Binary(op, a, b) => match (op, self.kind(a), self.kind(b)) {
                (BinaryOp::Mul, Constant, kind)
                | (BinaryOp::Mul | BinaryOp::Div, kind, Constant) => kind,
                (_, a, b) => computed([a, b]),
            },
            Node::Select { lhs, rhs, then, other, .. } => {
                computed([lhs, rhs, then, other].map(|e| self.kind(e)))
            }
        }
    }
}

impl Coefficients {
    /// The layer outside of which an expression of parameters is zero, and whether means carry it a
    /// sample beyond.
    fn lives_in(&self, e: &Expression) -> Option<(Layer, bool)> {
        match &*e.0 {
            Node::Access { function, .. } => {
                let fixed = function.time_order.is_none() && !self.computes(&function.name);
                (fixed && function.layer != Layer::None).then_some((function.layer, false))
            }
            Node::Unary(UnaryOp::Neg, arg) | Node::Taken { arg, .. } => self.lives_in(arg),
            Node::Derivative { arg, order: 0, .. } => Some((self.lives_in(arg)?.0, true)),
            Node::Binary(BinaryOp::Mul, a, b) => self.lives_in(a).or_else(|| self.lives_in(b)),
            Node::Binary(BinaryOp::Div, a, _) => self.lives_in(a),
            Node::Sum(terms) => {
                let mut all = terms.iter().map(|t| self.lives_in(t));
                let first = all.next()??;
                all.try_fold(first, |(layer, wider), next| {
                    next.filter(|n| n.0 == layer).map(|n| (layer, wider || n.1))
                })
            }
            _ => None,
        }
    }

    fn any_lives_in(&self, terms: &[Expression]) -> bool {
        terms.iter().any(|t| self.lives_in(t).is_some())
    }
}

/// The kind of something computed from these.
fn computed<const N: usize>(kinds: [Kind; N]) -> Kind {
    if kinds.contains(&Kind::Varying) {
        Kind::Varying
    } else if kinds.iter().all(|kind| *kind == Kind::Constant) {
        Kind::Constant
    } else {
        Kind::Coefficient
    }
}

impl Lower {
    /// The function of an expression that is a coefficient.
    pub(super) fn coefficient(
        &mut self,
        e: &Expression,
    ) -> Result<Option<FieldId>, DiscretiseError> {
        if self.coefficients.inside || self.coefficients.kind(e) != Kind::Coefficient {
            return Ok(None);
        }
        // What sits apart, or not at samples, is reported, or computed where it is used.
        let Ok(place) = e.located() else { return Ok(None) };
        if place.0.iter().flatten().any(|half| !(0..=1).contains(half)) {
            return Ok(None);
        }
        if let Some((_, known)) = self.coefficients.known.iter().find(|(known, _)| known == e) {
            return Ok(Some(*known));
        }
        self.coefficients.inside = true;
        let value = self.plain(e, Offset::ZERO);
        self.coefficients.inside = false;
        let value = value?;
        let along = (0..MAX_DIMS).filter(|d| place.0[*d].is_some());
        let dims = along.fold(DimSet::NONE, DimSet::with);
        let layer = self.coefficients.lives_in(e);
        let zero_in = layer.and_then(|(layer, wider)| self.inside(layer, wider));
        let (field, statement) = self.own_function("coef", (place, dims), zero_in, value);
        self.coefficients.statements.push(statement);
        self.coefficients.known.push((e.clone(), field));
        Ok(Some(field))
    }

    pub(super) fn read_coefficient(&mut self, field: FieldId, offset: Offset) -> ExprId {
        let (offset, closure) = continued(self.stencil.field(field), offset);
        self.stencil.exprs.intern(Expr::Load { field, time: 0, offset, closure })
    }
}
