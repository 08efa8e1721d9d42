//! Which pages of a medium hold what.
//!
//! Snapshots of different sizes come and go in any order. A medium is therefore cut into pages of
//! one size, and a snapshot takes a chain of as many as it needs wherever they are: nothing
//! fragments, and what is free is what can be stored. The price is half a page per snapshot on
//! average, and four bytes per page.

use std::collections::HashSet;

/// The end of a chain.
const NONE: u32 = u32::MAX;

/// Free and taken pages of a medium of fixed capacity.
#[derive(Clone, Debug)]
pub(super) struct Pages {
    page_bytes: u64,
    /// Pages in all.
    total: u64,
    /// The page behind each, of those that were ever taken.
    next: Vec<u32>,
    /// The first page that was taken once and is free again.
    freed: u32,
    /// Pages that are taken.
    taken: u64,
}

impl Pages {
    /// As many pages of `page_bytes` as `capacity_bytes` has room for.
    pub(super) fn new(capacity_bytes: u64, page_bytes: u64) -> Self {
        let page_bytes = page_bytes.max(1);
        let total = (capacity_bytes / page_bytes).min(u64::from(NONE));
        Self { page_bytes, total, next: Vec::new(), freed: NONE, taken: 0 }
    }

    /// The most bytes that the table of so many pages takes.
    pub(super) fn table_bytes(capacity_bytes: u64, page_bytes: u64) -> u64 {
        let total = Self::new(capacity_bytes, page_bytes).total;
        total.saturating_mul(size_of::<u32>() as u64)
    }

    /// Bytes that the table takes now.
    pub(super) fn allocated_bytes(&self) -> u64 {
        (self.next.capacity() * size_of::<u32>()) as u64
    }

    /// Bytes of a page.
    pub(super) fn page_bytes(&self) -> u64 {
        self.page_bytes
    }

    /// Pages in all.
    pub(super) fn total(&self) -> u64 {
        self.total
    }

    /// Bytes of whole pages that are free.
    pub(super) fn free_bytes(&self) -> u64 {
        (self.total - self.taken) * self.page_bytes
    }

    /// Bytes of whole pages that are taken.
    pub(super) fn taken_bytes(&self) -> u64 {
        self.taken * self.page_bytes
    }

    /// Takes a chain of pages for `bytes`, at least one; nothing if there are too few.
    pub(super) fn take(&mut self, bytes: u64) -> Option<u32> {
        let count = bytes.div_ceil(self.page_bytes).max(1);
        if count > self.total - self.taken {
            return None;
        }
        self.taken += count;
        let mut chain = NONE;
        // Fresh pages last page first, so that the chain runs forward through the medium.
        let mut from_freed = NONE;
        let mut left = count;
        while left > 0 && self.freed != NONE {
            let page = self.freed;
            self.freed = self.next[page as usize];
            self.next[page as usize] = from_freed;
            from_freed = page;
            left -= 1;
        }
        let start = self.next.len() as u32;
        if self.next.capacity() - self.next.len() < left as usize {
            // As a vector grows, but never beyond the last page.
            let wanted = left.max(self.next.len() as u64).min(self.total - u64::from(start));
            self.next.reserve_exact(wanted as usize);
        }
        for page in start..start + left as u32 {
            let last = page + 1 == start + left as u32;
            self.next.push(if last { NONE } else { page + 1 });
            chain = start;
        }
        // Then the freed ones in front of them, in the order in which they were given back.
        let mut page = from_freed;
        while page != NONE {
            let behind = self.next[page as usize];
            self.next[page as usize] = chain;
            chain = page;
            page = behind;
        }
        Some(chain)
    }

    /// Takes these chains, of a medium found again of which nothing is taken yet; no page is in
    /// two. Gives the first page of each.
    pub(super) fn retake<'a>(&mut self, chains: impl Iterator<Item = &'a [u32]>) -> Vec<u32> {
        let mut firsts = Vec::new();
        let mut own = HashSet::<u32>::new();
        for chain in chains {
            let end = chain.iter().max().map_or(0, |&page| page as usize + 1);
            self.next.resize(self.next.len().max(end), NONE);
            for pair in chain.windows(2) {
                self.next[pair[0] as usize] = pair[1];
            }
            own.extend(chain);
            firsts.push(chain.first().copied().unwrap_or(NONE));
        }
        self.taken = own.len() as u64;
        for page in (0..self.next.len() as u32).rev().filter(|page| !own.contains(page)) {
            self.next[page as usize] = self.freed;
            self.freed = page;
        }
        firsts
    }

    /// Gives a chain back.
    pub(super) fn give_back(&mut self, first: u32) {
        let mut last = first;
        let mut count = 1;
        while self.next[last as usize] != NONE {
            last = self.next[last as usize];
            count += 1;
        }
        self.next[last as usize] = self.freed;
        self.freed = first;
        self.taken -= count;
    }

    /// Runs of consecutive pages of a chain, as `(byte offset, bytes)`, for `bytes` bytes.
    pub(super) fn runs(&self, first: u32, bytes: u64, runs: &mut Vec<(u64, usize)>) {
        runs.clear();
        let (mut page, mut left) = (first, bytes);
        while left > 0 && page != NONE {
            let part = left.min(self.page_bytes);
            let offset = u64::from(page) * self.page_bytes;
            match runs.last_mut() {
                Some((start, length)) if *start + *length as u64 == offset => {
                    *length += part as usize;
                }
                Some(_) | None => runs.push((offset, part as usize)),
            }
            left -= part;
            page = self.next[page as usize];
        }
    }

    /// Gives all pages back.
    pub(super) fn clear(&mut self) {
        self.next.clear();
        self.freed = NONE;
        self.taken = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runs(pages: &Pages, first: u32, bytes: u64) -> Vec<(u64, usize)> {
        let mut runs = Vec::new();
        pages.runs(first, bytes, &mut runs);
        runs
    }

    #[test]
    fn what_is_free_can_be_stored_however_it_is_scattered() {
        let mut pages = Pages::new(1050, 100);
        let held: Vec<u32> = (0..10).map(|_| pages.take(100).expect("should fit")).collect();
        assert_eq!((pages.free_bytes(), pages.taken_bytes()), (0, 1000));
        for one in [8, 5, 4, 1] {
            pages.give_back(held[one]);
        }
        assert_eq!(pages.take(401), None);
        assert_eq!(pages.free_bytes(), 400);
        let chain = pages.take(350).expect("should fit");
        assert_eq!(runs(&pages, chain, 350), [(100, 100), (400, 200), (800, 50)]);
        pages.give_back(chain);
        assert_eq!(pages.free_bytes(), 400);
    }

    #[test]
    fn fresh_pages_are_one_run_behind_freed_ones() {
        let mut pages = Pages::new(1000, 100);
        let [first, second] = [150, 250].map(|bytes| pages.take(bytes).expect("should fit"));
        assert_eq!(runs(&pages, first, 150), [(0, 150)]);
        assert_eq!(runs(&pages, second, 250), [(200, 250)]);
        pages.give_back(first);
        let third = pages.take(600).expect("should fit");
        assert_eq!(runs(&pages, third, 600), [(0, 200), (500, 400)]);
        assert_eq!((pages.free_bytes(), pages.taken_bytes()), (100, 900));
    }

    #[test]
    fn pages_found_again_are_taken_as_they_were() {
        let mut pages = Pages::new(1000, 100);
        let firsts = pages.retake([[3_u32, 1].as_slice(), &[5]].into_iter());
        assert_eq!(runs(&pages, firsts[0], 150), [(300, 100), (100, 50)]);
        assert_eq!((pages.free_bytes(), pages.taken_bytes()), (700, 300));
        let chain = pages.take(700).expect("should fit");
        assert_eq!(runs(&pages, chain, 700), [(0, 100), (200, 100), (400, 100), (600, 400)]);
        pages.give_back(firsts[1]);
        assert_eq!(pages.take(100), Some(5));
    }

    #[test]
    fn nothing_takes_one_page_so_that_it_has_a_place() {
        let mut pages = Pages::new(100, 100);
        let chain = pages.take(0).expect("should fit");
        assert_eq!(runs(&pages, chain, 0), []);
        assert_eq!(pages.take(0), None);
        pages.give_back(chain);
        pages.clear();
        assert_eq!(Pages::new(0, 100).take(1), None);
    }
}
