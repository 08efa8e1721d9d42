//! Normal faults: where a point of the faulted section was before.
//!
//! The hanging wall has moved down along a surface that flattens with depth (listric). The throw
//! is largest in the middle of the fault and dies out upwards (younger layers saw less of the
//! movement) and downwards; it decays away from the fault, which rolls the hanging wall over
//! towards it; the footwall has risen a little.

use super::draw::{Draw, bell};

#[derive(Clone, Debug)]
pub(super) struct Fault {
    /// Position at the depth of the largest throw, fractions of the width.
    pub(super) x: f64,
    /// Depth of the largest throw, fraction of the depth of the section.
    z: f64,
    /// `1` if it dips to larger `x`, `-1` if to smaller.
    pub(super) dips_to: f64,
    /// Horizontal run per unit of depth, both in fractions: `cot(dip) * depth / width`.
    run: f64,
    /// Throw at its largest, fraction of the depth.
    throw: f64,
    /// Half height of the part that moved, fraction of the depth.
    half_height: f64,
    /// Distance over which the hanging wall forgets the fault, fraction of the width.
    reach: f64,
}

pub(super) fn draw(draw: &mut Draw) -> Vec<Fault> {
    let count = draw.count(3, 5);
    let main = draw.sign();
    (0..count)
        .map(|k| {
            // One fault per stretch of the section: they may meet, but do not coincide.
            let stretch = 0.84 / count as f64;
            let x = 0.08 + (k as f64 + draw.within(0.2, 0.8)) * stretch;
            // Every third or so dips against the others, which makes horsts and grabens.
            let dips_to = if draw.within(0.0, 1.0) < 0.35 { -main } else { main };
            Fault {
                x,
                z: draw.within(0.48, 0.62),
                dips_to,
                run: draw.within(0.14, 0.23), // dips of 56 to 67 degrees at 3 : 1
                throw: draw.within(0.06, 0.115),
                half_height: draw.within(0.34, 0.5),
                reach: draw.within(0.12, 0.24),
            }
        })
        .collect()
}

/// The depth at which the rock at `(x, z)` lay before the faults moved.
pub(super) fn restore(faults: &[Fault], x: f64, z: f64) -> f64 {
    // The last fault moved last, so it is undone first.
    faults.iter().rev().fold(z, |z, fault| z - fault.drop(x, z))
}

impl Fault {
    /// Position of the fault surface at depth `z`.
    pub(super) fn surface(&self, z: f64) -> f64 {
        let below = z - self.z;
        self.x + self.dips_to * (self.run * below + 0.16 * below * below.abs())
    }

    /// How far the rock now at `(x, z)` has moved down.
    fn drop(&self, x: f64, z: f64) -> f64 {
        let ahead = self.dips_to * (x - self.surface(z));
        let vertical = bell((z - self.z) / self.half_height);
        let horizontal = if ahead > 0.0 {
            (-ahead / self.reach).exp()
        } else {
            -0.25 * (ahead / (0.6 * self.reach)).exp()
        };
        self.throw * vertical * horizontal
    }
}
