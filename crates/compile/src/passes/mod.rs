//! Passes over a finished program: value in, value out.
//!
//! [`optimise`] runs them in the order of [`PASSES`]:
//! 1. [`inject_late`]: injections behind updates that do not see them, which then share a loop;
//! 2. [`trim_overwritten`]: what parts of the grid overwrite is computed beside them alone;
//! 3. [`restrict_to_shells`]: what lives in an absorbing layer alone is computed and read there
//!    alone;
//! 4. [`split_layers`]: updates that read a function known to be zero inside become one update
//!    for the inside, without that function, and one per shell;
//! 5. [`normalise_updates`]: grouped normal form of every dense update, without coefficients that
//!    follow from others, with f32 weights that still add up to zero where they did;
//! 6. [`reread_means`]: means of a parameter that is read anyway are computed where they are used;
//! 7. [`hoist_invariants`]: what does not change with time is computed once, in the step `setup`,
//!    and what regions apart need shares a function;
//! 8. [`contract_products`]: sums of products by fused multiply-adds;
//! 9. [`sample_early`]: receivers read before new levels overwrite old ones.
//!
//! They re-associate and therefore define the arithmetic: interpreter and back ends both run the
//! result, and must agree on it bit for bit.

mod contract;
mod hoist;
mod inject;
mod means;
mod sample;
mod shells;
mod split;
mod trim;

use retrograd_ir::{Expr, StatementKind, Stencil, WriteMode};

pub use contract::contract_products;
pub use hoist::{SETUP, hoist_invariants};
pub use inject::inject_late;
pub(crate) use inject::move_late;
pub use means::reread_means;
pub use sample::sample_early;
pub use shells::restrict_to_shells;
pub use split::split_layers;
pub use trim::trim_overwritten;

/// A program to a program that computes the same.
pub type Pass = fn(Stencil) -> Stencil;

/// All passes with their names, in the order in which [`optimise`] applies them.
pub const PASSES: &[(&str, Pass)] = &[
    ("inject late", inject_late),
    ("trim what is overwritten", trim_overwritten),
    ("restrict to shells", restrict_to_shells),
    ("split layers", split_layers),
    ("normalise updates", normalise_updates),
    ("reread means", reread_means),
    ("hoist invariants", hoist_invariants),
    ("contract products", contract_products),
    ("sample early", sample_early),
    ("renumber", Stencil::compact),
];

/// Applies all [`PASSES`].
#[must_use]
pub fn optimise(stencil: Stencil) -> Stencil {
    PASSES.iter().fold(stencil, |stencil, (_, pass)| pass(stencil))
}

/// Grouped normal form of the value of every dense update: quotients cancel where they can, reads
/// with the same weight share one product, of fractions that add up to one the one used most is
/// replaced, and in f32 weights are rounded so that a sum that is zero stays zero. Updates that add
/// nothing go: what reads from layers alone leaves them behind for the whole grid.
#[must_use]
pub fn normalise_updates(mut stencil: Stencil) -> Stencil {
    for step in 0..stencil.steps.len() {
        // The others are looked at: what they write is no parameter.
        let mut statements = stencil.steps[step].statements.clone();
        statements.retain_mut(|statement| {
            let StatementKind::Update { value, mode, .. } = &mut statement.kind else {
                return true;
            };
            *value = crate::polynomial::normalise(&mut stencil, *value);
            let nothing = matches!(stencil.exprs[*value], Expr::Const(x) if x.value() == 0.0);
            *mode == WriteMode::Assign || !nothing
        });
        stencil.steps[step].statements = statements;
    }
    stencil
}
