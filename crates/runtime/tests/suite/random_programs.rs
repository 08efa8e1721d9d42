//! Random stencil programs, as far as the C back end goes.

use retrograd_ir::{
    BinaryOp, Bound, Closure, Compare, DOMAIN, DType, DimSet, Direction, Edge, Ends, Expr, ExprId,
    Field, FieldId, Interpolation, Levels, Literal, MemorySpace, Offset, Predicate, ReduceOp,
    Region, RegionId, Scalar, ScalarId, Side, Sparse, SparseId, Statement, StatementKind, Stencil,
    Step, Target, UnaryOp, Width, WidthId, WriteMode,
};

use crate::common::Noise;

/// Grid points of every layer.
pub(crate) const LAYER: usize = 2;

/// Builds one program.
struct Generator<'n> {
    noise: &'n mut Noise,
    stencil: Stencil,
    /// Time functions, and whether their new level has been computed.
    states: Vec<(FieldId, bool)>,
    /// Static functions of all dimensions, profiles among them.
    parameters: Vec<FieldId>,
    accumulator: FieldId,
    tape: FieldId,
    low_inner_high: [RegionId; 3],
    sides: Sides,
    /// How reads of all parameters are closed, in every second program.
    of_parameters: Option<Closure>,
    /// Whether the scalar has been computed in the step.
    reduced: bool,
    /// Whether there are reductions, in every fourth program.
    watched: bool,
}

/// What reads yield outside the grid.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Sides {
    /// Zero.
    Zero,
    /// Anything; periodic along these dimensions alone.
    Closed(DimSet),
}

impl Sides {
    /// The fewest points with which no image falls outside again: of folded mirrors of staggered
    /// samples three points away.
    pub(crate) const LEAST: usize = 8;

    pub(crate) fn random(noise: &mut Noise, dims: usize) -> Self {
        let periodic = (0..dims).filter(|_| noise.rarely(3));
        Self::Closed(periodic.fold(DimSet::NONE, DimSet::with))
    }
}

/// A program over `dims` dimensions: one to three time functions of two to four levels, updated
/// as a whole or in three regions, with profiles, a function that is zero inside, an accumulator,
/// a tape, two sources and receivers, and reductions.
pub(crate) fn random_program(
    noise: &mut Noise,
    dims: usize,
    dtype: DType,
    sides: Sides,
) -> Stencil {
    let mut stencil = Stencil::new("random", dtype, &["x", "y", "z"][..dims]);
    stencil.param("a");
    stencil.widths.push(Width { name: "w".into() });
    stencil.scalars.push(Scalar { name: "s".into() });
    let low_inner_high = add_regions(&mut stencil, noise.below(dims));
    let inner = add_inner(&mut stencil);
    let parameter = stencil.add_static("p");
    let layer = stencil.add_static("layer");
    stencil.fields[layer.0 as usize].zero_in = Some(inner);
    let profile = stencil.add_static("profile");
    stencil.fields[profile.0 as usize].dims = DimSet::NONE.with(noise.below(dims));
    let accumulator = stencil.add_static("total");
    let tape = stencil.add_static("q");
    stencil.fields[tape.0 as usize].levels = Levels::Tape;
    let mut states = Vec::new();
    for number in 0..=noise.below(3) {
        let staggered = DimSet((noise.below(1 << dims)) as u8);
        let staggered = if noise.rarely(2) { staggered } else { DimSet::NONE };
        states.push((
            stencil.add_field(Field {
                name: format!("u{number}"),
                dims: DimSet::first(dims),
                staggered,
                dtype,
                levels: Levels::Time(2 + noise.below(3) as u8),
                space: MemorySpace::Host,
                zero_in: None,
            }),
            false,
        ));
    }
    for (name, interpolation) in [
        ("src", Interpolation::Linear),
        ("src2", Interpolation::Sinc { radius: 3 }),
        ("rec", noise.pick(&[Interpolation::Linear, Interpolation::Sinc { radius: 2 }])),
    ] {
        stencil.sparse.push(Sparse { name: name.into(), dtype, interpolation });
    }
    let parameters = vec![parameter, layer, profile];
    let mut generator = Generator {
        noise,
        stencil,
        states,
        parameters,
        accumulator,
        tape,
        low_inner_high,
        sides,
        of_parameters: None,
        reduced: false,
        watched: false,
    };
    generator.watched = generator.noise.rarely(4);
    if generator.noise.rarely(2) {
        let mut closure = Closure::ZERO;
        for d in 0..dims {
            closure.0[d] = Ends { folded: false, ..generator.ends(d) };
        }
        generator.of_parameters = Some(closure);
    }
    let statements = generator.statements();
    let step = Step { name: "forward".into(), direction: Direction::Forward, statements };
    generator.stencil.steps.push(step);
    generator.stencil
}

/// Adds the memory of a layer along one dimension: a time function that is zero between the layers,
/// and what every state takes from it.
pub(crate) fn with_layer_memory(mut stencil: Stencil, noise: &mut Noise) -> Stencil {
    let [_, inner, _] = ["low", "inner", "high"].map(|name| {
        let at = stencil.regions.iter().position(|r| r.name == name);
        RegionId(at.expect("every random program has three regions") as u32)
    });
    let states: Vec<FieldId> = stencil.steps[0].advances();
    let memory = stencil.add_field(Field {
        name: "memory".into(),
        dims: DimSet::first(stencil.dims.len()),
        staggered: DimSet::NONE,
        dtype: stencil.dtype,
        levels: Levels::Time(2),
        space: MemorySpace::Host,
        zero_in: Some(inner),
    });
    let mut generator = Generator {
        noise,
        stencil,
        states: Vec::new(),
        parameters: Vec::new(),
        accumulator: memory,
        tape: memory,
        low_inner_high: [inner; 3],
        sides: Sides::Zero,
        of_parameters: None,
        reduced: false,
        watched: false,
    };
    let mut update = |field, mode, terms: &[(f64, Target)]| {
        let terms = terms.iter().map(|&(factor, target)| {
            let (factor, value) = (generator.constant(factor), generator.load(target));
            generator.binary(BinaryOp::Mul, factor, value)
        });
        let terms: Vec<ExprId> = terms.collect();
        let sum = terms.into_iter().reduce(|a, b| generator.binary(BinaryOp::Add, a, b));
        let value = sum.expect("there should be a term");
        let target = Target { field, time: 1 };
        let kind = StatementKind::Update { target, region: DOMAIN, mode, value };
        generator.stencil.steps[0].statements.push(always(kind));
    };
    let at = |field, time| Target { field, time };
    update(memory, WriteMode::Assign, &[(0.5, at(memory, 0)), (0.25, at(states[0], 0))]);
    for state in states {
        update(state, WriteMode::Add, &[(0.125, at(memory, 1)), (-0.25, at(memory, 0))]);
    }
    generator.stencil
}

fn inset(side: Side) -> Bound {
    Bound { side, cells: 0, width: Some(WidthId(0)) }
}

/// Three boxes that cover the grid, along one dimension.
fn add_regions(stencil: &mut Stencil, dim: usize) -> [RegionId; 3] {
    let (low, high) = (inset(Side::Low), inset(Side::High));
    let ends = [Bound::end(Side::Low), Bound::end(Side::High)];
    let boxes = [("low", [ends[0], low]), ("inner", [low, high]), ("high", [high, ends[1]])];
    boxes.map(|(name, bounds)| {
        let mut all = vec![ends; stencil.dims.len()];
        all[dim] = bounds;
        stencil.regions.push(Region { name: name.into(), bounds: all });
        RegionId(stencil.regions.len() as u32 - 1)
    })
}

/// The grid without layers on any side.
fn add_inner(stencil: &mut Stencil) -> RegionId {
    let bounds = vec![[inset(Side::Low), inset(Side::High)]; stencil.dims.len()];
    stencil.regions.push(Region { name: "inside".into(), bounds });
    RegionId(stencil.regions.len() as u32 - 1)
}

impl Generator<'_> {
    fn statements(&mut self) -> Vec<Statement> {
        let mut all = Vec::new();
        for at in 0..self.states.len() {
            let target = Target { field: self.states[at].0, time: 1 };
            let mode = WriteMode::Assign;
            if self.noise.rarely(3) {
                for region in self.low_inner_high {
                    let value = self.bounded();
                    all.push(always(StatementKind::Update { target, region, mode, value }));
                }
            } else {
                let value = self.bounded();
                all.push(always(StatementKind::Update { target, region: DOMAIN, mode, value }));
            }
            self.states[at].1 = true;
            for sparse in [SparseId(0), SparseId(1)] {
                if self.noise.rarely(2) {
                    let value = self.injected(sparse, target);
                    let when = self.sometimes();
                    let kind = StatementKind::Inject { target, sparse, value };
                    all.push(Statement { when, kind });
                }
            }
            if self.noise.rarely(2) {
                all.push(self.accumulation());
            }
            if self.watched && self.noise.rarely(2) {
                all.push(self.reduction());
            }
        }
        let tape = Target { field: self.tape, time: 0 };
        let value = self.expression(2, None);
        let value = self.sometimes_local(value, None);
        let mode = WriteMode::Assign;
        all.push(always(StatementKind::Update { target: tape, region: DOMAIN, mode, value }));
        let value = self.at_points(None);
        let (sparse, time) = (SparseId(2), self.noise.pick(&[0, 1]));
        let kind = StatementKind::Interpolate { sparse, time, value };
        all.push(Statement { when: self.sometimes(), kind });
        all
    }

    fn accumulation(&mut self) -> Statement {
        let target = Target { field: self.accumulator, time: 0 };
        let value = self.expression(2, Some(target));
        let value = self.sometimes_local(value, Some(target));
        let when = self.sometimes();
        let region = self.noise.pick(&[DOMAIN, self.low_inner_high[1]]);
        let kind = StatementKind::Update { target, region, mode: WriteMode::Add, value };
        Statement { when, kind }
    }

    fn reduction(&mut self) -> Statement {
        let value = self.expression(2, None);
        let op = self.noise.pick(&[ReduceOp::Sum, ReduceOp::Min, ReduceOp::Max]);
        let region = self.noise.pick(&[DOMAIN, self.low_inner_high[1]]);
        let when = self.sometimes();
        self.reduced = true;
        let kind = StatementKind::Reduce { scalar: ScalarId(0), op, region, value };
        Statement { when, kind }
    }

    fn sometimes(&mut self) -> Predicate {
        if self.watched && self.noise.rarely(3) {
            // Infinite in the first step.
            Predicate::While { scalar: ScalarId(0), above: self.constant(0.25) }
        } else if self.noise.rarely(3) {
            Predicate::Every { period: 3, phase: self.noise.below(3) as u32 }
        } else {
            Predicate::Always
        }
    }

    fn node(&mut self, expr: Expr) -> ExprId {
        self.stencil.exprs.intern(expr)
    }

    fn constant(&mut self, value: f64) -> ExprId {
        self.node(Expr::Const(Literal::new(value)))
    }

    fn binary(&mut self, op: BinaryOp, lhs: ExprId, rhs: ExprId) -> ExprId {
        self.node(Expr::Binary { op, lhs, rhs })
    }

    fn unary(&mut self, op: UnaryOp, arg: ExprId) -> ExprId {
        self.node(Expr::Unary { op, arg })
    }

    /// A value in -4..4, so that runs stay finite.
    fn bounded(&mut self) -> ExprId {
        let value = self.expression(4, None);
        let value = self.sometimes_local(value, None);
        let (low, high) = (self.constant(-4.0), self.constant(4.0));
        let above = self.binary(BinaryOp::Max, value, low);
        self.binary(BinaryOp::Min, above, high)
    }

    /// Half of the time `state + value * another state`, which is zero where states are.
    fn sometimes_local(&mut self, value: ExprId, without: Option<Target>) -> ExprId {
        if self.noise.rarely(2) {
            return value;
        }
        let (first, second) = (self.state(without), self.state(without));
        let product = self.binary(BinaryOp::Mul, value, second);
        self.binary(BinaryOp::Add, first, product)
    }

    /// `series * value at the point`.
    fn injected(&mut self, sparse: SparseId, target: Target) -> ExprId {
        let time = self.noise.pick(&[-1, 0, 0, 1]);
        let series = self.node(Expr::Series { sparse, time });
        let factor = self.at_points(Some(target));
        self.binary(BinaryOp::Mul, series, factor)
    }

    /// An expression of functions of all dimensions; injections into `target` leave that alone.
    fn at_points(&mut self, target: Option<Target>) -> ExprId {
        let profile = self.parameters.pop();
        let value = self.expression(2, target);
        self.parameters.extend(profile);
        value
    }

    fn expression(&mut self, depth: usize, without: Option<Target>) -> ExprId {
        if depth == 0 || self.noise.rarely(8) {
            return self.leaf(without);
        }
        let a = self.expression(depth - 1, without);
        let b = self.expression(depth - 1, without);
        match self.noise.below(16) {
            0..=2 => self.binary(BinaryOp::Add, a, b),
            3 | 4 => self.binary(BinaryOp::Sub, a, b),
            5 | 6 => self.binary(BinaryOp::Mul, a, b),
            7 => {
                let size = self.unary(UnaryOp::Abs, b);
                let two = self.constant(2.0);
                let divisor = self.binary(BinaryOp::Add, two, size);
                self.binary(BinaryOp::Div, a, divisor)
            }
            8 => self.binary(BinaryOp::Min, a, b),
            9 => self.binary(BinaryOp::Max, a, b),
            10 => {
                let size = self.unary(UnaryOp::Abs, a);
                self.unary(UnaryOp::Sqrt, size)
            }
            11 => self.unary(UnaryOp::Neg, a),
            12 => self.elementary(a, b),
            13 if fused_multiply_add() => {
                let c = self.leaf(without);
                self.node(Expr::MulAdd { a, b, c })
            }
            _ => {
                let cmp = self.noise.pick(&[Compare::Lt, Compare::Le, Compare::Eq, Compare::Ne]);
                let (then, otherwise) = (self.leaf(without), self.leaf(without));
                self.node(Expr::Select { cmp, lhs: a, rhs: b, then, otherwise })
            }
        }
    }

    /// An elementary function where it is finite.
    fn elementary(&mut self, a: ExprId, b: ExprId) -> ExprId {
        let ops = [UnaryOp::Exp, UnaryOp::Ln, UnaryOp::Sin, UnaryOp::Cos, UnaryOp::Tan];
        match self.noise.below(7) {
            k @ 0..=4 => {
                let (low, high) = (self.constant(0.03125), self.constant(8.0));
                let above = self.binary(BinaryOp::Max, a, low);
                let within = self.binary(BinaryOp::Min, above, high);
                self.unary(ops[k], within)
            }
            5 => self.unary(UnaryOp::Tanh, a),
            _ => {
                let size = self.unary(UnaryOp::Abs, a);
                let half = self.constant(0.5);
                let base = self.binary(BinaryOp::Add, size, half);
                let exponent = self.unary(UnaryOp::Tanh, b);
                self.binary(BinaryOp::Pow, base, exponent)
            }
        }
    }

    fn leaf(&mut self, without: Option<Target>) -> ExprId {
        match self.noise.below(12) {
            0 => {
                let value = (self.noise.next() * 64.0).round() / 32.0;
                self.constant(value)
            }
            1 if self.reduced => {
                let scalar = self.node(Expr::Scalar(ScalarId(0)));
                self.unary(UnaryOp::Tanh, scalar)
            }
            1 => {
                let id = self.stencil.param("a");
                self.node(Expr::Param(id))
            }
            2 => {
                let time = self.noise.pick(&[-1, -2, 1]);
                self.load(Target { field: self.tape, time })
            }
            3..=5 => {
                let field = self.parameters[self.noise.below(self.parameters.len())];
                self.load(Target { field, time: 0 })
            }
            _ => self.state(without),
        }
    }

    /// A read of a time function.
    fn state(&mut self, without: Option<Target>) -> ExprId {
        let (field, computed) = self.states[self.noise.below(self.states.len())];
        let Levels::Time(levels) = self.stencil.field(field).levels else {
            unreachable!("states should be time functions")
        };
        let newest = usize::from(computed && without != Some(Target { field, time: 1 }));
        let held = usize::from(levels) - 1;
        let time = newest as i8 - self.noise.below(held + newest) as i8;
        self.load(Target { field, time })
    }

    fn load(&mut self, target: Target) -> ExprId {
        let (mut offset, mut closure) = (Offset::ZERO, Closure::ZERO);
        let dims = self.stencil.field(target.field).dims;
        for d in (0..self.stencil.dims.len()).filter(|&d| dims.contains(d)) {
            if self.noise.rarely(2) {
                offset.0[d] = self.noise.below(7) as i8 - 3;
                let agreed = self.of_parameters.filter(|_| self.parameters.contains(&target.field));
                closure.0[d] = agreed.map_or_else(|| self.ends(d), |closure| closure.0[d]);
            }
        }
        let Target { field, time } = target;
        self.node(Expr::Load { field, time, offset, closure })
    }

    fn ends(&mut self, dim: usize) -> Ends {
        let Sides::Closed(periodic) = self.sides else { return Ends::ZERO };
        if periodic.contains(dim) && self.noise.rarely(2) {
            return Ends::new([Edge::Periodic; 2]);
        }
        let edges = [Edge::Zero, Edge::Clamp, Edge::Even, Edge::Odd];
        let edges = [self.noise.pick(&edges), self.noise.pick(&edges)];
        Ends { edges, half: self.noise.rarely(2), folded: self.noise.rarely(2) }
    }
}

fn always(kind: StatementKind) -> Statement {
    Statement { when: Predicate::Always, kind }
}

/// Elsewhere the operation is a call into the mathematics library.
fn fused_multiply_add() -> bool {
    #[cfg(target_arch = "x86_64")]
    return std::arch::is_x86_feature_detected!("fma");
    #[cfg(not(target_arch = "x86_64"))]
    return cfg!(target_arch = "aarch64");
}
