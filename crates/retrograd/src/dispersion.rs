//! How fast waves run on a grid: the phase velocity of the discrete scheme.
//!
//! The leapfrog `u+ - 2 u + u- = (c dt)^2 L u` with the centred second derivative of some order along
//! every dimension carries `exp(i (k x - w t))` where
//!
//! ```text
//! sin^2(w dt / 2) = (c dt / 2)^2 sum_d s(k_d h_d) / h_d^2,    s(x) = -(a_0 + 2 sum_m a_m cos(m x))
//! ```
//!
//! with the weights `a` of the derivative. Differences in space slow short waves down, those in time
//! make fast ones faster.

use retrograd_compile::weights::fornberg;

/// A plane wave in a leapfrog scheme.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct GridWave<'a> {
    /// Order of the second derivatives in space, even.
    pub space_order: usize,
    /// Grid spacings, in metres.
    pub spacing_m: &'a [f64],
    /// Velocity times time step, in metres; 0 for exact derivatives in time.
    pub way_per_step_m: f64,
    /// Wave length, in metres.
    pub wavelength_m: f64,
}

impl GridWave<'_> {
    /// Relative errors of the phase velocity, the smallest and the largest over waves along the
    /// axes and along all diagonals between them: where a wave runs too slow it is negative.
    ///
    /// Nothing if a direction is unstable, if there are fewer than two points per wavelength along an
    /// axis, or if a number is not above zero.
    pub fn phase_velocity_errors(&self) -> Option<[f64; 2]> {
        let valid = |x: &f64| x.is_finite() && *x > 0.0;
        let coarsest = self.spacing_m.iter().copied().fold(0.0, f64::max);
        let numbers = self.spacing_m.iter().chain([&self.wavelength_m]);
        if !numbers.into_iter().all(valid)
            || self.wavelength_m < 2.0 * coarsest
            || !(self.way_per_step_m.is_finite() && self.way_per_step_m >= 0.0)
        {
            return None;
        }
        let weights = half_weights(self.space_order);
        let mut errors: Option<[f64; 2]> = None;
        for axes in 1..1usize << self.spacing_m.len().min(8) {
            let error = self.error_along(axes, &weights)?;
            let [low, high] = errors.unwrap_or([error; 2]);
            errors = Some([low.min(error), high.max(error)]);
        }
        errors
    }

    /// Along the diagonal of a set of axes.
    fn error_along(&self, axes: usize, weights: &[f64]) -> Option<f64> {
        let k = 2.0 * std::f64::consts::PI / self.wavelength_m;
        let along = k / f64::from(axes.count_ones()).sqrt();
        let of_axis = |(axis, h): (usize, &f64)| {
            if axes >> axis & 1 == 1 { symbol(weights, along * h) / (h * h) } else { 0.0 }
        };
        // The square of the wave number that the grid sees.
        let seen: f64 = self.spacing_m.iter().enumerate().map(of_axis).sum();
        let half_step = 0.5 * self.way_per_step_m;
        let sine = half_step * seen.sqrt();
        if sine > 1.0 {
            return None;
        }
        let per_metre = if half_step > 0.0 { sine.asin() / half_step } else { seen.sqrt() };
        Some(per_metre / k - 1.0)
    }
}

/// Weights of the second derivative on a grid of spacing 1: at the point, and at each of the pairs
/// around it.
fn half_weights(space_order: usize) -> Vec<f64> {
    let radius = (space_order / 2).clamp(1, 64) as i32;
    let nodes: Vec<f64> = (-radius..=radius).map(f64::from).collect();
    fornberg(2, &nodes, 0.0).split_off(radius as usize)
}

/// `-(a_0 + 2 sum_m a_m cos(m x))`, as a sum that keeps its digits for small `x`: weights add up to
/// zero, so that it is `4 sum_m a_m sin^2(m x / 2)`.
fn symbol(weights: &[f64], x: f64) -> f64 {
    let pairs = weights.iter().enumerate().skip(1);
    4.0 * pairs.map(|(m, a)| a * (0.5 * m as f64 * x).sin().powi(2)).sum::<f64>()
}

/// Points per wavelength from which on the phase velocity along an axis is wrong by `error` at most
/// (a part, such as 1e-3), with exact derivatives in time.
///
/// Infinite for errors that are not above zero; never below 2.
pub fn points_per_wavelength(space_order: usize, error: f64) -> f64 {
    let off = |points: f64| {
        let wave =
            GridWave { space_order, spacing_m: &[1.0], way_per_step_m: 0.0, wavelength_m: points };
        wave.phase_velocity_errors().map_or(f64::INFINITY, |[low, _]| low.abs())
    };
    if error.is_nan() || error <= 0.0 {
        return f64::INFINITY;
    }
    let (mut few, mut many) = (2.0, 4.0);
    if off(few) <= error {
        return few;
    }
    while off(many) > error && many < 1e9 {
        many *= 2.0;
    }
    // To all digits that there are.
    for _ in 0..64 {
        let middle = 0.5 * (few + many);
        if off(middle) > error {
            few = middle;
        } else {
            many = middle;
        }
    }
    many
}

#[cfg(test)]
mod tests {
    use super::*;

    fn errors(order: usize, spacing_m: &[f64], way_per_step_m: f64, points: f64) -> [f64; 2] {
        let wavelength_m = points * spacing_m[0];
        let wave = GridWave { space_order: order, spacing_m, way_per_step_m, wavelength_m };
        wave.phase_velocity_errors().expect("it is stable")
    }

    /// `w = 2 / dt asin(c dt / h sin(k h / 2))` of order 2, and no error at all where `c dt = h`.
    #[test]
    fn order_2_in_one_dimension_is_the_textbook_formula() {
        for (courant, points) in [(0.5f64, 10.0), (0.9, 4.0), (1.0, 5.0)] {
            let x = 2.0 * std::f64::consts::PI / points;
            let expected = 2.0 * (courant * (0.5 * x).sin()).asin() / (courant * x) - 1.0;
            let [low, high] = errors(2, &[10.0], 10.0 * courant, points);
            assert!((low - expected).abs() < 1e-14, "{low} {expected}");
            assert_eq!(low, high);
            assert_eq!(courant == 1.0, expected.abs() < 1e-14, "{expected}");
        }
    }

    /// Leading terms: `-x^4 / 180` of order 4 along an axis, a quarter of it along the diagonal of
    /// two, where `x` is shorter by the root of two, and `(C x)^2 / 24` of the leapfrog. What is left
    /// out is smaller by `x^2 / 5` or more.
    #[test]
    fn errors_are_those_of_the_leading_terms() {
        let points = 40.0;
        let x = 2.0 * std::f64::consts::PI / points;
        let [low, high] = errors(4, &[10.0, 10.0], 0.0, points);
        let axis = -x.powi(4) / 180.0;
        assert!((low / axis - 1.0).abs() < x * x / 5.0, "{low} {axis}");
        assert!((high / axis - 0.25).abs() < x * x / 5.0, "{high} {axis}");
        let [_, late] = errors(16, &[10.0, 10.0], 5.0, points);
        let leapfrog = (0.5 * x).powi(2) / 24.0;
        assert!((late / leapfrog - 1.0).abs() < x * x / 5.0, "{late} {leapfrog}");
    }

    /// With the leading terms `x^2 / 24`, `x^4 / 180` and `x^8 / 6300` of the orders 2, 4 and 8, what is
    /// left out being smaller by `x^2 / 5`, of which the root of the order is taken.
    #[test]
    fn points_are_as_many_as_the_error_asks_for() {
        for (order, rough) in [(2, 40.6), (4, 9.6), (8, 5.0)] {
            let points = points_per_wavelength(order, 1e-3);
            assert!((points / rough - 1.0).abs() < 0.05, "{order}: {points}");
            let [off, _] = errors(order, &[1.0], 0.0, points);
            assert!((off + 1e-3).abs() < 1e-12, "{order}: {off}");
        }
        assert_eq!(points_per_wavelength(8, 0.0), f64::INFINITY);
        assert_eq!(points_per_wavelength(8, f64::NAN), f64::INFINITY);
        assert_eq!(points_per_wavelength(8, 0.9), 2.0);
    }

    #[test]
    fn what_is_no_wave_on_the_grid_has_no_velocity() {
        let wave = GridWave {
            space_order: 4,
            spacing_m: &[10.0; 2],
            way_per_step_m: 5.0,
            wavelength_m: 50.0,
        };
        assert!(wave.phase_velocity_errors().is_some());
        for wrong in [
            GridWave { wavelength_m: 19.0, ..wave },
            GridWave { wavelength_m: f64::NAN, ..wave },
            GridWave { way_per_step_m: 40.0, ..wave },
            GridWave { way_per_step_m: -1.0, ..wave },
            GridWave { spacing_m: &[10.0, 0.0], ..wave },
            GridWave { spacing_m: &[], ..wave },
        ] {
            assert_eq!(wrong.phase_velocity_errors(), None, "{wrong:?}");
        }
    }
}
