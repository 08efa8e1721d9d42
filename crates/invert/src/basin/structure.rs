//! Surfaces, folds, and the two bodies that are not layers. Lengths are fractions of the width
//! (`x`) and depth (`z`) of the section.

use super::draw::{Curve, Draw, bell};
use super::faults::Fault;

/// Sea floor, unconformity, and the folding of what lies below it.
#[derive(Clone, Debug)]
pub(super) struct Relief {
    floor: f64,
    floor_slope: f64,
    floor_waves: Curve,
    base: f64,
    base_slope: f64,
    base_waves: Curve,
    channels: Vec<Channel>,
    tilt: f64,
    folds: Curve,
}

/// A valley cut into the unconformity, filled by the young layers.
#[derive(Clone, Debug)]
struct Channel {
    x: f64,
    half_width: f64,
    depth: f64,
}

impl Relief {
    pub(super) fn draw(draw: &mut Draw) -> Self {
        let slope = draw.sign();
        let mut channels: Vec<Channel> = Vec::new();
        for _ in 0..draw.count(1, 3) {
            channels.push(Channel {
                x: draw.within(0.08, 0.92),
                half_width: draw.within(0.018, 0.035),
                depth: draw.within(0.025, 0.05),
            });
        }
        Self {
            floor: draw.within(0.105, 0.125),
            floor_slope: slope * draw.within(0.008, 0.02),
            floor_waves: Curve::draw(draw, 0.011, 0.8, 4),
            base: draw.within(0.33, 0.38),
            base_slope: slope * draw.within(0.02, 0.05),
            base_waves: Curve::draw(draw, 0.03, 0.9, 3),
            channels,
            tilt: -slope * draw.within(0.1, 0.2),
            folds: Curve::draw(draw, 0.075, 0.75, 2),
        }
    }

    pub(super) fn sea_floor(&self, x: f64) -> f64 {
        self.floor + self.floor_slope * (x - 0.5) + self.floor_waves.at(x)
    }

    pub(super) fn unconformity(&self, x: f64) -> f64 {
        let cut = |c: &Channel| c.depth * bell((x - c.x) / c.half_width);
        let cuts = self.channels.iter().map(cut).fold(0.0, f64::max);
        self.base + self.base_slope * (x - 0.5) + self.base_waves.at(x) + cuts
    }

    /// The level (depth before folding and tilting) of the unfaulted point.
    pub(super) fn unfold(&self, x: f64, z: f64) -> f64 {
        z - self.tilt * (x - 0.5) - self.folds.at(x) * (0.5 + 0.5 * z)
    }
}

/// The body of high velocity.
#[derive(Clone, Debug)]
pub(super) struct Body {
    kind: Kind,
    x: f64,
    /// Depth of its widest part.
    z: f64,
    half_width: f64,
    half_height: f64,
    /// Shift to the side per height, both in half extents.
    lean: f64,
    /// Bumps of the outline along and down, in half extents.
    outline: [Curve; 2],
    velocity_m_s: f64,
    uplift: f64,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    /// A dome on a stem from below, which has dragged the layers up.
    Salt,
    /// A mound on a flat base, in its place since it grew.
    Carbonate,
}

impl Body {
    pub(super) fn draw(draw: &mut Draw, faults: &[Fault]) -> Self {
        let kind = if draw.within(0.0, 1.0) < 0.6 { Kind::Salt } else { Kind::Carbonate };
        // Of a few places, the one farthest from the faults: they stay visible.
        let places: Vec<f64> = (0..6).map(|_| draw.within(0.2, 0.8)).collect();
        let clearance = |x: f64| {
            faults.iter().map(|f| (f.surface(0.65) - x).abs()).fold(f64::INFINITY, f64::min)
        };
        let x = places.into_iter().max_by(|a, b| clearance(*a).total_cmp(&clearance(*b)));
        let (half_width, half_height, uplift) = match kind {
            Kind::Salt => (draw.within(0.095, 0.12), draw.within(0.15, 0.18), 0.1),
            Kind::Carbonate => (draw.within(0.13, 0.16), draw.within(0.14, 0.17), 0.02),
        };
        Self {
            kind,
            x: x.unwrap_or(0.5),
            z: draw.within(0.64, 0.7),
            half_width,
            half_height,
            lean: draw.within(-0.35, 0.35),
            outline: [Curve::draw(draw, 0.2, 1.5, 3), Curve::draw(draw, 0.2, 1.5, 3)],
            velocity_m_s: draw.within(3950.0, 4250.0),
            uplift,
        }
    }

    /// Velocity in m/s where the body is, which rises slowly with depth.
    pub(super) fn velocity(&self, x: f64, z: f64, floor: f64) -> Option<f64> {
        let (dx, dz) = ((x - self.x) / self.half_width, (z - self.z) / self.half_height);
        let [along, down] = &self.outline;
        let wobble = 1.0 + along.at(dx) + down.at(dz);
        let inside = match self.kind {
            // A leaning bulb, flatter below than above, on a stem that widens downwards.
            Kind::Salt => {
                let across = dx + self.lean * dz;
                let height = if dz > 0.0 { 1.15 * dz } else { dz };
                let bulb = across.abs().powf(2.2) + height.abs().powf(1.9) < wobble;
                let stem = dz > 0.0 && across.abs() < (0.38 + 0.14 * (dz - 0.9).powi(2)) * wobble;
                bulb || stem
            }
            Kind::Carbonate => {
                let top = -1.25 * (1.0 - dx.abs().powf(2.2)).max(0.0).sqrt() * wobble;
                dx.abs() < 1.0 && dz > top + 0.3 && dz < 0.42 + 0.1 * dx
            }
        };
        inside.then(|| self.velocity_m_s + 150.0 * (z - floor) / (1.0 - floor))
    }

    /// How far the layers at the point have been lifted.
    pub(super) fn uplift(&self, x: f64, z: f64) -> f64 {
        let (dx, dz) = ((x - self.x) / self.half_width, (z - self.z) / self.half_height);
        self.uplift * bell(dx / 1.6) * bell((dz + 0.6).min(0.0) / 2.2)
    }

    /// Horizontal distance from the middle of the body, in half widths.
    pub(super) fn half_widths_away(&self, x: f64) -> f64 {
        ((x - self.x) / self.half_width).abs()
    }
}

/// A lens of gas: its base, the contact with water, is flat; its top is a trap.
#[derive(Clone, Debug)]
pub(super) struct Gas {
    x: f64,
    contact: f64,
    half_width: f64,
    height: f64,
    factor: f64,
}

impl Gas {
    pub(super) fn draw(draw: &mut Draw, relief: &Relief, body: &Body) -> Self {
        let places: Vec<f64> = (0..6).map(|_| draw.within(0.15, 0.85)).collect();
        // Where the trap is highest, not right above the body, which would hide it.
        let score = |x: f64| {
            let crowded = (1.6 - body.half_widths_away(x)).max(0.0);
            relief.unconformity(x) + crowded
        };
        let x = places.into_iter().min_by(|a, b| score(*a).total_cmp(&score(*b))).unwrap_or(0.3);
        Self {
            x,
            contact: relief.unconformity(x) + draw.within(0.075, 0.1),
            half_width: draw.within(0.055, 0.08),
            height: draw.within(0.05, 0.065),
            factor: draw.within(0.76, 0.8),
        }
    }

    /// What the gas multiplies the velocity by: 1 outside.
    pub(super) fn factor(&self, x: f64, z: f64) -> f64 {
        let dx = (x - self.x) / self.half_width;
        let top = self.contact - self.height * (1.0 - dx * dx);
        if dx.abs() < 1.0 && z > top && z < self.contact { self.factor } else { 1.0 }
    }
}
