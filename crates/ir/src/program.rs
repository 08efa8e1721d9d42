//! Stencil programs: declarations and the steps that share them.

use crate::expr::{ExprArena, ExprId};

/// Most dimensions of a stencil (three of space and one of channels, say).
pub const MAX_DIMS: usize = 4;

/// The region of every stencil that covers the whole grid.
pub const DOMAIN: RegionId = RegionId(0);

/// A dimension of the grid.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct DimId(pub u8);
/// A run-time scalar.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ParamId(pub u32);
/// A function on the grid.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct FieldId(pub u32);
/// A set of sparse points with its series.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct SparseId(pub u32);
/// The result of a reduction.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ScalarId(pub u32);
/// A run-time width of a layer, in grid points.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct WidthId(pub u32);
/// A part of the grid.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct RegionId(pub u32);

/// A data type of numbers in memory.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum DType {
    /// IEEE 754 binary32.
    F32,
    /// IEEE 754 binary64.
    F64,
}

impl DType {
    /// Bytes of one number.
    pub fn bytes(self) -> usize {
        match self {
            Self::F32 => 4,
            Self::F64 => 8,
        }
    }

    /// Unit round-off: half the distance from 1 to the next number.
    pub fn epsilon(self) -> f64 {
        match self {
            Self::F32 => f64::from(f32::EPSILON) / 2.0,
            Self::F64 => f64::EPSILON / 2.0,
        }
    }
}

/// A named dimension; extents are run-time values.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Dim {
    /// Its name, such as `x`.
    pub name: String,
}

/// A named run-time scalar.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Param {
    /// Its name, such as `dt` or `h_x`.
    pub name: String,
}

/// A set of dimensions.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct DimSet(pub u8);

impl DimSet {
    /// No dimension.
    pub const NONE: Self = Self(0);

    /// The first `n` dimensions.
    pub fn first(n: usize) -> Self {
        Self(((1u16 << n) - 1) as u8)
    }

    /// Whether `dim` belongs to it.
    pub fn contains(self, dim: usize) -> bool {
        self.0 >> dim & 1 == 1
    }

    /// With `dim` added.
    #[must_use]
    pub fn with(self, dim: usize) -> Self {
        Self(self.0 | 1 << dim)
    }

    /// Its members in ascending order.
    pub fn iter(self) -> impl Iterator<Item = usize> {
        (0..MAX_DIMS).filter(move |&d| self.contains(d))
    }
}

/// How often a function is held.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Levels {
    /// Once: a parameter, a temporary, an accumulator.
    Static,
    /// `n >= 2` time levels, `t+1` down to `t-(n-2)`.
    Time(u8),
    /// One array per step of the forward run.
    Tape,
}

/// Where a buffer lives.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub enum MemorySpace {
    /// Memory of the host.
    #[default]
    Host,
    /// Memory of an accelerator.
    Device,
}

/// A function on the grid.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// The dimensions it varies along; constant along the others (a profile, say).
    pub dims: DimSet,
    /// The dimensions along which its samples sit half a cell further.
    pub staggered: DimSet,
    /// Type of its numbers in memory.
    pub dtype: DType,
    /// How often it is held.
    pub levels: Levels,
    /// Where its buffers live.
    pub space: MemorySpace,
    /// A region where it is zero: it need not be read there, and what a statement assigns there is
    /// dropped. Of a static function that is set from outside, this is a promise.
    pub zero_in: Option<RegionId>,
}

/// How values at points off the grid are taken from the grid around them. Injection uses the same
/// weights, which makes it the exact transpose.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Interpolation {
    /// (Bi-, tri-)linear: two grid points per dimension.
    Linear,
    /// Kaiser-windowed sinc with `2 radius` grid points per dimension (Hicks 2002,
    /// doi:10.1190/1.1451454).
    Sinc {
        /// Half the number of grid points per dimension.
        radius: u8,
    },
}

/// Points anywhere in the domain, with one time series each.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sparse {
    /// Its name.
    pub name: String,
    /// Type of the samples in memory.
    pub dtype: DType,
    /// Weights between points and grid.
    pub interpolation: Interpolation,
}

/// The result of a reduction over the grid.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Scalar {
    /// Its name.
    pub name: String,
}

/// A layer width, in grid points, given at run time.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Width {
    /// Its name.
    pub name: String,
}

/// The end of a dimension that a [`Bound`] counts from.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Side {
    /// Index 0.
    Low,
    /// Index n.
    High,
}

/// An index: `cells + width` grid points inwards from one end.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Bound {
    /// The end it counts from.
    pub side: Side,
    /// Fixed part, in grid points.
    pub cells: u8,
    /// Run-time part.
    pub width: Option<WidthId>,
}

impl Bound {
    /// The end itself.
    pub fn end(side: Side) -> Self {
        Self { side, cells: 0, width: None }
    }
}

/// A box of the grid, half-open: `lower[d] <= i_d < upper[d]` for each dimension of the stencil.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Region {
    /// Its name.
    pub name: String,
    /// `[lower, upper]` of each dimension.
    pub bounds: Vec<[Bound; 2]>,
}

impl Region {
    /// The box as index ranges for the given extents and widths; empty ranges where layers meet.
    ///
    /// # Panics
    /// If a width of the region is missing in `widths`.
    pub fn resolve(&self, extents: &[usize], widths: &[usize]) -> Vec<std::ops::Range<usize>> {
        let index = |bound: Bound, n: usize| {
            let inset = bound.cells as usize + bound.width.map_or(0, |w| widths[w.0 as usize]);
            match bound.side {
                Side::Low => inset.min(n),
                Side::High => n.saturating_sub(inset),
            }
        };
        let ranges = self.bounds.iter().zip(extents);
        ranges
            .map(|([low, high], &n)| index(*low, n)..index(*high, n).max(index(*low, n)))
            .collect()
    }
}

/// A time level of a function.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Target {
    /// The function.
    pub field: FieldId,
    /// Its level; 0 for static functions and tapes.
    pub time: i8,
}

/// Whether an update replaces or adds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum WriteMode {
    /// `target = value`.
    Assign,
    /// `target = target + value`.
    Add,
}

/// How a reduction combines values.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum ReduceOp {
    /// Sum, in f64, row by row along the last dimension, rows added in index order.
    Sum,
    /// Smallest value.
    Min,
    /// Largest value.
    Max,
}

/// The steps in which a statement acts. Steps are numbered as in the forward run.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Predicate {
    /// All.
    Always,
    /// Those with `step % period == phase`.
    Every {
        /// Steps from one action to the next.
        period: u32,
        /// First of them.
        phase: u32,
    },
    /// Those before which a reduction is above a uniform threshold, compared in working
    /// precision: "until converged". A scalar that was never computed is infinite.
    While {
        /// The result of a reduction.
        scalar: ScalarId,
        /// The threshold, a uniform expression.
        above: ExprId,
    },
}

/// One statement of a step.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Statement {
    /// When it acts.
    pub when: Predicate,
    /// What it does.
    pub kind: StatementKind,
}

/// What a statement does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum StatementKind {
    /// `target[x] (=|+=) value(x)` at every point of a region; all reads before any write.
    Update {
        /// What is written, at offset zero.
        target: Target,
        /// Where.
        region: RegionId,
        /// Replace or add.
        mode: WriteMode,
        /// The value.
        value: ExprId,
    },
    /// `target[i] += sum over points p of w_p(i) value(p, i)`, points in ascending order.
    ///
    /// `value` is evaluated at the grid point `i` and may read the series of `sparse`. Weights are
    /// those for the staggering of the target. All sums come before any addition to the target.
    Inject {
        /// What is added to.
        target: Target,
        /// The points.
        sparse: SparseId,
        /// The value.
        value: ExprId,
    },
    /// `series[p] at step n + time = sum over grid points i of w_p(i) value(i)`, grid points in
    /// ascending order. Where the value sits within a cell is told by [`Stencil::staggering`].
    Interpolate {
        /// The points whose series is written.
        sparse: SparseId,
        /// Steps after the current one.
        time: i8,
        /// The value.
        value: ExprId,
    },
    /// `scalar = op over a region of value(x)`.
    Reduce {
        /// The result.
        scalar: ScalarId,
        /// How values combine.
        op: ReduceOp,
        /// Where.
        region: RegionId,
        /// The value.
        value: ExprId,
    },
}

impl StatementKind {
    /// The expression of the statement.
    pub fn value(&self) -> ExprId {
        match *self {
            Self::Update { value, .. }
            | Self::Inject { value, .. }
            | Self::Interpolate { value, .. }
            | Self::Reduce { value, .. } => value,
        }
    }

    /// The same statement with another expression.
    #[must_use]
    pub fn with_value(mut self, new: ExprId) -> Self {
        match &mut self {
            Self::Update { value, .. }
            | Self::Inject { value, .. }
            | Self::Interpolate { value, .. }
            | Self::Reduce { value, .. } => *value = new,
        }
        self
    }
}

/// Which way the steps of a program are numbered while it runs.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Direction {
    /// Step numbers rise.
    Forward,
    /// Step numbers fall, as in an adjoint sweep.
    Reverse,
}

/// One program: the statements of one time step (or of a set-up), in order.
#[derive(Clone, PartialEq, Debug)]
pub struct Step {
    /// Its name.
    pub name: String,
    /// Which way it counts.
    pub direction: Direction,
    /// Its statements, in order.
    pub statements: Vec<Statement>,
}

/// Programs of stencil updates that share their declarations.
#[derive(Clone, PartialEq, Debug)]
pub struct Stencil {
    /// Its name.
    pub name: String,
    /// Working precision: every operation is rounded to it once.
    pub dtype: DType,
    /// Dimensions, slowest in memory first.
    pub dims: Vec<Dim>,
    /// Run-time scalars.
    pub params: Vec<Param>,
    /// Layer widths.
    pub widths: Vec<Width>,
    /// Parts of the grid; number 0 is the whole.
    pub regions: Vec<Region>,
    /// Functions on the grid.
    pub fields: Vec<Field>,
    /// Sparse points.
    pub sparse: Vec<Sparse>,
    /// Results of reductions.
    pub scalars: Vec<Scalar>,
    /// All expressions.
    pub exprs: ExprArena,
    /// The programs.
    pub steps: Vec<Step>,
}

impl Stencil {
    /// A stencil without functions and steps; the region [`DOMAIN`] is there.
    pub fn new(name: &str, dtype: DType, dims: &[&str]) -> Self {
        let domain = Region {
            name: "domain".into(),
            bounds: vec![[Bound::end(Side::Low), Bound::end(Side::High)]; dims.len()],
        };
        Self {
            name: name.into(),
            dtype,
            dims: dims.iter().map(|d| Dim { name: (*d).into() }).collect(),
            params: Vec::new(),
            widths: Vec::new(),
            regions: vec![domain],
            fields: Vec::new(),
            sparse: Vec::new(),
            scalars: Vec::new(),
            exprs: ExprArena::default(),
            steps: Vec::new(),
        }
    }

    /// The function with this id.
    pub fn field(&self, id: FieldId) -> &Field {
        &self.fields[id.0 as usize]
    }

    /// The function with this name.
    pub fn field_named(&self, name: &str) -> Option<FieldId> {
        self.fields.iter().position(|f| f.name == name).map(|i| FieldId(i as u32))
    }

    /// The step with this name.
    pub fn step_named(&self, name: &str) -> Option<&Step> {
        self.steps.iter().find(|s| s.name == name)
    }

    /// The sparse points with this name.
    pub fn sparse_named(&self, name: &str) -> Option<SparseId> {
        self.sparse.iter().position(|s| s.name == name).map(|i| SparseId(i as u32))
    }

    /// Declares a run-time scalar, or finds the one of that name.
    pub fn param(&mut self, name: &str) -> ParamId {
        let found = self.params.iter().position(|p| p.name == name);
        ParamId(found.unwrap_or_else(|| {
            self.params.push(Param { name: name.into() });
            self.params.len() - 1
        }) as u32)
    }

    /// Declares a function.
    pub fn add_field(&mut self, field: Field) -> FieldId {
        self.fields.push(field);
        FieldId(self.fields.len() as u32 - 1)
    }

    /// A static function in host memory over all dimensions, at the nodes, in working precision.
    pub fn add_static(&mut self, name: &str) -> FieldId {
        self.add_field(Field {
            name: name.into(),
            dims: DimSet::first(self.dims.len()),
            staggered: DimSet::NONE,
            dtype: self.dtype,
            levels: Levels::Static,
            space: MemorySpace::Host,
            zero_in: None,
        })
    }
}
