//! From arrays on the model's mesh to sections that can be drawn.

use std::collections::BTreeSet;

use retrograd_plot::{Array2, Heatmap, PlotError};

use super::ReportError;
use crate::inversion::InversionSetup;
use crate::survey::{Point, Survey};

/// Most values per axis of a picture: more than its pixels say nothing more.
const MOST_VALUES: usize = 1200;

/// A vertical section through a model: the model itself in two dimensions, the middle of the
/// second axis in three.
#[derive(Clone, Debug)]
pub(super) struct View {
    /// Extents of the model, `[x, y, z]`; one `y` in two dimensions.
    shape: [usize; 3],
    /// Every how many nodes are drawn, along x and z.
    stride: [usize; 2],
    spacing_m: [f64; 2],
    origin_m: [f64; 2],
    /// Position of the section in three dimensions, m.
    y_m: Option<f64>,
    sources_m: Vec<[f64; 2]>,
    receivers_m: Vec<[f64; 2]>,
    /// Sources and receivers, of which some may lie behind each other.
    counts: [usize; 2],
    /// Lower edge of the frozen nodes below the surface; not a number where there are none.
    frozen_edge_m: Vec<[f64; 2]>,
}

impl View {
    /// The section of a setup's mesh, with its survey and frozen nodes.
    pub(super) fn of(setup: &InversionSetup) -> Result<Self, ReportError> {
        let grid = &setup.experiment.grid;
        let (shape, y_m) = match *grid.shape() {
            [nx, nz] => ([nx, 1, nz], None),
            [nx, ny, nz] => ([nx, ny, nz], Some(grid.coordinate_m(1, ny / 2))),
            ref other => return Err(ReportError::Axes { axes: other.len() }),
        };
        let last = grid.shape().len() - 1;
        let pair = |values: &[f64]| [values[0], values[last]];
        let points = points(&setup.experiment.survey);
        let [sources_m, receivers_m] = [&points[0], &points[1]].map(|p| projected(p));
        let mut view = Self {
            shape,
            stride: [shape[0], shape[2]].map(|n| n.div_ceil(MOST_VALUES)),
            spacing_m: pair(grid.spacing_m()),
            origin_m: pair(grid.origin_m()),
            y_m,
            sources_m,
            receivers_m,
            counts: points.map(|p| p.len()),
            frozen_edge_m: Vec::new(),
        };
        view.frozen_edge_m = view.frozen_edge(&setup.frozen);
        Ok(view)
    }

    /// Index of a node of the section in the arrays of the model.
    fn index(&self, x: usize, z: usize) -> usize {
        let [_, ny, nz] = self.shape;
        (x * ny + ny / 2) * nz + z
    }

    /// The lower edge of the frozen nodes that reach the top, for every column.
    fn frozen_edge(&self, frozen: &[bool]) -> Vec<[f64; 2]> {
        let [nx, _, nz] = self.shape;
        let depth =
            |x: usize| (0..nz).take_while(|&z| frozen.get(self.index(x, z)) == Some(&true)).count();
        let depths: Vec<usize> = (0..nx).map(depth).collect();
        if depths.iter().all(|&n| n == 0) {
            return Vec::new();
        }
        let edge = |(x, &n): (usize, &usize)| {
            let below = self.origin_m[1] + (n as f64 - 0.5) * self.spacing_m[1];
            [self.x_m(x), if n == 0 || n == nz { f64::NAN } else { below }]
        };
        depths.iter().enumerate().map(edge).collect()
    }

    /// Values of the section, thinned.
    pub(super) fn array(&self, value: impl Fn(usize) -> f64) -> Result<Array2, PlotError> {
        let [nx, _, nz] = self.shape;
        let [every_x, every_z] = self.stride;
        let columns = (0..nx).step_by(every_x);
        let values: Vec<f64> = columns
            .flat_map(|x| (0..nz).step_by(every_z).map(move |z| (x, z)))
            .map(|(x, z)| value(self.index(x, z)))
            .collect();
        Array2::new(&values, [nx.div_ceil(every_x), nz.div_ceil(every_z)])
    }

    /// Puts a section in its place, and shows what is frozen.
    pub(super) fn placed(&self, heatmap: Heatmap) -> Heatmap {
        self.outlined(heatmap, "")
    }

    fn outlined(&self, heatmap: Heatmap, label: &str) -> Heatmap {
        let [every_x, every_z] = self.stride;
        let spacing = [self.spacing_m[0] * every_x as f64, self.spacing_m[1] * every_z as f64];
        let heatmap = heatmap.origin_m(self.origin_m).spacing_m(spacing);
        if self.frozen_edge_m.is_empty() {
            return heatmap;
        }
        heatmap.line_m(label, &self.frozen_edge_m)
    }

    /// Marks sources and receivers.
    pub(super) fn marked(&self, heatmap: Heatmap) -> Heatmap {
        heatmap.sources_m(&self.sources_m).receivers_m(&self.receivers_m)
    }

    /// As [`placed`](Self::placed) and [`marked`](Self::marked), with the frozen nodes named.
    pub(super) fn surveyed(&self, heatmap: Heatmap) -> Heatmap {
        self.marked(self.outlined(heatmap, "frozen above"))
    }

    /// What the title of a small section adds about its dashed line.
    pub(super) fn frozen_remark(&self) -> &'static str {
        if self.frozen_edge_m.is_empty() { "" } else { "; frozen above the dashed line" }
    }

    /// `12 sources, 121 receivers`.
    pub(super) fn counts(&self) -> String {
        let count = |n: usize, what| format!("{n} {what}{}", if n == 1 { "" } else { "s" });
        let [sources, receivers] = self.counts;
        format!("{}, {}", count(sources, "source"), count(receivers, "receiver"))
    }

    /// What a caption says about frozen nodes and the place of the section.
    pub(super) fn remarks(&self) -> String {
        let mut text = String::new();
        if !self.frozen_edge_m.is_empty() {
            text.push_str(" Above the dashed line, the model is known and frozen.");
        }
        if let Some(y_m) = self.y_m {
            text.push_str(" The section is at y = ");
            text.push_str(&distance(y_m));
            text.push_str("; sources and receivers are projected on it.");
        }
        text
    }

    /// Nodes along x.
    pub(super) fn columns(&self) -> usize {
        self.shape[0]
    }

    /// Length of the section, m.
    pub(super) fn extent_m(&self) -> f64 {
        self.shape[0] as f64 * self.spacing_m[0]
    }

    /// Position of a column, m.
    pub(super) fn x_m(&self, column: usize) -> f64 {
        self.origin_m[0] + column as f64 * self.spacing_m[0]
    }

    /// Depth of the first node and distance of neighbours, m.
    pub(super) fn depths_m(&self) -> [f64; 2] {
        [self.origin_m[1], self.spacing_m[1]]
    }

    /// Values of a column, from the top.
    pub(super) fn column(&self, values: &[f64], column: usize) -> Vec<f64> {
        (0..self.shape[2]).map(|z| values[self.index(column, z)]).collect()
    }
}

/// All distinct sources and all distinct receivers, `[x, y, z]`.
fn points(survey: &Survey) -> [Vec<[f64; 3]>; 2] {
    let sources = survey.shots.iter().flat_map(|s| &s.source);
    let receivers = survey.shots.iter().flat_map(|s| s.receivers.iter());
    let place = |p: &Point| [p.x_m, p.y_m, p.z_m];
    [distinct(sources.map(place)), distinct(receivers.map(place))]
}

/// Points in x and z.
fn projected(points: &[[f64; 3]]) -> Vec<[f64; 2]> {
    distinct(points.iter().map(|&[x, _, z]| [x, z]))
}

fn distinct<const N: usize>(points: impl Iterator<Item = [f64; N]>) -> Vec<[f64; N]> {
    // Bits order positions from 0 to infinity; any other order would do as well.
    let keys: BTreeSet<[u64; N]> = points.map(|p| p.map(f64::to_bits)).collect();
    keys.into_iter().map(|key| key.map(f64::from_bits)).collect()
}

/// `x = 0.35 km`: in kilometres along a line that is longer than two.
pub(super) fn position(x_m: f64, extent_m: f64) -> String {
    if extent_m < 2000.0 {
        return format!("x = {} m", signed(x_m, 0));
    }
    format!("x = {} km", signed(x_m / 1000.0, 2))
}

/// `1.25 km`, or metres below one.
pub(super) fn distance(metres: f64) -> String {
    if metres.abs() < 1000.0 {
        return format!("{} m", signed(metres, 0));
    }
    format!("{} km", signed(metres / 1000.0, 2))
}

/// A number with a true minus sign and without a negative zero.
pub(super) fn signed(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    match text.strip_prefix('-') {
        Some(digits) if digits.chars().all(|c| c == '0' || c == '.') => digits.to_owned(),
        Some(digits) => format!("−{digits}"),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_is_the_middle_of_a_volume() {
        let view = View {
            shape: [2, 3, 2],
            stride: [1, 1],
            spacing_m: [10.0; 2],
            origin_m: [0.0; 2],
            y_m: Some(10.0),
            sources_m: Vec::new(),
            receivers_m: Vec::new(),
            counts: [0; 2],
            frozen_edge_m: Vec::new(),
        };
        let array = view.array(|i| i as f64).expect("array");
        assert_eq!((array.values(), array.shape()), (&[2.0, 3.0, 8.0, 9.0][..], [2, 2]));
        let thinned = View { stride: [1, 2], ..view.clone() };
        assert_eq!(thinned.array(|i| i as f64).expect("array").values(), [2.0, 8.0]);
        let values: Vec<f64> = (0..12).map(f64::from).collect();
        assert_eq!(view.column(&values, 1), [8.0, 9.0]);
        let mut frozen = [false; 12];
        frozen[8] = true;
        let edge = view.frozen_edge(&frozen);
        assert!(edge[0][1].is_nan());
        assert_eq!(edge[1], [10.0, 5.0]);
    }

    #[test]
    fn receivers_behind_each_other_are_counted_and_drawn_once() {
        let behind = [Point::xyz(1.0, 0.0, 5.0), Point::xyz(1.0, 9.0, 5.0)];
        let survey = Survey::fixed_spread(&[behind[0], behind[0]], behind.to_vec());
        let [sources, receivers] = points(&survey);
        assert_eq!((sources.len(), receivers.len()), (1, 2));
        assert_eq!(projected(&receivers), [[1.0, 5.0]]);
    }

    #[test]
    fn positions_keep_one_unit() {
        assert_eq!([position(350.0, 6000.0), position(350.0, 800.0)], ["x = 0.35 km", "x = 350 m"]);
        assert_eq!([distance(59.4), distance(-1250.0)], ["59 m", "−1.25 km"]);
        assert_eq!([signed(-0.04, 1), signed(-0.06, 1)], ["0.0", "−0.1"]);
    }
}
