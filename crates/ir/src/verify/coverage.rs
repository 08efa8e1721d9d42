//! Whether the regions in which `t+1` is assigned, or zero by declaration, cover the grid.
//!
//! Regions are boxes whose corners depend on extents and widths. For a grid with room for all
//! layers the order of the corners along a dimension is settled, unless two widths are compared:
//! these get different values, so that regions count as complementary only where they name the
//! same width. Corners cut the grid into cells that lie inside or outside a region as a whole;
//! one point of each cell is looked at.

use super::Invalid;
use crate::program::{
    Bound, DimSet, FieldId, Levels, Region, RegionId, Side, StatementKind, Stencil, Step, WriteMode,
};

/// Cells looked at before the check gives up (and accepts): regions without end are generated,
/// not written.
const MAX_CELLS: usize = 1 << 20;

/// One broken rule for each time function that the step assigns on a part of the grid.
pub(super) fn check(stencil: &Stencil, step: &Step) -> Vec<Invalid> {
    let count = stencil.dims.len();
    if stencil.regions.iter().any(|region| region.bounds.len() != count) {
        return Vec::new();
    }
    let mut fields: Vec<FieldId> = assignments(stencil, step).map(|(field, _)| field).collect();
    fields.sort_unstable();
    fields.dedup();
    let sample = Sample::new(stencil);
    let uncovered = |field: FieldId| {
        let assigned = assignments(stencil, step).filter(|&(assigned, _)| assigned == field);
        let zero = stencil.field(field).zero_in;
        let regions: Vec<&Region> = assigned
            .map(|(_, region)| region)
            .chain(zero)
            .map(|region| &stencil.regions[region.0 as usize])
            .collect();
        let point = sample.uncovered(&regions, stencil.field(field).dims)?;
        Some(Invalid::Uncovered {
            step: step.name.clone(),
            field: stencil.field(field).name.clone(),
            point: sample.describe(stencil, &point, stencil.field(field).dims),
        })
    };
    fields.into_iter().filter_map(uncovered).collect()
}

/// The updates that assign `t+1` of a time function.
fn assignments(stencil: &Stencil, step: &Step) -> impl Iterator<Item = (FieldId, RegionId)> {
    step.statements.iter().filter_map(|statement| match statement.kind {
        StatementKind::Update { target, region, mode: WriteMode::Assign, .. } => {
            let timed = matches!(stencil.field(target.field).levels, Levels::Time(_));
            (timed && target.time == 1).then_some((target.field, region))
        }
        StatementKind::Update { .. }
        | StatementKind::Inject { .. }
        | StatementKind::Interpolate { .. }
        | StatementKind::Reduce { .. } => None,
    })
}

/// A grid with room for every layer, and different widths.
struct Sample {
    extents: Vec<usize>,
    widths: Vec<usize>,
}

impl Sample {
    fn new(stencil: &Stencil) -> Self {
        // Apart by more than the fixed part of a bound, so that no two bounds agree by chance.
        let widths: Vec<usize> = (1..=stencil.widths.len()).map(|k| 1000 * k).collect();
        let room = 2 * (256 + widths.last().copied().unwrap_or(0)) + 100;
        Self { extents: vec![room; stencil.dims.len()], widths }
    }

    /// The first point, on the dimensions given, that no region holds.
    fn uncovered(&self, regions: &[&Region], dims: DimSet) -> Option<Vec<usize>> {
        let boxes: Vec<_> = regions
            .iter()
            .map(|region| region.resolve(&self.extents, &self.widths))
            .filter(|ranges| ranges.iter().all(|range| !range.is_empty()))
            .collect();
        let corners = |d: usize| {
            let mut at: Vec<usize> = boxes.iter().flat_map(|b| [b[d].start, b[d].end]).collect();
            at.push(0);
            at.retain(|&i| i < self.extents[d]);
            at.sort_unstable();
            at.dedup();
            at
        };
        let axes: Vec<Vec<usize>> = (0..self.extents.len())
            .map(|d| if dims.contains(d) { corners(d) } else { vec![0] })
            .collect();
        let cells = axes.iter().map(Vec::len).product::<usize>();
        (0..cells.min(MAX_CELLS))
            .map(|cell| {
                let mut rest = cell;
                let pick = |axis: &Vec<usize>| {
                    let at = axis[rest % axis.len()];
                    rest /= axis.len();
                    at
                };
                axes.iter().map(pick).collect::<Vec<usize>>()
            })
            .find(|point| {
                !boxes.iter().any(|ranges| {
                    let mut along = ranges.iter().zip(point).enumerate();
                    along.all(|(d, (range, i))| !dims.contains(d) || range.contains(i))
                })
            })
    }

    /// The point in the words of the program: counted from the nearest corner of a region.
    fn describe(&self, stencil: &Stencil, point: &[usize], dims: DimSet) -> String {
        let parts: Vec<String> = dims
            .iter()
            .filter(|&d| d < point.len())
            .map(|d| format!("{} = {}", stencil.dims[d].name, self.index(stencil, d, point[d])))
            .collect();
        parts.join(", ")
    }

    fn index(&self, stencil: &Stencil, dim: usize, at: usize) -> String {
        let bounds = stencil.regions.iter().flat_map(|region| region.bounds[dim]);
        let meant = |bound: &Bound| {
            let inset =
                bound.cells as usize + bound.width.map_or(0, |width| self.widths[width.0 as usize]);
            match bound.side {
                Side::Low => inset == at,
                Side::High => self.extents[dim] - inset == at,
            }
        };
        match bounds.into_iter().find(meant) {
            Some(bound) => {
                let width = bound.width.map(|width| &*stencil.widths[width.0 as usize].name);
                let parts: Vec<String> = [width.map(str::to_owned)]
                    .into_iter()
                    .flatten()
                    .chain((bound.cells > 0).then(|| bound.cells.to_string()))
                    .collect();
                match (bound.side, parts.is_empty()) {
                    (Side::Low, true) => "0".into(),
                    (Side::Low, false) => parts.join(" + "),
                    (Side::High, _) => format!("n - {}", parts.join(" - ")),
                }
            }
            None => at.to_string(),
        }
    }
}
