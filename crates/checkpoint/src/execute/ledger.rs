//! The executor's book of what is stored where.

use std::collections::TryReserveError;

use crate::tier::Key;
use crate::{BrokenRule, Data, TierId};

/// Entries reserved at most when the table is made; the rest as needed.
const RESERVED: u64 = 1 << 20;

/// What is stored where, ordered by key and tier.
#[derive(Debug)]
pub(super) struct Ledger {
    entries: Vec<Entry>,
    tiers: Vec<Taken>,
}

/// Slots of one tier.
#[derive(Debug)]
struct Taken {
    /// What restart data take, and adjoint data.
    sizes: [u64; 2],
    /// What all entries take.
    slots: u64,
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
    /// A book for tiers of `slots` in all, in which restart and adjoint data take `sizes`.
    pub(super) fn new(
        sizes: impl Iterator<Item = [u64; 2]>,
        slots: u64,
    ) -> Result<Self, TryReserveError> {
        let mut entries = Vec::new();
        entries.try_reserve_exact(slots.min(RESERVED) as usize)?;
        Ok(Self { entries, tiers: sizes.map(|sizes| Taken { sizes, slots: 0 }).collect() })
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
                let Taken { sizes, slots } = &mut self.tiers[tier.0 as usize];
                *slots = slots.saturating_add(sizes[key.kind as usize]);
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
                let Taken { sizes, slots } = &mut self.tiers[tier.0 as usize];
                *slots = slots.saturating_sub(sizes[key.kind as usize]);
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

    /// Slots taken in a tier.
    pub(super) fn taken(&self, tier: TierId) -> u64 {
        self.tiers[tier.0 as usize].slots
    }

    /// As many restart data as would take the slots that are taken in a tier.
    pub(super) fn taken_by_restart_data(&self, tier: TierId) -> u64 {
        let Taken { sizes, slots } = &self.tiers[tier.0 as usize];
        slots / sizes[Data::Restart as usize].max(1)
    }

    /// Whether the state at the start of `step` is stored anywhere.
    pub(super) fn holds_state(&self, step: u64) -> bool {
        let key = Key { step, kind: Data::Restart };
        let index = self.entries.partition_point(|entry| entry.key < key);
        self.entries.get(index).is_some_and(|entry| entry.key == key)
    }

    /// Whether the adjoint data of all steps before `end`, or before the first state, are stored.
    pub(super) fn reads_up_to_state(&self, end: u64) -> bool {
        let mut expected = 0;
        for Entry { key, .. } in &self.entries {
            match key.kind {
                Data::Restart if key.step <= expected => return true,
                Data::Adjoint if key.step == expected => expected += 1,
                Data::Restart | Data::Adjoint => {}
            }
        }
        expected >= end
    }

    pub(super) fn clear(&mut self) {
        self.entries.clear();
        self.tiers.iter_mut().for_each(|tier| tier.slots = 0);
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
