//! A schedule whose type is not known.

use std::fmt;
use std::iter::FusedIterator;

use crate::Action;

/// Any schedule, behind a pointer: what a planner chooses, a table of schedules holds.
///
/// ```
/// use retrograd_checkpoint::schedule::AnySchedule;
/// use retrograd_checkpoint::{Revolve, StoreAll};
///
/// let both = [AnySchedule::new(StoreAll::new(9)), AnySchedule::new(Revolve::new(9, 2)?)];
/// assert_eq!(both.map(Iterator::count), [2, 40]);
/// # Ok::<(), retrograd_checkpoint::ScheduleError>(())
/// ```
pub struct AnySchedule(Box<dyn Erased>);

/// What [`AnySchedule`] asks of a schedule.
trait Erased: Iterator<Item = Action> + Send + Sync {
    fn boxed_clone(&self) -> Box<dyn Erased>;
}

impl<T: Iterator<Item = Action> + Clone + Send + Sync + 'static> Erased for T {
    fn boxed_clone(&self) -> Box<dyn Erased> {
        Box::new(self.clone())
    }
}

impl AnySchedule {
    /// Forgets the type of a schedule.
    pub fn new(schedule: impl Iterator<Item = Action> + Clone + Send + Sync + 'static) -> Self {
        Self(Box::new(schedule.fuse()))
    }
}

impl Clone for AnySchedule {
    fn clone(&self) -> Self {
        Self(self.0.boxed_clone())
    }
}

impl fmt::Debug for AnySchedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AnySchedule").finish_non_exhaustive()
    }
}

impl Iterator for AnySchedule {
    type Item = Action;

    fn next(&mut self) -> Option<Action> {
        self.0.next()
    }
}

impl FusedIterator for AnySchedule {}
