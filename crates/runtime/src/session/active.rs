//! The active region: the part of the grid that waves have reached.
//!
//! Every level carries a box outside of which it is zero to the bit ([`Patch`]). Before a step runs,
//! the boxes of what it reads give the box in which its updates may differ from zero
//! ([`support`](retrograd_compile::support)); its loop nests work there alone, and the boxes of the
//! new levels follow. An injection adds the grid points that it touches, once its samples are not
//! zero. A block of steps does so for all of its steps before the first one runs.
//!
//! Such boxes grow by the reach of the stencil in every step, ten times faster than waves. Most of
//! that are numbers that have been flushed to zero: after a step, the new box is narrowed to what is
//! not `+0`, but not below the box of the level before, so that boxes grow and never shrink.
//!
//! * A nest that assigns works on the box of the buffer as well, and leaves zeros there: buffers that
//!   take turns stay right. A buffer from the pool whose box is too large is cleared.
//! * A nest that adds works on the box of its target too: zero that is added to `-0` makes it `+0`.
//!   The box of a static function is one outside of which it is not `-0`. It takes in what is added to;
//!   now and then it is narrowed to where there is a `-0`, which is nowhere as a rule.
//! * Parts of a nest are gone through in their order: later ones read, at the point, what earlier ones
//!   have written.
//! * What is left out would have become `+0`, or is `+0` and has zero added to it: the same bits,
//!   whatever the boxes are, and so whatever threads, blocks and snapshots.

use std::sync::Arc;

use retrograd_compile::emit::FunctionKind;
use retrograd_compile::passes::SETUP;
use retrograd_compile::schedule::{Part, PhaseKind};
use retrograd_compile::support::{self, Effect, Known, Output, Spread, Support, Values};
use retrograd_ir::interpret::{Subnormals, evaluate_uniform};
use retrograd_ir::{DType, ExprId, FieldId, Levels, SparseId, StatementKind, Stencil, Target};

use super::blocks::feeds_back;
use super::zeros::clear;
use super::{FieldData, Session};
use crate::buffer::{ALIGNMENT, Buffer, Level};
use crate::layout::Layout;
use crate::patch::Patch;
use crate::program::CStep;
use crate::real::Real;

/// Where phases of a step may do something, whatever grid and points.
pub(super) enum PhaseSupport {
    /// Per part.
    Nest(Vec<Vec<Output>>),
    Inject {
        /// Whether zero samples leave everything as it is.
        silent: bool,
    },
    Interpolate,
}

/// Prepared boxes of one step.
pub(super) struct ActiveStep {
    /// What boxes are kept for: levels, entries and the static functions that the step writes.
    slots: Vec<Target>,
    phases: Vec<Acts>,
}

/// What a phase does to boxes.
enum Acts {
    Nest(Vec<ActivePart>),
    Inject {
        slot: Option<usize>,
        touched: Patch,
        /// If zero samples leave everything as it is.
        series: Option<Vec<(SparseId, i8)>>,
    },
    Interpolate,
}

/// A part of a nest.
struct ActivePart {
    region: Patch,
    outputs: Vec<Written>,
}

struct Written {
    slot: usize,
    effect: Effect,
    /// Whether it replaces what may be anything anywhere: a static function.
    whole: bool,
    /// Nothing if it may differ from zero anywhere.
    within: Option<Vec<Vec<(usize, Spread)>>>,
}

impl Written {
    /// Where the value may differ from zero.
    fn patch(&self, boxes: &[Patch], grid: Patch) -> Patch {
        let Some(sets) = &self.within else { return grid };
        let reached = |set: &Vec<(usize, Spread)>| {
            let near = set.iter().map(|(slot, spread)| boxes[*slot].readers(spread, grid));
            near.fold(Patch::EMPTY, Patch::hull)
        };
        sets.iter().map(reached).fold(grid, Patch::meet)
    }
}

/// A tape entry that a step writes anew.
struct Rewritten {
    slot: usize,
    /// Outside of it the buffer is zero.
    left: Patch,
    /// Whether all that assigns the entry goes over what is left there.
    covered: bool,
}

impl Session {
    /// Whether loop nests leave out points that nothing has reached yet: on unless switched off here,
    /// for tests and timings. Changes no bit of a result; for what is assumed of numbers see
    /// [`retrograd_compile::support`].
    pub fn set_active(&mut self, active: bool) {
        self.active = active;
    }

    /// Whether it is on.
    pub fn is_active(&self) -> bool {
        self.active
    }

    /// Grid points that loop nests in C have gone over so far, in all steps and parts of steps.
    pub fn points_computed(&self) -> u64 {
        self.points_computed
    }

    /// Where the phases of a step may do something.
    pub(super) fn phase_supports(&self, number: usize) -> Vec<PhaseSupport> {
        let stencil = self.program.stencil();
        let (params, scalars) = (|id| self.param(id), |id| self.scalar(id));
        let uniform =
            |e: ExprId| evaluate_uniform(stencil, e, &params, &scalars, Subnormals::Flush);
        let function = |field: FieldId| self.values[field.0 as usize];
        let known = Known { uniform: &uniform, function: &function };
        let of = |kind: &PhaseKind| match kind {
            PhaseKind::Nest(nest) => {
                let parts = nest.parts.iter();
                PhaseSupport::Nest(parts.map(|p| support::outputs(stencil, p, &known)).collect())
            }
            PhaseKind::Other(StatementKind::Inject { value, .. }) => {
                let silent = support::is_silent_without_samples(stencil, *value, &known);
                PhaseSupport::Inject { silent: silent && !feeds_back(stencil, number) }
            }
            PhaseKind::Other(_) => PhaseSupport::Interpolate,
        };
        self.program.steps[number].schedule.phases.iter().map(|phase| of(&phase.kind)).collect()
    }

    /// Looks at the numbers of a static function. Those that steps write while time goes on change
    /// too often, and are taken for finite.
    pub(super) fn note_values(&mut self, field: FieldId, buffer: &Buffer) {
        let (place, _) = &self.places[field.0 as usize];
        let layout = &self.layouts[*place].1;
        let stencil = self.program.stencil();
        if changes(stencil, field) {
            return;
        }
        let found = match stencil.field(field).dtype {
            DType::F32 => values(layout, buffer.slice::<f32>()),
            DType::F64 => values(layout, buffer.slice::<f64>()),
        };
        if std::mem::replace(&mut self.values[field.0 as usize], found) != found {
            self.forget_uniforms();
        }
    }

    /// Looks at what a step has computed for all others.
    pub(super) fn note_computed(&mut self, number: usize) {
        let program = self.program.clone();
        for target in &program.steps[number].written {
            if let FieldData::Static(Some(buffer)) = &self.fields[target.field.0 as usize] {
                let buffer = buffer.clone();
                self.note_values(target.field, &buffer);
            }
        }
    }

    /// Prepares the boxes of a step.
    pub(super) fn plan_active(
        &self,
        number: usize,
        c: &CStep,
        supports: &[PhaseSupport],
    ) -> ActiveStep {
        let stencil = self.program.stencil();
        let code = &self.program.steps[number];
        let constant = |t: &Target| {
            stencil.field(t.field).levels == Levels::Static && !code.written.contains(t)
        };
        let slots: Vec<Target> = code.touched.iter().filter(|t| !constant(t)).copied().collect();
        let slot = |target: Target| slots.iter().position(|known| *known == target);
        let phases = code.schedule.phases.iter().zip(supports).zip(&c.module.functions);
        let phases = phases.map(|((phase, support), function)| match (support, &function.kind) {
            (PhaseSupport::Nest(parts), _) => {
                let parts = self.regions(&phase.kind).into_iter().zip(parts);
                let part = |(region, outputs): (Patch, &Vec<Output>)| ActivePart {
                    region,
                    outputs: outputs.iter().map(|output| written(stencil, output, &slot)).collect(),
                };
                Acts::Nest(parts.map(part).collect())
            }
            (PhaseSupport::Inject { silent }, FunctionKind::Inject { sparse, target, series }) => {
                let staggered = stencil.field(target.field).staggered;
                Acts::Inject {
                    slot: slot(*target),
                    touched: self.sparse[sparse.0 as usize].table(staggered).2.touched,
                    series: silent.then(|| series.clone()),
                }
            }
            (PhaseSupport::Inject { .. } | PhaseSupport::Interpolate, _) => Acts::Interpolate,
        });
        let phases = phases.collect();
        ActiveStep { slots, phases }
    }

    /// The regions of the parts of a nest.
    fn regions(&self, kind: &PhaseKind) -> Vec<Patch> {
        let PhaseKind::Nest(nest) = kind else { return Vec::new() };
        let regions = &self.program.stencil().regions;
        let resolved = |part: &Part| {
            Patch::of(&regions[part.region.0 as usize].resolve(&self.extents, &self.widths))
        };
        nest.parts.iter().map(resolved).collect()
    }

    /// The boxes that the phases of step `n` work on. Notes the boxes of what the step writes, `fresh`
    /// levels and tape entries, and clears entries where that is needed.
    pub(super) fn activate(
        &mut self,
        number: usize,
        n: i64,
        fresh: &[(FieldId, Arc<Level>)],
        acts: &[bool],
    ) -> Vec<Patch> {
        let grid = Patch::whole(&self.extents);
        let plan = self.plans[number].as_ref().expect("a step should be planned before it runs");
        let step = plan.active.clone();
        let mut boxes: Vec<Patch>;
        let mut works = vec![grid; acts.len()];
        if self.active {
            boxes = step.slots.iter().map(|&target| self.patch(target, n, fresh)).collect();
            let rewritten = self.rewritten(number, &step.slots, &mut boxes);
            let (lanes, last) = (self.lanes(), self.extents.len() - 1);
            let mut round = Round { grid, lanes, last, boxes, rewritten, found: Vec::new() };
            for ((work, phase), _) in works.iter_mut().zip(&step.phases).zip(acts).filter(|x| *x.1)
            {
                *work = round.phase(phase, &|sparse, time| self.is_silent(sparse, n, time));
            }
            for entry in round.rewritten.iter().filter(|entry| !entry.covered) {
                self.clear_entry(step.slots[entry.slot], n);
            }
            boxes = round.boxes;
        } else {
            boxes = vec![grid; step.slots.len()];
        }
        for (target, patch) in step.slots.iter().zip(boxes) {
            if self.program.steps[number].written.contains(target) {
                self.note_patch(*target, n, fresh, patch);
            }
        }
        for ((work, phase), _) in works.iter().zip(&step.phases).zip(acts).filter(|x| *x.1) {
            if let Acts::Nest(parts) = phase {
                let points = parts.iter().map(|part| part.region.meet(*work).points());
                self.points_computed += points.sum::<u64>();
            }
        }
        works
    }

    /// Notes that a step that is not restricted may leave anything anywhere.
    pub(super) fn note_unknown(&mut self, number: usize, n: i64, fresh: &[(FieldId, Arc<Level>)]) {
        let program = self.program.clone();
        for &target in &program.steps[number].written {
            self.note_patch(target, n, fresh, Patch::whole(&self.extents));
        }
    }

    /// Numbers to a vector: boxes that nests work on are cut between vectors.
    fn lanes(&self) -> usize {
        ALIGNMENT / self.program.stencil().dtype.bytes()
    }

    /// The level or entry of a target; none where nothing was recorded.
    fn held<'a>(
        &'a self,
        target: Target,
        n: i64,
        fresh: &'a [(FieldId, Arc<Level>)],
    ) -> Option<&'a Arc<Level>> {
        match &self.fields[target.field.0 as usize] {
            FieldData::Static(_) => None,
            FieldData::Time(_) if target.time == 1 => {
                fresh.iter().find(|(field, _)| *field == target.field).map(|(_, level)| level)
            }
            FieldData::Time(held) => held.get(usize::from(target.time.unsigned_abs())),
            FieldData::Tape(tape) => tape.get(n + i64::from(target.time)),
        }
    }

    pub(super) fn patch(&self, target: Target, n: i64, fresh: &[(FieldId, Arc<Level>)]) -> Patch {
        if let FieldData::Static(_) = self.fields[target.field.0 as usize] {
            return self.patches[target.field.0 as usize];
        }
        self.held(target, n, fresh).map_or(Patch::EMPTY, |level| level.patch())
    }

    fn note_patch(
        &mut self,
        target: Target,
        n: i64,
        fresh: &[(FieldId, Arc<Level>)],
        patch: Patch,
    ) {
        if let FieldData::Static(_) = self.fields[target.field.0 as usize] {
            self.patches[target.field.0 as usize] = patch;
        } else if let Some(level) = self.held(target, n, fresh) {
            level.set_patch(patch);
        }
    }

    /// Takes the entries that a step writes as a whole for empty, and keeps what lies in their buffers.
    fn rewritten(&self, number: usize, slots: &[Target], boxes: &mut [Patch]) -> Vec<Rewritten> {
        let code = &self.program.steps[number];
        let mut all = Vec::new();
        for (slot, target) in slots.iter().enumerate() {
            let tape = matches!(self.fields[target.field.0 as usize], FieldData::Tape(_));
            if tape && code.written.contains(target) && !code.clears.contains(target) {
                let left = std::mem::replace(&mut boxes[slot], Patch::EMPTY);
                all.push(Rewritten { slot, left, covered: true });
            }
        }
        all
    }

    fn clear_entry(&mut self, target: Target, n: i64) {
        let layout = &self.layouts[self.places[target.field.0 as usize].0].1;
        let FieldData::Tape(tape) = &mut self.fields[target.field.0 as usize] else { return };
        let entry = tape.slot(n + i64::from(target.time)).as_mut().and_then(Arc::get_mut);
        clear(entry.expect("an entry that is written should be nobody else's"), layout);
    }

    /// Whether all samples of a step are zero.
    fn is_silent(&self, sparse: SparseId, n: i64, time: i8) -> bool {
        let data = &self.sparse[sparse.0 as usize];
        let row = data.row(n + i64::from(time));
        row.is_none_or(|row| (row..row + data.points).all(|at| data.samples.get(at) == 0.0))
    }
}

/// Boxes while the phases of one step are gone through.
struct Round {
    grid: Patch,
    lanes: usize,
    /// The last dimension.
    last: usize,
    boxes: Vec<Patch>,
    rewritten: Vec<Rewritten>,
    /// Of the outputs of a nest, where they may differ from zero.
    found: Vec<Patch>,
}

impl Round {
    /// What a phase works on.
    fn phase(&mut self, phase: &Acts, silent: &dyn Fn(SparseId, i8) -> bool) -> Patch {
        match phase {
            Acts::Nest(parts) => self.nest(parts),
            Acts::Inject { slot, touched, series } => {
                let silent = series.as_ref().is_some_and(|s| s.iter().all(|(s, t)| silent(*s, *t)));
                if let Some(slot) = slot.filter(|_| !silent) {
                    self.boxes[slot] = self.boxes[slot].hull(*touched);
                }
                self.grid
            }
            Acts::Interpolate => self.grid,
        }
    }

    /// Values read memory as it is before their part: what earlier parts of the nest wrote is there.
    fn nest(&mut self, parts: &[ActivePart]) -> Patch {
        let mut work = Patch::EMPTY;
        for part in parts {
            self.found.clear();
            for output in &part.outputs {
                let found = output.patch(&self.boxes, self.grid).meet(part.region);
                // What is there is replaced; or zero is added to it, which changes `-0`.
                let there = if output.whole { self.grid } else { self.boxes[output.slot] };
                work = work.hull(found).hull(there.meet(part.region));
                self.found.push(found);
            }
            for (output, found) in part.outputs.iter().zip(&self.found) {
                self.boxes[output.slot] = self.boxes[output.slot].hull(*found);
            }
        }
        let row = work.range(self.last);
        let ends = row.start / self.lanes * self.lanes..row.end.next_multiple_of(self.lanes);
        let work = work.with(self.last, ends).meet(self.grid);
        for part in parts {
            for output in part.outputs.iter().filter(|o| o.effect == Effect::Assigns) {
                let mut entries = self.rewritten.iter_mut();
                if let Some(entry) = entries.find(|entry| entry.slot == output.slot) {
                    entry.covered &= work.contains(entry.left.meet(part.region));
                }
            }
        }
        work
    }
}

/// What is known of functions that nobody has set: they are zero.
pub(super) fn unset(stencil: &Stencil) -> Vec<Values> {
    let fields = (0..stencil.fields.len() as u32).map(FieldId);
    fields.map(|f| if changes(stencil, f) { Values::Finite } else { Values::Positive }).collect()
}

/// Whether some step writes a static function for itself.
fn changes(stencil: &Stencil, field: FieldId) -> bool {
    let steps = stencil.steps.iter().filter(|step| step.name != SETUP);
    let mut written = steps.flat_map(|step| &step.statements).filter_map(Stencil::written);
    written.any(|target| target.field == field)
}

fn values<T: Real>(layout: &Layout, numbers: &[T]) -> Values {
    let (mut finite, mut positive) = (true, true);
    for row in layout.rows() {
        for number in &numbers[row] {
            let number = number.to_f64();
            finite &= number.is_finite();
            positive &= number.is_sign_positive();
        }
    }
    match (finite, positive) {
        (false, _) => Values::Wild,
        (true, false) => Values::Finite,
        (true, true) => Values::Positive,
    }
}

fn written(stencil: &Stencil, output: &Output, slot: &dyn Fn(Target) -> Option<usize>) -> Written {
    let constant = stencil.field(output.target.field).levels == Levels::Static;
    let whole = constant && output.effect == Effect::Assigns;
    let near = |near: &support::Near| Some((slot(near.target)?, near.spread));
    let within = match &output.support {
        Support::Everywhere => None,
        Support::Within(sets) => {
            sets.iter().map(|set| set.iter().map(near).collect::<Option<Vec<_>>>()).collect()
        }
    };
    let slot = slot(output.target).expect("boxes are kept of what a step writes");
    Written { slot, effect: output.effect, whole, within }
}
