//! Loops in loops, and schemes of several time levels.

use std::convert::Infallible;
use std::ops::Range;
use std::sync::Arc;

use proptest::prelude::*;
use retrograd_checkpoint::{Data, Executor, Mixed, Model, Revolve, StoreAll};

/// A number and its derivative.
#[derive(Clone, Copy)]
struct Dual {
    value: f64,
    slope: f64,
}

/// Newton's step for `y^2 = 2 + x`: `y' = (y + (2 + x) / y) / 2`.
fn inner_step(y: f64, x: f64) -> f64 {
    0.5 * (y + (2.0 + x) / y)
}

/// `(dy'/dy, dy'/dx)`.
fn inner_slopes(y: f64, x: f64) -> (f64, f64) {
    (0.5 * (1.0 - (2.0 + x) / (y * y)), 0.5 / y)
}

/// An inner loop of steps, from `y_0 = 1`, for a given `x`.
struct Inner {
    x: f64,
    y: f64,
    recorded: f64,
    y_bar: f64,
    x_bar: f64,
    steps: u64,
}

impl Model for Inner {
    type Snapshot = f64;
    type Error = Infallible;

    fn advance(&mut self, steps: Range<u64>) -> Result<(), Infallible> {
        for _ in steps {
            self.y = inner_step(self.y, self.x);
            self.steps += 1;
        }
        Ok(())
    }
    fn record(&mut self, steps: Range<u64>) -> Result<(), Infallible> {
        assert_eq!(steps.end - steps.start, 1, "Revolve records one step at a time");
        self.recorded = self.y;
        self.advance(steps)
    }
    fn reverse(&mut self, _: Range<u64>) -> Result<(), Infallible> {
        let (by_y, by_x) = inner_slopes(self.recorded, self.x);
        self.x_bar += self.y_bar * by_x;
        self.y_bar *= by_y;
        Ok(())
    }
    fn save(&mut self, _: Data, _: u64) -> Result<f64, Infallible> {
        Ok(self.y)
    }
    fn restore(&mut self, _: Data, _: u64, from: &f64) -> Result<(), Infallible> {
        self.y = *from;
        Ok(())
    }
    fn take(&mut self, _: Data, _: u64, from: f64) -> Result<(), Infallible> {
        self.y = from;
        Ok(())
    }
}

/// `x' = x + dt (y_m(x) - x)`, where `y_m` is the end of the inner loop, which the reversal of a step
/// runs in its own executor. No inner state is kept between two outer steps.
struct Outer {
    x: f64,
    recorded: f64,
    bar: f64,
    inner: Inner,
    executor: Executor<f64>,
    schedule: Revolve,
    length: u64,
}

const DT: f64 = 0.1;

impl Outer {
    fn new(length: u64, slots: u64) -> Self {
        let schedule = Revolve::new(length, slots).unwrap();
        let inner = Inner { x: 0.0, y: 1.0, recorded: 0.0, y_bar: 0.0, x_bar: 0.0, steps: 0 };
        let executor = Executor::new(schedule.slots()).unwrap();
        Self { x: 0.3, recorded: 0.0, bar: 1.0, inner, executor, schedule, length }
    }
}

impl Model for Outer {
    type Snapshot = f64;
    type Error = Infallible;

    fn advance(&mut self, steps: Range<u64>) -> Result<(), Infallible> {
        for _ in steps {
            (self.inner.x, self.inner.y) = (self.x, 1.0);
            self.inner.advance(0..self.length)?;
            self.x += DT * (self.inner.y - self.x);
        }
        Ok(())
    }
    fn record(&mut self, steps: Range<u64>) -> Result<(), Infallible> {
        assert_eq!(steps.end - steps.start, 1, "one step at a time");
        self.recorded = self.x;
        self.advance(steps)
    }
    fn reverse(&mut self, _: Range<u64>) -> Result<(), Infallible> {
        let inner = &mut self.inner;
        (inner.x, inner.y, inner.x_bar, inner.y_bar) = (self.recorded, 1.0, 0.0, DT * self.bar);
        self.executor.run(inner, self.schedule.clone()).expect("the inner loop cannot fail");
        self.bar = (1.0 - DT) * self.bar + inner.x_bar;
        self.x = f64::NAN; // nobody misses it
        Ok(())
    }
    fn save(&mut self, _: Data, _: u64) -> Result<f64, Infallible> {
        Ok(self.x)
    }
    fn restore(&mut self, _: Data, _: u64, from: &f64) -> Result<(), Infallible> {
        self.x = *from;
        Ok(())
    }
    fn take(&mut self, _: Data, _: u64, from: f64) -> Result<(), Infallible> {
        self.x = from;
        Ok(())
    }
}

/// The derivative forward in time.
fn by_dual_numbers(steps: u64, length: u64) -> f64 {
    let mut x = Dual { value: 0.3, slope: 1.0 };
    for _ in 0..steps {
        let mut y = Dual { value: 1.0, slope: 0.0 };
        for _ in 0..length {
            let (by_y, by_x) = inner_slopes(y.value, x.value);
            let slope = by_y * y.slope + by_x * x.slope;
            y = Dual { value: inner_step(y.value, x.value), slope };
        }
        x.value += DT * (y.value - x.value);
        x.slope += DT * (y.slope - x.slope);
    }
    x.slope
}

proptest! {
    /// Outer and inner schedules of any size: the same bits, and the derivative of the dual
    /// numbers, up to rounding.
    ///
    /// Both sum the same products of slopes, which are the same to the bit. Beyond the first inner
    /// step `y^2 >= 2 + x`, so that `dy'/dy` is between 0 and 1/2; that of the first step meets
    /// nothing but the constant `y_0`. With `dy'/dx <= 1/2`, an inner loop has a slope `S` below
    /// `1/2 + 1/4 + ... = 1`, and an outer step `1 - dt + dt S < 1`: no sum exceeds 1, nothing
    /// cancels, and no rounding error grows. Each way there are at most `2 m + 4` roundings in a
    /// row per outer step, of `eps / 2` each: the difference is below `(2 m + 4) n eps`.
    #[test]
    fn loops_nest(steps in 1_u64..25, length in 1_u64..12, c in 1_u64..6, inner_c in 1_u64..6) {
        let mut outer = Outer::new(length, inner_c);
        let schedule = Revolve::new(steps, c).unwrap();
        let costs = (schedule.costs(), outer.schedule.costs());
        Executor::new(c).unwrap().run(&mut outer, schedule).unwrap();
        let mut plain = Outer::new(length, length);
        Executor::new(steps).unwrap().run(&mut plain, Revolve::new(steps, steps).unwrap()).unwrap();
        prop_assert_eq!(outer.bar.to_bits(), plain.bar.to_bits());
        let bound = (2 * length + 4) as f64 * steps as f64 * f64::EPSILON;
        let expected = by_dual_numbers(steps, length);
        prop_assert!((outer.bar - expected).abs() <= bound, "{} {expected}", outer.bar);
        // Every outer step costs an inner sweep forward, every reversal an inner schedule.
        let forward = costs.0.total_forward * u128::from(length);
        let reversals = u128::from(steps) * costs.1.total_forward;
        prop_assert_eq!(u128::from(outer.inner.steps), forward + reversals);
    }
}

const POINTS: usize = 12;
const COURANT: f64 = 0.6;

/// Two time levels, which are one snapshot: neither is of use without the other.
#[derive(Clone, PartialEq)]
struct Levels {
    before: [f64; POINTS],
    now: [f64; POINTS],
}

/// `u_(t+1) = 2 u_t - u_(t-1) + C^2 D u_t - u_t^3 / 100` with the second difference `D`: leapfrog on
/// a ring.
struct Leapfrog {
    state: Arc<Levels>,
    recorded: Vec<Arc<Levels>>,
    /// Adjoints of the two levels.
    bar: Levels,
}

impl Leapfrog {
    fn new() -> Self {
        let bump = |i: usize, shift: f64| (-(i as f64 - 5.0 - shift).powi(2)).exp();
        let state = Levels {
            before: std::array::from_fn(|i| bump(i, 0.0)),
            now: std::array::from_fn(|i| bump(i, COURANT)),
        };
        let bar =
            Levels { before: [0.0; POINTS], now: std::array::from_fn(|i| 1.0 - i as f64 / 4.0) };
        Self { state: Arc::new(state), recorded: Vec::new(), bar }
    }

    fn next(&self) -> Levels {
        let Levels { before, now } = &*self.state;
        let next = std::array::from_fn(|i| {
            let (left, right) = (now[(i + POINTS - 1) % POINTS], now[(i + 1) % POINTS]);
            let spread = COURANT * COURANT * (left - 2.0 * now[i] + right);
            2.0 * now[i] - before[i] + spread - 0.01 * now[i].powi(3)
        });
        Levels { before: *now, now: next }
    }

    fn bits(&self) -> Vec<u64> {
        self.bar.before.iter().chain(&self.bar.now).map(|value| value.to_bits()).collect()
    }
}

impl Model for Leapfrog {
    type Snapshot = Arc<Levels>;
    type Error = Infallible;

    fn advance(&mut self, steps: Range<u64>) -> Result<(), Infallible> {
        steps.for_each(|_| self.state = Arc::new(self.next()));
        Ok(())
    }
    fn record(&mut self, steps: Range<u64>) -> Result<(), Infallible> {
        self.recorded.clear();
        for step in steps {
            self.recorded.push(Arc::clone(&self.state));
            self.advance(step..step + 1)?;
        }
        Ok(())
    }
    fn reverse(&mut self, steps: Range<u64>) -> Result<(), Infallible> {
        for _ in steps {
            let Levels { now, .. } = &*self.recorded.pop().expect("should be recorded");
            let (of_now, of_next) = (self.bar.before, self.bar.now);
            let spread = COURANT * COURANT;
            let through = |i: usize| {
                let (left, right) = ((i + POINTS - 1) % POINTS, (i + 1) % POINTS);
                let slope = 2.0 - 2.0 * spread - 0.03 * now[i] * now[i];
                of_now[i] + slope * of_next[i] + spread * (of_next[left] + of_next[right])
            };
            self.bar =
                Levels { before: of_next.map(|bar| -bar), now: std::array::from_fn(through) };
        }
        Ok(())
    }
    fn save(&mut self, kind: Data, _: u64) -> Result<Arc<Levels>, Infallible> {
        Ok(match kind {
            Data::Restart => Arc::clone(&self.state),
            Data::Adjoint => Arc::clone(self.recorded.last().expect("should be recorded")),
        })
    }
    fn restore(&mut self, kind: Data, step: u64, from: &Arc<Levels>) -> Result<(), Infallible> {
        self.take(kind, step, Arc::clone(from))
    }
    fn take(&mut self, kind: Data, _: u64, from: Arc<Levels>) -> Result<(), Infallible> {
        match kind {
            Data::Restart => self.state = from,
            Data::Adjoint => self.recorded = vec![from],
        }
        Ok(())
    }
    fn stores_adjoint(&self) -> bool {
        true
    }
}

proptest! {
    /// Two levels in one snapshot, whatever the schedule: the same bits.
    #[test]
    fn levels_travel_together(n in 1_u64..60, c in 1_u64..9) {
        let mut plain = Leapfrog::new();
        Executor::new(0).unwrap().run(&mut plain, StoreAll::new(n)).unwrap();
        let mut by_revolve = Leapfrog::new();
        Executor::new(c).unwrap().run(&mut by_revolve, Revolve::new(n, c).unwrap()).unwrap();
        prop_assert_eq!(by_revolve.bits(), plain.bits());
        let mut by_mixed = Leapfrog::new();
        let mixed = Mixed::new(n, c, 1, 1).unwrap();
        Executor::new(c).unwrap().run(&mut by_mixed, mixed).unwrap();
        prop_assert_eq!(by_mixed.bits(), plain.bits());
    }
}

/// The gradient with respect to both levels is one: a central difference agrees.
///
/// With `h = 1e-5` and third derivatives below 100, as the cubic term is small, the truncation error
/// is below `h^2 / 6 * 100 < 2e-9`; a sum of 12 products of numbers below 50 over 20 steps is
/// rounded by less than `12 * 50 * 20 eps < 3e-12`, the difference quotient by less than
/// `2 * 3e-12 / 2e-5 = 3e-7`.
#[test]
fn the_leapfrog_of_these_tests_has_the_right_adjoint() {
    let n = 20;
    let mut model = Leapfrog::new();
    let weights = model.bar.clone();
    Executor::new(3).unwrap().run(&mut model, Revolve::new(n, 3).unwrap()).unwrap();
    let misfit = |before: bool, i: usize, h: f64| {
        let mut moved = Leapfrog::new();
        let state = Arc::make_mut(&mut moved.state);
        if before {
            state.before[i] += h;
        } else {
            state.now[i] += h;
        }
        moved.advance(0..n).unwrap();
        moved.state.now.iter().zip(weights.now).map(|(u, w)| u * w).sum::<f64>()
    };
    for i in 0..POINTS {
        for (before, bar) in [(true, model.bar.before[i]), (false, model.bar.now[i])] {
            let difference = (misfit(before, i, 1e-5) - misfit(before, i, -1e-5)) / 2e-5;
            assert!((difference - bar).abs() < 3.1e-7, "{difference} {bar}");
        }
    }
}
