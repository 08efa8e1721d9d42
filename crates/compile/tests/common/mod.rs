//! Whole forward and reverse runs through the interpreter.

pub mod fixtures;

use std::cell::Cell;

use retrograd_compile::Adjoint;
use retrograd_compile::adjoint::{FORWARD, REVERSE, REVERSE_SEEDED, RECORD, initial_step};
use retrograd_ir::interpret::{DenseMemory, Subnormals, run_step};
use retrograd_ir::{
    Direction, Expr, FieldId, Levels, Literal, SparseId, Stencil, StatementKind, Target, Verified,
    verify,
};

/// Numbers in -1..1 from a 64-bit counter (SplitMix64), the same on every machine.
pub struct Noise(Cell<u64>);

impl Noise {
    pub fn new(seed: u64) -> Self {
        Self(Cell::new(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15)))
    }

    pub fn next(&self) -> f64 {
        let s = self.0.get().wrapping_add(0x9e37_79b9_7f4a_7c15);
        self.0.set(s);
        let mut z = (s ^ s >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ z >> 31) >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    }

    pub fn vector(&self, n: usize) -> Vec<f64> {
        (0..n).map(|_| self.next()).collect()
    }
}

/// Time levels and samples, as one long vector.
#[derive(Clone, Debug)]
pub struct Vectors {
    pub levels: Vec<Vec<f64>>,
    pub series: Vec<Vec<f64>>,
}

impl Vectors {
    fn all(&self) -> impl Iterator<Item = &f64> {
        self.levels.iter().chain(&self.series).flatten()
    }

    pub fn dot(&self, other: &Self) -> f64 {
        self.all().zip(other.all()).map(|(a, b)| a * b).sum()
    }

    pub fn norm(&self) -> f64 {
        self.dot(self).sqrt()
    }

    pub fn map(&self, f: impl Fn(f64) -> f64) -> Self {
        let each = |v: &Vec<Vec<f64>>| -> Vec<Vec<f64>> {
            v.iter().map(|a| a.iter().map(|&x| f(x)).collect()).collect()
        };
        Self { levels: each(&self.levels), series: each(&self.series) }
    }

    /// `self / |self| + r / |r|`.
    pub fn aligned_with_noise(&self, seed: u64) -> Self {
        let noise = Noise::new(seed);
        let r = self.map(|_| noise.next());
        let (a, b) = (1.0 / self.norm(), 1.0 / r.norm());
        let mut y = self.map(|x| x * a);
        let parts = y.levels.iter_mut().chain(&mut y.series).flatten();
        parts.zip(r.all()).for_each(|(y, r)| *y += b * r);
        y
    }
}

pub struct Run<'a> {
    pub adjoint: &'a Adjoint,
    pub program: Verified,
    steps: usize,
    extents: Vec<usize>,
}

impl<'a> Run<'a> {
    pub fn new(adjoint: &'a Adjoint, steps: usize) -> Self {
        let program = match verify(adjoint.stencil.clone()) {
            Ok(program) => program,
            Err(errors) => panic!("{errors:#?}"),
        };
        let extents = [&[23][..], &[15, 12], &[10, 9, 11]][adjoint.stencil.dims.len() - 1].to_vec();
        Self { adjoint, program, steps, extents }
    }

    pub fn stencil(&self) -> &Stencil {
        self.program.stencil()
    }

    fn points(&self) -> usize {
        self.extents.iter().product()
    }

    fn step(&self, name: &str) -> Option<usize> {
        self.stencil().steps.iter().position(|s| s.name == name)
    }

    /// Parameters set, points placed, `setup` run; time functions and samples zero.
    pub fn memory(&self) -> DenseMemory {
        let stencil = self.stencil();
        let widths = vec![3; stencil.widths.len()];
        let mut memory = DenseMemory::new(&self.program, &self.extents, &widths, self.steps);
        for (number, param) in stencil.params.iter().enumerate() {
            let value = match param.name.as_str() {
                "dt" => 0.11,
                "h_x" => 1.0,
                "h_y" => 1.3,
                _ => 0.9,
            };
            memory.set_param(retrograd_ir::ParamId(number as u32), value);
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
        self.fill_parameters(&mut memory, 1.0);
        self.run_named(&mut memory, "setup", 0);
        memory
    }

    fn fill_parameters(&self, memory: &mut DenseMemory, scale: f64) {
        let written: Vec<FieldId> = self
            .stencil()
            .steps
            .iter()
            .flat_map(|s| &s.statements)
            .filter_map(Stencil::written)
            .map(|t| t.field)
            .collect();
        for (number, field) in self.stencil().fields.iter().enumerate() {
            let id = FieldId(number as u32);
            if field.levels != Levels::Static || written.contains(&id) || field.name.contains("seed")
            {
                continue;
            }
            let noise = Noise::new(100 + field.name.len() as u64);
            let strides: Vec<usize> = self.extents.clone();
            let inside = |i: usize| {
                let mut rest = i;
                strides.iter().rev().all(|&n| {
                    let k = rest % n;
                    rest /= n;
                    (3..n - 3).contains(&k)
                })
            };
            let layer = field.zero_in.is_some();
            let array = memory.array_mut(Target { field: id, time: 0 });
            for (i, value) in array.iter_mut().enumerate() {
                let v = scale * (1.5 + 0.5 * noise.next());
                *value = if layer && inside(i) { 0.0 } else { v };
            }
        }
    }

    fn run_named(&self, memory: &mut DenseMemory, name: &str, n: usize) {
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

    pub fn random_inputs(&self, seed: u64) -> Vectors {
        let noise = Noise::new(seed);
        let mut levels = Vec::new();
        for state in &self.adjoint.states {
            for _ in 0..self.held(state.forward) {
                levels.push(noise.vector(self.points()));
            }
        }
        let samples = |s: SparseId| {
            let name = &self.stencil().sparse[s.0 as usize].name;
            self.steps * if name.starts_with("src") { 2 } else { 3 }
        };
        let inputs = self.adjoint.inputs.iter();
        let series = inputs.map(|(s, _)| noise.vector(samples(*s))).collect();
        Vectors { levels, series }
    }

    /// Runs the recording step; returns final levels and samples, and leaves the tapes.
    pub fn forward_with_memory(&self, x: &Vectors) -> (Vectors, DenseMemory) {
        let mut memory = self.memory();
        self.load_inputs(&mut memory, x);
        let step = self.step(RECORD).expect("should be there");
        let numbers = self.numbers();
        for &n in &numbers {
            run_step(&self.program, step, n as i64, &mut memory, Subnormals::Keep);
            memory.rotate(&self.stencil().steps[step]);
        }
        let mut levels = Vec::new();
        for state in &self.adjoint.states {
            for level in 0..self.held(state.forward) {
                let target = Target { field: state.forward, time: -(level as i8) };
                levels.push(memory.array(target).to_vec());
            }
        }
        let outputs = self.adjoint.outputs.iter();
        let series = outputs.map(|(s, _)| memory.series(*s).to_vec()).collect();
        (Vectors { levels, series }, memory)
    }

    pub fn forward(&self, x: &Vectors) -> Vectors {
        self.forward_with_memory(x).0
    }

    fn load_inputs(&self, memory: &mut DenseMemory, x: &Vectors) {
        let mut at = 0;
        for state in &self.adjoint.states {
            for level in 0..self.held(state.forward) {
                let target = Target { field: state.forward, time: -(level as i8) };
                memory.array_mut(target).copy_from_slice(&x.levels[at]);
                at += 1;
            }
        }
        for ((series, _), values) in self.adjoint.inputs.iter().zip(&x.series) {
            memory.series_mut(*series).copy_from_slice(values);
        }
    }

    /// Cotangents of initial levels and sources; the tapes come from a forward run over `x`.
    pub fn reverse(&self, x: &Vectors, y: &Vectors) -> Vectors {
        self.reverse_with_memory(x, y).0
    }

    pub fn reverse_with_memory(&self, x: &Vectors, y: &Vectors) -> (Vectors, DenseMemory) {
        let (_, mut memory) = self.forward_with_memory(x);
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
        let mut levels = Vec::new();
        for level in 0..most {
            self.run_named(&mut memory, &initial_step(level), first);
        }
        for state in &self.adjoint.states {
            for &field in &state.initial {
                levels.push(memory.array(Target { field, time: 0 }).to_vec());
            }
        }
        let inputs = self.adjoint.inputs.iter();
        let series = inputs.map(|(_, twin)| memory.series(*twin).to_vec()).collect();
        (Vectors { levels, series }, memory)
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
pub fn spoil_reverse(mut stencil: Stencil) -> Stencil {
    for name in [REVERSE, REVERSE_SEEDED] {
        let Some(at) = stencil.steps.iter().position(|s| s.name == name) else { continue };
        let statements = stencil.steps[at].statements.clone();
        for (number, statement) in statements.into_iter().enumerate() {
            let StatementKind::Update { value, target, .. } = statement.kind else { continue };
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
            let op = retrograd_ir::BinaryOp::Mul;
            let extra = stencil.exprs.intern(Expr::Binary { op, lhs: factor, rhs: read });
            let op = retrograd_ir::BinaryOp::Add;
            let spoilt = stencil.exprs.intern(Expr::Binary { op, lhs: value, rhs: extra });
            let _ = target;
            stencil.steps[at].statements[number].kind = statement.kind.with_value(spoilt);
            break;
        }
    }
    stencil
}

/// Relative difference of the samples recorded by a program and by the adjoint of its adjoint,
/// from the same source samples and no initial state.
pub fn twice_against_once(once: &Adjoint, twice: &Adjoint, steps: usize) -> f64 {
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
