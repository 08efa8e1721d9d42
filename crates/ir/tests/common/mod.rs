//! Random stencils, built from a list of random choices.

use retrograd_ir::{
    BinaryOp, Bound, Closure, Compare, DType, DimSet, Direction, Edge, Ends, Expr, ExprId, Field,
    FieldId, Interpolation, Levels, Literal, MemorySpace, Offset, Param, ParamId, Predicate,
    ReduceOp, Region, RegionId, Scalar, ScalarId, Side, Sparse, SparseId, Statement, StatementKind,
    Stencil, Step, Target, UnaryOp, Width, WidthId, WriteMode,
};

/// Random decisions; when the list is used up it starts again.
pub(crate) struct Choices {
    list: Vec<u32>,
    at: usize,
}

impl Choices {
    pub(crate) fn new(list: Vec<u32>) -> Self {
        Self { list, at: 0 }
    }

    /// A number below `n`.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        let position = self.at;
        self.at += 1;
        let mixed = self.list[position % self.list.len()]
            .wrapping_add((position / self.list.len()) as u32)
            .wrapping_mul(2_654_435_761);
        (mixed >> 7) as usize % n
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }

    fn bits(&mut self) -> u64 {
        (0..4).fold(0, |bits, _| bits << 16 | self.below(1 << 16) as u64)
    }
}

/// A stencil whose ids are in range and whose names are legal; it may break other rules.
pub(crate) fn stencil(choices: &mut Choices) -> Stencil {
    let dims = &["x", "z", "channel", "y"][..=choices.below(4)];
    let dtype = choices.pick(&[DType::F32, DType::F64]);
    let mut stencil = Stencil::new("random", dtype, dims);
    stencil.params = ["dt", "h_x", "e2"].map(|n| Param { name: n.into() }).into();
    stencil.widths = ["w", "v"].map(|n| Width { name: n.into() }).into();
    stencil.scalars = ["residual", "peak"].map(|n| Scalar { name: n.into() }).into();
    for name in ["inner", "shell"] {
        let bounds = (0..dims.len()).map(|_| [bound(choices), bound(choices)]).collect();
        stencil.regions.push(Region { name: name.into(), bounds });
    }
    for (k, name) in ["u", "levels", "e1", "q", "damp"].into_iter().enumerate() {
        let field = field(choices, name, dims.len(), k);
        stencil.add_field(field);
    }
    for name in ["src", "rec"] {
        let interpolation = match choices.below(2) {
            0 => Interpolation::Linear,
            _ => Interpolation::Sinc { radius: 1 + choices.below(10) as u8 },
        };
        let dtype = choices.pick(&[DType::F32, DType::F64]);
        stencil.sparse.push(Sparse { name: name.into(), dtype, interpolation });
    }
    let count = 1 + choices.below(120);
    let mut ids: Vec<ExprId> = Vec::new();
    for _ in 0..count {
        let expr = expr(choices, &ids, dims.len());
        ids.push(stencil.exprs.intern(expr));
    }
    for name in ["forward", "back"] {
        let direction = choices.pick(&[Direction::Forward, Direction::Reverse]);
        let statements = (0..choices.below(6)).map(|_| statement(choices, &ids)).collect();
        stencil.steps.push(Step { name: name.into(), direction, statements });
    }
    stencil
}

fn bound(choices: &mut Choices) -> Bound {
    Bound {
        side: choices.pick(&[Side::Low, Side::High]),
        cells: choices.pick(&[0, 0, 1, 255]),
        width: choices.pick(&[None, Some(WidthId(0)), Some(WidthId(1))]),
    }
}

fn field(choices: &mut Choices, name: &str, dims: usize, number: usize) -> Field {
    let along = DimSet(choices.below(1 << dims) as u8);
    Field {
        name: name.into(),
        dims: along,
        staggered: DimSet(along.0 & choices.below(1 << dims) as u8),
        dtype: choices.pick(&[DType::F32, DType::F64]),
        levels: match number {
            0 => Levels::Time(2 + choices.below(4) as u8),
            1 | 2 => Levels::Static,
            _ => choices.pick(&[Levels::Tape, Levels::Static, Levels::Time(128)]),
        },
        space: choices.pick(&[MemorySpace::Host, MemorySpace::Device]),
        zero_in: choices.pick(&[None, Some(RegionId(0)), Some(RegionId(2))]),
    }
}

fn expr(choices: &mut Choices, ids: &[ExprId], dims: usize) -> Expr {
    let kind = if ids.is_empty() { choices.below(5) } else { choices.below(13) };
    // Mostly recent operands: deep expressions.
    let operand = |choices: &mut Choices| {
        let recent = ids.len().min(1 + choices.below(8));
        ids[ids.len() - 1 - choices.below(recent)]
    };
    match kind {
        0 => Expr::Const(literal(choices)),
        1 => Expr::Param(ParamId(choices.below(3) as u32)),
        2 => Expr::Scalar(ScalarId(choices.below(2) as u32)),
        3 => Expr::Series {
            sparse: SparseId(choices.below(2) as u32),
            time: choices.pick(&[0, 1, -1, -128, 127]),
        },
        4 => load(choices, dims),
        5 | 6 => Expr::Unary {
            op: choices.pick(&[
                UnaryOp::Neg,
                UnaryOp::Neg,
                UnaryOp::Abs,
                UnaryOp::Sqrt,
                UnaryOp::Exp,
                UnaryOp::Ln,
                UnaryOp::Sin,
                UnaryOp::Cos,
                UnaryOp::Tan,
                UnaryOp::Tanh,
            ]),
            arg: operand(choices),
        },
        7 => Expr::MulAdd { a: operand(choices), b: operand(choices), c: operand(choices) },
        8 => Expr::Select {
            cmp: choices.pick(&[Compare::Lt, Compare::Le, Compare::Eq, Compare::Ne]),
            lhs: operand(choices),
            rhs: operand(choices),
            then: operand(choices),
            otherwise: operand(choices),
        },
        _ => Expr::Binary {
            op: choices.pick(&[
                BinaryOp::Add,
                BinaryOp::Sub,
                BinaryOp::Mul,
                BinaryOp::Div,
                BinaryOp::Min,
                BinaryOp::Max,
                BinaryOp::Pow,
            ]),
            lhs: operand(choices),
            rhs: operand(choices),
        },
    }
}

fn literal(choices: &mut Choices) -> Literal {
    let special = [0.0, -0.0, 1.0, -2.0, 0.1, f64::INFINITY, f64::NEG_INFINITY, f64::NAN, 1e300];
    Literal::new(match choices.below(3) {
        0 => f64::from_bits(choices.bits()),
        1 => -choices.pick(&special),
        _ => choices.pick(&special),
    })
}

fn load(choices: &mut Choices, dims: usize) -> Expr {
    let (mut offset, mut closure) = (Offset::ZERO, Closure::ZERO);
    for d in 0..dims {
        offset.0[d] = choices.pick(&[0, 0, 1, -1, 4, -128, 127]);
        let edges = [Edge::Zero, Edge::Zero, Edge::Clamp, Edge::Even, Edge::Odd, Edge::Periodic];
        let [half, folded] = [choices.pick(&[false, true]), choices.pick(&[false, true])];
        closure.0[d] = Ends { edges: [choices.pick(&edges), choices.pick(&edges)], half, folded };
    }
    let time = choices.pick(&[0, 0, 1, -1, -128, 127]);
    Expr::Load { field: FieldId(choices.below(5) as u32), time, offset, closure }
}

fn statement(choices: &mut Choices, ids: &[ExprId]) -> Statement {
    let value = ids[choices.below(ids.len())];
    let when = match choices.below(4) {
        0 => Predicate::Every { period: choices.below(5) as u32, phase: choices.below(3) as u32 },
        1 => Predicate::While {
            scalar: ScalarId(choices.below(2) as u32),
            above: ids[choices.below(ids.len())],
        },
        _ => Predicate::Always,
    };
    let target =
        Target { field: FieldId(choices.below(5) as u32), time: choices.pick(&[0, 1, -1]) };
    let region = RegionId(choices.below(3) as u32);
    let sparse = SparseId(choices.below(2) as u32);
    let kind = match choices.below(5) {
        0 => StatementKind::Inject { target, sparse, value },
        1 => StatementKind::Interpolate { sparse, time: choices.pick(&[0, 1, -1]), value },
        2 => StatementKind::Reduce {
            scalar: ScalarId(choices.below(2) as u32),
            op: choices.pick(&[ReduceOp::Sum, ReduceOp::Min, ReduceOp::Max]),
            region,
            value,
        },
        _ => {
            let mode = choices.pick(&[WriteMode::Assign, WriteMode::Add]);
            StatementKind::Update { target, region, mode, value }
        }
    };
    Statement { when, kind }
}
