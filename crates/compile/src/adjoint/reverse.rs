//! Writing the statements of the reverse sweep.

use retrograd_ir::{
    DOMAIN, DimSet, Direction, Expr, ExprId, Field, FieldId, Levels, Offset, Predicate, Sparse,
    SparseId, Statement, StatementKind, Stencil, Step, Target, WriteMode,
};

use super::contributions::{Collected, Consumer, Contribution};
use super::forward::{Forward, Place, SparseUse};
use super::samples::{SampleFlow, shifted};
use super::{
    Adjoint, AdjointError, FINISH, FORWARD, RECORD, REVERSE, REVERSE_SEEDED, StateAdjoint,
    initial_step,
};
use super::{auxiliary, chain};
use crate::algebra::{Build, derivative};
use crate::passes::{SETUP, move_late};

struct Writer {
    all: Collected,
    forward: Forward,
    samples: Vec<SampleFlow>,
    /// Injections into gradients, and interpolations of source gradients.
    tail: Vec<Statement>,
    outputs: Vec<(SparseId, SparseId)>,
    inputs: Vec<(SparseId, SparseId)>,
}

pub(super) fn build(
    original: Stencil,
    forward: Forward,
    with_respect_to: &[FieldId],
) -> Result<Adjoint, AdjointError> {
    let all = Collected::of(forward.stencil.clone(), &forward);
    let mut writer = Writer {
        all,
        forward,
        samples: Vec::new(),
        tail: Vec::new(),
        outputs: Vec::new(),
        inputs: Vec::new(),
    };
    // Coefficients are parameters to a time step; `finish` takes their gradients further.
    let coefficients = chain::dependent(&original, with_respect_to)?;
    let all: Vec<FieldId> = with_respect_to.iter().chain(&coefficients).copied().collect();
    let mut parameters = writer.parameters(&all)?;
    for at in 0..writer.forward.sparse.len() {
        let flow = writer.forward.sparse[at];
        match flow.into {
            Some(into) => writer.injection(&flow, into, &parameters)?,
            None => writer.interpolation(&flow, &parameters)?,
        }
    }
    let states = writer.declare_states();
    let (statements, direction) = (writer.forward.statements.clone(), writer.forward.direction);
    let mut steps = vec![Step { name: FORWARD.into(), direction, statements }];
    steps.extend(original.steps.into_iter().filter(|s| s.name == SETUP));
    steps.push(writer.record());
    steps.push(writer.reverse(REVERSE, None));
    steps.push(writer.reverse(REVERSE_SEEDED, Some(&states)));
    for level in 0..states.iter().map(|s| s.initial.len()).max().unwrap_or(0) {
        steps.push(writer.initial(level, &states));
    }
    let statements = chain::statements(writer.stencil(), &parameters);
    if !statements.is_empty() {
        steps.push(Step { name: FINISH.into(), direction: Direction::Forward, statements });
    }
    let coefficients = parameters.split_off(with_respect_to.len());
    let Writer { all, outputs, inputs, forward, .. } = writer;
    let mut stencil = all.stencil;
    stencil.steps = steps;
    let kept: Vec<FieldId> = states.iter().flat_map(|s| [s.adjoint, s.seed]).collect();
    let made = |f: FieldId| f.0 as usize >= original.fields.len() && !kept.contains(&f);
    let auxiliary = |f: FieldId| forward.auxiliary.contains(&f);
    auxiliary::without_history(&mut stencil, &|f| auxiliary(f) || made(f));
    stencil.name = format!("{}_adjoint", original.name);
    Ok(Adjoint {
        stencil: stencil.compact(),
        states,
        parameters,
        coefficients,
        tapes: all.tapes,
        outputs,
        inputs,
    })
}

fn always(kind: StatementKind) -> Statement {
    Statement { when: Predicate::Always, kind }
}

impl Writer {
    fn stencil(&mut self) -> &mut Stencil {
        &mut self.all.stencil
    }

    fn name(&self, field: FieldId) -> String {
        self.all.stencil.field(field).name.clone()
    }

    fn parameters(
        &mut self,
        with_respect_to: &[FieldId],
    ) -> Result<Vec<(FieldId, FieldId)>, AdjointError> {
        let mut pairs = Vec::new();
        for &parameter in with_respect_to {
            if self.all.stencil.field(parameter).levels != Levels::Static {
                return Err(AdjointError::NotAParameter { field: self.name(parameter) });
            }
            if self.all.stencil.field(parameter).dims != DimSet::first(self.all.stencil.dims.len())
            {
                return Err(AdjointError::Profile { field: self.name(parameter) });
            }
            let stem = format!("{}_grad", self.name(parameter));
            let name = self.stencil().fresh_name(&stem);
            let like = self.all.stencil.field(parameter).clone();
            let field = Field { name, zero_in: None, ..like };
            let gradient = self.stencil().add_field(field);
            for update in self.forward.updates.clone() {
                self.all.parameter(&update, parameter, gradient);
            }
            pairs.push((parameter, gradient));
        }
        Ok(pairs)
    }

    /// The series that holds the cotangents of another one, at the same points.
    fn twin(&mut self, sparse: SparseId) -> SparseId {
        let known = self.outputs.iter().chain(&self.inputs).find(|(s, _)| *s == sparse);
        if let Some(&(_, twin)) = known {
            return twin;
        }
        let like = self.all.stencil.sparse[sparse.0 as usize].clone();
        let mut name = format!("{}_adj", like.name);
        while self.all.stencil.sparse_named(&name).is_some() {
            name.push_str("_adj");
        }
        self.stencil().sparse.push(Sparse { name, ..like });
        SparseId(self.all.stencil.sparse.len() as u32 - 1)
    }

    fn denominator(&mut self, field: FieldId) -> ExprId {
        let one = self.stencil().exprs.constant(1.0);
        let update = self.forward.updates.iter().find(|u| u.field == field);
        update.map_or(one, |u| u.denominator)
    }

    /// `D mu[t+1]`: the cotangent itself.
    fn cotangent(&mut self, field: FieldId) -> ExprId {
        let denominator = self.denominator(field);
        let target = Target { field: self.all.adjoints[&field], time: 1 };
        let exprs = &mut self.stencil().exprs;
        let mu = exprs.load(target, Offset::ZERO);
        exprs.mul(denominator, mu)
    }

    fn refuse(&self, operation: &'static str, sparse: SparseId, why: &'static str) -> AdjointError {
        let sparse = self.all.stencil.sparse[sparse.0 as usize].name.clone();
        AdjointError::Sparse { operation, sparse, why }
    }

    /// `g[t+1] += w v(series, m)`: the series gets `w^T (dv/ds) l`, parameters `w (dv/dm) l`.
    fn injection(
        &mut self,
        flow: &SparseUse,
        into: FieldId,
        parameters: &[(FieldId, FieldId)],
    ) -> Result<(), AdjointError> {
        let operation = "injection";
        let sparse = flow.sparse;
        let reads = self.all.stencil.reads(&[flow.value]);
        if reads.iter().any(|r| !r.offset.is_zero()) {
            return Err(self.refuse(operation, sparse, "reads the grid at an offset"));
        }
        if reads.iter().any(|r| self.all.adjoints.contains_key(&r.field)) {
            return Err(self.refuse(operation, sparse, "depends on the state"));
        }
        let cotangent = self.cotangent(into);
        for read in reads {
            let Some(&(_, gradient)) = parameters.iter().find(|(p, _)| *p == read.field) else {
                continue;
            };
            let place = |f: FieldId| self.all.stencil.field(f).staggered;
            if place(gradient) != place(into) {
                let why = "reads a parameter on another staggered grid than its target";
                return Err(self.refuse(operation, sparse, why));
            }
            let exprs = &mut self.stencil().exprs;
            let leaf = exprs.load(Target { field: read.field, time: 0 }, Offset::ZERO);
            let slope = derivative(exprs, flow.value, leaf);
            let value = exprs.mul(slope, cotangent);
            let target = Target { field: gradient, time: 0 };
            let kind = StatementKind::Inject { target, sparse, value };
            self.tail.push(Statement { when: flow.when, kind });
        }
        let samples = self.samples_read(flow.value);
        let &[(leaf, time)] = samples.as_slice() else {
            return match samples.len() {
                0 => Ok(()),
                _ => Err(self.refuse(operation, sparse, "reads samples of several steps")),
            };
        };
        let slope = derivative(&mut self.stencil().exprs, flow.value, leaf);
        if !self.samples_read(slope).is_empty() {
            return Err(self.refuse(operation, sparse, "is not linear in the samples"));
        }
        let value = self.stencil().exprs.mul(slope, cotangent);
        self.source_gradient(flow, time, value)
    }

    /// The gradient by the samples of `sparse` gets `w^T value`.
    fn source_gradient(
        &mut self,
        flow: &SparseUse,
        time: i8,
        value: ExprId,
    ) -> Result<(), AdjointError> {
        let (sparse, when) = (flow.sparse, flow.when);
        let twin = self.twin(sparse);
        if !self.inputs.contains(&(sparse, twin)) {
            self.inputs.push((sparse, twin));
            let kind = StatementKind::Interpolate { sparse: twin, time, value };
            self.tail.push(Statement { when, kind });
            return Ok(());
        }
        // Injected into another function already: the gradients add up.
        let stencil = &self.all.stencil;
        let known = self.tail.iter().position(|known| match known.kind {
            StatementKind::Interpolate { sparse, time: at, value: sum } => {
                let same_place = stencil.staggering(sum) == stencil.staggering(value);
                (sparse, at, known.when) == (twin, time, when) && same_place
            }
            StatementKind::Update { .. }
            | StatementKind::Inject { .. }
            | StatementKind::Reduce { .. } => false,
        });
        let Some(at) = known else {
            let why = "goes into functions on different staggered grids or at different steps";
            return Err(self.refuse("injection", sparse, why));
        };
        let sum = self.tail[at].kind.value();
        let sum = self.stencil().exprs.add(sum, value);
        self.tail[at].kind = self.tail[at].kind.with_value(sum);
        Ok(())
    }

    /// The samples that a value reads, with their steps relative to the current one.
    fn samples_read(&self, value: ExprId) -> Vec<(ExprId, i8)> {
        let exprs = &self.all.stencil.exprs;
        let nodes = exprs.reachable(&[value]).into_iter();
        nodes
            .filter_map(|id| match exprs[id] {
                Expr::Series { time, .. } => Some((id, time)),
                _ => None,
            })
            .collect()
    }

    /// `r[n + time] = w^T e(u)`: the cotangent of `u` gets `w (de/du) r_adj`.
    fn interpolation(
        &mut self,
        flow: &SparseUse,
        parameters: &[(FieldId, FieldId)],
    ) -> Result<(), AdjointError> {
        let operation = "interpolation";
        let both = |s: &SparseUse| s.sparse == flow.sparse && s.into.is_some();
        if self.forward.sparse.iter().any(both) {
            return Err(self.refuse(operation, flow.sparse, "is of points that are injected too"));
        }
        if self.outputs.iter().any(|(known, _)| *known == flow.sparse) {
            return Err(self.refuse(operation, flow.sparse, "happens more than once per step"));
        }
        let twin = self.twin(flow.sparse);
        for read in self.all.stencil.reads(&[flow.value]) {
            if parameters.iter().any(|(p, _)| *p == read.field) {
                let why = "reads a parameter that a gradient is asked for";
                return Err(self.refuse(operation, flow.sparse, why));
            }
            if !self.all.adjoints.contains_key(&read.field) {
                continue;
            }
            if !read.offset.is_zero() {
                return Err(self.refuse(operation, flow.sparse, "reads the grid at an offset"));
            }
            let stencil = &self.all.stencil;
            if stencil.field(read.field).staggered != stencil.staggering(flow.value) {
                let why = "mixes functions on different staggered grids";
                return Err(self.refuse(operation, flow.sparse, why));
            }
            let exprs = &mut self.stencil().exprs;
            let target = Target { field: read.field, time: read.time };
            let leaf = exprs.load(target, Offset::ZERO);
            let coefficient = derivative(exprs, flow.value, leaf);
            if !self.all.stencil.is_time_invariant(coefficient) {
                return Err(self.refuse(operation, flow.sparse, "is not linear in the state"));
            }
            let (to, level, time, when) = (read.field, read.time, flow.time, flow.when);
            self.samples.push(SampleFlow { to, sparse: twin, level, time, when, coefficient });
        }
        self.outputs.push((flow.sparse, twin));
        Ok(())
    }

    fn declare_states(&mut self) -> Vec<StateAdjoint> {
        let mut updated = self.forward.updated();
        updated.retain(|field| !self.forward.auxiliary.contains(field));
        let states = updated.into_iter().map(|forward| {
            let name = self.name(forward);
            let like = self.all.stencil.field(forward).clone();
            let levels = match like.levels {
                Levels::Time(n) => usize::from(n) - 1,
                Levels::Static | Levels::Tape => 0,
            };
            let mut declare = |stem: String, levels| {
                let name = self.all.stencil.fresh_name(&stem);
                let field = Field { name, levels, ..like.clone() };
                self.all.stencil.add_field(field)
            };
            // A time function, although no step advances it: it differs from step to step.
            let seed = declare(format!("{name}_seed"), Levels::Time(2));
            let initial = (0..levels)
                .map(|j| declare(format!("{name}_initial_{j}"), Levels::Static))
                .collect();
            StateAdjoint { forward, adjoint: self.all.adjoints[&forward], seed, initial }
        });
        states.collect()
    }

    fn record(&self) -> Step {
        let mut statements = Vec::new();
        for (at, statement) in self.forward.statements.iter().enumerate() {
            statements.push(*statement);
            statements.extend(self.all.records.iter().filter(|(a, _)| *a == at).map(|(_, s)| *s));
        }
        Step { name: RECORD.into(), direction: self.forward.direction, statements }
    }

    /// Sum of contributions, each read `back` levels further back.
    fn gather(&mut self, contributions: &[Contribution], back: i8) -> ExprId {
        let exprs = &mut self.stencil().exprs;
        let mut sum = exprs.constant(0.0);
        for c in contributions {
            let (field, time, closure) = (c.source, c.level + back, c.closure);
            let read = exprs.intern(Expr::Load { field, time, offset: c.offset, closure });
            let term = exprs.mul(c.coefficient, read);
            sum = exprs.add(sum, term);
        }
        sum
    }

    /// How step numbers change from one step of the forward program to the next.
    fn sign(&self) -> i8 {
        if self.forward.direction == Direction::Forward { 1 } else { -1 }
    }

    fn reverse(&mut self, name: &str, seeds: Option<&[StateAdjoint]>) -> Step {
        let mut statements = Vec::new();
        for field in self.forward.updated().into_iter().rev() {
            self.reverse_function(field, seeds, &mut statements);
        }
        // All that is injected is linear: updates of several functions may share a loop.
        move_late(&self.all.stencil, &mut statements, true);
        for s in self.all.shifted.clone() {
            let exprs = &mut self.stencil().exprs;
            let (field, offset, closure) = (s.source, s.offset, s.closure);
            let read = exprs.intern(Expr::Load { field, time: 1, offset, closure });
            let value = exprs.mul(s.coefficient, read);
            let target = Target { field: s.gradient, time: 0 };
            let (region, mode) = (DOMAIN, WriteMode::Add);
            statements.push(always(StatementKind::Update { target, region, mode, value }));
        }
        statements.extend(&self.tail);
        let direction = match self.forward.direction {
            Direction::Forward => Direction::Reverse,
            Direction::Reverse => Direction::Forward,
        };
        Step { name: name.into(), direction, statements }
    }

    /// The update of one adjoint function, its consumers, and what is injected into all of them.
    fn reverse_function(
        &mut self,
        field: FieldId,
        seeds: Option<&[StateAdjoint]>,
        statements: &mut Vec<Statement>,
    ) {
        let contributions: Vec<Contribution> =
            self.all.contributions.iter().filter(|c| c.to == field).copied().collect();
        let mut sum = self.gather(&contributions, 0);
        let denominator = self.denominator(field);
        if let Some(state) = seeds.and_then(|s| s.iter().find(|s| s.forward == field)) {
            let exprs = &mut self.stencil().exprs;
            let seed = exprs.load(Target { field: state.seed, time: 0 }, Offset::ZERO);
            sum = exprs.add(sum, seed);
        }
        let value = self.stencil().exprs.div(sum, denominator);
        let mu = Target { field: self.all.adjoints[&field], time: 1 };
        let (region, mode) = (DOMAIN, WriteMode::Assign);
        statements.push(always(StatementKind::Update { target: mu, region, mode, value }));
        let consumers: Vec<Consumer> =
            self.all.consumers.iter().filter(|c| c.of == field).cloned().collect();
        // Injected are weights for the place of mu; what sits elsewhere, or takes a part of the grid
        // alone, reads it afterwards.
        let place = |f: FieldId| self.all.stencil.field(f).staggered;
        let injected = self.samples.iter().any(|s| s.to == field);
        let (before, after): (Vec<_>, Vec<_>) = consumers.into_iter().partition(|c| {
            !injected || !c.is_partial() && place(c.target.field) == place(mu.field)
        });
        for c in &before {
            self.consume(c, statements);
        }
        let sign = self.sign();
        for at in 0..self.samples.len() {
            let SampleFlow { to, sparse, level, time, when, coefficient } = self.samples[at];
            if to != field {
                continue;
            }
            let by = sign * (1 - level);
            let exprs = &mut self.stencil().exprs;
            let sample = exprs.intern(Expr::Series { sparse, time: time + by });
            let scaled = exprs.mul(coefficient, sample);
            let value = exprs.div(scaled, denominator);
            let when = shifted(when, by);
            let kind = StatementKind::Inject { target: mu, sparse, value };
            statements.push(Statement { when, kind });
            for c in &before {
                let (target, value) = (c.target, self.stencil().exprs.mul(c.coefficient, value));
                let kind = StatementKind::Inject { target, sparse, value };
                statements.push(Statement { when, kind });
            }
        }
        for c in &after {
            self.consume(c, statements);
        }
    }

    /// `target (=|+=) coefficient * mu[t+1]` where and when the update holds, zero elsewhere.
    fn consume(&mut self, c: &Consumer, statements: &mut Vec<Statement>) {
        let zero = self.stencil().exprs.constant(0.0);
        let (target, mode) = (c.target, WriteMode::Assign);
        let clear = |Place { region, when }: Place| {
            let kind = StatementKind::Update { target, region, mode, value: zero };
            Statement { when, kind }
        };
        if c.acts != Place::EVERYWHERE {
            statements.push(clear(Place::EVERYWHERE));
        }
        let mu = Target { field: self.all.adjoints[&c.of], time: 1 };
        let exprs = &mut self.stencil().exprs;
        let read = exprs.load(mu, Offset::ZERO);
        let value = exprs.mul(c.coefficient, read);
        let (Place { region, when }, mode) = (c.acts, c.mode);
        let kind = StatementKind::Update { target, region, mode, value };
        statements.push(Statement { when, kind });
        statements.extend(c.overwritten.iter().copied().map(clear));
    }

    /// The cotangent of the initial level `-level`: only reads that far back existed there.
    fn initial(&mut self, level: usize, states: &[StateAdjoint]) -> Step {
        let back = level as i8;
        let mut statements = Vec::new();
        for state in states {
            let Some(&field) = state.initial.get(level) else { continue };
            let reads_back = |c: &&Contribution| c.to == state.forward && c.level <= -back;
            let contributions: Vec<Contribution> =
                self.all.contributions.iter().filter(reads_back).copied().collect();
            let value = self.gather(&contributions, back);
            let target = Target { field, time: 0 };
            let (region, mode) = (DOMAIN, WriteMode::Assign);
            statements.push(always(StatementKind::Update { target, region, mode, value }));
            let sign = self.sign();
            for at in 0..self.samples.len() {
                let SampleFlow { to, sparse, level, time, when, coefficient } = self.samples[at];
                if to != state.forward || level > -back {
                    continue;
                }
                let by = sign * (-back - level);
                let exprs = &mut self.stencil().exprs;
                let sample = exprs.intern(Expr::Series { sparse, time: time + by });
                let value = exprs.mul(coefficient, sample);
                let kind = StatementKind::Inject { target, sparse, value };
                statements.push(Statement { when: shifted(when, by), kind });
            }
        }
        Step { name: initial_step(level), direction: self.forward.direction, statements }
    }
}
