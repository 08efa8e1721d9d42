//! One run of an executor.

mod mend;

use std::iter::Peekable;
use std::ops::{ControlFlow, Range};

use super::rescue::Rescue;
use super::scout::Scout;
use super::{ExecuteError, Executor, Progress};
use crate::tier::{Key, Loaded, TierError};
use crate::working::Working;
use crate::{Action, BrokenRule, Data, InvalidAction, Model, TierId};

/// Whether a snapshot is read again.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Read {
    More,
    Last,
}

/// The discard that, directly after it, makes a load the last read.
///
/// Only loads ask for the next action in advance: a schedule that learns from the run what comes
/// next is asked as late as possible.
fn last_read_mark(action: &Action) -> Option<Action> {
    match *action {
        Action::Load { kind, step, tier } => Some(Action::Discard { kind, step, tier }),
        Action::Advance { .. }
        | Action::Record { .. }
        | Action::Reverse { .. }
        | Action::Store { .. }
        | Action::Discard { .. } => None,
    }
}

/// Why one action failed, its place not yet known.
enum Failure<E> {
    Model(E),
    Rule(BrokenRule),
    /// A tier could not give back what it was given.
    Lost(TierError),
}

impl<E> From<BrokenRule> for Failure<E> {
    fn from(rule: BrokenRule) -> Self {
        Self::Rule(rule)
    }
}

impl<E> Failure<E> {
    fn at(self, position: u64, action: Action) -> ExecuteError<E> {
        match self {
            Self::Model(source) => ExecuteError::Model { position, action, source },
            Self::Rule(rule) => {
                ExecuteError::Invalid(InvalidAction { position, action: Some(action), rule })
            }
            Self::Lost(source) => ExecuteError::Tier { position, action, source },
        }
    }
}

/// Adds a range of steps. Saturates: a stream that nobody proved may name any numbers.
fn count(total: &mut u64, steps: &Range<u64>) {
    *total = total.saturating_add(steps.end - steps.start);
}

/// What is followed: the schedule as given, or what has replaced it since a tier failed.
#[derive(Clone)]
enum Source<I: Iterator<Item = Action>> {
    Schedule(Peekable<I>),
    Rescue(Box<Peekable<Rescue>>),
}

impl<I: Iterator<Item = Action>> Iterator for Source<I> {
    type Item = Action;

    fn next(&mut self) -> Option<Action> {
        match self {
            Self::Schedule(actions) => actions.next(),
            Self::Rescue(actions) => actions.next(),
        }
    }
}

impl<I: Iterator<Item = Action>> Source<I> {
    fn peek(&mut self) -> Option<&Action> {
        match self {
            Self::Schedule(actions) => actions.peek(),
            Self::Rescue(actions) => actions.peek(),
        }
    }
}

/// One run of an executor.
pub(super) struct Run<'a, S> {
    executor: &'a mut Executor<S>,
    working: Working,
    done: Progress,
    /// Steps that were left when `x_0` was last stored anew, and how often then.
    restarted: (Option<u64>, u32),
}

impl<'a, S: Send + 'static> Run<'a, S> {
    pub(super) fn new(executor: &'a mut Executor<S>) -> Self {
        let working = Working::new(None);
        Self { executor, working, done: Progress::default(), restarted: (None, 0) }
    }

    /// A run that reverses all steps so many times.
    pub(super) fn repeated(self, sweeps: u64) -> Self {
        Self { working: self.working.repeated(sweeps), ..self }
    }

    /// Follows a schedule from its beginning.
    pub(super) fn follow_all<M, I>(
        self,
        model: &mut M,
        actions: I,
        watch: impl FnMut(&Progress) -> ControlFlow<()>,
        log: impl FnMut(&mut M, &mut Executor<S>, u64) -> Result<(), M::Error>,
    ) -> Result<Progress, ExecuteError<M::Error>>
    where
        M: Model<Snapshot = S>,
        I: Iterator<Item = Action> + Clone,
    {
        self.follow_source(model, Source::Schedule(actions.peekable()), watch, log)
    }

    /// Reverses the steps before `pending`: follows the schedule from there, if it comes to that
    /// point with nothing in working memory, else a schedule from what the tiers hold.
    pub(super) fn follow_rest<M, I>(
        mut self,
        model: &mut M,
        actions: I,
        pending: u64,
        watch: impl FnMut(&Progress) -> ControlFlow<()>,
        log: impl FnMut(&mut M, &mut Executor<S>, u64) -> Result<(), M::Error>,
    ) -> Result<Progress, ExecuteError<M::Error>>
    where
        M: Model<Snapshot = S>,
        I: Iterator<Item = Action> + Clone,
    {
        let mut rest = actions.peekable();
        let source = if self.seek(&mut rest, pending).is_some() {
            self.keep_what_is_wanted();
            Source::Schedule(rest)
        } else {
            Source::Rescue(Box::new(self.rest_from_tiers(model, pending)?.peekable()))
        };
        self.done.held = self.executor.ledger.entries().len() as u64;
        self.done.peak_held = self.done.held;
        self.follow_source(model, source, watch, log)
    }

    /// Follows a schedule in the books alone until just the steps before `pending` are left;
    /// nothing if it never comes there, or has something in working memory then.
    fn seek(&mut self, actions: &mut impl Iterator<Item = Action>, pending: u64) -> Option<()> {
        let tiers = self.executor.tiers.len();
        let known = |tier: TierId| (tier.0 as usize) < tiers;
        loop {
            let action = actions.next()?;
            self.working.follow(&action).ok()?;
            let ledger = &mut self.executor.ledger;
            match action {
                Action::Store { kind, step, tier } if known(tier) => {
                    ledger.enter(Key { step, kind }, tier).ok()?;
                }
                Action::Discard { kind, step, tier } if known(tier) => {
                    ledger.strike(Key { step, kind }, tier).ok()?;
                }
                Action::Store { .. } | Action::Discard { .. } => return None,
                Action::Reverse { steps } if steps.start <= pending => {
                    return (steps.start == pending && self.working.recorded().is_empty())
                        .then_some(());
                }
                Action::Advance { .. }
                | Action::Record { .. }
                | Action::Reverse { .. }
                | Action::Load { .. } => {}
            }
        }
    }

    /// What the schedule wants and no tier holds is lost; what tiers hold beyond that goes.
    fn keep_what_is_wanted(&mut self) {
        let Executor { tiers, ledger, .. } = &mut *self.executor;
        for (number, place) in (0..).map(TierId).zip(tiers.iter_mut()) {
            let held = place.held();
            ledger.lose(number, &held);
            for key in held.into_iter().filter(|key| !ledger.holds(*key, number)) {
                place.discard(key);
            }
        }
    }

    /// How to reverse the steps before `pending` from what the tiers hold.
    fn rest_from_tiers<M: Model<Snapshot = S>>(
        &mut self,
        model: &mut M,
        pending: u64,
    ) -> Result<Rescue, ExecuteError<M::Error>> {
        self.working = Working::new(None);
        self.working.resume(pending);
        self.executor.ledger.clear();
        let (kind, tier) = (Data::Restart, TierId(0));
        let action = Action::Load { kind, step: 0, tier };
        let key = Key { step: 0, kind };
        for (number, place) in (0..).map(TierId).zip(&self.executor.tiers) {
            for key in place.held() {
                let entered = self.executor.ledger.enter(key, number);
                entered.map_err(|rule| Failure::<M::Error>::Rule(rule).at(0, action.clone()))?;
                self.done.held += 1;
            }
        }
        let missing = TierError::Missing { tier: "no tier".to_owned(), key };
        self.replan(model, &action, missing, pending).map(|(rescue, _)| rescue)
    }

    fn follow_source<M, I>(
        mut self,
        model: &mut M,
        mut source: Source<I>,
        mut watch: impl FnMut(&Progress) -> ControlFlow<()>,
        mut log: impl FnMut(&mut M, &mut Executor<S>, u64) -> Result<(), M::Error>,
    ) -> Result<Progress, ExecuteError<M::Error>>
    where
        M: Model<Snapshot = S>,
        I: Iterator<Item = Action> + Clone,
    {
        let prefetches = self.executor.tiers.iter().any(|tier| tier.prefetches());
        let mut scout = None;
        loop {
            let Some(action) = source.next() else { return self.finish() };
            if watch(&self.done).is_break() {
                return Err(ExecuteError::Cancelled(self.done));
            }
            let mark = last_read_mark(&action);
            let last_read = mark.is_some_and(|mark| source.peek() == Some(&mark));
            let read = if last_read { Read::Last } else { Read::More };
            let begun = self.executor.meter.as_ref().map(|meter| meter.now());
            match self.follow(model, &action, read) {
                Ok(()) => self.executor.note(&action, begun),
                Err(Failure::Lost(failure)) => {
                    let rescue = self.rescue(model, &action, failure)?;
                    source = Source::Rescue(Box::new(rescue.peekable()));
                    scout = None;
                    continue;
                }
                Err(failure) => return Err(failure.at(self.done.actions, action)),
            }
            if let Action::Reverse { steps } = &action {
                let logged = log(model, self.executor, steps.start).map_err(Failure::Model);
                logged.map_err(|failure| failure.at(self.done.actions, action.clone()))?;
                let changed = std::mem::take(&mut self.executor.changed);
                self.done.replanned += u64::from(changed);
                if changed {
                    scout = None;
                }
                let left = self.working.pending().filter(|&left| left > steps.start);
                if let (Some(left), Source::Rescue(_)) = (left, &source) {
                    let rescue = self.begin_again(model, &action, left)?;
                    source = Source::Rescue(Box::new(rescue.peekable()));
                    scout = None;
                }
            }
            self.done.actions += 1;
            if last_read {
                // The discard has been done with the load.
                source.next();
                self.done.actions += 1;
            }
            if prefetches && self.done.reversed > 0 {
                let rest = || Scout::new(source.clone(), self.done.actions);
                scout.get_or_insert_with(rest).look(self.done.actions, self.executor);
            }
        }
    }

    fn follow<M: Model<Snapshot = S>>(
        &mut self,
        model: &mut M,
        action: &Action,
        read: Read,
    ) -> Result<(), Failure<M::Error>> {
        if let Action::Store { kind: Data::Adjoint, .. }
        | Action::Load { kind: Data::Adjoint, .. }
        | Action::Discard { kind: Data::Adjoint, .. } = action
            && !model.stores_adjoint()
        {
            return Err(BrokenRule::AdjointNotSupported.into());
        }
        if let Action::Load { kind, step, tier } | Action::Discard { kind, step, tier } = action {
            self.expect_stored(Key { step: *step, kind: *kind }, *tier)?;
        }
        self.working.follow(action)?;
        match action {
            Action::Advance { steps } => {
                count(&mut self.done.advances, steps);
                model.advance(steps.clone()).map_err(Failure::Model)
            }
            Action::Record { steps } => {
                count(&mut self.done.recorded, steps);
                model.record(steps.clone()).map_err(Failure::Model)
            }
            Action::Reverse { steps } => {
                count(&mut self.done.reversed, steps);
                model.reverse(steps.clone()).map_err(Failure::Model)
            }
            Action::Store { kind, step, tier } => {
                self.store(model, Key { step: *step, kind: *kind }, *tier)
            }
            Action::Load { kind, step, tier } => {
                self.load(model, Key { step: *step, kind: *kind }, *tier, read)
            }
            Action::Discard { kind, step, tier } => {
                self.discard(Key { step: *step, kind: *kind }, *tier)?;
                Ok(())
            }
        }
    }

    fn store<M: Model<Snapshot = S>>(
        &mut self,
        model: &mut M,
        key: Key,
        tier: TierId,
    ) -> Result<(), Failure<M::Error>> {
        let executor = &mut *self.executor;
        let tiers = executor.tiers.len();
        let Some(place) = executor.tiers.get_mut(tier.0 as usize) else {
            return Err(BrokenRule::UnknownTier { tier, tiers }.into());
        };
        executor.ledger.enter(key, tier)?;
        if let Some(slots) = place.slots().filter(|&slots| executor.ledger.taken(tier) > slots) {
            return Err(BrokenRule::SlotsExceeded { slots }.into());
        }
        let snapshot = model.save(key.kind, key.step).map_err(Failure::Model)?;
        self.done.writes += 1;
        self.done.held += 1;
        self.done.peak_held = self.done.peak_held.max(self.done.held);
        if let Err(failure) = place.store(key, snapshot) {
            // Whether that matters shows when the data are to be loaded.
            executor.ledger.entry(key, tier)?.lost = true;
            executor.note_failure(failure);
            self.done.lost += 1;
        }
        Ok(())
    }

    fn load<M: Model<Snapshot = S>>(
        &mut self,
        model: &mut M,
        key: Key,
        tier: TierId,
        read: Read,
    ) -> Result<(), Failure<M::Error>> {
        self.done.reads += 1;
        let place = &mut self.executor.tiers[tier.0 as usize];
        let Key { step, kind } = key;
        match read {
            Read::More => match place.load(key).map_err(Failure::Lost)? {
                Loaded::Shared(snapshot) => model.restore(kind, step, snapshot),
                Loaded::Owned(snapshot) => model.take(kind, step, snapshot),
            },
            Read::Last => {
                let snapshot = place.take(key).map_err(Failure::Lost)?;
                self.executor.ledger.strike(key, tier)?;
                self.done.held -= 1;
                model.take(kind, step, snapshot)
            }
        }
        .map_err(Failure::Model)
    }

    fn discard(&mut self, key: Key, tier: TierId) -> Result<(), BrokenRule> {
        self.executor.ledger.strike(key, tier)?;
        self.executor.tiers[tier.0 as usize].discard(key);
        self.done.held -= 1;
        Ok(())
    }

    fn expect_stored(&mut self, key: Key, tier: TierId) -> Result<(), BrokenRule> {
        let tiers = self.executor.tiers.len();
        if tier.0 as usize >= tiers {
            return Err(BrokenRule::UnknownTier { tier, tiers });
        }
        self.executor.ledger.entry(key, tier).map(|_| ())
    }

    fn finish<E>(&self) -> Result<Progress, ExecuteError<E>> {
        let left = self.executor.ledger.entries().first().map(|entry| {
            let Key { step, kind } = entry.key;
            BrokenRule::LeftStored { kind, step, tier: entry.tier }
        });
        match self.working.finish().err().or(left) {
            None => Ok(self.done),
            Some(rule) => {
                let position = self.done.actions;
                Err(ExecuteError::Invalid(InvalidAction { position, action: None, rule }))
            }
        }
    }
}
