//! Reflection of absorbing layers `m u_tt - laplace u + eta u_t = 0`.
//!
//! Each measurement compares two runs that differ by the layer alone: the second has so large a
//! grid that nothing comes back within the window. What is left of their difference is the
//! reflection, at every frequency:
//!
//! ```text
//! R(f) = |F(u - u_free)| / |F(u_mirror)|
//! ```
//!
//! with `u_mirror` the free record at the mirror image of the receiver behind the inner edge of the
//! layer, which is what a perfect mirror there would send back. Widths are given in wavelengths,
//! `l = width f / c`.
//!
//! A layer reflects in two ways: what it does not damp comes back from its outer side (`-20 log10`
//! of the `reflection` that it was made for), and what is long against it is turned back by the
//! rise of the damping. More damping helps against the first and harms the second, so that every
//! width has a best damping: [`best_reflection`]. A plane wave at the angle `a` sees a layer of
//! `l cos(a)` wavelengths made for `reflection^(1 / cos(a))`.
//!
//! Bounds: the continuous problem `v'' + (k^2 - i k c eta(x)) v = 0`, integrated apart from this
//! code, plus 3 dB for sampling.

mod support;

use retrograd::Options;
use support::{
    Acoustic, Medium, Points, Profile, Ricker, Scheme, Source, largest_dt_s, options, spectrum_at,
    sponge,
};

/// Velocity, m/s, and spacing, m.
const C: f64 = 2000.0;
const H: f64 = 10.0;

/// What a layer `l` of the longest wavelengths wide should be made for, so that the largest
/// reflection of all waves up to 45 degrees and up to that length is about the least possible with
/// the profile `s^2`.
fn best_reflection(l: f64) -> f64 {
    (-(3.3 * l).clamp(2.2, 8.0)).exp()
}

fn decibel(ratio: f64) -> f64 {
    20.0 * ratio.log10()
}

fn record(
    (shape, damping): (&[usize], Option<(&[f64], usize)>),
    (source, receivers): (&[f64], &[Vec<f64>]),
    (wavelet, steps, dt_s): (Ricker, usize, f64),
    options: &Options,
) -> Vec<Vec<f64>> {
    let spacing_m = vec![H; shape.len()];
    let scheme = Scheme {
        shape,
        spacing_m: &spacing_m,
        space_order: 8,
        radius: 4,
        source: Some(Source::PointDensity),
        damped: damping.is_some(),
    };
    let acoustic = Acoustic::new(scheme, options).expect("the operator should compile");
    let m = vec![1.0 / (C * C); acoustic.grid.points()];
    let metres = |p: &[f64]| p.iter().map(|x| x * H).collect::<Vec<f64>>();
    let points = Points {
        sources_m: &[metres(source)],
        series: &[wavelet.samples(steps, dt_s)],
        receivers_m: &receivers.iter().map(|p| metres(p)).collect::<Vec<_>>(),
    };
    let medium = Medium { m: &m, sponge: damping };
    acoustic.record(medium, points, (steps, dt_s)).expect("it should run")
}

/// A layer under test.
#[derive(Clone, Copy)]
struct Layer {
    width: usize,
    profile: Profile,
    /// What it is made for.
    reflection: f64,
    /// The velocity it is made for.
    velocity: f64,
}

impl Layer {
    fn new(width: usize, profile: Profile, reflection: f64) -> Self {
        Self { width, profile, reflection, velocity: C }
    }

    /// The layer along the far side of the last dimension of a grid of `shape`.
    fn damping(&self, shape: &[usize]) -> Vec<f64> {
        let mut widths = vec![[0, 0]; shape.len()];
        widths[shape.len() - 1] = [0, self.width];
        let velocity = vec![self.velocity; shape.iter().product()];
        sponge((shape, &vec![H; shape.len()]), &widths, &velocity, (self.profile, self.reflection))
    }

    /// Hertz at which it is `l` wavelengths wide.
    fn frequency(&self, l: f64) -> f64 {
        l * C / (self.width as f64 * H)
    }
}

/// Reflection in dB at normal incidence where the layer is `ls` wavelengths wide.
///
/// The window is 40 widths: the slowest damping in a layer decays within `3 q / pi^2 < 3` widths
/// over `c`, to 1e-6. The grid goes so far on the other side that nothing returns from there.
fn normal_incidence(layer: Layer, ls: &[f64], options: &Options) -> Vec<f64> {
    let (w, dt_s) = (layer.width as f64, 0.5 * largest_dt_s(8, &[H], C));
    let wavelet = Ricker::new(layer.frequency(1.0));
    let steps = (40.0 * w * H / C / dt_s) as usize;
    let (source, receiver, edge) = (22.0 * w, 23.0 * w, 24.0 * w);
    let shape = [24 * layer.width + layer.width + 1];
    let receivers = [vec![receiver], vec![2.0 * edge - receiver]];
    let run = (wavelet, steps, dt_s);
    let damping = layer.damping(&shape);
    let damping = Some((damping.as_slice(), layer.width));
    let with = record((&shape, damping), (&[source], &receivers[..1]), run, options);
    let free = record((&[48 * layer.width], None), (&[source], &receivers), run, options);
    let returned: Vec<f64> = with[0].iter().zip(&free[0]).map(|(a, b)| a - b).collect();
    let ratio = |f| spectrum_at(&returned, f, dt_s) / spectrum_at(&free[1], f, dt_s);
    ls.iter().map(|&l| decibel(ratio(layer.frequency(l)))).collect()
}

fn listed(decibels: &[f64]) -> String {
    decibels.iter().map(|d| format!("{d:6.1}")).collect::<Vec<_>>().join(" ")
}

/// Widths of 20, 40 and 80 points do the same at the same width in wavelengths; longer waves than
/// the layer is made for are reflected more, shorter ones less. Asserted from 10 points per
/// wavelength on. The customary sine is printed for comparison.
#[test]
fn reflection_falls_with_the_width_in_wavelengths() {
    let Some(options) = options() else { return };
    let ls = [0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0];
    println!("normal incidence, dB, at l = {ls:?}");
    for (l, worst) in [(0.5, -14.6), (1.0, -22.8), (2.0, -47.6)] {
        for width in [20, 40, 80] {
            let layer = Layer::new(width, Profile::Square, best_reflection(l));
            let found = normal_incidence(layer, &ls, &options);
            println!("s^2, made for {l}, {width} points: {}", listed(&found));
            let sampled = ls.iter().zip(&found).filter(|(x, _)| width as f64 / **x >= 10.0);
            for (x, found) in sampled.filter(|(x, _)| **x >= l) {
                assert!(*found <= worst, "{width} points, l = {x}: {found} dB");
            }
        }
    }
    for width in [20, 40, 80] {
        let layer = Layer::new(width, Profile::Sine, (-0.75 * 1000.0_f64.ln()).exp());
        let found = normal_incidence(layer, &ls, &options);
        println!("sine, q = 1.5 ln 1000, {width} points: {}", listed(&found));
    }
}

/// The same damping in a medium of a third of the velocity lets the cube root of the reflection
/// return: the damping should be made for the velocity at each point, not for the fastest one.
#[test]
fn damping_should_follow_the_velocity() {
    let Some(options) = options() else { return };
    let ls = [1.0, 1.5, 2.0];
    let local = Layer::new(40, Profile::Square, best_reflection(1.0));
    let fastest = Layer { velocity: 3.0 * C, ..local };
    let (good, poor) = [local, fastest].map(|layer| normal_incidence(layer, &ls, &options)).into();
    println!("made for the velocity, dB: {}", listed(&good));
    println!("made for three times the velocity, dB: {}", listed(&poor));
    let cube_root = decibel(best_reflection(1.0)) / 3.0;
    assert!(poor.iter().all(|r| (r - cube_root).abs() <= 1.0), "{poor:?}");
    assert!(good.iter().all(|r| *r <= -22.8), "{good:?}");
}

/// Reflection in dB of a point source in two dimensions, at angles of incidence given by their
/// tangents, per wavelength given in points.
fn oblique(
    layer: Layer,
    tangents: &[f64],
    wavelengths: &[f64],
    options: &Options,
) -> Vec<Vec<f64>> {
    // Distance of source and receivers from the layer; returns from elsewhere travel 320 points.
    const DISTANCE: f64 = 30.0;
    let (columns, above) = (380, 160.0);
    let edge = above + DISTANCE;
    let source = [162.0, above];
    let at = |z: f64| move |t: &f64| vec![source[0] + 2.0 * DISTANCE * t, z];
    let receivers: Vec<Vec<f64>> = tangents.iter().map(at(above)).collect();
    let mirrored = tangents.iter().map(at(edge + DISTANCE));
    let dt_s = 0.5 * largest_dt_s(8, &[H, H], C);
    let run = (Ricker::new(C / (20.0 * H)), (320.0 * H / C / dt_s) as usize, dt_s);

    let shape = [columns, edge as usize + layer.width + 1];
    let damping = layer.damping(&shape);
    let damping = Some((damping.as_slice(), layer.width));
    let with = record((&shape, damping), (&source, &receivers), run, options);
    let all: Vec<Vec<f64>> = receivers.iter().cloned().chain(mirrored).collect();
    let free = record((&[columns, 360], None), (&source, &all), run, options);
    let (free, mirror) = free.split_at(tangents.len());
    let returned: Vec<Vec<f64>> =
        with.iter().zip(free).map(|(a, b)| a.iter().zip(b).map(|(a, b)| a - b).collect()).collect();
    let ratio = |wavelength: f64| {
        let spectrum = |u: &Vec<f64>| spectrum_at(u, C / (wavelength * H), dt_s);
        let pairs = returned.iter().zip(mirror);
        pairs.map(|(r, m)| decibel(spectrum(r) / spectrum(m))).collect()
    };
    wavelengths.iter().map(|&wavelength| ratio(wavelength)).collect()
}

/// One and two wavelengths wide. The bounds are for plane waves of the longer wavelength; another
/// 3 dB are for the curvature of waves from 1.5 wavelengths away, which blurs the angle.
#[test]
fn oblique_waves_are_absorbed_too() {
    let Some(options) = options() else { return };
    let degrees = [0.0, 30.0, 45.0, 60.0];
    let tangents = degrees.map(|a: f64| a.to_radians().tan());
    println!("2-D, dB; angle of incidence: {}", listed(&degrees));
    for (width, bounds) in [(20, [-19.8, -18.8, -14.4, -7.0]), (40, [-44.6, -42.9, -42.9, -16.2])] {
        let layer = Layer::new(width, Profile::Square, best_reflection(width as f64 / 20.0));
        let found = oblique(layer, &tangents, &[20.0, 10.0], &options);
        for (wavelength, found) in [20, 10].iter().zip(&found) {
            println!("{width} points, wavelength {wavelength}: {}", listed(found));
            for (found, bound) in found.iter().zip(bounds) {
                assert!(*found <= bound, "{found} dB, should be {bound} dB at most");
            }
        }
    }
}
