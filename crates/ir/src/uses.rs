//! What a program reads and writes.

use crate::closure::Closure;
use crate::expr::{Expr, ExprId, Offset};
use crate::program::{
    DimSet, FieldId, Levels, Predicate, RegionId, Statement, StatementKind, Stencil, Step, Target,
};

/// One read of a function on the grid.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Read {
    /// The function.
    pub field: FieldId,
    /// Its time level.
    pub time: i8,
    /// Displacement in grid points.
    pub offset: Offset,
    /// What lies outside the grid.
    pub closure: Closure,
}

impl Step {
    /// The time functions that the step computes `t+1` of, ascending: those whose levels move
    /// back by one after it.
    pub fn advances(&self) -> Vec<FieldId> {
        let written = self.statements.iter().filter_map(Stencil::written);
        let mut fields: Vec<FieldId> = written.filter(|t| t.time == 1).map(|t| t.field).collect();
        fields.sort_unstable();
        fields.dedup();
        fields
    }
}

impl Stencil {
    /// The distinct reads of `roots`, in ascending order.
    pub fn reads(&self, roots: &[ExprId]) -> Vec<Read> {
        let nodes = self.exprs.reachable(roots);
        let mut reads: Vec<Read> = nodes
            .into_iter()
            .filter_map(|id| match self.exprs[id] {
                Expr::Load { field, time, offset, closure } => {
                    Some(Read { field, time, offset, closure })
                }
                _ => None,
            })
            .collect();
        reads.sort_unstable();
        reads.dedup();
        reads
    }

    /// The expressions of a statement: its value and the threshold of its predicate.
    pub fn roots(statement: &Statement) -> Vec<ExprId> {
        let mut roots = vec![statement.kind.value()];
        if let Predicate::While { above, .. } = statement.when {
            roots.push(above);
        }
        roots
    }

    /// What a statement writes on the grid.
    pub fn written(statement: &Statement) -> Option<Target> {
        match statement.kind {
            StatementKind::Update { target, .. } | StatementKind::Inject { target, .. } => {
                Some(target)
            }
            StatementKind::Interpolate { .. } | StatementKind::Reduce { .. } => None,
        }
    }

    /// Whether the value is the same at all grid points (no read of a function on the grid and no
    /// sample of a series).
    pub fn is_uniform(&self, value: ExprId) -> bool {
        self.exprs
            .reachable(&[value])
            .into_iter()
            .all(|id| !matches!(self.exprs[id], Expr::Load { .. } | Expr::Series { .. }))
    }

    /// Whether the value stays the same from step to step while parameters do: it reads static
    /// functions, run-time scalars and literals only.
    pub fn is_time_invariant(&self, value: ExprId) -> bool {
        self.exprs.reachable(&[value]).into_iter().all(|id| match self.exprs[id] {
            Expr::Load { field, .. } => self.field(field).levels == Levels::Static,
            Expr::Series { .. } | Expr::Scalar(_) => false,
            _ => true,
        })
    }

    /// The region outside of which a function lives that steps compute: none for one of the whole grid,
    /// nor for a parameter that is zero somewhere.
    pub fn lives_outside(&self, field: FieldId) -> Option<RegionId> {
        let declared = self.field(field);
        let statements = || self.steps.iter().flat_map(|s| &s.statements);
        let computed = || statements().filter_map(Self::written).any(|t| t.field == field);
        declared.zero_in.filter(|_| declared.levels != Levels::Static || computed())
    }

    /// The read radius of a function: the largest displacement of any read, per dimension, over
    /// the statements given. This is the halo that a distributed run has to exchange.
    pub fn read_radius(&self, field: FieldId, statements: &[Statement]) -> Vec<usize> {
        let mut radius = vec![0usize; self.dims.len()];
        for statement in statements {
            for read in self.reads(&Self::roots(statement)) {
                if read.field == field {
                    for (r, o) in radius.iter_mut().zip(read.offset.0) {
                        *r = (*r).max(usize::from(o.unsigned_abs()));
                    }
                }
            }
        }
        radius
    }

    /// Where the samples of a value sit, which fixes the weights of an interpolation: the
    /// dimensions along which they lie half a cell further.
    ///
    /// Time functions decide, other functions only if there is none. Where all of these are read
    /// at offset zero, the value sits where they do (along every dimension that one of them is
    /// staggered along); differences and means across grid points are taken to sit on the nodes.
    /// To interpolate a difference that does not, assign it to a function of its own first.
    pub fn staggering(&self, value: ExprId) -> DimSet {
        let reads = self.reads(&[value]);
        let timed = |read: &&Read| matches!(self.field(read.field).levels, Levels::Time(_));
        let any_timed = reads.iter().any(|read| timed(&read));
        let deciding = reads.iter().filter(|read| !any_timed || timed(read));
        if deciding.clone().any(|read| !read.offset.is_zero()) {
            return DimSet::NONE;
        }
        deciding.fold(DimSet::NONE, |all, r| DimSet(all.0 | self.field(r.field).staggered.0))
    }

    /// Every staggering that sparse points of the stencil are tied to, ascending: that of each
    /// target of an injection and of each interpolated value.
    pub fn staggerings(&self) -> Vec<DimSet> {
        let statements = self.steps.iter().flat_map(|step| &step.statements);
        let mut found: Vec<DimSet> = statements
            .filter_map(|statement| match statement.kind {
                StatementKind::Inject { target, .. } => Some(self.field(target.field).staggered),
                StatementKind::Interpolate { value, .. } => Some(self.staggering(value)),
                StatementKind::Update { .. } | StatementKind::Reduce { .. } => None,
            })
            .collect();
        found.sort_unstable();
        found.dedup();
        found
    }

    /// A name that nothing bears yet: `stem`, or `stem` with a number.
    pub fn fresh_name(&self, stem: &str) -> String {
        let names = self.names();
        let free = |name: &String| names.iter().all(|(_, known)| known != name);
        // One more candidate than there are names: one of them is free.
        std::iter::once(stem.to_owned())
            .chain((1..=names.len()).map(|i| format!("{stem}_{i}")))
            .find(free)
            .unwrap_or_else(|| stem.to_owned())
    }

    /// Every declared name with what bears it, in order of declaration. They share one name
    /// space; steps have their own.
    pub(crate) fn names(&self) -> Vec<(&'static str, &str)> {
        let dims = self.dims.iter().map(|d| ("dimension", d.name.as_str()));
        let params = self.params.iter().map(|p| ("parameter", p.name.as_str()));
        let widths = self.widths.iter().map(|w| ("width", w.name.as_str()));
        let regions = self.regions.iter().map(|r| ("region", r.name.as_str()));
        let fields = self.fields.iter().map(|f| ("function", f.name.as_str()));
        let sparse = self.sparse.iter().map(|s| ("set of sparse points", s.name.as_str()));
        let scalars = self.scalars.iter().map(|s| ("scalar", s.name.as_str()));
        dims.chain(params)
            .chain(widths)
            .chain(regions)
            .chain(fields)
            .chain(sparse)
            .chain(scalars)
            .collect()
    }
}
