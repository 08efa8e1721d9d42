//! Taylor remainders of a misfit.

use std::fmt;
use std::ops::ControlFlow;

use retrograd_checkpoint::{Revolve, StoreAll};
use retrograd_compile::symbolic::Function;
use retrograd_ir::DType;

use super::experiment::Experiment;
use super::noise::Noise;
use crate::compiled::Options;
use crate::error::Error;
use crate::gradient::Residual;
use crate::operator::Operator;
use crate::simulation::Simulation;

/// How far a slope of first differences may be from 1.
pub const SLOPE_FIRST_TOLERANCE: f64 = 0.02;
/// How far a slope of remainders may be from 2.
pub const SLOPE_SECOND_TOLERANCE: f64 = 0.05;

/// Halvings of the step length: seven points.
const HALVINGS: usize = 6;
/// Remainders below so many roundings of the misfit are noise: at the smallest point that is
/// used, noise of ten roundings then changes a slope by 0.002.
const FLOOR_ROUNDINGS: f64 = 1e4;
/// Step length at which curvature is measured, to place the others.
const PROBE: f64 = 1.0 / 1024.0;
/// Snapshots of the gradient.
const SNAPSHOTS: u64 = 20;

/// Remainders at one step length `h`.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct TaylorPoint {
    /// Step length: 1 displaces parameters by the whole direction.
    pub h: f64,
    /// `|J(m + h d) - J(m)|`.
    pub first: f64,
    /// `|J(m + h d) - J(m) - h <g, d>|`.
    pub second: f64,
}

/// Outcome of a Taylor test.
#[derive(Clone, PartialEq, Debug)]
pub struct Taylor {
    /// `J(m)`.
    pub misfit: f64,
    /// `<g, d>`.
    pub slope: f64,
    /// Remainders, the step length halved from one to the next.
    pub points: Vec<TaylorPoint>,
    /// Least-squares slope of `log first` against `log h`: 1.
    pub slopes_first: f64,
    /// Least-squares slope of `log second` against `log h`: 2 for a right gradient.
    pub slopes_second: f64,
    /// Remainders below this are rounding.
    pub noise_floor: f64,
}

impl Taylor {
    /// Orders between successive points, of first differences and of remainders.
    pub fn orders(&self) -> Vec<[f64; 2]> {
        let order = |large: f64, small: f64| (large / small).log2();
        let pairs = self.points.windows(2);
        pairs.map(|p| [order(p[0].first, p[1].first), order(p[0].second, p[1].second)]).collect()
    }

    /// Whether slopes are 1.00 +- 0.02 and 2.00 +- 0.05 over at least six halvings, all remainders
    /// above the noise.
    pub fn passed(&self) -> bool {
        self.points.len() > HALVINGS
            && self.points.iter().all(|p| p.second >= self.noise_floor)
            && (self.slopes_first - 1.0).abs() <= SLOPE_FIRST_TOLERANCE
            && (self.slopes_second - 2.0).abs() <= SLOPE_SECOND_TOLERANCE
    }
}

impl fmt::Display for Taylor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = if self.passed() { "passed" } else { "FAILED" };
        writeln!(f, "Taylor test: {verdict}")?;
        writeln!(
            f,
            "  {:>10}  {:>10} {:>6}  {:>10} {:>6}",
            "h", "first", "order", "second", "order"
        )?;
        let orders = self.orders();
        for (number, point) in self.points.iter().enumerate() {
            let order = |which: usize| match number.checked_sub(1) {
                Some(before) => format!("{:6.3}", orders[before][which]),
                None => " ".repeat(6),
            };
            let TaylorPoint { h, first, second } = point;
            writeln!(f, "  {h:10.3e}  {first:10.3e} {}  {second:10.3e} {}", order(0), order(1))?;
        }
        writeln!(f, "  slope of first differences {:.4} (1.00 +- 0.02)", self.slopes_first)?;
        write!(f, "  slope of remainders        {:.4} (2.00 +- 0.05)", self.slopes_second)
    }
}

/// The Taylor test of `J = 1/2 |samples - observed|^2` with respect to the given functions, along
/// a direction that is half the gradient and half random, and displaces no value by more than
/// itself.
///
/// Costs one gradient (by at most 20 snapshots) and eight forward runs. To be run on an operator
/// in f64 ([`Operator::in_precision`]): in f32 rounding leaves no room for seven points.
///
/// # Errors
/// As [`super::dot_product`], and functions that the experiment does not set.
///
/// # Panics
/// If observed samples or values of a function are too few.
pub fn taylor(
    operator: &Operator,
    with_respect_to: &[&Function],
    experiment: &Experiment,
    options: &Options,
) -> Result<Taylor, Error> {
    let compiled = operator.with_gradient(with_respect_to, options)?;
    let mut simulation = experiment.simulation(&compiled)?;
    for (sparse, samples) in &experiment.series {
        simulation.set_series(sparse, samples)?;
    }
    let outputs: Vec<_> = compiled.adjoint().map_or_else(Vec::new, |a| a.outputs.clone());
    let mut observed = Vec::new();
    for (series, _) in outputs {
        let name = &compiled.stencil().sparse[series.0 as usize].name;
        let found = experiment.observed.iter().find(|(s, _)| s.name() == name);
        observed.push(found.map(|(_, samples)| samples.clone()));
    }
    let mut at = Vec::new();
    for function in with_respect_to {
        at.extend_from_slice(experiment.values(function)?);
    }
    let mut shot = Shot { simulation: &mut simulation, with_respect_to, observed };
    let gradient = shot.gradient()?;
    let direction = direction(&at, &gradient, experiment.seed);
    let dtype = operator.stencil().dtype;
    taylor_of(|m| shot.misfit(m), &at, &gradient, &direction, dtype)
}

/// The Taylor test of any misfit.
///
/// `J` is evaluated at `m + h d` for seven step lengths, each half the one before. The smallest is
/// chosen so that the remainder is just above the noise of rounding: there a wrong gradient shows
/// most (`slope 2` turns into `1` where `h` is below the relative error of the gradient times the
/// slope over the curvature) and third order is least.
///
/// How the test itself can fail: a direction along which the slope is small beside the curvature
/// (slopes of first differences off 1) or the curvature zero (remainders are noise; never passes);
/// a misfit with noise above some 10 roundings (iterations not converged), or with kinks nearer
/// than `64 h`.
///
/// # Errors
/// Whatever `misfit` reports.
///
/// # Panics
/// If `at`, `gradient` and `direction` differ in length.
pub fn taylor_of<E>(
    mut misfit: impl FnMut(&[f64]) -> Result<f64, E>,
    at: &[f64],
    gradient: &[f64],
    direction: &[f64],
    dtype: DType,
) -> Result<Taylor, E> {
    assert_eq!(at.len(), gradient.len(), "the gradient should have one entry per parameter");
    assert_eq!(at.len(), direction.len(), "the direction should have one entry per parameter");
    let slope: f64 = gradient.iter().zip(direction).map(|(g, d)| g * d).sum();
    let start = misfit(at)?;
    let mut point = |h: f64| {
        let moved: Vec<f64> = at.iter().zip(direction).map(|(m, d)| m + h * d).collect();
        let change = misfit(&moved)? - start;
        let (first, second) = (change.abs(), (change - h * slope).abs());
        Ok(TaylorPoint { h, first, second })
    };
    let noise_floor = FLOOR_ROUNDINGS * dtype.epsilon() * start.abs();
    // Remainders fall like h^2: the last of them should be the floor and a factor of four.
    let probe = point(PROBE)?;
    let smallest = PROBE * (4.0 * noise_floor / probe.second).sqrt();
    // Powers of two: `h <g, d>` and `h d` round alike for all points. No value moves by more than
    // a quarter of the direction.
    let halvings = HALVINGS as f64;
    let exponent = if smallest > 0.0 { smallest.log2().ceil() } else { PROBE.log2() };
    let largest = (exponent + halvings).min(-2.0).exp2();
    let points: Result<Vec<TaylorPoint>, E> =
        (0..=HALVINGS).map(|k| point(largest / f64::from(1u32 << k))).collect();
    let points = points?;
    let slopes_first = fitted(&points, |p| p.first);
    let slopes_second = fitted(&points, |p| p.second);
    Ok(Taylor { misfit: start, slope, points, slopes_first, slopes_second, noise_floor })
}

/// Least-squares slope of `log value` against `log h`.
fn fitted(points: &[TaylorPoint], value: impl Fn(&TaylorPoint) -> f64) -> f64 {
    let logs: Vec<(f64, f64)> = points.iter().map(|p| (p.h.ln(), value(p).ln())).collect();
    let n = logs.len() as f64;
    let mean = |f: fn(&(f64, f64)) -> f64| logs.iter().map(f).sum::<f64>() / n;
    let (mean_x, mean_y) = (mean(|l| l.0), mean(|l| l.1));
    let spread: f64 = logs.iter().map(|(x, _)| (x - mean_x).powi(2)).sum();
    logs.iter().map(|(x, y)| (x - mean_x) * (y - mean_y)).sum::<f64>() / spread
}

/// Half along the gradient with respect to the logarithm of the values, half random, scaled so
/// that no value moves by more than itself. What is zero stays zero.
fn direction(at: &[f64], gradient: &[f64], seed: u64) -> Vec<f64> {
    let mut noise = Noise::new(seed.wrapping_add(77));
    let relative: Vec<f64> = at.iter().zip(gradient).map(|(m, g)| m * g).collect();
    let random: Vec<f64> = at.iter().map(|m| if *m == 0.0 { 0.0 } else { noise.next() }).collect();
    let inverse_norm = |v: &[f64]| {
        let norm = v.iter().map(|x| x * x).sum::<f64>().sqrt();
        if norm > 0.0 { 1.0 / norm } else { 0.0 }
    };
    let (a, b) = (inverse_norm(&relative), inverse_norm(&random));
    let mixed: Vec<f64> = relative.iter().zip(&random).map(|(g, r)| a * g + b * r).collect();
    let most = mixed.iter().fold(0.0_f64, |most, x| most.max(x.abs()));
    let scale = if most > 0.0 { 1.0 / most } else { 0.0 };
    at.iter().zip(mixed).map(|(m, x)| m * x * scale).collect()
}

/// A misfit of one shot as a function of parameters.
struct Shot<'a> {
    simulation: &'a mut Simulation,
    with_respect_to: &'a [&'a Function],
    observed: Vec<Option<Vec<f64>>>,
}

impl Shot<'_> {
    /// The misfit and, by the way, its derivative by each sample.
    fn residual(observed: Option<&Vec<f64>>, residual: Residual<'_>) -> f64 {
        let mut sum = 0.0;
        for (at, (d, r)) in residual.synthetic.iter().zip(residual.cotangent).enumerate() {
            *r = d - observed.map_or(0.0, |o| o[at]);
            sum += *r * *r;
        }
        0.5 * sum
    }

    fn gradient(&mut self) -> Result<Vec<f64>, Error> {
        let Self { simulation, with_respect_to, observed } = self;
        let misfit = |number: usize, r: Residual<'_>| Self::residual(observed[number].as_ref(), r);
        let watch = |_: &_| ControlFlow::Continue(());
        let steps = simulation.steps() as u64;
        match Revolve::new(steps, SNAPSHOTS) {
            Ok(actions) => simulation.evaluate(actions, SNAPSHOTS, misfit, watch)?,
            Err(_) => simulation.evaluate(StoreAll::new(steps), 0, misfit, watch)?,
        };
        let mut all = Vec::new();
        for function in *with_respect_to {
            all.extend(simulation.gradient_of(function)?);
        }
        Ok(all)
    }

    fn misfit(&mut self, parameters: &[f64]) -> Result<f64, Error> {
        let points = self.simulation.grid().points();
        for (function, values) in self.with_respect_to.iter().zip(parameters.chunks(points)) {
            self.simulation.set(function, values)?;
        }
        self.simulation.set_up()?;
        self.simulation.run()?;
        let adjoint = self.simulation.compiled.adjoint.clone().ok_or(Error::NoGradient)?;
        let mut total = 0.0;
        for (&(series, _), observed) in adjoint.outputs.iter().zip(&self.observed) {
            let synthetic: Vec<f64> = self.simulation.session.series(series);
            let mut cotangent = vec![0.0; synthetic.len()];
            let (points, steps) = (self.simulation.session.points(series), self.simulation.steps());
            let residual =
                Residual { points, steps, synthetic: &synthetic, cotangent: &mut cotangent };
            total += Self::residual(observed.as_ref(), residual);
        }
        Ok(total)
    }
}
