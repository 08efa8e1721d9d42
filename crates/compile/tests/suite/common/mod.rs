//! Whole forward and reverse runs through the interpreter.

pub(crate) mod fixtures;
pub(crate) mod parts;
pub(crate) mod systems;

use std::cell::Cell;

use retrograd_compile::Adjoint;
use retrograd_compile::adjoint::{FINISH, FORWARD, RECORD, REVERSE, REVERSE_SEEDED, initial_step};
use retrograd_ir::interpret::{DenseMemory, Dual, Number, Subnormals, run_step};
use retrograd_ir::{
    BinaryOp, DType, Direction, Expr, FieldId, Levels, Literal, ParamId, SparseId, StatementKind,
    Stencil, Target, Verified, verify,
};

/// Grid points of every layer.
const LAYER: usize = 3;

/// Numbers in -1..1 from a 64-bit counter (`SplitMix64`), the same on every machine.
pub(crate) struct Noise(Cell<u64>);

impl Noise {
    pub(crate) fn new(seed: u64) -> Self {
        Self(Cell::new(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15)))
    }

    pub(crate) fn next(&self) -> f64 {
        let s = self.0.get().wrapping_add(0x9e37_79b9_7f4a_7c15);
        self.0.set(s);
        let mut z = (s ^ s >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ z >> 31) >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    }

    pub(crate) fn vector(&self, n: usize) -> Vec<f64> {
        (0..n).map(|_| self.next()).collect()
    }
}

/// Time levels, samples and parameter functions, as one long vector.
#[derive(Clone, Debug)]
pub(crate) struct Vectors {
    pub(crate) levels: Vec<Vec<f64>>,
    pub(crate) series: Vec<Vec<f64>>,
    pub(crate) parameters: Vec<Vec<f64>>,
}

impl Vectors {
    fn all(&self) -> impl Iterator<Item = &f64> {
        self.levels.iter().chain(&self.series).chain(&self.parameters).flatten()
    }

    pub(crate) fn dot(&self, other: &Self) -> f64 {
        self.all().zip(other.all()).map(|(a, b)| a * b).sum()
    }

    pub(crate) fn norm(&self) -> f64 {
        self.dot(self).sqrt()
    }

    pub(crate) fn map(&self, f: impl Fn(f64) -> f64) -> Self {
        let each = |v: &Vec<Vec<f64>>| -> Vec<Vec<f64>> {
            v.iter().map(|a| a.iter().map(|&x| f(x)).collect()).collect()
        };
        Self {
            levels: each(&self.levels),
            series: each(&self.series),
            parameters: each(&self.parameters),
        }
    }

    /// `self / |self| + r / |r|`.
    pub(crate) fn aligned_with_noise(&self, seed: u64) -> Self {
        let noise = Noise::new(seed);
        let r = self.map(|_| noise.next());
        let (a, b) = (1.0 / self.norm(), 1.0 / r.norm());
        let mut y = self.map(|x| x * a);
        let parts = y.levels.iter_mut().chain(&mut y.series).chain(&mut y.parameters).flatten();
        parts.zip(r.all()).for_each(|(y, r)| *y += b * r);
        y
    }
}

pub(crate) struct Run<'a> {
    pub(crate) adjoint: &'a Adjoint,
    pub(crate) program: Verified,
    steps: usize,
    extents: Vec<usize>,
}

impl<'a> Run<'a> {
    pub(crate) fn new(adjoint: &'a Adjoint, steps: usize) -> Self {
        let program = match verify(adjoint.stencil.clone()) {
            Ok(program) => program,
            Err(errors) => panic!("{errors:#?}"),
        };
        let extents = [&[23][..], &[15, 12], &[10, 9, 11]][adjoint.stencil.dims.len() - 1].to_vec();
        Self { adjoint, program, steps, extents }
    }

    pub(crate) fn stencil(&self) -> &Stencil {
        self.program.stencil()
    }

    fn points(&self) -> usize {
        self.extents.iter().product()
    }

    fn step(&self, name: &str) -> Option<usize> {
        self.stencil().steps.iter().position(|s| s.name == name)
    }

    /// Parameters set, points placed, `setup` run; time functions and samples zero. `parameter`
    /// gives the value of a parameter function from its number, the place and the usual value.
    pub(crate) fn memory<N: Number>(
        &self,
        parameter: impl Fn(Option<usize>, usize, f64) -> N,
    ) -> DenseMemory<N> {
        let stencil = self.stencil();
        let widths = vec![LAYER; stencil.widths.len()];
        let mut memory = DenseMemory::new(&self.program, &self.extents, &widths, self.steps);
        for (number, param) in stencil.params.iter().enumerate() {
            let value = match param.name.as_str() {
                "dt" => 0.11,
                "h_x" => 1.0,
                "h_y" => 1.3,
                _ => 0.9,
            };
            memory.set_param(ParamId(number as u32), N::constant(value));
        }
        for (number, sparse) in stencil.sparse.iter().enumerate() {
            let rows: &[[f64; 3]] = if sparse.name.starts_with("src") {
                &[[4.3, 5.6, 3.2], [6.0, 7.0, 5.0]]
            } else {
                &[[3.7, 2.2, 6.1], [5.0, 6.5, 4.4], [7.5, 3.0, 7.0]]
            };
            let dims = self.extents.len();
            let points: Vec<&[f64]> = rows.iter().map(|p| &p[..dims]).collect();
            memory.place(stencil, SparseId(number as u32), &points).expect("points should fit");
        }
        for field in self.parameter_fields() {
            let number = self.adjoint.parameters.iter().position(|(p, _)| *p == field);
            let usual = self.parameter_values(field);
            let array = memory.array_mut(Target { field, time: 0 });
            for (i, (value, usual)) in array.iter_mut().zip(usual).enumerate() {
                *value = parameter(number, i, usual);
            }
        }
        self.run_named(&mut memory, "setup", 0);
        memory
    }

    /// Static functions that no step writes.
    fn parameter_fields(&self) -> Vec<FieldId> {
        let statements = self.stencil().steps.iter().flat_map(|s| &s.statements);
        let written: Vec<FieldId> =
            statements.filter_map(Stencil::written).map(|t| t.field).collect();
        let ids = (0..self.stencil().fields.len() as u32).map(FieldId);
        ids.filter(|id| self.stencil().field(*id).levels == Levels::Static && !written.contains(id))
            .collect()
    }

    fn parameter_values(&self, field: FieldId) -> Vec<f64> {
        let declared = self.stencil().field(field);
        let noise = Noise::new(100 + declared.name.len() as u64);
        let mut values: Vec<f64> =
            (0..self.points()).map(|_| self.stored(1.5 + 0.5 * noise.next())).collect();
        self.clear_inside(field, &mut values);
        values
    }

    /// The value as it is held in memory.
    fn stored(&self, value: f64) -> f64 {
        match self.stencil().dtype {
            DType::F32 => f64::from(value as f32),
            DType::F64 => value,
        }
    }

    fn run_named<N: Number>(&self, memory: &mut DenseMemory<N>, name: &str, n: usize) {
        if let Some(step) = self.step(name) {
            run_step(&self.program, step, n as i64, memory, Subnormals::Keep);
        }
    }

    fn held(&self, field: FieldId) -> usize {
        match self.stencil().field(field).levels {
            Levels::Time(n) => usize::from(n) - 1,
            _ => 0,
        }
    }

    /// Forward step numbers in the order of the forward program.
    fn numbers(&self) -> Vec<usize> {
        let step = self.step(FORWARD).expect("should be there");
        match self.stencil().steps[step].direction {
            Direction::Forward => (0..self.steps).collect(),
            Direction::Reverse => (0..self.steps).rev().collect(),
        }
    }

    /// Initial levels and source samples in -1..1; parameters zero.
    pub(crate) fn random_inputs(&self, seed: u64) -> Vectors {
        let noise = Noise::new(seed);
        let random = |n: usize| -> Vec<f64> {
            noise.vector(n).into_iter().map(|x| self.stored(x)).collect()
        };
        let mut levels = Vec::new();
        for state in &self.adjoint.states {
            for _ in 0..self.held(state.forward) {
                let mut level = random(self.points());
                self.clear_inside(state.forward, &mut level);
                levels.push(level);
            }
        }
        let samples = |s: SparseId| {
            let name = &self.stencil().sparse[s.0 as usize].name;
            self.steps * if name.starts_with("src") { 2 } else { 3 }
        };
        let inputs = self.adjoint.inputs.iter();
        let series = inputs.map(|(s, _)| random(samples(*s))).collect();
        let parameters = vec![vec![0.0; self.points()]; self.adjoint.parameters.len()];
        Vectors { levels, series, parameters }
    }

    /// Zeros where a function is zero by declaration.
    fn clear_inside(&self, field: FieldId, values: &mut [f64]) {
        let Some(region) = self.stencil().field(field).zero_in else { return };
        let widths = vec![LAYER; self.stencil().widths.len()];
        let region = self.stencil().regions[region.0 as usize].resolve(&self.extents, &widths);
        for (linear, value) in values.iter_mut().enumerate() {
            let mut rest = linear;
            let inside = self.extents.iter().zip(&region).rev().all(|(&n, range)| {
                let k = rest % n;
                rest /= n;
                range.contains(&k)
            });
            if inside {
                *value = 0.0;
            }
        }
    }

    /// A direction in the space of all inputs; functions that vanish inside a layer keep to that.
    pub(crate) fn random_direction(&self, seed: u64) -> Vectors {
        let mut v = self.random_inputs(seed);
        let noise = Noise::new(seed + 1);
        for ((field, _), values) in self.adjoint.parameters.iter().zip(&mut v.parameters) {
            let usual = self.parameter_values(*field);
            for (v, usual) in values.iter_mut().zip(usual) {
                *v = if usual == 0.0 { 0.0 } else { 0.5 * noise.next() };
            }
        }
        v
    }

    /// Runs the step of this name from the inputs `x`, with parameters displaced by `shift` times
    /// those of `x`; returns final levels and samples, and the memory with its tapes.
    fn run_from(&self, name: &str, x: &Vectors, shift: f64) -> (Vectors, DenseMemory) {
        let mut memory = self.memory(|number, i, usual| match number {
            Some(number) => usual + shift * x.parameters[number][i],
            None => usual,
        });
        self.load_inputs(&mut memory, &x.levels, &x.series);
        self.advance(name, &mut memory);
        (self.outputs(&memory), memory)
    }

    fn advance<N: Number>(&self, name: &str, memory: &mut DenseMemory<N>) {
        let step = self.step(name).expect("should be there");
        for n in self.numbers() {
            run_step(&self.program, step, n as i64, memory, Subnormals::Keep);
            memory.rotate(&self.stencil().steps[step]);
        }
    }

    fn outputs(&self, memory: &DenseMemory) -> Vectors {
        let mut levels = Vec::new();
        for state in &self.adjoint.states {
            for level in 0..self.held(state.forward) {
                let target = Target { field: state.forward, time: -(level as i8) };
                levels.push(memory.array(target).to_vec());
            }
        }
        let outputs = self.adjoint.outputs.iter();
        let series = outputs.map(|(s, _)| memory.series(*s).to_vec()).collect();
        Vectors { levels, series, parameters: Vec::new() }
    }

    /// Final levels and samples.
    pub(crate) fn forward(&self, x: &Vectors) -> Vectors {
        self.run_from(FORWARD, x, 0.0).0
    }

    /// The same with parameters displaced by `shift` times those of `x`.
    pub(crate) fn forward_displaced(&self, x: &Vectors, shift: f64) -> Vectors {
        self.run_from(FORWARD, x, shift).0
    }

    /// The derivative of final levels and samples at `x` along `v`, by dual numbers.
    pub(crate) fn tangent(&self, x: &Vectors, v: &Vectors) -> Vectors {
        let dual = |value: f64, tangent: f64| Dual { value, tangent };
        let mut memory = self.memory(|number, i, usual| {
            dual(usual, number.map_or(0.0, |number| v.parameters[number][i]))
        });
        let pairs = |x: &[Vec<f64>], v: &[Vec<f64>]| -> Vec<Vec<Dual>> {
            let pair = |(x, v): (&Vec<f64>, &Vec<f64>)| {
                x.iter().zip(v).map(|(x, v)| dual(*x, *v)).collect()
            };
            x.iter().zip(v).map(pair).collect()
        };
        let levels = pairs(&x.levels, &v.levels);
        self.load_inputs(&mut memory, &levels, &pairs(&x.series, &v.series));
        self.advance(FORWARD, &mut memory);
        let tangents = |values: &[Dual]| -> Vec<f64> { values.iter().map(|d| d.tangent).collect() };
        let mut levels = Vec::new();
        for state in &self.adjoint.states {
            for level in 0..self.held(state.forward) {
                let target = Target { field: state.forward, time: -(level as i8) };
                levels.push(tangents(memory.array(target)));
            }
        }
        let outputs = self.adjoint.outputs.iter();
        let series = outputs.map(|(s, _)| tangents(memory.series(*s))).collect();
        Vectors { levels, series, parameters: Vec::new() }
    }

    fn load_inputs<N: Number>(
        &self,
        memory: &mut DenseMemory<N>,
        levels: &[Vec<N>],
        series: &[Vec<N>],
    ) {
        let mut at = 0;
        for state in &self.adjoint.states {
            for level in 0..self.held(state.forward) {
                let target = Target { field: state.forward, time: -(level as i8) };
                memory.array_mut(target).copy_from_slice(&levels[at]);
                at += 1;
            }
        }
        for ((sparse, _), values) in self.adjoint.inputs.iter().zip(series) {
            memory.series_mut(*sparse).copy_from_slice(values);
        }
    }

    /// Cotangents of initial levels, sources and parameters; the tapes come from a forward run
    /// over `x`.
    pub(crate) fn reverse(&self, x: &Vectors, y: &Vectors) -> Vectors {
        let (recorded, mut memory) = self.run_from(RECORD, x, 0.0);
        assert_eq!(recorded.norm().to_bits(), self.forward(x).norm().to_bits());
        let rounded = y.map(|value| self.stored(value));
        let y = &rounded;
        for ((_, twin), values) in self.adjoint.outputs.iter().zip(&y.series) {
            memory.series_mut(*twin).copy_from_slice(values);
        }
        let most = self.adjoint.states.iter().map(|s| self.held(s.forward)).max().unwrap_or(0);
        let reverse = self.step(REVERSE).expect("should be there");
        let seeded = self.step(REVERSE_SEEDED).expect("should be there");
        for (done, &n) in self.numbers().iter().rev().enumerate() {
            self.set_seeds(&mut memory, y, done);
            let step = if done < most { seeded } else { reverse };
            run_step(&self.program, step, n as i64, &mut memory, Subnormals::Keep);
            memory.rotate(&self.stencil().steps[step]);
        }
        let first = self.numbers()[0];
        self.run_named(&mut memory, FINISH, first);
        let mut levels = Vec::new();
        for level in 0..most {
            self.run_named(&mut memory, &initial_step(level), first);
        }
        let mut at = 0;
        for state in &self.adjoint.states {
            let held = state.initial.len();
            for (level, &field) in state.initial.iter().enumerate() {
                let mut cotangent = memory.array(Target { field, time: 0 }).to_vec();
                // A run of few steps ends with levels that it began with.
                if level + self.steps < held {
                    let seed = &y.levels[at + level + self.steps];
                    cotangent.iter_mut().zip(seed).for_each(|(c, seed)| *c += seed);
                }
                levels.push(cotangent);
            }
            at += held;
        }
        let inputs = self.adjoint.inputs.iter();
        let series = inputs.map(|(_, twin)| memory.series(*twin).to_vec()).collect();
        let gradients = self.adjoint.parameters.iter();
        let parameters =
            gradients.map(|&(_, field)| memory.array(Target { field, time: 0 }).to_vec()).collect();
        Vectors { levels, series, parameters }
    }

    /// The seed of the level that the reverse step number `done` finishes.
    fn set_seeds(&self, memory: &mut DenseMemory, y: &Vectors, done: usize) {
        let mut at = 0;
        for state in &self.adjoint.states {
            let held = self.held(state.forward);
            let array = memory.array_mut(Target { field: state.seed, time: 0 });
            match y.levels.get(at + done) {
                Some(seed) if done < held => array.copy_from_slice(seed),
                _ => array.fill(0.0),
            }
            at += held;
        }
    }
}

/// Adds one part in ten thousand to one coefficient of the reverse step: the first read of an
/// adjoint function in its first update.
pub(crate) fn spoil_reverse(mut stencil: Stencil) -> Stencil {
    for name in [REVERSE, REVERSE_SEEDED] {
        let Some(at) = stencil.steps.iter().position(|s| s.name == name) else { continue };
        let statements = stencil.steps[at].statements.clone();
        for (number, statement) in statements.into_iter().enumerate() {
            let StatementKind::Update { value, .. } = statement.kind else { continue };
            let reads = stencil.reads(&[value]);
            let moving = |r: &&retrograd_ir::Read| {
                matches!(stencil.field(r.field).levels, Levels::Time(_)) && r.time == 0
            };
            let Some(read) = reads.iter().find(moving).copied() else { continue };
            let read = stencil.exprs.intern(Expr::Load {
                field: read.field,
                time: read.time,
                offset: read.offset,
                closure: read.closure,
            });
            let factor = stencil.exprs.intern(Expr::Const(Literal::new(1e-4)));
            let op = BinaryOp::Mul;
            let extra = stencil.exprs.intern(Expr::Binary { op, lhs: factor, rhs: read });
            let op = BinaryOp::Add;
            let spoilt = stencil.exprs.intern(Expr::Binary { op, lhs: value, rhs: extra });
            stencil.steps[at].statements[number].kind = statement.kind.with_value(spoilt);
            break;
        }
    }
    stencil
}

/// Relative difference of the samples recorded by a program and by the adjoint of its adjoint,
/// from the same source samples and no initial state.
pub(crate) fn twice_against_once(once: &Adjoint, twice: &Adjoint, steps: usize) -> f64 {
    let first = Run::new(once, steps);
    let mut x = first.random_inputs(5);
    x.levels.iter_mut().flatten().for_each(|v| *v = 0.0);
    let expected = first.forward(&x).series;
    let second = Run::new(twice, steps);
    let nothing = second.random_inputs(6).map(|_| 0.0);
    let mut y = second.forward(&nothing).map(|_| 0.0);
    y.series.clone_from(&x.series);
    let found = second.reverse(&nothing, &y).series;
    let (mut difference, mut size) = (0.0f64, 0.0f64);
    for (a, b) in expected.iter().flatten().zip(found.iter().flatten()) {
        difference += (a - b).powi(2);
        size += a * a;
    }
    (difference / size).sqrt()
}
