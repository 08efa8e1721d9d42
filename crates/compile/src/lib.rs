//! From symbolic equations to kernels.
//!
//! ```text
//! Eq --discretise--> Stencil --adjoint--> Stencil --passes--> Stencil --schedule--> LoopNests --emit--> C
//! ```
//!
//! Pure throughout: value in, value out; the same input gives the same bytes. No compiler is run
//! here and no file is touched (`retrograd-runtime` does that).
//!
//! | module | job |
//! |---|---|
//! | [`symbolic`] | equations as a scientist writes them, `solve` |
//! | [`weights`] | finite-difference weights of any order |
//! | [`discretise`] | derivatives become weighted sums of reads |
//! | [`mod@adjoint`] | the exact reverse of a time step, with gradients |
//! | [`mod@tangent`] | the linearised time step, beside the step itself |
//! | [`passes`] | layers, normal form, invariants |
//! | [`halos`] | static functions whose images beyond the sides are stored |
//! | [`schedule`] | loop nests, fusion, what must wait for what |
//! | [`support`] | where updates may be left out |
//! | [`cost`] | operations and bytes per point of a scheduled step |
//! | [`emit`] | C text |
#![forbid(unsafe_code)]

pub mod adjoint;
mod algebra;
pub mod cost;
mod discretise;
pub mod emit;
pub mod halos;
pub mod passes;
mod polynomial;
pub mod schedule;
pub mod support;
pub mod symbolic;
pub mod tangent;
pub mod weights;

pub use adjoint::{Adjoint, AdjointError, adjoint};
pub use discretise::{DiscretiseError, Item, PlacesApart, discretise, layer_width};
pub use tangent::{Tangent, TangentError, tangent};
