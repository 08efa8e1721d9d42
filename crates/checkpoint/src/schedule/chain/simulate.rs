//! The memory of a chain, walked tensor by tensor: what the schedules have to obey.
//!
//! Shares no arithmetic with the recurrence. The rules of order and liveness are those of
//! [`replay()`](crate::replay()); besides, a reverse finds the state at the start of its stage.

use std::collections::BTreeSet;
use std::ops::Range;

use super::Chain;
use crate::working::Working;
use crate::{Action, BrokenRule, Data, InvalidAction, TierId};

/// What a valid schedule of a chain did.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct ChainReport {
    /// The time of all advances, recordings and reverses.
    pub makespan: f64,
    /// The most bytes live at a time, temporaries and gradients included.
    pub peak_bytes: u64,
    /// Stages advanced without recording.
    pub advances: u64,
    /// Stages recorded.
    pub recorded: u64,
}

/// Follows `actions` over `chain`, each stage recorded in the way that `recordings` names, and
/// returns their time and their peak of memory.
///
/// Takes time in proportion to the stages run and the tensors stored.
///
/// # Errors
/// The first action that breaks a rule: data do not exist, stages are out of order, something is
/// left over, or there is no such recording.
///
/// ```
/// use retrograd_checkpoint::schedule::chain::simulate;
/// use retrograd_checkpoint::{Chain, ChainColumns};
///
/// let chain = Chain::from_columns(&ChainColumns {
///     x: vec![2, 5, 1, 3],
///     xb: vec![0, 8, 6, 6],
///     f: vec![2.0, 8.0, 8.0],
///     ff: vec![2.0, 8.0, 8.0],
///     b: vec![13.0, 4.0, 2.0],
///     tf: vec![1, 0, 1],
///     tn: vec![1, 2, 0],
///     tb: vec![2, 1, 1, 0],
/// })?;
/// let schedule = chain.solve(20)?;
/// let report = simulate(&chain, schedule.recordings(), schedule.actions())?;
/// assert_eq!((report.makespan, report.peak_bytes), (47.0, 20));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn simulate(
    chain: &Chain,
    recordings: &[usize],
    actions: impl IntoIterator<Item = Action>,
) -> Result<ChainReport, InvalidAction> {
    let mut simulator = Simulator::new(chain, recordings);
    let mut position = 0;
    for action in actions {
        if let Err(rule) = simulator.follow(&action) {
            return Err(InvalidAction { position, action: Some(action), rule });
        }
        position += 1;
    }
    match simulator.finish() {
        Ok(()) => Ok(simulator.report),
        Err(rule) => Err(InvalidAction { position, action: None, rule }),
    }
}

/// Where the gradient is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Gradient {
    /// The loss is not computed yet.
    None,
    /// The model has arrived at `x_L`.
    Due,
    /// `y_i` is live.
    At(u64),
}

struct Simulator<'a> {
    chain: &'a Chain,
    recordings: &'a [usize],
    working: Working,
    /// The state that the model holds.
    state: Option<u64>,
    /// The state from which the recorded run started, as long as working memory keeps it.
    input: Option<u64>,
    restarts: BTreeSet<u64>,
    adjoints: BTreeSet<u64>,
    gradient: Gradient,
    report: ChainReport,
}

impl<'a> Simulator<'a> {
    fn new(chain: &'a Chain, recordings: &'a [usize]) -> Self {
        let mut simulator = Self {
            chain,
            recordings,
            working: Working::new(Some(chain.stages().len() as u64)).restarting(true),
            state: Some(0),
            input: None,
            restarts: BTreeSet::new(),
            adjoints: BTreeSet::new(),
            gradient: Gradient::None,
            report: ChainReport::default(),
        };
        simulator.note_peak(0);
        simulator
    }

    fn follow(&mut self, action: &Action) -> Result<(), BrokenRule> {
        if let Action::Load { kind, step, tier } | Action::Discard { kind, step, tier } = action {
            self.expect_stored(*kind, *step, *tier)?;
        }
        if !matches!(action, Action::Store { .. } | Action::Discard { .. }) {
            self.compute_loss();
        }
        self.working.follow(action)?;
        match action {
            Action::Advance { steps } => self.advance(steps.clone()),
            Action::Record { steps } => self.record(steps.clone())?,
            Action::Reverse { steps } => self.reverse(steps.clone())?,
            Action::Store { kind, step, tier } => self.store(*kind, *step, *tier)?,
            Action::Load { kind: Data::Restart, step, .. } => self.state = Some(*step),
            Action::Load { kind: Data::Adjoint, step, .. } => {
                self.state = Some(*step + 1);
                self.input = None;
            }
            Action::Discard { kind, step, .. } => {
                self.stored(*kind).remove(step);
            }
        }
        Ok(())
    }

    fn finish(&self) -> Result<(), BrokenRule> {
        self.working.finish()?;
        let tier = TierId(0);
        if let Some(&step) = self.restarts.first() {
            return Err(BrokenRule::LeftStored { kind: Data::Restart, step, tier });
        }
        if let Some(&step) = self.adjoints.first() {
            return Err(BrokenRule::LeftStored { kind: Data::Adjoint, step, tier });
        }
        Ok(())
    }

    fn advance(&mut self, stages: Range<u64>) {
        for i in stages {
            let stage = &self.chain.stages()[i as usize];
            self.note_peak(self.state_bytes(i + 1) + stage.advance_temporary_bytes);
            self.report.makespan += stage.advance_time;
            self.report.advances += 1;
            self.state = Some(i + 1);
        }
        self.note_arrival();
    }

    fn record(&mut self, stages: Range<u64>) -> Result<(), BrokenRule> {
        self.input = Some(stages.start);
        for i in stages.clone() {
            let recording = *self.recording(i)?;
            let live = self.live(stages.start..i);
            let needed = live + recording.bytes + recording.temporary_bytes;
            self.report.peak_bytes = self.report.peak_bytes.max(needed);
            self.report.makespan += recording.time;
            self.report.recorded += 1;
            self.state = Some(i + 1);
        }
        self.note_arrival();
        Ok(())
    }

    fn reverse(&mut self, stages: Range<u64>) -> Result<(), BrokenRule> {
        let recorded = stages.start.min(self.working.recorded().start);
        for i in stages.rev() {
            let recording = *self.recording(i)?;
            if !(self.holds_state(i, recorded..i) || self.input == Some(i)) {
                return Err(BrokenRule::InputMissing { step: i });
            }
            let needed = self.state_bytes(i) + recording.reverse_temporary_bytes;
            let live = self.live(recorded..i + 1);
            self.report.peak_bytes = self.report.peak_bytes.max(live + needed);
            self.report.makespan += recording.reverse_time;
            self.gradient = Gradient::At(i);
            self.state = None;
        }
        if self.working.recorded().is_empty() {
            self.input = None;
        }
        Ok(())
    }

    fn store(&mut self, kind: Data, step: u64, tier: TierId) -> Result<(), BrokenRule> {
        if tier.0 > 0 {
            return Err(BrokenRule::UnknownTier { tier, tiers: 1 });
        }
        if !self.stored(kind).insert(step) {
            return Err(BrokenRule::StoredTwice { kind, step, tier });
        }
        if kind == Data::Adjoint {
            self.input = None;
        }
        Ok(())
    }

    fn note_arrival(&mut self) {
        if self.gradient == Gradient::None && self.state == Some(self.last()) {
            self.gradient = Gradient::Due;
        }
    }

    fn compute_loss(&mut self) {
        if self.gradient == Gradient::Due {
            let gradient = self.state_bytes(self.last());
            self.note_peak(gradient + self.chain.loss_temporary_bytes());
            self.gradient = Gradient::At(self.last());
        }
    }

    /// Bytes of all tensors while working memory holds the adjoint data of `recorded`.
    fn live(&self, recorded: Range<u64>) -> u64 {
        let states = self.restarts.iter().map(|&i| self.state_bytes(i));
        let stored = self.adjoints.iter().filter(|i| !recorded.contains(i));
        let adjoints = stored.copied().chain(recorded.clone()).map(|i| self.adjoint_bytes(i));
        // The working state and the input of the recorded run, unless they are live anyway.
        let input = self.input.filter(|&input| self.state != Some(input));
        let working = self.state.into_iter().chain(input);
        let loose = working.filter(|&i| !self.holds_state(i, recorded.clone()));
        let gradient = match self.gradient {
            Gradient::None | Gradient::Due => 0,
            Gradient::At(i) => self.state_bytes(i),
        };
        let loose = loose.map(|i| self.state_bytes(i));
        states.chain(adjoints).chain(loose).sum::<u64>() + gradient
    }

    /// Whether `x_i` is stored, or part of adjoint data that are.
    fn holds_state(&self, i: u64, recorded: Range<u64>) -> bool {
        let within = |i: u64| self.adjoints.contains(&i) || recorded.contains(&i);
        self.restarts.contains(&i) || i.checked_sub(1).is_some_and(within)
    }

    fn note_peak(&mut self, more: u64) {
        let needed = self.live(self.working.recorded()) + more;
        self.report.peak_bytes = self.report.peak_bytes.max(needed);
    }

    fn last(&self) -> u64 {
        self.chain.stages().len() as u64
    }

    fn state_bytes(&self, i: u64) -> u64 {
        self.chain.state_bytes()[i as usize]
    }

    fn adjoint_bytes(&self, stage: u64) -> u64 {
        self.recording(stage).map_or(0, |recording| recording.bytes)
    }

    fn recording(&self, stage: u64) -> Result<&super::Recording, BrokenRule> {
        let chosen = self.recordings.get(stage as usize);
        let recordings = &self.chain.stages()[stage as usize].recordings;
        chosen
            .and_then(|&chosen| recordings.get(chosen))
            .ok_or(BrokenRule::NoRecording { step: stage })
    }

    fn stored(&mut self, kind: Data) -> &mut BTreeSet<u64> {
        match kind {
            Data::Restart => &mut self.restarts,
            Data::Adjoint => &mut self.adjoints,
        }
    }

    fn expect_stored(&mut self, kind: Data, step: u64, tier: TierId) -> Result<(), BrokenRule> {
        if tier.0 == 0 && self.stored(kind).contains(&step) {
            Ok(())
        } else {
            Err(BrokenRule::NotStored { kind, step, tier })
        }
    }
}
