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

#[test]
fn gains_are_half_at_the_corners() {
    let band = Band::BandPass { low_hz: 1.0, high_hz: 8.0 };
    assert_eq!(Band::LowPass { corner_hz: 3.0 }.gain(4, 3.0), 0.5);
    assert_eq!(band.gain(4, 0.0), 0.0);
    // The other corner is a factor of 8 away: it changes the gain by 8^-8.
    for corner_hz in [1.0, 8.0] {
        assert!((band.gain(4, corner_hz) - 0.5).abs() <= 0.5 * 8.0_f64.powi(-8));
    }
    assert_eq!(Band::All.gain(4, 50.0), 1.0);
}

/// A sine with a smooth envelope, far from either corner: what passes is what came in, up to
/// `(f/corner)^2n` = 2e-6; what does not is smaller than `(corner/f)^2n` of it.
#[test]
fn a_low_pass_keeps_low_and_removes_high_frequencies() {
    let (n, dt_s) = (2000, 2e-3);
    let tone = |hz: f64| -> Vec<f64> {
        let time = |k: usize| k as f64 * dt_s - 2.0;
        (0..n).map(|k| (2.0 * PI * hz * time(k)).cos() * (-(time(k) / 0.6).powi(2)).exp()).collect()
    };
    let filter = ZeroPhase::new(Band::LowPass { corner_hz: 10.0 }, 4, n, dt_s).unwrap();
    let (low, high) = (tone(2.0), tone(40.0));
    let (mut kept, mut gone) = (low.clone(), high.clone());
    filter.apply(&mut kept);
    filter.apply(&mut gone);
    let change: Vec<f64> = kept.iter().zip(&low).map(|(a, b)| a - b).collect();
    // The envelope widens the tones by about 1 Hz: bounds at 3 and 38 Hz.
    assert!(dot(&change, &change).sqrt() <= 0.3_f64.powi(8) * dot(&low, &low).sqrt());
    assert!(dot(&gone, &gone).sqrt() <= 3.8_f64.powi(-8) * dot(&high, &high).sqrt());
}

/// Transform and inverse cost `2 log2(n)` roundings each, all gains are at most 1.
#[test]
fn filtering_is_its_own_transpose() {
    let n = 700;
    for band in [Band::LowPass { corner_hz: 4.0 }, Band::BandPass { low_hz: 2.0, high_hz: 9.0 }] {
        let filter = ZeroPhase::new(band, 4, n, 4e-3).unwrap();
        let (x, y) = (noise(n, 1), noise(n, 2));
        let (mut fx, mut fy) = (x.clone(), y.clone());
        filter.apply(&mut fx);
        filter.apply(&mut fy);
        let magnitude = dot(&x, &x).sqrt() * dot(&y, &y).sqrt();
        let error = (dot(&fx, &y) - dot(&x, &fy)).abs();
        assert!(error <= 4.0 * 13.0 * f64::EPSILON * magnitude, "{error:e}");
    }
}

/// The purpose of it all: filtered data are the data of the filtered wavelet, when neither is
/// cut off at the start. Modelling is a convolution here.
#[test]
fn wavelet_and_data_are_filtered_alike() {
    let (n, dt_s) = (2000, 2e-3);
    let earth: Vec<f64> = noise(n, 5).iter().map(|v| v.powi(9)).take(600).collect();
    let model = |wavelet: &[f64]| -> Vec<f64> {
        let reach = |k: usize| earth.iter().take(k + 1).enumerate();
        (0..n).map(|k| reach(k).map(|(j, e)| e * wavelet[k - j]).sum()).collect()
    };
    let filter = ZeroPhase::new(Band::LowPass { corner_hz: 8.0 }, 4, n, dt_s).unwrap();
    let wavelet = Wavelet::Ricker { peak_hz: 10.0, delay_s: 1.2 }.sampled_at(n, dt_s);
    let lost = filter.share_before_start(&wavelet);
    let (mut data, mut filtered) = (model(&wavelet), wavelet);
    filter.apply(&mut data);
    filter.apply(&mut filtered);
    let again = model(&filtered);
    let difference: Vec<f64> = data.iter().zip(&again).map(|(a, b)| a - b).collect();
    let relative = (dot(&difference, &difference) / dot(&data, &data)).sqrt();
    // Amplitude lost is the root of the energy lost; the earth here adds up to 600 echoes.
    assert!(relative < lost.sqrt() * 600.0 + 1e-12, "{relative:e} {lost:e}");
    assert!(relative < 1e-8, "{relative:e}");
}

#[test]
fn a_wavelet_without_delay_loses_its_beginning() {
    let filter = ZeroPhase::new(Band::LowPass { corner_hz: 3.0 }, 4, 1000, 2e-3).unwrap();
    let share = |delay_s| {
        let wavelet = Wavelet::Ricker { peak_hz: 8.0, delay_s };
        filter.share_before_start(&wavelet.sampled_at(1000, 2e-3))
    };
    assert!(share(0.15) > 1e-2, "{}", share(0.15));
    assert!(share(1.0) < 1e-4, "{}", share(1.0));
}

#[test]
fn errors_say_what_is_allowed() {
    let message = |band| ZeroPhase::new(band, 4, 1000, 2e-3).unwrap_err().to_string();
    assert!(message(Band::LowPass { corner_hz: 300.0 }).contains("Nyquist frequency 250 Hz"));
    assert!(message(Band::LowPass { corner_hz: -1.0 }).contains("corner frequency (Hz) is -1"));
    assert!(message(Band::BandPass { low_hz: 5.0, high_hz: 2.0 }).contains("from 5 Hz to 2 Hz"));
    assert!(message(Band::BandPass { low_hz: 1e-3, high_hz: 2.0 }).contains("0.025 Hz"));
    assert!(Wavelet::ricker(f64::NAN).is_err());
    assert!(Wavelet::sampled(vec![], 1e-3).is_err());
    let nan = Wavelet::sampled(vec![0.0, f64::NAN], 1e-3).unwrap_err().to_string();
    assert!(nan.contains("2 samples: sample 1"), "{nan}");
}
