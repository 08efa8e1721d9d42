//! Standard problems for timing, and the machine's own copy bandwidth and peak.
//!
//! Each problem is an acoustic wave in two layers with an absorbing sponge of 40 points, one
//! source and a line of receivers, as other tools time it: f32, two steps of warm-up, the best and
//! the median of several repetitions.

mod crossing;

use std::time::Instant;

use retrograd_compile::adjoint::FORWARD;
use retrograd_compile::cost::cost;
use retrograd_compile::schedule::schedule;
use retrograd_compile::symbolic::{Eq, Function, Grid, Sparse, solve};
use retrograd_ir::{
    BinaryOp, Closure, DOMAIN, DType, Direction, Expr, ExprId, Literal, Offset, Predicate,
    Statement, StatementKind, Stencil, Step, Target, WriteMode,
};
use retrograd_runtime::{Backend, JitOptions, Program, Session, Team};

pub use crossing::{Crossing, Run, Source};

use crate::{Compiled, Error, Operator, Options, Simulation};

/// Points of the absorbing layer on every side.
const LAYER: usize = 40;
/// Grid spacing, in metres.
const SPACING_M: f64 = 10.0;
/// Velocities above and below the middle, in m/s.
const VELOCITIES_M_S: [f64; 2] = [1500.0, 2500.0];
/// Time steps are such that the fastest wave goes so many grid points in each.
const COURANT: f64 = 0.38;
/// Peak frequency of the Ricker source, in Hz.
const PEAK_HZ: f64 = 10.0;

/// A timed problem.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Case {
    /// Grid points per dimension.
    pub shape: Vec<usize>,
    /// Order of the spatial derivatives.
    pub space_order: usize,
    /// Time steps.
    pub steps: usize,
    /// Threads.
    pub threads: usize,
}

/// What was measured.
#[derive(Clone, PartialEq, Debug)]
pub struct Timing {
    /// Seconds of the time loop, per repetition.
    pub loop_seconds: Vec<f64>,
    /// Seconds of a whole call (zero wavefield, time loop, samples), per repetition.
    pub call_seconds: Vec<f64>,
    /// Bytes per point and step that the inner kernel has to move: each level that it reads, each
    /// that it writes.
    pub bytes_per_point: usize,
}

/// An acoustic problem ready to run.
#[derive(Debug)]
pub struct Acoustic {
    /// Its data.
    pub simulation: Simulation,
    /// The receivers.
    pub receivers: Sparse,
}

/// The equations `m u_tt - lap u + damp u_t = f` of the standard problems.
///
/// # Errors
/// None for the orders that are supported.
pub fn acoustic_operator(
    grid: &Grid,
    space_order: usize,
) -> Result<(Operator, Function, Function, [Sparse; 2]), Error> {
    let (m, damp) = (grid.function("m"), grid.function("damp").layer_only());
    let u = grid.time_function("u").time_order(2).space_order(space_order);
    let (src, rec) = (grid.sparse("src"), grid.sparse("rec"));
    let pde = &m * u.dt2() - u.laplace() + &damp * u.dt();
    let wave = solve(&pde, &u.forward())?;
    let dt = Grid::dt();
    let operator = Operator::new(grid, [Eq::new(u.forward(), wave.update())])
        .name("acoustic")
        .dtype(DType::F32)
        .inject(&src, u.forward(), src.value() * (&dt * &dt) / m.value())
        .interpolate(&rec, u.value())
        .build()?;
    Ok((operator, m, damp, [src, rec]))
}

impl Acoustic {
    /// Builds kernels and data of a case. Every point is computed, also where the wave has not been:
    /// what is timed are the kernels.
    ///
    /// # Errors
    /// No compiler, no memory.
    pub fn new(case: &Case, options: &Options) -> Result<Self, Error> {
        let dims = case.shape.len();
        let grid = Grid::new(case.shape.clone())?.spacing(vec![SPACING_M; dims])?;
        let parts = acoustic_operator(&grid, case.space_order)?;
        let compiled = parts.0.compile(options)?;
        let mut source: Vec<f64> = extent_m(case).iter().map(|e| e / 2.0).collect();
        source[dims - 1] = (LAYER + 2) as f64 * SPACING_M;
        let mut problem = Self::with_source(case, &compiled, &grid, parts, &source)?;
        problem.simulation.set_active(false);
        Ok(problem)
    }

    /// A case with the source at a position in metres; receivers at the depth of 450 m.
    fn with_source(
        case: &Case,
        compiled: &Compiled,
        grid: &Grid,
        (_, m, damp, [src, rec]): (Operator, Function, Function, [Sparse; 2]),
        source: &[f64],
    ) -> Result<Self, Error> {
        let dims = case.shape.len();
        let dt_s = COURANT * SPACING_M / VELOCITIES_M_S[1];
        let layer = vec![[LAYER; 2]; dims];
        let team = Team::new(case.threads);
        let mut simulation = compiled.simulation(grid, &layer, (case.steps, dt_s), team)?;
        simulation.set(&m, &layered(&case.shape))?;
        simulation.set(&damp, &sponge(&case.shape))?;
        simulation.set_up()?;
        let extent = extent_m(case);
        simulation.place(&src, &[source])?;
        let count = case.shape[0];
        let receivers = (0..count).map(|k| {
            let mut point = source.to_vec();
            let along = k as f64 / (count - 1).max(1) as f64;
            point[0] = 400.0 + along * (extent[0] - 800.0);
            point[dims - 1] = 450.0;
            point
        });
        simulation.place(&rec, &receivers.collect::<Vec<_>>())?;
        let ricker = |n: usize| {
            let r = std::f64::consts::PI * PEAK_HZ * (n as f64 * dt_s - 1.0 / PEAK_HZ);
            (1.0 - 2.0 * r * r) * (-r * r).exp()
        };
        simulation.set_series(&src, &(0..case.steps).map(ricker).collect::<Vec<_>>())?;
        Ok(Self { simulation, receivers: rec })
    }

    /// Runs a case `repetitions` times after a warm-up.
    ///
    /// # Errors
    /// No memory.
    pub fn time(&mut self, repetitions: usize) -> Result<Timing, Error> {
        self.simulation.reset();
        self.simulation.advance(0..self.simulation.steps().min(2))?;
        let traffic = self.simulation.compiled().report(FORWARD)?.cost.traffic(1);
        let mut timing = Timing {
            loop_seconds: Vec::new(),
            call_seconds: Vec::new(),
            bytes_per_point: traffic.bytes() as usize,
        };
        for _ in 0..repetitions {
            let call = Instant::now();
            self.simulation.reset();
            self.simulation.advance(0..1)?;
            let inner = Instant::now();
            self.simulation.advance(1..self.simulation.steps())?;
            let steps = self.simulation.steps() as f64;
            let per_step = inner.elapsed().as_secs_f64() / (steps - 1.0).max(1.0);
            timing.loop_seconds.push(per_step * steps);
            let samples: Vec<f32> = self.simulation.series(&self.receivers)?;
            std::hint::black_box(&samples);
            timing.call_seconds.push(call.elapsed().as_secs_f64());
        }
        Ok(timing)
    }
}

fn extent_m(case: &Case) -> Vec<f64> {
    case.shape.iter().map(|n| SPACING_M * (n - 1) as f64).collect()
}

/// Squared slowness of two layers, in s^2/m^2.
fn layered(shape: &[usize]) -> Vec<f64> {
    let depth = shape[shape.len() - 1];
    let columns: usize = shape[..shape.len() - 1].iter().product();
    let column = (0..depth).map(|k| VELOCITIES_M_S[usize::from(k >= depth / 2)].powi(-2));
    column.collect::<Vec<_>>().repeat(columns)
}

/// The sponge profile `a (x - sin(2 pi x) / (2 pi)) / h` with `a = 1.5 ln(1000) / n`, `x` from 0
/// inside to 1 at the edge, summed over the sides; in s/m^2.
fn sponge(shape: &[usize]) -> Vec<f64> {
    let coefficient = 1.5 * 1000f64.ln() / LAYER as f64;
    // Per millisecond in the tools that use it, per second here.
    let scale = coefficient / SPACING_M * 1e-3;
    let profile = |k: usize, n: usize| {
        let inside = k.min(n - 1 - k);
        let x = (LAYER as f64 - inside as f64).max(0.0) / LAYER as f64;
        let turn = 2.0 * std::f64::consts::PI;
        scale * (x - (turn * x).sin() / turn)
    };
    let mut values = vec![0.0; shape.iter().product()];
    for (at, value) in values.iter_mut().enumerate() {
        let mut rest = at;
        for &n in shape.iter().rev() {
            *value += profile(rest % n, n);
            rest /= n;
        }
    }
    values
}

/// Bytes per second of a copy of large arrays by a team of threads, reads and writes counted:
/// the best of several.
pub fn copy_bandwidth(threads: usize) -> f64 {
    const NUMBERS: usize = 1 << 24;
    let source = vec![1.0f32; NUMBERS];
    let mut target = vec![0.0f32; NUMBERS];
    let chunk = NUMBERS.div_ceil(threads.max(1));
    let mut best = f64::INFINITY;
    for _ in 0..7 {
        let begun = Instant::now();
        std::thread::scope(|scope| {
            for (to, from) in target.chunks_mut(chunk).zip(source.chunks(chunk)) {
                scope.spawn(move || {
                    for _ in 0..4 {
                        to.copy_from_slice(std::hint::black_box(from));
                    }
                });
            }
        });
        best = best.min(begun.elapsed().as_secs_f64());
    }
    std::hint::black_box(&target);
    (4 * 2 * NUMBERS * size_of::<f32>()) as f64 / best
}

/// Sums that grow side by side, so that an operation need not wait for the one before: more than a
/// processor's latency times its units, fewer than its registers.
const CHAINS: usize = 12;
/// Multiply-adds of one sum.
const ROUNDS: usize = 24;
/// Rows of a thread and points of a row of the peak's grid: the caches of a core hold them.
const PEAK_GRID: [usize; 2] = [8, 512];
/// Seconds for which the peak is timed, at least.
const PEAK_SECONDS: f64 = 0.02;

/// Floating-point operations per second of a team of threads on numbers that stay in registers: the
/// best of several. The kernel, fused multiply-adds only but for a few, is compiled as any other.
///
/// # Errors
/// No compiler, no memory.
pub fn peak_flops(dtype: DType, threads: usize, options: &JitOptions) -> Result<f64, Error> {
    let program = Program::new(multiply_adds(dtype), &[FORWARD], Backend::C, options)?;
    let mut stencil = program.verified().stencil().clone();
    let plan = schedule(&mut stencil, 0);
    let [rows, columns] = PEAK_GRID;
    let threads = threads.max(1);
    let shape = [rows * threads, columns];
    let flops_per_step = cost(&stencil, &plan).flops() * (shape[0] * shape[1]) as f64;
    let mut session = Session::new(&program, &shape, &[], 1, Team::new(threads))?;
    let mut seconds = |steps: usize| -> Result<f64, Error> {
        let begun = Instant::now();
        session.run(FORWARD, 0..steps)?;
        Ok(begun.elapsed().as_secs_f64())
    };
    let mut steps = 1;
    while seconds(steps)? < PEAK_SECONDS && steps < 1 << 20 {
        steps *= 2;
    }
    let mut best = f64::INFINITY;
    for _ in 0..7 {
        best = best.min(seconds(steps)?);
    }
    Ok(steps as f64 * flops_per_step / best)
}

/// A step that does many multiply-adds for each number that it reads.
fn multiply_adds(dtype: DType) -> Stencil {
    let mut stencil = Stencil::new("multiply_adds", dtype, &["x", "z"]);
    let [from, to] = ["from", "to"].map(|name| stencil.add_static(name));
    let exprs = &mut stencil.exprs;
    let (offset, closure) = (Offset::ZERO, Closure::ZERO);
    let read = exprs.intern(Expr::Load { field: from, time: 0, offset, closure });
    let mut constant = |x: f64| exprs.intern(Expr::Const(Literal::new(x)));
    let [factor, summand] = [0.5, 0.25].map(&mut constant);
    // The sums begin with different numbers, or they would be one.
    let mut sums: Vec<ExprId> = (1..=CHAINS).map(|k| constant(1.0 / k as f64)).collect();
    for sum in &mut sums {
        *sum = exprs.intern(Expr::MulAdd { a: read, b: *sum, c: summand });
    }
    for _ in 1..ROUNDS {
        for sum in &mut sums {
            *sum = exprs.intern(Expr::MulAdd { a: *sum, b: factor, c: summand });
        }
    }
    let add = |lhs, rhs| exprs.intern(Expr::Binary { op: BinaryOp::Add, lhs, rhs });
    let value = sums.into_iter().reduce(add).unwrap_or(read);
    let target = Target { field: to, time: 0 };
    let kind = StatementKind::Update { target, region: DOMAIN, mode: WriteMode::Assign, value };
    stencil.steps.push(Step {
        name: FORWARD.into(),
        direction: Direction::Forward,
        statements: vec![Statement { when: Predicate::Always, kind }],
    });
    stencil
}

#[cfg(test)]
mod tests {
    use super::*;

    /// No pass may find out that the sums converge, or share what they have in common.
    #[test]
    fn the_peak_is_timed_on_the_operations_that_are_counted() {
        for dtype in [DType::F32, DType::F64] {
            let mut stencil = retrograd_compile::passes::optimise(multiply_adds(dtype));
            let plan = schedule(&mut stencil, 0);
            let expected = 2 * CHAINS * ROUNDS + (CHAINS - 1);
            assert_eq!(cost(&stencil, &plan).flops(), expected as f64, "{dtype:?}");
        }
    }
}
