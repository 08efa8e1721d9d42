//! Symbolic equations to a stencil program: derivatives become weighted sums of reads.

use std::collections::{HashMap, HashSet};

use retrograd_ir::{
    Closure, DOMAIN, DType, DimSet, Direction, Edge, Ends, Expr, ExprId, Field, FieldId, Levels,
    MAX_DIMS, MemorySpace, Offset, Predicate, RegionId, SparseId, Statement, StatementKind,
    Stencil, Step, Target, WriteMode,
};

use crate::algebra::Build;
use crate::passes::SETUP;
use crate::symbolic::{
    Eq, Expression, FunctionDecl, Grid, Layer, Location, Node, Sparse, SparseDecl,
};
use crate::weights::{centred_nodes, centred_weights};

mod coefficients;
mod differences;
mod error;
mod regions;

use coefficients::Coefficients;
use differences::Differences;
pub use error::{DiscretiseError, PlacesApart};
pub use regions::layer_width;
use regions::predicate;

/// One part of an operator, in order.
#[derive(Clone, PartialEq, Debug)]
pub enum Item {
    /// An explicit update on the grid.
    Update(Eq),
    /// Samples of sparse points are added to a level of a function.
    Inject {
        /// The points.
        sparse: Sparse,
        /// A level such as `u.forward()`.
        target: Expression,
        /// What is added, evaluated at the grid points around each sparse point.
        value: Expression,
    },
    /// Values at sparse points are recorded.
    Interpolate {
        /// The points.
        sparse: Sparse,
        /// What is recorded.
        value: Expression,
    },
    /// Values at sparse points are recorded in some steps; samples of the others stay as they are.
    InterpolateEvery {
        /// The points.
        sparse: Sparse,
        /// What is recorded.
        value: Expression,
        /// Steps from one record to the next.
        period: u32,
        /// The first of them, below `period`.
        first: u32,
    },
}

impl Item {
    /// What is assigned, added or recorded.
    fn value(&self) -> &Expression {
        match self {
            Self::Update(eq) => &eq.value,
            Self::Inject { value, .. }
            | Self::Interpolate { value, .. }
            | Self::InterpolateEvery { value, .. } => value,
        }
    }
}

/// Replaces every derivative by its weighted sum and declares what the equations use.
///
/// The result has a step named `forward`, and one named `setup` where the equations have
/// coefficients that are computed from parameters once: products, quotients, roots and means of what
/// does not change with time become functions of their own, which go on beyond the sides as they are
/// there. Differences of differences of four points and more are functions that the step computes before
/// it reads them. Weights: [`crate::weights`], centred, of the space order of each function.
///
/// # Errors
/// Anything in [`DiscretiseError`].
pub fn discretise(
    name: &str,
    grid: &Grid,
    dtype: DType,
    items: &[Item],
) -> Result<Stencil, DiscretiseError> {
    let mut lower = Lower {
        stencil: Stencil::new(name, dtype, grid.dimension_names()),
        fields: HashMap::new(),
        inside: Vec::new(),
        coefficients: Coefficients::of(items),
        differences: Differences::default(),
        named: named(items),
    };
    lower.find_differences(items)?;
    let mut statements = Vec::with_capacity(items.len());
    for item in items {
        let kind = lower.item(item)?;
        let statement = Statement { when: predicate(item)?, kind };
        statements.append(&mut lower.differences.pending);
        lower.forget_differences(item);
        lower.hold(&statement, &mut statements);
        statements.push(statement);
    }
    let direction = Direction::Forward;
    lower.stencil.steps.push(Step { name: "forward".into(), direction, statements });
    let statements = lower.coefficients.statements;
    if !statements.is_empty() {
        lower.stencil.steps.push(Step { name: SETUP.into(), direction, statements });
    }
    Ok(lower.stencil.compact())
}

/// Farthest from the samples of its argument, in half cells, that a derivative may be taken: with
/// the widest formula, nodes still number below 127.
const MOST_HALF_CELLS: u8 = 96;

struct Lower {
    stencil: Stencil,
    fields: HashMap<String, (FunctionDecl, FieldId)>,
    inside: Vec<((Layer, bool), RegionId)>,
    coefficients: Coefficients,
    differences: Differences,
    /// What the equations name, at any place.
    named: HashSet<String>,
}

/// Names of all functions in the equations.
fn named(items: &[Item]) -> HashSet<String> {
    let mut names = HashSet::new();
    let mut find = |node: &Node| {
        if let Node::Access { function, .. } = node {
            names.insert(function.name.clone());
        }
    };
    for item in items {
        item.value().visit(&mut find);
        match item {
            Item::Update(eq) => eq.target.visit(&mut find),
            Item::Inject { target, .. } => target.visit(&mut find),
            Item::Interpolate { .. } | Item::InterpolateEvery { .. } => {}
        }
    }
    names
}

impl Lower {
    fn item(&mut self, item: &Item) -> Result<StatementKind, DiscretiseError> {
        let kind = match item {
            Item::Update(eq) => StatementKind::Update {
                target: self.target(&eq.target)?,
                region: self.subdomain(eq.on.as_ref())?,
                mode: WriteMode::Assign,
                value: self.expression(&eq.value, Offset::ZERO)?,
            },
            Item::Inject { sparse, target, value } => StatementKind::Inject {
                target: self.target(target)?,
                sparse: self.sparse(&sparse.0)?,
                value: self.expression(value, Offset::ZERO)?,
            },
            Item::Interpolate { sparse, value } | Item::InterpolateEvery { sparse, value, .. } => {
                StatementKind::Interpolate {
                    sparse: self.sparse(&sparse.0)?,
                    time: 0,
                    value: self.expression(value, Offset::ZERO)?,
                }
            }
        };
        self.places(item, kind.value())?;
        Ok(kind)
    }

    /// What is combined, and what it is written to, sits in one place within the cell; `lowered`
    /// is the value in the program.
    fn places(&self, item: &Item, lowered: ExprId) -> Result<(), DiscretiseError> {
        let value = item.value();
        let (what, target) = match item {
            Item::Update(eq) => ("update", Some(&eq.target)),
            Item::Inject { target, .. } => ("injection into", Some(target)),
            Item::Interpolate { .. } | Item::InterpolateEvery { .. } => ("interpolation", None),
        };
        let of = if what.ends_with("into") { "" } else { " of" };
        let what = format!("the {what}{of} `{}`", target.unwrap_or(value).names());
        let found = value.located().map_err(|e| self.apart(&what, e.parts))?;
        let (name, wanted) = if let Some(target) = target {
            let place = target.located().map_err(|e| self.apart(&what, e.parts))?;
            (target.names(), place)
        } else {
            // Interpolation weights are those for the place that the program takes a value to be in.
            let taken = self.stencil.staggering(lowered);
            let place = Location::of(taken, self.stencil.dims.len());
            ("a difference or mean at sparse points".into(), place)
        };
        if found.agrees(wanted) {
            return Ok(());
        }
        let mut parts = [(name, wanted), (value.names(), found)];
        if target.is_none() {
            parts.reverse();
        }
        Err(self.apart(&what, parts))
    }

    fn apart(&self, what: &str, [first, second]: [(String, Location); 2]) -> DiscretiseError {
        let names: Vec<&str> = self.stencil.dims.iter().map(|d| d.name.as_str()).collect();
        let (here, there) = (first.1.describe(&names), second.1.describe(&names));
        let what = what.to_owned();
        let apart = PlacesApart { what, first: first.0, here, second: second.0, there };
        DiscretiseError::Apart(Box::new(apart))
    }

    fn target(&mut self, target: &Expression) -> Result<Target, DiscretiseError> {
        match &*target.0 {
            Node::Access { function, time } if (function.time_order.is_some()) == (*time == 1) => {
                Ok(Target { field: self.field(function)?, time: *time })
            }
            _ => Err(DiscretiseError::Target),
        }
    }

    fn sparse(&mut self, decl: &SparseDecl) -> Result<SparseId, DiscretiseError> {
        let (name, interpolation) = (decl.name.clone(), decl.interpolation);
        if let Some(id) = self.stencil.sparse_named(&name) {
            let same = self.stencil.sparse[id.0 as usize].interpolation == interpolation;
            return if same { Ok(id) } else { Err(DiscretiseError::NameClash { name }) };
        }
        let dtype = self.stencil.dtype;
        self.stencil.sparse.push(retrograd_ir::Sparse { name, dtype, interpolation });
        Ok(SparseId(self.stencil.sparse.len() as u32 - 1))
    }

    fn field(&mut self, decl: &FunctionDecl) -> Result<FieldId, DiscretiseError> {
        if let Some((known, id)) = self.fields.get(&decl.name) {
            let name = decl.name.clone();
            return if known == decl { Ok(*id) } else { Err(DiscretiseError::NameClash { name }) };
        }
        let order = decl.space_order;
        if !order.is_multiple_of(2) || !(2..=16).contains(&order) {
            return Err(DiscretiseError::SpaceOrder { function: decl.name.clone(), order });
        }
        self.check_boundary(decl)?;
        let levels = match decl.time_order {
            None => Levels::Static,
            Some(order @ 1..=2) => Levels::Time(order as u8 + 1),
            Some(order) => {
                return Err(DiscretiseError::TimeOrder { function: decl.name.clone(), order });
            }
        };
        if let Layer::Along(dim) = decl.layer
            && dim >= self.stencil.dims.len()
        {
            return Err(DiscretiseError::Dimension { dim, dims: self.stencil.dims.len() });
        }
        let zero_in = self.inside(decl.layer, false);
        let id = self.stencil.add_field(Field {
            name: decl.name.clone(),
            dims: decl.along,
            staggered: decl.staggered,
            dtype: self.stencil.dtype,
            levels,
            space: MemorySpace::Host,
            zero_in,
        });
        self.fields.insert(decl.name.clone(), (decl.clone(), id));
        Ok(id)
    }

    /// A static function that is none of the equations', and the statement that computes it.
    fn own_function(
        &mut self,
        stem: &str,
        (place, dims): (Location, DimSet),
        zero_in: Option<RegionId>,
        value: ExprId,
    ) -> (FieldId, Statement) {
        let mut name = stem.to_owned();
        let mut number = 0;
        while self.named.contains(&name) || self.stencil.fresh_name(&name) != name {
            number += 1;
            name = format!("{stem}_{number}");
        }
        let staggered = (0..MAX_DIMS).filter(|d| place.0[*d] == Some(1));
        let field = self.stencil.add_field(Field {
            name,
            dims,
            staggered: staggered.fold(DimSet::NONE, DimSet::with),
            dtype: self.stencil.dtype,
            levels: Levels::Static,
            space: MemorySpace::Host,
            zero_in,
        });
        let target = Target { field, time: 0 };
        let (region, mode) = (DOMAIN, WriteMode::Assign);
        let kind = StatementKind::Update { target, region, mode, value };
        (field, Statement { when: Predicate::Always, kind })
    }

    fn check_boundary(&self, decl: &FunctionDecl) -> Result<(), DiscretiseError> {
        let dims = self.stencil.dims.len();
        for (dim, sides) in &decl.boundary {
            let (function, dim) = (decl.name.clone(), *dim);
            if dim >= dims {
                return Err(DiscretiseError::Boundary { function, dim, dims });
            }
            let [low, high] = sides.map(|edge| edge == Edge::Periodic);
            if low != high {
                return Err(DiscretiseError::HalfPeriodic { function, dim });
            }
        }
        Ok(())
    }

    /// `expression` at the point displaced by `at`.
    fn expression(&mut self, e: &Expression, at: Offset) -> Result<ExprId, DiscretiseError> {
        if let Some(field) = self.coefficient(e)? {
            return Ok(self.read_coefficient(field, at));
        }
        if let Some(field) = self.difference(e)? {
            return Ok(self.stencil.exprs.load(Target { field, time: 0 }, at));
        }
        self.plain(e, at)
    }

    /// The same, whether it changes with time or not.
    fn plain(&mut self, e: &Expression, at: Offset) -> Result<ExprId, DiscretiseError> {
        Ok(match &*e.0 {
            Node::Constant(value) => self.stencil.exprs.constant(*value),
            Node::Param(name) => {
                let id = self.stencil.param(name);
                self.stencil.exprs.param_value(id)
            }
            Node::Access { function, time } => {
                let field = self.field(function)?;
                let known = function.time_order.map_or(0..=0, |n| 1 - n as i8..=1);
                if !known.contains(time) {
                    return Err(DiscretiseError::Level {
                        function: function.name.clone(),
                        order: function.time_order.unwrap_or(0),
                        time: *time,
                    });
                }
                let computed = self.coefficients.computes(&function.name);
                let (mut closure, mut offset) = (closure(function, computed), at);
                for (d, cells) in offset.0.iter_mut().enumerate() {
                    // A profile is the same everywhere along the other dimensions.
                    *cells = if function.along.contains(d) { *cells } else { 0 };
                    // Reads at the point are all the same.
                    closure.0[d] = if *cells == 0 { Ends::ZERO } else { closure.0[d] };
                }
                self.stencil.exprs.intern(Expr::Load { field, time: *time, offset, closure })
            }
            Node::Series(decl) => {
                let sparse = self.sparse(decl)?;
                self.stencil.exprs.intern(Expr::Series { sparse, time: 0 })
            }
            Node::Sum(terms) => {
                let mut sum = self.stencil.exprs.constant(0.0);
                for term in terms {
                    let term = self.expression(term, at)?;
                    sum = self.stencil.exprs.add(sum, term);
                }
                sum
            }
            Node::Unary(op, arg) => {
                let arg = self.expression(arg, at)?;
                self.stencil.exprs.unary(*op, arg)
            }
            Node::Binary(op, lhs, rhs) => {
                let lhs = self.expression(lhs, at)?;
                let rhs = self.expression(rhs, at)?;
                self.stencil.exprs.binary(*op, lhs, rhs)
            }
            Node::Select { cmp, lhs, rhs, then, other } => {
                let sides = [self.expression(lhs, at)?, self.expression(rhs, at)?];
                let values = [self.expression(then, at)?, self.expression(other, at)?];
                self.stencil.exprs.select(*cmp, sides, values)
            }
            Node::Taken { arg, .. } => self.expression(arg, at)?,
            Node::Derivative { arg, dim, order, accuracy, at: half } => {
                self.derivative(arg, (*dim, *order, *accuracy, *half), at)?
            }
        })
    }

    /// The weighted sum of a derivative over `h^order`.
    fn derivative(
        &mut self,
        arg: &Expression,
        (dim, order, accuracy, half): (usize, usize, usize, i8),
        at: Offset,
    ) -> Result<ExprId, DiscretiseError> {
        let dims = self.stencil.dims.len();
        if dim >= dims {
            return Err(DiscretiseError::Dimension { dim, dims });
        }
        let even = accuracy.is_multiple_of(2) && (2..=16).contains(&accuracy);
        if !even || order > 8 {
            return Err(DiscretiseError::Derivative { order, accuracy });
        }
        let spacing = self.stencil.param(&format!("h_{}", self.stencil.dims[dim].name));
        let spacing = self.stencil.exprs.param_value(spacing);
        let one = self.stencil.exprs.constant(1.0);
        let power = (0..order).fold(one, |power, _| self.stencil.exprs.mul(power, spacing));
        if half.unsigned_abs() > MOST_HALF_CELLS {
            return Err(DiscretiseError::Reach);
        }
        let nodes = centred_nodes(order, accuracy, half);
        let weights = centred_weights(order, &nodes, half);
        let mut sum = self.stencil.exprs.constant(0.0);
        for (node, weight) in nodes.into_iter().zip(weights) {
            if weight == 0.0 {
                continue;
            }
            // -128 has no opposite, which the adjoint reads at.
            let there = at.checked_add(Offset::along(dim, node / 2));
            let there = there.filter(|o| !o.0.contains(&i8::MIN)).ok_or(DiscretiseError::Reach)?;
            let value = self.expression(arg, there)?;
            let weight = self.stencil.exprs.constant(weight);
            let factor = self.stencil.exprs.div(weight, power);
            let term = self.stencil.exprs.mul(factor, value);
            sum = self.stencil.exprs.add(sum, term);
        }
        Ok(sum)
    }
}

/// How reads of a function are closed: what does not change with time goes on as it is beyond the
/// sides, what does is zero there, unless it is declared otherwise. `computed`: by the equations.
fn closure(decl: &FunctionDecl, computed: bool) -> Closure {
    let mut closure = Closure::ZERO;
    let fixed = decl.time_order.is_none() && !computed;
    let usual = if fixed { Edge::Clamp } else { Edge::Zero };
    for dim in decl.along.iter() {
        let declared = decl.boundary.iter().find(|(d, _)| *d == dim);
        let edges = declared.map_or([usual; 2], |(_, edges)| *edges);
        closure.0[dim] = Ends { half: decl.staggered.contains(dim), ..Ends::new(edges) };
    }
    closure
}
