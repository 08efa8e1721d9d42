//! The acoustic wave equation on compiled kernels in f64, for tests against known solutions.
//!
//! ```text
//! m u_tt - laplace u + eta u_t = f(t) delta(x - s)
//! ```
//!
//! Samples and times: `u` at `n` steps is `u(n dt)`, zero for `n <= 0`. Step `n` computes
//! `u(t + dt)` from `u(t)` and `u(t - dt)` with `t = n dt`; it adds source sample `n`, which is
//! `f(n dt)`, times the response `dt^2 / (m + eta dt / 2)`, so that the equation holds at `n dt`
//! with centred differences and no shift of half a step. Receiver sample `n` is `u(n dt)`.
#![allow(dead_code, reason = "each test program uses its own part")]

use std::f64::consts::PI;

use retrograd::compile::weights::fornberg;
use retrograd::{
    Compiled, DType, Eq, Error, Expression, Function, Grid, Operator, Options, Simulation, Sparse,
    Team, find_compiler, solve,
};

/// Grid points from which on a second thread pays; results do not depend on it.
const TWO_THREADS: usize = 100_000;

/// How kernels are made, or nothing and a printed reason if there is no C compiler.
pub(crate) fn options() -> Option<Options> {
    let options = Options::from_environment();
    match find_compiler(&options.jit) {
        Ok(_) => Some(options),
        Err(error) => {
            println!("skipped: {error}");
            None
        }
    }
}

/// What a source sample is multiplied by before it is added to `u(t + dt)`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Source {
    /// The response of the scheme at the grid point.
    Response,
    /// The response over the cell volume: `f(t)` times a Dirac function.
    PointDensity,
    /// `dt^2`: no division by `m`, as if `f` were an acceleration.
    TimeStepSquared,
}

/// What distinguishes one acoustic operator from another.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scheme<'a> {
    pub(crate) shape: &'a [usize],
    pub(crate) spacing_m: &'a [f64],
    pub(crate) space_order: usize,
    /// Radius of the windowed sinc of sources and receivers.
    pub(crate) radius: u8,
    /// `None`: neither sources nor receivers.
    pub(crate) source: Option<Source>,
    /// Whether there is a damping function.
    pub(crate) damped: bool,
}

/// A compiled acoustic operator and its functions.
#[derive(Debug)]
pub(crate) struct Acoustic {
    pub(crate) grid: Grid,
    pub(crate) compiled: Compiled,
    pub(crate) m: Function,
    pub(crate) eta: Function,
    pub(crate) src: Sparse,
    pub(crate) rec: Sparse,
    damped: bool,
    pointed: bool,
}

/// Sources and receivers of a run; positions in metres, the same series for all sources unless
/// there is one for each.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Points<'a> {
    pub(crate) sources_m: &'a [Vec<f64>],
    /// One series per source.
    pub(crate) series: &'a [Vec<f64>],
    pub(crate) receivers_m: &'a [Vec<f64>],
}

/// The coefficient functions of a run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Medium<'a> {
    /// Squared slowness, s^2/m^2.
    pub(crate) m: &'a [f64],
    /// Damping, s/m^2, and the width of the layer along all sides outside of which it is zero.
    pub(crate) sponge: Option<(&'a [f64], usize)>,
}

impl Acoustic {
    pub(crate) fn new(scheme: Scheme, options: &Options) -> Result<Self, Error> {
        let grid = Grid::new(scheme.shape)?.spacing(scheme.spacing_m)?;
        let (m, eta) = (grid.function("m"), grid.function("eta").layer_only());
        let u = grid.time_function("u").time_order(2).space_order(scheme.space_order);
        let src = grid.sparse("src").sinc(scheme.radius);
        let rec = grid.sparse("rec").sinc(scheme.radius);
        let mut pde = &m * u.dt2() - u.laplace();
        if scheme.damped {
            pde = pde + &eta * u.dt();
        }
        let wave = solve(&pde, &u.forward())?;
        let mut operator =
            Operator::new(&grid, [Eq::new(u.forward(), wave.update())]).dtype(DType::F64);
        if let Some(source) = scheme.source {
            let volume = (1..scheme.shape.len()).fold(grid.h(0), |v, d| v * grid.h(d));
            let factor: Expression = match source {
                Source::Response => wave.response(),
                Source::PointDensity => wave.response() / volume,
                Source::TimeStepSquared => Grid::dt() * Grid::dt(),
            };
            operator = operator.inject(&src, u.forward(), src.value() * factor);
            operator = operator.interpolate(&rec, &u);
        }
        let compiled = operator.build()?.compile(options)?;
        let (damped, pointed) = (scheme.damped, scheme.source.is_some());
        Ok(Self { grid, compiled, m, eta, src, rec, damped, pointed })
    }

    /// A simulation with its coefficient functions set.
    pub(crate) fn simulation(
        &self,
        medium: Medium,
        (steps, dt_s): (usize, f64),
    ) -> Result<Simulation, Error> {
        let width = medium.sponge.map_or(0, |(_, width)| width);
        let layers = vec![[width; 2]; self.grid.shape().len()];
        let team = Team::new(if self.grid.points() < TWO_THREADS { 1 } else { 2 });
        let mut run = self.compiled.simulation(&self.grid, &layers, (steps, dt_s), team)?;
        run.set(&self.m, medium.m)?;
        if self.damped {
            let (eta, _) = medium.sponge.expect("a damped operator should get a sponge");
            run.set(&self.eta, eta)?;
        }
        run.set_up()?;
        Ok(run)
    }

    /// The receiver samples of a run from rest, one series per receiver.
    pub(crate) fn record(
        &self,
        medium: Medium,
        points: Points,
        (steps, dt_s): (usize, f64),
    ) -> Result<Vec<Vec<f64>>, Error> {
        assert!(self.pointed, "the operator should have sources and receivers");
        let mut run = self.simulation(medium, (steps, dt_s))?;
        run.place(&self.src, points.sources_m)?;
        run.place(&self.rec, points.receivers_m)?;
        run.set_series(&self.src, &by_step(points.series, steps))?;
        run.run()?;
        let samples: Vec<f64> = run.series(&self.rec)?;
        let count = points.receivers_m.len();
        Ok((0..count).map(|r| samples.iter().skip(r).step_by(count).copied().collect()).collect())
    }
}

/// One series per point to the samples of step 0, then of step 1, and so on.
fn by_step(series: &[Vec<f64>], steps: usize) -> Vec<f64> {
    (0..steps).flat_map(|n| series.iter().map(move |s| s[n])).collect()
}

/// Weights `a_0, a_1, ...` of the centred second derivative: `f'' = (a_0 f_0 + sum_m a_m
/// (f_m + f_-m)) / h^2`.
pub(crate) fn second_derivative(space_order: usize) -> Vec<f64> {
    let radius = space_order / 2;
    let nodes: Vec<f64> = (0..=2 * radius).map(|k| k as f64 - radius as f64).collect();
    let all = fornberg(2, &nodes, 0.0);
    // As the discretisation makes them: exactly symmetric.
    (0..=radius).map(|k| 0.5 * (all[radius + k] + all[radius - k])).collect()
}

/// `|a_0| + 2 sum |a_m|`.
pub(crate) fn weight_sum(space_order: usize) -> f64 {
    let a = second_derivative(space_order);
    a[0].abs() + 2.0 * a[1..].iter().map(|a| a.abs()).sum::<f64>()
}

/// `h^2 K^2 = -(a_0 + 2 sum a_m cos(m k h))`, the symbol of minus the second difference.
pub(crate) fn symbol(space_order: usize, kh: f64) -> f64 {
    let a = second_derivative(space_order);
    let cosines: f64 = a.iter().enumerate().skip(1).map(|(m, a)| a * (m as f64 * kh).cos()).sum();
    -(a[0] + 2.0 * cosines)
}

/// The largest stable `dt` in a homogeneous medium, `2 / (c sqrt(sum_d S / h_d^2))` with `S` the
/// [`weight_sum`].
pub(crate) fn largest_dt_s(space_order: usize, spacing_m: &[f64], c: f64) -> f64 {
    let sum: f64 = spacing_m.iter().map(|h| weight_sum(space_order) / (h * h)).sum();
    2.0 / (c * sum.sqrt())
}

/// `|a - b| / |b|` over all samples.
pub(crate) fn relative_l2(a: &[f64], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len(), "series should be of one length");
    let difference: f64 = a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum();
    (difference / b.iter().map(|b| b * b).sum::<f64>()).sqrt()
}

/// A Ricker wavelet of peak 1 at `delay_s`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ricker {
    pub(crate) peak_hz: f64,
    pub(crate) delay_s: f64,
}

impl Ricker {
    /// Highest over peak frequency: where the spectrum, `x^2 exp(1 - x^2)` over its peak with
    /// `x = f / peak_hz`, falls below 1e-3.
    pub(crate) const HIGHEST: f64 = 3.199;

    /// With negligible values (below 1e-5) for negative times.
    pub(crate) fn new(peak_hz: f64) -> Self {
        Self { peak_hz, delay_s: 1.25 / peak_hz }
    }

    pub(crate) fn at(&self, t_s: f64) -> f64 {
        let a = (PI * self.peak_hz * (t_s - self.delay_s)).powi(2);
        (1.0 - 2.0 * a) * (-a).exp()
    }

    /// Its derivative.
    pub(crate) fn slope_at(&self, t_s: f64) -> f64 {
        let w = PI * self.peak_hz;
        let x = w * (t_s - self.delay_s);
        w * (4.0 * x * x - 6.0) * x * (-x * x).exp()
    }

    pub(crate) fn samples(&self, steps: usize, dt_s: f64) -> Vec<f64> {
        (0..steps).map(|n| self.at(n as f64 * dt_s)).collect()
    }
}

/// Reproducible numbers, uniform in 0..1 (Knuth's 64-bit linear congruential generator).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> f64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// The slope of the least-squares line through `(ln x, ln y)`.
pub(crate) fn slope(x: &[f64], y: &[f64]) -> f64 {
    let logs = |v: &[f64]| v.iter().map(|v| v.ln()).collect::<Vec<f64>>();
    let (x, y) = (logs(x), logs(y));
    let mean = |v: &[f64]| v.iter().sum::<f64>() / v.len() as f64;
    let (mx, my) = (mean(&x), mean(&y));
    let above: f64 = x.iter().zip(&y).map(|(x, y)| (x - mx) * (y - my)).sum();
    above / x.iter().map(|x| (x - mx).powi(2)).sum::<f64>()
}

/// How damping grows in an absorbing layer, as a function of the depth in it over its width.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Profile {
    /// `s^2`.
    Square,
    /// `s - sin(2 pi s) / (2 pi)`, customary in Devito's examples.
    Sine,
}

impl Profile {
    fn at(self, s: f64) -> f64 {
        match self {
            Self::Square => s * s,
            Self::Sine => s - (2.0 * PI * s).sin() / (2.0 * PI),
        }
    }

    /// Its integral over the layer.
    fn mean(self) -> f64 {
        match self {
            Self::Square => 1.0 / 3.0,
            Self::Sine => 0.5,
        }
    }
}

/// Damping `eta`, s/m^2, in layers of `[low, high]` points along the sides of each dimension.
///
/// A wave of velocity `c` decays by `exp(-c/2 integral of eta)` where `eta c^2` is small against
/// its circular frequency; there and back, a layer of width `w` with `eta = q p(s) / (c w)` lets
/// `exp(-q mean(p))` return. So `q = ln(1 / reflection) / mean(p)`.
pub(crate) fn sponge(
    (shape, spacing_m): (&[usize], &[f64]),
    widths: &[[usize; 2]],
    velocity: &[f64],
    (profile, reflection): (Profile, f64),
) -> Vec<f64> {
    let strength = (1.0 / reflection).ln() / profile.mean();
    let mut eta = vec![0.0; velocity.len()];
    let mut stride = velocity.len();
    for ((&n, h), &[low, high]) in shape.iter().zip(spacing_m).zip(widths) {
        stride /= n;
        for (at, (eta, c)) in eta.iter_mut().zip(velocity).enumerate() {
            let i = at / stride % n;
            for (depth, width) in
                [(low.saturating_sub(i), low), ((i + 1 + high).saturating_sub(n), high)]
            {
                if depth > 0 {
                    let s = depth as f64 / width as f64;
                    *eta += strength * profile.at(s) / (c * width as f64 * h);
                }
            }
        }
    }
    eta
}

/// Modulus of the Fourier transform of samples at one frequency, over `dt`.
pub(crate) fn spectrum_at(samples: &[f64], frequency_hz: f64, dt_s: f64) -> f64 {
    let angle = 2.0 * PI * frequency_hz * dt_s;
    let terms = samples.iter().enumerate().map(|(n, u)| (u, (angle * n as f64).sin_cos()));
    let (re, im) = terms.fold((0.0, 0.0), |(re, im), (u, (s, c))| (re + u * c, im + u * s));
    re.hypot(im)
}
