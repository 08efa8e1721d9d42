//! Where the snapshots on disk lie, for given numbers of them and of their reads.

use crate::Costs;
use crate::schedule::costs::{beta, repetitions};

/// The steps of a Disk-Revolve schedule, cut into pieces that [`Revolve`](crate::Revolve)
/// reverses in memory.
///
/// A *segment* starts with a snapshot on disk that is read once or more. It consists of a piece
/// per read; before the last one of them is reversed, the run advances over the others, and so
/// on. The piece that is reversed at the `j`th read of its segment has *rank* `j`: the run
/// advances over it `j` times, the first sweep included. The steps behind the last segment are a
/// piece of rank 0.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Layout {
    pub(crate) steps: u64,
    /// Slots in memory.
    pub(crate) slots: u64,
    /// Snapshots on disk, `D`.
    pub(crate) segments: u64,
    /// Reads beyond the first of each, `X`, dealt round.
    pub(crate) rereads: u64,
    sizes: Sizes,
}

/// How long the pieces are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Sizes {
    /// Such that no step is advanced more than `top` times, with the fewest advances: a piece of
    /// rank `j` has from `beta(c, top - 1 - j)` to `beta(c, top - j)` steps. Beyond the lower
    /// ends, the steps are `extra`, dealt from the highest rank down, first segment first.
    Balanced { top: u64, extra: u64 },
    /// So many for each segment.
    Fixed(u64),
}

/// `beta(c, r)`, which is 0 for negative `r`. Fits for every argument of a [`Layout`] of at most
/// [`MAX_STEPS`](super::MAX_STEPS).
pub(crate) fn pascal(c: u64, r: i64) -> u128 {
    u64::try_from(r).map_or(0, |r| beta(c, r, u128::MAX))
}

impl Layout {
    /// The layout of fewest advances with `segments` snapshots on disk, below the number of
    /// steps, and so many more reads; one slot in memory at least.
    pub(crate) fn balanced(steps: u64, slots: u64, segments: u64, rereads: u64) -> Self {
        let sizes = Sizes::Balanced { top: 0, extra: 0 };
        let mut layout = Self { steps, slots, segments, rereads, sizes };
        // With no disk at all, every step is advanced as often as Revolve does it, at most.
        let (mut low, mut high) = (0, if steps < 2 { 0 } else { repetitions(steps, slots) });
        while low < high {
            let middle = low + (high - low) / 2;
            if layout.reaches(middle) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        let below = if low == 0 { 0 } else { layout.capacity(low - 1) as u64 };
        layout.sizes = Sizes::Balanced { top: low, extra: steps - below };
        layout
    }

    /// Segments of `period` steps, read once each, and at most one step more without.
    pub(crate) fn periodic(steps: u64, slots: u64, period: u64) -> Self {
        let segments = steps.saturating_sub(2) / period;
        Self { steps, slots, segments, rereads: 0, sizes: Sizes::Fixed(period) }
    }

    /// The number of segments with more ranks than the others, and the ranks of the others.
    fn ranks(&self) -> (u64, u64) {
        match self.rereads.checked_div(self.segments) {
            Some(each) => (self.rereads % self.segments, each + 1),
            None => (0, 0),
        }
    }

    /// The pieces of a segment, which is the highest of their ranks.
    pub(crate) fn pieces(&self, segment: u64) -> u64 {
        let (more, ranks) = self.ranks();
        ranks + u64::from(segment < more)
    }

    /// The most often that any step is advanced, if balanced.
    pub(crate) fn top(&self) -> u64 {
        match self.sizes {
            Sizes::Balanced { top, .. } => top,
            Sizes::Fixed(_) => 0,
        }
    }

    /// The pieces of all segments.
    pub(crate) fn pieces_in_all(&self) -> u64 {
        self.segments + self.rereads
    }

    /// Whether all steps can be reversed with none advanced more than `top` times.
    fn reaches(&self, top: u64) -> bool {
        // Checked first, as it bounds the binomials of the rest.
        let steps = u128::from(self.steps);
        beta(self.slots, top, steps) >= steps || self.capacity(top) >= steps
    }

    /// The most steps that can be reversed with none advanced more than `top` times, if the
    /// piece of rank 0 alone is shorter than the steps.
    fn capacity(&self, top: u64) -> u128 {
        let (c, top) = (self.slots, top as i64);
        let (more, ranks) = self.ranks();
        let (ranks, segments) = (ranks as i64, u128::from(self.segments));
        let all = pascal(c + 1, top - 1) - pascal(c + 1, top - 1 - ranks);
        pascal(c, top) + segments * all + u128::from(more) * pascal(c, top - 1 - ranks)
    }

    /// Steps advanced without being recorded, in all.
    pub(crate) fn advances(&self) -> u128 {
        match self.sizes {
            Sizes::Balanced { top, .. } => {
                // Each capacity below `top` is a sum over a diagonal of Pascal's triangle, and so
                // is their sum.
                let (c, t) = (self.slots, top as i64);
                let (more, ranks) = self.ranks();
                let (ranks, segments) = (ranks as i64, u128::from(self.segments));
                let all = pascal(c + 2, t - 2) - pascal(c + 2, t - 2 - ranks);
                let saved = pascal(c + 1, t - 1)
                    + segments * all
                    + u128::from(more) * pascal(c + 1, t - 2 - ranks);
                u128::from(top) * u128::from(self.steps) - saved
            }
            Sizes::Fixed(period) => {
                let in_memory = |steps: u64| {
                    Costs::of_slots(steps, self.slots.min(steps.saturating_sub(1))).advances
                };
                let (each, last) = (in_memory(period), in_memory(self.piece(0, 0)));
                u128::from(self.segments) * (u128::from(period) + each) + last
            }
        }
    }

    /// The steps of the piece of a rank in a segment; rank 0 is in none.
    pub(crate) fn piece(&self, segment: u64, rank: u64) -> u64 {
        let (top, extra) = match self.sizes {
            Sizes::Balanced { top, extra } => (top as i64, u128::from(extra)),
            Sizes::Fixed(period) if rank == 0 => return self.steps - self.segments * period,
            Sizes::Fixed(period) => return period,
        };
        let (c, rank) = (self.slots, rank as i64);
        let (more, ranks) = self.ranks();
        let ranks = ranks as i64;
        let least = |rank: i64| pascal(c, top - 1 - rank);
        // Capped: the piece of rank 0 may have room for more than all steps.
        let room = |rank: i64| {
            u64::try_from(top - rank)
                .map_or(0, |r| beta(c, r, self.steps.into()))
                .saturating_sub(least(rank))
        };
        let dealt = if rank > ranks {
            0
        } else {
            let above = least(rank) - least(ranks);
            u128::from(more) * room(ranks + 1) + u128::from(self.segments) * above
        };
        let dealt = dealt + u128::from(segment) * room(rank);
        // At most the steps.
        (least(rank) + extra.saturating_sub(dealt).min(room(rank))) as u64
    }

    /// The steps of a segment.
    pub(crate) fn segment(&self, segment: u64) -> u64 {
        (1..=self.pieces(segment)).map(|rank| self.piece(segment, rank)).sum()
    }
}
