//! Every system against an exact solution, at two resolutions: how far off it is, and by what power of the
//! time step and of the cell that falls.
//!
//! In a uniform medium a plane mode `Re psi exp(i k x + lambda t)` stays one. Which `lambda` and which
//! amplitudes `psi` of the states belong to each other follows from the equations, written down here
//! once more without any grid. States that a step computes first sit half a step before the others.
//! Burgers' equation, which is not linear, has a front of constant shape instead.
//!
//! Modes are set everywhere, and zero outside the grid is wrong for them; they are compared 40 points and
//! more from all sides, which what is wrong crosses in no less than 100 steps.

mod fixtures;

use std::f64::consts::PI;
use std::ops::{Add, Div, Mul};

use fixtures::options;
use retrograd::physics::{SYSTEMS, Setting, System, VACUUM_PERMEABILITY, VACUUM_PERMITTIVITY};
use retrograd::{DType, Grid, Team, TimeFunction};

const SHAPE: [usize; 2] = [117, 106];
const MARGIN: usize = 40;
const COARSE_STEPS: usize = 16;
/// Coarse cells per wavelength, and the direction of the mode.
const CELLS: f64 = 20.0;
const DIRECTION: [f64; 2] = [0.6, 0.8];
const REFERENCE_HZ: f64 = 20.0;

/// Coarse cells, in metres: small against what radar waves are damped in, and against the width that
/// diffusion gives to what is carried.
fn cell_m(name: &str) -> f64 {
    match name {
        "maxwell_tm" => 0.1,
        "advection_diffusion" => 1.0,
        _ => 10.0,
    }
}

#[derive(Clone, Copy, Debug)]
struct Complex(f64, f64);

const I: Complex = Complex(0.0, 1.0);

impl Add for Complex {
    type Output = Self;
    fn add(self, o: Self) -> Self {
        Self(self.0 + o.0, self.1 + o.1)
    }
}

impl Mul for Complex {
    type Output = Self;
    fn mul(self, o: Self) -> Self {
        Self(self.0 * o.0 - self.1 * o.1, self.0 * o.1 + self.1 * o.0)
    }
}

impl Mul<Complex> for f64 {
    type Output = Complex;
    fn mul(self, o: Complex) -> Complex {
        Complex(self * o.0, self * o.1)
    }
}

impl Div for Complex {
    type Output = Self;
    fn div(self, o: Self) -> Self {
        let size = o.0 * o.0 + o.1 * o.1;
        1.0 / size * (self * Self(o.0, -o.1))
    }
}

/// Growth of a mode, and the amplitude of each state by its name.
struct Mode {
    lambda: Complex,
    amplitudes: Vec<(&'static str, Complex)>,
}

fn typical(system: &System, name: &str) -> f64 {
    let found = system.parameters().iter().find(|p| p.function.name() == name);
    found.unwrap_or_else(|| panic!("{} should have {name}", system.name())).typical
}

/// The mode of wave number `k` of a system with its typical parameters.
fn mode(system: &System, k: [f64; 2]) -> Mode {
    let of = |name: &str| typical(system, name);
    let k2 = k[0] * k[0] + k[1] * k[1];
    let one = Complex(1.0, 0.0);
    match system.name() {
        "acoustic" | "variable_density" => {
            Mode { lambda: Complex(0.0, of("vp") * k2.sqrt()), amplitudes: vec![("p", one)] }
        }
        "vti" => pseudo_acoustic(system, [k[0] * k[0], k[1] * k[1]]),
        "tti" => {
            let along = (k[0] * of("theta").sin() + k[1] * of("theta").cos()).powi(2);
            pseudo_acoustic(system, [k2 - along, along])
        }
        "viscoacoustic" => viscoacoustic(system, k),
        "elastic" => {
            let [c33, c44] = ["vp", "vs"].map(|c| of("rho") * of(c).powi(2));
            elastic(of("rho"), [c33, c33, c33 - 2.0 * c44, c44], k)
        }
        "elastic_vti" => {
            let [a, b] = ["vp", "vs"].map(|c| of(c).powi(2));
            let c13 = ((a - b) * (a - b + 2.0 * of("delta") * a)).sqrt() - b;
            let c11 = a * (1.0 + 2.0 * of("epsilon"));
            elastic(of("rho"), [c11, a, c13, b].map(|c| of("rho") * c), k)
        }
        "sh" => {
            let lambda = Complex(0.0, of("vs") * k2.sqrt());
            let mu = of("rho") * of("vs").powi(2);
            let s = k.map(|k| Complex(0.0, mu * k) / lambda);
            Mode { lambda, amplitudes: vec![("v", one), ("s_x", s[0]), ("s_z", s[1])] }
        }
        "maxwell_tm" => {
            let (eps, sigma) = (of("eps_r") * VACUUM_PERMITTIVITY, of("sigma"));
            let inner = 4.0 * eps * k2 / VACUUM_PERMEABILITY - sigma * sigma;
            let lambda = 1.0 / (2.0 * eps) * Complex(-sigma, inner.sqrt());
            let g = k.map(|k| Complex(0.0, -k / VACUUM_PERMEABILITY) / lambda);
            Mode { lambda, amplitudes: vec![("g_x", g[0]), ("g_z", g[1]), ("e", one)] }
        }
        "heat" => Mode { lambda: Complex(-of("kappa") * k2, 0.0), amplitudes: vec![("u", one)] },
        "advection_diffusion" => {
            let carried = of("a_x") * k[0] + of("a_z") * k[1];
            let lambda = Complex(-of("kappa") * k2, -carried);
            Mode { lambda, amplitudes: vec![("c", one)] }
        }
        name => panic!("{name} has no exact mode here"),
    }
}

/// `-lambda^2 / vp^2` is the larger eigenvalue of the system, given the squared wave numbers across and
/// along the axis.
fn pseudo_acoustic(system: &System, [across, along]: [f64; 2]) -> Mode {
    let of = |name: &str| typical(system, name);
    let moveout = (1.0 + 2.0 * of("delta")).sqrt();
    let [a, b] = [(1.0 + 2.0 * of("epsilon")) * across, moveout * along];
    let [c, d] = [moveout * across, along];
    let largest = 0.5 * (a + d) + (0.25 * (a - d).powi(2) + b * c).sqrt();
    let amplitudes = vec![("p", Complex(b, 0.0)), ("q", Complex(largest - a, 0.0))];
    Mode { lambda: Complex(0.0, of("vp") * largest.sqrt()), amplitudes }
}

/// The faster of the two waves in a plane, from the equation of Christoffel; moduli 11, 33, 13 and 44.
fn elastic(rho: f64, [c11, c33, c13, c44]: [f64; 4], [kx, kz]: [f64; 2]) -> Mode {
    let [a, d] = [c11 * kx * kx + c44 * kz * kz, c44 * kx * kx + c33 * kz * kz];
    let b = (c13 + c44) * kx * kz;
    let largest = 0.5 * (a + d) + (0.25 * (a - d).powi(2) + b * b).sqrt();
    let lambda = Complex(0.0, (largest / rho).sqrt());
    let [vx, vz] = [b, largest - a].map(|v| v / (b * b + (largest - a).powi(2)).sqrt());
    let stress = |rate: f64| Complex(0.0, rate) / lambda;
    let amplitudes = vec![
        ("v_x", Complex(vx, 0.0)),
        ("v_z", Complex(vz, 0.0)),
        ("s_xx", stress(c11 * kx * vx + c13 * kz * vz)),
        ("s_zz", stress(c13 * kx * vx + c33 * kz * vz)),
        ("s_xz", stress(c44 * (kz * vx + kx * vz))),
    ];
    Mode { lambda, amplitudes }
}

/// `lambda^2 = -(k^2 M / rho) (1 + tau - tau / (1 + lambda tau_s))`, by Newton's method from the wave without
/// loss.
fn viscoacoustic(system: &System, k: [f64; 2]) -> Mode {
    let (vp, rho, q) = (typical(system, "vp"), typical(system, "rho"), typical(system, "q"));
    let omega = 2.0 * PI * REFERENCE_HZ;
    let s = (1.0 + 1.0 / (q * q)).sqrt();
    let (tau_s, tau_e) = ((s - 1.0 / q) / omega, (s + 1.0 / q) / omega);
    let tau = tau_e / tau_s - 1.0;
    // The modulus at the reference frequency, without the grid's formula for it: M (1 + i w tau_e) /
    // (1 + i w tau_s) has to give the phase velocity vp there.
    let relative = Complex(1.0, omega * tau_e) / Complex(1.0, omega * tau_s);
    let size = relative.0.hypot(relative.1);
    let angle = relative.1.atan2(relative.0);
    let m = rho * vp * vp * (0.5 * angle).cos().powi(2) / size;
    let k2 = k[0] * k[0] + k[1] * k[1];
    let one = Complex(1.0, 0.0);
    let left = |l: Complex| {
        let memory = (-tau * one) / (one + tau_s * l);
        l * l + (k2 * m / rho) * (Complex(1.0 + tau, 0.0) + memory)
    };
    let mut lambda = Complex(0.0, vp * k2.sqrt());
    for _ in 0..50 {
        let step = 1e-4 * lambda;
        let slope = (left(lambda + step) + -1.0 * left(lambda + -1.0 * step)) / (2.0 * step);
        lambda = lambda + (-1.0 * left(lambda)) / slope;
    }
    // rho lambda v = i k p, tau_s lambda r = -(r + M tau div v).
    let v = k.map(|k| Complex(0.0, k / rho) / lambda);
    let strain = I * (k[0] * v[0] + k[1] * v[1]);
    let r = (-m * tau) * strain / (one + tau_s * lambda);
    Mode { lambda, amplitudes: vec![("v_x", v[0]), ("v_z", v[1]), ("p", one), ("r", r)] }
}

/// Time steps after which a level of a state holds its values: what a step computes first is half a step
/// earlier.
fn earlier(system: &System, state: &str) -> f64 {
    let first: &[&str] = match system.name() {
        "viscoacoustic" | "elastic" | "elastic_vti" => &["v_x", "v_z"],
        "sh" => &["v"],
        "maxwell_tm" => &["g_x", "g_z"],
        _ => &[],
    };
    if first.contains(&state) { 0.5 } else { 0.0 }
}

/// The values of a state at all points and a time.
fn values(grid: &Grid, staggered: [f64; 2], exact: impl Fn([f64; 2]) -> f64) -> Vec<f64> {
    let h = grid.spacing_m();
    let [nx, nz] = SHAPE;
    let points = (0..nx).flat_map(|i| (0..nz).map(move |j| [i as f64, j as f64]));
    points.map(|at| exact([0, 1].map(|d| (at[d] + staggered[d]) * h[d]))).collect()
}

/// An exact solution: the value of a state at a place and a time.
type Exact<'a> = dyn Fn(&str, [f64; 2], f64) -> f64 + 'a;

/// Largest relative error of any state, by norms over the middle of the grid, after the steps.
fn error(system: &System, exact: &Exact<'_>, (steps, dt_s): (usize, f64), margin: usize) -> f64 {
    let grid = system.grid();
    let options = options().expect("there is a compiler");
    let compiled = system.operator().dtype(DType::F64).build().expect("should build");
    let compiled = compiled.compile(&options).expect("should compile");
    let mut run = compiled.simulation(grid, &[], (steps, dt_s), Team::new(2)).expect("should fit");
    for p in system.parameters() {
        run.set(&p.function, &vec![p.typical; grid.points()]).expect("memory");
    }
    if system.name() == "viscoacoustic" {
        run.set_param("f_ref", REFERENCE_HZ).expect("should be there");
    }
    run.set_up().expect("should run");
    let at = |state: &TimeFunction, step: f64| {
        let time = (step - earlier(system, state.name())) * dt_s;
        let beside = [0, 1].map(|d| 0.5 * f64::from(state.value().half_cells(d)));
        values(grid, beside, |x| exact(state.name(), x, time))
    };
    let second_order = ["acoustic", "variable_density", "vti", "tti"].contains(&system.name());
    for state in system.states() {
        let name = state.name();
        run.set_level(name, 0, &at(state, 0.0)).expect("memory");
        if second_order {
            run.set_level(name, 1, &at(state, -1.0)).expect("memory");
        }
    }
    run.advance(0..steps).expect("should run");
    let inside = |n: usize, at: usize| at >= margin && at + margin < n;
    let middle: Vec<bool> = (0..SHAPE[0])
        .flat_map(|i| (0..SHAPE[1]).map(move |j| inside(SHAPE[0], i) && inside(SHAPE[1], j)))
        .collect();
    let states = system.states().iter().map(|state| {
        let found: Vec<f64> = run.level(state.name(), 0).expect("should be there");
        let expected = at(state, steps as f64);
        let pairs = || found.iter().zip(&expected).zip(&middle).filter(|(_, m)| **m);
        let off: f64 = pairs().map(|((f, e), _)| (f - e).powi(2)).sum();
        let size: f64 = pairs().map(|((_, e), _)| e * e).sum();
        // A state that stays zero has to be zero.
        let error = if size == 0.0 { off.sqrt() } else { (off / size).sqrt() };
        assert!(error.is_finite(), "{} of {}: {error}", state.name(), system.name());
        error
    });
    states.fold(0.0, f64::max)
}

/// A system on cells of this size.
fn written(name: &str, h: f64) -> System {
    let grid = Grid::new(SHAPE).and_then(|g| g.spacing([h, h])).expect("grid");
    let (_, write, _) = SYSTEMS.iter().find(|s| s.0 == name).expect("should be known");
    write(&Setting::new(&grid))
}

/// Errors on coarse cells and on cells and time steps of half the size.
fn errors(name: &str, dt_s: f64, exact: &Exact<'_>) -> [f64; 2] {
    [1.0, 0.5].map(|part| {
        let steps = (COARSE_STEPS as f64 / part).round() as usize;
        error(&written(name, part * cell_m(name)), exact, (steps, part * dt_s), MARGIN)
    })
}

fn report(name: &str, [coarse, fine]: [f64; 2]) -> f64 {
    let order = (coarse / fine).log2();
    println!(
        "{name}: {coarse:.2e}, on cells and steps of half the size {fine:.2e}, order {order:.2}"
    );
    order
}

/// Waves: errors of leapfrog, `(omega dt)^2 / 24` per radian, and of the tilted axis' differences fall with
/// the square of the resolution.
#[test]
fn waves_are_those_of_the_equations() {
    if options().is_none() {
        return;
    }
    let names = [
        "acoustic",
        "variable_density",
        "vti",
        "tti",
        "viscoacoustic",
        "elastic",
        "elastic_vti",
        "sh",
        "maxwell_tm",
    ];
    for name in names {
        let h = cell_m(name);
        let k = DIRECTION.map(|d| d * 2.0 * PI / (CELLS * h));
        let Mode { lambda, amplitudes } = mode(&written(name, h), k);
        let exact = |state: &str, x: [f64; 2], t: f64| {
            let (_, psi) = amplitudes.iter().find(|a| a.0 == state).expect("an amplitude");
            let phase = k[0] * x[0] + k[1] * x[1] + lambda.1 * t + 0.7;
            (lambda.0 * t).exp() * (psi.0 * phase.cos() - psi.1 * phase.sin())
        };
        // A tenth of a radian per coarse step, 1.6 in all. Of leapfrog each radian errs by
        // `(w dt)^2 / 24`; twice that, for amplitudes, and for differences in space.
        let found = errors(name, 0.1 / lambda.1, &exact);
        let order = report(name, found);
        let bound = 2.0 * 1.6 * 0.05f64.powi(2) / 24.0;
        assert!(found[1] < bound, "{name}: {found:?}, {bound:e}");
        assert!((order - 2.0).abs() < 0.1, "{name}: order {order}");
    }
}

/// What spreads: Euler's steps err in proportion to their length.
#[test]
fn what_spreads_does_so_as_the_equations_say() {
    if options().is_none() {
        return;
    }
    for name in ["heat", "advection_diffusion"] {
        let h = cell_m(name);
        let k = DIRECTION.map(|d| d * 2.0 * PI / (CELLS * h));
        let Mode { lambda, .. } = mode(&written(name, h), k);
        let exact = |_: &str, x: [f64; 2], t: f64| {
            (lambda.0 * t).exp() * (k[0] * x[0] + k[1] * x[1] + lambda.1 * t + 0.7).cos()
        };
        // A twentieth of what diffusion crosses a coarse cell in. Each of Euler's steps errs by
        // `(lambda dt)^2 / 2`.
        let dt_s = 0.05 * h * h;
        let found = errors(name, dt_s, &exact);
        let order = report(name, found);
        let step = 0.5 * dt_s * lambda.0.hypot(lambda.1);
        let expected = 0.5 * step * step * (2 * COARSE_STEPS) as f64;
        assert!((found[1] / expected - 1.0).abs() < 0.1, "{name}: {found:?}, {expected:e}");
        assert!((order - 1.0).abs() < 0.1, "{name}: order {order}");
    }
}

/// A front `u = U - A tanh(A (x - U t) / (2 nu))` keeps its shape: what steepens it and what spreads it
/// balance.
#[test]
fn fronts_of_burgers_equation_keep_their_shape() {
    if options().is_none() {
        return;
    }
    let name = "burgers";
    let coarse = cell_m(name);
    let nu = typical(&written(name, coarse), "nu");
    // As wide as some 8 coarse cells, in the middle of the grid at the end of either run.
    let jump = 2.0 * nu / (4.0 * coarse);
    let (speed, dt_s) = (0.5 * jump, 0.05 * coarse * coarse / nu);
    let exact_on = |h: f64| {
        move |state: &str, x: [f64; 2], t: f64| {
            let from = x[0] - 0.5 * SHAPE[0] as f64 * h - speed * t;
            if state == "u_x" { speed - jump * (jump * from / (2.0 * nu)).tanh() } else { 0.0 }
        }
    };
    // The same part of the front on both grids: 19 of the coarse cells.
    let found = [(1.0, 49), (0.5, MARGIN)].map(|(part, margin)| {
        let steps = (COARSE_STEPS as f64 / part).round() as usize;
        let h = part * coarse;
        error(&written(name, h), &exact_on(h), (steps, part * dt_s), margin)
    });
    let order = report(name, found);
    // Euler's steps err by `t dt / 2` times `u_tt`, the front moving at U: `U^2` times its curvature,
    // of which `4 / 3^(3/2) A (A / (2 nu))^2` is the largest. Relative to A, which u is about.
    let (t, fine) = (COARSE_STEPS as f64 * dt_s, 0.5 * dt_s);
    let width = 2.0 * nu / jump;
    let bound = 0.5 * t * fine * (speed / width).powi(2) * 4.0 / 27.0f64.sqrt();
    assert!(found[1] < bound, "{found:?}, {bound:e}");
    assert!((order - 1.0).abs() < 0.1, "order {order}");
}
