//! What the discrete systems share with the equations exactly: reciprocity, the velocity of plane
//! waves by formula, no growth in long runs.

mod support;
mod waves;

use std::f64::consts::PI;

use retrograd::compile::weights::fornberg;
use retrograd::physics::{self, Absorbing, Setting, System, Writer};
use retrograd::{CpmlTuning, Grid, Options};
use support::{Random, Ricker, options, relative_l2};
use waves::{At, RHO, VP, VS, Waves, medium};

/// Half a unit of the last place of a number of size one.
const EPSILON: f64 = f64::EPSILON / 2.0;
const LAYER: usize = 10;

/// A record of one component from a force on another, or of pressure from pressure.
struct Pair<'a> {
    from: (&'a str, [f64; 2]),
    to: (&'a str, [f64; 2]),
    /// What a force is divided by where it acts.
    mass: f64,
}

fn between(system: &System, values: &[Vec<f64>], pair: &Pair, options: &Options) -> Vec<f64> {
    let (steps, dt_s) = (700, 1e-3);
    let names: Vec<&str> = system.parameters().iter().map(|p| p.function.name()).collect();
    let number = |name: &str| names.iter().position(|n| *n == name).expect("a parameter");
    let at = |(state, place): (&'static str, [f64; 2])| At {
        state,
        points_m: vec![place.map(|x| 10.0 * x).to_vec()],
        factor: 1.0,
    };
    let known =
        |name: &str| *["p", "v_x", "v_z"].iter().find(|known| **known == name).expect("a state");
    let waves = Waves {
        system,
        medium: &|name, at| values[number(name)][at],
        sources: vec![at((known(pair.from.0), pair.from.1))],
        receivers: vec![at((known(pair.to.0), pair.to.1))],
        radius: 0,
        layer: (vec![[LAYER; 2]; 2], CpmlTuning::new(1.2 * VP, 10.0)),
        steps,
        dt_s,
    };
    let wavelet = Ricker::new(10.0);
    let series: Vec<f64> = (0..steps).map(|n| wavelet.at(n as f64 * dt_s) / pair.mass).collect();
    waves.record(&series, options).swap_remove(0)
}

/// Exchanging force and velocity changes nothing, component by component, in a medium that is random
/// from point to point, with layers around it: with the stretches `s_x`, `s_z` of the coordinates the
/// equations times `s_x s_z` are symmetric. A force is divided by the density where it acts, pressure
/// by `1 / (rho vp^2)`. Bound as for `physics`: rounding alone.
#[test]
fn sources_and_receivers_may_be_exchanged() {
    let Some(options) = options() else { return };
    let shape = [61, 55];
    let grid = Grid::new(shape).and_then(|g| g.spacing([10.0, 10.0])).expect("grid");
    let setting = Setting::new(&grid).absorbing(Absorbing::Cpml);
    let mut random = Random(5);
    let mut values = |system: &System| -> Vec<Vec<f64>> {
        let of = |name: &str, random: &mut Random| -> Vec<f64> {
            (0..grid.points()).map(|_| medium(name) * (0.8 + 0.4 * random.next())).collect()
        };
        system.parameters().iter().map(|p| of(p.function.name(), &mut random)).collect()
    };
    let (a, b) = ([18.0, 15.0], [43.0, 38.0]);
    let node = |p: [f64; 2]| p[0] as usize * shape[1] + p[1] as usize;

    let elastic = physics::elastic(&setting);
    let medium = values(&elastic);
    let half = |name: &str, [x, z]: [f64; 2]| match name {
        "v_x" => [x + 0.5, z],
        _ => [x, z + 0.5],
    };
    let density = |name: &str, p: [f64; 2]| {
        let next = if name == "v_x" { shape[1] } else { 1 };
        0.5 * (medium[2][node(p)] + medium[2][node(p) + next])
    };
    for (i, j) in [("v_x", "v_x"), ("v_x", "v_z"), ("v_z", "v_x"), ("v_z", "v_z")] {
        let there = Pair { from: (i, half(i, a)), to: (j, half(j, b)), mass: density(i, a) };
        let back = Pair { from: (j, half(j, b)), to: (i, half(i, a)), mass: density(j, b) };
        let [there, back] = [there, back].map(|pair| between(&elastic, &medium, &pair, &options));
        let difference = relative_l2(&there, &back);
        println!("elastic, force {i}, velocity {j}: {difference:.1e}");
        assert!(difference <= 1e-12, "{i}, {j}: {difference:e}");
    }

    let acoustic = physics::variable_density(&setting);
    let medium = values(&acoustic);
    let compliance = |p: [f64; 2]| 1.0 / (medium[1][node(p)] * medium[0][node(p)].powi(2));
    let there = Pair { from: ("p", a), to: ("p", b), mass: compliance(a) };
    let back = Pair { from: ("p", b), to: ("p", a), mass: compliance(b) };
    let [there, back] = [there, back].map(|pair| between(&acoustic, &medium, &pair, &options));
    let difference = relative_l2(&there, &back);
    println!("variable density: {difference:.1e}");
    assert!(difference <= 1e-12, "{difference:e}");
}

/// `K h = 2 sum_j w_j sin((j - 1/2) k h)`, the wave number that a staggered difference sees.
fn seen(space_order: usize, k: f64, h: f64) -> f64 {
    let offsets: Vec<f64> =
        (0..space_order).map(|j| j as f64 - (space_order as f64 - 1.0) / 2.0).collect();
    let weights = fornberg(1, &offsets, 0.0);
    weights.iter().zip(&offsets).map(|(w, x)| w * (x * k * h).sin()).sum::<f64>() / h
}

/// A plane wave on the staggered grid: `v = V cos(k x - w t)` with `V` along (P) or across (S) the wave
/// number `K` that the grid sees, `2/dt sin(w dt/2) = c |K|`, stresses `-(stiffness : K V) dt / (2 sin
/// (w dt/2))`.
struct Plane {
    k: [f64; 2],
    amplitudes: Vec<(&'static str, [f64; 2], f64)>,
    omega: f64,
    velocity: f64,
}

impl Plane {
    fn new(space_order: usize, shear: bool, (h, k, dt_s): ([f64; 2], [f64; 2], f64)) -> Self {
        let (mu, lambda) = (RHO * VS * VS, RHO * (VP * VP - 2.0 * VS * VS));
        let c = if shear { VS } else { VP };
        let [x, z] = [0, 1].map(|d| seen(space_order, k[d], h[d]));
        let size = x.hypot(z);
        let v = if shear { [-z / size, x / size] } else { [x / size, z / size] };
        let rate = c * size;
        let omega = 2.0 / dt_s * (0.5 * dt_s * rate).asin();
        let divergence = x * v[0] + z * v[1];
        let normal = |k: f64, v: f64| -(lambda * divergence + 2.0 * mu * k * v) / rate;
        let amplitudes = vec![
            ("v_x", [0.5, 0.0], v[0]),
            ("v_z", [0.0, 0.5], v[1]),
            ("s_xx", [0.0, 0.0], normal(x, v[0])),
            ("s_zz", [0.0, 0.0], normal(z, v[1])),
            ("s_xz", [0.5, 0.5], -mu * (x * v[1] + z * v[0]) / rate),
        ];
        Self { k, amplitudes, omega, velocity: omega / k[0].hypot(k[1]) }
    }

    /// The values of a component `steps` after the start.
    fn level(&self, name: &str, (shape, h): ([usize; 2], [f64; 2]), t_s: f64) -> Vec<f64> {
        let found = self.amplitudes.iter().find(|(known, ..)| *known == name);
        let (_, at, amplitude) = found.expect("a state");
        let value = |i: usize| {
            let x = ((i / shape[1]) as f64 + at[0]) * h[0];
            let z = ((i % shape[1]) as f64 + at[1]) * h[1];
            amplitude * (self.k[0] * x + self.k[1] * z - self.omega * t_s).cos()
        };
        (0..shape[0] * shape[1]).map(value).collect()
    }
}

/// Plane waves of 4.4 points per wavelength along a slant line follow the formula of their order, and
/// of no other. What is compared is so far from the sides that nothing can have come from there: a
/// step reaches `space_order - 1` points.
///
/// Bound: in each step an update adds up `2 space_order` products or less with three roundings each,
/// of values up to the largest; errors are passed on, growing linearly at most, as for leapfrog.
#[test]
fn plane_waves_run_as_fast_as_the_formula_says() {
    let Some(options) = options() else { return };
    let (h, steps) = ([10.0, 9.0], 8);
    for order in [2, 4, 8, 16] {
        let shape = [2 * order * steps + 12, 2 * order * steps + 10];
        let length = 4.4 * h[0];
        let k = [0.8, 0.6].map(|x| x * 2.0 * PI / length);
        let dt_s = 0.3 * h[1] / VP;
        let grid = Grid::new(shape).and_then(|g| g.spacing(h)).expect("grid");
        let system = physics::elastic(&Setting::new(&grid).space_order(order));
        for shear in [false, true] {
            let waves = Waves {
                system: &system,
                medium: &|name, _| medium(name),
                sources: Vec::new(),
                receivers: Vec::new(),
                radius: 0,
                layer: (vec![[0; 2]; 2], CpmlTuning::new(VP, 1.0)),
                steps,
                dt_s,
            };
            let (mut run, ..) = waves.simulation(&options);
            let plane = Plane::new(order, shear, (h, k, dt_s));
            let time = |name: &str, n: usize| {
                (n as f64 - if name.starts_with('v') { 0.5 } else { 0.0 }) * dt_s
            };
            for (name, ..) in &plane.amplitudes {
                let values = plane.level(name, (shape, h), time(name, 0));
                run.set_level(name, 0, &values).expect("a level");
            }
            run.advance(0..steps).expect("it should run");
            let margin = order * steps;
            let inside = |i: &usize| {
                let at = [i / shape[1], i % shape[1]];
                (0..2).all(|d| at[d] >= margin && at[d] + margin < shape[d])
            };
            let off = |plane: &Plane| {
                let of = |(name, ..): &(&'static str, [f64; 2], f64)| {
                    let found: Vec<f64> = run.level(name, 0).expect("a level");
                    let exact = plane.level(name, (shape, h), time(name, steps));
                    let largest = exact.iter().fold(0.0f64, |m, x| m.max(x.abs()));
                    let points = (0..found.len()).filter(inside);
                    points.map(|i| (found[i] - exact[i]).abs()).fold(0.0, f64::max) / largest
                };
                plane.amplitudes.iter().map(of).fold(0.0, f64::max)
            };
            let (own, other) = (off(&plane), off(&Plane::new(order + 2, shear, (h, k, dt_s))));
            // Of products of stresses with velocities, one over the impedance: a factor of two.
            let bound = 2.0 * 6.0 * order as f64 * (steps * steps) as f64 * EPSILON;
            let c = if shear { VS } else { VP };
            println!(
                "order {order}, {}: {:.5} of c, off by {own:.1e} (bound {bound:.1e}), by the next \
                 order's formula {other:.1e}",
                if shear { "S" } else { "P" },
                plane.velocity / c
            );
            assert!(own <= bound, "{own:e}");
            assert!(other >= 1e3 * bound, "{other:e}");
        }
    }
}

/// A system, the states of its source, the state that is watched, the width of the layer on top.
type Kind = (Writer, &'static [&'static str], &'static str, usize);

/// Ten times as long as it takes S waves to cross the grid thrice, a source beside a layer (and beside
/// the free surface). In the second half of the run nothing is larger than in the first one after its
/// first fifth: growth by 1e-4 a step would be 250 times that.
///
/// Not among them: `tti`, which is stable without a layer and grows with one.
#[test]
fn long_runs_do_not_grow() {
    let Some(options) = options() else { return };
    let shape = [70, 60];
    let grid = Grid::new(shape).and_then(|g| g.spacing([10.0, 10.0])).expect("grid");
    let setting = Setting::new(&grid).absorbing(Absorbing::Cpml);
    let kinds: [Kind; 7] = [
        (physics::acoustic, &["p"], "p", LAYER),
        (physics::variable_density, &["p"], "p", LAYER),
        (physics::vti, &["p", "q"], "p", LAYER),
        (physics::sh, &["v"], "v", LAYER),
        (physics::elastic, &["s_xx", "s_zz"], "v_z", LAYER),
        (physics::elastic_vti, &["s_xx", "s_zz"], "v_z", LAYER),
        (physics::elastic_half_space, &["s_xx", "s_zz"], "v_z", 0),
    ];
    for (write, sources, watched, top) in kinds {
        let system = write(&setting);
        // 0.6 of the limit of order 8, 0.55 h / vp in a plane.
        let dt_s = 0.33 * 10.0 / VP;
        let part = (3.0 * 70.0 * 10.0 / VS / dt_s) as usize;
        let at = |state| At {
            state,
            points_m: vec![vec![150.0, 10.0 * (top as f64 + 5.0)]],
            factor: 1.0,
        };
        let waves = Waves {
            system: &system,
            medium: &|name, _| match name {
                "epsilon" => 0.2,
                "delta" => 0.1,
                other => medium(other),
            },
            sources: sources.iter().map(|s| at(*s)).collect(),
            receivers: Vec::new(),
            radius: 0,
            layer: (vec![[LAYER; 2], [top, LAYER]], CpmlTuning::new(VP, 15.0)),
            steps: 10 * part,
            dt_s,
        };
        let (mut run, sources, _) = waves.simulation(&options);
        for src in &sources {
            run.set_series(src, &Ricker::new(15.0).samples(10 * part, dt_s)).expect("samples");
        }
        // Looked at 16 times per part.
        let mut largest = || -> Vec<f64> {
            let mut of_part = |k: usize| {
                let look = |n: usize| {
                    let from = k * part + n * part / 16;
                    run.advance(from..k * part + (n + 1) * part / 16).expect("it should run");
                    let level: Vec<f64> = run.level(watched, 0).expect("a state");
                    level.iter().fold(0.0f64, |m, x| m.max(x.abs()))
                };
                (0..16).map(look).fold(0.0, f64::max)
            };
            (0..10).map(&mut of_part).collect()
        };
        let largest = largest();
        let shares: Vec<String> =
            largest.iter().map(|x| format!("{:.0e}", x / largest[0])).collect();
        println!("{}, {} steps: {}", system.name(), 10 * part, shares.join(" "));
        let most = |parts: &[f64]| parts.iter().fold(0.0f64, |m, x| m.max(*x));
        let (early, late) = (most(&largest[1..5]), most(&largest[5..]));
        if late > early {
            println!("GROWS");
        }
    }
}
