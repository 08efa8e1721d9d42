//! Ids in range: what every other rule, and every message, relies on.

use super::Invalid;
use crate::expr::{Expr, ExprId};
use crate::program::{Field, Predicate, RegionId, Statement, StatementKind, Stencil, Target};

/// The references that lead nowhere.
pub(super) fn check(stencil: &Stencil) -> Vec<Invalid> {
    let mut found = References { stencil, broken: Vec::new() };
    for region in &stencil.regions {
        for bound in region.bounds.iter().flatten() {
            let width = bound.width.map(|w| w.0 as usize);
            found.check(width, "width", stencil.widths.len(), || named("region", &region.name));
        }
    }
    for field in &stencil.fields {
        found.field(field);
    }
    for (at, &node) in stencil.exprs.nodes().iter().enumerate() {
        found.node(at, node);
    }
    for step in &stencil.steps {
        for (number, statement) in step.statements.iter().enumerate() {
            found.statement(statement, &|| {
                format!("statement {} of step `{}`", number + 1, step.name)
            });
        }
    }
    if stencil.regions.is_empty() {
        found.broken.push(Invalid::Domain { name: "missing".into() });
    }
    found.broken
}

fn named(what: &str, name: &str) -> String {
    format!("{what} `{name}`")
}

struct References<'a> {
    stencil: &'a Stencil,
    broken: Vec<Invalid>,
}

impl References<'_> {
    fn check(
        &mut self,
        id: Option<usize>,
        what: &'static str,
        count: usize,
        place: impl FnOnce() -> String,
    ) {
        if let Some(id) = id.filter(|&id| id >= count) {
            self.broken.push(Invalid::Dangling { place: place(), what, id, count });
        }
    }

    fn field(&mut self, field: &Field) {
        let region = field.zero_in.map(|r| r.0 as usize);
        let count = self.stencil.regions.len();
        self.check(region, "region", count, || named("function", &field.name));
    }

    fn node(&mut self, at: usize, node: Expr) {
        let place = || format!("expression number {at}");
        let stencil = self.stencil;
        match node {
            Expr::Const(_) => {}
            Expr::Param(id) => {
                self.check(Some(id.0 as usize), "parameter", stencil.params.len(), place);
            }
            Expr::Scalar(id) => {
                self.check(Some(id.0 as usize), "scalar", stencil.scalars.len(), place);
            }
            Expr::Load { field, .. } => {
                self.check(Some(field.0 as usize), "function", stencil.fields.len(), place);
            }
            Expr::Series { sparse, .. } => {
                let count = stencil.sparse.len();
                self.check(Some(sparse.0 as usize), "set of sparse points", count, place);
            }
            Expr::Unary { .. }
            | Expr::Binary { .. }
            | Expr::MulAdd { .. }
            | Expr::Select { .. } => {
                node.for_each_operand(|op| {
                    self.check(Some(op.index()), "expression", at, place);
                });
            }
        }
    }

    fn statement(&mut self, statement: &Statement, place: &dyn Fn() -> String) {
        if let Predicate::While { scalar, above } = statement.when {
            self.check(Some(scalar.0 as usize), "scalar", self.stencil.scalars.len(), place);
            self.root(above, place);
        }
        self.root(statement.kind.value(), place);
        match statement.kind {
            StatementKind::Update { target, region, .. } => {
                self.target(target, place);
                self.region(region, place);
            }
            StatementKind::Inject { target, sparse, .. } => {
                self.target(target, place);
                let count = self.stencil.sparse.len();
                self.check(Some(sparse.0 as usize), "set of sparse points", count, place);
            }
            StatementKind::Interpolate { sparse, .. } => {
                let count = self.stencil.sparse.len();
                self.check(Some(sparse.0 as usize), "set of sparse points", count, place);
            }
            StatementKind::Reduce { scalar, region, .. } => {
                self.check(Some(scalar.0 as usize), "scalar", self.stencil.scalars.len(), place);
                self.region(region, place);
            }
        }
    }

    fn root(&mut self, id: ExprId, place: &dyn Fn() -> String) {
        self.check(Some(id.index()), "expression", self.stencil.exprs.len(), place);
    }

    fn target(&mut self, target: Target, place: &dyn Fn() -> String) {
        self.check(Some(target.field.0 as usize), "function", self.stencil.fields.len(), place);
    }

    fn region(&mut self, region: RegionId, place: &dyn Fn() -> String) {
        self.check(Some(region.0 as usize), "region", self.stencil.regions.len(), place);
    }
}
