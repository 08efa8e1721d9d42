//! Reciprocity, linearity and superposition of point sources in a heterogeneous medium.

mod support;

use retrograd::Options;
use support::{
    Acoustic, Medium, Points, Profile, Random, Ricker, Scheme, Source, largest_dt_s, options,
    relative_l2, sponge,
};

const SHAPE: [usize; 2] = [90, 80];
const SPACING_M: [f64; 2] = [10.0, 8.0];
const STEPS: usize = 500;
/// Width of the sponge in points.
const WIDTH: usize = 15;
/// Fastest and slowest velocity, m/s.
const FAST: f64 = 4000.0;
const SLOW: f64 = 1500.0;
/// Bound of the issue for two runs that should agree to rounding; a step makes about 60 roundings
/// of 1.1e-16 per point, which spread like the wave itself, so that 500 steps stay below it.
const TOLERANCE: f64 = 1e-12;

fn dt_s() -> f64 {
    0.8 * largest_dt_s(8, &SPACING_M, FAST)
}

/// Velocities that differ from point to point between [`SLOW`] and [`FAST`].
fn rough_m() -> Vec<f64> {
    let mut random = Random(7);
    let velocity = std::iter::repeat_with(|| SLOW + (FAST - SLOW) * random.next());
    velocity.take(SHAPE[0] * SHAPE[1]).map(|v| 1.0 / (v * v)).collect()
}

/// Damping in the outer [`WIDTH`] points of all sides.
fn damping() -> Vec<f64> {
    let velocity: Vec<f64> = rough_m().iter().map(|m| 1.0 / m.sqrt()).collect();
    sponge((&SHAPE, &SPACING_M), &[[WIDTH; 2]; 2], &velocity, (Profile::Square, 1e-3))
}

fn acoustic(source: Source, options: &Options) -> Acoustic {
    let scheme = Scheme {
        shape: &SHAPE,
        spacing_m: &SPACING_M,
        space_order: 8,
        radius: 4,
        source: Some(source),
        damped: true,
    };
    Acoustic::new(scheme, options).expect("the operator should compile")
}

fn wavelet() -> Vec<f64> {
    Ricker::new(15.0).samples(STEPS, dt_s())
}

/// One inside, one in the sponge, where damping changes the response; both off the nodes.
fn two_points() -> [Vec<f64>; 2] {
    [vec![303.7, 222.2], vec![838.1, 333.3]]
}

/// Records of a source at the first point by a receiver at the second, and the other way round.
fn exchanged(source: Source, options: &Options) -> [Vec<f64>; 2] {
    let (acoustic, m, eta) = (acoustic(source, options), rough_m(), damping());
    let medium = Medium { m: &m, sponge: Some((&eta, WIDTH)) };
    let [a, b] = two_points();
    [(&a, &b), (&b, &a)].map(|(from, to)| {
        let points = Points {
            sources_m: std::slice::from_ref(from),
            series: &[wavelet()],
            receivers_m: std::slice::from_ref(to),
        };
        let mut records = acoustic.record(medium, points, (STEPS, dt_s())).expect("it should run");
        records.swap_remove(0)
    })
}

/// The scheme solves `(M D + E D0 - L) u = W f` with diagonal `M`, `E`, symmetric `L` (the grid is
/// closed by zeros) and centred time differences `D`, `D0`; receivers apply the transpose of `W`.
/// Its inverse is symmetric at every time lag, so exchanging source and receiver changes nothing,
/// exactly, if the sample enters the right-hand side with weights `W`: that is, if what is added to
/// `u(t + dt)` is the response of the scheme *at each grid point*.
#[test]
fn source_and_receiver_may_be_exchanged() {
    let Some(options) = options() else { return };
    let [there, back] = exchanged(Source::Response, &options);
    let error = relative_l2(&there, &back);
    println!("reciprocity, injection with the response of the scheme: {error:.1e}");
    assert!(error <= TOLERANCE, "{error:e}");
}

/// Injection of `dt^2 f` weighs the right-hand side with `m` of the grid points around the source,
/// which is another source where `m` varies.
#[test]
fn injection_without_the_response_is_not_reciprocal() {
    let Some(options) = options() else { return };
    let [there, back] = exchanged(Source::TimeStepSquared, &options);
    let error = relative_l2(&there, &back);
    println!("reciprocity, injection with dt^2: {error:.1e}");
    assert!(error > 1e-2, "{error:e}");
}

/// A factor of 3 is not a power of two, so that products round.
#[test]
fn records_are_linear_in_the_source_and_sources_superpose() {
    let Some(options) = options() else { return };
    let (acoustic, m, eta) = (acoustic(Source::Response, &options), rough_m(), damping());
    let medium = Medium { m: &m, sponge: Some((&eta, WIDTH)) };
    let receivers = [vec![411.0, 512.5], vec![20.3, 17.7]];
    let record = |sources_m: &[Vec<f64>], series: &[Vec<f64>]| {
        let points = Points { sources_m, series, receivers_m: &receivers };
        acoustic.record(medium, points, (STEPS, dt_s())).expect("it should run").concat()
    };
    let (first, mut random) = (wavelet(), Random(3));
    let second: Vec<f64> = first.iter().map(|f| f * random.next()).collect();
    let tripled: Vec<f64> = first.iter().map(|f| 3.0 * f).collect();
    let [a, b] = two_points();

    let alone = record(std::slice::from_ref(&a), std::slice::from_ref(&first));
    let other = record(std::slice::from_ref(&b), std::slice::from_ref(&second));
    let both = record(&[a.clone(), b], &[tripled.clone(), second]);
    let sum: Vec<f64> = alone.iter().zip(&other).map(|(a, b)| 3.0 * a + b).collect();
    let superposed = relative_l2(&both, &sum);
    let scaled: Vec<f64> = alone.iter().map(|a| 3.0 * a).collect();
    let linear = relative_l2(&record(&[a], &[tripled]), &scaled);
    println!("linearity {linear:.1e}, superposition {superposed:.1e}");
    assert!(linear <= TOLERANCE && superposed <= TOLERANCE, "{linear:e} {superposed:e}");
}

/// Silence in, silence out: no sample, no wave, to the bit.
#[test]
fn no_source_makes_no_wave() {
    let Some(options) = options() else { return };
    let (acoustic, m, eta) = (acoustic(Source::Response, &options), rough_m(), damping());
    let medium = Medium { m: &m, sponge: Some((&eta, WIDTH)) };
    let [a, b] = two_points();
    let points = Points { sources_m: &[a], series: &[vec![0.0; STEPS]], receivers_m: &[b] };
    let records = acoustic.record(medium, points, (STEPS, dt_s())).expect("it should run");
    assert!(records.concat().iter().all(|u| *u == 0.0));
}
