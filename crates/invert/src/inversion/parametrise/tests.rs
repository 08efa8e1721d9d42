use super::*;
use crate::fixture::{SHAPE, WATER, grid, velocity, water};

const BOUNDS: [f64; 2] = [1950.0, 2200.0];
/// Two and a half cells.
const SMOOTHING_M: f64 = 50.0;

/// Random numbers from -1 to 1.
fn noise(seed: u64) -> Vec<f64> {
    let mut state = seed.wrapping_mul(2).wrapping_add(1);
    let next = |_| {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    };
    (0..SHAPE[0] * SHAPE[1]).map(next).collect()
}

fn parametrisation(base: &[f64], smoothing_m: f64) -> Parametrisation {
    Parametrisation::new(&grid(), base, (&water(), BOUNDS), smoothing_m).expect("parametrisation")
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[test]
fn without_smoothing_unknowns_are_velocities_within_bounds() {
    let base: Vec<f64> = velocity(0.0).iter().map(|v| v.clamp(1500.0, BOUNDS[1])).collect();
    let parameters = parametrisation(&base, 0.0);
    let unknowns = parameters.unknowns();
    assert_eq!(unknowns.start, base);
    assert_eq!((unknowns.lower[300], unknowns.upper[300]), (BOUNDS[0], BOUNDS[1]));
    assert_eq!(unknowns.frozen, water());
    assert_eq!(parameters.velocities(&base), base);
    // Bounds are the optimiser's: the gradient is passed on where one is active, too.
    let (x, g) = (vec![BOUNDS[0]; base.len()], noise(1));
    let pulled = parameters.pull_back(&x, &g);
    for (i, g) in g.iter().enumerate() {
        assert_eq!(pulled[i], if water()[i] { 0.0 } else { *g });
    }
}

#[test]
fn with_smoothing_the_start_is_zero_and_stays_the_model() {
    let base = velocity(0.0);
    let parameters = parametrisation(&base, SMOOTHING_M);
    let unknowns = parameters.unknowns();
    assert!(unknowns.start.iter().all(|x| x.to_bits() == 0));
    assert!(unknowns.lower.iter().all(|x| *x == f64::NEG_INFINITY), "the clamp holds the bounds");
    let start = parameters.velocities(&unknowns.start);
    for (i, (found, base)) in start.iter().zip(&base).enumerate() {
        let within = if water()[i] { *base } else { base.clamp(BOUNDS[0], BOUNDS[1]) };
        assert_eq!(found.to_bits(), within.to_bits());
    }
}

#[test]
fn water_keeps_its_bits_and_rock_the_bounds_whatever_the_unknowns() {
    let base = velocity(0.0);
    let wild: Vec<f64> = noise(7).iter().map(|x| 1e4 * x).collect();
    let found = parametrisation(&base, SMOOTHING_M).velocities(&wild);
    let mut at_bounds = 0;
    for (i, v) in found.iter().enumerate() {
        if i % SHAPE[1] < WATER {
            assert_eq!(v.to_bits(), base[i].to_bits());
        } else {
            assert!((BOUNDS[0]..=BOUNDS[1]).contains(v), "{v}");
            at_bounds += usize::from(BOUNDS.contains(v));
        }
    }
    assert!(at_bounds > 100, "the bounds should have been reached");
}

/// `<J d, g> = <d, J^T g>` with `J d` from differences: `vp` is piecewise linear in `x`, so that
/// a difference over a step that crosses no kink is exact but for the rounding of velocities,
/// 2300 eps over the step, per node; `|S| <= 1`.
#[test]
fn the_pull_back_is_the_transpose_of_the_derivative() {
    for (smoothing_m, seed) in [(0.0, 3), (SMOOTHING_M, 4)] {
        // Some nodes beyond either bound, none nearer to one than 2.5 m/s.
        let base: Vec<f64> = velocity(0.0).iter().map(|v| v + 2.5).collect();
        let parameters = parametrisation(&base, smoothing_m);
        let x = parameters.unknowns().start;
        let (g, mut d) = (noise(seed), noise(seed + 10));
        for (d, frozen) in d.iter_mut().zip(water()) {
            *d = if frozen { 0.0 } else { *d };
        }
        let step = 0.5;
        let moved: Vec<f64> = x.iter().zip(&d).map(|(x, d)| x + step * d).collect();
        let (from, to) = (parameters.velocities(&x), parameters.velocities(&moved));
        let change: Vec<f64> = to.iter().zip(&from).map(|(a, b)| (a - b) / step).collect();
        let clamped = (0..x.len()).filter(|i| change[*i] == 0.0 && !water()[*i]).count();
        assert_eq!(clamped > 0, smoothing_m > 0.0, "{clamped} nodes should be clamped");
        let (left, right) = (dot(&change, &g), dot(&d, &parameters.pull_back(&x, &g)));
        let bound = x.len() as f64 * 2.0 * 2300.0 * f64::EPSILON / step;
        assert!((left - right).abs() <= bound, "{left} {right} {bound:e}");
        assert!(left.abs() > 1e6 * bound, "both sides should be far from zero: {left}");
    }
}

/// At a bound the derivative has two sides. Inwards the node moves, and the gradient is passed on
/// if that is where descent goes; beyond the bound nothing moves.
#[test]
fn a_node_at_a_bound_follows_descent_inwards_only() {
    let [lower, upper] = BOUNDS;
    let smoothing_m = 1e-3; // reaches no neighbour: S is the identity
    for (velocity, pull, passes) in [
        (lower, -1.0, true),
        (lower, 1.0, false),
        (upper, 1.0, true),
        (upper, -1.0, false),
        (lower - 1.0, -1.0, false),
        (upper + 1.0, 1.0, false),
        (lower + 1.0, 1.0, true),
    ] {
        let base: Vec<f64> = vec![velocity; SHAPE[0] * SHAPE[1]];
        let parameters = parametrisation(&base, smoothing_m);
        let x = parameters.unknowns().start;
        let pulled = parameters.pull_back(&x, &vec![pull; x.len()]);
        let expected = |i: usize| if passes && !water()[i] { pull } else { 0.0 };
        assert!((0..x.len()).all(|i| pulled[i] == expected(i)), "{velocity} m/s, {pull}");
    }
}
