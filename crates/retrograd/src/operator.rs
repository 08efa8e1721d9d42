//! Equations to a discretised, verified step.

use retrograd_compile::symbolic::{Eq, Expression, Function, Grid, Sparse};
use retrograd_compile::{Adjoint, Item, adjoint, discretise, tangent};
use retrograd_ir::{DType, FieldId, Stencil, Verified, verify};

use crate::compiled::{Compiled, Options};
use crate::error::Error;
use crate::gradient::with_illumination;

/// A discretised and verified time step of some equations.
///
/// It holds no data: [`Compiled`] has its kernels, [`crate::Simulation`] the data of a run.
#[derive(Clone, Debug)]
pub struct Operator {
    pub(crate) grid: Grid,
    pub(crate) stencil: Verified,
}

/// Collects the parts of an [`Operator`]; every error that a user can cause surfaces in
/// [`build`](Self::build).
#[derive(Clone, Debug)]
pub struct OperatorBuilder {
    grid: Grid,
    name: String,
    dtype: DType,
    items: Vec<Item>,
}

impl Operator {
    /// An operator that computes the given updates, in order, once per step; f32 unless said.
    #[allow(clippy::new_ret_no_self, reason = "errors surface in `build`")]
    pub fn new(grid: &Grid, equations: impl IntoIterator<Item = Eq>) -> OperatorBuilder {
        OperatorBuilder {
            grid: grid.clone(),
            name: "operator".into(),
            dtype: DType::F32,
            items: equations.into_iter().map(Item::Update).collect(),
        }
    }

    /// The program of one step.
    pub fn stencil(&self) -> &Stencil {
        self.stencil.stencil()
    }

    /// The grid.
    pub fn grid(&self) -> &Grid {
        &self.grid
    }

    /// The same operator with all functions and samples in another number type.
    ///
    /// # Errors
    /// None that a well-formed operator can cause.
    pub fn in_precision(&self, dtype: DType) -> Result<Self, Error> {
        let mut stencil = self.stencil().clone();
        stencil.dtype = dtype;
        stencil.fields.iter_mut().for_each(|f| f.dtype = dtype);
        stencil.sparse.iter_mut().for_each(|s| s.dtype = dtype);
        let stencil = verify(stencil).map_err(Error::Invalid)?;
        Ok(Self { grid: self.grid.clone(), stencil })
    }

    /// Derives the reverse sweep, with gradients with respect to the given functions and to every
    /// injected series.
    ///
    /// # Errors
    /// A function that the operator does not use; an update that has no adjoint.
    pub fn adjoint(&self, with_respect_to: &[&Function]) -> Result<Adjoint, Error> {
        let parameters = self.fields(with_respect_to)?;
        Ok(adjoint(self.stencil(), "forward", &parameters)?)
    }

    /// The operator joined by its derivative along a direction in the given parameter functions:
    /// linearised (Born) modelling, whatever the equations.
    ///
    /// A function `u` is joined by `u_tan`, recorded samples `rec` by `rec_tan`, and the direction in
    /// a parameter `m` is the function `m_dir`; declare them by these names on the same grid to set
    /// and read them. The result is linear in the directions: its gradient with respect to them is
    /// the transpose of linearised modelling (reverse-time migration).
    ///
    /// # Errors
    /// A function that the operator does not use; what has no tangent, see
    /// [`retrograd_compile::TangentError`].
    pub fn tangent(&self, with_respect_to: &[&Function]) -> Result<Self, Error> {
        let parameters = self.fields(with_respect_to)?;
        let made = tangent(self.stencil(), "forward", &parameters)?;
        let stencil = verify(made.stencil.compact()).map_err(Error::Invalid)?;
        Ok(Self { grid: self.grid.clone(), stencil })
    }

    fn fields(&self, functions: &[&Function]) -> Result<Vec<FieldId>, Error> {
        let found = functions.iter().map(|function| {
            let name = function.name();
            self.stencil().field_named(name).ok_or_else(|| Error::Unknown(name.into()))
        });
        found.collect()
    }

    /// Compiles the forward step.
    ///
    /// # Errors
    /// Something that the back end lacks, or no compiler.
    pub fn compile(&self, options: &Options) -> Result<Compiled, Error> {
        Compiled::forward(self, options)
    }

    /// The program that [`with_gradient`](Self::with_gradient) compiles, before any pass: the reverse
    /// sweep, with the illumination that it collects on its way.
    ///
    /// # Errors
    /// As [`adjoint`](Self::adjoint).
    pub fn gradient_program(&self, with_respect_to: &[&Function]) -> Result<Adjoint, Error> {
        Ok(with_illumination(self.adjoint(with_respect_to)?))
    }

    /// Compiles forward and reverse steps for gradients with respect to the given functions.
    ///
    /// # Errors
    /// As [`adjoint`](Self::adjoint) and [`compile`](Self::compile).
    pub fn with_gradient(
        &self,
        with_respect_to: &[&Function],
        options: &Options,
    ) -> Result<Compiled, Error> {
        Compiled::with_adjoint(self, self.gradient_program(with_respect_to)?, options)
    }
}

impl OperatorBuilder {
    /// Names the operator, for messages and generated text.
    #[must_use]
    pub fn name(mut self, name: &str) -> Self {
        self.name = name.into();
        self
    }

    /// Sets the number type of all functions.
    #[must_use]
    pub fn dtype(mut self, dtype: DType) -> Self {
        self.dtype = dtype;
        self
    }

    /// Adds one more update.
    #[must_use]
    pub fn update(mut self, equation: Eq) -> Self {
        self.items.push(Item::Update(equation));
        self
    }

    /// Adds samples of sparse points to a level of a function after the updates so far.
    #[must_use]
    pub fn inject(
        mut self,
        sparse: &Sparse,
        target: Expression,
        value: impl Into<Expression>,
    ) -> Self {
        let value = value.into();
        self.items.push(Item::Inject { sparse: sparse.clone(), target, value });
        self
    }

    /// As [`inject`](Self::inject), but directly behind the last update of that level so far: whatever
    /// is updated after it sees the source. For systems of several updates per step.
    #[must_use]
    pub fn source(
        mut self,
        sparse: &Sparse,
        target: Expression,
        value: impl Into<Expression>,
    ) -> Self {
        let writes = |item: &Item| match item {
            Item::Update(eq) => *eq.target() == target,
            Item::Inject { target: known, .. } => *known == target,
            Item::Interpolate { .. } | Item::InterpolateEvery { .. } => false,
        };
        let at = self.items.iter().rposition(writes).map_or(self.items.len(), |at| at + 1);
        let value = value.into();
        self.items.insert(at, Item::Inject { sparse: sparse.clone(), target, value });
        self
    }

    /// Records values at sparse points.
    #[must_use]
    pub fn interpolate(mut self, sparse: &Sparse, value: impl Into<Expression>) -> Self {
        self.items.push(Item::Interpolate { sparse: sparse.clone(), value: value.into() });
        self
    }

    /// Records values at sparse points in every `period`-th step, from step 0 on; samples of the other
    /// steps stay zero, and their cotangents count for nothing.
    #[must_use]
    pub fn interpolate_every(
        self,
        sparse: &Sparse,
        value: impl Into<Expression>,
        period: u32,
    ) -> Self {
        self.interpolate_every_from(sparse, value, [period, 0])
    }

    /// As [`interpolate_every`](Self::interpolate_every), with the first step, below the period, beside
    /// it.
    #[must_use]
    pub fn interpolate_every_from(
        mut self,
        sparse: &Sparse,
        value: impl Into<Expression>,
        [period, first]: [u32; 2],
    ) -> Self {
        let (sparse, value) = (sparse.clone(), value.into());
        self.items.push(Item::InterpolateEvery { sparse, value, period, first });
        self
    }

    /// Discretises and verifies.
    ///
    /// # Errors
    /// What cannot be discretised, see [`retrograd_compile::DiscretiseError`].
    pub fn build(self) -> Result<Operator, Error> {
        let stencil = discretise(&self.name, &self.grid, self.dtype, &self.items)?;
        let stencil = verify(stencil).map_err(Error::Invalid)?;
        Ok(Operator { grid: self.grid, stencil })
    }
}
