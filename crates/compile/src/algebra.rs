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
    let one = arena.constant(1.0);
    directional(arena, root, |_, id| (id == leaf).then_some(one))
}

/// The derivative of `root` along a direction, given by its component for each leaf that moves.
///
/// Piecewise functions and cost as for [`derivative`].
pub(crate) fn directional(
    arena: &mut ExprArena,
    root: ExprId,
    mut direction: impl FnMut(&mut ExprArena, ExprId) -> Option<ExprId>,
) -> ExprId {
    let nodes = arena.reachable(&[root]);
    let zero = arena.constant(0.0);
    let mut tangent = std::collections::HashMap::with_capacity(nodes.len());
    for id in nodes {
        let moves = direction(arena, id);
        let d = moves.unwrap_or_else(|| node_derivative(arena, id, &tangent, zero));
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
        UnaryOp::Round => d,
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

#[cfg(test)]
mod tests {
    use super::*;
    use retrograd_ir::interpret::{DenseMemory, Dual, Subnormals, run_step};
    use retrograd_ir::{
        DOMAIN, DType, Direction, Predicate, Statement, StatementKind, Stencil, Step, Target,
        WriteMode, verify,
    };

    type Expression = fn(&mut ExprArena, [ExprId; 3]) -> ExprId;

    /// The value of `f(p, q, r)` with its derivative along `p` by dual numbers, and the value of
    /// the derivative that is written as an expression.
    fn both(f: Expression, [p, q, r]: [f64; 3]) -> (Dual, f64) {
        let mut stencil = Stencil::new("test", DType::F64, &["x"]);
        let arguments = ["p", "q", "r"].map(|name| {
            let id = stencil.param(name);
            stencil.exprs.param_value(id)
        });
        let value = f(&mut stencil.exprs, arguments);
        let slope = derivative(&mut stencil.exprs, value, arguments[0]);
        let targets = ["value", "slope"].map(|n| Target { field: stencil.add_static(n), time: 0 });
        let update = |(target, value)| Statement {
            when: Predicate::Always,
            kind: StatementKind::Update { target, region: DOMAIN, mode: WriteMode::Assign, value },
        };
        let statements = targets.into_iter().zip([value, slope]).map(update).collect();
        let direction = Direction::Forward;
        stencil.steps.push(Step { name: "forward".into(), direction, statements });
        let program = verify(stencil).expect("should be well formed");
        let mut memory = DenseMemory::<Dual>::new(&program, &[1], &[], 1);
        let fixed = |value| Dual { value, tangent: 0.0 };
        let numbers = [Dual { value: p, tangent: 1.0 }, fixed(q), fixed(r)];
        for (id, number) in numbers.into_iter().enumerate() {
            memory.set_param(ParamId(id as u32), number);
        }
        run_step(&program, 0, 0, &mut memory, Subnormals::Keep);
        (memory.array(targets[0])[0], memory.array(targets[1])[0].value)
    }

    /// Against dual numbers, to rounding, and against the central difference quotient of the dual
    /// numbers' values: of step 1e-5, it errs by `1e-10 / 6` times a third derivative below 1e3
    /// here, and by rounding, 1e-16 / 1e-5.
    #[track_caller]
    fn check(f: Expression, at: [f64; 3]) {
        let (dual, slope) = both(f, at);
        // A dozen operations of either.
        let rounding = 24.0 * f64::EPSILON * dual.tangent.abs();
        assert!((dual.tangent - slope).abs() <= rounding, "{} {slope}", dual.tangent);
        let h = 1e-5;
        let shifted = |h: f64| both(f, [at[0] + h, at[1], at[2]]).0.value;
        let quotient = (shifted(h) - shifted(-h)) / (2.0 * h);
        assert!((quotient - slope).abs() <= 1e-7, "{quotient} {slope}");
    }

    #[test]
    fn every_function_of_one_argument_has_its_derivative() {
        for x in [-1.3, -0.4, 0.2, 1.1] {
            check(|e, [p, ..]| e.unary(UnaryOp::Neg, p), [x, 0.0, 0.0]);
            check(|e, [p, ..]| e.unary(UnaryOp::Abs, p), [x, 0.0, 0.0]);
            check(|e, [p, ..]| e.unary(UnaryOp::Exp, p), [x, 0.0, 0.0]);
            check(|e, [p, ..]| e.unary(UnaryOp::Sin, p), [x, 0.0, 0.0]);
            check(|e, [p, ..]| e.unary(UnaryOp::Cos, p), [x, 0.0, 0.0]);
            check(|e, [p, ..]| e.unary(UnaryOp::Tan, p), [x, 0.0, 0.0]);
            check(|e, [p, ..]| e.unary(UnaryOp::Tanh, p), [x, 0.0, 0.0]);
        }
        for x in [0.3, 1.7] {
            check(|e, [p, ..]| e.unary(UnaryOp::Sqrt, p), [x, 0.0, 0.0]);
            check(|e, [p, ..]| e.unary(UnaryOp::Ln, p), [x, 0.0, 0.0]);
        }
    }

    #[test]
    fn every_operation_on_two_arguments_has_its_derivative_by_either() {
        let operations: [Expression; 14] = [
            |e, [p, q, _]| e.add(p, q),
            |e, [p, q, _]| e.sub(p, q),
            |e, [p, q, _]| e.sub(q, p),
            |e, [p, q, _]| e.mul(p, q),
            |e, [p, q, _]| e.div(p, q),
            |e, [p, q, _]| e.div(q, p),
            |e, [p, q, _]| e.binary(BinaryOp::Min, p, q),
            |e, [p, q, _]| e.binary(BinaryOp::Min, q, p),
            |e, [p, q, _]| e.binary(BinaryOp::Max, p, q),
            |e, [p, q, _]| e.binary(BinaryOp::Max, q, p),
            |e, [p, q, _]| e.binary(BinaryOp::Pow, p, q),
            |e, [p, q, _]| e.binary(BinaryOp::Pow, q, p),
            |e, [p, ..]| e.binary(BinaryOp::Pow, p, p),
            |e, [p, ..]| e.mul(p, p),
        ];
        for (p, q) in [(0.7, 1.9), (2.3, 0.4)] {
            for op in operations {
                check(op, [p, q, 0.0]);
            }
        }
    }

    #[test]
    fn fused_products_and_choices_have_their_derivatives() {
        for (p, q) in [(0.7, 1.9), (2.3, 0.4)] {
            check(|e, [a, b, c]| e.intern(Expr::MulAdd { a, b, c }), [p, q, 0.3]);
            check(|e, [c, a, b]| e.intern(Expr::MulAdd { a, b, c }), [p, q, 0.3]);
            check(|e, [a, b, _]| e.intern(Expr::MulAdd { a, b: a, c: b }), [p, q, 0.3]);
            let choices: [Expression; 2] = [
                |e, [p, q, r]| {
                    let square = e.mul(p, p);
                    e.select(Compare::Lt, [p, q], [square, r])
                },
                |e, [p, q, r]| {
                    let square = e.mul(p, p);
                    e.select(Compare::Le, [q, p], [r, square])
                },
            ];
            for choose in choices {
                check(choose, [p, q, 0.3]);
            }
        }
    }

    /// Chains: the derivative of an inner function goes through the outer one.
    #[test]
    fn compositions_follow_the_chain_rule() {
        let outer = |e: &mut ExprArena, [p, q, r]: [ExprId; 3]| {
            let product = e.mul(p, q);
            let sine = e.unary(UnaryOp::Sin, product);
            let sum = e.add(sine, r);
            let root = e.unary(UnaryOp::Sqrt, sum);
            e.div(root, p)
        };
        check(outer, [0.7, 1.9, 2.5]);
    }

    /// Where both operands are equal, the left one is taken, like its value; `abs` is flat at 0.
    #[test]
    fn ties_follow_the_branch_of_the_value() {
        let tie = [1.5, 1.5, 0.0];
        for (f, expected) in [
            ((|e, [p, q, _]| e.binary(BinaryOp::Min, p, q)) as Expression, 1.0),
            (|e, [p, q, _]| e.binary(BinaryOp::Min, q, p), 0.0),
            (|e, [p, q, _]| e.binary(BinaryOp::Max, p, q), 1.0),
            (|e, [p, q, _]| e.binary(BinaryOp::Max, q, p), 0.0),
        ] {
            let (dual, found) = both(f, tie);
            assert_eq!((dual.tangent, found), (expected, expected));
        }
        let (dual, found) = both(|e, [p, ..]| e.unary(UnaryOp::Abs, p), [0.0; 3]);
        assert_eq!((dual.tangent, found), (0.0, 0.0));
    }

    #[test]
    fn constructors_fold_numbers_and_drop_neutral_elements() {
        let mut e = ExprArena::default();
        let x = e.param_value(ParamId(0));
        let [zero, one, minus, two] = [0.0, 1.0, -1.0, 2.0].map(|v| e.constant(v));
        let negative = e.neg(x);
        assert_eq!(e.neg(negative), x);
        for (found, expected) in [
            (e.add(zero, x), x),
            (e.add(x, zero), x),
            (e.sub(x, zero), x),
            (e.sub(zero, x), negative),
            (e.mul(one, x), x),
            (e.mul(x, zero), zero),
            (e.mul(minus, x), negative),
            (e.div(x, one), x),
            (e.div(x, minus), negative),
            (e.div(zero, x), zero),
            (e.add(one, one), two),
            (e.sub(one, two), minus),
            (e.div(two, two), one),
        ] {
            assert_eq!(found, expected);
        }
        let (sum, difference) = (e.add(two, negative), e.sub(two, x));
        assert_eq!(sum, difference);
        let (sum, difference) = (e.sub(two, negative), e.add(two, x));
        assert_eq!(sum, difference);
        assert_eq!(e.select(Compare::Lt, [x, one], [two, two]), two);
    }
}
