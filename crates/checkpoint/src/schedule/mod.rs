//! Every family of schedules, a module each: formula, assumptions, complexity, source.
//!
//! A schedule is an iterator of [`Action`](crate::Action)s that can be cloned. Families with a
//! closed form are iterators themselves; families that need a recurrence have a table, which is
//! solved once and walked as often as wanted.

pub mod chain;
mod costs;
pub mod join;
mod revolve;
mod segment;
mod store_all;
pub mod uneven;

pub use costs::Costs;
pub use revolve::{Revolve, Trajectory};
pub use store_all::StoreAll;

pub(crate) use costs::useful_snapshots;

/// The greatest common divisor; of zero and a number that number.
fn gcd(a: u64, b: u64) -> u64 {
    let (mut a, mut b) = (a, b);
    while b > 0 {
        (a, b) = (b, a % b);
    }
    a
}
