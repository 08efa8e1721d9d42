//! Memory of functions on the grid.

use std::ops::Range;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rustix::mm::{Advice, MapFlags, ProtFlags, madvise, mmap_anonymous, munmap};

use crate::patch::{Patch, PatchCell};
use crate::real::Real;

/// Alignment of the first number and of every row, in bytes: one cache line, one widest vector.
pub(crate) const ALIGNMENT: usize = 64;
/// The smallest page of any system.
const PAGE: usize = 4096;
/// From this size on, huge pages are asked for.
const HUGE: usize = 4 << 20;
/// Buffers start at different offsets in their first page, so that the same grid point of two
/// functions does not compete for the same cache set or store-buffer slot.
const SKEWS: usize = 61;

/// The system has no more memory.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "the system gives no {bytes} bytes of memory\n  \
     help: set a smaller `budget`, fewer shots in parallel, or a smaller grid"
)]
pub struct OutOfMemory {
    /// What was asked for.
    pub bytes: usize,
}

/// Zeroed memory, mapped for itself alone; pages are taken from the system on first touch.
#[derive(Debug)]
pub(crate) struct Buffer {
    map: NonNull<u8>,
    mapped: usize,
    skew: usize,
    bytes: usize,
}

// SAFETY: a buffer owns its mapping; it is plain bytes without thread affinity.
unsafe impl Send for Buffer {}
// SAFETY: shared access hands out raw addresses only; whoever writes through one proves in its own
// SAFETY argument that nobody else reads or writes the same numbers at the time.
unsafe impl Sync for Buffer {}

/// In what pieces memory is taken from the system when it is first touched.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Pages {
    /// The largest that there are, for what is touched everywhere.
    Huge,
    /// The smallest, for what is touched in places: the rest takes no memory.
    Small,
}

impl Buffer {
    pub(crate) fn zeroed(bytes: usize) -> Result<Self, OutOfMemory> {
        Self::in_pages(bytes, Pages::Huge)
    }

    fn in_pages(bytes: usize, pages: Pages) -> Result<Self, OutOfMemory> {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let skew = COUNT.fetch_add(11, Ordering::Relaxed) % SKEWS * ALIGNMENT;
        let mapped = (bytes + skew).max(1).next_multiple_of(PAGE);
        let flags = MapFlags::PRIVATE;
        // SAFETY: an anonymous private mapping at an address of the kernel's choice aliases
        // nothing.
        let map = unsafe {
            mmap_anonymous(std::ptr::null_mut(), mapped, ProtFlags::READ | ProtFlags::WRITE, flags)
        };
        let map = map.map_err(|_| OutOfMemory { bytes })?;
        if mapped >= HUGE && pages == Pages::Huge {
            // SAFETY: the range was mapped just now; the advice does not change its contents. A
            // kernel without huge pages refuses, which costs nothing but speed.
            let _ = unsafe { madvise(map, mapped, Advice::LinuxHugepage) };
        }
        let map = NonNull::new(map.cast()).ok_or(OutOfMemory { bytes })?;
        Ok(Self { map, mapped, skew, bytes })
    }

    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Address of the first number.
    pub(crate) fn address(&self) -> *mut u8 {
        // SAFETY: `skew < mapped`.
        unsafe { self.map.as_ptr().add(self.skew) }
    }

    /// Address of the first number, typed.
    pub(crate) fn address_of<T: Real>(&self) -> *mut T {
        self.address().cast()
    }

    /// Makes the system provide the pages of a range of bytes, by the calling thread; the contents stay.
    pub(crate) fn touch(&self, range: Range<usize>) {
        for at in range.step_by(PAGE).take_while(|at| *at < self.bytes) {
            // SAFETY: `at` lies inside the mapping, which is writable and lives as long as `self`. The
            // operation is atomic and changes nothing; sessions touch buffers that nobody else has.
            let byte = unsafe { AtomicU8::from_ptr(self.address().add(at)) };
            byte.fetch_or(0, Ordering::Relaxed);
        }
    }

    /// The contents as numbers.
    pub(crate) fn slice<T: Real>(&self) -> &[T] {
        let len = self.bytes / size_of::<T>();
        // SAFETY: the mapping holds `bytes` initialised bytes from `address`, aligned to
        // `ALIGNMENT`, and every bit pattern is a number. Kernels write only buffers that nobody
        // but their session holds (`is_own`), under `&mut` of it: none does while this borrow
        // lives.
        unsafe { std::slice::from_raw_parts(self.address().cast::<T>(), len) }
    }

    /// The contents as numbers, to be written.
    pub(crate) fn slice_mut<T: Real>(&mut self) -> &mut [T] {
        let len = self.bytes / size_of::<T>();
        // SAFETY: as `slice`, and `&mut self` makes the access exclusive.
        unsafe { std::slice::from_raw_parts_mut(self.address().cast::<T>(), len) }
    }

    /// The contents as bytes.
    pub(crate) fn raw(&self) -> &[u8] {
        f32::bytes(self.slice())
    }

    /// The contents as bytes, to be written.
    pub(crate) fn raw_mut(&mut self) -> &mut [u8] {
        f32::bytes_mut(self.slice_mut())
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        // SAFETY: this range was mapped by `zeroed` and nothing borrows it any more. A failure
        // leaves it mapped, which is harmless.
        let _ = unsafe { munmap(self.map.as_ptr().cast(), self.mapped) };
    }
}

/// Whether nobody else holds what `shared` points to.
///
/// Unlike a look at the count, this also orders what others read before they let go before what
/// the caller writes next.
pub(crate) fn is_own<T>(shared: &mut Arc<T>) -> bool {
    Arc::get_mut(shared).is_some()
}

/// Buffers of one size that wait for their next use: nothing is mapped per step.
#[derive(Debug)]
pub(crate) struct Pool {
    bytes: usize,
    pages: Pages,
    /// Each with the box outside of which it is zero.
    free: Mutex<Vec<(Buffer, Patch)>>,
    mapped: AtomicUsize,
}

impl Pool {
    pub(crate) fn new(bytes: usize, pages: Pages) -> Arc<Self> {
        let (free, mapped) = (Mutex::new(Vec::new()), AtomicUsize::new(0));
        Arc::new(Self { bytes, pages, free, mapped })
    }

    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Buffers that it has ever mapped: all of them live as long as the pool.
    pub(crate) fn mapped(&self) -> usize {
        self.mapped.load(Ordering::Relaxed)
    }

    /// A buffer that nobody else holds; zero outside the grid and outside its patch.
    pub(crate) fn take(self: &Arc<Self>) -> Result<Arc<Level>, OutOfMemory> {
        let kept = self.free.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let (buffer, patch) = if let Some(kept) = kept {
            kept
        } else {
            let buffer = Buffer::in_pages(self.bytes, self.pages)?;
            self.mapped.fetch_add(1, Ordering::Relaxed);
            (buffer, Patch::EMPTY)
        };
        let patch = PatchCell::new(patch);
        Ok(Arc::new(Level { buffer: Some(buffer), patch, pool: self.clone() }))
    }
}

/// A pooled buffer, shared by the levels and snapshots that hold it; goes back when the last one
/// lets go.
#[derive(Debug)]
pub(crate) struct Level {
    buffer: Option<Buffer>,
    /// Outside of it all numbers are `+0`.
    patch: PatchCell,
    pool: Arc<Pool>,
}

impl Level {
    pub(crate) fn buffer(&self) -> &Buffer {
        self.buffer.as_ref().expect("a level should hold its buffer until it is dropped")
    }

    pub(crate) fn buffer_mut(&mut self) -> &mut Buffer {
        self.buffer.as_mut().expect("a level should hold its buffer until it is dropped")
    }

    /// The box outside of which all numbers are `+0`.
    pub(crate) fn patch(&self) -> Patch {
        self.patch.get()
    }

    /// Notes that all numbers are `+0` outside of a box, or will be by the time somebody looks.
    pub(crate) fn set_patch(&self, patch: Patch) {
        self.patch.set(patch);
    }
}

impl Drop for Level {
    fn drop(&mut self) {
        if let Some(buffer) = self.buffer.take() {
            let kept = (buffer, self.patch.get());
            self.pool.free.lock().unwrap_or_else(PoisonError::into_inner).push(kept);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn touching_pages_changes_nothing() {
        let mut buffer = Buffer::zeroed(3 * PAGE + 8).expect("memory");
        buffer.slice_mut::<f32>().fill(1.5);
        for range in [0..PAGE, PAGE + 4..3 * PAGE, 0..usize::MAX / 2, 7..7] {
            buffer.touch(range);
        }
        assert!(buffer.slice::<f32>().iter().all(|x| *x == 1.5));
    }
}
