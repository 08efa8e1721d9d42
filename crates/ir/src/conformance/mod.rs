//! Conformance cases: programs with inputs and expected values, the same for the interpreter and
//! for every back end.
//!
//! A case is a stencil in [text form](crate::text) with directives in comments that start with
//! `#:`. They declare the run, then act in order:
//!
//! ```text
//! #: extents 4 3                  grid points per dimension
//! #: steps 2                      forward steps that tapes and series hold (1 if left out)
//! #: width w = 1
//! #: param dt = 0.5
//! #: points src = 1.5 0, 2 2      coordinates in cells, points separated by commas
//! #: tolerance 1e-6               relative to the largest expected value (exact if left out)
//! #: set u = 1                    one value for all points, or as many as there are
//! #: set u[t-1] = 1 2 3
//! #: 4 5 6 7 8 9 10 11 12         a line that starts with a number continues the one before
//! #: set q@1 = 5                  tape entry of step 1
//! #: set src = 1 2 3 4            all points of step 0, then of step 1
//! #: set peak = 2                 a scalar
//! #: run forward 0..2             in descending order for a step that runs in reverse
//! #: expect u = ...               levels as seen after the last step's levels moved back
//! ```
//!
//! Expected values come from hand computation or from an independent program, never from the
//! code under test. A back end implements [`Machine`], builds one per case, and lists the cases
//! that it refuses with the reason.

mod read;

use std::fmt;
use std::ops::Range;

use crate::interpret::{DenseMemory, Memory, Subnormals, run_step};
use crate::program::{DType, Direction, FieldId, ParamId, ScalarId, SparseId, Target};
use crate::verify::Verified;

pub use read::CaseError;

/// Name and text of every case of this crate.
pub const CASES: &[(&str, &str)] = &[
    ("channels", include_str!("../../tests/cases/channels.rg")),
    ("closure_clamp", include_str!("../../tests/cases/closure_clamp.rg")),
    ("closure_even", include_str!("../../tests/cases/closure_even.rg")),
    ("closure_fold", include_str!("../../tests/cases/closure_fold.rg")),
    ("closure_fold_mixed", include_str!("../../tests/cases/closure_fold_mixed.rg")),
    ("closure_half", include_str!("../../tests/cases/closure_half.rg")),
    ("closure_mixed", include_str!("../../tests/cases/closure_mixed.rg")),
    ("closure_odd", include_str!("../../tests/cases/closure_odd.rg")),
    ("closure_periodic", include_str!("../../tests/cases/closure_periodic.rg")),
    ("closure_zero", include_str!("../../tests/cases/closure_zero.rg")),
    ("device", include_str!("../../tests/cases/device.rg")),
    ("elementary", include_str!("../../tests/cases/elementary.rg")),
    ("elementary_f32", include_str!("../../tests/cases/elementary_f32.rg")),
    ("every", include_str!("../../tests/cases/every.rg")),
    ("fused", include_str!("../../tests/cases/fused.rg")),
    ("layer_memory", include_str!("../../tests/cases/layer_memory.rg")),
    ("leapfrog", include_str!("../../tests/cases/leapfrog.rg")),
    ("mixed_types", include_str!("../../tests/cases/mixed_types.rg")),
    ("mixed_types_f32", include_str!("../../tests/cases/mixed_types_f32.rg")),
    ("profile", include_str!("../../tests/cases/profile.rg")),
    ("reductions", include_str!("../../tests/cases/reductions.rg")),
    ("regions", include_str!("../../tests/cases/regions.rg")),
    ("regions_meet", include_str!("../../tests/cases/regions_meet.rg")),
    ("reverse", include_str!("../../tests/cases/reverse.rg")),
    ("rounding", include_str!("../../tests/cases/rounding.rg")),
    ("scalars", include_str!("../../tests/cases/scalars.rg")),
    ("select", include_str!("../../tests/cases/select.rg")),
    ("set_up", include_str!("../../tests/cases/set_up.rg")),
    ("sparse_linear", include_str!("../../tests/cases/sparse_linear.rg")),
    ("sparse_profile", include_str!("../../tests/cases/sparse_profile.rg")),
    ("sparse_shared", include_str!("../../tests/cases/sparse_shared.rg")),
    ("sparse_sinc", include_str!("../../tests/cases/sparse_sinc.rg")),
    ("sparse_times", include_str!("../../tests/cases/sparse_times.rg")),
    ("staggered", include_str!("../../tests/cases/staggered.rg")),
    ("tape", include_str!("../../tests/cases/tape.rg")),
    ("time_levels", include_str!("../../tests/cases/time_levels.rg")),
    ("updates_in_order", include_str!("../../tests/cases/updates_in_order.rg")),
    ("while", include_str!("../../tests/cases/while.rg")),
    ("zero_in", include_str!("../../tests/cases/zero_in.rg")),
];

/// A program with inputs and expected values.
#[derive(Clone, Debug)]
pub struct Case {
    /// Its name.
    pub name: String,
    /// The program.
    pub program: Verified,
    /// Grid points per dimension.
    pub extents: Vec<usize>,
    /// Layer widths, in grid points.
    pub widths: Vec<usize>,
    /// Run-time scalars.
    pub params: Vec<f64>,
    /// Coordinates in cells of the points of each sparse set.
    pub points: Vec<Vec<Vec<f64>>>,
    /// Forward steps that tapes and series hold.
    pub steps: usize,
    /// Largest difference, relative to the largest expected value of the array.
    pub tolerance: f64,
    /// What happens, in order.
    pub actions: Vec<Action>,
}

/// Numbers that a case sets or expects.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Array {
    /// A level of a function, in row-major order over its own dimensions.
    Level(Target),
    /// A tape entry.
    Tape(FieldId, usize),
    /// A series: all points of step 0, then of step 1, and so on.
    Series(SparseId),
    /// A scalar.
    Scalar(ScalarId),
}

/// One action of a case.
#[derive(Clone, PartialEq, Debug)]
pub enum Action {
    /// Fill an array.
    Set(Array, Vec<f64>),
    /// Run a step, given by its position in the program, for these forward steps.
    Run {
        /// Position in the program.
        step: usize,
        /// Numbers of the forward steps, in order of execution.
        numbers: Vec<i64>,
    },
    /// Compare an array.
    Expect(Array, Vec<f64>),
}

/// What runs a case.
pub trait Machine {
    /// Fills an array.
    fn set(&mut self, array: Array, values: &[f64]);

    /// The values of an array.
    fn get(&mut self, array: Array) -> Vec<f64>;

    /// Runs the step at this position for the forward step number `n` (predicates included), then
    /// moves the levels of what it computed back by one.
    fn run(&mut self, step: usize, n: i64);
}

/// A value that differs from the expected one.
#[derive(Clone, PartialEq, Debug)]
pub struct Mismatch {
    /// Name of the case.
    pub case: String,
    /// The array.
    pub array: String,
    /// Position in it; `None` if its length differs.
    pub at: Option<usize>,
    /// All expected values.
    pub expected: Vec<f64>,
    /// All values found.
    pub found: Vec<f64>,
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { case, array, expected, found, .. } = self;
        write!(f, "case `{case}`: `{array}` ")?;
        match self.at {
            Some(at) => write!(f, "differs at position {at}")?,
            None => write!(f, "has {} values, not {}", found.len(), expected.len())?,
        }
        write!(f, "\n  expected {expected:?}\n  found    {found:?}")
    }
}

impl Case {
    /// Reads a case.
    ///
    /// # Errors
    /// The text is no stencil, the stencil breaks a rule, or a directive is malformed.
    pub fn read(name: &str, text: &str) -> Result<Self, CaseError> {
        read::case(name, text)
    }

    /// All cases of this crate.
    ///
    /// # Panics
    /// If one cannot be read, which a test excludes.
    pub fn all() -> Vec<Self> {
        let read = |(name, text): &(&str, &str)| {
            Self::read(name, text)
                .unwrap_or_else(|error| panic!("{name} should be a case: {error}"))
        };
        CASES.iter().map(read).collect()
    }

    /// Runs the case on a fresh machine and returns the first difference of each expectation.
    pub fn check(&self, machine: &mut impl Machine) -> Vec<Mismatch> {
        let mut mismatches = Vec::new();
        for action in &self.actions {
            match action {
                Action::Set(array, values) => machine.set(*array, values),
                Action::Run { step, numbers } => {
                    for &n in numbers {
                        machine.run(*step, n);
                    }
                }
                Action::Expect(array, expected) => {
                    let found = machine.get(*array);
                    mismatches.extend(self.compare(*array, expected, &found));
                }
            }
        }
        mismatches
    }

    fn compare(&self, array: Array, expected: &[f64], found: &[f64]) -> Option<Mismatch> {
        let finite = expected.iter().filter(|x| x.is_finite());
        let allowed = self.tolerance * finite.fold(0.0_f64, |most, x| most.max(x.abs()));
        let dtype = self.dtype(array);
        let same = |&(&expected, &found): &(&f64, &f64)| {
            let expected = match dtype {
                DType::F32 => f64::from(expected as f32),
                DType::F64 => expected,
            };
            let both_nan = expected.is_nan() && found.is_nan();
            expected == found || both_nan || (expected - found).abs() <= allowed
        };
        let mismatch = |at| Mismatch {
            case: self.name.clone(),
            array: self.describe(array),
            at,
            expected: expected.to_vec(),
            found: found.to_vec(),
        };
        if expected.len() != found.len() {
            return Some(mismatch(None));
        }
        let at = expected.iter().zip(found).position(|pair| !same(&pair))?;
        Some(mismatch(Some(at)))
    }

    fn dtype(&self, array: Array) -> DType {
        let stencil = self.program.stencil();
        match array {
            Array::Level(target) => stencil.field(target.field).dtype,
            Array::Tape(field, _) => stencil.field(field).dtype,
            Array::Series(id) => stencil.sparse[id.0 as usize].dtype,
            Array::Scalar(_) => DType::F64,
        }
    }

    fn describe(&self, array: Array) -> String {
        let stencil = self.program.stencil();
        match array {
            Array::Level(target) => crate::text::target_text(stencil, target),
            Array::Tape(field, step) => format!("{}@{step}", stencil.field(field).name),
            Array::Series(id) => stencil.sparse[id.0 as usize].name.clone(),
            Array::Scalar(id) => stencil.scalars[id.0 as usize].name.clone(),
        }
    }

    /// How many numbers an array holds.
    pub fn len_of(&self, array: Array) -> usize {
        let stencil = self.program.stencil();
        let points = |field: FieldId| -> usize {
            stencil.field(field).dims.iter().map(|d| self.extents[d]).product()
        };
        match array {
            Array::Level(target) => points(target.field),
            Array::Tape(field, _) => points(field),
            Array::Series(id) => self.points[id.0 as usize].len() * self.steps,
            Array::Scalar(_) => 1,
        }
    }
}

/// The interpreter as a [`Machine`].
#[derive(Clone, Debug)]
pub struct Interpreter {
    program: Verified,
    memory: DenseMemory,
    subnormals: Subnormals,
}

impl Interpreter {
    /// The interpreter, set up for a case.
    ///
    /// # Panics
    /// If a point of the case lies outside its grid.
    pub fn new(case: &Case, subnormals: Subnormals) -> Self {
        let mut memory = DenseMemory::new(&case.program, &case.extents, &case.widths, case.steps);
        for (id, &value) in case.params.iter().enumerate() {
            memory.set_param(ParamId(id as u32), value);
        }
        for (id, points) in case.points.iter().enumerate() {
            let placed = memory.place(case.program.stencil(), SparseId(id as u32), points);
            placed.expect("the points of a case should lie in its grid");
        }
        Self { program: case.program.clone(), memory, subnormals }
    }

    fn array(&mut self, array: Array) -> Option<&mut [f64]> {
        match array {
            Array::Level(target) => Some(self.memory.array_mut(target)),
            Array::Tape(field, step) => Some(self.memory.tape_mut(field, step)),
            Array::Series(id) => Some(self.memory.series_mut(id)),
            Array::Scalar(_) => None,
        }
    }
}

impl Machine for Interpreter {
    fn set(&mut self, array: Array, values: &[f64]) {
        if let Array::Scalar(id) = array {
            self.memory.set_scalar(id, values[0]);
        } else if let Some(data) = self.array(array) {
            data.copy_from_slice(values);
        }
    }

    fn get(&mut self, array: Array) -> Vec<f64> {
        if let Array::Scalar(id) = array {
            vec![self.memory.scalar(id)]
        } else {
            self.array(array).map(|data| data.to_vec()).unwrap_or_default()
        }
    }

    fn run(&mut self, step: usize, n: i64) {
        run_step(&self.program, step, n, &mut self.memory, self.subnormals);
        self.memory.rotate(&self.program.stencil().steps[step]);
    }
}

/// The numbers `range`, in the order in which a step of this direction takes them.
fn in_order(range: Range<i64>, direction: Direction) -> Vec<i64> {
    match direction {
        Direction::Forward => range.collect(),
        Direction::Reverse => range.rev().collect(),
    }
}
