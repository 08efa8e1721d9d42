//! The picture of the literature: step against time, and the life of every snapshot.

use std::collections::BTreeMap;

use retrograd_checkpoint::schedule::join::BranchAction;
use retrograd_checkpoint::{Action, Chain, CostModel, Data, JoinGraph, PerStep, TierCost};
use retrograd_plot::{Drawing, KindId, Look, TimeChart};

use super::{Counts, Listed, Plan, Solved};
use crate::numerics::RunError;

pub(super) const FORWARD: [u8; 3] = [31, 102, 173];
pub(super) const RECORDED: [u8; 3] = [214, 84, 33];
pub(super) const REVERSE: [u8; 3] = [38, 139, 98];

/// Colours of tiers; the last one is that of all beyond.
pub(super) const TIERS: [[u8; 3]; 4] =
    [[112, 120, 130], [128, 78, 160], [196, 144, 16], [62, 160, 190]];

/// Draws the sweeps: steps upwards, time to the right.
///
/// # Errors
/// If there is nothing to draw, as with no steps at all.
pub fn sweep(solved: &Solved, counts: &Counts) -> Result<Drawing, RunError> {
    let clock = Clock::of(solved);
    let rows = Rows::of(solved);
    let end = solved.actions().map(|listed| clock.seconds(&listed)).sum();
    let mut chart = TimeChart::new(&solved.title, [0.0, end], [0.0, rows.top])
        .remark(remark(solved, counts, &clock))
        .time_axis("Time")
        .y_axis(rows.label);
    let lines = Lines::new(&mut chart, &solved.plan);
    let mut sweep = Sweep { chart, lines, rows, now: 0.0, alive: BTreeMap::new() };
    sweep.begin(&solved.plan);
    for listed in solved.actions() {
        let seconds = clock.seconds(&listed);
        sweep.follow(&listed, seconds);
    }
    sweep.chart.draw().map_err(|error| RunError::of(error).help("draw one step at least"))
}

fn remark(solved: &Solved, counts: &Counts, clock: &Clock) -> String {
    let total = counts.advances + counts.recorded;
    let factor = recompute_factor(total, solved.steps);
    let units = match &clock.forward {
        PerStep::Uniform(forward) => {
            let reverse = clock.reverse.at(0);
            format!(": a forward step takes {forward}, a reverse step {reverse}")
        }
        PerStep::Each(_) => String::new(),
    };
    let advances = counts.advances;
    format!("{advances} advances, {factor:.3} forward steps per step{units}")
}

/// Forward steps, recorded ones included, per step reversed.
pub fn recompute_factor(total_forward: u128, steps: u64) -> f64 {
    if steps == 0 { 1.0 } else { total_forward as f64 / steps as f64 }
}

/// How long an action takes in the picture.
struct Clock {
    forward: PerStep<f64>,
    record: PerStep<f64>,
    reverse: PerStep<f64>,
    tiers: Vec<TierCost>,
}

impl Clock {
    /// That of the costs, where a recorded step takes as long as an advanced one; steps take one
    /// where all of them cost nothing.
    fn of(solved: &Solved) -> Self {
        if let Plan::Chain { chain, schedule } = &solved.plan {
            return Self::of_chain(chain, schedule.recordings());
        }
        let CostModel { forward, adjoint, tiers } = solved.costs.clone();
        let (forward, reverse) = if is_free(&forward) && is_free(&adjoint) {
            (PerStep::Uniform(1.0), PerStep::Uniform(1.0))
        } else {
            (forward, adjoint)
        };
        Self { record: forward.clone(), forward, reverse, tiers }
    }

    fn of_chain(chain: &Chain, recordings: &[usize]) -> Self {
        let stages = || chain.stages().iter().zip(recordings);
        let each = |times: Vec<f64>| PerStep::Each(times);
        Self {
            forward: each(stages().map(|(stage, _)| stage.advance_time).collect()),
            record: each(stages().map(|(stage, &of)| stage.recordings[of].time).collect()),
            reverse: each(stages().map(|(stage, &of)| stage.recordings[of].reverse_time).collect()),
            tiers: Vec::new(),
        }
    }

    fn seconds(&self, listed: &Listed) -> f64 {
        let Some(action) = listed.action() else { return 0.0 };
        let tier = |tier: u32| self.tiers.get(tier as usize).copied().unwrap_or_default();
        match action {
            Action::Advance { steps } => self.forward.sum(steps.clone()),
            Action::Record { steps } => self.record.sum(steps.clone()),
            Action::Reverse { steps } => self.reverse.sum(steps.clone()),
            Action::Store { tier: id, .. } => tier(id.0).write,
            Action::Load { tier: id, .. } => tier(id.0).read,
            Action::Discard { .. } => 0.0,
        }
    }
}

/// Whether no step costs anything.
fn is_free(costs: &PerStep<f64>) -> bool {
    match costs {
        PerStep::Uniform(cost) => *cost == 0.0,
        PerStep::Each(costs) => costs.iter().all(|cost| *cost == 0.0),
    }
}

impl Listed {
    /// The action, unless it is the turn.
    pub(super) fn action(&self) -> Option<&Action> {
        match self {
            Self::Step(action) | Self::Branch(BranchAction { action, .. }) => Some(action),
            Self::Turn => None,
        }
    }
}

/// Where steps lie in the picture: branches are stacked, the trunk below them.
struct Rows {
    /// The row of step 0 of each branch; of a single chain there is one.
    starts: Vec<u64>,
    top: f64,
    label: &'static str,
}

impl Rows {
    fn of(solved: &Solved) -> Self {
        let Plan::Join { graph, .. } = &solved.plan else {
            return Self { starts: vec![0], top: solved.steps as f64, label: "Step" };
        };
        let trunk = graph.trunk();
        let mut next = trunk.unwrap_or(0);
        let mut starts = Vec::new();
        for steps in graph.branches() {
            starts.push(next);
            next += steps + 1;
        }
        starts.extend(trunk.map(|_| 0));
        Self { starts, top: next as f64, label: "Step, branch above branch" }
    }

    fn of_step(&self, branch: usize, step: u64) -> f64 {
        (self.starts.get(branch).copied().unwrap_or(0) + step) as f64
    }
}

/// The kinds of strokes.
struct Lines {
    forward: KindId,
    recorded: KindId,
    reverse: KindId,
    /// Of each tier, restart data and adjoint data.
    tiers: Vec<[KindId; 2]>,
}

impl Lines {
    fn new(chart: &mut TimeChart, plan: &Plan) -> Self {
        let count = match plan {
            Plan::Steps { memory, .. } => memory.tiers.len(),
            Plan::Chain { .. } | Plan::Join { .. } => 1,
        };
        let of_tier = |chart: &mut TimeChart, k: usize| {
            let color = TIERS[k.min(TIERS.len() - 1)];
            let name = if count == 1 { String::new() } else { format!(" in tier {k}") };
            [
                chart.kind(format!("snapshot{name}"), Look::solid(color, 1.0)),
                chart.kind(format!("adjoint data{name}"), Look::dashed(color, 1.0, [3.0, 2.5])),
            ]
        };
        let tiers = (0..count).map(|k| of_tier(chart, k)).collect();
        Self {
            tiers,
            forward: chart.kind("forward", Look::solid(FORWARD, 1.6)),
            recorded: chart.kind("recorded", Look::solid(RECORDED, 2.2)),
            reverse: chart.kind("reverse", Look::solid(REVERSE, 2.2)),
        }
    }
}

/// A snapshot: branch, step, kind, tier.
type Snapshot = (usize, u64, Data, u32);

struct Sweep {
    chart: TimeChart,
    lines: Lines,
    rows: Rows,
    now: f64,
    /// What is stored, and since when.
    alive: BTreeMap<Snapshot, f64>,
}

impl Sweep {
    /// The initial states of a join are stored from the start.
    fn begin(&mut self, plan: &Plan) {
        if let Plan::Join { graph, .. } = plan {
            for branch in initial(graph) {
                self.alive.insert((branch, 0, Data::Restart, 0), 0.0);
            }
        }
    }

    fn follow(&mut self, listed: &Listed, seconds: f64) {
        let branch = match listed {
            Listed::Branch(action) => action.branch,
            Listed::Step(_) | Listed::Turn => 0,
        };
        let Some(action) = listed.action() else { return };
        let then = self.now + seconds;
        let (line, from, to) = match action {
            Action::Advance { steps } => (self.lines.forward, steps.start, steps.end),
            Action::Record { steps } => (self.lines.recorded, steps.start, steps.end),
            Action::Reverse { steps } => (self.lines.reverse, steps.end, steps.start),
            Action::Store { kind, step, tier } => {
                self.now = then;
                self.alive.insert((branch, *step, *kind, tier.0), then);
                return;
            }
            Action::Load { .. } => {
                self.now = then;
                return;
            }
            Action::Discard { kind, step, tier } => {
                self.end((branch, *step, *kind, tier.0));
                return;
            }
        };
        let (from, to) = (self.rows.of_step(branch, from), self.rows.of_step(branch, to));
        self.chart.add(line, [self.now, from], [then, to]);
        self.now = then;
    }

    fn end(&mut self, snapshot: Snapshot) {
        let Some(since) = self.alive.remove(&snapshot) else { return };
        let (branch, step, kind, tier) = snapshot;
        let row = self.rows.of_step(branch, step);
        if let Some([restart, adjoint]) = self.lines.tiers.get(tier as usize) {
            let line = match kind {
                Data::Restart => *restart,
                Data::Adjoint => *adjoint,
            };
            self.chart.add(line, [since, row], [self.now, row]);
        }
    }
}

/// Branches whose initial state is stored from the start: all, or the trunk alone.
fn initial(graph: &JoinGraph) -> std::ops::Range<usize> {
    let branches = graph.branches().len();
    if graph.trunk().is_some() { branches..branches + 1 } else { 0..branches }
}
