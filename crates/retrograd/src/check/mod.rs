//! The gradient certificate: tests of the adjoint on a job's own problem.
//!
//! | test | says | right | wrong |
//! |---|---|---|---|
//! | [`dot_product`] | the reverse sweep is the transpose of the forward sweep | error at rounding | error of the size of the defect |
//! | [`taylor`] | the gradient is the derivative of the misfit | slopes 1 and 2 | slopes 1 and 1 |
//!
//! Both run the compiled kernels, on the real values, points, layers and steps that an
//! [`Experiment`] holds. They share nothing but the kernels: the first knows no misfit and no
//! parameter, the second no transpose.
//!
//! ```no_run
//! # use retrograd::{Function, Grid, Operator, Options, Sparse};
//! use retrograd::check::{Experiment, dot_product, taylor};
//! use retrograd::DType;
//!
//! # fn certify(operator: &Operator, grid: &Grid, m: &Function, damp: &Function, src: &Sparse,
//! #     rec: &Sparse, model: &[f64], sponge: &[f64], wavelet: &[f64],
//! #     source_m: &[[f64; 2]], receivers_m: &[[f64; 2]], options: &Options,
//! # ) -> Result<(), retrograd::Error> {
//! let (steps, dt_s, layer) = (401, 1e-3, [[0, 20], [20, 20]]);
//! let experiment = Experiment::new(grid, (steps, dt_s))
//!     .layer(&layer)
//!     .set(m, model)
//!     .set(damp, sponge)
//!     .place(src, source_m)
//!     .place(rec, receivers_m)
//!     .series(src, wavelet);
//! for dtype in [DType::F64, DType::F32] {
//!     let result = dot_product(&operator.in_precision(dtype)?, &[m], &experiment, options)?;
//!     println!("{result}");
//! }
//! let result = taylor(&operator.in_precision(DType::F64)?, &[m], &experiment, options)?;
//! println!("{result}");
//! assert!(result.passed());
//! # Ok(())
//! # }
//! ```
//!
//! Farrell, Ham, Funke, Rognes, *Automated derivation of the adjoint of high-level transient
//! finite element programs*, SIAM J. Sci. Comput. 35 (2013), doi:10.1137/120873558.

mod dot_product;
mod experiment;
pub(crate) mod noise;
mod taylor;
#[cfg(test)]
mod tests;

pub use dot_product::{DotProduct, dot_product, dot_product_bound};
pub use experiment::Experiment;
pub use taylor::{
    SLOPE_FIRST_TOLERANCE, SLOPE_SECOND_TOLERANCE, Taylor, TaylorPoint, taylor, taylor_of,
};
