//! The reverse sweep from whatever is stored: the optimal end of any forward sweep.
//!
//! Snapshots lie at steps `s_0 = 0 < s_1 < ... < s_(k-1)` below `end`, the model is somewhere or
//! nowhere, and the steps `0..end` are to be reversed. What lies right of the last snapshot is
//! reversed first, then gap by gap to the left, each with the slots that are free by then, those of
//! everything further right included. A gap of `g` steps whose first state is stored costs
//! `t(g, f)` advances with `f` slots, that of its first state included, so that with `c` slots
//!
//! ```text
//! advances = those to where the first step is recorded + sum over i of t(gap_i, c - i)
//! ```
//!
//! where `t` is the closed form of [`Costs::revolve`](crate::Costs::revolve). Each gap is walked
//! by [`Revolve`].
//!
//! From a good placement this sum is optimal. From a bad one it may pay to discard snapshots at
//! once, which gives their slots to everything right of them ([`choose`]), or to run on from a
//! snapshot at its first read, and give its slot to a state further right ([`chain`]).
//!
//! `t` is that of Griewank & Walther, *Algorithm 799: Revolve*, ACM TOMS 26 (2000),
//! doi:10.1145/347837.347846; the choice between placements is our own, and is tested against
//! exhaustive search.

mod chain;
mod choose;

use std::array::IntoIter;
use std::iter::{Flatten, FusedIterator};
use std::ops::Range;

use super::{Revolve, useful_snapshots};
use crate::{Action, Data, ScheduleError, TierId, Trajectory};
use choose::Choice;

/// The tier that new snapshots go to, and the only one whose slots are counted.
const TIER: TierId = TierId(0);

/// A restart snapshot that is stored when a [`Reversal`] begins.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Placed {
    /// The step at whose start the state was stored.
    pub step: u64,
    /// Where it is.
    pub tier: TierId,
}

/// The fewest advances that reverse all steps, from any snapshots and any place of the model: the
/// end of an [`Online`](crate::Online) sweep, a reverse sweep resumed after a crash, a plan made
/// anew when slots are lost or the number of steps becomes known.
///
/// New snapshots go to tier 0. Those found in other tiers are read where they are, discarded after
/// their last read, and take none of the slots. An iterator of actions whose state is one entry
/// for each snapshot found.
///
/// ```
/// use retrograd_checkpoint::{Action, Placed, Reversal, TierId};
///
/// // x_0 and x_6 survived on disk, the process starts anew with two slots in RAM.
/// let disk = TierId(1);
/// let found = [0, 6].map(|step| Placed { step, tier: disk });
/// let mut actions = Reversal::new(10, found, None, 2)?;
/// assert_eq!(actions.advances(), 3 + 7);
/// assert_eq!(actions.next().unwrap().to_string(), "load restart 6 from tier 1");
/// # Ok::<(), retrograd_checkpoint::ScheduleError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Reversal {
    advances: u128,
    optimal: bool,
    slots: u64,
    /// What is not used, next to be discarded last.
    dropped: Vec<Placed>,
    /// What is used and not consumed yet, by step, and where its segment starts.
    kept: Vec<(Placed, u64)>,
    /// How many of `kept` are in tier 0.
    held: u64,
    /// Where the model is, until the first action that moves it.
    at: Option<u64>,
    /// Steps from here on are reversed, or belong to `segment`.
    end: u64,
    segment: Option<Segment>,
}

/// The steps from one stored state, or from where the model runs to, to the next.
#[derive(Clone, Debug)]
struct Segment {
    /// What is done before everything else: a load, a discard, a run to `start`.
    entry: Flatten<IntoIter<Option<Action>, 3>>,
    start: u64,
    /// The actions, with steps counted from `start`.
    actions: Revolve,
    /// The tier in which the state at `start` is found.
    tier: TierId,
}

impl Reversal {
    /// The optimal way to reverse the steps `0..end` from the snapshots `found`, in any order.
    ///
    /// `at` is the state that the model holds, if any. One before the last snapshot, or not before
    /// `end`, is taken for none: the sweep then starts by a load. `slots` is the most snapshots in
    /// tier 0 at a time, those found there included: if more are found, the best of them are kept.
    /// Snapshots of `end` and beyond are discarded, and so are those in tier 0 that are found in
    /// another tier as well.
    ///
    /// # Errors
    /// [`ScheduleError::Invalid`] if no snapshot of step 0 is found, unless there is none at all
    /// and the model is at step 0; [`ScheduleError::NoSnapshots`] if that step needs a slot and
    /// there are none.
    pub fn new(
        end: u64,
        found: impl IntoIterator<Item = Placed>,
        at: Option<u64>,
        slots: u64,
    ) -> Result<Self, ScheduleError> {
        let (found, dropped) = sort_out(end, found.into_iter().collect());
        match found.first() {
            Some(first) if first.step == 0 => {
                if first.tier == TIER && slots == 0 {
                    return Err(ScheduleError::NoSnapshots { steps: end });
                }
            }
            None if at == Some(0) => {
                useful_snapshots(end, slots)?;
            }
            Some(_) | None if end > 0 => {
                let what = "the state 0 is neither stored nor held by the model";
                return Err(ScheduleError::Invalid { what });
            }
            Some(_) | None => {}
        }
        Ok(Self::planned(end, found, dropped, at, slots))
    }

    /// As [`Reversal::new`], from snapshots that are known to suffice.
    pub(super) fn placed(end: u64, found: Vec<Placed>, at: Option<u64>, slots: u64) -> Self {
        let (found, dropped) = sort_out(end, found);
        Self::planned(end, found, dropped, at, slots)
    }

    /// As [`Reversal::placed`], from snapshots that are sorted out.
    fn planned(
        end: u64,
        found: Vec<Placed>,
        mut dropped: Vec<Placed>,
        at: Option<u64>,
        slots: u64,
    ) -> Self {
        let at = at.filter(|&at| at < end && found.last().is_none_or(|last| last.step <= at));
        let choice = if found.is_empty() {
            let advances = chain::advances(end, slots);
            Choice { starts: Vec::new(), advances, optimal: true, run: at }
        } else {
            choose::choose(end, &found, at, slots)
        };
        let mut kept = Vec::with_capacity(found.len());
        for (placed, start) in found.into_iter().zip(choice.starts) {
            match start {
                Some(start) => kept.push((placed, start)),
                None => dropped.push(placed),
            }
        }
        let held = kept.iter().filter(|(placed, _)| placed.tier == TIER).count() as u64;
        let Choice { advances, optimal, run, .. } = choice;
        let mut this =
            Self { advances, optimal, slots, dropped, kept, held, at, end, segment: None };
        if let Some((from, start)) = at.zip(run) {
            let run = (from < start).then_some(Action::Advance { steps: from..start });
            let entry = [None, None, run].into_iter().flatten();
            let actions = Revolve::with_slots(end - start, slots - held, Trajectory::default());
            this.segment = Some(Segment { entry, start, actions, tier: TIER });
            this.end = start;
            this.at = None;
        }
        this
    }

    /// Forward steps that are run without recording from here to the end of the sweep, as planned
    /// when the sweep began.
    pub fn advances(&self) -> u128 {
        self.advances
    }

    /// Whether no sweep from these snapshots has fewer [`advances`](Self::advances). False only if
    /// so many snapshots were found, and so badly placed, that not all choices of which to discard
    /// were compared.
    pub fn proven_optimal(&self) -> bool {
        self.optimal
    }

    /// Starts the segment of the last snapshot that is left.
    fn open(&mut self) -> Option<Segment> {
        let (Placed { step, tier }, start) = self.kept.pop()?;
        let in_slots = u64::from(tier == TIER);
        self.held -= in_slots;
        // Its own slot is one of those free, or comes on top.
        let free = (self.slots - self.held).saturating_add(1 - in_slots);
        let steps = self.end - start;
        let mut actions = Revolve::with_slots(steps, free, Trajectory::default());
        self.end = start;
        let kind = Data::Restart;
        let there = self.at.take() == Some(step);
        let load = (!there).then_some(Action::Load { kind, step, tier });
        let moves = step < start;
        let last_read = moves || steps == 1;
        let discard = last_read.then_some(Action::Discard { kind, step, tier });
        let run = moves.then_some(Action::Advance { steps: step..start });
        if !last_read {
            // The state is stored already.
            actions.next();
        }
        let entry = [load, discard, run].into_iter().flatten();
        Some(Segment { entry, start, actions, tier: if moves { TIER } else { tier } })
    }
}

/// Sorts snapshots, and separates those that no sweep over `0..end` needs.
fn sort_out(end: u64, mut found: Vec<Placed>) -> (Vec<Placed>, Vec<Placed>) {
    // Of equal steps the one in tier 0 last: it is the one that takes a slot.
    found.sort_unstable_by_key(|placed| (placed.step, placed.tier == TIER, placed.tier));
    found.dedup();
    let mut known = None;
    found.into_iter().partition(|placed| {
        let first = known != Some(placed.step);
        known = Some(placed.step);
        first && placed.step < end
    })
}

impl Segment {
    fn next(&mut self) -> Option<Action> {
        self.entry.next().or_else(|| self.actions.next().map(|action| self.shift(action)))
    }

    /// An action of the segment as one of the whole: its first state is where it was found.
    fn shift(&self, action: Action) -> Action {
        let start = self.start;
        let steps = |steps: Range<u64>| steps.start + start..steps.end + start;
        let place = |step, tier| (step + start, if step == 0 { self.tier } else { tier });
        match action {
            Action::Advance { steps: range } => Action::Advance { steps: steps(range) },
            Action::Record { steps: range } => Action::Record { steps: steps(range) },
            Action::Reverse { steps: range } => Action::Reverse { steps: steps(range) },
            Action::Store { kind, step, tier } => {
                let (step, tier) = place(step, tier);
                Action::Store { kind, step, tier }
            }
            Action::Load { kind, step, tier } => {
                let (step, tier) = place(step, tier);
                Action::Load { kind, step, tier }
            }
            Action::Discard { kind, step, tier } => {
                let (step, tier) = place(step, tier);
                Action::Discard { kind, step, tier }
            }
        }
    }
}

impl Iterator for Reversal {
    type Item = Action;

    fn next(&mut self) -> Option<Action> {
        if let Some(Placed { step, tier }) = self.dropped.pop() {
            return Some(Action::Discard { kind: Data::Restart, step, tier });
        }
        loop {
            if let Some(action) = self.segment.as_mut().and_then(Segment::next) {
                return Some(action);
            }
            self.segment = Some(self.open()?);
        }
    }
}

impl FusedIterator for Reversal {}
