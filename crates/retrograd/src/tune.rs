//! Finding by timing how several steps go over the grid together.

use retrograd_compile::adjoint::{FORWARD, RECORD};
pub use retrograd_runtime::{BlockShape, Tuned};

use crate::compiled::Options;
use crate::error::Error;
use crate::simulation::Simulation;

impl Simulation {
    /// Times the forward step in blocks of several shapes, in a few seconds at most on large grids, and
    /// uses the fastest from then on, also where adjoint data are recorded; see
    /// [`Session::tune`](retrograd_runtime::Session::tune). What was found stays in the cache folder: for
    /// the same equations, grid and number of threads on the same machine nothing is timed again.
    ///
    /// Coefficient functions should be set and points placed. Wavefields are at rest afterwards, samples
    /// are what trials left. Changes no bit of a result.
    ///
    /// # Errors
    /// No memory.
    pub fn tune(&mut self, options: &Options) -> Result<Tuned, Error> {
        let states = self.compiled.states();
        Ok(self.session.tune(&[FORWARD, RECORD], &states, &options.jit)?)
    }

    /// Takes over what [`tune`](Self::tune) has found for another simulation of the same operator.
    pub fn set_blocks_of(&mut self, other: &Self) {
        self.session.set_blocks_of(&other.session);
    }
}
