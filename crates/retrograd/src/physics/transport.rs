//! Heat, advection and diffusion, Burgers' equation: explicit in time.

use retrograd_compile::symbolic::{Expression, TimeFunction};

use super::setting::{Setting, System};

const DIFFUSIVITY: (&str, &str, f64) = ("m2/s", "diffusivity", 1.0);
const SPEED: (&str, &str, f64) = ("m/s", "velocity of the flow", 1.0);
const VISCOSITY: (&str, &str, f64) = ("m2/s", "kinematic viscosity", 1.0);

/// `div (kappa grad u)`, `kappa` the mean of its neighbours' half a cell beside the nodes.
fn diffusion(system: &mut System, u: &TimeFunction, kappa: &Expression) -> Expression {
    let terms = (0..system.setting.dims()).map(|d| {
        let slope = system.slope(&u.value(), d);
        let flux = kappa.at(&slope) * &slope;
        system.slope(&flux, d)
    });
    Expression::sum(terms.collect())
}

/// Heat, `u_t = div (kappa grad u) + f`, by explicit Euler steps: stable up to
/// `dt = h^2 / (2 dims kappa)` at order 2.
///
/// State `u`, parameter `kappa`.
pub fn heat(setting: &Setting) -> System {
    let mut system = System::new("heat", setting);
    let kappa = system.parameter("kappa", DIFFUSIVITY);
    let u = setting.grid.time_function("u").space_order(setting.space_order);
    let gained = diffusion(&mut system, &u, &kappa);
    system.evolve(&(u.dt() - gained), &u);
    system
}

/// A substance that is carried and spreads, `c_t + div (a c) = div (kappa grad c) + f`.
///
/// State `c`; parameters `kappa` and the velocity `a_x`, ... on the nodes. Conservative central
/// differences: stable up to `dt = min(2 kappa / |a|^2, h^2 / (2 dims kappa))` at order 2; without
/// oscillations where `|a| h < 2 kappa`.
pub fn advection_diffusion(setting: &Setting) -> System {
    let mut system = System::new("advection_diffusion", setting);
    let kappa = system.parameter("kappa", DIFFUSIVITY);
    let names: Vec<String> =
        setting.grid.dimension_names().iter().map(|d| format!("a_{d}")).collect();
    let speeds: Vec<Expression> = names.iter().map(|n| system.parameter(n, SPEED)).collect();
    let c = setting.grid.time_function("c").space_order(setting.space_order);
    let carried = speeds.iter().enumerate().map(|(d, a)| {
        let flux = (a * c.value()).mean(d);
        system.slope(&flux, d)
    });
    let carried = Expression::sum(carried.collect());
    let gained = diffusion(&mut system, &c, &kappa);
    system.evolve(&(c.dt() + carried - gained), &c);
    system
}

/// Burgers' equation, `u_t + (u . grad) u = nu laplace u + f`, non-linear in the state.
///
/// States `u_x`, ..., all on the nodes; parameter `nu`. Central differences: without oscillations
/// where `|u| h < 2 nu`.
pub fn burgers(setting: &Setting) -> System {
    let mut system = System::new("burgers", setting);
    let nu = system.parameter("nu", VISCOSITY);
    let (grid, order) = (&setting.grid, setting.space_order);
    let names = grid.dimension_names().iter();
    let u: Vec<TimeFunction> =
        names.map(|d| grid.time_function(&format!("u_{d}")).space_order(order)).collect();
    for component in &u {
        let carried = u.iter().enumerate().map(|(d, by)| by.value() * component.derivative(d, 1));
        let carried = Expression::sum(carried.collect());
        let laplace = system.laplace(&component.value());
        system.evolve(&(component.dt() + carried - &nu * laplace), component);
    }
    system
}
