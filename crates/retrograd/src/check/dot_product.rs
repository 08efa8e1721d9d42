//! `<F x, y> = <x, F^T y>` through the compiled kernels.

use std::fmt;

use retrograd_compile::Adjoint;
use retrograd_compile::adjoint::{FORWARD, RECORD, REVERSE, REVERSE_SEEDED, initial_step};
use retrograd_compile::symbolic::Function;
use retrograd_ir::{DType, FieldId, SparseId};
use retrograd_runtime::Session;

use super::experiment::Experiment;
use super::noise::Noise;
use crate::compiled::{Compiled, Options};
use crate::error::Error;
use crate::gradient::with_illumination;
use crate::operator::Operator;

/// Outcome of a dot-product test.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct DotProduct {
    /// Number type of the kernels.
    pub dtype: DType,
    /// Number of steps.
    pub steps: usize,
    /// `<F x, y>`, in f64.
    pub forward: f64,
    /// `<x, F^T y>`, in f64.
    pub reverse: f64,
    /// `|<F x, y> - <x, F^T y>| / (|F x| |y|)`.
    pub relative_error: f64,
    /// The largest error that rounding explains.
    pub bound: f64,
}

impl DotProduct {
    /// Whether the error is within the bound.
    pub fn passed(&self) -> bool {
        self.relative_error <= self.bound
    }
}

impl fmt::Display for DotProduct {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self.dtype {
            DType::F32 => "f32",
            DType::F64 => "f64",
        };
        let verdict = if self.passed() { "passed" } else { "FAILED" };
        writeln!(f, "dot product, {name}, {} steps: {verdict}", self.steps)?;
        writeln!(f, "  <F x, y>         {:+.16e}", self.forward)?;
        writeln!(f, "  <x, F^T y>       {:+.16e}", self.reverse)?;
        write!(f, "  relative error   {:.2e} (bound {:.0e})", self.relative_error, self.bound)
    }
}

/// The largest relative error of a dot-product test that rounding explains: sums of many
/// products, each the end of a chain of some hundreds of operations whose errors average out.
pub fn dot_product_bound(dtype: DType) -> f64 {
    match dtype {
        DType::F32 => 5e-6,
        DType::F64 => 1e-13,
    }
}

/// Tests that the reverse sweep of an operator is the transpose of its forward sweep, with the
/// kernels that a gradient with respect to the given functions runs.
///
/// `x` is all initial time levels and all source samples, `y` all final time levels and all
/// recorded samples. With a purely random `y` both sides would be so small beside `|F x| |y|`
/// that a wrong adjoint could pass: therefore `y = F x / |F x| + r / |r|` with random `r`. Time
/// levels and samples may differ in size by many orders, so that the smaller would not count:
/// every level and every series of `x` is scaled to contribute alike to `F x`, and every one of
/// `F x` counts with weight `1 / |its norm|`. Dot products are taken in f64.
///
/// Costs one forward run per kind of input, two more and one reverse run; memory is that of the
/// states, whatever the number of steps.
///
/// How the test itself can fail: an operator that is not linear in state and sources (refused by
/// [`Error::NotLinear`]); a run that is unstable, or so long or damped that nothing of an input
/// arrives (its share is then zero and it is not tested); f32 samples or levels beyond the range
/// of the type.
///
/// # Errors
/// An operator without adjoint, a function that it does not use, no kernels, no memory, a run that
/// is not finite.
pub fn dot_product(
    operator: &Operator,
    with_respect_to: &[&Function],
    experiment: &Experiment,
    options: &Options,
) -> Result<DotProduct, Error> {
    // Without parameters only coefficients that depend on the state need adjoint data.
    if !operator.adjoint(&[])?.tapes.is_empty() {
        return Err(Error::NotLinear);
    }
    let adjoint = with_illumination(operator.adjoint(with_respect_to)?);
    of_adjoint(operator, adjoint, experiment, options)
}

/// The test with a given adjoint.
pub(super) fn of_adjoint(
    operator: &Operator,
    adjoint: Adjoint,
    experiment: &Experiment,
    options: &Options,
) -> Result<DotProduct, Error> {
    let compiled = Compiled::with_all_steps(operator, adjoint, options)?;
    let adjoint = compiled.adjoint.clone().ok_or(Error::NoGradient)?;
    let mut simulation = experiment.simulation(&compiled)?;
    let dtype = compiled.stencil().dtype;
    let steps = experiment.steps;
    let session = &mut simulation.session;
    let mut run = Run { adjoint: &adjoint, session, steps, dtype };
    let mut noise = Noise::new(experiment.seed);
    let x = run.scaled_inputs(&mut noise)?;
    let fx = run.forward(FORWARD, &x)?;
    let weights: Vec<f64> = fx.0.iter().map(|part| inverse(norm(part))).collect();
    let y = run.cotangents(&fx, &weights, &mut noise);
    let fty = run.reverse(&x, &fx, &y)?;
    let (forward, reverse) = (fx.dot(&y), x.dot(&fty));
    // The test is one of the weighted operator: `<F x, W y'> = <W F x, y'>` with `y = W y'`.
    let (mut size_fx, mut size_y) = (0.0, 0.0);
    for ((fx, y), weight) in fx.0.iter().zip(&y.0).zip(&weights) {
        size_fx += (norm(fx) * weight).powi(2);
        size_y += (norm(y) * inverse(*weight)).powi(2);
    }
    let relative_error = (forward - reverse).abs() / (size_fx * size_y).sqrt();
    let bound = dot_product_bound(dtype);
    Ok(DotProduct { dtype, steps, forward, reverse, relative_error, bound })
}

/// Time levels, then series: one part each.
#[derive(Clone, Debug)]
struct Parts(Vec<Vec<f64>>);

impl Parts {
    fn dot(&self, other: &Self) -> f64 {
        self.0.iter().zip(&other.0).map(|(a, b)| dot(a, b)).sum()
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn norm(a: &[f64]) -> f64 {
    dot(a, a).sqrt()
}

/// One over a size; zero for what is not there.
fn inverse(size: f64) -> f64 {
    if size > 0.0 { 1.0 / size } else { 0.0 }
}

/// A kept level of a state: which state, the function, how many steps back.
struct Held {
    state: usize,
    field: FieldId,
    back: usize,
}

struct Run<'a> {
    adjoint: &'a Adjoint,
    session: &'a mut Session,
    steps: usize,
    dtype: DType,
}

impl Run<'_> {
    /// The kept levels of all states, in the order of the parts.
    fn held(&self) -> Vec<Held> {
        let states = self.adjoint.states.iter().enumerate();
        let levels = states.flat_map(|(state, s)| {
            (0..s.initial.len()).map(move |back| Held { state, field: s.forward, back })
        });
        levels.collect()
    }

    /// The value as it is held in memory.
    fn stored(&self, value: f64) -> f64 {
        match self.dtype {
            DType::F32 => f64::from(value as f32),
            DType::F64 => value,
        }
    }

    /// Random inputs, of a size that makes each part contribute alike to the outputs.
    fn scaled_inputs(&mut self, noise: &mut Noise) -> Result<Parts, Error> {
        let mut parts: Vec<Vec<f64>> = Vec::new();
        for held in self.held() {
            let len = self.session.level::<f32>(held.field, held.back).len();
            parts.push(noise.vector(len));
        }
        for &(series, _) in &self.adjoint.inputs {
            parts.push(noise.vector(self.session.points(series) * self.steps));
        }
        let silent: Vec<Vec<f64>> = parts.iter().map(|p| vec![0.0; p.len()]).collect();
        for at in 0..parts.len() {
            let mut alone = silent.clone();
            alone[at] = parts[at].iter().map(|v| self.stored(*v)).collect();
            let response = self.forward(FORWARD, &Parts(alone))?;
            let scale = inverse(response.dot(&response).sqrt());
            if !scale.is_finite() || response.0.iter().flatten().any(|v| !v.is_finite()) {
                return Err(Error::NotFinite { step: self.steps });
            }
            // What leads to nothing keeps its size.
            let scale = if scale > 0.0 { scale } else { 1.0 };
            parts[at].iter_mut().for_each(|v| *v = self.stored(*v * scale));
        }
        Ok(Parts(parts))
    }

    fn load(&mut self, x: &Parts) -> Result<(), Error> {
        let held = self.held();
        let (levels, series) = x.0.split_at(held.len());
        for (held, values) in held.iter().zip(levels) {
            self.session.set_level(held.field, held.back, values)?;
        }
        for (&(sparse, _), values) in self.adjoint.inputs.iter().zip(series) {
            self.session.set_series(sparse, values);
        }
        Ok(())
    }

    /// Final levels and recorded samples, from the inputs `x`, by the step of this name.
    fn forward(&mut self, step: &str, x: &Parts) -> Result<Parts, Error> {
        self.load(x)?;
        for n in 0..self.steps {
            // Adjoint data do not act on cotangents of a linear operator: one entry will do.
            self.session.set_tape_window(n..n + 1);
            self.session.run(step, [n])?;
        }
        let levels = self.held().into_iter().map(|h| self.session.level(h.field, h.back));
        let samples = |s: &(SparseId, SparseId)| self.session.series(s.0);
        let series = self.adjoint.outputs.iter().map(samples);
        Ok(Parts(levels.chain(series).collect()))
    }

    /// `W (W F x / |W F x| + r / |r|)`, rounded as it is held in memory.
    fn cotangents(&self, fx: &Parts, weights: &[f64], noise: &mut Noise) -> Parts {
        let r: Vec<Vec<f64>> = fx.0.iter().map(|part| noise.vector(part.len())).collect();
        let heard = || weights.iter().filter(|w| **w > 0.0).count() as f64;
        let aligned = inverse(heard().sqrt());
        let pairs = || r.iter().zip(weights).filter(|(_, w)| **w > 0.0);
        let random = inverse(pairs().map(|(r, _)| dot(r, r)).sum::<f64>().sqrt());
        let part = |((fx, r), w): ((&Vec<f64>, &Vec<f64>), &f64)| {
            let value = |(fx, r): (&f64, &f64)| w * (w * fx * aligned + r * random);
            fx.iter().zip(r).map(|pair| self.stored(value(pair))).collect()
        };
        Parts(fx.0.iter().zip(&r).zip(weights).map(part).collect())
    }

    /// Cotangents of the inputs `x` for cotangents `y` of the outputs.
    fn reverse(&mut self, x: &Parts, fx: &Parts, y: &Parts) -> Result<Parts, Error> {
        let recorded = self.forward(RECORD, x)?;
        if recorded.0 != fx.0 {
            return Err(Error::Inconsistent("`record` and `forward` do not compute the same"));
        }
        let held = self.held();
        for (&(_, twin), values) in self.adjoint.outputs.iter().zip(&y.0[held.len()..]) {
            self.session.set_series(twin, values);
        }
        let most = self.adjoint.states.iter().map(|s| s.initial.len()).max().unwrap_or(0);
        for (done, n) in (0..self.steps).rev().enumerate() {
            let step = if done < most { REVERSE_SEEDED } else { REVERSE };
            if done < most {
                self.seed(&held, y, done)?;
            }
            self.session.set_tape_window(n..n + 1);
            self.session.run(step, [n])?;
        }
        for level in 0..most {
            self.session.run(&initial_step(level), [0])?;
        }
        let mut parts = Vec::new();
        for level in &held {
            let state = &self.adjoint.states[level.state];
            let mut cotangent: Vec<f64> = self.session.function(state.initial[level.back]);
            // A run of few steps ends with levels that it began with.
            if level.back + self.steps < state.initial.len() {
                let at = part_of(&held, level.state, level.back + self.steps);
                let seed = at.map_or(&[][..], |at| &y.0[at]);
                cotangent.iter_mut().zip(seed).for_each(|(c, s)| *c += s);
            }
            parts.push(cotangent);
        }
        let gradients = self.adjoint.inputs.iter().map(|(_, twin)| self.session.series(*twin));
        parts.extend(gradients);
        Ok(Parts(parts))
    }

    /// Sets the cotangents of the levels that the reverse step number `done` finishes. They are
    /// time functions that no step advances.
    fn seed(&mut self, held: &[Held], y: &Parts, done: usize) -> Result<(), Error> {
        for (number, state) in self.adjoint.states.iter().enumerate() {
            match part_of(held, number, done) {
                Some(at) => self.session.set_level(state.seed, 0, &y.0[at])?,
                None => self.session.release(&[state.seed]),
            }
        }
        Ok(())
    }
}

/// The part that holds a level of a state.
fn part_of(held: &[Held], state: usize, back: usize) -> Option<usize> {
    held.iter().position(|h| (h.state, h.back) == (state, back))
}
