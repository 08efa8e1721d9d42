//! Largest stable time steps, measured, against those that are known.
//!
//! A time step is found to one in a hundred of the limit of the grid that is searched. That of a
//! finite grid lies above that of an infinite one: the roughest wave that fits into `n` points has
//! wave number `pi n / (n + 1)`, which changes the limit by a part `2 / n^2` at most for the orders
//! here. Grids are large enough for both to stay within one in a hundred.

mod support;

use retrograd::compile::weights::fornberg;
use retrograd::stability::{StabilityError, StabilitySearch};
use retrograd::{
    Compiled, Eq, Error, Expression, Function, Grid, Operator, Options, Simulation, Team,
    TimeFunction, solve,
};

const H_M: f64 = 10.0;

fn grid(shape: &[usize]) -> Grid {
    let grid = Grid::new(shape).expect("a grid");
    grid.spacing(vec![H_M; shape.len()]).expect("a spacing")
}

/// `m u_tt = laplace u - damp u_t`.
fn acoustic(grid: &Grid, order: usize, options: &Options) -> (Compiled, Function, Function) {
    let (m, damp) = (grid.function("m"), grid.function("damp").layer_only());
    let u = grid.time_function("u").time_order(2).space_order(order);
    let (src, rec) = (grid.sparse("src"), grid.sparse("rec"));
    let pde = &m * u.dt2() - u.laplace() + &damp * u.dt();
    let step = solve(&pde, &u.forward()).expect("should be linear");
    let operator = Operator::new(grid, [Eq::new(u.forward(), step.update())])
        .inject(&src, u.forward(), src.value() * step.response())
        .interpolate(&rec, u.value())
        .build()
        .expect("should build");
    (operator.compile(options).expect("should compile"), m, damp)
}

fn simulation(compiled: &Compiled, grid: &Grid, layer: usize, dt_s: f64) -> Simulation {
    let layer = vec![[layer; 2]; grid.shape().len()];
    compiled.simulation(grid, &layer, (10, dt_s), Team::new(1)).expect("should fit")
}

/// Sum of the absolute weights of the second derivative, on a grid with spacing 1.
fn row(order: usize) -> f64 {
    let radius = (order / 2) as i32;
    let nodes: Vec<f64> = (-radius..=radius).map(f64::from).collect();
    fornberg(2, &nodes, 0.0).iter().map(|w| w.abs()).sum()
}

/// `2 h / (c sqrt(d sum |w|))`.
fn leapfrog_limit_s(dims: usize, order: usize, v_m_s: f64) -> f64 {
    2.0 * H_M / (v_m_s * (dims as f64 * row(order)).sqrt())
}

#[track_caller]
fn assert_near(found_s: f64, expected_s: f64, margin: f64, what: &str) {
    let off = found_s / expected_s - 1.0;
    println!("{what}: {found_s:.5e} s, {:+.2} %", 100.0 * off);
    assert!(off.abs() <= margin, "{what}: {found_s:e} s instead of {expected_s:e} s");
}

#[test]
fn leapfrog_is_stable_up_to_the_known_courant_number() {
    let Some(options) = support::options() else { return };
    for (shape, order) in [
        (&[40usize, 36][..], 2),
        (&[40, 36], 4),
        (&[40, 36], 6),
        (&[40, 36], 8),
        (&[24, 25, 26], 2),
        (&[24, 25, 26], 8),
    ] {
        let grid = grid(shape);
        let (compiled, m, _) = acoustic(&grid, order, &options);
        let expected_s = leapfrog_limit_s(shape.len(), order, 2000.0);
        // From below, from above, and from far away.
        for start in [0.5, 1.7, 300.0] {
            let mut simulation = simulation(&compiled, &grid, 0, start * expected_s);
            simulation.set(&m, &vec![2000f64.powi(-2); grid.points()]).expect("should fit");
            let step = simulation.largest_stable_dt(&StabilitySearch::default());
            let step = step.expect("there is a limit");
            let what = format!("{}-D so={order} from {start}", shape.len());
            assert_near(step.dt_s, expected_s, 0.01, &what);
            assert_eq!(step.margin, 0.01);
            assert_eq!(step.examined.len(), 1);
            assert!(step.safe_dt_s() < expected_s, "{what}");
            if shape.len() == 3 {
                break;
            }
        }
    }
}

/// `dt <= h^2 / (2 d a)` for order 2, an eigenvalue that passes -1.
#[test]
fn heat_is_stable_up_to_the_known_diffusion_number() {
    let Some(options) = support::options() else { return };
    let grid = grid(&[40, 36]);
    let a = grid.function("a");
    let u = grid.time_function("u").time_order(1).space_order(2);
    let heat = u.value() + Grid::dt() * (&a * u.laplace());
    let operator = Operator::new(&grid, [Eq::new(u.forward(), heat)]).build().expect("builds");
    let compiled = operator.compile(&options).expect("should compile");
    let mut simulation = simulation(&compiled, &grid, 0, 1.0);
    simulation.set(&a, &vec![3.0; grid.points()]).expect("should fit");
    let step = simulation.largest_stable_dt(&StabilitySearch::default()).expect("a limit");
    assert_near(step.dt_s, H_M * H_M / (4.0 * 3.0), 0.01, "heat");
}

/// `dt <= h / (c sqrt(d) sum |w|)` with the weights of the staggered derivative; two functions and two
/// coefficients of very different size.
#[test]
fn velocity_and_stress_are_stable_up_to_the_known_courant_number() {
    let Some(options) = support::options() else { return };
    let grid = grid(&[40, 36]);
    let (b, k) = (grid.function("b"), grid.function("k"));
    let field = |name| grid.time_function(name).time_order(1).space_order(4);
    let (p, vx, vz) = (field("p"), field("vx").staggered(0), field("vz").staggered(1));
    let slope = |f: Expression, dim, side| f.derivative_at(dim, 1, 4, side);
    let push = |v: &TimeFunction, dim| {
        Eq::new(v.forward(), v.value() + Grid::dt() * (b.value().at(v) * slope(p.value(), dim, 1)))
    };
    let divergence = slope(vx.forward(), 0, -1) + slope(vz.forward(), 1, -1);
    let squeeze = Eq::new(p.forward(), p.value() + Grid::dt() * (&k * divergence));
    let operator = Operator::new(&grid, [push(&vx, 0), push(&vz, 1), squeeze]).build();
    let compiled = operator.expect("builds").compile(&options).expect("should compile");
    let mut simulation = simulation(&compiled, &grid, 0, 1e-3);
    let (density, v_m_s) = (2200.0, 3000.0);
    simulation.set(&b, &vec![1.0 / density; grid.points()]).expect("should fit");
    simulation.set(&k, &vec![density * v_m_s * v_m_s; grid.points()]).expect("should fit");
    let step = simulation.largest_stable_dt(&StabilitySearch::default()).expect("a limit");
    let weights = 2.0 * (9.0 / 8.0 + 1.0 / 24.0);
    let expected_s = 2.0 * H_M / (v_m_s * weights * 2f64.sqrt());
    assert_near(step.dt_s, expected_s, 0.01, "velocity and stress");
}

/// The limit is that of the fast layer, wherever it lies, and is found without searching all of the
/// grid; the damping layer of the grid is cut like the grid.
#[test]
fn a_large_grid_is_as_stable_as_its_fastest_part() {
    let Some(options) = support::options() else { return };
    let grid = grid(&[300, 280]);
    let (compiled, m, damp) = acoustic(&grid, 4, &options);
    let fast = |x: usize, z: usize| (200..290).contains(&x) && (20..100).contains(&z);
    let velocity = |at: usize| if fast(at / 280, at % 280) { 4500.0f64 } else { 1500.0 };
    let slowness: Vec<f64> = (0..grid.points()).map(|at| velocity(at).powi(-2)).collect();
    let edge = |k: usize, n: usize| (10.0 - k.min(n - 1 - k) as f64).max(0.0);
    let damping = |at: usize| 1e-7 * (edge(at / 280, 300) + edge(at % 280, 280));
    let mut simulation = simulation(&compiled, &grid, 10, 1e-3);
    simulation.set(&m, &slowness).expect("should fit");
    let damping: Vec<f64> = (0..grid.points()).map(damping).collect();
    simulation.set(&damp, &damping).expect("should fit");
    let search = StabilitySearch::default().most_points(4096);
    let step = simulation.largest_stable_dt(&search).expect("a limit");
    assert_near(step.dt_s, leapfrog_limit_s(2, 4, 4500.0), step.margin, "fast layer");
    assert!(step.margin < 0.015, "{}", step.margin);
    for block in &step.examined {
        assert_eq!(block.iter().map(std::ops::Range::len).product::<usize>(), 4096);
    }
    let inside = |block: &[std::ops::Range<usize>]| {
        block[0].start < 290 && block[0].end > 200 && block[1].start < 100 && block[1].end > 20
    };
    assert!(step.examined.iter().any(|block| inside(block)), "{:?}", step.examined);
    assert_eq!(simulation.dt_s(), 1e-3);
}

fn one_function(update: impl Fn(&TimeFunction) -> Expression, dt_s: f64) -> Result<f64, Error> {
    let grid = grid(&[20, 20]);
    let u = grid.time_function("u").time_order(1).space_order(2);
    let operator = Operator::new(&grid, [Eq::new(u.forward(), update(&u))]).build()?;
    let options =
        Options { backend: retrograd::Backend::Interpreter, ..Options::from_environment() };
    let compiled = operator.compile(&options)?;
    let simulation = simulation(&compiled, &grid, 0, dt_s);
    let search = StabilitySearch::default().accuracy(0.2);
    Ok(simulation.largest_stable_dt(&search)?.dt_s)
}

#[test]
fn where_there_is_no_limit_the_error_says_why() {
    let error = |result: Result<f64, Error>| match result.expect_err("there is no limit") {
        Error::Stability(error) => error,
        other => panic!("{other}"),
    };
    let found = error(one_function(|u| 0.5 * u.laplace(), 1.0));
    assert_eq!(found, StabilityError::NoTimeStep);
    let found = error(one_function(|u| u.value() + Grid::dt() * (u.value() * u.value()), 1.0));
    assert_eq!(found, StabilityError::NotLinear);
    let found = error(one_function(|u| 2.0 * u.value() + Grid::dt() * u.laplace(), 1.0));
    assert!(matches!(found, StabilityError::AlwaysUnstable { .. }), "{found}");
    let found = error(one_function(|u| u.value() / (Grid::dt() + 1.0), 1.0));
    assert!(matches!(found, StabilityError::NeverUnstable { .. }), "{found}");
    let found = error(one_function(|u| u.value() + Grid::dt() * u.laplace(), 0.0));
    assert_eq!(found, StabilityError::Start { found: 0.0 });
    let known_s = one_function(|u| u.value() + Grid::dt() * u.laplace(), 1.0).expect("a limit");
    assert_near(known_s, H_M * H_M / 4.0, 0.2, "interpreter");
}

#[test]
fn an_accuracy_has_to_be_a_part() {
    let Some(options) = support::options() else { return };
    let grid = grid(&[20, 20]);
    let (compiled, ..) = acoustic(&grid, 2, &options);
    let simulation = simulation(&compiled, &grid, 0, 1e-3);
    let search = StabilitySearch::default().accuracy(f64::NAN);
    let error = simulation.largest_stable_dt(&search).expect_err("that is no accuracy");
    assert!(error.to_string().contains("allowed are 1e-4 to 0.5"), "{error}");
}
