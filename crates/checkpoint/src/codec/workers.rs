//! Who encodes and decodes, and their buffers.

use std::fmt;
use std::num::NonZeroUsize;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::real::Magnitude;

/// Runs `task(0)` to `task(tasks - 1)`, side by side as far as possible, and returns when all
/// are done.
pub type RunTasks<'a> = dyn Fn(usize, &(dyn Fn(usize) + Sync)) + 'a;

/// Threads that encode and decode: the host's own, so that no pool competes with it.
///
/// ```
/// use std::num::NonZeroUsize;
/// use retrograd_checkpoint::codec::{Codec, Element, FieldShape, Scratch, Workers};
///
/// let four = NonZeroUsize::new(4).expect("four is not zero");
/// let run = |tasks: usize, task: &(dyn Fn(usize) + Sync)| {
///     (0..tasks).for_each(|index| task(index)); // here goes the host's thread pool
/// };
/// let shape = FieldShape::new(Element::F32, [20, 30, 40])?;
/// let field: Vec<u8> = (0..24_000).flat_map(|i| (i as f32).sin().to_le_bytes()).collect();
/// let (mut scratch, mut code) = (Scratch::default(), Vec::new());
/// let codec: Codec = "block:relative=1e-3".parse()?;
/// codec.encode_with(&Workers::new(four, &run), shape, &field, &mut scratch, &mut code)?;
/// # Ok::<(), retrograd_checkpoint::codec::CodecError>(())
/// ```
#[derive(Clone, Copy)]
pub struct Workers<'a> {
    count: NonZeroUsize,
    run: &'a RunTasks<'a>,
}

impl fmt::Debug for Workers<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Workers").field("count", &self.count).finish_non_exhaustive()
    }
}

impl<'a> Workers<'a> {
    /// `count` workers, one task each, of somebody else's.
    pub fn new(count: NonZeroUsize, run: &'a RunTasks<'a>) -> Self {
        Self { count, run }
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.count.get()
    }

    /// Runs a task per worker. Each takes from what is left to do until nothing is.
    pub(super) fn run(&self, task: &(dyn Fn(usize) + Sync)) {
        (self.run)(self.count(), task);
        // A team may have run fewer than asked for; there is nothing left to do otherwise.
        task(0);
    }
}

impl Workers<'static> {
    /// The caller alone.
    pub fn serial() -> Self {
        Self { count: NonZeroUsize::MIN, run: &one_by_one }
    }

    /// Threads started for each call: some tens of microseconds each.
    pub fn threads(count: NonZeroUsize) -> Self {
        Self { count, run: &side_by_side }
    }
}

fn one_by_one(tasks: usize, task: &(dyn Fn(usize) + Sync)) {
    (0..tasks).for_each(task);
}

fn side_by_side(tasks: usize, task: &(dyn Fn(usize) + Sync)) {
    std::thread::scope(|scope| {
        for index in 1..tasks {
            scope.spawn(move || task(index));
        }
        task(0);
    });
}

/// Buffers of encoding and decoding. They grow to what the largest field so far has needed and
/// stay: to be kept from call to call, by whoever calls.
#[derive(Default)]
pub struct Scratch {
    pub(super) lanes: Vec<Mutex<Lane>>,
    /// Buffers for slabs that wait for those before them.
    pub(super) spare: Vec<Vec<u8>>,
    /// Those slabs; empty between calls.
    pub(super) waiting: Vec<super::stream::Waiting>,
    /// Of the slabs, where they had to be known in advance.
    pub(super) magnitudes: Vec<Magnitude>,
}

impl fmt::Debug for Scratch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scratch").field("workers", &self.lanes.len()).finish_non_exhaustive()
    }
}

impl Scratch {
    /// The buffers of at least `count` workers.
    pub(super) fn reserve(&mut self, count: usize) {
        if self.lanes.len() < count {
            self.lanes.reserve_exact(count - self.lanes.len());
            self.lanes.resize_with(count, Mutex::default);
        }
        self.waiting.reserve_exact(count.saturating_sub(self.waiting.len()));
        self.spare.reserve_exact(count.saturating_sub(self.spare.len()));
    }

    /// Bytes allocated; never more than [`Codec::scratch_bytes`](super::Codec::scratch_bytes) says.
    pub fn bytes(&self) -> u64 {
        let lanes = self.lanes.iter().map(|lane| lock(lane).bytes());
        let codes = self.spare.iter().chain(self.waiting.iter().map(|slab| &slab.code));
        let tables = allocated(&self.lanes)
            + allocated(&self.spare)
            + allocated(&self.waiting)
            + allocated(&self.magnitudes);
        (tables + lanes.sum::<usize>() + codes.map(allocated).sum::<usize>()) as u64
    }

    /// Bytes for each worker beside what it allocates itself.
    pub(super) const BYTES_PER_WORKER: usize =
        size_of::<Mutex<Lane>>() + size_of::<super::stream::Waiting>() + size_of::<Vec<u8>>();
}

impl Lane {
    fn bytes(&mut self) -> usize {
        #[allow(unused_mut, reason = "without libraries there is nothing more")]
        let mut bytes = allocated(&self.code) + allocated(&self.gathered) + self.block.bytes();
        #[cfg(any(feature = "lz4", feature = "zstd"))]
        {
            bytes += allocated(&self.shuffled);
        }
        #[cfg(feature = "lz4")]
        {
            bytes += super::lz4::Scratch::BYTES;
        }
        #[cfg(feature = "zstd")]
        {
            bytes += self.zstd.bytes();
        }
        #[cfg(feature = "zfp")]
        {
            bytes += self.zfp.bytes();
        }
        #[cfg(any(feature = "pco", feature = "zfp"))]
        {
            bytes += self.reals.bytes();
        }
        bytes
    }
}

/// Locks, whatever a thread that panicked has left: lanes hold nothing from slab to slab.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Bytes that a buffer has allocated.
pub(super) fn allocated<T>(buffer: &Vec<T>) -> usize {
    buffer.capacity() * size_of::<T>()
}

/// Resizes a buffer, which grows to what is asked for and no more.
pub(super) fn resize<T: Copy>(buffer: &mut Vec<T>, len: usize, value: T) {
    buffer.reserve_exact(len.saturating_sub(buffer.len()));
    buffer.resize(len, value);
}

/// Buffers of one worker.
#[derive(Default)]
pub(super) struct Lane {
    /// The code of a slab.
    pub(super) code: Vec<u8>,
    /// A slab that does not lie in one piece.
    pub(super) gathered: Vec<u8>,
    pub(super) block: super::block::Scratch,
    #[cfg(any(feature = "lz4", feature = "zstd"))]
    pub(super) shuffled: Vec<u8>,
    #[cfg(feature = "lz4")]
    pub(super) lz4: super::lz4::Scratch,
    #[cfg(feature = "zstd")]
    pub(super) zstd: super::zstd::Scratch,
    #[cfg(feature = "zfp")]
    pub(super) zfp: super::zfp::Scratch,
    #[cfg(any(feature = "pco", feature = "zfp"))]
    pub(super) reals: super::real::Buffers,
}
