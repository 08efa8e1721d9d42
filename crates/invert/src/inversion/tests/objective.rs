//! Taylor tests of the whole misfit as a function of the optimiser's unknowns.

use std::sync::Arc;

use retrograd::DType;
use retrograd::check::{SLOPE_FIRST_TOLERANCE, SLOPE_SECOND_TOLERANCE, Taylor, taylor_of};
use retrograd::ir::Interpolation;

use crate::engine::Experiment;
use crate::fixture::{DT_S, SHAPE, STEPS, WATER, setup};
use crate::inversion::objective::Objective;
use crate::inversion::{
    DataSource, Inversion, InversionSetup, MemoryStrategy, Quiet, SourceSignature,
};
use crate::models::linear_in_depth;
use crate::resample::RegularGrid;
use crate::survey::{Point, Survey};
use crate::wavelet::Wavelet;

/// The fixture in `f64`; none without a compiler.
fn double() -> Option<InversionSetup> {
    let mut setup = setup(std::path::Path::new(""))?;
    setup.experiment.dtype = DType::F64;
    Some(setup)
}

/// Random numbers from -1 to 1.
fn noise(count: usize, seed: u64) -> Vec<f64> {
    let mut state = seed.wrapping_mul(2).wrapping_add(1);
    let next = |_| {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    };
    (0..count).map(next).collect()
}

/// A point off the start and a direction for an objective: half along the gradient, half random,
/// by at most [`LONGEST`] m/s; frozen unknowns stay, as the optimiser leaves them.
struct Probe {
    inversion: Inversion,
    objective: Objective,
    at: Vec<f64>,
    gradient: Vec<f64>,
    by_velocity: Vec<f64>,
    direction: Vec<f64>,
}

/// The largest step goes a quarter of the direction: 2.5 m/s.
const LONGEST: f64 = 10.0;

impl Probe {
    fn new(setup: InversionSetup) -> Self {
        let (base, frozen) = (setup.start.clone(), setup.frozen.clone());
        let mut inversion = Inversion::new(setup).expect("inversion");
        let objective = Objective::of_stage(&mut inversion, 0, &base, &Quiet).expect("objective");
        let start = objective.unknowns().start;
        let free = |i: usize| if frozen[i] { 0.0 } else { 1.0 };
        let random = |seed| noise(start.len(), seed);
        let off = |(i, (x, r)): (usize, (&f64, f64))| x + 2.0 * free(i) * r;
        let at: Vec<f64> = start.iter().zip(random(1)).enumerate().map(off).collect();
        let evaluated = objective.evaluate(&mut inversion, &at, &Quiet).expect("gradient");
        let gradient = evaluated.gradient;
        let norm = |v: &[f64]| v.iter().map(|x| x * x).sum::<f64>().sqrt();
        let random: Vec<f64> = random(2).iter().enumerate().map(|(i, r)| free(i) * r).collect();
        let (a, b) = (norm(&gradient), norm(&random));
        let mix = |(g, r): (&f64, &f64)| g / a + r / b;
        let mixed: Vec<f64> = gradient.iter().zip(&random).map(mix).collect();
        let most = mixed.iter().fold(0.0_f64, |most, x| most.max(x.abs()));
        let direction = mixed.iter().map(|x| x * LONGEST / most).collect();
        let by_velocity = evaluated.found.gradient;
        Self { inversion, objective, at, gradient, by_velocity, direction }
    }

    /// Remainders with a gradient that is claimed to be that of the objective.
    fn taylor(&mut self, gradient: &[f64]) -> Taylor {
        let Self { inversion, objective, at, direction, .. } = self;
        let misfit = |x: &[f64]| objective.evaluate(inversion, x, &Quiet).map(|e| e.found.misfit);
        taylor_of(misfit, at, gradient, direction, DType::F64).expect("misfit")
    }

    /// Slopes 1.00 +- 0.02 and 2.00 +- 0.05, fitted over six halvings above the noise and in each of
    /// the first four, where rounding is a thousandth of the remainder at most; a gradient that is
    /// wrong by a thousandth is found.
    #[track_caller]
    fn check(&mut self) {
        let gradient = self.gradient.clone();
        let taylor = self.taylor(&gradient);
        println!("{taylor}");
        assert!(taylor.passed(), "{taylor}");
        for [first, second] in taylor.orders().into_iter().take(4) {
            assert!((first - 1.0).abs() <= SLOPE_FIRST_TOLERANCE, "{taylor}");
            assert!((second - 2.0).abs() <= SLOPE_SECOND_TOLERANCE, "{taylor}");
        }
        let off: Vec<f64> = gradient.iter().map(|g| 1.001 * g).collect();
        let taylor = self.taylor(&off);
        assert!(!taylor.passed(), "a gradient wrong by 1e-3 should fail: {taylor}");
    }
}

#[test]
fn velocities_within_bounds_and_frozen_water() {
    let Some(setup) = double() else { return };
    let mut probe = Probe::new(setup);
    let water = probe.gradient.iter().zip(&probe.by_velocity).enumerate();
    for (i, (pulled, raw)) in water {
        let expected = if i % SHAPE[1] < WATER { 0.0 } else { *raw };
        assert_eq!(*pulled, expected);
    }
    probe.check();
}

/// Smooth updates of a model of which a part lies beyond either bound, 5 m/s at least, and none
/// nearer than 5 m/s to one: updates of 2 m/s and steps of 2.5 m/s cross no kink, since rows of
/// the smoother are positive and sum to one.
fn smoothed() -> Option<InversionSetup> {
    let mut setup = double()?;
    setup.bounds_m_s = [1945.0, 2205.0];
    setup.stages[0].smoothing_m = 50.0;
    Some(setup)
}

#[test]
fn smooth_updates_clamped_to_bounds() {
    let Some(setup) = smoothed() else { return };
    let mut probe = Probe::new(setup);
    let vp = probe.objective.velocities(&probe.at);
    for bound in [1945.0, 2205.0] {
        assert!(vp.iter().filter(|v| **v == bound).count() > 100, "{bound} should be reached");
    }
    probe.check();
    // What would be wrong: the gradient by velocities, and that smoothed by `S` itself.
    let raw = probe.by_velocity.clone();
    let taylor = probe.taylor(&raw);
    assert!(!taylor.passed() && taylor.slopes_second < 1.5, "{taylor}");
}

/// With snapshots, data from a file and its wavelet under a low-pass.
#[test]
fn measured_data_and_a_fixed_wavelet() {
    let Some(mut setup) = smoothed() else { return };
    let wavelet = Wavelet::Ricker { peak_hz: 12.0, delay_s: 0.1 };
    let samples = wavelet.sampled_at(STEPS, DT_S);
    let shots = setup.experiment.survey.shots.len();
    let receivers = setup.experiment.survey.traces() / shots;
    let record = |k: u64| noise(receivers * STEPS, k).iter().map(|x| 1e-3 * *x as f32).collect();
    setup.data = DataSource::Measured(Arc::new((0..shots as u64).map(record).collect()));
    setup.signature =
        SourceSignature::Fixed(Wavelet::sampled(samples, DT_S).expect("a sound wavelet"));
    setup.memory.strategy = MemoryStrategy::Revolve { snapshots: Some(6) };
    Probe::new(setup).check();
}

/// Three dimensions, cells that are not cubes, sources off the nodes by sinc interpolation.
#[test]
fn smooth_updates_of_a_volume() {
    let Some(mut setup) = smoothed() else { return };
    let shape = [21, 17, 19];
    let grid = RegularGrid::new(&shape, &[20.0, 18.0, 16.0], &[-40.0, 0.0, 0.0]).expect("grid");
    let model = linear_in_depth(&grid, [1902.0, 2262.0]);
    let sources = [Point::xyz(53.0, 101.0, 41.0), Point::xyz(251.0, 190.0, 38.0)];
    let receivers = Point::line(Point::xyz(-11.0, 33.0, 24.0), Point::xyz(330.0, 250.0, 60.0), 9);
    setup.truth = Some(model.iter().map(|v| v * 1.02).collect());
    setup.frozen = (0..grid.len()).map(|i| i % shape[2] < 2).collect();
    setup.experiment = Experiment {
        layer: vec![[6, 4], [5, 5], [4, 7]],
        layer_velocity_m_s: model.clone(),
        interpolation: Interpolation::Sinc { radius: 3 },
        steps: 80,
        survey: Survey::fixed_spread(&sources, receivers),
        grid,
        ..setup.experiment
    };
    setup.stages[0].frequency_hz = 15.0;
    setup.start = model;
    Probe::new(setup).check();
}

/// What scales the gradient is no part of the chain rule. It must be positive, bounded by the water
/// level, and leave descent descent; the less a node is lit, the more it is scaled.
#[test]
fn the_scaling_is_positive_and_falls_with_illumination() {
    let Some(setup) = double() else { return };
    let frozen = setup.frozen.clone();
    let start = setup.start.clone();
    let mut inversion = Inversion::new(setup).expect("inversion");
    let objective = Objective::of_stage(&mut inversion, 0, &start, &Quiet).expect("objective");
    let found = objective.evaluate(&mut inversion, &start, &Quiet).expect("gradient").found;
    let scale = inversion.preconditioner(&found).expect("illumination is on");
    let free: Vec<usize> = (0..scale.len()).filter(|i| !frozen[*i]).collect();
    // 1 / 0.05, the share that is added everywhere; a sum of some 2000 terms was rounded.
    assert!(free.iter().all(|i| scale[*i] > 0.0 && scale[*i] <= 20.0 * (1.0 + 1e-12)));
    let mut by_light = free.clone();
    by_light.sort_by(|a, b| found.illumination[*a].total_cmp(&found.illumination[*b]));
    assert!(by_light.windows(2).all(|pair| scale[pair[0]] >= scale[pair[1]]));
    let descent: f64 = free.iter().map(|i| -scale[*i] * found.gradient[*i].powi(2)).sum();
    assert!(descent < 0.0);
}
