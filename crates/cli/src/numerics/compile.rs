//! `compile`: the programs of a job stage by stage, and what their steps cost.

use retrograd::compile::adjoint::{FORWARD, RECORD, REVERSE};
use retrograd::compile::cost::{PartCost, Place};
use retrograd::compile::emit::latex;
use retrograd::compile::passes::{PASSES, SETUP, optimise};
use retrograd::ir::Stencil;
use retrograd::ir::text::print;
use retrograd::{Backend, Bound, Compiled, Grid, Limit, Machine, OperatorReport, Options};
use retrograd_invert::acoustic::Acoustic;
use retrograd_invert::engine::Resources;

use super::{RunError, setup};
use crate::cli::{CompileArgs, Target};
use crate::job::Job;
use crate::outcome::{
    BoundOutcome, CompileOutcome, MachineOutcome, PartOutcome, ReportOutcome, SweepOutcome,
};

/// What to show of a job's programs.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Shown {
    /// The language; nothing to show no program.
    pub target: Option<Target>,
    /// Whether to show the program after every pass.
    pub stages: bool,
    /// Whether to report costs.
    pub report: bool,
    /// Bytes per second of a copy, if it is not to be measured.
    pub copy_bytes_per_second: Option<f64>,
    /// Floating-point operations per second, if they are not to be measured.
    pub flops_per_second: Option<f64>,
}

impl From<&CompileArgs> for Shown {
    fn from(args: &CompileArgs) -> Self {
        let programs = args.stages || !args.report;
        Self {
            target: args.target.or(programs.then_some(Target::Ir)),
            stages: args.stages,
            report: args.report,
            copy_bytes_per_second: args.copy.map(|gigabytes| gigabytes * 1e9),
            flops_per_second: args.peak.map(|gigaflops| gigaflops * 1e9),
        }
    }
}

/// What is shown, and the tables of the reports for people.
pub(super) fn compile(
    job: &Job,
    shown: Shown,
) -> Result<(CompileOutcome, Vec<OperatorReport>), RunError> {
    let setup = setup::inversion(job, "")?;
    let e = &setup.experiment;
    let grid = Grid::new(e.grid.shape().to_vec())
        .and_then(|g| g.spacing(e.grid.spacing_m().to_vec()))
        .map_err(RunError::of)?;
    let acoustic =
        Acoustic::new(&grid, e.space_order, e.dtype, e.interpolation).map_err(RunError::of)?;
    if shown.target == Some(Target::Cuda) {
        return Err(RunError::new("this version has no CUDA back end")
            .help("targets are `ir`, `c` and `latex`"));
    }
    let (operator, m) = (&acoustic.operator, &acoustic.m);
    let mut programs = Vec::new();
    if let Some(target) = shown.target {
        let adjoint = operator.gradient_program(&[m]).map_err(RunError::of)?.stencil;
        programs = stages(operator.stencil(), adjoint, (target, shown.stages));
    }
    let mut reports = Vec::new();
    if shown.target == Some(Target::C) || shown.report {
        let resources = &setup.resources;
        let kernels = operator.with_gradient(&[m], &resources.options).map_err(RunError::of)?;
        if shown.target == Some(Target::C) {
            add_c(&kernels, &mut programs);
        }
        if shown.report {
            reports = report_steps(&kernels, shown, resources)?;
        }
    }
    let outcome = CompileOutcome {
        target: shown.target.map(|target| target.name().to_owned()),
        programs: aligned(programs).into_iter().collect(),
        reports: reports.iter().map(report_outcome).collect(),
    };
    Ok((outcome, reports))
}

/// The program after each stage, numbered, in a language that has all of them: LaTeX if asked for,
/// the text form of programs else.
fn stages(
    forward: &Stencil,
    adjoint: Stencil,
    (target, every_pass): (Target, bool),
) -> Vec<(String, String)> {
    let show: fn(&Stencil) -> String = if target == Target::Latex { latex::print } else { print };
    let mut texts = vec![("discretised", show(forward)), ("adjoint", show(&adjoint))];
    match (target, every_pass) {
        // Only what is compiled.
        (Target::C, false) => texts.clear(),
        (_, true) => {
            let mut program = adjoint;
            for (name, pass) in PASSES {
                program = pass(program);
                texts.push((name, show(&program)));
            }
        }
        (Target::Ir, false) => texts.push(("optimised", show(&optimise(adjoint)))),
        (Target::Latex | Target::Cuda, false) => {}
    }
    let numbered = texts.into_iter().enumerate();
    numbered.map(|(k, (name, text))| (format!("{} {name}", k + 1), text)).collect()
}

/// Adds the C of each step, in the order in which they run; numbered behind other stages.
fn add_c(kernels: &Compiled, programs: &mut Vec<(String, String)>) {
    let numbered = !programs.is_empty();
    for step in [SETUP, FORWARD, RECORD, REVERSE] {
        let Some(text) = kernels.program().c_text(step) else { continue };
        let number = programs.len() + 1;
        let name = if numbered { format!("{number} C, {step}") } else { step.to_owned() };
        programs.push((name, text.to_owned()));
    }
}

/// Numbers of the same width, so that names sort as they come.
fn aligned(programs: Vec<(String, String)>) -> Vec<(String, String)> {
    let digits = programs.len().to_string().len();
    let align = |name: String| match name.split_once(' ') {
        Some((number, name)) => format!("{number:0>digits$} {name}"),
        None => name,
    };
    programs.into_iter().map(|(name, text)| (align(name), text)).collect()
}

/// Reports of the steps of a gradient, for the threads of the job.
fn report_steps(
    kernels: &Compiled,
    shown: Shown,
    resources: &Resources,
) -> Result<Vec<OperatorReport>, RunError> {
    let threads = resources.threads;
    let machine = match (shown.copy_bytes_per_second, shown.flops_per_second) {
        (Some(copy_bytes_per_second), Some(flops_per_second)) => {
            Machine { threads, copy_bytes_per_second, flops_per_second }
        }
        (copy, flops) => {
            let options = Options { backend: Backend::C, ..resources.options.clone() };
            let dtype = kernels.stencil().dtype;
            let measured = Machine::measure(dtype, threads, &options).map_err(RunError::of)?;
            Machine {
                threads,
                copy_bytes_per_second: copy.unwrap_or(measured.copy_bytes_per_second),
                flops_per_second: flops.unwrap_or(measured.flops_per_second),
            }
        }
    };
    let report = |step| Ok(kernels.report(step).map_err(RunError::of)?.on(machine));
    [FORWARD, RECORD, REVERSE].into_iter().map(report).collect()
}

fn report_outcome(report: &OperatorReport) -> ReportOutcome {
    let traffic = report.cost.traffic(1);
    ReportOutcome {
        step: report.step.clone(),
        dtype: match report.dtype {
            retrograd::DType::F32 => "f32".into(),
            retrograd::DType::F64 => "f64".into(),
        },
        flops_per_point: report.cost.flops(),
        bytes_per_point: traffic.bytes(),
        read_bytes_per_point: traffic.read,
        written_bytes_per_point: traffic.written,
        allocated_bytes_per_point: traffic.allocated,
        flops_per_byte: report.cost.intensity(1),
        sweeps: report
            .cost
            .sweeps
            .iter()
            .map(|sweep| SweepOutcome {
                every: sweep.every,
                parts: sweep.parts.iter().map(part_outcome).collect(),
            })
            .collect(),
        machine: report.machine.map(|machine| MachineOutcome {
            threads: machine.threads,
            copy_gb_per_s: machine.copy_bytes_per_second / 1e9,
            peak_gflops: machine.flops_per_second / 1e9,
        }),
        bounds: report.bounds().iter().map(bound_outcome).collect(),
    }
}

fn part_outcome(part: &PartCost) -> PartOutcome {
    let operations = part.operations;
    PartOutcome {
        region: part.region.clone(),
        interior: part.place == Place::Interior,
        flops: operations.flops(),
        additions: operations.additions,
        multiplications: operations.multiplications,
        fused_multiply_adds: operations.fused,
        divisions: operations.divisions,
        square_roots: operations.square_roots,
        others: operations.others,
        loads: part.loads,
        stores: part.stores,
        rows: part.rows,
        read_bytes: part.traffic.read,
        written_bytes: part.traffic.written,
        allocated_bytes: part.traffic.allocated,
    }
}

fn bound_outcome(bound: &Bound) -> BoundOutcome {
    BoundOutcome {
        steps_together: bound.steps,
        bytes_per_point: bound.bytes,
        memory_ns_per_point: bound.memory_seconds * 1e9,
        arithmetic_ns_per_point: bound.arithmetic_seconds * 1e9,
        bound_by: match bound.limit() {
            Limit::Memory => "memory".into(),
            Limit::Arithmetic => "arithmetic".into(),
        },
        gpoints_per_s: bound.points_per_second() / 1e9,
    }
}
