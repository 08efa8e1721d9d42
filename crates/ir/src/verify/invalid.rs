//! Broken rules.

use crate::points::MAX_RADIUS;
use crate::program::MAX_DIMS;

/// A rule that a stencil program breaks. `place` names step, statement and its text.
#[derive(Clone, PartialEq, Debug, thiserror::Error)]
#[non_exhaustive]
#[allow(missing_docs, reason = "the messages name the fields")]
pub enum Invalid {
    /// An id without a declaration, or an operand that does not precede its user.
    #[error("{place} refers to {what} number {id}, but only {count} can be referred to there")]
    Dangling { place: String, what: &'static str, id: usize, count: usize },
    /// Two declarations of one name.
    #[error(
        "a {first} and a {second} are both called `{name}`\n  help: names are unique; rename one"
    )]
    DuplicateName { name: String, first: &'static str, second: &'static str },
    /// A name that the text form could not write.
    #[error(
        "`{name}` cannot be the name of a {what}\n  help: names are letters, digits and \
         underscores, start with no digit, and are no words of the language such as `t` or `in`"
    )]
    IllegalName { what: &'static str, name: String },
    /// No dimension, or too many.
    #[error("the stencil has {found} dimensions; allowed are 1 to {MAX_DIMS}")]
    DimensionCount { found: usize },
    /// Region 0 is not the whole grid.
    #[error("region number 0 must be `domain`, the whole grid; it is `{name}`")]
    Domain { name: String },
    /// A region of another number of dimensions.
    #[error("region `{region}` has bounds for {found} dimensions, the stencil has {expected}")]
    RegionBounds { region: String, found: usize, expected: usize },
    /// A function along a dimension that does not exist, or staggered along one that it lacks.
    #[error("function `{field}` {what} dimension number {dim}, which {lacks}")]
    FieldDimensions { field: String, what: &'static str, dim: usize, lacks: &'static str },
    /// Too few or too many time levels.
    #[error(
        "time function `{field}` has {found} levels; allowed are 2 (`t+1` and `t`) to 128\n  \
         help: a function with one level is static"
    )]
    LevelCount { field: String, found: u8 },
    /// A sinc without weights.
    #[error(
        "sparse points `{sparse}` have a sinc of radius {radius}; allowed are 1 to {MAX_RADIUS}"
    )]
    SincRadius { sparse: String, radius: u8 },
    /// A read of a level that is not held.
    #[error("{place} reads `{read}`, but `{field}` {allowed}")]
    NoSuchLevel { place: String, read: String, field: String, allowed: String },
    /// A displacement along a dimension that the function, or the stencil, lacks.
    #[error(
        "{place} reads `{read}`, displaced along {dim}, which `{field}` does not vary along\n  \
         help: drop the displacement"
    )]
    Displacement { place: String, read: String, field: String, dim: String },
    /// A dimension that is periodic on one side.
    #[error(
        "{place} reads `{read}`, periodic on one side of `{dim}` only\n  help: a dimension is \
         periodic on both sides or on neither"
    )]
    HalfPeriodic { place: String, read: String, dim: String },
    /// A series outside an injection, or of other points.
    #[error("{place} reads the series `{series}`; {allowed}")]
    Series { place: String, series: String, allowed: String },
    /// A write to a level that cannot be written.
    #[error("{place} writes `{target}`; {allowed}")]
    Unwritable { place: String, target: String, allowed: &'static str },
    /// An injection into a function that is zero somewhere.
    #[error(
        "{place} injects into `{field}`, which is zero in `{region}`: samples there would be \
         lost\n  help: inject into a function of the whole grid"
    )]
    InjectionIntoLayer { place: String, field: String, region: String },
    /// A target that lacks a dimension of its value.
    #[error(
        "{place} writes `{target}`, which does not vary along `{dim}`, but {reason}\n  help: \
         declare `{target}` with `{dim}`, or reduce the value first"
    )]
    TargetLacksDimension { place: String, target: String, dim: String, reason: &'static str },
    /// A level `t+1` used before anything assigns it.
    #[error(
        "{place} {what} `{field}[t+1]`, which nothing assigns before in that step whenever this \
         statement acts\n  help: assign it first, `{field}[t+1] = ...`, under the same predicate \
         or none"
    )]
    Unassigned { place: String, what: &'static str, field: String },
    /// A level `t+1` assigned on a part of the grid only.
    #[error(
        "step `{step}` assigns `{field}[t+1]` on a part of the grid only: nothing assigns it at \
         {point}, for instance\n  help: assign the rest too; `{field}[t+1] = 0` before the \
         others, say"
    )]
    Uncovered { step: String, field: String, point: String },
    /// A period of zero, or a phase that no step has.
    #[error(
        "{place} acts every {period} steps from step {phase}; the period must be above 0 and the \
         first step below it"
    )]
    Every { place: String, period: u32, phase: u32 },
    /// A threshold that differs from point to point.
    #[error(
        "{place} compares with a threshold that reads functions or series\n  help: a threshold \
         is made of literals, parameters and scalars"
    )]
    Threshold { place: String },
}
