//! Heterogeneous chains: the reference table, the laws of their schedules, and exhaustive search.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use proptest::prelude::*;
use retrograd_checkpoint::schedule::chain::simulate;
use retrograd_checkpoint::{
    Action, BrokenRule, Chain, ChainColumns, ChainOptions, ChainSchedule, Data, Persistence,
    Recording, ScheduleError, Stage, TierId, replay,
};
use serde::Deserialize;
use serde_json::Value;

const NON_PERSISTENT: ChainOptions =
    ChainOptions { persistence: Persistence::NonPersistent, levels: None };

#[derive(Deserialize)]
struct Table {
    columns: Vec<String>,
    chains: Vec<TableChain>,
}

#[derive(Deserialize)]
struct TableChain {
    chain: Columns,
    min_feasible_persistent: u64,
    rows: Vec<Vec<Value>>,
}

#[derive(Deserialize)]
struct Columns {
    x: Vec<u64>,
    xb: Vec<u64>,
    f: Vec<f64>,
    ff: Vec<f64>,
    b: Vec<f64>,
    tf: Vec<u64>,
    tn: Vec<u64>,
    tb: Vec<u64>,
}

impl Columns {
    fn chain(self) -> Chain {
        let Self { x, xb, f, ff, b, tf, tn, tb } = self;
        Chain::from_columns(&ChainColumns { x, xb, f, ff, b, tf, tn, tb }).unwrap()
    }
}

fn table() -> Vec<TableChain> {
    let table: Table = serde_json::from_str(include_str!("data/e_rotor.json")).unwrap();
    assert_eq!(table.columns[..2], ["M", "own_persistent_opt"]);
    assert_eq!(table.columns[5], "nonpersistent_bruteforce_opt");
    table.chains
}

/// Replays a schedule by the rules of the crate and by those of chains; returns its time.
#[track_caller]
fn check(chain: &Chain, schedule: &ChainSchedule) -> f64 {
    let report = simulate(chain, schedule.recordings(), schedule.actions()).unwrap();
    assert_eq!(report.makespan, schedule.makespan());
    assert!(report.peak_bytes <= schedule.budget(), "{report:?} {}", schedule.budget());
    assert_eq!(report.recorded, schedule.steps());
    let replayed = replay(schedule.steps(), schedule.memory(), schedule.actions()).unwrap();
    assert_eq!((replayed.advances, replayed.recorded), (report.advances, report.recorded));
    report.makespan
}

#[test]
fn persistent_schedules_take_the_time_of_the_table() {
    let mut rows = 0;
    for TableChain { chain, min_feasible_persistent: minimum, rows: of_chain } in table() {
        let chain = chain.chain();
        assert_eq!(chain.minimum_budget(), Ok(minimum));
        for row in of_chain {
            rows += 1;
            let budget = row[0].as_u64().unwrap();
            match (chain.solve(budget), row[1].as_f64()) {
                (Ok(schedule), Some(time)) => {
                    assert_eq!(check(&chain, &schedule), time, "{row:?}");
                    assert!(schedule.proven_optimal());
                }
                (Err(error), None) => {
                    let what = "the budget";
                    assert_eq!(error, ScheduleError::TooSmall { what, given: budget, minimum });
                }
                (found, wanted) => panic!("{found:?}, but {wanted:?}"),
            }
        }
    }
    assert_eq!(rows, 182);
}

/// Where exhaustive search is known, no gap is left to it: at least half would be needed.
#[test]
fn non_persistent_schedules_close_the_gap_of_the_table() {
    let (mut gap, mut closed, mut rows) = (0.0, 0.0, 0);
    for TableChain { chain, rows: of_chain, .. } in table() {
        let chain = chain.chain();
        for row in of_chain {
            let Some(persistent) = row[1].as_f64() else { continue };
            let schedule = chain.solve_with(row[0].as_u64().unwrap(), NON_PERSISTENT).unwrap();
            let time = check(&chain, &schedule);
            assert!(time <= persistent);
            let Some(best) = row[5].as_f64() else { continue };
            assert!(time >= best);
            rows += 1;
            gap += persistent - best;
            closed += persistent - time;
        }
    }
    assert_eq!((rows, gap), (65, 81.0));
    assert_eq!(closed, gap);
}

fn any_recording(state: u64) -> impl Strategy<Value = Recording> {
    (1_u32..10, 0_u64..7, 0_u64..3, 1_u32..15, 0_u64..3).prop_map(move |(f, more, tf, b, tb)| {
        Recording {
            time: f.into(),
            bytes: state + more,
            temporary_bytes: tf,
            reverse_time: b.into(),
            reverse_temporary_bytes: tb,
        }
    })
}

fn any_stage(state: u64, recordings: usize) -> impl Strategy<Value = Stage> {
    let recordings = prop::collection::vec(any_recording(state), 1..=recordings);
    (recordings, 0_u64..3, 0_u32..2).prop_map(|(recordings, tn, saved)| {
        let times = recordings.iter().map(|r| r.time);
        let advance_time = times.fold(f64::INFINITY, f64::min) - f64::from(saved);
        Stage { advance_time, advance_temporary_bytes: tn, recordings }
    })
}

fn any_chain(stages: usize, recordings: usize) -> impl Strategy<Value = Chain> {
    prop::collection::vec(1_u64..7, 2..=stages + 1).prop_flat_map(move |states| {
        let stages: Vec<_> = states[1..].iter().map(|&x| any_stage(x, recordings)).collect();
        (stages, 0_u64..3)
            .prop_map(move |(stages, tb)| Chain::new(states.clone(), stages, tb).unwrap())
    })
}

/// The recurrence as it is written down, without tables of times: over whole bytes, by memory
/// of results only.
struct Written<'a> {
    chain: &'a Chain,
    known: BTreeMap<(u64, usize, usize), f64>,
}

impl Written<'_> {
    fn state(&self, i: usize) -> u64 {
        self.chain.state_bytes().get(i).copied().unwrap_or(0)
    }

    fn time(&mut self, m: u64, a: usize, b: usize) -> f64 {
        if let Some(&known) = self.known.get(&(m, a, b)) {
            return known;
        }
        let time = self.solve(m, a, b);
        self.known.insert((m, a, b), time);
        time
    }

    fn solve(&mut self, m: u64, a: usize, b: usize) -> f64 {
        let fits = |needed: u64| if needed <= m { 0.0 } else { f64::INFINITY };
        if a == self.chain.stages().len() {
            return fits(self.state(a) + self.chain.loss_temporary_bytes());
        }
        let behind = self.state(b + 1);
        let mut best = f64::INFINITY;
        for r in self.chain.stages()[a].recordings.clone() {
            let forward = fits(behind + r.bytes + r.temporary_bytes);
            let gradients = self.state(a) + self.state(a + 1);
            let reverse = fits(gradients + r.bytes + r.reverse_temporary_bytes);
            let own = r.time + r.reverse_time + forward + reverse;
            if own < best {
                let rest = if a == b { 0.0 } else { self.time(m - r.bytes, a + 1, b) };
                best = best.min(own + rest);
            }
        }
        let mut advances = 0.0;
        for j in a + 1..=b {
            let stage = &self.chain.stages()[j - 1];
            let input = if j - 1 > a { self.state(j - 1) } else { 0 };
            advances += stage.advance_time
                + fits(behind + input + self.state(j) + stage.advance_temporary_bytes);
            if advances < best {
                let right = self.time(m - self.state(j), j, b);
                best = best.min(advances + right + self.time(m, a, j - 1));
            }
        }
        best
    }
}

fn written(chain: &Chain, budget: u64) -> f64 {
    let memory = budget.saturating_sub(chain.state_bytes()[0]);
    Written { chain, known: BTreeMap::new() }.time(memory, 0, chain.stages().len())
}

/// The least time of any schedule of a chain with one recording per stage, by Dijkstra's
/// algorithm over the sets of live tensors: states and adjoint data may be dropped at any time,
/// `x_0` excepted.
fn exhaustive(chain: &Chain, budget: u64) -> Option<f64> {
    /// Bits of live states, of live adjoint data, and the gradient; `stages + 1` before the loss.
    type Node = (u32, u32, usize);
    let stages = chain.stages().len();
    let state = |i: usize| chain.state_bytes()[i];
    let recording = |i: usize| chain.stages()[i].recordings[0];
    let live = |(states, adjoints, y): Node| {
        let states = (0..=stages).filter(|i| states >> i & 1 == 1).map(state);
        let adjoints = (0..stages).filter(|i| adjoints >> i & 1 == 1).map(|i| recording(i).bytes);
        states.chain(adjoints).sum::<u64>() + if y > stages { 0 } else { state(y) }
    };
    let start: Node = (1, 0, stages + 1);
    let mut best: BTreeMap<Node, u64> = BTreeMap::from([(start, 0)]);
    let mut queue = BinaryHeap::from([Reverse((0, start))]);
    while let Some(Reverse((time, node))) = queue.pop() {
        if best[&node] < time {
            continue;
        }
        let (states, adjoints, y) = node;
        if y == 0 {
            return Some(time as f64);
        }
        let used = live(node);
        let mut go = |next: Node, needed: u64, more: f64| {
            let time = time + more as u64;
            if needed <= budget && best.get(&next).is_none_or(|&known| time < known) {
                best.insert(next, time);
                queue.push(Reverse((time, next)));
            }
        };
        let has = |i: usize| states >> i & 1 == 1 || (i > 0 && adjoints >> (i - 1) & 1 == 1);
        for i in 0..=stages {
            if i > 0 && states >> i & 1 == 1 {
                go((states & !(1 << i), adjoints, y), 0, 0.0);
            }
            if i == stages || !has(i) {
                continue;
            }
            let (stage, r) = (&chain.stages()[i], recording(i));
            if states >> (i + 1) & 1 == 0 {
                let needed = used + state(i + 1) + stage.advance_temporary_bytes;
                go((states | 1 << (i + 1), adjoints, y), needed, stage.advance_time);
            }
            if adjoints >> i & 1 == 0 {
                let needed = used + r.bytes + r.temporary_bytes;
                go((states, adjoints | 1 << i, y), needed, r.time);
                continue;
            }
            if y == i + 1 {
                let needed = used + state(i) + r.reverse_temporary_bytes;
                go((states, adjoints & !(1 << i), i), needed, r.reverse_time);
            }
        }
        for i in (0..stages).filter(|i| adjoints >> i & 1 == 1) {
            go((states, adjoints & !(1 << i), y), 0, 0.0);
        }
        if y > stages && has(stages) {
            let needed = used + state(stages) + chain.loss_temporary_bytes();
            go((states, adjoints, stages), needed, 0.0);
        }
    }
    None
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn persistent_schedules_solve_the_recurrence(chain in any_chain(7, 3), more in 0_u64..40) {
        let minimum = chain.minimum_budget().unwrap();
        prop_assert_eq!(written(&chain, minimum - 1), f64::INFINITY);
        let error = ScheduleError::TooSmall { what: "the budget", given: minimum - 1, minimum };
        prop_assert_eq!(chain.solve(minimum - 1).unwrap_err(), error);
        for budget in [minimum, minimum + more] {
            let schedule = chain.solve(budget).unwrap();
            prop_assert_eq!(check(&chain, &schedule), written(&chain, budget));
        }
    }

    /// Exhaustive search bounds both kinds of schedules from below, the persistent optimum the
    /// other kind from above.
    #[test]
    fn schedules_lie_between_exhaustive_search_and_each_other(
        chain in any_chain(4, 1), more in 0_u64..25,
    ) {
        let budget = chain.minimum_budget().unwrap() + more;
        let best = exhaustive(&chain, budget).expect("what is feasible should be found");
        let persistent = check(&chain, &chain.solve(budget).unwrap());
        let schedule = chain.solve_with(budget, NON_PERSISTENT).unwrap();
        let other = check(&chain, &schedule);
        prop_assert!(best <= other && other <= persistent, "{best} {other} {persistent}");
        if schedule.proven_optimal() {
            prop_assert_eq!(other, best);
        }
    }

    /// Rounding never exceeds the budget, never finds less than there is, and starts from the
    /// exact minimum.
    #[test]
    fn few_levels_round_to_the_safe_side(
        chain in any_chain(12, 2), more in 0_u64..60, levels in 1_u64..20, scale in 1_u64..1000,
    ) {
        let chain = scaled(&chain, scale);
        let minimum = chain.minimum_budget().unwrap();
        for persistence in [Persistence::Persistent, Persistence::NonPersistent] {
            let coarse = ChainOptions { persistence, levels: Some(levels) };
            let fine = ChainOptions { persistence, levels: None };
            for budget in [minimum, minimum + more * scale] {
                let rounded = chain.solve_with(budget, coarse).unwrap();
                let exact = chain.solve_with(budget, fine).unwrap();
                prop_assert!(check(&chain, &rounded) >= check(&chain, &exact));
                if persistence == Persistence::Persistent {
                    prop_assert!(exact.proven_optimal());
                }
            }
        }
    }

    #[test]
    fn more_memory_never_takes_longer(chain in any_chain(12, 2), step in 1_u64..5) {
        let minimum = chain.minimum_budget().unwrap();
        for persistence in [Persistence::Persistent, Persistence::NonPersistent] {
            let options = ChainOptions { persistence, levels: None };
            let times = (0..30).map(|i| {
                chain.solve_with(minimum + i * step, options).unwrap().makespan()
            });
            prop_assert!(times.is_sorted_by(|a, b| a >= b));
        }
        let schedule = chain.solve(u64::MAX).unwrap();
        prop_assert_eq!(check(&chain, &schedule), chain.ideal_time());
        prop_assert!(schedule.proven_optimal());
    }
}

/// The same chain with all sizes multiplied and three bytes more per temporary, so that they
/// have no common divisor.
fn scaled(chain: &Chain, factor: u64) -> Chain {
    let recording = |r: &Recording| Recording {
        bytes: r.bytes * factor,
        temporary_bytes: r.temporary_bytes * factor + 3,
        reverse_temporary_bytes: r.reverse_temporary_bytes * factor + 3,
        ..*r
    };
    let stage = |stage: &Stage| Stage {
        advance_time: stage.advance_time,
        advance_temporary_bytes: stage.advance_temporary_bytes * factor + 3,
        recordings: stage.recordings.iter().map(recording).collect(),
    };
    let states = chain.state_bytes().iter().map(|bytes| bytes * factor).collect();
    let loss = chain.loss_temporary_bytes() * factor;
    Chain::new(states, chain.stages().iter().map(stage).collect(), loss).unwrap()
}

fn uniform(stages: usize) -> ChainColumns {
    ChainColumns {
        x: vec![1; stages + 1],
        xb: vec![3; stages + 1],
        f: vec![1.0; stages],
        ff: vec![1.0; stages],
        b: vec![2.0; stages],
        tf: vec![0; stages],
        tn: vec![0; stages],
        tb: vec![0; stages + 1],
    }
}

/// A second way of recording, slower in reverse but small, serves where memory is short only.
#[test]
fn recordings_are_chosen_by_memory() {
    let columns = uniform(6);
    let one = Chain::from_columns(&columns).unwrap();
    let small = Recording { bytes: 1, reverse_time: 2.5, ..one.stages()[0].recordings[0] };
    let with_both = |stage: &Stage| {
        let mut stage = stage.clone();
        stage.recordings.push(small);
        stage
    };
    let both = Chain::new(columns.x, one.stages().iter().map(with_both).collect(), 0).unwrap();
    assert!(both.minimum_budget().unwrap() < one.minimum_budget().unwrap());
    let roomy = both.solve(22).unwrap();
    assert_eq!(roomy.recordings(), [0; 6]);
    assert_eq!(check(&both, &roomy), 18.0);
    let tight = both.solve(10).unwrap();
    assert!(tight.recordings().contains(&1));
    assert!(check(&both, &tight) < one.solve(10).unwrap().makespan());
}

#[test]
fn a_chain_of_one_stage_is_recorded_and_reversed() {
    let chain = Chain::from_columns(&uniform(1)).unwrap();
    // x_0, the adjoint data and both gradients.
    assert_eq!(chain.minimum_budget(), Ok(6));
    let schedule = chain.solve(6).unwrap();
    assert_eq!(check(&chain, &schedule), 3.0);
    let actions: Vec<Action> = schedule.actions().collect();
    assert_eq!(actions, [Action::Record { steps: 0..1 }, Action::Reverse { steps: 0..1 }]);
}

#[test]
fn inconsistent_chains_are_refused() {
    let refused = |change: &dyn Fn(&mut ChainColumns)| {
        let mut columns = uniform(3);
        change(&mut columns);
        Chain::from_columns(&columns).unwrap_err()
    };
    let invalid = |error| matches!(error, ScheduleError::Invalid { .. });
    assert!(invalid(Chain::from_columns(&uniform(0)).unwrap_err()));
    assert!(invalid(refused(&|columns| columns.tb.truncate(3))));
    assert!(invalid(refused(&|columns| columns.ff.push(1.0))));
    assert!(invalid(refused(&|columns| columns.xb[2] = 0)));
    assert!(invalid(refused(&|columns| columns.x[0] = u64::MAX)));
    let time = |value| refused(&|columns| columns.b[1] = value);
    for value in [-1.0, f64::INFINITY] {
        assert_eq!(time(value), ScheduleError::InvalidCost { what: "the time of a stage", value });
    }
    assert!(matches!(time(f64::NAN), ScheduleError::InvalidCost { .. }));
    assert!(matches!(time(f64::MAX), ScheduleError::InvalidCost { .. }));
    let chain = Chain::from_columns(&uniform(3)).unwrap();
    let none = ChainOptions { levels: Some(0), ..ChainOptions::default() };
    assert!(invalid(chain.solve_with(9, none).unwrap_err()));
    let without = Stage { advance_time: 1.0, advance_temporary_bytes: 0, recordings: Vec::new() };
    assert!(invalid(Chain::new(vec![1, 1], vec![without], 0).unwrap_err()));
}

#[test]
fn tables_beyond_memory_are_refused() {
    let long = Chain::from_columns(&uniform(100_000)).unwrap();
    assert!(matches!(long.solve(1 << 20), Err(ScheduleError::TableTooLarge { .. })));
    assert!(matches!(long.minimum_budget(), Err(ScheduleError::TableTooLarge { .. })));
    let mut columns = uniform(50);
    columns.x = vec![(1 << 40) + 1; 51];
    columns.xb = vec![1 << 41; 51];
    let wide = Chain::from_columns(&columns).unwrap();
    let levels = Some(u64::MAX);
    let finest = ChainOptions { levels, ..ChainOptions::default() };
    assert!(matches!(wide.solve_with(1 << 46, finest), Err(ScheduleError::TableTooLarge { .. })));
    check(&wide, &wide.solve(1 << 46).unwrap());
}

/// The simulator finds what a schedule must not do.
#[test]
fn broken_schedules_are_found() {
    let chain = Chain::from_columns(&uniform(2)).unwrap();
    let rule =
        |actions: &[Action]| simulate(&chain, &[0, 0], actions.iter().cloned()).unwrap_err().rule;
    let (tier, step) = (TierId(0), 1);
    let adjoint = |step| Action::Store { kind: Data::Adjoint, step, tier };
    // The adjoint data are there, the state at the start of the stage is not.
    let forgotten = [
        Action::Advance { steps: 0..1 },
        Action::Record { steps: 1..2 },
        adjoint(1),
        Action::Load { kind: Data::Adjoint, step, tier },
        Action::Discard { kind: Data::Adjoint, step, tier },
        Action::Reverse { steps: 1..2 },
    ];
    assert_eq!(rule(&forgotten), BrokenRule::InputMissing { step });
    let kind = Data::Restart;
    assert_eq!(
        rule(&[Action::Load { kind, step, tier }]),
        BrokenRule::NotStored { kind, step, tier }
    );
    let twice = [Action::Store { kind, step: 0, tier }, Action::Store { kind, step: 0, tier }];
    assert_eq!(rule(&twice), BrokenRule::StoredTwice { kind, step: 0, tier });
    assert_eq!(rule(&forgotten[..2]), BrokenRule::NotReversed { steps: 0..2 });
    let unknown = Action::Store { kind, step: 0, tier: TierId(1) };
    assert_eq!(rule(&[unknown]), BrokenRule::UnknownTier { tier: TierId(1), tiers: 1 });
    let left = [
        Action::Store { kind, step: 0, tier },
        Action::Record { steps: 0..2 },
        Action::Reverse { steps: 0..2 },
    ];
    assert_eq!(rule(&left), BrokenRule::LeftStored { kind, step: 0, tier });
    let report = simulate(&chain, &[0, 0], left[1..].iter().cloned()).unwrap();
    // x_0, both adjoint data and the gradients y_2 and y_1.
    assert_eq!((report.peak_bytes, report.makespan), (9, 6.0));
    let error = simulate(&chain, &[0, 1], left[1..].iter().cloned()).unwrap_err();
    assert_eq!(error.rule, BrokenRule::NoRecording { step: 1 });
}
