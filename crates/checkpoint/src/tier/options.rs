//! How a tier of bytes is made.

use std::io;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use super::bytes::{Bytes, Vacant};
use super::engine::{Engine, Extent};
use super::manifest::Manifest;
use super::medium::{DirectIo, FileMedium, Medium, RamMedium};
use super::pages::Pages;
use super::{Coder, Key, Payload, Threads};
use crate::codec::Codec;

/// Pages per snapshot as it is: encoded to a hundredth, it still takes ten, and wastes a twentieth.
const PAGES_PER_SNAPSHOT: u64 = 1024;

/// Pages of a medium whose snapshots are not known: their table stays small beside them.
const PAGES_PER_MEDIUM: u64 = 1 << 16;

/// The largest page: beyond it, no disk gets faster.
const PAGE_BYTES_MAX: u64 = 1 << 20;

/// The smallest page: its entry in the table is a sixteenth of it.
const PAGE_BYTES_MIN: u64 = 64;

/// Bytes of a page of a medium whose largest snapshot is known or not.
pub(super) fn page_bytes(snapshot_bytes: Option<u64>, capacity_bytes: u64, alignment: u64) -> u64 {
    let page = match snapshot_bytes {
        Some(bytes) => bytes / PAGES_PER_SNAPSHOT,
        None => capacity_bytes / PAGES_PER_MEDIUM,
    };
    page.clamp(PAGE_BYTES_MIN, PAGE_BYTES_MAX).next_multiple_of(alignment)
}

/// What a tier of bytes is made of.
///
/// ```
/// use retrograd_checkpoint::tier::{BytesOptions, Loaded, Key, Tier};
/// use retrograd_checkpoint::Data;
///
/// let points = 1000;
/// let mut tier = BytesOptions::in_ram(1 << 20)?
///     .queue(2)
///     .snapshot_bytes(8 * points as u64)
///     .build(move |_| vec![0.0_f64; points])?;
/// let key = Key { step: 7, kind: Data::Restart };
/// tier.store(key, vec![0.5; points])?;
/// assert!(matches!(tier.load(key)?, Loaded::Owned(state) if state == vec![0.5; points]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct BytesOptions {
    medium: Box<dyn Medium>,
    depth: usize,
    snapshot_bytes: Option<u64>,
    manifest: Option<(PathBuf, u64)>,
    codec: Codec,
    threads: Threads,
}

impl BytesOptions {
    /// A tier in RAM, of which only what is stored takes memory.
    ///
    /// # Errors
    /// If the system has no such room.
    pub fn in_ram(capacity_bytes: u64) -> io::Result<Self> {
        Ok(Self::on(Box::new(RamMedium::new(capacity_bytes)?)))
    }

    /// A tier in one file, made or overwritten, of `capacity_bytes`.
    ///
    /// # Errors
    /// What the system says, for example that the disk is too full.
    pub fn in_file(path: &Path, capacity_bytes: u64, direct: DirectIo) -> io::Result<Self> {
        Ok(Self::on(Box::new(FileMedium::new(path, capacity_bytes, direct)?)))
    }

    /// A tier on any medium.
    pub fn on(medium: Box<dyn Medium>) -> Self {
        let (codec, threads) = (Codec::None, Threads::Own(NonZeroUsize::MIN));
        Self { medium, depth: 0, snapshot_bytes: None, manifest: None, codec, threads }
    }

    /// Works in the background, with a queue of `depth` snapshots each way; 0 is not at all.
    #[must_use]
    pub fn queue(self, depth: usize) -> Self {
        Self { depth, ..self }
    }

    /// Encodes what is stored.
    #[must_use]
    pub fn codec(self, codec: Codec) -> Self {
        Self { codec, ..self }
    }

    /// Encodes and decodes with so many threads, started for each call.
    #[must_use]
    pub fn threads(self, threads: NonZeroUsize) -> Self {
        Self { threads: Threads::Own(threads), ..self }
    }

    /// Encodes and decodes with `count` threads of the host's: `run(tasks, task)` runs `task(0)` to
    /// `task(tasks - 1)` side by side and returns when all are done. It may run fewer, or none
    /// while its threads have other work: the caller's thread then does what is left. Meant for
    /// tiers without a queue, where those threads wait for the tier anyway; with a queue, they
    /// would be called away from what the queue is to hide behind.
    ///
    /// ```
    /// use std::num::NonZeroUsize;
    /// use retrograd_checkpoint::Data;
    /// use retrograd_checkpoint::tier::{BytesOptions, Key, Tier};
    ///
    /// let two = NonZeroUsize::new(2).expect("two is not zero");
    /// let mut tier = BytesOptions::in_ram(1 << 20)?
    ///     .codec("block:relative=1e-3".parse()?)
    ///     .pool(two, |tasks, task| {
    ///         std::thread::scope(|scope| {
    ///             (0..tasks).for_each(|index| _ = scope.spawn(move || task(index)));
    ///         });
    ///     })
    ///     .build(|_| vec![0.0_f32; 1000])?;
    /// tier.store(Key { step: 7, kind: Data::Adjoint }, vec![0.5; 1000])?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn pool(
        self,
        count: NonZeroUsize,
        run: impl Fn(usize, &(dyn Fn(usize) + Sync)) + Send + 'static,
    ) -> Self {
        Self { threads: Threads::Pool(count, Box::new(run)), ..self }
    }

    /// The bytes of the largest snapshot: sets the size of pages.
    #[must_use]
    pub fn snapshot_bytes(self, bytes: u64) -> Self {
        Self { snapshot_bytes: Some(bytes), ..self }
    }

    /// Notes in the file at `path` what is stored, and begins with what it says is stored already:
    /// for a medium that outlives the process. `identity` is a hash of everything that the data
    /// depend on; what a run of another identity has left is not believed.
    #[must_use]
    pub fn manifest(self, path: &Path, identity: u64) -> Self {
        Self { manifest: Some((path.to_owned(), identity)), ..self }
    }

    /// Makes the tier. `vacant` makes an unfilled snapshot for the data of a key.
    ///
    /// # Errors
    /// As for [`BytesOptions::try_build`].
    pub fn build<S: Payload>(
        self,
        mut vacant: impl FnMut(Key) -> S + Send + 'static,
    ) -> io::Result<Bytes<S>> {
        self.try_build(move |key| Ok(vacant(key)))
    }

    /// As [`BytesOptions::build`], where making an unfilled snapshot may fail.
    ///
    /// # Errors
    /// If the codec is not possible, the thread of the queue cannot be started, or the manifest
    /// not be read or written.
    pub fn try_build<S: Payload>(
        self,
        vacant: impl FnMut(Key) -> Result<S, Box<dyn std::error::Error + Send + Sync>> + Send + 'static,
    ) -> io::Result<Bytes<S>> {
        self.codec.check().map_err(io::Error::other)?;
        let capacity = self.medium.capacity_bytes();
        let page = page_bytes(self.snapshot_bytes, capacity, self.medium.alignment());
        let mut pages = Pages::new(capacity, page);
        let mut engine = Engine::new(self.medium, Coder::new(self.codec, self.threads));
        let mut held = Vec::new();
        if let Some((path, identity)) = self.manifest {
            let (manifest, found) =
                Manifest::open(&path, identity, pages.page_bytes(), pages.total())?;
            let firsts = pages.retake(found.iter().map(|one| one.pages.as_slice()));
            held.extend(found.iter().zip(firsts).map(|(one, page)| {
                (one.key, Extent { page, bytes: one.bytes, checksum: one.checksum })
            }));
            engine.note_in(manifest);
        }
        let vacant: Vacant<S> = Box::new(vacant);
        Bytes::new(engine, pages, &held, self.depth, vacant)
    }
}
