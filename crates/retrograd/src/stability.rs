//! The largest stable time step of a program, measured on the program itself.
//!
//! One step of a linear program is a matrix. It is stable if no eigenvalue of it lies outside the
//! unit circle; where that begins, states grow exponentially. So: begin with random numbers, which
//! hold something of every eigenvector, take steps without sources, and see whether the state grows;
//! halve the interval between a time step that does not and one that does. This is power iteration,
//! stopped as soon as the question is answered.
//!
//! How many steps that takes follows from the accuracy. Near the limit a time step that is too
//! large by a part `e` has an eigenvalue of modulus `1 + 2 e` at least: `1 - dt l` of Euler's method
//! passes -1 like that; those of a leapfrog, where two meet at -1, grow far faster, like
//! `1 + sqrt(8 e)`. Of `n` random numbers the eigenvector has the share `1 / sqrt(n)`. After
//! `N = 2 ln(sqrt(n)) / (2 e)` steps it has grown by `n`: by `sqrt(n)` in the first half, where it
//! comes up to everything else, and by as much again in the second. A state that is stable does
//! not grow by more than 2 in the second half, not even at the limit, where that of a leapfrog
//! grows like the number of steps. The line is drawn at 4.
//!
//! Large grids are not searched as a whole: at a time step that is far too large the state
//! concentrates where the limit is lowest, which takes some tens of steps to see. Blocks around
//! these places, with their coefficients, stand for the grid. In a block the roughest wave does not
//! fit as well as in the grid, by a part that falls with the square of its size: a block of half
//! the size shows how much, and a third of the difference is taken off.

mod block;

use std::ops::Range;

use retrograd_compile::adjoint::FORWARD;
use retrograd_compile::passes::SETUP;
use retrograd_compile::symbolic::Grid;
use retrograd_ir::{DType, DimSet, FieldId, Levels, SparseId, Stencil};
use retrograd_runtime::{Session, Team};

use crate::check::noise::Noise;
use crate::error::Error;
use crate::simulation::Simulation;
use block::{around, clear, cut, node, sides};

/// Growth over the second half of a run that no stable program has.
const GROWTH: f64 = 4.0;
/// Growth from which on rounding errors have taken the place of what a state began with.
const LOST: f64 = 1e10;
/// Times that a time step is doubled or halved before the search gives up.
const DOUBLINGS: usize = 60;
/// Steps after which a state that is looked at for its largest values is scaled.
const LOCATING_STEPS: usize = 16;
/// Times that it is: four in a hundred more of an eigenvalue stand out by `1.04^64 = 12`.
const LOCATING_ROUNDS: usize = 4;
/// Blocks that stand for a grid, at most.
const MOST_BLOCKS: usize = 4;

/// How [`Simulation::largest_stable_dt`] searches.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct StabilitySearch {
    accuracy: f64,
    most_points: usize,
    seed: u64,
}

impl Default for StabilitySearch {
    /// One in a hundred, in blocks of 32768 points.
    fn default() -> Self {
        Self { accuracy: 0.01, most_points: 1 << 15, seed: 1 }
    }
}

impl StabilitySearch {
    /// Relative accuracy of the result on what is searched, from 1e-4 to 0.5. Cost is inversely
    /// proportional to it.
    #[must_use]
    pub fn accuracy(self, accuracy: f64) -> Self {
        Self { accuracy, ..self }
    }

    /// Grid points of a block; grids of no more are searched as a whole.
    #[must_use]
    pub fn most_points(self, most_points: usize) -> Self {
        Self { most_points, ..self }
    }

    /// Of the random numbers.
    #[must_use]
    pub fn seed(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// Steps that tell whether `numbers` random ones grow.
    fn steps(&self, numbers: usize) -> usize {
        // Below 16 they are told apart by the line alone.
        let come_up = (numbers as f64).sqrt().max(GROWTH * GROWTH).ln();
        (2.0 * come_up / (2.0 * self.lag())).ceil() as usize
    }

    /// Half of the accuracy is for time steps whose growth is too slow to be seen, half for the
    /// width of the interval.
    fn lag(&self) -> f64 {
        self.accuracy / 2.0
    }

    fn checked(&self) -> Result<(), StabilityError> {
        if !(1e-4..=0.5).contains(&self.accuracy) {
            return Err(StabilityError::Accuracy { found: self.accuracy });
        }
        Ok(())
    }
}

/// An estimate of the largest stable time step.
#[derive(Clone, PartialEq, Debug)]
pub struct StableStep {
    /// The time step, in seconds: no growth was seen with it on what was examined.
    pub dt_s: f64,
    /// The limit lies within this part of it.
    pub margin: f64,
    /// What was examined, as ranges of grid points per dimension: the whole grid, or blocks of it.
    pub examined: Vec<Vec<Range<usize>>>,
}

impl StableStep {
    /// The time step less its margin, to run with.
    pub fn safe_dt_s(&self) -> f64 {
        self.dt_s * (1.0 - self.margin)
    }
}

/// Why there is no largest stable time step.
#[derive(Clone, PartialEq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StabilityError {
    /// The program does not use the time step.
    #[error(
        "the program does not depend on `dt`: it has no largest stable time step\n  \
         help: write its equations with `Grid::dt`, `dt()` or `dt2()`"
    )]
    NoTimeStep,
    /// A program that is not linear.
    #[error(
        "the program is not linear in its state: where it is stable depends on the state\n  \
         help: search with the equations linearised about the largest values that are expected"
    )]
    NotLinear,
    /// A simulation whose time step is no place to begin.
    #[error("the simulation has a time step of {found} s\n  help: give one above 0 to begin with")]
    Start {
        /// The time step.
        found: f64,
    },
    /// An accuracy that cannot be had.
    #[error("an accuracy of {found} is asked for; allowed are 1e-4 to 0.5")]
    Accuracy {
        /// What was asked for.
        found: f64,
    },
    /// States grow at any time step.
    #[error(
        "the state grows even at dt = {dt_s:.3e} s\n  \
         help: look at signs and coefficients, and for a scheme that is stable at no time step"
    )]
    AlwaysUnstable {
        /// The smallest that was tried.
        dt_s: f64,
    },
    /// States never grow.
    #[error("the state does not grow even at dt = {dt_s:.3e} s: any time step is stable")]
    NeverUnstable {
        /// The largest that was tried.
        dt_s: f64,
    },
}

impl Simulation {
    /// The largest time step at which the forward step is stable, with the coefficients, layers and
    /// spacings of this simulation, without sources: an estimate, see the [module](self). The
    /// simulation's own time step is where the search begins; neither it nor any data change.
    ///
    /// A program that grows by less than 4 in half of the steps that are taken passes as stable:
    /// equations whose solutions grow slowly have a limit like any others.
    ///
    /// Costs some ten runs of about `2 ln(n) / accuracy` steps of a grid of `n` numbers, `n` at
    /// most [`most_points`](StabilitySearch::most_points) times the levels of a state; at the default a
    /// second or less with compiled kernels. Large grids cost in addition some hundred steps and
    /// the memory of one more simulation.
    ///
    /// # Errors
    /// [`StabilityError`]; no memory.
    pub fn largest_stable_dt(&self, search: &StabilitySearch) -> Result<StableStep, Error> {
        search.checked()?;
        let start = self.dt_s();
        if !(start.is_finite() && start > 0.0) {
            return Err(StabilityError::Start { found: start }.into());
        }
        if !self.compiled.stencil().params.iter().any(|param| param.name == "dt") {
            return Err(StabilityError::NoTimeStep.into());
        }
        // Subdomains are parts of the whole grid.
        if self.grid.points() <= search.most_points || self.compiled.has_parts {
            let whole: Vec<Range<usize>> = self.grid.shape().iter().map(|n| 0..*n).collect();
            let mut trial = Trial::in_block(self, &whole, search)?;
            trial.check_linear(start)?;
            let [dt_s, _] = trial.limit(start)?;
            return Ok(StableStep { dt_s, margin: search.accuracy, examined: vec![whole] });
        }
        self.stable_in_blocks(search)
    }

    fn stable_in_blocks(&self, search: &StabilitySearch) -> Result<StableStep, Error> {
        let side = sides(self.grid.shape(), search.most_points);
        let examined = self.weakest(&side, search)?;
        let mut lowest: Option<(f64, &Vec<Range<usize>>)> = None;
        for block in &examined {
            let mut trial = Trial::in_block(self, block, search)?;
            let start = lowest.map_or(self.dt_s(), |(dt_s, _)| dt_s);
            if lowest.is_none() || trial.grows(start)? {
                lowest = Some((trial.limit(start)?[0], block));
            }
        }
        let Some((dt_s, block)) = lowest else { return Err(StabilityError::NoTimeStep.into()) };
        let half: Vec<Range<usize>> =
            block.iter().map(|r| r.start + r.len() / 4..r.end - r.len() / 4).collect();
        let [in_half, _] = Trial::in_block(self, &half, search)?.limit(dt_s)?;
        let edge = ((in_half - dt_s) / 3.0).max(0.0);
        let dt_s = dt_s - edge;
        Ok(StableStep { dt_s, margin: search.accuracy + edge / dt_s, examined })
    }

    /// Blocks around the points where a state grows fastest at a time step that is too large: of
    /// each function the largest value, and the largest one outside the block around that.
    fn weakest(
        &self,
        side: &[usize],
        search: &StabilitySearch,
    ) -> Result<Vec<Vec<Range<usize>>>, Error> {
        let mut trial = Trial::of_all(self, search)?;
        trial.check_linear(self.dt_s())?;
        trial.grow_rough(self.dt_s())?;
        let shape = self.grid.shape();
        let mut blocks: Vec<Vec<Range<usize>>> = Vec::new();
        let full = DimSet::first(shape.len());
        let stencil = self.compiled.stencil();
        for &field in trial.states.iter().filter(|f| stencil.field(**f).dims == full) {
            let mut values = trial.session.level::<f64>(field, 0);
            for _ in 0..2 {
                let largest = (0..values.len())
                    .max_by(|a, b| values[*a].abs().total_cmp(&values[*b].abs()))
                    .unwrap_or(0);
                let block = around(&node(largest, shape), side, shape);
                clear(&mut values, &block, shape);
                if !blocks.contains(&block) && blocks.len() < MOST_BLOCKS {
                    blocks.push(block);
                }
            }
        }
        Ok(blocks)
    }
}

/// A run that is looked at for growth.
struct Trial {
    session: Session,
    states: Vec<FieldId>,
    noise: Noise,
    /// Steps of a run.
    steps: usize,
    /// Of the interval between stable and unstable time steps.
    width: f64,
    dtype: DType,
}

impl Trial {
    /// All of the grid; coefficients are shared.
    fn of_all(simulation: &Simulation, search: &StabilitySearch) -> Result<Self, Error> {
        let session = simulation.session.fork(Team::new(simulation.team_size()))?;
        Self::new(simulation, session, search)
    }

    /// A block of the grid, with its part of the coefficients and of the layers.
    fn in_block(
        simulation: &Simulation,
        block: &[Range<usize>],
        search: &StabilitySearch,
    ) -> Result<Self, Error> {
        let (grid, compiled) = (&simulation.grid, &simulation.compiled);
        let shape: Vec<usize> = block.iter().map(Range::len).collect();
        let part = Grid::new(shape)?.spacing(grid.spacing_m().to_vec())?;
        let layer: Vec<[usize; 2]> = block
            .iter()
            .zip(grid.shape())
            .zip(simulation.layer())
            .map(|((range, n), width)| {
                let low = width[0].saturating_sub(range.start).min(range.len());
                let high = (range.end + width[1]).saturating_sub(*n).min(range.len());
                [low, high]
            })
            .collect();
        let team = Team::new(simulation.team_size());
        let mut own = compiled.simulation(&part, &layer, (1, simulation.dt_s()), team)?;
        let stencil = compiled.stencil();
        for (number, field) in stencil.fields.iter().enumerate() {
            let id = FieldId(number as u32);
            if field.levels == Levels::Static && !is_written(stencil, id) {
                let values = simulation.session.function::<f64>(id);
                let values = cut(&values, field.dims, grid.shape(), block);
                own.session.set_function(id, &values)?;
            }
        }
        Self::new(simulation, own.session, search)
    }

    fn new(
        simulation: &Simulation,
        mut session: Session,
        search: &StabilitySearch,
    ) -> Result<Self, Error> {
        let stencil = simulation.compiled.stencil();
        for sparse in 0..stencil.sparse.len() as u32 {
            session.place(SparseId(sparse), &[])?;
        }
        let states = simulation.compiled.states();
        let numbers = states.iter().map(|f| session.levels(*f) * session.points_of(*f)).sum();
        Ok(Self {
            session,
            states,
            noise: Noise::new(search.seed),
            steps: search.steps(numbers),
            width: search.accuracy - search.lag(),
            dtype: stencil.dtype,
        })
    }

    /// The largest time step found not to grow and the smallest found to, closer than the width.
    fn limit(&mut self, start: f64) -> Result<[f64; 2], Error> {
        let [mut low, mut high] = self.bracket(start)?;
        while high / low > 1.0 + self.width {
            let middle = (low * high).sqrt();
            if self.grows(middle)? {
                high = middle;
            } else {
                low = middle;
            }
        }
        Ok([low, high])
    }

    fn bracket(&mut self, start: f64) -> Result<[f64; 2], Error> {
        let mut dt_s = start;
        let unstable = self.grows(dt_s)?;
        for _ in 0..DOUBLINGS {
            let next = if unstable { dt_s / 2.0 } else { dt_s * 2.0 };
            if self.grows(next)? != unstable {
                return Ok(if unstable { [next, dt_s] } else { [dt_s, next] });
            }
            dt_s = next;
        }
        let error = if unstable {
            StabilityError::AlwaysUnstable { dt_s }
        } else {
            StabilityError::NeverUnstable { dt_s }
        };
        Err(error.into())
    }

    /// Whether a random state grows.
    fn grows(&mut self, dt_s: f64) -> Result<bool, Error> {
        self.begin(dt_s)?;
        // The largest norm of each function in each quarter of the run.
        let mut peaks = vec![[0.0f64; 4]; self.states.len()];
        let mut first: Option<Vec<f64>> = None;
        let chunk = (self.steps / 32).max(1);
        let mut done = 0;
        while done < self.steps {
            let next = (done + chunk).min(self.steps);
            self.session.run(FORWARD, done..next)?;
            let quarter = 4 * done / self.steps;
            done = next;
            let norms = self.norms();
            let first = first.get_or_insert_with(|| norms.clone());
            let lost =
                |(norm, first): (&f64, &f64)| !norm.is_finite() || *norm > LOST * first.max(1.0);
            if norms.iter().zip(first.iter()).any(lost) {
                return Ok(true);
            }
            for (peaks, norm) in peaks.iter_mut().zip(&norms) {
                peaks[quarter] = peaks[quarter].max(*norm);
            }
        }
        Ok(peaks.iter().any(|[_, middle, _, end]| *middle > 0.0 && *end > GROWTH * middle))
    }

    /// Random numbers in all levels, and a time step.
    fn begin(&mut self, dt_s: f64) -> Result<(), Error> {
        self.session.set_param("dt", dt_s);
        for &field in &self.states {
            for back in 0..self.session.levels(field) {
                let values = self.noise.vector(self.session.points_of(field));
                self.session.set_level(field, back, &values)?;
            }
        }
        Ok(())
    }

    /// The norm of each function, all its levels.
    fn norms(&self) -> Vec<f64> {
        let square = |field: &FieldId| -> f64 {
            let levels = 0..self.session.levels(*field);
            let of_level =
                |back| self.session.level::<f64>(*field, back).iter().map(|x| x * x).sum();
            levels.map(|back| -> f64 { of_level(back) }).sum()
        };
        self.states.iter().map(|field| square(field).sqrt()).collect()
    }

    /// Lets what grows fastest stand out, at a time step far above the limit.
    fn grow_rough(&mut self, start: f64) -> Result<(), Error> {
        // Twice as much per step: what is stable, or nearly so, is soon out of sight.
        let enough = 2f64.powi(LOCATING_STEPS as i32);
        let mut dt_s = start;
        for _ in 0..DOUBLINGS {
            self.begin(dt_s)?;
            let before = self.norms();
            self.session.run(FORWARD, 0..LOCATING_STEPS)?;
            let after = self.norms();
            if after.iter().any(|norm| !norm.is_finite()) {
                dt_s /= 1.5;
            } else if after.iter().zip(&before).any(|(after, before)| *after > enough * before) {
                for round in 1..LOCATING_ROUNDS {
                    self.scale()?;
                    let from = round * LOCATING_STEPS;
                    self.session.run(FORWARD, from..from + LOCATING_STEPS)?;
                }
                return Ok(());
            } else {
                dt_s *= 2.0;
            }
        }
        Err(StabilityError::NeverUnstable { dt_s }.into())
    }

    /// Makes the largest norm one.
    fn scale(&mut self) -> Result<(), Error> {
        let largest = self.norms().into_iter().fold(f64::MIN_POSITIVE, f64::max);
        self.multiply(largest.recip())
    }

    fn multiply(&mut self, factor: f64) -> Result<(), Error> {
        for &field in &self.states {
            for back in 0..self.session.levels(field) {
                let mut values = self.session.level::<f64>(field, back);
                for x in &mut values {
                    *x *= factor;
                }
                self.session.set_level(field, back, &values)?;
            }
        }
        Ok(())
    }

    /// Refuses programs that do not scale with their state. A power of two changes no rounding, so
    /// that a linear program gives the same digits.
    fn check_linear(&mut self, dt_s: f64) -> Result<(), Error> {
        const FACTOR: f64 = 16.0;
        let seed = self.noise.clone();
        self.begin(dt_s)?;
        self.session.run(FORWARD, 0..2)?;
        self.multiply(FACTOR)?;
        let scaled_after: Vec<Vec<f64>> = self.current();
        self.noise = seed;
        self.begin(dt_s)?;
        self.multiply(FACTOR)?;
        self.session.run(FORWARD, 0..2)?;
        // Only numbers too small to be kept may differ.
        let alike = |a: &Vec<f64>, b: &Vec<f64>| {
            let largest = a.iter().fold(0.0f64, |m, x| m.max(x.abs()));
            let allowed = self.dtype.epsilon() * largest;
            a.iter().zip(b).all(|(a, b)| (a - b).abs() <= allowed || !a.is_finite())
        };
        let scaled_before = self.current();
        let linear = scaled_after.iter().zip(&scaled_before).all(|(a, b)| alike(a, b));
        if linear { Ok(()) } else { Err(StabilityError::NotLinear.into()) }
    }

    fn current(&self) -> Vec<Vec<f64>> {
        self.states.iter().map(|field| self.session.level(*field, 0)).collect()
    }
}

/// Whether a step of the program computes a function.
fn is_written(stencil: &Stencil, field: FieldId) -> bool {
    let steps = stencil.steps.iter().filter(|s| s.name == FORWARD || s.name == SETUP);
    let mut written = steps.flat_map(|s| &s.statements).filter_map(Stencil::written);
    written.any(|target| target.field == field)
}
