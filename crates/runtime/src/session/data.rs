//! Reading and writing the functions and series of a session.

use std::sync::Arc;

use retrograd_compile::passes::SETUP;
use retrograd_ir::{FieldId, Levels, SparseId};

use super::points::Numbers;
use super::zeros::{note_occupied, zeroed_level};
use super::{FieldData, Invariants, Session, SessionError};
use crate::buffer::{Buffer, Level, is_own};
use crate::patch::Patch;
use crate::program::kept_levels;
use crate::real::Real;

/// Bytes from which on pages are worth a round of all threads.
const WORTH_SPREADING: usize = 4 << 20;

impl Session {
    /// Sets a static function from values in row-major order over its dimensions.
    ///
    /// # Errors
    /// No memory.
    ///
    /// # Panics
    /// If the function is not static, or the number of values is wrong.
    pub fn set_function<T: Real>(
        &mut self,
        field: FieldId,
        values: &[T],
    ) -> Result<(), SessionError> {
        assert_eq!(values.len(), self.shape_len(field), "there should be one value per point");
        let mut buffer = self.take_own(field)?;
        let own = Arc::get_mut(&mut buffer).expect("an own buffer should not be shared");
        self.copy_in(field, values, own);
        self.patches[field.0 as usize] = Patch::whole(&self.extents);
        self.fill_halo(field, own);
        self.note_values(field, &buffer);
        self.fields[field.0 as usize] = FieldData::Static(Some(buffer));
        self.note_change(field);
        Ok(())
    }

    /// Remembers that time-invariant values have to be computed anew, if they depend on `field`.
    fn note_change(&mut self, field: FieldId) {
        let setup = self.program.step(SETUP).map(|s| &self.program.steps[s]);
        if setup.is_some_and(|s| s.touched.iter().any(|t| t.field == field)) {
            self.invariants = Invariants::Stale;
        }
    }

    /// A static function, in row-major order over its dimensions; zeros if it was never set.
    ///
    /// # Panics
    /// If the function is not static.
    pub fn function<T: Real>(&self, field: FieldId) -> Vec<T> {
        match &self.fields[field.0 as usize] {
            FieldData::Static(Some(buffer)) => self.copy_out(field, buffer),
            FieldData::Static(None) => vec![T::from_f64(0.0); self.shape_len(field)],
            FieldData::Time(_) | FieldData::Tape(_) => panic!("the function should be static"),
        }
    }

    /// Sets a static function to zero everywhere.
    ///
    /// # Errors
    /// No memory.
    ///
    /// # Panics
    /// If the function is not static.
    pub fn zero(&mut self, field: FieldId) -> Result<(), SessionError> {
        let mut buffer = self.take_own(field)?;
        let own = Arc::get_mut(&mut buffer).expect("an own buffer should not be shared");
        own.slice_mut::<f32>().fill(0.0);
        self.patches[field.0 as usize] = Patch::EMPTY;
        self.fill_halo(field, own);
        self.note_values(field, &buffer);
        self.fields[field.0 as usize] = FieldData::Static(Some(buffer));
        self.note_change(field);
        Ok(())
    }

    /// Sets a kept level (0, 1 step back, ...) of a time function.
    ///
    /// # Errors
    /// No memory.
    ///
    /// # Panics
    /// If there is no such level, or the number of values is wrong.
    pub fn set_level<T: Real>(
        &mut self,
        field: FieldId,
        back: usize,
        values: &[T],
    ) -> Result<(), SessionError> {
        self.allocate(field)?;
        let level = self.level_of(field, values)?;
        match &mut self.fields[field.0 as usize] {
            FieldData::Time(held) => held[back] = level,
            FieldData::Static(_) | FieldData::Tape(_) => panic!("it should be a time function"),
        }
        Ok(())
    }

    /// A kept level of a time function, in row-major order; zeros if no step ran yet.
    ///
    /// # Panics
    /// If there is no such level.
    pub fn level<T: Real>(&self, field: FieldId, back: usize) -> Vec<T> {
        match &self.fields[field.0 as usize] {
            FieldData::Time(held) if held.is_empty() => {
                vec![T::from_f64(0.0); self.shape_len(field)]
            }
            FieldData::Time(held) => self.copy_out(field, held[back].buffer()),
            FieldData::Static(_) | FieldData::Tape(_) => panic!("it should be a time function"),
        }
    }

    /// Number of kept levels of a time function; 0 of any other.
    pub fn levels(&self, field: FieldId) -> usize {
        let levels = self.program.stencil().field(field).levels;
        if matches!(levels, Levels::Time(_)) { kept_levels(levels) } else { 0 }
    }

    /// Number of values of a function at one time.
    pub fn points_of(&self, field: FieldId) -> usize {
        self.shape_len(field)
    }

    /// Sets the recorded entry of a forward step, which has to lie in the window.
    ///
    /// # Errors
    /// No memory.
    ///
    /// # Panics
    /// If the function is no tape, the step lies outside the window, or the number of values is
    /// wrong.
    pub fn set_tape_entry<T: Real>(
        &mut self,
        field: FieldId,
        step: usize,
        values: &[T],
    ) -> Result<(), SessionError> {
        let level = self.level_of(field, values)?;
        match &mut self.fields[field.0 as usize] {
            FieldData::Tape(tape) => *tape.slot(step as i64) = Some(level),
            FieldData::Static(_) | FieldData::Time(_) => panic!("it should be a tape"),
        }
        Ok(())
    }

    /// The recorded entry of a forward step, in row-major order; zeros if there is none.
    ///
    /// # Panics
    /// If the function is no tape.
    pub fn tape_entry<T: Real>(&self, field: FieldId, step: usize) -> Vec<T> {
        let FieldData::Tape(tape) = &self.fields[field.0 as usize] else {
            panic!("it should be a tape")
        };
        match tape.get(step as i64) {
            Some(level) => self.copy_out(field, level.buffer()),
            None => vec![T::from_f64(0.0); self.shape_len(field)],
        }
    }

    /// Whether a sample of the points of a level (every 7th along each row) is finite: an unstable
    /// field spreads to every point within a few steps.
    ///
    /// # Panics
    /// If it is no time function.
    pub fn looks_finite(&self, field: FieldId) -> bool {
        let held = match &self.fields[field.0 as usize] {
            FieldData::Time(held) => held,
            FieldData::Static(_) | FieldData::Tape(_) => panic!("it should be a time function"),
        };
        let Some(level) = held.first() else { return true };
        let layout = &self.layouts[self.places[field.0 as usize].0].1;
        let buffer = level.buffer();
        match self.program.stencil().field(field).dtype {
            retrograd_ir::DType::F32 => {
                let all = buffer.slice::<f32>();
                layout.rows().all(|row| all[row].iter().step_by(7).all(|x| x.is_finite()))
            }
            retrograd_ir::DType::F64 => {
                let all = buffer.slice::<f64>();
                layout.rows().all(|row| all[row].iter().step_by(7).all(|x| x.is_finite()))
            }
        }
    }

    /// A new level or entry with these values.
    fn level_of<T: Real>(&self, field: FieldId, values: &[T]) -> Result<Arc<Level>, SessionError> {
        let (place, pool) = &self.places[field.0 as usize];
        let layout = &self.layouts[*place].1;
        let mut level = zeroed_level(pool, layout)?;
        let own = Arc::get_mut(&mut level).expect("a new level should not be shared");
        self.copy_in(field, values, own.buffer_mut());
        note_occupied(own, layout);
        Ok(level)
    }

    /// Adds a static function, multiplied by `scale`, to values in row-major order.
    ///
    /// # Panics
    /// If the function is not static, or the number of values is wrong.
    pub fn add_function_to(&self, field: FieldId, scale: f64, sum: &mut [f64]) {
        assert_eq!(sum.len(), self.shape_len(field), "`sum` should have one value per point");
        let FieldData::Static(Some(buffer)) = &self.fields[field.0 as usize] else { return };
        let layout = &self.layouts[self.places[field.0 as usize].0].1;
        let mut at = 0;
        for row in layout.rows() {
            let values = &mut sum[at..at + row.len()];
            at += row.len();
            match self.program.stencil().field(field).dtype {
                retrograd_ir::DType::F32 => add_row(values, &buffer.slice::<f32>()[row], scale),
                retrograd_ir::DType::F64 => add_row(values, &buffer.slice::<f64>()[row], scale),
            }
        }
    }

    /// Places sparse points at coordinates in cells from the first grid node; their samples
    /// become zero.
    ///
    /// # Errors
    /// A point that lies outside the grid.
    pub fn place(&mut self, sparse: SparseId, points: &[Vec<f64>]) -> Result<(), SessionError> {
        let stencil = self.program.stencil();
        let declared = &stencil.sparse[sparse.0 as usize];
        let staggerings = stencil.staggerings();
        let layout = (&self.layouts[0].1, declared.interpolation);
        let data = &mut self.sparse[sparse.0 as usize];
        data.place(points, layout, &staggerings, self.steps)
            .map_err(|source| SessionError::Points { name: declared.name.clone(), source })?;
        self.forget_plans();
        Ok(())
    }

    /// Number of sparse points placed.
    pub fn points(&self, sparse: SparseId) -> usize {
        self.sparse[sparse.0 as usize].points
    }

    /// Sets all samples: points of step 0, then of step 1, and so on.
    ///
    /// # Panics
    /// If the number of samples is wrong.
    pub fn set_series<T: Real>(&mut self, sparse: SparseId, samples: &[T]) {
        let data = &mut self.sparse[sparse.0 as usize];
        assert_eq!(samples.len(), data.samples.len(), "there should be steps x points samples");
        for (at, sample) in samples.iter().enumerate() {
            data.samples.set(at, sample.to_f64());
        }
    }

    /// All samples: points of step 0, then of step 1, and so on.
    pub fn series<T: Real>(&self, sparse: SparseId) -> Vec<T> {
        let samples = &self.sparse[sparse.0 as usize].samples;
        (0..samples.len()).map(|at| T::from_f64(samples.get(at))).collect()
    }

    /// Replaces every sample by a function of its step, its point and itself.
    pub fn map_series(&mut self, sparse: SparseId, f: impl Fn(usize, usize, f64) -> f64) {
        let data = &mut self.sparse[sparse.0 as usize];
        let points = data.points;
        for at in 0..data.samples.len() {
            let old = data.samples.get(at);
            data.samples.set(at, f(at / points, at % points, old));
        }
    }

    /// Bytes of the samples and weights of one sparse function.
    pub fn series_bytes(&self, sparse: SparseId) -> usize {
        let data = &self.sparse[sparse.0 as usize];
        let number = match data.samples {
            Numbers::F32(_) => 4,
            Numbers::F64(_) => 8,
        };
        let entries: usize = data.tables.iter().map(|(_, _, k)| k.touch.len()).sum();
        // Per pair of point and grid point: index and weight in both views, here and in the IR.
        data.samples.len() * number + entries * 72
    }

    /// Takes the buffer of a static function out of the session: its own one, or a new one of
    /// zeros where there is none or others share it.
    fn take_own(&mut self, field: FieldId) -> Result<Arc<Buffer>, SessionError> {
        let bytes = self.buffer_bytes(field);
        let FieldData::Static(held) = &mut self.fields[field.0 as usize] else {
            panic!("the function should be static")
        };
        if let Some(mut buffer) = held.take()
            && is_own(&mut buffer)
        {
            return Ok(buffer);
        }
        Ok(Arc::new(self.spread(field, Buffer::zeroed(bytes)?)))
    }

    /// A new buffer whose pages are first touched by the threads that will work on their rows, so that
    /// each lies in the memory beside its thread where there are several. Levels need no such care:
    /// kernels are the first to touch them.
    fn spread(&self, field: FieldId, buffer: Buffer) -> Buffer {
        let layout = &self.layouts[self.places[field.0 as usize].0].1;
        let (rows, team) = (self.extents[0], self.team.lend());
        if team.size() == 1 || layout.strides[0] == 0 || buffer.bytes() < WORTH_SPREADING {
            return buffer;
        }
        let row = buffer.bytes() / rows;
        // Nobody else has it yet, and whether pages are touched changes no result.
        let _ = team.run(&|thread| {
            let share = self.share(thread);
            buffer.touch(share.start * row..share.end * row);
        });
        buffer
    }

    /// Makes sure that a step may write a static function: nobody else holds its buffer. What it
    /// held is kept, halo and all.
    pub(super) fn make_own(&mut self, field: FieldId) -> Result<(), SessionError> {
        let FieldData::Static(Some(shared)) = &mut self.fields[field.0 as usize] else {
            return Ok(());
        };
        if is_own(shared) {
            return Ok(());
        }
        let shared = shared.clone();
        let mut copy = self.spread(field, Buffer::zeroed(shared.bytes())?);
        copy.slice_mut::<f32>().copy_from_slice(shared.slice());
        self.fields[field.0 as usize] = FieldData::Static(Some(Arc::new(copy)));
        Ok(())
    }

    fn copy_in<T: Real>(&self, field: FieldId, values: &[T], buffer: &mut Buffer) {
        assert_eq!(values.len(), self.shape_len(field), "there should be one value per point");
        let layout = &self.layouts[self.places[field.0 as usize].0].1;
        let mut at = 0;
        for row in layout.rows() {
            let source = &values[at..at + row.len()];
            at += row.len();
            match self.program.stencil().field(field).dtype {
                retrograd_ir::DType::F32 => fill_row(&mut buffer.slice_mut::<f32>()[row], source),
                retrograd_ir::DType::F64 => fill_row(&mut buffer.slice_mut::<f64>()[row], source),
            }
        }
        self.clear_inside(field, buffer);
    }

    /// A function of steps that lives in a layer is zero elsewhere, whatever is set there.
    fn clear_inside(&self, field: FieldId, buffer: &mut Buffer) {
        let stencil = self.program.stencil();
        let declared = stencil.field(field);
        let Some(region) = declared.zero_in.filter(|_| declared.levels != Levels::Static) else {
            return;
        };
        let mut inside = stencil.regions[region.0 as usize].resolve(&self.extents, &self.widths);
        let layout = &self.layouts[self.places[field.0 as usize].0].1;
        let last = inside.pop().unwrap_or(0..0);
        let mut rows = vec![Vec::new()];
        for range in inside {
            let along = |row: &Vec<usize>| {
                let row = row.clone();
                range.clone().map(move |i| [&row[..], &[i]].concat())
            };
            rows = rows.iter().flat_map(along).collect();
        }
        for mut index in rows {
            index.push(last.start);
            let start = layout.position(&index);
            let row = start..start + last.len();
            match declared.dtype {
                retrograd_ir::DType::F32 => buffer.slice_mut::<f32>()[row].fill(0.0),
                retrograd_ir::DType::F64 => buffer.slice_mut::<f64>()[row].fill(0.0),
            }
        }
    }

    fn shape_len(&self, field: FieldId) -> usize {
        self.layouts[self.places[field.0 as usize].0].1.shape().iter().product()
    }

    fn copy_out<T: Real>(&self, field: FieldId, buffer: &Buffer) -> Vec<T> {
        let layout = &self.layouts[self.places[field.0 as usize].0].1;
        let mut values = Vec::with_capacity(self.shape_len(field));
        for row in layout.rows() {
            match self.program.stencil().field(field).dtype {
                retrograd_ir::DType::F32 => {
                    let row = &buffer.slice::<f32>()[row];
                    values.extend(row.iter().map(|x| T::from_f64(x.to_f64())));
                }
                retrograd_ir::DType::F64 => {
                    let row = &buffer.slice::<f64>()[row];
                    values.extend(row.iter().map(|x| T::from_f64(*x)));
                }
            }
        }
        values
    }
}

fn add_row<T: Real>(sum: &mut [f64], row: &[T], scale: f64) {
    for (s, x) in sum.iter_mut().zip(row) {
        *s += scale * x.to_f64();
    }
}

fn fill_row<T: Real, S: Real>(row: &mut [T], source: &[S]) {
    for (to, from) in row.iter_mut().zip(source) {
        *to = T::from_f64(from.to_f64());
    }
}
