//! A tiny executor of schedules: threads with their own pace, one buffer for levels that may share
//! one.
//!
//! It takes liberties wherever [`retrograd_compile::schedule`] allows them. Between waits, any
//! thread may take the next action: one grid point of a nest, one touched grid point of an
//! injection, one sparse point of an interpolation.

use std::collections::BTreeMap;

use retrograd_compile::schedule::{PhaseKind, Schedule, Wait};
use retrograd_ir::interpret::{DenseMemory, Memory, Subnormals, holds};
use retrograd_ir::{
    BinaryOp, Compare, Expr, ExprId, FieldId, Levels, MAX_DIMS, Offset, ParamId, ReduceOp,
    ScalarId, SparseId, StatementKind, Stencil, Target, UnaryOp, WidthId,
};

use crate::common::Noise;

/// Everything that a step may change. Arrays are in row-major order over the whole grid.
pub(crate) struct Machine<'a> {
    stencil: &'a Stencil,
    start: &'a DenseMemory,
    n: i64,
    pub(crate) buffers: BTreeMap<Target, Vec<f64>>,
    pub(crate) series: BTreeMap<SparseId, Vec<f64>>,
    pub(crate) scalars: Vec<f64>,
    in_place: Vec<FieldId>,
}

impl<'a> Machine<'a> {
    /// The state of `start`; the new levels of the functions in `in_place` share a buffer with the
    /// oldest.
    pub(crate) fn new(
        stencil: &'a Stencil,
        start: &'a DenseMemory,
        n: usize,
        in_place: &[FieldId],
    ) -> Self {
        let mut machine = Self {
            stencil,
            start,
            n: n as i64,
            buffers: BTreeMap::new(),
            series: BTreeMap::new(),
            scalars: (0..stencil.scalars.len() as u32).map(|s| start.scalar(ScalarId(s))).collect(),
            in_place: in_place.to_vec(),
        };
        for field in (0..stencil.fields.len() as u32).map(FieldId) {
            match stencil.field(field).levels {
                Levels::Static => machine.take(Target { field, time: 0 }),
                Levels::Time(levels) => {
                    (0..levels as i8).for_each(|k| machine.take(Target { field, time: 1 - k }));
                }
                Levels::Tape => {
                    let entry = start.tape(field, n).to_vec();
                    machine.buffers.insert(Target { field, time: 0 }, entry);
                }
            }
        }
        for sparse in (0..stencil.sparse.len() as u32).map(SparseId) {
            machine.series.insert(sparse, start.series(sparse).to_vec());
        }
        machine
    }

    fn take(&mut self, target: Target) {
        if self.buffer(target) == target {
            self.buffers.insert(target, self.start.array(target).to_vec());
        }
    }

    /// The name of the buffer of a level.
    pub(crate) fn buffer(&self, target: Target) -> Target {
        match self.stencil.field(target.field).levels {
            Levels::Time(n) if target.time == 1 && self.in_place.contains(&target.field) => {
                Target { field: target.field, time: 2 - n as i8 }
            }
            _ => target,
        }
    }

    fn linear(&self, index: &[usize]) -> usize {
        index.iter().zip(self.start.extents()).fold(0, |at, (i, n)| at * n + i)
    }

    fn load(&self, target: Target, offset: Offset, index: &[usize]) -> f64 {
        let mut there = [0usize; MAX_DIMS];
        for (d, (&i, &n)) in index.iter().zip(self.start.extents()).enumerate() {
            match usize::try_from(i as i64 + i64::from(offset.0[d])) {
                Ok(moved) if moved < n => there[d] = moved,
                _ => return 0.0,
            }
        }
        self.buffers[&self.buffer(target)][self.linear(&there[..index.len()])]
    }

    fn store(&mut self, target: Target, index: &[usize], value: f64) {
        let (buffer, at) = (self.buffer(target), self.linear(index));
        self.buffers.get_mut(&buffer).expect("should be held")[at] = value;
    }

    fn sample(&self, sparse: SparseId, point: usize, time: i8) -> Option<usize> {
        let step = usize::try_from(self.n + i64::from(time)).ok()?;
        (step < self.start.steps()).then(|| step * self.points(sparse) + point)
    }

    fn points(&self, sparse: SparseId) -> usize {
        self.series[&sparse].len() / self.start.steps()
    }

    /// The value of an expression, by plain recursion in f64.
    fn value(&self, id: ExprId, index: &[usize], point: usize) -> f64 {
        let of = |id| self.value(id, index, point);
        match self.stencil.exprs[id] {
            Expr::Const(literal) => literal.value(),
            Expr::Param(id) => self.start.param(id),
            Expr::Scalar(id) => self.scalars[id.0 as usize],
            Expr::Load { field, time, offset, .. } => {
                self.load(Target { field, time }, offset, index)
            }
            Expr::Series { sparse, time } => {
                self.sample(sparse, point, time).map_or(0.0, |at| self.series[&sparse][at])
            }
            Expr::Unary { op: UnaryOp::Neg, arg } => -of(arg),
            Expr::Unary { op: UnaryOp::Abs, arg } => of(arg).abs(),
            Expr::Unary { op, .. } => panic!("{op:?} is not among the random operations"),
            Expr::Binary { op, lhs, rhs } => {
                let (a, b) = (of(lhs), of(rhs));
                match op {
                    BinaryOp::Add => a + b,
                    BinaryOp::Sub => a - b,
                    BinaryOp::Mul => a * b,
                    BinaryOp::Div => a / b,
                    BinaryOp::Min => {
                        if b < a {
                            b
                        } else {
                            a
                        }
                    }
                    BinaryOp::Max => {
                        if b > a {
                            b
                        } else {
                            a
                        }
                    }
                    BinaryOp::Pow => panic!("powers are not among the random operations"),
                }
            }
            Expr::MulAdd { a, b, c } => of(a).mul_add(of(b), of(c)),
            Expr::Select { cmp, lhs, rhs, then, otherwise } => {
                let (a, b) = (of(lhs), of(rhs));
                let holds = match cmp {
                    Compare::Lt => a < b,
                    Compare::Le => a <= b,
                    Compare::Eq => a == b,
                    Compare::Ne => a != b,
                };
                of(if holds { then } else { otherwise })
            }
        }
    }

    /// What the thread that owns the rows `rows` has to do in a phase.
    fn actions(
        &self,
        phase: &PhaseKind,
        rows: &std::ops::Range<usize>,
        thread: usize,
        threads: usize,
    ) -> Vec<Action> {
        let extents = self.start.extents();
        match phase {
            PhaseKind::Nest(nest) => {
                let widths: Vec<usize> = (0..self.stencil.widths.len() as u32)
                    .map(|w| self.start.width(WidthId(w)))
                    .collect();
                let of_part = |number: usize| {
                    let region = &self.stencil.regions[nest.parts[number].region.0 as usize];
                    let ranges = region.resolve(extents, &widths);
                    let inside = move |index: &Vec<usize>| {
                        rows.contains(&index[0])
                            && ranges.iter().zip(index).all(|(r, i)| r.contains(i))
                    };
                    let points = every_point(extents).into_iter().filter(inside);
                    points.map(move |index| Action::Point(number, index))
                };
                (0..nest.parts.len()).flat_map(of_part).collect()
            }
            PhaseKind::Other(StatementKind::Inject { target, sparse, .. }) => {
                let table = self.start.table(*sparse, self.stencil.field(target.field).staggered);
                let mut index = vec![0; extents.len()];
                let touched = table.touched().map(|(linear, shares)| {
                    table.unravel(linear, &mut index);
                    let shares = shares.iter().map(|s| (s.point as usize, s.weight)).collect();
                    (index.clone(), shares)
                });
                let own =
                    touched.filter(|(index, _): &(Vec<usize>, Vec<_>)| rows.contains(&index[0]));
                own.map(|(index, shares)| Action::Touched(index, shares)).collect()
            }
            PhaseKind::Other(StatementKind::Interpolate { sparse, .. }) => {
                let own = (0..self.points(*sparse)).filter(|p| p % threads == thread);
                own.map(Action::Sample).collect()
            }
            PhaseKind::Other(StatementKind::Reduce { .. }) if thread == 0 => vec![Action::Reduce],
            PhaseKind::Other(_) => Vec::new(),
        }
    }

    fn act(&mut self, phase: &PhaseKind, action: &Action) {
        match (phase, action) {
            (PhaseKind::Nest(nest), Action::Point(part, index)) => {
                // All values before any write, as in the emitted loops.
                let outputs = &nest.parts[*part].outputs;
                let values: Vec<f64> =
                    outputs.iter().map(|(_, v)| self.value(*v, index, 0)).collect();
                for ((target, _), value) in outputs.iter().zip(values) {
                    self.store(*target, index, value);
                }
            }
            (
                PhaseKind::Other(StatementKind::Inject { target, value, .. }),
                Action::Touched(index, shares),
            ) => {
                let terms = shares.iter().map(|(p, w)| w * self.value(*value, index, *p));
                let sum = terms.fold(0.0, |sum, term| sum + term);
                let old = self.load(*target, Offset::ZERO, index);
                self.store(*target, index, old + sum);
            }
            (
                PhaseKind::Other(StatementKind::Interpolate { sparse, time, value }),
                Action::Sample(point),
            ) => {
                let table = self.start.table(*sparse, self.stencil.staggering(*value));
                let mut index = vec![0; self.start.extents().len()];
                let mut sum = 0.0;
                for touch in table.of_point(*point) {
                    table.unravel(touch.linear, &mut index);
                    sum += touch.weight * self.value(*value, &index, *point);
                }
                if let Some(at) = self.sample(*sparse, *point, *time) {
                    self.series.get_mut(sparse).expect("should be held")[at] = sum;
                }
            }
            (PhaseKind::Other(StatementKind::Reduce { scalar, op, value, .. }), _) => {
                assert_eq!(*op, ReduceOp::Max, "only maxima are among the random reductions");
                let points = every_point(self.start.extents());
                let values = points.iter().map(|i| self.value(*value, i, 0));
                self.scalars[scalar.0 as usize] = values.fold(f64::NEG_INFINITY, f64::max);
            }
            _ => unreachable!("actions should belong to their phase"),
        }
    }

    /// Runs a schedule with one thread per range of rows; `noise` decides who comes next.
    pub(crate) fn run(
        &mut self,
        schedule: &Schedule,
        rows: &[std::ops::Range<usize>],
        noise: &Noise,
    ) {
        let params = |id: ParamId| self.start.param(id);
        let scalars = self.scalars.clone();
        let acting: Vec<bool> = schedule
            .phases
            .iter()
            .map(|p| {
                let scalar = |id: ScalarId| scalars[id.0 as usize];
                holds(self.stencil, p.when, self.n, &params, &scalar, Subnormals::Keep)
            })
            .collect();
        let mut threads: Vec<Thread> =
            rows.iter().map(|_| Thread { phase: 0, todo: None, next: 0 }).collect();
        let phases = &schedule.phases;
        let mut current = 0;
        while threads.iter().any(|t| t.phase < phases.len()) {
            // Long bursts let threads run far ahead, short ones mix them finely.
            if noise.next() > 0.8 - f64::from(current % 2) {
                current = (noise.next().abs() * rows.len() as f64) as u32 % rows.len() as u32;
            }
            let me = current as usize;
            let (phase, fresh) = (threads[me].phase, threads[me].todo.is_none());
            let blocked = phase >= phases.len()
                || fresh
                    && phases[phase].waits == Wait::All
                    && threads.iter().any(|t| t.phase < phase);
            if blocked {
                current = (current + 1) % rows.len() as u32;
                continue;
            }
            if fresh {
                let todo = if acting[phase] {
                    self.actions(&phases[phase].kind, &rows[me], me, rows.len())
                } else {
                    Vec::new()
                };
                threads[me].todo = Some(todo);
            }
            let thread = &mut threads[me];
            let todo = thread.todo.as_ref().expect("should be filled");
            if let Some(action) = todo.get(thread.next) {
                self.act(&phases[phase].kind, action);
                thread.next += 1;
            } else {
                *thread = Thread { phase: phase + 1, todo: None, next: 0 };
            }
        }
    }
}

struct Thread {
    phase: usize,
    todo: Option<Vec<Action>>,
    next: usize,
}

enum Action {
    Point(usize, Vec<usize>),
    Touched(Vec<usize>, Vec<(usize, f64)>),
    Sample(usize),
    Reduce,
}

fn every_point(extents: &[usize]) -> Vec<Vec<usize>> {
    extents.iter().fold(vec![Vec::new()], |points, &n| {
        let extend = |point: &Vec<usize>| {
            (0..n).map(|i| point.iter().copied().chain([i]).collect()).collect::<Vec<Vec<usize>>>()
        };
        points.iter().flat_map(extend).collect()
    })
}
