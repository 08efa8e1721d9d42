//! Where snapshots live.
//!
//! A tier is anything that keeps data under a [`Key`] and gives them back: handles in RAM
//! ([`Handles`]), or a type of the user's (device memory, a database, another node). Schedules name
//! tiers by number; an [`Executor`](crate::Executor) is given as many.
//!
//! A tier may do its work in the background: [`Tier::store`] then returns as soon as the data are
//! handed over, what goes wrong later is said by the load of the same data, and
//! [`Tier::prefetch`] says early what is loaded next. [`Tier::drain`] waits.

mod bytes;
mod coder;
mod engine;
pub mod folder;
mod handles;
mod manifest;
pub mod medium;
mod needs;
mod options;
mod pages;
mod payload;

pub use bytes::Bytes;
pub use handles::Handles;
pub use needs::BufferNeeds;
pub use options::BytesOptions;
pub use payload::Payload;

use coder::{Coder, Threads};

use std::fmt;

use crate::Data;

/// What is stored: which data of which step.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Key {
    /// The step.
    pub step: u64,
    /// Which data.
    pub kind: Data,
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} data of step {}", self.kind, self.step)
    }
}

/// Data read from a tier that keeps them.
#[derive(Debug)]
pub enum Loaded<'a, S> {
    /// The tier's own.
    Shared(&'a S),
    /// A copy made for the reader.
    Owned(S),
}

/// What a tier has done so far.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct TierUse {
    /// Bytes held now: compressed where there is a codec; 0 where a tier does not know.
    pub held_bytes: u64,
    /// The most bytes held at a time.
    pub peak_bytes: u64,
    /// Bytes that were handed in, before any codec.
    pub raw_bytes: u64,
    /// Bytes that were written.
    pub written_bytes: u64,
    /// Bytes that were read.
    pub read_bytes: u64,
    /// Seconds that the caller has waited for stores and loads.
    pub waited_seconds: f64,
    /// Stores that have been done.
    pub stores: u64,
    /// Loads that have been done.
    pub loads: u64,
    /// Seconds of encoding and writing, in whatever thread.
    pub write_seconds: f64,
    /// Seconds of reading and decoding, in whatever thread.
    pub read_seconds: f64,
    /// The largest error that the codec has made, in the unit of the data.
    pub max_error: f64,
}

/// A place for snapshots of type `S`.
pub trait Tier<S>: Send {
    /// Takes data over. A key is stored once until it is discarded.
    ///
    /// # Errors
    /// If the data cannot be kept. They are lost then; an executor recomputes them.
    fn store(&mut self, key: Key, snapshot: S) -> Result<(), TierError>;

    /// Reads data that stay stored.
    ///
    /// # Errors
    /// If they cannot be read, or are not what was stored.
    fn load(&mut self, key: Key) -> Result<Loaded<'_, S>, TierError>;

    /// Reads data for the last time.
    ///
    /// # Errors
    /// As for [`Tier::load`].
    fn take(&mut self, key: Key) -> Result<S, TierError>;

    /// Forgets data; nothing if there are none.
    fn discard(&mut self, key: Key);

    /// Forgets everything, also what is on its way.
    fn clear(&mut self);

    /// The most snapshots at a time, where the number is what limits the tier.
    fn slots(&self) -> Option<u64> {
        None
    }

    /// How many of the [`slots`](Tier::slots) data of a kind take, 1 at least; always the same.
    fn slots_of(&self, kind: Data) -> u64 {
        let _ = kind;
        1
    }

    /// Whether loads take time that an announcement could hide.
    fn prefetches(&self) -> bool {
        false
    }

    /// Says that `key` is the next to be loaded of those not announced. Never blocks. `false` if
    /// the tier has no hands free: it is told again later.
    fn prefetch(&mut self, key: Key) -> bool {
        let _ = key;
        true
    }

    /// What the tier holds: before a run, what an earlier one has left, first step first.
    fn held(&self) -> Vec<Key> {
        Vec::new()
    }

    /// Waits until everything handed over is kept.
    ///
    /// # Errors
    /// The first store that failed in the background and was not reported yet.
    fn drain(&mut self) -> Result<(), TierError> {
        Ok(())
    }

    /// What has been done so far.
    fn usage(&self) -> TierUse {
        TierUse::default()
    }
}

/// Why a tier could not keep or give back data.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TierError {
    /// There is no room.
    #[error(
        "{tier} has no room for the {key}: {needed} bytes are needed, {free} are free\n  \
             help: make the tier larger, or give it fewer snapshots"
    )]
    Full {
        /// The tier, as the user knows it.
        tier: String,
        /// What should have been stored.
        key: Key,
        /// Bytes needed.
        needed: u64,
        /// Bytes free.
        free: u64,
    },
    /// The tier does not hold the data.
    #[error("{tier} does not hold the {key}")]
    Missing {
        /// The tier.
        tier: String,
        /// What should have been there.
        key: Key,
    },
    /// The data are not what was stored.
    #[error("the {key} in {tier} are damaged: {what}")]
    Corrupt {
        /// The tier.
        tier: String,
        /// Which data.
        key: Key,
        /// What does not fit.
        what: String,
    },
    /// The system said no.
    #[error("{tier} failed to {action}")]
    Io {
        /// The tier, with its path.
        tier: String,
        /// What it was doing.
        action: &'static str,
        /// The system's words.
        source: std::io::Error,
    },
    /// A tier of the user's own failed.
    #[error("{tier} failed")]
    Other {
        /// The tier.
        tier: String,
        /// Its error.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}
