//! The actions of a solved recurrence.

use std::sync::Arc;

use super::table::{Level, Table};
use crate::schedule::segment::Segment;
use crate::{Action, Data};

/// The schedule of a [`Table`]: the state at the start of each segment is stored at the level,
/// and left in favour of the distance, at which the segment costs least.
#[derive(Clone, Debug)]
pub(crate) struct Walk {
    table: Arc<Table>,
    stored: Vec<Stored>,
    /// The segment that Revolve reverses, at a level that costs nothing.
    closed: Option<Segment>,
    /// Steps from here on are reversed.
    end: u64,
    /// Where the model is, when [`Phase::Arrive`] asks.
    at: u64,
    phase: Phase,
}

/// A stored snapshot.
#[derive(Clone, Copy, Debug)]
struct Stored {
    step: u64,
    level: usize,
    /// Slots of the level that were free when it was stored, and are whenever it is loaded, its
    /// own included.
    free: usize,
}

/// What to emit next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Phase {
    /// The model is at the start of a segment, which may use `free` slots of `level` and all
    /// slots of the levels below.
    Arrive {
        level: usize,
        free: usize,
    },
    Closed,
    Advance,
    Reverse,
    Load,
    Discard,
    Done,
}

impl Walk {
    pub(crate) fn new(table: Arc<Table>) -> Self {
        let steps = table.steps.count;
        let first = table.levels.first().filter(|_| table.is_closed(0));
        let closed = first.map(|level| Segment::new(level.slots, level.tier));
        let tabulated = table.levels.iter().skip(usize::from(first.is_some()));
        let slots = tabulated.map(|level| level.slots as usize).sum();
        let phase = if steps == 0 { Phase::Done } else { Self::below(&table, table.levels.len()) };
        let stored = Vec::with_capacity(slots);
        Self { stored, closed, end: steps, at: 0, phase, table }
    }

    pub(crate) fn table(&self) -> &Table {
        &self.table
    }

    /// Arrives below a level, with all slots free.
    fn below(table: &Table, level: usize) -> Phase {
        let level = level.saturating_sub(1);
        let free = table.levels.get(level).map_or(0, |level| level.slots as usize);
        Phase::Arrive { level, free }
    }

    /// The steps of the segment from `step` on, less one. Fits, as rows do.
    fn length(&self, step: u64) -> usize {
        (self.end - 1 - step) as usize
    }

    /// The last snapshot stored, and its level.
    fn top(&self) -> (Stored, &Level) {
        let stored = *self.stored.last().expect("a state should be stored while steps remain");
        (stored, &self.table.levels[stored.level])
    }

    /// The model is at `at`: record the one step that remains, or store the state where the
    /// recurrence says, or hand over to Revolve.
    fn arrive(&mut self, mut level: usize, mut free: usize) -> Action {
        let l = self.length(self.at);
        if l == 0 {
            self.phase = Phase::Reverse;
            return Action::Record { steps: self.at..self.end };
        }
        loop {
            if self.table.is_closed(level) {
                let segment = self.closed.as_mut().expect("a closed level should have a segment");
                segment.start(self.at..self.end);
                self.phase = Phase::Closed;
                return segment.next().expect("a segment of steps should have actions");
            }
            let Level { tier, .. } = self.table.levels[level];
            if self.table.levels[level].stores(l, free) {
                self.stored.push(Stored { step: self.at, level, free });
                self.phase = Phase::Advance;
                return Action::Store { kind: Data::Restart, step: self.at, tier };
            }
            // At level 0 there is no other way than to store.
            level -= 1;
            free = self.table.levels[level].slots as usize;
        }
    }

    /// The last snapshot stored has been loaded or stored: leave it as the recurrence says.
    fn advance(&mut self) -> Action {
        let (Stored { step, level: index, free }, level) = self.top();
        let distance = level.distance(self.length(step), free, self.table.steps.forward);
        self.at = step + distance as u64;
        self.phase = Phase::Arrive { level: index, free: free - 1 };
        Action::Advance { steps: step..self.at }
    }

    fn load(&mut self) -> Action {
        let (Stored { step, free, .. }, level) = self.top();
        let action = Action::Load { kind: Data::Restart, step, tier: level.tier };
        let last = level.moves_down(self.length(step), free);
        self.phase = if last { Phase::Discard } else { Phase::Advance };
        action
    }

    fn discard(&mut self) -> Action {
        let (Stored { step, level: index, .. }, level) = self.top();
        let action = Action::Discard { kind: Data::Restart, step, tier: level.tier };
        self.stored.pop();
        self.at = step;
        self.phase = Self::below(&self.table, index);
        action
    }

    /// The segment at `at` is reversed: what is left is that of the last snapshot stored.
    fn reversed(&mut self) {
        self.end = self.at;
        self.phase = if self.stored.is_empty() { Phase::Done } else { Phase::Load };
    }

    pub(crate) fn next(&mut self) -> Option<Action> {
        if self.phase == Phase::Closed {
            if let Some(action) = self.closed.as_mut().and_then(Segment::next) {
                return Some(action);
            }
            self.reversed();
        }
        Some(match self.phase {
            Phase::Arrive { level, free } => self.arrive(level, free),
            Phase::Advance => self.advance(),
            Phase::Reverse => {
                self.reversed();
                Action::Reverse { steps: self.at..self.at + 1 }
            }
            Phase::Load => self.load(),
            Phase::Discard => self.discard(),
            Phase::Closed | Phase::Done => return None,
        })
    }
}
