//! What cannot be discretised, with the way out.

/// Why equations cannot be discretised.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DiscretiseError {
    /// The left side of an update is not a level of a function.
    #[error("the left side of an update should be `u.forward()` of a time function or a function")]
    Target,
    /// A space order that is not supported.
    #[error("space order {order} of `{function}`: allowed are even orders from 2 to 16")]
    SpaceOrder {
        /// The function.
        function: String,
        /// Its order.
        order: usize,
    },
    /// A time order that is not supported.
    #[error("time order {order} of `{function}`: allowed are 1 and 2")]
    TimeOrder {
        /// The function.
        function: String,
        /// Its order.
        order: usize,
    },
    /// A derivative that is not supported.
    #[error(
        "derivative of order {order} with accuracy {accuracy}: allowed are orders from 0 (a mean) to 8 \
         and even accuracies from 2 to 16"
    )]
    Derivative {
        /// Its order.
        order: usize,
        /// Its accuracy.
        accuracy: usize,
    },
    /// Derivatives, or derivatives of derivatives, reach too far.
    #[error("derivatives of derivatives read more than 127 grid points away")]
    Reach,
    /// Two different functions, sets of sparse points, or subdomains share a name.
    #[error(
        "two different functions, sets of points or subdomains are named `{name}`\n  \
         help: give each its own name"
    )]
    NameClash {
        /// The name.
        name: String,
    },
    /// A derivative along a dimension that the grid lacks.
    #[error("a derivative or a layer along dimension {dim} of a grid with {dims} dimensions")]
    Dimension {
        /// The dimension.
        dim: usize,
        /// Dimensions of the grid.
        dims: usize,
    },
    /// A boundary along a dimension that the grid lacks.
    #[error("`{function}` has a boundary along dimension {dim} of a grid with {dims} dimensions")]
    Boundary {
        /// The function.
        function: String,
        /// The dimension.
        dim: usize,
        /// Dimensions of the grid.
        dims: usize,
    },
    /// A dimension that is periodic on one side.
    #[error(
        "`{function}` is periodic on one side of dimension {dim} only\n  \
         help: make it periodic on both sides or on neither"
    )]
    HalfPeriodic {
        /// The function.
        function: String,
        /// The dimension.
        dim: usize,
    },
    /// A time level that the function does not hold.
    #[error(
        "`{function}` has time order {order}: its level {time:+} does not exist\n  \
         help: declare `.time_order(2)` to use `backward()`"
    )]
    Level {
        /// The function.
        function: String,
        /// Its time order.
        order: usize,
        /// The level asked for.
        time: i8,
    },
    /// A subdomain of another grid.
    #[error(
        "subdomain `{name}` has {found} dimensions, the grid has {dims}\n  \
         help: declare it with `Grid::subdomain` of the same grid"
    )]
    Subdomain {
        /// The subdomain.
        name: String,
        /// Its dimensions.
        found: usize,
        /// Dimensions of the grid.
        dims: usize,
    },
    /// A period of zero steps, or a first step that is not below it.
    #[error(
        "`{name}` acts every {period} steps from step {first}: the period should be above 0 and \
         the first step below it"
    )]
    Period {
        /// What is updated, or the points.
        name: String,
        /// Steps from one action to the next.
        period: u32,
        /// The first of them.
        first: u32,
    },
    /// Parts of an expression, or the two sides of an update, sit apart within the cell.
    #[error("{0}")]
    Apart(Box<PlacesApart>),
}

/// Two things that are combined although their samples sit in different places.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "{what}: `{first}` sits {here}, `{second}` sits {there}\n  \
     help: take the mean of neighbours with `.at(...)`, or a derivative that leads there \
     (`grad`, `div`, `curl`, `staggered_derivative`)"
)]
pub struct PlacesApart {
    /// Where in the operator.
    pub what: String,
    /// Functions of the first part.
    pub first: String,
    /// Where it sits.
    pub here: String,
    /// Functions of the second part.
    pub second: String,
    /// Where it sits.
    pub there: String,
}
