//! Checkpointing for adjoints: which states of a long simulation to keep, and which to compute
//! again.
//!
//! The adjoint of `n` time steps reads their states last step first. Where they do not fit into
//! memory, a few snapshots are kept and the rest is recomputed. This crate knows schedules that
//! do so with the fewest steps, proves them, plans them within a byte budget, and runs them over
//! any simulator. It knows nothing of equations, and depends on nothing else of Retrograd.
//!
//! | you want | you use |
//! |---|---|
//! | a schedule, as an iterator of [`Action`]s | [`schedule`]: a module per family; [`Revolve`] and [`StoreAll`] to begin with |
//! | one for an unknown number of steps | [`Online`] |
//! | one for steps or states that differ | [`Chain`], [`UnevenSteps`], [`JoinGraph`] |
//! | one for several adjoint sweeps of one forward run | [`Sweeps`], [`Repeated`] |
//! | one for several tiers | [`schedule::Asynchronous`], [`DiskRevolve`], [`HRevolve`], [`Multistage`], [`TwoLevel`] |
//! | its costs without iterating | [`Costs`] |
//! | proof that any stream of actions is right | [`replay()`]; [`search`] for the optimum of small problems |
//! | the time that it will take | [`simulate`] |
//! | the best choice within a budget | [`Workload::plan`], [`Workload::choose`], [`plan`] |
//! | the same for an unknown number of steps | [`OpenWorkload`], [`Executor::run_open`] |
//! | the same for steps that are not alike | [`UnevenWorkload`] |
//! | to run it | [`Model`], [`Executor`] |
//! | to change the plan while it runs | [`Executor::run_adaptive`] |
//! | to keep snapshots elsewhere, smaller, safe | [`tier`], [`codec`], [`Resumable`] |
//! | to share one budget | [`Arbiter`] |
//! | to run it in a loop of your own | pull the actions: a schedule is an iterator |
//!
//! # Somebody else's simulator
//!
//! The gradient of `sum(x_n)` with respect to `x_0`, for `x' = x + dt sin(x)` per component.
//! Snapshots share their buffer with the model, which steps out of place while anybody else
//! reads it: nothing is copied.
//!
//! ```
//! use std::convert::Infallible;
//! use std::ops::Range;
//! use std::sync::Arc;
//! use retrograd_checkpoint::{Data, Executor, Model, Workload};
//!
//! const DT: f64 = 0.01;
//!
//! struct Simulator {
//!     x: Arc<Vec<f64>>,
//!     spare: Vec<f64>,        // where the next state goes
//!     tape: Vec<Arc<Vec<f64>>>, // what the reverse of each recorded step reads
//!     bar: Vec<f64>,          // adjoint state
//! }
//!
//! impl Simulator {
//!     fn step(&mut self) {
//!         self.spare.clear();
//!         self.spare.extend(self.x.iter().map(|x| x + DT * x.sin()));
//!         let next = Arc::new(std::mem::take(&mut self.spare));
//!         let old = std::mem::replace(&mut self.x, next);
//!         self.spare = Arc::try_unwrap(old).unwrap_or_default(); // ours again unless shared
//!     }
//! }
//!
//! impl Model for Simulator {
//!     type Snapshot = Arc<Vec<f64>>;
//!     type Error = Infallible;
//!
//!     fn advance(&mut self, steps: Range<u64>) -> Result<(), Infallible> {
//!         steps.for_each(|_| self.step());
//!         Ok(())
//!     }
//!     fn record(&mut self, steps: Range<u64>) -> Result<(), Infallible> {
//!         for _ in steps {
//!             self.tape.push(Arc::clone(&self.x));
//!             self.step();
//!         }
//!         Ok(())
//!     }
//!     fn reverse(&mut self, steps: Range<u64>) -> Result<(), Infallible> {
//!         for _ in steps.rev() {
//!             let x = self.tape.pop().expect("the step should be recorded");
//!             self.bar.iter_mut().zip(x.iter()).for_each(|(bar, x)| *bar *= 1.0 + DT * x.cos());
//!         }
//!         Ok(())
//!     }
//!     fn save(&mut self, _: Data, _: u64) -> Result<Arc<Vec<f64>>, Infallible> {
//!         Ok(Arc::clone(&self.x))
//!     }
//!     fn restore(&mut self, _: Data, _: u64, from: &Arc<Vec<f64>>) -> Result<(), Infallible> {
//!         self.x = Arc::clone(from);
//!         Ok(())
//!     }
//!     fn take(&mut self, _: Data, _: u64, from: Arc<Vec<f64>>) -> Result<(), Infallible> {
//!         self.x = from;
//!         Ok(())
//!     }
//! }
//!
//! let x0 = vec![0.1, 0.2, 0.3];
//! let state_bytes = 8 * x0.len() as u64;
//! let job = Workload {
//!     steps: 1000,
//!     snapshot_bytes: state_bytes,
//!     adjoint_bytes: state_bytes,
//!     worker_bytes: 3 * state_bytes, // x, spare, bar
//!     shared_bytes: 0,
//!     jobs: 1,
//!     concurrency: 1,
//! };
//! let gradient = |budget_bytes| -> Result<Vec<f64>, Box<dyn std::error::Error>> {
//!     let plan = job.plan(budget_bytes)?;
//!     let mut simulator = Simulator {
//!         x: Arc::new(x0.clone()),
//!         spare: Vec::new(),
//!         tape: Vec::new(),
//!         bar: vec![1.0; x0.len()],
//!     };
//!     Executor::new(plan.slots())?.run(&mut simulator, plan.actions())?;
//!     Ok(simulator.bar)
//! };
//! // A seventieth of the memory, 4.6 times the forward steps, the same gradient to the last bit.
//! assert_eq!(job.plan(Some(336))?.recompute_factor, 4.636);
//! assert_eq!(gradient(Some(336))?, gradient(None)?);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Words
//!
//! *Restart data* continue the forward run; *adjoint data* are what the reverse of a step reads.
//! `n` snapshots means `n` restart snapshots at a time, **the initial state included** as soon as
//! it is stored; the model's working state is not. An *advance* is a forward step run without
//! recording.
//!
//! Griewank & Walther, *Algorithm 799: Revolve*, ACM TOMS 26 (2000), doi:10.1145/347837.347846.
#![forbid(unsafe_code)]

mod action;
mod arbiter;
mod bytes;
pub mod codec;
mod cost_model;
mod error;
mod execute;
mod model;
mod per_step;
pub mod plan;
mod replay;
pub mod schedule;
pub mod search;
pub mod simulate;
pub mod tier;
mod working;

pub use action::{Action, Data, TierId};
pub use arbiter::{Arbiter, Lease, LeaseError};
pub use cost_model::{CostModel, TierCost};
pub use error::{BrokenRule, InvalidAction, ScheduleError};
pub use execute::{
    Adaptive, ExecuteError, Executor, Measured, MeasuredCost, MeasuredTier, Progress, Resumable,
    Review, SweepLog,
};
pub use model::Model;
pub use per_step::PerStep;
pub use plan::{
    OpenChoice, OpenPlan, OpenWorkload, Plan, PlanError, Strategy, UnevenWorkload, Workload,
};
pub use replay::{MemoryModel, Report, TierLimit, TierReport, replay, replay_sweeps};
pub use schedule::chain::{
    Chain, ChainColumns, ChainOptions, ChainReport, ChainSchedule, Persistence, Recording, Stage,
};
pub use schedule::join::{IndependentChains, JoinAction, JoinGraph, JoinMemory, JoinSchedule};
pub use schedule::uneven::{UnevenOptions, UnevenSchedule, UnevenSteps};
pub use schedule::{
    Cams, Costs, DiskRevolve, HRevolve, KnownEnd, LastBlock, MemoryReuse, Method, Mixed,
    Multistage, NoReuse, Online, OnlineRule, Placed, Repeated, Reversal, Revolve, StoreAll,
    StoreNone, Sweeps, TierSpec, Traffic, Trajectory, TwoLevel, Until,
};
