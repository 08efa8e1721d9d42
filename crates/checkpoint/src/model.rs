//! What an executor needs of a simulator.

use std::ops::Range;

/// A simulator whose steps can be run, recorded and reversed.
///
/// The model is at `x_0` when an executor starts. It is always asked in an order that makes
/// sense: a forward run starts where the model is, a reverse finds its steps recorded, and after
/// a reverse a restore comes first, so that the adjoint may overwrite the forward state.
pub trait Model {
    /// Restart data: what continues the forward run. Handed over, not copied.
    type Snapshot: Send;
    /// What can go wrong; passed through by the executor.
    type Error: std::error::Error;

    /// Runs the forward model over `steps`, first step first, keeping nothing.
    ///
    /// # Errors
    /// Whatever the model reports; the executor stops.
    fn advance(&mut self, steps: Range<u64>) -> Result<(), Self::Error>;

    /// Runs the forward model over `steps`, keeping what their adjoint reads. What an earlier
    /// call kept has been consumed or may be dropped.
    ///
    /// # Errors
    /// Whatever the model reports; the executor stops.
    fn record(&mut self, steps: Range<u64>) -> Result<(), Self::Error>;

    /// Runs the adjoint over `steps`, last step first, consuming what was recorded.
    ///
    /// # Errors
    /// Whatever the model reports; the executor stops.
    fn reverse(&mut self, steps: Range<u64>) -> Result<(), Self::Error>;

    /// The state at the start of the current step. The model may go on sharing the buffers
    /// read-only.
    ///
    /// # Errors
    /// Whatever the model reports; the executor stops.
    fn save(&mut self) -> Result<Self::Snapshot, Self::Error>;

    /// Continues from a snapshot that stays stored.
    ///
    /// # Errors
    /// Whatever the model reports; the executor stops.
    fn restore(&mut self, from: &Self::Snapshot) -> Result<(), Self::Error>;

    /// Continues from a snapshot at its last read: the buffers come back.
    ///
    /// # Errors
    /// Whatever the model reports; the executor stops.
    fn take(&mut self, from: Self::Snapshot) -> Result<(), Self::Error>;
}
