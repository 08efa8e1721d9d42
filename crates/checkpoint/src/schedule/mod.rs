//! Every family of schedules, a module each: formula, assumptions, complexity, source.
//!
//! A schedule is an iterator of [`Action`](crate::Action)s that can be cloned. Families with a
//! closed form are iterators themselves; families that need a recurrence have a table, which is
//! solved once and walked as often as wanted.

mod costs;
mod online;
mod reversal;
mod revolve;
mod store_all;

pub use costs::Costs;
pub use online::{KnownEnd, Online, OnlineRule, Until};
pub use reversal::{Placed, Reversal};
pub use revolve::{Revolve, Trajectory};
pub use store_all::StoreAll;

pub(crate) use costs::useful_snapshots;
