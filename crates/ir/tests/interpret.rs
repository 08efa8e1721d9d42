//! The interpreter as a whole: derivatives of programs, uniform expressions, undefined levels.

use retrograd_ir::conformance::{Action, Array, Case};
use retrograd_ir::interpret::{
    DenseMemory, Dual, Memory, Number, Subnormals, evaluate_uniform, holds, run_step,
};
use retrograd_ir::text::parse;
use retrograd_ir::{
    FieldId, ParamId, Predicate, ScalarId, SparseId, StatementKind, Target, Verified, verify,
};

fn program(text: &str) -> Verified {
    let stencil = parse(text).unwrap_or_else(|error| panic!("{error}"));
    verify(stencil).unwrap_or_else(|broken| panic!("{broken:?}"))
}

/// A nonlinear program with every kind of statement and every smooth operation.
const NONLINEAR: &str = "
stencil nonlinear f64
dim x, z
param dt
region inner = x[1 : -1]
function m(x, z)
function total(x, z)
time function u(x, z) levels 3
tape q(x, z)
sparse src linear
sparse rec sinc 2
scalar s, peak
step forward {
  let flux = tanh(u[x+1 odd]) * m[x-1 clamp] - exp(-u) / (2 + u[z-1 even]^2);
  u[t+1] = 2 * u - u[t-1] + dt * sqrt(1 + flux * flux) + sin(u) * cos(m) + tan(dt * u);
  in inner: u[t+1] += select(u < m, min(u, m) * m, max(u, 3 * m) - abs(u)) + ln(3 + m);
  every 2: q = u^2 * pow(2, m);
  inject src into u[t+1]: src * dt / m;
  s = sum of u[t+1] * u;
  peak = max of u[t+1];
  total += fma(q, u[t+1], s) + peak;
  interpolate rec: u[t+1] * m;
}";

const EXTENTS: [usize; 2] = [5, 4];
const STEPS: usize = 3;

fn wave(k: usize, phase: f64) -> f64 {
    0.4 + 0.3 * (1.7 * k as f64 + phase).sin()
}

/// Runs the program with inputs displaced by `along` times a fixed direction; returns all
/// outputs.
fn outputs<N: Number>(program: &Verified, input: impl Fn(f64, f64) -> N) -> Vec<N> {
    let stencil = program.stencil();
    let named = |name: &str, time| Target {
        field: stencil.field_named(name).expect("should be declared"),
        time,
    };
    let mut memory = DenseMemory::<N>::new(program, &EXTENTS, &[], STEPS);
    memory.set_param(ParamId(0), input(0.3, 0.2));
    let src = stencil.sparse_named("src").expect("should be declared");
    let rec = stencil.sparse_named("rec").expect("should be declared");
    for sparse in [src, rec] {
        let points = [[1.3, 2.0], [2.5, 1.25]];
        memory.place(stencil, sparse, &points).expect("points should be inside");
    }
    for (phase, target) in [named("m", 0), named("u", 0), named("u", -1)].into_iter().enumerate() {
        for (k, value) in memory.array_mut(target).iter_mut().enumerate() {
            *value = input(wave(k, phase as f64), wave(k, 3.0 + phase as f64));
        }
    }
    for (k, sample) in memory.series_mut(src).iter_mut().enumerate() {
        *sample = input(wave(k, 0.5), wave(k, 6.5));
    }
    for n in 0..STEPS {
        run_step(program, 0, n as i64, &mut memory, Subnormals::Keep);
        memory.rotate(&stencil.steps[0]);
    }
    let mut all: Vec<N> = memory.series(rec).to_vec();
    all.extend(memory.array(named("u", 0)));
    all.extend(memory.array(named("total", 0)));
    all.extend(memory.tape(named("q", 0).field, 2));
    all.extend([memory.scalar(ScalarId(0)), memory.scalar(ScalarId(1))]);
    all
}

/// Extrapolated central differences: truncation `c h^4`, rounding a few `eps |f| / h`. With
/// `h = 2^-12` these are `c 4e-15` and 1e-11 for the values here (below 10); `c`, a fifth
/// derivative over 5!, stays below 1e5.
#[test]
fn dual_numbers_yield_the_tangent_of_a_nonlinear_program() {
    let program = program(NONLINEAR);
    let tangents = outputs(&program, |value, tangent| Dual { value, tangent });
    let difference = |h: f64| -> Vec<f64> {
        let shifted = |s: f64| outputs(&program, |value, tangent| value + s * tangent);
        shifted(h).iter().zip(shifted(-h)).map(|(a, b)| (a - b) / (2.0 * h)).collect()
    };
    let h = 2.0_f64.powi(-12);
    let (coarse, fine) = (difference(h), difference(h / 2.0));
    assert!(tangents.iter().filter(|dual| dual.tangent.abs() > 1e-3).count() > 40);
    for ((dual, coarse), fine) in tangents.iter().zip(coarse).zip(fine) {
        let size = 1.0 + dual.tangent.abs();
        let extrapolated = (4.0 * fine - coarse) / 3.0;
        assert!((dual.tangent - extrapolated).abs() <= 1e-9 * size, "{dual:?} {extrapolated}");
    }
    let values = outputs(&program, |value, _| value);
    assert!(tangents.iter().zip(values).all(|(dual, value)| dual.value == value));
}

#[test]
fn uniform_expressions_are_rounded_as_in_a_kernel() {
    let text = "stencil s f32 dim x param dt function u(x) scalar r
                step f { every 4 from 1: u = dt * 3 + r; while r > dt: u = 1;
                u = round(dt) - dt; }";
    let program = program(text);
    let stencil = program.stencil();
    let statements = &stencil.steps[0].statements;
    let value = statements[0].kind.value();
    let params = |_: ParamId| 0.1;
    let scalars = |_: ScalarId| 1.0;
    let found = evaluate_uniform(stencil, value, &params, &scalars, Subnormals::Flush);
    // In f64, then rounded once.
    assert_eq!(found, f64::from((0.1_f64 * 3.0 + 1.0) as f32));
    let rounded = statements[2].kind.value();
    let found = evaluate_uniform(stencil, rounded, &params, &scalars, Subnormals::Flush);
    assert_eq!(found, f64::from((f64::from(0.1_f32) - 0.1_f64) as f32));
    let acts = |when: Predicate, n: i64, r: f64| {
        holds(stencil, when, n, &params, &|_| r, Subnormals::Flush)
    };
    assert!(acts(statements[0].when, 5, 0.0) && !acts(statements[0].when, 4, 0.0));
    assert!(acts(statements[1].when, 0, 0.2) && !acts(statements[1].when, 0, 0.1));
    assert!(!acts(statements[1].when, 0, f64::NAN));
}

#[test]
fn levels_without_a_value_are_nan_after_a_rotation() {
    let text = "stencil s f64 dim x time function u(x) levels 2 step f { u[t+1] = u; }";
    let program = program(text);
    let mut memory = DenseMemory::<f64>::new(&program, &[2], &[], 1);
    run_step(&program, 0, 0, &mut memory, Subnormals::Keep);
    memory.rotate(&program.stencil().steps[0]);
    let level = |time| memory.array(Target { field: FieldId(0), time });
    assert_eq!(level(0), [0.0, 0.0]);
    assert!(level(1).iter().all(|value| value.is_nan()));
}

#[test]
fn interpolated_values_sit_where_their_time_functions_sit() {
    let text = "stencil s f64 dim x, z function m(x, z)
                time function v(x, z) levels 2 staggered(x)
                time function w(x, z) levels 2 staggered(z) sparse r linear
                step f {
                  interpolate r: m * v;
                  interpolate r: v - v[x-1] + w - w[z-1];
                  interpolate r: m;
                  interpolate r: 1;
                  interpolate r: v * w;
                }";
    let program = program(text);
    let stencil = program.stencil();
    let found: Vec<u8> = stencil.steps[0]
        .statements
        .iter()
        .map(|statement| stencil.staggering(statement.kind.value()).0)
        .collect();
    assert_eq!(found, [0b01, 0, 0, 0, 0b11]);
}

/// The same case with and without flushing: no case relies on subnormal numbers, and a case that
/// does shows the difference.
#[test]
fn flushing_changes_subnormal_results_only() {
    let text = "#: extents 1\n#: set a = 1e-38\n#: run f 0..1\n#: expect b = 0\n\
                stencil s f32 dim x function a(x) function b(x) step f { b = a * 0.5; }";
    let case = Case::read("flush", text).expect("should be a case");
    let check = |subnormals| {
        let mut machine = retrograd_ir::conformance::Interpreter::new(&case, subnormals);
        case.check(&mut machine).len()
    };
    assert_eq!((check(Subnormals::Flush), check(Subnormals::Keep)), (0, 1));
    assert!(matches!(case.actions[0], Action::Set(Array::Level(_), _)));
}

#[test]
fn sparse_points_are_refused_with_a_reason() {
    let program = program(
        "stencil s f64 dim x time function v(x) levels 2 staggered(x) sparse r linear
         step f { v[t+1] = v; interpolate r: v; }",
    );
    let stencil = program.stencil();
    assert!(matches!(stencil.steps[0].statements[1].kind, StatementKind::Interpolate { .. }));
    let mut memory = DenseMemory::<f64>::new(&program, &[4], &[], 1);
    let error = memory.place(stencil, SparseId(0), &[[-0.5]]).expect_err("should be outside");
    assert!(error.to_string().contains("outside the grid 0..=3 by 1 cells or more"), "{error}");
    assert!(memory.place(stencil, SparseId(0), &[[-0.25], [4.25]]).is_ok());
    let table = memory.table(SparseId(0), stencil.fields[0].staggered);
    assert_eq!(table.of_point(0)[0].weight, 0.25);
}
