//! Passes over a finished program: value in, value out.
//!
//! [`optimise`] runs them in order:
//! 1. [`restrict_to_shells`]: what lives in an absorbing layer alone is computed and read there
//!    alone;
//! 2. [`split_layers`]: updates that read a function known to be zero inside become one update
//!    for the inside, without that function, and one per shell;
//! 3. [`normalise_updates`]: grouped normal form of every dense update, without coefficients that
//!    follow from others, with f32 weights that still add up to zero where they did;
//! 4. [`hoist_invariants`]: what does not change with time is computed once, in the step `setup`,
//!    and what regions apart need shares a function;
//! 5. [`contract_products`]: sums of products by fused multiply-adds.
//!
//! They re-associate and therefore define the arithmetic: interpreter and back ends both run the
//! result, and must agree on it bit for bit.

mod contract;
mod hoist;
mod shells;
mod split;

use retrograd_ir::{StatementKind, Stencil};

pub use contract::contract_products;
pub use hoist::{SETUP, hoist_invariants};
pub use shells::restrict_to_shells;
pub use split::split_layers;

/// Applies all passes and renumbers.
#[must_use]
pub fn optimise(stencil: Stencil) -> Stencil {
    let stencil = hoist_invariants(normalise_updates(split_layers(restrict_to_shells(stencil))));
    contract_products(stencil).compact()
}

/// Grouped normal form of the value of every dense update: quotients cancel where they can, reads
/// with the same weight share one product, of fractions that add up to one the one used most is
/// replaced, and in f32 weights are rounded so that a sum that is zero stays zero.
#[must_use]
pub fn normalise_updates(mut stencil: Stencil) -> Stencil {
    let mut steps = std::mem::take(&mut stencil.steps);
    for statement in steps.iter_mut().flat_map(|s| &mut s.statements) {
        if let StatementKind::Update { value, .. } = &mut statement.kind {
            *value = crate::polynomial::normalise(&mut stencil, *value);
        }
    }
    stencil.steps = steps;
    stencil
}
