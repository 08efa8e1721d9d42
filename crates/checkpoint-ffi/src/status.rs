//! How calls end: a status, and the words that go with it.

use std::any::Any;
use std::cell::RefCell;
use std::ffi::{CStr, CString, c_char};
use std::fmt::Display;
use std::panic::{AssertUnwindSafe, catch_unwind};

use retrograd_checkpoint::codec::CodecError;
use retrograd_checkpoint::schedule::join::InvalidJoinAction;
use retrograd_checkpoint::{ExecuteError, InvalidAction, LeaseError, PlanError, ScheduleError};

use crate::model::ModelError;

/// How a call has ended; negative if it has failed.
#[repr(i32)]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum rg_status {
    /// Done.
    RG_OK = 0,
    /// A schedule has no more actions.
    RG_END = 1,
    /// The progress callback wanted the run to stop.
    RG_CANCELLED = 2,
    /// A pointer is NULL that must not be.
    RG_ERROR_NULL = -1,
    /// An argument that is not possible: an unknown constant, a text that is no codec.
    RG_ERROR_ARGUMENT = -2,
    /// A pointer is no handle of the kind that is wanted.
    RG_ERROR_HANDLE = -3,
    /// The handle is being used, by a run whose callback makes this call or by another thread.
    RG_ERROR_BUSY = -4,
    /// There is no such schedule.
    RG_ERROR_SCHEDULE = -5,
    /// It does not fit into the budget.
    RG_ERROR_BUDGET = -6,
    /// The system has no memory.
    RG_ERROR_MEMORY = -7,
    /// A callback of the model has failed.
    RG_ERROR_MODEL = -8,
    /// An action breaks a rule, or needs more than the tiers have.
    RG_ERROR_ACTION = -9,
    /// A tier could not be made, or has lost what cannot be computed again.
    RG_ERROR_TIER = -10,
    /// A bug of this library; the handles of the call are fit for nothing but to be freed.
    RG_ERROR_INTERNAL = -11,
}

/// Why a call has failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("`{what}` is NULL")]
    Null { what: &'static str },
    #[error("`{what}` is {given}, but must be {allowed}")]
    Argument { what: &'static str, given: String, allowed: &'static str },
    #[error("`{what}` is not a handle of this kind")]
    Handle { what: &'static str },
    #[error(
        "`{what}` is being used\n  \
         help: do not call it from its own callbacks, nor from two threads at a time"
    )]
    Busy { what: &'static str },
    #[error(transparent)]
    Schedule(#[from] ScheduleError),
    #[error(
        "nobody knows where this schedule ends\n  \
         help: pull it and finish it, or run it until the model says so"
    )]
    Open,
    #[error("this schedule knows where it ends")]
    Closed,
    #[error(transparent)]
    Plan(#[from] PlanError),
    #[error(transparent)]
    Lease(#[from] LeaseError),
    #[error(transparent)]
    Codec(#[from] CodecError),
    #[error("there is no memory for {what}")]
    Memory { what: &'static str },
    #[error(transparent)]
    Action(#[from] InvalidAction),
    #[error(transparent)]
    JoinAction(#[from] InvalidJoinAction),
    #[error("tier {tier} cannot be made")]
    Tier { tier: usize, source: std::io::Error },
    #[error("what a tier has found of an earlier process cannot be described")]
    Found(#[from] ModelError),
    #[error(transparent)]
    Execute(#[from] ExecuteError<ModelError>),
    #[error("{what} is not known to this version of the interface")]
    Unknown { what: &'static str },
}

impl Error {
    pub(crate) fn argument(what: &'static str, given: impl Display, allowed: &'static str) -> Self {
        Self::Argument { what, given: given.to_string(), allowed }
    }

    fn status(&self) -> rg_status {
        match self {
            Self::Null { .. } => rg_status::RG_ERROR_NULL,
            Self::Argument { .. } | Self::Codec(_) => rg_status::RG_ERROR_ARGUMENT,
            Self::Handle { .. } => rg_status::RG_ERROR_HANDLE,
            Self::Busy { .. } => rg_status::RG_ERROR_BUSY,
            Self::Open | Self::Closed | Self::Schedule(_) | Self::Plan(PlanError::Schedule(_)) => {
                rg_status::RG_ERROR_SCHEDULE
            }
            Self::Plan(_) | Self::Lease(_) => rg_status::RG_ERROR_BUDGET,
            Self::Memory { .. } => rg_status::RG_ERROR_MEMORY,
            Self::Action(_) | Self::JoinAction(_) | Self::Execute(ExecuteError::Invalid(_)) => {
                rg_status::RG_ERROR_ACTION
            }
            Self::Tier { .. } | Self::Execute(ExecuteError::Tier { .. }) => {
                rg_status::RG_ERROR_TIER
            }
            Self::Execute(ExecuteError::Cancelled(_)) => rg_status::RG_CANCELLED,
            Self::Found(source) | Self::Execute(ExecuteError::Model { source, .. }) => {
                source.status()
            }
            Self::Execute(_) | Self::Unknown { .. } => rg_status::RG_ERROR_INTERNAL,
        }
    }
}

/// An error and its reasons, as one text.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        let reason = error.to_string();
        // Some messages say their reasons themselves.
        if !text.contains(&reason) {
            text = format!("{text}: {reason}");
        }
        source = error.source();
    }
    text
}

thread_local! {
    static LAST: RefCell<Option<CString>> = const { RefCell::new(None) };
}

/// Runs the body of a function of the interface: nothing unwinds into C, and an error is kept for
/// [`rg_last_error`].
pub(crate) fn run(body: impl FnOnce() -> Result<rg_status, Error>) -> rg_status {
    let told = || body().map_err(|error| (error.status(), chain(&error)));
    match catch_unwind(AssertUnwindSafe(told)) {
        Ok(Ok(status)) => status,
        Ok(Err((status, text))) => {
            remember(&text);
            status
        }
        Err(panic) => {
            remember(&format!("this should not have happened: {}", words(&*panic)));
            // Dropping what somebody has thrown could throw again.
            std::mem::forget(panic);
            rg_status::RG_ERROR_INTERNAL
        }
    }
}

fn words(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or(panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no words")
}

/// Text as C reads it.
pub(crate) fn c_text(text: &str) -> CString {
    CString::new(text.replace('\0', " ")).unwrap_or_default()
}

fn remember(text: &str) {
    let text = c_text(text);
    // A thread that is ending has nobody to tell.
    let _ = LAST.try_with(|last| last.replace(Some(text)));
}

/// What went wrong in the last call on this thread that failed, in UTF-8; empty if none has. It
/// stays until the next call on this thread.
#[unsafe(no_mangle)]
pub extern "C" fn rg_last_error() -> *const c_char {
    const NOTHING: &CStr = c"";
    let pointer = |last: &RefCell<Option<CString>>| {
        last.borrow().as_deref().map_or(NOTHING.as_ptr(), CStr::as_ptr)
    };
    LAST.try_with(pointer).unwrap_or(NOTHING.as_ptr())
}

/// The version of this library, such as `0.1.0`.
#[unsafe(no_mangle)]
pub extern "C" fn rg_version() -> *const c_char {
    const VERSION: &CStr =
        match CStr::from_bytes_with_nul(concat!(env!("CARGO_PKG_VERSION"), "\0").as_bytes()) {
            Ok(version) => version,
            Err(_) => c"",
        };
    VERSION.as_ptr()
}

/// The version of the interface, `RG_ABI_VERSION` of the header that belongs to it.
#[unsafe(no_mangle)]
pub extern "C" fn rg_abi_version() -> u32 {
    2
}
