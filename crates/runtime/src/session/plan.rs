//! What does not change from step to step: boxes per thread, uniform values, shares of points.

use std::ffi::c_long;
use std::ops::Range;
use std::sync::Arc;

use retrograd_compile::emit::{FunctionKind, Sizes};
use retrograd_compile::schedule::PhaseKind;
use retrograd_ir::interpret::{Subnormals, evaluate_uniform};
use retrograd_ir::{DimSet, ExprId, RegionId, StatementKind, Target};

use super::Session;
use super::active::{ActiveStep, PhaseSupport};
use super::pieces::{Place, boxes, calls};
use super::points::Numbers;
use crate::caches::Caches;
use crate::program::{CStep, Code};

/// Prepared calls of one step.
pub(super) struct StepPlan {
    /// Of the grid.
    pub(super) dims: usize,
    pub(super) uniforms: Numbers,
    pub(super) sizes: Vec<c_long>,
    pub(super) active: Arc<ActiveStep>,
    pub(super) phases: Vec<PhasePlan>,
}

/// Prepared calls of one phase.
pub(super) struct PhasePlan {
    /// Of its points, if it has any.
    pub(super) staggered: DimSet,
    /// Per thread.
    pub(super) own: Vec<Option<Work>>,
    /// Of all threads together, for steps that share their rows in another way.
    pub(super) all: Option<Work>,
}

/// A part of a phase.
pub(super) enum Work {
    /// The arguments of the calls, see `FunctionKind::Nest`.
    Nest(Vec<Vec<c_long>>),
    /// The same, see `FunctionKind::Reduce`.
    Reduce(Vec<Vec<c_long>>),
    /// Entries of the table by grid point.
    Inject(Vec<Range<usize>>),
    /// Points.
    Interpolate(Vec<Range<usize>>),
}

/// Rows of the outermost dimension and, of a grid of three, of the second one: all if not said.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Area {
    pub(super) rows: Range<usize>,
    pub(super) columns: Option<Range<usize>>,
}

impl From<Range<usize>> for Area {
    fn from(rows: Range<usize>) -> Self {
        Self { rows, columns: None }
    }
}

impl Session {
    /// Prepares the calls of a step that runs as C.
    pub(super) fn plan(&self, step: usize, supports: &[PhaseSupport]) -> StepPlan {
        let code = &self.program.steps[step];
        let Code::C(c) = &code.code else {
            unreachable!("only generated code should be planned");
        };
        let past = vec![usize::from(self.tapes_pass_caches()); self.extents.len()];
        let sizes = c.module.sizes.iter().flat_map(|sizes| {
            let numbers = match sizes {
                Sizes::Extents => &self.extents,
                Sizes::PastCaches => &past,
                Sizes::Strides(dims) => {
                    let layout = self.layouts.iter().find(|(d, _)| d == dims);
                    &layout.expect("every function should have a layout").1.strides
                }
            };
            numbers.iter().map(|&s| s as c_long)
        });
        let phases = code.schedule.phases.iter().enumerate();
        StepPlan {
            dims: self.extents.len(),
            uniforms: self.uniforms(c),
            sizes: sizes.collect(),
            active: Arc::new(self.plan_active(step, c, supports)),
            phases: phases.map(|(k, phase)| self.plan_phase(c, k, &phase.kind)).collect(),
        }
    }

    /// The values of the uniform expressions of a step, as parameters and scalars are now.
    pub(super) fn uniforms(&self, c: &CStep) -> Numbers {
        let stencil = self.program.stencil();
        let (params, scalars) = (|id| self.param(id), |id| self.scalar(id));
        let value = |&e| evaluate_uniform(stencil, e, &params, &scalars, Subnormals::Flush);
        Numbers::from_f64(stencil.dtype, c.module.uniforms.iter().map(value))
    }

    fn plan_phase(&self, c: &CStep, number: usize, kind: &PhaseKind) -> PhasePlan {
        let stencil = self.program.stencil();
        let team = self.team.size();
        if let PhaseKind::Other(StatementKind::Interpolate { sparse, value, .. }) = kind {
            // In equal shares, wherever they lie.
            let points = self.sparse[sparse.0 as usize].points;
            let share = |t| points * t / team..points * (t + 1) / team;
            let own = (0..team).map(|t| Some(Work::Interpolate(vec![share(t)])));
            let staggered = stencil.staggering(*value);
            return PhasePlan { staggered, own: own.collect(), all: None };
        }
        let staggered = match &c.module.functions[number].kind {
            FunctionKind::Inject { target, .. } => stencil.field(target.field).staggered,
            _ => DimSet::NONE,
        };
        let own = (0..team).map(|thread| self.work(c, number, kind, &[self.share(thread).into()]));
        let all = || self.work(c, number, kind, &[Area::from(0..self.extents[0])]);
        let all = (team > 1).then(all).flatten();
        PhasePlan { staggered, own: own.collect(), all }
    }

    /// What a phase does in some areas, interpolation at the points the middle of whose grid points
    /// lies there; nothing if there is nothing to do.
    pub(super) fn work(
        &self,
        c: &CStep,
        number: usize,
        kind: &PhaseKind,
        areas: &[Area],
    ) -> Option<Work> {
        let stencil = self.program.stencil();
        let places = |region: RegionId, bodies| {
            let region = stencil.regions[region.0 as usize].resolve(&self.extents, &self.widths);
            boxes(bodies, region, &self.extents, c.module.lanes)
        };
        let planes = self.planes(kind);
        let calls = |places: Vec<Place>| {
            let tiles = areas.iter().flat_map(|area| self.tiles(area, planes));
            let calls: Vec<_> = tiles.flat_map(|tile| calls(&places, &tile)).collect();
            (!calls.is_empty()).then_some(calls)
        };
        match (kind, &c.module.functions[number].kind) {
            (PhaseKind::Nest(nest), FunctionKind::Nest { bodies }) => {
                let parts = nest.parts.iter().zip(bodies);
                let all = parts.flat_map(|(part, bodies)| places(part.region, bodies));
                calls(all.collect()).map(Work::Nest)
            }
            (
                PhaseKind::Other(StatementKind::Reduce { region, .. }),
                FunctionKind::Reduce { bodies, .. },
            ) => calls(places(*region, bodies)).map(Work::Reduce),
            (_, FunctionKind::Inject { sparse, target, .. }) => {
                let staggered = stencil.field(target.field).staggered;
                let table = &self.sparse[sparse.0 as usize].table(staggered).2;
                let entries: Vec<_> = areas.iter().flat_map(|area| table.in_area(area)).collect();
                (!entries.is_empty()).then_some(Work::Inject(entries))
            }
            (PhaseKind::Other(StatementKind::Interpolate { sparse, value, .. }), _) => {
                let table = &self.sparse[sparse.0 as usize].table(stencil.staggering(*value)).2;
                let points = areas.iter().flat_map(|area| table.with_middle_in(area));
                let points: Vec<_> = points.collect();
                (!points.is_empty()).then_some(Work::Interpolate(points))
            }
            (PhaseKind::Nest(_) | PhaseKind::Other(_), _) => {
                unreachable!("the emitter gives phases functions of their kind")
            }
        }
    }

    /// The range of the outermost dimension that a thread owns. Rows are never split: on a
    /// one-dimensional grid the first thread owns all.
    pub(super) fn share(&self, thread: usize) -> Range<usize> {
        self.share_around(thread, &(0..self.extents[0]))
    }

    /// The same, such that threads own equal parts of `middle`.
    pub(super) fn share_around(&self, thread: usize, middle: &Range<usize>) -> Range<usize> {
        let n = self.extents[0];
        if self.extents.len() == 1 {
            return if thread == 0 { 0..n } else { n..n };
        }
        let team = self.team.size();
        let end = |thread: usize| match thread {
            0 => 0,
            inner if inner < team => middle.start + middle.len() * inner / team,
            _ => n,
        };
        end(thread)..end(thread + 1)
    }

    /// Rows cut into tiles along the two outermost dimensions: ranges of all dimensions but the
    /// last.
    fn tiles(&self, area: &Area, planes: usize) -> Vec<Vec<Range<usize>>> {
        let outer = self.extents.len() - 1;
        let empty = |range: &Range<usize>| range.is_empty();
        if empty(&area.rows) || area.columns.as_ref().is_some_and(empty) {
            return Vec::new();
        }
        let mut rows: Vec<Range<usize>> = self.extents[..outer].iter().map(|&n| 0..n).collect();
        if let Some(first) = rows.first_mut() {
            *first = area.rows.clone();
        }
        if let Some(columns) = &area.columns {
            rows[1] = columns.clone();
        }
        let mut tiles = vec![rows];
        // The second dimension varies slowest, so that a tile sweeps along the first.
        for dim in (0..outer.min(2)).rev() {
            let extent = self.tile_extent(dim, planes);
            tiles = tiles.into_iter().flat_map(|t| cut(&t, dim, extent)).collect();
        }
        tiles
    }

    /// Points of a tile along a dimension: as set, else so many rows of a 3-D grid that the planes
    /// that a sweep along the first dimension reads stay in a core's second-level cache, but no more than
    /// pay, and all of them where so few would be that what two tiles both read makes up for it; in 2-D a
    /// few rows, for steps that go through the tiles in opposite orders. Measured: docs/performance.md.
    fn tile_extent(&self, dim: usize, planes: usize) -> usize {
        const ROWS: usize = 32;
        const FEWEST: usize = 20;
        const MOST: usize = 64;
        if self.tile[dim] > 0 {
            return self.tile[dim];
        }
        if dim == 0 {
            return if self.extents.len() == 2 { ROWS } else { usize::MAX };
        }
        let row = self.layouts[0].1.strides[1] * self.program.stencil().dtype.bytes();
        let rows = Caches::of_machine().own / (row * planes.max(1));
        if rows < FEWEST { usize::MAX } else { rows.min(MOST) }
    }

    /// Planes of the outermost dimension that a sweep has in hand: of each level that it reads those
    /// between the displacements, of each that it writes one.
    fn planes(&self, kind: &PhaseKind) -> usize {
        let PhaseKind::Nest(nest) = kind else { return 1 };
        let values: Vec<ExprId> = nest.outputs().map(|(_, value)| *value).collect();
        let mut touched: Vec<(Target, i8, i8)> =
            nest.outputs().map(|(target, _)| (*target, 0, 0)).collect();
        for read in self.program.stencil().reads(&values) {
            let target = Target { field: read.field, time: read.time };
            let at = read.offset.0[0];
            match touched.iter_mut().find(|(known, ..)| *known == target) {
                Some((_, low, high)) => (*low, *high) = (at.min(*low), at.max(*high)),
                None => touched.push((target, at, at)),
            }
        }
        touched.iter().map(|(_, low, high)| usize::from(high.abs_diff(*low)) + 1).sum()
    }
}

/// Equal pieces of at most `tile` indices along a dimension.
fn cut(whole: &[Range<usize>], dim: usize, tile: usize) -> Vec<Vec<Range<usize>>> {
    let Range { start, end } = whole[dim];
    let pieces = (end - start).div_ceil(tile);
    let piece = |k: usize| {
        let mut piece = whole.to_vec();
        piece[dim] = start + (end - start) * k / pieces..start + (end - start) * (k + 1) / pieces;
        piece
    };
    (0..pieces).map(piece).collect()
}
