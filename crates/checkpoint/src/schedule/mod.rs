//! Every family of schedules, a module each: formula, assumptions, complexity, source.
//!
//! A schedule is an iterator of [`Action`](crate::Action)s that can be cloned. Families with a
//! closed form are iterators themselves; families that need a recurrence have a table, which is
//! solved once and walked as often as wanted.

mod any;
mod asynchronous;
mod cams;
pub mod chain;
mod costs;
mod disk;
mod h_revolve;
pub mod join;
mod memory_reuse;
mod mixed;
mod multistage;
mod no_reuse;
mod online;
mod repeated;
mod reversal;
mod revolve;
mod segment;
mod segments;
mod store_all;
mod store_none;
mod sweeps;
mod two_level;
pub mod uneven;

pub use any::AnySchedule;
pub use asynchronous::Asynchronous;
pub use cams::{Cams, Method};
pub use costs::Costs;
pub use disk::DiskRevolve;
pub use h_revolve::{HRevolve, TierSpec};
pub use memory_reuse::MemoryReuse;
pub use mixed::Mixed;
pub use multistage::{Multistage, Traffic, slot_traffic};
pub use no_reuse::NoReuse;
pub use online::{Arrival, End, KnownEnd, Online, OnlineRule, OpenActions, OpenSchedule, Until};
pub use repeated::Repeated;
pub use reversal::{Placed, Reversal};
pub use revolve::{Revolve, Trajectory};
pub use store_all::StoreAll;
pub use store_none::StoreNone;
pub use sweeps::Sweeps;
pub use two_level::{LastBlock, TwoLevel};

pub(crate) use costs::useful_snapshots;
pub(crate) use revolve::Tiers;

/// The most operations of a recurrence whose rows are filled by vector instructions: tens of
/// seconds on one core.
pub(crate) const MOST_OPERATIONS: u64 = 1 << 37;

/// Operations of so many rows over segments of up to `steps` steps, each of which is a minimum over
/// all of its splits.
pub(crate) fn operations_of_rows(steps: u64, rows: u128) -> u128 {
    (u128::from(steps) * u128::from(steps) / 2).saturating_mul(rows)
}

/// The greatest common divisor; of zero and a number that number.
pub(crate) fn gcd(a: u64, b: u64) -> u64 {
    let (mut a, mut b) = (a, b);
    while b > 0 {
        (a, b) = (b, a % b);
    }
    a
}
