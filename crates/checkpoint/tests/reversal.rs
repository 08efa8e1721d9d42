//! Laws of the reversal from any placement: optimal against a search that knows no formula.

use proptest::prelude::*;
use retrograd_checkpoint::{
    Action, Costs, Data, MemoryModel, Placed, Report, Reversal, Revolve, ScheduleError, TierId,
    TierLimit, replay,
};

const RAM: TierId = TierId(0);
const DISK: TierId = TierId(1);

fn in_tier(steps: impl IntoIterator<Item = u64>, tier: TierId) -> Vec<Placed> {
    steps.into_iter().map(|step| Placed { step, tier }).collect()
}

fn bits(mask: usize) -> impl Iterator<Item = u64> {
    (0..64).filter(move |bit| mask >> bit & 1 == 1)
}

/// Replays a forward sweep that leaves `found` behind and the model at `at` or later, followed by
/// the reversal. The reversal's own advances are those beyond the forward sweep.
fn replayed(end: u64, found: &[Placed], at: Option<u64>, slots: u64) -> (Reversal, Report) {
    let reversal = Reversal::new(end, found.iter().copied(), at, slots).unwrap();
    let last = found.iter().map(|placed| placed.step).max().unwrap_or(0).max(at.unwrap_or(0));
    let mut actions = Vec::new();
    for step in 0..=last {
        let here = found.iter().filter(|placed| placed.step == step);
        actions.extend(here.map(|p| Action::Store {
            kind: Data::Restart,
            step: p.step,
            tier: p.tier,
        }));
        if step < last {
            actions.push(Action::Advance { steps: step..step + 1 });
        }
    }
    let forward = actions.len();
    actions.extend(reversal.clone());
    // More may be found than fits, but then the rest goes first.
    let mut held = found.iter().filter(|placed| placed.tier == RAM).count() as u64;
    let mut settled = false;
    for action in &actions[forward..] {
        settled |= !matches!(action, Action::Discard { .. });
        match action {
            Action::Store { tier: RAM, .. } => held += 1,
            Action::Discard { tier: RAM, .. } => held -= 1,
            _ => {}
        }
        assert!(!settled || held <= slots, "{held} of {slots} slots: {action}");
    }
    let limit = TierLimit { slots: None, bytes: None };
    let report = replay(end, &MemoryModel::new(vec![limit; 2], 1, 1), actions).unwrap();
    assert_eq!(u128::from(report.advances - last), reversal.advances(), "{end} {found:?} {at:?}");
    (reversal, report)
}

/// Least advances from every state of the game that a reversal plays, by relaxation until
/// nothing changes: knows nothing of gaps, ranks or binomials.
///
/// A state is where the model is, which states are stored in RAM and on disk (as bits), and how
/// many steps are left. Nothing new goes to disk.
struct Game {
    steps: usize,
    disk: bool,
    least: Vec<u64>,
}

const UNKNOWN: u64 = u64::MAX;

impl Game {
    fn solved(steps: usize, slots: u32, disk: bool) -> Self {
        let masks = 1 << steps;
        let states = (steps + 1) * (steps + 1) * masks * if disk { masks } else { 1 };
        let mut game = Self { steps, disk, least: vec![UNKNOWN; states] };
        let disks = if disk { masks } else { 1 };
        let mut changed = true;
        while changed {
            changed = false;
            for left in 0..=steps {
                for (ram, disk) in (0..masks).flat_map(|ram| (0..disks).map(move |d| (ram, d))) {
                    for at in (0..=steps).rev() {
                        let best = game.relaxed(at, ram, disk, left, slots);
                        let index = game.index(at, ram, disk, left);
                        changed |= best < game.least[index];
                        game.least[index] = best;
                    }
                }
            }
        }
        game
    }

    /// `at == steps` is a model that holds nothing.
    fn index(&self, at: usize, ram: usize, disk: usize, left: usize) -> usize {
        let disks = if self.disk { 1 << self.steps } else { 1 };
        ((left * (self.steps + 1) + at) * (1 << self.steps) + ram) * disks + disk
    }

    fn relaxed(&self, at: usize, ram: usize, disk: usize, left: usize, slots: u32) -> u64 {
        let nowhere = self.steps;
        let known = |at, ram, left| self.least[self.index(at, ram, disk, left)];
        if left == 0 {
            return 0;
        }
        let mut best = known(at, ram, left);
        for step in bits(ram) {
            best = best.min(known(at, ram & !(1 << step), left));
        }
        // What does not fit has to go first.
        if ram.count_ones() > slots {
            return best;
        }
        if at < nowhere {
            best = best.min(match at + 1 {
                next if next < left => known(next, ram, left).saturating_add(1),
                next if next == left => known(nowhere, ram, left - 1),
                _ => UNKNOWN,
            });
            if ram.count_ones() < slots {
                best = best.min(known(at, ram | 1 << at, left));
            }
        }
        for step in (0..left).filter(|step| (ram | disk) >> step & 1 == 1) {
            best = best.min(known(step, ram, left));
        }
        best
    }
}

#[test]
fn no_reversal_from_any_placement_is_better() {
    for slots in 1..=4 {
        let game = Game::solved(10, slots, false);
        for end in 1..=10 {
            for mask in (1..1 << end).step_by(2) {
                let found = in_tier(bits(mask), RAM);
                let last = bits(mask).last().unwrap();
                for at in (last..end).map(Some).chain([None]) {
                    let (reversal, _) = replayed(end, &found, at, slots.into());
                    let place = at.map_or(10, |at| at as usize);
                    let least = game.least[game.index(place, mask, 0, end as usize)];
                    assert!(reversal.proven_optimal());
                    assert_eq!(reversal.advances(), least.into(), "{end} {found:?} {at:?} {slots}");
                }
            }
        }
    }
}

#[test]
fn no_reversal_from_two_tiers_is_better() {
    for slots in 0..=3 {
        let game = Game::solved(5, slots, true);
        for end in 1..=5_u64 {
            for (ram, disk) in (0..1 << end).flat_map(|ram| (0..1 << end).map(move |d| (ram, d))) {
                if (ram | disk) & 1 == 0 || slots == 0 && disk & 1 == 0 {
                    continue;
                }
                let found = [in_tier(bits(ram), RAM), in_tier(bits(disk), DISK)].concat();
                let last = bits(ram | disk).last().unwrap();
                for at in (last..end).map(Some).chain([None]) {
                    let (reversal, _) = replayed(end, &found, at, slots.into());
                    let place = at.map_or(5, |at| at as usize);
                    let least = game.least[game.index(place, ram, disk, end as usize)];
                    assert_eq!(reversal.advances(), least.into(), "{end} {found:?} {at:?} {slots}");
                }
            }
        }
    }
}

#[test]
fn a_model_at_the_start_with_nothing_stored_runs_revolve() {
    for (end, slots) in [(1, 0), (1, 3), (2, 1), (9, 3), (40, 4)] {
        let reversal = Reversal::new(end, [], Some(0), slots).unwrap();
        assert_eq!(reversal.advances(), Costs::revolve(end, slots).unwrap().advances);
        assert_eq!(
            reversal.collect::<Vec<_>>(),
            Revolve::new(end, slots).unwrap().collect::<Vec<_>>()
        );
    }
}

#[test]
fn what_cannot_be_reversed_is_an_error() {
    let no_start = |end, found, at| match Reversal::new(end, found, at, 3).unwrap_err() {
        ScheduleError::Invalid { what } => assert!(what.contains("state 0"), "{what}"),
        other => panic!("{other}"),
    };
    no_start(4, vec![], None);
    no_start(4, in_tier([1], RAM), Some(2));
    no_start(4, in_tier([4], RAM), None);
    no_start(4, vec![], Some(1));
    let error = ScheduleError::NoSnapshots { steps: 4 };
    assert_eq!(Reversal::new(4, in_tier([0], RAM), Some(3), 0).unwrap_err(), error);
    assert_eq!(Reversal::new(4, [], Some(0), 0).unwrap_err(), error);
    assert_eq!(Reversal::new(4, in_tier([0], DISK), None, 0).unwrap().advances(), 6);
}

#[test]
fn nothing_left_to_reverse_discards_what_is_found() {
    let actions: Vec<_> = Reversal::new(0, in_tier([0, 3], RAM), Some(0), 2).unwrap().collect();
    let discard = |step| Action::Discard { kind: Data::Restart, step, tier: RAM };
    assert_eq!(actions, [discard(3), discard(0)]);
}

#[test]
fn slots_without_end_are_no_trouble() {
    let (reversal, _) = replayed(50, &in_tier([0, 7], DISK), None, u64::MAX);
    assert_eq!(reversal.advances(), 42 + 6);
    let (reversal, _) = replayed(50, &in_tier([0, 7], RAM), Some(11), u64::MAX);
    // Run on from 11; only 7..11 and 0..7 have to be run again.
    assert_eq!(reversal.advances(), 38 + 3 + 6);
}

/// Beyond what the recurrence may take, the sweep is right, if not proved best.
#[test]
fn thousands_of_badly_placed_snapshots_are_reversed() {
    let crowd = || in_tier(0..3000, RAM);
    let (reversal, _) = replayed(9000, &crowd(), None, 2000);
    assert!(!reversal.proven_optimal());
    let (reversal, _) = replayed(9000, &crowd(), Some(8999), 3000);
    assert!(!reversal.proven_optimal());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// A model that holds a state is no worse off, more slots are no worse, and no reversal is
    /// better than the offline optimum.
    #[test]
    fn more_of_anything_never_costs_more(
        end in 2_u64..400, steps in prop::collection::btree_set(1_u64..400, 0..9), slots in 9_u64..14,
    ) {
        let steps = steps.into_iter().chain([0]).filter(|&step| step < end);
        let found = in_tier(steps, RAM);
        let last = found.iter().map(|placed| placed.step).max().unwrap();
        let (cold, _) = replayed(end, &found, None, slots);
        let (warm, _) = replayed(end, &found, Some(last), slots);
        let (more, _) = replayed(end, &found, None, slots + 1);
        prop_assert!(warm.proven_optimal() && cold.proven_optimal() && more.proven_optimal());
        prop_assert_eq!(warm.advances(), cold.advances());
        prop_assert!(more.advances() <= cold.advances());
        let (warmer, _) = replayed(end, &found, Some((last + 1).min(end - 1)), slots);
        prop_assert!(warmer.advances() <= cold.advances());
        // What is stored can save what is left of it, at best.
        let offline = Costs::revolve(end, slots).unwrap().advances;
        prop_assert!(cold.advances() + u128::from(last) >= offline);
    }

    /// Every snapshot is discarded, directly after its last load if it is loaded.
    #[test]
    fn loads_end_in_hand_overs(
        end in 2_u64..200, steps in prop::collection::btree_set(1_u64..200, 0..7), slots in 1_u64..9,
    ) {
        let found = in_tier(steps.into_iter().chain([0]), RAM);
        let actions: Vec<_> = Reversal::new(end, found, None, slots).unwrap().collect();
        for pair in actions.windows(2).skip_while(|pair| matches!(pair[0], Action::Discard { .. })) {
            if let Action::Discard { kind, step, tier } = pair[1] {
                prop_assert_eq!(&pair[0], &Action::Load { kind, step, tier });
            }
        }
    }
}
