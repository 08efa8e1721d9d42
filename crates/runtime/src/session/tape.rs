//! Adjoint data: one buffer per recorded step.

use std::ops::Range;
use std::sync::Arc;

use retrograd_ir::{DType, FieldId};

use super::{FieldData, Session};
use crate::buffer::{Level, OutOfMemory, is_own};
use crate::caches::Caches;
use crate::patch::Patch;
use crate::real::Real;

/// The entries of a window of steps.
#[derive(Default)]
pub(super) struct Tape {
    first: usize,
    entries: Vec<Option<Arc<Level>>>,
}

impl Tape {
    /// Moves to another window; buffers go back to the pool.
    pub(super) fn set_window(&mut self, range: Range<usize>) {
        self.first = range.start;
        self.entries.clear();
        self.entries.resize(range.len(), None);
    }

    pub(super) fn drop_entry(&mut self, step: usize) {
        if let Some(at) = step.checked_sub(self.first)
            && let Some(entry) = self.entries.get_mut(at)
        {
            *entry = None;
        }
    }

    /// Makes sure that a step that is going to write its entry has one; as a whole, an own one.
    ///
    /// # Panics
    /// If the step lies outside the window.
    pub(super) fn prepare(
        &mut self,
        step: i64,
        whole: bool,
        new: impl FnOnce() -> Result<Arc<Level>, OutOfMemory>,
    ) -> Result<(), OutOfMemory> {
        let entry = self.slot(step);
        if entry.as_mut().is_none_or(|shared| whole && !is_own(shared)) {
            *entry = Some(new()?);
        }
        Ok(())
    }

    /// The entry of a step; none outside the window, or where nothing has been recorded.
    pub(super) fn get(&self, step: i64) -> Option<&Arc<Level>> {
        if self.covers(step) { self.entries[self.position(step)].as_ref() } else { None }
    }

    /// The entry of a step, to be changed.
    pub(super) fn get_mut(&mut self, step: usize) -> Option<&mut Arc<Level>> {
        self.entries.get_mut(step.checked_sub(self.first)?)?.as_mut()
    }

    /// The entry of a step, to be replaced.
    ///
    /// # Panics
    /// If the step lies outside the window.
    pub(super) fn slot(&mut self, step: i64) -> &mut Option<Arc<Level>> {
        let at = self.position(step);
        &mut self.entries[at]
    }

    /// Whether a step lies in the window.
    fn covers(&self, step: i64) -> bool {
        usize::try_from(step).is_ok_and(|s| s >= self.first && s - self.first < self.entries.len())
    }

    fn position(&self, step: i64) -> usize {
        assert!(self.covers(step), "step {step} should lie in the window of the tape");
        step as usize - self.first
    }
}

impl Session {
    /// Makes room for the adjoint data of `range` steps; those of other steps are let go.
    pub fn set_tape_window(&mut self, range: std::ops::Range<usize>) {
        let before = self.tapes_pass_caches();
        for data in &mut self.fields {
            if let FieldData::Tape(tape) = data {
                tape.set_window(range.clone());
            }
        }
        if self.tapes_pass_caches() != before {
            self.forget_plans();
        }
    }

    /// Whether what is recorded goes past the caches, where it would only displace what is needed soon;
    /// for `None` where the window holds more than half of the last-level cache. Changes no result.
    pub fn set_past_caches(&mut self, wanted: Option<bool>) {
        self.past_caches = wanted;
        self.forget_plans();
    }

    pub(super) fn tapes_pass_caches(&self) -> bool {
        let bytes = |(at, data): (usize, &FieldData)| match data {
            FieldData::Tape(tape) => {
                tape.entries.len().saturating_mul(self.buffer_bytes(FieldId(at as u32)))
            }
            FieldData::Static(_) | FieldData::Time(_) => 0,
        };
        self.past_caches.unwrap_or_else(|| {
            let window = self.fields.iter().enumerate().map(bytes).fold(0, usize::saturating_add);
            window > Caches::of_machine().shared / 2
        })
    }

    /// Multiplies the adjoint data of one step, if they are there and nobody shares them.
    pub fn scale_tape_entry(&mut self, step: usize, factor: f64) {
        for (field, data) in self.fields.iter_mut().enumerate() {
            let FieldData::Tape(tape) = data else { continue };
            if let Some(level) = tape.get_mut(step).and_then(Arc::get_mut) {
                if !(factor >= 0.0 && factor.is_finite()) {
                    level.set_patch(Patch::whole(&self.extents));
                }
                match self.program.stencil().fields[field].dtype {
                    DType::F32 => scale::<f32>(level.buffer_mut().slice_mut(), factor),
                    DType::F64 => scale::<f64>(level.buffer_mut().slice_mut(), factor),
                }
            }
        }
    }

    /// Lets go of the adjoint data of one step, which the reverse sweep has read.
    pub fn drop_tape_entry(&mut self, step: usize) {
        for data in &mut self.fields {
            if let FieldData::Tape(tape) = data {
                tape.drop_entry(step);
            }
        }
    }
}

fn scale<T: Real>(numbers: &mut [T], factor: f64) {
    for number in numbers {
        *number = T::from_f64(number.to_f64() * factor);
    }
}
