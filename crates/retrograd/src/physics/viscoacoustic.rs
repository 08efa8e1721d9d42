//! Acoustic waves with attenuation.

use retrograd_compile::symbolic::{Expression, Grid};

use super::acoustic::{DENSITY, VELOCITY};
use super::setting::{Setting, System};

const QUALITY: (&str, &str, f64) = ("1", "quality factor at the reference frequency", 50.0);

/// Pressure, velocity and one memory variable: a standard linear solid.
///
/// ```text
/// rho v_t = grad p,     p_t = M (1 + tau) div v + r,     tau_s r_t = -(r + M tau div v)
/// ```
///
/// (`p` is the negative pressure.) States `v_x`, ..., `p`, `r`; parameters `vp` (phase velocity at the
/// reference frequency), `rho`, `q` (quality factor there); run-time scalar `f_ref`, in Hz. The
/// relaxation times are those at which attenuation is strongest at `f_ref`:
/// `tau_s = (s - 1/q) / w`, `tau_e = (s + 1/q) / w`, `s^2 = 1 + 1/q^2`, `w = 2 pi f_ref`, and `M` is
/// the relaxed modulus. Memory is taken in the middle of the step (Crank-Nicolson). Blanch,
/// Robertsson and Symes, Geophysics 60 (1995), doi:10.1190/1.1443744.
pub fn viscoacoustic(setting: &Setting) -> System {
    let mut system = System::new("viscoacoustic", setting);
    let (vp, rho) = (system.parameter("vp", VELOCITY), system.parameter("rho", DENSITY));
    let quality = system.parameter("q", QUALITY);
    let grid = &setting.grid;
    let order = setting.space_order;
    let v = grid.vector_time_function("v").space_order(order);
    let (p, r) = (grid.time_function("p").space_order(order), grid.time_function("r"));
    let omega = 2.0 * std::f64::consts::PI * Expression::param("f_ref");
    let loss = 1.0 / quality;
    let s = (1.0 + &loss * &loss).sqrt();
    let stress_time = (&s - &loss) / &omega;
    // tau_e / tau_s, and omega tau_e.
    let (ratio, a) = ((&s + &loss) / (&s - &loss), &s + &loss);
    // Re of 1 / sqrt(M(omega) / M): |M(omega) / M| = a, its angle atan(1/q).
    let cosine2 = 0.5 * (1.0 + 1.0 / s.clone());
    let modulus = &rho * (&vp * &vp) * cosine2 / a;
    for (d, component) in v.components().iter().enumerate() {
        let slope = system.slope(&p.value(), d);
        let force = slope / rho.at(component);
        system.evolve(&(component.dt() - force), component);
    }
    let strain = v.components().iter().enumerate().map(|(d, c)| system.slope(&c.forward(), d));
    let strain = Expression::sum(strain.collect());
    let tau = ratio.clone() - 1.0;
    let middle = 0.5 * (r.forward() + r.value());
    let relaxation = (&middle + &modulus * (&tau * &strain)) / &stress_time;
    system.evolve(&(r.dt() + relaxation), &r);
    let rate = &modulus * (&ratio * &strain) + middle;
    system.evolve(&(p.forward() - p.value() - Grid::dt() * rate), &p);
    system
}
