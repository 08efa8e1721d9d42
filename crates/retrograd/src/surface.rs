//! Points on free surfaces: a source there radiates nothing, a receiver records nothing.

use retrograd_compile::adjoint::FORWARD;
use retrograd_compile::symbolic::{Grid, Sparse};
use retrograd_ir::{Edge, FieldId, Levels, Side, StatementKind, Stencil};

use crate::error::Error;
use crate::operator::Operator;
use crate::simulation::snapped;

/// A point exactly on a free surface.
#[derive(Clone, PartialEq, Debug, thiserror::Error)]
#[error(
    "point {index} is at {axis} = {found_m} m, exactly on the free surface, where the function is \
     zero: a source there radiates nothing, a receiver records nothing\n  \
     help: move it inside by at least half a cell ({half_cell_m} m), or let that side absorb"
)]
pub struct OnFreeSurface {
    /// Which point, from 0.
    pub index: usize,
    /// Name of the dimension.
    pub axis: &'static str,
    /// The coordinate, in metres.
    pub found_m: f64,
    /// Half the spacing along that dimension, in metres.
    pub half_cell_m: f64,
}

/// The points that lie on the given side of the grid, a free surface; positions in metres. What is
/// nearer to it than rounding errors can tell lies on it.
///
/// # Panics
/// If the grid lacks the dimension.
pub fn points_on_free_surface<P: AsRef<[f64]>>(
    grid: &Grid,
    (dim, side): (usize, Side),
    points_m: &[P],
) -> Vec<OnFreeSurface> {
    let (origin_m, h_m) = (grid.origin_m()[dim], grid.spacing_m()[dim]);
    let surface = match side {
        Side::Low => 0.0,
        Side::High => (grid.shape()[dim] - 1) as f64,
    };
    let found = |(index, point): (usize, &P)| {
        let found_m = *point.as_ref().get(dim)?;
        (snapped((found_m - origin_m) / h_m) == surface).then(|| OnFreeSurface {
            index,
            axis: grid.dimension_names()[dim],
            found_m,
            half_cell_m: 0.5 * h_m,
        })
    };
    points_m.iter().enumerate().filter_map(found).collect()
}

impl Operator {
    /// The points that lie on a free surface of a function that they feed or listen to: a side on
    /// which a step closes it with its negative mirror image. `grid` is the one of the simulation.
    ///
    /// # Errors
    /// Points that the operator does not use.
    pub fn points_on_free_surfaces<P: AsRef<[f64]>>(
        &self,
        grid: &Grid,
        sparse: &Sparse,
        points_m: &[P],
    ) -> Result<Vec<OnFreeSurface>, Error> {
        on_free_surfaces(self.stencil(), grid, sparse, points_m)
    }
}

/// Those of points of a program.
pub(crate) fn on_free_surfaces<P: AsRef<[f64]>>(
    stencil: &Stencil,
    grid: &Grid,
    sparse: &Sparse,
    points_m: &[P],
) -> Result<Vec<OnFreeSurface>, Error> {
    let name = sparse.name();
    if stencil.sparse_named(name).is_none() {
        return Err(Error::Unknown(name.into()));
    }
    let surfaces = free_surfaces(stencil, name).into_iter();
    let dims = grid.shape().len();
    let on = |surface| points_on_free_surface(grid, surface, points_m);
    Ok(surfaces.filter(|(dim, _)| *dim < dims).flat_map(on).collect())
}

/// The sides on which the functions that sparse points touch in the forward step are odd.
fn free_surfaces(stencil: &Stencil, name: &str) -> Vec<(usize, Side)> {
    let Some(id) = stencil.sparse_named(name) else { return Vec::new() };
    let Some(step) = stencil.step_named(FORWARD) else { return Vec::new() };
    let mut touched: Vec<FieldId> = Vec::new();
    for statement in &step.statements {
        match statement.kind {
            StatementKind::Inject { target, sparse, .. } if sparse == id => {
                touched.push(target.field);
            }
            StatementKind::Interpolate { sparse, value, .. } if sparse == id => {
                let reads = stencil.reads(&[value]).into_iter().map(|read| read.field);
                touched.extend(reads.filter(|f| is_state(stencil, *f)));
            }
            _ => {}
        }
    }
    let mut surfaces: Vec<(usize, Side)> = Vec::new();
    for read in step.statements.iter().flat_map(|s| stencil.reads(&Stencil::roots(s))) {
        // Half a cell from the surface a function need not be zero.
        let staggered = stencil.field(read.field).staggered;
        for dim in (0..stencil.dims.len()).filter(|d| !staggered.contains(*d)) {
            let edges = read.closure.0[dim].edges;
            for (edge, side) in edges.into_iter().zip([Side::Low, Side::High]) {
                let odd = edge == Edge::Odd && touched.contains(&read.field);
                if odd && !surfaces.contains(&(dim, side)) {
                    surfaces.push((dim, side));
                }
            }
        }
    }
    surfaces
}

fn is_state(stencil: &Stencil, field: FieldId) -> bool {
    matches!(stencil.field(field).levels, Levels::Time(_))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_are_on_a_surface_to_within_rounding() {
        let grid = Grid::new([11, 6]).and_then(|g| g.spacing([20.0, 0.1]));
        let grid = grid.and_then(|g| g.origin([100.0, -0.2])).expect("a grid");
        let found =
            |surface, point: [f64; 2]| !points_on_free_surface(&grid, surface, &[point]).is_empty();
        for (x, z, low, high) in [
            (100.0, -0.2, true, false),
            (100.0, 0.3, false, true),
            (100.0, -0.2 + 1e-12, true, false),
            (100.0, -0.15, false, false),
            (100.0, f64::NAN, false, false),
        ] {
            assert_eq!(
                [found((1, Side::Low), [x, z]), found((1, Side::High), [x, z])],
                [low, high],
                "{z}"
            );
        }
        assert!(found((0, Side::High), [300.0, 0.0]));
        let points = [[200.0, 0.0], [200.0, -0.2]];
        let on = points_on_free_surface(&grid, (1, Side::Low), &points);
        assert_eq!(
            on[0].to_string(),
            "point 1 is at z = -0.2 m, exactly on the free surface, where the function is zero: a \
             source there radiates nothing, a receiver records nothing\n  help: move it inside by at \
             least half a cell (0.05 m), or let that side absorb"
        );
        assert_eq!(on.len(), 1);
    }

    /// Only what the points touch counts, and only where it is on the nodes.
    #[test]
    fn a_surface_is_free_where_the_function_is_odd() {
        let text = "stencil test f32 dim x, z param dt function m(x, z)
            time function u(x, z) levels 3 time function v(x, z) levels 2 staggered(z)
            sparse src linear sparse rec linear sparse other linear
            step forward {
              u[t+1] = 2 * u - u[t-1] + u[z-1 odd|zero] + u[x+1 zero|odd];
              v[t+1] = v + m[x-1 odd] + v[z-1 odd];
              inject src into u[t+1]: src;
              inject other into v[t+1]: other;
              interpolate rec: m * u;
            }";
        let stencil = retrograd_ir::text::parse(text).expect("should parse");
        let both = vec![(1, Side::Low), (0, Side::High)];
        let found = |name: &str| {
            let mut found = free_surfaces(&stencil, name);
            found.sort_by_key(|(dim, _)| std::cmp::Reverse(*dim));
            found
        };
        assert_eq!([found("src"), found("rec")], [both.clone(), both]);
        assert_eq!([found("other"), found("none")], [vec![], vec![]]);
    }
}
