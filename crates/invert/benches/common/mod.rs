//! What several benchmarks run: one shot over Marmousi, as it is, on a finer grid, or made a volume.
#![allow(dead_code, reason = "every benchmark uses its part")]

use std::error::Error;
use std::ops::{ControlFlow, Range};
use std::path::{Path, PathBuf};
use std::time::Instant;

use retrograd::checkpoint::{Action, Executor};
use retrograd::ir::Interpolation;
use retrograd::{DType, Options, Progress, Residual, Simulation, State, Team};
use retrograd_invert::absorb::Layer;
use retrograd_invert::acoustic::{Acoustic, stable_dt_s};
use retrograd_invert::engine::Experiment;
use retrograd_invert::npy;
use retrograd_invert::resample::{RegularGrid, Resample};
use retrograd_invert::survey::{Point, Survey};
use retrograd_invert::wavelet::Wavelet;

pub(crate) type Failure = Box<dyn Error>;

pub(crate) const MIB: u64 = 1 << 20;

/// The model: velocities in m/s on nodes 15 m apart.
const SHAPE: [usize; 2] = [601, 221];
const SPACING_M: f64 = 15.0;
/// Nodes of the layer, 15 m apart.
const LAYER: usize = 40;

/// What is done with the model.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum Case {
    /// 601 x 221 nodes, 3000 steps.
    Marmousi,
    /// 1801 x 661 nodes of 5 m, 3000 steps.
    Fine,
    /// A volume, the same at every y: 301 x 61 x 111 nodes of 30 m, 600 steps.
    Volume,
}

impl Case {
    pub(crate) fn named(name: &str) -> Result<Self, Failure> {
        Ok(match name {
            "marmousi" => Self::Marmousi,
            "fine" => Self::Fine,
            "volume" => Self::Volume,
            _ => return Err(format!("no case {name}: marmousi, fine or volume").into()),
        })
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Marmousi => "marmousi",
            Self::Fine => "fine",
            Self::Volume => "volume",
        }
    }

    fn steps(self) -> usize {
        if self == Self::Volume { 600 } else { 3000 }
    }

    fn spacing_m(self) -> f64 {
        match self {
            Self::Marmousi => SPACING_M,
            Self::Fine => SPACING_M / 3.0,
            Self::Volume => 2.0 * SPACING_M,
        }
    }

    fn layer(self) -> usize {
        (LAYER as f64 * SPACING_M / self.spacing_m()) as usize
    }

    /// Seconds; the same for the case with nodes of 15 m as in published runs of it.
    fn dt_s(self, fastest_m_s: f64) -> f64 {
        match self {
            Self::Marmousi => 1.3e-3,
            Self::Fine => 1.3e-3 / 3.0,
            Self::Volume => 0.9 * stable_dt_s(&[self.spacing_m(); 3], 8, fastest_m_s),
        }
    }

    fn grid(self) -> Result<RegularGrid, Failure> {
        let h = self.spacing_m();
        let nodes = |n: usize| ((n - 1) as f64 * SPACING_M / h) as usize + 1;
        let [nx, nz] = SHAPE.map(nodes);
        Ok(match self {
            Self::Marmousi | Self::Fine => RegularGrid::new(&[nx, nz], &[h; 2], &[0.0; 2])?,
            Self::Volume => RegularGrid::new(&[nx, 61, nz], &[h; 3], &[0.0; 3])?,
        })
    }

    /// A model on nodes 15 m apart, on those of the case.
    fn resampled(self, model: &[f64]) -> Result<Vec<f64>, Failure> {
        let from = RegularGrid::new(&SHAPE, &[SPACING_M; 2], &[0.0; 2])?;
        let grid = self.grid()?;
        let (shape, h) = (grid.shape(), self.spacing_m());
        let (nx, nz) = (shape[0], shape[shape.len() - 1]);
        let section = RegularGrid::new(&[nx, nz], &[h; 2], &[0.0; 2])?;
        let values = Resample::linear(&from, &section).apply(model);
        let copies = grid.len() / section.len();
        let rows = values.chunks(nz).flat_map(|row| std::iter::repeat_n(row, copies));
        Ok(rows.flatten().copied().collect())
    }
}

/// Where the model is, if it is there; else says so.
pub(crate) fn model_file() -> Option<PathBuf> {
    let shared = std::env::var_os("RETROGRAD_SHARED").map_or("../shared".into(), PathBuf::from);
    let model = shared.join("data/marmousi_devitofwi_15m/vp.npy");
    if !model.exists() {
        let place = shared.display();
        println!("no Marmousi model in {place} (RETROGRAD_SHARED): nothing to measure");
        return None;
    }
    Some(model)
}

/// The value of an option in a list of arguments.
pub(crate) fn option<'a>(arguments: &'a [String], flag: &str) -> Option<&'a str> {
    let at = arguments.iter().position(|argument| argument == flag)?;
    arguments.get(at + 1).map(String::as_str)
}

/// One shot in the middle, in the smoothed model, with data of the true one.
pub(crate) struct Shot {
    pub(crate) simulation: Simulation,
    pub(crate) acoustic: Acoustic,
    observed: Vec<f64>,
}

impl Shot {
    /// With the case's number of steps, or another.
    pub(crate) fn new(
        (case, steps): (Case, Option<usize>),
        model: &Path,
        threads: usize,
    ) -> Result<Self, Failure> {
        let truth = npy::read_shaped(model, &SHAPE)?.values.into_f64();
        let start = case.resampled(&smoothed(&truth))?;
        let truth = case.resampled(&truth)?;
        let fastest = truth.iter().copied().fold(0.0, f64::max);
        let steps = steps.unwrap_or(case.steps());
        let (experiment, wavelet) = experiment((case, steps), start.clone(), fastest)?;
        let padded = experiment.padded_grid()?;
        let Experiment { space_order, dtype, interpolation, dt_s, .. } = experiment;
        let acoustic = Acoustic::new(&padded, space_order, dtype, interpolation)?;
        let options = Options::from_environment();
        let compiled = acoustic.operator.with_gradient(&[&acoustic.m], &options)?;
        let team = Team::new(threads);
        let mut simulation =
            compiled.simulation(&padded, &experiment.layer, (steps, dt_s), team)?;
        simulation.set(&acoustic.damp, &experiment.damping())?;
        let (shot, axes) = (&experiment.survey.shots[0], padded.shape().len());
        let places = |points: &[Point]| -> Vec<Vec<f64>> {
            points.iter().map(|p| p.along_axes(axes)).collect()
        };
        simulation.place(&acoustic.source, &places(&shot.source))?;
        simulation.place(&acoustic.receivers, &places(&shot.receivers))?;
        let samples = shot.source_samples(&wavelet.sampled_at(steps, dt_s));
        simulation.set_series(&acoustic.source, &samples)?;
        let set = |vp: &[f64], simulation: &mut Simulation| -> Result<(), Failure> {
            let slowness: Vec<f64> = vp.iter().map(|v| v.powi(-2)).collect();
            simulation.set(&acoustic.m, &experiment.padding().apply(&slowness))?;
            Ok(simulation.set_up()?)
        };
        set(&truth, &mut simulation)?;
        simulation.run()?;
        let observed = simulation.series(&acoustic.receivers)?;
        set(&start, &mut simulation)?;
        Ok(Self { simulation, acoustic, observed })
    }

    /// Misfit and gradient under a schedule; seconds.
    pub(crate) fn evaluate(
        &mut self,
        executor: &mut Executor<State>,
        actions: impl IntoIterator<Item = Action, IntoIter: Clone>,
    ) -> Result<f64, Failure> {
        Ok(self.traced(executor, actions)?.seconds)
    }

    /// As [`Shot::evaluate`], with the moment at which every action has begun.
    pub(crate) fn traced(
        &mut self,
        executor: &mut Executor<State>,
        actions: impl IntoIterator<Item = Action, IntoIter: Clone>,
    ) -> Result<Trace, Failure> {
        let actions = actions.into_iter();
        let mut trace = Trace { begun: Vec::with_capacity(1 << 16), seconds: 0.0 };
        let start = Instant::now();
        let watch = |progress: &Progress| {
            trace.begun.push((progress.actions, start.elapsed().as_secs_f64()));
            ControlFlow::Continue(())
        };
        let observed = &self.observed;
        let misfit = |_: usize, mut r: Residual<'_>| least_squares(&mut r, observed);
        self.simulation.evaluate_in(executor, actions, misfit, watch)?;
        trace.seconds = start.elapsed().as_secs_f64();
        Ok(trace)
    }

    /// Misfit and gradient from every `every`-th step alone; seconds.
    pub(crate) fn evaluate_sampled(&mut self, every: usize) -> Result<f64, Failure> {
        let start = Instant::now();
        let observed = &self.observed;
        let misfit = |_: usize, mut r: Residual<'_>| least_squares(&mut r, observed);
        self.simulation.evaluate_sampled(every, misfit)?;
        Ok(start.elapsed().as_secs_f64())
    }

    pub(crate) fn gradient(&self) -> Result<Vec<f32>, Failure> {
        let gradient = self.simulation.gradient_of(&self.acoustic.m)?;
        Ok(gradient.into_iter().map(|g| g as f32).collect())
    }
}

/// When the actions of a run have begun.
pub(crate) struct Trace {
    /// Number of the action and seconds. A load and the discard behind it are one entry.
    begun: Vec<(u64, f64)>,
    pub(crate) seconds: f64,
}

impl Trace {
    /// The actions of the run, which are those of the schedule, each with its seconds: none for
    /// the discard behind a load.
    pub(crate) fn spans(
        &self,
        actions: impl IntoIterator<Item = Action>,
    ) -> Vec<(Action, Range<f64>)> {
        let ends = self.begun.iter().skip(1).map(|begun| begun.1).chain([self.seconds]);
        let mut entries = self.begun.iter().zip(ends).peekable();
        let (mut spans, mut now) = (Vec::with_capacity(self.begun.len()), 0.0);
        for (number, action) in (0..).zip(actions) {
            let span = match entries.next_if(|(begun, _)| begun.0 == number) {
                Some((begun, end)) => begun.1..end,
                None => now..now,
            };
            now = span.end;
            spans.push((action, span));
        }
        spans
    }
}

fn least_squares(residual: &mut Residual<'_>, observed: &[f64]) -> f64 {
    let pairs = residual.cotangent.iter_mut().zip(residual.synthetic).zip(observed);
    let squares = pairs.map(|((c, s), o)| {
        *c = s - o;
        0.5 * *c * *c
    });
    squares.sum()
}

fn experiment(
    (case, steps): (Case, usize),
    start: Vec<f64>,
    fastest_m_s: f64,
) -> Result<(Experiment, Wavelet), Failure> {
    let grid = case.grid()?;
    let axes = grid.shape().len();
    let width_m = SPACING_M * (SHAPE[0] - 1) as f64;
    let y_m = if axes == 3 { 0.5 * grid.coordinate_m(1, grid.shape()[1] - 1) } else { 0.0 };
    let at = |x_m: f64| Point::xyz(x_m, y_m, 30.0);
    let receivers = Point::line(at(0.0), at(width_m), 301);
    let layer = Layer::new(Some(case.layer()), 3.0, 1500.0, case.spacing_m());
    let experiment = Experiment {
        grid,
        layer: layer.widths(axes),
        reflection: layer.reflection,
        layer_velocity_m_s: start,
        space_order: 8,
        dtype: DType::F32,
        interpolation: Interpolation::Sinc { radius: 4 },
        steps,
        dt_s: case.dt_s(fastest_m_s),
        survey: Survey::fixed_spread(&[at(0.5 * width_m)], receivers),
    };
    Ok((experiment, Wavelet::ricker(6.0)?))
}

/// The mean over 20 nodes each way, along both axes.
fn smoothed(truth: &[f64]) -> Vec<f64> {
    const REACH: usize = 20;
    let [nx, nz] = SHAPE;
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let near = |at: usize, end: usize| at.saturating_sub(REACH)..(at + REACH + 1).min(end);
    let column = |iz: usize| truth.iter().skip(iz).step_by(nz).copied().collect::<Vec<f64>>();
    let columns: Vec<Vec<f64>> = (0..nz).map(column).collect();
    let across = |i: usize| mean(&columns[i % nz][near(i / nz, nx)]);
    let rows: Vec<f64> = (0..nx * nz).map(across).collect();
    let down = |i: usize| {
        let (row, iz) = (i / nz * nz, i % nz);
        let depths = near(iz, nz);
        mean(&rows[row + depths.start..row + depths.end])
    };
    (0..nx * nz).map(down).collect()
}

/// `|found - exact| / |exact|`; 0 where nothing is exact yet.
pub(crate) fn relative_error(found: &[f32], exact: &[f32]) -> f64 {
    let square = |x: f64| x * x;
    let norm: f64 = exact.iter().map(|&g| square(g.into())).sum();
    let pairs = found.iter().zip(exact);
    (pairs.map(|(&f, &e)| square(f64::from(f) - f64::from(e))).sum::<f64>() / norm).sqrt()
}
