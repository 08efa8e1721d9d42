//! The absorbing layer: a sponge of damping around the model.

/// Damping of a sponge, in s/m^2, on the padded grid in row-major order.
///
/// `widths` are the nodes per side that lie outside the model. The profile rises smoothly from 0
/// at the model's edge, `d(x) = d0 (x - sin(2 pi x) / (2 pi))` with `x` from 0 to 1 across the
/// layer; a wave of velocity `v_m_s` that runs through it and back keeps the amplitude
/// `reflection` (its rate of decay along a path is `d v / 2`). Slower waves keep more, and long
/// waves are reflected by the rise itself: the wider the layer, the less.
pub fn sponge(
    shape: &[usize],
    widths: &[[usize; 2]],
    spacing_m: &[f64],
    v_m_s: f64,
    reflection: f64,
) -> Vec<f64> {
    let profiles: Vec<Vec<f64>> = shape
        .iter()
        .zip(widths)
        .zip(spacing_m)
        .map(|((&n, &[low, high]), &h)| {
            (0..n)
                .map(|k| {
                    let from_low = low.saturating_sub(k);
                    let from_high = (k + 1 + high).saturating_sub(n);
                    side(from_low, low, h, v_m_s, reflection)
                        + side(from_high, high, h, v_m_s, reflection)
                })
                .collect()
        })
        .collect();
    let mut values = vec![0.0; shape.iter().product()];
    for (at, value) in values.iter_mut().enumerate() {
        let mut rest = at;
        for (profile, &n) in profiles.iter().zip(shape).rev() {
            *value += profile[rest % n];
            rest /= n;
        }
    }
    values
}

/// Damping `depth` nodes into a layer of `width` nodes.
fn side(depth: usize, width: usize, h_m: f64, v_m_s: f64, reflection: f64) -> f64 {
    if depth == 0 || width == 0 {
        return 0.0;
    }
    let x = depth as f64 / width as f64;
    // The profile has the mean 1/2: there and back, exp(-v d0 W / 2) = reflection.
    let strongest = 2.0 * (1.0 / reflection).ln() / (v_m_s * width as f64 * h_m);
    let turn = 2.0 * std::f64::consts::PI;
    strongest * (x - (turn * x).sin() / turn)
}

/// Nodes per side that a sponge needs for waves of frequency `f_hz` and velocity `v_m_s`: one
/// wavelength, at least 20 nodes.
pub fn proposed_width(f_hz: f64, v_m_s: f64, h_m: f64) -> usize {
    ((v_m_s / f_hz / h_m).ceil() as usize).max(20)
}
