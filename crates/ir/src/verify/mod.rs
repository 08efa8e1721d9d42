//! The rules of a well-formed stencil program.
//!
//! [`verify`] checks them all and reports every one that is broken. Rules by theme:
//!
//! **References.** Every id is in range, and so is every operand, which precedes its user
//! ([`Invalid::Dangling`]). A stencil that breaks this is not looked at any further.
//!
//! **Names.** Names are letters, digits and underscores, not starting with a digit, and not words
//! of the language; declared names differ from each other, steps from each other.
//!
//! **Declarations.** One to [`MAX_DIMS`](crate::MAX_DIMS) dimensions; region 0 is `domain`, the
//! whole grid; regions have bounds for every dimension; functions vary along dimensions that
//! exist and are staggered along their own; time functions have 2 to 128 levels; a sinc has a
//! radius of 1 to 10.
//!
//! **Reads.** The level exists: static functions at time 0, a time function with `n` levels at
//! `t+1` down to `t-(n-2)`, tapes at any step. Displacements only along dimensions that the
//! function has; a read is periodic on both sides of a dimension or on neither. Series only in
//! injections, and there only of the injected points.
//!
//! **Writes.** Updates and injections write `t+1` of time functions, and static functions and
//! tapes at time 0. The target varies along every dimension that its value varies along; the
//! target of an injection varies along all.
//!
//! **Order.** `t+1` is assigned before it is read, added to or injected into: by a statement that
//! always acts or that has the same predicate. The regions in which a step assigns `t+1` cover
//! the whole grid, for layers of any widths that leave room between them (updates of overlapping
//! regions act in order, the last one wins). Static functions and tapes keep what they held, so
//! that none of this binds them.
//!
//! **Predicates.** `every` has a period above 0 and a phase below it; the threshold of a `while`
//! is uniform over the grid.
//!
//! Not checked: that `t+1` is covered where it is read within the step, that tapes are written
//! before they are read, that extents exceed displacements (closures answer any read), and
//! anything about sizes or values.

mod coverage;
mod declarations;
mod invalid;
mod references;
mod statements;

pub use invalid::Invalid;

use crate::program::Stencil;

/// A stencil that passed [`verify`], in compact form. The interpreter and the back ends accept
/// nothing else, so they hold no checks and no errors for malformed input.
#[derive(Clone, PartialEq, Debug)]
pub struct Verified(Stencil);

impl Verified {
    /// The stencil.
    pub fn stencil(&self) -> &Stencil {
        &self.0
    }
}

/// Checks every rule and reports all that are broken, not the first. The result is compact.
///
/// # Errors
/// Every broken rule, in the order of the program.
pub fn verify(stencil: Stencil) -> Result<Verified, Vec<Invalid>> {
    let dangling = references::check(&stencil);
    if !dangling.is_empty() {
        return Err(dangling);
    }
    let mut broken = declarations::check(&stencil);
    broken.extend(statements::check(&stencil));
    if broken.is_empty() { Ok(Verified(stencil.compact())) } else { Err(broken) }
}
