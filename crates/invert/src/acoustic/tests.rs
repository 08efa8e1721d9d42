use retrograd::{Backend, Options, Team};

use super::*;

/// `v dt / h` of the table in `docs/verification.md`, which energy tests hold; four decimals.
#[track_caller]
fn check_limit(axes: usize, space_order: usize, courant: f64) {
    let (h_m, v_m_s) = (12.5, 3100.0);
    let found = stable_dt_s(&vec![h_m; axes], space_order, v_m_s) * v_m_s / h_m;
    assert!((found - courant).abs() <= 5e-5, "{axes} axes, order {space_order}: {found}");
}

#[test]
fn the_stability_limit_is_that_of_the_verification() {
    for (order, limits) in [
        (2, [1.0, std::f64::consts::FRAC_1_SQRT_2, 0.5774]),
        (4, [0.8660, 0.6124, 0.5000]),
        (8, [0.7844, 0.5546, 0.4529]),
        (16, [0.7339, 0.5189, 0.4237]),
    ] {
        for (axes, limit) in limits.into_iter().enumerate() {
            check_limit(axes + 1, order, limit);
        }
    }
}

/// Order 2: `dt = 1 / (v sqrt(1/hx^2 + 1/hz^2))`, to a few roundings.
#[test]
fn cells_need_not_be_square() {
    let expected = 1.0 / (2000.0 * (1.0 / 100.0 + 1.0 / 25.0_f64).sqrt());
    let found = stable_dt_s(&[10.0, 5.0], 2, 2000.0);
    assert!((found / expected - 1.0).abs() <= 8.0 * f64::EPSILON, "{found} {expected}");
}

#[test]
fn a_time_step_is_a_share_of_the_limit_or_at_most_the_limit() {
    let limit = stable_dt_s(&[20.0; 2], 8, 2500.0);
    let seconds = |step: TimeStep| step.seconds(&[20.0; 2], 8, 2500.0);
    assert_eq!(seconds(TimeStep::Courant(0.8)), Ok(0.8 * limit));
    assert_eq!(seconds(TimeStep::Fixed(limit)), Ok(limit));
    let error = seconds(TimeStep::Fixed(5e-3)).expect_err("too long");
    assert_eq!((error.dt_s, error.limit_s), (5e-3, limit));
    let text = error.to_string();
    for part in ["5.0000 ms is unstable", "order 8", "4.4371 ms", "2500 m/s", "help:"] {
        assert!(text.contains(part), "{text}");
    }
}

#[test]
fn a_record_has_both_ends() {
    assert_eq!(steps_covering(1.0, 0.25), 5);
    assert_eq!(steps_covering(1.1, 0.25), 6);
    assert_eq!(steps_covering(0.0, 0.25), 1);
}

#[test]
fn odd_orders_are_refused() {
    let grid = Grid::new([20, 20]).expect("grid");
    assert!(Acoustic::new(&grid, 3, DType::F32, Interpolation::Linear).is_err());
    assert!(Acoustic::new(&grid, 18, DType::F32, Interpolation::Linear).is_err());
}

/// One dimension, order 2, `v dt = h`: leapfrog is then exact, `u+_i = u_(i-1) + u_(i+1) - u-_i`,
/// and one sample `f` of a source, divided by the cell `h`, enters as `v^2 dt^2 f / h = f h`. It
/// runs to both sides one node per step, and leaves `f h` at every other node behind its fronts:
/// in the mean `f h / 2`, the `f v dt / 2` of the exact solution. All powers of two: no rounding.
#[test]
fn a_sample_of_a_source_is_a_pressure_over_the_cell() {
    let (h_m, dt_s, steps) = (8.0, 0.0625, 9);
    let v_m_s: f64 = h_m / dt_s;
    let grid = Grid::new([25]).and_then(|g| g.spacing([h_m])).expect("grid");
    let acoustic = Acoustic::new(&grid, 2, DType::F64, Interpolation::Linear).expect("operator");
    let options = Options { backend: Backend::Interpreter, ..Options::from_environment() };
    let compiled = acoustic.operator.compile(&options).expect("interpreter");
    let layer = [[0, 0]];
    let mut line = compiled.simulation(&grid, &layer, (steps, dt_s), Team::new(1)).expect("memory");
    line.set(&acoustic.m, &[v_m_s.powi(-2); 25]).expect("memory");
    line.set(&acoustic.damp, &[0.0; 25]).expect("memory");
    line.place(&acoustic.source, &[[12.0 * h_m]]).expect("inside");
    line.place(&acoustic.receivers, &[[12.0 * h_m], [15.0 * h_m]]).expect("inside");
    let mut series = [0.0; 9];
    series[0] = 0.5;
    line.set_series(&acoustic.source, &series).expect("source");
    line.run().expect("run");
    let found: Vec<f64> = line.series(&acoustic.receivers).expect("receivers");
    // Sample n is u(n dt): at the source from step 1 on, three nodes away from step 4 on.
    let expected = |n: usize, away: usize| {
        let arrived = n > away && (n - away) % 2 == 1;
        if arrived { 0.5 * h_m } else { 0.0 }
    };
    for (n, pair) in found.chunks(2).enumerate() {
        assert_eq!(pair, [expected(n, 0), expected(n, 3)], "step {n}");
    }
}
