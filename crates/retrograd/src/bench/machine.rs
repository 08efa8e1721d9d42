//! What the machine gives: bandwidth of copies, operations on what stays in registers.

use std::time::Instant;

use retrograd_compile::adjoint::FORWARD;
use retrograd_compile::cost::cost;
use retrograd_compile::schedule::schedule;
use retrograd_ir::{
    BinaryOp, Closure, DOMAIN, DType, Direction, Expr, ExprId, Literal, Offset, Predicate,
    Statement, StatementKind, Stencil, Step, Target, WriteMode,
};
use retrograd_runtime::{Backend, JitOptions, Program, Session, Team};

use crate::Error;

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
