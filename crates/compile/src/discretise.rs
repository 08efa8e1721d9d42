//! Symbolic equations to a stencil program: derivatives become weighted sums of reads.

use std::collections::HashMap;

use retrograd_ir::{
    BinaryOp, Bound, Closure, DOMAIN, DType, DimSet, Direction, Edge, Ends, Expr, ExprId, Field,
    FieldId, Levels, MAX_DIMS, MemorySpace, Offset, Predicate, Region, RegionId, Side, SparseId,
    Statement, StatementKind, Stencil, Step, Target, Width, WidthId, WriteMode,
};

use crate::algebra::Build;
use crate::symbolic::{Eq, Expression, FunctionDecl, Grid, Node, Sparse, SparseDecl};
use crate::weights::{centred_nodes, centred_weights};

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
}

/// Why equations cannot be discretised.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DiscretiseError {
    /// The left side of an update is not a level of a function.
    #[error("the left side of an update should be `u.forward()` of a time function or a function")]
    Target,
    /// A space order that is not supported.
    #[error("space order {order} of `{function}`: allowed are even orders from 2 to 16")]
    SpaceOrder {
        /// The function.
        function: String,
        /// Its order.
        order: usize,
    },
    /// A time order that is not supported.
    #[error("time order {order} of `{function}`: allowed are 1 and 2")]
    TimeOrder {
        /// The function.
        function: String,
        /// Its order.
        order: usize,
    },
    /// A derivative that is not supported.
    #[error(
        "derivative of order {order} with accuracy {accuracy}: allowed are orders from 1 to 8 \
         and even accuracies from 2 to 16"
    )]
    Derivative {
        /// Its order.
        order: usize,
        /// Its accuracy.
        accuracy: usize,
    },
    /// Derivatives, or derivatives of derivatives, reach too far.
    #[error("derivatives of derivatives read more than 127 grid points away")]
    Reach,
    /// Two different functions, or two different sets of sparse points, share a name.
    #[error(
        "two different functions or sets of points are named `{name}`\n  \
         help: give each its own name"
    )]
    NameClash {
        /// The name.
        name: String,
    },
    /// A derivative along a dimension that the grid lacks.
    #[error("a derivative along dimension {dim} of a grid with {dims} dimensions")]
    Dimension {
        /// The dimension.
        dim: usize,
        /// Dimensions of the grid.
        dims: usize,
    },
    /// A boundary along a dimension that the grid lacks.
    #[error("`{function}` has a boundary along dimension {dim} of a grid with {dims} dimensions")]
    Boundary {
        /// The function.
        function: String,
        /// The dimension.
        dim: usize,
        /// Dimensions of the grid.
        dims: usize,
    },
    /// A dimension that is periodic on one side.
    #[error(
        "`{function}` is periodic on one side of dimension {dim} only\n  \
         help: make it periodic on both sides or on neither"
    )]
    HalfPeriodic {
        /// The function.
        function: String,
        /// The dimension.
        dim: usize,
    },
    /// A time level that the function does not hold.
    #[error(
        "`{function}` has time order {order}: its level {time:+} does not exist\n  \
         help: declare `.time_order(2)` to use `backward()`"
    )]
    Level {
        /// The function.
        function: String,
        /// Its time order.
        order: usize,
        /// The level asked for.
        time: i8,
    },
}

/// Replaces every derivative by its weighted sum and declares what the equations use.
///
/// The result has one step named `forward`. Weights: [`crate::weights`], centred, of the space
/// order of each function.
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
        inner: None,
    };
    let mut statements = Vec::with_capacity(items.len());
    for item in items {
        statements.push(Statement { when: Predicate::Always, kind: lower.item(item)? });
    }
    let step = Step { name: "forward".into(), direction: Direction::Forward, statements };
    lower.stencil.steps.push(step);
    Ok(lower.stencil.compact())
}

/// Farthest from the samples of its argument, in half cells, that a derivative may be taken: with
/// the widest formula, nodes still number below 127.
const MOST_HALF_CELLS: u8 = 96;

struct Lower {
    stencil: Stencil,
    fields: HashMap<String, (FunctionDecl, FieldId)>,
    inner: Option<RegionId>,
}

impl Lower {
    fn item(&mut self, item: &Item) -> Result<StatementKind, DiscretiseError> {
        Ok(match item {
            Item::Update(eq) => StatementKind::Update {
                target: self.target(&eq.target)?,
                region: DOMAIN,
                mode: WriteMode::Assign,
                value: self.expression(&eq.value, Offset::ZERO)?,
            },
            Item::Inject { sparse, target, value } => StatementKind::Inject {
                target: self.target(target)?,
                sparse: self.sparse(&sparse.0)?,
                value: self.expression(value, Offset::ZERO)?,
            },
            Item::Interpolate { sparse, value } => StatementKind::Interpolate {
                sparse: self.sparse(&sparse.0)?,
                time: 0,
                value: self.expression(value, Offset::ZERO)?,
            },
        })
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
        let staggered = (0..MAX_DIMS).filter(|&d| decl.staggered[d]);
        let staggered = staggered.fold(DimSet::NONE, DimSet::with);
        let zero_in = decl.layer_only.then(|| self.inner_region());
        let id = self.stencil.add_field(Field {
            name: decl.name.clone(),
            dims: DimSet::first(self.stencil.dims.len()),
            staggered,
            dtype: self.stencil.dtype,
            levels,
            space: MemorySpace::Host,
            zero_in,
        });
        self.fields.insert(decl.name.clone(), (decl.clone(), id));
        Ok(id)
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

    /// The region inside the absorbing layer, with one run-time width per side.
    fn inner_region(&mut self) -> RegionId {
        if let Some(id) = self.inner {
            return id;
        }
        let mut bounds = Vec::new();
        for dim in 0..self.stencil.dims.len() {
            let mut side = |side, digit: char| {
                let name = format!("w_{}{digit}", self.stencil.dims[dim].name);
                self.stencil.widths.push(Width { name });
                let width = WidthId(self.stencil.widths.len() as u32 - 1);
                Bound { side, cells: 0, width: Some(width) }
            };
            bounds.push([side(Side::Low, '0'), side(Side::High, '1')]);
        }
        self.stencil.regions.push(Region { name: "inner".into(), bounds });
        let id = RegionId(self.stencil.regions.len() as u32 - 1);
        self.inner = Some(id);
        id
    }

    /// `expression` at the point displaced by `at`.
    fn expression(&mut self, e: &Expression, at: Offset) -> Result<ExprId, DiscretiseError> {
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
                let closure = closure(function);
                self.stencil.exprs.intern(Expr::Load { field, time: *time, offset: at, closure })
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
        if !even || !(1..=8).contains(&order) {
            return Err(DiscretiseError::Derivative { order, accuracy });
        }
        let spacing = self.stencil.param(&format!("h_{}", self.stencil.dims[dim].name));
        let spacing = self.stencil.exprs.param_value(spacing);
        let mut power = spacing;
        for _ in 1..order {
            power = self.stencil.exprs.mul(power, spacing);
        }
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
            let factor = self.stencil.exprs.binary(BinaryOp::Div, weight, power);
            let term = self.stencil.exprs.mul(factor, value);
            sum = self.stencil.exprs.add(sum, term);
        }
        Ok(sum)
    }
}

/// How reads of a function are closed.
fn closure(decl: &FunctionDecl) -> Closure {
    let mut closure = Closure::ZERO;
    for &(dim, edges) in &decl.boundary {
        closure.0[dim] = Ends { half: decl.staggered[dim], ..Ends::new(edges) };
    }
    closure
}
