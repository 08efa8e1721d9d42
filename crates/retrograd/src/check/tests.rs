//! What the certificate has to notice.

use retrograd_compile::Adjoint;
use retrograd_compile::adjoint::{REVERSE, REVERSE_SEEDED};
use retrograd_compile::symbolic::{Eq, Function, Grid, Sparse, solve};
use retrograd_ir::{
    BinaryOp, DType, Expr, Levels, Literal, Read, StatementKind, Stencil, WriteMode,
};
use retrograd_runtime::{JitError, ProgramError, find_compiler};

use super::dot_product::of_adjoint;
use super::{DotProduct, Experiment, Taylor, dot_product, taylor, taylor_of};
use crate::compiled::Options;
use crate::error::Error;
use crate::gradient::with_illumination;
use crate::operator::Operator;

/// Acoustic waves, `m u_tt - lap u + damp u_t = f`, on cells that are not square, with a sponge,
/// points off the grid, variable coefficients.
struct Acoustic {
    operator: Operator,
    m: Function,
    experiment: Experiment,
}

fn acoustic(steps: usize) -> Acoustic {
    let (nx, nz) = (41, 37);
    let grid = Grid::new([nx, nz]).and_then(|g| g.spacing([10.0, 8.0])).expect("grid");
    let (m, damp) = (grid.function("m"), grid.function("damp").layer_only());
    let u = grid.time_function("u").time_order(2).space_order(4);
    let (src, rec) = (grid.sparse("src").sinc(3), grid.sparse("rec"));
    let pde = &m * u.dt2() - u.laplace() + &damp * u.dt();
    let wave = solve(&pde, &u.forward()).expect("should be linear");
    let operator = Operator::new(&grid, [Eq::new(u.forward(), wave.update())])
        .inject(&src, u.forward(), src.value() * wave.response())
        .interpolate(&rec, &u)
        .build()
        .expect("should discretise");
    let width = 6;
    let speed = |i: usize, k: usize| 1800.0 + 20.0 * k as f64 + 5.0 * (i * k % 7) as f64;
    let sponge = |i: usize, k: usize| {
        let depth = |i: usize, n: usize| width - width.min(i).min(n - 1 - i);
        (depth(i, nx).max(depth(k, nz)) as f64 / width as f64).powi(2) * 3e-5
    };
    let points = || (0..nx).flat_map(|i| (0..nz).map(move |k| (i, k)));
    let slowness: Vec<f64> = points().map(|(i, k)| speed(i, k).powi(-2)).collect();
    let damping: Vec<f64> = points().map(|(i, k)| sponge(i, k)).collect();
    let dt_s = 1.5e-3;
    let ricker = |t: f64| (1.0 - 2.0 * t * t) * (-t * t).exp();
    let wavelet: Vec<f64> = (0..steps)
        .flat_map(|n| {
            let t = n as f64 * dt_s;
            [ricker(60.0 * (t - 0.03)), 0.5 * ricker(50.0 * (t - 0.04))]
        })
        .collect();
    let experiment = Experiment::new(&grid, (steps, dt_s))
        .layer(&[[width; 2]; 2])
        .threads(2)
        .set(&m, &slowness)
        .set(&damp, &damping)
        .place(&src, &[[153.0, 101.0], [240.0, 160.0]])
        .place(&rec, &[[100.0, 80.0], [205.5, 123.4], [333.0, 90.0]])
        .series(&src, &wavelet);
    Acoustic { operator, m, experiment }
}

/// The options, or none with a printed reason where there is no compiler.
fn options() -> Option<Options> {
    let options = Options::from_environment();
    match find_compiler(&options.jit) {
        Ok(_) => Some(options),
        Err(reason) => {
            println!("skipped: {reason}");
            None
        }
    }
}

/// Adds one part in ten thousand to one coefficient of the reverse steps: the first read of an
/// adjoint function in each update of one.
fn spoil_reverse(stencil: &mut Stencil) {
    for name in [REVERSE, REVERSE_SEEDED] {
        let Some(at) = stencil.steps.iter().position(|s| s.name == name) else { continue };
        let statements = stencil.steps[at].statements.clone();
        for (number, statement) in statements.into_iter().enumerate() {
            let StatementKind::Update { value, mode: WriteMode::Assign, .. } = statement.kind
            else {
                continue;
            };
            let reads = stencil.reads(&[value]);
            let moving =
                |r: &&Read| matches!(stencil.field(r.field).levels, Levels::Time(_)) && r.time == 0;
            let Some(&Read { field, time, offset, closure }) = reads.iter().find(moving) else {
                continue;
            };
            let read = stencil.exprs.intern(Expr::Load { field, time, offset, closure });
            let factor = stencil.exprs.intern(Expr::Const(Literal::new(1e-4)));
            let extra =
                stencil.exprs.intern(Expr::Binary { op: BinaryOp::Mul, lhs: factor, rhs: read });
            let spoilt =
                stencil.exprs.intern(Expr::Binary { op: BinaryOp::Add, lhs: value, rhs: extra });
            stencil.steps[at].statements[number].kind = statement.kind.with_value(spoilt);
        }
    }
}

fn spoilt(problem: &Acoustic, dtype: DType, options: &Options) -> DotProduct {
    let operator = problem.operator.in_precision(dtype).expect("should convert");
    let mut adjoint: Adjoint =
        with_illumination(operator.adjoint(&[&problem.m]).expect("should have an adjoint"));
    spoil_reverse(&mut adjoint.stencil);
    of_adjoint(&operator, adjoint, &problem.experiment, options).expect("should run")
}

#[test]
fn a_coefficient_wrong_by_one_part_in_ten_thousand_fails() {
    let Some(options) = options() else { return };
    let problem = acoustic(41);
    for dtype in [DType::F64, DType::F32] {
        let result = spoilt(&problem, dtype, &options);
        println!("{result}");
        assert!(!result.passed(), "{result}");
        // Not by a hair: one of some ten coefficients is off by 1e-4 of itself.
        assert!(result.relative_error > 3.0 * result.bound, "{result}");
    }
}

#[test]
fn the_exact_adjoint_passes_for_odd_even_and_few_steps() {
    let Some(options) = options() else { return };
    for steps in [1, 2, 3, 40, 101] {
        let problem = acoustic(steps);
        for dtype in [DType::F64, DType::F32] {
            let operator = problem.operator.in_precision(dtype).expect("should convert");
            let result = dot_product(&operator, &[&problem.m], &problem.experiment, &options);
            let result = result.expect("should run");
            println!("{result}");
            assert!(result.passed(), "{result}");
            // Rounding shows: the two sides are not computed alike.
            assert!(result.forward.abs() > 0.1, "{result}");
        }
    }
}

fn run_taylor(problem: &Acoustic, options: &Options) -> Taylor {
    let operator = problem.operator.in_precision(DType::F64).expect("should convert");
    taylor(&operator, &[&problem.m], &problem.experiment, options).expect("should run")
}

#[test]
fn the_gradient_passes_the_taylor_test() {
    let Some(options) = options() else { return };
    let result = run_taylor(&acoustic(101), &options);
    println!("{result}");
    assert!(result.passed(), "{result}");
}

/// Observed samples take part: the misfit vanishes where they are what the model yields.
#[test]
fn the_misfit_is_measured_against_observed_samples() {
    let Some(options) = options() else { return };
    let mut problem = acoustic(61);
    let operator = problem.operator.in_precision(DType::F64).expect("should convert");
    let compiled = operator.compile(&options).expect("should compile");
    let mut shot = problem.experiment.simulation(&compiled).expect("should be set");
    for (sparse, samples) in &problem.experiment.series {
        shot.set_series(sparse, samples).expect("should be there");
    }
    shot.run().expect("should run");
    let rec: Sparse = problem.experiment.points[1].0.clone();
    let samples: Vec<f64> = shot.series(&rec).expect("should be there");
    let half: Vec<f64> = samples.iter().map(|d| 0.5 * d).collect();
    problem.experiment = problem.experiment.observed(&rec, &half);
    let result = run_taylor(&problem, &options);
    let energy: f64 = samples.iter().map(|d| d * d).sum();
    // (d - d/2)^2 / 2, summed in the same order.
    assert_eq!(result.misfit, 0.125 * energy);
    assert!(result.passed(), "{result}");
}

/// `J = sum of exp(m)`, whose gradient is known.
fn exponential(error: f64) -> Taylor {
    let at = [0.3, -0.2, 0.7];
    let gradient: Vec<f64> = at.iter().map(|m: &f64| m.exp() * (1.0 + error)).collect();
    let misfit = |m: &[f64]| Ok::<_, ()>(m.iter().map(|m| m.exp()).sum());
    let direction = [0.4, 0.9, 0.5];
    taylor_of(misfit, &at, &gradient, &direction, DType::F64).expect("cannot fail")
}

#[test]
fn a_gradient_wrong_by_one_part_in_ten_thousand_has_slope_one() {
    let right = exponential(0.0);
    assert!(right.passed(), "{right}");
    let wrong = exponential(1e-4);
    assert!(!wrong.passed(), "{wrong}");
    // Slope 1 where h is below 1e-4, with a change of sign above, where curvature takes over.
    let orders = wrong.orders();
    assert!(orders[5][1] < 1.1, "{wrong}");
}

#[test]
fn a_misfit_without_curvature_is_not_certified() {
    let misfit = |m: &[f64]| Ok::<_, ()>(m[0] + 2.0 * m[1]);
    let result = taylor_of(misfit, &[1.0, 1.0], &[1.0, 2.0], &[0.5, 0.5], DType::F64);
    assert!(!result.expect("cannot fail").passed());
}

#[test]
fn operators_that_are_not_linear_are_refused() {
    let Some(options) = options() else { return };
    let grid = Grid::new([16]).expect("grid");
    let u = grid.time_function("u").time_order(1);
    let pde = u.dt() + u.value() * u.derivative(0, 1);
    let step = solve(&pde, &u.forward()).expect("should be linear in the new level");
    let operator = Operator::new(&grid, [Eq::new(u.forward(), step.update())]).build();
    let experiment = Experiment::new(&grid, (3, 0.1));
    let operator = operator.expect("should discretise");
    let error = dot_product(&operator, &[], &experiment, &options).expect_err("should fail");
    assert!(matches!(error, Error::NotLinear));
    assert!(error.to_string().contains("Taylor test"), "{error}");
}

#[test]
fn without_a_compiler_the_message_says_what_to_install() {
    let problem = acoustic(5);
    let mut options = Options::from_environment();
    options.jit.compilers = vec!["no-such-compiler".into()];
    let error = dot_product(&problem.operator, &[], &problem.experiment, &options);
    let error = error.expect_err("should fail");
    assert!(matches!(error, Error::Program(ProgramError::Jit(JitError::NoCompiler { .. }))));
    let message = error.to_string();
    assert!(message.contains("no-such-compiler") && message.contains("install"), "{message}");
}

#[test]
fn tables_are_printed() {
    let table = exponential(0.0).to_string();
    assert!(table.starts_with("Taylor test: passed"), "{table}");
    assert_eq!(table.lines().count(), 2 + 7 + 2, "{table}");
}
