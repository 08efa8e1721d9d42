//! Coupled systems: several functions gather the same, or take parts of what others do.

use retrograd_compile::symbolic::{Eq, Expression, Grid, TimeFunction, solve};
use retrograd_compile::{Item, discretise};
use retrograd_ir::{DType, Stencil};

const SHAPE: [usize; 2] = [17, 14];

/// Pseudo-acoustic waves with a tilted axis, as one writes them: differences of differences, and two
/// pressures that gather two combinations of their adjoints.
pub(crate) fn tilted() -> Stencil {
    let grid = Grid::new(SHAPE).expect("grid");
    let [m, epsilon, delta, theta] =
        ["m", "epsilon", "delta", "theta"].map(|name| grid.function(name).value());
    let wave = |name: &str| grid.time_function(name).time_order(2).space_order(8);
    let (p, q) = (wave("p"), wave("q"));
    let axis = [theta.sin(), theta.cos()];
    let difference =
        |e: &Expression, dim: usize, side: i8| e.derivative_at(dim, 1, 4, side).taken_at(p.value());
    let along = |u: &TimeFunction| {
        let slopes = axis.iter().enumerate().map(|(d, n)| n * difference(&u.value(), d, 1));
        let slope = Expression::sum(slopes.collect());
        let terms = axis.iter().enumerate().map(|(d, n)| difference(&(n * &slope), d, -1));
        Expression::sum(terms.collect())
    };
    let (along_p, along_q) = (along(&p), along(&q));
    let across = p.laplace() - along_p;
    let (stretch, moveout) = (1.0 + 0.2 * epsilon, (1.2 + 0.1 * delta).sqrt());
    let forces = [stretch * &across + &moveout * &along_q, &moveout * &across + along_q];
    let (src, rec) = (grid.sparse("src"), grid.sparse("rec"));
    let mut items = Vec::new();
    for (u, force) in [(&p, &forces[0]), (&q, &forces[1])] {
        let pde = (2.0 + &m * &m) * u.dt2() - 0.02 * force.clone();
        let step = solve(&pde, &u.forward()).expect("should be linear");
        items.push(Item::Update(Eq::new(u.forward(), step.update())));
        let (sparse, value) = (src.clone(), src.value() * step.response());
        items.push(Item::Inject { sparse, target: u.forward(), value });
    }
    items.push(Item::Interpolate { sparse: rec, value: p.value() + q.value() });
    discretise("tilted", &grid, DType::F64, &items).expect("should discretise")
}

/// Elastic waves in a plane: the normal stresses share the divergence.
pub(crate) fn elastic() -> Stencil {
    let grid = Grid::new(SHAPE).expect("grid");
    let [lambda, mu, b] = ["lambda", "mu", "b"].map(|name| grid.function(name).value());
    let v = grid.vector_time_function("v").space_order(4);
    let s = grid.tensor_time_function("s").space_order(4);
    let (src, rec) = (grid.sparse("src"), grid.sparse("rec"));
    let mut items = Vec::new();
    for (i, w) in v.components().iter().enumerate() {
        let forces = (0..2).map(|j| s.component(i, j).value().staggered_derivative(j));
        let force = Expression::sum(forces.collect());
        let value = w.value() + 0.1 * (b.at(w) * force);
        items.push(Item::Update(Eq::new(w.forward(), value)));
    }
    let slope = |i: usize, j: usize| v.component(i).forward().staggered_derivative(j);
    let dilatation = slope(0, 0) + slope(1, 1);
    for (i, j) in [(0, 0), (0, 1), (1, 1)] {
        let w = s.component(i, j);
        let rate = if i == j {
            &lambda * &dilatation + 2.0 * mu.clone() * slope(i, i)
        } else {
            mu.at(w) * (slope(0, 1) + slope(1, 0))
        };
        items.push(Item::Update(Eq::new(w.forward(), w.value() + 0.1 * rate)));
        if i == j {
            let (sparse, value) = (src.clone(), src.value() * Grid::dt());
            items.push(Item::Inject { sparse, target: w.forward(), value });
        }
    }
    items.push(Item::Interpolate { sparse: rec, value: s.component(1, 1).value() });
    discretise("elastic", &grid, DType::F64, &items).expect("should discretise")
}
