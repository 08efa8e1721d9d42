//! Differences of differences: what several neighbours need is computed once per step.
//!
//! `div (b grad p)` as it stands computes `b dx p` anew at each of the `k` points of the outer formula:
//! `k^2` reads, most of them of what a neighbour has computed too. As a function of its own it is
//! written once and read `k` times. Where one difference is taken with several factors, as the slope
//! along an axis in `div n (n . grad p)`, the difference alone is kept, and the factors are read
//! beside it.
//!
//! Such a function is zero beyond the sides, as all that is computed is; the sum as it stands sees a few
//! points outside. What is closed in another way there, lives in layers, or is updated in parts of the
//! grid or in some steps alone, is left as it stands.

use std::collections::HashMap;

use retrograd_ir::{BinaryOp, DimSet, FieldId, Offset, Predicate, Statement, UnaryOp};

use super::coefficients::Kind;
use super::regions::predicate;
use super::{DiscretiseError, Item, Lower};
use crate::symbolic::{Expression, Layer, Node};

/// An outer formula of fewer points is not worth a function.
const FEWEST_POINTS: usize = 4;

/// Differences that are stored.
#[derive(Default)]
pub(super) struct Differences {
    found: Vec<Difference>,
    /// Which one a node is, by its address: the items outlive the search.
    nodes: HashMap<*const Node, usize>,
    /// What computes them, and has not been placed in the step.
    pub(super) pending: Vec<Statement>,
}

struct Difference {
    value: Expression,
    /// The function of its values, if these still hold.
    field: Option<FieldId>,
}

/// A difference and the arguments of outer differences that it is the varying factor of.
struct Use<'a> {
    inner: &'a Expression,
    arguments: Vec<&'a Expression>,
}

impl Lower {
    /// Chooses the differences that are worth a function each.
    pub(super) fn find_differences(&mut self, items: &[Item]) -> Result<(), DiscretiseError> {
        let mut uses: Vec<Use<'_>> = Vec::new();
        for item in items {
            let Item::Update(eq) = item else { continue };
            if eq.on.is_some() || predicate(item)? != Predicate::Always {
                continue;
            }
            let mut arguments = Vec::new();
            outer_arguments(&eq.value, &mut arguments);
            for argument in arguments {
                let inner = self.without_factors(argument);
                if !is_storable(inner) {
                    continue;
                }
                match uses.iter_mut().find(|known| known.inner == inner) {
                    Some(known) => known.arguments.push(argument),
                    None => uses.push(Use { inner, arguments: vec![argument] }),
                }
            }
        }
        for Use { inner, arguments } in uses {
            let same = arguments.iter().all(|argument| *argument == arguments[0]);
            let value = if same && is_storable(arguments[0]) { arguments[0] } else { inner };
            let number = self.differences.found.len();
            self.differences.found.push(Difference { value: value.clone(), field: None });
            for argument in arguments {
                let node = if same { argument } else { self.without_factors(argument) };
                self.differences.nodes.insert(std::sync::Arc::as_ptr(&node.0), number);
            }
        }
        Ok(())
    }

    /// The factor that changes with time of a product with parameters.
    fn without_factors<'a>(&mut self, e: &'a Expression) -> &'a Expression {
        let mut fixed = |e: &Expression| self.coefficients.kind(e) != Kind::Varying;
        match &*e.0 {
            Node::Binary(BinaryOp::Mul, a, b) if fixed(a) => self.without_factors(b),
            Node::Binary(BinaryOp::Mul | BinaryOp::Div, a, b) if fixed(b) => {
                self.without_factors(a)
            }
            Node::Unary(UnaryOp::Neg, arg) => self.without_factors(arg),
            _ => e,
        }
    }

    /// The function of a difference that is stored.
    pub(super) fn difference(
        &mut self,
        e: &Expression,
    ) -> Result<Option<FieldId>, DiscretiseError> {
        let Some(&number) = self.differences.nodes.get(&std::sync::Arc::as_ptr(&e.0)) else {
            return Ok(None);
        };
        if let Some(known) = self.differences.found[number].field {
            return Ok(Some(known));
        }
        let value = self.plain(e, Offset::ZERO)?;
        let Ok(place) = e.located() else { return Ok(None) };
        let everywhere = (place, DimSet::first(self.stencil.dims.len()));
        let (field, statement) = self.own_function("diff", everywhere, None, value);
        self.differences.pending.push(statement);
        self.differences.found[number].field = Some(field);
        Ok(Some(field))
    }

    /// Forgets the values of differences that read what an item writes.
    pub(super) fn forget_differences(&mut self, item: &Item) {
        let target = match item {
            Item::Update(eq) => &eq.target,
            Item::Inject { target, .. } => target,
            Item::Interpolate { .. } | Item::InterpolateEvery { .. } => return,
        };
        let Node::Access { function: written, time: level } = &*target.0 else { return };
        for difference in &mut self.differences.found {
            let mut read = false;
            difference.value.visit(&mut |node| {
                read |= matches!(node, Node::Access { function, time }
                    if function.name == written.name && time == level);
            });
            if read {
                difference.field = None;
            }
        }
    }
}

/// The arguments of differences of enough points.
fn outer_arguments<'a>(e: &'a Expression, found: &mut Vec<&'a Expression>) {
    match &*e.0 {
        Node::Constant(_) | Node::Param(_) | Node::Access { .. } | Node::Series(_) => {}
        Node::Sum(terms) => terms.iter().for_each(|term| outer_arguments(term, found)),
        Node::Unary(_, arg) | Node::Taken { arg, .. } => outer_arguments(arg, found),
        Node::Binary(_, a, b) => {
            outer_arguments(a, found);
            outer_arguments(b, found);
        }
        Node::Select { lhs, rhs, then, other, .. } => {
            for e in [lhs, rhs, then, other] {
                outer_arguments(e, found);
            }
        }
        Node::Derivative { arg, order, accuracy, .. } => {
            if *order > 0 && *accuracy >= FEWEST_POINTS {
                found.push(arg);
            }
            outer_arguments(arg, found);
        }
    }
}

/// Whether an expression holds a difference, and is at every point what a function that is zero beyond the
/// sides can hold.
fn is_storable(e: &Expression) -> bool {
    let (mut differences, mut usual) = (false, true);
    e.visit(&mut |node| match node {
        Node::Derivative { order, .. } => differences |= *order > 0,
        Node::Access { function, .. } => {
            usual &= function.boundary.is_empty() && function.layer == Layer::None;
        }
        Node::Series(_) => usual = false,
        _ => {}
    });
    let place = e.located().ok();
    let of_samples =
        place.is_some_and(|place| place.0.iter().flatten().all(|half| (0..=1).contains(half)));
    differences && usual && of_samples
}
