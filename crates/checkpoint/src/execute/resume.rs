//! A reverse sweep that outlives its process.
//!
//! Snapshots in files survive a crash, with a manifest that says which they are. What the reverse
//! sweep has made so far (adjoint state, gradient sums, residuals) is written beside them from
//! time to time. A new process that finds both goes on from there: the steps left are reversed
//! from the snapshots left, and the result is the same to the last bit, because what has to be
//! computed again is the same to the last bit. Not so with a codec that loses something: data
//! computed again are not those that were decoded.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::Model;

/// A model whose reverse sweep another process can take up.
pub trait Resumable: Model {
    /// Appends all that the reverse sweep has made so far, and all that it reads beside
    /// snapshots: adjoint state, gradient sums, residuals. Whoever knows the size reserves it.
    ///
    /// # Errors
    /// Whatever the model reports; the executor stops.
    fn save_sweep(&mut self, into: &mut Vec<u8>) -> Result<(), Self::Error>;

    /// Takes up what [`Resumable::save_sweep`] has written. The forward state is not defined
    /// before and after: a load comes next.
    ///
    /// # Errors
    /// Whatever the model reports; the executor stops.
    fn load_sweep(&mut self, from: &[u8]) -> Result<(), Self::Error>;
}

/// First bytes of the file.
const MAGIC: &[u8; 8] = b"RGsweep1";

/// Bytes before the model's own: magic, identity, steps left, checksum of all the rest.
const HEAD: usize = 32;

/// Where and how often the state of the sweep is written.
#[derive(Debug)]
pub struct SweepLog {
    path: PathBuf,
    identity: u64,
    every: Duration,
    last: Instant,
    /// The file's content, on its way or found.
    content: Vec<u8>,
    /// Whether the file has been looked at.
    looked: bool,
    /// Steps left of what was found in it.
    found: Option<u64>,
}

impl SweepLog {
    /// A log in the file at `path`, written at most once per `every`. `identity` says whose
    /// sweep it is: a hash of everything that the result depends on. What was logged by a run of
    /// another identity is not taken up.
    pub fn new(path: &Path, identity: u64, every: Duration) -> Self {
        let (path, last) = (path.to_owned(), Instant::now());
        Self { path, identity, every, last, content: Vec::new(), looked: false, found: None }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The steps still to reverse of a sweep that an earlier run has left: those before this one.
    /// Nothing if there is none, if it is another run's, or if it is damaged. The file is read
    /// once; [`Executor::run_resumable`](crate::Executor::run_resumable) takes up what was found.
    pub fn pending(&mut self) -> Option<u64> {
        if !self.looked {
            self.content = fs::read(&self.path).unwrap_or_default();
            (self.looked, self.found) = (true, self.whole());
        }
        self.found
    }

    /// Steps left, if the content is whole and this run's.
    fn whole(&self) -> Option<u64> {
        let number =
            |at: usize| Some(u64::from_le_bytes(self.content.get(at..at + 8)?.try_into().ok()?));
        let rest = self.content.get(HEAD..)?;
        let (identity, pending) = (number(8)?, number(16)?);
        let whole =
            self.content.starts_with(MAGIC) && number(24)? == checksum(identity, pending, rest);
        (whole && identity == self.identity).then_some(pending)
    }

    /// As [`SweepLog::pending`], with the model's part.
    pub(super) fn found(&mut self) -> Option<(u64, &[u8])> {
        let pending = self.pending()?;
        Some((pending, &self.content[HEAD..]))
    }

    pub(super) fn is_due(&self) -> bool {
        self.last.elapsed() >= self.every
    }

    /// Writes the file aside, syncs and renames it.
    pub(super) fn write<M: Resumable>(
        &mut self,
        model: &mut M,
        pending: u64,
    ) -> Result<io::Result<()>, M::Error> {
        (self.looked, self.found) = (true, None);
        self.content.clear();
        self.content.resize(HEAD, 0);
        model.save_sweep(&mut self.content)?;
        let check = checksum(self.identity, pending, &self.content[HEAD..]);
        self.content[..8].copy_from_slice(MAGIC);
        for (at, number) in [(8, self.identity), (16, pending), (24, check)] {
            self.content[at..at + 8].copy_from_slice(&number.to_le_bytes());
        }
        self.last = Instant::now();
        Ok(self.replace())
    }

    fn replace(&self) -> io::Result<()> {
        // The whole name: `sweep.0` and `sweep.1` may be logs of two ranks.
        let mut aside = self.path.clone().into_os_string();
        aside.push(".part");
        let mut file = fs::File::create(&aside)?;
        file.write_all(&self.content)?;
        file.sync_data()?;
        fs::rename(&aside, &self.path)
    }

    /// The sweep is done: there is nothing to take up.
    pub(super) fn remove(&mut self) {
        (self.looked, self.found) = (true, None);
        // What stays is not taken up by any other run.
        let _ = fs::remove_file(&self.path);
    }
}

fn checksum(identity: u64, pending: u64, rest: &[u8]) -> u64 {
    let mut hasher = xxhash_rust::xxh3::Xxh3::new();
    hasher.update(&identity.to_le_bytes());
    hasher.update(&pending.to_le_bytes());
    hasher.update(rest);
    hasher.digest()
}
