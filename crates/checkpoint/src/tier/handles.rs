//! Handles kept in RAM: storing and reading move or share them, and copy nothing.

use super::{Key, Loaded, Tier, TierError};

/// Keeps snapshots as they are, in a table of fixed size.
#[derive(Debug)]
pub struct Handles<S> {
    /// Ordered by key.
    held: Vec<(Key, S)>,
    slots: usize,
}

impl<S> Handles<S> {
    /// Room for `slots` snapshots. The table is reserved here: storing allocates nothing.
    ///
    /// # Errors
    /// If there is no memory for a table of so many entries (not counting what they point to).
    pub fn new(slots: u64) -> Result<Self, std::collections::TryReserveError> {
        let slots = usize::try_from(slots).unwrap_or(usize::MAX);
        let mut held = Vec::new();
        held.try_reserve_exact(slots)?;
        Ok(Self { held, slots })
    }

    /// The place of `key` in the table, or else where to insert it.
    fn find(&self, key: Key) -> Result<usize, usize> {
        // Schedules mostly store and read at the end.
        match self.held.last() {
            Some((last, _)) if *last == key => Ok(self.held.len() - 1),
            Some((last, _)) if *last > key => self.held.binary_search_by_key(&key, |held| held.0),
            Some(_) | None => Err(self.held.len()),
        }
    }

    fn expect(&self, key: Key) -> Result<usize, TierError> {
        self.find(key).map_err(|_| TierError::Missing { tier: NAME.to_owned(), key })
    }
}

const NAME: &str = "RAM";

impl<S: Send> Tier<S> for Handles<S> {
    fn store(&mut self, key: Key, snapshot: S) -> Result<(), TierError> {
        if self.held.len() == self.slots {
            return Err(TierError::Full { tier: NAME.to_owned(), key, needed: 0, free: 0 });
        }
        match self.find(key) {
            Ok(index) => self.held[index].1 = snapshot,
            Err(index) => self.held.insert(index, (key, snapshot)),
        }
        Ok(())
    }

    fn load(&mut self, key: Key) -> Result<Loaded<'_, S>, TierError> {
        let index = self.expect(key)?;
        Ok(Loaded::Shared(&self.held[index].1))
    }

    fn take(&mut self, key: Key) -> Result<S, TierError> {
        let index = self.expect(key)?;
        Ok(self.held.remove(index).1)
    }

    fn discard(&mut self, key: Key) {
        if let Ok(index) = self.find(key) {
            self.held.remove(index);
        }
    }

    fn clear(&mut self) {
        self.held.clear();
    }

    fn slots(&self) -> Option<u64> {
        Some(self.slots as u64)
    }
}
