//! One schedule, several times over.

use std::array::IntoIter;
use std::iter::{Flatten, FusedIterator};

use crate::{Action, Data, TierId};

/// Any schedule, once per sweep, from `x_0` each time. The state `x_0` stays stored where the
/// schedule stores it first, or else in tier 0, until the last sweep.
///
/// It costs what the schedule costs, as often as there are sweeps, and at most one slot more: for
/// `x_0`, where the schedule does not store it or uses its slot for something else.
///
/// ```
/// use retrograd_checkpoint::schedule::Repeated;
/// use retrograd_checkpoint::{MemoryModel, Mixed, replay_sweeps};
///
/// let schedule = Repeated::new(Mixed::new(50, 12, 2, 1)?, 3);
/// let report = replay_sweeps(50, 3, &MemoryModel::units(12 + 2, 2, 1), schedule)?;
/// assert_eq!(report.total_forward(), 3 * Mixed::new(50, 12, 2, 1)?.total_forward() as u64);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Repeated<I> {
    schedule: I,
    current: I,
    /// Sweeps that are not begun.
    left: u64,
    sweeps: u64,
    /// Where `x_0` stays.
    first: TierId,
    /// What the current sweep begins with.
    opening: Flatten<IntoIter<Option<Action>, 3>>,
}

impl<I: Iterator<Item = Action> + Clone> Repeated<I> {
    /// Repeats `schedule`, which reverses all steps from `x_0`, in so many sweeps.
    pub fn new(schedule: I, sweeps: u64) -> Self {
        let opening = [None, None, None].into_iter().flatten();
        let current = schedule.clone();
        let mut this = Self { schedule, current, left: sweeps, sweeps, first: TierId(0), opening };
        this.begin();
        this
    }

    /// Begins the next sweep; `None` if there is none, or nothing to do in it.
    fn begin(&mut self) -> Option<()> {
        let begun = self.sweeps - self.left;
        self.left = self.left.checked_sub(1)?;
        self.current = self.schedule.clone();
        let head = self.current.next();
        let stores = match &head {
            Some(Action::Store { kind: Data::Restart, step: 0, tier }) => Some(*tier),
            Some(_) => None,
            None => {
                self.left = 0;
                return None;
            }
        };
        let (kind, step, tier) = (Data::Restart, 0, stores.unwrap_or_default());
        self.first = tier;
        let store = Action::Store { kind, step, tier };
        let load = Action::Load { kind, step, tier };
        let discard = Action::Discard { kind, step, tier };
        let opening = match (begun, stores) {
            _ if self.sweeps == 1 => [head, None, None],
            (0, Some(_)) => [head, None, None],
            (0, None) => [Some(store), head, None],
            (_, Some(_)) => [Some(load), None, None],
            (_, None) if self.left == 0 => [Some(load), Some(discard), head],
            (_, None) => [Some(load), head, None],
        };
        self.opening = opening.into_iter().flatten();
        Some(())
    }
}

impl<I: Iterator<Item = Action> + Clone> Iterator for Repeated<I> {
    type Item = Action;

    fn next(&mut self) -> Option<Action> {
        loop {
            if let Some(action) = self.opening.next() {
                return Some(action);
            }
            if self.left == self.sweeps {
                return None; // no sweeps were asked for
            }
            match self.current.next() {
                Some(Action::Discard { kind: Data::Restart, step: 0, tier })
                    if self.left > 0 && tier == self.first => {}
                None => self.begin()?,
                action => return action,
            }
        }
    }
}

impl<I: Iterator<Item = Action> + Clone> FusedIterator for Repeated<I> where I: FusedIterator {}
