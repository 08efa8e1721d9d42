//! The recurrence of heterogeneous chains: how a segment may begin, and what that takes.
//!
//! `O(m, a, b)` is the least time to reverse stages `b` down to `a` within `m` bytes, starting at
//! `x_a`, which is live throughout and not counted in `m`, and given the gradient `y_(b+1)`,
//! which is. Stage `L` stands for the loss, with `y_(L+1)` of no size. The first operation decides:
//!
//! ```text
//! record a      f_a + O(m - xb_(a+1), a+1, b) + b_a
//! go to j       ff_a + ... + ff_(j-1) + O(m - x_j, j, b) + O(m, a, j-1)             a < j <= b
//! ```
//!
//! each allowed if its own operations fit into `m`. This is the persistent recurrence of
//! Beaumont et al., arXiv:1911.13214, with the memory of a reverse counted in full, `y_(i+1)`
//! included: whatever is stored stays until its stage is reversed.
//!
//! A non-persistent schedule may also keep the adjoint data of a stage `j` and forget the state
//! `x_j` before it, which is computed again when the sweep returns. With `H(m, a, b)` for a
//! segment the adjoint data of whose last stage exist already (their `xb_(b+1)` counted in `m`),
//!
//! ```text
//! record j from a far   ff_a + ... + ff_(j-1) + f_j + O(m - xb_(j+1), j+1, b) + H(m, a, j)
//! ```
//!
//! for `a < j < b`, and the same three choices for `H` itself, whose base case `H(m, a, a)` is the
//! reverse `b_a` alone. The order of the recurrence stays `O(L^3)` per amount of memory.

use super::{Chain, Persistence, Recording};

/// A subproblem: reverse stages `end` down to `start`, inclusive; stage `L` is the loss.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Segment {
    pub(super) start: usize,
    pub(super) end: usize,
    /// The recording of stage `end` whose adjoint data exist already, if they do.
    pub(super) held: Option<usize>,
}

/// How a segment begins.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Choice {
    /// The segment is the loss alone.
    Loss,
    /// The segment is one stage whose adjoint data exist.
    Reverse,
    /// Record the first stage, continue from its end with the adjoint data kept, and reverse it.
    Record {
        /// In which way.
        recording: usize,
    },
    /// Advance to a stage, reverse from there on with its state kept, then the rest.
    Advance {
        /// The stage.
        to: usize,
    },
    /// Advance to a stage, record it, forget the state, reverse what follows, then the rest.
    RecordAhead {
        /// The stage.
        at: usize,
        /// In which way.
        recording: usize,
    },
}

/// A choice, and what it takes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Candidate {
    pub(super) choice: Choice,
    /// Bytes that its own operations need.
    pub(super) need: u64,
    /// Time of its own operations.
    pub(super) time: f64,
    /// The segment to reverse first, and the bytes kept meanwhile.
    pub(super) first: Option<(Segment, u64)>,
    /// The segment to reverse then, within all of the memory.
    pub(super) second: Option<Segment>,
}

/// A chain with the kind of schedule wanted: all that the recurrence depends on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Recurrence<'a> {
    pub(super) chain: &'a Chain,
    pub(super) persistence: Persistence,
}

impl Recurrence<'_> {
    /// The number of stages, the loss not included.
    pub(super) fn stages(&self) -> usize {
        self.chain.stages.len()
    }

    /// Values of [`Segment::held`] for segments that end with stage `end`, `None` included.
    pub(super) fn variants(&self, end: usize) -> usize {
        match (self.persistence, self.chain.stages.get(end)) {
            (Persistence::NonPersistent, Some(stage)) => 1 + stage.recordings.len(),
            (Persistence::Persistent, _) | (_, None) => 1,
        }
    }

    /// Bytes of the state `x_i` and of its gradient `y_i`; 0 for `y_(L+1)`.
    pub(super) fn state(&self, i: usize) -> u64 {
        self.chain.state_bytes.get(i).copied().unwrap_or(0)
    }

    fn recording(&self, stage: usize, recording: usize) -> &Recording {
        &self.chain.stages[stage].recordings[recording]
    }

    /// Bytes needed to reverse a stage, its input not counted.
    fn reverse_need(&self, stage: usize, recording: &Recording) -> u64 {
        let gradients = self.state(stage) + self.state(stage + 1);
        gradients + recording.bytes + recording.reverse_temporary_bytes
    }

    /// Bytes live throughout a segment until its last stage is reversed.
    fn pending(&self, segment: Segment) -> u64 {
        let adjoint = |held| self.recording(segment.end, held).bytes;
        self.state(segment.end + 1) + segment.held.map_or(0, adjoint)
    }

    /// Calls `visit` with every way in which `segment` can begin.
    pub(super) fn candidates(&self, segment: Segment, mut visit: impl FnMut(Candidate)) {
        let Segment { start, end, held } = segment;
        if start == self.stages() {
            let need = self.state(start) + self.chain.loss_temporary_bytes;
            visit(Candidate { choice: Choice::Loss, need, time: 0.0, first: None, second: None });
            return;
        }
        if let Some(held) = held.filter(|_| start == end) {
            let recording = self.recording(end, held);
            let need = self.reverse_need(end, recording);
            let (choice, time) = (Choice::Reverse, recording.reverse_time);
            visit(Candidate { choice, need, time, first: None, second: None });
            return;
        }
        for recording in 0..self.chain.stages[start].recordings.len() {
            visit(self.record(segment, recording));
        }
        self.advances(segment, visit);
    }

    fn record(&self, segment: Segment, index: usize) -> Candidate {
        let Segment { start, end, .. } = segment;
        let recording = self.recording(start, index);
        let forward = self.pending(segment) + recording.bytes + recording.temporary_bytes;
        Candidate {
            choice: Choice::Record { recording: index },
            need: forward.max(self.reverse_need(start, recording)),
            time: recording.time + recording.reverse_time,
            first: (start < end)
                .then(|| (Segment { start: start + 1, ..segment }, recording.bytes)),
            second: None,
        }
    }

    /// The candidates that begin with an advance, nearest stage first.
    fn advances(&self, segment: Segment, mut visit: impl FnMut(Candidate)) {
        let Segment { start, end, held: _ } = segment;
        let pending = self.pending(segment);
        let (mut need, mut time, mut input) = (0, 0.0, 0);
        for to in start + 1..=end {
            let stage = &self.chain.stages[to - 1];
            let step = pending + input + self.state(to) + stage.advance_temporary_bytes;
            need = need.max(step);
            time += stage.advance_time;
            input = self.state(to);
            visit(Candidate {
                choice: Choice::Advance { to },
                need,
                time,
                first: Some((Segment { start: to, ..segment }, input)),
                second: Some(Segment { start, end: to - 1, held: None }),
            });
            if self.persistence == Persistence::Persistent || to == end {
                continue;
            }
            for (index, recording) in self.chain.stages[to].recordings.iter().enumerate() {
                let forward = pending + input + recording.bytes + recording.temporary_bytes;
                visit(Candidate {
                    choice: Choice::RecordAhead { at: to, recording: index },
                    need: need.max(forward),
                    time: time + recording.time,
                    first: Some((Segment { start: to + 1, ..segment }, recording.bytes)),
                    second: Some(Segment { start, end: to, held: Some(index) }),
                });
            }
        }
    }
}
