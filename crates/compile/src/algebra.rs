//! Building expressions: constructors that fold numbers and drop neutral elements.
//!
//! They define the program that is being written, so `x + 0` may become `x` here; passes over a
//! finished program must keep its bits.

use retrograd_ir::{
    BinaryOp, Closure, Compare, Expr, ExprArena, ExprId, Literal, Offset, ParamId, UnaryOp,
};

/// Constructors over an arena.
pub(crate) trait Build {
    fn arena(&mut self) -> &mut ExprArena;

    fn constant(&mut self, value: f64) -> ExprId {
        self.arena().intern(Expr::Const(Literal::new(value)))
    }

    fn param_value(&mut self, id: ParamId) -> ExprId {
        self.arena().intern(Expr::Param(id))
    }

    fn literal(&mut self, id: ExprId) -> Option<f64> {
        match self.arena()[id] {
            Expr::Const(literal) => Some(literal.value()),
            _ => None,
        }
    }

    fn load(&mut self, target: retrograd_ir::Target, offset: Offset) -> ExprId {
        let (field, time) = (target.field, target.time);
        self.arena().intern(Expr::Load { field, time, offset, closure: Closure::ZERO })
    }

    fn neg(&mut self, arg: ExprId) -> ExprId {
        match self.arena()[arg] {
            Expr::Const(literal) => self.constant(-literal.value()),
            Expr::Unary { op: UnaryOp::Neg, arg } => arg,
            _ => self.arena().intern(Expr::Unary { op: UnaryOp::Neg, arg }),
        }
    }

    fn unary(&mut self, op: UnaryOp, arg: ExprId) -> ExprId {
        if op == UnaryOp::Neg {
            return self.neg(arg);
        }
        self.arena().intern(Expr::Unary { op, arg })
    }

    fn binary(&mut self, op: BinaryOp, lhs: ExprId, rhs: ExprId) -> ExprId {
        match op {
            BinaryOp::Add => self.add(lhs, rhs),
            BinaryOp::Sub => self.sub(lhs, rhs),
            BinaryOp::Mul => self.mul(lhs, rhs),
            BinaryOp::Div => self.div(lhs, rhs),
            BinaryOp::Min | BinaryOp::Max | BinaryOp::Pow => {
                self.arena().intern(Expr::Binary { op, lhs, rhs })
            }
        }
    }

    fn add(&mut self, lhs: ExprId, rhs: ExprId) -> ExprId {
        match (self.literal(lhs), self.literal(rhs)) {
            (Some(a), Some(b)) => return self.constant(a + b),
            (Some(0.0), _) => return rhs,
            (_, Some(0.0)) => return lhs,
            _ => {}
        }
        if let Expr::Unary { op: UnaryOp::Neg, arg } = self.arena()[rhs] {
            return self.sub(lhs, arg);
        }
        self.arena().intern(Expr::Binary { op: BinaryOp::Add, lhs, rhs })
    }

    fn sub(&mut self, lhs: ExprId, rhs: ExprId) -> ExprId {
        match (self.literal(lhs), self.literal(rhs)) {
            (Some(a), Some(b)) => return self.constant(a - b),
            (Some(0.0), _) => return self.neg(rhs),
            (_, Some(0.0)) => return lhs,
            _ => {}
        }
        if let Expr::Unary { op: UnaryOp::Neg, arg } = self.arena()[rhs] {
            return self.add(lhs, arg);
        }
        self.arena().intern(Expr::Binary { op: BinaryOp::Sub, lhs, rhs })
    }

    fn mul(&mut self, lhs: ExprId, rhs: ExprId) -> ExprId {
        match (self.literal(lhs), self.literal(rhs)) {
            (Some(a), Some(b)) => return self.constant(a * b),
            (Some(0.0), _) | (_, Some(0.0)) => return self.constant(0.0),
            (Some(1.0), _) => return rhs,
            (_, Some(1.0)) => return lhs,
            (Some(-1.0), _) => return self.neg(rhs),
            (_, Some(-1.0)) => return self.neg(lhs),
            _ => {}
        }
        self.arena().intern(Expr::Binary { op: BinaryOp::Mul, lhs, rhs })
    }

    fn div(&mut self, lhs: ExprId, rhs: ExprId) -> ExprId {
        match (self.literal(lhs), self.literal(rhs)) {
            (Some(a), Some(b)) => return self.constant(a / b),
            (Some(0.0), _) => return self.constant(0.0),
            (_, Some(1.0)) => return lhs,
            (_, Some(-1.0)) => return self.neg(lhs),
            _ => {}
        }
        self.arena().intern(Expr::Binary { op: BinaryOp::Div, lhs, rhs })
    }

    fn select(
        &mut self,
        cmp: Compare,
        [lhs, rhs]: [ExprId; 2],
        [then, otherwise]: [ExprId; 2],
    ) -> ExprId {
        if then == otherwise {
            return then;
        }
        self.arena().intern(Expr::Select { cmp, lhs, rhs, then, otherwise })
    }

    /// Rebuilds an expression with some nodes replaced; `replace` answers for the nodes that
    /// change. Everything above them is built anew with folding.
    fn substitute(
        &mut self,
        root: ExprId,
        replace: &mut dyn FnMut(&mut ExprArena, ExprId) -> Option<ExprId>,
    ) -> ExprId {
        let nodes = self.arena().reachable(&[root]);
        let mut renamed = std::collections::HashMap::with_capacity(nodes.len());
        for id in nodes {
            let new = match replace(self.arena(), id) {
                Some(new) => new,
                None => self.rebuild(id, &renamed),
            };
            renamed.insert(id, new);
        }
        renamed[&root]
    }

    /// One node over operands that have new ids.
    fn rebuild(
        &mut self,
        id: ExprId,
        renamed: &std::collections::HashMap<ExprId, ExprId>,
    ) -> ExprId {
        let expr = self.arena()[id].map_operands(|op| renamed[&op]);
        match expr {
            Expr::Unary { op, arg } => self.unary(op, arg),
            Expr::Binary { op, lhs, rhs } => self.binary(op, lhs, rhs),
            Expr::Select { cmp, lhs, rhs, then, otherwise } => {
                self.select(cmp, [lhs, rhs], [then, otherwise])
            }
            Expr::Const(_)
            | Expr::Param(_)
            | Expr::Scalar(_)
            | Expr::Load { .. }
            | Expr::Series { .. }
            | Expr::MulAdd { .. } => self.arena().intern(expr),
        }
    }
}

impl Build for ExprArena {
    fn arena(&mut self) -> &mut ExprArena {
        self
    }
}

/// The derivative of `root` by the leaf `leaf` (a read, a sample, a scalar), as an expression.
///
/// Piecewise functions follow the branch that is taken: `min`, `max` and `select` by the same
/// comparison as the value, `abs` has derivative 0 at 0. Cost: one scan of the expression.
pub(crate) fn derivative(arena: &mut ExprArena, root: ExprId, leaf: ExprId) -> ExprId {
    let nodes = arena.reachable(&[root]);
    let zero = arena.constant(0.0);
    let one = arena.constant(1.0);
    let mut tangent = std::collections::HashMap::with_capacity(nodes.len());
    for id in nodes {
        let d = if id == leaf { one } else { node_derivative(arena, id, &tangent, zero) };
        tangent.insert(id, d);
    }
    tangent[&root]
}

fn node_derivative(
    arena: &mut ExprArena,
    id: ExprId,
    tangent: &std::collections::HashMap<ExprId, ExprId>,
    zero: ExprId,
) -> ExprId {
    match arena[id] {
        Expr::Const(_)
        | Expr::Param(_)
        | Expr::Scalar(_)
        | Expr::Load { .. }
        | Expr::Series { .. } => zero,
        Expr::Unary { op, arg } => unary_derivative(arena, op, arg, id, tangent[&arg]),
        Expr::Binary { op, lhs, rhs } => {
            binary_derivative(arena, op, [lhs, rhs], id, [tangent[&lhs], tangent[&rhs]])
        }
        Expr::MulAdd { a, b, c } => {
            let left = arena.mul(tangent[&a], b);
            let right = arena.mul(a, tangent[&b]);
            let product = arena.add(left, right);
            arena.add(product, tangent[&c])
        }
        Expr::Select { cmp, lhs, rhs, then, otherwise } => {
            arena.select(cmp, [lhs, rhs], [tangent[&then], tangent[&otherwise]])
        }
    }
}

fn unary_derivative(
    arena: &mut ExprArena,
    op: UnaryOp,
    arg: ExprId,
    value: ExprId,
    d: ExprId,
) -> ExprId {
    if arena.literal(d) == Some(0.0) {
        return d;
    }
    let zero = arena.constant(0.0);
    let one = arena.constant(1.0);
    match op {
        UnaryOp::Neg => arena.neg(d),
        UnaryOp::Abs => {
            let minus = arena.neg(d);
            let negative = arena.select(Compare::Lt, [arg, zero], [minus, zero]);
            arena.select(Compare::Lt, [zero, arg], [d, negative])
        }
        UnaryOp::Sqrt => {
            let two = arena.constant(2.0);
            let twice = arena.mul(two, value);
            arena.div(d, twice)
        }
        UnaryOp::Exp => arena.mul(value, d),
        UnaryOp::Ln => arena.div(d, arg),
        UnaryOp::Sin => {
            let cos = arena.unary(UnaryOp::Cos, arg);
            arena.mul(cos, d)
        }
        UnaryOp::Cos => {
            let sin = arena.unary(UnaryOp::Sin, arg);
            let product = arena.mul(sin, d);
            arena.neg(product)
        }
        UnaryOp::Tan | UnaryOp::Tanh => {
            let square = arena.mul(value, value);
            let slope =
                if op == UnaryOp::Tan { arena.add(one, square) } else { arena.sub(one, square) };
            arena.mul(slope, d)
        }
    }
}

fn binary_derivative(
    arena: &mut ExprArena,
    op: BinaryOp,
    [lhs, rhs]: [ExprId; 2],
    value: ExprId,
    [dl, dr]: [ExprId; 2],
) -> ExprId {
    match op {
        BinaryOp::Add => arena.add(dl, dr),
        BinaryOp::Sub => arena.sub(dl, dr),
        BinaryOp::Mul => {
            let left = arena.mul(dl, rhs);
            let right = arena.mul(lhs, dr);
            arena.add(left, right)
        }
        // (l / r)' = (l' - (l / r) r') / r
        BinaryOp::Div => {
            let carried = arena.mul(value, dr);
            let difference = arena.sub(dl, carried);
            arena.div(difference, rhs)
        }
        // The left operand is the one that is taken where both are equal.
        BinaryOp::Min => arena.select(Compare::Lt, [rhs, lhs], [dr, dl]),
        BinaryOp::Max => arena.select(Compare::Lt, [lhs, rhs], [dr, dl]),
        // (l^r)' = r l^(r-1) l' + l^r ln(l) r'
        BinaryOp::Pow => {
            let one = arena.constant(1.0);
            let less = arena.sub(rhs, one);
            let power = arena.binary(BinaryOp::Pow, lhs, less);
            let slope = arena.mul(rhs, power);
            let base_part = arena.mul(slope, dl);
            if arena.literal(dr) == Some(0.0) {
                return base_part;
            }
            let ln = arena.unary(UnaryOp::Ln, lhs);
            let growth = arena.mul(value, ln);
            let exponent_part = arena.mul(growth, dr);
            arena.add(base_part, exponent_part)
        }
    }
}
