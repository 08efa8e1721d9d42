//! Chains that meet: the reference table, exhaustive search, and the laws of their schedules.

mod common;

use std::collections::{HashMap, VecDeque};

use common::rows;
use proptest::prelude::*;
use retrograd_checkpoint::schedule::join::{BranchAction, BrokenJoinRule};
use retrograd_checkpoint::{
    Action, BrokenRule, Costs, Data, IndependentChains, JoinAction, JoinGraph, ScheduleError,
    TierId,
};

/// Replays the schedule for a graph; its forward steps, `None` if there are too few slots.
#[track_caller]
fn check(graph: &JoinGraph, slots: u64) -> Option<u128> {
    let minimum = graph.minimum_slots();
    let schedule = match graph.solve(slots) {
        Ok(schedule) => schedule,
        Err(error) => {
            let what = "the number of slots";
            assert_eq!(error, ScheduleError::TooSmall { what, given: slots, minimum });
            assert!(slots < minimum);
            return None;
        }
    };
    let report = graph.memory(slots).replay(schedule.actions());
    let report = report.unwrap_or_else(|error| panic!("{graph:?} {slots}: {error}"));
    assert_eq!(u128::from(report.advances), schedule.forward_steps(), "{graph:?} {slots}");
    assert!(schedule.clone().into_iter().eq(schedule.actions()), "{graph:?} {slots}");
    let ends = graph.branches().iter().map(|steps| steps + 1);
    assert_eq!(report.recorded, ends.chain(graph.trunk()).sum::<u64>());
    Some(schedule.forward_steps())
}

/// Forward steps per branch, slots, advances.
type Row = (Vec<u64>, u64, Option<u128>);

#[test]
fn joins_take_the_steps_of_the_table() {
    let columns = ["l per branch", "c", "min_forward_steps"];
    let rows: Vec<Row> = rows(include_str!("data/g_join_own.json"), &columns);
    assert_eq!(rows.len(), 34);
    for (branches, slots, steps) in rows {
        let graph = JoinGraph::join(branches).unwrap();
        assert_eq!(check(&graph, slots), steps, "{graph:?} {slots}");
    }
}

/// A state of the search: bits of stored states, the working state, whether the turn is over, and
/// how many adjoint steps are left of each branch, the trunk last.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Node {
    stored: u32,
    at: Option<u8>,
    turned: bool,
    left: [u8; 4],
}

/// Chains as states in a row: branch by branch, or the trunk, its end included, before the parts
/// of the branches that are their own.
struct Search {
    branches: Vec<u64>,
    trunk: Option<u64>,
    slots: u32,
    turn: bool,
    /// Whether the state at the end of the trunk stays stored from the turn until the last branch
    /// is reversed.
    keep_shared: bool,
}

impl Search {
    fn state(&self, branch: usize, step: u64) -> usize {
        let own = u64::from(self.trunk.is_none());
        let before: u64 = self.branches[..branch].iter().map(|steps| steps + own).sum();
        let index = match self.trunk {
            Some(trunk) if step == 0 => trunk,
            Some(trunk) => trunk + before + step,
            None => before + step,
        };
        index as usize
    }

    fn start(&self) -> Node {
        let branches = 0..self.branches.len();
        let stored = match self.trunk {
            Some(_) => 1,
            None => branches.map(|branch| 1 << self.state(branch, 0)).sum(),
        };
        let mut left = [0; 4];
        let steps = self.branches.iter().map(|steps| steps + 1).chain(self.trunk);
        left.iter_mut().zip(steps).for_each(|(left, steps)| *left = steps as u8);
        Node { stored, at: None, turned: !self.turn, left }
    }

    /// All nodes that one action leads to, and its cost.
    fn next(&self, node: &Node) -> Vec<(Node, u64)> {
        let mut next = Vec::new();
        let branches = self.branches.len();
        let pending = node.left[..branches].iter().any(|&left| left > 0);
        let hub = self.trunk.map(|trunk| trunk as usize);
        let hub_stored = hub.is_none_or(|hub| node.stored >> hub & 1 == 1);
        for state in (0..32).filter(|state| node.stored >> state & 1 == 1) {
            next.push((Node { at: Some(state as u8), ..*node }, 0));
            if !(self.keep_shared && pending && hub == Some(state)) {
                next.push((Node { stored: node.stored & !(1 << state), ..*node }, 0));
            }
        }
        if let Some(at) = node.at {
            if node.stored.count_ones() < self.slots {
                next.push((Node { stored: node.stored | 1 << at, ..*node }, 0));
            }
            for (branch, step) in self.places(at as usize) {
                self.step(node, branch, step, pending, &mut next);
            }
        }
        let end = |branch: usize| self.state(branch, self.branches[branch]);
        let live = |state: usize| node.stored >> state & 1 == 1 || node.at == Some(state as u8);
        let kept = !self.keep_shared || hub_stored;
        if !node.turned && kept && (0..branches).all(|branch| live(end(branch))) {
            next.push((Node { turned: true, ..*node }, 0));
        }
        next
    }

    /// Branches and steps that a state belongs to; the trunk counts as the branch after the last.
    fn places(&self, at: usize) -> Vec<(usize, u64)> {
        let branches = self.branches.iter().enumerate();
        let mut places: Vec<(usize, u64)> = branches
            .flat_map(|(branch, &steps)| (0..=steps).map(move |step| (branch, step)))
            .filter(|&(branch, step)| self.state(branch, step) == at)
            .collect();
        if self.trunk.is_some_and(|trunk| at < trunk as usize) {
            places.push((self.branches.len(), at as u64));
        }
        places
    }

    fn step(
        &self,
        node: &Node,
        branch: usize,
        step: u64,
        pending: bool,
        next: &mut Vec<(Node, u64)>,
    ) {
        let left = u64::from(node.left[branch]);
        let (length, after) = match self.branches.get(branch) {
            Some(&steps) => (steps, (step < steps).then(|| self.state(branch, step + 1))),
            None => (self.trunk.unwrap(), Some(step as usize + 1)),
        };
        let is_trunk = branch == self.branches.len();
        if let Some(after) = after.filter(|_| step < length) {
            next.push((Node { at: Some(after as u8), ..*node }, 1));
        }
        if node.turned && left == step + 1 && !(is_trunk && pending) {
            let mut reversed = Node { at: None, ..*node };
            reversed.left[branch] -= 1;
            next.push((reversed, 0));
        }
    }

    /// The fewest forward steps, by breadth-first search with steps of cost 0 and 1.
    fn least(&self) -> Option<u128> {
        let start = self.start();
        if start.stored.count_ones() > self.slots {
            return None;
        }
        let mut known = HashMap::from([(start, 0)]);
        let mut queue = VecDeque::from([(start, 0)]);
        while let Some((node, cost)) = queue.pop_front() {
            if known[&node] < cost {
                continue;
            }
            if node.left.iter().all(|&left| left == 0) {
                return Some(cost.into());
            }
            for (next, more) in self.next(&node) {
                let cost = cost + more;
                if known.get(&next).is_none_or(|&known| cost < known) {
                    known.insert(next, cost);
                    if more == 0 {
                        queue.push_front((next, cost));
                    } else {
                        queue.push_back((next, cost));
                    }
                }
            }
        }
        None
    }
}

#[track_caller]
fn check_against_search(trunk: Option<u64>, branches: &[u64], slots: u64, keep_shared: bool) {
    let graph = match trunk {
        Some(trunk) => JoinGraph::pitchfork(trunk, branches.to_vec()),
        None => JoinGraph::join(branches.to_vec()),
    };
    let (branches, slots) = (branches.to_vec(), slots as u32);
    let search = Search { branches, trunk, slots, turn: true, keep_shared };
    let found = check(&graph.unwrap(), u64::from(slots));
    assert_eq!(found, search.least(), "{trunk:?} {:?} {slots}", search.branches);
}

#[test]
fn joins_are_optimal_among_all_schedules() {
    for slots in 1..=6 {
        for a in 0..=4 {
            check_against_search(None, &[a], slots, false);
            for b in 0..=a {
                check_against_search(None, &[a, b], slots, false);
            }
        }
        for branches in [[1, 1, 0], [1, 1, 1], [2, 1, 1], [2, 2, 1], [3, 1, 1]] {
            check_against_search(None, &branches, slots, false);
        }
    }
    // Long enough for a choice between reversing one branch and shortening the other.
    for slots in 3..=4 {
        check_against_search(None, &[6, 3], slots, false);
        check_against_search(None, &[5, 5], slots, false);
    }
}

#[test]
fn pitchforks_are_optimal_among_schedules_that_keep_the_shared_state() {
    for slots in 1..=6 {
        for trunk in 0..=3 {
            for branches in [[0, 0], [1, 0], [1, 1], [2, 0], [2, 1], [2, 2], [3, 1]] {
                check_against_search(Some(trunk), &branches, slots, true);
            }
            for branches in [[0, 0, 0], [1, 1, 0], [1, 1, 1], [2, 1, 1]] {
                check_against_search(Some(trunk), &branches, slots, true);
            }
        }
    }
}

/// With the fewest slots that the model needs or more, nothing is gained by forgetting the
/// shared state for a while.
#[test]
fn pitchforks_are_optimal_among_all_schedules_that_have_their_slots() {
    for (trunk, branches) in [(1, [1, 1]), (2, [1, 1]), (2, [2, 1]), (3, [2, 2]), (3, [3, 1])] {
        for slots in 3..=6 {
            check_against_search(Some(trunk), &branches, slots, false);
        }
    }
}

#[test]
fn independent_chains_are_optimal_one_after_the_other() {
    let cases: [&[u64]; 8] =
        [&[3], &[5, 1], &[1, 5], &[4, 4], &[5, 3], &[2, 2, 2], &[3, 1, 2], &[4, 2, 2]];
    for (steps, slots) in cases.iter().flat_map(|steps| (1..7).map(move |slots| (steps, slots))) {
        let branches = steps.iter().map(|steps| steps - 1).collect();
        let search =
            Search { branches, trunk: None, slots: slots as u32, turn: false, keep_shared: false };
        match IndependentChains::new(steps.to_vec(), slots) {
            Ok(chains) => {
                let report = chains.memory().replay(chains.actions()).unwrap();
                assert_eq!(u128::from(report.advances), chains.forward_steps());
                assert_eq!(search.least(), Some(chains.forward_steps()), "{steps:?} {slots}");
            }
            Err(error) => {
                assert!(matches!(error, ScheduleError::TooSmall { .. }), "{error}");
                assert_eq!(search.least(), None);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn schedules_are_valid_and_more_slots_never_cost_more(
        branches in prop::collection::vec(0_u64..14, 1..=3),
        trunk in prop::option::of(0_u64..12),
    ) {
        let graph = match trunk {
            Some(trunk) => JoinGraph::pitchfork(trunk, branches),
            None => JoinGraph::join(branches),
        };
        let graph = graph.unwrap();
        let minimum = graph.minimum_slots();
        prop_assert_eq!(check(&graph, minimum - 1), None);
        let costs: Vec<_> = (minimum..minimum + 8).map(|slots| check(&graph, slots)).collect();
        prop_assert!(costs.is_sorted_by(|a, b| a >= b), "{:?}", costs);
        let sweep = graph.branches().iter().copied().chain(graph.trunk()).sum::<u64>();
        prop_assert_eq!(check(&graph, u64::MAX), Some(sweep.into()));
    }

    /// Reversing the branches one after the other is a schedule, if all ends are kept: the
    /// optimum is no worse.
    #[test]
    fn joins_cost_no_more_than_their_branches_in_turn(
        a in 1_u64..14, b in 1_u64..14, more in 0_u64..6,
    ) {
        let slots = 3 + more;
        let found = check(&JoinGraph::join(vec![a, b]).unwrap(), slots).unwrap();
        // The first branch is reversed with one slot less, the other with all.
        let first = Costs::revolve(a, slots - 1).unwrap().advances;
        let second = Costs::revolve(b, slots).unwrap().advances;
        prop_assert!(found <= u128::from(a + b) + first + second);
    }
}

#[test]
fn one_branch_is_revolve_at_any_length() {
    for (steps, slots) in [(0, 1), (1, 1), (9, 3), (1000, 12), (1_000_000_000, 30), (1 << 62, 1)] {
        let Ok(graph) = JoinGraph::join(vec![steps]) else {
            assert_eq!(steps, 1 << 62);
            continue;
        };
        let schedule = graph.solve(slots).unwrap();
        let costs = Costs::revolve(steps + 1, slots).unwrap();
        assert_eq!(schedule.forward_steps(), costs.advances);
        if steps <= 1000 {
            check(&graph, slots);
        }
    }
    let fork = JoinGraph::pitchfork(5, vec![4]).unwrap();
    assert_eq!(fork, JoinGraph::join(vec![9]).unwrap());
}

#[test]
fn extreme_inputs_are_refused_or_solved() {
    let large = |graph: Result<JoinGraph, ScheduleError>, slots| graph.unwrap().solve(slots);
    let too_large = |result| matches!(result, Err(ScheduleError::TableTooLarge { .. }));
    let billion = 1_000_000_000;
    assert!(too_large(large(JoinGraph::join(vec![billion, billion]), 5).map(drop)));
    assert!(too_large(large(JoinGraph::pitchfork(billion, vec![1, 1]), u64::MAX).map(drop)));
    assert!(too_large(large(JoinGraph::join(vec![billion]), u64::MAX).map(drop)));
    assert!(too_large(large(JoinGraph::join(vec![9; 40]), 100).map(drop)));
    let invalid = |result| matches!(result, Err(ScheduleError::Invalid { .. }));
    assert!(invalid(JoinGraph::join(Vec::new())));
    assert!(invalid(JoinGraph::pitchfork(1, Vec::new())));
    assert!(invalid(JoinGraph::pitchfork(u64::MAX, vec![u64::MAX])));
    assert!(invalid(JoinGraph::join(vec![u64::MAX, 1])));
    assert!(invalid(
        IndependentChains::new(vec![1, 0], 9).map(|_| JoinGraph::join(vec![1]).unwrap())
    ));
    let chains = IndependentChains::new(vec![1 << 60, 1], u64::MAX).unwrap();
    assert_eq!(chains.forward_steps(), (1 << 60) - 1);
    // Branches without steps are ends from the start.
    let none = JoinGraph::join(vec![0; 20]).unwrap();
    assert_eq!(check(&none, 20), Some(0));
    assert_eq!(check(&none, 19), None);
}

fn on(branch: usize, action: Action) -> JoinAction {
    JoinAction::Branch(BranchAction { branch, action })
}

/// The replayer finds what a schedule must not do.
#[test]
fn broken_schedules_are_found() {
    let graph = JoinGraph::join(vec![1, 1]).unwrap();
    let broken =
        |actions: &[JoinAction]| graph.memory(3).replay(actions.iter().cloned()).unwrap_err().rule;
    let (kind, tier) = (Data::Restart, TierId(0));
    let load = |step| Action::Load { kind, step, tier };
    let store = |step| Action::Store { kind, step, tier };
    let advance = Action::Advance { steps: 0..1 };
    let record = Action::Record { steps: 1..2 };
    let first = [on(0, load(0)), on(0, advance.clone())];
    assert_eq!(broken(&[JoinAction::Turn]), BrokenJoinRule::EndMissing { branch: 0 });
    let turn = [first[0].clone(), first[1].clone(), JoinAction::Turn];
    assert_eq!(broken(&turn), BrokenJoinRule::EndMissing { branch: 1 });
    let early = [first[0].clone(), first[1].clone(), on(0, record.clone())];
    assert_eq!(broken(&early), BrokenJoinRule::BeforeTurn);
    let elsewhere = [first[0].clone(), on(1, advance.clone())];
    let rule = BrokenRule::NotThere { wanted: 0, at: None };
    assert_eq!(broken(&elsewhere), BrokenJoinRule::Step(rule));
    assert_eq!(broken(&[on(2, load(0))]), BrokenJoinRule::NoBranch { branch: 2 });
    let beyond = [first[0].clone(), on(0, Action::Advance { steps: 0..2 })];
    assert_eq!(broken(&beyond), BrokenJoinRule::Step(BrokenRule::BeyondEnd { end: 2, steps: 1 }));
    let mut full = vec![first[0].clone(), first[1].clone(), on(0, store(1))];
    full.extend([on(1, load(0)), on(1, advance.clone())]);
    let turned = [full.clone(), vec![JoinAction::Turn]].concat();
    let twice = [turned.clone(), vec![JoinAction::Turn]].concat();
    assert_eq!(broken(&twice), BrokenJoinRule::NoSuchTurn);
    let wrong = [turned.clone(), vec![on(1, record), on(0, Action::Reverse { steps: 1..2 })]];
    let rule = BrokenRule::NotRecorded { recorded: 1..2 };
    assert_eq!(broken(&wrong.concat()), BrokenJoinRule::Step(rule));
    assert_eq!(broken(&turned), BrokenJoinRule::Step(BrokenRule::NotReversed { steps: 0..2 }));
    full.push(on(1, store(1)));
    assert_eq!(broken(&full), BrokenJoinRule::Step(BrokenRule::SlotsExceeded { slots: 3 }));

    let fork = JoinGraph::pitchfork(1, vec![0, 0]).unwrap();
    let trunk = 2;
    let actions = [
        on(trunk, load(0)),
        on(trunk, advance),
        JoinAction::Turn,
        on(trunk, load(0)),
        on(trunk, Action::Record { steps: 0..1 }),
        on(trunk, Action::Reverse { steps: 0..1 }),
    ];
    let error = fork.memory(3).replay(actions.iter().cloned()).unwrap_err();
    assert_eq!(error.rule, BrokenJoinRule::TrunkFirst { branch: 0 });
    assert_eq!(
        error.to_string(),
        "action 5 (`branch 2: reverse 1..0`): the trunk is reversed before branch 0"
    );
}
