//! Reverse sweeps that another process can take up.

use std::ffi::{c_char, c_int, c_void};
use std::ops::Range;
use std::path::Path;
use std::time::Duration;

use retrograd_checkpoint::{Data, Model, Resumable, SweepLog};

use crate::model::{Callbacks, ModelError, done};
use crate::pointer::Text;
use crate::snapshot::Snapshot;
use crate::status::Error;

/// Fills a buffer of so many bytes with what the reverse sweep has made so far.
pub type rg_save_sweep = unsafe extern "C-unwind" fn(*mut c_void, *mut c_void, u64) -> c_int;
/// Takes up what was filled in.
pub type rg_load_sweep = unsafe extern "C-unwind" fn(*mut c_void, *const c_void, u64) -> c_int;

/// Where and how often the state of a reverse sweep is written: `rg_sweep`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct rg_sweep {
    /// The file.
    pub path: *const c_char,
    /// Whose sweep it is: a hash of everything that the result depends on.
    pub identity: u64,
    /// Seconds from one writing to the next, at least.
    pub every_seconds: f64,
    /// What the model's reverse sweep has made so far: adjoint state, gradient sums.
    pub bytes: u64,
    /// Fills a buffer with it.
    pub save: Option<rg_save_sweep>,
    /// Takes it from a buffer.
    pub load: Option<rg_load_sweep>,
}

/// What a model does beside its steps, where its sweep can be taken up.
#[derive(Clone, Copy)]
pub(crate) struct Sweep {
    bytes: usize,
    save: rg_save_sweep,
    load: rg_load_sweep,
}

impl rg_sweep {
    /// The log and the callbacks.
    ///
    /// # Safety
    /// `path` is NULL or a text that ends with a NUL.
    pub(crate) unsafe fn open(&self) -> Result<(SweepLog, Sweep), Error> {
        // SAFETY: promised by the caller.
        let path = unsafe { Text::new(self.path) }.get("sweep.path")?;
        let wrong = |_| {
            Error::argument("sweep.every_seconds", self.every_seconds, "a finite number from 0")
        };
        let every = Duration::try_from_secs_f64(self.every_seconds).map_err(wrong)?;
        let too_many = |_| Error::argument("sweep.bytes", self.bytes, "less than memory has");
        let bytes = isize::try_from(self.bytes).map_err(too_many)?.unsigned_abs();
        let null = |what| Error::Null { what };
        let save = self.save.ok_or(null("sweep.save"))?;
        let load = self.load.ok_or(null("sweep.load"))?;
        let log = SweepLog::new(Path::new(path), self.identity, every);
        Ok((log, Sweep { bytes, save, load }))
    }
}

/// A model and what it does for its sweep.
pub(crate) struct Sweeping<'a> {
    pub(crate) model: Callbacks<'a>,
    pub(crate) sweep: Sweep,
}

impl Model for Sweeping<'_> {
    type Snapshot = Snapshot;
    type Error = ModelError;

    fn advance(&mut self, steps: Range<u64>) -> Result<(), ModelError> {
        self.model.advance(steps)
    }

    fn record(&mut self, steps: Range<u64>) -> Result<(), ModelError> {
        self.model.record(steps)
    }

    fn reverse(&mut self, steps: Range<u64>) -> Result<(), ModelError> {
        self.model.reverse(steps)
    }

    fn save(&mut self, kind: Data, step: u64) -> Result<Snapshot, ModelError> {
        self.model.save(kind, step)
    }

    fn restore(&mut self, kind: Data, step: u64, from: &Snapshot) -> Result<(), ModelError> {
        self.model.restore(kind, step, from)
    }

    fn take(&mut self, kind: Data, step: u64, from: Snapshot) -> Result<(), ModelError> {
        self.model.take(kind, step, from)
    }

    fn stores_adjoint(&self) -> bool {
        self.model.stores_adjoint()
    }

    fn restart(&mut self) -> Option<Result<(), ModelError>> {
        self.model.restart()
    }
}

impl Resumable for Sweeping<'_> {
    fn save_sweep(&mut self, into: &mut Vec<u8>) -> Result<(), ModelError> {
        let start = into.len();
        let Sweep { bytes, save, .. } = self.sweep;
        if into.try_reserve(bytes).is_err() {
            let what = format!("there is no memory for the {bytes} bytes of the sweep");
            return Err(ModelError::Layout { what });
        }
        into.resize(start + bytes, 0);
        let buffer = into[start..].as_mut_ptr().cast();
        // SAFETY: promised for the model and its sweep; the buffer is of the length said, and
        // nobody else's.
        done("sweep.save", unsafe { save(self.model.context(), buffer, bytes as u64) })
    }

    fn load_sweep(&mut self, from: &[u8]) -> Result<(), ModelError> {
        let Sweep { bytes, load, .. } = self.sweep;
        if from.len() != bytes {
            let what = format!(
                "the sweep that was left has {} bytes, but `sweep.bytes` is {bytes}\n  \
                 help: another `identity` for what is another sweep",
                from.len()
            );
            return Err(ModelError::Layout { what });
        }
        let buffer = from.as_ptr().cast();
        // SAFETY: promised for the model and its sweep; the buffer is of the length said, and not
        // written meanwhile.
        done("sweep.load", unsafe { load(self.model.context(), buffer, bytes as u64) })
    }
}
