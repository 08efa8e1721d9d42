//! Acoustic waves.

use retrograd_compile::symbolic::Expression;

use super::setting::{Setting, System};

pub(super) const VELOCITY: (&str, &str, f64) = ("m/s", "velocity of pressure waves", 2000.0);
pub(super) const DENSITY: (&str, &str, f64) = ("kg/m3", "density", 2000.0);

/// Pressure waves at constant density, `p_tt / vp^2 = laplace p + f`.
///
/// State `p`, parameter `vp`. Self-adjoint up to the factor `vp^2`; a source `f` enters by
/// `dt^2 vp^2 f`. Per point and step: one read of three streams, one write; `6 so + 5` operations in
/// 3-D at space order `so`. At the sides `p = 0` without a layer.
pub fn acoustic(setting: &Setting) -> System {
    let mut system = System::new("acoustic", setting);
    let vp = system.parameter("vp", VELOCITY);
    let p = setting.grid.time_function("p").time_order(2).space_order(setting.space_order);
    let laplace = system.laplace(&p.value());
    system.evolve(&(p.dt2() / (&vp * &vp) - laplace), &p);
    system
}

/// Pressure waves with variable density, `p_tt / (rho vp^2) = div (grad p / rho) + f`.
///
/// State `p`, parameters `vp`, `rho`. The density is the mean of its neighbours half a cell
/// beside the nodes, so that the operator is symmetric. The fluxes `grad p / rho` are stored: a first
/// difference of them takes `so` reads, one of their definition `so^2`.
pub fn variable_density(setting: &Setting) -> System {
    let mut system = System::new("variable_density", setting);
    let (vp, rho) = (system.parameter("vp", VELOCITY), system.parameter("rho", DENSITY));
    let p = setting.grid.time_function("p").time_order(2).space_order(setting.space_order);
    let along = setting.grid.dimension_names().to_vec();
    let terms = (0..setting.dims()).map(|d| {
        let slope = system.slope(&p.value(), d);
        let flux = 1.0 / rho.at(&slope) * &slope;
        let flux = system.stored(&format!("flux_{}", along[d]), &flux);
        system.slope(&flux, d)
    });
    let divergence = Expression::sum(terms.collect());
    system.evolve(&(p.dt2() / (&rho * (&vp * &vp)) - divergence), &p);
    system
}
