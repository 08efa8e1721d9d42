//! Stacks of layers, their velocity contrasts, and the compaction trend.

use super::draw::{Curve, Draw};

/// Velocity in m/s of a sediment without contrast, by depth below the sea floor.
#[derive(Clone, Debug)]
pub(super) struct Trend {
    /// At the sea floor.
    top: f64,
    /// Rise over the depth of the section.
    rise: f64,
    /// Jump at the unconformity: the old section was buried deeper once.
    jump: f64,
}

impl Trend {
    pub(super) fn draw(draw: &mut Draw) -> Self {
        Self {
            top: draw.within(1680.0, 1760.0),
            rise: draw.within(1750.0, 2000.0),
            jump: draw.within(120.0, 200.0),
        }
    }

    /// Above the unconformity; compaction is fastest at first, hence the square root.
    pub(super) fn young(&self, depth: f64) -> f64 {
        let depth = depth.max(0.0);
        self.top + self.rise * (0.72 * depth + 0.28 * depth.sqrt())
    }

    /// Below the unconformity.
    pub(super) fn old(&self, depth: f64) -> f64 {
        self.young(depth) + self.jump
    }
}

/// Layers numbered by level, a coordinate that is constant on what was once a flat sea floor.
#[derive(Clone, Debug)]
pub(super) struct Stack {
    layers: Vec<Layer>,
    /// Cycles of thin beds per unit of level and their relative amplitude.
    beds: Vec<(f64, f64, f64)>,
}

#[derive(Clone, Debug)]
struct Layer {
    /// Level of its base.
    base: f64,
    /// How the base wanders along the section: lateral changes of thickness.
    wander: Curve,
    /// Velocity relative to the trend, minus 1.
    contrast: f64,
    /// Lateral change of facies, added to the contrast.
    facies: Curve,
}

/// How a stack is drawn.
struct Recipe {
    layers: usize,
    /// Level of the top and base of the stack.
    span: [f64; 2],
    contrast: [f64; 2],
    /// Amplitude of the lateral changes of facies.
    facies: f64,
    /// Thickness of a pair of thin beds, in levels.
    bed: f64,
}

impl Stack {
    /// Levels 0 (sea floor) to 1 (unconformity).
    pub(super) fn young(draw: &mut Draw) -> Self {
        let layers = draw.count(5, 7);
        let span = [0.0, 1.0];
        Self::draw(draw, &Recipe { layers, span, contrast: [0.02, 0.07], facies: 0.015, bed: 0.1 })
    }

    /// Levels are depths before folding and faulting, fractions of the depth of the section.
    pub(super) fn old(draw: &mut Draw) -> Self {
        let layers = draw.count(15, 19);
        let span = [-0.05, 1.25];
        Self::draw(
            draw,
            &Recipe { layers, span, contrast: [0.065, 0.125], facies: 0.02, bed: 0.024 },
        )
    }

    fn draw(draw: &mut Draw, recipe: &Recipe) -> Self {
        let [top, bottom] = recipe.span;
        let shares: Vec<f64> = (0..recipe.layers).map(|_| draw.within(0.6, 1.6)).collect();
        let scale = (bottom - top) / shares.iter().sum::<f64>();
        let mut base = top;
        let mut sign = draw.sign();
        let layers = shares.iter().map(|share| {
            let thickness = share * scale;
            base += thickness;
            // Sand follows shale, but now and then two alike make a thick unit.
            if draw.within(0.0, 1.0) < 0.82 {
                sign = -sign;
            }
            Layer {
                base,
                wander: Curve::draw(draw, 0.3 * thickness, 0.9, 3),
                contrast: sign * draw.within(recipe.contrast[0], recipe.contrast[1]),
                facies: Curve::draw(draw, recipe.facies, 0.7, 2),
            }
        });
        let layers = layers.collect();
        let beds = (0..3)
            .map(|k| {
                let cycles = draw.within(0.8, 1.2) / (recipe.bed * (1.0 + 0.37 * f64::from(k)));
                (cycles, draw.within(0.004, 0.008), draw.within(0.0, 1.0))
            })
            .collect();
        Self { layers, beds }
    }

    /// Velocity relative to the trend, minus 1, at position `x` on `level`.
    pub(super) fn contrast(&self, x: f64, level: f64) -> f64 {
        let below = |layer: &&Layer| level < layer.base + layer.wander.at(x);
        let Some(layer) = self.layers.iter().find(below).or(self.layers.last()) else {
            return 0.0;
        };
        let bed = |&(cycles, amplitude, phase): &(f64, f64, f64)| {
            amplitude * (std::f64::consts::TAU * (cycles * level + phase)).sin()
        };
        layer.contrast + layer.facies.at(x) + self.beds.iter().map(bed).sum::<f64>()
    }
}
