//! `compile` and `bench`.

use std::collections::BTreeMap;

use retrograd::bench::{Acoustic as BenchProblem, Case as BenchCase, copy_bandwidth};
use retrograd::compile::emit::latex;
use retrograd::compile::passes::optimise;
use retrograd::ir::text::print;
use retrograd::{Grid, JitOptions, Options};
use retrograd_invert::acoustic::Acoustic;

use super::{RunError, setup};
use crate::cli::{Case, Target};
use crate::job::Job;
use crate::outcome::{BenchOutcome, CompileOutcome};

/// Repetitions of a timing.
const REPETITIONS: usize = 5;

/// The job's program after each stage, forward and adjoint.
pub(super) fn compile(job: &Job, target: Target) -> Result<CompileOutcome, RunError> {
    let setup = setup::inversion(job, "")?;
    let e = &setup.experiment;
    let grid = Grid::new(e.grid.shape().to_vec())
        .and_then(|g| g.spacing(e.grid.spacing_m().to_vec()))
        .map_err(RunError::of)?;
    let acoustic =
        Acoustic::new(&grid, e.space_order, e.dtype, e.interpolation).map_err(RunError::of)?;
    let adjoint = acoustic.operator.adjoint(&[&acoustic.m]).map_err(RunError::of)?;
    let mut programs = BTreeMap::new();
    let name = match target {
        Target::Ir => {
            programs.insert("1 discretised".into(), print(acoustic.operator.stencil()));
            programs.insert("2 adjoint".into(), print(&adjoint.stencil));
            programs.insert("3 optimised".into(), print(&optimise(adjoint.stencil)));
            "ir"
        }
        Target::Latex => {
            programs.insert("1 discretised".into(), latex::print(acoustic.operator.stencil()));
            programs.insert("2 adjoint".into(), latex::print(&adjoint.stencil));
            "latex"
        }
        Target::C => {
            let compiled = acoustic
                .operator
                .with_gradient(&[&acoustic.m], &setup.resources.options)
                .map_err(RunError::of)?;
            for step in ["setup", "forward", "record", "reverse"] {
                if let Some(text) = compiled.program().c_text(step) {
                    programs.insert(step.into(), text.to_owned());
                }
            }
            "c"
        }
        Target::Cuda => {
            return Err(RunError::new("this version has no CUDA back end")
                .help("targets are `ir`, `c` and `latex`"));
        }
    };
    Ok(CompileOutcome { target: name.into(), programs })
}

/// Points per second beside a copy in the same run.
pub(super) fn bench(case: Case, threads: Option<usize>) -> Result<BenchOutcome, RunError> {
    let threads = threads.unwrap_or_else(crate::machine::threads);
    let (name, shape, steps) = match case {
        Case::Acoustic2d => ("acoustic2d", vec![1001; 2], 1000),
        Case::Acoustic3d => ("acoustic3d", vec![256; 3], 50),
    };
    let options = Options { jit: JitOptions::from_environment(), ..Options::from_environment() };
    let points = shape.iter().product::<usize>() as f64 * f64::from(steps);
    let bench = BenchCase { shape, space_order: 8, steps: steps as usize, threads };
    let mut problem = BenchProblem::new(&bench, &options).map_err(RunError::of)?;
    let timing = problem.time(REPETITIONS).map_err(RunError::of)?;
    let mut seconds = timing.loop_seconds.clone();
    seconds.sort_by(f64::total_cmp);
    let rate = points / seconds[seconds.len() / 2];
    let gb_per_s = rate * timing.bytes_per_point as f64 / 1e9;
    let copy_gb_per_s = copy_bandwidth(threads) / 1e9;
    Ok(BenchOutcome {
        case: name.into(),
        threads,
        gpoints_per_s: rate / 1e9,
        bytes_per_point: timing.bytes_per_point as f64,
        gb_per_s,
        copy_gb_per_s,
        fraction_of_copy: gb_per_s / copy_gb_per_s,
    })
}
