//! Convolutional perfectly matched layers for any equation.
//!
//! In a layer along dimension d, derivatives along d are taken in a stretched coordinate:
//! `d/dx -> d/dx + psi`, with a memory variable per derivative that is advanced once per step,
//!
//! ```text
//! psi[t+1] = b psi[t] + a d/dx f,     b = exp(-(d(x) + alpha(x)) dt),     a = d / (d + alpha) (b - 1)
//! d(x) = -(p + 1) c ln(R) / (2 L) (x/L)^p,     alpha(x) = pi f (1 - x/L)
//! ```
//!
//! (`L` the width of the layer, `x` the depth in it, `c` the fastest wave, `f` the frequency, `R` the
//! reflection at normal incidence in theory). Memory lives in its layer alone: it is neither
//! computed nor read elsewhere, and the adjoint has it in the same place. Cost: three streams and
//! four operations more per point of a layer and derivative.
//!
//! Komatitsch and Martin, Geophysics 72 (2007), doi:10.1190/1.2757586; for equations of second
//! order Pasalic and `McGarry`, SEG 2010, doi:10.1190/1.3513453.

use retrograd_compile::symbolic::{Eq, Expression, Function, Grid};

/// Power of the growth of the damping with depth. Measured with layers of 10 and of 20 points, see
/// docs/verification.md: at 2 the onset of the layer reflects a hundred times more than at 3, at 4
/// damping grows too steeply for layers of 10 points.
const POWER: f64 = 3.0;

/// Collects the memory variables of a perfectly matched layer while equations are written.
#[derive(Clone, Debug)]
pub struct Cpml {
    grid: Grid,
    name: String,
    updates: Vec<Eq>,
    memories: usize,
    profiles: Vec<Profile>,
}

/// `a` and `b` along one dimension, on the nodes or half a cell further.
#[derive(Clone, PartialEq, Debug)]
struct Profile {
    dim: usize,
    half: bool,
    a: Function,
    b: Function,
}

/// What a layer is tuned to.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct CpmlTuning {
    /// The fastest wave, in m/s.
    pub velocity_m_s: f64,
    /// Dominant frequency, in Hz: below it a layer with no `alpha` reflects at grazing incidence.
    pub frequency_hz: f64,
    /// Reflection at normal incidence that the damping is laid out for, such as 1e-8. Of a wave that
    /// meets the layer at the angle `a` the power `cos(a)` of it comes back, so that what is little
    /// at normal incidence is needed at grazing; still less is lost again to the discretisation.
    pub reflection: f64,
}

impl CpmlTuning {
    /// For waves of this velocity and dominant frequency, at a reflection of 1e-8.
    pub fn new(velocity_m_s: f64, frequency_hz: f64) -> Self {
        Self { velocity_m_s, frequency_hz, reflection: 1e-8 }
    }
}

impl Cpml {
    /// A layer around `grid`; `name` begins the names of its functions.
    pub fn new(grid: &Grid, name: &str) -> Self {
        Self {
            grid: grid.clone(),
            name: name.into(),
            updates: Vec::new(),
            memories: 0,
            profiles: Vec::new(),
        }
    }

    /// A first derivative along dimension number `dim`, in the stretched coordinate.
    ///
    /// Adds a memory variable, whose update has to come before the one that uses the result: see
    /// [`take_updates`](Self::take_updates).
    #[must_use]
    pub fn stretch(&mut self, derivative: &Expression, dim: usize) -> Expression {
        derivative + self.memory(derivative, dim)
    }

    /// The second derivative along dimension number `dim` in the stretched coordinate, of what sits
    /// on the nodes along it: `d2/dx2 u + d/dx psi + zeta`, `zeta` being the memory of `d/dx (d/dx u +
    /// psi)`.
    ///
    /// First derivatives are two orders less accurate than the second one. Where waves are damped away
    /// in the layer, what is left of the equation is the second difference less the first one taken
    /// twice; that has to be stiff, not the opposite, or a wave that is short against the spacing
    /// grows there: `K_2(k)^2 >= K_1(k)^2` for all wave numbers `k`, which holds for these two orders
    /// and not for first derivatives of the same order.
    #[must_use]
    pub fn stretch_second(&mut self, u: &Expression, dim: usize) -> Expression {
        let second = u.derivative(dim, 2, u.space_order());
        let order = u.space_order().saturating_sub(2).max(2);
        let psi = self.memory(&u.derivative_at(dim, 1, order, 1), dim);
        let slope = u.derivative_at(dim, 1, order, 1) + &psi;
        let zeta = self.memory(&slope.derivative_at(dim, 1, order, -1), dim);
        second + psi.derivative_at(dim, 1, order, -1) + zeta
    }

    /// The updates of the memory variables that came up since the last call.
    pub fn take_updates(&mut self) -> Vec<Eq> {
        std::mem::take(&mut self.updates)
    }

    /// The new level of the memory of a derivative.
    fn memory(&mut self, derivative: &Expression, dim: usize) -> Expression {
        let name = format!("{}_{}", self.name, self.memories);
        self.memories += 1;
        let mut psi = self.grid.time_function(&name).space_order(derivative.space_order());
        for d in 0..self.grid.shape().len() {
            if derivative.half_cells(d) > 0 {
                psi = psi.staggered(d);
            }
        }
        let psi = psi.in_layer(dim);
        let Profile { a, b, .. } = self.profile(dim, derivative.half_cells(dim) > 0);
        let value = &b * psi.value() + &a * derivative.clone();
        self.updates.push(Eq::new(psi.forward(), value));
        psi.forward()
    }

    fn profile(&mut self, dim: usize, half: bool) -> Profile {
        if let Some(known) = self.profiles.iter().find(|p| (p.dim, p.half) == (dim, half)) {
            return known.clone();
        }
        let place = if half { "_half" } else { "" };
        let along = self.grid.dimension_names()[dim];
        let function = |letter: &str| {
            let name = format!("{}_{letter}_{along}{place}", self.name);
            let function = self.grid.profile(&name, dim);
            if half { function.staggered(dim) } else { function }
        };
        let profile = Profile { dim, half, a: function("a"), b: function("b") };
        self.profiles.push(profile.clone());
        profile
    }

    /// The values of its profiles on a grid of `extents` points with these spacings, in metres, and
    /// layers of `widths` points per side, at a time step of `dt_s` seconds: functions of one
    /// dimension, to be set before a run.
    pub fn values(
        &self,
        (extents, spacing_m): (&[usize], &[f64]),
        widths: &[[usize; 2]],
        tuning: &CpmlTuning,
        dt_s: f64,
    ) -> Vec<(Function, Vec<f64>)> {
        let mut result = Vec::with_capacity(2 * self.profiles.len());
        for Profile { dim, half, a, b } in &self.profiles {
            let (n, h) = (extents[*dim], spacing_m[*dim]);
            let shift = if *half { 0.5 } else { 0.0 };
            let pairs = (0..n).map(|i| {
                let [low, high] = widths[*dim];
                let x = i as f64 + shift;
                let (depth, width) = if x < low as f64 {
                    (low as f64 - x, low)
                } else {
                    (x - (n - 1) as f64 + high as f64, high)
                };
                coefficients(depth.max(0.0) * h, width as f64 * h, tuning, dt_s)
            });
            let (of_a, of_b): (Vec<f64>, Vec<f64>) = pairs.unzip();
            result.push((a.clone(), of_a));
            result.push((b.clone(), of_b));
        }
        result
    }
}

/// `a` and `b` at a depth in a layer, in metres.
fn coefficients(depth_m: f64, width_m: f64, tuning: &CpmlTuning, dt_s: f64) -> (f64, f64) {
    if depth_m <= 0.0 || width_m <= 0.0 {
        return (0.0, 0.0);
    }
    let x = (depth_m / width_m).min(1.0);
    let most = -(POWER + 1.0) * tuning.velocity_m_s * tuning.reflection.ln() / (2.0 * width_m);
    let d = most * x.powf(POWER);
    let alpha = std::f64::consts::PI * tuning.frequency_hz * (1.0 - x);
    let b = (-(d + alpha) * dt_s).exp();
    let a = if d > 0.0 { d / (d + alpha) * (b - 1.0) } else { 0.0 };
    (a, b)
}
