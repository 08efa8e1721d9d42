//! A tier of bytes: snapshots are encoded and written to a medium, in the background where wanted.
//!
//! With a queue of depth `d > 0` one thread of the tier's own encodes, writes and reads. A store
//! hands its snapshot over and returns; it waits only while `d` are on their way already. A load
//! that was announced finds its snapshot decoded. The queue holds at most `d` snapshots on their
//! way out and `d` on their way in: that is what it costs in memory, beside one encoded snapshot
//! and what the codec needs.
//!
//! With depth 0 everything is done by the caller's thread, within the call.

use std::collections::{HashMap, VecDeque};
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Instant;

use super::engine::{Engine, Extent, Stored};
use super::pages::Pages;
use super::{Key, Loaded, Payload, Tier, TierError, TierUse};

/// Makes an unfilled snapshot for the data of a key.
pub(super) type Vacant<S> = Box<dyn FnMut(Key) -> Result<S, Refusal> + Send>;

/// Why there is no unfilled snapshot.
pub(super) type Refusal = Box<dyn std::error::Error + Send + Sync>;

/// A tier whose snapshots are bytes on a medium.
pub struct Bytes<S: Payload> {
    shared: Arc<Shared<S>>,
    /// The engine, where there is no thread that has it.
    inline: Option<(Engine, Vacant<S>)>,
    worker: Option<JoinHandle<()>>,
    name: String,
    depth: usize,
}

struct Shared<S> {
    state: Mutex<State<S>>,
    /// Something to do.
    work: Condvar,
    /// Something done.
    done: Condvar,
}

struct State<S> {
    queue: VecDeque<Job<S>>,
    /// Whether the thread is at a job.
    busy: bool,
    entries: HashMap<Key, Entry>,
    /// Snapshots read in advance.
    ready: Vec<(Key, Result<S, TierError>)>,
    /// Loads announced or asked for whose snapshots are not ready.
    coming: Vec<Key>,
    pages: Pages,
    usage: TierUse,
    /// Of the engine, when it was last used.
    buffer_bytes: u64,
    stop: bool,
}

enum Job<S> {
    Store(Key, S),
    Load(Key),
    /// Nothing is stored any more.
    Clear,
}

/// Where stored data are.
enum Entry {
    /// On their way.
    Leaving,
    At(Extent),
    /// The error is taken by the first who asks.
    Lost(Option<TierError>),
}

impl<S> Shared<S> {
    fn lock(&self) -> MutexGuard<'_, State<S>> {
        // A panic elsewhere leaves the books as they were between two jobs.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn wait<'a, S>(on: &Condvar, state: MutexGuard<'a, State<S>>) -> MutexGuard<'a, State<S>> {
    on.wait(state).unwrap_or_else(PoisonError::into_inner)
}

impl<S> State<S> {
    /// Forgets the data of `key` and frees their pages.
    fn forget(&mut self, key: Key) {
        if let Some(Entry::At(extent)) = self.entries.remove(&key) {
            self.pages.give_back(extent.page);
            self.usage.held_bytes = self.pages.taken_bytes();
        }
        self.ready.retain(|(ready, _)| *ready != key);
    }

    /// Enters the outcome of a store, unless its data were discarded meanwhile.
    fn enter(&mut self, key: Key, stored: Result<(Stored, Extent), TierError>) {
        let entry = match stored {
            Ok((stored, extent)) => {
                let usage = &mut self.usage;
                usage.raw_bytes += stored.raw_bytes;
                usage.written_bytes += stored.written_bytes;
                usage.max_error = usage.max_error.max(stored.max_error);
                usage.held_bytes = self.pages.taken_bytes();
                usage.peak_bytes = usage.peak_bytes.max(usage.held_bytes);
                Entry::At(extent)
            }
            Err(error) => Entry::Lost(Some(error)),
        };
        // Of data stored again meanwhile, the later copy stays; of data discarded meanwhile, none.
        let leftover = match self.entries.get_mut(&key) {
            Some(place) => std::mem::replace(place, entry),
            None => entry,
        };
        if let Entry::At(extent) = leftover {
            self.pages.give_back(extent.page);
        }
    }

    /// Hands over what was read, if it is still wanted.
    fn deliver(&mut self, key: Key, read: Result<S, TierError>) {
        if let Some(at) = self.coming.iter().position(|coming| *coming == key) {
            self.coming.swap_remove(at);
            self.ready.push((key, read));
        }
    }

    /// Where data are, once they are there.
    fn extent(&mut self, key: Key, name: &str) -> Result<Option<Extent>, TierError> {
        let missing = || TierError::Missing { tier: name.to_owned(), key };
        match self.entries.get_mut(&key) {
            None => Err(missing()),
            Some(Entry::Leaving) => Ok(None),
            Some(Entry::At(extent)) => Ok(Some(*extent)),
            Some(Entry::Lost(error)) => Err(error.take().unwrap_or_else(missing)),
        }
    }
}

/// Encodes and writes one snapshot.
fn put<S: Payload>(
    shared: &Shared<S>,
    engine: &mut Engine,
    key: Key,
    snapshot: S,
) -> Result<(Stored, Extent), TierError> {
    let start = Instant::now();
    let stored = engine.encode(key, &snapshot)?;
    drop(snapshot); // its buffers are of use elsewhere
    let needed = engine.encoded_bytes();
    let taken = {
        let mut state = shared.lock();
        let page = state.pages.take(needed);
        if let Some(page) = page {
            state.pages.runs(page, needed, engine.runs());
        }
        page.ok_or(state.pages.free_bytes())
    };
    let page = taken.map_err(|free| TierError::Full { tier: engine.name(), key, needed, free })?;
    match engine.write(key, page) {
        Ok(extent) => {
            let mut state = shared.lock();
            state.usage.stores += 1;
            state.usage.write_seconds += start.elapsed().as_secs_f64();
            state.buffer_bytes = engine.buffer_bytes();
            drop(state);
            Ok((stored, extent))
        }
        Err(error) => {
            shared.lock().pages.give_back(page);
            Err(error)
        }
    }
}

/// Reads one snapshot.
fn get<S: Payload>(
    shared: &Shared<S>,
    engine: &mut Engine,
    vacant: &mut Vacant<S>,
    key: Key,
    extent: Extent,
) -> Result<S, TierError> {
    let start = Instant::now();
    shared.lock().pages.runs(extent.page, extent.bytes, engine.runs());
    let other = |source| TierError::Other { tier: engine.name(), source };
    let mut snapshot = vacant(key).map_err(other)?;
    engine.read(key, extent, &mut snapshot)?;
    let mut state = shared.lock();
    state.usage.read_bytes += extent.bytes;
    state.usage.loads += 1;
    state.usage.read_seconds += start.elapsed().as_secs_f64();
    state.buffer_bytes = engine.buffer_bytes();
    drop(state);
    Ok(snapshot)
}

/// Runs code of the user's, of which nothing is known: a panic is an error of the tier.
fn guarded<T>(name: &str, run: impl FnOnce() -> Result<T, TierError>) -> Result<T, TierError> {
    std::panic::catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|_| {
        let source = "the snapshot's own code has panicked".into();
        Err(TierError::Other { tier: name.to_owned(), source })
    })
}

/// The life of the tier's thread.
fn work<S: Payload>(shared: &Shared<S>, mut engine: Engine, mut vacant: Vacant<S>) {
    let name = engine.name();
    let mut state = shared.lock();
    loop {
        if state.stop {
            return;
        }
        let Some(job) = state.queue.pop_front() else {
            state = wait(&shared.work, state);
            continue;
        };
        state.busy = true;
        drop(state);
        match job {
            Job::Store(key, snapshot) => {
                let stored = guarded(&name, || put(shared, &mut engine, key, snapshot));
                state = shared.lock();
                state.enter(key, stored);
            }
            Job::Clear => {
                engine.clear();
                state = shared.lock();
            }
            Job::Load(key) => {
                let extent = shared.lock().extent(key, &name);
                if let Ok(None) = extent {
                    // Stored again since it was announced: behind that store.
                    state = shared.lock();
                    state.queue.push_back(Job::Load(key));
                } else {
                    let read = extent.and_then(|extent| {
                        let extent = extent.expect("it is there");
                        guarded(&name, || get(shared, &mut engine, &mut vacant, key, extent))
                    });
                    state = shared.lock();
                    state.deliver(key, read);
                }
            }
        }
        state.busy = false;
        shared.done.notify_all();
    }
}

impl<S: Payload> Bytes<S> {
    /// A tier over an engine. `depth` is that of the queue.
    pub(super) fn new(
        engine: Engine,
        pages: Pages,
        found: &[(Key, Extent)],
        depth: usize,
        vacant: Vacant<S>,
    ) -> std::io::Result<Self> {
        let held_bytes = pages.taken_bytes();
        let usage = TierUse { held_bytes, peak_bytes: held_bytes, ..TierUse::default() };
        let state = State {
            queue: VecDeque::with_capacity(2 * depth),
            busy: false,
            entries: found.iter().map(|&(key, extent)| (key, Entry::At(extent))).collect(),
            ready: Vec::with_capacity(depth),
            coming: Vec::with_capacity(depth),
            pages,
            usage,
            buffer_bytes: engine.buffer_bytes(),
            stop: false,
        };
        let (work_there, done) = (Condvar::new(), Condvar::new());
        let shared = Arc::new(Shared { state: Mutex::new(state), work: work_there, done });
        let name = engine.name();
        let (mut inline, mut worker) = (None, None);
        if depth == 0 {
            inline = Some((engine, vacant));
        } else {
            let theirs = Arc::clone(&shared);
            let builder = std::thread::Builder::new().name("snapshots".to_owned());
            worker = Some(builder.spawn(move || work(&theirs, engine, vacant))?);
        }
        Ok(Self { shared, inline, worker, name, depth })
    }

    /// Bytes of the tier's buffers in RAM: encoded and gathered data on their way, the codec's and
    /// the medium's own, the table of pages; not the snapshots in the queue. Bounded by
    /// [`BufferNeeds`](super::BufferNeeds).
    pub fn buffer_bytes(&self) -> u64 {
        let state = self.shared.lock();
        state.buffer_bytes + state.pages.allocated_bytes()
    }

    /// Reads data that stay stored.
    fn read(&mut self, key: Key) -> Result<S, TierError> {
        let start = Instant::now();
        let result = match &mut self.inline {
            Some((engine, vacant)) => {
                let extent = self.shared.lock().extent(key, &self.name)?;
                let extent = extent.expect("without a queue nothing is on its way");
                get(&self.shared, engine, vacant, key, extent)
            }
            None => self.read_from_queue(key),
        };
        self.shared.lock().usage.waited_seconds += start.elapsed().as_secs_f64();
        result
    }

    /// Waits for data announced before, or asks for them ahead of everything that waits.
    fn read_from_queue(&mut self, key: Key) -> Result<S, TierError> {
        let mut state = self.shared.lock();
        loop {
            if let Some(at) = state.ready.iter().position(|(ready, _)| *ready == key) {
                return state.ready.swap_remove(at).1;
            }
            if !state.coming.contains(&key) && state.extent(key, &self.name)?.is_some() {
                state.coming.push(key);
                state.queue.push_front(Job::Load(key));
                self.shared.work.notify_one();
            }
            state = wait(&self.shared.done, state);
        }
    }

    fn wait_idle(&self) -> MutexGuard<'_, State<S>> {
        let mut state = self.shared.lock();
        while state.busy || !state.queue.is_empty() {
            state = wait(&self.shared.done, state);
        }
        state
    }
}

impl<S: Payload> Tier<S> for Bytes<S> {
    fn store(&mut self, key: Key, snapshot: S) -> Result<(), TierError> {
        let start = Instant::now();
        let mut state = self.shared.lock();
        state.forget(key);
        state.entries.insert(key, Entry::Leaving);
        let result = if let Some((engine, _)) = &mut self.inline {
            drop(state);
            let stored = put(&self.shared, engine, key, snapshot);
            state = self.shared.lock();
            state.enter(key, stored);
            state.extent(key, &self.name).map(|_| ())
        } else {
            let stores = |state: &State<S>| {
                state.queue.iter().filter(|job| matches!(job, Job::Store(..))).count()
            };
            while stores(&state) >= self.depth {
                state = wait(&self.shared.done, state);
            }
            state.queue.push_back(Job::Store(key, snapshot));
            self.shared.work.notify_one();
            Ok(())
        };
        state.usage.waited_seconds += start.elapsed().as_secs_f64();
        result
    }

    fn load(&mut self, key: Key) -> Result<Loaded<'_, S>, TierError> {
        self.read(key).map(Loaded::Owned)
    }

    fn take(&mut self, key: Key) -> Result<S, TierError> {
        let snapshot = self.read(key)?;
        self.discard(key);
        Ok(snapshot)
    }

    fn discard(&mut self, key: Key) {
        let mut state = self.shared.lock();
        let queued = |job: &Job<S>| match job {
            Job::Store(queued, _) | Job::Load(queued) => *queued == key,
            Job::Clear => false,
        };
        state.queue.retain(|job| !queued(job));
        state.coming.retain(|coming| *coming != key);
        state.forget(key);
    }

    fn clear(&mut self) {
        let mut state = self.shared.lock();
        state.queue.clear();
        state.coming.clear();
        drop(state);
        if let Some((engine, _)) = &mut self.inline {
            engine.clear();
        } else {
            self.wait_idle().queue.push_back(Job::Clear);
            self.shared.work.notify_one();
        }
        let mut state = self.wait_idle();
        state.entries.clear();
        state.ready.clear();
        state.pages.clear();
        state.usage.held_bytes = 0;
    }

    fn prefetches(&self) -> bool {
        self.depth > 0
    }

    fn prefetch(&mut self, key: Key) -> bool {
        let mut state = self.shared.lock();
        if state.coming.contains(&key) || state.ready.iter().any(|(ready, _)| *ready == key) {
            return true;
        }
        if state.coming.len() + state.ready.len() >= self.depth {
            return false;
        }
        match state.entries.get(&key) {
            Some(Entry::At(_)) => {
                state.coming.push(key);
                state.queue.push_back(Job::Load(key));
                self.shared.work.notify_one();
                true
            }
            // On its way, or lost: the load itself will see.
            Some(Entry::Leaving) => false,
            Some(Entry::Lost(_)) | None => true,
        }
    }

    fn held(&self) -> Vec<Key> {
        let mut keys: Vec<Key> = self.shared.lock().entries.keys().copied().collect();
        keys.sort_unstable();
        keys
    }

    fn drain(&mut self) -> Result<(), TierError> {
        let mut state = self.wait_idle();
        let lost = state.entries.values_mut().find_map(|entry| match entry {
            Entry::Lost(error) => error.take(),
            Entry::Leaving | Entry::At(_) => None,
        });
        lost.map_or(Ok(()), Err)
    }

    fn usage(&self) -> TierUse {
        self.shared.lock().usage
    }
}

impl<S: Payload> Drop for Bytes<S> {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        state.stop = true;
        state.queue.clear();
        drop(state);
        self.shared.work.notify_all();
        if let Some(worker) = self.worker.take() {
            // It cannot panic but in the code of others, and there is nobody to tell.
            let _ = worker.join();
        }
    }
}
