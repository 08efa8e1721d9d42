//! From tables to actions.

use std::iter::FusedIterator;
use std::sync::Arc;

use super::equal::EqualTable;
use super::levels::{Choice, LevelTable};
use crate::schedule::segment::{Base, SegmentActions};
use crate::{Action, Data, TierId};

/// The tier of every snapshot.
const TIER: TierId = TierId(0);

/// What decides where snapshots are taken.
#[derive(Clone, Debug)]
pub(super) enum Plan {
    /// The table of equal sizes; room is counted in slots.
    Equal(EqualTable),
    /// The table over levels; room is counted in bytes.
    Levels(LevelTable),
    /// Revolve over everything, with so many slots.
    Even(u64),
}

impl Plan {
    /// How to reverse a segment with `room` besides the state at its start.
    fn choice(&self, first: usize, end: usize, room: u64) -> Choice {
        match self {
            Self::Equal(_) if room == 0 || end - first == 1 => Choice::Even(1),
            Self::Equal(table) => Choice::Split(table.split(first, end, room.saturating_add(1))),
            Self::Levels(table) => table.choice(first, end, room),
            Self::Even(slots) => Choice::Even(*slots),
        }
    }

    /// The room that the state at the start of a group takes.
    fn kept(&self, group: usize, end: usize) -> u64 {
        match self {
            Self::Equal(_) => u64::from(end - group > 1),
            Self::Levels(table) => table.groups().stored_bytes(group, end),
            Self::Even(_) => 0,
        }
    }

    /// The first step of a group.
    fn start(&self, group: usize, steps: u64) -> u64 {
        match self {
            Self::Equal(_) => group as u64,
            Self::Levels(table) => table.groups().start(group) as u64,
            Self::Even(_) => {
                if group == 0 {
                    0
                } else {
                    steps
                }
            }
        }
    }

    /// The number of groups of so many steps.
    fn groups(&self, steps: u64) -> usize {
        match self {
            Self::Equal(_) => steps as usize,
            Self::Levels(table) => table.groups().count(),
            Self::Even(_) => usize::from(steps > 0),
        }
    }
}

/// The actions of an [`UnevenSchedule`](super::UnevenSchedule). All copies share one table.
#[derive(Clone, Debug)]
pub struct UnevenActions {
    plan: Arc<Plan>,
    steps: u64,
    /// Stored states: of which group, and the room left besides.
    stored: Vec<(usize, u64)>,
    /// Groups from here on are reversed.
    end: usize,
    phase: Phase,
}

/// What to emit next.
#[derive(Clone, Debug)]
enum Phase {
    /// The model is at the start of a group, with so much room.
    Arrive(usize, u64),
    /// The state last stored is the working state.
    Advance,
    /// The segment from a group to the end is being reversed.
    Reverse(usize, SegmentActions),
    /// The model goes back to the state last stored.
    Load,
    Done,
}

impl UnevenActions {
    /// The actions for `steps` steps with `room`, that of `x_0` not included.
    pub(super) fn new(plan: Arc<Plan>, steps: u64, room: u64) -> Self {
        let end = plan.groups(steps);
        let phase = if end == 0 { Phase::Done } else { Phase::Arrive(0, room) };
        Self { plan, steps, stored: Vec::new(), end, phase }
    }

    /// Starts to reverse everything from `group` on.
    fn reverse(&mut self, group: usize, slots: u64, base: Base) {
        let (start, end) = (self.start(group), self.start(self.end));
        self.phase = Phase::Reverse(group, SegmentActions::new(start, end - start, slots, base));
    }

    fn start(&self, group: usize) -> u64 {
        self.plan.start(group, self.steps)
    }
}

impl Iterator for UnevenActions {
    type Item = Action;

    fn next(&mut self) -> Option<Action> {
        loop {
            match &mut self.phase {
                Phase::Arrive(group, room) => {
                    let (group, room) = (*group, *room);
                    match self.plan.choice(group, self.end, room) {
                        Choice::Even(slots) => self.reverse(group, slots, Base::Working),
                        Choice::Split(_) => {
                            self.stored.push((group, room));
                            self.phase = Phase::Advance;
                            let (kind, step) = (Data::Restart, self.start(group));
                            return Some(Action::Store { kind, step, tier: TIER });
                        }
                    }
                }
                Phase::Advance => {
                    let &(group, room) = self.stored.last().expect("a state should be stored");
                    let choice = self.plan.choice(group, self.end, room);
                    let Choice::Split(next) = choice else {
                        unreachable!("only segments that are split advance");
                    };
                    let room = room - self.plan.kept(next, self.end);
                    self.phase = Phase::Arrive(next, room);
                    return Some(Action::Advance { steps: self.start(group)..self.start(next) });
                }
                Phase::Reverse(group, actions) => {
                    if let Some(action) = actions.next() {
                        return Some(action);
                    }
                    self.end = *group;
                    self.phase = if self.stored.is_empty() { Phase::Done } else { Phase::Load };
                }
                Phase::Load => {
                    let &(group, room) = self.stored.last().expect("a state should be stored");
                    match self.plan.choice(group, self.end, room) {
                        Choice::Even(slots) => {
                            self.stored.pop();
                            self.reverse(group, slots, Base::Released);
                        }
                        Choice::Split(_) => {
                            self.phase = Phase::Advance;
                            let (kind, step) = (Data::Restart, self.start(group));
                            return Some(Action::Load { kind, step, tier: TIER });
                        }
                    }
                }
                Phase::Done => return None,
            }
        }
    }
}

impl FusedIterator for UnevenActions {}
