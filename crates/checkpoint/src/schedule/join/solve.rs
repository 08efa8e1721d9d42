//! The first sweep, the turn and the segments, put together.

use super::iterate::{IntoJoinActions, JoinActions, Names, Task, load, store};
use super::table::{Segment, Start, Table};
use super::{JoinAction, JoinGraph};
use crate::schedule::segment::Base;
use crate::{Action, Costs, Revolve, ScheduleError};

/// The most segments of one chain that are listed.
const MOST_SEGMENTS: u64 = 1 << 21;

/// A schedule for a [`JoinGraph`].
#[derive(Clone, Debug)]
pub struct JoinSchedule {
    tasks: Vec<Task>,
    names: Names,
    forward_steps: u128,
}

impl JoinSchedule {
    /// Advances in all, the first sweep included; recorded steps are not.
    pub fn forward_steps(&self) -> u128 {
        self.forward_steps
    }

    /// The actions.
    pub fn actions(&self) -> JoinActions<'_> {
        JoinActions::new(&self.tasks, self.names)
    }
}

impl IntoIterator for JoinSchedule {
    type Item = JoinAction;
    type IntoIter = IntoJoinActions;

    /// [`JoinSchedule::actions`], with the schedule inside.
    fn into_iter(self) -> IntoJoinActions {
        IntoJoinActions::new(self.tasks, self.names)
    }
}

/// What the recurrence decides.
struct Decision {
    /// Advances after the first sweep.
    repeated: u128,
    /// Segments of the branches, first one first; the ends of branches are not among them.
    branches: Vec<Segment>,
    /// Segments of the trunk, which come after all branches.
    trunk: Vec<Segment>,
}

pub(super) fn solve(graph: &JoinGraph, slots: u64) -> Result<JoinSchedule, ScheduleError> {
    let minimum = graph.minimum_slots();
    if slots < minimum {
        let what = "the number of slots";
        return Err(ScheduleError::TooSmall { what, given: slots, minimum });
    }
    // With a slot for each state nothing is repeated.
    let slots = slots.min(graph.forward_steps() + graph.branches.len() as u64);
    let decision = match (&graph.branches[..], graph.trunk) {
        (&[only], None) => chain(only, slots)?,
        (_, None) => join(graph, slots)?,
        (_, Some(trunk)) => pitchfork(graph, trunk, slots)?,
    };
    let names = Names { trunk: graph.trunk.map(|trunk| (graph.branches.len(), trunk)) };
    let forward_steps = u128::from(graph.forward_steps()) + decision.repeated;
    Ok(JoinSchedule { tasks: tasks(graph, &decision, names), names, forward_steps })
}

/// One branch: the segments are what Revolve leaves when it first arrives at the end.
fn chain(steps: u64, slots: u64) -> Result<Decision, ScheduleError> {
    let segments = slots.min(steps);
    if segments > MOST_SEGMENTS {
        let entry = size_of::<Task>() as u64;
        return Err(ScheduleError::TableTooLarge {
            what: "chains that meet",
            bytes: u128::from(segments) * u128::from(entry),
            limit: MOST_SEGMENTS * entry,
        });
    }
    let sweep = Revolve::new(steps + 1, slots)?;
    let repeated = Costs::revolve(steps + 1, slots)?.advances - u128::from(steps);
    let sweep = sweep.take_while(|action| !matches!(action, Action::Record { .. }));
    let mut branches: Vec<Segment> = Vec::new();
    for action in sweep {
        if let Action::Store { step: start, .. } = action {
            let slots = slots - branches.len() as u64;
            branches.push(Segment { branch: 0, start, steps: steps - start, slots });
        }
    }
    for later in (1..branches.len()).rev() {
        branches[later - 1].steps = branches[later].start - branches[later - 1].start;
    }
    branches.reverse();
    Ok(Decision { repeated, branches, trunk: Vec::new() })
}

/// The branches that have steps of their own, and the lengths of these.
fn apart(graph: &JoinGraph) -> (Vec<usize>, Vec<u64>) {
    let branches = graph.branches.iter().copied().enumerate();
    branches.filter(|&(_, steps)| steps > 0).unzip()
}

fn join(graph: &JoinGraph, slots: u64) -> Result<Decision, ScheduleError> {
    let (apart, lengths) = apart(graph);
    let at_the_turn = graph.branches.len() as u64 - 1; // other initial states, or ends
    let most = (slots - at_the_turn).min(lengths.iter().sum());
    let table = Table::solve(&lengths, slots, most, Start::Own, 1)?;
    let (repeated, snapshots) = table.least(most).expect("the minimum of slots should suffice");
    let branches = named(table.segments(snapshots), &apart);
    Ok(Decision { repeated: repeated.into(), branches, trunk: Vec::new() })
}

fn pitchfork(graph: &JoinGraph, trunk: u64, slots: u64) -> Result<Decision, ScheduleError> {
    let (apart, lengths) = apart(graph);
    let ends = (apart.len() as u64).saturating_sub(1);
    // The shared state takes a slot, and the ends of the branches but one.
    let most = (slots - 1 - ends).min(trunk);
    let below = Table::solve(&[trunk], slots, most, Start::Own, 1)?;
    let tables = most + 1 - u64::from(trunk > 0);
    let mut best: Option<(u64, Decision)> = None;
    for kept in u64::from(trunk > 0)..=most {
        let Some(of_trunk) = below.exactly(kept) else { continue };
        let left = slots - 1 - kept;
        let most = (left - ends).min(lengths.iter().sum());
        let table = Table::solve(&lengths, left, most, Start::Shared, tables)?;
        let Some((of_branches, snapshots)) = table.least(most) else { continue };
        let repeated = of_trunk + of_branches;
        if best.as_ref().is_none_or(|(least, _)| repeated < *least) {
            let trunk = named(below.segments(kept), &[graph.branches.len()]);
            let branches = named(table.segments(snapshots), &apart);
            best = Some((repeated, Decision { repeated: repeated.into(), branches, trunk }));
        }
    }
    Ok(best.expect("the minimum of slots should suffice").1)
}

/// The segments with the numbers that branches have in the graph.
fn named(segments: Vec<Segment>, branches: &[usize]) -> Vec<Segment> {
    let named = |segment: Segment| Segment { branch: branches[segment.branch], ..segment };
    segments.into_iter().map(named).collect()
}

fn tasks(graph: &JoinGraph, decision: &Decision, names: Names) -> Vec<Task> {
    let mut sweep = Sweep { tasks: Vec::new(), names, at: None };
    if let Some((number, trunk)) = names.trunk.filter(|&(_, trunk)| trunk > 0) {
        sweep.run(number, trunk, &decision.trunk);
        sweep.store(number, trunk);
    }
    let (apart, lengths) = apart(graph);
    for (i, (&branch, &steps)) in apart.iter().zip(&lengths).enumerate() {
        sweep.run(branch, steps, &decision.branches);
        if i + 1 < apart.len() {
            sweep.store(branch, steps);
        }
    }
    let mut tasks = sweep.tasks;
    tasks.push(Task::Action(JoinAction::Turn));
    if let (Some(&branch), Some(&end)) = (apart.last(), lengths.last()) {
        let on = |action| Task::Action(names.on(branch, action));
        tasks.push(on(Action::Record { steps: end..end + 1 }));
        tasks.push(on(Action::Reverse { steps: end..end + 1 }));
    }
    let working = apart.last().copied();
    let ends = graph.branches.iter().enumerate().filter(|&(branch, _)| Some(branch) != working);
    let ends = ends.map(|(branch, &start)| Segment { branch, start, steps: 1, slots: 1 });
    let mut segments: Vec<Segment> = ends.chain(decision.branches.iter().copied()).collect();
    let shared = |segment: &Segment| names.trunk.is_some() && segment.start == 0;
    let last_shared = segments.iter().rposition(shared);
    let based = segments.drain(..).enumerate().map(|(i, segment)| {
        let kept = shared(&segment) && Some(i) != last_shared;
        Task::Segment { segment, base: if kept { Base::Kept } else { Base::Released } }
    });
    tasks.extend(based);
    let released = |&segment| Task::Segment { segment, base: Base::Released };
    tasks.extend(decision.trunk.iter().map(released));
    tasks
}

/// The first sweep as it grows.
struct Sweep {
    tasks: Vec<Task>,
    names: Names,
    /// Where the model is.
    at: Option<JoinAction>,
}

impl Sweep {
    /// Runs a branch to its end and stores the states at the starts of its segments.
    fn run(&mut self, branch: usize, steps: u64, segments: &[Segment]) {
        let own = segments.iter().filter(|segment| segment.branch == branch && segment.start > 0);
        let mut starts: Vec<u64> = own.map(|segment| segment.start).collect();
        starts.sort_unstable();
        let start = self.names.on(branch, load(0));
        if self.at.as_ref() != Some(&start) {
            self.tasks.push(Task::Action(start));
        }
        let mut from = 0;
        for &to in starts.iter().chain([&steps]) {
            let action = Action::Advance { steps: from..to };
            self.tasks.push(Task::Action(self.names.on(branch, action)));
            if to < steps {
                self.store(branch, to);
            }
            from = to;
        }
        self.at = Some(self.names.on(branch, load(steps)));
    }

    fn store(&mut self, branch: usize, step: u64) {
        self.tasks.push(Task::Action(self.names.on(branch, store(step))));
    }
}
