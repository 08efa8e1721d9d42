//! How cotangents of samples flow into cotangents of functions.

use retrograd_ir::{ExprId, FieldId, Predicate, SparseId};

/// `sample[n + time] * coefficient`, injected into the cotangent of `to`.
#[derive(Clone, Copy, Debug)]
pub(super) struct SampleFlow {
    pub(super) to: FieldId,
    pub(super) sparse: SparseId,
    /// Level at which the forward step reads `to`.
    pub(super) level: i8,
    /// Steps after the current one at which the forward step writes the sample.
    pub(super) time: i8,
    /// The steps in which the forward step does.
    pub(super) when: Predicate,
    pub(super) coefficient: ExprId,
}

/// The steps `n` for which step `n + by` of the forward program acts.
pub(super) fn shifted(when: Predicate, by: i8) -> Predicate {
    match when {
        Predicate::Every { period, phase } => {
            let phase = (i64::from(phase) - i64::from(by)).rem_euclid(i64::from(period));
            // Below the period, which is an u32.
            Predicate::Every { period, phase: phase as u32 }
        }
        Predicate::Always | Predicate::While { .. } => when,
    }
}
