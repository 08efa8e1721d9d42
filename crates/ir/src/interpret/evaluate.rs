//! Evaluation of an expression at one grid point after another.

use super::arithmetic::{Arithmetic, Subnormals};
use super::memory::Memory;
use super::number::Number;
use crate::expr::{Closure, Edge, Expr, ExprId, Offset, UnaryOp};
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
        let field = self.stencil.field(target.field);
        let mut index = [0; MAX_DIMS];
        index[..place.index.len()].copy_from_slice(place.index);
        match close(&mut index, offset, closure, field.dims, memory.extents()) {
            Closed::Zero => N::constant(0.0),
            Closed::Inside { negated } => {
                let inside = &index[..place.index.len()];
                let raw = memory.load(target, self.n, inside);
                let value = self.arithmetic.load(field.dtype, raw);
                if negated { N::combine(-value.value(), || [(value, -1.0)]) } else { value }
            }
        }
    }
}

/// What a displaced read amounts to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Closed {
    Zero,
    Inside { negated: bool },
}

/// Moves `index` by `offset` and back into the grid as the closure says.
///
/// An image that falls outside on the other side is closed there again. On a grid of one point
/// the mirror image is that point.
fn close(
    index: &mut [usize; MAX_DIMS],
    offset: Offset,
    closure: Closure,
    dims: DimSet,
    extents: &[usize],
) -> Closed {
    let mut negated = false;
    for (d, &extent) in extents.iter().enumerate() {
        let step = offset.0[d];
        if step == 0 || !dims.contains(d) {
            continue;
        }
        let n = extent as i64;
        let mut i = index[d] as i64 + i64::from(step);
        while !(0..n).contains(&i) {
            let [low, high] = closure.0[d];
            let (edge, outermost) = if i < 0 { (low, 0) } else { (high, n - 1) };
            i = match edge {
                Edge::Zero => return Closed::Zero,
                Edge::Clamp => outermost,
                Edge::Periodic => i.rem_euclid(n),
                Edge::Even | Edge::Odd => {
                    negated ^= edge == Edge::Odd;
                    if n == 1 { 0 } else { 2 * outermost - i }
                }
            };
        }
        index[d] = i as usize;
    }
    Closed::Inside { negated }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(
        low: Edge,
        high: Edge,
        n: usize,
        from: usize,
        step: i8,
        expected: Option<(usize, bool)>,
    ) {
        let mut closure = Closure::ZERO;
        closure.0[0] = [low, high];
        let mut index = [from, 0, 0, 0];
        let dims = DimSet::first(1);
        let closed = close(&mut index, Offset::along(0, step), closure, dims, &[n]);
        let found = match closed {
            Closed::Zero => None,
            Closed::Inside { negated } => Some((index[0], negated)),
        };
        assert_eq!(found, expected);
    }

    #[test]
    fn every_edge_answers_reads_outside() {
        use Edge::{Clamp, Even, Odd, Periodic, Zero};
        check(Zero, Zero, 5, 1, -2, None);
        check(Zero, Zero, 5, 1, -1, Some((0, false)));
        check(Clamp, Zero, 5, 1, -3, Some((0, false)));
        check(Zero, Clamp, 5, 4, 3, Some((4, false)));
        check(Even, Zero, 5, 1, -3, Some((2, false)));
        check(Zero, Even, 5, 4, 2, Some((2, false)));
        check(Odd, Zero, 5, 0, -1, Some((1, true)));
        check(Zero, Odd, 5, 3, 3, Some((2, true)));
        check(Periodic, Periodic, 5, 0, -1, Some((4, false)));
        check(Periodic, Periodic, 5, 4, 7, Some((1, false)));
    }

    #[test]
    fn images_beyond_the_other_side_are_closed_again() {
        use Edge::{Even, Odd, Zero};
        check(Even, Zero, 3, 0, -3, None);
        check(Even, Even, 3, 0, -3, Some((1, false)));
        check(Odd, Odd, 3, 0, -3, Some((1, false)));
        check(Odd, Even, 1, 0, -3, Some((0, true)));
    }
}
