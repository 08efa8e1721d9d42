//! Solving a chain for a budget, and the schedule that results.

use std::iter::{Cloned, FusedIterator};
use std::slice::Iter;

use super::Chain;
use super::emit::{Emitted, emit};
use super::recurrence::Recurrence;
use super::table::{LEAST_LEVELS, Minima, Table};
use crate::schedule::gcd;
use crate::{Action, MemoryModel, PerStep, ScheduleError, TierLimit};

/// Without a number of levels asked for, the table takes at most this many bytes ...
const AUTOMATIC_BYTES: u64 = 1 << 28;
/// ... and its solution this many additions, about a second's worth.
const AUTOMATIC_WORK: u64 = 1 << 30;

/// Which schedules of a chain are considered.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Persistence {
    /// Whatever is stored stays until its stage is reversed. Optimal among these schedules.
    #[default]
    Persistent,
    /// Adjoint data may also be kept without the state that their reverse starts from, which is
    /// computed again. Never slower than the persistent optimum, and not proved optimal: no
    /// polynomial algorithm is known.
    NonPersistent,
}

/// How to solve a chain.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct ChainOptions {
    /// Which schedules are considered.
    pub persistence: Persistence,
    /// The most levels into which the budget is divided: the table grows in proportion. A budget
    /// of no more units, where the unit is the greatest common divisor of all sizes, is treated
    /// exactly. `None` takes as many as need a quarter of a GiB and about a second.
    pub levels: Option<u64>,
}

/// A schedule for a [`Chain`] within a budget. Its actions are a list, of at most about ten per
/// stage.
#[derive(Clone, Debug)]
pub struct ChainSchedule {
    emitted: Emitted,
    memory: MemoryModel,
    budget: u64,
    proven_optimal: bool,
}

impl Chain {
    /// The least budget within which a persistent schedule exists, exact to the byte. `O(L^3)`.
    ///
    /// # Errors
    /// [`ScheduleError::TableTooLarge`].
    pub fn minimum_budget(&self) -> Result<u64, ScheduleError> {
        let recurrence = Recurrence { chain: self, persistence: Persistence::Persistent };
        Ok(Minima::solve(recurrence)?.whole() + self.state_bytes[0])
    }

    /// The fastest persistent schedule within `budget` bytes: [`Chain::solve_with`] and the
    /// default options.
    ///
    /// # Errors
    /// As for [`Chain::solve_with`].
    ///
    /// ```
    /// use retrograd_checkpoint::{Chain, ChainColumns, ScheduleError};
    ///
    /// let chain = Chain::from_columns(&ChainColumns {
    ///     x: vec![1; 7],
    ///     xb: vec![3; 7],
    ///     f: vec![1.0; 6],
    ///     ff: vec![1.0; 6],
    ///     b: vec![2.0; 6],
    ///     tf: vec![0; 6],
    ///     tn: vec![0; 6],
    ///     tb: vec![0; 7],
    /// })?;
    /// assert_eq!(chain.solve(22)?.makespan(), 18.0); // nothing is computed twice
    /// assert_eq!(chain.solve(10)?.makespan(), 23.0);
    /// let error = chain.solve(6).unwrap_err();
    /// assert_eq!(error, ScheduleError::TooSmall { what: "the budget", given: 6, minimum: 7 });
    /// # Ok::<(), ScheduleError>(())
    /// ```
    pub fn solve(&self, budget: u64) -> Result<ChainSchedule, ScheduleError> {
        self.solve_with(budget, ChainOptions::default())
    }

    /// A schedule within `budget` bytes, which include `x_0`, gradients and temporaries.
    ///
    /// With `r` recordings per stage, takes `O(L^3 levels r)` time and `O(L^2 levels)` memory, and
    /// for non-persistent schedules `1 + r` times as much of both. Memory is rounded so that the
    /// budget is never exceeded; the least budget is found exactly.
    ///
    /// # Errors
    /// [`ScheduleError::TooSmall`], with the least budget, if nothing fits;
    /// [`ScheduleError::TableTooLarge`] for chains too long for the levels asked for;
    /// [`ScheduleError::Invalid`] for no levels at all.
    pub fn solve_with(
        &self,
        budget: u64,
        options: ChainOptions,
    ) -> Result<ChainSchedule, ScheduleError> {
        if options.levels == Some(0) {
            return Err(ScheduleError::Invalid { what: "memory has at least one level" });
        }
        let (emitted, exact) = self.emitted(budget, options)?;
        let persistent = ChainOptions { persistence: Persistence::Persistent, ..options };
        let better = if exact || options == persistent {
            emitted
        } else {
            // Rounding can hide from the larger search what the smaller one finds.
            let (other, _) = self.emitted(budget, persistent)?;
            if other.time < emitted.time { other } else { emitted }
        };
        let nothing_repeated = better.time == self.ideal_time();
        Ok(ChainSchedule {
            memory: self.memory(budget, &better.recordings),
            emitted: better,
            budget,
            proven_optimal: nothing_repeated || (exact && options == persistent),
        })
    }

    /// A schedule, and whether the table was exact.
    fn emitted(
        &self,
        budget: u64,
        options: ChainOptions,
    ) -> Result<(Emitted, bool), ScheduleError> {
        let recurrence = Recurrence { chain: self, persistence: options.persistence };
        let minima = Minima::solve(recurrence)?;
        let first = self.state_bytes[0];
        let minimum = minima.whole() + first;
        if budget < minimum {
            return Err(ScheduleError::TooSmall { what: "the budget", given: budget, minimum });
        }
        let memory = (budget - first).min(self.useful_memory());
        let levels = options.levels.unwrap_or_else(|| {
            let by_bytes = AUTOMATIC_BYTES / 8 / minima.rows() as u64;
            let by_work = AUTOMATIC_WORK / minima.candidates;
            by_bytes.min(by_work).max(LEAST_LEVELS)
        });
        let finest = self.finest_unit();
        let unit = finest * (memory / finest).div_ceil(levels).max(1);
        let table = Table::solve(recurrence, minima, memory, unit)?;
        Ok((emit(&table, self.stages.len(), memory), unit == finest))
    }

    /// Memory, `x_0` not included, beyond which nothing is gained: that in which every stage is
    /// recorded once, in its fastest way.
    fn useful_memory(&self) -> u64 {
        let mut kept = 0;
        let mut peak = 0;
        let last = self.stages.len();
        for (i, stage) in self.stages.iter().enumerate() {
            let time = |r: &super::Recording| r.time + r.reverse_time;
            let fastest = stage.recordings.iter().min_by(|a, b| time(a).total_cmp(&time(b)));
            let fastest = fastest.expect("every stage should have a recording");
            let gradients = self.state_bytes[i] + self.state_bytes[i + 1];
            let temporaries = fastest.temporary_bytes.max(fastest.reverse_temporary_bytes);
            kept += fastest.bytes;
            peak = peak.max(kept + gradients + temporaries);
        }
        peak.max(kept + self.state_bytes[last] + self.loss_temporary_bytes)
    }

    /// The greatest common divisor of all sizes, at least 1.
    fn finest_unit(&self) -> u64 {
        let of_recording =
            |r: &super::Recording| [r.bytes, r.temporary_bytes, r.reverse_temporary_bytes];
        let of_stages = self.stages.iter().flat_map(|stage| {
            let recordings = stage.recordings.iter().flat_map(of_recording);
            recordings.chain([stage.advance_temporary_bytes])
        });
        let sizes = of_stages.chain(self.state_bytes.iter().copied());
        sizes.fold(self.loss_temporary_bytes, gcd).max(1)
    }

    /// The memory that [`replay()`](crate::replay()) should hold a schedule to: what is stored
    /// stays within the budget. [`simulate()`](super::simulate()) is stricter.
    fn memory(&self, budget: u64, recordings: &[usize]) -> MemoryModel {
        let chosen = self.stages.iter().zip(recordings);
        let adjoint_bytes = chosen.map(|(stage, &chosen)| stage.recordings[chosen].bytes);
        MemoryModel {
            tiers: vec![TierLimit { slots: None, bytes: Some(budget) }],
            restart_bytes: PerStep::Each(self.state_bytes.clone()),
            adjoint_bytes: PerStep::Each(adjoint_bytes.collect()),
            adjoint_restarts: true,
        }
    }
}

impl ChainSchedule {
    /// Stages that the schedule reverses.
    pub fn steps(&self) -> u64 {
        self.emitted.recordings.len() as u64
    }

    /// The time of all operations: advances, recordings and reverses.
    pub fn makespan(&self) -> f64 {
        self.emitted.time
    }

    /// The budget it was made for.
    pub fn budget(&self) -> u64 {
        self.budget
    }

    /// Of each stage, which of its recordings is used.
    pub fn recordings(&self) -> &[usize] {
        &self.emitted.recordings
    }

    /// Whether no schedule is faster: nothing is computed twice, or, among the persistent ones,
    /// the recurrence was solved without rounding.
    pub fn proven_optimal(&self) -> bool {
        self.proven_optimal
    }

    /// The memory against which the actions replay.
    pub fn memory(&self) -> &MemoryModel {
        &self.memory
    }

    /// The actions; the loss is none of them.
    pub fn actions(&self) -> ChainActions<'_> {
        ChainActions(self.emitted.actions.iter().cloned())
    }
}

/// The actions of a [`ChainSchedule`].
#[derive(Clone, Debug)]
pub struct ChainActions<'a>(Cloned<Iter<'a, Action>>);

impl Iterator for ChainActions<'_> {
    type Item = Action;

    fn next(&mut self) -> Option<Action> {
        self.0.next()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

impl ExactSizeIterator for ChainActions<'_> {}
impl FusedIterator for ChainActions<'_> {}
