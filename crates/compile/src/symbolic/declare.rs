//! Grids and the functions on them.

use std::sync::Arc;

use retrograd_ir::{DimSet, Edge, Interpolation};

use super::expression::{Expression, Node};

/// Names of the dimensions of space.
const NAMES: [&[&str]; 4] = [&[], &["x"], &["x", "z"], &["x", "y", "z"]];

/// What is wrong with a grid.
#[derive(Clone, PartialEq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GridError {
    /// One, two or three dimensions.
    #[error("a grid has 1, 2 or 3 dimensions, not {0}\n  help: give one extent per dimension")]
    Dimensions(usize),
    /// Extents must be positive.
    #[error("extent {extent} of dimension {dim} is too small\n  help: give at least 1 grid point")]
    Extent {
        /// Number of the dimension.
        dim: usize,
        /// What was given.
        extent: usize,
    },
    /// Spacings must be positive and finite.
    #[error("spacing {spacing} m of dimension {dim} is not a positive number of metres")]
    Spacing {
        /// Number of the dimension.
        dim: usize,
        /// What was given.
        spacing: f64,
    },
    /// Origins must be finite.
    #[error("origin {origin} m of dimension {dim} is not a finite number of metres")]
    Origin {
        /// Number of the dimension.
        dim: usize,
        /// What was given.
        origin: f64,
    },
    /// As many spacings and origins as extents.
    #[error("{found} values of `{what}` for a grid of {dims} dimensions")]
    Count {
        /// `spacing` or `origin`.
        what: &'static str,
        /// Values given.
        found: usize,
        /// Dimensions of the grid.
        dims: usize,
    },
    /// One span per dimension.
    #[error(
        "subdomain `{subdomain}` has {found} spans on a grid of {dims} dimensions\n  \
         help: give one per dimension, `Span::Whole` where it takes all"
    )]
    Spans {
        /// The subdomain.
        subdomain: String,
        /// Spans given.
        found: usize,
        /// Dimensions of the grid.
        dims: usize,
    },
    /// A subdomain without points.
    #[error(
        "subdomain `{subdomain}` has no point along dimension {dim}, of {extent} points\n  \
         help: make `left` and `right` thicker than 0, and what `middle` leaves out thinner than \
         the grid"
    )]
    Empty {
        /// The subdomain.
        subdomain: String,
        /// Number of the dimension.
        dim: usize,
        /// Extent of the grid.
        extent: usize,
    },
}

/// A regular mesh of one, two or three dimensions; the last one is the fastest in memory and
/// points downwards (depth).
#[derive(Clone, PartialEq, Debug)]
pub struct Grid {
    shape: Vec<usize>,
    spacing_m: Vec<f64>,
    origin_m: Vec<f64>,
}

impl Grid {
    /// A grid of `shape` points, 1 m apart, with its first point at 0.
    ///
    /// # Errors
    /// Not one to three dimensions, or an empty one.
    pub fn new(shape: impl Into<Vec<usize>>) -> Result<Self, GridError> {
        let shape = shape.into();
        if !(1..=3).contains(&shape.len()) {
            return Err(GridError::Dimensions(shape.len()));
        }
        if let Some(dim) = shape.iter().position(|&n| n == 0) {
            return Err(GridError::Extent { dim, extent: 0 });
        }
        let dims = shape.len();
        Ok(Self { shape, spacing_m: vec![1.0; dims], origin_m: vec![0.0; dims] })
    }

    /// The same grid with these distances between points, in metres.
    ///
    /// # Errors
    /// Wrong count, or a spacing that is not positive.
    pub fn spacing(mut self, spacing_m: impl Into<Vec<f64>>) -> Result<Self, GridError> {
        self.spacing_m = self.counted("spacing", spacing_m.into())?;
        match self.spacing_m.iter().position(|h| !(h.is_finite() && *h > 0.0)) {
            Some(dim) => Err(GridError::Spacing { dim, spacing: self.spacing_m[dim] }),
            None => Ok(self),
        }
    }

    /// The same grid with its first point here, in metres.
    ///
    /// # Errors
    /// Wrong count, or an origin that is not finite.
    pub fn origin(mut self, origin_m: impl Into<Vec<f64>>) -> Result<Self, GridError> {
        self.origin_m = self.counted("origin", origin_m.into())?;
        match self.origin_m.iter().position(|x| !x.is_finite()) {
            Some(dim) => Err(GridError::Origin { dim, origin: self.origin_m[dim] }),
            None => Ok(self),
        }
    }

    fn counted(&self, what: &'static str, values: Vec<f64>) -> Result<Vec<f64>, GridError> {
        if values.len() == self.shape.len() {
            Ok(values)
        } else {
            Err(GridError::Count { what, found: values.len(), dims: self.shape.len() })
        }
    }

    /// Points per dimension.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// Distance between points per dimension, in metres.
    pub fn spacing_m(&self) -> &[f64] {
        &self.spacing_m
    }

    /// Position of the first point, in metres.
    pub fn origin_m(&self) -> &[f64] {
        &self.origin_m
    }

    /// Number of points.
    pub fn points(&self) -> usize {
        self.shape.iter().product()
    }

    /// Names of the dimensions: `x`; `x`, `z`; `x`, `y`, `z`.
    pub fn dimension_names(&self) -> &'static [&'static str] {
        NAMES[self.shape.len()]
    }

    /// The time step as a symbol, in seconds.
    pub fn dt() -> Expression {
        Expression::param("dt")
    }

    /// The grid spacing along dimension number `dim` as a symbol, in metres.
    ///
    /// # Panics
    /// If there is no such dimension.
    pub fn h(&self, dim: usize) -> Expression {
        Expression::param(&format!("h_{}", self.dimension_names()[dim]))
    }

    /// Declares a function that does not change with time (a coefficient).
    pub fn function(&self, name: &str) -> Function {
        Function(FunctionDecl::new(name, DimSet::first(self.shape.len()), None))
    }

    /// Declares a profile: a function that varies along dimension number `dim` alone.
    pub fn profile(&self, name: &str, dim: usize) -> Function {
        Function(FunctionDecl::new(name, DimSet::NONE.with(dim), None))
    }

    /// Declares a function of space and time; time order 1 and space order 2 unless said.
    pub fn time_function(&self, name: &str) -> TimeFunction {
        TimeFunction(FunctionDecl::new(name, DimSet::first(self.shape.len()), Some(1)))
    }

    /// Declares points anywhere in the domain, each with a time series.
    pub fn sparse(&self, name: &str) -> Sparse {
        Sparse(Arc::new(SparseDecl { name: name.into(), interpolation: Interpolation::Linear }))
    }
}

/// The part of the grid that a function lives in; elsewhere it is zero.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Layer {
    /// The whole grid.
    None,
    /// A layer along all sides, whose widths are run-time values.
    AllSides,
    /// The layers at the two ends of one dimension.
    Along(usize),
}

/// What is declared about a function.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct FunctionDecl {
    pub(crate) name: String,
    /// Dimensions that it varies along.
    pub(crate) along: DimSet,
    pub(crate) space_order: usize,
    /// `None` for functions that do not change with time.
    pub(crate) time_order: Option<usize>,
    /// Dimensions along which the samples sit half a cell further.
    pub(crate) staggered: DimSet,
    /// Where it lives.
    pub(crate) layer: Layer,
    /// What lies beyond the sides of dimensions, ascending; zero beyond those of others.
    pub(crate) boundary: Vec<(usize, [Edge; 2])>,
}

impl FunctionDecl {
    fn new(name: &str, along: DimSet, time_order: Option<usize>) -> Arc<Self> {
        Arc::new(Self {
            name: name.into(),
            along,
            space_order: 2,
            time_order,
            staggered: DimSet::NONE,
            layer: Layer::None,
            boundary: Vec::new(),
        })
    }

    fn set_boundary(&mut self, dim: usize, sides: [Edge; 2]) {
        self.boundary.retain(|(d, _)| *d != dim);
        self.boundary.push((dim, sides));
        self.boundary.sort_unstable();
    }
}

/// A function on the grid that does not change with time.
#[derive(Clone, PartialEq, Debug)]
pub struct Function(pub(crate) Arc<FunctionDecl>);

impl Function {
    /// The same function with spatial derivatives of this (even) accuracy.
    #[must_use]
    pub fn space_order(mut self, order: usize) -> Self {
        Arc::make_mut(&mut self.0).space_order = order;
        self
    }

    /// Sampled half a cell further along dimension number `dim`.
    #[must_use]
    pub fn staggered(mut self, dim: usize) -> Self {
        let decl = Arc::make_mut(&mut self.0);
        decl.staggered = decl.staggered.with(dim);
        self
    }

    /// What it is taken to be beyond the low and the high side of dimension number `dim`, wherever
    /// the equations read it there: [zero](Edge::Zero) unless said.
    ///
    /// [`Edge::Odd`] holds it at zero on the outermost nodes (Dirichlet: pressure at a free
    /// surface), [`Edge::Even`] its derivative across them (Neumann: an insulated end, pressure at a
    /// rigid wall); both mirror about these nodes, on staggered functions, too. [`Edge::Clamp`]
    /// goes on with the outermost value, [`Edge::Periodic`] (both sides or neither) with the other
    /// end. Zero is no wall: it truncates the stencil.
    ///
    /// Where an equation couples functions, a boundary has to be said of each: with a free
    /// surface, pressure is odd and the velocity across the surface even. Sources and receivers
    /// nearer to a side than their radius see the grid alone.
    #[must_use]
    pub fn boundary(mut self, dim: usize, sides: [Edge; 2]) -> Self {
        Arc::make_mut(&mut self.0).set_boundary(dim, sides);
        self
    }

    /// Known to be zero except in an absorbing layer along the sides (widths are given at run
    /// time): inside, kernels do not read it.
    #[must_use]
    pub fn layer_only(mut self) -> Self {
        Arc::make_mut(&mut self.0).layer = Layer::AllSides;
        self
    }

    /// Lives in the absorbing layers at the two ends of dimension number `dim`: zero elsewhere.
    #[must_use]
    pub fn in_layer(mut self, dim: usize) -> Self {
        Arc::make_mut(&mut self.0).layer = Layer::Along(dim);
        self
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Its value at the point.
    pub fn value(&self) -> Expression {
        Expression::access(&self.0, 0)
    }
}

/// A function of space and time.
#[derive(Clone, PartialEq, Debug)]
pub struct TimeFunction(pub(crate) Arc<FunctionDecl>);

impl TimeFunction {
    /// Accuracy of time derivatives, 1 or 2: two or three time levels.
    #[must_use]
    pub fn time_order(mut self, order: usize) -> Self {
        Arc::make_mut(&mut self.0).time_order = Some(order);
        self
    }

    /// The same function with spatial derivatives of this (even) accuracy.
    #[must_use]
    pub fn space_order(mut self, order: usize) -> Self {
        Arc::make_mut(&mut self.0).space_order = order;
        self
    }

    /// Sampled half a cell further along dimension number `dim`.
    #[must_use]
    pub fn staggered(mut self, dim: usize) -> Self {
        let decl = Arc::make_mut(&mut self.0);
        decl.staggered = decl.staggered.with(dim);
        self
    }

    /// Lives in the absorbing layers at the two ends of dimension number `dim` (widths are given at
    /// run time): zero elsewhere, whatever an update assigns there. Neither computed nor read
    /// between the layers.
    #[must_use]
    pub fn in_layer(mut self, dim: usize) -> Self {
        Arc::make_mut(&mut self.0).layer = Layer::Along(dim);
        self
    }

    /// What it is taken to be beyond the sides of dimension number `dim`, see
    /// [`Function::boundary`].
    #[must_use]
    pub fn boundary(mut self, dim: usize, sides: [Edge; 2]) -> Self {
        Arc::make_mut(&mut self.0).set_boundary(dim, sides);
        self
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// `u(t)`.
    pub fn value(&self) -> Expression {
        Expression::access(&self.0, 0)
    }

    /// `u(t + dt)`.
    pub fn forward(&self) -> Expression {
        Expression::access(&self.0, 1)
    }

    /// `u(t - dt)`.
    pub fn backward(&self) -> Expression {
        Expression::access(&self.0, -1)
    }

    /// First time derivative: centred for time order 2, forward for time order 1.
    pub fn dt(&self) -> Expression {
        if self.0.time_order == Some(1) {
            (self.forward() - self.value()) / Grid::dt()
        } else {
            (self.forward() - self.backward()) / (2.0 * Grid::dt())
        }
    }

    /// Second time derivative, centred (time order 2).
    pub fn dt2(&self) -> Expression {
        let dt = Grid::dt();
        (self.forward() - 2.0 * self.value() + self.backward()) / (&dt * &dt)
    }

    /// Derivative of the given order along dimension number `dim`.
    pub fn derivative(&self, dim: usize, order: usize) -> Expression {
        self.value().derivative(dim, order, self.0.space_order)
    }

    /// Sum of the second derivatives.
    pub fn laplace(&self) -> Expression {
        let terms = self.0.along.iter().map(|d| self.derivative(d, 2));
        Expression::sum(terms.collect())
    }
}

/// What is declared about sparse points.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct SparseDecl {
    pub(crate) name: String,
    pub(crate) interpolation: Interpolation,
}

/// Points anywhere in the domain with one time series each: sources, receivers.
#[derive(Clone, PartialEq, Debug)]
pub struct Sparse(pub(crate) Arc<SparseDecl>);

impl Sparse {
    /// With (bi-, tri-)linear weights, the default.
    #[must_use]
    pub fn linear(mut self) -> Self {
        Arc::make_mut(&mut self.0).interpolation = Interpolation::Linear;
        self
    }

    /// With Kaiser-windowed sinc weights over `2 radius` points per dimension.
    #[must_use]
    pub fn sinc(mut self, radius: u8) -> Self {
        Arc::make_mut(&mut self.0).interpolation = Interpolation::Sinc { radius };
        self
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// The sample of the current step as a symbol.
    pub fn value(&self) -> Expression {
        Expression::new(Node::Series(self.0.clone()))
    }
}
