//! A nonlinear model with a hand-written adjoint, the subject of every executor test.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use retrograd_checkpoint::{Data, Model};

pub(crate) const POINTS: usize = 5;
pub(crate) const DT: f64 = 0.05;
const INITIAL: [f64; POINTS] = [0.3, -1.2, 0.7, 2.1, -0.4];

/// `x_i' = x_i + dt p_i sin(x_(i-1)) x_(i+1)` on a ring: every state is needed by its adjoint,
/// and the sums of the gradient with respect to `p` are sensitive to order.
pub(crate) struct Ring {
    pub(crate) x: Arc<[f64; POINTS]>,
    pub(crate) p: [f64; POINTS],
    /// Steps and the states that their adjoints read.
    pub(crate) recorded: Vec<(u64, Arc<[f64; POINTS]>)>,
    pub(crate) x_bar: [f64; POINTS],
    pub(crate) p_bar: [f64; POINTS],
    /// Step before which `advance` or `record` fails.
    pub(crate) fails_at: Option<u64>,
    /// Whether `x_0` can be had again.
    pub(crate) restarts: bool,
    /// Told of every call that takes time, and of how many steps, before it is done.
    pub(crate) pace: Option<Pace>,
    pub(crate) calls: Calls,
}

pub(crate) type Pace = Box<dyn FnMut(Pass, u64) + Send>;

/// A call that takes time.
#[derive(Clone, Copy)]
pub(crate) enum Pass {
    Advance,
    Record,
    Reverse,
}

#[derive(Default)]
pub(crate) struct Calls {
    pub(crate) steps: u64,
    pub(crate) saves: u64,
    pub(crate) restores: u64,
    pub(crate) takes: u64,
}

#[derive(Debug, PartialEq)]
pub(crate) struct Diverged(pub(crate) u64);

impl fmt::Display for Diverged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "diverged at step {}", self.0)
    }
}

impl std::error::Error for Diverged {}

impl Ring {
    pub(crate) fn new() -> Self {
        Self {
            x: Arc::new(INITIAL),
            p: [1.0, 0.5, -0.8, 1.3, 0.9],
            recorded: Vec::new(),
            x_bar: [1.0, -2.0, 0.5, 0.25, 3.0],
            p_bar: [0.0; POINTS],
            fails_at: None,
            restarts: false,
            pace: None,
            calls: Calls::default(),
        }
    }

    fn pace(&mut self, pass: Pass, steps: &Range<u64>) {
        if let Some(pace) = &mut self.pace {
            pace(pass, steps.end - steps.start);
        }
    }

    fn step(&mut self, step: u64) -> Result<(), Diverged> {
        if self.fails_at == Some(step) {
            return Err(Diverged(step));
        }
        self.calls.steps += 1;
        let (x, p) = (&self.x, &self.p);
        let next = std::array::from_fn(|i| {
            let (left, right) = ((i + POINTS - 1) % POINTS, (i + 1) % POINTS);
            x[i] + DT * p[i] * x[left].sin() * x[right]
        });
        self.x = Arc::new(next);
        Ok(())
    }

    fn reverse_step(&mut self) {
        let (_, x) = self.recorded.pop().expect("the step should be recorded");
        let mut bar = self.x_bar;
        for i in 0..POINTS {
            let (left, right) = ((i + POINTS - 1) % POINTS, (i + 1) % POINTS);
            let scaled = DT * self.x_bar[i];
            bar[left] += scaled * self.p[i] * x[left].cos() * x[right];
            bar[right] += scaled * self.p[i] * x[left].sin();
            self.p_bar[i] += scaled * x[left].sin() * x[right];
        }
        self.x_bar = bar;
        // The adjoint may overwrite the forward state: prove that nobody misses it.
        self.x = Arc::new([f64::NAN; POINTS]);
    }

    fn put(&mut self, kind: Data, step: u64, data: Arc<[f64; POINTS]>) {
        match kind {
            Data::Restart => self.x = data,
            Data::Adjoint => self.recorded = vec![(step, data)],
        }
    }

    pub(crate) fn gradient_bits(&self) -> Vec<u64> {
        self.x_bar.iter().chain(&self.p_bar).map(|value| value.to_bits()).collect()
    }
}

impl Model for Ring {
    type Snapshot = Arc<[f64; POINTS]>;
    type Error = Diverged;

    fn advance(&mut self, mut steps: Range<u64>) -> Result<(), Diverged> {
        self.pace(Pass::Advance, &steps);
        steps.try_for_each(|step| self.step(step))
    }

    fn record(&mut self, mut steps: Range<u64>) -> Result<(), Diverged> {
        self.pace(Pass::Record, &steps);
        self.recorded.clear();
        steps.try_for_each(|step| {
            self.recorded.push((step, Arc::clone(&self.x)));
            self.step(step)
        })
    }

    fn reverse(&mut self, steps: Range<u64>) -> Result<(), Diverged> {
        self.pace(Pass::Reverse, &steps);
        for step in steps.rev() {
            let recorded = self.recorded.last().map(|(step, _)| *step);
            assert_eq!(recorded, Some(step), "the right step should be recorded");
            self.reverse_step();
        }
        Ok(())
    }

    fn save(&mut self, kind: Data, step: u64) -> Result<Self::Snapshot, Diverged> {
        self.calls.saves += 1;
        Ok(match kind {
            Data::Restart => Arc::clone(&self.x),
            Data::Adjoint => {
                let found = self.recorded.iter().find(|(recorded, _)| *recorded == step);
                Arc::clone(&found.expect("the step should be recorded").1)
            }
        })
    }

    fn restore(&mut self, kind: Data, step: u64, from: &Self::Snapshot) -> Result<(), Diverged> {
        self.calls.restores += 1;
        self.put(kind, step, Arc::clone(from));
        Ok(())
    }

    fn take(&mut self, kind: Data, step: u64, from: Self::Snapshot) -> Result<(), Diverged> {
        self.calls.takes += 1;
        self.put(kind, step, from);
        Ok(())
    }

    fn stores_adjoint(&self) -> bool {
        true
    }

    fn restart(&mut self) -> Option<Result<(), Diverged>> {
        self.restarts.then(|| {
            self.x = Arc::new(INITIAL);
            Ok(())
        })
    }
}

/// The oracle: no schedule, no executor.
pub(crate) fn gradient_by_hand(n: u64) -> Vec<u64> {
    let mut model = Ring::new();
    model.record(0..n).expect("should not fail");
    model.reverse(0..n).expect("should not fail");
    model.gradient_bits()
}
