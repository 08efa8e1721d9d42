//! Handles kept in RAM: storing and reading move or share them, and copy nothing.

use super::{Key, Loaded, Tier, TierError};
use crate::Data;

/// Keeps snapshots as they are, in a table of fixed size.
#[derive(Debug)]
pub struct Handles<S> {
    /// Ordered by key.
    held: Vec<(Key, S)>,
    slots: u64,
    /// Slots that restart data take, and adjoint data.
    sizes: [u64; 2],
    /// Slots that are taken.
    taken: u64,
}

impl<S> Handles<S> {
    /// Room for `slots` snapshots. The table is reserved here: storing allocates nothing.
    ///
    /// # Errors
    /// If there is no memory for a table of so many entries (not counting what they point to).
    pub fn new(slots: u64) -> Result<Self, std::collections::TryReserveError> {
        Self::sized(slots, 1, 1)
    }

    /// Room for `slots` units, of which restart data take `restart` and the adjoint data of a step
    /// `adjoint`, 1 at least: where [`Mixed`](crate::Mixed) schedules count units, and a repair
    /// should stay within them.
    ///
    /// # Errors
    /// As for [`Handles::new`].
    ///
    /// ```
    /// use retrograd_checkpoint::tier::{Handles, Key, Tier};
    /// use retrograd_checkpoint::Data;
    ///
    /// let mut units = Handles::sized(5, 2, 1)?;
    /// units.store(Key { step: 0, kind: Data::Restart }, "x_0")?;
    /// units.store(Key { step: 3, kind: Data::Restart }, "x_3")?;
    /// assert!(units.store(Key { step: 6, kind: Data::Restart }, "x_6").is_err());
    /// units.store(Key { step: 6, kind: Data::Adjoint }, "tape of 6")?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn sized(
        slots: u64,
        restart: u64,
        adjoint: u64,
    ) -> Result<Self, std::collections::TryReserveError> {
        let sizes = [restart.max(1), adjoint.max(1)];
        let most = slots / sizes[0].min(sizes[1]);
        let mut held = Vec::new();
        held.try_reserve_exact(usize::try_from(most).unwrap_or(usize::MAX))?;
        Ok(Self { held, slots, sizes, taken: 0 })
    }

    fn remove(&mut self, index: usize) -> S {
        let (key, snapshot) = self.held.remove(index);
        self.taken -= self.sizes[key.kind as usize];
        snapshot
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
        match self.find(key) {
            Ok(index) => self.held[index].1 = snapshot,
            Err(index) => {
                let size = self.sizes[key.kind as usize];
                if size > self.slots - self.taken {
                    return Err(TierError::Full { tier: NAME.to_owned(), key, needed: 0, free: 0 });
                }
                self.taken += size;
                self.held.insert(index, (key, snapshot));
            }
        }
        Ok(())
    }

    fn load(&mut self, key: Key) -> Result<Loaded<'_, S>, TierError> {
        let index = self.expect(key)?;
        Ok(Loaded::Shared(&self.held[index].1))
    }

    fn take(&mut self, key: Key) -> Result<S, TierError> {
        let index = self.expect(key)?;
        Ok(self.remove(index))
    }

    fn discard(&mut self, key: Key) {
        if let Ok(index) = self.find(key) {
            self.remove(index);
        }
    }

    fn clear(&mut self) {
        self.held.clear();
        self.taken = 0;
    }

    fn slots(&self) -> Option<u64> {
        Some(self.slots)
    }

    fn slots_of(&self, kind: Data) -> u64 {
        self.sizes[kind as usize]
    }
}
