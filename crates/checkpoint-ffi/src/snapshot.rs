//! Snapshots of a model in C: buffers that we own and the model fills.
//!
//! A buffer that is not needed any more is used again for the next snapshot of its size, whoever
//! had it: the model, a tier, the thread of a tier. Buffers in use and buffers waiting together
//! never take more than those in use once did: a run that has reached its peak allocates nothing
//! more if all snapshots are of one size, and no run takes more than its peak.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytemuck::Zeroable;
use retrograd_checkpoint::codec::FieldShape;
use retrograd_checkpoint::tier::Payload;

/// What buffers are made of, and aligned to: a cache line, the widest vector.
#[derive(Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C, align(64))]
struct Line([u8; 64]);

/// What a snapshot consists of: fields, one behind the other.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Layout {
    fields: Arc<[FieldShape]>,
    bytes: usize,
}

impl Layout {
    /// `None` if there are more bytes than can be addressed.
    pub(crate) fn new(fields: &[FieldShape]) -> Option<Self> {
        let add = |sum: usize, field: &FieldShape| sum.checked_add(field.bytes());
        let bytes = fields.iter().try_fold(0, add)?;
        Some(Self { fields: fields.into(), bytes })
    }

    pub(crate) fn fields(&self) -> &[FieldShape] {
        &self.fields
    }
}

/// One snapshot.
pub(crate) struct Snapshot {
    lines: Vec<Line>,
    layout: Layout,
    pool: Arc<Pool>,
}

impl Snapshot {
    pub(crate) fn layout(&self) -> &Layout {
        &self.layout
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &bytemuck::cast_slice(&self.lines)[..self.layout.bytes]
    }

    pub(crate) fn bytes_mut(&mut self) -> &mut [u8] {
        &mut bytemuck::cast_slice_mut(&mut self.lines)[..self.layout.bytes]
    }
}

impl Drop for Snapshot {
    fn drop(&mut self) {
        self.pool.give_back(std::mem::take(&mut self.lines));
    }
}

impl Payload for Snapshot {
    fn fields(&self, _: &mut Vec<u8>, each: &mut dyn FnMut(FieldShape, &[u8])) {
        let mut rest = self.bytes();
        for &field in &*self.layout.fields {
            let (part, behind) = rest.split_at(field.bytes());
            each(field, part);
            rest = behind;
        }
    }

    fn fields_mut(&mut self, _: &mut Vec<u8>, each: &mut dyn FnMut(FieldShape, &mut [u8])) {
        let fields = Arc::clone(&self.layout.fields);
        let mut rest = self.bytes_mut();
        for &field in &*fields {
            let (part, behind) = rest.split_at_mut(field.bytes());
            each(field, part);
            rest = behind;
        }
    }
}

/// The system has no more memory.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the system gives no {bytes} bytes of memory for a snapshot")]
pub(crate) struct OutOfMemory {
    bytes: usize,
}

/// Buffers, in use and waiting.
#[derive(Default)]
pub(crate) struct Pool(Mutex<Books>);

/// Sizes in lines.
#[derive(Default)]
struct Books {
    waiting: Vec<Vec<Line>>,
    waiting_lines: usize,
    used_lines: usize,
    peak_lines: usize,
}

impl Pool {
    fn lock(&self) -> MutexGuard<'_, Books> {
        // Nobody panics with the books open.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A snapshot with anything in it.
    pub(crate) fn take(self: &Arc<Self>, layout: &Layout) -> Result<Snapshot, OutOfMemory> {
        let count = layout.bytes.div_ceil(size_of::<Line>());
        let found = self.lock().take(count);
        let lines = match found {
            Some(lines) => lines,
            None => fresh(count).ok_or_else(|| {
                self.lock().used_lines -= count;
                OutOfMemory { bytes: layout.bytes }
            })?,
        };
        Ok(Snapshot { lines, layout: layout.clone(), pool: Arc::clone(self) })
    }

    fn give_back(&self, lines: Vec<Line>) {
        let mut books = self.lock();
        books.used_lines -= lines.len();
        books.waiting_lines += lines.len();
        books.waiting.push(lines);
    }
}

impl Books {
    /// Counts a buffer of so many lines as used, and gives one that waits, if there is one. If
    /// not, room is made for a new one.
    fn take(&mut self, count: usize) -> Option<Vec<Line>> {
        self.used_lines += count;
        if let Some(at) = self.waiting.iter().rposition(|lines| lines.len() == count) {
            self.waiting_lines -= count;
            return Some(self.waiting.swap_remove(at));
        }
        self.peak_lines = self.peak_lines.max(self.used_lines);
        while self.used_lines + self.waiting_lines > self.peak_lines {
            let Some(lines) = self.waiting.pop() else { break };
            self.waiting_lines -= lines.len();
        }
        None
    }
}

fn fresh(count: usize) -> Option<Vec<Line>> {
    let mut lines = Vec::new();
    lines.try_reserve_exact(count).ok()?;
    lines.resize(count, Line::zeroed());
    Some(lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(bytes: usize) -> Layout {
        Layout::new(&[FieldShape::of_bytes(bytes)]).expect("should be addressable")
    }

    /// Lines in use, waiting, and at the peak.
    fn lines(pool: &Pool) -> [usize; 3] {
        let books = pool.lock();
        [books.used_lines, books.waiting_lines, books.peak_lines]
    }

    #[test]
    fn buffers_are_used_again_and_never_exceed_the_peak() {
        let pool = Arc::new(Pool::default());
        let take = |bytes| pool.take(&layout(bytes)).expect("should fit");
        let (first, second) = (take(640), take(640));
        let address = first.bytes().as_ptr();
        drop(first);
        assert_eq!(take(600).bytes().as_ptr(), address);
        drop(second);
        assert_eq!(lines(&pool), [0, 20, 20]);
        // One larger buffer takes the room of two that wait.
        let large = take(1216);
        assert_eq!(lines(&pool), [19, 0, 20]);
        drop(large);
        assert_eq!(lines(&pool), [0, 19, 20]);
    }

    #[test]
    fn what_cannot_be_had_is_an_error_and_not_counted() {
        let pool = Arc::new(Pool::default());
        let bytes = isize::MAX as usize;
        assert_eq!(pool.take(&layout(bytes)).err(), Some(OutOfMemory { bytes }));
        assert_eq!(lines(&pool)[0], 0);
    }

    #[test]
    fn buffers_are_aligned_and_as_long_as_they_say() {
        let pool = Arc::new(Pool::default());
        for bytes in [0, 1, 63, 64, 65, 1000] {
            let mut snapshot = pool.take(&layout(bytes)).expect("should fit");
            assert_eq!(snapshot.bytes_mut().len(), bytes);
            assert_eq!(snapshot.bytes().as_ptr().addr() % 64, 0);
        }
    }
}
