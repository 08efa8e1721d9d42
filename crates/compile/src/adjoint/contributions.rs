//! What flows into the cotangent of each function, and the coefficients it takes.

use std::collections::HashMap;

use retrograd_ir::{
    Closure, Expr, ExprId, Field, FieldId, Levels, Read, RegionId, Statement, StatementKind,
    Stencil, Target, WriteMode,
};
use retrograd_ir::{DOMAIN, Offset, Predicate};

use super::forward::{Forward, Place, Update};
use super::gathers::{Flow, Gather, Source, Taken};
use crate::algebra::{Build, derivative};
use crate::polynomial::{terms_apart, uniform_terms};

/// `coefficient(i) * source[level](i + offset)`, a summand of the cotangent of `to`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Contribution {
    pub(super) to: FieldId,
    pub(super) source: FieldId,
    pub(super) level: i8,
    pub(super) offset: Offset,
    pub(super) closure: Closure,
    pub(super) coefficient: ExprId,
}

/// `target (=|+=) coefficient * mu[t+1]`, point by point, `mu` the adjoint of `of`; zero where the
/// update that it belongs to does not hold.
#[derive(Clone, Debug)]
pub(super) struct Consumer {
    pub(super) of: FieldId,
    pub(super) target: Target,
    pub(super) mode: WriteMode,
    pub(super) coefficient: ExprId,
    pub(super) acts: Place,
    pub(super) overwritten: Vec<Place>,
}

impl Consumer {
    /// Whether it belongs to an update of a part of the grid, or in some steps, alone.
    pub(super) fn is_partial(&self) -> bool {
        self.acts != Place::EVERYWHERE || !self.overwritten.is_empty()
    }
}

/// A parameter gradient that gathers from a consumer, at an offset perhaps.
#[derive(Clone, Copy, Debug)]
pub(super) struct ShiftedGradient {
    pub(super) gradient: FieldId,
    pub(super) source: FieldId,
    pub(super) offset: Offset,
    pub(super) closure: Closure,
    pub(super) coefficient: ExprId,
}

/// Whether a factor of what multiplies a read is made of parameters at the very point that is read: who
/// gathers from there finds them beside itself, and their product with the cotangent needs no function of
/// its own.
fn is_read_beside(stencil: &Stencil, factor: ExprId, read: &Read) -> bool {
    let reads = stencil.reads(&[factor]);
    read.closure == Closure::ZERO
        && !reads.is_empty()
        && stencil.is_time_invariant(factor)
        && reads.iter().all(|other| other.offset == read.offset)
}

/// Everything that the reverse statements are written from.
pub(super) struct Collected {
    pub(super) stencil: Stencil,
    pub(super) adjoints: HashMap<FieldId, FieldId>,
    pub(super) contributions: Vec<Contribution>,
    pub(super) consumers: Vec<Consumer>,
    pub(super) shifted: Vec<ShiftedGradient>,
    /// Recording statements, each behind the forward statement of that number.
    pub(super) records: Vec<(usize, Statement)>,
    pub(super) tapes: Vec<FieldId>,
    /// By the statement of the update.
    products: HashMap<(usize, ExprId), FieldId>,
    /// The tape of each recorded value, by where it is zero and where it is recorded.
    recorded: HashMap<(ExprId, Option<RegionId>, Place), FieldId>,
}

impl Collected {
    pub(super) fn of(stencil: Stencil, forward: &Forward) -> Self {
        let mut collected = Self {
            stencil,
            adjoints: HashMap::new(),
            contributions: Vec::new(),
            consumers: Vec::new(),
            shifted: Vec::new(),
            records: Vec::new(),
            tapes: Vec::new(),
            products: HashMap::new(),
            recorded: HashMap::new(),
        };
        for field in forward.updated() {
            collected.declare_adjoint(field);
        }
        let mut flows = Vec::new();
        for (at, update) in forward.updates.iter().enumerate() {
            collected.dense((at, update), &mut flows);
        }
        collected.place(forward, &flows);
        collected
    }

    fn declare_adjoint(&mut self, field: FieldId) {
        let forward = self.stencil.field(field).clone();
        let name = self.stencil.fresh_name(&format!("{}_adj", forward.name));
        // Where a state is zero by declaration its cotangent is of no use: it is zero there too.
        let adjoint = self.stencil.add_field(Field { name, ..forward });
        self.adjoints.insert(field, adjoint);
    }

    /// What one dense update contributes to everything that it reads.
    fn dense(&mut self, (at, update): (usize, &Update), flows: &mut Vec<Flow>) {
        for read in self.stencil.reads(&[update.numerator]) {
            if !self.adjoints.contains_key(&read.field) {
                continue;
            }
            let leaf = self.leaf(&read);
            let slope = derivative(&mut self.stencil.exprs, update.numerator, leaf);
            let (to, level) = (read.field, read.time);
            if read.offset.is_zero()
                && !update.is_partial()
                && self.stencil.is_time_invariant(slope)
            {
                flows.push(Flow::Near { update: at, to, level, slope });
                continue;
            }
            let gathered = |stencil: &Stencil, factor| is_read_beside(stencil, factor, &read);
            for term in terms_apart(&mut self.stencil, slope, gathered) {
                let beside = term.apart.map(|factor| self.at_point(factor));
                let weight =
                    beside.map_or(term.uniform, |b| self.stencil.exprs.mul(term.uniform, b));
                flows.push(Flow::Far(Gather {
                    of: Source { update: at, rest: term.rest },
                    factors: term.factors_of_rest,
                    number: term.number,
                    to: Taken {
                        to,
                        level,
                        offset: read.offset.opposite(),
                        closure: read.closure.transposed(),
                        weight,
                    },
                }));
            }
        }
    }

    /// A value of parameters that are all read at one place, as it is at the point.
    fn at_point(&mut self, value: ExprId) -> ExprId {
        let mut moved: HashMap<ExprId, ExprId> = HashMap::new();
        for id in self.stencil.exprs.reachable(&[value]) {
            let new = match self.stencil.exprs[id] {
                Expr::Load { field, time, .. } => {
                    self.stencil.exprs.load(Target { field, time }, Offset::ZERO)
                }
                other => {
                    let other = other.map_operands(|operand| moved[&operand]);
                    self.stencil.exprs.intern(other)
                }
            };
            moved.insert(id, new);
        }
        moved[&value]
    }

    fn leaf(&mut self, read: &Read) -> ExprId {
        let Read { field, time, offset, closure } = *read;
        self.stencil.exprs.intern(Expr::Load { field, time, offset, closure })
    }

    /// What is read of an update: its adjoint, times `rest`, where and when it holds.
    pub(super) fn source(&mut self, update: &Update, rest: Option<ExprId>) -> FieldId {
        match rest {
            None if !update.is_partial() => self.adjoints[&update.field],
            None => {
                let one = self.stencil.exprs.constant(1.0);
                self.product(update, one)
            }
            Some(rest) => self.product(update, rest),
        }
    }

    /// The function `w = rest * mu` of an update.
    fn product(&mut self, update: &Update, rest: ExprId) -> FieldId {
        match self.products.get(&(update.at, rest)) {
            Some(&known) => known,
            None => self.new_product(update, rest),
        }
    }

    fn new_product(&mut self, update: &Update, rest: ExprId) -> FieldId {
        let adjoint = self.stencil.field(self.adjoints[&update.field]).clone();
        let name = self.stencil.fresh_name(&format!("{}_w", adjoint.name));
        let levels = Levels::Time(2);
        let field = self.stencil.add_field(Field { name, levels, ..adjoint });
        self.products.insert((update.at, rest), field);
        let coefficient = self.recorded(update, rest);
        self.consumers.push(Consumer {
            of: update.field,
            target: Target { field, time: 1 },
            mode: WriteMode::Assign,
            coefficient,
            acts: update.acts,
            overwritten: update.overwritten.clone(),
        });
        field
    }

    /// The value as the reverse step can have it: itself if it is time-invariant, else the tape
    /// on which the forward step records it.
    pub(super) fn recorded(&mut self, update: &Update, value: ExprId) -> ExprId {
        if self.stencil.is_time_invariant(value) {
            return value;
        }
        // Equal values are recorded once, behind the first update that has them.
        let zero_in = self.stencil.field(update.field).zero_in;
        if let Some(&known) = self.recorded.get(&(value, zero_in, update.acts)) {
            return self.stencil.exprs.load(Target { field: known, time: 0 }, Offset::ZERO);
        }
        let like = self.stencil.field(update.field).clone();
        let name = self.stencil.fresh_name(&format!("{}_tape", like.name));
        let field = self.stencil.add_field(Field { name, levels: Levels::Tape, ..like });
        self.tapes.push(field);
        self.recorded.insert((value, zero_in, update.acts), field);
        let target = Target { field, time: 0 };
        let mode = WriteMode::Assign;
        if update.acts != Place::EVERYWHERE {
            // Elsewhere the value need not be a number.
            let value = self.stencil.exprs.constant(0.0);
            let kind = StatementKind::Update { target, region: DOMAIN, mode, value };
            self.records.push((update.at, Statement { when: Predicate::Always, kind }));
        }
        let Place { region, when } = update.acts;
        let kind = StatementKind::Update { target, region, mode, value };
        self.records.push((update.at, Statement { when, kind }));
        self.stencil.exprs.load(target, Offset::ZERO)
    }

    /// The gradient by a parameter that a dense update reads.
    ///
    /// With `f = N / D` and `l = D mu`: `(df/dm) l = (N' - f D') mu`, where `f` is the level that
    /// has just been computed.
    pub(super) fn parameter(&mut self, update: &Update, parameter: FieldId, gradient: FieldId) {
        let roots = [update.numerator, update.denominator];
        let reads = self.stencil.reads(&roots);
        for read in reads.into_iter().filter(|r| r.field == parameter) {
            let leaf = self.leaf(&read);
            let exprs = &mut self.stencil.exprs;
            let above = derivative(exprs, update.numerator, leaf);
            let below = derivative(exprs, update.denominator, leaf);
            let new = exprs.load(Target { field: update.field, time: 1 }, Offset::ZERO);
            let carried = exprs.mul(new, below);
            let slope = exprs.sub(above, carried);
            if read.offset.is_zero() && !update.is_partial() {
                let coefficient = self.recorded(update, slope);
                self.consumers.push(Consumer {
                    of: update.field,
                    target: Target { field: gradient, time: 0 },
                    mode: WriteMode::Add,
                    coefficient,
                    acts: update.acts,
                    overwritten: Vec::new(),
                });
                continue;
            }
            // What changes with time takes a tape: one for the whole slope.
            let terms = if self.stencil.is_time_invariant(slope) {
                uniform_terms(&mut self.stencil, slope)
            } else {
                vec![(self.stencil.exprs.constant(1.0), Some(slope))]
            };
            for (coefficient, rest) in terms {
                let source = self.source(update, rest);
                let (offset, closure) = (read.offset.opposite(), read.closure.transposed());
                let shifted = ShiftedGradient { gradient, source, offset, closure, coefficient };
                self.shifted.push(shifted);
            }
        }
    }
}
