//! `bench`.

use retrograd::bench::{Case as BenchCase, Physics, Problem, copy_bandwidth};
use retrograd::{JitOptions, Options};

use super::RunError;
use crate::cli::Case;
use crate::outcome::BenchOutcome;

/// Repetitions of a timing.
const REPETITIONS: usize = 5;

/// Points per second beside a copy in the same run.
pub(super) fn bench(case: Case, threads: Option<usize>) -> Result<BenchOutcome, RunError> {
    let threads = threads.unwrap_or_else(crate::machine::threads);
    let (name, physics, shape, steps) = match case {
        Case::Acoustic2d => ("acoustic2d", Physics::Acoustic, vec![1001; 2], 1000),
        Case::Acoustic3d => ("acoustic3d", Physics::Acoustic, vec![256; 3], 50),
        Case::Tti3d => ("tti3d", Physics::Tti, vec![192; 3], 25),
        Case::Elastic3d => ("elastic3d", Physics::Elastic, vec![128; 3], 50),
    };
    let options = Options { jit: JitOptions::from_environment(), ..Options::from_environment() };
    let points = shape.iter().product::<usize>() as f64 * f64::from(steps);
    let bench = BenchCase { physics, shape, space_order: 8, steps: steps as usize, threads };
    let mut problem = Problem::new(&bench, &options).map_err(RunError::of)?;
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
