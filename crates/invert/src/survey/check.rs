//! Is every point where waves can be sent and recorded?

use std::fmt;

use super::{Point, Survey};
use crate::resample::RegularGrid;

/// What the boundary of the model does to waves.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Edge {
    /// Waves leave; layers are added outside, so points on the edge are fine.
    Absorbing,
    /// Pressure is zero on the edge: a source there radiates nothing, a receiver hears nothing.
    Free,
}

/// The model as the check sees it.
#[derive(Clone, PartialEq, Debug)]
pub struct Domain {
    grid: RegularGrid,
    edges: Vec<[Edge; 2]>,
}

impl Domain {
    /// A model that absorbs on all sides.
    pub fn absorbing(grid: &RegularGrid) -> Self {
        let edges = vec![[Edge::Absorbing; 2]; grid.shape().len()];
        Self { grid: grid.clone(), edges }
    }

    /// A model with a free surface on top; the depth is the last axis.
    pub fn with_free_surface(grid: &RegularGrid) -> Self {
        let mut domain = Self::absorbing(grid);
        if let Some([top, _]) = domain.edges.last_mut() {
            *top = Edge::Free;
        }
        domain
    }
}

/// Which point of a survey.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Role {
    /// Point `index` of the source.
    Source {
        /// Which point of the source, from 0.
        index: usize,
    },
    /// Receiver `index`.
    Receiver {
        /// Which receiver, from 0.
        index: usize,
    },
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Source { index } => write!(f, "source {index}"),
            Self::Receiver { index } => write!(f, "receiver {index}"),
        }
    }
}

/// What is wrong with a survey. Shots, sources and receivers count from 0.
#[derive(Clone, PartialEq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SurveyError {
    /// Nothing to do.
    #[error("the survey has no shots\n  help: give at least one shot")]
    NoShots,
    /// A shot without source or without receivers.
    #[error(
        "shot {shot} has {sources} source points and {receivers} receivers\n  \
         help: each shot needs at least one of both"
    )]
    EmptyShot {
        /// The shot.
        shot: usize,
        /// Its source points.
        sources: usize,
        /// Its receivers.
        receivers: usize,
    },
    /// A coordinate is NaN or infinite.
    #[error(
        "{role} (shot {shot}): {axis} is {found_m}\n  \
         help: coordinates are numbers in metres; look for gaps in the geometry file"
    )]
    NotFinite {
        /// The shot.
        shot: usize,
        /// The point.
        role: Role,
        /// Name of the axis.
        axis: char,
        /// The coordinate.
        found_m: f64,
    },
    /// A point lies outside the model.
    #[error(
        "{role} (shot {shot}) is at {axis} = {found_m} m, outside the model: {axis} from {low_m} \
         to {high_m} m\n  help: {help}"
    )]
    Outside {
        /// The shot.
        shot: usize,
        /// The point.
        role: Role,
        /// Name of the axis.
        axis: char,
        /// The coordinate, m.
        found_m: f64,
        /// First grid line, m.
        low_m: f64,
        /// Last grid line, m.
        high_m: f64,
        /// What to do about it.
        help: &'static str,
    },
    /// A point lies exactly on a free surface.
    #[error(
        "{role} (shot {shot}) is at {axis} = {found_m} m, exactly on the free surface, where the \
         pressure is zero: it {effect}\n  \
         help: move it inside by at least half a cell ({half_cell_m} m), or let that edge absorb"
    )]
    OnFreeSurface {
        /// The shot.
        shot: usize,
        /// The point.
        role: Role,
        /// Name of the axis.
        axis: char,
        /// The coordinate, m.
        found_m: f64,
        /// Half the spacing along that axis, m.
        half_cell_m: f64,
        /// What follows.
        effect: &'static str,
    },
}

impl Survey {
    /// Checks every shot against the model. Receivers that a fixed spread repeats are reported
    /// for the first shot only.
    ///
    /// # Errors
    /// Everything that is wrong, in the order of the shots.
    pub fn check(&self, domain: &Domain) -> Result<(), Vec<SurveyError>> {
        let mut wrong = Vec::new();
        if self.shots.is_empty() {
            wrong.push(SurveyError::NoShots);
        }
        for (number, shot) in self.shots.iter().enumerate() {
            let (sources, receivers) = (shot.source.len(), shot.receivers.len());
            if sources == 0 || receivers == 0 {
                wrong.push(SurveyError::EmptyShot { shot: number, sources, receivers });
            }
            for (index, point) in shot.source.iter().enumerate() {
                wrong.extend(domain.errors_of(number, Role::Source { index }, point));
            }
            let before = number.checked_sub(1).map(|n| &self.shots[n].receivers);
            if before.is_some_and(|before| std::ptr::eq(before.as_ptr(), shot.receivers.as_ptr())) {
                continue;
            }
            for (index, point) in shot.receivers.iter().enumerate() {
                wrong.extend(domain.errors_of(number, Role::Receiver { index }, point));
            }
        }
        if wrong.is_empty() { Ok(()) } else { Err(wrong) }
    }
}

impl Domain {
    fn errors_of(&self, shot: usize, role: Role, point: &Point) -> Option<SurveyError> {
        let dimensions = self.edges.len();
        let names: &[char] = if dimensions == 2 { &['x', 'z'] } else { &['x', 'y', 'z'] };
        let coordinates = point.along_axes(dimensions);
        let axes = names.iter().zip(coordinates).take(dimensions).enumerate();
        axes.map(|(axis, (&name, found_m))| self.error_along(axis, name, found_m, (shot, role)))
            .find_map(|error| error)
    }

    fn error_along(
        &self,
        axis_index: usize,
        axis: char,
        found_m: f64,
        (shot, role): (usize, Role),
    ) -> Option<SurveyError> {
        if !found_m.is_finite() {
            return Some(SurveyError::NotFinite { shot, role, axis, found_m });
        }
        let low_m = self.grid.coordinate_m(axis_index, 0);
        let high_m = self.grid.coordinate_m(axis_index, self.grid.shape()[axis_index] - 1);
        if found_m < low_m || found_m > high_m {
            let help = if axis == 'z' && found_m < 0.0 && -found_m <= high_m {
                "depth is positive downwards: change the sign"
            } else {
                "coordinates are metres in the frame of the model, not grid indices; \
                 move the point or enlarge the model"
            };
            return Some(SurveyError::Outside { shot, role, axis, found_m, low_m, high_m, help });
        }
        let [low, high] = self.edges[axis_index];
        let on_free = |edge, at_m: f64| edge == Edge::Free && found_m == at_m;
        (on_free(low, low_m) || on_free(high, high_m)).then(|| SurveyError::OnFreeSurface {
            shot,
            role,
            axis,
            found_m,
            half_cell_m: 0.5 * self.grid.spacing_m()[axis_index],
            effect: match role {
                Role::Source { .. } => "radiates nothing",
                Role::Receiver { .. } => "records nothing",
            },
        })
    }
}
