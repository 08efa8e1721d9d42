//! Runs whose model says, state by state, whether the end is reached.

use std::ops::Range;

use super::{ExecuteError, Executor, Progress};
use crate::schedule::{Arrival, End, OpenSchedule};
use crate::{Data, Model};

impl<S: Send + 'static> Executor<S> {
    /// Runs a schedule of unknown length. `arrival` is shown the model at each state of the
    /// forward sweep, `x_0` first, with the number of steps run, until it says that the end is
    /// reached; it is not asked again when steps are run again.
    ///
    /// ```
    /// use std::convert::Infallible;
    /// use std::ops::Range;
    /// use retrograd_checkpoint::schedule::{Arrival, OpenSchedule};
    /// use retrograd_checkpoint::{Data, Executor, Model, Online};
    ///
    /// /// Heron's iteration for the square root of `a`; its adjoint sums `d x_n / d a`.
    /// struct Heron { a: f64, x: f64, recorded: f64, x_bar: f64, a_bar: f64 }
    ///
    /// impl Model for Heron {
    ///     type Snapshot = f64;
    ///     type Error = Infallible;
    ///     fn advance(&mut self, steps: Range<u64>) -> Result<(), Infallible> {
    ///         steps.for_each(|_| self.x = 0.5 * (self.x + self.a / self.x));
    ///         Ok(())
    ///     }
    ///     fn record(&mut self, steps: Range<u64>) -> Result<(), Infallible> {
    ///         self.recorded = self.x;
    ///         self.advance(steps)
    ///     }
    ///     fn reverse(&mut self, _: Range<u64>) -> Result<(), Infallible> {
    ///         let x = self.recorded;
    ///         self.a_bar += 0.5 * self.x_bar / x;
    ///         self.x_bar *= 0.5 * (1.0 - self.a / (x * x));
    ///         Ok(())
    ///     }
    ///     fn save(&mut self, _: Data, _: u64) -> Result<f64, Infallible> { Ok(self.x) }
    ///     fn restore(&mut self, _: Data, _: u64, x: &f64) -> Result<(), Infallible> {
    ///         Ok(self.x = *x)
    ///     }
    ///     fn take(&mut self, _: Data, _: u64, x: f64) -> Result<(), Infallible> { Ok(self.x = x) }
    /// }
    ///
    /// let mut model = Heron { a: 2.0, x: 1.0, recorded: 0.0, x_bar: 1.0, a_bar: 0.0 };
    /// let converged = |model: &Heron, _| {
    ///     let done = (model.x * model.x - model.a).abs() < 1e-12;
    ///     if done { Arrival::End } else { Arrival::More }
    /// };
    /// let schedule = OpenSchedule::from(Online::new(3)?);
    /// let done = Executor::new(3)?.run_open(&mut model, schedule, converged)?;
    /// assert_eq!(done.reversed, 5);
    /// assert!((model.a_bar - 0.5 / 2.0_f64.sqrt()).abs() < 1e-6); // d sqrt(a) / d a
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As for [`Executor::run`]; [`ExecuteError::Invalid`] with the slots or bytes of a tier if
    /// the run is longer than a schedule has room for that keeps every step.
    pub fn run_open<M>(
        &mut self,
        model: &mut M,
        schedule: OpenSchedule,
        arrival: impl FnMut(&M, u64) -> Arrival,
    ) -> Result<Progress, ExecuteError<M::Error>>
    where
        M: Model<Snapshot = S>,
    {
        let end = End::default();
        let actions = schedule.until(&end);
        let mut asked = Asked { model, end, arrival };
        asked.ask(0);
        self.run(&mut asked, actions)
    }
}

/// A model that is asked at each new state.
struct Asked<'a, M, F> {
    model: &'a mut M,
    end: End,
    arrival: F,
}

impl<M, F: FnMut(&M, u64) -> Arrival> Asked<'_, M, F> {
    fn ask(&mut self, at: u64) {
        if self.end.said() == Arrival::More {
            self.end.say((self.arrival)(self.model, at));
        }
    }
}

impl<M: Model, F: FnMut(&M, u64) -> Arrival> Model for Asked<'_, M, F> {
    type Snapshot = M::Snapshot;
    type Error = M::Error;

    fn advance(&mut self, steps: Range<u64>) -> Result<(), M::Error> {
        let at = steps.end;
        self.model.advance(steps)?;
        self.ask(at);
        Ok(())
    }

    fn record(&mut self, steps: Range<u64>) -> Result<(), M::Error> {
        let at = steps.end;
        self.model.record(steps)?;
        self.ask(at);
        Ok(())
    }

    fn reverse(&mut self, steps: Range<u64>) -> Result<(), M::Error> {
        self.model.reverse(steps)
    }

    fn save(&mut self, kind: Data, step: u64) -> Result<M::Snapshot, M::Error> {
        self.model.save(kind, step)
    }

    fn restore(&mut self, kind: Data, step: u64, from: &M::Snapshot) -> Result<(), M::Error> {
        self.model.restore(kind, step, from)
    }

    fn take(&mut self, kind: Data, step: u64, from: M::Snapshot) -> Result<(), M::Error> {
        self.model.take(kind, step, from)
    }

    fn stores_adjoint(&self) -> bool {
        self.model.stores_adjoint()
    }

    fn restart(&mut self) -> Option<Result<(), M::Error>> {
        self.model.restart()
    }
}
