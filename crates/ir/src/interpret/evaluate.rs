//! Evaluation of an expression at one grid point after another.

use super::arithmetic::{Arithmetic, Subnormals};
use super::memory::Memory;
use super::number::Number;
use crate::closure::Closure;
use crate::expr::{BinaryOp, Expr, ExprId, Offset, UnaryOp};
use crate::program::{DType, DimSet, MAX_DIMS, SparseId, Stencil, Target};

/// Where an expression is evaluated.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place<'a> {
    /// The grid point.
    pub(crate) index: &'a [usize],
    /// The sparse point, in an injection.
    pub(crate) point: usize,
}

/// One expression, flattened: a forward scan over its nodes visits operands first.
pub(crate) struct Evaluator<'a, N> {
    stencil: &'a Stencil,
    arithmetic: Arithmetic,
    /// Number of the forward step.
    n: i64,
    /// The reachable nodes; operands are positions in this list.
    nodes: Vec<Expr>,
    /// Positions of the nodes that differ from grid point to grid point.
    varying: Vec<usize>,
    values: Vec<N>,
}

impl<'a, N: Number> Evaluator<'a, N> {
    /// Prepares `root` and evaluates what is uniform over the grid.
    pub(crate) fn new<M: Memory<N> + ?Sized>(
        stencil: &'a Stencil,
        root: ExprId,
        arithmetic: Arithmetic,
        n: i64,
        memory: &M,
    ) -> Self {
        let reachable = stencil.exprs.reachable(&[root]);
        let mut position = vec![ExprId(0); stencil.exprs.len()];
        let mut varies = Vec::with_capacity(reachable.len());
        let mut nodes = Vec::with_capacity(reachable.len());
        for (slot, id) in reachable.into_iter().enumerate() {
            position[id.index()] = ExprId(slot as u32);
            let node = stencil.exprs[id].map_operands(|op| position[op.index()]);
            let mut here = matches!(node, Expr::Load { .. } | Expr::Series { .. });
            node.for_each_operand(|op| here |= varies[op.index()]);
            varies.push(here);
            nodes.push(node);
        }
        let values = vec![N::constant(0.0); nodes.len()];
        let varying = (0..nodes.len()).filter(|&slot| varies[slot]).collect();
        let mut evaluator = Self { stencil, arithmetic, n, nodes, varying, values };
        evaluator.evaluate_uniform(&varies, memory);
        evaluator
    }

    /// In f64, whatever the working precision, and rounded to that once: the weights of a stencil
    /// should add up as well as they can.
    fn evaluate_uniform<M: Memory<N> + ?Sized>(&mut self, varies: &[bool], memory: &M) {
        let working = self.arithmetic;
        self.arithmetic = Arithmetic { dtype: DType::F64, subnormals: Subnormals::Keep };
        let nowhere = Place { index: &[], point: 0 };
        let uniform = || (0..varies.len()).filter(|&slot| !varies[slot]);
        for slot in uniform() {
            self.values[slot] = self.node(slot, memory, nowhere);
        }
        self.arithmetic = working;
        for slot in uniform() {
            self.values[slot] = self.rounded(self.values[slot]);
        }
    }

    /// The value at `place`.
    pub(crate) fn at<M: Memory<N> + ?Sized>(&mut self, memory: &M, place: Place<'_>) -> N {
        for k in 0..self.varying.len() {
            let slot = self.varying[k];
            self.values[slot] = self.node(slot, memory, place);
        }
        self.values[self.values.len() - 1]
    }

    fn node<M: Memory<N> + ?Sized>(&self, slot: usize, memory: &M, place: Place<'_>) -> N {
        let value = |id: ExprId| self.values[id.index()];
        match self.nodes[slot] {
            Expr::Const(literal) => N::constant(literal.value()),
            Expr::Param(id) => memory.param(id),
            Expr::Scalar(id) => memory.scalar(id),
            Expr::Load { field, time, offset, closure } => {
                self.load(memory, Target { field, time }, offset, closure, place)
            }
            Expr::Series { sparse, time } => {
                let step = self.n + i64::from(time);
                let from = self.sample_type(sparse);
                self.arithmetic.load(from, memory.sample(sparse, place.point, step))
            }
            Expr::Unary { op: UnaryOp::Round, arg } => self.rounded(value(arg)),
            Expr::Unary { op, arg } => self.arithmetic.unary(op, value(arg)),
            Expr::Binary { op, lhs, rhs } => self.arithmetic.binary(op, value(lhs), value(rhs)),
            Expr::MulAdd { a, b, c } => self.arithmetic.mul_add(value(a), value(b), value(c)),
            Expr::Select { cmp, lhs, rhs, then, otherwise } => {
                if self.arithmetic.compare(cmp, value(lhs), value(rhs)) {
                    value(then)
                } else {
                    value(otherwise)
                }
            }
        }
    }

    /// A uniform value in working precision.
    fn rounded(&self, value: N) -> N {
        match self.stencil.dtype {
            DType::F32 => Arithmetic { dtype: DType::F32, ..self.arithmetic }.convert(value),
            DType::F64 => value,
        }
    }

    fn sample_type(&self, sparse: SparseId) -> DType {
        self.stencil.sparse[sparse.0 as usize].dtype
    }

    fn load<M: Memory<N> + ?Sized>(
        &self,
        memory: &M,
        target: Target,
        offset: Offset,
        closure: Closure,
        place: Place<'_>,
    ) -> N {
        let mut index = [0; MAX_DIMS];
        index[..place.index.len()].copy_from_slice(place.index);
        let dims = self.stencil.field(target.field).dims;
        let mut read = Displaced { target, offset, closure, dims, index, outside: false };
        self.along(0, memory, &mut read)
    }

    /// The value of a read along dimension number `dim` and those after it.
    fn along<M: Memory<N> + ?Sized>(&self, dim: usize, memory: &M, read: &mut Displaced) -> N {
        let Some(&extent) = memory.extents().get(dim) else { return self.stored(memory, read) };
        let (step, ends, at) = (read.offset.0[dim], read.closure.0[dim], read.index[dim]);
        if step == 0 || !read.dims.contains(dim) {
            return self.along(dim + 1, memory, read);
        }
        let outside = read.outside;
        let mut take = |(i, negated): (usize, bool)| {
            read.index[dim] = i;
            let value = self.along(dim + 1, memory, read);
            if negated { N::combine(-value.value(), || [(value, -1.0)]) } else { value }
        };
        let add = |sum, value| self.arithmetic.binary(BinaryOp::Add, sum, value);
        let value = if ends.folded {
            ends.origins(at, step, extent).map(take).reduce(add)
        } else {
            ends.image(at as i64 + i64::from(step), extent).map(&mut take)
        };
        let value = value.unwrap_or_else(|| {
            // Mirrors of the dimensions that follow give zero their sign.
            read.outside = true;
            self.along(dim + 1, memory, read)
        });
        (read.outside, read.index[dim]) = (outside, at);
        value
    }

    /// The value at the index of a read in working precision.
    fn stored<M: Memory<N> + ?Sized>(&self, memory: &M, read: &Displaced) -> N {
        if read.outside {
            return N::constant(0.0);
        }
        let inside = &read.index[..memory.extents().len()];
        let raw = memory.load(read.target, self.n, inside);
        self.arithmetic.load(self.stencil.field(read.target.field).dtype, raw)
    }
}

/// A read on its way to the points that it takes.
struct Displaced {
    target: Target,
    offset: Offset,
    closure: Closure,
    /// Of the function.
    dims: DimSet,
    index: [usize; MAX_DIMS],
    /// Whether it has left the grid where that reads zero.
    outside: bool,
}
