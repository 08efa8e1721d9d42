//! The equations of the standard problems, as other tools time them.

use retrograd_compile::symbolic::{
    Eq, Expression, Function, Grid, SolveError, Sparse, TimeFunction, solve,
};
use retrograd_ir::DType;

use super::media::{layered, ramp, sponge};
use super::{Case, Physics};
use crate::{Error, Operator};

/// Equations with names for their parts.
pub(super) struct Equations {
    pub(super) operator: Operator,
    /// Parameters and their values on the grid of a case.
    pub(super) parameters: Vec<(Function, Vec<f64>)>,
    /// The function whose final level is compared.
    pub(super) wavefield: TimeFunction,
    pub(super) source: Sparse,
    /// The first one is compared.
    pub(super) receivers: Vec<Sparse>,
}

/// The equations of a case on its grid. What is differentiated records no divergence: samples of
/// differences have no adjoint yet.
///
/// # Errors
/// None for the orders that are supported.
pub(super) fn equations(
    case: &Case,
    grid: &Grid,
    differentiated: bool,
) -> Result<Equations, Error> {
    match case.physics {
        Physics::Acoustic => acoustic(case, grid),
        Physics::Tti => tti(case, grid),
        Physics::Elastic => elastic(case, grid, !differentiated),
    }
}

/// The equations `m u_tt - lap u + damp u_t = f` of the standard problems: operator, `m`, `damp`,
/// source and receivers.
///
/// # Errors
/// None for the orders that are supported.
pub fn acoustic_operator(
    grid: &Grid,
    space_order: usize,
) -> Result<(Operator, Function, Function, [Sparse; 2]), Error> {
    let (m, damp) = (grid.function("m"), grid.function("damp").layer_only());
    let u = grid.time_function("u").time_order(2).space_order(space_order);
    let (src, rec) = (grid.sparse("src"), grid.sparse("rec"));
    let pde = &m * u.dt2() - u.laplace() + &damp * u.dt();
    let wave = solve(&pde, &u.forward())?;
    let dt = Grid::dt();
    let operator = Operator::new(grid, [Eq::new(u.forward(), wave.update())])
        .name("acoustic")
        .dtype(DType::F32)
        .inject(&src, u.forward(), src.value() * (&dt * &dt) / m.value())
        .interpolate(&rec, u.value())
        .build()?;
    Ok((operator, m, damp, [src, rec]))
}

fn acoustic(case: &Case, grid: &Grid) -> Result<Equations, Error> {
    let (operator, m, damp, [source, receivers]) = acoustic_operator(grid, case.space_order)?;
    let wavefield = grid.time_function("u").time_order(2).space_order(case.space_order);
    let parameters = vec![(m, layered(&case.shape)), (damp, sponge(&case.shape))];
    Ok(Equations { operator, parameters, wavefield, source, receivers: vec![receivers] })
}

/// Tilted transverse isotropy, as `examples/seismic/tti` of Devito has it: `H = div n (n . grad)`
/// with first derivatives of half the space order, half a point beside; Zhang, Zhang and Zhang,
/// Geophysics 76 (2011), doi:10.1190/1.3565974. The slopes along the axis are stored, so that each is
/// computed once.
fn tti(case: &Case, grid: &Grid) -> Result<Equations, Error> {
    let (m, damp) = (grid.function("m"), grid.function("damp").layer_only());
    let [epsilon, delta] = ["epsilon", "delta"].map(|name| grid.function(name));
    let [theta, phi] = ["theta", "phi"].map(|name| grid.function(name));
    let wave = |name: &str| grid.time_function(name).time_order(2).space_order(case.space_order);
    let (u, v) = (wave("u"), wave("v"));
    let (tilt, azimuth) = (theta.value(), phi.value());
    let axis = [tilt.sin() * azimuth.cos(), tilt.sin() * azimuth.sin(), tilt.cos()];
    let accuracy = case.space_order / 2;
    let difference = |e: &Expression, dim: usize, side: i8| {
        e.derivative_at(dim, 1, accuracy, side).taken_at(u.value())
    };
    let mut updates = Vec::new();
    let mut along = |w: &TimeFunction, name: &str| {
        let slope = grid.function(name);
        let terms = axis.iter().enumerate().map(|(d, n)| n * difference(&w.value(), d, 1));
        updates.push(Eq::new(&slope, Expression::sum(terms.collect())));
        let terms = axis.iter().enumerate();
        let terms = terms.map(|(d, n)| difference(&(n * slope.value()), d, -1));
        Expression::sum(terms.collect())
    };
    let (along_u, along_v) = (along(&u, "slope_u"), along(&v, "slope_v"));
    let across = u.laplace() - along_u;
    let (stretch, moveout) = (1.0 + 2.0 * epsilon.value(), (1.0 + 2.0 * delta.value()).sqrt());
    let horizontal = stretch * &across + &moveout * &along_v;
    let vertical = &moveout * &across + along_v;
    for (w, forces) in [(&u, horizontal), (&v, vertical)] {
        let pde = &m * w.dt2() - forces + &damp * w.dt();
        updates.push(Eq::new(w.forward(), solve(&pde, &w.forward())?.update()));
    }
    let (source, receivers) = (grid.sparse("src"), grid.sparse("rec"));
    let dt = Grid::dt();
    let force = || source.value() * (&dt * &dt) / m.value();
    let operator = Operator::new(grid, updates)
        .name("tti")
        .dtype(DType::F32)
        .inject(&source, u.forward(), force())
        .inject(&source, v.forward(), force())
        .interpolate(&receivers, u.value() + v.value())
        .build()?;
    let growing = |value: f64| ramp(&case.shape, value);
    let parameters = vec![
        (m, layered(&case.shape)),
        (damp, sponge(&case.shape)),
        (epsilon, growing(0.2)),
        (delta, growing(0.1)),
        (theta, growing(0.5)),
        (phi, growing(0.3)),
    ];
    Ok(Equations { operator, parameters, wavefield: u, source, receivers: vec![receivers] })
}

/// Velocity and stress on staggered grids with a factor that damps both in the layer, as
/// `examples/seismic/elastic` of Devito has it.
fn elastic(case: &Case, grid: &Grid, dilating: bool) -> Result<Equations, Error> {
    let [lambda, mu, buoyancy] = ["lam", "mu", "b"].map(|name| grid.function(name).value());
    let damp = grid.function("damp").layer_only();
    let dims = case.shape.len();
    let v = grid.vector_time_function("v").space_order(case.space_order);
    let s = grid.tensor_time_function("s").space_order(case.space_order);
    let damped = |residual: &Expression, w: &TimeFunction| -> Result<Eq, SolveError> {
        let factor = 1.0 - damp.value().at(w);
        Ok(Eq::new(w.forward(), factor * solve(residual, &w.forward())?.update()))
    };
    let mut updates = Vec::new();
    for (i, w) in v.components().iter().enumerate() {
        let forces = (0..dims).map(|j| s.component(i, j).value().staggered_derivative(j));
        let force = Expression::sum(forces.collect());
        updates.push(damped(&(w.dt() - buoyancy.at(w) * force), w)?);
    }
    let slope = |i: usize, j: usize| v.component(i).forward().staggered_derivative(j);
    let dilatation = Expression::sum((0..dims).map(|j| slope(j, j)).collect());
    for i in 0..dims {
        for j in i..dims {
            let w = s.component(i, j);
            let rate = if i == j {
                &lambda * &dilatation + 2.0 * mu.clone() * slope(i, i)
            } else {
                mu.at(w) * (slope(i, j) + slope(j, i))
            };
            updates.push(damped(&(w.dt() - rate), w)?);
        }
    }
    let source = grid.sparse("src");
    let mut receivers = vec![grid.sparse("rec_s")];
    let mut operator = Operator::new(grid, updates).name("elastic").dtype(DType::F32);
    for i in 0..dims {
        operator =
            operator.inject(&source, s.component(i, i).forward(), source.value() * Grid::dt());
    }
    operator = operator.interpolate(&receivers[0], s.component(dims - 1, dims - 1).value());
    if dilating {
        receivers.insert(0, grid.sparse("rec"));
        let divergence = (0..dims).map(|j| v.component(j).value().staggered_derivative(j));
        operator = operator.interpolate(&receivers[0], Expression::sum(divergence.collect()));
    }
    let operator = operator.build()?;
    let squared: Vec<f64> = layered(&case.shape).iter().map(|m| 1.0 / m).collect();
    let part = |of: f64| squared.iter().map(|v2| v2 / of).collect::<Vec<f64>>();
    let dt_s = case.dt_s();
    // A fifth of what the acoustic sponge takes in a step.
    let lost = sponge(&case.shape).iter().map(|d| (0.2e6 * d * dt_s).min(1.0)).collect();
    let parameters = vec![
        (grid.function("lam"), part(2.0)),
        (grid.function("mu"), part(4.0)),
        (grid.function("b"), vec![1.0; squared.len()]),
        (damp, lost),
    ];
    let wavefield = v.component(0).clone();
    Ok(Equations { operator, parameters, wavefield, source, receivers })
}
