//! The executor's book of what is stored where.

use std::collections::TryReserveError;

use crate::tier::Key;
use crate::{BrokenRule, TierId};

/// Entries reserved at most when the table is made; the rest as needed.
const RESERVED: u64 = 1 << 20;

/// What is stored where, ordered by key and tier.
#[derive(Debug)]
pub(super) struct Ledger {
    entries: Vec<Entry>,
    /// Entries of each tier.
    counts: Vec<u64>,
}

/// One stored datum.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub(super) key: Key,
    pub(super) tier: TierId,
    /// Whether the tier is known to have lost it.
    pub(super) lost: bool,
}

impl Ledger {
    pub(super) fn new(tiers: usize, slots: u64) -> Result<Self, TryReserveError> {
        let mut entries = Vec::new();
        entries.try_reserve_exact(slots.min(RESERVED) as usize)?;
        Ok(Self { entries, counts: vec![0; tiers] })
    }

    /// The place of an entry, or else where to insert it.
    fn find(&self, wanted: (Key, TierId)) -> Result<usize, usize> {
        // Schedules mostly store and read at the end.
        match self.entries.last().map(Entry::place) {
            Some(last) if last == wanted => Ok(self.entries.len() - 1),
            Some(last) if last > wanted => self.entries.binary_search_by_key(&wanted, Entry::place),
            Some(_) | None => Err(self.entries.len()),
        }
    }

    /// Enters data that are about to be stored.
    pub(super) fn enter(&mut self, key: Key, tier: TierId) -> Result<(), BrokenRule> {
        match self.find((key, tier)) {
            Ok(_) => Err(BrokenRule::StoredTwice { kind: key.kind, step: key.step, tier }),
            Err(index) => {
                self.entries.insert(index, Entry { key, tier, lost: false });
                self.counts[tier.0 as usize] += 1;
                Ok(())
            }
        }
    }

    /// The entry, if the data have been stored and not discarded.
    pub(super) fn entry(&mut self, key: Key, tier: TierId) -> Result<&mut Entry, BrokenRule> {
        match self.find((key, tier)) {
            Ok(index) => Ok(&mut self.entries[index]),
            Err(_) => Err(BrokenRule::NotStored { kind: key.kind, step: key.step, tier }),
        }
    }

    /// Strikes an entry out.
    pub(super) fn strike(&mut self, key: Key, tier: TierId) -> Result<Entry, BrokenRule> {
        match self.find((key, tier)) {
            Ok(index) => {
                self.counts[tier.0 as usize] -= 1;
                Ok(self.entries.remove(index))
            }
            Err(_) => Err(BrokenRule::NotStored { kind: key.kind, step: key.step, tier }),
        }
    }

    /// Whether the data are stored and not known to be lost.
    pub(super) fn holds(&self, key: Key, tier: TierId) -> bool {
        self.find((key, tier)).is_ok_and(|index| !self.entries[index].lost)
    }

    /// Marks the entries of a tier as lost that are not among `held`, which is sorted.
    pub(super) fn lose(&mut self, tier: TierId, held: &[Key]) {
        for entry in self.entries.iter_mut().filter(|entry| entry.tier == tier) {
            entry.lost = held.binary_search(&entry.key).is_err();
        }
    }

    /// All entries, first step first.
    pub(super) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Number of entries in a tier.
    pub(super) fn count(&self, tier: TierId) -> u64 {
        self.counts[tier.0 as usize]
    }

    pub(super) fn clear(&mut self) {
        self.entries.clear();
        self.counts.fill(0);
    }

    /// Where the table is and how large.
    #[cfg(test)]
    pub(super) fn allocation(&self) -> (*const Entry, usize) {
        (self.entries.as_ptr(), self.entries.capacity())
    }
}

impl Entry {
    fn place(&self) -> (Key, TierId) {
        (self.key, self.tier)
    }
}
