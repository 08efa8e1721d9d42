//! `check`: rules that need numbers, and the gradient certificate on the job's own problem.

use std::fmt::Write as _;

use retrograd::check::{self, Experiment as Trial};
use retrograd::{DType, Grid, Options};
use retrograd_invert::absorb::{measured_reflection, proposed_width};
use retrograd_invert::acoustic::{Acoustic, stable_dt_s};
use retrograd_invert::engine::damping;
use retrograd_invert::inversion::{Inversion, InversionSetup};
use retrograd_invert::resample::Resample;
use retrograd_invert::survey::Point;
use retrograd_invert::wavelet::Wavelet;

use super::{RunError, setup};
use crate::job::Job;
use crate::outcome::{CheckOutcome, DotProduct, RuleOutcome, Taylor, Verdict};
use crate::progress::Progress;

/// Share of the peak below which a spectrum counts as empty.
const SPECTRUM_LEVEL: f64 = 1e-2;

pub(super) fn check(job: &Job, progress: &Progress) -> Result<CheckOutcome, RunError> {
    let setup = setup::inversion(job, "")?;
    let mut rules = vec![stability(&setup), sampling(&setup)];
    rules.push(geometry(&setup));
    for stage in 0..setup.stages.len() {
        rules.push(layer(&setup, stage)?);
    }
    progress.note("gradient certificate: dot-product and Taylor tests on the first shot");
    let (dot_product, taylor, certified) = certificate(setup, job.seed)?;
    let passed = certified && rules.iter().all(|r| r.verdict != Verdict::Failed);
    Ok(CheckOutcome { passed, dot_product, taylor, rules })
}

fn rule(name: &str, verdict: Verdict, message: String) -> RuleOutcome {
    RuleOutcome { name: name.into(), verdict, message }
}

fn stability(setup: &InversionSetup) -> RuleOutcome {
    let e = &setup.experiment;
    let limit = stable_dt_s(e.grid.spacing_m(), e.space_order, setup.bounds_m_s[1]);
    let verdict = if e.dt_s <= limit { Verdict::Passed } else { Verdict::Failed };
    let message = format!(
        "time step {:.4} ms; stable up to {:.4} ms at the upper velocity bound {:.0} m/s",
        e.dt_s * 1e3,
        limit * 1e3,
        setup.bounds_m_s[1]
    );
    rule("stability", verdict, message)
}

/// Grid points per shortest wavelength of the last stage.
fn sampling(setup: &InversionSetup) -> RuleOutcome {
    let e = &setup.experiment;
    let peak = setup.stages.iter().map(|s| s.frequency_hz).fold(0.0, f64::max);
    let highest = Wavelet::ricker(peak).map_or(peak, |w| w.highest_hz(SPECTRUM_LEVEL));
    let slowest = setup.start.iter().copied().fold(f64::INFINITY, f64::min);
    let spacing = e.grid.spacing_m().iter().copied().fold(0.0, f64::max);
    let points = slowest / highest / spacing;
    // Points per wavelength at which the relative phase error of the second derivative is some
    // 1e-3: 2 pi / (k h) with the leading error term of the order.
    let wanted = match e.space_order {
        2 => 40.0,
        4 => 10.0,
        6 => 6.5,
        8 => 5.0,
        10 => 4.2,
        _ => 3.5,
    };
    let verdict = if points >= wanted { Verdict::Passed } else { Verdict::Warned };
    let message = format!(
        "{points:.1} points per shortest wavelength ({slowest:.0} m/s at {highest:.1} Hz, where \
         the spectrum has fallen to 1 %); order {} wants {wanted}",
        e.space_order
    );
    rule("sampling", verdict, message)
}

fn geometry(setup: &InversionSetup) -> RuleOutcome {
    let e = &setup.experiment;
    let outside = |p: &Point| {
        p.along_axes(e.grid.shape().len()).iter().enumerate().any(|(d, x)| {
            let first = e.grid.coordinate_m(d, 0);
            let last = e.grid.coordinate_m(d, e.grid.shape()[d] - 1);
            *x < first || *x > last
        })
    };
    let shots = &e.survey.shots;
    let count = shots.iter().flat_map(|s| s.source.iter().chain(s.receivers.iter()));
    let wrong = count.filter(|p| outside(p)).count();
    let verdict = if wrong == 0 { Verdict::Passed } else { Verdict::Failed };
    let message = format!(
        "{} shots, {} traces, largest offset {:.0} m; {wrong} points outside the model",
        shots.len(),
        e.survey.traces(),
        e.survey.largest_offset_m()
    );
    rule("geometry", verdict, message)
}

/// What the absorbing layer sends back at the frequency of a stage, measured in one dimension.
fn layer(setup: &InversionSetup, stage: usize) -> Result<RuleOutcome, RunError> {
    /// Above this the layer disturbs an inversion.
    const ALLOWED_DB: f64 = -30.0;
    let e = &setup.experiment;
    let f_hz = setup.stages[stage].frequency_hz;
    let h_m = e.grid.spacing_m().iter().copied().fold(f64::INFINITY, f64::min);
    let width = e.layer.iter().flatten().copied().min().unwrap_or(0);
    let v = e.layer_velocity_m_s.iter().sum::<f64>() / e.layer_velocity_m_s.len() as f64;
    let db = measured_reflection(f_hz, (v, h_m), (width, e.reflection), &setup.resources)
        .map_err(RunError::of)?;
    let proposed = proposed_width(f_hz, v, h_m);
    let verdict = if db <= ALLOWED_DB { Verdict::Passed } else { Verdict::Warned };
    let mut message = format!(
        "stage {} at {f_hz} Hz: {width} nodes reflect {db:.1} dB at normal incidence and {v:.0} m/s",
        stage + 1
    );
    if verdict != Verdict::Passed && proposed > width {
        let _ = write!(message, "; boundary.width = {proposed} would be wide enough");
    } else if verdict != Verdict::Passed {
        message.push_str("; a narrower layer suits this frequency, a wider one both");
    }
    Ok(rule("absorbing layer", verdict, message))
}

/// Dot-product test in the job's precision, Taylor test in f64, on the first shot.
fn certificate(setup: InversionSetup, seed: u64) -> Result<(DotProduct, Taylor, bool), RunError> {
    let options = setup.resources.options.clone();
    let dtype = setup.experiment.dtype;
    let mut inversion = Inversion::new(setup).map_err(RunError::of)?;
    let trial = |inversion: &mut Inversion, dtype| trial(inversion, dtype, seed);
    let (acoustic, experiment) = trial(&mut inversion, dtype)?;
    let dot = check::dot_product(&acoustic.operator, &[&acoustic.m], &experiment, &options)
        .map_err(RunError::of)?;
    let (acoustic, experiment) = trial(&mut inversion, DType::F64)?;
    let taylor = taylor(&acoustic, &experiment, &options)?;
    let orders = taylor.orders();
    let passed = dot.passed() && taylor.passed();
    let dot =
        DotProduct { relative_error: dot.relative_error, allowed: check::dot_product_bound(dtype) };
    let taylor = Taylor {
        slopes_first: orders.iter().map(|o| o[0]).collect(),
        slopes_second: orders.iter().map(|o| o[1]).collect(),
    };
    Ok((dot, taylor, passed))
}

fn taylor(
    acoustic: &Acoustic,
    experiment: &Trial,
    options: &Options,
) -> Result<check::Taylor, RunError> {
    check::taylor(&acoustic.operator, &[&acoustic.m], experiment, options).map_err(RunError::of)
}

/// The first shot of the job on its padded grid, in the given precision.
fn trial(
    inversion: &mut Inversion,
    dtype: DType,
    seed: u64,
) -> Result<(Acoustic, Trial), RunError> {
    let wavelet = inversion.wavelet(0).map_err(RunError::of)?;
    let padded: Grid = inversion.engine_mut().padded().clone();
    let setup = inversion.setup();
    let e = &setup.experiment;
    let acoustic =
        Acoustic::new(&padded, e.space_order, dtype, e.interpolation).map_err(RunError::of)?;
    let pad = Resample::pad(e.grid.shape(), &e.layer);
    let damp = damping(e, &padded, &pad);
    let m: Vec<f64> = setup.start.iter().map(|v| v.powi(-2)).collect();
    let dims = padded.shape().len();
    let shot = e.survey.shots.first().ok_or_else(|| RunError::new("the survey has no shots"))?;
    let positions =
        |points: &[Point]| -> Vec<Vec<f64>> { points.iter().map(|p| p.along_axes(dims)).collect() };
    let per_source: Vec<f64> =
        wavelet.iter().flat_map(|w| std::iter::repeat_n(*w, shot.source.len())).collect();
    let trial = Trial::new(&padded, (e.steps, e.dt_s))
        .layer(&e.layer)
        .threads(setup.resources.threads)
        .seed(seed)
        .set(&acoustic.m, &pad.apply(&m))
        .set(&acoustic.damp, &damp)
        .place(&acoustic.source, &positions(&shot.source))
        .place(&acoustic.receivers, &positions(&shot.receivers))
        .series(&acoustic.source, &per_source);
    Ok((acoustic, trial))
}
