//! Where the value of an update may differ from zero, by what it reads.
//!
//! A field that nothing has reached yet need not be computed. Whether that is so at a point follows
//! from the expression: a sum of products vanishes where one factor of each vanishes. [`outputs`]
//! looks for sets of time levels such that the value is zero at every point at which all reads of a
//! set are zero; each set bounds the region of the others. With the boxes outside of which levels
//! are zero at hand, a runtime knows where there is work.
//!
//! Zero is taken to the bit. Reads count as `+0`, and a value that is assigned has to come out as
//! `+0`: `2 u - u[t-1] + s L u` does whatever the sign of `s` is, `s u` where `s` is positive, `-u` does
//! not. Then the same bits are in memory whether or not a point is computed. A value that is added may
//! be zero of either sign: both leave what is there alone, but for a `-0`, which `+0` turns into `+0`.
//! Sums that are flushed to zero leave such: points where the target may be `-0` may not be left out.
//!
//! * Nothing times infinity vanishes. Of static functions the caller tells whether they are finite;
//!   assumed is that operations on finite numbers stay finite, and that what is divided by is not zero
//!   unless it is so for certain. Where that fails, a program that leaves points out has zero instead
//!   of NaN.
//! * Not here: boxes, time, sparse points (`retrograd-runtime`).

mod sort;

use retrograd_ir::{
    BinaryOp, DimSet, Expr, ExprId, FieldId, Levels, MAX_DIMS, Offset, Read, Stencil, Target,
};

use crate::schedule::Part;
use sort::Sorts;

/// How far from the point a level is read, per dimension of the stencil: the lowest and the highest
/// displacement, or nothing where it may be any point.
pub type Spread = [Option<[i16; 2]>; MAX_DIMS];

/// A time level or an entry of a tape that is read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Near {
    /// What is read.
    pub target: Target,
    /// And how far away.
    pub spread: Spread,
}

/// Where a value may differ from zero.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Support {
    /// At any point.
    Everywhere,
    /// Only at points that, for each of these sets, read something that is not zero of a level of
    /// the set. An empty set: nowhere.
    Within(Vec<Vec<Near>>),
}

/// What an update does to its target.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Effect {
    /// Puts a value in its place.
    Assigns,
    /// Adds a value to it. Where that is zero, all stays but for `-0`, which may become `+0`.
    Adds,
}

/// An update of a part of a loop nest.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Output {
    /// What is written.
    pub target: Target,
    /// And how.
    pub effect: Effect,
    /// Where the value that is assigned or added may differ from zero.
    pub support: Support,
}

/// What is known of the numbers of a static function.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Values {
    /// They are finite.
    Finite,
    /// And `+0` or positive.
    Positive,
    /// Infinite ones are among them, or NaN.
    Wild,
}

/// What is known when a program is about to run.
pub struct Known<'a> {
    /// The value of an expression that is the same at all grid points.
    pub uniform: &'a dyn Fn(ExprId) -> f64,
    /// The numbers of a static function.
    pub function: &'a dyn Fn(FieldId) -> Values,
}

impl std::fmt::Debug for Known<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Known")
    }
}

/// What the updates of a part of a nest do, in the order of [`Part::outputs`]. They read memory as it
/// is before the part: later parts find what earlier ones have written.
///
/// Cost: some passes over the expressions, per level that they read.
pub fn outputs(stencil: &Stencil, part: &Part, known: &Known<'_>) -> Vec<Output> {
    let output = |&(target, value): &(Target, ExprId)| {
        let (effect, value) = match added(stencil, target, value) {
            Some(added) => (Effect::Adds, added),
            None => (Effect::Assigns, value),
        };
        Output { target, effect, support: support(stencil, value, effect, known) }
    };
    part.outputs.iter().map(output).collect()
}

/// Whether the value of an injection is zero wherever all samples that it reads are.
pub fn is_silent_without_samples(stencil: &Stencil, value: ExprId, known: &Known<'_>) -> bool {
    Sorts::new(stencil, value, known).vanishes(&[], true)
}

/// What an update adds to its target at the point, if that is all it does.
fn added(stencil: &Stencil, target: Target, value: ExprId) -> Option<ExprId> {
    let Expr::Binary { op: BinaryOp::Add, lhs, rhs } = stencil.exprs[value] else { return None };
    match stencil.exprs[lhs] {
        Expr::Load { field, time, offset: Offset::ZERO, .. }
            if target == (Target { field, time }) =>
        {
            Some(rhs)
        }
        _ => None,
    }
}

fn support(stencil: &Stencil, value: ExprId, effect: Effect, known: &Known<'_>) -> Support {
    let reads: Vec<Read> =
        stencil.reads(&[value]).into_iter().filter(|read| may_be_zero(stencil, read)).collect();
    let mut levels: Vec<Target> = reads.iter().map(target).collect();
    levels.dedup();
    let sorts = Sorts::new(stencil, value, known);
    let zero = |dead: &[Target]| match effect {
        Effect::Assigns => sorts.is_plus_zero(dead),
        Effect::Adds => sorts.vanishes(dead, false),
    };
    if !zero(&levels) {
        return Support::Everywhere;
    }
    // Not all sets: those that are left when levels are taken out from either end, and single ones.
    let backwards: Vec<Target> = levels.iter().rev().copied().collect();
    let mut sets = vec![thinned(levels.clone(), &zero)];
    let others = levels.iter().map(|level| vec![*level]).filter(|set| zero(set));
    for set in [thinned(backwards, &zero)].into_iter().chain(others) {
        if !sets.iter().any(|known| known.iter().all(|level| set.contains(level))) {
            sets.push(set);
        }
    }
    let near = |target: Target| Near { target, spread: spread(stencil, &reads, target) };
    Support::Within(sets.into_iter().map(|set| set.into_iter().map(near).collect()).collect())
}

/// Static functions count as different from zero; levels that lack a dimension as well.
fn may_be_zero(stencil: &Stencil, read: &Read) -> bool {
    let field = stencil.field(read.field);
    field.levels != Levels::Static && field.dims == DimSet::first(stencil.dims.len())
}

fn target(read: &Read) -> Target {
    Target { field: read.field, time: read.time }
}

/// The levels without those, from the first to the last, that it takes none of.
fn thinned(levels: Vec<Target>, zero: &dyn Fn(&[Target]) -> bool) -> Vec<Target> {
    let mut left = levels.clone();
    for level in levels {
        let without: Vec<Target> = left.iter().copied().filter(|l| *l != level).collect();
        if zero(&without) {
            left = without;
        }
    }
    left
}

fn spread(stencil: &Stencil, reads: &[Read], of: Target) -> Spread {
    let mut spread: Spread = [Some([0, 0]); MAX_DIMS];
    let mut first = true;
    for read in reads.iter().filter(|read| target(read) == of) {
        for (d, spread) in spread.iter_mut().enumerate().take(stencil.dims.len()) {
            *spread = match (first, *spread, along(read, d)) {
                (true, _, by) => by,
                (false, Some([low, high]), Some([l, h])) => Some([low.min(l), high.max(h)]),
                (false, _, _) => None,
            };
        }
        first = false;
    }
    spread
}

/// Where a read may find its value along a dimension.
fn along(read: &Read, dim: usize) -> Option<[i16; 2]> {
    let (offset, ends) = (read.offset.0[dim], read.closure.0[dim]);
    if ends.acting(offset).is_none() {
        // Inside, or zero.
        return Some([i16::from(offset); 2]);
    }
    // Else a point on either side of the one in hand.
    let far = ends.farthest(offset)? as i16;
    Some([-far, far])
}
