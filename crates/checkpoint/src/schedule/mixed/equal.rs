//! Data of equal sizes, in closed form: see the [module](super).

use super::walk::Choice;
use crate::schedule::costs::{beta, last_where, repetitions};

/// `E(n, s)`: forward steps in all to reverse `n` steps with `s` slots, as many as required.
pub(super) fn total_forward(n: u64, s: u64) -> u128 {
    if n.saturating_sub(1) <= s {
        return n.into(); // all adjoint data are kept
    }
    let Level { r, nodes, full, rest } = Level::of(n, s);
    let chains = chains_before(r, full) + rest.div_ceil(u128::from(s - full).max(1));
    u128::from(s) * beta(s + 1, r - 1, u128::MAX)
        + beta(s, r - 1, u128::MAX)
        + u128::from(r + 1) * nodes
        + chains
}

/// The choice with which `n > 1` steps and `s` slots, as many as required, take `E(n, s)`.
pub(super) fn choose(n: u64, s: u64) -> Choice {
    if n - 1 <= s {
        return Choice::Keep;
    }
    let Level { r, full, rest, .. } = Level::of(n, s);
    // The part to come back for has the chains of its own level `r - 1`: all full ones, and as
    // many of those one shorter as there are.
    let shorter = chains_before(r - 1, full + 1) - chains_before(r - 1, full);
    let left = beta(s, r - 1, u128::MAX)
        + nodes_before(r - 1, s, full)
        + rest.min(shorter * u128::from(s - full));
    match left as u64 {
        1 => Choice::Keep,
        left => Choice::Split(left), // less than n
    }
}

/// The level `r >= 1` that is filled in part or just so: all those below it are full.
struct Level {
    r: u64,
    /// Nodes of the level, one at least.
    nodes: u128,
    /// Chains of length `s - k` are all there and full for `k < full`.
    full: u64,
    /// Nodes in chains of length `s - full`, fewer than these can hold.
    rest: u128,
}

impl Level {
    /// The level of `n > s + 1` leaves.
    fn of(n: u64, s: u64) -> Self {
        let r = repetitions(n, s) - 1;
        let nodes = u128::from(n) - beta(s, r, u128::MAX);
        let fits = |k: u64| {
            // Each chain has a node at least: nothing is computed that is much larger than `n`.
            beta(r, k.saturating_sub(1), nodes + 1) <= nodes && nodes_before(r, s, k) <= nodes
        };
        let full = last_where(0, s, |k| k == 0 || fits(k));
        Self { r, nodes, full, rest: nodes - nodes_before(r, s, full) }
    }
}

/// Chains of level `r` that start below place `k`: the sum of `C(r - 1 + i, i)` over `i < k`.
fn chains_before(r: u64, k: u64) -> u128 {
    if k == 0 { 0 } else { beta(r, k - 1, u128::MAX) }
}

/// Nodes of those chains: the sum of `(s - i) C(r - 1 + i, i)` over `i < k`, `k <= s`.
fn nodes_before(r: u64, s: u64, k: u64) -> u128 {
    // i C(r - 1 + i, i) = r C(r + i - 1, i - 1), summed like the chains themselves.
    let shortened = if k < 2 { 0 } else { u128::from(r) * beta(r + 1, k - 2, u128::MAX) };
    u128::from(s) * chains_before(r, k) - shortened
}
