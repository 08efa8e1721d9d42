//! Reflections of perfectly matched layers of 20 points, by angle of incidence.
//!
//! Each measurement compares two runs on the same grid points: one with the layer, one on so large a
//! grid that nothing comes back within the window. What is left of their difference is what the
//! layer reflects, wherever it comes from. It is given relative to the record, without a layer, at
//! the mirror image of the receiver behind the inner side of the layer, which is what a mirror there
//! would send back: largest values over time, and over the components of the velocity.
//!
//! Source and receivers are ten points from the layer, half a wavelength or less, so that what does
//! not travel (near fields) meets it too. The source is as near to the layers of two other sides.
//!
//! Bounds are those that are asked of a layer of this width: -60 dB at normal incidence (asserted up
//! to 60 degrees), -40 dB at grazing incidence (up to 85 degrees).

mod support;
mod waves;

use retrograd::physics::{self, Absorbing, Setting, System};
use retrograd::{CpmlTuning, Grid, Options};
use support::{Ricker, options};
use waves::{At, VP, VS, Waves, medium};

/// Spacing, m.
const H: f64 = 10.0;
/// Width of the layer, in points.
const LAYER: usize = 20;
/// From source and receivers to the layer, in points.
const DEPTH: f64 = 10.0;
const DEGREES: [f64; 7] = [0.0, 30.0, 45.0, 60.0, 75.0, 80.0, 85.0];

#[derive(Clone, Copy)]
struct Case {
    write: fn(&Setting) -> System,
    sources: &'static [&'static str],
    receivers: &'static [&'static str],
    /// The slowest and the fastest wave that the source makes, m/s.
    speeds: [f64; 2],
    /// Points per length of the fastest wave at the peak of the spectrum.
    points: f64,
}

/// Points of the grid between the layers.
fn inner(tangents: &[f64]) -> [usize; 2] {
    let far = tangents.iter().copied().fold(0.0, f64::max) * 2.0 * DEPTH;
    [far.ceil() as usize + 2 * DEPTH as usize + 1, 40]
}

/// The series of all components at all receivers, `around` points being added on every side.
fn record(
    case: &Case,
    (absorbing, around): (Absorbing, usize),
    receivers: &[[f64; 2]],
    (wavelet, steps, dt_s): (Ricker, usize, f64),
    options: &Options,
) -> Vec<Vec<f64>> {
    let tangents = DEGREES.map(|a| a.to_radians().tan());
    let shape = inner(&tangents).map(|n| n + 2 * around);
    let grid = Grid::new(shape).and_then(|g| g.spacing([H, H])).expect("grid");
    let system = (case.write)(&Setting::new(&grid).absorbing(absorbing));
    let at = |p: &[f64; 2]| p.iter().map(|x| (around as f64 + x) * H).collect::<Vec<f64>>();
    let all = |states: &[&'static str], points: &[[f64; 2]]| -> Vec<At<'static>> {
        let points_m: Vec<Vec<f64>> = points.iter().map(at).collect();
        states.iter().map(|&state| At { state, points_m: points_m.clone(), factor: 1.0 }).collect()
    };
    let waves = Waves {
        system: &system,
        medium: &|name, _| medium(name),
        sources: all(case.sources, &[[DEPTH, DEPTH]]),
        receivers: all(case.receivers, receivers),
        radius: 0,
        layer: (vec![[around; 2]; 2], CpmlTuning::new(case.speeds[1], wavelet.peak_hz)),
        steps,
        dt_s,
    };
    waves.record(&wavelet.samples(steps, dt_s), options)
}

/// Reflections in dB at [`DEGREES`].
fn reflections(case: &Case, options: &Options) -> Vec<f64> {
    let tangents = DEGREES.map(|a| a.to_radians().tan());
    let [slowest, fastest] = case.speeds;
    let wavelet = Ricker::new(fastest / (case.points * H));
    let dt_s = 0.5 * H / fastest;
    let far = 2.0 * DEPTH * tangents.iter().copied().fold(1.0, f64::max).hypot(1.0);
    let end_s = 2.0 * wavelet.delay_s + (far + 2.0 * LAYER as f64) * H / slowest;
    let run = (wavelet, (end_s / dt_s) as usize, dt_s);
    let receivers = tangents.map(|t| [DEPTH * (1.0 + 2.0 * t), DEPTH]);
    let images = receivers.map(|[x, _]| [x, -DEPTH]);
    // There and back takes longer than the window.
    let around = (0.5 * end_s * fastest / H) as usize + 10;
    let with = record(case, (Absorbing::Cpml, LAYER), &receivers, run, options);
    let both: Vec<[f64; 2]> = receivers.into_iter().chain(images).collect();
    let free = record(case, (Absorbing::Nothing, around), &both, run, options);
    let n = receivers.len();
    let of_component = |k: usize, r: usize| {
        let (with, free, image) =
            (&with[k * n + r], &free[2 * k * n + r], &free[(2 * k + 1) * n + r]);
        let returned = with.iter().zip(free).map(|(a, b)| a - b);
        [largest(returned), largest(image.iter().copied())]
    };
    let ratio = |r: usize| {
        let of = (0..case.receivers.len()).map(|k| of_component(k, r));
        let [returned, image] = of.fold([0.0f64; 2], |m, c| [m[0].max(c[0]), m[1].max(c[1])]);
        20.0 * (returned / image).log10()
    };
    (0..n).map(ratio).collect()
}

fn largest(values: impl Iterator<Item = f64>) -> f64 {
    values.fold(0.0, |most, x| most.max(x.abs()))
}

fn check(what: &str, case: Case, options: &Options) {
    let found = reflections(&case, options);
    let listed: Vec<String> = found.iter().map(|d| format!("{d:6.1}")).collect();
    println!("{what}, {} points per wavelength, dB: {}", case.points, listed.join(" "));
    for (degrees, found) in DEGREES.iter().zip(&found) {
        let bound = if *degrees <= 60.0 { -60.0 } else { -40.0 };
        assert!(
            *found <= bound,
            "{what}, {degrees} degrees: {found} dB, should be {bound} at most"
        );
    }
}

#[test]
fn acoustic_waves_do_not_come_back() {
    let Some(options) = options() else { return };
    println!("angles: {DEGREES:?}");
    for points in [10.0, 30.0] {
        let (write, p): (fn(&Setting) -> System, _) = (physics::acoustic, &["p"]);
        let case = Case { write, sources: p, receivers: p, speeds: [VP; 2], points };
        check("acoustic", case, &options);
        let case = Case { write: physics::variable_density, ..case };
        check("variable density", case, &options);
    }
}

#[test]
fn shear_waves_do_not_come_back() {
    let Some(options) = options() else { return };
    let case = Case {
        write: physics::sh,
        sources: &["v"],
        receivers: &["v"],
        speeds: [VS; 2],
        points: 10.0,
    };
    check("SH", case, &options);
}

#[test]
fn elastic_waves_do_not_come_back() {
    let Some(options) = options() else { return };
    let case = Case {
        write: physics::elastic,
        sources: &["s_xx", "s_zz"],
        receivers: &["v_x", "v_z"],
        speeds: [VP; 2],
        points: 16.0,
    };
    check("elastic, explosion", case, &options);
    check("elastic, explosion", Case { points: 40.0, ..case }, &options);
    let case = Case { sources: &["v_z"], speeds: [VS, VP], ..case };
    check("elastic, force across the layer", case, &options);
    let case = Case { sources: &["v_x"], ..case };
    check("elastic, force along the layer", case, &options);
}
