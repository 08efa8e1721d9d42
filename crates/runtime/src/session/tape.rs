//! Adjoint data: one buffer per recorded step.

use std::ops::Range;
use std::sync::Arc;

use crate::buffer::{Level, OutOfMemory, Pool};

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

    /// Makes sure that a step has an entry.
    pub(super) fn prepare(&mut self, step: i64, pool: &Arc<Pool>) -> Result<(), OutOfMemory> {
        let at = self.position(step);
        if self.entries[at].is_none() {
            self.entries[at] = Some(pool.take()?);
        }
        Ok(())
    }

    pub(super) fn entry(&self, step: i64) -> &Arc<Level> {
        let entry = &self.entries[self.position(step)];
        entry.as_ref().expect("a tape entry should be recorded before it is read")
    }

    /// Whether a step lies in the window.
    pub(super) fn covers(&self, step: i64) -> bool {
        usize::try_from(step).is_ok_and(|s| {
            s >= self.first && s - self.first < self.entries.len()
        })
    }

    fn position(&self, step: i64) -> usize {
        assert!(self.covers(step), "step {step} should lie in the window of the tape");
        step as usize - self.first
    }
}
