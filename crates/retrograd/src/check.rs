//! Tests of the adjoint inside a job.
