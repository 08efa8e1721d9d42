use super::*;

fn ricker(peak_hz: f64) -> Wavelet {
    Wavelet::ricker(peak_hz).unwrap()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn noise(n: usize, seed: u64) -> Vec<f64> {
    let mut state = seed.wrapping_mul(2).wrapping_add(1);
    (0..n)
        .map(|_| {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (state >> 11) as f64 / (1u64 << 52) as f64 - 1.0
        })
        .collect()
}

#[test]
fn a_ricker_wavelet_peaks_with_one_at_its_delay_and_starts_small() {
    let samples = ricker(5.0).sampled_at(601, 1e-3);
    assert_eq!(samples[300], 1.0);
    assert!(samples[0].abs() < 1.1e-8, "{}", samples[0]);
}

/// The closed form against the transform: they agree to one bin of 1 / (8 n dt).
#[test]
fn the_highest_frequency_of_a_ricker_is_that_of_its_samples() {
    let (n, dt_s) = (1000, 2e-3);
    for (peak_hz, level) in [(4.0, 1e-2), (4.0, 1e-3), (9.0, 0.5)] {
        let analytic = ricker(peak_hz).highest_hz(level);
        let samples = ricker(peak_hz).sampled_at(n, dt_s);
        let sampled = Wavelet::sampled(samples, dt_s).unwrap().highest_hz(level);
        let bin = 1.0 / (8.0 * n as f64 * dt_s);
        assert!((sampled - analytic).abs() <= bin, "{analytic} {sampled}");
        let r2 = (analytic / peak_hz).powi(2);
        // |d ln(r² e^(1-r²))| = |1/r² - 1| dr² <= dr²: the level is met to a few ulp of r².
        assert!((r2 * (1.0 - r2).exp() / level - 1.0).abs() < 8.0 * r2 * f64::EPSILON);
    }
}

/// The spectrum of a Ricker wavelet has one sign about its centre, so the integral of the
/// amplitude spectrum is the maximum, 1. The interpolator is off by 1e-6 in its pass band and
/// lets 1e-6 of the first images through on either side: 4e-6 in all.
#[test]
fn resampling_is_band_limited_interpolation() {
    let coarse = Wavelet::sampled(ricker(6.0).sampled_at(200, 4e-3), 4e-3).unwrap();
    let exact = ricker(6.0).sampled_at(450, 1.7e-3);
    for (n, (got, exact)) in coarse.sampled_at(450, 1.7e-3).iter().zip(&exact).enumerate() {
        assert!((got - exact).abs() < 4e-6, "sample {n}: {got} {exact}");
    }
    let fine = Wavelet::sampled(ricker(6.0).sampled_at(2000, 4e-4), 4e-4).unwrap();
    let exact = ricker(6.0).sampled_at(100, 7e-3);
    for (n, (got, exact)) in fine.sampled_at(100, 7e-3).iter().zip(&exact).enumerate() {
        assert!((got - exact).abs() < 4e-6, "sample {n}: {got} {exact}");
    }
}

#[test]
fn equal_time_steps_copy_the_samples() {
    let wavelet = Wavelet::sampled(vec![0.5, -1.0, 0.25], 2e-3).unwrap();
    assert_eq!(wavelet.sampled_at(5, 2e-3), [0.5, -1.0, 0.25, 0.0, 0.0]);
    assert_eq!(wavelet.sampled_at(2, 2e-3), [0.5, -1.0]);
}

const DT_S: f64 = 2e-3;

fn low_pass(corner_hz: f64) -> LowPass {
    LowPass::new(corner_hz, DT_S).unwrap()
}

fn filtered(corner_hz: f64, trace: &[f64]) -> Vec<f64> {
    let mut trace = trace.to_vec();
    low_pass(corner_hz).apply(&mut trace);
    trace
}

fn norm(v: &[f64]) -> f64 {
    dot(v, v).sqrt()
}

/// The spectrum of the response to a spike against the formula, from zero to above the corner. The
/// slowest pole decays like exp(-2 pi fc sin(pi / 8) t): to 1e-20 within the 4 s of the trace. The
/// recursion keeps roundings of its states, of which a pole at `2 pi fc dt` from 1 makes
/// `1 / (2 pi fc dt)^2`, 150 here, four times.
#[test]
fn the_gain_is_that_of_the_response() {
    let (corner_hz, n) = (5.0, 2000);
    let mut spike = vec![0.0; n];
    spike[0] = 1.0;
    let response = filtered(corner_hz, &spike);
    for hz in [0.0, 1.0, 3.0, 5.0, 8.0, 20.0] {
        let angle = |k: usize| 2.0 * PI * hz * DT_S * k as f64;
        let part = |f: fn(f64) -> f64| -> f64 {
            response.iter().enumerate().map(|(k, r)| r * f(angle(k))).sum()
        };
        let found = part(f64::cos).hypot(part(f64::sin));
        let expected = low_pass(corner_hz).gain(hz);
        assert!((found - expected).abs() <= 600.0 * 4.0 * f64::EPSILON, "{hz}: {found} {expected}");
    }
    assert_eq!([low_pass(5.0).gain(0.0), low_pass(5.0).gain(5.0)], [1.0, 0.5]);
}

#[test]
fn nothing_comes_before_its_cause() {
    let mut trace = noise(400, 3);
    trace[..100].fill(0.0);
    let out = filtered(6.0, &trace);
    assert!(out[..100].iter().all(|v| *v == 0.0) && out[100] != 0.0);
    // Nor does anything look ahead: a trace cut short is the beginning of the whole.
    assert_eq!(filtered(6.0, &trace[..250]), out[..250]);
}

/// A sine with a smooth envelope, far from the corner. What passes is late by the delay: its phase
/// is linear up to `(f / fc)^3` terms, 0.2^3 of some 5 rad. What does not is smaller than
/// `(corner / f)^8` of it; the envelope widens tones by about 1 Hz.
#[test]
fn low_frequencies_pass_late_and_high_ones_do_not() {
    let n = 2000;
    let tone = |hz: f64, late_s: f64| -> Vec<f64> {
        let time = |k: usize| k as f64 * DT_S - 2.0 - late_s;
        (0..n).map(|k| (2.0 * PI * hz * time(k)).cos() * (-(time(k) / 0.6).powi(2)).exp()).collect()
    };
    let delay_s = low_pass(10.0).delay_s();
    assert!((delay_s * 10.0 - 0.83).abs() < 2e-3, "{delay_s}");
    let (kept, late) = (filtered(10.0, &tone(2.0, 0.0)), tone(2.0, delay_s));
    let change: Vec<f64> = kept.iter().zip(&late).map(|(a, b)| a - b).collect();
    assert!(norm(&change) <= 5.0 * 0.2_f64.powi(3) * norm(&late), "{}", norm(&change));
    let (high, gone) = (tone(40.0, 0.0), filtered(10.0, &tone(40.0, 0.0)));
    assert!(norm(&gone) <= 3.8_f64.powi(-8) * norm(&high));
}

/// The purpose of it all: filtered data are the data of the filtered wavelet, although both begin
/// abruptly and end in the middle of an echo. Modelling is a convolution here, of 600 echoes, which
/// rounds 600 times; the recursion as above.
#[test]
fn wavelet_and_data_are_filtered_alike_to_the_ends() {
    let n = 700;
    let earth: Vec<f64> = noise(600, 5).iter().map(|v| v.powi(9)).collect();
    let model = |wavelet: &[f64]| -> Vec<f64> {
        let reach = |k: usize| earth.iter().take(k + 1).enumerate();
        (0..n).map(|k| reach(k).map(|(j, e)| e * wavelet[k - j]).sum()).collect()
    };
    // It begins at its maximum, and the last echo is cut.
    let wavelet = Wavelet::Ricker { peak_hz: 10.0, delay_s: 0.0 }.sampled_at(n, DT_S);
    let before = filtered(8.0, &model(&wavelet));
    let after = model(&filtered(8.0, &wavelet));
    let difference: Vec<f64> = before.iter().zip(&after).map(|(a, b)| a - b).collect();
    let (found, size) = (norm(&difference), norm(&before));
    assert!(found <= 600.0 * 600.0 * f64::EPSILON * size, "{found:e} {size:e}");
    assert!(before[n - 1].abs() > 1e-3 * size, "the end should be in the middle of something");
}

#[test]
fn errors_say_what_is_allowed() {
    let message = |corner_hz, dt_s| LowPass::new(corner_hz, dt_s).unwrap_err().to_string();
    assert!(message(300.0, 2e-3).contains("Nyquist frequency 250 Hz"));
    assert!(message(-1.0, 2e-3).contains("corner frequency (Hz) is -1"));
    assert!(message(5.0, 0.0).contains("time step (s) is 0"));
    assert!(Wavelet::ricker(f64::NAN).is_err());
    assert!(Wavelet::sampled(vec![], 1e-3).is_err());
    let nan = Wavelet::sampled(vec![0.0, f64::NAN], 1e-3).unwrap_err().to_string();
    assert!(nan.contains("2 samples: sample 1"), "{nan}");
}
