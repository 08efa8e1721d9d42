//! Parts of the grid in which an equation holds.

use std::sync::Arc;

use super::declare::{Grid, GridError};

/// How many grid points a part of the grid is thick.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Thickness {
    /// So many, at most 255, on every grid that the operator runs on.
    Points(u8),
    /// A run-time width of this name: given before a run, the same wherever the name is used.
    Width(String),
    /// As wide as the absorbing layer on that side.
    Layer,
}

impl From<u8> for Thickness {
    fn from(points: u8) -> Self {
        Self::Points(points)
    }
}

impl From<&str> for Thickness {
    fn from(name: &str) -> Self {
        Self::Width(name.into())
    }
}

/// The part of one dimension that a [`Subdomain`] takes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Span {
    /// All of it.
    Whole,
    /// The first points.
    Left(Thickness),
    /// All but the first and the last points.
    Middle(Thickness, Thickness),
    /// The last points.
    Right(Thickness),
}

impl Span {
    /// The first `thickness` points: a number, or the name of a run-time width.
    pub fn left(thickness: impl Into<Thickness>) -> Self {
        Self::Left(thickness.into())
    }

    /// All but the first `low` and the last `high` points.
    pub fn middle(low: impl Into<Thickness>, high: impl Into<Thickness>) -> Self {
        Self::Middle(low.into(), high.into())
    }

    /// The last `thickness` points.
    pub fn right(thickness: impl Into<Thickness>) -> Self {
        Self::Right(thickness.into())
    }

    /// Whether it has no point on a grid of `n`, as far as that is fixed.
    fn is_empty(&self, n: usize) -> bool {
        match self {
            Self::Left(Thickness::Points(0)) | Self::Right(Thickness::Points(0)) => true,
            Self::Middle(Thickness::Points(low), Thickness::Points(high)) => {
                usize::from(*low) + usize::from(*high) >= n
            }
            _ => false,
        }
    }
}

/// A box of the grid, in which an equation may hold alone: see [`Eq::on`](super::Eq::on).
///
/// Reads go beyond its sides as on the whole grid: it says where an update is computed, not what
/// it sees.
#[derive(Clone, PartialEq, Debug)]
pub struct Subdomain(pub(crate) Arc<SubdomainDecl>);

/// What is declared about a subdomain.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct SubdomainDecl {
    pub(crate) name: String,
    pub(crate) spans: Vec<Span>,
}

impl Subdomain {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// What it takes of each dimension.
    pub fn spans(&self) -> &[Span] {
        &self.0.spans
    }
}

impl Grid {
    /// Declares a part of the grid by what it takes of each dimension.
    ///
    /// # Errors
    /// Not one span per dimension; one that leaves nothing of this grid, whatever run-time widths are.
    pub fn subdomain(
        &self,
        name: &str,
        spans: impl IntoIterator<Item = Span>,
    ) -> Result<Subdomain, GridError> {
        let spans: Vec<Span> = spans.into_iter().collect();
        if spans.len() != self.shape().len() {
            let (found, dims) = (spans.len(), self.shape().len());
            return Err(GridError::Spans { subdomain: name.into(), found, dims });
        }
        let mut along = spans.iter().zip(self.shape());
        if let Some(dim) = along.position(|(span, &n)| span.is_empty(n)) {
            let extent = self.shape()[dim];
            return Err(GridError::Empty { subdomain: name.into(), dim, extent });
        }
        Ok(Subdomain(Arc::new(SubdomainDecl { name: name.into(), spans })))
    }
}
