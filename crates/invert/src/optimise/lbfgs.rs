//! The optimiser: projection, directions, acceptance.

pub use super::line_search::Rejection;
use super::line_search::{LineSearch, Rules, Verdict};
use super::options::{LbfgsOptions, OptimiseError};
use super::pairs::Pairs;
use super::stop::StopReason;
use super::unknowns::{Path, Unknowns, check_length};
use super::vector::{largest, norm, sum};

/// How near to a bound, in parts of its range, a variable that is pushed against it counts as
/// bound.
const NEARLY_BOUND: f64 = 1e-6;

/// A direction must descend at least by this cosine.
const LEAST_DESCENT: f64 = 1e-10;

/// What the optimiser wants next.
#[derive(Clone, PartialEq, Debug)]
pub enum Ask<'a> {
    /// The misfit and its gradient at this point.
    Evaluate(&'a [f64]),
    /// Nothing.
    Finished(&'a StopReason),
}

/// What came of an evaluation.
#[derive(Clone, PartialEq, Debug)]
pub enum Event {
    /// The start model has been evaluated.
    Started {
        /// Its misfit.
        value: f64,
    },
    /// The trial was not taken; the next one is on the same line, or on that of steepest descent.
    Rejected {
        /// Step length relative to the direction.
        step: f64,
        /// The misfit there.
        value: f64,
        /// Why.
        rejection: Rejection,
    },
    /// The model has moved. (To the trial, or, if a search ends with a worse one, to an earlier
    /// trial of it.)
    Accepted(Iteration),
}

/// One accepted iteration.
#[derive(Clone, Copy, PartialEq, Debug, serde::Serialize, serde::Deserialize)]
pub struct Iteration {
    /// Its number; 0 is the start model.
    pub number: usize,
    /// Evaluations so far, rejected trials included.
    pub evaluations: usize,
    /// The misfit.
    pub value: f64,
    /// Euclidean norm of the gradient without what pushes against bounds and frozen cells.
    pub projected_gradient: f64,
    /// Step length relative to the direction; 1 when L-BFGS knows the curvature.
    pub step: f64,
    /// Largest change of a variable, in its unit.
    pub largest_change: f64,
}

/// What the optimiser is doing.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Phase {
    /// Waiting for the first evaluation.
    First,
    /// Waiting for a trial on a line.
    Searching(LineSearch, Line),
    /// Done.
    Finished(StopReason),
}

/// Where the direction came from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Line {
    Lbfgs,
    SteepestDescent,
}

/// Value and gradient at a point.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct Evaluated {
    pub(super) value: f64,
    pub(super) gradient: Vec<f64>,
    /// Diagonal of the initial inverse Hessian; empty for ones.
    pub(super) diagonal: Vec<f64>,
}

/// Projected L-BFGS, all of its state. See the [module](super).
#[derive(Clone, PartialEq, Debug)]
pub struct Lbfgs {
    pub(super) options: LbfgsOptions,
    pub(super) unknowns: Unknowns,
    pub(super) phase: Phase,
    /// The accepted point.
    pub(super) point: Vec<f64>,
    pub(super) at_point: Evaluated,
    pub(super) direction: Vec<f64>,
    /// What to evaluate now.
    pub(super) trial: Vec<f64>,
    /// What was evaluated at `low` of the line search, if that is not the accepted point.
    pub(super) at_low: Option<Evaluated>,
    pub(super) pairs: Pairs,
    pub(super) evaluations: usize,
    pub(super) history: Vec<Iteration>,
}

impl Lbfgs {
    /// An optimiser that has evaluated nothing yet.
    ///
    /// # Errors
    /// [`OptimiseError`] for options out of range, vectors of different lengths, a start value
    /// outside its bounds.
    pub fn new(unknowns: Unknowns, options: LbfgsOptions) -> Result<Self, OptimiseError> {
        options.check()?;
        unknowns.check()?;
        Ok(Self {
            point: unknowns.start.clone(),
            trial: unknowns.start.clone(),
            options,
            unknowns,
            phase: Phase::First,
            at_point: Evaluated::default(),
            direction: Vec::new(),
            at_low: None,
            pairs: Pairs::default(),
            evaluations: 0,
            history: Vec::new(),
        })
    }

    /// The point to evaluate, or why there is none. Changes nothing: ask as often as you like.
    pub fn ask(&self) -> Ask<'_> {
        match &self.phase {
            Phase::First | Phase::Searching(..) => Ask::Evaluate(&self.trial),
            Phase::Finished(reason) => Ask::Finished(reason),
        }
    }

    /// Takes the misfit and its gradient at the point asked for, and a positive diagonal that
    /// approximates the inverse Hessian there, up to a factor.
    ///
    /// A misfit or gradient that is not finite is no error: the trial is rejected.
    ///
    /// # Errors
    /// [`OptimiseError`] for vectors of another length, a preconditioner that is not positive at
    /// a cell that is not frozen, or after the end. Nothing has changed then.
    pub fn tell(
        &mut self,
        value: f64,
        gradient: &[f64],
        preconditioner: Option<&[f64]>,
    ) -> Result<Event, OptimiseError> {
        self.check_told(gradient, preconditioner)?;
        let mut told = Evaluated {
            value,
            gradient: gradient.to_vec(),
            diagonal: preconditioner.unwrap_or_default().to_vec(),
        };
        // Whatever is told of a frozen cell, NaN included, must not enter any sum.
        for i in (0..gradient.len()).filter(|&i| self.unknowns.frozen[i]) {
            told.gradient[i] = 0.0;
            if let Some(diagonal) = told.diagonal.get_mut(i) {
                *diagonal = 1.0;
            }
        }
        self.evaluations += 1;
        match std::mem::replace(&mut self.phase, Phase::First) {
            Phase::First => Ok(self.start(told)),
            Phase::Searching(search, line) => Ok(self.judge(told, search, line)),
            Phase::Finished(_) => Err(OptimiseError::Finished), // excluded by `check_told`
        }
    }

    /// The point accepted last: up to [`noise`](LbfgsOptions::noise), that of the smallest misfit.
    pub fn point(&self) -> &[f64] {
        &self.point
    }

    /// The misfit at [`point`](Self::point); NaN before the first evaluation.
    pub fn value(&self) -> f64 {
        self.history.last().map_or(f64::NAN, |last| last.value)
    }

    /// The gradient at [`point`](Self::point), zero at frozen cells; empty before the first
    /// evaluation.
    pub fn gradient(&self) -> &[f64] {
        &self.at_point.gradient
    }

    /// Evaluations told so far.
    pub fn evaluations(&self) -> usize {
        self.evaluations
    }

    /// The start model and every accepted iteration.
    pub fn history(&self) -> &[Iteration] {
        &self.history
    }

    /// The options in force.
    pub fn options(&self) -> &LbfgsOptions {
        &self.options
    }

    fn check_told(&self, g: &[f64], preconditioner: Option<&[f64]>) -> Result<(), OptimiseError> {
        if matches!(self.phase, Phase::Finished(_)) {
            return Err(OptimiseError::Finished);
        }
        let n = self.point.len();
        check_length("the gradient", g.len(), n)?;
        let Some(diagonal) = preconditioner else {
            return Ok(());
        };
        check_length("the preconditioner", diagonal.len(), n)?;
        let bad = |i: &usize| !(diagonal[*i] > 0.0 && diagonal[*i].is_finite());
        match (0..n).filter(|i| !self.unknowns.frozen[*i]).find(bad) {
            Some(index) => Err(OptimiseError::Preconditioner { index, found: diagonal[index] }),
            None => Ok(()),
        }
    }

    fn start(&mut self, told: Evaluated) -> Event {
        let value = told.value;
        if !told.is_finite() {
            self.phase = Phase::Finished(StopReason::StartNotFinite { value });
            return Event::Started { value };
        }
        self.at_point = told;
        self.record(0.0, 0.0);
        self.begin_line();
        Event::Started { value }
    }

    fn judge(&mut self, told: Evaluated, mut search: LineSearch, line: Line) -> Event {
        let (step, value) = (search.step, told.value);
        let slope = if told.is_finite() {
            self.path(&self.direction).slope(&told.gradient, step)
        } else {
            f64::NAN
        };
        let g = &self.at_point.gradient;
        let linear = sum(g.len(), |i| g[i] * (self.trial[i] - self.point[i]));
        let low_before = search.low.step;
        let verdict = search.judge(value, slope, linear, &self.rules());
        match verdict {
            Verdict::Accept => self.accept(step, told),
            Verdict::AcceptLow => self.accept_low(&search),
            Verdict::Again(rejection) => {
                if search.low.step != low_before {
                    self.at_low = Some(told);
                }
                if self.evaluations >= self.options.max_evaluations {
                    if self.at_low.is_some() {
                        return self.accept_low(&search);
                    }
                    self.phase = Phase::Finished(self.out_of_evaluations());
                    return Event::Rejected { step, value, rejection };
                }
                self.trial = self.along(search.step);
                self.phase = Phase::Searching(search, line);
                Event::Rejected { step, value, rejection }
            }
            Verdict::Failed(rejection) => {
                let out = self.evaluations >= self.options.max_evaluations;
                match line {
                    Line::Lbfgs if out => self.phase = Phase::Finished(self.out_of_evaluations()),
                    Line::Lbfgs => {
                        self.pairs = Pairs::default();
                        self.begin_line();
                    }
                    Line::SteepestDescent => {
                        self.phase = Phase::Finished(StopReason::LineSearch {
                            change: search.smallest_change,
                            demanded: search.demanded,
                            trials: search.trials,
                        });
                    }
                }
                Event::Rejected { step, value, rejection }
            }
        }
    }

    /// Takes the trial in reserve.
    fn accept_low(&mut self, search: &LineSearch) -> Event {
        let told = self.at_low.take().expect("what was told at `low` should have been kept");
        self.trial = self.along(search.low.step);
        self.accept(search.low.step, told)
    }

    fn accept(&mut self, step: f64, told: Evaluated) -> Event {
        let s: Vec<f64> = self.trial.iter().zip(&self.point).map(|(a, b)| a - b).collect();
        let before = &self.at_point.gradient;
        let y = told.gradient.iter().zip(before).map(|(a, b)| a - b).collect();
        let change = largest(s.iter().copied());
        self.pairs.push(s, y, self.options.memory);
        self.point.clone_from(&self.trial);
        self.at_point = told;
        self.at_low = None;
        let iteration = self.record(step, change);
        self.begin_line();
        Event::Accepted(iteration)
    }

    fn record(&mut self, step: f64, largest_change: f64) -> Iteration {
        let free = self.unknowns.unbound(&self.point, &self.at_point.gradient, 0.0);
        let g = &self.at_point.gradient;
        let squares = sum(g.len(), |i| if free[i] { g[i] * g[i] } else { 0.0 });
        let iteration = Iteration {
            number: self.history.len(),
            evaluations: self.evaluations,
            value: self.at_point.value,
            projected_gradient: squares.sqrt(),
            step,
            largest_change,
        };
        self.history.push(iteration);
        iteration
    }

    /// Stops, or chooses a direction from the accepted point and its first trial.
    fn begin_line(&mut self) {
        if let Some(reason) = self.reason_to_stop() {
            self.phase = Phase::Finished(reason);
            return;
        }
        let Evaluated { value, gradient, diagonal } = &self.at_point;
        let free = self.unknowns.unbound(&self.point, gradient, NEARLY_BOUND);
        let proposed = self.pairs.direction(gradient, diagonal, &free);
        let descends = |d: &Vec<f64>| self.path(d).descends(gradient, LEAST_DESCENT);
        let (mut direction, line) = match proposed.filter(descends) {
            Some(direction) => (direction, Line::Lbfgs),
            None => (self.steepest_descent(), Line::SteepestDescent),
        };
        for i in 0..direction.len() {
            if !self.unknowns.moves(&self.point, &direction, 0.0, i) {
                direction[i] = 0.0; // goes nowhere: must not count for the step length
            }
        }
        let slope = self.path(&direction).slope(gradient, 0.0);
        let length = largest(direction.iter().copied());
        let largest = self.options.largest_step.map_or(f64::INFINITY, |most| most / length);
        let search = LineSearch::new(*value, slope, largest);
        if line == Line::SteepestDescent {
            self.pairs = Pairs::default();
        }
        self.trial = self.unknowns.project(&self.point, &direction, search.step);
        self.direction = direction;
        self.phase = Phase::Searching(search, line);
    }

    fn path<'a>(&'a self, direction: &'a [f64]) -> Path<'a> {
        Path { unknowns: &self.unknowns, point: &self.point, direction }
    }

    /// `-h g`, scaled so that the largest change at `α = 1` is `first_step`.
    fn steepest_descent(&self) -> Vec<f64> {
        let Evaluated { gradient, diagonal, .. } = &self.at_point;
        let h = |i: usize| diagonal.get(i).copied().unwrap_or(1.0);
        let free = self.unknowns.unbound(&self.point, &self.at_point.gradient, 0.0);
        let raw: Vec<f64> = gradient
            .iter()
            .enumerate()
            .map(|(i, g)| if free[i] { -h(i) * g } else { 0.0 })
            .collect();
        // At least one component is not zero, or the gradient rule would have stopped; two
        // divisions, since the quotient of the factors may overflow.
        let longest = largest(raw.iter().copied());
        raw.iter().map(|d| d / longest * self.options.first_step).collect()
    }

    fn along(&self, step: f64) -> Vec<f64> {
        self.unknowns.project(&self.point, &self.direction, step)
    }

    fn rules(&self) -> Rules {
        let LbfgsOptions { c1, c2, noise, max_trials, .. } = self.options;
        Rules { c1, c2, noise, max_trials }
    }

    fn out_of_evaluations(&self) -> StopReason {
        StopReason::Evaluations { limit: self.options.max_evaluations, done: self.evaluations }
    }

    fn reason_to_stop(&self) -> Option<StopReason> {
        let options = &self.options;
        let (first, last) = (self.history.first()?, self.history.last()?);
        if let Some(limit) = options.target.filter(|limit| last.value <= *limit) {
            return Some(StopReason::Target { value: last.value, limit });
        }
        let limit = options.gradient_tolerance * first.projected_gradient;
        if last.projected_gradient <= limit {
            return Some(StopReason::Gradient { norm: last.projected_gradient, limit });
        }
        let window = options.decrease_window;
        if let Some(before) = last.number.checked_sub(window).map(|k| self.history[k].value) {
            let relative = (before - last.value) / before.abs().max(f64::MIN_POSITIVE);
            let limit = options.relative_decrease_tolerance;
            if relative <= limit {
                return Some(StopReason::Decrease { relative, limit, window });
            }
        }
        if options.max_iterations <= last.number {
            let (limit, done) = (options.max_iterations, last.number);
            return Some(StopReason::Iterations { limit, done });
        }
        (options.max_evaluations <= self.evaluations).then(|| self.out_of_evaluations())
    }
}

impl Evaluated {
    fn is_finite(&self) -> bool {
        self.value.is_finite() && norm(&self.gradient).is_finite()
    }
}
