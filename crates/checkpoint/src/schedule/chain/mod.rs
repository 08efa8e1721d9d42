//! Chains of stages that differ in time and memory, such as the layers of a network or the steps
//! of an adaptive simulation, reversed within a budget of bytes that holds *everything*.
//!
//! Stage `i` of `L` leads from state `x_i` to `x_(i+1)`; after the last one the loss turns `x_L`
//! into its gradient. The budget bounds the sum of all live tensors, temporaries included:
//!
//! | tensor | size | lives |
//! |---|---|---|
//! | state `x_i` | `x_i` | while the model is there, while it is stored, and until stage `i` is reversed |
//! | adjoint data of stage `i` | `xb_(i+1)` | from its recording to its reverse; contain `x_(i+1)` |
//! | gradient `y_i` of `x_i` | `x_i` | one at a time, two during a reverse |
//!
//! | operation | time | must fit besides what is live |
//! |---|---|---|
//! | advance stage `i` | `ff_i` | `x_(i+1)` and the temporaries `tn_i` |
//! | record stage `i` | `f_i` | `xb_(i+1)` and the temporaries `tf_i` |
//! | loss | 0 | `y_L` and its temporaries |
//! | reverse stage `i` | `b_i` | `y_i` and the temporaries `tb_i` |
//!
//! `x_0` is kept until stage 0 is reversed and is part of the budget. Parameters and their
//! gradients are not modelled. [`simulate()`] is this table as a program.
//!
//! # Actions
//!
//! A stage is a step: its reverse reads the adjoint data *and* the state at its start. A stored
//! state, the working state there and the state within stored adjoint data are one buffer, so
//! that storing costs nothing. Working memory keeps the state from which a run was recorded
//! until the run is reversed or its adjoint data are stored; from then on the state lives only if
//! it is stored itself, or within the stored adjoint data of the stage before. Loading adjoint
//! data therefore also restarts the model
//! ([`MemoryModel::adjoint_restarts`](crate::MemoryModel::adjoint_restarts)). The loss is no
//! action: it is computed when the model first arrives at `x_L`, after the stores and discards
//! that directly follow.
//!
//! Beaumont, Eyraud-Dubois, Herrmann, Joly & Shilova, *Optimal checkpointing for heterogeneous
//! chains: how to train deep neural networks with limited memory* (2019), arXiv:1911.13214.

mod emit;
mod recurrence;
mod simulate;
mod solve;
mod table;

pub use simulate::{ChainReport, simulate};
pub use solve::{ChainActions, ChainOptions, ChainSchedule, Persistence};

use crate::ScheduleError;

/// The sum of all sizes of a chain stays below this, so that no sum of some of them overflows.
const LARGEST_TOTAL_BYTES: u64 = 1 << 60;

/// One way of recording a stage: with all intermediate results, or with some that its reverse
/// computes again.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Recording {
    /// Time to run the stage and keep its adjoint data, `f`.
    pub time: f64,
    /// Bytes of the adjoint data, `xb`; they contain the state at the end of the stage.
    pub bytes: u64,
    /// Bytes needed only while recording, `tf`.
    pub temporary_bytes: u64,
    /// Time of the reverse that reads these adjoint data, `b`.
    pub reverse_time: f64,
    /// Bytes needed only during this reverse, `tb`.
    pub reverse_temporary_bytes: u64,
}

/// One stage of a [`Chain`].
#[derive(Clone, PartialEq, Debug)]
pub struct Stage {
    /// Time to run the stage and keep nothing, `ff`.
    pub advance_time: f64,
    /// Bytes needed only while advancing, `tn`.
    pub advance_temporary_bytes: u64,
    /// The ways of recording it, of which a schedule chooses one; at least one.
    pub recordings: Vec<Recording>,
}

/// A chain with one recording per stage, as columns in the notation of the literature. Entry `i`
/// belongs to stage `i`, but for `x`, `xb` and `tb`, which have one entry more.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct ChainColumns {
    /// Bytes of the states `x_0` to `x_L`.
    pub x: Vec<u64>,
    /// Bytes of the adjoint data, those of stage `i` at entry `i + 1`; entry 0 is not used.
    pub xb: Vec<u64>,
    /// Time to record.
    pub f: Vec<f64>,
    /// Time to advance.
    pub ff: Vec<f64>,
    /// Time to reverse.
    pub b: Vec<f64>,
    /// Temporary bytes while recording.
    pub tf: Vec<u64>,
    /// Temporary bytes while advancing.
    pub tn: Vec<u64>,
    /// Temporary bytes while reversing; those of the loss at entry `L`.
    pub tb: Vec<u64>,
}

/// A chain of stages that ends in a loss; see the [module](self).
#[derive(Clone, PartialEq, Debug)]
pub struct Chain {
    state_bytes: Vec<u64>,
    stages: Vec<Stage>,
    loss_temporary_bytes: u64,
}

impl Chain {
    /// A chain from its stages and its states, of which there is one more.
    ///
    /// # Errors
    /// [`ScheduleError::Invalid`] if there is no stage, a stage without a recording, not one
    /// state more than stages, adjoint data smaller than the state they contain, or more than
    /// 2^60 bytes in all; [`ScheduleError::InvalidCost`] for times that are negative, not finite,
    /// or too large to be added up.
    pub fn new(
        state_bytes: Vec<u64>,
        stages: Vec<Stage>,
        loss_temporary_bytes: u64,
    ) -> Result<Self, ScheduleError> {
        let chain = Self { state_bytes, stages, loss_temporary_bytes };
        chain.check_shape()?;
        chain.check_times()?;
        Ok(chain)
    }

    /// A chain from columns.
    ///
    /// # Errors
    /// [`ScheduleError::Invalid`] if a column is of the wrong length, and as [`Chain::new`].
    pub fn from_columns(columns: &ChainColumns) -> Result<Self, ScheduleError> {
        let ChainColumns { x, xb, f, ff, b, tf, tn, tb } = columns;
        let stages = f.len();
        let of_stages = [ff.len(), b.len(), tf.len(), tn.len()];
        let of_states = [x.len(), xb.len(), tb.len()];
        if of_stages.iter().any(|&len| len != stages)
            || of_states.iter().any(|&len| len != stages + 1)
        {
            return Err(ScheduleError::Invalid {
                what: "a chain of L stages has columns f, ff, b, tf and tn of L entries and \
                       columns x, xb and tb of L + 1",
            });
        }
        let stage = |i: usize| Stage {
            advance_time: ff[i],
            advance_temporary_bytes: tn[i],
            recordings: vec![Recording {
                time: f[i],
                bytes: xb[i + 1],
                temporary_bytes: tf[i],
                reverse_time: b[i],
                reverse_temporary_bytes: tb[i],
            }],
        };
        Self::new(x.clone(), (0..stages).map(stage).collect(), tb[stages])
    }

    /// Bytes of the states `x_0` to `x_L`.
    pub fn state_bytes(&self) -> &[u64] {
        &self.state_bytes
    }

    /// The stages, first one first.
    pub fn stages(&self) -> &[Stage] {
        &self.stages
    }

    /// Bytes needed only while the loss is computed.
    pub fn loss_temporary_bytes(&self) -> u64 {
        self.loss_temporary_bytes
    }

    /// The time without any recomputation: the fastest recording of each stage, and its reverse.
    pub fn ideal_time(&self) -> f64 {
        let fastest = |stage: &Stage| {
            let times = stage.recordings.iter().map(|r| r.time + r.reverse_time);
            times.fold(f64::INFINITY, f64::min)
        };
        self.stages.iter().map(fastest).sum()
    }

    fn check_shape(&self) -> Result<(), ScheduleError> {
        let invalid = |what| Err(ScheduleError::Invalid { what });
        if self.stages.is_empty() {
            return invalid("a chain has at least one stage");
        }
        if self.state_bytes.len() != self.stages.len() + 1 {
            return invalid("a chain has one state more than it has stages");
        }
        let mut total: u64 = self.loss_temporary_bytes;
        // States are counted twice, as states and as gradients.
        for bytes in self.state_bytes.iter().chain(&self.state_bytes) {
            total = total.saturating_add(*bytes);
        }
        for (stage, &end) in self.stages.iter().zip(&self.state_bytes[1..]) {
            if stage.recordings.is_empty() {
                return invalid("every stage has at least one recording");
            }
            total = total.saturating_add(stage.advance_temporary_bytes);
            for recording in &stage.recordings {
                if recording.bytes < end {
                    return invalid(
                        "adjoint data contain the state at the end of their stage, so that they \
                         are at least as large",
                    );
                }
                total = total.saturating_add(recording.bytes);
                total = total.saturating_add(recording.temporary_bytes);
                total = total.saturating_add(recording.reverse_temporary_bytes);
            }
        }
        if total > LARGEST_TOTAL_BYTES {
            return invalid(
                "the states, adjoint data and temporaries of a chain exceed 2^60 bytes",
            );
        }
        Ok(())
    }

    fn check_times(&self) -> Result<(), ScheduleError> {
        let mut total = 0.0;
        for stage in &self.stages {
            let recordings = stage.recordings.iter().flat_map(|r| [r.time, r.reverse_time]);
            for value in recordings.chain([stage.advance_time]) {
                if !value.is_finite() || value < 0.0 {
                    return Err(ScheduleError::InvalidCost { what: "the time of a stage", value });
                }
                total += value;
            }
        }
        // No stage runs more often than there are stages.
        let value = total * (self.stages.len() as f64 + 1.0);
        if value.is_finite() {
            Ok(())
        } else {
            Err(ScheduleError::InvalidCost { what: "the time of all stages", value })
        }
    }
}
