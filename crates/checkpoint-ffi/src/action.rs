//! Actions as C reads and writes them.

use retrograd_checkpoint::{Action, Data, TierId};

use crate::status::Error;

/// One action of a schedule: `rg_action`.
#[repr(C)]
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct rg_action {
    /// `RG_ADVANCE` ... `RG_DISCARD`.
    pub kind: i32,
    /// Store, load, discard: `RG_RESTART` or `RG_ADJOINT`. Otherwise 0.
    pub data: i32,
    /// Advance, record, reverse: the first step of the range. Otherwise 0.
    pub begin: u64,
    /// Advance, record, reverse: the step behind the range. Otherwise 0.
    pub end: u64,
    /// Store, load, discard: the step whose data it is. Otherwise 0.
    pub step: u64,
    /// Store, load, discard: the tier. Otherwise 0.
    pub tier: u32,
}

/// Kinds of actions.
pub mod kind {
    /// Run `begin..end` forward and keep nothing.
    pub const RG_ADVANCE: i32 = 0;
    /// Run `begin..end` forward and keep what their adjoint reads.
    pub const RG_RECORD: i32 = 1;
    /// Run the adjoint of `begin..end`, last step first.
    pub const RG_REVERSE: i32 = 2;
    /// Keep data of `step` in `tier`.
    pub const RG_STORE: i32 = 3;
    /// Bring data of `step` back from `tier`; they stay stored.
    pub const RG_LOAD: i32 = 4;
    /// Free data of `step` in `tier`.
    pub const RG_DISCARD: i32 = 5;
    /// The loss over several chains that meet, and what it hands back to the ends of all of them.
    pub const RG_TURN: i32 = 6;
}

/// What is kept of a step.
pub mod data {
    /// The state at the start of the step.
    pub const RG_RESTART: i32 = 0;
    /// What the adjoint of the step reads.
    pub const RG_ADJOINT: i32 = 1;
}

pub(crate) fn number_of(kind: Data) -> i32 {
    match kind {
        Data::Restart => data::RG_RESTART,
        Data::Adjoint => data::RG_ADJOINT,
    }
}

fn data_of(number: i32) -> Result<Data, Error> {
    match number {
        data::RG_RESTART => Ok(Data::Restart),
        data::RG_ADJOINT => Ok(Data::Adjoint),
        other => Err(Error::argument("action.data", other, "RG_RESTART or RG_ADJOINT")),
    }
}

impl From<Action> for rg_action {
    fn from(action: Action) -> Self {
        let over = |kind, steps: std::ops::Range<u64>| Self {
            kind,
            begin: steps.start,
            end: steps.end,
            ..Self::default()
        };
        let of = |kind, data, step, tier: TierId| Self {
            kind,
            data: number_of(data),
            step,
            tier: tier.0,
            ..Self::default()
        };
        match action {
            Action::Advance { steps } => over(kind::RG_ADVANCE, steps),
            Action::Record { steps } => over(kind::RG_RECORD, steps),
            Action::Reverse { steps } => over(kind::RG_REVERSE, steps),
            Action::Store { kind, step, tier } => of(kind::RG_STORE, kind, step, tier),
            Action::Load { kind, step, tier } => of(kind::RG_LOAD, kind, step, tier),
            Action::Discard { kind, step, tier } => of(kind::RG_DISCARD, kind, step, tier),
        }
    }
}

/// The action that C has written.
pub(crate) fn action_of(action: rg_action) -> Result<Action, Error> {
    let (steps, step, tier) = (action.begin..action.end, action.step, TierId(action.tier));
    Ok(match action.kind {
        kind::RG_ADVANCE => Action::Advance { steps },
        kind::RG_RECORD => Action::Record { steps },
        kind::RG_REVERSE => Action::Reverse { steps },
        kind::RG_STORE => Action::Store { kind: data_of(action.data)?, step, tier },
        kind::RG_LOAD => Action::Load { kind: data_of(action.data)?, step, tier },
        kind::RG_DISCARD => Action::Discard { kind: data_of(action.data)?, step, tier },
        other => {
            let allowed = "one of RG_ADVANCE to RG_DISCARD";
            return Err(Error::argument("action.kind", other, allowed));
        }
    })
}
