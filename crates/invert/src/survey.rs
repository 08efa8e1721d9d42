//! Where the shots and receivers are, in metres, anywhere: not on grid points, not as indices.
//!
//! A [`Survey`] is a list of shots; shots that share a spread share its memory. Constructors make
//! the usual lines; [`Survey::check`] compares every point with the model and reports all that
//! is wrong, not the first.
//!
//! Not here: how a point is put on the grid, and what was recorded.

mod check;

pub use check::{Domain, Edge, Role, SurveyError};

use std::sync::Arc;

/// A place in metres. Two-dimensional models use `x_m` and `z_m`, and leave `y_m` at zero.
#[derive(Clone, Copy, PartialEq, Debug, Default, serde::Serialize, serde::Deserialize)]
pub struct Point {
    /// Along the first horizontal axis, m.
    pub x_m: f64,
    /// Along the second horizontal axis, m.
    #[serde(default)]
    pub y_m: f64,
    /// Depth, positive downwards, m.
    pub z_m: f64,
}

impl Point {
    /// A point of a two-dimensional section.
    pub const fn xz(x_m: f64, z_m: f64) -> Self {
        Self { x_m, y_m: 0.0, z_m }
    }

    /// A point of a volume.
    pub const fn xyz(x_m: f64, y_m: f64, z_m: f64) -> Self {
        Self { x_m, y_m, z_m }
    }

    /// Coordinates along the axes of a model, m: `[x, z]` in two dimensions, else `[x, y, z]`.
    pub fn along_axes(&self, dimensions: usize) -> Vec<f64> {
        if dimensions == 2 { vec![self.x_m, self.z_m] } else { vec![self.x_m, self.y_m, self.z_m] }
    }

    /// `count` points from `first` to `last`, both included, equally spaced; `first` alone if
    /// `count` is 1.
    pub fn line(first: Self, last: Self, count: usize) -> Vec<Self> {
        let intervals = count.saturating_sub(1);
        let at = |k: usize| {
            if k == 0 || k == intervals {
                return if k == 0 { first } else { last };
            }
            // Weights are whole numbers: round coordinates stay round.
            let (left, right, all) = ((intervals - k) as f64, k as f64, intervals as f64);
            let mix = |a: f64, b: f64| (a * left + b * right) / all;
            Self {
                x_m: mix(first.x_m, last.x_m),
                y_m: mix(first.y_m, last.y_m),
                z_m: mix(first.z_m, last.z_m),
            }
        };
        (0..count).map(at).collect()
    }
}

/// One experiment: what fires together, and what listens.
#[derive(Clone, PartialEq, Debug)]
pub struct Shot {
    /// Points that fire at once; an array of guns, mostly one.
    pub source: Vec<Point>,
    /// Where it is recorded.
    pub receivers: Arc<[Point]>,
}

impl Shot {
    /// The samples of a wavelet at every source point: all points at step 0, then at step 1, ...
    pub fn source_samples(&self, wavelet: &[f64]) -> Vec<f64> {
        wavelet.iter().flat_map(|w| std::iter::repeat_n(*w, self.source.len())).collect()
    }
}

/// All experiments of a job, in the order of the data.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Survey {
    /// The experiments.
    pub shots: Vec<Shot>,
}

impl Survey {
    /// Every receiver records every source: land, ocean bottom, crosswell.
    pub fn fixed_spread(sources: &[Point], receivers: impl Into<Arc<[Point]>>) -> Self {
        let receivers = receivers.into();
        let shot =
            |&source: &Point| Shot { source: vec![source], receivers: Arc::clone(&receivers) };
        Self { shots: sources.iter().map(shot).collect() }
    }

    /// Sources and receivers along the whole width of a section, equally spaced, each line at its
    /// depth, half a spacing away from the ends (which absorb).
    pub fn surface_line(width_m: f64, sources: Line, receivers: Line) -> Self {
        let points = |line: Line| {
            let half_m = 0.5 * width_m / line.count.max(1) as f64;
            let (first, last) = (Point::xz(half_m, line.depth_m), width_m - half_m);
            Point::line(first, Point::xz(last, line.depth_m), line.count)
        };
        Self::fixed_spread(&points(sources), points(receivers))
    }

    /// A streamer follows every source: `channels` receivers from the near offset on. Offsets are
    /// signed: negative ones lie at smaller `x`.
    pub fn towed_streamer(sources: &[Point], streamer: Streamer) -> Self {
        let shot = |&source: &Point| {
            let channel = |k: usize| Point {
                x_m: source.x_m + streamer.near_offset_m + k as f64 * streamer.spacing_m,
                y_m: source.y_m,
                z_m: streamer.depth_m,
            };
            Shot { source: vec![source], receivers: (0..streamer.channels).map(channel).collect() }
        };
        Self { shots: sources.iter().map(shot).collect() }
    }

    /// Number of traces: receivers, summed over the shots.
    pub fn traces(&self) -> usize {
        self.shots.iter().map(|shot| shot.receivers.len()).sum()
    }

    /// The largest horizontal distance between a source and a receiver of one shot, m.
    pub fn largest_offset_m(&self) -> f64 {
        let of_shot = |shot: &Shot| {
            let pairs = shot.source.iter().flat_map(|s| shot.receivers.iter().map(move |r| (s, r)));
            pairs.map(|(s, r)| (s.x_m - r.x_m).hypot(s.y_m - r.y_m)).fold(0.0, f64::max)
        };
        self.shots.iter().map(of_shot).fold(0.0, f64::max)
    }
}

/// Equally spaced points at one depth.
#[derive(Clone, Copy, PartialEq, Debug, serde::Serialize, serde::Deserialize)]
pub struct Line {
    /// How many.
    pub count: usize,
    /// Depth, m.
    pub depth_m: f64,
}

/// A cable behind (or before) the source.
#[derive(Clone, Copy, PartialEq, Debug, serde::Serialize, serde::Deserialize)]
pub struct Streamer {
    /// Position of the first channel relative to the source, m.
    pub near_offset_m: f64,
    /// From channel to channel, of the sign of the offset, m.
    pub spacing_m: f64,
    /// How many channels.
    pub channels: usize,
    /// Depth, m.
    pub depth_m: f64,
}

#[cfg(test)]
mod tests;
