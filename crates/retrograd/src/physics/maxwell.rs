//! Electromagnetic waves.

use retrograd_compile::symbolic::Expression;

use super::setting::{Setting, System};

/// Permittivity of the vacuum, in F/m (CODATA 2018).
pub const VACUUM_PERMITTIVITY: f64 = 8.854_187_812_8e-12;
/// Permeability of the vacuum, in H/m (CODATA 2018).
pub const VACUUM_PERMEABILITY: f64 = 1.256_637_062_12e-6;

const PERMITTIVITY: (&str, &str, f64) = ("1", "relative permittivity", 9.0);
const CONDUCTIVITY: (&str, &str, f64) = ("S/m", "conductivity", 1e-3);

/// Transverse magnetic waves in a plane, for ground-penetrating radar:
/// `mu0 h_t = grad e` (turned by a right angle), `eps e_t + sigma e = curl h - j`.
///
/// With `g = (h_z, -h_x)`: `mu0 g_t = -grad e`, `eps e_t + sigma e = -div g - j`. States `g_x`, `g_z`
/// (A/m), `e` (V/m, across the plane); parameters `eps_r`, `sigma`. The conduction current is taken in
/// the middle of the step. Yee, IEEE Trans. Antennas Propag. 14 (1966),
/// doi:10.1109/TAP.1966.1138693.
pub fn maxwell_tm(setting: &Setting) -> System {
    let mut system = System::new("maxwell_tm", setting);
    let permittivity = VACUUM_PERMITTIVITY * system.parameter("eps_r", PERMITTIVITY);
    let sigma = system.parameter("sigma", CONDUCTIVITY);
    let g = setting.grid.vector_time_function("g").space_order(setting.space_order);
    let e = setting.grid.time_function("e").space_order(setting.space_order);
    for (d, component) in g.components().iter().enumerate() {
        let slope = system.slope(&e.value(), d);
        system.evolve(&(component.dt() + slope / VACUUM_PERMEABILITY), component);
    }
    let terms = g.components().iter().enumerate().map(|(d, c)| system.slope(&c.forward(), d));
    let divergence = Expression::sum(terms.collect());
    let conducted = sigma * (0.5 * (e.forward() + e.value()));
    system.evolve(&(permittivity * e.dt() + conducted + divergence), &e);
    system
}
