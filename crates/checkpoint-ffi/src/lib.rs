//! The C interface of `retrograd-checkpoint`, for simulators in C, C++, Fortran and whatever else
//! calls C; and [`medium::MappedFile`], for Rust as well.
//!
//! Everything of C is in `include/retrograd_checkpoint.h`, which is documented there; what is here
//! has the names of the header. A simulator is used in one of two ways:
//!
//! | way | functions | the loop is |
//! |---|---|---|
//! | pull | [`rg_schedule_next`] gives one [`rg_action`] after the other, [`rg_schedule_pull`] many; for several chains [`join::rg_join_next`] and [`join::rg_join_pull`] | the caller's |
//! | push | [`rg_executor_run`] calls the functions of an [`rg_model`] | ours, and so are the snapshots |
//!
//! # Building
//!
//! ```text
//! cargo build --release -p retrograd-checkpoint-ffi
//! cc -std=c99 -Icrates/checkpoint-ffi/include heat.c \
//!     target/release/libretrograd_checkpoint_ffi.a -lm -lpthread -ldl -o heat
//! ```
//!
//! or `-Ltarget/release -lretrograd_checkpoint_ffi` for the shared library. `examples/c/heat.c` is
//! a simulator with its adjoint and its gradient within a budget of bytes.
//!
//! # Safety
//!
//! What C must promise is in the types of the arguments: [`mod@pointer`] and [`handle`]. All else is
//! checked: NULL, unknown constants, handles of another kind, handles that are being used. Nothing
//! unwinds into C, and a callback must not unwind into Rust: one that does, by a C++ exception,
//! ends the process.
#![allow(non_camel_case_types, reason = "the names are those of the C header")]

pub mod action;
pub mod arbiter;
pub mod choice;
pub mod executor;
pub mod handle;
pub mod join;
pub mod medium;
pub mod model;
pub mod plan;
pub mod pointer;
pub mod replay;
pub mod schedule;
mod snapshot;
pub mod status;
pub mod sweep;
pub mod tiers;

pub use action::rg_action;
pub use arbiter::{rg_arbiter, rg_lease};
pub use choice::{rg_candidate, rg_choice, rg_codec_offer, rg_disk_offer, rg_means};
pub use executor::{rg_executor, rg_executor_run, rg_progress, rg_tier_use};
pub use join::{rg_branches, rg_join, rg_join_action, rg_join_report};
pub use model::{rg_field, rg_model};
pub use plan::{rg_plan_result, rg_workload};
pub use replay::{rg_memory, rg_report, rg_tier_limit, rg_tier_report};
pub use schedule::{
    rg_chain, rg_costs, rg_prices, rg_schedule, rg_schedule_next, rg_schedule_pull, rg_tier_spec,
    rg_uneven,
};
pub use status::rg_status;
pub use sweep::rg_sweep;
pub use tiers::rg_tier;
