//! The oracle for small sizes: the least cost of *any* valid action stream.
//!
//! Dijkstra's algorithm over all positions of the game that [`replay`](crate::replay()) referees:
//! where the model is, which step is recorded, what every tier holds, and how many steps are left
//! to reverse. It knows nothing of splits, segments, levels or binomials, so that every family of
//! schedules can be tested against it.
//!
//! The first of these restrictions narrows the model, the others cannot change the least cost:
//!
//! * at most one step is recorded at a time (otherwise working memory is a store without limit);
//! * the last step that is left is reversed as soon as the model is there, or its adjoint data;
//! * adjoint data of other steps are stored directly after they are recorded or loaded;
//! * data of steps that are already reversed are discarded at once;
//! * other data are discarded only where a tier has no room for the largest data there are:
//!   discards are free, and may wait for the store that needs the room.
//!
//! Time and memory grow exponentially with the steps and slots: up to about ten steps. Not here:
//! memory of the working state, costs of discards.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::collections::hash_map::{Entry, HashMap};

use crate::cost_model::check_cost;
use crate::{Action, CostModel, Data, MemoryModel, PerStep, ScheduleError, TierId, TierLimit};

/// The most steps of a search: sets of steps are bit masks.
const MAX_STEPS: u64 = 16;

/// The most tiers of a search.
const MAX_TIERS: usize = 4;

/// The most positions that a search visits.
const MAX_POSITIONS: usize = 4_000_000;

/// An exhaustive search for the cheapest schedule.
///
/// ```
/// use retrograd_checkpoint::search::Search;
/// use retrograd_checkpoint::{Costs, MemoryModel};
///
/// let search = Search::total_forward(MemoryModel::slots(2));
/// let best = search.best(8)?.expect("two slots should do");
/// assert_eq!(best.cost, Costs::revolve(8, 2)?.total_forward as f64);
///
/// // Adjoint data in the slots are better where both are of the same size.
/// let best = search.storing_adjoint_data().best(8)?.expect("two slots should do");
/// assert_eq!(best.cost, 18.0); // instead of 22
/// # Ok::<(), retrograd_checkpoint::ScheduleError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Search {
    memory: MemoryModel,
    costs: CostModel,
    recording: f64,
    kinds: &'static [Data],
}

/// The outcome of a search.
#[derive(Clone, PartialEq, Debug)]
pub struct Best {
    /// The least cost of any schedule.
    pub cost: f64,
    /// A schedule of this cost, which [`replay`](crate::replay()) accepts.
    pub actions: Vec<Action>,
}

impl Search {
    /// For the least makespan, as [`CostModel::makespan`] counts it: recording is free. Only
    /// restart data are stored.
    pub fn makespan(memory: MemoryModel, costs: CostModel) -> Self {
        Self { memory, costs, recording: 0.0, kinds: &[Data::Restart] }
    }

    /// For the fewest forward steps, recorded ones included; stores and loads are free. Only
    /// restart data are stored.
    pub fn total_forward(memory: MemoryModel) -> Self {
        Self { recording: 1.0, ..Self::makespan(memory, CostModel::steps(1.0, 0.0)) }
    }

    /// As before, with adjoint data stored as well wherever that helps.
    #[must_use]
    pub fn storing_adjoint_data(self) -> Self {
        Self { kinds: &[Data::Restart, Data::Adjoint], ..self }
    }

    /// Searches for the cheapest reversal of `steps`; `None` if there is none at all.
    ///
    /// # Errors
    /// * [`ScheduleError::Invalid`] beyond 16 steps or 4 tiers;
    /// * [`ScheduleError::InvalidCost`] for a cost that is negative or not finite;
    /// * [`ScheduleError::TableTooLarge`] beyond 4 million positions.
    pub fn best(&self, steps: u64) -> Result<Option<Best>, ScheduleError> {
        self.check(steps)?;
        let mut visited = Visited::default();
        visited.reach(Position::start(steps as u8), 0.0, None);
        let mut moves = Vec::new();
        while let Some(Reverse((_, index))) = visited.queue.pop() {
            let Node { position, cost, done, .. } = &mut visited.nodes[index as usize];
            if std::mem::replace(done, true) {
                continue;
            }
            let (position, cost) = (*position, *cost);
            if position.end == 0 {
                return Ok(Some(Best { cost, actions: visited.actions_to(index) }));
            }
            self.moves(position, &mut moves);
            for (play, next, price) in moves.drain(..) {
                visited.reach(next, cost + price, Some((index, play)));
            }
            if visited.nodes.len() > MAX_POSITIONS {
                let bytes = |positions: usize| (positions * size_of::<Node>()) as u64;
                return Err(ScheduleError::TableTooLarge {
                    what: "the exhaustive search",
                    bytes: bytes(visited.nodes.len()).into(),
                    limit: bytes(MAX_POSITIONS),
                });
            }
        }
        Ok(None)
    }

    fn check(&self, steps: u64) -> Result<(), ScheduleError> {
        if steps > MAX_STEPS || self.memory.tiers.len() > MAX_TIERS {
            return Err(ScheduleError::Invalid {
                what: "an exhaustive search takes at most 16 steps and 4 tiers",
            });
        }
        let values = |costs: &PerStep<f64>| (0..steps).map(|i| costs.at(i)).collect::<Vec<_>>();
        let steps = [("uf", values(&self.costs.forward)), ("ub", values(&self.costs.adjoint))];
        for (what, value) in steps.iter().flat_map(|(what, all)| all.iter().map(|v| (*what, *v))) {
            check_cost(what, value)?;
        }
        for tier in &self.costs.tiers {
            check_cost("w", tier.write)?;
            check_cost("r", tier.read)?;
        }
        Ok(())
    }

    /// All moves from a position that can be part of a cheapest schedule.
    fn moves(&self, position: Position, moves: &mut Vec<(Play, Position, f64)>) {
        let mut play = |play: Play| {
            let cost = match play {
                Play::Record(_) => self.recording,
                _ => self.costs.of(&play.action()),
            };
            moves.push((play, position.after(play, self.memory.adjoint_restarts), cost));
        };
        if position.recorded.is_some_and(|step| step + 1 == position.end) {
            return play(Play::Reverse(position.end - 1));
        }
        let at_last = position.at.is_some_and(|at| at + 1 == position.end);
        if let Some(at) = position.at {
            if !at_last {
                play(Play::Advance(at));
            }
            if at_last || self.kinds.contains(&Data::Adjoint) {
                play(Play::Record(at));
            }
        }
        for (tier, limit) in (0..).zip(&self.memory.tiers) {
            for &kind in self.kinds {
                let source = match kind {
                    Data::Restart => position.at.filter(|_| !at_last),
                    Data::Adjoint => position.recorded,
                };
                if let Some(step) = source.filter(|&step| !position.holds(kind, step, tier))
                    && self.has_room(position, tier, limit, self.bytes(kind, step))
                {
                    play(Play::Store(kind, step, tier));
                }
            }
            let full = !self.has_room(position, tier, limit, self.largest(position.end));
            for (kind, step) in position.held(tier) {
                if !at_last || (kind == Data::Adjoint && step + 1 == position.end) {
                    play(Play::Load(kind, step, tier));
                }
                if full && (!at_last || position.recorded.is_some()) {
                    play(Play::Discard(kind, step, tier));
                }
            }
        }
    }

    fn bytes(&self, kind: Data, step: u8) -> u64 {
        match kind {
            Data::Restart => self.memory.restart_bytes.at(step.into()),
            Data::Adjoint => self.memory.adjoint_bytes.at(step.into()),
        }
    }

    /// The size of the largest data that may still be stored.
    fn largest(&self, end: u8) -> u64 {
        let sizes = (0..end).flat_map(|step| self.kinds.iter().map(move |&kind| (kind, step)));
        sizes.map(|(kind, step)| self.bytes(kind, step)).max().unwrap_or(0)
    }

    fn has_room(&self, position: Position, tier: u8, limit: &TierLimit, bytes: u64) -> bool {
        let (count, taken) =
            position.held(tier).fold((0, bytes), |(count, taken), (kind, step)| {
                (count + 1, taken.saturating_add(self.bytes(kind, step)))
            });
        limit.slots.is_none_or(|slots| count < slots)
            && limit.bytes.is_none_or(|capacity| taken <= capacity)
    }
}

/// Everything that decides what can still be done.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Position {
    /// The step that the model is at, if any that is still to be reversed.
    at: Option<u8>,
    /// The step whose adjoint data have just been recorded or loaded.
    recorded: Option<u8>,
    /// Steps from here on are reversed.
    end: u8,
    /// The steps in each tier as bits: restart data, adjoint data.
    held: [[u16; 2]; MAX_TIERS],
}

/// One action of at most one step.
#[derive(Clone, Copy)]
enum Play {
    Advance(u8),
    Record(u8),
    Reverse(u8),
    Store(Data, u8, u8),
    Load(Data, u8, u8),
    Discard(Data, u8, u8),
}

impl Play {
    fn action(self) -> Action {
        let one = |step: u8| u64::from(step)..u64::from(step) + 1;
        let tier = |tier: u8| TierId(tier.into());
        match self {
            Self::Advance(step) => Action::Advance { steps: one(step) },
            Self::Record(step) => Action::Record { steps: one(step) },
            Self::Reverse(step) => Action::Reverse { steps: one(step) },
            Self::Store(kind, step, id) => {
                Action::Store { kind, step: step.into(), tier: tier(id) }
            }
            Self::Load(kind, step, id) => Action::Load { kind, step: step.into(), tier: tier(id) },
            Self::Discard(kind, step, id) => {
                Action::Discard { kind, step: step.into(), tier: tier(id) }
            }
        }
    }
}

impl Position {
    fn start(steps: u8) -> Self {
        Self { at: Some(0), recorded: None, end: steps, held: [[0; 2]; MAX_TIERS] }
    }

    fn holds(&self, kind: Data, step: u8, tier: u8) -> bool {
        self.held[usize::from(tier)][kind as usize] & (1 << step) != 0
    }

    /// What a tier holds.
    fn held(self, tier: u8) -> impl Iterator<Item = (Data, u8)> {
        let data = [Data::Restart, Data::Adjoint].into_iter();
        let all = data.flat_map(move |kind| (0..self.end).map(move |step| (kind, step)));
        all.filter(move |&(kind, step)| self.holds(kind, step, tier))
    }

    /// The position after a move, with what has become useless removed.
    fn after(mut self, play: Play, adjoint_restarts: bool) -> Self {
        match play {
            Play::Advance(step) => {
                self.at = Some(step + 1);
                self.recorded = None;
            }
            Play::Record(step) => {
                self.recorded = Some(step);
                self.at = Some(step + 1);
            }
            Play::Reverse(step) => {
                self.end = step;
                self.recorded = None;
                self.at = None;
                let kept = (1_u32 << step) - 1; // steps below
                self.held.as_flattened_mut().iter_mut().for_each(|held| *held &= kept as u16);
            }
            Play::Load(Data::Restart, step, _) => {
                self.at = Some(step);
                self.recorded = None;
            }
            Play::Load(Data::Adjoint, step, _) => {
                self.recorded = Some(step);
                if adjoint_restarts {
                    self.at = Some(step + 1);
                }
            }
            Play::Store(kind, step, tier) | Play::Discard(kind, step, tier) => {
                self.held[usize::from(tier)][kind as usize] ^= 1 << step;
            }
        }
        self.at = self.at.filter(|&at| at < self.end);
        self
    }
}

/// A position that was reached, and the cheapest known way there.
struct Node {
    position: Position,
    cost: f64,
    from: Option<(u32, Play)>,
    done: bool,
}

/// All positions that were reached.
#[derive(Default)]
struct Visited {
    nodes: Vec<Node>,
    index: HashMap<Position, u32>,
    /// Costs as bits, in which costs of zero and more are ordered.
    queue: BinaryHeap<Reverse<(u64, u32)>>,
}

impl Visited {
    fn reach(&mut self, position: Position, cost: f64, from: Option<(u32, Play)>) {
        let node = Node { position, cost, from, done: false };
        let index = match self.index.entry(position) {
            Entry::Vacant(entry) => {
                let index = self.nodes.len() as u32; // below MAX_POSITIONS and some moves
                self.nodes.push(node);
                *entry.insert(index)
            }
            Entry::Occupied(entry) => {
                let index = *entry.get();
                let known = &mut self.nodes[index as usize];
                if cost >= known.cost {
                    return;
                }
                *known = node;
                index
            }
        };
        self.queue.push(Reverse((cost.to_bits(), index)));
    }

    /// The actions that lead from the start to a node, single advances joined, with the discards
    /// of what became useless.
    fn actions_to(&self, index: u32) -> Vec<Action> {
        let mut path = Vec::new();
        let mut node = &self.nodes[index as usize];
        while let Some((from, play)) = node.from {
            let before = &self.nodes[from as usize];
            path.push((before.position, play, node.position));
            node = before;
        }
        let mut actions: Vec<Action> = Vec::new();
        for (before, play, after) in path.into_iter().rev() {
            match (actions.last_mut(), play.action()) {
                (Some(Action::Advance { steps: done }), Action::Advance { steps }) => {
                    done.end = steps.end;
                }
                (_, action) => actions.push(action),
            }
            if let Play::Reverse(_) = play {
                actions.extend(lost(before, after));
            }
        }
        actions
    }
}

/// The discards of what is held before and not after.
fn lost(before: Position, after: Position) -> impl Iterator<Item = Action> {
    let all = (0..MAX_TIERS as u8).flat_map(move |tier| before.held(tier).map(move |d| (d, tier)));
    all.filter(move |&((kind, step), tier)| !after.holds(kind, step, tier))
        .map(|((kind, step), tier)| Play::Discard(kind, step, tier).action())
}
