//! From the solved table to actions.
//!
//! A walk over the best choices, with a stack of what is still to do. The state at the start of a
//! segment is stored only if the segment needs it again, which all but single stages do.

use super::recurrence::{Choice, Segment};
use super::table::Table;
use crate::{Action, Data, TierId};

/// The tier of everything stored.
const TIER: TierId = TierId(0);

/// A schedule as it comes out of the table.
#[derive(Clone, Debug)]
pub(super) struct Emitted {
    pub(super) actions: Vec<Action>,
    /// Of each stage the recording chosen.
    pub(super) recordings: Vec<usize>,
    pub(super) time: f64,
}

/// What is still to do, the last entry first.
enum Task {
    /// Reverse a segment within so many bytes; its first state is live.
    Segment(Segment, u64),
    /// Reverse a stage whose adjoint data are stored.
    Reverse(usize),
}

struct Emitter {
    out: Emitted,
    /// The stage that the model is at the start of.
    at: Option<usize>,
    /// Of each stage, whether its state is stored.
    restarts: Vec<bool>,
    /// Of each stage, whether its adjoint data are stored.
    adjoints: Vec<bool>,
    tasks: Vec<Task>,
}

/// The best schedule of `stages` stages within `memory` bytes, at least what they need; `x_0` is
/// not included.
pub(super) fn emit(table: &Table<'_>, stages: usize, memory: u64) -> Emitted {
    let mut emitter = Emitter {
        out: Emitted { actions: Vec::new(), recordings: vec![0; stages], time: 0.0 },
        at: Some(0),
        restarts: vec![false; stages + 1],
        adjoints: vec![false; stages + 1],
        tasks: vec![Task::Segment(Segment { start: 0, end: stages, held: None }, memory)],
    };
    while let Some(task) = emitter.tasks.pop() {
        match task {
            Task::Segment(segment, memory) => emitter.segment(table, segment, memory),
            Task::Reverse(stage) => emitter.reverse_stored(stage),
        }
    }
    emitter.out
}

impl Emitter {
    fn segment(&mut self, table: &Table<'_>, segment: Segment, memory: u64) {
        let best = table.best(segment, memory).expect("the memory should suffice for the segment");
        let start = segment.start;
        let stages = self.out.recordings.len();
        self.out.time += best.time;
        match best.choice {
            Choice::Loss => {}
            Choice::Reverse => {
                self.keep_state(start);
                self.reverse_stored(start);
            }
            Choice::Record { recording } => {
                self.out.recordings[start] = recording;
                // Nothing runs between recording and reverse but, at most, the loss.
                if start == segment.end || start + 1 == stages {
                    self.arrive_for_the_last_time(start);
                    self.record(start);
                    self.reverse(start);
                } else {
                    self.arrive(start);
                    self.keep_state(start);
                    self.record_and_store(start);
                    self.tasks.push(Task::Reverse(start));
                    self.push_rest(best.first, best.second, memory);
                }
            }
            Choice::Advance { to } => {
                self.advance(start, to);
                self.push_rest(best.first, best.second, memory);
            }
            Choice::RecordAhead { at, recording } => {
                self.out.recordings[at] = recording;
                self.advance(start, at);
                self.record_and_store(at);
                self.push_rest(best.first, best.second, memory);
            }
        }
    }

    fn push_rest(&mut self, first: Option<(Segment, u64)>, second: Option<Segment>, memory: u64) {
        let second = second.map(|segment| Task::Segment(segment, memory));
        let first = first.map(|(segment, kept)| Task::Segment(segment, memory - kept));
        self.tasks.extend(second.into_iter().chain(first));
    }

    /// Advances from a state that is needed again.
    fn advance(&mut self, from: usize, to: usize) {
        self.arrive(from);
        self.keep_state(from);
        self.push(Action::Advance { steps: from as u64..to as u64 });
        self.at = Some(to);
    }

    fn record(&mut self, stage: usize) {
        self.push(Action::Record { steps: stage as u64..stage as u64 + 1 });
        self.at = Some(stage + 1);
    }

    fn record_and_store(&mut self, stage: usize) {
        self.record(stage);
        self.push(Action::Store { kind: Data::Adjoint, step: stage as u64, tier: TIER });
        self.adjoints[stage] = true;
    }

    fn reverse(&mut self, stage: usize) {
        self.push(Action::Reverse { steps: stage as u64..stage as u64 + 1 });
        self.at = None;
    }

    fn reverse_stored(&mut self, stage: usize) {
        let (kind, step, tier) = (Data::Adjoint, stage as u64, TIER);
        self.push(Action::Load { kind, step, tier });
        self.push(Action::Discard { kind, step, tier });
        self.adjoints[stage] = false;
        self.reverse(stage);
        self.discard_state(stage);
    }

    /// Brings the model to a state that stays live.
    fn arrive(&mut self, stage: usize) {
        if self.at == Some(stage) {
            return;
        }
        let action = if self.restarts[stage] {
            Action::Load { kind: Data::Restart, step: stage as u64, tier: TIER }
        } else {
            debug_assert!(self.is_within_adjoint(stage), "x_{stage} should be live");
            Action::Load { kind: Data::Adjoint, step: stage as u64 - 1, tier: TIER }
        };
        self.push(action);
        self.at = Some(stage);
    }

    /// Brings the model to a state that is of no use once its stage is recorded and reversed.
    fn arrive_for_the_last_time(&mut self, stage: usize) {
        self.arrive(stage);
        self.discard_state(stage);
    }

    /// Stores the state at the start of `stage`, where the model is, unless it is live anyway.
    fn keep_state(&mut self, stage: usize) {
        if !self.restarts[stage] && !self.is_within_adjoint(stage) {
            self.push(Action::Store { kind: Data::Restart, step: stage as u64, tier: TIER });
            self.restarts[stage] = true;
        }
    }

    fn discard_state(&mut self, stage: usize) {
        if self.restarts[stage] {
            self.push(Action::Discard { kind: Data::Restart, step: stage as u64, tier: TIER });
            self.restarts[stage] = false;
        }
    }

    fn is_within_adjoint(&self, stage: usize) -> bool {
        stage > 0 && self.adjoints[stage - 1]
    }

    fn push(&mut self, action: Action) {
        self.out.actions.push(action);
    }
}
