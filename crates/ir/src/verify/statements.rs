//! Reads, writes, their order, and predicates.

use super::{Invalid, coverage};
use crate::closure::Edge;
use crate::expr::{Expr, ExprId, Offset};
use crate::program::{
    DimSet, FieldId, Levels, Predicate, SparseId, Statement, StatementKind, Stencil, Step, Target,
    WriteMode,
};
use crate::text::{access_text, statement_text};
use crate::uses::Read;

/// The broken rules about statements.
pub(super) fn check(stencil: &Stencil) -> Vec<Invalid> {
    let mut broken = Vec::new();
    for step in &stencil.steps {
        let mut assigned: Vec<(FieldId, Predicate)> = Vec::new();
        for number in 0..step.statements.len() {
            let statement = &step.statements[number];
            let mut checker = Checker { stencil, step, number, broken: &mut broken };
            checker.predicate(statement);
            for read in stencil.reads(&Stencil::roots(statement)) {
                checker.read(read);
            }
            checker.series(statement);
            checker.order(statement, &assigned);
            checker.write(statement);
            if let StatementKind::Update { target, mode: WriteMode::Assign, .. } = statement.kind {
                assigned.push((target.field, statement.when));
            }
        }
        broken.extend(coverage::check(stencil, step));
    }
    broken
}

struct Checker<'a> {
    stencil: &'a Stencil,
    step: &'a Step,
    number: usize,
    broken: &'a mut Vec<Invalid>,
}

impl Checker<'_> {
    fn place(&self) -> String {
        let text = statement_text(self.stencil, &self.step.statements[self.number]);
        let text = if text.chars().count() > 160 {
            text.chars().take(157).chain("...".chars()).collect()
        } else {
            text
        };
        format!("statement {} of step `{}`, `{text}`,", self.number + 1, self.step.name)
    }

    fn predicate(&mut self, statement: &Statement) {
        match statement.when {
            Predicate::Always => {}
            Predicate::Every { period, phase } => {
                if phase >= period {
                    let place = self.place();
                    self.broken.push(Invalid::Every { place, period, phase });
                }
            }
            Predicate::While { above, .. } => {
                if !self.stencil.is_uniform(above) {
                    let place = self.place();
                    self.broken.push(Invalid::Threshold { place });
                }
            }
        }
    }

    fn read(&mut self, read: Read) {
        let field = self.stencil.field(read.field);
        let text = access_text(self.stencil, &field.name, read.time, read.offset, read.closure);
        if let Some(allowed) = missing_level(field.levels, read.time) {
            let (place, field) = (self.place(), field.name.clone());
            self.broken.push(Invalid::NoSuchLevel { place, read: text.clone(), field, allowed });
        }
        let Offset(steps) = read.offset;
        for (d, _) in steps.iter().enumerate().filter(|&(d, &s)| s != 0 && !field.dims.contains(d))
        {
            let dim = self.stencil.dims.get(d);
            let dim = dim.map_or_else(|| format!("dimension number {d}"), |dim| dim.name.clone());
            let (place, field) = (self.place(), field.name.clone());
            self.broken.push(Invalid::Displacement { place, read: text.clone(), field, dim });
        }
        for (d, ends) in read.closure.0.iter().enumerate().take(self.stencil.dims.len()) {
            let periodic = ends.edges.map(|edge| edge == Edge::Periodic);
            if steps[d] != 0 && periodic[0] != periodic[1] {
                let (place, dim) = (self.place(), self.stencil.dims[d].name.clone());
                self.broken.push(Invalid::HalfPeriodic { place, read: text.clone(), dim });
            }
        }
    }

    fn series(&mut self, statement: &Statement) {
        let injected = match statement.kind {
            StatementKind::Inject { sparse, .. } => Some(sparse),
            StatementKind::Update { .. }
            | StatementKind::Interpolate { .. }
            | StatementKind::Reduce { .. } => None,
        };
        for read in series_of(self.stencil, statement.kind.value()) {
            if Some(read) != injected {
                let name = |id: SparseId| self.stencil.sparse[id.0 as usize].name.clone();
                let allowed = match injected {
                    None => "only an injection reads a series".to_owned(),
                    Some(own) => format!("an injection reads its own series only, `{}`", name(own)),
                };
                let (place, series) = (self.place(), name(read));
                self.broken.push(Invalid::Series { place, series, allowed });
            }
        }
    }

    /// `t+1` is assigned before it is used.
    fn order(&mut self, statement: &Statement, assigned: &[(FieldId, Predicate)]) {
        let defined = |field: FieldId| {
            assigned.iter().any(|&(assigned, when)| {
                assigned == field && (when == Predicate::Always || when == statement.when)
            })
        };
        let is_time = |id: FieldId| matches!(self.stencil.field(id).levels, Levels::Time(_));
        let mut used: Vec<(&'static str, FieldId)> = self
            .stencil
            .reads(&[statement.kind.value()])
            .into_iter()
            .filter(|read| read.time == 1)
            .map(|read| ("reads", read.field))
            .collect();
        used.dedup();
        match statement.kind {
            StatementKind::Update { target, mode: WriteMode::Add, .. } if target.time == 1 => {
                used.push(("adds to", target.field));
            }
            StatementKind::Inject { target, .. } if target.time == 1 => {
                used.push(("injects into", target.field));
            }
            StatementKind::Update { .. }
            | StatementKind::Inject { .. }
            | StatementKind::Interpolate { .. }
            | StatementKind::Reduce { .. } => {}
        }
        for (what, id) in used.into_iter().filter(|&(_, id)| is_time(id) && !defined(id)) {
            let (place, field) = (self.place(), self.stencil.field(id).name.clone());
            self.broken.push(Invalid::Unassigned { place, what, field });
        }
    }

    fn write(&mut self, statement: &Statement) {
        let Some(target) = Stencil::written(statement) else {
            return;
        };
        let field = self.stencil.field(target.field);
        let Target { time, .. } = target;
        let allowed = match field.levels {
            Levels::Time(_) => (time != 1).then_some("of a time function only `t+1` is written"),
            Levels::Static => (time != 0).then_some("a static function has no time levels"),
            Levels::Tape => (time != 0).then_some("a tape is written at the current step only"),
        };
        if let Some(allowed) = allowed {
            let (place, target) = (self.place(), crate::text::target_text(self.stencil, target));
            self.broken.push(Invalid::Unwritable { place, target, allowed });
        }
        if let (StatementKind::Inject { .. }, Some(region)) = (statement.kind, field.zero_in) {
            let (place, field) = (self.place(), field.name.clone());
            let region = self.stencil.regions[region.0 as usize].name.clone();
            self.broken.push(Invalid::InjectionIntoLayer { place, field, region });
        }
        let (needed, reason) = match statement.kind {
            StatementKind::Inject { .. } => {
                (DimSet::first(self.stencil.dims.len()), "the points of an injection lie off it")
            }
            StatementKind::Update { .. }
            | StatementKind::Interpolate { .. }
            | StatementKind::Reduce { .. } => {
                (varies_along(self.stencil, statement.kind.value()), "its value does")
            }
        };
        for d in needed.iter().filter(|&d| !field.dims.contains(d)) {
            let Some(dim) = self.stencil.dims.get(d).map(|dim| dim.name.clone()) else {
                continue;
            };
            let (place, target) = (self.place(), field.name.clone());
            self.broken.push(Invalid::TargetLacksDimension { place, target, dim, reason });
        }
    }
}

/// What levels a function has, if it has none at `time`.
fn missing_level(levels: Levels, time: i8) -> Option<String> {
    match levels {
        Levels::Static => {
            (time != 0).then(|| "is static: it has no time levels\n  help: drop `t`".to_owned())
        }
        Levels::Time(n) => {
            let oldest = 2 - i16::from(n);
            let exists = (oldest..=1).contains(&i16::from(time));
            (!exists).then(|| match oldest {
                0 => format!("has {n} levels: `t+1` and `t`\n  help: declare more levels"),
                _ => format!("has {n} levels: `t+1` to `t{oldest}`\n  help: declare more levels"),
            })
        }
        Levels::Tape => None,
    }
}

fn series_of(stencil: &Stencil, value: ExprId) -> Vec<SparseId> {
    let mut found: Vec<SparseId> = stencil
        .exprs
        .reachable(&[value])
        .into_iter()
        .filter_map(|id| match stencil.exprs[id] {
            Expr::Series { sparse, .. } => Some(sparse),
            _ => None,
        })
        .collect();
    found.sort_unstable();
    found.dedup();
    found
}

/// The dimensions along which a value varies.
fn varies_along(stencil: &Stencil, value: ExprId) -> DimSet {
    let reads = stencil.reads(&[value]);
    reads.iter().fold(DimSet::NONE, |all, read| DimSet(all.0 | stencil.field(read.field).dims.0))
}
