//! The actions of a layout.

use std::ops::Range;

use super::layout::Layout;
use crate::schedule::segment::Segment;
use crate::{Action, Data, TierId};

const MEMORY: TierId = TierId(0);
const DISK: TierId = TierId(1);

/// The schedule of a [`Layout`], piece by piece: the first sweep stores the start of each segment
/// on disk, then the pieces are reversed from the last to the first.
#[derive(Clone, Debug)]
pub(crate) struct Walk {
    layout: Layout,
    /// The piece being reversed.
    memory: Segment,
    /// The segment being swept, or else read.
    segment: u64,
    /// Where it starts and ends; steps from its end on are swept yet, or else reversed.
    range: Range<u64>,
    /// The rank of the piece being reversed.
    rank: u64,
    phase: Phase,
}

/// What to emit next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Phase {
    Store,
    Sweep,
    Piece,
    Load,
    Discard,
    Advance,
    Done,
}

impl Walk {
    pub(crate) fn new(layout: Layout) -> Self {
        let mut walk = Self {
            layout,
            memory: Segment::new(layout.slots, MEMORY),
            segment: 0,
            range: 0..0,
            rank: 0,
            phase: Phase::Store,
        };
        walk.enter();
        walk
    }

    /// The first sweep is at the start of a segment, or of the last piece.
    fn enter(&mut self) {
        let start = self.range.end;
        if self.segment < self.layout.segments {
            self.range = start..start + self.layout.segment(self.segment);
            self.phase = Phase::Store;
        } else {
            self.range = start..start;
            self.reverse(start..self.layout.steps);
        }
    }

    /// The model is at the start of a piece.
    fn reverse(&mut self, piece: Range<u64>) {
        self.memory.start(piece);
        self.phase = Phase::Piece;
    }

    /// The next piece of the segment, or the last of the one before, is at its read.
    fn read(&mut self) {
        if self.segment == self.layout.segments || self.rank == self.layout.pieces(self.segment) {
            if self.segment == 0 {
                self.phase = Phase::Done;
                return;
            }
            self.segment -= 1;
            self.rank = 0;
            let end = self.range.start;
            self.range = end - self.layout.segment(self.segment)..end;
        }
        self.rank += 1;
        self.phase = Phase::Load;
    }

    pub(crate) fn next(&mut self) -> Option<Action> {
        if self.phase == Phase::Piece {
            if let Some(action) = self.memory.next() {
                return Some(action);
            }
            self.read();
        }
        let (kind, step, tier) = (Data::Restart, self.range.start, DISK);
        Some(match self.phase {
            Phase::Store => {
                self.phase = Phase::Sweep;
                Action::Store { kind, step, tier }
            }
            Phase::Sweep => {
                let steps = self.range.clone();
                self.segment += 1;
                self.enter();
                Action::Advance { steps }
            }
            Phase::Load => {
                let last = self.rank == self.layout.pieces(self.segment);
                self.phase = if last { Phase::Discard } else { Phase::Advance };
                Action::Load { kind, step, tier }
            }
            Phase::Discard => {
                self.reverse(self.range.clone());
                Action::Discard { kind, step, tier }
            }
            Phase::Advance => {
                // The piece reaches to the end of what is left of the segment.
                let steps = self.layout.piece(self.segment, self.rank);
                let start = self.range.end - steps;
                self.reverse(start..self.range.end);
                self.range.end = start;
                Action::Advance { steps: self.range.clone() }
            }
            Phase::Piece | Phase::Done => return None,
        })
    }
}
