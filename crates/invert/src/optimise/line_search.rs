//! The line search as a machine of scalars: it sees values and slopes, never the model.
//!
//! It keeps a point `low` of sufficient decrease (at first the start) and, once found, an end
//! `high` such that a good step lies between them; Nocedal and Wright 2006, algorithms 3.5 and
//! 3.6, doi:10.1007/978-0-387-40065-5.

/// Value and slope at one step length.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Sample {
    pub(super) step: f64,
    pub(super) value: f64,
    pub(super) slope: f64,
}

/// A line search between two evaluations.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct LineSearch {
    pub(super) start: Sample,
    pub(super) low: Sample,
    /// The far end; its value is not finite where the simulation broke down.
    pub(super) high: Option<Sample>,
    /// The step length to evaluate now.
    pub(super) step: f64,
    /// Never go farther.
    pub(super) largest: f64,
    pub(super) trials: usize,
    /// Smallest change of the value over the trials.
    pub(super) smallest_change: f64,
    /// What sufficient decrease demanded of the last trial.
    pub(super) demanded: f64,
}

/// Constants of the conditions.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rules {
    pub(super) c1: f64,
    pub(super) c2: f64,
    pub(super) noise: f64,
    pub(super) max_trials: usize,
}

/// Why a trial was not taken.
#[derive(Clone, Copy, PartialEq, Debug, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rejection {
    /// The misfit or its gradient is NaN or infinite.
    NotFinite,
    /// The misfit is larger than sufficient decrease, or a better trial, allows.
    TooLarge {
        /// The largest misfit allowed.
        allowed: f64,
    },
    /// The misfit fell, but is still falling or rising steeply: a better step is near. The trial
    /// is kept in reserve.
    TooSteep {
        /// Slope along the direction.
        slope: f64,
        /// Its largest magnitude allowed.
        allowed: f64,
    },
}

/// What to do with the trial just evaluated.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Verdict {
    /// Take it.
    Accept,
    /// Take `low`, an earlier trial.
    AcceptLow,
    /// Evaluate at [`LineSearch::step`].
    Again(Rejection),
    /// No trial decreased the value enough.
    Failed(Rejection),
}

impl LineSearch {
    pub(super) fn new(value: f64, slope: f64, largest: f64) -> Self {
        let start = Sample { step: 0.0, value, slope };
        Self {
            start,
            low: start,
            high: None,
            step: largest.min(1.0),
            largest,
            trials: 0,
            smallest_change: f64::INFINITY,
            demanded: 0.0,
        }
    }

    /// Judges the trial at [`Self::step`]. `linear` is `g0'(m - m0)`, what the value would change
    /// by if it were linear. If the trial becomes [`Self::low`], the caller must keep its gradient.
    pub(super) fn judge(&mut self, value: f64, slope: f64, linear: f64, rules: &Rules) -> Verdict {
        let trial = Sample { step: self.step, value, slope };
        self.trials += 1;
        self.demanded = rules.c1 * linear;
        let rejection = if !value.is_finite() || !slope.is_finite() {
            self.high = Some(Sample { value: f64::INFINITY, ..trial });
            Rejection::NotFinite
        } else {
            self.smallest_change = self.smallest_change.min(value - self.start.value);
            let noise = rules.noise * self.start.value.abs();
            let mut allowed = self.start.value + self.demanded + noise;
            if self.low.step > 0.0 {
                allowed = allowed.min(self.low.value);
            }
            let steepest = rules.c2 * self.start.slope.abs();
            if value > allowed {
                self.high = Some(trial);
                Rejection::TooLarge { allowed }
            } else if slope.abs() <= steepest || (slope < 0.0 && trial.step >= self.largest) {
                return Verdict::Accept;
            } else {
                self.move_low(trial);
                Rejection::TooSteep { slope, allowed: steepest }
            }
        };
        let next = self.next_step(trial);
        if self.trials < rules.max_trials && self.is_new(next) {
            self.step = next;
            return Verdict::Again(rejection);
        }
        match self.low.step {
            0.0 => Verdict::Failed(rejection),
            step if step == trial.step => Verdict::Accept,
            _ => Verdict::AcceptLow,
        }
    }

    /// Makes `trial` the new `low`; the better step lies on the side to which it descends.
    fn move_low(&mut self, trial: Sample) {
        let descends_up = trial.slope < 0.0;
        let high_is_up = self.high.is_none_or(|high| high.step > trial.step);
        if descends_up != high_is_up {
            self.high = Some(self.low);
        }
        self.low = trial;
    }

    fn next_step(&self, trial: Sample) -> f64 {
        let Some(high) = self.high else {
            // Still falling at the farthest trial: go on, to where the slope extrapolates to zero.
            let secant = trial.slope * trial.step / (self.start.slope - trial.slope);
            let factor = 1.0 + secant / trial.step;
            let bounded = if factor.is_finite() && factor > 1.0 { factor.min(10.0) } else { 10.0 };
            return (trial.step * bounded.max(2.0)).min(self.largest);
        };
        let width = high.step - self.low.step;
        if !high.value.is_finite() {
            return self.low.step + 0.25 * width;
        }
        let inside = cubic_minimum(self.low, high).unwrap_or(0.5);
        self.low.step + inside.clamp(0.1, 0.9) * width
    }

    /// A step that rounding cannot tell from one already taken would be evaluated twice.
    fn is_new(&self, next: f64) -> bool {
        let least = 4.0 * f64::EPSILON * next.abs();
        let apart = |other: f64| (next - other).abs() > least;
        apart(self.low.step) && self.high.is_none_or(|high| apart(high.step)) && next > 1e-20
    }
}

/// Where the cubic through both samples has its minimum, as a fraction of the way from `a` to
/// `b`; `None` if it has none.
fn cubic_minimum(a: Sample, b: Sample) -> Option<f64> {
    // On the unit interval slopes scale with its length.
    let width = b.step - a.step;
    let (da, db) = (a.slope * width, b.slope * width);
    let d1 = da + db - 3.0 * (b.value - a.value);
    let root = (d1 * d1 - da * db).sqrt();
    let t = 1.0 - (db + root - d1) / (db - da + 2.0 * root);
    (t.is_finite() && t > 0.0 && t < 1.0).then_some(t)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: Rules = Rules { c1: 1e-4, c2: 0.1, noise: 0.0, max_trials: 30 };

    /// Runs a search on `f`, which returns value and slope, and checks the step it takes.
    #[track_caller]
    fn check(f: impl Fn(f64) -> (f64, f64), most_trials: usize) -> f64 {
        let (value, slope) = f(0.0);
        let mut search = LineSearch::new(value, slope, f64::INFINITY);
        let mut seen = Vec::new();
        loop {
            let step = search.step;
            assert!(!seen.contains(&step), "{step} was asked for twice");
            seen.push(step);
            let (v, s) = f(step);
            match search.judge(v, s, slope * step, &RULES) {
                Verdict::Accept => {
                    assert!(v <= value + 1e-4 * slope * step && s.abs() <= 0.1 * slope.abs());
                    assert!(seen.len() <= most_trials, "{seen:?}");
                    return step;
                }
                Verdict::Again(_) => {}
                other => panic!("{other:?} after {seen:?}"),
            }
        }
    }

    #[test]
    fn a_parabola_takes_two_trials() {
        for minimum in [0.31, 3.0, 0.02] {
            let f = |a: f64| ((a - minimum).powi(2), 2.0 * (a - minimum));
            let found = check(f, 4);
            assert!((found - minimum).abs() <= 0.1 * minimum);
        }
    }

    #[test]
    fn a_wall_of_infinities_is_retreated_from() {
        let f = |a: f64| {
            if a > 0.1 { (f64::NAN, f64::NAN) } else { ((a - 0.05).powi(2), 2.0 * (a - 0.05)) }
        };
        check(f, 8);
    }

    #[test]
    fn a_function_of_many_wiggles_ends() {
        let f = |a: f64| {
            let x = a - 2.0;
            (x * x - 0.3 * (9.0 * x).cos(), 2.0 * x + 2.7 * (9.0 * x).sin())
        };
        check(f, 15);
    }

    #[test]
    fn a_rising_function_fails() {
        let mut search = LineSearch::new(1.0, -1.0, f64::INFINITY);
        let rules = Rules { max_trials: 6, ..RULES };
        for _ in 0..5 {
            let (value, linear) = (1.0 + search.step, -search.step);
            assert!(matches!(search.judge(value, 1.0, linear, &rules), Verdict::Again(_)));
        }
        assert!(matches!(search.judge(2.0, 1.0, -1.0, &rules), Verdict::Failed(_)));
    }
}
