//! Is an inversion sound before it runs? Rules with numbers, and a proof of its gradient.
//!
//! | rule | fails | warns |
//! |---|---|---|
//! | stability | time step above the limit at the upper velocity bound | |
//! | sampling | | fewer points per shortest wavelength than the order of the scheme wants |
//! | wavelet, per stage, if fixed | | a ten-thousandth of its energy or less below the corner |
//! | geometry | points outside the model | |
//! | absorbing layer, per stage | | returns more than -30 dB, measured in one dimension |
//!
//! The [`Certificate`] holds for the inversion's own first shot, on its own grid: the dot-product
//! test in the precision of the run, the Taylor test in `f64`.

use std::fmt::Write as _;

use retrograd::check::{self, Experiment as Trial};
use retrograd::dispersion::{self, GridWave};
use retrograd::{DType, Error};

use crate::absorb::{measured_reflection, proposed_width};
use crate::acoustic::{Acoustic, stable_dt_s};
use crate::inversion::{Inversion, InversionError, InversionSetup, SourceSignature};
use crate::models::mean_m_s;
use crate::survey::Point;
use crate::wavelet::Wavelet;

/// Share of the peak below which a spectrum counts as empty.
const SPECTRUM_LEVEL: f64 = 1e-2;
/// Less energy than this below a stage's corner is a stage without data.
const LEAST_ENERGY: f64 = 1e-4;
/// A layer that returns more disturbs an inversion, in dB.
const ALLOWED_REFLECTION_DB: f64 = -30.0;

/// How a rule went.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// As it should be.
    Passed,
    /// It runs, but the result may suffer.
    Warned,
    /// It must not run.
    Failed,
}

/// One rule, and what it found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rule {
    /// Such as `stability`, `sampling`, `absorbing layer`.
    pub name: &'static str,
    /// How it went.
    pub verdict: Verdict,
    /// What was found, what is allowed, and what to do.
    pub message: String,
}

/// All rules, the absorbing layer once per stage. Costs two runs in one dimension per stage.
///
/// # Errors
/// No kernels for the measurement of the layer.
pub fn rules(setup: &InversionSetup) -> Result<Vec<Rule>, Error> {
    let mut rules = vec![stability(setup), sampling(setup), geometry(setup)];
    for stage in 0..setup.stages.len() {
        rules.extend(wavelet(setup, stage));
        rules.push(layer(setup, stage)?);
    }
    Ok(rules)
}

/// Whether the time step is stable up to the upper velocity bound.
pub fn stability(setup: &InversionSetup) -> Rule {
    let e = &setup.experiment;
    let limit = stable_dt_s(e.grid.spacing_m(), e.space_order, setup.bounds_m_s[1]);
    let verdict = if e.dt_s <= limit { Verdict::Passed } else { Verdict::Failed };
    let message = format!(
        "time step {:.4} ms; stable up to {:.4} ms at the upper velocity bound {:.0} m/s",
        e.dt_s * 1e3,
        limit * 1e3,
        setup.bounds_m_s[1]
    );
    Rule { name: "stability", verdict, message }
}

/// Grid points per shortest wavelength of the last stage.
pub fn sampling(setup: &InversionSetup) -> Rule {
    let e = &setup.experiment;
    let highest = (0..setup.stages.len()).map(|s| highest_hz(setup, s)).fold(0.0, f64::max);
    let slowest = setup.start.iter().copied().fold(f64::INFINITY, f64::min);
    let spacing = e.grid.spacing_m().iter().copied().fold(0.0, f64::max);
    let points = slowest / highest / spacing;
    let wanted = points_per_wavelength(e.space_order);
    let verdict = if points >= wanted { Verdict::Passed } else { Verdict::Warned };
    let mut message = format!(
        "{points:.1} points per shortest wavelength ({slowest:.0} m/s at {highest:.1} Hz, where \
         the spectrum has fallen to 1 %); order {} wants {wanted}",
        e.space_order
    );
    let wave = GridWave {
        space_order: e.space_order,
        spacing_m: e.grid.spacing_m(),
        way_per_step_m: slowest * e.dt_s,
        wavelength_m: slowest / highest,
    };
    if let Some([low, high]) = wave.phase_velocity_errors() {
        let offset_m = e.survey.largest_offset_m();
        let periods = low.abs().max(high.abs()) * offset_m / wave.wavelength_m;
        let _ = write!(
            message,
            "; on the grid such a wave runs {:+.2} % to {:+.2} % off its velocity, {periods:.2} periods \
             over the largest offset of {offset_m:.0} m",
            100.0 * low,
            100.0 * high
        );
    } else if points < 2.0 {
        message.push_str("; the grid cannot carry a wave of fewer than two");
    }
    Rule { name: "sampling", verdict, message }
}

/// Where the spectrum of a stage's source has fallen to 1 %.
fn highest_hz(setup: &InversionSetup, stage: usize) -> f64 {
    let f_hz = setup.stages[stage].frequency_hz;
    let samples = match &setup.signature {
        SourceSignature::RickerOfStage { .. } => {
            return Wavelet::ricker(f_hz).map_or(f_hz, |w| w.highest_hz(SPECTRUM_LEVEL));
        }
        SourceSignature::Fixed(_) => setup.wavelet(stage),
    };
    let wavelet = samples.and_then(|s| Ok(Wavelet::sampled(s, setup.experiment.dt_s)?));
    wavelet.map_or(f_hz, |w| w.highest_hz(SPECTRUM_LEVEL))
}

/// How much of what the sources emit a stage's low-pass leaves; none if each stage has a wavelet of
/// its own.
///
/// # Panics
/// If there is no such stage.
pub fn wavelet(setup: &InversionSetup, stage: usize) -> Option<Rule> {
    let SourceSignature::Fixed(_) = setup.signature else { return None };
    let energy = |samples: &[f64]| samples.iter().map(|s| s * s).sum::<f64>();
    let share = setup.wavelet(stage).map_or(0.0, |w| energy(&w) / energy(&setup.emitted(stage)));
    let verdict = if share > LEAST_ENERGY { Verdict::Passed } else { Verdict::Warned };
    let f_hz = setup.stages[stage].frequency_hz;
    let message = format!(
        "stage {}: {:.2} % of what the sources emit is left below {f_hz} Hz",
        stage + 1,
        100.0 * share
    );
    Some(Rule { name: "wavelet", verdict, message })
}

/// A relative error of the phase velocity that passes.
const PHASE_ERROR: f64 = 1e-3;

/// Points per wavelength from which on the differences in space slow a wave down by a thousandth at
/// most, in whole and half points.
pub fn points_per_wavelength(space_order: usize) -> f64 {
    (2.0 * dispersion::points_per_wavelength(space_order, PHASE_ERROR)).ceil() / 2.0
}

/// Whether all sources and receivers lie inside the model.
pub fn geometry(setup: &InversionSetup) -> Rule {
    let e = &setup.experiment;
    let outside = |p: &Point| {
        p.along_axes(e.grid.shape().len()).iter().enumerate().any(|(d, x)| {
            let first = e.grid.coordinate_m(d, 0);
            let last = e.grid.coordinate_m(d, e.grid.shape()[d] - 1);
            *x < first || *x > last
        })
    };
    let shots = &e.survey.shots;
    let points = shots.iter().flat_map(|s| s.source.iter().chain(s.receivers.iter()));
    let wrong = points.filter(|p| outside(p)).count();
    let verdict = if wrong == 0 { Verdict::Passed } else { Verdict::Failed };
    let message = format!(
        "{} shots, {} traces, largest offset {:.0} m; {wrong} points outside the model",
        shots.len(),
        e.survey.traces(),
        e.survey.largest_offset_m()
    );
    Rule { name: "geometry", verdict, message }
}

/// What the absorbing layer sends back at the frequency of a stage (from 0), measured in one
/// dimension.
///
/// # Errors
/// No kernels.
///
/// # Panics
/// If there is no such stage.
pub fn layer(setup: &InversionSetup, stage: usize) -> Result<Rule, Error> {
    let e = &setup.experiment;
    let f_hz = setup.stages[stage].frequency_hz;
    let h_m = e.grid.spacing_m().iter().copied().fold(f64::INFINITY, f64::min);
    let width = e.layer.iter().flatten().copied().min().unwrap_or(0);
    let v = mean_m_s(&e.layer_velocity_m_s);
    let db = measured_reflection(f_hz, (v, h_m), (width, e.reflection), &setup.resources)?;
    let proposed = proposed_width(f_hz, v, h_m);
    let verdict = if db <= ALLOWED_REFLECTION_DB { Verdict::Passed } else { Verdict::Warned };
    let mut message = format!(
        "stage {} at {f_hz} Hz: {width} nodes reflect {db:.1} dB at normal incidence and {v:.0} m/s",
        stage + 1
    );
    if verdict != Verdict::Passed && proposed > width {
        let _ = write!(message, "; a layer of {proposed} nodes would be wide enough");
    } else if verdict != Verdict::Passed {
        message.push_str("; a narrower layer suits this frequency, a wider one both");
    }
    Ok(Rule { name: "absorbing layer", verdict, message })
}

/// Proof that the gradient of an inversion is right.
#[derive(Clone, PartialEq, Debug)]
pub struct Certificate {
    /// `<Fx, y> = <x, F^T y>` in the precision of the run.
    pub dot_product: check::DotProduct,
    /// Remainders of the energy of the first shot's samples, in `f64`.
    pub taylor: check::Taylor,
}

impl Certificate {
    /// Whether both tests passed.
    pub fn passed(&self) -> bool {
        self.dot_product.passed() && self.taylor.passed()
    }
}

/// Dot-product test in the precision of the run, Taylor test in `f64`, on the first shot in the
/// start model with the source of the first stage. Costs two gradients and some ten forward runs.
///
/// # Errors
/// No kernels; no memory; a survey without shots.
pub fn certificate(inversion: &Inversion, seed: u64) -> Result<Certificate, InversionError> {
    let options = &inversion.setup().resources.options;
    let (acoustic, shot) = trial(inversion, inversion.setup().experiment.dtype, seed)?;
    let dot_product = check::dot_product(&acoustic.operator, &[&acoustic.m], &shot, options)?;
    let (acoustic, shot) = trial(inversion, DType::F64, seed)?;
    let taylor = check::taylor(&acoustic.operator, &[&acoustic.m], &shot, options)?;
    Ok(Certificate { dot_product, taylor })
}

/// The first shot of an inversion on its padded grid, in the given precision.
fn trial(
    inversion: &Inversion,
    dtype: DType,
    seed: u64,
) -> Result<(Acoustic, Trial), InversionError> {
    let setup = inversion.setup();
    let e = &setup.experiment;
    let shot = e.survey.shots.first().ok_or(InversionError::NoShots)?;
    let wavelet = setup.wavelet(0)?;
    let (padded, pad) = (e.padded_grid()?, e.padding());
    let acoustic = Acoustic::new(&padded, e.space_order, dtype, e.interpolation)?;
    let m: Vec<f64> = setup.start.iter().map(|v| v.powi(-2)).collect();
    let dims = padded.shape().len();
    let positions =
        |points: &[Point]| -> Vec<Vec<f64>> { points.iter().map(|p| p.along_axes(dims)).collect() };
    let trial = Trial::new(&padded, (e.steps, e.dt_s))
        .layer(&e.layer)
        .threads(setup.resources.threads)
        .seed(seed)
        .set(&acoustic.m, &pad.apply(&m))
        .set(&acoustic.damp, &e.damping())
        .place(&acoustic.source, &positions(&shot.source))
        .place(&acoustic.receivers, &positions(&shot.receivers))
        .series(&acoustic.source, &shot.source_samples(&wavelet));
    Ok((acoustic, trial))
}
