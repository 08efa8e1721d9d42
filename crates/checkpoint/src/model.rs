//! What an executor needs of a simulator.

use std::ops::Range;

use crate::Data;

/// A simulator whose steps can be run, recorded and reversed.
///
/// The model is at `x_0` when an executor starts. It is always asked in an order that makes
/// sense: a forward run starts where the model is, a reverse finds its steps recorded, and after
/// a reverse a restore comes first, so that the adjoint may overwrite the forward state.
///
/// A snapshot is opaque: a handle that shares or owns buffers, on the host, on a device or on
/// many ranks, holding as many time levels as the scheme needs, of a size that may differ from
/// step to step. Tiers that keep bytes ask more of it: [`Payload`](crate::tier::Payload).
pub trait Model {
    /// Restart or adjoint data of one step. Handed over, not copied.
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

    /// Restart data: the state, at the start of `step`. Adjoint data: what was recorded of
    /// `step`. The model may go on sharing the buffers read-only.
    ///
    /// # Errors
    /// Whatever the model reports; the executor stops.
    fn save(&mut self, kind: Data, step: u64) -> Result<Self::Snapshot, Self::Error>;

    /// Continues from restart data, or reads adjoint data, that stay stored.
    ///
    /// # Errors
    /// Whatever the model reports; the executor stops.
    fn restore(&mut self, kind: Data, step: u64, from: &Self::Snapshot) -> Result<(), Self::Error>;

    /// As [`Model::restore`] at the last read: the buffers come back.
    ///
    /// # Errors
    /// Whatever the model reports; the executor stops.
    fn take(&mut self, kind: Data, step: u64, from: Self::Snapshot) -> Result<(), Self::Error>;

    /// Whether [`Model::save`] and its counterparts know adjoint data. Schedules that store them
    /// are refused otherwise.
    fn stores_adjoint(&self) -> bool {
        false
    }

    /// Puts the model at `x_0` without a snapshot, where it knows how to. The executor asks only
    /// when a tier has lost the data from which it could have continued.
    ///
    /// # Errors
    /// Whatever the model reports; the executor stops.
    fn restart(&mut self) -> Option<Result<(), Self::Error>> {
        None
    }
}
