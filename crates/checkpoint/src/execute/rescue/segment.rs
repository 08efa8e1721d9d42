//! The steps from one stored state to the next.

use std::array::IntoIter;
use std::iter::Flatten;
use std::ops::Range;
use std::sync::Arc;

use super::{Room, count_in};
use crate::schedule::uneven::UnevenActions;
use crate::schedule::{Tiers, Trajectory};
use crate::{Action, Costs, Data, PerStep, Revolve, TierId, UnevenSteps};

/// The most entries of a table: about a millisecond's worth.
const LARGEST_TABLE: u64 = 1 << 20;

/// A step whose data are stored, and where.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Site {
    pub(super) step: u64,
    pub(super) tier: TierId,
}

/// A segment, and how it is reversed.
#[derive(Clone, Debug)]
pub(super) struct Segment {
    /// The state that the steps are computed from; `None` if none of them has to be.
    start: Option<Site>,
    /// The steps of the segment.
    steps: Range<u64>,
    /// The adjoint data that are loaded, first step first.
    adjoint: Vec<Site>,
    way: Way,
    advances: u128,
    /// Where new snapshots go.
    home: TierId,
}

/// How the steps are computed whose adjoint data are not stored.
#[derive(Clone, Debug)]
enum Way {
    /// There are none.
    Loads,
    /// By Revolve over these steps, with so many slots.
    Revolve(Range<u64>, u64),
    /// As a chain.
    Chain(Chain),
}

/// Steps that do not follow each other.
#[derive(Clone, Debug)]
struct Chain {
    actions: UnevenActions,
    /// The steps.
    at: Arc<[u64]>,
    /// Whether the first of them is only where all runs start from.
    anchored: bool,
}

impl Segment {
    /// Steps before `end`, all of which are reversed by loading `adjoint`.
    pub(super) fn loaded(end: u64, adjoint: Vec<Site>, home: TierId) -> Self {
        Self { start: None, steps: 0..end, adjoint, way: Way::Loads, advances: 0, home }
    }

    /// The best way to reverse the steps from `start` to `end` with the `adjoint` data of some of
    /// them. `held` slots of the tier of new snapshots are taken by the state at `start` and by all data left
    /// of it. Of the adjoint data the first may be given up. `stays`: the state is not replaced.
    pub(super) fn plan(
        start: Site,
        end: u64,
        adjoint: &[Site],
        held: u64,
        room: Room,
        stays: bool,
    ) -> Self {
        let segment = |adjoint: &[Site], way, advances| Self {
            start: Some(start),
            steps: start.step..end,
            adjoint: adjoint.to_vec(),
            way,
            advances,
            home: room.home,
        };
        let runs = gaps(start.step..end, adjoint);
        let Some(last) = runs.last() else { return segment(adjoint, Way::Loads, 0) };
        // What lies right of the last step to compute is read, and gone, before it is computed.
        let inner = adjoint.partition_point(|site| site.step < last.end);
        let slots = room.beside(held) + 1;
        let whole = start.step..last.end;
        let advances = revolve_advances(&whole, slots);
        let by_revolve = segment(&adjoint[inner..], Way::Revolve(whole, slots), advances);
        if inner == 0 {
            return by_revolve;
        }
        let taken = count_in(room.home, &adjoint[..inner]);
        let beside = room.beside(held.saturating_add(room.adjoint.saturating_mul(taken)));
        let own = u64::from(start.tier == room.home && room.slots.is_some());
        let replaced = if stays { None } else { by_replacing(start.step, &runs, beside + own) };
        let anchored = by_keeping(start.step, &runs, beside + 1);
        let ways = [replaced, anchored].into_iter().flatten();
        match ways.min_by_key(|(_, advances)| *advances) {
            Some((way, advances)) if advances <= by_revolve.advances => {
                segment(adjoint, way, advances)
            }
            Some(_) | None => by_revolve,
        }
    }

    /// The adjoint data that are loaded, first step first.
    pub(super) fn adjoint(&self) -> &[Site] {
        &self.adjoint
    }

    /// Forward steps that are run without recording.
    pub(super) fn advances(&self) -> u128 {
        self.advances
    }

    /// Steps that are recorded.
    pub(super) fn computed(&self) -> u64 {
        self.steps.end - self.steps.start - self.adjoint.len() as u64
    }
}

/// The runs of `steps` that are not among `adjoint`.
fn gaps(steps: Range<u64>, adjoint: &[Site]) -> Vec<Range<u64>> {
    let mut runs = Vec::new();
    let mut from = steps.start;
    for step in adjoint.iter().map(|site| site.step).chain([steps.end]) {
        if from < step {
            runs.push(from..step);
        }
        from = step + 1;
    }
    runs
}

/// Advances of Revolve over `steps`, whose first state is stored.
pub(super) fn revolve_advances(steps: &Range<u64>, slots: u64) -> u128 {
    match steps.end - steps.start {
        0 | 1 => 0,
        length => Costs::of_slots(length, slots.min(length - 1)).advances,
    }
}

/// The state at `start` is read once and given up for that of the first step to compute.
fn by_replacing(start: u64, runs: &[Range<u64>], slots: u64) -> Option<(Way, u128)> {
    let first = runs.first()?;
    let lead = u128::from(first.start - start);
    let one = runs.len() == 1 && first.end - first.start == 1;
    if runs.len() == 1 && (slots > 0 || one) {
        let advances = lead + revolve_advances(first, slots);
        return Some((Way::Revolve(first.clone(), slots), advances));
    }
    let (chain, advances) = solve(runs, None, slots)?;
    Some((Way::Chain(chain), lead + advances))
}

/// The state at `start` stays until all steps are computed.
fn by_keeping(start: u64, runs: &[Range<u64>], slots: u64) -> Option<(Way, u128)> {
    let anchor = runs.first().is_some_and(|first| first.start > start).then_some(start);
    let (chain, advances) = solve(runs, anchor, slots)?;
    Some((Way::Chain(chain), advances))
}

/// The best way over the steps of `runs`, behind `anchor`; `None` if the table would be large.
fn solve(runs: &[Range<u64>], anchor: Option<u64>, slots: u64) -> Option<(Chain, u128)> {
    let anchored = anchor.is_some();
    let count = runs.iter().map(|run| run.end - run.start).sum::<u64>() + u64::from(anchored);
    let slots = slots.min(count - 1);
    let entries = count.checked_mul(count)?.checked_mul(slots)?;
    if slots == 0 || entries > LARGEST_TABLE {
        return None;
    }
    let at: Arc<[u64]> = anchor.into_iter().chain(runs.iter().cloned().flatten()).collect();
    // Beyond 2^53 the weights are rounded, which changes the choice by as little, not the result.
    let way = |pair: &[u64]| (pair[1] - pair[0]) as f64;
    let forward = at.windows(2).map(way).chain([1.0]).collect();
    let steps = UnevenSteps { forward, adjoint: PerStep::Uniform(0.0), restart_bytes: 1.into() };
    let schedule = steps.solve_slots(slots).ok()?;
    let advances = schedule.advance_cost() as u128;
    Some((Chain { actions: schedule.actions(), at, anchored }, advances))
}

/// The actions of a segment.
#[derive(Clone, Debug)]
pub(super) struct Walk {
    segment: Segment,
    /// Steps from here on are reversed.
    pending: u64,
    computing: Computing,
    phase: Phase,
    /// What comes before everything else.
    next: Flatten<IntoIter<Option<Action>, 3>>,
}

/// The actions that compute steps, and reverse them.
#[derive(Clone, Debug)]
enum Computing {
    Nothing,
    Revolve(Revolve),
    Chain(Chain, TierId),
}

/// Where the walk is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Phase {
    /// Nothing has been computed, and the state is stored.
    Loading,
    /// A step is being computed.
    Computing,
    /// A step has been computed and reversed.
    Computed,
    Done,
}

impl Walk {
    pub(super) fn new(segment: Segment) -> Self {
        let computing = match &segment.way {
            Way::Loads => Computing::Nothing,
            Way::Revolve(steps, slots) => {
                let mut revolve = Revolve::with_slots(0, 0, Trajectory::default());
                let kept = segment.start.filter(|start| start.step == steps.start);
                let home = segment.home;
                revolve.store_in(Tiers::FirstIn(kept.map_or(home, |start| start.tier), home));
                revolve.restart(steps.clone(), *slots);
                Computing::Revolve(revolve)
            }
            Way::Chain(chain) => Computing::Chain(chain.clone(), segment.home),
        };
        let next = [None, None, None].into_iter().flatten();
        Self { pending: segment.steps.end, segment, computing, phase: Phase::Loading, next }
    }

    pub(super) fn next(&mut self) -> Option<Action> {
        loop {
            if let Some(action) = self.next.next() {
                return Some(action);
            }
            match self.phase {
                Phase::Computing => return self.compute(),
                Phase::Done => return None,
                Phase::Loading | Phase::Computed => {}
            }
            if let Some(site) = self.loadable() {
                self.read(site);
            } else if self.pending > self.segment.steps.start {
                let begins = self.phase == Phase::Loading;
                self.phase = Phase::Computing;
                if begins {
                    self.begin();
                }
            } else {
                self.close();
            }
        }
    }

    /// The adjoint data of the step that is next.
    fn loadable(&mut self) -> Option<Site> {
        let pending = self.pending;
        self.segment.adjoint.pop_if(|last| last.step + 1 == pending)
    }

    /// Reverses a step from its adjoint data, read for the last time.
    fn read(&mut self, Site { step, tier }: Site) {
        let kind = Data::Adjoint;
        let load = Action::Load { kind, step, tier };
        let discard = Action::Discard { kind, step, tier };
        let reverse = Action::Reverse { steps: step..step + 1 };
        self.pending = step;
        self.next = [Some(load), Some(discard), Some(reverse)].into_iter().flatten();
    }

    /// Puts the model where the first step is computed from. The actions that follow take it for
    /// granted there, and store the state if they need it.
    fn begin(&mut self) {
        let Some(Site { step, tier }) = self.segment.start else { return };
        let to = match &self.segment.way {
            Way::Loads => step,
            Way::Revolve(steps, _) => steps.start,
            Way::Chain(chain) => chain.at[0],
        };
        let kind = Data::Restart;
        let load = Action::Load { kind, step, tier };
        let mut peeked = self.computing.clone();
        let stores = matches!(peeked.next(), Some(Action::Store { .. }));
        self.next = if to == step && stores {
            // It is stored already.
            self.computing = peeked;
            [Some(load), None, None]
        } else {
            let run = (step < to).then_some(Action::Advance { steps: step..to });
            [Some(load), Some(Action::Discard { kind, step, tier }), run]
        }
        .into_iter()
        .flatten();
    }

    fn compute(&mut self) -> Option<Action> {
        let start = self.segment.start;
        let action = self.computing.next().map(|action| match start {
            Some(start) => found_at(start, action),
            None => action,
        });
        if let Some(Action::Reverse { steps }) = &action {
            self.pending = steps.start;
            self.phase = Phase::Computed;
        }
        action
    }

    /// All steps are reversed: a state that has not been read for the last time goes.
    fn close(&mut self) {
        let anchored = matches!(&self.computing, Computing::Chain(chain, _) if chain.anchored);
        let left = self.phase == Phase::Loading || anchored;
        let discard = self.segment.start.filter(|_| left).map(|Site { step, tier }| {
            let kind = Data::Restart;
            Action::Discard { kind, step, tier }
        });
        self.phase = Phase::Done;
        self.next = [discard, None, None].into_iter().flatten();
    }
}

/// Names the tier in which the state at the start was found.
fn found_at(start: Site, action: Action) -> Action {
    let place = |step: u64, tier: TierId| if step == start.step { start.tier } else { tier };
    match action {
        Action::Load { kind, step, tier } => Action::Load { kind, step, tier: place(step, tier) },
        Action::Discard { kind, step, tier } => {
            Action::Discard { kind, step, tier: place(step, tier) }
        }
        other => other,
    }
}

impl Computing {
    fn next(&mut self) -> Option<Action> {
        match self {
            Self::Nothing => None,
            Self::Revolve(revolve) => revolve.next(),
            Self::Chain(chain, home) => chain.next(*home),
        }
    }
}

impl Chain {
    /// The next action, its steps those of the whole, its snapshots in the tier `home`.
    fn next(&mut self, home: TierId) -> Option<Action> {
        let at = |index: u64| self.at[index as usize];
        let range = |steps: Range<u64>| at(steps.start)..at(steps.end - 1) + 1;
        let tier = home;
        Some(match self.actions.next()? {
            Action::Advance { steps } => Action::Advance { steps: at(steps.start)..at(steps.end) },
            Action::Record { steps } => Action::Record { steps: range(steps) },
            Action::Reverse { steps } => Action::Reverse { steps: range(steps) },
            Action::Store { kind, step, .. } => Action::Store { kind, step: at(step), tier },
            Action::Load { kind, step, .. } => Action::Load { kind, step: at(step), tier },
            Action::Discard { kind, step, .. } => Action::Discard { kind, step: at(step), tier },
        })
    }
}
