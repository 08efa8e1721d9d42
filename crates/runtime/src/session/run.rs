//! Advancing a session.

use std::ffi::{c_int, c_long};
use std::ops::Range;

use retrograd_compile::emit::FunctionKind;
use retrograd_compile::passes::SETUP;
use retrograd_compile::schedule::{Phase, PhaseKind, Wait};
use retrograd_ir::interpret::{Subnormals, holds};
use retrograd_ir::{StatementKind, Target};

use super::blocks::{BlockPlan, Task};
use super::pieces::clipped;
use super::plan::{StepPlan, Work};
use super::prepare::Fresh;
use super::{FieldData, InPlace, Invariants, Session, SessionError};
use crate::buffer::is_own;
use crate::patch::Patch;
use crate::program::{CStep, Code, ProgramError};

/// See [`FunctionKind::Nest`].
type NestFn = unsafe extern "C" fn(*const *mut u8, *const c_long, *const u8, *const c_long);
/// See [`FunctionKind::Reduce`].
type ReduceFn =
    unsafe extern "C" fn(*const *mut u8, *const c_long, *const u8, *const c_long, *mut f64);
/// See [`FunctionKind::Inject`].
type InjectFn = unsafe extern "C" fn(
    *const *mut u8,
    *const c_long,
    *const u8,
    *const *const u8,
    *const c_long,
    *const c_int,
    *const c_int,
    *const u8,
    c_long,
    c_long,
);
/// See [`FunctionKind::Interpolate`].
type InterpolateFn = unsafe extern "C" fn(
    *const *mut u8,
    *const c_long,
    *const u8,
    *mut u8,
    *const c_long,
    *const c_int,
    *const u8,
    c_long,
    c_long,
);

impl Session {
    /// Runs the named step for each step number of `steps`, in the given order; `setup` before it
    /// if a function or a parameter has changed since.
    ///
    /// # Errors
    /// No memory, or a step that has no code.
    ///
    /// # Panics
    /// If sparse points that the step uses have not been placed, or a tape that it uses has no
    /// window over a step.
    pub fn run(
        &mut self,
        step: &str,
        steps: impl IntoIterator<Item = usize>,
    ) -> Result<(), RunError> {
        let no_step = || ProgramError::NoStep(step.into());
        let number = self.program.step(step).ok_or_else(no_step)?;
        if matches!(self.program.steps[number].code, Code::None) {
            return Err(no_step().into());
        }
        if step == SETUP {
            self.invariants = Invariants::Computed;
        } else if self.invariants == Invariants::Stale {
            self.set_up()?;
        }
        self.prepare(number)?;
        let steps: Vec<i64> = steps.into_iter().map(|n| n as i64).collect();
        let mut rest = &steps[..];
        while let Some((&n, later)) = rest.split_first() {
            let block = self.block(number, rest);
            if let Some((plan, count)) = block.filter(|_| self.levels_are_own(number)) {
                self.run_block(number, &plan, &rest[..count])?;
                rest = &rest[count..];
                self.steps_in_blocks += count;
            } else {
                self.run_once(number, n)?;
                rest = later;
            }
        }
        // No other step writes what has a halo.
        if step == SETUP {
            self.fill_written_halos(number);
            self.note_computed(number);
        }
        Ok(())
    }

    /// Whether nobody else holds a level that a block of steps may overwrite.
    fn levels_are_own(&mut self, number: usize) -> bool {
        let program = self.program.clone();
        self.in_place == InPlace::Allowed
            && program.steps[number].advances.iter().all(|field| {
                match &mut self.fields[field.0 as usize] {
                    FieldData::Time(held) => held.iter_mut().all(is_own),
                    FieldData::Static(_) | FieldData::Tape(_) => true,
                }
            })
    }

    /// Computes everything that does not change with time, as a step does that runs after a
    /// change: to have it done before forks share it.
    ///
    /// # Errors
    /// No memory.
    pub fn set_up(&mut self) -> Result<(), RunError> {
        self.invariants = Invariants::Computed;
        if self.program.step(SETUP).is_some() {
            self.run(SETUP, [0])?;
        }
        Ok(())
    }

    fn run_once(&mut self, number: usize, n: i64) -> Result<(), SessionError> {
        let program = self.program.clone();
        let code = &program.steps[number];
        self.prepare_tapes(number, n)?;
        let before = self.newest_patches(number);
        let fresh = self.fresh_levels(number, &mut Vec::new())?;
        match &code.code {
            Code::C(c) => self.run_c(number, c, n, &fresh),
            Code::Interpreter => {
                self.note_unknown(number, n, &fresh);
                self.run_interpreted(number, n, &fresh);
            }
            Code::None => {}
        }
        self.move_back(fresh);
        self.narrow(number, 1, &before);
        self.narrow_sums(number, &[n]);
        Ok(())
    }

    /// Runs steps together: as many as the block has, or fewer.
    fn run_block(
        &mut self,
        number: usize,
        block: &BlockPlan,
        steps: &[i64],
    ) -> Result<(), SessionError> {
        let program = self.program.clone();
        let Code::C(c) = &program.steps[number].code else { return Ok(()) };
        // Addresses stay as levels move: those of the last step are known before the first one runs.
        // A level that falls out is the next new one, so that buffers come round as the plan expects.
        let mut arguments = Vec::with_capacity(steps.len());
        let mut spare: Fresh = Vec::new();
        let before = self.newest_patches(number);
        for &n in steps {
            // Entries of later steps are not there yet for earlier ones.
            self.prepare_tapes(number, n)?;
            let fresh = self.fresh_levels(number, &mut spare)?;
            arguments.push(self.arguments(number, c, n, &fresh));
            spare = self.move_back(fresh);
        }
        let waiter = self.team.wait_in();
        let grid = Patch::whole(&self.extents);
        let plan = self.plans[number].take().expect("a step should be planned before it runs");
        let calls: Vec<Call<'_>> = arguments
            .iter()
            .map(|Arguments { pointers, samples, active, patches }| Call {
                pointers,
                samples,
                active,
                patches,
                grid,
                plan: &plan,
                code: c,
                downwards: false,
            })
            .collect();
        let calls = Shared(&calls[..]);
        let sparse = Shared(&*self.sparse);
        self.team.run(&|thread| {
            // Captured whole: the wrappers carry the promise.
            let (calls, sparse) = (&calls, &sparse);
            let run = |task: &Task| {
                let call = &calls.0[task.step];
                if call.active[task.phase] {
                    let patch = call.patches[task.phase];
                    // SAFETY: see `Call::work`; the plan has threads touch what others touch only
                    // after they have waited for each other.
                    unsafe { call.work(task.phase, &task.work, patch, sparse.0) };
                }
            };
            let now = |task: &&Task| task.step < calls.0.len();
            block.apart[thread].iter().filter(now).for_each(run);
            for seam in block.seams.iter().filter(|seam| seam.step < calls.0.len()) {
                waiter.wait();
                seam.own[thread].iter().for_each(run);
            }
        });
        self.plans[number] = Some(plan);
        self.narrow(number, steps.len(), &before);
        self.narrow_sums(number, steps);
        Ok(())
    }

    fn arguments(&mut self, number: usize, c: &CStep, n: i64, fresh: &Fresh) -> Arguments {
        let program = self.program.clone();
        let level = |target: Target| {
            let found = fresh.iter().find(|(f, _)| *f == target.field);
            found.map(|(_, level)| level)
        };
        let (params, scalars) = (|id| self.param(id), |id| self.scalar(id));
        let phases = program.steps[number].schedule.phases.iter();
        let acts = |when| holds(program.stencil(), when, n, &params, &scalars, Subnormals::Flush);
        let active: Vec<bool> = phases.map(|phase| acts(phase.when)).collect();
        let patches = self.activate(number, n, fresh, &active);
        Arguments {
            pointers: c.module.pointers.iter().map(|&t| self.address(t, n, level(t))).collect(),
            active,
            patches,
            samples: c.module.functions.iter().map(|f| self.samples(&f.kind, n)).collect(),
        }
    }

    /// The rows of the outermost dimension that threads share evenly, if these are not all.
    fn middle(&self, phases: &[Phase], patches: &[Patch]) -> Option<Range<usize>> {
        let nests = phases.iter().zip(patches);
        let nests = nests.filter(|(phase, _)| matches!(phase.kind, PhaseKind::Nest(_)));
        let rows = nests.map(|(_, patch)| *patch).fold(Patch::EMPTY, Patch::hull).range(0);
        let some = !rows.is_empty() && rows != (0..self.extents[0]);
        (some && self.team.size() > 1 && self.extents.len() > 1).then_some(rows)
    }

    fn run_c(&mut self, number: usize, c: &CStep, n: i64, fresh: &Fresh) {
        let program = self.program.clone();
        let phases = &program.steps[number].schedule.phases;
        let Arguments { pointers, samples, active, patches } = self.arguments(number, c, n, fresh);
        let waiter = self.team.wait_in();
        let middle = self.middle(phases, &patches);
        let grid = Patch::whole(&self.extents);
        let shares: Option<Vec<Patch>> = middle.map(|middle| {
            let share = |thread| grid.with(0, self.share_around(thread, &middle));
            (0..self.team.size()).map(share).collect()
        });
        let mut plan = self.plans[number].take().expect("a step should be planned before it runs");
        let mut begin = 0;
        while begin < phases.len() {
            // What a reduction comes to is known to the phases after it.
            let end = begin + 1 + phases[begin..].iter().take_while(|p| !reduces(p)).count();
            let end = end.min(phases.len());
            let call = Call {
                pointers: &pointers,
                samples: &samples,
                active: &active,
                patches: &patches,
                grid,
                plan: &plan,
                code: c,
                downwards: n % 2 != 0,
            };
            let call = Shared(&call);
            let session = Shared(&*self.sparse);
            self.team.run(&|thread| {
                // Captured whole: the wrappers carry the promise.
                let (call, sparse) = (&call, &session);
                for (k, phase) in phases.iter().enumerate().take(end).skip(begin) {
                    if phase.waits == Wait::All {
                        waiter.wait();
                    }
                    let plan = &call.0.plan.phases[k];
                    // Points are split in one way only.
                    let share = shares.as_ref().filter(|_| plan.all.is_some());
                    let (own, patch) = match share {
                        Some(shares) => (&plan.all, call.0.patches[k].meet(shares[thread])),
                        None => (&plan.own[thread], call.0.patches[k]),
                    };
                    if let Some(work) = own.as_ref().filter(|_| call.0.active[k]) {
                        // SAFETY: see `Call::work`; threads own disjoint parts, the same rows in
                        // all phases, and wait for each other where the schedule says that one
                        // reads what another writes.
                        unsafe { call.0.work(k, work, patch, sparse.0) };
                    }
                }
            });
            if active[end - 1] && self.finish_reduction(&phases[end - 1].kind) {
                plan.uniforms = self.uniforms(c);
            }
            begin = end;
        }
        self.plans[number] = Some(plan);
    }

    /// Addresses of the samples that a sparse phase reads or writes at step `n`.
    fn samples(&mut self, kind: &FunctionKind, n: i64) -> Samples {
        match kind {
            FunctionKind::Nest { .. } => Samples::None,
            FunctionKind::Reduce { .. } => Samples::Rows(self.row_results()),
            FunctionKind::Inject { series, .. } => {
                let rows = series.iter().map(|(sparse, time)| {
                    let data = &self.sparse[sparse.0 as usize];
                    match data.row(n + i64::from(*time)) {
                        Some(row) => data.samples.address(row),
                        None => data.silence.address(0),
                    }
                });
                Samples::Read(rows.collect())
            }
            FunctionKind::Interpolate { sparse, time } => {
                let data = &mut self.sparse[sparse.0 as usize];
                Samples::Write(match data.row(n + i64::from(*time)) {
                    Some(row) => data.samples.address_mut(row),
                    None => data.scratch.address_mut(0),
                })
            }
        }
    }
}

/// What went wrong while a session ran.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// The session.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// The program.
    #[error(transparent)]
    Program(#[from] ProgramError),
}

/// Sample addresses of one phase.
enum Samples {
    None,
    Read(Vec<*const u8>),
    Write(*mut u8),
    /// A number per row of the grid.
    Rows(*mut f64),
}

/// Whether a phase is a reduction.
fn reduces(phase: &Phase) -> bool {
    matches!(phase.kind, PhaseKind::Other(StatementKind::Reduce { .. }))
}

/// What the phases of one step are called with.
struct Arguments {
    pointers: Vec<*mut u8>,
    samples: Vec<Samples>,
    /// Whether a phase acts in the step.
    active: Vec<bool>,
    /// The box that it works on.
    patches: Vec<Patch>,
}

/// Lets threads of a team share addresses.
struct Shared<T>(T);

// SAFETY: the wrapped values are addresses and tables that are only read; what lies behind the
// addresses is divided between the threads as argued in `Call::phase`.
unsafe impl<T> Sync for Shared<T> {}

/// Everything that the phases of one step are called with.
struct Call<'a> {
    pointers: &'a [*mut u8],
    samples: &'a [Samples],
    active: &'a [bool],
    patches: &'a [Patch],
    grid: Patch,
    plan: &'a StepPlan,
    code: &'a CStep,
    /// Whether nests take their calls from the last to the first: every other step does, and finds
    /// in the caches what the step before has touched last.
    downwards: bool,
}

impl Call<'_> {
    /// Runs what of a part of phase number `k` lies in a box.
    ///
    /// # Safety
    /// The addresses have to belong to allocated levels of the layouts that the plan was made
    /// for, and no other thread may, until the next wait, write what this part reads or writes:
    /// the schedule proves it for the pieces, entries and points of the plan.
    unsafe fn work(
        &self,
        k: usize,
        work: &Work,
        patch: Patch,
        sparse: &[super::points::SparseData],
    ) {
        let address = self.code.addresses[k];
        let f = self.pointers.as_ptr();
        let s = self.plan.sizes.as_ptr();
        let c = self.plan.uniforms.address(0);
        let staggered = self.plan.phases[k].staggered;
        match (work, &self.samples[k], &self.code.module.functions[k].kind) {
            (Work::Nest(calls), _, _) => {
                // SAFETY: the function was emitted with this kind, hence this type. Pieces lie
                // inside the grid, reads within the radius that the layout pads, and vectors
                // reach at most one vector beyond a row, which the layout has too. So do the
                // images of closed reads, on the grids that a session may have.
                unsafe {
                    let run: NestFn = std::mem::transmute(address);
                    for k in 0..calls.len() {
                        let b = &calls[if self.downwards { calls.len() - 1 - k } else { k }];
                        if patch == self.grid {
                            run(f, s, c, b.as_ptr());
                        } else {
                            let dims = self.plan.dims;
                            clipped(b, &patch, dims, |b| run(f, s, c, b.as_ptr()));
                        }
                    }
                }
            }
            (Work::Reduce(calls), Samples::Rows(out), _) => {
                for b in calls {
                    // SAFETY: as above; `out` has one number per row of the grid, and each thread
                    // writes those of its own rows.
                    unsafe {
                        let run: ReduceFn = std::mem::transmute(address);
                        run(f, s, c, b.as_ptr(), *out);
                    }
                }
            }
            (
                Work::Inject(entries),
                Samples::Read(rows),
                FunctionKind::Inject { sparse: id, .. },
            ) => {
                let table = &sparse[id.0 as usize].table(staggered).2;
                let own = |own: &Range<usize>| table.in_rows(own, patch.range(0));
                for own in entries.iter().map(own).filter(|own| !own.is_empty()) {
                    // SAFETY: as above; entries are positions of grid points that the thread
                    // owns, and every row has one sample per point.
                    unsafe {
                        let run: InjectFn = std::mem::transmute(address);
                        run(
                            f,
                            s,
                            c,
                            rows.as_ptr(),
                            table.grid.as_ptr(),
                            table.grid_start.as_ptr(),
                            table.point.as_ptr(),
                            table.grid_weight.address(0),
                            own.start as c_long,
                            own.end as c_long,
                        );
                    }
                }
            }
            (
                Work::Interpolate(points),
                Samples::Write(out),
                FunctionKind::Interpolate { sparse: id, .. },
            ) => {
                let table = &sparse[id.0 as usize].table(staggered).2;
                for own in points {
                    // SAFETY: as above; `out` has one sample per point and each thread writes its
                    // own.
                    unsafe {
                        let run: InterpolateFn = std::mem::transmute(address);
                        run(
                            f,
                            s,
                            c,
                            *out,
                            table.touch.as_ptr(),
                            table.touch_start.as_ptr(),
                            table.touch_weight.address(0),
                            own.start as c_long,
                            own.end as c_long,
                        );
                    }
                }
            }
            _ => unreachable!("plans, samples and functions should be of one kind"),
        }
    }
}
