//! Sums in a fixed order, whoever adds.

use std::sync::{Condvar, Mutex, PoisonError};

/// A value that threads change one after the other, in a fixed order of turns.
pub(super) struct InOrder<T> {
    state: Mutex<(usize, T)>,
    moved: Condvar,
}

/// The right to change a value once, and the duty: a turn that is dropped, by an error or a panic,
/// is over, so that nobody waits for it for ever.
pub(super) struct Turn<'a, T> {
    of: &'a InOrder<T>,
    number: usize,
    taken: bool,
}

impl<T> InOrder<T> {
    pub(super) fn new(value: T) -> Self {
        Self { state: Mutex::new((0, value)), moved: Condvar::new() }
    }

    /// Turn `number`, from 0; each is to be asked for once.
    pub(super) fn turn(&self, number: usize) -> Turn<'_, T> {
        Turn { of: self, number, taken: false }
    }

    pub(super) fn into_inner(self) -> T {
        self.state.into_inner().unwrap_or_else(PoisonError::into_inner).1
    }

    fn in_turn<R>(&self, turn: usize, change: impl FnOnce(&mut T) -> R) -> R {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        // Not `wait_while`: where somebody has panicked it returns at once.
        while state.0 < turn {
            state = self.moved.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        // Before the change, which may panic: the next one wakes up when the lock is free.
        state.0 += 1;
        self.moved.notify_all();
        change(&mut state.1)
    }
}

impl<T> Turn<'_, T> {
    /// Waits until all turns before this one are over, and changes the value.
    pub(super) fn take<R>(mut self, change: impl FnOnce(&mut T) -> R) -> R {
        self.taken = true;
        self.of.in_turn(self.number, change)
    }
}

impl<T> Drop for Turn<'_, T> {
    fn drop(&mut self) {
        if !self.taken {
            self.of.in_turn(self.number, |_| ());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::panic::{AssertUnwindSafe, catch_unwind};

    /// Ten turns by ten threads that begin in the opposite order; every third one fails before
    /// its turn, every seventh within it.
    #[test]
    fn turns_are_taken_in_order_and_nobody_waits_for_one_that_failed() {
        let list = InOrder::new(Vec::new());
        let arrived = AtomicCount::default();
        std::thread::scope(|scope| {
            for number in (0..10).rev() {
                let (list, arrived) = (&list, &arrived);
                scope.spawn(move || {
                    let turn = list.turn(number);
                    // Later ones come first.
                    arrived.wait_for(9 - number);
                    let work = || {
                        assert!(number % 3 != 2, "before its turn");
                        turn.take(|l| {
                            assert!(number % 7 != 6, "within its turn");
                            l.push(number);
                        });
                    };
                    let _ = catch_unwind(AssertUnwindSafe(work));
                });
            }
        });
        assert_eq!(list.into_inner(), [0, 1, 3, 4, 7, 9]);
    }

    /// Lets threads arrive in a wanted order.
    #[derive(Default)]
    struct AtomicCount(std::sync::atomic::AtomicUsize);

    impl AtomicCount {
        fn wait_for(&self, before: usize) {
            use std::sync::atomic::Ordering::SeqCst;
            while self.0.load(SeqCst) < before {
                std::thread::yield_now();
            }
            self.0.fetch_add(1, SeqCst);
        }
    }
}
