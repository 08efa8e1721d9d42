//! How many steps go over the grid together, and in tiles of which shape: as set, or found by timing.

use std::time::Instant;

use retrograd_ir::FieldId;

use super::Session;
use super::run::RunError;
use crate::caches::Caches;
use crate::jit::{self, JitOptions};
use crate::program::Code;

/// The shape of a block of time steps. Changes no result.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct BlockShape {
    /// Time steps that go over the grid together, at most; 1 for steps one by one, 0 to choose
    /// everything by the caches of the machine.
    pub steps: usize,
    /// Rows of the outermost dimension that they do at a time.
    pub rows: usize,
    /// Rows of the second dimension of three that they do at a time; 0 for all of them.
    pub columns: usize,
}

/// What timing has found.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Tuned {
    /// The shape that is in use now.
    pub shape: BlockShape,
    /// How many times as fast it is as the one chosen by the caches; 1 where that one stays.
    pub gain: f64,
    /// Whether it was known from an earlier process.
    pub remembered: bool,
}

/// Steps of the first trial, and the fewest that a session needs to be tuned.
const TRIAL: usize = 16;

/// How long a trial takes, at least, in seconds: long beside what a timer and a scheduler disturb.
const LONG_ENOUGH: f64 = 0.04;

/// A shape has to be so many times as fast as the one chosen by the caches: less may be chance.
const WORTH_A_CHANGE: f64 = 1.03;

/// Shapes on grids of two dimensions: steps and rows.
const IN_PLANES: [[usize; 2]; 7] = [[1, 0], [4, 16], [4, 32], [8, 32], [8, 64], [16, 64], [16, 96]];

/// Steps and columns on grids of three dimensions.
const STEPS: [usize; 4] = [1, 2, 4, 8];
const COLUMNS: [usize; 4] = [24, 48, 96, 0];

/// Rows of a tile on these.
const ROWS: usize = 8;

impl Session {
    /// Limits the time steps that go over the grid together, and the rows of the outermost dimension
    /// that they do at a time; 0 steps to choose both by the caches, 1 to take steps one by one.
    /// Changes no result.
    pub fn set_block(&mut self, steps: usize, rows: usize) {
        self.set_block_of_columns(steps, rows, 0);
    }

    /// The same on a grid of three dimensions whose second one is cut into columns of so many rows as
    /// well, each of which is taken through the steps before the next one comes. One step does not go
    /// alone then: its sweeps do together.
    pub fn set_block_of_columns(&mut self, steps: usize, rows: usize, columns: usize) {
        self.shapes.fill(BlockShape { steps, rows, columns });
        self.forget_plans();
    }

    /// Takes over the shapes of blocks of another session of the same program.
    pub fn set_blocks_of(&mut self, other: &Self) {
        self.shapes.clone_from(&other.shapes);
        self.forget_plans();
    }

    /// The shape of the blocks of a step.
    ///
    /// # Panics
    /// If the program has no such step.
    pub fn block_shape(&self, step: &str) -> BlockShape {
        self.shapes[self.program.step(step).expect("the step should exist")]
    }

    /// Steps that went over the grid together with others so far.
    pub fn steps_in_blocks(&self) -> usize {
        self.steps_in_blocks
    }

    /// Times blocks of several shapes for the first of `alike` (a few seconds on large grids), and uses
    /// the fastest for all of these steps from then on. What was found is kept in the cache folder of
    /// `options`, for this machine, program, grid and number of threads: another call takes it from
    /// there. Results have the same bits with and without.
    ///
    /// The step is run from rest, `fields` being its time functions, which are at rest afterwards as
    /// well; samples are what the trials have left. With fewer than 16 steps, without code in C and
    /// where there is one dimension, everything stays as it is.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub fn tune(
        &mut self,
        alike: &[&str],
        fields: &[FieldId],
        options: &JitOptions,
    ) -> Result<Tuned, RunError> {
        let numbers: Vec<usize> = alike.iter().filter_map(|s| self.program.step(s)).collect();
        let unchanged = Tuned { shape: BlockShape::default(), gain: 1.0, remembered: false };
        let Some((&first, step)) = numbers.first().zip(alike.first()) else { return Ok(unchanged) };
        let shapes = self.candidates();
        let Some(key) = self.tuning_key(first) else { return Ok(unchanged) };
        if shapes.is_empty() || self.steps < TRIAL {
            return Ok(unchanged);
        }
        let known = jit::recall(options, &key).and_then(|text| parsed(&text));
        let tuned = if let Some(shape) = known {
            Tuned { shape, remembered: true, ..unchanged }
        } else {
            let active = self.is_active();
            self.set_active(false);
            let found = self.fastest((step, first), &shapes, fields);
            self.set_active(active);
            self.release(fields);
            let tuned = found?;
            let BlockShape { steps, rows, columns } = tuned.shape;
            // Without the file the next process times them again, no more.
            let _ = jit::remember(options, &key, &format!("{steps} {rows} {columns}\n"));
            tuned
        };
        for number in numbers {
            self.set_shape(number, tuned.shape);
        }
        Ok(tuned)
    }

    /// Times every shape, and the choice by the caches, which is the measure.
    fn fastest(
        &mut self,
        (step, number): (&str, usize),
        shapes: &[BlockShape],
        fields: &[FieldId],
    ) -> Result<Tuned, RunError> {
        let by_caches = BlockShape::default();
        self.set_shape(number, by_caches);
        let once = self.trial(step, fields, TRIAL)?.min(self.trial(step, fields, TRIAL)?);
        let steps = TRIAL * (LONG_ENOUGH / once.max(1e-6)).ceil().max(1.0) as usize;
        let steps = steps.min(self.steps);
        let mut least = self.trial(step, fields, steps)?.min(self.trial(step, fields, steps)?);
        let measure = least;
        let mut best = by_caches;
        for &shape in shapes {
            self.set_shape(number, shape);
            let mut time = self.trial(step, fields, steps)?;
            // The first run makes the plan of the blocks, so that what is near gets another.
            if time < 1.2 * least {
                time = time.min(self.trial(step, fields, steps)?);
            }
            if time < least.min(measure / WORTH_A_CHANGE) {
                (least, best) = (time, shape);
            }
        }
        Ok(Tuned { shape: best, gain: measure / least, remembered: false })
    }

    /// Seconds for so many steps from rest.
    fn trial(&mut self, step: &str, fields: &[FieldId], steps: usize) -> Result<f64, RunError> {
        self.release(fields);
        let start = Instant::now();
        self.run(step, 0..steps)?;
        Ok(start.elapsed().as_secs_f64())
    }

    fn set_shape(&mut self, number: usize, shape: BlockShape) {
        self.shapes[number] = shape;
        self.blocks[number].clear();
    }

    fn candidates(&self) -> Vec<BlockShape> {
        let in_columns = |steps: usize| {
            let fitting = COLUMNS.into_iter().filter(|columns| *columns < self.extents[1]);
            fitting.map(move |columns| BlockShape { steps, rows: ROWS, columns })
        };
        match self.extents.len() {
            2 => IN_PLANES
                .into_iter()
                .map(|[steps, rows]| BlockShape { steps, rows, columns: 0 })
                .collect(),
            3 => STEPS.into_iter().flat_map(in_columns).collect(),
            _ => Vec::new(),
        }
    }

    /// What a shape depends on: the kernels, the grid, its layers, the threads and the caches.
    fn tuning_key(&self, number: usize) -> Option<String> {
        let Code::C(code) = &self.program.steps[number].code else { return None };
        let (extents, widths) = (&self.extents, &self.widths);
        let (threads, caches) = (self.team.size(), Caches::of_machine());
        let place = format!("{extents:?} {widths:?} {threads} {caches:?}");
        Some(jit::key_of(&[&code.module.text, &place]))
    }
}

/// A shape as [`Session::tune`] keeps it.
fn parsed(text: &str) -> Option<BlockShape> {
    let numbers: Option<Vec<usize>> = text.split_whitespace().map(|n| n.parse().ok()).collect();
    match numbers?[..] {
        [steps, rows, columns] => Some(BlockShape { steps, rows, columns }),
        _ => None,
    }
}
