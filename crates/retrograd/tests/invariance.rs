//! The gradient does not depend on how it is computed, bit for bit.

mod fixtures;

use fixtures::{Acoustic, Keep, Points, acoustic, evaluate, options};
use retrograd::{Backend, DType, Options, Simulation, Team};

/// Misfit, gradients by both functions and by the wavelets, illumination, as bits.
#[derive(PartialEq)]
struct Bits(Vec<u64>);

fn bits(problem: &Acoustic, simulation: &mut Simulation, keep: Keep) -> Bits {
    let evaluation = evaluate(simulation, keep);
    let mut all = vec![evaluation.misfit];
    all.extend(simulation.gradient_of(&problem.m).expect("should be there"));
    all.extend(simulation.gradient_of(&problem.damp).expect("should be there"));
    all.extend(simulation.series_gradient::<f64>(&problem.src).expect("should be there"));
    simulation.add_illumination_to(&mut all[1..=problem.grid.points()]);
    assert!(evaluation.misfit > 0.0 && all.iter().all(|x| x.is_finite()));
    assert!(all.iter().filter(|x| **x != 0.0).count() > all.len() / 3, "mostly zeros");
    Bits(all.into_iter().map(f64::to_bits).collect())
}

fn check(problem: &Acoustic, steps: usize, options: &Options) {
    let compiled = problem.operator.with_gradient(&[&problem.m, &problem.damp], options);
    let compiled = compiled.expect("should compile");
    let mut simulation = problem.simulation(&compiled, steps, 1);
    problem.place(&mut simulation, 0);
    simulation.set_active(false);
    let expected = bits(problem, &mut simulation, Keep::All);
    simulation.set_active(true);
    for snapshots in [2, 5, 20] {
        let found = bits(problem, &mut simulation, Keep::Snapshots(snapshots));
        assert!(found == expected, "{snapshots} snapshots");
    }
    for (steps, rows) in [(1, 0), (2, 100), (5, 3), (16, 8)] {
        simulation.set_block(steps, rows);
        for keep in [Keep::All, Keep::Snapshots(3)] {
            let found = bits(problem, &mut simulation, keep);
            assert!(found == expected, "blocks of {steps} steps, tiles of {rows} rows, {keep:?}");
        }
    }
    for threads in [2, 3, 7] {
        let mut simulation = problem.simulation(&compiled, steps, threads);
        problem.place(&mut simulation, 0);
        // Threads without a core of their own wait long for each other: few steps for them.
        for (keep, tile, block) in [
            (Keep::All, [0, 0], [0, 0]),
            (Keep::All, [1, 100], [3, 5]),
            (Keep::Snapshots(5), [5, 3], [2, 1]),
        ] {
            simulation.set_tile(tile);
            simulation.set_block(block[0], block[1]);
            let found = bits(problem, &mut simulation, keep);
            assert!(found == expected, "{threads} threads, {keep:?}, {tile:?}, {block:?}");
        }
    }
}

#[test]
fn in_two_dimensions_by_linear_and_sinc_interpolation() {
    let Some(options) = options() else { return };
    for points in [Points::Linear, Points::Sinc] {
        for dtype in [DType::F32, DType::F64] {
            check(&acoustic(&[47, 39], 8, points, dtype), 41, &options);
        }
    }
}

#[test]
fn in_three_dimensions() {
    let Some(options) = options() else { return };
    check(&acoustic(&[21, 19, 23], 4, Points::Sinc, DType::F32), 25, &options);
}

/// A grid that waves cross within the run: points that they have not reached are left out, under any
/// plan.
#[test]
fn where_waves_have_not_been() {
    let Some(options) = options() else { return };
    let problem = acoustic(&[161, 143], 8, Points::Sinc, DType::F32);
    let compiled = problem.operator.with_gradient(&[&problem.m], &options);
    let mut simulation = problem.simulation(&compiled.expect("should compile"), 81, 1);
    problem.place(&mut simulation, 0);
    let mut points = Vec::new();
    let mut run = |simulation: &mut Simulation, active: bool, keep: Keep| {
        simulation.set_active(active);
        let before = simulation.points_computed();
        let evaluation = evaluate(simulation, keep);
        points.push(simulation.points_computed() - before);
        let mut all = simulation.gradient_of(&problem.m).expect("should be there");
        all.extend(simulation.series_gradient::<f64>(&problem.src).expect("should be there"));
        all.push(evaluation.misfit);
        all.into_iter().map(f64::to_bits).collect::<Vec<u64>>()
    };
    let expected = run(&mut simulation, false, Keep::All);
    for (block, keep) in [([1, 0], Keep::All), ([4, 16], Keep::All), ([1, 0], Keep::Snapshots(4))] {
        simulation.set_block(block[0], block[1]);
        for _ in 0..2 {
            let found = run(&mut simulation, true, keep);
            assert!(found == expected, "blocks {block:?}, {keep:?}");
        }
    }
    // Store-all in either way: every step of both sweeps once.
    assert!(points[1] * 10 < points[0] * 7, "{points:?}");
    assert_eq!(points[1], points[2], "the second time in the same buffers");
}

/// Shots of one operator, one after another in one simulation, or all at once in forks that share
/// the coefficients.
#[test]
fn shots_run_together_or_one_by_one() {
    let Some(options) = options() else { return };
    let problem = acoustic(&[47, 39], 8, Points::Sinc, DType::F32);
    let compiled = problem.operator.with_gradient(&[&problem.m, &problem.damp], &options);
    let compiled = compiled.expect("should compile");
    let shots = 5;
    let mut base = problem.simulation(&compiled, 61, 1);
    let expected: Vec<Bits> = (0..shots)
        .map(|number| {
            problem.place(&mut base, number);
            bits(&problem, &mut base, Keep::All)
        })
        .collect();
    assert!(expected.windows(2).all(|pair| pair[0] != pair[1]), "shots should differ");
    // Forks of the used simulation: gradients of the last shot must not leak into them.
    let found: Vec<Bits> = std::thread::scope(|scope| {
        let jobs: Vec<_> = (0..shots)
            .map(|number| {
                let (problem, base) = (&problem, &base);
                scope.spawn(move || {
                    let mut fork = base.fork(Team::new(1 + number % 3)).expect("should fork");
                    problem.place(&mut fork, number);
                    bits(problem, &mut fork, Keep::Snapshots(3 + number as u64))
                })
            })
            .collect();
        jobs.into_iter().map(|job| job.join().expect("should not panic")).collect()
    });
    assert!(found == expected, "shots in forks differ from shots one by one");
    // The base has not changed either.
    problem.place(&mut base, 0);
    assert!(bits(&problem, &mut base, Keep::All) == expected[0]);
}

/// The interpreter, which shares no code with the kernels, gives the same gradient.
#[test]
fn by_the_interpreter() {
    let Some(options) = options() else { return };
    let problem = acoustic(&[25, 21], 4, Points::Linear, DType::F32);
    let gradient = |backend| {
        let options = Options { backend, ..options.clone() };
        let compiled = problem.operator.with_gradient(&[&problem.m, &problem.damp], &options);
        let mut simulation = problem.simulation(&compiled.expect("should compile"), 15, 2);
        problem.place(&mut simulation, 0);
        // Waves have reached a part of the grid only.
        let evaluation = evaluate(&mut simulation, Keep::Snapshots(3));
        let mut all = simulation.gradient_of(&problem.m).expect("should be there");
        all.extend(simulation.series_gradient::<f64>(&problem.src).expect("should be there"));
        all.push(evaluation.misfit);
        all.into_iter().map(f64::to_bits).collect::<Vec<u64>>()
    };
    assert!(gradient(Backend::C) == gradient(Backend::Interpreter));
}
