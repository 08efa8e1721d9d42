//! What a compiled step costs, and what that bounds.

use std::fmt;

use retrograd_compile::cost::{Operations, PartCost, Place, StepCost, cost};
use retrograd_compile::schedule::schedule;
use retrograd_ir::DType;

use crate::bench::{copy_bandwidth, peak_flops};
use crate::{Compiled, Error, Options};

/// What the threads of a machine can do at best.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Machine {
    /// Threads.
    pub threads: usize,
    /// Bytes per second of a copy of arrays that caches do not hold, reads and writes counted.
    pub copy_bytes_per_second: f64,
    /// Floating-point operations per second of fused multiply-adds, two each.
    pub flops_per_second: f64,
}

impl Machine {
    /// Measures both with so many threads, the peak in the given precision through kernels of the
    /// same compiler. Takes about a second and 128 MiB.
    ///
    /// # Errors
    /// No compiler, no memory.
    pub fn measure(dtype: DType, threads: usize, options: &Options) -> Result<Self, Error> {
        let flops_per_second = peak_flops(dtype, threads, &options.jit)?;
        Ok(Self { threads, copy_bytes_per_second: copy_bandwidth(threads), flops_per_second })
    }
}

/// What is in the way of a faster step.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Limit {
    /// Memory.
    Memory,
    /// Arithmetic.
    Arithmetic,
}

/// The least time that a step can take per grid point.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Bound {
    /// Steps that go over the grid together.
    pub steps: usize,
    /// Memory traffic per point and step, write-allocation included.
    pub bytes: f64,
    /// That traffic at the speed of a copy, in seconds.
    pub memory_seconds: f64,
    /// All operations as fused multiply-adds are done at peak, in seconds.
    pub arithmetic_seconds: f64,
    /// The longer of the two, sweep by sweep if steps are taken one by one.
    pub seconds: f64,
}

impl Bound {
    /// What is in the way.
    pub fn limit(&self) -> Limit {
        if self.memory_seconds >= self.arithmetic_seconds {
            Limit::Memory
        } else {
            Limit::Arithmetic
        }
    }

    /// The most points per second; infinite if nothing is to be done.
    pub fn points_per_second(&self) -> f64 {
        self.seconds.recip()
    }
}

/// The cost of one step of an operator per grid point, and what it bounds on a machine.
///
/// [`Display`](fmt::Display) prints a table; see [`retrograd_compile::cost`] for what is counted.
#[derive(Clone, PartialEq, Debug)]
pub struct OperatorReport {
    /// Name of the operator.
    pub operator: String,
    /// Name of the step.
    pub step: String,
    /// Working precision.
    pub dtype: DType,
    /// Operations and traffic.
    pub cost: StepCost,
    /// Whether steps in a row may go over the grid together.
    pub shares_sweeps: bool,
    /// What bounds are for, if anything.
    pub machine: Option<Machine>,
}

/// Steps together for which the table has a line.
const STEPS_TOGETHER: [usize; 4] = [1, 2, 4, 8];

impl Compiled {
    /// The cost per grid point of a step, such as [`FORWARD`](retrograd_compile::adjoint::FORWARD),
    /// after all passes. Nothing is run.
    ///
    /// # Errors
    /// A step that the program does not have.
    pub fn report(&self, step: &str) -> Result<OperatorReport, Error> {
        let mut stencil = self.program.verified().stencil().clone();
        let number = stencil.steps.iter().position(|s| s.name == step);
        let number = number.ok_or_else(|| retrograd_runtime::ProgramError::NoStep(step.into()))?;
        let plan = schedule(&mut stencil, number);
        Ok(OperatorReport {
            operator: stencil.name.clone(),
            step: step.into(),
            dtype: stencil.dtype,
            cost: cost(&stencil, &plan),
            shares_sweeps: self.program.steps_may_share_sweeps(step),
            machine: None,
        })
    }
}

impl OperatorReport {
    /// The same with bounds for a machine.
    #[must_use]
    pub fn on(self, machine: Machine) -> Self {
        Self { machine: Some(machine), ..self }
    }

    /// Bounds for each number of steps that the table has a line for; none without a machine. Holds
    /// for grids that no cache keeps: those that one does may be faster than what memory allows.
    pub fn bounds(&self) -> Vec<Bound> {
        let lines = if self.shares_sweeps { STEPS_TOGETHER.len() } else { 1 };
        let bounds = STEPS_TOGETHER.iter().take(lines).map(|&steps| self.bound(steps));
        bounds.collect::<Option<_>>().unwrap_or_default()
    }

    /// The bound if so many steps go over the grid together; nothing without a machine.
    pub fn bound(&self, steps: usize) -> Option<Bound> {
        let machine = self.machine?;
        let seconds = |bytes: f64, operations: f64| {
            [bytes / machine.copy_bytes_per_second, 2.0 * operations / machine.flops_per_second]
        };
        let bytes = self.cost.traffic(steps).bytes();
        let [memory_seconds, arithmetic_seconds] = seconds(bytes, self.cost.operations());
        let longest = if steps <= 1 {
            let of_sweep = |(part, share): (&PartCost, f64)| {
                let [memory, arithmetic] =
                    seconds(part.traffic.bytes(), part.operations.count() as f64);
                share * memory.max(arithmetic)
            };
            self.cost.interiors().map(of_sweep).sum()
        } else {
            memory_seconds.max(arithmetic_seconds)
        };
        Some(Bound { steps, bytes, memory_seconds, arithmetic_seconds, seconds: longest })
    }
}

impl fmt::Display for OperatorReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let dtype = match self.dtype {
            DType::F32 => "f32",
            DType::F64 => "f64",
        };
        writeln!(f, "{}, step `{}`, {dtype}, per grid point", self.operator, self.step)?;
        for (number, sweep) in self.cost.sweeps.iter().enumerate() {
            let often = if sweep.every > 1 {
                format!(", every {} steps", sweep.every)
            } else {
                String::new()
            };
            writeln!(f, "  sweep {}{often}", number + 1)?;
            // The interior first, shells after it.
            let place = |wanted| sweep.parts.iter().filter(move |part| part.place == wanted);
            place(Place::Interior).try_for_each(|part| write_part(f, part))?;
            place(Place::Shell).try_for_each(|part| write_shell(f, part))?;
        }
        write_sum(f, &self.cost)?;
        match self.machine {
            Some(machine) => write_bounds(f, machine, &self.bounds()),
            None => Ok(()),
        }
    }
}

fn write_part(f: &mut fmt::Formatter<'_>, part: &PartCost) -> fmt::Result {
    let bytes = part.traffic;
    writeln!(f, "    {:<13}{}", "region", part.region)?;
    writeln!(f, "    {:<13}{}", "operations", words(&part.operations))?;
    writeln!(
        f,
        "    {:<13}loads {}, stores {}, pointers to rows {}",
        "kernel", part.loads, part.stores, part.rows
    )?;
    writeln!(
        f,
        "    {:<13}{} B: {} read, {} written, {} allocated",
        "memory",
        bytes.bytes(),
        bytes.read,
        bytes.written,
        bytes.allocated
    )
}

fn write_shell(f: &mut fmt::Formatter<'_>, part: &PartCost) -> fmt::Result {
    let (flops, bytes) = (part.operations.flops(), part.traffic.bytes());
    writeln!(f, "    {:<13}{}: {flops} flops, {bytes} B", "shell", part.region)
}

fn write_sum(f: &mut fmt::Formatter<'_>, cost: &StepCost) -> fmt::Result {
    let bytes = cost.traffic(1).bytes();
    write!(f, "  {:<15}{} flops, {bytes} B", "in all", cost.flops())?;
    match cost.intensity(1) {
        Some(intensity) => writeln!(f, ", {intensity:.2} flops per byte"),
        None => writeln!(f),
    }
}

fn write_bounds(f: &mut fmt::Formatter<'_>, machine: Machine, bounds: &[Bound]) -> fmt::Result {
    writeln!(
        f,
        "  bounds for {} thread{}, a copy of {:.1} GB/s and {:.1} Gflop/s:",
        machine.threads,
        if machine.threads == 1 { "" } else { "s" },
        machine.copy_bytes_per_second / 1e9,
        machine.flops_per_second / 1e9
    )?;
    writeln!(
        f,
        "    {:>14}  {:>9}  {:>9}  {:>13}  {:>10}  {:>9}",
        "steps together", "B/point", "memory ns", "arithmetic ns", "bound by", "Gpoints/s"
    )?;
    for bound in bounds {
        let limit = match bound.limit() {
            Limit::Memory => "memory",
            Limit::Arithmetic => "arithmetic",
        };
        writeln!(
            f,
            "    {:>14}  {:>9.2}  {:>9.4}  {:>13.4}  {limit:>10}  {:>9.3}",
            bound.steps,
            bound.bytes,
            bound.memory_seconds * 1e9,
            bound.arithmetic_seconds * 1e9,
            bound.points_per_second() / 1e9
        )?;
    }
    Ok(())
}

/// The flops and what they are made of.
fn words(operations: &Operations) -> String {
    let kinds = [
        (operations.additions, "additions"),
        (operations.multiplications, "multiplications"),
        (operations.fused, "fused multiply-adds"),
        (operations.divisions, "divisions"),
        (operations.square_roots, "square roots"),
        (operations.others, "others"),
    ];
    let kinds = kinds.iter().filter(|(count, _)| *count > 0);
    let kinds: Vec<String> = kinds.map(|(count, kind)| format!("{count} {kind}")).collect();
    let flops = operations.flops();
    if kinds.is_empty() {
        format!("{flops} flops")
    } else {
        format!("{flops} flops: {}", kinds.join(", "))
    }
}
