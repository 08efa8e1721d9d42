//! A verified stencil with code for its steps.

use std::sync::Arc;

use libloading::Library;
use retrograd_compile::emit::{CModule, LINK, Unsupported, Vectors, emit_c};
use retrograd_compile::halos::{StoredHalo, stored_halos};
use retrograd_compile::passes::{SETUP, optimise};
use retrograd_compile::schedule::{Schedule, schedule};
use retrograd_ir::{
    DOMAIN, DType, DimSet, Invalid, Levels, Predicate, Statement, StatementKind, Stencil, Target,
    Verified, WriteMode, verify,
};

use crate::elementary;
use crate::jit::{self, JitError, JitOptions};
use crate::layout::Layout;

/// What runs the steps.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Backend {
    /// C, compiled at run time by the system's compiler.
    #[default]
    C,
    /// The interpreter: slow, needs no compiler.
    Interpreter,
}

/// Why a program cannot be run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProgramError {
    /// The stencil breaks rules.
    #[error("the stencil program is not well formed:\n{}", list(.0))]
    Invalid(Vec<Invalid>),
    /// The back end lacks something.
    #[error("step `{step}`: {source}")]
    Unsupported {
        /// The step.
        step: String,
        /// What is lacking.
        source: Unsupported,
    },
    /// No kernel.
    #[error(transparent)]
    Jit(#[from] JitError),
    /// There is no such step.
    #[error("the program has no step `{0}`")]
    NoStep(String),
}

fn list(errors: &[Invalid]) -> String {
    errors.iter().map(|e| format!("  {e}")).collect::<Vec<_>>().join("\n")
}

/// Generated code of a step.
pub(crate) struct CStep {
    pub(crate) module: CModule,
    dtype: DType,
    /// Addresses of the functions, in the order of the phases.
    pub(crate) addresses: Vec<usize>,
}

/// How a step is run.
pub(crate) enum Code {
    C(CStep),
    Interpreter,
    /// Not asked for.
    None,
}

/// A step with its code.
pub(crate) struct StepCode {
    pub(crate) schedule: Schedule,
    pub(crate) code: Code,
    /// Time functions whose levels move back after the step.
    pub(crate) advances: Vec<retrograd_ir::FieldId>,
    /// Everything that it reads or writes on the grid.
    pub(crate) touched: Vec<Target>,
    /// What it writes of that.
    pub(crate) written: Vec<Target>,
    /// What has to hold zeros where nobody wrote before; see [`written_in_part`].
    pub(crate) clears: Vec<Target>,
}

/// An optimised, verified stencil with code for some of its steps. Shared by all sessions.
pub struct Program {
    verified: Verified,
    /// The same stencil with the expressions that schedules added.
    scheduled: Stencil,
    pub(crate) steps: Vec<StepCode>,
    /// Largest read radius of any function, per dimension.
    pub(crate) radius: Vec<usize>,
    /// What generated code expects around the grid, per function.
    pub(crate) halos: Vec<Option<StoredHalo>>,
}

impl std::fmt::Debug for Program {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Program").field("name", &self.scheduled.name).finish_non_exhaustive()
    }
}

impl Program {
    /// Optimises and verifies a stencil and makes code for the named steps (and for `setup`).
    ///
    /// Modules that the cache has not are compiled at the same time, one process each.
    ///
    /// # Errors
    /// A stencil that is not well formed, a step that does not exist, something that the back end
    /// lacks, or no compiler.
    pub fn new(
        stencil: Stencil,
        wanted: &[&str],
        backend: Backend,
        options: &JitOptions,
    ) -> Result<Arc<Self>, ProgramError> {
        // Passes add functions and steps and keep the others, with their numbers.
        let declared = stencil.clone();
        let verified = verify(optimise(stencil)).map_err(ProgramError::Invalid)?;
        let mut scheduled = verified.stencil().clone();
        for name in wanted {
            if scheduled.step_named(name).is_none() {
                return Err(ProgramError::NoStep((*name).into()));
            }
        }
        let clears: Vec<Vec<Target>> =
            scheduled.steps.iter().map(|s| written_in_part(&declared, &s.name)).collect();
        let mut schedules = Vec::new();
        for number in 0..scheduled.steps.len() {
            schedules.push(schedule(&mut scheduled, number));
        }
        let mut steps = Vec::new();
        for (number, schedule) in schedules.into_iter().enumerate() {
            let name = &scheduled.steps[number].name;
            let asked = name == SETUP || wanted.contains(&name.as_str());
            let code = match (asked, backend) {
                (false, _) => Code::None,
                (true, Backend::Interpreter) => Code::Interpreter,
                (true, Backend::C) => emitted(&scheduled, number, &schedule)?,
            };
            let statements = &scheduled.steps[number].statements;
            steps.push(StepCode {
                schedule,
                code,
                advances: scheduled.steps[number].advances(),
                touched: touched(&scheduled, statements),
                written: statements.iter().filter_map(Stencil::written).collect(),
                clears: clears[number].clone(),
            });
        }
        compile_missing(&mut steps, options)?;
        let radius = radius(&scheduled);
        let halos = match backend {
            Backend::C => stored_halos(&scheduled),
            // It closes every read itself.
            Backend::Interpreter => vec![None; scheduled.fields.len()],
        };
        Ok(Arc::new(Self { verified, scheduled, steps, radius, halos }))
    }

    /// The program as it runs, after all passes.
    pub fn verified(&self) -> &Verified {
        &self.verified
    }

    /// The stencil as it runs, after all passes.
    pub fn stencil(&self) -> &Stencil {
        &self.scheduled
    }

    /// How functions over `dims` lie in memory.
    pub(crate) fn layout(&self, extents: &[usize], dims: DimSet) -> Layout {
        let last = self.scheduled.dims.len() - 1;
        let depths = self.halos.iter().flatten().map(|halo| halo.depth[last]);
        // After one row and before the next.
        let images = depths.map(|[low, high]| low + high).max().unwrap_or(0);
        Layout::new(extents, dims, &self.radius, images, self.scheduled.dtype)
    }

    /// Position of a step.
    pub(crate) fn step(&self, name: &str) -> Option<usize> {
        self.scheduled.steps.iter().position(|s| s.name == name)
    }

    /// The C text of a step, if it has one.
    pub fn c_text(&self, step: &str) -> Option<&str> {
        match &self.steps[self.step(step)?].code {
            Code::C(c) => Some(&c.module.text),
            Code::Interpreter | Code::None => None,
        }
    }
}

/// C for a step, not yet compiled.
fn emitted(stencil: &Stencil, number: usize, schedule: &Schedule) -> Result<Code, ProgramError> {
    let name = &stencil.steps[number].name;
    // Kernels take samples in the working precision.
    let mixed = |s: &&Statement| match s.kind {
        StatementKind::Inject { sparse, .. } | StatementKind::Interpolate { sparse, .. } => {
            stencil.sparse[sparse.0 as usize].dtype != stencil.dtype
        }
        StatementKind::Update { .. } | StatementKind::Reduce { .. } => false,
    };
    if let Some(statement) = stencil.steps[number].statements.iter().find(mixed)
        && let StatementKind::Inject { sparse, .. } | StatementKind::Interpolate { sparse, .. } =
            statement.kind
    {
        let source = Unsupported::MixedTypes(stencil.sparse[sparse.0 as usize].name.clone());
        return Err(ProgramError::Unsupported { step: name.clone(), source });
    }
    match emit_c(stencil, schedule, vectors()) {
        Ok(module) => Ok(Code::C(CStep { module, dtype: stencil.dtype, addresses: Vec::new() })),
        Err(source) => Err(ProgramError::Unsupported { step: name.clone(), source }),
    }
}

/// The widest vectors of the processor.
fn vectors() -> Vectors {
    #[cfg(target_arch = "x86_64")]
    {
        if std::arch::is_x86_feature_detected!("avx512f") {
            return Vectors { bytes: 64 };
        }
        if std::arch::is_x86_feature_detected!("avx") {
            return Vectors { bytes: 32 };
        }
    }
    Vectors { bytes: 16 }
}

fn compile_missing(steps: &mut [StepCode], options: &JitOptions) -> Result<(), ProgramError> {
    let results: Vec<Result<(), ProgramError>> = std::thread::scope(|scope| {
        let jobs = steps.iter_mut().filter_map(|step| match &mut step.code {
            Code::C(c) if !c.module.functions.is_empty() => Some(scope.spawn(|| link(c, options))),
            _ => None,
        });
        let jobs: Vec<_> = jobs.collect();
        jobs.into_iter()
            .map(|job| job.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    });
    results.into_iter().collect()
}

fn link(step: &mut CStep, options: &JitOptions) -> Result<(), ProgramError> {
    let library: &'static Library = jit::load(&step.module.text, options)?;
    if step.module.elementary {
        let missing = |source| JitError::Load { path: LINK.into(), source };
        elementary::provide(library, LINK, step.dtype).map_err(missing)?;
    }
    for function in &step.module.functions {
        // SAFETY: the symbol is read as an address only; calls state its type (see `session`). The
        // library is never unloaded.
        let address = unsafe {
            library.get::<*const ()>(function.name.as_bytes()).map(|s| s.try_as_raw_ptr())
        };
        let missing = |source| JitError::Load { path: function.name.clone().into(), source };
        let address = address.and_then(|p| p.ok_or(libloading::Error::DlSymUnknown));
        step.addresses.push(address.map_err(missing)? as usize);
    }
    Ok(())
}

fn touched(stencil: &Stencil, statements: &[retrograd_ir::Statement]) -> Vec<Target> {
    let mut all: Vec<Target> = statements.iter().filter_map(Stencil::written).collect();
    for statement in statements {
        let reads = stencil.reads(&Stencil::roots(statement)).into_iter();
        all.extend(reads.map(|r| Target { field: r.field, time: r.time }));
    }
    all.sort_unstable();
    all.dedup();
    all
}

/// What the named step writes in part: adds to, reads before it writes, or writes in some steps or
/// places only. As declared: passes split whole updates into regions.
fn written_in_part(stencil: &Stencil, step: &str) -> Vec<Target> {
    let Some(step) = stencil.step_named(step) else { return Vec::new() };
    let roots = step.statements.iter().map(Stencil::roots);
    let reads: Vec<_> = roots.flat_map(|roots| stencil.reads(&roots)).collect();
    let in_part = |s: &&Statement| {
        let whole = s.when == Predicate::Always
            && matches!(
                s.kind,
                StatementKind::Update { mode: WriteMode::Assign, region: DOMAIN, .. }
            );
        let reads_it = |t: Target| reads.iter().any(|r| (r.field, r.time) == (t.field, t.time));
        !whole || Stencil::written(s).is_some_and(reads_it)
    };
    step.statements.iter().filter(in_part).filter_map(Stencil::written).collect()
}

fn radius(stencil: &Stencil) -> Vec<usize> {
    let mut radius = vec![0usize; stencil.dims.len()];
    for statement in stencil.steps.iter().flat_map(|s| &s.statements) {
        for read in stencil.reads(&Stencil::roots(statement)) {
            for (r, o) in radius.iter_mut().zip(read.offset.0) {
                *r = (*r).max(usize::from(o.unsigned_abs()));
            }
        }
    }
    radius
}

/// Number of levels of a time function beside the new one.
pub(crate) fn kept_levels(levels: Levels) -> usize {
    match levels {
        Levels::Time(n) => usize::from(n) - 1,
        Levels::Static | Levels::Tape => 0,
    }
}
