//! Adjoint data: one buffer per recorded step.

use std::ops::Range;
use std::sync::Arc;

use crate::buffer::{Level, OutOfMemory, is_own};

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
