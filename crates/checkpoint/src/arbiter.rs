//! One budget for many: who wants memory asks first, and waits until it is free.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use crate::bytes::Bytes;

/// Shares a byte budget among concurrent gradients.
///
/// Leases are granted in the order in which they were asked for: a large one is not overtaken
/// for ever by small ones. Clones share the budget.
///
/// ```
/// use retrograd_checkpoint::Arbiter;
///
/// let arbiter = Arbiter::new(1000);
/// let first = arbiter.lease(700)?;
/// assert!(arbiter.try_lease(400)?.is_none());
/// drop(first);
/// assert!(arbiter.try_lease(400)?.is_some());
/// assert!(arbiter.lease(1001).is_err());
/// # Ok::<(), retrograd_checkpoint::LeaseError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Arbiter {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    budget_bytes: u64,
    books: Mutex<Books>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Books {
    leased_bytes: u64,
    peak_bytes: u64,
    /// Tickets of those who wait, first come first.
    waiting: VecDeque<u64>,
    next_ticket: u64,
}

/// Bytes that are leased until this is dropped.
#[derive(Debug)]
pub struct Lease {
    shared: Arc<Shared>,
    bytes: u64,
}

/// More was asked for than there is in all.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "{} of memory were asked for, and the budget shared by all is {}\n  \
     help: raise the budget, or plan with less", Bytes(*.wanted), Bytes(*.budget)
)]
pub struct LeaseError {
    /// Bytes asked for.
    pub wanted: u64,
    /// Bytes there are.
    pub budget: u64,
}

impl Arbiter {
    /// Shares `budget_bytes`.
    pub fn new(budget_bytes: u64) -> Self {
        let (books, changed) = (Mutex::default(), Condvar::new());
        Self { shared: Arc::new(Shared { budget_bytes, books, changed }) }
    }

    /// Waits until `bytes` are free, and takes them.
    ///
    /// # Errors
    /// If there never will be so many.
    pub fn lease(&self, bytes: u64) -> Result<Lease, LeaseError> {
        self.check(bytes)?;
        let mut books = self.shared.lock();
        let ticket = books.next_ticket;
        books.next_ticket += 1;
        books.waiting.push_back(ticket);
        while books.waiting.front() != Some(&ticket) || !self.shared.fits(&books, bytes) {
            books = self.shared.changed.wait(books).unwrap_or_else(PoisonError::into_inner);
        }
        books.waiting.pop_front();
        let lease = self.shared.grant(&mut books, bytes);
        // The next in the queue may fit as well.
        self.shared.changed.notify_all();
        Ok(lease)
    }

    /// Takes `bytes` if they are free and nobody waits.
    ///
    /// # Errors
    /// If there never will be so many.
    pub fn try_lease(&self, bytes: u64) -> Result<Option<Lease>, LeaseError> {
        self.check(bytes)?;
        let mut books = self.shared.lock();
        let free = books.waiting.is_empty() && self.shared.fits(&books, bytes);
        Ok(free.then(|| self.shared.grant(&mut books, bytes)))
    }

    /// The budget, bytes.
    pub fn budget_bytes(&self) -> u64 {
        self.shared.budget_bytes
    }

    /// Bytes leased now.
    pub fn leased_bytes(&self) -> u64 {
        self.shared.lock().leased_bytes
    }

    /// The most bytes leased at a time.
    pub fn peak_bytes(&self) -> u64 {
        self.shared.lock().peak_bytes
    }

    fn check(&self, wanted: u64) -> Result<(), LeaseError> {
        let budget = self.shared.budget_bytes;
        if wanted > budget { Err(LeaseError { wanted, budget }) } else { Ok(()) }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Books> {
        // Books are never left half written.
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn fits(&self, books: &Books, bytes: u64) -> bool {
        bytes <= self.budget_bytes - books.leased_bytes
    }

    fn grant(self: &Arc<Self>, books: &mut Books, bytes: u64) -> Lease {
        books.leased_bytes += bytes;
        books.peak_bytes = books.peak_bytes.max(books.leased_bytes);
        Lease { shared: Arc::clone(self), bytes }
    }
}

impl Lease {
    /// The bytes leased.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.shared.lock().leased_bytes -= self.bytes;
        self.shared.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_budget_is_kept_by_many_threads() {
        let arbiter = Arbiter::new(100);
        std::thread::scope(|scope| {
            for thread in 0..8_u64 {
                let arbiter = arbiter.clone();
                scope.spawn(move || {
                    for round in 0..200 {
                        let bytes = (thread * 37 + round * 11) % 101;
                        let lease = arbiter.lease(bytes).expect("should fit in all");
                        assert!(arbiter.leased_bytes() <= 100);
                        drop(lease);
                    }
                });
            }
        });
        assert_eq!(arbiter.leased_bytes(), 0);
        assert!(arbiter.peak_bytes() <= 100);
    }

    #[test]
    fn a_large_lease_is_not_overtaken() {
        let arbiter = Arbiter::new(10);
        let small = arbiter.lease(6).expect("should fit");
        let (said, heard) = mpsc::channel();
        std::thread::scope(|scope| {
            let large = arbiter.clone();
            scope.spawn(move || {
                let lease = large.lease(10).expect("should fit in all");
                said.send(lease.bytes()).expect("somebody listens");
            });
            while arbiter.shared.lock().waiting.is_empty() {
                std::thread::yield_now();
            }
            assert!(arbiter.try_lease(1).expect("should fit in all").is_none());
            assert!(heard.recv_timeout(Duration::from_millis(20)).is_err());
            drop(small);
            assert_eq!(heard.recv_timeout(Duration::from_secs(10)), Ok(10));
        });
    }

    #[test]
    fn more_than_there_is_is_an_error() {
        let error = Arbiter::new(1 << 20).lease(3 << 20).unwrap_err();
        assert_eq!(
            error.to_string(),
            "3.00 MiB (3145728 B) of memory were asked for, and the budget shared by all is \
             1.00 MiB (1048576 B)\n  help: raise the budget, or plan with less"
        );
    }
}
