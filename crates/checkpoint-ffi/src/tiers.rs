//! Tiers, as C describes them.

use std::collections::HashMap;
use std::ffi::c_char;
use std::io;
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use retrograd_checkpoint::codec::Codec;
use retrograd_checkpoint::tier::medium::DirectIo;
use retrograd_checkpoint::tier::{
    Bytes, BytesOptions, Handles, Key, Loaded, Tier, TierError, TierUse,
};

use crate::medium::MappedFile;
use crate::pointer::Text;
use crate::snapshot::{Layout, Pool, Snapshot};
use crate::status::Error;

/// A tier: `rg_tier`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct rg_tier {
    /// `RG_BUFFERS` ... `RG_MAPPED_SCRATCH`.
    pub medium: i32,
    /// Snapshots on their way in the background, each way; 0 is not in the background.
    pub queue_depth: u32,
    /// Threads of the codec; 0 counts as 1.
    pub threads: u32,
    /// `RG_BUFFERS`: the most snapshots.
    pub slots: u64,
    /// Others: the most bytes.
    pub capacity_bytes: u64,
    /// Others: the largest snapshot; 0 if not known.
    pub snapshot_bytes: u64,
    /// Files: where.
    pub path: *const c_char,
    /// Others: how snapshots are encoded; NULL is not at all.
    pub codec: *const c_char,
    /// Files with a name: the file that says what they hold; NULL if nobody is to find it.
    pub manifest: *const c_char,
    /// Of the run that believes the manifest: a hash of everything that snapshots depend on.
    pub identity: u64,
}

/// A tier that has been made.
pub(crate) struct Made {
    pub(crate) tier: Box<dyn Tier<Snapshot>>,
    /// What is known of the data that it has found by its manifest.
    pub(crate) found: Option<Found>,
}

/// Media of tiers.
pub mod medium_kind {
    /// The buffers that the model has filled, as they are.
    pub const RG_BUFFERS: i32 = 0;
    /// Bytes in RAM.
    pub const RG_RAM: i32 = 1;
    /// The file `path`, past the page cache where the system can.
    pub const RG_FILE: i32 = 2;
    /// The file `path`, through the page cache.
    pub const RG_FILE_CACHED: i32 = 3;
    /// The file `path`, mapped.
    pub const RG_MAPPED: i32 = 4;
    /// A file without a name in the folder `path`, mapped.
    pub const RG_MAPPED_SCRATCH: i32 = 5;
}

/// More in a queue hides nothing more.
const QUEUE_MAX: u32 = 1 << 16;

/// More threads than any machine has.
const THREADS_MAX: u32 = 1 << 12;

impl rg_tier {
    /// Makes the tier.
    ///
    /// # Safety
    /// `path`, `codec` and `manifest` are NULL or texts that end with a NUL.
    pub(crate) unsafe fn build(&self, number: usize, pool: &Arc<Pool>) -> Result<Made, Error> {
        // SAFETY: promised by the caller.
        let (path, codec) = unsafe { (Text::new(self.path), Text::new(self.codec)) };
        // SAFETY: promised by the caller.
        let manifest = unsafe { Text::new(self.manifest) }.given("tier.manifest")?;
        let is_named = matches!(
            self.medium,
            medium_kind::RG_FILE | medium_kind::RG_FILE_CACHED | medium_kind::RG_MAPPED
        );
        if let Some(manifest) = manifest.filter(|_| !is_named) {
            let allowed = "NULL where snapshots are in no file with a name";
            return Err(Error::argument("tier.manifest", manifest, allowed));
        }
        let codec = match codec.given("tier.codec")? {
            Some(text) => text.parse::<Codec>()?,
            None => Codec::None,
        };
        for (what, given, most, allowed) in [
            ("tier.queue_depth", self.queue_depth, QUEUE_MAX, "at most 65536"),
            ("tier.threads", self.threads, THREADS_MAX, "at most 4096"),
        ] {
            if given > most {
                return Err(Error::argument(what, given, allowed));
            }
        }
        if self.medium == medium_kind::RG_BUFFERS {
            if codec != Codec::None {
                return Err(Error::argument("tier.codec", codec, "NULL where buffers are kept"));
            }
            let what = "a table of so many snapshots";
            let handles = Handles::new(self.slots).map_err(|_| Error::Memory { what })?;
            return Ok(Made { tier: Box::new(handles), found: None });
        }
        let path = || path.get("tier.path").map(Path::new);
        let bytes = self.capacity_bytes;
        let options = match self.medium {
            medium_kind::RG_RAM => BytesOptions::in_ram(bytes),
            medium_kind::RG_FILE => BytesOptions::in_file(path()?, bytes, DirectIo::Auto),
            medium_kind::RG_FILE_CACHED => BytesOptions::in_file(path()?, bytes, DirectIo::Never),
            medium_kind::RG_MAPPED => on(MappedFile::new(path()?, bytes)),
            medium_kind::RG_MAPPED_SCRATCH => on(MappedFile::scratch(path()?, bytes)),
            other => {
                let allowed = "one of RG_BUFFERS to RG_MAPPED_SCRATCH";
                return Err(Error::argument("tier.medium", other, allowed));
            }
        };
        let failed = |source| Error::Tier { tier: number, source };
        let mut options = options.map_err(failed)?.codec(codec);
        if let Some(manifest) = manifest {
            options = options.manifest(Path::new(manifest), self.identity);
        }
        let tier = self.encoded(options, pool).map_err(failed)?;
        let keys = tier.held();
        let layouts = || Arc::clone(&tier.layouts);
        let found = (!keys.is_empty()).then(|| Found { keys, layouts: layouts() });
        Ok(Made { tier: Box::new(tier), found })
    }

    fn encoded(&self, options: BytesOptions, pool: &Arc<Pool>) -> io::Result<Known> {
        let threads = NonZeroUsize::new(self.threads as usize).unwrap_or(NonZeroUsize::MIN);
        let mut options = options.queue(self.queue_depth as usize).threads(threads);
        if self.snapshot_bytes > 0 {
            options = options.snapshot_bytes(self.snapshot_bytes);
        }
        let layouts = Arc::<Layouts>::default();
        let (known, pool) = (Arc::clone(&layouts), Arc::clone(pool));
        let tier = options.try_build(move |key| {
            let layout = known.lock().get(&key).cloned();
            Ok(pool.take(&layout.ok_or("it was discarded meanwhile")?)?)
        })?;
        Ok(Known { tier, layouts })
    }
}

fn on(file: io::Result<MappedFile>) -> io::Result<BytesOptions> {
    Ok(BytesOptions::on(Box::new(file?)))
}

/// The layouts of what a tier holds: the model is not asked again, least of all by the thread of
/// a tier.
#[derive(Default)]
pub(crate) struct Layouts(Mutex<HashMap<Key, Layout>>);

impl Layouts {
    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Layout>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Data of an earlier process, and where their layouts are to be entered: nobody but the model
/// knows them.
pub(crate) struct Found {
    keys: Vec<Key>,
    layouts: Arc<Layouts>,
}

impl Found {
    /// Enters what `layout_of` says.
    pub(crate) fn describe<E>(
        &self,
        mut layout_of: impl FnMut(Key) -> Result<Layout, E>,
    ) -> Result<(), E> {
        for &key in &self.keys {
            let layout = layout_of(key)?;
            self.layouts.lock().insert(key, layout);
        }
        Ok(())
    }
}

/// A tier of bytes, and the layouts of what it holds.
struct Known {
    tier: Bytes<Snapshot>,
    layouts: Arc<Layouts>,
}

impl Tier<Snapshot> for Known {
    fn store(&mut self, key: Key, snapshot: Snapshot) -> Result<(), TierError> {
        self.layouts.lock().insert(key, snapshot.layout().clone());
        self.tier.store(key, snapshot)
    }

    fn load(&mut self, key: Key) -> Result<Loaded<'_, Snapshot>, TierError> {
        self.tier.load(key)
    }

    fn take(&mut self, key: Key) -> Result<Snapshot, TierError> {
        let snapshot = self.tier.take(key)?;
        self.layouts.lock().remove(&key);
        Ok(snapshot)
    }

    fn discard(&mut self, key: Key) {
        self.tier.discard(key);
        self.layouts.lock().remove(&key);
    }

    fn clear(&mut self) {
        self.tier.clear();
        self.layouts.lock().clear();
    }

    fn slots(&self) -> Option<u64> {
        self.tier.slots()
    }

    fn prefetches(&self) -> bool {
        self.tier.prefetches()
    }

    fn prefetch(&mut self, key: Key) -> bool {
        self.tier.prefetch(key)
    }

    fn held(&self) -> Vec<Key> {
        self.tier.held()
    }

    fn drain(&mut self) -> Result<(), TierError> {
        self.tier.drain()
    }

    fn usage(&self) -> TierUse {
        self.tier.usage()
    }
}
