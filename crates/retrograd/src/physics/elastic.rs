//! Elastic waves as velocity and stress on staggered grids.
//!
//! Virieux, Geophysics 51 (1986), doi:10.1190/1.1442147; Levander, Geophysics 53 (1988),
//! doi:10.1190/1.1442422. Velocity first, stress from the new velocity. Densities are the mean of
//! the neighbours' at each velocity, shear moduli the harmonic mean at each shear stress (Moczo et
//! al. 2002, doi:10.1785/0120010167).

use retrograd_compile::symbolic::{Expression, TensorTimeFunction, VectorTimeFunction};

use super::acoustic::{DENSITY, VELOCITY};
use super::setting::{Setting, System};
use crate::free_surface::{Across, FreeSurface};

const SHEAR: (&str, &str, f64) = ("m/s", "velocity of shear waves", 1200.0);
const EPSILON: (&str, &str, f64) = ("1", "Thomsen's epsilon", 0.2);
const DELTA: (&str, &str, f64) = ("1", "Thomsen's delta", 0.1);
const GAMMA: (&str, &str, f64) = ("1", "Thomsen's gamma", 0.1);

/// Isotropic elastic waves,
/// `rho v_t = div s + f`, `s_t = lambda (div v) I + mu (grad v + grad v^T)`.
///
/// States `v_x`, ... and `s_xx`, `s_xz`, ...; parameters `vp`, `vs`, `rho`.
pub fn elastic(setting: &Setting) -> System {
    isotropic(System::new("elastic", setting))
}

/// [`elastic`] below a free surface at the low side of the last dimension: the first nodes lie on it.
///
/// States and parameters as those of [`elastic`]. The weights of differences beside the surface have
/// to be set before a run: [`Simulation::set_free_surface`](crate::Simulation::set_free_surface). No
/// absorbing layer on that side. Garvin's problem at 10 points per shortest Rayleigh wave: 6e-4 to 8e-4
/// off (docs/verification.md).
///
/// A force across the surface acts with its strength from the fifth row on. In the four above it
/// one-sided differences make it about 1.12, 0.76, 1.15 and 0.96 times as strong (from order 8 on): the rows
/// weigh so much in the sum of the momentum that the scheme conserves.
pub fn elastic_half_space(setting: &Setting) -> System {
    let mut system = System::new("elastic_half_space", setting);
    system.surface = Some(FreeSurface::new(&setting.grid));
    isotropic(system)
}

fn isotropic(mut system: System) -> System {
    let (vp, vs) = (system.parameter("vp", VELOCITY), system.parameter("vs", SHEAR));
    let rho = system.parameter("rho", DENSITY);
    let mu = &rho * (&vs * &vs);
    let lambda = &rho * (&vp * &vp) - 2.0 * mu.clone();
    let dims = system.setting.dims();
    let stiffness = Stiffness {
        diagonal: Box::new(|i, j| if i == j { &lambda + 2.0 * mu.clone() } else { lambda.clone() }),
        shear: Box::new(|_, _| mu.clone()),
    };
    velocity_stress(&mut system, &rho, dims, &stiffness);
    system
}

/// Elastic waves in transversely isotropic media with a vertical axis of symmetry.
///
/// As [`elastic`], with parameters `vp`, `vs` (both vertical), `rho`, `epsilon`, `delta` and, in 3-D,
/// `gamma` (Thomsen, Geophysics 51 (1986), doi:10.1190/1.1442051).
pub fn elastic_vti(setting: &Setting) -> System {
    let mut system = System::new("elastic_vti", setting);
    let (vp, vs) = (system.parameter("vp", VELOCITY), system.parameter("vs", SHEAR));
    let rho = system.parameter("rho", DENSITY);
    let (epsilon, delta) = (system.parameter("epsilon", EPSILON), system.parameter("delta", DELTA));
    let dims = setting.dims();
    let (vp2, vs2) = (&vp * &vp, &vs * &vs);
    let c33 = &rho * &vp2;
    let c44 = &rho * &vs2;
    let c11 = &c33 * (1.0 + 2.0 * epsilon);
    let apart = &vp2 - &vs2;
    let c13 = &rho * (&apart * (&apart + 2.0 * (delta * &vp2))).sqrt() - &c44;
    let c66 = match dims {
        3 => &c44 * (1.0 + 2.0 * system.parameter("gamma", GAMMA)),
        _ => c44.clone(),
    };
    let vertical = dims - 1;
    let stiffness = Stiffness {
        diagonal: Box::new(|i, j| match (i == vertical, j == vertical) {
            (true, true) => c33.clone(),
            (false, false) if i == j => c11.clone(),
            (false, false) => &c11 - 2.0 * c66.clone(),
            _ => c13.clone(),
        }),
        shear: Box::new(|i, j| if i.max(j) == vertical { c44.clone() } else { c66.clone() }),
    };
    velocity_stress(&mut system, &rho, dims, &stiffness);
    system
}

/// Moduli of an orthotropic medium along the axes of the grid.
struct Stiffness<'a> {
    /// Of strain (j, j) in stress (i, i).
    diagonal: Box<dyn Fn(usize, usize) -> Expression + 'a>,
    /// Of strain (i, j), twice, in stress (i, j).
    shear: Box<dyn Fn(usize, usize) -> Expression + 'a>,
}

fn velocity_stress(system: &mut System, rho: &Expression, dims: usize, moduli: &Stiffness<'_>) {
    let (grid, order) = (system.setting.grid.clone(), system.setting.space_order);
    let v: VectorTimeFunction = grid.vector_time_function("v").space_order(order);
    let s: TensorTimeFunction = grid.tensor_time_function("s").space_order(order);
    for i in 0..dims {
        let forces = (0..dims).map(|j| {
            let across = if i == j { Across::Pressure } else { Across::Shear };
            system.slope_below(&s.component(i, j).value(), j, across)
        });
        let force = Expression::sum(forces.collect());
        let component = v.component(i);
        system.evolve(&(component.dt() - 1.0 / rho.at(component) * force), component);
    }
    let stretches = stretches(system, &v, moduli);
    for i in 0..dims {
        let terms = (0..dims).map(|j| (moduli.diagonal)(i, j) * &stretches[j]);
        let rate = Expression::sum(terms.collect());
        system.evolve(&(s.component(i, i).dt() - rate), s.component(i, i));
    }
    for (i, j) in (0..dims).flat_map(|i| (i + 1..dims).map(move |j| (i, j))) {
        let component = s.component(i, j);
        let rate = system.slope(&v.component(j).forward(), i)
            + system.slope_below(&v.component(i).forward(), j, Across::Tangential);
        let modulus = (moduli.shear)(i, j).harmonic_at(component);
        system.evolve(&(component.dt() - modulus * rate), component);
    }
}

/// The strain along each dimension, per second. On a free surface the one across it is what leaves
/// no stress across it.
fn stretches(
    system: &mut System,
    v: &VectorTimeFunction,
    moduli: &Stiffness<'_>,
) -> Vec<Expression> {
    let last = system.setting.dims() - 1;
    let slopes =
        (0..=last).map(|j| system.slope_below(&v.component(j).forward(), j, Across::Normal));
    let mut slopes: Vec<Expression> = slopes.collect();
    if let Some(surface) = &mut system.surface {
        let along = (0..last).map(|j| (moduli.diagonal)(last, j) * &slopes[j]);
        let along = Expression::sum(along.collect());
        let across = 1.0 / (moduli.diagonal)(last, last) * along;
        slopes[last] = &slopes[last] - surface.indicator() * across;
    }
    slopes
}

/// Shear waves polarised across a plane, `rho v_t = div s + f`, `s_t = rho vs^2 grad v`.
///
/// States `v`, `s_x`, `s_z`; parameters `vs`, `rho`. Waves of this kind exist by themselves in a plane
/// only: in 3-D they are part of [`elastic`].
pub fn sh(setting: &Setting) -> System {
    let mut system = System::new("sh", setting);
    let (vs, rho) = (system.parameter("vs", SHEAR), system.parameter("rho", DENSITY));
    let mu = &rho * (&vs * &vs);
    let v = setting.grid.time_function("v").space_order(setting.space_order);
    let s = setting.grid.vector_time_function("s").space_order(setting.space_order);
    let forces = s.components().iter().enumerate().map(|(d, c)| system.slope(&c.value(), d));
    let force = Expression::sum(forces.collect());
    system.evolve(&(v.dt() - 1.0 / rho.clone() * force), &v);
    for (d, component) in s.components().iter().enumerate() {
        let rate = mu.harmonic_at(component) * system.slope(&v.forward(), d);
        system.evolve(&(component.dt() - rate), component);
    }
    system
}
