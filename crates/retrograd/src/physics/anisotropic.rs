//! Pseudo-acoustic waves in transversely isotropic media.
//!
//! Two coupled pressures, after Zhang, Zhang and Zhang, Geophysics 76 (2011),
//! doi:10.1190/1.3554411:
//!
//! ```text
//! p_tt / vp^2 = (1 + 2 epsilon)    G_h p + sqrt(1 + 2 delta) G_n q
//! q_tt / vp^2 = sqrt(1 + 2 delta)  G_h p +                   G_n q
//! ```
//!
//! `G_n = div n (n . grad)` along the axis of symmetry `n`, `G_h = laplace - G_n`, both symmetric and
//! negative as they stand, so that the system is stable where `epsilon >= delta`. Differences
//! forward in `n . grad`, backward in the divergence: each is the other's negative transpose. The
//! three forward differences sit half a cell apart and are added as they are; to first order that
//! cancels in the product with the backward ones.

use retrograd_compile::symbolic::Expression;

use super::acoustic::VELOCITY;
use super::setting::{Setting, System};

const EPSILON: (&str, &str, f64) = ("1", "Thomsen's epsilon", 0.2);
const DELTA: (&str, &str, f64) = ("1", "Thomsen's delta", 0.1);
const THETA: (&str, &str, f64) = ("rad", "tilt of the axis of symmetry from the vertical", 0.5);
const PHI: (&str, &str, f64) = ("rad", "azimuth of the axis of symmetry", 0.3);

/// Pseudo-acoustic waves with a vertical axis of symmetry.
///
/// States `p`, `q`; parameters `vp`, `epsilon`, `delta`.
pub fn vti(setting: &Setting) -> System {
    let mut system = System::new("vti", setting);
    let vp = system.parameter("vp", VELOCITY);
    let (epsilon, delta) = (system.parameter("epsilon", EPSILON), system.parameter("delta", DELTA));
    let p = setting.grid.time_function("p").time_order(2).space_order(setting.space_order);
    let q = setting.grid.time_function("q").time_order(2).space_order(setting.space_order);
    let vertical = setting.dims() - 1;
    let across = (0..vertical).map(|d| system.second(&p.value(), d));
    let across = Expression::sum(across.collect());
    let along = system.second(&q.value(), vertical);
    couple(&mut system, (&vp, &epsilon, &delta), (&p, &across), (&q, &along));
    system
}

/// Pseudo-acoustic waves with a tilted axis of symmetry.
///
/// States `p`, `q`; parameters `vp`, `epsilon`, `delta`, `theta` and, in 3-D, `phi`. First
/// derivatives have half the space order. The absorbing layer stretches the Laplacian and the
/// outer differences alike.
pub fn tti(setting: &Setting) -> System {
    let mut system = System::new("tti", setting);
    let vp = system.parameter("vp", VELOCITY);
    let (epsilon, delta) = (system.parameter("epsilon", EPSILON), system.parameter("delta", DELTA));
    let theta = system.parameter("theta", THETA);
    let axis = if setting.dims() == 3 {
        let phi = system.parameter("phi", PHI);
        vec![theta.sin() * phi.cos(), theta.sin() * phi.sin(), theta.cos()]
    } else {
        vec![theta.sin(), theta.cos()]
    };
    let p = setting.grid.time_function("p").time_order(2).space_order(setting.space_order);
    let q = setting.grid.time_function("q").time_order(2).space_order(setting.space_order);
    let along_p = along_axis(&mut system, "slope_p", &p.value(), &axis);
    let across = system.laplace(&p.value()) - along_p;
    let along = along_axis(&mut system, "slope_q", &q.value(), &axis);
    couple(&mut system, (&vp, &epsilon, &delta), (&p, &across), (&q, &along));
    system
}

/// `div n (n . grad u)`; the slope along the axis is stored under a name.
fn along_axis(system: &mut System, name: &str, u: &Expression, axis: &[Expression]) -> Expression {
    let accuracy = (system.setting.space_order / 2).next_multiple_of(2).max(2);
    let difference = |system: &mut System, e: &Expression, dim, side| {
        let plain = e.derivative_at(dim, 1, accuracy, side).taken_at(u);
        match &mut system.cpml {
            None => plain,
            Some(cpml) => cpml.stretch(&plain, dim),
        }
    };
    let slopes = axis.iter().enumerate().map(|(d, n)| n * difference(system, u, d, 1));
    let slope = Expression::sum(slopes.collect());
    let slope = system.stored(name, &slope);
    let terms = axis.iter().enumerate();
    let terms = terms.map(|(d, n)| difference(system, &(n * &slope), d, -1));
    Expression::sum(terms.collect())
}

type Side<'a> = (&'a retrograd_compile::symbolic::TimeFunction, &'a Expression);

fn couple(
    system: &mut System,
    (vp, epsilon, delta): (&Expression, &Expression, &Expression),
    (p, across): Side<'_>,
    (q, along): Side<'_>,
) {
    let slowness2 = 1.0 / (vp * vp);
    let moveout = (1.0 + 2.0 * delta.clone()).sqrt();
    let horizontal = (1.0 + 2.0 * epsilon.clone()) * across + &moveout * along;
    let vertical = &moveout * across + along;
    system.evolve(&(&slowness2 * p.dt2() - horizontal), p);
    system.evolve(&(&slowness2 * q.dt2() - vertical), q);
}
